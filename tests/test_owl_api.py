"""Protégé's library, the OWL API, reads the ontology as it is meant: Turtle and RDF/XML, in OWL 2 DL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph
import pytest

from owl_api import OwlApi
from rescue_kg import layout, resources
from rescue_kg._version import __version__
from rescue_kg.graph import load
from rescue_kg.namespaces import expand
from small_graphs import HEADER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Java is started.
pytestmark = pytest.mark.slow

Found = dict[str, "Mapping[str, list[str]]"]

#: Turtle -> what the check must say of it, as (word, a part of the line); the header of an ontology is added.
FAULTS = {
    "class and individual": (
        "rescue:x a owl:Class . claim:y a rescue:x ; rescue:p rescue:x . rescue:p a owl:ObjectProperty .",
        ("punned", expand("rescue:x")),
    ),
    "undeclared property": (
        'claim:y a owl:NamedIndividual ; rescue:nowhere "x" .',
        ("undeclared", f"AnnotationProperty {expand('rescue:nowhere')}"),
    ),
    "undeclared class": (
        "claim:y a owl:NamedIndividual , rescue:Nowhere .",
        ("undeclared", f"Class {expand('rescue:Nowhere')}"),
    ),
    "two kinds of property": (
        "rescue:p a owl:ObjectProperty , owl:DatatypeProperty .",
        ("warning", "Illegal redeclarations"),
    ),
    "functional chain": (
        "rescue:p a owl:ObjectProperty . rescue:q a owl:ObjectProperty , owl:FunctionalProperty ; "
        "owl:propertyChainAxiom ( rescue:p rescue:p ) .",
        ("violation", "non-simple property in functional axiom"),
    ),
    "cardinality of a transitive property": (
        "rescue:p a owl:ObjectProperty , owl:TransitiveProperty . rescue:C a owl:Class ; rdfs:subClassOf "
        "[ a owl:Restriction ; owl:onProperty rescue:p ; owl:maxCardinality 1 ] .",
        ("violation", "non-simple property in"),
    ),
    "missing import": (
        "rescue:o owl:imports <file:///nowhere/at/all.ttl> .",
        ("failure", "UnloadableImportException"),
    ),
    # The OWL API goes on to other parsers, of which one takes the text for OBO.
    "no Turtle": ("rescue:x a ", ("warning", "Expected white space")),
}


@pytest.fixture(scope="module")
def owl_api(tmp_path_factory: pytest.TempPathFactory) -> OwlApi:
    return OwlApi(tmp_path_factory.mktemp("java"))


@pytest.fixture(scope="module")
def files(owl_api: OwlApi, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Found]:
    """The Turtle that is edited; exported as RDF/XML, the same, and all with the evidence."""
    folder = tmp_path_factory.mktemp("export")
    load(infer=False, evidence=False).export(folder / "rescue.owl")
    load(infer=False).export(folder / "whole.owl")
    status, (turtle, rdfxml, whole) = owl_api.check(
        resources.ontology_file(), folder / "rescue.owl", folder / "whole.owl"
    )
    return status, {"turtle": turtle, "rdfxml": rdfxml, "whole": whole}


@pytest.fixture(params=["turtle", "rdfxml", "whole"])
def found(request: pytest.FixtureRequest, files: tuple[int, Found]) -> Mapping[str, list[str]]:
    return files[1][request.param]


def test_it_loads_without_a_warning(files: tuple[int, Found]) -> None:
    status, by_name = files
    for found in by_name.values():
        for word in ("failure", "warning", "triple", "undeclared"):
            assert found.get(word, []) == []
    assert status == 0
    # Neither was read by a parser that happens to swallow the other's format.
    assert by_name["turtle"]["format"] == ["Turtle Syntax"]
    assert by_name["rdfxml"]["format"] == by_name["whole"]["format"] == ["RDF/XML Syntax"]


def test_it_is_in_owl_2_dl(found: Mapping[str, list[str]]) -> None:
    assert found.get("violation", []) == []


def test_nothing_is_both_class_or_property_and_individual(found: Mapping[str, list[str]]) -> None:
    assert found.get("punned", []) == []


def test_both_files_hold_the_same_axioms(files: tuple[int, Found]) -> None:
    turtle, rdfxml = files[1]["turtle"], files[1]["rdfxml"]
    for word in ("axiom", "declaration", "annotation", "version"):
        # 1.0 in Turtle, where a decimal has a point, is the value 1, and the store writes values.
        numbers = [line.replace('.0"^^xsd:decimal', '"^^xsd:decimal') for line in turtle[word]]
        assert sorted(numbers) == sorted(rdfxml[word])
    assert len(turtle["axiom"]) > 3000


@pytest.mark.parametrize("name", ["turtle", "rdfxml", "whole"])
def test_no_axiom_is_lost(name: str, files: tuple[int, Found]) -> None:
    """Count by hand what the OWL API must make of the triples: those between nodes, or of a data property."""
    found = files[1][name]
    graph = load(infer=False, evidence=name == "whole")
    for kind, axiom in (
        ("owl:ObjectProperty", "ObjectPropertyAssertion"),
        ("owl:DatatypeProperty", "DataPropertyAssertion"),
    ):
        answer = graph.query(
            f"SELECT (COUNT(*) AS ?n) WHERE {{ ?property a {kind} . ?node ?property ?value }}"
        )
        assert not isinstance(answer, bool)
        assert sum(line.startswith(axiom + "(") for line in found["axiom"]) == answer[0][0]
    answer = graph.query(
        "SELECT (COUNT(*) AS ?n) WHERE { ?node a ?class . FILTER(isIRI(?node)) "
        "FILTER(!STRSTARTS(STR(?class), STR(owl:))) }"
    )
    assert not isinstance(answer, bool)
    assert sum(line.startswith("ClassAssertion(") for line in found["axiom"]) == answer[0][0]


def test_the_header_is_still_that_of_the_ontology(found: Mapping[str, list[str]]) -> None:
    """A property declared otherwise would turn the ontology's IRI into an individual, without a violation."""
    header = [
        quad
        for quad in load(infer=False).store.native.quads_for_pattern(
            pyoxigraph.NamedNode(expand("rescue:rescue")), None, None
        )
        if quad.predicate.value not in (expand("rdf:type"), expand("owl:versionIRI"))
    ]
    notes = dict(line.split("\t", 1) for line in found["annotation"])
    assert set(notes) == {quad.predicate.value for quad in header}
    for quad in header:
        assert quad.object.value.replace('"', '\\"') in notes[quad.predicate.value]  # type: ignore[union-attr]
    assert notes[expand("dcterms:license")] == "https://creativecommons.org/licenses/by/4.0/"
    assert notes[expand("owl:versionInfo")] == f'"{__version__}"^^xsd:string'
    assert found["version"] == [expand(f"rescue:rescue/{__version__}")]


def test_only_declared_annotation_properties(found: Mapping[str, list[str]]) -> None:
    declared = {line for line in found["declaration"] if line.startswith("Declaration(AnnotationProperty(")}
    built_in = {expand(name) for name in ("rdfs:label", "rdfs:comment", "owl:versionInfo", "owl:deprecated")}
    used = {line.partition("\t")[0] for line in found["annotation"]}
    used |= {
        line.removeprefix("AnnotationAssertion(").split()[0].strip("<>")
        for line in found["axiom"]
        if line.startswith("AnnotationAssertion(")
    }
    named = {name.replace("rdfs:", expand("rdfs:")).replace("owl:", expand("owl:")) for name in used}
    assert {n for n in named - built_in if f"Declaration(AnnotationProperty(<{n}>))" not in declared} == set()
    assert len(named) > 10


@pytest.fixture(scope="module")
def faulty(
    owl_api: OwlApi, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Path, Mapping[str, list[str]]]]:
    """What is said of each faulty file, all in one run of Java."""
    folder = tmp_path_factory.mktemp("faults")
    paths = []
    for number, (turtle, _) in enumerate(FAULTS.values()):
        paths.append(folder / f"{number}.ttl")
        paths[-1].write_text(f"{HEADER}rescue:o a owl:Ontology .\n{turtle}", encoding="utf-8")
    status, found = owl_api.check(*paths)
    assert status == 1
    return dict(zip(FAULTS, zip(paths, found, strict=True), strict=True))


@pytest.mark.parametrize("name", FAULTS)
def test_the_check_can_fail(faulty: dict[str, tuple[Path, Mapping[str, list[str]]]], name: str) -> None:
    _, found = faulty[name]
    word, part = FAULTS[name][1]
    assert any(part in line for line in found.get(word, [])), dict(found)


def test_a_file_of_axioms_alone_is_no_failure(
    owl_api: OwlApi, faulty: dict[str, tuple[Path, Mapping[str, list[str]]]]
) -> None:
    # What is outside OWL 2 DL is told by its lines; the exit status is for what was not read as it stands.
    status, (found,) = owl_api.check(faulty["functional chain"][0])
    assert status == 0
    assert found["violation"]


def test_without_the_jars_the_test_is_skipped_but_not_in_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("owl_api.JARS", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(
        pytest.skip.Exception, match=r"owlapi-distribution\.jar .* apt-get install libowlapi-java"
    ):
        OwlApi(tmp_path)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="libowlapi-java"):
        OwlApi(tmp_path)


def test_what_protege_saves_comes_back_to_the_same_file(owl_api: OwlApi, tmp_path: Path) -> None:
    saved = tmp_path / "saved.ttl"
    owl_api.save(resources.ontology_file(), saved)
    assert saved.read_bytes() != resources.ontology_file().read_bytes()
    layout.format_file(saved)
    assert saved.read_text(encoding="utf-8") == resources.ontology_file().read_text(encoding="utf-8")
