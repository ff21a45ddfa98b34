"""Key and mode of a piece from how long every pitch class sounds.

Conventions
-----------
The profile [shape=(pitch class,)] is the share of time of every pitch class, a note counting 2 s at
most. ``key`` correlates it with the 24 key profiles of Krumhansl and Kessler: the best major and
the best minor key, their difference, the difference between the major and the minor key on the
best tonic, the distance from the best to the second key; and the profile's entropy in bits.
``diatonic`` is the share of time inside the best major scale. Within that scale ``relative``
compares the major tonic with that of the relative minor: shares of time of both tonic triads, how
much more often the bass is on the major tonic (share of groups), how much longer the major tonic
sounds (share of time). Transposition changes none of these, unless two scales hold the same share
to the last bit.

References
----------
C. L. Krumhansl and E. J. Kessler, "Tracing the dynamic changes in perceived tonal organization in
a spatial representation of musical keys," Psychological Review 89(4), 1982 (the profiles);
C. L. Krumhansl, Cognitive Foundations of Musical Pitch, 1990 (keys by correlation).
"""

from __future__ import annotations

import numpy as np

from pipeline.notestats._measures import entropy
from pipeline.notestats._piece import Piece

CLASSES = 12

#: Fit of every pitch class to a key on C (Krumhansl & Kessler 1982).
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])

#: Pitch classes of the major scale, its tonic triad, and that of its relative minor.
SCALE = np.array([0, 2, 4, 5, 7, 9, 11])
MAJOR_TRIAD = np.array([0, 4, 7])
MINOR_TRIAD = np.array([9, 0, 4])

#: s, what a longer note counts: an organ point is no key.
LONGEST_NOTE = 2.0

#: Deviation of a profile, which sums to 1, below which it is flat and has no key.
FLAT = 1e-9


def standard(profile: np.ndarray) -> np.ndarray:
    """Return a profile with mean 0 and deviation 1; 0 where it is flat."""
    deviation = profile.std()
    if deviation < FLAT:
        return np.zeros_like(profile)
    return np.asarray((profile - profile.mean()) / deviation)


#: Standardised profiles of all keys, major on C, C#, ..., then minor [shape=(key, pitch class)].
KEYS = np.stack([np.roll(standard(mode), tonic) for mode in (MAJOR, MINOR) for tonic in range(12)])


def statistics(piece: Piece) -> dict[str, float]:
    """Return 6 statistics of the key, 1 of the scale and 4 of major against relative minor."""
    classes = piece.pitch.astype(int) % CLASSES
    profile: np.ndarray = np.bincount(
        classes, weights=np.minimum(piece.duration, LONGEST_NOTE), minlength=CLASSES
    )
    profile = profile / max(float(profile.sum()), FLAT)
    bass = np.bincount(piece.bass.astype(int) % CLASSES, minlength=CLASSES) / len(piece.bass)
    return _key(profile) | _scale(profile, bass)


def correlations(profile: np.ndarray) -> np.ndarray:
    """Return the Pearson correlation with every key [shape=(key,)], -1 to 1."""
    return np.asarray(KEYS @ standard(profile) / CLASSES)


def _key(profile: np.ndarray) -> dict[str, float]:
    found = correlations(profile)
    major, minor = found[:CLASSES], found[CLASSES:]
    tonic = int(found.argmax()) % CLASSES
    return {
        "key.major": float(major.max()),
        "key.minor": float(minor.max()),
        "key.mode": float(major.max() - minor.max()),
        "key.parallel": float(major[tonic] - minor[tonic]),
        "key.clear": float(found.max() - np.sort(found)[-2]),
        "key.entropy": entropy(profile),
    }


def _scale(profile: np.ndarray, bass: np.ndarray) -> dict[str, float]:
    inside = np.array([profile[(SCALE + tonic) % CLASSES].sum() for tonic in range(CLASSES)])
    tonic = int(inside.argmax())
    profile, bass = np.roll(profile, -tonic), np.roll(bass, -tonic)
    return {
        "diatonic": float(inside.max()),
        "relative.maj": float(profile[MAJOR_TRIAD].sum()),
        "relative.min": float(profile[MINOR_TRIAD].sum()),
        "relative.bassmaj": float(bass[0] - bass[9]),
        "relative.pc": float(profile[0] - profile[9]),
    }
