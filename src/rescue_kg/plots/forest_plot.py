"""The forest plot: one row a figure of a finding, in groups of one question and measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rescue_kg.errors import InputError
from rescue_kg.namespaces import contract
from rescue_kg.plots.axis import Axis, axis_of
from rescue_kg.plots.findings import rows_of, subject_of
from rescue_kg.plots.forest_groups import DESIGNS, caption, groups_of, in_words
from rescue_kg.plots.sheet import INK, Sheet, short, wrapped
from rescue_kg.pooling.effects import RATIOS

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.plots.figure import Figure
    from rescue_kg.plots.findings import Row, Subject
    from rescue_kg.plots.forest_groups import Group
    from rescue_kg.pooling import Pool

__all__ = ["draw"]

_WIDTH: Final = 1000.0
_STATE: Final = 216.0
_EVENTS: Final = 402.0
_AXIS: Final = (520.0, 790.0)
_FIGURE: Final = 806.0
_SMALL: Final = 8.0
_LEAD: Final = 10.6


def draw(graph: RescueGraph, term: str) -> Figure:
    """Return the forest plot of a claim, of another node, or of a question; see `rescue_kg.plots.forest`."""
    subject = subject_of(graph, term)
    rows = rows_of(graph, subject.findings)
    if not rows:
        raise InputError(
            f"{term}: its findings give advice and measure no outcome, so there is nothing to draw"
        )
    groups, missing = groups_of(graph, subject, rows)
    return _figure(subject, groups, missing)


def _figure(subject: Subject, groups: list[Group], missing: str) -> Figure:
    sheet = Sheet(_WIDTH)
    about = "bear on this claim" if subject.is_claim else "are about it"
    sheet.heading(
        subject.title,
        f"Findings that {about}, each with the figure that its source prints; of events and totals, those of "
        "the intervention come first.",
    )
    sheet.y += 10
    for x, words in (
        (sheet.left, "study, design, time"),
        (_STATE, "state of the patients"),
        (_EVENTS, "events/n"),
        (_FIGURE, "figure (interval)"),
    ):
        sheet.text(x, sheet.y, words, 9.5, bold=True)
    sheet.y += 7
    ratios = [row for group in groups for row in group.rows if group.measure in RATIOS]
    pools = [pool for group in groups for pool in group.pools if group.measure in RATIOS]
    for group in groups:
        _group(sheet, subject, group, ratios, pools)
    _legend(sheet, subject, [row for group in groups for row in group.rows], bool(pools))
    return sheet.figure(subject.title, caption(groups, missing), in_words(groups))


def _group(sheet: Sheet, subject: Subject, group: Group, ratios: list[Row], pools: list[Pool]) -> None:
    first = group.rows[0]
    sheet.y += 6
    has_figure = first.value is not None or first.low is not None
    measure = first.text("measure_label") if has_figure else "no figure printed"
    unit = f", {first.text('unit')}" if has_figure and first.text("unit") else ""
    against = group.comparators
    head = f"{first.text('outcome_label')}: {measure}{unit}"
    arm = f"against {against}" if group.controlled else f"without another arm{group.baseline}"
    question = f"{first.text('intervention_label')} {arm}"
    lines = [
        *((one, True) for one in wrapped(head, sheet.right - sheet.left - 12, 10, bold=True)),
        *((one, False) for one in wrapped(question, sheet.right - sheet.left - 12, 9)),
    ]
    height = 13.0 * len(lines) + 7
    box = [(sheet.left, sheet.y), (sheet.right, sheet.y), (sheet.right, sheet.y + height)]
    sheet.shape([*box, (sheet.left, sheet.y + height)], fill=INK["ground"], edge="none", width=0)
    for place, (words, bold) in enumerate(lines):
        sheet.text(sheet.left + 6, sheet.y + 13 * (place + 1), words, 10 if bold else 9, bold=bold)
    sheet.y += height
    top = sheet.y
    axis = None
    if has_figure:
        alike = (ratios, pools) if group.measure in RATIOS else (group.rows, group.pools)
        axis = axis_of(first, *alike, *_AXIS)
        axis.ground(sheet, top, _height(group))
    for row in group.rows:
        _row(sheet, subject, row, axis)
    for pool in group.pools:
        _pool_row(sheet, pool, axis)
    if axis is not None:
        axis.scale(sheet, *group.sides())


def _height(group: Group) -> float:
    return sum(_row_height(_cells(row)) for row in group.rows) + 30 * len(group.pools)


def _cells(row: Row) -> tuple[list[str], list[str], list[str], list[str]]:
    """Return the texts of a row, wrapped: study, what it is, state, figure."""
    label = row.text("study_label")
    year = row.text("year")
    study = wrapped(label if not year or year in label else f"{label} ({year})", 180, 9.5)
    kind = contract(row.text("analysis") or "rescue:main-analysis").partition(":")[2]
    parts = [row.text("design_label") or "design not recorded", row.text("timepoint")]
    parts += [kind.replace("-", " ")] if kind != "main-analysis" else []
    about = wrapped(", ".join(part for part in parts if part), 184, _SMALL)
    state = wrapped(row.text("state_label"), _EVENTS - _STATE - 22, _SMALL)
    figure = row.figure or row.text("change") or row.text("words") or "result not recorded"
    notes = ("†" if row.secondary else "") + ("‡" if row.turned else "")
    if row.value is not None and (row.low is None or row.high is None):
        figure += f", no interval{f', p {p}' if (p := row.text('p')) else ''}"
    return study, about, state, wrapped(f"{figure} {notes}".strip(), _WIDTH - 24 - _FIGURE, 8.5)


def _row_height(cells: tuple[list[str], list[str], list[str], list[str]]) -> float:
    study, about, state, figure = cells
    return max(12.5 * len(study) + _LEAD * len(about), _LEAD * len(state), 11.3 * len(figure)) + 9


def _row(sheet: Sheet, subject: Subject, row: Row, axis: Axis | None) -> None:
    cells = _cells(row)
    study, about, state, figure = cells
    height = _row_height(cells)
    middle = sheet.y + height / 2
    outside = row.finding in subject.outside
    y = sheet.lines(sheet.left, sheet.y + 13, study, 9.5)
    sheet.lines(sheet.left, y - 0.6, about, _SMALL, colour=INK["note"])
    first = middle + 3 - _LEAD * (len(state) - 1) / 2
    if subject.is_claim:
        sheet.mark("circle", _STATE + 4, middle, 3.6, fill=INK["white"] if outside else INK["text"])
    sheet.lines(_STATE + (14 if subject.is_claim else 0), first, state, _SMALL, colour=INK["note"])
    for place, words in enumerate(counts := _counts(row)):
        sheet.text(_EVENTS, middle + 3 - 5.5 * (len(counts) - 1) + 11 * place, words, 8.5)
    name = contract(row.text("estimate") or row.finding).replace(":", "-")
    fill = INK["white"] if outside else INK["blue"]
    if axis is not None:
        axis.put(sheet, row, middle, fill, name)
    else:
        words = "only words, no figure"
        sheet.text(sum(_AXIS) / 2, middle + 3, words, 8.5, italic=True, colour=INK["note"], anchor="center")
        sheet.mark(row.mark, _AXIS[0] + 20, middle, 4.4, fill=fill, name=name)
    sheet.lines(_FIGURE, middle + 3 - 5.6 * (len(figure) - 1), figure, 8.5)
    sheet.y += height
    sheet.rule(sheet.y, INK["ground"])


def _counts(row: Row) -> list[str]:
    """Return events and totals, the intervention first, in as many lines as they need."""
    arms = []
    for arm in ("intervention", "comparator"):
        events, total = row.text(f"events_{arm}"), row.text(f"total_{arm}")
        if events or total:
            arms.append(f"{events}/{total}" if events and total else f"n {total}" if total else events)
    one = " v ".join(arms)
    return [one] if len(one) < 19 else [f"{arms[0]} v", *arms[1:]]


def _pool_row(sheet: Sheet, pool: Pool, axis: Axis | None) -> None:
    height = 30.0
    middle = sheet.y + height / 2
    sheet.text(sheet.left, middle - 1, f"pooled, {len(pool.members)} randomized trials", 9.5, bold=True)
    facts = f"REML, Hartung-Knapp; I² {pool.i2:.0f} %, τ² {short(round(pool.tau2, 4))}"
    sheet.text(sheet.left, middle + 10, facts, _SMALL, colour=INK["note"])
    names = wrapped(", ".join(pool.studies), _AXIS[0] - _STATE - 14, _SMALL)[:2]
    sheet.lines(_STATE, middle + 3 - _LEAD * (len(names) - 1) / 2, names, _SMALL, colour=INK["note"])
    if axis is not None:
        axis.diamond(sheet, pool, middle, f"pool-{contract(pool.group.outcome).partition(':')[2]}")
    words = [f"{short(pool.estimate)} ({short(pool.low)} to {short(pool.high)})"]
    if pool.prediction_low is not None and pool.prediction_high is not None:
        words.append(f"prediction {short(pool.prediction_low)} to {short(pool.prediction_high)}")
    else:
        words.append("no prediction interval from two")
    sheet.text(_FIGURE, middle - 2, words[0], 8.5, bold=True)
    sheet.text(_FIGURE, middle + 9, words[1], _SMALL, colour=INK["note"])
    sheet.y += height
    sheet.rule(sheet.y, INK["ground"])


def _legend(sheet: Sheet, subject: Subject, rows: list[Row], pooled: bool) -> None:
    used = {row.mark for row in rows}
    sheet.y += 6
    items = [(kind, INK["blue"], words) for kind, words in DESIGNS if kind in used]
    if subject.is_claim:
        items.append(("circle", INK["text"], "in the refractory state of the claim"))
        items.append(("circle", INK["white"], "outside it (its marks are white too)"))
    if pooled:
        items.append(("diamond", INK["yellow"], "pooled, as wide as its interval"))
    sheet.legend(items)
    notes = []
    if any(row.secondary for row in rows):
        notes.append("† read in a secondary source")
    if any(row.turned for row in rows):
        notes.append("‡ printed as the comparator against the intervention, turned round here")
    if any(row.other is not None and row.cells["null"] is None for row in rows):
        notes.append("two marks joined by a line: intervention filled, comparator an empty circle")
    if notes:
        sheet.lines(
            sheet.left,
            sheet.y + 4,
            wrapped("; ".join(notes), sheet.right - sheet.left, 9),
            9,
            colour=INK["note"],
        )
        sheet.y += 14
