"""From cues to notes: a melody, chords in a figure and a bass, over a progression.

Conventions
-----------
Time is counted in ticks, ``TICKS`` to the quarter note, as in the MIDI file, so that the sound is
rendered from exactly the written notes. Pitch is a MIDI number, velocity 1 to 127. Voices: 0
melody, 1 chords, 2 bass. A *degree* counts steps of the scale from the tonic, 7 to the octave. The
progressions are stock ones of tonal music; the minor dominant takes the raised leading note
(harmonic minor).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.demo.cues import Cues, Habits

TICKS = 480
MELODY, CHORDS, BASS = range(3)
MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
PROGRESSIONS = {
    True: ((0, 3, 4, 0), (0, 5, 3, 4), (0, 4, 5, 3), (0, 3, 1, 4)),
    False: ((0, 3, 4, 0), (0, 5, 2, 6), (0, 6, 5, 4), (0, 3, 5, 4)),
}
PATTERNS = ("block", "arpeggio", "alberti", "afterbeat")
# Softer accompaniment, as fractions of the melody's velocity.
BALANCE = (1.0, 0.72, 0.82)
VELOCITY_SPREAD = 4.0
CHORD_CENTRE = 55  # MIDI pitch around which chords lie when the melody lies at MELODY_CENTRE
MELODY_CENTRE = 67
BASS_LOW = 36


@dataclass(frozen=True, order=True)
class Note:
    """One note; ``start`` and ``end`` in ticks."""

    start: int
    voice: int
    pitch: int
    end: int
    velocity: int


@dataclass(frozen=True)
class Piece:
    """A composed piece: notes in order of time, tempo in quarter notes per minute, metre."""

    notes: tuple[Note, ...]
    tempo: float
    metre: tuple[int, int]
    major: bool

    @property
    def seconds_per_tick(self) -> float:
        """Length of a tick in seconds, as a MIDI player reads it (whole microseconds a quarter)."""
        return round(60e6 / self.tempo) * 1e-6 / TICKS


def compose(
    cues: Cues,
    who: Habits,
    quadrant: int,
    metre: tuple[int, int],
    seconds: float,
    rng: np.random.Generator,
) -> Piece:
    """Write a piece whose last note begins before ``seconds``."""
    beat = TICKS * 3 // 2 if metre == (6, 8) else TICKS
    beats = metre[0] // 3 if metre == (6, 8) else metre[0]
    empty = Piece((), cues.tempo, metre, cues.major)
    last = seconds / empty.seconds_per_tick
    writer = _Writer(cues, who, rng, beat, beats, int(rng.choice(who.tonics)))
    progression = PROGRESSIONS[cues.major][int(rng.integers(4))]
    pattern = PATTERNS[who.patterns[quadrant]]
    measure = 0
    while measure * beats * beat < last:
        writer.measure(measure, progression[measure % 4], pattern)
        measure += 1
    notes = sorted(note for note in writer.notes if note.start < last)
    return Piece(tuple(notes), cues.tempo, metre, cues.major)


class _Writer:
    """Writes measure after measure; keeps the melody's last degree and the notes so far."""

    def __init__(
        self,
        cues: Cues,
        who: Habits,
        rng: np.random.Generator,
        beat: int,
        beats: int,
        tonic: int,
    ) -> None:
        self.cues, self.who, self.rng = cues, who, rng
        self.beat, self.beats, self.tonic = beat, beats, tonic
        self.scale = MAJOR if cues.major else MINOR
        # The degree, counted from the tonic nearest below MIDI pitch 0, nearest to the register.
        self.centre = round((cues.register - tonic) * 7 / 12)
        self.degree = self.centre
        self.notes: list[Note] = []

    def measure(self, number: int, root: int, pattern: str) -> None:
        """Write one measure on the chord that stands on degree ``root``."""
        start = number * self.beats * self.beat
        chord = self.chord(root)
        self.bass(start, root)
        self.accompany(start, chord, pattern)
        self.melody(start, root)

    def pitch(self, degree: int, root: int) -> int:
        """Return the MIDI pitch of a degree; in minor the dominant's third is raised."""
        octave, step = divmod(degree, 7)
        raised = not self.cues.major and root == 4 and step == 6
        return self.tonic + 12 * octave + self.scale[step] + raised

    def chord(self, root: int) -> list[int]:
        """Return the pitches of a close chord near the accompaniment's register."""
        degrees = [root, root + 2, root + 4]
        if self.rng.random() < self.cues.dissonance:
            # A seventh, or a second against the root.
            degrees.append(root + (6 if self.rng.random() < 0.5 else 1))
        centre = CHORD_CENTRE + 0.6 * (self.cues.register - MELODY_CENTRE)
        pitches = (self.pitch(degree, root) for degree in degrees)
        return sorted({round((centre - p) / 12) * 12 + p for p in pitches})

    def add(self, voice: int, start: int, length: int, pitch: int) -> None:
        """Write a note that sounds for the articulated share of its time."""
        velocity = (
            self.cues.loudness * BALANCE[voice] + VELOCITY_SPREAD * self.rng.standard_normal()
        )
        sounding = max(1, round(length * self.cues.articulation))
        self.notes.append(
            Note(start, voice, pitch, start + sounding, int(np.clip(round(velocity), 1, 127)))
        )

    def bass(self, start: int, root: int) -> None:
        """Write the root, and on later strong beats root or fifth."""
        low = self.pitch(root, root) % 12
        pitch = BASS_LOW + low - (12 if low > 7 else 0)
        half = max(1, self.beats // 2)
        divided = self.beats > 1 and self.rng.random() < self.cues.density + 0.2
        starts = range(0, self.beats, half) if divided else (0,)
        for place in starts:
            length = (half if divided else self.beats) * self.beat
            length = min(length, (self.beats - place) * self.beat)
            self.add(BASS, start + place * self.beat, length, pitch + (7 if place % 2 else 0))

    def accompany(self, start: int, chord: list[int], pattern: str) -> None:
        """Write the chord in its figure."""
        total = self.beats * self.beat
        if pattern == "block":
            self.together(start, total, chord)
            return
        if pattern == "afterbeat":
            for place in range(1, self.beats):
                # The last third of the beat stays free for the upbeat below.
                self.together(start + place * self.beat, self.beat * 2 // 3, chord)
            if self.cues.density > self.rng.random():
                self.together(start + total - self.beat // 3, self.beat // 3, chord)
            return
        step = self.beat // 3 if self.beat > TICKS else self.beat // 2
        step = step if self.cues.density > 0.3 else self.beat
        order = list(range(len(chord)))
        figure = [*order, *order[-2:0:-1]] if pattern == "arpeggio" else [0, len(chord) - 1, 1, 2]
        for number, at in enumerate(range(0, total, step)):
            self.add(CHORDS, start + at, step, chord[figure[number % len(figure)] % len(chord)])

    def together(self, start: int, length: int, chord: list[int]) -> None:
        """Write all notes of a chord at once."""
        for pitch in chord:
            self.add(CHORDS, start, length, pitch)

    def melody(self, start: int, root: int) -> None:
        """Write a walk over the scale that meets the chord on each beat."""
        place = 0
        while place < self.beats:
            held = place + 1 < self.beats and self.rng.random() > self.cues.density + 0.35
            length = 2 if held else 1
            parts = 1
            if not held and self.rng.random() < self.cues.density:
                parts = 3 if self.beat > TICKS else int(self.rng.choice((2, 2, 4)))
            step = length * self.beat // parts
            for part in range(parts):
                self.walk(root, strong=part == 0)
                at = start + place * self.beat + part * step
                self.add(MELODY, at, step, self.pitch(self.degree, root))
            place += length

    def walk(self, root: int, strong: bool) -> None:
        """Move the melody: a step or a leap, drawn back to its centre, on a beat to the chord."""
        size = int(self.rng.integers(2, 5)) if self.rng.random() < self.who.leap else 1
        upward = self.rng.random() < 0.5 - 0.08 * (self.degree - self.centre)
        self.degree += size if upward else -size
        self.degree = int(np.clip(self.degree, self.centre - 7, self.centre + 7))
        if strong and (self.degree - root) % 7 not in (0, 2, 4):
            self.degree += 1 if (self.degree + 1 - root) % 7 in (0, 2, 4) else -1
