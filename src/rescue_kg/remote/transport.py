"""HTTP with retries: a request goes out, an answer comes back, and every failure is one clear line."""

from __future__ import annotations

import gzip
import html
import random
import re
import ssl
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.request import getproxies

from rescue_kg.errors import InputError, NotAvailableError
from rescue_kg.remote.faults import EndpointError, UnreachableError, UnsettledError

try:
    import httpx2
except ImportError as error:
    raise NotAvailableError(
        "httpx2 is not installed, which talks to endpoints: pip install 'rescue-kg[remote]'"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from rescue_kg.remote.credentials import Credentials

    Fields = Mapping[str, str | Sequence[str]]

__all__ = ["Response", "Transport"]

#: Answers that pass: the server is busy, or the one behind it was not there.
_PASSING: Final = {429, 502, 503, 504}
#: Those of them that say that nothing was done.
_NOT_DONE: Final = {429, 503}
_CONNECT_SECONDS: Final = 10.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 60.0
_EXCERPT: Final = 240


class Response(NamedTuple):
    """What came back from a request that was carried out."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """A connection to the services of one endpoint.

    `retries` is how many times a request is sent again, after a pause that doubles each time and is drawn at
    random between half and all of that; a Retry-After of up to a minute is waited for.
    """

    def __init__(
        self,
        credentials: Credentials | None,
        auth: str,
        *,
        encrypted: bool,
        timeout: float,
        retries: int,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._credentials = credentials
        self._retries = retries
        self._pause = pause
        self._timeout = timeout
        self._reached = False
        self._client = httpx2.Client(
            verify=True if encrypted else _no_certificates(),
            auth=_Auth(credentials, auth) if credentials and auth != "none" else None,
            follow_redirects=False,
            timeout=self._limits(timeout),
            headers={"User-Agent": "rescue-kg"},
        )

    def __repr__(self) -> str:
        return f"<Transport with {self._credentials!r}>"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Fields | None = None,
        form: Fields | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        packed: bool = False,
        repeat: bool = True,
        timeout: float | None = None,
        accept: Sequence[int] = (),
    ) -> Response:
        """Send a request and return the answer; statuses in `accept` are answers too.

        With `repeat`, what passes (429, 502, 503, 504, no answer in time, a broken connection) is tried
        again. Without it, UnsettledError says that the request may have been carried out.

        Raises UnreachableError, and EndpointError for every other refusal.
        """
        sent = dict(headers or {})
        if packed and body is not None:
            body = gzip.compress(body, compresslevel=6, mtime=0)
            sent["Content-Encoding"] = "gzip"
        where = f"{method} {url}"
        attempt = 0
        while True:
            fault: UnreachableError
            wait: float | None = None
            try:
                answer = self._client.request(
                    method,
                    url,
                    params=params,
                    data=form,
                    content=body,
                    headers=sent,
                    timeout=self._limits(timeout or self._timeout),
                )
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                fault = UnreachableError(f"{where}: cannot be reached ({self.clean(error)}); is it running?")
                # A server that was there a moment ago may come back; one that never was is a wrong URL.
                if not self._reached:
                    raise fault from None
            except httpx2.TimeoutException:
                seconds = f"{timeout or self._timeout:g} s"
                fault = UnsettledError(
                    f"{where}: no answer within {seconds}; give it more time, or try later"
                )
            except (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.LocalProtocolError) as error:
                raise InputError(f"{where}: cannot be sent ({self.clean(error)})") from None
            except httpx2.DecodingError as error:
                raise EndpointError(
                    f"{where}: found an answer that cannot be unpacked ({self.clean(error)})"
                ) from None
            except httpx2.TransportError as error:
                fault = UnsettledError(f"{where}: the connection broke ({self.clean(error)})")
            else:
                self._reached = True
                if answer.status_code < 300 or answer.status_code in accept:
                    return Response(answer.status_code, answer.headers, answer.content)
                if answer.status_code not in _PASSING:
                    raise EndpointError(f"{where}: {self._refusal(answer)}")
                kind = UnreachableError if answer.status_code in _NOT_DONE else UnsettledError
                fault = kind(f"{where}: {self._refusal(answer)}")
                fault.wait = wait = _retry_after(answer.headers.get("retry-after"))
                if wait is not None and wait > _LONGEST_PAUSE:
                    raise fault from None
            if not repeat or attempt >= self._retries:
                raise fault from None
            longest = min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE)
            self._pause(max(wait or 0.0, longest * random.uniform(0.5, 1.0)))  # noqa: S311 - no secret
            attempt += 1

    def wait(self, attempt: int, least: float | None = None) -> None:
        """Pause as before the given retry, and at least so many seconds."""
        self._pause(max(least or 0.0, min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE / 6)))

    def _limits(self, seconds: float) -> httpx2.Timeout:
        return httpx2.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))

    def clean(self, text: object) -> str:
        """Return a text as one line, without the credentials."""
        line = " ".join(str(text).split()) or (type(text).__name__ if isinstance(text, Exception) else "")
        return self._credentials.hide(line) if self._credentials else line

    def _refusal(self, answer: httpx2.Response) -> str:
        """Say in one line what an answer that is no success means and what to do."""
        status = answer.status_code
        try:
            phrase = f"{status} {HTTPStatus(status).phrase}"
        except ValueError:
            phrase = str(status)
        said = self.clean(_plain_text(answer.text))
        lower = said.lower()
        quoted = f": {said[:_EXCERPT]}" if said else ""
        if 300 <= status < 400:
            target = answer.headers.get("location", "another place")
            return f"found a redirect ({phrase}) to {self.clean(target)}; give that URL"
        if status == 401:
            if self._credentials is None:
                return (
                    f"it asks for credentials ({phrase}); set RESCUE_KG_USER and RESCUE_KG_PASSWORD, or "
                    "RESCUE_KG_TOKEN, or name them in a netrc file"
                )
            return f"it does not take the credentials from {self._credentials.source} ({phrase})"
        if "no space left" in lower or "disk full" in lower or status == 507:
            return f"its disk is full ({phrase}{quoted}); make room there and try again"
        if status in (403, 405) or "no permission" in lower or "read-only" in lower:
            return f"it does not allow this ({phrase}{quoted}); is it read-only, or are rights missing?"
        if status == 404:
            return f"there is no such service ({phrase}{quoted}); check the URL and the kind of store"
        if status == 413:
            return f"the request is too large for it ({phrase}{quoted}); send smaller parts"
        if status in _PASSING:
            after = answer.headers.get("retry-after")
            later = f"; it says to try again after {self.clean(after)}" if after else "; try later"
            return f"it is busy or not ready ({phrase}{quoted}){later}"
        return f"it refuses the request ({phrase}{quoted})"


class _Auth(httpx2.DigestAuth):
    """Sends credentials in the way of the store: Bearer, Basic at once, Digest, or what a 401 asks for."""

    def __init__(self, credentials: Credentials, kind: str) -> None:
        super().__init__(credentials.user, credentials.password)
        self._kind = "bearer" if credentials.token else kind
        self._credentials = credentials
        self._basic = httpx2.BasicAuth(credentials.user, credentials.password)

    def __repr__(self) -> str:
        return f"<{self._kind} authentication with {self._credentials!r}>"

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Yield the request with credentials, and once more where the server asks for other ones."""
        if self._kind == "bearer":
            # A password without a token: the store takes tokens only, so let it say so.
            if self._credentials.token:
                request.headers["Authorization"] = f"Bearer {self._credentials.token}"
            yield request
        elif self._kind == "basic":
            yield from self._basic.auth_flow(request)
        elif self._kind == "digest":
            yield from super().auth_flow(request)
        else:
            answer = yield request
            asked = ",".join(answer.headers.get_list("www-authenticate")).lower()
            if answer.status_code == 401 and ("digest" in asked or "basic" in asked):
                self._kind = "digest" if "digest" in asked else "basic"
                yield from self.auth_flow(request)


def _no_certificates() -> ssl.SSLContext | bool:
    """Return a context that trusts nobody, for plain HTTP: reading the certificates takes 30 to 80 ms."""
    # A proxy may be reached over TLS.
    return True if getproxies() else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for (a number, or a date)."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except ValueError:
        return None


def _plain_text(text: str) -> str:
    """Return the text of an error page."""
    if "<" in text[:200]:
        text = re.sub(r"(?is)<(title|style|script|h1)\b.*?</\1>", " ", text)
        text = re.sub(r"</?[A-Za-z!][^<>\n]{0,80}>", lambda tag: tag[0] if ":" in tag[0] else " ", text)
    # Virtuoso repeats the whole query.
    return html.unescape(text).partition("SPARQL query:")[0].strip()
