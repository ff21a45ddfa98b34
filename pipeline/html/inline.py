"""Pictures and sounds inside the page, as data URIs.

Conventions
-----------
Equal numbers give equal bytes with one release of Pillow and libsndfile. Pictures are PNG with a
palette of steps of ``cividis`` (Nunez et al., PLOS ONE 13(7), 2018), which the colour-blind
read alike. Sounds are MP3: an Ogg stream carries a random serial number, an MP3 carries none.
"""

from __future__ import annotations

import base64
from io import BytesIO

import matplotlib as mpl
import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image

#: Sample rates that MPEG audio layer III has, Hz.
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
COLOURS = "cividis"
#: Steps of the palette: over 80 dB 1.25 dB each, which the eye does not part.
STEPS = 64
#: A page shows no more rows of pixels than these; neighbours are averaged.
ROWS = 200
#: libsndfile's scale from 0 (best) to 1 (smallest), at a variable bit rate.
COMPRESSION = 0.5


def uri(media: str, content: bytes) -> str:
    """Return a data URI.

    Examples
    --------
    >>> uri("text/plain", b"hi")
    'data:text/plain;base64,aGk='
    """
    return f"data:{media};base64,{base64.b64encode(content).decode('ascii')}"


def picture(levels: NDArray[np.floating], low: float, high: float) -> str:
    """Return levels as a PNG, the first row at the bottom.

    Parameters
    ----------
    levels
        [shape=(band or bin, frame)].
    low, high
        Levels of the darkest and of the brightest colour; what lies beyond has the same.
    """
    every = -(-len(levels) // ROWS)
    starts = np.arange(0, len(levels), every)
    widths = np.diff(np.append(starts, len(levels)))[:, None]
    pooled = np.add.reduceat(levels.astype(np.float64), starts, axis=0) / widths
    scaled = np.clip((pooled[::-1] - low) / (high - low), 0, 1)
    image = Image.fromarray(np.round(scaled * (STEPS - 1)).astype(np.uint8), mode="P")
    colours = mpl.colormaps[COLOURS](np.linspace(0, 1, STEPS), bytes=True)[:, :3]
    image.putpalette(colours.tobytes())
    content = BytesIO()
    image.save(content, format="PNG", optimize=True)
    return uri("image/png", content.getvalue())


def sound(samples: NDArray[np.float64], sample_rate: int) -> str:
    """Return mono samples, full scale at 1, as an MP3; what is louder is turned down."""
    peak = float(np.abs(samples).max(initial=0))
    content = BytesIO()
    with soundfile.SoundFile(
        content,
        "w",
        samplerate=sample_rate,
        channels=1,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=COMPRESSION,
        bitrate_mode="VARIABLE",
    ) as file:
        file.write(samples / max(peak, 1.0))
    return uri("audio/mpeg", content.getvalue())
