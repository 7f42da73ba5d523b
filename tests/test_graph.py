"""What a user holds, on a graph small enough to know by heart."""

from pathlib import Path

import pyoxigraph
import pytest
import rdflib
from rdflib.compare import isomorphic

import rescue_kg
from rescue_kg import RescueGraph, rules
from rescue_kg.answers import Answer, Iri
from rescue_kg.errors import InputError, ParameterError, ParseError, UnknownNameError
from rescue_kg.namespaces import BASE, EVIDENCE_GRAPH, ONTOLOGY_GRAPH, expand
from rescue_kg.store import Store

TURTLE = """
@prefix rescue: <https://w3id.org/rescue-kg/> .
@prefix intervention: <https://w3id.org/rescue-kg/intervention/> .
@prefix state: <https://w3id.org/rescue-kg/state/> .
@prefix condition: <https://w3id.org/rescue-kg/condition/> .
@prefix claim: <https://w3id.org/rescue-kg/claim/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
rescue:Procedure a owl:Class ; rdfs:label "procedure"@en .
intervention:ecmo a rescue:Procedure ; rdfs:label "extracorporeal membrane oxygenation"@en ;
    skos:altLabel "ECMO"@en ; skos:broader intervention:ecls ; skos:definition "A pump beside the body."@en .
intervention:ecls a rescue:Procedure ; rdfs:label "extracorporeal life support"@en ;
    skos:broader intervention:support .
intervention:support a rescue:Procedure ; rdfs:label "support"@en , "Hilfe"@de .
state:shock rdfs:label "shock"@en . condition:shock rdfs:label "Shock"@en .
claim:one rdfs:label "ECMO helps"@en ; rescue:aboutIntervention intervention:ecmo ; rescue:paragraph 9 .
claim:two rescue:aboutIntervention intervention:ecmo .
"""
CLOSURE = """\
#+ title: Broader
#+ question: What is above?
#+ target: inferred
#+ repeat: true
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
CONSTRUCT { ?a skos:broader ?c } WHERE { ?a skos:broader ?b . ?b skos:broader ?c }
"""
SUMMARY = """\
#+ title: Claims of a kind
#+ question: Which claims are about a kind?
#+ target: summary
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rescue: <https://w3id.org/rescue-kg/>
CONSTRUCT { ?claim rescue:aboutKind ?c } WHERE { ?claim rescue:aboutIntervention ?b . ?b skos:broader ?c }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.ttl"
    path.write_text(TURTLE, encoding="utf-8")
    return path


@pytest.fixture
def graph(file: Path) -> RescueGraph:
    return rescue_kg.load(file, infer=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "rules"
    place.mkdir()
    (place / "10-broader.rq").write_text(CLOSURE)
    (place / "20-kinds.rq").write_text(SUMMARY)
    return place


def test_load_and_repr(graph: RescueGraph) -> None:
    assert graph.store.graphs() == [ONTOLOGY_GRAPH]
    assert repr(graph) == f"<RescueGraph: {len(graph.store)} statements in 1 named graphs>"


def test_the_packaged_graph_is_loaded_with_its_closure() -> None:
    graph = rescue_kg.load()
    # The closure stands in graphs of its own: nothing is added to the file's.
    assert graph.store.count(ONTOLOGY_GRAPH) == rescue_kg.load(infer=False).store.count(ONTOLOGY_GRAPH)
    assert graph.store.count(f"{ONTOLOGY_GRAPH}/inferred") > 0
    counts = graph.infer()
    stated = graph.store.count(ONTOLOGY_GRAPH) + graph.store.count(EVIDENCE_GRAPH)
    assert sum(counts.values()) == len(graph.store) - stated


def test_rules_run_in_order_to_the_fixpoint(graph: RescueGraph, folder: Path) -> None:
    size = graph.store.count(ONTOLOGY_GRAPH)
    for _ in range(2):
        # ecmo-support is new; the claims are then about ecls and support.
        assert rules.apply(graph.store, graph=ONTOLOGY_GRAPH, folder=folder) == {
            "10-broader": 1,
            "20-kinds": 4,
        }
        assert graph.store.count(f"{ONTOLOGY_GRAPH}/inferred") == 1
        assert graph.store.count(f"{ONTOLOGY_GRAPH}/summary") == 4
        assert graph.store.count(ONTOLOGY_GRAPH) == size


def test_results_are_counted_once_however_they_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = rescue_kg.load()
    counts, quads = graph.infer(), set(graph.store.quads())
    # A triple that follows in two ways stands in two chunks then.
    monkeypatch.setattr(rules, "_CHUNK", 7)
    assert graph.infer() == counts
    assert set(graph.store.quads()) == quads


def test_rules_give_the_same_on_disk(graph: RescueGraph, folder: Path, tmp_path: Path, file: Path) -> None:
    disk = Store(tmp_path / "store")
    disk.load_file(file, graph=ONTOLOGY_GRAPH)
    assert rules.apply(disk, graph=ONTOLOGY_GRAPH, folder=folder) == rules.apply(
        graph.store, graph=ONTOLOGY_GRAPH, folder=folder
    )
    assert set(disk.quads()) == set(graph.store.quads())


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("30-bad", CLOSURE.replace("CONSTRUCT {", "CONSTRUCT { {"), r"30-bad\.rq:6:"),
        ("30-select", CLOSURE.replace("CONSTRUCT { ?a skos:broader ?c }", "SELECT *"), "no CONSTRUCT"),
        ("30-target", CLOSURE.replace("inferred", "other"), "found target 'other'"),
        ("30-repeat", CLOSURE.replace("true", "often"), "found repeat 'often'"),
        ("30-title", CLOSURE.replace("#+ title: Broader\n", ""), "found no title"),
        ("30-key", CLOSURE.replace("title:", "titel:"), "found the header key 'titel'"),
        ("unnumbered", CLOSURE, "found the file name"),
    ],
)
def test_a_bad_rule_leaves_no_half_closure(
    graph: RescueGraph, folder: Path, name: str, text: str, message: str
) -> None:
    (folder / f"{name}.rq").write_text(text)
    with pytest.raises(ParseError, match=message):
        rules.apply(graph.store, graph=ONTOLOGY_GRAPH, folder=folder)
    assert graph.store.graphs() == [ONTOLOGY_GRAPH]


def test_query(graph: RescueGraph) -> None:
    found = graph.query("SELECT ?p { claim:one rescue:paragraph ?p }")
    assert isinstance(found, Answer)
    assert found.rows == ((9,),)
    assert graph.query("ASK { claim:one rescue:paragraph 9 }") is True
    assert graph.query("ASK { claim:one rescue:paragraph 8 }") is False
    triples = graph.query("CONSTRUCT WHERE { ?s skos:broader ?o }")
    assert isinstance(triples, Answer)
    assert triples.columns == ("subject", "predicate", "object")
    assert len(triples) == 2
    with pytest.raises(ParseError, match=r"^query:1:"):
        graph.query("SELEC")


def test_ask_checks_nodes_and_names() -> None:
    graph = rescue_kg.load()
    answer = graph.ask("claims-about-an-intervention", intervention="ecmo")
    assert len(answer) > 0
    assert answer == graph.ask("claims-about-an-intervention", intervention="intervention:ecmo")
    assert answer == graph.ask("claims-about-an-intervention", intervention=expand("intervention:ecmo"))
    with pytest.raises(UnknownNameError, match="did you mean"):
        graph.ask("claims-about-an-interventio")
    with pytest.raises(UnknownNameError, match="did you mean intervention:ecmo"):
        graph.ask("claims-about-an-intervention", intervention="intervention:ecmoo")
    with pytest.raises(ParameterError, match="is missing"):
        graph.ask("claims-about-an-intervention")


@pytest.mark.parametrize(
    "term",
    [
        "https://w3id.org/rescue-kg/intervention/ecmo",
        "intervention:ecmo",
        "extracorporeal membrane oxygenation",
        " Extracorporeal Membrane OXYGENATION ",
        "ECMO",
        "ecmo",
    ],
)
def test_resolve(graph: RescueGraph, term: str) -> None:
    assert graph.resolve(term) == Iri(BASE + "intervention/ecmo")
    assert graph.resolve(term, kind="intervention") == Iri(BASE + "intervention/ecmo")
    with pytest.raises(UnknownNameError, match="no node of kind 'state'"):
        graph.resolve(term, kind="state")


def test_resolve_by_slug_and_kind(graph: RescueGraph) -> None:
    assert graph.resolve("ecls").curie == "intervention:ecls"
    assert graph.resolve("two").curie == "claim:two"
    assert graph.resolve("procedure").curie == "rescue:Procedure"
    assert graph.resolve("rescue:paragraph").curie == "rescue:paragraph"
    assert graph.resolve("shock", kind="state").curie == "state:shock"


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("shock", "'shock' names more than one node: condition:shock, state:shock"),
        ("emco", "no node is named 'emco'; did you mean"),
        ("intervention:emco", "did you mean intervention:ecmo"),
        (
            "https://w3id.org/rescue-kg/intervention/emco",
            "did you mean https://w3id.org/rescue-kg/intervention/ecmo",
        ),
        ("nothing like it", "no node is named"),
        ("", "no node is named"),
    ],
)
def test_resolve_refuses(graph: RescueGraph, term: str, message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        graph.resolve(term)


def test_resolve_refuses_kinds_and_iris(graph: RescueGraph) -> None:
    with pytest.raises(UnknownNameError, match="did you mean state"):
        graph.resolve("shock", kind="states")
    with pytest.raises(InputError, match="expected an IRI"):
        graph.resolve("https://[x")


def test_label(graph: RescueGraph) -> None:
    assert graph.label(BASE + "intervention/support") == "support"
    assert graph.label(BASE + "claim/two") == "claim:two"


def test_show(graph: RescueGraph) -> None:
    answer = graph.show("ecmo")
    assert answer.title == "extracorporeal membrane oxygenation"
    assert answer.to_tsv().replace(BASE, "") == (
        "property\tvalue\tlabel\n"
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#type\tProcedure\tprocedure\n"
        "http://www.w3.org/2000/01/rdf-schema#label\textracorporeal membrane oxygenation\t\n"
        "http://www.w3.org/2004/02/skos/core#altLabel\tECMO\t\n"
        "http://www.w3.org/2004/02/skos/core#definition\tA pump beside the body.\t\n"
        "http://www.w3.org/2004/02/skos/core#broader\tintervention/ecls\textracorporeal life support\n"
        "is rescue:aboutIntervention of\tclaim/one\tECMO helps\n"
        "is rescue:aboutIntervention of\tclaim/two\t\n"
    )
    assert graph.show("claim:one").column("value")[-1] == 9


def test_search_ranks(graph: RescueGraph) -> None:
    assert [str(row[3]) for row in graph.search("ecmo")] == ["ECMO", "ECMO helps"]
    assert [Iri(str(row[0])).curie for row in graph.search("SUPPORT")] == [
        "intervention:support",
        "intervention:ecls",
    ]
    assert graph.search("pump").rows == (
        (
            Iri(BASE + "intervention/ecmo"),
            "intervention",
            "extracorporeal membrane oxygenation",
            "A pump beside the body.",
        ),
    )
    assert graph.search("procedure").column("kind") == ("Class",)
    assert len(graph.search("no such words")) == 0
    with pytest.raises(InputError, match="empty text"):
        graph.search("  ")


def test_rdflib_holds_the_same_graphs(graph: RescueGraph, folder: Path) -> None:
    graph.store.load_file(
        b'<urn:a> <urn:p> "x"@fr, "z", _:b . _:b <urn:p> "y" .'
        b'<urn:a> <urn:p> "1e1"^^<http://www.w3.org/2001/XMLSchema#double> .',
        graph="urn:more",
    )
    rules.apply(graph.store, graph=ONTOLOGY_GRAPH, folder=folder)
    dataset = graph.rdflib()
    assert isinstance(dataset, rdflib.Dataset)
    for name in graph.store.graphs():
        written = graph.store.native.dump(
            format=pyoxigraph.RdfFormat.N_TRIPLES, from_graph=pyoxigraph.NamedNode(name)
        )
        assert isomorphic(
            dataset.graph(rdflib.URIRef(name)), rdflib.Graph().parse(data=written, format="nt11")
        )
    # The union is the default graph.
    assert len(dataset) == len(graph.store)
    assert bool(dataset.query("ASK { claim:one rescue:paragraph 9 }").askAnswer)
    before = len(graph.store)
    dataset.add((rdflib.URIRef("urn:new"), rdflib.RDF.type, rdflib.OWL.Thing))
    assert len(graph.store) == before == len(dataset) - 1


def test_load_refuses(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        rescue_kg.load(tmp_path / "none.ttl")
