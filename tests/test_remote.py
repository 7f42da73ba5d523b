"""Endpoints without a real store: credentials, retries, refusals, and what is sent."""

from __future__ import annotations

import base64
import gzip
import logging
import re
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import rescue_kg
from remote_servers import Fault, Handler, StandIn, answering, free_port
from rescue_kg import questions, remote
from rescue_kg.cli import app
from rescue_kg.errors import InputError, ParameterError, RescueKgError, UnknownNameError
from rescue_kg.graph import RescueGraph
from rescue_kg.namespaces import EVIDENCE_GRAPH, GRAPH, ONTOLOGY_GRAPH, PREFIXES
from rescue_kg.remote import credentials
from rescue_kg.remote.literals import canonical_literal, canonical_triples, unstorable
from rescue_kg.remote.ordering import ordered, without_order
from rescue_kg.remote.parts import parts
from rescue_kg.remote.profiles import DOCUMENTED, TESTED
from rescue_kg.remote.results import Rows
from rescue_kg.remote.sparqltext import has_dataset, query_form, with_prefixes
from rescue_kg.store import Store

XSD = "http://www.w3.org/2001/XMLSchema#"
SECRET = "sesame-7f3a&<>é"
ROWS = '{"head":{"vars":["n"]},"results":{"bindings":[{"n":{"type":"literal","value":"3"}}]}}'
JSON = {"Content-Type": "application/sparql-results+json"}
ENVIRONMENT = ("RESCUE_KG_USER", "RESCUE_KG_PASSWORD", "RESCUE_KG_TOKEN", "NETRC")


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


def endpoint(
    url: str, profile: str | None = "oxigraph", pauses: list[float] | None = None, **options: Any
) -> remote.Endpoint:
    defaults: dict[str, Any] = {"timeout": 5.0, "retries": 2}
    pause = (pauses if pauses is not None else []).append
    return remote.Endpoint(url, profile, pause=pause, **(defaults | options))


def tiny() -> RescueGraph:
    store = Store()
    store.load_file(b"<http://a> <http://b> 'c' , 'd' ; <http://e> [ <http://f> 1 ] .", graph=GRAPH + "tiny")
    return RescueGraph(store)


def literal(text: str, kind: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD + kind))


# ---- profiles and URLs ----


def test_eight_stores_each_say_what_their_entries_rest_on() -> None:
    names = {"oxigraph", "virtuoso", "fuseki", "graphdb", "rdf4j", "qlever", "neptune", "stardog"}
    assert set(remote.PROFILES) == names
    tested = {name for name, profile in remote.PROFILES.items() if profile.tested == TESTED}
    assert tested == {"oxigraph", "virtuoso"}
    for profile in remote.PROFILES.values():
        assert profile.tested in (TESTED, DOCUMENTED)
        assert profile.sources
        assert all(page.startswith("https://") for page in profile.sources)


def test_the_documentation_has_a_section_for_each_store() -> None:
    text = (Path(__file__).parents[1] / "docs" / "stores.md").read_text(encoding="utf-8")
    for profile in remote.PROFILES.values():
        section = text.partition(f"\n## {profile.title}\n")[2].partition("\n## ")[0]
        assert profile.tested in section.lower(), profile.title
        assert f"--store {profile.name}" in section, profile.title
        assert all(page in section for page in profile.sources), profile.title


@pytest.mark.parametrize(
    ("name", "url", "services"),
    [
        ("oxigraph", "http://h:7878", ("/query", "/update", "/store")),
        ("oxigraph", "http://h:7878/query", ("/query", "/update", "/store")),
        ("virtuoso", "http://h:8890/", ("/sparql-auth", "/sparql-auth", "/sparql-graph-crud-auth")),
        ("virtuoso", "http://h:8890/sparql", ("/sparql", "/sparql-auth", "/sparql-graph-crud-auth")),
        ("fuseki", "http://h:3030/ds", ("/ds/query", "/ds/update", "/ds/data")),
        ("graphdb", "http://h/repositories/r", ("", "/statements", "/rdf-graphs/service")),
        ("stardog", "http://h:5820/db", ("/db/query", "/db/update", "/db")),
        ("neptune", "https://h:8182", ("/sparql", "/sparql", "/sparql/gsp/")),
        ("qlever", "http://h:7001", ("", "", "")),
    ],
)
def test_services_of_a_url(name: str, url: str, services: tuple[str, str, str]) -> None:
    one = remote.connect(url, profile=name)
    found = (one.query_url, one.update_url, one.graph_store_url)
    host = "/".join(url.split("/")[:3])
    base = host + ("/repositories/r" if name == "graphdb" else "")
    assert found == tuple(base + path for path in services)
    assert repr(one) == f"<Endpoint {one.url} as {remote.PROFILES[name].title}>"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"http://me:{SECRET}@h/", "credentials in the URL of h"),
        (f"http://{SECRET}@h/", "credentials in the URL of h"),
        ("ftp://h/", "expected http://"),
        ("localhost:7878", "expected http://"),
        ("http://h:x/", "cannot be read"),
        ("http://h/?a=b", "without ? and #"),
    ],
)
def test_a_url_that_is_none_is_refused(url: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        remote.connect(url)
    assert said in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_services_on_two_hosts_are_refused() -> None:
    with pytest.raises(InputError, match="services of one server"):
        remote.connect("http://a/", update="http://b/update")


def test_unknown_store() -> None:
    with pytest.raises(UnknownNameError, match="did you mean oxigraph"):
        remote.connect("http://h/", profile="oxygraph")


# ---- credentials ----


def test_token_comes_before_user_and_both_before_netrc(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert credentials.find("h") is None
    file = tmp_path / ".netrc"
    file.write_text(f"machine h login me password {SECRET}\n", encoding="utf-8")
    file.chmod(0o600)
    found = credentials.find("h")
    assert found is not None
    assert (found.user, found.password, found.source) == ("me", SECRET, str(file))
    assert credentials.find("other") is None
    monkeypatch.setenv("RESCUE_KG_USER", "you")
    with pytest.raises(InputError, match="no RESCUE_KG_PASSWORD"):
        credentials.find("h")
    monkeypatch.setenv("RESCUE_KG_PASSWORD", "p")
    found = credentials.find("h")
    assert found is not None
    assert found.user == "you"
    monkeypatch.setenv("RESCUE_KG_TOKEN", "t")
    found = credentials.find("h")
    assert found is not None
    assert (found.token, found.user) == ("t", "")


def test_netrc_that_others_can_read_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere"
    monkeypatch.setenv("NETRC", str(file))
    with pytest.raises(InputError, match="No such file"):
        credentials.find("h")
    file.write_text(f"machine h login me password {SECRET}\n", encoding="utf-8")
    file.chmod(0o644)
    with pytest.raises(InputError, match=r"644.*chmod 600"):
        credentials.find("h")
    file.chmod(0o600)
    assert credentials.find("h") is not None
    file.write_text(f"machine h login me\npasword {SECRET}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"elsewhere:\d+: cannot be read") as caught:
        credentials.find("h")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_how_credentials_are_sent(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in.faults = [answering(200, ROWS, JSON)]

    def sent(profile: str) -> list[str | None]:
        before = len(stand_in.seen)
        with endpoint(stand_in.url, profile) as one:
            assert one.select("SELECT ?n {}").rows == [(ox.Literal("3"),)]
        return [headers.get("Authorization") for *_, headers in stand_in.seen[before:]]

    assert sent("graphdb") == [None]
    monkeypatch.setenv("RESCUE_KG_USER", "me")
    monkeypatch.setenv("RESCUE_KG_PASSWORD", SECRET)
    basic = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
    assert sent("graphdb") == [basic]
    assert sent("oxigraph") == [None]
    assert sent("neptune") == [None]
    stand_in.faults.insert(0, answering(401, headers={"WWW-Authenticate": 'Basic realm="x"'}, times=1))
    assert sent("oxigraph") == [None, basic]
    challenge = {"WWW-Authenticate": 'Digest realm="x", nonce="n", qop="auth", algorithm=MD5'}
    # Whoever waits to be asked learns first that it is Digest, then starts as Digest does.
    for profile, asked in (("oxigraph", 2), ("virtuoso", 1)):
        stand_in.faults[0] = answering(401, headers=challenge, times=asked)
        *before, last = sent(profile)
        assert before == [None] * asked
        assert last is not None
        assert last.startswith('Digest username="me", realm="x", nonce="n"')
    monkeypatch.setenv("RESCUE_KG_TOKEN", "abc")
    assert sent("oxigraph") == ["Bearer abc"]


def echo(status: int) -> Fault:
    """Answer with everything that came, as careless servers do in their error pages."""

    def fault(handler: Handler, body: bytes) -> bool:
        text = f"<html><body>{handler.headers}\n{body!r}</body></html> {SECRET}"
        handler.reply(status, text.encode(), {"WWW-Authenticate": "Basic"} if status == 401 else {})
        return True

    return fault


def hang_up(handler: Handler, _body: bytes) -> bool:
    handler.hang_up()
    return True


@pytest.mark.parametrize("kind", ["password", "token"])
def test_secrets_are_never_shown(
    kind: str,
    stand_in: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    secret = SECRET if kind == "password" else "ghp_0123456789abcdef"
    if kind == "password":
        monkeypatch.setenv("RESCUE_KG_USER", "me")
        monkeypatch.setenv("RESCUE_KG_PASSWORD", secret)
    else:
        monkeypatch.setenv("RESCUE_KG_TOKEN", secret)
    forms = {secret}
    if kind == "password":
        forms.add(base64.b64encode(f"me:{secret}".encode()).decode())
    shown: list[str] = []
    file = tmp_path / "tiny.ttl"
    file.write_text("<http://a> <http://b> <http://c> .", encoding="utf-8")
    caplog.set_level(logging.DEBUG)
    faults = [echo(status) for status in (301, 400, 401, 403, 404, 405, 413, 500, 503, 507)]
    faults += [answering(200, f"{'x' * 40} {' '.join(sorted(forms))}", JSON), hang_up]
    for fault in faults:
        stand_in.faults = [fault]
        with endpoint(stand_in.url, "graphdb", retries=1) as one:
            for run in (lambda one=one: one.select("SELECT ?n {}"), lambda one=one: remote.push(tiny(), one)):
                with pytest.raises(RescueKgError) as caught:
                    run()
                shown += traceback.format_exception(caught.value)
                shown += [repr(caught.value), str(caught.value)]
                assert "\n" not in str(caught.value)
            shown += [repr(one), repr(one.transport), repr(one.transport.__dict__), str(vars(one))]
        result = CliRunner().invoke(
            app, ["push", stand_in.url, "--store", "graphdb", "--dry-run", "--graph", str(file)]
        )
        shown.append(result.output)
    sent = "".join(str(headers) for *_, headers in stand_in.seen)
    assert any(form in sent for form in forms)
    everything = "".join(shown) + caplog.text
    # Half a secret is one, too.
    assert not [form for form in forms if form[:8] in everything]


def test_a_line_break_in_a_token_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESCUE_KG_TOKEN", "abc\ndef")
    with pytest.raises(InputError, match="RESCUE_KG_TOKEN: found a control character") as caught:
        endpoint("http://127.0.0.1:1").graphs()
    assert "abc" not in "".join(traceback.format_exception(caught.value))


# ---- retries ----


def test_passing_faults_are_tried_again_and_retry_after_is_waited_for(stand_in: StandIn) -> None:
    pauses: list[float] = []
    soon = formatdate(time.time() + 7, usegmt=True)
    stand_in.faults = [
        answering(503, headers={"Retry-After": "5"}, times=1),
        answering(429, headers={"Retry-After": soon}, times=1),
        answering(502, times=1),
        answering(504, times=1),
        answering(200, ROWS, JSON),
    ]
    with endpoint(stand_in.url, pauses=pauses, retries=4) as one:
        assert one.count("http://g") == 3
    assert pauses[0] == 5
    assert 4 < pauses[1] <= 7
    assert 1 <= pauses[2] <= 2
    assert 2 <= pauses[3] <= 4
    assert len(stand_in.seen) == 5


def test_a_long_retry_after_is_told_and_not_waited_for(stand_in: StandIn) -> None:
    pauses: list[float] = []
    stand_in.faults = [answering(503, "later", {"Retry-After": "3600"})]
    with endpoint(stand_in.url, pauses=pauses) as one, pytest.raises(remote.UnreachableError) as caught:
        one.graphs()
    assert "try again after 3600" in str(caught.value)
    assert (pauses, caught.value.exit_code) == ([], 3)


def test_a_slow_server_is_given_up(stand_in: StandIn) -> None:
    def slow(handler: Handler, _body: bytes) -> bool:
        time.sleep(0.5)
        handler.hang_up()
        return True

    stand_in.faults = [slow]
    pauses: list[float] = []
    with (
        endpoint(stand_in.url, pauses=pauses, timeout=0.1, retries=1) as one,
        pytest.raises(remote.UnreachableError, match=r"no answer within 0\.1 s") as caught,
    ):
        one.graphs()
    assert (len(pauses), caught.value.exit_code) == (1, 3)


def test_a_broken_connection_is_tried_again(stand_in: StandIn) -> None:
    broken = iter([True, True, False])

    def breaking(handler: Handler, _body: bytes) -> bool:
        if next(broken):
            handler.hang_up()
            return True
        handler.reply(200, ROWS.encode(), JSON)
        return True

    stand_in.faults = [breaking]
    with endpoint(stand_in.url) as one:
        assert one.count("http://g") == 3


def test_no_server_is_told_at_once() -> None:
    pauses: list[float] = []
    with (
        endpoint(f"http://127.0.0.1:{free_port()}", pauses=pauses) as one,
        pytest.raises(remote.UnreachableError, match=r"cannot be reached.*is it running") as caught,
    ):
        one.graphs()
    assert (pauses, caught.value.exit_code) == ([], 3)


# ---- refusals ----


@pytest.mark.parametrize(
    ("status", "text", "headers", "said"),
    [
        (400, "Parse error at line 3", {}, "refuses the request (400 Bad Request: Parse error at line 3)"),
        (401, "", {}, "asks for credentials (401 Unauthorized); set RESCUE_KG_USER"),
        (403, "no", {}, "does not allow this (403 Forbidden: no)"),
        (405, "", {}, "is it read-only"),
        (404, "", {}, "no such service (404 Not Found); check the URL"),
        (413, "", {}, "send smaller parts"),
        (507, "", {}, "its disk is full (507 Insufficient Storage)"),
        (500, "IO error: No space left on device", {}, "its disk is full"),
        (500, "Virtuoso 42000 Error SR186:SECURITY: No permission", {}, "are rights missing"),
        (302, "", {"Location": "https://h/x"}, "found a redirect (302 Found) to https://h/x; give that URL"),
        (599, "odd", {}, "refuses the request (599: odd)"),
        (
            500,
            "<html><head><title>T</title></head><body><p>broken&amp;bent</p></body></html>",
            {},
            ": broken&bent)",
        ),
    ],
)
def test_each_refusal_is_one_clear_line(
    status: int, text: str, headers: dict[str, str], said: str, stand_in: StandIn
) -> None:
    stand_in.faults = [answering(status, text, headers)]
    with endpoint(stand_in.url) as one, pytest.raises(remote.EndpointError) as caught:
        one.update("CLEAR ALL")
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"POST {stand_in.url}/update: ")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html>welcome</html>", "no SPARQL results in JSON"),
        ("", "no SPARQL results in JSON"),
        (ROWS[:-20], "no SPARQL results in JSON"),
        ('{"head":{},"boolean":true}', "expected rows"),
        ('{"head":{"vars":["n"]},"results":{"bindings":[]}}', "expected a number"),
        (ROWS.replace('"3"', '"many"'), "expected a number"),
    ],
)
def test_a_malformed_answer_is_one_clear_line(body: str, said: str, stand_in: StandIn) -> None:
    stand_in.faults = [answering(200, body, JSON)]
    with endpoint(stand_in.url) as one, pytest.raises(remote.EndpointError, match=said) as caught:
        one.count("http://g")
    assert "\n" not in str(caught.value)


def test_an_answer_that_was_cut_off_is_no_answer(stand_in: StandIn) -> None:
    stand_in.faults = [answering(200, ROWS, JSON | {"X-SPARQL-MaxRows": "10000"})]
    with endpoint(stand_in.url) as one, pytest.raises(remote.EndpointError, match="cut off at 10000 rows"):
        one.select("SELECT ?n {}")


def test_ask_as_virtuoso_answers_it(stand_in: StandIn) -> None:
    stand_in.faults = [answering(200, ROWS.replace('"n"', '"__ASK_RETVAL"').replace('"3"', '"1"'), JSON)]
    with endpoint(stand_in.url) as one:
        assert one.truth("ASK {}") is True


# ---- what is sent ----


def test_dry_run_sends_nothing() -> None:
    one = endpoint(f"http://127.0.0.1:{free_port()}")
    report = remote.push(tiny(), one, dry_run=True, part_size=3)
    (graph,) = report.graphs
    assert (graph.name, graph.triples, graph.parts, graph.before) == (GRAPH + "tiny", 4, 2, None)
    assert report.dry_run
    assert report.to_answer().rows[0][:2] == (GRAPH + "tiny", 4)


def test_parts_hold_every_triple_once_and_blank_nodes_together() -> None:
    store = Store()
    lines = [f"<http://s/{n}> <http://p> '{n}' ." for n in range(50)]
    lines += [f"_:b{n} <http://next> _:b{(n + 1) % 7} ." for n in range(7)]
    store.load_file("\n".join(lines).encode(), graph="http://g")
    for size in (1, 3, 7, 20, 100):
        found = list(parts(store, "http://g", remote.PROFILES["oxigraph"], size=size))
        assert sum(part.triples for part in found) == 57
        read = [[*ox.parse(part.body, format=ox.RdfFormat.N_TRIPLES)] for part in found]
        assert [len(one) for one in read] == [part.triples for part in found]
        assert all(part.triples <= max(size, 7) for part in found)
        with_nodes = [number for number, one in enumerate(read) if any("_:" in str(q.subject) for q in one)]
        assert with_nodes == [0]
        assert len({str(quad.triple) for one in read for quad in one}) == 57
    turtle = next(parts(store, "http://g", remote.PROFILES["virtuoso"], size=100)).body
    assert turtle.startswith(b"@prefix ")
    assert len(list(ox.parse(turtle, format=ox.RdfFormat.TURTLE))) == 57


def test_large_literals_close_a_part() -> None:
    store = Store()
    big = "x" * 1_000_000
    store.load_file(
        "\n".join(f"<http://s/{n}> <http://p> '{big}' ." for n in range(20)).encode(), graph="http://g"
    )
    sizes = [len(part.body) for part in parts(store, "http://g", remote.PROFILES["oxigraph"], size=1000)]
    assert len(sizes) > 2
    assert max(sizes) < 9_000_000


def test_bodies_are_packed_where_the_store_takes_that(stand_in: StandIn) -> None:
    stand_in.faults = [answering(204)]
    for profile, packed in (("oxigraph", True), ("fuseki", False)):
        with endpoint(stand_in.url, profile) as one:
            one.put("http://g", b"<http://a> <http://b> <http://c> .\n", replace=True)
        method, path, headers = stand_in.seen[-1]
        assert method == "PUT"
        assert path.endswith("?graph=http%3A%2F%2Fg")
        assert (headers.get("Content-Encoding") == "gzip") is packed
        body = stand_in.bodies[-1]
        assert (gzip.decompress(body) if packed else body).startswith(b"<http://a>")


def test_the_graphs_go_out_with_a_query_unless_it_names_its_own(stand_in: StandIn) -> None:
    stand_in.faults = [answering(200, ROWS, JSON)]
    with endpoint(stand_in.url, graphs=["http://g/1", "http://g/2"]) as one:
        remote.query(one, "SELECT ?n { ?n a rescue:Claim }")
        sent = stand_in.bodies[-1].decode()
        assert sent.count("default-graph-uri=") == sent.count("named-graph-uri=") == 2
        assert sent.startswith("query=PREFIX+rescue%3A+%3Chttps%3A%2F%2Fw3id.org%2Frescue-kg%2F%3E%0ASELECT")
        remote.query(one, "SELECT ?n FROM <http://other> { ?n a ?b }")
        assert "graph-uri" not in stand_in.bodies[-1].decode()


def test_a_plain_endpoint_cannot_be_pushed_to(stand_in: StandIn) -> None:
    stand_in.faults = [answering(200, '{"head":{"vars":["g"]},"results":{"bindings":[]}}', JSON)]
    with endpoint(stand_in.url, None) as one, pytest.raises(InputError, match="name the kind of store"):
        one.put("http://g", b"", replace=True)


@pytest.mark.parametrize(
    ("graphs", "said"),
    [
        (["http://none"], "no named graph 'http://none'"),
        (["https://w3id.org/rescue-kg/graph/tini"], "did you mean"),
    ],
)
def test_a_graph_that_is_not_there_is_not_pushed(graphs: list[str], said: str) -> None:
    with pytest.raises(UnknownNameError, match=said):
        remote.push(tiny(), endpoint("http://127.0.0.1:1"), graphs=graphs)


def test_an_empty_store_is_not_pushed() -> None:
    with pytest.raises(InputError, match="holds no statement"):
        remote.push(Store(), endpoint("http://127.0.0.1:1"))


def test_a_question_with_a_bad_parameter_asks_nobody() -> None:
    one = endpoint(f"http://127.0.0.1:{free_port()}")
    for params in ({"minimun": 2}, {"minimum": "many"}):
        with pytest.raises(ParameterError):
            remote.ask(one, "recurring-interventions", **params)
    with pytest.raises(UnknownNameError):
        remote.ask(one, "recurring-intervention")


# ---- what Virtuoso would change ----


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("9223372036854775808", "integer", "beyond 64 bits"),
        ("-9223372036854775809", "integer", "beyond 64 bits"),
        ("1" * 5000, "integer", "beyond 64 bits"),
        ("many", "integer", "no integer"),
        ("1e5", "decimal", "no decimal"),
        ("0.1234567890123456", "decimal", "more than 15 digits"),
        ("1.23456789", "double", "more than 6 digits"),
        ("P1D", "duration", "a duration"),
        ("-0044-03-15", "date", "a year before 0"),
    ],
)
def test_a_number_that_virtuoso_would_change_is_refused_before_anything_is_sent(
    text: str, kind: str, reason: str
) -> None:
    store = Store()
    store.load_file(f'<http://a> <http://b> "{text}"^^<{XSD}{kind}> .'.encode(), graph="http://g")
    with pytest.raises(InputError, match=reason) as caught:
        remote.push(store, endpoint("http://127.0.0.1:1", "virtuoso"))
    assert str(caught.value).startswith("http://g: <http://a> <http://b>: Virtuoso cannot hold ")
    remote.push(store, endpoint("http://127.0.0.1:1", "oxigraph"), dry_run=True)


def test_the_packaged_graph_holds_nothing_that_virtuoso_would_change() -> None:
    remote.push(rescue_kg.load(), endpoint("http://127.0.0.1:1", "virtuoso"), dry_run=True)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("007", "integer"), ("0.100000000000000000000", "decimal"), ("INF", "double"), ("1", "int")],
)
def test_what_virtuoso_keeps(text: str, kind: str) -> None:
    assert unstorable(literal(text, kind)) is None


# ---- canonical literals ----


@pytest.mark.parametrize(
    ("given", "kind", "wanted", "wanted_kind"),
    [
        ("0.10", "decimal", "0.1", "decimal"),
        ("+1.0", "decimal", "1", "decimal"),
        (".5", "decimal", "0.5", "decimal"),
        ("-0.0", "decimal", "0", "decimal"),
        ("1" * 40 + ".50", "decimal", "1" * 40 + ".5", "decimal"),
        ("007", "int", "7", "integer"),
        ("-0", "integer", "0", "integer"),
        ("1", "boolean", "true", "boolean"),
        ("1.50E1", "double", "15.0", "double"),
        ("-INF", "double", "-INF", "double"),
        ("2020-01-01T00:00:00.100+02:00", "dateTime", "2020-01-01T00:00:00.1+02:00", "dateTime"),
        ("2020-01-01T00:00:00.000Z", "dateTime", "2020-01-01T00:00:00Z", "dateTime"),
        ("2020-01-01T00:00:10+00:00", "dateTime", "2020-01-01T00:00:10Z", "dateTime"),
        ("many", "integer", "many", "integer"),
        ("maybe", "boolean", "maybe", "boolean"),
        ("10.0", "string", "10.0", "string"),
    ],
)
def test_canonical_literal(given: str, kind: str, wanted: str, wanted_kind: str) -> None:
    assert canonical_literal(literal(given, kind)) == literal(wanted, wanted_kind)


def test_canonical_language() -> None:
    assert canonical_literal(ox.Literal("x", language="en-GB")) == ox.Literal("x", language="en-gb")


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(0, 3), st.integers(0, 3))
def test_canonical_decimals_keep_the_value_and_come_in_one_form(number: Any, before: int, after: int) -> None:
    text = format(number, "f")
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    longer = sign + "0" * before + (digits if "." in digits else digits + ".") + "0" * after
    found = canonical_literal(literal(longer, "decimal"))
    assert found == canonical_literal(literal(text, "decimal"))
    assert type(number)(found.value) == number
    assert canonical_literal(found) == found


def test_canonical_triples_of_one_value_are_one() -> None:
    store = Store()
    store.load_file(
        f'<http://a> <http://b> "0.1"^^<{XSD}decimal> , "0.10"^^<{XSD}decimal> .'.encode(), graph="http://g"
    )
    assert len(canonical_triples(store.quads("http://g"))) == 1


# ---- SPARQL texts ----


@pytest.mark.parametrize(
    ("text", "form", "dataset"),
    [
        ("SELECT * { ?a ?b 'ASK FROM <x>' }", "SELECT", False),
        ("# CONSTRUCT FROM <x>\nPREFIX ask: <http://ask/from> ASK { ?from ask:from ?b }", "ASK", False),
        ("construct { ?a ?b ?c } from <http://g> where { ?a ?b ?c }", "CONSTRUCT", True),
        ("BASE <http://SELECT> DESCRIBE ?a FROM NAMED <g> { ?a ?b '''it's \" FROM''' }", "DESCRIBE", True),
        ('SELECT ?a { ?a ?b """a "FROM" b""" , "\\"FROM" }', "SELECT", False),
        ("PREFIX from: <http://x/> SELECT ?a { ?a from:b ?from }", "SELECT", False),
    ],
)
def test_form_and_dataset_of_a_query(text: str, form: str, dataset: bool) -> None:
    assert query_form(text) == form
    assert has_dataset(text) is dataset


#: Questions that are sorted by what is no column of theirs.
HIDDEN_ORDER = {
    "claim-drift",
    "lost-refractory-qualifier",
    "strength-by-section",
    "what-studies-measured",
    "wording-drift",
}


@pytest.mark.parametrize("name", sorted({*questions.names()} - HIDDEN_ORDER))
def test_a_question_is_put_in_its_order_here(name: str, packaged: RescueGraph) -> None:
    question = questions.read(name)
    text, clause = without_order(question.text, question.returns)
    assert text + clause == question.text.rstrip("\n")
    assert clause

    def rows(sparql: str) -> Rows:
        found = packaged.store.query(sparql)
        assert isinstance(found, ox.QuerySolutions)
        return Rows(tuple(question.returns), [tuple(row[name] for name in question.returns) for row in found])

    expected, unsorted = rows(question.text), rows(text)
    found = ordered(unsorted._replace(rows=unsorted.rows[::-1]), clause)
    assert Counter(found.rows) == Counter(expected.rows)
    named = re.findall(r"\?(\w+)", clause)
    keys = [place for place, column in enumerate(question.returns) if column in named]
    assert [[row[key] for key in keys] for row in found.rows] == [
        [row[key] for key in keys] for row in expected.rows
    ]


@pytest.mark.parametrize("name", sorted(HIDDEN_ORDER))
def test_a_question_that_cannot_be_put_in_its_order_here(name: str) -> None:
    question = questions.read(name)
    assert without_order(question.text, question.returns) == (question.text, "")


def test_a_query_without_an_order() -> None:
    text = "SELECT * WHERE {\n ?s ?p ?o\n}\n"
    assert without_order(text, ["s", "p", "o"]) == (text, "")


def test_unbound_values_and_blank_nodes_in_an_order() -> None:
    rows = [
        (ox.Literal("b"), None),
        (None, ox.Literal(1)),
        (ox.BlankNode("x"), None),
        (ox.Literal("a"), None),
    ]
    found = ordered(Rows(("name", "other"), [*rows]), "ORDER BY ?name")
    assert {*found.rows[:2]} == {rows[1], rows[2]}
    assert found.rows[2:] == [rows[3], rows[0]]
    assert ordered(Rows(("name", "other"), []), "ORDER BY ?name").rows == []


def test_only_missing_prefixes_are_declared() -> None:
    text = "PREFIX skos: <http://mine/> SELECT ?x { ?x a rescue:Claim ; skos:note 'owl:Thing <sh:x>' }"
    found = with_prefixes(text, PREFIXES)
    assert found == f"PREFIX rescue: <{PREFIXES['rescue']}>\n{text}"
    Store().query(found)


# ---- command line ----


def run(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(args), catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def one_error_line(stderr: str) -> str:
    assert stderr.startswith("error: ")
    assert stderr.count("\n") == 1
    return stderr


@pytest.mark.parametrize(
    "command", [["push"], ["pull", "-o", "x.nq"], ["ask", "claims-by-type", "--endpoint"]]
)
def test_exit_status_of_no_server_and_of_a_wrong_url(command: list[str], stand_in: StandIn) -> None:
    name, *more = command
    arguments = (
        [name, *more, "{}", "--store", "oxigraph"]
        if name == "ask"
        else [name, "{}", *more, "--store", "oxigraph"]
    )
    for url, status, said in [
        (f"http://127.0.0.1:{free_port()}", 3, "cannot be reached"),
        (stand_in.url, 2, "there is no such service"),
        (f"http://me:{SECRET}@h", 2, "found credentials in the URL"),
    ]:
        code, out, error = run(*(part.format(url) for part in arguments))
        assert (code, out) == (status, "")
        assert said in one_error_line(error)
        assert SECRET not in error


def test_endpoint_and_graph_exclude_each_other() -> None:
    for command in (["ask", "claims-by-type"], ["query", "ASK {}"]):
        code, _, error = run(*command, "--endpoint", "http://h", "--graph", "x.ttl")
        assert code == 2
        assert "both --endpoint and --graph" in error


def test_push_needs_a_kind_of_store() -> None:
    code, _, error = run("push", "http://h")
    assert code == 2
    assert "--store" in error


def test_dry_run_on_the_command_line() -> None:
    code, out, error = run(
        "push", "http://127.0.0.1:1", "--store", "virtuoso", "--dry-run", "--format", "csv"
    )
    assert code == 0
    assert out.splitlines()[0] == "graph,triples,before,parts,bytes"
    graphs = [line.partition(",")[0] for line in out.splitlines()[1:]]
    assert graphs == sorted(rescue_kg.load().store.graphs())
    assert {f"{ONTOLOGY_GRAPH}/inferred", EVIDENCE_GRAPH, f"{EVIDENCE_GRAPH}/inferred"} <= set(graphs)
    assert "nothing was" in error


@pytest.mark.parametrize("hidden", ["httpx2"])
def test_without_the_extra_there_is_one_clear_line(hidden: str) -> None:
    code = (
        "import sys\n"
        f"sys.modules[{hidden!r}] = None\n"
        "from rescue_kg.cli import main\n"
        "sys.argv = ['rescue-kg', 'pull', 'http://127.0.0.1:1', '-o', '-', '-f', 'nquads']\n"
        "main()\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 3
    assert "pip install 'rescue-kg[remote]'" in one_error_line(result.stderr)


def test_importing_the_package_does_not_import_the_client() -> None:
    code = "import sys, rescue_kg.remote; assert 'httpx2' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_progress_is_told_in_triples(stand_in: StandIn) -> None:
    told: list[tuple[int, int]] = []
    stand_in.faults = [
        answering(204, to="/store"),
        answering(200, ROWS, JSON, to="/query"),
    ]
    progress: Callable[[int, int], None] = lambda done, total: told.append((done, total))  # noqa: E731
    # The store counts 3 where 4 were sent, so the push ends there.
    with (
        endpoint(stand_in.url) as one,
        pytest.raises(remote.EndpointError, match=r"found 3 triples.*expected the 4"),
    ):
        remote.push(tiny(), one, progress=progress, part_size=3, graphs=[GRAPH + "tiny"])
    assert told == [(3, 4), (4, 4)]
    assert not stand_in.count("POST", "/update") - 1, "only the staging graph is dropped"
