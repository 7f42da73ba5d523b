"""The shapes as a graph, and what the columns of tables need of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from rescue_kg.errors import ParseError
from rescue_kg.namespaces import ONTOLOGY_GRAPH, PREFIXES, contract
from rescue_kg.rdf_lists import list_members
from rescue_kg.store import Store
from rescue_kg.tables.columns import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set
    from pathlib import Path

__all__ = ["Shapes", "snake"]

_RDF, _RDFS, _SH, _XSD = (PREFIXES[name] for name in ("rdf", "rdfs", "sh", "xsd"))

_PRINTED: Final = "AsPrinted"
_DATATYPES: Final = {
    _RDF + "langString": "langString",
    **{
        _XSD + name: name
        for name in ("string", "decimal", "integer", "boolean", "anyURI", "date", "gYear", "gYearMonth")
    },
}


class Shapes:
    """The shape files as a graph, and what the columns need of it."""

    def __init__(self, files: Sequence[Path], without: Set[str]) -> None:
        self.without = without
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
                elif path not in self.without:
                    found[path] = self._column(node, path, subject)
        for path, column in sorted(found.items(), key=lambda item: (item[1].order, item[1].name)):
            yield _with_printed(column, printed.get(path))

    def kinds(self, node_class: str) -> tuple[str, ...]:
        """Return the classes of which a node of a class is exactly one, by an sh:xone over sh:class."""
        return tuple(
            iri.value
            for shape in self._targeting(node_class)
            for start in self.objects(shape, "xone")
            for member in self._members(start)
            for iri in self.objects(member, "class")
            if isinstance(iri, ox.NamedNode)
        )

    def counts(self, node_class: str) -> Iterator[tuple[str, int, int | None, str]]:
        """Yield (property, sh:minCount or 0, sh:maxCount, message) for each property of a class."""
        for shape in self._targeting(node_class):
            for node in self.objects(shape, "property"):
                for path in self.objects(node, "path"):
                    if isinstance(path, ox.NamedNode):
                        least, most = self._whole(node, "minCount") or 0, self._whole(node, "maxCount")
                        yield path.value, least, most, self._text(node, "message") or ""

    def groups(self, node_class: str) -> Iterator[tuple[tuple[str, ...], bool, str]]:
        """Yield (properties, exactly one, message) for each sh:or and sh:xone that asks for some."""
        for members, exactly, message in self._alternatives(node_class):
            if all(there for _, there in members):
                yield tuple(dict.fromkeys(path for path, _ in members)), exactly, message

    def needs(self, node_class: str) -> Iterator[tuple[str, str, str]]:
        """Yield (property, property that it needs, message) for each sh:or of one missing, another there."""
        for members, exactly, message in self._alternatives(node_class):
            missing = [path for path, there in members if not there]
            needed = [path for path, there in members if there]
            if not exactly and len(missing) == len(needed) == 1:
                yield missing[0], needed[0], message

    def _alternatives(self, node_class: str) -> Iterator[tuple[list[tuple[str, bool]], bool, str]]:
        """Yield the members of each sh:or and sh:xone about properties: path, whether it must be there."""
        for shape in self._targeting(node_class):
            message = self._text(shape, "message") or ""
            for name, exactly in (("or", False), ("xone", True)):
                for start in self.objects(shape, name):
                    members = [
                        (path.value, bool(self._whole(node, "minCount")))
                        for member in self._members(start)
                        for node in self.objects(member, "property")
                        for path in self.objects(node, "path")
                        if isinstance(path, ox.NamedNode)
                        and (self._whole(node, "minCount") or self._whole(node, "maxCount") == 0)
                    ]
                    if members:
                        yield members, exactly, message

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
        name = snake(re.split(r"[/#]", path)[-1])
        classes = self._classes(node)
        choices = tuple(
            _plain(term) for start in self.objects(node, "in") for term in list_members(self.store, start)
        )
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
        above, over = self.objects(node, "lessThanOrEquals"), self.objects(node, "lessThan")
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
            below=next((term.value for term in over if isinstance(term, ox.NamedNode)), None),
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
            isinstance(term, ox.NamedNode)
            for start in self.objects(node, "in")
            for term in list_members(self.store, start)
        )

    def _members(self, start: ox.NamedNode | ox.BlankNode) -> list[ox.NamedNode | ox.BlankNode]:
        return [
            term for term in list_members(self.store, start) if isinstance(term, ox.NamedNode | ox.BlankNode)
        ]

    def _term(self, node: ox.NamedNode | ox.BlankNode, name: str) -> ox.NamedNode | ox.Literal | None:
        found = next(self.store.native.quads_for_pattern(node, ox.NamedNode(_SH + name), None), None)
        return found.object if found and isinstance(found.object, ox.NamedNode | ox.Literal) else None

    def _text(self, node: ox.NamedNode | ox.BlankNode, name: str) -> str | None:
        term = self._term(node, name)
        return term.value if isinstance(term, ox.Literal) else None

    def _whole(self, node: ox.NamedNode | ox.BlankNode, name: str) -> int | None:
        text = self._text(node, name)
        return None if text is None else int(text)


def snake(name: str) -> str:
    """Return the local name of a property or class in small letters: `about_state` for `aboutState`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _with_printed(column: Column, printed: str | None) -> Column:
    from dataclasses import replace

    return column if printed is None else replace(column, printed=printed)


def _plain(term: ox.NamedNode | ox.BlankNode | ox.Literal) -> str:
    return term.value
