"""Checks of this machine and this repository; one file each, and the folder is the registry.

A check is a module whose docstring says what it looks at, with ``check(patient)``, which yields a
:class:`Finding` for each thing. It writes nothing outside of temporary folders. It may raise what a
user can mend, and may take its time: the caller (:mod:`pipeline.commands.doctor`) sets a limit.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from pipeline.params import ParamsError

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    status
        ``ok``; ``warn``: it works, but may disappoint; ``fail``: something will not work.
    what
        What was found.
    remedy
        What to do; empty where all is well.
    """

    status: Status
    what: str
    remedy: str = ""


@dataclass(frozen=True)
class Patient:
    """What the checks look at.

    Attributes
    ----------
    params
        ``params.yaml``, or ``None`` where it cannot be read.
    trouble
        Why not.
    """

    params: Mapping[str, Any] | None
    trouble: str = ""

    def needed(self) -> Mapping[str, Any]:
        """Return the parameters.

        Raises
        ------
        pipeline.params.ParamsError
            If they cannot be read.
        """
        if self.params is None:
            raise ParamsError(self.trouble)
        return self.params


class Check(Protocol):
    """What a module of this folder offers."""

    def check(self, patient: Patient) -> Iterator[Finding]:
        """Look, and yield what was found."""


def names() -> list[str]:
    """Return the names of all checks.

    Examples
    --------
    >>> "environment" in names()
    True
    """
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Check:
    """Return a check."""
    return cast(Check, importlib.import_module(f"{__name__}.{name}"))
