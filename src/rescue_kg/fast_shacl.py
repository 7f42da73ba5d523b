"""SHACL Core by three judges, each slower than the one before, held to what pySHACL finds.

Nodes that surely are in order are sifted out first (`rescue_kg.sifting`); the `shacl` package has the rest.
On the constraints that `rescue_kg.shape_plan` lets through, it finds what pySHACL does for a node whose
literals all are plain, and compared with numbers alone. Any other node, results on blank nodes or of shapes
without a name or a message, and shapes that cannot be cut are left to pySHACL.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, parse

from rescue_kg.answers import Iri, to_value
from rescue_kg.cutting import Node, Stated, batches, to_text
from rescue_kg.errors import NotAvailableError
from rescue_kg.namespaces import ONTOLOGY_GRAPH
from rescue_kg.plain_literals import is_plain, with_others
from rescue_kg.shacl_results import ShapeResult, severity_of
from rescue_kg.shape_plan import NUMBERS, plan
from rescue_kg.sifting import ROOM, suspects
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from rescue_kg.answers import Value
    from rescue_kg.shape_plan import Plan

__all__ = ["judge_anew", "results", "version"]

#: Nodes that are looked up in one go, and nodes that pySHACL is given in one go.
_NODES: Final = 10_000
_ANEW: Final = 2_000


def version() -> str:
    """Return the version of the fast engine. Raises NotAvailableError without it."""
    from importlib.metadata import version

    _engine()
    return version("shacl")


def results(
    stated: Stated,
    shapes: Store,
    *,
    nodes: Iterable[Node] | None = None,
    room: int = ROOM,
    anew: Counter[str],
    alone: bool = True,
) -> Iterator[ShapeResult]:
    """Yield what the shapes find wrong, as pySHACL would, of some nodes or of all, in no order.

    `room` is the number of nodes that are held in memory when all are looked at. What was left to pySHACL is
    counted in `anew`: `nodes`, and `shapes` that were held against the whole graph. Without `alone` all that
    is left to an engine is left to it.

    Raises NotAvailableError without the extra `fast`, InputError as `rescue_kg.shacl.results` does.
    """
    engine = _engine() if alone else None
    how = plan(shapes, stated.below)
    chosen = None if nodes is None else list(nodes)
    left = suspects(stated, how, room) if chosen is None else chosen
    if engine is None:
        yield from judge_anew(stated, how, left, anew)
    else:
        yield from _fast_results(engine, stated, how, left, anew)
    if len(how.whole):
        from rescue_kg import shacl

        anew["shapes"] += how.whole_targets
        names = None if chosen is None else {str(to_value(node)) for node in chosen}
        for result in shacl.results(stated.copy(), how.whole):
            if names is None or str(result.focus) in names:
                yield result


def _fast_results(
    engine: Any, stated: Stated, how: Plan, nodes: Iterable[Node], anew: Counter[str]
) -> Iterator[ShapeResult]:
    """Yield what the shapes that can be cut find wrong with some nodes."""
    compiled = engine.Shapes.from_text(to_text(how.marked.quads()), format="ntriples")
    doubtful: set[Node] = set()
    unnamed: set[Node] = set()

    def texts() -> Iterator[str]:
        for batch in batches(nodes, _NODES):
            unnamed.update(node for node in batch if isinstance(node, BlankNode))
            yield to_text(stated.around(batch, how.marks))

    blank = False
    for odd, report in _validated(compiled, texts()):
        found = report.results
        trusted, doubted = _sort(found, odd, stated, how)
        yield from trusted
        doubtful |= doubted
        blank = blank or any(one.focus_node.startswith("_:") for one in found)
    # The engine has names of its own for blank nodes.
    yield from judge_anew(stated, how, doubtful | unnamed if blank else doubtful, anew)


def judge_anew(stated: Stated, how: Plan, nodes: Iterable[Node], anew: Counter[str]) -> Iterator[ShapeResult]:
    """Yield what pySHACL finds wrong with some nodes, by the shapes that can be cut."""
    for batch in batches(nodes, _ANEW):
        # It pulls in rdflib and half a second of imports; only those who need it pay for it.
        from rescue_kg import shacl

        anew["nodes"] += len(batch)
        data = Store()
        data.load_quads(stated.around(batch, how.marks), ONTOLOGY_GRAPH)
        yield from shacl.results(data, how.marked)


def _engine() -> Any:
    try:
        import shacl
    except ImportError as error:
        raise NotAvailableError(
            "the fast engine is not installed: pip install 'rescue-kg[fast]', or use the reference engine"
        ) from error
    return shacl


def _validated(compiled: Any, texts: Iterator[str]) -> Iterator[tuple[set[Node], Any]]:
    """Yield for each text the nodes with a literal that is not plain, and the report.

    While the engine looks at one, the next is made ready.
    """
    with ThreadPoolExecutor(1) as worker:
        waiting: deque[tuple[set[Node], Future[Any]]] = deque()
        for text in texts:
            report = worker.submit(compiled.validate_text, text, format="ntriples")
            waiting.append((with_others(text), report))
            if len(waiting) > 1:
                odd, report = waiting.popleft()
                yield odd, report.result()
        for odd, report in waiting:
            yield odd, report.result()


def _sort(found: list[Any], odd: set[Node], stated: Stated, how: Plan) -> tuple[list[ShapeResult], set[Node]]:
    """Return the results that can be trusted, and the nodes that pySHACL has to judge."""
    doubtful = set(odd)
    by_node: dict[NamedNode, list[Any]] = {}
    for one in found:
        if one.focus_node.startswith("<"):
            by_node.setdefault(NamedNode(one.focus_node[1:-1]), []).append(one)
    trusted: list[ShapeResult] = []
    for node, ones in by_node.items():
        if node in doubtful or _is_doubtful(node, stated, how):
            doubtful.add(node)
            continue
        translated = [_found(node, one, how) for one in ones]
        if None in translated:
            doubtful.add(node)
        else:
            trusted += [one for one in translated if one is not None]
    return trusted, doubtful


def _is_doubtful(node: NamedNode, stated: Stated, how: Plan) -> bool:
    """Return whether a node has a literal that is not plain, or no number where one is compared."""
    for quad in stated.about(node):
        value = quad.object
        if isinstance(value, Literal) and not is_plain(value):
            return True
        if quad.predicate in how.compared and not (
            isinstance(value, Literal) and value.datatype.value in NUMBERS
        ):
            return True
    return False


def _found(node: NamedNode, one: Any, how: Plan) -> ShapeResult | None:
    """Return a result of the fast engine as pySHACL would give it, or None where that cannot be told."""
    shape = one.source_shape
    message = how.messages.get(shape[1:-1]) if shape.startswith("<") else None
    if message is None or (one.value is not None and one.value.startswith("_:")):
        return None
    path = one.path
    return ShapeResult(
        shape=Iri(shape[1:-1]),
        focus=Iri(node.value),
        path=Iri(path[1:-1]) if path is not None else None,
        value=_value(one.value),
        severity=severity_of(one.severity_iri),
        message=message,
    )


def _value(text: str | None) -> Value | None:
    if text is None or text.startswith("<"):
        return None if text is None else Iri(text[1:-1])
    (quad,) = parse(f"<urn:s> <urn:p> {text} .", format=RdfFormat.N_TRIPLES)
    return to_value(quad.object)
