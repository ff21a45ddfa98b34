"""Training: folds are kept, equal runs give equal bytes, and test data decides nothing."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from models import majority, multispec_music
from pipeline import corpus, crossval, folds, params, paths
from pipeline.crossval import settings
from pipeline.stage import StageError
from pipeline.train import train


def some_scores(studio) -> None:
    """Prepare a project with sounds, some of them with scores."""
    studio.album()
    scores = {}
    for number, sound in enumerate(sorted(studio.music.glob("*/*.*"))[::2]):
        name = sound.relative_to(studio.music)
        scores[name.as_posix()] = name.with_suffix(".mid").as_posix()
        studio.score(scores[name.as_posix()], number)
    studio.manifest(midi=scores)
    studio.prepare("gtf", "mf_rp")


def scores_alone(studio) -> None:
    for number in range(9):
        studio.score(f"{('calm', 'joy', 'rage')[number % 3]}/{number}.mid", number)
    studio.prepare("gtf", "mf_rp")


@pytest.fixture
def ready(like):
    return like("ready", some_scores)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def bytes_of_run(studio, model: str) -> dict[str, bytes | dict]:
    """Return the run's files; model.json and fits.csv without their times."""
    found = studio.bytes_of(paths.run("c", model))
    about = json.loads(found.pop("model.json"))
    fits = table(paths.run("c", model) / "fits.csv")
    del about["training_seconds"], found["fits.csv"]
    for row in fits:
        assert float(row.pop("training_seconds")) >= 0
    return {**found, "model.json": about, "fits.csv": fits}


def _refuse(*_: object) -> object:
    raise AssertionError("a fold was trained again")


def test_the_run_has_what_is_promised(ready, capsys):
    ready.params["cv"] |= {"protocols": ["grouped", "random"], "seeds": [0, 3]}
    ready.prepare("gtf", "mf_rp")
    folder = train(ready.params, "c", "logistic")
    assert folder == Path("data/runs/c/logistic")
    rows = table(folder / "predictions.csv")
    names = ["protocol", "seed", "fold", "track", "true", "predicted", "p_calm", "p_joy", "p_rage"]
    assert list(rows[0]) == names
    fold_of = {(r["protocol"], r["seed"], r["track"]): r["fold"] for r in table(paths.folds("c"))}
    assert {(r["protocol"], r["seed"], r["track"]): r["fold"] for r in rows} == fold_of
    assert len(rows) == len(fold_of) == 4 * 9
    labels = {row.track: row.label for row in corpus.read_index("c")}
    for row in rows:
        shares = {label: float(row[f"p_{label}"]) for label in ("calm", "joy", "rage")}
        assert sum(shares.values()) == pytest.approx(1, abs=2e-6)
        assert shares[row["predicted"]] == max(shares.values())
        assert row["true"] == labels[row["track"]]
    history = table(folder / "history.csv")
    assert list(history[0]) == ["protocol", "seed", "fold", "epoch", "part", "loss", "accuracy"]
    assert {row["part"] for row in history} == {"train", "validation"}
    assert {path.name for path in (folder / "weights").iterdir()} == {
        f"{protocol}-{seed}-{fold}.npz" for protocol, seed, _ in fold_of for fold in range(3)
    }
    fits = table(folder / "fits.csv")
    assert [(row["protocol"], row["seed"], row["fold"]) for row in fits] == sorted(
        {(row["protocol"], row["seed"], row["fold"]) for row in rows}
    )
    assert all(float(row["train_accuracy"]) > 0.5 for row in fits)
    assert all(int(row["parameters"]) > 0 for row in fits)
    about = json.loads((folder / "model.json").read_text())
    assert about["classes"] == ["calm", "joy", "rage"]
    assert about["features"] == ["gtf", "mf_rp"]
    assert about["has"] == {"audio": True, "chords": True}
    assert about["config"] == ready.params["models"]["logistic"]
    assert about["train"] == asdict(settings(ready.params)[0])
    assert about["parameters"] > 0
    assert "train c/logistic: 12 folds, " in capsys.readouterr().out


@pytest.mark.parametrize("model", ["logistic", "multispec_music"])
def test_a_second_run_trains_nothing_and_gives_the_same_bytes(ready, monkeypatch, model):
    train(ready.params, "c", model)
    first = ready.bytes_of(paths.run("c", model))
    monkeypatch.setattr(folds, "fit", _refuse)
    train(ready.params, "c", model)
    assert ready.bytes_of(paths.run("c", model)) == first


def test_trained_anew_the_bytes_are_the_same_in_a_loop_and_on_workers(ready):
    train(ready.params, "c", "multispec_music")
    first = bytes_of_run(ready, "multispec_music")
    ready.params["compute"] |= {"workers": 2, "cache": "another"}
    train(ready.params, "c", "multispec_music")
    assert bytes_of_run(ready, "multispec_music") == first


def trained_folds(monkeypatch, run) -> list[int]:
    """Return the folds that ``run`` trains."""
    seen, real = [], folds.fit
    with monkeypatch.context() as patch:
        patch.setattr(folds, "fit", lambda task, *rest: seen.append(task.fold) or real(task, *rest))
        run()
    return seen


def test_a_run_that_fails_between_folds_keeps_the_finished(ready, monkeypatch):
    real = folds.fit

    def fit(task, *rest):
        if task.fold == 1:
            raise MemoryError("no memory left")
        return real(task, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(folds, "fit", fit)
        with pytest.raises(
            RuntimeError, match=r"grouped, seed 0, fold 1 failed \(MemoryError: no memory left\)"
        ):
            train(ready.params, "c", "majority")
    assert not paths.run("c", "majority").exists()
    again = trained_folds(monkeypatch, lambda: train(ready.params, "c", "majority"))
    assert again == [1]


def test_a_fold_is_trained_again_where_something_that_decides_it_changed(ready, monkeypatch):
    def run() -> None:
        train(ready.params, "c", "logistic")

    run()
    ready.params["compute"]["batch_tracks"] = 1
    ready.params["features"]["wideband"]["bin_hz"] = 20.0
    assert trained_folds(monkeypatch, run) == []
    ready.params["models"]["logistic"]["c"] = [0.5]
    assert trained_folds(monkeypatch, run) == [0, 1, 2]
    ready.params["train"]["dropout"] = 0.3
    assert trained_folds(monkeypatch, run) == [0, 1, 2]

    def change(_, values):
        values[0, 0, 0, 0] += 1

    ready.change_store("gtf", change)
    assert trained_folds(monkeypatch, run) == [0, 1, 2]


def test_a_damaged_entry_is_trained_again(ready, monkeypatch):
    train(ready.params, "c", "majority")
    victim = sorted(Path("data/cache/folds").glob("*/*"))[0]
    victim.write_bytes(victim.read_bytes()[:-1])
    again = trained_folds(monkeypatch, lambda: train(ready.params, "c", "majority"))
    assert len(again) == 1


@pytest.mark.parametrize("model", ["logistic", "svm", "multispec_music"])
def test_test_data_decides_nothing(ready, model):
    """Sounds, scores and labels of the test part become garbage: the weights stay bit for bit."""
    weights = paths.run("c", model) / "weights/grouped-0-0.npz"
    train(ready.params, "c", model)
    before, first = weights.read_bytes(), table(paths.run("c", model) / "predictions.csv")
    test = {row["track"] for row in table(paths.folds("c")) if row["fold"] == "0"}

    def spoil(tracks, values):
        noise = np.random.default_rng(5).normal(0, 1e3, values.shape)
        for row, track in enumerate(tracks):
            if track in test:
                values[row, 0] = noise[row, 0]

    for feature in ("gtf", "mf_rp"):
        ready.change_store(feature, spoil)
    rows = corpus.read_index("c")
    rotate = {"calm": "joy", "joy": "rage", "rage": "calm"}
    corpus.write_index(
        "c",
        [
            corpus.Row(**asdict(row) | {"label": rotate[row.label]}) if row.track in test else row
            for row in rows
        ],
    )
    train(ready.params, "c", model)
    assert weights.read_bytes() == before
    # The garbage did arrive: where it is trained on, in the other folds, it counts.
    second = table(paths.run("c", model) / "predictions.csv")
    assert [r for r in second if r["fold"] == "1"] != [r for r in first if r["fold"] == "1"]


def test_a_model_that_reads_nothing_of_the_corpus_is_skipped_and_says_so(
    ready, capsys, monkeypatch
):
    monkeypatch.setattr(multispec_music, "INPUTS", ())
    folder = train(ready.params, "c", "multispec_music")
    about = json.loads((folder / "model.json").read_text())
    assert about == {"corpus": "c", "model": "multispec_music", "skipped": about["skipped"]}
    assert "the corpus has none of" in about["skipped"]
    assert not (folder / "predictions.csv").exists()
    assert "skipped" in capsys.readouterr().out


def test_weights_carry_no_pickle_and_no_time(ready):
    folder = train(ready.params, "c", "logistic")
    for path in (folder / "weights").iterdir():
        with np.load(path, allow_pickle=False) as archive:
            assert archive.files
            assert all(np.isfinite(archive[name]).all() for name in archive.files)


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("gpu", r"train\.device: 'gpu' is not one of auto, cpu, cuda"),
        (None, r"train\.device: None is not one of"),
        ("cuda", r"train\.device: 'cuda' is asked for, but torch sees no GPU"),
    ],
)
def test_a_wrong_device_is_named(ready, monkeypatch, device, message):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    ready.params["train"]["device"] = device
    with pytest.raises(params.ParamsError, match=message):
        train(ready.params, "c", "majority")


@pytest.mark.parametrize(("gpu", "device"), [(False, "cpu"), (True, "cuda")])
def test_auto_takes_the_gpu_where_there_is_one(monkeypatch, gpu, device, small_params):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    small_params["train"]["device"] = "auto"
    assert settings(small_params)[1] == device


def test_unknown_names_are_answered_with_the_nearest(ready):
    with pytest.raises(ValueError, match="did you mean 'majority'"):
        train(ready.params, "c", "majorty")
    del ready.params["train"]["device"]
    with pytest.raises(params.ParamsError, match="train: no key 'device'"):
        train(ready.params, "c", "majority")


def test_folds_of_another_index_are_refused(ready):
    corpus.write_rows(
        paths.folds("c"), ("protocol", "seed", "track", "fold"), table(paths.folds("c"))[1:]
    )
    with pytest.raises(StageError, match="its tracks are not those of the index; run `dvc repro`"):
        train(ready.params, "c", "majority")
    paths.folds("c").unlink()
    with pytest.raises(FileNotFoundError, match="run `dvc repro split@c`"):
        train(ready.params, "c", "majority")


@pytest.mark.parametrize("model", ["majority", "logistic", "multispec_music"])
def test_a_corpus_of_scores_alone_can_be_trained_on(like, model):
    studio = like("scores", scores_alone)
    folder = train(studio.params, "c", model)
    assert len(table(folder / "predictions.csv")) == 9
    assert json.loads((folder / "model.json").read_text())["has"] == {
        "audio": False,
        "chords": True,
    }


def test_a_model_that_peeks_at_the_test_part_ends_the_run(ready, monkeypatch):
    def fit(_, data, split, *__):
        return data.labels[split.test]

    monkeypatch.setattr(majority.Majority, "fit", fit)
    with pytest.raises(StageError, match=r"LeakError: labels: track \d+ is in the test part"):
        train(ready.params, "c", "majority")
    assert not paths.run("c", "majority").exists()


def test_a_model_that_params_leave_out_is_skipped(ready):
    ready.params["train"]["skip"] = {"c": ["majority"], "another": ["svm"]}
    folder = train(ready.params, "c", "majority")
    about = json.loads((folder / "model.json").read_text())
    assert about["skipped"] == "train.skip leaves it out"
    assert crossval.skipped(ready.params, "c", "svm") is False


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["majority"], r"train\.skip: expected corpus -> list of models"),
        ({"c": "majority"}, r"train\.skip\.c: expected a list of models, got 'majority'"),
        ({"c": ["majorty"]}, r"models: no key 'majorty'; did you mean 'majority'"),
    ],
)
def test_a_wrong_skip_is_named(ready, value, message):
    ready.params["train"]["skip"] = value
    with pytest.raises(params.ParamsError, match=message):
        train(ready.params, "c", "logistic")
