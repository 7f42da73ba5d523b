"""The canonical layout: what it looks like, that it is stable, and that it says the same as its input."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from rdflib.compare import isomorphic

from rescue_kg import layout, resources
from rescue_kg.errors import ChecksFailedError, InputError, OutputError, ParseError
from rescue_kg.files import write_whole

MESSY = r"""
@prefix c: <https://w3id.org/rescue-kg/claim/> .
@prefix m: <https://w3id.org/rescue-kg/mention/> .
@prefix rescue: <https://w3id.org/rescue-kg/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix study: <http://example.org/not-ours/> .
@prefix zoo: <http://example.org/zoo#> .
@prefix unused: <http://example.org/unused#> .
# a comment that is lost
m:ecmo-survival-10 rescue:start 4749 ; rescue:end 4878 ; a rescue:Mention .
m:ecmo-survival-2 a rescue:Mention ; rescue:share 0.50 ; rescue:odd "5."^^xsd:decimal ; rescue:flag true .
c:ecmo-survival rescue:hasMention m:ecmo-survival-10 , m:ecmo-survival-2 ; skos:editorialNote "note"@en ;
  rescue:unknownProperty study:x ; rescue:statedBy <https://w3id.org/rescue-kg/study/q> ;
  a rescue:EfficacyClaim ;
  skos:altLabel "zweite"@de , "second"@en , "first"@en ; rdfs:label "claim"@en .
c:ecmo-survival-late a rescue:EfficacyClaim .
<https://w3id.org/rescue-kg/condition/x.> a rescue:Condition ; rdfs:label "two\nlines \"quoted\"" .
[] a owl:AllDisjointClasses ; owl:members ( rescue:Condition rescue:Claim ) .
rescue:B a owl:Class . rescue:A a owl:Class .
rescue:Defined owl:equivalentClass [ owl:intersectionOf ( rescue:Claim [ owl:someValuesFrom rescue:Condition ;
  owl:onProperty rescue:p ; a owl:Restriction ] ) ; a owl:Class ] ; a owl:Class .
rescue:p owl:propertyChainAxiom ( rescue:q rescue:r ) ; a owl:ObjectProperty .
rescue:increases a rescue:Direction , owl:NamedIndividual .
zoo:lion zoo:eats [] , () .
"""

TIDY = r'''@prefix rescue: <https://w3id.org/rescue-kg/> .
@prefix claim: <https://w3id.org/rescue-kg/claim/> .
@prefix mention: <https://w3id.org/rescue-kg/mention/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix zoo: <http://example.org/zoo#> .

# ---- Classes ----

rescue:A a owl:Class .
rescue:B a owl:Class .

rescue:Defined a owl:Class ;
    owl:equivalentClass [
        a owl:Class ;
        owl:intersectionOf (
            rescue:Claim
            [
                a owl:Restriction ;
                owl:onProperty rescue:p ;
                owl:someValuesFrom rescue:Condition ;
            ]
        ) ;
    ] ;
.

# ---- Object properties ----

rescue:p a owl:ObjectProperty ;
    owl:propertyChainAxiom ( rescue:q rescue:r ) ;
.

# ---- Fixed values ----

rescue:increases a owl:NamedIndividual , rescue:Direction .

# ---- General axioms ----

[] a owl:AllDisjointClasses ;
    owl:members ( rescue:Condition rescue:Claim ) ;
.

# ---- Conditions ----

<https://w3id.org/rescue-kg/condition/x.> a rescue:Condition ;
    rdfs:label """two
lines "quoted\"""" ;
.

# ---- Claims and their mentions ----

claim:ecmo-survival a rescue:EfficacyClaim ;
    rdfs:label "claim"@en ;
    skos:altLabel
        "zweite"@de ,
        "first"@en ,
        "second"@en ;
    rescue:statedBy <https://w3id.org/rescue-kg/study/q> ;
    rescue:hasMention
        mention:ecmo-survival-2 ,
        mention:ecmo-survival-10 ;
    rescue:unknownProperty <http://example.org/not-ours/x> ;
    skos:editorialNote "note"@en ;
.

mention:ecmo-survival-2 a rescue:Mention ;
    rescue:flag true ;
    rescue:odd "5."^^xsd:decimal ;
    rescue:share 0.50 ;
.

mention:ecmo-survival-10 a rescue:Mention ;
    rescue:start 4749 ;
    rescue:end 4878 ;
.

claim:ecmo-survival-late a rescue:EfficacyClaim .

# ---- Other ----

zoo:lion
    zoo:eats
        () ,
        [] ;
.
'''.replace("<https://w3id.org/rescue-kg/study/q>", "study:q").replace(
    "@prefix claim:", "@prefix study: <https://w3id.org/rescue-kg/study/> .\n@prefix claim:"
)

# What an order of blank nodes could depend on: rings, shared nodes, twins, nested lists, a broken list.
KNOTS = """
@prefix : <http://example.org/> .
_:a :next _:b . _:b :next _:c . _:c :next _:a ; :hangs [ :on :c ] .
:one :uses _:shared . :two :uses _:shared . _:shared :is "shared" .
:twins :has [ :is 1 ] , [ :is 1 ] , [ :is 2 ] , [ :is ( [ :in :list ] ( 1 2 ) () ) ] .
:broken :list _:l . _:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> 1 , 2 ;
  <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> () .
:tail :list ( 1 2 ) . _:self :is _:self . [] :top [ :of :tree ] . [] :top [ :of :other ] .
:dangling :to _:nothing .
"""


def graph(text: str | bytes) -> rdflib.Graph:
    return rdflib.Graph().parse(data=text, format="turtle")


def test_a_messy_file_becomes_this_text() -> None:
    assert layout.canonical(MESSY, source="messy.ttl") == TIDY


@pytest.mark.parametrize("text", [MESSY, KNOTS], ids=["messy", "knots"])
def test_the_layout_says_the_same_and_is_a_fixed_point(text: str) -> None:
    tidy = layout.canonical(text, source="x.ttl")
    assert isomorphic(graph(tidy), graph(text))
    assert layout.canonical(tidy, source="x.ttl") == tidy


@pytest.mark.parametrize("text", [MESSY, KNOTS], ids=["messy", "knots"])
def test_order_of_statements_and_names_of_blank_nodes_do_not_matter(text: str) -> None:
    quads = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    shuffle = random.Random(7)
    expected = layout.turtle(quads)
    for _ in range(20):
        shuffle.shuffle(quads)
        names: dict[ox.BlankNode, ox.BlankNode] = {}

        def renamed(term: object, names: dict[ox.BlankNode, ox.BlankNode] = names) -> object:
            return names.setdefault(term, ox.BlankNode()) if isinstance(term, ox.BlankNode) else term

        moved = [ox.Quad(renamed(q.subject), q.predicate, renamed(q.object)) for q in quads]  # type: ignore[arg-type]
        assert layout.turtle(moved) == expected


def test_the_hash_seed_does_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "in.ttl"
    file.write_text(MESSY + KNOTS)
    program = (
        "import sys; from rescue_kg import layout; "
        "sys.stdout.write(layout.canonical(open(sys.argv[1]).read(), source='x'))"
    )
    source = str(Path(layout.__file__).parents[1])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program, str(file)],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": source},
            check=True,
            capture_output=True,
        ).stdout
        for seed in range(4)
    }
    assert len(outputs) == 1
    assert outputs.pop().startswith(b"@prefix rescue:")


LOCALS = st.sampled_from(["a", "b-2", "b-10", "x.", "ümlaut", "a/b", "a,b", "%20", "-c", "1"])
IRIS = st.builds(
    lambda space, local: ox.NamedNode(space + local),
    st.sampled_from(
        ["http://example.org/", "https://w3id.org/rescue-kg/", "https://w3id.org/rescue-kg/claim/"]
    ),
    LOCALS,
)
TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]), st.sampled_from('"\\\n\r\t\0\x7f\u2028\ufeff\u202e😀')
    ),
    max_size=12,
)
XSD = "http://www.w3.org/2001/XMLSchema#"
LITERALS = st.one_of(
    st.builds(ox.Literal, TEXTS),
    st.builds(lambda text, tag: ox.Literal(text, language=tag), TEXTS, st.sampled_from(["en", "de-at"])),
    st.builds(
        lambda text, kind: ox.Literal(text, datatype=ox.NamedNode(XSD + kind)),
        st.one_of(st.sampled_from(["1", "+01", "-.5", "5.", "1e3", "true", "1.0", " 1"]), TEXTS),
        st.sampled_from(["integer", "decimal", "boolean", "double", "date"]),
    ),
)
BLANKS = st.sampled_from([ox.BlankNode(name) for name in "pqrst"])
PREDICATES = st.one_of(
    IRIS,
    st.builds(lambda n: ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#" + n), st.just("type")),
)
QUADS = st.lists(
    st.builds(ox.Quad, st.one_of(IRIS, BLANKS), PREDICATES, st.one_of(IRIS, BLANKS, LITERALS)),
    min_size=1,
    max_size=12,
)


def canonical_set(quads: list[ox.Quad]) -> set[str]:
    data = ox.Dataset(quads)
    data.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in data}


@given(QUADS)
def test_any_graph_survives_to_the_last_character(quads: list[ox.Quad]) -> None:
    text = layout.turtle(quads)
    again = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    assert canonical_set(again) == canonical_set(quads)
    assert layout.turtle(again) == text


@given(
    st.lists(
        st.builds(ox.Quad, st.one_of(IRIS, BLANKS), IRIS, st.builds(ox.Literal, TEXTS)),
        min_size=1,
        max_size=6,
    )
)
def test_rdflib_reads_any_text_as_it_was(quads: list[ox.Quad]) -> None:
    found = sorted(str(text) for text in graph(layout.turtle(quads)).objects(unique=False))
    assert found == sorted(quad.object.value for quad in set(quads) if isinstance(quad.object, ox.Literal))


def test_hidden_characters_are_shown() -> None:
    text = layout.canonical('<http://e.org/a> <http://e.org/b> "a\u202eb\ufeff\u00a0\\t" .', source="x")
    assert r'"a\u202Eb\uFEFF\u00A0\t"' in text


def test_a_prefix_that_means_something_else_does_not_capture_ours() -> None:
    text = "@prefix claim: <http://example.org/> . @prefix : <https://w3id.org/rescue-kg/> . :a :b claim:c ."
    assert layout.canonical(text, source="x") == (
        "@prefix rescue: <https://w3id.org/rescue-kg/> .\n\n# ---- Fixed values ----\n\n"
        "rescue:a\n    rescue:b <http://example.org/c> ;\n.\n"
    )


def test_bad_turtle_is_one_line_with_its_place() -> None:
    with pytest.raises(ParseError) as caught:
        layout.canonical("@prefix a: <http://e.org/> .\na:b a:c nope:d .\n", source="bad.ttl")
    message = str(caught.value)
    assert message.startswith("bad.ttl:2: found an error at column 9 ")
    assert "nope" in message
    assert "\n" not in message


@pytest.mark.parametrize("text", ["", "# only a comment\n", "@prefix a: <http://e.org/> .\n"])
def test_a_file_without_statements_is_not_emptied(tmp_path: Path, text: str) -> None:
    file = tmp_path / "empty.ttl"
    file.write_text(text)
    with pytest.raises(InputError, match="found no statement"):
        layout.format_file(file)
    assert file.read_text() == text


def test_what_rdf_1_1_cannot_say_is_refused() -> None:
    triple = "<http://e.org/a> <http://e.org/b> <<( <http://e.org/a> <http://e.org/b> 1 )>> ."
    with pytest.raises(InputError, match="triple stands as object"):
        layout.canonical(triple, source="x")
    with pytest.raises(InputError, match="text direction"):
        layout.canonical('<http://e.org/a> <http://e.org/b> "x"@ar--rtl .', source="x")


def test_format_writes_and_check_holds(tmp_path: Path) -> None:
    file = tmp_path / "a.ttl"
    file.write_text(MESSY)
    with pytest.raises(ChecksFailedError, match=r"a\.ttl:1: .*rescue-kg format ") as caught:
        layout.check(file)
    assert caught.value.exit_code == 1
    assert file.read_text() == MESSY
    assert layout.format_file(file) is True
    assert file.read_text() == TIDY
    layout.check(file)
    assert layout.format_file(file) is False
    file.write_text(TIDY.replace("4878", "4879 ,  4878"))
    with pytest.raises(ChecksFailedError, match="not in the canonical layout"):
        layout.format_file(file, check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.ttl"]


def test_check_names_the_first_line_that_differs(tmp_path: Path) -> None:
    file = tmp_path / "a.ttl"
    lines = TIDY.split("\n")
    place = lines.index("# ---- Classes ----")
    file.write_text("\n".join([*lines[:place], "# a note", *lines[place:]]))
    with pytest.raises(ChecksFailedError, match=f":{place + 1}: "):
        layout.check(file)
    file.write_text(TIDY.removesuffix("\n"))
    with pytest.raises(ChecksFailedError, match=f":{len(lines)}: "):
        layout.check(file)


def test_bad_turtle_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.ttl"
    file.write_text("<a")
    with pytest.raises(ParseError):
        layout.format_file(file)
    assert file.read_text() == "<a"
    with pytest.raises(InputError, match="cannot be read"):
        layout.check(tmp_path / "missing.ttl")


def test_the_shipped_ontology_is_in_the_canonical_layout() -> None:
    file = resources.ontology_file()
    layout.check(file)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"old")
    file.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to(file)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == 0o640

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"a\.txt: cannot be written \(no space left on device\)"):
        write_whole(file, b"newer")
    assert file.read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "link.txt"]


@pytest.mark.parametrize(
    ("path", "message"), [("no/such/folder.txt", "no such file"), (".", "found a folder")]
)
def test_a_path_that_cannot_be_written(tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(OutputError, match=message):
        write_whole(tmp_path / path, b"x")
    with pytest.raises(OutputError, match="found a device or pipe"):
        write_whole("/dev/null", b"x")
