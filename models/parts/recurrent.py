"""From flat steps to one vector per track: stacked LSTMs, or the plain mean.

Conventions
-----------
Flat vectors [shape=(step, width)] hold the steps of all tracks one after the other; ``lengths``
[shape=(track,)] says how many each owns. The result is [shape=(track, width)], a mean over the
track's own steps; zeros for a track without audio. LSTMs run forward in time only (Hochreiter &
Schmidhuber 1997); the mean of their output stands for the track, as in
:mod:`models.parts.sequence`, so that what differs between models is their architecture and not how
they are read out.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from models.parts.sequence import masked_mean, to_padded


class StepsMean(nn.Module):
    """The mean over a track's steps; nothing to learn.

    Parameters
    ----------
    width
        Width of a step's vector, and of the result.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, flat: Tensor, lengths: Tensor) -> Tensor:
        """Return one vector per track [shape=(track, width)]."""
        return masked_mean(to_padded(flat, lengths), lengths)


class StepsLstm(nn.Module):
    """LSTM layers one above the other, averaged over each track's steps.

    Parameters
    ----------
    width_in
        Width of a step's vector.
    cells
        Memory cells of each layer, the lowest first.

    Attributes
    ----------
    width
        Cells of the last layer.
    """

    def __init__(self, width_in: int, cells: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.LSTM(last, following, batch_first=True)
            for last, following in pairwise((width_in, *cells))
        )
        self.width = cells[-1]

    def forward(self, flat: Tensor, lengths: Tensor) -> Tensor:
        """Return one vector per track [shape=(track, width)]."""
        # An empty sequence cannot be packed: it runs one step over zeros and is masked afterwards.
        values = pack_padded_sequence(
            to_padded(flat, lengths), lengths.clamp(min=1), batch_first=True, enforce_sorted=False
        )
        for layer in self.layers:
            values = layer(values)[0]
        output, _ = pad_packed_sequence(values, batch_first=True)
        return masked_mean(output, lengths)
