"""The cells of made-up studies and findings: who is named, and with which figures."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from made_up_arrays import chosen, hashes, numbered, shared_out, text, zipf
from made_up_claims import LEAST_LENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from made_up_arrays import Cells, Real, Whole
    from made_up_fields import Fields

__all__ = ["Findings", "study_cells"]

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


def study_cells(rng: np.random.Generator, numbers: Whole, fields: Fields) -> Cells:
    """Return the columns of studies of these numbers, but for the id and the note."""
    size, nodes, sizes = len(numbers), fields.nodes, fields.sizes
    designs = (*nodes.designs, "rescue:narrative-review")
    design = zipf(rng, size, len(nodes.designs))
    is_review = (numbers > sizes.primary) & (numbers <= sizes.primary + sizes.reviews)
    design[is_review] = len(designs) - 1
    participants = 10 + zipf(rng, size, 20_000)
    texts = {
        "text_length": text(rng.integers(LEAST_LENGTH, 60_000, size), is_review),
        "text_hash": pc.if_else(pa.array(is_review), hashes(numbers), None),
    }
    return (texts if sizes.reviews else {}) | {
        "title": numbered("Made-up study ", numbers),
        "creator": numbered("Made-up author ", 1 + zipf(rng, size, 10_000)),
        "year": text(rng.integers(1990, 2026, size)),
        "journal": numbered("Made-up journal ", 1 + zipf(rng, size, 500)),
        "volume": text(rng.integers(1, 80, size)),
        "doi": numbered("10.5555/made-up-", numbers),
        "design": chosen(design, designs),
        "participants": text(participants, (rng.random(size) < 0.9) & ~is_review),
        "registry_id": numbered("MADE-UP-", numbers),
        "pmid": text(_PMIDS + numbers % 99_000_000, rng.random(size) < 0.8),
        "setting": chosen(rng.integers(0, 2, size), ("made-up hospital", "made-up centres")),
        "link": numbered("https://example.org/made-up/", numbers),
        "tier": chosen(rng.integers(0, 2, size), ("core", "extra")),
    }


class Findings:
    """Makes the cells of findings of the primary studies of some fields."""

    def __init__(self, fields: Fields) -> None:
        nodes = self.nodes = fields.nodes
        self.fields = fields
        self.measures = (*nodes.ratios, *nodes.differences, "rescue:proportion")
        self.ratios, self.differences = len(nodes.ratios), len(nodes.differences)
        self.comparators = (*nodes.comparators, "comparator:no-comparator")

    def cells(self, rng: np.random.Generator, numbers: Whole) -> Cells:
        """Return the columns of findings of these numbers, but for the id and the note."""
        size = len(numbers)
        kind = shared_out(rng, size, _PARTS)
        # The label that the package would make of the nodes is soon that of many findings.
        label = {"label": numbered("Made-up finding ", numbers)}
        return label | self._links(rng, kind) | self._circumstances(rng, size) | self._result(rng, kind)

    def _links(self, rng: np.random.Generator, kind: Whole) -> Cells:
        size = len(kind)
        against = zipf(rng, size, len(self.comparators) - 1)
        against[kind == _SINGLE_ARM] = len(self.comparators) - 1
        fields = self.fields
        field = fields.drawn(rng, size)
        return {
            "stated_by": numbered("study:made-up-", fields.studies(rng, field)),
            "about_state": fields.states.take(pa.array(fields.some_states(rng, field))),
            "about_intervention": fields.interventions.take(pa.array(fields.some_interventions(rng, field))),
            "comparator": chosen(against, self.comparators),
            "about_outcome": chosen(zipf(rng, size, len(self.nodes.outcomes)), self.nodes.outcomes),
        }

    def _circumstances(self, rng: np.random.Generator, size: int) -> Cells:
        people = self.nodes.populations
        groups = (*people, *map("; ".join, pairwise(people)))
        when, timed = rng.integers(0, len(_TIMES), size), rng.random(size) < 0.8
        analyses = ("main-analysis", "subgroup-analysis", "sensitivity-analysis")
        return {
            "population": chosen(zipf(rng, size, len(groups)), groups, rng.random(size) < 0.3),
            "timepoint": chosen(when, [text for text, _ in _TIMES], timed),
            "timepoint_days": chosen(when, [days for _, days in _TIMES], timed),
            "analysis": chosen(zipf(rng, size, len(analyses)), analyses),
            "figure_seen_in": chosen(rng.integers(0, 2, size), ("primary-source", "secondary-source")),
            "tier": chosen(rng.integers(0, 2, size), ("core", "extra")),
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
            "direction": chosen(direction, _DIRECTIONS),
            "result_in_words": chosen(np.zeros(size, np.int64), ("made up, without a figure",), in_words),
            "measure": chosen(measure, self.measures, ~in_words),
            "value": _PRINTED.take(pa.array(value, mask=in_words)),
            "comparator_value": _PRINTED.take(pa.array(_TENTHS + arms.percent(1), mask=~two_arms)),
            "unit": chosen(units, ("%", "points"), counted | is_difference),
            "ci_low": _PRINTED.take(pa.array(low, mask=~compared)),
            "ci_high": _PRINTED.take(pa.array(high, mask=~compared)),
            "ci_level": chosen(np.zeros(size, np.int64), ("95",), compared),
            "p_value": _P_VALUES.take(pa.array(_thousandths(z), mask=~(compared | two_arms))),
            "events_intervention": text(arms.events[0], counted),
            "total_intervention": text(arms.people[0], counted),
            "events_comparator": text(arms.events[1], two_arms),
            "total_comparator": text(arms.people[1], two_arms),
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
