"""Claims beside evidence, as records to print: by condition, each claim with its verdict and its findings."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.answers import Answer, Iri
from rescue_kg.comparison import VERDICTS
from rescue_kg.namespaces import expand

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.report.claims import Claim
    from rescue_kg.report.contents import Contents
    from rescue_kg.report.facts import Facts

__all__ = ["SIGNS", "Evidence", "Held", "Seen", "Topic", "evidence_of"]

#: A sign for each verdict and stance, so that nothing is told by colour alone.
SIGNS: Final = {
    "supported": "+",
    "supported indirectly": "(+)",
    "mixed": "±",
    "not supported": "=",
    "opposed": "−",  # noqa: RUF001 - the minus sign is meant
    "uncontrolled evidence only": "○",
    "no comparable evidence": "∅",
    "no verdict": "?",
    "supports": "+",
    "opposes": "−",  # noqa: RUF001 - the minus sign is meant
    "no difference found": "=",
    "no comparison": "○",
    "no direction": "?",
}
#: Only these say something of an effect, which a study can measure.
_OF_AN_EFFECT: Final = frozenset({expand("rescue:EfficacyClaim"), expand("rescue:PositioningClaim")})
_NO_VERDICT: Final = "no verdict"
#: What stands behind a verdict for which no comparison weighs.
_BEHIND: Final = {
    "mixed": "the study disagrees with itself",
    "uncontrolled evidence only": "nothing was compared",
}
_TURNED: Final = expand("rescue:comparator-against-intervention")


@dataclass(frozen=True)
class Seen:
    """One figure of a finding, as it bears on a claim.

    `level` is the level on which it weighs, 0 where it does not; `decides` says that the verdict is taken
    there.
    """

    finding: Iri
    study: str
    link: str
    design: str
    size: str
    stance: str
    weight: str
    level: int
    decides: bool
    question: str
    where: str
    figures: tuple[str, ...]
    read: str
    reasons: str
    source: str


@dataclass(frozen=True)
class Held:
    """A claim held against evidence: `first` are the findings behind the verdict, `others` all the rest.

    `compared` is False for a claim that says nothing of an effect; `left` names findings that bear on it but
    are recorded too incompletely for the table.
    """

    claim: Claim
    verdict: str
    decided: str
    compared: bool
    first: tuple[Seen, ...]
    others: tuple[Seen, ...]
    left: tuple[str, ...]
    citations: tuple[str, ...]
    directness: str
    misfits: tuple[str, ...]


@dataclass(frozen=True)
class Topic:
    """A condition of the source with the claims on it, and the alternatives with evidence in its states."""

    name: str
    label: str
    compared: tuple[Held, ...]
    apart: tuple[Held, ...]
    alternatives: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Evidence:
    """All that the page on claims and evidence shows; `findings` is the number of findings in the graph."""

    topics: tuple[Topic, ...]
    findings: int

    @property
    def held(self) -> list[Held]:
        """Every claim once, in the order of the page."""
        return [held for topic in self.topics for held in (*topic.compared, *topic.apart)]

    @property
    def by_verdict(self) -> list[tuple[str, list[Held]]]:
        """Each verdict with the claims of an effect that have it, best first; all of VERDICTS."""
        compared = [held for held in self.held if held.compared]
        names = [*VERDICTS, *([_NO_VERDICT] if any(one.verdict == _NO_VERDICT for one in compared) else [])]
        return [(name, [one for one in compared if one.verdict == name]) for name in names]

    @property
    def apart(self) -> int:
        """The number of claims that say nothing of an effect."""
        return sum(not held.compared for held in self.held)


def evidence_of(graph: RescueGraph, contents: Contents) -> Evidence:
    """Return the claims of a report beside the evidence, from the answers that the report already has."""
    facts = contents.facts
    answers = {asked.question.name: asked.answer for asked in contents.asked}
    verdicts: dict[str, dict[str, Any]] = {}
    for row in answers["claim-verdicts"].to_dicts():
        verdicts.setdefault(str(row["claim"]), row)
    behind, cited, fit, direct = (
        _by_claim(answers[name])
        for name in ("claim-evidence", "claim-citations", "design-fit", "evidence-by-directness")
    )
    bearing: defaultdict[str, list[str]] = defaultdict(list)
    pairs = graph.query("SELECT DISTINCT ?claim ?finding WHERE { ?finding rescue:bearsOn ?claim }")
    for claim, finding in sorted(pairs, key=str) if isinstance(pairs, Answer) else ():
        bearing[str(claim)].append(str(finding))
    by_topic: dict[tuple[str, ...], list[Held]] = {}
    for one in contents.claims:
        key = one.iri
        rows = behind[key]
        shown = {row["finding"] for row in rows}
        row = verdicts.get(key, {})
        held = _held(
            facts,
            one,
            row,
            [_seen(facts, finding) for finding in rows],
            tuple(facts.label(finding) for finding in bearing[key] if finding not in shown),
            (cited[key], fit[key], direct[key]),
        )
        by_topic.setdefault(_conditions(facts, one), []).append(held)
    alternatives = answers["alternatives-with-evidence"].to_dicts()
    topics = [
        Topic(
            name="topic-" + (conditions[0].rpartition("/")[2] if conditions else "other"),
            label=facts.label(conditions[0]) if conditions else "several conditions, or none",
            compared=tuple(held for held in claims if held.compared),
            apart=tuple(held for held in claims if not held.compared),
            alternatives=tuple(
                row for row in alternatives if _condition_of(facts, str(row["state"])) == conditions
            ),
        )
        # Claims on several conditions, or on none, come last; the others in the order of the text.
        for conditions, claims in sorted(by_topic.items(), key=lambda item: not item[0])
    ]
    return Evidence(tuple(topics), len(facts.instances("rescue:Finding")))


def _by_claim(answer: Answer) -> defaultdict[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in answer.to_dicts():
        found[str(row["claim"])].append(row)
    return found


def _conditions(facts: Facts, claim: Claim) -> tuple[str, ...]:
    """Return the one condition that a claim is about, or nothing for several and for none."""
    if claim.state:
        return _condition_of(facts, claim.state.iri)
    own = facts.nodes(claim.iri, "rescue:aboutCondition")
    return (str(own[0]),) if len(own) == 1 else ()


def _condition_of(facts: Facts, state: str) -> tuple[str, ...]:
    condition = facts.node(state, "rescue:ofCondition")
    return (str(condition),) if condition else ()


def _held(
    facts: Facts,
    claim: Claim,
    row: dict[str, Any],
    seen: list[Seen],
    left: tuple[str, ...],
    more: tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]],
) -> Held:
    cited, misfits, direct = more
    verdict = str(row.get("verdict", _NO_VERDICT))
    # Those of a level stay in the order of the question.
    rows = sorted(seen, key=lambda one: (not one.decides, one.level or 99))
    weighs = any(one.level for one in rows)
    wanted = _BEHIND.get(verdict)
    first = [one for one in rows if (one.level if weighs else one.weight == wanted)]
    kind = facts.kind(claim.iri, "rescue:Claim")
    return Held(
        claim=claim,
        verdict=verdict,
        decided=_decided(row, len(seen) + len(left)),
        compared=kind in _OF_AN_EFFECT or bool(seen or left) or verdict not in (_NO_VERDICT, VERDICTS[-1]),
        first=tuple(first),
        others=tuple(one for one in rows if one not in first),
        left=left,
        citations=tuple(_citation(one) for one in cited),
        directness=_directness(direct[0]) if direct else "",
        misfits=tuple(f"{one['leans_on']}: {one['study_label']} ({one['design']})" for one in misfits),
    )


def _seen(facts: Facts, row: dict[str, Any]) -> Seen:
    """Return a row of claim-evidence to print."""
    finding, weight = row["finding"], str(row["weight"])
    level = int(weight[0]) if weight[0].isdigit() else 0
    estimates = facts.nodes(finding, "rescue:hasEstimate")
    estimate = estimates[0] if len(estimates) == 1 else None
    when = f" ({row['timepoint']})" if row["timepoint"] else ""
    analysis = facts.node(finding, "rescue:analysis")
    kind = "" if analysis in (None, expand("rescue:main-analysis")) else facts.label(analysis or "")
    link = facts.text(row["study"], "rescue:link")
    return Seen(
        finding=finding,
        study=str(row["study_label"]),
        link=link if link.startswith("https://") else "",
        design=str(row["design"]),
        size="" if row["participants"] is None else f"{row['participants']:,}",
        stance=str(row["stance"] or "no direction"),
        weight=weight[2:] if level else weight,
        level=level,
        decides=bool(row["decides"]),
        question=f"{row['intervention_label']} against {row['comparator']}: {row['outcome']}{when}",
        where=f"{row['state']}; {kind}" if kind else str(row["state"]),
        figures=_figures(facts, row, estimate),
        read=str(row["decided_by"]),
        reasons=row["reasons"] or "",
        source="; ".join(facts.labels(facts.nodes(finding, "rescue:figureSeenIn"))),
    )


def _figures(facts: Facts, row: dict[str, Any], estimate: Iri | None) -> tuple[str, ...]:
    """Return all figures of a finding with the digits of the source."""
    unit = facts.text(estimate, "rescue:unit") if estimate else ""
    level = facts.text(estimate, "rescue:ciLevel") if estimate else ""
    parts = []
    if row["measure"]:
        value = f" {row['value']}" if row["value"] else ""
        against = f" against {row['comparator_value']}" if row["comparator_value"] else ""
        # A measure without a value says nothing, unless an interval follows.
        if value or against or row["ci_low"]:
            of = f" {unit}" if unit and (value or against) else ""
            parts.append(f"{row['measure']}{value}{against}{of}")
    if row["ci_low"] or row["ci_high"]:
        name = f"{level} % interval" if level else "interval"
        parts.append(f"{name} {row['ci_low'] or '?'} to {row['ci_high'] or '?'}")
    if row["p_value"]:
        parts.append(f"p {row['p_value']}" if str(row["p_value"])[:1] in "<>≤≥" else f"p = {row['p_value']}")
    if row["events"]:
        parts.append(f"events {row['events']}")
    if estimate and facts.node(estimate, "rescue:contrast") == _TURNED:
        parts.append("printed as comparator against intervention")
    if row["words"]:
        parts.append(str(row["words"]))
    return tuple(parts)


def _decided(row: dict[str, Any], findings: int) -> str:
    """Return in words what decided a verdict; numbers count studies."""
    if not row:
        return "the record of the claim is incomplete"
    if row["decided_by"] is None:
        if row["inconsistent"]:
            return f"disagreement within {_studies(row['inconsistent'])}; no other study weighs"
        if row["uncontrolled"]:
            return f"{_studies(row['uncontrolled'])}, none of which compares with anything"
        return "findings bear on it, but none weighs" if findings else "no finding of the graph bears on it"
    parts = [
        f"{row[name]} {words}"
        for name, words in (
            ("supporting", "in favour"),
            ("no_difference", "found no difference"),
            ("opposing", "against"),
        )
        if row[name]
    ]
    further = [
        f"{row[name]} {words}"
        for name, words in (("further_supporting", "in favour"), ("further_against", "not in favour"))
        if row[name]
    ]
    text = f"{row['decided_by']}. Studies on that level: {', '.join(parts)}"
    return f"{text}; below it: {', '.join(further)}" if further else text


def _studies(count: int) -> str:
    return f"{count} {'study' if count == 1 else 'studies'}"


def _citation(row: dict[str, Any]) -> str:
    when = f", {row['checked_on']}" if row["checked_on"] else ""
    return f"{row['study_label']} ({row['verdict']}{when})"


def _directness(row: dict[str, Any]) -> str:
    """Return how many studies speak on a claim, in its state and elsewhere; each counts once."""
    return (
        f"in the refractory state {row['in_state_randomized']} randomized, {row['in_state_other']} not, "
        f"{row['uncontrolled_in_state']} without a comparison; elsewhere "
        f"{row['outside_randomized']} randomized, {row['outside_other']} not, "
        f"{row['uncontrolled_outside']} without a comparison"
    )
