"""What became of tables: how many rows were read, loaded and rejected, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rescue_kg.answers import Answer

if TYPE_CHECKING:
    from rescue_kg.tables.columns import Kind

__all__ = ["Reject", "Report", "TableReport"]


class Reject(NamedTuple):
    """One thing that is wrong with a row; `column` is empty where it is the whole row."""

    table: str
    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class TableReport:
    """What became of one table; `rejects` is the file that lists what was rejected, where there is one."""

    table: str
    kind: Kind
    read: int
    rejected: int
    rejects: str | None

    @property
    def loaded(self) -> int:
        """The number of rows that are good: those that were loaded, or would be."""
        return self.read - self.rejected


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the tables of a dataset.

    `first_rejects` are the first 1,000 of `faults` faults, table by table, in the order of rows. `statements`
    is the number of statements of the dataset after it was loaded or written, and None where nothing was.
    """

    dataset: str
    tables: tuple[TableReport, ...]
    first_rejects: tuple[Reject, ...]
    faults: int
    statements: int | None

    @property
    def read(self) -> int:
        """The number of rows of all tables."""
        return sum(table.read for table in self.tables)

    @property
    def loaded(self) -> int:
        """The number of good rows of all tables."""
        return sum(table.loaded for table in self.tables)

    @property
    def rejected(self) -> int:
        """The number of rejected rows of all tables."""
        return sum(table.rejected for table in self.tables)

    @property
    def ok(self) -> bool:
        """Whether no row was rejected."""
        return not self.rejected

    def __repr__(self) -> str:
        return (
            f"<Report of {self.dataset}: {self.read} rows read, {self.loaded} good, {self.rejected} rejected>"
        )

    def to_answer(self) -> Answer:
        """Return a row for each table: table, kind (texts), read, loaded, rejected (numbers), rejects."""
        columns = ("table", "kind", "read", "loaded", "rejected", "rejects")
        rows = [
            (table.table, table.kind, table.read, table.loaded, table.rejected, table.rejects)
            for table in self.tables
        ]
        return Answer(columns, rows, f"Tables of the dataset {self.dataset}")

    def rejects(self) -> Answer:
        """Return the first 1,000 faults: table (text), row (number), column, value, reason (texts)."""
        return Answer(Reject._fields, [tuple(reject) for reject in self.first_rejects], "Rejected rows")
