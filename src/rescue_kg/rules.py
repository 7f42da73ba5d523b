"""The closure of a graph: CONSTRUCT rules, one a file, run in the order of their names."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import NamedNode, Quad, QueryTriples

from rescue_kg import headers
from rescue_kg.errors import InputError, ParseError
from rescue_kg.namespaces import GRAPH, ONTOLOGY_GRAPH
from rescue_kg.progress import Step
from rescue_kg.questions import names
from rescue_kg.resources import data_path
from rescue_kg.workspace import workspace

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from pyoxigraph import BlankNode, DefaultGraph

    from rescue_kg.progress import Progress
    from rescue_kg.store import Store
    from rescue_kg.workspace import Workspace

__all__ = ["TARGETS", "Rule", "apply", "apply_to_all", "catalogue", "datasets", "is_derived"]

#: What a rule may write to: `<graph>/inferred` (what the axioms entail), `<graph>/summary` (upward-closed
#: pairs) or `<graph>/stance` (how findings stand to claims: a method, beyond the axioms).
TARGETS: Final = ("inferred", "summary", "stance")

_ENDS: Final = tuple(f"/{target}" for target in TARGETS)
#: So many results of a rule are held in memory at a time.
_CHUNK: Final = 100_000
_KEYS: Final = {"title", "question", "target", "repeat"}
_NAME: Final = re.compile(r"[0-9]{2,}-[a-z0-9]+(?:-[a-z0-9]+)*")


class Rule(NamedTuple):
    """One file of the rules: a CONSTRUCT query; `repeat` runs it until it finds nothing new."""

    name: str
    title: str
    question: str
    target: str
    repeat: bool
    text: str
    path: str


def catalogue(folder: str | os.PathLike[str] | None = None) -> tuple[Rule, ...]:
    """Return the rules of a folder (the packaged ones) in the order they run in: by file name.

    Raises ParseError for a wrong header or file name.
    """
    place = data_path("queries", "rules") if folder is None else str(folder)
    return tuple(_read(place, name) for name in names(place))


def apply(
    store: Store,
    *,
    graph: str,
    folder: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Rebuild the graphs of TARGETS below a graph from the rules and return rule name -> triples found.

    The rules read the graph, the ontology, all graphs that belong to no dataset, and what the rules before
    found; a triple that one of these states is not written again, since their union would hold it twice.
    Other datasets are not read: what follows from a dataset goes with it, and nothing else does. So two
    datasets may both hold a triple, and what only follows from two datasets together is not found; put shared
    concepts into the ontology, or such data into one dataset.

    On disk all is one transaction. In memory the old closure goes first, so that a run that is broken off
    leaves a missing closure, never a half one. Results are written in chunks as they come, so that memory is
    bounded by what the queries themselves hold.
    """
    rules = catalogue(folder)
    with store.whole_on_disk() as change:
        return _apply(change, graph, rules, progress)


def apply_to_all(
    store: Store, *, folder: str | os.PathLike[str] | None = None, progress: Progress | None = None
) -> dict[str, int]:
    """Rebuild the closure of the ontology, then of each dataset; return rule name -> triples found, added up.

    On disk all is one transaction.
    """
    graphs = [ONTOLOGY_GRAPH, *(GRAPH + name for name in datasets(store) if GRAPH + name != ONTOLOGY_GRAPH)]
    with store.whole_on_disk() as change:
        return _add_up(apply(change, graph=graph, folder=folder, progress=progress) for graph in graphs)


def datasets(store: Store) -> tuple[str, ...]:
    """Return the names of the datasets in a store, sorted: `name` for each graph `graph:name` with parts."""
    return tuple(sorted({name for graph in store.graphs() if (name := _dataset(graph)) is not None}))


def is_derived(graph: NamedNode | BlankNode | DefaultGraph) -> bool:
    """Return whether a graph, by its name, holds what rules wrote, as against what somebody stated."""
    return isinstance(graph, NamedNode) and graph.value.endswith(_ENDS)


def _dataset(graph: str) -> str | None:
    """Return the name of the dataset that a graph is a part of, or None where it is part of none."""
    if not graph.startswith(GRAPH):
        return None
    name, _, part = graph.removeprefix(GRAPH).partition("/")
    return name if name and part in ("", *TARGETS) else None


def _add_up(every: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for counts in every:
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    return total


def _apply(store: Store, graph: str, rules: tuple[Rule, ...], progress: Progress | None) -> dict[str, int]:
    targets = {target: f"{graph}/{target}" for target in TARGETS}
    store.drop(*targets.values())
    own = (None, _dataset(ONTOLOGY_GRAPH), _dataset(graph))
    graphs = [*store.graphs(), *targets.values()]
    seen = [other for other in graphs if other == graph or _dataset(other) in own]
    # Where nothing is left out, the union is asked where it is.
    names = None if len(seen) == len(graphs) else seen
    counts: dict[str, int] = {}
    done = False
    try:
        with workspace(store, names) as place:
            for number, rule in enumerate(rules):
                if progress is not None:
                    progress(Step("rules", number, len(rules), sum(counts.values())))
                counts[rule.name] = _run(rule, place, store, targets[rule.target])
        if progress is not None:
            progress(Step("rules", len(rules), len(rules), sum(counts.values())))
        done = True
    finally:
        if not done and store.path is None:
            store.drop(*targets.values())
    return counts


def _run(rule: Rule, place: Workspace, store: Store, target: str) -> int:
    """Run one rule, to the fixpoint where it repeats; add what is new to the target and return how many."""
    name = NamedNode(target)
    count = 0
    while True:
        before = count
        # The results are those of the state before this run, whatever is written meanwhile.
        results = place.query(rule.text, rule.path)
        if not isinstance(results, QueryTriples):
            raise ParseError(f"{rule.path}: found a query that is no CONSTRUCT, expected one")
        while chunk := list(islice(results, _CHUNK)):
            # CONSTRUCT gives a triple once for each way in which it follows.
            new = [triple for triple in dict.fromkeys(chunk) if not place.holds(triple)]
            store.add([Quad(triple.subject, triple.predicate, triple.object, name) for triple in new])
            place.found(new)
            count += len(new)
        if not rule.repeat or count == before:
            return count


def _read(folder: str, name: str) -> Rule:
    path = f"{folder}/{name}.rq"
    try:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123 - no pathlib here
            text = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}), expected a rule in UTF-8") from error
    if not _NAME.fullmatch(name):
        raise ParseError(f"{path}: found the file name {name}.rq, expected one such as 10-direct-rescue.rq")
    header = headers.split(text, path)
    for key in header:
        if key not in _KEYS:
            raise ParseError(f"{path}: found the header key {key!r}, expected {', '.join(sorted(_KEYS))}")
    title, question, target = (header.get(key) for key in ("title", "question", "target"))
    repeat = header.get("repeat", False)
    if not isinstance(title, str) or not isinstance(question, str):
        raise ParseError(f"{path}: found no title or no question in the header, expected a text for each")
    if target not in TARGETS:
        raise ParseError(f"{path}: found target {target!r} in the header, expected {' or '.join(TARGETS)}")
    if not isinstance(repeat, bool):
        raise ParseError(f"{path}: found repeat {repeat!r} in the header, expected true or false")
    return Rule(name, title, question, str(target), repeat, text, path)
