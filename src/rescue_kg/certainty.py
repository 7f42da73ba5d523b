"""What shapes surely find in order, or surely wrong, so far as that can be told without an engine.

The shapes that `rescue_kg.shape_plan` lets through, read as in SHACL Core and evaluated in Kleene's three
values: True where pySHACL finds nothing wrong, False where it does, None where only an engine can tell, as of
literals that are not plain. Nodes, classes and paths are named as in N-Triples: `<iri>`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

from pyoxigraph import Literal, RdfFormat, parse

from rescue_kg.namespaces import PREFIXES
from rescue_kg.plain_literals import is_plain, is_plain_text
from rescue_kg.rdf_lists import list_members
from rescue_kg.shape_plan import NUMBERS, closure, constraints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence, Set

    from rescue_kg.shape_plan import Term
    from rescue_kg.store import Store

    Test: TypeAlias = "Callable[[Seen], Sure]"

__all__ = ["Judge", "Pair", "Seen", "Sure", "seen"]

Sure: TypeAlias = bool | None

_XSD: Final = PREFIXES["xsd"]
_TAGGED: Final = PREFIXES["rdf"] + "langString"
#: Datatypes whose values engines take as they are written where a pattern or a length is asked for.
_AS_WRITTEN: Final = {_XSD + "string", _XSD + "anyURI", _TAGGED}
_LITERAL: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\^\^<([^>]*)>|@([a-z0-9]+(?:-[a-z0-9]+)*))?')
#: The node kinds of SHACL, and how N-Triples of such nodes begin.
_KINDS: Final = {
    "IRI": "<",
    "BlankNode": "_",
    "Literal": '"',
    "BlankNodeOrIRI": "_<",
    "BlankNodeOrLiteral": '_"',
    "IRIOrLiteral": '<"',
}
#: Constraints that look at no text.
_OF_KIND: Final = {"class", "datatype", "languageIn", "nodeKind"}
_COUNTS: Final = ("minCount", "maxCount")
_PAIRS: Final = ("lessThan", "lessThanOrEquals")


@dataclass(slots=True)
class Seen:
    """What is seen of a node.

    `kind` is how its N-Triples begin, `<`, `_` or `"`, or `?` for anything else; `text` is an IRI or a plain
    lexical form, None where it is not known; `types` are the classes that are stated. Of a focus node,
    `values` has for each path what `Judge.finds` found in each value.
    """

    kind: str
    text: str | None = None
    datatype: str = ""
    tag: str = ""
    types: Set[str] = frozenset()
    values: Mapping[str, Sequence[tuple[Sure, ...]]] = field(default_factory=dict)


def seen(value: str, types: Callable[[str], Set[str]]) -> Seen:
    """Return what is seen of a value; `types` gives the classes that are stated of a node."""
    if value[0] == "_":
        return Seen("_", types=types(value))
    if value[0] == "<" and value[1] != "<":
        return Seen("<", value[1:-1], types=types(value))
    parts = _LITERAL.fullmatch(value)
    if parts is None:
        return Seen("?")
    text, datatype, tag = parts.groups("")
    if "\\" in text:
        (triple,) = parse(f'<urn:s> <urn:p> "{text}" .', format=RdfFormat.N_TRIPLES)
        text = getattr(triple.object, "value", "")
    if datatype and not is_plain_text(text, datatype):
        return Seen('"')
    return Seen('"', text, datatype or (_TAGGED if tag else _XSD + "string"), tag)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two properties of a node: no value of `lower` is above one of `higher`, nor as high if `strictly`."""

    lower: str
    higher: str
    strictly: bool


@dataclass(slots=True)
class _Shape:
    """A shape: tests of a node or, with a path, the place of the tests of each value, and how many may be."""

    tests: list[Test]
    path: str | None = None
    place: int = 0
    least: Decimal = Decimal(0)
    most: Decimal = Decimal("Infinity")

    def conforms(self, node: Seen) -> Sure:
        if self.path is None:
            return _holds(self.tests, node)
        values = node.values.get(self.path, ())
        return _all([self._counts(len(values)), *[found[self.place] for found in values]])

    def _counts(self, number: int) -> Sure:
        if number < self.least:
            return False
        # A triple that stands in two graphs was met twice.
        return True if number <= self.most and (self.least <= 1 or not number) else None


class Judge:
    """Shapes with the classes that they target.

    `targets` are the shapes for each class that is targeted, or is below one that is. `paths` are those that
    shapes look at, `worded` those where the text of a value matters; `classes` are all that types are
    compared with. `pairs` are not judged here: whoever asks has to.
    """

    def __init__(
        self, shapes: Store, targets: Mapping[Term, Iterable[Term]], below: Mapping[Term, set[Term]]
    ) -> None:
        self._shapes, self._below = shapes, below
        self._constraints = constraints(shapes)
        self._known: dict[tuple[Term, bool], _Shape] = {}
        #: For each path what property shapes ask of each value, and where; many ask the same, as of labels.
        self._asked: dict[str, list[list[Test]]] = defaultdict(list)
        self._places: dict[tuple[str, frozenset[tuple[str | Term, ...]]], int] = {}
        self.worded: set[str] = set()
        self.classes = {str(kind) for kind in targets}
        self.pairs: set[Pair] = set()
        self._targets = {
            str(kind): [self._shape(shape, inside=False) for shape in each] for kind, each in targets.items()
        }
        self.paths = frozenset(self._asked) | {pair.higher for pair in self.pairs}

    def finds(self, path: str, value: Seen) -> tuple[Sure, ...]:
        """Return what surely holds of a value of a path, of all that property shapes ask of one."""
        return tuple([_holds(tests, value) for tests in self._asked[path]])

    def conforms(self, node: Seen) -> Sure:
        """Return whether a focus node surely conforms to the shapes that target it, but for pairs."""
        return _all([shape.conforms(node) for kind in node.types for shape in self._targets.get(kind, ())])

    def _shape(self, term: Term, *, inside: bool) -> _Shape:
        """Return a shape; one that is `inside` a choice or a negation need not hold for a node to conform."""
        if (term, inside) in self._known:
            return self._known[term, inside]
        parts = self._constraints.get(term, [])
        path = next((str(value) for name, value in parts if name == "path"), None)
        shape = self._known[term, inside] = _Shape([], path)
        for name, value in parts:
            if name in _COUNTS:
                count = _number(value)
                if count is None:
                    shape.most = Decimal(-1)
                elif name == "minCount":
                    shape.least = max(shape.least, count)
                else:
                    shape.most = min(shape.most, count)
            elif name in _PAIRS and not inside:
                self.pairs.add(Pair(str(path), str(value), name == "lessThan"))
        asked = [(name, value) for name, value in parts if name in _MADE or (name in _PAIRS and inside)]
        if path is not None:
            if not _OF_KIND.issuperset(name for name, _ in asked):
                self.worded.add(path)
            every = self._asked[path]
            same = frozenset(
                (name, *(list_members(self._shapes, value) if name == "languageIn" else (value,)))
                for name, value in asked
            )
            shape.place = self._places.setdefault((path, same), len(every))
            if shape.place < len(every):
                return shape
            every.append(shape.tests)
        shape.tests += [
            _MADE[name](self, value, inside) if name in _MADE else _unsure for name, value in asked
        ]
        return shape

    def class_(self, value: Term, _: bool) -> Test:
        """Return a test that a node is an instance of a class."""
        kinds = {str(kind) for kind in closure([value], self._below)}
        self.classes |= kinds
        return lambda node: None if node.kind == "?" else not kinds.isdisjoint(node.types)

    def property_(self, value: Term, inside: bool) -> Test:
        """Return a test that a node conforms to a property shape."""
        return self._shape(value, inside=inside).conforms

    def not_(self, value: Term, _: bool) -> Test:
        """Return a test that a node does not conform to a shape."""
        other = self._shape(value, inside=True)
        return lambda node: _not(other.conforms(node))

    def or_(self, value: Term, _: bool) -> Test:
        """Return a test that a node conforms to some of the shapes of a list."""
        others = self._members(value)
        return lambda node: _not(_all([_not(other.conforms(node)) for other in others]))

    def xone(self, value: Term, _: bool) -> Test:
        """Return a test that a node conforms to exactly one of the shapes of a list."""
        others = self._members(value)

        def test(node: Seen) -> Sure:
            found = [other.conforms(node) for other in others]
            return None if None in found else found.count(True) == 1

        return test

    def language_in(self, value: Term, _: bool) -> Test:
        """Return a test that a node has one of the language tags of a list."""
        tags = {getattr(tag, "value", "").lower() for tag in list_members(self._shapes, value)} - {""}
        # A range takes in longer tags.
        return lambda node: True if node.tag in tags else None

    def _members(self, value: Term) -> list[_Shape]:
        return [self._shape(shape, inside=True) for shape in list_members(self._shapes, value)]


def _datatype(_: Judge, value: Term, __: bool) -> Test:
    datatype = getattr(value, "value", "")
    # A few datatypes take in others.
    return lambda node: True if node.datatype == datatype else False if node.kind in "<_" else None


def _node_kind(_: Judge, value: Term, __: bool) -> Test:
    kinds = _KINDS.get(getattr(value, "value", "").removeprefix(PREFIXES["sh"]), "")
    return lambda node: None if node.kind == "?" else node.kind in kinds


def _pattern(_: Judge, value: Term, __: bool) -> Test:
    try:
        search = re.compile(getattr(value, "value", "")).search
    except re.error:
        return _unsure
    return lambda node: None if (text := _written(node)) is None else search(text) is not None


def _min_length(_: Judge, value: Term, __: bool) -> Test:
    least = _number(value)
    if least is None:
        return _unsure
    return lambda node: None if (text := _written(node)) is None else len(text) >= least


def _written(node: Seen) -> str | None:
    """Return the text that a pattern and a length are held against, or None where it is not known."""
    return node.text if node.kind == "<" or node.datatype in _AS_WRITTEN else None


def _range(right: Callable[[Decimal, Decimal], bool]) -> Callable[[Judge, Term, bool], Test]:
    def made(_: Judge, value: Term, __: bool) -> Test:
        limit = _number(value)
        if limit is None:
            return _unsure
        return lambda node: right(Decimal(node.text or 0), limit) if node.datatype in NUMBERS else None

    return made


_MADE: Final[Mapping[str, Callable[[Judge, Term, bool], Test]]] = {
    "class": Judge.class_,
    "property": Judge.property_,
    "not": Judge.not_,
    "or": Judge.or_,
    "xone": Judge.xone,
    "languageIn": Judge.language_in,
    "datatype": _datatype,
    "nodeKind": _node_kind,
    "pattern": _pattern,
    "minLength": _min_length,
    "minInclusive": _range(Decimal.__ge__),
    "minExclusive": _range(Decimal.__gt__),
    "maxInclusive": _range(Decimal.__le__),
    "maxExclusive": _range(Decimal.__lt__),
}


def _number(value: Term) -> Decimal | None:
    """Return a number that engines read alike, or None for any other term."""
    if isinstance(value, Literal) and value.datatype.value in NUMBERS and is_plain(value):
        return Decimal(value.value)
    return None


def _unsure(_: Seen) -> Sure:
    return None


def _not(sure: Sure) -> Sure:
    return None if sure is None else not sure


def _all(every: Iterable[Sure]) -> Sure:
    sure: Sure = True
    for one in every:
        if one is False:
            return False
        if one is None:
            sure = None
    return sure


def _holds(tests: Iterable[Test], node: Seen) -> Sure:
    """Return whether all tests surely hold; written out, since it is called for every value."""
    sure: Sure = True
    for test in tests:
        found = test(node)
        if found is False:
            return False
        if found is None:
            sure = None
    return sure
