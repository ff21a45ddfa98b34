"""From MP3 on disk to finished stores of the paper's four features, against decoding alone.

The real stage in a temporary project: content hash, decoding, resampling, features, cache, stores;
one process, one thread, nothing known beforehand. Decoding alone is libsndfile reading the same
files; decoding, down-mixing and resampling as the stage does it stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import soundfile

from pipeline import params
from pipeline.audio import AudioConfig, decode
from pipeline.bench import project
from pipeline.bench.project import Project
from pipeline.bench.results import Goal, Section
from pipeline.bench.settings import Settings
from pipeline.bench.timer import Contestant, Timings, measure, one_thread

QUICK = True
TRACKS = 16
COLUMNS = ("what", "x realtime", "cost, decodings")
READ, HEARD, STORES = "decoding alone", "decoding, down-mix, resampling", "finished stores"
MOST = 4.0


def run(settings: Settings) -> Section:
    """Measure extraction from disk."""
    with project.temporary(settings, settings.count(TRACKS)) as made:
        contestants = plan(made)
        total = len(contestants) * (1 + settings.rounds)
        with settings.bar("from disk", total) as tick, one_thread():
            timings = measure(contestants, settings.rounds, tick=tick)
        return report(timings, made.seconds, len(made.tracks))


def plan(made: Project) -> list[Contestant]:
    """Return decoding, decoding as the stage does it, and the stage."""
    files = made.files
    audio = params.build(AudioConfig, made.params["audio"], "audio")
    crop = int(made.params["corpora"][project.NAME]["crop_seconds"])
    return [
        Contestant(READ, lambda: _read(files)),
        Contestant(HEARD, lambda: [decode(path, audio, crop) for path in files]),
        Contestant(STORES, lambda: made.extract(), before=made.forget),
    ]


def report(timings: Timings, seconds: float, tracks: int) -> Section:
    """Make the table."""
    rows = [
        (name, timings.speed(name, seconds), timings.ratio(name, READ))
        for name in (READ, HEARD, STORES)
    ]
    cost = timings.ratio(STORES, READ).median
    goals = (Goal("finished stores, in decodings", cost, MOST, least=False),)
    note = f"{tracks} files, {seconds:.0f} s of sound, one process and one thread."
    title = "From files to stores, the paper's four features"
    return Section("disk", title, COLUMNS, tuple(rows), goals, (note,))


def _read(files: Sequence[Path]) -> None:
    for path in files:
        soundfile.read(path, dtype="float64", always_2d=True)
