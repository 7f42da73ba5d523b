"""The errors of rescue-kg: each is one clear line, also a standard-library error, and knows its exit code."""

from collections.abc import Iterable

__all__ = [
    "ChecksFailedError",
    "InputError",
    "NotAvailableError",
    "OutputError",
    "ParameterError",
    "ParseError",
    "QueryMemoryError",
    "QueryTimeoutError",
    "ReasonerTimeoutError",
    "RescueKgError",
    "StoreInUseError",
    "UnknownFormatError",
    "UnknownNameError",
    "did_you_mean",
]


class RescueKgError(Exception):
    """Any error that rescue-kg raises on purpose; `exit_code` is what the command line ends with."""

    exit_code: int = 2

    def __str__(self) -> str:
        """Return the message as one line, whatever the texts it was made of."""
        return " ".join(" ".join(map(str, self.args)).split())


class InputError(RescueKgError, ValueError):
    """Something given from outside (a file, a query, a value) cannot be used as it is."""


class ParseError(InputError):
    """A text is not the Turtle, SPARQL or header that it should be."""


class ParameterError(InputError):
    """A parameter of a question is missing, unknown or of the wrong type."""


class UnknownFormatError(InputError):
    """A format name or a file suffix is not one that is read or written here."""


class UnknownNameError(RescueKgError, LookupError):
    """A question, term, claim or prefix of this name does not exist, or is not the only one."""


class OutputError(RescueKgError, OSError):
    """A file or folder cannot be written."""


class StoreInUseError(RescueKgError, OSError):
    """A store on disk is held by another process."""


class NotAvailableError(RescueKgError, RuntimeError):
    """Something optional (Java, an extra, the packaged data) is not installed here."""

    exit_code = 3


class ReasonerTimeoutError(RescueKgError, TimeoutError):
    """The reasoner did not finish in the time it was given."""

    exit_code = 3


class QueryTimeoutError(RescueKgError, TimeoutError):
    """A query gave no answer in the time it was given."""

    exit_code = 3


class QueryMemoryError(RescueKgError, MemoryError):
    """A query asked for more memory than it was given."""

    exit_code = 3


class ChecksFailedError(RescueKgError, ValueError):
    """The data was read, and a check of it failed."""

    exit_code = 1


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean a, b?` with up to three known names near to `name`, or an empty string.

    Nearness is the Ratcliff-Obershelp ratio of `difflib` (at least 0.6), ignoring case: of the whole name,
    failing that of one of its words, failing that names that contain the name are offered.
    """
    # Only an error pays for difflib.
    import re
    from difflib import get_close_matches

    wanted = name.casefold()
    by_folded = {other.casefold(): other for other in sorted(known, reverse=True)}
    near = get_close_matches(wanted, list(by_folded), n=3)
    if not near and len(wanted) > 2:
        words = {word for other in by_folded for word in re.split(r"\W+", other)}
        close = get_close_matches(wanted, sorted(words), n=3, cutoff=0.8)
        by_word = [other for word in close for other in sorted(by_folded) if word in re.split(r"\W+", other)]
        near = list(dict.fromkeys(by_word))[:3] or sorted(other for other in by_folded if wanted in other)[:3]
    return f"; did you mean {', '.join(by_folded[other] for other in near)}?" if near else ""
