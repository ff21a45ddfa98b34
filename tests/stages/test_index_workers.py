"""The index where a task takes its worker down: the culprit's track lives by its other file."""

from __future__ import annotations

import pytest

from pipeline import index
from pipeline.execute import DIED, Executor


@pytest.fixture
def dying(studio, monkeypatch):
    """Return a project, what kills its workers, and the files of each task of every round."""
    studio.album()
    studio.score("joy/04.mid", 1)
    studio.manifest({"joy/04.wav": "joy/04.mid"})
    real, fatal, rounds = Executor.run, set(), []

    def run(self, function, tasks, label, weigh, **how):
        results = real(self, function, tasks, label, weigh, **how)
        if function is not index.look:
            return results
        named = [[f for t in task.tracks for f in (t.audio, t.midi) if f] for task in tasks]
        rounds.append(named)
        return [
            DIED if fatal & set(files) else result
            for files, result in zip(named, results, strict=True)
        ]

    monkeypatch.setattr(Executor, "run", run)
    return studio, fatal, rounds


@pytest.mark.parametrize(
    ("culprit", "innocent"), [("joy/04.wav", "joy/04.mid"), ("joy/04.mid", "joy/04.wav")]
)
def test_a_file_that_kills_its_worker_costs_itself_alone(dying, culprit, innocent):
    studio, fatal, rounds = dying
    whole = {row.track: row for row in studio.index()}
    rounds.clear()
    fatal.add(culprit)
    rows = {row.track: row for row in studio.index()}
    assert list(rows) == list(whole)
    assert studio.quarantine() == {culprit: f"worker-died: {DIED.reason}"}
    track = rows.pop("joy/04.wav")
    assert (track.audio or track.midi) == innocent
    assert rows == {name: row for name, row in whole.items() if name in rows}
    assert rounds[2:] == [[["joy/04.wav"], ["joy/04.mid"]]]
