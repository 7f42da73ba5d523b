"""From files to rows in the engine: the tables of one kind as one, and whatever else is handed to it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.tables.arrow import numbers, texts
from rescue_kg.tables.columns import KINDS
from rescue_kg.tables.reading import COUNT, PLACES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import ibis
    import pyarrow as pa

    from rescue_kg.tables.columns import Schema
    from rescue_kg.tables.engine import Engine
    from rescue_kg.tables.reading import Table

    Progress = Callable[[int, int], None]

__all__ = ["Staged", "batches", "stage"]

_BATCH: Final = 20_000


@dataclass(frozen=True, slots=True)
class Staged:
    """All tables of one kind as one: `_n` counts all rows, `_table` is the place of a table among all.

    `counts` has the number of rows of each table, `numbers` is one more than the last `_n`.
    """

    schema: Schema
    raw: ibis.Table
    present: tuple[str, ...]
    tables: tuple[int, ...]
    counts: dict[int, int]
    numbers: int


def stage(engine: Engine, tables: Sequence[Table], progress: Progress | None) -> list[Staged]:
    """Read tables into the engine, those of studies first, since the others lean on them."""
    total = sum(table.size for table in tables)
    staged = []
    before = 0
    for kind in KINDS:
        mine = [(place, table) for place, table in enumerate(tables) if table.kind == kind]
        if not mine:
            continue
        start = before

        def shown(done: int, start: int = start) -> None:
            if progress is not None:
                progress(start + done, total)

        present = tuple(dict.fromkeys(name for _, table in mine for name in table.columns))
        counts = {place: 0 for place, _ in mine}
        raw = engine.store(
            f"raw_{kind}",
            _numbered(mine, present, counts, shown),
            {COUNT: "int64", "_table": "int64", **_types(PLACES), **dict.fromkeys(present, "string")},
        )
        before += sum(table.size for _, table in mine)
        schema = mine[0][1].schema.only(present)
        staged.append(
            Staged(schema, raw, present, tuple(place for place, _ in mine), counts, sum(counts.values()))
        )
    return staged


def _numbered(
    tables: Sequence[tuple[int, Table]],
    present: Sequence[str],
    counts: dict[int, int],
    progress: Callable[[int], object],
) -> Iterator[pa.RecordBatch]:
    """Yield the batches of tables with all columns that one of them has, each row with its number."""
    import pyarrow as pa

    number = before = 0
    for place, table in tables:
        for batch in table.batches:
            size = batch.num_rows
            arrays = [
                numbers(range(number, number + size)),
                numbers([place] * size),
                *(batch.column(name) for name in PLACES),
                *(
                    batch.column(name) if name in table.columns else pa.nulls(size, pa.string())
                    for name in present
                ),
            ]
            number += size
            counts[place] += size
            yield pa.record_batch(arrays, names=[COUNT, "_table", *PLACES, *present])
            progress(before + min(table.done(), table.size))
        before += table.size
        progress(before)


def _types(places: Iterable[str]) -> dict[str, str]:
    return {name: "int64" if name == "_row" else "string" for name in places}


def batches(rows_: Iterable[Sequence[Any]], types: dict[str, str]) -> Iterator[pa.RecordBatch]:
    """Yield rows as Arrow batches with the columns and types (string, int64) given."""
    import pyarrow as pa

    made_by = [numbers if kind == "int64" else texts for kind in types.values()]
    iterator = iter(rows_)
    while chunk := list(islice(iterator, _BATCH)):
        arrays = [make(values) for values, make in zip(zip(*chunk, strict=True), made_by, strict=True)]
        yield pa.record_batch(arrays, names=list(types))
