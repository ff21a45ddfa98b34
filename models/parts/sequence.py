"""Sequences of seconds: from flat blocks to one vector per track, by a bidirectional LSTM.

Conventions
-----------
Flat vectors [shape=(block, width)] hold the seconds of all tracks one after the other; ``seconds``
[shape=(track,)] says how many each owns. The result is [shape=(track, width)], the mean over a
track's own seconds of the BiLSTM's output (Hochreiter & Schmidhuber 1997; Schuster & Paliwal 1997).
Padding is packed away, so it changes nothing; a track without audio yields zeros.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

Sequence = Literal["per_second", "literal"]


def to_padded(flat: Tensor, seconds: Tensor) -> Tensor:
    """Lay flat vectors out as [shape=(track, second, width)], zero after each track's last second.

    Examples
    --------
    >>> to_padded(torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([2, 0, 1]))[..., 0].tolist()
    [[1.0, 2.0], [0.0, 0.0], [3.0, 0.0]]
    """
    longest = max(int(seconds.max()), 1)
    valid = (torch.arange(longest) < seconds[:, None]).to(flat.device)
    padded = flat.new_zeros(len(seconds), longest, flat.shape[1])
    padded[valid] = flat
    return padded


def masked_mean(padded: Tensor, seconds: Tensor) -> Tensor:
    """Return the mean over each track's own seconds; zeros for a track without any.

    Parameters
    ----------
    padded
        [shape=(track, second, width)]; anything may stand after a track's last second.
    seconds
        Seconds per track [shape=(track,), int].
    """
    count = seconds.to(padded.device)
    valid = torch.arange(padded.shape[1], device=padded.device) < count[:, None]
    total = padded.masked_fill(~valid[..., None], 0.0).sum(dim=1)
    return total / count.clamp(min=1)[:, None]


class SecondsBiLstm(nn.Module):
    """A BiLSTM over the seconds of each track, averaged over them.

    Parameters
    ----------
    width_in
        Width of a second's vector.
    width
        Width of the output: both directions together, half each.
    sequence
        ``"per_second"``: the LSTM runs over the seconds. ``"literal"``: the seconds are averaged
        first and the LSTM sees a sequence of length one (the paper's 1 x 256, taken at its word).
    """

    def __init__(self, width_in: int, width: int, sequence: Sequence) -> None:
        super().__init__()
        self.width = width
        self.literal = sequence == "literal"
        self.lstm = nn.LSTM(width_in, width // 2, batch_first=True, bidirectional=True)

    def forward(self, flat: Tensor, seconds: Tensor) -> Tensor:
        """Return one vector per track [shape=(track, width)]."""
        padded = to_padded(flat, seconds)
        if self.literal:
            padded = masked_mean(padded, seconds)[:, None]
            seconds = seconds.clamp(max=1)
        # An empty sequence cannot be packed: it runs one step over zeros and is masked afterwards.
        packed = pack_padded_sequence(
            padded, seconds.clamp(min=1), batch_first=True, enforce_sorted=False
        )
        output, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return masked_mean(output, seconds)
