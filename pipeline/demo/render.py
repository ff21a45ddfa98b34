"""From notes to sound: wavetable additive synthesis with a moving spectrum and ADSR envelopes.

Conventions
-----------
A timbre is a row of harmonic amplitudes 1/k**slope, alternate ones weighted, made brighter or
darker by the piece; a note cross-fades from a bright to a dark table while it sounds, which is what
the falling cut-off of a subtractive synthesiser does. Harmonics stop below Nyquist, so nothing
folds back. Envelope: linear attack, exponential decay to a sustain level, linear release (ADSR).
Samples are float in [-1, 1]; loudness is absolute, for it is a cue: no piece is normalised.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.demo.compose import Note, Piece

TABLE = 2048  # samples of one period; linear interpolation then errs by less than -80 dB
HARMONICS = 20
GAIN = 0.3  # of one note at full velocity: melody, bass and four chord notes stay below 1
NOISE_FLOOR = 2e-4  # -74 dB: no digital silence
PANS = (0.15, -0.25, 0.0)  # of melody, chords, bass; -1 left, 1 right
FADE_SECONDS = 0.03


@dataclass(frozen=True)
class Timbre:
    """An instrument.

    Attributes
    ----------
    program
        General MIDI programme that comes closest.
    slope
        Amplitude of harmonic k falls as k**-slope.
    even
        Weight of the even harmonics: 0 as in a stopped pipe, 1 as in a string.
    attack, decay, release
        Seconds; ``decay`` is the time constant.
    sustain
        Level that the decay tends to, 0 to 1.
    """

    program: int
    slope: float
    even: float
    attack: float
    decay: float
    sustain: float
    release: float


TIMBRES = (
    Timbre(0, 1.7, 0.9, 0.004, 0.6, 0.05, 0.12),  # piano
    Timbre(6, 1.0, 1.0, 0.002, 0.35, 0.0, 0.08),  # harpsichord
    Timbre(48, 1.3, 1.0, 0.07, 1.0, 0.8, 0.18),  # strings
    Timbre(71, 1.4, 0.15, 0.03, 1.0, 0.8, 0.08),  # clarinet
    Timbre(19, 1.5, 0.8, 0.015, 1.0, 0.95, 0.06),  # organ
)
BASS_TIMBRE = Timbre(33, 2.0, 0.7, 0.008, 0.8, 0.3, 0.1)  # fingered bass


def programs(instruments: tuple[int, int]) -> tuple[int, int, int]:
    """Return the General MIDI programmes of melody, chords and bass."""
    melody, chords = instruments
    return TIMBRES[melody].program, TIMBRES[chords].program, BASS_TIMBRE.program


def render(
    piece: Piece,
    instruments: tuple[int, int],
    brightness: float,
    seconds: float,
    sample_rate: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return the sound of a piece.

    Parameters
    ----------
    piece
        The notes.
    instruments
        Indices into ``TIMBRES`` of melody and chords.
    brightness
        0 dark to 1 bright.
    seconds
        Length of the result; what sounds longer is faded out.
    sample_rate
        Hertz.
    rng
        For the noise floor.

    Returns
    -------
    samples : ndarray [shape=(n, 2)]
        Left and right.
    """
    n = round(seconds * sample_rate)
    timbres = (TIMBRES[instruments[0]], TIMBRES[instruments[1]], BASS_TIMBRE)
    voices = np.zeros((3, n))
    for note in piece.notes:
        start = round(note.start * piece.seconds_per_tick * sample_rate)
        held = (note.end - note.start) * piece.seconds_per_tick
        tone = _tone(note, timbres[note.voice], held, brightness, sample_rate)[: n - start]
        voices[note.voice, start : start + len(tone)] += tone
    mix = _pan(voices) + NOISE_FLOOR * rng.standard_normal((n, 2))
    fade = min(n, round(FADE_SECONDS * sample_rate))
    mix[n - fade :] *= np.linspace(1, 0, fade)[:, None]
    return mix


def _pan(voices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mix voices [shape=(3, n)] to left and right [shape=(n, 2)] at equal power."""
    angle = (np.array(PANS) + 1) * np.pi / 4
    # Plain sums, not products of matrices: BLAS may add in another order with more threads.
    weights = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    mix: NDArray[np.float64] = (voices[:, :, None] * weights[:, None, :]).sum(axis=0)
    return mix


def _tone(
    note: Note, timbre: Timbre, held: float, brightness: float, sample_rate: int
) -> NDArray[np.float64]:
    """Return one note, ``held`` seconds plus its release."""
    frequency = 440 * 2 ** ((note.pitch - 69) / 12)
    force = note.velocity / 127
    n = int((held + timbre.release) * sample_rate) + 1
    time = np.arange(n) / sample_rate
    # At least the fundamental: a pitch that high does not occur, but a table must not be empty.
    harmonics = max(1, min(HARMONICS, int(0.45 * sample_rate / frequency)))
    # Harder notes are brighter, as on every acoustic instrument.
    slope = round(timbre.slope + 0.9 * (0.5 - brightness) + 0.5 * (0.6 - force), 2)
    bright, dark = _table(slope, timbre.even, harmonics), _table(slope + 1, timbre.even, harmonics)
    phase = np.arange(n) * (frequency / sample_rate * TABLE) % TABLE
    index = phase.astype(np.int64)
    part = phase - index
    fall = np.exp(-time / max(timbre.decay, timbre.attack))
    table = dark[index] + part * (dark[index + 1] - dark[index])
    table += fall * (bright[index] - dark[index])
    level = timbre.sustain + (1 - timbre.sustain) * np.exp(-time / timbre.decay)
    level *= np.minimum(time / timbre.attack, 1)
    level *= np.clip((held + timbre.release - time) / timbre.release, 0, 1)
    # Velocity to amplitude by a square law, as General MIDI recommends (40 log10(v / 127) dB).
    tone: NDArray[np.float64] = GAIN * force**2 * level * table
    return tone


@lru_cache(maxsize=4096)
def _table(slope: float, even: float, harmonics: int) -> NDArray[np.float64]:
    """Return one period (and its first sample again) of unit root-mean-square times sqrt(1/2)."""
    k = np.arange(1, harmonics + 1)
    amplitude = k ** -float(max(slope, 0.3)) * np.where(k % 2, 1.0, even)
    amplitude /= np.sqrt((amplitude**2).sum())
    angle = 2 * np.pi * np.arange(TABLE + 1) / TABLE
    table: NDArray[np.float64] = (amplitude[:, None] * np.sin(np.outer(k, angle))).sum(axis=0)
    table.flags.writeable = False
    return table
