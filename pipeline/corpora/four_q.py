"""4QAED: 900 thirty-second clips in the four quadrants of valence and arousal.

Provenance: previews chosen by AllMusic mood tags, verified by people, balanced over the quadrants.
Citation: R. Panda, R. Malheiro, R. P. Paiva, "Novel Audio Features for Music Emotion Recognition",
IEEE Transactions on Affective Computing, 2018.
Licence: none stated; research use.
Expected: 900 MP3 files, 225 per quadrant. Labels ``Q1`` (happy, excited), ``Q2`` (angry, tense),
``Q3`` (sad), ``Q4`` (calm).

Grouping: the artist, case-folded and with runs of blanks made one; all clips without an artist are
one group, for they might be by the same.

Layout, as published: ``root/Q1`` to ``root/Q4`` with ``<Song>.mp3``, and beside them
``panda_dataset_taffc_annotations.csv`` (Song, Quadrant) and ``panda_dataset_taffc_metadata.csv``
(Song, Artist, ...). The label is the annotation's; a clip whose folder says otherwise is refused.
The sample rates of the files (16 to 44.1 kHz) lean on the label: features need one band limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.corpora import CorpusError, Info, Reject, Track
from pipeline.corpora._files import finish, read_table, require, walk

QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
ANNOTATIONS = "panda_dataset_taffc_annotations.csv"
METADATA = "panda_dataset_taffc_metadata.csv"
LAYOUT = f"Q1 to Q4 with MP3 files, {ANNOTATIONS} and {METADATA}"
UNKNOWN = "(no artist)"

INFO = Info(
    title="4Q audio emotion dataset (4QAED)",
    citation="Panda, Malheiro, Paiva: Novel Audio Features for Music Emotion Recognition,"
    " IEEE Transactions on Affective Computing, 2018",
    licence="none stated; research use",
    url="http://mir.dei.uc.pt/downloads.html",
    group="artist",
    counts=dict.fromkeys(QUADRANTS, 225),
)


@dataclass(frozen=True)
class Config:
    """No keys beside those that every corpus has."""


def tracks(root: Path, config: Config) -> tuple[list[Track], list[Reject]]:  # noqa: ARG001
    """Return the clips under ``root``, sorted by song id, and the files refused, sorted.

    Raises
    ------
    CorpusError
        If the root, a table or all quadrant folders are missing, or a song has two quadrants.
    """
    require(root, LAYOUT, QUADRANTS)
    labels: dict[str, str] = {}
    for row in read_table(root / ANNOTATIONS, ["Song", "Quadrant"]):
        if labels.setdefault(row["Song"], row["Quadrant"]) != row["Quadrant"]:
            raise CorpusError(f"{root / ANNOTATIONS}: song {row['Song']!r} has two quadrants")
    artists = {r["Song"]: r["Artist"] for r in read_table(root / METADATA, ["Song", "Artist"])}
    found: dict[str, Track] = {}
    rejects = []
    seen: set[str] = set()
    for quadrant in QUADRANTS:
        files, refused = walk(root / quadrant) if (root / quadrant).is_dir() else ([], [])
        rejects += [Reject(f"{quadrant}/{reject.file}", reject.reason) for reject in refused]
        seen.update(PurePosixPath(reject.file).stem for reject in refused)
        for name in files:
            file, song = f"{quadrant}/{name}", PurePosixPath(name).stem
            seen.add(song)
            reason = _fault(name, quadrant, labels.get(song), song in artists)
            reason = f"second file of song {song}" if song in found else reason
            if reason is None:
                found[song] = Track(song, file, None, quadrant, artist_group(artists[song]))
            else:
                rejects.append(Reject(file, reason))
    rejects += [
        Reject(f"{label}/{song}.mp3", f"named in {ANNOTATIONS}, but there is no such file")
        for song, label in labels.items()
        if song not in seen
    ]
    return finish(root, LAYOUT, list(found.values()), rejects)


def artist_group(artist: str) -> str:
    """Return the group of an artist's name.

    Examples
    --------
    >>> artist_group("  The  ARTIST ")
    'the artist'
    >>> artist_group("")
    '(no artist)'
    """
    return " ".join(artist.casefold().split()) or UNKNOWN


def _fault(name: str, quadrant: str, label: str | None, has_artist: bool) -> str | None:
    if "/" in name or PurePosixPath(name).suffix.lower() != ".mp3":
        return "not an MP3 file directly in its quadrant's folder"
    if label is None:
        return f"not in {ANNOTATIONS}"
    if label != quadrant:
        return f"its folder says {quadrant}, {ANNOTATIONS} says {label or 'nothing'}"
    return None if has_artist else f"not in {METADATA}"
