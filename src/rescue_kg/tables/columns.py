"""The columns of evidence tables, as the shapes have them: one for each property of what a row makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from rescue_kg.errors import UnknownNameError, did_you_mean
from rescue_kg.namespaces import PREFIXES
from rescue_kg.resources import shape_files

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from pathlib import Path

__all__ = ["ID", "KINDS", "LABEL", "Column", "Group", "Kind", "KindRule", "Need", "Part", "Schema", "schema"]

Kind = Literal["study", "finding", "claim"]

#: The kinds of table, each after those whose rows its own may name.
KINDS: Final[tuple[Kind, ...]] = ("study", "finding", "claim")

#: The column that names the row: `x` makes study:x, finding:x or claim:x.
ID: Final = "id"

#: The property of the label, which is made where the cell is empty.
LABEL: Final = PREFIXES["rdfs"] + "label"

#: The property of the class, where a column says it.
TYPE: Final = PREFIXES["rdf"] + "type"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, as the shapes describe the property.

    `kind` is `node` (a node of one of `classes`), `iri` (any IRI) or the local name of a datatype: decimal,
    integer, string, langString (written in English), anyURI, boolean. `path` is the IRI of the property,
    `subject` the kind of node that carries it (study, finding, estimate, claim, mention), `printed` the IRI
    of the property that takes the number as printed. Bounds are texts, as in the shape. `choices` are the
    values of `sh:in`, `short` what a cell may call them beside their own names, and `default` the value that
    an empty cell stands for: IRIs or texts. `not_above` is the path of `sh:lessThanOrEquals`, `below` that
    of `sh:lessThan`.
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
    short: tuple[str, ...] = ()
    default: str | None = None
    printed: str | None = None
    not_above: str | None = None
    below: str | None = None

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


class Part(NamedTuple):
    """A second node that a row makes: `link` leads to it, and every row makes one if `always`."""

    name: str
    node_class: str
    link: str
    always: bool


class KindRule(NamedTuple):
    """A column that rows of one kind (and class) must fill (`there`) or leave empty; `message` says why."""

    kind: str
    node_class: str
    column: str
    there: bool
    message: str


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of one kind of table, in order, without the id.

    A finding has its `part`, an estimate, where it fills at least one of `figures`; a claim always has a
    mention. `groups` and `needs` are what the shapes say about several columns, `rules` what they say about
    one kind of claim.
    """

    kind: Kind
    node_class: str
    columns: tuple[Column, ...]
    figures: tuple[str, ...]
    groups: tuple[Group, ...]
    needs: tuple[Need, ...]
    part: Part | None = None
    rules: tuple[KindRule, ...] = ()

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
            # What is missing for want of a column is missing all the same.
            rules=tuple(rule for rule in self.rules if rule.there or rule.column in kept),
        )

    def is_asked(self, column: Column) -> bool:
        """Return whether every row must fill a column."""
        always = column.subject == self.kind or (self.part is not None and self.part.always)
        return column.required and always

    @property
    def kind_column(self) -> Column | None:
        """The column that says of which class the row is, where the shapes leave a choice."""
        return self.at(TYPE)

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
    if files is None:
        return _packaged(kind)
    from rescue_kg.tables.schemas import build

    return build(kind, files)


@cache
def _packaged(kind: Kind) -> Schema:
    return schema(kind, shape_files())
