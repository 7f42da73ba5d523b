"""RDF collections: the members of a list, which rdf:first and rdf:rest hold together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, NamedNode, Triple

from rescue_kg.namespaces import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyoxigraph import Literal

    from rescue_kg.store import Store

__all__ = ["list_members"]

_FIRST, _REST = (NamedNode(PREFIXES["rdf"] + name) for name in ("first", "rest"))


def list_members(
    store: Store, head: NamedNode | BlankNode | Literal | Triple
) -> Iterator[NamedNode | BlankNode | Literal]:
    """Yield the members of the list that begins at a node; a list that is broken off ends there."""
    find = store.native.quads_for_pattern
    while isinstance(head, NamedNode | BlankNode) and (first := next(find(head, _FIRST, None), None)):
        if not isinstance(first.object, Triple):
            yield first.object
        rest = next(find(head, _REST, None), None)
        if rest is None:
            return
        head = rest.object
