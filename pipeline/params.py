"""Typed, strict configuration from ``params.yaml``.

Conventions
-----------
Every section of ``params.yaml`` is read into a frozen dataclass by :func:`build`. An unknown key, a
missing key, a value of the wrong type, or a value its dataclass refuses, is a :class:`ParamsError`
that names the key, the value, the rule and, where there is one, the nearest valid name. Nothing is
converted silently, apart from whole numbers where a real number is asked for.

YAML 1.2 is used (``1e-3`` is a number, ``no`` is a word), as DVC itself does.
"""

from __future__ import annotations

import copy
import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML

T = TypeVar("T")


class ParamsError(ValueError):
    """A section of ``params.yaml`` does not say what its dataclass asks for."""


def read(path: Path = Path("params.yaml")) -> dict[str, Any]:
    """Return the whole of a parameter file as plain mappings and lists.

    Raises
    ------
    ParamsError
        If the file is missing, is not YAML, or its top level is not a mapping.
    """
    try:
        loaded = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file; run from the top of the repository") from None
    except Exception as error:
        raise ParamsError(f"{path}: not readable as YAML: {error}") from error
    if not isinstance(loaded, dict):
        raise ParamsError(f"{path}: the top level must be a mapping of sections")
    _check_keys(loaded, str(path))
    return loaded


def _check_keys(value: Any, where: str) -> None:
    """Refuse keys that YAML reads as anything but text: no name would ever match them."""
    for key in value if isinstance(value, dict) else ():
        if not isinstance(key, str):
            raise ParamsError(f"{where}: the key {key!r} is not text; write it in quotes")
        _check_keys(value[key], f"{where}: {key}")


def section(params: Mapping[str, Any], *keys: str) -> Any:
    """Return ``params[keys[0]][keys[1]]...`` or say which key is missing and what is there.

    Examples
    --------
    >>> section({"features": {"gtf": {"bands": 24}}}, "features", "gtf")
    {'bands': 24}
    """
    value: Any = params
    for depth, key in enumerate(keys):
        if not isinstance(value, Mapping) or key not in value:
            where = ".".join(keys[:depth]) or "params.yaml"
            names = value if isinstance(value, Mapping) else ()
            hint = f"; it is {value!r}" if isinstance(value, list) else _nearest(key, names)
            raise ParamsError(f"{where}: no key {key!r}{hint}")
        value = value[key]
    return value


def override(params: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the parameters with some values replaced; the original stays as it is.

    Parameters
    ----------
    changes
        Dotted key -> new value; every key must exist already.

    Raises
    ------
    ParamsError
        If a key does not exist; names the nearest.

    Examples
    --------
    >>> override({"cv": {"folds": 10}}, {"cv.folds": 5})
    {'cv': {'folds': 5}}
    >>> override({"cv": {"folds": 10}}, {"cv.fold": 5})
    Traceback (most recent call last):
    ...
    pipeline.params.ParamsError: cv: no key 'fold'; did you mean 'folds'?
    """
    changed = copy.deepcopy(dict(params))
    for dotted, value in changes.items():
        *above, last = dotted.split(".")
        holder = section(changed, *above)
        section(changed, *above, last)
        holder[last] = copy.deepcopy(value)
    return changed


def build(cls: type[T], mapping: Mapping[str, Any] | None, where: str) -> T:
    """Build the frozen dataclass ``cls`` from a mapping with exactly its fields.

    Parameters
    ----------
    cls
        A dataclass; its fields may be ``int``, ``float``, ``str``, ``bool``, ``tuple[X, ...]``,
        ``Mapping[str, X]``, ``Literal``, another dataclass, or a union of those with ``None``.
    mapping
        The section as read from YAML; ``None`` (an empty section) counts as no keys.
    where
        Dotted name of the section, for messages.

    Raises
    ------
    ParamsError
        On an unknown, missing or ill-typed key, or a value ``cls`` itself refuses.

    Examples
    --------
    >>> @dataclasses.dataclass(frozen=True)
    ... class Config:
    ...     bands: int
    >>> build(Config, {"bands": 24}, "features.gtf")
    Config(bands=24)
    >>> build(Config, {"band": 24}, "features.gtf")
    Traceback (most recent call last):
    ...
    pipeline.params.ParamsError: features.gtf: unknown key 'band'; did you mean 'bands'?
    """
    mapping = {} if mapping is None else mapping
    if not isinstance(mapping, Mapping):
        raise ParamsError(f"{where}: expected a mapping, got {mapping!r}")
    hints = typing.get_type_hints(cls)
    names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    for key in mapping:
        if key not in names:
            raise ParamsError(f"{where}: unknown key {key!r}{_nearest(str(key), names)}")
    missing = [name for name in names if name not in mapping]
    if missing:
        raise absent(where, missing[0], mapping)
    values = {name: _value(hints[name], mapping[name], f"{where}.{name}") for name in names}
    try:
        return cls(**values)
    except ParamsError:
        raise
    except ValueError as error:
        raise ParamsError(f"{where}: {error}") from error


def absent(where: str, key: str, given: typing.Iterable[str]) -> ParamsError:
    """Return the error for a key that is not there; it names what may be a slip for it.

    Examples
    --------
    >>> str(absent("corpora.demo", "adapter", ["adaptor", "root"]))
    "corpora.demo: missing key 'adapter'; is 'adaptor' a slip for it?"
    """
    close = difflib.get_close_matches(key, [str(name) for name in given], n=1)
    hint = f"is {close[0]!r} a slip for it?" if close else "every key is written out"
    return ParamsError(f"{where}: missing key {key!r}; {hint}")


def _nearest(key: str, names: typing.Iterable[str]) -> str:
    names = [str(name) for name in names]
    close = difflib.get_close_matches(key, names, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there are {', '.join(names)}" if names else ""


def _value(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(hint, value, where)
    if origin is typing.Literal:
        allowed = typing.get_args(hint)
        if value not in allowed:
            raise ParamsError(f"{where}: {value!r} is not one of {', '.join(map(repr, allowed))}")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ParamsError(f"{where}: expected a list, got {value!r}")
        inner = typing.get_args(hint)[0]
        return tuple(_value(inner, item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is Mapping:
        if not isinstance(value, Mapping):
            raise ParamsError(f"{where}: expected a mapping, got {value!r}")
        inner = typing.get_args(hint)[1]
        return {key: _value(inner, item, f"{where}.{key}") for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        return build(typing.cast(type[Any], hint), value, where)
    return _scalar(hint, value, where)


def _union(hint: Any, value: Any, where: str) -> Any:
    members = typing.get_args(hint)
    if value is None and type(None) in members:
        return None
    errors = []
    for member in members:
        if member is type(None):
            continue
        try:
            return _value(member, value, where)
        except ParamsError as error:
            errors.append(str(error))
    raise ParamsError("; or ".join(errors))


def _scalar(hint: type, value: Any, where: str) -> Any:
    # bool is an int in Python; a number where a switch is asked for, or the reverse, is a slip.
    right = isinstance(value, hint) and isinstance(value, bool) == (hint is bool)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not right:
        raise ParamsError(f"{where}: expected {hint.__name__}, got {value!r}")
    if hint is float and not math.isfinite(value):  # every comparison with NaN would let it pass
        raise ParamsError(f"{where}: expected a finite number, got {value!r}")
    return value
