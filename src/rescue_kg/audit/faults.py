"""The errors that an audit gives cause for, each with its exit code."""

from rescue_kg.errors import RescueKgError

__all__ = ["AnswerError", "NothingReachedError", "ServiceError"]


class ServiceError(RescueKgError, OSError):
    """A service could not be asked: out of reach, too slow, too busy, or it refuses.

    `final` says that it need not be asked again in this run.
    """

    exit_code = 3
    final: bool = False


class AnswerError(ServiceError):
    """A service answered something that is not what its documentation describes."""


class NothingReachedError(RescueKgError, OSError):
    """No service answered for any study, so nothing can be said of any of them."""

    exit_code = 1
