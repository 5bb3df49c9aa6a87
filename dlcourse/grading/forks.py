"""The grader's handles of a zygote and of the processes that it forks."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

import psutil

from dlcourse.grading import wire
from dlcourse.grading.sandbox import ESSENTIAL, Policy
from dlcourse.grading.system import descendants

LOOK = 0.25  # seconds between two looks at what a fork takes
WAYS_OUT = (
    "It needs Linux with user namespaces, or since 6.12 with Landlock. Where neither is to be had, "
    "grade in a virtual machine that holds nothing else, with --trust-submissions."
)
MOST_FILES = 2048  # that a fork and all that it starts may have open together
Role = Literal["notebook", "referee", "key"]


class ZygoteGone(OSError):
    """The zygote, or the key's process that it forked, has ended or does not answer."""


class Zygote:
    """A process that forks on request; threads may share it.

    Args:
        jail: whether forks enter the sandbox. Defaults to True.
        imports: what its notebooks are going to import, such as "keras.layers"; what is not
            known to be harmless is left to them.

    Attributes:
        pid: of the zygote.
    """

    def __init__(self, jail: bool = True, imports: Iterable[str] = ()) -> None:
        self.jail = jail
        self._control, theirs = socket.socketpair()
        environment = {  # a stranger's code can read its environment
            "PATH": os.defpath,
            "HOME": "/notebook",
            "USER": "student",
            "LANG": "C.UTF-8",
            "MPLCONFIGDIR": "/tmp",
            "IPYTHONDIR": "/tmp",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_ENABLE_ONEDNN_OPTS": "0",
            # notebooks run side by side, one on a core: more threads would only wait for each other
            "TF_NUM_INTRAOP_THREADS": "1",
            "TF_NUM_INTEROP_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "NBGRADER_EXECUTION": "autograde",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dlcourse.grading.zygote", str(theirs.fileno()), *imports],
            pass_fds=(theirs.fileno(),),
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the grader, which then ends the zygote
        )
        theirs.close()
        self.pid = self._process.pid
        self._ready = False
        self._asking = threading.Lock()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, policy: Policy, role: Role = "notebook") -> Fork:
        """Return a new process, jailed unless told otherwise.

        Raises:
            ZygoteGone: this one forks no more.
            OSError: the jail lacks something that it must have.
        """
        ours, theirs = socket.socketpair()
        if policy.folder:
            policy = replace(policy, folder=os.path.abspath(policy.folder))
        request = json.dumps({"policy": asdict(policy), "jail": self.jail, "role": role}).encode()
        try:
            with theirs:
                pid = self._forked(request, theirs)
        except ZygoteGone:
            ours.close()
            raise
        try:
            hello = wire.receive(ours, 30)
        except wire.WireError as error:
            hello = {"error": str(error)}
        fork = Fork(ours, [pid, *_children(pid)], hello.get("protections", []), policy.memory)
        missing = sorted(ESSENTIAL - set(fork.protections)) if self.jail else []
        if "protections" not in hello or missing:
            fork.close()
            reason = hello.get("error") or f"this machine has no protection of {', '.join(missing)}"
            raise OSError(f"the sandbox could not be closed: {reason}. {WAYS_OUT}")
        return fork

    def _forked(self, request: bytes, theirs: socket.socket) -> int:
        try:
            with self._asking:
                if not self._ready:
                    wire.receive(self._control, 120)
                    self._ready = True
                socket.send_fds(self._control, [request], [theirs.fileno()])
                return int(wire.receive(self._control, 30)["pid"])
        except (OSError, wire.WireError) as error:
            self._process.kill()  # whatever it does now, it would answer out of step
            self._process.wait()
            raise ZygoteGone(f"the process that notebooks are forked from ended: {error}") from None

    def close(self) -> None:
        """End the zygote; its forks end with it."""
        self._control.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _children(pid: int) -> list[int]:
    """The process in a new pid namespace whose end ends all others there."""
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class Fork:
    """One process that was forked from a zygote, with everything that it starts.

    Attributes:
        connection: to it.
        protections: what its jail has active.
    """

    def __init__(
        self, connection: socket.socket, pids: list[int], protections: list[str], memory: int
    ) -> None:
        self.connection, self.protections = connection, protections
        self._pids, self._memory = pids, memory

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and return the answer; see `wire.ask`."""
        return wire.ask(self.connection, request, seconds)

    @property
    def alive(self) -> bool:
        return _is_running(self._pids[0])

    def excess(self) -> str:
        """Say what it takes too much of, with everything that it has started; "" for nothing."""
        family = _family(self._pids[0])
        # to count shared pages once takes long: only if it matters
        if _memory(family, "rss") > self._memory and _memory(family, "pss") > self._memory:
            return f"more than {self._memory >> 30} GB of memory were used"
        if _open_files(family) > MOST_FILES:  # what lies in sockets is nobody's memory
            return f"more than {MOST_FILES:,} files and connections were open"
        return ""

    def close(self) -> None:
        """End it and everything that it started; returns when all is gone."""
        self.connection.close()
        watcher, *jailed = self._pids
        if jailed:  # the watcher clears away what is left, and ends
            _end(jailed, seconds=5)
            _wait_for([watcher], seconds=5)
        _end([watcher], seconds=5)

    def __enter__(self) -> Fork:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _family(pid: int) -> list[psutil.Process]:
    """A process and its descendants."""
    family = []
    for member in (pid, *descendants(pid)):
        with contextlib.suppress(psutil.Error):
            family.append(psutil.Process(member))
    return family


def _memory(family: list[psutil.Process], kind: str) -> int:
    """Bytes: "rss" counts a page once for each process that has it, "pss" once in all."""
    total = 0
    for process in family:
        with contextlib.suppress(psutil.Error, OSError):
            memory = process.memory_full_info() if kind == "pss" else process.memory_info()
            total += getattr(memory, kind)
    return total


def _open_files(family: list[psutil.Process]) -> int:
    total = 0
    for process in family:
        with contextlib.suppress(psutil.Error, OSError):
            total += process.num_fds()
    return total


def _end(pids: list[int], seconds: float) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _wait_for(pids, seconds)


def _wait_for(pids: list[int], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(_is_running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.002)


def _is_running(pid: int) -> bool:
    """Whether a process has not ended; the first of a namespace ends after all others there."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
