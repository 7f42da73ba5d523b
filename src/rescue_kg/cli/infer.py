"""`rescue-kg infer`: what the rules add."""

from __future__ import annotations

import click

from rescue_kg.cli.common import Interruptible, format_option, graph_option, open_graph, put, show_answer
from rescue_kg.cli.group import say

__all__ = ["command"]


@click.command("infer", short_help="Count or write what the rules infer.")
@click.option(
    "--out",
    metavar="FILE",
    help="Write the inferred triples to FILE, in the format of its suffix; - for Turtle on standard output.",
)
@graph_option
@format_option
def command(out: str | None, graph_files: tuple[str, ...], form: str) -> None:
    """Show how many triples each rule adds, in the order they run; or write the triples with --out."""
    from rescue_kg import datasets, export, rules
    from rescue_kg.answers import Answer
    from rescue_kg.graph import RescueGraph
    from rescue_kg.store import Store

    if out is not None and out != "-":
        export.format_of(out)
    with Interruptible():
        graph = open_graph(graph_files, infer=False)
        counts = graph.infer()
    if out is None:
        titles = {rule.name: rule.title for rule in rules.catalogue()}
        rows = [(name, count, titles[name]) for name, count in counts.items()]
        show_answer(Answer(("rule", "triples", "title"), rows, "Inferred triples"), form)
        say(f"{sum(counts.values())} triples inferred")
        return
    store = Store()
    for dataset in graph.datasets():
        for name in datasets.graphs_of(dataset)[1:]:
            store.load_quads(graph.store.quads(name), name)
    inferred = RescueGraph(store)
    if out == "-":
        put(export.dumps(inferred, "turtle"))
        return
    inferred.export(out)
    say(f"{out}: {sum(counts.values())} inferred triples written")
