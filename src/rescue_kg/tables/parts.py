"""The files of a partitioned dataset: each holds the statements of so many rows, whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from rescue_kg.files import whole
from rescue_kg.parquet_quads import COLUMNS
from rescue_kg.tables.engine import data_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import BinaryIO

    import pyarrow as pa

    from rescue_kg.tables.columns import Kind

    Writer = Callable[[int, Iterable[pa.RecordBatch]], int]

__all__ = ["FORMS", "ROWS", "Part", "count", "name", "plan", "writer"]

#: What parts can be: N-Quads, plain or packed, or Parquet with a column for each term of a quad.
FORMS: Final = ("nq.gz", "nq.zst", "nq", "parquet")
#: Rows of a table in a part: of findings, some 700,000 quads.
ROWS: Final = 25_000
#: The lowest level packs N-Quads to a sixteenth, and takes a third of the time of the usual one.
_LEVEL: Final = 1
#: Bytes that are copied at a time: so few that memory is used again, which is faster than to ask for more.
_PIECE: Final = 2**16


class Part(NamedTuple):
    """A part: the rows `first` up to, without, `end` of the tables of a kind; `terms` has the new terms."""

    number: int
    kind: str
    first: int
    end: int


def plan(rows: Mapping[Kind, int], size: int, *, terms: bool) -> list[Part]:
    """Return the parts of a dataset with so many rows of each kind, in the order of their numbers."""
    parts = [Part(0, "terms", 0, 0)] if terms else []
    for kind, total in rows.items():
        for first in range(0, total, size):
            parts.append(Part(len(parts), kind, first, min(first + size, total)))
    return parts


def name(number: int, form: str) -> str:
    """Return the name of the file of a part."""
    return f"part-{number:05}.{form}"


def writer(folder: str, form: str, graph: str) -> Writer:
    """Return what writes a part and returns how many statements it has. It raises OutputError."""

    def write(number: int, batches: Iterable[pa.RecordBatch]) -> int:
        with whole(os.path.join(folder, name(number, form))) as stream:  # noqa: PTH118
            if form == "parquet":
                return _write_table(batches, stream, graph)
            return _write_text(batches, stream, form)

    return write


def count(path: str, form: str) -> int:
    """Return how many statements a part has; it is read to its end."""
    if form == "parquet":
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            return int(file.metadata.num_rows)
    import pyarrow as pa

    kinds = {"nq.gz": "gzip", "nq.zst": "zstd", "nq": None}
    found = 0
    with pa.input_stream(path, compression=kinds[form]) as stream:
        while data := stream.read(2**20):
            found += data.count(b"\n")
    return found


def _write_text(batches: Iterable[pa.RecordBatch], stream: BinaryIO, form: str) -> int:
    import gzip

    import pyarrow as pa

    found = 0
    target = stream
    if form == "nq.gz":
        # Bytes that depend on the data only.
        packed = gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=stream, mtime=0)
        target = cast("BinaryIO", packed)
    zstd = pa.Codec("zstd", compression_level=1) if form == "nq.zst" else None
    for batch in batches:
        data = data_of(batch.column("block"))
        if zstd is not None:
            # Frames of Zstandard may follow each other in a file.
            target.write(zstd.compress(pa.py_buffer(data), asbytes=True))
        for begin in range(0, len(data), _PIECE):
            piece = bytes(data[begin : begin + _PIECE])
            found += piece.count(b"\n")
            if zstd is None:
                target.write(piece)
    if target is not stream:
        target.close()
    return found


def _write_table(batches: Iterable[pa.RecordBatch], stream: BinaryIO, graph: str) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = 0
    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    with pq.ParquetWriter(stream, schema, compression="zstd", compression_level=1) as table:
        for quads in _quads(batches, graph):
            table.write_batch(quads)
            found += quads.num_rows
    return found


def _quads(batches: Iterable[pa.RecordBatch], graph: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.compute as pc

    end = f" <{graph}> ."
    for batch in batches:
        text = str(data_of(batch.column("block")), "utf-8")
        lines = pa.array(text.split("\n")[:-1], pa.string())
        # Neither a subject nor a predicate has a space in it.
        terms = pc.split_pattern(lines, " ", max_splits=2)
        columns = [pc.list_element(terms, place) for place in range(3)]
        columns[2] = pc.utf8_slice_codeunits(columns[2], 0, -len(end))
        named = pa.repeat(pa.scalar(f"<{graph}>"), len(lines))
        yield pa.record_batch([*columns, named], names=list(COLUMNS))
