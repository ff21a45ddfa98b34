"""Whether a sound file can be used, asked of a child process that may hang, swell or die.

Conventions
-----------
The index decodes every file once, here, before anything else does: a decoder that loops for ever is
ended, and one that crashes takes only the child along. What it says of a file is a matter of the
content, except for the codes :data:`TRANSIENT`, which may be the machine's fault. No samples cross
the pipe; later stages decode what has passed.

The child is ``python -m pipeline.sound_child``; see :mod:`pipeline.midi_child`.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.audio import AudioConfig, Reject, decode
from pipeline.midi_child import Child, serve

#: Codes that say something about the machine as well as the file: never cache them.
TRANSIENT = frozenset({"unreadable", "timeout", "memory", "crash"})
#: The child's address space, bytes: an hour of crop at 384 kHz fits four times over.
MEMORY_BYTES = 48 << 30
#: Time that any file gets, s, and what a slow disk and a slow decoder pass in a second, bytes: some
#: hundred times less than the decoder does on an idle machine.
LEAST_SECONDS = 60.0
BYTES_PER_SECOND = 100_000
_CHILD = Child("pipeline.sound_child", {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})


def limit_seconds(size: int) -> float:
    """Return how long a file of ``size`` bytes may take to decode, s.

    Examples
    --------
    >>> limit_seconds(10_000_000)
    160.0
    """
    return LEAST_SECONDS + size / BYTES_PER_SECOND


def examine(path: Path, audio: AudioConfig, crop_seconds: int) -> dict[str, str]:
    """Decode a file in the child.

    Parameters
    ----------
    path
        The file.
    audio
        Section ``audio``.
    crop_seconds
        Seconds that must fit into memory, s.

    Returns
    -------
    dict
        ``duration_seconds`` (s, six decimals) and ``sample_rate`` (Hz) of a usable file, else
        ``code`` and ``reason``: those of :class:`pipeline.audio.Reject`, ``timeout``, ``memory`` or
        ``crash``.
    """
    try:
        limit = limit_seconds(path.stat().st_size)
    except OSError as error:
        return {"code": "unreadable", "reason": f"the file cannot be read ({error.strerror})"}
    request = {"path": str(path.absolute()), "audio": asdict(audio), "crop": crop_seconds}
    return _CHILD.ask(request, limit)


def _answer(request: dict[str, Any]) -> dict[str, str]:
    """Return what is known of one file; runs in the child."""
    try:
        sound = decode(Path(request["path"]), AudioConfig(**request["audio"]), request["crop"])
    except MemoryError:
        return {"code": "memory", "reason": f"it needs more than {MEMORY_BYTES >> 30} GiB"}
    if isinstance(sound, Reject):
        return {"code": sound.code, "reason": sound.reason}
    return {
        "duration_seconds": f"{sound.duration_seconds:.6f}",
        "sample_rate": str(sound.native_rate),
    }


if __name__ == "__main__":
    serve(_answer, MEMORY_BYTES)
