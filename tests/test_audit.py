"""The audit against a stand-in for the services: what is asked, how politely, and what comes of it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import NamedNode, Quad

import rescue_kg
from audit_services import FakeClock, Reply, Request, Row, StandIn, made_up, row, rows, serving
from rescue_kg import rules, validation
from rescue_kg.answers import Answer
from rescue_kg.audit import (
    DATASET,
    AuditReport,
    NothingReachedError,
    Result,
    Verdict,
    audit,
    checks_of,
    statuses_of,
    write,
)
from rescue_kg.audit.client import Clock
from rescue_kg.errors import InputError, OutputError, UnknownNameError
from rescue_kg.graph import RescueGraph, load
from rescue_kg.namespaces import GRAPH, PREFIXES, expand
from rescue_kg.resources import data_path

ONTOLOGY = data_path("ontology", "rescue.ttl")
TEXT = {"title": "dcterms:title", "journal": "rescue:journal", "volume": "bibo:volume", "issue": "bibo:issue"}
TEXT |= {"pages": "bibo:pages", "doi": "bibo:doi", "pmid": "bibo:pmid", "first_author": "dcterms:creator"}


def graph_of(*studies: Row) -> RescueGraph:
    """A graph with these studies, as the evidence tables would give them."""
    lines = []
    for study in studies:
        parts = ["a owl:NamedIndividual , rescue:Study", f'rdfs:label "{study["study_id"]}"@en']
        for name, prefixed in TEXT.items():
            if study[name]:
                tag = "@en" if name == "title" else ""
                parts.append(f"{prefixed} {json.dumps(study[name], ensure_ascii=False)}{tag}")
        parts += [f"rescue:year {study['year']}"] if study["year"] else []
        parts += ["rescue:design rescue:design-not-stated", "rescue:citationStatus rescue:not-checked"]
        lines.append(f"study:{study['study_id']} {' ; '.join(parts)} .")
    prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    graph = load(ONTOLOGY, infer=False)
    graph.load((prefixes + "\n".join(lines)).encode(), dataset="trials", infer=False)
    return graph


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def service(clock: FakeClock) -> Iterator[StandIn]:
    with serving(clock) as stand_in:
        yield stand_in


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RESCUE_KG_CONTACT", "RESCUE_KG_NCBI_KEY", "RESCUE_KG_OPENALEX_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(service: StandIn, clock: FakeClock, tmp_path: Path) -> Any:
    """Return a function that audits some studies against the stand-in."""

    def go(*studies: Row, **options: Any) -> AuditReport:
        defaults: dict[str, Any] = {
            "endpoints": service.endpoints,
            "clock": clock,
            "cache": tmp_path / "cache",
        }
        names = [f"study:{study['study_id']}" for study in studies]
        return audit(graph_of(*studies), *names, **(defaults | options))

    return go


def only(report: AuditReport) -> Result:
    (result,) = report.results
    return result


def by_service(result: Result) -> dict[str, Verdict]:
    return {one.service: one.verdict for one in result.services}


# ------------------------------------------------------------------ each verdict


def test_verified_by_identifier_without_a_search(run: Any, service: StandIn) -> None:
    study = row("vanish-2016")
    service.known = rows()
    result = only(run(study))
    assert by_service(result) == dict.fromkeys(("Crossref", "PubMed", "OpenAlex"), Verdict.VERIFIED)
    assert result.verdict is Verdict.VERIFIED
    assert result.differences == result.retraction == ""
    assert result.notes() == ()
    assert [request.path for request in service.requests] == [
        f"works/{study['doi']}",
        "esummary.fcgi",
        f"works/doi:{study['doi']}",
    ]
    assert "Crossref (http://127.0.0.1:" in result.method()
    assert "by DOI: verified; title 100 of 100; same first author, journal, year, volume" in result.method()


def test_verified_by_search_where_there_is_no_identifier(run: Any, service: StandIn) -> None:
    service.known = rows()
    study = row("vanish-2016", doi="", pmid="", journal="J Am Med Assoc")
    result = only(run(study | {"journal": "JAMA"}))
    assert by_service(result) == dict.fromkeys(("Crossref", "PubMed", "OpenAlex"), Verdict.VERIFIED)
    searched = service.asked("crossref")[0].params
    assert searched["rows"] == "5"
    assert "vanish randomized clinical trial gordon ac jama 2016" in searched["query.bibliographic"]
    assert service.asked("pubmed")[0].params["term"].count("[Title]") == 8
    assert "by bibliographic search: verified" in result.method()


@pytest.mark.parametrize("study", rows()[:12:3], ids=lambda study: study["study_id"])
def test_real_studies_among_all_others(study: Row, run: Any, service: StandIn) -> None:
    service.known = rows()
    result = only(run({**study, "doi": "", "pmid": ""}, services=("crossref", "openalex")))
    assert result.verdict is Verdict.VERIFIED
    assert result.match is not None
    assert result.match.record.title == study["title"]


def test_a_wrong_volume_is_a_mismatch(run: Any, service: StandIn) -> None:
    service.known = [row("vanish-2016")]
    result = only(run(row("vanish-2016", volume="999")))
    assert result.verdict is Verdict.METADATA_MISMATCH
    assert result.differences == "volume: cited 999, found 316"
    closest, differences = result.notes()
    assert closest.startswith('Closest record (Crossref): Gordon, "Effect of Early Vasopressin')
    assert differences == "Differences: volume: cited 999, found 316."
    assert "other volume" in result.method()


def test_a_near_match_names_the_closest_record(run: Any, service: StandIn) -> None:
    service.known = [row("unifi-2019")]
    result = only(run(row("uniti-2016", doi="", pmid="")))
    assert result.verdict is Verdict.NEAR_MATCH
    assert "Ulcerative Colitis" in result.notes()[0]
    assert "10.1056/NEJMoa1900750" in result.notes()[0]
    assert "title: words apart: crohns, disease, ulcerative, colitis" in result.differences


def test_what_no_service_knows_is_not_found(run: Any, service: StandIn) -> None:
    service.known = rows()
    result = only(run(made_up()))
    assert by_service(result) == dict.fromkeys(("Crossref", "PubMed", "OpenAlex"), Verdict.NOT_FOUND)
    assert result.match is None
    assert result.method().count("by bibliographic search: not found.") == 3


def test_a_doi_of_another_work_leads_to_a_search(run: Any, service: StandIn) -> None:
    service.known = [row("vanish-2016"), row("adrenal-2018")]
    wrong = row("vanish-2016", doi=row("adrenal-2018")["doi"], pmid="")
    result = only(run(wrong, services=("crossref",)))
    assert result.verdict is Verdict.METADATA_MISMATCH
    assert result.differences == "DOI: cited 10.1056/nejmoa1705835, found 10.1001/jama.2016.10485"
    assert [request.path for request in service.requests][1] == "works"


def test_the_article_at_the_place_cited_is_told(run: Any, service: StandIn) -> None:
    there = row("vanish-2016")
    service.known = [there]
    places = {name: there[name] for name in ("journal", "volume", "issue", "pages", "year")}
    result = only(run(made_up(**places), services=("crossref",)))
    assert result.verdict is Verdict.NOT_FOUND
    assert result.notes()[0].startswith("At the place cited stands (Crossref): Gordon,")


def test_disagreement_is_told_and_the_best_match_stands(run: Any, service: StandIn) -> None:
    service.known = [row("vanish-2016")]
    service.more = {"openalex": {"publication_year": 2015}}
    result = only(run(row("vanish-2016")))
    assert result.verdict is Verdict.VERIFIED
    assert by_service(result)["OpenAlex"] is Verdict.METADATA_MISMATCH
    assert result.notes() == (
        "The services do not agree: Crossref verified, PubMed verified, OpenAlex metadata mismatch; "
        "the best match stands.",
    )


def test_a_study_without_a_title_is_asked_for_by_its_identifier_only(run: Any, service: StandIn) -> None:
    service.known = []
    result = only(run(row("vanish-2016", title="")))
    assert result.verdict is Verdict.NOT_CHECKED
    assert {request.path for request in service.requests} <= {
        "works/10.1001/jama.2016.10485",
        "esummary.fcgi",
        "esearch.fcgi",
        "works/doi:10.1001/jama.2016.10485",
        "works/pmid:27483065",
    }


# ------------------------------------------------------------------ retractions


RETRACTED: dict[str, dict[str, Any]] = {
    "crossref": {
        "updated-by": [
            {"type": "correction", "DOI": "10.5555/correction"},
            {
                "type": "retraction",
                "DOI": "10.5555/notice",
                "updated": {"date-parts": [[2020, 6, 5]]},
                "source": "publisher",
            },
        ]
    },
    "pubmed": {
        "pubtype": ["Journal Article", "Retracted Publication"],
        "references": [{"refsource": "Artificial J. 2020;1:1", "reftype": "Retraction in", "pmid": 90000001}],
    },
    "openalex": {"is_retracted": True},
}
SAID = {
    "crossref": "Crossref: retraction of 2020-06-05 (doi:10.5555/notice)",
    "pubmed": "PubMed: marked as Retracted Publication; retraction in Artificial J. 2020;1:1 (PMID 90000001)",
    "openalex": "OpenAlex: marked as retracted",
}


@pytest.mark.parametrize("name", RETRACTED)
def test_a_retraction_is_told(name: str, run: Any, service: StandIn) -> None:
    study = made_up(doi="10.5555/artificial", pmid="90000000")
    service.known, service.more = [study], {name: RETRACTED[name]}
    result = only(run(study))
    assert result.verdict is Verdict.VERIFIED
    assert result.retraction == SAID[name]
    assert result.notes()[0] == f"Retracted: {SAID[name]}."


def test_a_title_marked_as_retracted_is_still_the_title(run: Any, service: StandIn) -> None:
    study = made_up(doi="10.5555/artificial")
    service.known = [study | {"title": f"RETRACTED: {study['title']}"}]
    result = only(run(study, services=("crossref",)))
    assert result.verdict is Verdict.VERIFIED
    assert result.retraction == "Crossref: the title is marked RETRACTED"


def test_a_notice_is_no_retraction_of_itself(run: Any, service: StandIn) -> None:
    study = made_up(doi="10.5555/artificial")
    service.known = [study]
    service.more = {"crossref": {"update-to": [{"type": "retraction", "DOI": "10.5555/other"}]}}
    result = only(run(study, services=("crossref",)))
    assert result.retraction == "Crossref: the record is itself a notice of retraction"


def test_a_retraction_of_another_work_is_not_told(run: Any, service: StandIn) -> None:
    service.known, service.more = [row("unifi-2019")], RETRACTED
    result = only(run(row("uniti-2016")))
    assert result.verdict is Verdict.NEAR_MATCH
    assert result.retraction == ""


# ------------------------------------------------------------------ manners


def test_who_asks_is_sent_as_each_service_wants_it(
    run: Any, service: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RESCUE_KG_NCBI_KEY", "ncbi-secret")
    monkeypatch.setenv("RESCUE_KG_OPENALEX_KEY", "openalex-secret")
    service.known = rows()
    report = run(row("vanish-2016"), contact="curator@example.org")
    crossref, pubmed, openalex = (service.asked(name)[0] for name in ("crossref", "pubmed", "openalex"))
    assert crossref.params == {"mailto": "curator@example.org"}
    assert (pubmed.params["tool"], pubmed.params["email"]) == ("rescue-kg", "curator@example.org")
    assert (pubmed.params["api_key"], openalex.params["api_key"]) == ("ncbi-secret", "openalex-secret")
    assert openalex.params["mailto"] == "curator@example.org"
    for request in (crossref, pubmed, openalex):
        assert request.headers["user-agent"] == (
            f"rescue-kg/{rescue_kg.__version__} (mailto:curator@example.org)"
        )
        assert "authorization" not in request.headers
    assert report.checked_by == f"rescue-kg {rescue_kg.__version__} (contact: curator@example.org)"
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").iterdir())
    assert b"secret" not in kept
    assert b"curator" not in kept


def test_the_contact_comes_from_the_environment(
    run: Any, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESCUE_KG_CONTACT", "curator@example.org")
    run(row("vanish-2016"), services=("crossref",))
    assert service.requests[0].params["mailto"] == "curator@example.org"


def test_nobody_is_named_without_a_contact(run: Any, service: StandIn) -> None:
    report = run(row("vanish-2016"))
    assert all({"mailto", "email"}.isdisjoint(request.params) for request in service.requests)
    assert report.checked_by == f"rescue-kg {rescue_kg.__version__}"


def test_each_service_is_asked_at_its_pace(run: Any, service: StandIn) -> None:
    service.known = rows()
    run(*(row(name) | {"doi": "", "pmid": ""} for name in ("vanish-2016", "adrenal-2018", "unifi-2019")))
    for name, pause in {"crossref": 1.0, "pubmed": 0.4, "openalex": 0.2}.items():
        times = [request.when for request in service.asked(name)]
        assert len(times) >= 3
        assert all(later - earlier > pause - 1e-9 for earlier, later in pairwise(times))


def failing(reply: Reply, times: int, path: str = "") -> Any:
    """Return a script that gives a reply so many times to requests with this in their path."""
    left = [times]

    def script(request: Request) -> Reply | None:
        if path not in request.path or left[0] == 0:
            return None
        left[0] -= 1
        return reply

    return script


def test_retry_after_is_waited_for(run: Any, service: StandIn, clock: FakeClock) -> None:
    service.known = rows()
    service.script = failing(Reply(429, b"slow down", (("Retry-After", "17"),)), 1)
    result = only(run(row("vanish-2016"), services=("crossref",)))
    assert result.verdict is Verdict.VERIFIED
    assert 17.0 in clock.slept
    assert service.requests[1].when - service.requests[0].when >= 17


def test_retry_after_may_be_a_date(run: Any, service: StandIn, clock: FakeClock) -> None:
    service.known = rows()
    # The clock shows 00:16:40.
    service.script = failing(Reply(503, b"", (("Retry-After", "Tue, 01 Jan 2030 00:17:00 GMT"),)), 1)
    assert only(run(row("vanish-2016"), services=("crossref",))).verdict is Verdict.VERIFIED
    assert max(clock.slept) == pytest.approx(20, abs=1)


def test_a_service_that_wants_an_hour_is_given_up(run: Any, service: StandIn) -> None:
    service.known = rows()
    service.script = lambda request: (
        Reply(429, b"daily limit", (("Retry-After", "3600"),)) if request.service == "openalex" else None
    )
    report = run(row("vanish-2016"), row("unifi-2019"))
    assert len(service.asked("openalex")) == 1
    assert [result.verdict for result in report.results] == [Verdict.VERIFIED] * 2
    assert any("try after 3600 s" in failure for failure in report.failures)
    assert "OpenAlex" in report.results[1].method()
    assert "given up for this run" in report.results[1].method()


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_what_passes_is_tried_again(status: int, run: Any, service: StandIn, clock: FakeClock) -> None:
    service.known = rows()
    service.script = failing(Reply(status, b"oops"), 3)
    assert only(run(row("vanish-2016"), services=("crossref",))).verdict is Verdict.VERIFIED
    assert len(service.requests) == 4
    # The pauses double.
    assert [pause for pause in clock.slept if pause in (0.5, 1.0, 2.0)][:3]


def test_there_is_a_last_try(run: Any, service: StandIn) -> None:
    service.script = failing(Reply(500, b"oops"), 100, "works")
    service.known = rows()
    result = only(run(row("vanish-2016"), tries=3))
    assert len(service.asked("crossref")) == 3
    assert by_service(result)["Crossref"] is Verdict.NOT_CHECKED
    assert result.verdict is Verdict.VERIFIED
    assert "Crossref: it does not answer (500 Internal Server Error: oops)" in result.method()


BROKEN = {
    "no JSON": Reply(200, b'{"message": {'),
    "XML": Reply(200, b"<?xml version='1.0'?><eSummaryResult><ERROR>none</ERROR></eSummaryResult>"),
    "another form": Reply(200, b'{"status": "ok"}'),
    "a list": Reply(200, b"[]"),
    "no UTF-8": Reply(200, b'{"message": "\xff"}'),
    "cut": Reply(200, b'{"message": {"DOI": "10.1001/jama.2016.10485", "title": ["x"]}}', cut=True),
    "a broken encoding": Reply(200, b"no gzip", (("Content-Encoding", "gzip"),)),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("name", ["crossref", "pubmed", "openalex"])
def test_a_broken_answer_is_asked_for_again_and_not_kept(
    kind: str, name: str, run: Any, service: StandIn
) -> None:
    service.known = rows()
    service.script = failing(BROKEN[kind], 1)
    result = only(run(row("vanish-2016"), services=(name,)))
    assert result.verdict is Verdict.VERIFIED
    assert len(service.requests) == 2
    service.script = failing(BROKEN[kind], 100)
    service.requests.clear()
    assert only(run(row("vanish-2016"), services=(name,))).verdict is Verdict.VERIFIED
    assert service.requests == []


@pytest.mark.parametrize("kind", BROKEN)
def test_a_service_that_answers_rubbish_checks_nothing(kind: str, run: Any, service: StandIn) -> None:
    service.script = failing(BROKEN[kind], 100)
    with pytest.raises(NothingReachedError, match="Crossref"):
        run(row("vanish-2016"), services=("crossref",), tries=2)


def test_an_error_of_the_search_is_no_empty_result(run: Any, service: StandIn) -> None:
    service.script = failing(Reply(200, b'{"esearchresult": {"ERROR": "backend failed"}}'), 100)
    with pytest.raises(NothingReachedError, match=r"found an error of the search \(backend failed\)"):
        run(made_up(), services=("pubmed",), tries=2)


def test_no_answer_in_time(run: Any, service: StandIn) -> None:
    service.known = rows()
    service.script = lambda request: Reply(delay=0.6) if request.service == "crossref" else None
    result = only(run(row("vanish-2016"), tries=2, timeout=0.2))
    assert by_service(result)["Crossref"] is Verdict.NOT_CHECKED
    assert "no answer within 0.2 s" in result.method()
    assert result.verdict is Verdict.VERIFIED


def test_a_redirect_to_another_host_is_not_followed(run: Any, service: StandIn) -> None:
    service.known = rows()
    service.script = lambda request: (
        Reply(302, b"", (("Location", "http://localhost:9/steal"),))
        if request.service == "crossref"
        else None
    )
    result = only(run(row("vanish-2016")))
    assert "found a redirect to localhost:9" in result.method()


def test_a_merged_record_is_followed_within_the_service(run: Any, service: StandIn) -> None:
    study = row("vanish-2016")
    service.known = [study]
    moved = Reply(301, b"", (("Location", f"/openalex/works/doi:{study['doi']}"),))
    service.script = failing(moved, 1, "works/")
    assert only(run(study, services=("openalex",))).verdict is Verdict.VERIFIED


def test_a_refusal_for_want_of_a_key_says_so(run: Any, service: StandIn) -> None:
    service.known = rows()
    service.script = lambda request: Reply(403, b"key needed") if request.service == "openalex" else None
    report = run(row("vanish-2016"), row("unifi-2019"))
    assert "try later or set RESCUE_KG_OPENALEX_KEY" in report.failures[0]
    assert len(service.asked("openalex")) == 1


def test_a_service_that_fails_three_times_in_a_row_is_given_up(run: Any, service: StandIn) -> None:
    service.known = rows()
    service.script = lambda request: Reply(500, b"oops") if request.service == "crossref" else None
    names = ("vanish-2016", "unifi-2019", "adrenal-2018", "aprocchss-2018", "seavue-2022")
    report = run(*map(row, names), tries=1)
    assert len(service.asked("crossref")) == 3
    assert {result.verdict for result in report.results} == {Verdict.VERIFIED}


# ------------------------------------------------------------------ not checked is not not found


def closed_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_offline_nothing_is_said(run: Any, service: StandIn) -> None:
    nowhere = dict.fromkeys(service.endpoints, closed_port())
    with pytest.raises(NothingReachedError) as caught:
        run(row("vanish-2016"), row("unifi-2019"), endpoints=nowhere)
    assert caught.value.exit_code == 1
    assert "no service answered for any of 2 studies" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_services_failing_for_one_study(run: Any, service: StandIn) -> None:
    service.known = rows()
    bad = row("adrenal-2018")

    def script(request: Request) -> Reply | None:
        told = f"{request.path} {request.params}".casefold()
        return Reply(500, b"oops") if bad["doi"].casefold() in told else None

    service.script = script
    report = run(row("vanish-2016"), bad, tries=2)
    verdicts = {result.citation.label: result.verdict for result in report.results}
    assert verdicts == {"adrenal-2018": Verdict.NOT_CHECKED, "vanish-2016": Verdict.VERIFIED}


def test_a_failing_search_is_no_search(run: Any, service: StandIn) -> None:
    study = row("vanish-2016")
    service.script = lambda request: Reply(500) if request.path == "works" else None
    result = only(run(study, services=("crossref",), tries=1))
    # The DOI was answered with 404; nobody searched.
    assert result.services[0].asked == ("by DOI",)
    assert result.verdict is Verdict.NOT_CHECKED


def test_one_service_that_searched_is_enough_for_not_found(run: Any, service: StandIn) -> None:
    service.script = lambda request: Reply(500) if request.service != "pubmed" else None
    result = only(run(made_up(), tries=1))
    assert result.verdict is Verdict.NOT_FOUND
    assert "PubMed" in result.method()
    assert "not found." in result.method()


# ------------------------------------------------------------------ the cache


def test_a_second_run_asks_nothing(run: Any, service: StandIn, clock: FakeClock) -> None:
    service.known = rows()
    studies = (row("vanish-2016"), made_up(), row("unifi-2019", doi="10.5555/unknown"))
    first = run(*studies)
    service.requests.clear()
    clock.time += 86400
    second = run(*studies)
    assert service.requests == []
    assert second == first


def test_refresh_and_age_ask_again(run: Any, service: StandIn, clock: FakeClock) -> None:
    service.known = rows()
    for days, options, asked in ((0, {}, 3), (29, {}, 0), (0, {"max_age": 0}, 3), (31, {}, 3)):
        clock.time += days * 86400
        service.requests.clear()
        run(row("vanish-2016"), **options)
        assert len(service.requests) == asked


def test_a_run_that_was_broken_off_goes_on(run: Any, service: StandIn) -> None:
    service.known = rows()
    studies = [row(name) for name in ("adrenal-2018", "unifi-2019", "vanish-2016")]

    def stop(done: int, total: int) -> None:
        assert total == 3
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(*studies, progress=stop)
    before = {(request.service, request.path, str(request.params)) for request in service.requests}
    service.requests.clear()
    report = run(*studies)
    again = {(request.service, request.path, str(request.params)) for request in service.requests}
    assert len(report) == 3
    assert len(service.requests) == 3
    assert not before & again


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"url": "x", "status": 200, "body": "", "fetched": 1}']
)
def test_a_damaged_cache_is_asked_around(damage: bytes, run: Any, service: StandIn, tmp_path: Path) -> None:
    service.known = rows()
    run(row("vanish-2016"))
    for path in (tmp_path / "cache").iterdir():
        path.write_bytes(damage)
    service.requests.clear()
    assert only(run(row("vanish-2016"))).verdict is Verdict.VERIFIED
    assert len(service.requests) == 3


def test_the_cache_is_used_while_the_services_are_away(run: Any, service: StandIn) -> None:
    service.known = rows()
    run(row("vanish-2016"))
    service.script = lambda request: Reply(500)
    report = run(row("unifi-2019"), row("vanish-2016"), tries=1)
    assert [result.verdict for result in report.results] == [Verdict.NOT_CHECKED, Verdict.VERIFIED]


def test_the_default_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from rescue_kg.audit.cache import default_folder

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "rescue-kg" / "audit"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache" / "rescue-kg" / "audit"


# ------------------------------------------------------------------ what cannot be used


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"contact": "nobody"}, InputError, "expected an e-mail address"),
        ({"contact": "a@b\nX: y"}, InputError, "expected an e-mail address"),
        ({"services": ("crosref",)}, UnknownNameError, "did you mean crossref"),
        ({"endpoints": {"pubmde": "http://x"}}, UnknownNameError, "did you mean pubmed"),
        ({"endpoints": {"crossref": "ftp://x"}}, InputError, "expected an http or https URL"),
        ({"cache": "/dev/null/x"}, OutputError, "cannot be made"),
    ],
)
def test_options_that_cannot_be_used(
    options: dict[str, Any], error: type[Exception], said: str, run: Any, service: StandIn
) -> None:
    with pytest.raises(error, match=said):
        run(row("vanish-2016"), **options)
    assert service.requests == []


def test_a_study_that_is_not_there(clock: FakeClock, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError):
        audit(load(ONTOLOGY, infer=False), "study:nope", cache=tmp_path, clock=clock)


# ------------------------------------------------------------------ the nodes


def latest(graph: RescueGraph, study: str) -> dict[str, Any]:
    return graph.ask("citation-checks", study=study).to_dicts()[0]


def errors(report: validation.Report) -> set[tuple[str, tuple[object, ...]]]:
    return {(one.name, row) for one in report.checks if one.severity == "error" for row in one.rows}


def test_the_checks_are_valid_and_nothing_else_changes(run: Any, service: StandIn) -> None:
    service.known = [
        *rows(),
        made_up(study_id="x", title="Zzyzx glorp administration in quuxian frobnication"),
    ]
    studies = (row("vanish-2016"), row("unifi-2019", volume="999"), made_up())
    report = run(*studies)
    graph = graph_of(*studies)
    before = {name: set(graph.store.quads(name)) for name in graph.store.graphs()}
    # The examples of the vocabulary stand in the packaged evidence, which is not here.
    known = errors(validation.check(graph))
    assert {name for name, _ in known} == {"dangling-references"}
    assert write(graph, report) == 3
    own = {GRAPH + DATASET, *(f"{GRAPH}{DATASET}/{part}" for part in rules.TARGETS)}
    assert {name: set(graph.store.quads(name)) for name in graph.store.graphs() if name not in own} == before
    found = validation.validate(graph)
    assert [one for one in found.results if "/check/" in str(one.focus)] == []
    assert errors(found) == known
    outdated = next(one for one in found.checks if one.name == "citation-status-outdated")
    assert len(outdated.rows) == 3
    assert latest(graph, "study:vanish-2016")["verdict"] == "verified"
    assert latest(graph, "study:unifi-2019")["notes"].endswith("Differences: volume: cited 999, found 381.")


def test_numbers_go_on_and_the_latest_check_tells(run: Any, service: StandIn, clock: FakeClock) -> None:
    study = row("vanish-2016")
    graph = graph_of(study)
    assert write(graph, run(study)) == 1
    assert latest(graph, "study:vanish-2016")["verdict"] == "not found"
    service.known = [study]
    clock.time += 40 * 86400
    second = run(study)
    # Twice the same is one check.
    assert [write(graph, second), write(graph, second)] == [1, 0]
    answer = graph.query(
        "SELECT ?check ?label { ?check rescue:checkedStudy study:vanish-2016 ; rdfs:label ?label } "
        "ORDER BY ?check"
    )
    assert isinstance(answer, Answer)
    assert [(str(check), label) for check, label in answer] == [
        (expand(f"check:vanish-2016-{n}"), f"check {n} of the vanish-2016 citation") for n in (1, 2)
    ]
    assert latest(graph, "study:vanish-2016")["verdict"] == "verified"


def test_numbers_go_on_after_checks_of_the_file(service: StandIn, clock: FakeClock, tmp_path: Path) -> None:
    graph = load(ONTOLOGY, infer=False)
    report = audit(graph, "study:ma-2021", endpoints=service.endpoints, cache=tmp_path, clock=clock)
    subjects = {triple.subject for triple in checks_of(graph, report)}
    assert subjects == {NamedNode(expand("check:ma-2021-2"))}


def test_a_check_that_reached_nothing_takes_no_verdict_away(
    run: Any, service: StandIn, clock: FakeClock
) -> None:
    study, other = row("vanish-2016"), row("unifi-2019")
    graph = graph_of(study, other)
    service.known = rows()
    write(graph, run(study))
    clock.time += 40 * 86400
    service.script = lambda request: Reply(500) if "jama.2016" in str(request).casefold() else None
    service.known = [{**one, "pmid": ""} if one["study_id"] == "vanish-2016" else one for one in rows()]
    report = run(study, other, tries=1, services=("crossref",))
    assert by_service(report.results[1]) == {"Crossref": Verdict.NOT_CHECKED}
    write(graph, report)
    assert latest(graph, "study:vanish-2016")["verdict"] == "verified"
    statuses = {str(triple.subject): triple.object for triple in statuses_of(graph, report)}
    assert statuses[f"<{expand('study:vanish-2016')}>"] == NamedNode(expand("rescue:verified"))


def test_the_status_of_a_study_never_looked_up_stays_not_checked(run: Any, service: StandIn) -> None:
    study = row("vanish-2016")
    service.script = lambda request: Reply(500) if "jama.2016" in str(request).casefold() else None
    service.known = rows()
    report = run(study, row("unifi-2019"), tries=1, services=("crossref",))
    statuses = {str(t.subject): t.object for t in statuses_of(graph_of(study, row("unifi-2019")), report)}
    assert statuses == {
        f"<{expand('study:vanish-2016')}>": NamedNode(expand("rescue:not-checked")),
        f"<{expand('study:unifi-2019')}>": NamedNode(expand("rescue:verified")),
    }


def test_the_packaged_records_are_as_their_latest_checks_say(packaged: RescueGraph) -> None:
    found = validation.check(packaged)
    rows_of = {one.name: one.rows for one in found.checks}
    assert rows_of["citation-status"].rows == rows_of["citation-status-outdated"].rows == ()


def test_claims_show_what_an_audit_found(run: Any, service: StandIn) -> None:
    graph = load(ONTOLOGY, infer=False)
    claim = graph.ask("claim-citations", claim="claim:ecmo-covid-19-ards-survival").to_dicts()[0]
    assert (claim["verdict"], str(claim["checked_on"])) == ("near match", "2026-11-23")
    cited = graph.query("SELECT * { claim:ecmo-covid-19-ards-survival ?p ?o }")
    found = graph_of(made_up())
    write(found, run(made_up()))
    for quad in found.store.quads(GRAPH + DATASET):
        graph.store.add([Quad(quad.subject, quad.predicate, quad.object, NamedNode(GRAPH + DATASET))])
    assert graph.query("SELECT * { claim:ecmo-covid-19-ards-survival ?p ?o }") == cited


def test_the_answer_of_a_report(run: Any, service: StandIn) -> None:
    service.known = rows()
    answer = run(row("vanish-2016"), made_up()).to_answer()
    assert answer.columns == (
        *("study", "label", "verdict", "differences", "retraction", "found"),
        "services",
    )
    assert answer.column("verdict") == ("not-found", "verified")
    assert repr(run(row("vanish-2016"))) == "<AuditReport of 1 study; verified: 1>"


def test_a_real_clock_tells_the_time() -> None:
    clock = Clock()
    start = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() > start
    assert clock.now().utcoffset() is not None
