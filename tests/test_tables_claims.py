"""Tables of claims: what each kind must and must not have is what the shapes say, to the row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from evidence_tables import CLAIM, CLAIMS, KIND_FAULTS, STUDY, Row, write_table
from rescue_kg import resources, tables
from rescue_kg.answers import Answer
from rescue_kg.cli import app
from rescue_kg.errors import InputError
from rescue_kg.graph import RescueGraph, load
from rescue_kg.namespaces import GRAPH, ONTOLOGY_GRAPH, PREFIXES, contract
from rescue_kg.store import Store
from rescue_kg.tables import checks

if TYPE_CHECKING:
    from pathlib import Path

    from rescue_kg.tables import Report

RESCUE = PREFIXES["rescue"]
HEADER = tables.schema("claim").names
#: Columns that only claims of one kind have.
OWN = ("about_mechanism", "modified_by", "line_position", "about_condition")

STUDIES = [STUDY, {**STUDY, "id": "falls", "year": "20"}]
GOOD = [
    *({**row, "id": f"good-{kind}"} for kind, row in CLAIMS.items()),
    {**CLAIM, "id": "good-a", "credited_jointly_with": "claim:good-b", "label": "A good one"},
    {**CLAIM, "id": "good-b", "credited_jointly_with": "a good one; good-a"},
    {**CLAIM, "id": "good-c", "alternative_outcome_to": "claim:ecpr-ohca-survival"},
]
BAD = [
    {**CLAIMS[kind], **changes, "id": f"bad-{place}"} for place, (kind, changes, _) in enumerate(KIND_FAULTS)
]
#: Each names the next, and the last a study that falls.
FALLING = [
    {**CLAIM, "id": "first", "alternative_outcome_to": "second"},
    {**CLAIM, "id": "second", "alternative_outcome_to": "good-a; claim:third"},
    {**CLAIM, "id": "third", "stated_by": "falls"},
    {**CLAIM, "id": "misspelt", "kind": "eficacy"},
]


class Run(NamedTuple):
    """The report on all these rows, and the N-Triples of the good ones."""

    report: Report
    made: bytes

    def rejected(self) -> dict[tuple[int, str], tuple[str, str]]:
        """Return the place among the claims and the column of each reject -> value and reason."""
        return {
            (reject.row - 2, reject.column): (reject.value, reject.reason)
            for reject in self.report.first_rejects
            if reject.table.endswith("claims.tsv")
        }

    def about(self, subject: str) -> set[str]:
        """Return `property value` for each statement about a node."""
        return {
            f"{contract(triple.predicate.value)} "
            f"{contract(node.value) if isinstance(node, ox.NamedNode) else node.value}"
            for triple in ox.parse(self.made, format=ox.RdfFormat.N_TRIPLES)
            if isinstance(triple.subject, ox.NamedNode)
            and contract(triple.subject.value) == subject
            and isinstance(node := triple.object, ox.NamedNode | ox.Literal)
        }


def written(graph: RescueGraph, folder: Path, rows: list[Row], header: tuple[str, ...] = HEADER) -> Run:
    # The claims come first, and are looked at last.
    paths = [
        write_table(folder / "claims.tsv", header, rows),
        write_table(folder / "studies.tsv", tables.schema("study").names, STUDIES),
    ]
    out = folder / "out.nt"
    return Run(tables.write(graph, paths, out, dataset="claims"), out.read_bytes())


@pytest.fixture(scope="module")
def ontology() -> RescueGraph:
    return load(infer=False, evidence=False)


@pytest.fixture(scope="module")
def run(ontology: RescueGraph, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return written(ontology, tmp_path_factory.mktemp("claims"), [*GOOD, *BAD, *FALLING])


def test_the_kinds_of_claim_and_their_columns_are_those_of_the_shapes() -> None:
    schema = tables.schema("claim")
    kind = schema.kind_column
    assert kind is not None
    assert kind.choices == tuple(
        f"{RESCUE}{name}Claim"
        for name in (
            *("Efficacy", "Positioning", "Mechanism", "Modifier", "LineOfTherapy", "Normative", "Context"),
        )
    )
    assert kind.short == tuple(CLAIMS)
    assert schema.names[:2] == ("id", "kind")
    assert "has_mention" not in schema.names
    assert schema.part == ("mention", RESCUE + "Mention", RESCUE + "hasMention", True)
    assert (schema["section"].subject, schema["about_mechanism"].subject) == ("mention", "claim")
    assert schema.is_asked(schema["passage_hash"])
    assert not schema.is_asked(schema["about_mechanism"])
    assert schema["start"].below == schema["end"].path
    asked = {(rule.kind, rule.column) for rule in schema.rules if rule.there}
    assert asked == {
        *(
            (kind, name)
            for kind in CLAIMS
            if kind != "context"
            for name in ("about_state", "about_intervention")
        ),
        *(("efficacy", name) for name in ("about_outcome", "direction", "comparator")),
        ("positioning", "offers_rescue"),
        ("mechanism", "about_mechanism"),
        ("modifier", "modified_by"),
        ("line-of-therapy", "line_position"),
    }


def test_the_documented_kinds_are_those_of_the_shapes() -> None:
    text = (resources.data_dir() / "docs" / "tables.md").read_text(encoding="utf-8")
    lines = text.partition("| `kind` |")[2].partition("\n\n")[0].splitlines()[2:]
    documented = {}
    for line in lines:
        kind, *lists = (cell.strip() for cell in line.strip("|").split("|"))
        documented[kind.strip("`")] = tuple(sorted(re.findall(r"`(\w+)`", names)) for names in lists)
    rules = [rule for rule in tables.schema("claim").rules if rule.there or rule.column not in OWN]
    assert documented == {
        kind: tuple(
            sorted(rule.column for rule in rules if rule.kind == kind and rule.there is there)
            for there in (True, False)
        )
        for kind in CLAIMS
    }


def test_shapes_of_ones_own_make_other_kinds(tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    text = "".join(f"@prefix {name}: <{PREFIXES[name]}> .\n" for name in ("rescue", "sh", "xsd"))
    shapes.write_text(
        text
        + """
        [] a sh:NodeShape ; sh:targetClass rescue:Claim ;
          sh:xone ( [ sh:class rescue:DoseClaim ] [ sh:class rescue:CostClaim ] ) ;
          sh:property [ sh:path rescue:aboutState ; sh:maxCount 1 ; sh:nodeKind sh:IRI ] .
        [] a sh:NodeShape ; sh:targetClass rescue:DoseClaim ; sh:property
          [ sh:path rescue:dose ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:decimal ;
            sh:message "a dose" ] .
        [] a sh:NodeShape ; sh:targetClass rescue:CostClaim ; sh:property
          [ sh:path rescue:aboutState ; sh:maxCount 0 ; sh:message "no state" ] .
        """
    )
    schema = tables.schema("claim", (shapes,))
    assert schema.names == ("id", "kind", "about_state", "dose")
    assert (schema["dose"].kind, schema["dose"].required) == ("decimal", False)
    assert {rule[:1] + rule[2:] for rule in schema.rules} == {
        ("dose", "dose", True, "a dose"),
        ("cost", "about_state", False, "no state"),
        ("cost", "dose", False, "only a dose claim has it"),
    }


def test_a_claim_and_its_mention(run: Run) -> None:
    assert run.about("claim:good-efficacy") == {
        "rdf:type owl:NamedIndividual",
        "rdf:type rescue:EfficacyClaim",
        "rdfs:label extracorporeal cardiopulmonary resuscitation in out-of-hospital cardiac arrest "
        "refractory to conventional CPR: survival (efficacy claim good-efficacy)",
        "skos:notation C-1",
        "rescue:statedBy study:good-study",
        "rescue:citesStudy study:good-study",
        "rescue:citesStudy study:kumar-2023",
        "rescue:aboutState state:cpr-refractory-ohca",
        "rescue:aboutIntervention intervention:ecpr",
        "rescue:offersRescue intervention:ecpr",
        "rescue:aboutOutcome outcome:survival",
        "rescue:direction rescue:increases",
        "rescue:comparator rescue:comparator-not-stated",
        "rescue:backgroundTherapy comparator:usual-care",
        "rescue:backgroundTherapy intervention:vasopressin",
        "rescue:hasMention mention:good-efficacy-1",
        "skos:editorialNote Stands in a table",
    }
    assert run.about("mention:good-efficacy-1") == {
        "rdf:type owl:NamedIndividual",
        "rdf:type rescue:Mention",
        "rescue:section Introduction",
        "rescue:paragraph 2",
        "rescue:sentence 1",
        "rescue:start 10",
        "rescue:end 40",
        f"rescue:passageHash {CLAIM['passage_hash']}",
        "rescue:strength rescue:hedged",
        "rescue:strengthCue may",
        "rescue:strengthCue might",
        "rescue:refractoryQualifier rescue:full",
    }
    assert run.about("intervention:ecpr") == {"rdf:type rescue:RescueIntervention"}
    setting = run.about("claim:good-context")
    assert {
        "rdfs:label context claim good-context",
        "rescue:aboutCondition condition:septic-shock",
        "rescue:aboutCondition condition:out-of-hospital-cardiac-arrest",
    } < setting
    assert not any(statement.startswith("rescue:aboutState") for statement in setting)


def test_a_kind_goes_by_its_short_name_its_label_or_its_class(run: Run) -> None:
    found = {row["kind"]: run.about(f"claim:{row['id']}") for row in GOOD}
    for said, name in (
        ("positioning", "PositioningClaim"),
        ("rescue:LineOfTherapyClaim", "LineOfTherapyClaim"),
        ("Normative claim", "NormativeClaim"),
        ("ContextClaim", "ContextClaim"),
    ):
        assert f"rdf:type rescue:{name}" in found[said]
    _, reason = run.rejected()[len(GOOD) + len(BAD) + 3, "kind"]
    assert "expected one of efficacy, positioning, mechanism, " in reason
    assert "did you mean efficacy" in reason


def test_what_one_kind_must_and_must_not_have(run: Run) -> None:
    found = {place - len(GOOD): column for place, column in run.rejected() if place < len(GOOD) + len(BAD)}
    assert found == {place: column for place, (_, _, column) in enumerate(KIND_FAULTS)}
    reasons = {column: reason for (place, column), (_, reason) in run.rejected().items()}
    assert reasons["section"] == "found no value, expected one in every row"
    assert reasons["start"] == "found a number that is not below end (40)"
    assert "found a value in a row of the kind normative, expected none: only a mechanism claim has it" in {
        reason for _, reason in run.rejected().values()
    }


def test_claims_may_name_claims_of_the_tables(run: Run) -> None:
    first = len(GOOD) + len(BAD)
    found = {
        place - first: (column, *why) for (place, column), why in run.rejected().items() if place >= first
    }
    fallen = "found a {} whose own row is rejected; mend that row"
    assert found[0] == ("alternative_outcome_to", "second", fallen.format("claim"))
    assert found[1] == ("alternative_outcome_to", "claim:third", fallen.format("claim"))
    assert found[2] == ("stated_by", "falls", fallen.format("study"))
    assert "rescue:creditedJointlyWith claim:good-a" in run.about("claim:good-b")
    assert "rescue:creditedJointlyWith claim:good-b" in run.about("claim:good-a")
    assert "rescue:alternativeOutcomeTo claim:ecpr-ohca-survival" in run.about("claim:good-c")


@pytest.mark.slow
def test_a_table_without_the_column_that_a_kind_needs(ontology: RescueGraph, tmp_path: Path) -> None:
    header = tuple(name for name in HEADER if name not in ("about_mechanism", "about_outcome", "direction"))
    rejected = written(
        ontology, tmp_path, [{**row, "id": kind} for kind, row in CLAIMS.items()], header
    ).rejected()
    assert list(rejected) == [(0, "kind"), (2, "kind")]
    assert (
        "in a table without the column about_mechanism: a mechanism claim is about" in rejected[2, "kind"][1]
    )


def test_headers_of_claims(ontology: RescueGraph, tmp_path: Path) -> None:
    path = write_table(tmp_path / "claims.tsv", [name for name in HEADER if name != "kind"], [CLAIM])
    with pytest.raises(InputError, match="found no column 'kind', which a claim table must have"):
        tables.check(ontology, [path])
    path = write_table(tmp_path / "claims.tsv", ["id", "stated_by", "about_state"], [CLAIM])
    with pytest.raises(InputError, match=r"those of no table.*template study\|finding\|claim"):
        tables.check(ontology, [path])


def test_the_template() -> None:
    shown = CliRunner().invoke(app, ["template", "claim"])
    assert shown.exit_code == 0
    assert "required for mechanism; empty for efficacy, positioning, " in shown.stdout
    assert "; one of efficacy, positioning, mechanism, modifier, " in shown.stdout
    assert shown.stdout.splitlines()[-1].split("\t") == list(HEADER)


@pytest.mark.slow
def test_what_is_rejected_is_what_shacl_rejects_and_nothing_else(
    ontology: RescueGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With no check at all every row is written.
    monkeypatch.setattr(checks, "cases", lambda rows, schema: {name: [] for name in schema.names})
    run = written(ontology, tmp_path, [*GOOD, *BAD])
    assert run.report.ok
    together = RescueGraph(Store())
    together.store.load_quads(ontology.store.quads(None), ONTOLOGY_GRAPH)
    together.store.load_file(run.made, graph=GRAPH + "claims", format="ntriples")
    found = together.validate()
    wrong = {node_of(str(one.focus)) for one in found.results if one.severity == "error"} - {"falls"}
    # What belongs to another kind shows once its class is inferred from the domain of the property.
    of_two_kinds = together.query(
        "SELECT DISTINCT ?claim { ?claim ?property ?any ; a ?kind . ?property rdfs:domain ?other . "
        "?kind rdfs:subClassOf rescue:Claim . ?other rdfs:subClassOf rescue:Claim . FILTER(?kind != ?other) }"
    )
    assert isinstance(of_two_kinds, Answer)
    elsewhere = {f"bad-{place}" for place, (_, _, column) in enumerate(KIND_FAULTS) if column in OWN}
    assert {node_of(str(claim)) for (claim,) in of_two_kinds} < elsewhere
    assert wrong | {node_of(str(claim)) for (claim,) in of_two_kinds} == {row["id"] for row in BAD}


def node_of(iri: str) -> str:
    """Return the id of the claim that a node belongs to."""
    kind, _, name = contract(iri).partition(":")
    return name.removesuffix("-1") if kind == "mention" else name


@pytest.mark.slow
def test_claims_of_a_table_answer_questions_beside_those_of_the_review(tmp_path: Path) -> None:
    paths = [
        write_table(tmp_path / "studies.tsv", tables.schema("study").names, [STUDY]),
        write_table(tmp_path / "claims.tsv", HEADER, [CLAIM]),
    ]
    graph = load()
    before = answers(graph)
    assert graph.add(*paths, dataset="more").ok
    after = answers(graph)
    assert [len(more) - len(less) for more, less in zip(after, before, strict=True)] == [0, 0, 1]
    assert "claim:good-claim" in {contract(str(cell)) for row in after[-1] for cell in row}
    assert not [one for one in graph.validate().results if one.severity == "error"]
    graph.remove("more")
    assert answers(graph) == before


def answers(graph: RescueGraph) -> list[list[tuple[object, ...]]]:
    """Return the rows of a few questions about claims."""
    about = graph.ask("claims-about-an-intervention", intervention="ECPR")
    return [list(graph.ask("recurring-interventions")), list(graph.ask("claims-by-type")), list(about)]
