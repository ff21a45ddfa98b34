"""What cross-validation found out about a model: its predictions, and its scores with intervals."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import corpus, params, paths
from pipeline.stage import StageError

#: Scores of a model file, with the ends of their intervals.
SCORES = tuple(
    f"{score}{end}" for score in ("accuracy", "macro_f1") for end in ("", "_low", "_high")
)


def asked(all_params: Mapping[str, Any], name: str, model: str) -> None:
    """Refuse a corpus that there is not, and a model that is left out on it.

    Raises
    ------
    pipeline.params.ParamsError
        If ``params.yaml`` does not hold the corpus.
    StageError
        If ``train.skip`` names the model.
    """
    corpus.of(all_params, name)
    if model in params.section(all_params, "train", "skip").get(name, ()):
        raise StageError(
            f"train.skip.{name} of params.yaml leaves {model} out, so nothing is known of it there;"
            f" take it off that list and run `dvc repro evaluate@{name}`"
        )


def predictions(name: str, model: str, protocol: str) -> pd.DataFrame:
    """Return a run's predictions under a protocol.

    Raises
    ------
    StageError
        If the model was not cross-validated on the corpus.
    """
    path = paths.run(name, model) / "predictions.csv"
    if not path.is_file():
        raise StageError(
            f"{path} is missing: what a model is worth, and how sure it may be, comes from its "
            f"cross-validation; run `dvc repro evaluate@{name}`"
        )
    text = {"track": str, "true": str, "predicted": str, "protocol": str}
    table = pd.read_csv(path, dtype=text, keep_default_na=False)
    return table[table["protocol"] == protocol].reset_index(drop=True)


def check(
    name: str, model: str, settings: Mapping[str, Any], tracks: Collection[str], table: pd.DataFrame
) -> None:
    """Refuse the evidence of another model than the one that is to be fitted.

    Parameters
    ----------
    settings
        ``config`` and ``train`` of the model as they are now.
    tracks
        Ids of the corpus as it is now.
    table
        What :func:`predictions` returned.

    Raises
    ------
    StageError
        If the run was made with other settings, or on other tracks.
    """
    about = json.loads((paths.run(name, model) / "model.json").read_text(encoding="utf-8"))
    now = json.loads(json.dumps(settings))
    other = [key for key in now if about.get(key) != now[key]]
    other += [] if set(table["track"]) == set(tracks) else ["tracks"]
    if other:
        raise StageError(
            f"{paths.run(name, model)}: was cross-validated with other {' and '.join(other)} than "
            f"those of now, and says nothing of this model; run `dvc repro evaluate@{name}`"
        )


def metrics(name: str, model: str, protocol: str) -> dict[str, float | str]:
    """Return accuracy and macro-F1 with their intervals, 0 to 1, and the protocol.

    Raises
    ------
    StageError
        If the corpus was not evaluated with this model.
    """
    path = Path("reports") / name / "results.csv"
    table = pd.read_csv(path, dtype={"model": str}) if path.is_file() else pd.DataFrame()
    if not table.empty:
        table = table[(table["protocol"] == protocol) & (table["model"] == model)]
    if table.empty:
        raise StageError(f"{path}: no scores of {model}; run `dvc repro evaluate@{name}`")
    row = table.iloc[0]
    return {"protocol": protocol, **{score: float(row[score]) for score in SCORES}}
