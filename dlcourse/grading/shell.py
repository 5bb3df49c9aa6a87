"""The jailed side: an IPython shell that runs cells and evaluates cases on request.

It runs in a fork of the zygote, after the sandbox closed. It knows no expected value: it is asked
for what an expression gives, and answers with plain data.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import math
import os
import resource
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from dlcourse.checks.evaluate import evaluate
from dlcourse.checks.session import load_helpers
from dlcourse.checks.source import is_stub
from dlcourse.checks.values import encode
from dlcourse.grading import wire
from dlcourse.grading.system import address_space

MAX_OUTPUT = 1_000_000  # characters of text that one cell may print
MAX_OUTPUTS = 500  # outputs of one cell
MAX_NAME, MAX_LINE, MAX_LINES = 200, 5000, 40  # of an error: characters of its name, and lines
LEAST_FREE = 256 << 20  # bytes of memory without which other answers could not be judged


class Outputs:
    """The outputs of the running cell, in notebook form and bounded."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.size = 0

    def add(self, output: dict[str, Any]) -> None:
        if len(self.items) < MAX_OUTPUTS:
            self.items.append(output)

    def write(self, name: str, text: str) -> None:
        text = text[: max(0, MAX_OUTPUT - self.size)]
        self.size += len(text)
        last = self.items[-1] if self.items else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"].append(text)
        elif text:
            self.add({"output_type": "stream", "name": name, "text": [text]})

    def finished(self) -> list[dict[str, Any]]:
        """All of them, with what was printed in pieces put together."""
        return [
            {**item, "text": "".join(item["text"])} if item["output_type"] == "stream" else item
            for item in self.items
        ]


OUTPUTS = Outputs()


class Stream:
    """Stands for stdout or stderr of a notebook."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, text: str) -> int:
        OUTPUTS.write(self.name, str(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def close(self) -> None:
        pass  # print after sys.stdout.close() is not worth an error


def _mime(data: dict[str, Any]) -> dict[str, Any]:
    return {
        kind: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for kind, value in data.items()
    }


class Publisher(DisplayPublisher):
    """Keeps what `display` shows."""

    def publish(self, data: Any, metadata: Any = None, **kwargs: Any) -> None:
        OUTPUTS.add(
            {"output_type": "display_data", "data": _mime(data), "metadata": metadata or {}}
        )

    def clear_output(self, wait: bool = False) -> None:
        OUTPUTS.items.clear()


class Hook(DisplayHook):
    """Keeps the value of a cell's last expression."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        OUTPUTS.add(
            {
                "output_type": "execute_result",
                "data": _mime(format_dict),
                "metadata": md_dict or {},
                "execution_count": self.prompt_count,
            }
        )

    def finish_displayhook(self) -> None:
        pass


class Shell(InteractiveShell):
    """IPython without a terminal and without a kernel."""

    display_pub_class = Publisher
    displayhook_class = Hook

    def init_history(self) -> None:
        self.config.HistoryManager.enabled = False
        self.config.HistoryManager.hist_file = ":memory:"
        super().init_history()

    def ask_exit(self) -> None:
        pass  # `exit` in a cell ends nothing

    def enable_gui(self, gui: Any = None) -> None:
        pass  # `%matplotlib inline` asks for none; there is no screen

    def system(self, cmd: str) -> None:
        """Run a `!command`; IPython's own way needs a terminal, which a jail has not."""
        done = subprocess.run(
            self.var_expand(cmd, depth=1),
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        print(done.stdout.decode(errors="replace"), end="")
        self.user_ns["_exit_code"] = done.returncode

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        OUTPUTS.add(
            {
                "output_type": "error",
                "ename": getattr(etype, "__name__", "Error")[:MAX_NAME],
                "evalue": _text(evalue)[:MAX_LINE],
                "traceback": [line[:MAX_LINE] for line in stb][-MAX_LINES:],
            }
        )


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:
        return ""


def _no_input(prompt: object = "") -> str:
    raise RuntimeError("input() has nobody to ask while a notebook is graded")


@contextlib.contextmanager
def _streams() -> Iterator[None]:
    with contextlib.redirect_stdout(Stream("stdout")), contextlib.redirect_stderr(Stream("stderr")):
        yield


def make_shell() -> Shell:
    """Make the one shell of this process; each of its forks has a copy."""
    shell = Shell.instance(user_ns={"__name__": "__main__"})
    _show_figures(shell)
    return shell


def serve(connection: socket.socket) -> None:
    """Answer requests until the other side is gone."""
    builtins.input = _no_input
    sys.argv = ["notebook"]
    sys.path.append(os.getcwd())  # modules beside the notebook; last: none hides an installed one
    shell = Shell.instance()
    helpers: dict[str, Any] = {}
    while True:
        try:
            request = wire.receive(connection)
        except wire.WireError:
            return
        match request:
            case {"run": source}:
                answer = _run(shell, source)
            case {"helpers": sources}:
                helpers = load_helpers(sources)
                answer = {"ok": True}
            case {"describe": name}:
                answer = _describe(shell, name)
            case {"evaluate": case}:
                answer = _evaluate(shell, case, helpers)
            case {"letters": name}:
                answer = {"value": _value(shell.user_ns.get(name))}
            case _:
                answer = {"error": "unknown request"}
        if _free_memory() < LEAST_FREE:  # what filled it is known now, and not when the next fails
            wire.send(connection, {"error": "more memory was used than a notebook may have"})
            return
        try:
            wire.send(connection, answer)
        except (wire.WireError, ValueError, TypeError) as error:
            wire.send(connection, {"error": f"an answer that cannot be sent: {error}"[:500]})


def _free_memory() -> float:
    """Bytes of address space that are left; without a jail there may be no limit."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return math.inf if limit == resource.RLIM_INFINITY else limit - address_space()


def _show_figures(shell: Shell) -> None:
    """Figures appear below their cell, as in a notebook.

    Figures are shown and closed before pyplot redraws those that changed: the other way round, each
    is drawn twice.
    """
    import matplotlib
    from matplotlib_inline.backend_inline import configure_inline_support

    backend = "module://matplotlib_inline.backend_inline"
    configure_inline_support(shell, backend)
    matplotlib.use(backend)
    matplotlib.interactive(True)


def _run(shell: Shell, source: str) -> dict[str, Any]:
    global OUTPUTS
    OUTPUTS = Outputs()
    with _streams(), warnings.catch_warnings():
        result = shell.run_cell(source, store_history=True)
    return {
        "outputs": OUTPUTS.finished(),
        "failed": not result.success,
        "execution_count": result.execution_count,
    }


def _describe(shell: Shell, name: str) -> dict[str, Any]:
    """Is a name bound, still the stub, something to call?"""
    answer = shell.user_ns.get(name)
    return {"bound": name in shell.user_ns, "stub": is_stub(answer), "callable": callable(answer),
            "type": type(answer).__name__}  # fmt: skip


def _evaluate(shell: Shell, case: dict[str, Any], helpers: dict[str, Any]) -> dict[str, Any]:
    name = case["name"]
    outcome = evaluate(
        case["call"],
        {**helpers, name: shell.user_ns.get(name)},
        seed=case["seed"],
        watched=(name,),
        time_limit=case["time_limit"],
    )
    return {
        "value": encode(outcome.value),
        "raised": outcome.raised,
        "message": outcome.message,
        "printed": outcome.printed[:2000],
        "warned": list(outcome.warned)[:5],
        "mutated": list(outcome.mutated),
    }


def _value(answer: Any) -> Any:
    """A question's or constant's answer, if it is of a kind that one can be."""
    import numpy as np

    if isinstance(answer, (str, int, float)) or answer is None:
        return encode(answer)
    if isinstance(answer, (list, tuple, set)):
        return [str(item)[:20] for item in list(answer)[:20]]
    if isinstance(answer, (np.ndarray, np.generic)) and np.size(answer) == 1:
        return encode(float(np.ravel(answer)[0]))
    return {"opaque": type(answer).__name__}
