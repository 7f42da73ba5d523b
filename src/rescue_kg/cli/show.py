"""`rescue-kg show`: everything that is said about a node."""

from __future__ import annotations

import click

from rescue_kg.cli.common import Interruptible, format_option, graph_option, open_graph, show_answer

__all__ = ["command"]


@click.command("show", short_help="Show everything that is said about a term.")
@click.argument("term")
@graph_option
@format_option
def command(term: str, graph_files: tuple[str, ...], form: str) -> None:
    """Show everything that is said about a TERM: an IRI, a CURIE such as intervention:ecmo, or a name."""
    with Interruptible():
        answer = open_graph(graph_files).show(term)
    show_answer(answer, form)
