"""A named graph as request bodies: N-Triples in parts, with all blank nodes in the first."""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, NamedTuple

import pyoxigraph
from pyoxigraph import BlankNode, Literal, RdfFormat, Triple

from rescue_kg.errors import InputError
from rescue_kg.namespaces import RESCUE
from rescue_kg.remote.literals import number, unstorable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from pyoxigraph import Quad

    from rescue_kg.remote.profiles import Profile
    from rescue_kg.store import Store

__all__ = ["Part", "check", "parts"]

#: A part is also closed at about this size, for large literals.
_BYTES: Final = 8_000_000

# The end of a line that is no text: a quote in a text is escaped.
_INTEGER: Final = re.compile(
    rb'(?<=> )"([+-]?[0-9]+)"\^\^<http://www\.w3\.org/2001/XMLSchema#integer> \.$', re.MULTILINE
)


class Part(NamedTuple):
    """One request body, and how many triples it holds."""

    triples: int
    body: bytes


def check(store: Store, graph: str, profile: Profile) -> None:
    """Raise InputError for the first literal of a graph that a store would change silently."""
    if profile.holds_all_literals:
        return
    numbers: dict[tuple[object, object, float | Decimal], Literal] = {}
    last = None
    for quad in store.quads(graph):
        # On disk the statements about a node stand together, however many they are; in memory they need not.
        if store.path is not None and quad.subject != last:
            numbers.clear()
            last = quad.subject
        if not isinstance(quad.object, Literal):
            continue
        reason = unstorable(quad.object)
        value = None if reason else number(quad.object)
        if value is not None:
            other = numbers.setdefault((quad.subject, quad.predicate, value), quad.object)
            if other != quad.object:
                reason = f"the same number as {other}, expected one of them"
        if reason is not None:
            raise InputError(
                f"{graph}: {quad.subject} {quad.predicate}: {profile.title} cannot hold "
                f"{str(quad.object)[:80]}: found {reason}; nothing was sent"
            )


def parts(store: Store, graph: str, profile: Profile, *, size: int) -> Iterator[Part]:
    """Yield a graph in parts of at most `size` triples.

    A label of a blank node means something in its own request only, so the triples with blank nodes are all
    in the first part, however many they are; every other part can be sent twice and says the same.
    """
    head = b""
    if profile.media_type == "text/turtle":
        # N-Triples is Turtle; the line is for stores that look at the first bytes to tell the format.
        head = f"@prefix rescue: <{RESCUE}> .\n".encode()
    knotted = [_triple(quad) for quad in store.quads(graph) if _has_blank_node(quad)]
    rest = (_triple(quad) for quad in store.quads(graph) if not _has_blank_node(quad))
    first = list(chain(knotted, islice(rest, max(size - len(knotted), 0))))
    body = _lines(first, profile)
    if knotted:
        yield Part(len(first), head + body)
    else:
        yield from _small_enough(first, body, head, profile)
    while more := list(islice(rest, size)):
        yield from _small_enough(more, _lines(more, profile), head, profile)


def _small_enough(triples: list[Triple], body: bytes, head: bytes, profile: Profile) -> Iterator[Part]:
    if len(body) <= _BYTES or len(triples) == 1:
        if triples:
            yield Part(len(triples), head + body)
        return
    middle = len(triples) // 2
    for half in (triples[:middle], triples[middle:]):
        yield from _small_enough(half, _lines(half, profile), head, profile)


def _lines(triples: list[Triple], profile: Profile) -> bytes:
    lines = pyoxigraph.serialize(triples, format=RdfFormat.N_TRIPLES) or b""
    return _INTEGER.sub(rb"\1 .", lines) if profile.bare_integers else lines


def _triple(quad: Quad) -> Triple:
    return Triple(quad.subject, quad.predicate, quad.object)


def _has_blank_node(quad: Quad) -> bool:
    return isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)
