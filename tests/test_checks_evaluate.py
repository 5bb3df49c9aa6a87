"""Whatever an answer does, its evaluation ends with an outcome."""

import os
import signal
import sys
import time
import warnings

import numpy as np
import pytest

from dlcourse.checks.evaluate import evaluate


def outcome(function, call="f()", **options):
    return evaluate(call, {"f": function}, watched=("f",), **options)


def test_values_come_back_as_plain_data():
    result = evaluate("f(np.arange(3))", {"f": lambda x: (x + 1, "a")})
    assert result.value[0].tolist() == [1, 2, 3]
    assert result.value[1] == "a"
    assert result.raised is None


def test_the_generator_is_fresh_and_seeded():
    first = evaluate("rng.normal(size=3)", {}, seed=5)
    second = evaluate("rng.normal(size=3)", {}, seed=5)
    other = evaluate("rng.normal(size=3)", {}, seed=6)
    assert np.array_equal(first.value, second.value)
    assert not np.array_equal(first.value, other.value)


def test_an_error_is_named():
    result = outcome(lambda: 1 / 0)
    assert (result.raised, result.value) == ("ZeroDivisionError", None)
    assert "division by zero" in result.message


@pytest.mark.parametrize("stop", [SystemExit, GeneratorExit])
def test_leaving_the_notebook_is_an_error_of_the_answer(stop):
    def leave():
        raise stop

    assert outcome(leave).raised == stop.__name__


def test_a_user_can_still_interrupt():
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(interrupt)


def test_an_error_that_cannot_be_printed():
    class Nasty(Exception):
        def __str__(self):
            raise RuntimeError

    def f():
        raise Nasty

    assert outcome(f).raised == "Nasty"


@pytest.mark.parametrize("swallow", [(), Exception, BaseException])
def test_endless_answers_end(swallow):
    def endless():
        while True:
            try:
                time.sleep(0.01)
                if time.monotonic() > deadline:
                    return "never stopped"
            except swallow:
                if swallow is BaseException:
                    raise

    deadline = time.monotonic() + 60
    result = outcome(endless, time_limit=0.3)
    assert result.raised == "TimeLimitReached"
    assert "0.3 seconds" in result.message


def test_an_alarm_at_the_very_end_leaves_no_timer_behind(monkeypatch):
    """A timer that stays armed would interrupt, second after second, whatever runs next."""
    set_timer, handler = signal.setitimer, signal.getsignal(signal.SIGALRM)

    def late_alarm(which, seconds, interval=0.0):
        if not seconds:
            os.kill(os.getpid(), signal.SIGALRM)
        return set_timer(which, seconds, interval)

    monkeypatch.setattr(signal, "setitimer", late_alarm)
    try:
        assert outcome(lambda: 1).value == 1
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        assert signal.getsignal(signal.SIGALRM) is handler
    finally:
        set_timer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def test_prints_and_warnings_are_kept_apart_from_the_value(capfd):
    def noisy():
        print("to stdout")
        print("to stderr", file=sys.stderr)
        warnings.warn("careful", UserWarning, stacklevel=1)
        return 1

    result = outcome(noisy)
    assert result.value == 1
    assert "to stdout" in result.printed
    assert "to stderr" in result.printed
    assert result.warned == ("UserWarning: careful",)
    assert capfd.readouterr() == ("", "")


def test_native_stderr_is_dropped(capfd):
    assert outcome(lambda: os.write(2, b"from C++")).value == 8
    assert capfd.readouterr().err == ""


def test_changed_arguments_are_seen():
    def in_place(x):
        x *= 2
        return x

    for argument in ("np.ones(3)", "[1.0, 2.0]", "{'a': 1}"):
        change = in_place if argument[0] == "n" else lambda x: x.clear()
        assert outcome(change, f"f({argument})").mutated == ("f",)
    assert outcome(lambda x: x * 2, "f(np.ones(3))").mutated == ()
    assert outcome(lambda *, x: x.clear(), "f(x=[1])").mutated == ("f",)


def test_global_random_state_and_folder_stay(tmp_path, monkeypatch):
    import os

    monkeypatch.chdir(tmp_path)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002

    def careless():
        np.random.seed(1)  # noqa: NPY002
        os.chdir("/")

    outcome(careless)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    assert os.getcwd() == str(tmp_path)


def test_endless_values_are_an_outcome():
    def endless():
        while True:
            yield 1

    result = outcome(endless)
    assert result.raised == "NotPlain"
    assert "items" in result.message


def test_recursion_is_an_error_of_the_answer():
    def f():
        return f()

    assert evaluate("f()", {"f": f}).raised == "RecursionError"
