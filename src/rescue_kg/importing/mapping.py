"""Looks for the nodes that registered conditions and interventions name; nothing is mapped by likeness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rescue_kg.answers import Answer, Iri
from rescue_kg.errors import did_you_mean
from rescue_kg.namespaces import contract, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rescue_kg.graph import RescueGraph
    from rescue_kg.importing.records import ToMap

__all__ = ["mappings"]

#: The kinds of node that a registered text may name, by its kind: a registered condition can be a state, and
#: a registered intervention a comparator, such as placebo.
_KINDS: Final = {"condition": ("condition", "state"), "intervention": ("intervention", "comparator")}

_NAMES: Final = """
SELECT ?node ?name ?rank WHERE {
  { ?node rdfs:label ?name BIND(0 AS ?rank) } UNION { ?node skos:altLabel ?name BIND(1 AS ?rank) }
}
"""


def mappings(texts: Iterable[ToMap], graph: RescueGraph) -> Answer:
    """Return study, kind, text, node and near for each text; ImportReport.mappings() says what they hold.

    A text names a node when it is its label or, failing that, a synonym, whatever the case. Where two nodes
    have the name, both are near and none is the node.
    """
    named: dict[str, tuple[dict[str, set[str]], dict[str, set[str]]]] = {kind: ({}, {}) for kind in _KINDS}
    written: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    answer = graph.query(_NAMES)
    for node, name, rank in answer if isinstance(answer, Answer) else ():
        for kind, kinds in _KINDS.items():
            if isinstance(node, Iri) and kind_of(node) in kinds:
                named[kind][1 if rank else 0].setdefault(str(name).casefold(), set()).add(contract(node))
                written[kind].add(str(name))
    rows: list[tuple[str | None, ...]] = []
    for item in texts:
        labels, synonyms = named[item.kind]
        wanted = item.text.casefold()
        nodes = sorted(labels.get(wanted) or synonyms.get(wanted) or ())
        if len(nodes) == 1:
            rows.append((item.study, item.kind, item.text, nodes[0], None))
            continue
        near = did_you_mean(item.text, written[item.kind]).removeprefix("; did you mean ").removesuffix("?")
        rows.append((item.study, item.kind, item.text, None, ", ".join(nodes) or near or None))
    return Answer(("study", "kind", "text", "node", "near"), rows, "Conditions and interventions to map")
