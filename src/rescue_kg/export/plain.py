"""Turtle, TriG, N-Triples and N-Quads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox

from rescue_kg import layout
from rescue_kg.arrangement import stable_blank_nodes
from rescue_kg.export.contents import dataset, union

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rescue_kg.graph import RescueGraph

__all__ = ["nquads", "ntriples", "trig", "turtle"]


def turtle(graph: RescueGraph) -> bytes:
    """Return the union in the canonical Turtle layout."""
    return layout.turtle(union(graph)).encode()


def trig(graph: RescueGraph) -> bytes:
    """Return the dataset as TriG: the canonical Turtle layout inside each graph."""
    writer = layout.TurtleWriter()
    parts: list[str] = []
    for name, arrangement in dataset(graph).items():
        body = writer.body(arrangement)
        if name is None:
            parts.append(body)
        else:
            label = writer.iri(name.value) if isinstance(name, ox.NamedNode) else str(name)
            parts.append(f"\n{label} {{\n{body}\n}}\n")
    return (writer.head() + "".join(parts)).encode()


def ntriples(graph: RescueGraph) -> bytes:
    """Return the union as N-Triples, one triple a line, the lines sorted."""
    return _lines(union(graph), ox.RdfFormat.N_TRIPLES)


def nquads(graph: RescueGraph) -> bytes:
    """Return the dataset as N-Quads, one quad a line, the lines sorted."""
    return _lines(stable_blank_nodes(graph.store.quads(None)), ox.RdfFormat.N_QUADS)


def _lines(quads: Iterable[ox.Quad], format: ox.RdfFormat) -> bytes:  # noqa: A002
    data = ox.serialize(quads, format=format)
    # Line breaks inside a literal are escaped in both formats, so a line is a statement.
    return b"".join(sorted((data or b"").splitlines(keepends=True)))
