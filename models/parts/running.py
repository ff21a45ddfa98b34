"""Running statistics of batch normalisation: those of the epoch that a network is judged after.

Conventions
-----------
Batch normalisation (Ioffe and Szegedy, ICML 2015) trains with the statistics of each batch and
answers with running ones. The usual running average gives a new batch a weight of 0.1: it holds its
first value, zero mean and unit variance, for tens of batches. A small corpus has four batches an
epoch, so the first epochs would be judged with statistics that no batch ever had, the best of them
would be an early one by accident, and patience would end the fit before the average is there. Here
every batch of the last epoch weighs the same, and those before it nothing. What is learnt does not
change, for training reads no running statistics; which epoch is the best, and what the network
answers, does. Precise batch normalisation (Wu and Johnson, Rethinking "Batch" in BatchNorm, 2021)
goes over the training part once more for the same end; it gave the demo the same accuracies.
"""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def begin_epoch(network: nn.Module) -> None:
    """Forget the running statistics, and average those of the batches to come evenly.

    Parameters
    ----------
    network
        Changed in place; one without batch normalisation is left as it is.

    Examples
    --------
    >>> import torch
    >>> norm = nn.BatchNorm1d(1)
    >>> begin_epoch(norm)
    >>> for value in (1.0, 3.0):
    ...     _ = norm(torch.tensor([[value - 1], [value + 1]]))
    >>> norm.running_mean.item(), norm.running_var.item()
    (2.0, 2.0)
    """
    for layer in network.modules():
        if isinstance(layer, _BatchNorm):
            layer.reset_running_stats()
            layer.momentum = None  # torch's word for an even average
