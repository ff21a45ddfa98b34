"""Every section of params.yaml, read as the stages read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pipeline import corpora, corpus, crossval, embed, params, synthesize
from pipeline.auditing.settings import AuditConfig
from pipeline.doctor import Finding, Patient
from pipeline.execute import ComputeConfig
from pipeline.extract import recipe_of
from pipeline.reporting import settings
from pipeline.split import CvConfig
from pipeline.stage import StageError

MEND = "mend it in params.yaml"
#: Sections that one dataclass reads.
WHOLE = {
    "audit": AuditConfig,
    "compute": ComputeConfig,
    "cv": CvConfig,
}


def check(patient: Patient) -> Iterator[Finding]:
    """Read every section; one finding for each that cannot be read."""
    all_params = patient.needed()
    seen = set[str]()
    read = 0
    for reader in readers(all_params):
        read += 1
        try:
            reader()
        except (ValueError, StageError) as error:
            text = " ".join(str(error).split())
            if text not in seen:  # one wrong value may be read for every corpus
                seen.add(text)
                yield Finding("fail", text, MEND)
    if not seen:
        yield Finding("ok", f"params.yaml: {read} sections are valid")


def readers(all_params: Mapping[str, Any]) -> Iterator[Callable[[], object]]:
    """Yield what reads each section, or raises what is wrong with it."""
    for name, config in WHOLE.items():
        yield partial(_whole, all_params, name, config)
    every: tuple[Callable[[Mapping[str, Any]], object], ...] = (
        embed.read_config,
        embed.read_notes_config,
        crossval.settings,
        settings.read,
        _synthesis,
        *([_final] if "final" in all_params else []),
    )
    for reader in every:
        yield partial(reader, all_params)
    names = _keys(all_params, "models")
    for name in _keys(all_params, "corpora"):
        yield partial(_corpus, all_params, name)
        yield from (partial(crossval.skipped, all_params, name, model) for model in names[:1])
        for feature in _keys(all_params, "features"):
            yield partial(recipe_of, all_params, name, feature)
    for model in names:
        yield partial(crossval.model_config, all_params, model)


def _whole(all_params: Mapping[str, Any], name: str, config: type[Any]) -> None:
    params.build(config, params.section(all_params, name), name)


def _synthesis(all_params: Mapping[str, Any]) -> None:
    section = dict(params.section(all_params, "synthesize"))
    params.section({"synthesize": section}, "synthesize", "root")
    del section["root"]
    params.build(synthesize.Config, section, "synthesize")


def _final(all_params: Mapping[str, Any]) -> None:
    from pipeline.final import FinalConfig

    params.build(FinalConfig, params.section(all_params, "final"), "final")


def _keys(all_params: Mapping[str, Any], name: str) -> list[str]:
    section = all_params.get(name)
    return list(section) if isinstance(section, Mapping) else []


def _corpus(all_params: Mapping[str, Any], name: str) -> None:
    which = corpus.of(all_params, name)
    params.build(corpora.load(which.adapter).Config, which.extra, f"corpora.{name}")
