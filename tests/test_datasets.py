"""Datasets: several graphs each, which come and go together, and answers that do not depend on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph
import pytest

import rescue_kg
from rescue_kg import InputError, ParseError, RescueGraph, UnknownNameError, datasets, questions, rules
from rescue_kg.namespaces import BASE, GRAPH, ONTOLOGY_GRAPH, RESCUE, contract, kind_of
from rescue_kg.store import Store
from test_golden import CASES, cell, golden_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What reads the evidence needs findings, which stand in one dataset.
ABOUT_CLAIMS = [case for case in CASES if not questions.read(case.partition(".")[0]).reads]

PREFIXES = "".join(
    f"@prefix {name}: <{BASE}{name}/> .\n"
    for name in ("claim", "state", "intervention", "condition", "failure")
)
PREFIXES += f"@prefix rescue: <{RESCUE}> .\n@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"

#: What both datasets are about; `offersRescue` is all that the rules need.
ONTOLOGY = """
intervention:ecpr skos:broader intervention:ecmo .
state:arrest rescue:ofCondition condition:arrest .
rescue:offersRescue rdfs:subPropertyOf rescue:aboutIntervention .
"""
ONE = "claim:one rescue:aboutState state:arrest ; rescue:offersRescue intervention:ecpr ."
TWO = "claim:two rescue:aboutState state:arrest ; rescue:offersRescue intervention:ecpr ."

#: What follows from each of them, apart from what is only about its claim.
SHARED = {
    "intervention:ecpr rescue:directRescueFor state:arrest",
    "intervention:ecpr rescue:reportedRescueFor state:arrest",
    "intervention:ecmo rescue:reportedRescueFor state:arrest",
    "intervention:ecpr rescue:triedIn state:arrest",
    "intervention:ecpr rescue:rescueReportedInCondition condition:arrest",
}


def turtle(text: str) -> bytes:
    return (PREFIXES + "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n" + text).encode()


def named(quad: pyoxigraph.Quad) -> str:
    return " ".join(contract(str(term)[1:-1]) for term in (quad.subject, quad.predicate, quad.object))


def closure(graph: RescueGraph, dataset: str) -> set[str]:
    return {named(quad) for name in datasets.graphs_of(dataset)[1:] for quad in graph.store.quads(name)}


def contents(graph: RescueGraph) -> dict[str, set[pyoxigraph.Triple]]:
    return {name: {quad.triple for quad in graph.store.quads(name)} for name in graph.store.graphs()}


@pytest.fixture(params=["memory", "disk"])
def graph(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RescueGraph]:
    with RescueGraph(Store(tmp_path / "kg" if request.param == "disk" else None)) as graph:
        graph.load(turtle(ONTOLOGY), dataset="ontology")
        yield graph


def test_loading_a_dataset(graph: RescueGraph) -> None:
    graph.load(turtle(ONE), dataset="first")
    assert graph.datasets() == ("first", "ontology")
    assert graph.store.count(GRAPH + "first") == 2
    assert closure(graph, "first") >= SHARED
    # Repeated, it changes nothing; other files take the place of the old ones.
    before = contents(graph)
    graph.load(turtle(ONE), dataset="first")
    assert contents(graph) == before
    graph.load(turtle(TWO), dataset="first", infer=False)
    assert graph.query("ASK { claim:one ?p ?o }") is False
    assert closure(graph, "first") == set()
    assert sum(graph.infer().values()) == len(closure(graph, "first")) + len(closure(graph, "ontology"))
    assert closure(graph, "first") >= SHARED


def test_a_dataset_goes_with_what_follows_from_it_and_nothing_else(graph: RescueGraph) -> None:
    graph.load(turtle(ONE), dataset="first")
    alone = contents(graph)
    graph.load(turtle(TWO), dataset="second")
    both = contents(graph)
    # What follows from both stands in both: neither takes it away from the other.
    assert closure(graph, "first") & closure(graph, "second") == SHARED | {
        "intervention:ecmo rescue:rescueOfKindReportedInCondition condition:arrest",
        "intervention:ecpr rescue:rescueOfKindReportedInCondition condition:arrest",
    }
    graph.remove("second")
    assert contents(graph) == alone
    graph.load(turtle(TWO), dataset="second")
    assert contents(graph) == both
    graph.remove("first")
    assert closure(graph, "second") >= SHARED
    graph.remove("second")
    assert graph.datasets() == ("ontology",)


def test_the_order_of_loading_does_not_matter(graph: RescueGraph) -> None:
    graph.load(turtle(TWO), dataset="second")
    graph.load(turtle(ONE), dataset="first")
    other = RescueGraph(Store())
    for name, text in (("ontology", ONTOLOGY), ("first", ONE), ("second", TWO)):
        other.load(turtle(text), dataset=name)
    assert contents(graph) == contents(other)
    graph.infer()
    assert contents(graph) == contents(other)


def test_a_triple_that_the_ontology_states_is_not_written_again(graph: RescueGraph) -> None:
    graph.load(turtle(ONTOLOGY + "intervention:ecpr rescue:triedIn state:arrest ."), dataset="ontology")
    graph.load(turtle(ONE), dataset="first")
    assert closure(graph, "first") & SHARED == SHARED - {"intervention:ecpr rescue:triedIn state:arrest"}


def test_a_change_of_the_ontology_rebuilds_every_closure(graph: RescueGraph) -> None:
    graph.load(turtle(ONE), dataset="first")
    graph.load(turtle(TWO), dataset="second")
    wider = "intervention:ecmo rescue:reportedRescueFor state:arrest"
    graph.load(turtle(ONTOLOGY.replace("intervention:ecmo", "intervention:support")), dataset="ontology")
    for dataset in ("first", "second"):
        assert wider not in closure(graph, dataset)
        assert wider.replace("ecmo", "support") in closure(graph, dataset)


def test_a_graph_of_no_dataset_is_read_by_all(graph: RescueGraph) -> None:
    graph.store.load_file(turtle("intervention:ecmo skos:broader intervention:support ."), graph="urn:mine")
    graph.load(turtle(ONE), dataset="first")
    graph.load(turtle(TWO), dataset="second")
    assert graph.datasets() == ("first", "ontology", "second")
    for dataset in ("first", "second"):
        assert "intervention:support rescue:reportedRescueFor state:arrest" in closure(graph, dataset)


@pytest.mark.parametrize("bad", [b"<urn:a> <urn:b> oops .", b"<urn:a> <urn:b> 1 . <urn:a>"])
def test_a_bad_file_leaves_the_dataset_as_it_was(graph: RescueGraph, bad: bytes, tmp_path: Path) -> None:
    graph.load(turtle(ONE), dataset="first")
    before = contents(graph)
    with pytest.raises(ParseError):
        graph.load(turtle(TWO), bad, dataset="first")
    with pytest.raises(InputError, match="no such file"):
        graph.load(tmp_path / "none.ttl", dataset="second")
    assert contents(graph) == before


@pytest.mark.parametrize("name", ["", "Trials", "a/inferred", "a b", "../x", "trials-"])
def test_names_of_datasets(graph: RescueGraph, name: str) -> None:
    with pytest.raises(InputError, match="as the name of a dataset, expected small letters"):
        graph.load(turtle(ONE), dataset=name)


def test_no_file_and_unknown_dataset(graph: RescueGraph) -> None:
    with pytest.raises(InputError, match="found no file for the dataset trials"):
        graph.load(dataset="trials")
    graph.load(turtle(ONE), dataset="first")
    with pytest.raises(UnknownNameError, match=r"holds first, ontology; did you mean first\?"):
        graph.remove("frist")
    with pytest.raises(UnknownNameError, match="the store is empty"):
        RescueGraph(Store()).remove("first")
    with pytest.raises(InputError, match="expected one that no other leans on"):
        graph.remove("ontology")
    graph.remove("first")
    graph.remove("ontology")
    assert len(graph.store) == 0


def test_loading_nothing_in_particular_is_the_packaged_ontology(graph: RescueGraph) -> None:
    graph.load()
    packaged = rescue_kg.load(evidence=False)
    assert {name: len(triples) for name, triples in contents(graph).items()} == {
        name: len(triples) for name, triples in contents(packaged).items()
    }


def test_the_packaged_evidence_is_a_dataset(graph: RescueGraph) -> None:
    graph.load()
    alone = contents(graph)
    graph.load(dataset="evidence")
    assert {name: len(triples) for name, triples in contents(graph).items()} == {
        name: len(triples) for name, triples in contents(rescue_kg.load()).items()
    }
    graph.remove("evidence")
    assert contents(graph) == alone


def test_a_file_with_graph_names(graph: RescueGraph, tmp_path: Path) -> None:
    graph.load(turtle(ONE), dataset="first")
    before = contents(graph)
    whole = tmp_path / "whole.nq"
    graph.export(whole)
    # Without a dataset the names are kept: this is how a store is brought back.
    other = RescueGraph(Store())
    other.load(whole)
    assert contents(other) == before
    # A dataset takes its own name, or none, and nobody else's.
    own = turtle(f"GRAPH <{GRAPH}second> {{ {TWO} }} {TWO.replace('two', 'three')}")
    file = tmp_path / "own.trig"
    file.write_bytes(own)
    graph.load(file, dataset="second")
    assert graph.store.count(GRAPH + "second") == 4
    before = contents(graph)
    with pytest.raises(
        InputError, match=rf"whole\.nq: found a statement in the graph <{GRAPH}.*expected <{GRAPH}third>"
    ):
        graph.load(whole, dataset="third")
    file.write_bytes(turtle(ONE) + b"oops")
    with pytest.raises(ParseError, match=r"own\.trig:\d+: .* expected trig"):
        graph.load(file, dataset="third")
    assert contents(graph) == before


def test_statements_in_the_place_of_a_dataset(graph: RescueGraph) -> None:
    graph.load(turtle(ONE), dataset="first")
    before = contents(graph)
    statements = list(graph.store.quads(GRAPH + "first"))
    datasets.replace(graph.store, [], "first")
    assert graph.store.count(GRAPH + "first") == 0
    datasets.replace(graph.store, statements, "first")
    assert contents(graph) == before


# ---------------------------------------------------------------- answers


def review() -> tuple[list[pyoxigraph.Triple], list[pyoxigraph.Triple]]:
    """The vocabulary with the concepts, and the claims with their mentions and studies."""
    parts: tuple[list[pyoxigraph.Triple], list[pyoxigraph.Triple]] = ([], [])
    for quad in rescue_kg.load(infer=False, evidence=False).store.quads():
        kind = kind_of(quad.subject.value) if isinstance(quad.subject, pyoxigraph.NamedNode) else None
        parts[kind in ("claim", "mention", "study")].append(quad.triple)
    return parts


def answering(*parts: list[pyoxigraph.Triple]) -> RescueGraph:
    graph = RescueGraph(Store())
    for name, triples in zip(("ontology", "first", "second"), parts, strict=False):
        datasets.replace(graph.store, triples, name)
    return graph


def rows(graph: RescueGraph, case: str) -> list[list[str]]:
    return [[cell(value) for value in row] for row in graph.ask(case.partition(".")[0], **CASES[case]).rows]


@pytest.fixture(scope="module")
def same_facts_twice() -> RescueGraph:
    concepts, facts = review()
    graph = answering(concepts, facts, facts)
    assert graph.store.count(GRAPH + "first") == graph.store.count(GRAPH + "second") == len(facts)
    assert graph.store.count(GRAPH + "second/inferred") > 100
    return graph


@pytest.mark.parametrize("case", ABOUT_CLAIMS)
def test_facts_that_two_datasets_state_count_once(case: str, same_facts_twice: RescueGraph) -> None:
    # The union of the graphs holds a triple of two graphs twice; a question must not.
    assert rows(same_facts_twice, case) == golden_rows(case)[1]


@pytest.fixture(scope="module")
def divided() -> tuple[RescueGraph, RescueGraph]:
    """The claims of the review and as many like them: in one dataset, and in two."""
    concepts, facts = review()

    def again(term: object) -> object:
        if isinstance(term, pyoxigraph.NamedNode) and kind_of(term.value) in ("claim", "mention"):
            return pyoxigraph.NamedNode(term.value + "-again")
        return term

    more = [
        pyoxigraph.Triple(again(t.subject), t.predicate, again(t.object))  # type: ignore[arg-type]
        for t in facts
        if kind_of(str(t.subject)[1:-1]) != "study"
    ]
    return answering(concepts, [*facts, *more]), answering(concepts, facts, more)


@pytest.mark.parametrize("case", ABOUT_CLAIMS)
def test_claims_in_two_datasets_answer_like_one(case: str, divided: tuple[RescueGraph, RescueGraph]) -> None:
    whole, parts = divided
    # Claims with one label stand in no fixed order.
    assert sorted(rows(parts, case)) == sorted(rows(whole, case))


def test_two_datasets_find_what_one_finds(divided: tuple[RescueGraph, RescueGraph]) -> None:
    whole, parts = divided
    triples = [
        {quad.triple for quad in graph.store.quads() if not isinstance(quad.subject, pyoxigraph.BlankNode)}
        for graph in divided
    ]
    assert triples[0] == triples[1]
    assert rules.datasets(whole.store) == ("first", "ontology")
    assert rules.datasets(parts.store) == ("first", "ontology", "second")
    assert parts.store.count(ONTOLOGY_GRAPH) == whole.store.count(ONTOLOGY_GRAPH)
