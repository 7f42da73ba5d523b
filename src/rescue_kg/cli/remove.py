"""`rescue-kg remove`: take a dataset out of a store."""

from __future__ import annotations

import click

from rescue_kg.cli.group import say

__all__ = ["command"]


@click.command("remove", short_help="Take a dataset out of a store.")
@click.argument("dataset", metavar="DATASET")
@click.option("--store", metavar="FOLDER", required=True, help="The folder of the store.")
def command(dataset: str, store: str) -> None:
    """Take a dataset out of a store, with all that was inferred from it; what other datasets hold stays."""
    import os

    from rescue_kg.errors import InputError
    from rescue_kg.graph import RescueGraph

    if not os.path.isdir(store):  # noqa: PTH112
        raise InputError(f"{store}: no such folder, expected that of a store")
    with RescueGraph.open(store) as graph:
        graph.remove(dataset)
        held = ", ".join(graph.datasets()) or "nothing"
    say(f"{store}: {dataset} removed; the store holds {held}")
