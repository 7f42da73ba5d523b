"""Tells good rows from bad: checks every row, beside the graph and the other rows, in the engine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rescue_kg.namespaces import PREFIXES
from rescue_kg.tables import checks, lines, references, rows, texts
from rescue_kg.tables.meanings import Meanings
from rescue_kg.tables.names import key_of
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
        self.meanings = Meanings(engine, self.kind, cleaned, self.references, nodes)
        self.taken = self._taken()

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
        known = self.known = self.meanings.known(extra)
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

    def _taken(self) -> ibis.Table:
        """Return the nodes of the graph that rows may not make again."""
        classes = [self.schema.node_class]
        found: Iterable[str] | None = self.nodes.few(classes)
        if found is None:
            ids = self.engine.rows(self.rows.filter(self.rows.id.notnull()).select("id").distinct())
            found = self.nodes.among((PREFIXES[self.kind] + name for (name,) in ids), classes)
        types = {"_known": "string"}
        return self.engine.store(f"taken_{self.kind}", batches(((iri,) for iri in found), types), types)
