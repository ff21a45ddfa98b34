"""Compose and render the demo corpus: ``python -m pipeline.synthesize``.

Writes, under ``synthesize.root``: ``audio/<piece>.<wav | mp3>``, ``midi/<piece>.mid``,
``pieces.csv`` and ``README.txt``.

Conventions
-----------
The bytes follow from the section ``synthesize`` alone. Every composer and every piece has a random
generator of its own, seeded by (seed, stream, index), so a piece does not depend on the others. Its
length is drawn between 0.9 and 1 of ``seconds``, whatever its label.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from pipeline import params
from pipeline.demo import compose, cues, plan, render, score

PIECES = "pieces.csv"
README = "README.txt"
COLUMNS = (
    *("piece", "file", "midi", "label", "group"),
    *("tempo_bpm", "metre", "mode", "sample_rate", "channels"),
)
# Streams of random numbers; a number, once used, keeps its meaning.
COMPOSER, PIECE, NOISE = 1, 2, 3
SHORTEST = 0.9  # of ``seconds``
LONGEST_SECONDS = 10.0  # a demo is for trying things out: whole graphs on it take seconds

TEXT = """MultiSpec demo corpus

Short pieces composed and rendered by the stage 'synthesize' of this project from rules and a seed.
The labels are those the rules were given, so results on these pieces show that the pipeline runs
and nothing more: they say nothing about real music, and must not be compared with any published
result. The folder is made anew whenever the stage runs; keep nothing of your own in it.
"""


@dataclass(frozen=True)
class Config:
    """Section ``synthesize`` of ``params.yaml``.

    Attributes
    ----------
    seed
        Whole number from 0.
    pieces_per_quadrant
        Pieces in each of Q1 to Q4.
    composers
        Invented composers, the groups; at most four for each piece per quadrant.
    seconds
        Length of the longest piece, 1 to 10 s.
    cue_noise
        Factor of the noise on every cue, 0 to 3: 0 leaves the emotion and the composer's habits.
    """

    seed: int
    pieces_per_quadrant: int
    composers: int
    seconds: float
    cue_noise: float

    def __post_init__(self) -> None:
        most = 4 * self.pieces_per_quadrant
        rules = [
            ("seed", self.seed >= 0, "a whole number from 0"),
            ("pieces_per_quadrant", self.pieces_per_quadrant >= 1, "at least 1"),
            ("composers", 1 <= self.composers <= most, f"1 to {most}, the number of pieces"),
            ("seconds", 1 <= self.seconds <= LONGEST_SECONDS, f"1 to {LONGEST_SECONDS:g} s"),
            ("cue_noise", 0 <= self.cue_noise <= 3, "0 to 3"),
        ]
        for name, right, rule in rules:
            if not right:
                raise ValueError(f"{name}={getattr(self, name)!r} must be {rule}")


@dataclass(frozen=True)
class Composition:
    """One piece on paper: what it expresses, its notes, its timbres and its length in seconds."""

    cues: cues.Cues
    piece: compose.Piece
    instruments: tuple[int, int]
    seconds: float


@dataclass(frozen=True)
class Rendered:
    """One finished piece: its row of ``pieces.csv`` and the bytes of its two files."""

    row: dict[str, str]
    audio: bytes
    midi: bytes


def pieces(config: Config) -> Iterator[Rendered]:
    """Yield all pieces, composed and rendered, in the order of their indices."""
    for job in plan.assign(config.pieces_per_quadrant, config.composers):
        yield make(job, config)


def write_down(job: plan.Assignment, config: Config) -> Composition:
    """Compose one piece; the result depends on nothing but the arguments."""
    who = cues.habits(
        _rng(config, COMPOSER, job.composer), len(render.TIMBRES), len(compose.PATTERNS)
    )
    rng = _rng(config, PIECE, job.index)
    seconds = config.seconds * float(rng.uniform(SHORTEST, 1))
    cue = cues.draw(job.quadrant, who, config.cue_noise, rng)
    piece = compose.compose(cue, who, job.quadrant, job.metre, seconds, rng)
    return Composition(cue, piece, who.instruments[job.quadrant], seconds)


def make(job: plan.Assignment, config: Config) -> Rendered:
    """Compose and render one piece; the result depends on nothing but the arguments."""
    work = write_down(job, config)
    samples = render.render(
        work.piece,
        work.instruments,
        work.cues.brightness,
        work.seconds,
        job.container.sample_rate,
        _rng(config, NOISE, job.index),
    )
    row = {
        "piece": job.name,
        "file": f"audio/{job.name}.{job.container.extension}",
        "midi": f"midi/{job.name}.mid",
        "label": job.label,
        "group": f"composer{job.composer:02d}",
        "tempo_bpm": f"{work.cues.tempo:.1f}",
        "metre": f"{job.metre[0]}/{job.metre[1]}",
        "mode": "major" if work.cues.major else "minor",
        "sample_rate": str(job.container.sample_rate),
        "channels": str(job.container.channels),
    }
    midi = score.midi_bytes(work.piece, render.programs(work.instruments))
    return Rendered(row, encode(samples, job.container), midi)


def encode(samples: NDArray[np.float64], container: plan.Container) -> bytes:
    """Return stereo samples [shape=(n, 2)] in [-1, 1] as the bytes of a WAV or MP3 file."""
    if container.channels == 1:
        samples = samples.mean(axis=1)
    # Rounded to 16 bits first: the last bits of a sine depend on the processor. Handed over as real
    # numbers: the MP3 encoder of libsndfile 1.2.2 gives other bytes each time for stereo int16.
    samples = np.round(samples * 32767) / 32768
    subtype = {"wav": "PCM_16", "mp3": "MPEG_LAYER_III"}[container.extension]
    buffer = io.BytesIO()
    soundfile.write(
        buffer, samples, container.sample_rate, format=container.extension, subtype=subtype
    )
    return buffer.getvalue()


def write(root: Path, config: Config) -> int:
    """Write the corpus to ``root``, in place of an older demo; return the number of pieces.

    Raises
    ------
    ValueError
        If ``root`` holds something that is not a demo corpus, which is then left alone.
    """
    _refuse_foreign(root)
    partial = root.with_name(root.name + ".partial")
    _refuse_foreign(partial)
    shutil.rmtree(partial, ignore_errors=True)
    for folder in ("audio", "midi"):
        (partial / folder).mkdir(parents=True)
    (partial / README).write_text(TEXT, encoding="utf-8", newline="\n")
    rows = []
    for piece in pieces(config):
        (partial / piece.row["file"]).write_bytes(piece.audio)
        (partial / piece.row["midi"]).write_bytes(piece.midi)
        rows.append(piece.row)
    with (partial / PIECES).open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    shutil.rmtree(root, ignore_errors=True)
    partial.rename(root)
    return len(rows)


def _refuse_foreign(root: Path) -> None:
    if not root.exists():
        return
    readme = root / README
    if not root.is_dir():
        raise ValueError(f"{root}: is a file; the demo needs a folder of its own")
    ours = readme.is_file() and readme.read_bytes() == TEXT.encode()
    if any(root.iterdir()) and not ours:
        raise ValueError(
            f"{root}: holds files that are not the demo's; set synthesize.root to a new folder"
        )


def _rng(config: Config, stream: int, index: int) -> np.random.Generator:
    return np.random.default_rng([config.seed, stream, index])


def read(all_params: Mapping[str, Any]) -> tuple[Path, Config]:
    """Read section ``synthesize``: where the demo is written, and how it is made.

    Raises
    ------
    pipeline.params.ParamsError
        If a key is missing, unknown or of the wrong type.
    """
    section = dict(params.section(all_params, "synthesize"))
    root = params.section(all_params, "synthesize", "root")
    if not isinstance(root, str):
        raise params.ParamsError(f"synthesize.root: expected str, got {root!r}")
    del section["root"]
    return Path(root), params.build(Config, section, "synthesize")


def main() -> None:
    """Run the stage with ``params.yaml``."""
    root, config = read(params.read())
    print(f"synthesize: {write(root, config)} pieces in {root}")


if __name__ == "__main__":
    main()
