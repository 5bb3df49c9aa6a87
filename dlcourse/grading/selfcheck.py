"""Run a student's notebook from top to bottom in a fresh kernel, then all its visible checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from dlcourse.checks.judge import PASSED
from dlcourse.checks.session import FILE_NAME
from dlcourse.checks.spec import LabChecks, TextChecks
from dlcourse.grading.records import Record, published, record, stopped_cells

TIME_LIMIT = 120  # seconds for one cell, as in nbgrader_config.py

ALL_CHECKS = """\
from IPython.display import display
from dlcourse.checks import check
from dlcourse.checks.view import RECORD_TYPE

check.open({checks!r})
for verdict in check.verdicts():
    display({{RECORD_TYPE: verdict.to_json()}}, raw=True)
"""


@dataclass(frozen=True)
class SelfCheck:
    """What a run of a student's notebook gave.

    Attributes:
        lab: the checks that it was run with.
        records: the verdicts by exercise; empty if the kernel did not live to the end.
        stopped: a line for each cell that ended with an error.
    """

    lab: LabChecks
    records: dict[str, Record]
    stopped: list[str]

    @property
    def all_passed(self) -> bool:
        """Whether no exercise that a check can judge is left."""
        return all(
            name in self.records and self.records[name].status == PASSED
            for name, checks in self.lab.exercises.items()
            if not isinstance(checks, TextChecks)
        )


def self_check(
    path: Path, on_cell: Callable[[int, int], None] = lambda done, total: None
) -> SelfCheck:
    """Run a notebook in its folder, with the checks beside it.

    Args:
        path: of the notebook.
        on_cell: called before each cell with the number of cells that ran and of all.

    Raises:
        FileNotFoundError: there is no such notebook, or no checks.json beside it.
        ValueError: one of them cannot be read.
    """
    notebook = _read(path)
    checks = path.resolve().parent / FILE_NAME
    if not checks.is_file():
        raise FileNotFoundError(
            f"There is no {FILE_NAME} beside {path}. It comes with the notebook: "
            "put both into one folder."
        )
    lab = LabChecks.read(checks)
    notebook.cells.append(new_code_cell(ALL_CHECKS.format(checks=str(checks))))
    running = 0

    def starts(cell: NotebookNode, cell_index: int) -> None:
        nonlocal running
        running = cell_index + 1
        on_cell(cell_index, len(notebook.cells))

    try:
        _client(notebook, checks.parent, starts).execute()
    except DeadKernelError:
        died = f"cell {running} ended the kernel: what follows was not run, nothing was checked"
        return SelfCheck(lab, {}, [*stopped_cells(notebook), died])
    records = [record(data, "") for data in published(notebook.cells[-1])]
    return SelfCheck(lab, {r.exercise: r for r in records}, list(stopped_cells(notebook)))


def _client(notebook: NotebookNode, folder: Path, starts: Callable[..., None]) -> NotebookClient:
    return NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=TIME_LIMIT,
        interrupt_on_timeout=True,
        allow_errors=True,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=starts,
    )


def _read(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(f"There is no notebook {path}.")
    try:
        return nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)
    except Exception as error:  # JSON, schema, encoding: nbformat has no common class for them
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path} is not a notebook that can be read: {reason}") from error
