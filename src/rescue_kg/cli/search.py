"""`rescue-kg search`: find nodes by a part of their name or definition."""

from __future__ import annotations

import click

from rescue_kg.cli.common import Interruptible, format_option, graph_option, open_graph, show_answer

__all__ = ["command"]


@click.command("search", short_help="Find terms by a part of their name or definition.")
@click.argument("text")
@graph_option
@format_option
def command(text: str, graph_files: tuple[str, ...], form: str) -> None:
    """Find the terms whose label, synonym or definition holds TEXT, whatever the case, the best first."""
    with Interruptible():
        answer = open_graph(graph_files, infer=False).search(text)
    show_answer(answer, form)
