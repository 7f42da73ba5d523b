"""The closure of a graph: CONSTRUCT rules, one a file, run in the order of their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import NamedNode, Quad, QueryTriples

from rescue_kg import headers
from rescue_kg.errors import InputError, ParseError
from rescue_kg.questions import names
from rescue_kg.resources import data_path
from rescue_kg.store import Store

if TYPE_CHECKING:
    import os

__all__ = ["TARGETS", "Rule", "apply", "catalogue"]

#: What a rule may write to: `<graph>/inferred` or `<graph>/summary`.
TARGETS: Final = ("inferred", "summary")

_KEYS: Final = {"title", "question", "target", "repeat"}
_NAME: Final = re.compile(r"[0-9]{2,}-[a-z0-9]+(?:-[a-z0-9]+)*")


class Rule(NamedTuple):
    """One file of the rules: a CONSTRUCT query; `repeat` runs it until it finds nothing new."""

    name: str
    title: str
    question: str
    target: str
    repeat: bool
    text: str
    path: str


def catalogue(folder: str | os.PathLike[str] | None = None) -> tuple[Rule, ...]:
    """Return the rules of a folder (the packaged ones) in the order they run in: by file name.

    Raises ParseError for a wrong header or file name.
    """
    place = data_path("queries", "rules") if folder is None else str(folder)
    return tuple(_read(place, name) for name in names(place))


def apply(store: Store, *, graph: str, folder: str | os.PathLike[str] | None = None) -> dict[str, int]:
    """Rebuild `<graph>/inferred` and `<graph>/summary` from the rules and return rule name -> triples found.

    The rules read the union of all graphs, and what the rules before them found; a triple that some graph
    states is not written again, since the union would hold it twice. Each of the two graphs is written by one
    call; the old ones go first, so that a run that is broken off leaves a missing closure, never a half one.
    """
    rules = catalogue(folder)
    targets = {target: f"{graph}/{target}" for target in TARGETS}
    for target in targets.values():
        store.drop(target)
    # A store in memory is gone when the process is, so the rules may write to it as they go; one on disk is
    # left alone until all is known.
    work = store if store.path is None else _copy(store)
    found: dict[str, list[Quad]] = {target: [] for target in TARGETS}
    counts: dict[str, int] = {}
    done = False
    try:
        for rule in rules:
            fresh = _run(rule, work, targets[rule.target])
            found[rule.target] += fresh
            counts[rule.name] = len(fresh)
        done = True
    finally:
        if not done:
            for target in targets.values():
                store.drop(target)
    if work is not store:
        for target, quads in found.items():
            store.load_quads(quads, targets[target])
    return counts


def _copy(store: Store) -> Store:
    copy = Store()
    copy.native.extend(store.native)
    return copy


def _run(rule: Rule, work: Store, target: str) -> list[Quad]:
    """Run one rule, to the fixpoint where it repeats; add what is new to the target graph and return it."""
    name = NamedNode(target)
    every: list[Quad] = []
    find = work.native.quads_for_pattern
    while True:
        results = work.query(rule.text, where=rule.path)
        if not isinstance(results, QueryTriples):
            raise ParseError(f"{rule.path}: found a query that is no CONSTRUCT, expected one")
        # CONSTRUCT gives a triple once for each way in which it follows.
        new = [
            Quad(triple.subject, triple.predicate, triple.object, name)
            for triple in dict.fromkeys(results)
            if next(find(triple.subject, triple.predicate, triple.object), None) is None
        ]
        work.native.extend(new)
        every += new
        if not (rule.repeat and new):
            return every


def _read(folder: str, name: str) -> Rule:
    path = f"{folder}/{name}.rq"
    try:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123 - no pathlib here
            text = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}), expected a rule in UTF-8") from error
    if not _NAME.fullmatch(name):
        raise ParseError(f"{path}: found the file name {name}.rq, expected one such as 10-direct-rescue.rq")
    header = headers.split(text, path)
    for key in header:
        if key not in _KEYS:
            raise ParseError(f"{path}: found the header key {key!r}, expected {', '.join(sorted(_KEYS))}")
    title, question, target = (header.get(key) for key in ("title", "question", "target"))
    repeat = header.get("repeat", False)
    if not isinstance(title, str) or not isinstance(question, str):
        raise ParseError(f"{path}: found no title or no question in the header, expected a text for each")
    if target not in TARGETS:
        raise ParseError(f"{path}: found target {target!r} in the header, expected {' or '.join(TARGETS)}")
    if not isinstance(repeat, bool):
        raise ParseError(f"{path}: found repeat {repeat!r} in the header, expected true or false")
    return Rule(name, title, question, str(target), repeat, text, path)
