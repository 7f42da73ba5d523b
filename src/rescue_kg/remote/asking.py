"""Ask: the questions of the catalogue, and any SPARQL, at an endpoint."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rescue_kg import questions
from rescue_kg.answers import Answer, to_value
from rescue_kg.errors import InputError
from rescue_kg.namespaces import PREFIXES, RESCUE
from rescue_kg.remote.faults import EndpointError
from rescue_kg.remote.names import resolve
from rescue_kg.remote.ordering import ordered, without_order
from rescue_kg.remote.sparqltext import query_form, with_prefixes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rescue_kg.answers import Value
    from rescue_kg.remote.endpoint import Endpoint
    from rescue_kg.remote.results import Rows

__all__ = ["ask", "query"]


def ask(endpoint: Endpoint, name: str, /, **params: object) -> Answer:
    """Return the answer of an endpoint to a question of the catalogue, columns as its header says.

    The query is the one that the embedded engine runs; it goes out with the graphs of rescue-kg as its
    default graph, whatever the store takes for that. Labels as parameters are looked up at the endpoint.
    Values come in the types that the header declares, also where the store counts true as 1. Rows that are
    too long for the store to sort are sorted here.

    Raises UnknownNameError, ParameterError, InputError where the store holds no graph, EndpointError.
    """
    question = questions.read(name)
    # Bad parameters are told without asking anyone.
    questions.bind(question, params, lambda _: RESCUE)
    graphs = endpoint.graphs()
    if not graphs:
        raise InputError(f"{endpoint.url}: found no graph of rescue-kg there; push one first")
    sparql = questions.bind(question, params, lambda term: resolve(endpoint, term, graphs))
    found = _in_order(endpoint, sparql, graphs, question.returns)
    kinds = [question.returns.get(column, "") for column in found.columns]
    rows = [
        tuple(_declared(to_value(term), kind) for term, kind in zip(row, kinds, strict=True))
        for row in found.rows
    ]
    return Answer(found.columns, rows, question.title)


def query(endpoint: Endpoint, sparql: str) -> Answer | bool:
    """Run any SPARQL query at an endpoint; PREFIXES need no declaration.

    It sees the union of the graphs of rescue-kg there, unless it has a FROM of its own or the store holds
    none of them. Returns the rows of a SELECT; the triples of a CONSTRUCT or DESCRIBE as (subject, predicate,
    object), sorted; True or False for an ASK.
    """
    text = with_prefixes(sparql, PREFIXES)
    graphs = endpoint.graphs()
    form = query_form(text)
    if form == "ASK":
        return endpoint.truth(text, graphs)
    if form == "SELECT":
        return _answer(endpoint.select(text, graphs))
    rows = {
        (to_value(one.subject), to_value(one.predicate), to_value(one.object))
        for one in endpoint.triples(text, graphs)
    }
    return Answer(("subject", "predicate", "object"), sorted(rows, key=lambda row: tuple(map(str, row))))


def _in_order(endpoint: Endpoint, sparql: str, graphs: Sequence[str], columns: Collection[str]) -> Rows:
    """Return the rows of a question in its order."""
    try:
        return endpoint.select(sparql, graphs)
    except EndpointError as error:
        fault = endpoint.profile.unsortable
        text, clause = without_order(sparql, columns)
        if fault is None or fault not in str(error) or not clause:
            raise
    return ordered(endpoint.select(text, graphs), clause)


def _answer(found: Rows) -> Answer:
    return Answer(found.columns, [tuple(map(to_value, row)) for row in found.rows])


def _declared(value: Value | None, kind: str) -> Value | None:
    """Return a value in the type that a question declares, where a store has another for the same value."""
    if kind == "boolean" and not isinstance(value, bool) and value in (0, 1):
        return bool(value)
    if kind == "integer" and isinstance(value, Decimal | float) and value == int(value):
        return int(value)
    if kind == "decimal" and isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    if kind == "double" and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return float(value)
    return value
