"""`rescue-kg trace`: the passages of a claim in the reader's own copy of the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rescue_kg.cli.common import (
    Interruptible,
    format_option,
    graph_option,
    open_graph,
    put,
    show_answer,
    terminal_width,
)
from rescue_kg.cli.group import say

if TYPE_CHECKING:
    from rescue_kg.trace import Passage, Trace

__all__ = ["command"]

_WIDTH = 100


@click.command("trace", short_help="Show the passages of a claim in your copy of the text.")
@click.argument("claim")
@click.option(
    "--source", metavar="FILE", required=True, help="Your copy of the text, in UTF-8; - for standard input."
)
@graph_option
@format_option
@click.pass_context
def command(ctx: click.Context, claim: str, source: str, graph_files: tuple[str, ...], form: str) -> None:
    """Show where a CLAIM stands in your own copy of the text, and check each passage against its hash.

    A passage that is not at its offsets is looked for in the whole copy (another header, other line breaks).
    Exit status 1 when one is not found.
    """
    if source == "-" and "-" in graph_files:
        raise click.UsageError("standard input can be read once, found - for --source and for --graph")
    from rescue_kg.trace import read_source, trace

    text = read_source(source)
    with Interruptible():
        result = trace(open_graph(graph_files, infer=False), claim, text)
    if form == "text":
        put(_text(result))
    else:
        show_answer(result.answer(), form)
    found = [passage.status for passage in result.passages]
    if "moved" in found:
        say(
            f"{found.count('moved')} of {len(found)} passages stand elsewhere than recorded: "
            "this is another copy of the text"
        )
    if not result.ok:
        say(
            f"{found.count('mismatch')} of {len(found)} passages were not found in {source}; "
            "give the text that the claim was read from",
            label="error",
            colour="red",
        )
        ctx.exit(1)


def _text(result: Trace) -> str:
    from rescue_kg.namespaces import contract

    width = min(terminal_width() or _WIDTH, _WIDTH)
    blocks = [f"{contract(result.claim)}\n{result.label}\n"]
    blocks += [_block(passage, width) for passage in result.passages]
    return "\n".join(blocks)


def _block(passage: Passage, width: int) -> str:
    from textwrap import fill

    from rescue_kg.namespaces import contract

    place = f"{passage.section}, paragraph {passage.paragraph}, sentence {passage.sentence}"
    offsets = f"characters {passage.start}-{passage.end}"
    if passage.status == "moved":
        offsets += f", here {passage.found_start}-{passage.found_end}"
    # Values such as rescue:absent are told by their slug; their sets are told by the words before them.
    words = [f"strength {contract(passage.strength).partition(':')[2]}"] if passage.strength else []
    words += [f"cues {', '.join(map(repr, passage.cues))}"] if passage.cues else []
    words += (
        [f"refractory qualifier {contract(passage.qualifier).partition(':')[2]}"] if passage.qualifier else []
    )
    lines = [f"{contract(passage.mention)}: {passage.status}", f"  {place} ({offsets})"]
    lines += [f"  {'; '.join(words)}"] if words else []
    if passage.text is not None:
        lines.append(
            fill(" ".join(passage.text.split()), width, initial_indent="  > ", subsequent_indent="  > ")
        )
    return "\n".join(lines) + "\n"
