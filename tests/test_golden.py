"""Every question of the catalogue gives its golden rows, in the embedded engine and in rdflib.

The rows in `golden/` were checked by hand against the review. Nodes stand there as CURIEs. A case with
parameters has a file of its own, `<question>.<case>.tsv`.
"""

import csv
from pathlib import Path
from typing import Any

import pytest
import rdflib

import rescue_kg
from rescue_kg import questions
from rescue_kg.namespaces import contract

GOLDEN = Path(__file__).parent / "golden"

CASES: dict[str, dict[str, Any]] = {name: {} for name in questions.names()} | {
    "recurring-interventions.ancestors": {"ancestors": True},
    "recurring-interventions.three": {"minimum": 3},
    "rescue-options.septic-shock": {"condition": "septic shock"},
    "rescue-options.covid-19": {"condition": "condition:covid-19"},
    "rescue-after-failure-of.steroids": {"therapy": "corticosteroids"},
    "rescue-after-failure-of.biologics": {"therapy": "biologics"},
    "claims-about-an-intervention.ecls": {"intervention": "ECLS"},
    "claims-by-outcome.survival": {"outcome": "survival"},
    "claims-by-population.children": {"population": "children"},
    "shared-mechanisms.shared": {"minimum": 2},
    "claim-verdicts.steroids": {"intervention": "corticosteroids"},
    "claim-verdicts.asthma": {"condition": "asthma"},
    "claim-evidence.ivig": {"claim": "claim:ivig-ms-relapse-recovery"},
    "alternatives-with-evidence.ibd": {"condition": "inflammatory bowel disease"},
    "harms-measured.vasopressin": {"intervention": "vasopressin"},
    "where-a-claim-stands.ecpr": {"claim": "claim:ecpr-ohca-survival"},
}
for required in [q.name for q in questions.catalogue() if any(p.required for p in q.params)]:
    del CASES[required]


@pytest.fixture(scope="module")
def graph() -> rescue_kg.RescueGraph:
    return rescue_kg.load()


@pytest.fixture(scope="module")
def dataset(graph: rescue_kg.RescueGraph) -> rdflib.Dataset:
    return graph.rdflib()


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return contract(str(value))


def golden_rows(case: str) -> tuple[list[str], list[list[str]]]:
    path = GOLDEN / f"{case}.tsv"
    if not path.exists():
        pytest.fail(
            f"no golden rows for {case}: check its answer by hand and write it to tests/golden/{case}.tsv"
        )
    with path.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return header, rows


@pytest.mark.parametrize("case", CASES)
def test_embedded_engine(case: str, graph: rescue_kg.RescueGraph) -> None:
    answer = graph.ask(case.partition(".")[0], **CASES[case])
    header, rows = golden_rows(case)
    assert list(answer.columns) == header
    assert [[cell(value) for value in row] for row in answer.rows] == rows


@pytest.mark.parametrize("case", CASES)
@pytest.mark.slow
def test_rdflib(case: str, graph: rescue_kg.RescueGraph, dataset: rdflib.Dataset) -> None:
    question = questions.read(case.partition(".")[0])
    result = dataset.query(questions.bind(question, CASES[case], graph.resolve))
    header, rows = golden_rows(case)
    assert [str(name) for name in result.vars or []] == header
    found = [[cell(value.toPython() if value is not None else None) for value in row] for row in result]  # type: ignore[union-attr]
    assert found == rows


@pytest.mark.parametrize("question", questions.catalogue(), ids=lambda question: question.name)
def test_header_agrees_with_the_columns(question: questions.Question, graph: rescue_kg.RescueGraph) -> None:
    answer = graph.query(question.text)
    assert isinstance(answer, rescue_kg.Answer)
    assert list(answer.columns) == list(question.returns)


def test_no_golden_file_without_a_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*.tsv")} == set(CASES)
