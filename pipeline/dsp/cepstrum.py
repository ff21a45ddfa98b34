"""Mel-frequency cepstral coefficients (MFCC) of many frames at once.

Conventions
-----------
As ``librosa.feature.mfcc`` with ``norm="ortho"`` and Slaney's mel scale: Hann window (periodic),
the power ``|X|^2`` without normalisation, mel bands of unit area in hertz, ``10 log10`` with an
absolute floor, DCT-II. Unlike librosa's default there is no ``top_db``: its floor follows the
loudest frame of the track, so a frame would depend on all others.

References
----------
S. Davis and P. Mermelstein, IEEE Trans. ASSP 28, 1980; M. Slaney, Auditory Toolbox, 1998.
"""

from __future__ import annotations

import librosa
import numpy as np
from scipy import fft, sparse
from scipy.signal import get_window

from pipeline.dsp.blocks import Array


def mel_matrix(
    sample_rate: int, n_fft: int, mels: int, f_min: float, f_max: float
) -> sparse.csr_array:
    """Return the mel filters [shape=(mel, bin)], sparse.

    Raises
    ------
    ValueError
        If a filter is so narrow that it holds no bin of the transform.
    """
    dense = librosa.filters.mel(
        sr=sample_rate,
        n_fft=n_fft,
        n_mels=mels,
        fmin=f_min,
        fmax=f_max,
        htk=False,
        norm="slaney",
        dtype=np.float64,
    )
    if not dense.any(axis=1).all():
        raise ValueError(
            f"mels {mels} between f_min {f_min} Hz and f_max {f_max} Hz are too narrow for bins of "
            f"{sample_rate / n_fft:.1f} Hz: use fewer mels or a longer window_seconds"
        )
    return sparse.csr_array(dense)


def mfcc(frames: Array, filters: sparse.csr_array, coefficients: int, floor: float) -> Array:
    """Return the first cepstral coefficients of each frame.

    Parameters
    ----------
    frames
        [shape=(second, frame, n)]
    filters
        Of :func:`mel_matrix` [shape=(mel, bin)]; the number of bins fixes the transform's length,
        which is even and at least ``n``.
    coefficients
        How many to keep, at most the number of mel bands.
    floor
        Smallest mel power before the logarithm.

    Returns
    -------
    ndarray [shape=(second, coefficient, frame)], dB
    """
    seconds, count, n = frames.shape
    bins = filters.shape[1]
    spectrum = fft.rfft(frames * get_window("hann", n), 2 * (bins - 1), axis=-1, workers=1)
    power = (spectrum.real**2 + spectrum.imag**2).reshape(-1, bins)
    # Sparse rows are summed one after the other, whatever the number of frames; BLAS is not.
    mel = filters @ power.T
    level = 10 * np.log10(np.maximum(mel, floor))
    cepstrum = fft.dct(level.T, type=2, norm="ortho", axis=-1, workers=1)[:, :coefficients]
    return cepstrum.reshape(seconds, count, coefficients).transpose(0, 2, 1)
