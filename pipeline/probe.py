"""What the index wants to know of one track: whether its files can be used, and what they hold.

Results are cached by content, so that an index over a library of which one file changed decodes
one file.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline import codeversion
from pipeline.audio import AudioConfig, Reject, decode
from pipeline.cache import Cache, key
from pipeline.corpora import Track
from pipeline.midi import MidiError
from pipeline.pieces import read as read_piece
from pipeline.rows import sha256_of

KIND = "probe"
MODULE = "pipeline.probe"


@dataclass(frozen=True)
class Look:
    """A batch of tracks to look at: one task.

    Attributes
    ----------
    root
        The corpus's folder, absolute.
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

    root: Path
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
        audio = _audio(work.root / track.audio, work)
        if "code" in audio:
            rejects.append((track.audio, f"{audio['code']}: {audio['reason']}"))
            audio = {}
    if track.midi is not None:
        answer = _midi(work.root / track.midi, work)
        if isinstance(answer, str):
            midi_sha256 = answer
        else:
            rejects.append((track.midi, f"{answer.code}: {answer.reason}"))
    return Found(
        track,
        audio.get("sha256", ""),
        midi_sha256,
        audio.get("duration_seconds", ""),
        audio.get("sample_rate", ""),
        tuple(rejects),
    )


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
        return {"code": "unreadable", "reason": f"the file cannot be read ({error.strerror})"}
    entry = entry_of(sha256, path.suffix, work.audio, work.crop_seconds)
    cached = work.cache.read_json(KIND, entry)
    if cached is not None:
        return dict(cached)
    sound = decode(path, work.audio, work.crop_seconds)
    if isinstance(sound, Reject):
        value = {"code": sound.code, "reason": sound.reason}
        if sound.code == "unreadable":  # a matter of the machine, not of the content
            return value
    else:
        value = {
            "sha256": sha256,
            "duration_seconds": f"{sound.duration_seconds:.6f}",
            "sample_rate": str(sound.native_rate),
        }
    work.cache.write_json(KIND, entry, value)
    return value


def _midi(path: Path, work: Look) -> str | Reject | MidiError:
    """Return the content hash of a usable MIDI file, or why it is none."""
    try:
        sha256 = sha256_of(path)
    except OSError as error:
        return Reject("unreadable", f"the file cannot be read ({error.strerror})")
    answer = read_piece(path, sha256, work.cache, work.time_limit_seconds)
    return answer if isinstance(answer, MidiError) else sha256
