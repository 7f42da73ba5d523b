"""The group of commands: imports a command when it is used, makes every error one line and a status."""

from __future__ import annotations

import os
import sys
from typing import Any, Final, NoReturn

import click

from rescue_kg.errors import RescueKgError, did_you_mean

__all__ = ["COMMANDS", "CommandGroup", "print_version", "say"]

#: The commands, in the order in which they are listed; each is a module beside this one, but see _MODULES.
COMMANDS: Final = (
    "report",
    "compare",
    "pool",
    "plot",
    "network",
    "ask",
    "questions",
    "query",
    "show",
    "search",
    "tree",
    "validate",
    "check",
    "audit",
    "infer",
    "reason",
    "template",
    "add",
    "load",
    "remove",
    "import",
    "export",
    "push",
    "pull",
    "format",
    "align",
    "release",
    "diff",
    "trace",
    "completion",
)

#: Commands whose name is a keyword of Python, and so no name of a module.
_MODULES: Final = {"import": "import_studies"}

_INTERRUPTED: Final = 130


class CommandGroup(click.Group):
    """A click group that finds its commands by name in this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands, the main job first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command, or None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module = _MODULES.get(cmd_name, cmd_name)
        command: click.Command = import_module(f"rescue_kg.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names; for an unknown one, near names are offered."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"unknown command {name!r}{did_you_mean(name, COMMANDS)}")
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Any = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line; every failure is one line on standard error and an exit status."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except RescueKgError as error:
            _leave(error.exit_code, str(error))
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            _leave(error.exit_code)
        except click.ClickException as error:
            _leave(error.exit_code, _one_line(error))
        except (click.Abort, KeyboardInterrupt):
            _leave(_INTERRUPTED, "interrupted")
        except UnicodeEncodeError as error:
            found = f"found {error.object[error.start : error.end]!r} in an argument"
            _leave(2, f"{found}, which is no text in the encoding of this locale; expected UTF-8")
        # With standalone_mode off, click returns the status of ctx.exit().
        sys.exit(status if isinstance(status, int) else 0)


def print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    """Print the version and leave."""
    if value and not ctx.resilient_parsing:
        from rescue_kg._version import __version__

        click.echo(f"rescue-kg {__version__}")
        ctx.exit()


def say(message: str, *, label: str = "", colour: str = "yellow") -> None:
    """Write a message to standard error, its label in colour on a terminal unless NO_COLOR is set."""
    if label:
        label = f"{label}: " if os.environ.get("NO_COLOR") else click.style(f"{label}: ", fg=colour)
    click.echo(label + message, err=True)


def _leave(status: int, message: str | None = None) -> NoReturn:
    if message is not None:
        try:
            say(message, label="error", colour="red")
        except OSError:
            # Standard error is closed; the status still tells.
            sys.stderr = None
    sys.exit(status)


def _one_line(error: click.ClickException) -> str:
    message = " ".join(error.format_message().split())
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    return message if ctx is None else f"{message.rstrip('.')} (see {ctx.command_path} --help)"
