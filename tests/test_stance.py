"""How findings stand to claims: every rule on a small made-up graph, and the verdicts that follow."""

# ruff: noqa: E501 - the tables of cases are easier to read with a case a line

from __future__ import annotations

import functools
import random
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescue_kg import rules
from rescue_kg.comparison import VERDICTS
from rescue_kg.graph import RescueGraph
from rescue_kg.namespaces import GRAPH, ONTOLOGY_GRAPH, PREFIXES, contract
from rescue_kg.resources import ontology_file
from rescue_kg.store import Store

AGREEMENTS = ("supports", "opposes", "findsNoDifferenceFor", "makesNoComparisonFor")

# A review claims that the drug raises survival in a disease in which the old drug had failed.
CONCEPTS = """
condition:disease a rescue:Condition ; rdfs:label "disease"@en .
condition:kind a rescue:Condition ; rdfs:label "kind"@en ; skos:broader condition:disease .
condition:sister a rescue:Condition ; rdfs:label "sister"@en ; skos:broader condition:disease .
condition:foreign a rescue:Condition ; rdfs:label "foreign"@en .
intervention:class a rescue:DrugClass ; rdfs:label "class"@en .
intervention:drug a rescue:Drug , rescue:RescueIntervention ; rdfs:label "drug"@en ; skos:broader intervention:class .
intervention:form a rescue:Drug ; rdfs:label "form"@en ; skos:broader intervention:drug .
intervention:sibling a rescue:Drug ; rdfs:label "sibling"@en ; skos:broader intervention:class .
intervention:old a rescue:Drug ; rdfs:label "old"@en .
intervention:old-form a rescue:Drug ; rdfs:label "old form"@en ; skos:broader intervention:old .
intervention:rival a rescue:Drug ; rdfs:label "rival"@en .
state:refractory a rescue:RefractoryState ; rdfs:label "refractory kind"@en ; rescue:ofCondition condition:kind ;
    rescue:hasFailure failure:refractory-1 .
failure:refractory-1 a rescue:TherapyFailure ; rescue:failedTherapy intervention:old ; rescue:failureMode rescue:no-response .
state:narrower a rescue:RefractoryState ; rdfs:label "narrower"@en ; rescue:ofCondition condition:kind ;
    skos:broader state:refractory .
state:treated a rescue:TreatedState ; rdfs:label "treated"@en ; rescue:ofCondition condition:kind .
state:at-large a rescue:TreatedState ; rdfs:label "at large"@en ; rescue:ofCondition condition:disease .
state:of-sister a rescue:TreatedState ; rdfs:label "of sister"@en ; rescue:ofCondition condition:sister .
state:foreign a rescue:TreatedState ; rdfs:label "foreign"@en ; rescue:ofCondition condition:foreign .
outcome:breath a rescue:Outcome ; rdfs:label "breath"@en ; rescue:betterWhen rescue:higher ; skos:related outcome:alive .
outcome:alive a rescue:Outcome ; rdfs:label "alive"@en ; rescue:betterWhen rescue:higher ; rescue:complementOf outcome:death .
outcome:death a rescue:Outcome ; rdfs:label "death"@en ; rescue:betterWhen rescue:lower .
outcome:alive-at-home a rescue:Outcome ; rdfs:label "alive at home"@en ; rescue:betterWhen rescue:higher ;
    skos:broader outcome:alive .
outcome:rash a rescue:HarmOutcome ; rdfs:label "rash"@en ; rescue:betterWhen rescue:lower .
outcome:colour a rescue:Outcome ; rdfs:label "colour"@en ; rescue:betterWhen rescue:neutral .
study:review a rescue:Study ; rdfs:label "review"@en ; rescue:design rescue:narrative-review .
claim:alive a rescue:EfficacyClaim ; rdfs:label "the drug is said to raise survival"@en ; rescue:statedBy study:review ;
    rescue:aboutState state:refractory ; rescue:aboutIntervention intervention:drug ; rescue:offersRescue intervention:drug ;
    rescue:aboutOutcome outcome:alive ; rescue:direction rescue:increases .
claim:option a rescue:PositioningClaim ; rdfs:label "the drug is offered"@en ; rescue:statedBy study:review ;
    rescue:aboutState state:refractory ; rescue:aboutIntervention intervention:drug ; rescue:offersRescue intervention:drug .
claim:acts a rescue:MechanismClaim ; rdfs:label "the drug is said to act"@en ; rescue:statedBy study:review ;
    rescue:aboutState state:refractory ; rescue:aboutIntervention intervention:drug .
"""

#: A randomized trial that answers the claim directly: more of them are alive, interval and all.
DIRECT = {
    "state": "refractory",
    "intervention": "drug",
    "comparator": "comparator:placebo",
    "outcome": "alive",
    "direction": "increases",
    "measure": "risk-ratio",
    "value": "1.50",
    "low": "1.10",
    "high": "2.00",
    "design": "randomized-controlled-trial",
    "seen": "primary-source",
}
NO_FIGURE = {"measure": "", "value": "", "low": "", "high": ""}


def finding(slug: str, **changes: str) -> str:
    """Return the Turtle of a finding; the study is its own unless named."""
    cells = DIRECT | changes
    study = cells.get("study", slug)
    lines = [
        f"study:{study} a rescue:Study ; rdfs:label '{study}'@en ; rescue:design rescue:{cells['design']} .",
        f"finding:{slug} a rescue:Finding ; rescue:statedBy study:{study} ;",
        f"  rescue:aboutState state:{cells['state']} ; rescue:aboutIntervention intervention:{cells['intervention']} ;",
        f"  rescue:comparator {cells['comparator']} ; rescue:aboutOutcome outcome:{cells['outcome']} ;",
        f"  rescue:direction rescue:{cells['direction']} ; rescue:figureSeenIn rescue:{cells['seen']} .",
    ]
    for key, path in (
        ("background", "backgroundTherapy"),
        ("analysis", "analysis"),
        ("days", "timepointDays"),
    ):
        if cells.get(key):
            lines.append(f"finding:{slug} rescue:{path} {cells[key]} .")
    for key, path in (("included_design", "includedDesign"), ("includes", "includesStudy")):
        if cells.get(key):
            lines.append(f"study:{study} rescue:{path} {cells[key]} .")
    if cells["measure"]:
        lines.append(f"finding:{slug} rescue:hasEstimate estimate:{slug}-1 .")
        lines.append(
            f"estimate:{slug}-1 a rescue:EffectEstimate ; rescue:measure rescue:{cells['measure']} ."
        )
        for key, path in (
            ("value", "value"),
            ("low", "ciLow"),
            ("high", "ciHigh"),
            ("other", "comparatorValue"),
        ):
            if cells.get(key):
                lines.append(f"estimate:{slug}-1 rescue:{path} '{cells[key]}'^^xsd:decimal .")
        if cells.get("p"):
            lines.append(f"estimate:{slug}-1 rescue:pValue '{cells['p']}' .")
        if cells.get("contrast"):
            lines.append(f"estimate:{slug}-1 rescue:contrast rescue:{cells['contrast']} .")
    return "\n".join(lines) + "\n"


PREFIX_LINES = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())


@functools.cache
def base() -> Store:
    """Return the vocabulary with the concepts and their closure."""
    store = Store()
    store.load_file(ontology_file(), graph=ONTOLOGY_GRAPH)
    store.load_file(f"{PREFIX_LINES}{CONCEPTS}".encode(), graph=ONTOLOGY_GRAPH)
    rules.apply_to_all(store)
    return store


def graph_of(*findings: str) -> RescueGraph:
    """Return the concepts with the findings in a dataset."""
    store = Store()
    store.native.bulk_extend(base().native)
    store.load_file(f"{PREFIX_LINES}{''.join(findings)}".encode(), graph=f"{GRAPH}trials")
    rules.apply(store, graph=f"{GRAPH}trials")
    return RescueGraph(store)


def stance(graph: RescueGraph, slug: str, claim: str = "claim:alive") -> tuple[str, set[str]]:
    """Return the agreement of a finding with a claim, `` where it does not bear on it, and the reasons."""
    answer = graph.query(
        f"SELECT DISTINCT ?p WHERE {{ finding:{slug} ?p {claim} . ?p rdfs:subPropertyOf ?any }}"
    )
    assert not isinstance(answer, bool)
    found = {contract(str(row[0])).removeprefix("rescue:") for row in answer.rows}
    agreement = found & set(AGREEMENTS)
    assert len(agreement) <= 1
    weight = {name for name in found if name.startswith("weighs")} | {"decidesFor"}
    return next(iter(agreement), ""), found - agreement - weight - {"inOtherStateThan"}


def verdict(graph: RescueGraph, claim: str = "claim:alive") -> str:
    (row,) = graph.ask("claim-verdicts", claim=claim).to_dicts()
    return str(row["verdict"])


# ---------------------------------------------------------------- agreement and directness


@pytest.mark.parametrize(
    ("changes", "agreement", "reasons"),
    [
        ({}, "supports", set()),
        # Which way: interval, null value, polarity, arm.
        ({"low": "0.90", "value": "1.20"}, "findsNoDifferenceFor", set()),
        ({"value": "0.60", "low": "0.40", "high": "0.90", "direction": "decreases"}, "opposes", set()),
        ({"outcome": "death", "value": "0.60", "low": "0.40", "high": "0.90", "direction": "decreases"}, "supports", set()),
        ({"outcome": "death", "direction": "increases"}, "opposes", set()),
        ({"measure": "risk-difference", "value": "5", "low": "1", "high": "9"}, "supports", set()),
        ({"measure": "risk-difference", "value": "5", "low": "-1", "high": "9"}, "findsNoDifferenceFor", set()),
        ({"contrast": "comparator-against-intervention", "direction": "decreases"}, "opposes", set()),
        ({"contrast": "comparator-against-intervention", "value": "0.5", "low": "0.3", "high": "0.8"}, "supports", set()),
        # The printed figures decide against the word of the record.
        ({"direction": "no-clear-difference"}, "supports", set()),
        # A limit or a p value on the threshold decides nothing: the next one does, and last the record.
        ({"low": "1.00", "p": "0.04"}, "supports", set()),
        ({"low": "1.00", "p": "0.20"}, "findsNoDifferenceFor", set()),
        ({"low": "1.00", "p": "0.05", "direction": "no-clear-difference"}, "findsNoDifferenceFor", set()),
        ({"low": "1.00"}, "supports", set()),
        # A p value with two figures, one per arm.
        ({"measure": "proportion", "value": "40", "other": "20", "low": "", "high": "", "p": "<0.001"}, "supports", set()),
        ({"measure": "proportion", "value": "40", "other": "20", "low": "", "high": "", "p": "<=0.05"}, "supports", set()),
        ({"measure": "proportion", "value": "20", "other": "40", "low": "", "high": "", "p": "0.01"}, "opposes", set()),
        ({"measure": "proportion", "value": "40", "other": "20", "low": "", "high": "", "p": "0.30"}, "findsNoDifferenceFor", set()),
        ({"measure": "proportion", "value": "40", "other": "20", "low": "", "high": "", "p": ">0.05"}, "findsNoDifferenceFor", set()),
        (NO_FIGURE, "supports", set()),
        ({**NO_FIGURE, "direction": "mixed"}, "", set()),
        # Nothing was compared, whatever is printed.
        ({"comparator": "comparator:no-comparator", "direction": "no-comparison"}, "makesNoComparisonFor", {"withoutRandomizationFor"}),
        ({"comparator": "comparator:own-baseline"}, "makesNoComparisonFor", {"withoutRandomizationFor"}),
        # In what it differs.
        ({"state": "narrower"}, "supports", set()),
        ({"state": "treated"}, "supports", {"outsideRefractoryStateOf"}),
        ({"state": "at-large"}, "supports", {"inOtherConditionThan"}),
        ({"state": "of-sister"}, "supports", {"inOtherConditionThan"}),
        ({"intervention": "form"}, "supports", {"onNarrowerInterventionThan"}),
        ({"intervention": "class"}, "supports", {"onBroaderInterventionThan"}),
        ({"intervention": "sibling"}, "supports", {"onSiblingInterventionThan"}),
        ({"outcome": "alive-at-home"}, "supports", set()),
        ({"outcome": "breath"}, "supports", {"onRelatedOutcomeTo"}),
        ({"state": "treated", "background": "intervention:old"}, "supports", {"outsideRefractoryStateOf", "asAddOnFor"}),
        ({"background": "intervention:old"}, "supports", set()),
        ({"comparator": "intervention:rival"}, "supports", {"againstActiveTherapyFor"}),
        ({"comparator": "intervention:old"}, "supports", set()),
        ({"comparator": "intervention:old-form"}, "supports", {"againstActiveTherapyFor"}),
        ({"comparator": "intervention:rival", "background": "intervention:rival"}, "supports", set()),
        ({"seen": "secondary-source"}, "supports", {"fromSecondarySourceFor"}),
        ({"design": "cohort-study"}, "supports", {"withoutRandomizationFor"}),
        ({"design": "meta-analysis"}, "supports", {"withoutRandomizationFor"}),
        ({"design": "meta-analysis", "included_design": "rescue:randomized-controlled-trial"}, "supports", set()),
        (
            {"design": "meta-analysis", "included_design": "rescue:randomized-controlled-trial , rescue:cohort-study"},
            "supports",
            {"withoutRandomizationFor"},
        ),
        # The drug as the comparator: what is good for the other arm is bad for it.
        ({"intervention": "rival", "comparator": "intervention:drug"}, "opposes", {"againstActiveTherapyFor"}),
        (
            {"intervention": "rival", "comparator": "intervention:form", "value": "0.6", "low": "0.4", "high": "0.9"},
            "supports",
            {"againstActiveTherapyFor", "onNarrowerInterventionThan"},
        ),
    ],
)  # fmt: skip
def test_one_finding(changes: dict[str, str], agreement: str, reasons: set[str]) -> None:
    graph = graph_of(finding("f", **changes))
    found, bearing = stance(graph, "f")
    assert found == agreement
    extra = {"representsStudyFor"} | ({"indirectFor"} if reasons else set()) | {"bearsOn"}
    assert bearing - extra == reasons


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "foreign"},
        {"outcome": "rash"},
        {"outcome": "colour"},
        {"intervention": "rival"},
        # Both arms got the drug: doses, or forms, were compared.
        {"intervention": "form", "comparator": "intervention:drug"},
    ],
)
def test_what_does_not_bear_on_the_claim(changes: dict[str, str]) -> None:
    graph = graph_of(finding("f", **changes))
    assert stance(graph, "f") == ("", set())
    assert verdict(graph) == "no comparable evidence"


def test_a_claim_without_an_outcome_is_held_against_every_outcome_but_harms() -> None:
    graph = graph_of(
        finding("good", outcome="breath"),
        finding("same", outcome="death", low="0.8"),
        finding("harm", outcome="rash"),
    )
    assert stance(graph, "good", "claim:option")[0] == "supports"
    assert "onOutcomeNotNamedBy" in stance(graph, "good", "claim:option")[1]
    assert stance(graph, "same", "claim:option")[0] == "findsNoDifferenceFor"
    assert stance(graph, "harm", "claim:option") == ("", set())
    assert verdict(graph, "claim:option") == "mixed"


def test_a_claim_of_no_effect_is_compared_with_nothing() -> None:
    graph = graph_of(finding("f"))
    assert stance(graph, "f", "claim:acts") == ("", set())
    assert verdict(graph, "claim:acts") == "no comparable evidence"


# ---------------------------------------------------------------- verdicts

SAME = {"low": "0.80"}
AGAINST = {"value": "0.6", "low": "0.4", "high": "0.9", "direction": "decreases"}
COHORT = {"design": "cohort-study"}
SINGLE = {"comparator": "comparator:no-comparator", "direction": "no-comparison", "design": "case-series"}


@pytest.mark.parametrize(
    ("expected", "findings"),
    [
        ("no comparable evidence", []),
        ("uncontrolled evidence only", [SINGLE]),
        ("supported", [{}]),
        ("supported", [{}, SINGLE]),
        ("supported", [{}, {"seen": "secondary-source"}]),
        ("supported indirectly", [{"seen": "secondary-source"}]),
        ("supported indirectly", [{"state": "treated"}]),
        ("supported indirectly", [COHORT]),
        ("supported indirectly", [{"intervention": "sibling"}]),
        ("mixed", [{}, SAME]),
        ("mixed", [{}, AGAINST]),
        ("mixed", [{}, SAME, AGAINST]),
        ("not supported", [SAME]),
        ("not supported", [SAME, AGAINST]),
        ("opposed", [AGAINST]),
        # Randomized before not, in the state before elsewhere; where the two differ, randomized.
        ("supported", [{}, {**COHORT, **SAME}]),
        ("not supported", [SAME, {"state": "treated"}]),
        ("not supported", [{**SAME, "state": "treated"}, COHORT]),
        ("opposed", [{**COHORT, **AGAINST}, {**COHORT, "state": "treated"}]),
        # Another active therapy is another question than the drug against going on without it.
        ("supported", [{}, {**AGAINST, "comparator": "intervention:rival"}]),
        ("opposed", [{**AGAINST, "comparator": "intervention:rival"}]),
        # A sibling counts only where nothing else does.
        ("not supported", [SAME, {"intervention": "sibling"}]),
    ],
)
def test_verdict(expected: str, findings: list[dict[str, str]]) -> None:
    graph = graph_of(*(finding(f"f{n}", **changes) for n, changes in enumerate(findings)))
    assert verdict(graph) == expected


@pytest.mark.parametrize(
    ("expected", "findings"),
    [
        # Of one study: the closest finding, and of equally close ones the latest.
        ("not supported", [{"days": "28"}, {**SAME, "days": "180"}]),
        ("supported", [{"days": "180"}, {**SAME, "days": "28"}]),
        ("supported", [{}, {**SAME, "analysis": "rescue:sensitivity-analysis"}]),
        (
            "supported",
            [{"analysis": "rescue:main-analysis"}, {**SAME, "analysis": "rescue:subgroup-analysis"}],
        ),
        ("supported", [{}, {**SAME, "state": "treated"}]),
        ("supported", [{"analysis": "rescue:subgroup-analysis"}, {**SAME, "state": "treated"}]),
        ("supported", [{}, {**SAME, "outcome": "breath"}]),
        ("supported", [{}, {**SAME, "intervention": "form"}]),
        ("supported", [{}, SINGLE]),
        # A study that disagrees with itself decides nothing where another one does not.
        ("mixed", [{}, SAME]),
    ],
)
def test_one_study_counts_once(expected: str, findings: list[dict[str, str]]) -> None:
    made = [
        finding(f"f{n}", study="one", **{**changes, "design": "randomized-controlled-trial"})
        for n, changes in enumerate(findings)
    ]
    assert verdict(graph_of(*made)) == expected


def test_a_study_that_disagrees_with_itself_leaves_the_verdict_to_others() -> None:
    split = finding("a", study="one") + finding("b", study="one", **SAME)
    graph = graph_of(split, finding("c", state="treated", **SAME))
    assert verdict(graph) == "not supported"
    (row,) = graph.ask("claim-verdicts", claim="claim:alive").to_dicts()
    assert (row["inconsistent"], row["no_difference"]) == (1, 1)


SYNTHESIS = {
    "design": "meta-analysis",
    "included_design": "rescue:randomized-controlled-trial",
    "includes": "study:trial",
}


@pytest.mark.parametrize(
    ("expected", "synthesis", "trial"),
    [
        ("supported", {}, SAME),
        ("not supported", SAME, {}),
        # Not where the trial is nearer to the question than the synthesis, or better made.
        ("supported", {**SAME, "state": "treated"}, {}),
        ("supported", {**SAME, "included_design": "rescue:cohort-study"}, {}),
        ("supported", {**SAME, "outcome": "breath"}, {}),
        ("not supported", {**SAME, "state": "treated"}, {"state": "at-large"}),
    ],
)
def test_a_synthesis_speaks_for_the_studies_that_it_includes(
    expected: str, synthesis: dict[str, str], trial: dict[str, str]
) -> None:
    graph = graph_of(finding("synthesis", **{**SYNTHESIS, **synthesis}), finding("trial", **trial))
    assert verdict(graph) == expected


def test_evidence_of_two_datasets_meets_in_the_verdict() -> None:
    graph = graph_of(finding("f"))
    assert verdict(graph) == "supported"
    graph.load(f"{PREFIX_LINES}{finding('g', **SAME)}".encode(), dataset="more")
    assert verdict(graph) == "mixed"
    graph.remove("more")
    assert verdict(graph) == "supported"


@settings(max_examples=25, deadline=None)
@given(
    kinds=st.lists(
        st.sampled_from(
            [{}, SAME, AGAINST, SINGLE, COHORT, {"state": "treated"}, {**SAME, "state": "treated"}, NO_FIGURE]
        ),
        min_size=1,
        max_size=6,
    ),
    order=st.randoms(),
)
@pytest.mark.slow
def test_the_order_of_the_findings_changes_nothing(kinds: list[dict[str, str]], order: random.Random) -> None:
    numbers = count()
    made = [finding(f"f{next(numbers)}", **changes) for changes in kinds]
    shuffled = list(made)
    order.shuffle(shuffled)
    one, other = graph_of(*made), graph_of(*shuffled)
    assert one.ask("claim-verdicts").rows == other.ask("claim-verdicts").rows
    # A claim never gets better by evidence against it.
    rank = VERDICTS.index
    worse = graph_of(*made, finding("last", **AGAINST))
    if verdict(one) in ("supported", "supported indirectly", "mixed", "not supported"):
        assert rank(verdict(worse)) >= rank(verdict(one))
