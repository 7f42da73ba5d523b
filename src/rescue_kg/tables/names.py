"""The nodes that a table may name: every name of every node of the classes that its columns ask for."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from rescue_kg.namespaces import PREFIXES, contract, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rescue_kg.store import Store
    from rescue_kg.tables.columns import Column

__all__ = ["EXACT", "LABEL", "LOCAL", "MOST", "SYNONYM", "Name", "Nodes", "is_value_set", "key_of"]

#: How well a name fits; the best that fits decides, as in `rescue_kg.terms.resolve()`.
EXACT, LABEL, SYNONYM, LOCAL = range(4)

#: Of a class with more nodes than this, only those are looked at that a table names.
_MANY: Final = 5_000
#: Of more names than this none is proposed for one that is not known.
MOST: Final = 20_000

_TYPE: Final = NamedNode(PREFIXES["rdf"] + "type")
_SUBCLASS_OF: Final = NamedNode(PREFIXES["rdfs"] + "subClassOf")
_LABEL: Final = NamedNode(PREFIXES["rdfs"] + "label")
_SYNONYM: Final = NamedNode(PREFIXES["skos"] + "altLabel")


class Name(NamedTuple):
    """One name of one node: `key` says for which columns, `rank` how well it fits."""

    key: str
    rank: int
    name: str
    iri: str


def key_of(column: Column) -> str:
    """Return what the nodes that a column takes are listed under: its classes, or the nodes themselves."""
    return " ".join(column.choices if column.choices else column.classes)


class Nodes:
    """The nodes of some stores; what stands in the graphs `without` is left aside."""

    def __init__(self, stores: Sequence[Store], without: Iterable[str] = ()) -> None:
        self.stores = stores
        self.without = {NamedNode(graph) for graph in without}

    def names(self, column: Column, wanted: Iterable[str]) -> Iterator[Name]:
        """Yield the names of the nodes that a column takes; a name may come more than once.

        Where these nodes are many, only those are looked up that one of the `wanted` values names: as an IRI,
        a CURIE or a local name, or by a label or synonym as it is written, in English or in no language.
        """
        key = key_of(column)
        for iri, name in zip(column.choices, column.short, strict=False):
            yield Name(key, LABEL, name, iri)
        few: Iterable[str] | None = column.choices or self.few(column.classes)
        found = self._named(column.classes, wanted) if few is None else ((iri, False) for iri in few)
        for place, (iri, exact) in enumerate(found):
            short = contract(iri)
            yield Name(key, EXACT, iri, iri)
            if short != iri:
                yield Name(key, EXACT, short, iri)
                yield Name(key, LOCAL, short.partition(":")[2], iri)
            if exact and place > MOST:
                # So many names are not looked through for one that is near, and nothing else asks for these.
                continue
            node = NamedNode(iri)
            for rank, predicate in ((LABEL, _LABEL), (SYNONYM, _SYNONYM)):
                for text, _ in self._texts(node, predicate):
                    yield Name(key, rank, text, iri)

    def few(self, classes: Iterable[str]) -> list[str] | None:
        """Return the IRIs of the nodes of some classes and their subclasses; None where they are many."""
        found = list(islice(self.instances(classes), _MANY + 1))
        return None if len(found) > _MANY else list(dict.fromkeys(found))

    def among(self, iris: Iterable[str], classes: Iterable[str]) -> Iterator[str]:
        """Yield those IRIs that are nodes of some classes or their subclasses."""
        known = self._nodes_of(classes)
        return (iri for iri in iris if self._is(iri, known))

    def _named(self, classes: Iterable[str], wanted: Iterable[str]) -> Iterator[tuple[str, bool]]:
        """Yield nodes of some classes that values name, and whether by IRI or CURIE; one may come twice."""
        known = self._nodes_of(classes)
        for value in wanted:
            iri = _exact(value)
            # What fits exactly decides: what else is called so need not be looked for.
            if iri is not None and self._is(iri, known):
                yield iri, True
            else:
                others = set(self._candidates(value))
                yield from ((other, False) for other in others if self._is(other, known))

    def _nodes_of(self, names: Iterable[str]) -> set[NamedNode]:
        return {NamedNode(name) for name in self._with_subclasses(names)}

    def _is(self, iri: str, known: set[NamedNode]) -> bool:
        """Return whether an IRI is a node of one of some classes."""
        try:
            node = NamedNode(iri)
        except ValueError:
            return False
        return any(
            quad.object in known and quad.graph_name not in self.without
            for store in self.stores
            for quad in store.native.quads_for_pattern(node, _TYPE, None)
        )

    def _candidates(self, value: str) -> Iterator[str]:
        yield value
        prefix, colon, local = value.partition(":")
        if colon and prefix in PREFIXES:
            yield PREFIXES[prefix] + local
        for text in {value, value.lower()}:
            for namespace in PREFIXES.values():
                yield namespace + text
            for literal in (Literal(text), Literal(text, language="en")):
                for store in self.stores:
                    for predicate in (_LABEL, _SYNONYM):
                        for quad in store.native.quads_for_pattern(None, predicate, literal):
                            if isinstance(quad.subject, NamedNode):
                                yield quad.subject.value

    def instances(self, classes: Iterable[str]) -> Iterator[str]:
        """Yield the IRIs of the nodes of some classes and their subclasses; one may come more than once."""
        for name in sorted(self._with_subclasses(classes)):
            for store in self.stores:
                for quad in store.native.quads_for_pattern(None, _TYPE, NamedNode(name)):
                    if isinstance(quad.subject, NamedNode) and quad.graph_name not in self.without:
                        yield quad.subject.value

    def label(self, iri: str) -> str:
        """Return the label of a node, the English one where there are several, or its CURIE."""
        texts = self._texts(NamedNode(iri), _LABEL)
        found = [(language not in ("en", None), text) for text, language in texts]
        return min(found)[1] if found else contract(iri)

    def classes_of(self, iri: str) -> list[str]:
        """Return the CURIEs of the classes of a node, sorted; none for one that is not known."""
        own = NamedNode(iri)
        return sorted(
            {
                contract(quad.object.value)
                for store in self.stores
                for quad in store.native.quads_for_pattern(own, _TYPE, None)
                if isinstance(quad.object, NamedNode)
                and quad.graph_name not in self.without
                and quad.object.value != PREFIXES["owl"] + "NamedIndividual"
            }
        )

    def _texts(self, node: NamedNode, predicate: NamedNode) -> Iterator[tuple[str, str | None]]:
        for store in self.stores:
            for quad in store.native.quads_for_pattern(node, predicate, None):
                if isinstance(quad.object, Literal) and quad.graph_name not in self.without:
                    yield quad.object.value, quad.object.language

    def _with_subclasses(self, classes: Iterable[str]) -> set[str]:
        seen: set[str] = set()
        todo = list(classes)
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            for store in self.stores:
                found = store.native.quads_for_pattern(None, _SUBCLASS_OF, NamedNode(name))
                todo += [quad.subject.value for quad in found if isinstance(quad.subject, NamedNode)]
        return seen


def _exact(value: str) -> str | None:
    """Return the IRI that a value is, or of which it is the CURIE."""
    prefix, colon, local = value.partition(":")
    if not colon or prefix not in PREFIXES:
        return value
    iri = PREFIXES[prefix] + local
    return iri if contract(iri) == value else None


def is_value_set(iris: Iterable[str]) -> bool:
    """Return whether nodes are a fixed set of values, as against nodes of the evidence, which have a kind."""
    return all(kind_of(iri) is None for iri in iris)
