"""What is known about citations: the verdict of the latest check of each, as in the answers to questions."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rescue_kg.namespaces import expand

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rescue_kg.answers import Iri
    from rescue_kg.report.facts import Facts

__all__ = ["counted", "latest_check", "looked_for", "verdict_of"]

#: Best first.
_VERDICTS: Final = tuple(
    expand(f"rescue:{name}")
    for name in ("verified", "metadata-mismatch", "near-match", "not-found", "not-checked")
)


def latest_check(facts: Facts, study: str) -> Iri | None:
    """Return the latest check of a study that reached a verdict, or None; the later IRI where two tie."""
    found: list[tuple[datetime, Iri]] = []
    for check in facts.instances("rescue:CitationCheck"):
        ended = next(iter(facts.values(check, "prov:endedAtTime")), None)
        if study not in facts.nodes(check, "rescue:checkedStudy") or not isinstance(ended, datetime):
            continue
        if facts.node(check, "rescue:verdict") not in (None, _VERDICTS[-1]):
            found.append((ended if ended.tzinfo else ended.replace(tzinfo=UTC), check))
    return max(found)[1] if found else None


def verdict_of(facts: Facts, study: str) -> Iri | None:
    """Return the verdict of the latest check of a study, or where there is none the status of its record."""
    check = latest_check(facts, study)
    return facts.node(check, "rescue:verdict") if check else facts.node(study, "rescue:citationStatus")


def counted(facts: Facts, studies: Iterable[str]) -> str:
    """Return in words how many citations have which verdict: `none verified, 1 near match, 9 not found`."""
    verdicts = Counter(verdict_of(facts, study) or _VERDICTS[-1] for study in studies)
    order = sorted(verdicts, key=lambda one: (_VERDICTS.index(one) if one in _VERDICTS else 99, one))
    told = [f"{verdicts[one]} {facts.label(one)}" for one in order]
    return ", ".join(told if verdicts[_VERDICTS[0]] else ["none verified", *told])


def looked_for(facts: Facts, studies: Iterable[str]) -> str:
    """Return in words when and how citations were looked for last, or an empty text where nobody looked."""
    checks = {check for study in studies if (check := latest_check(facts, study))}
    days = sorted(
        {str(value)[:10] for check in checks for value in facts.values(check, "prov:endedAtTime")[:1]}
    )
    methods = sorted({facts.text(check, "rescue:checkMethod") for check in checks})
    if not days:
        return ""
    when = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
    how = methods[0] if len(methods) == 1 else "Each check says how."
    return f"Looked for {when}. {how}"
