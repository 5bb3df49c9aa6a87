"""The process that notebooks are forked from: it has imported everything and run nothing.

Importing Keras and TensorFlow takes seconds; a fork of a process that has done it takes
milliseconds. TensorFlow works after a fork as long as no operation ran before it.

Run as `python -m dlcourse.grading.zygote FD MODULE...`, with a socket on which each message asks
for one fork and brings the socket that the forked notebook will serve.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
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
from typing import Any

import psutil

from dlcourse.grading import wire
from dlcourse.grading.sandbox import Policy, end_with_parent, enter

LOOK = 0.25  # seconds between two looks at the memory of a notebook that takes its time
ALWAYS = (
    "numpy",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "dlcourse.checks",
    "dlcourse.grading.shell",
)
# at the lab's wish: packages that start no thread when they are imported, and run no operation
AT_WISH = {"dlcourse", "keras", "matplotlib", "pandas", "scipy", "sklearn", "tensorflow"}
LATER = {  # what ours import on first use
    "dlcourse.datasets": ("pandas", "sklearn.datasets", "sklearn.model_selection"),
    "dlcourse.plots": ("dlcourse.plots.style", "ipywidgets"),
}


def main(descriptor: int, wishes: list[str]) -> None:
    """Import what notebooks need, then fork on request until the grader is gone."""
    control = socket.socket(fileno=descriptor)
    wanted = [name for name in wishes if name.partition(".")[0] in AT_WISH]
    later = [module for name in wanted for module in LATER.get(name, ())]
    for name in (*ALWAYS, *wanted, *later):
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # a name in a module, or a notebook that needs it will say so
    _format_an_error()
    _draw_a_figure()
    gc.freeze()  # what is here now is no garbage of a notebook: it need not look through it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for notebooks: no zombies
    wire.send(control, {"ready": True})
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 65536, 1)
        if not message:
            return
        request = json.loads(message)
        pid = os.fork()
        if pid == 0:
            control.close()
            _become_notebook(socket.socket(fileno=descriptors[0]), request)
        os.close(descriptors[0])
        wire.send(control, {"pid": pid})


def _format_an_error() -> None:
    """Load what the first traceback of a notebook needs."""
    from IPython.core.ultratb import AutoFormattedTB

    try:
        raise ValueError
    except ValueError:
        AutoFormattedTB(mode="Context").structured_traceback(*sys.exc_info())


def _draw_a_figure() -> None:
    """Load what the first figure of a notebook needs: fonts, and the parser of formulas."""
    from matplotlib.figure import Figure

    figure = Figure()
    figure.gca().set_title("$x^2$")
    figure.savefig(io.BytesIO(), bbox_inches="tight")


def _become_notebook(connection: socket.socket, request: dict[str, Any]) -> None:
    """Close everything else, enter the jail, serve; never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()  # a signal to its process group reaches nobody else
        end_with_parent()  # a zygote ends with its grader, also one that was killed
        _close_all_but(connection.fileno())
        policy = Policy(**request["policy"])
        active = enter(policy) if request["jail"] else _unjailed(policy)
        wire.send(connection, {"protections": active})
        from dlcourse.grading.shell import serve

        serve(connection)
    except BaseException as error:
        try:
            wire.send(connection, {"error": f"{type(error).__name__}: {error}"[:500]})
        except wire.WireError:
            os._exit(2)
        os._exit(1)
    os._exit(0)


def _unjailed(policy: Policy) -> list[str]:
    os.chdir(policy.folder)
    return []


def _close_all_but(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, 4096)


class Zygote:
    """The grader's handle of a zygote process; threads may share it.

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

    def fork(self, policy: Policy) -> Notebook:
        """Return a new notebook process, jailed unless told otherwise."""
        ours, theirs = socket.socketpair()
        policy = replace(policy, folder=os.path.abspath(policy.folder))
        request = json.dumps({"policy": asdict(policy), "jail": self.jail}).encode()
        with self._asking:
            if not self._ready:
                wire.receive(self._control, 120)
                self._ready = True
            socket.send_fds(self._control, [request], [theirs.fileno()])
            pid = wire.receive(self._control, 30)["pid"]
        theirs.close()
        hello = wire.receive(ours, 30)
        if "protections" not in hello:
            ours.close()
            raise OSError(f"the sandbox could not be closed: {hello.get('error')}")
        return Notebook(ours, [pid, *_children(pid)], hello["protections"], policy.memory)

    def close(self) -> None:
        """End the zygote; its notebooks end with their connections."""
        self._control.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_ahead: dict[tuple[bool, tuple[str, ...]], Zygote] = {}


def start_ahead(jail: bool, imports: Iterable[str]) -> None:
    """Start a zygote for `get_zygote`: it imports Keras while this process imports the rest."""
    _ahead[jail, tuple(imports)] = Zygote(jail, imports)


def get_zygote(jail: bool, imports: Iterable[str]) -> Zygote:
    """Return the zygote that was started ahead, or else a new one."""
    return _ahead.pop((jail, tuple(imports)), None) or Zygote(jail, imports)


def _children(pid: int) -> list[int]:
    """The process in a new pid namespace whose end ends all others there."""
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class Notebook:
    """The grader's handle of one running notebook."""

    def __init__(
        self, connection: socket.socket, pids: list[int], protections: list[str], memory: int
    ) -> None:
        self._connection, self._pids, self.protections = connection, pids, protections
        self._memory = memory  # bytes, of all its processes together

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and return the answer.

        Raises:
            WireTimeout: no answer in time.
            WireError: the notebook is gone, broke the protocol, or took too much memory.
        """
        deadline = time.monotonic() + seconds
        wire.send(self._connection, request, seconds)
        while not wire.is_coming(self._connection, min(LOOK, deadline - time.monotonic())):
            if time.monotonic() >= deadline:
                raise wire.WireTimeout("no answer in time")
            if _uses_more_than(self._memory, self._pids[0]):
                raise wire.WireError(f"more than {self._memory >> 30} GB of memory were used")
        return wire.receive(self._connection, deadline - time.monotonic())

    def close(self) -> None:
        """End the notebook and everything that it started; returns when all is gone."""
        self._connection.close()
        for pid in self._pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(_is_running(pid) for pid in self._pids) and time.monotonic() < deadline:
            time.sleep(0.002)

    def __enter__(self) -> Notebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _uses_more_than(limit: int, pid: int) -> bool:
    """Whether a process and its descendants use more bytes, a page that they share counted once."""
    family: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    # to count shared pages once takes long: only if it matters
    return _sum(family, "rss") > limit and _sum(family, "pss") > limit


def _sum(family: list[psutil.Process], kind: str) -> int:
    total = 0
    for process in family:
        with contextlib.suppress(psutil.Error, OSError):
            memory = process.memory_full_info() if kind == "pss" else process.memory_info()
            total += getattr(memory, kind)
    return total


def _is_running(pid: int) -> bool:
    """Whether a process has not ended; the first of a namespace ends after all others there."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
