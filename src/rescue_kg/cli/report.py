"""`rescue-kg report`: the main job, from the graph to a page."""

from __future__ import annotations

import click

from rescue_kg.cli.common import Interruptible, graph_option, open_graph, put

__all__ = ["command"]


@click.command("report", short_help="Validate, infer, answer, export and write one page on it all.")
@click.argument("out", metavar="OUT/")
@graph_option
@click.option("--no-figures", is_flag=True, help="Draw no figures; drawing takes most of the time.")
@click.pass_context
def command(ctx: click.Context, out: str, graph_files: tuple[str, ...], no_figures: bool) -> None:
    """Validate, infer, answer every question, export, and write OUT/report.html, which needs no network.

    OUT/evidence.html holds the claims against what studies measured; its figures need matplotlib.

    Exit status 1 when a check failed or looked at nothing.
    """
    from rescue_kg.report import write_report

    with Interruptible():
        graph = open_graph(graph_files)
    result = write_report(graph, out, figures=not no_figures)
    put(result.summary.rstrip("\n") + "\n")
    if not result.ok:
        ctx.exit(1)
