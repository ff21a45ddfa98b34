"""Good files with seeded damage, and what the pipeline makes of them.

``python mutants.py <folder> <kinds> <first> <last> <feature>...`` tries mutants first to last of
each kind (wav, flac, ogg, mp3; or midi alone) in this process, under a limit of memory, and prints
for each one line of JSON: its number, ``reject`` with the code, or ``sound`` or ``notes`` where all
that was computed of it is finite. A crash or a hang shows as a line that is missing.
"""

from __future__ import annotations

import io
import itertools
import json
import resource
import sys
from pathlib import Path

import mido
import numpy as np
import soundfile

from pipeline import features, notestats, params, tokenizers
from pipeline.audio import AudioConfig, Reject
from pipeline.codeversion import ROOT
from pipeline.midi import MidiError, read_notes
from pipeline.recipe import Recipe
from pipeline.rows import compute_row, sha256_of

CROP_SECONDS = 2
#: What one process may take on top of what its libraries hold, bytes.
MEMORY_BYTES = 1 << 30
MIDI_SECONDS = 20.0
FORMATS = {"wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS"),
           "mp3": ("MP3", "MPEG_LAYER_III")}  # fmt: skip
EXTREME = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def good(kind: str, seed: int) -> bytes:
    """Return the bytes of a good file, half a second long."""
    generator, buffer = np.random.default_rng(seed), io.BytesIO()
    if kind == "midi":
        track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
        for pitch in generator.integers(48, 72, 12).tolist():
            track.append(mido.Message("note_on", note=pitch, velocity=70, time=120))
            track.append(mido.Message("note_off", note=pitch, time=240))
        mido.MidiFile(tracks=[track]).save(file=buffer)
        return buffer.getvalue()
    samples = 0.3 * np.sin(np.arange(8000) * generator.uniform(0.05, 0.9))
    form, subtype = FORMATS[kind]
    soundfile.write(buffer, samples, 16000, format=form, subtype=subtype)
    return buffer.getvalue()


def mutant(kind: str, seed: int) -> bytes:
    """Return a good file with one to four wounds, half of them near its beginning."""
    generator = np.random.default_rng([len(kind), ord(kind[0]), seed])
    data = bytearray(good(kind, seed % 7))
    for _ in range(int(generator.integers(1, 5))):
        near = generator.random() < 0.5
        at = int(generator.integers(0, max(1, min(64, len(data)) if near else len(data))))
        size = int(generator.integers(1, 64))
        match generator.integers(0, 6):
            case 0:
                data[at : at + 1] = bytes([int(generator.integers(256))])
            case 1:
                width = int(generator.choice([1, 2, 4]))
                value = int(generator.choice(EXTREME)) & (256**width - 1)
                data[at : at + width] = value.to_bytes(width, "little")
            case 2:
                data[at : at + size] = generator.bytes(size)
            case 3:
                del data[at : at + size]
            case 4:
                data[at:at] = data[at : at + size] * int(generator.integers(1, 9))
            case _:
                del data[max(at, 4) :]
    return bytes(data)


def judge_sound(path: Path, recipes: list[Recipe]) -> dict[str, str]:
    """Compute features of a file; refuse to be silent about a number that is not finite."""
    for recipe in recipes:
        row = compute_row(path, sha256_of(path), recipe.audio, recipe.crop_seconds, recipe.extract)
        if isinstance(row, Reject):
            assert row.reason
            assert "\n" not in row.reason
            return {"reject": row.code}
        assert np.isfinite(row).all()
        assert 1 <= len(row) <= CROP_SECONDS
    return {"sound": "finite"}


def judge_notes(path: Path, config: notestats.Config) -> dict[str, str]:
    """Read the notes of a file, and its words and statistics."""
    try:
        notes = read_notes(path, MIDI_SECONDS)
    except MidiError as error:
        return {"reject": error.code} if error.reason else {"fault": "no reason"}
    assert np.isfinite(notestats.table(notestats.Work([notes], config))).all()
    for name in tokenizers.names():
        module = tokenizers.load(name)
        assert all(isinstance(word, str) for word in module.tokenize(notes, module.Config()))
    return {"notes": "finite"}


def recipes_of(names: list[str]) -> list[Recipe]:
    """Return how features of a corpus with a short crop are computed."""
    values = params.read(ROOT / "params.yaml")
    audio = params.build(AudioConfig, values["audio"], "audio")
    return [Recipe(name, features.load(name).Config(), audio, CROP_SECONDS) for name in names]


def bound_memory() -> None:
    """Limit this process's address space to what it has now and a gigabyte."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    """Try mutants, one line each."""
    folder, kinds, first, last, *names = sys.argv[1:]
    recipes = recipes_of(names) if kinds != "midi" else []
    values = params.read(ROOT / "params.yaml")
    config = params.build(notestats.Config, values["chord2vec"]["notes"], "chord2vec.notes")
    for recipe in recipes:  # libraries and machine code are in before the limit is set
        recipe.extract(np.zeros(16000), 16000)
    bound_memory()
    for kind, seed in itertools.product(kinds.split(","), range(int(first), int(last))):
        path = Path(folder) / f"mutant.{kind.replace('midi', 'mid')}"
        path.write_bytes(mutant(kind, seed))
        found = judge_notes(path, config) if kind == "midi" else judge_sound(path, recipes)
        print(json.dumps({"seed": seed, **found}), flush=True)


if __name__ == "__main__":
    main()
