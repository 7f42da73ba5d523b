"""`rescue-kg plot`: draw a figure of the graph as SVG or PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from rescue_kg.cli.common import Interruptible, graph_option, open_graph, put
from rescue_kg.cli.group import say

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.plots import Figure

__all__ = ["command"]

_FIGURES: Final = ("forest", "map", "drift", "citations")


@click.command("plot", short_help="Draw a forest plot, evidence map, drift or citation figure.")
@click.argument("figure", type=click.Choice(_FIGURES), metavar="FIGURE")
@click.argument("term", required=False)
@click.option(
    "--out",
    "-o",
    metavar="FILE",
    required=True,
    help="File to write, .svg or .png; - for SVG on standard output.",
)
@graph_option
def command(figure: str, term: str | None, out: str, graph_files: tuple[str, ...]) -> None:
    """Draw a FIGURE of what sources say and measured.

    forest needs a TERM: a claim, state, condition, intervention, outcome, comparator or study, or a question
    of the catalogue that lists findings. map, drift and citations show the graph as a whole.

    \b
        rescue-kg plot forest claim:ecpr-ohca-survival --out ecpr.svg
        rescue-kg plot forest "severe asthma" --out asthma.png
        rescue-kg plot map --out map.svg
    """  # noqa: D301 - click wants the character itself
    if (figure == "forest") != (term is not None):
        wanted = "a TERM, such as a claim" if figure == "forest" else "no TERM"
        raise click.UsageError(f"{figure}: found {'none' if term is None else repr(term)}, expected {wanted}")
    with Interruptible():
        drawn = _draw(open_graph(graph_files), figure, term or "")
    if out == "-":
        put(drawn.svg())
        return
    drawn.save(out)
    say(f"wrote {out}: {drawn.caption}")


def _draw(graph: RescueGraph, figure: str, term: str) -> Figure:
    from rescue_kg import plots

    if figure == "forest":
        return plots.forest(graph, term)
    return {"map": plots.evidence_map, "drift": plots.drift, "citations": plots.citations}[figure](graph)
