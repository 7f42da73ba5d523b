"""The page on claims and evidence: each claim with its verdict, every finding under its claim."""

from __future__ import annotations

import re
import sys
from collections import Counter
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import rescue_kg
from rescue_kg.comparison import VERDICTS
from rescue_kg.namespaces import contract
from rescue_kg.report import Outcome, write_report
from rescue_kg.report.claims import anchor
from rescue_kg.report.contents import gather
from rescue_kg.report.evidence import SIGNS, Evidence, evidence_of
from rescue_kg.report.page import evidence_page

if TYPE_CHECKING:
    from rescue_kg.comparison import Comparison
    from rescue_kg.graph import RescueGraph
    from rescue_kg.report.contents import Contents

NOT_OF_AN_EFFECT = "not a claim of an effect: not compared"


@pytest.fixture(scope="module")
def graph() -> RescueGraph:
    return rescue_kg.load()


@pytest.fixture(scope="module")
def comparison(graph: RescueGraph) -> Comparison:
    return graph.compare()


@pytest.fixture(scope="module")
def contents(graph: RescueGraph) -> Contents:
    return gather(graph)


@pytest.fixture(scope="module")
def evidence(graph: RescueGraph, contents: Contents) -> Evidence:
    return evidence_of(graph, contents)


@pytest.fixture(scope="module")
def outcome(graph: RescueGraph, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    pytest.importorskip("matplotlib")
    return write_report(graph, tmp_path_factory.mktemp("reports") / "out")


@pytest.fixture(scope="module")
def folder(outcome: Outcome) -> Path:
    return next(path for path in outcome.files if path.name == "report.html").parent


@pytest.fixture(scope="module")
def html(contents: Contents, evidence: Evidence) -> str:
    """The page without its figures, which take long to draw."""
    return evidence_page(contents, evidence, ())


def part(html: str, iri: str) -> str:
    """Return what stands on the page about a claim: its article, or its line."""
    name = re.escape(anchor(iri))
    found = re.findall(rf'<(article|li)[^>]* ?id="{name}">(.*?)</\1>', html, re.DOTALL)
    # The names of claims are linked in the list of verdicts, but only one place has the id.
    assert len(found) == 1, iri
    assert html.count(f'id="{anchor(iri)}"') == 1
    text = found[0][1]
    assert isinstance(text, str)
    return text


def test_every_claim_is_there_once_with_its_verdict(comparison: Comparison, html: str) -> None:
    assert len(comparison.claims) > 60
    for row in comparison.claims.to_dicts():
        shown = part(html, str(row["claim"]))
        assert escape(str(row["claim_label"]), quote=False) in shown.replace("&#39;", "'")
        verdict = str(row["verdict"])
        if NOT_OF_AN_EFFECT in shown:
            assert row["type"] not in ("efficacy claim", "positioning claim")
            assert verdict == "no comparable evidence"
        else:
            assert (
                f'<span class="verdict"><b aria-hidden="true">{SIGNS[verdict]}</b> {verdict}</span>' in shown
            )


def test_the_counts_at_the_top_are_those_of_the_comparison(
    comparison: Comparison, evidence: Evidence
) -> None:
    counts = {name: len(held) for name, held in evidence.by_verdict}
    assert tuple(counts) == VERDICTS
    counts["no comparable evidence"] += evidence.apart
    assert counts == comparison.verdicts
    assert len(evidence.held) == len(comparison.claims)


def test_every_finding_is_under_its_claim(graph: RescueGraph, comparison: Comparison, html: str) -> None:
    for claim in comparison.claims.column("claim"):
        rows = [row for row in comparison.findings.to_dicts() if row["claim"] == claim]
        shown = part(html, str(claim))
        assert Counter(re.findall(r'data-finding="([^"]*)"', shown)) == Counter(
            contract(str(row["finding"])) for row in rows
        )
        for row in rows:
            for name in ("study_label", "design", "stance", "value", "ci_low", "ci_high", "events"):
                if row[name] is not None:
                    assert escape(str(row[name])) in shown, (name, row)
    bearing = graph.query("SELECT DISTINCT ?finding ?claim WHERE { ?finding rescue:bearsOn ?claim }")
    assert isinstance(bearing, rescue_kg.Answer)
    assert len(bearing) == html.count("data-finding=")


def test_every_alternative_is_there(comparison: Comparison, html: str) -> None:
    assert len(comparison.alternatives)
    assert html.count("data-alternative=") == len(comparison.alternatives)


def test_what_decides_is_what_the_question_counts(comparison: Comparison, evidence: Evidence) -> None:
    """The rows marked as deciding are on the level, and from as many studies, as claim-verdicts says."""
    rows = {row["claim"]: row for row in comparison.claims.to_dicts()}
    marked = 0
    for held in evidence.held:
        row = rows[held.claim.iri]
        deciding = [one for one in (*held.first, *held.others) if one.decides]
        assert not any(one.decides for one in held.others)
        assert bool(deciding) == (row["decided_by"] is not None)
        for stance, name in (
            ("supports", "supporting"),
            ("no difference found", "no_difference"),
            ("opposes", "opposing"),
        ):
            assert len({one.study for one in deciding if one.stance == stance}) == row[name], held.claim.iri
        marked += len(deciding)
        if held.verdict not in ("no comparable evidence", "no verdict"):
            assert held.first
    assert marked > 30


def test_citations_stand_with_their_verdict(graph: RescueGraph, html: str) -> None:
    for row in graph.ask("claim-citations").to_dicts():
        shown = part(html, str(row["claim"]))
        assert f"{row['study_label']} ({row['verdict']}" in shown.replace("&amp;", "&")


@pytest.mark.slow
def test_says_what_it_is_and_loads_nothing_but_its_figures(folder: Path) -> None:
    html = (folder / "evidence.html").read_text(encoding="utf-8")
    assert "What sources say and what studies measured. Not medical advice." in html
    assert "docs/stance.md" in html
    assert 'href="evidence.html"' in (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|iframe|object|embed|form)\b", html)
    images = re.findall(r'<img src="([^"]*)" alt="([^"]*)"', html)
    assert html.count("<img") == len(images) > 3
    assert all(words and (folder / source).is_file() for source, words in images)
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    of_report = set(re.findall(r' id="([^"]*)"', (folder / "report.html").read_text(encoding="utf-8")))
    for link in re.findall(r'<a [^>]*?href="([^"]*)"', html):
        if not link.startswith("https://"):
            file, _, place = link.partition("#")
            assert not file or (folder / file).is_file()
            assert not place or place in (of_report if file == "report.html" else ids), link


@pytest.mark.slow
def test_figures_are_written_and_listed(folder: Path, outcome: Outcome, evidence: Evidence) -> None:
    names = {path.name for path in (folder / "figures").iterdir()}
    assert {
        f"{name}.{suffix}" for name in ("evidence-map", "drift", "citations") for suffix in ("svg", "png")
    } <= (names)
    efficacy = [held for held in evidence.held if held.claim.efficacy and (held.first or held.others)]
    assert {name for name in names if name.startswith("forest-")} == {
        f"forest-{held.claim.iri.rpartition('/')[2]}.svg" for held in efficacy
    }
    assert set(outcome.files) == {path for path in folder.rglob("*") if path.is_file()}
    assert f"{len(outcome.files)} files written" in outcome.summary


@pytest.mark.slow
def test_without_matplotlib_the_page_says_how_to_get_it(
    graph: RescueGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = write_report(graph, tmp_path / "out")
    assert not (tmp_path / "out" / "figures").exists()
    html = (tmp_path / "out" / "evidence.html").read_text(encoding="utf-8")
    assert "pip install &#39;rescue-kg[plots]&#39;" in html or "pip install 'rescue-kg[plots]'" in html
    assert "<img" not in html
    assert f"{len(result.files)} files written" in result.summary


@pytest.mark.slow
def test_a_graph_without_findings_says_so(tmp_path: Path) -> None:
    graph = rescue_kg.load(evidence=False)
    result = write_report(graph, tmp_path / "out", figures=False)
    html = (tmp_path / "out" / "evidence.html").read_text(encoding="utf-8")
    assert tmp_path / "out" / "evidence.html" in result.files
    assert html.count("This graph holds no finding of a study") == 1
    assert "data-finding" not in html
    assert 'class="verdict"' not in html


def test_texts_are_escaped(contents: Contents, evidence: Evidence) -> None:
    from dataclasses import replace

    topic = evidence.topics[0]
    held = topic.compared[0]
    bad = replace(held.first[0], study='<b>"&', question="<script>", figures=("p <0.05",), link="")
    changed = replace(topic, label="<i>", compared=(replace(held, first=(bad,)),))
    html = evidence_page(contents, replace(evidence, topics=(changed,)), ())
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;&#34;&amp;" in html
    assert "p &lt;0.05" in html
