"""Runs a function in a forked process that can be stopped, and brings back what it returns or raises."""

from __future__ import annotations

import _thread
import gc
import io
import os
import pickle
import select
import signal
import time
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, cast

from rescue_kg.errors import NotAvailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

__all__ = ["OutOfMemoryError", "OutOfTimeError", "require", "run"]

T = TypeVar("T")

_OUT_OF_MEMORY: Final = 12
#: How often a worker looks whether the process that waits for it is still there, in seconds.
_PULSE: Final = 0.25
_STATUS: Final = "/proc/self/status"


class OutOfTimeError(Exception):
    """The worker was stopped at its deadline."""


class OutOfMemoryError(Exception):
    """The worker ended because it asked for more memory than it was allowed."""


def require(*, memory: bool) -> None:
    """Raise NotAvailableError where no worker can be forked, or its `memory` cannot be limited."""
    if not hasattr(os, "fork"):
        raise NotAvailableError(
            "a limited query runs in a forked process, which this system has not; ask without timeout and "
            "memory, or push the graph to a triple store and ask there"
        )
    if memory and not os.path.exists(_STATUS):  # noqa: PTH110 - no pathlib on the way to an answer
        raise NotAvailableError(
            f"a limit of memory needs {_STATUS} of Linux, which this system has not; ask without memory, or "
            "limit the whole process by the means of the system"
        )


def run(
    work: Callable[[], T],
    prepare: Callable[[], None],
    still: AbstractContextManager[None],
    *,
    deadline: float | None,
    memory: int | None,
) -> T:
    """Return what `work` returns in a forked process, or raise what it raises there.

    `prepare` is called first in that process; `still` holds during the fork. The process is killed at the
    `deadline` (of time.monotonic()), when this one is interrupted, and within a quarter of a second after
    this one has ended. It ends when it asks the system for more than `memory` bytes beyond what it had after
    `prepare`; the data that it shares with this process is not counted. Results and errors come back pickled.

    Raises OutOfTimeError, OutOfMemoryError, what `still` raises, and NotAvailableError where the worker ended
    for another reason.
    """
    reading, writing = os.pipe()
    parent = os.getpid()
    pid = 0
    # A Ctrl-C between fork and try would leave a worker behind; the worker itself keeps it blocked.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with io.BufferedReader(_Pipe(reading, deadline), 1 << 16) as stream:
            try:
                with still:
                    pid = os.fork()
                    if pid == 0:
                        os.close(reading)
                        _serve(writing, parent, work, prepare, memory)
            finally:
                os.close(writing)
                signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            done, value = pickle.load(stream)  # noqa: S301 - written by our own fork
    except (EOFError, pickle.UnpicklingError):
        status, pid = _wait(pid), 0
        raise _early_end(status, limited=memory is not None) from None
    finally:
        if pid > 0:
            os.kill(pid, signal.SIGKILL)
            _wait(pid)
    if not done:
        raise value
    return cast("T", value)


class _Pipe(io.RawIOBase):
    """The reading end of a pipe, with a deadline."""

    def __init__(self, descriptor: int, deadline: float | None) -> None:
        self._descriptor = descriptor
        self._deadline = deadline
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            left = None if self._deadline is None else self._deadline - time.monotonic()
            if left is not None and left <= 0:
                raise OutOfTimeError
            # A day at most: poll() takes no more milliseconds than a C int.
            if self._poll.poll(None if left is None else min(left, 86_400) * 1000 + 1):
                return os.readv(self._descriptor, [buffer])

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def _wait(pid: int) -> int:
    """Wait for the end of a process and return its exit status, or minus the signal that ended it."""
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:  # SIGCHLD is ignored here: the system has taken the status
        return 0


def _early_end(status: int, *, limited: bool) -> Exception:
    # What Rust and C++ do when the system gives them no memory is to abort.
    if limited and status in (_OUT_OF_MEMORY, -signal.SIGABRT):
        return OutOfMemoryError()
    how = f"by signal {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
    return NotAvailableError(
        f"the process that ran the query ended {how} before it had an answer; the system may have run out of "
        "memory: set a limit of memory, or ask for less"
    )


def _serve(
    writing: int,
    parent: int,
    work: Callable[[], object],
    prepare: Callable[[], None],
    memory: int | None,
) -> NoReturn:
    """Be the worker: run, write what came out, and end without touching what belongs to the parent."""
    status = 1
    try:
        # Collecting would copy the pages that are shared, and call finalizers that are not ours.
        gc.disable()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        _thread.start_new_thread(_follow, (parent,))
        with open(writing, "wb", buffering=1 << 16) as stream:
            try:
                prepare()
                if memory is not None:
                    _limit(memory)
                outcome: tuple[bool, object] = (True, work())
            except MemoryError:
                raise
            except BaseException as error:
                outcome = (False, _portable(error))
            pickle.dump(outcome, stream, protocol=pickle.HIGHEST_PROTOCOL)
        status = 0
    except MemoryError:
        status = _OUT_OF_MEMORY
    finally:
        os._exit(status)


def _follow(parent: int) -> NoReturn:
    """End the worker when nobody waits for it any more."""
    while os.getppid() == parent:
        time.sleep(_PULSE)
    os._exit(1)


def _limit(memory: int) -> None:
    """Let the system refuse this process more than so many bytes beyond the data that it has now."""
    import faulthandler
    import resource

    with open(_STATUS, encoding="ascii") as stream:  # noqa: PTH123
        data = next(int(line.split()[1]) * 1024 for line in stream if line.startswith("VmData:"))
    limits = (data + memory, resource.getrlimit(resource.RLIMIT_DATA)[1])
    # An abort for want of memory is expected: it leaves no core file, and its traces tell nobody anything.
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    resource.setrlimit(resource.RLIMIT_DATA, limits)


def _portable(error: BaseException) -> BaseException:
    """Return an error as it can be pickled, or one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301
    except Exception:
        # What a class makes of being pickled, and back, may be any error.
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
