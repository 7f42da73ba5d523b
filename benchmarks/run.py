"""Runs every benchmark, one after another, and writes their tables to one page of Markdown.

Each is a script of this folder, which asserts that its contenders give the same before their times count.
Nothing else should run on the machine meanwhile.

    python benchmarks/run.py                                   # small sizes, in minutes
    python benchmarks/run.py --full --out docs/benchmarks.md   # the sizes of that page, in hours
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Section(NamedTuple):
    """A part of the page: what is measured, by which script, with which arguments at which scale."""

    title: str
    script: str
    small: tuple[str, ...] = ()
    full: tuple[str, ...] = ()


_200K, _2M, _20M = "200000", "2000000", "20000000"
SECTIONS = (
    Section("Start and first answer", "first_answer"),
    Section(
        "Questions, 2,000 and 200,000 statements",
        "questions",
        small=("--sizes", "2000"),
        full=(
            *("--sizes", "2000", _200K, "--rdflib-at-most", _200K, "--cap", "40"),
            *("--contenders", "memory", "disk", "rdflib", "virtuoso", "oxigraph"),
        ),
    ),
    Section(
        "Questions, 2 million statements",
        "questions",
        small=("--sizes", "20000"),
        full=(
            *("--sizes", _2M, "--cap", "20"),
            *("--contenders", "memory", "disk", "virtuoso", "oxigraph", "rdflib"),
        ),
    ),
    Section(
        "Questions, 20 million statements",
        "questions",
        small=("--sizes", "2000", "--contenders", "disk", "--questions", "recurring-interventions"),
        full=("--sizes", _20M, "--contenders", "disk", "virtuoso", "--cap", "40"),
    ),
    Section(
        "Load",
        "loading",
        full=(
            *("--sizes", _200K, _2M, _20M),
            *("--contenders", "memory", "disk, stated", "disk", "rdflib", "oxigraph", "virtuoso"),
        ),
    ),
    Section("Adding to a large store, and taking out", "incremental", full=("--size", "10000000")),
    Section("Tables to quads", "quads", full=("--findings", "1000000")),
    Section("Validation", "validation", full=("--sizes", _200K, _2M, "--pyshacl-up-to", _200K)),
    Section("Closure", "closure"),
    Section("Networks", "analytics", full=("--edges", "1000", "3000", "10000")),
)
HEAD = """\
# Benchmarks

Each table is what the command above it printed. The data are made up by `benchmarks/generate.py`. In each
table all contenders ran one after another on the same machine, and gave the same results before their times
counted; a blank was not run, or failed, and `> 20` was not answered within that time. Ratios hold better
than seconds.
"""


def ran(section: Section, *, full: bool) -> str:
    """Run a benchmark and return its part of the page. Raises CalledProcessError where it fails."""
    script = Path(__file__).parent / f"{section.script}.py"
    arguments = section.full if full else section.small
    done = subprocess.run(
        [sys.executable, str(script), *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    machine, _, tables = done.stdout.strip().partition("\n")
    command = shlex.join(["python", f"benchmarks/{script.name}", *arguments])
    day = time.strftime("%Y-%m-%d")
    return f"\n## {section.title}\n\n`{command}`, {day}; {machine}\n\n{tables.strip()}\n"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="at the sizes of docs/benchmarks.md")
    parser.add_argument("--out", type=Path, help="a file to write; else the page is printed")
    parser.add_argument("--only", nargs="+", choices=sorted({one.script for one in SECTIONS}))
    given = parser.parse_args()
    page = HEAD
    for section in SECTIONS:
        if not given.only or section.script in given.only:
            print(section.title, file=sys.stderr)
            page += ran(section, full=given.full)
    if given.out:
        given.out.write_text(page, encoding="utf-8")
    else:
        print(page)


if __name__ == "__main__":
    main()
