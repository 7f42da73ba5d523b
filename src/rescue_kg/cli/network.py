"""`rescue-kg network`: a projection of the graph as a network, and what is central or connected in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rescue_kg.cli.common import Interruptible, format_option, graph_option, open_graph, show_answer
from rescue_kg.cli.group import say

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from rescue_kg.answers import Answer

__all__ = ["command"]


def _complete_name(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from rescue_kg.projections import PROJECTIONS

    return [
        CompletionItem(name, help=one.edges)
        for name, one in PROJECTIONS.items()
        if name.startswith(incomplete)
    ]


@click.command("network", short_help="List a projection as a network, or measure it.")
@click.argument("name", metavar="[PROJECTION]", required=False, shell_complete=_complete_name)
@click.option("--centrality", is_flag=True, help="How central each node is: degree and betweenness.")
@click.option("--communities", is_flag=True, help="The communities that the Louvain method finds.")
@click.option("--path", "ends", nargs=2, metavar="A B", help="A shortest path between two nodes.")
@click.option("--shared", is_flag=True, help="Which interventions share a neighbour, such as a condition.")
@click.option(
    "--engine",
    default="networkx",
    show_default=True,
    metavar="NAME",
    help="What computes betweenness and paths: networkx or rustworkx.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=5_000_000,
    show_default=True,
    help="The most edges to build.",
)
@graph_option
@format_option
def command(
    name: str | None,
    centrality: bool,
    communities: bool,
    ends: tuple[str, str] | None,
    shared: bool,
    engine: str,
    limit: int,
    graph_files: tuple[str, ...],
    form: str,
) -> None:
    """List the edges of a PROJECTION of the graph, or measure it; without one, list the projections.

    \b
        rescue-kg network
        rescue-kg network interventions-conditions --centrality
        rescue-kg network interventions-conditions --shared
        rescue-kg network failed-rescue --format csv
        rescue-kg network evidence --path "septic shock" "COVID-19 ARDS"
    """  # noqa: D301 - click wants the character itself
    asked = {"--centrality": centrality, "--communities": communities, "--path": ends, "--shared": shared}
    given = [option for option, value in asked.items() if value]
    if len(given) > 1:
        raise click.UsageError(f"found {' and '.join(given)}, expected one of them")
    from rescue_kg import projections

    if name is None:
        if given:
            raise click.UsageError(f"found {given[0]} without a PROJECTION, expected one before it")
        show_answer(projections.catalogue(), form)
        return
    chosen = projections.find(name)
    with Interruptible():
        graph = open_graph(graph_files, evidence=chosen.reads_evidence)
        network = graph.projection(name, limit=limit)
        from rescue_kg import analytics

        answer: Answer
        if centrality:
            answer = analytics.centrality(network, engine=engine)
        elif communities:
            answer = analytics.communities(network)
        elif ends:
            answer = analytics.path(graph, network, *ends, engine=engine)
        elif shared:
            answer = analytics.shared(network, limit=limit)
        else:
            answer = projections.edges(network)
    show_answer(answer, form)
    if not given:
        say(f"an edge: {chosen.edges}; weight: {chosen.weight}")
    if ends and not answer:
        say(f"no path leads from {ends[0]!r} to {ends[1]!r} in {name}")
