"""The columns of the evidence tables, read from the shapes: one for each property of a study, finding, estimate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import pyoxigraph as ox

from rescue_kg.errors import ParseError, UnknownNameError, did_you_mean
from rescue_kg.namespaces import ONTOLOGY_GRAPH, PREFIXES, contract
from rescue_kg.resources import shape_files
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["ID", "KINDS", "Column", "Group", "Kind", "Schema", "schema"]

Kind = Literal["study", "finding"]

#: The kinds of table.
KINDS: Final[tuple[Kind, ...]] = ("study", "finding")

#: The column that names the row: `x` makes study:x or finding:x.
ID: Final = "id"

_RDF, _RDFS, _SH, _XSD, _RESCUE = (PREFIXES[name] for name in ("rdf", "rdfs", "sh", "xsd", "rescue"))

#: Kind of table -> its class, and the class of a second node that a row makes.
_CLASSES: Final[dict[Kind, tuple[str, ...]]] = {
    "study": (_RESCUE + "Study",),
    "finding": (_RESCUE + "Finding", _RESCUE + "EffectEstimate"),
}
_LINK: Final = _RESCUE + "hasEstimate"
_NOTE: Final = PREFIXES["skos"] + "editorialNote"
_PRINTED: Final = "AsPrinted"
_DATATYPES: Final = {
    _RDF + "langString": "langString",
    **{
        _XSD + name: name
        for name in ("string", "decimal", "integer", "boolean", "anyURI", "date", "gYear", "gYearMonth")
    },
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, as the shapes describe the property.

    `kind` is `node` (a node of one of `classes`), `iri` (any IRI) or the local name of a datatype: decimal,
    integer, string, langString (written in English), anyURI, boolean. `path` is the IRI of the property,
    `subject` the kind of node that carries it (study, finding, estimate), `printed` the IRI of the property that takes the
    number as printed. Bounds are texts, as in the shape. `choices` are the values of `sh:in` and `default` the value
    that an empty cell stands for: IRIs or texts. `not_above` is the path of `sh:lessThanOrEquals`.
    """

    name: str
    path: str
    subject: str
    kind: str
    order: float
    description: str
    required: bool = False
    repeatable: bool = False
    classes: tuple[str, ...] = ()
    pattern: str | None = None
    min_inclusive: str | None = None
    max_inclusive: str | None = None
    min_exclusive: str | None = None
    max_exclusive: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    choices: tuple[str, ...] = ()
    default: str | None = None
    printed: str | None = None
    not_above: str | None = None

    @property
    def is_reference(self) -> bool:
        """Whether a cell names a node that must be known."""
        return self.kind == "node"

    @property
    def is_number(self) -> bool:
        """Whether a cell holds a number."""
        return self.kind in ("decimal", "integer")

    @property
    def is_free_text(self) -> bool:
        """Whether a cell is kept to the letter; white space around any other is no part of it."""
        return self.kind in ("string", "langString") and not (self.pattern or self.choices)


class Group(NamedTuple):
    """Columns of which a row fills at least one (`exactly` False) or exactly one; `message` is the shape's."""

    columns: tuple[str, ...]
    exactly: bool
    message: str


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of one kind of table, in order, without the id.

    `figures` are the columns of which an estimate has at least one; without any of them a finding has no
    estimate. `groups` are what the shapes of the row's own node say about several columns.
    """

    kind: Kind
    node_class: str
    columns: tuple[Column, ...]
    figures: tuple[str, ...]
    groups: tuple[Group, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The header of a table with every column."""
        return (ID, *(column.name for column in self.columns))

    def __getitem__(self, name: str) -> Column:
        """Return the column of a name. Raises UnknownNameError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownNameError(f"no column {name!r} in a {self.kind} table{did_you_mean(name, self.names)}")

    def at(self, path: str) -> Column | None:
        """Return the column of a property, or None."""
        return next((column for column in self.columns if column.path == path), None)


def schema(kind: str, files: Sequence[Path] | None = None) -> Schema:
    """Return the columns of a kind of table from the packaged shapes, or from the shape files given.

    Raises UnknownNameError for another kind, ParseError for a shape that no column can be made of.
    """
    if kind not in KINDS:
        raise UnknownNameError(
            f"unknown kind of table {kind!r}, expected {' or '.join(KINDS)}{did_you_mean(kind, KINDS)}"
        )
    return _schema(kind, None if files is None else tuple(files))


@cache
def _schema(kind: Kind, files: tuple[Path, ...] | None) -> Schema:
    shapes = _Shapes(shape_files() if files is None else files)
    main, *others = _CLASSES[kind]
    columns = list(shapes.columns(main, kind))
    for other in others:
        taken = {column.path for column in columns}
        columns += [
            column
            for column in shapes.columns(other, "estimate")
            if column.path not in taken and column.path != _NOTE
        ]
    names = [column.name for column in columns]
    twice = sorted({name for name in [*names, ID] if [*names, ID].count(name) > 1})
    if twice:
        raise ParseError(
            f"the shapes of a {kind}: found two properties for the column {', '.join(twice)}, expected one"
        )
    by_path = {column.path: column.name for column in columns}
    estimates = [group for other in others for group in shapes.groups(other)]
    figures = tuple(
        by_path[path] for paths, exactly, _ in estimates if not exactly for path in paths if path in by_path
    )
    groups = []
    for paths, exactly, message in shapes.groups(main):
        known = [by_path[path] for path in paths if path in by_path]
        if _LINK in paths:
            known = [*known, *figures]
            # Advice is a result too, and has no figure.
            advice = by_path.get(_RESCUE + "recommendation")
            known += [advice] if advice and advice not in known else []
        if known:
            groups.append(Group(tuple(known), exactly, message))
    return Schema(kind, main, tuple(columns), figures, tuple(groups))


class _Shapes:
    """The shape files as a graph, and what the columns need of it."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.store = Store()
        for file in files:
            self.store.load_file(file, graph=ONTOLOGY_GRAPH)

    def columns(self, node_class: str, subject: str) -> Iterator[Column]:
        """Yield the columns of the shapes that target a class, in their order."""
        found: dict[str, Column] = {}
        printed = {}
        for shape in self._targeting(node_class):
            for node in self.objects(shape, "property"):
                paths = self.objects(node, "path")
                if len(paths) != 1 or not isinstance(paths[0], ox.NamedNode):
                    continue
                path = paths[0].value
                if path.endswith(_PRINTED):
                    printed[path.removesuffix(_PRINTED)] = path
                elif path != _LINK:
                    found[path] = self._column(node, path, subject)
        for path, column in sorted(found.items(), key=lambda item: (item[1].order, item[1].name)):
            yield _with_printed(column, printed.get(path))

    def groups(self, node_class: str) -> Iterator[tuple[tuple[str, ...], bool, str]]:
        """Yield (properties, exactly one, message) for each sh:or and sh:xone over properties that are there."""
        for shape in self._targeting(node_class):
            message = self._text(shape, "message") or ""
            for name, exactly in (("or", False), ("xone", True)):
                for start in self.objects(shape, name):
                    paths = [
                        path.value
                        for member in self._members(start)
                        for node in self.objects(member, "property")
                        for path in self.objects(node, "path")
                        if isinstance(path, ox.NamedNode) and self._whole(node, "minCount")
                    ]
                    if paths:
                        yield tuple(dict.fromkeys(paths)), exactly, message

    def objects(self, node: ox.NamedNode | ox.BlankNode, name: str) -> list[ox.NamedNode | ox.BlankNode]:
        """Return the nodes that a property of SHACL leads to, sorted."""
        found = self.store.native.quads_for_pattern(node, ox.NamedNode(_SH + name), None)
        nodes = [quad.object for quad in found if isinstance(quad.object, ox.NamedNode | ox.BlankNode)]
        return sorted(nodes, key=str)

    def _targeting(self, node_class: str) -> list[ox.NamedNode | ox.BlankNode]:
        found = self.store.native.quads_for_pattern(
            None, ox.NamedNode(_SH + "targetClass"), ox.NamedNode(node_class)
        )
        return sorted(
            (quad.subject for quad in found if isinstance(quad.subject, ox.NamedNode | ox.BlankNode)), key=str
        )

    def _column(self, node: ox.NamedNode | ox.BlankNode, path: str, subject: str) -> Column:
        local = re.split(r"[/#]", path)[-1]
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", local).lower()
        classes = self._classes(node)
        choices = tuple(_plain(term) for start in self.objects(node, "in") for term in self._list(start))
        default = self._term(node, "defaultValue")
        datatypes = [iri.value for iri in self.objects(node, "datatype") if isinstance(iri, ox.NamedNode)]
        if classes or (choices and not datatypes and self._holds_iris(node)):
            kind = "node"
        elif datatypes:
            if datatypes[0] not in _DATATYPES:
                raise ParseError(
                    f"{node}: found the datatype {contract(datatypes[0])}, expected one that tables know: "
                    f"{', '.join(map(contract, _DATATYPES))}"
                )
            kind = _DATATYPES[datatypes[0]]
        else:
            kinds = {term.value for term in self.objects(node, "nodeKind") if isinstance(term, ox.NamedNode)}
            kind = "iri" if _SH + "IRI" in kinds else "string"
        above = self.objects(node, "lessThanOrEquals")
        return Column(
            name=name,
            path=path,
            subject=subject,
            kind=kind,
            order=float(self._text(node, "order") or 0),
            description=self._text(node, "description") or self._text(node, "name") or name,
            # An empty label is made; what an estimate needs is needed where there is one.
            required=bool(self._whole(node, "minCount")) and path != _RDFS + "label" and default is None,
            repeatable=self._whole(node, "maxCount") != 1,
            classes=classes,
            pattern=self._text(node, "pattern"),
            min_inclusive=self._text(node, "minInclusive"),
            max_inclusive=self._text(node, "maxInclusive"),
            min_exclusive=self._text(node, "minExclusive"),
            max_exclusive=self._text(node, "maxExclusive"),
            min_length=self._whole(node, "minLength"),
            max_length=self._whole(node, "maxLength"),
            choices=choices,
            default=None if default is None else _plain(default),
            not_above=next((term.value for term in above if isinstance(term, ox.NamedNode)), None),
        )

    def _classes(self, node: ox.NamedNode | ox.BlankNode) -> tuple[str, ...]:
        """Return the classes of sh:class, or of an sh:or over classes, in their order."""
        direct = [iri.value for iri in self.objects(node, "class") if isinstance(iri, ox.NamedNode)]
        either = [
            iri.value
            for start in self.objects(node, "or")
            for member in self._members(start)
            for iri in self.objects(member, "class")
            if isinstance(iri, ox.NamedNode)
        ]
        return tuple(direct or either)

    def _holds_iris(self, node: ox.NamedNode | ox.BlankNode) -> bool:
        return all(
            isinstance(term, ox.NamedNode) for start in self.objects(node, "in") for term in self._list(start)
        )

    def _members(self, start: ox.NamedNode | ox.BlankNode) -> list[ox.NamedNode | ox.BlankNode]:
        return [term for term in self._list(start) if isinstance(term, ox.NamedNode | ox.BlankNode)]

    def _list(self, start: ox.NamedNode | ox.BlankNode) -> Iterator[ox.NamedNode | ox.BlankNode | ox.Literal]:
        first, rest = ox.NamedNode(_RDF + "first"), ox.NamedNode(_RDF + "rest")
        find = self.store.native.quads_for_pattern
        while head := next(find(start, first, None), None):
            if not isinstance(head.object, ox.Triple):
                yield head.object
            tail = next(find(start, rest, None), None)
            if tail is None or not isinstance(tail.object, ox.NamedNode | ox.BlankNode):
                return
            start = tail.object

    def _term(self, node: ox.NamedNode | ox.BlankNode, name: str) -> ox.NamedNode | ox.Literal | None:
        found = next(self.store.native.quads_for_pattern(node, ox.NamedNode(_SH + name), None), None)
        return found.object if found and isinstance(found.object, ox.NamedNode | ox.Literal) else None

    def _text(self, node: ox.NamedNode | ox.BlankNode, name: str) -> str | None:
        term = self._term(node, name)
        return term.value if isinstance(term, ox.Literal) else None

    def _whole(self, node: ox.NamedNode | ox.BlankNode, name: str) -> int | None:
        text = self._text(node, name)
        return None if text is None else int(text)


def _with_printed(column: Column, printed: str | None) -> Column:
    from dataclasses import replace

    return column if printed is None else replace(column, printed=printed)


def _plain(term: ox.NamedNode | ox.BlankNode | ox.Literal) -> str:
    return term.value
