"""Rules that several feature configurations share; every refusal names the key and its value."""

from __future__ import annotations

from typing import Any


def require_positive(config: Any, *names: str) -> None:
    """Refuse a value that is not above zero.

    Raises
    ------
    ValueError
        Naming the first such key.
    """
    for name in names:
        if not getattr(config, name) > 0:
            raise ValueError(f"{name} {getattr(config, name)} must be positive")


def require_hop(hop_seconds: float) -> None:
    """Refuse a hop outside (0, 1] seconds: a one-second block needs at least two frames.

    Raises
    ------
    ValueError
        Naming the value.
    """
    if not 0 < hop_seconds <= 1:
        raise ValueError(f"hop_seconds {hop_seconds} must be above 0 and at most 1 second")


def require_band(f_min: float, f_max: float) -> None:
    """Refuse a band of frequencies that is empty or reaches below zero.

    Raises
    ------
    ValueError
        Naming both frequencies.
    """
    if not 0 <= f_min < f_max:
        raise ValueError(f"f_min {f_min} Hz must be at least 0 and below f_max {f_max} Hz")


def require_below_nyquist(f_max: float, sample_rate: int) -> None:
    """Refuse an upper frequency that the sample rate cannot carry.

    Raises
    ------
    ValueError
        Naming both values.
    """
    if not f_max < sample_rate / 2:
        raise ValueError(f"f_max {f_max} Hz must be below half of sample_rate {sample_rate} Hz")
