"""What holds for all texts and numbers: they come back as they were written in the cell."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_tables import FINDING, STUDY, write_table
from rescue_kg import tables
from rescue_kg.graph import load
from rescue_kg.namespaces import PREFIXES
from rescue_kg.tables import cells
from rescue_kg.tables.duckdb import DuckDB

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rescue_kg.graph import RescueGraph

_XSD = PREFIXES["xsd"]

#: All of Unicode but surrogates, which are no characters, and NUL, which RDF has not.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
#: What readers of lines, escapes, quotes or UTF-8 may take for something else.
SIGNS = (
    *("\\", '"', "\\\\", '\\"', "\n", "\r", "\r\n", "\t", "\\n", "'", "''", "\\u0041", "\\U00000041"),
    *("\x01", "\x08", "\x0b", "\x0c", "\x1c", "\x1f", "\x7f", "\x85", "\xa0", "\u2028", "\u2029"),
    *("\ufeff", "\ufffe", "\U0001f600", "\U0010ffff", "e\u0301", "\u202e"),
    *("<x>", "^^", "@en", "; ;", "a;b", '" <a:b> .', "#"),
)
NASTY = st.sampled_from(SIGNS)
#: Each of these in every run, and all of them in one cell.
NASTY_TEXTS = [*(f"a{sign}b" for sign in SIGNS), "a" + "".join(SIGNS)]
TEXTS = (
    st.lists(st.one_of(TEXT, NASTY), min_size=1, max_size=6)
    .map("".join)
    .filter(lambda text: re.search(r"[^ \t\n\r\f\v]", text) is not None)
)
NUMBERS = st.from_regex(r"[+-]?([0-9]{1,18}([.][0-9]{0,18})?|[.][0-9]{1,18})", fullmatch=True)


@pytest.fixture(scope="module")
def ontology() -> RescueGraph:
    return load(infer=False, evidence=False)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDB]:
    with DuckDB(str(tmp_path_factory.mktemp("engine"))) as engine:
        yield engine


def native(quads: bytes) -> Iterator[tuple[str, str, str]]:
    """Yield subject, predicate and text of the literals in N-Quads, as pyoxigraph reads them."""
    for quad in ox.parse(quads, format=ox.RdfFormat.N_QUADS):
        if isinstance(quad.object, ox.Literal):
            assert isinstance(quad.subject, ox.NamedNode)
            yield quad.subject.value, quad.predicate.value, quad.object.value


def by_rdflib(quads: bytes) -> Iterator[tuple[str, str, str]]:
    """Yield the same as rdflib reads it, whose parser takes lines and escapes apart by itself."""
    dataset = rdflib.Dataset()
    dataset.parse(data=quads, format="nquads")
    for node, predicate, value, _ in dataset.quads():
        if isinstance(value, rdflib.Literal):
            yield str(node), str(predicate), str(value)


def values(found: Iterable[tuple[str, str, str]], local: str) -> dict[str, str]:
    """Return the values of a property, by the last part of the subject."""
    return {node.rpartition("/")[2]: text for node, name, text in found if name.endswith(local)}


@given(st.lists(TEXTS, min_size=20, max_size=60))
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_comes_back(
    ontology: RescueGraph, tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """From text and from Parquet, in a file and in parts, for two readers of N-Quads."""
    folder = tmp_path_factory.mktemp("text")
    texts += NASTY_TEXTS
    header = ("id", "title", "label", "setting", "design")
    rows = [
        {**STUDY, "id": f"s-{n}", "title": text, "label": "", "setting": text} for n, text in enumerate(texts)
    ]
    expected = {f"s-{n}": text for n, text in enumerate(texts)}
    file, parts = folder / "out.nq", folder / "parts"
    assert tables.write(ontology, [write_table(folder / "studies.tsv", header, rows)], file).ok
    packed = write_table(folder / "studies.parquet", header, rows)
    assert tables.write(ontology, [packed], f"{parts}/", parts="nq", part_rows=16).ok
    written = [path.read_bytes() for path in sorted(parts.glob("*.nq"))]
    assert len(written) > 1
    for quads in (file.read_bytes(), b"".join(written)):
        assert b"\r" not in quads
        for read in (native, by_rdflib):
            found = list(read(quads))
            for local in ("terms/title", "rescue-kg/setting", "#label"):
                assert values(found, local) == expected


def results(engine: DuckDB, found: list[str], kind: str) -> list[str]:
    """Return the objects that cells of a kind become."""
    from dataclasses import replace

    import ibis
    import pyarrow as pa

    column = replace(tables.schema("finding")["value"], kind=kind)
    batch = pa.record_batch(
        [pa.array(range(len(found)), pa.int64()), pa.array(found, pa.string())], names=["n", "cell"]
    )
    table = engine.store("cells", [batch], {"n": "int64", "cell": "string"})
    faults = cells.fault(table.cell, column)
    made = ibis.ifelse(faults.isnull(), cells.literal(table.cell, column), faults)
    return [text for (text,) in engine.rows(table.order_by("n").select(made=made))]


@given(st.lists(NUMBERS, min_size=1, max_size=200))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_numbers_are_canonical_and_keep_their_value(engine: DuckDB, numbers: list[str]) -> None:
    for number, made in zip(numbers, results(engine, numbers, "decimal"), strict=True):
        (triple,) = ox.parse(f"<a:b> <a:b> {made} .", format=ox.RdfFormat.N_TRIPLES)
        assert isinstance(triple.object, ox.Literal)
        text = triple.object.value
        assert triple.object.datatype.value == f"{_XSD}decimal"
        assert Decimal(text) == Decimal(number)
        # XML Schema 1.1, decimalCanonicalMap: no sign but a minus, no zeros that say nothing.
        assert re.fullmatch(r"-?(0|[1-9][0-9]*)([.][0-9]*[1-9])?", text)
        assert text != "-0"


@given(st.lists(st.text(max_size=12), min_size=1, max_size=200))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_no_number_is_never_taken_for_one(engine: DuckDB, texts: list[str]) -> None:
    texts = [text.encode("utf-8", "replace").decode().replace("\0", "") for text in texts]
    for kind, pattern in (
        ("decimal", r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})"),
        ("integer", "[+-]?[0-9]{1,18}"),
    ):
        for text, made in zip(texts, results(engine, texts, kind), strict=True):
            assert made.startswith('"') == bool(re.fullmatch(pattern, text))


@given(st.lists(st.text('ab/:#?%[]@ 1.\u00e9-\\<>"{}', max_size=16), min_size=1, max_size=300))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_iri_that_is_taken_is_one(engine: DuckDB, texts: list[str]) -> None:
    for made in results(engine, [f"https://{text}" for text in texts], "iri"):
        if made.startswith("<"):
            ox.NamedNode(made[1:-1])


def test_percentages_of_counts_are_taken(
    ontology: RescueGraph, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A percentage that is rounded from its counts, to any number of digits, is never off."""
    folder = tmp_path_factory.mktemp("share")
    rows = []
    for total in (3, 7, 14, 99, 156, 1999):
        for events in sorted({0, 1, total // 3, total // 2, total - 1, total}):
            for digits in range(4):
                share = f"{Decimal(events) * 100 / total:.{digits}f}"
                rows.append(
                    {
                        **FINDING,
                        "measure": "proportion",
                        "unit": "%",
                        "value": share,
                        "comparator_value": share,
                    }
                    | {
                        "events_intervention": str(events),
                        "total_intervention": str(total),
                        "ci_low": "",
                        "ci_high": "",
                    }
                    | {"events_comparator": str(events), "total_comparator": str(total), "ci_level": ""}
                    | {"id": f"f-{total}-{events}-{digits}"}
                )
    header = tables.schema("finding").names
    paths = [
        write_table(folder / "studies.tsv", tables.schema("study").names, [STUDY]),
        write_table(folder / "findings.tsv", header, rows),
    ]
    assert tables.check(ontology, paths).ok
