"""What the source of an answer tells: is it still the stub, and does it use a forbidden name?"""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

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
    definitions: dict[str, str] = {}
    known: dict[str, str] = {}
    for cell in cells:
        defined, imported = _names_of(cell)
        definitions |= defined
        known |= imported
    waiting, sources = {name}, dict[str, None]()
    while waiting:
        source = textwrap.dedent(definitions.pop(waiting.pop(), ""))
        if source not in sources:  # as it would be for each name of `a = b = c = ...`
            sources[source] = None
            waiting |= {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)}
    return _first_use(sources, forbidden, known)


def imported_in_cells(cells: Iterable[str]) -> list[str]:
    """The full path of all that a notebook's cells import, such as "keras.layers", in order."""
    paths = [path for cell in cells for path in _names_of(cell)[1].values()]
    return list(dict.fromkeys(paths))


@lru_cache(maxsize=256)  # the exercises of a notebook look at the same cells
def _names_of(cell: str) -> tuple[dict[str, str], dict[str, str]]:
    """What a cell binds at its top: the source of what it defines, the path of what it imports."""
    try:
        tree = ast.parse(cell)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return {}, {}  # no Python, such as IPython's magics, or too deeply nested to run
    definitions: dict[str, str] = {}
    lines = cell.replace("\r\n", "\n").replace("\r", "\n").encode().split(b"\n")
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Assign):
            names = [node.name] if not isinstance(node, ast.Assign) else _targets(node)
            definitions.update(dict.fromkeys(names, _segment(lines, node)))
    return definitions, _imported(tree)


def _segment(lines: list[bytes], node: ast.stmt) -> str:
    """The source of a statement; `ast.get_source_segment` would split the cell for each anew."""
    segment = lines[node.lineno - 1 : node.end_lineno]
    segment[-1] = segment[-1][: node.end_col_offset]
    segment[0] = segment[0][node.col_offset :]
    return b"\n".join(segment).decode()


def _targets(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def _first_use(
    sources: Iterable[str], forbidden: Iterable[str], known: Mapping[str, str]
) -> tuple[str, str] | None:
    wanted = {full_path(name): name for name in forbidden}
    for source in sources:
        for dotted, node in _dotted_names(ast.parse(source), known):
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
                imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
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
