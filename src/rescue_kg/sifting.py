"""The nodes of a graph that shapes may find wrong, found in one pass over what is stated.

Most nodes are in order, and many are alike in all that the shapes look at: those are judged once, by
`rescue_kg.certainty`. The rest is for an engine. Memory is bounded: what is met of more nodes than there is
room for goes to temporary files until the pass is over.
"""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Final

from pyoxigraph import RdfFormat

from rescue_kg.certainty import Judge, Seen, seen
from rescue_kg.cutting import to_node
from rescue_kg.shape_plan import TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rescue_kg.certainty import Sure
    from rescue_kg.cutting import Node, Stated
    from rescue_kg.shape_plan import Plan

    _Fact = tuple[str, str, tuple[Sure, ...]]
    #: Codes of what was met of each node, and the numbers that are compared: property -> node -> number.
    _Met = tuple[dict[str, list[int]], dict[str, dict[str, str]]]

__all__ = ["ROOM", "suspects"]

#: What is met of so many nodes is held in memory, in some 120 MB.
ROOM: Final = 200_000
#: So many lines, and kinds of nodes, are known at a time, and so much text is looked at in one go.
_LINES: Final = 100_000
_BLOCK: Final = 1 << 18
_FILES: Final = 64
_TYPE: Final = str(TYPE)


def suspects(stated: Stated, how: Plan, room: int = ROOM) -> Iterator[Node]:
    """Yield each node that a shape that can be cut targets and may find wrong, once, in no order.

    pySHACL finds nothing wrong with any other node. `room` is the number of nodes that are held in memory.
    """
    sieve = _Sieve(stated, how, room)
    try:
        for name in stated.graphs:
            stated.store.native.dump(output=sieve, format=RdfFormat.N_TRIPLES, from_graph=name)  # type: ignore[arg-type]
            sieve.end()
        for node in sieve.suspects():
            yield to_node(node)
    finally:
        sieve.close()


class _Sieve:
    """A file to write N-Triples to, which keeps what shapes see of each node, as codes of what is alike."""

    def __init__(self, stated: Stated, how: Plan, room: int) -> None:
        self._judge = Judge(how.marked, how.targets, stated.below)
        self._codes = _Codes(stated, self._judge)
        self._room = room
        self._rest = bytearray()
        self._nodes: dict[str, list[int]] = defaultdict(list)
        self._numbers: dict[str, dict[str, str]] = defaultdict(dict)
        #: Nodes with two values of a property that is compared.
        self._odd: set[str] = set()
        self._files: list[IO[str]] = []

    def write(self, data: bytes) -> int:
        self._rest += data
        if len(self._rest) >= _BLOCK:
            end = self._rest.rfind(b"\n") + 1
            self._read(self._rest[:end].decode())
            del self._rest[:end]
        return len(data)

    def flush(self) -> None:
        """Do nothing: there may be a part of a line."""

    def end(self) -> None:
        """Read what is left of a graph."""
        self._read(self._rest.decode())
        self._rest.clear()

    def close(self) -> None:
        """Remove the temporary files."""
        for file in self._files:
            file.close()

    def _read(self, text: str) -> None:
        nodes, codes, last = self._nodes, self._codes, ""
        for line in text.split("\n")[:-1]:
            node, _, rest = line.partition(" ")
            if code := codes[rest]:
                if node != last:
                    last, own = node, nodes[node]
                own.append(code)
                if code < 0:
                    path, _, value = rest.partition(" ")
                    self._number(path, node, value)
        if len(nodes) > self._room:
            self._spill()

    def _number(self, path: str, node: str, value: str) -> None:
        if self._numbers[path].setdefault(node, value) != value:
            self._odd.add(node)

    def _spill(self) -> None:
        """Move what was met so far to files, all of a node to the same one."""
        if not self._files:
            self._files = [TemporaryFile("w+", encoding="ascii") for _ in range(_FILES)]  # noqa: SIM115 - in close()
        parts: list[_Met] = [({}, {}) for _ in self._files]
        for node, codes in self._nodes.items():
            parts[hash(node) % _FILES][0][node] = codes
        for path, numbers in self._numbers.items():
            for node, number in numbers.items():
                parts[hash(node) % _FILES][1].setdefault(path, {})[node] = number
        for file, part in zip(self._files, parts, strict=True):
            file.write(json.dumps(part) + "\n")
        self._nodes.clear()
        self._numbers.clear()

    def _met(self) -> Iterator[_Met]:
        """Yield what was met, all of a node at once."""
        if not self._files:
            yield self._nodes, self._numbers
            return
        self._spill()
        for file in self._files:
            file.seek(0)
            for line in file:
                nodes, numbers = json.loads(line)
                for node, codes in nodes.items():
                    self._nodes[node] += codes
                for path, own in numbers.items():
                    for node, number in own.items():
                        self._number(path, node, number)
            yield self._nodes, self._numbers
            self._nodes.clear()
            self._numbers.clear()

    def suspects(self) -> Iterator[str]:
        """Yield the nodes, in N-Triples, that do not surely conform."""
        known: tuple[dict[tuple[int, ...], Sure], ...] = ({}, {})
        for nodes, numbers in self._met():
            wrong = self._odd | self._wrong_pairs(numbers)
            for node, codes in nodes.items():
                key, verdicts = tuple(codes), known[node[0] == "_"]
                if key not in verdicts:
                    if len(verdicts) >= _LINES:
                        verdicts.clear()
                    verdicts[key] = self._judge.conforms(self._seen(codes, node[0], None))
                sure = verdicts[key]
                # What a node is called may tell where what it has in common with others does not.
                if sure is None and node[0] == "<":
                    sure = self._judge.conforms(self._seen(codes, "<", node[1:-1]))
                if not sure or node in wrong:
                    yield node

    def _seen(self, codes: list[int], kind: str, text: str | None) -> Seen:
        values: dict[str, list[tuple[Sure, ...]]] = defaultdict(list)
        facts = [self._codes.facts[code] for code in codes]
        for path, _, found in facts:
            values[path].append(found)
        return Seen(kind, text, types={kind for _, kind, _ in facts if kind}, values=values)

    def _wrong_pairs(self, numbers: dict[str, dict[str, str]]) -> set[str]:
        """Return the nodes with a number that is too high for another one."""
        return {
            node
            for pair in self._judge.pairs
            for node, number in numbers.get(pair.lower, {}).items()
            if (other := numbers.get(pair.higher, {}).get(node))
            and not _is_right(number, other, strictly=pair.strictly)
        }


class _Codes(dict[str, int]):
    """What shapes see in the property and value of a line, the rest of it after the node, as a code.

    Lines in which they see the same have the same code, and those in which they see nothing have 0. The code
    of a property that is compared is negative. `facts` has what each code stands for: the property, a class
    that matters, and what surely holds of the value. Codes of many lines are forgotten, and found again.
    """

    def __init__(self, stated: Stated, judge: Judge) -> None:
        super().__init__()
        self._stated, self._judge = stated, judge
        self._compared = {path for pair in judge.pairs for path in (pair.lower, pair.higher)}
        #: For each path that shapes look at, the codes of texts, by what comes after them, where that is all
        #: that shapes see.
        self._ends: dict[str, dict[str, int]] = {path: {} for path in (*judge.paths, _TYPE)}
        self.facts: dict[int, _Fact] = {}
        self._codes: dict[_Fact, int] = {}

    def __missing__(self, line: str) -> int:
        path, _, value = line.partition(" ")
        ends = self._ends.get(path)
        if ends is None:
            return 0
        end = ""
        if value[0] == '"' and path not in self._judge.worded:
            end = value[value.rindex('"') :]
            if end in ends:
                return ends[end]
        code = self._code(path, value[:-2])
        # Of a typed literal, the text says whether it is plain.
        if end and end[1] != "^":
            ends[end] = code
            return code
        if len(self) >= _LINES:
            self.clear()
        self[line] = code
        return code

    def _code(self, path: str, value: str) -> int:
        judge = self._judge
        fact = (
            path,
            value if path == _TYPE and value in judge.classes else "",
            judge.finds(path, seen(value, self._types)) if path in judge.paths else (),
        )
        if fact not in self._codes:
            code = len(self._codes) + 1
            code = self._codes[fact] = -code if path in self._compared else code
            self.facts[code] = fact
        return self._codes[fact]

    def _types(self, node: str) -> set[str]:
        return {str(quad.object) for quad in self._stated.quads(to_node(node), TYPE)}


def _is_right(lower: str, higher: str, *, strictly: bool) -> bool:
    """Return whether a number in N-Triples is below another, or as high where that is right too.

    Other constraints see to it that a node with something else than two plain numbers is a suspect.
    """
    try:
        one, other = (Decimal(text[1 : text.index('"', 1)]) for text in (lower, higher))
        return one < other if strictly else one <= other
    except (ArithmeticError, ValueError):
        return False
