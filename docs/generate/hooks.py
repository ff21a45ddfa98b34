"""What MkDocs does beside its own: generated pages, and links to files outside of docs/.

A page links to files of the repository by their relative path, as GitHub wants it. On the site such
a link leads to the page made of that file, where there is one, and is plain text otherwise: the
site is complete in itself.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from docs.generate import reference  # noqa: E402

#: Pages made from files outside of docs/, with the pictures they show.
OUTSIDE = ("reports/README.md", "reports/experiments.md", "reports/claims.md")
PICTURES = ("reports/pictures", "reports/experiments")
#: Files outside of docs/ that have a page of another name.
TWINS = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "extend.md",
    "params.yaml": "reference/params.md",
}
TWINS |= {"dvc.yaml": "reference/stages.md"}
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
CODE = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages and those of the reports."""
    for path, text in reference.pages().items():
        files.append(File.generated(config, path, content=text))
    for path in OUTSIDE:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    for folder in PICTURES:
        for picture in sorted((ROOT / folder).glob("*.png")):
            path = picture.relative_to(ROOT).as_posix()
            files.append(File.generated(config, path, abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:
    """Lead links that leave docs/ to pages of the site, or make them plain text."""
    source = page.file.src_uri
    # Where the file lies in the repository: reports are outside of docs/, the rest is inside.
    outside = source in OUTSIDE
    at = posixpath.dirname(source if outside else f"docs/{source}")

    def led(match: re.Match[str]) -> str:
        mark, text, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match.group(0)
        path, hash_, anchor = target.partition("#")
        inside = posixpath.normpath(posixpath.join(at, path))
        to = (
            inside.removeprefix("docs/")
            if inside.startswith("docs/")
            else TWINS.get(inside, inside)
        )
        if files.get_file_from_path(to) is None:
            if inside.startswith("docs/"):
                return match.group(0)  # MkDocs says that it is missing
            return text
        anchor = "" if inside in TWINS else anchor
        relative = posixpath.relpath(to, posixpath.dirname(source) or ".")
        return f"{mark}[{text}]({relative}{hash_ if anchor else ''}{anchor})"

    return _outside_code(markdown, led)


def _outside_code(markdown: str, change: Any) -> str:
    """Apply a change to every link but those in code blocks."""
    parts, end = [], 0
    for block in CODE.finditer(markdown):
        parts += [LINK.sub(change, markdown[end : block.start()]), block.group(0)]
        end = block.end()
    return "".join([*parts, LINK.sub(change, markdown[end:])])
