"""Folds as tasks: the unit of training, and what is kept when a run is interrupted.

Conventions
-----------
A finished fold is an entry of the cache under the hash of its data, split, configuration, seed,
code and library versions; an unfinished one leaves a checkpoint of a recent epoch there. A run that
is killed redoes no finished fold, and :data:`CHECKPOINT_SECONDS` of an unfinished one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from models.parts.checkpoint import FileCheckpoint
from pipeline import codeversion
from pipeline.cache import Cache, key
from pipeline.caching import claims
from pipeline.fitting import Assignment, fit, pack
from pipeline.tensors import Tensors

KIND = "folds"
#: Work that a kill may cost, s: a large network takes longer to write down than to train an epoch.
CHECKPOINT_SECONDS = 10.0


@dataclass(frozen=True)
class Fold:
    """One fold to train: one task.

    Attributes
    ----------
    assignment
        What is to be fitted.
    tensors
        On what.
    protocol
        ``grouped`` or ``random``.
    cache
        Where the result goes.
    """

    assignment: Assignment
    tensors: Tensors
    protocol: str
    cache: Cache

    @property
    def key(self) -> str:
        """Hash of everything that decides the result."""
        modules = ("pipeline.fitting", f"models.{self.assignment.model}")
        assignment = asdict(self.assignment)
        assignment["split"] = {part: ids.tolist() for part, ids in assignment["split"].items()}
        return key(
            data=self.tensors.fingerprint,
            protocol=self.protocol,
            assignment=assignment,
            code=codeversion.version(*modules),
            libraries=codeversion.libraries(*modules),
        )


def train_fold(task: Fold) -> str:
    """Train one fold unless it is in the cache; return its key there."""
    entry, what = task.key, task.assignment
    # Two people with one cache do not train one fold twice.
    with claims.claim(task.cache.root, KIND, entry, wait=True):
        if task.cache.read(KIND, entry) is None:
            path = task.cache.folder("checkpoints") / entry
            checkpoint = FileCheckpoint(path, entry, CHECKPOINT_SECONDS)
            data = task.tensors.view(task.protocol, what.seed, what.fold)
            task.cache.write(KIND, entry, pack(fit(what, data, checkpoint)))
            checkpoint.clear()
    return entry
