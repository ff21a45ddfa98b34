"""The console script ``multispec``: what people ask of the pipeline besides ``dvc repro``.

Errors that the user can mend (a wrong parameter, a missing store) are one line on standard error
and exit status 2; anything else is a bug, and shows its traceback. Letters that the terminal's
encoding lacks are printed as escapes.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Collection

from pipeline import commands
from pipeline.stage import DISK, StageError

#: What a disk or its owner may refuse, which is no bug.
REFUSED = (*DISK, errno.EACCES, errno.EPERM)


def parser(only: Collection[str] | None = None) -> argparse.ArgumentParser:
    """Return the argument parser with one sub-parser per file of ``pipeline/commands``.

    Parameters
    ----------
    only
        Words among which the command is: no other is imported. ``None`` imports all.
    """
    top = argparse.ArgumentParser(
        prog="multispec",
        description="Music-emotion features and models. Run it from the top of the\nrepository; "
        "the pipeline itself is run by `dvc repro`.",
        epilog="Typical calls:\n  multispec add mine ~/music\n  dvc repro evaluate@mine\n"
        "  multispec predict song.mp3\n\n`multispec COMMAND --help` shows more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = top.add_subparsers(dest="command", required=True, metavar="command")
    for name in commands.names():
        text = commands.described(name)
        sub = subparsers.add_parser(
            name,
            help=text.splitlines()[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if only is None or name in only:
            module = commands.load(name)
            module.arguments(sub)
            sub.set_defaults(run=module.run)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal need not know every letter
    namespace = parser(words).parse_args(words)
    try:
        status: int = namespace.run(namespace)
        sys.stdout.flush()
    except BrokenPipeError:  # `multispec ... | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:  # what was printed stands
        print(f"\nmultispec {namespace.command}: interrupted", file=sys.stderr)
        return 130
    except (ValueError, FileNotFoundError, StageError) as error:
        message = " ".join(str(error).split())  # a YAML parser's has several lines
        print(f"multispec {namespace.command}: {message}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        print(
            f"multispec {namespace.command}: {error.filename or 'a file'}: {error.strerror}; make "
            "room or allow writing there, then run it again",
            file=sys.stderr,
        )
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
