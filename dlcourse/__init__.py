"""A deep-learning course that runs on a student's laptop and grades itself.

Submodules load on first use, so that `import dlcourse` costs next to nothing (PEP 562).
"""

from __future__ import annotations

import importlib
from types import ModuleType

from dlcourse.quiet import quiet_tensorflow

__version__ = "0.1.0"

quiet_tensorflow()

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
