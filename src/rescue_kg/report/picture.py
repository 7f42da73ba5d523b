"""The picture of the graph: what had failed, the refractory state, the rescue offered, as one SVG."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

from rescue_kg.report.boxes import LEFTS, LINE, MARGIN, SMALL, SMALL_LINE, WIDE, WIDTH, boxes_of, place
from rescue_kg.report.citations import counted
from rescue_kg.report.claims import claims_of
from rescue_kg.report.facts import Facts
from rescue_kg.report.pathways import pathways_of
from rescue_kg.report.placing import text_width
from rescue_kg.report.signs import INK, KIND_NAMES, LEGEND, STYLE, glyph

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.report.boxes import Box, Edge
    from rescue_kg.report.pathways import Pathway

__all__ = ["draw", "in_words", "picture_svg", "source_line"]

_TOP: Final = 74
#: How far apart lines come in where they meet, and how far the point of a state's box reaches.
_PORT: Final = 11
_POINT: Final = 13
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TITLES: Final = (
    ("What had failed", "therapy", "therapies"),
    ("Refractory state", "state", "states"),
    ("Rescue offered", "intervention", "interventions"),
)


def picture_svg(graph: RescueGraph) -> str:
    """Return the picture of a graph as the text of an SVG file: no script, no font, nothing to load.

    Failed therapies stand on the left, clinical states in the middle, rescues on the right; the same graph
    gives the same text.
    """
    facts = Facts(graph)
    claims = claims_of(facts)
    return draw(pathways_of(facts, claims), source_line(facts))


def source_line(facts: Facts) -> str:
    """Return the line under the picture: whose words it shows, and how much of it was checked."""
    claims = facts.instances("rescue:Claim")
    cited = {study for claim in claims for study in facts.nodes(claim, "rescue:citesStudy")}
    sources = {source for claim in claims for source in facts.nodes(claim, "rescue:statedBy")}
    told = "; ".join(sorted(facts.labels(sources))) or "no source"
    return (
        f"What the source states ({told}), not what was shown to work. "
        f"Of its {len(cited)} references: {counted(facts, cited)}. Not medical advice."
    )


def in_words(path: Pathway) -> str:
    """Return one row of the picture as a sentence."""
    failed = "; ".join(therapy.label for therapy in path.failed) or "nothing recorded"
    offers = "; ".join(
        f"{offer.therapy.label} ({offer.claims} {'claim' if offer.claims == 1 else 'claims'})"
        for offer in path.offers
    )
    return f"{path.label}: failed before: {failed}; offered as rescue: {offers or 'nothing recorded'}."


def draw(paths: list[Pathway], source: str) -> str:
    """Return the SVG of pathways, `source` being the line under it."""
    columns, edges = boxes_of(paths)
    legend, end = _legend(columns, place(columns, _TOP) + 34)
    height = _number(end + 46)
    words = (
        " ".join(map(in_words, paths))
        or "No claim of the graph is about a clinical state with a failure or a rescue."
    )
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-labelledby="pic-title pic-desc" class="picture">',
        '<title id="pic-title">What had failed, in which state, and the rescue offered</title>',
        f'<desc id="pic-desc">{_escaped(words)}</desc>',
        STYLE,
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for left, (title, one, many), boxes in zip(LEFTS, _TITLES, columns, strict=True):
        centre = _number(left + WIDE / 2)
        count = f"{len(boxes)} {one if len(boxes) == 1 else many}"
        body.append(f'<text class="head" x="{centre}" y="30">{title}</text>')
        body.append(f'<text class="small" x="{centre}" y="49">{count}</text>')
    body += _edges({box.key: box for boxes in columns for box in boxes}, edges)
    body += [_box(box) for boxes in columns for box in boxes]
    body += legend
    body.append(f'<text class="small" x="{WIDTH / 2:g}" y="{_number(end + 24)}">{_escaped(source)}</text>')
    return "\n".join([*body, "</svg>", ""])


def _edges(boxes: dict[str, Box], edges: list[Edge]) -> list[str]:
    """Return the curves; where several meet a box they are a little apart, in the order of their far ends."""
    ends: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for number, edge in enumerate(edges):
        ends.setdefault((edge.start, "out"), []).append((boxes[edge.end].middle, number))
        ends.setdefault((edge.end, "in"), []).append((boxes[edge.start].middle, number))
    shift = {}
    for (key, side), found in ends.items():
        apart = min(_PORT, (boxes[key].height - 16) / max(1, len(found) - 1))
        for rank, (_, number) in enumerate(sorted(found)):
            shift[side, number] = (rank - (len(found) - 1) / 2) * apart
    drawn = []
    for number, edge in enumerate(edges):
        start, end = boxes[edge.start], boxes[edge.end]
        x1 = start.left + WIDE - _slant(start, shift["out", number])
        x2 = end.left + _slant(end, shift["in", number])
        y1, y2 = start.middle + shift["out", number], end.middle + shift["in", number]
        drawn.append(
            f'<g class="edge {edge.form}"><title>{_escaped(edge.tip)}</title>'
            f"{_curve(x1, y1, x2, y2, arrow=edge.form == 'rescue')}</g>"
        )
    return drawn


def _curve(x1: float, y1: float, x2: float, y2: float, *, arrow: bool) -> str:
    """Return a line that leaves and comes in level, with an arrow or a bar at its end."""
    bend = (x2 - x1) / 2
    points = (x1, y1, x1 + bend, y1, x2 - bend, y2, x2 - (9 if arrow else 5), y2)
    ax, ay, bx, by, cx, cy, dx, dy = map(_number, points)
    if arrow:
        mark = f'<path class="tip" d="M{_number(x2 - 1)} {dy}l-9 -5v10z"/>'
    else:
        mark = f'<path class="bar" d="M{dx} {_number(y2 - 6)}v12"/>'
    return f'<path d="M{ax} {ay}C{bx} {by} {cx} {cy} {dx} {dy}"/>{mark}'


def _slant(box: Box, off: float) -> float:
    """Return how far in from its point the side of a state's box is, `off` above or below its middle."""
    return _POINT * abs(off) / (box.height / 2) if box.form == "state" else 0.0


def _box(box: Box) -> str:
    top = box.middle - box.height / 2
    x = _number(box.left + (WIDE / 2 if box.form == "state" else 46))
    parts = [f'<g class="box {box.form}"><title>{_escaped(box.tip)}</title>', _outline(box, top)]
    if box.form != "state":
        parts.append(glyph(box.kind, box.left + 25, box.middle))
    line = top + 24
    for text in box.lines:
        parts.append(f'<text x="{x}" y="{_number(line)}">{_escaped(text)}</text>')
        line += LINE
    for text in box.small:
        parts.append(f'<text class="note" x="{x}" y="{_number(line - 2)}">{_escaped(text)}</text>')
        line += SMALL_LINE
    return "".join([*parts, "</g>"])


def _outline(box: Box, top: float) -> str:
    x, y, height = _number(box.left), _number(top), _number(box.height)
    if box.form == "state":
        half, flat = _number(box.height / 2), WIDE - 2 * _POINT
        return (
            f'<path d="M{_number(box.left + _POINT)} {y}h{flat}l{_POINT} {half}l-{_POINT} {half}h-{flat}'
            f'l-{_POINT} -{half}z"/>'
        )
    if box.form == "rescue":
        return f'<rect x="{x}" y="{y}" width="{WIDE}" height="{height}" rx="12"/>'
    hatch = f'<path class="hatch" d="M{x} {y}h7v{height}h-7z"/>' if box.form == "failed" else ""
    return f'<rect x="{x}" y="{y}" width="{WIDE}" height="{height}"/>{hatch}'


def _legend(columns: list[list[Box]], top: float) -> tuple[list[str], float]:
    """Return the legend, with the forms and kinds that occur, and where it ends."""
    forms = {box.form for boxes in columns for box in boxes}
    kinds = {box.kind for boxes in columns for box in boxes if box.form in ("failed", "rescue")}
    items = [(sample, text, 52) for form, sample, text in LEGEND if form in forms]
    marks = [(glyph(kind, 13, 0), name, 28) for kind, name in KIND_NAMES.items() if kind in kinds]
    drawn = [f'<path d="M{MARGIN} {_number(top - 14)}H{WIDTH - MARGIN}" stroke="{INK["rule"]}"/>']
    row = top + 6
    for group in (items, marks):
        x = float(MARGIN)
        for sample, text, offset in group:
            wide = offset + text_width(text, SMALL) + 16
            if x + wide > WIDTH - MARGIN and x > MARGIN:
                x, row = float(MARGIN), row + 26
            drawn.append(
                f'<g transform="translate({_number(x)} {_number(row)})">{sample}'
                f'<text class="note" x="{offset}" y="4">{_escaped(text)}</text></g>'
            )
            x += wide
        row += 28
    return drawn, row - 14


def _escaped(text: str) -> str:
    """Return a text for XML: escaped, and without the control characters that XML cannot hold."""
    return escape(_NOT_XML.sub(" ", text))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
