"""Writes a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rescue_kg.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

__all__ = ["whole", "write_whole"]


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path`, as whole() does. Raises OutputError."""
    with whole(path) as stream:
        stream.write(data)


@contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Give a stream for a `with`; what is written to it becomes the file `path` at the end, all at once.

    It goes to a temporary file in the same folder. Readers see the old file or the new one, never a part; on
    failure, or when the `with` is left with an error, the temporary file is removed and the old file stays. A
    link is followed, and an existing file keeps its permissions. Raises OutputError.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        found = "a folder" if target.is_dir() else "a device or pipe"
        raise OutputError(
            f"{os.fspath(path)}: found {found}, expected a file to write; name a file (or - for standard "
            "output)"
        )
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(_permissions(target))
        temporary.replace(target)
    except OutputError:
        raise
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        # Gone already when all went well; also removed on Ctrl-C.
        with suppress(OSError):
            temporary.unlink()


def _permissions(target: Path) -> int:
    """Return the permissions of the file that is there, else those that a new file would have."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _cannot_write(path: str | os.PathLike[str], error: OSError) -> OutputError:
    reason = (error.strerror or str(error)).lower()
    return OutputError(
        f"{os.fspath(path)}: cannot be written ({reason}); name a file in a folder that you can write to"
    )
