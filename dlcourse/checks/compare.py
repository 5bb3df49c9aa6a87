"""Do two plain values say the same?

Tolerant where a student has a choice: a list, a tuple or a NumPy scalar for an array, an int for a
float, single for double precision. Strict where a mistake hides: shape, length, order, NaN, keys,
and the kind of the numbers (a Boolean mask is not an array of floats).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcourse.checks.values import ModelData, Opaque

RTOL = 1e-6
RTOL_SINGLE = 1e-4  # float32 and float16 results


@dataclass(frozen=True)
class Difference:
    """What is wrong with a value, in words that never state an expected float.

    Attributes:
        property: "type", "kind", "shape", "length", "keys", "nan" or "values".
        message: a sentence about the value that came back.
    """

    property: str
    message: str


def difference(
    expected: Any, actual: Any, rtol: float | None = None, atol: float | None = None
) -> Difference | None:
    """Return the first difference between two plain values, None if they agree.

    Args:
        expected: plain data (see `dlcourse.checks.values.plain`).
        actual: plain data.
        rtol: tolerance relative to each expected value, or to a tenth of the largest one where
            that is more (small differences of large numbers lose digits). Defaults to 1e-6, to
            1e-4 where one of the values is in single precision.
        atol: absolute tolerance. Defaults to 1e-9.
    """
    if isinstance(actual, Opaque):
        return Difference("type", f"an object of type `{actual.type_name}` came back")
    if isinstance(expected, ModelData) or isinstance(actual, ModelData):
        return Difference("type", "a Keras model can be judged only through a view")
    if actual is None and expected is not None:
        return Difference("type", "`None` came back: is a `return` missing?")
    if expected is None:
        return None if actual is None else Difference("type", "`None` was expected")
    if isinstance(expected, str) or isinstance(actual, str):
        return _strings(expected, actual)
    if isinstance(expected, dict) or isinstance(actual, dict):
        return _dicts(expected, actual, rtol, atol)
    expected_array, actual_array = _as_array(expected), _as_array(actual)
    if expected_array is not None and actual_array is not None:
        return _arrays(expected_array, actual_array, rtol, atol)
    return _lists(expected, actual, rtol, atol)


def _as_array(value: Any) -> np.ndarray | None:
    """The value as one numeric array, or None if it is ragged, mixed or not made of numbers."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, list) and _contains_text(value):
        return None
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):
        return None
    return array if array.dtype.kind in "biufc" else None


def _contains_text(value: list[Any]) -> bool:
    return any(
        isinstance(v, (str, dict)) or (isinstance(v, list) and _contains_text(v)) for v in value
    )


def _strings(expected: Any, actual: Any) -> Difference | None:
    if not isinstance(actual, str):
        return Difference("type", f"text was expected, {describe(actual)} came back")
    if not isinstance(expected, str):
        return Difference("type", f"{describe(expected)} was expected, text came back")
    return None if expected == actual else Difference("values", "the text differs")


def _dicts(expected: Any, actual: Any, rtol: float | None, atol: float | None) -> Difference | None:
    if not isinstance(actual, dict) or not isinstance(expected, dict):
        return Difference(
            "type", f"{describe(expected)} was expected, {describe(actual)} came back"
        )
    if set(expected) != set(actual):
        wanted = ", ".join(sorted(map(repr, expected)))
        got = ", ".join(sorted(map(repr, actual))) or "none"
        return Difference("keys", f"the keys {wanted} were expected, got {got}")
    for key, value in expected.items():
        found = difference(value, actual[key], rtol, atol)
        if found:
            return Difference(found.property, f"at key {key!r}: {found.message}")
    return None


def _lists(expected: Any, actual: Any, rtol: float | None, atol: float | None) -> Difference | None:
    as_lists = [v.tolist() if isinstance(v, np.ndarray) else v for v in (expected, actual)]
    if not all(isinstance(v, list) for v in as_lists):
        return Difference(
            "type", f"{describe(expected)} was expected, {describe(actual)} came back"
        )
    if len(as_lists[0]) != len(as_lists[1]):
        return Difference(
            "length",
            f"{len(as_lists[0])} items were expected, {len(as_lists[1])} came back",
        )
    for index, (a, b) in enumerate(zip(*as_lists, strict=True)):
        found = difference(a, b, rtol, atol)
        if found:
            return Difference(found.property, f"item {index}: {found.message}")
    return None


def _arrays(
    expected: np.ndarray, actual: np.ndarray, rtol: float | None, atol: float | None
) -> Difference | None:
    if expected.shape != actual.shape:
        return Difference("shape", f"{_shape(expected)} was expected, {_shape(actual)} came back")
    wrong_kind = _kind_difference(expected, actual)
    if wrong_kind:
        return wrong_kind
    if expected.size == 0:
        return None
    if expected.dtype.kind in "biu" and actual.dtype.kind in "biu":
        return _wrong_places(np.asarray(expected != actual), actual)
    single = any(a.dtype.itemsize <= 4 and a.dtype.kind == "f" for a in (expected, actual))
    return _close(
        expected,
        actual,
        rtol if rtol is not None else RTOL_SINGLE if single else RTOL,
        atol if atol is not None else 1e-9,
    )


def _kind_difference(expected: np.ndarray, actual: np.ndarray) -> Difference | None:
    names = {"b": "Boolean values", "c": "complex numbers"}
    kinds = ["n" if a.dtype.kind in "iuf" else a.dtype.kind for a in (expected, actual)]
    if kinds[0] == kinds[1] or expected.size == 0:
        return None
    wanted, got = (names.get(k, "numbers") for k in kinds)
    return Difference("kind", f"{wanted} were expected, {got} came back")


def _close(expected: np.ndarray, actual: np.ndarray, rtol: float, atol: float) -> Difference | None:
    expected, actual = (a.astype(np.promote_types(a.dtype, float)) for a in (expected, actual))
    nan_differs = np.isnan(expected) != np.isnan(actual)
    if nan_differs.any():
        what = "NaN" if np.isnan(actual[nan_differs]).any() else "a number where NaN was expected"
        return Difference("nan", f"{what} came back{_where(nan_differs)}")
    finite = np.isfinite(expected)
    scale = np.abs(expected[finite]).max(initial=0.0)
    with np.errstate(invalid="ignore"):
        near = np.abs(expected - actual) <= atol + rtol * np.maximum(np.abs(expected), 0.1 * scale)
    same = (near & finite) | (expected == actual) | np.isnan(expected)
    return _wrong_places(~same, actual)


def _wrong_places(wrong: np.ndarray, actual: np.ndarray) -> Difference | None:
    if not wrong.any():
        return None
    if wrong.ndim == 0:
        return Difference("values", "the value is not right")
    count = f"{int(wrong.sum())} of {wrong.size} values are not right"
    return Difference("values", f"{count}, the first{_where(wrong)}")


def _where(mask: np.ndarray) -> str:
    if mask.ndim == 0:
        return ""
    index = tuple(int(i) for i in np.argwhere(mask)[0])
    return f" at index {index[0] if len(index) == 1 else index}"


def _shape(array: np.ndarray) -> str:
    return "a single number" if array.ndim == 0 else f"shape {array.shape}"


def describe(value: Any) -> str:
    """Return the form of a plain value in a few words, without its content."""
    if value is None:
        return "`None`"
    if isinstance(value, Opaque):
        return f"an object of type `{value.type_name}`"
    if isinstance(value, ModelData):
        return "a Keras model"
    if isinstance(value, bool):
        return "a Boolean"
    if isinstance(value, (int, float, complex)):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return "a dict"
    if isinstance(value, np.ndarray):
        return "a single number" if value.ndim == 0 else f"an array of shape {value.shape}"
    return f"a list of {len(value)} items"
