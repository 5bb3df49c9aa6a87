"""Which cells of a lab need no run to grade it: its demonstrations, left as they were given out.

A lab draws and trains to show what an answer does. That takes most of a notebook's time, and
usually no answer needs what it leaves behind. What is left out here, no answer can tell from what
ran, unless it counts its own calls.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from nbformat import NotebookNode

from dlcourse.grading.intake import checked_exercise

# names by which code can use others that it does not mention; of pandas, expressions in text
INDIRECT = {"__main__", "eval", "exec", "get_ipython", "globals", "In", "inspect", "locals", "Out",
            "sys", "vars", ".eval", ".query"}  # fmt: skip
# beginnings of names by which code changes files, or where Python looks for them
OUTSIDE = ("chdir", "dump", "environ", "mk", "open", "save", "shutil", "sys", "to_csv", "to_json",
           "touch", "write")  # fmt: skip
MAGIC = re.compile(r"^([ \t]*(?:\w[\w, ]*=[ \t]*)?)[%!].*$", re.MULTILINE)


@dataclass(frozen=True)
class _Names:
    """What a cell does with the names of the notebook.

    Attributes:
        bound: gets a value in it.
        imported: of these, what it imports.
        data: of these, what is neither imported nor a function or a class.
        now: used while it runs.
        later: used in its functions.
        changed: of whose attributes or items it sets some: `x.a = 1`, `x.set_a(1)`.
        computes: whether it does more than import, define and give names.
        any_name: whether it may bind names that it does not mention.
        indirect: whether it may use names that it does not mention.
        outside: whether it may change files, or where Python looks for them.
    """

    bound: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    data: set[str] = field(default_factory=set)
    now: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    computes: bool = True
    any_name: bool = True
    indirect: bool = False
    outside: bool = True

    @property
    def touched(self) -> set[str]:
        return self.now | self.later

    @property
    def functions(self) -> set[str]:
        return self.bound - self.imported - self.data


def demonstrations(notebook: NotebookNode, given: Collection[str]) -> set[str]:
    """Return the ids of the cells that may stay as they are.

    From the end of the notebook backwards, up to a cell that matters: one of the student's that
    computes something; a given one that binds a name that answers or the student's functions use,
    that uses data which those functions use, too, and so may change them, or that changes a setting
    of a library or a file. What they use includes what given functions and data that they use are
    made of. All before it runs, so that it finds what it would find in the lab, down to the state
    of random generators; a function is called with a seed of its own.

    Args:
        notebook: a submission, rebuilt.
        given: ids of cells that are as they were given out and hold no answer.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    exercises = {name for cell in code if (name := _checked(cell))}
    cells = [(cell.id, _names_of(cell.source)) for cell in code if not _checked(cell)]
    theirs = [names for cell_id, names in cells if cell_id not in given]
    data = set[str]().union(*(names.data for _, names in cells))
    libraries = set[str]().union(*(names.imported for _, names in cells))
    setters = set[str]().union(*(n.functions for _, n in cells if n.changed & libraries))
    used = _made_of([n.later if n.computes else n.touched for n in theirs], cells, data)
    idle: set[str] = set()
    if any(names.indirect for names in theirs):
        return idle
    for cell_id, names in reversed(cells):
        if cell_id not in given:
            matters = names.computes
        else:
            matters = (
                names.any_name
                or names.outside
                or bool(names.bound & (used | exercises))
                or bool(names.touched & data & used)
                or bool(names.changed & libraries)
                or bool(names.now & setters)
            )
        if matters:
            break
        if cell_id in given:
            idle.add(cell_id)
    return idle


def _made_of(
    used: Iterable[set[str]], cells: Iterable[tuple[str, _Names]], data: set[str]
) -> set[str]:
    """Names that are used, with those that their functions use, and data that may be parts of them.

    Args:
        used: names that the student's code uses.
        cells: of the notebook.
        data: see `_Names`.
    """
    found = set[str]().union(*used)
    while True:
        more = set[str]()
        for _, names in cells:
            if names.functions & found:
                more |= names.later
            if names.data & found:
                more |= names.now & data
            if names.now & data & found:
                more |= names.bound & data
        if more <= found:
            return found
        found |= more


def _checked(cell: NotebookNode) -> str | None:
    """The exercise that a graded cell checks; such a cell does not run."""
    return checked_exercise(cell.source) if cell.metadata.get("nbgrader", {}).get("grade") else None


def _names_of(source: str) -> _Names:
    """Read a cell; one that cannot be read, or is more than Python, may do anything."""
    python, magic = MAGIC.subn(r"\1None", source)
    try:
        tables = [symtable.symtable(python, "<cell>", "exec")]
        tree = ast.parse(python)
        computes = not all(map(_only_binds, tree.body))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return _Names()
    mentioned = _mentioned(tree)
    found = _Names(
        changed=_changed(tree),
        computes=computes or magic > 0,
        any_name=_imports_star(tree) or magic > 0,
        indirect=bool(mentioned & INDIRECT),
        outside=any(name.strip(".").startswith(OUTSIDE) for name in mentioned),
    )
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
                if symbol.is_imported():
                    found.imported.add(name)
                elif not symbol.is_namespace():
                    found.data.add(name)
    return found


def _changed(tree: ast.Module) -> set[str]:
    """The names of whose attributes or items a cell sets some, random seeds apart."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=str(name)) | ast.Name(id=str(name)) as part):
                sets = name.startswith("set") and "seed" not in name
            case ast.Attribute(ctx=context) | ast.Subscript(ctx=context) as part:
                sets = not isinstance(context, ast.Load)
            case _:
                continue
        root: ast.expr = part
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if sets and isinstance(root, ast.Name):
            found.add(root.id)
    return found


def _mentioned(tree: ast.Module) -> set[str]:
    """All names in a cell, those of modules in parts, and those of attributes with a point."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name):
                found.add(f".{name}")
            case ast.Name(id=str(name)) | ast.alias(name=str(name)):
                found.update(name.split("."))
    return found


def _imports_star(tree: ast.Module) -> bool:
    froms = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return any(alias.name == "*" for node in froms for alias in node.names)


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
