"""What a model says of one item, whole and over time.

Conventions
-----------
Probabilities are [shape=(class,)], times in seconds from the file's beginning. The probabilities
of a file are the mean over its windows, weighted by their seconds, and so is its distance from the
training tracks. Windows that cannot be used (silence) have no part in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.audio import Reject
from pipeline.midi import MidiError
from pipeline.notes import Notes
from pipeline.prediction import reading
from pipeline.prediction.inputs import Item
from pipeline.prediction.listening import Rows
from pipeline.prediction.reading import Read
from pipeline.prediction.sliding import Sliding
from pipeline.prediction.unpacking import Model

Floats = NDArray[np.float64]

#: Windows of a curve that a model is handed at a time: a matter of memory, not of results.
AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class Point:
    """One window of a curve: from ``start`` to ``stop``, s, and its probabilities."""

    start: float
    stop: float
    probabilities: Floats


@dataclass(frozen=True, eq=False)
class Prediction:
    """What is said of one file.

    Attributes
    ----------
    file
        Its path.
    probabilities
        Calibrated [shape=(class,)]; ``None`` where the file cannot be predicted.
    seconds
        What was heard, or the length of the score, s; NaN where nothing was.
    ood
        Distance from the training tracks over the distance that counts as far; NaN if unknown.
    reason
        Why there is no prediction, or what it had to do without.
    curve
        Probabilities over time, where they were asked for.
    """

    file: str
    probabilities: Floats | None
    seconds: float
    ood: float
    reason: str
    curve: tuple[Point, ...] = ()


@dataclass
class _Sums:
    """Sums over the windows of one file, weighted by their seconds."""

    seconds: float = 0.0
    probabilities: Floats | float = 0.0
    ood: float = 0.0

    def add(self, model: Model, rows: Rows, score: Read | None, seconds: float) -> None:
        data = model.data([rows], score)
        self.seconds += seconds
        self.probabilities = self.probabilities + seconds * model.probabilities(data)[0]
        self.ood += seconds * model.distance(data)


@dataclass
class _Judge:
    """One item while it is judged."""

    model: Model
    window: int | None
    sums: _Sums = field(default_factory=_Sums)
    curve: list[Point] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def parse(self, item: Item) -> Notes | None:
        """Return the score's notes where the model reads scores and this is one."""
        if item.midi is None or self.model.reader is None:
            return None
        found = self.model.reader.parse(item.midi)
        if isinstance(found, MidiError):
            self.notes.append(f"score not used: {found}" if item.audio else str(found))
            return None
        return found

    def hear(self, item: Item, score: Read | None) -> None:
        """Add the windows of a sound."""
        sliding = Sliding(self.window) if self.window else None
        refused: Reject | None = None
        if item.audio is None or not self.model.listener.recipes:
            return
        stop = 0.0
        for heard in self.model.listener.listen(item.audio):
            if isinstance(heard.rows, Reject):
                refused = refused or heard.rows
                if heard.rows.code != "silent":
                    self.sums = _Sums()
                    break
                continue
            stop = heard.start + heard.seconds
            self.sums.add(self.model, heard.rows, score, heard.seconds)
            if sliding is not None:
                self._points(list(sliding.add(int(heard.start), heard.rows)), score, stop)
        if sliding is not None and self.sums.seconds:
            self._points(list(sliding.rest()), score, stop)
        if refused is not None and not self.sums.seconds:
            self.notes.append(f"sound not used: {refused}" if score is not None else str(refused))
            self.curve.clear()

    def read(self, notes: Notes, score: Read) -> None:
        """Add a score without sound."""
        self.sums.add(self.model, {}, score, max(reading.length(notes), 1e-3))
        if self.window and self.model.reader is not None:
            for start, stop, part in self.model.reader.windows(notes, self.window):
                own = self.model.probabilities(self.model.data([{}], part))[0]
                self.curve.append(Point(start, stop, own))

    def _points(self, windows: Sequence[tuple[int, Rows]], score: Read | None, stop: float) -> None:
        for first in range(0, len(windows), AT_ONCE):
            part = windows[first : first + AT_ONCE]
            shares = self.model.probabilities(self.model.data([rows for _, rows in part], score))
            for (start, rows), own in zip(part, shares, strict=True):
                end = start + min(len(values) for values in rows.values())
                self.curve.append(Point(float(start), min(float(end), stop), own))


def judge(model: Model, item: Item, window: int | None) -> Prediction:
    """Return what a model says of an item.

    Parameters
    ----------
    window
        Seconds of the window that slides over it for the curve; ``None`` for no curve.
    """
    if item.reason:
        return nothing(item, item.reason)
    this = _Judge(model, window)
    piece = this.parse(item)
    score = model.reader.read(piece) if piece is not None and model.reader is not None else None
    this.hear(item, score)
    heard = this.sums.seconds > 0
    if not heard and piece is not None and score is not None:
        this.read(piece, score)
    if not this.sums.seconds:
        return nothing(item, "; ".join(this.notes) or f"the model reads {model.needs} alone")
    return Prediction(
        file=item.name,
        probabilities=np.asarray(this.sums.probabilities / this.sums.seconds),
        seconds=this.sums.seconds,
        ood=this.sums.ood / this.sums.seconds,
        reason="; ".join(this.notes + model.unlike((heard, score is not None))),
        curve=tuple(this.curve),
    )


def nothing(item: Item, reason: str) -> Prediction:
    """Return the answer to a file that cannot be predicted."""
    return Prediction(item.name, None, math.nan, math.nan, " ".join(reason.split()))
