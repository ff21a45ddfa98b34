"""What the audit has to say: findings, their severity, and the verdict over all of them.

Conventions
-----------
``pass`` is in order (or for information: the detail says so), ``warn`` is for a reader to judge and
stops nothing, ``fail`` stops the run before anything is trained.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["pass", "warn", "fail"]
#: From harmless to harmful.
SEVERITIES: tuple[Severity, ...] = ("pass", "warn", "fail")
COLUMNS = ("check", "severity", "what", "value", "limit", "detail")


@dataclass(frozen=True)
class Finding:
    """One row of the report; the fields are its columns.

    Attributes
    ----------
    check
        Which check speaks.
    severity
        See the module.
    what
        What was looked at: a protocol and seed, a pair of tracks, a fact.
    value, limit
        What was measured, and what it was held against; empty where there is no number.
    detail
        The rule, and the remedy where one is needed.
    """

    check: str
    severity: Severity
    what: str
    value: str
    limit: str
    detail: str

    def __str__(self) -> str:
        numbers = f" ({self.value}; limit {self.limit})" if self.value and self.limit else ""
        return f"{self.severity}: {self.check}: {self.what}{numbers}: {self.detail}"


def verdict(findings: Iterable[Finding]) -> Severity:
    """Return the worst severity; nothing found is a pass."""
    return max((finding.severity for finding in findings), key=SEVERITIES.index, default="pass")


def some(names: Iterable[str], most: int = 5) -> str:
    """Name the first few of many.

    Examples
    --------
    >>> some("edcba", most=2)
    'a, b and 3 more'
    """
    every = sorted(names)
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest} more" if rest > 0 else "")
