"""Explanations: a minimal set of axioms from which an inconsistency, or an empty class, already follows."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
from pyoxigraph import RdfFormat

from rescue_kg.arrangement import RDF_TYPE
from rescue_kg.axioms import axioms
from rescue_kg.errors import NotAvailableError, ParameterError, ReasonerTimeoutError
from rescue_kg.java import find_java
from rescue_kg.namespaces import PREFIXES
from rescue_kg.reasoning import JAVA_OPTIONS, hermit_failure, positive, stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rescue_kg.axioms import Axiom
    from rescue_kg.graph import RescueGraph

__all__ = ["Explanation", "explain"]

_MAIN: Final = "org.semanticweb.HermiT.cli.CommandLine"
_SATISFIABLE: Final = " is satisfiable."
_INCONSISTENT: Final = "InconsistentOntologyException"
_NEGATIVE: Final = ox.NamedNode(PREFIXES["owl"] + "NegativePropertyAssertion")
_MEMBER: Final = ox.BlankNode("member")
# Files that one run of Java looks at, and the statements that they may hold together.
_FILES: Final = 16
_STATEMENTS: Final = 6_000


@dataclass(frozen=True, slots=True)
class Explanation:
    """A minimal set of axioms that cannot all hold (or under which a class has no instance): a justification.

    Without any one of them the others can hold. There may be more such sets in the same graph. `triples`
    hold the same as RDF, one group for each axiom; `runs` says how often HermiT was started.
    """

    axioms: tuple[str, ...]
    names: tuple[frozenset[str], ...]
    triples: tuple[tuple[ox.Triple, ...], ...]
    runs: int
    seconds: float


def explain(
    graph: RescueGraph, *, unsatisfiable: str | None = None, java: str | None = None, timeout: float = 120
) -> Explanation:
    """Return a minimal set of stated axioms that make the graph inconsistent, those about a clash together.

    With `unsatisfiable`, the IRI of a class, the set is one under which this class can have no instance.
    `java` and `timeout` (seconds, for all of it) are those of reasoning.reason().

    Raises ParameterError where there is nothing to explain, ReasonerTimeoutError after `timeout`, and what
    reason() raises for Java and for an ontology outside OWL 2 DL.

    Method: the reasoner is a black box that is asked of growing sets, as in Horridge, Parsia and Sattler,
    Explaining inconsistencies in OWL ontologies, SUM 2009, LNCS 5785.
    The shortest inconsistent prefix of the axioms is searched for; the last axiom of it belongs to the
    answer, the rest of the prefix is searched in turn (dichotomic search of Hemery et al., Extracting MUCs
    from constraint networks, ECAI 2006). Axioms near to those already found come first, so that the sets
    stay small.
    """
    positive(timeout)
    started = time.monotonic()
    executable = find_java(java, timeout=timeout)
    declarations, pool = axioms(stated(graph))
    background = list(declarations)
    if unsatisfiable is not None:
        background.append(ox.Triple(_MEMBER, RDF_TYPE, ox.NamedNode(unsatisfiable)))
    size = sum(len(axiom.triples) for axiom in pool)
    with tempfile.TemporaryDirectory(prefix="rescue-kg-") as folder:
        oracle = _Oracle(executable, Path(folder), background, started + timeout)
        try:
            found = _minimal(oracle, pool, unsatisfiable)
        except subprocess.TimeoutExpired as error:
            raise ReasonerTimeoutError(
                f"no explanation was found within {timeout:g} s among {size:,} statements; give it more time"
            ) from error
    # As they are read: what is said of the individuals, then the axioms that forbid it.
    found = [axiom for axiom in pool if axiom in found]
    return Explanation(
        axioms=tuple(map(str, found)),
        names=tuple(axiom.names for axiom in found),
        triples=tuple(axiom.triples for axiom in found),
        runs=oracle.runs,
        seconds=time.monotonic() - started,
    )


class _Oracle:
    """Asks HermiT which of growing sets of axioms is the first inconsistent one, in one run of Java."""

    def __init__(self, java: str, folder: Path, background: Sequence[ox.Triple], deadline: float) -> None:
        self._folder, self._background, self._deadline = folder, background, deadline
        self._java = java
        self.runs = 0

    def first_inconsistent(self, sets: Sequence[Sequence[Axiom]]) -> int:
        """Return the place of the first inconsistent set, or their number where all are consistent."""
        files = []
        for number, chosen in enumerate(sets):
            path = self._folder / f"{number}.nt"
            triples = (triple for axiom in chosen for triple in axiom.triples)
            ox.serialize((*self._background, *triples), path, format=RdfFormat.N_TRIPLES)
            files.append(path.as_uri())
        self.runs += 1
        left = self._deadline - time.monotonic()
        # The first compiler of Java is enough for runs as short as these.
        command = [
            self._java,
            "-Xmx2000M",
            "-XX:TieredStopAtLevel=1",
            *JAVA_OPTIONS.split(),
            "-cp",
            _hermit(),
        ]
        run = subprocess.run(  # noqa: S603 - a Java that answered to its version, without a shell
            [*command, _MAIN, "--ignoreUnsupportedDatatypes", "-k", *files],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=max(left, 0.001),
            check=False,
        )
        said, trouble = run.stdout.decode(errors="replace"), run.stderr.decode(errors="replace")
        consistent = said.count(_SATISFIABLE)
        if consistent == len(files) or (consistent < len(files) and _INCONSISTENT in trouble):
            return consistent
        raise hermit_failure(trouble or said, self._java)


def _hermit() -> str:
    """Return the class path of the HermiT that owlready2 brings, without the half second of importing it."""
    spec = find_spec("owlready2")
    if spec is None or spec.origin is None:
        raise NotAvailableError(
            "owlready2, which brings HermiT, is not installed; run: pip install owlready2"
        )
    folder = Path(spec.origin).parent / "hermit"
    return os.pathsep.join((str(folder), str(folder / "HermiT.jar")))


def _minimal(oracle: _Oracle, pool: list[Axiom], start: str | None) -> list[Axiom]:
    """Return axioms of the pool that are inconsistent together, and of which none can be left out."""
    found: list[Axiom] = []
    begin = _suspect(pool) if start is None else {start}
    rest = _nearest(pool, begin)
    # Where nothing is known yet, every part of the file is as likely; later the clash is near.
    near = bool(begin)
    first = True
    while True:
        sizes = _steps(len(rest), near=near)
        place = oracle.first_inconsistent([[*found, *rest[:size]] for size in sizes])
        if place == len(sizes):
            # Only the first round can end so: afterwards the whole prefix is known to be inconsistent.
            if not first:
                raise AssertionError("a set that was inconsistent is no longer so")
            raise ParameterError(
                "there is nothing to explain: the ontology is consistent"
                if start is None
                else f"there is nothing to explain: {start} can have an instance"
            )
        if place == 0:
            return found
        low, high = sizes[place - 1], sizes[place]
        while high - low > 1:
            sizes = _between(low, high)
            place = oracle.first_inconsistent([[*found, *rest[:size]] for size in sizes])
            low, high = (low, *sizes)[place], (*sizes, high)[place]
        found.append(rest[high - 1])
        rest = _nearest(rest[: high - 1], {name for axiom in found for name in axiom.names})
        near, first = True, False


def _steps(size: int, *, near: bool) -> list[int]:
    """Return growing sizes from 0 to `size`, close together at the start where the clash is near."""
    if not near:
        return sorted({0, *(size * part // 6 for part in range(1, 7))})
    steps = [0]
    while steps[-1] < size:
        steps.append(min(size, max(steps[-1] + 1, steps[-1] * 3 // 2)))
    return steps


def _between(low: int, high: int) -> list[int]:
    """Return sizes strictly between two, evenly apart, fewer where the sets are large."""
    parts = min(high - low, _FILES, max(2, _STATEMENTS // high))
    return sorted({low + (high - low) * part // parts for part in range(1, parts)})


def _suspect(pool: Iterable[Axiom]) -> set[str]:
    """Return the names of a likely clash, or none: a guess that only decides where the search begins.

    What is looked at are the plain cases: a negative assertion, a node of two classes that are disjoint by
    what is stated, by domains and ranges, and by the named classes above.
    """
    upper: defaultdict[str, set[str]] = defaultdict(set)
    disjoint: defaultdict[str, set[str]] = defaultdict(set)
    domains: defaultdict[str, set[str]] = defaultdict(set)
    ranges: defaultdict[str, set[str]] = defaultdict(set)
    rdfs = PREFIXES["rdfs"]
    kept = {rdfs + "subClassOf": upper, rdfs + "domain": domains, rdfs + "range": ranges}
    kept[PREFIXES["owl"] + "disjointWith"] = disjoint
    facts: list[tuple[str, str, str]] = []
    for axiom in pool:
        first = axiom.triples[0]
        if _NEGATIVE in (triple.object for triple in axiom.triples):
            return set(axiom.names)
        if isinstance(first.subject, ox.NamedNode) and isinstance(first.object, ox.NamedNode):
            subject, predicate, term = first.subject.value, first.predicate.value, first.object.value
            facts.append((subject, predicate, term))
            if predicate in kept:
                kept[predicate][subject].add(term)
    types: defaultdict[str, set[str]] = defaultdict(set)
    for subject, predicate, term in facts:
        types[subject] |= {term} if predicate == RDF_TYPE.value else domains.get(predicate, set())
        types[term] |= ranges.get(predicate, set())
    for node, kinds in types.items():
        every, todo = set(kinds), list(kinds)
        while todo:
            new = upper.get(todo.pop(), set()) - every
            every |= new
            todo += new
        if any(disjoint.get(kind, set()) & every for kind in every):
            return {node}
    return set()


def _nearest(pool: Iterable[Axiom], names: set[str]) -> list[Axiom]:
    """Return the axioms in the order of their distance from some names, over the names that they share."""
    by_hook: defaultdict[str, list[int]] = defaultdict(list)
    items = list(pool)
    for place, axiom in enumerate(items):
        for hook in axiom.hooks:
            by_hook[hook].append(place)
    ordered: list[int] = []
    seen: set[int] = set()
    reached, border = set(names), set(names)
    while border:
        level = sorted({place for name in border for place in by_hook.get(name, ())} - seen)
        seen.update(level)
        ordered += level
        border = {name for place in level for name in items[place].names} - reached
        reached |= border
    rest = (place for place in range(len(items)) if place not in seen)
    return [items[place] for place in (*ordered, *rest)]
