"""The contents of the documentation: every term and node of the graph with what the graph says of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from rescue_kg.arrangement import RDF_TYPE, Arrangement, natural
from rescue_kg.manchester import AXIOMS, axioms, expression
from rescue_kg.namespaces import BASE, PREFIXES, contract, kind_of
from rescue_kg.release.entries import Entry, Glossary, Row, Section, anchor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rescue_kg.manchester import Axiom, Word

__all__ = ["gather"]

_SKOS: Final = PREFIXES["skos"]
_LABEL: Final = ox.NamedNode(PREFIXES["rdfs"] + "label")
_DEFINITION: Final = ox.NamedNode(_SKOS + "definition")
_EXAMPLE: Final = ox.NamedNode(_SKOS + "example")
_INDIVIDUAL: Final = ox.NamedNode(PREFIXES["owl"] + "NamedIndividual")
_MATCHES: Final = tuple(f"{_SKOS}{kind}Match" for kind in ("exact", "close", "broad", "narrow", "related"))
#: What leads to nodes that are told as lines of the node that they belong to.
_PARTS: Final = tuple(BASE + name for name in ("hasFailure", "hasMention", "hasEstimate"))
_PART_KINDS: Final = ("failure", "mention", "estimate")
#: Sections of declared terms, in the order in which they are read -> what one of them is.
_VOCABULARY: Final = {
    "Classes": "class",
    "Object properties": "object property",
    "Data properties": "data property",
    "Annotation properties": "annotation property",
    "Data types and other external terms": "other term",
    "Fixed values": "fixed value",
}
_EXTERNAL: Final = "Terms of other vocabularies"
_SUBCLASS: Final = PREFIXES["rdfs"] + "subClassOf"
_SUBPROPERTY: Final = PREFIXES["rdfs"] + "subPropertyOf"


def gather(
    stated: Iterable[ox.Quad], closed: Iterable[ox.Triple], names: Mapping[str, str] | None = None
) -> Glossary:
    """Return the contents for a graph; `closed` are its triples with the closure, for counts of use.

    `names` are labels of terms of other vocabularies, by IRI. Blank nodes need stable labels, as
    arrangement.stable_blank_nodes() gives them.
    """
    return _Gatherer(Arrangement(stated), closed).glossary(names or {})


class _Gatherer:
    def __init__(self, arrangement: Arrangement, closed: Iterable[ox.Triple]) -> None:
        self._arrangement = arrangement
        self._heads: dict[str, list[ox.NamedNode]] = {}
        self._general: list[Axiom] = []
        for head, subjects in arrangement.sections():
            for subject in subjects:
                if isinstance(subject, ox.NamedNode):
                    self._heads.setdefault(head, []).append(subject)
                else:
                    self._general += axioms(arrangement, subject)
        self._nodes = [node for nodes in self._heads.values() for node in nodes]
        self._labels = {node: self._text(node, _LABEL) or contract(node.value) for node in self._nodes}
        self._uses: Counter[ox.NamedNode] = Counter()
        self._instances: Counter[ox.NamedNode] = Counter()
        for triple in closed:
            self._uses[triple.predicate] += 1
            if triple.predicate == RDF_TYPE and isinstance(triple.object, ox.NamedNode):
                self._instances[triple.object] += 1
        self._stated = Counter(
            predicate
            for node in self._nodes
            for predicate, objects in arrangement.predicates(node)
            for _ in objects
        )
        self._mentioned = self._inverse()
        self._parts = self._owned()

    def glossary(self, names: Mapping[str, str]) -> Glossary:
        told = {part for parts in self._parts.values() for part in parts}
        external: list[Entry] = []
        sections = []
        for head in [*_VOCABULARY, *(head for head in self._heads if head not in _VOCABULARY)]:
            if head == "Ontology":
                continue
            entries = [self._entry(node, head) for node in self._heads.get(head, ()) if node not in told]
            if head in _VOCABULARY:
                external += [entry for entry in entries if not entry.node.value.startswith(BASE)]
                entries = [entry for entry in entries if entry.node.value.startswith(BASE)]
            if entries:
                sections.append(self._section(head, entries))
            if head == "Fixed values" and external:
                sections.append(self._section(_EXTERNAL, external))
        anchors = {node: anchor(node.value) for node in self._nodes}
        return Glossary(tuple(sections), tuple(self._general), anchors, self._labels, names)

    def _section(self, head: str, entries: list[Entry]) -> Section:
        return Section(
            title=head,
            anchor="section/" + head.lower().replace(" ", "-"),
            vocabulary=head in _VOCABULARY or head == _EXTERNAL,
            external=head == _EXTERNAL,
            entries=tuple(entries),
            roots=self._roots(entries, head),
        )

    def _text(self, node: ox.NamedNode, predicate: ox.NamedNode) -> str:
        objects = dict(self._arrangement.predicates(node)).get(predicate, [])
        return next((term.value for term in objects if isinstance(term, ox.Literal)), "")

    def _inverse(self) -> dict[tuple[str, ox.NamedNode], list[ox.NamedNode]]:
        """Return (axiom property, term) -> the terms whose axioms of that kind name it, in reading order."""
        found: defaultdict[tuple[str, ox.NamedNode], list[ox.NamedNode]] = defaultdict(list)
        for node in self._nodes:
            for predicate, objects in self._arrangement.predicates(node):
                if predicate.value in AXIOMS or predicate == RDF_TYPE or predicate.value == _SKOS + "broader":
                    for term in objects:
                        words = expression(self._arrangement, term)
                        for word in words:
                            if isinstance(word, ox.NamedNode):
                                found[predicate.value, word].append(node)
                        if AXIOMS.get(predicate.value) == "EquivalentTo":
                            # A class that is defined as a kind of another hangs under it.
                            for word in _conjuncts(words):
                                found[_SUBCLASS, word].append(node)
        return found

    def _owned(self) -> dict[ox.NamedNode, list[ox.NamedNode]]:
        """Return node -> the failures, mentions or estimates that belong to it alone."""
        owners: defaultdict[ox.NamedNode, list[ox.NamedNode]] = defaultdict(list)
        for node in self._nodes:
            for predicate, objects in self._arrangement.predicates(node):
                if predicate.value in _PARTS:
                    for term in objects:
                        if isinstance(term, ox.NamedNode) and kind_of(term.value) in _PART_KINDS:
                            owners[term].append(node)
        parts: defaultdict[ox.NamedNode, list[ox.NamedNode]] = defaultdict(list)
        for part, nodes in owners.items():
            if len(nodes) == 1 and part in self._labels:
                parts[nodes[0]].append(part)
        return {node: sorted(found, key=lambda part: natural(part.value)) for node, found in parts.items()}

    def _entry(self, node: ox.NamedNode, head: str) -> Entry:
        vocabulary = head in _VOCABULARY
        return Entry(
            node=node,
            anchor=anchor(node.value),
            curie=contract(node.value),
            label=self._labels[node],
            definition=self._text(node, _DEFINITION),
            kind=_VOCABULARY.get(head, ""),
            axioms=axioms(self._arrangement, node) if vocabulary else [],
            rows=[*(self._usage(node, head) if vocabulary else []), *self._said(node, head)],
            parts=[self._entry(part, "") for part in self._parts.get(node, [])],
        )

    def _usage(self, node: ox.NamedNode, head: str) -> list[Row]:
        """Return what the rest of the vocabulary, and the data, say of a declared term."""
        rows = []
        if head == "Classes":
            rows.append(self._pointing("Sub-classes", _SUBCLASS, node))
            rows.append(self._pointing("In the domain of", PREFIXES["rdfs"] + "domain", node))
            rows.append(self._pointing("In the range of", PREFIXES["rdfs"] + "range", node))
            values = self._mentioned.get((RDF_TYPE.value, node), [])
            fixed = [value for value in values if value in self._heads.get("Fixed values", ())]
            rows.append(Row("Fixed values", tuple((value,) for value in fixed)))
            count = self._instances[node]
            rows.append(
                Row("In the graph", ((f"{count:,} {'individual' if count == 1 else 'individuals'}",),))
            )
        elif head != "Fixed values":
            rows.append(self._pointing("Sub-properties", _SUBPROPERTY, node))
            rows.append(self._pointing("Inverse", PREFIXES["owl"] + "inverseOf", node))
            stated, all_of_them = self._stated[node], self._uses[node]
            inferred = max(0, all_of_them - stated)
            counts = [f"{stated:,} stated"] if stated or not inferred else []
            counts += [f"{inferred:,} inferred"] if inferred else []
            rows.append(Row("In the graph", ((", ".join(counts),),)))
        return [row for row in rows if row.values]

    def _pointing(self, heading: str, predicate: str, node: ox.NamedNode) -> Row:
        return Row(heading, tuple((other,) for other in self._mentioned.get((predicate, node), [])))

    def _said(self, node: ox.NamedNode, head: str) -> list[Row]:
        """Return the remaining statements about a node; parts, label and definition stand elsewhere."""
        owned = set(self._parts.get(node, []))
        rows: list[Row] = []
        last: list[Row] = []
        for predicate, objects in self._arrangement.predicates(node):
            if predicate in (_LABEL, _DEFINITION) or (head in _VOCABULARY and predicate.value in AXIOMS):
                continue
            terms = [term for term in objects if term not in owned and term != _INDIVIDUAL]
            if predicate == RDF_TYPE:
                # A section of declarations says by its head what they are.
                terms = [] if head in _VOCABULARY and head != "Fixed values" else terms
            words = tuple(expression(self._arrangement, term, predicate) for term in terms)
            if not words:
                continue
            name = "is a" if predicate == RDF_TYPE else self._labels.get(predicate, "")
            name = AXIOMS.get(predicate.value, name)
            if not name or ":" in name:
                name = predicate.value.rpartition("#")[2].rpartition("/")[2]
            row = Row(_heading(name), words, predicate)
            (last if predicate == _EXAMPLE or predicate.value in _MATCHES else rows).append(row)
        return [*rows, *last]

    def _roots(self, entries: list[Entry], head: str) -> tuple[Entry, ...]:
        """Hang entries under those that they are kinds of, and return the ones that are left.

        Fixed values hang under their classes.
        """
        if head == "Fixed values":
            classes = [
                node for node in self._heads.get("Classes", ()) if (RDF_TYPE.value, node) in self._mentioned
            ]
            groups = [
                Entry(node, anchor(node.value), contract(node.value), self._labels[node], "")
                for node in classes
            ]
            for group in groups:
                members = self._mentioned[RDF_TYPE.value, group.node]
                group.below = [entry for entry in entries if entry.node in members]
            return tuple(group for group in groups if group.below)
        relation = {"Classes": _SUBCLASS, "Object properties": _SUBPROPERTY}.get(head, _SKOS + "broader")
        by_node = {entry.node: entry for entry in entries}
        children = set()
        for entry in entries:
            below = [by_node[n] for n in self._mentioned.get((relation, entry.node), []) if n in by_node]
            entry.below = [child for child in below if child is not entry]
            children |= {child.node for child in entry.below}
        return tuple(entry for entry in entries if entry.node not in children)


def _conjuncts(words: tuple[Word, ...]) -> list[ox.NamedNode]:
    """Return the named classes of `A and B and (...)`; nothing for any other expression."""
    named: list[ox.NamedNode] = []
    depth = 0
    for word in words:
        if isinstance(word, str):
            depth += word.count("(") - word.count(")")
            if not depth and word not in (" and ", ")"):
                return []
        elif not depth and isinstance(word, ox.NamedNode):
            named.append(word)
    return named if len(words) > 1 else []


def _heading(name: str) -> str:
    """Return a name in words: `exactMatch` as `Exact match`."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return words[:1].upper() + words[1:] if name.islower() or " " not in name else name[:1].upper() + name[1:]
