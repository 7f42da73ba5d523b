"""A release: one folder with the graph in every form, its description, documentation and hashes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from rescue_kg.graph import RescueGraph
    from rescue_kg.release.header import Header
    from rescue_kg.store import Store

__all__ = ["Release", "write_release"]

#: What tells a former release from other folders: the noun, and a file that its list of hashes names.
_KIND: Final = ("release", "ro-crate-metadata.json")


@dataclass(frozen=True)
class Release:
    """What was released: version, IRI, date, numbers of statements, and the files written, sorted."""

    version: str
    version_iri: str
    issued: str
    stated: int
    inferred: int
    files: tuple[Path, ...]


def write_release(out: str | os.PathLike[str], ontology: str | os.PathLike[str] | None = None) -> Release:
    """Validate the packaged ontology, or a Turtle file instead of it, and write its release to a folder.

    The folder `out` holds rescue.ttl (the file as it is), the same graph as .owl, .nq and .jsonld, the graph
    with its closure (rescue-inferred.ttl, .nq), alignments, shapes, queries, index.html (the documentation),
    void.ttl, ro-crate-metadata.json and SHA256SUMS. An ontology without a finding of its own is validated
    together with the packaged evidence, in which the examples of its vocabulary stand, and evidence/ holds
    that with its tables. The same sources give the same bytes: nothing is taken from the clock. A failed run
    leaves what was there before.

    Raises ChecksFailedError where validation fails, the matches are not those of the alignments, or the
    version is not that of this package,
    OutputError for a folder that cannot be written or that holds anything but a former release, InputError or
    ParseError for an ontology that cannot be read or has no date.
    """
    from pathlib import Path

    from rescue_kg.folders import check_place, replace_folder
    from rescue_kg.resources import ontology_file

    # A place that cannot be used is told before the work, not after it.
    check_place(out, *_KIND)
    header, stated, inferred, files = _build(Path(ontology_file() if ontology is None else ontology))
    written = replace_folder(out, files, *_KIND)
    return Release(header.version, header.version_iri, header.issued, stated, inferred, written)


def _build(source: Path) -> tuple[Header, int, int, dict[str, bytes]]:
    """Return the header, how many statements are stated and inferred, and all files but the hashes."""
    from rescue_kg import alignments
    from rescue_kg.arrangement import stable_blank_nodes
    from rescue_kg.errors import InputError
    from rescue_kg.export.contents import union
    from rescue_kg.folders import SUMS
    from rescue_kg.graph import load
    from rescue_kg.namespaces import EVIDENCE_GRAPH
    from rescue_kg.release import crate, glossary, header, page, void
    from rescue_kg.release import files as contents
    from rescue_kg.resources import alignments_file
    from rescue_kg.store import Store

    if source.suffix != ".ttl":
        raise InputError(f"{source}: found the suffix {source.suffix!r}, expected a Turtle file (.ttl)")
    graph = load(source, infer=False)
    head = header.read(graph.store, str(source))
    mappings = alignments.read(alignments_file()) if alignments_file().is_file() else []
    if mappings:
        # What is shipped as the source of the matches must be their source.
        alignments.check(source, mappings, mend=f"rescue-kg align {source}")
    evidence = {} if graph.query("ASK { ?finding a rescue:Finding }") else contents.evidence()
    measured = Store()
    if evidence:
        measured.load_file(evidence[contents.EVIDENCE], graph=EVIDENCE_GRAPH)
    _validate(graph, measured, source)
    files = {"rescue.ttl": source.read_bytes(), **contents.without_closure(graph), **evidence}
    stated = stable_blank_nodes(union(graph))
    found = graph.infer()
    closed = [quad.triple for quad in union(graph)]
    files |= contents.with_closure(graph, head, found)
    files |= {"shapes.ttl": contents.shapes(), **contents.queries()}
    names = {mapping.object: mapping.object_label for mapping in mappings if mapping.object}
    told = glossary.gather(stated, closed, names)
    counts = {"stated": len(stated), "inferred": sum(found.values()), "measured": len(measured)}
    files["index.html"] = page.page(head, told, files, counts).encode()
    triples = [quad.triple for quad in measured.quads()]
    files["void.ttl"] = void.describe(head, files, [quad.triple for quad in stated], closed, triples)
    files[crate.METADATA] = crate.metadata(head, files, (SUMS,))
    return head, counts["stated"], counts["inferred"], files


def _validate(graph: RescueGraph, measured: Store, source: Path) -> None:
    """Raise ChecksFailedError, with the first findings, unless a graph with the evidence is valid."""
    from rescue_kg.errors import ChecksFailedError
    from rescue_kg.graph import RescueGraph
    from rescue_kg.namespaces import ONTOLOGY_GRAPH
    from rescue_kg.store import Store
    from rescue_kg.validation_report import findings

    joined = Store()
    for part in (graph.store, measured):
        joined.load_quads(part.quads(), ONTOLOGY_GRAPH)
    report = RescueGraph(joined).validate()
    if report.ok:
        return
    found = findings(report)
    first = [f"{check}: {node}: {wrong}" for severity, check, node, wrong in found if severity == "error"]
    first += [f"{name} looked at nothing" for name in report.empty]
    more = f" and {len(first) - 1} more" if len(first) > 1 else ""
    raise ChecksFailedError(
        f"{source}: validation failed, nothing was written "
        f"({first[0] if first else 'nothing was checked'}{more}); run: rescue-kg validate {source}"
    )
