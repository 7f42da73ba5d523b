"""Crossref's REST API: https://api.crossref.org, documented at https://github.com/CrossRef/rest-api-doc."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from rescue_kg.audit.normal import plain
from rescue_kg.audit.records import Record
from rescue_kg.audit.services import ANSWERS, Service, items, part, text, without_mark

if TYPE_CHECKING:
    from rescue_kg.audit.citation import Citation
    from rescue_kg.audit.services import Ask

__all__ = ["SERVICE"]

_SELECT: Final = (
    "DOI,title,subtitle,author,container-title,short-container-title,issued,published-print,published-online,"
    "volume,issue,page,article-number,update-to,updated-by"
)
#: Updates after which a publication no longer stands.
_ENDINGS: Final = ("retraction", "withdrawal", "removal")


def _identity(contact: str, _key: str) -> dict[str, str]:
    # The polite pool.
    return {"mailto": contact} if contact else {}


def _by_identifier(citation: Citation, ask: Ask) -> list[Record]:
    if not citation.doi:
        return []
    return ask("by DOI", f"works/{quote(citation.doi, safe='')}", {}, _one)


def _search(citation: Citation, ask: Ask) -> list[Record]:
    known = [plain(citation.title), *(plain(name) for name in citation.first_authors[:1])]
    known += [plain(citation.journal), str(citation.year or "")]
    query = " ".join(word for word in known if word)
    return ask(
        "by bibliographic search",
        "works",
        {"query.bibliographic": query, "rows": str(ANSWERS), "select": _SELECT},
        _several,
    )


def _one(answer: Any) -> list[Record]:
    return [_record(part(answer, "message"))]


def _several(answer: Any) -> list[Record]:
    return [_record(one) for one in items(part(answer, "message", "items"))]


def _record(work: Any) -> Record:
    part(work, "DOI")
    title, mark = without_mark(_first(work.get("title")))
    subtitle = _first(work.get("subtitle"))
    authors = items(work.get("author"))
    ends = [_update(one) for one in items(work.get("updated-by")) if one.get("type") in _ENDINGS]
    if mark and not ends:
        ends = [f"the title is marked {mark}"]
    dates = ("published-print", "issued", "published-online")
    years = [year for name in dates for year in _date(work.get(name))[:1]]
    names = [*_all(work.get("container-title")), *_all(work.get("short-container-title"))]
    return Record(
        service="Crossref",
        titles=tuple(one for one in (title, f"{title}: {subtitle}" if subtitle else "") if one),
        first_author=next((text(one.get("family")) or text(one.get("name")) for one in authors), ""),
        groups=tuple(text(one.get("name")) for one in authors if text(one.get("name"))),
        years=tuple(dict.fromkeys(years)),
        journals=tuple(dict.fromkeys(names)),
        volume=text(work.get("volume")),
        issue=text(work.get("issue")),
        pages=tuple(one for one in (text(work.get("page")), text(work.get("article-number"))) if one),
        doi=text(work.get("DOI")),
        retraction="; ".join(ends),
        notice=any(one.get("type") in _ENDINGS for one in items(work.get("update-to"))),
    )


def _update(update: dict[str, Any]) -> str:
    """Return a notice in words: its kind, its date and its DOI, as far as they are given."""
    when = "-".join(f"{number:02d}" for number in _date(update.get("updated")))
    doi = text(update.get("DOI"))
    return " ".join(
        one
        for one in (text(update.get("type")), f"of {when}" if when else "", f"(doi:{doi})" if doi else "")
        if one
    )


def _date(value: Any) -> list[int]:
    """Return year, month and day, as far as `date-parts` has them."""
    parts = value.get("date-parts") if isinstance(value, dict) else None
    first = parts[0] if isinstance(parts, list) and parts else None
    return [one for one in first if isinstance(one, int)] if isinstance(first, list) else []


def _all(value: Any) -> list[str]:
    return [text(one) for one in value if text(one)] if isinstance(value, list) else []


def _first(value: Any) -> str:
    return next(iter(_all(value)), "")


SERVICE: Final = Service(
    name="crossref",
    title="Crossref",
    url="https://api.crossref.org",
    pause=1.0,
    key="",
    identity=_identity,
    by_identifier=_by_identifier,
    search=_search,
)
