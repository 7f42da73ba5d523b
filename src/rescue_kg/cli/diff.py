"""`rescue-kg diff`: what changed between two graphs."""

from __future__ import annotations

import click

from rescue_kg.cli.common import Interruptible, put

__all__ = ["command"]


@click.command("diff", short_help="Say what changed between two files or releases.")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Form of the answer; text is for reading, json tells everything.",
)
@click.option("--statements", is_flag=True, help="List every changed statement in the text as well.")
@click.option("--exit-code", is_flag=True, help="Exit 1 when there is a difference, as git diff does.")
@click.pass_context
def command(ctx: click.Context, old: str, new: str, form: str, statements: bool, exit_code: bool) -> None:
    """Say what changed from OLD to NEW in terms, in claims and in statements.

    Each is a file in any RDF format, a release folder, or - for Turtle on standard input. What the graphs
    state is compared, inferred graphs are left aside; blank nodes are compared by what they stand for. Exit
    status 0 also when there is a difference, unless --exit-code is given.
    """
    from rescue_kg.diff import compare

    if old == new == "-":
        raise click.UsageError("standard input can be read once, found - for OLD and for NEW")
    with Interruptible():
        difference = compare(old, new)
    if form == "json":
        from json import dumps

        put(dumps(difference.to_dict(), ensure_ascii=False, indent=2) + "\n")
    else:
        put(difference.to_text(statements=statements))
    if exit_code and not difference.same:
        ctx.exit(1)
