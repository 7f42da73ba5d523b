"""Datasets of a store: each is its data with what the rules write, graphs that come and go together."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

import pyoxigraph

from rescue_kg import rules
from rescue_kg.errors import InputError, UnknownNameError, did_you_mean
from rescue_kg.formats import opened, rdf_files
from rescue_kg.namespaces import EVIDENCE_GRAPH, GRAPH, ONTOLOGY_GRAPH
from rescue_kg.progress import Step
from rescue_kg.resources import data_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyoxigraph import Quad, Triple

    from rescue_kg.progress import Progress
    from rescue_kg.store import Store

__all__ = [
    "EVIDENCE",
    "ONTOLOGY",
    "begin",
    "graphs_of",
    "load",
    "name_of",
    "remove",
    "replace",
    "require",
    "slug_of",
]

#: The dataset that all others lean on.
ONTOLOGY: Final = ONTOLOGY_GRAPH.removeprefix(GRAPH)

#: The dataset of the packaged evidence.
EVIDENCE: Final = EVIDENCE_GRAPH.removeprefix(GRAPH)

#: The packaged file of a dataset, below the folder of packaged data.
_PACKAGED: Final = {
    ONTOLOGY: ("ontology", "rescue.ttl"),
    EVIDENCE: ("evidence", "evidence.ttl"),
}

_NAME: Final = r"[a-z0-9]+(?:-[a-z0-9]+)*"


def graphs_of(dataset: str) -> tuple[str, ...]:
    """Return the graphs of a dataset: `graph:<dataset>`, then those that the rules write below it.

    Raises InputError for a name that is no slug.
    """
    if not re.fullmatch(_NAME, dataset):
        raise InputError(
            f"found {dataset!r} as the name of a dataset, expected small letters, digits and hyphens, as in "
            "steroid-trials"
        )
    graph = GRAPH + dataset
    return (graph, *(f"{graph}/{target}" for target in rules.TARGETS))


def name_of(source: str | os.PathLike[str]) -> str:
    """Return the name of the dataset that a file or a folder of RDF holds.

    That is the graph of the first statement, where it is one of `graph:NAME`, else the slug of the file name.
    Raises as `formats.opened()`, InputError for a name without a letter or digit.
    """
    first = rdf_files(source)[0]
    with opened(first) as file:
        for quad in pyoxigraph.parse(file.data, format=file.format):
            graph = quad.graph_name
            name = graph.value.removeprefix(GRAPH) if isinstance(graph, pyoxigraph.NamedNode) else ""
            if re.fullmatch(_NAME, name):
                return name
            break
    # The name of a folder may end in a slash.
    return slug_of(source, os.path.basename(os.path.normpath(source)).partition(".")[0])  # noqa: PTH119


def slug_of(source: str | os.PathLike[str], stem: str) -> str:
    """Return the name of a dataset that the stem of a file name makes. Raises InputError for none."""
    slug = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")
    if not slug:
        raise InputError(
            f"{os.fspath(source)}: found no name for a dataset in the file name; name the dataset"
        )
    return slug


def begin(store: Store) -> None:
    """Load the packaged review and evidence into a store that has no ontology yet."""
    if ONTOLOGY not in rules.datasets(store):
        load(store)
        load(store, dataset=EVIDENCE)


def require(store: Store, dataset: str) -> tuple[str, ...]:
    """Return the names of the datasets of a store. Raises UnknownNameError where this is none of them."""
    known = rules.datasets(store)
    if dataset not in known:
        held = f"the store holds {', '.join(known)}" if known else "the store is empty"
        raise UnknownNameError(f"unknown dataset {dataset!r}: {held}{did_you_mean(dataset, known)}")
    return known


def load(
    store: Store,
    *files: str | os.PathLike[str] | bytes,
    dataset: str | None = None,
    infer: bool = True,
    progress: Progress | None = None,
) -> None:
    """Put files in the place of what a dataset held, in one transaction; RescueGraph.load() says more."""
    graphs = graphs_of(ONTOLOGY if dataset is None else dataset)
    if not files:
        if dataset not in (None, *_PACKAGED):
            raise InputError(f"found no file for the dataset {dataset}, expected at least one")
        files = (data_path(*_PACKAGED[dataset or ONTOLOGY]),)
    every = [one for file in files for one in ([file] if isinstance(file, bytes) else rdf_files(file))]
    with store.transaction() as change:
        change.drop(*graphs)
        before = Step("bytes", 0, sum(map(_size, every)))
        for file in every:
            now = before

            def shown(triples: int, place: int, start: Step = before) -> None:
                nonlocal now
                now = start._replace(done=start.done + place, triples=start.triples + triples)
                if progress is not None:
                    progress(now)

            change.load_file(file, graph=graphs[0], keep_graphs=dataset is None, progress=shown)
            before = now._replace(done=before.done + _size(file))
            if progress is not None:
                progress(before)
        _infer(change, graphs[0], infer=infer, progress=progress)


def replace(store: Store, statements: Iterable[Quad | Triple], dataset: str, *, infer: bool = True) -> None:
    """Put statements in the place of what a dataset held, in one transaction."""
    graphs = graphs_of(dataset)
    with store.transaction() as change:
        change.drop(*graphs)
        change.load_quads(statements, graphs[0])
        _infer(change, graphs[0], infer=infer)


def remove(store: Store, dataset: str) -> None:
    """Take a dataset out, with its closure and summary, in one transaction.

    Raises UnknownNameError where it is not there, InputError for the ontology, which the others lean on.
    """
    known = require(store, dataset)
    if dataset == ONTOLOGY and len(known) > 1:
        raise InputError(
            f"found {ONTOLOGY} as the dataset to remove, expected one that no other leans on; load another "
            "ontology in its place, or remove the others first"
        )
    store.drop(*graphs_of(dataset))


def _size(file: str | os.PathLike[str] | bytes) -> int:
    """Return the size of a file in bytes; 0 for one that is none, which to read says."""
    if isinstance(file, bytes):
        return len(file)
    return os.stat(file).st_size if os.path.isfile(file) else 0  # noqa: PTH113, PTH116


def _infer(change: Store, graph: str, *, infer: bool, progress: Progress | None = None) -> None:
    """Bring the closure up to date: of all datasets after a change of the ontology, else of this one."""
    if not infer:
        return
    if graph == ONTOLOGY_GRAPH:
        rules.apply_to_all(change, progress=progress)
    else:
        rules.apply(change, graph=graph, progress=progress)
