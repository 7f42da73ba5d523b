"""Figures of the graph as SVG and PNG, readable in black and white."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rescue_kg.plots.figure import Figure

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph

__all__ = ["Figure", "citations", "drift", "evidence_map", "forest"]


def forest(graph: RescueGraph, term: str) -> Figure:
    """Return the forest plot of the findings that bear on a claim, or that are about another node.

    `term` is a claim, or a state, condition, intervention, outcome, comparator or study, by IRI, CURIE, label
    or synonym; or the name of a question of the catalogue with a column `finding`. One row is a figure of a
    finding; a diamond stands where `rescue_kg.pooling` pooled findings that are drawn.

    Raises UnknownNameError for an unknown term, InputError where nothing would be drawn, NotAvailableError
    without matplotlib.
    """
    from rescue_kg.plots import forest_plot

    return forest_plot.draw(graph, term)


def evidence_map(graph: RescueGraph) -> Figure:
    """Return the map of interventions by states: how many studies, and how they stand to the claims.

    Raises InputError where the graph holds no finding, NotAvailableError without matplotlib.
    """
    from rescue_kg.plots import evidence

    return evidence.draw(graph)


def drift(graph: RescueGraph) -> Figure:
    """Return how each claim is worded, and how far it is said of refractory patients, section by section.

    Raises InputError where the graph holds no mention of a claim, NotAvailableError without matplotlib.
    """
    from rescue_kg.plots import wording

    return wording.draw(graph)


def citations(graph: RescueGraph) -> Figure:
    """Return the references of the sources, with their verdict and how many claims lean on each.

    Raises InputError where the graph holds no numbered reference, NotAvailableError without matplotlib.
    """
    from rescue_kg.plots import references

    return references.draw(graph)
