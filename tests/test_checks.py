"""Every check finds what it is there to find, and nothing else, in the embedded engine and in rdflib.

`fixtures/checks/<check>/pass.ttl` holds near misses, `fail.ttl` one node or more for each way to fail, and
`expected.tsv` the rows of `fail.ttl`, nodes as CURIEs.
"""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import rdflib
from pyoxigraph import Literal, NamedNode, QuerySolutions

from rescue_kg import questions, resources
from rescue_kg.namespaces import ONTOLOGY_GRAPH, contract
from rescue_kg.questions import Question
from rescue_kg.store import Store

FIXTURES = Path(__file__).parent / "fixtures" / "checks"
CHECKS = questions.catalogue(resources.checks_dir())
ENGINES = ("pyoxigraph", "rdflib")

by_name = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)


def rows_of(check: Question, fixture: str, engine: str) -> list[list[str]]:
    path = FIXTURES / check.name / f"{fixture}.ttl"
    assert path.exists(), f"queries/checks/{check.name}.rq has no such fixture: write {path}"
    found: list[list[Any]]
    if engine == "rdflib":
        found = [list(row) for row in rdflib.Graph().parse(path).query(check.text) if isinstance(row, tuple)]
    else:
        store = Store()
        store.load_file(path, graph=ONTOLOGY_GRAPH)
        solutions = store.query(check.text)
        assert isinstance(solutions, QuerySolutions)
        found = [list(row) for row in solutions]
    return sorted([cell(term) for term in row] for row in found)


def cell(term: Any) -> str:
    if term is None:
        return ""
    return contract(term.value if isinstance(term, NamedNode | Literal) else str(term))


@by_name
@pytest.mark.parametrize("engine", ENGINES)
def test_near_misses_pass(check: Question, engine: str) -> None:
    assert rows_of(check, "pass", engine) == []


@by_name
@pytest.mark.parametrize("engine", ENGINES)
def test_faults_are_found(check: Question, engine: str) -> None:
    with (FIXTURES / check.name / "expected.tsv").open(encoding="utf-8", newline="") as lines:
        header, *expected = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert header == list(check.returns)
    assert expected
    assert rows_of(check, "fail", engine) == sorted(expected)


@by_name
def test_columns_are_those_of_the_header(check: Question) -> None:
    solutions = Store().query(check.text)
    assert isinstance(solutions, QuerySolutions)
    assert [variable.value for variable in solutions.variables] == list(check.returns)
    assert next(iter(check.returns)) == "focus"
    assert check.returns["focus"] == "iri"


@by_name
def test_engines_can_only_agree(check: Question) -> None:
    # What one engine answers slowly, or otherwise than the other.
    query = re.sub(r"#.*", "", check.text)
    assert not re.search(r"\b(NOT\s+EXISTS|HAVING|VALUES)\b", query, re.IGNORECASE)
    # A branch that opens with MINUS or FILTER starts from nothing in one engine, from all in the other.
    assert not re.search(r"(UNION\s*|WHERE\s*)\{\s*(MINUS|FILTER)\b", query, re.IGNORECASE)


def test_no_fixture_without_a_check() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == {check.name for check in CHECKS}
