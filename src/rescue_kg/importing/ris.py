"""RIS records, one at a time, their tags read by rispy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.errors import InputError, NotAvailableError
from rescue_kg.importing import values
from rescue_kg.importing.records import Fault, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.importing.records import Creator
    from rescue_kg.importing.sources import Source

__all__ = ["records"]

_TAG: Final = re.compile(r"[A-Z][A-Z0-9]  -")
#: Several addresses may stand in one field, and one address may hold a semicolon.
_NEXT_LINK: Final = re.compile(r"\s*;\s*(?=https?://)")
#: The types whose secondary title (T2) is a journal; for a chapter it is the book.
_IN_A_JOURNAL: Final = frozenset(("ABST", "EJOUR", "INPR", "JFULL", "JOUR", "MGZN"))
#: How databases that number their records by PMID are named in the field DB.
_PUBMED: Final = frozenset(("pubmed", "medline", "nlm"))


def records(source: Source) -> Iterator[Record | Fault]:
    """Yield the records of a RIS file; raises NotAvailableError without rispy, InputError.

    The records are told apart here, since rispy joins two where the ER of the first is missing.
    """
    try:
        from rispy import RisParser
    except ImportError as error:
        raise NotAvailableError("rispy is not installed: pip install 'rescue-kg[import]'") from error
    # An address may hold the semicolon that rispy would divide it at.
    parser = RisParser(delimiter_tags_mapping={}, skip_unknown_tags=True)
    number = 0
    for line_number, lines, whole in _blocks(source):
        number += 1
        where = f"record {number}, line {line_number}"
        if not lines[0].startswith("TY"):
            yield Fault(
                where, f"{lines[0][:40].strip()!r} outside a record", "the tag TY at the start of a record"
            )
        elif not whole:
            yield Fault(where, "no end of the record", "the tag ER at its end")
        else:
            (fields,) = parser.parse_lines(iter(lines))
            yield _record(fields, where)
    if not number:
        raise InputError(f"{source.name}: found no RIS record, expected TY  - at the start of a line")


def _blocks(source: Source) -> Iterator[tuple[int, list[str], bool]]:
    """Yield line number, lines and whether there is an end, for each record and each stray group of tags."""
    block: list[str] = []
    start = 0
    for number, raw in enumerate(source.lines(), 1):
        line = raw.strip("\n\x00").lstrip() if _TAG.match(raw.lstrip()) else raw.strip("\n\x00")
        tag = line[:2] if _TAG.match(line) else ""
        if tag == "TY" and block:
            yield start, block, False
            block = []
        if not line.strip() or (not block and not tag):
            # Blank lines, and what some exporters write above and between the records.
            continue
        if not block:
            start = number
        block.append(line)
        if tag == "ER":
            yield start, block, True
            block = []
    if block:
        yield start, block, False


def _record(fields: dict[str, Any], where: str) -> Record:
    def text(*names: str) -> str:
        return next((value for value in map(str.strip, _texts(fields, *names)) if value), "")

    kind = text("type_of_reference").upper()
    key = text("id")
    first, last = text("start_page"), text("end_page")
    journal = ("alternate_title3", "journal_name", "alternate_title2")
    number = text("accession_number")
    return Record(
        entry=f"{where} ({key})" if key else where,
        title=text("title", "primary_title"),
        creators=tuple(_creators(fields)),
        year=text("year", "publication_year", "date"),
        journal=text(*journal[:1], *(("secondary_title",) if kind in _IN_A_JOURNAL else ()), *journal[1:]),
        volume=text("volume"),
        issue=text("number"),
        # C7 holds the number of an article that has no pages.
        pages=(f"{first}-{last}" if first and last and first != last else first) or text("custom7"),
        doi=text("doi"),
        pmid=number if text("name_of_database").lower() in _PUBMED and number.isdigit() else "",
        link=_NEXT_LINK.split(text("urls"))[0],
    )


def _texts(fields: dict[str, Any], *names: str) -> Iterator[str]:
    for name in names:
        value = fields.get(name, "")
        yield from map(str, value if isinstance(value, list) else [value])


def _creators(fields: dict[str, Any]) -> Iterator[Creator]:
    """Yield the authors; RIS writes `Family, Given, Suffix`, and a group without a comma."""
    for name in _texts(fields, "authors" if fields.get("authors") else "first_authors"):
        family, given, suffix = (*(part.strip() for part in name.split(",", 2)), "", "")[:3]
        creator = values.creator(family, [given], [suffix])
        if creator:
            yield creator
