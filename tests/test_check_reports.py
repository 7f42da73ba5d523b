"""The reports of `check` and `validate`: SARIF, JUnit XML, the lines of files, and what makes them fail."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from pyoxigraph import NamedNode

import rescue_kg
from rescue_kg import questions, resources
from rescue_kg.answers import Answer, Iri
from rescue_kg.cli import app
from rescue_kg.junit import to_junit
from rescue_kg.namespaces import expand
from rescue_kg.places import lines, places
from rescue_kg.sarif import to_sarif
from rescue_kg.validation import CheckResult, Report, check, validate

FAULTY = """\
@prefix rescue: <https://w3id.org/rescue-kg/> .
@prefix condition: <https://w3id.org/rescue-kg/condition/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .

# condition:zz a rescue:Condition .
condition:zz a rescue:Condition ; rdfs:label " zz. # condition:yy a b . "@en ;
    rescue:bodySystem rescue:nowhere .
condition:yy a rescue:Condition ; rdfs:label "yy."@en .
"""
FOUND = {
    ("dangling-references", "rescue:nowhere", "error", 7),
    ("text-whitespace", "condition:zz", "error", 6),
    ("label-ending", "condition:yy", "warning", 8),
}


#: Nine studies of the packaged evidence are recorded from pages that do not print their year.
HINTED = "study-without-year"


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "my data" / "faulty.ttl"
    path.parent.mkdir()
    path.write_text(FAULTY, encoding="utf-8")
    return path


def with_packaged(faulty: Path) -> rescue_kg.RescueGraph:
    return rescue_kg.load(faulty, resources.ontology_file(), infer=False, evidence=True)


@pytest.fixture
def report(faulty: Path) -> Report:
    """The report on the faulty file beside the packaged graph, without the known hints of that."""
    found = check(with_packaged(faulty))
    return replace(found, checks=tuple(map(without_hints, found.checks)))


def without_hints(one: CheckResult) -> CheckResult:
    if one.name != HINTED:
        return one
    assert len(one.rows) == 9
    return replace(one, rows=Answer(one.rows.columns, [], one.title))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


# ---------------------------------------------------------------- the report of the checks alone


def test_the_packaged_graph_passes_every_check_strictly() -> None:
    report = check(rescue_kg.load(infer=False))
    assert {check.name: len(check.rows) for check in report.checks if check.rows} == {HINTED: 9}
    assert report.passes("warning")
    assert len(report.checks) == len(questions.names(resources.checks_dir()))
    assert (report.results, dict(report.focus_nodes), report.with_shapes) == ((), {}, False)


@pytest.mark.slow
def test_it_finds_what_validation_finds_by_checks(report: Report, faulty: Path) -> None:
    whole = validate(with_packaged(faulty))
    assert [one.name for one in report.checks] == [one.name for one in whole.checks]
    assert report.checks == tuple(map(without_hints, whole.checks))
    assert report.counts == {"error": 2, "warning": 1, "info": 0}
    text = report.to_text()
    assert "node shapes" not in text
    assert text.endswith("\ncheck failed\n")


def test_a_severity_decides(report: Report) -> None:
    mild = replace(report, checks=tuple(c for c in report.checks if not (c.rows and c.severity == "error")))
    assert [mild.passes(severity) for severity in questions.SEVERITIES] == [True, False, False]
    assert mild.to_text(fail_on="warning").endswith("\ncheck failed\n")
    assert mild.to_text().endswith("\ncheck passed\n")


def test_looking_at_nothing_fails(tmp_path: Path) -> None:
    empty = tmp_path / "empty.ttl"
    empty.write_text("", encoding="utf-8")
    report = check(rescue_kg.load(empty))
    assert report.counts == {"error": 0, "warning": 0, "info": 0}
    assert not report.complete
    assert not report.passes("error")
    assert "failed: missing-annotations looked at nothing\n" in report.to_text()
    without = check(rescue_kg.load(infer=False), checks=tmp_path)
    assert not without.passes("error")
    assert "failed: there was no check\n" in without.to_text()


# ---------------------------------------------------------------- the command line


@pytest.mark.parametrize(
    ("arguments", "status"),
    [((), 1), (("--fail-on", "warning"), 1), (("-f", "junit"), 1), (("-f", "sarif"), 1), (("-f", "csv"), 1)],
)
@pytest.mark.slow
def test_check_fails_in_every_form(faulty: Path, arguments: tuple[str, ...], status: int) -> None:
    assert run("check", str(faulty), *arguments).exit_code == status
    assert run("check", *arguments).exit_code == 0


@pytest.mark.parametrize("command", ["check", pytest.param("validate", marks=pytest.mark.slow)])
def test_what_is_to_fail_can_be_said(command: str, tmp_path: Path) -> None:
    warned = tmp_path / "warned.ttl"
    warned.write_text(
        "@prefix rescue: <https://w3id.org/rescue-kg/> .\n"
        "@prefix outcome: <https://w3id.org/rescue-kg/outcome/> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        'outcome:x a rescue:Outcome ; rdfs:label "x:"@en ; rescue:betterWhen rescue:higher .\n',
        encoding="utf-8",
    )
    assert run(command, str(warned)).exit_code == 0
    strict = run(command, str(warned), "--fail-on", "warning")
    assert strict.exit_code == 1
    assert strict.stdout.endswith("failed\n")
    assert run(command, str(warned), "--fail-on", "warning", "-f", "tsv").exit_code == 1


def test_findings_as_a_table(faulty: Path) -> None:
    header, *rows = (
        line.split("\t")
        for line in run("check", str(faulty), "-f", "tsv").stdout.splitlines()
        if f"\t{HINTED}\t" not in line
    )
    assert header == ["severity", "source", "node", "problem"]
    assert {(row[1], row[2], row[0]) for row in rows} == {fault[:3] for fault in FOUND}
    data = json.loads(run("check", str(faulty), "-f", "json").stdout)
    assert (data["ok"], data["counts"]["error"], data["results"]) == (False, 2, [])


# ---------------------------------------------------------------- SARIF


def sarif(report: Report, *files: Path) -> dict[str, Any]:
    document = json.loads(to_sarif(report, files))
    assert set(document) == {"$schema", "version", "runs"}
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert isinstance(run, dict)
    return run


def test_sarif_tells_the_line_of_each_node(report: Report, faulty: Path) -> None:
    run = sarif(report, faulty)
    found = set()
    for result in run["results"]:
        (location,) = result["locations"]
        (logical,) = location["logicalLocations"]
        assert expand(logical["name"]) == logical["fullyQualifiedName"]
        place = location["physicalLocation"]
        # Below the working directory, so relative, and escaped as a URI.
        assert place["artifactLocation"]["uri"] == "my%20data/faulty.ttl"
        found.add((result["ruleId"], logical["name"], result["level"], place["region"]["startLine"]))
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert logical["name"] in result["message"]["text"]
    assert found == FOUND


def test_sarif_has_a_rule_for_each_check(report: Report) -> None:
    rules = {rule["id"]: rule for rule in sarif(report)["tool"]["driver"]["rules"]}
    assert list(rules) == questions.names(resources.checks_dir())
    spaces = rules["text-whitespace"]
    assert spaces["helpUri"] == "http://robot.obolibrary.org/report_queries/label_whitespace"
    assert spaces["defaultConfiguration"] == {"level": "error"}
    assert spaces["properties"]["examined"] > 100
    assert rules["definition-form"]["defaultConfiguration"] == {"level": "note"}
    assert rules["label-ending"]["helpUri"] == "http://obofoundry.org/principles/fp-012"
    assert "helpUri" not in rules["term-cycles"]


def test_sarif_keeps_to_the_schema(report: Report, faulty: Path, tmp_path: Path) -> None:
    """What the JSON schema of SARIF 2.1.0 asks of the parts that are written here."""
    empty = check(rescue_kg.load(faulty, infer=False), checks=tmp_path)
    for run in (
        sarif(report, faulty),
        sarif(validate(rescue_kg.load(faulty, infer=False)), faulty),
        sarif(empty),
    ):
        assert set(run) == {"tool", "columnKind", "invocations", "results"}
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        driver = run["tool"]["driver"]
        assert re.match(r"https://", driver["informationUri"])
        ids = [rule["id"] for rule in driver["rules"]]
        assert len(ids) == len(set(ids))
        for rule in driver["rules"]:
            assert set(rule) <= {
                *(
                    "id",
                    "shortDescription",
                    "fullDescription",
                    "helpUri",
                    "defaultConfiguration",
                    "properties",
                ),
            }
        (invocation,) = run["invocations"]
        assert isinstance(invocation["executionSuccessful"], bool)
        for note in invocation["toolExecutionNotifications"]:
            assert note["level"] in ("none", "note", "warning", "error")
            assert note["message"]["text"]
        for result in run["results"]:
            assert set(result) == {"ruleId", "ruleIndex", "level", "message", "locations"}
            assert 0 <= result["ruleIndex"] < len(ids)
            for location in result["locations"]:
                region = location.get("physicalLocation", {"region": {"startLine": 1}})["region"]
                assert region["startLine"] >= 1


def test_sarif_says_when_something_looked_at_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.ttl"
    empty.write_text("", encoding="utf-8")
    (invocation,) = sarif(validate(rescue_kg.load(empty)))["invocations"]
    assert invocation["executionSuccessful"] is False
    said = {note["message"]["text"] for note in invocation["toolExecutionNotifications"]}
    assert {"shape:Claim looked at nothing", "term-cycles looked at nothing"} <= said


def test_sarif_of_files_elsewhere(report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    monkeypatch.chdir(other)
    (first, *_) = sarif(report, tmp_path / "my data" / "faulty.ttl")["results"]
    uri = first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.startswith("file:///")
    assert uri.endswith("/my%20data/faulty.ttl")
    assert to_sarif(report) == to_sarif(report)
    # Without a file the node is named all the same.
    assert all("physicalLocation" not in r["locations"][0] for r in sarif(report)["results"])


# ---------------------------------------------------------------- JUnit XML

#: Element -> (attributes it must have, attributes it may have, children), after the usual schema.
JUNIT = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "disabled", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests"},
        {"failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package"},
        {"testcase", "properties", "system-out", "system-err"},
    ),
    "testcase": (
        {"name"},
        {"assertions", "time", "classname", "status"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": (set(), {"type", "message"}, set()),
    "error": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}


def junit(report: Report, fail_on: str = "error") -> ET.Element:
    root = ET.fromstring(to_junit(report, fail_on))
    for element in root.iter():
        must, may, children = JUNIT[element.tag]
        assert must <= set(element.attrib) <= must | may
        assert {child.tag for child in element} <= children
    cases = root.findall("*/testcase")
    assert root.get("tests") == str(len(cases))
    assert root.get("failures") == str(len(root.findall("*/testcase/failure")))
    assert root.get("errors") == str(len(root.findall("*/testcase/error")))
    return root


def test_junit_has_a_case_for_each_check(report: Report) -> None:
    root = junit(report)
    assert [case.get("name") for case in root.findall("*/testcase")] == questions.names(
        resources.checks_dir()
    )
    failed = {case.get("name"): case.findtext("failure") for case in root.findall("*/testcase[failure]")}
    assert set(failed) == {"dangling-references", "text-whitespace"}
    assert "error: condition:zz: A text has white space" in str(failed["text-whitespace"])
    (mild,) = root.findall("*/testcase[system-out]")
    assert mild.get("name") == "label-ending"
    assert root.get("errors") == "0"
    strict = junit(report, "warning")
    assert {case.get("name") for case in strict.findall("*/testcase[failure]")} == {*failed, "label-ending"}


def test_junit_of_a_validation_has_the_shapes_too(faulty: Path) -> None:
    report = validate(rescue_kg.load(faulty, resources.ontology_file(), infer=False))
    root = junit(report)
    cases = {case.get("name"): case for case in root.findall("*/testcase")}
    assert {shape.curie for shape in report.focus_nodes} <= set(cases)
    assert cases["shape:Condition-course"].find("failure") is not None
    assert cases["shape:Condition"].find("failure") is None


def test_junit_tells_what_looked_at_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.ttl"
    empty.write_text("", encoding="utf-8")
    assert len(junit(check(rescue_kg.load(empty))).findall("*/testcase/error")) > 10
    (case,) = junit(check(rescue_kg.load(empty), checks=tmp_path)).findall("*/testcase")
    error = case.find("error")
    assert error is not None
    assert error.get("message") == "there was no check"


def test_junit_is_xml_whatever_the_text() -> None:
    rows = Answer(("focus", "text"), [(Iri(expand("condition:x")), "\x00<&\x0b\U0001f600")], "t")
    found = CheckResult("c", "t", "q?", (), "error", Iri(expand("rdf:type")), 1, rows)
    report = Report((), (found,), {}, 1, with_shapes=False)
    assert "\ufffd<&\ufffd\U0001f600" in str(junit(report).findtext("*/testcase/failure"))
    assert json.loads(to_sarif(report))["runs"][0]["results"][0]["message"]["text"].count("\x00") == 1


# ---------------------------------------------------------------- the lines of a Turtle file

TURTLE = '''\
@prefix : <https://w3id.org/rescue-kg/> .
PREFIX c: <https://w3id.org/rescue-kg/condition/>
@base <https://w3id.org/rescue-kg/state/> .
# c:no a :Condition .
:A a :B ; :text """
c:no a :Condition .
""" , 'c:no' , "\\"; c:no . " ; :number 1.5 , 2. # .
c:x.y :p [ :q ( c:inner 3.0 ) ; a :C
  ] .
[] :p c:late .
<x> a
  :D . c:same :p c:x.y .
c:late a :E .
c:a\\-b :p true .
'''


def test_the_subjects_of_turtle_and_their_lines() -> None:
    about = {iri: line for iri, line, is_subject in lines(TURTLE) if is_subject}
    expected = {
        "rescue:A": 5,
        "condition:x.y": 8,
        "state:x": 11,
        "condition:same": 12,
        "condition:late": 13,
        "condition:a-b": 14,
    }
    assert about == {expand(curie): line for curie, line in expected.items()}


def test_the_lines_are_those_of_the_parser() -> None:
    """Every subject that the parser finds in the packaged file has a line that begins with it."""
    found = places([resources.ontology_file()])
    text = resources.ontology_file().read_text(encoding="utf-8").splitlines()
    store = rescue_kg.load(infer=False, evidence=False).store
    subjects = {q.subject.value for q in store.quads() if isinstance(q.subject, NamedNode)}
    assert len(subjects) > 500
    for iri in subjects:
        assert text[found[iri].line - 1].startswith((Iri(iri).curie + " ", f"<{iri}> "))
    used = {q.predicate.value for q in store.quads()} - {
        expand("rdf:type"),
        *(expand(f"rdf:{n}") for n in ("first", "rest")),
    }
    assert used <= set(found)


def test_places_of_other_files(tmp_path: Path) -> None:
    packed = tmp_path / "a.nt.gz"
    packed.write_bytes(gzip.compress(b"# note\n<urn:a> <urn:p> <urn:b> .\n"))
    xml = tmp_path / "a.owl"
    xml.write_text("<urn:a>", encoding="utf-8")
    broken = tmp_path / "a.ttl.gz"
    broken.write_bytes(b"no gzip")
    latin = tmp_path / "b.ttl"
    latin.write_bytes(b"\xe9")
    found = places([xml, broken, latin, tmp_path / "missing.ttl", "-", packed])
    assert {iri: (Path(place.file).name, place.line) for iri, place in found.items()} == dict.fromkeys(
        ("urn:a", "urn:p", "urn:b"), ("a.nt.gz", 2)
    )
