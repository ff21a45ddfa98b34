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

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pipeline import corpus, params, paths
from pipeline.partition import FEWEST_FOLDS, assign
from pipeline.reporting.bootstrap import Bootstrap

COLUMNS = ("protocol", "seed", "track", "fold")


@dataclass(frozen=True)
class CvConfig:
    """Section ``cv`` of params.yaml.

    Attributes
    ----------
    folds
        K; lowered for a corpus that has fewer groups, or fewer tracks in its rarest class.
    seeds
        One whole cross-validation per seed.
    protocols
        Which of ``grouped`` and ``random`` to run.
    bootstrap
        How confidence intervals are drawn.
    """

    folds: int
    seeds: tuple[int, ...]
    protocols: tuple[Literal["grouped", "random"], ...]
    bootstrap: Bootstrap

    def __post_init__(self) -> None:
        if self.folds < FEWEST_FOLDS:
            raise ValueError(
                f"folds is {self.folds}; test, validation and training need at least {FEWEST_FOLDS}"
            )
        if not self.seeds or not self.protocols:
            raise ValueError("seeds and protocols must not be empty")


def split(all_params: Mapping[str, Any], name: str) -> list[dict[str, object]]:
    """Run the stage."""
    config = params.build(CvConfig, params.section(all_params, "cv"), "cv")
    rows = corpus.read_index(name)
    labels, groups = [row.label for row in rows], [row.group for row in rows]
    table: list[dict[str, object]] = []
    for protocol in config.protocols:
        for seed in config.seeds:
            try:
                fold = assign(labels, groups, protocol, config.folds, seed)
            except ValueError as error:
                raise ValueError(f"split {name}: {error}") from error
            table += _rows(protocol, seed, (row.track for row in rows), fold)
            made = int(fold.max()) + 1
            note = f" (cv.folds = {config.folds})" if made != config.folds else ""
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
    """Read the command line and run the stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", help="key of `corpora` in params.yaml")
    split(params.read(), parser.parse_args().corpus)


if __name__ == "__main__":
    main()
