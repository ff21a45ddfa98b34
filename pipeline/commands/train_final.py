"""Fit one model on all tracks of a corpus and write it as a file for `multispec predict`.

The file, data/final/<corpus>-<model>.npz, holds everything that prediction needs, and what
cross-validation said of the model; so the corpus must have been evaluated with that model. No sound
of the corpus is in it, but statistics of its tracks are: mind the licence of the corpus.

Typical calls:
  multispec train-final demo best
  dvc repro evaluate@mine && multispec train-final mine svm
"""

from __future__ import annotations

import argparse

from pipeline import params, stage
from pipeline.final import train_final


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("corpus", help=stage.HELP["corpus"])
    parser.add_argument("model", help=stage.HELP["model"])


def run(namespace: argparse.Namespace) -> int:
    """Fit and write; return the exit status."""
    with stage.alone(f"final-{namespace.corpus}-{namespace.model}"):
        train_final(params.read(), namespace.corpus, namespace.model)
    return 0
