"""Push, pull and ask against Oxigraph's server and Virtuoso, as they are and as they break."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

import rescue_kg
from evidence_tables import PLAIN_FINDING, STUDY, write_table
from remote_servers import Fault, Handler, Oxigraph, Server, StandIn, Virtuoso, answering, running
from rescue_kg import questions, remote, tables
from rescue_kg.cli import app
from rescue_kg.errors import InputError, UnknownNameError
from rescue_kg.graph import RescueGraph
from rescue_kg.namespaces import EVIDENCE_GRAPH, GRAPH, ONTOLOGY_GRAPH, PREFIXES
from rescue_kg.remote import names as remote_names
from rescue_kg.remote import swapping
from rescue_kg.remote.literals import canonical_triples
from rescue_kg.store import Store
from test_golden import CASES

#: Servers are started.
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
G = GRAPH + "test"
XSD = "http://www.w3.org/2001/XMLSchema#"
KINDS: dict[str, type[Server]] = {"oxigraph": Oxigraph, "virtuoso": Virtuoso}


@pytest.fixture(autouse=True)
def only_these_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RESCUE_KG_TOKEN", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RESCUE_KG_USER", "dba")
    monkeypatch.setenv("RESCUE_KG_PASSWORD", "dba")


@pytest.fixture(scope="module")
def graph() -> RescueGraph:
    return rescue_kg.load()


@pytest.fixture(scope="module")
def oxigraph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(Oxigraph, tmp_path_factory.mktemp("oxigraph")) as server:
        yield server


@pytest.fixture(scope="module", params=list(KINDS))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(KINDS[request.param], tmp_path_factory.mktemp(request.param)) as one:
        yield one


def connect(server: Server, url: str | None = None, **options: Any) -> remote.Endpoint:
    defaults: dict[str, Any] = {"timeout": 60.0, "retries": 1, "pause": lambda _: time.sleep(0.05)}
    return remote.Endpoint(url or server.url, server.profile, **(defaults | options))


@pytest.fixture(scope="module")
def filled(server: Server, graph: RescueGraph) -> Server:
    """A server that holds the packaged graph."""
    environment = {"RESCUE_KG_USER": "dba", "RESCUE_KG_PASSWORD": "dba"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with connect(server) as endpoint:
            report = remote.push(graph, endpoint, bulk=True)
            assert all(endpoint.count(one.name) == one.triples for one in report.graphs)
    assert [(one.name, one.triples) for one in report.graphs] == [
        (name, graph.store.count(name)) for name in graph.store.graphs()
    ]
    return server


def numbered(count: int, tag: str) -> Store:
    store = Store()
    lines = (f"<http://s/{n}> <http://p/{n % 50}> '{tag} {n}' ." for n in range(count))
    store.load_file("\n".join(lines).encode(), graph=G, format="turtle")
    return store


def isomorphic(one: RescueGraph | Store, other: RescueGraph | Store, name: str) -> bool:
    found = []
    for graph in (one, other):
        store = graph if isinstance(graph, Store) else graph.store
        dataset = ox.Dataset(
            ox.Quad(t.subject, t.predicate, t.object) for t in canonical_triples(store.quads(name))
        )
        dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        found.append(dataset)
    return found[0] == found[1]


def staging(endpoint: remote.Endpoint) -> list[str]:
    return [name for name in endpoint.graphs_below(GRAPH) if "#" in name]


# ---- the catalogue ----


@pytest.mark.parametrize("case", CASES)
def test_every_question_gives_the_rows_of_the_embedded_engine(
    case: str, filled: Server, graph: RescueGraph
) -> None:
    name = case.partition(".")[0]
    expected = graph.ask(name, **CASES[case])
    with connect(filled) as endpoint:
        found = remote.ask(endpoint, name, **CASES[case])
    assert found == expected
    types = [[type(value) for value in row] for row in found.rows]
    assert types == [[type(value) for value in row] for row in expected.rows]


def test_questions_run_over_the_graphs_of_rescue_kg_only(filled: Server, graph: RescueGraph) -> None:
    other = Store()
    text = (
        b"<http://x> a <https://w3id.org/rescue-kg/Claim> ; "
        b"<http://www.w3.org/2000/01/rdf-schema#label> 'x' ."
    )
    other.load_file(text, graph="http://elsewhere/graph")
    with connect(filled) as endpoint:
        remote.push(other, endpoint)
        assert remote.ask(endpoint, "claims-by-type") == graph.ask("claims-by-type")
        with connect(filled, graphs=["http://elsewhere/graph"]) as elsewhere:
            assert not remote.ask(elsewhere, "claims-by-type")
        endpoint.update("CLEAR GRAPH <http://elsewhere/graph>")


def test_rows_that_are_too_long_for_a_store_to_sort(server: Server) -> None:
    lines = [
        f"r:claim-{n} r:aboutMechanism r:mechanism-{n % 2} ; r:aboutIntervention r:intervention-{n} . "
        f"r:intervention-{n} rdfs:label 'the intervention with the number {n:03}' ."
        for n in range(600)
    ]
    lines += [f"r:mechanism-{n} rdfs:label 'mechanism {n}' ." for n in range(2)]
    head = f"@prefix r: <{PREFIXES['rescue']}> . @prefix rdfs: <{PREFIXES['rdfs']}> . "
    store = Store()
    store.load_file((head + "\n".join(lines)).encode(), graph=G, format="turtle")
    expected = RescueGraph(store).ask("shared-mechanisms")
    assert min(len(str(row[3])) for row in expected.rows) > 10_000
    with connect(server, graphs=[G]) as endpoint:
        remote.push(store, endpoint)
        assert remote.ask(endpoint, "shared-mechanisms") == expected
        assert len(remote.ask(endpoint, "shared-mechanisms", minimum=301)) == 0
        endpoint.update(f"CLEAR GRAPH <{G}>")


@pytest.mark.parametrize(
    "term",
    [
        "ECMO",
        "extracorporeal MEMBRANE oxygenation",
        "intervention:ecmo",
        "ecmo",
        " septic shock ",
        "rescue:Claim",
    ],
)
def test_names_mean_the_same_node_at_an_endpoint(term: str, filled: Server, graph: RescueGraph) -> None:
    with connect(filled) as endpoint:
        assert remote_names.resolve(endpoint, term, endpoint.graphs()) == graph.resolve(term)


@pytest.mark.parametrize(
    "term", ["septik shock", "intervention:emco", "https://w3id.org/rescue-kg/claim/none"]
)
def test_unknown_names_get_the_same_error(term: str, filled: Server, graph: RescueGraph) -> None:
    with pytest.raises(UnknownNameError) as expected:
        graph.resolve(term)
    with connect(filled) as endpoint, pytest.raises(UnknownNameError) as found:
        remote_names.resolve(endpoint, term, endpoint.graphs())
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize(
    "sparql",
    [
        "ASK { ?x a rescue:Regimen }",
        "ASK { ?x a rescue:NoSuchClass }",
        "CONSTRUCT { ?x rescue:hasComponent ?y } WHERE { ?x rescue:hasComponent ?y }",
        "SELECT ?x WHERE { ?x a rescue:Condition } ORDER BY ?x",
        "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?x a rescue:RescueIntervention } } ORDER BY ?g",
    ],
)
def test_query_gives_what_the_embedded_engine_gives(sparql: str, filled: Server, graph: RescueGraph) -> None:
    with connect(filled) as endpoint:
        assert remote.query(endpoint, sparql) == graph.query(sparql)


def test_a_dataset_of_its_own_is_left_to_a_query(filled: Server, graph: RescueGraph) -> None:
    sparql = f"SELECT (COUNT(*) AS ?n) FROM <{ONTOLOGY_GRAPH}> WHERE {{ ?x ?y ?z }}"
    with connect(filled) as endpoint:
        assert remote.query(endpoint, sparql) == rescue_kg.Answer(
            ["n"], [(graph.store.count(ONTOLOGY_GRAPH),)]
        )


def test_pull_brings_the_graph_back(filled: Server, graph: RescueGraph) -> None:
    with connect(filled) as endpoint:
        found = remote.pull(endpoint)
    assert found.store.graphs() == graph.store.graphs()
    for name in graph.store.graphs():
        assert isomorphic(found, graph, name)
    assert found.ask("recurring-interventions") == graph.ask("recurring-interventions")


def test_pull_without_a_graph_store(filled: Server, graph: RescueGraph) -> None:
    path = {"oxigraph": "/query", "virtuoso": "/sparql"}[filled.profile]
    with remote.connect(filled.url + path) as endpoint:
        found = remote.pull(endpoint, [ONTOLOGY_GRAPH + "/inferred"])
        assert isomorphic(found, graph, ONTOLOGY_GRAPH + "/inferred")
        with pytest.raises(UnknownNameError, match="no named graph 'http://none'"):
            remote.pull(endpoint, ["http://none"])


# ---- what goes there and back ----


def unusual() -> Store:
    texts = []
    for start in range(0, 0x110000, 0x400):
        points = [
            point for point in range(start, start + 0x400, 61) if point and not 0xD800 <= point < 0xE000
        ]
        texts.append("".join(map(chr, points)))
    texts += [chr(point) + "x" for point in range(1, 0xA1)]
    texts += ["", " a ", "x" * 1_000_000, "é\U0001f600" * 100_000, "a\nb\tc\rd\\e\"f'g", "e\u0301 \u202e"]
    literals = [ox.Literal(text) for text in texts if text is not None]
    for kind, values in {
        "decimal": ["0.10", "-0.000", "12345678901234567890123.5"],
        "integer": ["007", "-0", "2147483648", "9223372036854775807", "-9223372036854775808"],
        "int": ["5"],
        "nonNegativeInteger": ["5"],
        "boolean": ["1", "0", "true", "false"],
        "double": ["1.50E1", "0.1", "INF"],
        "date": ["2020-02-29"],
        "dateTime": ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.100+02:00", "2020-01-01T00:00:00"],
        "gYear": ["2020"],
        "anyURI": ["http://x/?a=b&c"],
        "string": ["10"],
    }.items():
        literals += [ox.Literal(value, datatype=ox.NamedNode(XSD + kind)) for value in values]
    literals += [ox.Literal("colour", language="en-GB"), ox.Literal("x" * 5000, language="en")]
    literals.append(ox.Literal("abc", datatype=ox.NamedNode("http://my/type")))
    quads = [
        ox.Triple(ox.NamedNode(f"http://s/{number}"), ox.NamedNode("http://p"), value)
        for number, value in enumerate(literals)
    ]
    odd = ox.NamedNode("http://o/é/\U0001f600?a=b&c=%20#d")
    quads.append(ox.Triple(odd, odd, odd))
    first, second = ox.BlankNode(), ox.BlankNode()
    quads += [ox.Triple(odd, odd, first), ox.Triple(first, odd, second), ox.Triple(second, odd, first)]
    store = Store()
    store.load_quads(quads, G)
    return store


def test_all_planes_of_unicode_large_texts_and_every_kind_of_number(server: Server) -> None:
    store = unusual()
    with connect(server) as endpoint:
        remote.push(store, endpoint, part_size=100)
        found = remote.pull(endpoint, [G])
        assert isomorphic(found, store, G)
        # The same through query results.
        rows = endpoint.select(f"SELECT ?s ?o WHERE {{ GRAPH <{G}> {{ ?s <http://p> ?o }} }}").rows
        literals = {str(row[0]): row[1] for row in rows}
        wanted = {str(q.subject): q.object for q in store.quads(G) if q.predicate.value == "http://p"}
        assert {
            key: str(getattr(value, "value", "")) for key, value in literals.items()
        }.keys() == wanted.keys()
        text = [key for key, value in wanted.items() if str(value.datatype.value).endswith("#string")]  # type: ignore[union-attr]
        assert {key: literals[key] for key in text} == {key: wanted[key] for key in text}
        endpoint.update(f"CLEAR GRAPH <{G}>")


def test_a_number_beyond_64_bits(server: Server) -> None:
    store = Store()
    store.load_file(b"<http://a> <http://b> 123456789012345678901234567890 .", graph=G)
    with connect(server) as endpoint:
        if server.profile == "virtuoso":
            before = endpoint.count(G)
            with pytest.raises(InputError, match="an integer beyond 64 bits"):
                remote.push(store, endpoint)
            assert endpoint.count(G) == before
        else:
            remote.push(store, endpoint)
            assert isomorphic(remote.pull(endpoint, [G]), store, G)


def test_one_number_in_two_types(server: Server) -> None:
    """Virtuoso holds 1, 1.0 and 1.0e0 of the same node once."""
    store = Store()
    store.load_file(b"<http://a> <http://b> 1.0e0 , 1.0 , 1 .", graph=G)
    with connect(server) as endpoint:
        if server.profile == "virtuoso":
            with pytest.raises(InputError, match="the same number as"):
                remote.push(store, endpoint)
        else:
            remote.push(store, endpoint)
            assert isomorphic(remote.pull(endpoint, [G]), store, G)


def test_push_replaces_what_was_there(server: Server) -> None:
    with connect(server) as endpoint:
        for count, before in ((300, None), (20, 300), (20, 20)):
            (pushed,) = remote.push(numbered(count, f"n{count}"), endpoint, part_size=7).graphs
            assert pushed.triples == count
            assert before is None or pushed.before == before
            assert isomorphic(remote.pull(endpoint, [G]), numbered(count, f"n{count}"), G)
        assert staging(endpoint) == []


def test_readers_never_see_half_a_graph(server: Server) -> None:
    """Virtuoso may mix both graphs in a query that runs at the very moment of the commit, and only then."""
    old, new = 1000, 1500
    seen: list[int] = []
    stop = threading.Event()
    with connect(server) as endpoint, connect(server) as other:
        remote.push(numbered(old, "old"), endpoint)

        def watch() -> None:
            while not stop.is_set():
                seen.append(other.count(G))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            remote.push(numbered(new, "new"), endpoint, part_size=200)
        finally:
            stop.set()
            watcher.join()
    mixed = [count for count in seen if count not in (old, new)]
    assert seen[0] == old
    assert len(seen) > 3
    assert len(mixed) <= (1 if server.profile == "virtuoso" else 0)


def test_several_graphs_are_swapped_in_by_one_update(oxigraph: Server, graph: RescueGraph) -> None:
    with StandIn(oxigraph.url) as proxy, connect(oxigraph, proxy.url) as endpoint:
        graph.push(endpoint)
        assert proxy.count("POST", "/update") == 1
        assert len(graph.store.graphs()) == 7


def test_swap_without_graph_management(oxigraph: Server) -> None:
    profile = remote.PROFILES["oxigraph"]._replace(swap="modify", any_triple="?s ?p ?o")
    with remote.Endpoint(oxigraph.url, profile) as endpoint:
        remote.push(numbered(50, "before"), endpoint)
        remote.push(numbered(40, "after"), endpoint)
        assert isomorphic(remote.pull(endpoint, [G]), numbered(40, "after"), G)
        assert staging(endpoint) == []


# ---- faults: the old graph is intact, one clear line, the right exit status ----


def push_command(url: str, store: str, file: Path, *more: str) -> tuple[int, str]:
    arguments = ["push", url, "--store", store, "--graph", str(file), "--only", G, *more]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert "Traceback" not in result.output
    if result.exit_code:
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1, result.stderr
    return result.exit_code, result.stderr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A graph that is pushed over the old one."""
    path = tmp_path / "new.nq"
    path.write_text("".join(f'<http://new/{n}> <http://p> "{n}" <{G}> .\n' for n in range(50)))
    return path


def hang(seconds: float, *, to: str, method: str = "") -> Fault:
    def fault(handler: Handler, _body: bytes) -> bool:
        if not handler.path.startswith(to) or (method and handler.command != method):
            return False
        time.sleep(seconds)
        handler.hang_up()
        return True

    return fault


def swallow(handler: Handler, _body: bytes) -> bool:
    if handler.command == "POST" and handler.path.startswith("/store"):
        handler.reply(204)
        return True
    return False


JSON = {"Content-Type": "application/sparql-results+json"}
FAULTS: dict[str, tuple[list[Fault], int, str]] = {
    "disk full": ([answering(507, "quota", to="/store", after=2)], 2, "its disk is full"),
    "disk full, in words": (
        [answering(500, "IO error: No space left on device", to="/store", after=2)],
        2,
        "its disk is full",
    ),
    "read-only": ([answering(405, to="/store")], 2, "read-only"),
    "no right to update": ([answering(403, "no", to="/update")], 2, "are rights missing"),
    "malformed answer": (
        [answering(200, "<html>hello</html>", JSON, to="/query", after=2)],
        2,
        "SPARQL results",
    ),
    "part lost": ([swallow], 2, "push again"),
    "slow": ([hang(0.8, to="/store", method="POST")], 3, "no answer within 0.3 s"),
    "never ready": ([answering(503, "starting", {"Retry-After": "900"}, to="/store", after=1)], 3, "900"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_push_that_fails_leaves_the_old_graph(name: str, oxigraph: Server, file: Path) -> None:
    faults, status, said = FAULTS[name]
    old = numbered(30, "old")
    with connect(oxigraph) as direct:
        remote.push(old, direct)
        with StandIn(oxigraph.url) as proxy, pytest.MonkeyPatch.context() as patch:
            patch.setattr("rescue_kg.remote.transport._FIRST_PAUSE", 0.01)
            proxy.faults = faults
            time_out = ("--timeout", "0.3") if name == "slow" else ()
            code, error = push_command(proxy.url, "oxigraph", file, "--part", "9", *time_out)
        assert (code, said in error) == (status, True), error
        assert isomorphic(remote.pull(direct, [G]), old, G)
        remote.push(numbered(31, "next"), direct, stale_after=0)
        assert staging(direct) == []


def test_busy_servers_are_waited_for(oxigraph: Server, file: Path) -> None:
    with StandIn(oxigraph.url) as proxy:
        proxy.faults = [
            answering(503, headers={"Retry-After": "1"}, to="/store", after=1, times=1),
            answering(429, headers={"Retry-After": "1"}, to="/store", after=2, times=1),
            answering(503, headers={"Retry-After": "1"}, to="/update", times=1),
        ]
        began = time.monotonic()
        code, error = push_command(proxy.url, "oxigraph", file, "--part", "20")
        assert code == 0, error
        assert time.monotonic() - began > 2
    with connect(oxigraph) as endpoint:
        assert endpoint.count(G) == 50
        assert staging(endpoint) == []


def test_a_swap_whose_answer_is_lost_is_not_sent_twice(oxigraph: Server) -> None:
    def lose(handler: Handler, body: bytes) -> bool:
        if not handler.path.startswith("/update"):
            return False
        handler.forward(body, answer=False)
        handler.hang_up()
        return True

    with StandIn(oxigraph.url) as proxy, connect(oxigraph, proxy.url) as endpoint:
        proxy.faults = [lose]
        remote.push(numbered(60, "lost"), endpoint)
        assert proxy.count("POST", "/update") == 1
        proxy.faults = []
        assert isomorphic(remote.pull(endpoint, [G]), numbered(60, "lost"), G)
        assert staging(endpoint) == []


def test_a_swap_that_never_came_through_keeps_the_old_graph_and_both_are_whole(oxigraph: Server) -> None:
    old = numbered(30, "old")
    with StandIn(oxigraph.url) as proxy, connect(oxigraph, proxy.url) as endpoint:
        remote.push(old, endpoint, stale_after=0)
        proxy.faults = [hang(0.0, to="/update")]
        before = proxy.count("POST", "/update")
        with pytest.raises(
            remote.UnsettledError, match="each is the old or the new one; push again"
        ) as caught:
            remote.push(numbered(60, "new"), endpoint)
        assert caught.value.exit_code == 3
        assert proxy.count("POST", "/update") == before + 1
        proxy.faults = []
        assert isomorphic(remote.pull(endpoint, [G]), old, G)
        # The source of a swap that may still be under way is left for a later push to drop.
        assert len(staging(endpoint)) == 1
        report = remote.push(old, endpoint)
        assert report.dropped == ()
        report = remote.push(old, endpoint, stale_after=0)
        assert len(report.dropped) == 1
        assert staging(endpoint) == []


def test_only_own_old_staging_graphs_are_dropped(oxigraph: Server) -> None:
    now = int(time.time())
    others = [
        f"{G}#rescue-kg-push-{now - 100}-0123456789abcdef",  # too young: somebody is at it
        f"{G}#rescue-kg-push-{now - 9999}-notes",
        f"{G}-more#rescue-kg-push-{now - 9999}-0123456789abcdef",
    ]
    stale = f"{G}#rescue-kg-push-{now - 9999}-0123456789abcdef"
    with connect(oxigraph) as endpoint:
        for name in (*others, stale):
            endpoint.update(f"INSERT DATA {{ GRAPH <{name}> {{ <http://a> <http://b> 1 }} }}")
        assert not set(endpoint.graphs()) & {*others, stale}
        assert remote.push(numbered(5, "x"), endpoint).dropped == (stale,)
        assert staging(endpoint) == sorted(others)
        for name in others:
            endpoint.update(f"DROP GRAPH <{name}>")


def test_a_server_that_only_reads(oxigraph: Server, tmp_path: Path, file: Path) -> None:
    class ReadOnly(Oxigraph):
        mode = "serve-read-only"

    folder = tmp_path / "store"
    folder.mkdir()
    with running(Oxigraph, folder) as writable, connect(writable) as endpoint:
        remote.push(numbered(30, "old"), endpoint)
    with running(ReadOnly, folder) as server, connect(server) as endpoint:
        code, error = push_command(server.url, "oxigraph", file)
        assert code == 2
        assert "does not allow this" in error, error
        assert isomorphic(remote.pull(endpoint, [G]), numbered(30, "old"), G)


@pytest.mark.parametrize("server", ["virtuoso"], indirect=True)
def test_a_wrong_password(server: Server, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(server) as endpoint:
        remote.push(numbered(30, "old"), endpoint)
        monkeypatch.setenv("RESCUE_KG_PASSWORD", "wrong-7f3a")
        code, error = push_command(server.url, "virtuoso", file)
        assert code == 2
        assert "does not take the credentials from RESCUE_KG_USER and RESCUE_KG_PASSWORD" in error
        monkeypatch.delenv("RESCUE_KG_PASSWORD")
        monkeypatch.delenv("RESCUE_KG_USER")
        code, error = push_command(server.url, "virtuoso", file)
        assert code == 2
        assert "asks for credentials (401 Unauthorized); set RESCUE_KG_USER" in error
        assert isomorphic(remote.pull(endpoint, [G]), numbered(30, "old"), G)
    # Everybody may read, nobody may write.
    url = server.url + "/sparql"
    with remote.connect(url, profile="virtuoso", update=url) as endpoint:
        assert endpoint.count(G) == 30
        with pytest.raises(remote.EndpointError, match="are rights missing"):
            endpoint.update(f"CLEAR GRAPH <{G}>")


ALSO_SLOW = [pytest.param("oxigraph"), pytest.param("virtuoso", marks=pytest.mark.slow)]


@pytest.mark.parametrize("kind", ALSO_SLOW)
def test_a_server_killed_in_mid_push(kind: str, tmp_path: Path) -> None:
    old, new = numbered(400, "old"), numbered(500, "new")
    with running(KINDS[kind], tmp_path) as server, connect(server) as endpoint:
        remote.push(old, endpoint)

        def kill(done: int, _total: int) -> None:
            if done == 200:
                server.kill()

        with pytest.raises(remote.UnreachableError, match="cannot be reached") as caught:
            remote.push(new, endpoint, part_size=100, progress=kill)
        assert caught.value.exit_code == 3
        server.start()
        assert isomorphic(remote.pull(endpoint, [G]), old, G)
        # What had come before the kill may have been written or not.
        left = staging(endpoint)
        assert len(left) <= 1
        assert remote.push(new, endpoint, stale_after=0).dropped == tuple(left)
        assert isomorphic(remote.pull(endpoint, [G]), new, G)
        assert staging(endpoint) == []


@pytest.mark.parametrize("kind", ALSO_SLOW)
def test_a_server_killed_while_it_swaps(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = 20_000 if kind == "virtuoso" else 5_000
    with running(KINDS[kind], tmp_path) as server, connect(server) as endpoint:
        remote.push(numbered(size, "old"), endpoint)
        real_swap = swapping.swap

        def killed(*arguments: Any) -> None:
            threading.Timer(0.3, server.kill).start()
            real_swap(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(swapping, "swap", killed)
            try:
                remote.push(numbered(size + 1, "new"), endpoint)
                answered = True
            except remote.UnreachableError as error:
                said = str(error)
                answered = "the server had answered" in said
            time.sleep(0.5)
        assert answered or "each is the old or the new one; push again" in said
        server.start()
        found = endpoint.count(G)
        # What was answered stays.
        assert found == size + 1 or (found == size and not answered)
        assert isomorphic(remote.pull(endpoint, [G]), numbered(found, "old" if found == size else "new"), G)
        remote.push(numbered(10, "next"), endpoint, stale_after=0)
        assert (endpoint.count(G), staging(endpoint)) == (10, [])


def test_many_triples(server: Server) -> None:
    told: list[int] = []
    store = numbered(30_000, "many")
    with connect(server, timeout=300.0) as endpoint:
        report = remote.push(store, endpoint, progress=lambda done, _: told.append(done), part_size=7_000)
        assert report.graphs[0].triples == 30_000
        assert told == sorted(told)
        assert told[-1] == 30_000
        assert len(told) == report.graphs[0].parts > 3
        assert canonical_triples(remote.pull(endpoint, [G]).store.quads(G)) == canonical_triples(
            store.quads(G)
        )
        endpoint.update(f"CLEAR GRAPH <{G}>")


def test_the_loader_of_virtuoso_takes_the_parts_of_tables(tmp_path: Path) -> None:
    study = {**STUDY, "title": 'Of "quotes", \\ and \N{GREEK SMALL LETTER ALPHA}\N{GRINNING FACE}'}
    findings = [{**PLAIN_FINDING, "id": f"f-{number}"} for number in range(20)]
    paths = [
        write_table(tmp_path / "studies.tsv", tuple(study), [study]),
        write_table(tmp_path / "findings.tsv", tuple(PLAIN_FINDING), findings),
    ]
    ontology = rescue_kg.load(infer=False, evidence=False)
    with running(Virtuoso, tmp_path) as server:
        assert isinstance(server, Virtuoso)
        where = tmp_path / "quads"
        where.mkdir()
        report = tables.write(ontology, paths, where, dataset="test", parts="nq.gz", part_rows=5)
        assert report.ok
        assert len([*where.glob("part-*.nq.gz")]) > 3
        told = re.search(r'^isql-vt .* exec="(.*)"$', (ROOT / "docs" / "scale.md").read_text(), re.MULTILINE)
        assert told
        server.sql(told[1].replace("/quads", "quads"))
        expected = rescue_kg.open(tmp_path / "store")
        with expected, connect(server) as endpoint:
            expected.load(where, infer=False)
            assert isomorphic(remote.pull(endpoint, [G]), expected, G)
            assert endpoint.count("http://none") == 0


# ---- straight to the graphs of an empty store ----


def test_a_bulk_load_in_parts_goes_straight_to_its_graph(server: Server) -> None:
    store = numbered(5_000, "bulk")
    # A blank node is one node only where all that is said of it came in one request.
    store.load_file(b"[] <urn:p> <urn:o> ; <urn:q> [ <urn:p> 0.5 ] .", graph=G, format="turtle")
    seen: list[tuple[int, int]] = []
    with connect(server) as endpoint:
        endpoint.update(f"DROP SILENT GRAPH <{G}>")
        report = remote.push(
            store,
            endpoint,
            bulk=True,
            part_size=2_000,
            progress=lambda done, _: seen.append((done, endpoint.count(G))),
        )
        assert report.graphs[0].parts == 3
        assert seen == [(2_000, 2_000), (4_000, 4_000), (5_003, 5_003)]
        assert isomorphic(remote.pull(endpoint, [G]), store, G)
        with pytest.raises(
            remote.EndpointError,
            match="found 5,003 triples on the server, expected none for a bulk load",
        ):
            remote.push(numbered(10, "other"), endpoint, bulk=True)
        assert endpoint.count(G) == 5_003
        endpoint.update(f"CLEAR GRAPH <{G}>")


@pytest.mark.parametrize("name", ["disk full", "part lost"])
def test_a_bulk_load_that_fails_leaves_nothing(name: str, oxigraph: Server, file: Path) -> None:
    faults, status, said = FAULTS[name]
    with connect(oxigraph) as direct:
        direct.update(f"DROP SILENT GRAPH <{G}>")
        with StandIn(oxigraph.url) as proxy:
            proxy.faults = faults
            code, error = push_command(proxy.url, "oxigraph", file, "--part", "9", "--bulk")
        assert (code, said in error) == (status, True), error
        assert "the old graph" not in error
        assert direct.graphs_below(G) == []


# ---- the command line, from end to end ----


def test_push_ask_query_and_pull_on_the_command_line(
    filled: Server, tmp_path: Path, graph: RescueGraph
) -> None:
    def run(*arguments: str) -> Any:
        result = CliRunner().invoke(app, [*arguments, "--store", filled.profile], catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return result

    pushed = run("push", filled.url, "--only", "graph:ontology", "--format", "csv")
    assert pushed.stdout.splitlines()[1].startswith(f"{ONTOLOGY_GRAPH},{graph.store.count(ONTOLOGY_GRAPH)},")
    assert "triples pushed in" in pushed.stderr
    answer = run(
        "ask", "rescue-options", "condition=septic shock", "--endpoint", filled.url, "--format", "csv"
    )
    assert answer.stdout_bytes.decode() == graph.ask("rescue-options", condition="septic shock").to_csv()
    assert run("query", "ASK { ?x a rescue:Regimen }", "--endpoint", filled.url).stdout == "true\n"
    out = tmp_path / "pulled.nq.gz"
    assert "statements" in run("pull", filled.url, "-o", str(out)).stderr
    back = rescue_kg.load(str(out), infer=False)
    own = (ONTOLOGY_GRAPH, EVIDENCE_GRAPH)
    assert [name for name in back.store.graphs() if name.startswith(own)] == graph.store.graphs()
    assert isomorphic(back, graph, ONTOLOGY_GRAPH)


def test_every_case_was_asked() -> None:
    assert {case.partition(".")[0] for case in CASES} == set(questions.names())
