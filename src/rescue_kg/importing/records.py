"""What readers hand on and what comes out: records, rows of the table of studies, problems, the report."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rescue_kg.answers import Answer
    from rescue_kg.graph import RescueGraph

__all__ = [
    "COLUMNS",
    "DESIGN_NOT_STATED",
    "FORMATS",
    "Creator",
    "Fault",
    "ImportReport",
    "Problem",
    "Record",
    "StudyRow",
    "ToMap",
]

#: What read() takes as a format.
FORMATS: Final = ("bibtex", "ris", "csl-json", "pubmed", "clinicaltrials")

DESIGN_NOT_STATED: Final = "design-not-stated"


@dataclass(frozen=True, slots=True)
class Creator:
    """An author: the whole name, first name first, and the part that the author is called by."""

    name: str
    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one record of a file says, as it stands there: values are not yet looked at, empty is empty.

    `entry` names the record for a reader. `name` is what the study is called where the record says so,
    otherwise authors and year make the label; `others` says that more authors exist than are listed.
    `registration` is set by a register of trials only: a publication has a registry id too, and shares it
    with the other publications of its trial. `doubts` are values that the format could not tell, each as
    found and expected.
    """

    entry: str
    title: str
    name: str = ""
    alt_label: str = ""
    creators: tuple[Creator, ...] = ()
    others: bool = False
    year: str = ""
    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str = ""
    pmid: str = ""
    registration: str = ""
    registry_ids: tuple[str, ...] = ()
    design: str = DESIGN_NOT_STATED
    participants: str = ""
    notes: tuple[str, ...] = ()
    link: str = ""
    conditions: tuple[str, ...] = ()
    interventions: tuple[str, ...] = ()
    doubts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that cannot be read, and why."""

    entry: str
    found: str
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRow:
    """One row of a table of studies: the text of each cell; several values are separated by `; `."""

    id: str
    label: str
    alt_label: str = ""
    title: str
    creator: str = ""
    year: str = ""
    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str = ""
    design: str = DESIGN_NOT_STATED
    participants: str = ""
    registry_id: str = ""
    editorial_note: str = ""
    pmid: str = ""
    link: str = ""


#: The columns of the table that is written.
COLUMNS: Final = tuple(field.name for field in fields(StudyRow))


@dataclass(frozen=True, slots=True)
class Problem:
    """What was left out: a whole record, or one value of it; `str()` is one line for a reader."""

    file: str
    entry: str
    found: str
    expected: str
    whole_record: bool = True

    def __str__(self) -> str:
        """Return file, entry, what was found, what was expected, and what became of it."""
        outcome = "left out" if self.whole_record else "its cell stays empty"
        line = f"{self.file}: {self.entry}: found {self.found}, expected {self.expected}; {outcome}"
        return " ".join(line.split())


@dataclass(frozen=True, slots=True)
class ToMap:
    """A condition or an intervention of a registration: id of the study, kind, text as registered."""

    study: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of an import; `read` counts records, and is `written` plus `left_out`."""

    rows: tuple[StudyRow, ...]
    problems: tuple[Problem, ...]
    to_map: tuple[ToMap, ...]
    read: int

    @property
    def written(self) -> int:
        """The number of records that became a row."""
        return len(self.rows)

    @property
    def left_out(self) -> int:
        """The number of records that did not become a row."""
        return sum(problem.whole_record for problem in self.problems)

    def summary(self) -> str:
        """Return the numbers as one line."""
        values = len(self.problems) - self.left_out
        line = f"{self.read} read, {self.written} written, {self.left_out} left out"
        return f"{line}; {values} {'value' if values == 1 else 'values'} left out" if values else line

    def to_tsv(self) -> str:
        """Return the rows as TSV, COLUMNS first; lines end in LF, a cell that holds a quote is quoted."""
        import csv
        import io

        table = io.StringIO()
        writer = csv.writer(table, delimiter="\t", lineterminator="\n")
        writer.writerows((COLUMNS, *map(astuple, self.rows)))
        return table.getvalue()

    def mappings(self, graph: RescueGraph) -> Answer:
        """Return what is known of the registered conditions and interventions, one row each.

        Columns, all text: study (id), kind (condition or intervention), text (as registered), node (CURIE of
        the node that has this very name, else empty), near (names or CURIEs that may be meant; a person
        decides).
        """
        from rescue_kg.importing.mapping import mappings

        return mappings(self.to_map, graph)
