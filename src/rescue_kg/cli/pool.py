"""`rescue-kg pool`: pool the figures of randomized studies, or say why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from rescue_kg.cli.common import Interruptible, format_option, graph_option, open_graph, put, show_answer
from rescue_kg.cli.group import say
from rescue_kg.errors import InputError

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.pooling import Pool, Pooling, Refusal

__all__ = ["command"]

_FOOT: Final = """What sources say and measured; not medical advice.
A credible interval of a Bayesian analysis cannot be told from a confidence interval in the record."""
_KINDS: Final = {"state": "state", "intervention": "intervention", "outcome": "outcome"}


@click.command("pool", short_help="Pool the figures of randomized studies, or say why not.")
@click.argument("terms", metavar="[TERM]...", nargs=-1)
@click.option(
    "--all", "everything", is_flag=True, help="List groups of one study too; they are refused for that."
)
@graph_option
@format_option
def command(terms: tuple[str, ...], everything: bool, graph_files: tuple[str, ...], form: str) -> None:
    """Pool what randomized studies measured, where their questions and measures are the same.

    TERM narrows the question to a state, an intervention, an outcome or a measure, by IRI, CURIE, label or
    synonym; one of each kind at most:

    \b
        rescue-kg pool
        rescue-kg pool E-CPR "neurological outcome"
        rescue-kg pool rescue:risk-ratio --format json
    """  # noqa: D301 - click wants the character itself
    from rescue_kg.pooling import Pooling, pool

    with Interruptible():
        graph = open_graph(graph_files)
        found = pool(graph, **_filters(graph, terms))
    shown = found if everything else Pooling([one for one in found if _studies(one) > 1])
    if form == "text":
        put(_text(shown))
    else:
        show_answer(shown.to_answer(), form)
    if len(shown) < len(found):
        count = len(found) - len(shown)
        say(f"{count} {'group' if count == 1 else 'groups'} of one study not listed; --all lists them")


def _studies(one: Pool | Refusal) -> int:
    return len(one.studies)


def _filters(graph: RescueGraph, terms: tuple[str, ...]) -> dict[str, str]:
    """Return the parameters that the terms stand for. Raises InputError for a term of another kind."""
    from rescue_kg.namespaces import contract

    filters: dict[str, str] = {}
    for term in terms:
        iri = graph.resolve(term)
        kind = _KINDS.get(contract(iri).partition(":")[0])
        if kind is None and graph.query(f"ASK {{ <{iri}> a rescue:EffectMeasure }}") is True:
            kind = "measure"
        if kind is None:
            raise InputError(
                f"{term}: found {contract(iri)}, expected a state, intervention, outcome or measure"
            )
        if kind in filters:
            raise InputError(f"{term}: found a second {kind}, expected one at most")
        filters[kind] = iri
    return filters


def _text(found: Pooling) -> str:
    lines = [line for pool in found.pools for line in _pool(pool)]
    if found.refusals:
        lines += [f"Not pooled: {len(found.refusals)}", ""]
        lines += [line for refusal in found.refusals for line in _refusal(refusal)]
    return "\n".join([*lines, _FOOT, ""])


def _pool(pool: Pool) -> list[str]:
    unit = f" {pool.unit}" if pool.unit else ""
    lines = [
        str(pool.group),
        f"  pooled {pool.group.measure_label} {pool.estimate:.3g}{unit} "
        f"(95 % interval {pool.low:.3g} to {pool.high:.3g}), {len(pool.members)} randomized studies",
    ]
    if pool.prediction_low is not None and pool.prediction_high is not None:
        lines.append(f"  prediction interval {pool.prediction_low:.3g} to {pool.prediction_high:.3g}")
    lines.append(
        f"  I^2 {pool.i2:.0f} %, tau^2 {pool.tau2:.3g}, Q {pool.q:.3g} on {pool.q_df} df, p {pool.q_p:.2g}"
    )
    lines += [
        f"    {member.label}{f' ({member.timepoint})' if member.timepoint else ''}: {member.estimate:.3g} "
        f"({member.low:.3g} to {member.high:.3g}), weight {member.weight:.0f} %"
        for member in pool.members
    ]
    lines += [f"  {note}" for note in pool.notes]
    return [*lines, *_left_out(pool), ""]


def _refusal(refusal: Refusal) -> list[str]:
    head = f"{refusal.group} ({refusal.group.measure_label}; {', '.join(refusal.studies)})"
    return [head, f"  {refusal.reason}", *_left_out(refusal), ""]


def _left_out(one: Pool | Refusal) -> list[str]:
    lines = (f"    left out: {other.label}: {other.reason}" for other in one.left_out)
    return list(dict.fromkeys(lines))
