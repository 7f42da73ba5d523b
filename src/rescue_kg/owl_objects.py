"""The ontology as Python classes and instances, by owlready2."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import owlready2
import pyoxigraph
from pyoxigraph import RdfFormat

from rescue_kg.errors import InputError
from rescue_kg.graph import load
from rescue_kg.namespaces import BASE, PREFIXES

if TYPE_CHECKING:
    import os

__all__ = ["owl"]


def owl(*files: str | os.PathLike[str], inferred: bool = False) -> owlready2.Ontology:
    """Return the packaged review, or the graph of the given files instead, as an owlready2 ontology.

    Classes are Python classes and nodes their instances, in a World of their own: another call gives another
    one, and nothing is written anywhere. With `inferred`, what the rules infer is there too (the same as what
    HermiT infers, without Java). Imports are not followed.

    A term of the vocabulary is an attribute of the ontology, a node one of the namespace of its kind:

    >>> import rescue_kg
    >>> onto = rescue_kg.owl()
    >>> sorted(node.name for node in onto.RescueIntervention.instances())[:2]
    ['bronchial-thermoplasty', 'corticosteroids']
    >>> intervention = onto.get_namespace("https://w3id.org/rescue-kg/intervention/")
    >>> intervention.ecmo.label
    [locstr('extracorporeal membrane oxygenation', 'en')]
    >>> intervention["high-dose-intravenous-immunoglobulin"].broader
    [intervention.intravenous-immunoglobulin]
    >>> onto.search(altLabel="ECMO")
    [intervention.ecmo]

    Raises InputError or ParseError for a file that cannot be read.
    """
    store = load(*files, infer=inferred).store
    imports = pyoxigraph.NamedNode(PREFIXES["owl"] + "imports")
    triples = dict.fromkeys(quad.triple for quad in store.quads() if quad.predicate != imports)
    # owlready2 reads no Turtle; in the order of the lines it gives the same lists in every run.
    written = io.BytesIO()
    pyoxigraph.serialize(triples, written, format=RdfFormat.N_TRIPLES)
    lines = sorted(written.getvalue().splitlines(keepends=True))
    ontology = owlready2.World().get_ontology(BASE)
    try:
        ontology.load(fileobj=io.BytesIO(b"".join(lines)))
    except owlready2.OwlReadyOntologyParsingError as error:
        raise InputError(
            f"owlready2 cannot read a value of this graph ({error.__cause__ or error}), expected values that "
            "fit their datatypes; validate the graph to find it"
        ) from error
    # owlready2 looks names up below the IRI of the header, `.../rescue/`. Its own set_base_iri() would rename
    # the ontology.
    ontology._base_iri = BASE
    return ontology
