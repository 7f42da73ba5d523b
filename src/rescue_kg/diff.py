"""What changed between two graphs: in terms, in claims, and statement by statement."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from rescue_kg import components
from rescue_kg.answers import Iri
from rescue_kg.arrangement import RDF_TYPE, SECTIONS, Arrangement, natural
from rescue_kg.errors import InputError
from rescue_kg.manchester import AXIOMS, axioms, expression, plain, text_of
from rescue_kg.namespaces import BASE, ONTOLOGY_GRAPH, PREFIXES, contract
from rescue_kg.store import Store
from rescue_kg.validation import stated

if TYPE_CHECKING:
    from rescue_kg.arrangement import Node
    from rescue_kg.components import Parts
    from rescue_kg.graph import RescueGraph

__all__ = ["Change", "Difference", "Field", "Side", "compare"]

_LABEL: Final = PREFIXES["rdfs"] + "label"
_INDIVIDUAL: Final = ox.NamedNode(PREFIXES["owl"] + "NamedIndividual")
#: Sections whose nodes are claims (or findings) rather than terms.
_CLAIMS: Final = ("Claims and their mentions", "Findings and their estimates")
#: A node that one of these leads to is told as a part of the node that it belongs to.
_PARTS: Final = (BASE + "hasMention", BASE + "hasEstimate")
#: The main file of a release folder.
_MAIN: Final = "rescue.ttl"


@dataclass(frozen=True, slots=True)
class Field:
    """A property of a node with the values, as text, that only the old or only the new graph has."""

    property: Iri
    label: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one node: `change` is added, removed or changed; `section` is its head in the layout.

    `fields` are what differs, for an added or removed node all it had. `parts` are the mentions of a claim
    and the estimates of a finding that changed.
    """

    node: Iri
    label: str
    section: str
    change: str
    fields: tuple[Field, ...]
    parts: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the graphs compared: where it was read, its owl:versionInfo, and how many statements it has."""

    source: str
    version: str | None
    statements: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one graph to another.

    `header` and `terms` (vocabulary and nodes) and `claims` (with findings) tell it node by node; the axioms
    are the general ones, which have no subject of their own. `removed` and `added` are the statements, all of
    them, so that the graphs are isomorphic exactly when both are empty.
    """

    old: Side
    new: Side
    header: tuple[Change, ...]
    terms: tuple[Change, ...]
    claims: tuple[Change, ...]
    removed_axioms: tuple[str, ...]
    added_axioms: tuple[str, ...]
    removed: Parts
    added: Parts

    @property
    def same(self) -> bool:
        """Whether the graphs are isomorphic."""
        return not len(self.removed) and not len(self.added)

    def __repr__(self) -> str:
        return (
            f"<Difference: {len(self.terms)} terms, {len(self.claims)} claims; "
            f"{len(self.removed)} statements removed, {len(self.added)} added>"
        )

    def to_text(self, *, statements: bool = False) -> str:
        """Return the difference for a reader; with `statements`, every statement as a line of N-Triples."""
        from rescue_kg.diff_report import to_text

        return to_text(self, statements=statements)

    def to_dict(self) -> dict[str, object]:
        """Return the whole difference as dicts, lists and texts that `json` can write; IRIs in full."""
        from rescue_kg.diff_report import to_dict

        return to_dict(self)


def compare(
    old: str | os.PathLike[str] | RescueGraph, new: str | os.PathLike[str] | RescueGraph
) -> Difference:
    """Return what changed from `old` to `new`: files in any RDF format, release folders, or graphs.

    What the graphs state is compared, all named graphs together; graphs that the rules wrote are left aside.
    Blank nodes are equal where what hangs together with them is. Raises InputError or ParseError for a file
    that cannot be read.
    """
    before, after = _View(old), _View(new)
    removed, added = components.compare(before.parts, after.parts)
    changes = _changes(before, after)
    return Difference(
        old=before.side,
        new=after.side,
        header=tuple(change for change in changes if change.section == SECTIONS[0]),
        terms=tuple(change for change in changes if change.section not in (SECTIONS[0], *_CLAIMS)),
        claims=tuple(change for change in changes if change.section in _CLAIMS),
        removed_axioms=tuple(sorted((before.axioms - after.axioms).elements())),
        added_axioms=tuple(sorted((after.axioms - before.axioms).elements())),
        removed=removed,
        added=added,
    )


class _View:
    """One graph as a reader sees it: its nodes in sections, the values of each as text."""

    def __init__(self, source: str | os.PathLike[str] | RescueGraph) -> None:
        name, store = _read(source)
        self.parts = components.split(quad.triple for quad in stated(store).quads())
        self._arrangement = Arrangement(components.quads(self.parts))
        count = len(self.parts.ground) + sum(map(len, self.parts.components.elements()))
        self.sections: dict[ox.NamedNode, str] = {}
        self.axioms: Counter[str] = Counter()
        for head, subjects in self._arrangement.sections():
            for subject in subjects:
                if isinstance(subject, ox.NamedNode):
                    self.sections[subject] = head
                elif not self._arrangement.is_labelled(subject):
                    self.axioms[self._general(subject)] += 1
        header = [node for node, head in self.sections.items() if head == SECTIONS[0]]
        versions = self.literals(header[0], PREFIXES["owl"] + "versionInfo") if header else []
        self.side = Side(name, versions[0] if versions else None, count)

    @cached_property
    def owners(self) -> dict[ox.NamedNode, ox.NamedNode]:
        """Mention or estimate -> the claim or finding that it belongs to."""
        return {
            term: node
            for node in self.sections
            for predicate, objects in self._arrangement.predicates(node)
            if predicate.value in _PARTS
            for term in objects
            if isinstance(term, ox.NamedNode)
        }

    def label(self, node: ox.NamedNode) -> str:
        """Return the first label of a node, or an empty text."""
        return next(iter(self.literals(node, _LABEL)), "")

    def literals(self, node: Node, iri: str) -> list[str]:
        """Return the texts of one property of a node, in reading order."""
        objects = dict(self._arrangement.predicates(node)).get(ox.NamedNode(iri), [])
        return [term.value for term in objects if isinstance(term, ox.Literal)]

    def values(self, node: ox.NamedNode) -> dict[ox.NamedNode, list[str]]:
        """Return property -> values as text, in reading order; nothing for a node that is not there."""
        found: dict[ox.NamedNode, list[str]] = {}
        for predicate, objects in self._arrangement.predicates(node):
            # Every individual is declared as one; the other types tell what it is.
            terms = [term for term in objects if predicate != RDF_TYPE or term != _INDIVIDUAL]
            if terms:
                found[predicate] = [plain(expression(self._arrangement, term, predicate)) for term in terms]
        return found

    def _general(self, subject: Node) -> str:
        found = axioms(self._arrangement, subject)
        if found:
            return "; ".join(f"{axiom.keyword}: {plain(axiom.words)}" for axiom in found)
        return "; ".join(
            f"{text_of(predicate)}: "
            + ", ".join(plain(expression(self._arrangement, term, predicate)) for term in objects)
            for predicate, objects in self._arrangement.predicates(subject)
        )


def _read(source: str | os.PathLike[str] | RescueGraph) -> tuple[str, Store]:
    if not isinstance(source, str | os.PathLike):
        return repr(source), source.store
    path = os.fspath(source)
    file = path
    if os.path.isdir(path):  # noqa: PTH112
        file = os.path.join(path, _MAIN)  # noqa: PTH118
        if not os.path.isfile(file):  # noqa: PTH113
            raise InputError(
                f"{path}: found a folder without {_MAIN}, expected a release folder or a file of RDF"
            )
    store = Store()
    store.load_file(file, graph=ONTOLOGY_GRAPH)
    if not len(store):
        raise InputError(f"{file}: found no statement, expected a graph to compare")
    return path, store


def _changes(before: _View, after: _View) -> list[Change]:
    """Return the changes of all nodes in reading order, parts within the nodes that they belong to."""
    sections = {**before.sections, **after.sections}
    owners = {**before.owners, **after.owners}
    whole: dict[ox.NamedNode, Change] = {}
    parts: defaultdict[ox.NamedNode, list[Change]] = defaultdict(list)
    for node in sorted(sections, key=lambda node: (SECTIONS.index(sections[node]), natural(node.value))):
        change = _change(node, sections[node], before, after)
        owner = owners.get(node)
        if owner is None or owner not in sections or owner in owners:
            whole[node] = change
        elif change.fields:
            parts[owner].append(change)
    return [
        replace(change, parts=tuple(parts[node]))
        for node, change in whole.items()
        if change.fields or parts[node]
    ]


def _change(node: ox.NamedNode, section: str, before: _View, after: _View) -> Change:
    """Return what became of a node; one that stayed as it was has no fields."""
    kind = "added" if node not in before.sections else "removed" if node not in after.sections else "changed"
    old, new = before.values(node), after.values(node)
    fields = []
    for predicate in {**new, **old}:
        earlier, later = old.get(predicate, []), new.get(predicate, [])
        removed, added = _beyond(earlier, later), _beyond(later, earlier)
        if removed or added:
            name = _name(predicate, before, after)
            fields.append(Field(Iri(predicate.value), name, removed, added))
    label = after.label(node) or before.label(node) or contract(node.value)
    return Change(Iri(node.value), label, section, kind, tuple(fields))


def _beyond(one: list[str], other: list[str]) -> tuple[str, ...]:
    """Return the values that `one` has more often than `other`, in the order of `one`."""
    return tuple((Counter(one) - Counter(other)).elements())


def _name(predicate: ox.NamedNode, before: _View, after: _View) -> str:
    if predicate == RDF_TYPE:
        return "type"
    keyword = AXIOMS.get(predicate.value)
    label = keyword or after.label(predicate) or before.label(predicate)
    return label or text_of(predicate).rpartition(":")[2]
