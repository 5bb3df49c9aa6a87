"""Calls to the system that Python has no function for."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
from collections.abc import Iterator
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)


class SandboxError(OSError):
    """The system refused a step."""


def call(name: str, *arguments: object) -> int:
    """Call a function of the C library.

    Raises:
        SandboxError: it failed.
    """
    result = getattr(libc, name)(*arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise SandboxError(error, f"{name}: {os.strerror(error)}")
    return int(result)


def address_space() -> int:
    """Bytes of address space that this process uses; Linux alone."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def descendants(pid: int) -> Iterator[int]:
    """Yield the processes that a process has started, and those that these have; Linux alone."""
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in tasks.read_text().split():
                yield int(child)
                yield from descendants(int(child))
