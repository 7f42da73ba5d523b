"""A small dataset into a large store on disk, and out again, against the build of the whole store.

The store holds the packaged review, and made-up tables (generate.py) of about the size asked for as one
dataset. The full build of it is to read them, the closure with summary and stance, and the validation of
everything by the shapes. Tables of 1,000 other findings are then added as a dataset of their own, by
`tables.add()`, that is with checks, closure, summary and stance; the dataset is validated, replaced by
itself, and removed. The fast engine validates. Each of these runs in a process of its own, and opens and
closes the store in that time.

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

    Step = tuple[str, Callable[..., int], tuple[str, ...]]

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


def read(store: str, path: str) -> int:
    """Read everything into the store, and return how many triples it holds of the dataset."""
    with rescue_kg.open(store) as graph:
        graph.load()
        graph.load(path, dataset=LARGE, infer=False)
    return _held(store, LARGE)


def close(store: str) -> int:
    """Find the closure of everything, and return how many triples there are of the dataset."""
    with rescue_kg.open(store) as graph:
        graph.infer()
    return _held(store, LARGE)


def check_all(store: str) -> int:
    """Hold everything against the shapes, and return how many triples were looked at.

    The checks, which look across datasets, are no part of the validation of a dataset, so they are none here.
    """
    with rescue_kg.open(store, read_only=True) as graph, tempfile.TemporaryDirectory() as no_checks:
        return validate(graph, checks=no_checks, engine="fast", max_results=100).triples


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
        report = validate(graph, dataset=SMALL, engine="fast")
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


def _together(runs: list[measuring.Measured]) -> measuring.Measured:
    """Return what runs took one after the other."""
    seconds, cpu = (sum(getattr(run, name) for run in runs) for name in ("seconds", "cpu"))
    return measuring.Measured(None, seconds, cpu, max(run.peak for run in runs))


def _row(title: str, run: measuring.Measured, whole: measuring.Measured | None) -> tuple[object, ...]:
    part = None if whole is None else run.seconds / whole.seconds
    return title, run.value or None, run.seconds, run.cpu, run.peak, part


def main() -> None:
    """Read the command line, and print one table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--size", type=int, default=SIZE, help="triples of the large dataset, about")
    parser.add_argument("--findings", type=int, default=FINDINGS, help="findings of the small dataset")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = str(folder / "store")
        large = make_large(folder / "large", given.size)
        small = [str(path) for path in make_small(folder / "small", given.findings)]
        build: list[Step] = [
            ("read everything", read, (store, str(large))),
            ("find the closure of everything", close, (store,)),
            ("validate everything", check_all, (store,)),
        ]
        change: list[Step] = [
            (f"add {given.findings:,} findings", add, (store, *small)),
            ("validate them", check, (store,)),
            ("replace them", add, (store, *small)),
            ("remove them", remove, (store,)),
        ]
        built = [measuring.alone(function, *arguments) for _, function, arguments in build]
        changed = [measuring.alone(function, *arguments) for _, function, arguments in change]
    whole = _together(built)
    rows = [_row(title, run, None) for (title, *_), run in zip(build, built, strict=True)]
    rows.append(_row("**the full build**", whole, None))
    rows += [_row(title, run, whole) for (title, *_), run in zip(change, changed, strict=True)]
    rows.append(_row("**add and validate them**", _together(changed[:2]), whole))
    print(measuring.machine("pyoxigraph", "duckdb", "ibis-framework") + "\n")
    print(measuring.table(COLUMNS, rows), end="")


if __name__ == "__main__":
    main()
