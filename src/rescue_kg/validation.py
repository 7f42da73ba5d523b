"""Validation: what was stated, held against the SHACL shapes and the check queries, or these alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode, QuerySolutions

from rescue_kg import datasets, questions
from rescue_kg.answers import Answer, Iri, to_value
from rescue_kg.cutting import Stated
from rescue_kg.errors import InputError, ParseError
from rescue_kg.keeping import First
from rescue_kg.namespaces import GRAPH, ONTOLOGY_GRAPH, expand
from rescue_kg.resources import checks_dir, shape_files
from rescue_kg.shacl_results import ShapeResult
from rescue_kg.store import Store
from rescue_kg.targets import count_instances, count_statements, focus_nodes

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from rescue_kg.answers import Row
    from rescue_kg.cutting import Node
    from rescue_kg.graph import RescueGraph
    from rescue_kg.questions import Question

__all__ = ["ENGINES", "CheckResult", "Report", "ShapeResult", "check", "stated", "validate"]

#: What validate() takes as its engine.
ENGINES: Final = ("reference", "fast")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check query with what it found: each row is a finding of that severity, its first column the node.

    `examined` counts the instances of the class, or the statements with the property, that `examines` names.
    `question` says what it looks for, `mirrors` which rules elsewhere it keeps (see questions.Question).
    `left_out` counts the findings for which there is no row, because there were too many.
    """

    name: str
    title: str
    question: str
    mirrors: tuple[str, ...]
    severity: str
    examines: Iri
    examined: int
    rows: Answer
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What a validation looked at and what it found; nothing in it changes.

    `results` are the shapes' findings and `checks` the checks, both sorted; `focus_nodes` holds for each node
    shape with a target the number of nodes it looked at; `triples` is the number of triples validated.
    `with_shapes` is False where the checks were run alone, `dataset` the one that was looked at alone,
    without the checks. `left_out` counts the findings of shapes that are not among the results, because there
    were too many: (shape, severity) -> number. `engine` says who judged.
    """

    results: tuple[ShapeResult, ...]
    checks: tuple[CheckResult, ...]
    focus_nodes: Mapping[Iri, int]
    triples: int
    with_shapes: bool = True
    dataset: str | None = None
    left_out: Mapping[tuple[Iri, str], int] = field(default_factory=lambda: MappingProxyType({}))
    engine: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Findings of shapes and checks together: severity -> number."""
        found = Counter(result.severity for result in self.results)
        for (_, severity), number in self.left_out.items():
            found[severity] += number
        for check in self.checks:
            found[check.severity] += len(check.rows) + check.left_out
        return {severity: found[severity] for severity in questions.SEVERITIES}

    @property
    def empty(self) -> tuple[str, ...]:
        """CURIEs of shapes, then names of checks, that looked at nothing, but for one dataset."""
        if self.dataset is not None:
            return ()
        shapes = [shape.curie for shape, count in self.focus_nodes.items() if not count]
        return (*shapes, *(check.name for check in self.checks if not check.examined))

    @property
    def conforms(self) -> bool:
        """Whether no shape and no check found an error."""
        return not self.counts["error"]

    @property
    def complete(self) -> bool:
        """Whether there were shapes and checks, and each of them had something to look at.

        Of one dataset it is enough that some shape had.
        """
        if self.dataset is not None:
            return any(self.focus_nodes.values())
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

        At most `limit` findings are listed, all of them with None; where there are more, each shape and check
        follows with the number of its findings and an example. The last line says whether it passes().
        """
        from rescue_kg.validation_report import to_text

        return to_text(self, limit, fail_on)

    def to_dict(self) -> dict[str, object]:
        """Return the whole report as dicts, lists, texts and numbers that `json` can write; IRIs in full."""
        from rescue_kg.validation_report import to_dict

        return to_dict(self)


def validate(
    graph: RescueGraph | Store,
    shapes: Sequence[str | os.PathLike[str]] | None = None,
    checks: str | os.PathLike[str] | None = None,
    *,
    engine: str = "reference",
    dataset: str | None = None,
    max_results: int | None = None,
) -> Report:
    """Hold a graph against the shapes (SHACL Core) and the check queries, and return the report.

    What is stated is validated, not what the rules inferred from it: the outcome is the same with and without
    the closure, and a check can tell a missing statement from an inferred one. The graph is not changed.
    `shapes` are SHACL files and `checks` a folder of check queries to use instead of the packaged ones.

    Both engines find the same. `reference` is pySHACL, which copies the graph and takes minutes for 200,000
    triples; `fast` passes once over the graph, in bounded memory, and asks the `shacl` package, or pySHACL
    where that may see it otherwise, about the nodes that are not surely in order (`rescue_kg.fast_shacl`).

    With a `dataset` only the nodes that its graph says something of are looked at, by the shapes alone, since
    the checks look across datasets; the cost grows with the dataset, not with the store. What else is stated
    of these nodes counts too, as do the types of the nodes that they point to.

    At most `max_results` findings of each shape and of each check are kept, the first in their order; all are
    counted.

    Raises ParseError for a shape file or check that cannot be read, InputError for another engine, a negative
    `max_results` and for values that cannot be compared, UnknownNameError for a dataset that is not loaded,
    NotAvailableError for `fast` without its extra.
    """
    if engine not in ENGINES:
        raise InputError(f"unknown engine {engine!r}, expected {' or '.join(ENGINES)}")
    if max_results is not None and max_results < 0:
        raise InputError(f"found max_results {max_results}, expected 0 or more")
    store = graph if isinstance(graph, Store) else graph.store
    vocabulary = Store()
    for file in shape_files() if shapes is None else shapes:
        vocabulary.load_file(file, graph=ONTOLOGY_GRAPH)
    data = Stated(store)
    nodes = None if dataset is None else _nodes(data, dataset)
    anew: Counter[str] = Counter()
    kept: dict[Iri, First[ShapeResult]] = {}
    left_out: Counter[tuple[Iri, str]] = Counter()
    for result in _judge(data, vocabulary, engine, nodes, anew):
        out = kept.setdefault(result.shape, First(max_results, _order)).add(result)
        left_out.update((one.shape, one.severity) for one in out)
    for first in kept.values():
        left_out.update((one.shape, one.severity) for one in first.close())
    return Report(
        results=tuple(sorted((result for first in kept.values() for result in first), key=_order)),
        checks=() if nodes is not None else _run_all(data, checks, max_results),
        focus_nodes=MappingProxyType(focus_nodes(data, vocabulary, nodes)),
        triples=len(data) if dataset is None else store.count(GRAPH + dataset),
        dataset=dataset,
        left_out=MappingProxyType(dict(sorted(left_out.items()))),
        engine=_judges(engine, anew),
    )


def check(
    graph: RescueGraph,
    checks: str | os.PathLike[str] | None = None,
    *,
    max_results: int | None = None,
) -> Report:
    """Hold a graph against the check queries alone, without the shapes, and return the report.

    It is quick, and holds what an ontology is asked to keep elsewhere too, by ROBOT's report and the OBO
    dashboard. All else is as with validate().

    Raises ParseError for a check that cannot be read.
    """
    data = Stated(graph.store)
    found = _run_all(data, checks, max_results)
    return Report((), found, MappingProxyType({}), len(data), with_shapes=False)


def stated(store: Store) -> Store:
    """Return a copy of a store without its closure, all in one graph: each triple stands there once."""
    return Stated(store).copy()


def _nodes(data: Stated, dataset: str) -> list[Node]:
    datasets.require(data.store, dataset)
    return list(data.subjects(dataset))


def _judge(
    data: Stated, shapes: Store, engine: str, nodes: list[Node] | None, anew: Counter[str]
) -> Iterator[ShapeResult]:
    """Yield what the shapes find, in no order, by one of the engines."""
    if engine == "fast" or nodes is not None:
        from rescue_kg import fast_shacl

        yield from fast_shacl.results(data, shapes, nodes=nodes, anew=anew, alone=engine == "fast")
        return
    # pySHACL pulls in rdflib and half a second of imports; only who needs it pays for it.
    from rescue_kg import shacl

    yield from shacl.results(data.copy(), shapes)


def _judges(engine: str, anew: Counter[str]) -> str:
    """Say who judged."""
    if engine == "reference":
        return "pySHACL"
    from rescue_kg import fast_shacl

    left = [f"{count:,} {what if count != 1 else what[:-1]}" for what, count in anew.items() if count]
    return f"shacl {fast_shacl.version()}" + (f"; pySHACL judged {' and '.join(left)}" if left else "")


def _run_all(
    data: Stated, folder: str | os.PathLike[str] | None, limit: int | None
) -> tuple[CheckResult, ...]:
    place = checks_dir() if folder is None else folder
    # Many checks look at the same; it is counted once.
    examined: dict[str, int] = {}
    return tuple(
        _run(query, data, f"{place}/{query.name}.rq", limit, examined) for query in questions.catalogue(place)
    )


def _run(
    query: Question, data: Stated, where: str, limit: int | None, examined: dict[str, int]
) -> CheckResult:
    solutions = data.query(query.text, where)
    if not isinstance(solutions, QuerySolutions):
        raise ParseError(f"{where}: found a query that is no SELECT, expected one")
    columns = [variable.value for variable in solutions.variables]
    if not columns or columns[0] != "focus":
        raise ParseError(f"{where}: found the columns {', '.join(columns)}, expected focus as the first one")
    rows: First[Row] = First(limit, lambda row: tuple(map(str, row)))
    left_out = sum(len(rows.add(tuple(map(to_value, solution)))) for solution in solutions)
    left_out += len(rows.close())
    examines = expand(query.examines)
    if examines not in examined:
        node = NamedNode(examines)
        examined[examines] = count_statements(data, node) + count_instances(data, node)
    return CheckResult(
        name=query.name,
        title=query.title,
        question=query.question,
        mirrors=query.mirrors,
        severity=query.severity,
        examines=Iri(examines),
        examined=examined[examines],
        rows=Answer(columns, rows, query.title),
        left_out=left_out,
    )


def _order(result: ShapeResult) -> tuple[int, str, str, str, str]:
    worst = questions.SEVERITIES.index(result.severity)
    return worst, str(result.shape), str(result.focus), str(result.value), result.message
