"""A cache that a group shares: whoever writes, all may read, replace and remove."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from pipeline.cache import Cache
from pipeline.caching.claims import claim
from pipeline.caching.places import CacheError

KEY = "ab" * 32
GROUP, ANNE, BERT, EVE = 65500, 65501, 65502, 65503
fork = multiprocessing.get_context("fork")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as several users")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    """Return a function that sets the umask; it is restored."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize(
    ("mask", "root", "folder", "file"),
    [
        (0o077, 0o2775, 0o2775, 0o664),  # the group's folder decides, not the writer's umask
        (0o022, 0o2770, 0o2770, 0o660),
        (0o002, 0o755, 0o755, 0o644),
        (0o000, 0o700, 0o700, 0o600),  # a private one stays private
    ],
)
def test_everything_has_the_permissions_of_the_root(tmp_path, umask, mask, root, folder, file):
    cache = Cache(tmp_path / "cache")
    cache.root.mkdir()
    cache.root.chmod(root)
    umask(mask)
    cache.write("ahead-gtf", KEY, b"row")
    assert cache.move("ahead-gtf", "gtf", KEY)
    path = cache.path("gtf", KEY)
    assert mode(path) == file
    assert {mode(path.parent), mode(path.parent.parent)} == {folder}
    assert mode(cache.folder("checkpoints")) == folder
    with claim(cache.root, "gtf", KEY):
        assert [mode(each) for each in (cache.root / "claims").iterdir()] == [file]
    assert mode(cache.root / "claims") == folder


@pytest.mark.parametrize(("mask", "file"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_root_that_is_made_here_follows_the_umask(tmp_path, umask, mask, file):
    umask(mask)
    cache = Cache(tmp_path / "cache")
    cache.write("gtf", KEY, b"row")
    assert mode(cache.path("gtf", KEY)) == file


@pytest.fixture
def group():
    """Yield a cache whose root belongs to a group, where everybody can go."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    root = folder / "cache"
    root.mkdir()
    os.chown(root, ANNE, GROUP)
    root.chmod(0o2770)
    yield Cache(root)
    shutil.rmtree(folder)


def _be(user: int, groups: list[int], function, far) -> None:
    os.setgroups(groups)
    os.setgid(user)
    os.setuid(user)
    os.umask(0o077)
    try:
        far.send(function())
    except Exception as error:
        far.send(error)


def act(user: int, function, groups=(GROUP,)):
    """Return what a function gives, or raise what it raises, in a process of another user."""
    near, far = fork.Pipe()
    process = fork.Process(target=_be, args=(user, list(groups), function, far), daemon=True)
    process.start()
    assert near.poll(20)
    answer = near.recv()
    process.join(20)
    if isinstance(answer, Exception):
        raise answer
    return answer


@as_root
def test_two_users_share_entries_both_ways(group):
    act(ANNE, lambda: group.write("gtf", KEY, b"Anne's"))
    assert act(BERT, lambda: group.read("gtf", KEY)) == b"Anne's"
    act(BERT, lambda: group.write("gtf", KEY, b"Bert's"))  # her entry and folder, his row
    act(BERT, lambda: group.write("gtf", "ab" + "00" * 31, b"more"))
    assert act(ANNE, lambda: group.read("gtf", KEY)) == b"Bert's"
    assert act(ANNE, lambda: group.move("gtf", "mf_rp", KEY))
    path = group.path("mf_rp", KEY)
    path.write_bytes(b"rotten, " + path.read_bytes())
    assert act(BERT, lambda: group.read("mf_rp", KEY)) is None
    assert not path.exists()


def _claims(cache: Cache) -> bool:
    with claim(cache.root, "gtf", KEY) as mine:
        return mine


@as_root
def test_a_claim_holds_against_another_user(group):
    def nested() -> tuple[bool, bool]:
        with claim(group.root, "gtf", KEY) as mine:
            return mine, (group.root / "claims").is_dir()

    assert act(ANNE, nested) == (True, True)
    with claim(group.root, "gtf", KEY):
        assert act(BERT, lambda: _claims(group)) is False
    assert act(BERT, lambda: _claims(group)) is True
    assert list((group.root / "claims").iterdir()) == []


@as_root
def test_who_may_only_read_gets_hits_and_a_clear_error(group):
    group.root.chmod(0o2755)
    act(ANNE, lambda: group.write("gtf", KEY, b"row"))
    assert act(EVE, lambda: group.read("gtf", KEY), groups=()) == b"row"
    assert act(EVE, lambda: _claims(group), groups=()) is True
    with pytest.raises(CacheError, match="Permission denied; what it holds can be used") as raised:
        act(EVE, lambda: group.write("gtf", "cd" * 32, b"row"), groups=())
    assert str(group.root) in str(raised.value)


@as_root
def test_an_entry_of_old_that_nobody_else_may_read_is_replaced(group):
    act(ANNE, lambda: group.write("gtf", KEY, b"row"))
    group.path("gtf", KEY).chmod(0o600)
    assert act(BERT, lambda: group.read("gtf", KEY)) is None
    act(BERT, lambda: group.write("gtf", KEY, b"again"))
    assert act(ANNE, lambda: group.read("gtf", KEY)) == b"again"
