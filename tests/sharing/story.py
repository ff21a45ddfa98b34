"""The story of two people who share results; how the remote is reached is the only difference."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))

from fault_project import write_album

REPRO = "dvc repro extract@c-gtf"
GIVE = "git add -A && git commit -qm results && git push -q origin main && dvc push -q"
TAKE = "git pull -q origin main && dvc pull -q --allow-missing"


def counts(computed: int, cached: int, previous: int) -> str:
    return (
        f"extract c/gtf: {computed} computed, {cached} from cache, "
        f"{previous} from previous store, 0 rejected"
    )


def tell(team: Any, remote: str, *settings: str) -> tuple[Any, Any]:
    """Ann extracts, Bob computes nothing, adds ten tracks, Ann computes nothing."""
    ann = team.first(remote, *settings)
    assert counts(9, 0, 0) in ann.type(REPRO)
    ann.type(GIVE)

    bob = team.newcomer("bob")
    bob.type("dvc pull -q --allow-missing")
    assert "Data and pipelines are up to date" in bob.type(REPRO)
    assert bob.lock() == ann.lock()

    write_album(bob.folder / "music", range(9, 19))
    bob.type("dvc add -q music")
    # Bob's own cache is empty: the nine come out of the store that he pulled.
    assert counts(10, 0, 9) in bob.type(REPRO)
    bob.type(GIVE)

    ann.type(TAKE)
    assert "Data and pipelines are up to date" in ann.type(REPRO)
    assert ann.lock() == bob.lock()
    assert ann.lock("index@c") == bob.lock("index@c")
    return ann, bob
