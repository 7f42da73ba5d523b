"""Where a node is written: the file and line at which a Turtle or N-Triples file begins to speak of it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urljoin

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Place", "lines", "places"]

# A # inside an IRI or a text is no comment, and a full stop inside them ends no statement.
_TOKEN: Final = re.compile(
    r"""
      (?P<comment> \#[^\r\n]* )
    | (?P<long> \"{3}(?:[^\\]|\\.)*?\"{3} | '{3}(?:[^\\]|\\.)*?'{3} )
    | (?P<text> "(?:[^"\\\r\n]|\\.)*" | '(?:[^'\\\r\n]|\\.)*' )
    | <(?P<iri> [^<>"{}|^`\s]* )>
    | (?P<directive> @prefix\b | @base\b | \b(?i:PREFIX|BASE)\b(?=\s+[^\s.;,]) )
    | (?P<language> @[A-Za-z0-9-]+ )
    | (?P<blank> _:\w(?:[\w.·-]*[\w-])? )
    | (?P<prefix> (?:[^\W\d_](?:[\w.-]*[\w-])?)? ):(?P<local> (?:[\w:%-]|\\.|\.(?=[\w:%\\.-]))* )
    | (?P<number> [+-]?(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)? )
    | (?P<word> \w+ )
    | (?P<sign> \S )
    """,
    re.VERBOSE | re.DOTALL,
)


class Place(NamedTuple):
    """A line of a file, counted from 1."""

    file: str
    line: int


def places(files: Iterable[str | os.PathLike[str]]) -> dict[str, Place]:
    """Return IRI -> the place of the first statement about it, or else of the first statement that names it.

    Only files in Turtle and N-Triples (`.ttl`, `.nt`, also with `.gz`) are looked at; others, and those that
    cannot be read, name no place.
    """
    about: dict[str, Place] = {}
    named: dict[str, Place] = {}
    for file in files:
        path = os.fspath(file)
        for iri, line, is_subject in lines(_read(path)):
            (about if is_subject else named).setdefault(iri, Place(path, line))
    return named | about


def lines(text: str) -> Iterable[tuple[str, int, bool]]:
    """Yield every IRI of a Turtle text: (IRI, line, whether it is the subject of a statement)."""
    prefixes: dict[str, str] = {}
    base, depth, line, last = "", 0, 1, 0
    directive, prefix, begins = "", "", True
    for token in _TOKEN.finditer(text):
        line += text.count("\n", last, token.start())
        last = token.start()
        kind, found = token.lastgroup, token.group()
        if kind == "local":
            kind = "prefix"
        if kind == "comment":
            continue
        if kind == "directive" and begins:
            directive = found.lstrip("@").lower()
        elif directive:
            if kind == "prefix":
                prefix = token["prefix"]
            elif kind == "iri":
                target = urljoin(base, token["iri"])
                if directive == "prefix":
                    prefixes[prefix] = target
                else:
                    base = target
                directive = ""
        elif kind in ("iri", "prefix"):
            if kind == "iri":
                yield urljoin(base, token["iri"]), line, begins
            elif token["prefix"] in prefixes:
                local = re.sub(r"\\(.)", r"\1", token["local"])
                yield prefixes[token["prefix"]] + local, line, begins
            begins = False
        elif found == "." and not depth:
            begins = True
        else:
            depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(found, 0)
            begins = False


def _read(path: str) -> str:
    name = path.removesuffix(".gz")
    if not name.endswith((".ttl", ".nt")):
        return ""
    try:
        if name != path:
            import gzip

            with gzip.open(path, "rt", encoding="utf-8") as unpacked:
                return unpacked.read()
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123
            return stream.read()
    except (OSError, EOFError, UnicodeDecodeError):
        return ""
