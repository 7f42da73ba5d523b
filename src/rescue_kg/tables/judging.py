"""Tells good rows from bad: finds the nodes that rows name, and checks every row, in the engine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rescue_kg.errors import RescueKgError, did_you_mean
from rescue_kg.namespaces import PREFIXES, contract, expand, is_iri
from rescue_kg.tables import checks, lines, references, rows, texts
from rescue_kg.tables.names import MOST, key_of
from rescue_kg.tables.reading import COUNT, PLACES
from rescue_kg.tables.staging import batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import ibis

    from rescue_kg.tables.columns import Column, Schema
    from rescue_kg.tables.engine import Engine
    from rescue_kg.tables.names import Nodes
    from rescue_kg.tables.staging import Staged

__all__ = ["Judged", "clean", "judge"]

#: A reason with near names is made for so many names that are not known.
_HINTS = 300
#: Pairs of an unknown and a known name that are looked at in all, some 50 microseconds each.
_PAIRS = 40_000


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows of one kind: `good`, and those with a fault (`bad`: place of the row, cells and reasons).

    Where it `is_clean` no row has. `good` comes from the tables `sources`, each with the column that has the
    number of the row.
    """

    schema: Schema
    good: ibis.Table
    bad: ibis.Table
    columns: tuple[str, ...]
    is_clean: bool
    sources: Mapping[str, tuple[ibis.Table, str]]
    _good_of: Callable[[Mapping[str, ibis.Table]], ibis.Table]

    def block(self, graph: str | None = None, sources: Mapping[str, ibis.Table] | None = None) -> ibis.Table:
        """Return the statements of the good rows, as lines.block() does; with `sources`, of these."""
        return self.block_of(self.good if sources is None else self._good_of(sources), graph)

    def block_of(self, good: ibis.Table, graph: str | None = None) -> ibis.Table:
        """Return the statements of rows that are like the good ones, as lines.block() does."""
        return lines.block(good, self.schema, graph)

    def faults(self, engine: Engine) -> Iterator[tuple[int, int, str, str, str]]:
        """Yield (table, row, column, value, reason) for each fault, in the order of rows and columns."""
        if self.is_clean:
            return
        names = list(self.columns)
        kept = [f"_value_{name}" for name in names] + [f"_reason_{name}" for name in names]
        found = self.bad.order_by(COUNT).select("_table", *PLACES, *kept)
        for table, row, column, value, fault, *rest in engine.rows(found):
            if fault is not None:
                yield table, row, column or "", value or "", fault
                continue
            half = len(names)
            for name, cell, reason in zip(names, rest[:half], rest[half:], strict=True):
                if reason is not None:
                    yield table, row, name, cell or "", reason


def clean(engine: Engine, staged: Sequence[Staged]) -> list[ibis.Table]:
    """Return the rows of each kind with every cell as it counts."""
    return [engine.keep(f"{one.schema.kind}_rows", rows.cleaned(one.raw, one.schema)) for one in staged]


def judge(
    engine: Engine,
    staged: Sequence[Staged],
    cleaned: Sequence[ibis.Table],
    nodes: Nodes,
    paths: Sequence[str],
) -> list[Judged]:
    """Tell good rows from bad, studies before what names them; `cleaned` comes from clean().

    A row that names a study or a claim whose own row is bad is bad as well, and so on.
    """
    names = [os.path.basename(path) for path in paths]  # noqa: PTH119
    judges: list[_Judge] = []
    judged = []
    for table, kept in zip(staged, cleaned, strict=True):
        judges.append(_Judge(engine, table, kept, nodes, names))
        judged.append(judges[-1].judged(judges))
    return judged


class _Judge:
    """The judgement on the tables of one kind."""

    known: ibis.Table | None
    long: dict[str, ibis.Table]
    again: ibis.Table
    joined: ibis.Table
    numbered: ibis.Table
    bad: ibis.Table
    is_clean: bool
    wanted: ibis.Table

    def __init__(
        self, engine: Engine, staged: Staged, cleaned: ibis.Table, nodes: Nodes, paths: Sequence[str]
    ) -> None:
        self.engine = engine
        self.schema = staged.schema
        self.kind = staged.schema.kind
        self.nodes = nodes
        self.paths = paths
        self.rows = cleaned
        self.present = {
            *staged.present,
            *(column.name for column in self.schema.columns if column.default is not None),
        }
        self.columns = [column for column in self.schema.columns if column.name in self.present]
        self.references = [column for column in self.columns if column.is_reference]
        self._upload()

    def judged(self, judges: Sequence[_Judge]) -> Judged:
        """Return the judgement; `judges` are those of tables whose rows these rows may name, and this one."""
        named = [one for one in judges if self._naming(one)]
        self._look_at(named)
        bad = clean = self.bad
        for one in named:
            bad = self._fallen(bad, one)
            self.is_clean = self.is_clean and bad is clean
        sources = {
            "_rows": (self.rows, COUNT),
            "_again": (self.again, "_again"),
            **{name: (table, COUNT) for name, table in self.long.items()},
        }
        good = self.joined
        if not self.is_clean:
            sources["_bad"] = (bad, COUNT)
            good = self.engine.view(f"{self.kind}_good", good.anti_join(bad, COUNT))
        self.bad = bad
        return Judged(self.schema, good, bad, self.schema.names, self.is_clean, sources, self._good)

    def _good(self, sources: Mapping[str, ibis.Table]) -> ibis.Table:
        joined = self._joined(sources)
        return joined.anti_join(sources["_bad"], COUNT) if "_bad" in sources else joined

    def _joined(self, sources: Mapping[str, ibis.Table]) -> ibis.Table:
        """Return the rows of tables that may hold a part of all, beside what is found for their cells."""
        long = {name: sources[name] for name in self.long}
        present = tuple(self.present)
        return rows.joined(
            sources["_rows"], self.schema, self.known, long, present, sources["_again"], self.taken
        )

    def iris(self, which: ibis.Table) -> ibis.Table:
        """Return the IRIs of the nodes of rows, as `iri`."""
        return which.select(iri=rows.subject(which, self.kind)).distinct()

    def _naming(self, other: _Judge) -> list[Column]:
        """Return the columns that take nodes which the rows of another judge make."""
        return [column for column in self.references if other.schema.node_class in column.classes]

    def _fallen(self, bad: ibis.Table, other: _Judge) -> ibis.Table:
        """Return the bad rows with those that name a node whose own row, with another judge, is bad."""
        import ibis

        own = other is self
        columns = self._naming(other)
        if self.known is None or other.is_clean:
            return bad
        leans = []
        for column in columns:
            mine = references.listed(self.known, column)
            values = references.cells(self.rows, column)
            leaning = values.inner_join(mine, values.value == mine.value)
            leans.append(
                self.engine.keep(
                    f"{self.kind}_leans_{column.name}", leaning.select(values[COUNT], values.value, mine.iri)
                )
            )
        turn = 0
        judging = None
        while True:
            fallen = self.engine.keep(f"{self.kind}_fallen", other.lost(bad if own else other.bad))
            if not self.engine.count(fallen):
                return bad
            if judging is None:
                judging = self.engine.view(f"{self.kind}_judged", self._with_reasons(self.numbered))
            hits = []
            for lean in leans:
                found = lean.semi_join(fallen, "iri").anti_join(bad, COUNT)
                hits.append(found.group_by(COUNT).aggregate(hit=found.value.min()))
            both = judging
            for column, hit in zip(columns, hits, strict=True):
                both = (
                    both.left_join(hit, COUNT).drop(f"{COUNT}_right").rename({f"_hit_{column.name}": "hit"})
                )
            named = [both[f"_hit_{column.name}"] for column in columns]
            both = both.filter(ibis.coalesce(*named).notnull() if len(named) > 1 else named[0].notnull())
            changes = {}
            for column in columns:
                hit = both[f"_hit_{column.name}"]
                changes[f"_value_{column.name}"] = ibis.coalesce(hit, both[f"_value_{column.name}"])
                changes[f"_reason_{column.name}"] = ibis.ifelse(
                    hit.notnull(),
                    f"found a {other.kind} whose own row is rejected; mend that row",
                    ibis.null("string"),
                )
            more = self.engine.keep(
                f"{self.kind}_{other.kind}_bad_{turn}", both.mutate(**changes).select(*judging.columns)
            )
            if not self.engine.count(more):
                return bad
            turn += 1
            bad = self.engine.keep(f"{self.kind}_{other.kind}_bad_to_{turn}", bad.union(more))
            if not own:
                return bad

    def lost(self, bad: ibis.Table) -> ibis.Table:
        """Return, as `iri`, the nodes that only bad rows would have made."""
        import ibis

        made = bad.select(iri=ibis.literal(PREFIXES[self.kind]) + bad["_value_id"]).distinct()
        kept = self.iris(self.rows.filter(self.rows.id.notnull()).anti_join(bad, COUNT))
        graph = self.taken.select(iri=self.taken["_known"])
        return made.filter(made.iri.notnull()).anti_join(kept, "iri").anti_join(graph, "iri")

    def _look_at(self, named: Sequence[_Judge]) -> None:
        """Judge every row by itself, beside the graph and the other rows."""
        extra = []
        for other in named:
            usable = other.rows.filter(texts.is_slug(other.rows.id))
            for key in {key_of(column) for column in self._naming(other)}:
                extra.append(references.names_of_rows(usable, key, other.kind))
        known = self.known = self._known(extra)
        long = {}
        for column in self.columns:
            if rows.is_long(column):
                table = rows.several(self.rows, column, known)
                long[column.name] = self.engine.keep(f"{self.kind}_{column.name}", table)
        self.long = long
        ids = self.engine.keep(f"{self.kind}_shared", rows.shared(self.rows))
        if self.engine.count(ids):
            again = rows.repeated(self.rows, ids, self.schema, self.paths)
            self.again = self.engine.keep(f"{self.kind}_again", again)
        else:
            self.again = self.engine.store(f"{self.kind}_again", (), rows.REPEATED)
        joined = self._joined({"_rows": self.rows, "_again": self.again, **long})
        self.joined = self.engine.view(f"{self.kind}_joined", joined)
        self.numbered = self.engine.view(f"{self.kind}_numbered", rows.numbers(self.joined, self.schema))
        # Most rows, and most tables, have no fault: reasons are made for those only that have one.
        faulty = self.numbered.filter(checks.is_faulty(self.numbered, self.schema))
        kept = self.engine.keep(f"{self.kind}_faulty", faulty)
        self.is_clean = not self.engine.count(kept)
        if not self.is_clean:
            self.bad = self.engine.keep(f"{self.kind}_bad", self._with_reasons(kept))
        else:
            self.bad = self.engine.store(f"{self.kind}_bad", (), self._types)

    @property
    def _types(self) -> dict[str, str]:
        """The columns of bad rows: where a row stands, then its cells, then what is wrong with them."""
        beside = [f"_{what}_{name}" for what in ("value", "reason") for name in self.schema.names]
        whole = dict.fromkeys((COUNT, "_table", "_row"), "int64")
        return {name: whole.get(name, "string") for name in (COUNT, "_table", *PLACES, *beside)}

    def _with_reasons(self, numbered: ibis.Table) -> ibis.Table:
        """Return rows, from joined() with numbers(), as bad ones."""
        beside: dict[str, ibis.Value] = {}
        for name, why in checks.reasons(numbered, self.schema).items():
            cell = f"_bad_{name}" if f"_bad_{name}" in numbered.columns else name
            beside |= {f"_value_{name}": numbered[cell], f"_reason_{name}": why}
        found = numbered.select(COUNT, "_table", *PLACES, **beside)
        return found.select(*self._types)

    def _upload(self) -> None:
        """Give the engine the names of the graph's nodes, and the nodes that rows may not make again."""
        columns = {key_of(column): column for column in self.references}
        wanted: dict[str, list[str]] = {key: [] for key in columns}
        if columns:
            self.wanted = self.engine.keep(
                f"{self.kind}_wanted", references.wanted(self.rows, self.references)
            )
            for key, value in self.engine.rows(self.wanted.select("key", "value")):
                wanted[key].append(value)
        names = (name for key, column in columns.items() for name in self.nodes.names(column, wanted[key]))
        self.names = self.engine.store(
            f"names_{self.kind}", batches(names, references.NAMES), references.NAMES
        )
        made: Iterable[str] | None = self.nodes.few([self.schema.node_class])
        if made is None:
            ids = self.engine.rows(self.rows.filter(self.rows.id.notnull()).select("id").distinct())
            iris = (PREFIXES[self.kind] + name for (name,) in ids)
            made = self.nodes.among(iris, [self.schema.node_class])
        found = ((iri,) for iri in made)
        types = {"_known": "string"}
        self.taken = self.engine.store(f"taken_{self.kind}", batches(found, types), types)

    def _labels(self, found: ibis.Table) -> ibis.Table:
        """Return the labels of those nodes that the labels of rows without one are made of."""
        named = ("about_state", "about_intervention", "comparator", "about_outcome")
        columns = [column for column in self.references if column.name in named]
        types = {"node": "string", "label": "string"}
        pairs: Iterable[tuple[str, str]] = ()
        if columns:
            bare = references.wanted(self.rows.filter(self.rows.label.isnull()), columns)
            iris = found.semi_join(bare, ["key", "value"])
            iris = iris.filter(iris.iri.notnull()).select("iri").distinct()
            pairs = ((iri, self.nodes.label(iri)) for (iri,) in self.engine.rows(iris))
        return self.engine.store(f"labels_{self.kind}", batches(pairs, types), types)

    def _known(self, extra: list[ibis.Table]) -> ibis.Table | None:
        """Return what every value of every reference names, or why it names nothing."""
        if not self.references:
            return None
        names = self.names
        for more in extra:
            names = names.union(more)
        names = self.engine.view(f"{self.kind}_names", names)
        found = self.engine.keep(f"{self.kind}_found", references.resolved(self.wanted, names))
        types = {"key": "string", "value": "string", "reason": "string"}
        faults = self.engine.store(f"{self.kind}_faults", batches(self._faults(found, names), types), types)
        return self.engine.keep(f"{self.kind}_known", rows.known(found, faults, self._labels(found)))

    def _faults(self, found: ibis.Table, names: ibis.Table) -> Iterator[tuple[str, str, str]]:
        """Yield (key, value, reason) for values that name no node, or more than one."""
        columns = {key_of(column): column for column in self.references}
        near: dict[str, list[str]] = {}
        pairs = 0
        unknown = found.filter(found.iri.isnull()).order_by("key", "value")
        rows_ = self.engine.rows(unknown.select("key", "value", "candidates"))
        for place, (key, value, candidates) in enumerate(rows_):
            if not value:
                yield key, value, rows.EMPTY
            elif candidates:
                listed = ", ".join(sorted(map(contract, candidates.split(" "))))
                yield key, value, f"found a name of more than one node: {listed}; expected one of these"
            elif place < _HINTS:
                if key not in near:
                    near[key] = self._near(key, names)
                pairs += len(near[key])
                yield key, value, self._unknown(value, columns[key], near[key] if pairs <= _PAIRS else [])

    def _near(self, key: str, names: ibis.Table) -> list[str]:
        """Return the names that an unknown one may have meant; none where they are too many."""
        mine = names.filter(names.key == key).select("name").distinct().limit(MOST + 1)
        found = [name for (name,) in self.engine.rows(mine)]
        return [] if len(found) > MOST else found

    def _unknown(self, value: str, column: Column, near: list[str]) -> str:
        expected = "a " + (" or ".join(map(contract, column.classes)) or "value of this column")
        if column.short:
            expected = "one of " + ", ".join(column.short)
        wanted = value
        if is_iri(value) or value.partition(":")[0] in PREFIXES:
            iri = _expanded(value)
            classes = self.nodes.classes_of(iri) if iri else []
            if classes:
                return f"found a {', '.join(classes)}, expected {expected}"
            near = [name for name in near if is_iri(name) == is_iri(value) and ":" in name]
        else:
            near = [name for name in near if not is_iri(name) and name.partition(":")[0] not in PREFIXES]
        return f"found the name of no known node, expected {expected}{did_you_mean(wanted, near)}"


def _expanded(value: str) -> str | None:
    try:
        return expand(value)
    except RescueKgError:
        return None
