"""Log-power spectrogram with ``librosa.stft``; the wideband one's code, another window."""

from __future__ import annotations

from pipeline.bench.reference.wideband import DEFINITION, extract

__all__ = ["DEFINITION", "extract"]
