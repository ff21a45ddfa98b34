"""The console script ``multispec``: what people ask of the pipeline besides ``dvc repro``.

Errors that the user can mend (a wrong parameter, a missing store) are one line on standard error
and exit status 2; anything else is a bug, and shows its traceback.
"""

from __future__ import annotations

import argparse
import sys

from pipeline import commands
from pipeline.stage import StageError


def parser() -> argparse.ArgumentParser:
    """Return the argument parser with one sub-parser per file of ``pipeline/commands``."""
    top = argparse.ArgumentParser(
        prog="multispec",
        description="Music-emotion features and models. Run it from the top of the repository; "
        "the pipeline itself is run by `dvc repro`.",
        epilog="Typical calls:\n  multispec add mine ~/music\n  dvc repro evaluate@mine\n"
        "  multispec predict song.mp3\n\n`multispec COMMAND --help` shows more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = top.add_subparsers(dest="command", required=True, metavar="command")
    for name in commands.names():
        module = commands.load(name)
        text = module.__doc__ or ""
        sub = subparsers.add_parser(
            name,
            help=text.splitlines()[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.arguments(sub)
        sub.set_defaults(run=module.run)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    namespace = parser().parse_args(arguments)
    try:
        status: int = namespace.run(namespace)
    except (ValueError, FileNotFoundError, StageError) as error:
        message = " ".join(str(error).split())  # a YAML parser's has several lines
        print(f"multispec {namespace.command}: {message}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
