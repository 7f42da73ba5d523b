"""From what cells say to the nodes they mean, as ibis expressions over the names that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rescue_kg.namespaces import PREFIXES
from rescue_kg.tables.cells import SEPARATOR, clean
from rescue_kg.tables.names import EXACT, LABEL, LOCAL, SYNONYM, key_of
from rescue_kg.tables.texts import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    import ibis

    from rescue_kg.tables.columns import Column

__all__ = ["NAMES", "cells", "listed", "names_of_rows", "resolved", "wanted"]

#: The columns of a table of names.
NAMES: Final = {"key": "string", "rank": "int64", "name": "string", "iri": "string"}


def cells(rows: ibis.Table, column: Column) -> ibis.Table:
    """Return what the cells of a column name: `_n` (the row), `value`, one line for each value of a cell."""
    import ibis

    filled = rows.filter(rows[column.name].notnull())
    if not column.repeatable:
        return filled.select("_n", value=filled[column.name])
    several = filled.select("_n", value=filled[column.name].split(SEPARATOR).unnest())
    # A value that is missing between two separators names nothing.
    return several.select("_n", value=ibis.coalesce(clean(several.value), ""))


def wanted(rows: ibis.Table, columns: Iterable[Column]) -> ibis.Table:
    """Return each distinct value of some columns: `key` (what its nodes are listed under), `value`."""
    import ibis

    every = [
        cells(rows, column).select(key=ibis.literal(key_of(column)), value="value") for column in columns
    ]
    return (ibis.union(*every) if len(every) > 1 else every[0]).distinct()


def resolved(wanted: ibis.Table, names: ibis.Table) -> ibis.Table:
    """Return what each of the values that are wanted() names.

    `key`, `value`, `iri` (null unless it names exactly one node), `candidates` (the IRIs of all that it
    names, sorted, a space between; null for none). Names are taken whatever their case, labels before
    synonyms before local names; IRIs and CURIEs as they are.
    """
    import ibis

    exact = names.filter(names.rank == EXACT)
    folded = names.filter(names.rank != EXACT)
    by_iri = wanted.inner_join(exact, [wanted.key == exact.key, wanted.value == exact.name])
    by_name = wanted.inner_join(folded, [wanted.key == folded.key, fold(wanted.value) == fold(folded.name)])
    both = by_iri.select(wanted.key, wanted.value, exact.rank, exact.iri).union(
        by_name.select(wanted.key, wanted.value, folded.rank, folded.iri), distinct=True
    )
    best = both.group_by("key", "value").aggregate(best=both["rank"].min())
    fitting = both.inner_join(best, ["key", "value"])
    fitting = fitting.filter(fitting["rank"] == fitting.best).select("key", "value", "iri").distinct()
    counted = fitting.group_by("key", "value").aggregate(
        found=fitting.iri.count(),
        iri=fitting.iri.min(),
        candidates=fitting.iri.collect().sort().join(" "),
    )
    joined = wanted.left_join(counted, ["key", "value"])
    return joined.select(
        "key",
        "value",
        iri=ibis.ifelse(joined.found == 1, joined.iri, ibis.null("string")),
        candidates=joined.candidates,
    )


def listed(nodes: ibis.Table, column: Column) -> ibis.Table:
    """Return the part of resolved nodes that a column takes from."""
    return nodes.filter(nodes.key == key_of(column))


def names_of_rows(rows: ibis.Table, key: str, kind: str) -> ibis.Table:
    """Return the names that the rows of a table have, as those of known nodes, under a key."""
    import ibis

    iri = ibis.literal(PREFIXES[kind]) + rows.id
    # The label that a row gets for want of one is a name of a study only.
    made = rows.title if kind == "study" else ibis.null("string")
    names = [
        (EXACT, iri),
        (EXACT, ibis.literal(f"{kind}:") + rows.id),
        (LOCAL, rows.id),
        (LABEL, ibis.coalesce(rows.label, made)),
    ]
    tables = [rows.select(rank=ibis.literal(rank), name=name, iri=iri) for rank, name in names]
    if "alt_label" in rows.columns:
        filled = rows.filter(rows.alt_label.notnull())
        several = filled.select(
            rank=ibis.literal(SYNONYM),
            name=filled.alt_label.split(SEPARATOR).unnest(),
            iri=ibis.literal(PREFIXES[kind]) + filled.id,
        )
        tables.append(several)
    together = ibis.union(*tables)
    together = together.filter(together.name.notnull())
    return together.select(
        key=ibis.literal(key), rank=together["rank"].cast("int64"), name=together.name, iri=together.iri
    )
