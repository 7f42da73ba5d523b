"""The quick way through CSV and TSV: lines in which every delimiter and every line break is one."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from rescue_kg.tables.arrow import numbers
from rescue_kg.tables.reading import PLACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

__all__ = ["batch", "is_filled"]

_BOM: Final = b"\xef\xbb\xbf"


def batch(data: bytes, header: Sequence[str], delimiter: str, row: int) -> pa.RecordBatch | None:
    """Return whole lines of a table as a batch with the columns of PLACES; `row` is the number of the first.

    None where there is anything to look at line by line: quotes, NUL, blank lines, carriage returns without a
    line feed, bytes that are no UTF-8, a row of another width, a cell longer than `csv` takes.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as pv

    if b"\r" in data:
        if data.count(b"\r") != data.count(b"\r\n"):
            return None
        data = data.replace(b"\r\n", b"\n")
    # pyarrow takes a byte order mark for one wherever it begins to read.
    if b'"' in data or b"\0" in data or b"\n\n" in data or data.startswith((b"\n", _BOM)):
        return None
    names = [str(place) for place in range(len(header))]
    try:
        table = pv.read_csv(
            pa.BufferReader(data),
            pv.ReadOptions(column_names=names, block_size=len(data) + 1),
            pv.ParseOptions(
                delimiter=delimiter, quote_char=False, escape_char=False, ignore_empty_lines=False
            ),
            pv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    columns = [column.combine_chunks() for column in table.columns]
    if any(pc.max(pc.binary_length(column)).as_py() > csv.field_size_limit() for column in columns):
        return None
    size = table.num_rows
    nothing = pa.nulls(size, pa.string())
    rows = numbers(range(row, row + size))
    found = pa.record_batch([*columns, rows, nothing, nothing, nothing], names=[*header, *PLACES])
    filled = is_filled(columns)
    return found if filled is None else found.filter(filled)


def is_filled(columns: Sequence[pa.Array]) -> pa.Array | None:
    """Return which rows have anything in them; None where all have."""
    import pyarrow as pa
    import pyarrow.compute as pc

    filled = pa.nulls(len(columns[0]), pa.bool_())
    for column in columns:
        filled = pc.or_kleene(filled, pc.cast(pc.binary_length(column), pa.bool_()))
        if pc.all(filled, skip_nulls=False).as_py():
            return None
    return filled
