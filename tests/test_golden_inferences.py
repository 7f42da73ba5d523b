"""What HermiT must infer, and what it must not, as files that a person has checked.

`golden_inferences/types.tsv` and `relations.tsv` hold, for each class and property that they name, every
instance and every pair of the packaged graph; `not-inferred.tsv` what must not follow (`*`: whatever the
object), with the reason. `what-if.ttl` holds cases that the review has not, with two files of the same kinds.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from naive_closure import TYPE
from rescue_kg.namespaces import contract, expand
from rescue_kg.reasoning import reason
from small_graphs import variant, with_vocabulary

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.reasoning import Inference

FOLDER = Path(__file__).parent / "golden_inferences"
WHAT_IF = (FOLDER / "what-if.ttl").read_text(encoding="utf-8")

Row = tuple[str, str, str]


def rows(name: str) -> list[Row]:
    with (FOLDER / f"{name}.tsv").open(encoding="utf-8", newline="") as lines:
        header, *found = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert header[:3] == ["subject", "property", "object"]
    assert all(all(row) and len(row) == len(header) for row in found)
    return [(row[0], row[1], row[2]) for row in found]


def facts(inference: Inference) -> set[Row]:
    """Everything that holds, as CURIEs."""
    every = {(node, TYPE, kind) for node, kind in inference.types} | inference.values
    return {(contract(s), contract(p), contract(o)) for s, p, o in every}


@pytest.fixture(scope="module")
def what_if() -> set[Row]:
    return facts(reason(with_vocabulary(WHAT_IF)))


def not_allowed(forbidden: list[Row], found: set[Row]) -> list[Row]:
    """The rows of what must not follow, and does."""
    pairs = {(subject, name) for subject, name, _ in found}
    return [row for row in forbidden if row in found or (row[2] == "*" and row[:2] in pairs)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["types", "relations"])
def test_what_is_inferred_is_what_a_person_has_checked(whole: Inference, name: str) -> None:
    expected = rows(name)
    assert len(expected) == len(set(expected))
    # For a type the class is golden as a whole, for a relation the property.
    place = 2 if name == "types" else 1
    keys = {row[place] for row in expected}
    found = {
        row for row in facts(whole) if row[place] in keys and (row[1] == "rdf:type") == (name == "types")
    }
    assert sorted(set(expected) - found) == []
    assert sorted(found - set(expected)) == []


@pytest.mark.slow
def test_most_of_it_was_not_stated(whole: Inference) -> None:
    new = {(contract(n), "rdf:type", contract(k)) for n, k in whole.new_types}
    new |= {(contract(s), contract(p), contract(o)) for s, p, o in whole.new_values}
    expected = {*rows("types"), *rows("relations")}
    by_key: defaultdict[str, int] = defaultdict(int)
    for row in expected & new:
        by_key[row[2] if row[1] == "rdf:type" else row[1]] += 1
    # The file states which interventions are rescues; everything else is the reasoner's own.
    named = {row[2] if row[1] == "rdf:type" else row[1] for row in expected}
    assert named - set(by_key) == {"rescue:RescueIntervention"}


@pytest.mark.slow
def test_what_must_not_be_inferred_is_not(whole: Inference, packaged: RescueGraph) -> None:
    forbidden = rows("not-inferred")
    found = facts(whole)
    assert not_allowed(forbidden, found) == []
    # A node or a class that is not there could not be inferred: such a row would guard nothing.
    for term in {term for row in forbidden for term in row} - {"*", "rdf:type"}:
        assert packaged.query(f"ASK {{ <{expand(term)}> ?property ?value }}"), term
    assert len({row[0] for row in forbidden}) > 15


def test_the_same_in_cases_that_the_review_has_not(what_if: set[Row]) -> None:
    assert [row for row in rows("what-if.inferred") if row not in what_if] == []
    forbidden = rows("what-if.not-inferred")
    assert not_allowed(forbidden, what_if) == []
    assert {row[0] for row in forbidden} <= {row[0] for row in what_if}


def test_the_rules_infer_the_same_in_those_cases(what_if: set[Row]) -> None:
    by_rules = {(contract(s), contract(p), contract(o)) for s, p, o in variant(WHAT_IF)}
    assert sorted(by_rules ^ what_if) == []


def test_a_forbidden_inference_is_seen() -> None:
    row = ("intervention:x", "rescue:directRescueFor", "*")
    assert not_allowed([row], {("intervention:x", "rescue:directRescueFor", "state:x")}) == [row]
    assert not_allowed([row], {("intervention:y", "rescue:directRescueFor", "state:x")}) == []
