"""Add a folder of music to params.yaml, after a look at every file.

PATH holds one folder per class, or any folders and a table of labels (--labels TABLE.csv: columns
file and label, and group where artists, songs or speakers have several files). Printed are classes,
counts, groups and lengths, every problem with its remedy, and what the corpus will cost in disk and
time. Nothing is written into PATH. The exit status is 0 if the corpus was added (or could be, with
--dry-run), 1 if its files have an error, 2 if the command is wrong.

Typical calls:
  multispec add mine ~/music --dry-run
  multispec add mine ~/music
  multispec add mine ~/music --labels labels.csv --crop-seconds 45
  multispec add quick ~/music --models majority logistic svm best
  multispec add q4 /data/4qaed --adapter four_q
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import corpora, params
from pipeline.adding import candidate, cost, entry, look, manifest, problems, training, words
from pipeline.adding.candidate import BY_FOLDER, Candidate
from pipeline.adding.look import Seen
from pipeline.adding.problems import Asked
from pipeline.audio import AudioConfig
from pipeline.corpora._files import shown
from pipeline.execute import ComputeConfig
from pipeline.split import CvConfig

PARAMS = Path("params.yaml")
REPORTS = Path("reports")
#: Crop where none is asked for, s: that of the music corpora in the literature; shorter where all
#: tracks are shorter.
CROP_SECONDS = 30
#: Models that are solved at once, and so in seconds.
QUICK = ("best", "svm", "logistic", "majority")
#: Files on which a rate is tried, the median ones first, until one can be decoded.
TRIED = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", help="name of the corpus: letters, digits, - and _")
    parser.add_argument("path", help="its folder; nothing is written into it")
    parser.add_argument(
        "--labels",
        default=BY_FOLDER,
        metavar="by-folder|TABLE.csv",
        help="labels are the names of the folders (default), or stand in a table with the columns "
        "file,label[,group,midi]",
    )
    parser.add_argument(
        "--crop-seconds",
        type=int,
        metavar="N",
        help=f"seconds of each track that are used (default: {CROP_SECONDS}, or the longest track)",
    )
    parser.add_argument(
        "--adapter",
        metavar="A",
        help=f"layout of the folder, one of {', '.join(corpora.names())} (default: folder)",
    )
    parser.add_argument(
        "--models",
        nargs="+",
        metavar="M",
        help="train only these on it; the others go into train.skip (default: all)",
    )
    parser.add_argument(
        "--decode",
        action="store_true",
        help="decode every file now (minutes per hundred hours) instead of believing headers",
    )
    parser.add_argument("--dry-run", action="store_true", help="look and print, write nothing")


def run(namespace: argparse.Namespace) -> int:
    """Look, print, write; return the exit status."""
    all_params = params.read(PARAMS)
    candidate.check_name(all_params, namespace.name)
    skipped = _skipped(all_params, namespace.models)
    root = candidate.rooted(namespace.path)
    found = candidate.candidate(namespace.name, root, namespace.labels, namespace.adapter)
    seen = _look(all_params, found, namespace.crop_seconds or CROP_SECONDS, namespace.decode)
    crop = namespace.crop_seconds
    if crop is None:
        longest = max((sound.seconds for sound in seen.sounds.values()), default=CROP_SECONDS)
        crop = min(CROP_SECONDS, max(1, -int(-longest // 1)))
    elif crop < 1:
        raise ValueError(f"--crop-seconds is {crop}; it must be at least 1")
    trained = [name for name in params.section(all_params, "models") if name not in skipped]
    errors = _report(all_params, found, seen, crop)
    if errors:
        print(f"\nnot added: {errors} errors (they stand above, each with its remedy)")
        return 1
    _training(all_params, seen, crop, trained)
    value = {"adapter": found.adapter, "root": root, "crop_seconds": crop, **found.extra}
    text = entry.added(PARAMS.read_text(encoding="utf-8"), ["corpora"], found.name, value)
    if skipped:
        text = entry.added(text, ["train", "skip"], found.name, skipped)
    print("\n" + "\n".join(["params.yaml: corpora", *entry.lines(found.name, value, 1)]))
    if namespace.dry_run:
        print("\ndry run: nothing was written; the same command without --dry-run adds it")
        return 0
    _write(found, text)
    return 0


def _skipped(all_params: Mapping[str, Any], models: list[str] | None) -> list[str]:
    """Return the models that are not to be trained."""
    known = params.section(all_params, "models")
    for model in models or ():
        params.section(all_params, "models", model)
    return [name for name in known if models and name not in models]


def _look(all_params: Mapping[str, Any], found: Candidate, crop: int, decode: bool) -> Seen:
    print(f"{found.name}: looking at {len(found.tracks)} tracks in {found.root}", flush=True)
    root = Path(found.root)
    if not decode:
        return look.by_header(root, found.tracks, found.rejects)
    return look.by_decoding(
        root,
        found.tracks,
        found.rejects,
        params.build(AudioConfig, params.section(all_params, "audio"), "audio"),
        crop,
        float(params.section(all_params, "chord2vec", "time_limit_seconds")),
        params.build(ComputeConfig, params.section(all_params, "compute"), "compute"),
    )


def _report(all_params: Mapping[str, Any], found: Candidate, seen: Seen, crop: int) -> int:
    """Print what was found; return the number of errors."""
    cv = params.build(CvConfig, params.section(all_params, "cv"), "cv")
    rate = int(params.section(all_params, "audio", "sample_rate"))
    listed = problems.problems(seen, Asked(cv.folds, crop, rate)) + candidate.remarks(found)
    listed.sort(key=lambda problem: problems.LEVELS.index(problem.level))
    how = "decoded" if seen.decoded else "from headers; the stage `index` decodes and counts"
    total = sum(sound.seconds for sound in seen.sounds.values())
    print(f"\n{words.classes(seen)}")
    print(f"  {words.duration(total)} of sound ({how}), of which {crop} s of each track are used")
    print(f"\n{words.listed(listed)}")
    errors = sum(problem.level == "error" for problem in listed)
    if not errors:
        _cost(all_params, found, seen, crop)
    return errors


def _cost(all_params: Mapping[str, Any], found: Candidate, seen: Seen, crop: int) -> None:
    seconds = cost.valid_seconds(seen.sounds, crop)
    if not seconds:
        print("\ncost: no audio, so no features to extract; chords and notes take seconds")
        return
    per_second = sum(cost.bytes_per_second(all_params).values())
    print(
        f"\ncost: {words.size(seconds * per_second)} for {len(cost.bytes_per_second(all_params))} "
        f"features of {words.duration(seconds)}, once in the store and once in the per-track cache"
    )
    by_length = sorted(seen.sounds, key=lambda name: seen.sounds[name].seconds)
    middle = by_length[len(by_length) // 2 :] + by_length[: len(by_length) // 2]
    audio = {track.track: track.audio for track in seen.tracks}
    files = [file for name in middle[:TRIED] if (file := audio.get(name))]
    rate = cost.measure(all_params, Path(found.root), files)
    if rate is None:
        return
    workers = max(1, params.build(ComputeConfig, all_params["compute"], "compute").count)
    print(
        f"      some {words.duration(seconds * rate.ratio / workers)} of extraction on {workers} "
        f"processes here ({rate.sound_seconds:.0f} s of {shown(rate.file)} took "
        f"{rate.taken_seconds:.2f} s)"
    )


def _training(all_params: Mapping[str, Any], seen: Seen, crop: int, models: list[str]) -> None:
    """Print what training will roughly take, and how to make it less."""
    seconds = [sound.seconds for sound in seen.sounds.values()]
    found = training.estimate(all_params, REPORTS, seconds, crop, models) if seconds else None
    if found is None or not found.by_model:
        return
    workers = max(1, params.build(ComputeConfig, all_params["compute"], "compute").count)
    untimed = f"; not timed: {', '.join(found.unknown)}" if found.unknown else ""
    print(
        f"      roughly {words.duration(found.seconds / workers)} of training, by what it took on "
        f"{found.corpus} (most of it {found.longest}{untimed})"
    )
    if not set(models) <= set(QUICK):
        print(f"      less with --models {' '.join(QUICK)}")


def _write(found: Candidate, text: str) -> None:
    """Write the table of labels and params.yaml, and say what to type next."""
    if found.table is not None:
        path = Path(found.extra["manifest"])
        path.parent.mkdir(parents=True, exist_ok=True)
        entry.write(path, manifest.text(found.table.rows))
        print(f"written: {path} ({len(found.table.rows)} rows; commit it with your results)")
    entry.write(PARAMS, text)
    print(f"written: {PARAMS}")
    target = shlex.quote(f"evaluate@{found.name}")
    print(
        f"\nnext:\n  dvc repro index@{found.name}       decode, list, quarantine: seconds\n"
        f"  dvc repro {target}    features, folds, training, scores\n"
        f"  then read reports/{found.name}/results.csv; `dvc repro` brings it into the report"
    )
