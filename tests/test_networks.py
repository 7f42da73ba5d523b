"""Projections of the graph as networks and their measures: hand-checked, and the same by both engines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

import rescue_kg
from rescue_kg import analytics, projections
from rescue_kg.cli import app
from rescue_kg.errors import InputError, NotAvailableError, UnknownNameError
from rescue_kg.graph import RescueGraph
from rescue_kg.namespaces import ONTOLOGY_GRAPH, PREFIXES, contract, expand
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCS = Path(__file__).parent.parent / "docs" / "networks.md"

# Two states of one condition, one of another; what is offered, what failed, and who says so.
SMALL = """
condition:a rdfs:label "condition A" . condition:b rdfs:label "condition B" .
state:a1 rescue:ofCondition condition:a . state:a2 rescue:ofCondition condition:a .
state:b1 rescue:ofCondition condition:b .
intervention:x rdfs:label "X"@en , "X auf Deutsch"@de .
intervention:x rescue:directRescueFor state:a1 , state:a2 , state:b1 .
intervention:y rdfs:label "Y" ; rescue:directRescueFor state:a1 .
intervention:x rescue:reportedRescueFor state:a1 , state:a2 , state:b1 ; rescue:triedIn state:a1 .
intervention:class rescue:reportedRescueFor state:a1 .
intervention:y rescue:reportedRescueFor state:a1 ; rescue:failedDirectlyIn state:a2 , state:b1 .
therapy:unnamed a rescue:UnnamedTherapy ; rescue:failedDirectlyIn state:a1 .
claim:c rescue:aboutIntervention intervention:x ; rescue:statedBy study:review ; rescue:citesStudy study:s .
finding:f a rescue:Finding ; rescue:aboutIntervention intervention:x ; rescue:statedBy study:s .
finding:g a rescue:Finding ; rescue:aboutIntervention intervention:y ; rescue:statedBy study:t .
[] rescue:directRescueFor state:b1 .
"""


def graph_of(text: str) -> RescueGraph:
    store = Store()
    header = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
    store.load_file((header + text).encode(), graph=ONTOLOGY_GRAPH)
    return RescueGraph(store)


def edges(network: nx.Graph[str]) -> dict[tuple[str, str], int]:
    """Return (source, target) -> weight; in alphabetical order where an edge leads both ways."""
    pairs = [(a, b) if network.is_directed() else (min(a, b), max(a, b)) for a, b in network.edges]
    return {(a, b): network[a][b]["weight"] for a, b in pairs}


def drawn(pairs: Iterable[tuple[str, str]], nodes: Iterable[str] = (), *, directed: bool = False) -> Any:
    network: nx.Graph[str] = nx.DiGraph(name="drawn") if directed else nx.Graph(name="drawn")
    network.add_nodes_from([*nodes, *(node for pair in pairs for node in pair)])
    for node in network:
        network.nodes[node].update(iri=f"http://example.org/{node}", label=node, kind="node")
    network.add_edges_from(pairs, weight=1)
    return network


@pytest.fixture(scope="module")
def small() -> RescueGraph:
    return graph_of(SMALL)


@pytest.fixture(scope="module")
def with_evidence() -> RescueGraph:
    return rescue_kg.load()


def run(*args: str, **extra: Any) -> Result:
    return CliRunner().invoke(app, ["network", *args], catch_exceptions=False, **extra)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "interventions-conditions",
            {
                ("condition:a", "intervention:x"): 2,
                ("condition:a", "intervention:y"): 1,
                ("condition:b", "intervention:x"): 1,
            },
        ),
        (
            "kinds-conditions",
            {
                ("condition:a", "intervention:class"): 1,
                ("condition:a", "intervention:x"): 2,
                ("condition:a", "intervention:y"): 1,
                ("condition:b", "intervention:x"): 1,
            },
        ),
        (
            "interventions-states",
            {
                ("intervention:x", "state:a1"): 1,
                ("intervention:x", "state:a2"): 1,
                ("intervention:x", "state:b1"): 1,
                ("intervention:y", "state:a1"): 1,
            },
        ),
        (
            "failed-rescue",
            {
                ("intervention:y", "intervention:x"): 2,
                ("therapy:unnamed", "intervention:x"): 1,
                ("therapy:unnamed", "intervention:y"): 1,
            },
        ),
        (
            "evidence",
            {
                ("condition:a", "state:a1"): 3,
                ("condition:a", "state:a2"): 1,
                ("condition:b", "state:b1"): 1,
                ("intervention:class", "state:a1"): 1,
                ("intervention:x", "state:a1"): 1,
                ("intervention:x", "state:a2"): 1,
                ("intervention:x", "state:b1"): 1,
                ("intervention:x", "study:s"): 2,
                ("intervention:y", "state:a1"): 1,
                ("intervention:y", "study:t"): 1,
            },
        ),
    ],
)
def test_a_projection_is_what_its_description_says(
    small: RescueGraph, name: str, expected: dict[tuple[str, str], int]
) -> None:
    network = small.projection(name)
    assert edges(network) == expected
    assert network.is_directed() == (name == "failed-rescue")
    assert network.name == name
    assert list(network) == sorted(network)
    for node, data in network.nodes(data=True):
        assert set(data) == {"iri", "label", "kind"}
        assert contract(data["iri"]) == node
        assert data["kind"] == node.partition(":")[0]
    assert network.nodes["intervention:x"]["label"] == "X"


def test_every_projection_is_tested_and_described() -> None:
    listed = projections.catalogue()
    assert listed.column("projection") == tuple(projections.PROJECTIONS)
    text = DOCS.read_text(encoding="utf-8")
    assert re.findall(r"^\| `([\w-]+)` \| [^|]+ \| [^|]+ \| [^|]+ \|$", text, re.MULTILINE) == list(
        projections.PROJECTIONS
    )


def test_the_conditions_are_those_of_the_summary_edges(packaged: RescueGraph) -> None:
    for name, relation in (
        ("interventions-conditions", "rescueReportedInCondition"),
        ("kinds-conditions", "rescueOfKindReportedInCondition"),
    ):
        rows = packaged.query(f"SELECT ?i ?c {{ ?i rescue:{relation} ?c }}")
        assert isinstance(rows, rescue_kg.Answer)
        expected = {(contract(str(condition)), contract(str(one))) for one, condition in rows}
        assert set(edges(packaged.projection(name))) == expected


def test_evidence_adds_no_rescue(packaged: RescueGraph, with_evidence: RescueGraph) -> None:
    for name, chosen in projections.PROJECTIONS.items():
        same = edges(packaged.projection(name)) == edges(with_evidence.projection(name))
        assert same != chosen.reads_evidence


def test_too_many_edges_are_refused_before_anything_is_built(
    small: RescueGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert small.projection("interventions-states", limit=4).number_of_edges() == 4
    monkeypatch.setattr(projections, "_rows", None)
    with pytest.raises(InputError, match="interventions-states: found 4 edges, expected at most 3; raise"):
        small.projection("interventions-states", limit=3)


def test_the_whole_of_a_large_graph_is_not_built_by_accident(small: RescueGraph) -> None:
    size = len(small.store)
    assert small.networkx(limit=size).number_of_nodes()
    with pytest.raises(InputError, match=rf"found {size:,} statements .* at most {size - 1:,}; take a part"):
        small.networkx(limit=size - 1)


def test_an_unknown_or_empty_projection_says_so(small: RescueGraph) -> None:
    with pytest.raises(UnknownNameError, match=r"no projection 'evidense', .*; did you mean evidence\?"):
        small.projection("evidense")
    for name in projections.PROJECTIONS:
        with pytest.raises(InputError, match=f"{name}: found no edge, expected at least one"):
            graph_of("").projection(name)


def test_edges_as_an_answer(small: RescueGraph) -> None:
    answer = projections.edges(small.projection("failed-rescue"))
    assert answer.rows[0] == (
        *(expand("intervention:y"), "Y", "intervention", expand("intervention:x"), "X", "intervention", 2),
    )
    assert len(answer) == 3


def test_what_interventions_share(packaged: RescueGraph) -> None:
    network = packaged.projection("interventions-conditions")
    found = {(row["first_label"], row["second_label"], row["names"]) for row in shared_rows(network)}
    shock, ecmo = "septic shock", "extracorporeal membrane oxygenation"
    assert found == {
        ("corticosteroids", ecmo, shock),
        ("corticosteroids", "vasopressin analogues", shock),
        (ecmo, "vasopressin analogues", shock),
        ("cyclophosphamide re-induction", "rituximab", "lupus nephritis"),
    }
    conditions = analytics.shared(network, "condition").to_dicts()
    assert {(row["first_label"], row["second_label"], row["names"]) for row in conditions} == {
        ("acute respiratory distress syndrome due to COVID-19", shock, ecmo),
        ("critical COVID-19", shock, "corticosteroids"),
    }


def shared_rows(network: nx.Graph[str]) -> list[dict[str, Any]]:
    return analytics.shared(network).to_dicts()


def test_one_mode_is_that_of_networkx(with_evidence: RescueGraph) -> None:
    network = with_evidence.projection("kinds-conditions")
    found = analytics.one_mode(network)
    nodes = [node for node in network if network.nodes[node]["kind"] == "intervention"]
    expected = nx.bipartite.weighted_projected_graph(network, nodes)
    assert edges(found) == edges(expected)
    assert set(found) == set(expected)
    assert found.nodes[nodes[0]] == network.nodes[nodes[0]]


def test_one_mode_needs_a_bipartite_network_of_bearable_size(small: RescueGraph) -> None:
    with pytest.raises(InputError, match="failed-rescue: found edges that do not join"):
        analytics.one_mode(small.projection("failed-rescue"))
    with pytest.raises(InputError, match="evidence: found edges that do not join"):
        analytics.one_mode(small.projection("evidence"))
    states = small.projection("interventions-states")
    with pytest.raises(UnknownNameError, match=r"no node of kind 'stat', .*; did you mean state\?"):
        analytics.one_mode(states, "stat")
    with pytest.raises(InputError, match=r"found 3 pairs of nodes .* expected at most 2"):
        analytics.one_mode(states, "state", limit=2)
    assert edges(analytics.one_mode(states, "state")) == {
        ("state:a1", "state:a2"): 1,
        ("state:a1", "state:b1"): 1,
        ("state:a2", "state:b1"): 1,
    }


@pytest.mark.parametrize("engine", analytics.ENGINES)
def test_the_most_connected_rescue_interventions(packaged: RescueGraph, engine: str) -> None:
    answer = analytics.centrality(packaged.projection("interventions-conditions"), engine=engine)
    rows = [row for row in answer.to_dicts() if row["kind"] == "intervention"]
    # Each is between septic shock with the two other interventions there, and its second condition: 3 paths,
    # and the path to the second condition of the other one. 20 other nodes make 190 pairs.
    assert [(row["label"], row["degree"], row["betweenness"]) for row in rows[:2]] == [
        ("corticosteroids", 2, round(4 / 190, 12)),
        ("extracorporeal membrane oxygenation", 2, round(4 / 190, 12)),
    ]
    assert {row["degree"] for row in rows[2:]} == {1}
    kinds = analytics.centrality(packaged.projection("kinds-conditions"), engine=engine)
    ecmo = next(row for row in kinds.to_dicts() if str(row["node"]).endswith("/ecmo"))
    assert (ecmo["degree"], ecmo["weight"]) == (3, 3)


@pytest.mark.parametrize("engine", analytics.ENGINES)
def test_a_path_between_two_conditions_leads_through_ecmo(with_evidence: RescueGraph, engine: str) -> None:
    network = with_evidence.projection("evidence")
    answer = analytics.path(
        with_evidence, network, "Septic shock", "condition:out-of-hospital-cardiac-arrest", engine=engine
    )
    assert [contract(str(node)) for node in answer.column("node")] == [
        "condition:septic-shock",
        "state:refractory-septic-shock",
        "intervention:ecmo",
        "state:cpr-refractory-ohca",
        "condition:out-of-hospital-cardiac-arrest",
    ]
    assert answer.column("step") == (0, 1, 2, 3, 4)


@pytest.mark.parametrize("engine", analytics.ENGINES)
def test_paths_follow_arrows_and_may_be_missing(small: RescueGraph, engine: str) -> None:
    network = small.projection("failed-rescue")

    def steps(start: str, end: str) -> list[str]:
        found = analytics.path(small, network, start, end, engine=engine)
        return [contract(str(node)) for node in found.column("node")]

    assert steps("therapy:unnamed", "X") == ["therapy:unnamed", "intervention:x"]
    assert steps("X", "therapy:unnamed") == []
    assert steps("X", "X") == ["intervention:x"]
    with pytest.raises(
        UnknownNameError, match="condition A: condition:a is not in the network failed-rescue"
    ):
        steps("condition A", "X")
    with pytest.raises(UnknownNameError, match="no node is named 'nothing'"):
        steps("X", "nothing")


def test_communities_are_the_same_in_every_process(with_evidence: RescueGraph) -> None:
    program = (
        "import sys, rescue_kg\n"
        "from rescue_kg import analytics\n"
        "network = rescue_kg.load().projection('evidence')\n"
        "sys.stdout.write(analytics.communities(network).to_tsv())"
    )
    expected = analytics.communities(with_evidence.projection("evidence")).to_tsv()
    # This process has a hash seed of its own.
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == expected


def test_communities_of_the_review_are_its_connected_topics(packaged: RescueGraph) -> None:
    answer = analytics.communities(packaged.projection("interventions-conditions"))
    groups: dict[object, set[str]] = {}
    for row in answer.to_dicts():
        groups.setdefault(row["community"], set()).add(contract(str(row["node"])))
    assert {"condition:lupus-nephritis", "intervention:rituximab"} | {
        "intervention:cyclophosphamide-reinduction"
    } in groups.values()
    assert sorted(map(len, groups.values()), reverse=True) == [
        len(groups[key]) for key in sorted(groups, key=str)
    ]
    assert sum(map(len, groups.values())) == 21
    assert {row["size"] == len(groups[row["community"]]) for row in answer.to_dicts()} == {True}


def test_louvain_of_two_cliques_finds_them() -> None:
    for directed in (False, True):
        pairs = [(a, b) for group in ("abcd", "wxyz") for a in group for b in group if a < b]
        found = analytics.communities(drawn([*pairs, ("a", "z")], directed=directed), seed=3)
        assert found.column("label") == tuple("abcdwxyz")
        assert found.column("community") == (1, 1, 1, 1, 2, 2, 2, 2)


NODES = [f"n{place}" for place in range(9)]
PAIRS = st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=24)


@settings(max_examples=60, deadline=None)
@given(pairs=PAIRS, alone=st.integers(1, 9), directed=st.booleans(), ends=st.tuples(*[st.integers(0, 8)] * 2))
def test_both_engines_give_the_same(
    pairs: list[tuple[str, str]], alone: int, directed: bool, ends: tuple[int, int]
) -> None:
    network = drawn(pairs, NODES[:alone], directed=directed)
    same(network)
    graph = graph_of("".join(f"<http://example.org/{node}> rdfs:label '{node}' .\n" for node in network))
    nx.relabel_nodes(network, {node: f"http://example.org/{node}" for node in network}, copy=False)
    start, end = (list(network)[place % len(network)] for place in ends)
    by = [analytics.path(graph, network, start, end, engine=engine) for engine in analytics.ENGINES]
    assert by[0] == by[1]
    if nx.has_path(network, start, end):
        assert min(nx.all_shortest_paths(network, start, end)) == list(by[0].column("node"))
    else:
        assert len(by[0]) == 0


@pytest.mark.parametrize("name", projections.PROJECTIONS)
def test_both_engines_give_the_same_on_the_packaged_graph(with_evidence: RescueGraph, name: str) -> None:
    same(with_evidence.projection(name))


def same(network: nx.Graph[str]) -> None:
    slow, fast = (analytics.centrality(network, engine=engine) for engine in analytics.ENGINES)
    values = nx.betweenness_centrality(network)
    by_label = {network.nodes[node]["iri"]: value for node, value in values.items()}
    for answer in (slow, fast):
        assert {str(row["node"]): row["betweenness"] for row in answer.to_dicts()} == pytest.approx(
            by_label, abs=1e-9
        )
    assert [row[:6] for row in slow] == [row[:6] for row in fast]


def test_an_engine_that_is_unknown_or_missing(small: RescueGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    network = small.projection("evidence")
    with pytest.raises(InputError, match=r"unknown engine 'rustworks', .*; did you mean rustworkx\?"):
        analytics.centrality(network, engine="rustworks")
    monkeypatch.setitem(sys.modules, "rustworkx", None)
    with pytest.raises(NotAvailableError, match=r"pip install 'rescue-kg\[graph\]'"):
        analytics.path(small, network, "X", "Y", engine="rustworkx")


def test_the_command_lists_the_projections_and_their_edges(small: RescueGraph) -> None:
    assert run("-f", "tsv").stdout == projections.catalogue().to_tsv()
    expected = projections.edges(rescue_kg.load(evidence=False).projection("failed-rescue"))
    assert run("failed-rescue", "--format", "csv").stdout_bytes.decode() == expected.to_csv()


@pytest.mark.parametrize("engine", analytics.ENGINES)
def test_the_command_measures(packaged: RescueGraph, with_evidence: RescueGraph, engine: str) -> None:
    conditions = packaged.projection("interventions-conditions")
    measured = {
        ("interventions-conditions", "--centrality"): analytics.centrality(conditions),
        ("interventions-conditions", "--communities"): analytics.communities(conditions),
        ("interventions-conditions", "--shared"): analytics.shared(conditions),
        ("evidence", "--path", "septic shock", "lupus nephritis"): analytics.path(
            with_evidence, with_evidence.projection("evidence"), "septic shock", "lupus nephritis"
        ),
    }
    for args, answer in measured.items():
        done = run(*args, "-f", "tsv", "--engine", engine)
        assert (done.exit_code, done.stdout) == (0, answer.to_tsv())


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["evidense"], 2, "error: no projection 'evidense', "),
        (["interventions-states", "--limit", "7"], 2, "edges, expected at most 7; raise the limit"),
        (["--shared"], 2, "error: found --shared without a PROJECTION"),
        (["evidence", "--shared", "--centrality"], 2, "error: found --centrality and --shared, expected one"),
        (["kinds-conditions", "--path", "septic shock", "nowhere"], 2, "error: no node is named 'nowhere'"),
        (["failed-rescue", "--path", "rituximab", "ECMO"], 0, "no path leads from 'rituximab' to 'ECMO'"),
        (["failed-rescue", "--centrality", "--engine", "x"], 2, "error: unknown engine 'x', expected one of"),
    ],
)
def test_what_the_command_says_of_wrong_use(args: list[str], status: int, message: str) -> None:
    done = run(*args)
    assert done.exit_code == status
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == (1 if status else 2)


def test_listing_projections_loads_no_networkx() -> None:
    program = (
        "import sys\n"
        "from rescue_kg.cli import app\n"
        "import rescue_kg.analytics, rescue_kg.graph, rescue_kg.projections\n"
        "app.main(['network'], standalone_mode=False)\n"
        "print([name for name in ('networkx', 'rustworkx', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def blocks(language: str) -> list[str]:
    text = DOCS.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", blocks("console"))
def test_the_page_shows_what_is_printed(block: str, tmp_path: Path) -> None:
    command, _, printed = block.removeprefix("$ ").partition("\n")
    program = tmp_path / "rescue-kg"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rescue_kg "$@"\n')
    program.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env={**os.environ, "PATH": path}, check=True
    )
    assert done.stdout == printed


def test_the_python_of_the_page_runs() -> None:
    (block,) = blocks("python")
    exec(compile(block, str(DOCS), "exec"), {})


@pytest.mark.slow
def test_a_large_projection_is_built_in_seconds() -> None:
    node = ox.NamedNode
    relation, of_condition = (node(PREFIXES["rescue"] + name) for name in ("directRescueFor", "ofCondition"))

    def quads() -> Iterable[ox.Quad]:
        graph = node(ONTOLOGY_GRAPH)
        for state in range(20_000):
            condition = node(f"{PREFIXES['condition']}c{state % 5_000}")
            name = node(f"{PREFIXES['state']}s{state}")
            yield ox.Quad(name, of_condition, condition, graph)
            for place in range(10):
                intervention = node(f"{PREFIXES['intervention']}i{(state * 7 + place * 13) % 3_000}")
                yield ox.Quad(intervention, relation, name, graph)

    store = Store()
    store.native.bulk_extend(quads())
    graph = RescueGraph(store)
    start = time.monotonic()
    network = graph.projection("interventions-states")
    assert network.number_of_edges() == 200_000
    assert time.monotonic() - start < 60
    start = time.monotonic()
    with pytest.raises(InputError, match="found 200,000 edges"):
        graph.projection("interventions-states", limit=199_999)
    assert time.monotonic() - start < 20
