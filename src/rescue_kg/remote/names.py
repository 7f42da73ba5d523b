"""Names at an endpoint: the node that a label, synonym, CURIE or slug names, as in a loaded graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, Quad, Triple

from rescue_kg import terms
from rescue_kg.errors import InputError, UnknownNameError
from rescue_kg.namespaces import KINDS, PREFIXES, expand, is_iri
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rescue_kg.answers import Iri
    from rescue_kg.remote.endpoint import Endpoint

__all__ = ["resolve"]

_TYPE: Final = NamedNode(PREFIXES["rdf"] + "type")
_LABEL: Final = NamedNode(PREFIXES["rdfs"] + "label")
_SYNONYM: Final = NamedNode(PREFIXES["skos"] + "altLabel")
_SOMETHING: Final = NamedNode(PREFIXES["owl"] + "Thing")
_HERE: Final = PREFIXES["graph"] + "look-up"
_ANYWHERE: Final = ("?node ?b ?c .", "?a ?node ?c .", "?a ?b ?node .")
# Names are compared by the server, then once more here; this many are fetched for "did you mean".
_NAMES: Final = 20_000


def resolve(endpoint: Endpoint, term: str, graphs: Sequence[str] = ()) -> Iri:
    """Return the IRI of the node that a term names at an endpoint: an IRI, CURIE, label, synonym, or slug.

    What the endpoint says of the name is looked up as in a loaded graph, so the same term means the same
    node. Raises UnknownNameError where no node, or more than one, has the name.
    """
    wanted = term.strip()
    store = Store()
    if is_iri(wanted) or wanted.partition(":")[0] in PREFIXES:
        known = _known(endpoint, [expand(wanted)], graphs, _ANYWHERE)
    else:
        # A node that a slug may mean has a label; looking for many objects at once takes some stores seconds.
        known = _known(endpoint, _slugs(wanted.casefold()), graphs, _ANYWHERE[:1])
        _add(store, _labelled(endpoint, f"FILTER(LCASE(STR(?name)) = LCASE({Literal(wanted)}))", graphs))
    _add(store, (Triple(NamedNode(iri), _TYPE, _SOMETHING) for iri in known))
    try:
        return terms.resolve(store, term)
    except UnknownNameError:
        if len(store):
            raise
    # Nothing has the name: compare all names the way Python does, which also finds the near ones.
    _add(store, _labelled(endpoint, "", graphs))
    return terms.resolve(store, term)


def _slugs(folded: str) -> list[str]:
    return [iri for kind in (*KINDS, "rescue") if is_iri(iri := PREFIXES[kind] + folded)]


def _known(
    endpoint: Endpoint, iris: Sequence[str], graphs: Sequence[str], patterns: Sequence[str]
) -> list[str]:
    """Return those IRIs that stand in a triple in one of the places that the patterns say."""
    try:
        nodes = " ".join(str(NamedNode(iri)) for iri in iris)
    except ValueError as error:
        raise InputError(f"found {iris[0]!r} ({error}), expected an IRI") from error
    if not nodes:
        return []
    places = " UNION ".join(
        f"{{ SELECT DISTINCT ?node WHERE {{ VALUES ?node {{ {nodes} }} {pattern} }} }}"
        for pattern in patterns
    )
    rows = endpoint.select(f"SELECT DISTINCT ?node WHERE {{ {places} }}", graphs).rows
    return [row[0].value for row in rows if isinstance(row[0], NamedNode)]


def _labelled(endpoint: Endpoint, condition: str, graphs: Sequence[str]) -> Iterable[Triple]:
    sparql = (
        "SELECT ?node ?kind ?name WHERE { "
        f"VALUES ?kind {{ {_LABEL} {_SYNONYM} }} ?node ?kind ?name . {condition} }} LIMIT {_NAMES}"
    )
    for node, kind, name in endpoint.select(sparql, graphs).rows:
        if isinstance(node, NamedNode) and isinstance(kind, NamedNode) and isinstance(name, Literal):
            yield Triple(node, kind, name)


def _add(store: Store, triples: Iterable[Triple | Quad]) -> None:
    store.load_quads(triples, _HERE)
