"""Limits of time and memory: the same answers within them, a clear error at them, and nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import NamedNode, Quad

import rescue_kg
from rescue_kg import questions, worker
from rescue_kg.errors import (
    NotAvailableError,
    ParameterError,
    ParseError,
    QueryMemoryError,
    QueryTimeoutError,
)
from rescue_kg.limits import to_bytes
from test_golden import CASES

#: Every pair of triples, sorted: it needs minutes, and all the memory that there is.
ENDLESS = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f"
ADDED = "PREFIX r: <https://w3id.org/rescue-kg/> INSERT DATA {{ GRAPH r:g {{ r:a r:added {} }} }}"
COMMAND = [sys.executable, "-m", "rescue_kg", "query", ENDLESS]


@pytest.fixture(scope="module")
def graph() -> rescue_kg.RescueGraph:
    return rescue_kg.load()


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    open_before = set(Path("/proc/self/fd").iterdir())
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert set(Path("/proc/self/fd").iterdir()) <= open_before


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def wait_for(condition: Any, seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return found


@pytest.mark.slow
def test_every_question_has_the_same_answer_within_limits(graph: rescue_kg.RescueGraph) -> None:
    assert {case.partition(".")[0] for case in CASES} == set(questions.names())
    for case, params in CASES.items():
        name = case.partition(".")[0]
        direct = graph.ask(name, **params)
        within = graph.ask(name, timeout=60, memory="1GB", **params)
        assert within == direct, case
        for row, other in zip(direct, within, strict=True):
            assert [type(cell) for cell in row] == [type(cell) for cell in other], case


def test_answers_of_every_kind_come_back(graph: rescue_kg.RescueGraph) -> None:
    for sparql in (
        "SELECT ?s ?label { ?s a rescue:Intervention ; rdfs:label ?label } ORDER BY ?s",
        "SELECT ?a ?b { VALUES (?a ?b) { (1.50 true) (1e3 '2020-01-02'^^xsd:date) (UNDEF rescue:x) } }",
        "CONSTRUCT { ?s rdfs:label ?l } { ?s rdfs:label ?l }",
        "ASK { ?s a rescue:Claim }",
        "SELECT ?s { ?s rescue:nothing ?o }",
    ):
        assert graph.query(sparql, timeout=60, memory="1 GiB") == graph.query(sparql)


def test_errors_are_the_same_in_a_worker(graph: rescue_kg.RescueGraph) -> None:
    with pytest.raises(ParseError) as direct:
        graph.query("SELECT * {")
    with pytest.raises(ParseError) as within:
        graph.query("SELECT * {", timeout=60)
    assert str(within.value) == str(direct.value)
    with pytest.raises(ParameterError, match="unknown parameter 'minimun'"):
        graph.ask("recurring-interventions", minimun=2, timeout=60)


def test_timeout(graph: rescue_kg.RescueGraph) -> None:
    started = time.monotonic()
    with pytest.raises(QueryTimeoutError, match=r"query: found no answer within 0\.3 s, .*give it more time"):
        graph.query(ENDLESS, timeout=0.3)
    assert 0.3 <= time.monotonic() - started < 5
    with pytest.raises(TimeoutError, match="recurring-interventions: found no answer within"):
        graph.ask("recurring-interventions", timeout=1e-6)
    assert len(graph.ask("recurring-interventions")) == 2


def test_memory(graph: rescue_kg.RescueGraph, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(QueryMemoryError, match="query: found it to need more than 80,000,000 bytes") as error:
        graph.query(ENDLESS, memory="80MB")
    assert isinstance(error.value, MemoryError)
    # Here the rows do not fit, not what the engine needs to find them.
    with pytest.raises(QueryMemoryError):
        graph.query("SELECT * { ?a ?b ?c . ?d rescue:aboutState ?f }", memory=60_000_000)
    assert capfd.readouterr().err == ""
    assert graph.ask("recurring-interventions", memory=50_000_000) == graph.ask("recurring-interventions")


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"timeout": 0}, "timeout 0, expected a number of seconds above 0"),
        ({"timeout": float("inf")}, "timeout inf"),
        ({"timeout": True}, "timeout True"),
        ({"timeout": "5"}, "timeout '5'"),
        ({"memory": "lots"}, "memory 'lots', expected a size above 0 such as 500MB, 2GB or 2GiB"),
        ({"memory": "-1"}, "memory '-1'"),
        ({"memory": 0}, "memory 0"),
        ({"memory": "2 XB"}, "memory '2 XB'"),
        ({"memory": 1.5}, "memory 1.5"),
    ],
)
def test_limits_that_are_none(graph: rescue_kg.RescueGraph, limit: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        graph.ask("recurring-interventions", **limit)


def test_sizes() -> None:
    sizes: dict[int | str, int] = {
        1: 1,
        "1": 1,
        "500 MB": 500_000_000,
        "1.5kb": 1500,
        " 2GiB ": 2**31,
        "1tb": 10**12,
    }
    assert {size: to_bytes(size) for size in sizes} == sizes


def test_no_limit_no_fork(graph: rescue_kg.RescueGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert len(graph.ask("recurring-interventions")) == 2
    with pytest.raises(NotAvailableError, match="forked process, which this system has not"):
        graph.ask("recurring-interventions", timeout=5)


def test_memory_needs_proc(graph: rescue_kg.RescueGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_STATUS", "/nowhere")
    assert len(graph.ask("recurring-interventions", timeout=60)) == 2
    with pytest.raises(NotAvailableError, match="limit of memory needs /nowhere"):
        graph.ask("recurring-interventions", memory="1GB")


def test_a_worker_that_dies_is_told(graph: rescue_kg.RescueGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_limit", lambda memory: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(NotAvailableError, match="ended by signal SIGKILL before it had an answer"):
        graph.ask("recurring-interventions", memory="1GB")


def test_ctrl_c_ends_the_worker(graph: rescue_kg.RescueGraph) -> None:
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        graph.query(ENDLESS, timeout=60)
    assert time.monotonic() - started < 20
    timer.join()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_orphan_of_the_command(number: signal.Signals) -> None:
    with subprocess.Popen([*COMMAND, "--timeout", "60"], stdout=-1, stderr=-1) as command:
        (orphan,) = wait_for(lambda: children(command.pid))
        command.send_signal(number)
        command.communicate(timeout=20)
        assert command.returncode == -number
    wait_for(lambda: not is_running(orphan))


def test_command_line() -> None:
    asked = [sys.executable, "-m", "rescue_kg", "ask", "recurring-interventions"]

    def run(*command: str) -> tuple[int, str, str]:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    assert run(*asked, "--timeout", "60", "--memory", "1GB") == run(*asked)
    status, out, err = run(*COMMAND, "--memory", "60MB")
    assert (status, out) == (3, "")
    assert err.startswith("error: query: found it to need more than 60,000,000 bytes")
    assert err.count("\n") == 1
    status, _, err = run(*asked, "--memory", "1GB", "--endpoint", "http://127.0.0.1:9")
    assert status == 2
    assert "found --memory with --endpoint" in err
    status, _, err = run(*asked, "timeout=5")
    assert (status, err) == (
        2,
        "error: recurring-interventions: found 'timeout=5', expected the option --timeout 5\n",
    )


def test_store_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with rescue_kg.open(folder) as writer:
        writer.load()
        before = set(folder.iterdir())
        direct = writer.ask("recurring-interventions")
        assert writer.ask("recurring-interventions", timeout=60, memory="1GB") == direct
        with pytest.raises(QueryTimeoutError):
            writer.query(ENDLESS, timeout=0.3)
        with pytest.raises(QueryMemoryError):
            writer.query(ENDLESS, memory="50MB")
        assert set(folder.iterdir()) == before
        # What is written and not yet flushed is seen; what a transaction has not made to count is not.
        count = "SELECT (COUNT(*) AS ?n) { ?s rescue:added ?o }"
        writer.store.update(ADDED.format(1))
        with writer.store.transaction() as change:
            change.update(ADDED.format(2))
            assert rescue_kg.RescueGraph(change).query(count, timeout=60) == (
                rescue_kg.RescueGraph(change).query(count)
            )
            (row,) = writer.query(count, timeout=60)  # type: ignore[misc]
            assert row == (1,)
        del change
        (row,) = writer.query(count, timeout=60)  # type: ignore[misc]
        assert row == (2,)
    # A copy that a killed writer left is cleared up by the next one.
    (folder / "queried-1-1").mkdir()
    rescue_kg.open(folder).close()
    assert not (folder / "queried-1-1").exists()
    with rescue_kg.open(folder, read_only=True) as reader:
        assert reader.ask("recurring-interventions", timeout=60, memory="1GB") == direct
        with pytest.raises(QueryTimeoutError):
            reader.query(ENDLESS, timeout=0.3)
        with pytest.raises(QueryMemoryError):
            reader.query(ENDLESS, memory="50MB")
        assert reader.ask("recurring-interventions") == direct
    rescue_kg.open(folder).close()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_other_threads_ask_and_write_meanwhile(graph: rescue_kg.RescueGraph) -> None:
    direct = graph.ask("recurring-interventions")
    own = rescue_kg.load(evidence=False)
    nodes = [NamedNode(f"https://example.org/{number}") for number in range(20_000)]
    ended = threading.Event()
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            while not ended.is_set():
                assert own.ask("recurring-interventions", timeout=60) == direct
        except BaseException as error:
            failures.append(error)

    def write() -> None:
        try:
            while not ended.is_set():
                own.store.load_quads((Quad(node, node, node) for node in nodes), "https://example.org/g")
                own.store.drop("https://example.org/g")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=target) for target in (ask, ask, write)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 2
    while time.monotonic() < end and not failures:
        assert own.ask("recurring-interventions", timeout=60) == direct
    ended.set()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_write_elsewhere_is_waited_for(graph: rescue_kg.RescueGraph) -> None:
    held, ended = threading.Event(), threading.Event()

    def write() -> None:
        with graph.store.still():
            held.set()
            ended.wait(30)

    thread = threading.Thread(target=write)
    thread.start()
    held.wait(30)
    try:
        with pytest.raises(QueryTimeoutError):
            graph.ask("recurring-interventions", timeout=0.2)
    finally:
        ended.set()
        thread.join()
    assert len(graph.ask("recurring-interventions", timeout=60)) == 2
