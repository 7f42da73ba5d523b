"""Leads a claim back to where it stands: its passages in the reader's own copy of the text."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, cast

from rescue_kg.answers import Answer, Iri
from rescue_kg.errors import ChecksFailedError, InputError
from rescue_kg.namespaces import RESCUE, contract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.answers import Value
    from rescue_kg.graph import RescueGraph

__all__ = ["Passage", "Status", "Trace", "passage_hash", "read_source", "trace"]

Status: TypeAlias = 'Literal["match", "moved", "mismatch"]'

#: How many characters of white space a passage may have had more than its collapsed form.
_SLACK: Final = 4


class Passage(NamedTuple):
    """One mention of a claim, and what stands there in the reader's copy.

    `start` and `end` are the recorded offsets in Unicode code points, `found_start` and `found_end` those in
    the copy. `status` is match (the hash fits at the recorded offsets), moved (it fits elsewhere) or mismatch
    (it fits nowhere; then `text` and the found offsets are None). `strength` and `qualifier` are IRIs.
    """

    mention: Iri
    section: str
    paragraph: int | None
    sentence: int | None
    start: int
    end: int
    strength: Iri | None
    cues: tuple[str, ...]
    qualifier: Iri | None
    status: Status
    found_start: int | None
    found_end: int | None
    text: str | None


class Trace(NamedTuple):
    """The passages of one claim, in the order of the text."""

    claim: Iri
    label: str
    passages: tuple[Passage, ...]

    @property
    def ok(self) -> bool:
        """Whether every passage was found, by its hash, at its offsets or elsewhere."""
        return all(passage.status != "mismatch" for passage in self.passages)

    def answer(self) -> Answer:
        """Return the passages as a table: the fields of Passage as columns, several cues joined by `; `."""
        rows = [(*passage[:7], "; ".join(passage.cues), *passage[8:]) for passage in self.passages]
        return Answer(Passage._fields, rows, self.label)


def passage_hash(text: str) -> str:
    """Return the SHA-256 of a passage in UTF-8, in hexadecimal.

    Every run of white space counts as one space, and there is none at the ends.
    """
    return _digest(" ".join(text.split()))


def read_source(path: str | os.PathLike[str]) -> str:
    """Return the text of a file, or of standard input for `-`, with its line ends as they are.

    Offsets count in this text. Raises InputError for a file that cannot be read or is not UTF-8.
    """
    name = os.fspath(path)
    try:
        if name == "-":
            import sys

            name = "<standard input>"
            data = sys.stdin.buffer.read()
        else:
            with open(name, "rb") as stream:  # noqa: PTH123
                data = stream.read()
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"found the byte 0x{data[error.start]:02x}"
        raise InputError(f"{name}:{line}: {found}, expected text in UTF-8; convert the file first") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{name}: cannot be read ({reason}), expected the text of the source") from error


def trace(graph: RescueGraph, claim: str, source_text: str) -> Trace:
    """Return the passages of a claim (IRI, CURIE, label or slug) in a copy of the text that it was read from.

    A passage is accepted by its hash only. One that is not at its offsets is looked for in the whole copy,
    its white space collapsed, so that another header or other line breaks do no harm.

    Raises UnknownNameError for an unknown claim, InputError for a mention without offsets or hash, and
    ChecksFailedError for a claim without any mention, of which nothing could be checked.
    """
    iri = graph.resolve(claim, "claim")
    rows = graph.query(
        f"SELECT DISTINCT ?mention ?property ?value WHERE {{ <{iri}> rescue:hasMention ?mention . "
        "?mention ?property ?value } ORDER BY ?mention ?property ?value"
    )
    mentions: dict[Iri, dict[str, list[Value]]] = {}
    for mention, name, value in cast("Answer", rows):
        said = mentions.setdefault(cast("Iri", mention), {})
        said.setdefault(str(name).removeprefix(RESCUE), []).append(cast("Value", value))
    if not mentions:
        raise ChecksFailedError(
            f"{contract(iri)}: found no mention, so nothing could be checked against the text"
        )
    copy = _Copy(source_text)
    passages = [_passage(mention, said, copy) for mention, said in mentions.items()]
    passages.sort(key=lambda passage: (passage.start, passage.end, passage.mention))
    return Trace(iri, graph.label(iri), tuple(passages))


def _passage(mention: Iri, said: dict[str, list[Value]], copy: _Copy) -> Passage:
    def one(name: str) -> Value | None:
        return said[name][0] if name in said else None

    def number(name: str) -> int | None:
        value = one(name)
        return value if isinstance(value, int) else None

    start, end, wanted = number("start"), number("end"), one("passageHash")
    if start is None or end is None or not 0 <= start < end or not isinstance(wanted, str):
        raise InputError(
            f"{contract(mention)}: found start {one('start')}, end {one('end')} and passageHash {wanted}, "
            "expected 0 <= start < end and a SHA-256; run: rescue-kg validate"
        )
    status: Status = "match"
    place: tuple[int, int] | None = (start, end)
    if passage_hash(copy.text[start:end]) != wanted:
        place = copy.find(wanted, start, end)
        status = "moved" if place else "mismatch"
    strength, qualifier = one("strength"), one("refractoryQualifier")
    return Passage(
        mention=mention,
        section=str(one("section") or ""),
        paragraph=number("paragraph"),
        sentence=number("sentence"),
        start=start,
        end=end,
        strength=strength if isinstance(strength, Iri) else None,
        cues=tuple(map(str, said.get("strengthCue", []))),
        qualifier=qualifier if isinstance(qualifier, Iri) else None,
        status=status,
        found_start=place[0] if place else None,
        found_end=place[1] if place else None,
        text=copy.text[slice(*place)] if place else None,
    )


class _Copy:
    """The reader's text, with its white space collapsed and the way back to its own offsets."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._collapsed = ""
        self._offsets: list[int] = []

    def find(self, wanted: str, start: int, end: int) -> tuple[int, int] | None:
        """Return where a passage of this hash stands, looked for near `start` first, or None."""
        if not self._offsets:
            self._collapse()
        text, offsets = self._collapsed, self._offsets
        lengths = range(end - start, max(end - start - _SLACK, 1) - 1, -1)
        for first in self._starts(start):
            for length in lengths:
                last = first + length - 1
                if last < len(text) and text[last] != " " and _digest(text[first : last + 1]) == wanted:
                    return offsets[first], offsets[last] + 1
        return None

    def _starts(self, expected: int) -> Iterator[int]:
        """Yield where a passage can begin: beginnings of words, then any other place, the nearest first."""
        text = self._collapsed
        signs = [place for place, sign in enumerate(text) if sign != " "]
        near = sorted(signs, key=lambda place: abs(self._offsets[place] - expected))
        yield from (place for place in near if place == 0 or text[place - 1] == " ")
        yield from (place for place in near if place > 0 and text[place - 1] != " ")

    def _collapse(self) -> None:
        signs: list[str] = []
        for offset, sign in enumerate(self.text):
            if sign.isspace():
                if not signs or signs[-1] == " ":
                    continue
                sign = " "
            signs.append(sign)
            self._offsets.append(offset)
        self._collapsed = "".join(signs)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
