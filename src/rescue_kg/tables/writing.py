"""Writes the good rows of tables: to a file, sorted, or to a folder, in parts."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, cast

from rescue_kg.errors import InputError, UnknownFormatError, did_you_mean
from rescue_kg.files import whole
from rescue_kg.tables import parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    import pyarrow as pa

    from rescue_kg.tables.loading import Work
    from rescue_kg.tables.manifest import Manifest

__all__ = ["SUFFIXES", "check_parts", "format_of", "is_folder", "write", "write_parts"]

SUFFIXES: Final = (".ttl", ".nt", ".nq")


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
            manifest.add(part, write(part.number, _blocks(_terms(work, graph))))
    for judged in work.judged:
        mine = [part for part in todo if part.kind == judged.schema.kind]
        if mine:
            for part, count in work.engine.write_parts(judged, graph, mine, size, write):
                manifest.add(part, count)
    manifest.write(plan)
    return sum(manifest.statements.values())


def _blocks(lines: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.compute as pc

    for batch in lines:
        blocks = pc.binary_join_element_wise(pc.cast(batch.column(0), pa.string()), "", "\n")
        yield pa.record_batch([blocks], names=["block"])


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
        tables.append(work.engine.store("terms", _terms(work, graph), {"line": "string"}))
    every = tables[0]
    for more in tables[1:]:
        every = every.union(more)
    lines = work.engine.keep("lines", every)
    return work.engine.write_lines(lines.order_by("line"), stream)


def _terms(work: Work, graph: str | None) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyoxigraph as ox

    from rescue_kg.arrangement import stable_blank_nodes
    from rescue_kg.store import Store

    store = Store()
    for file in work.terms:
        store.load_file(file, graph=_graph(work), keep_graphs=False)
    quads = stable_blank_nodes(store.quads(_graph(work)))
    form = ox.RdfFormat.N_TRIPLES if graph is None else ox.RdfFormat.N_QUADS
    items = [quad.triple for quad in quads] if graph is None else quads
    data = ox.serialize(items, format=form) or b""
    # splitlines() would also split at what stands as it is in a literal, such as U+2028.
    yield pa.record_batch([pa.array(data.decode().split("\n")[:-1], type=pa.string())], names=["line"])


def _graph(work: Work) -> str:
    from rescue_kg import datasets

    return datasets.graphs_of(work.dataset)[0]
