"""`rescue-kg align`: write the matches of the alignments into the ontology, or check that they are there."""

from __future__ import annotations

import click

from rescue_kg.cli.group import say

__all__ = ["command"]


@click.command("align", short_help="Write the matches with other vocabularies into the ontology.")
@click.argument("ontology", metavar="ONTOLOGY")
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when the ontology would change.")
@click.option(
    "--mappings", metavar="FILE", help="SSSOM file to read instead of the packaged alignments.sssom.tsv."
)
def command(ontology: str, check: bool, mappings: str | None) -> None:
    """Make the matches in a Turtle file those of the alignments: missing ones are added, others removed.

    The alignments, an SSSOM file, are the one source of every skos:exactMatch, closeMatch, broadMatch,
    narrowMatch and relatedMatch, and of rescue:noExactMatchIn.
    """
    from rescue_kg import alignments, resources

    rows = alignments.read(resources.alignments_file() if mappings is None else mappings)
    if check:
        option = "" if mappings is None else f"--mappings {mappings} "
        alignments.check(ontology, rows, mend=f"rescue-kg align {option}{ontology}")
        say(f"{ontology}: holds the {len(rows)} alignments")
    elif alignments.align(ontology, rows):
        say(f"{ontology}: {len(rows)} alignments written")
    else:
        say(f"{ontology}: holds the {len(rows)} alignments, left as it is")
