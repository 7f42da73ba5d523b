"""The steps that the map and the picture show: what had failed, in which state, the rescue offered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rescue_kg.answers import Iri
from rescue_kg.namespaces import contract

if TYPE_CHECKING:
    from rescue_kg.report.claims import Claim
    from rescue_kg.report.facts import Facts

__all__ = ["Offer", "Pathway", "Therapy", "pathways_of"]


@dataclass(frozen=True)
class Therapy:
    """A therapy in one of its roles; `named` is False for one that the source does not name."""

    iri: Iri
    label: str
    kind: str
    kind_label: str
    named: bool
    broader: tuple[Iri, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Offer:
    """An intervention that claims offer as rescue in one state."""

    therapy: Therapy
    claims: int
    efficacy_claims: int


@dataclass(frozen=True)
class Pathway:
    """One clinical state with what had failed in it and what is offered as rescue."""

    state: Iri
    label: str
    condition: Iri | None
    condition_label: str
    failed: tuple[Therapy, ...]
    offers: tuple[Offer, ...]


def pathways_of(facts: Facts, claims: list[Claim]) -> list[Pathway]:
    """Return every state with a claim, and a failure or an offer, in the order in which the text comes to it.

    States that only evidence was gathered in are left to the evidence map.

    `claims` must be in the order of the text, as claims_of() returns them.
    """
    offered: dict[str, dict[str, list[Claim]]] = {}
    first: dict[str, int] = {}
    for place, claim in enumerate(claims):
        if claim.state is None:
            continue
        first.setdefault(claim.state.iri, place)
        for intervention in claim.offers:
            offered.setdefault(claim.state.iri, {}).setdefault(intervention, []).append(claim)
    states = (state for state in facts.instances("rescue:ClinicalState") if state in first)
    paths = [_pathway(facts, state, offered.get(state, {})) for state in states]
    told = [path for path in paths if path.failed or path.offers]
    return sorted(told, key=lambda path: first[path.state])


def _pathway(facts: Facts, state: Iri, offered: dict[str, list[Claim]]) -> Pathway:
    condition = facts.node(state, "rescue:ofCondition")
    failed = {
        therapy: None
        for failure in facts.nodes(state, "rescue:hasFailure")
        for therapy in facts.nodes(failure, "rescue:failedTherapy")
    }
    offers = [
        Offer(therapy_of(facts, iri), len(claims), sum(claim.efficacy for claim in claims))
        for iri, claims in offered.items()
    ]
    return Pathway(
        state=state,
        label=facts.label(state),
        condition=condition,
        condition_label=facts.label(condition) if condition else "",
        failed=tuple(therapy_of(facts, therapy) for therapy in failed),
        offers=tuple(offers),
    )


def therapy_of(facts: Facts, iri: str) -> Therapy:
    """Return a therapy with its kind, the classes right above it and, of a regimen, its parts."""
    unnamed = "rescue:UnnamedTherapy"
    named = facts.kind(iri, unnamed) is None
    kind = facts.kind(iri, "rescue:Intervention" if named else unnamed)
    return Therapy(
        iri=Iri(iri),
        label=facts.label(iri),
        kind=contract(kind).partition(":")[2] if kind else "",
        kind_label=facts.label(kind) if kind else "",
        named=named,
        broader=tuple(facts.nodes(iri, "skos:broader")),
        parts=tuple(sorted(facts.labels(facts.nodes(iri, "rescue:hasComponent")))),
    )
