"""The store: what is loaded, where it goes, and what a bad file or query says."""

import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import NamedNode, QueryBoolean, QuerySolutions, QueryTriples, Triple

from rescue_kg import RescueGraph
from rescue_kg.errors import InputError, ParseError, StoreInUseError, UnknownFormatError
from rescue_kg.store import FORMATS, SUFFIXES, Store, format_of

G = "urn:g"
TURTLE = '@prefix : <urn:x:> .\n:a :p :b , "text"@en .\n:b :p 2 .\n'


def rows(store: Store, sparql: str) -> list[tuple[str, ...]]:
    result = store.query(sparql)
    assert isinstance(result, QuerySolutions)
    return sorted(tuple(str(term) for term in solution) for solution in result)


# rdflib warns of a method that its own serializers call.
@pytest.mark.filterwarnings("ignore:Dataset.contexts is deprecated:DeprecationWarning")
@pytest.mark.parametrize("suffix", [*SUFFIXES, ".ttl.gz", ".nq.gz"])
def test_every_format_is_read_as_rdflib_wrote_it(tmp_path: Path, suffix: str) -> None:
    source = rdflib.Dataset()
    source.default_graph.parse(data=TURTLE, format="turtle")
    names = {"turtle": "turtle", "ntriples": "nt11", "nquads": "nquads", "trig": "trig", "jsonld": "json-ld"}
    written: str | bytes
    name = names.get(format_of("x" + suffix), "xml")
    written = (source if name in ("nquads", "trig") else source.default_graph).serialize(format=name)
    data = written.encode()
    path = tmp_path / f"x{suffix}"
    path.write_bytes(gzip.compress(data) if suffix.endswith(".gz") else data)
    store = Store()
    store.load_file(path, graph=G)
    assert store.graphs() == [G]
    assert store.count(G) == len(store) == 3


def test_quad_formats_keep_their_graph_names() -> None:
    store = Store()
    store.load_file(
        b"<urn:a> <urn:p> <urn:b> .\n<urn:a> <urn:p> <urn:c> <urn:h> .\n", graph=G, format="nquads"
    )
    assert {graph: store.count(graph) for graph in store.graphs()} == {G: 1, "urn:h": 1}


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TURTLE.encode())))
    store = Store()
    store.load_file("-", graph=G)
    assert len(store) == 3


def test_queries_see_the_union() -> None:
    store = Store()
    store.load_file(b"<urn:a> <urn:p> <urn:b> .", graph="urn:g1")
    store.load_file(b"<urn:a> <urn:p> <urn:c> .", graph="urn:g2")
    assert rows(store, "SELECT ?o { <urn:a> <urn:p> ?o }") == [("<urn:b>",), ("<urn:c>",)]
    assert rows(store, "SELECT ?o { GRAPH <urn:g2> { ?s ?p ?o } }") == [("<urn:c>",)]
    assert isinstance(store.query("ASK {?s ?p ?o}"), QueryBoolean)
    assert isinstance(store.query("CONSTRUCT WHERE {?s ?p ?o}"), QueryTriples)


def test_drop_and_update_and_load_quads() -> None:
    store = Store()
    store.load_file(TURTLE.encode(), graph=G)
    store.load_quads([Triple(NamedNode("urn:s"), NamedNode("urn:p"), NamedNode("urn:o"))], "urn:h")
    store.load_quads(store.quads(G), "urn:i")
    assert (store.count(G), store.count("urn:h"), store.count("urn:i")) == (3, 1, 3)
    store.drop(G)
    store.drop("urn:not-there")
    assert store.graphs() == ["urn:h", "urn:i"]
    store.update("DELETE WHERE { GRAPH ?g { <urn:s> ?p ?o } }")
    assert len(store) == 3
    assert "3 quads" in repr(store)


@pytest.mark.parametrize("name", ["bad.ttl", "bad.ttl.gz"])
def test_a_parse_error_names_file_and_line_and_loads_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    data = (TURTLE + ":a :p oops .\n").encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    store = Store()
    with pytest.raises(ParseError) as error:
        store.load_file(path, graph=G)
    message = str(error.value)
    assert message.startswith(f"{path}:4: found an error at column 7")
    assert "expected turtle" in message
    assert "\n" not in message
    assert len(store) == 0
    assert store.graphs() == []


@pytest.mark.parametrize(
    "data", [b"plain text", gzip.compress(TURTLE.encode())[:-9]], ids=["not gzip", "cut short"]
)
def test_damaged_gzip(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.ttl.gz"
    path.write_bytes(data)
    store = Store()
    with pytest.raises(ParseError, match="gzip data"):
        store.load_file(path, graph=G)
    assert len(store) == 0


@pytest.mark.parametrize("data", [b"<a><b></a>", b"\xff\xfe", b"<rdf:RDF>"])
def test_damaged_xml(data: bytes) -> None:
    with pytest.raises(ParseError, match=r"^<bytes>.*expected rdfxml"):
        Store().load_file(data, graph=G, format="rdfxml")


def test_missing_file_folder_and_suffix(tmp_path: Path) -> None:
    store = Store()
    with pytest.raises(InputError, match="no such file"):
        store.load_file(tmp_path / "none.ttl", graph=G)
    with pytest.raises(InputError, match="no such file"):
        store.load_file(tmp_path / "none.ttl.gz", graph=G)
    folder = tmp_path / "folder.ttl"
    folder.mkdir()
    with pytest.raises(InputError, match="found a folder"):
        store.load_file(folder, graph=G)
    with pytest.raises(UnknownFormatError, match="names no RDF format"):
        store.load_file(tmp_path / "x.txt", graph=G)
    with pytest.raises(UnknownFormatError, match="did you mean turtle"):
        store.load_file(b"", graph=G, format="turtel")
    with pytest.raises(InputError, match="expected an absolute IRI"):
        store.load_file(b"", graph="no iri")


@pytest.mark.parametrize(
    ("sparql", "message"),
    [
        ("SELECT * {\n ?s ?p }", r"^q\.rq:2:\d+: the query cannot be read"),
        ("SELECT ?x { ?x a foo:b . }", r"^q\.rq:1:\d+: .*prefix not found"),
        ("SELECT ?x WHER { ?x a ?y }", r"expected .*WHERE"),
        ("SELECT ?x ?x {}", "duplicated variable"),
        ("", r"^q\.rq:1:1: .*at its end"),
    ],
)
def test_a_bad_query_says_where(sparql: str, message: str) -> None:
    with pytest.raises(ParseError, match=message) as error:
        Store().query(sparql, where="q.rq")
    assert len(str(error.value)) < 200


def test_a_bad_update_says_where() -> None:
    with pytest.raises(ParseError, match=r"^update:1:"):
        Store().update("INSERT DATA { oops }")


@pytest.mark.parametrize("form", ["SELECT *", "ASK", "CONSTRUCT { ?s ?p ?o }"])
def test_a_service_out_of_reach_is_an_input_error(form: str) -> None:
    with pytest.raises(InputError, match=r"cannot be run .* within reach"):
        RescueGraph(Store()).query(f"{form} {{ SERVICE <http://127.0.0.1:9/> {{ ?s ?p ?o }} }}")


def test_a_folder_keeps_its_graphs_and_is_locked(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = Store(folder)
    assert store.path == str(folder)
    store.load_file(TURTLE.encode(), graph=G)
    store.load_quads(store.quads(G), "urn:h")
    with pytest.raises(StoreInUseError, match=r"store: the store is in use"):
        Store(folder)
    code = f"from rescue_kg.store import Store\nStore({str(folder)!r})"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "StoreInUseError" in other.stderr
    store.native.flush()
    del store
    assert Store(folder).graphs() == [G, "urn:h"]


def test_a_store_where_none_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="expected a writable folder"):
        Store(tmp_path / "file" / "store")


def test_every_suffix_names_a_format() -> None:
    assert set(SUFFIXES.values()) == set(FORMATS)
