"""From rows to N-Triples or N-Quads, one text for each row, as an ibis expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rescue_kg.namespaces import PREFIXES
from rescue_kg.tables import cells
from rescue_kg.tables.columns import LABEL
from rescue_kg.tables.rows import has_figure, is_long, subject

if TYPE_CHECKING:
    import ibis

    from rescue_kg.tables.columns import Column, Schema

__all__ = ["block", "label"]

_TYPE: Final = PREFIXES["rdf"] + "type"
_INDIVIDUAL: Final = PREFIXES["owl"] + "NamedIndividual"
_RESCUE: Final = PREFIXES["rescue"]


def block(rows: ibis.Table, schema: Schema, graph: str | None = None) -> ibis.Table:
    """Return one column, `block`: the statements of each row, one a line; with `graph`, as quads of it.

    `rows` come from rows.joined() and have no fault. A number is written in its canonical form and, where the
    shapes have a property for that, as it stands in the cell.
    """
    import ibis

    end = " .\n" if graph is None else f" <{graph}> .\n"
    node = ibis.literal("<") + subject(rows, schema.kind) + ">"
    estimate = ibis.literal(f"<{PREFIXES['estimate']}") + rows.id + "-1>"
    text = _types(node, schema.node_class, end)
    inner = _types(estimate, _RESCUE + "EffectEstimate", end)
    for column in schema.columns:
        if column.subject == schema.kind:
            text = text + _statements(rows, column, schema, node, end)
        else:
            inner = inner + _statements(rows, column, schema, estimate, end)
    if schema.figures:
        inner = node + f" <{_RESCUE}hasEstimate> " + estimate + end + inner
        text = text + ibis.ifelse(has_figure(rows, schema), inner, "")
    return rows.select(block=text)


def label(rows: ibis.Table, schema: Schema) -> ibis.Value:
    """Return the label that a row without one gets.

    For a study its title; for a finding, by the labels of the nodes, `INTERVENTION against COMPARATOR in
    STATE: OUTCOME, TIMEPOINT`, or `INTERVENTION in STATE: recommendation`.
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


def _types(node: ibis.Value, name: str, end: str) -> ibis.Value:
    start = node + f" <{_TYPE}> <"
    return start + _INDIVIDUAL + ">" + end + start + name + ">" + end


def _statements(rows: ibis.Table, column: Column, schema: Schema, node: ibis.Value, end: str) -> ibis.Value:
    """Return the statements that a column makes, or an empty text."""
    import ibis

    cell = rows[column.name]
    start = node + f" <{column.path}> "
    if column.path == LABEL:
        cell = ibis.coalesce(cell, label(rows, schema))
    if is_long(column):
        name = f"_objects_{column.name}"
        if name not in rows.columns:
            return ibis.literal("")
        text = start + rows[name].replace("\n", ibis.literal(end) + start) + end
    elif column.is_reference:
        name = f"_iri_{column.name}"
        if name not in rows.columns:
            return ibis.literal("")
        text = start + "<" + rows[name] + ">" + end
    elif column.repeatable:
        values = cells.parts(cell).map(lambda value: start + cells.literal(value.strip(), column) + end)
        text = values.join("")
    else:
        text = start + cells.literal(cell, column) + end
        if column.printed is not None:
            text = text + node + f' <{column.printed}> "' + cells.escape(cell) + '"' + end
    return ibis.coalesce(text, "")
