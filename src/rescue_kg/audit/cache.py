"""Answers of services on disk, by URL and with their date, so that none is asked for twice."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rescue_kg.errors import OutputError
from rescue_kg.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Cache", "Kept", "default_folder"]


class Kept(NamedTuple):
    """An answer: its status (200, or 404 for no such record), its text, and when it came."""

    status: int
    body: str
    fetched: datetime


def default_folder() -> Path:
    """Return the folder of the cache: below XDG_CACHE_HOME, else below `~/.cache`."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says to ignore a relative path.
    base = Path(named) if named and Path(named).is_absolute() else Path("~/.cache").expanduser()
    return base / "rescue-kg" / "audit"


class Cache:
    """A folder of answers, one file each; an answer older than `max_age` counts as none.

    Raises OutputError where the folder cannot be made.
    """

    def __init__(
        self, folder: str | os.PathLike[str], *, max_age: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._folder = Path(folder)
        self._max_age = max_age
        self._now = now
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self._folder}: cannot be made ({error.strerror or error}); name another folder"
            ) from error

    def get(self, url: str) -> Kept | None:
        """Return the answer kept for a URL, or None; a file that cannot be read counts as none."""
        try:
            held = json.loads(self._path(url).read_text(encoding="utf-8"))
            kept = Kept(held["status"], held["body"], datetime.fromisoformat(held["fetched"]))
            fits = held["url"] == url and kept.status in (200, 404) and isinstance(kept.body, str)
            fresh = self._now() - kept.fetched < self._max_age
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return kept if fits and fresh else None

    def put(self, url: str, kept: Kept) -> None:
        """Keep an answer. Raises OutputError where it cannot be written."""
        held = {"url": url, "fetched": kept.fetched.isoformat(), "status": kept.status, "body": kept.body}
        write_whole(self._path(url), json.dumps(held, ensure_ascii=False, indent=1).encode())

    def _path(self, url: str) -> Path:
        return self._folder / f"{sha256(url.encode()).hexdigest()}.json"
