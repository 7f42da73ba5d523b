"""Trees hold every node of their kind, in one order, whatever hangs under what."""

from __future__ import annotations

import pytest

import rescue_kg
from rescue_kg.errors import UnknownNameError
from rescue_kg.graph import RescueGraph
from rescue_kg.hierarchy import KINDS, hierarchy
from rescue_kg.namespaces import ONTOLOGY_GRAPH
from rescue_kg.store import Store

PREFIXES = """
@prefix rescue: <https://w3id.org/rescue-kg/> .
@prefix condition: <https://w3id.org/rescue-kg/condition/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""


def tree_of(names: str, *edges: str) -> list[tuple[int, str, str | None, bool]]:
    """Return the tree of one-letter conditions; `a<b` puts b under a, `a~b` makes b a manifestation of a."""
    lines = [f'condition:{name} a rescue:Condition ; rdfs:label "{name.upper()}" .' for name in names]
    for edge in edges:
        parent, sign, child = tuple(edge)
        relation = {"<": "skos:broader", "~": "rescue:manifestationOf"}[sign]
        lines.append(f"condition:{child} {relation} condition:{parent} .")
    store = Store()
    store.load_file((PREFIXES + "\n".join(lines)).encode(), graph=ONTOLOGY_GRAPH)
    return [
        (branch.depth, branch.label, branch.relation, branch.seen)
        for branch in hierarchy(RescueGraph(store), "condition")
    ]


def test_roots_and_branches_stand_by_label() -> None:
    assert tree_of("edcba", "b<e", "b<c", "c<d") == [
        (0, "A", None, False),
        (0, "B", None, False),
        (1, "C", "skos:broader", False),
        (2, "D", "skos:broader", False),
        (1, "E", "skos:broader", False),
    ]


def test_a_manifestation_is_told_from_a_kind() -> None:
    assert tree_of("abc", "a~c", "a<b") == [
        (0, "A", None, False),
        (1, "B", "skos:broader", False),
        (1, "C", "rescue:manifestationOf", False),
    ]


def test_a_node_under_two_others_stands_under_both_and_is_laid_out_once() -> None:
    assert tree_of("abcd", "a<c", "b<c", "c<d") == [
        (0, "A", None, False),
        (1, "C", "skos:broader", False),
        (2, "D", "skos:broader", False),
        (0, "B", None, False),
        (1, "C", "skos:broader", True),
    ]


def test_a_circle_ends_and_loses_no_node() -> None:
    assert tree_of("abc", "a<b", "b<c", "c<b") == [
        (0, "A", None, False),
        (1, "B", "skos:broader", False),
        (2, "C", "skos:broader", False),
        (3, "B", "skos:broader", True),
    ]
    assert [label for _, label, _, _ in tree_of("ab", "a<b", "b<a")] == ["A", "B", "A"]
    assert [label for _, label, _, _ in tree_of("a", "a<a")] == ["A", "A"]


@pytest.mark.parametrize(
    ("kind", "own"),
    [("condition", "Condition"), ("intervention", "Intervention"), ("outcome", "Outcome")],
)
def test_every_node_of_the_packaged_graph_stands_in_its_tree(kind: str, own: str) -> None:
    # The rules write every type out, so that this counts without a property path.
    typed = rescue_kg.load().query(f"SELECT DISTINCT ?node WHERE {{ ?node a rescue:{own} }}")
    assert not isinstance(typed, bool)
    assert {branch.node for branch in hierarchy(rescue_kg.load(infer=False), kind)} == set(
        typed.column("node")
    )


def test_no_tree_of_that_kind() -> None:
    with pytest.raises(UnknownNameError, match="did you mean outcome"):
        hierarchy(RescueGraph(Store()), "outcomes")
    assert [hierarchy(RescueGraph(Store()), kind) for kind in KINDS] == [()] * len(KINDS)
