"""The first of many things in an order, without keeping the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["First"]

T = TypeVar("T")

#: How many more than wanted are held before they are sorted.
_SPARE: Final = 1_000


class First(Generic[T]):
    """The first `limit` of the things that are added, sorted by a key; all of them where it is None."""

    def __init__(self, limit: int | None, key: Callable[[T], Any]) -> None:
        self._limit = limit
        self._key = key
        self._kept: list[T] = []

    def add(self, thing: T) -> list[T]:
        """Take one thing, and return those that are given up for it, which may be none or many."""
        self._kept.append(thing)
        if self._limit is None or len(self._kept) < self._limit + _SPARE:
            return []
        return self.close()

    def close(self) -> list[T]:
        """Sort what is kept, and return what is given up for the limit."""
        self._kept.sort(key=self._key)
        if self._limit is None:
            return []
        out = self._kept[self._limit :]
        del self._kept[self._limit :]
        return out

    def __iter__(self) -> Iterator[T]:
        return iter(self._kept)
