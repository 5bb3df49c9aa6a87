"""What nbgrader writes about one submission, as one transaction.

nbgrader opens a gradebook for each of its steps, each with an engine that compiles all statements
anew, and commits after each grade: a failure between two commits leaves half of a submission.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from nbgrader.api import Gradebook
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session


class _Deferred(Session):
    """A session whose `commit` writes, so that all inside see it, but does not end."""

    undone = False

    def commit(self) -> None:
        self.flush()
        self.expire_all()

    def rollback(self) -> None:
        super().rollback()
        self.undone = True  # with all that was written before

    def finish(self) -> None:
        if self.undone:
            raise InvalidRequestError("a step of nbgrader took its changes back")
        super().commit()


@contextmanager
def one_transaction(gradebook: Gradebook) -> Iterator[None]:
    """Let each gradebook that is opened inside join one transaction; an exception undoes it.

    Args:
        gradebook: whose engine all of them use; it holds no connection afterwards. Gradebooks of
            another database are left alone.

    Raises:
        SQLAlchemyError: the transaction could not begin or end; nothing was written.
    """
    opened, closed = Gradebook.__init__, Gradebook.close

    def join(self: Gradebook, db_url: str, *arguments: Any, **more: Any) -> None:
        if make_url(db_url) == gradebook.engine.url:
            vars(self).update(vars(gradebook), db=session)
        else:
            opened(self, db_url, *arguments, **more)

    def leave(self: Gradebook) -> None:
        if self.db is not session:
            closed(self)

    try:
        with _Deferred(gradebook.engine) as session:
            with patch.multiple(Gradebook, __init__=join, close=leave):
                yield
            session.finish()
    finally:
        gradebook.engine.dispose()
