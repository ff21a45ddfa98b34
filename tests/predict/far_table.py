"""The table of docs/predict.md: how much of what is, and of what is not, like training is far.

``MULTISPEC_CORPORA=/data/corpora python tests/predict/far_table.py`` measures it, after `dvc repro`
has made the demo, and puts it into the page. Every corpus is the reference once. Its own tracks are
judged by references fitted without their groups (five parts); the other corpora, and sounds that
are no music, by one fitted on all of it. Of every file the first window is judged, as long as the
reference's tracks are, so that one window must do what `multispec predict` does with all of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

import models
from models.parts.statistics import track_statistics
from pipeline import corpora, notestats, params, pieces
from pipeline.cache import Cache
from pipeline.corpora.synthetic import Config as Synthetic
from pipeline.embed import read_config, read_notes_config
from pipeline.notes import Notes
from pipeline.prediction import outliers
from pipeline.prediction.listening import Listener, listener
from pipeline.rows import sha256_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/predict.md"
BEGIN, END = "<!-- far: begin -->\n", "<!-- far: end -->"
#: Corpus -> adapter, folder under MULTISPEC_CORPORA, and seconds of a track.
SETS = {
    "demo": ("synthetic", "", 3),
    "4QAED": ("four_q", "4qaed", 10),
    "EmoDB": ("emodb", "emodb", 10),
    "EMOPIA": ("emopia", "emopia", 10),
}
SOUND, SCORE = ("demo", "4QAED", "EmoDB"), ("demo", "EMOPIA")
#: Kinds of sounds that are no music, how many of each, and their length, s.
NOISES, EACH, SECONDS, RATE = ("noise", "tones", "hiss"), 12, 10, 22050
PARTS = 5

Table = tuple[np.ndarray, np.ndarray]  # columns of every track, and its group


def columns(found: Iterator[tuple[dict[str, np.ndarray], str]]) -> tuple[Table, np.ndarray]:
    """Return rows and groups, and the block of every column."""
    pairs = list(found)
    blocks = np.repeat(np.arange(len(pairs[0][0])), [len(v) for v in pairs[0][0].values()])
    names, groups = np.unique([group for _, group in pairs], return_inverse=True)
    assert len(names)
    return (np.stack([np.concatenate(list(own.values())) for own, _ in pairs]), groups), blocks


def heard(files: list[tuple[Path, str]], ear: Listener) -> Iterator[tuple[dict, str]]:
    """Yield the statistics of the first window of every file."""
    for path, group in files:
        rows = next(ear.listen(path)).rows
        if isinstance(rows, dict):
            stats = {n: track_statistics(r, outliers.STATISTICS) for n, r in rows.items()}
            yield stats, group


def read(files: list[tuple[Path, str]], parameters: dict) -> Iterator[tuple[dict, str]]:
    """Yield the statistics of every score."""
    config, limit = read_notes_config(parameters), read_config(parameters)[0].time_limit_seconds
    cache = Cache.at(parameters["compute"]["cache"])
    for path, group in files:
        notes = pieces.read(path, sha256_of(path), cache, limit)
        if isinstance(notes, Notes):
            yield {"notes": notestats.statistics(notes, config)}, group


def files(name: str, kind: str, parameters: dict) -> list[tuple[Path, str]]:
    """Return sounds or scores of a corpus with their groups."""
    adapter, folder, _ = SETS[name]
    root = Path(os.environ["MULTISPEC_CORPORA"]) / folder
    root = ROOT / parameters["corpora"]["demo"]["root"] if name == "demo" else root
    config = Synthetic() if name == "demo" else corpora.load(adapter).Config()
    tracks, _ = corpora.load(adapter).tracks(root, config)
    paths = ((getattr(track, kind), track.group) for track in tracks)
    return [(root / path, group) for path, group in paths if path]


def noises(folder: Path) -> Iterator[tuple[Path, str]]:
    """Write sounds that are no music: coloured noise, sines and sweeps, and noise near silence."""
    generator, time = np.random.default_rng(0), np.arange(SECONDS * RATE) / RATE
    for number in range(EACH):
        tilt = (0.0, 0.5, 1.0)[number % 3]  # white, pink, brown
        spectrum = np.fft.rfft(generator.normal(size=len(time)))
        spectrum[1:] /= np.arange(1, len(spectrum)) ** tilt
        noise = np.fft.irfft(spectrum)
        start, rise = generator.uniform(80, 4000), (number % 2) * generator.uniform(20, 100)
        level = 10 ** (-generator.uniform(3, 30) / 20)
        sounds = (
            level * noise / abs(noise).max(),
            level * np.sin(2 * np.pi * (start * time + rise * time**2)),
            10 ** (-generator.uniform(50, 70) / 20) * noise / abs(noise).max(),
        )
        for kind, sound in zip(NOISES, sounds, strict=True):
            path = folder / f"{kind}{number}.wav"
            soundfile.write(path, sound, RATE, subtype="PCM_24")
            yield path, kind


def own(table: Table, blocks: np.ndarray, fit: Callable) -> list[float]:
    """Return the ratios of tracks by references without their groups."""
    rows, groups = table
    part, ratios = np.random.default_rng(0).permutation(groups.max() + 1)[groups] % PARTS, []
    for number in range(PARTS):
        known = fit(rows[part != number], blocks, groups[part != number])
        ratios += [known.ratio(row) for row in rows[part == number]]
    return ratios


def lines(kind: str, measured: dict[str, dict[str, Table]], blocks: np.ndarray) -> Iterator[str]:
    """Yield a row of the table for every reference: itself and all others."""
    final = params.read(ROOT / "params.yaml")["final"]

    def fit(rows: np.ndarray, blocks: np.ndarray, groups: np.ndarray) -> outliers.Reference:
        return outliers.fit(rows, blocks, groups, final["neighbours"], final["quantile"])

    for name, tables in measured.items():
        (rows, groups), shares = tables[name], {}
        known = fit(rows, blocks, groups)
        for other, (foreign, _) in tables.items():
            ratios = own(tables[name], blocks, fit) if other == name else map(known.ratio, foreign)
            shares[other] = f"{np.mean(np.array(list(ratios)) > 1):.0%}".replace("%", " %")
        shares[name] = f"**{shares[name]}**"
        cells = [shares.get(other, "–") for other in (*SETS, *NOISES)]
        yield f"| {name}, {kind} | {len(rows)} | {' | '.join(cells)} |\n"


def measure() -> str:
    """Return the table."""
    parameters = params.read(ROOT / "params.yaml")
    names = [n for n in models.load("best").INPUTS if n in parameters["features"]]
    about = {"audio": parameters["audio"]}
    about["features"] = {name: parameters["features"][name] for name in names}
    sounds: dict[str, dict[str, Table]] = {}
    cache = Cache.at(parameters["compute"]["cache"])
    with TemporaryDirectory() as folder:
        made = list(noises(Path(folder)))
        every = {name: files(name, "audio", parameters) for name in SOUND}
        every |= {kind: [each for each in made if each[1] == kind] for kind in NOISES}
        for name in SOUND:
            ear = listener({**about, "crop_seconds": SETS[name][2]}, "table", cache)
            found = {other: columns(heard(paths, ear)) for other, paths in every.items()}
            sounds[name] = {other: table for other, (table, _) in found.items()}
            audio_blocks = found[name][1]
    found = {name: columns(read(files(name, "midi", parameters), parameters)) for name in SCORE}
    scores = {name: {other: table for other, (table, _) in found.items()} for name in SCORE}
    names = ["reference", "tracks", *SETS, *NOISES]
    head = f"| {' | '.join(names)} |\n|{'---|' * len(names)}\n"
    body = [*lines("sound", sounds, audio_blocks), *lines("score", scores, found["demo"][1])]
    return head + "".join(body)


def main() -> None:
    """Rewrite the page."""
    os.chdir(ROOT)
    text, table = PAGE.read_text(encoding="utf-8"), measure()
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{table}{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
