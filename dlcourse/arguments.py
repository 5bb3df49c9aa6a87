"""Checks of arguments, with errors in Keras' form."""

from __future__ import annotations

import numbers
from collections.abc import Collection
from typing import Any


def invalid(name: str, expected: str, value: Any) -> ValueError:
    """Return the error that names the argument, what was expected, and what was received."""
    return ValueError(
        f"Invalid value for `{name}`: expected {expected}. Received: {name}={value!r}"
    )


def check_count(name: str, value: Any, minimum: int = 1) -> None:
    """Raise unless `value` is an integer of at least `minimum`."""
    if not isinstance(value, numbers.Integral) or value < minimum:
        raise invalid(name, f"an integer of at least {minimum}", value)


def check_noise(name: str, value: Any) -> None:
    """Raise unless `value` is a finite number of at least 0."""
    if not isinstance(value, numbers.Real) or not 0 <= float(value) < float("inf"):
        raise invalid(name, "a number of at least 0", value)


def check_share(name: str, value: Any) -> None:
    """Raise unless `value` is a number from 0 to 1."""
    if not isinstance(value, numbers.Real) or not 0 <= float(value) <= 1:
        raise invalid(name, "a number in [0, 1]", value)


def check_choice(name: str, value: Any, choices: Collection[str]) -> None:
    """Raise unless `value` is one of `choices`."""
    if value not in choices:
        raise invalid(name, f"one of {', '.join(map(repr, choices))}", value)
