"""Predictions as text, one after the other as they come: a table, CSV, or JSON.

Conventions
-----------
Every format is whole when all is written: CSV has a header, JSON is one array of objects. Where a
file cannot be predicted, CSV leaves the class and the numbers empty, JSON says ``null``, and the
reason says why.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TextIO

from pipeline.corpora._files import shown
from pipeline.predict import Predictor
from pipeline.prediction.judging import Prediction

FORMATS = ("table", "csv", "json")
#: Characters of the longest file name that the table makes room for.
WIDEST = 60
#: Characters of a span of time.
SPAN = 24


class Writer:
    """Writes predictions to a stream.

    Parameters
    ----------
    how
        One of :data:`FORMATS`.
    stream
        Where to.
    predictor
        Whose predictions they are.
    names
        Of all files to come, for the width of the table.
    curves
        Whether curves are to be written.
    """

    def __init__(
        self, how: str, stream: TextIO, predictor: Predictor, names: Sequence[str], curves: bool
    ) -> None:
        self._how, self._stream, self._predictor, self._curves = how, stream, predictor, curves
        widest = min(max((len(name) for name in names), default=0), WIDEST)
        self._width = max(widest, SPAN if curves else 0)
        self._class_width = max(len(name) for name in (*predictor.classes, "class"))
        self._columns = predictor.columns(curves)
        self._csv = csv.DictWriter(
            stream, self._columns, lineterminator="\n", extrasaction="ignore"
        )
        self._count = 0

    def begin(self) -> None:
        """Write what stands in front."""
        if self._how == "csv":
            self._csv.writeheader()
        elif self._how == "table":
            shares = [f"{name:>{max(len(name), 5)}}" for name in self._predictor.classes]
            self._line("file", "class", shares, "seconds", "note")
        else:
            self._stream.write("[")
        self._stream.flush()

    def write(self, found: Prediction) -> None:
        """Write one prediction."""
        found = replace(found, file=shown(found.file))  # names need not be UTF-8, output is
        if self._how == "csv":
            for row in self._rows(found):
                self._csv.writerow({key: _blank(value) for key, value in row.items()})
        elif self._how == "table":
            self._table(found)
        else:
            self._stream.write(",\n " if self._count else "\n ")
            self._stream.write(json.dumps(self._object(found), allow_nan=False))
        self._count += 1
        self._stream.flush()

    def end(self) -> None:
        """Write what stands behind."""
        if self._how == "json":
            self._stream.write("\n]\n" if self._count else "]\n")
        self._stream.flush()

    def _rows(self, found: Prediction) -> list[dict[str, Any]]:
        return self._predictor.rows(found)

    def _table(self, found: Prediction) -> None:
        said = self._predictor.said(found.probabilities)
        seconds = "" if math.isnan(found.seconds) else f"{found.seconds:.1f}"
        self._line(found.file, said["class"] or "-", self._shares(said), seconds, note(found))
        for point in found.curve if self._curves else ():
            said = self._predictor.said(point.probabilities)
            span = f"{point.start:10.1f} - {point.stop:.1f} s"
            self._line(span, str(said["class"]), self._shares(said), "", "")

    def _shares(self, said: dict[str, Any]) -> list[str]:
        values = [(name, said[f"p_{name}"]) for name in self._predictor.classes]
        return [
            f"{'-' if math.isnan(value) else f'{value:.3f}':>{max(len(name), 5)}}"
            for name, value in values
        ]

    def _line(self, name: str, label: str, shares: list[str], seconds: str, text: str) -> None:
        left = [f"{name:<{self._width}}", f"{label:<{self._class_width}}"]
        cells = [*left, *shares, f"{seconds:>8}", text]
        self._stream.write("  ".join(cells).rstrip() + "\n")

    def _object(self, found: Prediction) -> dict[str, Any]:
        whole = {
            "file": found.file,
            **self._shared(found.probabilities),
            "seconds": _null(found.seconds),
            "ood": _null(found.ood),
            "reason": found.reason,
        }
        if not self._curves:
            return whole
        points = [
            {"start": point.start, "stop": point.stop, **self._shared(point.probabilities)}
            for point in found.curve
        ]
        return {**whole, "curve": points}

    def _shared(self, probabilities: Any) -> dict[str, Any]:
        said = self._predictor.said(probabilities)
        shares = {name: said[f"p_{name}"] for name in self._predictor.classes}
        return {"class": said["class"], "probabilities": shares if said["class"] else None}


def note(found: Prediction) -> str:
    """Return what a person should know of a prediction; empty if nothing."""
    far = ""
    if found.ood > 1:
        far = f"far from the training data ({found.ood:.2f} times what counts as far)"
    return "; ".join(text for text in (far, found.reason) if text)


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value


def _blank(value: Any) -> Any:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value
