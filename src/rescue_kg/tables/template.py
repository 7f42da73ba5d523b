"""The template of a table: a comment on each column, then the header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rescue_kg.namespaces import contract
from rescue_kg.tables.columns import ID, schema
from rescue_kg.tables.names import Nodes, is_value_set

if TYPE_CHECKING:
    from rescue_kg.store import Store
    from rescue_kg.tables.columns import Column

__all__ = ["template"]

_KINDS = {
    "decimal": "a number such as 0.83, with the digits of the source",
    "integer": "a whole number",
    "boolean": "true or false",
    "anyURI": "an address",
    "iri": "an IRI",
    "date": "a date such as 2020-07-17",
    "gYear": "a year",
    "gYearMonth": "a month such as 2020-07",
}


_RULES = (("required for", True), ("empty for", False))


def template(kind: str, store: Store) -> str:
    """Return the text of an empty TSV table: a comment on each column, then the header.

    A comment is `# column: description; required; what a cell holds`. Values of a fixed set are listed by the
    local names that a store has for them. Raises UnknownNameError for another kind than those of KINDS.
    """
    table = schema(kind)
    nodes = Nodes([store])
    lines = [f"# {ID}: Names the row; required; small letters, digits and hyphens, as in recovery-dex-2021"]
    for column in table.columns:
        need = "required" if column.required else "optional"
        if column.subject != kind and table.figures and column.name not in table.figures:
            need = "required beside a figure" if column.required else "only beside a figure"
        if column.name == "label":
            need = "made where it is empty"
        rules = [rule for rule in table.rules if rule.column == column.name]
        kinds = [(words, [rule.kind for rule in rules if rule.there is there]) for words, there in _RULES]
        by_kind = [f"{words} {', '.join(those)}" for words, those in kinds if those]
        parts = [column.description.rstrip("."), need, *by_kind, *_holds(column, nodes)]
        lines.append(f"# {column.name}: {'; '.join(part for part in parts if part)}")
    if table.figures:
        lines.append(f"# a figure is any of {', '.join(table.figures)}")
    lines += [
        f"# {'either' if group.exactly else 'at least one of'} {', '.join(group.columns)}: {group.message}"
        for group in table.groups
    ]
    lines += [f"# {need.column} beside {need.where}: {need.message}" for need in table.needs]
    return "\n".join([*lines, "\t".join(table.names)]) + "\n"


def _holds(column: Column, nodes: Nodes) -> list[str]:
    """Return what a cell of a column holds, in parts."""
    parts = []
    if column.is_reference:
        iris = sorted(set(column.choices or nodes.instances(column.classes)))
        if column.short:
            parts.append("one of " + ", ".join(column.short))
        elif is_value_set(iris):
            parts.append("one of " + ", ".join(contract(iri).partition(":")[2] for iri in iris))
        else:
            kinds = " or ".join(map(contract, column.classes))
            parts.append(f"a {kinds} by CURIE, label, synonym or IRI")
    elif column.choices:
        parts.append("one of " + ", ".join(column.choices))
    elif column.kind in _KINDS:
        parts.append(_KINDS[column.kind])
    bounds = (
        ("from", column.min_inclusive),
        ("above", column.min_exclusive),
        ("to", column.max_inclusive),
        ("below", column.max_exclusive),
    )
    limits = [f"{word} {bound}" for word, bound in bounds if bound is not None]
    parts += [" ".join(limits)] if limits else []
    if column.pattern:
        few = re.fullmatch(r"\^\(([\w|-]+)\)\$", column.pattern)
        parts.append(f"one of {', '.join(few[1].split('|'))}" if few else f"of the form {column.pattern}")
    parts += ["several are separated by '; '"] if column.repeatable else []
    if column.default is not None:
        name = contract(column.default) if column.is_reference else column.default
        parts.append(f"empty means {name.partition(':')[2] or name}")
    return parts
