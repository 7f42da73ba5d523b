"""A validation report as SARIF 2.1.0, which code hosts and editors show at the lines of the checked files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from rescue_kg._version import __version__
from rescue_kg.answers import Iri
from rescue_kg.namespaces import BASE
from rescue_kg.places import places
from rescue_kg.validation_report import faults, gaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rescue_kg.places import Place
    from rescue_kg.validation import CheckResult, Report
    from rescue_kg.validation_report import Fault

__all__ = ["to_sarif"]

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
_ROBOT: Final = "http://robot.obolibrary.org/report_queries/"
_OBO: Final = "http://obofoundry.org/principles/"


def to_sarif(report: Report, files: Iterable[str | os.PathLike[str]] = ()) -> str:
    """Return a report as SARIF 2.1.0, in JSON.

    A rule is a check or a shape; a result stands at the line of `files` (in Turtle) where the statements
    about its node begin, and names the node by its IRI. A check that looked at nothing makes the run an
    unsuccessful one and is a notification of it. The text depends on the report and the files alone.

    Method: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0 (2020).
    """
    where = places(files)
    sources = sorted({shape.curie for shape in report.focus_nodes} | {r.shape.curie for r in report.results})
    rules = [_rule(check) for check in report.checks]
    rules += [{"id": source, "properties": {"tags": ["SHACL"]}} for source in sources]
    index = {str(rule["id"]): place for place, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "rescue-kg",
                "version": __version__,
                "informationUri": BASE,
                "rules": rules,
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": report.complete,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": gap}} for gap in gaps(report)
                ],
            }
        ],
        "results": [_result(fault, index[fault.source], where) for fault in faults(report)],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _rule(check: CheckResult) -> dict[str, object]:
    rule: dict[str, object] = {
        "id": check.name,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.question},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
        "properties": {"examined": check.examined, "mirrors": list(check.mirrors)},
    }
    if check.mirrors:
        origin, _, name = check.mirrors[0].partition(":")
        rule["helpUri"] = f"{_ROBOT}{name}" if origin == "robot" else f"{_OBO}{name}"
    return rule


def _result(fault: Fault, index: int, where: Mapping[str, Place]) -> dict[str, object]:
    node = fault.node
    name = node.curie if isinstance(node, Iri) else str(node)
    location: dict[str, object] = {
        "logicalLocations": [{"name": name, "fullyQualifiedName": str(node), "kind": "resource"}]
    }
    place = where.get(str(node))
    if place is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(place.file)},
            "region": {"startLine": place.line},
        }
    return {
        "ruleId": fault.source,
        "ruleIndex": index,
        "level": _LEVELS[fault.severity],
        "message": {"text": f"{name}: {fault.problem}"},
        "locations": [location],
    }


def _uri(file: str) -> str:
    """Return a file as SARIF names it: relative to the working directory where it lies below it."""
    path, here = Path(os.path.abspath(file)), Path.cwd()  # noqa: PTH100 - links are left as they are
    return quote(path.relative_to(here).as_posix()) if path.is_relative_to(here) else path.as_uri()
