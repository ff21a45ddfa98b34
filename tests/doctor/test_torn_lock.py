"""What DVC leaves where it is killed while it writes, in place, who uses which file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOCK = Path(".dvc/tmp/rwlock")


@pytest.fixture
def repository(ask):
    """Return the findings of a check on a fresh DVC repository, as a function of its name."""
    for arguments in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(arguments, check=True, env=os.environ | {"DVC_NO_ANALYTICS": "1"})
    return ask


@pytest.mark.parametrize("text", ["", '{"a": ', "[1"])
def test_a_torn_lock_of_dvc_is_told_with_its_remedy(repository, text):
    LOCK.write_text(text)
    (found,) = [each for each in repository("dvc") if each.status == "fail"]
    assert found.what.startswith(".dvc/tmp/rwlock is torn")
    assert found.remedy.startswith("`rm .dvc/tmp/rwlock`")


@pytest.mark.parametrize("text", [None, "{}", '{"data/index": {"read": []}}'])
def test_a_whole_lock_or_none_is_well(repository, text):
    if text is not None:
        LOCK.write_text(text)
    assert {each.status for each in repository("dvc")} == {"ok"}
