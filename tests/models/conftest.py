"""A tiny corpus whose classes can be told apart, and small settings for every model."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from models import (
    best,
    logistic,
    lstm_bls,
    majority,
    mcc_bls,
    mcc_lstm,
    multispec_full,
    multispec_music,
    multispec_speech,
    rcnn_bls,
    rcnn_lstm,
    svm,
)
from models.parts.broad import BlsConfig
from models.parts.channel import ChannelConfig
from models.parts.classifier import TrainConfig
from models.parts.data import Data, Split
from models.parts.fusion import MfRpConfig
from models.parts.multikernel import MultiKernelConfig
from models.parts.randomcnn import RandomCnnConfig
from models.parts.spectral import SpectralConfig

N_CLASSES = 3
SHAPES = {
    "gtf": {"band": 6, "frame": 12},
    "mf_rp": {"part": 2, "coefficient": 4, "frame": 12},
    "wideband": {"bin": 9, "frame": 5},
    "narrowband": {"bin": 9, "frame": 5},
    "voice": {"row": 61, "frame": 5},
    "tonal": {"row": 37, "frame": 3},
    "chords": {"dim": 5},
    "notes": {"statistic": 6},
}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def shapes() -> dict[str, dict[str, int]]:
    return {name: dict(shape) for name, shape in SHAPES.items()}


@pytest.fixture
def make_data() -> Callable[..., Data]:
    def make(n_tracks: int = 24, signal: float = 1.0, seed: int = 7) -> Data:
        rng = np.random.default_rng(seed)
        labels = np.arange(n_tracks) % N_CLASSES
        seconds = rng.integers(2, 5, n_tracks)
        seconds[1] = 0
        has_chords = np.ones(n_tracks, dtype=bool)
        has_chords[2] = False
        level = signal * (labels - 1.0)
        gtf = rng.standard_normal((n_tracks, 4, 6, 12)) - 40 + level[:, None, None, None]
        mf_rp = rng.standard_normal((n_tracks, 4, 2, 4, 12)) + level[:, None, None, None, None]
        chords = rng.standard_normal((n_tracks, 5)) + level[:, None]
        padded = np.arange(4) >= seconds[:, None]
        features = {"gtf": gtf, "mf_rp": mf_rp}
        for name in ("wideband", "narrowband"):
            noise = rng.standard_normal((n_tracks, 4, 9, 5)) - 60
            features[name] = noise + level[:, None, None, None]
        voice = rng.standard_normal((n_tracks, 4, 61, 5))
        features["voice"] = voice + level[:, None, None, None]
        tonal = rng.standard_normal((n_tracks, 4, 37, 3))
        features["tonal"] = np.abs(tonal + level[:, None, None, None])
        notes = rng.standard_normal((n_tracks, 6)) + level[:, None]
        for array in features.values():
            array[padded] = 0
        chords[~has_chords] = 0
        notes[~has_chords] = 0
        return Data(
            features={name: array.astype(np.float32) for name, array in features.items()},
            seconds_valid=seconds,
            chords=chords.astype(np.float32),
            has_chords=has_chords,
            labels=labels,
            groups=np.arange(n_tracks),
            notes=notes.astype(np.float32),
        )

    return make


@pytest.fixture
def data(make_data) -> Data:
    return make_data()


@pytest.fixture
def split() -> Split:
    return Split(train=np.arange(15), validation=np.arange(15, 20), test=np.arange(20, 24))


@pytest.fixture
def settings() -> TrainConfig:
    return TrainConfig(
        batch_size=8,
        crop_seconds=2,
        epochs=4,
        patience=4,
        monitor="loss",
        learning_rate=1e-2,
        weight_decay=0.0,
        dropout=0.2,
        label_smoothing=0.0,
    )


@pytest.fixture
def spectrogram() -> SpectralConfig:
    return SpectralConfig(
        bin_pool=2,
        frame_pool=1,
        first_maps=2,
        maps=(4, 5),
        pool_after=(1,),
        attention="cbam",
        reduction=2,
        spatial_kernel=3,
        row_width=6,
        flatten="mean",
    )


@pytest.fixture
def comparators() -> dict[str, object]:
    mf_rp = MfRpConfig(0.5, "sum")
    bls = BlsConfig(groups=2, group_nodes=4, shrink=0.8, ridge=(0.1, 1.0))
    parallel = MultiKernelConfig(kernels=(1, 3, 4), repeats=1, maps=2, pool=3)
    drawn = RandomCnnConfig(fewest=2, most=9, kernel=3, pool=3)
    return {
        "mcc_lstm": mcc_lstm.Config(mf_rp, parallel, cells=6),
        "mcc_bls": mcc_bls.Config(mf_rp, parallel, front="random", bls=bls),
        "rcnn_lstm": rcnn_lstm.Config(mf_rp, drawn, cells=6),
        "rcnn_bls": rcnn_bls.Config(mf_rp, drawn, front="random", bls=bls),
        "lstm_bls": lstm_bls.Config(mf_rp, frames_per_step=5, cells=(7, 6), nodes="lstm", bls=bls),
    }


@pytest.fixture
def configs(spectrogram, comparators) -> dict[str, object]:
    music = multispec_music.Config(
        gtf_channel=ChannelConfig(1, 2, 2, 2),
        mf_rp_channel=ChannelConfig(2, 3, 3, 2),
        mf_rp=MfRpConfig(0.5, "sum"),
        fused_width=8,
        bilstm_width=6,
        sequence="per_second",
        head="bls",
        bls=BlsConfig(groups=2, group_nodes=4, shrink=0.8, ridge=(0.1, 1.0)),
    )
    return comparators | {
        "best": best.Config(gamma=0.5, ridge=(1.0, 0.1), inner_folds=3, clip=5.0),
        "majority": majority.Config(),
        "logistic": logistic.Config(statistics=("mean", "std"), c=(0.1, 1.0), max_iterations=500),
        "svm": svm.Config(statistics=("mean", "std"), c=(1.0, 10.0), gamma=(1.0,)),
        "multispec_music": music,
        "multispec_speech": multispec_speech.Config(
            inputs=multispec_speech.INPUTS,
            segment_seconds=2,
            spectrogram=spectrogram,
            hidden_width=7,
        ),
        "multispec_full": multispec_full.Config(
            inputs=multispec_full.INPUTS, spectrogram=spectrogram, **vars(music)
        ),
    }


@pytest.fixture
def with_garbage() -> Callable[[Data, np.ndarray], Data]:
    """Return a copy of a corpus in which the given tracks are nonsense, labels included."""

    def spoil(data: Data, tracks: np.ndarray) -> Data:
        features = {name: array.copy() for name, array in data.features.items()}
        for array in features.values():
            array[tracks] = 1e6
        chords, notes, labels = data.chords.copy(), data.notes.copy(), data.labels.copy()
        chords[tracks] = -1e6
        notes[tracks] = -1e6
        labels[tracks] = (labels[tracks] + 1) % N_CLASSES
        return replace(data, features=features, chords=chords, notes=notes, labels=labels)

    return spoil


@pytest.fixture
def changed() -> Callable[..., object]:
    """Return a configuration in which the given keys, one section deep at most, differ."""

    def change(config: object, keys: dict[str, object]) -> object:
        new = {
            key: replace(getattr(config, key), **value) if isinstance(value, dict) else value
            for key, value in keys.items()
        }
        return replace(config, **new)

    return change
