"""The forms of a validation report: a summary for a terminal, and plain dicts for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rescue_kg.answers import Iri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.answers import Value
    from rescue_kg.validation import Report

__all__ = ["findings", "to_dict", "to_text"]


def findings(report: Report) -> Iterator[tuple[str, str, str, str]]:
    """Yield every finding, errors first: (severity, shape or check, node, what is wrong), IRIs as CURIEs."""
    for severity in report.counts:
        for result in report.results:
            if result.severity == severity:
                yield (
                    severity,
                    result.shape.curie,
                    _short(result.focus),
                    _detail(result.message, result.value),
                )
        for check in report.checks:
            if check.severity == severity:
                for row in check.rows:
                    cells = zip(check.rows.columns[1:], row[1:], strict=True)
                    rest = ", ".join(f"{name} {_short(value)}" for name, value in cells if value is not None)
                    yield severity, check.name, _short(row[0]), f"{check.title}{f' ({rest})' if rest else ''}"


def to_text(report: Report, limit: int | None = 20) -> str:
    """Return what was checked, how many, what was found and what that means, one line each."""
    looked_at = sum(report.focus_nodes.values())
    lines = [
        f"{report.triples:,} triples",
        f"{len(report.focus_nodes)} node shapes looked at {looked_at:,} nodes",
        f"{len(report.checks)} checks looked at {sum(check.examined for check in report.checks):,} records",
        "found " + ", ".join(_plural(count, severity) for severity, count in report.counts.items()),
    ]
    found = list(findings(report))
    lines += [f"{severity}: {source}: {node}: {wrong}" for severity, source, node, wrong in found[:limit]]
    if limit is not None and len(found) > limit:
        lines.append(f"... and {_plural(len(found) - limit, 'more finding')}")
    lines += [f"failed: {name} looked at nothing" for name in report.empty]
    if not report.focus_nodes:
        lines.append("failed: there was no shape with a target")
    if not report.checks:
        lines.append("failed: there was no check")
    lines.append("validation passed" if report.ok else "validation failed")
    return "\n".join(lines) + "\n"


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
