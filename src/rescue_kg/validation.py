"""Validation: what was stated, held against the SHACL shapes and the check queries, or these alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode, QuerySolutions

from rescue_kg import questions, rules
from rescue_kg.answers import Answer, Iri
from rescue_kg.errors import ParseError
from rescue_kg.namespaces import ONTOLOGY_GRAPH, expand
from rescue_kg.resources import checks_dir, shape_files
from rescue_kg.store import Store
from rescue_kg.targets import focus_nodes, instances

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from rescue_kg.answers import Value
    from rescue_kg.graph import RescueGraph
    from rescue_kg.questions import Question

__all__ = ["CheckResult", "Report", "ShapeResult", "check", "stated", "validate"]


@dataclass(frozen=True, slots=True)
class ShapeResult:
    """One thing that a shape found wrong.

    `shape` is the node or property shape, `focus` the node it looked at (the text `_:id` for a blank node),
    `path` the property and `value` the value where there is one; `severity` is error, warning or info.
    """

    shape: Iri
    focus: Value
    path: Iri | None
    value: Value | None
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check query with what it found: each row is a finding of that severity, its first column the node.

    `examined` counts the instances of the class, or the statements with the property, that `examines` names.
    `question` says what it looks for, `mirrors` which rules elsewhere it keeps (see questions.Question).
    """

    name: str
    title: str
    question: str
    mirrors: tuple[str, ...]
    severity: str
    examines: Iri
    examined: int
    rows: Answer


@dataclass(frozen=True, slots=True)
class Report:
    """What a validation looked at and what it found; nothing in it changes.

    `results` are the shapes' findings and `checks` the checks, both sorted; `focus_nodes` holds for each node
    shape with a target the number of nodes it looked at; `triples` is the number of triples validated.
    `with_shapes` is False where the checks were run alone.
    """

    results: tuple[ShapeResult, ...]
    checks: tuple[CheckResult, ...]
    focus_nodes: Mapping[Iri, int]
    triples: int
    with_shapes: bool = True

    @property
    def counts(self) -> dict[str, int]:
        """Findings of shapes and checks together: severity -> number."""
        found = Counter(result.severity for result in self.results)
        for check in self.checks:
            found[check.severity] += len(check.rows)
        return {severity: found[severity] for severity in questions.SEVERITIES}

    @property
    def empty(self) -> tuple[str, ...]:
        """CURIEs of shapes, then names of checks, that looked at nothing."""
        shapes = [shape.curie for shape, count in self.focus_nodes.items() if not count]
        return (*shapes, *(check.name for check in self.checks if not check.examined))

    @property
    def conforms(self) -> bool:
        """Whether no shape and no check found an error."""
        return not self.counts["error"]

    @property
    def complete(self) -> bool:
        """Whether there were shapes and checks, and each of them had something to look at."""
        return bool(self.checks) and bool(self.focus_nodes or not self.with_shapes) and not self.empty

    @property
    def ok(self) -> bool:
        """Whether the data conforms, and every shape and check had something to look at."""
        return self.passes("error")

    def passes(self, fail_on: str) -> bool:
        """Return whether it is complete, and nothing of the severity `fail_on` or worse was found."""
        worst = questions.SEVERITIES[: questions.SEVERITIES.index(fail_on) + 1]
        return self.complete and not any(self.counts[severity] for severity in worst)

    def __repr__(self) -> str:
        found = ", ".join(f"{severity}: {count}" for severity, count in self.counts.items())
        return (
            f"<Report ok={self.ok}, {found}; {len(self.focus_nodes)} node shapes, {len(self.checks)} checks>"
        )

    def to_text(self, limit: int | None = 20, fail_on: str = "error") -> str:
        """Return a summary for a terminal: what was checked, how many, what was found, worst first.

        At most `limit` findings are listed, all of them with None; the last line says whether it passes().
        """
        from rescue_kg.validation_report import to_text

        return to_text(self, limit, fail_on)

    def to_dict(self) -> dict[str, object]:
        """Return the whole report as dicts, lists, texts and numbers that `json` can write; IRIs in full."""
        from rescue_kg.validation_report import to_dict

        return to_dict(self)


def validate(
    graph: RescueGraph,
    shapes: Sequence[str | os.PathLike[str]] | None = None,
    checks: str | os.PathLike[str] | None = None,
) -> Report:
    """Hold a graph against the shapes (SHACL Core, by pySHACL) and the check queries, and return the report.

    What is stated is validated, not what the rules inferred from it: the outcome is the same with and without
    the closure, and a check can tell a missing statement from an inferred one. The graph is not changed.
    `shapes` are SHACL files and `checks` a folder of check queries to use instead of the packaged ones.

    Raises ParseError for a shape file or check that cannot be read.
    """
    data = stated(graph.store)
    vocabulary = Store()
    for file in shape_files() if shapes is None else shapes:
        vocabulary.load_file(file, graph=ONTOLOGY_GRAPH)
    # pySHACL pulls in rdflib and half a second of imports; only validation pays for it.
    from rescue_kg import shacl

    results = [ShapeResult(*found) for found in shacl.results(data, vocabulary)]
    return Report(
        results=tuple(sorted(results, key=_order)),
        checks=_run_all(data, checks),
        focus_nodes=MappingProxyType(focus_nodes(data, vocabulary)),
        triples=len(data),
    )


def check(graph: RescueGraph, checks: str | os.PathLike[str] | None = None) -> Report:
    """Hold a graph against the check queries alone, without the shapes, and return the report.

    It is quick, and holds what an ontology is asked to keep elsewhere too, by ROBOT's report and the OBO
    dashboard. What is stated is looked at, and the graph is not changed, as with validate(). `checks` is a
    folder of check queries to use instead of the packaged ones.

    Raises ParseError for a check that cannot be read.
    """
    data = stated(graph.store)
    return Report((), _run_all(data, checks), MappingProxyType({}), len(data), with_shapes=False)


def stated(store: Store) -> Store:
    """Return a copy of a store without its closure, all in one graph: each triple stands there once."""
    copy = Store()
    for graph in store.graphs():
        if not rules.is_derived(NamedNode(graph)):
            copy.load_quads(store.quads(graph), ONTOLOGY_GRAPH)
    return copy


def _run_all(data: Store, folder: str | os.PathLike[str] | None) -> tuple[CheckResult, ...]:
    place = checks_dir() if folder is None else folder
    return tuple(_run(query, data, f"{place}/{query.name}.rq") for query in questions.catalogue(place))


def _run(query: Question, data: Store, where: str) -> CheckResult:
    solutions = data.query(query.text, where=where)
    if not isinstance(solutions, QuerySolutions):
        raise ParseError(f"{where}: found a query that is no SELECT, expected one")
    found = Answer.from_solutions(solutions, query.title)
    if not found.columns or found.columns[0] != "focus":
        raise ParseError(
            f"{where}: found the columns {', '.join(found.columns)}, expected focus as the first one"
        )
    examines = Iri(expand(query.examines))
    rows = sorted(found.rows, key=lambda row: tuple(map(str, row)))
    return CheckResult(
        name=query.name,
        title=query.title,
        question=query.question,
        mirrors=query.mirrors,
        severity=query.severity,
        examines=examines,
        examined=_examined(data, examines),
        rows=Answer(found.columns, rows, query.title),
    )


def _examined(data: Store, term: Iri) -> int:
    """Count the instances of a class with its subclasses, or the statements with a property."""
    node = NamedNode(term)
    statements = sum(1 for _ in data.native.quads_for_pattern(None, node, None))
    return statements + len(instances(data, [node]))


def _order(result: ShapeResult) -> tuple[int, str, str, str, str]:
    worst = questions.SEVERITIES.index(result.severity)
    return worst, str(result.shape), str(result.focus), str(result.value), result.message
