"""Music, cache and stores in a bucket; a scheduler and two workers that share no folder with us."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from pipeline import cli, paths
from pipeline.corpora import CorpusError

moto = pytest.importorskip("moto.server")
s3fs = pytest.importorskip("s3fs")

FEATURES = ("gtf", "mf_rp")
WORKERS = {"worker-1", "worker-2"}
SOUNDS = ("calm/a.wav", "calm/b #1?.flac", "joy/ö+%20.wav", "joy/d.mp3")


@dataclass
class Recorder:
    """Stands before the server and notes who asks for what: (who, method, path)."""

    app: Any
    seen: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        who = re.search(r"app/(\S+)", environ.get("HTTP_USER_AGENT", ""))
        raw = environ["REQUEST_METHOD"], environ["PATH_INFO"].encode("latin-1").decode()
        self.seen.append((who[1] if who else "", *raw))
        return self.app(environ, start)

    def by(self, method: str, part: str) -> set[str]:
        """Return who asked with this method for paths that hold this."""
        return {who for who, how, path in self.seen if how == method and part in path}


@dataclass
class Cloud:
    """A bucket, and a scheduler whose workers reach nothing else."""

    fs: Any
    recorder: Recorder
    scheduler: str

    def objects(self, url: str) -> dict[str, bytes]:
        """Return relative name -> content of all objects below a URL."""
        self.fs.invalidate_cache()
        below = url.removeprefix("s3://")
        return {
            name.removeprefix(below + "/"): self.fs.cat_file(name) for name in self.fs.find(below)
        }


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Recorder, dict[str, str]]]:
    """Yield a recorder before an S3 server of this process, and the variables that lead there."""
    running = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    recorder = Recorder(running._server.app)
    running._server.app = recorder
    host, port = running.get_host_and_port()
    yield (
        recorder,
        {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        },
    )
    running.stop()


def start(
    folder: Path, who: str, variables: dict[str, str], *words: str
) -> subprocess.Popen[bytes]:
    """Start a process of Dask's in a folder of its own."""
    own = folder / who
    own.mkdir()
    code = str(Path(__file__).resolve().parents[2])
    environment = os.environ | variables | {"PYTHONPATH": code, "TMPDIR": str(own)}
    environment |= {"AWS_SDK_UA_APP_ID": who, "OMP_NUM_THREADS": "1"}
    with (own / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=own,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@pytest.fixture(scope="module")
def cloud(server, tmp_path_factory) -> Iterator[Cloud]:
    """Yield a scheduler and two workers, started by the commands of docs/cluster.md."""
    recorder, variables = server
    folder = tmp_path_factory.mktemp("cloud")
    file = folder / "scheduler.json"
    common = ("--scheduler-file", str(file), "--host", "127.0.0.1", "--no-dashboard")
    started = [start(folder, "scheduler", variables, "scheduler", *common, "--port", "0")]
    started += [
        start(folder, who, variables, "worker", *common, "--nthreads", "1")
        for who in ("worker-1", "worker-2")
    ]
    try:
        end = time.monotonic() + 60
        while not file.exists() and time.monotonic() < end:
            time.sleep(0.1)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (variables | {"AWS_SDK_UA_APP_ID": "client"}).items():
                patch.setenv(name, value)
            patch.delenv("MULTISPEC_CACHE", raising=False)
            s3fs.S3FileSystem.clear_instance_cache()
            fs = s3fs.S3FileSystem()
            fs.mkdir("bucket")
            address = json.loads(file.read_text())["address"]
            yield Cloud(fs, recorder, address)
            s3fs.S3FileSystem.clear_instance_cache()
            Client(address).shutdown()
    finally:
        for process in started:  # with the worker that a nanny looks after
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)


@pytest.fixture
def both(studio, cloud) -> Cloud:
    """Fill a folder and the bucket with the same music."""
    for number, file in enumerate(SOUNDS):
        studio.tone(file, number)
    (studio.music / "joy/broken.wav").write_bytes(b"RIFF, and nothing behind it")
    studio.score("joy/d.mid", 1)
    if cloud.fs.exists("bucket/music"):
        cloud.fs.rm("bucket/music", recursive=True)
    for path in studio.music.rglob("*.*"):
        cloud.fs.put_file(str(path), f"bucket/{path.relative_to(studio.folder).as_posix()}")
    return cloud


def move(studio, cloud: Cloud, cache: str) -> None:
    """Let the parameters name the bucket and the scheduler."""
    studio.params["corpora"]["c"]["root"] = "s3://bucket/music"
    studio.params["compute"] |= {"cache": f"s3://bucket/{cache}", "scheduler": cloud.scheduler}
    studio.save()
    cloud.recorder.seen.clear()


def tables() -> list[bytes]:
    return [paths.index("c").read_bytes(), paths.quarantine("c").read_bytes()]


def test_the_objects_are_the_files_of_a_folder_and_workers_carry_them(both, studio, capsys):
    studio.index()
    local = tables()
    for feature in FEATURES:
        studio.extract(feature)
    move(studio, both, "cache")

    studio.index()
    assert tables() == local
    assert b"joy/broken.wav,index,not-audio" in local[1]
    capsys.readouterr()
    assert cli.main(["extract", "c", *FEATURES, "--to", "s3://bucket/stores"]) == 0
    said = capsys.readouterr().out
    for feature in FEATURES:
        assert f"extract c/{feature}: 4 computed, 0 from cache" in said
        assert both.objects(f"bucket/stores/c/{feature}.zarr") == studio.store_bytes(feature)
    assert not any(paths.WORK.glob("*.zarr"))

    for part in ("/music/", "/cache/gtf/", "/cache/probe/"):
        assert both.recorder.by("GET", part) <= WORKERS
        assert both.recorder.by("PUT", part) <= WORKERS
    assert both.recorder.by("GET", "/music/") == both.recorder.by("PUT", "/cache/gtf/") != set()
    assert (
        both.recorder.by("HEAD", "/cache/gtf/") <= WORKERS
    )  # the client lists, row by row is slow
    assert both.recorder.by("PUT", "/values/c/0/") <= WORKERS
    assert both.recorder.by("PUT", "gtf.zarr/zarr.json") == {"client"}

    both.recorder.seen.clear()
    assert cli.main(["extract", "c", *FEATURES, "--to", "s3://bucket/stores"]) == 0
    assert "extract c/mf_rp: 0 computed, 4 from cache" in capsys.readouterr().out
    assert both.recorder.by("GET", "/music/") == set()
    assert both.objects("bucket/stores/c/gtf.zarr") == studio.store_bytes("gtf")


def test_files_that_went_or_changed_are_the_same_rejections(both, studio, capsys):
    studio.index()
    (studio.music / SOUNDS[0]).unlink()
    both.fs.rm(f"bucket/music/{SOUNDS[0]}")
    studio.tone(SOUNDS[3], 99)
    both.fs.put_file(str(studio.music / SOUNDS[3]), f"bucket/music/{SOUNDS[3]}")
    capsys.readouterr()
    studio.extract("gtf")
    local = capsys.readouterr().out
    both.fs.pipe_file("bucket/stores/c/gtf.zarr/values/c/7/0/0/0", b"of a longer store")
    move(studio, both, "second")
    assert cli.main(["extract", "c", "gtf", "--to", "s3://bucket/stores"]) == 0
    assert "extract c/gtf: 2 computed, 0 from cache, 0 from previous store, 2 rejected" in local
    assert "a.wav: unreadable: the file cannot be read (No such file or directory)" in local
    assert capsys.readouterr().out == local
    assert both.objects("bucket/stores/c/gtf.zarr") == studio.store_bytes("gtf")


def test_a_store_that_does_not_answer_stops_the_run_and_is_no_rejection(both, studio, capsys):
    studio.index()
    move(studio, both, "third")
    assert cli.main(["extract", "c", "gtf", "--to", "s3://absent/stores"]) == 2
    assert re.search(
        r"s3://absent/stores/c/gtf.zarr: cannot be written to \(.*bucket does not exist.*keys",
        capsys.readouterr().err,
    )
    studio.params["corpora"]["c"]["root"] = "s3://absent/music"
    studio.save()
    with pytest.raises(CorpusError, match="s3://absent/music: no object lies there; expected"):
        studio.index()
