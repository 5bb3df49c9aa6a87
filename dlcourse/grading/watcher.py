"""The process beside a jail: it waits for the jail's end, and takes everything with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

from dlcourse.grading.system import call, descendants

LOOK = 0.05  # seconds between two looks at a folder
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def continue_in_child() -> None:
    """Return in a child; the caller's process waits for its end and ends with it.

    In a new pid namespace the child is process 1 and takes all others with it.
    """
    child = os.fork()
    if child:
        _close_descriptors()
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0x7F)
    _begin()


def continue_in_watched_child(folder: Path, size: int) -> None:
    """Return in a child, where there are no namespaces: what it leaves is ended afterwards.

    Args:
        folder: of the child alone, removed at its end.
        size: bytes in it over which the child is ended.
    """
    call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # a daemon becomes a child of this process
    child = os.fork()
    if child == 0:
        call("prctl", _PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        _begin()
        return
    _close_descriptors()
    signal.signal(signal.SIGTERM, _stop)
    call("prctl", _PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)  # the zygote's end
    with contextlib.suppress(SystemExit):
        while os.waitpid(child, os.WNOHANG)[0] == 0 and _bytes_in(folder) <= size:
            time.sleep(LOOK)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _end_descendants()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _begin() -> None:
    call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.setsid()  # the process group of the parent is within reach of signals even from in here


def _close_descriptors() -> None:
    """The grader must see the jail's end, not the watcher's."""
    os.closerange(3, 256)


def _stop(*_: object) -> None:
    raise SystemExit


def _bytes_in(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512
    return total


def _end_descendants() -> None:
    """Stop all of them before one is ended, so that none can start another."""
    while family := list(descendants(os.getpid())):
        for signal_number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal_number)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.001)
