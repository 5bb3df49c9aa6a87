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
    "approximation": ("relu_frames", "relu_sum"),
    "backward": ("chain_rule", "unit_gradient", "unit_gradient_panels"),
    "contours": ("contour_panels", "contour_paths", "surface"),
    "convolution": (
        "equivariance",
        "equivariance_frames",
        "filtering",
        "lenet",
        "max_pooling",
        "padding",
    ),
    "diagrams": ("mlp", "network_221", "neuron"),
    "functions": (
        "activation_derivatives",
        "activations",
        "relu_variants",
        "sigmoid_saturation",
        "step_functions",
    ),
    "graphs": ("computational_graph", "value_graph"),
    "landscape": (
        "descent",
        "descent_1d",
        "descent_examples",
        "descent_frames",
        "descent_panels",
        "loss_curve",
        "quadratic_model",
    ),
    "losses": ("loss_slices", "negative_log", "nll_bars", "squared_error"),
    "optimizers": (
        "momentum_panels",
        "momentum_path",
        "nesterov_lookahead",
        "optimizer_panels",
        "optimizer_race",
    ),
    "pictures": ("attention_map", "channels", "images", "kernel"),
    "players": ("dropout_player", "equivariance_player", "player", "sgd_player"),
    "points": ("decision_panels", "decision_regions", "gates", "scatter"),
    "recurrence": ("forecast", "influence", "rnn_unrolled"),
    "regularization": (
        "dropout_frames",
        "dropout_network",
        "entropy_histogram",
        "polynomial_fits",
        "predictive_distribution",
        "weight_histogram",
    ),
    "sgd": ("escape", "sgd_paths"),
    "style": ("alt_text",),
    "training": (
        "gradient_histograms",
        "gradient_norms",
        "schedules",
        "training_curves",
        "training_panels",
    ),
    "widgets": ("descent_slider", "momentum_slider", "unit_gradient_slider"),
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
