"""The forms of a validation report: a summary for a terminal, and plain dicts for machines."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from rescue_kg.answers import Iri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.answers import Value
    from rescue_kg.validation import Report

__all__ = ["Fault", "Group", "faults", "findings", "gaps", "groups", "job", "to_dict", "to_text"]


class Fault(NamedTuple):
    """One finding of a shape or a check: what found it, the node, and what is wrong with it."""

    severity: str
    source: str
    node: Value | None
    problem: str


class Group(NamedTuple):
    """What one shape or check found: how many findings, and the first of them where it was kept."""

    severity: str
    source: str
    number: int
    example: Fault | None


def groups(report: Report) -> list[Group]:
    """Return what each shape and check found, those that found nothing left aside: worst first, then most."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], Fault] = {}
    for fault in faults(report):
        counts[fault.severity, fault.source] += 1
        examples.setdefault((fault.severity, fault.source), fault)
    for (shape, severity), count in report.left_out.items():
        counts[severity, shape.curie] += count
    for check in report.checks:
        counts[check.severity, check.name] += check.left_out
    severities = list(report.counts)
    found = [Group(*key, count, examples.get(key)) for key, count in counts.items() if count]
    return sorted(found, key=lambda group: (severities.index(group.severity), -group.number, group.source))


def faults(report: Report) -> Iterator[Fault]:
    """Yield the findings that were kept, errors first; the source is the CURIE of a shape or a check."""
    for severity in report.counts:
        for result in report.results:
            if result.severity == severity:
                problem = _detail(result.message, result.value)
                yield Fault(severity, result.shape.curie, result.focus, problem)
        for check in report.checks:
            if check.severity == severity:
                for row in check.rows:
                    cells = zip(check.rows.columns[1:], row[1:], strict=True)
                    rest = ", ".join(f"{name} {_short(value)}" for name, value in cells if value is not None)
                    problem = f"{check.title}{f' ({rest})' if rest else ''}"
                    yield Fault(severity, check.name, row[0], problem)


def findings(report: Report) -> Iterator[tuple[str, str, str, str]]:
    """Yield the findings that were kept, errors first: (severity, shape or check, node, what is wrong)."""
    for fault in faults(report):
        yield fault.severity, fault.source, _short(fault.node), fault.problem


def to_text(report: Report, limit: int | None = 20, fail_on: str = "error") -> str:
    """Return what was checked, how many, what was found and what that means, one line each."""
    looked_at = sum(report.focus_nodes.values())
    of = "" if report.dataset is None else f" in the dataset {report.dataset}"
    lines = [f"{report.triples:,} triples{of}"]
    if report.with_shapes:
        lines.append(f"{len(report.focus_nodes)} node shapes looked at {looked_at:,} nodes ({report.engine})")
    if report.dataset is None:
        examined = sum(check.examined for check in report.checks)
        lines.append(f"{len(report.checks)} checks looked at {examined:,} records")
    lines += [
        "found " + ", ".join(_plural(count, severity) for severity, count in report.counts.items()),
    ]
    listed = list(islice(findings(report), limit))
    lines += [f"{severity}: {source}: {node}: {wrong}" for severity, source, node, wrong in listed]
    if (more := sum(report.counts.values()) - len(listed)) > 0:
        lines.append(f"... and {_plural(more, 'more finding')}; by shape and check, with one each:")
        for group in groups(report):
            shown = (
                "" if group.example is None else f": {_short(group.example.node)}: {group.example.problem}"
            )
            lines.append(f"{_plural(group.number, group.severity)}: {group.source}{shown}")
    lines += [f"failed: {name}" for name in gaps(report)]
    lines.append(f"{job(report)} {'passed' if report.passes(fail_on) else 'failed'}")
    return "\n".join(lines) + "\n"


def gaps(report: Report) -> list[str]:
    """Return in words what was not looked at: shapes and checks without a node, or none of them at all."""
    lines = [f"{name} looked at nothing" for name in report.empty]
    if report.with_shapes and not report.focus_nodes:
        lines.append("there was no shape with a target")
    if not report.checks and report.dataset is None:
        lines.append("there was no check")
    if report.dataset is not None and not report.complete:
        lines.append("no shape had anything to look at")
    return lines


def job(report: Report) -> str:
    """Return what was done: `validation`, or `check` where no shapes were asked."""
    return "validation" if report.with_shapes else "check"


def to_dict(report: Report) -> dict[str, object]:
    """Return the report as dicts, lists, texts and numbers; the keys are the names of its fields."""
    return {
        "ok": report.ok,
        "conforms": report.conforms,
        "engine": report.engine,
        "dataset": report.dataset,
        "triples": report.triples,
        "counts": report.counts,
        "empty": list(report.empty),
        "focus_nodes": {str(shape): count for shape, count in report.focus_nodes.items()},
        "groups": [
            {
                "severity": group.severity,
                "source": group.source,
                "number": group.number,
                "example": None if group.example is None else _plain(group.example.node),
            }
            for group in groups(report)
        ],
        "results": [
            {
                "shape": str(result.shape),
                "focus": _plain(result.focus),
                "path": None if result.path is None else str(result.path),
                "value": _plain(result.value),
                "severity": result.severity,
                "message": result.message,
            }
            for result in report.results
        ],
        "checks": [
            {
                "name": check.name,
                "title": check.title,
                "severity": check.severity,
                "examines": str(check.examines),
                "examined": check.examined,
                "left_out": check.left_out,
                "rows": [
                    {name: _plain(value) for name, value in row.items()} for row in check.rows.to_dicts()
                ],
            }
            for check in report.checks
        ],
    }


def _short(value: Value | None) -> str:
    return value.curie if isinstance(value, Iri) else str(value)


def _detail(message: str, value: Value | None) -> str:
    return message if value is None else f"{message}; found {_short(value)}"


def _plain(value: Value | None) -> object:
    """Keep what JSON has; a decimal or a date becomes text, so that no digit is lost."""
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 or noun == "info" else f"{count:,} {noun}s"
