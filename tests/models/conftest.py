"""A tiny corpus whose classes can be told apart, and small settings for every model."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from models import logistic, majority, multispec_music, svm
from models.parts.broad import BlsConfig
from models.parts.channel import ChannelConfig
from models.parts.classifier import TrainConfig
from models.parts.data import Data, Split
from models.parts.fusion import MfRpConfig

N_CLASSES = 3
SHAPES = {
    "gtf": {"band": 6, "frame": 12},
    "mf_rp": {"part": 2, "coefficient": 4, "frame": 12},
    "chords": {"dim": 5},
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
        gtf[padded], mf_rp[padded], chords[~has_chords] = 0, 0, 0
        return Data(
            features={"gtf": gtf.astype(np.float32), "mf_rp": mf_rp.astype(np.float32)},
            seconds_valid=seconds,
            chords=chords.astype(np.float32),
            has_chords=has_chords,
            labels=labels,
            groups=np.arange(n_tracks),
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
def configs() -> dict[str, object]:
    return {
        "majority": majority.Config(),
        "logistic": logistic.Config(statistics=("mean", "std"), c=(0.1, 1.0), max_iterations=500),
        "svm": svm.Config(statistics=("mean", "std"), c=(1.0, 10.0), gamma=(1.0,)),
        "multispec_music": multispec_music.Config(
            gtf_channel=ChannelConfig(1, 2, 2, 2),
            mf_rp_channel=ChannelConfig(2, 3, 3, 2),
            mf_rp=MfRpConfig(0.5, "sum"),
            fused_width=8,
            bilstm_width=6,
            sequence="per_second",
            head="bls",
            bls=BlsConfig(groups=2, group_nodes=4, shrink=0.8, ridge=(0.1, 1.0)),
        ),
    }


@pytest.fixture
def with_garbage() -> Callable[[Data, np.ndarray], Data]:
    """Return a copy of a corpus in which the given tracks are nonsense, labels included."""

    def spoil(data: Data, tracks: np.ndarray) -> Data:
        features = {name: array.copy() for name, array in data.features.items()}
        for array in features.values():
            array[tracks] = 1e6
        chords, labels = data.chords.copy(), data.labels.copy()
        chords[tracks] = -1e6
        labels[tracks] = (labels[tracks] + 1) % N_CLASSES
        return replace(data, features=features, chords=chords, labels=labels)

    return spoil
