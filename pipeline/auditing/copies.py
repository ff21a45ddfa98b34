"""Near-identical recordings across folds: the same sound in another coding, at another gain, cut.

Conventions
-----------
The contours of :mod:`pipeline.auditing.fingerprint` are taken from levels, dB [shape=(second, band
24, frame)]: those of ``gtf``, or those that the first 24 cepstral coefficients of ``mf_rp`` stand
for. All pairs are first compared at every offset in steps of ``step_seconds``, and those that are
anything alike again at the feature's own resolution: two cuts need not begin on one grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from pipeline import paths, store
from pipeline.auditing import fingerprint
from pipeline.auditing.findings import Finding, Severity
from pipeline.auditing.folds import GROUPED, Folds
from pipeline.auditing.settings import Accepted, Contoured, Copies

CHECK = "copies"
#: Coefficients of the cepstrum that are used, and bands they are turned back into.
COEFFICIENTS = 24
EDGES = np.linspace(-0.2, 1.0, 25)


@dataclass(frozen=True)
class Heard:
    """What was compared.

    Attributes
    ----------
    feature
        Which feature; empty where there is none.
    tracks
        Ids of the tracks compared.
    pairs
        (track, track, similarity, s by which the second begins later), from ``coarse`` on.
    counts
        Pairs per bin of :data:`EDGES` in the coarse search.
    """

    feature: str
    tracks: tuple[str, ...]
    pairs: tuple[tuple[str, str, float, float], ...]
    counts: tuple[int, ...]


def hear(name: str, config: Copies) -> Heard:
    """Compare all recordings of a corpus that has sound.

    Raises
    ------
    pipeline.store.StoreError
        If a store is damaged.
    """
    for feature in config.features:
        path = paths.features(name, feature)
        if path.exists():
            reader = store.Reader(path)
            if len(reader.tracks) > 1:
                return _compare(reader, feature, config)
    return Heard("", (), (), ())


def _compare(reader: store.Reader, feature: Contoured, config: Copies) -> Heard:
    rate = reader.shape[-1]
    step = max(1, round(config.step_seconds * rate))
    mels = int(reader.attributes["config"]["mels"]) if feature == "mf_rp" else 0
    fine, tracks = [], []
    for start, _, rows in reader.shards():
        for offset, row in enumerate(rows):
            valid = int(reader.seconds_valid[start + offset])
            if valid:
                levels = cepstral_levels(row[:valid], mels) if mels else row[:valid]
                fine.append(fingerprint.contour(levels, step, config.depth_db))
                tracks.append(reader.tracks[start + offset])
    coarse = [one[::step] for one in fine]
    overlap = config.overlap_seconds * rate
    found, counts = fingerprint.scan(
        coarse, round(overlap / step), config.quiet, config.coarse, EDGES
    )
    pairs = []
    for match in found:
        similarity, offset = fingerprint.compare(
            fine[match.first], fine[match.second], round(overlap), config.quiet
        )
        # Either resolution has seen the pair; the better view counts.
        best = max((similarity, offset), (match.similarity, match.offset * step))
        pairs.append((tracks[match.first], tracks[match.second], best[0], best[1] / rate))
    return Heard(feature, tuple(tracks), tuple(pairs), tuple(counts.tolist()))


def cepstral_levels(values: NDArray[Any], mels: int) -> NDArray[Any]:
    """Turn the cepstrum back into levels, smoothed over neighbouring bands.

    Parameters
    ----------
    values
        ``mf_rp`` [shape=(second, part 2, coefficient, frame)].
    mels
        Bands that the orthonormal cosine transform was taken of.

    Returns
    -------
    ndarray [shape=(second, band, frame)], dB

    Examples
    --------
    >>> flat = np.zeros((1, 2, 64, 3))
    >>> flat[:, 0, 0] = -40 * np.sqrt(128)  # the transform of -40 dB in each of 128 bands
    >>> bool(np.allclose(cepstral_levels(flat, 128), -40))
    True
    """
    cepstrum = values[:, 0, :COEFFICIENTS]
    scale = np.sqrt(cepstrum.shape[1] / mels)
    return np.asarray(scale * fft.idct(cepstrum, type=2, norm="ortho", axis=1))


def check(
    heard: Heard,
    folds: Sequence[Folds],
    tracks: Sequence[str],
    config: Copies,
    accepted: Sequence[Accepted],
) -> list[Finding]:
    """Judge the pairs that count as copies.

    Parameters
    ----------
    tracks
        Ids in index order.
    accepted
        Pairs of this corpus that someone has listened to.
    """
    limit = f"{config.similarity:.3f}"
    if not heard.feature:
        detail = f"not checked: the corpus has no sound, or none of {', '.join(config.features)}"
        return [Finding(CHECK, "pass", "recordings", "", limit, detail)]
    where = {track: number for number, track in enumerate(tracks)}
    reasons = {frozenset(entry.tracks): entry.reason for entry in accepted}
    found = []
    for first, second, similarity, offset in heard.pairs:
        if similarity < config.similarity or not {first, second} <= set(where):
            continue
        apart = [one for one in folds if one.fold[where[first]] != one.fold[where[second]]]
        reason = reasons.pop(frozenset((first, second)), None)
        severity, detail = _judge(apart, reason, config.fails)
        what = f"{first} = {second} {offset:+.2f} s"
        found.append(Finding(CHECK, severity, what, f"{similarity:.3f}", limit, detail))
    found += [_unused(pair, limit) for pair in reasons]
    if not any(finding.severity != "pass" for finding in found):
        found.append(_clean(heard, config, limit))
    return found


def _judge(apart: Sequence[Folds], reason: str | None, fails: bool) -> tuple[Severity, str]:
    """Return how bad two copies are that these cross-validations tear apart."""
    grouped = [str(one) for one in apart if one.protocol == GROUPED]
    if not apart:
        return "pass", "copies, and always in one fold: they are tested together"
    if reason is not None:
        return "warn", f"alike, and accepted as no copies in audit.accepted: {reason}"
    if not grouped:
        return "warn", "copies in two random folds: that protocol leaks by design"
    return (
        "fail" if fails else "warn",
        f"copies in two folds ({'; '.join(grouped)}): what is tested was heard in training; give "
        "the two tracks one group, or remove one; if they are no copies, list the pair with a "
        "reason in audit.accepted",
    )


def _unused(pair: frozenset[str], limit: str) -> Finding:
    detail = "audit.accepted names a pair that is not alike; remove the entry"
    return Finding(CHECK, "warn", " = ".join(sorted(pair)), "", limit, detail)


def _clean(heard: Heard, config: Copies, limit: str) -> Finding:
    count = len(heard.tracks) * (len(heard.tracks) - 1) // 2
    largest = max((pair[2] for pair in heard.pairs if pair[2] < config.similarity), default=None)
    value = f"below {config.coarse:.3f}" if largest is None else f"{largest:.3f}"
    detail = f"no copies across folds among {count} pairs ({heard.feature}); the largest other"
    return Finding(CHECK, "pass", f"{len(heard.tracks)} recordings", value, limit, detail)


def summary(heard: Heard) -> Mapping[str, Any]:
    """Return the distribution of similarities, for the report."""
    return {
        "feature": heard.feature,
        "tracks": len(heard.tracks),
        "edges": [round(float(edge), 3) for edge in EDGES],
        "counts": list(heard.counts),
        "pairs": [[a, b, round(s, 3), round(offset, 3)] for a, b, s, offset in heard.pairs],
    }


def loudness(name: str) -> dict[str, float]:
    """Return the mean level of every track, dB, where the corpus has ``gtf``."""
    path: Path = paths.features(name, "gtf")
    if not path.exists():
        return {}
    reader, levels = store.Reader(path), {}
    for start, stop, rows in reader.shards():
        for number in range(start, stop):
            valid = int(reader.seconds_valid[number])
            if valid:
                levels[reader.tracks[number]] = float(rows[number - start, :valid].mean())
    return levels
