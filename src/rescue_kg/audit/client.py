"""Asks one service politely: at its pace, with a name, from the cache first, and again when it was busy."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

from rescue_kg._version import __version__
from rescue_kg.audit.cache import Kept
from rescue_kg.audit.faults import AnswerError, ServiceError
from rescue_kg.remote.credentials import Credentials
from rescue_kg.remote.faults import EndpointError, UnreachableError, UnsettledError
from rescue_kg.remote.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rescue_kg.audit.cache import Cache
    from rescue_kg.audit.services import Service
    from rescue_kg.remote.transport import Response

__all__ = ["Client", "Clock"]

#: Every status is an answer here: what to do about it depends on the service.
_ACCEPTED: Final = range(300, 600)
_LONGEST_WAIT: Final = 60.0
_REDIRECTS: Final = 3
_EXCERPT: Final = 120


class Clock:
    """The time: for pauses, and for the date of an answer."""

    def monotonic(self) -> float:
        """Return seconds that only go forward."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let some seconds pass."""
        time.sleep(seconds)

    def now(self) -> datetime:
        """Return the date and time, UTC, in whole seconds."""
        return datetime.now(UTC).replace(microsecond=0)


class Client:
    """The connection to one service; `asked` and `dates` say how, and with answers of when, it was asked.

    While it is `offline`, only what is in the cache is answered.

    A request is tried `tries` times in all. After a service could not be reached at all, refused for good, or
    asked for a pause of more than a minute, the ServiceError is `final`.
    """

    def __init__(
        self,
        service: Service,
        *,
        url: str,
        contact: str,
        key: str,
        cache: Cache,
        tries: int,
        timeout: float,
        clock: Clock,
    ) -> None:
        self.service = service
        self.url = url.rstrip("/")
        self.offline = False
        self.asked: list[str] = []
        self.dates: list[datetime] = []
        self._identity = service.identity(contact, key)
        self._cache = cache
        self._tries = tries
        self._clock = clock
        self._next = 0.0
        self._reached = False
        about = f" (mailto:{contact})" if contact else ""
        self._headers = {"User-Agent": f"rescue-kg/{__version__}{about}", "Accept": "application/json"}
        self._transport = Transport(
            Credentials(service.key, token=key) if key else None,
            "none",
            encrypted=self.url.startswith("https:"),
            timeout=timeout,
            retries=0,
            pause=clock.sleep,
        )

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def begin(self) -> None:
        """Forget how and when was asked, for the next study."""
        self.asked, self.dates = [], []

    def ask(
        self, how: str, path: str, params: Mapping[str, str], read: Callable[[Any], list[Any]]
    ) -> list[Any]:
        """Return what `read` makes of the answer to a request, from the cache where it is there.

        Only an answer that `read` can read is kept. Raises ServiceError, AnswerError.
        """
        address = f"{self.url}/{path}" + (f"?{urlencode(sorted(params.items()))}" if params else "")
        kept = self._cache.get(address)
        if kept is not None:
            try:
                return self._note(how, kept, self._read(kept, read))
            except AnswerError:
                kept = None
        fault = ServiceError(f"{self.service.title}: not asked")
        if self.offline:
            raise fault
        for attempt in range(self._tries):
            try:
                kept = self._request(path, params)
                found = self._read(kept, read)
            except ServiceError as error:
                fault = error
                if error.final or attempt + 1 == self._tries:
                    break
                self._transport.wait(attempt, error.wait if isinstance(error, _RefusedError) else None)
                continue
            self._cache.put(address, kept)
            return self._note(how, kept, found)
        raise fault

    def _note(self, how: str, kept: Kept, found: list[Any]) -> list[Any]:
        if how not in self.asked:
            self.asked.append(how)
        self.dates.append(kept.fetched)
        return found

    def _read(self, kept: Kept, read: Callable[[Any], list[Any]]) -> list[Any]:
        if kept.status == HTTPStatus.NOT_FOUND:
            return []
        try:
            return read(json.loads(kept.body))
        except AnswerError as error:
            raise AnswerError(f"{self.service.title}: {error}") from error
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
            excerpt = " ".join(kept.body[:_EXCERPT].split())
            raise AnswerError(
                f"{self.service.title}: found {excerpt!r}, expected JSON in the form that it documents"
            ) from error

    def _request(self, path: str, params: Mapping[str, str]) -> Kept:
        url, sent = f"{self.url}/{path}", {**params, **self._identity}
        for _ in range(_REDIRECTS + 1):
            answer = self._send(url, sent)
            if not 300 <= answer.status < 400:
                break
            target = urljoin(url, answer.headers.get("location", ""))
            # Who asks, and with which key, is told to the service and to nobody else.
            if urlsplit(target)[:2] != urlsplit(url)[:2]:
                raise self._refusal(answer, f"found a redirect to {urlsplit(target).netloc or 'nowhere'}")
            url = urlsplit(target)._replace(query="", fragment="").geturl()
        if answer.status in (200, 404):
            try:
                return Kept(answer.status, answer.body.decode(), self._clock.now())
            except UnicodeDecodeError as error:
                raise AnswerError(
                    f"{self.service.title}: found bytes that are not UTF-8, expected JSON"
                ) from error
        raise self._refusal(answer, "it does not answer")

    def _send(self, url: str, params: Mapping[str, str]) -> Response:
        self._keep_pace()
        try:
            answer = self._transport.send(
                "GET", url, params=params, headers=self._headers, repeat=False, accept=_ACCEPTED
            )
        except UnreachableError as error:
            fault = ServiceError(f"{self.service.title}: {error}")
            # Where nothing listens, or no network leads there, the next study fares no better.
            fault.final = not self._reached and not isinstance(error, UnsettledError)
            raise fault from None
        except EndpointError as error:
            raise AnswerError(f"{self.service.title}: {error}") from None
        self._reached = True
        return answer

    def _keep_pace(self) -> None:
        now = self._clock.monotonic()
        if now < self._next:
            self._clock.sleep(self._next - now)
            now = self._next
        self._next = now + self.service.pause

    def _refusal(self, answer: Response, what: str) -> ServiceError:
        said = self._transport.clean(answer.body[:_EXCERPT].decode(errors="replace"))
        try:
            status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        except ValueError:
            status = str(answer.status)
        wait = self._asked_pause(answer.headers.get("retry-after"))
        known = f" or set {self.service.key}" if self.service.key else ""
        after = f"after {wait:g} s" if wait else "later"
        error = _RefusedError(
            f"{self.service.title}: {what} ({status}{': ' + said if said else ''}); try {after}{known}"
        )
        error.wait = wait
        # What is refused to this client is refused to it the next time; a fault of the server passes.
        error.final = answer.status in (401, 403) or 300 <= answer.status < 400 or wait > _LONGEST_WAIT
        return error

    def _asked_pause(self, value: str | None) -> float:
        """Return the seconds that a Retry-After header asks for (a number, or a date), or 0."""
        if value is None:
            return 0.0
        if value.strip().isdigit():
            return float(value)
        try:
            return max((parsedate_to_datetime(value) - self._clock.now()).total_seconds(), 0.0)
        except (ValueError, TypeError):
            return 0.0


class _RefusedError(ServiceError):
    """A service that was reached and does not answer; `wait` is how many seconds it asks for."""

    wait: float = 0.0
