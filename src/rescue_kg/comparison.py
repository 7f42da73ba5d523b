"""Claims beside evidence: the verdict on each claim, the findings behind it, and alternatives with evidence.

The method is not in here: the rules 70 to 82 in `queries/rules/` say how a finding stands to a claim, the
question `claim-verdicts` what follows for the claim, and docs/stance.md explains both.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.errors import InputError
from rescue_kg.namespaces import contract, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.answers import Answer, Iri, Value
    from rescue_kg.graph import RescueGraph

__all__ = ["VERDICTS", "Comparison", "compare"]

#: What the evidence can say of a claim, from the best to the least.
VERDICTS: Final = (
    "supported",
    "supported indirectly",
    "mixed",
    "not supported",
    "opposed",
    "uncontrolled evidence only",
    "no comparable evidence",
)

_KINDS: Final = ("claim", "condition", "intervention")
_WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Comparison:
    """Claims held against what studies measured.

    `subject` is the claim, condition or intervention that was asked for, or None for everything. `claims` has
    a row for each claim with its verdict, `findings` a row for each finding that bears on one of them, and
    `alternatives` the interventions that did better in the same states; their columns are those of the
    questions claim-verdicts, claim-evidence and alternatives-with-evidence.
    """

    subject: Iri | None
    claims: Answer
    findings: Answer
    alternatives: Answer

    @property
    def verdicts(self) -> dict[str, int]:
        """Verdict -> number of claims, all of VERDICTS in their order."""
        found = Counter(self.claims.column("verdict"))
        return {verdict: found[verdict] for verdict in VERDICTS}

    def __repr__(self) -> str:
        about = "everything" if self.subject is None else contract(self.subject)
        return f"<Comparison of {about}: {len(self.claims)} claims, {len(self.findings)} findings>"

    def to_dict(self) -> dict[str, object]:
        """Return subject, verdicts, and the three tables as lists of dicts; IRIs in full."""
        return {
            "subject": self.subject,
            "verdicts": self.verdicts,
            "claims": self.claims.to_dicts(),
            "findings": self.findings.to_dicts(),
            "alternatives": self.alternatives.to_dicts(),
        }

    def to_text(self, width: int | None = None) -> str:
        """Return the comparison for a terminal: claim by claim, the findings that count first."""
        return "\n".join(_lines(self, width or _WIDTH)) + "\n"


def compare(graph: RescueGraph, term: str | None = None) -> Comparison:
    """Hold claims against evidence: one claim, those on a condition or an intervention, or all.

    A condition stands for its kinds and manifestations too, an intervention for its kinds. `term` is an IRI,
    a CURIE, a label or a synonym. Raises UnknownNameError where it names nothing or several nodes, InputError
    where it names something else than a claim, a condition or an intervention.
    """
    asked: dict[str, Any] = {}
    subject = None
    if term is not None:
        subject = graph.resolve(term)
        kind = kind_of(subject)
        if kind not in _KINDS:
            raise InputError(
                f"found {contract(subject)} to compare, expected a claim, a condition or an intervention"
            )
        asked[kind] = subject
    names = ("claim-verdicts", "claim-evidence", "alternatives-with-evidence")
    claims, findings, alternatives = (graph.ask(name, **asked) for name in names)
    return Comparison(subject, claims, findings, alternatives)


def _lines(comparison: Comparison, width: int) -> Iterator[str]:
    behind: dict[Value | None, list[dict[str, Value | None]]] = {}
    for row in comparison.findings.to_dicts():
        behind.setdefault(row["claim"], []).append(row)
    for claim in comparison.claims.to_dicts():
        yield from _wrapped(str(claim["claim_label"]), width)
        yield from _wrapped(_verdict(claim), width, "  ")
        for finding in behind.get(claim["claim"], []):
            yield from _wrapped(_finding(finding), width, "    - ", "      ")
        yield ""
    if comparison.alternatives:
        yield "Alternatives with evidence, in the refractory states of these claims or kindred ones:"
        for row in comparison.alternatives.to_dicts():
            yield from _wrapped(_alternative(row), width, "    - ", "      ")
        yield ""
    counts = ", ".join(f"{count} {verdict}" for verdict, count in comparison.verdicts.items() if count)
    yield from _wrapped(f"{_number(len(comparison.claims), 'claim', 'claims')}: {counts or 'none'}.", width)
    yield from _wrapped("What a source says and what studies measured. Not medical advice.", width)


def _wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, max(width, 40), initial_indent=first, subsequent_indent=first if rest is None else rest
    )


def _verdict(claim: dict[str, Value | None]) -> str:
    """Return the verdict on a claim with what decided it, in one line."""
    said = str(claim["verdict"]).upper()
    if claim["decided_by"] is None:
        single = claim["uncontrolled"]
        return (
            f"{said} ({claim['type']})" if not single else f"{said} ({_number(single, 'study', 'studies')})"
        )
    parts = [
        f"{claim[name]} {words}"
        for name, words in (
            ("supporting", "in favour"),
            ("no_difference", "no difference"),
            ("opposing", "against"),
        )
        if claim[name]
    ]
    further = [
        f"{claim[name]} {words}"
        for name, words in (("further_supporting", "in favour"), ("further_against", "not"))
        if claim[name]
    ]
    text = f"{said}: {claim['decided_by']}: {', '.join(parts)}"
    return f"{text}; below that level: {', '.join(further)}" if further else text


def _number(count: Value | None, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _finding(row: dict[str, Value | None]) -> str:
    """Return a finding in one line: study, stance, weight, question, figures, why indirect."""
    size = f", {row['participants']} people" if row["participants"] else ""
    when = f" ({row['timepoint']})" if row["timepoint"] else ""
    reasons = f" [{row['reasons']}]" if row["reasons"] else ""
    return (
        f"{row['study_label']} ({row['design']}{size}): {row['stance'] or 'no direction'}; {row['weight']}. "
        f"{row['intervention_label']} against {row['comparator']}: {row['outcome']}{when}"
        f"{_figures(row)}{reasons}"
    )


def _figures(row: dict[str, Value | None]) -> str:
    parts = []
    if row["value"]:
        against = f" against {row['comparator_value']}" if row["comparator_value"] else ""
        parts.append(f"{row['measure']} {row['value']}{against}")
    if row["ci_low"]:
        parts.append(f"interval {row['ci_low']} to {row['ci_high']}")
    if row["p_value"]:
        sign = "" if str(row["p_value"])[:1] in "<>" else "="
        parts.append(f"p{sign}{row['p_value']}")
    if not parts:
        parts = [str(row[name]) for name in ("events", "words") if row[name]]
    return f": {', '.join(parts)}" if parts else ""


def _alternative(row: dict[str, Value | None]) -> str:
    chance = "randomized" if row["randomized"] else "not randomized"
    own = ", head to head" if row["head_to_head"] else ""
    return (
        f"{row['alternative_label']} in {row['studied']}, against {row['compared_with']}: "
        f"{row['outcome']} ({row['study_label']}, {row['design']}, {chance}{own})"
    )
