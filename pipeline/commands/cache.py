"""Look at the per-track cache, prune it, or check every entry of it.

The cache is compute.cache of params.yaml, or what the variable MULTISPEC_CACHE names. Nothing in
it is ever needed: what is pruned is computed again when it is asked for. docs/cache.md says more.

status   how much there is of each kind, how old it is, and what killed processes left behind
prune    remove what killed processes left behind, always; and, if asked, what has not been used
         for a time (--older-than) or what params.yaml does not ask for (--unreachable; with both,
         both must hold). What was used within the last hour, or is being computed, stays.
verify   read every entry and compare it with its checksum; status 1 if one is damaged. A damaged
         entry does no harm: a run that meets it computes it again. --remove removes it now.

Typical calls:
  multispec cache status
  multispec cache prune --older-than 30d --dry-run
  multispec cache prune --unreachable
  multispec cache verify --remove
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from pipeline import params
from pipeline.cache import DIGEST_BYTES, Cache, sound
from pipeline.caching import claims, prune
from pipeline.caching.inventory import Item, Sum, age, items, size, sums, table
from pipeline.execute import ComputeConfig

if TYPE_CHECKING:
    from pipeline.caching.reach import Reach

SORTS = {
    "partial": "being written",
    "checkpoint": "checkpoints",
    "claim": "claims",
    "foreign": "foreign files",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("what", choices=["status", "prune", "verify"])
    parser.add_argument(
        "--older-than", metavar="AGE", help="prune: not used for this long: 12h, 30d, 8w"
    )
    parser.add_argument(
        "--unreachable", action="store_true", help="prune: what params.yaml does not ask for"
    )
    parser.add_argument(
        "--everyone",
        action="store_true",
        help="prune: unreachable entries of other users too (they may have other parameters)",
    )
    parser.add_argument("--dry-run", action="store_true", help="prune: say what would go")
    parser.add_argument("--remove", action="store_true", help="verify: remove damaged entries")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(namespace: argparse.Namespace) -> int:
    """Do what is asked for; return 1 if an entry is damaged."""
    _check(namespace)
    all_params = params.read()
    compute = params.build(ComputeConfig, params.section(all_params, "compute"), "compute")
    cache = Cache.at(compute.cache)
    listed = list(tqdm(items(cache), "look", unit="file", disable=_quiet(namespace)))
    if namespace.what == "status":
        return _status(cache, listed, namespace.json)
    if namespace.what == "prune":
        return _prune(cache, listed, all_params, namespace)
    return _verify(cache, listed, namespace)


def _check(namespace: argparse.Namespace) -> None:
    """Refuse an option that its command would ignore."""
    own = {"prune": ("older_than", "unreachable", "everyone", "dry_run"), "verify": ("remove",)}
    for what, names in own.items():
        for name in names:
            if what != namespace.what and getattr(namespace, name):
                raise ValueError(f"--{name.replace('_', '-')} belongs to `multispec cache {what}`")
    if namespace.everyone and not namespace.unreachable:
        raise ValueError("--everyone goes with --unreachable")


def _quiet(namespace: argparse.Namespace) -> bool:
    return namespace.json or not sys.stderr.isatty()


def _status(cache: Cache, listed: Sequence[Item], as_json: bool) -> int:
    now = time.time()
    kinds, sorts = sums(listed)
    held = len(prune.claimed(cache))
    if as_json:
        _print(
            cache,
            kinds={kind: total.json(now) for kind, total in kinds.items()},
            **{sort: total.json(now) for sort, total in sorts.items()},
            claims_held=held,
        )
        return 0
    print(f"cache {cache.root}: {sorts['entry'].count} entries, {size(sorts['entry'].bytes)}")
    rest = {SORTS[sort]: total for sort, total in sorts.items() if sort in SORTS and total.count}
    for line in [*table(kinds, now), *table(rest, now)]:
        print(line)
    if sorts["claim"].count:
        print(f"  {held} of the claims are held by processes at work now")
    stale = [item for item in listed if item.sort == "partial" and _stale(item, now)]
    if stale:
        print(f"  {len(stale)} files were left by killed writers; `multispec cache prune`")
    return 0


def _stale(item: Item, now: float) -> bool:
    return now - item.found.used > prune.GRACE_SECONDS


def _prune(
    cache: Cache, listed: Sequence[Item], all_params: dict[str, Any], namespace: argparse.Namespace
) -> int:
    from pipeline.caching.reach import reach  # it imports all that makes keys

    older = None if namespace.older_than is None else prune.seconds(namespace.older_than)
    reached = reach(all_params) if namespace.unreachable else None
    rules = prune.Rules(time.time(), older, reached, namespace.everyone, prune.claimed(cache))
    totals: dict[tuple[str, str], Sum] = {}
    busy = 0
    found = list(prune.verdicts(listed, rules))
    for item, reason in tqdm(found, "prune", unit="file", disable=_quiet(namespace)):
        stays = reason == prune.OTHERS or namespace.dry_run
        if stays or prune.remove(item):
            totals.setdefault((reason, item.kind or item.sort), Sum()).add(item.found)
        else:
            busy += 1
    locks = sum(not lock.held for lock in claims.survey(cache.root))
    answer = {
        "dry_run": namespace.dry_run,
        "freed_bytes": sum(each.bytes for (why, _), each in totals.items() if why != prune.OTHERS),
        "removed": [_row(why, kind, each) for (why, kind), each in sorted(totals.items())],
        "claims": locks if namespace.dry_run else claims.sweep(cache.root),
        "not_removed": busy,
        "not_judged": _unjudged(listed, reached),
    }
    if namespace.json:
        _print(cache, **answer)
    else:
        _tell(cache, answer)
    return 0


def _row(reason: str, kind: str, total: Sum) -> dict[str, Any]:
    return {"reason": reason, "kind": kind, "count": total.count, "bytes": total.bytes}


def _unjudged(listed: Sequence[Item], reached: Reach | None) -> list[str]:
    kinds = {item.kind for item in listed if item.sort == "entry"}
    return sorted(kind for kind in kinds if reached is not None and not reached.judges(kind))


def _tell(cache: Cache, answer: dict[str, Any]) -> None:
    left = _row(prune.UNFINISHED, "claim", Sum(count=answer["claims"]))
    for row in [*answer["removed"], *([left] if answer["claims"] else [])]:
        amount = f"{row['count']:>10}{size(row['bytes']):>12}"
        print(f"  {row['kind']:<24}{amount}  {row['reason']}")
    if answer["not_removed"]:
        print(f"  {answer['not_removed']} files could not be removed, or were used meanwhile")
    if answer["not_judged"]:
        kinds = ", ".join(answer["not_judged"])
        print(f"  kept, because nothing here tells what is asked for: {kinds}")
    done = "would be" if answer["dry_run"] else "were"
    print(f"cache {cache.root}: {size(answer['freed_bytes'])} {done} freed")


def _verify(cache: Cache, listed: Sequence[Item], namespace: argparse.Namespace) -> int:
    entries = [item for item in listed if item.sort == "entry"]
    damaged = []
    for item in tqdm(entries, "verify", unit="entry", disable=_quiet(namespace)):
        data = item.place.look(item.found.name)
        if data is not None and not sound(data[:DIGEST_BYTES], data[DIGEST_BYTES:]):
            damaged.append(item)
            if not namespace.json:
                print(f"damaged: {item.found.name} ({age(time.time() - item.found.used)} old)")
    removed = sum(prune.remove(item) for item in damaged) if namespace.remove else 0
    if namespace.json:
        names = [item.found.name for item in damaged]
        _print(cache, checked=len(entries), damaged=names, removed=removed)
    else:
        print(
            f"cache {cache.root}: {len(entries)} entries checked, {len(damaged)} damaged, "
            f"{removed} removed"
        )
    return int(bool(damaged))


def _print(cache: Cache, **values: Any) -> None:
    print(json.dumps({"root": str(cache.root), **values}, indent=2))
