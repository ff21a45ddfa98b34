"""The chord vocabulary on the page: sizes, the frequent words, the typical ones, and a map.

Conventions
-----------
Everything is ``data/vocabulary/<corpus>.json`` (:mod:`pipeline.vocabulary`), which describes the
corpus as a whole. The map is :data:`WIDTH` x :data:`HEIGHT` units, about one pixel each on a phone;
a word is named where its name covers no dot and no other name, the frequent ones first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.html import cells
from pipeline.html.cells import Head, Table

WIDTH, HEIGHT = 320, 260
MARGIN = 12
#: Of a letter of the map, and of a mark, in units.
LETTER, LINE, MARK = 6.4, 11.0, 4.0
#: Marks of different shape and colour; further kinds begin again.
MARKS = 4

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Dot:
    """A word on the map: place, number of its kind, and its name, where there is room for it."""

    x: float
    y: float
    mark: int
    name: str = ""
    name_x: float = 0.0
    name_y: float = 0.0
    anchor: str = "start"


@dataclass(frozen=True)
class Map:
    """The map of word vectors: what it says, kinds in the order of their marks, and words."""

    text: str
    kinds: tuple[str, ...]
    dots: tuple[Dot, ...]
    shares: tuple[str, str]


@dataclass(frozen=True)
class Words:
    """The vocabulary of one corpus; ``example`` is a frequent word of every kind with meaning."""

    sizes: Table
    frequent: Table
    typical: Table | None
    map: Map | None
    examples: tuple[tuple[str, str, str], ...]
    min_count: int


def words(name: str, said: Mapping[str, Any]) -> Words | None:
    """Set out the vocabulary of a corpus; ``None`` where no piece has notes."""
    if not said or not said["pieces"]:
        return None
    examples: dict[str, tuple[str, str, str]] = {}
    for word in said["words"]:
        examples.setdefault(word["kind"], (word["kind"], word["word"], word["meaning"]))
    return Words(
        sizes=_sizes(name, said),
        frequent=_frequent(name, said),
        typical=_typical(name, said),
        map=_map(said["words"], list(said["kinds"]), said["axes"]),
        examples=tuple(examples.values()),
        min_count=int(said["min_count"]),
    )


def _sizes(name: str, said: Mapping[str, Any]) -> Table:
    rows: list[tuple[str, Mapping[str, Any]]] = list(said["kinds"].items())
    rows = [*rows, ("all", said)] if len(rows) > 1 else [("all", said)]
    columns: list[Head] = [
        "words of kind",
        ("occurrences", "in all pieces together"),
        ("different", "how many different words"),
        ("once", "those that occur once"),
        ("known", f"those that occur {said['min_count']} times or more: only they have a vector"),
        ("covered", "share of the occurrences that known words make up"),
    ]
    lines = [
        [kind, *(of[key] for key in ("tokens", "distinct", "once", "known")),
         cells.share(of["covered"] / max(of["tokens"], 1))]
        for kind, of in rows
    ]  # fmt: skip
    return cells.table(f"{name}-words", f"All words of {name}", columns, lines)


def _frequent(name: str, said: Mapping[str, Any]) -> Table:
    columns: list[Head] = [
        "word",
        "kind",
        "meaning",
        ("occurrences", "in all pieces"),
        ("pieces", f"of {said['pieces']:,} that hold it"),
        ("nearest words", "by the cosine of their vectors"),
    ]
    rows = [
        [each["word"], each["kind"], _text(each["meaning"]), each["tokens"], each["pieces"],
         ", ".join(each["nearest"])]
        for each in said["words"]
    ]  # fmt: skip
    caption = f"The {len(rows)} most frequent words of {name}"
    return cells.table(f"{name}-frequent", caption, columns, rows)


def _typical(name: str, said: Mapping[str, Any]) -> Table | None:
    sizes: Mapping[str, int] = said["classes"]
    rows = [
        [label, _text(each["meaning"]), _of(each["inside"], sizes[label]),
         _of(each["outside"], said["pieces"] - sizes[label]), each["word"]]
        for label, found in zip(sizes, said["typical"], strict=True)
        for each in found
    ]  # fmt: skip
    columns: list[Head] = [
        "class",
        "what is heard more often",
        ("in the class", "share of its pieces that hold the word"),
        ("elsewhere", "share of all other pieces"),
        "word",
    ]
    caption = f"Words typical of each class of {name}"
    return cells.table(f"{name}-typical", caption, columns, rows) if rows else None


def _text(words: str) -> cells.Cell:
    return cells.Cell(words, words, "text")


def _of(part: int, whole: int) -> cells.Cell:
    made = cells.share(part / whole if whole else float("nan"), 0)
    return cells.Cell(made.text, made.key, made.look, f"{part} of {whole}" if whole else "")


def _map(
    listed: Sequence[Mapping[str, Any]], kinds: list[str], axes: Sequence[float]
) -> Map | None:
    """Place the words; ``None`` where they all have one place."""
    if not axes[0]:
        return None
    found = [(each["kind"], each["word"], each["place"]) for each in listed]
    places = np.array([place for _, _, place in found], np.float64)
    low, spread = places.min(axis=0), np.ptp(places, axis=0)
    spread[spread == 0] = 1.0
    scaled = MARGIN + (places - low) / spread * (np.array([WIDTH, HEIGHT]) - 2 * MARGIN)
    scaled[:, 1] = HEIGHT - scaled[:, 1]
    shown = [kind for kind in kinds if any(kind == own for own, _, _ in found)]
    dots = [
        Dot(round(float(x), 1), round(float(y), 1), shown.index(kind) % MARKS)
        for (kind, _, _), (x, y) in zip(found, scaled, strict=True)
    ]
    text = f"Map of the {len(found)} most frequent words by their vectors; the table below names"
    return Map(
        f"{text} each word's nearest neighbours.",
        tuple(shown),
        tuple(_named(dots, [word for _, word, _ in found])),
        (f"{100 * axes[0]:.0f} %", f"{100 * axes[1]:.0f} %"),
    )


def _named(dots: Sequence[Dot], names: Sequence[str]) -> list[Dot]:
    """Name dots in their order wherever there is room for the name."""
    taken: list[Box] = [(d.x - MARK, d.y - MARK, d.x + MARK, d.y + MARK) for d in dots]
    found = []
    for dot, name in zip(dots, names, strict=True):
        placed = dot
        for anchor, x, box in _sides(dot, len(name) * LETTER):
            if _free(box, taken):
                taken.append(box)
                placed = Dot(dot.x, dot.y, dot.mark, name, round(x, 1), dot.y + 4, anchor)
                break
        found.append(placed)
    return found


def _sides(dot: Dot, width: float) -> list[tuple[str, float, Box]]:
    """Return where a name may stand: to the right, then to the left of its dot."""
    right, left = dot.x + MARK + 2, dot.x - MARK - 2
    top, bottom = dot.y - LINE / 2, dot.y + LINE / 2
    return [
        ("start", right, (right, top, right + width, bottom)),
        ("end", left, (left - width, top, left, bottom)),
    ]


def _free(box: Box, taken: Sequence[Box]) -> bool:
    left, top, right, bottom = box
    if left < 0 or right > WIDTH or top < 0 or bottom > HEIGHT:
        return False
    return not any(left < r and right > x and top < b and bottom > y for x, y, r, b in taken)
