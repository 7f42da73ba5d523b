"""How shapes are held against a graph part by part: what of them can be, and what marks a focus node.

A part holds some nodes with all that is stated of them, and of the nodes that these point to only the types.
A shape can be cut if it looks no further, and if it is made of what the fast engine is proven on; any other
is held against the whole graph. In a part a node is the focus of a shape where a mark says so, not by its
type: else each node that is only pointed to would be one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from rescue_kg.namespaces import ONTOLOGY_GRAPH, PREFIXES
from rescue_kg.rdf_lists import list_members
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pyoxigraph import Triple

    Term = NamedNode | BlankNode | Literal | Triple

__all__ = ["NUMBERS", "SUBCLASS_OF", "TYPE", "Plan", "closure", "constraints", "plan"]

_SH: Final = PREFIXES["sh"]
_XSD: Final = PREFIXES["xsd"]
TYPE: Final = NamedNode(PREFIXES["rdf"] + "type")
SUBCLASS_OF: Final = NamedNode(PREFIXES["rdfs"] + "subClassOf")
_CLASSES: Final = (NamedNode(PREFIXES["rdfs"] + "Class"), NamedNode(PREFIXES["owl"] + "Class"))
_GRAPH: Final = NamedNode(ONTOLOGY_GRAPH)
#: The datatypes whose values are compared as numbers.
NUMBERS: Final = frozenset({_XSD + "integer", _XSD + "decimal"})

_TARGETS: Final = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_TEXTS: Final = {"defaultValue", "description", "group", "message", "name", "order", "severity"}
_OF_VALUES: Final = {"class", "datatype", "languageIn", "minLength", "nodeKind", "pattern"}
_LISTS: Final = {"or", "xone"}
_RANGES: Final = {"maxExclusive", "maxInclusive", "minExclusive", "minInclusive"}
_PAIRS: Final = {"lessThan", "lessThanOrEquals"}
_OF_PROPERTIES: Final = {"maxCount", "minCount", "path"} | _RANGES | _PAIRS
# Regular expressions of Python and of Rust agree on these: no classes, look-arounds or references.
_PATTERN: Final = re.compile(r"(?:[^\\(]|\((?!\?)|\\[^\w\s])*")


@dataclass(frozen=True, slots=True)
class Plan:
    """Shapes, told apart by how they are held against a graph.

    `marked` are the shapes that can be judged part by part, with the marks in `marks` (class -> property that
    marks its instances) for targets, and `targets` those that a class is a target of; `whole` are those that
    cannot, of which `whole_targets` have a target. `compared` are the properties whose values are compared as
    numbers, `messages` the message of each shape that has one.
    """

    marked: Store
    targets: Mapping[Term, Iterable[Term]]
    whole: Store
    whole_targets: int
    marks: Mapping[Term, NamedNode]
    compared: frozenset[NamedNode]
    messages: Mapping[str, str]


def plan(shapes: Store, below: Mapping[Term, set[Term]]) -> Plan:
    """Return how shapes are held against a graph; `below` has the direct subclasses of a class."""
    looks = _Looks(shapes)
    targeted: dict[Term, dict[str, set[Term]]] = {}
    for name in _TARGETS:
        for quad in shapes.native.quads_for_pattern(None, NamedNode(_SH + name), None):
            targeted.setdefault(quad.subject, {}).setdefault(name, set()).add(quad.object)
    # A shape that is a class has its instances as targets.
    for kind in _CLASSES:
        for quad in shapes.native.quads_for_pattern(None, TYPE, kind):
            targeted.setdefault(quad.subject, {}).setdefault("class", set())
    cuttable = {
        shape for shape, kinds in targeted.items() if kinds.keys() == {"targetClass"} and looks.near(shape)
    }
    marks: dict[Term, NamedNode] = {}
    # An engine may refuse a shape that it does not know, whether or not it has a target.
    marked = list(_without_targets(_reached(shapes, cuttable), targeted.keys()))
    targets: dict[Term, list[Term]] = {}
    for shape in cuttable:
        for instance_of in closure(targeted[shape]["targetClass"], below):
            mark = marks.setdefault(instance_of, NamedNode(f"urn:rescue-kg:focus:{len(marks)}"))
            targets.setdefault(instance_of, []).append(shape)
            marked.append(Quad(shape, NamedNode(_SH + "targetSubjectsOf"), mark, _GRAPH))  # type: ignore[arg-type]
    return Plan(
        marked=_store(marked),
        targets=targets,
        whole=_store(_without_targets(shapes.quads(), cuttable) if targeted.keys() - cuttable else ()),
        whole_targets=len(targeted.keys() - cuttable),
        marks=marks,
        compared=frozenset(looks.compared),
        messages=_messages(shapes),
    )


class _Looks:
    """What shapes look at; `compared` gathers the properties whose values are compared."""

    def __init__(self, shapes: Store) -> None:
        self._shapes = shapes
        self._constraints = constraints(shapes)
        self.compared: set[NamedNode] = set()

    def near(self, shape: Term) -> bool:
        """Return whether a shape looks no further than the types of values, and can be trusted to."""
        return self._near(shape, of_value=False, above=())

    def _near(self, shape: Term, *, of_value: bool, above: tuple[Term, ...]) -> bool:
        parts = self._constraints.get(shape, [])
        path = next((value for name, value in parts if name == "path"), None)
        if shape in above or (path is not None and (of_value or not isinstance(path, NamedNode))):
            return False
        inside = (*above, shape)
        of_value = of_value or path is not None
        for name, value in parts:
            if name in _OF_VALUES:
                good = name != "pattern" or bool(_PATTERN.fullmatch(str(getattr(value, "value", ""))))
            elif name == "not":
                good = self._near(value, of_value=of_value, above=inside)
            elif name in _LISTS:
                every = list_members(self._shapes, value)
                good = all(self._near(one, of_value=of_value, above=inside) for one in every)
            elif name == "property":
                good = not of_value and self._near(value, of_value=False, above=inside)
            elif name in _OF_PROPERTIES:
                good = path is not None and self._compares(name, path, value, above)
            else:
                good = name in _TEXTS or name in _TARGETS
            if not good:
                return False
        return True

    def _compares(self, name: str, path: Term, value: Term, above: tuple[Term, ...]) -> bool:
        """Return whether a constraint compares nothing, or only what must be a number of the same node.

        Engines differ in how they compare what is none, so that another constraint has to find that first.
        """
        compared = {path} if name in _RANGES else {path, value} if name in _PAIRS else set()
        if not compared:
            return True
        numbers = {
            self._value(part, "path")
            for shape in above[:1]
            for name, part in self._constraints.get(shape, [])
            if name == "property" and getattr(self._value(part, "datatype"), "value", "") in NUMBERS
        }
        self.compared |= {term for term in compared if isinstance(term, NamedNode)}
        return compared <= numbers

    def _value(self, shape: Term, name: str) -> Term | None:
        return next((value for part, value in self._constraints.get(shape, []) if part == name), None)


def constraints(shapes: Store) -> dict[Term, list[tuple[str, Term]]]:
    """Return what SHACL says of each shape: the names in its vocabulary, as minCount, and the values."""
    found: dict[Term, list[tuple[str, Term]]] = {}
    for quad in shapes.native:
        if (name := quad.predicate.value).startswith(_SH):
            found.setdefault(quad.subject, []).append((name.removeprefix(_SH), quad.object))
    return found


def closure(classes: Iterable[Term], below: Mapping[Term, set[Term]]) -> set[Term]:
    """Return classes with all below them; `below` has the direct subclasses of a class."""
    seen: set[Term] = set()
    todo = list(classes)
    while todo:
        kind = todo.pop()
        if kind not in seen:
            seen.add(kind)
            todo += below.get(kind, ())
    return seen


def _reached(shapes: Store, roots: Iterable[Term]) -> list[Quad]:
    """Return what is said of some shapes and of all that they refer to."""
    seen: set[Term] = set()
    todo = list(roots)
    reached: list[Quad] = []
    while todo:
        node = todo.pop()
        if node not in seen and isinstance(node, NamedNode | BlankNode):
            seen.add(node)
            about = list(shapes.native.quads_for_pattern(node, None, None))
            reached += about
            todo += [quad.object for quad in about]
    return reached


def _without_targets(shapes: Iterable[Quad], without: Iterable[Term]) -> Iterator[Quad]:
    """Yield shapes in which some have no target, and are only what others refer to."""
    targets = {NamedNode(_SH + name) for name in _TARGETS}
    gone = set(without)
    return (
        quad
        for quad in shapes
        if quad.subject not in gone
        or not (quad.predicate in targets or (quad.predicate == TYPE and quad.object in _CLASSES))
    )


def _store(quads: Iterable[Quad]) -> Store:
    store = Store()
    store.native.extend(quads)
    return store


def _messages(shapes: Store) -> dict[str, str]:
    """Return for each named shape the message that a report gives: the first of them by its text."""
    found: dict[str, str] = {}
    for quad in shapes.native.quads_for_pattern(None, NamedNode(_SH + "message"), None):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Literal):
            text = quad.object.value
            found[quad.subject.value] = min(found.get(quad.subject.value, text), text)
    return found
