"""The errors that an endpoint gives cause for, each with its exit code."""

from rescue_kg.errors import NotAvailableError, RescueKgError

__all__ = ["EndpointError", "UnreachableError", "UnsettledError"]


class EndpointError(RescueKgError, OSError):
    """An endpoint refuses a request, or answers something that cannot be used."""


class UnreachableError(NotAvailableError, OSError):
    """An endpoint cannot be reached, or not within the time given, or is too busy for now.

    `wait` is how many seconds it asks for before the next try.
    """

    wait: float | None = None


class UnsettledError(UnreachableError):
    """A request was sent and no answer came: it may have been carried out, or not, or still be running."""
