"""Every question of the catalogue at growing sizes: the embedded engine, rdflib, and two servers over HTTP.

The data are made up (`generate.py`), with the packaged ontology, and closed by the rules; a size is the
number of statements in the tables. Each contender has a process of its own; where one gives other rows than
the first, standard error says so, and its time does not count. Times are medians of five runs, of rdflib and
where five would take longer than `--cap` seconds a single one. A question that is not answered within that
time is `> 20`, and its ratio `> 15`: each is at least so much, and counts as that in the median. Beyond
`--rdflib-at-most` rdflib is asked three questions only. Servers are asked over HTTP, and left out where not
installed.

    python benchmarks/questions.py --sizes 2000 20000
    python benchmarks/questions.py --sizes 2000000 --contenders memory disk virtuoso \
        --questions recurring-interventions
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import generate
import measuring
from pyoxigraph import RdfFormat

import rescue_kg
from rescue_kg import questions, remote
from rescue_kg.answers import Answer
from rescue_kg.namespaces import contract
from rescue_kg.remote.faults import EndpointError, UnreachableError
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rescue_kg.questions import Question

# The servers are started as the tests do.
sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

SIZES = (2_000, 20_000)
CONTENDERS = ("memory", "disk", "rdflib", "virtuoso", "oxigraph")
#: rdflib, which takes a hundred times as long, is asked all questions up to this size, and beyond it these.
RDFLIB_AT_MOST = 2_000
THREE = ("recurring-interventions", "rescue-options", "strength-by-section")
#: Beyond this size it is not asked at all: at 200,000 it takes 0.7 GiB.
RDFLIB_AT_ALL = 2_000_000
RUNS = 5
CAP = 60.0
_DATASET = "made-up"


class Found(NamedTuple):
    """What a question gave: a digest of the rows in any order, their number, and the median seconds.

    A question that was `cut` gave nothing in these seconds.
    """

    digest: str
    rows: int
    seconds: float
    cut: bool = False


def made(folder: Path, size: int) -> int:
    """Make a store of so many made-up statements below a folder, closed; return how many it holds in all.

    One that an earlier run finished is taken as it is.
    """
    store = folder / "store"
    if store.exists():
        with rescue_kg.open(store, read_only=True) as graph:
            return len(graph.store)
    generate.for_triples(folder / "tables", size)
    with rescue_kg.open(folder / "unfinished") as graph:
        graph.load()
        tables = [folder / "tables" / f"{name}.parquet" for name in ("studies", "findings", "claims")]
        report = graph.add(*tables, dataset=_DATASET, new_terms=folder / "tables" / "terms.ttl")
        if any(table.rejected for table in report.tables):
            raise SystemExit(f"found rejected rows among what was made up: {report}")
        held = len(graph.store)
    (folder / "unfinished").rename(store)
    return held


@contextmanager
def place(kept: Path | None, size: int) -> Iterator[Path]:
    """Give the folder for what is made at one size: below `kept`, or one that is taken away afterwards."""
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="rescue-kg-") as name:
            yield Path(name)
        return
    folder = kept / str(size)
    for rest in ("unfinished", "tables"):
        shutil.rmtree(folder / rest, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


def chosen(names: Iterable[str]) -> list[Question]:
    """Return the questions of these names, or all."""
    return [questions.read(name) for name in names or questions.names()]


def examples(question: Question) -> dict[str, Any]:
    """Return the values that stand in the query for the parameters that must be given."""
    found = {
        one.name: re.search(rf"VALUES \?{one.name} {{ (\S+) }}", question.text)
        for one in question.params
        if one.required
    }
    return {name: match[1] for name, match in found.items() if match}


def memory(folder: Path, names: tuple[str, ...], cap: float) -> dict[str, Found]:
    """Ask a copy in memory."""
    store = Store()
    with rescue_kg.open(folder / "store", read_only=True) as graph:
        store.native.bulk_extend(graph.store.quads())
    return embedded(rescue_kg.RescueGraph(store), names, cap)


def disk(folder: Path, names: tuple[str, ...], cap: float) -> dict[str, Found]:
    """Ask the folder."""
    with rescue_kg.open(folder / "store", read_only=True) as graph:
        return embedded(graph, names, cap)


def embedded(graph: rescue_kg.RescueGraph, names: tuple[str, ...], cap: float) -> dict[str, Found]:
    """Ask a graph of the embedded engine; whether it takes longer than `cap` a limited query finds out."""
    found = {}
    for question in chosen(names):
        asked: Callable[..., Answer] = partial(graph.ask, question.name, **examples(question))
        try:
            asked(timeout=cap)
            found[question.name] = timed(asked, cap)
        except TimeoutError:
            found[question.name] = cut_at(cap)
    return found


def rdflib(folder: Path, names: tuple[str, ...], cap: float) -> dict[str, Found]:
    """Ask a copy in rdflib, once."""
    with rescue_kg.open(folder / "store", read_only=True) as graph:
        dataset = graph.rdflib()

    def late(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    found = {}
    for question in chosen(names):
        signal.setitimer(signal.ITIMER_REAL, cap)
        started = time.perf_counter()
        try:
            result: Any = dataset.query(question.text)
            rows = [tuple(None if cell is None else cell.toPython() for cell in row) for row in result]
            seconds = time.perf_counter() - started
            signal.setitimer(signal.ITIMER_REAL, 0)
            found[question.name] = Found(digest(rows), len(rows), seconds)
        except TimeoutError:
            found[question.name] = cut_at(cap)
        signal.setitimer(signal.ITIMER_REAL, 0)
    return found


def served(folder: Path, names: tuple[str, ...], cap: float, kind: str) -> tuple[dict[str, Found], float]:
    """Fill a server and ask it; return what it gave, and its peak memory in MiB."""
    import remote_servers

    class Virtuoso(remote_servers.Virtuoso):
        # As many as its manual names for 8 GB of memory.
        buffers = 680_000
        dirty_buffers = 500_000

    servers: dict[str, type[remote_servers.Server]] = {
        "virtuoso": Virtuoso,
        "oxigraph": remote_servers.Oxigraph,
    }
    if kind == "virtuoso":
        os.environ |= {"RESCUE_KG_USER": "dba", "RESCUE_KG_PASSWORD": "dba"}
    data = folder / kind
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    with remote_servers.running(servers[kind], data) as server:
        with rescue_kg.open(folder / "store", read_only=True) as graph:
            if isinstance(server, Virtuoso):
                # By its own loader, three times as fast as over HTTP.
                whole = data / "whole.nq"
                graph.store.native.dump(output=str(whole), format=RdfFormat.N_QUADS)
                server.sql(f"ld_dir('.', '{whole.name}', 'http://none'); rdf_loader_run(); checkpoint;")
            else:
                with remote.connect(server.url, profile=kind, timeout=600) as endpoint:
                    remote.push(graph, endpoint, bulk=True)
        found = {}
        with remote.connect(server.url, profile=kind, timeout=cap, retries=0) as endpoint:
            for question in chosen(names):
                asked = partial(remote.ask, endpoint, question.name, **examples(question))
                started = time.perf_counter()
                with suppress(EndpointError, UnreachableError):
                    found[question.name] = timed(asked, cap)
                if question.name not in found and time.perf_counter() - started >= cap:
                    found[question.name] = cut_at(cap)
        process = server.process
        status = Path(f"/proc/{process.pid}/status").read_text() if process else ""
        peak = re.search(r"VmHWM:\s+(\d+)", status)
    shutil.rmtree(data)
    return found, int(peak[1]) / 1024 if peak else 0.0


def timed(asked: Callable[[], Answer], cap: float) -> Found:
    """Return what was found and the median of RUNS; of one where five would take longer than the cap."""
    started = time.perf_counter()
    answer = asked()
    seconds = time.perf_counter() - started
    if seconds * RUNS < cap:
        seconds = measuring.median(asked, RUNS)
    return Found(digest(answer), len(answer), seconds)


def cut_at(cap: float) -> Found:
    """Return what stands for a question that was not answered within the cap."""
    return Found("", 0, cap, cut=True)


def digest(rows: Iterable[Iterable[Any]]) -> str:
    """Return a hash of rows in any order; fractions to nine digits."""
    lines = sorted("\t".join(map(_cell, row)) for row in rows)
    return sha256("\n".join(lines).encode()).hexdigest()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # SPARQL leaves the order within GROUP_CONCAT open; Virtuoso now and then takes another.
        return "; ".join(sorted(contract(value).split("; ")))
    try:
        return f"{float(value):.9g}"
    except (TypeError, ValueError):
        return str(value)


class Size(NamedTuple):
    """What was measured at one size: statements in all, contender -> question -> found, and peaks in MiB."""

    size: int
    held: int
    found: dict[str, dict[str, Found]]
    peaks: dict[str, float]


def measured(
    size: int,
    contenders: Iterable[str],
    names: tuple[str, ...],
    cap: float,
    rdflib_at_most: int,
    kept: Path | None = None,
) -> Size:
    """Ask these contenders at one size; what has other rows than the first's is said, and left out."""
    found: dict[str, dict[str, Found]] = {}
    peaks: dict[str, float] = {}
    with place(kept, size) as folder:
        held = measuring.alone(made, folder, size).value
        for contender in contenders:
            if contender in ("virtuoso", "oxigraph"):
                found[contender], peaks[contender] = measuring.alone(
                    served, folder, names, cap, contender
                ).value
            else:
                function = {"memory": memory, "disk": disk, "rdflib": rdflib}[contender]
                few = contender == "rdflib" and size > rdflib_at_most
                asked = tuple(one for one in THREE if not names or one in names) if few else names
                if few and not asked:
                    continue
                run = measuring.alone(function, folder, asked, cap)
                found[contender], peaks[contender] = run.value, run.peak
    first, *others = found
    for name, expected in found[first].items():
        for other in others:
            one = found[other].get(name)
            if one is None or one.cut or expected.cut:
                continue
            if one.digest != expected.digest:
                print(f"{name} at {size:,}: {other} gives other rows than {first}", file=sys.stderr)
                del found[other][name]
    return Size(size, held, found, peaks)


def rows_of(
    sizes: list[Size], contenders: tuple[str, ...], names: tuple[str, ...]
) -> list[tuple[object, ...]]:
    """Return the rows of the table: each question at each size, then medians and peaks."""
    first = contenders[0]
    rows: list[tuple[object, ...]] = []
    for question in chosen(names):
        ours = {
            one.held: one.found[first][question.name].seconds
            for one in sizes
            if question.name in one.found[first] and not one.found[first][question.name].cut
        }
        growth = measuring.growth([*ours], [*ours.values()]) if len(ours) > 1 else None
        for size in sizes:
            all_found = [size.found.get(contender, {}).get(question.name) for contender in contenders]
            seconds = [one and _shown(one.seconds, cut=one.cut) for one in all_found]
            count = next((one.rows for one in all_found if one and not one.cut), None)
            ratios = [_ratio(one, all_found[0]) for one in all_found[1:]]
            last = growth if size is sizes[-1] else None
            rows.append((question.name, size.held, count, *seconds, *ratios, last))
    for size in sizes:
        each = [size.found.get(contender, {}) for contender in contenders]
        ours_found, *theirs = each
        medians = [_median([one.seconds for one in found.values()]) for found in each]
        ratios = [
            _median(
                [
                    found[name].seconds / one.seconds
                    for name, one in ours_found.items()
                    if name in found and not one.cut
                ]
            )
            for found in theirs
        ]
        rows.append(("**median over questions**", size.held, None, *medians, *ratios, None))
        peaks = [size.peaks.get(contender) for contender in contenders]
        rows.append(("**peak memory, MiB**", size.held, None, *peaks, *(None for _ in contenders)))
    return rows


def _shown(number: float, *, cut: bool) -> object:
    return f"> {number:.3g}" if cut else number


def _ratio(other: Found | None, ours: Found | None) -> object:
    if other is None or ours is None or ours.cut:
        return None
    return _shown(other.seconds / ours.seconds, cut=other.cut)


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


def installed(contender: str) -> bool:
    """Return whether a contender can be started here."""
    if contender == "oxigraph":
        beside = Path(sys.executable).parent / "oxigraph"
        return beside.exists() or shutil.which("oxigraph") is not None
    return contender != "virtuoso" or shutil.which("virtuoso-t") is not None


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=("memory", "disk", "rdflib"))
    parser.add_argument("--questions", nargs="+", default=(), metavar="NAME")
    parser.add_argument("--rdflib-at-most", type=int, default=RDFLIB_AT_MOST, metavar="SIZE")
    parser.add_argument("--cap", type=float, default=CAP, metavar="SECONDS")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="make the stores here, and use those of an earlier run"
    )
    given = parser.parse_args()
    contenders = tuple(one for one in given.contenders if installed(one))
    names = tuple(given.questions)
    sizes = []
    for size in given.sizes:
        asked = [one for one in contenders if one != "rdflib" or size <= RDFLIB_AT_ALL]
        sizes.append(measured(size, asked, names, given.cap, given.rdflib_at_most, given.keep))
    first, *others = contenders
    ratios = [f"{other} / {first}" for other in others]
    columns = ("question", "statements", "rows", *(f"{one}, s" for one in contenders), *ratios, "growth")
    print(measuring.machine("pyoxigraph", "rdflib"))
    print(measuring.table(columns, rows_of(sizes, contenders, names)))


if __name__ == "__main__":
    main()
