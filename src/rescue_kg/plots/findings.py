"""Reads the findings that a forest plot shows: which they are, and what each of their rows says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rescue_kg import questions
from rescue_kg.answers import Answer, Iri
from rescue_kg.errors import InputError, UnknownNameError
from rescue_kg.namespaces import contract, expand
from rescue_kg.plots.sheet import short
from rescue_kg.pooling.effects import RATIOS, is_turned, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rescue_kg.answers import Value
    from rescue_kg.graph import RescueGraph

__all__ = ["Row", "Subject", "rows_of", "subject_of"]

#: Kind of node -> the findings about it.
_ABOUT: Final = {
    "claim": "?finding rescue:bearsOn ?node",
    "state": "?finding rescue:aboutState ?node",
    "intervention": "?finding rescue:aboutIntervention ?node",
    "comparator": "?finding rescue:comparator ?node",
    "outcome": "?finding rescue:aboutOutcome ?node",
    "study": "?finding rescue:statedBy ?node",
    "condition": "?finding rescue:aboutState/rescue:ofCondition/(skos:broader|rescue:manifestationOf)* ?node",
}
_NO_ARM: Final = frozenset(
    expand(name)
    for name in ("comparator:own-baseline", "comparator:no-comparator", "rescue:comparator-not-stated")
)
#: Name of a cell -> the property of the finding, or of its estimate, that fills it.
_OF_FINDING: Final = {
    "study": "statedBy",
    "state": "aboutState",
    "intervention": "aboutIntervention",
    "outcome": "aboutOutcome",
    "comparator": "comparator",
    "analysis": "analysis",
    "source": "figureSeenIn",
    "timepoint": "timepoint",
    "words": "resultInWords",
    "change": "outcomeChange",
}
_OF_ESTIMATE: Final = {
    "measure": "measure",
    "value": "value",
    "printed": "valueAsPrinted",
    "unit": "unit",
    "p": "pValue",
    "comparator_value": "comparatorValue",
    "comparator_printed": "comparatorValueAsPrinted",
    "ci_low": "ciLow",
    "low_printed": "ciLowAsPrinted",
    "ci_high": "ciHigh",
    "ci_level": "ciLevel",
    "high_printed": "ciHighAsPrinted",
    "contrast": "contrast",
    "events_intervention": "eventsIntervention",
    "total_intervention": "totalIntervention",
    "events_comparator": "eventsComparator",
    "total_comparator": "totalComparator",
}
_LABELLED: Final = ("study", "state", "intervention", "comparator", "outcome", "measure", "design")


@dataclass(frozen=True)
class Subject:
    """What a forest plot is about: its heading, its findings and, of a claim, those outside its state."""

    title: str
    findings: tuple[str, ...]
    is_claim: bool
    outside: frozenset[str]


@dataclass(frozen=True)
class Row:
    """One figure of a finding, as the intervention against the comparator.

    `value`, `low` and `high` are numbers on the scale of the measure, None where none is printed; `figure` is
    what is written of them. `other` is the figure of the comparator arm.
    """

    cells: dict[str, Value | None]
    value: float | None
    low: float | None
    high: float | None
    other: float | None
    figure: str
    turned: bool

    def text(self, name: str) -> str:
        """Return a cell as text, empty where it is empty."""
        value = self.cells[name]
        return "" if value is None else str(value)

    @property
    def finding(self) -> str:
        """The IRI of the finding."""
        return self.text("finding")

    @property
    def controlled(self) -> bool:
        """Whether the figure is set against another arm."""
        return self.text("comparator") not in ("", *_NO_ARM)

    @property
    def secondary(self) -> bool:
        """Whether the figure was read in a secondary source."""
        return self.text("source") == expand("rescue:secondary-source")

    @property
    def mark(self) -> str:
        """The mark of the design; of other designs than trials and syntheses, that of the comparison."""
        if self.cells["synthesizes"] is True:
            return "hexagon"
        if self.cells["randomizes"] is True:
            return "square"
        return "up" if self.controlled else "circle"


def subject_of(graph: RescueGraph, term: str) -> Subject:
    """Return what a term stands for. Raises UnknownNameError, and InputError where there is no finding."""
    try:
        node = graph.resolve(term)
    except UnknownNameError:
        if term not in questions.names():
            raise
        return _of_question(graph, term)
    kind = contract(node).partition(":")[0]
    if kind not in _ABOUT:
        expected = ", ".join(_ABOUT)
        raise InputError(f"{term}: found {contract(node)}, expected a node of one of the kinds {expected}")
    pattern = _ABOUT[kind].replace("?node", f"<{node}>")
    findings = _column(graph, f"SELECT DISTINCT ?finding WHERE {{ {pattern} . ?finding a rescue:Finding }}")
    if not findings:
        raise InputError(
            f"{term}: found no finding that {'bears on it' if kind == 'claim' else 'is about it'}"
        )
    outside: tuple[str, ...] = ()
    if kind == "claim":
        outside = _column(
            graph, f"SELECT DISTINCT ?finding WHERE {{ ?finding rescue:inOtherStateThan <{node}> }}"
        )
    return Subject(graph.label(node), findings, kind == "claim", frozenset(outside))


def _of_question(graph: RescueGraph, name: str) -> Subject:
    question = questions.read(name)
    if question.returns.get("finding") != "iri":
        raise InputError(f"{name}: found no column finding in this question, expected one")
    answer = graph.ask(name)
    findings = tuple(dict.fromkeys(str(value) for value in answer.column("finding") if value is not None))
    if not findings:
        raise InputError(f"{name}: the question has no answer here, so there is nothing to draw")
    return Subject(question.title, findings, False, frozenset())


def _column(graph: RescueGraph, sparql: str) -> tuple[str, ...]:
    answer = graph.query(sparql)
    return tuple(sorted(str(row[0]) for row in answer)) if isinstance(answer, Answer) else ()


def rows_of(graph: RescueGraph, findings: tuple[str, ...]) -> list[Row]:
    """Return the rows of some findings, one a figure, by year; advice without an outcome has none."""
    facts = _facts(graph, findings)
    estimates = _facts(graph, [str(one) for fact in facts.values() for one in fact.get("hasEstimate", [])])
    names = ("statedBy", "aboutOutcome")
    nodes = _facts(
        graph, [str(one) for fact in facts.values() for name in names for one in fact.get(name, [])]
    )
    values = [one for fact in nodes.values() for one in fact.get("design", [])]
    values += [one for fact in estimates.values() for one in fact.get("measure", [])]
    fixed = _facts(graph, [str(one) for one in values])
    rows = []
    for finding in findings:
        fact = facts.get(finding, {})
        study, outcome = (nodes.get(str(_first(fact, name)), {}) for name in names)
        if not fact.get("aboutOutcome"):
            continue
        figures: list[Value | None] = [*fact.get("hasEstimate", [])]
        for estimate in figures or [None]:
            figure = estimates.get(str(estimate), {})
            cells = {name: _first(fact, local) for name, local in _OF_FINDING.items()}
            cells |= {name: _first(figure, local) for name, local in _OF_ESTIMATE.items()}
            cells |= {"finding": Iri(finding), "estimate": estimate, "year": _first(study, "year")}
            cells |= {"design": _first(study, "design"), "better": _first(outcome, "betterWhen")}
            design, measure = (fixed.get(str(cells[name]), {}) for name in ("design", "measure"))
            cells |= {name: _first(design, name) for name in ("randomizes", "synthesizes")}
            cells["null"] = _first(measure, "nullValue")
            for name in _LABELLED:
                cells[f"{name}_label"] = None if cells[name] is None else graph.label(str(cells[name]))
            if cells["change"] is not None:
                cells["change"] = graph.label(str(cells["change"]))
            rows.append(_row(cells))
    return sorted(rows, key=lambda row: (row.text("year"), row.text("study_label"), row.finding))


def _facts(graph: RescueGraph, nodes: Iterable[str]) -> dict[str, dict[str, list[Value]]]:
    """Return node -> local name of a property -> its values, sorted.

    A query with an OPTIONAL for each property would multiply, where two datasets state the same triples.
    """
    wanted = " ".join(f"<{node}>" for node in sorted(set(nodes)))
    pattern = f"VALUES ?node {{ {wanted} }} ?node ?property ?value"
    answer = graph.query(f"SELECT DISTINCT ?node ?property ?value WHERE {{ {pattern} }}")
    found: dict[str, dict[str, list[Value]]] = {}
    for node, name, value in answer if isinstance(answer, Answer) else ():
        if value is not None:
            local = contract(str(name)).partition(":")[2]
            found.setdefault(str(node), {}).setdefault(local, []).append(value)
    for fact in found.values():
        for values in fact.values():
            values.sort(key=str)
    return found


def _first(fact: dict[str, list[Value]], name: str) -> Value | None:
    return next(iter(fact.get(name, [])), None)


def _row(cells: dict[str, Value | None]) -> Row:
    value, low, high, other = (
        number(cells[name]) for name in ("value", "ci_low", "ci_high", "comparator_value")
    )
    printed = [cells[name] for name in ("printed", "low_printed", "high_printed")]
    texts = [
        "" if one is None else str(words or short(one))
        for one, words in zip((value, low, high), printed, strict=True)
    ]
    turned = is_turned(cells) and value is not None
    if turned:
        ratio = str(cells["measure"]) in RATIOS
        turn = [
            None if one is None else (1 / one if one else None) if ratio else -one
            for one in (value, high, low)
        ]
        value, low, high = turn
        texts = ["" if one is None else short(one) for one in turn]
    figure = texts[0]
    if low is not None and high is not None:
        level = number(cells["ci_level"])
        figure += f" ({texts[1]} to {texts[2]}" + (f"; {short(level)} %)" if level not in (None, 95) else ")")
    elif value is not None and other is not None:
        figure += f" v {cells['comparator_printed'] or short(other)}"
    if cells["unit"] and figure:
        figure += f" {cells['unit']}"
    return Row(cells, value, low, high, other, figure.strip(), turned)
