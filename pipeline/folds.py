"""Folds as tasks: the unit of training, and what is kept when a run is interrupted.

Conventions
-----------
A finished fold is an entry of the cache under the hash of its data, split, configuration, seed,
code and library versions; an unfinished one leaves a checkpoint of its last epoch there. A run that
is killed redoes neither.
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
            checkpoint = FileCheckpoint(task.cache.folder("checkpoints") / entry, entry)
            data = task.tensors.view(task.protocol, what.seed, what.fold)
            task.cache.write(KIND, entry, pack(fit(what, data, checkpoint)))
            checkpoint.clear()
    return entry
