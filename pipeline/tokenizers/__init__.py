"""The registry of tokenisers: each file of this folder turns notes into a sentence of words.

A tokeniser module has a frozen dataclass ``Config`` and ``tokenize(notes, config) -> list[str]``,
whose words are in the order of time, and may have ``spell(word, config) -> (kind, meaning)``, which
says for people of what kind a word is and what it means; without it a word stands for itself. The
folder is the registry: a new file is a new tokeniser.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Protocol, cast

from pipeline.notes import Notes


class Tokenizer(Protocol):
    """What a module of this folder offers."""

    Config: type[Any]

    def tokenize(self, notes: Notes, config: Any) -> list[str]:
        """Return the words of a piece in the order of time."""


def names() -> list[str]:
    """Return the tokenisers there are, sorted.

    Examples
    --------
    >>> "paper" in names()
    True
    """
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Tokenizer:
    """Return the tokeniser of a name.

    Raises
    ------
    ValueError
        If there is no such file; the message lists those that there are.
    """
    if name not in names():
        raise ValueError(f"tokenizer: {name!r} is not one of {', '.join(names())}")
    return cast(Tokenizer, importlib.import_module(f"{__name__}.{name}"))


def spell(name: str, word: str, settings: Any) -> tuple[str, str]:
    """Return of what kind a word is, and what it means, in words that people read.

    Parameters
    ----------
    name
        A tokeniser.
    word
        One of its words.
    settings
        Its ``Config``.

    Examples
    --------
    >>> spell("vertical", "3:0.4.7", None)
    ('chord', 'major triad, bass from C3 to B3')
    """
    own = getattr(load(name), "spell", None)
    if own is None:
        return "word", word
    kind, meaning = own(word, settings)
    return str(kind), str(meaning)
