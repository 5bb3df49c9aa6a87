"""Collects what an `exercises.py` defines while it runs, also what a later line would hide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_items: ContextVar[list[Any] | None] = ContextVar("items", default=None)


@contextmanager
def collecting() -> Iterator[list[Any]]:
    """Yield the list that `register` fills within the block."""
    items: list[Any] = []
    token = _items.set(items)
    try:
        yield items
    finally:
        _items.reset(token)


def register(item: Any) -> None:
    """Add an exercise, question, constant or free text to the bank that is being loaded."""
    items = _items.get()
    if items is not None:
        items.append(item)
