"""Decoding: the physics survives, and every bad file is a reason, never an exception."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from pipeline import decoder
from pipeline.audio import AudioConfig, Reject, Sound, decode

CONFIG = AudioConfig(16000, 0.05, -80.0, 16.0, 4000, 384000)

# soxr's working precision is float32: half a unit in the last place below full scale.
ROUNDING = 2**-24
#: libsndfile reads these and writes Layer III alone.
MPEG_ALONE = {"MPEG_LAYER_I", "MPEG_LAYER_II"}
PRECISIONS = ("float32", "float64")


def tone(rate: int, seconds: float, hertz: float = 440.0, level: float = 0.5) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return level * np.sin(2 * np.pi * hertz * time)


def sound(path: Path, samples, rate: int = 16000, subtype: str | None = None, crop: int = 10):
    soundfile.write(path, samples, rate, subtype=subtype)
    return decode(path, CONFIG, crop)


def peak_hertz(found: Sound) -> float:
    """Frequency of the strongest component, to within the bin width."""
    power = np.abs(np.fft.rfft(found.samples * np.hanning(len(found.samples))))
    return float(np.argmax(power)) * found.sample_rate / len(found.samples)


@pytest.mark.parametrize(
    ("name", "subtype", "error"),
    [
        ("a.wav", "PCM_16", 2**-15),
        ("a.wav", "PCM_24", 2**-23),
        ("a.wav", "FLOAT", 2**-24),
        ("a.wav", "DOUBLE", ROUNDING),
        ("a.flac", "PCM_16", 2**-15),
        ("a.flac", "PCM_24", 2**-23),
        ("a.aiff", "PCM_16", 2**-15),
    ],
)
def test_lossless_formats_give_the_samples(tmp_path, name, subtype, error):
    samples = np.random.default_rng(0).uniform(-0.9, 0.9, 16000)
    found = sound(tmp_path / name, samples, subtype=subtype)
    assert found.samples.dtype == np.float64
    assert found.samples.shape == samples.shape
    assert np.abs(found.samples - samples).max() <= error
    assert (found.sample_rate, found.native_rate, found.duration_seconds) == (16000, 16000, 1.0)


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg"])
def test_lossy_formats_give_the_tone(tmp_path, name):
    found = sound(tmp_path / name, tone(44100, 2.0), 44100)
    assert found.duration_seconds == pytest.approx(2.0, abs=0.06)
    assert peak_hertz(found) == pytest.approx(440, abs=1)
    middle = found.samples[4000:-4000]
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.5, rel=0.03)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_the_down_mix_is_the_mean(tmp_path, channels):
    samples = np.random.default_rng(1).uniform(-0.9, 0.9, (8000, channels))
    found = sound(tmp_path / "a.wav", samples, subtype="DOUBLE")
    np.testing.assert_allclose(found.samples, samples.mean(axis=1), rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 44100, 48000, 96000])
def test_resampling_keeps_pitch_level_and_length(tmp_path, rate):
    found = sound(tmp_path / "a.wav", tone(rate, 2.0, hertz=1000.0), rate, "DOUBLE")
    assert len(found.samples) == pytest.approx(32000, abs=1)
    assert found.native_rate == rate
    assert peak_hertz(found) == pytest.approx(1000, abs=0.5)
    middle = found.samples[2000:-2000]
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.5, rel=1e-3)


def test_resampling_does_not_fold_what_it_cannot_hold(tmp_path):
    """12 kHz is above half of 16 kHz; folded, it would sound at 4 kHz."""
    found = sound(tmp_path / "a.wav", tone(44100, 1.0, hertz=12000.0), 44100, "DOUBLE")
    assert np.abs(found.samples[1000:-1000]).max() < 0.5 * 10 ** (-90 / 20)


def test_the_crop_bounds_the_samples_and_not_the_duration(tmp_path):
    samples = tone(16000, 40.0)  # longer than one block of the reader
    whole = sound(tmp_path / "a.wav", samples, subtype="DOUBLE", crop=60)
    found = sound(tmp_path / "a.wav", samples, subtype="DOUBLE", crop=20)
    assert found.duration_seconds == whole.duration_seconds == 40.0
    assert len(found.samples) == 20 * 16000
    np.testing.assert_array_equal(found.samples, whole.samples[: 20 * 16000])
    np.testing.assert_allclose(whole.samples, samples, rtol=0, atol=ROUNDING)


def test_a_shorter_file_is_not_padded(tmp_path):
    assert len(sound(tmp_path / "a.wav", tone(16000, 0.3)).samples) == 4800


def spoilt(value: float, at: int) -> np.ndarray:
    samples = tone(16000, 3.0)
    samples[at] = value
    return samples


@pytest.mark.parametrize(
    ("samples", "rate", "code", "reason"),
    [
        (tone(16000, 1.0), 3999, "absurd-rate", r"3999 Hz is outside 4000-384000 Hz"),
        (tone(16000, 1.0), 384001, "absurd-rate", r"audio\.min_rate, audio\.max_rate"),
        (tone(16000, 0.049), 16000, "too-short", r"0\.0490 s decoded.*audio\.min_seconds"),
        (np.zeros(0), 16000, "too-short", r"0\.0000 s decoded"),
        (spoilt(np.nan, 5), 16000, "non-finite", "NaN or infinite"),
        (spoilt(np.inf, 5), 16000, "non-finite", "NaN or infinite"),
        (spoilt(-np.inf, 40000), 16000, "non-finite", "NaN or infinite"),  # after the crop
        (spoilt(16.1, 5), 16000, "absurd-level", r"peak 16\.1 .*audio\.max_peak = 16\.0"),
        (np.zeros(16000), 16000, "silent", r"-80\.0 dBFS \(audio\.silence_dbfs\)"),
        (tone(16000, 1.0, level=0.99e-4), 16000, "silent", "after down-mixing"),
        (tone(16000, 1.0)[:, None] * [1, -1], 16000, "silent", "after down-mixing"),
        (np.r_[np.zeros(32000), tone(16000, 1.0)], 16000, "silent", "within the crop"),
    ],
)
def test_each_code_of_a_file_that_decodes(tmp_path, samples, rate, code, reason):
    found = sound(tmp_path / "a.wav", samples, rate, "DOUBLE", crop=2)
    assert isinstance(found, Reject)
    assert found.code == code
    assert re.match(f"{code}: .*{reason}", str(found))


@pytest.mark.parametrize(
    ("samples", "rate"),
    [
        (tone(16000, 1.0), 4000),
        (tone(16000, 2.0), 384000),
        (tone(16000, 0.05), 16000),
        (spoilt(16.0, 5), 16000),
        (tone(16000, 1.0, level=1.01e-4), 16000),
        (tone(16000, 1.0)[:, None] * [1, -0.9], 16000),
    ],
)
def test_the_edge_of_each_rule_is_sound(tmp_path, samples, rate):
    assert isinstance(sound(tmp_path / "a.wav", samples, rate, "DOUBLE"), Sound)


def test_files_that_do_not_open(tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no sound at all " * 50)
    (tmp_path / "text.mp3").write_text("no sound at all " * 50)
    (tmp_path / "cover.mp3").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    codes = {
        "empty.wav": "empty",
        "text.wav": "not-audio",
        "text.mp3": "not-audio",
        "cover.mp3": "not-audio",
        "absent.wav": "unreadable",
        ".": "not-audio",
    }
    for name, code in codes.items():
        found = decode(tmp_path / name, CONFIG, 10)
        assert isinstance(found, Reject)
        assert found.code == code
        assert str(tmp_path) not in found.reason


def test_odd_names_are_names(tmp_path):
    for name in ("äöü 音.wav", "a b#%.WAV", os.fsdecode(b"\xff\xfe.wav")):
        soundfile.write(os.fsencode(tmp_path / "plain.wav"), tone(16000, 0.1), 16000)
        (tmp_path / "plain.wav").rename(tmp_path / name)
        assert isinstance(decode(tmp_path / name, CONFIG, 1), Sound)


def test_a_truncated_wav_is_as_long_as_what_is_there(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(16000, 3.0), 16000)  # 44 bytes of header, 2 a sample
    whole = path.read_bytes()
    path.write_bytes(whole[: 44 + 2 * 8000])
    found = decode(path, CONFIG, 10)
    assert found.duration_seconds == 0.5
    assert len(found.samples) == 8000
    path.write_bytes(whole[:44])
    assert decode(path, CONFIG, 10).code == "too-short"
    path.write_bytes(whole[:30])
    assert decode(path, CONFIG, 10).code == "not-audio"


def test_a_header_that_promises_more_is_not_believed(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(16000, 1.0), 16000)
    data = bytearray(path.read_bytes())
    data[4:8], data[40:44] = struct.pack("<I", 2**31 - 2), struct.pack("<I", 2**31 - 40)
    path.write_bytes(data)
    assert decode(path, CONFIG, 10).duration_seconds == 1.0


def test_a_broken_flac_is_a_decode_error(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 48000), 16000)
    path.write_bytes(path.read_bytes()[:40000])
    found = decode(path, CONFIG, 10)
    assert (type(found), found.code) == (Reject, "decode-error")
    assert "libsndfile stopped while decoding" in found.reason


def holed_mp3(path: Path) -> Path:
    """An MP3 with a hole in the middle, on which the decoder has much to say."""
    soundfile.write(path, tone(44100, 3.0), 44100)
    data = bytearray(path.read_bytes())
    data[5000:6000] = bytes(1000)
    path.write_bytes(data)
    return path


def test_the_decoder_keeps_its_notes_to_itself(tmp_path, capfd):
    path = holed_mp3(tmp_path / "a.mp3")
    with soundfile.SoundFile(path) as file:
        file.read()
    assert "resync" in capfd.readouterr().err  # what would be seen
    found = decode(path, CONFIG, 10)
    assert 2.5 < found.duration_seconds < 3.0
    os.write(2, b"still here\n")
    assert capfd.readouterr() == ("", "still here\n")


def test_equal_files_give_equal_bytes(tmp_path):
    path = holed_mp3(tmp_path / "a.mp3")
    one, other = decode(path, CONFIG, 10), decode(path, CONFIG, 10)
    assert one.samples.tobytes() == other.samples.tobytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_rate": 3999}, r"sample_rate is 3999 Hz; it must lie between min_rate \(4000\)"),
        ({"sample_rate": 384001}, "sample_rate is 384001 Hz"),
        ({"min_rate": 0}, "must lie between min_rate"),
        ({"min_seconds": 0.0}, "min_seconds and max_peak must be positive"),
        ({"max_peak": -1.0}, "min_seconds and max_peak must be positive"),
        ({"silence_dbfs": 0.0}, "silence_dbfs negative"),
    ],
)
def test_the_config_refuses(change, message):
    values = {name: getattr(CONFIG, name) for name in CONFIG.__dataclass_fields__}
    with pytest.raises(ValueError, match=message):
        AudioConfig(**(values | change))


@pytest.mark.parametrize("subtype", sorted(decoder.SINGLE - MPEG_ALONE))
def test_what_is_decoded_to_single_precision_loses_nothing(tmp_path, subtype):
    form = "OGG" if subtype in ("VORBIS", "OPUS") else "MP3" if "MPEG" in subtype else "WAV"
    form = "AIFF" if subtype == "PCM_S8" else form
    samples = np.random.default_rng(2).uniform(-0.9, 0.9, 16000)
    soundfile.write(tmp_path / "a", samples, 16000, subtype=subtype, format=form)
    single, double = (soundfile.read(tmp_path / "a", dtype=each)[0] for each in PRECISIONS)
    assert soundfile.info(tmp_path / "a").subtype == subtype
    np.testing.assert_array_equal(single, double)


@pytest.mark.parametrize("rate", [22050, 44100])
def test_blocks_change_no_bit_of_a_recording(tmp_path, monkeypatch, rate):
    """A decoder that begins anew after every block gives other last bits than one that goes on."""
    left, right = tone(rate, 4.0), tone(rate, 4.0, hertz=554.4)
    soundfile.write(tmp_path / "a.mp3", np.stack([left, right], axis=1), rate)
    found = []
    for size in (2**20, 2**15, 2**12):
        monkeypatch.setattr(decoder, "BLOCK_SAMPLES", size)
        found.append(decode(tmp_path / "a.mp3", CONFIG, 60).samples.tobytes())
    assert found[1:] == [found[0]] * 2


def test_a_stereo_recording_is_mixed_and_resampled_to_the_last_bit(tmp_path):
    stereo = np.stack([tone(44100, 2.0), tone(44100, 2.0, hertz=554.4)], axis=1)
    soundfile.write(tmp_path / "a.mp3", stereo, 44100)
    mono = soundfile.read(tmp_path / "a.mp3", dtype="float64")[0].mean(axis=1)
    found = decode(tmp_path / "a.mp3", CONFIG, 60)
    np.testing.assert_array_equal(found.samples, soxr.resample(mono, 44100, 16000, quality="HQ"))


def test_no_more_is_asked_for_than_was_counted(tmp_path, monkeypatch):
    """Behind the last frame of an MP3 may lie what stops the decoder."""
    soundfile.write(tmp_path / "a.mp3", tone(16000, 2.0), 16000)
    asked, real = [], soundfile.SoundFile.read

    def read(self, frames, **how):
        asked.append(frames)
        return real(self, frames, **how)

    monkeypatch.setattr(soundfile.SoundFile, "read", read)
    monkeypatch.setattr(decoder, "BLOCK_SAMPLES", 5000)
    assert decode(tmp_path / "a.mp3", CONFIG, 60).duration_seconds == 2.0
    assert sum(asked) == 32000
