"""Holds a citation against a record, field by field; what follows from it is another module's business."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from rescue_kg.audit.normal import (
    STOP_WORDS,
    bare_doi,
    bare_number,
    first_page,
    page_key,
    plain,
    same_journal,
    surnames,
    words,
)
from rescue_kg.errors import NotAvailableError

try:
    from rapidfuzz import fuzz
    from rapidfuzz.distance import OSA
except ImportError as error:
    raise NotAvailableError(
        "rapidfuzz is not installed, which compares titles: pip install 'rescue-kg[audit]'"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rescue_kg.audit.citation import Citation
    from rescue_kg.audit.records import Record

__all__ = ["FIELDS", "Comparison", "Field", "Title", "compare", "compare_titles"]

#: The fields that are compared besides the title, in the order in which they are told.
FIELDS: Final = ("first author", "journal", "year", "volume", "issue", "first page", "DOI", "PMID")

#: Words of at least so many letters may differ by one letter, or two that are swapped.
_MISPRINT_LETTERS: Final = 5
#: A title without its subtitle has at least so many words, else it says too little.
_PART_WORDS: Final = 4
_WORKING_GROUP: Final = re.compile(
    r"\b(group|investigators|collaborat\w*|committee|consortium|network|team|study|trial|society)\b",
    re.IGNORECASE,
)
# Where a title ends and a subtitle begins, as far as signs tell.
_CUT: Final = re.compile(r"\s*[:?.\u2013\u2014]\s+|\s+[-\u2013\u2014]\s+|(?<=\w)\u2014(?=\w)")


class Field(Enum):
    """What the comparison of one field came to; OPEN where one of the two sides leaves it out."""

    AGREES = "agrees"
    NEAR = "differs by one year"
    DIFFERS = "differs"
    OPEN = "open"


@dataclass(frozen=True)
class Title:
    """How two titles compare.

    `score` is from 0 to 100; `odd` are the words of either that have no partner in the other; `part` tells
    that one is the other without its subtitle.
    """

    score: float
    odd: tuple[str, ...] = ()
    part: bool = False


@dataclass(frozen=True)
class Comparison:
    """A citation held against a record; `differences` has what differs as (field, cited, found)."""

    title: Title
    fields: Mapping[str, Field]
    differences: tuple[tuple[str, str, str], ...]

    def __getitem__(self, name: str) -> Field:
        """Return what the comparison of a field came to."""
        return self.fields[name]

    @property
    def same_identifier(self) -> bool:
        """Whether the DOI or the PMID is the same."""
        return Field.AGREES in (self.fields["DOI"], self.fields["PMID"])


def compare(citation: Citation, record: Record) -> Comparison:
    """Return how a citation compares with a record, field by field."""
    titles = [compare_titles(citation.title, title) for title in record.titles]
    title = min(titles, key=lambda one: (len(one.odd), -one.score), default=Title(0.0))
    found: dict[str, tuple[Field, str, str]] = {
        "first author": _author(citation, record),
        "journal": _journal(citation, record),
        "year": _year(citation, record),
        "volume": _number(citation.volume, record.volume),
        "issue": _number(citation.issue, record.issue),
        "first page": _page(citation, record),
        "DOI": _text(citation.doi, bare_doi(record.doi)),
        "PMID": _text(citation.pmid, record.pmid),
    }
    differs = tuple(
        (name, cited, answered)
        for name, (field, cited, answered) in found.items()
        if field in (Field.DIFFERS, Field.NEAR)
    )
    return Comparison(title, {name: field for name, (field, _, _) in found.items()}, differs)


def compare_titles(cited: str, answered: str) -> Title:
    """Return how two titles compare.

    The score is the larger of RapidFuzz's `ratio` (normalised InDel similarity, in order) and
    `token_sort_ratio` (the same with the words sorted) of the titles as plain() makes them. A word is odd
    where the other title has neither the word nor a misprint of it: one letter more, less, other or swapped
    (optimal string alignment distance 1) in a word of five letters or more without a digit. Stop words are
    never odd.
    """
    one, other = plain(cited), plain(answered)
    if not one or not other:
        return Title(0.0)
    score = max(fuzz.ratio(one, other), fuzz.token_sort_ratio(one, other))
    odd = _odd_words(one.split(), other.split())
    return Title(score, odd, bool(odd) and (_is_main_part(cited, other) or _is_main_part(answered, one)))


def _is_main_part(title: str, other: str) -> bool:
    """Return whether a title, cut where its subtitle begins, is the whole of the other one."""
    for cut in _CUT.finditer(title):
        main = plain(title[: cut.start()])
        if len(main.split()) >= _PART_WORDS and not _odd_words(main.split(), other.split()):
            return True
    return False


def _odd_words(one: list[str], other: list[str]) -> tuple[str, ...]:
    left, right = _leftover(one, other), _leftover(other, one)
    for word in list(left):
        partner = next((near for near in right if _is_misprint(word, near)), None)
        if partner is not None:
            left.remove(word)
            right.remove(partner)
    # metaanalysis is meta-analysis, COVID19 is COVID-19.
    if "".join(left) == "".join(right):
        return ()
    return tuple(word for word in (*left, *right) if word not in STOP_WORDS)


def _leftover(of: list[str], other: list[str]) -> list[str]:
    there = list(other)
    left = []
    for word in of:
        if word in there:
            there.remove(word)
        else:
            left.append(word)
    return left


def _is_misprint(one: str, other: str) -> bool:
    if min(len(one), len(other)) < _MISPRINT_LETTERS or not (one.isalpha() and other.isalpha()):
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1


def _author(citation: Citation, record: Record) -> tuple[Field, str, str]:
    cited, answered = " / ".join(citation.first_authors), record.first_author
    if not cited or not (answered or record.groups):
        return Field.OPEN, cited, answered
    groups = {"".join(words(group)).removeprefix("the") for group in (*record.groups, answered)}
    for name in citation.first_authors:
        whole = "".join(words(re.sub(r"\([^()]*\)", " ", name))).removeprefix("the")
        if whole and any(whole in group or group in whole for group in groups if group):
            return Field.AGREES, cited, answered
        if surnames(name) & surnames(answered):
            return Field.AGREES, cited, answered
    # Services often leave a working group out, or put it behind the people.
    if any(_WORKING_GROUP.search(name) for name in (*citation.first_authors, answered)):
        return Field.OPEN, cited, answered
    return Field.DIFFERS, cited, answered


def _journal(citation: Citation, record: Record) -> tuple[Field, str, str]:
    cited, answered = citation.journal, " / ".join(record.journals)
    if not words(cited) or not answered:
        return Field.OPEN, cited, answered
    agrees = any(same_journal(cited, name) for name in record.journals)
    return Field.AGREES if agrees else Field.DIFFERS, cited, answered


def _year(citation: Citation, record: Record) -> tuple[Field, str, str]:
    answered = " / ".join(map(str, record.years))
    if citation.year is None or not record.years:
        return Field.OPEN, str(citation.year or ""), answered
    apart = min(abs(citation.year - year) for year in record.years)
    field = Field.AGREES if apart == 0 else Field.NEAR if apart == 1 else Field.DIFFERS
    return field, str(citation.year), answered


def _number(cited: str, answered: str) -> tuple[Field, str, str]:
    return _text(bare_number(cited), bare_number(answered), cited, answered)


def _page(citation: Citation, record: Record) -> tuple[Field, str, str]:
    cited = first_page(citation.pages)
    keys = {page_key(first_page(page)) for page in record.pages} - {""}
    answered = " / ".join(dict.fromkeys(record.pages))
    if not page_key(cited) or not keys:
        return Field.OPEN, cited, answered
    return Field.AGREES if page_key(cited) in keys else Field.DIFFERS, cited, answered


def _text(
    one: str, other: str, cited: str | None = None, answered: str | None = None
) -> tuple[Field, str, str]:
    field = Field.OPEN if not one or not other else Field.AGREES if one == other else Field.DIFFERS
    return field, cited if cited is not None else one, answered if answered is not None else other
