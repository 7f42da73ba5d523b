"""The graph as a network: nodes of the evidence, and the statements between them as labelled edges."""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, cast

import networkx as nx
import pyoxigraph as ox

from rescue_kg.arrangement import natural
from rescue_kg.errors import InputError
from rescue_kg.namespaces import BASE, PREFIXES, contract, kind_of
from rescue_kg.rules import is_derived

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

    from rescue_kg.graph import RescueGraph

__all__ = ["graphml", "nodelink", "to_networkx"]

_TYPE: Final = ox.NamedNode(PREFIXES["rdf"] + "type")
_LABEL: Final = ox.NamedNode(PREFIXES["rdfs"] + "label")
# A defined class is below the named classes that it intersects.
_SUPERCLASSES: Final = """
SELECT DISTINCT ?class ?above WHERE {
  { ?class rdfs:subClassOf ?above }
  UNION { ?class owl:equivalentClass/owl:intersectionOf/rdf:rest*/rdf:first ?above }
  FILTER(isIRI(?class) && isIRI(?above))
}"""
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_networkx(
    graph: RescueGraph, *, include_mentions: bool = False, limit: int | None = None
) -> nx.MultiDiGraph[str]:
    """Return the nodes of the evidence and the object-property statements between them.

    Nodes are the instances of the model's classes (conditions, states, failures, interventions, outcomes,
    studies, claims, ...; mentions only on request), keyed by CURIE, with `iri`, `label` (the CURIE where
    there is none) and `kind`: the most specific own classes by local name, joined by `|`. Edges are keyed by
    the local name of the property, with `property` (CURIE), `label` and `inferred`: True where only a rule
    says so. Nodes and edges are in natural order of their IRIs.

    Raises InputError where the graph holds more than `limit` statements; they are counted first.
    """
    if limit is not None and len(graph.store) > limit:
        raise InputError(
            f"found {len(graph.store):,} statements for one network, expected at most {limit:,}; take a part "
            "(graph.projection(), such as 'interventions-conditions'), or raise the limit"
        )
    native = graph.store.native
    labels = _labels(native.quads_for_pattern(None, _LABEL, None, None))
    kinds = _kinds(graph, include_mentions)
    network: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    names = {iri: contract(iri) for iri in kinds}
    for iri in sorted(kinds, key=natural):
        network.add_node(names[iri], iri=iri, label=labels.get(iri, names[iri]), kind="|".join(kinds[iri]))
    edges: dict[tuple[str, str, str], bool] = {}
    for quad in graph.store.quads(None):
        if not isinstance(quad.subject, ox.NamedNode) or not isinstance(quad.object, ox.NamedNode):
            continue
        if quad.subject.value in kinds and quad.object.value in kinds:
            edge = (quad.subject.value, quad.object.value, quad.predicate.value)
            # A statement that is in the data is not an inference, even where a rule says it too.
            edges[edge] = edges.get(edge, True) and is_derived(quad.graph_name)
    for edge in sorted(edges, key=lambda edge: tuple(map(natural, edge))):
        subject, target, iri = names[edge[0]], names[edge[1]], edge[2]
        curie, local = contract(iri), _local(iri)
        key = curie if network.has_edge(subject, target, local) else local
        network.add_edge(
            subject, target, key, property=curie, label=labels.get(iri, local), inferred=edges[edge]
        )
    return network


def graphml(graph: RescueGraph) -> bytes:
    """Return the network as GraphML, the key of each edge as its attribute `key`.

    Raises InputError where there is no node, or a label that XML cannot hold.
    """
    network = _network(graph)
    for name, attributes in network.nodes(data=True):
        found = _NOT_XML.search(attributes["label"])
        if found is not None:
            raise InputError(
                f"{name}: the label has the character U+{ord(found[0]):04X}, which XML cannot hold; "
                "mend the label or choose another format"
            )
    buffer = io.BytesIO()
    _GraphMLWriter(graph=network, encoding="utf-8", prettyprint=True).dump(buffer)
    return buffer.getvalue()


def nodelink(graph: RescueGraph) -> bytes:
    """Return the network as the node-link JSON of networkx. Raises InputError where there is no node."""
    data = nx.node_link_data(_network(graph), edges="edges")
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


class _GraphMLWriter(nx.readwrite.graphml.GraphMLWriter):
    """Leaves out the ids of edges.

    networkx writes the key of an edge as its id; property names repeat, and readers that take ids as unique
    drop all but one edge of each property. From an attribute `key` networkx reads the same keys back.
    """

    def add_edges(self, G: nx.Graph[Any], graph_element: Element) -> None:  # noqa: N803
        network = cast("nx.MultiDiGraph[str]", G)
        for source, target, key, attributes in network.edges(keys=True, data=True):
            edge = self.myElement("edge", source=source, target=target)
            self.add_attributes("edge", edge, {"key": key, **attributes}, {})
            graph_element.append(edge)

    def add_data(
        self,
        name: str,
        element_type: type,
        value: object,
        scope: str = "all",
        default: object = None,
    ) -> Element:
        """Write truth values as XML Schema does, in lower case."""
        element: Element = super().add_data(name, element_type, value, scope, default)
        if element_type is bool:
            element.text = str(value).lower()
        return element


def _network(graph: RescueGraph) -> nx.MultiDiGraph[str]:
    network = to_networkx(graph)
    if not network:
        raise InputError(
            f"the graph has no node of the evidence (an instance of a class of {BASE}): nothing to draw; "
            "load a file that has some, or choose another format"
        )
    return network


def _kinds(graph: RescueGraph, include_mentions: bool) -> dict[str, list[str]]:
    """Return IRI of a domain node -> local names of its most specific own classes."""
    native = graph.store.native
    above: defaultdict[str, set[str]] = defaultdict(set)
    for row in cast("ox.QuerySolutions", graph.store.query(_SUPERCLASSES, prefixes=PREFIXES)):
        above[row["class"].value].add(row["above"].value)
    classes: defaultdict[str, set[str]] = defaultdict(set)
    for quad in native.quads_for_pattern(None, _TYPE, None, None):
        if not isinstance(quad.subject, ox.NamedNode) or not isinstance(quad.object, ox.NamedNode):
            continue
        kind = kind_of(quad.subject.value)
        if kind is None or kind == "shape" or (kind == "mention" and not include_mentions):
            continue
        if quad.object.value.startswith(BASE):
            classes[quad.subject.value].add(quad.object.value)
    return {
        iri: sorted(_local(one) for one in _most_specific(found, above)) for iri, found in classes.items()
    }


def _most_specific(classes: set[str], above: dict[str, set[str]]) -> set[str]:
    general: set[str] = set()
    for start in classes:
        seen: set[str] = set()
        waiting = list(above.get(start, ()))
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(above.get(name, ()))
        # Classes that are subclasses of each other are the same class: none of them is more general.
        general |= {name for name in seen - {start} if start not in above.get(name, ())}
    return classes - general


def _labels(quads: Iterable[ox.Quad]) -> dict[str, str]:
    """Return IRI -> label: English, else without language, else any; the first of several."""
    best: dict[str, tuple[bool, str, str]] = {}
    for quad in quads:
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
            language = quad.object.language or ""
            rank = (language != "en", language, quad.object.value)
            best[quad.subject.value] = min(rank, best.get(quad.subject.value, rank))
    return {iri: rank[2] for iri, rank in best.items()}


def _local(iri: str) -> str:
    return re.split(r"[/#]", iri)[-1]
