"""What the documentation is made of: sections of entries, each with rows and axioms, and their places."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rescue_kg.namespaces import BASE, contract

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyoxigraph as ox

    from rescue_kg.manchester import Axiom, Word

__all__ = ["Entry", "Glossary", "Row", "Section", "anchor"]


@dataclass(frozen=True)
class Row:
    """One line about an entry: what it tells (`property` is its IRI where it has one), and the values."""

    heading: str
    values: tuple[tuple[Word, ...], ...]
    property: ox.NamedNode | None = None


@dataclass
class Entry:
    """One term or node; `axioms` are read in Manchester words, `rows` in labels."""

    node: ox.NamedNode
    anchor: str
    curie: str
    label: str
    definition: str
    kind: str = ""
    axioms: list[Axiom] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    parts: list[Entry] = field(default_factory=list)
    below: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    """One section of the documentation; `roots` are the entries that hang under no other one.

    `vocabulary` says that it holds declared terms, `external` that they are of other vocabularies.
    """

    title: str
    anchor: str
    vocabulary: bool
    external: bool
    entries: tuple[Entry, ...]
    roots: tuple[Entry, ...]


@dataclass(frozen=True)
class Glossary:
    """All sections, the general axioms, and for every node its place and its label on the page.

    `names` are the labels of terms of other vocabularies, by IRI.
    """

    sections: tuple[Section, ...]
    axioms: tuple[Axiom, ...]
    anchors: dict[ox.NamedNode, str]
    labels: dict[ox.NamedNode, str]
    names: Mapping[str, str]


def anchor(iri: str) -> str:
    """Return the place of a term on the page: its local name, `kind/slug` for a node, else its CURIE."""
    return iri.removeprefix(BASE) if iri.startswith(BASE) else contract(iri)
