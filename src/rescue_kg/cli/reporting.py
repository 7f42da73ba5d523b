"""What `validate` and `check` share: their options, the graph they look at, and the forms of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from rescue_kg.cli.common import FORMATS, open_graph, put, show_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescue_kg.graph import RescueGraph
    from rescue_kg.validation import Report

__all__ = ["open_checked", "report_options", "show_report"]

_REPORT_FORMATS: Final = (*FORMATS, "junit", "sarif")
_LISTED: Final = 20

_F = TypeVar("_F", bound="Callable[..., Any]")


def report_options(function: _F) -> _F:
    """Add the files, `--all`, `--max-results`, `--fail-on` and `--format`."""
    for add in (
        click.option(
            "--format",
            "-f",
            "form",
            type=click.Choice(_REPORT_FORMATS),
            default="text",
            show_default=True,
            help="Form of the report; junit and sarif are for CI servers and code hosts.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(("error", "warning", "info")),
            default="error",
            show_default=True,
            help="The mildest severity that makes it fail.",
        ),
        click.option(
            "--max-results",
            type=click.IntRange(0),
            metavar="N",
            help="Keep at most N findings of each shape and check; all are counted.",
        ),
        click.option(
            "--all", "everything", is_flag=True, help="List every finding; the text lists the first 20."
        ),
        click.argument("files", metavar="[FILE...|-]", nargs=-1),
    ):
        function = add(function)
    return function


def open_checked(files: tuple[str, ...]) -> tuple[RescueGraph, tuple[str, ...]]:
    """Return the graph of the files, or the packaged one, without closure, and the files it was read from.

    A store in a folder is looked at as it stands. Files that hold data without the ontology are joined by the
    packaged one, and files without a finding by the packaged evidence, in which the examples of the
    vocabulary stand.
    """
    from rescue_kg.namespaces import EVIDENCE_GRAPH, ONTOLOGY_GRAPH
    from rescue_kg.resources import data_path

    ontology = data_path("ontology", "rescue.ttl")
    evidence = data_path("evidence", "evidence.ttl")
    if not files:
        return open_graph((), infer=False), (ontology, evidence)
    graph = open_graph(files, infer=False)
    if graph.store.path is not None:
        return graph, ()
    if not graph.query("ASK { ?ontology a owl:Ontology }"):
        graph.store.load_file(ontology, graph=ONTOLOGY_GRAPH)
        files = (*files, ontology)
    if not graph.query("ASK { ?finding a rescue:Finding }"):
        graph.store.load_file(evidence, graph=EVIDENCE_GRAPH)
        files = (*files, evidence)
    return graph, files


def show_report(
    ctx: click.Context, report: Report, form: str, *, files: tuple[str, ...], fail_on: str, everything: bool
) -> None:
    """Print a report, and end with status 1 where it does not pass."""
    if form == "text":
        put(report.to_text(None if everything else _LISTED, fail_on))
    elif form == "json":
        from json import dumps

        put(dumps(report.to_dict(), ensure_ascii=False, indent=2) + "\n")
    elif form == "sarif":
        from rescue_kg.sarif import to_sarif

        put(to_sarif(report, files))
    elif form == "junit":
        from rescue_kg.junit import to_junit

        put(to_junit(report, fail_on))
    else:
        from rescue_kg.answers import Answer
        from rescue_kg.validation_report import findings

        columns = ("severity", "source", "node", "problem")
        show_answer(Answer(columns, findings(report), "Findings"), form)
    ctx.exit(0 if report.passes(fail_on) else 1)
