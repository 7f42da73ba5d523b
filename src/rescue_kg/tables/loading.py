"""Evidence tables into a dataset: checked, loaded into a store as one graph, or written to a file."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rescue_kg.errors import InputError
from rescue_kg.namespaces import ONTOLOGY_GRAPH
from rescue_kg.tables.parts import FORMS, ROWS
from rescue_kg.tables.report import Reject, Report, TableReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rescue_kg.graph import RescueGraph
    from rescue_kg.store import Store
    from rescue_kg.tables.columns import Kind
    from rescue_kg.tables.engine import Engine, EngineName
    from rescue_kg.tables.judging import Judged

    Path = str | os.PathLike[str]
    Progress = Callable[[int, int], None]

__all__ = ["TERMS_GRAPH", "add", "check", "check_headers", "default_dataset", "write"]

#: Where the new terms stand in a store of their own.
TERMS_GRAPH: Final = ONTOLOGY_GRAPH

_SHOWN: Final = 1_000


def add(
    graph: RescueGraph | Store,
    tables: Sequence[Path],
    *,
    dataset: str | None = None,
    new_terms: Path | None = None,
    rejects: Path | None = None,
    progress: Progress | None = None,
    infer: bool = True,
    engine: EngineName = "duckdb",
) -> Report:
    """Load the good rows of tables as one dataset, in the place of what it held, with its closure.

    The dataset changes as a whole or not at all (`rescue_kg.datasets`); where no row is good, it stays as it
    is. Its name is `dataset`, else that of the first table. Nodes must be known: by the graph, the dataset
    itself left aside, or by `new_terms`, a file of RDF that is loaded with the rows. `rejects` is the folder
    for the files of rejected rows, which stand beside the tables without it. `progress` is called with the
    bytes read and their total. With `infer` off the dataset has no closure until infer() is called.

    Raises InputError (a file, a header, a name that cannot be used), ParseError for `new_terms`,
    NotAvailableError without the extra `tables`, OutputError where something cannot be written.
    """
    from rescue_kg import datasets

    store = _store(graph)
    with _work(store, tables, dataset, new_terms, rejects, progress, engine) as work:
        report = work.report()
        if not report.loaded:
            return report
        datasets.load(store, work.triples(), *work.terms, dataset=work.dataset, infer=infer)
        return work.report(store.count(datasets.graphs_of(work.dataset)[0]))


def check(
    graph: RescueGraph | Store,
    tables: Sequence[Path],
    *,
    dataset: str | None = None,
    new_terms: Path | None = None,
    rejects: Path | None = None,
    progress: Progress | None = None,
    engine: EngineName = "duckdb",
) -> Report:
    """Return what add() would report, and write the files of rejects; no graph changes. Raises as add()."""
    with _work(_store(graph), tables, dataset, new_terms, rejects, progress, engine) as work:
        return work.report()


def write(
    graph: RescueGraph | Store,
    tables: Sequence[Path],
    out: Path,
    *,
    dataset: str | None = None,
    new_terms: Path | None = None,
    rejects: Path | None = None,
    progress: Progress | None = None,
    engine: EngineName = "duckdb",
    parts: str = FORMS[0],
    part_rows: int = ROWS,
) -> Report:
    """Write what add() would load, without its closure: to a file, or in parts to a folder.

    A file is .ttl, .nt or .nq, each also with .gz: Turtle in the canonical layout, the lines of the others
    sorted. A path that ends with a slash, or is a folder, takes parts of `part_rows` rows each: N-Quads
    (`parts`: nq, nq.gz, nq.zst) or Parquet (parquet) with the columns subject, predicate, object and graph,
    terms of N-Triples. The same rows give the same bytes, whatever the `engine` (duckdb or spark). A run that
    is broken off leaves whole parts, and the same call goes on with those that are missing; manifest.json in
    the folder says what they were made of. Where no row is good, nothing is written.

    Raises as add(), UnknownFormatError for another suffix or another kind of parts, InputError for a folder
    with other files or with parts of something else, NotAvailableError without the packages of the engine.
    """
    from rescue_kg.tables import manifest, writing

    path = os.fspath(out)
    if not writing.is_folder(path):
        form = writing.format_of(path)
        with _work(_store(graph), tables, dataset, new_terms, rejects, progress, engine) as work:
            report = work.report()
            return report if not report.loaded else work.report(writing.write(work, path, form))
    writing.check_parts(parts, part_rows)
    # Before the tables are read: to find out later that the folder is another's takes long.
    paths, terms = [os.fspath(table) for table in tables], [] if new_terms is None else [os.fspath(new_terms)]
    name = check_headers(paths, dataset)
    store = _store(graph)
    made_of = manifest.made_of(paths, terms, store, name, parts=parts, part_rows=part_rows)
    folder = manifest.open_folder(path, parts, made_of)
    with _work(store, tables, name, new_terms, rejects, progress, engine) as work:
        report = work.report()
        return report if not report.loaded else work.report(writing.write_parts(work, folder, part_rows))


def check_headers(tables: Sequence[Path], dataset: str | None = None) -> str:
    """Read the headers of tables and return the name of their dataset. Raises InputError as add() does."""
    from rescue_kg import datasets
    from rescue_kg.tables.reading import open_table

    if not tables:
        raise InputError("found no table, expected at least one")
    name = default_dataset(tables[0]) if dataset is None else dataset
    datasets.graphs_of(name)
    if name == datasets.ONTOLOGY:
        raise InputError(f"found {name} as the dataset of tables, expected a name of their own")
    for table in tables:
        open_table(table).close()
    return name


def default_dataset(table: Path) -> str:
    """Return the dataset that a table makes when none is named: the slug of its file name.

    Raises InputError for a name that has no letter or digit.
    """
    from rescue_kg import datasets

    stem = os.path.splitext(os.path.basename(os.fspath(table)))[0]  # noqa: PTH119, PTH122
    return datasets.slug_of(table, stem)


@dataclass(frozen=True, slots=True)
class Work:
    """Tables that are read and judged, in a folder that goes when they are done with.

    `numbers` is, for each kind of table, how many numbers its rows have; `new_nodes` has the new
    terms, of the files `terms`, in the graph TERMS_GRAPH.
    """

    dataset: str
    folder: str
    engine: Engine
    judged: Sequence[Judged]
    numbers: Mapping[Kind, int]
    terms: tuple[str, ...]
    new_nodes: Store | None
    tables: tuple[TableReport, ...]
    rejects: tuple[Reject, ...]
    faults: int

    def report(self, statements: int | None = None) -> Report:
        """Return the report."""
        return Report(self.dataset, self.tables, self.rejects, self.faults, statements)

    def triples(self) -> str:
        """Return the path of a file of N-Triples with the good rows."""
        path = os.path.join(self.folder, "rows.nt")  # noqa: PTH118
        with open(path, "wb") as stream:  # noqa: PTH123
            for judged in self.judged:
                self.engine.write(judged.block(), stream)
        return path


@contextmanager
def _work(
    store: Store,
    tables: Sequence[Path],
    dataset: str | None,
    new_terms: Path | None,
    rejects: Path | None,
    progress: Progress | None,
    engine_name: EngineName,
) -> Iterator[Work]:
    import tempfile
    from concurrent.futures import ThreadPoolExecutor
    from functools import partial

    from rescue_kg import datasets
    from rescue_kg.store import Store
    from rescue_kg.tables import judging, staging
    from rescue_kg.tables import rejects as rejecting
    from rescue_kg.tables.engine import expressions, open_engine
    from rescue_kg.tables.names import Nodes
    from rescue_kg.tables.reading import open_table

    paths = [os.fspath(table) for table in tables]
    name = check_headers(paths, dataset)
    graphs = datasets.graphs_of(name)
    files = rejecting.paths(paths, rejects)
    terms = [] if new_terms is None else [os.fspath(new_terms)]
    # What the dataset held goes, so it makes nothing known; the new terms do, in another graph.
    new_nodes = Store() if terms else None
    with (
        expressions(),
        ThreadPoolExecutor(1) as beside,
        tempfile.TemporaryDirectory(prefix="rescue-kg-", ignore_cleanup_errors=True) as folder,
        open_engine(engine_name, folder) as engine,
        ExitStack() as stack,
    ):
        loads = []
        if new_nodes is not None:
            load = partial(new_nodes.load_file, graph=TERMS_GRAPH, keep_graphs=False)
            loads = [beside.submit(load, file) for file in terms]
        opened = []
        for path in paths:
            opened.append(open_table(path))
            stack.callback(opened[-1].close)
        staged = staging.stage(engine, opened, progress)
        cleaned = judging.clean(engine, staged)
        for loading in loads:
            loading.result()
        stores = [store] if new_nodes is None else [store, new_nodes]
        with store.reading():
            judged = judging.judge(engine, staged, cleaned, Nodes(stores, graphs), paths)
        written = [
            rejecting.Rejects(file, os.path.join(folder, f"rejects-{place}.tsv"))  # noqa: PTH118
            for place, file in enumerate(files)
        ]
        shown: list[Reject] = []
        faults = 0
        bad = [0] * len(paths)
        for one in judged:
            if not one.is_clean:
                counted = one.bad.group_by("_table").aggregate(n=one.bad.count())
                for place, count in engine.rows(counted):
                    bad[place] = count
            for place, row, column, value, reason in one.faults(engine):
                written[place].add(row, column, value, reason)
                faults += 1
                if len(shown) < _SHOWN:
                    shown.append(Reject(paths[place], row, column, value, reason))
        read = {place: count for one in staged for place, count in one.counts.items()}
        reports = tuple(
            TableReport(path, opened[place].kind, read[place], bad[place], written[place].finish())
            for place, path in enumerate(paths)
        )
        numbers = {one.schema.kind: one.numbers for one in staged}
        made = tuple(terms), new_nodes
        yield Work(name, folder, engine, judged, numbers, *made, reports, tuple(shown), faults)


def _store(graph: RescueGraph | Store) -> Store:
    from rescue_kg.graph import RescueGraph

    return graph.store if isinstance(graph, RescueGraph) else graph
