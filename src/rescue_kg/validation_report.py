"""The forms of a validation report: a summary for a terminal, and plain dicts for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rescue_kg.answers import Iri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.answers import Value
    from rescue_kg.validation import Report

__all__ = ["Fault", "faults", "findings", "gaps", "job", "to_dict", "to_text"]


class Fault(NamedTuple):
    """One finding of a shape or a check: what found it, the node, and what is wrong with it."""

    severity: str
    source: str
    node: Value | None
    problem: str


def faults(report: Report) -> Iterator[Fault]:
    """Yield every finding, errors first; the source is the CURIE of a shape or the name of a check."""
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
    """Yield every finding as text, errors first: (severity, shape or check, node, what is wrong)."""
    for fault in faults(report):
        yield fault.severity, fault.source, _short(fault.node), fault.problem


def to_text(report: Report, limit: int | None = 20, fail_on: str = "error") -> str:
    """Return what was checked, how many, what was found and what that means, one line each."""
    looked_at = sum(report.focus_nodes.values())
    lines = [f"{report.triples:,} triples"]
    if report.with_shapes:
        lines.append(f"{len(report.focus_nodes)} node shapes looked at {looked_at:,} nodes")
    lines += [
        f"{len(report.checks)} checks looked at {sum(check.examined for check in report.checks):,} records",
        "found " + ", ".join(_plural(count, severity) for severity, count in report.counts.items()),
    ]
    found = list(findings(report))
    lines += [f"{severity}: {source}: {node}: {wrong}" for severity, source, node, wrong in found[:limit]]
    if limit is not None and len(found) > limit:
        lines.append(f"... and {_plural(len(found) - limit, 'more finding')}")
    lines += [f"failed: {name}" for name in gaps(report)]
    lines.append(f"{job(report)} {'passed' if report.passes(fail_on) else 'failed'}")
    return "\n".join(lines) + "\n"


def gaps(report: Report) -> list[str]:
    """Return in words what was not looked at: shapes and checks without a node, or none of them at all."""
    lines = [f"{name} looked at nothing" for name in report.empty]
    if report.with_shapes and not report.focus_nodes:
        lines.append("there was no shape with a target")
    if not report.checks:
        lines.append("there was no check")
    return lines


def job(report: Report) -> str:
    """Return what was done: `validation`, or `check` where no shapes were asked."""
    return "validation" if report.with_shapes else "check"


def to_dict(report: Report) -> dict[str, object]:
    """Return the report as dicts, lists, texts and numbers; the keys are the names of its fields."""
    return {
        "ok": report.ok,
        "conforms": report.conforms,
        "triples": report.triples,
        "counts": report.counts,
        "empty": list(report.empty),
        "focus_nodes": {str(shape): count for shape, count in report.focus_nodes.items()},
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
