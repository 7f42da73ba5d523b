"""A release is whole, described by figures that hold, documented term by term, and the same every time."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import rdflib
from click.testing import CliRunner, Result
from rdflib.compare import isomorphic

from rescue_kg import rules
from rescue_kg._version import __version__
from rescue_kg.cli import app
from rescue_kg.errors import ChecksFailedError, InputError, OutputError, RescueKgError
from rescue_kg.graph import load
from rescue_kg.namespaces import BASE, ONTOLOGY_GRAPH, PREFIXES
from rescue_kg.release import header, write_release
from rescue_kg.release.files import FILES, media_type
from rescue_kg.resources import evidence_files, ontology_file, queries_dir, shape_files
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

EPOCH = "1795392000"
DATE = "2026-11-23"
VOID = "http://rdfs.org/ns/void#"
DCAT = "http://www.w3.org/ns/dcat#"
VERSION_IRI = f"https://w3id.org/rescue-kg/rescue/{__version__}"


@pytest.fixture(scope="module", autouse=True)
def _epoch() -> Iterator[None]:
    """The date of the release where the ontology gives none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        yield


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The release of the packaged graph, and what the command said of it."""
    out = tmp_path_factory.mktemp("release") / "out"
    return out, CliRunner().invoke(app, ["release", str(out)])


@pytest.fixture(scope="module")
def folder(command: tuple[Path, Result]) -> Path:
    out, result = command
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module")
def source() -> rdflib.Graph:
    return rdflib.Graph().parse(ontology_file())


def files_of(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def dataset(path: Path, format: str) -> rdflib.Dataset:  # noqa: A002
    return rdflib.Dataset(default_union=True).parse(path, format=format)


def same(one: rdflib.Graph, other: rdflib.Graph) -> bool:
    """Return whether two graphs are isomorphic; only statements with blank nodes need the search for that.

    A store keeps the value of a decimal, not how many zeros it is written with: 1.0 and 1 are the same.
    """
    parts = []
    for graph in (one, other):
        ground, blank = set(), rdflib.Graph()
        for subject, predicate, term in graph:
            if isinstance(term, rdflib.Literal) and term.datatype == rdflib.XSD.decimal:
                term = rdflib.Literal(term.value.normalize())
            if isinstance(subject, rdflib.BNode) or isinstance(term, rdflib.BNode):
                blank.add((subject, predicate, term))
            else:
                ground.add((subject, predicate, term))
        parts.append((ground, blank))
    return parts[0][0] == parts[1][0] and isomorphic(parts[0][1], parts[1][1])


def triples(data: rdflib.Dataset) -> rdflib.Graph:
    found = rdflib.Graph()
    for triple in data.triples((None, None, None)):
        found.add(triple)
    return found


# ---- files ----


def test_every_file_is_there(folder: Path) -> None:
    queries = {
        f"queries/{path.relative_to(queries_dir()).as_posix()}" for path in queries_dir().rglob("*.rq")
    }
    assert len(queries) > 50
    assert set(files_of(folder)) == {*FILES, *queries}


def test_the_ontology_is_shipped_as_it_is(folder: Path) -> None:
    assert (folder / "rescue.ttl").read_bytes() == ontology_file().read_bytes()


def test_the_evidence_is_shipped_as_it_is_with_its_tables(folder: Path) -> None:
    for file in evidence_files():
        assert (folder / "evidence" / file.name).read_bytes() == file.read_bytes()
    crate = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    (part,) = (entity for entity in crate if entity["@id"] == "evidence/")
    assert {member["@id"] for member in part["hasPart"]} == {
        f"evidence/{file.name}" for file in evidence_files()
    }


def test_rdf_xml_is_the_same_graph(folder: Path, source: rdflib.Graph) -> None:
    assert same(rdflib.Graph().parse(folder / "rescue.owl", format="xml"), source)


# rdflib's own parsers of N-Quads and JSON-LD use a class that it has deprecated.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize(("name", "form"), [("rescue.nq", "nquads"), ("rescue.jsonld", "json-ld")])
def test_quad_formats_are_the_same_graph_under_its_name(
    folder: Path, source: rdflib.Graph, name: str, form: str
) -> None:
    data = dataset(folder / name, form)
    assert same(triples(data), source)
    assert {str(graph.identifier) for graph in data.graphs() if len(graph)} == {ONTOLOGY_GRAPH}


def test_the_inferred_variant_is_the_closure_and_says_so(folder: Path, source: rdflib.Graph) -> None:
    found = rdflib.Graph().parse(folder / "rescue-inferred.ttl")
    wanted = triples(load(evidence=False).rdflib())
    ontology, version = rdflib.URIRef(BASE + "rescue"), rdflib.OWL.versionIRI
    assert found.value(ontology, version) == rdflib.URIRef(f"{VERSION_IRI}/inferred")
    note = str(found.value(ontology, rdflib.RDFS.comment))
    assert all(rule.name in note for rule in rules.catalogue())
    assert f"{len(found) - len(source) - 1} statements that follow" in note
    found.remove((ontology, None, rdflib.URIRef(f"{VERSION_IRI}/inferred")))
    found.remove((ontology, rdflib.RDFS.comment, None))
    wanted.remove((ontology, version, None))
    assert same(found, wanted)


def test_the_inferred_quads_keep_what_was_stated_apart(folder: Path) -> None:
    store = Store()
    store.load_file(folder / "rescue-inferred.nq", graph=ONTOLOGY_GRAPH)
    derived = sorted(f"{ONTOLOGY_GRAPH}/{name}" for name in rules.TARGETS)
    assert store.graphs() == [ONTOLOGY_GRAPH, *derived]
    assert store.count(ONTOLOGY_GRAPH) == load(infer=False, evidence=False).store.count(ONTOLOGY_GRAPH)


def test_the_shapes_are_all_shapes(folder: Path) -> None:
    wanted = rdflib.Graph()
    for file in shape_files():
        wanted.parse(file)
    assert same(rdflib.Graph().parse(folder / "shapes.ttl"), wanted)
    assert not CliRunner().invoke(app, ["format", "--check", str(folder / "shapes.ttl")]).exit_code


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="no sha256sum here")
def test_the_hashes_hold(folder: Path) -> None:
    run = subprocess.run(
        ["sha256sum", "--strict", "--check", "SHA256SUMS"], cwd=folder, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count(": OK\n") == len(files_of(folder)) - 1


# ---- description ----


@pytest.fixture(scope="module")
def void(folder: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(folder / "void.ttl")


COUNTS = {
    "triples": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "entities": f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), '{BASE}')) }}",
    "classes": "SELECT (COUNT(DISTINCT ?c) AS ?n) { ?s a ?c }",
    "properties": "SELECT (COUNT(DISTINCT ?p) AS ?n) { ?s ?p ?o }",
    "distinctSubjects": "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }",
    "distinctObjects": "SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }",
}


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("described", "name"),
    [
        ("dataset", "rescue.ttl"),
        ("dataset-inferred", "rescue-inferred.nq"),
        ("dataset-evidence", "evidence/evidence.ttl"),
    ],
)
@pytest.mark.slow
def test_void_counts_are_those_of_the_data(
    folder: Path, void: rdflib.Graph, described: str, name: str
) -> None:
    data = triples(dataset(folder / name, "turtle" if name.endswith(".ttl") else "nquads"))
    node = rdflib.URIRef(f"{VERSION_IRI}/{described}")
    for measure, query in COUNTS.items():
        ((wanted,),) = data.query(query)  # type: ignore[misc]  # rdflib types the rows of every kind of query
        assert void.value(node, rdflib.URIRef(VOID + measure)) == wanted, measure
    for by, counted, query in (
        ("class", "entities", "SELECT ?x (COUNT(DISTINCT ?s) AS ?n) { ?s a ?x } GROUP BY ?x"),
        ("property", "triples", "SELECT ?x (COUNT(*) AS ?n) { ?s ?x ?o } GROUP BY ?x"),
    ):
        parts = void.objects(node, rdflib.URIRef(f"{VOID}{by}Partition"))
        found = {
            (void.value(part, rdflib.URIRef(VOID + by)), void.value(part, rdflib.URIRef(VOID + counted)))
            for part in parts
        }
        assert found == {(row[0], row[1]) for row in data.query(query)}  # type: ignore[index]


def test_distributions_are_the_files(folder: Path, void: rdflib.Graph) -> None:
    described = set()
    for node in void.subjects(rdflib.RDF.type, rdflib.URIRef(DCAT + "Distribution")):
        name = str(node).removeprefix(f"{VERSION_IRI}/")
        data = (folder / name).read_bytes()
        assert str(void.value(node, rdflib.URIRef(DCAT + "byteSize"))) == str(len(data))
        assert str(void.value(node, rdflib.URIRef(DCAT + "mediaType"))).endswith("/" + media_type(name))
        described.add(name)
    rest = {"index.html", "void.ttl", "ro-crate-metadata.json", "SHA256SUMS"}
    assert described == {*FILES} - rest


def test_the_description_leads_to_the_source_and_to_nodes_that_exist(
    void: rdflib.Graph, source: rdflib.Graph
) -> None:
    node = rdflib.URIRef(f"{VERSION_IRI}/dataset")
    assert void.value(node, rdflib.DCTERMS.source) == rdflib.URIRef(
        "https://doi.org/10.37421/2684-4915.2025.9.390"
    )
    assert str(void.value(node, rdflib.DCTERMS.issued)) == DATE
    examples = set(void.objects(node, rdflib.URIRef(VOID + "exampleResource")))
    assert len(examples) > 8
    assert examples <= set(source.subjects())
    vocabularies = {str(term) for term in void.objects(node, rdflib.URIRef(VOID + "vocabulary"))}
    used = {str(term) for term in source.predicates()}
    assert all(any(term.startswith(vocabulary) for vocabulary in vocabularies) for term in used)
    assert {BASE, PREFIXES["skos"]} <= vocabularies
    evidence = rdflib.URIRef(f"{VERSION_IRI}/dataset-evidence")
    assert void.value(evidence, rdflib.DCTERMS.requires) == node
    # What studies measured is not what the source says.
    assert void.value(evidence, rdflib.DCTERMS.source) is None


def test_rocrate_reads_the_crate(folder: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate")
    crate = rocrate.ROCrate(str(folder))
    assert crate.datePublished.date().isoformat() == DATE
    files = {entity.id for entity in crate.data_entities if "File" in entity.type}
    assert files == set(files_of(folder)) - {"ro-crate-metadata.json"}
    for name in files - {"SHA256SUMS"}:
        assert crate.get(name)["contentSize"] == str((folder / name).stat().st_size)


# Answers the one address that the validator asks for from the copy that the rocrate package carries, so that
# the test needs no network; run in a process of its own since it replaces parts of the validator.
VALIDATE = """
import importlib.resources, json, sys
from types import SimpleNamespace
from rocrate_validator import models, services
from rocrate_validator.utils import http
text = importlib.resources.files("rocrate").joinpath("data/ro-crate.jsonld").read_text()
def get(self, url, **extra):
    assert url == "https://w3id.org/ro/crate/1.2/context", url
    head = {"Content-Type": "application/ld+json"}
    return SimpleNamespace(status_code=200, headers=head, text=text, json=lambda: json.loads(text))
http.HttpRequester.get = get
result = services.validate(services.ValidationSettings(
    rocrate_uri=models.URI(sys.argv[1]), profile_identifier="ro-crate-1.2", offline=True,
    requirement_severity=models.Severity.REQUIRED,
))
print(json.dumps([len(result.executed_checks), *(issue.message for issue in result.get_issues())]))
"""


def validate_crate(folder: Path) -> tuple[int, list[str]]:
    pytest.importorskip("rocrate_validator")
    pytest.importorskip("rocrate")
    run = subprocess.run([sys.executable, "-c", VALIDATE, str(folder)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    checks, *issues = json.loads(run.stdout.splitlines()[-1])
    return checks, issues


@pytest.mark.slow
def test_the_validator_of_ro_crates_finds_nothing(folder: Path) -> None:
    checks, issues = validate_crate(folder)
    assert checks > 50
    assert issues == []


@pytest.mark.slow
def test_the_validator_of_ro_crates_sees_faults(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "shapes.ttl").unlink()
    assert any("shapes.ttl" in issue for issue in validate_crate(copy)[1])


# ---- documentation ----


class Page(HTMLParser):
    """Collects what the tests look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: set[str] = set()
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids[values["id"] or ""] += 1
        if tag == "a":
            self.links.add(values.get("href") or "")
        elif tag in ("link", "script", "img", "iframe", "object", "embed", "source", "base", "form"):
            self.loads.append(tag)
        self.loads += [
            name for name in values if name in ("src", "srcset", "poster", "style", "data", "onclick")
        ]
        if tag not in ("meta", "wbr", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page((folder / "index.html").read_text(encoding="utf-8"))


def test_every_term_and_node_has_its_place(page: Page, source: rdflib.Graph) -> None:
    own = {str(node).removeprefix(BASE) for node in source.subjects() if str(node).startswith(BASE)}
    assert len(own) > 400
    assert {"Claim", "hasFailure", "no-response", "state/cpr-refractory-ohca", "rescue"} <= own
    assert own <= set(page.ids)
    assert "skos:broader" in page.ids


def test_places_are_unique_and_links_arrive(page: Page, folder: Path) -> None:
    assert [name for name, count in page.ids.items() if count > 1] == []
    inside = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert inside <= set(page.ids)
    beside = {link for link in page.links if not link.startswith(("#", "http://", "https://"))}
    assert beside
    assert all((folder / link).is_file() for link in beside)


def test_examples_in_the_evidence_lead_to_its_section(folder: Path) -> None:
    block = re.search(
        r'<article id="EffectEstimate".*?</article>',
        (folder / "index.html").read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert block is not None
    assert '<a href="#section/evidence"><code>estimate:recovery-dex-2021-f1-1</code></a>' in block[0]


def test_the_page_is_well_nested_and_loads_nothing(page: Page, folder: Path) -> None:
    assert page.open == []
    assert page.loads == []
    style = re.search(r"<style>(.*?)</style>", (folder / "index.html").read_text(encoding="utf-8"), re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def text_of(folder: Path, anchor: str) -> str:
    page = (folder / "index.html").read_text(encoding="utf-8")
    block = re.search(rf'<article id="{anchor}".*?</article>', page, re.DOTALL)
    assert block is not None
    return " ".join(re.sub(r"<[^>]+>", "", re.sub(r"</d[td]>", " ", block[0])).split())


def test_axioms_are_told_in_words(folder: Path) -> None:
    assert (
        "EquivalentTo RefractoryState and (hasFailure some (ResistanceFailure and (failedTherapyOrBroader "
        "value intervention:corticosteroids)))" in text_of(folder, "SteroidRefractoryState")
    )
    assert "SubPropertyChain hasFailure o failedTherapy" in text_of(folder, "afterFailureOf")
    assert "Fixed values absent, full, partial" in text_of(folder, "RefractoryQualifier")
    assert "biologic-refractory state" in text_of(folder, "RefractoryState")


# ---- the same every time, whole or not at all ----


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    found = []
    for seed, zone in (("1", "Pacific/Kiritimati"), ("2", "America/Los_Angeles")):
        place = tmp_path / seed
        place.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
        command = [sys.executable, "-m", "rescue_kg", "release", f"out-{seed}"]
        run = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        found.append(files_of(place / f"out-{seed}"))
    assert found[0] == found[1] == files_of(folder)


def edited(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = ontology_file().read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "edited.ttl"
    file.write_text(text, encoding="utf-8")
    return file


ISSUED = re.compile(r"    dcterms:issued .*\n")
FAULTS = {
    "invalid": (
        [("rescue:strength rescue:emphatic", "rescue:strength rescue:acute")],
        ChecksFailedError,
        "validation failed, nothing was written",
    ),
    "version": ([('"0.1.0"', '"0.0.9"')], ChecksFailedError, "expected '0.1.0', the version of this package"),
    "version IRI": ([("rescue/0.1.0>", "rescue/0.0.9>")], ChecksFailedError, "ends in /0.1.0"),
    "no header": (
        [("rescue:rescue a owl:Ontology", "rescue:rescue a owl:Thing")],
        InputError,
        "0 ontology headers",
    ),
    "matches": (
        [("skos:exactMatch", "skos:relatedMatch")],
        ChecksFailedError,
        "rescue-kg align",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.slow
def test_a_faulty_graph_writes_nothing(tmp_path: Path, fault: str) -> None:
    changes, error, words = FAULTS[fault]
    file = edited(tmp_path, *changes)
    with pytest.raises(error, match=re.escape(words)):
        write_release(tmp_path / "out", file)
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_run_leaves_the_former_release(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    with pytest.raises(RescueKgError):
        write_release(out, edited(tmp_path, *FAULTS["version"][0]))
    assert files_of(out) == files_of(folder)


@pytest.mark.slow
def test_a_former_release_is_replaced(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    write_release(out)
    assert files_of(out) == files_of(folder)


@pytest.mark.slow
def test_an_ontology_with_findings_is_released_without_the_packaged_evidence(tmp_path: Path) -> None:
    whole = tmp_path / "whole.ttl"
    parts = (ontology_file(), evidence_files()[0])
    whole.write_text("".join(part.read_text(encoding="utf-8") for part in parts), encoding="utf-8")
    out = tmp_path / "out"
    write_release(out, whole)
    queries = {name for name in files_of(out) if name.startswith("queries/")}
    assert set(files_of(out)) - queries == {name for name in FILES if not name.startswith("evidence/")}
    assert "section/evidence" not in (out / "index.html").read_text(encoding="utf-8")
    assert "dataset-evidence" not in (out / "void.ttl").read_text(encoding="utf-8")
    crate = json.loads((out / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    assert "evidence/" not in {entity["@id"] for entity in crate}


def test_a_folder_with_other_things_is_refused(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    (out / "thesis.doc").write_text("mine")
    with pytest.raises(OutputError, match=r"thesis\.doc, which no release wrote"):
        write_release(out)
    assert (out / "thesis.doc").read_text() == "mine"


def test_the_date_is_never_that_of_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    text = ISSUED.sub("", ontology_file().read_text(encoding="utf-8"))

    def issued(text: str) -> str:
        store = Store()
        store.load_file(text.encode(), graph=ONTOLOGY_GRAPH)
        return header.read(store, "x.ttl").issued

    with pytest.raises(InputError, match="no SOURCE_DATE_EPOCH"):
        issued(text)
    line = 'owl:versionInfo "0.1.0" ;'
    assert issued(text.replace(line, f'{line} dcterms:issued "2020-02-29" ;')) == "2020-02-29"
    with pytest.raises(InputError, match="expected a date"):
        issued(text.replace(line, f'{line} dcterms:issued "tomorrow" ;'))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert issued(text) == "1970-01-01"


def test_the_command_says_what_it_wrote(command: tuple[Path, Result], tmp_path: Path) -> None:
    out, result = command
    assert result.exit_code == 0
    assert VERSION_IRI in result.stdout
    assert f"{len(files_of(out))} files written" in result.stdout
    result = CliRunner().invoke(app, ["release", str(tmp_path / "no"), "--graph", "x.owl"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "expected a Turtle file" in result.stderr
