"""DuckDB as the engine: runs ibis expressions, keeps what comes out in a folder, and writes lines."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.errors import OutputError
from rescue_kg.tables.reading import missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO, Self

    import ibis
    import pyarrow as pa

__all__ = ["Engine"]

_DIALECT: Final = "duckdb"
#: DuckDB 2 draws a progress bar on standard output, also where that is no terminal; each cursor has its own.
_QUIET: Final = "SET enable_progress_bar = false"
_ROWS: Final = 50_000


class Engine:
    """A database in a folder, for a `with`; it goes to disk where memory does not do.

    Expressions are compiled by ibis and run as SQL. Raises NotAvailableError where a package is missing,
    OutputError where the folder is full.
    """

    def __init__(self, folder: str, memory: str = "1GB") -> None:
        try:
            import duckdb
            import ibis  # noqa: F401
        except ImportError as error:
            raise missing(error.name or "ibis") from error
        self.folder = folder
        # Nothing is fetched from the network: every extension that is used is part of the package.
        self._connection = duckdb.connect(
            os.path.join(folder, "work.duckdb"),  # noqa: PTH118
            config={
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "memory_limit": memory,
                "temp_directory": os.path.join(folder, "spill"),  # noqa: PTH118
                "preserve_insertion_order": False,
            },
        )
        self._connection.execute(_QUIET)

    def __enter__(self) -> Self:
        """Return the engine itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the database."""
        self._connection.close()

    def store(self, name: str, batches: Iterable[pa.RecordBatch], types: Mapping[str, str]) -> ibis.Table:
        """Write Arrow batches to a Parquet file and return them as a table."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = {"string": pa.string(), "int64": pa.int64(), "int32": pa.int32()}
        schema = pa.schema([(column, kinds[kind]) for column, kind in types.items()])
        path = os.path.join(self.folder, f"{name}.parquet")  # noqa: PTH118
        try:
            with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
                for batch in batches:
                    writer.write_batch(batch.select(schema.names))
        except OSError as error:
            raise _full(self.folder, error) from error
        quoted = path.replace("'", "''")
        self._run(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet('{quoted}')")  # noqa: S608
        return self._named(name, types)

    def view(self, name: str, expression: ibis.Table) -> ibis.Table:
        """Give an expression a name and return it as a table; ibis need not look at what is in it again."""
        self._run(f"CREATE OR REPLACE VIEW {name} AS {_sql(expression.op())}")
        return self._named(name, expression.schema())

    def keep(self, name: str, expression: ibis.Table) -> ibis.Table:
        """Run an expression, keep its rows, and return them as a table."""
        self._run(f"CREATE OR REPLACE TABLE {name} AS {_sql(expression.op())}")
        return self._named(name, expression.schema())

    def batches(self, expression: ibis.Table) -> Iterator[pa.RecordBatch]:
        """Yield the rows of an expression as Arrow batches."""
        with self._faults():
            # The cursor must live as long as what it reads.
            cursor = self._connection.cursor()
            cursor.execute(_QUIET)
            result = cursor.sql(_sql(expression.op()))
            # DuckDB 2 has the one, DuckDB 1.4 the other.
            read = getattr(result, "to_arrow_reader", None) or result.fetch_arrow_reader
            yield from read(_ROWS)

    def rows(self, expression: ibis.Table) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of an expression as tuples."""
        for batch in self.batches(expression):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def count(self, table: ibis.Table) -> int:
        """Return the number of rows of an expression."""
        (found,) = self.rows(table.aggregate(n=table.count()))
        return int(found[0])

    def write(self, texts: ibis.Table, stream: BinaryIO) -> None:
        """Write the one text column of an expression to a stream, one text after another."""
        for batch in self.batches(texts):
            _write(batch.column(0), stream)

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
            _write(pc.binary_join_element_wise(column, "", "\n"), stream)
        return count

    def _named(self, name: str, schema: Any) -> ibis.Table:
        import ibis

        return ibis.table(schema, name=name)

    def _run(self, sql: str) -> None:
        with self._faults():
            self._connection.execute(sql)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        import duckdb

        try:
            yield
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise _full(self.folder, error) from error


# Tables with the same header make the same expressions, and to compile them takes longer than a small table.
@lru_cache(maxsize=256)
def _sql(node: Any) -> str:
    import ibis

    return str(ibis.to_sql(node.to_expr(), dialect=_DIALECT, pretty=False))


def _full(folder: str, error: Exception) -> OutputError:
    return OutputError(
        f"{folder}: the temporary files of the tables cannot be written ({error}); make room, or name "
        "another folder in TMPDIR"
    )


def _write(column: pa.Array, stream: BinaryIO) -> None:
    """Write the texts of a column, one after another: they stand in one piece, ready to be written."""
    _, offsets, data = column.buffers()
    if data is not None and len(column):
        places = memoryview(offsets).cast("q" if "large" in str(column.type) else "i")
        stream.write(memoryview(data)[places[column.offset] : places[column.offset + len(column)]])
