"""Sound and scores to measure with: the demo's, composed and rendered here, or the user's own.

Conventions
-----------
A clip is mono, in [-1, 1], float64, of exactly the length asked for, or as long as its file is.
The demo's pieces are short; a clip strings several together. Tracks on disk differ in content, also
where there are more of them than clips: equal files are computed once.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from pipeline import synthesize
from pipeline.corpora._files import AUDIO, MIDI
from pipeline.demo import plan, render, score
from pipeline.stage import StageError

#: Rate of everything that is rendered, Hz.
RATE = 44100
#: Different clips rendered at most; further tracks begin elsewhere in one of them.
RENDERED = 16
#: Labels of tracks on disk; a corpus needs two.
LABELS = ("a", "b")
#: A demo that no params.yaml can change: the same music in every benchmark.
DEMO = synthesize.Config(seed=1, pieces_per_quadrant=64, composers=16, seconds=10.0, cue_noise=1.0)


@dataclass(frozen=True)
class Clip:
    """One clip: its samples [shape=(n,)] and their rate in hertz."""

    samples: NDArray[np.float64]
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Its length, s."""
        return self.samples.size / self.sample_rate

    def at(self, sample_rate: int) -> Clip:
        """Return it at another rate."""
        if sample_rate == self.sample_rate:
            return self
        return Clip(soxr.resample(self.samples, self.sample_rate, sample_rate), sample_rate)


def clips(folder: Path | None, number: int, seconds: float) -> list[Clip]:
    """Return clips of the user's folder, or of the demo; fewer where the folder has fewer.

    Raises
    ------
    pipeline.stage.StageError
        If no file of the folder can be used.
    """
    if folder is None:
        return list(islice(_rendered(seconds), number))
    found: list[Clip] = []
    for path in _files(folder, AUDIO):
        clip = _read(path, seconds)
        if clip is not None:
            found.append(clip)
        if len(found) == number:
            return found
    if not found:
        raise StageError(f"{folder}: no sound of at least 1 s in it that can be decoded")
    return found


def write_tracks(folder: Path | None, number: int, seconds: float, root: Path) -> None:
    """Write tracks to ``root/a`` and ``root/b`` in turn: the demo's as MP3, the user's as they are.

    Of the rendered ones, each is another piece of music, or one that begins elsewhere.
    """
    for label in LABELS:
        (root / label).mkdir(parents=True)
    if folder is not None:
        found = list(islice(_files(folder, AUDIO), number))
        if not found:
            raise StageError(f"{folder}: no sound file in it")
        for index, path in enumerate(found):
            shutil.copyfile(path, _place(root, index, path.suffix.lower()))
        return
    made = clips(None, min(number, RENDERED), seconds)
    for index in range(number):
        samples = made[index % len(made)].samples
        turned = np.roll(samples, -(index // len(made)) * RATE // 3)
        soundfile.write(_place(root, index, ".mp3"), turned, RATE, format="MP3")


def _place(root: Path, index: int, suffix: str) -> Path:
    return root / LABELS[index % len(LABELS)] / f"{index:05d}{suffix}"


def scores(folder: Path | None, number: int, where: Path) -> list[Path]:
    """Return MIDI files of the user's folder, or of the demo, written to ``where``.

    Raises
    ------
    pipeline.stage.StageError
        If the folder has none.
    """
    if folder is not None:
        found = list(islice(_files(folder, MIDI), number))
        if not found:
            raise StageError(f"{folder}: no MIDI file in it")
        return found
    paths = []
    for job in islice(plan.assign(DEMO.pieces_per_quadrant, DEMO.composers), number):
        work = synthesize.write_down(job, DEMO)
        paths.append(where / f"{job.name}.mid")
        paths[-1].write_bytes(score.midi_bytes(work.piece, render.programs(work.instruments)))
    return paths


def _rendered(seconds: float) -> Iterator[Clip]:
    """Yield clips without end: piece after piece, cut at ``seconds``."""
    jobs = plan.assign(DEMO.pieces_per_quadrant, DEMO.composers)
    held: list[NDArray[np.float64]] = []
    for number in count():
        work = synthesize.write_down(jobs[number % len(jobs)], DEMO)
        noise = np.random.default_rng(number)
        stereo = render.render(
            work.piece, work.instruments, work.cues.brightness, work.seconds, RATE, noise
        )
        held.append(stereo.mean(axis=1))
        if sum(map(len, held)) >= seconds * RATE:
            yield Clip(np.concatenate(held)[: round(seconds * RATE)], RATE)
            held = []


def _files(folder: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    paths = sorted(folder.rglob("*"))
    return (path for path in paths if path.suffix.lower() in suffixes and path.is_file())


def _read(path: Path, seconds: float) -> Clip | None:
    """Return the first seconds of a file, or ``None`` where it is unreadable, short or silent."""
    try:
        with soundfile.SoundFile(path) as file:
            samples = file.read(round(seconds * file.samplerate), always_2d=True).mean(axis=1)
            rate = int(file.samplerate)
    except (soundfile.SoundFileError, RuntimeError):
        return None
    return Clip(samples, rate) if samples.size >= rate and samples.any() else None
