"""Evaluate one expression over a student's names, and survive whatever happens.

The result is an `Outcome`: the value as plain data, or what was raised, and what else was seen on
the way (printed text, warnings, changed arguments).
"""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import os
import signal
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dlcourse.checks.compare import difference
from dlcourse.checks.values import NotPlain, plain
from dlcourse.quiet import without_native_stderr

TIME_LIMIT = 10.0  # seconds for one case


@dataclass(frozen=True)
class Outcome:
    """What the evaluation of one case gave.

    Attributes:
        value: the result as plain data; None if something was raised.
        raised: the name of the exception's type, None if nothing was raised.
        message: the exception in one line, with the student's line where it is known.
        printed: what was written to stdout and stderr meanwhile.
        warned: one line for each warning.
        mutated: names of functions whose arguments were changed by a call.
    """

    value: Any = None
    raised: str | None = None
    message: str = ""
    printed: str = ""
    warned: tuple[str, ...] = ()
    mutated: tuple[str, ...] = ()


class TimeLimitReached(BaseException):
    """Not an `Exception`, so that `except Exception` in an answer does not swallow it."""


def evaluate(
    call: str,
    names: Mapping[str, Any],
    *,
    seed: int = 0,
    view: Callable[[Any], Any] | None = None,
    watched: tuple[str, ...] = (),
    time_limit: float = TIME_LIMIT,
) -> Outcome:
    """Evaluate the expression `call` and return its outcome; never raises for what it does.

    Args:
        call: a Python expression, such as `"sse([1.0], x=[1], y=[2])"`.
        names: what the expression may use beside `np` and `rng`.
        seed: of `rng`, a fresh NumPy generator.
        view: applied to the plain value.
        watched: the names among `names` whose calls must leave their arguments unchanged.
        time_limit: seconds.
    """
    mutated: list[str] = []
    scope = {"np": np, "rng": np.random.default_rng(seed), **names}
    if "keras" in call:
        scope["keras"] = __import__("keras")
    for name in watched:
        if isinstance(scope.get(name), types.FunctionType | functools.partial | np.ufunc):
            scope[name] = _watch(scope[name], name, mutated)
    output = io.StringIO()
    with (
        _restored_state(),
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
        without_native_stderr(),
    ):
        warnings.simplefilter("always")
        value, error = _guarded(lambda: _value(call, scope, view), time_limit)
    raised, message = _describe_error(error, time_limit) if error else (None, "")
    warned = tuple(f"{w.category.__name__}: {w.message}" for w in caught)
    return Outcome(value, raised, message, output.getvalue(), warned, tuple(mutated))


def view_of(outcome: Outcome, view: Callable[[Any], Any], seconds: float) -> Outcome:
    """Return the outcome with a view applied to its plain value."""
    value, error = _guarded(lambda: plain(view(outcome.value)), seconds)
    raised, message = _describe_error(error, seconds) if error else (None, "")
    return replace(outcome, value=value, raised=raised, message=message)


def _value(call: str, scope: dict[str, Any], view: Callable[[Any], Any] | None) -> Any:
    value = plain(eval(compile(call, "<check>", "eval"), scope))
    return plain(view(value)) if view else value


def _guarded(run: Callable[[], Any], seconds: float) -> tuple[Any, BaseException | None]:
    try:
        with time_limit(seconds):
            return run(), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # exit(), a time-out and all errors of the answer
        return None, error


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeLimitReached` in the block after `seconds`.

    Uses the interval timer where there is one and this is the main thread (it fires again every
    second, in case an answer swallows it); elsewhere a thread that interrupts the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
    elif hasattr(signal, "setitimer"):
        with _interval_timer(seconds):
            yield
    else:
        with _interrupting_thread(seconds):
            yield


@contextlib.contextmanager
def _interval_timer(seconds: float) -> Iterator[None]:
    running = True

    def stop(signum: int, frame: types.FrameType | None) -> None:
        if running:
            raise TimeLimitReached

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        try:
            yield
        finally:
            running = False  # an alarm from here on must not keep the timer from being stopped
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@contextlib.contextmanager
def _interrupting_thread(seconds: float) -> Iterator[None]:
    import _thread

    fired = threading.Event()

    def stop() -> None:
        fired.set()
        _thread.interrupt_main()

    timer = threading.Timer(seconds, stop)
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if fired.is_set():
            raise TimeLimitReached from None
        raise
    finally:
        timer.cancel()


@contextlib.contextmanager
def _restored_state() -> Iterator[None]:
    """Leave NumPy's global random state and the working folder as they were."""
    state, folder = np.random.get_state(), os.getcwd()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
        os.chdir(folder)


def _watch(function: Callable[..., Any], name: str, mutated: list[str]) -> Callable[..., Any]:
    """Return `function` with a look at its arguments before and after each call."""

    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        arguments = [*args, *kwargs.values()]
        before = [_snapshot(a) for a in arguments]
        result = function(*args, **kwargs)
        if name not in mutated and any(
            b is not None and difference(plain(b), plain(a))
            for a, b in zip(arguments, before, strict=True)
        ):
            mutated.append(name)
        return result

    return watched


def _snapshot(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        return argument.copy()
    if isinstance(argument, (list, dict)):
        return copy.deepcopy(argument)
    return None


def _describe_error(error: BaseException, seconds: float) -> tuple[str, str]:
    """The exception in one line, with the line of the notebook that raised it."""
    if isinstance(error, TimeLimitReached):
        return "TimeLimitReached", f"it did not finish within {seconds:g} seconds"
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        return kind, "it called `exit()`, which would end the notebook"
    if isinstance(error, NotPlain):
        return kind, f"it returned {error}, more than a check can look at"
    try:
        text = " ".join(str(error).split())[:300]
    except Exception:
        text = ""
    message = f"{kind}: {text}" if text else kind
    line = _student_line(error)
    return kind, f"{message} (in the line `{line}`)" if line else message


def _student_line(error: BaseException) -> str:
    """The source of the last line that ran in a notebook cell."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if "ipykernel_" in frame.filename or "ipython-input" in frame.filename:
            return (frame.line or "").strip()
    return ""
