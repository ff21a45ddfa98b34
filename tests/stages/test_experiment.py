"""The runner of experiments, and the stage that DVC queues: nothing is trained twice."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from models import multispec_music
from pipeline import experiment as experiments
from pipeline import folds, paths, sweep
from pipeline.experiment import run
from pipeline.params import ParamsError
from pipeline.stage import StageError
from pipeline.train import train
from pipeline.variants import Experiment, Variant

POOLED = Variant("summed", "svm", ("chords",), {"chord2vec.pool": "sum", "chord2vec.dim": 6})


def some_scores(studio) -> None:
    studio.album()
    scores = {}
    for number, sound in enumerate(sorted(studio.music.glob("*/*.*"))[::2]):
        name = sound.relative_to(studio.music)
        scores[name.as_posix()] = name.with_suffix(".mid").as_posix()
        studio.score(scores[name.as_posix()], number)
    studio.manifest(midi=scores)
    studio.prepare("gtf", "mf_rp")


@pytest.fixture
def ready(like):
    studio = like("experiments", some_scores)
    studio.params["models"]["svm"] |= {"statistics": ["mean"], "c": [1.0], "gamma": [1.0]}
    return studio


def experiment(*listed: Variant) -> Experiment:
    return Experiment("e", "Title", "Q?", "P.", listed[0].name, ("grouped",), listed)


def rows(name: str) -> list[dict[str, str]]:
    path = paths.experiment("c", "e") / name
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def trained(monkeypatch: pytest.MonkeyPatch, what) -> int:
    seen, real = [], folds.fit
    with monkeypatch.context() as patch:
        patch.setattr(folds, "fit", lambda task, *rest: seen.append(task) or real(task, *rest))
        what()
    return len(seen)


def test_a_quick_run_says_all_about_its_variants(ready, monkeypatch):
    monkeypatch.setattr(multispec_music, "INPUTS", ())
    skipped = Variant("skipped", "multispec_music", None, {})
    folder = run(ready.params, "c", experiment(Variant("all", "svm", None, {}), POOLED, skipped))
    assert folder == Path("data/experiments/c/e")
    predicted = rows("predictions.csv")
    assert {row["variant"] for row in predicted} == {"all", "summed"}
    assert len(predicted) == 2 * 9
    assert list(predicted[0])[:7] == [
        "variant", "protocol", "seed", "fold", "track", "true", "predicted",
    ]  # fmt: skip
    assert [(row["variant"], row["fold"]) for row in rows("fits.csv")] == [
        (name, str(fold)) for name in ("all", "summed") for fold in range(3)
    ]
    about = json.loads((folder / "about.json").read_text())
    first, second, third = about["variants"]
    assert (first["skipped"], first["chords"]["dim"], first["chords"]["pool"]) == (None, 4, "mean")
    assert (second["chords"]["dim"], second["chords"]["pool"]) == (6, "sum")
    assert second["chords"]["pieces_with_midi"] == 5
    assert second["inputs"] == ["chords"]
    assert second["set"] == dict(POOLED.changes)
    assert "has none of" in third["skipped"]
    assert [card["lacking"] for card in (first, second, third)] == [[], [], []]
    assert about["classes"] == ["calm", "joy", "rage"]
    assert list(paths.WORK.glob("experiment-*")) == [], "the scratch is removed"


def test_a_variant_equal_to_the_trained_model_trains_nothing_again(ready, monkeypatch):
    train(ready.params, "c", "svm")
    same = Variant("as shipped", "svm", None, {})
    explicit = Variant("said aloud", "svm", None, {"models.svm.c": [1.0]})
    other = Variant("another", "svm", None, {"models.svm.c": [2.0]})
    count = trained(monkeypatch, lambda: run(ready.params, "c", experiment(same, explicit, other)))
    assert count == 3
    first = ready.bytes_of(paths.experiment("c", "e"))
    again = trained(monkeypatch, lambda: run(ready.params, "c", experiment(same, explicit, other)))
    assert again == 0
    assert ready.bytes_of(paths.experiment("c", "e")) == first


def sounds(studio) -> None:
    studio.album()
    studio.prepare("gtf", "mf_rp")


def test_inputs_that_the_corpus_lacks_are_named(like):
    studio = like("experiments without scores", sounds)
    studio.params["models"]["svm"] |= {"statistics": ["mean"], "c": [1.0], "gamma": [1.0]}
    everything, sound = Variant("all", "svm", None, {}), Variant("s", "svm", ("gtf",), {})
    folder = run(studio.params, "c", experiment(everything, sound))
    first, second = json.loads((folder / "about.json").read_text())["variants"]
    assert (first["lacking"], second["lacking"]) == (["chords"], [])


def test_flat_files_of_one_combination_of_inputs_lie_there_at_a_time(ready, monkeypatch):
    held: list[tuple[str, set[str]]] = []
    real = experiments.cross_validate

    def looked(*args, **named):
        scratch = next(paths.WORK.glob("experiment-*"))
        held.append((named["label"], {file.name for file in scratch.rglob("*.npy")}))
        return real(*args, **named)

    monkeypatch.setattr(experiments, "cross_validate", looked)
    gtf, both = Variant("g", "svm", ("gtf",), {}), Variant("b", "svm", ("gtf", "mf_rp"), {})
    again, last = Variant("a", "svm", ("gtf",), {}), Variant("m", "svm", ("mf_rp",), {})
    run(ready.params, "c", experiment(gtf, both, again, last))
    own = {"chords.npy", "notes.npy"}
    assert [files - own for _, files in held] == [
        {"gtf.npy"}, {"gtf.npy", "mf_rp.npy"}, {"gtf.npy"}, {"mf_rp.npy"},
    ]  # fmt: skip
    accuracy = {
        name: [row["predicted"] for row in rows("predictions.csv") if row["variant"] == name]
        for name in "ga"
    }
    assert accuracy["g"] == accuracy["a"]


def test_a_wrong_key_fails_before_anything_is_trained(ready, monkeypatch):
    wrong = Variant("wrong", "svm", None, {"models.svm.cost": 1})

    def start() -> None:
        with pytest.raises(ParamsError, match=r"models\.svm: no key 'cost'"):
            run(ready.params, "c", experiment(Variant("all", "svm", None, {}), wrong))

    assert trained(monkeypatch, start) == 0
    assert not paths.experiment("c", "e").exists()


def test_the_queue_shares_the_folds_of_the_experiment(ready, monkeypatch):
    alone = Variant("alone", "svm", ("gtf",), {})
    run(ready.params, "c", experiment(alone))
    chosen = sweep.Chosen("svm", ("gtf",), ("grouped",))
    found: dict = {}
    count = trained(monkeypatch, lambda: found.update(sweep.sweep(ready.params, "c", chosen)))
    assert count == 0
    right = [row["true"] == row["predicted"] for row in rows("predictions.csv")]
    assert found["grouped"]["accuracy"] == pytest.approx(sum(right) / len(right), abs=1e-6)
    kept = [float(row["train_accuracy"]) for row in rows("fits.csv")]
    assert found["grouped"]["train_accuracy"] == pytest.approx(sum(kept) / 3, abs=1e-6)


@pytest.mark.parametrize(
    ("inputs", "protocols", "message"),
    [
        (("gft",), ("grouped",), "svm reads .*, not 'gft'"),
        (None, ("loose",), r"protocols: \['loose'\] must be one or more of"),
    ],
)
def test_the_queue_refuses_what_is_not_there(inputs, protocols, message):
    with pytest.raises(ValueError, match=message):
        sweep.Chosen("svm", inputs, protocols)


def test_the_queue_says_where_nothing_can_be_read(ready, monkeypatch):
    with pytest.raises(StageError, match="has no folds of random"):
        sweep.sweep(ready.params, "c", sweep.Chosen("svm", ("gtf",), ("random",)))
    monkeypatch.setattr(multispec_music, "INPUTS", ())
    with pytest.raises(StageError, match="multispec_music on c: "):
        sweep.sweep(ready.params, "c", sweep.Chosen("multispec_music", None, ("grouped",)))
