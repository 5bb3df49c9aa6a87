"""Keep TensorFlow's greeting out of notebooks.

While it is imported, TensorFlow writes log lines to file descriptor 2 that no setting turns off
(https://github.com/tensorflow/tensorflow/issues/100442). A notebook shows them as errors, and
nbgrader takes a line on stderr in a graded cell for a failure.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def without_native_stderr() -> Iterator[None]:
    """Drop what compiled code writes to file descriptor 2 in the block; Python's stderr stays."""
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


class _QuietImport(importlib.abc.MetaPathFinder):
    """Imports TensorFlow, once, without its greeting."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec and spec.loader:
            run = spec.loader.exec_module

            def quietly(module: ModuleType) -> None:
                with without_native_stderr():
                    run(module)

            loader: Any = spec.loader
            loader.exec_module = quietly
        return spec


def _is_error(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


def quiet_tensorflow() -> None:
    """Silence TensorFlow's log lines, now and when it is imported later."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    # TensorFlow warns of functions that it traced again, which many small models cannot avoid
    logging.getLogger("tensorflow").addFilter(_is_error)
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _QuietImport())
