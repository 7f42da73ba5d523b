"""CSL-JSON items, as Zotero, Crossref and pandoc write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.errors import InputError
from rescue_kg.importing import values
from rescue_kg.importing.records import Fault, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.importing.records import Creator
    from rescue_kg.importing.sources import Source

__all__ = ["records"]

# The rich text of CSL-JSON; anything else in angle brackets is the author's.
_MARKUP: Final = re.compile(r"</?(?:i|b|sub|sup|sc|span)(?:\s[^<>]*)?>")


def records(source: Source) -> Iterator[Record | Fault]:
    """Yield the items of an array, of an object with `items`, or the one item; raises InputError, ParseError.

    Fields: https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables
    """
    data = source.json()
    if isinstance(data, dict):
        data = data["items"] if isinstance(data.get("items"), list) else [data]
    if not isinstance(data, list):
        raise InputError(f"{source.name}: found neither an array nor an object, expected CSL items")
    for number, item in enumerate(data, 1):
        where = f"item {number}"
        if not isinstance(item, dict):
            yield Fault(where, "a value that is no object", "a CSL item with a title")
        else:
            key = values.plain(_text(item, "id"))[:80]
            yield _record(item, f"{where} ({key})" if key else where)


def _record(item: dict[str, Any], where: str) -> Record:
    kind = _text(item, "type")
    authors = tuple(_creators(item.get("author")))
    in_a_journal = not kind or kind.startswith("article") or kind in ("journal-article", "review")
    return Record(
        entry=where,
        title=_MARKUP.sub("", _text(item, "title")),
        creators=tuple(author for author in authors if author.name != "others"),
        # Where BibTeX says "and others", pandoc writes an author of this name.
        others=any(author.name == "others" for author in authors),
        year=_year(item.get("issued")),
        journal=_MARKUP.sub("", _text(item, "container-title")) if in_a_journal else "",
        volume=_text(item, "volume"),
        issue=_text(item, "issue"),
        pages=_text(item, "page"),
        doi=_text(item, "DOI"),
        pmid=_text(item, "PMID"),
        link=_text(item, "URL"),
    )


def _text(item: dict[str, Any], name: str) -> str:
    """Return a text or number as text, the only one of a list too (Crossref writes lists); else nothing."""
    value = item.get(name)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _year(issued: object) -> str:
    if not isinstance(issued, dict):
        return ""
    parts = issued.get("date-parts")
    if isinstance(parts, list) and parts and isinstance(parts[0], list) and parts[0]:
        # A range of dates has two; the year of the second may differ.
        years = dict.fromkeys(str(date[0]) for date in parts if isinstance(date, list) and date)
        return "-".join(years)
    return _text(issued, "raw") or _text(issued, "literal")


def _creators(authors: object) -> Iterator[Creator]:
    for author in authors if isinstance(authors, list) else ():
        if not isinstance(author, dict):
            continue
        family = f"{_text(author, 'non-dropping-particle')} {_text(author, 'family')}"
        given = [_text(author, "given"), _text(author, "dropping-particle")]
        # Crossref has the name of a group in `name`.
        whole = _text(author, "literal") or _text(author, "name")
        creator = values.creator(family, given, [_text(author, "suffix")]) or values.creator(whole)
        if creator:
            yield creator
