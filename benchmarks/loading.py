"""Load: files of RDF into a store in memory, a store on disk, rdflib, Virtuoso and the Oxigraph server.

The file is a dataset of made-up tables (generate.py). `disk` is `rescue-kg load`, with closure, summary and
stance; the others load what is stated alone, and so does `disk, stated`. The servers get it by
`rescue-kg push --bulk` from a store on disk, the making of which is not timed. Each load runs in a process of
its own; a server's own memory is not in the peak. All must hold the same number of statements.

    python benchmarks/loading.py                                # small, in less than a minute
    python benchmarks/loading.py --sizes 200000 2000000 20000000 --contenders disk
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

import incremental
import measuring

import rescue_kg
from rescue_kg.namespaces import GRAPH
from rescue_kg.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES: Final = (5_000, 20_000)
CONTENDERS: Final = ("memory", "disk, stated", "disk", "rdflib", "oxigraph", "virtuoso")
DEFAULT: Final = CONTENDERS[:4]
#: The most triples that a contender is given; the others are given all.
LIMITS: Final = {"rdflib": 200_000, "memory": 5_000_000, "oxigraph": 5_000_000}
COLUMNS: Final = ("contender", "triples", "seconds", "triples a second", "CPU, s", "peak, MiB", "growth")
NAME: Final = GRAPH + incremental.LARGE


def memory(path: str, _folder: str) -> int:
    """Load into a store in memory, and return how many triples it holds."""
    store = Store()
    store.load_file(path, graph=NAME)
    return store.count(NAME)


def on_disk(path: str, folder: str) -> int:
    """Load into a store on disk, with the closure."""
    with rescue_kg.open(folder) as graph:
        graph.load()
        graph.load(path, dataset=incremental.LARGE)
        return graph.store.count(NAME)


def stated(path: str, folder: str) -> int:
    """Load into a store on disk, without the closure."""
    with rescue_kg.open(folder) as graph:
        graph.load(path, dataset=incremental.LARGE, infer=False)
        return graph.store.count(NAME)


def rdflib(path: str, _folder: str) -> int:
    """Load into a graph of rdflib."""
    from rdflib import Graph

    with gzip.open(path) as stream:
        return len(Graph().parse(cast("IO[bytes]", stream), format="nt"))


def push(folder: str, url: str, profile: str) -> int:
    """Push from a store on disk to a server."""
    from rescue_kg import remote

    os.environ.setdefault("RESCUE_KG_USER", "dba")
    os.environ.setdefault("RESCUE_KG_PASSWORD", "dba")
    with (
        rescue_kg.open(folder, read_only=True) as graph,
        remote.connect(url, profile=profile, timeout=600) as endpoint,
    ):
        return remote.push(graph, endpoint, graphs=[NAME], bulk=True).triples


LOCAL: Final[dict[str, Callable[[str, str], int]]] = {
    "memory": memory,
    "disk, stated": stated,
    "disk": on_disk,
    "rdflib": rdflib,
}


def measured(contender: str, path: Path, folder: Path) -> measuring.Measured:
    """Return what one contender took."""
    if contender in LOCAL:
        return measuring.alone(LOCAL[contender], str(path), str(folder / "store"))
    sys.path.append(str(Path(__file__).parent.parent / "tests"))
    import remote_servers

    servers: dict[str, type[remote_servers.Server]] = {
        "oxigraph": remote_servers.Oxigraph,
        "virtuoso": remote_servers.Virtuoso,
    }
    source, place = folder / "source", folder / "server"
    stated(str(path), str(source))
    place.mkdir()
    with remote_servers.running(servers[contender], place) as server:
        return measuring.alone(push, str(source), server.url, contender)


def main() -> None:
    """Read the command line, and print one table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="triples, about")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=DEFAULT)
    given = parser.parse_args()
    runs: dict[str, list[measuring.Measured]] = {contender: [] for contender in given.contenders}
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as made:
            path = incremental.make_large(Path(made), size)
            for contender in given.contenders:
                if size > LIMITS.get(contender, size):
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    runs[contender].append(measured(contender, path, Path(folder)))
            held = {
                contender: every[-1].value
                for contender, every in runs.items()
                if size <= LIMITS.get(contender, size)
            }
            if len(set(held.values())) > 1:
                raise SystemExit(f"found {held} triples, expected as many in each")
    rows = []
    for contender, every in runs.items():
        for place, run in enumerate(every):
            so_far = every[: place + 1]
            grows = (
                measuring.growth([one.value for one in so_far], [one.cpu for one in so_far])
                if place
                else None
            )
            rows.append(
                (contender, run.value, run.seconds, run.value / run.seconds, run.cpu, run.peak, grows)
            )
    print(measuring.machine("pyoxigraph", "rdflib", "oxigraph") + "\n")
    print(measuring.table(COLUMNS, rows), end="")


if __name__ == "__main__":
    main()
