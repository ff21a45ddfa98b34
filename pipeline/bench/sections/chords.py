"""Reading scores: musicpy alone against the pipeline's reader, per file.

musicpy runs in this process and gives its own objects. Ours reads the same files through
:func:`pipeline.midi.read_notes`, limits and checks included, without the per-track cache.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipeline import midi, params
from pipeline.bench import sound
from pipeline.bench.reference import _scores
from pipeline.bench.results import Goal, Section
from pipeline.bench.settings import Settings
from pipeline.bench.timer import Contestant, Timings, measure, one_thread

QUICK = True
SCORES = 32
COLUMNS = ("reader", "milliseconds per file", "files per second", "ratio")
THEIRS, OURS = "musicpy alone", "ours"
#: How many times as fast as musicpy.
LEAST = 10.0


def run(settings: Settings) -> Section:
    """Measure reading scores."""
    limit = float(params.section(settings.params, "chord2vec", "time_limit_seconds"))
    with tempfile.TemporaryDirectory(prefix="multispec-bench-") as folder:
        files = sound.scores(settings.midi, settings.count(SCORES), Path(folder))
        total = 2 * (1 + settings.rounds)
        with settings.bar("scores", total) as tick, one_thread():
            timings = measure(plan(files, limit), settings.rounds, tick=tick)
    return report(timings, len(files))


def plan(files: Sequence[Path], limit: float) -> list[Contestant]:
    """Return musicpy and ours; a file that a reader refuses counts as read."""
    musicpy = _scores.musicpy()

    def theirs() -> None:
        for path in files:
            with contextlib.suppress(Exception):
                musicpy.read(str(path), split_channels=False)

    def ours() -> None:
        for path in files:
            with contextlib.suppress(midi.MidiError):
                midi.read_notes(path, limit)

    return [Contestant(THEIRS, theirs), Contestant(OURS, ours)]


def report(timings: Timings, files: int) -> Section:
    """Make the table."""
    rows = tuple(
        (
            name,
            timings.each(name).times(1000 / files),
            timings.speed(name, files),
            timings.ratio(THEIRS, name),
        )
        for name in (THEIRS, OURS)
    )
    goals = (Goal("ours, times as fast", timings.ratio(THEIRS, OURS).median, LEAST),)
    return Section("chords", "Reading scores", COLUMNS, rows, goals, (f"{files} MIDI files.",))
