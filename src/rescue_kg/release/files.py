"""The files of a release that hold RDF, queries and alignments: name -> bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from rescue_kg import export, headers, layout, rules
from rescue_kg.errors import InputError
from rescue_kg.export.contents import union
from rescue_kg.namespaces import ONTOLOGY_GRAPH, PREFIXES
from rescue_kg.resources import alignments_file, evidence_files, queries_dir, shape_files
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rescue_kg.graph import RescueGraph
    from rescue_kg.release.header import Header

__all__ = [
    "ALIGNMENTS",
    "EVIDENCE",
    "FILES",
    "evidence",
    "media_type",
    "queries",
    "query_titles",
    "shapes",
    "with_closure",
    "without_closure",
]

ALIGNMENTS: Final = "alignments.sssom.tsv"
#: The graph of the evidence.
EVIDENCE: Final = "evidence/evidence.ttl"

#: The main files -> what each is, in the order in which they are told.
FILES: Final = {
    "rescue.ttl": "the ontology and the graph as they are edited, in Turtle",
    "rescue.owl": "the same graph in RDF/XML, for Protégé and the OWL API",
    "rescue.nq": "the same graph in N-Quads, in one named graph",
    "rescue.jsonld": "the same graph in JSON-LD, its context inside",
    "rescue-inferred.ttl": "the graph with what follows from it by the rules, as one graph in Turtle",
    "rescue-inferred.nq": "the same in N-Quads, for triple stores: what is inferred has graphs of its own",
    ALIGNMENTS: "links to terms of other vocabularies, in SSSOM",
    EVIDENCE: "the evidence: what published studies measured, as a data set beside the graph, in Turtle",
    "evidence/studies.tsv": "the table of studies that the evidence was built from",
    "evidence/findings.tsv": "the table of findings that the evidence was built from",
    "shapes.ttl": "the SHACL shapes that the graph conforms to",
    "index.html": "the documentation of every class, property, fixed value and node",
    "void.ttl": "the description of the data sets in VoID and DCAT",
    "ro-crate-metadata.json": "the description of all files as an RO-Crate",
    "SHA256SUMS": "the hashes of all files, for sha256sum -c",
}

_MEDIA_TYPES: Final = {
    ".ttl": "text/turtle",
    ".owl": "application/rdf+xml",
    ".nq": "application/n-quads",
    ".jsonld": "application/ld+json",
    ".json": "application/ld+json",
    ".tsv": "text/tab-separated-values",
    ".html": "text/html",
    ".rq": "application/sparql-query",
}


def media_type(name: str) -> str:
    """Return the media type of a file of the release, by its suffix."""
    return _MEDIA_TYPES.get(Path(name).suffix, "text/plain")


def without_closure(graph: RescueGraph) -> dict[str, bytes]:
    """Return the graph as it is stated, in the formats that are not its own: graph is without closure."""
    return {
        "rescue.owl": export.dumps(graph, "rdfxml"),
        "rescue.nq": export.dumps(graph, "nquads"),
        "rescue.jsonld": export.dumps(graph, "jsonld"),
    }


def with_closure(graph: RescueGraph, header: Header, found: Mapping[str, int]) -> dict[str, bytes]:
    """Return the graph with its closure; `found` is what each rule found."""
    return {
        "rescue-inferred.ttl": layout.turtle(_marked(graph, header, found)).encode(),
        "rescue-inferred.nq": export.dumps(graph, "nquads"),
    }


def _marked(graph: RescueGraph, header: Header, found: Mapping[str, int]) -> list[ox.Quad]:
    """Return the union as a version of its own, which says that it is inferred and by what."""
    ontology = ox.NamedNode(header.ontology)
    version = ox.NamedNode(PREFIXES["owl"] + "versionIRI")
    titles = {rule.name: rule.title for rule in rules.catalogue()}
    listed = "; ".join(f"{name} ({titles[name]}): {count}" for name, count in found.items())
    note = (
        f"The inferred variant of <{header.version_iri}>: all that it states, and {sum(found.values())} "
        "statements that follow from it by the SPARQL CONSTRUCT rules of queries/rules, which write the "
        f"closure of its OWL axioms. Rule (title): statements found. {listed}."
    )
    quads = [quad for quad in union(graph) if (quad.subject, quad.predicate) != (ontology, version)]
    return [
        *quads,
        ox.Quad(ontology, version, ox.NamedNode(header.place("inferred"))),
        # Not dcterms:description: rdfs:comment needs no declaration in OWL 2.
        ox.Quad(ontology, ox.NamedNode(PREFIXES["rdfs"] + "comment"), ox.Literal(note, language="en")),
    ]


def shapes() -> bytes:
    """Return all shapes as one file in the canonical layout."""
    store = Store()
    for file in shape_files():
        # A store keeps the blank nodes of two files apart.
        store.load_file(file, graph=ONTOLOGY_GRAPH)
    return layout.turtle(store.quads()).encode()


def queries() -> dict[str, bytes]:
    """Return the questions, the checks and the rules; the alignments, where the project has them."""
    root = queries_dir()
    found = {f"queries/{path.relative_to(root).as_posix()}": path for path in root.rglob("*.rq")}
    if alignments_file().is_file():
        found[ALIGNMENTS] = alignments_file()
    return _read(found)


def evidence() -> dict[str, bytes]:
    """Return the packaged evidence as it stands, with its tables."""
    return _read({f"evidence/{path.name}": path for path in evidence_files()})


def _read(places: Mapping[str, Path]) -> dict[str, bytes]:
    try:
        return {name: path.read_bytes() for name, path in places.items()}
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}), expected a file") from error


def query_titles(files: Mapping[str, bytes]) -> dict[str, tuple[str, str]]:
    """Return file name -> (title, question) of every query, by name."""
    found = {name: headers.split(data.decode(), name) for name, data in files.items() if name.endswith(".rq")}
    return {name: (str(found[name]["title"]), str(found[name]["question"])) for name in sorted(found)}
