"""Where an extraction leaves its store: in the graph, in another folder, or in an object store.

Conventions
-----------
A store is complete under its final name or not there. On a disk it is built beside its place and
renamed. In an object store, which cannot rename, workers write the shards where they stay, and the
``zarr.json`` of the group, without which nothing opens the store, comes last; the objects are those
that a folder would have as files, byte for byte.

What goes through this process is the store's description: settings, track ids, and for each track
a key of 32 bytes and its number of seconds.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import paths, remote, stage

if TYPE_CHECKING:
    from pipeline.caching.places import Root

#: The member of a Zarr group that makes it one.
GROUP = "zarr.json"


@dataclass(frozen=True)
class Target:
    """The place of one store.

    Attributes
    ----------
    final
        Where it goes.
    built
        Where it is built, on a disk of this machine.
    shards
        Where the workers write its shards.
    """

    final: Root
    built: Path
    shards: Root

    @classmethod
    def of_stage(cls, corpus: str, feature: str) -> Target:
        """Return the store's place in the graph."""
        final = paths.features(corpus, feature)
        built = paths.partial(final)
        return cls(final, built, built.absolute())

    @classmethod
    def below(cls, root: Root, corpus: str, feature: str) -> Target:
        """Return the store's place below a folder or URL."""
        final = root / corpus / f"{feature}.zarr"
        if isinstance(final, Path):
            built = final.with_name(f".{final.name}.partial")
            return cls(final, built, built)
        return cls(final, paths.partial(paths.features(corpus, feature)), final)

    def open(self) -> None:
        """Make way for a store; in an object store, the older one goes."""
        self.built.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(self.final, Path):
            self.final.parent.mkdir(parents=True, exist_ok=True)
        else:
            remote.clear(self.final)

    def close(self) -> None:
        """Give the store its name."""
        if isinstance(self.final, Path):
            stage.place(self.built, self.final)
        else:
            remote.upload(self.built, self.final, last=GROUP)
            shutil.rmtree(self.built)
