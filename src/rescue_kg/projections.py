"""Chosen projections of the graph as networks: small sets of summary edges, never every statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from pyoxigraph import Literal, NamedNode, QuerySolutions

from rescue_kg import terms
from rescue_kg.answers import Answer, Iri
from rescue_kg.errors import InputError, UnknownNameError, did_you_mean
from rescue_kg.namespaces import PREFIXES, contract

if TYPE_CHECKING:
    import networkx

    from rescue_kg.graph import RescueGraph
    from rescue_kg.store import Store

__all__ = ["LIMIT", "PROJECTIONS", "Projection", "catalogue", "edges", "find", "projection"]

#: The most edges that a projection may have unless another limit is given.
LIMIT: Final = 5_000_000


class Projection(NamedTuple):
    """One way to see the graph as a network.

    `pattern` is SPARQL that binds ?source, ?source_kind, ?target, ?target_kind and ?counted; the distinct
    values of ?counted for a pair are its weight. `reads_evidence` says whether findings matter to it.
    """

    name: str
    nodes: str
    edges: str
    weight: str
    directed: bool
    reads_evidence: bool
    pattern: str


_NAMED: Final = "FILTER(isIRI(?source) && isIRI(?target))"
_RESCUE: Final = """
  ?source rescue:{relation} ?counted .
  ?counted rescue:ofCondition ?target .
  BIND("intervention" AS ?source_kind) BIND("condition" AS ?target_kind)"""

_ALL: Final = (
    Projection(
        "interventions-conditions",
        "rescue interventions and conditions",
        "a claim offers the very intervention as rescue in the condition",
        "number of states of the condition for which it is offered",
        directed=False,
        reads_evidence=False,
        pattern=_RESCUE.format(relation="directRescueFor"),
    ),
    Projection(
        "kinds-conditions",
        "rescue interventions, their classes, and conditions",
        "a claim offers the intervention, or a kind of it, as rescue in the condition",
        "number of states of the condition for which it, or a kind, is offered",
        directed=False,
        reads_evidence=False,
        pattern=_RESCUE.format(relation="reportedRescueFor"),
    ),
    Projection(
        "interventions-states",
        "rescue interventions and the states they are offered in",
        "a claim offers the very intervention as rescue in the state",
        "1, the pair itself",
        directed=False,
        reads_evidence=False,
        pattern="""
  ?source rescue:directRescueFor ?target .
  BIND(?target AS ?counted)
  BIND("intervention" AS ?source_kind) BIND("state" AS ?target_kind)""",
    ),
    Projection(
        "failed-rescue",
        "failed therapies, unnamed ones too, and rescue interventions",
        "from a therapy that failed in a state to an intervention that is offered as rescue there",
        "number of states in which the one failed and the other is offered",
        directed=True,
        reads_evidence=False,
        pattern="""
  ?source rescue:failedDirectlyIn ?counted .
  ?target rescue:directRescueFor ?counted .
  BIND(IF(EXISTS { ?source a rescue:UnnamedTherapy }, "therapy", "intervention") AS ?source_kind)
  BIND("intervention" AS ?target_kind)""",
    ),
    Projection(
        "evidence",
        "conditions, states, interventions and studies",
        "a state is of a condition; a statement is about an intervention in a state, or a claim offers a "
        "kind of it there; a study reports a finding on an intervention, or a claim on it cites the study",
        "number of interventions of the state; 1, the pair itself; number of findings and claims",
        directed=False,
        reads_evidence=True,
        pattern="""
  {
    ?counted rescue:triedIn|rescue:reportedRescueFor ?target .
    ?target rescue:ofCondition ?source .
    BIND("condition" AS ?source_kind) BIND("state" AS ?target_kind)
  } UNION {
    ?target rescue:triedIn|rescue:reportedRescueFor ?source .
    BIND(?target AS ?counted)
    BIND("state" AS ?source_kind) BIND("intervention" AS ?target_kind)
  } UNION {
    { ?counted a rescue:Finding ; rescue:statedBy ?target } UNION { ?counted rescue:citesStudy ?target }
    ?counted rescue:aboutIntervention ?source .
    BIND("intervention" AS ?source_kind) BIND("study" AS ?target_kind)
  }""",
    ),
)

#: Name -> projection, in the order in which they are listed.
PROJECTIONS: Final = {one.name: one for one in _ALL}


def catalogue() -> Answer:
    """Return the projections. Columns: projection, nodes (text), directed (boolean)."""
    rows = [(one.name, one.nodes, one.directed) for one in _ALL]
    return Answer(("projection", "nodes", "directed"), rows, "Projections of the graph")


def find(name: str) -> Projection:
    """Return the projection of a name. Raises UnknownNameError for a name that is not in PROJECTIONS."""
    if name not in PROJECTIONS:
        near = did_you_mean(name, PROJECTIONS)
        raise UnknownNameError(f"no projection {name!r}, expected one of {', '.join(PROJECTIONS)}{near}")
    return PROJECTIONS[name]


def projection(graph: RescueGraph, name: str, *, limit: int = LIMIT) -> networkx.Graph[str]:
    """Return one of PROJECTIONS as a networkx Graph, or as a DiGraph where it is directed.

    Nodes are keyed by CURIE, with `iri`, `label` (the CURIE where there is none) and `kind`; edges have an
    integer `weight`. Both are in the order of their keys, so that the same graph gives the same network.
    `network.graph` holds the name of the projection.

    Raises UnknownNameError for an unknown name, InputError where no edge is found, or more than `limit`;
    they are counted before anything is built.
    """
    import networkx as nx

    chosen = find(name)
    store = graph.store
    with store.reading():
        _count(store, chosen, limit)
        rows = _rows(store, chosen)
        kinds: dict[str, str] = {}
        for source, source_kind, target, target_kind, _ in rows:
            kinds.setdefault(source, source_kind)
            kinds.setdefault(target, target_kind)
        network: nx.Graph[str] = nx.DiGraph(name=name) if chosen.directed else nx.Graph(name=name)
        keys = {iri: contract(iri) for iri in kinds}
        for iri in sorted(kinds, key=keys.__getitem__):
            label = terms.label(store, iri) or keys[iri]
            network.add_node(keys[iri], iri=iri, label=label, kind=kinds[iri])
    network.add_weighted_edges_from(
        sorted((keys[source], keys[target], weight) for source, _, target, _, weight in rows)
    )
    return network


def edges(network: networkx.Graph[str]) -> Answer:
    """Return the edges of a projection, the heaviest first.

    Columns: source (IRI), source_label, source_kind, target (IRI), target_label, target_kind, weight
    (integer). In a projection that is not directed, source is the one that stands first in it.
    """
    nodes = network.nodes
    found = sorted(network.edges.data("weight", default=1), key=lambda edge: (-edge[2], edge[0], edge[1]))
    rows = [
        (
            *(Iri(nodes[source]["iri"]), nodes[source]["label"], nodes[source]["kind"]),
            *(Iri(nodes[target]["iri"]), nodes[target]["label"], nodes[target]["kind"]),
            weight,
        )
        for source, target, weight in found
    ]
    columns = ("source", "source_label", "source_kind", "target", "target_label", "target_kind", "weight")
    return Answer(columns, rows, f"Network {network.name}")


def _count(store: Store, chosen: Projection, limit: int) -> None:
    """Raise InputError where a projection has no edge, or more than the limit."""
    pairs = f"SELECT DISTINCT ?source ?target WHERE {{ {chosen.pattern} {_NAMED} }}"
    found = cast(
        "QuerySolutions",
        store.query(
            f"SELECT (COUNT(*) AS ?edges) WHERE {{ {{ {pairs} }} }}", where=chosen.name, prefixes=PREFIXES
        ),
    )
    count = int(cast("Literal", next(found)["edges"]).value)
    if not count:
        raise InputError(
            f"{chosen.name}: found no edge, expected at least one; load a graph with claims, and its closure "
            "(RescueGraph.infer)"
        )
    if count > limit:
        raise InputError(
            f"{chosen.name}: found {count:,} edges, expected at most {limit:,}; raise the limit, or ask a "
            "smaller graph or another projection"
        )


def _rows(store: Store, chosen: Projection) -> list[tuple[str, str, str, str, int]]:
    sparql = (
        "SELECT ?source ?source_kind ?target ?target_kind (COUNT(DISTINCT ?counted) AS ?weight) "
        f"WHERE {{ {chosen.pattern} {_NAMED} }} GROUP BY ?source ?source_kind ?target ?target_kind"
    )
    found = cast("QuerySolutions", store.query(sparql, where=chosen.name, prefixes=PREFIXES))
    return [
        (
            cast("NamedNode", row["source"]).value,
            cast("Literal", row["source_kind"]).value,
            cast("NamedNode", row["target"]).value,
            cast("Literal", row["target_kind"]).value,
            int(cast("Literal", row["weight"]).value),
        )
        for row in found
    ]
