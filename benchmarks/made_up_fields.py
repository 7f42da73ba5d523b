"""Fields of study: which states, interventions and studies the made-up rows of one field name.

A corpus that grows reaches other diseases; it does not say ever more about the same ones. So the number of
fields grows with the rows, and each has terms and studies of its own. Within a field, links follow Zipf's
law. What holds between claims and findings of one field (which finding bears on which claim) then grows as
the rows do, not as their square.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import made_up_nodes
import numpy as np
import pyarrow as pa
from made_up_arrays import numbered, zipf

if TYPE_CHECKING:
    from made_up_arrays import Truth, Whole
    from made_up_nodes import Nodes

__all__ = ["Fields", "Sizes"]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything there is: fields, good primary studies and reviews, made-up terms."""

    fields: int
    primary: int
    reviews: int
    interventions: int
    states: int


@dataclass(frozen=True)
class Fields:
    """Fields, the first that of the packaged nodes; one alone has the made-up terms as well."""

    nodes: Nodes
    sizes: Sizes

    def drawn(self, rng: np.random.Generator, size: int) -> Whole:
        """Return fields, all as often."""
        return rng.integers(0, self.sizes.fields, size)

    def studies(self, rng: np.random.Generator, field: Whole) -> Whole:
        """Return the numbers of primary studies of fields."""
        return 1 + self._spread(rng, field, self.sizes.primary)

    def reviews(self, rng: np.random.Generator, field: Whole) -> Whole:
        """Return the numbers of reviews of fields, which come after those of primary studies."""
        return 1 + self.sizes.primary + self._spread(rng, field, self.sizes.reviews)

    def some_states(self, rng: np.random.Generator, field: Whole) -> Whole:
        """Return places in `states`."""
        return self._terms(rng, field, len(self.nodes.states), self.sizes.states)

    def some_interventions(self, rng: np.random.Generator, field: Whole) -> Whole:
        """Return places in `interventions`."""
        return self._terms(rng, field, len(self.nodes.interventions), self.sizes.interventions)

    @cached_property
    def states(self) -> Any:
        """The states, as an Arrow array: those of the ontology, then the made-up ones."""
        return _with_terms("state", [root.node for root in self.nodes.states], self.sizes.states)

    @cached_property
    def interventions(self) -> Any:
        """The interventions, as an Arrow array: those of the ontology, then the made-up ones."""
        nodes = [root.node for root in self.nodes.interventions]
        return _with_terms("intervention", nodes, self.sizes.interventions)

    @cached_property
    def conditions(self) -> Any:
        """The condition of each state, as an Arrow array."""
        roots = made_up_nodes.state_roots(self.nodes, self.sizes.states, self.sizes.fields)
        under = np.arange(self.sizes.states) % len(roots)
        return pa.concat_arrays(
            [
                pa.array([root.condition for root in self.nodes.states], pa.string()),
                pa.array([root.condition for root in roots], pa.string()).take(pa.array(under)),
            ]
        )

    @cached_property
    def is_refractory(self) -> Truth:
        """Whether each state is one that a therapy failed in."""
        roots = made_up_nodes.state_roots(self.nodes, self.sizes.states, self.sizes.fields)
        under = np.arange(self.sizes.states) % len(roots)
        first = np.array([root.is_refractory for root in self.nodes.states])
        return np.concatenate([first, np.array([root.is_refractory for root in roots])[under]])

    def _spread(self, rng: np.random.Generator, field: Whole, count: int) -> Whole:
        """Return places below `count`, of which every field has each so manieth."""
        step = self.sizes.fields
        return field + step * zipf(rng, len(field), (count - 1 - field) // step + 1)

    def _terms(self, rng: np.random.Generator, field: Whole, packaged: int, made_up: int) -> Whole:
        """Return places among the packaged nodes and the made-up ones behind them."""
        others = self.sizes.fields - 1
        if not others:
            return zipf(rng, len(field), packaged + made_up)
        place = field - 1
        of_field = np.where(field == 0, packaged, (made_up - 1 - place) // others + 1)
        rank = zipf(rng, len(field), of_field)
        return np.where(field == 0, rank, packaged + place + others * rank)


def _with_terms(kind: str, nodes: list[str], count: int) -> Any:
    made_up = numbered(f"{kind}:made-up-", np.arange(1, count + 1))
    return pa.concat_arrays([pa.array(nodes, pa.string()), made_up])
