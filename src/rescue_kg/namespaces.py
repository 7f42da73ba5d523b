"""The namespaces of the graph, and the way between an IRI and its CURIE."""

import re
from typing import Final

from rescue_kg.errors import InputError, UnknownNameError, did_you_mean

__all__ = [
    "BASE",
    "EVIDENCE_GRAPH",
    "GRAPH",
    "KINDS",
    "ONTOLOGY_GRAPH",
    "PREFIXES",
    "RESCUE",
    "contract",
    "expand",
    "is_iri",
    "kind_of",
]

BASE: Final = "https://w3id.org/rescue-kg/"
RESCUE: Final = BASE
GRAPH: Final = BASE + "graph/"

#: The kinds of node, each a prefix and a folder of IRIs below BASE.
KINDS: Final = (
    "condition",
    "state",
    "failure",
    "population",
    "intervention",
    "therapy",
    "comparator",
    "mechanism",
    "outcome",
    "study",
    "claim",
    "mention",
    "finding",
    "estimate",
    "check",
    "shape",
)

#: Prefix -> namespace, in the order in which they are written.
PREFIXES: Final[dict[str, str]] = {
    "rescue": RESCUE,
    **{kind: f"{BASE}{kind}/" for kind in KINDS},
    "graph": GRAPH,
    "bibo": "http://purl.org/ontology/bibo/",
    "dcterms": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vann": "http://purl.org/vocab/vann/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

#: The named graph that the packaged ontology, or the files given instead of it, is loaded into.
ONTOLOGY_GRAPH: Final = GRAPH + "ontology"

#: The named graph of the packaged evidence: what published studies measured.
EVIDENCE_GRAPH: Final = GRAPH + "evidence"

_PREFIX_OF: Final = {namespace: prefix for prefix, namespace in PREFIXES.items()}
# The part of PN_LOCAL that Turtle and SPARQL both take without an escape.
_SLUG: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_IRI: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|urn:)[^\x00-\x20<>\"{}|^`\\]+")


def is_iri(text: str) -> bool:
    """Return whether `text` is a full IRI (`scheme://...` or `urn:...`), as against a CURIE or a label."""
    return _IRI.fullmatch(text) is not None


def expand(curie: str) -> str:
    """Return the IRI of a CURIE such as `intervention:ecmo`; a full IRI comes back as it is.

    Raises UnknownNameError for a prefix that is not in PREFIXES, InputError for a text that is no CURIE.
    """
    if is_iri(curie):
        return curie
    prefix, colon, local = curie.partition(":")
    if not colon:
        raise InputError(f"found {curie!r}, expected a CURIE such as intervention:ecmo")
    if prefix not in PREFIXES:
        near = did_you_mean(prefix, PREFIXES)
        raise UnknownNameError(f"unknown prefix {prefix!r} in {curie!r}{near}")
    iri = PREFIXES[prefix] + local
    if not is_iri(iri):
        raise InputError(
            f'found {curie!r}, expected a CURIE such as intervention:ecmo, without spaces or <>"{{}}|^`\\'
        )
    return iri


def contract(iri: str) -> str:
    """Return the CURIE of an IRI, or the IRI where no prefix fits or the local part needs an escape."""
    cut = max(iri.rfind("/"), iri.rfind("#")) + 1
    prefix = _PREFIX_OF.get(iri[:cut])
    local = iri[cut:]
    return f"{prefix}:{local}" if prefix and _SLUG.fullmatch(local) else iri


def kind_of(iri: str) -> str | None:
    """Return the kind of a node of this graph from its IRI (`intervention`, `claim`, ...), else None."""
    cut = iri.rfind("/") + 1
    prefix = _PREFIX_OF.get(iri[:cut])
    return prefix if prefix in KINDS else None
