"""`rescue-kg release`: the graph in every form, described, documented and hashed, as one folder."""

from __future__ import annotations

import click

from rescue_kg.cli.common import put

__all__ = ["command"]


@click.command("release", short_help="Write a release folder: all formats, documentation, hashes.")
@click.argument("out", metavar="DIR")
@click.option(
    "--graph", "ontology", metavar="FILE", help="Turtle file to release instead of the packaged one."
)
def command(out: str, ontology: str | None) -> None:
    """Validate the graph and write its release to DIR.

    DIR holds the graph as .ttl, .owl, .nq and .jsonld, the graph with its closure, the evidence, alignments,
    shapes, queries, index.html with every term documented, void.ttl (VoID and DCAT), an RO-Crate and
    SHA256SUMS. The same sources give the same bytes; the date is dcterms:issued of the ontology, else
    SOURCE_DATE_EPOCH. Exit status 1, with nothing written, where validation fails or the version is not that
    of this package.
    """
    from rescue_kg.release import write_release

    release = write_release(out, ontology)
    put(
        f"version {release.version} of {release.issued}, {release.version_iri}\n"
        f"{release.stated:,} statements, {release.inferred:,} more inferred\n"
        f"{len(release.files)} files written; read {out.rstrip('/')}/index.html\n"
    )
