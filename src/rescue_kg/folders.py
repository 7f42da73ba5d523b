"""Writes a folder of results whole or not at all: built beside its place, then put there."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rescue_kg.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["SUMS", "check_place", "replace_folder"]

#: Lists every file of the folder with its hash; `sha256sum -c` reads it.
SUMS: Final = "SHA256SUMS"
_SUM_LINE: Final = re.compile(r"[0-9a-f]{64}  (.+)")
#: What desktops leave in folders.
_LITTER: Final = {".DS_Store", "Thumbs.db", "desktop.ini"}


def check_place(out: str | os.PathLike[str], noun: str, mark: str) -> Path:
    """Return the real path to write a folder to.

    Nothing may be there, or an empty folder, or a former `noun` (such as release) with nothing else in it:
    its list of hashes names the file `mark`. Raises OutputError.
    """
    place = Path(os.path.realpath(out))
    if Path.cwd().is_relative_to(place):
        raise OutputError(
            f"{os.fspath(out)}: found the folder you are in, or one above it; "
            "name another folder, such as out"
        )
    if place.is_dir():
        try:
            foreign = sorted(_foreign(place, mark))
        except OSError as error:
            raise _cannot(out, error) from error
        if foreign:
            more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
            raise OutputError(
                f"{os.fspath(out)}: found {foreign[0]}{more}, which no {noun} wrote; "
                f"expected a new or empty folder, or a former {noun}; name another folder, or move them away"
            )
    elif place.exists():
        raise OutputError(f"{os.fspath(out)}: found a file, expected a folder to write; name another place")
    return place


def _foreign(place: Path, mark: str) -> Iterator[str]:
    """Yield the files in a folder that its list of files does not name; with no such list, all of them."""
    own = {SUMS}
    listing = place / SUMS
    if listing.is_file() and not listing.is_symlink():
        text = listing.read_text(encoding="utf-8", errors="replace")
        named = {match[1] for match in map(_SUM_LINE.fullmatch, text.splitlines()) if match}
        own |= named if mark in named else set()
    if len(own) == 1:
        own = set()
    for folder, folders, files in os.walk(place):
        # A link to a folder is not walked into; it is a thing of its own.
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        empty = [Path(folder)] if Path(folder) != place and not folders and not files else []
        for path in [*(Path(folder) / name for name in (*files, *links)), *empty]:
            if path.name not in _LITTER and path.relative_to(place).as_posix() not in own:
                yield path.relative_to(place).as_posix()


def replace_folder(
    out: str | os.PathLike[str], files: Mapping[str, bytes], noun: str, mark: str
) -> tuple[Path, ...]:
    """Write files (relative name -> bytes) and a list of their hashes as the folder `out`; return the paths.

    The folder is built beside its place and put there by renaming; a former report stays until then, and
    comes back where the renaming fails. Raises OutputError.
    """
    place = check_place(out, noun, mark)
    sums = "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    whole = {**files, SUMS: sums.encode()}
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _beside(place) as work:
            new = work / "new"
            for name, data in whole.items():
                path = new / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            _swap(new, place, work / "old")
    except OSError as error:
        raise _cannot(out, error) from error
    return tuple(place / name for name in sorted(whole))


@contextmanager
def _beside(place: Path) -> Iterator[Path]:
    """Give a temporary folder on the same file system, gone afterwards, also on Ctrl-C."""
    work = Path(tempfile.mkdtemp(prefix=f".{place.name[:100]}.", suffix=".tmp", dir=place.parent))
    try:
        yield work
    finally:
        # A former folder that could not be put back is not thrown away with the rest.
        if place.exists() or not (work / "old").exists():
            shutil.rmtree(work, ignore_errors=True)


def _swap(new: Path, place: Path, old: Path) -> None:
    """Put `new` in its place; what was there goes to `old`, and comes back where that fails."""
    there = place.exists()
    if there:
        new.chmod(place.stat().st_mode & 0o777)
        place.rename(old)
    try:
        new.rename(place)
    except BaseException:
        if there:
            with suppress(OSError):
                old.rename(place)
        raise


def _cannot(out: str | os.PathLike[str], error: OSError) -> OutputError:
    reason = (error.strerror or str(error)).lower()
    return OutputError(
        f"{os.fspath(out)}: cannot be written ({reason}); name a folder in a place that you can write to"
    )
