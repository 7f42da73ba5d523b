"""`rescue-kg query`: run SPARQL."""

from __future__ import annotations

import os

import click

from rescue_kg.cli.common import (
    Interruptible,
    format_option,
    graph_option,
    limit_options,
    open_endpoint,
    open_graph,
    put,
    read_text,
    show_answer,
)

__all__ = ["command"]


@click.command("query", short_help="Run a SPARQL query.")
@click.argument("sparql", metavar="SPARQL|FILE.rq|-")
@graph_option
@limit_options
@format_option
def command(
    sparql: str,
    graph_files: tuple[str, ...],
    url: str | None,
    store: str | None,
    timeout: float | None,
    memory: str | None,
    form: str,
) -> None:
    """Run a SPARQL query: a text, a file, or - for standard input.

    It sees the union of all named graphs, inferred triples included, and needs no PREFIX lines for the
    prefixes of the graph. SELECT gives its rows, CONSTRUCT and DESCRIBE triples, ASK true or false.
    """
    if sparql == "-" and "-" in graph_files:
        raise click.UsageError("standard input can be read once, found - for the query and for --graph")
    is_file = sparql == "-" or sparql.endswith((".rq", ".sparql")) or os.path.isfile(sparql)  # noqa: PTH113
    text = read_text(sparql, "a SPARQL query") if is_file else sparql
    if url is not None:
        from rescue_kg import remote

        with open_endpoint(url, graph_files, store, timeout, memory) as endpoint:
            result = remote.query(endpoint, text)
    else:
        with Interruptible():
            result = open_graph(graph_files).query(text, timeout=timeout, memory=memory)
    if isinstance(result, bool):
        put("true\n" if result else "false\n")
    else:
        show_answer(result, form)
