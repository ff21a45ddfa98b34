"""Stage: read every section of params.yaml, before anything is computed.

``python -m pipeline.check`` reads ``params.yaml`` as all other stages will, and says all that is
wrong with it: key, value, rule, and the nearest valid name. A slip in ``train`` would else be told
when hours of extraction are over. Writes ``data/checked.txt``, which is always the same: the stages
that depend on it come after, and a change of a valid parameter makes none of them stale.

Section ``compute`` is no parameter of any stage; each reads it when it begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline import params, paths, stage
from pipeline.doctor import parameters
from pipeline.reporting.settings import Report

WORDS = "Every section of params.yaml could be read.\n"


def check(all_params: Mapping[str, Any]) -> None:
    """Run the stage.

    Raises
    ------
    pipeline.params.ParamsError
        If a section cannot be read; one line for each thing that is wrong.
    """
    wrong = parameters.wrong(_anywhere(all_params), _report)
    if wrong:
        raise params.ParamsError("\n       ".join(wrong))
    paths.CHECKED.parent.mkdir(parents=True, exist_ok=True)
    paths.CHECKED.write_text(WORDS, encoding="utf-8")


def _report(all_params: Mapping[str, Any]) -> Report:
    """Read section ``report`` by itself: who trains one model may leave the others' names there."""
    return params.build(Report, params.section(all_params, "report"), "report")


def _anywhere(all_params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters without the wish for a GPU, which is another machine's to fulfil."""
    values, train = dict(all_params), all_params.get("train")
    if isinstance(train, Mapping) and train.get("device") == "cuda":
        values["train"] = {**train, "device": "cpu"}
    return values


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(__doc__, lambda: check(params.read()))


if __name__ == "__main__":
    main()
