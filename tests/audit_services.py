"""A stand-in for Crossref, PubMed and OpenAlex on the loopback, which answers in their formats.

What it knows are studies as rows of `fixtures/audit/studies.tsv`, or made-up ones; `script` makes it
misbehave.
"""

from __future__ import annotations

import csv
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from rescue_kg.audit.client import Clock
from rescue_kg.audit.normal import bare_doi, first_page, words

STUDIES = Path(__file__).parent / "fixtures" / "audit" / "studies.tsv"

Row = dict[str, str]


def rows() -> list[Row]:
    with STUDIES.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def row(study_id: str, **changes: str) -> Row:
    return {**next(one for one in rows() if one["study_id"] == study_id), **changes}


def made_up(**changes: str) -> Row:
    """A study that does not exist, and looks it."""
    fields = (
        "study_id",
        "title",
        "first_author",
        "year",
        "journal",
        "volume",
        "issue",
        "pages",
        "doi",
        "pmid",
    )
    base = dict.fromkeys(fields, "") | {
        "study_id": "artificial-2001",
        "title": "Zzyzx glorp administration against qwfpg in quuxian frobnication",
        "first_author": "Artificial A",
        "year": "2001",
        "journal": "Artificial Journal",
        "volume": "1",
        "pages": "1-2",
    }
    return base | changes


def crossref_work(study: Row, **more: Any) -> dict[str, Any]:
    year = [int(study["year"])] if study["year"] else []
    family, _, initials = study["first_author"].rpartition(" ")
    author: dict[str, Any] = {"family": family, "given": initials, "sequence": "first", "affiliation": []}
    if "Group" in study["first_author"]:
        author = {"name": study["first_author"], "sequence": "first", "affiliation": []}
    work = {
        "DOI": study["doi"] or f"10.5555/{study['study_id']}",
        "type": "journal-article",
        "title": [study["title"]],
        "container-title": [study["journal"]],
        "short-container-title": [],
        "author": [author, {"family": "Second", "given": "B", "sequence": "additional", "affiliation": []}],
        "issued": {"date-parts": [year]},
        "published-print": {"date-parts": [year]},
        "volume": study["volume"],
        "issue": study["issue"],
        "page": study["pages"],
    }
    return {name: value for name, value in work.items() if value} | more


def pubmed_summary(study: Row, **more: Any) -> dict[str, Any]:
    ids = [{"idtype": "pubmed", "idtypen": 1, "value": study["pmid"]}]
    if study["doi"]:
        ids.append({"idtype": "doi", "idtypen": 3, "value": study["doi"]})
    return {
        "uid": study["pmid"],
        "pubdate": f"{study['year']} Jan 1",
        "epubdate": "",
        "source": study["journal"],
        "authors": [{"name": study["first_author"], "authtype": "Author", "clusterid": ""}],
        "title": f"{study['title']}.",
        "volume": study["volume"],
        "issue": study["issue"],
        "pages": study["pages"],
        "pubtype": ["Journal Article"],
        "articleids": ids,
        "references": [],
        "fulljournalname": study["journal"],
        "elocationid": f"doi: {study['doi']}" if study["doi"] else "",
        **more,
    }


def openalex_work(study: Row, **more: Any) -> dict[str, Any]:
    family, _, initials = study["first_author"].rpartition(" ")
    return {
        "id": "https://openalex.org/W1",
        "doi": f"https://doi.org/{study['doi'].lower()}" if study["doi"] else None,
        "ids": {"pmid": f"https://pubmed.ncbi.nlm.nih.gov/{study['pmid']}"} if study["pmid"] else {},
        "title": study["title"],
        "authorships": [
            {
                "author_position": "first",
                "author": {"display_name": ""},
                "raw_author_name": f"{initials} {family}",
            }
        ],
        "primary_location": {"source": {"display_name": study["journal"]}},
        "publication_year": int(study["year"]) if study["year"] else None,
        "biblio": {
            "volume": study["volume"] or None,
            "issue": study["issue"] or None,
            "first_page": first_page(study["pages"]) or None,
            "last_page": None,
        },
        "is_retracted": False,
        "type": "article",
        **more,
    }


class Request(NamedTuple):
    """A request that came in: service, path below it, parameters, headers, and when by the clock."""

    service: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    when: float


class Reply(NamedTuple):
    """An answer that a script gives instead of the service; `cut` leaves its end out."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    delay: float = 0.0


Script = Callable[[Request], Reply | None]


class StandIn:
    """The three services; `known` are what they have, `more` changes single answers by service."""

    def __init__(self, clock: Clock) -> None:
        self.known: list[Row] = []
        self.more: dict[str, dict[str, Any]] = {}
        self.script: Script = lambda request: None
        self.requests: list[Request] = []
        self.clock = clock
        self.url = ""

    @property
    def endpoints(self) -> dict[str, str]:
        return {name: f"{self.url}/{name}" for name in ("crossref", "pubmed", "openalex")}

    def asked(self, service: str) -> list[Request]:
        return [request for request in self.requests if request.service == service]

    def reply(self, request: Request) -> Reply:
        scripted = self.script(request)
        if scripted is not None:
            return scripted
        answer: Any = getattr(self, f"_{request.service}")(request)
        if answer is None:
            return Reply(404, b"Resource not found.")
        return Reply(200, json.dumps(answer).encode())

    def _crossref(self, request: Request) -> Any:
        more = self.more.get("crossref", {})
        if request.path.startswith("works/"):
            study = self._by_doi(request.path.removeprefix("works/"))
            return study and {"status": "ok", "message-type": "work", "message": crossref_work(study, **more)}
        found = [crossref_work(study, **more) for study in self._like(request.params["query.bibliographic"])]
        return {"status": "ok", "message-type": "work-list", "message": {"items": found}}

    def _pubmed(self, request: Request) -> Any:
        if request.path == "esearch.fcgi":
            term = request.params["term"]
            if term.endswith("[doi]"):
                study = self._by_doi(term.removesuffix("[doi]"))
                ids = [study["pmid"]] if study and study["pmid"] else []
            else:
                wanted = {part.partition("[")[0] for part in term.split(" AND ")}
                ids = [
                    one["pmid"] for one in self.known if one["pmid"] and wanted <= set(words(one["title"]))
                ]
            return {"header": {"type": "esearch"}, "esearchresult": {"count": str(len(ids)), "idlist": ids}}
        uids = request.params["id"].split(",")
        found = {one["pmid"]: pubmed_summary(one, **self.more.get("pubmed", {})) for one in self.known}
        missing = {"error": "cannot get document summary"}
        each = {uid: found.get(uid, {"uid": uid, **missing}) for uid in uids}
        return {"header": {"type": "esummary"}, "result": {"uids": uids, **each}}

    def _openalex(self, request: Request) -> Any:
        more = self.more.get("openalex", {})
        if request.path.startswith("works/"):
            kind, _, value = request.path.removeprefix("works/").partition(":")
            by = self._by_doi(value) if kind == "doi" else self._by_pmid(value)
            return by and openalex_work(by, **more)
        found = [openalex_work(study, **more) for study in self._like(request.params["search"])]
        return {"meta": {"count": len(found)}, "results": found}

    def _by_doi(self, doi: str) -> Row | None:
        return next((one for one in self.known if one["doi"] and bare_doi(one["doi"]) == bare_doi(doi)), None)

    def _by_pmid(self, pmid: str) -> Row | None:
        return next((one for one in self.known if one["pmid"] == pmid), None)

    def _like(self, text: str) -> list[Row]:
        """The five studies whose titles share most words with a text, as a search has always some answer."""
        wanted = set(words(text))
        return sorted(self.known, key=lambda one: -len(wanted & set(words(one["title"]))))[:5]


class FakeClock(Clock):
    """A clock on which pauses take no time; `slept` has them all."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def now(self) -> datetime:
        start = datetime(2030, 1, 1, tzinfo=UTC)
        return (start + timedelta(seconds=self.time)).replace(microsecond=0)


@contextmanager
def serving(clock: Clock) -> Iterator[StandIn]:
    """Run a stand-in on a free port of the loopback."""
    stand_in = StandIn(clock)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            service, _, path = parts.path.lstrip("/").partition("/")
            params = dict(parse_qsl(parts.query))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(service, unquote(path), params, headers, clock.monotonic())
            stand_in.requests.append(request)
            reply = stand_in.reply(request)
            time.sleep(reply.delay)
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
            if reply.cut or reply.delay:
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        # A client that gave up waiting is no error here.
        def handle_error(self, request: Any, client_address: Any) -> None:
            return

    server = Quiet(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
