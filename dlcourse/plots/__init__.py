"""Figures of the course: one function per figure, drawn with Matplotlib.

A function that draws one picture returns its `Axes` and accepts `ax=`; one that draws panels
returns the `Figure`. Each carries a text alternative: `style.alt_text(ax)`. In a notebook, end the
line with a semicolon, so that only the picture is shown:

    plots.loss_curve(loss);

Matplotlib is imported when the first figure is asked for (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import Any

# Where each figure lives. A module never has the name of a figure.
_MODULES: dict[str, tuple[str, ...]] = {
    "diagrams": ("neuron",),
    "functions": ("step_functions",),
    "landscape": (
        "descent",
        "descent_1d",
        "descent_examples",
        "descent_frames",
        "descent_panels",
        "loss_curve",
        "quadratic_model",
    ),
    "points": ("gates", "scatter"),
    "style": ("alt_text",),
    "widgets": ("descent_slider",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_MODULES})
