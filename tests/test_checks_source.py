"""Stubs, and names that an answer may not use."""

import linecache
import textwrap

import numpy as np
import pytest

from dlcourse.checks.source import forbidden_in_cells, forbidden_use, imported_in_cells, is_stub


def notebook(*cells):
    """The names of a notebook after its cells ran, with their source where inspect finds it."""
    names = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        source, file = textwrap.dedent(cell), f"<cell {id(names)} {number}>"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)
        exec(compile(source, file, "exec"), names)
    return names


@pytest.mark.parametrize(
    "source",
    [
        'def f(x):\n    """Doc."""\n    # YOUR CODE HERE',
        "def f(x): pass",
        "def f(x): ...",
        'def f(x, *, y=3):\n    """Doc."""\n    return None',
        'class f:\n    """Doc."""',
        "class f:\n    def g(self): ...",
        "f = None",
    ],
)
def test_stubs(source):
    assert is_stub(notebook(source)["f"])


@pytest.mark.parametrize(
    "source",
    [
        "def f(x): return x",
        "def f(x): return 0",
        "def f(x): print(x)",
        "def f(x): x += 1",
        "f = lambda x: 3",
        "class f:\n    def g(self): return 1",
        "import numpy as np\nf = np.sum",
    ],
)
def test_answers(source):
    assert not is_stub(notebook(source)["f"])


@pytest.mark.parametrize(
    "cells",
    [
        ["import numpy as np", "def f(x): return np.convolve(x, x)"],
        ["import numpy", "def f(x): return numpy.convolve(x, x)"],
        ["import numpy as xp", "def f(x): return xp.convolve(x, x)"],
        ["from numpy import convolve as c", "def f(x): return c(x, x)"],
        ["def f(x):\n    from numpy import convolve\n    return convolve(x, x)"],
        ["def f(x):\n    import numpy as n\n    return n.convolve(x, x)"],
        ["import numpy as np", "def g(x): return np.convolve(x, x)", "def f(x): return g(x)"],
        ["import numpy as np", "class f:\n    def g(self, x): return np.convolve(x, x)"],
    ],
)
def test_forbidden_names_are_found_under_any_alias(cells):
    names = notebook(*cells)
    name, line = forbidden_use(names["f"], ["np.convolve"], names)
    assert name == "np.convolve"
    assert "convolve" in line or "c(x" in line


@pytest.mark.parametrize(
    "cells",
    [
        ["import numpy as np", "def f(x): return np.correlate(x, x)"],
        ["def convolve(x): return x", "def f(x): return convolve(x)"],
        ["import numpy as np", "def unused(x): return np.convolve(x, x)", "def f(x): return x"],
        ["def f(x):\n    'np.convolve is forbidden here'\n    return x"],
    ],
)
def test_other_names_are_not(cells):
    names = notebook(*cells)
    assert forbidden_use(names["f"], ["np.convolve"], names) is None


def test_a_forbidden_module_forbids_what_is_in_it():
    names = notebook(
        "from sklearn.metrics import recall_score", "def f(y): return recall_score(y, y)"
    )
    assert forbidden_use(names["f"], ["sklearn.metrics"], names)[0] == "sklearn.metrics"


def test_an_answer_without_source_is_not_refused():
    assert forbidden_use(np.sum, ["np.convolve"], {}) is None


def test_the_imports_of_cells_by_their_full_path():
    cells = [
        "import numpy as np\nfrom keras import layers, ops as o",
        "%matplotlib inline",
        "def f():\n    import os.path\n    from keras import layers",
    ]
    assert imported_in_cells(cells) == ["numpy", "keras.layers", "keras.ops", "os"]


@pytest.mark.parametrize(
    "cell",
    [
        "x0 = (",
        "x0 = 1\0",
        "x0 = '\ud800'",
        "x0 = a" + ".a" * 1500,
        "x0 = a" + ".a" * 3000,
        "x0 = " + " + ".join("1" * 30_000),
        "if 1:\n    x0 = 1\n" + "elif 1:\n    pass\n" * 3000,
    ],
    ids=["syntax", "null", "surrogate", "long chain", "longer chain", "sum", "branches"],
)
def test_a_cell_that_cannot_be_read_hides_no_other(cell):
    answer = "import numpy as np\ndef f(x):\n    return np.gradient(x, x0)"
    found = forbidden_in_cells("f", ["np.gradient"], [cell, answer])
    assert found == ("np.gradient", "return np.gradient(x, x0)")
    assert forbidden_in_cells("x0", ["np.gradient"], [cell, answer]) is None
    assert imported_in_cells([cell, answer]) == ["numpy"]
