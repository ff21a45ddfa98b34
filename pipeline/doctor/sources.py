"""The corpora: whether their roots are there, and what their adapters find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline import corpora, corpus, params
from pipeline.doctor import Finding, Patient
from pipeline.stage import StageError


def check(patient: Patient) -> Iterator[Finding]:
    """Ask every corpus's adapter for its tracks."""
    all_params = patient.needed()
    for name in params.section(all_params, "corpora"):
        try:
            yield _corpus(all_params, name)
        except (ValueError, StageError) as error:
            text = " ".join(str(error).split())
            remedy = f"see docs/corpora.md, and corpora.{name} in params.yaml"
            yield Finding("fail", f"corpus {name}: {text}", remedy)


def _corpus(all_params: Mapping[str, Any], name: str) -> Finding:
    which = corpus.of(all_params, name)
    adapter = corpora.load(which.adapter)
    config = params.build(adapter.Config, which.extra, f"corpora.{name}")
    made = params.section(all_params, "synthesize", "root") if "synthesize" in all_params else None
    if not which.root.is_dir() and which.root.as_posix() == made:
        return Finding("ok", f"corpus {name}: {made} will be made by the stage synthesize")
    tracks, refused = adapter.tracks(which.root, config)
    sound = sum(track.audio is not None for track in tracks)
    score = sum(track.midi is not None for track in tracks)
    labels = {track.label for track in tracks}
    what = (
        f"corpus {name}: {len(tracks)} tracks ({sound} audio, {score} MIDI), {len(labels)} classes"
    )
    if len(labels) < 2:
        return Finding("fail", what, "a classifier needs at least two classes; see docs/corpora.md")
    if refused:
        remedy = f"read reports/{name}/quarantine.csv after `dvc repro index@{name}`"
        return Finding("warn", f"{what}, {len(refused)} files refused", remedy)
    return Finding("ok", what)
