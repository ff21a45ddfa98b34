"""Tables IV to VI: every row is a network that can be built, trained and read."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from models import multispec_music
from models.parts.channel import ChannelConfig
from models.parts.data import Data, Split
from pipeline.reporting.paper import TABLES

# Sizes of Table III: 24 x 44 and, from 64 coefficients, 192 x 44.
SHAPES = {
    "gtf": {"band": 24, "frame": 44},
    "mf_rp": {"part": 2, "coefficient": 64, "frame": 44},
}


def channel(printed):
    return ChannelConfig(*(int(number) for number in printed.split(",")))


ROWS = [
    (table.number, index, channel(row[0]), channel(row[1]))
    for table in TABLES
    if table.columns[0] == "GTF channel"
    for index, row in enumerate(table.rows, start=1)
]


@pytest.fixture(scope="module")
def tiny():
    rng = np.random.default_rng(0)
    features = {
        name: rng.standard_normal((5, 1, *shape.values())).astype(np.float32)
        for name, shape in SHAPES.items()
    }
    return Data(
        features=features,
        seconds_valid=np.ones(5, dtype=int),
        chords=np.zeros((5, 1), dtype=np.float32),
        has_chords=np.zeros(5, dtype=bool),
        labels=np.arange(5) % 2,
        groups=np.arange(5),
    )


@pytest.mark.parametrize(
    ("gtf", "mf_rp"), [row[2:] for row in ROWS], ids=[f"{row[0]}-{row[1]}" for row in ROWS]
)
def test_every_row_trains_a_step(gtf, mf_rp, tiny, configs, settings):
    config = replace(configs["multispec_music"], gtf_channel=gtf, mf_rp_channel=mf_rp)
    model = multispec_music.build(config, SHAPES, 2)
    # Both channels' own weights, convolution by convolution, with a scale and shift per map.
    expected = 0
    for size in (gtf, mf_rp):
        inside = (size.repeats - 1) * size.maps**2 * size.kernel**2
        expected += size.maps * size.kernel**2 + inside + 3 * size.repeats * size.maps
    channels = model.network.channels.values()
    assert sum(p.numel() for own in channels for p in own.parameters()) == expected
    split = Split(np.arange(3), np.array([3]), np.array([4]))
    before = {name: value.copy() for name, value in model.state().items()}
    history = model.fit(tiny, split, replace(settings, epochs=1), 0, "cpu", None)
    assert all(np.isfinite(row["loss"]) for row in history.rows)
    probabilities = model.predict_proba(tiny, split.test)
    assert np.isfinite(probabilities).all()
    for name in ("gtf", "mf_rp"):
        weight = f"network.channels.{name}.convolutions.0.weight"
        assert np.abs(model.state()[weight] - before[weight]).max() > 0


def test_fifteen_rows_are_fifteen_networks_of_nineteen_channels():
    assert Counter(row[0] for row in ROWS) == {"IV": 5, "V": 5, "VI": 5}
    assert len({row[2:] for row in ROWS}) == 15
    # Channels recur: across the tables only 9 differ for GTF and 10 for MF_RP.
    gtf, mf_rp = (Counter(row[place] for row in ROWS) for place in (2, 3))
    assert (len(gtf), len(mf_rp)) == (9, 10)
    assert gtf[channel("2,4,5,4")] == 3
    assert mf_rp[channel("3,6,8,4")] == 4
