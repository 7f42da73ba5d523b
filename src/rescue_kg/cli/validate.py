"""`rescue-kg validate`: hold a graph against the shapes and the check queries."""

from __future__ import annotations

import click

from rescue_kg.cli.common import Interruptible
from rescue_kg.cli.reporting import open_checked, report_options, show_report

__all__ = ["command"]


@click.command("validate", short_help="Check the graph, or files of your own, against shapes and checks.")
@report_options
@click.pass_context
def command(ctx: click.Context, files: tuple[str, ...], everything: bool, fail_on: str, form: str) -> None:
    """Hold the packaged graph, or all FILEs together, against the SHACL shapes and the check queries.

    FILEs that hold data without the ontology are checked together with the packaged graph.

    The text and the JSON say how much was looked at; CSV, TSV and Markdown are the findings alone. Exit
    status 1 when there is an error (or what --fail-on says), or when a shape or a check looked at nothing.
    """
    with Interruptible():
        graph, read = open_checked(files)
        report = graph.validate()
    show_report(ctx, report, form, files=read, fail_on=fail_on, everything=everything)
