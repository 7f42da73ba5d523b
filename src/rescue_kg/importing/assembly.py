"""Makes rows of records: looks at each value, gives ids and labels, finds studies that came before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rescue_kg.errors import InputError
from rescue_kg.importing import values
from rescue_kg.importing.records import Fault, ImportReport, Problem, StudyRow, ToMap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rescue_kg.importing.records import Record

__all__ = ["Assembly"]

_WORDS_OF_A_SLUG: Final = 5
_WORDS_OF_A_LABEL: Final = 8


class Assembly:
    """Collects the rows of one table over any number of files."""

    def __init__(self) -> None:
        self._rows: list[StudyRow] = []
        self._problems: list[Problem] = []
        self._to_map: list[ToMap] = []
        self._read = 0
        self._ids: set[str] = set()
        self._labels: set[str] = set()
        self._numbers: dict[str, int] = {}
        # (kind of identifier, identifier) -> where the study that has it stands
        self._known: dict[tuple[str, str], str] = {}

    def report(self) -> ImportReport:
        """Return what has come together."""
        return ImportReport(tuple(self._rows), tuple(self._problems), tuple(self._to_map), self._read)

    def add(self, file: str, records: Iterable[Record | Fault]) -> None:
        """Add the records of a file. Raises InputError where there are none."""
        before = self._read
        for record in records:
            self._read += 1
            if isinstance(record, Fault):
                self._problems.append(Problem(file, record.entry, record.found, record.expected))
            else:
                self._add(file, record)
        if self._read == before:
            raise InputError(f"{file}: found no record, expected at least one")

    def _add(self, file: str, record: Record) -> None:
        title = values.plain(record.title)
        doubts = [Problem(file, record.entry, *doubt, whole_record=False) for doubt in record.doubts]
        if not title:
            self._problems += doubts
            self._problems.append(Problem(file, record.entry, "no title", "one"))
            return

        def looked_at(text: str, read: Callable[[str], str | None], what: str, expected: str) -> str:
            value = read(text) if text.strip() else ""
            if value is None:
                found = f"the {what} {values.plain(text)[:80]!r}"
                doubts.append(Problem(file, record.entry, found, expected, whole_record=False))
            return value or ""

        doi = looked_at(record.doi, values.doi, "DOI", "10.NNNN/suffix")
        pmid = looked_at(record.pmid, values.pmid, "PMID", "digits")
        year = looked_at(record.year, values.year, "year", "one year from 1800 to 2100")
        link = looked_at(record.link, values.link, "link", "an address with http or https")
        identifiers = [("DOI", doi), ("PMID", pmid), ("registry id", record.registration)]
        keys = [(kind, text.casefold()) for kind, text in identifiers if text]
        for (kind, text), key in zip([pair for pair in identifiers if pair[1]], keys, strict=True):
            if key in self._known:
                found = f"the {kind} {text} of an earlier record ({self._known[key]})"
                self._problems.append(Problem(file, record.entry, found, "each study once"))
                return
        self._problems += doubts
        slug, label = self._names(record, title, year)
        self._known |= dict.fromkeys(keys, f"{slug}, {file}, {record.entry}")
        self._rows.append(
            StudyRow(
                id=slug,
                label=label,
                alt_label=values.plain(record.alt_label),
                title=title,
                creator="; ".join(creator.name for creator in record.creators),
                year=year,
                journal=values.plain(record.journal),
                volume=values.plain(record.volume),
                issue=values.plain(record.issue),
                pages=values.pages(record.pages),
                doi=doi,
                design=record.design,
                participants=record.participants,
                registry_id="; ".join(dict.fromkeys(filter(None, map(values.plain, record.registry_ids)))),
                # Within a note the separator of a cell would make two of it.
                editorial_note="; ".join(values.plain(note).replace("; ", ", ") for note in record.notes),
                pmid=pmid,
                link=link,
            )
        )
        for kind, texts in (("condition", record.conditions), ("intervention", record.interventions)):
            plain = dict.fromkeys(filter(None, map(values.plain, texts)))
            self._to_map += [ToMap(slug, kind, text) for text in plain]

    def _names(self, record: Record, title: str, year: str) -> tuple[str, str]:
        """Return id and label, neither of which another row has."""
        if record.name:
            name = values.plain(record.name)
            slug, label = values.slug(record.registration or name), name
        else:
            families = [creator.family for creator in record.creators]
            words = title.split()
            parts = (families[0] if families else "", " ".join(words[:_WORDS_OF_A_SLUG]))
            base = next(filter(None, map(values.slug, parts)), "study")
            slug = f"{base}-{year}" if year else base
            label = f"{_called(families, words, others=record.others)} {year or '(no year)'}"
        return (
            self._free(slug or "study", self._ids, "{}-{}"),
            self._free(label, self._labels, "{} ({})"),
        )

    def _free(self, wanted: str, taken: set[str], numbered: str) -> str:
        # The last number is remembered, or ten thousand equal names would be tried 50 million times.
        key = numbered + wanted.casefold()
        name, number = wanted, self._numbers.get(key, 1)
        while name.casefold() in taken:
            number += 1
            name = numbered.format(wanted, number)
        self._numbers[key] = number
        taken.add(name.casefold())
        return name


def _called(families: list[str], words: list[str], *, others: bool) -> str:
    match families:
        case []:
            return " ".join(words[:_WORDS_OF_A_LABEL]).rstrip(".,;:!? ") or " ".join(words)
        case [one] if not others:
            return one
        case [one, other] if not others:
            return f"{one} and {other}"
        case _:
            return f"{families[0]} et al."
