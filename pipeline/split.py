"""Stage: cross-validation folds, under an honest and under the usual protocol.

Conventions
-----------
``data/folds/<corpus>.csv`` has the columns protocol, seed, track, fold: the fold in which the
track is *test*. For test fold k of K, fold (k + 1) mod K is the inner validation part, on which
epochs and penalties are chosen, and the rest is training: the paper's three partitions that do not
overlap (section V.B).

``grouped`` keeps every group (artist, song, speaker) in one fold; ``random`` ignores groups, as the
paper does. Both are stratified by label. The difference between the two is the optimism gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pipeline import corpus, params, paths, stage
from pipeline.partition import FEWEST_FOLDS, assign, merged
from pipeline.reporting.bootstrap import Bootstrap
from pipeline.stage import StageError

COLUMNS = ("protocol", "seed", "track", "fold")


@dataclass(frozen=True)
class CvConfig:
    """Section ``cv`` of params.yaml.

    Attributes
    ----------
    folds
        K; lowered for a corpus that has fewer groups, or fewer tracks in its rarest class.
    folds_on
        Corpus -> another K for it.
    seeds
        One whole cross-validation per seed.
    protocols
        Which of ``grouped`` and ``random`` to run.
    bootstrap
        How confidence intervals are drawn.
    """

    folds: int
    folds_on: Mapping[str, int]
    seeds: tuple[int, ...]
    protocols: tuple[Literal["grouped", "random"], ...]
    bootstrap: Bootstrap

    def __post_init__(self) -> None:
        for key, folds in {"folds": self.folds, **self.folds_on}.items():
            if folds < FEWEST_FOLDS:
                raise ValueError(
                    f"{key} is {folds}; test, validation and training need at least {FEWEST_FOLDS}"
                )
        if not self.seeds or "grouped" not in self.protocols:
            raise ValueError(
                f"seeds is {list(self.seeds)} and protocols is {list(self.protocols)}; there must "
                "be a seed, and `grouped` among the protocols: results are judged by it"
            )
        for name in ("seeds", "protocols"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} is {list(values)}; each may be named once")


def split(all_params: Mapping[str, Any], name: str) -> list[dict[str, object]]:
    """Run the stage."""
    config = params.build(CvConfig, params.section(all_params, "cv"), "cv")
    folds = config.folds_on.get(name, config.folds)
    rows = corpus.read_index(name)
    labels = [row.label for row in rows]
    groups = merged(
        [row.group for row in rows],
        [(row.sha256, row.midi_sha256) if row.midi_sha256 else (row.sha256,) for row in rows],
    )
    joined = len({row.group for row in rows}) - len(set(groups))
    if joined:
        print(f"split {name}: {joined} groups are joined with others that hold the same file")
    table: list[dict[str, object]] = []
    for protocol in config.protocols:
        for seed in config.seeds:
            try:
                fold = assign(labels, groups, protocol, folds, seed)
            except ValueError as error:
                raise StageError(f"split {name}: {error}") from error
            table += _rows(protocol, seed, (row.track for row in rows), fold)
            made = int(fold.max()) + 1
            note = f" of the {folds} asked for" if made != folds else ""
            print(f"split {name}: {protocol}, seed {seed}: {made} folds{note}", flush=True)
    corpus.write_rows(paths.folds(name), COLUMNS, table)
    return table


def _rows(
    protocol: str, seed: int, tracks: Iterable[str], fold: np.ndarray
) -> list[dict[str, object]]:
    return [
        {"protocol": protocol, "seed": seed, "track": track, "fold": int(number)}
        for track, number in zip(tracks, fold, strict=True)
    ]


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(__doc__, lambda name: split(params.read(), name), "corpus")


if __name__ == "__main__":
    main()
