"""The `#+` header of a query file: a small subset of YAML, read without a YAML library.

Whatever is accepted means the same in YAML; what YAML would read in a surprising way (`yes`, `1_000`, dates,
`null`, tags, anchors) is refused with the advice to quote it.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from rescue_kg.errors import ParseError

__all__ = ["Header", "Scalar", "split"]

Scalar: TypeAlias = str | int | float | bool
Header: TypeAlias = "dict[str, Scalar | list[Scalar] | Header]"

_KEY: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*):(?= |$) *")
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+")
# What YAML 1.1 takes for a bool, null, number or time although it does not look like one of the two above.
_SURPRISE: Final = re.compile(
    r"(?i:yes|no|on|off|y|n|null|true|false|~|=|<<)|[-+]?\.(?i:inf|nan)"
    r"|[-+.]?[0-9][0-9a-fA-FxXoOtTzZeE_.,:+ -]*"
)
_PLAIN_FLOW: Final = re.compile(r"(?:[^\s,\[\]{}:#?]|:(?![\s,\[\]{}?]|$)|(?<=\S)#| +(?=[^\s,\[\]{}#?]))+")
_PLAIN_BLOCK: Final = re.compile(r"(?:[^\s:#]|:(?!\s|$)|(?<=\S)#| +(?=[^\s#]))+")
_DOUBLE: Final = re.compile(r'"((?:[^"\\]|\\["\\nt/])*)"')
_SINGLE: Final = re.compile(r"'((?:[^']|'')*)'")
_ESCAPES: Final = {"n": "\n", "t": "\t"}


def split(text: str, where: str) -> Header:
    """Return the header of a query text: key -> scalar, list of scalars, or map.

    The header is the run of `#+` lines at the top. A key that is followed by nothing takes the indented lines
    after it as a map. Raises ParseError with file and line.
    """
    header: Header = {}
    block: Header | None = None
    lines = text.split("\n")
    number = 0
    for number, raw in enumerate(lines, 1):
        if not raw.startswith("#+"):
            break
        line = raw[2:].rstrip(" \r")
        if not line.isprintable():
            raise ParseError(f"{where}:{number}: found a tab or control sign in the header, expected spaces")
        body = line[1:] if line.startswith(" ") else line
        if not body.strip():
            continue
        nested = body.startswith(" ")
        target = block if nested else header
        if target is None:
            raise ParseError(
                f"{where}:{number}: found an indented line, expected it below a key that ends in ':'"
            )
        reader = _Reader(body.strip(), f"{where}:{number}")
        key = reader.key()
        if key in target:
            raise ParseError(f"{where}:{number}: found {key!r} a second time, expected each key once")
        if reader.at_end():
            if nested:
                raise ParseError(
                    f"{where}:{number}: found {key!r} without a value, expected one on the same line"
                )
            block = target[key] = {}
        else:
            target[key] = reader.value(flow=False)
            block = block if nested else None
            reader.end()
    late = next((n for n, line in enumerate(lines[number:], number + 1) if line.startswith("#+")), None)
    if late is not None:
        raise ParseError(f"{where}:{late}: found a '#+' line below the query, expected them all at the top")
    if not header:
        raise ParseError(f"{where}:1: found no header, expected lines such as '#+ title: ...' at the top")
    for key, value in header.items():
        if value == {}:
            raise ParseError(
                f"{where}: found {key!r} without a value, expected one, or indented lines below it"
            )
    return header


class _Reader:
    """One header line, read from left to right."""

    def __init__(self, line: str, where: str) -> None:
        self.line = line
        self.where = where
        self.place = 0

    def fail(self, expected: str) -> ParseError:
        rest = self.line[self.place : self.place + 30]
        return ParseError(
            f"{self.where}: found {rest or 'the end of the line'!r} in the header, expected {expected}"
        )

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.line, self.place)
        if match:
            self.place = match.end()
        return match

    def take_sign(self, sign: str) -> bool:
        self.skip()
        found = self.line.startswith(sign, self.place)
        self.place += found
        return found

    def skip(self) -> None:
        while self.line[self.place : self.place + 1] == " ":
            self.place += 1

    def at_end(self) -> bool:
        return self.place >= len(self.line)

    def end(self) -> None:
        self.skip()
        if not self.at_end():
            raise self.fail("the end of the line")

    def key(self) -> str:
        match = self.take(_KEY)
        if match is None:
            raise self.fail("a key such as 'title: '")
        if _SURPRISE.fullmatch(match[1]):
            self.place = match.start()
            raise self.fail("a key that YAML reads as text")
        return match[1]

    def value(self, *, flow: bool) -> Scalar | list[Scalar] | Header:
        if not flow and self.take_sign("["):
            return self.items()
        if self.take_sign("{"):
            return self.map()
        return self.scalar(flow=flow)

    def items(self) -> list[Scalar]:
        found: list[Scalar] = []
        while not self.take_sign("]"):
            if found and not self.take_sign(","):
                raise self.fail("',' or ']'")
            self.skip()
            found.append(self.scalar(flow=True))
        return found

    def map(self) -> Header:
        found: Header = {}
        while not self.take_sign("}"):
            if found and not self.take_sign(","):
                raise self.fail("',' or '}'")
            self.skip()
            key = self.key()
            if key in found:
                raise ParseError(f"{self.where}: found {key!r} a second time, expected each key once")
            found[key] = self.value(flow=True)
        return found

    def scalar(self, *, flow: bool) -> Scalar:
        self.skip()
        double = self.take(_DOUBLE)
        if double:
            return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), double[1])
        single = self.take(_SINGLE)
        if single:
            return single[1].replace("''", "'")
        start = self.place
        first = self.line[start : start + 1]
        if first in set("&*!|>'\"%@`#,[]{}") or re.match(r":|[-?](?:\s|$)", self.line[start:]):
            raise self.fail("a value; put it in double quotes")
        match = self.take(_PLAIN_FLOW if flow else _PLAIN_BLOCK)
        if match is None:
            raise self.fail("a value")
        if match[0] in ("true", "false"):
            return match[0] == "true"
        if _INTEGER.fullmatch(match[0]):
            return int(match[0])
        if _DECIMAL.fullmatch(match[0]):
            return float(match[0])
        if _SURPRISE.fullmatch(match[0]):
            self.place = start
            raise self.fail("a value that YAML reads in one way only; put it in double quotes")
        return match[0]
