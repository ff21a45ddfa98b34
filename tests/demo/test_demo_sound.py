"""The demo's sound and its stage: physics of the tones, bytes, order, and what it refuses."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline import corpora, params, synthesize
from pipeline.demo import plan, render
from pipeline.demo.compose import TICKS, Note, Piece

SMALL = synthesize.Config(seed=7, pieces_per_quadrant=3, composers=4, seconds=3.0, cue_noise=1.0)
RATE = 22050


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    root = tmp_path_factory.mktemp("demo") / "raw" / "demo"
    assert synthesize.write(root, SMALL) == 12
    return root


def digest(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def one_note(pitch, seconds=1.0, velocity=127, timbre=4, brightness=0.5):
    # 60 quarter notes a minute: one second is one quarter note.
    piece = Piece((Note(0, 0, pitch, round(TICKS * seconds), velocity),), 60.0, (4, 4), True)
    rng = np.random.default_rng(0)
    return render.render(piece, (timbre, 0), brightness, 1.0, RATE, rng)


class TestTone:
    @pytest.mark.parametrize("pitch", [45, 57, 69, 81])
    def test_the_pitch_is_the_note(self, pitch):
        spectrum = np.abs(np.fft.rfft(one_note(pitch).sum(axis=1)))
        expected = 440 * 2 ** ((pitch - 69) / 12)
        # One second of sound: bins are 1 Hz apart.
        assert abs(int(spectrum.argmax()) - expected) <= 1

    def test_all_energy_lies_on_the_harmonics(self):
        spectrum = np.abs(np.fft.rfft(one_note(69).sum(axis=1) * np.hanning(RATE))) ** 2
        bins = np.arange(len(spectrum))
        near = np.abs(bins - 440 * np.round(bins / 440)) <= 20
        assert spectrum[near & (bins > 200)].sum() > 0.999 * spectrum.sum()

    def test_velocity_is_a_square_law(self):
        loud, soft = (np.sqrt((one_note(69, velocity=v) ** 2).mean()) for v in (127, 64))
        assert 20 * np.log10(loud / soft) == pytest.approx(40 * np.log10(127 / 64), abs=0.1)

    def test_brightness_raises_the_centroid(self):
        def centroid(samples):
            power = np.abs(np.fft.rfft(samples.sum(axis=1))) ** 2
            return (np.arange(len(power)) * power).sum() / power.sum()

        assert centroid(one_note(57, brightness=1.0)) > 1.2 * centroid(one_note(57, brightness=0.0))

    def test_nothing_sounds_after_the_release(self):
        samples = one_note(69, seconds=0.5)
        after = samples[round(0.6 * RATE) :]
        assert np.abs(after).max() < 6 * render.NOISE_FLOOR
        assert np.abs(samples[: round(0.4 * RATE)]).max() > 0.05

    def test_the_melody_sits_to_the_right(self):
        left, right = np.abs(one_note(69)).mean(axis=0)
        assert left < right < 2 * left


def test_every_file_decodes_is_heard_and_is_not_clipped(small):
    found, rejects = corpora.load("synthetic").tracks(small, corpora.load("synthetic").Config())
    assert rejects == []
    assert len(found) == 12
    assert len({track.group for track in found}) == 4
    jobs = {job.name: job for job in plan.assign(3, 4)}
    for track in found:
        container = jobs[track.track].container
        info = soundfile.info(small / track.audio)
        samples, rate = soundfile.read(small / track.audio, always_2d=True)
        assert (rate, samples.shape[1]) == (container.sample_rate, container.channels)
        assert info.format == container.extension.upper()
        assert 0.9 * 3 - 0.01 < len(samples) / rate < 3 + 0.01
        assert np.sqrt((samples.mean(axis=1) ** 2).mean()) > 10 ** (-50 / 20)
        assert np.abs(samples).max() < 0.9


def test_the_table_has_a_row_a_piece_and_the_readme_warns(small):
    rows = (small / "pieces.csv").read_text().splitlines()
    assert rows[0].split(",")[:5] == ["piece", "file", "midi", "label", "group"]
    assert len(rows) == 13
    assert "nothing about real music" in " ".join((small / "README.txt").read_text().split())


def test_equal_seeds_give_equal_bytes_in_another_process(small, tmp_path):
    code = (
        "import sys; from pathlib import Path; from pipeline import synthesize as s;"
        f"s.write(Path(sys.argv[1]), s.{SMALL!r})"
    )
    root = Path(synthesize.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code, tmp_path / "again"], check=True, cwd=root)
    assert digest(tmp_path / "again") == digest(small)


def test_another_seed_gives_other_pieces():
    other = synthesize.Config(8, 3, 4, 3.0, 1.0)
    job = plan.assign(3, 4)[0]
    first, second = synthesize.make(job, SMALL), synthesize.make(job, other)
    assert first.audio != second.audio
    assert first.midi != second.midi


def test_a_piece_does_not_depend_on_the_others(small):
    for job in reversed(plan.assign(3, 4)[:5]):
        piece = synthesize.make(job, SMALL)
        assert (small / piece.row["file"]).read_bytes() == piece.audio
        assert (small / piece.row["midi"]).read_bytes() == piece.midi


def test_an_older_demo_is_replaced_whole(tmp_path):
    root = tmp_path / "demo"
    tiny = synthesize.Config(1, 1, 1, 1.0, 1.0)
    synthesize.write(root, synthesize.Config(1, 2, 1, 1.0, 1.0))
    synthesize.write(root, tiny)
    assert len(list((root / "audio").iterdir())) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_folder_that_is_not_the_demos_is_left_alone(tmp_path):
    (tmp_path / "precious.wav").write_bytes(b"x")
    with pytest.raises(ValueError, match="holds files that are not the demo's"):
        synthesize.write(tmp_path, SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.wav"]


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("seed", -1, "a whole number from 0"),
        ("pieces_per_quadrant", 0, "at least 1"),
        ("composers", 13, "1 to 12"),
        ("seconds", 10.5, "1 to 10 s"),
        ("cue_noise", -0.1, "0 to 3"),
    ],
)
def test_values_are_checked(key, value, rule):
    values = {"seed": 1, "pieces_per_quadrant": 3, "composers": 4, "seconds": 3.0, "cue_noise": 1.0}
    with pytest.raises(params.ParamsError, match=f"synthesize: {key}={value}.* must be {rule}"):
        params.build(synthesize.Config, {**values, key: value}, "synthesize")


def test_the_stage_reads_its_sections(tmp_path, monkeypatch, capsys):
    lines = [
        "synthesize: {root: data/raw/demo, seed: 1, pieces_per_quadrant: 1, composers: 2,",
        "  seconds: 1.0, cue_noise: 1.0}",
    ]
    (tmp_path / "params.yaml").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    synthesize.main()
    assert capsys.readouterr().out == "synthesize: 4 pieces in data/raw/demo\n"
    assert len((tmp_path / "data/raw/demo/pieces.csv").read_text().splitlines()) == 5
