"""`rescue-kg load` and what it stands on: files of any size, and folders of them, into a store on disk."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from pyoxigraph import BlankNode, NamedNode

import rescue_kg
from rescue_kg import bulk
from rescue_kg.cli import app
from rescue_kg.errors import InputError, ParseError
from rescue_kg.namespaces import GRAPH, PREFIXES
from rescue_kg.progress import Step
from rescue_kg.store import Store

if TYPE_CHECKING:
    from pathlib import Path

FINDING = PREFIXES["finding"]
TYPE = f"<{PREFIXES['rdf']}type>"
CLASS = f"<{PREFIXES['rescue']}Finding>"


def lines(start: int, end: int, graph: str = "") -> list[str]:
    name = f" <{GRAPH}{graph}>" if graph else ""
    return [f"<{FINDING}made-up-{number}> {TYPE} {CLASS}{name} .\n" for number in range(start, end)]


def subjects(store: Store, graph: str) -> set[str]:
    return {str(quad.subject)[1:-1] for quad in store.quads(GRAPH + graph)}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["load", *map(str, arguments)])


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in range(2):
        text = "".join(lines(10 * number, 10 * number + 10, "trials"))
        (folder / f"part-{number}.nq.gz").write_bytes(gzip.compress(text.encode()))
    rows = [(f"<{FINDING}made-up-{number}>", TYPE, CLASS, f"<{GRAPH}trials>") for number in range(20, 30)]
    columns = dict(
        zip(("subject", "predicate", "object", "graph"), map(list, zip(*rows, strict=True)), strict=True)
    )
    pq.write_table(pa.table(columns), folder / "part-2.parquet")
    (folder / "_SUCCESS").write_bytes(b"")
    (folder / "facts.json").write_text("{}")
    (folder / ".part-3.nq.gz.tmp").write_bytes(b"half")
    return folder


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store that holds the ontology and one finding, without closure."""
    folder = tmp_path_factory.mktemp("held") / "store"
    with rescue_kg.open(folder) as graph:
        graph.load(infer=False)
        graph.load("".join(lines(0, 1)).encode(), dataset="held", infer=False)
    return folder


def test_a_folder_of_parts_is_one_dataset(parts: Path, tmp_path: Path) -> None:
    done = run(parts, "--store", tmp_path / "store")
    assert done.exit_code == 0, done.output
    assert "30 triples read and " in done.stderr
    assert "in the dataset trials of " in done.stderr
    with rescue_kg.open(tmp_path / "store", read_only=True) as graph:
        assert graph.datasets() == ("evidence", "ontology", "trials")
        assert subjects(graph.store, "trials") == {f"{FINDING}made-up-{number}" for number in range(30)}
        # The closure is there: a finding is a statement.
        assert f"{FINDING}made-up-7" in subjects(graph.store, "trials/inferred")


def test_a_file_names_its_dataset(tmp_path: Path, held: Path) -> None:
    path = tmp_path / "My trials.nt"
    path.write_text("".join(lines(0, 3)))
    assert "in the dataset my-trials of " in run(path, "--store", held, "--no-infer").stderr
    with rescue_kg.open(held, read_only=True) as graph:
        assert graph.store.count(f"{GRAPH}my-trials") == 3
        assert not graph.store.count(f"{GRAPH}my-trials/inferred")


def test_a_fault_in_a_later_part_loads_nothing(parts: Path, held: Path) -> None:
    (parts / "part-4.nt").write_text(lines(30, 31)[0] + "<a> <b> .\n")
    done = run(parts, "--store", held, "--dataset", "trials")
    assert done.exit_code == 2
    assert "part-4.nt:2:" in done.stderr
    with rescue_kg.open(held, read_only=True) as graph:
        assert "trials" not in graph.datasets()
        assert "held" in graph.datasets()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run(tmp_path / "empty", "--store", tmp_path / "store")
    assert (done.exit_code, (tmp_path / "store").exists()) == (2, False)
    assert "found no file of RDF in this folder" in done.stderr


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"s": ["<urn:a>"]}, "found the columns s, expected subject, predicate, object, graph"),
        (None, "found damaged or no Parquet"),
    ],
)
def test_other_parquet_is_refused(columns: dict[str, list[str]] | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "quads.parquet"
    if columns is None:
        path.write_bytes(b"nothing of the kind")
    else:
        pq.write_table(pa.table(columns), path)
    with pytest.raises(InputError, match=message):
        Store().load_file(path, graph="urn:g")


def test_terms_of_parquet_are_those_of_nquads(tmp_path: Path) -> None:
    term = '"a \\"b\\" \\\\ \\n\\u00e9 \U0001f600"@en'
    columns = {"subject": ["<urn:a>"], "predicate": ["<urn:p>"], "object": [term], "graph": [None]}
    pq.write_table(pa.table(columns), tmp_path / "quads.parquet")
    store, other = Store(), Store()
    store.load_file(tmp_path / "quads.parquet", graph="urn:g")
    other.load_file(f"<urn:a> <urn:p> {term} .".encode(), graph="urn:g")
    assert set(store.quads()) == set(other.quads())


def test_a_file_is_loaded_in_parts_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, number in (("_PART", 5), ("_TICK", 4)):
        monkeypatch.setattr(bulk, name, number)
    good, bad = tmp_path / "good.nt", tmp_path / "bad.nt"
    good.write_text("".join(lines(0, 10)) + "_:x <urn:p> _:y .\n_:y <urn:p> _:x .\n")
    bad.write_text("".join(lines(10, 20)) + "no triple\n")
    steps: list[tuple[int, int]] = []
    with Store(tmp_path / "store") as store:
        store.load_file(
            good, graph=f"{GRAPH}a", progress=lambda triples, place: steps.append((triples, place))
        )
        assert [triples for triples, _ in steps] == [4, 8, 12, 12]
        assert steps[-1][1] == good.stat().st_size
        with pytest.raises(ParseError, match=r"bad\.nt:11:"):
            store.load_file(bad, graph=f"{GRAPH}a")
        # A blank node is the same one in every part of a file, and another one in another file.
        store.load_file(good, graph=f"{GRAPH}b")
        nodes = [
            {
                term
                for quad in store.quads(graph)
                for term in (quad.subject, quad.object)
                if isinstance(term, BlankNode)
            }
            for graph in (f"{GRAPH}a", f"{GRAPH}b")
        ]
        assert list(map(len, nodes)) == [2, 2]
        assert not nodes[0] & nodes[1]
        assert store.count(f"{GRAPH}a") == 12


def test_progress_counts_bytes_and_rules(parts: Path, held: Path) -> None:
    steps: list[Step] = []
    with rescue_kg.open(held) as graph:
        graph.load(parts, dataset="trials", progress=steps.append)
        found = sum(graph.store.count(f"{GRAPH}trials/{part}") for part in ("inferred", "summary", "stance"))
    size = sum(path.stat().st_size for path in parts.glob("part-*"))
    read = [step for step in steps if step.what == "bytes"]
    # Once for each chunk, and once for each file.
    assert [(step.triples, step.total) for step in read] == [(n, size) for n in (10, 10, 20, 20, 30, 30)]
    assert [step.done for step in read] == sorted(step.done for step in read)
    assert read[-1].done == size
    assert steps[-1] == Step("rules", steps[-1].total, steps[-1].total, found)


def test_another_graph_is_refused_in_a_later_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_PART", 3)
    path = tmp_path / "mixed.nq"
    path.write_text("".join([*lines(0, 4, "mine"), *lines(4, 5, "other")]))
    with rescue_kg.open(tmp_path / "store") as graph:
        with pytest.raises(InputError, match="found a statement in the graph"):
            graph.load(path, dataset="mine")
        assert NamedNode(f"{GRAPH}mine") not in graph.store.native.named_graphs()


def test_the_rules_find_the_same_wherever_they_run(
    parts: Path, held: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    with rescue_kg.open(held) as graph:
        for in_memory, few in ((10**6, True), (0, True), (0, False)):
            monkeypatch.setattr("rescue_kg.workspace._IN_MEMORY", in_memory)
            # With few others, all is linked and the others go; with many, what is read is copied.
            monkeypatch.setattr("rescue_kg.workspace._are_few", lambda *_, few=few: few)
            graph.load(parts, dataset="trials")
            names = [f"{GRAPH}trials{part}" for part in ("", "/inferred", "/stance")]
            found.append({quad for name in names for quad in graph.store.quads(name)})
    assert len(found[0]) > 30
    assert found[1] == found[0]
    assert found[2] == found[0]
    assert sorted(path.name for path in held.glob("rules-*")) == []
