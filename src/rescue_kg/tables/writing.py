"""Writes the good rows of tables to a file: Turtle in the canonical layout, N-Triples and N-Quads sorted."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, cast

from rescue_kg.errors import UnknownFormatError, did_you_mean
from rescue_kg.files import whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    import pyarrow as pa

    from rescue_kg.tables.loading import Work

__all__ = ["SUFFIXES", "format_of", "write"]

SUFFIXES: Final = (".ttl", ".nt", ".nq")


def format_of(path: str) -> str:
    """Return the suffix that says the format of a file, `.gz` set aside. Raises UnknownFormatError."""
    suffix = os.path.splitext(path.lower().removesuffix(".gz"))[1]  # noqa: PTH122
    if suffix not in SUFFIXES:
        raise UnknownFormatError(
            f"{path}: the suffix names no format of a dataset, expected one of {', '.join(SUFFIXES)} (also "
            f"with .gz){did_you_mean(suffix, SUFFIXES)}"
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
    yield pa.record_batch([pa.array(data.decode().splitlines(), type=pa.string())], names=["line"])


def _graph(work: Work) -> str:
    from rescue_kg import datasets

    return datasets.graphs_of(work.dataset)[0]
