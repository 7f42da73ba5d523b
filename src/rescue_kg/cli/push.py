"""`rescue-kg push`: put the graph into a triple store."""

from __future__ import annotations

import click

from rescue_kg.cli.common import format_option, graph_option, open_graph, show_answer, store_options
from rescue_kg.cli.group import say

__all__ = ["command"]


@click.command("push", short_help="Put the graph into a triple store.")
@click.argument("url", metavar="ENDPOINT")
@click.option(
    "--only",
    metavar="IRI",
    multiple=True,
    help="Named graph to push, by IRI or CURIE such as graph:ontology; repeatable, all by default.",
)
@click.option("--dry-run", is_flag=True, help="Send nothing; show what would be sent.")
@click.option(
    "--bulk",
    is_flag=True,
    help="Send graphs that the store does not hold yet straight there: faster, and readers see them grow.",
)
@click.option("--part", type=click.IntRange(1), metavar="N", help="Triples in one request.")
@store_options(required=True)
@graph_option
@format_option
def command(
    url: str,
    only: tuple[str, ...],
    dry_run: bool,
    bulk: bool,
    part: int | None,
    store: str,
    timeout: float,
    graph_files: tuple[str, ...],
    form: str,
) -> None:
    """Put the graph with its inferred triples into a triple store, each named graph in place of the old one.

    A graph goes to a staging graph, is counted there, and is then swapped in, so that readers see the old
    graph or the new one. Credentials come from RESCUE_KG_USER and RESCUE_KG_PASSWORD, from RESCUE_KG_TOKEN,
    or from a netrc file.

    \b
        rescue-kg push http://localhost:7878 --store oxigraph
        rescue-kg push http://localhost:7878 --store oxigraph --graph my-store --bulk
        rescue-kg push http://localhost:8890 --store virtuoso --dry-run
    """  # noqa: D301 - click wants the character itself
    from rescue_kg import remote
    from rescue_kg.cli.meter import meter
    from rescue_kg.namespaces import expand
    from rescue_kg.progress import Step

    names = [expand(name) for name in only] or None
    with remote.connect(url, profile=store, timeout=timeout) as endpoint:
        graph = open_graph(graph_files)
        with meter() as one:
            report = remote.push(
                graph,
                endpoint,
                graphs=names,
                dry_run=dry_run,
                part_size=part,
                bulk=bulk,
                progress=lambda done, total: one(Step("triples", done, total, done)),
            )
    show_answer(report.to_answer(), form)
    for name in report.dropped:
        say(f"{name}: staging graph of a push that was broken off, dropped")
    if dry_run:
        say(f"{report.triples:,} triples would be sent; nothing was")
    else:
        say(f"{report.triples:,} triples pushed in {report.seconds:.1f} s")
