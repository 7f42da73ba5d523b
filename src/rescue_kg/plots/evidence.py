"""The evidence map: interventions by states, how many studies, and how they stand to the claims."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rescue_kg.answers import Answer
from rescue_kg.errors import InputError
from rescue_kg.namespaces import contract
from rescue_kg.plots.figure import text_width
from rescue_kg.plots.sheet import INK, Sheet, plural, wrapped

if TYPE_CHECKING:
    from rescue_kg.answers import Value
    from rescue_kg.graph import RescueGraph
    from rescue_kg.plots.figure import Figure

__all__ = ["draw"]

_TITLE: Final = "Evidence map: what was studied, in which state, and how it stands to the claims"
_QUERY: Final = """
SELECT DISTINCT ?finding ?study ?state ?state_label ?intervention ?intervention_label ?stance ?nearness
       ?topic WHERE {
  ?finding a rescue:Finding ; rescue:statedBy ?study ; rescue:aboutState ?state ;
           rescue:aboutIntervention ?intervention .
  ?state rdfs:label ?state_label .
  ?intervention rdfs:label ?intervention_label .
  OPTIONAL {
    VALUES ?stance {
      rescue:supports rescue:opposes rescue:findsNoDifferenceFor rescue:makesNoComparisonFor
    }
    ?finding ?stance ?claim
  }
  OPTIONAL {
    VALUES (?relation ?nearness) {
      (rescue:withinState 0) (rescue:onConditionOf 1) (rescue:onKindredConditionOf 2)
    }
    ?state ?relation ?of_claim . ?of_claim rdfs:label ?topic
  }
}
ORDER BY ?nearness STR(?topic) STR(?state_label) STR(?intervention_label) ?finding
"""
#: Stance -> its letter, mark, fill, hatch and meaning; the first four come from findings that bear on claims.
_STANCES: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "supports": ("S", "circle", INK["sky"], "", "supports"),
    "opposes": ("O", "down", INK["red"], "", "opposes"),
    "findsNoDifferenceFor": ("N", "square", INK["yellow"], "", "finds no difference"),
    "makesNoComparisonFor": ("C", "up", INK["white"], "", "compares with no other arm"),
    "mixed": ("M", "hexagon", INK["rule"], "", "comparisons differ"),
    "none": ("-", "diamond", INK["ground"], "", "bears on no claim"),
}
_LABELS: Final = 300.0
_COLUMN: Final = 31.0
_ROW: Final = 31.0
_LEAN: Final = 55.0
_SMALLEST: Final = 7.2
_LARGEST: Final = 12.5


@dataclass
class _Cell:
    """One intervention in one state."""

    studies: set[str] = field(default_factory=set)
    stances: set[str] = field(default_factory=set)

    @property
    def stance(self) -> str:
        """The stance of the comparisons; that of findings without one only where there is no other."""
        compared = self.stances - {"makesNoComparisonFor"}
        if len(compared) > 1:
            return "mixed"
        return next(iter(compared or self.stances), "none")


def draw(graph: RescueGraph) -> Figure:
    """Return the figure; raises InputError where the graph holds no finding."""
    answer = graph.query(_QUERY)
    rows = answer.to_dicts() if isinstance(answer, Answer) else []
    if not rows:
        raise InputError("found no finding, so there is no evidence to map")
    cells: dict[tuple[str, str], _Cell] = defaultdict(_Cell)
    # State -> the claimed state that it is nearest to, its own label, and whether it is within it.
    states: dict[str, tuple[str, str, bool]] = {}
    interventions: dict[str, str] = {}
    for row in rows:
        state, intervention = str(row["state"]), str(row["intervention"])
        states.setdefault(state, (str(row["topic"] or "~"), str(row["state_label"]), row["nearness"] == 0))
        interventions.setdefault(intervention, str(row["intervention_label"]))
        cell = cells[state, intervention]
        cell.studies.add(str(row["study"]))
        if row["stance"]:
            cell.stances.add(contract(str(row["stance"])).partition(":")[2])
    # One topic after the other, in rows and in columns, so that the marks keep near the diagonal.
    states = dict(sorted(states.items(), key=lambda item: item[1]))
    order = {one: min(states[at] for at, other in cells if other == one) for one in interventions}
    interventions = dict(sorted(interventions.items(), key=lambda item: (order[item[0]], item[1])))
    return _figure(cells, states, interventions, rows)


def _figure(
    cells: dict[tuple[str, str], _Cell],
    states: dict[str, tuple[str, str, bool]],
    interventions: dict[str, str],
    rows: list[dict[str, Value | None]],
) -> Figure:
    columns = list(interventions)
    # The last label leans out to the right of its column.
    sheet = Sheet(_LABELS + _COLUMN * len(columns) + 130)
    sheet.heading(
        _TITLE,
        "Area of a mark and figure beside it: number of studies. Letter, shape and shade: how their findings "
        "stand to the claims on which they bear.",
    )
    used = {cell.stance for cell in cells.values()}
    _legend(sheet, used)
    _column_labels(sheet, list(interventions.values()))
    parts = (
        ("In the refractory state of a claim", [state for state in states if states[state][2]]),
        ("In other states", [state for state in states if not states[state][2]]),
    )
    most = max(len(cell.studies) for cell in cells.values())
    for title, members in parts:
        if members:
            _part(sheet, title, members, states, columns, cells, most)
    studies = {str(row["study"]) for row in rows}
    findings = {str(row["finding"]) for row in rows}
    caption = [
        f"{plural(len(findings), 'finding')} of {plural(len(studies), 'study', 'studies')}: "
        f"{plural(len(columns), 'intervention')} in {plural(len(states), 'state')}, "
        f"{sum(states[state][2] for state in states)} of them within the refractory state of a claim. A "
        "study counts once in each mark; a synthesis counts as one study, beside its members."
    ]
    return sheet.figure(_TITLE, caption, " ".join(_words(cells, states, interventions)))


def _column_labels(sheet: Sheet, labels: list[str]) -> None:
    """Put the names of the interventions, leaning, in at most two lines each."""
    names = []
    for label in labels:
        fits = (wrapped(label, width, 8.5) for width in range(130, 400, 10))
        names.append(next(lines for lines in fits if len(lines) < 3))
    angle = math.radians(_LEAN)
    longest = max(text_width(words, 8.5) for lines in names for words in lines)
    sheet.y += longest * math.sin(angle) + 22
    for place, lines in enumerate(names):
        x = _LABELS + _COLUMN * (place + 0.5) + 3
        # A second line is below the first at a right angle to it; a single one stands between the two.
        for rank, words in enumerate(lines):
            off = 10.4 * (rank - (len(lines) - 1) / 2)
            sheet.text(x + off * math.sin(angle), sheet.y - 8 + off * math.cos(angle), words, 8.5, turn=_LEAN)


def _part(
    sheet: Sheet,
    title: str,
    members: list[str],
    states: dict[str, tuple[str, str, bool]],
    columns: list[str],
    cells: dict[tuple[str, str], _Cell],
    most: int,
) -> None:
    right = _LABELS + _COLUMN * len(columns)
    box = [(sheet.left, sheet.y), (right, sheet.y), (right, sheet.y + 20), (sheet.left, sheet.y + 20)]
    sheet.shape(box, fill=INK["ground"], edge="none", width=0)
    sheet.text(sheet.left + 6, sheet.y + 13.5, f"{title} ({len(members)})", 9.5, bold=True)
    sheet.y += 20
    top = sheet.y
    bottom = top + _ROW * len(members)
    for place in range(len(columns)):
        x = _LABELS + _COLUMN * (place + 0.5)
        sheet.line([(x, top), (x, bottom)], 0.6, INK["rule"])
    for state in members:
        middle = sheet.y + _ROW / 2
        lines = wrapped(states[state][1], _LABELS - sheet.left - 14, 8.5)[:3]
        sheet.lines(sheet.left, middle + 3 - 5.4 * (len(lines) - 1), lines, 8.5)
        sheet.line([(_LABELS, middle), (right, middle)], 0.6, INK["rule"])
        for place, intervention in enumerate(columns):
            if (state, intervention) in cells:
                name = "-".join(contract(one).partition(":")[2] for one in (intervention, state))
                _bubble(
                    sheet, _LABELS + _COLUMN * (place + 0.5), middle, cells[state, intervention], most, name
                )
        sheet.y += _ROW
        sheet.rule(sheet.y, INK["ground"])
    sheet.y += 4


def _bubble(sheet: Sheet, x: float, y: float, cell: _Cell, most: int, name: str) -> None:
    letter, kind, fill, hatch, _ = _STANCES[cell.stance]
    count = len(cell.studies)
    # Area goes with the number; the smallest still holds its letter.
    radius = math.sqrt(_SMALLEST**2 + (_LARGEST**2 - _SMALLEST**2) * (count - 1) / max(most - 1, 1))
    sheet.mark(kind, x, y, radius, fill=fill, hatch=hatch, name=name)
    drop = {"up": 4.6, "down": 1.6}.get(kind, 3.0)
    sheet.text(x, y + drop, letter, 8.5, bold=True, anchor="center")
    sheet.text(x + radius + 2.5, y + 10, str(count), 7.5)


def _legend(sheet: Sheet, used: set[str]) -> None:
    sheet.y += 10
    x = sheet.left
    for stance, (letter, kind, fill, hatch, words) in _STANCES.items():
        if stance not in used:
            continue
        if x + 190 > sheet.right and x > sheet.left:
            x, sheet.y = sheet.left, sheet.y + 22
        sheet.mark(kind, x + 9, sheet.y - 3, 7.5, fill=fill, hatch=hatch)
        sheet.text(
            x + 9, sheet.y + {"up": 1.6, "down": -1.4}.get(kind, 0.0), letter, 8.5, bold=True, anchor="center"
        )
        sheet.text(x + 24, sheet.y, words, 9, colour=INK["note"])
        x += 190
    sheet.y += 6


def _words(
    cells: dict[tuple[str, str], _Cell],
    states: dict[str, tuple[str, str, bool]],
    interventions: dict[str, str],
) -> list[str]:
    return [
        f"{interventions[intervention]} in {states[state][1]}: "
        f"{plural(len(cell.studies), 'study', 'studies')}, {_STANCES[cell.stance][4]}."
        for (state, intervention), cell in cells.items()
    ]
