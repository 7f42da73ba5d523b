"""Pooling: the method against published results, and the rules of what is pooled with what.

Where the published figures were read:

- BCG vaccine, 13 trials (Colditz et al., JAMA 1994;271:698-702): counts of `dat.bcg` in metadat 1.2-0;
  results with test="knha" as printed in the README of metafor (github.com/wviechtb/metafor at 71ae8f5).
- Teacher expectancy, 19 studies: `dat.raudenbush1985` of metadat 1.2-0; results of Raudenbush, "Analyzing
  effect sizes: Random-effects models" (2009), Table 16.3 on page 309, as metafor's own test compares them
  (tests/testthat/test_analysis_example_raudenbush2009.r there).
- Systolic blood pressure, 10 studies (Riley, Higgins and Deeks, BMJ 2011;342:d549): `sbp` of pimeta 1.1.4
  (github.com/nshi-stat/pimeta at aacb6dd); the prediction interval that its manual prints for `htsreml`
  (rdocumentation.org/packages/pimeta/versions/1.0.1/topics/htsreml).

`fixtures/pooling/metafor.tsv` holds what R 4.2.2 with metafor 3.8-1 gave for the same data with a threshold
of 1e-12 (`adhoc` is the interval with the scale factor at 1 or above); none of it was made with PyMARE.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from statistics import NormalDist

import pytest
from click.testing import CliRunner

import rescue_kg
from rescue_kg.answers import Iri, Value
from rescue_kg.cli.pool import command
from rescue_kg.errors import InputError, UnknownNameError
from rescue_kg.namespaces import contract, expand
from rescue_kg.pooling import Pool, Pooling, Refusal, pool
from rescue_kg.pooling.effects import Effect, effect_of
from rescue_kg.pooling.estimation import Fit, fit
from rescue_kg.resources import data_path

FIXTURES = Path(__file__).parent / "fixtures" / "pooling"
OR = expand("rescue:odds-ratio")
RR = expand("rescue:risk-ratio")
RD = expand("rescue:risk-difference")


def table(name: str) -> list[dict[str, str]]:
    with (FIXTURES / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def counts(events: int, total: int, events_comparator: int, total_comparator: int) -> dict[str, Value | None]:
    return {
        "events_intervention": events,
        "total_intervention": total,
        "events_comparator": events_comparator,
        "total_comparator": total_comparator,
    }


def by_counts(measure: str) -> list[Effect]:
    """The BCG trials, each through the counts that its paper prints."""
    effects = []
    for trial in table("bcg.tsv"):
        a, b, c, d = (int(trial[name]) for name in ("tpos", "tneg", "cpos", "cneg"))
        effect = effect_of({"measure": measure, **counts(a, a + b, c, c + d)}, measure)
        assert isinstance(effect, Effect)
        effects.append(effect)
    return effects


def fit_of(data: str) -> Fit:
    if data.startswith("bcg"):
        effects = by_counts(OR if data.endswith("or") else RR)
        return fit([one.figure for one in effects], [one.variance for one in effects])
    if data == "sbp":
        return fit([float(r["y"]) for r in table("sbp.tsv")], [float(r["se"]) ** 2 for r in table("sbp.tsv")])
    if data == "raudenbush1985":
        rows = table("raudenbush1985.tsv")
        return fit([float(r["yi"]) for r in rows], [float(r["vi"]) for r in rows])
    # The two trials of E-CPR in the fixture graph.
    rows_of = ((1.63, 0.93, 2.85), (1.4, 0.5, 3.5))
    z = 2 * NormalDist().inv_cdf(0.975)
    return fit(
        [math.log(value) for value, _, _ in rows_of],
        [((math.log(high) - math.log(low)) / z) ** 2 for _, low, high in rows_of],
    )


def test_bcg_vaccine_as_metafor_prints_it() -> None:
    found = fit_of("bcg-log-rr")
    assert round(found.tau2, 4) == 0.3132
    assert round(found.q, 4) == 152.2330
    assert found.q_df == 12
    assert round(found.estimate, 4) == -0.7145
    assert round(found.se, 4) == 0.1808
    assert (round(found.low, 4), round(found.high, 4)) == (-1.1084, -0.3206)
    assert not found.floored


def test_teacher_expectancy_as_the_handbook_prints_it() -> None:
    found = fit_of("raudenbush1985")
    assert round(found.q, 4) == 35.8295
    assert round(found.tau2, 4) == 0.0188
    assert round(found.estimate, 4) == 0.0837
    assert round(found.se, 4) == 0.0616
    assert found.estimate / found.se == pytest.approx(1.3593, abs=1e-4)
    assert (round(found.low, 4), round(found.high, 4)) == (-0.0457, 0.2131)


def test_prediction_interval_as_pimeta_prints_it() -> None:
    # pimeta stops its REML iteration earlier than metafor and PyMARE do (tau2 0.06995102 against 0.0699586).
    found = fit_of("sbp")
    assert found.estimate == pytest.approx(-0.3287403, abs=1e-6)
    assert found.tau2 == pytest.approx(0.06995102, abs=1e-5)
    assert found.prediction_low == pytest.approx(-0.9886995, abs=1e-4)
    assert found.prediction_high == pytest.approx(0.3312188, abs=1e-4)


@pytest.mark.parametrize("data", ["bcg-log-rr", "bcg-log-or", "raudenbush1985", "sbp", "two-in-agreement"])
def test_agrees_with_metafor(data: str) -> None:
    golden = {row["figure"]: float(row["value"]) for row in table("metafor.tsv") if row["data"] == data}
    found = fit_of(data)
    pairs = {
        "k": found.q_df + 1,
        "tau2": found.tau2,
        "Q": found.q,
        "Q_p": found.q_p,
        "I2_Q": found.i2,
        "estimate": found.estimate,
        "adhoc_se": found.se,
        "adhoc_low": found.low,
        "adhoc_high": found.high,
        "hk_low": found.plain_low,
        "hk_high": found.plain_high,
    }
    for figure, value in pairs.items():
        assert value == pytest.approx(golden[figure], rel=1e-5, abs=1e-7), figure
    assert found.floored == (golden["adhoc_se"] > golden["hk_se"] * 1.0001)
    assert sum(found.weights) == pytest.approx(1)


def test_two_studies_have_no_prediction_interval() -> None:
    found = fit_of("two-in-agreement")
    assert found.prediction_low is None
    assert found.prediction_high is None
    assert found.floored
    assert found.high - found.low > found.plain_high - found.plain_low


@pytest.mark.parametrize(
    ("figures", "variances"), [([1.0], [1.0]), ([1.0, 2.0], [1.0, 0.0]), ([1.0, math.nan], [1.0, 1.0])]
)
def test_what_cannot_be_fitted(figures: list[float], variances: list[float]) -> None:
    with pytest.raises(InputError, match="found"):
        fit(figures, variances)


def effect(cells: dict[str, Value | None], measure: str = OR) -> Effect | str:
    return effect_of({"measure": measure, "ci_level": 95, **cells}, measure)


@pytest.mark.parametrize(("level", "z"), [(95, 1.959963984540054), (99, 2.5758293035489004)])
def test_standard_error_from_an_interval_at_its_own_level(level: int, z: float) -> None:
    found = effect({"value": 2, "ci_low": 1, "ci_high": 4, "ci_level": level})
    assert isinstance(found, Effect)
    assert found.figure == pytest.approx(math.log(2))
    assert math.sqrt(found.variance) == pytest.approx(math.log(4) / (2 * z))


def test_a_turned_figure_is_turned_round() -> None:
    contrast = Iri(expand("rescue:comparator-against-intervention"))
    plain, turned = (
        effect({"value": 2, "ci_low": 1, "ci_high": 4, "contrast": one})
        for one in (Iri(expand("rescue:intervention-against-comparator")), contrast)
    )
    difference = effect({"value": -9.5, "ci_low": -20.5, "ci_high": 1.5, "contrast": contrast}, RD)
    assert isinstance(plain, Effect)
    assert isinstance(turned, Effect)
    assert isinstance(difference, Effect)
    assert turned.figure == -plain.figure
    assert turned.variance == plain.variance
    assert difference.figure == 9.5


def test_a_table_with_an_empty_cell_gets_half_a_case_in_each() -> None:
    cells = counts(0, 10, 3, 10)
    found = effect(cells)
    assert isinstance(found, Effect)
    assert found.corrected
    assert found.figure == pytest.approx(math.log(0.5 * 7.5 / (10.5 * 3.5)))
    assert found.variance == pytest.approx(1 / 0.5 + 1 / 10.5 + 1 / 3.5 + 1 / 7.5)
    ratio = effect(cells, RR)
    assert isinstance(ratio, Effect)
    assert ratio.figure == pytest.approx(math.log((0.5 / 11) / (3.5 / 11)))
    assert ratio.variance == pytest.approx(1 / 0.5 - 1 / 11 + 1 / 3.5 - 1 / 11)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"value": 2}, "no interval is printed"),
        ({"value": 2, "ci_low": 1, "ci_high": 4, "ci_level": None}, "level of its interval"),
        ({"value": 0.1, "ci_low": 0, "ci_high": 0.4}, "not above 0"),
        ({"value": 5, "ci_low": 1, "ci_high": 4}, "does not hold the estimate"),
        ({"value": 1.2, "ci_low": 1, "ci_high": 4}, "lopsided"),
        ({}, "no figure is printed"),
        (counts(0, 9, 0, 8), "both arms have no event"),
        (counts(12, 9, 1, 8), "do not fit"),
    ],
)
def test_why_a_figure_is_left_out(cells: dict[str, Value | None], reason: str) -> None:
    found = effect(cells)
    assert isinstance(found, str)
    assert reason in found


@pytest.fixture(scope="module")
def graph() -> rescue_kg.RescueGraph:
    return rescue_kg.load(data_path("ontology", "rescue.ttl"), FIXTURES / "evidence.ttl")


@pytest.fixture(scope="module")
def pooling(graph: rescue_kg.RescueGraph) -> Pooling:
    # The ontology has a worked example of its own, which is not looked at here.
    both = (*pool(graph, intervention="E-CPR"), *pool(graph, intervention="bronchial thermoplasty"))
    return Pooling(both)


def named(one: Pool | Refusal) -> tuple[str, str, str, str]:
    group = one.group
    comparator = contract(group.comparator or "").partition(":")[2]
    outcome = contract(group.outcome).partition(":")[2]
    return contract(group.intervention).partition(":")[2], comparator, outcome, contract(group.measure)


def test_only_the_two_trials_of_one_question_are_pooled(pooling: Pooling) -> None:
    (found,) = pooling.pools
    assert named(found) == ("ecpr", "conventional-cpr", "neurological-outcome", "rescue:odds-ratio")
    assert found.studies == ("INCEPTION 2023", "Prague OHCA 2022")
    assert [contract(member.finding) for member in found.members] == [
        "finding:inception-2023-f1",
        "finding:prague-ohca-2022-f1",
    ]
    by_hand = fit_of("two-in-agreement")
    assert found.estimate == pytest.approx(math.exp(by_hand.estimate))
    assert (found.low, found.high) == pytest.approx((math.exp(by_hand.low), math.exp(by_hand.high)))
    assert any("The time points differ: 30 days, 180 days." in note for note in found.notes)
    assert any("secondary source" in note for note in found.notes)
    assert {(contract(one.finding), one.reason) for one in found.left_out} == {
        ("finding:ecpr-ma-jcm-2023-f2", "a synthesis (meta-analysis), not pooled with single studies"),
        ("finding:inception-2023-f2", "not the main analysis"),
        ("finding:prague-ohca-2022-f2", "another figure of the same people is used, that of 180 days"),
    }


def test_refusals_say_why(pooling: Pooling) -> None:
    reasons = {named(refusal): refusal.reason for refusal in pooling.refusals}
    assert reasons == {
        ("ecpr", "conventional-cpr", "mortality", "rescue:hazard-ratio"): (
            "Only one randomized study has a figure for it (ARREST 2020)."
        ),
        ("ecpr", "conventional-cpr", "survival", "rescue:odds-ratio"): (
            "No randomized study has a figure that can be pooled."
        ),
        ("ecpr", "conventional-cpr", "survival", "rescue:proportion"): (
            "The counts of both arms are not printed, so these proportions cannot be pooled."
        ),
        ("ecpr", "conventional-cpr", "survival", "rescue:risk-ratio"): (
            "Only one randomized study has a figure for it (Prague OHCA long-term 2024)."
        ),
        ("ecpr", "conventional-cpr", "survival", "rescue:risk-difference"): (
            "Only one randomized study has a figure for it (ARREST 2020)."
        ),
        ("bronchial-thermoplasty", "no-comparator", "adverse-events", "rescue:proportion"): (
            "There is no other arm that these figures compare with."
        ),
        ("bronchial-thermoplasty", "usual-care", "asthma-quality-of-life", "rescue:mean-difference"): (
            "No randomized study has a figure that can be pooled: a synthesis (systematic review with "
            "meta-analysis), not pooled with single studies."
        ),
        ("bronchial-thermoplasty", "own-baseline", "asthma-quality-of-life", "rescue:mean-difference"): (
            "There is no other arm that these figures compare with."
        ),
        ("bronchial-thermoplasty", "sham", "asthma-quality-of-life", "rescue:proportion"): (
            "The counts of both arms are not printed, so these proportions cannot be pooled."
        ),
    }


def trial(
    name: str,
    figures: str,
    *,
    measure: str = "odds-ratio",
    comparator: str = "conventional-cpr",
    of: str = "neurological-outcome",
    more: str = "",
    design: str = "randomized-controlled-trial",
    days: int | None = 30,
    study: str = "",
) -> str:
    kind = "intervention" if comparator == "conventional-cpr" else "comparator"
    when = f"rescue:timepointDays {days} ;" if days is not None else ""
    study = study or name
    return f"""
study:{study} a rescue:Study ; rdfs:label "{study}"@en ; rescue:design rescue:{design} . {more}
finding:{name} a rescue:Finding ; rdfs:label "{name}"@en ; rescue:statedBy study:{study} ;
  rescue:aboutState state:cpr-refractory-ohca ; rescue:aboutIntervention intervention:ecpr ;
  rescue:comparator {kind}:{comparator} ; rescue:aboutOutcome outcome:{of} ; {when}
  rescue:timepoint "{days} days" ;
  rescue:direction rescue:increases ; rescue:figureSeenIn rescue:primary-source ;
  rescue:hasEstimate estimate:{name} .
estimate:{name} a rescue:EffectEstimate ; rescue:measure rescue:{measure} ; {figures} .
"""


PRINTED = "rescue:value 2.0 ; rescue:ciLow 1.0 ; rescue:ciHigh 4.0 ; rescue:ciLevel 95.0"
COUNTS = (
    "rescue:eventsIntervention 10 ; rescue:totalIntervention 50 ; rescue:eventsComparator 5 ; "
    "rescue:totalComparator 50"
)


def pooled_with(tmp_path: Path, *trials: str) -> Pooling:
    prefixes = {
        name: expand(f"{name}:")
        for name in (
            *("comparator", "estimate", "finding", "intervention", "outcome", "rdfs", "rescue", "state"),
            "study",
        )
    }
    text = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in prefixes.items()) + "".join(trials)
    path = tmp_path / "trials.ttl"
    path.write_text(text, encoding="utf-8")
    found = pool(rescue_kg.load(data_path("ontology", "rescue.ttl"), path, infer=False), intervention="E-CPR")
    assert len({one.group for one in found}) == len(found)
    return found


def test_inactive_comparators_are_not_pooled_with_each_other(tmp_path: Path) -> None:
    found = pooled_with(
        tmp_path, trial("a", PRINTED, comparator="placebo"), trial("b", PRINTED, comparator="usual-care")
    )
    assert [one.reason for one in found.refusals] == [
        "Only one randomized study has a figure for it (a).",
        "Only one randomized study has a figure for it (b).",
    ]


def test_a_follow_up_is_not_pooled_with_its_trial(tmp_path: Path) -> None:
    found = pooled_with(
        tmp_path,
        trial("a", PRINTED),
        trial("b", PRINTED, days=365, more="study:b rescue:includesStudy study:a ."),
    )
    (refusal,) = found.refusals
    assert refusal.reason == "Only one randomized study has a figure for it (a, b)."
    (pooled,) = pooled_with(
        tmp_path,
        trial("a", PRINTED),
        trial("b", PRINTED, days=365, more="study:b rescue:includesStudy study:a ."),
        trial("c", PRINTED),
    ).pools
    assert pooled.studies == ("b", "c")
    assert [one.label for one in pooled.left_out] == ["a"]


def test_a_synthesis_does_not_make_one_study_of_its_members(tmp_path: Path) -> None:
    synthesis = trial(
        "s",
        PRINTED,
        design="meta-analysis",
        more="study:s rescue:includesStudy study:a , study:b .",
    )
    (found,) = pooled_with(tmp_path, trial("a", PRINTED), trial("b", PRINTED), synthesis).pools
    assert found.studies == ("a", "b")


@pytest.mark.parametrize("days", [30, None])
def test_two_figures_that_no_time_point_sets_apart_are_refused(tmp_path: Path, days: int | None) -> None:
    found = pooled_with(
        tmp_path,
        trial("a1", PRINTED, study="a", days=days),
        trial("a2", PRINTED, study="a", days=days),
        trial("b", PRINTED),
    )
    (refusal,) = found.refusals
    assert refusal.reason == "a has more than one figure, and no time point that sets one of them apart."


def test_proportions_with_counts_are_risk_ratios(tmp_path: Path) -> None:
    percent = f'rescue:value 20.0 ; rescue:comparatorValue 10.0 ; rescue:unit "%" ; {COUNTS}'
    (found,) = pooled_with(
        tmp_path,
        trial("a", percent, measure="proportion"),
        trial("b", PRINTED, measure="risk-ratio"),
        trial("c", COUNTS, measure="risk-ratio"),
    ).pools
    assert contract(found.group.measure) == "rescue:risk-ratio"
    assert found.estimate == pytest.approx(2)
    assert [member.basis for member in found.members] == ["counts", "interval", "counts"]
    assert "a, c: computed from printed counts." in found.notes
    assert found.prediction_low is not None


def test_differences_in_different_units_are_refused(tmp_path: Path) -> None:
    difference = "rescue:value 2.0 ; rescue:ciLow -1.0 ; rescue:ciHigh 5.0 ; rescue:ciLevel 95.0"
    found = pooled_with(
        tmp_path,
        trial("a", f'{difference} ; rescue:unit "days"', measure="mean-difference"),
        trial("b", f'{difference} ; rescue:unit "hours"', measure="mean-difference"),
    )
    assert [one.reason for one in found.refusals] == ["The figures have different units (days, hours)."]
    (same,) = pooled_with(
        tmp_path,
        trial("a", f'{difference} ; rescue:unit "days"', measure="mean-difference"),
        trial("b", f'{difference} ; rescue:unit "days"', measure="mean-difference"),
    ).pools
    assert same.unit == "days"
    assert same.estimate == pytest.approx(2)


def test_medians_are_refused(tmp_path: Path) -> None:
    found = pooled_with(tmp_path, trial("a", PRINTED, measure="median-difference"))
    assert found.refusals[0].reason.startswith("A median difference comes without a sampling variance")


def test_the_table_has_a_row_for_each_group(pooling: Pooling) -> None:
    answer = pooling.to_answer()
    assert len(answer) == len(pooling)
    rows = answer.to_dicts()
    assert rows[0]["result"] == "pooled"
    assert rows[0]["estimate"] == pytest.approx(1.5695, abs=1e-4)
    assert rows[0]["prediction_low"] is None
    assert all(one["result"] == "refused" and one["estimate"] is None and one["reason"] for one in rows[1:])
    assert "pooled" in pooling._repr_html_()
    assert repr(pooling) == "<Pooling: 1 pooled, 9 refused>"


def test_terms_narrow_the_question(graph: rescue_kg.RescueGraph) -> None:
    assert {one.group.outcome_label for one in pool(graph, outcome="survival")} == {"survival"}
    assert {one.group.measure for one in pool(graph, measure="rescue:odds-ratio")} == {OR}
    assert len(pool(graph, intervention="bronchial thermoplasty")) == 4
    with pytest.raises(UnknownNameError):
        pool(graph, state="no such state")


def test_the_same_facts_twice_change_nothing(pooling: Pooling) -> None:
    twice = rescue_kg.load(data_path("ontology", "rescue.ttl"), FIXTURES / "evidence.ttl")
    twice.load(FIXTURES / "evidence.ttl", dataset="again")
    (found,) = pool(twice, intervention="E-CPR").pools
    assert found == pooling.pools[0]


def run(*arguments: str) -> tuple[int, str, str]:
    files = [str(data_path("ontology", "rescue.ttl")), str(FIXTURES / "evidence.ttl")]
    options = [part for file in files for part in ("--graph", file)]
    result = CliRunner().invoke(command, [*arguments, *options])
    return result.exit_code, result.stdout, result.stderr


def test_command_line() -> None:
    code, out, err = run("E-CPR", "neurological outcome")
    assert code == 0
    assert "pooled odds ratio 1.57 (95 % interval 0.0675 to 36.5), 2 randomized studies" in out
    assert "not medical advice" in out
    assert err == ""
    code, out, err = run("survival")
    assert "Not pooled: 1" in out
    assert "3 groups of one study not listed; --all lists them" in err
    code, out, _ = run("survival", "--all", "--format", "tsv")
    assert len(out.splitlines()) == 5
    assert [line.split("\t")[0] for line in out.splitlines()[1:]] == ["refused"] * 4


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (("condition:severe-asthma",), "expected a state, intervention, outcome or measure"),
        (("survival", "mortality"), "found a second outcome"),
    ],
)
def test_terms_that_do_not_fit(terms: tuple[str, ...], message: str) -> None:
    files = ["--graph", str(data_path("ontology", "rescue.ttl"))]
    result = CliRunner().invoke(command, [*terms, *files])
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)
