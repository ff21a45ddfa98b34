"""Each feature and all together, against the straightforward libraries.

x realtime on one core at the rate of a CD and at 16 kHz, their ratio, and the largest error of each
feature against its definition (:mod:`pipeline.bench.exact`), ``max |ours - exact| / max |exact|``,
the rounding to float32 (6e-8) included. Gammatone energies are compared before that rounding too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType

import numpy as np

from pipeline import features, params
from pipeline.bench import exact, reference, sound
from pipeline.bench.project import PAPER
from pipeline.bench.results import Bar, Cell, Goal, Section
from pipeline.bench.settings import Settings
from pipeline.bench.timer import Contestant, Spread, Timings, measure, one_thread
from pipeline.dsp.signal import Signal

QUICK = True
RATES = (44100, 16000)
CLIPS = 4
#: Seconds of each clip whose error is measured: the definitions are slow.
EXACT_SECONDS = 5
#: Seconds of the first clip with which everyone warms up: what is compiled is compiled then.
WARM_SECONDS = 5
ERROR_BOUND, ENERGY_BOUND = 1e-6, 1e-9
THEIRS, OURS = "reference", "ours"
COLUMNS = ("feature", "rate, Hz", "reference, x realtime", "ours, x realtime", "ratio", "error")
ALL, PAPERS = "all together", "the paper's four"


def run(settings: Settings) -> Section:
    """Measure all features of params.yaml that have a reference."""
    clips = sound.clips(settings.audio, settings.count(CLIPS), settings.seconds)
    names = [
        name for name in reference.names() if name in params.section(settings.params, "features")
    ]
    rows: list[tuple[Cell, ...]] = []
    bars: list[Bar] = []
    goals: list[Goal] = []
    for rate in RATES:
        here = [clip.at(rate) for clip in clips]
        timings = _timed(here, names, settings)
        errors = {name: error(here, name, settings) for name in names}
        for label, parts in together(names).items():
            timings = timings.total(f"{label} {THEIRS}", [f"{name} {THEIRS}" for name in parts])
        work = sum(clip.seconds for clip in here)
        for name in [*names, *together(names)]:
            theirs, ours = (timings.speed(f"{name} {side}", work) for side in (THEIRS, OURS))
            worst = max(errors[name].values(), default=None) if name in errors else None
            ratio = timings.ratio(f"{name} {THEIRS}", f"{name} {OURS}")
            rows.append((_label(name), rate, theirs, ours, ratio, worst))
            bars += _bars(name, rate, theirs, ours)
        goals += _goals(errors, rate)
    return Section(
        "features", "Features against the straightforward libraries", COLUMNS, tuple(rows),
        tuple(goals), _notes(work, len(clips)), tuple(bars),
    )  # fmt: skip


def plan(clips: Sequence[sound.Clip], names: Sequence[str], settings: Settings) -> list[Contestant]:
    """Return reference and ours of every feature, in turns."""
    single = [clip.samples.astype(np.float32) for clip in clips]
    double = [clip.samples for clip in clips]
    rate = clips[0].sample_rate
    contestants = []
    for name in names:
        config = configured(name, settings)
        pairs = ((THEIRS, reference.load(name), single), (OURS, features.load(name), double))
        for side, module, tracks in pairs:
            extract = partial(module.extract, sample_rate=rate, config=config)
            contestants.append(
                Contestant(
                    f"{name} {side}",
                    partial(_each, extract, tracks),
                    warm=partial(extract, tracks[0][: WARM_SECONDS * rate]),
                )
            )
    for label, parts in together(names).items():
        own = joint(parts, settings)
        warm = partial(own, double[0][: WARM_SECONDS * rate], rate)
        run = partial(_each, partial(own, sample_rate=rate), double)
        contestants.append(Contestant(f"{label} {OURS}", run, warm=warm))
    return contestants


def together(names: Sequence[str]) -> dict[str, list[str]]:
    """Return what is computed at once: label -> features."""
    return {PAPERS: [name for name in names if name in PAPER], ALL: list(names)}


def joint(names: Sequence[str], settings: Settings) -> Callable[..., list[np.ndarray]]:
    """Return a function of (samples, rate in Hz) that computes several features of one signal."""
    own = [(features.load(name), configured(name, settings)) for name in names]

    def extract(samples: np.ndarray, sample_rate: int) -> list[np.ndarray]:
        signal = Signal(samples, sample_rate)
        return [module.from_signal(signal, config) for module, config in own]

    return extract


def _each(function: Callable[[np.ndarray], object], tracks: Sequence[np.ndarray]) -> None:
    for samples in tracks:
        function(samples)


def _timed(clips: Sequence[sound.Clip], names: Sequence[str], settings: Settings) -> Timings:
    contestants = plan(clips, names, settings)
    label = f"features at {clips[0].sample_rate} Hz"
    with settings.bar(label, len(contestants) * (1 + settings.rounds)) as tick, one_thread():
        return measure(contestants, settings.rounds, tick=tick)


def configured(name: str, settings: Settings) -> object:
    """Return a feature's ``Config`` as params.yaml has it."""
    section = params.section(settings.params, "features", name)
    return params.build(features.load(name).Config, section, f"features.{name}")


def error(clips: Sequence[sound.Clip], name: str, settings: Settings) -> dict[str, float]:
    """Return part -> largest relative error over all clips; empty without an exact definition."""
    if name not in exact.names():
        return {}
    config, module = configured(name, settings), features.load(name)
    difference: dict[str, float] = {}
    size: dict[str, float] = {}
    for clip in clips:
        samples = clip.samples[: EXACT_SECONDS * clip.sample_rate]
        truth = exact.load(name).parts(samples, clip.sample_rate, config)
        ours = _parts(module, name, samples, clip.sample_rate, config)
        for part, values in truth.items():
            apart = float(np.abs(ours[part] - values).max())
            difference[part] = max(difference.get(part, 0.0), apart)
            size[part] = max(size.get(part, 0.0), float(np.abs(values).max()))
    return {part: difference[part] / size[part] for part in difference}


def _parts(
    module: ModuleType, name: str, samples: np.ndarray, rate: int, config: object
) -> dict[str, np.ndarray]:
    """Return a feature's values under the names that the exact definition gives its parts."""
    values = module.extract(samples, rate, config)
    if name == "mf_rp":
        return {"cepstrum": values[:, 0], "phase": values[:, 1]}
    if name == "gtf":
        return {"level": values, "energy": module.energies(Signal(samples, rate), config)}
    return {"level": values}


def _label(name: str) -> str:
    nearest = name in reference.names() and reference.load(name).DEFINITION == "nearest"
    return f"{name} (nearest)" if nearest else name


def _bars(name: str, rate: int, theirs: Spread, ours: Spread) -> list[Bar]:
    if rate != RATES[0] or name == ALL:
        return []
    label = _label(name)
    return [Bar(label, "libraries", False, theirs), Bar(label, "ours", True, ours)]


def _goals(errors: dict[str, dict[str, float]], rate: int) -> list[Goal]:
    """Return the bounds of the errors."""
    flat = {(name, part): value for name, own in errors.items() for part, value in own.items()}
    energy = flat.pop(("gtf", "energy"), None)
    goals = []
    if flat:
        what = f"largest error at {rate} Hz, float32 rounding included"
        goals.append(Goal(what, max(flat.values()), ERROR_BOUND, least=False))
    if energy is not None:
        what = f"largest error of gtf energies at {rate} Hz, before rounding"
        goals.append(Goal(what, energy, ENERGY_BOUND, least=False))
    return goals


def _notes(work: float, clips: int) -> tuple[str, ...]:
    return (
        f"{work:g} s of sound in {clips} clips, one thread. Together: ours share what they have in "
        "common; the references share nothing, and their times are added up round by round.",
        "(nearest): no library has this feature; the reference calls the closest functions of "
        "librosa and does less. Its error is a matter of tests alone.",
    )
