"""Writing one key into params.yaml: everything else stays as it is, byte by byte.

Conventions
-----------
The new lines are put behind the last line of their section, comments of the section included. The
file is then read again: unless it says exactly what it said before and the new key, nothing is
written. A section in flow style (``{...}``) is rewritten by ruamel.yaml, comments kept.
"""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from pipeline import params
from pipeline.params import ParamsError

INDENT = 2


def added(text: str, section: Sequence[str], key: str, value: Mapping[str, Any] | list[str]) -> str:
    r"""Return the text of a YAML file with one more key in one of its sections.

    Parameters
    ----------
    section
        Keys that lead to the section.
    value
        Of the new key; a mapping becomes a block, a list stays on its line.

    Raises
    ------
    pipeline.params.ParamsError
        If the section is not there or has the key already.

    Examples
    --------
    >>> print(added("a:\n  b: 1 # one\n\nc: 2\n", ["a"], "d", {"e": True}), end="")
    a:
      b: 1 # one
      d:
        e: true
    <BLANKLINE>
    c: 2
    """
    before = _plain(text)
    if key in (params.section(before, *section) or {}):
        raise ParamsError(f"{'.'.join(section)}: there is a key {key!r} already")
    wanted = copy.deepcopy(before)
    holder = params.section(wanted, *section[:-1]) if section[:-1] else wanted
    holder[section[-1]] = {**(holder[section[-1]] or {}), key: value}
    for way in (_inserted, _rewritten):
        with suppress(YAMLError):  # an indentation that the first way does not know
            made = way(text, section, key, value)
            if made is not None and _plain(made) == wanted:
                return made
    raise ParamsError(f"params.yaml: cannot add {key!r} to {'.'.join(section)}; write it by hand")


def _plain(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def lines(key: str, value: Mapping[str, Any] | list[str], depth: int) -> list[str]:
    """Return a key and its value as lines of YAML at some depth."""
    yaml = YAML()
    yaml.width = 2**16
    entry = CommentedMap({key: CommentedMap(value) if isinstance(value, Mapping) else value})
    out = io.StringIO()
    yaml.default_flow_style = None  # lists on their line
    if isinstance(value, Mapping):
        entry[key].fa.set_block_style()
    entry.fa.set_block_style()
    yaml.dump(entry, out)
    return [" " * (INDENT * depth) + line for line in out.getvalue().splitlines()]


def _inserted(
    text: str, section: Sequence[str], key: str, value: Mapping[str, Any] | list[str]
) -> str | None:
    """Insert lines behind the section's last one; ``None`` where its form is another."""
    rows = text.splitlines()
    start, stop, found = 0, len(rows), -1
    for depth, name in enumerate(section):
        head = re.compile(rf"{' ' * INDENT * depth}{re.escape(name)}:\s*(#.*)?$")
        found = next((n for n in range(start, stop) if head.match(rows[n])), -1)
        if found < 0:
            return None
        start, stop = found + 1, _end(rows, found, stop, INDENT * depth)
    block = lines(key, value, len(section))
    joined = "\n".join([*rows[:stop], *block, *rows[stop:]])
    return joined + ("\n" if text.endswith("\n") else "")


def _end(rows: Sequence[str], head: int, stop: int, indent: int) -> int:
    """Return the line behind the last one that belongs to a head of this indent."""
    last = head
    for number in range(head + 1, stop):
        row = rows[number]
        if row.strip():
            if len(row) - len(row.lstrip()) <= indent:
                break
            last = number
    return last + 1


def _rewritten(
    text: str, section: Sequence[str], key: str, value: Mapping[str, Any] | list[str]
) -> str | None:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 2**16
    loaded = yaml.load(text)
    holder = loaded
    for name in section[:-1]:
        holder = holder[name]
    if holder[section[-1]] is None:
        holder[section[-1]] = CommentedMap()
    entry = CommentedSeq(value) if isinstance(value, list) else CommentedMap(value)
    if isinstance(entry, CommentedSeq):
        entry.fa.set_flow_style()
    holder[section[-1]][key] = entry
    out = io.StringIO()
    yaml.dump(loaded, out)
    return out.getvalue()


def write(path: Path, text: str) -> None:
    """Replace a file in one step; an interruption leaves the old or the new one."""
    target = path.resolve()  # a link stays a link
    beside = target.with_name(f".{target.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.chmod(target.stat().st_mode if target.exists() else 0o644)
    beside.replace(target)
