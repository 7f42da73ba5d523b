"""The packaged graph is valid, the report says what was looked at, and a broken graph does not pass."""

import dataclasses
import json
from pathlib import Path

import pytest

import rescue_kg
from rescue_kg import questions, resources
from rescue_kg.errors import InputError, ParseError
from rescue_kg.namespaces import ONTOLOGY_GRAPH, expand
from rescue_kg.store import Store
from rescue_kg.validation import Report, stated, validate
from rescue_kg.validation_report import faults

#: Warnings that the packaged graph gives and that are as they should be: shape or check, node.
UNDERSTOOD: set[tuple[str, str]] = set()
#: Hints that the packaged graph gives and that are right: the pages of nine studies print no year.
HINTS = {"study-without-year": 9}


def broken(*changes: str, evidence: bool = True) -> rescue_kg.RescueGraph:
    """Return the packaged graph, or the review alone, after some SPARQL updates of its ontology graph."""
    graph = rescue_kg.load(infer=False, evidence=evidence)
    for change in changes:
        prefixes = "".join(
            f"PREFIX {prefix}: <{expand(prefix + ':')}>\n"
            for prefix in ("rescue", "state", "failure", "mention", "claim", "rdfs")
        )
        graph.store.update(f"{prefixes} WITH <{ONTOLOGY_GRAPH}> {change}")
    return graph


@pytest.fixture(scope="module")
def unchanged() -> tuple[Report, bool]:
    """The report on the packaged graph, and whether the graph is as it was before."""
    graph = rescue_kg.load()
    before = set(graph.store.quads())
    return graph.validate(), set(graph.store.quads()) == before


@pytest.fixture(scope="module")
def report(unchanged: tuple[Report, bool]) -> Report:
    return unchanged[0]


def test_the_packaged_graph_is_valid(report: Report) -> None:
    assert [result for result in report.results if result.severity == "error"] == []
    assert {check.name: len(check.rows) for check in report.checks if check.rows} == HINTS
    assert report.counts == {"error": 0, "warning": len(UNDERSTOOD), "info": sum(HINTS.values())}
    warnings = {
        (result.shape.curie, str(result.focus)) for result in report.results if result.severity == "warning"
    }
    assert warnings == UNDERSTOOD
    assert report.ok


def test_everything_looked_at_something(report: Report) -> None:
    assert report.empty == ()
    assert all(report.focus_nodes.values())
    assert all(check.examined for check in report.checks)
    assert len(report.checks) == len(questions.names(resources.checks_dir()))
    assert len(report.focus_nodes) >= len(resources.shape_files())


def test_counts_are_those_of_a_plain_query(report: Report) -> None:
    graph = rescue_kg.load(infer=False)
    for kind in ("Claim", "Intervention", "Mention", "ClinicalState"):
        answer = graph.query(
            f"SELECT (COUNT(DISTINCT ?node) AS ?nodes) WHERE {{ ?node a/rdfs:subClassOf* rescue:{kind} }}"
        )
        assert isinstance(answer, rescue_kg.Answer)
        assert report.focus_nodes[rescue_kg.Iri(expand(f"shape:{kind}"))] == answer[0][0]


def test_the_graph_is_not_changed(unchanged: tuple[Report, bool]) -> None:
    assert unchanged[1]


@pytest.mark.slow
def test_the_closure_makes_no_difference(report: Report) -> None:
    without = rescue_kg.load(infer=False).validate()
    assert without.to_dict() == report.to_dict()


def test_what_is_stated_is_the_files() -> None:
    alone = Store()
    for file in (resources.ontology_file(), resources.evidence_files()[0]):
        alone.load_file(file, graph=ONTOLOGY_GRAPH)
    assert len(stated(rescue_kg.load().store)) == len(alone)


def test_a_broken_graph_gives_results() -> None:
    graph = broken(
        "DELETE { ?m rescue:end ?end } INSERT { ?m rescue:end 0 } WHERE "
        "{ VALUES ?m { mention:ecpr-ohca-survival-1 } ?m rescue:end ?end }",
        "DELETE { failure:refractory-septic-shock-1 rescue:asWorded ?words } WHERE "
        "{ failure:refractory-septic-shock-1 rescue:asWorded ?words }",
    )
    report = validate(graph)
    found = {(result.shape.curie, rescue_kg.Iri(str(result.focus)).curie) for result in report.results}
    assert found == {
        ("shape:Mention-start", "mention:ecpr-ohca-survival-1"),
        ("shape:Mention-end", "mention:ecpr-ohca-survival-1"),
        ("shape:TherapyFailure-asWorded", "failure:refractory-septic-shock-1"),
    }
    assert report.counts == {"error": 2, "warning": 1, "info": 9}
    assert [result.severity for result in report.results] == ["error", "error", "warning"]
    end = report.results[0]
    assert (end.path, end.value) == (expand("rescue:end"), 0)
    assert end.message == "a mention has exactly one end, a whole number from 1"
    assert not report.conforms
    assert not report.ok


@pytest.mark.slow
def test_a_warning_alone_conforms() -> None:
    graph = broken(
        "DELETE { failure:refractory-septic-shock-1 rescue:asWorded ?words } WHERE "
        "{ failure:refractory-septic-shock-1 rescue:asWorded ?words }"
    )
    report = validate(graph)
    assert report.counts == {"error": 0, "warning": 1, "info": 9}
    assert report.conforms
    assert report.ok
    assert "warning: shape:TherapyFailure-asWorded: failure:refractory-septic-shock-1: " in report.to_text()


def test_a_check_counts_as_its_severity_says() -> None:
    graph = broken(
        "INSERT { state:refractory-septic-shock rescue:hasFailure failure:cpr-refractory-ohca-1 } WHERE {}"
    )
    report = validate(graph)
    (check,) = (check for check in report.checks if check.rows and check.name not in HINTS)
    assert check.name == "failure-of-one-state"
    assert check.rows.rows == ((expand("failure:cpr-refractory-ohca-1"), 2),)
    assert report.counts["error"] == 1
    assert not report.conforms
    line = f"error: failure-of-one-state: failure:cpr-refractory-ohca-1: {check.title} (states 2)\n"
    assert line in report.to_text()


def test_looking_at_nothing_fails(tmp_path: Path) -> None:
    empty = tmp_path / "empty.ttl"
    empty.write_text("", encoding="utf-8")
    report = rescue_kg.load(empty).validate()
    assert report.counts == {"error": 0, "warning": 0, "info": 0}
    assert report.conforms
    assert "shape:Claim" in report.empty
    assert "broader-cycles" in report.empty
    assert not report.ok
    text = report.to_text()
    assert "failed: shape:Claim looked at nothing\n" in text
    assert text.endswith("validation failed\n")


def test_no_shapes_or_no_checks_fail(report: Report, tmp_path: Path) -> None:
    graph = rescue_kg.load(infer=False)
    without = validate(graph, shapes=[], checks=tmp_path)
    assert without.conforms
    assert not without.ok
    assert "failed: there was no shape with a target\nfailed: there was no check\n" in without.to_text()
    assert not dataclasses.replace(report, checks=()).ok


def test_shapes_of_ones_own(tmp_path: Path) -> None:
    # Targets other than a class, a path that is no property, an unnamed shape and a severity of one's own.
    own = tmp_path / "own.ttl"
    own.write_text(
        """
        @prefix sh: <http://www.w3.org/ns/shacl#> .
        @prefix rescue: <https://w3id.org/rescue-kg/> .
        @prefix shape: <https://w3id.org/rescue-kg/shape/> .
        @prefix condition: <https://w3id.org/rescue-kg/condition/> .
        shape:Cited a sh:NodeShape ; sh:targetObjectsOf rescue:citesStudy ;
            sh:property [ sh:path rescue:citationNumber ; sh:minCount 1 ] .
        shape:Citing a sh:NodeShape ; sh:targetSubjectsOf rescue:citesStudy .
        shape:One a sh:NodeShape ; sh:targetNode condition:asthma ; sh:severity shape:Odd ;
            sh:property [
                sh:path [ sh:inversePath rescue:ofCondition ] ; sh:minCount 99 ; sh:severity shape:Odd
            ] .
        """,
        encoding="utf-8",
    )
    report = validate(rescue_kg.load(infer=False), shapes=[own])
    counts = {shape.curie: count for shape, count in report.focus_nodes.items()}
    assert counts["shape:Cited"] == 10
    assert counts["shape:Citing"] > 50
    assert counts["shape:One"] == 1
    (result,) = report.results
    assert (result.focus, result.path, result.severity) == (expand("condition:asthma"), None, "error")
    assert result.shape.startswith("_:")


def test_text_is_a_summary(report: Report) -> None:
    lines = report.to_text().splitlines()
    checked = sum(check.examined for check in report.checks)
    looked_at = sum(report.focus_nodes.values())
    hints = [line for line in lines if line.startswith("info: study-without-year: study:")]
    assert len(hints) == 9
    assert [line for line in lines if line not in hints] == [
        f"{report.triples:,} triples",
        f"{len(report.focus_nodes)} node shapes looked at {looked_at:,} nodes (pySHACL)",
        f"{len(report.checks)} checks looked at {checked:,} records",
        "found 0 errors, 0 warnings, 9 info",
        "validation passed",
    ]


@pytest.mark.slow
def test_text_is_cut_at_the_limit() -> None:
    graph = broken("DELETE { ?m rescue:section ?s } WHERE { ?m rescue:section ?s }", evidence=False)
    report = validate(graph)
    assert report.counts["error"] > 30
    findings = sum(report.counts.values())
    # What looked at nothing is said as well: the review has no finding.
    others = 5 + len(report.empty)
    assert len(report.to_text(limit=None).splitlines()) == findings + others
    cut = report.to_text(limit=3).splitlines()
    groups = {(fault.severity, fault.source) for fault in faults(report)}
    assert len(cut) == 3 + 1 + len(groups) + others
    assert cut[4 + 3] == f"... and {findings - 3:,} more findings; by shape and check, with one each:"


def test_dict_is_json(report: Report) -> None:
    plain = report.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["ok"] is True


def test_a_report_is_frozen(report: Report) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.triples = 0  # type: ignore[misc]
    with pytest.raises(TypeError):
        report.focus_nodes[rescue_kg.Iri("x")] = 1  # type: ignore[index]
    assert repr(report).startswith("<Report ok=True, error: 0, warning: 0, info: 9; ")


def test_a_shape_file_that_is_no_turtle(tmp_path: Path) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text("shape:Claim a sh:NodeShape .", encoding="utf-8")
    with pytest.raises(ParseError, match=r"bad\.ttl:1: "):
        validate(rescue_kg.load(infer=False), shapes=[bad])
    with pytest.raises(InputError, match="no such file"):
        validate(rescue_kg.load(infer=False), shapes=[tmp_path / "missing.ttl"])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("ASK {}", "found a query that is no SELECT"),
        ("SELECT ?node WHERE { ?node ?p ?o }", "found the columns node, expected focus as the first one"),
        ("SELECT ?focus WHERE { ?focus ", r"own-check\.rq:6:\d+: the query cannot be read"),
    ],
)
def test_a_check_that_cannot_be_run(tmp_path: Path, query: str, message: str) -> None:
    header = ["title: t", "question: q", "severity: error", "examines: rescue:Claim", "returns: {focus: iri}"]
    text = "".join(f"#+ {line}\n" for line in header) + query
    (tmp_path / "own-check.rq").write_text(text, encoding="utf-8")
    with pytest.raises(ParseError, match=message):
        validate(rescue_kg.load(infer=False), shapes=[], checks=tmp_path)


@pytest.mark.parametrize("value", ['"abc"^^xsd:decimal', '"NaN"^^xsd:double', "_:nobody"])
def test_a_value_that_cannot_be_compared_is_named(value: str) -> None:
    store = Store()
    store.load_file(
        f"""
        @prefix rescue: <https://w3id.org/rescue-kg/> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <https://w3id.org/rescue-kg/estimate/x> a rescue:EffectEstimate ;
            rescue:ciLow {value} ; rescue:ciHigh 2.0 .
        """.encode(),
        graph=ONTOLOGY_GRAPH,
    )
    expected = (
        "cannot be compared" if value == "_:nobody" else "estimate:x: found .* for rescue:ciLow, expected"
    )
    with pytest.raises(InputError, match=expected):
        validate(rescue_kg.RescueGraph(store), checks=None)
