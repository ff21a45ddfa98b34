"""Copies of one recording, made in all ways that keep it the same music, across folds."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from scipy.fft import dct

from pipeline.audio import AudioConfig, decode
from pipeline.auditing import copies, fingerprint
from pipeline.features import gtf, mf_rp
from pipeline.params import ParamsError
from pipeline.rows import _whole_seconds
from pipeline.stage import StageError

RATE = 16000


def found(rows):
    return [row for row in rows if row["check"] == "copies" and row["severity"] != "pass"]


def shifted(levels: np.ndarray, frames: int) -> np.ndarray:
    """Cut the first frames off, and pad the last second with what came before."""
    flat = levels.transpose(0, 2, 1).reshape(-1, levels.shape[1])[frames:]
    whole = len(flat) // 44 * 44
    return flat[:whole].reshape(-1, 44, levels.shape[1]).transpose(0, 2, 1)


CHANGES = {
    "the same": lambda levels, _: levels,
    "12 dB quieter": lambda levels, _: levels - 12,
    "another equaliser": lambda levels, _: levels + np.linspace(-9, 9, 24)[None, :, None],
    "noise": lambda levels, rng: levels + 1.5 * rng.standard_normal(levels.shape),
    "cut by 1.98 s": lambda levels, _: shifted(levels, 87),
    "cut, noisy, quiet": lambda levels, rng: (
        shifted(levels, 45) - 6 + rng.standard_normal(shifted(levels, 45).shape)
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_across_grouped_folds_fails(tiny, change):
    rng = np.random.default_rng(5)
    tiny.levels["t21"] = CHANGES[change](tiny.levels["t04"], rng).astype(np.float32)
    with pytest.raises(StageError, match="fail: copies: t04 = t21"):
        tiny.run()
    assert len(found(tiny.report())) == 1


def test_the_offset_between_two_cuts_is_told(tiny):
    tiny.levels["t21"] = shifted(tiny.levels["t04"], 88).astype(np.float32)
    with pytest.raises(StageError, match=r"t04 = t21 \+2.00 s"):
        tiny.run()


def test_copies_in_one_fold_of_both_protocols_pass(tiny):
    tiny.levels["t10"] = tiny.levels["t00"]  # one group
    tiny.folds["random", 0]["t10"] = tiny.folds["random", 0]["t00"]
    assert not found(tiny.run())


def test_copies_that_random_folds_alone_tear_apart_warn(tiny):
    tiny.levels["t10"] = tiny.levels["t00"]
    row = found(tiny.run())[0]
    assert (row["severity"], row["what"]) == ("warn", "t00 = t10 +0.00 s")


def test_copies_may_be_set_to_warn(tiny):
    tiny.levels["t01"] = tiny.levels["t00"]
    tiny.settings["copies"]["fails"] = False
    assert [row["severity"] for row in found(tiny.run())] == ["warn"]


def test_an_accepted_pair_stays_in_the_report_as_a_warning(tiny):
    tiny.levels["t01"] = tiny.levels["t00"]
    entry = {"corpus": "tiny", "tracks": ["t01", "t00"], "reason": "two takes of one loop"}
    other = {"corpus": "tiny", "tracks": ["t02", "t03"], "reason": "gone"}
    elsewhere = {"corpus": "another", "tracks": ["x", "y"], "reason": "not of this corpus"}
    tiny.settings["accepted"] = [entry, other, elsewhere]
    rows = found(tiny.run())
    assert [row["severity"] for row in rows] == ["warn", "warn"]
    assert rows[0]["detail"].endswith("two takes of one loop")
    assert rows[1]["what"] == "t02 = t03"
    assert "remove the entry" in rows[1]["detail"]


@pytest.mark.parametrize(
    "entry", [{"tracks": ["a"], "reason": "x"}, {"tracks": ["a", "b"], "reason": " "}]
)
def test_an_acceptance_names_two_tracks_and_a_reason(tiny, entry):
    tiny.settings["accepted"] = [{"corpus": "tiny", **entry}]
    with pytest.raises(ParamsError, match=r"audit.accepted\[0\]"):
        tiny.run()


def test_a_corpus_without_sound_is_said_to_be_unchecked(tiny):
    tiny.levels = {}
    row = next(row for row in tiny.run() if row["check"] == "copies")
    assert (row["severity"], row["detail"][:11]) == ("pass", "not checked")


def sound(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Return a tune of random notes: harmonics with decaying envelopes."""
    t = np.arange(int(seconds * RATE)) / RATE
    out = np.zeros_like(t)
    for onset in np.cumsum(rng.uniform(0.12, 0.4, int(seconds * 4))):
        start = int(onset * RATE)
        own = t[: max(0, len(t) - start)]
        pitch = 110 * 2 ** (rng.integers(0, 30) / 12)
        for harmonic in range(1, 6):
            tone = np.sin(2 * np.pi * pitch * harmonic * own + rng.uniform(0, 6))
            out[start : start + len(own)] += tone * np.exp(-own * harmonic * 3) / harmonic
    return 0.5 * out / np.abs(out).max()


def versions(samples: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    noise = rng.standard_normal(len(samples))
    noise *= np.sqrt((samples**2).mean() / (noise**2).mean()) * 10 ** (-30 / 20)
    return {
        "original": samples,
        "mp3": samples,
        "gain": 0.2 * samples,
        "cut": samples[int(1.37 * RATE) :],
        "noise": samples + noise,
        "mp3 of a quiet, noisy cut": 0.3 * (samples + noise)[int(0.73 * RATE) :],
    }


@pytest.mark.parametrize(
    ("feature", "module", "config"),
    [("gtf", gtf, gtf.Config()), ("mf_rp", mf_rp, mf_rp.Config())],
)
def test_copies_are_found_through_files_decoder_and_features(tmp_path, feature, module, config):
    rng = np.random.default_rng(3)
    made = versions(sound(rng, 7.0), rng) | {f"other {n}": sound(rng, 7.0) for n in range(4)}
    contours = []
    for number, (name, samples) in enumerate(made.items()):
        path = tmp_path / f"{number}.{'mp3' if 'mp3' in name else 'wav'}"
        buffer = io.BytesIO()
        soundfile.write(buffer, samples, RATE, format=path.suffix[1:].upper())
        path.write_bytes(buffer.getvalue())
        heard = decode(path, AudioConfig(RATE, 0.05, -80.0, 16.0, 4000, 384000), 7).samples
        values = module.extract(_whole_seconds(heard, RATE), RATE, config)
        levels = values if feature == "gtf" else copies.cepstral_levels(values, config.mels)
        contours.append(fingerprint.contour(levels, 4, 30.0))
    similar = [fingerprint.compare(contours[0], one, 132, 0.1)[0] for one in contours[1:]]
    assert min(similar[:5]) > 0.85, dict(zip(list(made)[1:], similar, strict=True))
    assert max(similar[5:]) < 0.6


def test_the_whole_chain_finds_a_copy_with_the_cepstrum_alone(tiny):
    rng = np.random.default_rng(8)
    levels = {track: np.zeros((len(v), 2, 64, 44), np.float32) for track, v in tiny.levels.items()}
    for track, values in levels.items():
        values[:, 0, :24] = dct(tiny.levels[track], norm="ortho", axis=1) * np.sqrt(64 / 24)
        values[:, 1] = rng.standard_normal(values[:, 1].shape)
    levels["t01"][:, 0] = levels["t00"][:, 0]
    levels["t01"][:, 0, 0] -= 40.0  # another gain, 5 dB
    tiny.levels, tiny.feature = levels, "mf_rp"
    with pytest.raises(StageError, match="fail: copies: t00 = t01"):
        tiny.run()
    assert tiny.summary()["similarities"]["feature"] == "mf_rp"
