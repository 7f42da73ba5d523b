"""`rescue-kg questions`: list the catalogue, or show one question in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rescue_kg.cli.common import format_option, put, show_answer

if TYPE_CHECKING:
    from rescue_kg.answers import Answer
    from rescue_kg.questions import Question

__all__ = ["command"]


@click.command("questions", short_help="List the questions that can be asked, or show one.")
@click.argument("name", metavar="[QUESTION]", required=False)
@click.option("--tag", help="List the questions with this tag only.")
@format_option
def command(name: str | None, tag: str | None, form: str) -> None:
    """List the questions that can be asked; with a QUESTION, show its parameters, columns and SPARQL text."""
    from rescue_kg import questions

    if name is None:
        show_answer(_list(questions.catalogue(), tag), form)
        return
    if tag is not None or form != "text":
        raise click.UsageError("--tag and --format are for the list, without a QUESTION")
    put(_in_full(questions.read(name)))


def _list(catalogue: tuple[Question, ...], tag: str | None) -> Answer:
    from rescue_kg.answers import Answer
    from rescue_kg.errors import UnknownNameError, did_you_mean

    tags = sorted({known for question in catalogue for known in question.tags})
    if tag is not None and tag not in tags:
        raise UnknownNameError(
            f"no question has the tag {tag!r}, expected one of {', '.join(tags)}{did_you_mean(tag, tags)}"
        )
    rows = [
        (question.name, question.question, ", ".join(question.tags), ", ".join(question.cost))
        for question in catalogue
        if tag is None or tag in question.tags
    ]
    return Answer(("name", "question", "tags", "cost"), rows, "Questions")


def _in_full(question: Question) -> str:
    lines = [
        question.title,
        "",
        question.question,
        "",
        f"tags: {', '.join(question.tags)}",
        "",
        f"cost: grows with {', '.join(question.cost) or 'what its header does not say'}",
        "",
        "parameters:",
    ]
    for parameter in question.params:
        if parameter.required:
            default = "required"
        else:
            default = "default: any" if parameter.default is None else f"default: {_shown(parameter.default)}"
        lines.append(
            f"  {parameter.name} ({parameter.type}, {default}): {parameter.description}".rstrip(": ")
        )
    if not question.params:
        lines[-1] = "parameters: none"
    lines += ["", "returns:", *(f"  {column} ({kind})" for column, kind in question.returns.items())]
    return "\n".join(lines) + f"\n\n{question.text.strip()}\n"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    curie: str | None = getattr(value, "curie", None)
    return curie or str(value)
