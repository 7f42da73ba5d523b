"""What changed between two graphs is found exactly, and told so that a reader can follow."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from rdflib.compare import isomorphic

from rescue_kg import components, export
from rescue_kg.cli import app
from rescue_kg.diff import Change, Difference, compare
from rescue_kg.errors import InputError, ParseError
from rescue_kg.graph import RescueGraph, load
from rescue_kg.namespaces import ONTOLOGY_GRAPH, PREFIXES
from rescue_kg.resources import ontology_file
from rescue_kg.store import Store

HEAD = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())

OLD = """
rescue:rescue a owl:Ontology ; owl:versionInfo "1" .
rescue:Drug a owl:Class ; rdfs:label "drug"@en ; skos:definition "A medicine."@en ;
  rdfs:subClassOf rescue:Intervention .
rescue:Defined a owl:Class ; rdfs:label "defined"@en ; owl:equivalentClass [ a owl:Class ;
  owl:intersectionOf (
  rescue:Drug [ a owl:Restriction ; owl:onProperty rescue:p ; owl:someValuesFrom rescue:Drug ] ) ] .
rescue:aboutState a owl:ObjectProperty ; rdfs:label "about state"@en .
rescue:direction a owl:ObjectProperty ; rdfs:label "direction"@en .
rescue:gone a owl:NamedIndividual , rescue:Direction ; rdfs:label "gone"@en .
[] a owl:AllDisjointClasses ; owl:members ( rescue:Drug rescue:Defined ) .
condition:pain a owl:NamedIndividual , rescue:Condition ; rdfs:label "pain"@en .
claim:tea a rescue:EfficacyClaim ; rdfs:label "tea helps"@en ; rescue:aboutState state:a ;
  rescue:direction rescue:increases ; rescue:citesStudy study:x , study:y ;
  rescue:hasMention mention:tea-1 , mention:tea-2 .
mention:tea-1 a rescue:Mention ; rescue:strength rescue:hedged ; rescue:start 1 .
mention:tea-2 a rescue:Mention ; rescue:start 5 .
claim:old a rescue:EfficacyClaim ; rdfs:label "old claim"@en ; rescue:hasMention mention:old-1 .
mention:old-1 a rescue:Mention ; rescue:start 9 .
"""
CHANGES = (
    ('owl:versionInfo "1"', 'owl:versionInfo "2"'),
    ('"A medicine."', '"One medicine."'),
    ("owl:someValuesFrom rescue:Drug", "owl:allValuesFrom rescue:Drug"),
    ('rescue:gone a owl:NamedIndividual , rescue:Direction ; rdfs:label "gone"@en .', ""),
    ("( rescue:Drug rescue:Defined )", "( rescue:Drug rescue:Defined rescue:Other )"),
    ('rdfs:label "pain"@en', 'rdfs:label "ache"@en'),
    ("rescue:direction rescue:increases", "rescue:direction rescue:decreases"),
    ("rescue:citesStudy study:x , study:y", "rescue:citesStudy study:y"),
    ("rescue:strength rescue:hedged", "rescue:strength rescue:emphatic"),
    ('claim:old a rescue:EfficacyClaim ; rdfs:label "old claim"@en ; rescue:hasMention mention:old-1 .', ""),
    ("mention:old-1 a rescue:Mention ; rescue:start 9 .", ""),
)
NEW_CLAIM = """
claim:new a rescue:PositioningClaim ; rdfs:label "new claim"@en ; rescue:aboutState state:b .
"""


def graph_of(text: str, **others: str) -> RescueGraph:
    store = Store()
    store.load_file((HEAD + text).encode(), graph=ONTOLOGY_GRAPH)
    for name, more in others.items():
        store.load_file((HEAD + more).encode(), graph=f"{ONTOLOGY_GRAPH}/{name}")
    return RescueGraph(store)


def new_text() -> str:
    text = OLD
    for old, new in CHANGES:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text + NEW_CLAIM


@pytest.fixture(scope="module")
def difference() -> Difference:
    return compare(graph_of(OLD), graph_of(new_text()))


Values = tuple[str, ...]


def told(changes: tuple[Change, ...]) -> dict[str, tuple[str, dict[str, tuple[Values, Values]]]]:
    return {
        change.node.curie: (change.change, {f.label: (f.removed, f.added) for f in change.fields})
        for change in changes
    }


def test_the_header_tells_the_version(difference: Difference) -> None:
    assert told(difference.header) == {"rescue:rescue": ("changed", {"versionInfo": (('"1"',), ('"2"',))})}
    assert (difference.old.version, difference.new.version) == ("1", "2")


def test_terms_tell_labels_definitions_and_axioms(difference: Difference) -> None:
    assert told(difference.terms) == {
        "rescue:Defined": (
            "changed",
            {"EquivalentTo": (("Drug and (p some Drug)",), ("Drug and (p only Drug)",))},
        ),
        "rescue:Drug": ("changed", {"definition": (('"A medicine."@en',), ('"One medicine."@en',))}),
        "rescue:gone": ("removed", {"type": (("Direction",), ()), "label": (('"gone"@en',), ())}),
        "condition:pain": ("changed", {"label": (('"pain"@en',), ('"ache"@en',))}),
    }
    assert [change.section for change in difference.terms] == [
        "Classes",
        "Classes",
        "Fixed values",
        "Conditions",
    ]


def test_claims_tell_direction_citations_and_mentions(difference: Difference) -> None:
    found = told(difference.claims)
    assert found["claim:tea"] == (
        "changed",
        {"direction": (("increases",), ("decreases",)), "citesStudy": (("study:x",), ())},
    )
    assert found["claim:new"][0] == "added"
    assert found["claim:new"][1]["about state"] == ((), ("state:b",))
    assert found["claim:old"][0] == "removed"
    assert set(found) == {"claim:tea", "claim:new", "claim:old"}
    (tea,) = (change for change in difference.claims if change.node.curie == "claim:tea")
    assert told(tea.parts) == {"mention:tea-1": ("changed", {"strength": (("hedged",), ("emphatic",))})}


def test_general_axioms_are_told_by_what_they_say(difference: Difference) -> None:
    assert difference.removed_axioms == ("DisjointClasses: Drug, Defined",)
    assert difference.added_axioms == ("DisjointClasses: Drug, Defined, Other",)


def test_the_text_can_be_read(difference: Difference) -> None:
    text = difference.to_text()
    for line in (
        "Terms: 1 removed, 3 changed",
        "Claims: 1 added, 1 removed, 1 changed",
        '    ~ claim:tea "tea helps"',
        "        direction: increases -> decreases",
        "            strength: hedged -> emphatic",
        "          - Drug and (p some Drug)",
        '    - claim:old "old claim"',
        "  + DisjointClasses: Drug, Defined, Other",
    ):
        assert f"\n{line}\n" in text, line
    assert "Statements: 30 removed, 26 added\n" in text
    assert text.endswith("added\n")
    lines = difference.to_text(statements=True).splitlines()
    assert sum(line.startswith(("  - <", "      ")) and line.endswith(" .") for line in lines) > 20


def test_the_statements_are_those_that_rdflib_finds() -> None:
    difference = compare(graph_of(OLD), graph_of(new_text()))
    old, new = (rdflib.Graph().parse(data=HEAD + text, format="turtle") for text in (OLD, new_text()))
    assert len(difference.removed) - len(difference.added) == len(old) - len(new)
    earlier, later = (
        {line for line in graph.serialize(format="nt").splitlines() if line and "_:" not in line}
        for graph in (old, new)
    )
    assert {*difference.removed.ground} == earlier - later
    assert {*difference.added.ground} == later - earlier


# ---- blank nodes ----


def relabelled(triples: list[ox.Triple], seed: int) -> list[ox.Triple]:
    chance = random.Random(seed)
    names: dict[ox.BlankNode, ox.BlankNode] = {}

    def renamed(term: Any) -> Any:
        if not isinstance(term, ox.BlankNode):
            return term
        return names.setdefault(term, ox.BlankNode(f"n{chance.getrandbits(60)}"))

    found = [ox.Triple(renamed(t.subject), t.predicate, renamed(t.object)) for t in triples]
    chance.shuffle(found)
    return found


def graph_with(triples: list[ox.Triple]) -> RescueGraph:
    store = Store()
    store.load_quads(triples, ONTOLOGY_GRAPH)
    return RescueGraph(store)


def nothing(difference: Difference) -> bool:
    return (
        difference.same
        and not (difference.header or difference.terms or difference.claims)
        and not (difference.removed_axioms or difference.added_axioms)
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_labels_of_blank_nodes_do_not_matter(seed: int) -> None:
    graph = load(infer=False, evidence=False)
    triples = [quad.triple for quad in graph.store.quads()]
    assert any(isinstance(triple.subject, ox.BlankNode) for triple in triples)
    difference = compare(graph, graph_with(relabelled(triples, seed)))
    assert nothing(difference)
    assert "no difference" in difference.to_text()


def test_blank_nodes_that_say_something_else_do() -> None:
    # The same number of statements, the same words, another structure.
    ring = "_:a rescue:p _:b . _:b rescue:p _:c . _:c rescue:p _:a . _:x rescue:p _:y . _:y rescue:p _:x ."
    rings = "_:a rescue:p _:b . _:b rescue:p _:a . _:c rescue:p _:c . _:x rescue:p _:y . _:y rescue:p _:x ."
    assert not compare(graph_of(ring), graph_of(rings)).same
    # Two equal nodes are not one.
    once, twice = "claim:a rescue:p [ rescue:q 1 ] .", "claim:a rescue:p [ rescue:q 1 ] , [ rescue:q 1 ] ."
    difference = compare(graph_of(once), graph_of(twice))
    assert (len(difference.removed), len(difference.added)) == (0, 2)
    assert difference.claims


NODES = st.one_of(
    st.sampled_from([ox.NamedNode(PREFIXES["claim"] + name) for name in "abc"]),
    st.sampled_from([ox.BlankNode(name) for name in "uvwxyz"]),
)
PREDICATES = st.sampled_from([ox.NamedNode(PREFIXES["rescue"] + name) for name in ("p", "hasMention")])
TRIPLES = st.builds(ox.Triple, NODES, PREDICATES, st.one_of(NODES, st.just(ox.Literal("x"))))
GRAPHS = st.lists(TRIPLES, min_size=1, max_size=12)


def as_rdflib(triples: list[ox.Triple]) -> rdflib.Graph:
    data = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert data is not None
    return rdflib.Graph().parse(data=data, format="nt")


@given(GRAPHS, st.integers(0, 9))
def test_a_graph_never_differs_from_itself_relabelled(triples: list[ox.Triple], seed: int) -> None:
    assert nothing(compare(graph_with(triples), graph_with(relabelled(triples, seed))))


@given(GRAPHS, GRAPHS)
def test_no_difference_means_isomorphic(one: list[ox.Triple], other: list[ox.Triple]) -> None:
    assert compare(graph_with(one), graph_with(other)).same == isomorphic(as_rdflib(one), as_rdflib(other))


@given(GRAPHS)
def test_a_graph_taken_apart_can_be_put_together(triples: list[ox.Triple]) -> None:
    again = [quad.triple for quad in components.quads(components.split(triples))]
    assert isomorphic(as_rdflib(again), as_rdflib(triples))


# ---- statements ----

PLAIN_NODES = st.sampled_from([ox.NamedNode(PREFIXES[kind] + "a") for kind in ("rescue", "claim", "state")])
TEXTS = st.builds(ox.Literal, st.text(max_size=4))
PLAIN = st.lists(st.builds(ox.Triple, PLAIN_NODES, PREDICATES, st.one_of(PLAIN_NODES, TEXTS)), min_size=1)


def triples_of(parts: components.Parts) -> set[ox.Triple]:
    assert not parts.components
    return {quad.triple for quad in ox.parse("\n".join(parts.ground), format=ox.RdfFormat.N_TRIPLES)}


def every_change(difference: Difference) -> dict[str, Change]:
    changes = difference.header + difference.terms + difference.claims
    every = [*changes, *(part for change in changes for part in change.parts)]
    return {str(change.node): change for change in every if change.fields}


@given(PLAIN, PLAIN)
def test_the_statements_lead_from_the_old_graph_to_the_new(
    old: list[ox.Triple], new: list[ox.Triple]
) -> None:
    difference = compare(graph_with(old), graph_with(new))
    removed, added = triples_of(difference.removed), triples_of(difference.added)
    assert removed <= set(old)
    assert not added & set(old)
    assert (set(old) - removed) | added == set(new)


@given(PLAIN, PLAIN)
def test_every_changed_statement_is_told_with_its_node(old: list[ox.Triple], new: list[ox.Triple]) -> None:
    difference = compare(graph_with(old), graph_with(new))
    triples = triples_of(difference.removed) | triples_of(difference.added)
    subjects = {triple.subject.value for triple in triples if isinstance(triple.subject, ox.NamedNode)}
    assert set(every_change(difference)) == subjects


@given(PLAIN, PLAIN)
def test_the_way_back_is_the_other_way_round(old: list[ox.Triple], new: list[ox.Triple]) -> None:
    there, back = compare(graph_with(old), graph_with(new)), compare(graph_with(new), graph_with(old))
    assert (there.removed, there.added) == (back.added, back.removed)
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    one, other = every_change(there), every_change(back)
    assert {node: change.change for node, change in one.items()} == {
        node: turned[change.change] for node, change in other.items()
    }
    for node, change in one.items():
        values = {field.property: (field.removed, field.added) for field in change.fields}
        assert values == {field.property: (field.added, field.removed) for field in other[node].fields}


def test_what_was_inferred_is_left_aside() -> None:
    with_closure = graph_of(OLD, inferred="claim:tea rescue:aboutState state:zzz .")
    assert nothing(compare(graph_of(OLD), with_closure))


# ---- files, folders, the command ----


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    for name, text in (("old", OLD), ("new", new_text())):
        (tmp_path / f"{name}.ttl").write_text(HEAD + text, encoding="utf-8")
    return str(tmp_path / "old.ttl"), str(tmp_path / "new.ttl")


@pytest.mark.parametrize("suffix", [".owl", ".nt", ".nq", ".trig", ".jsonld", ".ttl.gz"])
@pytest.mark.slow
def test_every_format_is_read(tmp_path: Path, suffix: str) -> None:
    graph = load(infer=False, evidence=False)
    file = tmp_path / f"rescue{suffix}"
    export.write(graph, file)
    assert nothing(compare(ontology_file(), file))


def test_a_release_folder_stands_for_its_graph(tmp_path: Path) -> None:
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "rescue.ttl").write_bytes(ontology_file().read_bytes())
    assert nothing(compare(folder, ontology_file()))


BAD: dict[str, tuple[Callable[[Path], Path], type[Exception], str]] = {
    "folder": (lambda path: path, InputError, "found a folder without rescue.ttl"),
    "missing": (lambda path: path / "none.ttl", InputError, "no such file"),
    "broken": (lambda path: write(path / "broken.ttl", "rescue:"), ParseError, "broken.ttl:1"),
    "empty": (lambda path: write(path / "empty.ttl", "# none"), InputError, "found no statement"),
}


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("fault", BAD)
def test_bad_input_is_one_clear_line(tmp_path: Path, fault: str) -> None:
    make, error, words = BAD[fault]
    with pytest.raises(error, match=re.escape(words)):
        compare(ontology_file(), make(tmp_path))


def run(*args: str) -> Result:
    return CliRunner().invoke(app, ["diff", *args], catch_exceptions=False)


def test_the_exit_code_tells_only_when_asked(files: tuple[str, str]) -> None:
    old, new = files
    assert run(old, new).exit_code == 0
    assert run(old, new, "--exit-code").exit_code == 1
    assert run(old, old, "--exit-code").exit_code == 0
    assert run("-", "-").exit_code == 2
    assert run(old, "nowhere.ttl", "--exit-code").exit_code == 2


def test_json_tells_everything(files: tuple[str, str], difference: Difference) -> None:
    found = json.loads(run(*files, "--format", "json").stdout)
    assert found["same"] is False
    assert {change["node"]: change["change"] for change in found["claims"]} == {
        PREFIXES["claim"] + "new": "added",
        PREFIXES["claim"] + "old": "removed",
        PREFIXES["claim"] + "tea": "changed",
    }
    statements = found["statements"]
    for key, parts in (("removed", difference.removed), ("added", difference.added)):
        assert statements[key]["count"] == len(parts)
        assert statements[key]["plain"] == list(parts.ground)
    # Each group of statements with blank nodes is RDF by itself.
    for group in statements["added"]["with_blank_nodes"]:
        assert list(ox.parse("\n".join(group), format=ox.RdfFormat.N_TRIPLES))


def test_two_runs_give_the_same_bytes(files: tuple[str, str]) -> None:
    found = []
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "rescue_kg", "diff", *files, "--statements"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        found.append(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert found[0] == found[1]
    assert found[0]
