"""The alignments: valid SSSOM, sound as a set, and the one source of every match in the ontology."""

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import sssom_pydantic
from click.testing import CliRunner
from rdflib.namespace import OWL, RDF, RDFS, SKOS

from rescue_kg import alignments, resources
from rescue_kg.alignments import NO_EXACT_MATCH_IN, Mapping
from rescue_kg.cli import app
from rescue_kg.errors import ChecksFailedError, InputError, ParseError
from rescue_kg.namespaces import BASE, PREFIXES

FILE = resources.alignments_file()
ONTOLOGY = resources.ontology_file()
RESCUE = rdflib.Namespace(PREFIXES["rescue"])
MATCHES = (SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch)
OBO = "http://purl.obolibrary.org/obo/"
BIOPORTAL = "http://purl.bioontology.org/ontology/"

#: Prefix -> (where its IRIs begin, what its identifiers look like), as the vocabularies themselves have them.
VOCABULARIES = {
    "ATC": (BIOPORTAL + "ATC/", r"[A-Z]\d\d[A-Z]{0,2}(?:\d\d)?"),
    "CHEBI": (OBO + "CHEBI_", r"\d+"),
    "CMO": (OBO + "CMO_", r"\d{7}"),
    "DOID": (OBO + "DOID_", r"\d+"),
    "DRON": (OBO + "DRON_", r"\d{8}"),
    "DRUGBANK": ("https://go.drugbank.com/drugs/", r"DB\d{5}"),
    "EFO": ("http://www.ebi.ac.uk/efo/EFO_", r"\d{7}"),
    "HP": (OBO + "HP_", r"\d{7}"),
    "ICD10CM": (BIOPORTAL + "ICD10CM/", r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?"),
    "ICD10PCS": (BIOPORTAL + "ICD10PCS/", r"[0-9A-HJ-NP-Z]{7}"),
    "ICD9Proc": (BIOPORTAL + "ICD9CM/", r"\d\d\.\d{1,2}"),
    "IDOCOVID19": (OBO + "COVIDO_", r"\d{7}"),
    "MAXO": (OBO + "MAXO_", r"\d{7}"),
    "MESH": ("http://id.nlm.nih.gov/mesh/", r"[CD]\d{6,9}"),
    "MONDO": (OBO + "MONDO_", r"\d{7}"),
    "NCIT": (OBO + "NCIT_", r"C\d+"),
    "OBCS": (OBO + "OBCS_", r"\d{7}"),
    "OBI": (OBO + "OBI_", r"\d{7}"),
    "OGMS": (OBO + "OGMS_", r"\d{7}"),
    "OOSTT": (OBO + "OOSTT_", r"\d{8}"),
    "RXNORM": (BIOPORTAL + "RXNORM/", r"\d{1,7}"),
    "SCTID": ("http://snomed.info/id/", r"\d{6,18}"),
    "SEPIO": (OBO + "SEPIO_", r"\d{7}"),
    "STATO": (OBO + "STATO_", r"\d{7}"),
    "fabio": ("http://purl.org/spar/fabio/", r"[A-Z][A-Za-z]+"),
}

#: Terms that a label or a synonym suggests, and that mean something else or no longer exist.
TRAPS = {
    "MONDO:0002125": "status epilepticus, obsolete: it is a phenotype, HP:0002133",
    "MONDO:0100142": "severe COVID-19, obsolete",
    "MONDO:0100143": "critical COVID-19, obsolete",
    "MONDO:0024646": "refractory, obsolete",
    "MONDO:0001881": "toxic shock syndrome, with which MONDO matches the MeSH term of septic shock",
    "MAXO:0000172": "antidotes, which have 'rescue therapy' as a related synonym",
    "MONDO:0009960": "a form of one gene locus, which has Crohn disease and ulcerative colitis as synonyms",
    "MONDO:0004766": "status asthmaticus, the acute attack; the review means lasting severe asthma",
    "DOID:9362": "status asthmaticus",
    "HP:0012653": "status asthmaticus",
    "MESH:D013224": "status asthmaticus",
    "EFO:0008590": "status asthmaticus",
    "NCIT:C122577": "status asthmaticus",
    "HP:0002037": "inflammation of the large intestine, which has inflammatory bowel disease as a synonym",
}

SUBSTANCE, ACT = "biolink:ChemicalEntity", "biolink:Procedure"
MEDICINES = {RESCUE.Drug, RESCUE.DrugClass, RESCUE.Biologic}
DISEASES = {"MONDO", "DOID", "ICD10CM"}


def rows_of(file: Path) -> list[dict[str, str]]:
    """Return the rows by a reader that shares nothing with the one under test but the csv module."""
    lines = [line for line in file.read_text(encoding="utf-8").split("\n") if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


ROWS = rows_of(FILE)
TERMS = [row for row in ROWS if row["object_id"] != "sssom:NoTermFound"]
EXACT = [row for row in TERMS if row["predicate_id"] == "skos:exactMatch"]


def iri(curie: str) -> rdflib.URIRef:
    prefix, _, local = curie.partition(":")
    return rdflib.URIRef(PREFIXES[prefix] + local)


def name(row: dict[str, str]) -> str:
    return f"{row['subject_id']} {row['predicate_id']} {row['object_id']}"


def vocabulary(row: dict[str, str]) -> str:
    return row["object_id"].partition(":")[0]


@pytest.fixture(scope="module")
def graph() -> rdflib.Graph:
    return rdflib.Graph().parse(ONTOLOGY)


# ---- the file is SSSOM ----


def test_sssom_pydantic_reads_every_row_as_we_do() -> None:
    found, converter, mapping_set, errors = sssom_pydantic.read(FILE, return_errors=True)
    assert errors == []
    assert len(found) == len(ROWS) > 300
    expected = {
        (
            converter.expand_reference(row.subject, strict=True),
            converter.expand_reference(row.predicate, strict=True),
            converter.expand_reference(row.object, strict=True),
            converter.expand_reference(row.justification, strict=True),
            converter.expand_reference(row.object_source, strict=True),
            row.subject_name,
            row.object_name or "",
        )
        for row in found
        if row.object_source is not None
    }
    ours = {
        (
            row.subject,
            row.predicate,
            row.object or alignments.NO_TERM_FOUND,
            row.justification,
            row.source,
            row.subject_label,
            row.object_label,
        )
        for row in alignments.read(FILE)
    }
    assert ours == expected
    assert str(mapping_set.id) == BASE + "alignments"
    assert str(mapping_set.license) == "https://creativecommons.org/licenses/by/4.0/"
    assert mapping_set.title
    assert mapping_set.description


def test_the_version_is_that_of_the_ontology(graph: rdflib.Graph) -> None:
    mapping_set = sssom_pydantic.read(FILE).mapping_set
    assert mapping_set.version == str(graph.value(RESCUE.rescue, OWL.versionInfo))


def test_the_file_is_in_the_canonical_order_of_sssom() -> None:
    data = FILE.read_bytes()
    assert data.endswith(b"\n")
    assert b"\r" not in data
    assert not data.startswith(b"\xef\xbb\xbf")
    cells = [list(row.values()) for row in ROWS]
    assert cells == sorted(cells), f"sort the rows of {FILE.name}"
    prefixes = re.findall(r"^#  ([\w-]+): ", data.decode(), re.MULTILINE)
    assert prefixes == sorted(prefixes)
    columns = ("subject_id", "object_id", "object_source", "object_category")
    used = {row[column].partition(":")[0] for row in ROWS for column in columns if row[column]}
    # subject_source is in the head.
    assert set(prefixes) == (used | {"rescue"}) - {"sssom"}
    assert not [column for column in ROWS[0] if not any(row[column] for row in ROWS)]


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_row_says_where_its_term_was_read(row: dict[str, str]) -> None:
    assert row["mapping_justification"] == "semapv:ManualMappingCuration"
    assert row["object_source"].startswith("bioregistry:")
    known = dict(pair.split("=") for pair in row["other"].split("|"))
    assert known.keys() == {"file", "version"}
    assert known["version"] in row["see_also"]
    assert all(value == value.strip() for value in row.values())


# ---- the rows are sound ----


def test_labels_are_those_of_the_nodes(graph: rdflib.Graph) -> None:
    wrong = {
        row["subject_id"]: label
        for row in ROWS
        if (label := str(graph.value(iri(row["subject_id"]), RDFS.label))) != row["subject_label"]
    }
    assert wrong == {}, f"write these labels into the subject_label column of {FILE.name}"


def test_only_concepts_are_aligned(graph: rdflib.Graph) -> None:
    kinds = (
        "Condition RefractoryState TreatedState Outcome Population Mechanism StudyDesign EffectMeasure "
        "Drug DrugClass Biologic Procedure ExtracorporealSupport VentilatorySupport Resuscitation "
        "DietaryTherapy Regimen"
    )
    allowed = {RESCUE[kind] for kind in kinds.split()}
    for row in ROWS:
        types = set(graph.objects(iri(row["subject_id"]), RDF.type))
        assert OWL.NamedIndividual in types
        # Never an unnamed therapy: its term would be a guess.
        assert types & allowed, f"{row['subject_id']} is no node to align"


def test_objects_look_like_their_vocabulary() -> None:
    prefixes = dict(re.findall(r"^#  ([\w-]+): (\S+)$", FILE.read_text(encoding="utf-8"), re.MULTILINE))
    for row in TERMS:
        namespace, pattern = VOCABULARIES[vocabulary(row)]
        assert prefixes[vocabulary(row)] == namespace
        assert re.fullmatch(pattern, row["object_id"].partition(":")[2]), name(row)
        assert row["object_label"], name(row)
    for prefix, namespace in prefixes.items():
        assert PREFIXES.get(prefix, namespace) == namespace


def test_one_term_has_one_label() -> None:
    labels = defaultdict(set)
    for row in TERMS:
        labels[row["object_id"]].add(row["object_label"])
    assert {term: found for term, found in labels.items() if len(found) > 1} == {}


def test_a_node_and_a_term_meet_once() -> None:
    pairs = Counter(
        (row["subject_id"], row["object_id"], row["object_source"] if row not in TERMS else "")
        for row in ROWS
    )
    assert [pair for pair, count in pairs.items() if count > 1] == []


def test_a_node_has_one_exact_match_in_a_vocabulary_at_most() -> None:
    found = Counter((row["subject_id"], vocabulary(row)) for row in EXACT)
    assert [pair for pair, count in found.items() if count > 1] == []


def test_a_term_is_the_exact_match_of_one_node_at_most() -> None:
    found = Counter(row["object_id"] for row in EXACT)
    assert [term for term, count in found.items() if count > 1] == []


def test_the_matches_agree_with_the_hierarchy(graph: rdflib.Graph) -> None:
    """A term that is exactly a node is not broader than what is above that node, nor narrower than below."""
    exactly = {row["object_id"]: iri(row["subject_id"]) for row in EXACT}
    seen = 0
    for row in TERMS:
        node, other = iri(row["subject_id"]), exactly.get(row["object_id"])
        if other is None or other == node:
            continue
        seen += 1
        above = set(graph.transitive_objects(node, SKOS.broader))
        below = set(graph.transitive_subjects(SKOS.broader, node))
        assert row["predicate_id"] != "skos:broadMatch" or other not in below, name(row)
        assert row["predicate_id"] != "skos:narrowMatch" or other not in above, name(row)
    assert seen > 5


def test_a_substance_is_never_exactly_an_act(graph: rdflib.Graph) -> None:
    """`object_category` says what a term stands for; a course of treatment is an act, also of a medicine."""
    for row in TERMS:
        node = iri(row["subject_id"])
        if not row["subject_id"].startswith("intervention:"):
            assert not row["object_category"]
            continue
        assert row["object_category"] in (SUBSTANCE, ACT, "biolink:PhenotypicFeature"), name(row)
        if vocabulary(row) in {"CHEBI", "ATC", "DRUGBANK", "RXNORM", "DRON"}:
            assert row["object_category"] == SUBSTANCE, name(row)
        if vocabulary(row) in {"MAXO", "SCTID", "ICD9Proc", "ICD10PCS", "OOSTT"}:
            assert row["object_category"] == ACT, name(row)
        course = graph.value(node, RESCUE.rechallengeOf) is not None
        medicine = MEDICINES & set(graph.objects(node, RDF.type)) and not course
        if row["predicate_id"] == "skos:exactMatch":
            assert row["object_category"] == (SUBSTANCE if medicine else ACT), name(row)


def test_a_state_is_never_exactly_a_disease() -> None:
    for row in EXACT:
        if row["subject_id"].startswith("state:"):
            assert vocabulary(row) not in DISEASES, name(row)


def test_a_mechanism_or_a_population_is_never_exactly_a_disease_or_a_process() -> None:
    assert [name(row) for row in EXACT if row["subject_id"].startswith(("mechanism:", "population:"))] == []


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_left_alone(trap: str) -> None:
    found = [name(row) for row in ROWS if row["object_id"] == trap]
    assert found == [], f"{trap} is {TRAPS[trap]}"


def test_the_mesh_term_of_respiratory_distress_is_close_only() -> None:
    """MeSH has one term for what others divide by age."""
    found = {row["predicate_id"] for row in ROWS if row["object_id"] == "MESH:D012128"}
    assert found == {"skos:closeMatch"}


def test_nothing_found_means_no_exact_match_there() -> None:
    found = {(row["subject_id"], row["object_source"]) for row in EXACT}
    nothing = [row for row in ROWS if row not in TERMS]
    assert nothing
    for row in nothing:
        assert row["predicate_id"] == "skos:exactMatch"
        assert not row["object_label"]
        assert row["comment"]
        assert (row["subject_id"], row["object_source"]) not in found


# ---- the graph holds the file ----


def test_the_ontology_holds_the_rows_and_no_other_match(graph: rdflib.Graph) -> None:
    found = sssom_pydantic.read(FILE)
    expected = {
        (
            rdflib.URIRef(found.converter.expand_reference(row.subject, strict=True)),
            rdflib.URIRef(found.converter.expand_reference(row.predicate, strict=True)),
            rdflib.URIRef(found.converter.expand_reference(row.object, strict=True)),
        )
        for row in found.mappings
        if row.object.curie != "sssom:NoTermFound"
    }
    assert {triple for match in MATCHES for triple in graph.triples((None, match, None))} == expected
    nowhere = {
        (row["subject_id"], row["object_source"].partition(":")[2]) for row in ROWS if row not in TERMS
    }
    assert {
        (str(node), str(place)) for node, place in graph.subject_objects(rdflib.URIRef(NO_EXACT_MATCH_IN))
    } == {(str(iri(node)), f"https://bioregistry.io/registry/{place}") for node, place in nowhere}


def test_matches_are_annotations(graph: rdflib.Graph) -> None:
    used = {match for match in MATCHES if (None, match, None) in graph}
    assert {match for match in MATCHES if (match, RDF.type, None) in graph} == used
    for match in (*used, rdflib.URIRef(NO_EXACT_MATCH_IN)):
        assert set(graph.objects(match, RDF.type)) == {OWL.AnnotationProperty}


def test_the_shipped_ontology_passes_the_check() -> None:
    alignments.check(ONTOLOGY, alignments.read(FILE))


# ---- reading, merging, the command ----

SSSOM = """#curie_map:
#  HP: http://purl.obolibrary.org/obo/HP_
#  bioregistry: https://bioregistry.io/registry/
#  condition: https://w3id.org/rescue-kg/condition/
#mapping_set_id: https://example.org/set
#license: https://creativecommons.org/licenses/by/4.0/
subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label\tmapping_justification\tobject_source
condition:pain\tpain\tskos:exactMatch\tHP:0012531\tPain\tsemapv:ManualMappingCuration\tbioregistry:hp
condition:pain\tpain\tskos:exactMatch\tsssom:NoTermFound\t\tsemapv:ManualMappingCuration\tbioregistry:doid
"""

TURTLE = """@prefix condition: <https://w3id.org/rescue-kg/condition/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

# ---- Conditions ----

condition:pain a owl:NamedIndividual ;
    rdfs:label "pain"@en ;
    skos:closeMatch <http://example.org/stale> ;
.
"""

MERGED = """@prefix rescue: <https://w3id.org/rescue-kg/> .
@prefix condition: <https://w3id.org/rescue-kg/condition/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

# ---- Conditions ----

condition:pain a owl:NamedIndividual ;
    rdfs:label "pain"@en ;
    skos:exactMatch <http://purl.obolibrary.org/obo/HP_0012531> ;
    rescue:noExactMatchIn <https://bioregistry.io/registry/doid> ;
.
"""


@pytest.fixture
def sssom(tmp_path: Path) -> Path:
    file = tmp_path / "a.sssom.tsv"
    file.write_text(SSSOM, encoding="utf-8")
    return file


@pytest.fixture
def ontology(tmp_path: Path) -> Path:
    file = tmp_path / "a.ttl"
    file.write_text(TURTLE, encoding="utf-8")
    return file


def test_read(sssom: Path) -> None:
    first, second = alignments.read(sssom)
    assert first == Mapping(
        subject=BASE + "condition/pain",
        subject_label="pain",
        predicate=str(SKOS.exactMatch),
        object=OBO + "HP_0012531",
        object_label="Pain",
        justification="https://w3id.org/semapv/vocab/ManualMappingCuration",
        source="https://bioregistry.io/registry/hp",
        where=f"{sssom}:8",
    )
    assert second.object is None
    assert [str(triple.predicate.value) for triple in alignments.triples([first, second, first])] == [
        str(SKOS.exactMatch),
        NO_EXACT_MATCH_IN,
    ]


def test_the_head_may_be_indented_and_cells_quoted(sssom: Path) -> None:
    plain = [row.triple() for row in alignments.read(sssom)]
    text = re.sub("^#", "# ", SSSOM, flags=re.MULTILINE).replace("\tPain\t", '\t"Pain, ""any""\u2028line"\t')
    sssom.write_text(text.replace("http://purl.obolibrary.org/obo/HP_", f'"{OBO}HP_"'), encoding="utf-8")
    rows = alignments.read(sssom)
    assert [row.triple() for row in rows] == plain
    assert rows[0].object_label == 'Pain, "any"\u2028line'


def test_merge_is_the_canonical_layout_and_a_fixed_point(sssom: Path) -> None:
    rows = alignments.read(sssom)
    assert alignments.merge(TURTLE, rows, source="a.ttl") == MERGED
    assert alignments.merge(MERGED, rows, source="a.ttl") == MERGED
    assert "Match" not in alignments.merge(MERGED, [], source="a.ttl")


@pytest.mark.parametrize(
    ("found", "instead", "message"),
    [
        ("#curie_map:\n", "", r"tsv:1: found no curie_map"),
        ("HP: http", "HP http", r"tsv:2: found 'HP http"),
        ("HP:0012531", "Hp:0012531", r"tsv:8: found prefix 'Hp' in object_id.*did you mean HP"),
        ("HP:0012531", "0012531", r"tsv:8: found '0012531' as object_id, expected a CURIE"),
        ("HP:0012531", "HP:001 2531", r"tsv:8: found 'HP:001 2531' as object_id, which makes no IRI"),
        ("skos:exactMatch\tHP", "skos:broader\tHP", r"tsv:8: found 'skos:broader'.*skos:relatedMatch"),
        ("skos:exactMatch\tsssom", "skos:closeMatch\tsssom", r"tsv:9: found sssom:NoTermFound"),
        ("\tPain", "", r"tsv:8: found 6 cells, expected 7"),
        ("\tobject_id\t", "\tobject\t", r"tsv:7: found no column object_id"),
        ("\tPain", '\t"Pain', r"tsv:\d+: found a row that is no TSV"),
    ],
)
def test_a_bad_file_is_one_line_with_its_place(sssom: Path, found: str, instead: str, message: str) -> None:
    assert SSSOM.count(found) == 1
    sssom.write_text(SSSOM.replace(found, instead), encoding="utf-8")
    with pytest.raises(ParseError, match=message) as caught:
        alignments.read(sssom)
    assert "\n" not in str(caught.value)


def test_a_negative_mapping_is_refused(sssom: Path) -> None:
    lines = SSSOM.replace("\tobject_source\n", "\tobject_source\tpredicate_modifier\n").split("\n")
    lines[7:9] = [f"{lines[7]}\tNot", f"{lines[8]}\t"]
    sssom.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ParseError, match=r"tsv:8: found a predicate_modifier"):
        alignments.read(sssom)


def test_files_that_cannot_be_read(tmp_path: Path, sssom: Path) -> None:
    rows = alignments.read(sssom)
    with pytest.raises(InputError, match="cannot be read"):
        alignments.read(tmp_path / "missing.tsv")
    with pytest.raises(InputError, match="cannot be read"):
        alignments.check(tmp_path / "missing.ttl", rows)
    sssom.write_bytes(b"\xff")
    with pytest.raises(ParseError, match="not UTF-8"):
        alignments.read(sssom)
    bad = tmp_path / "bad.ttl"
    bad.write_text("<a")
    for act in (alignments.check, alignments.align):
        with pytest.raises(ParseError, match=r"bad\.ttl:1"):
            act(bad, rows)


def test_a_row_about_a_node_that_is_not_there(ontology: Path, sssom: Path) -> None:
    sssom.write_text(
        SSSOM.replace(
            "condition:pain\tpain\tskos:exactMatch\tHP", "condition:pian\tpain\tskos:exactMatch\tHP"
        )
    )
    with pytest.raises(InputError, match=r"tsv:8: found condition:pian, expected a node of .*a\.ttl"):
        alignments.align(ontology, alignments.read(sssom))
    assert ontology.read_text() == TURTLE


def test_check_and_align(ontology: Path, sssom: Path) -> None:
    rows = alignments.read(sssom)
    with pytest.raises(ChecksFailedError, match=r"2 matches missing, 1 not in the alignments") as caught:
        alignments.check(ontology, rows)
    assert str(caught.value).endswith(f"run: rescue-kg align {ontology}")
    assert ontology.read_text() == TURTLE
    assert alignments.align(ontology, rows) is True
    assert ontology.read_text() == MERGED
    alignments.check(ontology, rows)
    assert alignments.align(ontology, rows) is False
    stray = MERGED.replace("HP_0012531", "HP_0012532")
    ontology.write_text(stray)
    with pytest.raises(ChecksFailedError, match=r"1 matches missing, 1 not in the alignments"):
        alignments.check(ontology, rows)


def test_the_command(ontology: Path, sssom: Path) -> None:
    def run(*args: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["align", *args], catch_exceptions=False)
        assert result.stdout == ""
        return result.exit_code, result.stderr

    own = ("--mappings", str(sssom), str(ontology))
    status, said = run("--check", *own)
    assert status == 1
    assert said.count("\n") == 1
    assert said.endswith(f"run: rescue-kg align --mappings {sssom} {ontology}\n")
    assert run(*own) == (0, f"{ontology}: 2 alignments written\n")
    assert run(*own) == (0, f"{ontology}: holds the 2 alignments, left as it is\n")
    assert run("--check", *own) == (0, f"{ontology}: holds the 2 alignments\n")
    assert run("--check", str(ONTOLOGY))[0] == 0
    status, said = run(str(ontology))
    assert status == 2
    assert f"expected a node of {ontology}" in said


def test_every_row_is_one_statement() -> None:
    rows = alignments.read(FILE)
    assert len(alignments.triples(rows)) == len(rows)
    wanted = {row.triple() for row in rows}
    assert wanted == wanted & {quad.triple for quad in ox.parse(path=ONTOLOGY)}
