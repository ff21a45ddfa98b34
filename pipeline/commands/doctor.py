"""Check that this machine and this repository are ready, and say what to do where they are not.

Looks at Python and its packages, the decoders, cores and memory, params.yaml, the corpora, the room
on the disks, the cache, DVC and its remote, the GPU and the Dask scheduler. Each line is ok, warn
(it works, but may disappoint) or FAIL, with what to do. It writes nothing outside of temporary
folders. The exit status is 1 if a check fails.

Typical calls:
  multispec doctor
  multispec doctor --only sources room
  multispec doctor --json
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Iterator

from pipeline import doctor, params
from pipeline.doctor import Finding, Patient
from pipeline.stage import StageError

#: For one check, s; they run side by side.
LIMIT_SECONDS = 8.0
MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--only", metavar="CHECK", nargs="+", choices=doctor.names(), help="only these: %(choices)s"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(namespace: argparse.Namespace) -> int:
    """Run the checks; return 1 if one fails."""
    try:
        patient = Patient(params.read())
    except params.ParamsError as error:
        patient = Patient(None, " ".join(str(error).split()))
    found: dict[str, list[Finding]] = {}
    for name, findings in examine(namespace.only or doctor.names(), patient, LIMIT_SECONDS):
        found[name] = findings
        if not namespace.json:
            _say(name, findings)
    every = [finding for findings in found.values() for finding in findings]
    counts = {status: sum(each.status == status for each in every) for status in MARKS}
    if namespace.json:
        listed = {name: [vars(each) for each in findings] for name, findings in found.items()}
        print(json.dumps({"counts": counts, "checks": listed}, indent=2))
    else:
        print(f"doctor: {counts['ok']} ok, {counts['warn']} to watch, {counts['fail']} failed")
    return int(counts["fail"] > 0)


def examine(
    names: list[str], patient: Patient, limit_seconds: float
) -> Iterator[tuple[str, list[Finding]]]:
    """Yield every check's findings, in order; a check that takes too long is a finding."""
    end = time.monotonic() + limit_seconds
    found: dict[str, list[Finding]] = {name: [] for name in names}
    threads = [
        # A daemon: a file system or a network that never answers must not keep the command.
        threading.Thread(target=look, args=(name, patient, found[name]), daemon=True)
        for name in names
    ]
    for thread in threads:
        thread.start()
    for name, thread in zip(names, threads, strict=True):
        thread.join(max(0.0, end - time.monotonic()))
        findings = list(found[name])
        if thread.is_alive():
            what = f"no answer within {limit_seconds:g} s"
            findings.append(Finding("warn", what, f"try again, or look at {name} by hand"))
        yield name, findings


def look(name: str, patient: Patient, found: list[Finding]) -> None:
    """Append one check's findings; what it raises is a finding too."""
    try:
        for finding in doctor.load(name).check(patient):
            found.append(finding)  # one by one: what comes before a silence is known
    except params.ParamsError as error:
        found.append(Finding("fail", " ".join(str(error).split()), "mend params.yaml"))
    except StageError as error:
        found.append(Finding("fail", " ".join(str(error).split()), "see the message"))
    except Exception as error:  # a check that breaks must not hide the others
        what = f"the check itself failed: {type(error).__name__}: {error}"
        found.append(Finding("fail", what, "if the environment is sound, this is a bug: report it"))


def _say(name: str, findings: list[Finding]) -> None:
    for finding in findings:
        print(f"{MARKS[finding.status]}  {name:<12}  {finding.what}", flush=True)
        if finding.remedy:
            print(f"{'':<20}-> {finding.remedy}", flush=True)
