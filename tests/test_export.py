"""Every format is written whole, with stable bytes, and read back by a reader that did not write it."""

import gzip
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from rdflib.compare import isomorphic

from rescue_kg import export, resources
from rescue_kg.errors import InputError, OutputError, UnknownFormatError
from rescue_kg.export.networks import to_networkx
from rescue_kg.graph import RescueGraph, load
from rescue_kg.namespaces import GRAPH, PREFIXES
from rescue_kg.store import Store

HEAD = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())

ONTOLOGY = r"""
rescue:Claim a owl:Class . rescue:EfficacyClaim a owl:Class ; rdfs:subClassOf rescue:Claim .
rescue:aboutState a owl:ObjectProperty ; rdfs:label "about state"@en .
rescue:Defined a owl:Class ; owl:equivalentClass [ a owl:Class ; owl:intersectionOf ( rescue:Claim [
  a owl:Restriction ; owl:onProperty rescue:aboutState ; owl:someValuesFrom [
  a owl:Class ; owl:oneOf ( state:b ) ] ] ) ] .
rescue:lone owl:propertyChainAxiom ( rescue:p rescue:q ) ; owl:members () .
[] a owl:AllDisjointClasses ; owl:members ( rescue:Claim rescue:Mention ) .
claim:a-1 a rescue:EfficacyClaim , rescue:Claim , owl:NamedIndividual ;
  rdfs:label "a claim"@en , "ein Claim"@de ;
  rescue:aboutState state:b ; rescue:hasMention mention:a-1-1 ; rescue:direction rescue:increases ;
  rescue:population population:p ; rescue:comparator comparator:usual-care .
mention:a-1-1 a rescue:Mention ; rescue:start 4749 ; rescue:flag true ;
  rescue:strengthCue "a \"cue\" \\ <&>\r\n\t é 😀" .
state:b a rescue:RefractoryState , rescue:SteroidRefractoryState ; rdfs:label "state b"@en ;
  skos:example claim:a-1 ; skos:editorialNote "plain" , 7 ;
  dcterms:license <https://creativecommons.org/licenses/by/4.0/> .
estimate:e-1 a rescue:EffectEstimate ; rescue:value 0.5 ; rescue:ciLow "0.10"^^xsd:string , "x"@en ;
  rescue:odd -3.25 ;
  rescue:big 12345678901234567890 ; rescue:share "1.5E0"^^xsd:double ; rescue:day "2025-11-23"^^xsd:date .
<http://example.org/elsewhere/x> <http://example.org/p#q> <urn:isbn:1> , ( 1 "two" ) , [] .
intervention:steroids a rescue:DrugClass . _:shared rescue:p _:other . _:other rescue:q _:shared .
"""
INFERRED = "claim:a-1 rescue:aboutState state:b . state:b rescue:triedWith intervention:steroids ."
SUMMARY = "intervention:steroids rescue:aboutState state:b ."


def loaded(**graphs: str) -> RescueGraph:
    store = Store()
    for name, text in graphs.items():
        quads = ox.parse(HEAD + text, format=ox.RdfFormat.TURTLE)
        store.load_quads(quads, GRAPH + name.replace("_", "/"))
    return RescueGraph(store)


@pytest.fixture
def graph() -> RescueGraph:
    return loaded(ontology=ONTOLOGY, ontology_inferred=INFERRED, ontology_summary=SUMMARY)


def canonical(quads: list[ox.Quad]) -> set[str]:
    """Return the quads as N-Quads lines with canonical blank nodes."""
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def union_of(graph: RescueGraph) -> list[ox.Quad]:
    return [ox.Quad(q.subject, q.predicate, q.object) for q in graph.store.quads(None)]


UNIONS = ["turtle", "ntriples", "rdfxml"]
DATASETS = ["nquads", "trig", "jsonld"]
OXIGRAPH = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "nquads": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
    "jsonld": ox.RdfFormat.JSON_LD,
}
RDFLIB = {"rdfxml": "xml", "ntriples": "nt", "jsonld": "json-ld"}


@pytest.mark.parametrize("name", UNIONS)
def test_triple_formats_carry_the_union_to_the_last_character(graph: RescueGraph, name: str) -> None:
    data = export.dumps(graph, name)
    assert canonical(list(ox.parse(data, format=OXIGRAPH[name]))) == canonical(union_of(graph))


@pytest.mark.parametrize("name", DATASETS)
def test_quad_formats_carry_the_dataset_to_the_last_character(graph: RescueGraph, name: str) -> None:
    data = export.dumps(graph, name)
    found = canonical(list(ox.parse(data, format=OXIGRAPH[name])))
    assert found == canonical(list(graph.store.quads(None)))
    assert len({quad.rsplit(" ", 1)[1] for quad in found}) == 3


def rdflib_union(graph: RescueGraph) -> rdflib.Graph:
    text = ox.serialize(union_of(graph), format=ox.RdfFormat.N_TRIPLES)
    assert text is not None
    return rdflib.Graph().parse(data=text, format="nt")


@pytest.mark.parametrize("name", UNIONS)
def test_rdflib_reads_the_same_union(graph: RescueGraph, name: str) -> None:
    found = rdflib.Graph().parse(data=export.dumps(graph, name), format=RDFLIB.get(name, name))
    assert isomorphic(found, rdflib_union(graph))


# rdflib's own parsers of TriG and JSON-LD use a class that it has deprecated.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize("name", DATASETS)
def test_rdflib_reads_the_same_dataset(graph: RescueGraph, name: str) -> None:
    found = rdflib.Dataset()
    found.parse(data=export.dumps(graph, name), format=RDFLIB.get(name, name))
    for iri in graph.store.graphs():
        quads = [ox.Quad(q.subject, q.predicate, q.object) for q in graph.store.quads(iri)]
        text = ox.serialize(quads, format=ox.RdfFormat.N_TRIPLES)
        assert text is not None
        expected = rdflib.Graph().parse(data=text, format="nt")
        assert len(expected) > 0
        assert isomorphic(found.graph(rdflib.URIRef(iri)), expected)
    assert len(found.default_graph if hasattr(found, "default_graph") else found.default_context) == 0


def test_a_blank_node_in_two_graphs_stays_one_node() -> None:
    store = Store()
    node = ox.BlankNode("x")
    link = ox.NamedNode("http://example.org/p")
    for name in ("a", "b"):
        store.load_quads([ox.Quad(ox.NamedNode(f"http://example.org/{name}"), link, node)], GRAPH + name)
    store.load_quads([ox.Quad(node, link, ox.Literal("c"))], GRAPH + "c")
    graph = RescueGraph(store)
    for name in DATASETS:
        found = list(ox.parse(export.dumps(graph, name), format=OXIGRAPH[name]))
        assert canonical(found) == canonical(list(store.quads(None)))


@pytest.mark.slow
def test_the_shipped_graph_survives_in_every_format() -> None:
    graph = load()
    assert len(graph.store.graphs()) > 1
    for name, reader in OXIGRAPH.items():
        expected = union_of(graph) if name in UNIONS else list(graph.store.quads(None))
        assert canonical(list(ox.parse(export.dumps(graph, name), format=reader))) == canonical(expected), (
            name
        )


TEXTS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('"\\\n\r\t<&>\u2028😀')), max_size=9
)
IRIS = st.builds(
    lambda space, local: ox.NamedNode(space + local),
    st.sampled_from(["http://example.org/a#", PREFIXES["rescue"], PREFIXES["claim"]]),
    st.sampled_from(
        ["a", "aboutState", "comparator", "value", "b.c", "d/e", "ümlaut", "x", "flag", "%41", "a&b"]
    ),
)
BLANKS = st.sampled_from([ox.BlankNode(name) for name in "pqrs"])
XSD = PREFIXES["xsd"]
LITERALS = st.one_of(
    st.builds(ox.Literal, TEXTS),
    st.builds(lambda text: ox.Literal(text, language="en"), TEXTS),
    st.builds(
        lambda text, kind: ox.Literal(text, datatype=ox.NamedNode(XSD + kind)),
        st.sampled_from(["1", "-0", "01", "1.50", "1e3", "true", "1", "x"]),
        st.sampled_from(["integer", "decimal", "boolean", "double", "token"]),
    ),
)
GRAPHS = st.sampled_from([ox.NamedNode(GRAPH + "a"), ox.NamedNode(GRAPH + "b/inferred")])
QUADS = st.lists(
    st.builds(
        ox.Quad,
        st.one_of(IRIS, BLANKS),
        st.one_of(IRIS, st.just(ox.NamedNode(PREFIXES["rdf"] + "type"))),
        st.one_of(IRIS, BLANKS, LITERALS),
        GRAPHS,
    ),
    min_size=1,
    max_size=9,
)


@given(QUADS)
def test_any_graph_survives_in_every_format(quads: list[ox.Quad]) -> None:
    store = Store()
    store.native.extend(quads)
    graph = RescueGraph(store)
    refused: list[str] = []
    for name, reader in OXIGRAPH.items():
        expected = union_of(graph) if name in UNIONS else list(store.quads(None))
        try:
            data = export.dumps(graph, name)
        except InputError:
            # A text or a property that XML has no way to hold.
            refused.append(name)
            continue
        assert canonical(list(ox.parse(data, format=reader))) == canonical(expected), name
    assert refused in ([], ["rdfxml"])


def test_bytes_do_not_depend_on_the_hash_seed_or_on_the_order_of_loading(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(HEAD + ONTOLOGY)
    program = """
import hashlib, random, sys
import pyoxigraph as ox
from rescue_kg import export
from rescue_kg.graph import RescueGraph
from rescue_kg.store import Store
quads = list(ox.parse(path=sys.argv[1]))
random.Random(int(sys.argv[2])).shuffle(quads)
store = Store()
for part in (0, 1):
    chosen = [quad for quad in quads if len(quad.predicate.value) % 2 == part]
    store.load_quads(chosen, f"http://example.org/g/{part}")
for name in export.FORMATS:
    print(name, hashlib.sha256(export.dumps(RescueGraph(store), name)).hexdigest())
"""
    source = str(Path(export.__file__).parents[2])

    def run(seed: int) -> str:
        return subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "a.ttl"), str(seed)],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": source},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    outputs = {run(seed) for seed in range(3)}
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == len(export.FORMATS)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a.ttl", "turtle"),
        ("a.nt", "ntriples"),
        ("a.nq", "nquads"),
        ("a.trig", "trig"),
        ("a.jsonld", "jsonld"),
        ("a.rdf", "rdfxml"),
        ("a.owl", "rdfxml"),
        ("a.graphml", "graphml"),
        ("a.json", "nodelink"),
        ("A.TTL", "turtle"),
        ("a.b.ttl", "turtle"),
    ],
)
def test_the_suffix_tells_the_format_and_gz_packs_it(
    graph: RescueGraph, tmp_path: Path, file: str, name: str
) -> None:
    expected = export.dumps(graph, name)
    export.write(graph, tmp_path / file)
    assert (tmp_path / file).read_bytes() == expected
    export.write(graph, tmp_path / f"{file}.gz")
    packed = (tmp_path / f"{file}.gz").read_bytes()
    assert gzip.decompress(packed) == expected
    # RFC 1952: no flags (so no file name), no time.
    assert packed[3:8] == bytes(5)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([file, f"{file}.gz"])


def test_a_named_format_wins_over_the_suffix(graph: RescueGraph, tmp_path: Path) -> None:
    export.write(graph, tmp_path / "a.txt", "nt")
    assert (tmp_path / "a.txt").read_bytes() == export.dumps(graph, "ntriples")
    graph.export(tmp_path / "a.ttl", format="jsonld")
    assert (tmp_path / "a.ttl").read_bytes().startswith(b"{")


@pytest.mark.parametrize(
    ("path", "name"), [("a.xlsx", None), ("a", None), ("a.gz", None), ("a.ttl", "turtel")]
)
def test_an_unknown_format_lists_what_is_known(
    graph: RescueGraph, tmp_path: Path, path: str, name: str | None
) -> None:
    with pytest.raises(UnknownFormatError) as caught:
        export.write(graph, tmp_path / path, name)
    message = str(caught.value)
    assert all(known in message for known in export.FORMATS)
    assert name is None or "did you mean turtle" in message
    assert list(tmp_path.iterdir()) == []


def test_an_empty_graph_is_refused(tmp_path: Path) -> None:
    empty = RescueGraph(Store())
    for name, known in export.FORMATS.items():
        with pytest.raises(InputError, match="holds no statement"):
            export.write(empty, tmp_path / f"a{known.suffixes[0]}")
        with pytest.raises(InputError, match="holds no statement"):
            export.dumps(empty, name)
    assert list(tmp_path.iterdir()) == []


def test_a_network_without_nodes_is_refused() -> None:
    graph = loaded(ontology="rescue:Claim a owl:Class .")
    for name in ("graphml", "nodelink"):
        with pytest.raises(InputError, match="no node of the evidence"):
            export.dumps(graph, name)
    assert b"rescue:Claim" in export.dumps(graph, "turtle")


def test_an_unwritable_path_leaves_the_old_file(graph: RescueGraph, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no/a\.ttl: cannot be written"):
        export.write(graph, tmp_path / "no" / "a.ttl")
    (tmp_path / "old.rdf").write_text("old")
    bad = loaded(ontology=r'claim:a rdfs:label "\u0001" .')
    with pytest.raises(InputError, match=r"claim/a>: .* U\+0001, which XML cannot hold"):
        export.write(bad, tmp_path / "old.rdf")
    assert (tmp_path / "old.rdf").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["old.rdf"]


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ('claim:a <http://example.org/1> "x" .', "rdfxml", "cannot be written in RDF/XML"),
        (r'claim:a a rescue:Claim ; rdfs:label "\u0000"@en .', "graphml", r"U\+0000, which XML cannot hold"),
        ("<claim:a> a rescue:Claim .", "jsonld", "reads this IRI as a prefixed name"),
    ],
)
def test_what_a_format_cannot_hold_is_said(text: str, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        export.dumps(loaded(ontology=text), name)


def test_json_ld_reads_like_the_model(graph: RescueGraph) -> None:
    document = json.loads(export.dumps(graph, "jsonld"))
    assert document["@context"] == json.loads(resources.context_file().read_bytes())["@context"]
    contents = {
        part["@id"]: {node.get("@id"): node for node in part["@graph"]} for part in document["@graph"]
    }
    assert list(contents) == ["graph:ontology", *graph.store.graphs()[1:]]
    nodes = contents["graph:ontology"]
    assert list(nodes["claim:a-1"].items()) == [
        ("@id", "claim:a-1"),
        ("type", ["owl:NamedIndividual", "Claim", "EfficacyClaim"]),
        ("label", [{"@value": "ein Claim", "@language": "de"}, "a claim"]),
        ("aboutState", "state:b"),
        # `population` and `comparator` are prefixes, so the properties keep theirs.
        ("rescue:population", "population:p"),
        ("direction", "rescue:increases"),
        ("rescue:comparator", "comparator:usual-care"),
        ("hasMention", "mention:a-1-1"),
    ]
    assert nodes["mention:a-1-1"]["start"] == 4749
    assert nodes["estimate:e-1"]["value"] == "0.5"
    assert nodes["rescue:lone"]["propertyChainAxiom"] == {"@list": ["rescue:p", "rescue:q"]}


def test_the_context_has_a_word_for_everything_in_the_ontology() -> None:
    """A missing or wrong word is mended by hand in ontology/context.jsonld, as the message says."""
    context = json.loads(resources.context_file().read_bytes())["@context"]
    assert {prefix: context[prefix] for prefix in PREFIXES} == PREFIXES
    store = ox.Store()
    store.load(path=resources.ontology_file())
    rows = store.query(f"""
        PREFIX owl: <{PREFIXES["owl"]}>
        SELECT ?term ?type (SAMPLE(?any) AS ?range) WHERE {{
          VALUES ?type {{ owl:Class owl:ObjectProperty owl:DatatypeProperty }} ?term a ?type
          OPTIONAL {{ ?term <{PREFIXES["rdfs"]}range> ?any FILTER(isIRI(?any)) }}
          FILTER(STRSTARTS(STR(?term), "{PREFIXES["rescue"]}")) }} GROUP BY ?term ?type""")
    assert isinstance(rows, ox.QuerySolutions)
    wrong: dict[str, object] = {}
    seen = 0
    for row in rows:
        seen += 1
        local = row["term"].value.removeprefix(PREFIXES["rescue"])
        word = f"rescue:{local}" if local in PREFIXES else local
        kind = row["type"].value.rpartition("#")[2]
        number = row["range"].value.removeprefix(XSD) if row["range"] is not None else "string"
        expected: object = f"rescue:{local}"
        if kind == "ObjectProperty":
            expected = {"@id": f"rescue:{local}", "@type": "@id"}
        elif kind == "DatatypeProperty" and number not in ("string", "integer", "boolean"):
            expected = {"@id": f"rescue:{local}", "@type": f"xsd:{number}"}
        if context.get(word) != expected:
            wrong[word] = expected
    assert seen > 50
    assert wrong == {}, f"write into ontology/context.jsonld: {json.dumps(wrong)}"


def test_rdf_xml_is_laid_out_for_readers(graph: RescueGraph) -> None:
    text = export.dumps(graph, "rdfxml").decode()
    assert '<rescue:RefractoryState rdf:about="https://w3id.org/rescue-kg/state/b">' in text
    assert text.count('rdf:parseType="Collection"') == 4
    assert 'a "cue" \\ &lt;&amp;&gt;&#13;\n\t é 😀' in text


def test_the_network_of_the_sample(graph: RescueGraph) -> None:
    network = to_networkx(graph)
    assert [(name, dict(attributes)) for name, attributes in network.nodes(data=True)] == [
        ("claim:a-1", {"iri": PREFIXES["claim"] + "a-1", "label": "a claim", "kind": "EfficacyClaim"}),
        (
            "estimate:e-1",
            {"iri": PREFIXES["estimate"] + "e-1", "label": "estimate:e-1", "kind": "EffectEstimate"},
        ),
        (
            "intervention:steroids",
            {
                "iri": PREFIXES["intervention"] + "steroids",
                "label": "intervention:steroids",
                "kind": "DrugClass",
            },
        ),
        (
            "state:b",
            {
                "iri": PREFIXES["state"] + "b",
                "label": "state b",
                "kind": "RefractoryState|SteroidRefractoryState",
            },
        ),
    ]
    about = {"property": "rescue:aboutState", "label": "about state"}
    assert list(network.edges(keys=True, data=True)) == [
        # Stated and inferred counts as stated; a summary is an inference.
        ("claim:a-1", "state:b", "aboutState", {**about, "inferred": False}),
        ("intervention:steroids", "state:b", "aboutState", {**about, "inferred": True}),
        (
            "state:b",
            "claim:a-1",
            "example",
            {"property": "skos:example", "label": "example", "inferred": False},
        ),
        (
            "state:b",
            "intervention:steroids",
            "triedWith",
            {"property": "rescue:triedWith", "label": "triedWith", "inferred": True},
        ),
    ]


def test_mentions_come_on_request(graph: RescueGraph) -> None:
    network = to_networkx(graph, include_mentions=True)
    assert network.has_edge("claim:a-1", "mention:a-1-1", "hasMention")
    assert set(network) - set(to_networkx(graph)) == {"mention:a-1-1"}


def test_a_defined_class_is_more_specific_than_what_it_intersects() -> None:
    classes = """rescue:Both owl:equivalentClass [ owl:intersectionOf ( rescue:One rescue:Two ) ] .
        rescue:Two rdfs:subClassOf rescue:Top . rescue:Twin rdfs:subClassOf rescue:Both .
        rescue:Both rdfs:subClassOf rescue:Twin ."""
    node = "claim:a a rescue:Both , rescue:One , rescue:Two , rescue:Top , rescue:Other , rescue:Twin ."
    network = to_networkx(loaded(ontology=classes, ontology_inferred=node))
    assert network.nodes["claim:a"]["kind"] == "Both|Other|Twin"


@pytest.mark.parametrize("order", [("a", "a_inferred"), ("a_inferred", "a")])
def test_what_is_stated_is_not_inferred_whichever_graph_comes_first(order: tuple[str, str]) -> None:
    text = "claim:a a rescue:Claim ; rescue:about claim:a ."
    network = to_networkx(loaded(**dict.fromkeys(order, text)))
    assert [data["inferred"] for *_, data in network.edges(data=True)] == [False]


def test_two_properties_of_one_local_name_stay_two_edges() -> None:
    text = "claim:a a rescue:Claim ; rescue:broader claim:b ; skos:broader claim:b . claim:b a rescue:Claim ."
    network = to_networkx(loaded(ontology=text))
    assert {data["property"] for *_, data in network.edges(data=True)} == {"rescue:broader", "skos:broader"}


def read_graphml(data: bytes) -> "nx.Graph[str]":
    network = nx.read_graphml(io.BytesIO(data), force_multigraph=True)
    for *_, attributes in network.edges(data=True):
        del attributes["key"]  # networkx has made it the key of the edge
    return network


def read_nodelink(data: bytes) -> "nx.Graph[str]":
    return nx.node_link_graph(json.loads(data), edges="edges")


@pytest.mark.parametrize(("name", "read"), [("graphml", read_graphml), ("nodelink", read_nodelink)])
def test_networkx_reads_the_same_network(
    graph: RescueGraph, name: str, read: Callable[[bytes], "nx.Graph[str]"]
) -> None:
    found, expected = read(export.dumps(graph, name)), to_networkx(graph)
    assert isinstance(found, nx.MultiDiGraph)
    assert list(found.nodes(data=True)) == list(expected.nodes(data=True))
    assert list(found.edges(keys=True, data=True)) == list(expected.edges(keys=True, data=True))


def test_graphml_has_legal_types_and_no_repeated_ids(graph: RescueGraph) -> None:
    text = export.dumps(graph, "graphml").decode()
    assert set(re.findall(r'attr\.type="(\w+)"', text)) == {"string", "boolean"}
    assert "<edge id=" not in text
    assert ">True<" not in text
    assert ">true<" in text


def test_exports_load_only_what_they_need() -> None:
    program = (
        "import sys; from rescue_kg import export, layout; "
        "print([m for m in ('rdflib', 'networkx', 'pandas', 'pyshacl') if m in sys.modules])"
    )
    source = str(Path(export.__file__).parents[2])
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": source},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert found == "[]\n"
