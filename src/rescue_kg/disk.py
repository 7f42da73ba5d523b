"""The folder of a store on disk: which database in it counts, who may use it, what a crash left behind.

A change is made in a copy of the database and counts from the moment in which one small file names the copy:

    FOLDER/rescue-kg-store     two lines: the format of the folder, and the database that counts
    FOLDER/lock                locked by the one writer, or shared by the readers
    FOLDER/database-000007/    the database, which Oxigraph can read as it is
    FOLDER/rules-abc/          what the rules of a dataset read, while they run
    FOLDER/queried-12-3/       a copy that process 12, the writer, has its third limited query read from

The copy is a checkpoint of RocksDB: its files are hard links (copies where the file system has none), so that
it takes milliseconds and, until something is written to it, no space.
"""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING, Final

import pyoxigraph
from pyoxigraph import DefaultGraph

from rescue_kg.bulk import extend
from rescue_kg.errors import InputError, OutputError, StoreInUseError
from rescue_kg.workspace import PREFIX

if TYPE_CHECKING:
    from pyoxigraph import NamedNode

__all__ = ["Folder"]

_FORMAT: Final = "rescue-kg store, format 1"
_POINTER: Final = "rescue-kg-store"
_LOCK: Final = "lock"
_DATABASE: Final = "database-"
_QUERIED: Final = "queried-"


class Folder:
    """One folder, held for writing or for reading until close().

    Raises StoreInUseError where another holds it, InputError where it is no store, is damaged, or cannot be
    made.
    """

    def __init__(self, path: str, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._lock = -1
        self._number = 0
        self._newest = 0
        self._copies = count(1)
        done = False
        try:
            if not read_only:
                os.makedirs(path, exist_ok=True)  # noqa: PTH103 - no pathlib on the way to an answer
            self._refuse_foreign()
            self._acquire()
            self._number = self._newest = self._read()
            done = True
        except StoreInUseError:
            raise
        except FileNotFoundError as error:
            raise _missing(path) from error
        except OSError as error:
            raise _unusable(path, error, read_only=read_only) from error
        finally:
            if not done:
                self.close()

    def __del__(self) -> None:
        self.close()

    @property
    def database(self) -> str:
        """The path of the database that counts."""
        return self._database(self._number)

    def open(self) -> pyoxigraph.Store:
        """Return the database that counts; a writer makes it where there is none yet, and tidies up.

        Raises as the class does.
        """
        if self.read_only:
            if self._number == 0:
                raise _missing(self.path)
            return self.open_database(self.database)
        broken_off = self.tidy()
        if self._number == 0:
            # Killed here, the file still says 0, and the next one starts anew.
            native = self.open_database(self.new_path())
            self.commit()
            return native
        self._clear_up()
        if broken_off:
            # Only a broken-off change pays for this import.
            from logging import getLogger

            getLogger("rescue_kg").warning(
                "%s: a change of this store was broken off and has been taken back; it is as it was before",
                self.path,
            )
        return self.open_database(self.database)

    def new_path(self) -> str:
        """Return the path at which a copy can be made; nothing is there, and nothing was."""
        self._newest += 1
        return self._database(self._newest)

    def queried_path(self) -> str:
        """Return a path at which the writer can make a copy for another process to read."""
        return self._join(f"{_QUERIED}{os.getpid()}-{next(self._copies)}")

    def open_database(self, database: str) -> pyoxigraph.Store:
        """Return the database at a path of this folder; for writing, it is made where there is none."""
        try:
            if self.read_only:
                return pyoxigraph.Store.read_only(database)
            return pyoxigraph.Store(database)
        # pyoxigraph raises RuntimeError for what RocksDB calls corruption.
        except (OSError, RuntimeError) as error:
            # "lock file: ..." or "lock hold by current process": another program has the database.
            if "lock" in str(error).lower():
                raise _in_use(self.path, read_only=self.read_only) from error
            if isinstance(error, PermissionError) or "No space left" in str(error):
                raise _unusable(self.path, error, read_only=self.read_only) from error
            raise InputError(
                f"{self.path}: the store is damaged ({error}); restore the folder from a copy, or load "
                "the data into a new one"
            ) from error

    def open_again(self, copy: str | None) -> pyoxigraph.Store:
        """Return the database that counts, or a copy of it, read-only, in a process forked from this one."""
        self.read_only = True
        if copy is not None:
            # The copy is this process's own; the folder is not, and a lock is held by all who inherit it.
            self.close()
        return self.open_database(copy or self.database)

    def copy_without(self, native: pyoxigraph.Store, names: set[NamedNode]) -> pyoxigraph.Store:
        """Return a new database at the newest path, with all that another one holds but these graphs."""
        copy = self.open_database(self.new_path())
        kept = [DefaultGraph(), *(name for name in native.named_graphs() if name not in names)]
        extend(copy, (quad for name in kept for quad in native.quads_for_pattern(None, None, None, name)))
        return copy

    def commit(self) -> None:
        """Let the database at the newest path be the one that counts, in one step.

        The one before stays until tidy(), for those who still read it. Raises OutputError; then nothing has
        changed.
        """
        try:
            self._write(self._newest)
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({_reason(error)})") from error
        self._number = self._newest

    def remove(self, copy: str) -> None:
        """Remove a database of this folder; what cannot be removed now is tried again by the next writer."""
        from shutil import rmtree

        rmtree(copy, ignore_errors=True)

    def tidy(self) -> bool:
        """Remove every database that does not count; return whether one was there that never has."""
        newer = False
        for name in os.listdir(self.path):  # noqa: PTH208
            if name.startswith(_DATABASE) and self._join(name) != self.database:
                number = name.removeprefix(_DATABASE)[:6]
                newer |= number.isdecimal() and int(number) > self._number
                self.remove(self._join(name))
        return newer

    def close(self) -> None:
        """Give up the folder."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _clear_up(self) -> None:
        """Remove what RocksDB keeps: the files of a killed bulk load, and a log of 137 kB of each opening."""
        try:
            names = os.listdir(self.database)  # noqa: PTH208
        except FileNotFoundError:
            names = []
        if "CURRENT" not in names:
            # RocksDB would make a new and empty database here.
            raise InputError(
                f"{self.path}: the store is damaged ({self.database} or parts of it are missing); restore "
                "the folder from a copy, or load the data into a new one"
            )
        for name in names:
            if name.startswith(("bulk-", "LOG.old.")):
                os.unlink(os.path.join(self.database, name))  # noqa: PTH108, PTH118
        for name in os.listdir(self.path):  # noqa: PTH208
            if name.startswith((_QUERIED, PREFIX)):
                # Left by a writer that was killed during a query, or while the rules ran.
                self.remove(self._join(name))

    def _database(self, number: int) -> str:
        return self._join(f"{_DATABASE}{number:06d}")

    def _join(self, name: str) -> str:
        return os.path.join(self.path, name)  # noqa: PTH118

    def _refuse_foreign(self) -> None:
        """Raise InputError where the folder holds something and is no store."""
        names = sorted(os.listdir(self.path))  # noqa: PTH208
        if _POINTER in names:
            return
        # Left by one who was killed while making the store.
        others = [name for name in names if name not in (_LOCK, f"{_POINTER}.new")]
        if others:
            found = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
            kind = "no store of rescue-kg"
            if "CURRENT" in others and any(name.startswith("MANIFEST-") for name in others):
                kind = "a bare RocksDB database"
            elif any(name.startswith(_DATABASE) for name in others):
                kind = f"databases, but not the file {_POINTER} that names the one that counts"
            raise InputError(
                f"{self.path}: found {kind} ({found}), expected a store of rescue-kg or an empty folder; "
                "name another folder"
            )
        if self.read_only:
            raise _missing(self.path)

    def _acquire(self) -> None:
        """Lock the folder: alone for a writer, together with other readers for a reader."""
        try:
            import fcntl
        except ImportError:  # Windows: the lock of RocksDB keeps writers apart
            return
        try:
            flags = os.O_RDONLY if self.read_only else os.O_RDWR | os.O_CREAT
            self._lock = os.open(self._join(_LOCK), flags, 0o666)
        except FileNotFoundError:
            return  # a copy of a store, without its lock: nobody writes to it
        try:
            fcntl.flock(self._lock, (fcntl.LOCK_SH if self.read_only else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _in_use(self.path, read_only=self.read_only) from error

    def _read(self) -> int:
        """Return the number of the database that counts; 0 where none has been made yet."""
        try:
            with open(self._join(_POINTER), encoding="utf-8") as stream:  # noqa: PTH123
                lines = stream.read().splitlines()
        except FileNotFoundError:
            if not self.read_only:
                self._write(0)
            return 0
        except UnicodeDecodeError:
            lines = []
        number = lines[1].removeprefix(_DATABASE) if len(lines) == 2 else ""
        if lines[:1] != [_FORMAT] or not number.isdecimal():
            found = repr(" / ".join(lines)[:60]) if lines else "something else"
            raise InputError(
                f"{self._join(_POINTER)}: found {found}, expected '{_FORMAT} / {_DATABASE}NNNNNN': the store "
                "is damaged, or of another version of rescue-kg; restore the folder from a copy, or load the "
                "data into a new one"
            )
        return int(number)

    def _write(self, number: int) -> None:
        """Name the database that counts: the file is replaced by one that is complete and on the disk."""
        new = self._join(f"{_POINTER}.new")
        with open(new, "w", encoding="utf-8") as stream:  # noqa: PTH123
            stream.write(f"{_FORMAT}\n{_DATABASE}{number:06d}\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(new, self._join(_POINTER))  # noqa: PTH105
        if os.name == "posix":
            folder = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _unusable(path: str, error: OSError | RuntimeError, *, read_only: bool) -> InputError:
    expected = "readable" if read_only else "writable"
    return InputError(f"{path}: cannot open a store here ({_reason(error)}), expected a {expected} folder")


def _reason(error: OSError | RuntimeError) -> str:
    """Return what went wrong without the path, which the message has already."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _missing(path: str) -> InputError:
    return InputError(f"{path}: found no store to read here; name the folder of one, or open it for writing")


def _in_use(path: str, *, read_only: bool) -> StoreInUseError:
    if read_only:
        what = "the store is in use by a writer; close it there, or read a copy of the folder"
    else:
        what = "the store is in use, here or in another process; close it there, or use another folder"
    return StoreInUseError(f"{path}: {what}")
