"""Tables to quads: made-up tables to N-Quads, checked, in parts; and the loop over rdflib that does the same.

`DuckDB` and, where pyspark is there, `Spark` are `rescue_kg.tables.write()` to a folder: every cell is read,
judged and resolved before a statement is written. `rdflib` is what one writes without the package: the reader
of the standard library, a dictionary for names, `Graph.add()`, and the serializer. It checks nothing, and
keeps the graph in memory; the tables have no faults (generate.py). The time runs from when the packaged
ontology is loaded, which all of them need for the names; the memory of the Java process of Spark is not in
the peak. The expressions of the checks take seconds to be made, whatever the size. At the size of rdflib all
must write the same lines.

    python benchmarks/quads.py                        # small, in a minute
    python benchmarks/quads.py --findings 1000000     # rdflib stays at the smaller size
"""

from __future__ import annotations

import argparse
import csv
import statistics
import tempfile
import time
from decimal import Decimal
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import generate
import measuring
import pyarrow as pa
import pyoxigraph as ox
from rdflib import OWL, RDF, XSD, Dataset, Literal, URIRef

import rescue_kg
from rescue_kg import tables
from rescue_kg.namespaces import GRAPH, PREFIXES, contract

if TYPE_CHECKING:
    from rdflib.graph import Graph
    from rdflib.term import Identifier

    from rescue_kg.tables.columns import Column, Schema
    from rescue_kg.tables.engine import EngineName

    Names = dict[str, URIRef]

FINDINGS: Final = 2_000
RDFLIB_FINDINGS: Final = 2_000
#: From so many findings on one run is enough, unless `--runs` says otherwise.
LARGE: Final = 200_000
RUNS: Final = 5
COLUMNS: Final = (
    "contender",
    "findings",
    "quads",
    "seconds",
    "CPU, s",
    "quads a second",
    "times rdflib",
    "peak, MiB",
)
DATASET: Final = "made-up"


class Contender(NamedTuple):
    """A name for the table, the engine, the format of the tables, and what parts are written."""

    name: str
    engine: EngineName
    tables: str
    parts: str


RDFLIB: Final = "rdflib, TSV to nq"
CONTENDERS: Final = (
    Contender("DuckDB, Parquet to nq", "duckdb", "parquet", "nq"),
    Contender("DuckDB, Parquet to nq.zst", "duckdb", "parquet", "nq.zst"),
    Contender("DuckDB, Parquet to nq.gz", "duckdb", "parquet", "nq.gz"),
    Contender("DuckDB, TSV to nq.gz", "duckdb", "tsv", "nq.gz"),
    Contender("Spark, Parquet to nq.gz", "spark", "parquet", "nq.gz"),
)


class Run(NamedTuple):
    """What a run wrote, and the seconds that it took once the ontology was loaded."""

    quads: int
    seconds: float


def packaged(folder: Path, out: Path, contender: Contender) -> Run:
    """Write with the package, in parts."""
    graph = rescue_kg.load(infer=False, evidence=False)
    given = [folder / f"{name}.{contender.tables}" for name in ("studies", "findings")]
    start = time.perf_counter()
    report = tables.write(
        graph,
        given,
        f"{out}/",
        dataset=DATASET,
        new_terms=folder / "terms.ttl",
        parts=contender.parts,
        engine=contender.engine,
    )
    seconds = time.perf_counter() - start
    if not report.ok or report.statements is None:
        raise ValueError(f"found {report.rejected} rejected rows, expected none")
    if contender.engine == "spark":
        end_java()
    return Run(report.statements, seconds)


def end_java() -> None:
    """End the Java process of Spark: the processor time of a child counts once it is over."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


def by_rdflib(folder: Path, out: Path) -> Run:
    """Write with a loop over the rows, statement by statement."""
    native = rescue_kg.load(infer=False, evidence=False).store.native
    names: Names = {}
    call(names, {quad.subject.value for quad in native if isinstance(quad.subject, ox.NamedNode)})
    for kind in ("study", "finding"):
        # The shapes are read here, as a loop for one table has its columns written into it.
        tables.schema(kind)
    start = time.perf_counter()
    dataset = Dataset()
    graph = dataset.graph(URIRef(GRAPH + DATASET))
    graph.parse(folder / "terms.ttl", format="turtle")
    call(names, set(map(str, graph.subjects())))
    for kind, name in (("study", "studies"), ("finding", "findings")):
        schema = tables.schema(kind)
        paths = {column.name: URIRef(column.path) for column in schema.columns}
        with (folder / f"{name}.tsv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                add_row(graph, schema, paths, row, names)
                names[f"{kind}:{row['id']}"] = URIRef(PREFIXES[kind] + row["id"])
    dataset.serialize(out / "all.nq", format="nquads", encoding="utf-8")
    return Run(len(graph), time.perf_counter() - start)


def call(names: Names, iris: set[str]) -> None:
    """Add what IRIs are called in the tables: their CURIEs, or local names for the values of fixed sets."""
    for iri in iris:
        short = contract(iri)
        names[short] = names[short.removeprefix("rescue:")] = URIRef(iri)


def add_row(graph: Graph, schema: Schema, paths: Names, row: dict[str, str], names: Names) -> None:
    """Add the statements of one row."""
    nodes = {str(schema.kind): URIRef(PREFIXES[schema.kind] + row["id"])}
    graph.add((nodes[schema.kind], RDF.type, URIRef(schema.node_class)))
    part = schema.part
    if part is not None and any(row.get(name) for name in schema.figures):
        nodes[part.name] = URIRef(f"{PREFIXES[part.name]}{row['id']}-1")
        graph.add((nodes[part.name], RDF.type, URIRef(part.node_class)))
        graph.add((nodes[schema.kind], URIRef(part.link), nodes[part.name]))
    for node in nodes.values():
        graph.add((node, RDF.type, OWL.NamedIndividual))
    for column in schema.columns:
        cell = row.get(column.name) or column.default
        if not cell and column.name == "label":
            cell = row.get("title")
        if not cell or column.subject not in nodes:
            continue
        node, path = nodes[column.subject], paths[column.name]
        for value in cell.split("; ") if column.repeatable else [cell]:
            graph.add((node, path, term(column, value, names)))
            if column.printed is not None:
                graph.add((node, URIRef(column.printed), Literal(value)))


def term(column: Column, value: str, names: Names) -> Identifier:
    """Return the object that one value of a cell becomes."""
    if column.is_reference:
        return URIRef(value) if value.startswith("http") else names[value]
    if column.kind == "iri":
        return URIRef(value)
    if column.is_number:
        return Literal(f"{Decimal(value).normalize():f}", datatype=XSD[column.kind])
    if column.kind == "langString":
        return Literal(value, lang="en")
    return Literal(value, datatype=None if column.kind == "string" else XSD[column.kind])


def lines(folder: Path) -> list[bytes]:
    """Return the statements of a folder, sorted, each once."""
    found: set[bytes] = set()
    kinds = {".gz": "gzip", ".zst": "zstd", ".nq": None}
    for path in folder.glob("*.nq*"):
        with pa.input_stream(path, compression=kinds[path.suffix]) as stream:
            found.update(line for line in stream.read().split(b"\n") if line)
    return sorted(found)


def measured(
    contender: Contender | None, made: Path, runs: int, *, keep: bool
) -> tuple[list[measuring.Measured], list[bytes]]:
    """Run a contender, rdflib for None, and return the runs and, to `keep`, the lines that the last wrote."""
    found, written = [], list[bytes]()
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            if contender is None:
                found.append(measuring.alone(by_rdflib, made, out))
            else:
                found.append(measuring.alone(packaged, made, out, contender))
            written = lines(out) if keep else []
    return found, written


def there(contender: Contender) -> bool:
    """Return whether what a contender needs is installed."""
    return contender.engine != "spark" or find_spec("pyspark") is not None


def main() -> None:
    """Read the command line, and print one table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--findings", type=int, default=FINDINGS, help="rows of findings")
    parser.add_argument(
        "--rdflib-findings", type=int, default=RDFLIB_FINDINGS, help="for rdflib, and to compare"
    )
    parser.add_argument("--runs", type=int, help=f"else {RUNS}, and one from {LARGE:,} findings on")
    given = parser.parse_args()
    every = [None, *filter(there, CONTENDERS)]
    rows = []
    rate = 0.0
    for size in dict.fromkeys([given.rdflib_findings, given.findings]):
        runs = given.runs or (1 if size >= LARGE else RUNS)
        compared = size == given.rdflib_findings
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder)
            for form in generate.FORMATS:
                generate.generate(made, generate.Rows.of(size, 0), form, Fraction(0), 0)
            expected: list[bytes] = []
            for contender in every if compared else every[1:]:
                found, written = measured(contender, made, runs, keep=compared)
                expected = expected or written
                name = RDFLIB if contender is None else contender.name
                if written != expected:
                    raise SystemExit(f"{name}: found other lines than rdflib, expected the same")
                quads = found[-1].value.quads
                seconds = statistics.median(run.value.seconds for run in found)
                cpu, peak = (
                    statistics.median(each) for each in zip(*(run[2:] for run in found), strict=True)
                )
                # The first is rdflib.
                rate = rate or quads / seconds
                times = quads / seconds / rate
                rows.append((name, size, quads, seconds, cpu, quads / seconds, times, peak))
    packages = ["duckdb", "ibis-framework", "pyarrow", "rdflib"]
    packages += ["pyspark"] if len(every) > len(CONTENDERS) else []
    print(measuring.machine(*packages) + "\n")
    print(measuring.table(COLUMNS, rows), end="")


if __name__ == "__main__":
    main()
