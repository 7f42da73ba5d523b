"""Opens a table of any of the four kinds of file, tells what it is by its header, and gives it in batches."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from rescue_kg.errors import InputError, NotAvailableError, UnknownFormatError, did_you_mean
from rescue_kg.tables.arrow import numbers, texts
from rescue_kg.tables.columns import ID, KINDS, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pyarrow as pa

    from rescue_kg.tables.columns import Kind, Schema

__all__ = ["COUNT", "PLACES", "SUFFIXES", "Record", "Table", "Text", "missing", "open_table"]

#: Suffix -> what kind of file it is.
SUFFIXES: Final = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}

#: Columns beside those of the table: where a row stands, and what is wrong with it as a whole.
COUNT: Final = "_n"
PLACES: Final = ("_row", "_fault_column", "_fault_value", "_fault")

_ROWS: Final = 20_000


class Record(NamedTuple):
    """One row as it was read: its number, its cells, and (column, value, reason) where it cannot be used."""

    row: int
    cells: Sequence[str | None]
    fault: tuple[str, str, str] | None = None


class Text(NamedTuple):
    """What a reader of one kind of file gives: the header, then the rows; `done` counts the bytes read.

    Rows come one by one, or as a batch with the columns of the header and of PLACES, all rows filled.
    """

    header: tuple[str, ...]
    records: Iterator[Record | pa.RecordBatch]
    done: Callable[[], int]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is open: its path, its kind, its columns (None for one that Parquet leaves out), its rows.

    `batches` are Arrow record batches with the columns of the table, all text, and those of PLACES.
    """

    path: str
    schema: Schema
    columns: tuple[str, ...]
    batches: Iterator[pa.RecordBatch]
    size: int
    done: Callable[[], int]
    close: Callable[[], None]

    @property
    def kind(self) -> Kind:
        """Whether it is a table of studies, of findings or of claims."""
        return self.schema.kind


def open_table(path: str | os.PathLike[str]) -> Table:
    """Open a table by the suffix of its name (.csv, .tsv, .parquet, .xlsx) and read its header.

    Rows are counted as a person sees them: in CSV and TSV by the line of the file on which the row begins (so
    that the header is 1 unless comments stand above it), in Excel by the number at the left, in Parquet with
    a header that counts as 1. Lines at the top that begin with `#` are comments.

    Raises UnknownFormatError for another suffix, InputError for a file or a header that cannot be used,
    NotAvailableError where the extra `tables` is not installed.
    """
    file = os.fspath(path)
    suffix = os.path.splitext(file.lower())[1]  # noqa: PTH122
    if suffix not in SUFFIXES:
        raise UnknownFormatError(
            f"{file}: the suffix names no kind of table, expected one of {', '.join(SUFFIXES)}"
            f"{did_you_mean(suffix, SUFFIXES)}"
        )
    _refuse_other(file)
    try:
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        raise missing("pyarrow") from error
    if SUFFIXES[suffix] == "parquet":
        from rescue_kg.tables.parquet import read as read_parquet

        header, batches, done, close = read_parquet(file)
    else:
        if SUFFIXES[suffix] == "xlsx":
            from rescue_kg.tables.sheets import read
        else:
            from rescue_kg.tables.delimited import read
        header, records, done, close = read(file)
        batches = _batches(records, tuple(name.strip() for name in header))
    known = None
    try:
        known, columns = _check_header(file, header)
    finally:
        if known is None:
            close()
    return Table(file, known, columns, batches, os.path.getsize(file), done, close)  # noqa: PTH202


def missing(package: str) -> NotAvailableError:
    """Return the error for a package of the extra `tables` that is not installed."""
    return NotAvailableError(
        f"{package} is not installed, which evidence tables need; run: pip install 'rescue-kg[tables]'"
    )


def _batches(
    records: Iterable[Record | pa.RecordBatch], columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a text table as Arrow batches; rows with nothing in them are no rows."""
    import pyarrow as pa

    names = [*columns, *PLACES]
    made_by = [texts] * len(columns) + [numbers] + [texts] * 3
    empty: list[str | None] = [None] * len(columns)
    rows: list[Sequence[object]] = []

    def batch() -> pa.RecordBatch:
        arrays = [make(values) for values, make in zip(zip(*rows, strict=True), made_by, strict=True)]
        return pa.record_batch(arrays, names=names)

    for record in records:
        if not isinstance(record, Record):
            if rows:
                yield batch()
                rows.clear()
            yield record.rename_columns(names)
            continue
        row, cells, fault = record
        if fault is not None:
            rows.append([*empty, row, *fault])
        elif any(cells):
            rows.append([*cells, row, None, None, None])
        if len(rows) == _ROWS:
            yield batch()
            rows.clear()
    if rows:
        yield batch()


def _refuse_other(file: str) -> None:
    if os.path.isdir(file):  # noqa: PTH112
        raise InputError(f"{file}: found a folder, expected a table")
    try:
        if os.path.getsize(file) == 0:  # noqa: PTH202
            raise InputError(f"{file}: found an empty file, expected a table with a header")
    except FileNotFoundError as error:
        raise InputError(f"{file}: no such file") from error
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error})") from error


def _check_header(file: str, header: Iterable[str]) -> tuple[Schema, tuple[str, ...]]:
    """Return the kind of table that a header belongs to, and its columns. Raises InputError."""
    names = [name.strip() for name in header]
    if not any(names):
        raise InputError(f"{file}: found no header, expected the names of columns, {ID} among them")
    if "" in names:
        raise InputError(
            f"{file}: found no name for column {names.index('') + 1} of the header, expected one for each"
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{file}: found {_listed(twice)} twice in the header, expected each column once")
    known = {kind: set(schema(kind).names) for kind in KINDS}
    shared = set.intersection(*known.values())
    own = {kind: sum(name in known[kind] - shared for name in names) for kind in KINDS}
    kind = max(KINDS, key=lambda kind: own[kind])
    if len(names) == 1 and (";" in names[0] or "," in names[0] or "\t" in names[0]):
        raise InputError(
            f"{file}: found one column, {names[0]!r}, expected commas between the columns of a .csv and tabs "
            "between those of a .tsv"
        )
    if sum(count == own[kind] for count in own.values()) > 1:
        near = {name: did_you_mean(name, set.union(*known.values())) for name in names if name not in shared}
        hints = "; ".join(f"{name!r}{hint}" for name, hint in near.items() if hint)
        raise InputError(
            f"{file}: found the columns {_listed(names)}, which are those of no table{': ' if hints else ''}"
            f"{hints}; expected the columns that rescue-kg template {'|'.join(KINDS)} lists"
        )
    table = schema(kind)
    unknown = [name for name in names if name not in known[kind]]
    if unknown:
        free = known[kind] - set(names)
        hints = ", ".join(f"{name!r}{did_you_mean(name, free)}" for name in unknown)
        plural = "s" if len(unknown) > 1 else ""
        raise InputError(
            f"{file}: found the unknown column{plural} {hints}; expected only columns of a {kind} table, "
            f"which rescue-kg template {kind} lists"
        )
    needed = [ID, *(column.name for column in table.columns if column.required)]
    if not set(table.figures) & set(names):
        needed = [name for name in needed if name == ID or table.is_asked(table[name])]
    needed += [need.column for need in table.needs if need.where in names]
    for group in table.groups:
        if not set(group.columns) & set(names):
            raise InputError(
                f"{file}: found none of the columns {_listed(group.columns)}, expected at least one: "
                f"{group.message}"
            )
    absent = [name for name in dict.fromkeys(needed) if name not in names]
    if absent:
        raise InputError(f"{file}: found no column {_listed(absent)}, which a {kind} table must have")
    return table, tuple(names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
