"""Read a submitted notebook as data: never run, never give up.

`read_notebook` reads one file and `rebuild` puts its answers into the instructor's notebook: order,
graded cells, metadata and points are the instructor's, only the sources of answers and of the
student's own cells come from the submission.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from dlcourse.grading.files import Unreadable, read_bytes

MAX_CELLS = 2_000
MAX_ANSWER = 100_000  # characters of one cell; weights pasted into an answer do not fit
MAX_SOURCES = 1_000_000  # characters of all cells; one takes up to 10 bytes in a file
MAX_PICTURES = 10_000_000  # characters of the pictures in one answer


BINDING = re.compile(r"^(?:async +)?(?:def|class) +(\w+)|^(\w+) *=(?!=)", re.MULTILINE)
CHECK_CELL = re.compile(r"""^\s*check\(\s*["'](\w+)["']\s*\)\s*(#.*)?$""")

# numbers of any length, and lines that end within a string
_JSON = json.JSONDecoder(parse_int=float, strict=False)
Attachments = dict[str, dict[str, str]]  # data by MIME type, by the name that Markdown uses


@dataclass(frozen=True)
class Cell:
    """A cell as it was read.

    Attributes:
        kind: "code", "markdown" or whatever the file says.
        grade_id: "" for a cell of the student's own.
        source: its text.
        pictures: attachments, as in a notebook.
        outputs: as the file has them, whatever that is.
    """

    kind: str
    grade_id: str
    source: str
    pictures: Attachments = field(default_factory=dict)
    outputs: Any = None


@dataclass
class Submission:
    """A notebook as it was read.

    Attributes:
        cells: in their order.
        repairs: what had to be mended while reading, one sentence each.
    """

    cells: list[Cell]
    repairs: list[str] = field(default_factory=list)


def read_notebook(path: Path) -> Submission:
    """Read a notebook file that a stranger wrote.

    Raises:
        Unreadable: it is no regular file, too large, or not a notebook.
    """
    return parse_notebook(read_bytes(path))


def parse_notebook(content: bytes) -> Submission:
    """Read the bytes of a notebook file that a stranger wrote.

    Raises:
        Unreadable: it is no notebook.
    """
    repairs: list[str] = []
    data = _parse(content, repairs)
    return Submission(list(_cells(data, repairs)), repairs)


def _parse(content: bytes, repairs: list[str]) -> dict[str, Any]:
    if not content.strip(b"\0 \t\r\n"):
        raise Unreadable("it is empty")
    text = _decode(content, repairs)
    try:
        data, end = _JSON.raw_decode(text.lstrip())
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Unreadable(f"it is not JSON, as notebooks are ({reason}); save it again") from None
    if text.lstrip()[end:].strip():
        repairs.append("Something followed the end of the notebook; it was left out.")
    if not isinstance(data, dict):
        raise Unreadable(f"it is JSON, but not a notebook: a {type(data).__name__}")
    return data


def _decode(content: bytes, repairs: list[str]) -> str:
    encoding = json.detect_encoding(content)
    if not encoding.startswith("utf-8"):
        repairs.append(f"The file was encoded as {encoding.upper()}, not UTF-8.")
        return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        repairs.append(f"Byte {error.start} is not UTF-8; such characters were replaced.")
        return content.decode("utf-8-sig", errors="replace")


def _list_of_cells(data: dict[str, Any], repairs: list[str]) -> list[Any]:
    """The cells of a notebook; up to format 3 they are spread over worksheets."""
    cells = data.get("cells")
    if "worksheets" in data and cells is None:
        repairs.append("The notebook had an old format (3 or earlier) and was converted.")
        sheets = data["worksheets"] if isinstance(data["worksheets"], list) else []
        parts = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for part in parts if isinstance(part, list) for cell in part]
    if not isinstance(cells, list):
        raise Unreadable("it has no list of cells, so it is not a notebook")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"it has {len(cells)} cells; at most {MAX_CELLS} are read")
    return cells


def _cells(data: dict[str, Any], repairs: list[str]) -> Iterator[Cell]:
    room = MAX_SOURCES
    for number, cell in enumerate(_list_of_cells(data, repairs), 1):
        source = cell.get("source", cell.get("input", "")) if isinstance(cell, dict) else None
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(cell, dict) or not isinstance(source, str):
            repairs.append(f"Cell {number} has no readable source and was left out.")
            continue
        if len(source) > min(MAX_ANSWER, room):
            repairs.append(f"Cell {number} has {len(source):,} characters and was left out.")
            continue
        room -= len(source)
        kind = _whole(str(cell.get("cell_type", ""))[:20])
        source = _whole(source).replace("\r\n", "\n")
        pictures = _pictures(cell)
        if cell.get("attachments") and not pictures:
            repairs.append(
                f"What hangs on cell {number} was left out: it is no picture, or more than "
                f"{MAX_PICTURES / 1e6:.0f} MB."
            )
        yield Cell(kind, _grade_id(cell), source, pictures, cell.get("outputs"))


def _pictures(cell: dict[str, Any]) -> Attachments:
    """The pictures that hang on a cell: nothing else, and none if all together are too large."""
    given = cell.get("attachments")
    bundles = given.items() if isinstance(given, dict) else ()
    kept = {_whole(name): images for name, bundle in bundles if (images := _images(bundle))}
    return kept if len(json.dumps(kept)) <= MAX_PICTURES else {}


def _images(bundle: Any) -> dict[str, str]:
    items = bundle.items() if isinstance(bundle, dict) else ()
    kept = {k: v for k, v in items if k.startswith("image/") and isinstance(v, str)}
    return {_whole(kind): _whole(image) for kind, image in kept.items()}


def _whole(text: str) -> str:
    """Replace a surrogate without its partner: JSON can hold it, no file and no cell can."""
    return text.encode(errors="replace").decode()


def _grade_id(cell: dict[str, Any]) -> str:
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    return grade_id if isinstance(grade_id, str) else ""


@dataclass
class Rebuilt:
    """The instructor's notebook with a student's answers.

    Attributes:
        notebook: ready to run and grade.
        repairs: what was put right, one sentence each.
        missing: grade ids of answer cells that the submission lacks.
        given: code cells without an answer that are as they were given out: what the submission
            has as their outputs, by id.
        unreadable: why the submission could not be read, "" if it could.
    """

    notebook: NotebookNode
    repairs: list[str]
    missing: list[str]
    given: dict[str, Any]
    unreadable: str = ""


def rebuild(released: NotebookNode, submission: Submission) -> Rebuilt:
    """Put the answers of a submission into the notebook that was released.

    Args:
        released: the student's version as it was given out.
        submission: what came back.
    """
    marked = {m["grade_id"]: c for c in released.cells if (m := c.metadata.get("nbgrader"))}
    repairs = list(submission.repairs)
    answers: dict[str, Cell] = {}
    own: dict[str, list[NotebookNode]] = {"": []}
    unmarked, given = _unmarked(released), dict[str, Any]()
    anchor = ""
    for cell in submission.cells:
        if cell.grade_id in marked and cell.grade_id not in answers:
            answers[cell.grade_id] = cell
            anchor = cell.grade_id
            repairs += _changes(marked[anchor], cell)
            continue
        if cell.grade_id in marked:
            repairs.append(f"Cell {cell.grade_id} occurred twice; the copy is an ordinary cell.")
        same = unmarked.get(cell.source.strip()) if cell.kind == "code" else None
        if same:
            given[same[0].id] = cell.outputs
        own.setdefault(anchor, []).append(same.pop(0) if same else _own_cell(cell))
    if list(answers) != [grade_id for grade_id in marked if grade_id in answers]:
        repairs.append("Cells were moved; they are back in the order of the lab.")
    missing = [grade_id for grade_id in marked if grade_id not in answers]
    elsewhere = {i for i in missing if _is_answer(marked[i]) and _is_bound(marked[i], own)}
    for grade_id in missing:
        how = ", empty: another cell has what it asks for" if grade_id in elsewhere else ""
        repairs.append(f"Cell {grade_id} was missing and was put back{how}.")
    notebook = NotebookNode(released)
    notebook.cells = list(own[""])
    for grade_id, cell in marked.items():
        filled = NotebookNode(cell)
        if _is_answer(cell) and grade_id in answers:
            filled.source = answers[grade_id].source
            _attach(filled, answers[grade_id])
        elif grade_id in elsewhere:
            filled.source = ""
        notebook.cells += [filled, *own.get(grade_id, [])]
    _set_ids(notebook, {cell.id for cell in released.cells if "id" in cell})
    nbformat.validate(notebook)
    return Rebuilt(notebook, repairs, [m for m in missing if _is_answer(marked[m])], given)


def _unmarked(released: NotebookNode) -> dict[str, list[NotebookNode]]:
    """The code cells of a lab that nbgrader knows nothing of, by source; those that have an id."""
    cells: dict[str, list[NotebookNode]] = {}
    for cell in released.cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata and "id" in cell:
            cells.setdefault(cell.source.strip(), []).append(NotebookNode(cell))
    return cells


def _is_bound(stub: NotebookNode, own: dict[str, list[NotebookNode]]) -> bool:
    """Whether cells of the student's own bind what an answer cell does, which lost its mark."""
    names = _bound(stub)
    return bool(names) and names <= set[str]().union(*map(_bound, chain(*own.values())))


def _bound(cell: NotebookNode) -> set[str]:
    """The names that a code cell binds, outside of blocks; read without Python's own parser."""
    source = cell.source if cell.cell_type == "code" else ""
    return {defined or assigned for defined, assigned in BINDING.findall(source)}


def _is_answer(cell: NotebookNode) -> bool:
    return bool(cell.metadata["nbgrader"].get("solution"))


def _changes(given: NotebookNode, cell: Cell) -> list[str]:
    changes, name, kind = [], cell.grade_id, cell.kind or "nameless"
    if cell.kind != given.cell_type:
        changes.append(f"Cell {name} was turned into a {kind} cell; turned back.")
    if not _is_answer(given) and cell.source.strip() != given.source.strip():
        changes.append(f"Cell {name} was changed; it is as it was given out.")
    return changes


def _own_cell(cell: Cell) -> NotebookNode:
    make = new_code_cell if cell.kind == "code" else new_markdown_cell
    return _attach(make(cell.source), cell)


def _attach(filled: NotebookNode, cell: Cell) -> NotebookNode:
    """Hang the pictures of a student's cell on the cell that holds its text now."""
    if filled.cell_type == "markdown" and cell.pictures:
        filled.attachments = cell.pictures
    return filled


def _set_ids(notebook: NotebookNode, given: set[str]) -> None:
    """Give an id to the student's own cells, and to all of a notebook from before cells had ids."""
    notebook.nbformat_minor = max(5, notebook.nbformat_minor)
    used = set(given)
    for number, cell in enumerate(notebook.cells):
        if cell.get("id") not in given:
            cell.id = f"own-{number}"
            while cell.id in used:
                cell.id += "-"
            used.add(cell.id)


def checked_exercise(source: str) -> str | None:
    """Return the name of the exercise that a cell checks, None if it does anything else."""
    match = CHECK_CELL.match(source)
    return match.group(1) if match else None


def empty_submission(released: NotebookNode) -> Submission:
    """Return the submission of somebody who changed nothing: for files that cannot be read."""
    return Submission([Cell(c.cell_type, _grade_id(c), c.source) for c in released.cells])


def unattempted(released: NotebookNode, submission: Submission) -> list[str]:
    """Return the grade ids of answers that are still as they were given out."""
    given = {_grade_id(c): c.source.strip() for c in released.cells if _grade_id(c)}
    same = {c.grade_id for c in submission.cells if c.source.strip() == given.get(c.grade_id)}
    return [_grade_id(c) for c in released.cells if _grade_id(c) in same and _is_answer(c)]


def take_in(released: NotebookNode, content: bytes, refused: str = "") -> Rebuilt:
    """Put a submitted notebook into the one that was released.

    One that cannot be read counts as handed in empty.

    Args:
        released: as it was given out.
        content: of the submitted file.
        refused: why the file could not even be opened, "" if it could.
    """
    try:
        if refused:
            raise Unreadable(refused)
        read, unreadable = parse_notebook(content), ""
    except Unreadable as reason:
        read, unreadable = empty_submission(released), str(reason)
    except MemoryError:
        read, unreadable = empty_submission(released), "it does not fit into memory"
    return replace(rebuild(released, read), unreadable=unreadable)
