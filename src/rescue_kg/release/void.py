"""The description of the data sets of a release in VoID and DCAT, all figures counted from the data."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from rescue_kg import layout
from rescue_kg.arrangement import RDF_TYPE, natural
from rescue_kg.namespaces import BASE, KINDS, PREFIXES, kind_of
from rescue_kg.release.files import ALIGNMENTS, EVIDENCE, FILES, media_type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from rescue_kg.arrangement import Node, Term
    from rescue_kg.release.header import Header

__all__ = ["describe"]

_PREFIXES: Final = {
    **PREFIXES,
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "void": "http://rdfs.org/ns/void#",
}
_MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
_EXAMPLE: Final = ox.NamedNode(PREFIXES["skos"] + "example")


def describe(
    header: Header,
    files: Mapping[str, bytes],
    stated: Iterable[ox.Triple],
    closed: Iterable[ox.Triple],
    measured: Iterable[ox.Triple],
) -> bytes:
    """Return void.ttl: the stated graph, the graph with its closure, evidence, shapes and alignments.

    `stated`, `closed` and `measured` are the triples of the first three. VoID: https://www.w3.org/TR/void/,
    DCAT: https://www.w3.org/TR/vocab-dcat-3/. The names of files are IRIs below the version IRI.
    """
    writer = _Writer(header, files)
    dataset, inferred = header.place("dataset"), header.place("dataset-inferred")
    writer.add(header.place("void.ttl"), "rdf:type", _iri("void:DatasetDescription"), _iri("dcat:Catalog"))
    writer.add(header.place("void.ttl"), "dcterms:title", _text(f"{header.title}, release {header.version}"))
    writer.about(header.place("void.ttl"))
    writer.add(header.place("void.ttl"), "foaf:primaryTopic", ox.NamedNode(dataset))

    writer.dataset(dataset, header.title, header.description, "rescue.ttl rescue.owl rescue.nq rescue.jsonld")
    writer.graph(dataset, set(stated))
    writer.source(dataset)
    writer.add(dataset, "dcat:landingPage", ox.NamedNode(header.place("index.html")))
    note = "The same graph with what follows from it by the rules in queries/rules, which close its axioms."
    writer.dataset(inferred, f"{header.title}, inferred", note, "rescue-inferred.ttl rescue-inferred.nq")
    writer.graph(inferred, set(closed))
    writer.source(inferred)
    writer.add(inferred, "prov:wasDerivedFrom", ox.NamedNode(dataset))
    if EVIDENCE in files:
        evidence = header.place("dataset-evidence")
        names = " ".join(name for name in FILES if name in files and name.startswith("evidence/"))
        writer.dataset(evidence, f"{header.title}, evidence", f"{FILES[EVIDENCE]}.", names)
        writer.graph(evidence, set(measured))
        # Its conditions, interventions and outcomes are nodes of the graph.
        writer.add(evidence, "dcterms:requires", ox.NamedNode(dataset))
    writer.dataset(header.place("shapes"), "Shapes", f"{FILES['shapes.ttl']}.", "shapes.ttl")
    if ALIGNMENTS in files:
        writer.dataset(header.place("alignments"), "Alignments", f"{FILES[ALIGNMENTS]}.", ALIGNMENTS)
    return writer.turtle()


class _Writer:
    def __init__(self, header: Header, files: Mapping[str, bytes]) -> None:
        self._header = header
        self._files = files
        self._quads: list[ox.Quad] = []

    def turtle(self) -> bytes:
        return layout.turtle(self._quads, prefixes=_PREFIXES).encode()

    def add(self, subject: str | Node, predicate: str, *terms: Term) -> None:
        node = ox.NamedNode(subject) if isinstance(subject, str) else subject
        self._quads += [ox.Quad(node, _iri(predicate), term) for term in terms]

    def about(self, subject: str) -> None:
        """Say whose it is, of when, and under which licence."""
        header = self._header
        self.add(subject, "dcterms:license", ox.NamedNode(header.licence))
        self.add(subject, "dcterms:issued", ox.Literal(header.issued, datatype=_iri("xsd:date")))
        self.add(subject, "dcat:version", ox.Literal(header.version))
        for creator in header.creators:
            agent = ox.BlankNode()
            self.add(subject, "dcterms:creator", agent)
            self.add(agent, "rdf:type", _iri("foaf:Agent"))
            self.add(agent, "foaf:name", ox.Literal(creator))

    def dataset(self, subject: str, title: str, description: str, names: str) -> None:
        """Describe a data set with the files that it can be had in."""
        header = self._header
        self.add(header.place("void.ttl"), "dcat:dataset", ox.NamedNode(subject))
        self.add(subject, "rdf:type", _iri("dcat:Dataset"))
        self.add(subject, "dcterms:title", _text(title))
        self.add(subject, "dcterms:description", _text(description[:1].upper() + description[1:]))
        self.about(subject)
        for name in names.split():
            data, place = self._files[name], header.place(name)
            file, checksum = ox.NamedNode(place), ox.BlankNode()
            self.add(subject, "dcat:distribution", file)
            self.add(file, "rdf:type", _iri("dcat:Distribution"))
            self.add(file, "dcterms:title", ox.Literal(name))
            self.add(file, "dcterms:description", _text(FILES[name]))
            self.add(file, "dcterms:license", ox.NamedNode(header.licence))
            self.add(file, "dcat:downloadURL", file)
            self.add(file, "dcat:mediaType", ox.NamedNode(_MEDIA_TYPES + media_type(name)))
            self.add(
                file, "dcat:byteSize", ox.Literal(str(len(data)), datatype=_iri("xsd:nonNegativeInteger"))
            )
            self.add(file, "spdx:checksum", checksum)
            self.add(checksum, "rdf:type", _iri("spdx:Checksum"))
            self.add(checksum, "spdx:algorithm", _iri("spdx:checksumAlgorithm_sha256"))
            self.add(
                checksum,
                "spdx:checksumValue",
                ox.Literal(sha256(data).hexdigest(), datatype=_iri("xsd:hexBinary")),
            )
            if media_type(name) in ("text/turtle", "application/rdf+xml", "application/n-quads"):
                self.add(subject, "void:dataDump", file)

    def graph(self, subject: str, triples: Collection[ox.Triple]) -> None:
        """Describe what a graph holds, counted."""
        self.add(subject, "rdf:type", _iri("void:Dataset"))
        self.add(subject, "void:uriSpace", ox.Literal(BASE))
        instances: defaultdict[ox.NamedNode, set[object]] = defaultdict(set)
        statements: defaultdict[ox.NamedNode, int] = defaultdict(int)
        for triple in triples:
            statements[triple.predicate] += 1
            if triple.predicate == RDF_TYPE and isinstance(triple.object, ox.NamedNode):
                instances[triple.object].add(triple.subject)
        subjects = {triple.subject for triple in triples}
        own = {node for node in subjects if isinstance(node, ox.NamedNode) and node.value.startswith(BASE)}
        for name, count in (
            ("triples", len(triples)),
            ("entities", len(own)),
            ("classes", len(instances)),
            ("properties", len(statements)),
            ("distinctSubjects", len(subjects)),
            ("distinctObjects", len({triple.object for triple in triples})),
        ):
            self.add(subject, f"void:{name}", _count(count))
        for kind, nodes in instances.items():
            self._partition(subject, "class", kind, "entities", len(nodes))
        for predicate, count in statements.items():
            self._partition(subject, "property", predicate, "triples", count)
        for namespace in sorted({_namespace(node) for node in (*instances, *statements)}):
            self.add(subject, "void:vocabulary", ox.NamedNode(namespace))
        for example in _examples(triples):
            self.add(subject, "void:exampleResource", example)

    def source(self, subject: str) -> None:
        """Say which texts a graph restates."""
        for source in self._header.sources:
            self.add(subject, "dcterms:source", ox.NamedNode(source.doi))
        self.add(subject, "dcterms:bibliographicCitation", ox.Literal(self._header.citation))

    def _partition(self, subject: str, by: str, term: ox.NamedNode, counted: str, count: int) -> None:
        part = ox.BlankNode()
        self.add(subject, f"void:{by}Partition", part)
        self.add(part, f"void:{by}", term)
        self.add(part, f"void:{counted}", _count(count))


def _examples(triples: Collection[ox.Triple]) -> list[ox.NamedNode]:
    """Return one node of each kind out of those here that the vocabulary itself gives as examples."""
    here = {triple.subject for triple in triples}
    given = [
        triple.object
        for triple in triples
        if triple.predicate == _EXAMPLE and isinstance(triple.object, ox.NamedNode) and triple.object in here
    ]
    first: dict[str, ox.NamedNode] = {}
    for node in sorted(given, key=lambda node: natural(node.value)):
        first.setdefault(kind_of(node.value) or "", node)
    return [first[kind] for kind in KINDS if kind in first]


def _namespace(node: ox.NamedNode) -> str:
    return node.value[: max(node.value.rfind("/"), node.value.rfind("#")) + 1]


def _iri(curie: str) -> ox.NamedNode:
    prefix, _, local = curie.partition(":")
    return ox.NamedNode(_PREFIXES[prefix] + local)


def _text(text: str) -> ox.Literal:
    return ox.Literal(text, language="en")


def _count(count: int) -> ox.Literal:
    return ox.Literal(str(count), datatype=_iri("xsd:integer"))
