"""The axioms of a graph: the smallest groups of triples that say something by themselves, one line each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from rescue_kg.arrangement import RDF_TYPE, Arrangement
from rescue_kg.manchester import axioms as axioms_about
from rescue_kg.manchester import expression, plain
from rescue_kg.namespaces import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Axiom", "axioms"]

_OWL, _RDFS, _RDF, _XSD = (PREFIXES[prefix] for prefix in ("owl", "rdfs", "rdf", "xsd"))
_BUILT_IN: Final = (_OWL, _RDFS, _RDF, _XSD)
_DECLARATIONS: Final = frozenset(
    (
        *(_OWL + name for name in ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")),
        *(_RDFS + name for name in ("Class", "Datatype")),
        _RDF + "Property",
    )
)
#: Types that say nothing to a reasoner.
_SILENT: Final = frozenset(_OWL + name for name in ("NamedIndividual", "Ontology", "Axiom", "Annotation"))
#: Annotation properties that need no declaration, and what else of a header is no axiom.
_NOTES: Final = frozenset(
    (
        *(_RDFS + name for name in ("label", "comment", "seeAlso", "isDefinedBy")),
        *(_OWL + name for name in ("versionInfo", "versionIRI", "imports", "deprecated", "priorVersion")),
        *(_OWL + name for name in ("backwardCompatibleWith", "incompatibleWith")),
    )
)
#: Type of an axiom over a list -> the property that says the same of each pair of its members.
_PAIRWISE: Final = {
    _OWL + "AllDisjointClasses": ox.NamedNode(_OWL + "disjointWith"),
    _OWL + "AllDisjointProperties": ox.NamedNode(_OWL + "propertyDisjointWith"),
    _OWL + "AllDifferent": ox.NamedNode(_OWL + "differentFrom"),
}
_LISTS: Final = tuple(ox.NamedNode(_OWL + name) for name in ("members", "distinctMembers"))
_NEGATIVE: Final = ox.NamedNode(_OWL + "NegativePropertyAssertion")
_PARTS: Final = tuple(
    ox.NamedNode(_OWL + name)
    for name in ("sourceIndividual", "assertionProperty", "targetIndividual", "targetValue")
)


@dataclass(frozen=True, eq=False, slots=True)
class Axiom:
    """One axiom: its triples, with those of the blank nodes that hang on it.

    `names` are all IRIs of the graph's own that it uses; `hooks` those of them by which it belongs to its
    surroundings: of an assertion its individuals, of any other axiom all names.
    """

    triples: tuple[ox.Triple, ...]
    names: frozenset[str]
    hooks: frozenset[str]

    def __str__(self) -> str:
        """Return the axiom in the words of Manchester syntax, on one line."""
        arrangement = Arrangement(self.triples)
        subject = self.triples[0].subject
        if isinstance(subject, ox.Triple):
            raise TypeError("an axiom is about a node, not about a triple")
        about = dict(arrangement.predicates(subject))
        if _NEGATIVE in about.get(RDF_TYPE, ()):
            parts = [about[part][0] for part in _PARTS if part in about]
            return "not " + " ".join(plain(expression(arrangement, part)) for part in parts)
        found = axioms_about(arrangement, subject)
        if isinstance(subject, ox.BlankNode):
            said = "; ".join(f"{axiom.keyword}: {plain(axiom.words)}" for axiom in found)
            return said or plain(expression(arrangement, subject))
        name = plain((subject,))
        if found:
            return f"{name} {found[0].keyword} {plain(found[0].words)}"
        ((predicate, (term, *_)),) = about.items()
        verb = "Type" if predicate == RDF_TYPE else plain((predicate,))
        return f"{name} {verb} {plain(expression(arrangement, term, predicate))}"


def axioms(triples: Iterable[ox.Triple]) -> tuple[list[ox.Triple], list[Axiom]]:
    """Return the declarations of a graph, and its axioms: the assertions, then those of the vocabulary.

    Annotations, the header and declarations of individuals mean nothing to a reasoner and are left out. A
    list of disjoint classes (or properties, or different individuals) is given pair by pair, so that an
    explanation can name the two that matter. Both halves are in the order of their texts.
    """
    about: defaultdict[object, list[ox.Triple]] = defaultdict(list)
    for triple in triples:
        about[triple.subject].append(triple)
    annotations = _NOTES | {
        triple.subject.value
        for triple in _typed(about, _OWL + "AnnotationProperty")
        if isinstance(triple.subject, ox.NamedNode)
    }
    inner = {t.object for found in about.values() for t in found if isinstance(t.object, ox.BlankNode)}
    declarations: list[ox.Triple] = []
    terms: list[Axiom] = []
    assertions: list[Axiom] = []
    for subject, found in about.items():
        if isinstance(subject, ox.BlankNode):
            if subject not in inner:
                terms += _general(about, found)
            continue
        for triple in found:
            if triple.predicate.value in annotations:
                continue
            if triple.predicate == RDF_TYPE and isinstance(triple.object, ox.NamedNode):
                if triple.object.value in _DECLARATIONS:
                    declarations.append(triple)
                if triple.object.value in _DECLARATIONS | _SILENT:
                    continue
            axiom = _axiom(about, [triple])
            (terms if axiom.hooks == axiom.names else assertions).append(axiom)
    return declarations, [*sorted(assertions, key=str), *sorted(terms, key=str)]


def _typed(about: dict[object, list[ox.Triple]], kind: str) -> list[ox.Triple]:
    """Return the triples that type a node with one class."""
    wanted = ox.NamedNode(kind)
    return [t for found in about.values() for t in found if t.predicate == RDF_TYPE and t.object == wanted]


def _general(about: dict[object, list[ox.Triple]], found: list[ox.Triple]) -> list[Axiom]:
    """Return what a blank node says that nothing refers to: one axiom, or one for each pair of a list."""
    types = {t.object.value for t in found if t.predicate == RDF_TYPE and isinstance(t.object, ox.NamedNode)}
    if types & _SILENT:
        return []
    for kind in types & _PAIRWISE.keys():
        whole = Arrangement(_below(about, found))
        members = [
            member
            for triple in found
            if triple.predicate in _LISTS
            if not isinstance(triple.object, ox.Triple)
            for member in whole.members(triple.object) or ()
        ]
        if len(members) > 1 and all(isinstance(member, ox.NamedNode) for member in members):
            pairs = combinations(members, 2)
            return [
                _axiom(about, [ox.Triple(one, _PAIRWISE[kind], two)])
                for one, two in pairs
                if isinstance(one, ox.NamedNode)
            ]
    return [_axiom(about, found)]


def _axiom(about: dict[object, list[ox.Triple]], own: Sequence[ox.Triple]) -> Axiom:
    triples = _below(about, own)
    terms = [term for t in triples for term in (t.subject, t.predicate, t.object)]
    names = frozenset(
        term.value
        for term in terms
        if isinstance(term, ox.NamedNode) and not term.value.startswith(_BUILT_IN)
    )
    first = own[0]
    if first.predicate == RDF_TYPE and len(own) == 1 and isinstance(first.object, ox.NamedNode):
        # `a owl:TransitiveProperty` and the like are axioms of a property.
        assertion = not first.object.value.startswith(_OWL)
        hooks = frozenset((first.subject.value,)) if isinstance(first.subject, ox.NamedNode) else names
        return Axiom(triples, names, hooks if assertion else names)
    if len(own) == 1 and not first.predicate.value.startswith(_BUILT_IN):
        ends = (first.subject, first.object)
        return Axiom(triples, names, frozenset(end.value for end in ends if isinstance(end, ox.NamedNode)))
    return Axiom(triples, names, names)


def _below(about: dict[object, list[ox.Triple]], own: Sequence[ox.Triple]) -> tuple[ox.Triple, ...]:
    """Return triples with all that hang on their blank nodes."""
    found = dict.fromkeys(own)
    todo = [triple.object for triple in own]
    seen: set[object] = set()
    while todo:
        node = todo.pop()
        if isinstance(node, ox.BlankNode) and node not in seen:
            seen.add(node)
            found.update(dict.fromkeys(about.get(node, ())))
            todo += [triple.object for triple in about.get(node, ())]
    return tuple(found)
