"""Draw the pictures of the pages on features: ``python docs/generate/pictures.py``.

All show one signal, made here: three plucked chords (A major, A minor, A diminished; each note with
eight harmonics that decay), then a voice-like glide from A3 to A4. Drawn is what the feature
modules return with the shipped parameters.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pipeline import features, params, tokenizers  # noqa: E402
from pipeline.notes import Notes  # noqa: E402
from pipeline.reporting.feature_pictures import timeline  # noqa: E402
from pipeline.reporting.pictures import figure, style  # noqa: E402

OUT = ROOT / "docs/pictures"
RATE = 16000
CHORDS = ((57, 61, 64), (57, 60, 64), (57, 60, 63))
HARMONICS = 8


def signal() -> NDArray[np.float64]:
    """Return four seconds of sound, peak 0.5 [shape=(n,)]."""
    time = np.arange(RATE) / RATE
    parts = [np.sum([_pluck(pitch, time) for pitch in chord], axis=0) for chord in CHORDS]
    phase = 2 * np.pi * np.cumsum(220 * 2**time) / RATE
    parts.append(np.sum([np.sin(k * phase) / k for k in range(1, HARMONICS + 1)], axis=0))
    noise = np.random.default_rng(0).standard_normal(4 * RATE) * 1e-3
    joined = np.concatenate([part / np.abs(part).max() for part in parts]) * 0.5
    return joined + noise


def _pluck(pitch: int, time: NDArray[np.float64]) -> NDArray[np.float64]:
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    partials = [
        np.sin(2 * np.pi * k * hertz * time) * np.exp(-(2 + k) * time) / k
        for k in range(1, HARMONICS + 1)
    ]
    return np.asarray(np.sum(partials, axis=0), np.float64)


def extracted(name: str) -> NDArray[np.float32]:
    """Return one feature of the signal, seconds joined [shape=(..., frame)]."""
    module = features.load(name)
    section = params.read(ROOT / "params.yaml")["features"][name]
    config = params.build(module.Config, section, name)
    return timeline(module.extract(signal(), RATE, config), config.hop_seconds)


def panels(rows: list[tuple[str, str, NDArray[Any]]], height: float = 2.2) -> Figure:
    """Draw images below each other: (title, vertical axis, values [shape=(row, frame)])."""
    with style():
        made = figure(9.0, height * len(rows) + 0.5)
        grid = made.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (title, label, values) in zip(grid, rows, strict=True):
            extent = (0.0, 4.0, -0.5, len(values) - 0.5)
            image = axes.imshow(
                values, origin="lower", aspect="auto", cmap="cividis", extent=extent
            )
            axes.grid(visible=False)
            axes.set_title(title)
            axes.set_ylabel(label)
            made.colorbar(image, ax=axes)
        grid[-1].set_xlabel("time (s): A major, A minor, A diminished, glide")
    return made


def curves(rows: list[tuple[str, NDArray[Any]]]) -> Figure:
    """Draw curves below each other: (vertical axis, values [shape=(frame,)])."""
    with style():
        made = figure(9.0, 1.6 * len(rows) + 0.5)
        grid = made.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (label, values) in zip(grid, rows, strict=True):
            axes.plot(np.linspace(0, 4, len(values)), values, linewidth=1.2)
            axes.set_ylabel(label)
        grid[-1].set_xlabel("time (s): A major, A minor, A diminished, glide")
    return made


def words() -> Figure:
    """Draw the chords as notes, with their words by three tokenisers."""
    onset = np.repeat(np.arange(3) / 2, 3)
    pitch = np.array(CHORDS).ravel()
    nine = np.full(9, 80)
    notes = Notes(onset=onset, duration=np.full(9, 0.4), pitch=pitch, velocity=nine, bpm=120.0)
    with style():
        made = figure(9.0, 3.2)
        axes = made.subplots()
        axes.barh(pitch, notes.duration, left=onset, height=0.6)
        settings = params.read(ROOT / "params.yaml")["chord2vec"]["tokenizers"]
        for line, name in enumerate(("pitch_class", "vertical", "expressive")):
            module = tokenizers.load(name)
            config = params.build(module.Config, settings[name], name)
            said = "   ".join(module.tokenize(notes, config))
            axes.text(0.01, 66.2 + 1.3 * (2 - line), f"{name}:  {said}", family="monospace", size=8)
        axes.set_ylim(56, 70.5)
        axes.set_xlabel("time (measures of four quarter notes)")
        axes.set_ylabel("MIDI number")
    return made


def draw() -> dict[str, Figure]:
    """Return name -> figure."""
    gtf, cepstrum, voice, tonal = map(extracted, ("gtf", "mf_rp", "voice", "tonal"))
    wide, narrow = extracted("wideband"), extracted("narrowband")
    return {
        "gtf": panels([("GTF (dB)", "band", gtf)], 3.0),
        "mf_rp": panels(
            [
                ("MFCC without the first (dB)", "coefficient", cepstrum[0][1:]),
                ("residual phase (cos θ)", "sample", cepstrum[1]),
            ]
        ),
        "spectrograms": panels(
            [
                ("wideband, 3 ms (dB)", "bin of 10 Hz", np.maximum(wide, wide.max() - 80)),
                ("narrowband, 25 ms (dB)", "bin of 10 Hz", np.maximum(narrow, narrow.max() - 80)),
            ]
        ),
        "tonal": panels(
            [
                ("treble chroma", "pitch class, C = 0", tonal[:12]),
                ("roughness by distance of the peaks", "20 to 113 Hz", tonal[28:]),
            ]
        ),
        "voice": curves(
            [
                ("f0 (semitones)", np.where(voice[1] > 0, voice[1], np.nan)),
                ("hnr (dB)", voice[2]),
                ("centroid (Hz)", voice[3]),
                ("flux", voice[12]),
            ]
        ),
        "chords": words(),
    }


def main() -> None:
    """Write all pictures."""
    OUT.mkdir(exist_ok=True)
    for name, made in draw().items():
        made.savefig(OUT / f"{name}.png", dpi=90, metadata={"Software": None})


if __name__ == "__main__":
    main()
