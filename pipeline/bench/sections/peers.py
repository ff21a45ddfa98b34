"""Our features against openSMILE, essentia and spafe, each where it is installed.

The same clips at 44.1 kHz on one core. What the peers compute is not what we compute; the question
is what a corpus costs with either.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version as version_of
from pathlib import Path

import soundfile

from pipeline import params
from pipeline.audio import AudioConfig, Reject, decode
from pipeline.bench import peers, sound
from pipeline.bench.project import paper
from pipeline.bench.results import Bar, Cell, Goal, Section
from pipeline.bench.sections.features import joint
from pipeline.bench.settings import Settings
from pipeline.bench.timer import Contestant, Timings, measure, one_thread

QUICK = True
CLIPS = 4
COLUMNS = ("peer", "version", "peer, x realtime", "ours, x realtime", "ratio", "ours is")
MISSING = "not installed: pip install -e '.[bench]'"


def run(settings: Settings) -> Section:
    """Measure the peers that are installed; name the others."""
    found = sound.clips(settings.audio, settings.count(CLIPS), settings.seconds)
    clips = [clip.at(sound.RATE) for clip in found]
    present = [name for name in peers.names() if peers.installed(name)]
    with tempfile.TemporaryDirectory(prefix="multispec-bench-") as folder:
        files = [Path(folder) / f"{index}.wav" for index in range(len(clips))]
        for clip, path in zip(clips, files, strict=True):
            soundfile.write(path, clip.samples, clip.sample_rate)
        contestants = plan(clips, files, present, settings)
        with settings.bar("peers", len(contestants) * (1 + settings.rounds)) as tick, one_thread():
            timings = measure(contestants, settings.rounds, tick=tick)
    return report(timings, present, sum(clip.seconds for clip in clips))


def plan(
    clips: Sequence[sound.Clip], files: Sequence[Path], present: Sequence[str], settings: Settings
) -> list[Contestant]:
    """Return the peers, and of ours what they are compared with."""
    modules = [peers.load(name) for name in present]
    own = [key for key in OURS if key in {module.OURS for module in modules}]
    contestants = [Contestant(key, OURS[key](clips, files, settings)) for key in own]
    return contestants + [
        Contestant(module.TITLE, module.prepare(clips, files)) for module in modules
    ]


def report(timings: Timings, present: Sequence[str], work: float) -> Section:
    """Make the table of ``work`` seconds of sound."""
    rows: list[tuple[Cell, ...]] = []
    goals, bars = [], []
    for name in peers.names():
        module = peers.load(name)
        if name not in present:
            rows.append((module.TITLE, MISSING, None, None, None, module.OURS))
            continue
        theirs, ours = timings.speed(module.TITLE, work), timings.speed(module.OURS, work)
        ratio = timings.ratio(module.TITLE, module.OURS)
        version = version_of(module.DISTRIBUTION)
        rows.append((module.TITLE, version, theirs, ours, ratio, module.OURS))
        goals.append(Goal(f"{module.OURS} against {module.TITLE}", ratio.median, module.GOAL))
        bars.append(Bar("peer", module.TITLE, False, theirs))
        bars.append(Bar("ours", module.OURS, True, ours))
    note = f"{work:g} s of sound at {sound.RATE} Hz, one thread."
    return Section(
        "peers", "Features against other programs", COLUMNS, tuple(rows), tuple(goals), (note,),
        tuple(dict.fromkeys(bars)),
    )  # fmt: skip


def _from_clips(name: str = "") -> Callable[..., Callable[[], object]]:
    def make(
        clips: Sequence[sound.Clip],
        files: Sequence[Path],  # noqa: ARG001
        settings: Settings,
    ) -> Callable[[], object]:
        extract = joint([name] if name else paper(settings.params), settings)
        return lambda: [extract(clip.samples, clip.sample_rate) for clip in clips]

    return make


def _from_files(
    clips: Sequence[sound.Clip], files: Sequence[Path], settings: Settings
) -> Callable[[], object]:
    extract = joint(paper(settings.params), settings)
    section = params.section(settings.params, "audio")
    audio = replace(params.build(AudioConfig, section, "audio"), sample_rate=sound.RATE)
    longest = int(max(clip.seconds for clip in clips)) + 1

    def describe(path: Path) -> object:
        heard = decode(path, audio, longest)
        assert not isinstance(heard, Reject), heard
        return extract(heard.samples, heard.sample_rate)

    return lambda: [describe(path) for path in files]


#: What of ours a peer can be compared with -> how it is made.
OURS: dict[str, Callable[..., Callable[[], object]]] = {
    "gtf": _from_clips("gtf"),
    "the paper's four": _from_clips(),
    "the paper's four, from WAV": _from_files,
}
