"""Writes the good rows of tables: to a file, sorted, or to a folder, in parts."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, cast

from rescue_kg.errors import InputError, UnknownFormatError, did_you_mean
from rescue_kg.files import whole
from rescue_kg.tables import parts
from rescue_kg.tables.arrow import texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    import pyarrow as pa

    from rescue_kg.tables.loading import Work
    from rescue_kg.tables.manifest import Manifest

__all__ = ["SUFFIXES", "check_parts", "format_of", "is_folder", "write", "write_parts"]

SUFFIXES: Final = (".ttl", ".nt", ".nq")

#: Bytes of the new terms that are looked at at a time.
_PIECE: Final = 2**20


def is_folder(path: str) -> bool:
    """Return whether a path names a folder for parts: it ends with a slash, or is a folder already."""
    return path.endswith(("/", os.sep)) or os.path.isdir(path)  # noqa: PTH112


def check_parts(form: str, rows: int) -> None:
    """Raise UnknownFormatError for a kind of parts that is not made, InputError for parts without rows."""
    if form not in parts.FORMS:
        raise UnknownFormatError(
            f"found {form!r} as the kind of parts, expected one of {', '.join(parts.FORMS)}"
            f"{did_you_mean(form, parts.FORMS)}"
        )
    if rows < 1:
        raise InputError(f"found {rows} rows for each part, expected at least 1")


def format_of(path: str) -> str:
    """Return the suffix that says the format of a file, `.gz` set aside. Raises UnknownFormatError."""
    suffix = os.path.splitext(path.lower().removesuffix(".gz"))[1]  # noqa: PTH122
    if suffix not in SUFFIXES:
        raise UnknownFormatError(
            f"{path}: the suffix names no format of a dataset, expected one of {', '.join(SUFFIXES)} (also "
            f"with .gz), or a slash at the end for a folder{did_you_mean(suffix, SUFFIXES)}"
        )
    return suffix


def write(work: Work, path: str, suffix: str) -> int:
    """Write the good rows and the new terms of tables to a file, and return how many statements they are."""
    import gzip

    with whole(path) as stream, ExitStack() as stack:
        target = stream
        if path.lower().endswith(".gz"):
            # Bytes that depend on the data only, as those of an export.
            packed = gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0)
            target = cast("BinaryIO", stack.enter_context(packed))
        return _turtle(work, target) if suffix == ".ttl" else _lines(work, target, suffix)


def write_parts(work: Work, manifest: Manifest, size: int) -> int:
    """Write the parts that a folder lacks, and return how many statements all have. Raises OutputError."""
    plan = parts.plan(work.numbers, size, terms=bool(work.terms))
    graph = _graph(work)
    todo = manifest.missing(plan)
    write = parts.writer(manifest.folder, manifest.form, graph)
    manifest.write()
    for part in todo:
        if part.kind == "terms":
            manifest.add(
                part, write(part.number, _batches("block", ([text] for text in _terms(work, graph))))
            )
    for judged in work.judged:
        mine = [part for part in todo if part.kind == judged.schema.kind]
        if mine:
            for part, count in work.engine.write_parts(judged, graph, mine, size, write):
                manifest.add(part, count)
    manifest.write(plan)
    return sum(manifest.statements.values())


def _turtle(work: Work, stream: BinaryIO) -> int:
    from rescue_kg import layout
    from rescue_kg.store import Store

    store = Store()
    graph = _graph(work)
    for file in (work.triples(), *work.terms):
        store.load_file(file, graph=graph, keep_graphs=False)
    stream.write(layout.turtle(store.quads(graph)).encode())
    return len(store)


def _lines(work: Work, stream: BinaryIO, suffix: str) -> int:
    """Write sorted lines, each once. They are sorted on disk where memory does not do."""
    graph = _graph(work) if suffix == ".nq" else None
    tables = []
    for judged in work.judged:
        block = judged.block(graph)
        split = block.select(line=block.block.split("\n").unnest())
        tables.append(split.filter(split.line != ""))
    if work.terms:
        lines = (text.split("\n")[:-1] for text in _terms(work, graph))
        tables.append(work.engine.store("terms", _batches("line", lines), {"line": "string"}))
    every = tables[0]
    for more in tables[1:]:
        every = every.union(more)
    kept = work.engine.keep("lines", every)
    return work.engine.write_lines(kept.order_by("line"), stream)


def _terms(work: Work, graph: str | None) -> Iterator[str]:
    """Yield the statements of the new terms, some lines at a time, each statement once."""
    import pyoxigraph as ox

    from rescue_kg.arrangement import stable_blank_nodes
    from rescue_kg.tables.loading import TERMS_GRAPH

    if work.new_nodes is None:
        return
    file = os.path.join(work.folder, "terms.nt")  # noqa: PTH118
    work.new_nodes.native.dump(file, ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(TERMS_GRAPH))
    if any(text.startswith("_:") or "\n_:" in text or "> _:" in text for text in _pieces(file)):
        # What the labels of blank nodes become depends on the graph too.
        named = ox.NamedNode(_graph(work))
        found = work.new_nodes.quads(TERMS_GRAPH)
        quads = (ox.Quad(quad.subject, quad.predicate, quad.object, named) for quad in found)
        triples = sorted((quad.triple for quad in stable_blank_nodes(quads)), key=str)
        ox.serialize(triples, file, format=ox.RdfFormat.N_TRIPLES)
    end = " .\n" if graph is None else f" <{graph}> .\n"
    for text in _pieces(file):
        # Within a literal a line break is escaped.
        yield text.replace(" .\n", end)


def _pieces(file: str) -> Iterator[str]:
    """Yield whole lines, a megabyte or so at a time."""
    with open(file, "rb") as stream:  # noqa: PTH123
        while data := stream.read(_PIECE):
            yield (data + stream.readline()).decode()


def _batches(column: str, every: Iterable[list[str]]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for values in every:
        yield pa.record_batch([texts(values)], names=[column])


def _graph(work: Work) -> str:
    from rescue_kg import datasets

    return datasets.graphs_of(work.dataset)[0]
