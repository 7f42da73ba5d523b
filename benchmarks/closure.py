"""The closure of the packaged review: the rules against owlrl and against HermiT, each finding the same.

Compared are the types of all individuals in the classes of the ontology, and the values of its object
properties between them, stated or inferred. Each contender runs in a process of its own.

    python benchmarks/closure.py
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import measuring

from rescue_kg import load
from rescue_kg.namespaces import PREFIXES
from rescue_kg.resources import ontology_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rescue_kg.graph import RescueGraph

    Triple = tuple[str, str, str]
    Closure = tuple[float, frozenset[Triple]]

COLUMNS = ("closure by", "seconds", "times the rules", "peak MiB", "statements")
_TYPE = PREFIXES["rdf"] + "type"


def by_rules() -> Closure:
    """Return the seconds that the rules take, those on stance too, and what is stated or entailed."""
    graph = load(infer=False, evidence=False)
    start = time.perf_counter()
    graph.infer()
    seconds = time.perf_counter() - start
    triples = (
        (quad.subject.value, quad.predicate.value, quad.object.value)
        for quad in graph.store.quads()
        if hasattr(quad.subject, "value")
        and hasattr(quad.object, "value")
        # How findings stand to claims is a method, which no axiom entails.
        and not str(quad.graph_name).endswith("/stance>")
    )
    return seconds, _compared(graph, triples)


def by_owlrl() -> Closure:
    """Return the same of the OWL 2 RL rules of owlrl, over rdflib."""
    import owlrl
    import rdflib

    graph = rdflib.Graph().parse(ontology_file(), format="turtle")
    start = time.perf_counter()
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    seconds = time.perf_counter() - start
    triples = ((str(s), str(p), str(o)) for s, p, o in graph if not isinstance(o, rdflib.Literal))
    return seconds, _compared(load(infer=False, evidence=False), triples)


def by_hermit() -> Closure:
    """Return the same of HermiT, through owlready2."""
    from rescue_kg.reasoning import reason

    graph = load(infer=False, evidence=False)
    start = time.perf_counter()
    found = reason(graph)
    seconds = time.perf_counter() - start
    types = ((node, _TYPE, name) for node, name in found.types)
    return seconds, _compared(graph, [*types, *found.values])


def _compared(graph: RescueGraph, triples: Iterable[Triple]) -> frozenset[Triple]:
    """Return what the contenders are compared by."""

    def named(pattern: str) -> set[str]:
        answer = graph.query(f"SELECT DISTINCT ?x WHERE {{ {pattern} FILTER(isIRI(?x)) }}")
        if isinstance(answer, bool):
            raise TypeError(pattern)
        return {str(iri) for (iri,) in answer}

    individuals = named("?x a owl:NamedIndividual")
    classes, properties = named("?x a owl:Class"), named("?x a owl:ObjectProperty")
    return frozenset(
        (subject, predicate, value)
        for subject, predicate, value in triples
        if subject in individuals
        and ((predicate == _TYPE and value in classes) or (predicate in properties and value in individuals))
    )


CONTENDERS: dict[str, Callable[[], Closure]] = {"rules": by_rules, "owlrl": by_owlrl, "HermiT": by_hermit}


def measured(runs: int = 5) -> list[tuple[object, ...]]:
    """Return a row of COLUMNS for each contender; the slow owlrl runs once. Raises SystemExit."""
    rows: list[tuple[object, ...]] = []
    of_rules: Closure = (0.0, frozenset())
    for name, contender in CONTENDERS.items():
        found = [measuring.alone(contender) for _ in range(1 if name == "owlrl" else runs)]
        seconds = statistics.median(one.value[0] for one in found)
        closure = found[0].value[1]
        if name == "rules":
            of_rules = (seconds, closure)
        if closure != of_rules[1]:
            difference = sorted(closure ^ of_rules[1])
            raise SystemExit(f"{name}: finds {len(difference)} other statements, first {difference[0]}")
        rows.append((name, seconds, seconds / of_rules[0], max(one.peak for one in found), len(closure)))
    return rows


def main() -> None:
    """Print one table."""
    print(measuring.machine("pyoxigraph", "owlrl", "owlready2"))
    print(measuring.table(COLUMNS, measured()))


if __name__ == "__main__":
    main()
