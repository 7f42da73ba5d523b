"""owlready2 as its users want it: the same graph, as Python classes and instances, in a world of its own."""

from __future__ import annotations

import doctest
from pathlib import Path

import owlready2
import pytest
from pyoxigraph import NamedNode

import rescue_kg
from rescue_kg import owl_objects
from rescue_kg.errors import InputError, ParseError
from rescue_kg.namespaces import expand

DOCS = Path(__file__).parents[1] / "docs" / "owlready2.md"


def test_the_examples_run() -> None:
    found = doctest.testmod(owl_objects)
    assert (found.failed, found.attempted > 3) == (0, True)
    page = doctest.testfile(str(DOCS), module_relative=False, encoding="utf-8")
    assert (page.failed, page.attempted > 10) == (0, True)


def test_every_class_property_and_individual_is_there() -> None:
    onto = rescue_kg.owl()
    graph = rescue_kg.load(infer=False)
    kinds = {
        "owl:Class": onto.classes(),
        "owl:ObjectProperty": onto.object_properties(),
        "owl:DatatypeProperty": onto.data_properties(),
        "owl:AnnotationProperty": onto.annotation_properties(),
        "owl:NamedIndividual": onto.individuals(),
    }
    for kind, found in kinds.items():
        stated = graph.store.native.quads_for_pattern(
            None, NamedNode(expand("rdf:type")), NamedNode(expand(kind))
        )
        names = {quad.subject.value for quad in stated if isinstance(quad.subject, NamedNode)}
        assert {entity.iri for entity in found} == names


def test_the_world_is_its_own() -> None:
    before = set(owlready2.default_world.ontologies)
    one, two = rescue_kg.owl(), rescue_kg.owl()
    assert one.world is not two.world
    assert one.Claim is not two.Claim
    with one:
        type("Added", (one.Intervention,), {})
    assert one.Added.iri == expand("rescue:Added")
    assert two.Added is None
    assert set(owlready2.default_world.ontologies) == before


def test_the_header_stays_that_of_the_ontology(tmp_path: Path) -> None:
    onto = rescue_kg.owl()
    assert onto.metadata.versionInfo == ["0.1.0"]
    onto.save(str(tmp_path / "out.nt"), format="ntriples")
    saved = rescue_kg.load(tmp_path / "out.nt", infer=False)
    assert saved.query("ASK { rescue:rescue a owl:Ontology ; dcterms:title ?title }") is True


@pytest.mark.parametrize("inferred", [False, True])
def test_nothing_is_added_or_lost(tmp_path: Path, inferred: bool) -> None:
    onto = rescue_kg.owl(inferred=inferred)
    onto.save(str(tmp_path / "out.nt"), format="ntriples")
    query = "SELECT DISTINCT ?s ?p ?o WHERE { ?s ?p ?o . FILTER(isIRI(?s) && isIRI(?o)) }"
    saved = rescue_kg.load(tmp_path / "out.nt", infer=False).query(query)
    wanted = rescue_kg.load(infer=inferred).query(query)
    assert not isinstance(saved, bool)
    assert not isinstance(wanted, bool)
    assert set(saved.rows) == set(wanted.rows)


def test_files_of_ones_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine.ttl"
    mine.write_text(
        "@prefix : <https://w3id.org/rescue-kg/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "<urn:mine> a owl:Ontology ; owl:imports <http://localhost:9/never> .\n"
        ":Drug a owl:Class . <https://w3id.org/rescue-kg/intervention/x> a :Drug .\n",
        encoding="utf-8",
    )
    assert [drug.name for drug in rescue_kg.owl(mine).Drug.instances()] == ["x"]
    bad = tmp_path / "bad.ttl"
    bad.write_text("@prefix", encoding="utf-8")
    with pytest.raises(ParseError, match=r"bad\.ttl:1"):
        rescue_kg.owl(bad)
    odd = tmp_path / "odd.ttl"
    odd.write_text('<urn:x> <urn:d> "many"^^<http://www.w3.org/2001/XMLSchema#integer> .', encoding="utf-8")
    with pytest.raises(InputError, match=r"owlready2 cannot read a value.*'many'"):
        rescue_kg.owl(odd)
