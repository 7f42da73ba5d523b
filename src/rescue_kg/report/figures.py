"""The figures beside the report, where matplotlib is installed: which there are, and their files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rescue_kg.errors import InputError, NotAvailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rescue_kg.graph import RescueGraph
    from rescue_kg.plots import Figure
    from rescue_kg.report.evidence import Evidence

__all__ = ["Drawn", "figures_of"]


@dataclass(frozen=True)
class Drawn:
    """A figure with its files, by their place in the folder; `claim` is the claim it is about, if any."""

    name: str
    title: str
    caption: str
    description: str
    claim: str
    files: dict[str, bytes]


def figures_of(graph: RescueGraph, evidence: Evidence) -> tuple[Drawn, ...] | None:
    """Return the figures of a graph, or None without matplotlib; what has nothing to draw is left out.

    Those are the map of the evidence, the wording and the references, as SVG and PNG, and for each efficacy
    claim that findings bear on a forest plot, as SVG.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return None
    from rescue_kg import plots

    wanted: list[tuple[str, str, Callable[[], Figure]]] = [
        ("evidence-map", "", lambda: plots.evidence_map(graph)),
        ("drift", "", lambda: plots.drift(graph)),
        ("citations", "", lambda: plots.citations(graph)),
    ]
    for held in evidence.held:
        if held.claim.efficacy and (held.first or held.others or held.left):
            iri = str(held.claim.iri)
            name = f"forest-{iri.rpartition('/')[2]}"
            wanted.append((name, iri, lambda iri=iri: plots.forest(graph, iri)))  # type: ignore[misc]
    drawn = []
    for name, claim, draw in wanted:
        try:
            figure = draw()
            files = {f"figures/{name}.svg": _svg(figure)}
            if not claim:
                files[f"figures/{name}.png"] = _png(figure)
        except InputError:
            continue
        except NotAvailableError:
            return None
        drawn.append(Drawn(name, figure.title, figure.caption, figure.description, claim, files))
    return tuple(drawn)


# Drawing takes seconds; the same figure has the same bytes, so a second report in a process need not wait.
@lru_cache(maxsize=32)
def _svg(figure: Figure) -> bytes:
    return figure.svg().encode()


@lru_cache(maxsize=8)
def _png(figure: Figure) -> bytes:
    return figure.png(dpi=110)
