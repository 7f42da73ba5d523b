"""Study import: bibliographies and trial registrations become rows of an evidence table of studies.

BibTeX, RIS, CSL-JSON, PubMed XML and ClinicalTrials.gov JSON are read, one module each. A row holds what its
record says and nothing else; a record that cannot be used is reported and the others go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rescue_kg.importing.records import COLUMNS, FORMATS, ImportReport, Problem, StudyRow, ToMap

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

__all__ = ["COLUMNS", "FORMATS", "ImportReport", "Problem", "StudyRow", "ToMap", "read", "read_all"]


def read(path: str | os.PathLike[str], format: str | None = None) -> ImportReport:  # noqa: A002
    """Return the studies of one file; the report is that of read_all()."""
    return read_all([path], format)


def read_all(paths: Iterable[str | os.PathLike[str]], format: str | None = None) -> ImportReport:  # noqa: A002
    """Return the studies of files, in order, each study once; `-` is standard input.

    The report has `rows` (StudyRow: text by column of the table of studies), `problems` (records and values
    that were left out), `to_map` (the conditions and interventions of registrations), and the numbers `read`,
    `written` and `left_out`. `format` is one of FORMATS; without it the suffix of a file tells, failing that
    its content.

    Raises UnknownFormatError for a format that is not known, InputError or ParseError for a file that cannot
    be read or holds no record, NotAvailableError without the parser that the format needs.
    """
    from rescue_kg.importing.assembly import Assembly
    from rescue_kg.importing.sources import opened, reader

    assembly = Assembly()
    for path in paths:
        with opened(path) as source:
            assembly.add(source.name, reader(source, format))
    return assembly.report()
