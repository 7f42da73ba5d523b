"""The report: self-contained, complete, true to the graph, always the same, written whole or not at all."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from hashlib import sha256
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

import rescue_kg
from rescue_kg import questions
from rescue_kg.answers import Iri
from rescue_kg.errors import InputError, OutputError
from rescue_kg.folders import replace_folder
from rescue_kg.report import Outcome, write_report
from rescue_kg.report.claims import claims_of
from rescue_kg.report.facts import Facts
from rescue_kg.report.pathways import pathways_of
from rescue_kg.report.picture import picture_svg
from rescue_kg.report.placing import crossings, order_of_middle, spread, text_width, wrap
from rescue_kg.resources import ontology_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.graph import RescueGraph

ROOT = Path(__file__).parent.parent
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
BLOCKS = {
    "article",
    "details",
    "div",
    "dl",
    "h1",
    "h2",
    "h3",
    "h4",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "ul",
}
LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "xlink:href"}


class Page(HTMLParser):
    """What a test wants to know of a page; raises AssertionError where tags do not pair up."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.owners: list[str | None] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag}: an attribute twice"
        assert not (tag in BLOCKS and "p" in self.open), f"{tag} in p, line {self.getpos()[0]}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.owners.append(dict(attrs).get("id"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID or "svg" in self.open, f"{tag}/ outside an SVG"
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> with nothing open"
        assert self.open[-1] == tag, f"</{tag}> closes {self.open[-1]}, line {self.getpos()[0]}"
        self.open.pop()
        self.owners.pop()

    def handle_data(self, data: str) -> None:
        for owner in {owner for owner in self.owners if owner}:
            self.texts.setdefault(owner, []).append(data)

    def text_of(self, identifier: str) -> str:
        return " ".join(" ".join(self.texts[identifier]).split())

    @property
    def ids(self) -> list[str]:
        return [identifier for _, attrs in self.tags if (identifier := attrs.get("id"))]


@pytest.fixture(scope="module")
def graph() -> RescueGraph:
    return rescue_kg.load()


@pytest.fixture(scope="module")
def outcome(graph: RescueGraph, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A report without the figures of the evidence, which tests/test_report_evidence.py looks at.

    It takes the place of a former one.
    """
    return write_report(graph, a_former_report(tmp_path_factory.mktemp("reports")), figures=False)


@pytest.fixture(scope="module")
def folder(outcome: Outcome) -> Path:
    return next(path for path in outcome.files if path.name == "report.html").parent


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def a_former_report(folder: Path) -> Path:
    """Make a small folder that passes for a former report."""
    out = folder / "out"
    out.mkdir()
    files = {"report.html": b"old", "former.txt": b"gone"}
    for name, content in files.items():
        (out / name).write_bytes(content)
    sums = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    (out / "SHA256SUMS").write_text(sums, encoding="utf-8")
    return out


@pytest.fixture
def former(tmp_path: Path) -> Path:
    return a_former_report(tmp_path)


def number(graph: RescueGraph, pattern: str) -> int:
    answer = graph.query(f"SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ {pattern} }}")
    assert isinstance(answer, rescue_kg.Answer)
    count = answer[0][0]
    assert isinstance(count, int)
    return count


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


# ------------------------------------------------------------------ what is there


def test_says_what_it_wrote(outcome: Outcome, folder: Path) -> None:
    assert outcome.ok, outcome.summary
    assert set(outcome.files) == {path for path in folder.rglob("*") if path.is_file()}
    assert str(folder / "report.html") in outcome.summary


def test_every_format_is_exported(folder: Path) -> None:
    suffixes = {path.suffix for path in (folder / "exports").iterdir()}
    assert suffixes == {".ttl", ".nt", ".nq", ".trig", ".jsonld", ".rdf", ".graphml", ".json"}
    assert {path.stem for path in (folder / "exports").iterdir()} == {"rescue"}


def test_every_question_has_its_rows_in_a_file_and_on_the_page(
    graph: RescueGraph, folder: Path, page: Page
) -> None:
    assert {path.stem for path in (folder / "answers").iterdir()} == set(questions.names())
    for question in questions.catalogue():
        answer = graph.query(question.text)
        assert isinstance(answer, rescue_kg.Answer)
        assert (folder / "answers" / f"{question.name}.tsv").read_bytes() == answer.to_tsv().encode()
        shown = page.text_of(f"question-{question.name}")
        for text in (question.title, question.question, *question.tags, *question.returns):
            assert text in shown
        for row in answer:
            for cell in row:
                if isinstance(cell, str):
                    written = cell.curie if isinstance(cell, Iri) else " ".join(cell.split())
                    # A CURIE may be broken after its colon.
                    assert written in shown or written.replace(":", ": ", 1) in shown


def test_a_required_parameter_has_the_example_of_its_file_and_says_so(page: Page) -> None:
    needy = [question for question in questions.catalogue() if any(one.required for one in question.params)]
    assert needy
    for question in needy:
        for parameter in question.params:
            if parameter.required:
                example = re.search(rf"VALUES \?{parameter.name} {{ (\S+) }}", question.text)
                assert example is not None
                assert f"= {example[1]} , an example" in page.text_of(f"question-{question.name}")


def test_every_claim_is_on_the_page(graph: RescueGraph, page: Page) -> None:
    answer = graph.query("SELECT ?claim ?label { ?claim rescue:hasMention ?mention ; rdfs:label ?label }")
    assert isinstance(answer, rescue_kg.Answer)
    assert len(answer) > 50
    expected = {f"claim-{str(claim).rpartition('/')[2]}" for claim in answer.column("claim")}
    assert {identifier for identifier in page.ids if identifier.startswith("claim-")} == expected
    for claim, label in answer:
        assert str(label) in page.text_of(f"claim-{str(claim).rpartition('/')[2]}")


def test_every_place_of_a_claim_is_given(graph: RescueGraph, page: Page) -> None:
    rows = graph.query(
        "SELECT ?claim ?section ?paragraph ?sentence ?strength { ?claim rescue:hasMention ?mention . "
        "?mention rescue:section ?section ; rescue:paragraph ?paragraph ; rescue:sentence ?sentence ; "
        "rescue:strength/rdfs:label ?strength }"
    )
    assert isinstance(rows, rescue_kg.Answer)
    for claim, section, paragraph, sentence, strength in rows:
        shown = page.text_of(f"claim-{str(claim).rpartition('/')[2]}")
        assert re.search(rf"{section} {paragraph}\.{sentence} {strength}", shown)


def test_the_standing_notice_is_there(html: str) -> None:
    assert "Of its ten references: none verified, 1 near match, 9 not found." in html
    assert "Looked for on 2026-11-23." in html
    assert "absence is no proof" in html
    assert "This is not medical advice." in html
    assert "one review says" in html


def test_hashes_in_the_list_are_those_of_the_files(folder: Path) -> None:
    lines = [line.split("  ", 1) for line in (folder / "SHA256SUMS").read_text().splitlines()]
    listed = {name: digest for digest, name in lines}
    found = {name: sha256(data).hexdigest() for name, data in tree(folder).items() if name != "SHA256SUMS"}
    assert listed == found


# ------------------------------------------------------------------ the page as HTML


def test_loads_nothing(html: str, page: Page) -> None:
    unwanted = {"script", "link", "iframe", "object", "embed", "img", "base", "form", "image", "use"}
    for tag, attrs in page.tags:
        assert tag not in unwanted
        assert not LOADING & set(attrs), (tag, attrs)
        assert not any(name.startswith("on") for name in attrs), (tag, attrs)
        if "href" in attrs:
            assert tag == "a"
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert styles
    for style in styles:
        assert "@import" not in style
        assert set(re.findall(r"url\(([^)]*)\)", style)) <= {"#pic-hatch"}


def test_ids_are_unique_and_links_lead_somewhere(page: Page, folder: Path) -> None:
    ids = set(page.ids)
    assert len(page.ids) == len(ids)
    links = [str(attrs["href"]) for tag, attrs in page.tags if tag == "a"]
    assert len(links) > 200
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids
        elif not link.startswith("https://"):
            assert (folder / link).is_file()
    for _, attrs in page.tags:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attrs.get(name) or "").split()) <= ids


def test_headings_do_not_skip_a_level(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.slow
def test_texts_of_the_graph_are_escaped(tmp_path: Path) -> None:
    text = ontology_file().read_text(encoding="utf-8")
    file = tmp_path / "bad.ttl"
    assert '"ketogenic diet"@en' in text
    bad = '"<script>alert(1)</script> & diet"@en'
    file.write_text(text.replace('"ketogenic diet"@en', bad), encoding="utf-8")
    write_report(rescue_kg.load(file), tmp_path / "out", figures=False)
    shown = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    Page(shown)
    ElementTree.parse(tmp_path / "out" / "picture.svg")


# ------------------------------------------------------------------ the numbers


def test_figures_at_the_top_are_those_of_the_graph(graph: RescueGraph, html: str) -> None:
    figures = {
        name: int(count.replace(",", ""))
        for count, name in re.findall(r"<li><b>([\d,]+)</b><span>([^<]+)</span></li>", html)
    }
    asserted = sum(graph.store.count(f"https://w3id.org/rescue-kg/graph/{name}") for name in graph.datasets())
    assert figures == {
        "claims": number(graph, "?x rescue:hasMention ?mention"),
        "places in the text": number(graph, "?claim rescue:hasMention ?x"),
        "refractory states": number(graph, "?claim rescue:hasMention ?mention ; rescue:aboutState ?x"),
        "interventions offered": number(graph, "?claim rescue:offersRescue ?x"),
        "triples asserted": asserted,
        "triples inferred": len(graph.store) - asserted,
    }


def test_checks_and_shapes_are_shown_with_what_they_looked_at(graph: RescueGraph, page: Page) -> None:
    report = graph.validate()
    shown = page.text_of("checked")
    assert report.checks
    for check in report.checks:
        # The packaged graph has no error and no warning, but it may have hints.
        assert not check.rows or check.severity == "info"
        came_to = "info" if check.rows else "passed"
        assert f"{check.title} {check.examines.curie} {check.examined:,} {len(check.rows)} {came_to}" in shown
    for shape, count in report.focus_nodes.items():
        assert f"{shape.curie} {count:,} 0 0 passed" in shown
    assert f"{report.triples:,} stated triples" in shown


def failed_where_claims_are(graph: RescueGraph) -> list[dict[str, Any]]:
    """The failed therapies of the states that claims are about; others are of the evidence alone."""
    answer = graph.query("SELECT DISTINCT ?state { ?claim a rescue:Claim ; rescue:aboutState ?state }")
    assert isinstance(answer, rescue_kg.Answer)
    states = set(answer.column("state"))
    return [row for row in graph.ask("failed-therapies").to_dicts() if row["state"] in states]


def test_the_map_holds_the_claims_and_the_failures(graph: RescueGraph, html: str) -> None:
    table = html[html.index('aria-label="Map of') : html.index('<section id="picture"')]
    found = {}
    for title in re.findall(r'<td class="s\d" title="([^"]*)"', table):
        match = re.fullmatch(r"(.*), (.*): offered as rescue by (\d+) claims?, (\d+) of them.*", title)
        assert match is not None
        found[match[1], match[2]] = (int(match[3]), int(match[4]))
    expected = {
        (row["label"], row["condition_label"]): (row["claims"], row["efficacy_claims"])
        for row in graph.ask("intervention-condition-map").to_dicts()
    }
    assert found == expected
    failed = re.findall(r'<td class="x( un)?" title="(.*): had failed in ([^",]*)', table)
    answer = failed_where_claims_are(graph)
    assert {(therapy, not unnamed) for unnamed, therapy, _ in failed} == {
        (row["therapy_label"], row["named"]) for row in answer
    }
    # Two states of one condition may have the same failed therapy, and share its cell.
    cells = graph.query(
        "SELECT DISTINCT ?therapy ?condition { ?claim a rescue:Claim ; rescue:aboutState ?state . "
        "?state rescue:hasFailure/rescue:failedTherapy ?therapy ; rescue:ofCondition ?condition }"
    )
    assert isinstance(cells, rescue_kg.Answer)
    assert len(failed) == len(cells) <= len(answer)


def test_references_stand_with_their_status_and_claims(graph: RescueGraph, page: Page) -> None:
    rows = [row for row in graph.ask("citation-checks").to_dicts() if row["number"]]
    assert len(rows) == 10
    for row in rows:
        assert isinstance(row["study"], Iri)
        shown = page.text_of(f"study-{row['study'].rpartition('/')[2]}")
        cited = graph.query(f"SELECT ?c {{ <{row['study']}> dcterms:bibliographicCitation ?c }}")
        assert isinstance(cited, rescue_kg.Answer)
        assert shown.startswith(f"{row['number']} {cited[0][0]}")
        assert re.search(rf"{row['verdict']} \({row['checked_on']}\) {row['claims']} {row['claims']}$", shown)
        assert str(row["notes"]) in shown


def test_claims_that_lack_something_are_counted(graph: RescueGraph, page: Page) -> None:
    shown = page.text_of("unverified")
    lacking = graph.ask("no-comparator-or-figure").to_dicts()
    assert not any(row["comparator"] or row["figure"] for row in lacking)
    assert f"Of {len(lacking)} efficacy claims, all leave open" in shown
    assert f"{len(graph.ask('single-centre-only'))} claims cite nothing but" in shown
    assert f"{len(graph.ask('claims-without-citation'))} claims cite no study" in shown


def test_findings_are_named_and_set_apart(graph: RescueGraph, page: Page) -> None:
    found = graph.query("SELECT ?x { ?x a rescue:Finding }")
    assert isinstance(found, rescue_kg.Answer)
    assert len(found) > 0
    shown = page.text_of("unverified")
    for (finding,) in found:
        assert isinstance(finding, Iri)
        assert finding.curie in shown
    assert "No claim rests on" in shown


# ------------------------------------------------------------------ failing


@pytest.mark.slow
def test_faults_show_and_the_outcome_is_not_ok(tmp_path: Path) -> None:
    text = ontology_file().read_text(encoding="utf-8")
    text, broken = re.subn(
        r"rescue:direction rescue:increases", "rescue:direction rescue:unheard-of", text, count=1
    )
    assert broken
    # The file has no finding: the shape for findings looks at nothing.
    file = tmp_path / "faulty.ttl"
    file.write_text(text, encoding="utf-8")
    outcome = write_report(rescue_kg.load(file), tmp_path / "out", figures=False)
    assert not outcome.ok
    assert "failed: shape:Finding looked at nothing" in outcome.summary
    shown = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "This report failed its checks." in shown
    checked = Page(shown).text_of("checked")
    assert "shape:Finding 0 0 0 looked at nothing" in checked
    assert "rescue:unheard-of" in checked


@pytest.mark.slow
def test_a_missing_closure_fails(tmp_path: Path) -> None:
    outcome = write_report(rescue_kg.load(infer=False, evidence=False), tmp_path / "out", figures=False)
    assert not outcome.ok
    assert "nothing was inferred" in outcome.summary


def test_an_empty_graph_is_refused_and_nothing_written(tmp_path: Path) -> None:
    file = tmp_path / "empty.ttl"
    file.write_text("", encoding="utf-8")
    with pytest.raises(InputError):
        write_report(rescue_kg.load(file), tmp_path / "out")
    assert list(tmp_path.iterdir()) == [file]


# ------------------------------------------------------------------ the folder


def test_a_former_report_is_replaced(outcome: Outcome, folder: Path) -> None:
    assert not (folder / "former.txt").exists()
    assert {path for path in folder.rglob("*") if path.is_file()} == set(outcome.files)
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_a_new_and_an_empty_folder_are_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "empty", tmp_path / "new" / "out"):
        assert replace_folder(out, {"a/b": b"x"}, "report", "report.html") == (
            out / "SHA256SUMS",
            out / "a" / "b",
        )
        assert (out / "a" / "b").read_bytes() == b"x"


@pytest.mark.parametrize("place", ["notes.txt", "exports/mine.ttl", "deep/er/x"])
def test_a_folder_with_something_else_in_it_is_refused(graph: RescueGraph, former: Path, place: str) -> None:
    (former / place).parent.mkdir(parents=True, exist_ok=True)
    (former / place).write_text("mine", encoding="utf-8")
    before = tree(former)
    with pytest.raises(OutputError, match=re.escape(place)):
        write_report(graph, former)
    assert tree(former) == before


def test_a_list_of_hashes_alone_makes_no_report(graph: RescueGraph, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  thesis.txt\n", encoding="utf-8")
    with pytest.raises(OutputError, match="which no report wrote"):
        write_report(graph, tmp_path)
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_file_and_the_folder_one_is_in_are_refused(
    graph: RescueGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="found a file"):
        write_report(graph, tmp_path / "file")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for out in (".", "..", tmp_path / "here"):
        with pytest.raises(OutputError, match="the folder you are in"):
            write_report(graph, out)


def test_a_place_that_cannot_be_used_is_told_before_the_work(
    graph: RescueGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: object) -> None:
        raise AssertionError("validated although there is nowhere to write")

    monkeypatch.setattr("rescue_kg.validation.validate", never)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError):
        write_report(graph, tmp_path / "file")


@pytest.mark.parametrize("fails", [1, 2])
def test_a_failed_run_leaves_the_former_report(
    former: Path, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    """Renaming fails at the first call (moving the old one away) or the second (moving the new one in)."""
    before, calls, rename = tree(former), [0], Path.rename

    def failing(self: Path, target: Path) -> Path:
        calls[0] += 1
        if calls[0] == fails:
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OutputError, match="cannot be written"):
        replace_folder(former, {"report.html": b"new"}, "report", "report.html")
    assert calls[0] >= fails
    assert tree(former) == before
    assert [path.name for path in former.parent.iterdir()] == ["out"]


def test_a_report_that_cannot_be_put_back_is_kept(former: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, rename = [0], Path.rename

    def failing(self: Path, target: Path) -> Path:
        calls[0] += 1
        if calls[0] > 1:
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OutputError):
        replace_folder(former, {"report.html": b"new"}, "report", "report.html")
    assert [path.read_text() for path in former.parent.glob(".out.*/old/report.html")] == ["old"]


def test_ctrl_c_leaves_the_former_report(former: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    before = tree(former)
    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace_folder(former, {"report.html": b"new"}, "report", "report.html")
    assert tree(former) == before
    assert [path.name for path in former.parent.iterdir()] == ["out"]


@pytest.mark.slow
def test_an_export_that_fails_leaves_nothing(
    graph: RescueGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> bytes:
        raise InputError("no")

    monkeypatch.setattr("rescue_kg.export.dumps", failing)
    with pytest.raises(InputError):
        write_report(graph, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_same_bytes_under_every_hash_seed(folder: Path, tmp_path: Path) -> None:
    code = (
        "import rescue_kg, sys; from rescue_kg.report import write_report; "
        "write_report(rescue_kg.load(), sys.argv[1], figures=False)"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", code, tmp_path / seed], check=True, env=environment)
        assert tree(tmp_path / seed) == tree(folder)


def test_importing_the_report_loads_no_template_engine() -> None:
    code = "import sys, rescue_kg.report; print({'jinja2', 'rdflib', 'pyshacl'} & set(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, env=environment, capture_output=True, text=True
    )
    assert result.stdout == "set()\n"


# ------------------------------------------------------------------ the picture


@pytest.fixture(scope="module")
def picture(graph: RescueGraph) -> ElementTree.Element:
    return ElementTree.fromstring(picture_svg(graph))


def groups(picture: ElementTree.Element, kind: str) -> Iterator[ElementTree.Element]:
    for group in picture.iter("{http://www.w3.org/2000/svg}g"):
        if group.get("class", "").startswith(kind) and group.find("{*}title") is not None:
            yield group


def test_the_picture_in_the_documentation_is_fresh(graph: RescueGraph) -> None:
    shown = (ROOT / "docs" / "picture.svg").read_text(encoding="utf-8")
    assert shown == picture_svg(graph), (
        "renew it: rescue-kg report out && cp out/picture.svg docs/picture.svg"
    )


def test_the_picture_shows_every_step(graph: RescueGraph, picture: ElementTree.Element) -> None:
    tips = [group.findtext("{*}title", "") for group in groups(picture, "edge")]
    failed = {
        f"{row['therapy_label']}: failed in {row['state_label']}" for row in failed_where_claims_are(graph)
    }
    offered = graph.query(
        "SELECT ?label ?in (COUNT(DISTINCT ?claim) AS ?n) { ?claim rescue:offersRescue/rdfs:label ?label ; "
        "rescue:aboutState/rdfs:label ?in } GROUP BY ?label ?in"
    )
    assert isinstance(offered, rescue_kg.Answer)
    rescues = {
        f"{label}: offered as rescue in {state}, {count} claim{'' if count == 1 else 's'}"
        for label, state, count in offered
    }
    assert sorted(tips) == sorted(failed | rescues)
    description = picture.findtext("{*}desc", "")
    for row in failed_where_claims_are(graph):
        assert str(row["therapy_label"]) in description


def test_unnamed_therapies_are_drawn_apart(graph: RescueGraph, picture: ElementTree.Element) -> None:
    unnamed = {row["therapy_label"] for row in failed_where_claims_are(graph) if not row["named"]}
    tips = {group.findtext("{*}title", "").partition(";")[0] for group in groups(picture, "box unnamed")}
    assert tips == unnamed
    assert len(list(groups(picture, "edge unnamed"))) == len(unnamed)


def test_boxes_do_not_overlap_and_hold_their_texts(picture: ElementTree.Element) -> None:
    corners = []
    for group in groups(picture, "box"):
        shape = group[1]
        if shape.tag.endswith("rect"):
            x, y, width, height = (float(shape.attrib[name]) for name in ("x", "y", "width", "height"))
        else:
            numbers = [float(found) for found in re.findall(r"-?[\d.]+", shape.attrib["d"])]
            x, y, width, height = numbers[0] - 13, numbers[1], numbers[2] + 26, 2 * numbers[4]
        corners.append((x, y, width, height))
        for text in group.findall("{*}text"):
            assert y < float(text.attrib["y"]) - 8
            assert float(text.attrib["y"]) + 4 < y + height
            assert text_width(text.text or "", 12) < width - 45
    assert len(corners) > 25
    for (x, y, _, height), (left, top, _, tall) in combinations(corners, 2):
        assert x != left or y + height < top or top + tall < y


def test_the_lines_of_the_picture_do_not_cross(picture: ElementTree.Element) -> None:
    """As drawn: two lines between the same columns come in in the order in which they leave."""
    lines = []
    for group in groups(picture, "edge"):
        points = re.findall(r"(-?[\d.]+) (-?[\d.]+)", group[1].attrib["d"])
        (x, y), (end, last) = points[0], points[-1]
        lines.append((float(x) > 500, float(y), float(last)))
    for (side, y, end), (other, start, last) in combinations(lines, 2):
        assert side != other or (y - start) * (end - last) >= 0


def test_the_picture_of_states_without_a_rescue_is_drawn(tmp_path: Path) -> None:
    file = tmp_path / "little.ttl"
    file.write_text(
        """@prefix rescue: <https://w3id.org/rescue-kg/> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @base <https://w3id.org/rescue-kg/> .
        <state/a> a rescue:ClinicalState ; rdfs:label "a & <b>"@en ; rescue:hasFailure <failure/a-1> .
        <failure/a-1> rescue:failedTherapy <intervention/x> .
        <claim/c> a rescue:Claim ; rescue:aboutState <state/a> .
        """,
        encoding="utf-8",
    )
    text = picture_svg(rescue_kg.load(file))
    ElementTree.fromstring(text)
    assert "a &amp; &lt;b&gt;" in text
    assert "intervention:x" in text


def test_pathways_stand_in_the_order_of_the_text(graph: RescueGraph) -> None:
    facts = Facts(graph)
    starts = [
        min(
            facts.number(mention, "rescue:start") or 0
            for claim in facts.instances("rescue:Claim")
            if facts.node(claim, "rescue:aboutState") == path.state
            for mention in facts.nodes(claim, "rescue:hasMention")
        )
        for path in pathways_of(facts, claims_of(facts))
    ]
    assert starts == sorted(starts)


# ------------------------------------------------------------------ placing


def test_spread_keeps_what_fits_and_parts_what_does_not() -> None:
    assert spread([0, 100], [10, 10], 5) == [0, 100]
    assert spread([50, 50], [10, 10], 5) == [42.5, 57.5]
    assert spread([20, 10, 60], [10, 10, 10], 0) == [10, 20, 60]
    assert spread([], [], 5) == []


def test_crossings_are_counted() -> None:
    assert crossings([(0, 0), (1, 1)]) == 0
    assert crossings([(0, 1), (1, 0)]) == 1
    assert crossings([(0, 0), (0, 1), (1, 0)]) == 1


def test_states_that_share_a_therapy_stand_together_without_crossings() -> None:
    left = {"x": ["a"], "y": ["b"], "z": ["c"]}
    right = {"p": ["a", "c"], "q": ["b"], "r": ["c"]}
    order = order_of_middle(["a", "b", "c"], [left, right])
    assert abs(order.index("a") - order.index("c")) == 1


def test_wrapping_is_tight_and_loses_no_word() -> None:
    lines = wrap("severe multiple sclerosis relapse refractory to corticosteroids", 200, 14)
    assert " ".join(lines) == "severe multiple sclerosis relapse refractory to corticosteroids"
    assert all(text_width(line, 14) <= 200 for line in lines)
    assert wrap("", 100, 14) == []
    assert wrap("immunosuppressants", 10, 14) == ["immunosuppressants"]
