"""The catalogue: headers, parameters, and that no value can change what a query asks."""

import string
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import rdflib
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import QuerySolutions
from rdflib.plugins.sparql import prepareQuery

from rescue_kg import headers, questions, rules
from rescue_kg.answers import Answer, Iri
from rescue_kg.errors import InputError, ParameterError, ParseError, UnknownNameError
from rescue_kg.questions import Question, bind, catalogue, names, read
from rescue_kg.resources import checks_dir, queries_dir, rules_dir
from rescue_kg.store import Store

ECMO = "https://w3id.org/rescue-kg/intervention/ecmo"
TEXT = """\
#+ title: All types
#+ question: What comes back of "everything", and how?
#+ tags: [test, types]
#+ cost: [claims, pairs of claims]
#+ params:
#+   node: {type: iri, default: intervention:ecmo, description: a node}
#+   words: {type: string, default: "one, two"}
#+   least: {type: integer, default: 2}
#+   share: {type: decimal, default: 0.1}
#+   flag: {type: boolean, default: false}
#+   any: {type: string, description: leave out for any}
#+   must: {type: integer, required: true, description: no default}
#+ returns:
#+   node: iri
#+   words: string
#+   least: integer
#+   share: decimal
#+   flag: boolean
#+   any: string
#+   must: integer
PREFIX intervention: <https://w3id.org/rescue-kg/intervention/>
SELECT ?node ?words ?least ?share ?flag ?any ?must WHERE {
  VALUES ?node { intervention:ecmo }
  VALUES ?words { "one, two" }
  VALUES ?least { 2 }
  VALUES ?share { 0.10 }
  VALUES ?flag { false }
  VALUES ?any { UNDEF }
  VALUES ?must { 5 }
}
"""


def write(folder: Path, text: str = TEXT, name: str = "all-types") -> Path:
    (folder / f"{name}.rq").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Question:
    return read("all-types", write(tmp_path_factory.mktemp("queries")))


def answer(sparql: str) -> dict[str, object]:
    result = Store().query(sparql)
    assert isinstance(result, QuerySolutions)
    [row] = Answer.from_solutions(result).to_dicts()
    return dict(row)


def shape(sparql: str) -> str:
    """Return the parse tree of rdflib, with the literals taken out."""

    def walk(node: Any) -> Any:
        if isinstance(node, rdflib.Literal):
            return "literal"
        if isinstance(node, dict):
            return (type(node).__name__, sorted((str(key), walk(value)) for key, value in node.items()))
        if isinstance(node, list | tuple):
            return [walk(part) for part in node]
        if isinstance(node, set | frozenset):
            return sorted(map(str, node))
        return str(node)

    return repr(walk(prepareQuery(sparql).algebra))


def test_a_question_is_read(question: Question) -> None:
    assert question.title == "All types"
    assert question.question == 'What comes back of "everything", and how?'
    assert question.tags == ("test", "types")
    assert question.cost == ("claims", "pairs of claims")
    defaults = {parameter.name: (parameter.default, parameter.required) for parameter in question.params}
    assert defaults == {
        "node": (Iri(ECMO), False),
        "words": ("one, two", False),
        "least": (2, False),
        "share": (Decimal("0.1"), False),
        "flag": (False, False),
        "any": (None, False),
        "must": (None, True),
    }
    assert list(question.returns) == ["node", "words", "least", "share", "flag", "any", "must"]
    assert question.text == TEXT


def test_defaults_and_any(question: Question) -> None:
    assert answer(bind(question, {"must": 1, "words": None})) == {
        "node": ECMO,
        "words": "one, two",
        "least": 2,
        "share": Decimal("0.10"),
        "flag": False,
        "any": None,
        "must": 1,
    }


VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.text(
    "\\uU0123\"}{'<>\n\r#? $;", max_size=24
)


@given(VALUES)
@settings(max_examples=400)
def test_any_text_comes_back_as_it_was(question: Question, value: str) -> None:
    found = answer(bind(question, {"must": 1, "any": value, "words": value}))
    assert found["any"] == found["words"] == value
    assert found["least"] == 2


@pytest.mark.slow
@given(VALUES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_changes_the_query_in_another_engine(question: Question, value: str) -> None:
    plain, bound = (bind(question, {"must": 1, "any": text, "words": text}) for text in ("x", value))
    assert shape(bound) == shape(plain)
    [row] = rdflib.Graph().query(bound)
    assert str(row.any) == value  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "value",
    [
        '" } } DROP ALL #',
        'x" } VALUES ?least { 99',
        "\\u0022 } #",
        "\\\\U00000022 } #",
        "\\",
        '\\"',
        "\n} UNION { ?s ?p ?o }",
        "\x00\x7f\u0085\u2028",
        "\\g<1>\\1",
        "VALUES ?least { 3 }",
    ],
)
def test_known_injections(question: Question, value: str) -> None:
    sparql = bind(question, {"must": 1, "any": value})
    assert answer(sparql)["any"] == value
    [row] = rdflib.Graph().query(sparql)
    assert (str(row.any), int(row.least)) == (value, 2)  # type: ignore[union-attr]


@given(st.text(max_size=20))
def test_an_iri_is_a_good_iri_or_refused(question: Question, value: str) -> None:
    for text in (value, f"https://w3id.org/{value}", f"intervention:{value}"):
        try:
            sparql = bind(question, {"must": 1, "node": text})
        except ParameterError:
            continue
        found = answer(sparql)["node"]
        assert isinstance(found, Iri)
        # A text with a known prefix is a CURIE, of which the local part is kept.
        assert found.endswith(value.partition(":")[2] if text == value else value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("least", 3, 3),
        ("least", "3", 3),
        ("least", " -4 ", -4),
        ("share", "0.25", Decimal("0.25")),
        ("share", 0.25, Decimal("0.25")),
        ("share", Decimal("1E+2"), Decimal(100)),
        ("share", 2, Decimal(2)),
        ("flag", True, True),
        ("flag", "true", True),
        ("flag", "false", False),
        ("node", ECMO, ECMO),
        ("node", "intervention:ecpr", ECMO.replace("ecmo", "ecpr")),
        ("any", "2", "2"),
        ("any", "", ""),
    ],
)
def test_values_are_taken_by_declared_type(
    question: Question, name: str, value: object, expected: object
) -> None:
    found = answer(bind(question, {"must": 1, name: value}))[name]
    assert found == expected
    assert isinstance(found, type(expected))


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("least", "two", "a whole number"),
        ("least", "2.0", "a whole number"),
        ("least", 2.0, "a whole number"),
        ("least", True, "a whole number"),
        ("least", "1_0", "a whole number"),
        ("least", "٣", "a whole number"),
        ("least", 2**63, "a whole number"),
        ("least", "9" * 6000, "a whole number"),
        ("share", "a half", "a number"),
        ("share", "1e5", "a number"),
        ("share", float("nan"), "a number"),
        ("share", True, "a number"),
        ("flag", 1, "true or false"),
        ("flag", "True", "true or false"),
        ("flag", "yes", "true or false"),
        ("node", "ecmo", "a CURIE"),
        ("node", "nope:ecmo", "a CURIE"),
        ("node", "http://a> } #", "a CURIE"),
        ("node", "https://[x", "a CURIE"),
        ("node", "", "a CURIE"),
        ("node", 5, "a CURIE"),
        ("any", 5, "a text"),
        ("any", "\ud800", "a text"),
    ],
)
def test_ill_typed_values_are_refused(question: Question, name: str, value: object, wanted: str) -> None:
    with pytest.raises(
        ParameterError, match=f"all-types: parameter '{name}': found .* expected {wanted}|{wanted}"
    ) as e:
        bind(question, {"must": 1, name: value})
    assert len(str(e.value)) < 250


def test_unknown_and_missing_parameters(question: Question) -> None:
    with pytest.raises(
        ParameterError, match=r"unknown parameter 'leest', expected one of node, .*did you mean least"
    ):
        bind(question, {"must": 1, "leest": 2})
    with pytest.raises(
        ParameterError, match=r"'must' is missing, expected a whole number such as 2 \(no default\)"
    ):
        bind(question)


def test_labels_are_resolved(question: Question) -> None:
    asked = []

    def resolve(text: str) -> str:
        asked.append(text)
        return ECMO

    assert answer(bind(question, {"must": 1, "node": "some label"}, resolve))["node"] == ECMO
    assert asked == ["some label"]


def test_every_values_line_of_a_parameter_is_set(tmp_path: Path) -> None:
    text = (
        "#+ title: t\n#+ question: q\n#+ params:\n#+   x: {type: integer, default: 1}\n"
        "#+ returns: {x: integer}\n"
        "SELECT ?x ?y {\n  { VALUES ?x { 7 } }\n  UNION {\n    VALUES ?x { 1 }\n  }\n  UNION {\n"
        "\tVALUES ?x { 1 }  \n  }\n  VALUES ?y { 1 }\n}\n"
    )
    result = Store().query(bind(read("t", write(tmp_path, text, "t")), {"x": 3}))
    assert isinstance(result, QuerySolutions)
    assert sorted(Answer.from_solutions(result)) == [(3, 1), (3, 1), (7, 1)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  VALUES ?least { 2 }\n", "  BIND(2 AS ?least)\n", "'least': found no line 'VALUES"),
        ("  VALUES ?least { 2 }\n", "  VALUES ?least { 2 } # two\n", "'least': found no line 'VALUES"),
        ("VALUES ?least { 2 }", "VALUES ?least { 3 }", "found default 2 in the header and '3' in the query"),
        ("VALUES ?least { 2 }", "VALUES ?least { UNDEF }", "found default 2 in the header and 'UNDEF'"),
        ("VALUES ?least { 2 }", "VALUES ?least { 2 3 }", "expected one term"),
        ("VALUES ?least { 2 }", 'VALUES ?least { "2" }', "found default|expected a whole number"),
        ("VALUES ?least { 2 }", "VALUES ?least { 2 }\n  VALUES ?least { 3 }", "the same in each"),
        ("VALUES ?node { intervention:ecmo }", "VALUES ?node { other:ecmo }", "expected an IRI"),
        ("VALUES ?node { intervention:ecmo }", 'VALUES ?node { "intervention:ecmo" }', "expected an IRI"),
        ("default: intervention:ecmo", "default: ecmo", "expected an IRI"),
        ("type: integer, default: 2", "type: integer", "no default in the header"),
        ("type: integer, default: 2", "type: integer, default: two", "expected a whole number"),
        ("type: integer, default: 2", "type: int, default: 2", "expected one of iri, string"),
        ("type: integer, default: 2", "type: integer, defaults: 2", "expected a map with default"),
        ("VALUES ?must { 5 }", "VALUES ?must { UNDEF }", "an example value"),
        ("required: true", "required: true, default: 5", "expected one of the two"),
        ("required: true", "required: maybe", "true or false for required"),
        ("#+   least:", "#+   Least:", "small letters"),
        ("#+ title: All types\n", "", "found title None"),
        ("#+ tags: [test, types]", "#+ tags: test", "expected a list"),
        ("#+ tags: [test, types]", "#+ tag: [test, types]", "did you mean tags"),
        ("flag: boolean\n#+   any", "flag: bool\n#+   any", "column 'flag': found the type 'bool'"),
        ("#+ tags: [test, types]", "#+ severity: bad", "found the header key"),
    ],
)
def test_a_header_that_disagrees_fails_and_names_the_file(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in TEXT
    write(tmp_path, TEXT.replace(old, new))
    with pytest.raises(ParseError, match=message) as error:
        read("all-types", tmp_path)
    assert "all-types.rq" in str(error.value)


def test_unknown_questions_offer_near_ones(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(UnknownNameError, match="no question named 'all-type'; did you mean all-types"):
        read("all-type", tmp_path)
    write(tmp_path / "..", name="outside")
    for name in ("../outside", "", "/etc/passwd", "all-types.rq", "ALL-TYPES"):
        with pytest.raises(UnknownNameError):
            read(name, tmp_path)
    with pytest.raises(InputError, match=r"expected a folder of \.rq files"):
        names(tmp_path / "none")


def test_names_are_listed_unread_and_a_question_reads_its_own_file_only(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "broken.rq").write_bytes(b"\xff")
    (tmp_path / "note.txt").write_text("x")
    assert names(tmp_path) == ["all-types", "broken"]
    assert read("all-types", tmp_path).name == "all-types"
    with pytest.raises(InputError, match="UTF-8"):
        catalogue(tmp_path)


def test_a_check_has_a_severity(tmp_path: Path) -> None:
    head = (
        "#+ title: t\n#+ question: q\n#+ severity: warning\n#+ examines: rescue:Claim\n#+ returns: {x: iri}\n"
    )
    found = read("c", write(tmp_path, head + "SELECT ?x {}\n", "c"))
    assert (found.severity, found.examines) == ("warning", "rescue:Claim")
    with pytest.raises(ParseError, match="found severity 'bad', expected error"):
        read("d", write(tmp_path, head.replace("warning", "bad") + "SELECT ?x {}\n", "d"))


PRINTABLE = st.text(string.printable.replace("\x0b", "").replace("\x0c", "").replace("\r", ""), max_size=20)


@given(
    st.one_of(
        PRINTABLE,
        st.text("0123456789.-+:eExa_ ", max_size=8),
        st.text("{}[],: \"'#ab\\12", max_size=12),
        st.builds("[{}, {}]".format, PRINTABLE, PRINTABLE),
        st.builds("{{a: {}, b: {}}}".format, PRINTABLE, PRINTABLE),
    )
)
@settings(max_examples=600)
def test_what_the_header_reader_takes_means_the_same_in_yaml(value: str) -> None:
    value = value.replace("\n", " ")
    try:
        found = headers.split(f"#+ key: {value}\nSELECT * {{}}\n", "x.rq")
    except ParseError:
        return
    assert found == yaml.safe_load(f"key: {value}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT * {}", "x.rq:1: found no header"),
        ("#+ a: b\n#+ a: c\n", "x.rq:2: found 'a' a second time"),
        ("#+ a: {b: 1, b: 2}\n", "found 'b' a second time"),
        ("#+   a: b\n", "x.rq:1: found an indented line"),
        ("#+ a: b\nSELECT * {}\n#+ c: d\n", r"x.rq:3: found a '#\+' line below the query"),
        ("#+ a: yes\n", "in one way only"),
        ("#+ a: 2025-01-01\n", "in one way only"),
        ("#+ a: {b: c, d e f}\n", "expected a key"),
        ("#+ a: [b, c\n", "expected ',' or ']'"),
        ("#+ a: b: c\n", "the end of the line"),
        ("#+ a:\n#+ b: c\n", "found 'a' without a value"),
        ("#+ a:\n#+   b:\n", "found 'b' without a value"),
        ("#+ on: b\n", "a key that YAML reads as text"),
        ("#+ nokey\n", "expected a key"),
        ("#+ a: *b\n", "put it in double quotes"),
    ],
)
def test_other_headers_are_refused(text: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        headers.split(text, "x.rq")


FILES = sorted(queries_dir().rglob("*.rq"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_header_reads_as_in_yaml(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    head = "\n".join(line[3:] for line in text.splitlines() if line.startswith("#+"))
    assert headers.split(text, path.name) == yaml.safe_load(head)


def test_every_shipped_question_says_what_it_costs() -> None:
    assert [question.name for question in catalogue() if not question.cost] == []


def test_the_shipped_folders_are_read_in_full() -> None:
    assert [q.name for q in catalogue()] == names()
    assert all(q.severity for q in catalogue(checks_dir()))
    assert len(rules.catalogue()) == len(list(rules_dir().glob("*.rq")))
    assert len({q.title for q in catalogue()}) == len(catalogue())
    assert questions.SEVERITIES[0] == "error"
