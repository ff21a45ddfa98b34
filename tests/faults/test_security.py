"""What is read cannot run, what is named cannot leave its folder, what listens is out of reach."""

from __future__ import annotations

import ast
import re
import socket
from pathlib import Path

import psutil
import pytest
from fault_life import Life

from pipeline import params
from pipeline.codeversion import ROOT
from pipeline.corpora import _files

FILES = sorted(path for top in ("pipeline", "models") for path in (ROOT / top).rglob("*.py"))
#: Modules that run what they read.
RUNNING = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "jsonpickle", "yaml"}
CALLS = {"eval", "exec", "compile"}
ATTRIBUTES = {"os.system", "os.popen", "joblib.load", "joblib.dump", "torch.jit.load"}


def faults(tree: ast.AST) -> list[str]:
    """Return what a module does that could run code which it reads."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in RUNNING]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in RUNNING:
            found.append(str(node.module))
        elif isinstance(node, ast.Call):
            name, given = ast.unparse(node.func), {k.arg: k.value for k in node.keywords}
            if name in CALLS or name in ATTRIBUTES:
                found.append(name)
            if "allow_pickle" in given and ast.unparse(given["allow_pickle"]) != "False":
                found.append(f"{name}(allow_pickle)")
            safe = "weights_only" in given and ast.unparse(given["weights_only"]) == "True"
            if name == "torch.load" and not safe:
                found.append("torch.load without weights_only=True")
            if "shell" in given and ast.unparse(given["shell"]) != "False":
                found.append(f"{name}(shell)")
            if name == "YAML" and not any("safe" in ast.unparse(v) for v in given.values()):
                found.append("YAML()")
    return found


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from marshal import loads",
        "eval('1')",
        "np.load(p, allow_pickle=True)",
        "torch.load(p)",
        "subprocess.run(c, shell=True)",
        "joblib.load(p)",
    ],
)
def test_the_search_finds_what_it_looks_for(code):
    assert faults(ast.parse(code))


#: YAML that is written with its comments kept: the round-trip reader builds no objects either.
ROUND_TRIP = re.compile(r"pipeline/(adding|doctor|commands)/|pipeline/(sweep|variants)\.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_of_the_project_runs_what_it_reads(path):
    found = faults(ast.parse(path.read_text(encoding="utf-8")))
    if ROUND_TRIP.search(path.as_posix()):
        found = [fault for fault in found if fault != "YAML()"]
    assert found == []


def test_a_parameter_file_cannot_make_objects(tmp_path):
    path = tmp_path / "params.yaml"
    for tag in ("!!python/object/apply:os.system ['touch run']", "!!python/name:os.system ''"):
        path.write_text(f"a: {tag}\n", encoding="utf-8")
        with pytest.raises(params.ParamsError):
            params.read(path)
    assert not Path("run").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../secret.wav",
        "a/../../secret.wav",
        "a/b/../../../secret.wav",
        "/etc/hostname",
        "out/secret.wav",
        "link.wav",
        "deep/link.wav",
    ],
)
def test_a_manifest_cannot_name_what_lies_outside(tmp_path, name):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "a/b").mkdir(parents=True)
    (root / "deep").mkdir()
    outside.mkdir()
    for path in (tmp_path / "secret.wav", outside / "secret.wav"):
        path.write_bytes(b"x")
    (root / "out").symlink_to(outside)
    (root / "link.wav").symlink_to(outside / "secret.wav")
    (root / "deep/link.wav").symlink_to("../../secret.wav")
    assert "leaves the corpus root" in (_files.fault(root, name) or "")


def listening(tree: list[psutil.Process]) -> set[str]:
    """Return the addresses at which processes wait for connections, from /proc/net."""
    inodes = set()
    for process in tree:
        for link in Path(f"/proc/{process.pid}/fd").glob("*"):
            try:
                target = str(link.readlink())
            except OSError:
                continue
            if match := re.fullmatch(r"socket:\[(\d+)\]", target):
                inodes.add(match[1])
    found = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{table}").read_text(encoding="utf-8").splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and columns[9] in inodes:
                words = re.findall("........", columns[1].split(":")[0])
                packed = b"".join(bytes.fromhex(word)[::-1] for word in words)
                found.add(socket.inet_ntop(family, packed))
    return found


@pytest.mark.soak
def test_nothing_listens_beyond_this_machine(by_hand: Life, tmp_path, tally):
    """A training stage starts its workers at once; they and it listen on loopback alone."""
    project = by_hand.before("train@c-majority").copy(tmp_path / "project")
    project.params(compute={"workers": 2})
    process = project.start("-m", "pipeline.train", "c", "majority")
    top, heard = psutil.Process(process.pid), set[str]()
    while process.poll() is None:
        try:
            heard |= listening([top, *top.children(recursive=True)])
        except psutil.NoSuchProcess:
            break
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert heard == {"127.0.0.1"}
    tally["processes watched for sockets"] += 1
