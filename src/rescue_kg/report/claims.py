"""The claims of a graph as records to print, with the states, studies and places that they hang on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rescue_kg.answers import Iri
from rescue_kg.namespaces import PREFIXES, contract, expand, kind_of
from rescue_kg.report.citations import latest_check, verdict_of

if TYPE_CHECKING:
    from rescue_kg.report.facts import Facts

__all__ = [
    "ANCHORED",
    "Claim",
    "Group",
    "Named",
    "Place",
    "Study",
    "anchor",
    "claims_of",
    "grouped",
    "studies_of",
]

#: Kinds of node that have a place of their own on the page.
ANCHORED: Final = ("claim", "state", "study")

_LATE: Final = 10**9
_NO_COMPARATOR: Final = PREFIXES["rescue"] + "comparator-not-stated"
_SINGLE_CENTRE: Final = PREFIXES["rescue"] + "single-centre-experience"


@dataclass(frozen=True)
class Named:
    """A node with the label to show it by."""

    iri: Iri
    label: str


@dataclass(frozen=True)
class Place:
    """One place of a text where a claim stands."""

    section: str
    paragraph: int | None
    sentence: int | None
    start: int
    strength: str
    cues: tuple[str, ...]
    qualifier: str


@dataclass(frozen=True)
class Study:
    """A cited source, what is known about the citation, and how many claims lean on it."""

    iri: Iri
    label: str
    number: int | None
    citation: str
    design: str
    single_centre: bool
    status: str
    checked: bool
    checked_on: str
    claims: int
    only_source_of: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """What a text says, in short."""

    iri: Iri
    label: str
    code: str
    type: str
    efficacy: bool
    state: Named | None
    intervention: Named | None
    offers: tuple[Iri, ...]
    outcome: str
    direction: str
    comparator: str
    has_comparator: bool
    has_figure: bool
    cites: tuple[Named, ...]
    more: tuple[tuple[str, tuple[Named, ...]], ...]
    places: tuple[Place, ...]
    notes: tuple[str, ...]

    @property
    def start(self) -> int:
        """Where in the text the claim stands first."""
        return min((place.start for place in self.places), default=_LATE)


@dataclass(frozen=True)
class Group:
    """The claims about one state, or those about none."""

    state: Named | None
    condition: str
    failed: tuple[str, ...]
    claims: tuple[Claim, ...]


def anchor(iri: str) -> str:
    """Return the id that a node has on the page (`claim-ecpr-ohca-survival`), or an empty text for none."""
    kind = kind_of(iri)
    slug = iri.rpartition("/")[2]
    return f"{kind}-{slug}" if kind in ANCHORED else ""


def claims_of(facts: Facts) -> list[Claim]:
    """Return all claims, in the order in which they first stand in the text."""
    claims = [_claim(facts, iri) for iri in facts.instances("rescue:Claim")]
    return sorted(claims, key=lambda claim: (claim.start, claim.label, claim.iri))


def _claim(facts: Facts, iri: Iri) -> Claim:
    def named(name: str) -> tuple[Named, ...]:
        return tuple(Named(one, facts.label(one)) for one in facts.nodes(iri, name))

    kind = facts.kind(iri, "rescue:Claim") or Iri(PREFIXES["rescue"] + "Claim")
    comparator = facts.node(iri, "rescue:comparator")
    outcome, direction = facts.node(iri, "rescue:aboutOutcome"), facts.node(iri, "rescue:direction")
    more = (
        ("Condition", named("rescue:aboutCondition")),
        ("Mechanism", named("rescue:aboutMechanism")),
        ("Depends on", named("rescue:modifiedBy")),
        ("Place in the sequence", named("rescue:linePosition")),
        ("Population", named("rescue:population")),
        ("Credited jointly with", named("rescue:creditedJointlyWith")),
        ("One or the other", named("rescue:alternativeOutcomeTo")),
    )
    return Claim(
        iri=iri,
        label=facts.label(iri),
        code=facts.text(iri, "skos:notation"),
        type=facts.label(kind),
        efficacy=kind == PREFIXES["rescue"] + "EfficacyClaim",
        state=next(iter(named("rescue:aboutState")), None),
        intervention=next(iter(named("rescue:aboutIntervention")), None),
        offers=tuple(facts.nodes(iri, "rescue:offersRescue")),
        outcome=facts.label(outcome) if outcome else "",
        direction=facts.label(direction) if direction else "",
        comparator=facts.label(comparator) if comparator else "",
        has_comparator=comparator is not None and comparator != _NO_COMPARATOR,
        has_figure=bool(facts.values(iri, "rescue:hasEstimate")),
        cites=named("rescue:citesStudy"),
        more=tuple((name, values) for name, values in more if values),
        places=tuple(
            sorted(
                (_place(facts, mention) for mention in facts.nodes(iri, "rescue:hasMention")),
                key=lambda place: (place.start, place.section, place.strength, place.cues),
            )
        ),
        notes=tuple(map(str, facts.values(iri, "skos:editorialNote"))),
    )


def _place(facts: Facts, mention: Iri) -> Place:
    strength = facts.node(mention, "rescue:strength")
    qualifier = facts.node(mention, "rescue:refractoryQualifier")
    start = facts.number(mention, "rescue:start")
    return Place(
        section=facts.text(mention, "rescue:section"),
        paragraph=facts.number(mention, "rescue:paragraph"),
        sentence=facts.number(mention, "rescue:sentence"),
        start=_LATE if start is None else start,
        strength=facts.label(strength) if strength else "",
        cues=tuple(map(str, facts.values(mention, "rescue:strengthCue"))),
        qualifier=facts.label(qualifier) if qualifier else "",
    )


def studies_of(facts: Facts, claims: list[Claim]) -> list[Study]:
    """Return the studies that claims cite or that stand in the reference list, by their number there."""
    cited = {study.iri for claim in claims for study in claim.cites}
    listed = {iri for iri in facts.instances("rescue:Study") if facts.values(iri, "rescue:citationNumber")}
    studies = [_study(facts, iri, claims) for iri in cited | listed]
    return sorted(studies, key=lambda study: (_LATE if study.number is None else study.number, study.iri))


def _study(facts: Facts, iri: Iri, claims: list[Claim]) -> Study:
    status, check = verdict_of(facts, iri), latest_check(facts, iri)
    designs = facts.nodes(iri, "rescue:design")
    leaning = [claim for claim in claims if any(study.iri == iri for study in claim.cites)]
    return Study(
        iri=iri,
        label=facts.label(iri),
        number=facts.number(iri, "rescue:citationNumber"),
        citation=facts.text(iri, "dcterms:bibliographicCitation"),
        design="; ".join(facts.labels(designs)),
        single_centre=_SINGLE_CENTRE in designs,
        status=facts.label(status) if status else "no status",
        checked=status not in (None, expand("rescue:not-checked")),
        checked_on=facts.text(check, "prov:endedAtTime")[:10] if check else "",
        claims=len(leaning),
        only_source_of=sum(len(claim.cites) == 1 for claim in leaning),
        notes=tuple(
            str(note) for node in (iri, check) if node for note in facts.values(node, "skos:editorialNote")
        ),
    )


def grouped(facts: Facts, claims: list[Claim]) -> list[Group]:
    """Return the claims by their state, states in the order of the text, claims without a state last."""
    by_state: dict[str, list[Claim]] = {}
    for claim in claims:
        by_state.setdefault(claim.state.iri if claim.state else "", []).append(claim)
    order = sorted(by_state, key=lambda iri: (not iri, min(claim.start for claim in by_state[iri]), iri))
    groups = []
    for iri in order:
        condition = facts.node(iri, "rescue:ofCondition") if iri else None
        failures = facts.nodes(iri, "rescue:hasFailure") if iri else []
        groups.append(
            Group(
                state=Named(Iri(iri), facts.label(iri)) if iri else None,
                condition=facts.label(condition) if condition else "",
                failed=tuple(_failure(facts, failure) for failure in failures),
                claims=tuple(by_state[iri]),
            )
        )
    return groups


def _failure(facts: Facts, failure: Iri) -> str:
    """Return a failure in words: what failed, how, and how many where the source counts them."""
    therapy = facts.node(failure, "rescue:failedTherapy")
    name = facts.label(therapy) if therapy else contract(failure)
    least = facts.number(failure, "rescue:minimumTherapies")
    count = f", at least {least}" if least else ""
    modes = " or ".join(facts.labels(facts.nodes(failure, "rescue:failureMode")))
    return f"{name}{count} ({modes})" if modes else f"{name}{count}"
