"""`rescue-kg completion`: the script that lets a shell complete commands, options and question names."""

from __future__ import annotations

import click

from rescue_kg.cli.common import put

__all__ = ["command"]


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a SHELL.

    To have it in every session, add the line to the start-up file of the shell:

    \b
        bash: eval "$(rescue-kg completion bash)"
        zsh:  eval "$(rescue-kg completion zsh)"
        fish: rescue-kg completion fish | source
    """  # noqa: D301 - click wants the character itself
    from click.shell_completion import get_completion_class

    script = get_completion_class(shell)
    if script is None:
        raise click.UsageError(f"click has no completion for {shell}")
    put(script(ctx.find_root().command, {}, "rescue-kg", "_RESCUE_KG_COMPLETE").source() + "\n")
