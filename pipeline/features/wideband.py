"""Wideband spectrogram: fine in time: glottal pulses, onsets and the broad bands of formants.

Conventions
-----------
Axes ``(second, bin, frame)``, 401 x 101 per second: bins of 10 Hz from 0 to 4 kHz, frames every
10 ms, in decibels re a full-scale sine; see :mod:`pipeline.dsp.spectrogram`. The window lasts about
3 ms (paper, section IV.A).
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.dsp import spectrogram
from pipeline.dsp.spectrogram import extract, from_signal, shape

__all__ = ["Config", "extract", "from_signal", "shape"]


@dataclass(frozen=True)
class Config(spectrogram.Config):
    """Parameters of the wideband spectrogram; see :class:`pipeline.dsp.spectrogram.Config`."""

    window_seconds: float = 0.003
