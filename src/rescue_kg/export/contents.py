"""What an export carries: the union of all graphs, or the dataset, with stable blank node labels."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pyoxigraph as ox

from rescue_kg.arrangement import Arrangement, Node, natural, stable_blank_nodes

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph

__all__ = ["dataset", "union"]


def union(graph: RescueGraph) -> list[ox.Quad]:
    """Return the triples of all graphs, each once and without graph name, in no stable order."""
    quads = graph.store.quads(None)
    return stable_blank_nodes(ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)


def dataset(graph: RescueGraph) -> dict[Node | None, Arrangement]:
    """Return graph name -> graph in reading order, sorted by name; None is the graph without a name.

    A blank node that stands in two graphs, or names one, keeps its label.
    """
    quads: defaultdict[Node | None, list[ox.Quad]] = defaultdict(list)
    places: defaultdict[ox.BlankNode, set[Node | None]] = defaultdict(set)
    for quad in stable_blank_nodes(graph.store.quads(None)):
        name = None if isinstance(quad.graph_name, ox.DefaultGraph) else quad.graph_name
        quads[name].append(quad)
        for term in (quad.subject, quad.object):
            if isinstance(term, ox.BlankNode):
                places[term].add(name)
    labelled = {node for node, names in places.items() if len(names) > 1}
    labelled |= {name for name in quads if isinstance(name, ox.BlankNode)}
    in_order = sorted(quads, key=lambda name: natural("" if name is None else name.value))
    return {name: Arrangement(quads[name], labelled=labelled) for name in in_order}
