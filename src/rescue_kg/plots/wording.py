"""The figure of the wording: how firmly each claim is put, and of whom, from section to section."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rescue_kg.answers import Answer
from rescue_kg.errors import InputError
from rescue_kg.namespaces import contract
from rescue_kg.plots.sheet import INK, Sheet, plural, wrapped

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.plots.figure import Figure

__all__ = ["draw"]

_TITLE: Final = "Wording of the claims, section by section"
_QUERY: Final = """
SELECT DISTINCT ?claim ?label ?group ?outcome ?direction ?kind ?section ?start ?strength ?strength_rank
       ?qualifier_rank WHERE {
  ?claim a rescue:Claim ; rdfs:label ?label ; rescue:hasMention ?mention .
  ?mention rescue:section ?section ; rescue:start ?start ; rescue:strength ?value .
  ?value rdfs:label ?strength ; rescue:rank ?strength_rank .
  OPTIONAL { ?mention rescue:refractoryQualifier/rescue:rank ?qualifier_rank }
  OPTIONAL { ?claim rescue:aboutState/rdfs:label ?group }
  OPTIONAL { ?claim rescue:aboutOutcome/rdfs:label ?outcome ; rescue:direction ?direction }
  OPTIONAL {
    VALUES ?class {
      rescue:PositioningClaim rescue:MechanismClaim rescue:ModifierClaim rescue:LineOfTherapyClaim
      rescue:NormativeClaim rescue:ContextClaim
    }
    ?claim a ?class . ?class rdfs:label ?kind
  }
}
ORDER BY ?start STR(?label) ?claim
"""
_ARROWS: Final = {"rescue:increases": "↑", "rescue:decreases": "↓"}
_CLAIM: Final = 172.0
_FIRST: Final = 490.0
_WIDE: Final = 138.0


@dataclass
class _Claim:
    """A claim, with its firmest strength and fullest qualifier in each section."""

    label: str
    outcome: str
    strengths: dict[str, tuple[int, str]] = field(default_factory=dict)
    qualifiers: dict[str, int] = field(default_factory=dict)


def draw(graph: RescueGraph) -> Figure:
    """Return the figure; raises InputError where no claim has a mention."""
    answer = graph.query(_QUERY)
    rows = answer.to_dicts() if isinstance(answer, Answer) else []
    if not rows:
        raise InputError("found no mention of a claim, so there is no wording to draw")
    sections = list(dict.fromkeys(str(row["section"]) for row in rows))
    groups: dict[str, dict[str, _Claim]] = defaultdict(dict)
    for row in rows:
        claims = groups[str(row["group"] or "no clinical state named")]
        arrow = _ARROWS.get(contract(str(row["direction"] or "")), "")
        named = (
            f"{row['outcome']} {arrow}".strip()
            if row["outcome"]
            else f"no outcome ({row['kind'] or 'claim'})"
        )
        claim = claims.setdefault(str(row["claim"]), _Claim(str(row["label"]), named))
        section = str(row["section"])
        found = (int(str(row["strength_rank"])), str(row["strength"]))
        claim.strengths[section] = max(claim.strengths.get(section, (-1, "")), found)
        if row["qualifier_rank"] is not None:
            rank = int(str(row["qualifier_rank"]))
            claim.qualifiers[section] = max(claim.qualifiers.get(section, -1), rank)
    ranks = {str(row["strength"]): int(str(row["strength_rank"])) for row in rows}
    return _figure(groups, sections, ranks)


def _figure(groups: dict[str, dict[str, _Claim]], sections: list[str], ranks: dict[str, int]) -> Figure:
    sheet = Sheet(_FIRST + _WIDE * len(sections) + 24)
    sheet.heading(
        _TITLE,
        "One row a claim. A section counts with its firmest wording and its fullest refractory qualifier; an "
        "empty cell does not mention the claim.",
    )
    _legend(sheet, ranks)
    sheet.y += 12
    sheet.text(sheet.left, sheet.y, "outcome claimed", 9.5, bold=True)
    sheet.text(_CLAIM, sheet.y, "claim", 9.5, bold=True)
    for place, section in enumerate(sections):
        sheet.text(_FIRST + place * _WIDE, sheet.y, section, 9.5, bold=True)
    sheet.y += 8
    counts = {"stronger": 0, "weaker": 0, "lost": 0, "reduced": 0}
    for state, claims in sorted(groups.items(), key=lambda item: item[0] == "no clinical state named"):
        height = 20.0
        _box(sheet, sheet.left, sheet.y, sheet.right, sheet.y + height, INK["ground"])
        sheet.text(sheet.left + 6, sheet.y + 13.5, state, 9.5, bold=True)
        sheet.y += height
        for iri, claim in sorted(claims.items(), key=lambda item: (item[1].outcome, item[1].label)):
            _row(sheet, contract(iri).replace(":", "-"), claim, sections, counts)
    total = sum(map(len, groups.values()))
    caption = [
        f"{plural(total, 'claim')} in {plural(len(sections), 'section')}. From one section to the next that "
        f"mentions the claim, the wording gets stronger {plural(counts['stronger'], 'time')} and weaker "
        f"{plural(counts['weaker'], 'time')}; the refractory qualifier is lost "
        f"{plural(counts['lost'], 'time')} and reduced {plural(counts['reduced'], 'time')}."
    ]
    return sheet.figure(_TITLE, caption, " ".join(_words(groups, sections)))


def _row(sheet: Sheet, name: str, claim: _Claim, sections: list[str], counts: dict[str, int]) -> None:
    label = wrapped(claim.label, _FIRST - _CLAIM - 14, 8.5)
    outcome = wrapped(claim.outcome, _CLAIM - sheet.left - 12, 8.5)
    lines = max(len(label), len(outcome))
    height = max(19.0, 11.3 * lines + 7)
    first = sheet.y + height / 2 + 3 - 11.3 * (lines - 1) / 2
    sheet.lines(sheet.left, first, outcome, 8.5, italic=claim.outcome.startswith("no outcome"))
    sheet.lines(_CLAIM, first, label, 8.5, colour=INK["note"])
    before: tuple[int, int | None] | None = None
    for place, section in enumerate(sections):
        if section not in claim.strengths:
            continue
        x, middle = _FIRST + place * _WIDE, sheet.y + height / 2
        rank, _ = claim.strengths[section]
        qualifier = claim.qualifiers.get(section)
        _strength(sheet, x, middle, rank, f"{name}-{place + 1}")
        if qualifier is not None:
            _qualifier(sheet, x + 50, middle, qualifier)
        if before is not None:
            _change(sheet, x + 63, middle, (rank, qualifier), before, counts)
        before = (rank, qualifier)
    sheet.y += height
    sheet.rule(sheet.y, INK["ground"])


def _change(
    sheet: Sheet,
    x: float,
    middle: float,
    now: tuple[int, int | None],
    before: tuple[int, int | None],
    counts: dict[str, int],
) -> None:
    """Say in a few letters what changed since the section before."""
    words = []
    if now[0] != before[0]:
        change = "stronger" if now[0] > before[0] else "weaker"
        counts[change] += 1
        words.append(change)
    if now[1] is not None and before[1] is not None and now[1] < before[1]:
        change = "lost" if now[1] == 0 else "reduced"
        counts[change] += 1
        words.append("scope lost" if change == "lost" else "scope less")
    y = middle + 3 - 4.6 * (len(words) - 1)
    for word in words:
        sheet.text(x, y, word, 7.5, bold=True)
        y += 9.2


def _strength(sheet: Sheet, x: float, middle: float, rank: int, name: str = "") -> None:
    """Put three bars that rise, as many of them filled as the rank (1 to 3) of the strength."""
    for bar in range(3):
        left, top = x + bar * 12, middle + 6 - 4.4 * (bar + 1)
        corners = [(left, top), (left + 9, top), (left + 9, middle + 6), (left, middle + 6)]
        fill = INK["text"] if bar < rank else INK["white"]
        sheet.shape(corners, fill=fill, width=0.8, name=name if bar == 0 else "")


def _qualifier(sheet: Sheet, x: float, middle: float, rank: int) -> None:
    """Put a disc: empty, half or full by the rank (0, 1 or 2) of the qualifier."""
    sheet.mark("circle", x, middle, 5.5, fill=INK["white"] if rank < 2 else INK["blue"])
    if rank == 1:
        angles = [math.pi / 2 + math.pi * step / 12 for step in range(13)]
        half = [(x + 5.5 * math.cos(one), middle - 5.5 * math.sin(one)) for one in angles]
        sheet.shape(half, fill=INK["blue"], width=0.8)


def _legend(sheet: Sheet, ranks: dict[str, int]) -> None:
    sheet.y += 8
    x = sheet.left
    for words, rank in sorted(ranks.items(), key=lambda item: item[1]):
        _strength(sheet, x, sheet.y - 3, rank)
        sheet.text(x + 42, sheet.y, f"{words} wording", 9, colour=INK["note"])
        x += 150
    sheet.y += 18
    x = sheet.left
    for rank, words in ((2, "said of refractory patients"), (1, "partly so"), (0, "no refractory qualifier")):
        _qualifier(sheet, x + 6, sheet.y - 3, rank)
        sheet.text(x + 18, sheet.y, words, 9, colour=INK["note"])
        x += 190
    sheet.y += 10


def _box(sheet: Sheet, left: float, top: float, right: float, bottom: float, fill: str) -> None:
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    sheet.shape(corners, fill=fill, edge="none", width=0)


def _words(groups: dict[str, dict[str, _Claim]], sections: list[str]) -> list[str]:
    scope = {0: "no refractory qualifier", 1: "partial qualifier", 2: "full qualifier"}
    sentences = []
    for claims in groups.values():
        for claim in claims.values():
            cells = []
            for section in sections:
                if section in claim.strengths:
                    said = scope.get(claim.qualifiers.get(section, -1), "")
                    cells.append(f"{section} {claim.strengths[section][1]}{', ' + said if said else ''}")
            sentences.append(f"{claim.label}: {'; '.join(cells)}.")
    return sentences
