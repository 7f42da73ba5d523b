"""The fast engine finds what the reference finds: cut or whole, on one dataset, on faults of every kind."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest
import rdflib
from click.testing import CliRunner
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple
from rdflib import RDF, SH, Graph, URIRef

import rescue_kg
from rescue_kg import fast_shacl, resources, shacl
from rescue_kg.cli import app
from rescue_kg.cutting import Stated
from rescue_kg.errors import InputError, NotAvailableError, UnknownNameError
from rescue_kg.namespaces import BASE, EVIDENCE_GRAPH, GRAPH, ONTOLOGY_GRAPH, PREFIXES, expand
from rescue_kg.plain_literals import is_plain, with_others
from rescue_kg.shacl_results import ShapeResult
from rescue_kg.shape_plan import plan
from rescue_kg.sifting import ROOM
from rescue_kg.store import Store
from rescue_kg.validation import Report
from rescue_kg.validation_report import groups

FIXTURES = Path(__file__).parent / "fixtures" / "shapes"
W3C = os.environ.get("W3C_SHACL_CORE")
#: Small enough that what is met of the packaged graph goes to files several times.
SMALL = 300

Term: TypeAlias = NamedNode | BlankNode | Literal | Triple

TYPE = NamedNode(PREFIXES["rdf"] + "type")
SUBCLASS_OF = NamedNode(PREFIXES["rdfs"] + "subClassOf")


@cache
def packaged_shapes(file: str | None = None) -> Store:
    store = Store()
    for path in resources.shape_files():
        if file in (None, path.stem):
            store.load_file(path, graph=ONTOLOGY_GRAPH)
    return store


def reference(store: Store, shapes: Store) -> Counter[ShapeResult]:
    return Counter(shacl.results(Stated(store).copy(), shapes))


def fast(store: Store, shapes: Store, room: int = ROOM) -> tuple[Counter[ShapeResult], Counter[str]]:
    anew: Counter[str] = Counter()
    return Counter(fast_shacl.results(Stated(store), shapes, room=room, anew=anew)), anew


def packaged(changed: Iterator[Quad] | None = None) -> Store:
    graph = rescue_kg.load(infer=False)
    if changed is None:
        return graph.store
    store = Store()
    store.native.extend(changed)
    return store


# ---------------------------------------------------------------- the fixtures of the shapes


def fixture(path: Path) -> Store:
    """Return a fixture with the vocabulary that its shapes lean on, as the tests of the shapes have it."""
    store = Store()
    store.load_file(path, graph=ONTOLOGY_GRAPH)
    shapes = packaged_shapes(path.relative_to(FIXTURES).parts[0])
    targets = {
        q.object
        for q in shapes.native.quads_for_pattern(None, NamedNode(PREFIXES["sh"] + "targetClass"), None)
    }
    ontology = whole_ontology().native
    store.load_quads(ontology.quads_for_pattern(None, SUBCLASS_OF, None), ONTOLOGY_GRAPH)
    store.load_quads(
        (
            quad
            for quad in ontology.quads_for_pattern(None, TYPE, None)
            if isinstance(quad.subject, NamedNode)
            and quad.subject.value.startswith(BASE)
            and "/" not in quad.subject.value.removeprefix(BASE)
            and isinstance(quad.object, NamedNode)
            and quad.object.value.startswith(BASE)
            and quad.object not in targets
        ),
        ONTOLOGY_GRAPH,
    )
    return store


@cache
def whole_ontology() -> Store:
    store = Store()
    store.load_file(resources.ontology_file(), graph=ONTOLOGY_GRAPH)
    return store


def test_every_failing_fixture_fails_alike() -> None:
    failing = sorted(FIXTURES.glob("*/fail/*.ttl"))
    assert len(failing) > 200
    for path in failing:
        store, shapes = fixture(path), packaged_shapes(path.relative_to(FIXTURES).parts[0])
        # By the tests of the shapes, the reference finds this shape and no other.
        found, _ = fast(store, shapes)
        assert {result.shape.rpartition("/")[2] for result in found} == {path.stem}, path
    for path in failing[::50]:
        store, shapes = fixture(path), packaged_shapes(path.relative_to(FIXTURES).parts[0])
        assert fast(store, shapes, room=20)[0] == fast(store, shapes)[0] == reference(store, shapes), path


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted(path.name for path in FIXTURES.iterdir()))
def test_every_result_of_every_fixture_is_the_same(file: str) -> None:
    for path in sorted((FIXTURES / file).glob("**/*.ttl")):
        store, shapes = fixture(path), packaged_shapes(file)
        expected = reference(store, shapes)
        assert fast(store, shapes)[0] == expected, path
        assert fast(store, shapes, room=20)[0] == expected, path


# ---------------------------------------------------------------- faults of every kind


def typed(value: str, datatype: str) -> Literal:
    return Literal(value, datatype=NamedNode(PREFIXES["xsd"] + datatype))


VALUES: list[Term] = [
    *(
        Literal(text)
        for text in ("x", "", "a b\nc", "NCT01234567\n", "10.1000/xyz", "<b>\u00fc\U0001f600</b>\\")
    ),
    *(Literal("x", language=tag) for tag in ("en", "en-GB", "de")),
    *(typed(text, "integer") for text in ("1", "-1", "01", "+1", " 1 ", "abc", "100000000000000000000")),
    *(typed(text, "decimal") for text in ("1.0", "1.5", "1e0", "0.00000000000000000001")),
    *(typed(text, "boolean") for text in ("true", "1", "TRUE")),
    *(typed(text, "gYear") for text in ("2020", "20")),
    *(typed(text, "date") for text in ("2020-01-01", "2020-13-01")),
    *(typed(text, "dateTime") for text in ("2020-01-01T00:00:00Z", "2020-01-31T10:00:00")),
    *(typed(text, "anyURI") for text in ("http://x.y/z", "a b")),
    typed("1.0", "double"),
    typed("5", "nonNegativeInteger"),
    Literal("v", datatype=NamedNode("urn:datatype")),
    NamedNode("urn:x"),
    NamedNode(BASE + "untyped"),
]
#: What can be compared; a value that cannot is an error of the reference.
COMPARABLE = [
    typed("1", "integer"),
    *(typed(text, "decimal") for text in ("-7", "2.5", "900")),
    typed("1990", "gYear"),
]
COMPARED = {
    NamedNode(BASE + name)
    for name in (
        *("ciLow", "ciHigh", "start", "end", "eventsIntervention", "eventsComparator"),
        *("totalIntervention", "totalComparator"),
    )
}


def spoiled(seed: int, share: float) -> Store:
    """Return the packaged graph with statements removed, added and changed, a share of each."""
    draw = random.Random(seed)
    before = sorted(packaged().quads(), key=str)

    def changed() -> Iterator[Quad]:
        for quad in before:
            number = draw.random()
            structure = quad.predicate in (TYPE, SUBCLASS_OF) and draw.random() > 0.1
            blank = isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)
            if number > 3 * share or structure or blank:
                yield quad
                continue
            if number < share:
                continue
            if number < 2 * share:
                yield quad
            value = draw.choice(VALUES) if draw.random() < 0.6 else draw.choice(before).object
            if quad.predicate in COMPARED:
                value = draw.choice(COMPARABLE)
            yield Quad(quad.subject, quad.predicate, value, quad.graph_name)

    return packaged(changed())


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_faults_are_found_alike_cut_or_whole(seed: int) -> None:
    store = spoiled(seed, 0.02)
    expected = reference(store, packaged_shapes())
    assert sum(expected.values()) > 500
    whole, anew = fast(store, packaged_shapes())
    assert whole == expected
    assert 0 < anew["nodes"] < 300
    assert fast(store, packaged_shapes(), room=SMALL)[0] == expected


def test_all_packaged_shapes_can_be_cut() -> None:
    how = plan(packaged_shapes(), Stated(packaged()).below)
    assert (how.whole_targets, len(how.whole)) == (0, 0)
    assert len(how.messages) > 200
    assert {node.value for node in how.compared} >= {BASE + "ciLow", BASE + "year"}


SHAPES = """
    @prefix sh: <http://www.w3.org/ns/shacl#> .
    @prefix rescue: <https://w3id.org/rescue-kg/> .
    @prefix shape: <https://w3id.org/rescue-kg/shape/> .
    @prefix condition: <https://w3id.org/rescue-kg/condition/> .
    shape:Near a sh:NodeShape ; sh:targetClass rescue:Condition ; sh:property shape:Near-none .
    shape:Near-none sh:path rescue:none ; sh:minCount 1 ; sh:message "none" .
    shape:Unsaid a sh:NodeShape ; sh:targetClass rescue:Outcome ; sh:property shape:Unsaid-none .
    shape:Unsaid-none sh:path rescue:none ; sh:minCount 1 .
    shape:Unnamed a sh:NodeShape ; sh:targetClass rescue:Population ;
        sh:property [ sh:path rescue:none ; sh:minCount 1 ; sh:message "none" ] .
    shape:Far a sh:NodeShape ; sh:targetClass rescue:ClinicalState ; sh:property shape:Far-of .
    shape:Far-of sh:path rescue:ofCondition ; sh:node shape:Labelled ; sh:message "far" .
    shape:Labelled a sh:NodeShape ; sh:property [ sh:path rescue:none ; sh:minCount 1 ] .
    shape:Back a sh:NodeShape ; sh:targetNode condition:asthma ; sh:message "back" ;
        sh:property [ sh:path [ sh:inversePath rescue:ofCondition ] ; sh:minCount 99 ; sh:message "back" ] .
    shape:Compared a sh:NodeShape ; sh:targetClass rescue:Study ; sh:property shape:Compared-year .
    shape:Compared-year sh:path rescue:year ; sh:minInclusive 2020 ; sh:message "year" .
    shape:Expression a sh:NodeShape ; sh:targetClass rescue:Claim ; sh:property shape:Expression-label .
    shape:Expression-label sh:path <http://www.w3.org/2000/01/rdf-schema#label> ; sh:pattern "^(?=a)" ;
        sh:message "pattern" .
"""


@pytest.mark.slow
def test_shapes_that_cannot_be_cut_are_left_to_the_reference() -> None:
    shapes = Store()
    shapes.load_file(SHAPES.encode(), graph=ONTOLOGY_GRAPH)
    store = packaged()

    def comparable(found: Counter[ShapeResult]) -> Counter[tuple[object, ...]]:
        # The names of blank nodes differ from run to run.
        return Counter(
            (
                r.shape if not r.shape.startswith("_:") else "_:",
                r.focus,
                r.path,
                r.value,
                r.severity,
                r.message,
            )
            for r in found.elements()
        )

    expected = comparable(reference(store, shapes))
    for room in (ROOM, SMALL):
        found, anew = fast(store, shapes, room=room)
        assert comparable(found) == expected
        assert anew["shapes"] == 4
        assert anew["nodes"] > 30


# ---------------------------------------------------------------- literals


@pytest.mark.parametrize(
    "literal",
    [
        *(Literal("x", language="en"), Literal("any \u00fc"), typed("0", "integer"), typed("-15", "integer")),
        *(typed("1.50", "decimal"), typed("2024-02-28", "date"), typed("2024-12-31", "date")),
        *(typed("2024-11-30T23:59:59Z", "dateTime"), typed("http://x.y/?a=b#c", "anyURI")),
    ],
)
def test_what_is_plain(literal: Literal) -> None:
    assert is_plain(literal)
    assert with_others(f"<urn:s> <urn:p> {literal} .\n") == set()


@pytest.mark.parametrize(
    "literal",
    [
        *(typed(text, "integer") for text in ("01", "+1", "-0", "1234567890123456", "", "x", "1.0")),
        *(typed(text, "decimal") for text in (".5", "1.", "01.5", "1.123456789", "1e0", 'a"b')),
        *(typed("2024-02-30", "date"), typed("2024-01-01T00:00:00+00:00", "dateTime"), typed("1", "boolean")),
        *(typed("1", "double"), typed("a b", "anyURI"), Literal("v", datatype=NamedNode("urn:datatype"))),
    ],
)
def test_what_is_not_plain(literal: Literal) -> None:
    assert not is_plain(literal)
    text = f'<urn:s> <urn:p> {literal} .\n<urn:other> <urn:p> "x" .\n_:b <urn:p> {literal} .\n'
    assert with_others(text) == {NamedNode("urn:s"), BlankNode("b")}


def test_tags_in_capitals_are_not_plain() -> None:
    assert with_others('<urn:s> <urn:p> "x"@en-GB .\n<urn:t> <urn:p> "y"@en .\n') == {NamedNode("urn:s")}


# ---------------------------------------------------------------- reports


@pytest.fixture(scope="module")
def faulty() -> rescue_kg.RescueGraph:
    """The packaged graph with a second dataset: one study that is sound but for what is missing."""
    graph = rescue_kg.load(infer=False)
    graph.store.load_file(
        f"""
        @prefix rescue: <{BASE}> .
        @prefix study: <{BASE}study/> .
        study:made-up-1 a rescue:Study ; rescue:year 1700 .
        study:made-up-2 a rescue:Study ; rescue:year 2020 ; rescue:includesStudy study:made-up-1 .
        study:made-up-3 a rescue:Study ; rescue:year 2020 ; rescue:setting "x"^^<urn:datatype> .
        """.encode(),
        graph=GRAPH + "made-up",
    )
    return graph


@pytest.fixture(scope="module")
def by_reference(faulty: rescue_kg.RescueGraph) -> Report:
    return faulty.validate()


@pytest.mark.slow
def test_reports_are_the_same(faulty: rescue_kg.RescueGraph, by_reference: Report) -> None:
    found = faulty.validate(engine="fast")
    plain = found.to_dict()
    assert {**plain, "engine": None} == {**by_reference.to_dict(), "engine": None}
    assert found.engine == f"shacl {fast_shacl.version()}; pySHACL judged 1 node"
    assert by_reference.engine == "pySHACL"
    assert found.counts["error"] > 5


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_one_dataset_alone(faulty: rescue_kg.RescueGraph, engine: str) -> None:
    report = faulty.validate(engine=engine, dataset="made-up")
    assert report.results == faulty.validate(dataset="made-up").results
    assert len(report.results) > 5
    assert (report.triples, report.checks, report.dataset) == (8, (), "made-up")
    assert {shape.curie: count for shape, count in report.focus_nodes.items() if count} == {"shape:Study": 3}
    assert not report.passes("error")
    assert "8 triples in the dataset made-up\n37 node shapes looked at 3 nodes" in report.to_text()


@pytest.mark.slow
def test_datasets_have_the_results_of_the_whole(faulty: rescue_kg.RescueGraph, by_reference: Report) -> None:
    own = {f"{BASE}study/made-up-{number}" for number in (1, 2, 3)}
    expected = tuple(result for result in by_reference.results if result.focus in own)
    assert faulty.validate(engine="fast", dataset="made-up").results == expected
    assert faulty.validate(engine="fast", dataset="evidence").ok


def test_what_is_stated_elsewhere_of_a_node_of_the_dataset_counts() -> None:
    graph = rescue_kg.load(infer=False)
    study = next(
        graph.store.native.quads_for_pattern(None, TYPE, NamedNode(BASE + "Study"), NamedNode(EVIDENCE_GRAPH))
    )
    graph.store.native.add(
        Quad(study.subject, NamedNode(BASE + "setting"), Literal("made up"), NamedNode(GRAPH + "notes"))
    )
    report = graph.validate(engine="fast", dataset="notes")
    assert report.focus_nodes[rescue_kg.Iri(expand("shape:Study"))] == 1
    assert [result.shape.curie for result in report.results] in ([], ["shape:Study-setting"])


@pytest.mark.slow
def test_results_are_kept_up_to_a_limit(faulty: rescue_kg.RescueGraph, by_reference: Report) -> None:
    cut = faulty.validate(engine="fast", max_results=1)
    assert cut.counts == by_reference.counts
    shapes = Counter(result.shape for result in by_reference.results)
    assert Counter(result.shape for result in cut.results) == dict.fromkeys(shapes, 1)
    assert set(cut.results) <= set(by_reference.results)
    assert all(len(check.rows) <= 1 for check in cut.checks)
    assert [group[:3] for group in groups(cut)] == [group[:3] for group in groups(by_reference)]
    assert sum(group.number for group in groups(cut)) == sum(cut.counts.values())
    assert cut.passes("error") is by_reference.passes("error") is False
    none = faulty.validate(engine="fast", max_results=0)
    assert (none.results, none.counts) == ((), by_reference.counts)
    assert f"errors: {groups(none)[0].source}\n" in none.to_text()
    text = cut.to_text(limit=2)
    assert "more findings; by shape and check, with one each:\n" in text
    assert "errors: shape:Study-" in text


def test_wrong_arguments() -> None:
    graph = rescue_kg.load(infer=False)
    with pytest.raises(InputError, match="unknown engine 'quick', expected reference or fast"):
        graph.validate(engine="quick")
    with pytest.raises(InputError, match="found max_results -1"):
        graph.validate(max_results=-1)
    with pytest.raises(UnknownNameError, match=r"unknown dataset 'evidenc'.*did you mean evidence"):
        graph.validate(dataset="evidenc")


def test_a_value_that_cannot_be_compared_is_an_error_too() -> None:
    store = Store()
    store.load_file(
        f"""
        @prefix rescue: <{BASE}> .
        <{BASE}estimate/x> a rescue:EffectEstimate ; rescue:ciLow "abc" ; rescue:ciHigh 2.0 .
        """.encode(),
        graph=ONTOLOGY_GRAPH,
    )
    expected = None
    try:
        list(shacl.results(store, packaged_shapes()))
    except InputError as error:
        expected = str(error)
    if expected is None:
        assert fast(store, packaged_shapes())[0] == reference(store, packaged_shapes())
    else:
        with pytest.raises(InputError, match="compared"):
            fast(store, packaged_shapes())


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "shacl", None)
    with pytest.raises(NotAvailableError, match=r"pip install 'rescue-kg\[fast\]'"):
        rescue_kg.load(infer=False).validate(engine="fast")


def test_a_store_on_disk_from_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with rescue_kg.open(folder) as graph:
        graph.load(infer=False)
        graph.load(dataset="evidence", infer=False)
    run = CliRunner().invoke(app, ["validate", str(folder), "--engine", "fast", "--max-results", "3"])
    assert run.exit_code == 0, run.output
    assert f"(shacl {fast_shacl.version()})\n" in run.stdout
    assert run.stdout.endswith("validation passed\n")
    one = CliRunner().invoke(app, ["validate", str(folder), "--engine", "fast", "--dataset", "evidence"])
    assert one.exit_code == 0, one.output
    assert "triples in the dataset evidence\n" in one.stdout
    with rescue_kg.open(folder, read_only=True) as graph:
        parts = Counter(
            fast_shacl.results(Stated(graph.store), packaged_shapes(), room=SMALL, anew=Counter())
        )
    assert parts == Counter()


# ---------------------------------------------------------------- the tests of the W3C

TEST = "http://www.w3.org/ns/shacl-test#"
MANIFEST = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
#: The constraints that the shapes use; tests of others look at what the shapes do not.
USED = {
    *("class", "datatype", "languageIn", "lessThan", "lessThanOrEquals", "maxCount", "maxExclusive"),
    *("maxInclusive", "minCount", "minExclusive", "minInclusive", "minLength", "nodeKind", "not", "or"),
    *("pattern", "xone"),
}
OTHERS = {
    *("and", "closed", "disjoint", "equals", "hasValue", "in", "maxLength", "node", "qualifiedValueShape"),
    *("qualifiedMinCount", "qualifiedMaxCount", "uniqueLang", "flags"),
}


def w3c() -> Iterator[tuple[str, bytes, bytes]]:
    """Yield name, data and shapes of each test that uses the constraints of the shapes alone."""
    folder = Path(str(W3C))
    for path in sorted(folder.rglob("*.ttl")):
        manifest = Graph().parse(path, publicID=path.as_uri())
        for test in manifest.subjects(RDF.type, URIRef(TEST + "Validate")):
            action = manifest.value(test, URIRef(MANIFEST + "action"))
            files = [manifest.value(action, URIRef(TEST + name)) for name in ("dataGraph", "shapesGraph")]
            read = [Graph().parse(str(f).removeprefix("file://"), publicID=str(f)) for f in files]
            if not {SH[name] for name in OTHERS} & set(read[1].predicates()):
                data, shapes = (graph.serialize(format="nt", encoding="utf-8") for graph in read)
                yield path.name, data, shapes


@pytest.mark.slow
@pytest.mark.skipif(W3C is None, reason="W3C_SHACL_CORE does not name the folder of the W3C tests")
def test_the_tests_of_the_w3c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)
    count = 0
    for name, *texts in w3c():
        data, shapes = Store(), Store()
        for store, text in zip((data, shapes), texts, strict=True):
            store.native.load(input=text, format=RdfFormat.N_TRIPLES, to_graph=NamedNode(ONTOLOGY_GRAPH))
        shown = [
            sorted(map(repr, found.elements())) for found in (reference(data, shapes), fast(data, shapes)[0])
        ]
        assert shown[0] == shown[1], name
        count += 1
    assert count > 40
