"""Where the rules run: the graphs that the rules of one dataset may read, and what they have found so far."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

import pyoxigraph
from pyoxigraph import NamedNode, Quad

from rescue_kg.bulk import MANY, extend
from rescue_kg.sparql_errors import sparql_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyoxigraph import QueryBoolean, QuerySolutions, QueryTriples, Triple

    from rescue_kg.store import Store

__all__ = ["PREFIX", "Workspace", "workspace"]

#: How the name of the folder of a copy begins, beside the databases of the store.
PREFIX: Final = "rules-"

#: Up to so many triples are copied into memory, which takes about 300 MB; more into a folder.
_IN_MEMORY: Final = 300_000
#: Where a checkpoint has what the rules find.
_FOUND: Final = NamedNode("urn:found")


class Workspace(Protocol):
    """What rules read."""

    def query(self, sparql: str, where: str) -> QuerySolutions | QueryBoolean | QueryTriples:
        """Run a query over all that is read. Raises ParseError as Store.query() does."""

    def holds(self, triple: Triple) -> bool:
        """Return whether a triple is among what is read."""

    def found(self, triples: Iterable[Triple]) -> None:
        """Take what a rule found, and has written to the store, for the next one to read."""


@contextmanager
def workspace(store: Store, graphs: Sequence[str] | None) -> Iterator[Workspace]:
    """Give what rules read from some graphs of a store (None for all), for a `with`.

    A query over a list of graphs looks each triple up in each of them, which a store on disk takes seven
    times as long for as over one graph. There the graphs are copied into one, so that a small dataset costs
    the same in a large store as in a small one; or, where they are most of a large store, all but the others.

    Raises OutputError where the disk is full.
    """
    if graphs is None or store.path is None:
        yield _InPlace(store, graphs)
        return
    size = sum(map(store.count, graphs))
    if size <= _IN_MEMORY:
        yield _Copy(store, graphs, pyoxigraph.Store())
        return
    import tempfile

    others = [graph for graph in store.graphs() if graph not in graphs]
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=store.path, ignore_cleanup_errors=True) as folder:
        path = os.path.join(folder, "database")  # noqa: PTH118
        if _are_few(store, others, size):
            yield _Checkpoint(store, others, path)
        else:
            yield _Copy(store, graphs, pyoxigraph.Store(path))


def _are_few(store: Store, graphs: Sequence[str], size: int) -> bool:
    return sum(map(store.count, graphs)) < size


class _InPlace:
    """The graphs where they are."""

    def __init__(self, store: Store, graphs: Sequence[str] | None) -> None:
        self._store = store
        self._graphs = graphs
        self._names = None if graphs is None else set(map(NamedNode, graphs))

    def query(self, sparql: str, where: str) -> QuerySolutions | QueryBoolean | QueryTriples:
        return self._store.query(sparql, where=where, graphs=self._graphs)

    def holds(self, triple: Triple) -> bool:
        quads = self._store.native.quads_for_pattern(triple.subject, triple.predicate, triple.object)
        return any(self._names is None or quad.graph_name in self._names for quad in quads)

    def found(self, triples: Iterable[Triple]) -> None:
        """Do nothing: the store has them."""


class _Checkpoint:
    """A copy of the whole store, of hard links, without the other graphs; quick where these are few."""

    def __init__(self, store: Store, others: Sequence[str], path: str) -> None:
        self._store = store
        with store.writing():
            store.native.backup(path)
            self._native = pyoxigraph.Store(path)
            for graph in others:
                self._native.remove_graph(NamedNode(graph))

    def query(self, sparql: str, where: str) -> QuerySolutions | QueryBoolean | QueryTriples:
        return _asked(self._native, sparql, where)

    def holds(self, triple: Triple) -> bool:
        quads = self._native.quads_for_pattern(triple.subject, triple.predicate, triple.object)
        return next(quads, None) is not None

    def found(self, triples: Iterable[Triple]) -> None:
        quads = (Quad(item.subject, item.predicate, item.object, _FOUND) for item in triples)
        with self._store.writing():
            extend(self._native, quads, least=MANY)


class _Copy:
    """The triples of the graphs, each once, as the default graph of another store."""

    def __init__(self, store: Store, graphs: Sequence[str], native: pyoxigraph.Store) -> None:
        self._store = store
        self._native = native
        self._add(quad for graph in graphs for quad in store.quads(graph))

    def query(self, sparql: str, where: str) -> QuerySolutions | QueryBoolean | QueryTriples:
        return _asked(self._native, sparql, where, union=False)

    def holds(self, triple: Triple) -> bool:
        return Quad(triple.subject, triple.predicate, triple.object) in self._native

    def found(self, triples: Iterable[Triple]) -> None:
        self._add(triples)

    def _add(self, statements: Iterable[Quad | Triple]) -> None:
        quads = (Quad(item.subject, item.predicate, item.object) for item in statements)
        with self._store.writing():
            extend(self._native, quads, least=MANY)


def _asked(
    native: pyoxigraph.Store, sparql: str, where: str, *, union: bool = True
) -> QuerySolutions | QueryBoolean | QueryTriples:
    with sparql_errors(sparql, where):
        return native.query(sparql, use_default_graph_as_union=union)
