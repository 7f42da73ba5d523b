"""Parquet, batch by batch, every column as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from rescue_kg.errors import InputError
from rescue_kg.tables.arrow import numbers, texts
from rescue_kg.tables.plain import is_filled
from rescue_kg.tables.reading import PLACES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

__all__ = ["Batches", "read"]

_ROWS: Final = 20_000


class Batches(NamedTuple):
    """The header, the rows as batches with the columns of PLACES, and how many bytes have been read."""

    header: tuple[str, ...]
    batches: Iterator[pa.RecordBatch]
    done: Callable[[], int]
    close: Callable[[], None]


def read(file: str) -> Batches:
    """Return the columns and the rows of a Parquet file; numbers become text, lists become `a; b`.

    Raises InputError for a file that is no Parquet, or a column that is no text, number or list of these.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pq.ParquetFile(file)
        header = tuple(source.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file}: found no Parquet file ({error}), expected one") from error
    done = [0]
    return Batches(header, _batches(file, source, done), lambda: done[0], source.close)


def _batches(file: str, source: pa.parquet.ParquetFile, done: list[int]) -> Iterator[pa.RecordBatch]:
    import os

    import pyarrow as pa
    import pyarrow.compute as pc

    row = 2
    total = max(source.metadata.num_rows, 1)
    size = os.path.getsize(file)  # noqa: PTH202
    try:
        for batch in source.iter_batches(batch_size=_ROWS):
            names = [name.strip() for name in batch.schema.names]
            columns = [_text(file, name, column) for name, column in zip(names, batch.columns, strict=True)]
            filled = is_filled(columns)
            faults = [pa.nulls(batch.num_rows, pa.string())] * 3
            if any(_may_have_nul(column) for column in columns):
                faults = _faults(names, columns)
                # As with every reader, the cells of a row that has a fault are not looked at.
                clean = pc.is_null(faults[0])
                nothing = pa.scalar(None, type=pa.string())
                columns = [pc.if_else(clean, column, nothing) for column in columns]
            rows = numbers(range(row, row + batch.num_rows))
            row += batch.num_rows
            done[0] = size * (row - 2) // total
            made = pa.record_batch([*columns, rows, *faults], names=[*names, *PLACES])
            yield made if filled is None else made.filter(filled)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file}: the file is damaged ({error}); write it anew") from error
    finally:
        source.close()


def _text(file: str, name: str, column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    try:
        if pa.types.is_dictionary(kind):
            column = column.dictionary_decode()
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            column = pc.binary_join(pc.cast(column, pa.list_(pa.string())), "; ")
        text = pc.cast(column, pa.string())
        text.validate(full=True)
    except pa.ArrowException as error:
        raise InputError(
            f"{file}: found the column {name!r} of type {kind}, expected text in UTF-8 ({error})"
        ) from error
    return text


def _faults(names: list[str], columns: list[pa.Array]) -> list[pa.Array]:
    """Return what is wrong with each row: a NUL in the first cell that has one."""
    import pyarrow.compute as pc

    size = len(columns[0]) if columns else 0
    found: list[list[str | None]] = [[None] * size for _ in range(3)]
    for name, column in zip(reversed(names), reversed(columns), strict=True):
        has = pc.match_substring(column, "\0")
        if pc.any(has).as_py():
            for place in pc.indices_nonzero(pc.fill_null(has, False)).to_pylist():
                shown = str(column[place]).replace("\0", r"\x00")
                for values, text in zip(
                    found, (name, shown, "found a NUL character, which no text has"), strict=True
                ):
                    values[place] = text
    return [texts(values) for values in found]


def _may_have_nul(column: pa.Array) -> bool:
    data = column.buffers()[2]
    return data is not None and b"\0" in data.to_pybytes()
