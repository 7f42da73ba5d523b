"""The cells of made-up claims: what made-up reviews say, and where it would stand in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from made_up_arrays import chosen, hashes, numbered, shared_out, text, zipf

if TYPE_CHECKING:
    import numpy as np
    from made_up_arrays import Cells, Truth, Whole
    from made_up_fields import Fields

__all__ = ["LEAST_LENGTH", "Claims"]

#: The kinds of claim and what part of the claims is of each: made up, with the packaged review in mind.
_KINDS: Final = {
    "efficacy": 0.35,
    "positioning": 0.25,
    "context": 0.15,
    "modifier": 0.1,
    "mechanism": 0.06,
    "normative": 0.05,
    "line-of-therapy": 0.04,
}
_EFFICACY, _POSITIONING, _CONTEXT, _MODIFIER, _MECHANISM, _NORMATIVE, _LINE = range(len(_KINDS))

#: Which way outcomes go, and in what part of the claims.
_DIRECTIONS: Final = {
    "increases": 0.45,
    "decreases": 0.35,
    "direction-not-stated": 0.15,
    "no-clear-difference": 0.05,
}
_STRENGTHS: Final = (("plain", None), ("hedged", "may"), ("emphatic", "clearly"))
_SECTIONS: Final = ("Introduction", "Description", "Made-up section", "Discussion", "Conclusion")
_QUALIFIERS: Final = ("absent", "partial", "full")

#: The least number of characters that a made-up review has; every passage stands within them.
LEAST_LENGTH: Final = 30_000
_PASSAGES: Final = LEAST_LENGTH - 400


class Claims:
    """Makes the cells of claims that the reviews of some fields state."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.nodes = fields.nodes
        compared = [node for node in self.nodes.comparators if node != "rescue:comparator-not-stated"]
        self.comparators = ("rescue:comparator-not-stated", *compared)

    def cells(self, rng: np.random.Generator, numbers: Whole) -> Cells:
        """Return the columns of claims of these numbers, but for the id and the note."""
        size, fields = len(numbers), self.fields
        field = fields.drawn(rng, size)
        state = fields.some_states(rng, field)
        kind = shared_out(rng, size, tuple(_KINDS.values()))
        refractory = fields.is_refractory[state]
        # A rescue is for a state in which something failed.
        kind[(kind == _POSITIONING) & ~refractory] = _NORMATIVE
        in_state = (kind != _CONTEXT) | (rng.random(size) < 0.5)
        source = fields.reviews(rng, field)
        return (
            {
                "label": numbered("Made-up claim ", numbers),
                "kind": chosen(kind, tuple(_KINDS)),
                "stated_by": numbered("study:made-up-", source),
                "cites_study": self._cited(rng, field),
                "about_state": fields.states.take(pa.array(state, mask=~in_state)),
                "about_condition": fields.conditions.take(pa.array(state, mask=in_state)),
            }
            | self._said(rng, kind, field, refractory)
            | self._mention(rng, source, refractory & in_state)
        )

    def _said(self, rng: np.random.Generator, kind: Whole, field: Whole, refractory: Truth) -> Cells:
        size, nodes = len(kind), self.nodes
        intervention = self.fields.some_interventions(rng, field)
        may_offer = (kind == _EFFICACY) | (kind == _LINE)
        offers = (kind == _POSITIONING) | (may_offer & refractory & (rng.random(size) < 0.6))
        of_effect = kind == _EFFICACY
        against = zipf(rng, size, len(self.comparators) - 1) + 1
        against[rng.random(size) < 0.8] = 0
        outcome = zipf(rng, size, len(nodes.outcomes))
        mechanism, modifier, place = (
            zipf(rng, size, len(those)) for those in (nodes.mechanisms, nodes.modifiers, nodes.positions)
        )
        population = zipf(rng, size, len(nodes.populations))
        return {
            "about_intervention": self.fields.interventions.take(
                pa.array(intervention, mask=kind == _CONTEXT)
            ),
            "offers_rescue": self.fields.interventions.take(pa.array(intervention, mask=~offers)),
            "about_outcome": chosen(outcome, nodes.outcomes, of_effect),
            "direction": chosen(
                shared_out(rng, size, tuple(_DIRECTIONS.values())), tuple(_DIRECTIONS), of_effect
            ),
            "comparator": chosen(against, self.comparators, of_effect),
            "population": chosen(population, nodes.populations, rng.random(size) < 0.2),
            "about_mechanism": chosen(mechanism, nodes.mechanisms, kind == _MECHANISM),
            "modified_by": chosen(modifier, nodes.modifiers, kind == _MODIFIER),
            "line_position": chosen(place, nodes.positions, kind == _LINE),
        }

    def _cited(self, rng: np.random.Generator, field: Whole) -> Any:
        """Return studies that claims cite: one for most, two for some, none for others."""
        size = len(field)
        first, second = (self.fields.studies(rng, field) for _ in range(2))
        drawn = rng.random(size)
        one = numbered("study:made-up-", first)
        two = pc.binary_join_element_wise(one, numbered("study:made-up-", second), "; ")
        found = pc.if_else(pa.array((drawn < 0.15) & (first != second)), two, one)
        return pc.if_else(pa.array(drawn < 0.8), found, None)

    def _mention(self, rng: np.random.Generator, source: Whole, qualified: Truth) -> Cells:
        """Return where claims stand: what a passage is like follows from its place."""
        size = len(source)
        start = rng.integers(0, _PASSAGES, size)
        strength = shared_out(rng, size, (0.7, 0.2, 0.1))
        return {
            "section": chosen(start * len(_SECTIONS) // _PASSAGES, _SECTIONS),
            "paragraph": text(1 + start % 6_000 // 1_000),
            "sentence": text(1 + start % 1_000 // 150),
            "start": text(start),
            "end": text(start + 40 + start % 311),
            "passage_hash": hashes(source * LEAST_LENGTH + start),
            "strength": chosen(strength, [name for name, _ in _STRENGTHS]),
            "strength_cue": chosen(strength, [cue or "" for _, cue in _STRENGTHS], strength > 0),
            "refractory_qualifier": chosen(start % len(_QUALIFIERS), _QUALIFIERS, qualified),
        }
