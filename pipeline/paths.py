"""Where every artefact lies, relative to the repository: the file contracts between the stages."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

#: Work in progress: on the disk of the results, so that a rename moves it into place, and in no
#: folder that a stage depends on.
WORK = Path("data/work")
#: What says that ``params.yaml`` could be read; always the same text.
CHECKED = Path("data/checked.txt")


def partial(final: Path) -> Path:
    """Where an output is built before it is renamed into place."""
    return WORK / "-".join(final.parts[1:])


def asked(label: str) -> Path:
    """Where a run notes which folds it asks for (JSON); of this clone alone."""
    return WORK / "asked" / f"{quote(label, safe=' ')}.json"


def index(corpus: str) -> Path:
    """Usable tracks of a corpus (CSV)."""
    return Path("data/index") / f"{corpus}.csv"


def quarantine(corpus: str) -> Path:
    """Files of a corpus that cannot be used, and why (CSV: file, stage, reason)."""
    return Path("reports") / corpus / "quarantine.csv"


def folds(corpus: str) -> Path:
    """Cross-validation folds (CSV: protocol, seed, track, fold)."""
    return Path("data/folds") / f"{corpus}.csv"


def features(corpus: str, feature: str) -> Path:
    """Feature store (Zarr)."""
    return Path("data/features") / corpus / f"{feature}.zarr"


def embeddings(corpus: str) -> Path:
    """Chord vectors (Zarr)."""
    return Path("data/embeddings") / f"{corpus}.zarr"


def vocabulary(corpus: str) -> Path:
    """Chord words, for people to look at (JSON)."""
    return Path("data/vocabulary") / f"{corpus}.json"


def run(corpus: str, model: str) -> Path:
    """Trained folds, predictions and history of one model (folder)."""
    return Path("data/runs") / corpus / model


def experiment(corpus: str, name: str) -> Path:
    """Predictions and cost of every variant of one experiment (folder)."""
    return Path("data/experiments") / corpus / name


def growth(corpus: str) -> Path:
    """Where the steps of growing a Broad Learning System are (CSV)."""
    return Path("data/growth") / f"{corpus}.csv"
