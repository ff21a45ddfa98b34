"""Ways in which a number could flatter, each shut: copies across folds, silence that counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import corpus, params, rows
from pipeline.partition import assign, merged
from pipeline.split import CvConfig

tracks = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.lists(st.sampled_from("1234567"), max_size=2)),
    max_size=20,
)


@given(tracks)
def test_tracks_that_share_a_file_share_a_group(found):
    groups, contents = [group for group, _ in found], [files for _, files in found]
    joined = merged(groups, contents)
    for i, one in enumerate(found):
        for j, other in enumerate(found):
            if one[0] == other[0] or set(one[1]) & set(other[1]):
                assert joined[i] == joined[j]


@given(tracks)
def test_groups_are_joined_no_further_than_needed(found):
    groups, contents = [group for group, _ in found], [files for _, files in found]
    # Independent oracle: flood fill over the graph of tracks.
    component = list(range(len(found)))
    for _ in found:
        for i, one in enumerate(found):
            for j, other in enumerate(found):
                if one[0] == other[0] or set(one[1]) & set(other[1]):
                    component[i] = component[j] = min(component[i], component[j])
    assert len(set(merged(groups, contents))) == len(set(component))


def test_copies_under_other_groups_are_tested_together():
    labels = ["x", "y"] * 6
    contents = [[str(number)] for number in range(12)]
    contents[0] = contents[5] = contents[11] = ["same"]
    groups = merged([f"g{number}" for number in range(12)], contents)
    fold = assign(labels, groups, "grouped", 4, seed=0)
    assert fold[0] == fold[5] == fold[11]


@pytest.mark.parametrize("length", [1, 7, 15, 16, 17, 31, 33])
def test_the_last_second_holds_no_silence(length):
    samples = np.random.default_rng(0).uniform(0.1, 0.9, length)
    whole = rows._whole_seconds(samples, 16)
    assert len(whole) % 16 == 0
    assert len(whole) - length < 16
    np.testing.assert_array_equal(whole[:length], samples)
    assert whole.min() >= 0.1


def test_stationary_sound_has_the_same_statistics_whatever_its_length():
    from pipeline.features import gtf

    noise = np.random.default_rng(0).standard_normal(16000 * 4) * 0.1
    means, spreads = [], []
    for seconds in (3.0, 3.01, 3.5):
        cut = rows._whole_seconds(noise[: int(seconds * 16000)], 16000)
        values = gtf.extract(cut, 16000, gtf.Config())
        means.append(values.mean())
        spreads.append(values.std())
    # Zeros in the last second gave a spread of 26 dB at 3.01 s against 2 dB at 3 s.
    assert np.ptp(means) < 1.0
    assert np.ptp(spreads) < 1.0


@pytest.mark.parametrize("name", ["v1.0", "my corpus", "pictures", "", "a/b"])
def test_a_corpus_whose_name_cannot_name_a_stage_is_refused(name):
    section = {"adapter": "folder", "root": "x", "crop_seconds": 1}
    with pytest.raises(params.ParamsError, match="letters, digits, - and _"):
        corpus.of({"corpora": {name: section}}, name)


def test_the_honest_protocol_cannot_be_left_out():
    bootstrap = {"resamples": 10, "confidence": 0.9, "seed": 0}
    section = {"folds": 3, "folds_on": {}, "seeds": [0], "protocols": ["random"]}
    section |= {"bootstrap": bootstrap}
    with pytest.raises(params.ParamsError, match="`grouped` among the protocols"):
        params.build(CvConfig, section, "cv")
