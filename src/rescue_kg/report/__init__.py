"""The report on a graph: one folder with a page to read, every answer, every export and the validation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from rescue_kg.graph import RescueGraph
    from rescue_kg.report.contents import Contents

__all__ = ["Outcome", "write_report"]

#: What such a folder is called, and the file that every one of them holds.
_FOLDER: Final = ("report", "report.html")


@dataclass(frozen=True)
class Outcome:
    """What a report came to.

    `ok` is False where a check failed or looked at nothing; `summary` is a text for a terminal; `files` are
    the files that were written, sorted.
    """

    ok: bool
    summary: str
    files: tuple[Path, ...]


def write_report(graph: RescueGraph, out: str | os.PathLike[str], *, figures: bool = True) -> Outcome:
    """Validate a graph, ask every question, export, and write the folder `out` with one page on it all.

    The folder holds report.html (which loads nothing), evidence.html (claims beside evidence), picture.svg,
    validation.json, answers/<question>.tsv, exports/ in every format, SHA256SUMS, and with matplotlib the
    figures of evidence.html in figures/; drawing them takes most of the time, and `figures` off leaves them
    out. The same graph gives the same bytes. A report is also written where checks fail, and says so. A
    failed run leaves what was there before.

    Raises OutputError for a folder that cannot be written or that holds anything but a former report;
    InputError for a graph that holds nothing.
    """
    from rescue_kg import export
    from rescue_kg.folders import check_place, replace_folder
    from rescue_kg.report.contents import gather
    from rescue_kg.report.evidence import evidence_of
    from rescue_kg.report.figures import figures_of
    from rescue_kg.report.page import evidence_page, page

    # A place that cannot be used is told before the work, not after it.
    check_place(out, *_FOLDER)
    contents = gather(graph)
    files: dict[str, bytes] = {
        "picture.svg": contents.picture.encode(),
        "validation.json": _json(contents.validation.to_dict()),
    }
    files |= {
        f"answers/{asked.question.name}.tsv": asked.answer.to_tsv().encode() for asked in contents.asked
    }
    for name, known in export.FORMATS.items():
        files[f"exports/rescue{known.suffixes[0]}"] = export.dumps(graph, name)
    evidence = evidence_of(graph, contents)
    drawn = figures_of(graph, evidence) if figures else ()
    for figure in drawn or ():
        files |= figure.files
    files["evidence.html"] = evidence_page(contents, evidence, drawn).encode()
    files["report.html"] = page(contents, {name: len(data) for name, data in files.items()}).encode()
    written = replace_folder(out, files, *_FOLDER)
    return Outcome(not contents.failures, _summary(contents, written), written)


def _json(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


def _summary(contents: Contents, written: tuple[Path, ...]) -> str:
    validation, facts = contents.validation, contents.facts
    looked_at = sum(validation.focus_nodes.values())
    examined = sum(check.examined for check in validation.checks)
    counts = validation.counts
    rows = sum(len(asked.answer) for asked in contents.asked)
    where = next(path for path in written if path.name == "report.html")
    lines = [
        f"{facts.asserted:,} triples asserted, {facts.inferred:,} inferred",
        f"{len(contents.claims):,} claims; {len(contents.studies)} references: {contents.verdicts}",
        f"{len(validation.focus_nodes)} shapes looked at {looked_at:,} nodes, "
        f"{len(validation.checks)} checks at {examined:,} records",
        f"found {counts['error']} errors, {counts['warning']} warnings, {counts['info']} infos",
        f"{len(contents.asked)} questions answered with {rows:,} rows",
        f"{len(written)} files written; read {where}",
    ]
    lines += [f"failed: {failure}" for failure in contents.failures]
    return "\n".join(lines) + "\n"
