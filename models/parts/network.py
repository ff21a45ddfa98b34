"""A classifier out of a network and a head: softmax, or a Broad Learning System on its output.

Conventions
-----------
The network is trained end to end through its softmax. With head ``"bls"`` its feature nodes
[shape=(track, node)] of the training part are then handed to a Broad Learning System, whose ridge
is chosen on the validation part and which is finally solved on both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import torch

from models.parts.broad import BlsConfig, BroadHead
from models.parts.classifier import Checkpoint, History, TrainConfig
from models.parts.data import Data, Split
from models.parts.training import Network, outputs, seeded, train

Head = Literal["bls", "softmax"]


class NetworkClassifier:
    """A :class:`models.parts.classifier.Classifier` around a network.

    Parameters
    ----------
    make
        Builds a fresh network for a given dropout (0 to 1) from PyTorch's global generator.
    n_classes
        Number of classes.
    bls
        Size of the Broad Learning System, or ``None`` for the softmax head.
    """

    def __init__(
        self, make: Callable[[float], Network], n_classes: int, bls: BlsConfig | None
    ) -> None:
        self._make = make
        self.network = _seeded_network(make, 0.0, 0)
        self.head = BroadHead(bls, n_classes) if bls is not None else None

    def fit(
        self,
        data: Data,
        split: Split,
        settings: TrainConfig,
        seed: int,
        device: str,
        checkpoint: Checkpoint | None,
    ) -> History:
        """Train the network, then fit the head; see the module."""
        self.network = _seeded_network(self._make, settings.dropout, seed)
        self.network.prepare(data, split.train)
        self.network.to(device)
        history = train(self.network, data, split, settings, seed, checkpoint)
        if self.head is not None:
            self.head.fit(
                outputs(self.network, data, split.train, nodes=True),
                data.labels[split.train],
                outputs(self.network, data, split.validation, nodes=True),
                data.labels[split.validation],
                seed,
            )
        return history

    def predict_proba(self, data: Data, tracks: np.ndarray) -> np.ndarray:
        """Return class probabilities [shape=(len(tracks), class), float64]."""
        if self.head is None:
            return outputs(self.network, data, tracks, nodes=False)
        return self.head.predict_proba(outputs(self.network, data, tracks, nodes=True))

    def state(self) -> dict[str, np.ndarray]:
        """Return weights, statistics and head as plain arrays."""
        tensors = self.network.state_dict().items()
        state = {f"network.{name}": value.cpu().numpy().copy() for name, value in tensors}
        if self.head is not None:
            state |= {f"head.{name}": value for name, value in self.head.state().items()}
        return state

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what :meth:`state` returned."""
        weights, head = _strip(state, "network."), _strip(state, "head.")
        self.network.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in weights.items()})
        if self.head is not None:
            self.head.load(head)

    def parameter_count(self) -> int:
        """Return the trained weights of the network plus the solved weights of the head."""
        own = sum(parameter.numel() for parameter in self.network.parameters())
        return own + (self.head.parameter_count() if self.head is not None else 0)


def _seeded_network(make: Callable[[float], Network], dropout: float, seed: int) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seeded(seed).integers(2**31)))
        return make(dropout)


def _strip(state: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): np.asarray(value)
        for name, value in state.items()
        if name.startswith(prefix)
    }
