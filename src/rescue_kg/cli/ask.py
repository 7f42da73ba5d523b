"""`rescue-kg ask`: answer a question of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rescue_kg.cli.common import (
    Interruptible,
    format_option,
    graph_option,
    limit_options,
    open_endpoint,
    open_graph,
    show_answer,
)
from rescue_kg.errors import ParameterError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["command"]


def _complete_name(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from rescue_kg import questions

    return [CompletionItem(name) for name in questions.names() if name.startswith(incomplete)]


def _complete_parameter(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from rescue_kg import questions
    from rescue_kg.errors import RescueKgError

    try:
        question = questions.read(ctx.params.get("name") or "")
    except RescueKgError:
        return []
    items = [CompletionItem(f"{known.name}=", help=known.description) for known in question.params]
    return [item for item in items if item.value.startswith(incomplete)]


@click.command("ask", short_help="Answer a question of the catalogue.")
@click.argument("name", metavar="QUESTION", shell_complete=_complete_name)
@click.argument("values", metavar="[PARAMETER=VALUE]...", nargs=-1, shell_complete=_complete_parameter)
@graph_option
@limit_options
@format_option
def command(
    name: str,
    values: tuple[str, ...],
    graph_files: tuple[str, ...],
    url: str | None,
    store: str | None,
    timeout: float | None,
    memory: str | None,
    form: str,
) -> None:
    """Answer a question of the catalogue; `rescue-kg questions` lists them.

    A value is a number, a text, true or false, or a node by IRI, CURIE, label or synonym:

    \b
        rescue-kg ask recurring-interventions minimum=3
        rescue-kg ask rescue-options condition="septic shock" --format csv
        rescue-kg ask recurring-interventions --endpoint http://localhost:7878 --store oxigraph
        rescue-kg ask claim-verdicts --timeout 30 --memory 2GB
    """  # noqa: D301 - click wants the character itself
    params: dict[str, object] = {}
    for text in values:
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise ParameterError(f"{name}: found {text!r}, expected PARAMETER=VALUE such as minimum=2")
        if key in ("timeout", "memory"):
            raise ParameterError(f"{name}: found {text!r}, expected the option --{key} {value}")
        if key in params:
            raise ParameterError(f"{name}: parameter {key!r} is given more than once, expected one value")
        params[key] = value
    if url is not None:
        from rescue_kg import remote

        with open_endpoint(url, graph_files, store, timeout, memory) as endpoint:
            show_answer(remote.ask(endpoint, name, **params), form)
        return
    from rescue_kg import questions

    with Interruptible():
        # Most questions are about the review alone, and the first answer does not wait for the evidence.
        evidence = "evidence" in questions.read(name).reads
        answer = open_graph(graph_files, evidence=evidence).ask(
            name, timeout=timeout, memory=memory, **params
        )
    show_answer(answer, form)
