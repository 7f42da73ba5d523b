"""Files of any size, put in place whole or not at all, as `rescue_kg.files` does for bytes in memory."""

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

__all__ = ["whole"]


@contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Give a stream for a `with`; what is written to it becomes the file `path` at the end, all at once.

    Until then the old file is there; an error leaves it as it was. A link is followed, and an existing file
    keeps its permissions. Raises OutputError.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        found = "a folder" if target.is_dir() else "a device or pipe"
        raise OutputError(f"{os.fspath(path)}: found {found}, expected a file to write; name a file")
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
    except OSError as error:
        if isinstance(error, OutputError):
            raise
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
