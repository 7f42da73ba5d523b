"""`rescue-kg audit`: check citations against Crossref, PubMed and OpenAlex."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from rescue_kg.cli.common import format_option, graph_option, open_graph, put, show_answer
from rescue_kg.cli.group import say

if TYPE_CHECKING:
    from pyoxigraph import Triple

    from rescue_kg.audit import AuditReport
    from rescue_kg.graph import RescueGraph

__all__ = ["command"]


@click.command("audit", short_help="Check citations against Crossref, PubMed and OpenAlex.")
@click.option(
    "--only",
    "studies",
    metavar="STUDY",
    multiple=True,
    help="Study to check, by IRI, CURIE or label; repeatable.",
)
@click.option(
    "--service",
    "services",
    metavar="NAME",
    multiple=True,
    help="Service to ask: crossref, pubmed or openalex; repeatable, all by default.",
)
@click.option(
    "--endpoint",
    "endpoints",
    metavar="NAME=URL",
    multiple=True,
    help="Base URL of a service instead of the public one; repeatable.",
)
@click.option(
    "--contact",
    metavar="ADDRESS",
    envvar="RESCUE_KG_CONTACT",
    show_envvar=True,
    help="Your e-mail address, which the services ask for.",
)
@click.option(
    "--cache",
    metavar="DIR",
    help="Folder of the answers that came before; rescue-kg/audit in XDG_CACHE_HOME or ~/.cache by default.",
)
@click.option(
    "--max-age",
    type=click.FloatRange(0),
    default=30.0,
    show_default=True,
    metavar="DAYS",
    help="Age up to which an answer in the cache is used.",
)
@click.option("--refresh", is_flag=True, help="Use no answer from the cache; ask for all anew.")
@click.option(
    "--tries",
    type=click.IntRange(1),
    default=4,
    show_default=True,
    metavar="N",
    help="How often a request is sent at most.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for one answer.",
)
@click.option(
    "--out",
    metavar="FILE",
    help="Write checks and statuses to FILE (.ttl, .nt); - for Turtle on standard output.",
)
@click.option(
    "--store",
    "folder",
    metavar="FOLDER",
    help="Check the studies of this store, and add the checks to its dataset citation-checks.",
)
@graph_option
@format_option
def command(
    studies: tuple[str, ...],
    services: tuple[str, ...],
    endpoints: tuple[str, ...],
    contact: str | None,
    cache: str | None,
    max_age: float,
    refresh: bool,
    tries: int,
    timeout: float,
    out: str | None,
    folder: str | None,
    graph_files: tuple[str, ...],
    form: str,
) -> None:
    """Look every study up where publications are recorded, compare, and record the verdict as a check.

    A study with a DOI or PMID is looked up by it; where that finds no match, the services are searched.
    Answers are kept, so that a run that was broken off goes on where it stopped. docs/audit.md says what each
    verdict means. No study and no claim is changed.

    \b
        rescue-kg audit --contact you@example.org --out checks.ttl
        rescue-kg audit --only study:ma-2021 --service crossref
    """  # noqa: D301 - click wants the character itself
    from rescue_kg import audit, export
    from rescue_kg.graph import RescueGraph

    if folder is not None and graph_files:
        raise click.UsageError("found both --store and --graph, expected one of them")
    if out is not None and out != "-":
        export.format_of(out)
    options: dict[str, Any] = {
        "services": services or audit.SERVICES,
        "endpoints": dict(map(_pair, endpoints)),
        "contact": contact,
        "cache": cache,
        "max_age": 0.0 if refresh else max_age,
        "tries": tries,
        "timeout": timeout,
    }
    if not contact:
        say("no contact address is sent; the services ask for one: --contact or RESCUE_KG_CONTACT")
    if folder is None:
        graph = open_graph(graph_files, infer=False)
        report = _run(graph, studies, options)
        statements = _statements(graph, report)
    else:
        # The store is not held for the time of the audit, which may be long.
        with RescueGraph.open(folder, read_only=True) as graph:
            report = _run(graph, studies, options)
            statements = _statements(graph, report)
        with RescueGraph.open(folder) as graph:
            new = audit.write(graph, report)
        say(f"{folder}: {_count(new, 'check', 'checks')} added to the dataset {audit.DATASET}")
    if out == "-":
        put(export.dumps(_graph_of(statements), "turtle"))
    else:
        show_answer(report.to_answer(), form)
        if out is not None:
            _graph_of(statements).export(out)
            say(f"{out}: {_count(len(statements), 'statement', 'statements')} on {_studies(report)} written")
    _tell(report)


def _pair(text: str) -> tuple[str, str]:
    name, sign, url = text.partition("=")
    if not sign or not name or not url:
        raise click.UsageError(
            f"found --endpoint {text!r}, expected NAME=URL such as crossref=http://localhost"
        )
    return name, url


def _run(graph: RescueGraph, studies: tuple[str, ...], options: dict[str, Any]) -> AuditReport:
    """Run the audit, with a progress bar on a terminal."""
    from rescue_kg.audit import audit

    if not sys.stderr.isatty():
        return audit(graph, *studies, **options)
    with click.progressbar(length=1, label="studies", file=sys.stderr, show_pos=True) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        return audit(graph, *studies, progress=progress, **options)


def _statements(graph: RescueGraph, report: AuditReport) -> list[Triple]:
    from rescue_kg.audit import checks_of, statuses_of

    return [*checks_of(graph, report), *statuses_of(graph, report)]


def _graph_of(statements: list[Triple]) -> RescueGraph:
    from rescue_kg.audit import DATASET
    from rescue_kg.graph import RescueGraph
    from rescue_kg.namespaces import GRAPH
    from rescue_kg.store import Store

    store = Store()
    store.load_quads(statements, GRAPH + DATASET)
    return RescueGraph(store)


def _tell(report: AuditReport) -> None:
    """Say on standard error what the audit came to, and which services did not answer."""
    for failure in report.failures:
        say(failure, label="warning")
    counts = ", ".join(f"{number} {verdict.value}" for verdict, number in report.counts.items() if number)
    say(f"{_studies(report)}: {counts}")


def _studies(report: AuditReport) -> str:
    return _count(len(report), "study", "studies")


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
