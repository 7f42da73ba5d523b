"""PubMed by NCBI's E-utilities (ESearch, ESummary): https://www.ncbi.nlm.nih.gov/books/NBK25501/."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.audit.faults import AnswerError
from rescue_kg.audit.normal import STOP_WORDS, first_page, plain, surnames, words
from rescue_kg.audit.records import Record
from rescue_kg.audit.services import ANSWERS, Service, items, part, text, without_mark

if TYPE_CHECKING:
    from rescue_kg.audit.citation import Citation
    from rescue_kg.audit.services import Ask

__all__ = ["SERVICE"]

_BASE: Final = {"db": "pubmed", "retmode": "json"}
#: How many words of a title are searched for; more of them find no more.
_TITLE_WORDS: Final = 8


def _identity(contact: str, key: str) -> dict[str, str]:
    named = {"tool": "rescue-kg"}
    return named | ({"email": contact} if contact else {}) | ({"api_key": key} if key else {})


def _by_identifier(citation: Citation, ask: Ask) -> list[Record]:
    records: list[Record] = []
    if citation.pmid:
        records = _summaries("by PMID", [citation.pmid], ask)
    if citation.doi and not records:
        records = _summaries("by DOI", _ids("by DOI", f"{citation.doi}[doi]", ask), ask)
    return records


def _search(citation: Citation, ask: Ask) -> list[Record]:
    """Search for the words of the title, then for who, where and when: a misprint hides from the first."""
    found: list[str] = []
    for term in (_by_title(citation), _by_place(citation)):
        if term and not found:
            found = _ids("by bibliographic search", term, ask)
    return _summaries("by bibliographic search", found, ask)


def _by_title(citation: Citation) -> str:
    kept = [word for word in dict.fromkeys(words(citation.title)) if word not in STOP_WORDS and len(word) > 2]
    longest = set(sorted(kept, key=len, reverse=True)[:_TITLE_WORDS])
    return " AND ".join(f"{word}[Title]" for word in kept if word in longest)


def _by_place(citation: Citation) -> str:
    author = next((min(surnames(name), key=len) for name in citation.first_authors if surnames(name)), "")
    page = first_page(citation.pages)
    terms = []
    if author and citation.year:
        subject = max(words(citation.title), key=len, default="")
        about = f" AND {subject}[Title/Abstract]" if subject else ""
        terms.append(f"({author}[1au] AND {citation.year}[dp]{about})")
    if citation.journal and citation.volume and page:
        terms.append(f'("{plain(citation.journal)}"[Journal] AND {citation.volume}[vi] AND {page}[pg])')
    return " OR ".join(terms)


def _ids(how: str, term: str, ask: Ask) -> list[str]:
    params = _BASE | {"term": term, "retmax": str(ANSWERS), "sort": "relevance"}
    return ask(how, "esearch.fcgi", params, _read_ids)


def _read_ids(answer: Any) -> list[str]:
    found = part(answer, "esearchresult")
    if isinstance(found, dict) and "ERROR" in found:
        raise AnswerError(f"found an error of the search ({text(found['ERROR'])})")
    ids = part(answer, "esearchresult", "idlist")
    return [one for one in map(text, ids) if one.isdigit()] if isinstance(ids, list) else []


def _summaries(how: str, ids: list[str], ask: Ask) -> list[Record]:
    if not ids:
        return []
    return ask(how, "esummary.fcgi", _BASE | {"id": ",".join(ids)}, _read_summaries)


def _read_summaries(answer: Any) -> list[Record]:
    result = part(answer, "result")
    uids = part(answer, "result", "uids")
    found = [result.get(text(uid)) for uid in uids] if isinstance(uids, list) else []
    # A PMID that does not exist has an error in the place of its fields.
    return [_record(one) for one in found if isinstance(one, dict) and "error" not in one]


def _record(summary: dict[str, Any]) -> Record:
    title, mark = without_mark(text(part(summary, "title")).removesuffix("."))
    authors = items(summary.get("authors"))
    groups = [text(one.get("name")) for one in authors if one.get("authtype") == "CollectiveName"]
    ids = {text(one.get("idtype")): text(one.get("value")) for one in items(summary.get("articleids"))}
    kinds = {text(one) for one in summary.get("pubtype") or ()}
    years = [re.match(r"\d{4}", text(summary.get(name))) for name in ("pubdate", "epubdate")]
    inside = re.search(r"pii: *(\S+)", text(summary.get("elocationid")))
    retraction = ""
    if "Retracted Publication" in kinds or mark:
        notices = [_notice(one) for one in items(summary.get("references"))]
        retraction = "; ".join(["marked as Retracted Publication", *(one for one in notices if one)])
    return Record(
        service="PubMed",
        titles=(title,) if title else (),
        first_author=next((text(one.get("name")) for one in authors), ""),
        groups=tuple(group for group in groups if group),
        years=tuple(dict.fromkeys(int(found[0]) for found in years if found)),
        journals=tuple(
            one for one in map(text, (summary.get("fulljournalname"), summary.get("source"))) if one
        ),
        volume=text(summary.get("volume")),
        issue=text(summary.get("issue")),
        pages=tuple(
            one for one in (text(summary.get("pages")), inside[1].rstrip(".") if inside else "") if one
        ),
        doi=ids.get("doi", ""),
        pmid=ids.get("pubmed", "") or text(summary.get("uid")),
        retraction=retraction,
        notice=bool({"Retraction of Publication", "Retraction Notice"} & kinds),
    )


def _notice(reference: dict[str, Any]) -> str:
    if "retraction in" not in text(reference.get("reftype")).casefold():
        return ""
    pmid = text(reference.get("pmid"))
    return "retraction in " + text(reference.get("refsource")) + (f" (PMID {pmid})" if pmid else "")


SERVICE: Final = Service(
    name="pubmed",
    title="PubMed",
    url="https://eutils.ncbi.nlm.nih.gov/entrez/eutils",
    pause=0.4,
    key="RESCUE_KG_NCBI_KEY",
    identity=_identity,
    by_identifier=_by_identifier,
    search=_search,
)
