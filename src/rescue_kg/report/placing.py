"""Where the nodes of the picture stand: an order with few crossings, heights that fit, no overlap."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["crossings", "order_by", "order_of_middle", "spread", "text_width", "wrap"]

#: Groups of more states than this keep the order of the text: 6! orders are tried at most.
_TRIED: Final = 6
#: Advance widths of Helvetica, in thousandths of the font size; what is not listed counts as 560.
_WIDTHS: Final = {
    **dict.fromkeys("ijl'|", 222),
    **dict.fromkeys(" ,.:;/!It[]f", 280),
    **dict.fromkeys("()r-", 333),
    **dict.fromkeys("ckvxyzsJ", 500),
    **dict.fromkeys("ABEKPSVXY&", 667),
    **dict.fromkeys("CDHNRUw", 722),
    **dict.fromkeys("GOQ", 778),
    **dict.fromkeys("mMW", 890),
}
#: The reader's font may be wider than Helvetica; DejaVu Sans is by about an eighth.
_MARGIN: Final = 1.13


def text_width(text: str, size: float) -> float:
    """Return how wide a text is at most, in the unit of the font size."""
    return sum(_WIDTHS.get(sign, 560) for sign in text) / 1000 * size * _MARGIN


def wrap(text: str, width: float, size: float) -> list[str]:
    """Break a text between words into as few lines as fit, of about the same length."""

    def broken(limit: float) -> list[str]:
        lines: list[str] = []
        for word in text.split():
            joined = f"{lines[-1]} {word}" if lines else word
            if lines and text_width(joined, size) <= limit:
                lines[-1] = joined
            else:
                lines.append(word)
        return lines

    best = broken(width)
    limit = width
    while limit > 0:
        limit -= size / 4
        tighter = broken(limit)
        if len(tighter) > len(best) or any(text_width(line, size) > limit for line in tighter):
            break
        best = tighter
    return best


def crossings(edges: Sequence[tuple[int, int]]) -> int:
    """Return how many pairs of edges between two columns cross, each edge a pair of places."""
    return sum(
        (one[0] - other[0]) * (one[1] - other[1]) < 0
        for number, one in enumerate(edges)
        for other in edges[number + 1 :]
    )


def order_by(neighbours: Mapping[str, Sequence[str]], middle: Sequence[str]) -> list[str]:
    """Return the nodes of an outer column by the mean place of their neighbours (barycentre heuristic)."""
    place = {node: number for number, node in enumerate(middle)}
    return sorted(
        neighbours,
        key=lambda node: (sum(place[one] for one in neighbours[node]) / max(1, len(neighbours[node])), node),
    )


def order_of_middle(middle: Sequence[str], sides: Sequence[Mapping[str, Sequence[str]]]) -> list[str]:
    """Return the middle column in an order with few crossings.

    Each of `sides` maps the nodes of an outer column to their neighbours in the middle. Nodes that hang
    together stand together; each such group is put into the order, of all its orders, whose edges cross least
    when the outer columns follow by barycentre. The given order decides between equals.
    """
    group = {node: node for node in middle}

    def root(node: str) -> str:
        while group[node] != node:
            node = group[node]
        return node

    for side in sides:
        for neighbours in side.values():
            for one in neighbours[1:]:
                group[root(one)] = root(neighbours[0])
    members: dict[str, list[str]] = {}
    for node in middle:
        members.setdefault(root(node), []).append(node)
    ordered: list[str] = []
    for nodes in members.values():
        inner = [{outer: near for outer, near in side.items() if near and near[0] in nodes} for side in sides]
        ordered += _least_crossed(nodes, inner)
    return ordered


def _least_crossed(nodes: Sequence[str], sides: Sequence[Mapping[str, Sequence[str]]]) -> Sequence[str]:
    if len(nodes) > _TRIED:
        return nodes
    return min(permutations(nodes), key=lambda order: sum(_crossed(order, side) for side in sides))


def _crossed(middle: Sequence[str], side: Mapping[str, Sequence[str]]) -> int:
    outer = order_by(side, middle)
    edges = [(middle.index(near), place) for place, node in enumerate(outer) for near in side[node]]
    return crossings(edges)


def spread(wanted: Sequence[float], heights: Sequence[float], gap: float) -> list[float]:
    """Return centres as near as can be to the wanted ones, in the same order, `gap` apart at least.

    Nearest in the sum of squares: blocks that touch move to their mean (pool-adjacent-violators).
    """
    offsets = [0.0]
    for above, below in pairwise(heights):
        offsets.append(offsets[-1] + (above + below) / 2 + gap)
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=False):
        mean, size = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    base = [mean for mean, size in blocks for _ in range(size)]
    return [low + offset for low, offset in zip(base, offsets, strict=False)]
