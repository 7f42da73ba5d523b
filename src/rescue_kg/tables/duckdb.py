"""DuckDB as the engine: on one machine, in memory as long as it does, on disk beyond."""

from __future__ import annotations

import os
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.tables.engine import Engine, full, to_sql
from rescue_kg.tables.reading import COUNT, missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb
    import ibis
    import pyarrow as pa

    from rescue_kg.tables.judging import Judged
    from rescue_kg.tables.parts import Part, Writer

__all__ = ["DuckDB"]

_DIALECT: Final = "duckdb"
#: DuckDB 2 draws a progress bar on standard output, also where that is no terminal; each cursor has its own.
_QUIET: Final = "SET enable_progress_bar = false"
_ROWS: Final = 50_000
#: Rows of a batch of texts: some 4 kB each.
_TEXTS: Final = 2_048
#: At most so many parts are made by one query: it looks through all that rows name each time.
_TOGETHER: Final = 8


class DuckDB(Engine):
    """A database in the folder; expressions are compiled by ibis and run as SQL.

    Raises NotAvailableError where a package is missing.
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
                "preserve_insertion_order": True,
            },
        )
        self._connection.execute(_QUIET)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _stored(self, name: str, path: str, types: Mapping[str, str]) -> ibis.Table:
        quoted = path.replace("'", "''")
        self._run(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet('{quoted}')")  # noqa: S608
        return _named(name, types)

    def view(self, name: str, expression: ibis.Table) -> ibis.Table:
        """Give an expression a name and return it as a table."""
        self._run(f"CREATE OR REPLACE VIEW {name} AS {_sql(expression)}")
        return _named(name, expression.schema())

    def keep(self, name: str, expression: ibis.Table) -> ibis.Table:
        """Run an expression, keep its rows in the database, and return them as a table."""
        self._run(f"CREATE OR REPLACE TABLE {name} AS {_sql(expression)}")
        return _named(name, expression.schema())

    def batches(self, expression: ibis.Table) -> Iterator[pa.RecordBatch]:
        """Yield the rows of an expression as Arrow batches."""
        with self._faults():
            # The cursor must live as long as what it reads.
            cursor = self._cursor()
            yield from _read(cursor, _sql(expression), _ROWS)

    def write_parts(
        self,
        judged: Judged,
        graph: str,
        parts: Sequence[Part],
        size: int,  # noqa: ARG002 - each part says what its rows are
        write: Writer,
    ) -> Iterator[tuple[Part, int]]:
        """Write parts, some at a time, and yield each with the number of its statements.

        Parts that follow each other come from one query, which takes time to plan, and each is written as its
        rows come, so that memory holds a few rows of as many parts as there are threads. There is one thread
        more than there are cores, since one of them waits for the disk; no query has more than one.
        """
        import pyarrow as pa

        blocks = pa.schema([(COUNT, pa.int64()), ("block", pa.string())])
        cut = {name: _named(f"part_of_{name}", table.schema()) for name, (table, _) in judged.sources.items()}
        query = _sql(judged.block(graph, cut))

        def batches(first: int, end: int) -> Iterator[pa.RecordBatch]:
            ranges = ", ".join(
                f"part_of_{name} AS (SELECT * FROM {table.get_name()}"  # noqa: S608
                f" WHERE {column} >= {first} AND {column} < {end})"
                for name, (table, column) in judged.sources.items()
            )
            # What is prepared is not read as it comes, but held until the last row is made.
            return _read(self._cursor(), f"WITH {ranges} SELECT * FROM ({query})", _TEXTS)  # noqa: S608

        def some(run: Sequence[Part]) -> list[tuple[Part, int]]:
            rows = _Rows(batches(run[0].first, run[-1].end))
            try:
                return [(part, write(part.number, rows.until(part.end))) for part in run]
            except _OutOfOrderError:
                return [(part, write(part.number, in_order(part))) for part in run]

        def in_order(part: Part) -> Iterator[pa.RecordBatch]:
            found = pa.Table.from_batches(batches(part.first, part.end), schema=blocks)
            yield from found.sort_by(COUNT).to_batches(_TEXTS)

        threads = (os.cpu_count() or 1) + 1
        runs = _runs(parts, min(_TOGETHER, 1 + len(parts) // (4 * threads)))
        with self._faults(), ThreadPoolExecutor(threads) as pool:
            # So rows come in their order: it is that of the table whose rows are looked up in the others.
            self._connection.execute("SET disabled_optimizers = 'build_side_probe_side'")
            self._connection.execute("SET threads = 1")
            try:
                for made in pool.map(some, runs):
                    yield from made
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._connection.cursor()
        cursor.execute(_QUIET)
        return cursor

    def _run(self, sql: str) -> None:
        with self._faults():
            self._connection.execute(sql)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        import duckdb

        try:
            yield
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise full(self.folder, error) from error


class _OutOfOrderError(Exception):
    """Rows do not come in their order."""


class _Rows:
    """The rows of batches, whose numbers rise, a piece at a time."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._rest: pa.RecordBatch | None = None
        self._last = -1

    def until(self, end: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows that are left up to, without, a number. Raises _OutOfOrderError."""
        while (batch := self._rest or self._next()) is not None:
            size = bisect_left(batch.column(COUNT), end, key=lambda number: number.as_py())
            self._rest = batch.slice(size) if size < batch.num_rows else None
            yield batch.slice(0, size)
            if self._rest is not None:
                return

    def _next(self) -> pa.RecordBatch | None:
        import pyarrow.compute as pc

        for batch in self._batches:
            if batch.num_rows:
                rows = batch.column(COUNT)
                if rows[0].as_py() <= self._last or (pc.min(pc.pairwise_diff(rows)).as_py() or 1) < 1:
                    raise _OutOfOrderError
                self._last = rows[-1].as_py()
                return batch
        return None


def _runs(parts: Sequence[Part], most: int) -> list[list[Part]]:
    """Return parts in runs of at most so many that follow each other."""
    runs: list[list[Part]] = []
    for part in parts:
        if runs and len(runs[-1]) < most and runs[-1][-1].end == part.first:
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def _named(name: str, schema: Any) -> ibis.Table:
    import ibis

    return ibis.table(schema, name=name)


def _read(cursor: duckdb.DuckDBPyConnection, sql: str, rows: int) -> Iterator[pa.RecordBatch]:
    result = cursor.sql(sql)
    # DuckDB 2 has the one, DuckDB 1.4 the other.
    read = getattr(result, "to_arrow_reader", None) or result.fetch_arrow_reader
    yield from read(rows)


def _sql(expression: ibis.Table) -> str:
    return to_sql(expression.op(), _DIALECT)
