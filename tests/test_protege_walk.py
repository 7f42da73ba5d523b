"""What docs/protege.md tells a reader to expect: of the reasoner, of DL queries and of SPARQL without it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rescue_kg.graph import load
from rescue_kg.namespaces import expand

if TYPE_CHECKING:
    from rescue_kg.answers import Answer
    from rescue_kg.reasoning import Inference

PAGE = (Path(__file__).parent.parent / "docs" / "protege.md").read_text(encoding="utf-8")


def instances(whole: Inference, name: str) -> set[str]:
    return {node for node, kind in whole.types if kind == expand(name)}


def values(whole: Inference, subject: str, name: str) -> set[str]:
    return {o for s, p, o in whole.values if (s, p) == (expand(subject), expand(name))}


def names(cell: str) -> set[str]:
    """The states that a cell of the table names."""
    return {expand(f"state:{name}") for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.slow
def test_inferences_on_an_individual(whole: Inference) -> None:
    assert values(whole, "intervention:ecpr", "rescue:directRescueFor") == {
        expand("state:cpr-refractory-ohca")
    }
    conditions = values(whole, "intervention:ecpr", "rescue:rescueReportedInCondition")
    assert conditions == {expand("condition:out-of-hospital-cardiac-arrest")}
    assert len(values(whole, "intervention:ecmo", "rescue:directRescueFor")) == 2
    assert len(values(whole, "intervention:ecmo", "rescue:reportedRescueFor")) == 3
    assert instances(whole, "rescue:DualRoleIntervention") == {expand("intervention:corticosteroids")}
    assert whole.individuals > 400


@pytest.mark.slow
def test_dl_queries(whole: Inference) -> None:
    queries = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
    assert len(queries) == 4
    told = {
        line.split("|")[1].strip(): line.split("|")[2] for line in PAGE.splitlines() if line.startswith("| `")
    }
    steroids = instances(whole, "rescue:SteroidRefractoryState")
    assert steroids == {
        expand("state:steroid-refractory-ms-relapse"),
        expand("state:steroid-refractory-optic-neuritis-in-ms"),
        expand("state:steroid-refractory-cns-demyelinating-attack"),
    }
    assert steroids == names(told["`SteroidRefractoryState`"])
    # The second query is the definition of the class.
    assert len(instances(whole, "rescue:RescueIntervention")) == 11
    after = {
        s
        for s, p, o in whole.values
        if (p, o) == (expand("rescue:afterFailureOfKind"), expand("intervention:biologics"))
    }
    after &= instances(whole, "rescue:RefractoryState")
    assert after == {
        expand("state:biologic-refractory-ibd"),
        expand("state:biologic-refractory-ulcerative-colitis"),
        expand("state:tnf-antagonist-refractory-crohn-disease"),
    }
    assert after == names(told["`RefractoryState and afterFailureOfKind value biologics`"])


def test_sparql_runs_on_what_is_stated() -> None:
    (query,) = re.findall(r"^```sparql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    answer: Answer | bool = load(infer=False).query(query)
    assert not isinstance(answer, bool)
    assert len(answer) == 11
    assert {"extracorporeal membrane oxygenation", "corticosteroids"} <= set(answer.column("label"))
