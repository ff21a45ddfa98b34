"""A machine reached by SSH as the remote: the same story against an SFTP server on this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.graph
SERVER = Path(__file__).resolve().parent / "ssh_server.py"


@dataclass(frozen=True)
class Machine:
    """A machine that is reached by SSH.

    Attributes
    ----------
    port
        Where it listens, on loopback.
    files
        What it serves as its root.
    home
        Home of a person whose ``~/.ssh/id_ed25519`` it knows.
    """

    port: int
    files: Path
    home: Path


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Yield a machine; its keys are made here, and nobody's own ``~/.ssh`` is read."""
    pytest.importorskip("dvc_ssh", reason="dvc-ssh is not installed")
    asyncssh = pytest.importorskip("asyncssh")
    home, files, host_key = tmp_path / "home", tmp_path / "machine", tmp_path / "host_key"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    files.mkdir()
    for path in (host_key, home / ".ssh/id_ed25519"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(path)
        key.write_public_key(f"{path}.pub")
    known = home / ".ssh/id_ed25519.pub"
    with subprocess.Popen(
        [sys.executable, str(SERVER), str(files), str(host_key), str(known)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline()
        assert port, "the server did not start"
        yield Machine(int(port), files, home)
        process.kill()


def test_a_machine_reached_by_ssh(team, story, machine):
    """Each person's own key opens it; it needs no shell, and no setting beside the port."""
    ann, bob = story.tell(
        team(surroundings(machine.home)),
        "ssh://127.0.0.1/srv/multispec",
        f"port {machine.port}",
    )
    stored = {path.name for path in (machine.files / "srv/multispec/files/md5").glob("??/*")}
    for clone in (ann, bob):
        assert clone.lock()[2:] in stored
    assert f"ssh://127.0.0.1:{machine.port}/srv/multispec" in doctor(ann)


def test_a_key_that_lies_elsewhere_is_one_persons_setting(team, machine, tmp_path):
    """``--local`` writes it to .dvc/config.local, which Git does not see."""
    empty = tmp_path / "empty"
    empty.mkdir()
    team = team(surroundings(empty))
    ann = team.first("ssh://127.0.0.1/srv/multispec", f"port {machine.port}", "user ann")
    assert "Permission denied" in ann.type("! dvc push 2>&1")
    ann.type(f"dvc remote modify --local team keyfile {machine.home}/.ssh/id_ed25519")
    ann.type("dvc push -q")
    assert any((machine.files / "srv/multispec").rglob("*.dir"))
    assert "config.local" not in ann.type("git add -A && git ls-files .dvc")


def test_ssh_config_is_read_and_known_hosts_is_not(team, machine):
    """docs/sharing.md warns: whatever machine answers is trusted, even one with a wrong key."""
    other = (machine.home / ".ssh/id_ed25519.pub").read_text(encoding="ascii")
    known = machine.home / ".ssh/known_hosts"
    known.write_text(f"[127.0.0.1]:{machine.port} {other}", encoding="ascii")
    config = f"Host groupserver\n  HostName 127.0.0.1\n  Port {machine.port}\n  User ann\n"
    (machine.home / ".ssh/config").write_text(config, encoding="ascii")
    ann = team(surroundings(machine.home)).first("ssh://groupserver/srv/multispec")
    ann.type("dvc push -q")
    assert any((machine.files / "srv/multispec").rglob("*.dir"))


def surroundings(home: Path) -> dict[str, str]:
    """Return the variables of a person with this home and no agent."""
    return {"HOME": str(home), "SSH_AUTH_SOCK": "", "USER": "ann", "LOGNAME": "ann"}


def doctor(clone) -> str:
    """Return what ``multispec doctor`` says of the remote."""
    lines = clone.type("multispec doctor || true").splitlines()
    return next(line for line in lines if "DVC remote" in line)
