"""Looking at the files of a corpus before it is one: lengths, rates, faults, copies.

Conventions
-----------
Two ways. *Headers*: each file is opened and believed, which takes milliseconds a file; a MIDI file
is judged by its first bytes. *Decoding*: the probe of the stage ``index``, whose answers stay in
the per-track cache, so that the stage need not ask again. Lengths are seconds, rates hertz.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile
from tqdm import tqdm

from pipeline.audio import AudioConfig
from pipeline.audio import _text as decoder_says
from pipeline.cache import Cache
from pipeline.corpora import Reject, Track
from pipeline.decoder import quiet_decoder
from pipeline.execute import ComputeConfig, Executor, Failure
from pipeline.plan import batches
from pipeline.probe import Found, Look, look
from pipeline.rows import sha256_of

#: What a MIDI file begins with: itself, or the RIFF wrapper around it.
MIDI_STARTS = (b"MThd", b"RIFF")


@dataclass(frozen=True)
class Sound:
    """Length (s) and rate (Hz) of a track's audio, as header or decoder say."""

    seconds: float
    rate: int


@dataclass(frozen=True)
class Seen:
    """What a look at the files found.

    Attributes
    ----------
    tracks
        Usable ones, without the files that are not.
    rejects
        Files that cannot be used, the adapter's refusals among them, sorted.
    sounds
        Track id -> its audio; a track of MIDI alone has none.
    copies
        Ids of tracks that hold the same file, each set sorted.
    decoded
        Whether lengths were counted and not read from headers.
    """

    tracks: tuple[Track, ...]
    rejects: tuple[Reject, ...]
    sounds: Mapping[str, Sound]
    copies: tuple[tuple[str, ...], ...]
    decoded: bool


def by_header(root: Path, tracks: Sequence[Track], refused: Sequence[Reject]) -> Seen:
    """Open every file and read its header."""
    rejects, sounds, kept = set(refused), dict[str, Sound](), list[Track]()
    for track in _shown(tracks, "headers"):
        audio = None if track.audio is None else _header(root / track.audio)
        midi = None if track.midi is None else _midi_fault(root / track.midi)
        if isinstance(audio, Sound):
            sounds[track.track] = audio
        elif audio is not None:
            rejects.add(Reject(track.audio or "", audio))
        if midi is not None:
            rejects.add(Reject(track.midi or "", midi))
        kept += _usable(track, isinstance(audio, Sound), track.midi is not None and midi is None)
    copies = _copies(_equal_files(root, kept))
    return Seen(tuple(kept), tuple(sorted(rejects)), sounds, copies, decoded=False)


def by_decoding(
    root: Path,
    tracks: Sequence[Track],
    refused: Sequence[Reject],
    audio: AudioConfig,
    crop_seconds: int,
    midi_limit_seconds: float,
    settings: ComputeConfig,
) -> Seen:
    """Decode every file, as the stage ``index`` does, and leave the answers in its cache."""
    cache = Cache.at(settings.cache)
    tasks = [
        Look(root.absolute(), tuple(part), audio, crop_seconds, midi_limit_seconds, cache)
        for part in batches(list(tracks), settings.batch_tracks)
    ]
    with Executor(settings) as executor:
        results = executor.run(look, tasks, "decoding", lambda task: len(task.tracks))
    found: list[Found] = []
    rejects = set(refused)
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Failure):
            rejects |= {
                Reject(track.track, f"{result.code}: {result.reason}") for track in task.tracks
            }
        else:
            found += result
    rejects |= {Reject(*pair) for item in found for pair in item.rejects}
    kept = [
        track
        for item in found
        for track in _usable(item.track, bool(item.audio_sha256), bool(item.midi_sha256))
    ]
    sounds = {
        item.track.track: Sound(float(item.duration_seconds), int(item.sample_rate))
        for item in found
        if item.audio_sha256
    }
    contents = [(item.audio_sha256, item.track.track) for item in found if item.audio_sha256]
    contents += [(item.midi_sha256, item.track.track) for item in found if item.midi_sha256]
    return Seen(tuple(kept), tuple(sorted(rejects)), sounds, _copies(contents), decoded=True)


def _shown(items: Sequence[Track], what: str) -> Iterable[Track]:
    return tqdm(items, desc=what, unit="track", disable=not sys.stderr.isatty())


def _header(path: Path) -> Sound | str:
    """Return what a header says, or why the file cannot be opened."""
    try:
        if path.stat().st_size == 0:
            return "empty: the file has 0 bytes"
        with quiet_decoder(), soundfile.SoundFile(os.fsencode(path)) as file:
            if file.samplerate <= 0 or file.frames <= 0:
                return "not-audio: the header counts no samples"
            return Sound(file.frames / file.samplerate, file.samplerate)
    except OSError as error:
        return f"unreadable: the file cannot be read ({error.strerror})"
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError) as error:
        return f"not-audio: libsndfile cannot open it ({decoder_says(error)})"


def _midi_fault(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            start = file.read(len(MIDI_STARTS[0]))
    except OSError as error:
        return f"unreadable: the file cannot be read ({error.strerror})"
    return None if start in MIDI_STARTS else "not-midi: it does not begin as a MIDI file does"


def _usable(track: Track, audio: bool, midi: bool) -> list[Track]:
    """Return the track without the files that cannot be used, or nothing."""
    if not audio and not midi:
        return []
    return [replace(track, audio=track.audio if audio else None, midi=track.midi if midi else None)]


def _equal_files(root: Path, tracks: Sequence[Track]) -> list[tuple[str, str]]:
    """Return (content, track) of files whose size another file has: only these can be copies."""
    sizes: dict[int, dict[str, list[str]]] = defaultdict(dict)
    for track in tracks:
        for file in (track.audio, track.midi):
            if file is not None:
                same = sizes[(root / file).stat().st_size]
                same.setdefault(file, []).append(track.track)
    return [
        (sha256_of(root / file), name)
        for same in sizes.values()
        if len(same) > 1
        for file, names in same.items()
        for name in names
    ]


def _copies(contents: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Return the sets of tracks that share a content.

    Examples
    --------
    >>> _copies([("1", "a"), ("2", "b"), ("1", "c")])
    (('a', 'c'),)
    """
    by_content: dict[str, set[str]] = defaultdict(set)
    for content, name in contents:
        by_content[content].add(name)
    return tuple(sorted({tuple(sorted(names)) for names in by_content.values() if len(names) > 1}))
