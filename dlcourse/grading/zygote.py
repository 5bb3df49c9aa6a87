"""The process that others are forked from: it has imported everything and run nothing.

Importing Keras and TensorFlow takes seconds; a fork of a process that has done it takes
milliseconds. TensorFlow works after a fork as long as no operation ran before it. It knows nothing
of a lab but the names of the packages that it imports.

Run as `python -m dlcourse.grading.zygote FD MODULE...`, with a socket on which each message asks
for one fork and brings the socket that the fork will serve.
"""

from __future__ import annotations

import gc
import importlib
import io
import json
import os
import signal
import socket
import sys
from typing import Any

from dlcourse.grading import wire
from dlcourse.grading.sandbox import Policy, end_with_parent, enter

ROLES = {  # what a fork becomes: the `serve` of a module
    "notebook": "dlcourse.grading.shell",
    "referee": "dlcourse.grading.referee",
    "key": "dlcourse.grading.key",
}
ALWAYS = (
    "numpy",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "dlcourse.checks",
    *ROLES.values(),
)
# at the lab's wish: packages that start no thread when they are imported, and run no operation
AT_WISH = {"dlcourse", "keras", "matplotlib", "pandas", "scipy", "sklearn", "tensorflow"}
LATER = {  # what ours import on first use
    "dlcourse.datasets": ("pandas", "sklearn.datasets", "sklearn.model_selection"),
    "dlcourse.plots": ("dlcourse.plots.style", "ipywidgets"),
    "keras": ("dlcourse.checks.rebuild",),
}


def main(descriptor: int, wishes: list[str]) -> None:
    """Import what forks need, then fork on request until the grader is gone."""
    control = socket.socket(fileno=descriptor)
    gc.disable()  # imports make little garbage: without the search for it they take 3/4 of the time
    wanted = [name for name in wishes if name.partition(".")[0] in AT_WISH]
    later = [module for name in wanted for module in LATER.get(name, ())]
    for name in (*ALWAYS, *wanted, *later):
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # a name in a module, or a notebook that needs it will say so
    _format_an_error()
    _draw_a_figure()
    _read_a_notebook()
    _write_a_verdict()
    _make_the_shell()
    gc.freeze()  # what is here now is no garbage of a notebook: it need not look through it
    gc.enable()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for forks: no zombies
    wire.send(control, {"ready": True})
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 65536, 1)
        if not message:
            return
        request = json.loads(message)
        pid = os.fork()
        if pid == 0:
            control.close()
            _become(socket.socket(fileno=descriptors[0]), request)
        os.close(descriptors[0])
        wire.send(control, {"pid": pid})


def _format_an_error() -> None:
    """Load what the first traceback of a notebook needs."""
    from IPython.core.ultratb import AutoFormattedTB

    try:
        raise ValueError
    except ValueError:
        AutoFormattedTB(mode="Context").structured_traceback(*sys.exc_info())


def _read_a_notebook() -> None:
    """Load what the first notebook of a referee needs: the schema, compiled."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    nbformat.reads(nbformat.writes(new_notebook(cells=[new_code_cell()])), 4)


def _write_a_verdict() -> None:
    """Load what the first verdict of a referee needs: its page, compiled."""
    from dlcourse.checks.judge import PASSED, Verdict
    from dlcourse.checks.view import verdict_bundle

    verdict_bundle(Verdict("example", PASSED, 1.0, 1.0), show_points=True)


def _draw_a_figure() -> None:
    """Load what the first figure of a notebook needs: fonts, and the parser of formulas."""
    from matplotlib.figure import Figure

    figure = Figure()
    figure.gca().set_title("$x^2$")
    figure.savefig(io.BytesIO(), bbox_inches="tight")


def _make_the_shell() -> None:
    from dlcourse.grading.shell import make_shell

    make_shell()


def _become(connection: socket.socket, request: dict[str, Any]) -> None:
    """Close everything else, enter the jail, serve; never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()  # a signal to its process group reaches nobody else
        end_with_parent()  # a zygote ends with its grader, also one that was killed
        _close_all_but(connection.fileno())
        policy = Policy(**request["policy"])
        active = enter(policy) if request["jail"] else _unjailed(policy)
        wire.send(connection, {"protections": active})
        importlib.import_module(ROLES[request["role"]]).serve(connection)
    except BaseException as error:
        try:
            wire.send(connection, {"error": f"{type(error).__name__}: {error}"[:500]})
        except wire.WireError:
            os._exit(2)
        os._exit(1)
    os._exit(0)


def _unjailed(policy: Policy) -> list[str]:
    os.chdir(policy.folder or "/")
    return []


def _close_all_but(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, 4096)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
