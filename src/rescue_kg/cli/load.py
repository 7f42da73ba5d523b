"""`rescue-kg load`: files of RDF of any size into a store on disk."""

from __future__ import annotations

import click

from rescue_kg.cli.group import say

__all__ = ["command"]


@click.command("load", short_help="Load files of RDF into a store on disk.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--store",
    metavar="FOLDER",
    required=True,
    help="Load into the store in this folder; a new one is made with the packaged graph.",
)
@click.option(
    "--dataset", metavar="NAME", help="Name of the dataset; else that in the first file, or of the file."
)
@click.option("--no-infer", is_flag=True, help="Leave the closure out; `rescue-kg infer` makes it.")
def command(files: tuple[str, ...], store: str, dataset: str | None, no_infer: bool) -> None:
    """Load files of RDF, of any size, into a store on disk as one dataset, with closure and summary.

    Turtle, N-Triples, N-Quads, TriG, JSON-LD or RDF/XML, each also with .gz; Parquet of quads, with the
    columns subject, predicate, object and graph; or folders of these. The dataset takes the place of what it
    held before, whole or not at all. Nothing is checked: `rescue-kg validate` does that.

    \b
        rescue-kg load part-0.nq.gz part-1.nq.gz --store my-evidence --dataset trials
        rescue-kg load quads/ --store my-evidence
    """  # noqa: D301 - click wants the character itself
    import time

    from rescue_kg import datasets
    from rescue_kg.cli.meter import meter
    from rescue_kg.graph import RescueGraph

    began = time.monotonic()
    # A slip in a name shows before a store is made.
    name = datasets.name_of(files[0]) if dataset is None else dataset
    datasets.graphs_of(name)
    with RescueGraph.open(store) as graph, meter() as progress:
        if name != datasets.ONTOLOGY:
            datasets.begin(graph.store)
        graph.load(*files, dataset=name, infer=not no_infer, progress=progress)
    read, found = (progress.last[what].triples if what in progress.last else 0 for what in ("bytes", "rules"))
    seconds = time.monotonic() - began
    say(
        f"{read:,} triples read and {found:,} found by the rules in {seconds:.1f} s; in the dataset {name} "
        f"of {store}"
    )
