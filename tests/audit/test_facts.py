"""Facts about files that tell the label, and facts that do not."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.auditing import facts
from pipeline.auditing.settings import Facts
from pipeline.corpus import Row

CONFIG = Facts(depth=3, leaf=2, flips=999, seed=0, alpha=0.05, gain=0.03)


def of(rows, what):
    return next(row for row in rows if row["check"] == "facts" and row["what"] == what)


def test_a_sample_rate_that_tells_the_label_warns(tiny):
    for number, row in enumerate(tiny.rows):
        tiny.change(number, sample_rate={"a": "22050", "b": "44100"}[row.label])
    rows = tiny.run()
    row = of(rows, "sample rate")
    assert (row["severity"], row["value"]) == ("warn", "1.000")
    assert "accuracy 1.000, largest class 0.500" in row["detail"]
    assert of(rows, "all of these")["severity"] == "warn"


def test_a_duration_that_tells_the_label_warns(tiny):
    for number, row in enumerate(tiny.rows):
        tiny.change(number, duration_seconds=f"{5 + (row.label == 'b') + number / 1000:.6f}")
    assert of(tiny.run(), "duration")["severity"] == "warn"


def test_a_bit_rate_that_tells_the_label_warns(tiny, tmp_path):
    for row in tiny.rows:
        bits = {"a": 64000, "b": 128000}[row.label]
        size = int(bits * float(row.duration_seconds) / 8)
        (tmp_path / "music" / row.audio).write_bytes(bytes(size))
    row = of(tiny.run(), "bit rate")
    assert (row["severity"], row["value"]) == ("warn", "1.000")


def test_a_format_that_tells_the_label_warns(tiny):
    for number, row in enumerate(tiny.rows):
        tiny.change(number, audio=row.track + {"a": ".wav", "b": ".mp3"}[row.label])
    assert of(tiny.run(), "format")["severity"] == "warn"


def test_a_format_and_rate_that_are_the_same_for_all_are_named_as_such(tiny):
    for number in range(len(tiny.rows)):
        tiny.change(number, sample_rate="44100")
    assert of(tiny.run(), "sample rate, format")["severity"] == "pass"


def test_a_number_of_any_length_may_stand_in_an_id():
    rows = [Row(f"{'9' * 400}{n}", "a.wav", "", "l", "g", "1", "1", "", "") for n in range(2)]
    numbers = facts.names(rows)["number in the id"].astype(np.float32)
    assert np.isfinite(numbers).all()


def test_names_that_spell_the_label_are_for_information(tiny):
    for number, row in enumerate(tiny.rows):
        tiny.change(number, audio=f"{row.label}/{row.audio}")
    row = of(tiny.run(), "folder")
    assert (row["severity"], row["value"]) == ("pass", "1.000")
    assert "no model reads names" in row["detail"]


def test_loudness_that_tells_the_label_is_for_information(tiny):
    for row in tiny.rows:
        tiny.levels[row.track] = tiny.levels[row.track] + np.float32(20 * (row.label == "b"))
    row = of(tiny.run(), "loudness")
    assert (row["severity"], row["value"]) == ("pass", "1.000")
    assert "loudness is music as well" in row["detail"]


def test_files_that_are_gone_leave_the_bit_rate_out(tiny, tmp_path):
    for row in tiny.rows:
        (tmp_path / "music" / row.audio).unlink()
    names = [row["what"] for row in tiny.run() if row["check"] == "facts"]
    assert "bit rate, format" in names


def test_chance_is_called_significant_as_often_as_the_level_says():
    rng = np.random.default_rng(0)
    groups = np.arange(60) % 20
    called = 0
    for _ in range(200):
        labels = rng.integers(0, 2, 60)
        told = facts.tell(rng.standard_normal(60), labels, groups, groups % 5, CONFIG)
        called += told.p <= 0.05
    assert called <= 16  # 0.05 of 200 is 10; more than 16 has a probability of 0.02


def test_groups_and_not_tracks_are_the_evidence():
    # Three groups of 40 equal tracks: a fact as good as this says little about a fourth group.
    labels = np.repeat([0, 1, 0], 40)
    groups = np.repeat([0, 1, 2], 40)
    fact = labels.astype(float)
    told = facts.tell(fact, labels, groups, groups, CONFIG)
    assert told.p > 0.1


def test_absent_values_are_a_fact_of_their_own(tiny):
    for number, row in enumerate(tiny.rows):
        if row.label == "a":
            tiny.change(number, sample_rate="")
    assert of(tiny.run(), "sample rate")["severity"] == "warn"


@pytest.mark.parametrize(("words", "numbers"), [([], []), (["b", "a", "b"], [0.0, 1.0, 0.0])])
def test_codes(words, numbers):
    assert facts.codes(words).tolist() == numbers
