"""Rows as ibis expressions: every cell as it counts, beside it the node that it names and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rescue_kg.namespaces import PREFIXES
from rescue_kg.tables import cells, references, texts
from rescue_kg.tables.columns import ID
from rescue_kg.tables.reading import COUNT, PLACES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis

    from rescue_kg.tables.columns import Column, Schema

__all__ = [
    "REPEATED",
    "cleaned",
    "has_part",
    "is_long",
    "joined",
    "known",
    "numbers",
    "repeated",
    "several",
    "shared",
    "subject",
]

#: The columns of repeated().
REPEATED: Final = {"_again": "int64", "_why_again": "string"}


def cleaned(raw: ibis.Table, schema: Schema) -> ibis.Table:
    """Return the rows with every column of the schema: cells cleaned, empty ones null, defaults filled in."""
    import ibis

    def cell(column: Column) -> ibis.Value:
        there = column.name in raw.columns
        return cells.clean(raw[column.name], column) if there else ibis.null("string")

    rows = raw.select(
        COUNT,
        "_table",
        *PLACES,
        id=cells.clean(raw[ID]),
        **{column.name: cell(column) for column in schema.columns},
    )
    defaults = {}
    for column in schema.columns:
        if column.default is not None:
            filled = ibis.coalesce(rows[column.name], column.default)
            if column.subject != schema.kind:
                filled = ibis.ifelse(has_part(rows, schema), filled, rows[column.name])
            # A row that could not be read has no cells at all.
            defaults[column.name] = ibis.ifelse(rows["_fault"].isnull(), filled, ibis.null("string"))
    return rows.mutate(**defaults) if defaults else rows


def has_part(rows: ibis.Table, schema: Schema) -> ibis.Value:
    """Return whether a row makes a second node: a claim always, a finding where it has a figure."""
    import ibis

    if not schema.figures:
        return ibis.literal(schema.part is not None and schema.part.always)
    found = rows[schema.figures[0]].notnull()
    for name in schema.figures[1:]:
        found = found | rows[name].notnull()
    return found


def is_long(column: Column) -> bool:
    """Return whether the values of a cell are looked at one by one, in a table of their own."""
    return column.repeatable and not column.is_free_text


def known(nodes: ibis.Table, faults: ibis.Table, labels: ibis.Table) -> ibis.Table:
    """Return resolved values with the label of the node, and why a value names no node.

    `faults` says why for some values (`key`, `value`, `reason`); columns are `key`, `value`, `iri`, `label`,
    `why`.
    """
    import ibis

    with_faults = nodes.left_join(faults, ["key", "value"])
    both = with_faults.select(
        nodes.key,
        nodes.value,
        nodes.iri,
        why=ibis.ifelse(
            nodes.iri.notnull(),
            ibis.null("string"),
            ibis.coalesce(faults.reason, "found the name of no known node"),
        ),
    )
    return both.left_join(labels, both.iri == labels.node).select(
        both.key, both.value, both.iri, both.why, label=labels.label
    )


def several(rows: ibis.Table, column: Column, nodes: ibis.Table | None) -> ibis.Table:
    """Return, for the rows that fill a column that is_long(): `_n`, `objects`, `bad`, `why`.

    `objects` are N-Triples, one a line; `bad` is one of the values that have a fault, `why` what it is.
    """
    import ibis

    values = references.cells(rows, column)
    if column.is_reference and nodes is not None:
        mine = references.listed(nodes, column)
        found = values.left_join(mine, values.value == mine.value)
        judged = found.select(
            COUNT,
            value=values.value,
            item=ibis.literal("<") + mine.iri + ">",
            why=mine.why,
        )
    else:
        judged = values.select(
            COUNT,
            value="value",
            item=cells.literal(values.value, column),
            why=ibis.ifelse(values.value == "", EMPTY, cells.fault(values.value, column)),
        )
    bad = ibis.ifelse(judged.why.notnull(), judged.value, ibis.null("string"))
    judged = judged.mutate(bad=bad)
    return judged.group_by(COUNT).aggregate(
        objects=judged["item"].collect(distinct=True).sort().join("\n"),
        bad=judged.bad.min(),
        why=judged.why.min(),
    )


#: What is wrong with `a; ; b`.
EMPTY: Final = "found an empty value between two separators, expected values separated by '; '"


def joined(
    rows: ibis.Table,
    schema: Schema,
    nodes: ibis.Table | None,
    long: Mapping[str, ibis.Table],
    present: Sequence[str],
    again: ibis.Table,
    taken: ibis.Table,
) -> ibis.Table:
    """Return the rows with what is found for the columns that are `present`.

    `again` comes from repeated(); `taken` holds in `_known` the IRIs that the graph has already.

    Beside a reference `c` stand `_iri_c`, `_label_c` and `_why_c`; beside a column of several values
    `_objects_c`, `_bad_c` and `_why_c`.
    """
    chain = rows
    for column in schema.columns:
        name = column.name
        if name in long:
            table = long[name]
            right = table.select(
                **{
                    f"_of_{name}": table[COUNT],
                    f"_objects_{name}": table.objects,
                    f"_bad_{name}": table.bad,
                    f"_why_{name}": table.why,
                }
            )
            chain = chain.left_join(right, rows[COUNT] == right[f"_of_{name}"])
        elif column.is_reference and name in present and nodes is not None:
            mine = references.listed(nodes, column)
            right = mine.select(
                **{
                    f"_of_{name}": mine.value,
                    f"_iri_{name}": mine.iri,
                    f"_label_{name}": mine.label,
                    f"_why_{name}": mine.why,
                }
            )
            chain = chain.left_join(right, rows[name] == right[f"_of_{name}"])
    chain = chain.left_join(again, rows[COUNT] == again["_again"])
    return chain.left_join(taken, subject(rows, schema.kind) == taken["_known"])


def numbers(rows: ibis.Table, schema: Schema) -> ibis.Table:
    """Return the rows with `_number_c` beside each column `c` of numbers: null where the cell holds none."""
    found = {
        f"_number_{column.name}": cells.number(rows[column.name], column.kind)
        for column in schema.columns
        if column.is_number
    }
    return rows.mutate(**found) if found else rows


def shared(rows: ibis.Table) -> ibis.Table:
    """Return the ids that stand in more than one row: `id`, and the number of its `first` row."""
    named = rows.filter(rows.id.notnull())
    ids = named.group_by("id").aggregate(first=named[COUNT].min(), times=named.count())
    return ids.filter(ids.times > 1).select("id", "first")


def repeated(rows: ibis.Table, ids: ibis.Table, schema: Schema, tables: Sequence[str]) -> ibis.Table:
    """Return `_again` and `_why_again` for the rows whose id, one of those that are shared(), came before."""
    import ibis

    named = rows.filter(rows.id.notnull())
    mine = named.inner_join(ids, named.id == ids.id).select(
        named[COUNT], ids.first, text=_whole(named, schema), row=named["_row"], table=named["_table"]
    )
    earlier = mine.filter(mine[COUNT] == mine.first).select(
        _first="first", _text="text", _earlier="row", _of="table"
    )
    later = mine.filter(mine[COUNT] > mine.first)
    pairs = later.inner_join(earlier, later.first == earlier["_first"])
    where = ibis.literal("the id stands in row ") + pairs["_earlier"].cast("string")
    if len(tables) > 1:
        names = ibis.cases(*((pairs["_of"] == place, name) for place, name in enumerate(tables)), else_="")
        where = where + " of " + names
    same = ibis.ifelse(
        pairs.text == pairs["_text"],
        " already, and this row repeats it",
        " already, and this row says other things",
    )
    return pairs.select(_again=pairs[COUNT], _why_again=where + same + "; expected each id once")


def _whole(rows: ibis.Table, schema: Schema) -> ibis.Value:
    import ibis

    return texts.joined([ibis.coalesce(rows[column.name], "") + "\x1f" for column in schema.columns])


def subject(rows: ibis.Table, kind: str) -> ibis.Value:
    """Return the IRI of the node that a row makes."""
    import ibis

    return ibis.literal(PREFIXES[kind]) + rows.id
