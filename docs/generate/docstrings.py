"""Docstrings as Markdown: they are numpydoc with reStructuredText's roles and simple tables.

A Griffe extension, which mkdocstrings asks for every docstring; the generated pages use
:func:`clean` as well.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:class|func|mod|data|meth|attr|exc|obj):`~?\.?([^`]+)`")
#: A simple table: rules of equal signs above, below the head, and at the end.
TABLE = re.compile(r"^((?:=+ +)+=+)\n.*?^\1\n.*?^\1$", re.M | re.S)


def clean(text: str) -> str:
    """Return a docstring as Markdown.

    Examples
    --------
    >>> clean("See :func:`pipeline.dsp.erb.energies`; ``x`` in [0, 1] [shape=(n,)].")
    'See `pipeline.dsp.erb.energies`; `x` in [0, 1], [shape=(n,)].'
    """
    text = TABLE.sub(lambda match: f"```text\n{match.group(0)}\n```", text)
    text = ROLE.sub(r"`\1`", text).replace("``` ", "```").replace("] [", "], [")
    return re.sub(r"(?<!`)``(?!`)", "`", text)


class Clean(griffe.Extension):
    """Cleans every docstring before it is parsed."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Replace the text of an object's docstring."""
        if obj.docstring is not None:
            obj.docstring.value = clean(obj.docstring.value)
