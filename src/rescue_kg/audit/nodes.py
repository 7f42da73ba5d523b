"""The results of an audit as nodes of the graph, and the status that follows from the latest check."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, Triple

from rescue_kg.answers import Answer
from rescue_kg.audit.verdicts import Verdict
from rescue_kg.namespaces import GRAPH, PREFIXES, expand

if TYPE_CHECKING:
    from rescue_kg.audit.results import AuditReport, Result
    from rescue_kg.graph import RescueGraph

__all__ = ["DATASET", "checks_of", "statuses_of", "write"]

#: The dataset of a store that holds the checks of audits.
DATASET: Final = "citation-checks"

_XSD: Final = PREFIXES["xsd"]


def write(graph: RescueGraph, report: AuditReport) -> int:
    """Add the checks of a report to the dataset `citation-checks` of a graph; return how many are new.

    All are added at once or none. Nothing else is written: no study and no claim changes. Raises OutputError
    where the graph cannot be written.
    """
    from rescue_kg import datasets

    new = checks_of(graph, report)
    if new:
        before = [
            Triple(quad.subject, quad.predicate, quad.object) for quad in graph.store.quads(GRAPH + DATASET)
        ]
        datasets.replace(graph.store, [*before, *new], DATASET)
    return sum(triple.predicate == _node("rescue:verdict") for triple in new)


def checks_of(graph: RescueGraph, report: AuditReport) -> list[Triple]:
    """Return the statements of the checks of a report, numbered on from those that the graph holds.

    A result that the graph already has (same study, verdict and time) is left out: a run that found
    everything in its cache has not looked again.
    """
    known = _known(graph)
    taken = {check for check, _, _, _ in known}
    held = {(study, ended, verdict) for _, study, ended, verdict in known}
    statements: list[Triple] = []
    for result in report.results:
        study = str(result.citation.study)
        if (study, result.ended, result.verdict.iri) in held:
            continue
        number, iri = _next(study, taken)
        taken.add(iri)
        statements += _check(iri, number, result, report.checked_by)
    return statements


def statuses_of(graph: RescueGraph, report: AuditReport) -> list[Triple]:
    """Return `citationStatus` of each study of a report: the verdict of its latest check, not-checked aside.

    The checks of the graph count too. These statements are for the record of the study; beside a record that
    has another status they make two.
    """
    latest: dict[str, tuple[datetime, str, str]] = {}
    found = [(study, ended, check, verdict) for check, study, ended, verdict in _known(graph)]
    found += [(str(r.citation.study), r.ended, "~", r.verdict.iri) for r in report.results]
    for study, ended, check, verdict in found:
        if verdict != Verdict.NOT_CHECKED.iri:
            latest[study] = max(latest.get(study, (ended, check, verdict)), (ended, check, verdict))
    return [
        Triple(
            NamedNode(result.citation.study),
            _node("rescue:citationStatus"),
            NamedNode(latest.get(str(result.citation.study), (result.ended, "", Verdict.NOT_CHECKED.iri))[2]),
        )
        for result in report.results
    ]


def _known(graph: RescueGraph) -> list[tuple[str, str, datetime, str]]:
    """Return the checks of a graph: node, study, when it ended, verdict."""
    rows = graph.query(
        "SELECT DISTINCT ?check ?study ?ended ?verdict WHERE { ?check rescue:checkedStudy ?study ; "
        "prov:endedAtTime ?ended ; rescue:verdict ?verdict }"
    )
    found = []
    for check, study, ended, verdict in rows if isinstance(rows, Answer) else ():
        if isinstance(ended, datetime):
            when = ended if ended.tzinfo else ended.replace(tzinfo=UTC)
            found.append((str(check), str(study), when, str(verdict)))
    return found


def _next(study: str, taken: set[str]) -> tuple[int, str]:
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", study.rstrip("/#").rpartition("/")[2].rpartition("#")[2]).strip(
        "-"
    )
    head = f"{PREFIXES['check']}{slug or 'study'}-"
    ends = [iri.removeprefix(head) for iri in taken if iri.startswith(head)]
    number = 1 + max((int(end) for end in ends if end.isdecimal()), default=0)
    return number, f"{head}{number}"


def _check(iri: str, number: int, result: Result, checked_by: str) -> list[Triple]:
    node = NamedNode(iri)
    ended = result.ended.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    label = f"check {number} of the {result.citation.label} citation"
    values: list[tuple[str, NamedNode | Literal]] = [
        ("rdf:type", _node("owl:NamedIndividual")),
        ("rdf:type", _node("rescue:CitationCheck")),
        ("rdfs:label", Literal(label, language="en")),
        ("rescue:checkedStudy", NamedNode(result.citation.study)),
        ("rescue:verdict", NamedNode(result.verdict.iri)),
        ("rescue:checkedBy", Literal(checked_by)),
        ("rescue:checkMethod", Literal(result.method())),
        ("prov:endedAtTime", Literal(ended, datatype=NamedNode(_XSD + "dateTime"))),
    ]
    values += [("skos:editorialNote", Literal(note, language="en")) for note in result.notes()]
    return [Triple(node, _node(name), value) for name, value in values]


def _node(name: str) -> NamedNode:
    return NamedNode(expand(name))
