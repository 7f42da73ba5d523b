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
import json
import math
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import NamedNode, Quad, RdfFormat, parse, serialize

import rescue_kg
from rescue_kg import fast_shacl, resources, shacl, tables
from rescue_kg.cutting import Stated
from rescue_kg.dataset import to_dataset
from rescue_kg.namespaces import GRAPH, ONTOLOGY_GRAPH
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: Name -> the most triples it is tried on, unless the command line says otherwise, and the most rounds.
CONTENDERS: Final = {"pyshacl": 1, "reference": 1, "fast": 5}
DATASET: Final = "made-up"
#: Triples of one finding with its part of a study, roughly.
_TRIPLES: Final = 28
_LEFT_OUT: Final = 500


def make(folder: Path, triples: int) -> Path:
    """Write a graph of about so many triples as N-Quads, and return the file."""
    graph = rescue_kg.load(infer=False)
    findings = max(20, (triples - len(graph.store)) // _TRIPLES)
    generate = [sys.executable, str(Path(__file__).parent / "generate.py"), str(folder)]
    subprocess.run(
        [*generate, "--findings", str(findings), "--terms", str(findings // 100)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    made = folder / "made-up.nq"
    tables.write(
        graph,
        [folder / "studies.tsv", folder / "findings.tsv"],
        made,
        dataset=DATASET,
        new_terms=folder / "terms.ttl" if findings >= 100 else None,
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


def measure(contender: str, file: str) -> dict[str, Any]:
    """Run one contender on a file in this process, and return its time, memory, and what it found."""
    store, shapes = Store(), Store()
    store.native.bulk_load(path=file, format=RdfFormat.N_QUADS)
    for path in resources.shape_files():
        shapes.load_file(path, graph=ONTOLOGY_GRAPH)
    stated = Stated(store)
    runs: dict[str, Callable[[], list[str]]] = {
        "pyshacl": lambda: _plain_pyshacl(stated, shapes),
        "reference": lambda: list(map(repr, shacl.results(stated.copy(), shapes))),
        "fast": lambda: list(map(repr, fast_shacl.results(stated, shapes, anew=Counter()))),
    }
    before = _peak()
    wall, cpu = time.perf_counter(), time.process_time()
    found = runs[contender]()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = _peak()
    return {
        "triples": len(stated),
        "seconds": wall,
        "cpu": cpu,
        "added_mb": peak - before,
        "peak_mb": peak,
        "results": len(found),
        "digest": hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest(),
    }


def _peak() -> float:
    """Return the most memory that this process has had, in MB; getrusage would count its parent's too."""
    (line,) = (
        line
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        if line.startswith("VmHWM")
    )
    return int(line.split()[1]) / 1024


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


def rows(sizes: Sequence[int], limits: dict[str, int], rounds: int) -> list[dict[str, Any]]:
    """Return a row for each size and contender: medians of seconds and CPU, peak memory, results.

    A contender is left out of sizes above its limit. Raises RuntimeError where they find different things.
    """
    table = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            file = str(make(Path(folder), size))
            digests = set()
            for contender, most in CONTENDERS.items():
                if size > limits.get(contender, size):
                    continue
                runs = [_in_a_process(contender, file) for _ in range(min(most, rounds))]
                digests |= {run["digest"] for run in runs}
                row = {
                    name: statistics.median(run[name] for run in runs) for name in runs[0] if name != "digest"
                }
                table.append({"contender": contender, **row})
            if len(digests) != 1:
                raise RuntimeError(f"{size} triples: the contenders found different things: {table}")
    return table


def _in_a_process(contender: str, file: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--measure", contender, file]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def exponent(table: list[dict[str, Any]], contender: str, column: str = "seconds") -> float | None:
    """Return how the time of a contender grows with the triples, from its first size to its last."""
    own = [row for row in table if row["contender"] == contender]
    if len(own) < 2:
        return None
    first, last = own[0], own[-1]
    return math.log(last[column] / first[column]) / math.log(last["triples"] / first["triples"])


def main() -> None:
    """Print one table, then ratios and growth."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[16_000, 32_000], metavar="TRIPLES")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the fast engine; others have one")
    parser.add_argument("--pyshacl-up-to", type=int, default=20_000, metavar="TRIPLES")
    parser.add_argument("--reference-up-to", type=int, default=200_000, metavar="TRIPLES")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(*given.measure)))
        return
    limits = {"pyshacl": given.pyshacl_up_to, "reference": given.reference_up_to}
    table = rows(given.sizes, limits, given.rounds)
    print(f"shacl {fast_shacl.version()}, pySHACL {version('pyshacl')}, Python {platform.python_version()}")
    heads = ("triples", "results", "seconds", "CPU", "peak MB", "added MB")
    print("contender  {:>10} {:>8} {:>9} {:>9} {:>8} {:>9}".format(*heads))
    for row in table:
        figures = (row["seconds"], row["cpu"], row["peak_mb"], row["added_mb"])
        print(f"{row['contender']:<10} {row['triples']:>10,.0f} {row['results']:>8,.0f}", end=" ")
        print("{:>9.2f} {:>9.2f} {:>8.0f} {:>9.0f}".format(*figures))
    by = {(row["contender"], row["triples"]): row for row in table}
    for (contender, triples), row in by.items():
        if contender != "fast" and ("fast", triples) in by:
            quick = by["fast", triples]
            ratios = (row["seconds"] / quick["seconds"], row["cpu"] / quick["cpu"])
            print(f"{contender} / fast at {triples:,.0f} triples: {ratios[0]:.0f} x (CPU {ratios[1]:.0f} x)")
    for contender in CONTENDERS:
        grown = exponent(table, contender)
        if grown is not None:
            print(f"{contender}: time grows with the triples to the power of {grown:.2f}", end=" ")
            print(f"(CPU {exponent(table, contender, 'cpu'):.2f})")


if __name__ == "__main__":
    main()
