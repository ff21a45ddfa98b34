"""What a benchmark found, as plain data: tables, goals and bars, to JSON and back.

Conventions
-----------
A cell is text, a number, a :class:`pipeline.bench.timer.Spread`, or ``None`` where a quantity does
not exist. Nothing here knows time, host or user.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.bench.timer import Spread

Cell = str | float | Spread | None


@dataclass(frozen=True)
class Goal:
    """A bound, and how far from it we are.

    Attributes
    ----------
    what
        The quantity, for people.
    value
        What was measured.
    bound
        The goal.
    least
        Whether the value must be at least the bound; otherwise at most.
    """

    what: str
    value: float
    bound: float
    least: bool = True

    @property
    def reached(self) -> bool:
        """Whether the value lies on the right side of the bound.

        Examples
        --------
        >>> Goal("speed", 15.0, 15.0).reached, Goal("cost", 5.0, 4.0, least=False).reached
        (True, False)
        """
        return self.value >= self.bound if self.least else self.value <= self.bound


@dataclass(frozen=True)
class Bar:
    """One bar of the picture: ``ours``, or a ``reference`` or ``peer`` beside it.

    Attributes
    ----------
    group
        What is computed.
    who
        By whom.
    ours
        Whether that is this project.
    speed
        x realtime.
    """

    group: str
    who: str
    ours: bool
    speed: Spread


@dataclass(frozen=True)
class Section:
    """The outcome of one section.

    Attributes
    ----------
    name
        Its module.
    title
        Its heading.
    columns, rows
        The table.
    goals
        What was to be reached.
    notes
        Sentences that belong to the table.
    bars
        What of it the picture shows.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    goals: tuple[Goal, ...] = ()
    notes: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.name}: {len(row)} cells for columns {self.columns}")


@dataclass(frozen=True)
class Measured:
    """A section and how it came to be.

    Attributes
    ----------
    section
        What was found.
    command
        The command line that finds it again.
    machine
        Hardware and versions (:func:`pipeline.bench.machine.describe`).
    """

    section: Section
    command: str
    machine: Mapping[str, str]


Report = Mapping[str, Measured]


def write(report: Report, path: Path) -> None:
    """Write a report as JSON, sections in alphabetical order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {name: asdict(report[name]) for name in sorted(report)}
    path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, Measured]:
    """Read what :func:`write` wrote; empty where there is no such file.

    Raises
    ------
    ValueError
        If the file is not such a report.
    """
    if not path.is_file():
        return {}
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        return {name: _measured(value) for name, value in loaded.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: no report of `multispec bench`; remove it ({error})") from error


def _measured(value: Mapping[str, Any]) -> Measured:
    section = value["section"]
    return Measured(
        Section(
            name=section["name"],
            title=section["title"],
            columns=tuple(section["columns"]),
            rows=tuple(tuple(_cell(cell) for cell in row) for row in section["rows"]),
            goals=tuple(Goal(**goal) for goal in section["goals"]),
            notes=tuple(section["notes"]),
            bars=tuple(Bar(**{**bar, "speed": Spread(**bar["speed"])}) for bar in section["bars"]),
        ),
        value["command"],
        dict(value["machine"]),
    )


def _cell(value: Any) -> Cell:
    return Spread(**value) if isinstance(value, Mapping) else value
