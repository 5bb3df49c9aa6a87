"""Outputs of cells that strangers wrote, in notebook form: bounded, and harmless in a page."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from dlcourse.checks.view import RECORD_TYPE
from dlcourse.grading.harmless import harmless
from dlcourse.grading.shell import MAX_LINE, MAX_LINES, MAX_NAME, MAX_OUTPUT, MAX_OUTPUTS

# a verdict is the referee's alone, and a widget needs what only its kernel knows
REFUSED = (RECORD_TYPE, "application/javascript", "application/vnd.jupyter.widget-view+json")
DEEPEST = 50  # levels in an output of a cell


def read_outputs(items: list[Any]) -> list[NotebookNode]:
    """Return the outputs of a cell from what a shell, or a file, says that they are.

    Raises:
        ValidationError, or one of `GARBAGE`: it is something else.
    """
    return [_output(item) for item in items[:MAX_OUTPUTS]]


def error_output(name: str, message: str) -> NotebookNode:
    """Return an error as the output of a cell."""
    return new_output("error", ename=name, evalue=message, traceback=[message])


def with_outputs(notebook: NotebookNode, graded: NotebookNode) -> NotebookNode:
    """Return a notebook with the outputs of the same one after it was graded; changes it."""
    after = {cell.id: cell for cell in graded.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id in after:
            cell.outputs = after[cell.id].outputs
            cell.execution_count = after[cell.id].execution_count
    return notebook


def _output(item: dict[str, Any]) -> NotebookNode:
    kind = item["output_type"]
    if kind == "stream":
        name = "stderr" if item["name"] == "stderr" else "stdout"
        return new_output("stream", name=name, text=_text(item["text"])[:MAX_OUTPUT])
    if kind == "error":
        lines = [str(line)[:MAX_LINE] for line in item["traceback"]][-MAX_LINES:]
        name, message = str(item["ename"])[:MAX_NAME], str(item["evalue"])[:MAX_LINE]
        return new_output("error", ename=name, evalue=message, traceback=lines)
    data = {
        str(kind): value if isinstance(value, dict) else _text(value)
        for kind, value in item["data"].items()
    }
    for kind in REFUSED:
        data.pop(kind, None)
    if "text/html" in data:
        data["text/html"] = harmless(_text(data["text/html"]))
    _need_depth(data, DEEPEST)
    if kind == "execute_result":
        count = max(0, int(item["execution_count"] or 0))
        return new_output("execute_result", data=data, execution_count=count)
    return new_output("display_data", data=data)


def _text(value: Any) -> str:
    """Text, which files may hold as a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _need_depth(data: Any, room: int) -> None:
    """Raise ValueError if something is nested more deeply."""
    if room == 0:
        raise ValueError("nested too deeply")
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    for part in parts:
        _need_depth(part, room - 1)
