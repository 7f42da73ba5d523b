"""`rescue-kg validate`: hold a graph against the shapes and the check queries."""

from __future__ import annotations

import click

from rescue_kg.cli.common import Interruptible
from rescue_kg.cli.reporting import open_checked, report_options, show_report

__all__ = ["command"]


@click.command("validate", short_help="Check the graph, or files of your own, against shapes and checks.")
@click.option(
    "--engine",
    type=click.Choice(("reference", "fast")),
    default="reference",
    show_default=True,
    help="Who judges the shapes: pySHACL, or the faster engine of the extra [fast]. Both find the same.",
)
@click.option(
    "--dataset",
    metavar="NAME",
    help="Look only at the nodes of this dataset, by the shapes alone.",
)
@report_options
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[str, ...],
    engine: str,
    dataset: str | None,
    max_results: int | None,
    everything: bool,
    fail_on: str,
    form: str,
) -> None:
    """Hold the packaged graph, or all FILEs together, against the SHACL shapes and the check queries.

    FILEs that hold data without the ontology are checked together with the packaged graph. A FILE may also be
    the folder of a store.

    The text and the JSON say how much was looked at; CSV, TSV and Markdown are the findings alone. Exit
    status 1 when there is an error (or what --fail-on says), or when a shape or a check looked at nothing.
    """
    with Interruptible():
        graph, read = open_checked(files)
        report = graph.validate(engine=engine, dataset=dataset, max_results=max_results)
    show_report(ctx, report, form, files=read, fail_on=fail_on, everything=everything)
