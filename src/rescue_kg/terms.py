"""The nodes of a graph as a reader names them: label, look-up by name, search, and what is said of a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from rescue_kg.answers import Answer, Iri, to_value
from rescue_kg.errors import InputError, UnknownNameError, did_you_mean
from rescue_kg.namespaces import KINDS, PREFIXES, contract, expand, is_iri, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.answers import Value
    from rescue_kg.store import Store

__all__ = ["label", "resolve", "search", "show"]

_TYPE: Final = NamedNode(PREFIXES["rdf"] + "type")
_LABEL: Final = NamedNode(PREFIXES["rdfs"] + "label")
_SYNONYM: Final = NamedNode(PREFIXES["skos"] + "altLabel")
_DEFINITION: Final = NamedNode(PREFIXES["skos"] + "definition")
#: What is said first of a node; everything else follows by name.
_FIRST: Final = {node.value: place for place, node in enumerate((_TYPE, _LABEL, _SYNONYM, _DEFINITION))}


def label(store: Store, iri: str) -> str | None:
    """Return the rdfs:label of a node, the English one where there are several, or None."""
    found = [
        (quad.object.language not in ("en", None), quad.object.value)
        for quad in store.native.quads_for_pattern(NamedNode(iri), _LABEL, None, None)
        if isinstance(quad.object, Literal)
    ]
    return min(found)[1] if found else None


def resolve(store: Store, term: str, kind: str | None = None) -> Iri:
    """Return the IRI of the node that a term names: an IRI, CURIE, label, synonym, or a slug such as `ecmo`.

    Case does not matter for names. `kind` (intervention, state, ...) leaves nodes of other kinds aside.
    Raises UnknownNameError where no node, or more than one, has the name.
    """
    wanted = term.strip()
    if kind is not None and kind not in KINDS:
        raise UnknownNameError(
            f"unknown kind {kind!r}, expected one of {', '.join(KINDS)}{did_you_mean(kind, KINDS)}"
        )
    if is_iri(wanted) or wanted.partition(":")[0] in PREFIXES:
        iri = _existing(store, wanted)
        candidates = {iri} if iri and (kind is None or kind_of(iri) == kind) else set()
    else:
        folded = wanted.casefold()
        candidates = (
            _named(store, _LABEL, folded, kind)
            or _named(store, _SYNONYM, folded, kind)
            or _slugs(store, folded, kind)
        )
    if len(candidates) == 1:
        return candidates.pop()
    among = f" of kind {kind!r}" if kind else ""
    if candidates:
        listed = ", ".join(sorted(map(contract, candidates)))
        raise UnknownNameError(f"{term!r} names more than one node{among}: {listed}; give one of these")
    raise UnknownNameError(
        f"no node{among} is named {term!r}{did_you_mean(wanted, _known(store, wanted, kind))}"
    )


def search(store: Store, text: str) -> Answer:
    """Return the nodes whose label, synonym or definition holds a text, whatever the case.

    Columns: node (IRI), kind (text: the kind of node, or for a vocabulary term the name of its type), label
    (text), matched (text: what the words were found in). First come labels, then synonyms, that are the text,
    then those that begin with it, those that hold it, synonyms, definitions. Raises InputError for an empty
    text.
    """
    wanted = text.strip().casefold()
    if not wanted:
        raise InputError("found an empty text to search for, expected a word or part of one")
    best: dict[str, tuple[int, str]] = {}
    for place, predicate in enumerate((_LABEL, _SYNONYM, _DEFINITION), 3):
        for iri, written in _texts(store, predicate):
            folded = written.casefold()
            if wanted not in folded:
                continue
            rank = place
            if folded == wanted:
                rank = place - 3
            elif predicate is _LABEL and folded.startswith(wanted):
                rank = 2
            best[iri] = min(best.get(iri, (rank, written)), (rank, written))
    rows = [(rank, label(store, iri) or "", iri, matched) for iri, (rank, matched) in best.items()]
    rows.sort(key=lambda row: (row[0], row[1].casefold(), row[2]))
    return Answer(
        ("node", "kind", "label", "matched"),
        [(Iri(iri), _kind(store, iri), shown or None, matched) for _, shown, iri, matched in rows],
        f"Nodes that hold {text.strip()!r}",
    )


def show(store: Store, iri: str) -> Answer:
    """Return every statement about a node, its own first, then those of other nodes that point to it.

    Columns: property (IRI; for a statement that points here the text `is PROPERTY of`), value (IRI or typed
    literal; there the node that points here), label (text: the label of an IRI, where it has one). Types,
    labels, synonyms and the definition stand first, the rest by property and value.
    """
    node = NamedNode(iri)
    own: set[tuple[str, Value | None]] = set()
    back: set[tuple[str, Value | None]] = set()
    for quad in store.native.quads_for_pattern(node, None, None, None):
        own.add((quad.predicate.value, to_value(quad.object)))
    for quad in store.native.quads_for_pattern(None, None, node, None):
        back.add((quad.predicate.value, to_value(quad.subject)))

    def order(row: tuple[str, Value | None]) -> tuple[int, str, str, str]:
        return _FIRST.get(row[0], len(_FIRST)), contract(row[0]), type(row[1]).__name__, str(row[1])

    def shown(value: Value | None) -> str | None:
        return label(store, value) if isinstance(value, Iri) else None

    rows: list[tuple[Value | None, ...]] = [
        (Iri(name), value, shown(value)) for name, value in sorted(own, key=order)
    ]
    rows += [(f"is {contract(name)} of", value, shown(value)) for name, value in sorted(back, key=order)]
    return Answer(("property", "value", "label"), rows, label(store, iri) or contract(iri))


def _texts(store: Store, predicate: NamedNode) -> Iterator[tuple[str, str]]:
    for quad in store.native.quads_for_pattern(None, predicate, None, None):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Literal):
            yield quad.subject.value, quad.object.value


def _named(store: Store, predicate: NamedNode, folded: str, kind: str | None) -> set[Iri]:
    return {
        Iri(iri)
        for iri, written in _texts(store, predicate)
        if written.casefold() == folded and (kind is None or kind_of(iri) == kind)
    }


def _slugs(store: Store, folded: str, kind: str | None) -> set[Iri]:
    """Return the nodes whose IRI ends in a slug, one look-up for each kind."""
    found: set[Iri] = set()
    for prefix in (*KINDS, "rescue") if kind is None else (kind,):
        iri = PREFIXES[prefix] + folded
        if is_iri(iri) and contract(iri) != iri and _exists(store, iri):
            found.add(Iri(iri))
    return found


def _existing(store: Store, wanted: str) -> Iri | None:
    iri = expand(wanted)
    return Iri(iri) if _exists(store, iri) else None


def _exists(store: Store, iri: str) -> bool:
    try:
        node = NamedNode(iri)
    except ValueError as error:
        raise InputError(f"found {iri!r} ({error}), expected an IRI") from error
    find = store.native.quads_for_pattern
    found = (find(node, None, None), find(None, None, node), find(None, node, None))
    return any(next(quads, None) is not None for quads in found)


def _known(store: Store, wanted: str, kind: str | None) -> set[str]:
    """Return the names that a wrong term may have meant, in the form it was given in."""
    nodes = {iri for iri, _ in _texts(store, _LABEL) if kind is None or kind_of(iri) == kind}
    if is_iri(wanted):
        return nodes
    if ":" in wanted:
        return set(map(contract, nodes))
    names = {
        written
        for predicate in (_LABEL, _SYNONYM)
        for iri, written in _texts(store, predicate)
        if iri in nodes
    }
    return names | {contract(iri).partition(":")[2] for iri in nodes if kind_of(iri)}


def _kind(store: Store, iri: str) -> str | None:
    kind = kind_of(iri)
    if kind:
        return kind
    types = sorted(
        contract(quad.object.value)
        for quad in store.native.quads_for_pattern(NamedNode(iri), _TYPE, None, None)
        if isinstance(quad.object, NamedNode)
    )
    return types[0].partition(":")[2] if types else None
