"""Links between Markdown files of the repository, and whether what they name exists.

As GitHub reads them: paths from the file, anchors made from headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"^(```|~~~).*?^\1\s*$|`[^`\n]*`", re.M | re.S)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.M)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)


def pages() -> list[Path]:
    """Return the Markdown files that people read."""
    top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    below = sorted((ROOT / "docs").rglob("*.md"))
    return [*top, *below, *sorted((ROOT / "reports").glob("*.md"))]


def anchors(text: str) -> set[str]:
    r"""Return the anchors of a page.

    Examples
    --------
    >>> sorted(anchors("# A `b_c`, d!\n## One\n## One\n"))
    ['a-b_c-d', 'one', 'one-1']
    """
    found: set[str] = set()
    without = re.sub(r"^(```|~~~).*?^\1\s*$", "", text, flags=re.M | re.S)
    for title in HEADING.findall(without):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 0
        while (name := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(name)
    return found


def broken(page: Path) -> Iterator[str]:
    """Yield what is wrong with the relative links of a page."""
    text = page.read_text(encoding="utf-8")
    for first, second in LINK.findall(CODE.sub("", text)):
        target = first or second
        if re.match(r"[a-z][a-z+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        to = (page.parent / path).resolve() if path else page
        if not to.exists():
            yield f"{target}: there is no {path}"
        elif not to.is_relative_to(ROOT):
            yield f"{target}: leaves the repository"
        elif anchor and to.suffix == ".md" and anchor not in anchors(to.read_text("utf-8")):
            yield f"{target}: {path or page.name} has no heading of that name"
