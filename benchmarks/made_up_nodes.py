"""The nodes that made-up rows name: those of the packaged ontology, and terms made up under them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import rescue_kg
from rescue_kg.namespaces import PREFIXES, contract

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Nodes", "Root", "packaged", "state_roots", "terms"]

#: Designs that report or advise, and measure nothing.
_WITHOUT_FIGURES: Final = ("rescue:narrative-review", "rescue:guideline")
_STATES_OF_A_CONDITION: Final = 4
_INTERVENTIONS_OF_A_TREE: Final = 8


class Root(NamedTuple):
    """A node of the ontology under which terms are made up, with what they take over from it."""

    node: str
    classes: tuple[str, ...]
    condition: str = ""
    therapy: str = ""
    mode: str = ""

    @property
    def is_refractory(self) -> bool:
        """Whether it is a state in which a therapy failed."""
        return "rescue:RefractoryState" in self.classes


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes as CURIEs, in an order that a seed decides."""

    states: tuple[Root, ...]
    interventions: tuple[Root, ...]
    comparators: tuple[str, ...]
    outcomes: tuple[str, ...]
    populations: tuple[str, ...]
    designs: tuple[str, ...]
    ratios: tuple[str, ...]
    differences: tuple[str, ...]
    mechanisms: tuple[str, ...]
    modifiers: tuple[str, ...]
    positions: tuple[str, ...]
    courses: tuple[str, ...]
    systems: tuple[str, ...]


def packaged(seed: int) -> Nodes:
    """Return the nodes of the packaged ontology that rows can name."""
    graph = rescue_kg.load(infer=False, evidence=False)
    shuffle = random.Random(f"nodes {seed}").shuffle

    def rows(variables: str, pattern: str) -> list[tuple[str, ...]]:
        answer: Any = graph.query(f"SELECT DISTINCT {variables} WHERE {{ {pattern} }}")
        return sorted(
            tuple(contract(str(cell)) if cell is not None else "" for cell in row) for row in answer
        )

    def instances(name: str, more: str = "") -> list[str]:
        found = [node for (node,) in rows("?node", f"?node a/rdfs:subClassOf* rescue:{name} . {more}")]
        shuffle(found)
        return found

    classes: dict[str, tuple[str, ...]] = {}
    for node, name in rows("?node ?class", "?node a ?class"):
        # That an intervention rescues is for a claim to say, not for what is above it.
        if name not in ("owl:NamedIndividual", "rescue:RescueIntervention"):
            classes[node] = (*classes.get(node, ()), name)
    failure = "?state rescue:hasFailure ?f . ?f rescue:failedTherapy ?therapy ; rescue:failureMode ?mode"
    about = {
        state: rest
        for state, *rest in rows(
            "?state ?condition ?therapy ?mode",
            f"?state rescue:ofCondition ?condition OPTIONAL {{ {failure} }}",
        )
    }
    return Nodes(
        states=tuple(Root(node, classes[node], *about[node]) for node in instances("ClinicalState")),
        interventions=tuple(Root(node, classes[node]) for node in instances("Intervention")),
        comparators=tuple(node for node in instances("Comparator") if node != "comparator:no-comparator"),
        outcomes=tuple(instances("Outcome")),
        populations=tuple(instances("Population")),
        designs=tuple(node for node in instances("StudyDesign") if node not in _WITHOUT_FIGURES),
        ratios=tuple(instances("EffectMeasure", "?node rescue:nullValue 1.0")),
        differences=tuple(instances("EffectMeasure", "?node rescue:nullValue 0.0")),
        mechanisms=tuple(instances("Mechanism")),
        modifiers=tuple(instances("EffectModifier")),
        positions=tuple(instances("LinePosition")),
        courses=tuple(instances("Course")),
        systems=tuple(instances("BodySystem")),
    )


def state_roots(nodes: Nodes, states: int, fields: int) -> tuple[Root, ...]:
    """Return what stands at the root of each tree of made-up states, in the order of the trees.

    With one field these are the states of the ontology. Of several, the first has those, and each of the
    others made-up conditions, one for every four states, with a tree of refractory states for each.
    """
    if fields == 1:
        return nodes.states
    others = fields - 1
    refractory = [root for root in nodes.states if root.is_refractory]
    return tuple(
        refractory[tree % len(refractory)]._replace(node="", condition=f"condition:made-up-{tree + 1}")
        for tree in range(others * max(1, states // others // _STATES_OF_A_CONDITION))
    )


def terms(nodes: Nodes, interventions: int, states: int, fields: int, seed: int) -> Iterator[str]:
    """Yield the Turtle of made-up terms: intervention:made-up-1 and on, state:made-up-1 and on.

    Every root gets the same number; below it each term hangs under the root, or under any term that was made
    before it (a random recursive tree, whose depth grows as the logarithm of its size). With several fields,
    whose terms follow one another in turn, every tree has a root of its own, and every state a made-up
    condition: condition:made-up-1 and on.
    """
    for prefix in (
        "rescue",
        "condition",
        "state",
        "failure",
        "intervention",
        "therapy",
        "owl",
        "rdfs",
        "skos",
    ):
        yield f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n"
    # A regimen needs components, which its kinds would have to share.
    roots = tuple(root for root in nodes.interventions if "rescue:Regimen" not in root.classes)
    if fields > 1:
        others = fields - 1
        trees = others * max(1, interventions // others // _INTERVENTIONS_OF_A_TREE)
        roots = tuple(roots[tree % len(roots)]._replace(node="") for tree in range(trees))
    for number, root, parent in _trees("intervention", roots, interventions, seed):
        yield _begun("intervention", number, root.classes, parent) + " .\n"
    roots = state_roots(nodes, states, fields)
    if fields > 1:
        yield from _conditions(nodes, len(roots), fields - 1)
    for number, root, parent in _trees("state", roots, states, seed):
        text = _begun("state", number, root.classes, parent) + f" ;\n    rescue:ofCondition {root.condition}"
        if root.therapy:
            # Whoever is in the state is in that above it too, so the same therapy has failed.
            failure = f"failure:made-up-{number}-1"
            text += (
                f" ;\n    rescue:hasFailure {failure} .\n"
                f"{failure} a owl:NamedIndividual , rescue:TherapyFailure ;\n"
                f'    rdfs:label "made-up failure {number}"@en ;\n'
                f'    rescue:failedTherapy {root.therapy} ;\n    rescue:asWorded "made-up" ;\n'
                f"    rescue:failureMode {root.mode}"
            )
        yield text + " .\n"


def _conditions(nodes: Nodes, count: int, fields: int) -> Iterator[str]:
    """Yield the Turtle of made-up conditions; each third of a field is a kind of the one before it."""
    for place in range(count):
        parent = f"condition:made-up-{place + 1 - fields}" if place // fields % 3 == 1 else ""
        yield (
            _begun("condition", place + 1, ("rescue:Condition",), parent)
            + f" ;\n    rescue:course {nodes.courses[place % len(nodes.courses)]}"
            + f" ;\n    rescue:bodySystem {nodes.systems[place % len(nodes.systems)]} .\n"
        )


def _trees(kind: str, roots: tuple[Root, ...], count: int, seed: int) -> Iterator[tuple[int, Root, str]]:
    """Yield the number of each term, the root of its tree, and the node right above it, if there is one.

    The trees take turns, so that what stands in a tree so far follows from the number, and need not be kept.
    """
    rng = random.Random(f"terms {kind} {seed}")
    for place in range(count):
        turn, tree = divmod(place, len(roots))
        root = roots[tree]
        # Without a node of the ontology the first term of a tree is its root.
        above = rng.randint(0 if root.node or not turn else 1, turn)
        parent = root.node if above == 0 else f"{kind}:made-up-{(above - 1) * len(roots) + tree + 1}"
        yield place + 1, root, parent


def _begun(kind: str, number: int, classes: tuple[str, ...], parent: str) -> str:
    broader = f" ;\n    skos:broader {parent}" if parent else ""
    return (
        f"\n{kind}:made-up-{number} a owl:NamedIndividual , {' , '.join(classes)} ;\n"
        f'    rdfs:label "made-up {kind} {number}"@en{broader}'
    )
