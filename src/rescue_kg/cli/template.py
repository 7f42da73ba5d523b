"""`rescue-kg template`: an empty evidence table with its columns explained."""

from __future__ import annotations

import click

from rescue_kg.cli.common import open_graph, put

__all__ = ["command"]


@click.command("template", short_help="Print an empty evidence table, its columns explained.")
@click.argument("kind", type=click.Choice(("study", "finding", "claim")))
def command(kind: str) -> None:
    """Print the header of a table of studies, findings or claims, in TSV, below a comment on each column.

    \b
        rescue-kg template finding > findings.tsv
    """  # noqa: D301 - click wants the character itself
    from rescue_kg import tables

    put(tables.template(kind, open_graph((), infer=False, evidence=False).store))
