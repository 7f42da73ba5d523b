"""The kinds of fault that made-up rows have, each rejected by `rescue_kg.tables` for one cell of the row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FAULTS", "Fault"]


class Fault(NamedTuple):
    """A kind of fault: the column that is to blame, and the cells that make it, None for an empty one.

    In a cell, `{n}` is the number of the faulty row, and `{earlier}` the id of a good row above it.
    """

    kind: str
    column: str
    cells: Mapping[str, str | None]


# Cells that have to be empty, so that the row has no second fault.
_NO_RESULT: Final[dict[str, str | None]] = dict.fromkeys(
    (
        *("result_in_words", "measure", "value", "comparator_value", "unit", "ci_low", "ci_high", "ci_level"),
        *("p_value", "events_intervention", "total_intervention", "events_comparator", "total_comparator"),
    )
)
_RATIO: Final = _NO_RESULT | {
    "measure": "risk-ratio",
    "value": "0.80",
    "ci_low": "0.70",
    "ci_high": "0.90",
    "ci_level": "95",
}
_PEOPLE: Final = _NO_RESULT | {"events_intervention": "10", "total_intervention": "100"}

# What a claim of any kind may have, so that a row that is made one of a kind has no second fault.
_ABOUT: Final[dict[str, str | None]] = dict.fromkeys(
    (
        *("offers_rescue", "about_outcome", "direction", "comparator", "about_mechanism", "modified_by"),
        *("line_position", "about_condition"),
    )
) | {"about_state": "state:cpr-refractory-ohca", "about_intervention": "intervention:ecpr"}
_EFFICACY: Final = _ABOUT | {
    "kind": "efficacy",
    "about_outcome": "outcome:survival",
    "direction": "increases",
    "comparator": "comparator-not-stated",
}
_POSITIONING: Final = _ABOUT | {"kind": "positioning", "offers_rescue": "intervention:ecpr"}

#: Kind of table -> the faults that its faulty rows have, in turn.
FAULTS: Final = {
    "study": (
        Fault("duplicate-id", "id", {"id": "{earlier}"}),
        Fault("malformed-doi", "doi", {"doi": "doi: 10.5555/made-up-{n}"}),
        Fault("malformed-pmid", "pmid", {"pmid": "PMID {n}"}),
        Fault("missing-title", "title", {"title": None}),
        Fault("unknown-design", "design", {"design": "no-such-design"}),
        Fault("year-out-of-range", "year", {"year": "201"}),
        Fault("malformed-number", "participants", {"participants": "1,200"}),
        Fault("malformed-link", "link", {"link": "www.example.org/made-up/{n}"}),
        Fault("malformed-id", "id", {"id": "Made up {n}"}),
    ),
    "finding": (
        Fault("unknown-node", "about_intervention", {"about_intervention": "intervention:no-such-{n}"}),
        Fault("outside-interval", "value", _RATIO | {"value": "1.90"}),
        Fault("malformed-number", "value", _RATIO | {"value": "0,80"}),
        Fault("duplicate-id", "id", {"id": "{earlier}"}),
        Fault("missing-direction", "direction", {"direction": None}),
        Fault("unknown-study", "stated_by", {"stated_by": "study:no-such-{n}"}),
        Fault("node-of-another-kind", "about_state", {"about_state": "outcome:mortality"}),
        Fault("interval-turned", "ci_low", _RATIO | {"ci_low": "0.95"}),
        Fault("value-without-measure", "measure", _RATIO | {"measure": None}),
        Fault("percentage-off", "value", _PEOPLE | {"measure": "proportion", "value": "50.0", "unit": "%"}),
        Fault("more-events-than-people", "events_intervention", _PEOPLE | {"events_intervention": "120"}),
        Fault("malformed-p-value", "p_value", {"p_value": "n.s."}),
        Fault("missing-outcome", "about_outcome", {"about_outcome": None}),
        Fault("no-result", "result_in_words", _NO_RESULT),
        Fault("malformed-id", "id", {"id": "Made up {n}"}),
    ),
    "claim": (
        Fault("unknown-node", "about_intervention", _EFFICACY | {"about_intervention": "no-such-{n}"}),
        Fault("missing-kind", "kind", {"kind": None}),
        Fault("unknown-kind", "kind", {"kind": "made-up"}),
        Fault("efficacy-without-outcome", "about_outcome", _EFFICACY | {"about_outcome": None}),
        Fault("positioning-without-rescue", "offers_rescue", _POSITIONING | {"offers_rescue": None}),
        Fault("positioning-with-direction", "direction", _POSITIONING | {"direction": "increases"}),
        Fault("mechanism-without-mechanism", "about_mechanism", _ABOUT | {"kind": "mechanism"}),
        Fault("context-with-rescue", "offers_rescue", _POSITIONING | {"kind": "context"}),
        Fault("modifier-of-another-kind", "modified_by", _EFFICACY | {"modified_by": "timing"}),
        Fault("duplicate-id", "id", {"id": "{earlier}"}),
        Fault("unknown-study", "cites_study", {"cites_study": "study:no-such-{n}"}),
        Fault("missing-study", "stated_by", {"stated_by": None}),
        Fault("node-of-another-kind", "about_state", _POSITIONING | {"about_state": "outcome:mortality"}),
        Fault("missing-section", "section", {"section": None}),
        Fault("malformed-number", "paragraph", {"paragraph": "2nd"}),
        Fault("end-before-start", "start", {"start": "120", "end": "100"}),
        Fault("malformed-hash", "passage_hash", {"passage_hash": "made-up-{n}"}),
        Fault("unknown-strength", "strength", {"strength": "loud"}),
        Fault("malformed-id", "id", {"id": "Made up {n}"}),
    ),
}
