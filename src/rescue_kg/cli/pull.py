"""`rescue-kg pull`: write the graphs of a triple store to a file."""

from __future__ import annotations

import os

import click

from rescue_kg.cli.common import put, store_options
from rescue_kg.cli.group import say

__all__ = ["command"]


@click.command("pull", short_help="Write the graphs of a triple store to a file.")
@click.argument("url", metavar="ENDPOINT")
@click.option("--output", "-o", metavar="FILE|-", required=True, help="File to write; - for standard output.")
@click.option("--format", "-f", "form", help="Format, where the suffix of FILE does not say it.")
@click.option(
    "--only",
    metavar="IRI",
    multiple=True,
    help="Named graph to pull, by IRI or CURIE such as graph:ontology; repeatable.",
)
@store_options(required=False)
def command(
    url: str, output: str, form: str | None, only: tuple[str, ...], store: str | None, timeout: float
) -> None:
    """Write the named graphs of rescue-kg that a triple store holds to a file.

    The formats are those of `rescue-kg export`; nquads and trig keep the names of the graphs. Numbers may
    come back written in another way (0.1 for 0.10), with the same value.

    \b
        rescue-kg pull http://localhost:7878 --store oxigraph -o graph.nq.gz
    """  # noqa: D301 - click wants the character itself
    from rescue_kg import export, remote
    from rescue_kg.errors import UnknownFormatError
    from rescue_kg.namespaces import expand

    if output == "-" and form is None:
        raise UnknownFormatError(
            f"standard output has no suffix, expected --format with one of {', '.join(export.FORMATS)}"
        )
    name = export.format_of(output, form)
    with remote.connect(url, profile=store, timeout=timeout) as endpoint:
        graph = remote.pull(endpoint, [expand(iri) for iri in only] or None)
    if output == "-":
        put(export.dumps(graph, name))
        return
    export.write(graph, output, name)
    size = os.path.getsize(output)  # noqa: PTH202
    say(f"{output}: {name}, {len(graph.store):,} statements, {size:,} bytes written")
