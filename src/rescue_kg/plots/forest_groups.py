"""The groups of a forest plot: figures of one question and measure, and the pools of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from rescue_kg.errors import NotAvailableError
from rescue_kg.namespaces import expand
from rescue_kg.plots.sheet import plural, short
from rescue_kg.pooling.effects import RATIOS

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.plots.findings import Row, Subject
    from rescue_kg.pooling import Pool

__all__ = ["DESIGNS", "Group", "caption", "groups_of", "in_words"]

#: Mark of a row -> what it means, in the order of the rows.
DESIGNS: Final = (
    ("square", "randomized trial"),
    ("hexagon", "synthesis of studies"),
    ("up", "other comparison"),
    ("circle", "no comparison"),
)

#: Intervention, outcome, measure, whether another arm is there, and unit.
_Key: TypeAlias = tuple[str, str, str, bool, str]


@dataclass
class Group:
    """Figures of one intervention, outcome and measure, and the pools of them."""

    rows: list[Row] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)

    @property
    def measure(self) -> str:
        """The IRI of the measure."""
        return self.rows[0].text("measure")

    @property
    def controlled(self) -> bool:
        """Whether the figures are set against another arm."""
        return self.rows[0].controlled

    @property
    def comparators(self) -> str:
        """The comparators of the group, as words."""
        return " or ".join(sorted({row.text("comparator_label") for row in self.rows if row.controlled}))

    @property
    def baseline(self) -> str:
        """What uncontrolled figures are set against, where that is something, in brackets."""
        own = expand("comparator:own-baseline")
        found = {row.text("comparator_label") for row in self.rows if row.text("comparator") == own}
        return f" ({', '.join(sorted(found))})" if found else ""

    def sides(self) -> tuple[str, str]:
        """Return what the left and the right of the null line mean, by the polarity of the outcome."""
        row = self.rows[0]
        better, name = row.text("better"), row.text("intervention_label")
        if row.cells["null"] is None:
            named = {expand("rescue:higher"): "higher is better", expand("rescue:lower"): "lower is better"}
            return "", named.get(better, "")
        if not self.controlled:
            return "fell", "rose"
        other = "the comparator" if " or " in self.comparators else self.comparators
        if better == expand("rescue:higher"):
            return f"favours {other}", f"favours {name}"
        if better == expand("rescue:lower"):
            return f"favours {name}", f"favours {other}"
        return f"less with {name}", f"more with {name}"


def groups_of(graph: RescueGraph, subject: Subject, rows: list[Row]) -> tuple[list[Group], str]:
    """Return the groups of some rows, with the pools of them, and why there are no pools, if so.

    In a group, those in the state of the claim come first, then randomized trials.
    """
    groups: dict[_Key, Group] = {}
    marks = [kind for kind, _ in DESIGNS]
    for row in sorted(rows, key=lambda one: (one.finding in subject.outside, marks.index(one.mark))):
        has_figure = row.value is not None or row.low is not None
        measure = row.text("measure") if has_figure else ""
        # Figures in different units have no axis in common.
        unit = "" if not measure or measure in RATIOS else row.text("unit")
        controlled = row.controlled if measure else True
        key = (row.text("intervention"), row.text("outcome"), measure, controlled, unit)
        groups.setdefault(key, Group()).rows.append(row)
    missing = _pooled(graph, rows, groups)
    # Comparisons first, and groups of one intervention beside each other.
    order = sorted(groups, key=lambda key: (key[0], not key[3], not key[2], key[1], key[2], key[4]))
    return [groups[key] for key in order], missing


def _pooled(graph: RescueGraph, rows: list[Row], groups: dict[_Key, Group]) -> str:
    """Put the pools of findings that are drawn into their groups; return why there are none, if so."""
    from rescue_kg.pooling import pool

    drawn = {row.finding for row in rows}
    try:
        for intervention in sorted({row.text("intervention") for row in rows}):
            for one in pool(graph, intervention=intervention).pools:
                key = (one.group.intervention, one.group.outcome, one.group.measure, True, one.unit)
                if key in groups and {member.finding for member in one.members} <= drawn:
                    groups[key].pools.append(one)
    except NotAvailableError:
        return "Nothing is pooled here, because PyMARE is not installed."
    return ""


def caption(groups: list[Group], missing: str) -> list[str]:
    """Return what the plot counts, and what it lacks."""
    rows = [row for group in groups for row in group.rows]
    studies = {row.text("study"): row for row in rows}
    randomized = sum(row.mark == "square" for row in studies.values())
    secondary = sum(row.secondary for row in rows)
    lines = [
        f"{plural(len(rows), 'figure')} of {plural(len({row.finding for row in rows}), 'finding')} from "
        f"{plural(len(studies), 'study', 'studies')}, {randomized} of them randomized; "
        f"{secondary} read in a secondary source."
    ]
    return [*lines, missing] if missing else lines


def in_words(groups: list[Group]) -> str:
    """Return the rows of a forest plot as sentences."""
    sentences = []
    for group in groups:
        for row in group.rows:
            figure = row.figure or row.text("change") or row.text("words") or "no figure"
            measure = f"{row.text('measure_label')} " if row.figure else ""
            sentences.append(
                f"{row.text('study_label')}, {row.text('outcome_label')}, {row.text('intervention_label')}: "
                f"{measure}{figure}."
            )
        sentences += [
            f"Pooled {pool.group.measure_label} {short(pool.estimate)}, from {short(pool.low)} to "
            f"{short(pool.high)}."
            for pool in group.pools
        ]
    return " ".join(sentences)
