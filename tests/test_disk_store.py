"""The store on disk: who may open it, what it refuses, and what a kill, a full disk or damage leaves."""

from __future__ import annotations

import hashlib
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph
import pytest

import rescue_kg
from rescue_kg import InputError, OutputError, RescueGraph, StoreInUseError
from rescue_kg.namespaces import BASE, GRAPH, RESCUE
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOURCES = Path(rescue_kg.__file__).parent
RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
LITTLE = f"""
@prefix rescue: <{RESCUE}> .
<{BASE}claim/a> rescue:aboutState <{BASE}state/s> ; rescue:aboutIntervention <{BASE}intervention/i> ;
    rescue:offersRescue <{BASE}intervention/i> .
<{BASE}state/s> rescue:ofCondition <{BASE}condition/c> .
""".encode()
OTHER = LITTLE.replace(b"claim/a", b"claim/b").replace(b"intervention/i", b"intervention/j")


def made_claims(claims: int) -> bytes:
    """Eight triples a claim; one in forty has a closure."""
    lines = []
    for i in range(claims):
        claim, mention = f"<{BASE}claim/made-{i}>", f"<{BASE}mention/made-{i}-1>"
        lines += [
            f"{claim} <{RESCUE}aboutState> <{BASE}state/made-{i}> .",
            f'{claim} <{RDFS_LABEL}> "claim {i}"@en .',
            f"{claim} <{RESCUE}hasMention> {mention} .",
            f"{claim} <{RESCUE}statedBy> <{BASE}study/made-{i % 97}> .",
            f'{mention} <{RESCUE}section> "Section {i % 7}" .',
            f'{mention} <{RESCUE}start> "{i}"^^<http://www.w3.org/2001/XMLSchema#integer> .',
            f'{mention} <{RESCUE}strengthCue> "may {i % 11}" .',
        ]
        link = "offersRescue" if i % 40 == 0 else "madeFor"
        lines.append(f"{claim} <{RESCUE}{link}> <{BASE}intervention/made-{i % 500}> .")
    return "\n".join(lines).encode()


def state(folder: Path) -> dict[str, str]:
    """What a reader finds: graph -> digest of its triples."""
    store = Store(folder, read_only=True)
    try:
        found = {}
        for graph in store.graphs():
            dumped = store.native.dump(
                format=pyoxigraph.RdfFormat.N_TRIPLES, from_graph=pyoxigraph.NamedNode(graph)
            )
            assert dumped is not None
            found[graph] = hashlib.sha256(b"\n".join(sorted(dumped.splitlines()))).hexdigest()
        return found
    finally:
        store.close()


def size(folder: Path) -> int:
    """Bytes on disk; a file with several names counts once."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        found[status.st_ino] = status.st_blocks * 512
    return sum(found.values())


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(child: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = child.communicate(timeout=120)
    return child.returncode, out, err


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("made") / "kg"
    with rescue_kg.open(place) as graph:
        graph.load()
        graph.load(LITTLE, dataset="trials")
    return place


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A store with the packaged ontology and one dataset."""
    return Path(shutil.copytree(made, tmp_path / "kg"))


# ---------------------------------------------------------------- opening


def test_a_new_folder_is_empty_and_keeps_what_is_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "kg"
    with rescue_kg.open(folder) as graph:
        assert isinstance(graph, RescueGraph)
        assert (len(graph.store), graph.datasets()) == (0, ())
        graph.load()
        here = graph.ask("recurring-interventions")
    with RescueGraph.open(folder) as graph:
        assert graph.datasets() == ("ontology",)
        in_memory = rescue_kg.load(evidence=False)
        assert graph.ask("recurring-interventions").rows == here.rows
        assert here.rows == in_memory.ask("recurring-interventions").rows
        assert {name: graph.store.count(name) for name in graph.store.graphs()} == {
            name: in_memory.store.count(name) for name in in_memory.store.graphs()
        }


def test_an_empty_folder_may_be_there(tmp_path: Path) -> None:
    with rescue_kg.open(tmp_path) as graph:
        assert len(graph.store) == 0


def test_oxigraph_reads_the_database_as_it_is(folder: Path) -> None:
    (database,) = folder.glob("database-*")
    found = pyoxigraph.Store.read_only(str(database))
    with rescue_kg.open(folder, read_only=True) as graph:
        assert set(found) == set(graph.store.quads())


@pytest.mark.parametrize("read_only", [False, True])
def test_a_second_writer_in_this_process_or_another(folder: Path, read_only: bool) -> None:
    code = "import rescue_kg, sys\nrescue_kg.open(sys.argv[1], read_only=bool(sys.argv[2]))"
    with rescue_kg.open(folder) as graph:
        with pytest.raises(StoreInUseError, match=r"kg: the store is in use.*close it there, or") as error:
            rescue_kg.open(folder, read_only=read_only)
        assert "\n" not in str(error.value)
        status, _, err = finished(python(code, folder, "yes" if read_only else ""))
        assert status == 1
        assert "StoreInUseError" in err.splitlines()[-1]
        # The one who was refused has not harmed the one who writes.
        graph.load(OTHER, dataset="more")
        assert graph.datasets() == ("more", "ontology", "trials")
    with rescue_kg.open(folder, read_only=read_only) as graph:
        assert "more" in graph.datasets()


def test_a_killed_writer_leaves_no_lock(folder: Path) -> None:
    code = "import rescue_kg, sys, time\ng = rescue_kg.open(sys.argv[1])\nprint('open', flush=True)\n"
    child = python(code + "time.sleep(60)", folder)
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    with pytest.raises(StoreInUseError):
        rescue_kg.open(folder)
    child.kill()
    finished(child)
    rescue_kg.open(folder).close()


def test_readers_share_and_keep_writers_out(folder: Path) -> None:
    before = state(folder)
    with rescue_kg.open(folder, read_only=True) as one, rescue_kg.open(folder, read_only=True) as two:
        assert one.ask("recurring-interventions").rows == two.ask("recurring-interventions").rows
        code = "import rescue_kg, sys\nprint(rescue_kg.open(sys.argv[1], read_only=True).datasets())"
        assert finished(python(code, folder))[1] == "('ontology', 'trials')\n"
        with pytest.raises(StoreInUseError):
            rescue_kg.open(folder)
    rescue_kg.open(folder).close()
    assert state(folder) == before


def test_read_only_refuses_to_write(folder: Path) -> None:
    before = state(folder)
    with rescue_kg.open(folder, read_only=True) as graph:
        writes: list[Callable[[], object]] = [
            lambda: graph.load(OTHER, dataset="more"),
            lambda: graph.load(),
            lambda: graph.remove("trials"),
            graph.infer,
            lambda: graph.store.update("DROP ALL"),
            lambda: graph.store.load_file(OTHER, graph="urn:g"),
            lambda: graph.store.load_quads([], "urn:g"),
            lambda: graph.store.drop(GRAPH + "trials"),
        ]
        for write in writes:
            with pytest.raises(
                OutputError, match=r"kg: the store was opened read-only; open it without"
            ) as error:
                write()
            assert "\n" not in str(error.value)
    assert state(folder) == before


@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_read_only_where_nothing_is(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "none"
    if kind == "empty":
        folder.mkdir()
    with pytest.raises(InputError, match="none: found no store to read here"):
        rescue_kg.open(folder, read_only=True)
    assert folder.exists() == (kind == "empty")
    assert list(tmp_path.glob("none/*")) == []
    with pytest.raises(InputError, match="read_only without a folder"):
        Store(read_only=True)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_foreign_folder_is_refused_and_left_alone(tmp_path: Path, read_only: bool) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match=r"found no store of rescue-kg \(thesis\.tex\), expected a store"):
        rescue_kg.open(tmp_path, read_only=read_only)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    bare = tmp_path / "bare"
    pyoxigraph.Store(str(bare))
    names = sorted(path.name for path in bare.iterdir())
    with pytest.raises(InputError, match="found a bare RocksDB database"):
        rescue_kg.open(bare, read_only=read_only)
    assert sorted(path.name for path in bare.iterdir()) == names


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_is_no_folder(tmp_path: Path, read_only: bool) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "kg"):
        with pytest.raises(InputError, match="cannot open a store here"):
            rescue_kg.open(path, read_only=read_only)


def test_closing(folder: Path) -> None:
    graph = rescue_kg.open(folder)
    graph.close()
    graph.close()
    with pytest.raises(InputError, match="found it closed, expected an open store"):
        graph.ask("recurring-interventions")
    memory = RescueGraph(Store())
    memory.close()
    with pytest.raises(InputError, match="the store: found it closed"):
        len(memory.store)


# ---------------------------------------------------------------- damage


def damage(folder: Path, how: str) -> None:
    (database,) = folder.glob("database-*")
    biggest = max(database.glob("*.sst"), key=lambda path: path.stat().st_size)
    if how == "data file cut":
        biggest.write_bytes(b"")
    elif how == "data file gone":
        biggest.unlink()
    elif how == "manifest garbage":
        next(database.glob("MANIFEST-*")).write_bytes(b"garbage" * 20)
    elif how == "CURRENT gone":
        (database / "CURRENT").unlink()
    elif how == "database gone":
        shutil.rmtree(database)
    elif how == "pointer gone":
        (folder / "rescue-kg-store").unlink()
    elif how == "pointer garbage":
        (folder / "rescue-kg-store").write_bytes(b"\xff\xfe")
    elif how == "pointer empty":
        (folder / "rescue-kg-store").write_bytes(b"")
    else:
        (folder / "rescue-kg-store").write_text("rescue-kg store, format 9\ndatabase-000001\n")


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    "how",
    [
        "data file cut",
        "data file gone",
        "manifest garbage",
        "CURRENT gone",
        "database gone",
        "pointer gone",
        "pointer garbage",
        "pointer empty",
        "other format",
    ],
)
def test_a_damaged_folder_is_one_clear_line(folder: Path, how: str, read_only: bool) -> None:
    damage(folder, how)
    files = sorted(folder.rglob("*.sst"))
    with pytest.raises(InputError, match=r"damaged|but not the file rescue-kg-store") as error:
        rescue_kg.open(folder, read_only=read_only)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)
    # Nothing is thrown away, and the next one hears the same.
    assert sorted(folder.rglob("*.sst")) == files
    with pytest.raises(InputError):
        rescue_kg.open(folder, read_only=read_only)


READINGS: dict[str, Callable[[RescueGraph], object]] = {
    "query": lambda graph: graph.query("SELECT * { ?s ?p ?o }"),
    "search": lambda graph: graph.search("claim"),
    "resolve": lambda graph: graph.resolve("a name that nothing has"),
}


@pytest.mark.parametrize("reading", READINGS)
def test_damage_found_while_reading_is_one_clear_line(tmp_path: Path, reading: str) -> None:
    folder = tmp_path / "kg"
    with Store(folder) as store:
        store.load_file(made_claims(3000), graph="urn:g", format="ntriples")
    for path in folder.glob("database-*/*.sst"):
        if path.stat().st_size > 100_000:
            data = bytearray(path.read_bytes())
            data[len(data) // 3 : len(data) // 3 + 300] = bytes(300)
            path.write_bytes(data)
    with rescue_kg.open(folder) as graph:
        with pytest.raises(InputError, match=r"kg: the store is damaged \(Corruption: .*restore") as error:
            READINGS[reading](graph)
        assert "\n" not in str(error.value)


# ---------------------------------------------------------------- transactions


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "kg" if request.param == "disk" else None) as store:
        store.load_file(LITTLE, graph="urn:g")
        yield store


def test_a_transaction_is_seen_at_its_end(store: Store) -> None:
    before = set(store.quads())
    with store.transaction() as change:
        change.drop("urn:g")
        change.load_file(OTHER, graph="urn:h")
        change.update("INSERT DATA { GRAPH <urn:i> { <urn:a> <urn:b> 1 } }")
        assert set(store.quads()) == before
        with change.transaction() as inner:
            assert inner is change
        for write in (
            lambda: store.drop("urn:g"),
            lambda: store.update("DROP ALL"),
            store.transaction().__enter__,
        ):
            with pytest.raises(StoreInUseError, match="a transaction is under way"):
                write()
    assert store.graphs() == ["urn:h", "urn:i"]
    with store.transaction() as change:
        change.drop("urn:i")
    assert store.graphs() == ["urn:h"]


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_transaction_that_fails_changes_nothing(store: Store, stop: type[BaseException]) -> None:
    before = set(store.quads())
    with pytest.raises(stop), store.transaction() as change:  # noqa: PT012
        change.drop("urn:g")
        change.load_file(OTHER, graph="urn:h")
        raise stop
    assert set(store.quads()) == before
    with pytest.raises(InputError, match="closed"):
        len(change)
    if store.path:
        assert len(list(Path(store.path).glob("database-*"))) == 1
    store.load_file(OTHER, graph="urn:h")
    assert store.graphs() == ["urn:g", "urn:h"]


def test_who_reads_on_finds_what_stood_there_before(tmp_path: Path) -> None:
    with Store(tmp_path / "kg") as store:
        store.load_file(made_claims(2000), graph="urn:g", format="ntriples")
        reader = store.quads()
        first = next(reader)
        with store.transaction() as change:
            change.drop("urn:g")
        assert len(store) == 0
        assert len({first, *reader}) == 16_000
        del reader


@pytest.mark.parametrize("many", [1, 10**9])
def test_dropping_by_copy_and_by_deletion_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr("rescue_kg.store.MANY", many)
    with Store(tmp_path / "kg") as store:
        store.load_file(made_claims(100), graph="urn:g", format="ntriples")
        store.load_file(LITTLE, graph="urn:h")
        a = pyoxigraph.NamedNode("urn:a")
        store.add([pyoxigraph.Quad(a, a, a), pyoxigraph.Quad(a, a, a, pyoxigraph.BlankNode())])
        store.drop("urn:g", "urn:not-there")
        assert store.graphs() == ["urn:h"]
        assert (len(store), store.count("urn:h"), store.count("urn:g")) == (6, 4, 0)
    with Store(tmp_path / "kg") as store:
        assert len(store) == 6


# ---------------------------------------------------------------- kill -9

LOAD = """
import sys, rescue_kg
with rescue_kg.open(sys.argv[1]) as graph:
    graph.load(sys.argv[2], dataset=sys.argv[3])
"""

# Counts the calls and returns within the modules that write, and kills itself at one of them.
STEPWISE = """
import os, signal, sys
import rescue_kg
from rescue_kg import datasets, disk, rules, store
files = {module.__file__ for module in (datasets, disk, rules, store)}
stop, count = int(sys.argv[4]), 0
def step(frame, event, argument):
    global count
    if frame.f_code.co_filename in files:
        count += 1
        if count == stop:
            os.kill(os.getpid(), signal.SIGKILL)
sys.setprofile(step)
with rescue_kg.open(sys.argv[1]) as graph:
    if sys.argv[2]:
        graph.load(sys.argv[2], dataset=sys.argv[3])
sys.setprofile(None)
print(count)
"""


def copies(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def check_after_a_kill(folder: Path, allowed: list[dict[str, str]], limit: int) -> dict[str, str]:
    """What a reader finds is one of the allowed states; a writer finds the same and leaves no rubbish."""
    found = state(folder)
    assert found in allowed
    with rescue_kg.open(folder) as graph:
        graph.ask("recurring-interventions")
    assert state(folder) == found
    assert len(list(folder.glob("database-*"))) == 1
    assert list(folder.glob("database-*/bulk-*")) == []
    assert size(folder) < limit
    return found


@pytest.mark.parametrize("steps", [5, pytest.param(25, marks=pytest.mark.slow)])
def test_killed_at_any_step_of_replacing_a_dataset(folder: Path, tmp_path: Path, steps: int) -> None:
    new = tmp_path / "new.ttl"
    new.write_bytes(OTHER)
    whole = tmp_path / "whole"
    shutil.copytree(folder, whole)
    status, out, err = finished(python(STEPWISE, whole, new, "trials", 0))
    assert status == 0, err
    total = int(out)
    assert total > 200
    old, replaced = state(folder), state(whole)
    assert old != replaced
    limit = size(folder) + 2_000_000
    outcomes = set()
    for i in range(steps):
        stop = max(1, round(i * (total - 1) / (steps - 1)))
        place = tmp_path / "copy"
        shutil.copytree(folder, place)
        status, _, err = finished(python(STEPWISE, place, new, "trials", stop))
        assert status == -signal.SIGKILL, err
        found = check_after_a_kill(place, [old, replaced], limit)
        outcomes.add(found == replaced)
        shutil.rmtree(place)
    # The last steps come after the moment in which all becomes visible.
    assert outcomes == {False, True}


@pytest.mark.parametrize("steps", [6, pytest.param(15, marks=pytest.mark.slow)])
def test_killed_while_the_folder_is_made(tmp_path: Path, steps: int) -> None:
    status, out, err = finished(python(STEPWISE, tmp_path / "whole", "", "", 0))
    assert status == 0, err
    total = int(out)
    for i in range(steps):
        place = tmp_path / f"kg-{i}"
        stop = max(1, round(i * (total - 1) / (steps - 1)))
        status, _, err = finished(python(STEPWISE, place, "", "", stop))
        assert status == -signal.SIGKILL, err
        with rescue_kg.open(place) as graph:
            assert len(graph.store) == 0
            graph.load(LITTLE)
            assert graph.datasets() == ("ontology",)


def test_a_broken_off_change_is_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = state(folder)
    (database,) = folder.glob("database-*")
    # What a kill in the middle of a change leaves: a copy with a higher number that nothing names.
    shutil.copytree(database, folder / "database-000099")
    (folder / "database-000100.tmp").mkdir()
    (folder / "rescue-kg-store.new").write_text("half")
    assert state(folder) == before
    with caplog.at_level(logging.WARNING, "rescue_kg"), rescue_kg.open(folder):
        pass
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith(f"{folder}: a change of this store was broken off")
    assert state(folder) == before
    assert copies(folder) == [database.name, "lock", "rescue-kg-store", "rescue-kg-store.new"]
    caplog.clear()
    with rescue_kg.open(folder) as graph:
        graph.load(OTHER, dataset="more")
    assert copies(folder)[1:] == ["lock", "rescue-kg-store"]
    assert caplog.messages == []


def killed_after(child: subprocess.Popen[str], seconds: float) -> int:
    time.sleep(seconds)
    child.kill()
    return finished(child)[0]


@pytest.mark.slow
def test_killed_at_random_while_loading(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "big.nt"
    data.write_bytes(made_claims(10_000))
    whole = tmp_path / "whole"
    shutil.copytree(folder, whole)
    start = time.perf_counter()
    assert finished(python(LOAD, whole, data, "big"))[0] == 0
    seconds = time.perf_counter() - start
    old, loaded = state(folder), state(whole)
    with rescue_kg.open(whole) as graph:
        assert graph.store.count(GRAPH + "big") == 80_000
        assert graph.store.count(GRAPH + "big/summary") == 0
        assert graph.store.count(GRAPH + "big/inferred") > 1_000
    generator, killed = random.Random(7), 0
    limit = size(folder) + 2_000_000
    for _ in range(8):
        # All kills hit one folder, so that rubbish would pile up.
        status = killed_after(python(LOAD, folder, data, "big"), generator.uniform(0.1, 0.8 * seconds))
        killed += status == -signal.SIGKILL
        if check_after_a_kill(folder, [old, loaded], limit if state(folder) == old else 10**9) == loaded:
            with rescue_kg.open(folder) as graph:
                graph.remove("big")
            assert state(folder) == old
    assert killed >= 3
    assert finished(python(LOAD, folder, data, "big"))[0] == 0
    assert state(folder) == loaded


@pytest.mark.slow
def test_killed_in_a_plain_bulk_load(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "some.nt"
    data.write_bytes(made_claims(10_000))
    code = (
        "import sys\nfrom rescue_kg.store import Store\nstore = Store(sys.argv[1])\nprint('go', flush=True)\n"
        "store.load_file(sys.argv[2], graph='urn:plain')"
    )
    before, generator = state(folder), random.Random(11)
    limit = size(folder) + 2_000_000
    left_rubbish = 0
    for i in range(5):
        child = python(code, folder, data)
        assert child.stdout is not None
        assert child.stdout.readline() == "go\n"
        # Every other time in the moment in which it writes its files, else at random.
        while i % 2 and child.poll() is None and not list(folder.glob("database-*/bulk-*")):
            time.sleep(0.0005)
        killed_after(child, 0.0 if i % 2 else generator.uniform(0.0, 0.4))
        left_rubbish += len(list(folder.glob("database-*/bulk-*")))
        found = state(folder)
        # All of the graph or nothing of it; everything else as it was.
        plain = found.pop("urn:plain", None)
        assert found == before
        with Store(folder) as store:
            assert list(folder.glob("database-*/bulk-*")) == []
            assert store.count("urn:plain") == (0 if plain is None else 80_000)
            store.drop("urn:plain")
        check_after_a_kill(folder, [before], limit)
    assert left_rubbish > 0


def test_opening_again_and_again_does_not_grow(folder: Path) -> None:
    sizes = []
    for _ in range(4):
        rescue_kg.open(folder).close()
        rescue_kg.open(folder, read_only=True).close()
        sizes.append(size(folder))
    assert sizes[-1] == sizes[1]


def test_replacing_again_and_again_does_not_grow(folder: Path) -> None:
    data, sizes = made_claims(4_000), []
    for _ in range(4):
        with rescue_kg.open(folder) as graph:
            graph.load(data, dataset="big", infer=False)
        sizes.append(size(folder))
    assert max(sizes) < 1.3 * sizes[0]
    with rescue_kg.open(folder) as graph:
        graph.remove("big")
    assert size(folder) < sizes[0]


# ---------------------------------------------------------------- full disk

FULL = """
import resource, sys, rescue_kg
with rescue_kg.open(sys.argv[1]) as graph:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    try:
        graph.load(sys.argv[2], dataset="trials")
    except rescue_kg.OutputError as error:
        print(error)
    print(graph.datasets(), len(graph.ask("recurring-interventions")))
"""


def test_a_file_that_may_not_grow(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("resource")
    data = tmp_path / "big.nt"
    data.write_bytes(made_claims(20_000))
    before = state(folder)
    status, out, err = finished(python(FULL, folder, data))
    assert status == 0, err
    message, rest = out.splitlines()
    assert message.startswith(f"{folder}: cannot be written, and is as it was before (IO error: ")
    assert rest.startswith("('ontology', 'trials') ")
    assert state(folder) == before
    assert len(list(folder.glob("database-*"))) == 1


@pytest.fixture
def little_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or mount is None or umount is None:
        pytest.skip("a little disk of its own needs Linux, root, mount and umount")
    command = [mount, "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no little disk can be mounted here: {done.stderr.strip()}")
    yield place
    # Lazily, so that a failed test that still holds a store there leaves no mount.
    subprocess.run([umount, "-l", str(place)], check=True)


@pytest.mark.slow
def test_a_full_disk(little_disk: Path) -> None:
    folder = little_disk / "kg"
    with rescue_kg.open(folder) as graph:
        graph.load()
        graph.load(LITTLE, dataset="trials")
        before = graph.ask("recurring-interventions").rows
        for _ in range(3):
            with pytest.raises(
                OutputError, match=r"kg: cannot be written, and is as it was before \(IO error: "
            ):
                graph.load(made_claims(20_000), dataset="trials")
            assert graph.ask("recurring-interventions").rows == before
            assert len(list(folder.glob("database-*"))) == 1
        # The failed copy is gone, so there is room for what fits.
        graph.load(OTHER, dataset="trials")
        assert graph.query(f"ASK {{ <{BASE}claim/b> ?p ?o }}") is True
    with rescue_kg.open(folder) as graph:
        assert graph.datasets() == ("ontology", "trials")


def test_no_room_for_a_new_store(little_disk: Path) -> None:
    (little_disk / "filler").write_bytes(bytes(16 * 1024 * 1024 - 8192))
    with pytest.raises((InputError, OutputError)) as error:
        rescue_kg.open(little_disk / "kg")
    assert "No space left" in str(error.value)
    assert "\n" not in str(error.value)
    (little_disk / "filler").unlink()
    with rescue_kg.open(little_disk / "kg") as graph:
        graph.load(LITTLE)
