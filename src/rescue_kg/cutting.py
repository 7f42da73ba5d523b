"""Parts of a graph that a validation can look at one after the other: nodes with all that is stated of them.

`rescue_kg.shape_plan` says what a part holds, and why.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

from pyoxigraph import BlankNode, NamedNode, Quad, QuerySolutions, RdfFormat, serialize

from rescue_kg import rules
from rescue_kg.namespaces import GRAPH, ONTOLOGY_GRAPH
from rescue_kg.shape_plan import SUBCLASS_OF, TYPE
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pyoxigraph import QueryBoolean, QueryTriples

    from rescue_kg.shape_plan import Term

__all__ = ["Node", "Stated", "batches", "to_node", "to_text"]

Node: TypeAlias = NamedNode | BlankNode

_GRAPH: Final = NamedNode(ONTOLOGY_GRAPH)


class Stated:
    """What is stated in a store, as against what rules wrote; as a whole, or cut into parts."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.graphs = [name for name in map(NamedNode, store.graphs()) if not rules.is_derived(name)]
        self._seen = frozenset(self.graphs)
        #: The rdfs:subClassOf statements, and from them the direct subclasses of each class.
        self.subclasses = self.quads(None, SUBCLASS_OF)
        self.below: dict[Term, set[Term]] = {}
        for quad in self.subclasses:
            self.below.setdefault(quad.object, set()).add(quad.subject)

    def __len__(self) -> int:
        """Return the number of triples; one that stands in two graphs counts twice."""
        return sum(self.store.count(name.value) for name in self.graphs)

    def copy(self) -> Store:
        """Return a store with everything in one graph: each triple stands there once."""
        copy = Store()
        for name in self.graphs:
            copy.load_quads(self.store.quads(name.value), ONTOLOGY_GRAPH)
        return copy

    def subjects(self, dataset: str) -> Iterator[Node]:
        """Yield each node that the graph of a dataset says something of, once."""
        found = self.store.query("SELECT DISTINCT ?s WHERE { ?s ?p ?o }", graphs=[GRAPH + dataset])
        if isinstance(found, QuerySolutions):
            for row in found:
                if isinstance(row["s"], (NamedNode, BlankNode)):
                    yield row["s"]

    def instances(self, kinds: Iterable[Term]) -> Iterator[Node]:
        """Yield the nodes that are typed with one of some classes, a node once for each."""
        for kind in kinds:
            for quad in self.store.native.quads_for_pattern(None, TYPE, kind):
                if quad.graph_name in self._seen and isinstance(quad.subject, (NamedNode, BlankNode)):
                    yield quad.subject

    def query(self, sparql: str, where: str = "query") -> QuerySolutions | QueryBoolean | QueryTriples:
        """Run a query over what is stated; a triple that stands in two graphs is seen twice."""
        return self.store.query(sparql, where=where, graphs=[name.value for name in self.graphs])

    def points_to(self, node: Node, predicate: Term) -> bool:
        """Return whether something points to a node by a property."""
        found = self.store.native.quads_for_pattern(None, predicate, node)  # type: ignore[arg-type]
        return any(quad.graph_name in self._seen for quad in found)

    def about(self, node: Node) -> list[Quad]:
        """Return what is stated of a node."""
        return self.quads(node, None)

    def around(self, nodes: Iterable[Node], marks: Mapping[Term, NamedNode]) -> list[Quad]:
        """Return a part: what is stated of some nodes, with their marks, and the types of those they name."""
        own = set(nodes)
        part: set[Quad] = {_alone(quad) for quad in self.subclasses}
        named: set[Node] = set()
        for node in own:
            for quad in self.about(node):
                part.add(_alone(quad))
                kind = quad.object
                if quad.predicate == TYPE and kind in marks:
                    part.add(Quad(node, marks[kind], node, _GRAPH))
                if isinstance(quad.object, (NamedNode, BlankNode)):
                    named.add(quad.object)
        for node in named - own:
            part.update(_alone(quad) for quad in self.quads(node, TYPE))
        return list(part)

    def quads(self, node: Node | None, predicate: NamedNode | None) -> list[Quad]:
        """Return what is stated of a node, or of all, by a property, or by all."""
        found = self.store.native.quads_for_pattern(node, predicate, None)
        return [quad for quad in found if quad.graph_name in self._seen]


def to_node(text: str) -> Node:
    """Return the node that N-Triples write as a text."""
    return BlankNode(text[2:]) if text.startswith("_:") else NamedNode(text[1:-1])


def batches(nodes: Iterable[Node], size: int) -> Iterator[list[Node]]:
    """Yield nodes in lists of a size, the last one shorter."""
    left = iter(nodes)
    while batch := list(islice(left, size)):
        yield batch


def to_text(quads: Iterable[Quad]) -> str:
    """Return the triples of quads as N-Triples."""
    written = serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES)
    return "" if written is None else written.decode()


def _alone(quad: Quad) -> Quad:
    return Quad(quad.subject, quad.predicate, quad.object, _GRAPH)
