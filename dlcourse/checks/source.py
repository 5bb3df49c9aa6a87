"""What the source of an answer tells: is it still the stub, and does it use a forbidden name?"""

from __future__ import annotations

import ast
import dis
import inspect
import re
import symtable
import textwrap
import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from IPython.core.inputtransformer2 import (
    classic_prompt,
    ipython_prompt,
    leading_empty_lines,
    leading_indent,
)

_NOTHING = {"RESUME", "NOP", "CACHE"}


def is_stub(answer: Any) -> bool:
    """Return True if a function or class is as it was given: a docstring and nothing else."""
    if isinstance(answer, types.FunctionType):
        steps = [i for i in dis.get_instructions(answer) if i.opname not in _NOTHING]
        return (
            steps[-1].opname in ("RETURN_CONST", "RETURN_VALUE")
            and all(i.opname in ("RETURN_CONST", "LOAD_CONST", "RETURN_VALUE") for i in steps)
            and all(i.argval is None for i in steps if "CONST" in i.opname)
        )
    if isinstance(answer, type):
        members = [m for m in vars(answer).values() if isinstance(m, types.FunctionType)]
        return all(is_stub(m) for m in members)
    return answer is None or answer is ...


def forbidden_use(
    answer: Any, forbidden: Iterable[str], namespace: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Return (forbidden name, source line) of the first use in `answer`, None if there is none.

    Follows the functions of the notebook that the answer calls. Knows a name under its aliases:
    with `np.gradient` forbidden, `numpy.gradient` and `from numpy import gradient as g` count.

    Args:
        answer: a function or class of the notebook.
        forbidden: dotted names, such as `"np.convolve"` or `"sklearn.metrics"`; a module or
            class forbids everything in it.
        namespace: the notebook's names.
    """
    known = {name: _full_name(name, item) for name, item in namespace.items()}
    return _first_use(_sources(answer, namespace), forbidden, known)


def forbidden_in_cells(
    name: str, forbidden: Collection[str], cells: Iterable[str]
) -> tuple[str, str] | None:
    """Like `forbidden_use`, for the answer bound to `name` by a notebook's cells, as text."""
    if not forbidden:
        return None
    definitions: dict[str, list[str]] = {}
    known: dict[str, str] = {}
    for cell in cells:
        names = _names_of(cell)
        for bound, source, anew in names.bound:
            if anew:
                definitions[bound] = []
                known.pop(bound, None)
            definitions.setdefault(bound, []).append(source)
        known |= names.imported
        for alias, dotted in names.aliases.items():
            first, dot, rest = dotted.partition(".")
            known[alias] = known.get(first, first) + dot + rest
    known = _from_stars(known, forbidden) | known
    waiting, sources = {name}, dict[str, None]()
    while waiting:
        for source in definitions.pop(waiting.pop(), ()):
            if source not in sources:  # as it would be for each name of `a = b = c = ...`
                sources[source] = None
                waiting |= _global_names(source)
    return _first_use(sources, forbidden, known)


def _global_names(source: str) -> set[str]:
    """The names of the notebook that some source uses: not those of variables in its functions."""
    try:
        tables = [symtable.symtable(source, "<cell>", "exec")]
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return set()
    names: set[str] = set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        at_top = table.get_type() == "module"
        names |= {s.get_name() for s in table.get_symbols() if at_top or s.is_global()}
    return names


def _from_stars(known: Mapping[str, str], forbidden: Iterable[str]) -> dict[str, str]:
    """The full path of the forbidden names that `from ... import *` binds."""
    split = [full_path(name).rpartition(".") for name in forbidden]
    return {name: f"{module}.{name}" for module, _, name in split if f"{module}.*" in known}


def imported_in_cells(cells: Iterable[str]) -> list[str]:
    """The full path of all that a notebook's cells import, such as "keras.layers", in order."""
    paths = [path for cell in cells for path in _names_of(cell).imported.values()]
    return list(dict.fromkeys(paths))


@dataclass(frozen=True)
class _Names:
    """What a cell binds at its top.

    Attributes:
        bound: name, source, and whether what was bound to the name before is gone for sure.
        imported: full path by name.
        aliases: dotted name by name, as `xp = np` gives.
    """

    bound: list[tuple[str, str, bool]] = field(default_factory=list)
    imported: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=256)  # the exercises of a notebook look at the same cells
def _names_of(cell: str) -> _Names:
    text, tree = _python(cell)
    names = _Names(imported=_imported(tree))
    if not tree.body:
        return names
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode().split(b"\n")
    for node, always in _statements(tree):
        names.bound.extend(_bindings(node, always, lines))
        if isinstance(node, ast.Assign):
            dotted = _chain(node.value)
            for target in _targets(node):
                if dotted:
                    names.aliases[target] = dotted
                elif always:
                    names.aliases.pop(target, None)
    return names


def _parsed(source: str) -> ast.Module:
    """The source's tree, empty if it is no Python or too deeply nested to run."""
    try:
        return ast.parse(source)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return ast.Module([], [])


def _python(cell: str) -> tuple[str, ast.Module]:
    """A cell as Python and its tree, without what only IPython knows.

    IPython's own way through magics reads the cell anew for each of them. Here a line that looks
    like a magic is left out, if the cell is no Python as it is.
    """
    tree = _parsed(cell)
    if tree.body:
        return cell, tree
    lines = cell.splitlines(keepends=True)
    for transform in (leading_empty_lines, leading_indent, classic_prompt, ipython_prompt):
        lines = transform(lines) if lines else lines
    going_on = False  # a backslash at the end of a magic
    for number, line in enumerate(lines):
        if going_on or _is_magic(line.strip()):
            indent = line[: len(line) - len(line.lstrip())]
            lines[number] = "\n" if going_on else indent.strip("\r\n") + "pass\n"
            going_on = line.rstrip("\r\n").endswith("\\")
    text = "".join(lines)
    return text, _parsed(text)


def _is_magic(line: str) -> bool:
    """Whether it is like `%name`, `!command`, `x = %name`, `x = !command`, `?name` or `name?`."""
    value = line.partition("=")[2].lstrip()
    return _MAGIC.match(line) is not None or _MAGIC.match(value) is not None


_MAGIC = re.compile(r"%{1,2}[A-Za-z_]|!(?!=)|\?|[\w.*%]+\?{1,2}$")


def _statements(tree: ast.Module) -> Iterator[tuple[ast.stmt, bool]]:
    """What runs at the top, in blocks, too; and whether it runs in any case."""
    waiting = [(node, True) for node in reversed(tree.body)]
    while waiting:
        node, always = waiting.pop()
        yield node, always
        if not isinstance(node, _Definition):
            waiting += [(inner, False) for inner in reversed(list(_block(node)))]


_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _block(node: ast.stmt) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from child.body


def _bindings(node: ast.stmt, always: bool, lines: list[bytes]) -> Iterator[tuple[str, str, bool]]:
    """The names that a statement binds without its blocks: see `_Names.bound`."""
    if isinstance(node, _Definition):
        yield node.name, _segment(lines, node), always
        for decorator in node.decorator_list:
            yield node.name, _in_brackets(lines, decorator), False
        return
    parts = list(_expressions(node))
    found = [n for part in parts for n in ast.walk(part) if isinstance(n, ast.Name)]
    bound = {n.id: False for n in found if isinstance(n.ctx, ast.Store)}
    if isinstance(node, ast.Assign):
        bound |= dict.fromkeys(_targets(node), always)
        for name in {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)} & set(bound):
            bound[name] = False  # as in `f = wrapped(f)`
    for target in getattr(node, "targets", ()):
        while isinstance(target, ast.Subscript | ast.Attribute):
            target = target.value
            if isinstance(target, ast.Name):
                bound[target.id] = False
    if bound:
        whole = next(_block(node), None) is None
        source = (
            _segment(lines, node) if whole else "\n".join(_in_brackets(lines, x) for x in parts)
        )
        yield from ((name, source, anew) for name, anew in bound.items())


def _expressions(node: ast.stmt) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        for part in ast.iter_child_nodes(child) if isinstance(child, ast.withitem) else [child]:
            if isinstance(part, ast.expr):
                yield part


def _segment(lines: list[bytes], node: ast.stmt | ast.expr) -> str:
    """The source of a node; `ast.get_source_segment` would split the cell for each anew."""
    assert node.end_lineno
    segment = lines[node.lineno - 1 : node.end_lineno]
    segment[-1] = segment[-1][: node.end_col_offset]
    segment[0] = segment[0][node.col_offset :]
    return b"\n".join(segment).decode()


def _in_brackets(lines: list[bytes], node: ast.expr) -> str:
    return f"(\n{_segment(lines, node)}\n)"


def _targets(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def _first_use(
    sources: Iterable[str], forbidden: Iterable[str], known: Mapping[str, str]
) -> tuple[str, str] | None:
    wanted = {full_path(name): name for name in forbidden}
    for source in sources:
        for dotted, node in _dotted_names(_parsed(source), known):
            for canonical, name in wanted.items():
                if dotted == canonical or dotted.startswith(canonical + "."):
                    return name, source.splitlines()[node.lineno - 1].strip()
    return None


def full_path(name: str) -> str:
    """Return a name with its package in full: "np.dot" is "numpy.dot"."""
    first, _, rest = name.partition(".")
    full = {"np": "numpy", "pd": "pandas", "tf": "tensorflow"}.get(first, first)
    return f"{full}.{rest}" if rest else full


def _sources(answer: Any, namespace: Mapping[str, Any]) -> Iterator[str]:
    """The source of the answer and of the notebook's functions that it names, each once."""
    waiting, seen = [answer], set()
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, type):  # a class of a notebook has no source, its methods have
            waiting += [inspect.unwrap(getattr(m, "__func__", m)) for m in vars(item).values()]
            continue
        try:
            source = textwrap.dedent(inspect.getsource(item))
            tree = ast.parse(source)
        except (OSError, TypeError, SyntaxError):
            continue  # no source to look at: typed in a plain terminal, or a builtin
        yield source
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and _is_own(namespace.get(node.id), answer):
                waiting.append(namespace[node.id])


def _is_own(item: Any, answer: Any) -> bool:
    return isinstance(item, types.FunctionType | type) and item.__module__ == answer.__module__


def _dotted_names(
    tree: ast.AST, known: Mapping[str, str]
) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    """Every name and attribute chain of the tree by its full dotted path."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)
    known = {**known, **_imported(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            dotted = _chain(node)
            if dotted:
                first, dot, rest = dotted.partition(".")
                yield known.get(first, first) + dot + rest, node


def _imported(tree: ast.AST) -> dict[str, str]:
    """The full path of every name that the tree imports."""
    imported: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                imported[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                path = f"{node.module}.{alias.name}"
                imported[path if alias.name == "*" else alias.asname or alias.name] = path
    return imported


def _chain(node: ast.expr) -> str | None:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _full_name(name: str, item: Any) -> str:
    """The dotted path of what a notebook's name is bound to."""
    if isinstance(item, types.ModuleType):
        return item.__name__
    if callable(item) and getattr(item, "__module__", None) not in (None, "__main__"):
        return f"{item.__module__}.{getattr(item, '__name__', name)}"
    return name
