"""Evidence tables: their columns, what is made of good rows, and how a dataset of them comes and goes."""

from __future__ import annotations

import gzip
import subprocess
import sys
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from evidence_tables import PLAIN_FINDING as FINDING
from evidence_tables import PLAIN_STUDY as STUDY
from evidence_tables import write_table
from rescue_kg import datasets, resources, tables
from rescue_kg.cli import app
from rescue_kg.errors import (
    InputError,
    NotAvailableError,
    OutputError,
    ParseError,
    UnknownFormatError,
    UnknownNameError,
)
from rescue_kg.graph import RescueGraph, load
from rescue_kg.namespaces import GRAPH, ONTOLOGY_GRAPH, PREFIXES, RESCUE, contract
from rescue_kg.store import Store
from rescue_kg.tables import loading, schema
from rescue_kg.tables.duckdb import DuckDB
from rescue_kg.tables.names import Nodes
from rescue_kg.tables.reading import open_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

FOLDER = resources.data_dir() / "tests" / "fixtures" / "tables"
TABLES = [FOLDER / "studies.tsv", FOLDER / "findings.tsv"]


@pytest.fixture(scope="module")
def ontology() -> RescueGraph:
    return load(infer=False, evidence=False)


@pytest.fixture(scope="module")
def good(ontology: RescueGraph, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The fixture tables as N-Triples."""
    out = tmp_path_factory.mktemp("good") / "out.nt"
    assert tables.write(ontology, TABLES, out, dataset="made-up").ok
    return out.read_bytes()


@pytest.fixture(params=["memory", "disk"])
def graph(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RescueGraph]:
    with RescueGraph(Store(tmp_path / "kg" if request.param == "disk" else None)) as graph:
        graph.load(infer=False)
        yield graph


def small(folder: Path, *rows: dict[str, str], kind: str = "study", name: str = "") -> Path:
    header = [column for column in tables.schema(kind).names if any(column in row for row in rows)]
    return write_table(folder / (name or f"{kind}.tsv"), header, rows)


def lean(folder: Path) -> list[Path]:
    """Write a table of each kind with one row, and few columns, which takes less time than TABLES."""
    return [
        small(folder, STUDY, name="lean-studies.tsv"),
        small(folder, FINDING, kind="finding", name="lean-findings.tsv"),
    ]


def contents(graph: RescueGraph) -> dict[str, set[ox.Triple]]:
    return {name: {quad.triple for quad in graph.store.quads(name)} for name in graph.store.graphs()}


def named(triples: bytes, subject: str) -> set[str]:
    """Return the statements about a node as `property value`, IRIs as CURIEs."""
    found = set()
    for triple in ox.parse(triples, format=ox.RdfFormat.N_TRIPLES):
        if contract(str(triple.subject)[1:-1]) == subject:
            value = triple.object
            text = contract(value.value) if isinstance(value, ox.NamedNode) else str(value)
            found.add(f"{contract(triple.predicate.value)} {text.replace(PREFIXES['xsd'], 'xsd:')}")
    return found


# ---------------------------------------------------------------- columns


def test_columns_are_those_of_the_shapes() -> None:
    finding = tables.schema("finding")
    assert finding.names[0] == "id"
    assert {"label", "stated_by", "about_state", "value", "ci_low", "total_intervention", "tier"} <= set(
        finding.names
    )
    assert not any(name.endswith("as_printed") for name in finding.names)
    assert "has_estimate" not in finding.names
    assert finding["editorial_note"].subject == "finding"
    low = finding["ci_low"]
    assert (low.path, low.kind, low.subject, low.required, low.repeatable) == (
        PREFIXES["rescue"] + "ciLow",
        "decimal",
        "estimate",
        False,
        False,
    )
    assert low.printed == PREFIXES["rescue"] + "ciLowAsPrinted"
    assert low.not_above == PREFIXES["rescue"] + "ciHigh"
    assert finding["comparator"].classes == (
        PREFIXES["rescue"] + "Comparator",
        PREFIXES["rescue"] + "Intervention",
    )
    assert (finding["ci_level"].min_exclusive, finding["ci_level"].max_exclusive) == ("0", "100")
    assert finding["background_therapy"].repeatable
    study = tables.schema("study")
    assert (study["year"].min_inclusive, study["year"].max_inclusive) == ("1800", "2100")
    assert study["citation_status"].default == PREFIXES["rescue"] + "not-checked"
    assert not study["citation_status"].required
    assert study["title"].required
    assert study["link"].kind == "anyURI"
    assert study["license"].kind == "iri"


def test_every_property_shape_is_a_column_or_left_out_on_purpose() -> None:
    shapes = Store()
    for file in resources.shape_files():
        shapes.load_file(file, graph=ONTOLOGY_GRAPH)
    kinds = [contract(name).removeprefix("rescue:") for name in tables.schema("claim")["kind"].choices]
    assert len(kinds) == 7
    for kind, names in (
        ("study", ("Study",)),
        ("finding", ("Finding", "EffectEstimate")),
        ("claim", ("Claim", *kinds, "Mention")),
    ):
        paths = {column.path for column in tables.schema(kind).columns}
        for name in names:
            found = shapes.query(
                f"SELECT ?path {{ shape:{name} sh:property/sh:path ?path }}", prefixes=PREFIXES
            )
            assert isinstance(found, ox.QuerySolutions)
            missing = {contract(row["path"].value) for row in found} - {contract(path) for path in paths}
            assert all(
                path.endswith("AsPrinted") or path in ("rescue:hasEstimate", "rescue:hasMention")
                for path in missing
            )


def test_shapes_of_ones_own(tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    text = "".join(f"@prefix {name}: <{PREFIXES[name]}> .\n" for name in ("rescue", "sh", "xsd", "rdfs"))
    shapes.write_text(
        text
        + """
        [] a sh:NodeShape ; sh:targetClass rescue:Study ; sh:property
          [ sh:path rescue:phaseOfTrial ; sh:order 2 ; sh:minCount 1 ; sh:maxCount 1 ; sh:in ( "I" "II" ) ;
            sh:datatype xsd:string ; sh:description "Phase." ] ,
          [ sh:path rescue:isOpen ; sh:order 1 ; sh:maxCount 1 ; sh:datatype xsd:boolean ] ,
          [ sh:path rescue:grade ; sh:in ( rescue:increases rescue:mixed ) ] .
        """
    )
    grade, is_open, phase = tables.schema("study", (shapes,)).columns
    assert (phase.name, phase.kind, phase.choices, phase.required, phase.repeatable) == (
        "phase_of_trial",
        "string",
        ("I", "II"),
        True,
        False,
    )
    assert (is_open.kind, is_open.description) == ("boolean", "is_open")
    assert (grade.kind, grade.repeatable, len(grade.choices)) == ("node", True, 2)
    shapes.write_text(
        text
        + "[] sh:targetClass rescue:Study ; sh:property [ sh:path rescue:x ; sh:datatype xsd:hexBinary ] ."
    )
    with pytest.raises(ParseError, match="datatype xsd:hexBinary"):
        tables.schema("study", (shapes,))
    with pytest.raises(UnknownNameError, match="did you mean study"):
        tables.schema("studies")


def test_the_template_explains_every_column(ontology: RescueGraph, tmp_path: Path) -> None:
    for kind in ("study", "claim", "finding"):
        text = tables.template(kind, ontology.store)
        *comments, header = text.splitlines()
        assert tuple(header.split("\t")) == tables.schema(kind).names
        assert all(comment.startswith("# ") for comment in comments)
        for name in tables.schema(kind).names:
            assert sum(comment.startswith(f"# {name}: ") for comment in comments) == 1
        # It is itself a table without rows.
        path = tmp_path / f"{kind}.tsv"
        path.write_text(text)
        table = open_table(path)
        assert (table.kind, list(table.batches)) == (kind, [])
        table.close()
    assert (
        "one of decreases, direction-not-stated, increases, mixed, no-clear-difference, no-comparison" in text
    )
    assert (
        "# about_state: The clinical state that the statement is about; required; a rescue:ClinicalState by"
        in text
    )
    assert "above 0 below 100" in text
    assert "# tier: " in text
    assert "one of core, extra" in text
    assert "# unit: The unit of the value; only beside a figure\n" in text
    report = tables.check(ontology, [tmp_path / "study.tsv"])
    assert (report.read, report.ok, report.statements) == (0, True, None)


# ---------------------------------------------------------------- what is made of good rows


def test_a_study(good: bytes) -> None:
    assert named(good, "study:made-up-trial-2020") == {
        "rdf:type owl:NamedIndividual",
        "rdf:type rescue:Study",
        'rdfs:label "MADE UP"@en',
        'skos:altLabel "MUT"@en',
        'skos:altLabel "Made-Up Trial"@en',
        'dcterms:title "A trial that never was, of \\"rescue\\""@en',
        'dcterms:creator "Doe J"',
        'dcterms:creator "Roe R"',
        'rescue:year "2020"^^<xsd:integer>',
        'bibo:doi "10.1000/182"',
        'bibo:pmid "1234"',
        "rescue:design rescue:randomized-controlled-trial",
        'rescue:participants "30"^^<xsd:integer>',
        "rescue:citationStatus rescue:not-checked",
        'skos:editorialNote "no such trial"@en',
        'skos:editorialNote "only here"@en',
        'rescue:tier "core"',
    }
    synthesis = named(good, "study:made-up-synthesis-2021")
    assert 'rdfs:label "A synthesis that never was"@en' in synthesis
    assert {
        "rescue:includesStudy study:made-up-trial-2020",
        "rescue:includesStudy study:kumar-2023",
    } < synthesis
    assert "rescue:includedDesign rescue:cohort-study" in synthesis
    assert "rescue:citationStatus rescue:not-found" in synthesis


def test_a_finding_and_its_estimate(good: bytes) -> None:
    assert named(good, "finding:made-up-f1") >= {
        "rdf:type owl:NamedIndividual",
        "rdf:type rescue:Finding",
        'rdfs:label "extracorporeal cardiopulmonary resuscitation against usual care in out-of-hospital '
        'cardiac arrest refractory to conventional CPR: survival, 30 days"@en',
        "rescue:statedBy study:made-up-trial-2020",
        "rescue:comparator comparator:usual-care",
        "rescue:hasEstimate estimate:made-up-f1-1",
        "rescue:figureSeenIn rescue:primary-source",
    }
    assert named(good, "estimate:made-up-f1-1") == {
        "rdf:type owl:NamedIndividual",
        "rdf:type rescue:EffectEstimate",
        "rescue:measure rescue:proportion",
        'rescue:value "43"^^<xsd:decimal>',
        'rescue:valueAsPrinted "43.0"',
        'rescue:comparatorValue "7"^^<xsd:decimal>',
        'rescue:comparatorValueAsPrinted "07"',
        'rescue:unit "%"',
        'rescue:ciLow "20.1"^^<xsd:decimal>',
        'rescue:ciLowAsPrinted "20.10"',
        'rescue:ciHigh "64"^^<xsd:decimal>',
        'rescue:ciHighAsPrinted "+64"',
        'rescue:ciLevel "95"^^<xsd:decimal>',
        'rescue:pValue "<0.001"',
        'rescue:eventsIntervention "6"^^<xsd:integer>',
        'rescue:totalIntervention "14"^^<xsd:integer>',
        'rescue:eventsComparator "1"^^<xsd:integer>',
        'rescue:totalComparator "15"^^<xsd:integer>',
    }
    ratio = named(good, "finding:made-up-f2")
    assert {
        "rescue:backgroundTherapy intervention:vasopressin",
        "rescue:backgroundTherapy comparator:usual-care",
    } < ratio
    assert {'skos:editorialNote "one"@en', 'skos:editorialNote "two"@en'} < ratio
    assert 'rescue:value "0.8"^^<xsd:decimal>' in named(good, "estimate:made-up-f2-1")


def test_findings_without_figures(good: bytes) -> None:
    words = named(good, "finding:made-up-f3")
    assert 'rdfs:label "in its own words"@en' in words
    assert 'rescue:resultInWords "more went home"' in words
    assert named(good, "estimate:made-up-f3-1") == set()
    advice = named(good, "finding:made-up-f4")
    assert "rescue:recommendation rescue:recommended-for" in advice
    assert (
        'rdfs:label "extracorporeal cardiopulmonary resuscitation in out-of-hospital cardiac arrest '
        'refractory to conventional CPR: recommendation"@en'
    ) in advice
    assert not any("hasEstimate" in statement for statement in words | advice)


def test_words_with_a_measure_or_people_have_an_estimate_and_a_value_needs_a_measure(
    ontology: RescueGraph, tmp_path: Path
) -> None:
    rows = [
        {**FINDING, "id": "measured", "measure": "risk-ratio"},
        {**FINDING, "id": "counted", "total_intervention": "12"},
        {**FINDING, "id": "bare", "value": "0.8"},
    ]
    out = tmp_path / "out.nt"
    report = tables.write(ontology, [small(tmp_path, STUDY), small(tmp_path, *rows, kind="finding")], out)
    (reject,) = report.first_rejects
    assert (reject.row, reject.column) == (4, "measure")
    assert "an estimate with a value has a measure" in reject.reason
    made = out.read_bytes()
    assert "rescue:measure rescue:risk-ratio" in named(made, "estimate:measured-1")
    assert 'rescue:totalIntervention "12"^^<xsd:integer>' in named(made, "estimate:counted-1")
    assert named(made, "estimate:bare-1") == set()


def test_the_result_conforms_to_the_shapes(ontology: RescueGraph, good: bytes) -> None:
    together = RescueGraph(Store())
    together.store.load_quads(ontology.store.quads(None), ONTOLOGY_GRAPH)
    together.store.load_file(good, graph=GRAPH + "made-up", format="ntriples")
    report = together.validate()
    assert [
        result for result in report.results if "made-up" in str(result.focus) and result.severity == "error"
    ] == []


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
@pytest.mark.slow
def test_every_kind_of_file_gives_the_same(
    ontology: RescueGraph, good: bytes, tmp_path: Path, suffix: str
) -> None:
    paths = []
    for path in TABLES:
        lines = [line.split("\t") for line in path.read_text().splitlines() if not line.startswith("#")]
        rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
        paths.append(write_table(tmp_path / f"{path.stem}{suffix}", lines[0], rows))
    out = tmp_path / "out.nt"
    assert tables.write(ontology, paths, out, dataset="other").ok
    assert out.read_bytes() == good


@pytest.mark.slow
def test_every_format_holds_the_same_and_is_stable(
    ontology: RescueGraph, good: bytes, tmp_path: Path
) -> None:
    outs = [tmp_path / name for name in ("o.ttl", "o.nq.gz", "o.ttl.gz")]
    for out in outs:
        # The order of the tables says nothing.
        report = tables.write(ontology, TABLES[::-1], out, dataset="made-up")
        assert report.statements == len(good.splitlines())
    turtle, quads, packed = (out.read_bytes() for out in outs)
    assert gzip.decompress(packed) == turtle
    assert packed[4:8] == bytes(4)
    assert gzip.decompress(quads) == b"".join(
        line.removesuffix(b" .\n") + b" <https://w3id.org/rescue-kg/graph/made-up> .\n"
        for line in good.splitlines(keepends=True)
    )
    assert set(ox.parse(turtle, format=ox.RdfFormat.TURTLE)) == set(
        ox.parse(good, format=ox.RdfFormat.N_TRIPLES)
    )
    from rescue_kg import layout

    assert layout.canonical(turtle, source="o.ttl").encode() == turtle
    assert good.splitlines() == sorted(set(good.splitlines()))


# ---------------------------------------------------------------- names


def test_nodes_by_any_of_their_names(ontology: RescueGraph, tmp_path: Path) -> None:
    names = [
        "intervention:ecpr",
        "https://w3id.org/rescue-kg/intervention/ecpr",
        "extracorporeal cardiopulmonary resuscitation",
        "Extracorporeal Cardiopulmonary Resuscitation",
        "E-CPR",
        "e-cpr",
        "ecpr",
        "  ECPR\t",
    ]
    rows = [{**FINDING, "id": f"f-{n}", "about_intervention": name} for n, name in enumerate(names)]
    out = tmp_path / "out.nt"
    paths = [small(tmp_path, STUDY), small(tmp_path, *rows, kind="finding")]
    assert tables.write(ontology, paths, out).ok
    assert out.read_text().count("aboutIntervention> <https://w3id.org/rescue-kg/intervention/ecpr>") == len(
        names
    )


def test_names_that_mean_nothing_or_too_much(ontology: RescueGraph, tmp_path: Path) -> None:
    terms = tmp_path / "terms.ttl"
    prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    terms.write_text(
        prefixes
        + 'intervention:twin-a a owl:NamedIndividual , rescue:Drug ; rdfs:label "twin"@en .\n'
        + 'intervention:twin-b a owl:NamedIndividual , rescue:Drug ; rdfs:label "Twin"@en .\n'
        + 'intervention:ecmo-novum a rescue:Drug ; rdfs:label "novum"@en ; skos:altLabel "twin"@en .\n'
    )
    wrong = {
        "TWIN": "found a name of more than one node: intervention:twin-a, intervention:twin-b; expected one",
        "ecmmo": "found the name of no known node, expected a rescue:Intervention; did you mean ecmo",
        "intervention:ecmp": "expected a rescue:Intervention; did you mean intervention:ec",
        "condition:septic-shock": "found a rescue:Condition, expected a rescue:Intervention",
        "septic shock": "found the name of no known node, expected a rescue:Intervention",
    }
    right = ["novum", "intervention:twin-a", "twin-b"]
    rows = [
        {**FINDING, "id": f"f-{n}", "about_intervention": name} for n, name in enumerate([*wrong, *right])
    ]
    paths = [small(tmp_path, STUDY), small(tmp_path, *rows, kind="finding")]
    report = tables.check(ontology, paths, new_terms=terms)
    reasons = {reject.value: reject.reason for reject in report.first_rejects}
    assert reasons.keys() == wrong.keys()
    for value, reason in wrong.items():
        assert reason in reasons[value].replace("ECMO", "ecmo")
    # Without the file its nodes are not known, and none is made.
    assert tables.check(ontology, paths).rejected == len(rows)


def test_new_terms_come_with_the_rows_and_go_with_them(tmp_path: Path) -> None:
    graph = load(infer=False, evidence=False)
    terms = tmp_path / "terms.ttl"
    terms.write_text(
        "@prefix rescue: <https://w3id.org/rescue-kg/> .\n"
        "rescue:Potion a <http://www.w3.org/2002/07/owl#Class> ;\n"
        "  <http://www.w3.org/2000/01/rdf-schema#subClassOf> rescue:Drug .\n"
        "<https://w3id.org/rescue-kg/intervention/potion> a rescue:Potion .\n"
    )
    study = small(tmp_path, STUDY)
    paths = [study, small(tmp_path, {**FINDING, "about_intervention": "potion"}, kind="finding")]
    before = contents(graph)
    for _ in range(2):
        # Again, with nothing but the file to make them known.
        assert tables.add(graph, paths, dataset="d", new_terms=terms, infer=False).ok
    drunk = "?potion a rescue:Potion . ?finding rescue:aboutIntervention ?potion"
    assert graph.query(f"ASK {{ GRAPH graph:d {{ {drunk} }} }}")
    assert tables.check(graph, paths, dataset="d").rejected == 1
    out = tmp_path / "out.nt"
    tables.write(graph, paths, out, dataset="d", new_terms=terms)
    assert out.read_text().count("/Potion>") == 3
    graph.remove("d")
    assert contents(graph) == before
    terms.write_text("nothing")
    with pytest.raises(ParseError):
        tables.check(graph, paths, new_terms=terms)


def test_a_study_of_another_table_kind_of_file_or_the_graph(ontology: RescueGraph, tmp_path: Path) -> None:
    finding = small(
        tmp_path,
        {**FINDING, "id": "a", "stated_by": "good-study"},
        {**FINDING, "id": "b", "stated_by": "study:kumar-2023"},
        {**FINDING, "id": "c", "stated_by": "Good trial"},
        {**FINDING, "id": "d", "stated_by": "bad-study"},
        {**FINDING, "id": "e", "stated_by": "worse-study"},
        {**FINDING, "id": "f", "stated_by": "worst-study"},
        {**FINDING, "id": "g", "stated_by": "no-study"},
        kind="finding",
    )
    other = {**STUDY, "label": "other"}
    studies = small(
        tmp_path,
        {**other, "id": "worst-study", "includes_study": "worse-study; study:kumar-2023"},
        {**other, "id": "worse-study", "includes_study": "bad-study"},
        {**other, "id": "bad-study", "year": "20"},
        {**STUDY, "label": "good", "alt_label": "Good trial", "includes_study": "good-study"},
        name="studies.tsv",
    )
    report = tables.check(ontology, [finding, studies])
    fallen = "found a study whose own row is rejected; mend that row"
    assert [(reject.row, reject.column, reject.value, reject.reason) for reject in report.first_rejects] == [
        (2, "includes_study", "worse-study", fallen),
        (3, "includes_study", "bad-study", fallen),
        (4, "year", "20", "expected a number not below 1800"),
        (5, "stated_by", "bad-study", fallen),
        (6, "stated_by", "worse-study", fallen),
        (7, "stated_by", "worst-study", fallen),
        (8, "stated_by", "no-study", report.first_rejects[-1].reason),
    ]
    # Without the studies, only that of the graph is known.
    assert tables.check(ontology, [finding]).loaded == 1


def test_ids_that_are_taken(ontology: RescueGraph, tmp_path: Path) -> None:
    first = small(
        tmp_path,
        {**STUDY, "id": "kumar-2023"},
        STUDY,
        STUDY,
        {**STUDY, "title": "Another"},
        {**STUDY, "id": "other"},
        name="first.tsv",
    )
    second = small(tmp_path, {**STUDY, "id": "other"}, name="second.csv")
    report = tables.check(ontology, [first, second])
    assert [(reject.row, reject.column, reject.reason) for reject in report.first_rejects] == [
        (2, "id", "found an id that the graph has already, outside this dataset; expected a new one"),
        (
            4,
            "id",
            "the id stands in row 3 of first.tsv already, and this row repeats it; expected each id once",
        ),
        (
            5,
            "id",
            "the id stands in row 3 of first.tsv already, and this row says other things; expected each id "
            "once",
        ),
        (
            2,
            "id",
            "the id stands in row 6 of first.tsv already, and this row repeats it; expected each id once",
        ),
    ]


# ---------------------------------------------------------------- rejects


def test_rejects_are_listed_beside_the_table(ontology: RescueGraph, tmp_path: Path) -> None:
    path = small(tmp_path, STUDY, {**STUDY, "id": "b", "year": "20", "title": "", "pmid": '0\n"1"'})
    rejects = tmp_path / "study.tsv.rejects.tsv"
    report = tables.check(ontology, [path])
    assert report.tables[0].rejects == str(rejects)
    assert (report.read, report.loaded, report.rejected, report.faults) == (2, 1, 1, 3)
    assert not report.ok
    assert rejects.read_text() == (
        "row\tcolumn\tvalue\treason\n"
        "3\ttitle\t\tfound no value, expected one in every row\n"
        "3\tyear\t20\texpected a number not below 1800\n"
        '3\tpmid\t"0\n""1"""\texpected a text of the form ^[1-9][0-9]{0,8}$\n'
    )
    assert [tuple(row) for row in report.rejects()][1] == (
        str(path),
        3,
        "year",
        "20",
        "expected a number not below 1800",
    )
    assert [tuple(row) for row in report.to_answer()] == [(str(path), "study", 2, 1, 1, str(rejects))]
    assert repr(report) == "<Report of study: 2 rows read, 1 good, 1 rejected>"
    # An old list goes when there is nothing to list.
    small(tmp_path, STUDY)
    assert tables.check(ontology, [path]).tables[0].rejects is None
    assert not rejects.exists()


def test_rejects_in_a_folder(ontology: RescueGraph, tmp_path: Path) -> None:
    path = small(tmp_path, {**STUDY, "year": "x"})
    tables.check(ontology, [path], rejects=tmp_path / "out")
    assert (tmp_path / "out" / "study.tsv.rejects.tsv").exists()
    assert not (tmp_path / "study.tsv.rejects.tsv").exists()
    (tmp_path / "other").mkdir()
    twin = small(tmp_path / "other", STUDY)
    with pytest.raises(InputError, match="tables of the same name"):
        tables.check(ontology, [path, twin], rejects=tmp_path)
    blocked = tmp_path / "study.tsv.rejects.tsv"
    blocked.mkdir()
    with pytest.raises(OutputError, match="found a folder"):
        tables.check(ontology, [path])
    small(tmp_path, STUDY)
    with pytest.raises(OutputError, match="cannot be removed"):
        tables.check(ontology, [path])


# ---------------------------------------------------------------- datasets


@pytest.mark.slow
def test_adding_twice_changes_nothing_and_removing_takes_all(graph: RescueGraph, tmp_path: Path) -> None:
    paths = lean(tmp_path)
    before = contents(graph)
    report = graph.add(*paths, dataset="made-up")
    assert report.statements == graph.store.count(GRAPH + "made-up")
    assert graph.datasets() == ("made-up", "ontology")
    assert graph.store.count(f"{GRAPH}made-up/inferred") > 0
    after = contents(graph)
    assert graph.add(*paths, dataset="made-up").ok
    assert contents(graph) == after
    # Under another name all its ids are taken, and nothing happens.
    assert graph.add(*paths).rejected == 2
    assert contents(graph) == after
    graph.remove("made-up")
    assert contents(graph) == before


def test_a_dataset_is_replaced_as_a_whole(tmp_path: Path) -> None:
    graph = load(infer=False, evidence=False)
    graph.add(*lean(tmp_path), dataset="d")
    report = graph.add(small(tmp_path, STUDY, {**STUDY, "id": "bad", "year": "x"}), dataset="d")
    assert (report.loaded, report.rejected) == (1, 1)
    subjects = {str(quad.subject) for quad in graph.store.quads(GRAPH + "d")}
    assert subjects == {"<https://w3id.org/rescue-kg/study/good-study>"}
    # Where no row is good, what was there stays.
    before = contents(graph)
    report = graph.add(small(tmp_path, {**STUDY, "year": "x"}), dataset="d")
    assert (report.loaded, report.statements) == (0, None)
    assert contents(graph) == before


def test_a_load_that_is_broken_off_leaves_the_old_state(
    graph: RescueGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.add(graph, [small(tmp_path, STUDY)], dataset="d")
    before = contents(graph)

    def broken(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets, "_infer", broken)
    with pytest.raises(KeyboardInterrupt):
        graph.add(*lean(tmp_path), dataset="d")
    assert contents(graph) == before


def test_a_file_that_is_broken_off_leaves_the_old_one(
    ontology: RescueGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = small(tmp_path, STUDY)
    out = tmp_path / "out.nt"
    out.write_text("old")

    def broken(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DuckDB, "write_lines", broken)
    with pytest.raises(KeyboardInterrupt):
        tables.write(ontology, [study], out)
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.nt", "study.tsv"]


def test_without_its_closure(tmp_path: Path) -> None:
    graph = load(infer=False, evidence=False)
    tables.add(graph, lean(tmp_path), dataset="d", infer=False)
    assert not any(graph.store.count(name) for name in datasets.graphs_of("d")[1:])


def test_names_of_datasets(ontology: RescueGraph, tmp_path: Path) -> None:
    assert loading.default_dataset("some/Steroid trials_2021.v2.tsv") == "steroid-trials-2021-v2"
    with pytest.raises(InputError, match="found no name for a dataset"):
        loading.default_dataset("\u00e9.tsv")
    for name, message in (("Bad Name", "as the name of a dataset"), ("ontology", "a name of their own")):
        with pytest.raises(InputError, match=message):
            tables.check(ontology, TABLES, dataset=name)
    with pytest.raises(InputError, match="found no table"):
        tables.check(ontology, [])
    with pytest.raises(UnknownFormatError, match=r"did you mean \.ttl"):
        tables.write(ontology, TABLES, tmp_path / "out.tt")
    paths = lean(tmp_path)
    with pytest.raises(OutputError, match="cannot be written"):
        tables.write(ontology, paths, tmp_path / "no" / "out.ttl")
    # What cannot be made is not left half made.
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_progress_and_several_tables_of_a_kind(ontology: RescueGraph, tmp_path: Path) -> None:
    paths = [
        small(tmp_path, STUDY, name="a.tsv"),
        write_table(
            tmp_path / "b.csv", ("design", "id", "title"), [{"id": "b", "title": "B", "design": "guideline"}]
        ),
        small(tmp_path, FINDING, kind="finding"),
    ]
    steps: list[tuple[int, int]] = []
    out = tmp_path / "out.nt"
    assert tables.write(ontology, paths, out, progress=lambda done, total: steps.append((done, total))).ok
    total = sum(path.stat().st_size for path in paths)
    assert steps == sorted(steps)
    assert steps[-1] == (total, total)
    assert named(out.read_bytes(), "study:b") >= {
        "rescue:citationStatus rescue:not-checked",
        'rdfs:label "B"@en',
    }


def test_the_engine_fetches_no_extension_and_draws_no_progress_bar(tmp_path: Path) -> None:
    with DuckDB(str(tmp_path)) as engine:
        rows = engine._connection.sql(
            "SELECT name, value FROM duckdb_settings() WHERE name IN "
            "('autoinstall_known_extensions', 'autoload_known_extensions', 'allow_community_extensions', "
            "'enable_progress_bar')"
        ).fetchall()
    assert {value for _, value in rows} == {"false"}
    assert len(rows) == 4


# ---------------------------------------------------------------- without the extra, and the command line


def test_the_template_needs_no_extra_and_the_rest_says_what_is_missing(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "for name in ('ibis', 'duckdb', 'pyarrow', 'openpyxl'): sys.modules[name] = None\n"
        "from rescue_kg.cli import main\n"
        "main()\n"
    )

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, *args], capture_output=True, text=True, check=False, cwd=tmp_path
        )

    assert run("template", "study").stdout.endswith("tier\n")
    missing = run("add", str(TABLES[0]))
    assert missing.returncode == NotAvailableError.exit_code == 3
    assert "pip install 'rescue-kg[tables]'" in missing.stderr


def command(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def test_the_commands(tmp_path: Path) -> None:
    store, out = tmp_path / "kg", tmp_path / "out.ttl"
    paths = lean(tmp_path)
    checked = command("add", *paths)
    assert checked.exit_code == 0, checked.output
    assert "2 rows read, 2 good, 0 rejected; checked only" in checked.stderr
    written = command("add", *paths, "--out", out, "--dataset", "made-up")
    assert written.exit_code == 0, written.output
    assert out.read_text().startswith("@prefix rescue:")
    added = command("add", *paths, "--store", store, "--dataset", "made-up", "-f", "tsv")
    assert added.exit_code == 0, added.output
    assert added.stdout.splitlines()[1].split("\t")[1:] == ["study", "1", "1", "0", ""]
    assert "statements in the dataset made-up of" in added.stderr
    with RescueGraph.open(store, read_only=True) as graph:
        assert graph.datasets() == ("evidence", "made-up", "ontology")
    bad = small(tmp_path, {**STUDY, "year": "20"})
    rejected = command("add", bad, "--store", store, "--rejects", tmp_path / "r")
    assert rejected.exit_code == 1
    assert "row 2, year '20': expected a number not below 1800" in rejected.stderr
    assert (tmp_path / "r" / "study.tsv.rejects.tsv").exists()
    removed = command("remove", "made-up", "--store", store)
    assert removed.exit_code == 0
    assert "made-up removed" in removed.stderr
    for args, message in (
        (("add", *TABLES, "--store", store, "--out", out), "found both --store and --out"),
        (("add", tmp_path / "no.tsv", "--store", tmp_path / "new"), "no such file"),
        (("remove", "made-up", "--store", store), "unknown dataset"),
        (("remove", "made-up", "--store", tmp_path / "none"), "none"),
        (("template", "verdict"), "verdict"),
    ):
        failed = command(*args)
        assert failed.exit_code == 2
        assert message in failed.stderr
    # A slip makes no store.
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("study:kumar-2023", "study:kumar-2023"),
        (RESCUE + "study/kumar-2023", "study:kumar-2023"),
        ("kumar-2023", "study:kumar-2023"),
        ("Kumar-2023", "study:kumar-2023"),
        ("The one trial", "study:mine"),
        ("Der Versuch", None),
        ("ONE", "study:mine"),
        # As it is written, or in small letters.
        ("THE ONE TRIAL", None),
        ("one", None),
        ("two names", "study:mine study:other"),
        ("intervention:ecmo", None),
    ],
)
def test_in_a_large_class_only_what_is_named_is_looked_up(
    written: str, found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store()
    store.load_file(
        f"""@prefix study: <{PREFIXES["study"]}> . @prefix skos: <{PREFIXES["skos"]}> .
        @prefix rescue: <{RESCUE}> . @prefix rdfs: <{PREFIXES["rdfs"]}> .
        study:kumar-2023 a rescue:Study . <{PREFIXES["intervention"]}ecmo> a rescue:Procedure .
        study:mine a rescue:Study ; rdfs:label "The one trial"@en , "Der Versuch"@de , "two names" ;
            skos:altLabel "ONE" .
        study:other a rescue:Study ; rdfs:label "Another"@en ; skos:altLabel "two names"@en .
        study:gone a rescue:Study .""".encode(),
        graph="urn:g",
    )
    column = schema("finding")["stated_by"]
    nodes = Nodes([store])
    few = {name.iri for name in nodes.names(column, [written])}
    assert few == {PREFIXES["study"] + one for one in ("kumar-2023", "mine", "other", "gone")}
    monkeypatch.setattr("rescue_kg.tables.names._MANY", 3)
    assert {contract(name.iri) for name in nodes.names(column, [written])} == set((found or "").split())
