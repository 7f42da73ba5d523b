"""A copy of a store as an rdflib Dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rdflib
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode

from rescue_kg.errors import InputError
from rescue_kg.namespaces import PREFIXES

if TYPE_CHECKING:
    from pyoxigraph import Triple
    from rdflib.term import IdentifiedNode

    from rescue_kg.store import Store

__all__ = ["to_dataset"]

_STRING = "http://www.w3.org/2001/XMLSchema#string"


def to_dataset(store: Store) -> rdflib.Dataset:
    """Return an rdflib Dataset with the same named graphs, whose default graph is their union.

    It is a copy: a change to it does not reach the store. Each distinct term is converted once, which takes
    half the time of writing N-Quads and letting rdflib parse them, and gives the same terms. Raises
    InputError for a triple term, which rdflib does not know.
    """
    dataset = rdflib.Dataset(default_union=True)
    for prefix, namespace in PREFIXES.items():
        dataset.bind(prefix, namespace, replace=True)
    nodes: dict[object, IdentifiedNode] = {}
    literals: dict[Literal, rdflib.Literal] = {}

    def node(term: object) -> IdentifiedNode:
        if term not in nodes:
            if isinstance(term, NamedNode):
                nodes[term] = rdflib.URIRef(term.value)
            elif isinstance(term, BlankNode):
                nodes[term] = rdflib.BNode(term.value)
            else:
                raise InputError(f"found {term}, expected an IRI or a blank node: rdflib has no triple terms")
        return nodes[term]

    def thing(term: NamedNode | BlankNode | Literal | Triple) -> IdentifiedNode | rdflib.Literal:
        if not isinstance(term, Literal):
            return node(term)
        if term not in literals:
            # A plain "x" and "x"^^xsd:string are one term in RDF 1.1, but two in rdflib, which reads the
            # first.
            literals[term] = rdflib.Literal(
                term.value,
                lang=term.language,
                datatype=None if term.language or term.datatype.value == _STRING else term.datatype.value,
            )
        return literals[term]

    for name in [None, *store.native.named_graphs()]:
        graph = dataset.default_graph if name is None else dataset.graph(node(name))
        quads = store.native.quads_for_pattern(None, None, None, name or DefaultGraph())
        for quad in quads:
            graph.add((node(quad.subject), node(quad.predicate), thing(quad.object)))
    return dataset
