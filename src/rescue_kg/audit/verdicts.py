"""The verdict on a citation: one rule, its thresholds, and how the verdicts of several services become one.

The table in `docs/audit.md` is this module in words.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from rescue_kg.audit.compare import Field
from rescue_kg.namespaces import RESCUE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rescue_kg.audit.compare import Comparison

__all__ = ["THRESHOLDS", "Thresholds", "Verdict", "best", "verdict"]


class Verdict(Enum):
    """The verdicts, best first; each value is the local name of the node in the ontology."""

    VERIFIED = "verified"
    METADATA_MISMATCH = "metadata-mismatch"
    NEAR_MATCH = "near-match"
    NOT_FOUND = "not-found"
    NOT_CHECKED = "not-checked"

    @property
    def iri(self) -> str:
        """The node of the verdict."""
        return RESCUE + self.value


class Thresholds(NamedTuple):
    """The scores of titles (0 to 100, see compare_titles) at which a verdict changes.

    `same`: from here on, and without an odd word, it is the same title, misprints and word order aside.
    `like`: from here on a title is similar enough for a near match, and, where everything else agrees, for
    the same work under a changed title. `resembles`: from here on it is a near match where journal, year and
    volume agree.
    """

    same: float = 90.0
    like: float = 80.0
    resembles: float = 65.0


THRESHOLDS: Final = Thresholds()

_ORDER: Final = tuple(Verdict)


def verdict(comparison: Comparison, thresholds: Thresholds = THRESHOLDS) -> Verdict:
    """Return the verdict on a citation that was held against one record.

    VERIFIED, METADATA_MISMATCH and NEAR_MATCH as the table in `docs/audit.md` says; NOT_FOUND where the
    record is nothing like the citation. NOT_CHECKED does not come from a comparison.
    """
    title = comparison.title
    author, journal, year = (comparison[name] for name in ("first author", "journal", "year"))
    agree = {name for name, field in comparison.fields.items() if field is Field.AGREES}
    same_title = title.score >= thresholds.same and not title.odd
    about_year = year in (Field.AGREES, Field.NEAR)
    identified = (
        comparison.same_identifier
        or author is Field.AGREES
        or (journal is Field.AGREES and about_year)
        or {"volume", "first page"} <= agree
    )
    enough = (
        comparison.same_identifier
        or (author is Field.AGREES and bool({"journal", "year", "first page"} & agree))
        or {"journal", "first page"} <= agree
        or {"journal", "year", "volume"} <= agree
    )
    if same_title and enough and not comparison.differences:
        return Verdict.VERIFIED
    if same_title and identified and (enough or comparison.differences):
        return Verdict.METADATA_MISMATCH
    alike = title.score >= thresholds.like or title.part
    same_place = {"first author", "journal", "first page"} <= agree and about_year
    if comparison.same_identifier and (alike or len({"first author", "journal", "year"} & agree) >= 2):
        return Verdict.METADATA_MISMATCH
    # The place in print is that of one article: another title there is a changed title.
    if alike and same_place:
        return Verdict.METADATA_MISMATCH
    if alike or same_title or same_place:
        return Verdict.NEAR_MATCH
    if title.score >= thresholds.resembles and {"journal", "year", "volume"} <= agree:
        return Verdict.NEAR_MATCH
    return Verdict.NOT_FOUND


def best(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the best of several verdicts, of records or of services; NOT_CHECKED where there is none.

    A service that does not know a work says nothing against one that does, and a service that was not reached
    says nothing at all, so the best match stands; where services disagree, the check says so beside it.
    """
    return min(verdicts, key=_ORDER.index, default=Verdict.NOT_CHECKED)
