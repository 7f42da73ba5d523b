"""The hierarchies of a graph, laid out as trees: conditions, interventions, outcomes and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from rescue_kg.answers import Answer, Iri
from rescue_kg.errors import UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.graph import RescueGraph

__all__ = ["KINDS", "Branch", "hierarchy"]

#: Kind of tree -> what its nodes are, and the properties that lead from a node to what it hangs under.
KINDS: Final = {
    "condition": ("a/rdfs:subClassOf* rescue:Condition", ("skos:broader", "rescue:manifestationOf")),
    "intervention": ("a/rdfs:subClassOf* rescue:Intervention", ("skos:broader",)),
    "outcome": ("a/rdfs:subClassOf* rescue:Outcome", ("skos:broader",)),
    "class": ("a owl:Class", ("rdfs:subClassOf",)),
}


class Branch(NamedTuple):
    """One line of a tree.

    `relation` is the CURIE of the property that leads to the line above (None at a root). `seen` says that
    what hangs under the node was laid out before, since it hangs in more than one place, or in a circle.
    """

    depth: int
    node: Iri
    label: str
    relation: str | None
    parent: Iri | None
    seen: bool


def hierarchy(graph: RescueGraph, kind: str) -> tuple[Branch, ...]:
    """Return the tree of one of KINDS, roots and branches by label; every node of the kind stands in it.

    Raises UnknownNameError for another kind.
    """
    if kind not in KINDS:
        raise UnknownNameError(
            f"no tree of {kind!r}, expected one of {', '.join(KINDS)}{did_you_mean(kind, KINDS)}"
        )
    pattern, relations = KINDS[kind]
    found = cast(
        "Answer", graph.query(f"SELECT DISTINCT ?node WHERE {{ ?node {pattern} FILTER(isIRI(?node)) }}")
    )
    nodes = {cast("Iri", node): graph.label(str(node)) for (node,) in found}
    below: dict[Iri, list[tuple[Iri, str]]] = {}
    has_parent = set()
    for relation in relations:
        edges = cast(
            "Answer", graph.query(f"SELECT DISTINCT ?node ?parent WHERE {{ ?node {relation} ?parent }}")
        )
        for node, parent in cast("Iterator[tuple[Iri, Iri]]", iter(edges)):
            if node in nodes and parent in nodes:
                below.setdefault(parent, []).append((node, relation))
                has_parent.add(node)
    return tuple(_walk(nodes, below, has_parent))


def _walk(
    nodes: dict[Iri, str], below: dict[Iri, list[tuple[Iri, str]]], has_parent: set[Iri]
) -> Iterator[Branch]:
    def order(node: Iri) -> tuple[str, str]:
        return nodes[node].casefold(), node

    in_order = sorted(nodes, key=order)
    done: set[Iri] = set()
    # A circle of nodes has no root; the first of them by label stands in for one.
    for root in [node for node in in_order if node not in has_parent] + in_order:
        if root in done:
            continue
        stack: list[tuple[int, Iri, str | None, Iri | None]] = [(0, root, None, None)]
        while stack:
            depth, node, relation, parent = stack.pop()
            branches = below.get(node, [])
            seen = node in done and bool(branches)
            yield Branch(depth, node, nodes[node], relation, parent, seen)
            done.add(node)
            if not seen:
                branches = sorted(branches, key=lambda branch: (order(branch[0]), branch[1]), reverse=True)
                stack += [(depth + 1, child, name, node) for child, name in branches]
