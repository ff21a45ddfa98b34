"""What the report compares (section ``report`` and ``cv.bootstrap`` of ``params.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline import params
from pipeline.reporting.bootstrap import Bootstrap


@dataclass(frozen=True)
class Report:
    """Which models stand opposite each other (section ``report``).

    Attributes
    ----------
    network
        The main network: its confusion matrix and learning curves are drawn.
    baselines
        Models that the network must beat; at least one.
    alpha
        Weight of MFCC against residual phase in the picture of MF_RP, in [0, 1].
    """

    network: str
    baselines: tuple[str, ...]
    alpha: float

    def __post_init__(self) -> None:
        if not self.baselines:
            raise ValueError("baselines = []: name at least one model to compare with")
        if self.network in self.baselines:
            raise ValueError(f"network = {self.network!r}: must not be among the baselines")
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha = {self.alpha}: must lie in [0, 1]")


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
    for name in (report.network, *report.baselines):
        if name not in models:
            raise params.ParamsError(
                f"report: {name!r} is not under `models`; there are {', '.join(models)}"
            )
    bootstrap = params.build(
        Bootstrap, params.section(parameters, "cv", "bootstrap"), "cv.bootstrap"
    )
    return Settings(report, bootstrap, models, params.section(parameters, "corpora"))
