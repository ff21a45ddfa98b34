"""Log-power spectrogram; the wideband one's definition, another window."""

from __future__ import annotations

from pipeline.bench.exact.wideband import parts

__all__ = ["parts"]
