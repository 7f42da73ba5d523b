"""`rescue-kg audit` from a shell: what it prints, what it writes, and with which status it ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from audit_services import FakeClock, Reply, StandIn, serving
from rescue_kg.audit import client
from rescue_kg.cli import group
from rescue_kg.graph import RescueGraph, load
from rescue_kg.namespaces import GRAPH
from rescue_kg.resources import data_path

ONTOLOGY = data_path("ontology", "rescue.ttl")
#: The record that reference 5 resembles, as Crossref would give it.
RESEMBLED = {
    "study_id": "resembled",
    "title": "Extracorporeal membrane oxygenation for COVID-19: a systematic review and meta-analysis",
    "first_author": "Ramanathan K",
    "year": "2021",
    "journal": "Critical Care",
    "volume": "25",
    "issue": "",
    "pages": "211",
    "doi": "10.1186/s13054-021-03634-1",
    "pmid": "34127027",
}


class Done(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def service() -> Iterator[StandIn]:
    with serving(FakeClock()) as stand_in:
        stand_in.known = [RESEMBLED]
        yield stand_in


@pytest.fixture
def shell(
    service: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Any:
    """Return a function that runs `rescue-kg audit` with the stand-in in the place of the services."""
    monkeypatch.delenv("RESCUE_KG_CONTACT", raising=False)
    monkeypatch.setattr(group, "COMMANDS", tuple(dict.fromkeys((*group.COMMANDS, "audit"))))
    monkeypatch.setattr(client.Clock, "sleep", lambda self, seconds: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))

    def run(*arguments: str, endpoints: dict[str, str] | None = None) -> Done:
        urls = [f"--endpoint={name}={url}" for name, url in (endpoints or service.endpoints).items()]
        with pytest.raises(SystemExit) as ended:
            group.CommandGroup(name="rescue-kg").main(["audit", *urls, *arguments], prog_name="rescue-kg")
        printed = capfd.readouterr()
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return run


ONLY = (f"--graph={ONTOLOGY}", "--only=study:ma-2021")


def test_the_table(shell: Any, service: StandIn, tmp_path: Path) -> None:
    done = shell(*ONLY, "--contact=curator@example.org", "--format=tsv")
    assert done.status == 0
    header, line = done.out.splitlines()
    cells = dict(zip(header.split("\t"), line.split("\t"), strict=True))
    assert cells["verdict"] == "near-match"
    assert "Ramanathan" in cells["found"]
    assert cells["services"].startswith("Crossref: near match; PubMed:")
    assert done.err == "1 study: 1 near-match\n"
    assert (tmp_path / "xdg" / "rescue-kg" / "audit").is_dir()
    assert service.requests[0].params["mailto"] == "curator@example.org"


def test_a_missing_contact_is_told(shell: Any) -> None:
    assert "the services ask for one: --contact or RESCUE_KG_CONTACT" in shell(*ONLY).err


def test_the_contact_from_the_environment(
    shell: Any, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESCUE_KG_CONTACT", "curator@example.org")
    assert "no contact" not in shell(*ONLY, "--service=crossref").err
    assert {request.service for request in service.requests} == {"crossref"}
    assert service.requests[0].params["mailto"] == "curator@example.org"


@pytest.mark.parametrize("suffix", ["ttl", "nt"])
def test_a_file_with_checks_and_statuses(suffix: str, shell: Any, tmp_path: Path) -> None:
    out = tmp_path / f"checks.{suffix}"
    done = shell(*ONLY, f"--out={out}")
    assert done.status == 0
    assert done.err.endswith("1 study: 1 near-match\n")
    assert "statements on 1 study written" in done.err
    graph = load(out, infer=False)
    assert graph.query(
        "ASK { check:ma-2021-2 a rescue:CitationCheck , owl:NamedIndividual ; "
        "rescue:checkedStudy study:ma-2021 ; rescue:verdict rescue:near-match ; rescue:checkMethod ?how . "
        "study:ma-2021 rescue:citationStatus rescue:near-match }"
    )


def test_turtle_on_standard_output(shell: Any) -> None:
    done = shell(*ONLY, "--out=-")
    assert "check:ma-2021-2 a owl:NamedIndividual , rescue:CitationCheck ;" in done.out


def test_a_store_gets_the_checks(shell: Any, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with RescueGraph.open(folder) as graph:
        graph.load(ONTOLOGY)
        before = sorted(map(str, graph.store.quads(GRAPH + "ontology")))
    done = shell(f"--store={folder}", "--only=study:ma-2021")
    assert done.status == 0
    assert f"{folder}: 1 check added to the dataset citation-checks" in done.err
    assert f"{folder}: 0 checks added" in shell(f"--store={folder}", "--only=study:ma-2021").err
    with RescueGraph.open(folder, read_only=True) as graph:
        assert graph.datasets() == ("citation-checks", "ontology")
        assert sorted(map(str, graph.store.quads(GRAPH + "ontology"))) == before
        row = graph.ask("citation-checks", study="study:ma-2021").to_dicts()[0]
        assert str(row["checked_by"]).startswith("rescue-kg ")
        assert row["verdict"] == "near match"
        told = graph.ask("claim-citations", claim="claim:ecmo-covid-19-ards-survival").to_dicts()[0]
        assert str(told["how"]).startswith("Crossref (http://127.0.0.1:")


def test_nothing_reached_is_one_line_and_nothing_written(shell: Any, tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{listener.getsockname()[1]}"
    out, folder = tmp_path / "checks.ttl", tmp_path / "store"
    with RescueGraph.open(folder) as graph:
        graph.load(ONTOLOGY, infer=False)
    urls = dict.fromkeys(("crossref", "pubmed", "openalex"), nowhere)
    done = shell(f"--store={folder}", f"--out={out}", "--contact=a@example.org", endpoints=urls)
    assert done.status == 1
    assert done.out == ""
    assert done.err.startswith("error: no service answered for any of ")
    assert done.err.count("\n") == 1
    assert not out.exists()
    with RescueGraph.open(folder, read_only=True) as graph:
        assert graph.datasets() == ("ontology",)


def test_a_service_that_fails_is_told_and_the_rest_counts(shell: Any, service: StandIn) -> None:
    service.script = lambda request: Reply(500, b"oops") if request.service == "openalex" else None
    done = shell(*ONLY, "--tries=1")
    assert done.status == 0
    assert "warning: OpenAlex: it does not answer (500 Internal Server Error: oops)" in done.err


def test_refresh_asks_again(shell: Any, service: StandIn) -> None:
    shell(*ONLY)
    asked = len(service.requests)
    shell(*ONLY)
    assert len(service.requests) == asked
    shell(*ONLY, "--refresh")
    assert len(service.requests) == 2 * asked


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--endpoint=crossref",), "expected NAME=URL"),
        (("--store=x", "--graph=y"), "found both --store and --graph"),
        (("--out=checks.docx",), "names no format"),
        (("--service=crosref", f"--graph={ONTOLOGY}"), "did you mean crossref?"),
        (("--tries=0",), "--tries"),
        (("--contact=nobody", f"--graph={ONTOLOGY}"), "expected an e-mail address"),
        (("--only=study:nope", f"--graph={ONTOLOGY}"), "nope"),
        (("--store=/nowhere/store",), "/nowhere/store"),
    ],
)
def test_wrong_use_asks_nobody(arguments: tuple[str, ...], said: str, shell: Any, service: StandIn) -> None:
    done = shell(*arguments)
    assert done.status == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert service.requests == []


def test_the_ontology_keeps_its_ten_checks(packaged: RescueGraph) -> None:
    rows = [row for row in packaged.ask("citation-checks").to_dicts() if row["number"]]
    assert [row["verdict"] for row in rows] == ["near match" if n == 5 else "not found" for n in range(1, 11)]
    assert {str(row["checked_on"]) for row in rows} == {"2026-11-23"}
    assert {row["notes"] for row in rows if row["notes"]} == {
        "No study called BT-SCAN was found in the same search.",
        "It resembles Ramanathan et al., Crit Care 2021;25:211.",
    }
