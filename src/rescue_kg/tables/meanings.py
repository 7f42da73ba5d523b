"""What the names in cells stand for: nodes of the graph and of other rows, or why a name stands for none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rescue_kg.errors import RescueKgError, did_you_mean
from rescue_kg.namespaces import PREFIXES, contract, expand, is_iri
from rescue_kg.tables import references, rows
from rescue_kg.tables.names import MOST, key_of
from rescue_kg.tables.staging import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import ibis

    from rescue_kg.tables.columns import Column
    from rescue_kg.tables.engine import Engine
    from rescue_kg.tables.names import Nodes

__all__ = ["Meanings"]

#: A reason with near names is made for so many names that are not known.
_HINTS: Final = 300
#: Pairs of an unknown and a known name that are looked at in all, some 50 microseconds each.
_PAIRS: Final = 40_000
#: Of the nodes that these columns name, the label of a row without one is made.
_LABELLED: Final = ("about_state", "about_intervention", "comparator", "about_outcome")


class Meanings:
    """What the rows of one kind name in their columns of `references`."""

    def __init__(
        self, engine: Engine, kind: str, cleaned: ibis.Table, columns: Sequence[Column], nodes: Nodes
    ) -> None:
        self._engine = engine
        self._kind = kind
        self._rows = cleaned
        self._references = columns
        self._nodes = nodes
        #: For each key one of its columns; others with this key take the same nodes.
        self._columns = {key_of(column): column for column in columns}

    def known(self, others: Iterable[ibis.Table]) -> ibis.Table | None:
        """Return what every value names, or why it names nothing; None without columns that name nodes.

        `others` are names of nodes that other rows make, as references.names_of_rows() gives them.
        """
        if not self._references:
            return None
        wanted = references.wanted(self._rows, self._references)
        wanted = self._engine.keep(f"{self._kind}_wanted", wanted)
        names = self._of_graph(wanted)
        for more in others:
            names = names.union(more)
        names = self._engine.view(f"{self._kind}_names", names)
        found = self._engine.keep(f"{self._kind}_found", references.resolved(wanted, names))
        types = {"key": "string", "value": "string", "reason": "string"}
        faults = self._engine.store(f"{self._kind}_faults", batches(self._faults(found, names), types), types)
        return self._engine.keep(f"{self._kind}_known", rows.known(found, faults, self._labels(found)))

    def _of_graph(self, wanted: ibis.Table) -> ibis.Table:
        """Give the engine the names of the graph's nodes."""
        values: dict[str, list[str]] = {key: [] for key in self._columns}
        for key, value in self._engine.rows(wanted.select("key", "value")):
            values[key].append(value)
        found = (
            name for key, column in self._columns.items() for name in self._nodes.names(column, values[key])
        )
        return self._engine.store(f"names_{self._kind}", batches(found, references.NAMES), references.NAMES)

    def _labels(self, found: ibis.Table) -> ibis.Table:
        """Return the labels of those nodes that the labels of rows without one are made of."""
        columns = [column for column in self._references if column.name in _LABELLED]
        types = {"node": "string", "label": "string"}
        pairs: Iterable[tuple[str, str]] = ()
        if columns:
            bare = references.wanted(self._rows.filter(self._rows.label.isnull()), columns)
            iris = found.semi_join(bare, ["key", "value"])
            iris = iris.filter(iris.iri.notnull()).select("iri").distinct()
            pairs = ((iri, self._nodes.label(iri)) for (iri,) in self._engine.rows(iris))
        return self._engine.store(f"labels_{self._kind}", batches(pairs, types), types)

    def _faults(self, found: ibis.Table, names: ibis.Table) -> Iterator[tuple[str, str, str]]:
        """Yield (key, value, reason) for values that name no node, or more than one."""
        near: dict[str, list[str]] = {}
        pairs = 0
        unknown = found.filter(found.iri.isnull()).order_by("key", "value")
        values = self._engine.rows(unknown.select("key", "value", "candidates"))
        for place, (key, value, candidates) in enumerate(values):
            if not value:
                yield key, value, rows.EMPTY
            elif candidates:
                listed = ", ".join(sorted(map(contract, candidates.split(" "))))
                yield key, value, f"found a name of more than one node: {listed}; expected one of these"
            elif place < _HINTS:
                if key not in near:
                    near[key] = self._near(key, names)
                pairs += len(near[key])
                yield (
                    key,
                    value,
                    self._unknown(value, self._columns[key], near[key] if pairs <= _PAIRS else []),
                )

    def _near(self, key: str, names: ibis.Table) -> list[str]:
        """Return the names that an unknown one may have meant; none where they are too many."""
        mine = names.filter(names.key == key).select("name").distinct().limit(MOST + 1)
        found = [name for (name,) in self._engine.rows(mine)]
        return [] if len(found) > MOST else found

    def _unknown(self, value: str, column: Column, near: list[str]) -> str:
        """Return why a value names nothing, with a name that may have been meant."""
        expected = "a " + (" or ".join(map(contract, column.classes)) or "value of this column")
        if column.short:
            expected = "one of " + ", ".join(column.short)
        if is_iri(value) or value.partition(":")[0] in PREFIXES:
            iri = _expanded(value)
            classes = self._nodes.classes_of(iri) if iri else []
            if classes:
                return f"found a {', '.join(classes)}, expected {expected}"
            near = [name for name in near if is_iri(name) == is_iri(value) and ":" in name]
        else:
            near = [name for name in near if not is_iri(name) and name.partition(":")[0] not in PREFIXES]
        return f"found the name of no known node, expected {expected}{did_you_mean(value, near)}"


def _expanded(value: str) -> str | None:
    try:
        return expand(value)
    except RescueKgError:
        return None
