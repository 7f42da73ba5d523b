"""Says in one line where a query cannot be read, which pyoxigraph says in a page of character classes."""

from __future__ import annotations

import re
from typing import Final

from rescue_kg.errors import ParseError

__all__ = ["sparql_error"]

_PLACE: Final = r"(?s)error at (\d+):(\d+): expected (?:one of )?(.*)"


def sparql_error(sparql: str, where: str, error: SyntaxError) -> ParseError:
    """Return the error to raise for a query, or update, that pyoxigraph cannot read."""
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
