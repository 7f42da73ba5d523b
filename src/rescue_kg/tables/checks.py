"""What is wrong with a row, column by column, as ibis expressions over joined rows."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

from rescue_kg.namespaces import PREFIXES
from rescue_kg.tables import cells, texts
from rescue_kg.tables.columns import ID
from rescue_kg.tables.rows import EMPTY, has_part, is_long

if TYPE_CHECKING:
    import ibis

    from rescue_kg.tables.columns import Column, Group, Schema

    Case = tuple[ibis.Value, ibis.Value | str]

__all__ = ["TOLERANCE", "is_faulty", "reasons"]

#: How far, in percentage points, a printed percentage may lie from the one that its counts give. Half a point
#: is half a unit of the last digit of a percentage without decimals; figures with decimals get the same room.
TOLERANCE: Final = 0.5

_RESCUE: Final = PREFIXES["rescue"]
_PERCENT: Final = ("%", "percent", "per cent")


def cases(rows: ibis.Table, schema: Schema) -> dict[str, list[Case]]:
    """Return column -> what can be wrong with it in a row: conditions with their reasons; the first counts.

    `rows` come from rows.joined() with rows.numbers(). Where a condition holds, its reason is not null.
    """
    across: dict[str, list[Case]] = {name: [] for name in schema.names}
    figure = has_part(rows, schema)
    for column in schema.columns:
        across[column.name] += _about_estimate(rows, column, schema, figure)
    _about_kind(rows, schema, across)
    for need in schema.needs:
        lacks = rows[need.where].notnull() & rows[need.column].isnull()
        why = f"found no value, expected one beside {need.where}: {need.message}"
        across[need.column].append((lacks, why))
    for group in schema.groups:
        _about_group(rows, group, across)
    if schema.kind == "finding":
        _about_figures(rows, schema, across)
    found = {ID: _about_id(rows)}
    for column in schema.columns:
        found[column.name] = [*_about_cell(rows, column, schema), *across[column.name]]
    return found


def reasons(rows: ibis.Table, schema: Schema) -> dict[str, ibis.Value]:
    """Return column -> what is wrong with it in a row, a text, or null: one reason for each cell at most.

    `rows` are those of cases(). A row that could not be read has no other faults.
    """
    import ibis

    readable = rows["_fault"].isnull()
    nothing = ibis.null("string")
    return {
        name: ibis.ifelse(readable, ibis.cases(*several), nothing) if several else nothing
        for name, several in cases(rows, schema).items()
    }


def is_faulty(rows: ibis.Table, schema: Schema) -> ibis.Value:
    """Return whether anything is wrong with a row: null or false where reasons() has none.

    To look for what is wrong with few rows is much cheaper than to make the reasons of all.
    """
    wrong = rows["_fault"].notnull()
    for several in cases(rows, schema).values():
        for condition, _ in several:
            wrong = wrong | condition
    return wrong


def _about_id(rows: ibis.Table) -> list[Case]:
    return [
        (rows.id.isnull(), "found no value, expected one in every row"),
        (
            ~texts.is_slug(rows.id),
            "found what is no slug, expected small letters, digits and hyphens, as in recovery-dex-2021",
        ),
        (rows["_why_again"].notnull(), rows["_why_again"]),
        (
            rows["_known"].notnull(),
            "found an id that the graph has already, outside this dataset; expected a new one",
        ),
    ]


def _about_cell(rows: ibis.Table, column: Column, schema: Schema) -> list[Case]:
    cell = rows[column.name]
    found: list[Case] = []
    if schema.is_asked(column):
        found.append((cell.isnull(), "found no value, expected one in every row"))
    why = f"_why_{column.name}"
    if column.is_reference or is_long(column):
        if why in rows.columns:
            found.append((rows[why].notnull(), rows[why]))
    else:
        if column.repeatable:
            found.append((texts.matches(cell, f"(^|; ){texts.SPACE}*(; |$)"), EMPTY))
        found += cells.faults(cell, column, rows[f"_number_{column.name}"] if column.is_number else None)
    return found


def _about_estimate(rows: ibis.Table, column: Column, schema: Schema, figure: ibis.Value) -> list[Case]:
    """Return what is wrong with a cell of the estimate without figures, and with a number beside another."""
    import ibis

    cell = rows[column.name]
    found: list[Case] = []
    if column.subject != schema.kind and not (schema.part and schema.part.always):
        figures = ", ".join(schema.figures)
        if column.required:
            found.append((cell.isnull() & figure, "found no value, expected one beside a figure"))
        if column.name not in schema.figures:
            why = f"found a value without a figure, which cannot be kept; expected one of {figures}"
            found.append((cell.notnull() & ~figure, why))
    for path, outside, words in (
        (column.not_above, operator.gt, "above"),
        (column.below, operator.ge, "that is not below"),
    ):
        other = schema.at(path) if path is not None else None
        if other is not None:
            wrong = outside(rows[f"_number_{column.name}"], rows[f"_number_{other.name}"])
            found.append(
                (wrong, ibis.literal(f"found a number {words} {other.name} (") + rows[other.name] + ")")
            )
    return found


def _about_kind(rows: ibis.Table, schema: Schema, across: dict[str, list[Case]]) -> None:
    """Add what the kind of a claim asks for, or rules out."""
    import ibis

    which = schema.kind_column
    if which is None:
        return
    kind = rows[f"_iri_{which.name}"] if f"_iri_{which.name}" in rows.columns else ibis.null("string")
    for rule in schema.rules:
        mine = kind == rule.node_class
        row = f"a row of the kind {rule.kind}"
        if rule.column not in across:
            why = f"found {row} in a table without the column {rule.column}: {rule.message}"
            across[which.name].append((mine, why))
            continue
        cell = rows[rule.column]
        if rule.there:
            why = f"found no value, expected one in {row}: {rule.message}"
            across[rule.column].append((mine & cell.isnull(), why))
        else:
            why = f"found a value in {row}, expected none: {rule.message}"
            across[rule.column].append((mine & cell.notnull(), why))


def _about_group(rows: ibis.Table, group: Group, across: dict[str, list[Case]]) -> None:
    names = ", ".join(group.columns)
    filled = [rows[name].notnull().cast("int64") for name in group.columns]
    count = filled[0]
    for one in filled[1:]:
        count = count + one
    wanted = "one" if group.exactly else "at least one"
    nothing = f"found nothing in {names}, expected {wanted} of them: {group.message}"
    across[group.columns[0]].append((count == 0, nothing))
    if group.exactly:
        both = f"found more than one of {names}, expected one of them: {group.message}"
        last = group.columns[-1]
        across[last].append((rows[last].notnull() & (count > 1), both))


def _about_figures(rows: ibis.Table, schema: Schema, across: dict[str, list[Case]]) -> None:
    """Add what is wrong with figures beside each other: value and interval, percentage and counts."""
    import ibis

    by_name = {
        column.path.removeprefix(_RESCUE): column.name
        for column in schema.columns
        if column.path.startswith(_RESCUE)
    }

    def cell(name: str) -> ibis.Value:
        return rows[by_name[name]] if name in by_name else ibis.null("string")

    def figure(name: str) -> ibis.Value:
        return rows[f"_number_{by_name[name]}"] if name in by_name else ibis.null("float64")

    value, low, high = (figure(name) for name in ("value", "ciLow", "ciHigh"))
    interval = ibis.literal("found a value outside its interval, ") + cell("ciLow") + " to " + cell("ciHigh")
    outside = low.notnull() & high.notnull() & (low <= high) & ((value < low) | (value > high))
    if "value" in by_name:
        across[by_name["value"]].append((outside, interval))
    if "ciLevel" in by_name:
        alone = cell("ciLevel").notnull() & cell("ciLow").isnull() & cell("ciHigh").isnull()
        why = "found a level without an interval, expected ci_low and ci_high beside it"
        across[by_name["ciLevel"]].append((alone, why))
    measure = by_name.get("measure")
    if measure is None or f"_iri_{measure}" not in rows.columns:
        return
    is_share = (rows[f"_iri_{measure}"] == _RESCUE + "proportion") & cell("unit").isin(_PERCENT)
    arms = (
        ("value", "eventsIntervention", "totalIntervention"),
        ("comparatorValue", "eventsComparator", "totalComparator"),
    )
    for name, events, total in arms:
        if name not in by_name:
            continue
        many, people = figure(events), figure(total)
        share = many.cast("float64") * 100.0 / people.nullif(0).cast("float64")
        off = (figure(name).cast("float64") - share).abs() > TOLERANCE + 1e-9
        counts = (many >= 0) & (many <= people)
        text = (
            ibis.literal("found a percentage that its counts do not give: ")
            + cell(events)
            + " of "
            + cell(total)
            + " is "
            + _hundredths(ibis.ifelse(counts, share, ibis.null("float64")))
            + " %"
        )
        across[by_name[name]].append((is_share & off & counts, text))


def _hundredths(percent: ibis.Value) -> ibis.Value:
    """Return a percentage from 0 to 100 as a text, with one or two digits after the point.

    Engines differ in how they round and print a float, and not in how they print a whole number.
    """
    import ibis

    whole = (percent * 100.0 + 0.5).floor().cast("int64")
    text = whole.cast("string").lpad(3, "0")
    digits = text.length()
    last = ibis.ifelse(text.right(1) == "0", "", text.right(1))
    return text.substr(0, digits - 2) + "." + text.substr(digits - 2, 1) + last
