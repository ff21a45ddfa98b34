"""The code version: semantic edits of anything imported change it, and nothing else does."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from pipeline import codeversion, corpora, features
from pipeline.codeversion import closure, libraries, normalised, version

TREE = {
    "pipeline/__init__.py": "",
    "pipeline/top.py": """
        import json

        import numpy as np
        from pipeline.middle import mean

        def run(x):
            return mean(np.asarray(x))
        """,
    "pipeline/middle.py": """
        from pipeline import deep
        from .sub.leaf import half

        def mean(x):
            '''Return the mean.'''
            return half(deep.total(x))
        """,
    "pipeline/deep.py": "def total(x):\n    return x.sum()  # all of them\n",
    "pipeline/sub/__init__.py": "REGISTRY = {}\n",
    "pipeline/sub/leaf.py": "from ..other import TWO\n\n\ndef half(x):\n    return x / TWO\n",
    "pipeline/other.py": "TWO = 2\n",
    "pipeline/apart.py": "import scipy\n",
    "models/__init__.py": "",
    "models/net.py": "from pipeline.other import TWO\nimport torch.nn as nn\n",
}


def plant(root: Path, **changed: str) -> Path:
    for name, text in TREE.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = changed.get(path.stem, text).removeprefix("\n").splitlines()
        margin = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
        path.write_text("".join(f"{line[margin:]}\n" for line in lines))
    return root


@pytest.fixture
def tree(tmp_path):
    return plant(tmp_path / "tree")


def versions(tmp_path: Path, **changed: str) -> tuple[str, str]:
    """Return the version of pipeline.top before and after a change."""
    before, after = plant(tmp_path / "before"), plant(tmp_path / "after", **changed)
    return version("pipeline.top", root=before), version("pipeline.top", root=after)


def test_the_closure_follows_every_form_of_import(tree):
    found = closure("pipeline.top", root=tree)
    names = ("pipeline.deep", "pipeline.middle", "pipeline.other", "pipeline.sub.leaf")
    assert found.modules == (*names, "pipeline.top")
    assert found.libraries == ("numpy",)
    net = closure("models.net", root=tree)
    assert (net.modules, net.libraries) == (("models.net", "pipeline.other"), ("torch",))
    both = closure("models.net", "pipeline.apart", root=tree)
    assert both.modules == ("models.net", "pipeline.apart", "pipeline.other")
    assert both.libraries == ("scipy", "torch")


@pytest.mark.parametrize(
    ("statement", "modules"),
    [
        ("from pipeline import deep", {"pipeline.deep"}),
        ("from pipeline.deep import total", {"pipeline.deep"}),
        ("import pipeline.deep", {"pipeline.deep"}),
        ("import pipeline.deep as d", {"pipeline.deep"}),
        ("from . import deep", {"pipeline.deep"}),
        ("from .deep import total", {"pipeline.deep"}),
        ("from pipeline.deep import *", {"pipeline.deep"}),
        ("from pipeline.sub import REGISTRY", {"pipeline.sub"}),
        ("from pipeline import sub", {"pipeline.sub"}),
        ("from pipeline.sub import leaf", {"pipeline.sub.leaf", "pipeline.other"}),
        ("def f():\n    from pipeline import deep", {"pipeline.deep"}),
        ("import json, numpy", set()),
    ],
)
def test_one_import(tmp_path, statement, modules):
    root = plant(tmp_path, apart=statement)
    assert set(closure("pipeline.apart", root=root).modules) == modules | {"pipeline.apart"}


def test_a_package_imports_relative_to_itself(tree):
    (tree / "pipeline/sub/__init__.py").write_text("from .leaf import half\nfrom .. import deep\n")
    names = {"pipeline.sub", "pipeline.sub.leaf", "pipeline.deep", "pipeline.other"}
    assert set(closure("pipeline.sub", root=tree).modules) == names


def test_circles_end(tmp_path):
    root = plant(tmp_path, deep="from pipeline import top", other="import pipeline.deep\nTWO = 2")
    assert "pipeline.top" in closure("pipeline.deep", root=root).modules


def test_a_module_that_is_not_there(tree):
    with pytest.raises(ValueError, match=r"no project module 'pipeline\.absent' under"):
        closure("pipeline.absent", root=tree)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("deep", "# in words\ndef total(x):\n\n    return x.sum()\n"),
        ("deep", "def total( x ) :\n    return (x.sum())\n"),
        ("deep", '"""What it is."""\n\n\ndef total(x):\n    """Sum."""\n    return x.sum()\n'),
        ("other", '"""Two."""\nTWO = 2\n'),
        ("other", "TWO = (\n    2\n)  # as before"),
        ("apart", "import scipy\n\nMORE = 1\n"),
        ("net", "CHANGED = True\n"),
    ],
)
def test_words_layout_and_strangers_keep_the_version(tmp_path, module, text):
    before, after = versions(tmp_path, **{module: text})
    assert before == after


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("top", "from pipeline.middle import mean\n\n\ndef run(x):\n    return mean(x)\n"),
        ("deep", "def total(x):\n    return x.mean()\n"),
        ("deep", "def total(y):\n    return y.sum()\n"),
        ("deep", "def total(x):\n    return x.sum()\n\n\nSPARE = 0\n"),
        ("other", "TWO = 2.0\n"),
        ("other", "TWO = 3\n"),
    ],
)
def test_semantic_edits_change_the_version_however_deep(tmp_path, module, text):
    before, after = versions(tmp_path, **{module: text})
    assert before != after


def test_a_moved_module_changes_the_version(tmp_path):
    one = plant(tmp_path / "one", apart="from pipeline.deep import total\n")
    two = plant(tmp_path / "two", apart="from pipeline.sub.deep import total\n")
    (two / "pipeline/deep.py").rename(two / "pipeline/sub/deep.py")
    assert version("pipeline.apart", root=one) != version("pipeline.apart", root=two)


def test_the_order_of_modules_does_not_matter(tree):
    one = version("pipeline.top", "models.net", root=tree)
    assert one == version("models.net", "pipeline.top", root=tree)
    assert one != version("pipeline.top", root=tree)
    assert len(one) == 16


def test_only_docstrings_are_left_out():
    assert normalised("def f():\n    'a'\n    return 1") == normalised("def f():\n    return 1")
    assert normalised("class A:\n    'a'\n    x = 1") == normalised("class A:\n    x = 1")
    assert normalised("async def f():\n    'a'\n    pass") == normalised("async def f():\n    pass")
    assert normalised("x = 'a'") != normalised("x = 'b'")
    assert normalised("x = 'a'") == normalised('x = "a"')
    assert normalised("def f():\n    return 'a'") != normalised("def f():\n    return 'b'")
    assert normalised("x = 1") != normalised("x = True")


def test_libraries_carry_their_versions():
    found = libraries("pipeline.audio")
    carried = {"blas", "libsndfile", "libsoxr", "python"}
    assert set(found) == {"numpy", "soundfile", "soxr"} | carried
    assert all(found[name] for name in carried)
    for name in ("numpy", "soundfile", "soxr"):
        assert found[name] == importlib.metadata.version(name)
    assert list(found) == sorted(found)


@pytest.mark.parametrize("feature", features.names())
def test_a_feature_does_not_depend_on_its_neighbours(feature):
    row = closure("pipeline.rows", f"pipeline.features.{feature}").modules
    strangers = {f"pipeline.features.{name}" for name in features.names()} - {
        f"pipeline.features.{feature}"
    }
    assert not strangers & set(row)
    assert {"pipeline.audio", "pipeline.rows", f"pipeline.features.{feature}"} <= set(row)


def test_an_edit_of_mf_rp_leaves_gtf_alone(tmp_path):
    """The real sources, copied: one feature edited, the other's version asked."""
    for path in (codeversion.ROOT / "pipeline").rglob("*.py"):
        copy = tmp_path / path.relative_to(codeversion.ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    with (tmp_path / "pipeline/features/mf_rp.py").open("a") as file:
        file.write("\nEDITED = True\n")
    for name, same in (("gtf", True), ("mf_rp", False)):
        modules = ("pipeline.rows", f"pipeline.features.{name}")
        assert (version(*modules, root=tmp_path) == version(*modules)) is same


def test_a_registry_brings_its_whole_folder(tmp_path):
    """Modules that are loaded by name while the program runs are imported by no statement."""
    root = plant(tmp_path, apart="from pipeline.sub import family")
    registry = root / "pipeline/sub/__init__.py"
    assert "pipeline.sub.leaf" not in closure("pipeline.apart", root=root).modules
    registry.write_text("import importlib\nfamily = importlib.import_module\n")
    (root / "pipeline/sub/deeper").mkdir()
    (root / "pipeline/sub/deeper/__init__.py").write_text("")
    found = set(closure("pipeline.apart", root=root).modules)
    assert {"pipeline.sub.leaf", "pipeline.other", "pipeline.sub.deeper"} <= found


def test_an_edit_of_a_pooled_family_trains_again():
    found = closure("pipeline.fitting", "models.best").modules
    families = (codeversion.ROOT / "models/parts/pooling").glob("*.py")
    assert {f"models.parts.pooling.{path.stem}" for path in families} - set(found) == {
        "models.parts.pooling.__init__"
    }
    assert not {"models.svm", "models.mcc_lstm"} & set(found)


@pytest.mark.parametrize("module", ["pipeline.rows", "pipeline.fitting"])
def test_what_decides_results_knows_neither_stages_nor_stores(module):
    """Or an edit of a progress bar would recompute a corpus."""
    stages = {"pipeline.execute", "pipeline.extract", "pipeline.store", "pipeline.cache"}
    found = set(closure(module).modules)
    adapters = {f"pipeline.corpora.{name}" for name in corpora.names()}
    assert not found & (stages | adapters | {"pipeline.params", "pipeline.paths"})
