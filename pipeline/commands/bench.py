"""Measure how fast the pipeline is, beside the common libraries and other programs.

Without a section the quick ones run, which takes minutes. Everything is timed with one thread (but
for workers and growth), in turns: tables give medians and, in brackets, the extremes. The demo's
music is rendered for it, or --audio names a folder of yours. Other programs are measured where they
are installed: pip install -e '.[bench]'.

Results go to --out: bench.json (a section measured again replaces its former self), bench.md and
bench.png. With --docs they also replace the part of docs/speed.md between its two marks, and
docs/speed.png.

Typical calls:
  multispec bench
  multispec bench features --audio ~/music --clips 8 --seconds 30
  multispec bench workers growth --rounds 3
  multispec bench features peers disk workers growth chords loader --docs
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeline import params
from pipeline.bench import machine, peers, publish, results, sections, table
from pipeline.bench.settings import Settings

OUT = Path("reports/bench")
DOCS = Path("docs/speed.md")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    quick = ", ".join(sections.quick())
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="section",
        help=f"of {', '.join(sections.names())} (default: {quick})",
    )
    parser.add_argument(
        "--seconds", metavar="S", type=float, default=10.0, help="length of a clip (default: 10)"
    )
    parser.add_argument(
        "--rounds", metavar="N", type=int, default=5, help="turns of each (default: 5)"
    )
    parser.add_argument(
        "--clips", metavar="N", type=int, help="clips, tracks or scores (default: each section's)"
    )
    parser.add_argument("--audio", metavar="FOLDER", type=Path, help="your sound, not the demo's")
    parser.add_argument("--midi", metavar="FOLDER", type=Path, help="your scores, not the demo's")
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, default=OUT, help=f"for the results (default: {OUT})"
    )
    parser.add_argument("--docs", action="store_true", help=f"write them into {DOCS} as well")


def run(namespace: argparse.Namespace) -> int:
    """Measure and print section by section; results of finished sections are kept."""
    settings = Settings(
        params.read(),
        seconds=namespace.seconds,
        rounds=namespace.rounds,
        clips=namespace.clips,
        audio=namespace.audio,
        midi=namespace.midi,
        progress=sys.stderr.isatty(),
    )
    chosen = list(dict.fromkeys(namespace.sections)) or sections.quick()
    for name in chosen:
        if name not in sections.names():
            raise ValueError(f"no section {name!r}; there are {', '.join(sections.names())}")
    report = results.read(namespace.out / publish.JSON)
    for name in chosen:
        section = sections.load(name).run(settings)
        print(f"{table.text(section)}\n", flush=True)
        versions = machine.describe(*(peers.load(peer).DISTRIBUTION for peer in peers.names()))
        report[name] = results.Measured(section, settings.command(name), versions)
        publish.write(report, namespace.out)
    if namespace.docs:
        publish.write_docs(report, DOCS)
    return 0
