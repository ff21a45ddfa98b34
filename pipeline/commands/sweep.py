"""Queue every variant of an experiment as a DVC experiment.

Each becomes `dvc exp run --queue` on the stage `sweep` of experiments/dvc.yaml, with the variant's
model, inputs and values as -S overrides; `dvc exp show` then lists training and test accuracy
beside what was changed. Folds are cached by content: what `dvc repro experiments/dvc.yaml` or an
earlier sweep has trained is not trained again. Without --run the queue waits for `dvc queue start`
(in the background) or `dvc exp run --run-all`.

Typical calls:
  multispec sweep channels --dry-run
  multispec sweep channels --corpus demo --run
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline import params, variants
from pipeline.stage import StageError
from pipeline.sweep import FILE
from pipeline.variants import Experiment, Variant

#: Text that Hydra's grammar of overrides takes without quotes.
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
WORDS = ("null", "true", "false", "inf", "nan")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("experiment", help="key of `experiments` in experiments/params.yaml")
    parser.add_argument("--corpus", metavar="C", help="only this corpus (default: all)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="print the commands and queue nothing")
    how.add_argument("--run", dest="start", action="store_true", help="then run the queue")


def run(namespace: argparse.Namespace) -> int:
    """Queue the variants, or print the commands; return the exit status."""
    own, everything = params.read(), variants.all_parameters()
    experiment = variants.read(namespace.experiment)
    for variant in experiment.variants:
        variants.applied(everything, variant)  # a wrong key is refused before anything is queued
    corpora = [str(name) for name in params.section(own, "corpora")]
    if namespace.corpus is not None:
        params.section(own, "corpora", namespace.corpus)
        corpora = [namespace.corpus]
    commands = [
        queued(corpus, experiment, variant, own)
        for corpus in corpora
        for variant in experiment.variants
    ]
    if namespace.start:
        commands.append(["dvc", "exp", "run", "--run-all"])
    for command in commands:
        print(shlex.join(command), flush=True)
        if not namespace.dry_run:
            _call(command)
    return 0


def queued(
    corpus: str, experiment: Experiment, variant: Variant, own: Mapping[str, Any]
) -> list[str]:
    """Return the command that queues one variant on one corpus.

    Parameters
    ----------
    own
        ``params.yaml``; a model that it lacks is set in ``experiments/params.yaml``.
    """
    inputs = None if variant.inputs is None else list(variant.inputs)
    chosen = {"model": variant.model, "inputs": inputs, "protocols": list(experiment.protocols)}
    settings = [f"{FILE}:{key}={literal(value)}" for key, value in chosen.items()]
    for key, value in variant.changes.items():
        section, _, rest = key.partition(".")
        elsewhere = section == "models" and rest.split(".")[0] not in own["models"]
        file = f"{variants.FILE}:" if elsewhere else ""
        settings += [f"{file}{leaf}={literal(each)}" for leaf, each in leaves(key, value)]
    options = [part for setting in settings for part in ("-S", setting)]
    target = f"experiments/dvc.yaml:sweep@{corpus}"
    return [
        "dvc", "exp", "run", "--queue", "--name", name(corpus, experiment.name, variant.name),
        *options, target,
    ]  # fmt: skip


def name(*parts: str) -> str:
    """Return a name that Git takes for a branch.

    Examples
    --------
    >>> name("demo", "chords", "paper's tokens, summed")
    'demo-chords-paper-s-tokens-summed'
    """
    return "-".join(re.sub(r"[^A-Za-z0-9_]+", "-", part).strip("-") for part in parts)


def leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield dotted key and value of everything below a key.

    Examples
    --------
    >>> list(leaves("a", {"b": 1, "c": {"d": [2]}}))
    [('a.b', 1), ('a.c.d', [2])]
    """
    if isinstance(value, Mapping) and value:
        for inner, each in value.items():
            yield from leaves(f"{key}.{inner}", each)
    else:
        yield key, value


def literal(value: Any) -> str:
    """Write a value in Hydra's grammar of overrides.

    Examples
    --------
    >>> literal(None), literal(True), literal(1e-3), literal(["gtf", "a b"])
    ('null', 'true', '0.001', "[gtf,'a b']")
    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{','.join(literal(each) for each in value)}]"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping) and not value:
        return "{}"
    text = str(value)
    if PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _call(command: list[str]) -> None:
    """Run DVC; its own messages go where ours do."""
    done = subprocess.run([sys.executable, "-m", *command], check=False)
    if done.returncode:
        raise StageError(f"`{shlex.join(command)}` failed with status {done.returncode}")
