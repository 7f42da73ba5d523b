"""The cells of made-up rows, a whole chunk of a column at a time: who is named, and with which figures."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from made_up_nodes import Nodes
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]
    Real = NDArray[np.float64]
    Truth = NDArray[np.bool_]
    #: Column -> an Arrow array of texts.
    Cells = dict[str, Any]

__all__ = ["Findings", "numbered", "study_cells"]

#: What a row can be about, and what part of the rows is.
_RATIO, _DIFFERENCE, _SHARE, _SINGLE_ARM, _WORDS = range(5)
_PARTS: Final = (0.45, 0.15, 0.25, 0.1, 0.05)

_DIRECTIONS: Final = ("decreases", "no-clear-difference", "increases", "mixed", "no-comparison")
_DECREASES, _UNCLEAR, _INCREASES, _MIXED, _NO_COMPARISON = range(5)

# Figures as they are printed, since to make a text of each number anew would take most of the time: 0.00 to
# 100.00, then -100.0 to 100.0, with 0.0 at _TENTHS.
_PRINTED: Final = pa.array(
    [f"{n / 100:.2f}" for n in range(10_001)] + [f"{n / 10:.1f}" for n in range(-1_000, 1_001)]
)
_TENTHS: Final = 11_001
_P_VALUES: Final = pa.array(["<0.001", *(f"{n / 1000:.3f}" for n in range(1, 1_001))])

_TIMES: Final = (("28 days", "28"), ("90 days", "90"), ("6 months", "180"), ("1 year", "365"))
#: No number that PubMed has given, or will give soon; the DOI prefix 10.5555 is kept for examples.
_PMIDS: Final = 900_000_000


def numbered(before: str, numbers: Whole) -> Any:
    """Return the texts of numbers behind another text."""
    return pc.binary_join_element_wise(before, pc.cast(pa.array(numbers), pa.string()), "")


def study_cells(rng: np.random.Generator, numbers: Whole, nodes: Nodes) -> Cells:
    """Return the columns of studies of these numbers, but for the id and the note."""
    size = len(numbers)
    return {
        "title": numbered("Made-up study ", numbers),
        "creator": numbered("Made-up author ", 1 + _zipf(rng, size, 10_000)),
        "year": _text(rng.integers(1990, 2026, size)),
        "journal": numbered("Made-up journal ", 1 + _zipf(rng, size, 500)),
        "volume": _text(rng.integers(1, 80, size)),
        "doi": numbered("10.5555/made-up-", numbers),
        "design": _chosen(_zipf(rng, size, len(nodes.designs)), nodes.designs),
        "participants": _text(10 + _zipf(rng, size, 20_000), rng.random(size) < 0.9),
        "registry_id": numbered("MADE-UP-", numbers),
        "pmid": _text(_PMIDS + numbers % 99_000_000, rng.random(size) < 0.8),
        "setting": _chosen(rng.integers(0, 2, size), ("made-up hospital", "made-up centres")),
        "link": numbered("https://example.org/made-up/", numbers),
        "tier": _chosen(rng.integers(0, 2, size), ("core", "extra")),
    }


class Findings:
    """Makes the cells of findings about some nodes, and so many made-up terms, of so many good studies."""

    def __init__(self, nodes: Nodes, studies: int, interventions: int = 0, states: int = 0) -> None:
        self.studies = studies
        self.measures = (*nodes.ratios, *nodes.differences, "rescue:proportion")
        self.ratios, self.differences = len(nodes.ratios), len(nodes.differences)
        self.comparators = (*nodes.comparators, "comparator:no-comparator")
        self.nodes = nodes
        self.states = _with_terms("state", [root.node for root in nodes.states], states)
        self.interventions = _with_terms(
            "intervention", [root.node for root in nodes.interventions], interventions
        )

    def cells(self, rng: np.random.Generator, numbers: Whole) -> Cells:
        """Return the columns of findings of these numbers, but for the id and the note."""
        size = len(numbers)
        kind = np.searchsorted(np.cumsum(_PARTS)[:-1], rng.random(size), side="right")
        # The label that the package would make of the nodes is soon that of many findings.
        label = {"label": numbered("Made-up finding ", numbers)}
        return label | self._links(rng, kind) | self._circumstances(rng, size) | self._result(rng, kind)

    def _links(self, rng: np.random.Generator, kind: Whole) -> Cells:
        size = len(kind)
        against = _zipf(rng, size, len(self.comparators) - 1)
        against[kind == _SINGLE_ARM] = len(self.comparators) - 1
        return {
            "stated_by": numbered("study:made-up-", 1 + _zipf(rng, size, self.studies)),
            "about_state": self.states.take(pa.array(_zipf(rng, size, len(self.states)))),
            "about_intervention": self.interventions.take(
                pa.array(_zipf(rng, size, len(self.interventions)))
            ),
            "comparator": _chosen(against, self.comparators),
            "about_outcome": _chosen(_zipf(rng, size, len(self.nodes.outcomes)), self.nodes.outcomes),
        }

    def _circumstances(self, rng: np.random.Generator, size: int) -> Cells:
        people = self.nodes.populations
        groups = (*people, *map("; ".join, pairwise(people)))
        when, timed = rng.integers(0, len(_TIMES), size), rng.random(size) < 0.8
        analyses = ("main-analysis", "subgroup-analysis", "sensitivity-analysis")
        return {
            "population": _chosen(_zipf(rng, size, len(groups)), groups, rng.random(size) < 0.3),
            "timepoint": _chosen(when, [text for text, _ in _TIMES], timed),
            "timepoint_days": _chosen(when, [days for _, days in _TIMES], timed),
            "analysis": _chosen(_zipf(rng, size, len(analyses)), analyses),
            "figure_seen_in": _chosen(rng.integers(0, 2, size), ("primary-source", "secondary-source")),
            "tier": _chosen(rng.integers(0, 2, size), ("core", "extra")),
        }

    def _result(self, rng: np.random.Generator, kind: Whole) -> Cells:
        """Return figures, and the direction that they bear out."""
        size = len(kind)
        effect, arms = _Effect.drawn(rng, size), _Arms.drawn(rng, size)
        is_ratio, is_difference, in_words = kind == _RATIO, kind == _DIFFERENCE, kind == _WORDS
        compared, counted = is_ratio | is_difference, (kind == _SHARE) | (kind == _SINGLE_ARM)
        measure = np.select(
            [is_ratio, is_difference],
            [rng.integers(0, self.ratios, size), self.ratios + rng.integers(0, self.differences, size)],
            len(self.measures) - 1,
        )
        value, low, high = (
            np.where(is_ratio, ratio, _TENTHS + difference)
            for ratio, difference in zip(effect.ratio(), effect.difference(), strict=True)
        )
        value = np.where(counted, _TENTHS + arms.percent(0), value)
        two_arms = kind == _SHARE
        z = np.where(two_arms, arms.z(), effect.z())
        null = np.where(is_ratio, 100, _TENTHS)
        direction = np.select(
            [in_words, kind == _SINGLE_ARM, two_arms, low > null, high < null],
            [
                _MIXED,
                _NO_COMPARISON,
                _UNCLEAR + np.sign(z).astype(np.int64) * (np.abs(z) > 1.96),
                _INCREASES,
                _DECREASES,
            ],
            _UNCLEAR,
        )
        units = np.where(counted, 0, 1)
        return {
            "direction": _chosen(direction, _DIRECTIONS),
            "result_in_words": _chosen(np.zeros(size, np.int64), ("made up, without a figure",), in_words),
            "measure": _chosen(measure, self.measures, ~in_words),
            "value": _PRINTED.take(pa.array(value, mask=in_words)),
            "comparator_value": _PRINTED.take(pa.array(_TENTHS + arms.percent(1), mask=~two_arms)),
            "unit": _chosen(units, ("%", "points"), counted | is_difference),
            "ci_low": _PRINTED.take(pa.array(low, mask=~compared)),
            "ci_high": _PRINTED.take(pa.array(high, mask=~compared)),
            "ci_level": _chosen(np.zeros(size, np.int64), ("95",), compared),
            "p_value": _P_VALUES.take(pa.array(_thousandths(z), mask=~(compared | two_arms))),
            "events_intervention": _text(arms.events[0], counted),
            "total_intervention": _text(arms.people[0], counted),
            "events_comparator": _text(arms.events[1], two_arms),
            "total_comparator": _text(arms.people[1], two_arms),
        }


class _Effect(NamedTuple):
    """Effects on a scale whose zero is no difference, with their standard errors."""

    size: Real
    error: Real

    @classmethod
    def drawn(cls, rng: np.random.Generator, size: int) -> _Effect:
        return cls(0.5 * rng.standard_normal(size), 0.05 + 0.45 * rng.random(size))

    def z(self) -> Real:
        """Return effects over their standard errors."""
        return self.size / self.error

    def ratio(self) -> tuple[Whole, Whole, Whole]:
        """Return ratios and their limits in hundredths, rounded so that these enclose the ratio."""
        return _rounded([100 * np.exp(x) for x in self._limits()], 1, 10_000)

    def difference(self) -> tuple[Whole, Whole, Whole]:
        """Return differences and their limits in tenths, rounded so that these enclose the difference."""
        return _rounded([50 * x for x in self._limits()], -1_000, 1_000)

    def _limits(self) -> tuple[Real, Real, Real]:
        return self.size, self.size - 1.96 * self.error, self.size + 1.96 * self.error


class _Arms(NamedTuple):
    """Events and people, of the intervention and of the comparator."""

    events: tuple[Whole, Whole]
    people: tuple[Whole, Whole]

    @classmethod
    def drawn(cls, rng: np.random.Generator, size: int) -> _Arms:
        people = rng.integers(10, 500, size), rng.integers(10, 500, size)
        shares = rng.random(size), rng.random(size)
        first, second = (
            (share * (count + 1)).astype(np.int64) for share, count in zip(shares, people, strict=True)
        )
        return cls((first, second), people)

    def percent(self, arm: int) -> Whole:
        """Return the percentages of an arm in tenths."""
        people = self.people[arm]
        return (2_000 * self.events[arm] + people) // (2 * people)

    def z(self) -> Real:
        """Return the statistic of the test of two proportions, with the pooled variance."""
        (a, b), (m, n) = self.events, self.people
        pooled = np.clip((a + b) / (m + n), 0.001, 0.999)
        found: Real = (a / m - b / n) / np.sqrt(pooled * (1 - pooled) * (1 / m + 1 / n))
        return found


def _rounded(enclosed: Sequence[Real], least: int, most: int) -> tuple[Whole, Whole, Whole]:
    """Return a value, its lower and its upper limit as whole numbers, the limits rounded outwards."""
    value, low, high = enclosed
    whole = (np.round(value), np.floor(low), np.ceil(high))
    first, second, third = (np.clip(x, least, most).astype(np.int64) for x in whole)
    return first, second, third


def _thousandths(z: Real) -> Whole:
    """Return two-sided p values in thousandths, by exp(-0.717 z - 0.416 z^2), which is close enough here."""
    z = np.minimum(np.abs(z), 10)
    return np.round(1_000 * np.exp(-0.717 * z - 0.416 * z * z)).astype(np.int64)


def _zipf(rng: np.random.Generator, size: int, count: int) -> Whole:
    """Return ranks from 0 below `count`; that of rank k comes about 1 / (k + 1) times as often as the first.

    The logarithm of the rank is uniform: no table of weights, whatever the count.
    """
    ranks: Whole = np.exp(rng.random(size) * np.log(count + 1)).astype(np.int64) - 1
    return np.clip(ranks, 0, count - 1)


def _with_terms(kind: str, nodes: Sequence[str], count: int) -> Any:
    made_up = numbered(f"{kind}:made-up-", np.arange(1, count + 1))
    return pa.concat_arrays([pa.array(nodes, pa.string()), made_up])


def _chosen(places: Whole, texts: Sequence[str], where: Truth | None = None) -> Any:
    """Return the texts at these places, and nothing outside `where`."""
    mask = None if where is None else ~where
    return pa.array(texts, pa.string()).take(pa.array(places, mask=mask))


def _text(numbers: Whole, where: Truth | None = None) -> Any:
    """Return whole numbers as texts, and nothing outside `where`."""
    return pc.cast(pa.array(numbers, mask=None if where is None else ~where), pa.string())
