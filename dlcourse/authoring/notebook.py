"""From `lab.md` and the bank to the instructor's notebook."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from dlcourse.authoring.bank import Bank, Item
from dlcourse.authoring.errors import AuthoringError, Place
from dlcourse.authoring.exercise import Exercise
from dlcourse.authoring.question import Constant, FreeText, Question
from dlcourse.authoring.source import split_docstring, standalone

EXERCISE_LINE = re.compile(r"^\{exercise\}\s+(\S+)\s*$", re.MULTILINE)


def instructor_notebook(bank: Bank, lab_md: Path) -> NotebookNode:
    """Return the notebook with solutions and nbgrader's metadata.

    Raises:
        AuthoringError: `lab.md` is missing, names an unknown exercise or one twice, or leaves one
            of the bank out.
    """
    if not lab_md.is_file():
        raise AuthoringError(Place(lab_md, 0), "", "the lab has no lab.md")
    text = lab_md.read_text(encoding="utf-8")
    _check_exercise_lines(bank, lab_md, text)
    cells: list[NotebookNode] = []
    written = jupytext.reads(text, fmt="md:myst").cells
    given = names_bound_by(written)
    for cell in written:
        cells += _expand(cell, bank, given)
    notebook = new_notebook(cells=_with_stable_ids(cells))
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.validate(notebook)
    return notebook


def exercise_order(lab_md: Path) -> list[str]:
    """Return the names of the exercises in the order of the lesson."""
    return EXERCISE_LINE.findall(lab_md.read_text(encoding="utf-8"))


def _check_exercise_lines(bank: Bank, lab_md: Path, text: str) -> None:
    seen: dict[str, int] = {}
    for match in EXERCISE_LINE.finditer(text):
        name, line = match.group(1), text.count("\n", 0, match.start()) + 1
        if name not in bank.items:
            known = ", ".join(bank.items)
            problem = f"is not in {bank.path.name}, which has: {known}"
            raise AuthoringError(Place(lab_md, line), name, problem)
        if name in seen:
            problem = f"is used twice, first on line {seen[name]}"
            raise AuthoringError(Place(lab_md, line), name, problem)
        seen[name] = line
    for name, item in bank.items.items():
        if name not in seen:
            problem = f"is never used: {lab_md.name} has no line `{{exercise}} {name}`"
            raise AuthoringError(item.place, name, problem)


def names_bound_by(cells: list[NotebookNode]) -> set[str]:
    """Return the names that the code cells import or define at the top level."""
    bound: set[str] = set()
    for cell in cells:
        if cell.cell_type != "code" or cell.metadata.get("nbgrader", {}).get("solution"):
            continue
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                bound.update((a.asname or a.name).split(".")[0] for a in node.names)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                bound.add(node.name)
    return bound


def _expand(cell: NotebookNode, bank: Bank, given: set[str]) -> Iterator[NotebookNode]:
    """Yield the cell, with the cells of an exercise in place of its line."""
    if cell.cell_type != "markdown":
        yield new_code_cell(cell.source, metadata=cell.metadata)
        return
    pieces = EXERCISE_LINE.split(cell.source)
    for position, piece in enumerate(pieces):
        if position % 2:
            yield from exercise_cells(bank.items[piece], bank, given)
        elif piece.strip():
            yield new_markdown_cell(piece.strip(), metadata=cell.metadata)


def exercise_cells(item: Item, bank: Bank, given: set[str]) -> list[NotebookNode]:
    """Return the cells of one exercise: what to do, the answer's cell, and the check."""
    if isinstance(item, FreeText):
        answer = _graded(new_markdown_cell("Graded by a person."), item.name, item.points)
        answer.metadata["nbgrader"]["solution"] = True
        answer.metadata["nbgrader"]["locked"] = False
        return [_prompt(item, f"{item.prompt}\n{_mark_scheme(item)}"), answer]
    if isinstance(item, Exercise):
        return [_solution(item.name, _solved(item, bank, given)), _check(item)]
    if isinstance(item, Question):
        wanted = "all letters that apply" if item.multiple else "one letter"
        options = "\n".join(f"- **{c})** {o.text}" for c, o in item.lettered().items())
        source = _assignment(item.name, '""', f'"{item.answer}"', f"{wanted}, in quotes")
        return [_prompt(item, f"{item.prompt}\n\n{options}"), _solution(item.name, source),
                _check(item)]  # fmt: skip
    assert isinstance(item, Constant)
    source = _assignment(item.name, "None", repr(item.value), "a number")
    return [_prompt(item, item.prompt), _solution(item.name, source), _check(item)]


def _prompt(item: Question | Constant | FreeText, text: str) -> NotebookNode:
    cell = new_markdown_cell(f"**{_points(item.points)}.** {text}")
    return _mark(cell, f"prompt_{item.name}", locked=True)


def _mark_scheme(item: FreeText) -> str:
    """The rubric, which nbgrader takes out for students and puts back for graders."""
    rubric = "\n".join(f"- {line}" for line in item.rubric)
    return f"<!-- BEGIN MARK SCHEME -->\n\n**Rubric**\n\n{rubric}\n\n<!-- END MARK SCHEME -->"


def _points(points: float) -> str:
    return f"{points:g} point" + ("" if points == 1 else "s")


def _solved(item: Exercise, bank: Bank, given: set[str]) -> str:
    """The reference with its body between nbgrader's markers."""
    source = standalone(item.reference, item.name, bank.module, given)
    start = re.search(rf"^(def|class) {item.name}\b", source, re.MULTILINE)
    assert start is not None
    helpers, own = source[: start.start()], source[start.start() :]
    head, body = split_docstring(own)
    indent = re.match(r"\s*", body.splitlines()[0]).group()  # type: ignore[union-attr]
    inner = "\n".join(f"{indent}{line}".rstrip() for line in helpers.splitlines() if line)
    body = f"{inner}\n{body}" if inner else body
    return f"{head}\n{indent}### BEGIN SOLUTION\n{body}\n{indent}### END SOLUTION"


def _assignment(name: str, stub: str, answer: str, wanted: str) -> str:
    return f"{name} = {stub}  # {wanted}\n### BEGIN SOLUTION\n{name} = {answer}\n### END SOLUTION"


def _solution(name: str, source: str) -> NotebookNode:
    cell = _mark(new_code_cell(source), name, locked=False)
    cell.metadata["nbgrader"]["solution"] = True
    return cell


def _check(item: Exercise | Question | Constant) -> NotebookNode:
    source = f'check("{item.name}")  # {_points(item.points)}'
    return _graded(new_code_cell(source), f"check_{item.name}", item.points)


def _graded(cell: NotebookNode, grade_id: str, points: float) -> NotebookNode:
    cell = _mark(cell, grade_id, locked=True)
    cell.metadata["nbgrader"].update(grade=True, points=points)
    return cell


def _mark(cell: NotebookNode, grade_id: str, locked: bool) -> NotebookNode:
    metadata: dict[str, Any] = {
        "grade": False,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    cell.metadata["nbgrader"] = metadata
    return cell


def _with_stable_ids(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Give every cell an id that stays as long as its content does."""
    used: set[str] = set()
    for cell in cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:10]
        base = (grade_id or f"{cell.cell_type}-{digest}").replace("_", "-")
        number = 1
        cell.id = base
        while cell.id in used:
            number += 1
            cell.id = f"{base}-{number}"
        used.add(cell.id)
    return cells
