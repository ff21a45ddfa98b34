"""IEMOCAP: labels from the dialogues' sheets, sounds from their folders, and what disagrees."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.corpora import CorpusError, Reject, iemocap
from pipeline.corpora.iemocap import Config, tracks

# As published: a heading, then for each utterance its line and those of the annotators.
HEADING = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"
ANSWERS = (
    "C-E2:\tNeutral;\t()\nC-F1:\tAnger; Sadness;\t(na\xefve)\nA-E3:\tval 3; act 2; dom  2;\t()\n\n"
)


def line(utterance: str, label: str) -> str:
    return f"[6.2901 - 8.2357]\t{utterance}\t{label}\t[2.5000, 2.5000, 2.5000]\n"


def sheet(root: Path, dialog: str, *lines: str) -> Path:
    path = root / f"Session{dialog[4]}/dialog/EmoEvaluation/{dialog}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((HEADING + "".join(one + ANSWERS for one in lines)).encode("latin-1"))
    return path


def sound(root: Path, utterance: str, dialog: str | None = None, suffix: str = ".wav") -> Path:
    dialog = utterance.rpartition("_")[0] if dialog is None else dialog
    path = root / f"Session{utterance[4]}/sentences/wav/{dialog}/{utterance}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def dialog(root: Path, name: str, **labels: str) -> Path:
    """Write a dialogue whose utterances, such as F000, have these labels."""
    sheet(root, name, *(line(f"{name}_{turn}", label) for turn, label in labels.items()))
    for turn in labels:
        sound(root, f"{name}_{turn}")
    return root


@pytest.fixture
def root(tmp_path):
    found = tmp_path / "IEMOCAP_full_release"
    dialog(found, "Ses01F_impro01", F000="neu", M000="ang", F001="exc", M001="xxx")
    return dialog(found, "Ses03M_script01_1", F000="sad", M000="hap", F001="fru")


class TestWhatIsThere:
    def test_labels_groups_and_conditions(self, root):
        found, rejects = tracks(root, Config())
        said = {t.track: (t.label, t.group, t.condition) for t in found}
        assert said == {
            "Ses01F_impro01_F000": ("neutral", "Ses01", "improvised"),
            "Ses01F_impro01_F001": ("happy", "Ses01", "improvised"),
            "Ses01F_impro01_M000": ("angry", "Ses01", "improvised"),
            "Ses03M_script01_1_F000": ("sad", "Ses03", "scripted"),
            "Ses03M_script01_1_M000": ("happy", "Ses03", "scripted"),
        }
        assert rejects == []
        assert found[0].audio == ("Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav")
        assert {track.midi for track in found} == {None}

    def test_a_speaker_is_who_speaks_not_who_wears_the_markers(self, root):
        found, _ = tracks(root, Config(group="speaker"))
        assert {t.track: t.group for t in found} == {
            "Ses01F_impro01_F000": "Ses01F",
            "Ses01F_impro01_F001": "Ses01F",
            "Ses01F_impro01_M000": "Ses01M",
            "Ses03M_script01_1_F000": "Ses03F",
            "Ses03M_script01_1_M000": "Ses03M",
        }

    def test_excited_can_be_left_out(self, root):
        found, rejects = tracks(root, Config(join_excited=False))
        assert [t.track for t in found if t.label == "happy"] == ["Ses03M_script01_1_M000"]
        assert len(found) == 4
        assert rejects == []

    @pytest.mark.parametrize(("kept", "session"), [("improvised", "Ses01"), ("scripted", "Ses03")])
    def test_one_condition_can_be_kept(self, root, kept, session):
        found, rejects = tracks(root, Config(conditions=(kept,)))
        assert {(t.condition, t.group) for t in found} == {(kept, session)}
        assert rejects == []

    def test_labels_outside_the_four_classes_need_no_sound(self, root):
        sheet(
            root,
            "Ses02F_impro08b",
            *(
                line(f"Ses02F_impro08b_F00{i}", code)
                for i, code in enumerate(sorted(iemocap.OTHERS))
            ),
        )
        dialog(root, "Ses02F_impro01", F000="ang")
        found, rejects = tracks(root, Config())
        assert len(found) == 6
        assert rejects == []

    def test_resource_forks_and_the_annotators_own_folders_are_not_looked_at(self, root):
        wav = sound(root, "Ses01F_impro01_F000")
        wav.with_name("._" + wav.name).write_bytes(b"x")
        labels = root / "Session1/dialog/EmoEvaluation"
        (labels / "._Ses01F_impro01.txt").write_bytes(b"\x00\x05\x16\x07[")
        (labels / "Categorical").mkdir()
        (labels / "Categorical/Ses01F_impro01_e1_cat.txt").write_text("[nonsense")
        found, rejects = tracks(root, Config())
        assert len(found) == 5
        assert rejects == []

    def test_line_ends_of_another_system_do_no_harm(self, root):
        path = root / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
        before = tracks(root, Config())
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        assert tracks(root, Config()) == before

    def test_the_ending_may_be_in_capitals(self, root):
        path = sound(root, "Ses01F_impro01_F000")
        path.rename(path.with_suffix(".WAV"))
        found, rejects = tracks(root, Config())
        assert len(found) == 5
        assert rejects == []


SHEET = "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
FOLDER = "Session1/sentences/wav/Ses01F_impro01"


class TestWhatDisagrees:
    def test_a_label_without_a_sound_and_a_sound_without_a_label(self, root):
        (root / f"{FOLDER}/Ses01F_impro01_F000.wav").unlink()
        sound(root, "Ses01F_impro01_F009")
        found, rejects = tracks(root, Config())
        assert len(found) == 4
        assert rejects == [
            Reject(SHEET, "Ses01F_impro01_F000: there is no such WAV file"),
            Reject(f"{FOLDER}/Ses01F_impro01_F009.wav", f"no line with a label in {SHEET}"),
        ]

    def test_a_missing_sheet_costs_its_dialog_only(self, root):
        (root / SHEET).unlink()
        found, rejects = tracks(root, Config())
        assert {track.group for track in found} == {"Ses03"}
        assert [reject.reason for reject in rejects] == [f"no line with a label in {SHEET}"] * 4

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            ("[6.29 - 8.23]\tSes01F_impro01_F000\tneu\n", "not '[start - end] utterance label"),
            ("[6.29 8.23]\tSes01F_impro01_F000\tneu\t[1, 2, 3]\n", "not '[start - end]"),
            ("[6.29 - 8.23]\t\tneu\t[1.0, 2.0, 3.0]\n", "not '[start - end]"),
            ("[6.29 - 8.23]\tSes01F_impro01_F\xe900\tneu\t[1.0, 2.0, 3.0]\n", "not '[start"),
            (line("Ses01F_impro01_F000", "happy"), "label 'happy' is none of ang, dis, exc"),
            (line("Ses01F_impro01_F000", "NEU"), "label 'NEU' is none of"),
            (line("Ses01F_impro02_F000", "neu"), "is no utterance of Ses01F_impro01"),
            (line("ses01f_impro01_f000", "neu"), "is no utterance of Ses01F_impro01"),
        ],
    )
    def test_a_malformed_line_is_named_and_costs_one_utterance(self, root, bad, reason):
        good = line("Ses01F_impro01_M000", "ang")
        path = sheet(root, "Ses01F_impro01", bad, good)
        for name in ("F001", "M001"):
            sound(root, f"Ses01F_impro01_{name}").unlink()
        found, rejects = tracks(root, Config())
        assert "Ses01F_impro01_M000" in {track.track for track in found}
        assert [reject.file for reject in rejects] == [
            path.relative_to(root).as_posix(),
            f"{FOLDER}/Ses01F_impro01_F000.wav",
        ]
        assert rejects[0].reason.startswith("line 3: ")
        assert reason in rejects[0].reason
        rejects[0].reason.encode("utf-8")

    def test_an_utterance_with_two_labels_is_not_used(self, root):
        name = "Ses01F_impro01_F000"
        rest = [line(f"Ses01F_impro01_{n}", "ang") for n in ("F001", "M000", "M001")]
        sheet(root, "Ses01F_impro01", line(name, "neu"), line(name, "ang"), *rest)
        found, rejects = tracks(root, Config())
        assert name not in {track.track for track in found}
        assert rejects == [
            Reject(SHEET, f"line 8: {name} has two labels; here it is ang"),
            Reject(f"{FOLDER}/{name}.wav", f"two labels in {SHEET}"),
        ]

    def test_the_same_label_twice_is_pointed_out_and_used(self, root):
        path = root / SHEET
        name = "Ses01F_impro01_F000"
        path.write_bytes(path.read_bytes() + line(name, "neu").encode())
        found, rejects = tracks(root, Config())
        assert name in {track.track for track in found}
        assert [(r.file, r.reason.partition(": ")[2]) for r in rejects] == [
            (SHEET, f"{name} is named twice")
        ]

    def test_two_files_of_one_utterance(self, root):
        sound(root, "Ses01F_impro01_F000", suffix=".WAV")
        sound(root, "Ses01F_impro01_M000", dialog="Ses01F_impro02")
        found, rejects = tracks(root, Config())
        assert len(found) == 5
        assert len({track.track for track in found}) == 5
        assert rejects == [
            Reject(
                f"{FOLDER}/Ses01F_impro01_F000.wav", "second file of utterance Ses01F_impro01_F000"
            ),
            Reject(
                "Session1/sentences/wav/Ses01F_impro02/Ses01F_impro01_M000.wav",
                "lies outside the folder of its dialog Ses01F_impro01",
            ),
        ]

    def test_a_dialog_in_the_folder_of_another_session(self, root):
        moved = root / "Session3/sentences/wav/Ses01F_impro01"
        (root / FOLDER).rename(moved)
        (root / "Session1/sentences/wav").mkdir(exist_ok=True)
        found, rejects = tracks(root, Config())
        assert {track.group for track in found} == {"Ses03"}
        reasons = [reject.reason for reject in rejects]
        assert reasons.count("lies outside the folder of its dialog Ses01F_impro01") == 4
        assert sum("no such WAV file" in reason for reason in reasons) == 3

    @pytest.mark.parametrize(
        "name",
        [b"ses01f_impro01_f000.wav", b"Ses06F_impro01_F000.wav", b"notes.txt", b"caf\xe9.wav"],
    )
    def test_odd_names_are_refused_in_print(self, root, name):
        (root / FOLDER / os.fsdecode(name)).write_bytes(b"x")
        found, rejects = tracks(root, Config())
        assert len(found) == 5
        assert len(rejects) == 1
        rejects[0].file.encode("utf-8")

    def test_links_that_leave_the_root_are_refused_once(self, root, tmp_path):
        (tmp_path / "outside.wav").write_bytes(b"x")
        path = root / f"{FOLDER}/Ses01F_impro01_F000.wav"
        path.unlink()
        path.symlink_to(tmp_path / "outside.wav")
        found, rejects = tracks(root, Config())
        assert len(found) == 4
        assert rejects == [Reject(f"{FOLDER}/{path.name}", "the link leaves the corpus root")]


class TestWhatStops:
    @pytest.mark.parametrize("folder", ["dialog/EmoEvaluation", "sentences/wav"])
    def test_a_session_without_one_of_its_folders(self, root, folder):
        (root / "Session1" / folder).rename(root / "elsewhere")
        with pytest.raises(CorpusError, match=f"Session1/{folder}: is not there; expected Session"):
            tracks(root, Config())

    def test_a_session_outside_the_root(self, root, tmp_path):
        (root / "Session3").rename(tmp_path / "Session3")
        (root / "Session3").symlink_to(tmp_path / "Session3")
        with pytest.raises(CorpusError, match=r"Session3/.*: the link leaves the corpus root"):
            tracks(root, Config())

    def test_a_root_one_level_too_high(self, root):
        with pytest.raises(CorpusError, match="one level too high or too low"):
            tracks(root.parent, Config())

    def test_nothing_of_the_four_classes(self, tmp_path):
        with pytest.raises(CorpusError, match="no track found"):
            tracks(dialog(tmp_path, "Ses01F_impro01", F000="fru"), Config())
