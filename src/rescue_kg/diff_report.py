"""The forms of a difference: a text for readers, and plain dicts for machines."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from rescue_kg.manchester import AXIOMS
from rescue_kg.namespaces import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rescue_kg.components import Parts
    from rescue_kg.diff import Change, Difference, Field, Side

__all__ = ["to_dict", "to_text"]

_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}
#: What stands in the first line of a node, so that it is not told again below it.
_HEADLINE: Final = PREFIXES["rdfs"] + "label"
_DEFINITION: Final = PREFIXES["skos"] + "definition"


def to_text(difference: Difference, *, statements: bool = False) -> str:
    """Return a difference in groups: header, terms by section, claims, general axioms, statements."""
    lines = [f"old: {_side(difference.old)}", f"new: {_side(difference.new)}"]
    if difference.same:
        return "\n".join([*lines, "no difference"]) + "\n"
    for title, changes in (
        ("Header", difference.header),
        ("Terms", difference.terms),
        ("Claims", difference.claims),
    ):
        if changes:
            lines += ["", f"{title}: {_counts(changes)}"]
            lines += _grouped(changes)
    if difference.removed_axioms or difference.added_axioms:
        lines += ["", "General axioms"]
        lines += [f"  - {axiom}" for axiom in difference.removed_axioms]
        lines += [f"  + {axiom}" for axiom in difference.added_axioms]
    removed, added = len(difference.removed), len(difference.added)
    lines += ["", f"Statements: {removed:,} removed, {added:,} added"]
    if statements:
        lines += _statements(difference.removed, "-") + _statements(difference.added, "+")
    return "\n".join(lines) + "\n"


def to_dict(difference: Difference) -> dict[str, object]:
    """Return a difference as dicts, lists, texts and numbers; statements as lines of N-Triples."""
    return {
        "same": difference.same,
        "old": _side_dict(difference.old),
        "new": _side_dict(difference.new),
        "header": [_change_dict(change) for change in difference.header],
        "terms": [_change_dict(change) for change in difference.terms],
        "claims": [_change_dict(change) for change in difference.claims],
        "axioms": {"removed": list(difference.removed_axioms), "added": list(difference.added_axioms)},
        "statements": {
            "removed": _parts_dict(difference.removed),
            "added": _parts_dict(difference.added),
        },
    }


def _side(side: Side) -> str:
    version = "no version" if side.version is None else f"version {side.version}"
    return f"{side.source} ({version}, {side.statements:,} statements)"


def _counts(changes: Sequence[Change]) -> str:
    counts = {kind: sum(change.change == kind for change in changes) for kind in _SIGNS}
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)


def _grouped(changes: Iterable[Change]) -> Iterator[str]:
    for section, group in groupby(changes, key=lambda change: change.section):
        yield f"  {section}"
        for change in group:
            yield from _change(change, "    ")


def _change(change: Change, indent: str) -> Iterator[str]:
    curie = change.node.curie
    name = "" if change.label == curie else f' "{change.label}"'
    yield f"{indent}{_SIGNS[change.change]} {curie}{name}"
    inner = indent + "    "
    if change.change != "removed":
        for field in change.fields:
            yield from _field(field, inner, change.change)
    # What was added or removed as a whole need not be told mention by mention.
    if change.change == "changed":
        for part in change.parts:
            yield from _change(part, inner)


def _field(field: Field, indent: str, change: str) -> Iterator[str]:
    if change == "added":
        if field.property != _HEADLINE:
            yield f"{indent}{field.label}: {', '.join(field.added)}"
        return
    short = len(field.removed) == len(field.added) == 1 and field.property not in AXIOMS
    if short and field.property != _DEFINITION:
        yield f"{indent}{field.label}: {field.removed[0]} -> {field.added[0]}"
        return
    yield f"{indent}{field.label}:"
    yield from (f"{indent}  - {value}" for value in field.removed)
    yield from (f"{indent}  + {value}" for value in field.added)


def _statements(parts: Parts, sign: str) -> list[str]:
    lines = [f"  {sign} {line}" for line in parts.ground]
    for component in parts.components:
        # Labels hold inside a group only, so groups stand apart.
        lines += [f"  {sign} together:", *(f"      {line}" for line in component)]
    return lines


def _side_dict(side: Side) -> dict[str, object]:
    return {"source": side.source, "version": side.version, "statements": side.statements}


def _change_dict(change: Change) -> dict[str, object]:
    return {
        "node": str(change.node),
        "label": change.label,
        "section": change.section,
        "change": change.change,
        "fields": [
            {
                "property": str(field.property),
                "label": field.label,
                "removed": list(field.removed),
                "added": list(field.added),
            }
            for field in change.fields
        ],
        "parts": [_change_dict(part) for part in change.parts],
    }


def _parts_dict(parts: Parts) -> dict[str, object]:
    """Return statements without blank nodes one by one, those with blank nodes in the groups they form."""
    return {
        "count": len(parts),
        "plain": list(parts.ground),
        "with_blank_nodes": [list(component) for component in parts.components],
    }
