"""A validation report as JUnit XML, which CI servers show as tests."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from rescue_kg.answers import Iri
from rescue_kg.questions import SEVERITIES
from rescue_kg.validation_report import faults, gaps, groups, job

if TYPE_CHECKING:
    from rescue_kg.validation import Report
    from rescue_kg.validation_report import Fault

__all__ = ["to_junit"]

# What XML 1.0 cannot hold, not even escaped.
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(report: Report, fail_on: str = "error") -> str:
    """Return a report as JUnit XML: each check and shape is a test case.

    One that found something of the severity `fail_on` or worse has failed; what is milder stands in its
    output. One that looked at nothing is an error. The text depends on the report alone: it holds no times.

    Method: the form that Apache Ant's JUnit task writes, as in the schema of the Jenkins xUnit plugin.
    """
    serious = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    by_source: defaultdict[str, list[Fault]] = defaultdict(list)
    for fault in faults(report):
        by_source[fault.source].append(fault)
    counts: Counter[str] = Counter()
    for group in groups(report):
        counts[group.source] += group.number
    shapes = {shape.curie: count for shape, count in report.focus_nodes.items()}
    examined = {check.name: check.examined for check in report.checks} | shapes
    titles = {check.name: check.title for check in report.checks}
    names = [*titles, *sorted(shapes.keys() | (by_source.keys() - titles.keys()))]
    suite = ET.Element("testsuite", name=f"rescue-kg {job(report)}")
    failures = errors = 0
    for name in names:
        kind = "check" if name in titles else "shape"
        case = ET.SubElement(suite, "testcase", name=name, classname=f"rescue_kg.{kind}")
        found = by_source[name]
        if examined.get(name) == 0:
            errors += 1
            ET.SubElement(case, "error", type="nothing", message=f"{name} looked at nothing")
        if any(fault.severity in serious for fault in found):
            failures += 1
            worst = min(found, key=lambda fault: SEVERITIES.index(fault.severity)).severity
            message = f"{titles.get(name, name)}: {counts[name]} found"
            failure = ET.SubElement(case, "failure", type=worst, message=message)
            failure.text = _text(found)
        elif found:
            ET.SubElement(case, "system-out").text = _text(found)
    if not report.complete and not errors:
        # There was no check, or no shape, to be a case.
        errors += 1
        case = ET.SubElement(suite, "testcase", name="all", classname="rescue_kg")
        ET.SubElement(case, "error", type="nothing", message="; ".join(gaps(report)))
    suite.attrib.update(tests=str(len(suite)), failures=str(failures), errors=str(errors))
    suites = ET.Element("testsuites", suite.attrib | {"name": "rescue-kg"})
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _text(found: list[Fault]) -> str:
    lines = []
    for fault in found:
        node = fault.node.curie if isinstance(fault.node, Iri) else str(fault.node)
        lines.append(f"{fault.severity}: {node}: {fault.problem}")
    return _NO_XML.sub("\ufffd", "\n".join(lines))
