"""The rules against the axioms: a brute-force closure, owlrl and rdflib must find the same, and no more."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import owlrl
import pyoxigraph
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from naive_closure import OWL, TYPE, Triple, closure
from rescue_kg import rules
from rescue_kg.graph import load
from rescue_kg.namespaces import ONTOLOGY_GRAPH, contract, expand
from small_graphs import asserted, axioms, comparable, plain, random_graph, stated, variant, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable


@functools.cache
def inferred() -> frozenset[Triple]:
    """Everything in the union after the rules, types in own classes and object property values."""
    return frozenset(comparable(plain(load(evidence=False).store.quads())))


#: That of the review, and those in which the evidence was gathered.
STEROID_REFRACTORY = {
    "state:steroid-refractory-ms-relapse",
    "state:steroid-refractory-optic-neuritis-in-ms",
    "state:steroid-refractory-cns-demyelinating-attack",
}


def subjects(triples: Iterable[Triple], predicate: str, value: str) -> set[str]:
    p, o = expand(predicate) if predicate != "a" else TYPE, expand(value)
    return {contract(s) for s, q, t in triples if (q, t) == (p, o)}


def values(triples: Iterable[Triple], node: str, predicate: str) -> set[str]:
    s, p = expand(node), expand(predicate)
    return {contract(o) for t, q, o in triples if (t, q) == (s, p)}


# ---------------------------------------------------------------- the whole file


def test_the_rules_find_what_the_axioms_entail_and_no_more() -> None:
    assert inferred() == closure(stated())


def test_domains_and_ranges_type_nothing_new() -> None:
    assert closure(stated(), domains_and_ranges=False) == closure(stated())


@pytest.mark.slow
def test_rdflib_gives_the_same_triples_rule_by_rule() -> None:
    engine = load(infer=False, evidence=False)
    counts = engine.infer()
    graph = engine.rdflib()
    union = rdflib.Graph()
    for s, p, o, name in graph.quads((None, None, None, None)):
        if name == rdflib.URIRef(ONTOLOGY_GRAPH):
            union.add((s, p, o))
    stance = rdflib.Graph()
    for rule in rules.catalogue():
        before = len(union)
        for triple in union.query(rule.text).graph or ():
            union.add(triple)
            if rule.target == "stance":
                stance.add(triple)
        assert len(union) - before == counts[rule.name], rule.name
    found = {
        (str(s), str(p), str(o))
        for s, p, o in union - stance
        if not isinstance(o, rdflib.Literal) and isinstance(s, rdflib.URIRef)
    }
    assert comparable(found) == inferred()


def test_every_rule_finds_something() -> None:
    # The rules of the stance need evidence to find anything in.
    assert [name for name, count in load().infer().items() if not count] == []


def test_rules_write_declared_properties_and_classes_between_named_nodes() -> None:
    graph = load(evidence=False)
    quads = [q for q in graph.store.quads() if str(q.graph_name)[1:-1] != ONTOLOGY_GRAPH]
    assert {str(q.graph_name)[1:-1] for q in quads} == {
        f"{ONTOLOGY_GRAPH}/{target}" for target in rules.TARGETS
    }
    for quad in quads:
        assert isinstance(quad.subject, pyoxigraph.NamedNode)
        assert isinstance(quad.object, pyoxigraph.NamedNode)
        if quad.predicate.value == TYPE:
            assert quad.object.value in axioms().classes
        else:
            assert quad.predicate.value in axioms().properties


def test_the_summary_holds_upward_closed_pairs_and_nothing_that_is_also_stated() -> None:
    graph = load(evidence=False)
    summary = plain(graph.store.quads(f"{ONTOLOGY_GRAPH}/summary"))
    assert {contract(p) for _, p, _ in summary} == {"rescue:rescueOfKindReportedInCondition"}
    assert values(summary, "intervention:ecmo", "rescue:rescueOfKindReportedInCondition") == {
        contract(condition)
        for state in values(inferred(), "intervention:ecmo", "rescue:reportedRescueFor")
        for condition in map(expand, values(inferred(), state, "rescue:ofCondition"))
    }
    # The hierarchy of conditions is left alone: a condition does not count beside its own ancestor.
    assert "condition:cardiac-arrest" not in {contract(o) for _, _, o in summary}
    names = [graph.store.quads(name) for name in graph.store.graphs()]
    parts = [plain(quads) for quads in names]
    assert sum(map(len, parts)) == len(set.union(*parts))


def test_applying_the_rules_again_changes_nothing() -> None:
    graph = load(evidence=False)
    before = sorted(map(str, graph.store.quads()))
    graph.infer()
    assert sorted(map(str, graph.store.quads())) == before


# ---------------------------------------------------------------- what must and must not follow


def test_ecmo_is_direct_rescue_in_two_states_and_reported_in_three() -> None:
    direct = {"state:refractory-septic-shock", "state:ventilation-refractory-covid-19-ards"}
    assert values(inferred(), "intervention:ecmo", "rescue:directRescueFor") == direct
    assert values(inferred(), "intervention:ecmo", "rescue:reportedRescueFor") == direct | {
        "state:cpr-refractory-ohca"
    }
    assert values(inferred(), "intervention:ecpr", "rescue:directRescueFor") == {"state:cpr-refractory-ohca"}
    assert len(values(inferred(), "intervention:ecmo", "rescue:rescueReportedInCondition")) == 2
    assert len(values(inferred(), "intervention:ecmo", "rescue:rescueOfKindReportedInCondition")) == 3


def test_corticosteroids_are_the_only_dual_role() -> None:
    assert subjects(inferred(), "a", "rescue:DualRoleIntervention") == {"intervention:corticosteroids"}
    assert len(values(inferred(), "intervention:corticosteroids", "rescue:directRescueFor")) == 2
    assert values(inferred(), "intervention:corticosteroids", "rescue:failedDirectlyIn") == STEROID_REFRACTORY


def test_the_groups_by_what_failed() -> None:
    groups = {
        "rescue:SteroidRefractoryState": STEROID_REFRACTORY,
        "rescue:BiologicRefractoryState": {
            "state:biologic-refractory-ibd",
            "state:tnf-antagonist-refractory-crohn-disease",
        },
        "rescue:VentilationRefractoryState": {
            "state:ventilation-refractory-covid-19-ards",
            "state:ventilation-refractory-severe-ards",
            "state:covid-19-ards-pao2-fio2-below-80",
        },
        "rescue:CprRefractoryState": {"state:cpr-refractory-ohca"},
    }
    assert {group: subjects(inferred(), "a", group) for group in groups} == groups


def test_stated_rescue_interventions_are_the_inferred_ones() -> None:
    role = (TYPE, expand("rescue:RescueIntervention"))
    bare = {triple for triple in stated() if triple[1:] != role}
    assert subjects(closure(bare), "a", "rescue:RescueIntervention") == subjects(
        stated(), "a", "rescue:RescueIntervention"
    )


def test_a_part_of_a_regimen_is_part_of_a_rescue_only() -> None:
    for part in ("intervention:venetoclax", "intervention:hypomethylating-agents"):
        assert values(inferred(), part, "rescue:partOfRescueFor") == {"state:relapsed-or-refractory-aml"}
        assert not values(inferred(), part, "rescue:directRescueFor")
        assert not values(inferred(), part, "rescue:reportedRescueFor")
        assert "rescue:RescueIntervention" not in {
            contract(o) for s, p, o in inferred() if (s, p) == (expand(part), TYPE)
        }


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        ("intervention:mechanical-ventilation", "rescue:RescueIntervention"),
        ("intervention:conventional-cpr", "rescue:RescueIntervention"),
        ("intervention:anticonvulsants", "rescue:RescueIntervention"),
        ("intervention:biologics", "rescue:RescueIntervention"),
        ("intervention:biologics", "rescue:DualRoleIntervention"),
        ("intervention:immunosuppressants", "rescue:RescueIntervention"),
        ("intervention:immunosuppressants", "rescue:DualRoleIntervention"),
        ("intervention:dexamethasone", "rescue:RescueIntervention"),
        ("intervention:ustekinumab", "rescue:FailedTherapy"),
        ("intervention:rituximab", "rescue:FailedTherapy"),
        ("intervention:dexamethasone", "rescue:FailedTherapy"),
        ("therapy:aml-initial-therapy", "rescue:Intervention"),
        ("therapy:aml-initial-therapy", "rescue:FailedTherapy"),
    ],
)
def test_must_not_be_inferred(node: str, kind: str) -> None:
    # A node that is not there would pass for the wrong reason.
    assert any(s == expand(node) for s, _, _ in inferred())
    assert (expand(node), TYPE, expand(kind)) not in inferred()


def test_comparators_and_background_therapies_are_no_rescue() -> None:
    beside = {
        (s, o)
        for s, p, o in inferred()
        if p in (expand("rescue:comparator"), expand("rescue:backgroundTherapy"))
    }
    assert beside
    rescued = {(s, o) for s, p, o in inferred() if p == expand("rescue:offersRescue")}
    assert not beside & rescued


# ---------------------------------------------------------------- small cases

BASE_CASE = """
condition:c a rescue:Condition . intervention:i a rescue:Drug . intervention:kind a rescue:DrugClass .
intervention:i skos:broader intervention:kind .
state:s a rescue:RefractoryState ; rescue:ofCondition condition:c ; rescue:hasFailure failure:s-1 .
failure:s-1 a rescue:TherapyFailure ; rescue:failedTherapy intervention:corticosteroids ;
    rescue:failureMode rescue:intolerance .
intervention:corticosteroids a rescue:DrugClass .
"""


def test_an_intolerant_state_is_after_failure_of_steroids_but_not_steroid_refractory() -> None:
    found = variant(BASE_CASE)
    assert subjects(found, "rescue:afterFailureOf", "intervention:corticosteroids") == {"state:s"}
    assert not subjects(found, "a", "rescue:SteroidRefractoryState")
    assert not subjects(found, "a", "rescue:ResistanceFailure")
    # Several modes: any of them holds.
    more = variant(BASE_CASE + "failure:s-1 rescue:failureMode rescue:no-response .")
    assert subjects(more, "a", "rescue:SteroidRefractoryState") == {"state:s"}


def test_in_the_whole_file_too_an_intolerant_state_stays_out() -> None:
    found = variant(BASE_CASE.replace("intervention:corticosteroids a rescue:DrugClass .", ""), whole=True)
    assert subjects(found, "a", "rescue:SteroidRefractoryState") == STEROID_REFRACTORY
    assert "state:s" in values(found, "intervention:corticosteroids", "rescue:failedDirectlyIn")


def test_failure_of_a_member_goes_up_to_its_class_and_never_down() -> None:
    found = variant(
        BASE_CASE + "intervention:d a rescue:Drug ; skos:broader intervention:corticosteroids . "
        "intervention:e a rescue:Drug ; skos:broader intervention:corticosteroids . "
        "failure:t-1 a rescue:TherapyFailure ; rescue:failedTherapy intervention:d ; "
        "rescue:failureMode rescue:loss-of-response . "
        "state:t a rescue:RefractoryState ; rescue:hasFailure failure:t-1 ."
    )
    assert values(found, "state:t", "rescue:afterFailureOf") == {"intervention:d"}
    assert values(found, "state:t", "rescue:afterFailureOfKind") == {
        "intervention:d",
        "intervention:corticosteroids",
    }
    assert subjects(found, "a", "rescue:SteroidRefractoryState") == {"state:t"}
    assert subjects(found, "a", "rescue:FailedTherapy") == {"intervention:corticosteroids", "intervention:d"}
    assert subjects(found, "rescue:afterFailureOfKind", "intervention:e") == set()


def test_only_a_claim_that_offers_rescue_in_a_refractory_state_makes_a_rescue() -> None:
    about = "rescue:aboutIntervention intervention:i ; rescue:aboutState state:s"
    context = variant(BASE_CASE + f"claim:x a rescue:ContextClaim ; {about} .")
    finding = variant(BASE_CASE + f"finding:x a rescue:Finding ; {about} .")
    for found in (context, finding):
        assert values(found, "intervention:i", "rescue:triedIn") == {"state:s"}
        assert not values(found, "intervention:i", "rescue:directRescueFor")
        assert not subjects(found, "a", "rescue:RescueIntervention")
    treated = variant(
        BASE_CASE
        + "state:t a rescue:TreatedState ; rescue:ofCondition condition:c . claim:x a rescue:EfficacyClaim ;"
        "rescue:aboutState state:t ; rescue:offersRescue intervention:i ."
    )
    assert values(treated, "intervention:i", "rescue:directRescueFor") == {"state:t"}
    assert not subjects(treated, "a", "rescue:RescueIntervention")
    claimed = variant(
        BASE_CASE + f"claim:x a rescue:EfficacyClaim ; {about} ; rescue:offersRescue intervention:i ."
    )
    assert subjects(claimed, "a", "rescue:RescueIntervention") == {"intervention:i"}
    assert values(claimed, "intervention:kind", "rescue:reportedRescueFor") == {"state:s"}
    assert values(claimed, "intervention:kind", "rescue:rescueOfKindReportedInCondition") == {"condition:c"}
    assert not values(claimed, "intervention:kind", "rescue:rescueReportedInCondition")


# ---------------------------------------------------------------- random small graphs


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_rules_and_axioms_agree_on_random_graphs(seed: int) -> None:
    turtle = random_graph(seed)
    by_rules, by_axioms = variant(turtle), closure(asserted(turtle))
    assert sorted(by_rules - by_axioms) == []
    assert sorted(by_axioms - by_rules) == []


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**32))
@pytest.mark.slow
def test_rules_and_owlrl_agree_on_random_graphs(seed: int) -> None:
    turtle = random_graph(seed)
    graph = rdflib.Graph()
    ranges = {OWL + "AllDisjointClasses", OWL + "DatatypeProperty", OWL + "AnnotationProperty"}
    skip = {s for s, p, o in plain(vocabulary()) if p == TYPE and o in ranges}
    for s, p, o in asserted(turtle):
        if s not in skip:
            terms = [
                rdflib.BNode(term[2:]) if term.startswith("_:") else rdflib.URIRef(term) for term in (s, p, o)
            ]
            graph.add((terms[0], terms[1], terms[2]))
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(
        graph
    )
    found = {(str(s), str(p), str(o)) for s, p, o in graph if isinstance(s, rdflib.URIRef)}
    by_owlrl = {
        triple for triple in comparable(found) if triple[0] not in axioms().classes | axioms().properties
    }
    assert by_owlrl == variant(turtle)
