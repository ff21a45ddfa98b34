"""Projects at every stage of their life, and the account of what the soak tried."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

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
    """Return the account of the soak: what was tried, how often."""
    return TALLY


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the account where MULTISPEC_SOAK names a file; every count is of tests that passed."""
    target = os.environ.get("MULTISPEC_SOAK")
    if target and TALLY:
        account = dict(sorted(TALLY.items())) | {"tests failed": session.testsfailed}
        Path(target).write_text(json.dumps(account, indent=2) + "\n", encoding="utf-8")
