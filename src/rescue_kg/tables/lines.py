"""From rows to N-Triples or N-Quads, one text for each row, as an ibis expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rescue_kg.namespaces import PREFIXES
from rescue_kg.tables import cells
from rescue_kg.tables.columns import LABEL, TYPE
from rescue_kg.tables.reading import COUNT
from rescue_kg.tables.rows import has_part, is_long, subject
from rescue_kg.tables.texts import joined, strip

if TYPE_CHECKING:
    import ibis

    from rescue_kg.tables.columns import Column, Schema

__all__ = ["block", "label"]

_INDIVIDUAL: Final = PREFIXES["owl"] + "NamedIndividual"
#: Property -> the class of its object that is written beside it: what a claim offers as rescue is called one,
#: as in the packaged review, so that a plain query needs no closure.
_CALLED: Final = {PREFIXES["rescue"] + "offersRescue": PREFIXES["rescue"] + "RescueIntervention"}


def block(rows: ibis.Table, schema: Schema, graph: str | None = None) -> ibis.Table:
    """Return `_n` (the row) and `block`: its statements, one a line, no two the same; with `graph`, as quads.

    `rows` come from rows.joined() and have no fault. A number is written in its canonical form and, where the
    shapes have a property for that, as it stands in the cell.
    """
    import ibis

    end = " .\n" if graph is None else f" <{graph}> .\n"
    node = ibis.literal("<") + subject(rows, schema.kind) + ">"
    # A column that says the class says it alone: what is above it follows.
    texts = [_types(node, None if schema.kind_column else schema.node_class, end)]
    for column in schema.columns:
        if column.subject == schema.kind:
            texts.append(_statements(rows, column, schema, node, end))
    part = schema.part
    if part is not None and (schema.figures or part.always):
        other = ibis.literal(f"<{PREFIXES[part.name]}") + rows.id + "-1>"
        if not part.always:
            # Where there is no node there is no statement about it.
            other = ibis.ifelse(has_part(rows, schema), other, ibis.null("string"))
        texts += [node + f" <{part.link}> " + other + end, _types(other, part.node_class, end)]
        for column in schema.columns:
            if column.subject == part.name:
                texts.append(_statements(rows, column, schema, other, end))
    return rows.select(COUNT, block=joined(texts))


def label(rows: ibis.Table, schema: Schema) -> ibis.Value:
    """Return the label that a row without one gets.

    For a study its title; else, by the labels of the nodes, for a finding `INTERVENTION against COMPARATOR in
    STATE: OUTCOME, TIMEPOINT` or `INTERVENTION in STATE: recommendation`, for a claim `INTERVENTION in STATE:
    OUTCOME (KIND claim ID)`, as far as it has them.
    """
    import ibis

    if schema.kind == "study":
        return rows.title

    def named(name: str) -> ibis.Value:
        return rows[f"_label_{name}"] if f"_label_{name}" in rows.columns else ibis.null("string")

    def after(words: str, text: ibis.Value) -> ibis.Value:
        return ibis.coalesce(ibis.literal(words) + text, "")

    start = named("about_intervention")
    state = after(" in ", named("about_state"))
    which = schema.kind_column
    if which is not None:
        about = ibis.coalesce(start + state, named("about_state"), start)
        about = ibis.coalesce(about + after(": ", named("about_outcome")), named("about_outcome"))
        kinds = zip(which.choices, which.short, strict=True)
        names = [(rows[f"_iri_{which.name}"] == iri, name) for iri, name in kinds]
        mark = ibis.cases(*names) + f" {schema.kind} " + rows.id
        return ibis.coalesce(about + " (" + mark + ")", mark)
    advice = start + state + ": recommendation"
    when = rows.timepoint if "timepoint" in rows.columns else ibis.null("string")
    measured = (
        start
        + after(" against ", named("comparator"))
        + state
        + after(": ", named("about_outcome"))
        + after(", ", when)
    )
    if "recommendation" not in rows.columns:
        return measured
    return ibis.ifelse(rows.recommendation.notnull(), advice, measured)


def _types(node: ibis.Value, name: str | None, end: str) -> ibis.Value:
    first = node + f" <{TYPE}> <{_INDIVIDUAL}>{end}"
    return first + node + f" <{TYPE}> <{name}>{end}" if name else first


def _statements(rows: ibis.Table, column: Column, schema: Schema, node: ibis.Value, end: str) -> ibis.Value:
    """Return the statements that a column makes, or null for none."""
    import ibis

    cell = rows[column.name]
    path = f" <{column.path}> "
    if column.path == LABEL:
        cell = ibis.coalesce(cell, label(rows, schema))
    if is_long(column):
        name = f"_objects_{column.name}"
        if name not in rows.columns:
            return ibis.null("string")
        return node + path + rows[name].replace("\n", ibis.literal(end) + node + path) + end
    if column.is_reference:
        name = f"_iri_{column.name}"
        if name not in rows.columns:
            return ibis.null("string")
        text = node + f"{path}<" + rows[name] + f">{end}"
        if column.path in _CALLED:
            text = text + "<" + rows[name] + f"> <{TYPE}> <{_CALLED[column.path]}>{end}"
        return text
    text = node + cells.literal(strip(cell) if column.repeatable else cell, column, path, end)
    if column.repeatable:
        several = cells.parts(cell).map(lambda value: node + cells.literal(strip(value), column, path, end))
        # To take a cell apart costs more than all else about it.
        text = ibis.ifelse(cell.contains(cells.SEPARATOR), several.unique().sort().join(""), text)
    if column.printed is not None:
        text = text + node + f' <{column.printed}> "' + cells.escape(cell) + f'"{end}'
    return text
