"""Predict the class of sound files and scores with a model that `dvc repro` has fitted.

A PATH is a file (WAV, MP3, whatever libsndfile reads, or MIDI), a folder, or a pattern in quotes.
A MIDI file with the name of a sound beside it is read with the sound. Files of any length will do:
long ones are cut into windows of the length the model was trained on, and averaged.

Each line has the class, calibrated probabilities, what was heard in seconds, and a note where the
file lies far from what the model was trained on, or why it could not be predicted. The exit status
is 0 if all files could be predicted, 1 if any could not, 2 if the command line or the model is
wrong.

Typical calls:
  multispec predict song.mp3
  multispec predict album/ 'more/**/*.flac' --format csv > moods.csv
  multispec predict song.wav --per-second
  multispec predict talk.wav --model emodb --format json
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from tqdm import tqdm

from pipeline import params
from pipeline.cache import Cache
from pipeline.predict import Predictor, choose, load
from pipeline.prediction.inputs import find
from pipeline.prediction.output import FORMATS, Writer


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("path", nargs="+", metavar="PATH", help="file, folder or pattern")
    parser.add_argument(
        "--model",
        metavar="NAME|FILE",
        help="a corpus, corpus-model, or a model file (default: the only one in data/final)",
    )
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: table")
    parser.add_argument(
        "--per-second", action="store_true", help="also a window that slides over each file by 1 s"
    )
    parser.add_argument(
        "--window", type=int, metavar="S", help="its length in seconds (default: the model's)"
    )
    parser.add_argument(
        "--other-code", action="store_true", help="accept a model that other code has made"
    )


def run(namespace: argparse.Namespace) -> int:
    """Predict; return 1 if a file could not be predicted."""
    if namespace.window is not None and not namespace.per_second:
        raise ValueError("--window is the window of --per-second; ask for that too")
    if namespace.window is not None and namespace.window < 1:
        raise ValueError(f"--window is {namespace.window}; it must be at least 1")
    predictor = _load(namespace.model, namespace.other_code)
    items = find(namespace.path)
    window = (namespace.window or predictor.window_seconds) if namespace.per_second else None
    writer = Writer(
        namespace.format, sys.stdout, predictor, [item.name for item in items], bool(window)
    )
    failed = 0
    writer.begin()
    with tqdm(total=len(items), unit="file", disable=not sys.stderr.isatty()) as bar:
        for found in predictor.stream(items, window):
            failed += found.probabilities is None
            with tqdm.external_write_mode(file=sys.stdout):  # the bar makes room for a line
                writer.write(found)
            bar.update()
    writer.end()
    if failed:
        _say(f"{failed} of {len(items)} could not be predicted")
    return int(failed > 0)


def _load(name: str | None, other_code: bool) -> Predictor:
    place = choose(name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        predictor = load(place, cache=_cache(), other_code=other_code)
    for warning in caught:
        _say(f"warning: {warning.message}")
    about = predictor.about
    scores, tracks = about["metrics"], about["training"]["tracks"]
    _say(
        f"{about['model']}, fitted on {tracks} tracks of {about['corpus']}; cross-validated "
        f"accuracy {scores['accuracy']:.3f} [{scores['accuracy_low']:.3f}, "
        f"{scores['accuracy_high']:.3f}]"
    )
    return predictor


def _cache() -> Cache | None:
    """Return the repository's cache; elsewhere there is none."""
    if not Path("params.yaml").is_file():
        return None
    return Cache.at(str(params.section(params.read(), "compute", "cache")))


def _say(text: str) -> None:
    print(f"multispec predict: {text}", file=sys.stderr, flush=True)
