"""Class expressions and axioms in the words of OWL's Manchester syntax, for people to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import pyoxigraph as ox

from rescue_kg.arrangement import RDF_TYPE
from rescue_kg.namespaces import PREFIXES, contract

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rescue_kg.arrangement import Arrangement, Node, Term

__all__ = ["AXIOMS", "Axiom", "Word", "axioms", "expression", "plain", "text_of"]

#: A piece of an expression: a term to name (and perhaps to link), or a keyword or sign with its spaces.
Word: TypeAlias = "str | ox.NamedNode | ox.Literal"

_OWL: Final = PREFIXES["owl"]
_RDFS: Final = PREFIXES["rdfs"]
_XSD: Final = PREFIXES["xsd"]

_JOINED: Final = {_OWL + "intersectionOf": " and ", _OWL + "unionOf": " or "}
_FILLERS: Final = {
    _OWL + "someValuesFrom": " some ",
    _OWL + "allValuesFrom": " only ",
    _OWL + "hasValue": " value ",
    _OWL + "hasSelf": " Self",
}
_CARDINALITIES: Final = {
    _OWL + name: word
    for names, word in (
        ("minCardinality minQualifiedCardinality", " min "),
        ("maxCardinality maxQualifiedCardinality", " max "),
        ("cardinality qualifiedCardinality", " exactly "),
    )
    for name in names.split()
}
_FACETS: Final = {"minInclusive": ">=", "minExclusive": ">", "maxInclusive": "<=", "maxExclusive": "<"}

#: Property of the OWL and RDFS vocabularies -> the keyword of the axiom, in the order in which they are read.
AXIOMS: Final = {
    _OWL + "equivalentClass": "EquivalentTo",
    _OWL + "equivalentProperty": "EquivalentTo",
    _RDFS + "subClassOf": "SubClassOf",
    _RDFS + "subPropertyOf": "SubPropertyOf",
    _OWL + "propertyChainAxiom": "SubPropertyChain",
    _OWL + "inverseOf": "InverseOf",
    _RDFS + "domain": "Domain",
    _RDFS + "range": "Range",
    _OWL + "disjointWith": "DisjointWith",
    _OWL + "propertyDisjointWith": "DisjointWith",
    _OWL + "disjointUnionOf": "DisjointUnionOf",
    _OWL + "hasKey": "HasKey",
    _OWL + "sameAs": "SameAs",
    _OWL + "differentFrom": "DifferentFrom",
}
_CHARACTERISTICS: Final = tuple(
    _OWL + f"{name}Property"
    for name in (
        "Functional",
        "InverseFunctional",
        "Transitive",
        "Symmetric",
        "Asymmetric",
        "Reflexive",
        "Irreflexive",
    )
)
_GENERAL: Final = {
    _OWL + "AllDisjointClasses": ("DisjointClasses", _OWL + "members"),
    _OWL + "AllDisjointProperties": ("DisjointProperties", _OWL + "members"),
    _OWL + "AllDifferent": ("DifferentIndividuals", _OWL + "distinctMembers"),
}


class Axiom(NamedTuple):
    """One axiom about a subject: its keyword and what follows."""

    keyword: str
    words: tuple[Word, ...]


def axioms(arrangement: Arrangement, subject: Node) -> list[Axiom]:
    """Return the axioms about a class, a property or an individual; for a blank node the general axiom."""
    about = dict(arrangement.predicates(subject))
    types = [term.value for term in about.get(RDF_TYPE, ()) if isinstance(term, ox.NamedNode)]
    found = [
        Axiom("Characteristics", (kind.removeprefix(_OWL).removesuffix("Property"),))
        for kind in _CHARACTERISTICS
        if kind in types
    ]
    for kind, (keyword, members) in _GENERAL.items():
        if kind in types:
            lists = about.get(ox.NamedNode(members)) or about.get(ox.NamedNode(_OWL + "members")) or []
            found += [Axiom(keyword, tuple(_listed(arrangement, term, ", "))) for term in lists]
    for iri, keyword in AXIOMS.items():
        predicate = ox.NamedNode(iri)
        found += [
            Axiom(keyword, expression(arrangement, term, predicate)) for term in about.get(predicate, ())
        ]
    return found


def expression(
    arrangement: Arrangement, term: Term, predicate: ox.NamedNode | None = None
) -> tuple[Word, ...]:
    """Return a class expression, a data range, a list or any other tree of blank nodes as words.

    `predicate` is the property that leads to it: a property chain is a list that reads in a way of its own.
    """
    keyword = None if predicate is None else AXIOMS.get(predicate.value)
    if keyword == "SubPropertyChain":
        return tuple(_listed(arrangement, term, " o "))
    if keyword in ("DisjointUnionOf", "HasKey"):
        return tuple(_listed(arrangement, term, ", "))
    return tuple(_expression(arrangement, term))


def plain(words: Iterable[Word]) -> str:
    """Return words as text: IRIs as CURIEs, those of the project's own vocabulary by their local name."""
    return "".join(word if isinstance(word, str) else text_of(word) for word in words)


def text_of(term: ox.NamedNode | ox.Literal) -> str:
    """Return a term as text: the local name or CURIE of an IRI, a literal as Turtle writes it."""
    if isinstance(term, ox.NamedNode):
        return contract(term.value).removeprefix("rescue:")
    if term.language is not None or term.datatype.value == _XSD + "string":
        return str(term)
    if term.datatype.value in (_XSD + "integer", _XSD + "decimal", _XSD + "boolean"):
        return term.value
    return f'"{term.value}"^^{contract(term.datatype.value)}'


def _expression(arrangement: Arrangement, term: Term, *, inside: bool = False) -> Iterator[Word]:
    if not isinstance(term, ox.BlankNode):
        yield term
        return
    members = arrangement.members(term)
    if members is not None:
        yield "("
        yield from _joined(arrangement, members, " ")
        yield ")"
        return
    if term not in arrangement.inline:
        yield str(term)
        return
    words = list(_construct(arrangement, term))
    yield from ("(", *words, ")") if inside and words[0] not in ("{", "[") else words


def _construct(arrangement: Arrangement, node: ox.BlankNode) -> Iterator[Word]:
    """Yield the words of one blank node; what is no construct of OWL comes as `[property: values; ...]`."""
    about = {predicate.value: objects for predicate, objects in arrangement.predicates(node)}
    rest = {iri: objects for iri, objects in about.items() if iri != RDF_TYPE.value}
    single = {iri: objects[0] for iri, objects in rest.items() if len(objects) == 1}
    if len(rest) == len(single):
        if len(single) == 1:
            ((iri, term),) = single.items()
            if iri in _JOINED:
                yield from _listed(arrangement, term, _JOINED[iri], inside=True)
                return
            if iri == _OWL + "oneOf":
                yield "{"
                yield from _listed(arrangement, term, ", ")
                yield "}"
                return
            if iri in (_OWL + "complementOf", _OWL + "datatypeComplementOf"):
                yield "not "
                yield from _expression(arrangement, term, inside=True)
                return
            if iri == _OWL + "inverseOf":
                yield "inverse ("
                yield from _expression(arrangement, term)
                yield ")"
                return
        words = _restriction(arrangement, single)
        if words is not None:
            yield from words
            return
    yield "["
    for place, (iri, objects) in enumerate(about.items()):
        yield "; " if place else ""
        yield ox.NamedNode(iri)
        yield ": "
        yield from _joined(arrangement, objects, ", ")
    yield "]"


def _restriction(arrangement: Arrangement, single: dict[str, Term]) -> list[Word] | None:
    """Return the words of a restriction of a property or a data type, None for anything else."""
    rest = dict(single)
    if _OWL + "onDatatype" in rest:
        base, facets = rest.pop(_OWL + "onDatatype"), rest.pop(_OWL + "withRestrictions", None)
        members = None if facets is None else arrangement.members(facets)
        if rest or members is None:
            return None
        words = [*_expression(arrangement, base), "["]
        for place, facet in enumerate(members):
            for predicate, objects in (
                arrangement.predicates(facet) if isinstance(facet, ox.BlankNode) else ()
            ):
                name = predicate.value.removeprefix(_XSD)
                words += [", " if place else "", f"{_FACETS.get(name, name)} "]
                words += _joined(arrangement, objects, ", ")
        return [*words, "]"]
    if _OWL + "onProperty" not in rest:
        return None
    words = list(_expression(arrangement, rest.pop(_OWL + "onProperty")))
    for iri, word in _CARDINALITIES.items():
        if iri in rest:
            words += [word, *_expression(arrangement, rest.pop(iri))]
            filler = rest.pop(_OWL + "onClass", None) or rest.pop(_OWL + "onDataRange", None)
            if filler is not None:
                words += [" ", *_expression(arrangement, filler, inside=True)]
            return None if rest else words
    for iri, word in _FILLERS.items():
        if iri in rest:
            filler = rest.pop(iri)
            words.append(word)
            words += [] if word == " Self" else _expression(arrangement, filler, inside=True)
            return None if rest else words
    return None


def _listed(arrangement: Arrangement, term: Term, sign: str, *, inside: bool = False) -> Iterator[Word]:
    """Yield the members of a list with a sign between them; what is no list comes as it is."""
    members = arrangement.members(term)
    if members is None:
        yield from _expression(arrangement, term)
    else:
        yield from _joined(arrangement, members, sign, inside=inside)


def _joined(
    arrangement: Arrangement, terms: Iterable[Term], sign: str, *, inside: bool = False
) -> Iterator[Word]:
    for place, term in enumerate(terms):
        if place:
            yield sign
        yield from _expression(arrangement, term, inside=inside)
