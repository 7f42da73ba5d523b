"""`rescue-kg add`: evidence tables into a store, a file or a folder of parts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from rescue_kg.cli.common import format_option, open_graph, show_answer
from rescue_kg.cli.group import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescue_kg.tables import Report
    from rescue_kg.tables.engine import EngineName

    Progress = Callable[[int, int], None]

__all__ = ["command"]

_SHOWN = 10
_WIDTH = 60


@click.command("add", short_help="Check evidence tables, and load their good rows.")
@click.argument("tables", metavar="TABLE...", nargs=-1, required=True)
@click.option(
    "--store",
    metavar="FOLDER",
    help="Load into the store in this folder; a new one is made with the packaged graph.",
)
@click.option(
    "--out",
    metavar="FILE",
    help="Write the statements to FILE instead: .ttl, .nt or .nq, also .gz; to FOLDER/ in parts.",
)
@click.option(
    "--parts",
    type=click.Choice(("nq.gz", "nq.zst", "nq", "parquet")),
    help="What the parts in FOLDER/ are: N-Quads or Parquet of quads; nq.gz without it.",
)
@click.option(
    "--part-rows", type=click.IntRange(min=1), help="Rows of a table in each part; 25,000 without it."
)
@click.option(
    "--engine",
    type=click.Choice(("duckdb", "spark")),
    default="duckdb",
    show_default=True,
    help="What judges and writes: DuckDB on this machine, or Spark.",
)
@click.option("--dataset", metavar="NAME", help="Name of the dataset; else that of the first table.")
@click.option("--new-terms", metavar="FILE", help="RDF file of concepts to add along with the rows.")
@click.option(
    "--rejects", metavar="DIR", help="Folder for the files of rejected rows; else beside the tables."
)
@format_option
@click.pass_context
def command(
    ctx: click.Context,
    tables: tuple[str, ...],
    store: str | None,
    out: str | None,
    dataset: str | None,
    new_terms: str | None,
    rejects: str | None,
    form: str,
    parts: str | None,
    part_rows: int | None,
    engine: EngineName,
) -> None:
    """Check tables of studies, findings and claims, and load their good rows as one dataset.

    Tables are CSV, TSV, Parquet or Excel. Rejected rows go to TABLE.rejects.tsv with row, column, value and
    reason, and make the exit status 1. The dataset takes the place of what it held before, whole or not at
    all. With neither --store nor --out the tables are only checked. `rescue-kg template claim` shows the
    columns of a kind of table. --out FOLDER/ goes on where a run over the same tables was broken off.

    \b
        rescue-kg add studies.tsv findings.tsv --store my-evidence
        rescue-kg compare "septic shock" --graph my-evidence
    """  # noqa: D301 - click wants the character itself
    from rescue_kg.tables.loading import check_headers
    from rescue_kg.tables.writing import is_folder

    if store is not None and out is not None:
        raise click.UsageError("found both --store and --out, expected one of them")
    if (parts or part_rows) and not (out and is_folder(out)):
        raise click.UsageError("found --parts or --part-rows without --out FOLDER/, expected them together")
    # A slip in a name or a header shows before a store is made.
    check_headers(tables, dataset)
    options: dict[str, Any] = {
        "dataset": dataset,
        "new_terms": new_terms,
        "rejects": rejects,
        "engine": engine,
    }
    if out is not None:
        asked = {"parts": parts, "part_rows": part_rows}
        options |= {"out": out, **{name: value for name, value in asked.items() if value is not None}}
    report = _run(tables, store, options)
    show_answer(report.to_answer(), form)
    for reject in report.first_rejects[:_SHOWN]:
        cell = f", {reject.column}" if reject.column else ""
        value = f" {reject.value[:_WIDTH]!r}" if reject.value else ""
        say(f"{reject.table}: row {reject.row}{cell}{value}: {reject.reason}", label="rejected")
    if report.faults > _SHOWN:
        say(f"{report.faults - _SHOWN} more faults in the files of rejects")
    say(
        f"{report.read:,} rows read, {report.loaded:,} good, {report.rejected:,} rejected; "
        f"{_end(report, store, out)}"
    )
    ctx.exit(0 if report.ok else 1)


def _end(report: Report, store: str | None, out: str | None) -> str:
    """Say what became of the good rows."""
    if report.statements is None:
        return (
            "checked only: name --store or --out to keep them"
            if not (store or out)
            else "nothing was written"
        )
    where = f"written to {out}" if out else f"in the dataset {report.dataset} of {store}"
    return f"{report.statements:,} statements {where}"


def _run(tables: tuple[str, ...], store: str | None, options: dict[str, Any]) -> Report:
    from rescue_kg import datasets
    from rescue_kg import tables as evidence_tables
    from rescue_kg.graph import RescueGraph

    if store is None:
        # The tables say what the evidence is, so what the packaged evidence knows does not count.
        graph = open_graph((), infer=False, evidence=False)
        run = evidence_tables.write if "out" in options else evidence_tables.check
        return _with_bar(partial(run, graph, tables, **options))
    with RescueGraph.open(store) as graph:
        datasets.begin(graph.store)
        return _with_bar(partial(evidence_tables.add, graph, tables, **options))


def _with_bar(work: Callable[..., Report]) -> Report:
    """Check, load or write, with a progress bar where standard error is a terminal."""
    from rescue_kg.cli.meter import meter
    from rescue_kg.progress import Step

    with meter() as one:
        return work(progress=lambda done, total: one(Step("bytes read", done, total)))
