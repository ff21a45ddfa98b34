"""Predicting: features are those of training, and every file gets an answer or a reason."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
import soundfile

from pipeline import cli, corpus, paths, store
from pipeline.cache import Cache
from pipeline.predict import load
from pipeline.recipe import Recipe


@pytest.fixture
def predictor(finished):
    return load(finished.final("svm"))


@pytest.fixture
def sounds(tmp_path, tone):
    """Return a function that writes a sound beside the project."""

    def make(name: str, seconds: float = 1.0, seed: int = 50, rate: int = 16000):
        soundfile.write(tmp_path / name, tone(seed, seconds, rate), rate)
        return tmp_path / name

    return make


def run(capsys, *arguments) -> tuple[int, str, str]:
    status = cli.main(["predict", *map(str, arguments)])
    return status, *capsys.readouterr()


def test_features_are_those_of_the_store_bit_for_bit(finished):
    model = load(finished.final("best"))._model
    stored = {n: store.read_rows(paths.features("c", n), [r.track for r in corpus.read_index("c")])
              for n in model.listener.recipes}  # fmt: skip
    assert len(stored) == 4
    for row in corpus.read_index("c"):
        (heard,) = model.listener.listen(finished.music / row.audio)
        for name in stored:
            np.testing.assert_array_equal(heard.rows[name], stored[name][row.track])


def test_keys_are_those_of_extraction_and_rows_come_from_the_cache(finished, monkeypatch):
    model = load(finished.final("svm"), cache=Cache.at("data/cache"))._model
    reader = store.Reader(paths.features("c", "gtf"))
    row = corpus.read_index("c")[0]
    assert model.listener.recipes["gtf"].key(row.sha256) == reader.keys[0]
    monkeypatch.setattr(Recipe, "extract", property(lambda _: pytest.fail("computed again")))
    (heard,) = model.listener.listen(finished.music / row.audio)
    assert set(heard.rows) == {"gtf", "mf_rp"}


def test_the_frame_has_a_row_for_every_file(predictor, sounds, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    (tmp_path / "empty.mp3").touch()
    soundfile.write(tmp_path / "silent.wav", np.zeros(16000), 16000)
    found = predictor.predict([sounds("good.wav"), tmp_path / "bad.wav", "nowhere.wav",
                               tmp_path / "empty.mp3", tmp_path / "silent.wav"])  # fmt: skip
    assert list(found) == [
        "file", "class", "p_calm", "p_joy", "p_rage", "seconds", "ood", "reason",
    ]  # fmt: skip
    good, *bad = found.to_dict("records")
    assert good["class"] in predictor.classes
    assert sum(good[f"p_{name}"] for name in predictor.classes) == pytest.approx(1)
    assert (good["seconds"], good["reason"]) == (1.0, "")
    assert [row["reason"].partition(":")[0] for row in bad] == [
        "not-audio", "no such file", "empty", "silent",
    ]  # fmt: skip
    assert found["class"].isna().tolist() == [False, True, True, True, True]


def test_a_long_file_is_the_mean_of_its_windows(predictor, sounds):
    path = sounds("long.wav", 5.0)
    samples, rate = soundfile.read(path)
    parts = []
    for start in (0, 2, 4):
        part = path.with_name(f"part{start}.wav")
        soundfile.write(part, samples[start * rate : (start + 2) * rate], rate)
        parts.append(part)
    whole, *each = predictor.predict([path, *parts]).to_dict("records")
    for name in ("p_calm", "p_joy", "p_rage", "ood"):
        expected = np.average([row[name] for row in each], weights=[2, 2, 1])
        assert whole[name] == pytest.approx(expected, rel=1e-6)
    assert whole["seconds"] == 5.0


def test_the_curve_slides_by_one_second_and_ends_with_the_file(predictor, sounds):
    path = sounds("curve.wav", 5.6)
    found = predictor.predict(path, per_second=True, window=2)
    assert found["start"].tolist() == [0, 1, 2, 3, 4]
    assert found["stop"].tolist() == [2, 3, 4, 5, 5.6]
    shares = found[[f"p_{name}" for name in predictor.classes]]
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    short = predictor.predict(sounds("short.wav", 0.5), per_second=True, window=2)
    assert short[["start", "stop"]].to_numpy().tolist() == [[0, 0.5]]
    with pytest.raises(ValueError, match="window is -1 s"):
        predictor.predict(path, per_second=True, window=-1)


def test_a_score_alone_beside_a_sound_and_broken(predictor, finished, sounds, tmp_path):
    score = finished.studio.score("../../beside.mid", 3)
    (tmp_path / "with.mid").write_bytes(score.read_bytes())
    alone = predictor.predict(tmp_path / "with.mid").to_dict("records")[0]
    both, without = predictor.predict(
        [(sounds("with.wav"), tmp_path / "with.mid"), sounds("other.wav", seed=50)]
    ).to_dict("records")
    assert alone["reason"] == "has score; training had sound or sound and score"
    assert both["reason"] == without["reason"] == ""
    assert both["p_joy"] != without["p_joy"]
    (tmp_path / "with.mid").write_bytes(b"MThd")
    spoilt = predictor.predict(tmp_path / "with.wav").to_dict("records")[0]
    assert spoilt["reason"].startswith("score not used: not-midi")
    assert spoilt["class"] in predictor.classes
    lone = predictor.predict(tmp_path / "with.mid").to_dict("records")[0]
    assert lone["class"] is None
    assert lone["reason"].startswith("not-midi")


def test_a_score_has_a_curve_too(predictor, finished):
    score = finished.studio.score("../scores/long.mid", 5)
    found = predictor.predict(score, per_second=True, window=1)
    assert found["start"].tolist() == [0.0, 1.0]
    assert found["class"].notna().all()


def test_a_model_that_hears_alone_says_so_of_a_score(finished):
    speech = load(finished.final("multispec_speech"))
    score = finished.studio.score("../scores/one.mid", 1)
    found = speech.predict(score).to_dict("records")[0]
    assert found["reason"] == "the model reads sound (wideband, narrowband) alone"


def test_noise_lies_farther_than_the_music(predictor, finished, sounds):
    hiss = sounds("hiss.wav").with_name("noise.wav")
    soundfile.write(hiss, 0.3 * np.random.default_rng(0).standard_normal(32000), 16000)
    noise, *trained = predictor.predict([hiss, finished.music])["ood"]
    assert noise > 1
    assert noise > max(trained)


def test_one_failure_does_not_lose_the_others(predictor, sounds, monkeypatch):
    real = type(predictor._model).distance
    calls = iter([True, False])

    def distance(model, data):
        return real(model, data) / 0 if next(calls) else real(model, data)

    monkeypatch.setattr(type(predictor._model), "distance", distance)
    first, second = predictor.predict([sounds("1.wav"), sounds("2.wav")]).to_dict("records")
    assert first["reason"].startswith("failed: ZeroDivisionError")
    assert second["class"] in predictor.classes


@pytest.mark.usefixtures("finished")
def test_csv_and_json_parse_and_agree(capsys, sounds):
    files = [sounds("good, too.wav"), "nowhere.wav"]
    status, text, _ = run(capsys, *files, "--model", "c-svm", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    _, document, _ = run(capsys, *files, "--model", "c-svm", "--format", "json")
    objects = json.loads(document)
    assert status == 1
    assert (
        [row["file"] for row in rows] == [one["file"] for one in objects] == list(map(str, files))
    )
    assert float(rows[0]["p_joy"]) == objects[0]["probabilities"]["joy"]
    assert (rows[1]["class"], rows[1]["p_joy"]) == ("", "")
    assert (objects[1]["class"], objects[1]["probabilities"]) == (None, None)
    _, document, _ = run(capsys, files[0], "--model", "c-svm", "--format", "json", "--per-second")
    assert [point["start"] for point in json.loads(document)[0]["curve"]] == [0.0]
    _, text, _ = run(capsys, files[0], "--model", "c-svm", "--format", "csv", "--per-second")
    assert [row["stop"] for row in csv.DictReader(io.StringIO(text))] == ["1.0"]


@pytest.mark.usefixtures("finished")
def test_the_table_and_the_exit_status(capsys, sounds):
    status, text, said = run(capsys, sounds("good.wav"), "--model", "c-svm")
    assert (status, text.split()[0]) == (0, "file")
    assert text.splitlines()[1].split()[1] in ("calm", "joy", "rage")
    assert "svm, fitted on 9 tracks of c; cross-validated accuracy 0.500 [0.400, 0.600]" in said
    status, text, said = run(capsys, "a.wav", "b.wav", "--model", "c-svm", "--per-second")
    assert (status, text.count("no such file")) == (1, 2)
    assert "2 of 2 could not be predicted" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nothing"], "no model 'nothing' in data/final"),
        (["--model", "c-svm", "--window", "2"], "--window is the window of --per-second"),
        (["--model", "c-svm", "--window", "0", "--per-second"], "it must be at least 1"),
    ],
)
def test_usage_errors_are_status_2(capsys, finished, arguments, message):
    finished.final("svm")
    status, text, said = run(capsys, "a.wav", *arguments)
    assert (status, text) == (2, "")
    assert message in said


def test_the_command_trains_what_it_predicts_with(capsys, finished):
    finished.invent("majority")
    assert cli.main(["train-final", "c", "majority"]) == 0
    assert "temperature" in capsys.readouterr().out
    assert cli.main(["train-final", "c", "nothing"]) == 2
