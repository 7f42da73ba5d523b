"""Passages are found in the reader's copy by their hash, and by nothing else."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from rescue_kg.errors import ChecksFailedError, InputError, UnknownNameError
from rescue_kg.graph import RescueGraph, load
from rescue_kg.namespaces import ONTOLOGY_GRAPH, RESCUE
from rescue_kg.store import Store
from rescue_kg.trace import Trace, passage_hash, read_source, trace

# Letters beyond ASCII and beyond the Basic Multilingual Plane: bytes, UTF-16 units and code points differ.
FIRST = "Ünder 𐍈-blockade the dog's fever may fall."
SECOND = "When rest\nhas failed,  tea\tclearly helps."
TEXT = f"# Tea for dogs\n\n## Introduction\n\n{FIRST} Nobody knows.\n\n## Conclusion\n\n{SECOND}\n"

PREFIXES = """
@prefix rescue: <https://w3id.org/rescue-kg/> .
@prefix claim: <https://w3id.org/rescue-kg/claim/> .
@prefix mention: <https://w3id.org/rescue-kg/mention/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


FIRST_HASH = sha256("Ünder 𐍈-blockade the dog's fever may fall.")
SECOND_HASH = sha256("When rest has failed, tea clearly helps.")


def mention(name: str, start: int, end: int, digest: str, more: str = "") -> str:
    return (
        f'mention:{name} a rescue:Mention ; rescue:section "S" ; rescue:paragraph 1 ; rescue:sentence 2 ;\n'
        f'  rescue:start {start} ; rescue:end {end} ; rescue:passageHash "{digest}"{more} .\n'
    )


def graph_of(turtle: str) -> RescueGraph:
    store = Store()
    store.load_file((PREFIXES + turtle).encode(), graph=ONTOLOGY_GRAPH)
    return RescueGraph(store)


@pytest.fixture
def graph() -> RescueGraph:
    start, second = TEXT.index(FIRST), TEXT.index(SECOND)
    return graph_of(
        'claim:tea-fever a rescue:EfficacyClaim ; rdfs:label "tea lowers fever"@en ;\n'
        "  rescue:hasMention mention:late , mention:early .\n"
        + mention(
            "late", second, second + len(SECOND), SECOND_HASH, " ; rescue:refractoryQualifier rescue:full"
        )
        + mention(
            "early",
            start,
            start + len(FIRST),
            FIRST_HASH,
            ' ; rescue:strength rescue:hedged ; rescue:strengthCue "may" , "fall"',
        )
    )


def statuses(result: Trace) -> list[str]:
    return [passage.status for passage in result.passages]


def test_each_passage_is_shown_with_where_it_stands(graph: RescueGraph) -> None:
    result = trace(graph, "tea lowers fever", TEXT)
    assert result.ok
    assert result.label == "tea lowers fever"
    early, late = result.passages
    assert (early.mention.curie, late.mention.curie) == ("mention:early", "mention:late")
    assert (early.text, late.text) == (FIRST, SECOND)
    assert (early.status, early.found_start, early.found_end) == ("match", early.start, early.end)
    assert (early.section, early.paragraph, early.sentence) == ("S", 1, 2)
    assert early.cues == ("fall", "may")
    assert (early.strength, early.qualifier) == (RESCUE + "hedged", None)
    assert (late.strength, late.qualifier) == (None, RESCUE + "full")


def test_the_hash_is_that_of_the_collapsed_text() -> None:
    assert passage_hash(f" \u00a0{SECOND}\r\n") == SECOND_HASH


@pytest.mark.parametrize(
    ("copy", "shift"),
    [
        ("A header of another publisher\n" + TEXT, 30),
        (TEXT.removeprefix("# Tea for dogs\n\n"), -16),
        ("\ufeff" + TEXT, 1),
    ],
    ids=["longer header", "no header", "byte order mark"],
)
def test_a_passage_that_has_moved_is_found(graph: RescueGraph, copy: str, shift: int) -> None:
    result = trace(graph, "claim:tea-fever", copy)
    assert result.ok
    assert statuses(result) == ["moved", "moved"]
    for passage, text in zip(result.passages, (FIRST, SECOND), strict=True):
        assert passage.text == text
        assert passage.found_start == passage.start + shift


def test_other_line_breaks_do_no_harm(graph: RescueGraph) -> None:
    copy = TEXT.replace(" ", "\n   ").replace("\n\n", "\r\n\r\n")
    result = trace(graph, "claim:tea-fever", copy)
    assert statuses(result) == ["moved", "moved"]
    assert [" ".join((passage.text or "").split()) for passage in result.passages] == [
        FIRST,
        " ".join(SECOND.split()),
    ]
    for passage in result.passages:
        assert passage.text == copy[slice(passage.found_start, passage.found_end)]


def test_a_passage_inside_a_word_is_found(graph: RescueGraph) -> None:
    result = trace(graph, "claim:tea-fever", TEXT.replace(FIRST, f"({FIRST})"))
    assert statuses(result) == ["moved", "moved"]
    assert result.passages[0].text == FIRST


def test_the_occurrence_nearest_to_the_recorded_place_is_taken(graph: RescueGraph) -> None:
    header = f"{SECOND}\n"
    late = trace(graph, "claim:tea-fever", header + TEXT).passages[1]
    assert late.status == "moved"
    assert late.found_start == late.start + len(header)


@pytest.mark.parametrize(
    "copy",
    [TEXT.replace("may", "must"), "", "no such text", TEXT[:60]],
    ids=["word", "empty", "other", "cut"],
)
def test_a_changed_text_is_a_mismatch(graph: RescueGraph, copy: str) -> None:
    result = trace(graph, "claim:tea-fever", copy)
    assert not result.ok
    first = result.passages[0]
    assert (first.status, first.text, first.found_start, first.found_end) == ("mismatch", None, None, None)


def test_a_wrong_hash_at_the_right_place_is_a_mismatch() -> None:
    graph = graph_of("claim:a rescue:hasMention mention:a .\n" + mention("a", 0, 5, sha256("other")))
    assert statuses(trace(graph, "claim:a", TEXT)) == ["mismatch"]


def test_the_answer_has_one_row_for_each_passage(graph: RescueGraph) -> None:
    answer = trace(graph, "claim:tea-fever", TEXT).answer()
    assert answer.columns[:2] == ("mention", "section")
    assert answer.column("cues") == ("fall; may", "")
    assert answer.column("text") == (FIRST, SECOND)


def test_a_triple_in_two_graphs_counts_once(graph: RescueGraph) -> None:
    graph.store.load_quads(list(graph.store.quads()), "https://example.org/copy")
    assert len(trace(graph, "claim:tea-fever", TEXT).passages) == 2


def test_a_claim_without_mention_is_no_success() -> None:
    graph = graph_of('claim:bare a rescue:ContextClaim ; rdfs:label "bare" .')
    with pytest.raises(ChecksFailedError, match="claim:bare: found no mention"):
        trace(graph, "bare", TEXT)


@pytest.mark.parametrize("name", ["tea-fewer", "claim:none", "mention:early"])
def test_an_unknown_claim_is_named(graph: RescueGraph, name: str) -> None:
    with pytest.raises(UnknownNameError, match=name):
        trace(graph, name, TEXT)


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 5), (7, 3)])
def test_offsets_that_cannot_be_are_named(start: int, end: int) -> None:
    graph = graph_of("claim:a rescue:hasMention mention:a .\n" + mention("a", start, end, FIRST_HASH))
    with pytest.raises(InputError, match=rf"mention:a: found start {start}, end {end} .* rescue-kg validate"):
        trace(graph, "claim:a", TEXT)


def test_a_mention_without_place_is_named() -> None:
    graph = graph_of("claim:a rescue:hasMention mention:a . mention:a a rescue:Mention .")
    with pytest.raises(InputError, match="mention:a: found start None"):
        trace(graph, "claim:a", TEXT)


def test_line_ends_are_read_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "copy.txt"
    file.write_bytes("ä\r\nb\rc\n".encode())
    assert read_source(file) == "ä\r\nb\rc\n"


def test_a_copy_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "copy.txt"
    file.write_bytes(b"a\nb\nc \xe4 d\n")
    with pytest.raises(InputError, match=r"copy\.txt:3: found the byte 0xe4, expected text in UTF-8"):
        read_source(file)


def test_a_copy_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt: cannot be read \(no such file"):
        read_source(tmp_path / "none.txt")
    with pytest.raises(InputError, match=r"cannot be read \(is a directory\)"):
        read_source(tmp_path)


@pytest.mark.skipif("RESCUE_KG_REVIEW_TEXT" not in os.environ, reason="RESCUE_KG_REVIEW_TEXT names no text")
def test_every_passage_of_the_review_matches() -> None:
    text = read_source(os.environ["RESCUE_KG_REVIEW_TEXT"])
    graph = load(infer=False)
    claims = graph.query("SELECT DISTINCT ?claim WHERE { ?claim rescue:hasMention ?mention } ORDER BY ?claim")
    assert not isinstance(claims, bool)
    mentions = graph.query("SELECT DISTINCT ?mention WHERE { ?mention a rescue:Mention }")
    assert not isinstance(mentions, bool)
    seen = [passage for (claim,) in claims for passage in trace(graph, str(claim), text).passages]
    assert {passage.mention for passage in seen} == set(mentions.column("mention"))
    assert {passage.status for passage in seen} == {"match"}
