"""An inconsistent ontology names the axioms that clash: all of them are needed, and no other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from rescue_kg import resources
from rescue_kg.axioms import axioms
from rescue_kg.errors import ChecksFailedError, InputError, ParameterError, ReasonerTimeoutError
from rescue_kg.explanation import explain
from rescue_kg.graph import RescueGraph
from rescue_kg.namespaces import ONTOLOGY_GRAPH, expand
from rescue_kg.reasoning import reason
from rescue_kg.store import Store
from small_graphs import HEADER, with_vocabulary

FIXTURES = Path(__file__).parent / "fixtures"
QUICK = {"two-disjoint-classes"}
INCONSISTENT = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
    for name in sorted(path.stem for path in (FIXTURES / "inconsistent").glob("*.ttl"))
]
UNSATISFIABLE = {"drug-and-state": "rescue:Odd"}


def with_fixture(folder: str, name: str) -> RescueGraph:
    return with_vocabulary((FIXTURES / folder / f"{name}.ttl").read_text(encoding="utf-8"))


def expected(folder: str, name: str) -> list[str]:
    return (FIXTURES / folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", INCONSISTENT)
def test_the_axioms_that_clash_are_named(name: str) -> None:
    found = explain(with_fixture("inconsistent", name))
    assert sorted(found.axioms) == sorted(expected("inconsistent", name))
    assert found.runs < 40


@pytest.mark.slow
@pytest.mark.parametrize("name", UNSATISFIABLE)
def test_why_a_class_can_have_no_instance(name: str) -> None:
    graph = with_fixture("unsatisfiable", name)
    iri = expand(UNSATISFIABLE[name])
    assert sorted(explain(graph, unsatisfiable=iri).axioms) == sorted(expected("unsatisfiable", name))
    assert reason(graph).unsatisfiable == (iri,)


@pytest.mark.slow
def test_among_all_of_the_review_too() -> None:
    text = "state:hospitalized-covid-19 rescue:hasFailure failure:cpr-refractory-ohca-1 ."
    found = explain(with_vocabulary(text, whole=True))
    assert found.axioms == (
        "state:hospitalized-covid-19 Type TreatedState",
        "state:hospitalized-covid-19 hasFailure failure:cpr-refractory-ohca-1",
        "RefractoryState DisjointWith TreatedState",
        "hasFailure Domain RefractoryState",
    )


@pytest.mark.slow
def test_the_set_is_minimal() -> None:
    """Asked of the other way to run HermiT: all together clash, and any but one do not."""
    graph = with_fixture("inconsistent", "failure-in-a-treated-state")
    declarations, _ = axioms(quad.triple for quad in graph.store.quads())
    found = explain(graph)

    def alone(left_out: int | None) -> RescueGraph:
        store = Store()
        kept = (group for number, group in enumerate(found.triples) if number != left_out)
        store.load_quads([*declarations, *(triple for group in kept for triple in group)], ONTOLOGY_GRAPH)
        return RescueGraph(store)

    with pytest.raises(ChecksFailedError, match="inconsistent"):
        reason(alone(None))
    for number in range(len(found.triples)):
        reason(alone(number))


def test_nothing_to_explain() -> None:
    with pytest.raises(ParameterError, match="nothing to explain: the ontology is consistent"):
        explain(with_vocabulary("condition:x a rescue:Condition ."))
    with pytest.raises(ParameterError, match=r"nothing to explain: .*Drug can have an instance"):
        explain(with_vocabulary(""), unsatisfiable=expand("rescue:Drug"))


def test_it_ends_in_time() -> None:
    graph = with_fixture("inconsistent", "denied-rescue")
    with pytest.raises(
        ReasonerTimeoutError, match=r"no explanation was found within 0\.6 s among \d+ statements"
    ):
        explain(graph, timeout=0.6)
    with pytest.raises(ParameterError, match="expected a number of seconds above 0"):
        explain(graph, timeout=0)


def test_a_java_that_cannot_run_hermit(tmp_path: Path) -> None:
    java = tmp_path / "java"
    java.write_text(
        '#!/bin/sh\nif [ "$1" = -version ]; then echo \'openjdk version "1.4"\' >&2; exit 0; fi\n'
        "echo 'Exception in thread \"main\" java.lang.IllegalArgumentException: no idea' >&2; exit 1\n"
    )
    java.chmod(0o755)
    with pytest.raises(InputError, match=r"HermiT cannot reason over this graph \(no idea\)"):
        explain(with_vocabulary(""), java=str(java))


@pytest.mark.slow
def test_the_command_line(tmp_path: Path) -> None:
    fixture = FIXTURES / "inconsistent" / "failure-in-a-treated-state.ttl"
    graphs = ("--graph", str(resources.ontology_file()), "--graph", str(fixture))
    run = subprocess.run(
        [sys.executable, "-m", "rescue_kg", "reason", "--explain", "--format", "tsv", *graphs],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    header, *rows = (line.split("\t") for line in run.stdout.splitlines())
    assert header == ["axiom", "names"]
    assert sorted(row[0] for row in rows) == sorted(expected("inconsistent", fixture.stem))
    said = run.stderr.splitlines()
    assert said[-1] == (
        "error: the ontology is inconsistent: these 4 axioms cannot all hold; mend one of them"
    )


# ---------------------------------------------------------------- axioms as text

LINES = {
    "rescue:A rdfs:subClassOf rescue:B .": "A SubClassOf B",
    "rescue:A owl:equivalentClass [ owl:onProperty rescue:p ; owl:someValuesFrom rescue:B ] .": (
        "A EquivalentTo p some B"
    ),
    "rescue:p a owl:TransitiveProperty .": "p Characteristics Transitive",
    "rescue:p owl:propertyChainAxiom ( rescue:q rescue:p ) .": "p SubPropertyChain q o p",
    "rescue:p owl:inverseOf rescue:q .": "p InverseOf q",
    "skos:broader rdfs:subPropertyOf rescue:q .": "skos:broader SubPropertyOf q",
    "condition:x a rescue:A .": "condition:x Type A",
    "condition:x a [ a owl:Class ; owl:complementOf rescue:A ] .": "condition:x Type not A",
    "condition:x rescue:p condition:y .": "condition:x p condition:y",
    'condition:x rescue:d "2025-01-01"^^xsd:date .': 'condition:x d "2025-01-01"^^xsd:date',
    "condition:x owl:sameAs condition:y .": "condition:x SameAs condition:y",
    "[] a owl:NegativePropertyAssertion ; owl:sourceIndividual condition:x ; "
    "owl:assertionProperty rescue:d ; owl:targetValue 3 .": "not condition:x d 3",
    "[] rdfs:subClassOf rescue:A ; a owl:Class ; owl:unionOf ( rescue:B rescue:C ) .": "SubClassOf: A",
}


def lines(turtle: str) -> list[str]:
    parsed = parse(HEADER + turtle, format=RdfFormat.TURTLE)
    return [str(axiom) for axiom in axioms(quad.triple for quad in parsed)[1]]


@pytest.mark.parametrize("turtle", LINES)
def test_an_axiom_reads_as_one_line(turtle: str) -> None:
    (line,) = lines(turtle)
    assert LINES[turtle] in line


def test_a_list_of_disjoint_classes_is_read_pair_by_pair() -> None:
    found = lines("[] a owl:AllDisjointClasses ; owl:members ( rescue:A rescue:B rescue:C ) .")
    assert found == ["A DisjointWith B", "A DisjointWith C", "B DisjointWith C"]
    assert lines("[] a owl:AllDifferent ; owl:distinctMembers ( claim:a claim:b ) .") == [
        "claim:a DifferentFrom claim:b"
    ]


def test_what_says_nothing_to_a_reasoner_is_left_out() -> None:
    parsed = parse(
        f"{HEADER}rescue:o a owl:Ontology ; owl:versionInfo '1' ; owl:imports <urn:x> . "
        "rescue:A a owl:Class ; rdfs:label 'a'@en ; skos:definition 'b'@en . "
        "skos:definition a owl:AnnotationProperty . claim:x a owl:NamedIndividual . "
        "[] a owl:Axiom ; owl:annotatedSource rescue:A .",
        format=RdfFormat.TURTLE,
    )
    declarations, found = axioms(quad.triple for quad in parsed)
    assert found == []
    assert {str(triple.subject) for triple in declarations} == {
        f"<{expand('rescue:A')}>",
        f"<{expand('skos:definition')}>",
    }
