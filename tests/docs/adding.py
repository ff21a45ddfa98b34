"""A small project and small music for the tests of `multispec add`."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import soundfile

from pipeline.adding import cost
from pipeline.cli import main
from pipeline.codeversion import ROOT

FULL = (ROOT / "params.yaml").read_text(encoding="utf-8").replace("workers: auto", "workers: 0")
SECTIONS = ("corpora", "audio", "cv", "train", "compute")


def small() -> str:
    """Return the shipped file without what takes long to parse: most features and models."""
    parts = {part.split(":")[0]: part for part in re.split(r"(?m)^(?=[a-z0-9]+:)", FULL)}
    kept = "".join(parts[name] for name in SECTIONS)
    gtf = re.search(r"(?ms)^  gtf:.*?(?=^  mf_rp:)", parts["features"]).group()
    limit = "chord2vec:\n  time_limit_seconds: 30.0\n"
    return f"{kept}{limit}features:\n{gtf}models:\n  majority: {{}}\n  svm: {{}}\n  best: {{}}\n"


SMALL = small()
#: The real one; the fixture `project` puts another in its place.
MEASURE = cost.measure


def tone(path: Path, seed: int, seconds: float = 1.5, rate: int = 16000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).uniform(-0.1, 0.1, round(seconds * rate))
    soundfile.write(path, noise, rate)
    return path


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def add(capsys, *arguments: object) -> tuple[int, str, str]:
    status = main(["add", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err
