"""Spark as the engine: where one machine is not enough, on the cluster that its own settings name."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.errors import NotAvailableError, OutputError
from rescue_kg.tables.engine import Engine, to_sql
from rescue_kg.tables.reading import COUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import ibis
    import pyarrow as pa

    from rescue_kg.tables.judging import Judged
    from rescue_kg.tables.parts import Part, Writer

__all__ = ["Spark"]

_DIALECT: Final = "pyspark"
_ROWS: Final = 20_000
#: At most so many tasks write parts.
_TASKS: Final = 10_000
#: Texts in SQL mean what they say; what follows from unions and joins of many columns is not thought through,
#: which takes the planner minutes. No code is generated: that of some checks is too large for Java, is made
#: and refused each time, and then interpreted all the same.
_SETTINGS: Final = {
    "spark.sql.variable.substitute": "false",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


class Spark(Engine):
    """A Spark session: that which is open, else a new one, closed at the end.

    The master and all settings are Spark's own: those of spark-submit, spark-defaults.conf, or the
    environment variable SPARK_MASTER; without any of them all cores of this machine. Where the executors are
    other machines, the folder for temporary files (TMPDIR) and the folder of the parts must be seen by all of
    them at the same path, and rescue_kg must be installed on them. Tables are read by the driver, in bounded
    memory, and handed over as Parquet in that folder.

    Raises NotAvailableError where a package or Java is missing.
    """

    def __init__(self, folder: str) -> None:
        try:
            import ibis
            import pyarrow  # noqa: F401
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession

            # To ask for the backend registers the options that its compiler looks at.
            _ = ibis.pyspark
        except ImportError as error:
            raise NotAvailableError(
                f"{error.name or 'pyspark'} is not installed, which the engine spark needs; run: pip install "
                "'rescue-kg[spark]'"
            ) from error
        self.folder = folder
        # Tasks run in the Python that has rescue_kg, not in the first python3 of the path.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        self._own = SparkSession.getActiveSession() is None
        builder = SparkSession.builder.appName("rescue-kg").config("spark.ui.showConsoleProgress", "false")
        if self._own and "SPARK_MASTER" in os.environ:
            builder = builder.master(os.environ["SPARK_MASTER"])
        try:
            self._session = builder.getOrCreate()
        except (PySparkException, OSError) as error:
            raise NotAvailableError(
                f"Spark cannot be started ({error}); it needs Java 17 or newer, and the master that its "
                "settings name"
            ) from error
        if self._own:
            self._session.sparkContext.setLogLevel("ERROR")
        for name, value in _SETTINGS.items():
            self._session.conf.set(name, value)
        self._views: set[str] = set()
        self._kept = 0

    def close(self) -> None:
        """Let go of what the session holds of these tables, and close it where it was opened here."""
        for name in self._views:
            self._session.catalog.dropTempView(name)
        if self._own:
            self._session.stop()

    def _stored(self, name: str, path: str, types: Mapping[str, str]) -> ibis.Table:
        with self._faults():
            frame = self._session.read.parquet(f"file://{os.path.abspath(path)}")  # noqa: PTH100
            return self._as_view(name, frame, types)

    def view(self, name: str, expression: ibis.Table) -> ibis.Table:
        """Give an expression a name and return it as a table."""
        with self._faults():
            return self._as_view(name, self._frame(expression), expression.schema())

    def keep(self, name: str, expression: ibis.Table) -> ibis.Table:
        """Run an expression, write its rows to Parquet in the folder, and return them as a table.

        What Spark keeps in memory brings the plans of all that came before along.
        """
        self._kept += 1
        path = f"file://{os.path.abspath(self.folder)}/{name}-{self._kept}"  # noqa: PTH100
        with self._faults():
            self._frame(expression).write.parquet(path, compression="zstd")
            return self._as_view(name, self._session.read.parquet(path), expression.schema())

    def batches(self, expression: ibis.Table) -> Iterator[pa.RecordBatch]:
        """Yield the rows of an expression as Arrow batches."""
        import pyarrow as pa

        schema = expression.schema().to_pyarrow()
        with self._faults():
            rows: list[Any] = []
            for row in self._frame(expression).toLocalIterator(prefetchPartitions=True):
                rows.append(row)
                if len(rows) == _ROWS:
                    yield _batch(rows, schema)
                    rows.clear()
            yield _batch(rows, schema) if rows else pa.RecordBatch.from_pylist([], schema)

    def write_parts(
        self, judged: Judged, graph: str, parts: Sequence[Part], size: int, write: Writer
    ) -> Iterator[tuple[Part, int]]:
        """Write parts, each in one task, and yield each with the number of its statements.

        Rows are brought together part by part, and sorted, before there are any texts: these are some ten
        times as long.
        """
        from pyspark.sql import functions as call

        with self._faults():
            good = self._session.table(judged.good.get_name())
            ranges = call.lit(False)
            for start, end in _together(parts):
                ranges = ranges | ((good[COUNT] >= start) & (good[COUNT] < end))
            place = call.floor(good[COUNT] / call.lit(size))
            spread = good.filter(ranges).repartition(min(len(parts), _TASKS), place)
            spread = spread.sortWithinPartitions(COUNT)
            table = self._as_view(f"{judged.schema.kind}_spread", spread, judged.good.schema())
            texts = self._frame(judged.block_of(table, graph))
            starts = sorted((part.first, part.number) for part in parts)
            made = texts.mapInArrow(_task(starts, write), "number long, statements long").collect()
        counts = {int(row["number"]): int(row["statements"]) for row in made}
        for part in parts:
            # A part of which every row is bad has no task.
            known = part.number in counts
            yield part, counts[part.number] if known else write(part.number, ())

    def _frame(self, expression: ibis.Table) -> Any:
        return self._session.sql(to_sql(expression.op(), _DIALECT))

    def _as_view(self, name: str, frame: Any, schema: Any) -> ibis.Table:
        import ibis

        # Sessions are shared, so that names are those of this engine only.
        unique = f"rescue_{id(self):x}_{name}"
        frame.createOrReplaceTempView(unique)
        self._views.add(unique)
        return ibis.table(schema, name=unique)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        try:
            yield
        except (PySparkException, Py4JError) as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            told = next((line for line in reversed(lines) if "Error: " in line), lines[0] if lines else "")
            raise OutputError(f"Spark could not do its work ({told}); its log says more") from error


def _together(parts: Sequence[Part]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of rows of parts, those that follow each other as one."""
    start = end = None
    for part in sorted(parts, key=lambda part: part.first):
        if part.first != end:
            if start is not None and end is not None:
                yield start, end
            start = part.first
        end = part.end
    if start is not None and end is not None:
        yield start, end


def _task(
    starts: Sequence[tuple[int, int]], write: Writer
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return what an executor does with sorted rows: it writes each part that they make."""

    def pieces(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[int, pa.RecordBatch]]:
        from bisect import bisect_right

        firsts = [first for first, _ in starts]
        for batch in batches:
            places = [bisect_right(firsts, row) - 1 for row in batch.column(COUNT).to_pylist()]
            begin = 0
            for place, rows in groupby(places):
                size = len(list(rows))
                yield starts[place][1], batch.slice(begin, size)
                begin += size

    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for number, group in groupby(pieces(batches), key=lambda piece: piece[0]):
            count = write(number, (batch for _, batch in group))
            yield pa.record_batch([pa.array([number]), pa.array([count])], names=["number", "statements"])

    return task


def _batch(rows: Sequence[Any], schema: Any) -> pa.RecordBatch:
    import pyarrow as pa

    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(values, type=field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)
