"""Validation against the shapes: pySHACL as it comes, the reference engine and the fast one.

The graphs are the packaged one with a dataset of made-up tables (generate.py), of which every 500th statement
is left out, so that there is something to find. Each contender runs in a process of its own, on a store in
memory that is loaded before the time counts; all must find the same before anything is printed.

    python benchmarks/validation.py                                # small, in less than a minute
    python benchmarks/validation.py --sizes 200000 2000000         # pySHACL takes minutes for 200,000 triples
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

import incremental
import measuring
from pyoxigraph import NamedNode, Quad, RdfFormat, parse, serialize

import rescue_kg
from rescue_kg import fast_shacl, resources, shacl, tables
from rescue_kg.cutting import Stated
from rescue_kg.dataset import to_dataset
from rescue_kg.namespaces import GRAPH, ONTOLOGY_GRAPH
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SIZES: Final = (16_000, 32_000)
#: The most triples that a contender is given unless more is asked for; the fast one is given all.
LIMITS: Final = {"pyshacl": 20_000, "reference": 200_000}
CONTENDERS: Final = ("pyshacl", "reference", "fast")
COLUMNS: Final = (
    *("contender", "triples", "results", "seconds", "CPU, s", "peak, MiB", "added, MiB"),
    *("times as long as fast", "in CPU"),
)
DATASET: Final = "made-up"
#: Triples of one finding with its part of a study, roughly.
_TRIPLES: Final = 28
_LEFT_OUT: Final = 500


class Run(NamedTuple):
    """What one contender took, and found: `added` is what the peak of the memory grew by."""

    triples: int
    results: int
    seconds: float
    cpu: float
    peak: float
    added: float
    digest: str


def make(folder: Path, triples: int) -> Path:
    """Write a graph of about so many triples as N-Quads, and return the file."""
    graph = rescue_kg.load(infer=False)
    findings = max(20, (triples - len(graph.store)) // _TRIPLES)
    terms = findings // 100
    made_tables = incremental.make(folder, "--findings", findings, "--terms", terms)
    made = folder / "made-up.nq"
    tables.write(
        graph,
        made_tables,
        made,
        dataset=DATASET,
        new_terms=folder / "terms.ttl" if terms else None,
    )
    whole = folder / f"{triples}.nq"
    with whole.open("wb") as out:
        serialize(graph.store.quads(), out, RdfFormat.N_QUADS)
        serialize(_thinned(made), out, RdfFormat.N_QUADS)
    made.unlink()
    return whole


def _thinned(file: Path) -> Iterator[Quad]:
    for number, quad in enumerate(parse(path=str(file)), 1):
        if number % _LEFT_OUT:
            yield Quad(quad.subject, quad.predicate, quad.object, NamedNode(GRAPH + DATASET))


def measure(contender: str, file: str) -> Run:
    """Run one contender on a file, in this process."""
    store, shapes = Store(), Store()
    store.native.bulk_load(path=file, format=RdfFormat.N_QUADS)
    for path in resources.shape_files():
        shapes.load_file(path, graph=ONTOLOGY_GRAPH)
    stated = Stated(store)
    validate: dict[str, Callable[[], list[str]]] = {
        "pyshacl": lambda: _plain_pyshacl(stated, shapes),
        "reference": lambda: list(map(repr, shacl.results(stated.copy(), shapes))),
        "fast": lambda: list(map(repr, fast_shacl.results(stated, shapes, anew=Counter()))),
    }
    before = measuring.peak()
    seconds, cpu = time.perf_counter(), time.process_time()
    found = validate[contender]()
    seconds, cpu = time.perf_counter() - seconds, time.process_time() - cpu
    digest = hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()
    return Run(len(stated), len(found), seconds, cpu, measuring.peak(), measuring.peak() - before, digest)


def _plain_pyshacl(stated: Stated, shapes: Store) -> list[str]:
    """Validate without any of what the reference engine does to be quicker."""
    import pyshacl
    from rdflib import RDF, SH, Graph

    plain = []
    for source in (stated.copy(), shapes):
        graph = Graph()
        for triple in to_dataset(source).graph(ONTOLOGY_GRAPH):
            graph.add(triple)
        plain.append(graph)
    _, report, _ = pyshacl.validate(plain[0], shacl_graph=plain[1], inference="none", inplace=True)
    if not isinstance(report, Graph):
        raise TypeError(f"pySHACL gave {type(report).__name__}, expected a graph of results")
    return [repr(shacl.found(report, node)) for node in report.subjects(RDF.type, SH.ValidationResult)]


def measured(sizes: Sequence[int], limits: Mapping[str, int], rounds: int) -> dict[int, dict[str, Run]]:
    """Return for each size what each contender within its limit took; medians of `rounds` for the fast one.

    Raises SystemExit where they find different things.
    """
    every: dict[int, dict[str, Run]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            file = str(make(Path(folder), size))
            runs: dict[str, list[Run]] = {
                contender: [
                    measuring.alone(measure, contender, file).value
                    for _ in range(rounds if contender == "fast" else 1)
                ]
                for contender in CONTENDERS
                if size <= limits.get(contender, size)
            }
        if len({run.digest for own in runs.values() for run in own}) != 1:
            raise SystemExit(f"{size} triples: the contenders find different things: {runs}")
        every[size] = {
            contender: own[0]._replace(
                seconds=median(run.seconds for run in own), cpu=median(run.cpu for run in own)
            )
            for contender, own in runs.items()
        }
    return every


def rows(every: Mapping[int, Mapping[str, Run]]) -> list[tuple[object, ...]]:
    """Return a row of COLUMNS for each size and contender."""
    return [
        (contender, *run[:-1], run.seconds / own["fast"].seconds, run.cpu / own["fast"].cpu)
        for own in every.values()
        for contender, run in own.items()
    ]


def main() -> None:
    """Print a table, then how the times grow."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="TRIPLES")
    parser.add_argument("--rounds", type=int, default=5, help="of the fast engine; the others have one")
    for contender, limit in LIMITS.items():
        parser.add_argument(f"--{contender}-up-to", type=int, default=limit, metavar="TRIPLES")
    given = parser.parse_args()
    limits = {contender: getattr(given, f"{contender}_up_to") for contender in LIMITS}
    every = measured(given.sizes, limits, given.rounds)
    print(measuring.machine("shacl", "pyshacl", "pyoxigraph"), end="\n\n")
    print(measuring.table(COLUMNS, rows(every)))
    for contender in CONTENDERS:
        own = [runs[contender] for runs in every.values() if contender in runs]
        if len(own) > 1:
            sizes = [run.triples for run in own]
            growth, cpu = (
                measuring.growth(sizes, times)
                for times in ([run.seconds for run in own], [run.cpu for run in own])
            )
            print(
                f"{contender}: the time grows with the triples to the power of {growth:.2f} (CPU {cpu:.2f})"
            )


if __name__ == "__main__":
    main()
