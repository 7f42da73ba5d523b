"""OpenAlex: https://api.openalex.org, documented at https://developers.openalex.org."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from rescue_kg.audit.normal import bare_doi, plain
from rescue_kg.audit.records import Record
from rescue_kg.audit.services import ANSWERS, Service, items, part, text, without_mark

if TYPE_CHECKING:
    from rescue_kg.audit.citation import Citation
    from rescue_kg.audit.services import Ask

__all__ = ["SERVICE"]

_SELECT: Final = "id,doi,ids,title,authorships,primary_location,publication_year,biblio,is_retracted,type"


def _identity(contact: str, key: str) -> dict[str, str]:
    return ({"mailto": contact} if contact else {}) | ({"api_key": key} if key else {})


def _by_identifier(citation: Citation, ask: Ask) -> list[Record]:
    records: list[Record] = []
    if citation.doi:
        records = ask("by DOI", f"works/doi:{quote(citation.doi, safe='/')}", {"select": _SELECT}, _one)
    if citation.pmid and not records:
        records = ask("by PMID", f"works/pmid:{quote(citation.pmid, safe='')}", {"select": _SELECT}, _one)
    return records


def _search(citation: Citation, ask: Ask) -> list[Record]:
    query = plain(citation.title)
    if not query:
        return []
    params = {"search": query, "per_page": str(ANSWERS), "select": _SELECT}
    return ask("by bibliographic search", "works", params, _several)


def _one(answer: Any) -> list[Record]:
    return [_record(answer)]


def _several(answer: Any) -> list[Record]:
    return [_record(one) for one in items(part(answer, "results"))]


def _record(work: Any) -> Record:
    part(work, "id")
    title, mark = without_mark(text(work.get("title")))
    authors = [_author(one) for one in items(work.get("authorships"))]
    source = _under(work, "primary_location", "source")
    biblio = _under(work, "biblio")
    names = [text(source.get("display_name")), text(source.get("abbreviated_title"))]
    year = work.get("publication_year")
    retraction = "marked as retracted" if work.get("is_retracted") is True else ""
    if mark and not retraction:
        retraction = f"the title is marked {mark}"
    return Record(
        service="OpenAlex",
        titles=(title,) if title else (),
        first_author=next((author for author in authors if author), ""),
        years=(year,) if isinstance(year, int) else (),
        journals=tuple(name for name in names if name),
        volume=text(biblio.get("volume")),
        issue=text(biblio.get("issue")),
        pages=tuple(page for page in (text(biblio.get("first_page")),) if page),
        doi=bare_doi(text(work.get("doi"))),
        pmid=text(_under(work, "ids").get("pmid")).rpartition("/")[2],
        retraction=retraction,
    )


def _author(authorship: dict[str, Any]) -> str:
    return text(authorship.get("raw_author_name")) or text(_under(authorship, "author").get("display_name"))


def _under(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the object under some names; OpenAlex has null where it knows nothing."""
    for name in names:
        inner = value.get(name)
        value = inner if isinstance(inner, dict) else {}
    return value


SERVICE: Final = Service(
    name="openalex",
    title="OpenAlex",
    url="https://api.openalex.org",
    pause=0.2,
    key="RESCUE_KG_OPENALEX_KEY",
    identity=_identity,
    by_identifier=_by_identifier,
    search=_search,
)
