"""`rescue-kg tree`: the hierarchies as indented trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rescue_kg.cli.common import Interruptible, format_option, graph_option, open_graph, put, show_answer

if TYPE_CHECKING:
    from rescue_kg.hierarchy import Branch

__all__ = ["command"]

_KINDS = ("condition", "intervention", "outcome", "class")


@click.command("tree", short_help="Show a hierarchy as an indented tree.")
@click.argument("kind", type=click.Choice(_KINDS), required=False)
@graph_option
@format_option
def command(kind: str | None, graph_files: tuple[str, ...], form: str) -> None:
    """Show what is a kind of what, as an indented tree; without a KIND, all of them.

    What hangs under a condition without being a kind of it is marked as its manifestation.
    """
    from rescue_kg.hierarchy import hierarchy

    kinds = _KINDS if kind is None else (kind,)
    with Interruptible():
        graph = open_graph(graph_files, infer=False)
        trees = {name: hierarchy(graph, name) for name in kinds}
    if form == "text":
        for name, branches in trees.items():
            head, margin = ("", "") if kind else (f"{name}:\n", "  ")
            put(head + "".join(f"{margin}{_line(branch)}\n" for branch in branches))
        return
    from rescue_kg.answers import Answer, Iri

    columns = ("kind", "depth", "node", "label", "relation", "parent")
    rows = [
        (
            name,
            branch.depth,
            branch.node,
            branch.label,
            branch.relation and Iri(branch.relation),
            branch.parent,
        )
        for name, branches in trees.items()
        for branch in branches
    ]
    show_answer(Answer(columns, rows, "Hierarchy"), form)


def _line(branch: Branch) -> str:
    from rescue_kg.namespaces import contract

    notes = ["manifestation"] if branch.relation == "rescue:manifestationOf" else []
    notes += ["see above"] if branch.seen else []
    note = f"  [{', '.join(notes)}]" if notes else ""
    curie = contract(branch.node)
    # Classes of other vocabularies come without a label.
    name = curie if branch.label == curie else f"{branch.label}  {curie}"
    return f"{'  ' * branch.depth}{name}{note}"
