"""A small dataset into a large store on disk, and out again, against the build of the whole store.

The store holds the packaged review, and made-up tables (generate.py) of about the size asked for as one
dataset, with its closure. Tables of 1,000 other findings are then added as a dataset of their own, by
`tables.add()`, that is with checks, closure and summary; the dataset is validated, replaced by itself, and
removed. Each of these runs in a process of its own, and opens and closes the store in that time.

    python benchmarks/incremental.py                       # small, in a minute
    python benchmarks/incremental.py --size 10000000
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import measuring

import rescue_kg
from rescue_kg import datasets, tables
from rescue_kg.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE: Final = 100_000
FINDINGS: Final = 1_000
COLUMNS: Final = ("step", "triples", "seconds", "CPU, s", "peak, MiB", "part of the build")
LARGE, SMALL = "made-up", "added"


def make(folder: Path, *arguments: object) -> list[Path]:
    """Write made-up tables into a folder and return those of studies and findings."""
    generate = [sys.executable, str(Path(__file__).parent / "generate.py"), str(folder)]
    subprocess.run([*generate, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)
    return [folder / "studies.tsv", folder / "findings.tsv"]


def make_large(folder: Path, size: int) -> Path:
    """Write the made-up tables of the whole store as a file of RDF."""
    made = make(folder, "--findings", max(20, size // 28), "--terms", 300)
    graph = rescue_kg.load(infer=False, evidence=False)
    path = folder / "made-up.nt.gz"
    tables.write(graph, made, path, dataset=LARGE, new_terms=folder / "terms.ttl")
    return path


def make_small(folder: Path, findings: int) -> list[Path]:
    """Write other tables, whose ids are not those of the large ones, and return them."""
    made = make(folder, "--findings", findings, "--terms", 0, "--seed", 1)
    for path in made:
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("made-up-", "added-"), encoding="utf-8")
    return made


def build(store: str, path: str) -> int:
    """Build the store, and return how many triples it holds of the dataset."""
    with rescue_kg.open(store) as graph:
        graph.load()
        graph.load(path, dataset=LARGE)
    return _held(store, LARGE)


def add(store: str, *paths: str) -> int:
    """Add the small dataset, and return how many triples it has."""
    with rescue_kg.open(store) as graph:
        report = tables.add(graph, paths, dataset=SMALL)
    if not report.ok:
        raise SystemExit(f"found {report.rejected} rejected rows, expected none")
    return _held(store, SMALL)


def check(store: str) -> int:
    """Validate the small dataset, and return how many triples were looked at."""
    with rescue_kg.open(store, read_only=True) as graph:
        report = validate(graph, dataset=SMALL)
    if not report.ok:
        raise SystemExit(f"found {report!r}, expected a dataset that is valid")
    return report.triples


def remove(store: str) -> int:
    """Take the small dataset out again."""
    with rescue_kg.open(store) as graph:
        graph.remove(SMALL)
    return 0


def _held(store: str, dataset: str) -> int:
    with rescue_kg.open(store, read_only=True) as graph:
        return sum(graph.store.count(name) for name in datasets.graphs_of(dataset))


def main() -> None:
    """Read the command line, and print one table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--size", type=int, default=SIZE, help="triples of the large dataset, about")
    parser.add_argument("--findings", type=int, default=FINDINGS, help="findings of the small dataset")
    given = parser.parse_args()
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = str(folder / "store")
        large = make_large(folder / "large", given.size)
        small = [str(path) for path in make_small(folder / "small", given.findings)]
        steps: list[tuple[str, Callable[..., int], tuple[str, ...]]] = [
            ("build the store", build, (store, str(large))),
            (f"add {given.findings:,} findings", add, (store, *small)),
            ("validate them", check, (store,)),
            ("replace them", add, (store, *small)),
            ("remove them", remove, (store,)),
        ]
        for title, function, arguments in steps:
            run = measuring.alone(function, *arguments)
            whole = rows[0][2] if rows else run.seconds
            part = run.seconds / float(str(whole))
            rows.append((title, run.value or None, run.seconds, run.cpu, run.peak, part if rows else None))
    print(measuring.machine("pyoxigraph", "duckdb", "ibis-framework") + "\n")
    print(measuring.table(COLUMNS, rows), end="")


if __name__ == "__main__":
    main()
