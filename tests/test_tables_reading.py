"""Tables are read as text, row by row: every line of a file is in a good row or in a faulty one."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescue_kg.errors import InputError, UnknownFormatError
from rescue_kg.tables.reading import open_table

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ("id", "title", "design")
GOOD = ("a-1", "One", "guideline")

#: One row as it was read: number, cells (None where they are not looked at), column of the fault, reason.
Row = tuple[int, tuple[str | None, ...], str | None, str | None]


def rows(path: Path) -> list[Row]:
    table = open_table(path)
    found: list[Row] = []
    try:
        for batch in table.batches:
            for row in batch.to_pylist():
                cells = tuple(row[name] for name in table.columns)
                found.append((row["_row"], cells, row["_fault_column"], row["_fault"]))
    finally:
        table.close()
    return found


def read(tmp_path: Path, data: str | bytes, suffix: str = ".tsv") -> list[Row]:
    path = tmp_path / f"table{suffix}"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return rows(path)


def cells(found: list[Row]) -> list[tuple[str | None, ...]]:
    return [row[1] for row in found]


def tsv(*lines: str) -> str:
    return "".join(f"{line}\n" for line in ("\t".join(HEADER), *lines))


@pytest.mark.parametrize(
    ("suffix", "data"),
    [
        (".tsv", "id\ttitle\tdesign\na-1\tOne\tguideline\n"),
        (".tab", "id\ttitle\tdesign\na-1\tOne\tguideline"),
        (".TSV", "id\ttitle\tdesign\r\na-1\tOne\tguideline\r\n"),
        (".csv", "id,title,design\na-1,One,guideline\n"),
        (".csv", '"id","title","design"\r\n"a-1","One","guideline"\r\n'),
        (".csv", "\ufeffid,title,design\na-1,One,guideline\n"),
        (".csv", '\ufeff"id",title,design\na-1,One,guideline\n'),
        (".csv", " id , title,design \na-1,One,guideline\n"),
    ],
)
def test_the_same_table_in_many_writings(tmp_path: Path, suffix: str, data: str) -> None:
    assert read(tmp_path, data, suffix) == [(2, GOOD, None, None)]


def test_comments_blank_lines_and_empty_rows(tmp_path: Path) -> None:
    data = (
        "# id: the name\n#\tb\n\n\nid\ttitle\tdesign\n\n\t\t\na-1\tOne\tguideline\n\t\n# no comment\tx\ty\n"
    )
    found = read(tmp_path, data)
    assert found == [(8, GOOD, None, None), (10, ("# no comment", "x", "y"), None, None)]
    # A spreadsheet puts quotes around a comment.
    assert read(tmp_path, '"# title, as printed",,\nid,title,design\na-1,One,guideline\n', ".csv") == [
        (3, GOOD, None, None)
    ]


def test_quotes_and_line_breaks(tmp_path: Path) -> None:
    data = 'id,title,design\na-1,"One\ntwo, ""three""\r\nfour\rfive",guideline\na-2,5" tube,cohort-study\n'
    assert read(tmp_path, data, ".csv") == [
        (2, ("a-1", 'One\ntwo, "three"\r\nfour\rfive', "guideline"), None, None),
        # The row after it is counted by lines; a lone carriage return is none that an editor counts.
        (5, ("a-2", '5" tube', "cohort-study"), None, None),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a-0", "found 1 cells, expected 3"),
        ("a-0\tOne", "found 2 cells, expected 3"),
        ("a-0\tOne\tguideline\tmore", "found 4 cells, expected 3"),
        ("a-0\tOne\tguideline\t", "found 4 cells, expected 3"),
        ('a-0\t"One" two\tguideline', "text after the quote"),
        ('a-0\t"One\tguideline', "a quote"),
        ('a-0\t"One\t"guideline"', "text after the quote"),
        ("a-0\tOne\rTwo\tguideline", "no row"),
        ("a-0\t" + "x" * 200_000 + "\tguideline", "131,072 characters"),
    ],
)
def test_a_malformed_row_is_rejected_and_its_neighbours_are_not(
    tmp_path: Path, line: str, reason: str
) -> None:
    good = [f"a-{n}\tOne\tguideline" for n in (1, 2, 3)]
    found = read(tmp_path, tsv(good[0], line, good[1], good[2]))
    assert [row for row in found if row[3] is None] == [
        (row, (f"a-{n}", "One", "guideline"), None, None) for row, n in ((2, 1), (4, 2), (5, 3))
    ]
    (bad,) = (row for row in found if row[3] is not None)
    assert bad[:3] == (3, (None, None, None), "")
    assert bad[3] is not None
    assert reason in bad[3]


def test_two_open_quotes_take_no_row_with_them(tmp_path: Path) -> None:
    # The second quote closes the first, so that all between them is one cell.
    lines = ['a-1\t"One\tguideline', "a-2\tOne\tguideline", 'a-3\tx\t"', "a-4\tOne\tguideline"]
    found = read(tmp_path, tsv(*lines))
    assert [(row[0], row[1][0], row[3] is None) for row in found] == [
        (2, None, False),
        (3, "a-2", True),
        (4, None, False),
        (5, "a-4", True),
    ]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (b"On\x00e", "NUL"),
        (b"On\xffe", "not UTF-8"),
        (b"caf\xe9", "not UTF-8"),
        (b"\xed\xa0\x80", "not UTF-8"),
        (b"\xc0\xaf", "not UTF-8"),
    ],
)
def test_bytes_that_are_no_text(tmp_path: Path, cell: bytes, reason: str) -> None:
    data = b"id\ttitle\tdesign\na-0\t" + cell + b"\tguideline\na-1\tOne\tguideline\n"
    bad, good = read(tmp_path, data)
    assert bad[:3] == (2, (None, None, None), "title")
    assert bad[3] is not None
    assert reason in bad[3]
    assert good == (3, GOOD, None, None)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "found an empty file"),
        (b"\n\n", "found no header"),
        (b"# only a comment\n", "found no header"),
        (b"\xff\xfei\x00d\x00", "found UTF-16"),
        (b"\t\t\n", "found no header"),
        (b"id\t\tdesign\n", "found no name for column 2"),
        (b"id\ttitle\tid\tdesign\n", "found 'id' twice"),
        (b"id\ttitel\tdesign\n", "unknown column 'titel'; did you mean title"),
        (b"ID\ttitle\tdesign\n", "unknown column 'ID'; did you mean id"),
        (b"id\ttitle\tdesign\tn\n", "unknown column 'n'"),
        (b"title\tdesign\n", "found no column 'id'"),
        (b"id\ttitle\tyear\n", "found no column 'design'"),
        (b"id\tlabel\n", "which are those of no table"),
        (b"finding\tvalues\n", "which are those of no table"),
        (b"id,title,design\na,b,c\n", "found one column"),
        (b'id\t"title\tdesign\n', "the header cannot be read"),
        (b"id\xff\ttitle\tdesign\n", "unknown column"),
        (b"id\tstated_by\tabout_state\tresult_in_words\tabout_outcome\n", "found no column"),
        (b"id\tstated_by\tabout_state\tresult_in_words\n", "found none of the columns"),
        (b"id\tstated_by\tabout_state\tvalue\tabout_outcome\n", "'measure'"),
        (b"id\ttitle\tdesign\n" + b"x" * (9 * 2**20), "a line of more than"),
    ],
)
def test_a_table_that_cannot_be_used(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "table.tsv"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        rows(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_path_that_is_no_table(tmp_path: Path) -> None:
    for name, error, message in (
        ("no.tsv", InputError, "no such file"),
        ("table.xls", UnknownFormatError, r"did you mean .xlsx"),
        ("table", UnknownFormatError, "expected one of .csv"),
    ):
        with pytest.raises(error, match=message):
            open_table(tmp_path / name)
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    with pytest.raises(InputError, match="found a folder"):
        open_table(folder)


def test_the_kind_is_told_from_the_header(tmp_path: Path) -> None:
    for kind, header in (
        ("study", "id\ttitle\tdesign"),
        (
            "finding",
            "label\tid\tstated_by\tabout_state\tabout_intervention\tabout_outcome\tcomparator\tdirection\t"
            "figure_seen_in\tresult_in_words",
        ),
    ):
        path = tmp_path / "table.tsv"
        path.write_text(f"{header}\n")
        table = open_table(path)
        assert (table.kind, table.columns) == (kind, tuple(header.split("\t")))
        assert list(table.batches) == []
        table.close()


def parquet(path: Path, columns: dict[str, Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "table.parquet",
        {
            "id": ["a-1", "a-2", None, "a-4"],
            "title": ["One", None, None, "x\0y"],
            "design": pa.array(["guideline", "guideline", None, "guideline"]).dictionary_encode(),
            "year": [2020, 2021, None, 2022],
            "participants": [12.0, None, None, 1.5],
            "creator": [["A", "B"], [], None, ["C"]],
        },
    )
    assert rows(path) == [
        (2, ("a-1", "One", "guideline", "2020", "12", "A; B"), None, None),
        (3, ("a-2", None, "guideline", "2021", None, ""), None, None),
        # The row with nothing in it is none, and is counted.
        (5, (None,) * 6, "title", "found a NUL character, which no text has"),
    ]


def test_parquet_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    path.write_bytes(b"PAR1 nothing")
    with pytest.raises(InputError, match="found no Parquet file"):
        open_table(path)
    struct = parquet(path, {"id": ["a"], "title": [{"x": 1}], "design": ["guideline"]})
    with pytest.raises(InputError, match="'title' of type struct"):
        rows(struct)
    latin = pa.array([b"caf\xe9"])
    with pytest.raises(InputError, match="'title' of type binary"):
        rows(parquet(path, {"id": ["a"], "title": latin, "design": ["guideline"]}))
    whole = parquet(path, {"id": ["a"] * 50_000, "title": ["x"] * 50_000, "design": ["y"] * 50_000})
    data = bytearray(whole.read_bytes())
    data[10:200] = bytes(190)
    path.write_bytes(data)
    with pytest.raises(InputError):
        rows(path)


def workbook(path: Path, lines: list[list[Any]], formats: dict[str, str] | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in lines:
        sheet.append(line)
    for cell, form in (formats or {}).items():
        sheet[cell].number_format = form
    book.create_sheet("notes").append(["not read"])
    book.save(path)
    return path


def test_excel(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "table.xlsx",
        [
            ["# a comment", None],
            ["id", "title", "design", "year", "volume", "pages", "issue"],
            ["a-1", "One", "guideline", 2020, 0.1, 0.1, 12.0],
            [],
            ["a-2", datetime.date(2020, 1, 2), True, None, 1e-7, 0.123, "0.10"],
            ["a-3", "One", "guideline", None, None, None, None, "more"],
            ["a-4", "#N/A", "guideline"],
            ["a-5", "One", "guideline", None, 0.5],
        ],
        {"F3": "0.00", "F5": "0.00", "E8": "0%"},
    )
    assert rows(path) == [
        (3, ("a-1", "One", "guideline", "2020", "0.1", "0.10", "12"), None, None),
        (5, ("a-2", "2020-01-02T00:00:00", "true", "", "0.0000001", "0.123", "0.10"), None, None),
        (6, (None,) * 7, "", "found 8 cells, expected 7 as in the header"),
        (7, (None,) * 7, "title", "found an error of the spreadsheet, expected a value; mend the formula"),
        (
            8,
            (None,) * 7,
            "volume",
            "found a cell with a percentage format, which holds another number than it shows; format it as "
            "text, and give the unit in its column",
        ),
    ]


def test_excel_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "table.xlsx"
    path.write_bytes(b"PK nothing")
    with pytest.raises(InputError, match="found no Excel workbook"):
        open_table(path)
    with pytest.raises(InputError, match="found no header"):
        open_table(workbook(path, [[None], ["# comment"]]))
    with pytest.raises(InputError, match="unknown column 'titel'"):
        open_table(workbook(path, [["id", "titel", "design"]]))


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(
    st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=8),
    st.sampled_from([".csv", ".tsv"]),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=200, deadline=None)
def test_whatever_csv_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str, str]], suffix: str, end: str
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(
        stream, delimiter="," if suffix == ".csv" else "\t", lineterminator=end, quoting=csv.QUOTE_ALL
    )
    writer.writerows([HEADER, *lines])
    found = read(tmp_path_factory.mktemp("csv"), stream.getvalue(), suffix)
    assert [row[1] for row in found] == [line for line in lines if any(line)]
    assert not any(row[3] for row in found)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_whatever_bytes_follow_a_header_every_line_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    found = read(tmp_path_factory.mktemp("raw"), b"id\ttitle\tdesign\n" + data + b"\nz-9\tlast\tguideline\n")
    numbers = [row[0] for row in found]
    assert numbers == sorted(set(numbers))
    assert ("z-9", "last", "guideline") in cells(found)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**6), max_value=10**6))
@settings(max_examples=50, deadline=None)
def test_numbers_of_excel_keep_their_value(tmp_path_factory: pytest.TempPathFactory, number: Decimal) -> None:
    path = workbook(
        tmp_path_factory.mktemp("xlsx") / "t.xlsx",
        [["id", "title", "design"], ["a", "b", float(number)]],
        {"C2": "0.00"},
    )
    ((_, found, _, _),) = rows(path)
    assert found[2] is not None
    assert Decimal(found[2]) == Decimal(repr(float(number)))
    assert len(found[2].partition(".")[2]) >= 2
