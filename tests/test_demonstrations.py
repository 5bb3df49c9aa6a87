"""Demonstrations are left out where nothing of the student's can tell, and only there."""

import json
import secrets

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from dlcourse.authoring import Bank
from dlcourse.authoring.build import build_lab
from dlcourse.authoring.course import Course
from dlcourse.checks.view import RECORD_TYPE
from dlcourse.grading.demonstrations import demonstrations
from dlcourse.grading.intake import take_in
from dlcourse.grading.outputs import with_outputs
from dlcourse.grading.package import LabPackage
from dlcourse.grading.simulate import fill, hand_in, right_answers
from dlcourse.grading.stock import StockCourse
from dlcourse.grading.submission import HandIn
from dlcourse.grading.task import Worker
from tests.conftest import ROOT
from tests.hostile.test_battery import points

IMPORTS, DRAWING, TRAINING = "import numpy as np", "draw(f(np.pi))", "model = fit(f); show(model)"
ANSWER, CHECK = "def f(x):\n    return np.sin(x)", 'check("f")'


def idle(*cells, given=(IMPORTS, DRAWING, TRAINING)):
    """The sources of the cells that are left out."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    for cell in notebook.cells:
        if cell.source == CHECK:
            cell.metadata["nbgrader"] = {"grade": True, "solution": False}
    ids = {cell.id for cell in notebook.cells if cell.source in given}
    left_out = demonstrations(notebook, ids)
    return [cell.source for cell in notebook.cells if cell.id in left_out]


def test_what_only_shows_is_left_out():
    assert idle(IMPORTS, DRAWING, ANSWER, CHECK, TRAINING) == [DRAWING, TRAINING]


def test_what_the_student_changed_runs_after_all_that_was_before():
    changed = TRAINING.replace("fit", "fit_twice")
    assert idle(IMPORTS, DRAWING, ANSWER, CHECK, changed, TRAINING) == [TRAINING]


@pytest.mark.parametrize(
    "own",
    [
        "print(f(2))",
        "values = [f(x) for x in range(3)]",
        "w = rng.normal()",
        "%timeit f(2)",
        "def broken(:",
        "class Weights:\n    start = rng.normal()",
        "if True:\n    pass",
        "a." * 50_000 + "a",
        "total += 1",
    ],
)
def test_a_cell_that_computes_finds_what_it_would_find_in_the_lab(own):
    assert idle(IMPORTS, DRAWING, own, ANSWER, CHECK, TRAINING) == [TRAINING]


@pytest.mark.parametrize(
    "own",
    [
        "rate = 0.1",
        "letters: list = ['a', 'b']",
        "from keras import layers",
        "square = lambda x: x * x",
        "g = f",
        "class Both:\n    def f(self): pass\n    g, h = f, f",
        "class Own:\n    '''Nothing.'''\n    n = 3\n    def f(self):\n        return np.pi",
        "async def g(x):\n    return x",
        "# a comment",
        "",
    ],
)
def test_definitions_and_constants_need_no_demonstration(own):
    assert idle(IMPORTS, DRAWING, own, ANSWER, CHECK, TRAINING) == [DRAWING, TRAINING]


@pytest.mark.parametrize(
    ("lab_s", "answer"),
    [
        ("X = load()", "def f(x):\n    return x @ X"),
        ("X, y = load()", "def f(x):\n    return [X[i] for i in x]"),
        ("def helper(x):\n    return 2 * x", "def f(x):\n    return helper(x)"),
        (
            "from scipy import special",
            "class F:\n    def f(self, x):\n        return special.erf(x)",
        ),
        ("from scipy.special import *", "def f(x):\n    return erf(x)"),
        ("n = 3", "def f(x, k=n):\n    return x ** k"),
        ("def wrap(f):\n    return f", "@wrap\ndef f(x):\n    return x"),
        ("def set_it():\n    global X\n    X = 3\nset_it()", "def f(x):\n    return x + X"),
        ("def helper(x):\n    return 2 * x", "f = helper"),
        ("%matplotlib inline", "def f(x):\n    return x"),
    ],
)
def test_what_an_answer_uses_runs_and_all_before_it(lab_s, answer):
    given = (IMPORTS, DRAWING, TRAINING, lab_s)
    assert idle(IMPORTS, DRAWING, lab_s, answer, CHECK, TRAINING, given=given) == [TRAINING]


def test_a_name_of_an_argument_is_not_the_one_in_the_lab():
    given = (IMPORTS, "x = load()")
    assert idle(*given, ANSWER, CHECK, given=given) == ["x = load()"]


@pytest.mark.parametrize(
    "change", ["shuffle(X)", "X.sort()", "X[0] = 1", "def g(): X.clear()\ng()"]
)
def test_what_may_change_data_that_an_answer_uses_runs(change):
    data, answer = "X = load()", "def f(x):\n    return x @ X"
    given = (IMPORTS, data, TRAINING, change, DRAWING)
    cells = (IMPORTS, data, answer, TRAINING, change, CHECK, DRAWING)
    assert idle(*cells, given=given) == [DRAWING]


@pytest.mark.parametrize(
    "setting",
    [
        "keras.config.set_floatx('float64')",
        "np.seterr(all='raise')",
        "os.environ['TF_XLA'] = '1'",
        "np.pi = 3",
        "from keras.config import set_floatx\nset_floatx('float64')",
        "del np.pi",
    ],
)
def test_a_setting_of_a_library_is_made(setting):
    imports = "import os, keras, numpy as np"
    given = (imports, setting, DRAWING, TRAINING)
    assert idle(imports, DRAWING, setting, ANSWER, CHECK, TRAINING, given=given) == [TRAINING]


@pytest.mark.parametrize(
    ("cells", "body"),
    [
        (["np.save('two.npy', 2)"], "np.load('two.npy')"),
        (["open('two.py', 'w').write('two = 2')"], "__import__('two').two"),
        (["os.environ.update(TWO='2')"], "float(os.environ['TWO'])"),
        (["def strict():\n    np.seterr(all='raise')", "strict()"], "2"),
        (["def scaled(x):\n    return factor * x", "factor = 2"], "scaled(2)"),
        (["def scaled(x):\n    return o['two'] * x", "o = {}", "o['two'] = 2"], "scaled(2)"),
        (["w = np.ones(1)", "view = w[:]", "view += 1"], "w[0]"),
        (["m = Model()", "def train(model):\n    model.fit()\nalso = m", "train(also)"], "m.w"),
        (["two = 2", "frame = 1"], "pd.DataFrame({'x': [1]}).eval('x * @two')"),
    ],
)
def test_what_an_answer_finds_by_a_way_round_runs(cells, body):
    answer = f"def f(x):\n    return {body} * x"
    given = ("import os, numpy as np, pandas as pd", *cells)
    assert idle(*given, answer, CHECK, given=given) == []


@pytest.mark.parametrize("line", ["%matplotlib inline", "!ls", "names = !ls"])
def test_a_line_of_the_shell_hides_no_use(line):
    answer = f"{line}\ndef f(x):\n    return two * x"
    cells = (IMPORTS, answer, CHECK, "two = 2", DRAWING)
    assert idle(*cells, given=(IMPORTS, "two = 2", DRAWING)) == [DRAWING]


@pytest.mark.parametrize("own", ["ax.set_title('a')", "keras.utils.set_random_seed(0)"])
def test_titles_and_seeds_are_no_settings(own):
    given = ("import keras", own)
    assert idle(*given, ANSWER, CHECK, given=given) == [*given]


def test_what_binds_an_answer_anew_runs():
    given = (IMPORTS, DRAWING, "f = np.vectorize(f)")
    assert idle(IMPORTS, ANSWER, DRAWING, given[2], CHECK, DRAWING, given=given) == [DRAWING]


@pytest.mark.parametrize("body", ["globals()['X']", "eval('X')", "get_ipython().user_ns", "Out[1]"])
def test_a_name_that_only_running_tells_needs_all(body):
    assert idle(IMPORTS, DRAWING, f"def f(x):\n    return {body}", CHECK, TRAINING) == []


def test_a_cell_is_given_by_its_source_once_for_each_time_that_the_lab_has_it():
    lab = new_notebook(cells=[new_code_cell(s) for s in (IMPORTS, DRAWING, DRAWING)])
    others = [new_code_cell(DRAWING + "\n"), new_code_cell(TRAINING)]
    copied = [new_markdown_cell(IMPORTS), *lab.cells, *others]  # turned into text, it is no code
    read = take_in(lab, nbformat.writes(new_notebook(cells=copied)).encode())
    assert list(read.given) == [cell.id for cell in lab.cells]
    assert [c.source for c in read.notebook.cells] == [c.source for c in copied]
    assert [c.cell_type for c in read.notebook.cells] == [c.cell_type for c in copied]


@pytest.mark.parametrize("lab", [lab for lab in Course(ROOT).lab_names if lab < "11"])
def test_answers_of_the_bank_need_hardly_any_cell_of_a_lab(lab):
    released = nbformat.read(ROOT / "labs" / lab / f"{lab}.ipynb", as_version=4)
    bank = Bank.load(ROOT / "solutions" / lab)
    perfect = fill(released, {n: right_answers(bank, item)[0] for n, item in bank.items.items()})
    read = take_in(released, nbformat.writes(perfect).encode())
    assert 1 <= len(read.given) - len(demonstrations(read.notebook, read.given)) <= 2


BANK = """
@exercise(points=2)
def double(x):
    '''Return twice x.'''
    return 2 * x

double.case("double(4)")
"""
LAB = """
# Doubles

```{code-cell}
import numpy as np
from dlcourse.checks import check
two = 2
```

{exercise} double

```{code-cell}
print("shown", double(21))
```
"""


@pytest.fixture
def grade(make_course, jail_works):
    """Return a function that grades a notebook of a small lab with two demonstrations."""
    course = make_course(BANK, LAB)
    for file in build_lab(course, "90_test"):
        file.write()
    package = LabPackage.of(StockCourse(course).folders, "90_test", secrets.randbits(32))

    def grade(*own, outputs=()):
        (notebook,) = package.released.values()
        by_id = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in notebook.cells}
        by_id["double"].source = "def double(x):\n    return two * x"
        notebook.cells[-1].outputs = outputs
        notebook.cells += [new_code_cell(source) for source in own]
        content = json.dumps(notebook).encode()  # which nbformat might refuse to write
        with Worker(package, jail_works) as worker:
            result = worker.grade(HandIn("student", {"90_test": content}))
        assert points(result, "90_test") == {"double": 2}
        cells = nbformat.reads(result.notebooks["90_test"], 4).cells
        return result, next(cell for cell in cells if "shown" in cell.source).outputs

    return grade


AS_HANDED_IN = new_output("stream", text="as it was handed in")
RAN = [new_output("stream", text="shown 42\n")]
FORGED = {RECORD_TYPE: {"points": 99}, "application/javascript": "alert(1)"}


@pytest.mark.slow
def test_outputs_of_what_is_left_out_are_as_handed_in_and_harmless(grade):
    html = "<b>bold</b><script>alert(1)</script>"
    display = new_output("display_data", {**FORGED, "text/html": html})
    result, kept = grade(outputs=[AS_HANDED_IN, display])
    assert kept == [AS_HANDED_IN, new_output("display_data", {"text/html": "<b>bold</b>"})]
    assert result.incidents == []


@pytest.mark.slow
def test_what_a_cell_of_the_student_s_needs_runs(grade):
    assert grade("print(two)", outputs=[AS_HANDED_IN])[1] == RAN


@pytest.mark.slow
@pytest.mark.parametrize("garbage", [3, [3], [{}], {"a": 1}, [{"output_type": "stream"}], "text"])
def test_outputs_that_are_none_are_left_out(garbage, grade):
    result, kept = grade(outputs=garbage)
    assert kept == []
    assert result.unreadable == []


@pytest.mark.slow
def test_grades_are_those_of_a_notebook_that_ran_in_whole(tmp_path, jail_works):
    lab = "03_losses"
    course = Course(ROOT).copy([lab], tmp_path)
    hand_in(course, Bank.load(course.solutions / lab), students=5, seed=7)
    package = LabPackage.of(StockCourse(course).folders, lab, secrets.randbits(32))
    ran = [0, 0]
    with Worker(package, jail_works) as worker:
        for folder in sorted((tmp_path / "submitted").iterdir()):
            content = (folder / lab / f"{lab}.ipynb").read_text(encoding="utf-8")
            quick = worker.grade(HandIn(folder.name, {lab: content.encode()}))
            if quick.unreadable:
                continue
            whole = nbformat.reads(content, 4)
            whole.cells.append(new_code_cell("print('all before this runs')"))
            slow = worker.grade(HandIn(folder.name, {lab: nbformat.writes(whole).encode()}))
            assert points(slow, lab) == points(quick, lab)
            ran = [ran[0] + cells_run(quick, lab), ran[1] + cells_run(slow, lab)]
    assert ran[0] < ran[1]


def cells_run(result, lab):
    cells = nbformat.reads(result.notebooks[lab], 4).cells
    return sum(cell.get("execution_count") is not None for cell in cells)


@pytest.mark.slow
def test_half_a_character_in_an_output_costs_nothing(grade):
    halves = [
        new_output("stream", text="half \ud800"),
        new_output("display_data", {"a/b\ud800": "\udc00"}),
    ]
    kept = [new_output("stream", text="half ?"), new_output("display_data", {"a/b?": "?"})]
    result, shown = grade("print('half \\ud83d')", "two", outputs=halves)
    assert result.incidents == []
    assert shown == RAN
    assert grade(outputs=halves)[1] == kept


@pytest.mark.slow
def test_an_assignment_that_dlcourse_did_not_build_runs_in_whole(jail_works):
    lab = nbformat.writes(new_notebook(cells=[new_code_cell("print('shown', 42)")]))
    with Worker(LabPackage("ps1", "", "", {"ps1": lab}, {}, 0), jail_works) as worker:
        result = worker.grade(HandIn("student", {"ps1": lab.encode()}))
    (cell,) = nbformat.reads(result.notebooks["ps1"], 4).cells
    assert cell.outputs == RAN


def test_outputs_and_counts_come_from_the_graded_notebook_by_cell():
    cell, own = new_code_cell("1", id="a"), new_code_cell("2", id="b", outputs=RAN)
    graded = new_code_cell("1", id="a", outputs=[AS_HANDED_IN], execution_count=3)
    notebook = with_outputs(new_notebook(cells=[cell, own]), new_notebook(cells=[graded]))
    assert [(c.outputs, c.execution_count) for c in notebook.cells] == [
        ([AS_HANDED_IN], 3),
        (RAN, None),
    ]
