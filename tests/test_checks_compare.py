"""Tolerant where a student has a choice, strict where a mistake hides."""

import numpy as np
import pytest

from dlcourse.checks.compare import difference
from dlcourse.checks.values import Opaque, plain

ROW = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (ROW, [1, 2, 3]),
        (ROW, (1.0, 2.0, 3.0)),
        (ROW, ROW.astype("float32")),
        (ROW, ROW * (1 + 1e-9)),
        (2.0, 2),
        (2, 2.0),
        (2.0, np.float32(2)),
        (2.0, np.array(2.0)),
        (np.float64(0.1), np.float32(0.1)),
        ([np.array([1.0, 2.0]), 3.0], ([1.0, 2.0], np.float64(3))),
        (np.array([np.nan, np.inf]), [float("nan"), float("inf")]),
        ({"a": ROW}, {"a": [1, 2, 3]}),
        (True, np.True_),
        ("ab", "ab"),
        (1e6, 1e6 + 1e-3),
    ],
)
def test_these_say_the_same(expected, actual):
    assert difference(plain(expected), plain(actual)) is None


@pytest.mark.parametrize(
    ("expected", "actual", "what"),
    [
        (ROW, ROW[:, None], "shape"),
        (ROW, ROW[:2], "shape"),
        (np.inf, 1.0, "values"),
        (-np.inf, np.inf, "values"),
        (1.0, np.inf, "values"),
        (2.0, [2.0], "shape"),
        (ROW, ROW[::-1], "values"),
        (ROW, [1, 2, np.nan], "nan"),
        (np.array([1.0, np.nan]), [1.0, 2.0], "nan"),
        (ROW, ROW > 0, "kind"),
        (True, 1, "kind"),
        (ROW, ["1", "2", "3"], "type"),
        (2.0, "2.0", "type"),
        (2.0, None, "type"),
        (None, 2.0, "type"),
        (ROW, {"a": 1}, "type"),
        ({"a": 1}, {"b": 1}, "keys"),
        ({"a": 1}, {"a": 1, "b": 2}, "keys"),
        ({"a": 1.0}, {"a": 1.1}, "values"),
        ([[1.0], [1.0, 2.0]], [[1.0], [1.0]], "shape"),
        (["a", "b"], ["a"], "length"),
        (ROW, ROW * (1 + 1e-4), "values"),
        (1e-12, 2e-3, "values"),
        (ROW + 0j, ROW, "kind"),
    ],
)
def test_these_differ(expected, actual, what):
    found = difference(plain(expected), plain(actual))
    assert found is not None
    assert found.property == what


def test_a_small_entry_beside_large_ones_is_judged_by_itself():
    assert difference(np.array([1e3, 1e-2]), np.array([1e3, 2e-2])) is not None


def test_single_precision_may_cancel():
    x = np.linspace(1, 9, 50)
    exact = np.outer([0.3, 2.0], x) - 2 * x
    single = np.outer(np.float32([0.3, 2.0]), x.astype("float32")) - 2 * x.astype("float32")
    assert difference(exact, single) is None
    assert difference(exact + 1e-2, single) is not None


def test_messages_never_state_an_expected_float():
    for actual in (3.25, [3.25], np.nan, None, "x", {"a": 1}, Opaque("Thing")):
        message = difference(1.7182818, plain(actual)).message
        assert "1.718" not in message


def test_the_first_wrong_place_is_named():
    found = difference(np.zeros((2, 3)), np.array([[0, 0, 0], [0, 5.0, 0]]))
    assert found.message == "1 of 6 values are not right, the first at index (1, 1)"


@pytest.mark.parametrize("expected", [np.array([1, 2]), np.array([True, False]), [1.5, 2]])
def test_text_for_numbers_is_told(expected):
    found = difference(expected, ["a", "b"])
    assert found.property == "type"
    assert "text came back" in found.message
