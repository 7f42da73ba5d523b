"""From the shapes to the columns of a kind of table."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rescue_kg.errors import ParseError
from rescue_kg.namespaces import PREFIXES
from rescue_kg.tables.columns import ID, TYPE, Column, Group, KindRule, Need, Part, Schema
from rescue_kg.tables.shapes import Shapes, snake

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rescue_kg.tables.columns import Kind

__all__ = ["build"]

_RESCUE: Final = PREFIXES["rescue"]
#: Kind of table -> its class.
_CLASSES: Final[dict[Kind, str]] = {
    "study": _RESCUE + "Study",
    "finding": _RESCUE + "Finding",
    "claim": _RESCUE + "Claim",
}
#: Kind of table -> name and class of a second node that a row makes, and the property that leads to it.
_PARTS: Final[dict[Kind, tuple[str, str, str]]] = {
    "finding": ("estimate", _RESCUE + "EffectEstimate", _RESCUE + "hasEstimate"),
    "claim": ("mention", _RESCUE + "Mention", _RESCUE + "hasMention"),
}
_ADVICE: Final = _RESCUE + "recommendation"
_NOTE: Final = PREFIXES["skos"] + "editorialNote"


def build(kind: Kind, files: Sequence[Path]) -> Schema:
    """Return the columns of a kind of table from shape files. Raises as `columns.schema()`."""
    main = _CLASSES[kind]
    part = None
    name, node_class, link = _PARTS.get(kind, ("", "", ""))
    shapes = Shapes(files, without={link} if link else set())
    if link:
        always = any(path == link and least for path, least, _, _ in shapes.counts(main))
        part = Part(name, node_class, link, always)
    columns, rules = _with_kinds(kind, list(shapes.columns(main, kind)), shapes)
    if part is not None:
        taken = {column.path for column in columns}
        columns += [
            column
            for column in shapes.columns(part.node_class, part.name)
            if column.path not in taken and column.path != _NOTE
        ]
    names = [column.name for column in columns]
    twice = sorted({name for name in [*names, ID] if [*names, ID].count(name) > 1})
    if twice:
        raise ParseError(
            f"the shapes of a {kind}: found two properties for the column {', '.join(twice)}, expected one"
        )
    by_path = {column.path: column.name for column in columns}
    figures: tuple[str, ...] = ()
    if part is not None and not part.always:
        alternatives = shapes.groups(part.node_class)
        some = (path for paths, exactly, _ in alternatives if not exactly for path in paths)
        figures = tuple(dict.fromkeys(by_path[path] for path in some if path in by_path))
    groups = []
    for paths, exactly, message in shapes.groups(main):
        known = [by_path[path] for path in paths if path in by_path]
        if link in paths:
            known += _results(columns, figures)
            # Advice is a result too, and has no figure.
            known += [name for name in (by_path.get(_ADVICE),) if name is not None and name not in known]
        if known:
            groups.append(Group(tuple(known), exactly, message))
    needs = tuple(
        Need(by_path[where], by_path[path], message)
        for of in ((main,) if part is None else (main, part.node_class))
        for where, path, message in shapes.needs(of)
        if where in by_path and path in by_path
    )
    return Schema(kind, main, tuple(columns), figures, tuple(groups), needs, part, rules)


def _with_kinds(
    kind: Kind, columns: list[Column], shapes: Shapes
) -> tuple[list[Column], tuple[KindRule, ...]]:
    """Return columns with those that only some kinds of node have, and what each kind must and must not fill.

    The kinds are the classes of which a node is exactly one, by the shape of `kind`.
    """
    classes = shapes.kinds(_CLASSES[kind])
    if not classes:
        return columns, ()
    common = _CLASSES[kind].removeprefix(_RESCUE)
    short = [snake(name.removeprefix(_RESCUE).removesuffix(common)).replace("_", "-") for name in classes]
    own: dict[str, Column] = {}
    counted: dict[str, set[str]] = {}
    rules = []
    by_path = {column.path: column for column in columns}
    for name, node_class in zip(short, classes, strict=True):
        for column in shapes.columns(node_class, kind):
            if column.path not in by_path:
                own.setdefault(column.path, replace(column, required=False))
                counted.setdefault(column.path, set()).add(node_class)
        for path, least, most, message in shapes.counts(node_class):
            if least or most == 0:
                column = by_path.get(path) or own[path]
                rules.append(KindRule(name, node_class, column.name, bool(least), message))
    for path, column in own.items():
        having = [name for name, iri in zip(short, classes, strict=True) if iri in counted[path]]
        why = f"only a {' or '.join(having)} {kind} has it"
        rules += [
            KindRule(name, node_class, column.name, False, why)
            for name, node_class in zip(short, classes, strict=True)
            if node_class not in counted[path]
        ]
    said = f"What kind of {kind} it is."
    which = Column("kind", TYPE, kind, "node", 0, said, True, choices=classes, short=tuple(short))
    return [which, *columns, *own.values()], tuple(rules)


def _results(columns: Sequence[Column], figures: Sequence[str]) -> list[str]:
    """Return the figures that are a result: no measure, and no number that only bounds another."""
    bounds = {column.not_above for column in columns}
    by_name = {column.name: column for column in columns}
    return [name for name in figures if not by_name[name].is_reference and by_name[name].path not in bounds]
