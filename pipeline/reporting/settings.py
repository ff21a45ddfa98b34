"""What the report compares (section ``report`` and ``cv.bootstrap`` of ``params.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline import params
from pipeline.reporting.bootstrap import Bootstrap


@dataclass(frozen=True)
class Report:
    """Which models stand opposite each other (section ``report``).

    Attributes
    ----------
    ours
        Models of this project's own; every model is compared with each of them.
    network
        That one of ours whose confusion matrix and learning curves are drawn.
    baselines
        Models that ours must beat; at least one.
    reference
        That baseline with which every model is compared too.
    significance
        Level of the tests, in (0, 1): a difference is supported below it.
    alpha
        Weight of MFCC against residual phase in the picture of MF_RP, in [0, 1].
    """

    ours: tuple[str, ...]
    network: str
    baselines: tuple[str, ...]
    reference: str
    significance: float
    alpha: float

    def __post_init__(self) -> None:
        if not self.baselines:
            raise ValueError("baselines = []: name at least one model to compare with")
        for key, names in (("ours", self.ours), ("baselines", self.baselines)):
            if len(set(names)) < len(names):
                raise ValueError(f"{key} = {list(names)}: a model is named twice")
        both = sorted(set(self.ours) & set(self.baselines))
        if both:
            raise ValueError(f"ours = {list(self.ours)}: {both[0]!r} is among the baselines")
        if self.network not in self.ours:
            raise ValueError(f"network = {self.network!r}: must be one of ours {list(self.ours)}")
        if self.reference not in self.baselines:
            raise ValueError(
                f"reference = {self.reference!r}: must be one of baselines {list(self.baselines)}"
            )
        if not 0 < self.significance < 1:
            raise ValueError(f"significance = {self.significance}: must lie between 0 and 1")
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha = {self.alpha}: must lie in [0, 1]")


@dataclass(frozen=True)
class Roles:
    """Who plays which part on one corpus, among the models that apply to it.

    Attributes
    ----------
    ours, network, baselines, reference
        As in :class:`Report`; :func:`roles` says who stands in.
    """

    ours: tuple[str, ...]
    network: str
    baselines: tuple[str, ...]
    reference: str


def roles(report: Report, applicable: Sequence[str]) -> Roles | None:
    """Allot the parts to the models that apply; None where fewer than two do.

    Where none of ours applies, the first model that is no baseline stands in, or else the first
    model; where no baseline applies, the first of the rest. Where the network does not apply, it is
    the first of ours; where the reference does not, the first baseline.

    Examples
    --------
    >>> report = Report(("best", "net"), "net", ("floor", "svm"), "svm", 0.05, 0.5)
    >>> roles(report, ["floor", "speech", "best"])
    Roles(ours=('best',), network='best', baselines=('floor',), reference='floor')
    """
    if len(applicable) < 2:
        return None
    baselines = tuple(name for name in report.baselines if name in applicable)
    ours = tuple(name for name in report.ours if name in applicable)
    if not ours:
        others = [name for name in applicable if name not in baselines]
        ours = ((others or list(applicable))[0],)
        baselines = tuple(name for name in baselines if name not in ours)
    if not baselines:
        rest = [name for name in applicable if name not in ours]
        baselines = tuple((rest or list(ours[1:]))[:1])
        ours = tuple(name for name in ours if name not in baselines)
    network = report.network if report.network in ours else ours[0]
    reference = report.reference if report.reference in baselines else baselines[0]
    return Roles(ours, network, baselines, reference)


@dataclass(frozen=True)
class Settings:
    """All that evaluation and report read from ``params.yaml``."""

    report: Report
    bootstrap: Bootstrap
    models: tuple[str, ...]
    corpora: Mapping[str, Mapping[str, Any]]


def read(parameters: Mapping[str, Any]) -> Settings:
    """Read and cross-check the settings.

    Raises
    ------
    ParamsError
        Also where ``report`` names a model that ``models`` lacks.
    """
    report = params.build(Report, params.section(parameters, "report"), "report")
    models = tuple(str(name) for name in params.section(parameters, "models"))
    for name in (*report.ours, *report.baselines):
        if name not in models:
            raise params.ParamsError(
                f"report: {name!r} is not under `models`; there are {', '.join(models)}"
            )
    bootstrap = params.build(
        Bootstrap, params.section(parameters, "cv", "bootstrap"), "cv.bootstrap"
    )
    return Settings(report, bootstrap, models, params.section(parameters, "corpora"))
