"""Every question of the catalogue, asked of one graph, with the values its parameters had."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import QuerySolutions

from rescue_kg import questions
from rescue_kg.answers import Answer, Iri
from rescue_kg.errors import ParseError

if TYPE_CHECKING:
    from rescue_kg.graph import RescueGraph
    from rescue_kg.questions import Question
    from rescue_kg.report.facts import Facts

__all__ = ["Asked", "Column", "Setting", "ask_all", "readable"]

_EXAMPLE: Final = r"VALUES \?{name} \{{ (.*) \}}"
_WORDS: Final = {
    "claim_label": "what the text says",
    "or_claim": "or",
    "with_kinds": "with its kinds",
    "direct": "by its own name",
    "at_least": "at least",
    "from_section": "from",
    "to_section": "to",
    "from_strength": "worded",
    "to_strength": "then worded",
    "from_qualifier": "qualifier",
    "to_qualifier": "then",
    "rescue_state": "offered as rescue in",
    "failed_state": "had failed in",
    "modes": "how",
    "named": "named",
    "wording": "in the words of the source",
}


@dataclass(frozen=True)
class Setting:
    """A parameter with the value that the report used, and whether it is only the example of the file."""

    name: str
    value: str
    description: str
    example: bool


@dataclass(frozen=True)
class Asked:
    """One question with its answer."""

    question: Question
    answer: Answer
    settings: tuple[Setting, ...]

    @property
    def sparql(self) -> str:
        """The query without the header that the page shows in its own way."""
        return "\n".join(line for line in self.question.text.splitlines() if not line.startswith("#+"))


@dataclass(frozen=True)
class Column:
    """One column for a reader: a heading, the place of its text, and of the node that it names, if any."""

    heading: str
    text: int
    node: int | None


def ask_all(graph: RescueGraph) -> list[Asked]:
    """Return every question with its answer, by name; each file is run as it stands.

    A parameter that must be given has the example value of its file. Raises ParseError as asking does.
    """
    return [_asked(graph, question) for question in questions.catalogue()]


def _asked(graph: RescueGraph, question: Question) -> Asked:
    result = graph.store.query(question.text, where=f"{question.name}.rq")
    if not isinstance(result, QuerySolutions):
        raise ParseError(f"{question.name}.rq: found a query that is no SELECT, expected one")
    settings = tuple(
        Setting(
            name=parameter.name,
            value=_example(question.text, parameter.name),
            description=parameter.description,
            example=parameter.required,
        )
        for parameter in question.params
    )
    return Asked(question, Answer.from_solutions(result, question.title), settings)


def _example(text: str, name: str) -> str:
    match = re.search(_EXAMPLE.format(name=name), text)
    written = match[1].strip() if match else ""
    return "any" if written == "UNDEF" else written


def readable(answer: Answer, facts: Facts) -> list[Column]:
    """Return the columns for a reader: a node and the column of its labels right after it become one."""
    columns = []
    place = 0
    names = answer.columns
    while place < len(names):
        paired = place + 1 < len(names) and _labels(answer, place, facts)
        # The label's own name says what it is where it is more than `..._label`.
        word = _WORDS.get(names[place + 1]) if paired else None
        heading = word or _WORDS.get(names[place]) or names[place].replace("_", " ")
        columns.append(
            Column(
                heading[:1].upper() + heading[1:], place + 1 if paired else place, place if paired else None
            )
        )
        place += 2 if paired else 1
    return columns


def _labels(answer: Answer, place: int, facts: Facts) -> bool:
    """Whether a column holds nodes and the next one their labels, in every row."""
    cells = [(row[place], row[place + 1]) for row in answer]
    return bool(cells) and all(
        node is None or (isinstance(node, Iri) and facts.label(node) == text) for node, text in cells
    )
