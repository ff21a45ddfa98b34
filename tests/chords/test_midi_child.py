"""A musicpy that hangs, swells or is killed costs one file, in any kind of process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mido
import pytest

from pipeline import midi
from pipeline.midi import MidiError, read_notes

LIMIT_SECONDS = 60.0
#: A MIDI header: format 1, one track, 480 ticks per quarter note.
HEADER = b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0"


def save(path: Path, messages: list[mido.Message]) -> Path:
    mido.MidiFile(type=1, ticks_per_beat=480, tracks=[mido.MidiTrack(messages)]).save(path)
    return path


def note(pitch: int, ticks: int) -> list[mido.Message]:
    return [
        mido.Message("note_on", note=pitch, velocity=64),
        mido.Message("note_off", note=pitch, time=ticks),
    ]


def test_a_file_that_hangs_is_given_up_and_the_next_is_read(tmp_path: Path) -> None:
    # Without note-offs musicpy looks through the rest of the track for each note: n^2 / 2 steps.
    ons = [mido.Message("note_on", note=60, velocity=64)] * 30_000
    slow = save(tmp_path / "slow.mid", ons)
    good = save(tmp_path / "good.mid", note(60, 480))
    assert len(read_notes(good, LIMIT_SECONDS)) == 1
    with pytest.raises(MidiError, match=r"timeout: slow\.mid: not finished within 1 s") as caught:
        read_notes(slow, 1.0)
    assert caught.value.code in MidiError.TRANSIENT
    assert len(read_notes(good, LIMIT_SECONDS)) == 1


def test_a_file_larger_than_the_memory_limit_is_refused_and_the_next_is_read(
    tmp_path: Path,
) -> None:
    huge = tmp_path / "huge.mid"
    huge.write_bytes(HEADER)
    os.truncate(huge, 4 * midi.MEMORY_BYTES)  # sparse: it takes no room on the disk
    with pytest.raises(MidiError, match=r"memory: huge\.mid"):
        read_notes(huge, LIMIT_SECONDS)
    assert len(read_notes(save(tmp_path / "good.mid", note(60, 480)), LIMIT_SECONDS)) == 1


def test_a_killed_child_is_a_crash_and_the_next_file_is_read(tmp_path: Path) -> None:
    good = save(tmp_path / "good.mid", note(60, 480))
    slow = save(tmp_path / "slow.mid", [mido.Message("note_on", note=60, velocity=64)] * 30_000)
    read_notes(good, LIMIT_SECONDS)
    process = midi._CHILD._process
    assert process is not None
    killer = threading.Timer(0.3, os.kill, (process.pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(MidiError, match=r"crash: slow\.mid: the reading process ended \(-9\)"):
        read_notes(slow, LIMIT_SECONDS)
    killer.join()
    assert len(read_notes(good, LIMIT_SECONDS)) == 1


def count(path: Path) -> int:
    return len(read_notes(path, LIMIT_SECONDS))


def test_threads_share_one_child(tmp_path: Path) -> None:
    paths = [save(tmp_path / f"{n}.mid", note(60, 480) * n) for n in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(count, paths)) == list(range(1, 9))


def _report(path: Path, answers: multiprocessing.Queue[int]) -> None:
    answers.put(count(path))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_daemonic_process_has_a_child_of_its_own(tmp_path: Path, method: str) -> None:
    path = save(tmp_path / "a.mid", note(60, 480) * 3)
    read_notes(path, LIMIT_SECONDS)
    mine = midi._CHILD._process
    context = multiprocessing.get_context(method)
    answers = context.Queue()
    process = context.Process(target=_report, args=(path, answers), daemon=True)
    process.start()
    assert answers.get(timeout=LIMIT_SECONDS) == 3
    process.join()
    assert count(path) == 3
    assert midi._CHILD._process is mine


def test_stdout_stays_clean_and_the_child_ends_with_a_killed_parent(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", note(60, 480))
    code = (
        "import os, signal, pathlib\n"
        "from pipeline import midi\n"
        f"midi.read_notes(pathlib.Path({str(path)!r}), 60.0)\n"
        "print(midi._CHILD._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    top = str(Path(midi.__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=top)
    assert done.returncode == -signal.SIGKILL
    child = int(done.stdout)  # nothing else was printed
    deadline = time.monotonic() + LIMIT_SECONDS
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
