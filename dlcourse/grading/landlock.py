"""Landlock: a process gives up the file system, but for a few places, and signals to outsiders.

Linux since 5.13 lets any process do so, without privileges and inside containers that allow no
namespaces. https://docs.kernel.org/userspace-api/landlock.html has the calls and their numbers.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from dlcourse.grading.system import SandboxError, libc

SIGNALS = 6  # the version of the interface from which on signals to outsiders can be forbidden
TRUNCATE = 3  # ... and to empty a file by its name

_CREATE, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on all processors
_VERSION = 1  # instead of a rule set: which interface is there?
_BENEATH = 1
_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}  # how many rights to files each version knows
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE = 1 << 14


class _RuleSet(ctypes.Structure):
    _fields_ = [
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scope", ctypes.c_uint64),
    ]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("rights", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def version() -> int:
    """Return the version of the system's interface, 0 if it has none."""
    return max(0, libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)))


def restrict(readable: Iterable[Path], writable: Iterable[Path], devices: Iterable[Path]) -> None:
    """Give up all files but these, TCP, and signals and abstract sockets to outsiders.

    The process must have given up the hope for new privileges. What the system's version does not
    know stays as it was.

    Args:
        readable: files, and folders with all below, to read and to run.
        writable: folders in which everything is allowed.
        devices: files to read and write.

    Raises:
        SandboxError: the system refuses.
    """
    known = version()
    rights = (1 << max(count for since, count in _RIGHTS.items() if since <= known)) - 1
    asked = _RuleSet(rights, 3 if known >= 4 else 0, 3 if known >= SIGNALS else 0)
    size = 24 if known >= SIGNALS else 16 if known >= 4 else 8
    rules = _call(_CREATE, ctypes.byref(asked), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path in readable:
            folder = _READ_DIR if path.is_dir() else 0
            _allow(rules, path, _EXECUTE | _READ_FILE | folder)
        for path in writable:
            _allow(rules, path, rights)
        for path in devices:
            _allow(rules, path, (_WRITE_FILE | _READ_FILE | _TRUNCATE) & rights)
        _call(_RESTRICT_SELF, rules, ctypes.c_uint32(0))
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _call(_ADD_RULE, rules, _BENEATH, ctypes.byref(_Beneath(rights, place)), ctypes.c_uint32(0))
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    result = libc.syscall(number, *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise SandboxError(error, f"landlock: {os.strerror(error)}")
    return int(result)
