"""Waiting for Dask workers has an end, and none of our own is ever given up."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import dask
import pytest

from pipeline import cluster
from pipeline.stage import StageError


class Client:
    """A client whose scheduler has a worker for some looks, then none, or is gone."""

    def __init__(self, looks: int, then: object) -> None:
        self.answers: Iterator[object] = iter([{"workers": {"only": 1}}] * looks)
        self.then = then
        self.looked = 0

    def scheduler_info(self) -> object:
        self.looked += 1
        answer = next(self.answers, self.then)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def map(self, _: object, tasks: list[int], **__: object) -> list[Future[int]]:
        return [Future() for _ in tasks]  # nobody runs them


@pytest.mark.parametrize("then", [{"workers": {}}, OSError("gone")])
def test_waiting_ends_where_no_worker_is_left(monkeypatch, then):
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(cluster, "LOST_SECONDS", 0.05)
    client = Client(30, then)
    with pytest.raises(StageError, match="no Dask worker has been there"):
        list(cluster.spread(client, abs, [1, 2]))
    assert client.looked > 30  # as long as there is one, it waits


def test_a_worker_that_dies_often_is_never_given_up():
    """Dask looks whether a lost worker is back after 15 s; between two deaths it is not."""
    with cluster.connect(None, 1) as client:
        assert dask.config.get("distributed.deploy.lost-worker-timeout") == cluster.NEVER
        assert client.submit(abs, -3).result() == 3
