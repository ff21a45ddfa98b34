"""Extract features of a corpus into an object store or a folder, on a cluster if there is one.

This is the stage `extract` of `dvc repro` with another place for its stores:
URL/<corpus>/<feature>.zarr, object for object the bytes of the store in data/features. The workers
read the sounds, write rows to compute.cache and shards to the URL; nothing of either passes through
this process. So the corpus's root, compute.cache and URL must be places that the workers reach:
object stores (s3://...), or folders of a shared file system. What is in the cache is not computed
again. The index must be there (`dvc repro index@CORPUS`). A store that lies at the URL is replaced.

Typical calls:
  multispec extract mine --to s3://bucket/stores --scheduler tcp://10.0.0.1:8786
  multispec extract mine gtf mf_rp --to s3://bucket/stores
  multispec extract mine gtf --to /shared/stores
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline import params, stage
from pipeline.caching import places
from pipeline.extract import extract


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("corpus", metavar="CORPUS", help="key of `corpora` in params.yaml")
    parser.add_argument(
        "features", nargs="*", metavar="FEATURE", help="keys of `features` (default: all)"
    )
    parser.add_argument(
        "--to", required=True, metavar="URL", help="s3://bucket/folder, or a folder"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="instead of compute.scheduler (tcp://host:8786)"
    )


def run(namespace: argparse.Namespace) -> int:
    """Extract; an error is raised before anything is computed if a name is wrong."""
    all_params = dict(params.read())
    chosen = namespace.features or list(params.section(all_params, "features"))
    for feature in chosen:
        params.section(all_params, "features", feature)
    if namespace.scheduler is not None:
        compute = params.section(all_params, "compute")
        all_params["compute"] = {**compute, "scheduler": namespace.scheduler}
    root = places.parse(namespace.to, Path.cwd())
    for feature in chosen:
        with stage.alone(f"extract-{namespace.corpus}-{feature}"):
            extract(all_params, namespace.corpus, feature, root)
    return 0
