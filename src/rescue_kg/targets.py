"""What a shape or a check looks at: the instances of classes, and the nodes that SHACL targets name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from rescue_kg.answers import Iri
from rescue_kg.namespaces import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rescue_kg.store import Store

__all__ = ["focus_nodes", "instances"]

_Term: TypeAlias = NamedNode | BlankNode | Literal | Triple

_TYPE: Final = NamedNode(PREFIXES["rdf"] + "type")
_SUBCLASS_OF: Final = NamedNode(PREFIXES["rdfs"] + "subClassOf")
_TARGET_CLASS, _TARGET_NODE, _SUBJECTS_OF, _OBJECTS_OF = (
    NamedNode(PREFIXES["sh"] + name)
    for name in ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
)


def instances(data: Store, classes: Iterable[_Term]) -> set[_Term]:
    """Return the nodes that are typed with one of the classes, or with a subclass of one."""
    seen: set[_Term] = set()
    todo = list(classes)
    found: set[_Term] = set()
    while todo:
        kind = todo.pop()
        if kind in seen:
            continue
        seen.add(kind)
        found.update(quad.subject for quad in data.native.quads_for_pattern(None, _TYPE, kind))
        todo += [quad.subject for quad in data.native.quads_for_pattern(None, _SUBCLASS_OF, kind)]
    return found


def focus_nodes(data: Store, shapes: Store) -> dict[Iri, int]:
    """Return for each shape with a target how many nodes of the data its targets name (SHACL, 2.1.3)."""
    found: dict[Iri, set[_Term]] = {}
    for predicate in (_TARGET_CLASS, _TARGET_NODE, _SUBJECTS_OF, _OBJECTS_OF):
        for quad in shapes.native.quads_for_pattern(None, predicate, None):
            shape = quad.subject.value if isinstance(quad.subject, NamedNode) else str(quad.subject)
            found.setdefault(Iri(shape), set()).update(_targeted(data, predicate, quad.object))
    return {shape: len(found[shape]) for shape in sorted(found)}


def _targeted(data: Store, predicate: NamedNode, target: _Term) -> set[_Term]:
    if predicate == _TARGET_CLASS:
        return instances(data, [target])
    if predicate == _TARGET_NODE or not isinstance(target, NamedNode):
        return {target}
    statements = data.native.quads_for_pattern(None, target, None)
    return {quad.subject if predicate == _SUBJECTS_OF else quad.object for quad in statements}
