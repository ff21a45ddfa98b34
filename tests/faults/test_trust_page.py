"""docs/trust.md and docs/sharing.md say what was run, and name tests and commands that exist."""

from __future__ import annotations

import json
import re

import pytest
from trust_table import ACCOUNT, PAGE, ROOT, page

TEXT = PAGE.read_text(encoding="utf-8")
SHARING = (ROOT / "docs/sharing.md").read_text(encoding="utf-8")
STORIES = "".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests/sharing").glob("*.py"))
)
#: Commands that the stories run under another name of a folder, a bucket or a person.
PLACES = re.compile(r"dvc remote (add -d|modify) |^git clone|^cd ")


@pytest.mark.skipif(not ACCOUNT.is_file(), reason="no soak has been run here: make soak")
def test_the_figures_are_those_of_the_last_soak():
    account = json.loads(ACCOUNT.read_text(encoding="utf-8"))
    assert account["tests failed"] == 0
    assert page(TEXT, account) == TEXT


def test_every_test_that_the_page_names_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)`", TEXT + SHARING)
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).is_file()] == []


def commands() -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", SHARING, re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith(("dvc ", "git ")) and not PLACES.search(line)]


@pytest.mark.parametrize("command", commands())
def test_every_command_of_the_page_is_one_that_a_story_runs(command):
    words = command.split()
    # The stories are quiet (-q) and name their own stage and branch.
    shape = r"\s(-q\s)?".join(re.escape(word) for word in words[:2])
    flags = [word for word in words if word.startswith("--")]
    spoken = [line for line in STORIES.splitlines() if re.search(shape, line)]
    assert any(all(flag in line for flag in flags) for line in spoken), command
