"""Answers: typed cells, and the same table in every form, read back by other programs."""

from __future__ import annotations

import copy
import csv
import io
import json
import math
import pickle
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, QuerySolutions, QueryTriples
from pyoxigraph import Store as Engine

from rescue_kg.answers import FORMATS, Answer, Iri, Value, to_value
from rescue_kg.errors import InputError, UnknownFormatError

ECMO = Iri("https://w3id.org/rescue-kg/intervention/ecmo")
XSD = "http://www.w3.org/2001/XMLSchema#"
SAMPLE = Answer(
    ("node", "label", "count", "share"),
    [(ECMO, "a|b\n<c>", 2, Decimal("0.50")), (None, "tab\tand\\", None, Decimal("12"))],
    "Sample",
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CELLS: st.SearchStrategy[Value | None] = st.one_of(
    st.none(),
    TEXT,
    st.integers(),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False, places=4),
    st.floats(allow_nan=False, allow_infinity=False),
)
TABLES = st.integers(1, 4).flatmap(
    lambda n: st.builds(
        Answer,
        st.lists(TEXT, min_size=n, max_size=n, unique=True),
        st.lists(st.tuples(*[CELLS] * n), max_size=5),
    )
)


def lexical(value: object) -> str:
    """Say independently of the package how a cell is written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


@given(TABLES)
def test_csv_round_trip(answer: Answer) -> None:
    written = answer.to_csv()
    head, *body = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert tuple(head) == answer.columns
    assert body == [[lexical(value) for value in row] for row in answer]
    assert written.endswith("\r\n")


@given(TABLES)
def test_tsv_round_trip(answer: Answer) -> None:
    def unescape(cell: str) -> str:
        parts = cell.split("\\\\")
        return "\\".join(p.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r") for p in parts)

    lines = answer.to_tsv().split("\n")
    assert lines.pop() == ""
    table = [[unescape(cell) for cell in line.split("\t")] for line in lines]
    assert table == [list(answer.columns), *([lexical(value) for value in row] for row in answer)]


@given(TABLES)
def test_json_round_trip(answer: Answer) -> None:
    def number(text: str) -> Decimal:
        return Decimal(text)

    read = json.loads(answer.to_json(), parse_float=number)
    assert len(read) == len(answer)
    for row, expected in zip(read, answer.to_dicts(), strict=True):
        assert list(row) == list(expected)
        for name, value in expected.items():
            wanted = Decimal(repr(value)) if isinstance(value, float) else value
            assert row[name] == wanted
            assert isinstance(row[name], bool) == isinstance(value, bool)


@given(TABLES, st.integers(20, 60))
def test_text_is_aligned_and_harmless(answer: Answer, width: int) -> None:
    written = answer.to_text(width)
    assert not [sign for sign in written if unicodedata.category(sign) == "Cc" and sign != "\n"]
    rule = max(len(line) for line in written.split("\n") if set(line) <= {"-", " "})
    assert rule <= max(width, 8 * len(answer.columns) + 2 * (len(answer.columns) - 1))


class Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.tags[-1] in ("td", "span") and data != "\n":
            self.cells[-1] += data


def test_html_cannot_be_broken_out_of() -> None:
    nasty = '</td><script>alert("x")</script>&amp;'
    parser = Cells()
    parser.feed(Answer(("a", "b"), [(nasty, Iri('http://x/"><b>'))])._repr_html_())
    assert parser.cells == [nasty, 'http://x/"><b>']
    assert "script" not in parser.tags


def test_the_forms_of_a_sample() -> None:
    assert SAMPLE.to_csv() == (
        'node,label,count,share\r\nhttps://w3id.org/rescue-kg/intervention/ecmo,"a|b\n<c>",2,0.50\r\n'
        ",tab\tand\\,,12\r\n"
    )
    assert SAMPLE.to_tsv().splitlines()[2] == "\ttab\\tand\\\\\t\t12"
    assert SAMPLE.to_markdown() == (
        "| node | label | count | share |\n| --- | --- | ---: | ---: |\n"
        "| intervention:ecmo | a\\|b<br>&lt;c&gt; | 2 | 0.50 |\n|  | tab and\\\\ |  | 12 |\n"
    )
    assert SAMPLE.to_text() == (
        "node               label     count  share\n"
        "-----------------  --------  -----  -----\n"
        "intervention:ecmo  a|b <c>       2   0.50\n"
        "                   tab and\\            12\n"
    )
    assert '"share": 0.50' in SAMPLE.to_json()
    assert json.loads(Answer(("x",), [(math.inf,), (math.nan,)]).to_json()) == [{"x": "INF"}, {"x": "NaN"}]
    assert Answer(("x",), []).to_json() == "[]\n"


def test_long_cells_are_broken_between_words() -> None:
    answer = Answer(("id", "words"), [("a", "one two three four"), ("b", "x" * 12)])
    assert answer.to_text(14) == (
        "id  words\n--  ----------\na   one two\n    three four\nb   xxxxxxxxxx\n    xx\n"
    )


def test_wide_signs_are_counted() -> None:
    assert Answer(("a", "b"), [("日本", "x"), ("abcd", "y")]).to_text().splitlines()[2:] == [
        "日本  x",
        "abcd  y",
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_render_knows_every_format(name: str) -> None:
    assert SAMPLE.render(name)


def test_render_refuses_others() -> None:
    with pytest.raises(UnknownFormatError, match="did you mean markdown"):
        SAMPLE.render("markdow")


def test_an_answer_is_a_sequence_that_stays_as_it_is() -> None:
    assert isinstance(SAMPLE, Sequence)
    assert len(SAMPLE) == 2
    assert SAMPLE[0][0] == ECMO
    assert SAMPLE[:1] == (SAMPLE.rows[0],)
    assert list(reversed(SAMPLE)) == [SAMPLE[1], SAMPLE[0]]
    assert SAMPLE.column("count") == (2, None)
    assert SAMPLE.to_dicts()[0]["label"] == "a|b\n<c>"
    with pytest.raises(AttributeError):
        SAMPLE.title = "other"
    with pytest.raises(AttributeError):
        del SAMPLE.rows
    with pytest.raises(InputError, match="did you mean count"):
        SAMPLE.column("counts")
    assert pickle.loads(pickle.dumps(SAMPLE)) == copy.deepcopy(SAMPLE) == SAMPLE
    assert hash(SAMPLE) == hash(copy.copy(SAMPLE))
    assert Answer(SAMPLE.columns, SAMPLE.rows) != SAMPLE
    assert repr(SAMPLE) == "<Answer 'Sample': 2 rows of (node, label, count, share)>"


def test_ragged_rows_and_double_names_are_refused() -> None:
    with pytest.raises(InputError, match="row 2: found 1 cells, expected 2"):
        Answer(("a", "b"), [(1, 2), (1,)])
    with pytest.raises(InputError, match="each name once"):
        Answer(("a", "a"), [])


@pytest.mark.parametrize(
    ("text", "datatype", "value"),
    [
        ("2", "integer", 2),
        ("+5", "nonNegativeInteger", 5),
        ("1_0", "integer", "1_0"),
        ("9" * 5000, "integer", "9" * 5000),
        ("0.10", "decimal", Decimal("0.10")),
        ("1e5", "decimal", "1e5"),
        ("..", "decimal", ".."),
        ("1e5", "double", 100000.0),
        ("1_0", "double", "1_0"),
        ("INF", "float", math.inf),
        ("1", "boolean", True),
        ("yes", "boolean", "yes"),
        ("2025-02-03", "date", date(2025, 2, 3)),
        ("2025-02-31", "date", "2025-02-31"),
        ("2025-02-03T04:05:06Z", "dateTime", datetime(2025, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("P1D", "duration", "P1D"),
        ("x", "string", "x"),
    ],
)
def test_literals_become_python_values(text: str, datatype: str, value: object) -> None:
    found = to_value(Literal(text, datatype=NamedNode(XSD + datatype)))
    assert found == value
    assert type(found) is type(value)


def test_other_terms() -> None:
    assert to_value(None) is None
    assert to_value(Literal("mot", language="fr")) == "mot"
    found = to_value(NamedNode(ECMO))
    assert isinstance(found, Iri)
    assert found.curie == "intervention:ecmo"
    assert repr(found) == f"Iri({str(ECMO)!r})"


def test_answers_of_queries() -> None:
    engine = Engine()
    solutions = engine.query("SELECT ?b ?a { VALUES (?a ?b) { (1 <urn:x>) (UNDEF 'y') } }")
    assert isinstance(solutions, QuerySolutions)
    answer = Answer.from_solutions(solutions, "T")
    assert (answer.columns, answer.rows, answer.title) == (("b", "a"), ((Iri("urn:x"), 1), ("y", None)), "T")
    triples = engine.query("CONSTRUCT { <urn:s> <urn:p> ?x } { VALUES ?x { 2 1 2 } }")
    assert isinstance(triples, QueryTriples)
    assert Answer.from_triples(triples).column("object") == (1, 2)


def test_pandas_and_polars_hold_the_same_table() -> None:
    frame = SAMPLE.to_pandas()
    assert list(frame.columns) == list(SAMPLE.columns)
    assert frame["node"][0] == str(ECMO)
    assert type(frame["node"][0]) is str
    other = SAMPLE.to_polars()
    assert other.columns == list(SAMPLE.columns)
    assert other["count"].to_list() == [2, None]
    assert Answer(("x",), [(1,), ("a",)]).to_polars()["x"].to_list() == ["1", "a"]
    assert Answer(("x", "y"), []).to_polars().shape == (0, 2)
    assert Answer(("x", "y"), []).to_pandas().shape == (0, 2)
