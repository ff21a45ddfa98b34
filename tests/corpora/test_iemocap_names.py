"""IEMOCAP: what names and lines say, and what the adapter's keys may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import params
from pipeline.corpora import iemocap
from pipeline.corpora.iemocap import Config, parse

NAMES = st.builds(
    "Ses0{}{}_{}{}".format,
    st.integers(1, 5),
    st.sampled_from("FM"),
    st.sampled_from(["impro", "script"]),
    st.from_regex(r"0[1-9](_[1-3])?b?", fullmatch=True),
)
TURNS = st.from_regex(r"[FM]0[0-9]{2}[a-z]?", fullmatch=True)


@given(NAMES, TURNS)
def test_a_name_is_put_together_and_taken_apart(dialog_name, turn):
    said = parse(f"{dialog_name}_{turn}")
    assert said is not None
    assert said["dialog"] == dialog_name
    assert said["session"] == dialog_name[:5]
    assert said["speaker"] == dialog_name[:5] + turn[0]
    assert said["condition"] == ("improvised" if "impro" in dialog_name else "scripted")


@given(NAMES, TURNS, st.data())
def test_a_name_in_another_letter_case_is_another_name(dialog_name, turn, data):
    name = f"{dialog_name}_{turn[:4]}"
    letters = [i for i, c in enumerate(name.rpartition("b_")[0] or name) if c.isalpha()]
    at = data.draw(st.sampled_from(letters))
    assert parse(name[:at] + name[at].swapcase() + name[at + 1 :]) is None


@given(st.text(max_size=30))
def test_any_line_either_gives_a_label_or_a_reason(content):
    labels: dict[str, str] = {}
    reason = iemocap._line(content, "Ses01F_impro01", labels)
    assert (reason is None) == bool(labels)


def test_counts_add_up_to_what_the_literature_uses():
    assert sum(iemocap.INFO.counts.values()) == 5531
    assert set(iemocap.INFO.counts) == set(iemocap.LABELS.values())


@pytest.mark.parametrize("conditions", [(), ("acted",), ("scripted", "scripted")])
def test_wrong_conditions_are_named(conditions):
    with pytest.raises(ValueError, match="must be one or both of improvised, scripted"):
        Config(conditions=conditions)


def test_a_wrong_group_is_named():
    keys = {"group": "voice", "conditions": ["scripted"], "join_excited": True}
    with pytest.raises(params.ParamsError, match=r"c\.group: 'voice' is not one of 'session'"):
        params.build(Config, keys, "c")
