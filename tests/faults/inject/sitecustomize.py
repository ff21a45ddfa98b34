"""Faults for the processes that a test starts; its folder goes first on their PYTHONPATH.

Every change of a file below FAULT_WHERE is counted before it happens, in each process whose command
line holds FAULT_WHO; the one with number n of ``FAULT=<kind>:<n>`` does not happen. Kind ``kill``
ends the process there and then, as a power cut would; only the first one, where FAULT_ONCE names a
file that is then made.
Any other kind is the name of an errno: this change and all that follow fail with it.

FAULT_READS=1 counts the opening for reading too. FAULT_LOG gets a line for every counted change.
FAULT_CLOCK moves ``time.time`` by so many seconds.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import time
from typing import Any

ENV = os.environ.get
KIND, _, NTH = ENV("FAULT", "").partition(":")
WHERE = ENV("FAULT_WHERE", "/data/")
PATH_AT = {"open": 0, "os.rename": 1, "os.remove": 0, "os.mkdir": 0, "os.rmdir": 0}
FOLDER_AT = {"os.rename": 3, "os.remove": 1, "os.mkdir": 2, "os.rmdir": 1}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Counter:
    """Counts the changes of one process and lets the fault happen at its time."""

    def __init__(self) -> None:
        self.count = 0
        self.busy = threading.local()
        self.lock = threading.Lock()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in PATH_AT or getattr(self.busy, "on", False):
            return
        if event == "open" and not (arguments[2] & WRITING or ENV("FAULT_READS")):
            return
        self.busy.on = True
        try:
            path = _path(event, arguments)
            if WHERE in path:
                with self.lock:
                    self.count += 1
                    self.act(event, path)
        finally:
            self.busy.on = False

    def act(self, event: str, path: str) -> None:
        if log := ENV("FAULT_LOG"):
            with open(log, "a", encoding="utf-8") as file:  # noqa: PTH123  (pathlib is not yet there)
                file.write(f"{self.count}\t{' '.join(sys.orig_argv)}\t{event}\t{path}\n")
        if KIND == "kill" and self.count == int(NTH) and _first():
            os.kill(os.getpid(), signal.SIGKILL)
        if KIND not in ("", "kill") and self.count >= int(NTH):
            code = getattr(errno, KIND)
            raise OSError(code, os.strerror(code), path)


def _path(event: str, arguments: tuple[Any, ...]) -> str:
    name = arguments[PATH_AT[event]]
    if not isinstance(name, str | bytes | os.PathLike):
        return ""
    folder = arguments[FOLDER_AT[event]] if event in FOLDER_AT else -1
    base = os.readlink(f"/proc/self/fd/{folder}") if folder != -1 else os.getcwd()  # noqa: PTH109, PTH115
    return os.path.normpath(os.path.join(base, os.fsdecode(name)))  # noqa: PTH118


def _first() -> bool:
    try:
        if "FAULT_ONCE" in os.environ:
            os.close(os.open(os.environ["FAULT_ONCE"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


if ENV("FAULT_CLOCK"):
    _now, _shift = time.time, float(os.environ["FAULT_CLOCK"])
    time.time = lambda: _now() + _shift
if (KIND or ENV("FAULT_LOG")) and ENV("FAULT_WHO", "") in " ".join(sys.orig_argv):
    sys.addaudithook(Counter())
