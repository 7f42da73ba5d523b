"""Turns a printed figure into an effect and its variance, on the scale that it is pooled on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

from rescue_kg.namespaces import expand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rescue_kg.answers import Value

__all__ = ["DIFFERENCES", "RATIOS", "Effect", "counts_of", "effect_of", "is_turned", "number"]

#: Measures that are pooled on the log scale, and measures that are pooled as they are.
RATIOS: Final = frozenset(
    expand(f"rescue:{name}") for name in ("risk-ratio", "odds-ratio", "hazard-ratio", "rate-ratio")
)
DIFFERENCES: Final = frozenset(expand(f"rescue:{name}") for name in ("mean-difference", "risk-difference"))

#: Measures that the counts of a two-by-two table give.
_FROM_COUNTS: Final = frozenset(expand(f"rescue:{name}") for name in ("risk-ratio", "odds-ratio"))

#: How far, in half widths, an estimate may lie off the middle of its interval before no standard error is
#: read from the interval.
_OFF_CENTRE: Final = 0.2

#: What is added to each cell of a table that has an empty one.
_CORRECTION: Final = 0.5


@dataclass(frozen=True)
class Effect:
    """An effect of the intervention against the comparator, on the scale that it is pooled on.

    `basis` is `interval` or `counts`; `corrected` says that 0.5 was added to the cells of the table.
    """

    figure: float
    variance: float
    basis: str
    turned: bool = False
    corrected: bool = False


def number(value: Value | None) -> float | None:
    """Return a cell as a number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value)


def counts_of(row: Mapping[str, Value | None]) -> tuple[int, int, int, int] | None:
    """Return events and total of the intervention arm, then of the comparator arm, where all are printed."""
    names = ("events_intervention", "total_intervention", "events_comparator", "total_comparator")
    found = [row.get(name) for name in names]
    if any(type(one) is not int for one in found):
        return None
    one, two, three, four = (int(str(value)) for value in found)
    return one, two, three, four


def is_turned(row: Mapping[str, Value | None]) -> bool:
    """Return whether a figure is that of the comparator against the intervention."""
    return row.get("contrast") == expand("rescue:comparator-against-intervention")


def effect_of(row: Mapping[str, Value | None], measure: str) -> Effect | str:
    """Return the effect of a row of poolable-findings as a measure, or why there is none, in a few words.

    The standard error comes from the printed interval at its own level: its width over twice the normal
    quantile, ratios on the log scale. A risk ratio or an odds ratio without an interval is computed from the
    counts of both arms; where a cell of the table is 0, 0.5 is added to all four, and where both arms have no
    event, or only events, the study says nothing about the ratio. The figure of the comparator against the
    intervention is turned round first; counts are by arm, and need no turning.
    """
    is_ratio = measure in RATIOS
    if not is_ratio and measure not in DIFFERENCES:
        return "its measure has no sampling variance that could be read from the record"
    value, low, high = (number(row.get(name)) for name in ("value", "ci_low", "ci_high"))
    own_measure = row.get("measure") == measure
    if own_measure and value is not None and low is not None and high is not None:
        return _from_interval(value, low, high, number(row.get("ci_level")), is_ratio, is_turned(row))
    counts = counts_of(row)
    if counts is not None and measure in _FROM_COUNTS:
        return _from_counts(*counts, odds=measure == expand("rescue:odds-ratio"))
    if own_measure and value is not None:
        return "no interval is printed, and no counts of both arms that give this measure"
    return "no figure is printed that gives this measure"


def _from_interval(
    value: float, low: float, high: float, level: float | None, is_ratio: bool, turned: bool
) -> Effect | str:
    if level is None or not 50 <= level < 100:
        return "the level of its interval is not recorded"
    if is_ratio:
        if min(value, low, high) <= 0:
            return "a limit of its interval is not above 0, so it has no logarithm"
        value, low, high = (math.log(one) for one in (value, low, high))
    if not low <= value <= high or low == high:
        return "its interval does not hold the estimate"
    half = (high - low) / 2
    if abs(value - (low + high) / 2) > _OFF_CENTRE * half:
        return "its interval is lopsided, so that no standard error can be read from it"
    se = half / NormalDist().inv_cdf((1 + level / 100) / 2)
    return Effect(-value if turned else value, se**2, "interval", turned)


def _from_counts(a: int, n1: int, c: int, n2: int, *, odds: bool) -> Effect | str:
    b, d = n1 - a, n2 - c
    if min(a, b, c, d) < 0 or not n1 or not n2:
        return "its counts do not fit its totals"
    if a == c == 0 or b == d == 0:
        return "both arms have no event, or only events, which says nothing about a ratio"
    corrected = 0 in (a, b, c, d)
    extra = _CORRECTION if corrected else 0.0
    e, f, g, h = (one + extra for one in (a, b, c, d))
    if odds:
        return Effect(math.log(e * h / (f * g)), 1 / e + 1 / f + 1 / g + 1 / h, "counts", corrected=corrected)
    variance = 1 / e - 1 / (e + f) + 1 / g - 1 / (g + h)
    return Effect(math.log(e / (e + f) / (g / (g + h))), variance, "counts", corrected=corrected)
