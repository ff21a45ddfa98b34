"""The command line of a stage, and the errors that end one.

A stage is run by DVC or by hand, ``python -m pipeline.<stage> [corpus] [feature | model]``. What
the user can mend (a wrong parameter, a missing store, a corpus laid out otherwise) is one line on
standard error and exit status 1; anything else is a bug, and shows its traceback.

Two processes never build one output: a run holds a lock while it works, and ends when the DVC that
started it does.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.params import ParamsError
from pipeline.paths import WORK

HELP = {
    "corpus": "key of `corpora` in params.yaml",
    "feature": "key of `features` in params.yaml",
    "model": "key of `models` in params.yaml",
    "experiment": "key of `experiments` in experiments/params.yaml",
}
#: How long a run waits for another that builds the same output, s: an orphan needs a moment to end.
WAIT_SECONDS = 10.0
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class StageError(RuntimeError):
    """A stage cannot go on; the message names the cause and what to do."""


#: What the user can mend; the errors of corpora, stores and runs are StageErrors.
MENDABLE = (ParamsError, StageError, FileNotFoundError)
#: A disk that is full, or may not be written to.
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


def main(doc: str | None, run: Callable[..., object], *names: str) -> None:
    """Read the names of a stage's arguments from the command line and run it.

    Parameters
    ----------
    doc
        The stage module's docstring, its help.
    run
        Called with the arguments in order.
    names
        Arguments the stage takes, keys of :data:`HELP`.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m pipeline.{Path(sys.argv[0]).stem}",
        description=(doc or "").replace("``", "`"),
        epilog="Run by `dvc repro`; by hand, it needs what the stage reads.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name in names:
        parser.add_argument(name, help=HELP[name])
    values = [vars(parser.parse_args())[name] for name in names]
    stage = Path(sys.argv[0]).stem
    _end_with_dvc()
    try:
        with alone("-".join([stage, *values])), _disk_checked():
            run(*values)
    except MENDABLE as error:
        sys.exit(f"error: {error}")


@contextmanager
def _disk_checked() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        check_disk(error)
        raise


def check_disk(error: Exception) -> None:
    """Raise what to tell the user where an error is that of a disk; no input is to blame for it.

    Raises
    ------
    StageError
        If a disk is full or may only be read.
    """
    if isinstance(error, OSError) and error.errno in DISK:
        raise StageError(
            f"{error.filename or 'disk'}: {error.strerror}; make room or let it be written to, "
            "then run `dvc repro` again: what is finished is kept"
        ) from error


@contextmanager
def alone(what: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock of one output; the kernel drops it with the process, however that ends.

    Raises
    ------
    StageError
        If another process still holds it after ``wait_seconds``.
    """
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"{what}.lock"
    with path.open("w") as file:
        end = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise StageError(
                        f"{what}: another process is at work on it (it holds {path}); wait for "
                        "it, or end it"
                    ) from None
                time.sleep(0.1)
        yield


@contextmanager
def scratch(what: str) -> Iterator[Path]:
    """Yield an empty folder for one run's large files; it goes with the run.

    What a killed run of the same name left behind is removed first: the caller holds the lock of
    that name (:func:`alone`), so nobody is using it.

    Parameters
    ----------
    what
        Name of the run, without dots.
    """
    WORK.mkdir(parents=True, exist_ok=True)
    for left in WORK.glob(f"{what}.*.scratch"):
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=f"{what}.", suffix=".scratch", dir=WORK) as folder:
        yield Path(folder)


def place(built: Path, final: Path) -> None:
    """Rename a folder that a run built to its final name; an older one leaves by a rename too.

    So at no moment is half of anything under the final name, whenever the run is killed.

    Parameters
    ----------
    built, final
        On one disk.
    """
    old = built.with_name(f"{built.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    with suppress(FileNotFoundError):
        final.rename(old)
    built.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def _end_with_dvc() -> None:
    """Ask the kernel to end this process with its parent, where that is DVC.

    A DVC that is killed would otherwise leave a stage behind that goes on writing.
    """
    if "DVC_STAGE" in os.environ and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
