"""`rescue-kg import`: make a table of studies from bibliographies and trial registrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rescue_kg.cli.common import put
from rescue_kg.cli.group import say

if TYPE_CHECKING:
    from rescue_kg.importing import ImportReport

__all__ = ["command"]


@click.command("import", short_help="Make a table of studies from bibliographies and registrations.")
@click.argument("files", metavar="FILE...|-", nargs=-1, required=True)
@click.option(
    "--from",
    "form",
    metavar="FORMAT",
    help="bibtex, ris, csl-json, pubmed or clinicaltrials; told from suffix or content when left out.",
)
@click.option(
    "--out", "-o", metavar="FILE", default="-", help="Table to write; - or nothing for standard output."
)
@click.pass_context
def command(ctx: click.Context, files: tuple[str, ...], form: str | None, out: str) -> None:
    """Make rows of studies.tsv from BibTeX, RIS, CSL-JSON, PubMed XML or ClinicalTrials.gov JSON.

    A cell holds what the record says; nothing is guessed or looked up. What cannot be used, and a study that
    came before (same DOI, PMID or NCT number), is reported and left out; the exit status is then 1. The
    conditions and interventions of registrations go to a second file for a person to map: beside studies.tsv,
    studies.to-map.tsv.
    """
    if files.count("-") > 1:
        raise click.UsageError("standard input can be read once, found - more than once")
    from rescue_kg import importing

    report = importing.read_all(files, form)
    for problem in report.problems:
        say(str(problem))
    if out == "-":
        put(report.to_tsv())
    else:
        from rescue_kg.files import write_whole

        write_whole(out, report.to_tsv().encode())
    _to_map(report, out)
    say(f"{', '.join(files)}: {report.summary()}")
    ctx.exit(1 if report.problems else 0)


def _to_map(report: ImportReport, out: str) -> None:
    if not report.to_map:
        return
    if out == "-":
        say(f"{len(report.to_map)} conditions and interventions to map; name a file with --out to get them")
        return
    import rescue_kg
    from rescue_kg.files import write_whole

    answer = report.mappings(rescue_kg.load(infer=False))
    file = f"{out.removesuffix('.tsv')}.to-map.tsv"
    write_whole(file, answer.to_tsv().encode())
    known = sum(node is not None for node in answer.column("node"))
    say(f"{file}: {len(answer)} conditions and interventions to map, {known} of them known by name")
