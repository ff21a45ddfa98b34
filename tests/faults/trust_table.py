"""The table of docs/trust.md, written from reports/soak.json and from nothing else.

``python tests/faults/trust_table.py`` after a soak puts the figures into the page.
"""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE, ACCOUNT = ROOT / "docs/trust.md", ROOT / "reports/soak.json"
BEGIN, END = "<!-- soak: begin -->\n", "<!-- soak: end -->"


def table(account: dict[str, int]) -> str:
    """Return the account as a Markdown table.

    Examples
    --------
    >>> print(table({"mutants tried": 1200}), end="")
    | what was tried in the last soak | how often |
    |---|---|
    | mutants tried | 1,200 |
    """
    rows = [f"| {what} | {count:,} |\n" for what, count in account.items()]
    return "".join(["| what was tried in the last soak | how often |\n|---|---|\n", *rows])


def page(text: str, account: dict[str, int]) -> str:
    """Return the page with its table replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table(account)}{END}{after}"


def main() -> None:
    """Rewrite the page."""
    account = json.loads(ACCOUNT.read_text(encoding="utf-8"))
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), account), encoding="utf-8")


if __name__ == "__main__":
    main()
