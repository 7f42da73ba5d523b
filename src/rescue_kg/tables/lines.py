"""From rows to N-Triples or N-Quads, one text for each row, as an ibis expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rescue_kg.namespaces import PREFIXES
from rescue_kg.tables import cells
from rescue_kg.tables.columns import LABEL, TYPE
from rescue_kg.tables.reading import COUNT
from rescue_kg.tables.rows import has_part, is_long, subject
from rescue_kg.tables.texts import SPACE, joined, matches, strip

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    node = ibis.literal("<") + subject(rows, schema.kind) + "> "
    # A column that says the class says it alone: what is above it follows.
    said = _types(None if schema.kind_column else schema.node_class)
    for column in schema.columns:
        if column.subject == schema.kind:
            said += _statements(rows, column, schema, node, end)
    texts = _about(node, said, end)
    part = schema.part
    if part is not None and (schema.figures or part.always):
        second = ibis.literal(f"<{PREFIXES[part.name]}") + rows.id + "-1>"
        other = second + " "
        said = _types(part.node_class)
        for column in schema.columns:
            if column.subject == part.name:
                said += _statements(rows, column, schema, other, end)
        for text in (node + f"<{part.link}> " + second + end, *_about(other, said, end)):
            # Where there is no node there is no statement about it.
            texts.append(text if part.always else ibis.ifelse(has_part(rows, schema), text, ""))
    return rows.select(COUNT, block=joined(texts))


def _about(node: ibis.Value, said: Sequence[ibis.Value | str], end: str) -> list[ibis.Value]:
    """Return texts that together are the statements with predicates and objects `said`, without what is null.

    What stands between two of them is made once, and all are joined at once: to put together every statement
    by itself takes several times as long.
    """
    import ibis

    return [node, (ibis.literal(end) + node).join(said), ibis.literal(end)]


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


def _types(name: str | None) -> list[ibis.Value | str]:
    return [f"<{TYPE}> <{one}>" for one in (_INDIVIDUAL, name) if one]


def _statements(
    rows: ibis.Table, column: Column, schema: Schema, node: ibis.Value, end: str
) -> list[ibis.Value | str]:
    """Return the predicates and objects that a column makes; one that is null is none."""
    import ibis

    cell = rows[column.name]
    path = f"<{column.path}> "
    if column.is_reference or is_long(column):
        name = f"_objects_{column.name}" if is_long(column) else f"_iri_{column.name}"
        if name not in rows.columns:
            return []
        if is_long(column):
            return [ibis.literal(path) + rows[name].replace("\n", ibis.literal(end) + node + path)]
        text = ibis.literal(f"{path}<") + rows[name] + ">"
        if column.path in _CALLED:
            text = text + f"{end}<" + rows[name] + f"> <{TYPE}> <{_CALLED[column.path]}>"
        return [text]
    text = cells.literal(cell, column, path)
    if column.path == LABEL:
        text = ibis.coalesce(text, cells.literal(label(rows, schema), column, path))
    if column.repeatable:
        several = cells.parts(cell).map(lambda value: cells.literal(strip(value), column, path))
        # To take a cell apart costs more than all else about it.
        whole = ~matches(cell, f"{cells.SEPARATOR}|^{SPACE}|{SPACE}$")
        # Within a literal a line break is escaped.
        apart = several.unique().sort().join("\n").replace("\n", ibis.literal(end) + node)
        text = ibis.ifelse(whole, text, apart)
    if column.printed is None:
        return [text]
    # There is nothing in a number that has to be escaped.
    return [text, ibis.literal(f'<{column.printed}> "') + cell + '"']
