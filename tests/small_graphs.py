"""Graphs for the tests of rules and reasoning: the whole file, its vocabulary with more, random ones."""

from __future__ import annotations

import functools
import random
from typing import TYPE_CHECKING

import pyoxigraph

from naive_closure import TYPE, Axioms, Triple
from rescue_kg import rules
from rescue_kg.graph import RescueGraph, load
from rescue_kg.namespaces import ONTOLOGY_GRAPH, PREFIXES, kind_of
from rescue_kg.resources import ontology_file
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())


def plain(triples: Iterable[pyoxigraph.Triple | pyoxigraph.Quad]) -> set[Triple]:
    """Triples as texts, but those that end in a literal and the stance, which no axiom entails."""

    def name(term: object) -> str:
        return term.value if isinstance(term, pyoxigraph.NamedNode) else str(term)

    return {
        (name(t.subject), t.predicate.value, name(t.object))
        for t in triples
        if not isinstance(t.object, pyoxigraph.Literal)
        and not (isinstance(t, pyoxigraph.Quad) and str(t.graph_name).endswith("/stance>"))
    }


@functools.cache
def stated() -> frozenset[Triple]:
    return frozenset(plain(load(infer=False, evidence=False).store.quads()))


@functools.cache
def axioms() -> Axioms:
    return Axioms(stated())


def comparable(triples: Iterable[Triple]) -> set[Triple]:
    classes, properties = axioms().classes, axioms().properties
    return {(s, p, o) for s, p, o in triples if p in properties or (p == TYPE and o in classes)}


@functools.cache
def vocabulary() -> tuple[pyoxigraph.Triple, ...]:
    """The ontology with its fixed values, without the nodes of the review and without literals."""
    return tuple(
        quad.triple
        for quad in load(infer=False, evidence=False).store.quads()
        if not isinstance(quad.object, pyoxigraph.Literal)
        and not (isinstance(quad.subject, pyoxigraph.NamedNode) and kind_of(quad.subject.value))
    )


def with_vocabulary(turtle: str, *, whole: bool = False) -> RescueGraph:
    """The vocabulary (or the whole file) with a few statements more, without a closure."""
    store = Store()
    if whole:
        store.load_file(ontology_file(), graph=ONTOLOGY_GRAPH)
    else:
        store.load_quads(vocabulary(), ONTOLOGY_GRAPH)
    store.load_file((HEADER + turtle).encode(), graph=ONTOLOGY_GRAPH)
    return RescueGraph(store)


def variant(turtle: str, *, whole: bool = False) -> set[Triple]:
    """The closure by the rules of the vocabulary (or of the whole file) with a few statements more."""
    graph = with_vocabulary(turtle, whole=whole)
    rules.apply(graph.store, graph=ONTOLOGY_GRAPH)
    return comparable(plain(graph.store.quads()))


KINDS = {
    "intervention": [
        *("Drug", "Biologic", "DrugClass", "Regimen", "ExtracorporealSupport", "Intervention"),
        *("RescueIntervention", "FailedTherapy", "DualRoleIntervention"),
    ],
    "state": ["RefractoryState", "RefractoryState", "SteroidRefractoryState"],
    "condition": ["Condition"],
    "failure": ["TherapyFailure", "TherapyFailure", "ResistanceFailure"],
    "claim": ["EfficacyClaim", "PositioningClaim", "ContextClaim"],
    "finding": ["Finding"],
    "therapy": ["UnnamedTherapy"],
    "mention": ["Mention"],
}
MODES = ["no-response", "inadequate-response", "loss-of-response", "intolerance", "relapse"]
GROUPS = ["corticosteroids", "biologics", "mechanical-ventilation"]
# Property -> kinds at its two ends (a property with several kinds of ends stands there once for each).
STATED = [
    ("skos:broader", "intervention", "intervention"),
    ("skos:broader", "intervention", "group"),
    ("rescue:ofCondition", "state", "condition"),
    ("rescue:hasFailure", "refractory", "failure"),
    ("rescue:failedTherapy", "failure", "intervention"),
    ("rescue:failedTherapy", "failure", "therapy"),
    ("rescue:failedTherapy", "failure", "group"),
    ("rescue:failureMode", "failure", "mode"),
    ("rescue:aboutState", "claim", "state"),
    ("rescue:aboutState", "finding", "state"),
    ("rescue:aboutIntervention", "claim", "intervention"),
    ("rescue:aboutIntervention", "finding", "intervention"),
    ("rescue:offersRescue", "claim", "intervention"),
    ("rescue:hasMention", "claim", "mention"),
    ("rescue:hasComponent", "regimen", "intervention"),
    ("rescue:creditedJointlyWith", "claim", "claim"),
    ("rescue:rechallengeOf", "intervention", "intervention"),
]
# What usually is inferred, and may be stated all the same.
SELDOM = [
    ("skos:broaderTransitive", "intervention", "intervention"),
    ("skos:narrowerTransitive", "intervention", "intervention"),
    ("rescue:rescueOfferedBy", "intervention", "claim"),
    ("rescue:interventionOf", "intervention", "claim"),
    ("rescue:failureIn", "failure", "refractory"),
    ("rescue:failedTherapyOf", "intervention", "failure"),
    ("rescue:componentOf", "intervention", "regimen"),
    ("rescue:mentionOf", "mention", "claim"),
    ("rescue:failedTherapyOrBroader", "failure", "group"),
    ("rescue:directRescueFor", "intervention", "state"),
    ("rescue:reportedRescueFor", "intervention", "state"),
    ("rescue:failedDirectlyIn", "intervention", "state"),
    ("rescue:afterFailureOf", "state", "intervention"),
    ("rescue:partOfRescueFor", "intervention", "state"),
]
SIZE = 4
# Treated and refractory states are disjoint, so the treated one has no failure.
TREATED = "state:n3"


def random_graph(seed: int) -> str:
    """Turtle of a small graph whose nodes are typed as domains and ranges want it; it may have cycles."""
    draw = random.Random(seed)
    nodes = {kind: [f"{kind}:n{number}" for number in range(SIZE)] for kind in KINDS}
    drawn = [(kind, node) for kind in KINDS for node in nodes[kind] if node != TREATED]
    lines = [f"{node} a rescue:{draw.choice(KINDS[kind])} ." for kind, node in drawn]
    lines.append(f"{TREATED} a rescue:TreatedState .")
    nodes["mode"] = [f"rescue:{name}" for name in MODES]
    nodes["group"] = [f"intervention:{name}" for name in GROUPS]
    nodes["regimen"] = nodes["intervention"][:2]
    nodes["refractory"] = [node for node in nodes["state"] if node != TREATED]
    lines += [f"{node} a rescue:DrugClass ." for node in nodes["group"]]
    lines += [f"{node} a rescue:Regimen ." for node in nodes["regimen"]]
    lines += [f"{node} a rescue:RefractoryState ." for node in nodes["refractory"]]
    for _ in range(draw.randrange(60)):
        name, left, right = draw.choice(STATED if draw.random() < 0.8 else SELDOM)
        lines.append(f"{draw.choice(nodes[left])} {name} {draw.choice(nodes[right])} .")
    return "\n".join(lines)


def asserted(turtle: str) -> set[Triple]:
    parsed = pyoxigraph.parse(HEADER + turtle, format=pyoxigraph.RdfFormat.TURTLE)
    return plain(quad.triple for quad in parsed) | plain(vocabulary())
