"""Graphs compared statement by statement; blank nodes by what hangs together with them, never by label."""

from __future__ import annotations

from collections import Counter, defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import pyoxigraph as ox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Parts", "Split", "compare", "quads", "split"]

#: Statements that share blank nodes, as sorted N-Triples lines with labels of their own.
Component = tuple[str, ...]


class Split(NamedTuple):
    """A graph taken apart: lines without a blank node, and components with how often each stands there.

    Two graphs are isomorphic exactly when both are equal: a mapping of blank nodes keeps what hangs together.
    """

    ground: frozenset[str]
    components: Counter[Component]


class Parts(NamedTuple):
    """What one graph holds and another does not; sorted, as N-Triples lines."""

    ground: tuple[str, ...]
    components: tuple[Component, ...]

    def __len__(self) -> int:
        """Return the number of statements."""
        return len(self.ground) + sum(map(len, self.components))


def split(triples: Iterable[ox.Triple]) -> Split:
    """Take a graph apart into lines without a blank node and connected components with blank nodes.

    Each component is labelled on its own by RDF Dataset Canonicalization (RDFC-1.0,
    https://www.w3.org/TR/rdf-canon/), so that a change in one leaves the labels of the others as they were.
    """
    ground: set[str] = set()
    leaders: dict[ox.BlankNode, ox.BlankNode] = {}

    def leader(node: ox.BlankNode) -> ox.BlankNode:
        while leaders.setdefault(node, node) != node:
            leaders[node] = leaders[leaders[node]]
            node = leaders[node]
        return node

    tied: list[tuple[ox.BlankNode, ox.Triple]] = []
    for triple in set(triples):
        blank = [term for term in (triple.subject, triple.object) if isinstance(term, ox.BlankNode)]
        if not blank:
            ground.add(f"{triple} .")
            continue
        for node in blank:
            leaders[leader(node)] = leader(blank[0])
        tied.append((blank[0], triple))
    groups: defaultdict[ox.BlankNode, list[ox.Triple]] = defaultdict(list)
    for node, triple in tied:
        groups[leader(node)].append(triple)
    return Split(frozenset(ground), Counter(_canonical(group) for group in groups.values()))


def compare(old: Split, new: Split) -> tuple[Parts, Parts]:
    """Return what stands in `old` only, and what stands in `new` only."""
    return _beyond(old, new), _beyond(new, old)


def quads(parts: Split) -> Iterator[ox.Quad]:
    """Yield the statements of a graph again, blank nodes with labels that their own component decides."""
    yield from ox.parse("\n".join(parts.ground), format=ox.RdfFormat.N_TRIPLES)
    for component, count in parts.components.items():
        key = sha256("\n".join(component).encode()).hexdigest()[:12]
        for copy in range(count):
            # Equal components are different nodes all the same.
            place = f"b{key}-{copy}-" if copy else f"b{key}-"
            for quad in ox.parse("\n".join(component), format=ox.RdfFormat.N_TRIPLES):
                yield ox.Quad(_renamed(quad.subject, place), quad.predicate, _renamed(quad.object, place))


_Any = TypeVar("_Any")


def _renamed(term: _Any, place: str) -> _Any | ox.BlankNode:
    return ox.BlankNode(place + term.value) if isinstance(term, ox.BlankNode) else term


def _beyond(one: Split, other: Split) -> Parts:
    components = one.components - other.components
    return Parts(tuple(sorted(one.ground - other.ground)), tuple(sorted(components.elements())))


def _canonical(triples: list[ox.Triple]) -> Component:
    dataset = ox.Dataset(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return tuple(sorted(f"{quad.triple} ." for quad in dataset))
