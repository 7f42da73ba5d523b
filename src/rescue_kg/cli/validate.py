"""`rescue-kg validate`: hold a graph against the shapes and the check queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rescue_kg.cli.common import Interruptible, format_option, open_graph, put, show_answer

if TYPE_CHECKING:
    from rescue_kg.validation import Report

__all__ = ["command"]


@click.command("validate", short_help="Check the graph, or files of your own, against shapes and checks.")
@click.argument("files", metavar="[FILE...|-]", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="List every finding; the text lists the first 20.")
@format_option
@click.pass_context
def command(ctx: click.Context, files: tuple[str, ...], everything: bool, form: str) -> None:
    """Hold the packaged graph, or all FILEs together, against the SHACL shapes and the check queries.

    FILEs that hold data without the ontology are checked together with the packaged graph.

    The text and the JSON say how much was looked at; CSV, TSV and Markdown are the findings alone. Exit
    status 1 when there is an error, or when a shape or a check looked at nothing.
    """
    with Interruptible():
        graph = open_graph(files, infer=False)
        if files and not graph.query("ASK { ?ontology a owl:Ontology }"):
            from rescue_kg.namespaces import ONTOLOGY_GRAPH
            from rescue_kg.resources import data_path

            graph.store.load_file(data_path("ontology", "rescue.ttl"), graph=ONTOLOGY_GRAPH)
        report = graph.validate()
    if form == "text":
        put(report.to_text(None if everything else 20))
    elif form == "json":
        from json import dumps

        put(dumps(report.to_dict(), ensure_ascii=False, indent=2) + "\n")
    else:
        _show_findings(report, form)
    ctx.exit(0 if report.ok else 1)


def _show_findings(report: Report, form: str) -> None:
    from rescue_kg.answers import Answer
    from rescue_kg.validation_report import findings

    show_answer(Answer(("severity", "source", "node", "problem"), findings(report), "Findings"), form)
