"""Stage: run one experiment on one corpus, every variant under the same folds.

``python -m pipeline.experiment <corpus> <experiment>`` reads ``experiments/params.yaml``
(:mod:`pipeline.variants`), cross-validates every variant, and writes
``data/experiments/<corpus>/<experiment>/``: ``predictions.csv`` (variant, protocol, seed, fold,
track, true, predicted, p_<class>...), ``fits.csv`` (variant, protocol, seed, fold, train_accuracy,
training_seconds, parameters) and ``about.json``. A variant that the corpus has no input for is
listed there as skipped, with the reason; ``lacking`` names inputs that it had to do without. Folds
are cached: a variant that equals the shipped configuration, or one of another experiment, is not
trained twice.
"""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.parts.classifier import NoInputError
from pipeline import paths, stage, store, variants
from pipeline.cache import key
from pipeline.crossval import Outcome, cross_validate
from pipeline.embed import ACCOUNT, embed
from pipeline.execute import Executor
from pipeline.tensors import CHORDS, SYMBOLIC, Tensors, load
from pipeline.train import compute_config, hardware, write_tables
from pipeline.variants import Experiment, Variant


class Bench:
    """Data of one corpus for many variants; what neighbours share is made once.

    Only the flat files of the last variant are kept: two spectrograms of 900 tracks of 30 s are
    9 GB, and an experiment has more combinations of inputs than a disk has room.

    Parameters
    ----------
    corpus
        Name of the corpus.
    scratch
        Folder for what only this run needs.
    """

    def __init__(self, corpus: str, scratch: Path) -> None:
        self.corpus = corpus
        self.scratch = scratch
        self._held: tuple[str, Tensors] | None = None

    def embeddings(self, all_params: Mapping[str, Any], variant: Variant) -> Path:
        """Return the store of the variant's chord vectors, fitted here if they are its own."""
        if not variant.embeds_anew():
            return paths.embeddings(self.corpus)
        target = self.scratch / f"chords-{key(chord2vec=all_params['chord2vec'])[:16]}.zarr"
        if not target.exists():
            embed(all_params, self.corpus, target)
        return target

    def tensors(self, all_params: Mapping[str, Any], variant: Variant) -> Tensors:
        """Return what the variant reads; the files behind what was returned before may go."""
        inputs = variant.reads()
        chords = self.embeddings(all_params, variant) if set(SYMBOLIC) & set(inputs) else None
        name = key(inputs=inputs, chords=str(chords))[:16]
        if self._held is not None and self._held[0] == name:
            return self._held[1]
        if self._held is not None:
            shutil.rmtree(self.scratch / self._held[0])
            self._held = None
        folder = self.scratch / name
        folder.mkdir()
        tensors = load(all_params, self.corpus, inputs, folder, chords)
        self._held = (name, tensors)
        return tensors


def run(all_params: Mapping[str, Any], corpus: str, experiment: Experiment) -> Path:
    """Run every variant; return the folder of the results.

    Raises
    ------
    pipeline.params.ParamsError
        If a variant sets what does not exist; before anything is trained.
    StageError
        If a fold fails.
    """
    configured = [(v, variants.applied(all_params, v)) for v in experiment.variants]
    labelled: list[tuple[Mapping[str, object], Outcome]] = []
    cards = []
    with (
        stage.scratch(f"experiment-{corpus}-{experiment.name}") as scratch,
        Executor(compute_config(all_params)) as executor,
    ):
        bench = Bench(corpus, scratch)
        for variant, parameters in configured:
            outcomes, card = _variant(bench, executor, experiment, variant, parameters)
            labelled += [({"variant": variant.name}, outcome) for outcome in outcomes]
            cards.append(card)
    about = {
        "corpus": corpus,
        "experiment": experiment.name,
        "title": experiment.title,
        "question": experiment.question,
        "paper": experiment.paper,
        "reference": experiment.reference,
        "classes": list(labelled[0][1].task.tensors.classes) if labelled else [],
        "hardware": hardware(labelled[0][1].task.assignment.device) if labelled else "",
        "variants": cards,
    }
    return _place(corpus, experiment.name, about, labelled)


def _variant(
    bench: Bench,
    executor: Executor,
    experiment: Experiment,
    variant: Variant,
    parameters: Mapping[str, Any],
) -> tuple[list[Outcome], dict[str, Any]]:
    label = f"experiment {bench.corpus}/{experiment.name}/{variant.name}"
    card: dict[str, Any] = {
        "name": variant.name,
        "model": variant.model,
        "inputs": list(variant.reads()),
        "set": dict(variant.changes),
        "lacking": [],
        "skipped": None,
        "chords": None,
    }
    tensors = bench.tensors(parameters, variant)
    card["lacking"] = [name for name in card["inputs"] if name not in tensors.shapes]
    try:
        outcomes = cross_validate(
            parameters,
            bench.corpus,
            variant.model,
            tensors,
            executor,
            label=label,
            protocols=experiment.protocols,
        )
    except NoInputError as error:
        print(f"{label}: skipped ({error})", flush=True)
        return [], card | {"skipped": str(error)}
    if CHORDS in tensors.shapes:
        card["chords"] = _chords(bench.embeddings(parameters, variant))
    print(f"{label}: {len(outcomes)} folds, accuracy {_accuracy(outcomes):.3f}", flush=True)
    return outcomes, card


def _accuracy(outcomes: Sequence[Outcome]) -> float:
    right = [
        outcome.trained.probabilities.argmax(axis=1)
        == outcome.task.tensors.labels[outcome.task.assignment.split.test]
        for outcome in outcomes
    ]
    return float(np.concatenate(right).mean())


def _chords(path: Path) -> dict[str, Any]:
    attributes = store.attributes(path)
    said = {name: attributes[name] for name in ("tokenizer", "dim", "pool", "pieces_with_midi")}
    said |= {name: statistics.median(attributes[name]) for name in ACCOUNT}
    return said | {"fit": attributes["config"]["fit"]}


def _place(
    corpus: str,
    name: str,
    about: Mapping[str, Any],
    labelled: list[tuple[Mapping[str, object], Outcome]],
) -> Path:
    final = paths.experiment(corpus, name)
    partial = paths.partial(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if labelled:
        write_tables(partial, labelled)
    text = json.dumps(about, indent=1, ensure_ascii=False)
    (partial / "about.json").write_text(text + "\n", encoding="utf-8")
    stage.place(partial, final)
    return final


def main() -> None:
    """Run the stage with ``params.yaml`` and ``experiments/params.yaml``."""
    stage.main(
        __doc__,
        lambda corpus, name: run(variants.all_parameters(), corpus, variants.read(name)),
        "corpus",
        "experiment",
    )


if __name__ == "__main__":
    main()
