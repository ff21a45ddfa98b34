"""Stage: what a corpus holds, and what of it cannot be used.

``python -m pipeline.index <corpus>`` asks the adapter for tracks, decodes every file once, and
writes ``data/index/<corpus>.csv`` and ``reports/<corpus>/quarantine.csv`` (file, stage, reason). A
bad file never stops the rest: a track whose audio cannot be used lives on by its MIDI, and the
other way round. A corpus with nothing left is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline import corpora, corpus, params, paths, stage
from pipeline.audio import AudioConfig
from pipeline.cache import Cache
from pipeline.execute import ComputeConfig, Executor, Failure
from pipeline.plan import batches
from pipeline.probe import Found, Look, look
from pipeline.stage import StageError

QUARANTINE_COLUMNS = ("file", "stage", "reason")


def index(all_params: Mapping[str, Any], name: str) -> list[corpus.Row]:
    """Run the stage.

    Raises
    ------
    StageError
        If nothing usable is left, or more than ``compute.max_rejected`` of the files is refused.
    pipeline.corpora.CorpusError
        If the corpus is not laid out as its adapter expects.
    """
    which = corpus.of(all_params, name)
    settings = params.build(ComputeConfig, params.section(all_params, "compute"), "compute")
    audio = params.build(AudioConfig, params.section(all_params, "audio"), "audio")
    adapter = corpora.load(which.adapter)
    config = params.build(adapter.Config, which.extra, f"corpora.{name}")
    tracks, refused = adapter.tracks(which.root, config)
    limit = _time_limit(all_params)
    cache = Cache.at(settings.cache)
    found = _probe(
        tracks,
        lambda part: Look(
            which.root.absolute(), tuple(part), audio, which.crop_seconds, limit, cache
        ),
        settings,
        f"index {name}",
    )
    # A score that belongs to two sounds is refused twice, and listed once.
    quarantine = sorted(
        {(reject.file, reject.reason) for reject in refused}
        | {reject for item in found for reject in item.rejects}
    )
    rows = [row for item in found if (row := _row(item)) is not None]
    corpus.write_rows(
        paths.quarantine(name),
        QUARANTINE_COLUMNS,
        [{"file": file, "stage": "index", "reason": why} for file, why in quarantine],
    )
    _check(rows, quarantine, settings.max_rejected, name)
    corpus.write_index(name, rows)
    _summary(rows, quarantine, audio, name)
    return rows


def _time_limit(all_params: Mapping[str, Any]) -> float:
    """Return the limit for reading one MIDI file, s; a wrong one would look like bad files."""
    limit = params.section(all_params, "chord2vec", "time_limit_seconds")
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0:
        raise params.ParamsError(
            f"chord2vec.time_limit_seconds: {limit!r} must be a positive number of seconds"
        )
    return float(limit)


def _probe(
    tracks: Sequence[corpora.Track], make: Any, settings: ComputeConfig, label: str
) -> list[Found]:
    """Probe all tracks; a batch that takes its worker down is tried again file by file."""
    found: dict[str, list[Found]] = {track.track: [] for track in tracks}
    with Executor(settings) as executor:
        todo, size = list(tracks), settings.batch_tracks
        while todo:
            tasks = [make(part) for part in batches(todo, size)]
            todo = []
            results = executor.run(look, tasks, label, lambda task: len(task.tracks))
            for task, result in zip(tasks, results, strict=True):
                parts = [part for track in task.tracks for part in _parts(track, len(task.tracks))]
                if not isinstance(result, Failure):
                    for item in result:
                        found[item.track.track].append(item)
                elif len(parts) > 1:
                    todo += parts
                else:
                    found[parts[0].track].append(_failed(parts[0], result))
            size = 1
    return [_joined(track, found[track.track]) for track in tracks]


def _parts(track: corpora.Track, count: int) -> list[corpora.Track]:
    """Return what a track of a failed task is tried again as: whole, or alone as its files."""
    if count > 1 or track.audio is None or track.midi is None:
        return [track]
    return [replace(track, midi=None), replace(track, audio=None)]


def _joined(track: corpora.Track, parts: Sequence[Found]) -> Found:
    """Return what is known of a track from what was found of its files, together or apart."""
    texts = ("audio_sha256", "midi_sha256", "duration_seconds", "sample_rate")
    whole = {name: "".join(getattr(part, name) for part in parts) for name in texts}
    return Found(track, **whole, rejects=tuple(each for part in parts for each in part.rejects))


def _failed(track: corpora.Track, failure: Failure) -> Found:
    files = [file for file in (track.audio, track.midi) if file is not None]
    reason = f"{failure.code}: {failure.reason}"
    return Found(track, "", "", "", "", tuple((file, reason) for file in files))


def _row(found: Found) -> corpus.Row | None:
    """Return the index row of a track, or ``None`` if nothing of it can be used."""
    track = found.track
    if not found.audio_sha256 and not found.midi_sha256:
        return None
    return corpus.Row(
        track=track.track,
        audio=(track.audio or "") if found.audio_sha256 else "",
        midi=(track.midi or "") if found.midi_sha256 else "",
        label=track.label,
        group=track.group,
        duration_seconds=found.duration_seconds,
        sample_rate=found.sample_rate,
        sha256=found.audio_sha256 or found.midi_sha256,
        midi_sha256=found.midi_sha256,
        condition=track.condition,
    )


def _check(
    rows: Sequence[corpus.Row], quarantine: Sequence[tuple[str, str]], allowed: float, name: str
) -> None:
    files = len(quarantine) + sum(bool(row.audio) + bool(row.midi) for row in rows)
    if not rows or len(quarantine) > allowed * files:
        first = f"; the first is {quarantine[0][0]}: {quarantine[0][1]}" if quarantine else ""
        rule = "nothing is left" if not rows else f"compute.max_rejected = {allowed} is exceeded"
        raise StageError(
            f"index {name}: {len(quarantine)} of {files} files cannot be used and {rule}{first}; "
            f"all reasons are in {paths.quarantine(name)}"
        )


def _summary(
    rows: Sequence[corpus.Row],
    quarantine: Sequence[tuple[str, str]],
    audio: AudioConfig,
    name: str,
) -> None:
    groups = {row.group for row in rows}
    labels = Counter(row.label for row in rows)
    classes = ", ".join(f"{label} {count}" for label, count in sorted(labels.items()))
    if len(groups) == len(rows):
        print(
            f"index {name}: every track is a group of its own; if one artist, song or speaker has "
            "several tracks, name the groups, or they leak from training into test"
        )
    low = sum(int(row.sample_rate) < audio.sample_rate for row in rows if row.sample_rate)
    if low:
        print(
            f"index {name}: {low} tracks are sampled below audio.sample_rate = "
            f"{audio.sample_rate} Hz; the empty band above them can give their origin away"
        )
    print(
        f"index {name}: {len(rows)} tracks in {len(groups)} groups ({classes}), "
        f"{len(quarantine)} files in quarantine",
        flush=True,
    )


def main() -> None:
    """Run the stage with ``params.yaml``."""
    stage.main(__doc__, lambda name: index(params.read(), name), "corpus")


if __name__ == "__main__":
    main()
