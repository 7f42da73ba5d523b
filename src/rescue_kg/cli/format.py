"""`rescue-kg format`: write Turtle files in the canonical layout, or check that they are."""

from __future__ import annotations

import sys

import click

from rescue_kg.cli.common import put
from rescue_kg.cli.group import say
from rescue_kg.errors import RescueKgError

__all__ = ["command"]


@click.command("format", short_help="Write Turtle files in the canonical layout.")
@click.argument("files", metavar="FILE...|-", nargs=-1, required=True)
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when a file would change.")
@click.pass_context
def command(ctx: click.Context, files: tuple[str, ...], check: bool) -> None:
    """Write Turtle files in the canonical layout: stable order, section heads, small diffs.

    Comments do not survive, since they are no part of a graph. A - reads standard input and writes the
    layout to standard output.
    """
    status = 0
    for file in files:
        try:
            if file == "-":
                _standard_streams(check)
            else:
                _file(file, check)
        except RescueKgError as error:
            # The other files are looked at all the same.
            say(str(error), label="error", colour="red")
            status = max(status, error.exit_code)
    ctx.exit(status)


def _file(file: str, check: bool) -> None:
    from rescue_kg import layout

    changed = layout.format_file(file, check=check)
    say(f"{file}: written in the canonical layout" if changed else f"{file}: in the canonical layout")


def _standard_streams(check: bool) -> None:
    from rescue_kg import layout
    from rescue_kg.errors import ChecksFailedError

    data = sys.stdin.buffer.read()
    wanted = layout.canonical(data, source="<standard input>").encode()
    if not check:
        put(wanted)
    elif data != wanted:
        raise ChecksFailedError("<standard input>: not in the canonical layout; run: rescue-kg format -")
