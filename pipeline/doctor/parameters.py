"""Every section of params.yaml, read as the stages read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pipeline import corpora, corpus, crossval, embed, params, synthesize, vocabulary
from pipeline.auditing.settings import AuditConfig
from pipeline.doctor import Finding, Patient
from pipeline.execute import ComputeConfig
from pipeline.extract import recipe_of
from pipeline.html.settings import Page
from pipeline.reporting import settings
from pipeline.split import CvConfig
from pipeline.stage import StageError

Reader = Callable[[Mapping[str, Any]], object]
MEND = "mend it in params.yaml"
#: Sections that one dataclass reads.
WHOLE = {
    "audit": AuditConfig,
    "compute": ComputeConfig,
    "cv": CvConfig,
    "page": Page,
    "vocabulary": vocabulary.Config,
}
#: All sections that there are.
SECTIONS = (
    *WHOLE,
    *("audio", "chord2vec", "corpora", "features", "final", "models", "report", "synthesize"),
    "train",
)


def check(patient: Patient) -> Iterator[Finding]:
    """Read every section; one finding for each that cannot be read."""
    all_params = patient.needed()
    found = wrong(all_params, settings.read)
    yield from (Finding("fail", text, MEND) for text in found)
    if not found:
        read = sum(1 for _ in readers(all_params, settings.read))
        yield Finding("ok", f"params.yaml: {read} sections are valid")


def wrong(all_params: Mapping[str, Any], report: Reader) -> list[str]:
    """Return what each section that cannot be read says, in one line.

    Parameters
    ----------
    report
        What reads section ``report``.
    """
    seen: dict[str, None] = {}  # one wrong value may be read for every corpus
    for reader in readers(all_params, report):
        try:
            reader()
        except (ValueError, StageError) as error:
            seen[" ".join(str(error).split())] = None
    return list(seen)


def readers(all_params: Mapping[str, Any], report: Reader) -> Iterator[Callable[[], object]]:
    """Yield what reads each section, or raises what is wrong with it."""
    yield partial(_known, all_params)
    for name, config in WHOLE.items():
        yield partial(_whole, all_params, name, config)
    every: tuple[Reader, ...] = (
        embed.read_config,
        embed.read_notes_config,
        crossval.settings,
        report,
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


def _known(all_params: Mapping[str, Any]) -> None:
    for name in all_params:
        params.section(dict.fromkeys(SECTIONS), name)


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
