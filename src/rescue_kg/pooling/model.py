"""What pooling gives: groups of findings, each pooled or refused with a reason, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, overload

from rescue_kg.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.answers import Iri, Value

__all__ = ["COLUMNS", "Group", "LeftOut", "Member", "Pool", "Pooling", "Refusal"]

#: The columns of the table of results.
COLUMNS: Final = (
    *("result", "state", "intervention", "comparator", "outcome", "measure", "unit", "studies"),
    *("estimate", "ci_low", "ci_high", "prediction_low", "prediction_high", "tau2", "i2", "q", "q_df", "q_p"),
    *("members", "left_out", "reason"),
)


@dataclass(frozen=True)
class Group:
    """What findings must share to be pooled: one state, intervention, comparator, outcome and measure.

    `comparator` is None where the findings name none. Labels stand beside the IRIs.
    """

    state: Iri
    intervention: Iri
    comparator: Iri | None
    outcome: Iri
    measure: Iri
    state_label: str
    intervention_label: str
    comparator_label: str
    outcome_label: str
    measure_label: str

    def __str__(self) -> str:
        """Return the group in words."""
        against = f" against {self.comparator_label}" if self.comparator_label else ""
        return f"{self.intervention_label}{against} in {self.state_label}: {self.outcome_label}"


@dataclass(frozen=True)
class Member:
    """One study of a pool, with the figure that stands for it, as intervention against comparator.

    `estimate`, `low` and `high` (95 %) are on the scale of the measure, `variance` on the scale of pooling
    (the log, for ratios). `basis` is `interval` or `counts`; `weight` is in percent.
    """

    study: Iri
    label: str
    finding: Iri
    timepoint: str
    timepoint_days: int | None
    estimate: float
    low: float
    high: float
    variance: float
    weight: float
    basis: str
    turned: bool
    corrected: bool
    secondary: bool


@dataclass(frozen=True)
class LeftOut:
    """A finding of the group that was not pooled, and why, in a few words."""

    finding: Iri
    study: Iri
    label: str
    reason: str


@dataclass(frozen=True)
class Pool:
    """A pooled estimate with its 95 % interval and prediction interval, on the scale of the measure.

    `prediction_low` and `prediction_high` are None for two studies; `tau2` is on the scale of pooling (the
    log, for ratios), `i2` in percent. `notes` are sentences to be read with the figure.
    """

    group: Group
    members: tuple[Member, ...]
    left_out: tuple[LeftOut, ...]
    estimate: float
    low: float
    high: float
    prediction_low: float | None
    prediction_high: float | None
    tau2: float
    i2: float
    q: float
    q_df: int
    q_p: float
    unit: str
    notes: tuple[str, ...]

    @property
    def studies(self) -> tuple[str, ...]:
        """The labels of the studies that were pooled."""
        return tuple(member.label for member in self.members)


@dataclass(frozen=True)
class Refusal:
    """A group that is not pooled: `reason` is one sentence, `left_out` says it finding by finding."""

    group: Group
    studies: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    reason: str


class Pooling(Sequence["Pool | Refusal"]):
    """The groups of a question: the pooled ones first, then the refused ones."""

    def __init__(self, results: Sequence[Pool | Refusal]) -> None:
        pooled = [one for one in results if isinstance(one, Pool)]
        refused = [one for one in results if isinstance(one, Refusal)]
        self._results: tuple[Pool | Refusal, ...] = (*pooled, *refused)
        self.pools = tuple(pooled)
        self.refusals = tuple(refused)

    def __len__(self) -> int:
        return len(self._results)

    @overload
    def __getitem__(self, index: int) -> Pool | Refusal: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Pool | Refusal, ...]: ...
    def __getitem__(self, index: int | slice) -> Pool | Refusal | tuple[Pool | Refusal, ...]:
        return self._results[index]

    def __iter__(self) -> Iterator[Pool | Refusal]:
        return iter(self._results)

    def __repr__(self) -> str:
        return f"<Pooling: {len(self.pools)} pooled, {len(self.refusals)} refused>"

    def _repr_html_(self) -> str:
        return self.to_answer().render("html")

    def to_answer(self) -> Answer:
        """Return one row a group, columns as in COLUMNS.

        result is `pooled` or `refused`; figures are on the scale of the measure, rounded to 4 decimals, and
        empty where refused; i2 is in percent; members, left_out and reason are text.
        """
        return Answer(COLUMNS, [_row(one) for one in self._results], "Pooling of findings")


def _row(one: Pool | Refusal) -> tuple[Value | None, ...]:
    group = one.group
    names = (
        group.state_label,
        group.intervention_label,
        group.comparator_label or None,
        group.outcome_label,
        group.measure_label,
    )
    left_out = "; ".join(f"{other.label}: {other.reason}" for other in one.left_out) or None
    if isinstance(one, Refusal):
        empty = (None,) * 10
        return (
            *("refused", *names, None, len(one.studies), *empty),
            *("; ".join(one.studies) or None, left_out, one.reason),
        )
    figures = (
        *(one.estimate, one.low, one.high, one.prediction_low, one.prediction_high, one.tau2, one.i2, one.q),
        *(one.q_df, one.q_p),
    )
    rounded = (round(figure, 4) if isinstance(figure, float) else figure for figure in figures)
    return (
        *("pooled", *names, one.unit or None, len(one.members), *rounded),
        *("; ".join(one.studies), left_out, " ".join(one.notes) or None),
    )
