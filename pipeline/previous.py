"""Rows of the store that the last run left, read straight from the DVC cache.

Before a stage runs, DVC deletes its outputs; ``dvc.lock`` still records them, and the DVC cache
still holds them. Read from there, a fresh ``dvc pull`` of a teammate's features is enough to
compute nothing that they computed, and rows that stay need not be encoded again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from functools import cached_property, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ruamel.yaml import YAML

from pipeline import paths, shards
from pipeline.shards import Encoded
from pipeline.store import Reader, StoreError

#: What the names of shards begin with, within a store.
SHARDS = f"{shards.FOLDER}/"


class Previous:
    """The previous version of a stage's feature store; found when first asked for.

    Parameters
    ----------
    out
        The store's path, as dvc.yaml names it.
    stage
        The stage's name in dvc.lock.
    """

    def __init__(self, out: Path, stage: str) -> None:
        self.out, self.stage = out, stage
        self._stack = ExitStack()
        self._listing: dict[str, Path] = {}

    def __enter__(self) -> Previous:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def reader(self) -> Reader | None:
        """The store, or ``None`` where there was no run, or the DVC cache holds not all of it."""
        listing = _locked(self.out, self.stage)
        if listing is None:
            return None
        paths.WORK.mkdir(parents=True, exist_ok=True)
        # Beside the results, where workers on another machine find it as well.
        folder = TemporaryDirectory(prefix="previous.", dir=paths.WORK.absolute())
        view = Path(self._stack.enter_context(folder)) / self.out.name
        self._listing = listing
        for relative in listing:
            if not relative.startswith(SHARDS):  # many folders, and few are read
                self._show(view, relative)
        try:
            return Reader(view)
        except StoreError:  # written by an older version: nothing to reuse
            return None

    def _show(self, view: Path, relative: str) -> None:
        target = view / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_symlink():
            target.symlink_to(self._listing[relative].absolute())

    def shard(self, number: int) -> Path:
        """Return DVC's own file of a shard.

        Raises
        ------
        KeyError
            If there is none.
        """
        if self.reader is None:
            raise KeyError(number)
        return self._listing[_name_of(self.reader, number)]

    @property
    def links(self) -> bool:
        """Whether a new store may have hard links to files of this one."""
        return self.reader is not None and _dvc_cache(Path.cwd())[1]

    def rows(self, wanted: Collection[str]) -> Iterator[tuple[str, Encoded]]:
        """Yield key and row of every wanted row that is intact, one in memory at a time."""
        reader = self.reader if wanted else None
        if reader is None:
            return
        for start in range(0, len(reader.keys), reader.per_shard):
            stop = min(start + reader.per_shard, len(reader.keys))
            if not set(reader.keys[start:stop]).intersection(wanted):
                continue
            with suppress(KeyError):
                self._show(reader.path, _name_of(reader, start // reader.per_shard))
            for number in range(start, stop):
                if reader.keys[number] in wanted:
                    with suppress(StoreError):  # damaged: it is computed again
                        yield reader.keys[number], reader.encoded(number)


def _name_of(reader: Reader, number: int) -> str:
    return shards.path_of(Path(), number, reader.shape[1:]).as_posix()


def keys(out: Path, stage: str) -> set[str]:
    """Return the content keys of a stage's previous store and of the one in the workspace."""
    found: set[str] = set()
    with Previous(out, stage) as previous:
        if previous.reader is not None:
            found.update(previous.reader.keys)
    with suppress(StoreError):
        found.update(Reader(out).keys)
    return found


def _locked(out: Path, stage: str) -> dict[str, Path] | None:
    """Return relative path -> file in the DVC cache, for the recorded version of an output."""
    lock = Path("dvc.lock")
    if not lock.is_file():
        return None
    outs = _stage(lock.read_text(encoding="utf-8"), stage).get("outs", [])
    digest = next((entry.get("md5") for entry in outs if entry["path"] == out.as_posix()), None)
    if digest is None:
        return None
    root, _ = _dvc_cache(Path.cwd())
    try:
        entries = json.loads(_object(root, digest).read_bytes())
        files = {entry["relpath"]: _object(root, entry["md5"]) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):  # not there, unreadable, or damaged
        return None
    return files if all(path.is_file() for path in files.values()) else None


def _stage(text: str, stage: str) -> dict[str, list[dict[str, str]]]:
    """Return what dvc.lock says of one stage; to parse all of a long one takes seconds."""
    _, found, rest = text.partition(f"\n  {stage}:\n")
    if not found:
        return {}
    lines = []
    for line in rest.splitlines():
        if line and not line.startswith("    "):
            break
        lines.append(line)
    return dict(YAML(typ="safe", pure=True).load("\n".join(lines)) or {})


@lru_cache
def _dvc_cache(here: Path) -> tuple[Path, bool]:
    """Return where the DVC cache is, and whether outputs may be hard links to its objects."""
    from dvc.repo import Repo

    with Repo(str(here)) as repo:  # DVC knows best where it is: config, environment, experiments
        local = repo.cache.local
        return Path(local.path), "hardlink" in local.cache_types


def _object(root: Path, digest: str) -> Path:
    return root / digest[:2] / digest[2:]
