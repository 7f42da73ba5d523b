"""The answers of a query service: rows and truth values, read from JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph
from pyoxigraph import QueryBoolean, QueryResultsFormat

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyoxigraph import BlankNode, Literal, NamedNode, Triple

__all__ = ["Rows", "malformed", "read_results"]


class Rows(NamedTuple):
    """The rows of a SELECT query as terms; None where a variable is not bound."""

    columns: tuple[str, ...]
    rows: list[tuple[NamedNode | BlankNode | Literal | Triple | None, ...]]


def read_results(body: bytes) -> Rows | bool | str:
    """Return rows or a truth value, or what is wrong with the answer.

    Nothing is raised here: the frames of an error would keep pyoxigraph's result, which must not be dropped
    by another thread.
    """
    try:
        result = pyoxigraph.parse_query_results(body, format=QueryResultsFormat.JSON)
        if isinstance(result, QueryBoolean):
            return bool(result)
        # Rows are parsed as they are asked for, so a fault in the last one shows only here.
        columns = tuple(variable.value for variable in result.variables)
        return Rows(columns, [tuple(row[name] for name in columns) for row in result])
    except (SyntaxError, ValueError) as error:
        return str(error)


def malformed(where: str, body: bytes, error: str, expected: str, clean: Callable[[object], str]) -> str:
    """Say in one line that an answer is not of the form that was asked for."""
    # Cleaned before it is cut: half a secret is not found.
    start = clean(body[:4000].decode(errors="replace"))[:60]
    return f"{where}: found an answer that is no {expected} ({clean(error)}; it begins with {start!r})"
