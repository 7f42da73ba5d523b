"""A second opinion on the rules: the OWL 2 RL closure, by brute force, over sets of plain triples.

It reads the axioms as they stand in the file, knows nothing of the project's rules, and repeats every step
until nothing is new. The names in the comments are those of the tables in the OWL 2 RL profile.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OWL = "http://www.w3.org/2002/07/owl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
TYPE = RDF + "type"

Triple = tuple[str, str, str]


class Axioms:
    """The axioms of a graph that say something of individuals."""

    def __init__(self, triples: Iterable[Triple]) -> None:
        self.objects: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.pairs: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        for s, p, o in triples:
            self.objects[s, p].add(o)
            self.pairs[p].add((s, o))
        typed = self.pairs[TYPE]
        self.classes = {s for s, o in typed if o == OWL + "Class" and "//" in s}
        self.properties = {s for s, o in typed if o == OWL + "ObjectProperty"}
        self.symmetric = {s for s, o in typed if o == OWL + "SymmetricProperty"}
        self.transitive = {s for s, o in typed if o == OWL + "TransitiveProperty"}

    def members(self, node: str) -> Iterator[str]:
        while node != RDF + "nil":
            yield next(iter(self.objects[node, RDF + "first"]))
            node = next(iter(self.objects[node, RDF + "rest"]))

    def lists(self, predicate: str) -> list[tuple[str, list[str]]]:
        return [(s, list(self.members(o))) for s, o in sorted(self.pairs[OWL + predicate])]


def closure(triples: Iterable[Triple], *, domains_and_ranges: bool = True) -> set[Triple]:
    """Return every type in a named class, and every object property value, that follows from the triples."""
    triples = set(triples)
    axioms = Axioms(triples)
    facts = {fact for fact in triples if fact[1] == TYPE or fact[1] in axioms.properties}
    # cax-eqc, and the two halves of cls-int and cls-uni that are plain implications
    implies = axioms.pairs[RDFS + "subClassOf"] | axioms.pairs[OWL + "equivalentClass"]
    implies = implies | {(o, s) for s, o in axioms.pairs[OWL + "equivalentClass"]}
    implies |= {(whole, part) for whole, parts in axioms.lists("intersectionOf") for part in parts}
    implies |= {(part, whole) for whole, parts in axioms.lists("unionOf") for part in parts}
    facts |= {(one, TYPE, whole) for whole, some in axioms.lists("oneOf") for one in some}  # cls-oo
    while True:
        new = set(_step(axioms, facts, implies, domains_and_ranges=domains_and_ranges)) - facts
        if not new:
            break
        facts |= new
    return {(s, p, o) for s, p, o in facts if p in axioms.properties or (p == TYPE and o in axioms.classes)}


def _step(
    axioms: Axioms, facts: set[Triple], implies: set[tuple[str, str]], *, domains_and_ranges: bool
) -> Iterator[Triple]:
    values: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for s, p, o in facts:
        if p == TYPE:
            kinds[o].add(s)
        else:
            values[p].add((s, o))
    for lower, upper in implies:  # cax-sco
        yield from ((s, TYPE, upper) for s in kinds[lower])
    for whole, parts in axioms.lists("intersectionOf"):  # cls-int1
        yield from ((s, TYPE, whole) for s in set.intersection(*(kinds[part] for part in parts)))
    for restriction, filler in axioms.pairs[OWL + "someValuesFrom"]:  # cls-svf1
        (p,) = axioms.objects[restriction, OWL + "onProperty"]
        yield from ((s, TYPE, restriction) for s, o in values[p] if o in kinds[filler])
    for restriction, value in axioms.pairs[OWL + "hasValue"]:  # cls-hv1, cls-hv2
        (p,) = axioms.objects[restriction, OWL + "onProperty"]
        yield from ((s, TYPE, restriction) for s, o in values[p] if o == value)
        yield from ((s, p, value) for s in kinds[restriction])
    for lower, upper in axioms.pairs[RDFS + "subPropertyOf"]:  # prp-spo1
        yield from ((s, upper, o) for s, o in values[lower])
    for one, other in axioms.pairs[OWL + "inverseOf"]:  # prp-inv1, prp-inv2
        yield from ((o, other, s) for s, o in values[one])
        yield from ((o, one, s) for s, o in values[other])
    for p in axioms.symmetric:  # prp-symp
        yield from ((o, p, s) for s, o in values[p])
    chains = [*axioms.lists("propertyChainAxiom"), *((p, [p, p]) for p in axioms.transitive)]
    for p, (first, second) in chains:  # prp-spo2, prp-trp
        ends: defaultdict[str, set[str]] = defaultdict(set)
        for s, o in values[second]:
            ends[s].add(o)
        yield from ((s, p, end) for s, o in values[first] for end in ends[o])
    if domains_and_ranges:
        for p, domain in axioms.pairs[RDFS + "domain"]:  # prp-dom
            yield from ((s, TYPE, domain) for s, _ in values[p])
        for p, range_ in axioms.pairs[RDFS + "range"]:  # prp-rng
            yield from ((o, TYPE, range_) for _, o in values[p])
