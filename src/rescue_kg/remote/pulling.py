"""Pull: the named graphs of a store come back as a graph in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, Quad, Triple

from rescue_kg.errors import UnknownNameError, did_you_mean
from rescue_kg.remote.faults import EndpointError
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rescue_kg.graph import RescueGraph
    from rescue_kg.remote.endpoint import Endpoint

__all__ = ["pull"]

# A push in between changes a graph once; a graph that changes each time is not waited for.
_TRIES: Final = 3


def pull(
    endpoint: Endpoint,
    graphs: Iterable[str] | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> RescueGraph:
    """Return the named graphs of a store (those that questions are asked over, or those given).

    Each graph comes whole: it is held against the number of triples that the store counts. It is isomorphic
    to what was pushed once literals are in canonical form (see `literals.canonical_literal`). `progress` is
    called with graphs fetched and graphs in all.

    Raises UnknownNameError for a graph that is not there, or where there is none at all.
    """
    from rescue_kg.graph import RescueGraph

    known = endpoint.graphs()
    names = known if graphs is None else tuple(dict.fromkeys(graphs))
    if not names:
        raise UnknownNameError(
            f"{endpoint.url}: found no graph of rescue-kg there; push one, or name the graphs"
        )
    store = Store()
    for done, name in enumerate(names):
        if progress is not None:
            progress(done, len(names))
        triples = _whole(endpoint, name)
        if not triples and graphs is None:
            # Some stores list graphs that were emptied.
            continue
        if not triples:
            raise UnknownNameError(f"{endpoint.url}: no named graph {name!r}{did_you_mean(name, known)}")
        store.load_quads(_with_own_nodes(triples), name)
    if progress is not None:
        progress(len(names), len(names))
    return RescueGraph(store)


def _whole(endpoint: Endpoint, name: str) -> list[Triple]:
    for _ in range(_TRIES):
        triples = endpoint.get(name)
        counted = endpoint.count(name)
        if len(set(triples)) == counted:
            return triples
    raise EndpointError(
        f"{endpoint.url}: {name}: found {len(triples):,} triples in the answer, expected the {counted:,} "
        "that the store counts; is there a limit on the size of answers?"
    )


def _with_own_nodes(triples: Iterable[Triple]) -> Iterable[Quad | Triple]:
    """Give the blank nodes of one answer names that no other answer has."""
    nodes: dict[BlankNode, BlankNode] = {}

    def own(node: BlankNode) -> BlankNode:
        return nodes.setdefault(node, BlankNode())

    for triple in triples:
        subject, value = triple.subject, triple.object
        if isinstance(subject, BlankNode) or isinstance(value, BlankNode):
            yield Triple(
                own(subject) if isinstance(subject, BlankNode) else subject,
                triple.predicate,
                own(value) if isinstance(value, BlankNode) else value,
            )
        else:
            yield triple
