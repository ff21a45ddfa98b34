"""A finished pipeline whose classes and tracks have hostile names, and its page as a tree."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import soundfile

from pipeline import evaluate, params, report
from pipeline.html import page
from pipeline.reporting.settings import read as read_settings

CLASSES = ["</script><script>alert(1)</script>", "\"double\" & 'single'", "relaxed", "sad"]
#: Stands for the second class; the first is of a track that was rejected.
HOSTILE = "<img src=x onerror=alert(2)>\"'"
VOID = {"meta", "link", "img", "br", "line", "rect", "circle", "polyline", "path"}
AUDIT = [
    ["groups", "pass", "grouped, seed 0", "0", "0", "every group is in one fold"],
    ["copies", "warn", "<b>a = b</b>", "0.99", "0.85", "one file under two names"],
    ["something new", "pass", "a check", "", "", "run `dvc repro`"],
]


def _world() -> ModuleType:
    """Import a copy of the report's fixtures, with classes of one's own."""
    path = Path(__file__).parents[1] / "report" / "conftest.py"
    spec = importlib.util.spec_from_file_location("html_world", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.CLASSES = CLASSES
    return module


WORLD = _world()


def build(root: Path) -> None:
    """Make all that comes before the page; every recording but one is at hand."""
    index = WORLD.make_index()
    index.loc[index["track"] == "010", "track"] = HOSTILE
    for folder in ("data/index", "data/features/demo", "reports/demo", "data/raw/demo"):
        (root / folder).mkdir(parents=True)
    generator = np.random.default_rng(0)
    for row, name in enumerate(index["audio"]):
        path = root / "data/raw/demo" / name
        soundfile.write(path, 0.1 * generator.standard_normal(16000), 16000)
        index.loc[row, "sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (root / "data/raw/demo" / index["audio"].iloc[6]).unlink()
    (root / "params.yaml").write_text(WORLD.PARAMS)
    index.to_csv(root / "data/index/demo.csv", index=False)
    for number, (model, right) in enumerate(WORLD.MODELS.items()):
        history = WORLD.make_history(12 if model == "multispec_music" else 0)
        predictions = WORLD.make_predictions(index, right, number)
        WORLD.write_run(root / "data/runs/demo" / model, predictions, history, audio=True)
    WORLD.write_embedding(root / "data/embeddings/demo.zarr", list(index["track"]), len(index))
    WORLD.write_vocabulary(root / "data/vocabulary/demo.json", index, len(index))
    WORLD.write_features(root / "data/features/demo", index)
    (root / "reports/demo/quarantine.csv").write_text(
        "file,stage,reason\n<i>bad</i>.wav,index,truncated\n"
    )
    with (root / "reports/demo/audit.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["check", "severity", "what", "value", "limit", "detail"], *AUDIT]
        )
    evaluate.evaluate(root, "demo")


def render(root: Path) -> str:
    parameters = params.read(root / "params.yaml")
    settings = read_settings(parameters)
    features = list(parameters["features"])
    corpora = [
        report.read_corpus(root, name, config["adapter"], features)
        for name, config in settings.corpora.items()
    ]
    models = {name: f"what `{name}` is" for name in settings.models}
    return page.render(root, corpora, settings, parameters, models)


@dataclass
class Node:
    """An element: tag, attributes, children; ``text`` joins all that is below."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def all(self, *tags: str) -> list[Node]:
        return [node for node in self.walk() if node.tag in tags]

    @property
    def text(self) -> str:
        parts = (each if isinstance(each, str) else each.text for each in self.children)
        return " ".join("".join(parts).split())


class Tree(HTMLParser):
    """Builds the tree, and refuses a page whose elements are not properly nested."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("document", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(text: str) -> Node:
    tree = Tree()
    tree.feed(text)
    tree.close()
    assert len(tree.open) == 1, f"never closed: {[node.tag for node in tree.open]}"
    return tree.root


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished pipeline; read-only."""
    root = tmp_path_factory.mktemp("html")
    build(root)
    return root


@pytest.fixture(scope="session")
def text(world: Path) -> str:
    return render(world)


@pytest.fixture(scope="session")
def tree(text: str) -> Node:
    return parse(text)


@pytest.fixture
def own(world: Path, tmp_path: Path) -> Path:
    """A copy of the world of one's own."""
    shutil.copytree(world, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture(name="render")
def _render() -> Callable[[Path], str]:
    return render


@pytest.fixture
def bare() -> Callable[[Path], Node]:
    """Return a function that leaves out of a world all that a corpus need not have."""

    def change(root: Path) -> Node:
        index = pd.read_csv(root / "data/index/demo.csv", dtype=str, keep_default_na=False)
        for number, model in enumerate(WORLD.MODELS):
            right = 2.0 if model == "multispec_music" else 0.5
            predictions = WORLD.make_predictions(index, right, number).query(
                "protocol == 'grouped'"
            )
            shutil.rmtree(root / "data/runs/demo" / model)
            WORLD.write_run(
                root / "data/runs/demo" / model, predictions, WORLD.make_history(0), audio=False
            )
        shutil.rmtree(root / "data/features")
        shutil.rmtree(root / "data/embeddings")
        WORLD.write_embedding(root / "data/embeddings/demo.zarr", list(index["track"]), 0)
        WORLD.write_vocabulary(root / "data/vocabulary/demo.json", index, 0)
        (root / "reports/demo/audit.csv").unlink()
        (root / "reports/demo/quarantine.csv").write_text("file,stage,reason\n")
        evaluate.evaluate(root, "demo")
        return parse(render(root))

    return change
