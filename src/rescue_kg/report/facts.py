"""An index over the asserted statements of a graph: what each node says, and the names to show it by."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from rescue_kg.answers import Iri, to_value
from rescue_kg.namespaces import PREFIXES, contract, expand
from rescue_kg.rules import is_derived

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rescue_kg.answers import Value
    from rescue_kg.graph import RescueGraph

__all__ = ["Facts"]

_TYPE: Final = PREFIXES["rdf"] + "type"
_LABEL: Final = PREFIXES["rdfs"] + "label"
_SUBCLASS: Final = PREFIXES["rdfs"] + "subClassOf"


class Facts:
    """What the asserted graphs say, by subject and property; properties are named by CURIE.

    `asserted` and `inferred` count the statements of the two sorts.
    """

    def __init__(self, graph: RescueGraph) -> None:
        found: defaultdict[tuple[str, str], list[Value]] = defaultdict(list)
        languages: dict[str, str] = {}
        self._instances: defaultdict[str, set[str]] = defaultdict(set)
        self._narrower: defaultdict[str, set[str]] = defaultdict(set)
        self.asserted = self.inferred = 0
        for quad in graph.store.quads(None):
            if is_derived(quad.graph_name):
                self.inferred += 1
                continue
            self.asserted += 1
            if not isinstance(quad.subject, ox.NamedNode):
                continue
            subject, name = quad.subject.value, quad.predicate.value
            value = to_value(quad.object)
            if value is None:
                continue
            if name == _TYPE:
                self._instances[str(value)].add(subject)
            elif name == _SUBCLASS:
                self._narrower[str(value)].add(subject)
            elif name == _LABEL and isinstance(quad.object, ox.Literal):
                # English first; another language only where there is no English.
                rank = f"{quad.object.language != 'en'}{quad.object.language or ''}{value}"
                if rank >= languages.get(subject, "~"):
                    continue
                languages[subject] = rank
                found[subject, name] = [value]
                continue
            found[subject, name].append(value)
        self._found = {key: sorted(set(values), key=str) for key, values in found.items()}

    def values(self, iri: str, name: str) -> list[Value]:
        """Return the values of a property of a node, sorted; the property as a CURIE."""
        return self._found.get((iri, expand(name)), [])

    def nodes(self, iri: str, name: str) -> list[Iri]:
        """Return those values of a property that are nodes."""
        return [value for value in self.values(iri, name) if isinstance(value, Iri)]

    def node(self, iri: str, name: str) -> Iri | None:
        """Return the first node that a property leads to, or None."""
        return next(iter(self.nodes(iri, name)), None)

    def text(self, iri: str, name: str) -> str:
        """Return the first value of a property as text, or an empty text."""
        return next((str(value) for value in self.values(iri, name)), "")

    def number(self, iri: str, name: str) -> int | None:
        """Return the first whole number that a property holds, or None."""
        return next((value for value in self.values(iri, name) if type(value) is int), None)

    def label(self, iri: str) -> str:
        """Return the label of a node, or its CURIE where it has none."""
        return self.text(iri, "rdfs:label") or contract(iri)

    def labels(self, iris: Iterable[str]) -> list[str]:
        """Return the labels of several nodes, in their order."""
        return [self.label(iri) for iri in iris]

    def classes_under(self, name: str) -> set[str]:
        """Return a class and all classes below it, as IRIs; the class as a CURIE."""
        waiting, below = [expand(name)], set[str]()
        while waiting:
            one = waiting.pop()
            if one not in below:
                below.add(one)
                waiting += self._narrower[one]
        return below

    def instances(self, name: str) -> list[Iri]:
        """Return the asserted instances of a class and of the classes below it, sorted."""
        return sorted({Iri(iri) for one in self.classes_under(name) for iri in self._instances[one]})

    def kind(self, iri: str, under: str) -> Iri | None:
        """Return the most specific asserted class of a node below the class `under`, or None."""
        allowed = self.classes_under(under)
        own = [one for one in self.nodes(iri, "rdf:type") if one in allowed]
        return next(
            (
                one
                for one in own
                if not any(other in self.classes_under(one) and other != one for other in own)
            ),
            None,
        )
