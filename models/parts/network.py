"""A classifier out of a network and a head: softmax, or a Broad Learning System on its output.

Conventions
-----------
The network is trained end to end through its softmax. With head ``"bls"`` its feature nodes
[shape=(track, node)] of the training part are then handed to a Broad Learning System, whose ridge
is chosen on the validation part and which is finally solved on both. A frozen network is not
trained at all: its weights stay as they were drawn, only the Broad Learning System is solved, and
the history has a single epoch 0 with the scores of the chosen candidate, solved on the training
part alone.
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
    frozen
        Leave the network's weights as drawn; needs a Broad Learning System.
    remake
        Builds the network that weights by name belong to, where ``make`` draws more than weights;
        ``None`` where all networks of ``make`` are alike.
    """

    def __init__(
        self,
        make: Callable[[float], Network],
        n_classes: int,
        bls: BlsConfig | None,
        *,
        frozen: bool = False,
        remake: Callable[[Mapping[str, np.ndarray]], Network] | None = None,
    ) -> None:
        if frozen and bls is None:
            raise ValueError("frozen: True needs a Broad Learning System; nothing would be fitted")
        self._make = make
        self._frozen = frozen
        self._remake = remake
        self.network = self._built(_seeded_network(make, 0.0, 0))
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
        self.network = self._built(_seeded_network(self._make, settings.dropout, seed))
        self.network.prepare(data, split.train)
        self.network.to(device)
        history = History()
        if not self._frozen:
            history = train(self.network, data, split, settings, seed, checkpoint)
        if self.head is not None:
            scores = self.head.fit(
                outputs(self.network, data, split.train, nodes=True),
                data.labels[split.train],
                outputs(self.network, data, split.validation, nodes=True),
                data.labels[split.validation],
                seed,
            )
            if self._frozen:
                for part, own in zip(("train", "validation"), scores, strict=True):
                    history.add(0, part, *own)
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
        if self._remake is not None:
            self.network = self._built(self._remake(weights))
        self.network.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in weights.items()})
        if self.head is not None:
            self.head.load(head)

    def parameter_count(self) -> int:
        """Return the trained weights of the network plus the solved weights of the head."""
        own = sum(p.numel() for p in self.network.parameters() if p.requires_grad)
        return own + (self.head.parameter_count() if self.head is not None else 0)

    def _built(self, network: Network) -> Network:
        return network.requires_grad_(not self._frozen)


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
