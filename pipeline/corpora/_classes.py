"""Private music with one folder per class, whose classes are known beforehand.

Conventions
-----------
The layout is that of the adapter ``folder``, ``root/<class>/<file>`` with an optional
``manifest.csv``, held to the classes and to the one audio format of the corpus: another format in
the same corpus could give its tracks away by their encoding.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from pipeline.corpora import CorpusError, Reject, Track, folder
from pipeline.corpora._files import finish, require, shown


def read(
    root: Path, layout: str, classes: Collection[str], suffix: str
) -> tuple[list[Track], list[Reject]]:
    """Return the tracks under ``root``, sorted by id, and the files refused, sorted.

    Parameters
    ----------
    root
        The corpus.
    layout
        The layout in words, for messages.
    classes
        Names of the class folders; at least one must be there.
    suffix
        The extension of the audio files in small letters, with its dot.

    Raises
    ------
    CorpusError
        If the root or all class folders are missing, a folder beside them is no class, the
        manifest's header is wrong, or nothing is found.
    """
    require(root, layout, classes)
    _check_folders(root, layout, classes)
    found, rejects = folder.tracks(root, folder.Config())
    kept = []
    for track in found:
        reason = _fault(track, suffix)
        if reason is None:
            kept.append(track)
        else:
            rejects.append(Reject(track.track, reason))
    return finish(root, layout, kept, rejects)


def _check_folders(root: Path, layout: str, classes: Collection[str]) -> None:
    """Refuse a folder that is no class: its files would be a class of their own."""
    for path in sorted(root.iterdir()):
        hidden = path.name.startswith(".")
        # Links to folders are refused one by one as the tree is walked.
        if path.name in classes or hidden or path.is_symlink() or not path.is_dir():
            continue
        close = difflib.get_close_matches(path.name.lower(), classes, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"the classes are {', '.join(classes)}"
        raise CorpusError(f"{root}: {shown(path.name)!r} is no class; {hint}; expected {layout}")


def _fault(track: Track, suffix: str) -> str | None:
    if track.audio is None:
        return "a MIDI file alone is no track of this corpus; it belongs beside its audio"
    pure = PurePosixPath(track.audio)
    if pure.suffix.lower() != suffix:
        return f"extension {pure.suffix.lower()!r} is not {suffix!r}, the format of this corpus"
    if len(pure.parts) < 2:
        return "the file lies outside any class folder"
    if track.label != pure.parts[0]:
        return f"its folder says {pure.parts[0]}, {folder.MANIFEST} says {shown(track.label)}"
    return None
