"""What runs the expressions over tables: one small interface, and an engine of each name behind it."""

from __future__ import annotations

import gc
import os
from abc import ABC, abstractmethod
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from rescue_kg.errors import InputError, OutputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    import ibis
    import pyarrow as pa

    from rescue_kg.tables.judging import Judged
    from rescue_kg.tables.parts import Part, Writer

__all__ = ["ENGINES", "Engine", "EngineName", "data_of", "expressions", "full", "open_engine", "to_sql"]

EngineName = Literal["duckdb", "spark"]

ENGINES: Final[tuple[EngineName, ...]] = ("duckdb", "spark")


class Engine(ABC):
    """Tables by name in a folder for temporary files, for a `with`; ibis says what to do with them.

    Whatever the engine, the same expressions over the same rows give the same texts. Its methods raise
    OutputError where the folder is full.
    """

    folder: str

    def __enter__(self) -> Self:
        """Return the engine itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the engine."""
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Give back what the engine holds; the folder stays."""

    def store(self, name: str, batches: Iterable[pa.RecordBatch], types: Mapping[str, str]) -> ibis.Table:
        """Write Arrow batches with the columns of `types` (string, int64) to a file of the folder.

        Returns them as a table.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = {"string": pa.string(), "int64": pa.int64()}
        schema = pa.schema([(column, kinds[kind]) for column, kind in types.items()])
        path = os.path.join(self.folder, f"{name}.parquet")  # noqa: PTH118
        try:
            with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
                for batch in batches:
                    writer.write_batch(batch.select(schema.names))
        except OSError as error:
            raise full(self.folder, error) from error
        return self._stored(name, path, types)

    @abstractmethod
    def _stored(self, name: str, path: str, types: Mapping[str, str]) -> ibis.Table:
        """Return a file of Parquet as a table of a name."""

    @abstractmethod
    def view(self, name: str, expression: ibis.Table) -> ibis.Table:
        """Give an expression a name and return it as a table; ibis need not look at what is in it again."""

    @abstractmethod
    def keep(self, name: str, expression: ibis.Table) -> ibis.Table:
        """Run an expression once, keep its rows, and return them as a table."""

    @abstractmethod
    def batches(self, expression: ibis.Table) -> Iterator[pa.RecordBatch]:
        """Yield the rows of an expression as Arrow batches."""

    @abstractmethod
    def write_parts(
        self, judged: Judged, graph: str, parts: Sequence[Part], size: int, write: Writer
    ) -> Iterator[tuple[Part, int]]:
        """Write the statements of each part's rows, and yield it with their number, in any order.

        A part has `size` rows, the last of a kind may have less.
        `write` gets the number of a part and its texts as Arrow batches with the column `block`, in the order
        of the rows.
        """

    def rows(self, expression: ibis.Table) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of an expression as tuples."""
        for batch in self.batches(expression):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def count(self, table: ibis.Table) -> int:
        """Return the number of rows of an expression."""
        (found,) = self.rows(table.aggregate(n=table.count()))
        return int(found[0])

    def write(self, texts: ibis.Table, stream: BinaryIO) -> None:
        """Write the column `block` of an expression to a stream, one text after another."""
        for batch in self.batches(texts):
            stream.write(data_of(batch.column("block")))

    def write_lines(self, lines: ibis.Table, stream: BinaryIO) -> int:
        """Write the one column of a sorted expression as lines, each once, and return how many they are."""
        import pyarrow as pa
        import pyarrow.compute as pc

        count = 0
        last = pa.scalar(None, type=pa.string())
        for batch in self.batches(lines):
            column = pc.cast(batch.column(0), pa.string())
            if not len(column):
                continue
            before = pa.concat_arrays([pa.array([last.as_py()], type=pa.string()), column[:-1]])
            last = column[-1]
            # To hold two sorted neighbours against each other takes no memory, other than DISTINCT.
            column = column.filter(pc.fill_null(pc.not_equal(column, before), True))
            count += len(column)
            stream.write(data_of(pc.binary_join_element_wise(column, "", "\n")))
        return count


def open_engine(name: str, folder: str) -> Engine:
    """Return an engine by name. Raises InputError for another, NotAvailableError without its packages."""
    if name == "duckdb":
        from rescue_kg.tables.duckdb import DuckDB

        return DuckDB(folder)
    if name == "spark":
        from rescue_kg.tables.spark import Spark

        return Spark(folder)
    raise InputError(
        f"found the engine {name!r}, expected one of {', '.join(ENGINES)}{did_you_mean(name, ENGINES)}"
    )


@contextmanager
def expressions() -> Iterator[None]:
    """Look for garbage less often, for a `with` in which expressions are made.

    They are many small objects that stay: to look through them again and again takes a third of the time.
    """
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def data_of(column: pa.Array) -> memoryview:
    """Return the bytes of the texts of a column, one after another: they stand in one piece."""
    _, offsets, data = column.buffers()
    if data is None or not len(column):
        return memoryview(b"")
    places = memoryview(offsets).cast("q" if "large" in str(column.type) else "i")
    return memoryview(data)[places[column.offset] : places[column.offset + len(column)]]


def full(folder: str, error: Exception) -> OutputError:
    """Return the error for a folder that takes no more."""
    return OutputError(
        f"{folder}: the temporary files of the tables cannot be written ({error}); make room, or name "
        "another folder in TMPDIR"
    )


# Tables with the same header make the same expressions, and to compile them takes longer than a small table.
@lru_cache(maxsize=256)
def to_sql(node: Any, dialect: str) -> str:
    """Return the node of an expression as a query in the SQL of an engine."""
    import ibis

    return str(ibis.to_sql(node.to_expr(), dialect=dialect, pretty=False))
