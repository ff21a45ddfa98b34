"""Projects at every stage of their life, and the account of what the soak tried."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from account import hand_on, ordered, take  # noqa: E402
from fault_life import Life  # noqa: E402

TALLY: Counter[str] = Counter()


@pytest.fixture(scope="session")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Return the life of a project whose stages are run without DVC."""
    return Life(tmp_path_factory.mktemp("by_hand"), graph=False)


@pytest.fixture(scope="session")
def by_dvc(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Return the life of a project whose stages DVC runs, with two workers."""
    return Life(tmp_path_factory.mktemp("by_dvc"), graph=True)


@pytest.fixture
def tally() -> Counter[str]:
    """Return the account of the soak: what was tried, how often, and what was lost."""
    return TALLY


def pytest_testnodedown(node: Any) -> None:
    """Add the account of a worker of pytest-xdist to this process's."""
    take(node, TALLY)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the account where MULTISPEC_SOAK names a file; a worker of pytest-xdist hands it on."""
    target = os.environ.get("MULTISPEC_SOAK")
    if not hand_on(session.config, TALLY) and target and TALLY:
        account = json.dumps(ordered(TALLY, session.testsfailed), indent=2)
        Path(target).write_text(account + "\n", encoding="utf-8")
