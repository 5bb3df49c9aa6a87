"""A deep-learning course that runs on a student's laptop and grades itself.

Submodules load on first use, so that `import dlcourse` costs next to nothing (PEP 562).
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType

__version__ = "0.1.0"

# TensorFlow greets with log lines on stderr, which a notebook shows and nbgrader takes for errors
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

_MODULES = (
    "callbacks",
    "checks",
    "datasets",
    "layers",
    "models",
    "plots",
    "schedules",
    "tuning",
)

__all__ = ["__version__", *_MODULES]


def __getattr__(name: str) -> ModuleType:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES])
