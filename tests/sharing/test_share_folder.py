"""A folder that both can reach as the remote: the plainest way to share."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.graph


def test_a_folder_and_its_run_cache(team, story):
    team = team()
    ann, bob = story.tell(team, str(team.folder / "remote"))

    # What Ann tried and did not keep reaches Bob by the run cache alone; she pushes before she
    # goes back, because DVC pushes the objects of the present dvc.lock only.
    ann.set("features.gtf", floor=1e-9)
    assert story.counts(19, 0, 0) in ann.type(story.REPRO)
    tried = ann.lock()
    ann.type("dvc push -q --run-cache")
    ann.type("git checkout -q params.yaml dvc.lock && dvc checkout -q --allow-missing")
    bob.type("dvc pull -q --allow-missing --run-cache")
    bob.set("features.gtf", floor=1e-9)
    said = bob.type("dvc repro --pull extract@c-gtf")
    assert "is cached - skipping run" in said
    assert "computed" not in said
    assert bob.lock() == tried


@pytest.mark.soak
class TestSoak:
    def test_a_newcomer_without_the_music(self, team, story):
        """``--allow-missing``: whoever only trains downloads no audio."""
        team = team()
        ann = team.first(str(team.folder / "remote"))
        ann.type("dvc repro train@c-majority")
        ann.type(story.GIVE)
        eve = team.newcomer("eve")
        eve.set("train", epochs=3)
        eve.type("dvc pull -q index@c split@c extract@c-gtf embed@c audit@c")
        eve.type("dvc repro --allow-missing train@c-majority")
        assert not (eve.folder / "music").exists()
        assert (eve.folder / "data/runs/c/majority/model.json").is_file()
        assert eve.lock() == ann.lock()

    def test_experiments_travel(self, team, story):
        team = team()
        ann = team.first(str(team.folder / "remote"))
        ann.type(story.REPRO)
        ann.type(story.GIVE)
        ann.type("dvc exp run -n finer -S features.gtf.floor=1e-9 extract@c-gtf")
        ann.type("dvc exp push origin finer")
        bob = team.newcomer("bob")
        assert "finer" in bob.type("dvc exp list origin")
        bob.type("dvc exp pull origin finer")
        bob.type("dvc exp branch finer kept && git checkout -q kept")
        bob.type("dvc pull -q --allow-missing")
        assert "Data and pipelines are up to date" in bob.type(story.REPRO)

    def test_experiments_elsewhere_and_in_the_queue_find_the_rows(self, team, story):
        team = team()
        ann = team.first(str(team.folder / "remote"))
        ann.type(story.REPRO)
        ann.type(story.GIVE)
        finer = "-S features.gtf.floor=1e-9 extract@c-gtf"
        assert story.counts(9, 0, 0) in ann.type(f"dvc exp run --temp -n one {finer}")
        assert story.counts(0, 9, 0) in ann.type(f"dvc exp run --temp -f -n two {finer}")
        ann.type(f"dvc exp run --queue -f -n three {finer}")
        # The worker is a process of its own, and its log begins when it does.
        follow = "until dvc queue logs -f three > three.log 2> early.log; do sleep 1; done"
        ann.type(f"dvc queue start && {follow}")
        assert story.counts(0, 9, 0) in (ann.folder / "three.log").read_text(encoding="utf-8")
