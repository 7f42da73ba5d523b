"""The packaged evidence: the tables, what is loaded of them, and what the graph then says of the claims."""

from __future__ import annotations

import csv
import functools
from pathlib import Path

import pytest

import rescue_kg
from rescue_kg import questions, tables
from rescue_kg.comparison import VERDICTS
from rescue_kg.namespaces import contract
from rescue_kg.resources import data_dir

EVIDENCE = data_dir() / "evidence"
TABLES = [EVIDENCE / "studies.tsv", EVIDENCE / "findings.tsv"]

#: Column of the findings -> property of the estimate; numbers are read back with the digits of the table.
ESTIMATE = {
    "measure": "measure",
    "contrast": "contrast",
    "value": "valueAsPrinted",
    "comparator_value": "comparatorValueAsPrinted",
    "ci_low": "ciLowAsPrinted",
    "ci_high": "ciHighAsPrinted",
    "ci_level": "ciLevel",
    "p_value": "pValue",
    "events_intervention": "eventsIntervention",
    "total_intervention": "totalIntervention",
    "events_comparator": "eventsComparator",
    "total_comparator": "totalComparator",
    "unit": "unit",
}
FINDING = {
    "label": "rdfs:label",
    "stated_by": "rescue:statedBy",
    "about_state": "rescue:aboutState",
    "population": "rescue:population",
    "about_intervention": "rescue:aboutIntervention",
    "comparator": "rescue:comparator",
    "background_therapy": "rescue:backgroundTherapy",
    "about_outcome": "rescue:aboutOutcome",
    "timepoint": "rescue:timepoint",
    "timepoint_days": "rescue:timepointDays",
    "analysis": "rescue:analysis",
    "direction": "rescue:direction",
    "recommendation": "rescue:recommendation",
    "result_in_words": "rescue:resultInWords",
    "outcome_change": "rescue:outcomeChange",
    "figure_seen_in": "rescue:figureSeenIn",
    "state_as_worded": "rescue:stateAsWorded",
    "intervention_as_worded": "rescue:interventionAsWorded",
    "comparator_as_worded": "rescue:comparatorAsWorded",
    "outcome_as_worded": "rescue:outcomeAsWorded",
    "tier": "rescue:tier",
    "editorial_note": "skos:editorialNote",
}
STUDY = {
    "label": "rdfs:label",
    "title": "dcterms:title",
    "creator": "dcterms:creator",
    "year": "rescue:year",
    "journal": "rescue:journal",
    "volume": "bibo:volume",
    "issue": "bibo:issue",
    "pages": "bibo:pages",
    "doi": "bibo:doi",
    "pmid": "bibo:pmid",
    "registry_id": "rescue:registryId",
    "design": "rescue:design",
    "included_design": "rescue:includedDesign",
    "includes_study": "rescue:includesStudy",
    "participants": "rescue:participants",
    "included_studies": "rescue:includedStudies",
    "population_as_worded": "rescue:populationAsWorded",
    "setting": "rescue:setting",
    "link": "rescue:link",
    "tier": "rescue:tier",
    "editorial_note": "skos:editorialNote",
}

REPEATABLE = {
    "population",
    "background_therapy",
    "registry_id",
    "included_design",
    "includes_study",
    "creator",
    "editorial_note",
}


@functools.cache
def graph() -> rescue_kg.RescueGraph:
    return rescue_kg.load()


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["id"]: row for row in csv.DictReader(lines, delimiter="\t")}


def spread(path: Path, mapping: dict[str, str]) -> set[tuple[str, str, str]]:
    """Return (id, column, one value of the cell) for every filled cell of the mapped columns."""
    return {
        (slug, column, value.removeprefix("rescue:").removeprefix("study:"))
        for slug, row in rows(path).items()
        for column in mapping
        for value in (row[column].split("; ") if column in REPEATABLE else [row[column]])
        if value
    }


def read_back(kind: str, mapping: dict[str, str], by_way_of: str = "") -> set[tuple[str, str, str]]:
    """Return the same from the graph, by SPARQL."""
    pairs = " ".join(f'("{column}" {path})' for column, path in mapping.items())
    answer = graph().query(
        f"SELECT ?node ?column ?value WHERE {{ GRAPH graph:evidence {{"
        f" VALUES (?column ?property) {{ {pairs} }}"
        f" ?node a rescue:{kind} {by_way_of} }} }}"
    )
    assert not isinstance(answer, bool)
    return {
        (
            contract(str(node)).partition(":")[2],
            str(column),
            contract(str(value)).removeprefix("rescue:").removeprefix("study:"),
        )
        for node, column, value in answer.rows
    }


# ---------------------------------------------------------------- the tables and the graph


def test_all_rows_are_good() -> None:
    report = tables.check(rescue_kg.load(evidence=False), TABLES, dataset="evidence")
    assert [(table.read, table.loaded, table.rejected) for table in report.tables] == [
        (80, 80, 0),
        (156, 156, 0),
    ]


def test_the_compiled_file_is_that_of_the_tables(tmp_path: Path) -> None:
    out = tmp_path / "evidence.ttl"
    tables.write(rescue_kg.load(evidence=False), TABLES, out, dataset="evidence")
    assert out.read_bytes() == (EVIDENCE / "evidence.ttl").read_bytes(), (
        "evidence/evidence.ttl is not that of the tables: run rescue-kg add evidence/studies.tsv "
        "evidence/findings.tsv --dataset evidence --out evidence/evidence.ttl"
    )


def test_every_finding_of_the_table_is_in_the_graph() -> None:
    answer = graph().query("SELECT (COUNT(DISTINCT ?finding) AS ?n) WHERE { ?finding a rescue:Finding }")
    assert not isinstance(answer, bool)
    assert answer.rows == ((156,),)


def test_the_mapping_misses_no_column() -> None:
    (first, *_) = rows(TABLES[0]).values()
    assert set(first) == {"id", *STUDY}
    (first, *_) = rows(TABLES[1]).values()
    assert set(first) == {"id", *FINDING, *ESTIMATE}


def test_figures_equal_the_table_cell_for_cell() -> None:
    found = read_back(
        "Finding",
        {column: f"rescue:{name}" for column, name in ESTIMATE.items()},
        "; rescue:hasEstimate ?estimate . ?estimate ?property ?value",
    )
    assert found == spread(TABLES[1], ESTIMATE)


def test_numbers_are_those_of_their_digits() -> None:
    answer = graph().query(
        "SELECT ?e WHERE { ?e a rescue:EffectEstimate ."
        " { ?e rescue:value ?n ; rescue:valueAsPrinted ?t } UNION"
        " { ?e rescue:comparatorValue ?n ; rescue:comparatorValueAsPrinted ?t } UNION"
        " { ?e rescue:ciLow ?n ; rescue:ciLowAsPrinted ?t } UNION"
        " { ?e rescue:ciHigh ?n ; rescue:ciHighAsPrinted ?t }"
        " FILTER(xsd:decimal(?t) != ?n) }"
    )
    assert not isinstance(answer, bool)
    assert answer.rows == ()


def test_the_other_cells_of_the_findings_are_in_the_graph() -> None:
    assert read_back("Finding", FINDING, "; ?property ?value") == spread(TABLES[1], FINDING)


def test_the_cells_of_the_studies_are_in_the_graph() -> None:
    found = read_back("Study", STUDY, "; ?property ?value")
    assert found == spread(TABLES[0], STUDY)


def test_questions_that_do_not_read_the_evidence_answer_alike_without_it() -> None:
    alone = rescue_kg.load(evidence=False)
    for question in questions.catalogue():
        if "evidence" in question.reads or any(parameter.required for parameter in question.params):
            continue
        assert alone.ask(question.name).rows == graph().ask(question.name).rows, question.name


# ---------------------------------------------------------------- what the graph says


@functools.cache
def verdicts() -> dict[str, str]:
    return {contract(str(row[0])): str(row[3]) for row in graph().ask("claim-verdicts").rows}


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("claim:thermoplasty-asthma-lung-function", "not supported"),
        ("claim:ivig-ms-relapse-recovery", "not supported"),
        ("claim:corticosteroids-critical-covid-19-mortality", "supported indirectly"),
        ("claim:ecpr-ohca-survival", "mixed"),
        ("claim:ecpr-ohca-neurological-outcome", "mixed"),
        ("claim:ketogenic-diet-rse-seizure-cessation", "uncontrolled evidence only"),
        ("claim:corticosteroids-septic-shock-timing", "no comparable evidence"),
    ],
)
def test_verdict(claim: str, verdict: str) -> None:
    assert verdicts()[claim] == verdict


def test_every_claim_has_one_verdict() -> None:
    answer = graph().ask("claim-verdicts")
    assert len(answer) == len(verdicts()) == 69
    assert set(verdicts().values()) <= set(VERDICTS)


def test_the_one_study_in_favour_of_ivig_is_not_randomized_and_in_the_refractory_state() -> None:
    rows = graph().ask("claim-evidence", claim="claim:ivig-ms-relapse-recovery").to_dicts()
    (favourable,) = [row for row in rows if row["stance"] == "supports"]
    assert contract(str(favourable["study"])) == "study:tselis-2008-ivig-on"
    assert favourable["weight"] == "3 not randomized, in the refractory state"
    randomized = [row for row in rows if str(row["weight"]).startswith("2 ")]
    assert {row["stance"] for row in randomized} == {"no difference found"}


def test_steroids_in_critical_covid_19_are_supported_outside_the_refractory_state() -> None:
    rows = graph().ask("claim-evidence", claim="claim:corticosteroids-critical-covid-19-mortality").to_dicts()
    counted = [row for row in rows if str(row["weight"])[0] == "2"]
    assert [contract(str(row["study"])) for row in counted] == ["study:who-react-2020"]
    assert all(
        "other state" in str(row["reasons"]) or "other condition" in str(row["reasons"]) for row in rows
    )


@pytest.mark.parametrize(
    ("condition", "alternative"),
    [("multiple sclerosis", "plasma exchange"), ("inflammatory bowel disease", "risankizumab")],
)
def test_alternatives_with_evidence(condition: str, alternative: str) -> None:
    assert alternative in graph().ask("alternatives-with-evidence", condition=condition).column(
        "alternative_label"
    )


def test_compare_by_claim_condition_and_intervention() -> None:
    one = graph().compare("claim:thermoplasty-asthma-lung-function")
    assert one.verdicts["not supported"] == len(one.claims) == 1
    assert len(one.findings) == 5
    topic = graph().compare("severe asthma")
    drug = graph().compare("bronchial thermoplasty")
    assert set(topic.claims.column("claim")) == set(drug.claims.column("claim"))
    text = topic.to_text(80)
    assert max(map(len, text.splitlines())) <= 80
    for label in topic.claims.column("claim_label"):
        assert str(label) in " ".join(text.split())
    assert "Not medical advice" in text
    with pytest.raises(rescue_kg.InputError, match="expected a claim, a condition or an intervention"):
        graph().compare("outcome:survival")
    everything = graph().compare()
    assert sum(everything.verdicts.values()) == 69
    assert everything.to_dict()["subject"] is None
