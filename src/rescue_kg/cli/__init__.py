"""The command line `rescue-kg`: a face on the library, whose commands are imported when they are used."""

import click

from rescue_kg.cli.group import CommandGroup, print_version

__all__ = ["app", "main"]


@click.group(
    "rescue-kg",
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Data goes to standard output, messages to standard error; - names a standard stream. "
    "Exit status: 0 fine, 1 checks failed, 2 wrong use or bad input, 3 not available here. "
    "The review's citations are unverified: this is a research tool, not medical advice.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show the version.",
)
def app() -> None:
    """Ask, check and export an evidence graph of what is tried when the usual treatment has failed."""


def main() -> None:
    """Run the command line on `sys.argv` and leave the process with its exit status."""
    app.main(prog_name="rescue-kg")
