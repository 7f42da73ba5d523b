"""What the commands share: options, opening a graph, showing an answer, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from rescue_kg.cli.group import say

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from click.shell_completion import CompletionItem

    from rescue_kg.answers import Answer
    from rescue_kg.graph import RescueGraph
    from rescue_kg.remote import Endpoint

__all__ = [
    "FORMATS",
    "Interruptible",
    "format_option",
    "graph_option",
    "limit_options",
    "open_endpoint",
    "open_graph",
    "put",
    "read_text",
    "show_answer",
    "store_options",
    "terminal_width",
]

#: The forms of an answer; text is a table, the same in a pipe as on a terminal of any width.
FORMATS: Final = ("text", "csv", "tsv", "json", "markdown")

_BROKEN_PIPE: Final = 141
_SECONDS: Final = click.FloatRange(0, min_open=True)
#: How long an endpoint is waited for, in seconds.
_PATIENCE: Final = 60.0

_F = TypeVar("_F", bound="Callable[..., Any]")


def graph_option(function: _F) -> _F:
    """Add `--graph FILE`, repeatable."""
    return click.option(
        "--graph",
        "graph_files",
        metavar="FILE",
        multiple=True,
        help="RDF file, or folder of a store, to read instead of the packaged graph; files are repeatable, - "
        "is Turtle on standard input.",
    )(function)


def format_option(function: _F) -> _F:
    """Add `--format`, one of FORMATS."""
    return click.option(
        "--format",
        "-f",
        "form",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="Form of the answer; text is for reading, also in a pipe, the others are for programs.",
    )(function)


def store_options(*, required: bool) -> Callable[[_F], _F]:
    """Add `--store KIND` and `--timeout SECONDS`, for a command that talks to a triple store."""

    def decorate(function: _F) -> _F:
        function = click.option(
            "--timeout",
            type=_SECONDS,
            default=_PATIENCE,
            show_default=True,
            metavar="SECONDS",
            help="How long to wait for an answer of the endpoint.",
        )(function)
        return _store_option(required=required)(function)

    return decorate


def limit_options(function: _F) -> _F:
    """Add `--endpoint URL` with `--store`, and the limits `--timeout` and `--memory`, for one query."""
    function = click.option(
        "--memory",
        metavar="SIZE",
        help="How much memory the query may take beyond the graph, such as 2GB; no limit by default.",
    )(function)
    function = click.option(
        "--timeout",
        type=_SECONDS,
        metavar="SECONDS",
        help=f"How long the query may take; no limit by default, {_PATIENCE:g} s at an endpoint.",
    )(function)
    function = _store_option(required=False)(function)
    return click.option(
        "--endpoint",
        "url",
        metavar="URL",
        help="Ask the triple store at this URL instead of the packaged graph.",
    )(function)


def _store_option(*, required: bool) -> Callable[[_F], _F]:
    return click.option(
        "--store",
        metavar="KIND",
        required=required,
        shell_complete=_complete_store,
        help="Kind of store at the endpoint: oxigraph, virtuoso, fuseki, graphdb, rdf4j, qlever, neptune "
        "or stardog.",
    )


def open_endpoint(
    url: str, graph_files: tuple[str, ...], store: str | None, timeout: float | None, memory: str | None
) -> Endpoint:
    """Return the triple store at a URL, to be asked instead of the files of `--graph`."""
    if graph_files:
        raise click.UsageError("found both --endpoint and --graph, expected one of them")
    if memory is not None:
        raise click.UsageError("found --memory with --endpoint, expected one; an endpoint has its own limit")
    from rescue_kg import remote

    return remote.connect(url, profile=store, timeout=_PATIENCE if timeout is None else timeout)


def _complete_store(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from rescue_kg.remote.profiles import PROFILES

    return [
        CompletionItem(name, help=profile.title)
        for name, profile in PROFILES.items()
        if name.startswith(incomplete)
    ]


class Interruptible:
    """Within it, Ctrl-C ends the process at once, by the signal.

    A running pyoxigraph query does not come back to Python to let KeyboardInterrupt be raised. Nothing that
    writes files belongs in here.
    """

    _before: Callable[[int, FrameType | None], Any] | int | None = None

    def __enter__(self) -> None:
        # Ctrl-C that the parent process chose to ignore, or another thread's business, is left alone.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            try:
                self._before = signal.signal(signal.SIGINT, signal.SIG_DFL)
            except ValueError:
                return

    def __exit__(self, *exception: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)


def open_graph(files: tuple[str, ...], *, infer: bool = True, evidence: bool = True) -> RescueGraph:
    """Return the packaged graph (the review, with the evidence or without), that of the files, or of a store.

    The graph of a store is read as it stands, with the closure that it holds.
    """
    from rescue_kg import graph

    if files.count("-") > 1:
        raise click.UsageError("standard input can be read once, found --graph - more than once")
    folders = [file for file in files if os.path.isdir(file)]  # noqa: PTH112
    if folders and len(files) > 1:
        raise click.UsageError(f"found the folder {folders[0]} beside others, expected one store, or files")
    if folders:
        return graph.open(folders[0], read_only=True)
    return graph.load(*files, infer=infer, evidence=evidence and not files)


def read_text(source: str, wanted: str) -> str:
    """Return the UTF-8 text of a file, or of standard input for `-`. Raises InputError."""
    from rescue_kg.errors import InputError

    where = "<standard input>" if source == "-" else source
    try:
        if source == "-":
            return sys.stdin.buffer.read().decode()
        with open(source, encoding="utf-8") as stream:  # noqa: PTH123
            return stream.read()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where}: found bytes that are not UTF-8 ({error.reason}), expected {wanted}"
        ) from error
    except OSError as error:
        raise InputError(f"{where}: cannot be read ({error.strerror or error}), expected {wanted}") from error


def show_answer(answer: Answer, form: str) -> None:
    """Print an answer on standard output, as wide as the terminal where it is one."""
    if form == "text":
        put(answer.to_text(terminal_width()))
        if not answer:
            say("no rows")
    else:
        put(answer.render(form))


def put(data: str | bytes) -> None:
    """Write data to standard output, all of it: in UTF-8, or in the encoding of the terminal that it goes to.

    Where the reader has left, the process ends quietly, with the status that a shell gives to a broken pipe.
    Raises OutputError where the output cannot be written.
    """
    from rescue_kg.errors import OutputError

    if isinstance(data, str):
        data = data.encode(sys.stdout.encoding, "replace") if sys.stdout.isatty() else data.encode()
    stream, rest = sys.stdout.buffer, memoryview(data)
    try:
        # With PYTHONUNBUFFERED a write may be a short one.
        while rest:
            rest = rest[stream.write(rest) :]
        stream.flush()
    except BrokenPipeError:
        _discard_output()
        sys.exit(_BROKEN_PIPE)
    except OSError as error:
        _discard_output()
        raise OutputError(f"standard output cannot be written ({error.strerror or error})") from error


def _discard_output() -> None:
    """Let what is still buffered go nowhere, so that it does not fail again when the process ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        return


def terminal_width() -> int | None:
    """Return the width of the terminal that standard output is, or None where it is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None if sys.stdout.isatty() else None
    except (OSError, ValueError):
        return None
