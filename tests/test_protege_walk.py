"""What docs/protege.md tells a reader to expect: of the reasoner, of DL queries and of SPARQL without it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

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


def test_dl_queries(whole: Inference) -> None:
    queries = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
    assert len(queries) == 4
    assert instances(whole, "rescue:SteroidRefractoryState") == {
        expand("state:steroid-refractory-ms-relapse")
    }
    # The second query is the definition of the class.
    assert len(instances(whole, "rescue:RescueIntervention")) == 11
    after = {
        s
        for s, p, o in whole.values
        if (p, o) == (expand("rescue:afterFailureOfKind"), expand("intervention:biologics"))
    }
    assert after == {expand("state:biologic-refractory-ibd")}


def test_sparql_runs_on_what_is_stated() -> None:
    (query,) = re.findall(r"^```sparql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    answer: Answer | bool = load(infer=False).query(query)
    assert not isinstance(answer, bool)
    assert len(answer) == 11
    assert {"extracorporeal membrane oxygenation", "corticosteroids"} <= set(answer.column("label"))
