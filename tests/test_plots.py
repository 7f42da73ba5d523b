"""The figures: what stands in them, where it stands, and that the same graph gives the same bytes."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

import rescue_kg
from rescue_kg import plots
from rescue_kg.cli.plot import command
from rescue_kg.errors import InputError, OutputError, UnknownFormatError, UnknownNameError
from rescue_kg.namespaces import contract
from rescue_kg.plots.evidence import _STANCES
from rescue_kg.plots.figure import Line, Shape, Text
from rescue_kg.plots.sheet import MARKS, Sheet, short, ticks, wrapped
from rescue_kg.resources import data_path

FIXTURE = Path(__file__).parent / "fixtures" / "pooling" / "evidence.ttl"
ONTOLOGY = data_path("ontology", "rescue.ttl")
FOOT = "What sources say and measured; not medical advice."
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def graph() -> rescue_kg.RescueGraph:
    return rescue_kg.load(ONTOLOGY, FIXTURE)


@pytest.fixture(scope="module")
def figures(graph: rescue_kg.RescueGraph) -> dict[str, plots.Figure]:
    return {
        "survival": plots.forest(graph, "claim:ecpr-ohca-survival"),
        "neurological": plots.forest(graph, "claim:ecpr-ohca-neurological-outcome"),
        "asthma": plots.forest(graph, "severe asthma"),
        "question": plots.forest(graph, "poolable-findings"),
        "map": plots.evidence_map(graph),
        "drift": plots.drift(graph),
        "citations": plots.citations(graph),
    }


NAMES = ("survival", "neurological", "asthma", "question", "map", "drift", "citations")


def texts(figure: plots.Figure) -> list[str]:
    return [part.words for part in figure.parts if isinstance(part, Text)]


def names(figure: plots.Figure) -> list[str]:
    return [part.name for part in figure.parts if isinstance(part, Shape) and part.name]


def faults_of(figure: plots.Figure) -> list[str]:
    """What lies outside the canvas, and level texts that run into each other, as matplotlib measures them."""
    canvas = figure.canvas()
    agg: Any = FigureCanvasAgg(canvas)
    renderer = agg.get_renderer()
    (axes,) = canvas.axes
    boxes = [(one, one.get_window_extent(renderer)) for one in axes.texts if one.get_text().strip()]
    width, height = canvas.bbox.width, canvas.bbox.height
    faults = [
        f"outside: {one.get_text()}"
        for one, box in boxes
        if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height
    ]
    level = [(one, box) for one, box in boxes if not one.get_rotation()]
    for (one, a), (other, b) in combinations(level, 2):
        # Letters of one line may reach a little into the leading of the next.
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        if across > 0.5 and down > 2:
            faults.append(f"over each other: {one.get_text()} / {other.get_text()}")
    return faults


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_outside_or_over_each_other(name: str, figures: dict[str, plots.Figure]) -> None:
    figure = figures[name]
    assert faults_of(figure) == []
    for part in figure.parts:
        points = ((part.x, part.y),) if isinstance(part, Text) else part.points
        assert all(0 <= x <= figure.width and 0 <= y <= figure.height for x, y in points)
        if isinstance(part, Text):
            assert part.size >= 7.5


@pytest.mark.parametrize("name", NAMES)
def test_svg_is_whole_and_says_what_it_is(name: str, figures: dict[str, plots.Figure]) -> None:
    figure = figures[name]
    svg = figure.svg()
    root = ET.fromstring(svg.encode())
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text == figure.title
    assert description is not None
    assert FOOT in (description.text or "")
    assert figure.caption.endswith(FOOT)
    assert FOOT in texts(figure)
    assert root.find(f"{SVG}metadata") is None
    # Texts are paths, so no font is needed; matplotlib keeps their words in comments.
    assert not list(root.iter(f"{SVG}text"))
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert set(names(figure)) <= set(ids)
    assert figure._repr_svg_() == svg


@pytest.mark.parametrize("name", ["neurological", "map"])
def test_the_same_graph_gives_the_same_bytes(
    name: str, graph: rescue_kg.RescueGraph, figures: dict[str, plots.Figure]
) -> None:
    again = (
        plots.evidence_map(graph)
        if name == "map"
        else plots.forest(graph, "claim:ecpr-ohca-neurological-outcome")
    )
    assert again.svg() == figures[name].svg()
    assert again.png(50) == figures[name].png(50)


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_process_or_the_settings_of_a_user(
    tmp_path: Path, figures: dict[str, plots.Figure]
) -> None:
    (tmp_path / "matplotlibrc").write_text("font.family: monospace\nsvg.fonttype: none\nlines.linewidth: 9\n")
    code = (
        "import sys, rescue_kg, rescue_kg.plots\n"
        "assert 'matplotlib' not in sys.modules\n"
        f"graph = rescue_kg.load({str(ONTOLOGY)!r}, {str(FIXTURE)!r})\n"
        "figure = rescue_kg.plots.forest(graph, 'claim:ecpr-ohca-neurological-outcome')\n"
        "sys.stdout.buffer.write(figure.svg().encode())\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "import matplotlib\n"
        "assert matplotlib.rcParams['font.family'] == ['monospace']\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONHASHSEED": "7", "MPLCONFIGDIR": str(tmp_path)},
    )
    assert found.stdout == figures["neurological"].svg().encode()


def test_png_opens(figures: dict[str, plots.Figure]) -> None:
    figure = figures["neurological"]
    with Image.open(io.BytesIO(figure.png(100))) as image:
        image.load()
        assert image.format == "PNG"
        assert image.size == (int(figure.width * 100 / 72), int(figure.height * 100 / 72))
        darkest, lightest = image.convert("L").getextrema()
        assert int(str(darkest)) < 60
        assert lightest == 255


def test_every_finding_is_drawn_once(graph: rescue_kg.RescueGraph, figures: dict[str, plots.Figure]) -> None:
    found = graph.query("SELECT DISTINCT ?f WHERE { ?f rescue:bearsOn claim:ecpr-ohca-survival }")
    assert isinstance(found, rescue_kg.Answer)
    expected = Counter(f"estimate-{contract(str(row[0])).partition(':')[2]}-1" for row in found)
    assert len(expected) == 7
    assert Counter(names(figures["survival"])) == expected
    # A finding that is printed in words only has a mark too.
    assert "finding-torrego-2014-cochrane-f3" in names(figures["asthma"])
    assert len(names(figures["asthma"])) == 5
    assert "only words, no figure" in texts(figures["asthma"])
    assert "unchanged" in texts(figures["asthma"])


def test_figures_are_as_printed(figures: dict[str, plots.Figure]) -> None:
    shown = " ".join(texts(figures["survival"]))
    for words in (
        "0.16 (0.06 to 0.41) †",
        "1.3, no interval, p 0.24 †",
        "27.6 v 19.7 %, no interval, p 0.01",
        "36.2 (3.7 to 59.2) percentage points †",
        "225/913 v 149/913",
        "survival: odds ratio",
        "7 figures of 7 findings from 5 studies, 2 of them randomized; 5 read in a secondary source.",
    ):
        assert words in shown


def sides(figure: plots.Figure, head: str) -> tuple[str, str]:
    """The words to the left and the right of the line of no difference, in the group with a heading."""
    shown = [part for part in figure.parts if isinstance(part, Text)]
    start = next(place for place, part in enumerate(shown) if part.words == head)
    after = shown[start + 1 :]
    end = next((place for place, part in enumerate(after) if part.bold and part.size == 10), len(after))
    marks = [part for part in after[:end] if part.size == 8 and part.anchor in ("left", "right")]
    left = " ".join(part.words for part in marks if part.anchor == "right")
    first = next(place for place, part in enumerate(marks) if part.anchor == "right")
    right = " ".join(part.words for part in marks[first:] if part.anchor == "left")
    return left, right


def test_directions_follow_the_polarity_of_the_outcome(figures: dict[str, plots.Figure]) -> None:
    ecpr, cpr = "extracorporeal cardiopulmonary resuscitation", "conventional cardiopulmonary resuscitation"
    assert sides(figures["survival"], "mortality: hazard ratio") == (f"← favours {ecpr}", f"favours {cpr} →")
    left, right = sides(figures["survival"], "survival: odds ratio")
    assert (left, right) == (f"← favours {cpr}", f"favours {ecpr} →")
    asthma = texts(figures["asthma"])
    assert "higher is better" in asthma
    assert "lower is better" in asthma
    assert "← fell" in asthma


def test_a_turned_figure_is_turned_round_and_says_so(tmp_path: Path) -> None:
    turned = FIXTURE.read_text(encoding="utf-8").replace(
        'rescue:ciHighAsPrinted "0.41" ;',
        'rescue:ciHighAsPrinted "0.41" ;\n    rescue:contrast rescue:comparator-against-intervention ;',
    )
    path = tmp_path / "turned.ttl"
    path.write_text(turned, encoding="utf-8")
    figure = plots.forest(rescue_kg.load(ONTOLOGY, path), "claim:ecpr-ohca-survival")
    shown = texts(figure)
    assert "6.25 (2.44 to 16.7) †‡" in shown
    assert any(words.startswith("‡") or "‡ printed as the comparator" in words for words in shown)


def test_a_diamond_only_where_pooling_gave_one(figures: dict[str, plots.Figure]) -> None:
    diamonds = {name: [one for one in names(figures[name]) if one.startswith("pool-")] for name in NAMES}
    assert diamonds["neurological"] == ["pool-neurological-outcome"]
    assert diamonds["survival"] == diamonds["asthma"] == []
    shown = texts(figures["neurological"])
    assert "pooled, 2 randomized trials" in shown
    assert "1.57 (0.0675 to 36.5)" in shown
    assert "no prediction interval from two" in shown


def test_forest_of_marks_in_and_out_of_the_state(graph: rescue_kg.RescueGraph, tmp_path: Path) -> None:
    elsewhere = FIXTURE.read_text(encoding="utf-8").replace(
        "rescue:aboutState state:cpr-refractory-ohca", "rescue:aboutState state:any-ohca", 1
    )
    prefix = "@prefix condition: <https://w3id.org/rescue-kg/condition/> .\n"
    state = (
        'state:any-ohca a rescue:TreatedState ; rdfs:label "cardiac arrest, no failure required"@en ; '
        "rescue:ofCondition condition:out-of-hospital-cardiac-arrest .\n"
    )
    path = tmp_path / "elsewhere.ttl"
    path.write_text(prefix + elsewhere + state, encoding="utf-8")
    figure = plots.forest(rescue_kg.load(ONTOLOGY, path), "claim:ecpr-ohca-neurological-outcome")
    fills = {part.name: part.fill for part in figure.parts if isinstance(part, Shape) and part.name}
    assert fills["estimate-prague-ohca-2022-f1-1"] == "#ffffff"
    assert fills["estimate-inception-2023-f1-1"] != "#ffffff"
    assert faults_of(figure) == []


def test_evidence_map(figures: dict[str, plots.Figure]) -> None:
    figure = figures["map"]
    drawn = names(figure)
    assert "ecpr-cpr-refractory-ohca" in drawn
    assert "bronchial-thermoplasty-medication-refractory-severe-asthma" in drawn
    assert len(drawn) == len(set(drawn))
    shown = texts(figure)
    assert any(words.startswith("In the refractory state of a claim") for words in shown)
    # Seven studies of E-CPR, some with and some without a difference.
    assert "7" in shown
    assert "M" in shown


def test_stances_differ_without_colour() -> None:
    looks = list(_STANCES.values())
    assert len({letter for letter, *_ in looks}) == len(looks)
    assert len({kind for _, kind, *_ in looks}) == len(looks)


def test_drift_agrees_with_the_questions(
    graph: rescue_kg.RescueGraph, figures: dict[str, plots.Figure]
) -> None:
    figure = figures["drift"]
    wording = Counter(graph.ask("wording-drift").column("change"))
    scope = Counter(graph.ask("lost-refractory-qualifier").column("change"))
    expected = (
        f"the wording gets stronger {wording['stronger']} times and weaker {wording['weaker']} times; "
        f"the refractory qualifier is lost {scope['lost']} times and reduced {scope['reduced']} times."
    )
    assert expected in figure.caption
    shown = Counter(texts(figure))
    assert (shown["stronger"], shown["weaker"]) == (wording["stronger"], wording["weaker"])
    assert (shown["scope lost"], shown["scope less"]) == (scope["lost"], scope["reduced"])
    mentioned = graph.query("SELECT DISTINCT ?c ?s WHERE { ?c rescue:hasMention ?m . ?m rescue:section ?s }")
    assert isinstance(mentioned, rescue_kg.Answer)
    assert len(names(figure)) == len(mentioned)
    sections = [words for words in texts(figure) if words in {"Introduction", "Description", "Conclusion"}]
    assert sections == ["Introduction", "Description", "Conclusion"]


def test_citations(graph: rescue_kg.RescueGraph, figures: dict[str, plots.Figure]) -> None:
    figure = figures["citations"]
    assert "10 references" in figure.caption
    rows = graph.query(
        "SELECT ?n (COUNT(DISTINCT ?c) AS ?k) WHERE { "
        "?s rescue:citationNumber ?n . ?c rescue:citesStudy ?s } GROUP BY ?n"
    )
    assert isinstance(rows, rescue_kg.Answer)
    shown = Counter(texts(figure))
    assert all(shown[str(count)] for _, count in rows)
    bars = [part for part in figure.parts if isinstance(part, Shape) and part.name]
    widths = sorted(part.points[1][0] - part.points[0][0] for part in bars)
    counts = sorted(int(str(count)) for _, count in rows)
    assert [round(width / widths[-1], 6) for width in widths] == [round(n / counts[-1], 6) for n in counts]


def test_the_same_facts_twice_change_nothing(figures: dict[str, plots.Figure]) -> None:
    twice = rescue_kg.load(ONTOLOGY, FIXTURE)
    twice.load(FIXTURE, dataset="again")
    again = plots.forest(twice, "claim:ecpr-ohca-neurological-outcome")
    assert again.parts == figures["neurological"].parts
    assert plots.evidence_map(twice).parts == figures["map"].parts


EMPTY = "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n<https://example.org/> a owl:Ontology .\n"


@pytest.mark.parametrize("draw", [plots.evidence_map, plots.drift, plots.citations])
def test_an_empty_figure_is_refused(
    draw: Callable[[rescue_kg.RescueGraph], plots.Figure], tmp_path: Path
) -> None:
    path = tmp_path / "empty.ttl"
    path.write_text(EMPTY, encoding="utf-8")
    with pytest.raises(InputError, match="found no"):
        draw(rescue_kg.load(path, infer=False))


@pytest.mark.parametrize(
    ("term", "error", "message"),
    [
        ("no such thing", UnknownNameError, "no such thing"),
        ("claim:thermoplasty-asthma-airway-remodelling", InputError, "found no finding that bears on it"),
        ("intervention:plasma-exchange-of-nobody", UnknownNameError, "plasma-exchange-of-nobody"),
        ("rescue:odds-ratio", InputError, "expected a node of one of the kinds claim, state"),
        ("rescue-options", InputError, "found no column finding"),
    ],
)
def test_what_cannot_be_drawn(
    term: str, error: type[Exception], message: str, graph: rescue_kg.RescueGraph
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        plots.forest(graph, term)


def test_save(tmp_path: Path, figures: dict[str, plots.Figure]) -> None:
    figure = figures["neurological"]
    figure.save(tmp_path / "a.svg")
    figure.save(tmp_path / "a.PNG")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == figure.svg()
    assert (tmp_path / "a.PNG").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UnknownFormatError, match=r"expected \.svg or \.png"):
        figure.save(tmp_path / "a.pdf")
    with pytest.raises(OutputError):
        figure.save(tmp_path / "nowhere" / "a.svg")


def test_command_line(tmp_path: Path, figures: dict[str, plots.Figure]) -> None:
    files = ["--graph", str(ONTOLOGY), "--graph", str(FIXTURE)]
    out = tmp_path / "forest.svg"
    arguments = ["forest", "claim:ecpr-ohca-neurological-outcome", "--out"]
    result = CliRunner().invoke(command, [*arguments, str(out), *files])
    assert result.exit_code == 0
    assert result.stdout == ""
    assert FOOT in result.stderr
    assert out.read_text(encoding="utf-8") == figures["neurological"].svg()
    result = CliRunner().invoke(command, [*arguments, "-", *files])
    assert result.stdout == figures["neurological"].svg()
    for wrong in (
        ["forest", "--out", str(out)],
        ["map", "E-CPR", "--out", str(out)],
        ["pie", "--out", "a.svg"],
    ):
        assert CliRunner().invoke(command, wrong).exit_code == 2


def test_ticks_are_round_and_few() -> None:
    assert ticks(0.05, 2.2, log=True) == pytest.approx([0.05, 0.1, 0.2, 0.5, 1, 2])
    assert ticks(0, 13, log=False) == [0, 2, 4, 6, 8, 10, 12]
    for low, high in ((0.02, 50), (0.9, 1.1), (0.5, 2)):
        assert 1 <= len(ticks(low, high, log=True)) <= 8
    for low, high in ((-0.08, 0.08), (-1.1, 0.1), (0, 100), (-3000, 12)):
        assert 3 <= len(ticks(low, high, log=False)) <= 8


def test_small_parts() -> None:
    assert [short(one) for one in (0, 1.5695, 0.0675, 36.52, 1234.5, -2.50)] == [
        *("0", "1.57", "0.0675", "36.5", "1234"),
        "-2.5",
    ]
    assert wrapped("", 100, 9) == [""]
    assert len(wrapped("supercalifragilistic " * 3, 60, 9)) > 3
    sheet = Sheet(100)
    for kind in MARKS:
        sheet.mark(kind, 50, 50, 5)
    sheet.line([(0, 0), (1, 1)])
    assert isinstance(sheet.parts[-1], Line)


@pytest.mark.slow
def test_the_packaged_evidence_draws_well() -> None:
    graph = rescue_kg.load()
    topics = graph.query(
        "SELECT DISTINCT ?c WHERE { ?k a rescue:Claim ; rescue:aboutState/rescue:ofCondition ?c . "
        "?f a rescue:Finding ; rescue:aboutState/rescue:ofCondition ?c }"
    )
    assert isinstance(topics, rescue_kg.Answer)
    assert len(topics) > 5
    for (topic,) in topics:
        assert faults_of(plots.forest(graph, str(topic))) == []
    assert faults_of(plots.evidence_map(graph)) == []
