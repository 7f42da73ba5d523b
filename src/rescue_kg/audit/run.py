"""The audit: asks each service for each study, compares, and goes on when a service does not answer."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from rescue_kg._version import __version__
from rescue_kg.audit.cache import Cache, default_folder
from rescue_kg.audit.citation import citations
from rescue_kg.audit.client import Client, Clock
from rescue_kg.audit.compare import Field, compare
from rescue_kg.audit.faults import NothingReachedError, ServiceError
from rescue_kg.audit.results import AuditReport, Match, Result, ServiceResult
from rescue_kg.audit.services import SERVICES, service
from rescue_kg.audit.verdicts import Verdict, verdict
from rescue_kg.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rescue_kg.audit.citation import Citation
    from rescue_kg.audit.records import Record
    from rescue_kg.graph import RescueGraph

__all__ = ["CONTACT", "audit"]

#: The environment variable of the contact address.
CONTACT: Final = "RESCUE_KG_CONTACT"

#: After so many studies in a row a service that does not answer is given up for this run.
_PATIENCE: Final = 3
_SETTLED: Final = (Verdict.VERIFIED, Verdict.METADATA_MISMATCH)


def audit(
    graph: RescueGraph,
    *studies: str,
    services: Iterable[str] = SERVICES,
    contact: str | None = None,
    endpoints: Mapping[str, str] | None = None,
    cache: str | os.PathLike[str] | None = None,
    max_age: float = 30.0,
    tries: int = 4,
    timeout: float = 20.0,
    progress: Callable[[int, int], None] | None = None,
    clock: Clock | None = None,
) -> AuditReport:
    """Check the citations of the studies of a graph, or of the given ones, against bibliographic services.

    Each service is asked by DOI or PMID where the study has one, and by a search where that finds no match;
    `docs/audit.md` has the rule for the verdicts. The graph is not changed; write() does that.

    `services` are names of SERVICES; `endpoints` maps such a name to another base URL. `contact` is an e-mail
    address under which the services can reach whoever asks, by default RESCUE_KG_CONTACT. Answers are kept
    in the folder `cache` (by default below the user's cache folder) and used again for `max_age` days; 0 asks
    anew. A request is tried `tries` times, with `timeout` seconds for each. `progress` is told how many of
    how many studies are done.

    Raises NothingReachedError where no service answered at all, UnknownNameError for a study or service that
    is not known, InputError for a contact or URL that cannot be used, OutputError for the cache.
    """
    clock = clock or Clock()
    sender = _address(os.environ.get(CONTACT, "") if contact is None else contact)
    wanted = citations(graph, studies)
    kept = Cache(default_folder() if cache is None else cache, max_age=timedelta(days=max_age), now=clock.now)
    urls = dict(endpoints or {})
    asked = list(dict.fromkeys(services)) or list(SERVICES)
    for name in (*asked, *urls):
        service(name)
    with ExitStack() as stack:
        clients = []
        for name in asked:
            known = service(name)
            client = Client(
                known,
                url=_url(name, urls.get(name, known.url)),
                contact=sender,
                key=os.environ.get(known.key, "") if known.key else "",
                cache=kept,
                tries=tries,
                timeout=timeout,
                clock=clock,
            )
            stack.callback(client.close)
            clients.append(client)
        results = _run(wanted, [_Asker(client) for client in clients], clock, progress)
    by = f"rescue-kg {__version__}" + (f" (contact: {sender})" if sender else "")
    return AuditReport(tuple(results), by)


def _run(
    wanted: tuple[Citation, ...],
    askers: list[_Asker],
    clock: Clock,
    progress: Callable[[int, int], None] | None,
) -> list[Result]:
    results = []
    for done, citation in enumerate(wanted, 1):
        found, dates = [], []
        for asker in askers:
            found.append(asker.look(citation))
            dates += asker.dates
        results.append(Result(citation, tuple(found), max(dates, default=clock.now())))
        if progress is not None:
            progress(done, len(wanted))
    reasons = dict.fromkeys(failure for result in results for failure in result.failures)
    if reasons and all(not one.asked for result in results for one in result.services):
        raise NothingReachedError(
            f"no service answered for any of {len(results)} studies, so nothing was checked and nothing is "
            f"written: {'; '.join(reasons)}"
        )
    return results


class _Asker:
    """Asks one service for one study after the other, until it is given up."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._failed = 0
        self._given_up = ""

    @property
    def dates(self) -> list[datetime]:
        """When the answers came that the last result rests on."""
        return self._client.dates

    def look(self, citation: Citation) -> ServiceResult:
        """Return what the service has to say on a citation; its failure is a result too."""
        client, known = self._client, self._client.service
        client.begin()
        matches: list[Match] = []
        failure, searched = "", False
        # What is kept is asked for also of a service that is given up: that costs it nothing.
        client.offline = bool(self._given_up)
        try:
            for records in (known.by_identifier, known.search):
                if records is known.search and not citation.title:
                    break
                matches += [_match(citation, record) for record in records(citation, client.ask)]
                if any(match.verdict in _SETTLED for match in matches):
                    break
                searched = records is known.search
            self._failed = 0
        except ServiceError as error:
            failure = self._given_up or str(error)
            self._count(error)
        chosen = min(matches, key=_rank, default=None)
        reached = chosen.verdict if chosen else Verdict.NOT_FOUND
        if reached is Verdict.NOT_FOUND and not searched:
            reached = Verdict.NOT_CHECKED
        if not client.asked and not failure:
            failure = "the study has no title, DOI or PMID to ask for"
        return ServiceResult(
            service=known.title,
            url=client.url,
            verdict=reached,
            asked=tuple(client.asked),
            match=chosen if reached is not Verdict.NOT_FOUND else None,
            place=next((one.record for one in matches if _is_at_the_place(one)), None),
            failure=failure,
        )

    def _count(self, error: ServiceError) -> None:
        self._failed += 1
        if not self._given_up and (error.final or self._failed >= _PATIENCE):
            self._given_up = f"{error}; given up for this run"


def _match(citation: Citation, record: Record) -> Match:
    comparison = compare(citation, record)
    return Match(record, comparison, verdict(comparison))


def _rank(match: Match) -> tuple[int, float, int]:
    order = list(Verdict).index(match.verdict)
    return order, -match.comparison.title.score, len(match.comparison.differences)


def _is_at_the_place(match: Match) -> bool:
    """Return whether a record stands in the journal, year and volume, and on the page, that are cited."""
    place = ("journal", "year", "volume", "first page")
    return all(match.comparison[name] is Field.AGREES for name in place)


def _address(text: str) -> str:
    text = text.strip()
    if text and not re.fullmatch(r"[^\s@<>()\",;:]+@[^\s@<>()\",;:]+", text):
        raise InputError(
            f"found {text!r} as the contact, expected an e-mail address such as name@example.org"
        )
    if not text.isascii():
        raise InputError(f"found {text!r} as the contact, expected an e-mail address in ASCII")
    return text


def _url(name: str, url: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", url):
        raise InputError(f"found {url!r} as the endpoint of {name}, expected an http or https URL")
    return url
