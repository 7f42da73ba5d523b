"""Push: each graph goes to a staging graph, is counted there, and then takes the place of the old one.

A bulk load goes straight to graphs that the store does not hold, and is counted there.
"""

from __future__ import annotations

import re
import secrets
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from pyoxigraph import NamedNode

from rescue_kg.answers import Answer, Iri
from rescue_kg.errors import InputError, UnknownNameError, did_you_mean
from rescue_kg.remote import swapping
from rescue_kg.remote.endpoint import STAGING
from rescue_kg.remote.faults import EndpointError, UnreachableError
from rescue_kg.remote.literals import canonical_triples
from rescue_kg.remote.parts import check, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rescue_kg.graph import RescueGraph
    from rescue_kg.remote.endpoint import Endpoint
    from rescue_kg.store import Store

_Progress: TypeAlias = "Callable[[int, int], None] | None"

__all__ = ["STALE_AFTER", "PushReport", "PushedGraph", "push"]

#: Staging graphs of pushes that began longer ago than this, in seconds, are taken for broken off.
STALE_AFTER: Final = 3600.0

_STAGING_NAME: Final = re.compile(re.escape(STAGING) + r"([0-9]{9,12})-[0-9a-f]{16}")


class PushedGraph(NamedTuple):
    """One graph of a push: triples sent, request bodies they were sent in, their size, and triples before."""

    name: str
    triples: int
    parts: int
    size: int
    before: int | None


class PushReport(NamedTuple):
    """What a push did, or for a dry run would do.

    `dropped` are the staging graphs of earlier pushes that were removed, `seconds` the time it took.
    """

    endpoint: str
    graphs: tuple[PushedGraph, ...]
    dropped: tuple[str, ...] = ()
    dry_run: bool = False
    seconds: float = 0.0

    @property
    def triples(self) -> int:
        """The number of triples in all graphs."""
        return sum(graph.triples for graph in self.graphs)

    def to_answer(self) -> Answer:
        """Return one row a graph: graph (IRI), triples, before (triples, or None), parts, bytes."""
        rows = [(Iri(one.name), one.triples, one.before, one.parts, one.size) for one in self.graphs]
        title = f"{'Would be pushed' if self.dry_run else 'Pushed'} to {self.endpoint}"
        return Answer(("graph", "triples", "before", "parts", "bytes"), rows, title)


def push(
    graph: RescueGraph | Store,
    endpoint: Endpoint,
    *,
    graphs: Iterable[str] | None = None,
    dry_run: bool = False,
    progress: _Progress = None,
    part_size: int | None = None,
    bulk: bool = False,
    stale_after: float = STALE_AFTER,
) -> PushReport:
    """Put named graphs (all of them, or those given) into a store, each in place of the one it holds.

    Every graph is sent to a staging graph in parts, and counted on the server against what was sent. Only
    when all are whole does one update swap them in, so that readers see the old graphs or the new ones, as
    far as `Profile.readers` says. Whatever goes wrong before that leaves the old graphs alone, and the
    staging graphs are dropped, by this push or, where the server is gone, by a later one.

    `bulk` is for graphs that the store does not hold: they are sent straight to their places, in the fastest
    way of the store (`Profile.bulk_parameters`). Readers see them grow. What came of a bulk load that failed
    is dropped; where the server or this process is gone it stays, and is what a push without `bulk` replaces.

    `progress` is called with triples sent and triples in all. `dry_run` sends nothing. `part_size` is the
    number of triples in a request. Raises UnknownNameError for a graph that is not there, InputError for one
    that is empty or that the store cannot hold, EndpointError and UnreachableError; EndpointError too for a
    bulk load of a graph of which the store has triples.
    """
    from rescue_kg.store import Store

    began = time.monotonic()
    store = graph if isinstance(graph, Store) else graph.store
    names = _names(store, graphs)
    size = part_size or endpoint.profile.part
    if size < 1:
        raise InputError(f"found {size} triples in a part, expected 1 or more")
    totals = {name: store.count(name) for name in names}
    for name, triples in totals.items():
        if not triples:
            raise InputError(f"{name}: the graph holds no triple; nothing was sent")
        check(store, name, endpoint.profile)
    if dry_run:
        planned = []
        for name in names:
            bodies = [
                (part.triples, len(part.body)) for part in parts(store, name, endpoint.profile, size=size)
            ]
            planned.append(PushedGraph(name, totals[name], len(bodies), sum(one[1] for one in bodies), None))
        return PushReport(endpoint.url, tuple(planned), dry_run=True, seconds=time.monotonic() - began)
    if bulk:
        pushed, dropped = _send_straight(store, endpoint, totals, size, progress), []
    else:
        dropped = _drop_stale(endpoint, names, stale_after)
        pushed = _send_and_swap(store, endpoint, totals, size, progress)
    return PushReport(endpoint.url, tuple(pushed), tuple(dropped), seconds=time.monotonic() - began)


def _send_and_swap(
    store: Store, endpoint: Endpoint, totals: Mapping[str, int], size: int, progress: _Progress
) -> list[PushedGraph]:
    """Send graphs to staging graphs, and swap them in; `totals` are their triples by their names."""
    stamp = f"{STAGING}{int(time.time())}-{secrets.token_hex(8)}"
    staged = {name: name + stamp for name in totals}
    with _dropping(endpoint, staged.values()):
        before = {name: endpoint.count(name) for name in totals}
        pushed = _send(store, endpoint, staged, totals, before, size, progress)
        expected = {
            name: _counted(store, name, staged[name], endpoint, "the old graph is as it was, push again")
            for name in totals
        }
        swapping.swap(endpoint, staged, expected)
    return pushed


def _send_straight(
    store: Store, endpoint: Endpoint, totals: Mapping[str, int], size: int, progress: _Progress
) -> list[PushedGraph]:
    """Send graphs to their own places, where there must be nothing yet."""
    before = {name: endpoint.count(name) for name in totals}
    for name, held in before.items():
        if held:
            raise EndpointError(
                f"{endpoint.url}: {name}: found {held:,} triples on the server, expected none for a bulk "
                "load; nothing was sent; push without bulk to replace them"
            )
    with _dropping(endpoint, totals):
        pushed = _send(
            store, endpoint, {name: name for name in totals}, totals, before, size, progress, bulk=True
        )
        for name in totals:
            _counted(store, name, name, endpoint, "it is dropped, push again")
    return pushed


def _send(
    store: Store,
    endpoint: Endpoint,
    targets: Mapping[str, str],
    totals: Mapping[str, int],
    before: Mapping[str, int],
    size: int,
    progress: _Progress,
    *,
    bulk: bool = False,
) -> list[PushedGraph]:
    """Send each graph to its target in parts."""
    pushed = []
    sent = 0
    for name, target in targets.items():
        number = bytes_sent = 0
        for number, part in enumerate(parts(store, name, endpoint.profile, size=size), 1):
            endpoint.put(target, part.body, replace=number == 1, bulk=bulk)
            bytes_sent += len(part.body)
            sent += part.triples
            if progress is not None:
                progress(sent, sum(totals.values()))
        pushed.append(PushedGraph(name, totals[name], number, bytes_sent, before[name]))
    return pushed


@contextmanager
def _dropping(endpoint: Endpoint, graphs: Iterable[str]) -> Iterator[None]:
    """Drop graphs where what follows fails."""
    try:
        yield
    except UnreachableError:
        # Nobody is there to drop them, or a swap is still running and needs them.
        raise
    except BaseException:
        _drop(endpoint, graphs)
        raise


def _names(store: Store, graphs: Iterable[str] | None) -> list[str]:
    known = store.graphs()
    if graphs is None:
        if not known:
            raise InputError("the graph holds no statement: nothing to push; load a file first")
        return known
    names = list(dict.fromkeys(graphs))
    for name in names:
        if name not in known:
            raise UnknownNameError(f"no named graph {name!r}{did_you_mean(name, known)}")
    return names


def _counted(store: Store, name: str, target: str, endpoint: Endpoint, otherwise: str) -> int:
    """Return the number of triples in the graph that one was sent to, if it is what was sent."""
    found = endpoint.count(target)
    sent = store.count(name)
    # A store that keeps values, not digits, holds 0.1 and 0.10 of the same node once.
    if found != sent and found != len(canonical_triples(store.quads(name))):
        raise EndpointError(
            f"{endpoint.url}: {name}: found {found:,} triples on the server, expected the {sent:,} that were "
            f"sent; {otherwise}"
        )
    return found


def _drop_stale(endpoint: Endpoint, names: Iterable[str], stale_after: float) -> list[str]:
    """Drop and return the staging graphs that broken-off pushes of these graphs left."""
    stale = []
    for name in names:
        for other in endpoint.graphs_below(name + STAGING):
            match = _STAGING_NAME.fullmatch(other.removeprefix(name))
            if match is not None and time.time() - int(match[1]) >= stale_after:
                stale.append(other)
    for other in stale:
        endpoint.update(_DROPS[endpoint.profile.swap].format(graph=NamedNode(other)))
    return stale


def _drop(endpoint: Endpoint, graphs: Iterable[str]) -> None:
    """Drop graphs as far as the server lets us; of staging graphs, what stays is found by a later push."""
    with suppress(EndpointError, UnreachableError, KeyboardInterrupt):
        for name in graphs:
            if endpoint.count(name):
                endpoint.update(_DROPS[endpoint.profile.swap].format(graph=NamedNode(name)), repeat=False)


_DROPS: Final = {
    "move": "DROP SILENT GRAPH {graph}",
    "modify": "DELETE WHERE {{ GRAPH {graph} {{ ?s ?p ?o }} }}",
}
