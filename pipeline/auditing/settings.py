"""Section ``audit`` of params.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Features whose contours can be compared; see :mod:`pipeline.auditing.copies`.
Contoured = Literal["gtf", "mf_rp"]


@dataclass(frozen=True)
class Copies:
    """How recordings are compared.

    Attributes
    ----------
    features
        The first of these that the corpus has is compared.
    step_seconds
        Resolution of the coarse search, s; the fine one has that of the feature.
    depth_db
        Levels lower than this below a track's loud level are ignored, dB.
    overlap_seconds
        Two excerpts must share this much, s; a shorter track is compared whole.
    quiet
        Share of a track's mean energy of change below which an overlap is a rest, 0-1.
    coarse
        Similarity in the coarse search from which a pair is looked at closely, 0-1.
    similarity
        Similarity from which two recordings count as copies, 0-1.
    fails
        Whether copies across grouped folds stop the run; a warning otherwise.
    """

    features: tuple[Contoured, ...]
    step_seconds: float
    depth_db: float
    overlap_seconds: float
    quiet: float
    coarse: float
    similarity: float
    fails: bool

    def __post_init__(self) -> None:
        if not self.features:
            raise ValueError("features is []; name at least one")
        for name in ("step_seconds", "depth_db", "overlap_seconds"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0")
        if not 0 <= self.quiet <= 1:
            raise ValueError(f"quiet is {self.quiet}; it must lie in [0, 1]")
        if not 0 < self.coarse <= self.similarity <= 1:
            raise ValueError(
                f"coarse is {self.coarse} and similarity {self.similarity}; there must be "
                "0 < coarse <= similarity <= 1"
            )


@dataclass(frozen=True)
class Facts:
    """How facts about files are held against the labels.

    Attributes
    ----------
    depth, leaf
        Of the decision tree: most levels, fewest training tracks in a leaf.
    flips
        Sign flips of the test.
    seed
        Of the sign flips.
    alpha
        Level of significance, shared among the facts (Bonferroni), 0-1.
    gain
        Accuracy above the largest class that a warning needs, 0-1.
    """

    depth: int
    leaf: int
    flips: int
    seed: int
    alpha: float
    gain: float

    def __post_init__(self) -> None:
        for name in ("depth", "leaf", "flips"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("alpha", "gain"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must lie between 0 and 1")


@dataclass(frozen=True)
class Accepted:
    """Two tracks that are alike and yet no copies; the finding stays, as a warning.

    Attributes
    ----------
    corpus
        Key of ``corpora``.
    tracks
        The two ids.
    reason
        Why; it stands in the report.
    """

    corpus: str
    tracks: tuple[str, ...]
    reason: str

    def __post_init__(self) -> None:
        if len(set(self.tracks)) != 2:
            raise ValueError(f"tracks is {list(self.tracks)}; it must name two tracks")
        if not self.reason.strip():
            raise ValueError("reason is empty; say why these tracks are no copies")


@dataclass(frozen=True)
class AuditConfig:
    """The whole section.

    Attributes
    ----------
    purity
        Share of tracks whose class the other tracks of their group tell, from which a warning is
        given, 0-1.
    copies, facts, accepted
        See there.
    """

    purity: float
    copies: Copies
    facts: Facts
    accepted: tuple[Accepted, ...]

    def __post_init__(self) -> None:
        if not 0 < self.purity <= 1:
            raise ValueError(f"purity is {self.purity}; it must lie in (0, 1]")
