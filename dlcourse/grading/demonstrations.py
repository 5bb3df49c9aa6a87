"""Which cells of a lab need no run to grade it: its demonstrations, left as they were given out.

A lab draws and trains to show what an answer does. That takes most of a notebook's time, and
usually no answer needs what it leaves behind. What is left out here, no answer can tell from what
ran, but for settings of libraries that a demonstration changes for all cells that follow.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Collection
from dataclasses import dataclass, field

from nbformat import NotebookNode

from dlcourse.checks.source import imported_in_cells
from dlcourse.grading.intake import checked_exercise

# of code that can use names that it does not mention
INDIRECT = {"eval", "exec", "get_ipython", "globals", "In", "locals", "Out", "vars"}


@dataclass(frozen=True)
class _Names:
    """What a cell does with the names of the notebook.

    Attributes:
        bound: gets a value in it.
        data: of these, what is neither imported nor a function or a class.
        now: used while it runs.
        later: used in its functions.
        computes: whether it does more than import, define and give names.
        any_name: whether it may bind names that it does not mention.
    """

    bound: set[str] = field(default_factory=set)
    data: set[str] = field(default_factory=set)
    now: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    computes: bool = True
    any_name: bool = True

    @property
    def touched(self) -> set[str]:
        return self.now | self.later


def demonstrations(notebook: NotebookNode, given: Collection[str]) -> set[str]:
    """Return the ids of the cells that may stay as they are.

    From the end of the notebook backwards, up to a cell that matters: one of the student's that
    computes something; a given one that binds a name that answers or the student's functions use,
    or that uses data which those functions use, too, and so may change them. All before it runs,
    so that it finds what it would find in the lab, down to the state of random generators.

    Args:
        notebook: a submission, rebuilt.
        given: ids of cells that are as they were given out and hold no answer.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    exercises = {name for cell in code if (name := _checked(cell))}
    cells = [(cell.id, _names_of(cell.source)) for cell in code if not _checked(cell)]
    theirs = [names for cell_id, names in cells if cell_id not in given]
    data = set[str]().union(*(names.data for _, names in cells))
    used = set[str]().union(*(names.later for names in theirs))
    idle: set[str] = set()
    if any(INDIRECT & names.touched for names in theirs):
        return idle
    for cell_id, names in reversed(cells):
        if cell_id not in given:
            if names.computes:
                break
            used |= names.now
        elif names.bound & (used | exercises) or names.touched & data & used or names.any_name:
            break
        else:
            idle.add(cell_id)
    return idle


def _checked(cell: NotebookNode) -> str | None:
    """The exercise that a graded cell checks; such a cell does not run."""
    return checked_exercise(cell.source) if cell.metadata.get("nbgrader", {}).get("grade") else None


def _names_of(source: str) -> _Names:
    """Read a cell; one that cannot be read, or is more than Python, may do anything."""
    try:
        tables = [symtable.symtable(source, "<cell>", "exec")]
        computes = not all(map(_only_binds, ast.parse(source).body))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return _Names()
    found = _Names(computes=computes, any_name=_imports_star(source))
    while tables:
        table = tables.pop()
        tables += table.get_children()
        at_top = table.get_type() == "module"
        for symbol in table.get_symbols():
            name = symbol.get_name()
            if not (at_top or symbol.is_global()):
                continue
            if symbol.is_referenced():
                (found.now if at_top else found.later).add(name)
            if symbol.is_assigned() or symbol.is_imported():
                found.bound.add(name)
                if not (symbol.is_imported() or symbol.is_namespace()):
                    found.data.add(name)
    return found


def _imports_star(source: str) -> bool:
    return any(path.endswith(".*") for path in imported_in_cells([source]))


def _only_binds(statement: ast.stmt) -> bool:
    """Whether a statement imports, defines or gives a name, and does nothing else."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass():
            return True
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return True
        case ast.ClassDef(body=body):
            return all(map(_only_binds, body))
        case ast.Expr(value) | ast.Assign(value=value) | ast.AnnAssign(value=value):
            return isinstance(value, ast.Lambda | None) or all(map(_is_plain, ast.walk(value)))
    return False


def _is_plain(node: ast.AST) -> bool:
    """Whether part of an expression does nothing: constants and names, and lists of them."""
    plain = ast.Constant | ast.Name | ast.List | ast.Tuple | ast.Set | ast.Dict | ast.UnaryOp
    return isinstance(node, plain | ast.expr_context | ast.unaryop)
