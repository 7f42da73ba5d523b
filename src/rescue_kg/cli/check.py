"""`rescue-kg check`: hold a graph against the check queries alone."""

from __future__ import annotations

import click

from rescue_kg.cli.common import Interruptible
from rescue_kg.cli.reporting import open_checked, report_options, show_report

__all__ = ["command"]


@click.command("check", short_help="Check the quality of the ontology, without shapes.")
@report_options
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[str, ...],
    max_results: int | None,
    everything: bool,
    fail_on: str,
    form: str,
) -> None:
    """Hold the packaged graph, or all FILEs together, against the check queries, without the SHACL shapes.

    The checks look for what ROBOT's report and the OBO dashboard look for in an ontology (missing labels,
    shared definitions, dangling or deprecated references, cycles, ...), and for slips across records.
    FILEs that hold data without the ontology are checked together with the packaged graph. A FILE may also be
    the folder of a store.

    The text and the JSON say how much was looked at; CSV, TSV and Markdown are the findings alone. Exit
    status 1 when there is an error (or what --fail-on says), or when a check looked at nothing.
    """
    from rescue_kg.validation import check

    with Interruptible():
        graph, read = open_checked(files)
        report = check(graph, max_results=max_results)
    show_report(ctx, report, form, files=read, fail_on=fail_on, everything=everything)
