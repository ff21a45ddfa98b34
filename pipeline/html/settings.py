"""What the HTML page shows of sounds, and how finely (section ``page`` of ``params.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """Section ``page``.

    Attributes
    ----------
    excerpt_seconds
        Seconds from the start of a track that a picture shows and a player plays, s.
    hardest
        Tracks per corpus in the table of the hardest; 0 leaves the table out.
    bins
        Equal steps of probability in a reliability plot.
    sounds
        Corpora of which excerpts are put into the page. Whoever has the page has the excerpts:
        name none that may not be passed on.
    """

    excerpt_seconds: int
    hardest: int
    bins: int
    sounds: tuple[str, ...]

    def __post_init__(self) -> None:
        for key, least in (("excerpt_seconds", 1), ("hardest", 0), ("bins", 2)):
            if getattr(self, key) < least:
                raise ValueError(f"{key} = {getattr(self, key)}: must be at least {least}")
