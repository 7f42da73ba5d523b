"""The boxes of the picture: what they say, which leads to which, and where each stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from rescue_kg.report.placing import order_by, order_of_middle, spread, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rescue_kg.report.pathways import Pathway, Therapy

__all__ = [
    "LEFTS",
    "LINE",
    "MARGIN",
    "SMALL",
    "SMALL_LINE",
    "WIDE",
    "WIDTH",
    "Box",
    "Edge",
    "boxes_of",
    "place",
]

#: Width of the picture, its margin, the width of a box and the left sides of the three columns.
WIDTH: Final = 1100
MARGIN: Final = 16
WIDE: Final = 284
LEFTS: Final = (MARGIN, (WIDTH - WIDE) / 2, WIDTH - MARGIN - WIDE)
#: Heights of a line of a label and of a small line; the size of the small text.
LINE: Final = 18
SMALL_LINE: Final = 15
SMALL: Final = 12

_SIZE: Final = 14.5
_GAP: Final = 16
_ROUNDS: Final = 40


@dataclass
class Box:
    """One box: its texts, and where its middle is once that is known.

    `form` is failed, unnamed, state or rescue; `near` holds the keys of the states that an outer box is tied
    to.
    """

    key: str
    form: str
    kind: str
    lines: list[str]
    small: list[str]
    tip: str
    left: float
    middle: float = 0.0
    near: list[str] = field(default_factory=list)

    @property
    def height(self) -> float:
        """The height that the texts need."""
        return 20 + LINE * len(self.lines) + SMALL_LINE * len(self.small)


class Edge(NamedTuple):
    """A line from one box to the next, in the form of the outer one."""

    start: str
    end: str
    form: str
    tip: str


def boxes_of(paths: list[Pathway]) -> tuple[list[list[Box]], list[Edge]]:
    """Return the boxes of the three columns in an order with few crossings, and the lines between them."""
    failed = {str(therapy.iri) for path in paths for therapy in path.failed}
    offered = {str(offer.therapy.iri): offer.therapy for path in paths for offer in path.offers}
    left: dict[str, Box] = {}
    states: dict[str, Box] = {}
    right: dict[str, Box] = {}
    edges: list[Edge] = []
    for path in paths:
        state = f"state {path.state}"
        states[state] = _box(state, "state", "", path.label, [], LEFTS[1])
        for therapy in path.failed:
            key = f"failed {therapy.iri}"
            form = "failed" if therapy.named else "unnamed"
            small = [*_about(therapy, {}), *["also offered as rescue"] * (therapy.iri in offered)]
            box = _box(key, form, therapy.kind, therapy.label, small, LEFTS[0])
            left.setdefault(key, box).near.append(state)
            edges.append(Edge(key, state, form, f"{therapy.label}: failed in {path.label}"))
        for offer in path.offers:
            therapy = offer.therapy
            key = f"rescue {therapy.iri}"
            small = [*_about(therapy, offered), *["also named as failed"] * (therapy.iri in failed)]
            box = _box(key, "rescue", therapy.kind, therapy.label, small, LEFTS[2])
            right.setdefault(key, box).near.append(state)
            claims = "1 claim" if offer.claims == 1 else f"{offer.claims} claims"
            tip = f"{therapy.label}: offered as rescue in {path.label}, {claims}"
            edges.append(Edge(state, key, "rescue", tip))
    sides = [{key: box.near for key, box in column.items()} for column in (left, right)]
    middle = order_of_middle(list(states), sides)
    columns = ((left, order_by(sides[0], middle)), (states, middle), (right, order_by(sides[1], middle)))
    return [[column[key] for key in order] for column, order in columns], edges


def _about(therapy: Therapy, beside: Mapping[str, Therapy]) -> list[str]:
    """Return the small lines: the kind, the parts of a regimen, a class above it that is in the picture."""
    parts = f" of {' and '.join(therapy.parts)}" if therapy.parts else ""
    kind = [therapy.kind_label + parts] if therapy.kind_label else []
    return kind + [f"a kind of {beside[one].label}" for one in therapy.broader if one in beside]


def _box(key: str, form: str, kind: str, label: str, small: list[str], left: float) -> Box:
    room = WIDE - (56 if form == "state" else 70)
    lines = [line for text in small for line in wrap(text, room, SMALL)]
    return Box(key, form, kind, wrap(label, room, _SIZE), lines, "; ".join([label, *small]), left)


def place(columns: list[list[Box]], top: float) -> float:
    """Give every box its place, the highest at `top`; return where the lowest ends.

    Each box is drawn to the mean of the boxes it is tied to, round by round, never over another.
    """
    outer = [*columns[0], *columns[2]]
    states = {state.key: state for state in columns[1]}
    tied = {key: [box for box in outer if key in box.near] for key in states}
    for column in columns:
        _settle(column, [0.0] * len(column))
    for _ in range(_ROUNDS):
        for column in (columns[0], columns[2]):
            _settle(column, [_mean((states[key] for key in box.near), box) for box in column])
        _settle(columns[1], [_mean(tied[state.key], state) for state in columns[1]])
    every = [*outer, *columns[1]]
    shift = top - min((box.middle - box.height / 2 for box in every), default=top)
    for box in every:
        box.middle += shift
    return max((box.middle + box.height / 2 for box in every), default=top)


def _mean(near: Iterable[Box], own: Box) -> float:
    """Return the mean middle of some boxes, or the box's own where it is tied to none."""
    middles = [box.middle for box in near]
    return sum(middles) / len(middles) if middles else own.middle


def _settle(column: list[Box], wanted: list[float]) -> None:
    for box, centre in zip(column, spread(wanted, [box.height for box in column], _GAP), strict=True):
        box.middle = centre
