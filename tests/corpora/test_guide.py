"""The page on corpora says what the adapters do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import corpora, corpus, params

GUIDE = Path(__file__).resolve().parents[2] / "docs/corpora.md"


def sections() -> dict[str, str]:
    parts = GUIDE.read_text(encoding="utf-8").split("\n## ")[1:]
    return {part.partition("\n")[0]: part for part in parts}


@pytest.mark.parametrize("name", corpora.names())
def test_every_example_is_accepted(name, tmp_path):
    blocks = sections()[name].split("```yaml\n")[1:]
    path = tmp_path / "params.yaml"
    path.write_text("corpora:\n" + "".join(b.split("```")[0] for b in blocks), encoding="utf-8")
    values = params.read(path)
    assert values["corpora"]
    for key in values["corpora"]:
        entry = corpus.of(values, key)
        assert entry.adapter == name
        params.build(corpora.load(name).Config, entry.extra, f"corpora.{key}")


@pytest.mark.parametrize("name", corpora.names())
def test_it_counts_as_the_adapter_does(name):
    counts = corpora.load(name).INFO.counts or {}
    section = sections()[name]
    assert [n for n in counts.values() if f"{n:,}" not in section] == []
    table = GUIDE.read_text(encoding="utf-8").split("\n## ")[0]
    row = next(line for line in table.splitlines() if line.startswith(f"| [`{name}`]"))
    assert f"| {sum(counts.values()):,} |" in row or not counts
