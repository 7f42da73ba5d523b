"""The bibliographic services: where they are, how fast they may be asked, and who is asked for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from rescue_kg.audit.faults import AnswerError
from rescue_kg.errors import UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rescue_kg.audit.citation import Citation
    from rescue_kg.audit.records import Record

__all__ = ["ANSWERS", "SERVICES", "Ask", "Service", "items", "part", "service", "text", "without_mark"]

#: How many records of a search are looked at.
ANSWERS: Final = 5

_RETRACTED: Final = ("retracted:", "retracted article:", "[retracted]", "retracted -", "withdrawn:")


class Ask(Protocol):
    """What a service asks through: `how` says in words what is asked for."""

    def __call__(
        self, how: str, path: str, params: Mapping[str, str], read: Callable[[Any], list[Any]]
    ) -> list[Any]:
        """Return what `read` makes of the answer; an empty list where there is no such record."""


class Service(NamedTuple):
    """One service.

    `pause` is the least number of seconds between two requests. `identity` returns the parameters that say
    who asks, from contact address and key (each may be empty); `key` names the environment variable of the
    key.
    """

    name: str
    title: str
    url: str
    pause: float
    key: str
    identity: Callable[[str, str], dict[str, str]]
    by_identifier: Callable[[Citation, Ask], list[Record]]
    search: Callable[[Citation, Ask], list[Record]]


def _services() -> dict[str, Service]:
    from rescue_kg.audit import crossref, openalex, pubmed

    return {one.name: one for one in (crossref.SERVICE, pubmed.SERVICE, openalex.SERVICE)}


#: The names of the services, in the order in which they are asked.
SERVICES: Final = ("crossref", "pubmed", "openalex")


def service(name: str) -> Service:
    """Return the service of a name. Raises UnknownNameError."""
    if name not in SERVICES:
        raise UnknownNameError(
            f"unknown service {name!r}, expected one of {', '.join(SERVICES)}{did_you_mean(name, SERVICES)}"
        )
    return _services()[name]


def part(value: Any, *names: str) -> Any:
    """Return what stands in nested JSON objects under some names. Raises AnswerError where nothing does."""
    for name in names:
        if not isinstance(value, dict) or name not in value:
            raise AnswerError(
                f"found an answer without {'.'.join(names)}, expected the form that the service documents"
            )
        value = value[name]
    return value


def items(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a JSON list; anything else counts as none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """Return a JSON text or number as text in one line; anything else as an empty text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return " ".join(str(value).split())


def without_mark(title: str) -> tuple[str, str]:
    """Return a title without the mark of a retraction before it, and that mark."""
    for mark in _RETRACTED:
        if title.casefold().startswith(mark):
            return title[len(mark) :].strip(), title[: len(mark)].rstrip(":- ").strip("[]")
    return title, ""
