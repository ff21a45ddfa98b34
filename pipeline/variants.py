"""Experiments as data: what is compared, and the parameters of each variant.

Conventions
-----------
``experiments/params.yaml`` holds two sections. ``experiments`` maps a name to

=============  ===================================================================================
``title``      what the report calls it
``question``   what it answers, one sentence
``paper``      where the paper speaks of it, one sentence
``reference``  the variant that all others are compared with
``protocols``  which folds: ``grouped``, and ``random`` beside it if wanted
``variants``   name -> {``model``, ``inputs`` (optional), ``set`` (optional)}
=============  ===================================================================================

A variant is a model, the inputs it may read (all that it can, unless named), and values of
``params.yaml`` that replace the shipped ones, by dotted key. ``models`` holds configurations of
models that only experiments train; they are read as if they stood in ``params.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import models
from pipeline import params
from pipeline.params import ParamsError

FILE = Path("experiments/params.yaml")
PROTOCOLS = ("grouped", "random")
_VARIANT_KEYS = ("model", "inputs", "set")


@dataclass(frozen=True)
class Variant:
    """One side of a comparison.

    Attributes
    ----------
    name
        Key in the file.
    model
        Model to train.
    inputs
        Inputs it may read; ``None`` for all of the model's.
    changes
        Dotted key -> value, on top of ``params.yaml``.
    """

    name: str
    model: str
    inputs: tuple[str, ...] | None
    changes: Mapping[str, Any]

    def reads(self) -> tuple[str, ...]:
        """Return the inputs it reads, in the model's order."""
        known: tuple[str, ...] = models.load(self.model).INPUTS
        return known if self.inputs is None else tuple(n for n in known if n in self.inputs)

    def embeds_anew(self) -> bool:
        """Whether it needs chord vectors of its own."""
        return any(key.split(".")[0] == "chord2vec" for key in self.changes)


@dataclass(frozen=True)
class Experiment:
    """A question and the variants that answer it; see the module."""

    name: str
    title: str
    question: str
    paper: str
    reference: str
    protocols: tuple[str, ...]
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class _Text:
    title: str
    question: str
    paper: str
    reference: str
    protocols: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.protocols or not set(self.protocols) <= set(PROTOCOLS):
            raise ValueError(
                f"protocols: {list(self.protocols)} must be one or more of {', '.join(PROTOCOLS)}"
            )
        if "grouped" not in self.protocols:
            raise ValueError(
                f"protocols: {list(self.protocols)} must have 'grouped': the report rests on it"
            )


def read(name: str, path: Path = FILE) -> Experiment:
    """Read one experiment.

    Raises
    ------
    pipeline.params.ParamsError
        If it is not there, or a key is unknown, missing or wrong.
    """
    section = params.section(params.read(path), "experiments", name)
    where = f"experiments.{name}"
    if not isinstance(section, Mapping):
        raise ParamsError(f"{where}: expected a mapping, got {section!r}")
    listed = params.section(section, "variants")
    if not isinstance(listed, Mapping) or not listed:
        raise ParamsError(f"{where}.variants: expected a mapping of variants, got {listed!r}")
    text = params.build(_Text, {k: v for k, v in section.items() if k != "variants"}, where)
    variants = tuple(_variant(str(key), value, where) for key, value in listed.items())
    params.section(listed, text.reference)  # names the nearest where there is no such variant
    return Experiment(name, **vars(text), variants=variants)


def _variant(name: str, section: Any, where: str) -> Variant:
    where = f"{where}.variants.{name}"
    if not isinstance(section, Mapping):
        raise ParamsError(f"{where}: expected a mapping, got {section!r}")
    for key in section:
        if key not in _VARIANT_KEYS:
            raise ParamsError(f"{where}: unknown key {key!r}; there are {', '.join(_VARIANT_KEYS)}")
    model = str(params.section(section, "model"))
    known = models.load(model).INPUTS
    inputs, changes = section.get("inputs"), section.get("set")
    if inputs is not None and not isinstance(inputs, list):
        raise ParamsError(f"{where}.inputs: expected a list, got {inputs!r}")
    if changes is not None and not isinstance(changes, Mapping):
        raise ParamsError(f"{where}.set: expected dotted keys with values, got {changes!r}")
    for item in inputs or ():
        if item not in known:
            raise ParamsError(
                f"{where}.inputs: {model} reads {', '.join(known) or 'nothing'}, not {item!r}"
            )
    return Variant(name, model, None if inputs is None else tuple(inputs), changes or {})


def all_parameters(path: Path = FILE) -> dict[str, Any]:
    """Return ``params.yaml`` with the models that only experiments train.

    Raises
    ------
    pipeline.params.ParamsError
        If a model has a section in both files.
    """
    own, extra = params.read(), params.section(params.read(path), "models") or {}
    twice = sorted(set(extra) & set(params.section(own, "models")))
    if twice:
        raise ParamsError(f"models.{twice[0]}: is in params.yaml and in {path}; keep one")
    return own | {"models": {**own["models"], **extra}}


def applied(all_params: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    """Return the parameters of one variant.

    Raises
    ------
    pipeline.params.ParamsError
        If it changes a key that does not exist, or one that would need another index, other folds
        or other features.
    """
    for key in variant.changes:
        if key.split(".")[0] not in ("models", "train", "chord2vec"):
            raise ParamsError(
                f"variant {variant.name}: {key!r} cannot differ between variants; they share index,"
                " folds and features (only models, train and chord2vec may be set)"
            )
    return params.override(all_params, variant.changes)
