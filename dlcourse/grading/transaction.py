"""What nbgrader writes about one submission, as one transaction.

nbgrader opens a gradebook for each of its steps, nine for a submission, and commits after each
grade. Each of them compiles its statements anew, which was most of the work of recording, and a
failure between two commits left half of a submission behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from nbgrader.api import Gradebook
from sqlalchemy.orm import Session


class _Deferred(Session):
    """A session whose `commit` writes, so that all inside see it, but does not end."""

    def commit(self) -> None:
        self.flush()
        self.expire_all()

    def finish(self) -> None:
        super().commit()


@contextmanager
def one_transaction(gradebook: Gradebook) -> Iterator[None]:
    """Let each gradebook that is opened inside join one transaction; an exception undoes it.

    Args:
        gradebook: whose engine all of them use; it holds no connection afterwards.
    """

    def join(self: Gradebook, *_: Any, **__: Any) -> None:
        vars(self).update(vars(gradebook), db=session)

    try:
        with _Deferred(gradebook.engine) as session:
            with patch.multiple(Gradebook, __init__=join, close=lambda self: None):
                yield
            session.finish()
    finally:
        gradebook.engine.dispose()
