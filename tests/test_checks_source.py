"""Stubs, and names that an answer may not use."""

import linecache
import textwrap
import time

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


DEF = "import numpy as np\ndef f(x):\n    return np.gradient(x)"
CALLS_G = "def f(x):\n    return G(x)"


@pytest.mark.parametrize(
    "cells",
    [
        ["%precision 8\n" + DEF],
        ["%%time\n" + DEF],
        ["!pip install \\\n  scipy\n" + DEF],
        ["files = !ls\nloads = %timeit -o 1\n" + DEF],
        ["np.sum?\n?np.sum\n" + DEF],
        ["if True:\n    %time 1\n    " + DEF.replace("\n", "\n    ")],
        ["\n    " + DEF.replace("\n", "\n    ")],
        [">>> " + DEF.replace("\n", "\n... ")],
        ["In [1]: " + DEF.replace("\n", "\n   ...: ")],
        ["if True:\n    " + DEF.replace("\n", "\n    ")],
        ["try:\n    pass\nexcept ValueError:\n    pass\nelse:\n    " + DEF.replace("\n", "\n    ")],
        ["import numpy as np\nasync def f(x):\n    return np.gradient(x)"],
        ["import numpy as np", "for _ in [1]: G = np.gradient", CALLS_G],
        ["import numpy as np", "for G in [np.gradient]: pass", CALLS_G],
        ["import numpy as np", "while True:\n    G = np.gradient\n    break", CALLS_G],
        ["import numpy as np", "with np.errstate():\n    G = np.gradient", CALLS_G],
        ["import numpy as np", "with np.gradient as G:\n    pass", CALLS_G],
        ["import numpy as np", "try: 1 / 0\nexcept Exception: G = np.gradient", CALLS_G],
        ["import numpy as np", "match 1:\n    case 1:\n        G = np.gradient", CALLS_G],
        ["import numpy as np", "if (G := np.gradient): pass", CALLS_G],
        ["import numpy as np", "G, H = np.gradient, 1", CALLS_G],
        ["import numpy as np", "[G, *H] = np.gradient, 1", CALLS_G],
        ["import numpy as np", "G: object = np.gradient", CALLS_G],
        ["import numpy as np", "G = {}", "G['g'] = np.gradient", "def f(x):\n    return G['g'](x)"],
        ["import numpy as np", "G = np.gradient", "if False: G = 1", CALLS_G],
        ["import numpy as np", "G = np.gradient", "G = np.vectorize(G)", CALLS_G],
        ["import numpy as np", "def g(h): return np.gradient", "@g\ndef f(x): return x"],
        ["import numpy as np", "xp = np", "def f(x):\n    return xp.gradient(x)"],
        ["from numpy import *", "def f(x):\n    return gradient(x)"],
    ],
)
def test_what_runs_at_the_top_of_a_cell_hides_no_forbidden_name(cells):
    found = forbidden_in_cells("f", ["np.gradient"], cells)
    assert found is not None
    name, line = found
    assert name == "np.gradient"
    assert "gradient" in line or "G(x)" in line


@pytest.mark.parametrize(
    "cells",
    [
        [DEF, "def f(x):\n    return x"],
        [DEF, "%precision 8\ndef f(x):\n    return x"],
        ["import numpy as np", "G = np.gradient", "G = 1", CALLS_G],
        ["import numpy as np", "G = np.gradient", "[G for G in [1]]", "def f(x):\n    return x"],
        ["print('''\n%precision np.gradient\n''')\ndef f(x):\n    return x"],
        ["x = (7\n %5)\ndef f(x):\n    return x"],
        ["from numpy import *", "def f(x):\n    return diff(x)"],
    ],
)
def test_what_the_answer_does_not_use_is_not_held_against_it(cells):
    assert forbidden_in_cells("f", ["np.gradient"], cells) is None


@pytest.mark.parametrize(
    "cell",
    [
        "%precision 8\n" * 7_000,
        "x = %time 1\n" * 7_000,
        "help?\n" * 15_000,
        " " * 99_000 + "?",
        "=" * 99_000,
        "if 1: G = H\n" * 8_000,
        "if 1:\n    pass\n" + "elif G:\n    pass\n" * 1_500,
        "G = G + 1\n" * 10_000,
        "\n".join(" " * k + "if 1:" for k in range(90)) + "\n" + (" " * 90 + "G = 1\n") * 900,
        "G, " * 30_000 + "= 1",
        "\n".join(f"@G\ndef G{k}(): pass" for k in range(4_000)),
    ],
    ids=[
        "magics",
        "values",
        "help",
        "spaces",
        "signs",
        "ifs",
        "elifs",
        "sums",
        "deep",
        "tuple",
        "defs",
    ],
)
def test_a_large_cell_takes_a_time_that_grows_with_its_size_alone(cell):
    started = time.process_time()
    assert forbidden_in_cells("f", ["np.gradient"], [cell, CALLS_G]) is None
    assert time.process_time() - started < 5


def test_a_variable_of_a_function_is_not_that_of_the_notebook():
    cells = (
        "from keras import layers\nlayer = layers.Dense(3)",
        "def forward(x, layers):\n    for layer in layers:\n        x = x @ layer\n    return x",
    )
    assert forbidden_in_cells("forward", ["keras.layers.Dense"], cells) is None
    cells = (cells[0], "def forward(x):\n    return layer(x)")
    assert forbidden_in_cells("forward", ["keras.layers.Dense"], cells) is not None
