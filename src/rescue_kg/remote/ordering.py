"""Puts the rows of a question in order here, for a store that refuses to sort long ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyoxigraph
from pyoxigraph import BlankNode, QuerySolutions

from rescue_kg.remote.results import Rows

if TYPE_CHECKING:
    from collections.abc import Collection

    from pyoxigraph import Literal, NamedNode, Triple

__all__ = ["ordered", "without_order"]

# So every question of the catalogue ends.
_CLAUSE: Final = re.compile(r"^ORDER BY [^{}]*\Z", re.MULTILINE)
_VARIABLE: Final = re.compile(r"\?(\w+)")
_PLACE: Final = "place_of_row"


def without_order(sparql: str, columns: Collection[str]) -> tuple[str, str]:
    """Return a query without the ORDER BY at its end, and that clause.

    The clause is "" where there is none, or where it looks at more than the columns.
    """
    found = _CLAUSE.search(sparql)
    if found is None or not set(_VARIABLE.findall(found[0])).issubset(columns):
        return sparql, ""
    return sparql[: found.start()], found[0].strip()


def ordered(found: Rows, clause: str) -> Rows:
    """Return rows in the order of an ORDER BY clause over their columns, sorted by the embedded engine."""
    named = set(_VARIABLE.findall(clause))
    keys = [place for place, column in enumerate(found.columns) if column in named]
    variables = " ".join(f"?{found.columns[key]}" for key in keys)
    values = "\n".join(
        f"({place} {' '.join(_value(row[key]) for key in keys)})" for place, row in enumerate(found.rows)
    )
    query = f"SELECT ?{_PLACE} WHERE {{ VALUES (?{_PLACE} {variables}) {{\n{values}\n}} }} {clause}"
    places = pyoxigraph.Store().query(query)
    if not isinstance(places, QuerySolutions):
        return found
    return found._replace(rows=[found.rows[int(place[_PLACE].value)] for place in places])


def _value(term: NamedNode | BlankNode | Literal | Triple | None) -> str:
    # A blank node has no name in a query, and no place of its own in an order.
    return "UNDEF" if term is None or isinstance(term, BlankNode) else str(term)
