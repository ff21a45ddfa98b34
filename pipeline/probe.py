"""What the index wants to know of one track: whether its files can be used, and what they hold.

Results are cached by content, so that an index over a library of which one file changed decodes
one file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import codeversion, sound_child
from pipeline.audio import AudioConfig
from pipeline.cache import Cache, key
from pipeline.corpora import Track
from pipeline.midi import MidiError
from pipeline.pieces import read as read_piece
from pipeline.remote import RefusedError, local
from pipeline.rows import sha256_of

if TYPE_CHECKING:
    from pipeline.caching.places import Root

KIND = "probe"
MODULE = "pipeline.probe"


@dataclass(frozen=True)
class Look:
    """A batch of tracks to look at: one task.

    Attributes
    ----------
    root
        The corpus's folder, absolute, or URL.
    tracks
        What the adapter found.
    audio
        Section ``audio``.
    crop_seconds
        Seconds of each track that are used, s.
    time_limit_seconds
        Limit for reading one MIDI file, s.
    cache
        The per-track cache.
    """

    root: Root
    tracks: tuple[Track, ...]
    audio: AudioConfig
    crop_seconds: int
    time_limit_seconds: float
    cache: Cache


@dataclass(frozen=True)
class Found:
    """What one track holds; empty text for what it has not.

    Attributes
    ----------
    track
        The adapter's track.
    audio_sha256, midi_sha256
        Content hash of each usable file.
    duration_seconds, sample_rate
        Decoded length, s, and native rate, Hz, of the audio.
    rejects
        (file, reason) of each file that cannot be used.
    """

    track: Track
    audio_sha256: str
    midi_sha256: str
    duration_seconds: str
    sample_rate: str
    rejects: tuple[tuple[str, str], ...]


def look(work: Look) -> list[Found]:
    """Probe a batch of tracks."""
    return [_track(track, work) for track in work.tracks]


def _track(track: Track, work: Look) -> Found:
    rejects: list[tuple[str, str]] = []
    audio: dict[str, Any] = {}
    midi_sha256 = ""
    if track.audio is not None:
        audio = _here(work.root / track.audio, work, _audio)
        if "code" in audio:
            rejects.append((track.audio, f"{audio['code']}: {audio['reason']}"))
            audio = {}
    if track.midi is not None:
        midi = _here(work.root / track.midi, work, _midi)
        if "code" in midi:
            rejects.append((track.midi, f"{midi['code']}: {midi['reason']}"))
        midi_sha256 = midi.get("sha256", "")
    return Found(
        track,
        audio.get("sha256", ""),
        midi_sha256,
        audio.get("duration_seconds", ""),
        audio.get("sample_rate", ""),
        tuple(rejects),
    )


def _here(path: Root, work: Look, heed: Callable[[Path, Look], dict[str, Any]]) -> dict[str, Any]:
    """Return what a function makes of a file, which is brought to this machine where it is not."""
    try:
        with local(path) as file:
            return heed(file, work)
    except RefusedError as error:
        return _unreadable(error)


def _unreadable(error: OSError) -> dict[str, Any]:
    return {"code": "unreadable", "reason": f"the file cannot be read ({error.strerror})"}


def entry_of(sha256: str, suffix: str, audio: AudioConfig, crop_seconds: int) -> str:
    """Return the key of what is known of a sound file with this content and ending."""
    return key(
        content=sha256,
        suffix=suffix.lower(),  # libsndfile goes by the ending where the content is unclear
        config={"crop_seconds": crop_seconds, **asdict(audio)},
        code=codeversion.version(MODULE),
        libraries=codeversion.libraries("pipeline.audio"),
    )


def _audio(path: Path, work: Look) -> dict[str, Any]:
    """Return sha256, duration and rate of an audio file, or a code and a reason."""
    try:
        sha256 = sha256_of(path)
    except OSError as error:
        return _unreadable(error)
    entry = entry_of(sha256, path.suffix, work.audio, work.crop_seconds)
    cached = work.cache.read_json(KIND, entry)
    if cached is not None:
        return dict(cached)
    value = sound_child.examine(path, work.audio, work.crop_seconds)
    if value.get("code") in sound_child.TRANSIENT:  # a matter of the machine, not of the content
        return dict(value)
    if "code" not in value:
        value = {"sha256": sha256, **value}
    work.cache.write_json(KIND, entry, value)
    return dict(value)


def _midi(path: Path, work: Look) -> dict[str, Any]:
    """Return sha256 of a usable MIDI file, or a code and a reason."""
    try:
        sha256 = sha256_of(path)
    except OSError as error:
        return _unreadable(error)
    answer = read_piece(path, sha256, work.cache, work.time_limit_seconds)
    if isinstance(answer, MidiError):
        return {"code": answer.code, "reason": answer.reason}
    return {"sha256": sha256}
