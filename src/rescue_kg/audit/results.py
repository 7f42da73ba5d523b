"""What an audit found: for one service, for one study, and in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rescue_kg.answers import Answer, Iri
from rescue_kg.audit.compare import FIELDS, Field
from rescue_kg.audit.verdicts import Verdict, best

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rescue_kg.audit.citation import Citation
    from rescue_kg.audit.compare import Comparison
    from rescue_kg.audit.records import Record

__all__ = ["AuditReport", "Match", "Result", "ServiceResult"]

_FOUND: Final = (Verdict.VERIFIED, Verdict.METADATA_MISMATCH)


@dataclass(frozen=True)
class Match:
    """A record that a citation was held against, how it compares, and the verdict on the pair."""

    record: Record
    comparison: Comparison
    verdict: Verdict


@dataclass(frozen=True)
class ServiceResult:
    """What one service had to say on one study.

    `asked` tells how it was asked; `match` is the best record that is like the citation, `place` one that
    stands where the citation says; `failure` says why the service did not answer, in full or in part.
    NOT_FOUND stands only where a search was answered.
    """

    service: str
    url: str
    verdict: Verdict
    asked: tuple[str, ...] = ()
    match: Match | None = None
    place: Record | None = None
    failure: str = ""

    def in_words(self) -> str:
        """Return in one sentence how the service was asked, what was compared, and what came of it."""
        if not self.asked:
            return f"{self.service} ({self.url}): no answer ({self.failure or 'nothing to ask for'})."
        head = f"{self.service} ({self.url}), {' and '.join(self.asked)}: {_named(self.verdict)}"
        if self.verdict is Verdict.NOT_CHECKED or (self.failure and self.match is None):
            return f"{head} ({self.failure})."
        if self.match is None:
            return f"{head}."
        comparison = self.match.comparison
        parts = [f"title {int(comparison.title.score)} of 100"]
        agree = [name for name in FIELDS if comparison[name] is Field.AGREES]
        parts += [f"same {', '.join(agree)}"] if agree else []
        parts += [f"other {', '.join(name for name, _, _ in comparison.differences)}"] * bool(
            comparison.differences
        )
        return f"{head}; {'; '.join(parts)}."


@dataclass(frozen=True)
class Result:
    """The verdict on the citation of one study; `ended` is when the last answer came that it rests on."""

    citation: Citation
    services: tuple[ServiceResult, ...]
    ended: datetime

    @property
    def verdict(self) -> Verdict:
        """The best verdict of the services."""
        return best(one.verdict for one in self.services)

    @property
    def match(self) -> Match | None:
        """The best record of the service with the best verdict, or None where nothing like it was found."""
        if self.verdict in (Verdict.NOT_FOUND, Verdict.NOT_CHECKED):
            return None
        found = [one.match for one in self.services if one.match and one.verdict is self.verdict]
        return max(found, key=lambda match: match.comparison.title.score, default=None)

    @property
    def differences(self) -> str:
        """What differs from the best record, field by field."""
        match = self.match
        if match is None:
            return ""
        told = [
            f"{name}: cited {cited}, found {found}" for name, cited, found in match.comparison.differences
        ]
        title = match.comparison.title
        if title.odd:
            said = "without its subtitle" if title.part else f"words apart: {', '.join(title.odd)}"
            told.insert(0, f"title: {said}")
        return "; ".join(told)

    @property
    def retraction(self) -> str:
        """What the services say of a retraction of the work that was found, or an empty text."""
        told = []
        for one in self.services:
            record = one.match.record if one.match and one.verdict in _FOUND else None
            if record and record.retraction:
                told.append(f"{one.service}: {record.retraction}")
            if record and record.notice:
                told.append(f"{one.service}: the record is itself a notice of retraction")
        return "; ".join(told)

    @property
    def failures(self) -> tuple[str, ...]:
        """Why services did not answer."""
        return tuple(one.failure for one in self.services if one.failure)

    def method(self) -> str:
        """Return in one text which services were asked how, what was compared, and what each came to."""
        return " ".join(one.in_words() for one in self.services)

    def notes(self) -> tuple[str, ...]:
        """Return what a reader of the check should know besides: a retraction, the record that was found."""
        told = [f"Retracted: {self.retraction}."] if self.retraction else []
        match = self.match
        if match is not None and self.verdict is not Verdict.VERIFIED:
            told.append(f"Closest record ({match.record.service}): {match.record.in_words()}.")
            if self.differences:
                told.append(f"Differences: {self.differences}.")
        found = {one.verdict for one in self.services} - {Verdict.NOT_CHECKED}
        if len(found) > 1:
            each = [f"{one.service} {_named(one.verdict)}" for one in self.services if one.verdict in found]
            told.append(f"The services do not agree: {', '.join(each)}; the best match stands.")
        if self.verdict is Verdict.NOT_FOUND:
            places = [one.place for one in self.services if one.place]
            told += [f"At the place cited stands ({one.service}): {one.in_words()}." for one in places[:1]]
        return tuple(told)


@dataclass(frozen=True)
class AuditReport:
    """The results of an audit, in the order of the studies; `checked_by` says who looked."""

    results: tuple[Result, ...]
    checked_by: str

    def __len__(self) -> int:
        return len(self.results)

    def __repr__(self) -> str:
        counts = ", ".join(f"{_named(verdict)}: {n}" for verdict, n in self.counts.items() if n)
        studies = "1 study" if len(self) == 1 else f"{len(self):,} studies"
        return f"<AuditReport of {studies}; {counts}>"

    @property
    def counts(self) -> dict[Verdict, int]:
        """Verdict -> number of studies, best first."""
        return {one: sum(result.verdict is one for result in self.results) for one in Verdict}

    @property
    def failures(self) -> tuple[str, ...]:
        """Why services did not answer, each reason once."""
        return tuple(dict.fromkeys(failure for result in self.results for failure in result.failures))

    def to_answer(self) -> Answer:
        """Return one row a study.

        Columns: study (IRI), label, verdict (its name), differences, retraction, found (the best record as a
        reference), services (each with its verdict); all text but the first.
        """
        columns = ("study", "label", "verdict", "differences", "retraction", "found", "services")
        return Answer(columns, map(_row, self.results), "Citation audit")


def _row(result: Result) -> tuple[Iri | str, ...]:
    each = (f"{one.service}: {_named(one.verdict)}" for one in result.services)
    return (
        result.citation.study,
        result.citation.label,
        result.verdict.value,
        result.differences,
        result.retraction,
        result.match.record.in_words() if result.match else "",
        _joined(each),
    )


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def _named(verdict: Verdict) -> str:
    return verdict.value.replace("-", " ")
