"""`rescue-kg compare`: claims beside what studies measured."""

from __future__ import annotations

import click

from rescue_kg.cli.common import (
    FORMATS,
    Interruptible,
    graph_option,
    open_graph,
    put,
    show_answer,
    terminal_width,
)

__all__ = ["command"]


@click.command("compare", short_help="Hold claims against what studies measured.")
@click.argument("term", metavar="[CLAIM|CONDITION|INTERVENTION]", required=False)
@click.option(
    "--findings",
    is_flag=True,
    help="In the forms that are tables (csv, tsv, markdown): the findings instead of the claims.",
)
@graph_option
@click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Form of the answer; JSON holds claims, findings and alternatives.",
)
def command(term: str | None, findings: bool, graph_files: tuple[str, ...], form: str) -> None:
    """Show for each claim whether studies support it, and the findings behind the verdict.

    TERM is a claim, a condition with its kinds, or an intervention with its kinds; without it, everything.
    The best evidence decides: randomized before not, in the refractory state before elsewhere.

    \b
        rescue-kg compare "septic shock"
        rescue-kg compare claim:ecpr-ohca-survival
        rescue-kg compare ustekinumab --format tsv --findings
    """  # noqa: D301 - click wants the character itself
    if findings and form in ("text", "json"):
        raise click.UsageError(f"found --findings with --format {form}, which shows them anyway")
    with Interruptible():
        comparison = open_graph(graph_files).compare(term)
    if form == "text":
        put(comparison.to_text(terminal_width()))
    elif form == "json":
        import json

        put(json.dumps(comparison.to_dict(), indent=2, ensure_ascii=False, default=str) + "\n")
    else:
        show_answer(comparison.findings if findings else comparison.claims, form)
