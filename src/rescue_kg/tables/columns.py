"""The columns of evidence tables, as the shapes have them: one for each property of a study or a finding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from rescue_kg.errors import ParseError, UnknownNameError, did_you_mean
from rescue_kg.namespaces import PREFIXES
from rescue_kg.resources import shape_files

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from pathlib import Path

__all__ = ["ID", "KINDS", "LABEL", "Column", "Group", "Kind", "Need", "Schema", "schema"]

Kind = Literal["study", "finding"]

#: The kinds of table.
KINDS: Final[tuple[Kind, ...]] = ("study", "finding")

#: The column that names the row: `x` makes study:x or finding:x.
ID: Final = "id"

#: The property of the label, which is made where the cell is empty.
LABEL: Final = PREFIXES["rdfs"] + "label"

_RESCUE: Final = PREFIXES["rescue"]

#: Kind of table -> its class, and the class of a second node that a row makes.
_CLASSES: Final[dict[Kind, tuple[str, ...]]] = {
    "study": (_RESCUE + "Study",),
    "finding": (_RESCUE + "Finding", _RESCUE + "EffectEstimate"),
}
_LINK: Final = _RESCUE + "hasEstimate"
_ADVICE: Final = _RESCUE + "recommendation"
_NOTE: Final = PREFIXES["skos"] + "editorialNote"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, as the shapes describe the property.

    `kind` is `node` (a node of one of `classes`), `iri` (any IRI) or the local name of a datatype: decimal,
    integer, string, langString (written in English), anyURI, boolean. `path` is the IRI of the property,
    `subject` the kind of node that carries it (study, finding, estimate), `printed` the IRI of the property
    that takes the number as printed. Bounds are texts, as in the shape. `choices` are the values of `sh:in`
    and `default` the value that an empty cell stands for: IRIs or texts. `not_above` is the path of
    `sh:lessThanOrEquals`.
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
    """Columns of which a row fills one, or at least one unless `exactly`; `message` is that of the shape."""

    columns: tuple[str, ...]
    exactly: bool
    message: str


class Need(NamedTuple):
    """A column that a row must fill where it fills another; `message` is the shape's."""

    where: str
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of one kind of table, in order, without the id.

    A finding has an estimate where it fills at least one of `figures`. `groups` and `needs` are what the
    shapes say about several columns.
    """

    kind: Kind
    node_class: str
    columns: tuple[Column, ...]
    figures: tuple[str, ...]
    groups: tuple[Group, ...]
    needs: tuple[Need, ...]

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

    def only(self, names: Container[str]) -> Schema:
        """Return the schema of a table with no other columns than these and those filled without a cell."""
        kept = {
            column.name
            for column in self.columns
            if column.name in names or column.default is not None or column.path == LABEL
        }
        groups = (
            group._replace(columns=tuple(name for name in group.columns if name in kept))
            for group in self.groups
        )
        return replace(
            self,
            columns=tuple(column for column in self.columns if column.name in kept),
            figures=tuple(name for name in self.figures if name in kept),
            groups=tuple(group for group in groups if group.columns),
            needs=tuple(need for need in self.needs if {need.where, need.column} <= kept),
        )

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
    return _packaged(kind) if files is None else _schema(kind, files)


@cache
def _packaged(kind: Kind) -> Schema:
    return _schema(kind, shape_files())


def _schema(kind: Kind, files: Sequence[Path]) -> Schema:
    from rescue_kg.tables.shapes import Shapes

    shapes = Shapes(files, without={_LINK})
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
    figures = tuple(
        dict.fromkeys(
            by_path[path]
            for other in others
            for paths, exactly, _ in shapes.groups(other)
            if not exactly
            for path in paths
            if path in by_path
        )
    )
    groups = []
    for paths, exactly, message in shapes.groups(main):
        known = [by_path[path] for path in paths if path in by_path]
        if _LINK in paths:
            known += _results(columns, figures)
            # Advice is a result too, and has no figure.
            known += [name for name in (by_path.get(_ADVICE),) if name is not None and name not in known]
        if known:
            groups.append(Group(tuple(known), exactly, message))
    needs = tuple(
        Need(by_path[where], by_path[path], message)
        for node_class in (main, *others)
        for where, path, message in shapes.needs(node_class)
        if where in by_path and path in by_path
    )
    return Schema(kind, main, tuple(columns), figures, tuple(groups), needs)


def _results(columns: Sequence[Column], figures: Sequence[str]) -> list[str]:
    """Return the figures that are a result: no measure, and no number that only bounds another."""
    bounds = {column.not_above for column in columns}
    by_name = {column.name: column for column in columns}
    return [name for name in figures if not by_name[name].is_reference and by_name[name].path not in bounds]
