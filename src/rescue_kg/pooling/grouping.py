"""Groups findings that may be pooled, takes one finding of each study, and pools or refuses each group."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

from rescue_kg.answers import Answer, Iri
from rescue_kg.namespaces import expand
from rescue_kg.pooling.effects import DIFFERENCES, RATIOS, Effect, counts_of, effect_of
from rescue_kg.pooling.model import Group, LeftOut, Member, Pool, Pooling, Refusal

if TYPE_CHECKING:
    from rescue_kg.answers import Value
    from rescue_kg.graph import RescueGraph

__all__ = ["pool"]

_RANDOMIZED: Final = expand("rescue:randomized-controlled-trial")
_PROPORTION: Final = expand("rescue:proportion")
_RISK_RATIO: Final = expand("rescue:risk-ratio")
_MAIN: Final = (None, expand("rescue:main-analysis"))
_SECONDARY: Final = expand("rescue:secondary-source")
_NO_ARM: Final = frozenset(
    expand(name)
    for name in ("comparator:own-baseline", "comparator:no-comparator", "rescue:comparator-not-stated")
)
# A synthesis includes studies too, and does not make one study of them.
_LINKS: Final = """
SELECT DISTINCT ?whole ?part WHERE {
  ?whole rescue:includesStudy ?part
  MINUS { ?whole rescue:design ?design . ?design rescue:synthesizes true }
}
"""
_SYNTHESES: Final = "SELECT DISTINCT ?design WHERE { ?design rescue:synthesizes true }"


@dataclass(frozen=True)
class _Candidate:
    """A figure that may be pooled: the row that it comes from, and its effect."""

    row: dict[str, Value | None]
    effect: Effect

    @property
    def study(self) -> Iri:
        return Iri(self.row["study"])

    @property
    def days(self) -> int | None:
        value = self.row["timepoint_days"]
        return value if type(value) is int else None


def pool(
    graph: RescueGraph,
    *,
    state: str | None = None,
    intervention: str | None = None,
    outcome: str | None = None,
    measure: str | None = None,
) -> Pooling:
    """Return every group of findings, pooled or refused; terms take an IRI, a CURIE or a label.

    A group has one state, intervention, comparator, outcome and measure. Pooled are the main analyses of at
    least two randomized controlled trials, one finding a study (of several the one with the latest time
    point); syntheses never are. A proportion of events with the counts of both arms counts as a risk ratio.
    docs/pooling.md has the rules in full, `estimation.fit` the method and where it comes from.

    Raises UnknownNameError for an unknown term, NotAvailableError without PyMARE where a group can be pooled.
    """
    answer = graph.ask(
        "poolable-findings", state=state, intervention=intervention, outcome=outcome, measure=None
    )
    wanted = None if measure is None else graph.resolve(measure)
    groups: dict[Group, list[dict[str, Value | None]]] = defaultdict(list)
    # A node with two labels gives a figure two rows.
    figures = {(row["finding"], row["estimate"]): row for row in reversed(answer.to_dicts())}
    for row in reversed(figures.values()):
        group = _group(row, graph)
        if wanted in (None, group.measure, row["measure"]):
            groups[group].append(row)
    families = _families(_pairs(graph, _LINKS))
    syntheses = {design for (design,) in _pairs(graph, _SYNTHESES)}
    return Pooling([_result(group, rows, families, syntheses) for group, rows in groups.items()])


def _pairs(graph: RescueGraph, sparql: str) -> list[tuple[str, ...]]:
    answer = graph.query(sparql)
    return [tuple(map(str, row)) for row in answer] if isinstance(answer, Answer) else []


def _group(row: dict[str, Value | None], graph: RescueGraph) -> Group:
    measure, measure_label = Iri(row["measure"]), str(row["measure_label"])
    if measure == _PROPORTION and counts_of(row) is not None:
        measure, measure_label = Iri(_RISK_RATIO), graph.label(_RISK_RATIO)
    return Group(
        state=Iri(row["state"]),
        intervention=Iri(row["intervention"]),
        comparator=None if row["comparator"] is None else Iri(row["comparator"]),
        outcome=Iri(row["outcome"]),
        measure=measure,
        state_label=str(row["state_label"]),
        intervention_label=str(row["intervention_label"]),
        comparator_label=str(row["comparator_label"] or ""),
        outcome_label=str(row["outcome_label"]),
        measure_label=measure_label,
    )


def _families(links: list[tuple[str, ...]]) -> dict[str, str]:
    """Return study -> the study that it is counted as: a follow-up has the people of its trial."""
    known: dict[str, str] = {}

    def root(study: str) -> str:
        while known.get(study, study) != study:
            study = known[study]
        return study

    for whole, part in links:
        one, other = sorted((root(whole), root(part)))
        known[other] = one
    return {study: root(study) for link in links for study in link}


def _result(
    group: Group, rows: list[dict[str, Value | None]], families: dict[str, str], syntheses: set[str]
) -> Pool | Refusal:
    """Pool one group, or refuse it."""
    if group.comparator is None or group.comparator in _NO_ARM:
        return _refused(group, rows, [], "There is no other arm that these figures compare with.")
    if group.measure not in RATIOS | DIFFERENCES:
        reason = f"A {group.measure_label} comes without a sampling variance, so it cannot be pooled."
        if group.measure == _PROPORTION:
            reason = "The counts of both arms are not printed, so these proportions cannot be pooled."
        return _refused(group, rows, [], reason)
    usable, left_out = _usable(group, rows, syntheses)
    chosen: list[_Candidate] = []
    by_study: dict[str, list[_Candidate]] = defaultdict(list)
    for candidate in usable:
        by_study[families.get(candidate.study, candidate.study)].append(candidate)
    if len(by_study) < 2:
        return _refused(group, rows, left_out, _too_few(usable, left_out))
    for several in by_study.values():
        one = _one_of(several)
        if one is None:
            name = several[0].row["study_label"]
            reason = f"{name} has more than one figure, and no time point that sets one of them apart."
            return _refused(group, rows, left_out, reason)
        chosen.append(one)
        left_out += [
            _left(other.row, f"another figure of the same people is used, that of {_when(one)}")
            for other in several
            if other is not one
        ]
    units = {str(one.row["unit"] or "") for one in chosen} if group.measure in DIFFERENCES else {""}
    if len(units) > 1:
        named = ", ".join(sorted(unit or "no unit" for unit in units))
        return _refused(group, rows, left_out, f"The figures have different units ({named}).")
    return _pooled(group, chosen, left_out, units.pop())


def _usable(
    group: Group, rows: list[dict[str, Value | None]], syntheses: set[str]
) -> tuple[list[_Candidate], list[LeftOut]]:
    """Return the figures of randomized trials that can be pooled, and the others with what keeps them out."""
    usable, left_out = [], []
    for row in rows:
        effect = effect_of(row, group.measure)
        if row["design"] in syntheses:
            left_out.append(
                _left(row, f"a synthesis ({row['design_label']}), not pooled with single studies")
            )
        elif row["design"] != _RANDOMIZED:
            left_out.append(_left(row, f"not randomized ({row['design_label'] or 'design not recorded'})"))
        elif row["analysis"] not in _MAIN:
            left_out.append(_left(row, "not the main analysis"))
        elif isinstance(effect, str):
            left_out.append(_left(row, effect))
        else:
            usable.append(_Candidate(row, effect))
    return usable, left_out


def _one_of(several: list[_Candidate]) -> _Candidate | None:
    """Return the figure that stands for a study, or None where nothing sets one apart."""
    # One finding may have its interval and its counts as two figures.
    if len({one.row["finding"] for one in several}) == 1:
        printed = [one for one in several if one.effect.basis == "interval"]
        several = printed or several
    if len(several) == 1:
        return several[0]
    days = [one.days for one in several]
    known = [day for day in days if day is not None]
    if len(known) < len(days) or known.count(max(known)) > 1:
        return None
    return several[days.index(max(known))]


def _pooled(group: Group, chosen: list[_Candidate], left_out: list[LeftOut], unit: str) -> Pool:
    from rescue_kg.pooling.estimation import fit

    found = fit([one.effect.figure for one in chosen], [one.effect.variance for one in chosen])

    def back(figure: float) -> float:
        return math.exp(figure) if group.measure in RATIOS else figure

    members = []
    for one, weight in zip(chosen, found.weights, strict=True):
        reach = NormalDist().inv_cdf(0.975) * math.sqrt(one.effect.variance)
        members.append(
            Member(
                study=one.study,
                label=str(one.row["study_label"]),
                finding=Iri(one.row["finding"]),
                timepoint=str(one.row["timepoint"] or ""),
                timepoint_days=one.days,
                estimate=back(one.effect.figure),
                low=back(one.effect.figure - reach),
                high=back(one.effect.figure + reach),
                variance=one.effect.variance,
                weight=100 * weight,
                basis=one.effect.basis,
                turned=one.effect.turned,
                corrected=one.effect.corrected,
                secondary=one.row["source"] == _SECONDARY,
            )
        )
    notes = []
    if found.prediction_low is None or found.prediction_high is None:
        notes.append(
            "Two studies: there is no prediction interval, and the interval has one degree of freedom."
        )
    if found.floored:
        notes.append(
            "The studies agree more than chance explains; the interval keeps the classical standard error."
        )
    notes += _notes(members)
    return Pool(
        group=group,
        members=tuple(members),
        left_out=tuple(left_out),
        estimate=back(found.estimate),
        low=back(found.low),
        high=back(found.high),
        prediction_low=None if found.prediction_low is None else back(found.prediction_low),
        prediction_high=None if found.prediction_high is None else back(found.prediction_high),
        tau2=found.tau2,
        i2=found.i2,
        q=found.q,
        q_df=found.q_df,
        q_p=found.q_p,
        unit=unit,
        notes=tuple(notes),
    )


def _notes(members: list[Member]) -> list[str]:
    """Return what should be read with a pooled figure, as sentences."""
    notes = []
    whens = sorted({(member.timepoint_days or 0, member.timepoint or "not stated") for member in members})
    if len({when for _, when in whens}) > 1:
        notes.append(f"The time points differ: {', '.join(when for _, when in whens)}.")
    for found, words in (
        ([m.label for m in members if m.basis == "counts"], "computed from printed counts"),
        ([m.label for m in members if m.corrected], "0.5 added to each cell, one being 0"),
        ([m.label for m in members if m.turned], "turned round, printed as comparator against intervention"),
        ([m.label for m in members if m.secondary], "read in a secondary source"),
    ):
        if found:
            notes.append(f"{', '.join(found)}: {words}.")
    return notes


def _too_few(usable: list[_Candidate], left_out: list[LeftOut]) -> str:
    """Return the reason of a group with fewer than two studies left."""
    if usable:
        names = dict.fromkeys(str(one.row["study_label"]) for one in usable)
        return f"Only one randomized study has a figure for it ({', '.join(names)})."
    reasons = Counter(one.reason for one in left_out)
    if len(reasons) == 1:
        return f"No randomized study has a figure that can be pooled: {next(iter(reasons))}."
    return "No randomized study has a figure that can be pooled."


def _refused(
    group: Group, rows: list[dict[str, Value | None]], left_out: list[LeftOut], reason: str
) -> Refusal:
    return Refusal(
        group, tuple(dict.fromkeys(str(row["study_label"]) for row in rows)), tuple(left_out), reason
    )


def _left(row: dict[str, Value | None], reason: str) -> LeftOut:
    return LeftOut(Iri(row["finding"]), Iri(row["study"]), str(row["study_label"]), reason)


def _when(one: _Candidate) -> str:
    return str(one.row["timepoint"] or one.row["study_label"])
