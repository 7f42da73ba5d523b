"""Datasets of a store: each is its data with what the rules write, graphs that come and go together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rescue_kg import rules
from rescue_kg.errors import InputError, UnknownNameError, did_you_mean
from rescue_kg.namespaces import EVIDENCE_GRAPH, GRAPH, ONTOLOGY_GRAPH
from rescue_kg.resources import data_path

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from pyoxigraph import Quad, Triple

    from rescue_kg.store import Store

__all__ = ["EVIDENCE", "ONTOLOGY", "graphs_of", "load", "remove", "replace"]

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


def load(
    store: Store, *files: str | os.PathLike[str] | bytes, dataset: str | None = None, infer: bool = True
) -> None:
    """Put files in the place of what a dataset held, in one transaction; RescueGraph.load() says more."""
    graphs = graphs_of(ONTOLOGY if dataset is None else dataset)
    if not files:
        if dataset not in (None, *_PACKAGED):
            raise InputError(f"found no file for the dataset {dataset}, expected at least one")
        files = (data_path(*_PACKAGED[dataset or ONTOLOGY]),)
    with store.transaction() as change:
        change.drop(*graphs)
        for file in files:
            change.load_file(file, graph=graphs[0], keep_graphs=dataset is None)
        _infer(change, graphs[0], infer=infer)


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
    known = rules.datasets(store)
    if dataset not in known:
        held = f"the store holds {', '.join(known)}" if known else "the store is empty"
        raise UnknownNameError(f"unknown dataset {dataset!r}: {held}{did_you_mean(dataset, known)}")
    if dataset == ONTOLOGY and len(known) > 1:
        raise InputError(
            f"found {ONTOLOGY} as the dataset to remove, expected one that no other leans on; load another "
            "ontology in its place, or remove the others first"
        )
    store.drop(*graphs_of(dataset))


def _infer(change: Store, graph: str, *, infer: bool) -> None:
    """Bring the closure up to date: of all datasets after a change of the ontology, else of this one."""
    if not infer:
        return
    if graph == ONTOLOGY_GRAPH:
        rules.apply_to_all(change)
    else:
        rules.apply(change, graph=graph)
