"""From an emotion to musical cues: what music psychology says, blurred by habit and chance.

The emotion is a point (valence, arousal) near (+-1, +-1): Q1 (+, +) joy, Q2 (-, +) anger and
fear, Q3 (-, -) sadness, Q4 (+, -) calm. Each cue is linear in both, plus the composer's habit, plus
noise, so that the quadrants overlap in every cue and no cue is enough:

- tempo, loudness, note density, short articulation and bright timbre rise with arousal;
- the major mode and consonance go with positive valence, minor and dissonance with negative;
- a high register goes with positive valence and, less, with arousal.

The directions, not the numbers, are those on which the literature agrees: K. Hevner, "The affective
value of pitch and tempo in music", American Journal of Psychology, 1937; P. N. Juslin, P. Laukka,
"Communication of emotions in vocal expression and music performance", Psychological Bulletin, 2003;
A. Gabrielsson, E. Lindstroem, "The role of structure in the musical expression of emotions", in
Handbook of Music and Emotion, 2010; T. Eerola, A. Friberg, R. Bresin, "Emotional expression in
music: contribution, linearity, and additivity of primary musical cues", Frontiers in Psychology,
2013 (the cues' effects are mostly linear and additive). The numbers are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Spread of the intended emotion itself around the middle of its quadrant, in its own units.
EMOTION_SPREAD = 0.35
SIGNS = ((1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0))
# Composers differ in how much they make of each cue: standard deviation of the factor around 1.
GAIN_SPREAD = 0.35


@dataclass(frozen=True)
class Law:
    """One cue = centre + valence * v + arousal * a + habit + noise, clipped to [low, high]."""

    centre: float
    valence: float
    arousal: float
    habit: float
    noise: float
    low: float
    high: float


LAWS = {
    # log2 of beats per minute: 48 to 184, middle 94
    "tempo": Law(6.55, 0.09, 0.27, 0.13, 0.18, 5.585, 7.52),
    # MIDI pitch of the middle of the melody
    "register": Law(67.0, 3.8, 0.9, 2.0, 2.2, 57.0, 79.0),
    # MIDI velocity
    "loudness": Law(74.0, 0.0, 11.0, 7.0, 8.0, 36.0, 112.0),
    # sounding share of a note's time
    "articulation": Law(0.74, 0.0, -0.13, 0.08, 0.10, 0.30, 1.0),
    # probability that a beat is divided
    "density": Law(0.45, 0.07, 0.17, 0.08, 0.12, 0.05, 0.95),
    # probability that a chord gets a note that rubs
    "dissonance": Law(0.38, -0.30, 0.05, 0.06, 0.12, 0.0, 0.9),
    # 0 dark to 1 bright
    "brightness": Law(0.50, 0.05, 0.16, 0.10, 0.12, 0.05, 1.0),
    # major when above zero; the noise of +-0.8 makes about one piece in nine contradict its valence
    "mode": Law(0.0, 1.0, 0.0, 0.2, 0.8, -9.0, 9.0),
}


@dataclass(frozen=True)
class Habits:
    """What a composer does whatever the emotion.

    Attributes
    ----------
    offset, gain
        Per cue: added to it, and factor of its valence and arousal slopes.
    instruments
        Per quadrant: index of the melody's and of the accompaniment's timbre. A composer scores
        equal moods alike, which is what a fold that splits a composer would give away.
    patterns
        Per quadrant: index of the accompaniment's figure.
    leap
        Probability that a melody leaps to a chord note and does not step.
    tonics
        Pitch classes of the keys the composer likes.
    """

    offset: dict[str, float]
    gain: dict[str, float]
    instruments: tuple[tuple[int, int], ...]
    patterns: tuple[int, ...]
    leap: float
    tonics: tuple[int, ...]


@dataclass(frozen=True)
class Cues:
    """The cues of one piece; units as in ``LAWS``, tempo in beats (quarter notes) per minute."""

    tempo: float
    register: float
    loudness: float
    articulation: float
    density: float
    dissonance: float
    brightness: float
    major: bool


def habits(rng: np.random.Generator, timbres: int, patterns: int) -> Habits:
    """Draw a composer."""
    offset = {name: float(law.habit * rng.standard_normal()) for name, law in LAWS.items()}
    gain = {name: float(1 + GAIN_SPREAD * rng.uniform(-1.7, 1.7)) for name in LAWS}
    instruments = tuple((int(a), int(b)) for a, b in rng.integers(timbres, size=(4, 2)))
    figures = tuple(int(p) for p in rng.integers(patterns, size=4))
    tonics = tuple(int(t) for t in rng.choice(12, size=3, replace=False))
    return Habits(offset, gain, instruments, figures, float(rng.uniform(0.1, 0.5)), tonics)


def draw(quadrant: int, who: Habits, noise: float, rng: np.random.Generator) -> Cues:
    """Draw the cues of one piece.

    Parameters
    ----------
    quadrant
        0 to 3 for Q1 to Q4.
    who
        The composer.
    noise
        Factor of every spread that is the piece's own; 0 leaves emotion and habit.
    rng
        The piece's own generator.
    """
    valence, arousal = SIGNS[quadrant] + noise * EMOTION_SPREAD * rng.standard_normal(2)
    value = {}
    for name, law in LAWS.items():
        meant = who.gain[name] * (law.valence * valence + law.arousal * arousal)
        blur = noise * law.noise * rng.standard_normal()
        total = law.centre + meant + who.offset[name] + blur
        value[name] = float(np.clip(total, law.low, law.high))
    major = value.pop("mode") > 0
    return Cues(**{**value, "tempo": 2 ** value["tempo"]}, major=major)
