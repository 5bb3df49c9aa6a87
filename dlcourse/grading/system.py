"""Calls to the system that Python has no function for."""

from __future__ import annotations

import ctypes
import os

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
