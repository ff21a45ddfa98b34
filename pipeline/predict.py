"""Predict the class of files with a model file (``data/final/<corpus>-<model>.npz``).

>>> from pipeline.predict import load
>>> load("data/final/demo-best.npz").predict(["song.mp3", "album/"])  # doctest: +SKIP

Conventions
-----------
A file is cut into windows of the length the model was trained on; features of a window are those of
training, its probabilities the model's at the temperature of its calibration
(:mod:`pipeline.prediction.calibration`), and the file's probabilities their mean
(:mod:`pipeline.prediction.judging`). A score is read whole. ``ood`` is the distance from the
training tracks over the distance that counts as far (:mod:`pipeline.prediction.outliers`): above 1
the model is asked about something else than it was trained on.

Nothing in a model file is run; a file that cannot be predicted gets a reason, never an exception.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from pipeline.cache import Cache
from pipeline.prediction.archive import FOLDER, ModelFileError
from pipeline.prediction.calibration import PREFIX
from pipeline.prediction.inputs import Item, Named, find
from pipeline.prediction.judging import Floats, Prediction, judge, nothing
from pipeline.prediction.unpacking import Model, unpack

__all__ = ["ModelFileError", "Prediction", "Predictor", "VersionWarning", "choose", "load"]


class VersionWarning(UserWarning):
    """A model file was made with other versions of libraries, or of the code."""


class Predictor:
    """A loaded model.

    Attributes
    ----------
    about
        What the model file says of itself: corpus, model, metrics, versions, licence, ...
    classes
        Names of the classes.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self.about: dict[str, Any] = dict(model.about)
        self.classes: tuple[str, ...] = tuple(model.about["classes"])

    @property
    def window_seconds(self) -> int:
        """Seconds of the window that slides over a file for its curve, unless asked otherwise."""
        return int(self.about["window_seconds"])

    def predict(
        self,
        files: Named | Iterable[Named],
        *,
        per_second: bool = False,
        window: int | None = None,
    ) -> pd.DataFrame:
        """Predict files, folders and patterns.

        Parameters
        ----------
        files
            Paths; a tuple (sound, score) pairs files of other names.
        per_second
            One row per window that slides by 1 s, instead of one per file.
        window
            Its length, s; ``None`` for the model's own.

        Returns
        -------
        pandas.DataFrame
            Columns file, class, p_<class>..., seconds, ood, reason; with ``per_second`` also start
            and stop, s, behind file. Class and probabilities are missing where a file cannot be
            predicted.
        """
        named = [files] if isinstance(files, str | Path | tuple) else list(files)
        length = (window or self.window_seconds) if per_second else None
        rows = [row for found in self.stream(find(named), length) for row in self.rows(found)]
        return pd.DataFrame(rows, columns=self.columns(per_second))

    def stream(self, items: Iterable[Item], window: int | None = None) -> Iterator[Prediction]:
        """Yield the prediction of each item as it comes.

        Parameters
        ----------
        items
            See :func:`pipeline.prediction.inputs.find`.
        window
            Seconds of a window for a curve, at least 1; ``None`` for no curve.
        """
        if window is not None and window < 1:
            raise ValueError(f"window is {window} s; it must be at least 1")
        for item in items:
            try:
                with threadpool_limits(limits=1):  # sums depend on the number of threads
                    found = judge(self._model, item, window)
            except Exception as error:  # one file must not lose the others
                found = nothing(item, f"failed: {type(error).__name__}: {error}")
            yield found

    def columns(self, per_second: bool = False) -> list[str]:
        """Return the names of the columns of :meth:`predict`."""
        time = ["start", "stop"] if per_second else []
        shares = [f"{PREFIX}{name}" for name in self.classes]
        return ["file", *time, "class", *shares, "seconds", "ood", "reason"]

    def rows(self, found: Prediction) -> list[dict[str, Any]]:
        """Return a prediction as rows of :meth:`predict`: one, or one per point of its curve."""
        end = {"seconds": found.seconds, "ood": found.ood, "reason": found.reason}
        if not found.curve:
            time = {"start": math.nan, "stop": math.nan}
            return [{"file": found.file, **time, **self.said(found.probabilities), **end}]
        return [
            {
                "file": found.file,
                "start": point.start,
                "stop": point.stop,
                **self.said(point.probabilities),
                **end,
            }
            for point in found.curve
        ]

    def said(self, probabilities: Floats | None) -> dict[str, Any]:
        """Return class and p_<class>; ``None`` and NaN where there are none."""
        if probabilities is None:
            return {"class": None} | {f"{PREFIX}{name}": math.nan for name in self.classes}
        named = zip(self.classes, probabilities.tolist(), strict=True)
        shares = {f"{PREFIX}{name}": share for name, share in named}
        return {"class": self.classes[int(probabilities.argmax())], **shares}


def load(
    path: str | Path, *, cache: str | Path | Cache | None = None, other_code: bool = False
) -> Predictor:
    """Load a model file; no code of it is run.

    Parameters
    ----------
    path
        The file.
    cache
        A per-track cache to share with the pipeline; ``None`` for none.
    other_code
        Whether a file is accepted, with a warning, that was made by other code.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ModelFileError
        If it is damaged, no model of this project, or was made by other code.

    Warns
    -----
    VersionWarning
        If it was made with other versions of libraries.
    """
    place = Path(path)
    if isinstance(cache, str | Path):
        cache = Cache(Path(cache))
    model, code, libraries = unpack(place, cache)
    if code and not other_code:
        raise ModelFileError(
            f"{place}: made by other code ({code}); make it again with `multispec train-final "
            f"{model.about['corpus']} {model.about['model']}`, or accept it with --other-code "
            "(other_code=True): its features may mean something else today"
        )
    for what, text in (("code", code), ("libraries", libraries)):
        if text:
            warnings.warn(f"{place}: made by other {what} ({text})", VersionWarning, stacklevel=2)
    return Predictor(model)


def choose(name: str | None, folder: Path = FOLDER) -> Path:
    """Return the model file that a name or a path means.

    Parameters
    ----------
    name
        A path; or ``<corpus>-<model>`` or ``<corpus>`` of a file in ``folder``; ``None`` for the
        only file there.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or if there are several.
    """
    if name is not None and Path(name).is_file():
        return Path(name)
    known = sorted(folder.glob("*.npz"))
    fitting = [p for p in known if name is None or p.stem == name]
    fitting = fitting or [p for p in known if p.stem.startswith(f"{name}-")]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(path.stem for path in fitting or known)
    if fitting:
        raise FileNotFoundError(f"{folder} holds several models: name one of {listed}")
    asked = "no model" if name is None else f"no model {name!r}"
    hint = (
        f"there are {listed}" if known else "make one with `dvc repro` or `multispec train-final`"
    )
    raise FileNotFoundError(f"{asked} in {folder}; {hint}")
