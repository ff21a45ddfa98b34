"""Excerpts of tracks as sounds in the page, and why there is none.

Conventions
-----------
An excerpt is the track's first seconds as the features hear it: mono, at ``audio.sample_rate``.
A file is used only if its SHA-256 is the index's, so that what is heard is what was measured, and
so that the page is a function of the index wherever the files are at hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.audio import AudioConfig, Reject, decode
from pipeline.html import inline


@dataclass(frozen=True)
class Player:
    """A sound, or why there is none.

    Attributes
    ----------
    label
        What is played, for those who do not see where the player stands.
    source
        Data URI; empty where there is no sound.
    note
        Why there is none; empty where there is one.
    """

    label: str
    source: str
    note: str


@dataclass(frozen=True)
class Library:
    """The sound files of one corpus.

    Attributes
    ----------
    root
        Folder of the raw files.
    files
        Track -> path relative to the root, and SHA-256 of the content.
    allowed
        Whether excerpts may be put into the page.
    audio
        How they are decoded.
    seconds
        Length of an excerpt, s.
    """

    root: Path
    files: Mapping[str, tuple[str, str]]
    allowed: bool
    audio: AudioConfig
    seconds: int

    def player(self, track: str, label: str) -> Player:
        """Return the player of a track's excerpt."""
        if not self.allowed:
            return Player(label, "", "sounds of this corpus are not passed on with the page")
        name, digest = self.files.get(track, ("", ""))
        if not name:
            return Player(label, "", "this track has no recording")
        path = self.root / name
        if not path.is_file():
            return Player(label, "", "the recording was not at hand when the page was made")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            return Player(label, "", "the recording at hand is not the one that was measured")
        sound = decode(path, self.audio, self.seconds)
        if isinstance(sound, Reject):
            return Player(label, "", f"the recording cannot be decoded ({sound.code})")
        if sound.sample_rate not in inline.MP3_RATES:
            return Player(label, "", f"MP3 knows no rate of {sound.sample_rate} Hz")
        return Player(label, inline.sound(sound.samples, sound.sample_rate), "")
