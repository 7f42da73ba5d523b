"""Says in one line where a query cannot be read, which pyoxigraph says in a page of character classes."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rescue_kg.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["sparql_errors"]

_PLACE: Final = r"(?s)error at (\d+):(\d+): expected (?:one of )?(.*)"


@contextmanager
def sparql_errors(sparql: str, where: str) -> Iterator[None]:
    """Turn what pyoxigraph says of a query, or update, that it cannot read into a ParseError."""
    try:
        yield
    except SyntaxError as error:
        raise _parse_error(sparql, where, error) from error


def _parse_error(sparql: str, where: str, error: SyntaxError) -> ParseError:
    match = re.match(_PLACE, error.msg or "")
    if match is None:
        return ParseError(f"{where}: {error.msg}; expected SPARQL 1.1")
    line, column = int(match[1]), int(match[2])
    lines = sparql.split("\n")
    rest = lines[line - 1][column - 1 :].split() if line <= len(lines) else []
    found = f"at {rest[0][:30]!r}" if rest else "at its end"
    # The rest of the list are character classes; whole sentences, keywords and signs tell a reader enough.
    said = match[3].split(", ")
    sentences = [word for word in said if re.fullmatch(r"[A-Z][a-z]+ [\w ]+", word)]
    if sentences:
        reason = f"{sentences[0].lower()}, before this place"
    else:
        words = [word for word in said if re.fullmatch(r"[A-Z]{2,}|\"[^\"\\]{1,3}\"", word)]
        reason = f"expected {' or '.join(words[:5])}" if words else "expected SPARQL 1.1"
    return ParseError(f"{where}:{line}:{column}: the query cannot be read {found}: {reason}")
