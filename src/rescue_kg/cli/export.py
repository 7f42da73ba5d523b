"""`rescue-kg export`: write the graph in another format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from rescue_kg.cli.common import Interruptible, graph_option, open_graph, put
from rescue_kg.cli.group import say

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["command"]


def _complete_format(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from rescue_kg.export import FORMATS

    return [CompletionItem(name) for name in FORMATS if name.startswith(incomplete)]


@click.command("export", short_help="Write the graph to a file in another format.")
@click.argument("path", metavar="PATH|-")
@click.option(
    "--format",
    "-f",
    "form",
    shell_complete=_complete_format,
    help="Format, where the suffix of PATH does not say it.",
)
@graph_option
def command(path: str, form: str | None, graph_files: tuple[str, ...]) -> None:
    """Write the graph with its inferred triples to PATH, or to standard output for -.

    Formats: turtle .ttl, ntriples .nt, nquads .nq, trig .trig, jsonld .jsonld, rdfxml .rdf and .owl, graphml
    .graphml, nodelink .json; each suffix may be followed by .gz. The same graph gives the same bytes.
    """
    from rescue_kg import export
    from rescue_kg.errors import UnknownFormatError

    if path == "-" and form is None:
        raise UnknownFormatError(
            f"standard output has no suffix, expected --format with one of {', '.join(export.FORMATS)}"
        )
    name = export.format_of(path, form)
    with Interruptible():
        graph = open_graph(graph_files)
    if path == "-":
        put(export.dumps(graph, name))
        return
    export.write(graph, path, name)
    say(f"{path}: {name}, {os.path.getsize(path):,} bytes written")  # noqa: PTH202
