"""A child process that may hang, swell or die while its parent waits with a deadline.

Conventions
-----------
Parent and child talk in lines of JSON over two pipes: the child says one line when it is ready,
then answers each request with one line. There is one child per process, started at need and again
after it died. It ends when its standard input closes, and an alarm of its own ends it if its parent
is killed while it hangs. The asking side uses no signals, no ``multiprocessing`` and no event loop,
so it works in threads and in daemonic workers.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

#: Loading a large library takes 0.3 s on an idle machine; this is for one that is not idle.
STARTUP_SECONDS = 120.0
#: The parent kills first; the child's own alarm is for a parent that is no longer there.
ALARM_MARGIN_SECONDS = 5
_PIPE_BYTES = 1 << 16


class Child:
    """The asking side: one child process, used by one thread at a time.

    Parameters
    ----------
    module : str
        Run as ``python -m module``; it must call :func:`serve`.
    environment : mapping
        Variables to set for the child.
    """

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self.module = module
        self.environment = environment
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)

    def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Return the child's answer, or ``{"code", "reason"}`` for a time-out or a death.

        Parameters
        ----------
        request : mapping
            Anything JSON can hold.
        seconds : float > 0
            Wall-clock limit; the child's start is not counted.

        Raises
        ------
        RuntimeError
            If the child cannot be started at all.
        """
        self._adopt()
        with self._lock:
            process = self._running()
            line = json.dumps({"request": request, "seconds": seconds}).encode() + b"\n"
            with contextlib.suppress(BrokenPipeError):  # a death shows as an empty answer
                _stdin(process).write(line)
                _stdin(process).flush()
            answer = _line(process, seconds)
            if answer is None:
                self.stop()
                return {"code": "timeout", "reason": f"not finished within {seconds:g} s"}
            if not answer.endswith(b"\n"):
                status = self.stop()
                return {"code": "crash", "reason": f"the reading process ended ({status})"}
            decoded: dict[str, Any] = json.loads(answer)
            if decoded.get("code") == "memory":
                self.stop()  # what it still holds would be the next file's loss
            return decoded

    def stop(self) -> int | None:
        """Kill the child, if this process owns one, and return its status."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return None
        process.kill()
        status = process.wait()
        with contextlib.suppress(BrokenPipeError):
            _stdin(process).close()
        _stdout(process).close()
        return status

    def _adopt(self) -> None:
        """After a fork: the parent's child and a lock that may be held are not ours."""
        if self._owner != os.getpid():
            self._owner = os.getpid()
            self._lock = threading.Lock()
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        top = str(Path(__file__).resolve().parents[1])
        process = self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **self.environment, "PYTHONPATH": top},
            start_new_session=True,  # a Ctrl-C is the parent's to answer
        )
        if not (_line(process, STARTUP_SECONDS) or b"").endswith(b"\n"):
            raise RuntimeError(f"`python -m {self.module}` did not start (status {self.stop()})")
        return process


def serve(answer: Callable[[Any], Mapping[str, Any]], memory_bytes: int) -> None:
    """Answer requests until standard input closes: the child's main loop.

    Parameters
    ----------
    answer : callable
        Maps a request to an answer; it should return faults rather than raise them.
    memory_bytes : int
        Limit of the child's address space.

    Notes
    -----
    What the code behind ``answer`` prints goes to standard error, not among the answers.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with contextlib.suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        signal.alarm(int(message["seconds"]) + ALARM_MARGIN_SECONDS)
        print(json.dumps(answer(message["request"])), file=answers, flush=True)
        signal.alarm(0)


def _line(process: subprocess.Popen[bytes], seconds: float) -> bytes | None:
    """One line, or what came before the pipe closed, or ``None`` when time is up."""
    pipe = _stdout(process)
    deadline = time.monotonic() + seconds
    parts: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while not (parts and parts[-1].endswith(b"\n")):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return None
            parts.append(os.read(pipe.fileno(), _PIPE_BYTES))
            if not parts[-1]:
                break
    return b"".join(parts)


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def _stdout(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None
    return process.stdout
