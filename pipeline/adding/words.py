"""What ``multispec add`` prints: tables, quantities, problems.

Conventions
-----------
Plain text of at most some 100 columns, nothing that needs a terminal. File names are printed with
escapes where they hold what a terminal would obey.
"""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Sequence

from pipeline.adding.look import Seen
from pipeline.adding.problems import LEVELS, Problem
from pipeline.corpora._files import shown

#: Files named under a problem; the others are counted.
EXAMPLES = 3
WIDTH = 100


def duration(seconds: float) -> str:
    """Return a length of time in words.

    Examples
    --------
    >>> duration(0.25), duration(59), duration(61), duration(3600 * 26)
    ('0.2 s', '59 s', '1 min 1 s', '26 h 0 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(count: float) -> str:
    """Return a number of bytes in words.

    Examples
    --------
    >>> size(12), size(3_500_000), size(2_345_678_901)
    ('12 B', '3.5 MB', '2.3 GB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def classes(seen: Seen) -> str:
    """Return the table of classes: tracks, groups, kinds of file, lengths."""
    head = ("class", "tracks", "groups", "audio", "MIDI", "shortest", "median", "longest")
    rows = [head, *(_row(seen, label) for label in sorted({t.label for t in seen.tracks}))]
    rows.append(_row(seen, None))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join("  " + _line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.rjust(width) if number else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *rest]).rstrip()


def _row(seen: Seen, label: str | None) -> tuple[str, ...]:
    tracks = [track for track in seen.tracks if label in (None, track.label)]
    lengths = [seen.sounds[t.track].seconds for t in tracks if t.track in seen.sounds]
    three = [min(lengths), statistics.median(lengths), max(lengths)] if lengths else []
    return (
        "all" if label is None else shown(label),
        str(len(tracks)),
        str(len({track.group for track in tracks})),
        str(sum(track.audio is not None for track in tracks)),
        str(sum(track.midi is not None for track in tracks)),
        *(f"{value:.1f} s" for value in three),
        *("-" for _ in range(3 - len(three))),
    )


def listed(problems: Sequence[Problem]) -> str:
    """Return the problems with examples and remedies, the worst first."""
    if not problems:
        return "no problem found"
    counts = [sum(problem.level == level for problem in problems) for level in LEVELS]
    head = ", ".join(
        f"{n} {level}{'s' * (n != 1)}" for n, level in zip(counts, LEVELS, strict=True)
    )
    return "\n".join([head, *(_problem(problem) for problem in problems)])


def _problem(problem: Problem) -> str:
    lines = _wrapped(f"  {problem.level:8}", shown(problem.what))
    if problem.examples:
        more = len(problem.examples) - EXAMPLES
        names = [shown(name) for name in problem.examples[:EXAMPLES]]
        lines += _wrapped(" " * 10, ", ".join(names) + (f" and {more} more" if more > 0 else ""))
    if problem.remedy:
        lines += _wrapped(" " * 10 + "-> ", problem.remedy)
    return "\n".join(lines)


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=head, subsequent_indent=" " * max(10, len(head)),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
