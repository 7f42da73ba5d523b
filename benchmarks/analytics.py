"""Centrality and paths in a network: networkx against rustworkx, each giving the same answers.

The networks are made up: interventions and conditions, joined after Zipf's law. Every contender is asked in
the same process, in turn, and its rows are compared before its time counts.

    python benchmarks/analytics.py --edges 1000 3000 10000
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

import measuring
import networkx as nx
import numpy as np

from rescue_kg import analytics
from rescue_kg.namespaces import PREFIXES

if TYPE_CHECKING:
    from rescue_kg.answers import Answer

SIZES = (1_000, 3_000)
COLUMNS = ("measure", "nodes", "edges", "networkx, s", "rustworkx, s", "ratio")


def network(edges: int, seed: int = 0) -> nx.Graph[str]:
    """Return a made-up network of a number of edges, with a third as many nodes."""
    rng = np.random.default_rng(seed)
    sizes = {"intervention": edges // 6, "condition": edges // 6}
    made: nx.Graph[str] = nx.Graph(name="made-up")
    for kind, count in sizes.items():
        for number in range(count):
            key = f"{kind}:made-up-{number}"
            made.add_node(key, iri=f"{PREFIXES[kind]}made-up-{number}", label=key, kind=kind)
    shares = {kind: 1 / np.arange(1, count + 1) for kind, count in sizes.items()}
    while made.number_of_edges() < edges:
        ends = {kind: rng.choice(len(share), p=share / share.sum()) for kind, share in shares.items()}
        first, second = (f"{kind}:made-up-{number}" for kind, number in ends.items())
        made.add_edge(first, second, weight=1)
    return made


def same(first: Answer, second: Answer) -> None:
    """Raise SystemExit unless both answers hold the same rows; fractions to nine digits."""

    def rows(answer: Answer) -> list[tuple[object, ...]]:
        return sorted(
            tuple(round(cell, 9) if isinstance(cell, float) else cell for cell in row) for row in answer
        )

    if rows(first) != rows(second):
        raise SystemExit(f"{first.title}: the engines give other rows")


def measured(edges: int, runs: int = 5) -> list[tuple[object, ...]]:
    """Return a row of COLUMNS for the centrality in a network of a number of edges."""
    made = network(edges)
    same(*(analytics.centrality(made, engine=engine) for engine in analytics.ENGINES))
    slow, fast = (
        measuring.median(partial(analytics.centrality, made, engine=engine), runs)
        for engine in analytics.ENGINES
    )
    return [("centrality", made.number_of_nodes(), made.number_of_edges(), slow, fast, slow / fast)]


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--edges", type=int, nargs="+", default=SIZES)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    print(measuring.machine("networkx", "rustworkx"))
    print(measuring.table(COLUMNS, [row for edges in given.edges for row in measured(edges, given.runs)]))


if __name__ == "__main__":
    main()
