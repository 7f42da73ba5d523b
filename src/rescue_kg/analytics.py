"""Measures of a projection: what is shared, what is central, what hangs together, what leads from A to B."""

from __future__ import annotations

from importlib import import_module
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.answers import Answer, Iri
from rescue_kg.errors import InputError, NotAvailableError, UnknownNameError, did_you_mean
from rescue_kg.namespaces import contract
from rescue_kg.projections import LIMIT

if TYPE_CHECKING:
    from types import ModuleType

    import networkx

    from rescue_kg.graph import RescueGraph

__all__ = ["ENGINES", "centrality", "communities", "one_mode", "path", "shared"]

#: What computes betweenness and shortest paths; both give the same results.
ENGINES: Final = ("networkx", "rustworkx")

# Sums of fractions differ in their last digits with the order of the sum, which threads do not keep.
_DIGITS: Final = 12


def one_mode(
    network: networkx.Graph[str], kind: str = "intervention", *, limit: int = LIMIT
) -> networkx.Graph[str]:
    """Return the nodes of one kind, joined where they share a neighbour; `weight` counts what they share.

    Nodes keep their attributes; an edge has `shared` too, the keys of the shared nodes in order.

    Raises InputError for a network that is not bipartite between the kind and others, and where the
    neighbours would join more than `limit` pairs, counted before any is built; UnknownNameError for a kind
    that no node has.
    """
    import networkx as nx

    kinds: dict[str, str] = {node: data["kind"] for node, data in network.nodes(data=True)}
    if kind not in kinds.values():
        known = sorted(set(kinds.values()))
        near = did_you_mean(kind, known)
        raise UnknownNameError(f"no node of kind {kind!r}, expected one of {', '.join(known)}{near}")
    if network.is_directed() or any((kinds[a] == kind) == (kinds[b] == kind) for a, b in network.edges):
        raise InputError(
            f"{network.name}: found edges that do not join a node of kind {kind!r} with one of another kind, "
            "expected a bipartite network such as interventions-conditions"
        )
    others = [node for node in network if kinds[node] != kind]
    count = sum(degree * (degree - 1) // 2 for _, degree in network.degree(others))
    if count > limit:
        raise InputError(
            f"{network.name}: found {count:,} pairs of nodes with a shared neighbour, expected at most "
            f"{limit:,}; raise the limit, or ask a smaller graph"
        )
    result: nx.Graph[str] = nx.Graph(name=f"{network.name}, by {kind}")
    result.add_nodes_from((node, network.nodes[node]) for node in network if kinds[node] == kind)
    found: dict[tuple[str, str], list[str]] = {}
    for other in sorted(others):
        for pair in combinations(sorted(network[other]), 2):
            found.setdefault(pair, []).append(other)
    for (first, second), nodes in sorted(found.items()):
        result.add_edge(first, second, weight=len(nodes), shared=tuple(nodes))
    return result


def shared(network: networkx.Graph[str], kind: str = "intervention", *, limit: int = LIMIT) -> Answer:
    """Return the pairs of nodes of one kind that share a neighbour, those that share most first.

    Columns: first (IRI), first_label, second (IRI), second_label, shared (integer: how many neighbours),
    names (text: their labels, joined by `; `). Raises InputError and UnknownNameError as one_mode() does.
    """
    names = network.nodes
    joined = one_mode(network, kind, limit=limit)
    rows = [
        (
            *(Iri(names[first]["iri"]), names[first]["label"]),
            *(Iri(names[second]["iri"]), names[second]["label"]),
            joined[first][second]["weight"],
            "; ".join(names[node]["label"] for node in joined[first][second]["shared"]),
        )
        for first, second in joined.edges
    ]
    rows.sort(key=lambda row: (-row[4], row[1], row[3], row[0], row[2]))
    columns = ("first", "first_label", "second", "second_label", "shared", "names")
    return Answer(columns, rows, f"What nodes of kind {kind} share in {network.name}")


def centrality(network: networkx.Graph[str], *, engine: str = "networkx") -> Answer:
    """Return how central each node is, the one with most edges first.

    Columns: node (IRI), label, kind, degree (integer: its edges, those in and those out), weight (integer:
    the sum of their weights), degree_centrality (degree over the number of other nodes), betweenness (the
    share of shortest paths between other nodes that lead through it; every edge has length 1, and a directed
    one leads one way). Betweenness after Brandes 2001, https://doi.org/10.1080/0022250X.2001.9990249,
    normalized as in networkx, rounded to 12 digits.

    Raises InputError for an unknown engine, NotAvailableError for rustworkx where it is not installed.
    """
    import networkx as nx

    rustworkx = _engine(engine)
    if rustworkx is None:
        between = nx.betweenness_centrality(network)
    else:
        index = list(network)
        values = rustworkx.betweenness_centrality(_converted(rustworkx, network, index))
        between = {node: values[place] for place, node in enumerate(index)}
    share = nx.degree_centrality(network)
    weights = dict(network.degree(weight="weight"))
    rows = [
        (
            *(Iri(data["iri"]), data["label"], data["kind"], network.degree(node), weights[node]),
            *(round(share[node], _DIGITS), round(between[node], _DIGITS)),
        )
        for node, data in network.nodes(data=True)
    ]
    rows.sort(key=lambda row: (-row[3], -row[6], row[1], row[0]))
    columns = ("node", "label", "kind", "degree", "weight", "degree_centrality", "betweenness")
    return Answer(columns, rows, f"Centrality in {network.name}")


def communities(network: networkx.Graph[str], *, seed: int = 0) -> Answer:
    """Return the communities that the Louvain method finds, the largest first.

    Columns: community (integer, from 1), size (integer), node (IRI), label, kind. The method is that of
    Blondel 2008, https://doi.org/10.1088/1742-5468/2008/10/P10008, by weight; the same network and seed give
    the same communities on every machine. Another seed may give others: nothing is read into a border case.
    """
    import networkx as nx

    # Sets of numbers, unlike sets of texts, have the same order in every process.
    order = sorted(network)
    numbers = nx.relabel_nodes(network, {node: number for number, node in enumerate(order)})
    plain: nx.Graph[Any] = nx.DiGraph() if network.is_directed() else nx.Graph()
    plain.add_nodes_from(range(len(order)))
    plain.add_weighted_edges_from(sorted(numbers.edges(data="weight")))
    found = nx.community.louvain_communities(plain, weight="weight", seed=seed)
    groups = sorted((sorted(group) for group in found), key=lambda group: (-len(group), group))
    rows = []
    for number, group in enumerate(groups, 1):
        members = [network.nodes[order[place]] for place in group]
        rows += [
            (number, len(group), Iri(data["iri"]), data["label"], data["kind"])
            for data in sorted(members, key=lambda data: (data["kind"], data["label"], data["iri"]))
        ]
    return Answer(("community", "size", "node", "label", "kind"), rows, f"Communities in {network.name}")


def path(
    graph: RescueGraph,
    network: networkx.Graph[str],
    start: str,
    end: str,
    *,
    engine: str = "networkx",
) -> Answer:
    """Return the nodes of a shortest path between two nodes of a projection of the graph, both included.

    `start` and `end` are named as graph.resolve() takes them. Every edge has length 1, and a directed one
    leads one way; of several shortest paths it is the first by CURIE. Columns: step (integer, from 0), node
    (IRI), label, kind; no row where no path leads there. A path says that statements connect the two, and
    nothing about an effect.

    Raises UnknownNameError for a name that graph.resolve() does not know, or a node that is not in the
    network; otherwise as centrality().
    """
    rustworkx = _engine(engine)
    first, last = (_node(graph, network, term) for term in (start, end))
    lengths = _lengths_to(network, last) if rustworkx is None else _fast_lengths_to(rustworkx, network, last)
    nodes = []
    if first in lengths:
        nodes.append(first)
        while (node := nodes[-1]) != last:
            nodes.append(min(near for near in network[node] if lengths.get(near) == lengths[node] - 1))
    rows = [
        (step, Iri(data["iri"]), data["label"], data["kind"])
        for step, data in enumerate(network.nodes[node] for node in nodes)
    ]
    names = (network.nodes[node]["label"] for node in (first, last))
    return Answer(("step", "node", "label", "kind"), rows, " to ".join(names))


def _node(graph: RescueGraph, network: networkx.Graph[str], term: str) -> str:
    key = contract(graph.resolve(term))
    if key not in network:
        raise UnknownNameError(
            f"{term}: {key} is not in the network {network.name}; choose another projection"
        )
    return key


def _lengths_to(network: networkx.Graph[str], node: str) -> dict[str, int]:
    """Return how many edges lead from each node that reaches it to this node."""
    import networkx as nx

    return dict(nx.single_target_shortest_path_length(network, node))


def _fast_lengths_to(rustworkx: ModuleType, network: networkx.Graph[str], node: str) -> dict[str, int]:
    index = list(network)
    place = index.index(node)
    converted = _converted(rustworkx, network, index)
    if network.is_directed():
        converted.reverse()
    found = rustworkx.dijkstra_shortest_path_lengths(converted, place, lambda _: 1.0)
    return {node: 0} | {index[other]: round(length) for other, length in found.items()}


def _converted(rustworkx: ModuleType, network: networkx.Graph[str], index: list[str]) -> Any:
    """Return the network in rustworkx, its nodes the places in the index."""
    places = {node: place for place, node in enumerate(index)}
    result = rustworkx.PyDiGraph() if network.is_directed() else rustworkx.PyGraph()
    result.add_nodes_from(range(len(index)))
    result.add_edges_from_no_data([(places[a], places[b]) for a, b in network.edges])
    return result


def _engine(name: str) -> ModuleType | None:
    """Return the module rustworkx, or None for networkx."""
    if name not in ENGINES:
        raise InputError(
            f"unknown engine {name!r}, expected one of {', '.join(ENGINES)}{did_you_mean(name, ENGINES)}"
        )
    if name == "networkx":
        return None
    try:
        return import_module("rustworkx")
    except ImportError as error:
        raise NotAvailableError("rustworkx is not installed: pip install 'rescue-kg[graph]'") from error
