"""The Dask scheduler, where compute.scheduler names one."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

from pipeline import params
from pipeline.doctor import Finding, Patient
from pipeline.execute import ComputeConfig

ADDRESS = re.compile(r"(?:(?:tcp|tls)://)?(?P<host>\[[^\]]+\]|[^:/]+):(?P<port>\d+)")
#: For a connection, s.
SECONDS = 2.0


def check(patient: Patient) -> Iterator[Finding]:
    """Connect to the scheduler."""
    section = params.section(patient.needed(), "compute")
    compute = params.build(ComputeConfig, section, "compute")
    if compute.scheduler is None:
        yield Finding("ok", f"no scheduler; {compute.count} local workers")
        return
    name = f"compute.scheduler {compute.scheduler}"
    match = ADDRESS.fullmatch(compute.scheduler)
    if match is None:
        yield Finding("fail", f"{name}: no address", "write it as tcp://host:8786")
        return
    try:
        socket.create_connection((match["host"].strip("[]"), int(match["port"])), SECONDS).close()
    except (OSError, OverflowError) as error:
        remedy = "start it (`dask scheduler`), or set compute.scheduler to null"
        yield Finding("fail", f"{name}: {error}", remedy)
        return
    yield Finding("ok", f"{name}: answers")
