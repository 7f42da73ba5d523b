"""SHACL Core by pySHACL: a store of data held against a store of shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyoxigraph
import pyshacl
from pyshacl.errors import ReportableRuntimeError
from rdflib import OWL, RDF, RDFS, SH, Graph
from rdflib.term import BNode, Literal, Node, URIRef

from rescue_kg.answers import Iri, to_value
from rescue_kg.dataset import to_dataset
from rescue_kg.errors import InputError
from rescue_kg.namespaces import contract
from rescue_kg.shacl_results import ShapeResult, severity_of

if TYPE_CHECKING:
    from rescue_kg.answers import Value
    from rescue_kg.store import Store

__all__ = ["found", "results"]

_TARGETS: Final = (SH.targetClass, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf)
_CLASSES: Final = frozenset({RDFS.Class, OWL.Class})


def results(data: Store, shapes: Store) -> list[ShapeResult]:
    """Return what the shapes find wrong in the data, in no order; neither store is changed.

    Method: W3C SHACL Core as implemented by pySHACL, without inference and without SHACL-SPARQL.

    Raises InputError for values that pySHACL cannot compare, such as "abc"^^xsd:decimal as a limit.
    """
    # Shapes and data both stand in plain rdflib graphs: on a graph that a foreign store backs, pySHACL takes
    # "x" and "x"^^xsd:string for two terms and reports sh:in wrongly.
    graph = _plain(data)
    try:
        _, report, _ = pyshacl.validate(
            graph,
            shacl_graph=_lifted(_plain(shapes)),
            inference="none",
            advanced=False,
            # The graph is a copy already.
            inplace=True,
            meta_shacl=False,
        )
    except (TypeError, ArithmeticError, ReportableRuntimeError) as error:
        raise InputError(_incomparable(graph, error)) from error
    if not isinstance(report, Graph):
        raise TypeError(f"pySHACL gave {type(report).__name__}, expected a graph of results")
    return [found(report, node) for node in report.subjects(RDF.type, SH.ValidationResult)]


def _incomparable(data: Graph, error: Exception) -> str:
    """Say which value most likely stopped pySHACL: the first that is none of its datatype, or no number."""
    # By their texts: terms that cannot be compared cannot be sorted either.
    for node, path, value in sorted(data, key=lambda triple: tuple(map(str, triple))):
        if isinstance(value, Literal) and (value.ill_typed or str(value).lower() == "nan"):
            found = f'"{value}"^^{contract(str(value.datatype))}'
            where = f"{contract(str(node))}: found {found} for {contract(str(path))}"
            return f"{where}, expected a value that can be compared; mend it, then validate again"
    return f"found values that cannot be compared ({error}), expected numbers or dates where shapes compare"


def _plain(store: Store) -> Graph:
    plain = Graph()
    for graph in to_dataset(store).graphs():
        for triple in graph:
            plain.add(triple)
    return plain


def _lifted(shapes: Graph) -> Graph:
    """Return the shapes with the targets of node shapes given to their property shapes; changes the graph.

    A node conforms to a node shape if it conforms to each of its property shapes, and what is found is told
    of the property shape alone. pySHACL evaluates a property shape anew for each node that comes to
    it through a node shape, but one with targets once for all of them, in a fraction of the time. Shapes that
    anything else refers to or that are switched off, and targets that are implied by a class, stay as they
    are.
    """
    for shape, part in list(shapes.subject_objects(SH.property)):
        targets = [(kind, target) for kind in _TARGETS for target in shapes.objects(shape, kind)]
        referring = list(shapes.subject_predicates(part))
        if (
            targets
            and len(referring) == 1
            and (part, SH.path, None) in shapes
            and not any((part, kind, None) in shapes for kind in _TARGETS)
            and not any((shape, kind, None) in shapes for kind in (SH.path, SH.deactivated))
            and (None, None, shape) not in shapes
            and not _CLASSES & {*shapes.objects(shape, RDF.type), *shapes.objects(part, RDF.type)}
        ):
            shapes.remove((shape, SH.property, part))
            for kind, target in targets:
                shapes.add((part, kind, target))
    return shapes


def found(report: Graph, node: Node) -> ShapeResult:
    """Return one result of pySHACL's report."""
    path = report.value(node, SH.resultPath)
    focus = _value(report.value(node, SH.focusNode))
    return ShapeResult(
        shape=Iri(_value(report.value(node, SH.sourceShape))),
        focus="" if focus is None else focus,
        # A path that is more than one property is a blank node, which tells a reader nothing.
        path=Iri(path) if isinstance(path, URIRef) else None,
        value=_value(report.value(node, SH.value)),
        severity=severity_of(str(report.value(node, SH.resultSeverity))),
        message=min(map(str, report.objects(node, SH.resultMessage)), default=""),
    )


def _value(term: Node | None) -> Value | None:
    if term is None:
        return None
    if isinstance(term, URIRef):
        return Iri(term)
    if isinstance(term, Literal):
        if term.datatype is None or term.language:
            return str(term)
        return to_value(pyoxigraph.Literal(str(term), datatype=pyoxigraph.NamedNode(str(term.datatype))))
    return f"_:{term}" if isinstance(term, BNode) else str(term)
