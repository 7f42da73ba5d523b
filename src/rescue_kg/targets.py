"""What a shape or a check looks at: the instances of classes, and the nodes that SHACL targets name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, Triple

from rescue_kg.answers import Iri
from rescue_kg.namespaces import PREFIXES
from rescue_kg.shape_plan import TYPE, closure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rescue_kg.cutting import Node, Stated
    from rescue_kg.store import Store

__all__ = ["count_instances", "count_statements", "focus_nodes"]

_Term: TypeAlias = NamedNode | BlankNode | Literal | Triple

_TARGET_CLASS, _TARGET_NODE, _SUBJECTS_OF, _OBJECTS_OF = (
    NamedNode(PREFIXES["sh"] + name)
    for name in ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
)
#: How a query finds the nodes of a target.
_PATTERNS: Final = {
    _TARGET_CLASS: "{{ VALUES ?kind {{ {} }} ?node a ?kind }}",
    _TARGET_NODE: "{{ VALUES ?node {{ {} }} }}",
    _SUBJECTS_OF: "{{ VALUES ?property {{ {} }} ?node ?property ?other }}",
    _OBJECTS_OF: "{{ VALUES ?property {{ {} }} ?other ?property ?node }}",
}


def count_instances(stated: Stated, kind: NamedNode) -> int:
    """Return how many nodes are typed with a class, or with a subclass of it."""
    return _count(stated, {_TARGET_CLASS: closure([kind], stated.below)})


def count_statements(stated: Stated, term: NamedNode) -> int:
    """Return how many statements have a property."""
    return _number(stated, f"SELECT (COUNT(*) AS ?n) WHERE {{ ?subject {term} ?object }}")


def focus_nodes(stated: Stated, shapes: Store, nodes: Iterable[Node] | None = None) -> dict[Iri, int]:
    """Return for each shape with a target how many nodes its targets name (SHACL, 2.1.3).

    Only `nodes` are counted where they are given.
    """
    targets: dict[Iri, dict[NamedNode, set[_Term]]] = {}
    for predicate in _PATTERNS:
        for quad in shapes.native.quads_for_pattern(None, predicate, None):
            name = Iri(quad.subject.value if isinstance(quad.subject, NamedNode) else str(quad.subject))
            named = closure([quad.object], stated.below) if predicate == _TARGET_CLASS else {quad.object}
            targets.setdefault(name, {}).setdefault(predicate, set()).update(named)
    if nodes is None:
        return {shape: _count(stated, targets[shape]) for shape in sorted(targets)}
    counts = dict.fromkeys(sorted(targets), 0)
    for node in nodes:
        about = stated.about(node)
        types = {quad.object for quad in about if quad.predicate == TYPE}
        properties = {quad.predicate for quad in about}
        for shape, kinds in targets.items():
            counts[shape] += bool(
                types & kinds.get(_TARGET_CLASS, set())
                or properties & kinds.get(_SUBJECTS_OF, set())
                or node in kinds.get(_TARGET_NODE, ())
                or any(stated.points_to(node, property_) for property_ in kinds.get(_OBJECTS_OF, ()))
            )
    return counts


def _count(stated: Stated, targets: Mapping[NamedNode, set[_Term]]) -> int:
    # A blank node has no name in a query; here it could only be a class without one.
    named = {
        kind: [term for term in terms if not isinstance(term, BlankNode)] for kind, terms in targets.items()
    }
    branches = [_PATTERNS[kind].format(" ".join(sorted(map(str, terms)))) for kind, terms in named.items()]
    return _number(stated, f"SELECT (COUNT(DISTINCT ?node) AS ?n) WHERE {{ {' UNION '.join(branches)} }}")


def _number(stated: Stated, query: str) -> int:
    found = stated.query(query)
    return int(next(found)["n"].value) if isinstance(found, QuerySolutions) else 0
