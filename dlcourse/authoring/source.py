"""The source of an author's functions, made to stand alone in a student's notebook."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Collection
from typing import Any


def without_decorators(item: Any) -> str:
    """Return the source of a function or class from its `def` or `class` line on."""
    source = textwrap.dedent(inspect.getsource(item))
    node = ast.parse(source).body[0]
    return "\n".join(source.splitlines()[node.lineno - 1 :]) + "\n"


def split_docstring(source: str) -> tuple[str, str]:
    """Split the source of one function or class into signature with docstring, and the body."""
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    first = node.body[0]
    has_docstring = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    # the comments between docstring and code belong to the body
    body_start = (first.end_lineno or 0) if has_docstring else first.lineno - 1
    lines = source.splitlines()
    return "\n".join(lines[:body_start]), "\n".join(lines[body_start:]).strip("\n")


def standalone(item: Any, name: str, module: types.ModuleType, given: Collection[str] = ()) -> str:
    """Return source that binds `name` to `item` without the bank.

    What the function uses from its module comes along: helper functions, imports, constants
    that are literals, and, for `other.reference(...)`, the reference of the other exercise under
    a private name. An exercise that is called by its own name is left to the notebook.

    Args:
        item: a function or class of `module`.
        name: the name to bind.
        module: the loaded `exercises.py`.
        given: names that the notebook has already.
    """
    own = without_decorators(item)
    pieces = _pieces(own, module, {*given, item.__name__})
    renamed = _rename_definition(_private_references(own), item.__name__, name)
    return "\n\n".join([*pieces.values(), renamed.rstrip("\n")]) + "\n"


def _pieces(source: str, module: types.ModuleType, known: set[str]) -> dict[str, str]:
    """Source by name of what `source` needs from the module, in the order of need."""
    tree = ast.parse(source)
    references = {
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "reference"
        and isinstance(node.value, ast.Name)
    }
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    pieces: dict[str, str] = {}
    for name in sorted((names & set(vars(module))) - known - references):
        pieces.update(_piece(name, getattr(module, name), module, known | set(pieces)))
    for name in sorted(references):
        reference = getattr(module, name).reference
        text = without_decorators(reference)
        pieces.update(_pieces(text, module, known | set(pieces) | {name}))
        pieces[f"{name}.reference"] = _rename_definition(
            _private_references(text), reference.__name__, f"_{name}"
        )
    return pieces


def _piece(name: str, value: Any, module: types.ModuleType, known: set[str]) -> dict[str, str]:
    if isinstance(value, types.ModuleType):
        return {name: _import_line(name, value)}
    if isinstance(value, types.FunctionType | type):
        if value.__module__ != module.__name__:
            return {name: f"from {value.__module__} import {value.__name__} as {name}"}
        text = without_decorators(value)
        return {**_pieces(text, module, known | {name}), name: text}
    if hasattr(value, "reference"):
        return {}
    return {name: f"{name} = {value!r}"}


def _import_line(name: str, module: types.ModuleType) -> str:
    return f"import {module.__name__}" + (f" as {name}" if name != module.__name__ else "")


def _private_references(source: str) -> str:
    """Turn `other.reference` into `_other`."""
    edits = [
        (node.lineno, node.col_offset, node.end_col_offset or 0, f"_{node.value.id}")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and node.attr == "reference"
        and isinstance(node.value, ast.Name)
    ]
    lines = [line.encode() for line in source.splitlines()]
    for line, start, end, text in sorted(edits, reverse=True):
        lines[line - 1] = lines[line - 1][:start] + text.encode() + lines[line - 1][end:]
    return "\n".join(line.decode() for line in lines) + "\n"


def _rename_definition(source: str, old: str, new: str) -> str:
    for keyword in ("def", "class"):
        if source.startswith(f"{keyword} {old}"):
            return f"{keyword} {new}" + source[len(f"{keyword} {old}") :]
    raise ValueError(f"expected a definition of {old}, received: {source[:60]!r}")
