"""Two people, one Git repository and one DVC remote, all in temporary folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "faults"), str(HERE)]

from fault_project import HANG_SECONDS, copy_code, small, write_album  # noqa: E402
from ruamel.yaml import YAML  # noqa: E402

TARGET = "extract@c-gtf"
WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "test"), ("EMAIL", "test@example.org"))
}


@dataclass(frozen=True)
class Clone:
    """One person's clone.

    Attributes
    ----------
    folder
        Its top.
    environment
        Variables of this person's commands beside the usual ones.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def call(self, *command: str) -> str:
        """Run a command at the top; return what it said."""
        surroundings = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder),
            "DVC_NO_ANALYTICS": "1",
            "OMP_NUM_THREADS": "1",
            # Nothing of this user's DVC or Git has a say, and nothing is left there.
            "DVC_GLOBAL_CONFIG_DIR": str(self.folder.parent / "no-config"),
            "DVC_SITE_CACHE_DIR": str(self.folder.parent / "site"),
            **WHO,
            **self.environment,
        }
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG_SECONDS,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def type(self, line: str) -> str:
        """Run a line of docs/sharing.md."""
        return self.call("bash", "-c", line)

    def lock(self, stage: str = TARGET) -> str:
        """Return the hash that dvc.lock records for a stage's output."""
        text = (self.folder / "dvc.lock").read_text(encoding="utf-8")
        found: str = YAML(typ="safe").load(text)["stages"][stage]["outs"][0]["md5"]
        return found

    def set(self, section: str, **changes: object) -> None:
        """Change keys of a section of params.yaml."""
        yaml, path = YAML(), self.folder / "params.yaml"
        values = yaml.load(path)
        holder = values
        for key in section.split("."):
            holder = holder[key]
        holder.update(changes)
        yaml.dump(values, path)


class Team:
    """A Git repository that everybody can reach, and the clones of it.

    Parameters
    ----------
    folder
        Where all of it lies.
    environment
        Variables of everybody's commands.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.environment = dict(environment or {})
        self.origin = folder / "origin.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.origin], check=True)

    def first(self, remote: str, *settings: str) -> Clone:
        """Return the clone of the person who sets the project up; the music is DVC's."""
        clone = Clone(self.folder / "ann", self.environment)
        copy_code(clone.folder)
        for cache in list(clone.folder.rglob("__pycache__")):
            shutil.rmtree(cache)
        (clone.folder / ".gitignore").write_text("__pycache__/\n/data/*\n")
        with (clone.folder / "params.yaml").open("w", encoding="utf-8") as file:
            YAML().dump(small(), file)
        write_album(clone.folder / "music")
        clone.type("git init -q -b main && dvc init -q")
        clone.type(f"dvc remote add -d team {remote}")
        for setting in settings:
            clone.type(f"dvc remote modify team {setting}")
        clone.type("dvc add -q music")
        clone.call("git", "remote", "add", "origin", str(self.origin))
        return clone

    def newcomer(self, name: str) -> Clone:
        """Return a fresh clone."""
        clone = Clone(self.folder / name, self.environment)
        subprocess.run(["git", "clone", "-q", self.origin, clone.folder], check=True)
        return clone


@pytest.fixture
def team(tmp_path: Path) -> Callable[..., Team]:
    """Return a function that founds a team; its argument is its environment."""
    return lambda environment=None: Team(tmp_path, environment)


@pytest.fixture
def story():
    """Return the module that tells it."""
    import story

    return story
