"""The reading order of a graph: sections, subjects, predicates, objects and trees of blank nodes."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, TypeAlias

import pyoxigraph as ox

from rescue_kg.errors import InputError
from rescue_kg.namespaces import BASE, PREFIXES, kind_of

__all__ = ["SECTIONS", "Arrangement", "Node", "Term", "natural", "stable_blank_nodes"]

Node: TypeAlias = ox.NamedNode | ox.BlankNode
Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal
_Key: TypeAlias = tuple[object, ...]

_OWL: Final = PREFIXES["owl"]
_RDF: Final = PREFIXES["rdf"]
_RDFS: Final = PREFIXES["rdfs"]

RDF_TYPE: Final = ox.NamedNode(_RDF + "type")
RDF_FIRST: Final = ox.NamedNode(_RDF + "first")
RDF_REST: Final = ox.NamedNode(_RDF + "rest")
RDF_NIL: Final = ox.NamedNode(_RDF + "nil")

#: The section heads, in the order in which the sections are written.
SECTIONS: Final = (
    "Ontology",
    "Annotation properties",
    "Data types and other external terms",
    "Classes",
    "Object properties",
    "Data properties",
    "Fixed values",
    "General axioms",
    "Conditions",
    "Clinical states",
    "Therapy failures",
    "Populations",
    "Interventions",
    "Unnamed therapies",
    "Comparators",
    "Mechanisms",
    "Outcomes",
    "Studies",
    "Citation checks",
    "Claims and their mentions",
    "Findings and their estimates",
    "Shapes",
    "Other",
)

#: What a declaration makes of its subject; the first row that fits decides.
_BY_TYPE: Final = (
    (_OWL + "Ontology", "Ontology"),
    (_OWL + "AnnotationProperty", "Annotation properties"),
    (_RDFS + "Datatype", "Data types and other external terms"),
    (_OWL + "Class", "Classes"),
    (_RDFS + "Class", "Classes"),
    (_OWL + "ObjectProperty", "Object properties"),
    (_OWL + "DatatypeProperty", "Data properties"),
)

_BY_KIND: Final = {
    "condition": "Conditions",
    "state": "Clinical states",
    "failure": "Therapy failures",
    "population": "Populations",
    "intervention": "Interventions",
    "therapy": "Unnamed therapies",
    "comparator": "Comparators",
    "mechanism": "Mechanisms",
    "outcome": "Outcomes",
    "study": "Studies",
    "check": "Citation checks",
    "claim": "Claims and their mentions",
    "mention": "Claims and their mentions",
    "finding": "Findings and their estimates",
    "estimate": "Findings and their estimates",
    "shape": "Shapes",
}

#: Kinds whose nodes stand right after the node that their slug begins with.
_ATTACHED: Final = ("mention", "estimate")

#: Predicates in the order in which they are written; the others follow by IRI, then `_LAST`.
_FIRST: Final = tuple(
    PREFIXES[prefix] + name
    for prefix, names in (
        ("rdf", "type"),
        ("rdfs", "label"),
        ("skos", "prefLabel altLabel definition notation"),
        ("owl", "versionIRI versionInfo imports"),
        ("dcterms", "title description creator license bibliographicCitation"),
        ("vann", "preferredNamespacePrefix preferredNamespaceUri"),
        ("rdfs", "subClassOf subPropertyOf"),
        ("owl", "equivalentClass equivalentProperty disjointWith inverseOf propertyChainAxiom"),
        ("rdfs", "domain range"),
        ("owl", "onProperty someValuesFrom allValuesFrom hasValue intersectionOf unionOf oneOf members"),
        ("sh", "targetClass path name description order"),
        ("skos", "broader"),
        ("rescue", "manifestationOf bodySystem course ofCondition severity hasFailure"),
        ("rescue", "failedTherapy asWorded failureMode minimumTherapies hasComponent rechallengeOf"),
        ("rescue", "betterWhen citationNumber journal year"),
        ("bibo", "volume issue pages doi"),
        ("rescue", "design participants registryId textLength textHash citationStatus"),
        ("rescue", "checkedStudy verdict checkedBy"),
        ("prov", "endedAtTime"),
        ("rescue", "checkMethod statedBy citesStudy aboutState aboutCondition population"),
        ("rescue", "aboutIntervention offersRescue aboutOutcome aboutMechanism modifiedBy linePosition"),
        ("rescue", "direction comparator backgroundTherapy creditedJointlyWith alternativeOutcomeTo"),
        ("rescue", "hasMention section paragraph sentence start end passageHash"),
        ("rescue", "strength strengthCue refractoryQualifier"),
        ("rescue", "timepoint resultInWords figureSeenIn hasEstimate"),
        ("rescue", "measure value valueAsPrinted comparatorValue comparatorValueAsPrinted unit"),
        ("rescue", "ciLevel ciLow ciLowAsPrinted ciHigh ciHighAsPrinted pValue"),
        ("rescue", "eventsIntervention totalIntervention eventsComparator totalComparator"),
    )
    for name in names.split()
)
_LAST: Final = (PREFIXES["skos"] + "example", PREFIXES["skos"] + "editorialNote")
_PREDICATE_RANK: Final = {iri: rank for rank, iri in enumerate(_FIRST)} | {
    iri: len(_FIRST) + 1 + rank for rank, iri in enumerate(_LAST)
}


def natural(text: str) -> _Key:
    """Return a sort key under which `x-2` comes before `x-10`."""
    parts = re.split(r"([0-9]+)", text)
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), text


def stable_blank_nodes(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """Return the quads, each once, with blank node labels that depend on the graph's shape only.

    The labels are those of RDF Dataset Canonicalization (RDFC-1.0, https://www.w3.org/TR/rdf-canon/).
    The order of the result is not stable: whoever writes it sorts it.
    """
    unique = set(quads)
    if not any(
        isinstance(term, ox.BlankNode) for q in unique for term in (q.subject, q.object, q.graph_name)
    ):
        return list(unique)
    dataset = ox.Dataset(unique)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return list(dataset)


class Arrangement:
    """One graph in reading order.

    `labelled` names blank nodes that must keep a label because another graph uses them too. Raises
    InputError for what RDF 1.1 cannot say (triple terms, text direction).
    """

    def __init__(self, triples: Iterable[ox.Quad | ox.Triple], *, labelled: Collection[ox.BlankNode] = ()):
        self._about: defaultdict[Node, defaultdict[ox.NamedNode, set[Term]]]
        self._about = defaultdict(lambda: defaultdict(set))
        self._references: defaultdict[ox.BlankNode, int] = defaultdict(int)
        self._signatures: dict[ox.BlankNode, _Key] = {}
        self._labelled = frozenset(labelled)
        for triple in triples:
            subject, term = _plain_node(triple.subject), _plain_term(triple.object)
            objects = self._about[subject][triple.predicate]
            if isinstance(term, ox.BlankNode) and term not in objects:
                self._references[term] += 1
            objects.add(term)

    @cached_property
    def inline(self) -> frozenset[ox.BlankNode]:
        """The blank nodes that can be written inside the one statement that refers to them."""
        once = {node for node, count in self._references.items() if count == 1 and node not in self._labelled}
        # Only what hangs on a written subject: a ring of blank nodes has no such subject.
        reached: set[ox.BlankNode] = set()
        waiting: list[Node] = [subject for subject in self._about if subject not in once]
        while waiting:
            for objects in self._about.get(waiting.pop(), {}).values():
                below = {term for term in objects if isinstance(term, ox.BlankNode) and term in once}
                reached |= below
                waiting.extend(below)
        return frozenset(reached)

    def sections(self) -> Iterator[tuple[str, list[Node]]]:
        """Return (head, subjects) of every section that holds something; inline nodes are left out."""
        found: defaultdict[str, list[Node]] = defaultdict(list)
        for subject in self._about:
            if subject not in self.inline:
                found[self._section(subject)].append(subject)
        for head in SECTIONS:
            if head in found:
                yield head, sorted(found[head], key=self._subject_key)

    def predicates(self, subject: Node) -> list[tuple[ox.NamedNode, list[Term]]]:
        """Return the predicates of a subject, each with its objects, all in reading order."""
        return [
            (predicate, sorted(objects, key=self._term_key))
            for predicate, objects in sorted(self._about.get(subject, {}).items(), key=_predicate_key)
        ]

    def members(self, node: Term) -> list[Term] | None:
        """Return the members where `node` is a well-formed list that can be written inline, else None."""
        found: list[Term] = []
        while node != RDF_NIL:
            if not isinstance(node, ox.BlankNode) or node not in self.inline:
                return None
            cell: Mapping[ox.NamedNode, set[Term]] = self._about.get(node, {})
            if cell.keys() != {RDF_FIRST, RDF_REST} or any(len(objects) != 1 for objects in cell.values()):
                return None
            found.extend(cell[RDF_FIRST])
            (node,) = cell[RDF_REST]
        return found

    def is_labelled(self, node: Node) -> bool:
        """Tell whether a blank node needs its label: something refers to it from outside its own block."""
        return isinstance(node, ox.BlankNode) and (node in self._references or node in self._labelled)

    def _section(self, subject: Node) -> str:
        types = {
            term.value for term in self._about[subject].get(RDF_TYPE, ()) if isinstance(term, ox.NamedNode)
        }
        if isinstance(subject, ox.BlankNode):
            axiom = not self.is_labelled(subject) and any(iri.startswith(_OWL) for iri in types)
            return "General axioms" if axiom else "Other"
        for iri, head in _BY_TYPE:
            if iri in types:
                return head
        if not subject.value.startswith(BASE):
            external = any(subject.value.startswith(namespace) for namespace in PREFIXES.values())
            return "Data types and other external terms" if external else "Other"
        if "/" not in subject.value.removeprefix(BASE):
            return "Fixed values"
        return _BY_KIND.get(kind_of(subject.value) or "", "Other")

    def _subject_key(self, subject: Node) -> _Key:
        if isinstance(subject, ox.BlankNode):
            return (1, self._term_key(subject))
        iri = subject.value
        kind, slug = kind_of(iri), iri.rpartition("/")[2]
        if kind in _ATTACHED:
            owner, _, number = slug.rpartition("-")
            return (0, natural(owner if number.isdecimal() else slug), 1, natural(iri))
        return (0, natural(slug if kind in ("claim", "finding") else iri), 0, natural(iri))

    def _term_key(self, term: Term) -> _Key:
        if isinstance(term, ox.NamedNode):
            return (0, natural(term.value))
        if isinstance(term, ox.Literal):
            return (1, term.language or "", natural(term.value), term.datatype.value)
        if term not in self.inline and self.is_labelled(term):
            return (3, natural(term.value))
        # The content stands for the node, so that its label has no say in the order.
        if term not in self._signatures:
            self._signatures[term] = (2, self._signature(term))
        return self._signatures[term]

    def _signature(self, node: ox.BlankNode) -> _Key:
        members = self.members(node)
        if members is not None:
            return ((_RDF, tuple(self._term_key(member) for member in members)),)
        return tuple(
            (predicate.value, tuple(self._term_key(term) for term in objects))
            for predicate, objects in self.predicates(node)
        )


def _predicate_key(item: tuple[ox.NamedNode, object]) -> _Key:
    iri = item[0].value
    return (_PREDICATE_RANK.get(iri, len(_FIRST)), natural(iri))


def _plain_node(term: ox.NamedNode | ox.BlankNode | ox.Triple) -> Node:
    if isinstance(term, ox.Triple):
        raise InputError(
            f"a triple stands as subject ({term}): expected an IRI, as in RDF 1.1; name the statement"
        )
    return term


def _plain_term(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Term:
    if isinstance(term, ox.Triple):
        raise InputError(f"a triple stands as object ({term}): expected an IRI or a literal, as in RDF 1.1")
    if isinstance(term, ox.Literal) and term.direction is not None:
        raise InputError(f"literal {term} has a text direction: expected a language tag only, as in RDF 1.1")
    return term
