"""Models that would harm the grader, which builds each one again from what the notebook sends."""

import secrets

import nbformat
import psutil
import pytest

from dlcourse.authoring import Bank
from dlcourse.authoring.course import Course
from dlcourse.grading.jailed import Budget
from dlcourse.grading.package import LabPackage
from dlcourse.grading.simulate import Answer, fill, right_answers
from dlcourse.grading.stock import StockCourse
from dlcourse.grading.submission import HandIn
from dlcourse.grading.task import Worker
from tests.conftest import ROOT
from tests.course_support import delete_demonstrations

LAB = "02_mlp"
FORGED = """
import dlcourse.checks.values as values

def build_mlp(n_in, hidden, n_out, task):
    model = keras.Sequential([keras.Input((n_in,)), layers.Dense(n_out)])
    model.compile("adam", "mse")
    return model

def forged(model, honest=values._model_data):
    data = honest(model)
    {change}
    return data

values._model_data = forged
"""
A_METRIC = {
    "module": "keras.metrics",
    "class_name": "MeanIoU",
    "config": {"num_classes": 20000},
    "registered_name": None,
}
BOMBS = {
    "a_large_output": """
def build_mlp(n_in, hidden, n_out, task):
    model = keras.Sequential([keras.Input((n_in,)), layers.RepeatVector(10**9), layers.Flatten()])
    model.compile("adam", "mse")
    return model
""",
    "a_forged_size": FORGED.format(
        change='data.config["config"]["layers"][1]["config"]["units"] = 10**9'
    ),
    "a_forged_loss": FORGED.format(change=f'data.config["compile_config"]["loss"] = {A_METRIC}'),
    "many_layers": """
def build_mlp(n_in, hidden, n_out, task):
    inputs = x = keras.Input((n_in,))
    for _ in range(1500):
        x = layers.Activation("relu")(x)
    model = keras.Model(inputs, layers.Dense(n_out)(x))
    model.compile("adam", "mse")
    return model
""",
    "code": """
def build_mlp(n_in, hidden, n_out, task):
    model = keras.Sequential([keras.Input((n_in,)), layers.Lambda(lambda x: 1 / 0)])
    model.compile("adam", "mse")
    return model
""",
}

pytestmark = pytest.mark.slow


def test_a_model_harms_nobody_and_earns_nothing(needs_jail):
    bank = Bank.load(ROOT / "solutions" / LAB)
    released = nbformat.read(ROOT / "labs" / LAB / f"{LAB}.ipynb", as_version=4)
    perfect = {name: right_answers(bank, item)[0] for name, item in bank.items.items()}
    folders = StockCourse(Course(ROOT)).folders
    with Worker(LabPackage.of(folders, LAB, secrets.randbits(32))) as worker:
        before = psutil.Process().memory_info().rss
        for bomb, source in BOMBS.items():
            answers = {**perfect, "build_mlp": Answer("wrong", bomb, source.strip())}
            notebook = fill(released, answers)
            delete_demonstrations(notebook)
            hand_in = HandIn(bomb, {LAB: nbformat.writes(notebook).encode()})
            graded = worker.grade(hand_in, Budget(cell=60, notebook=300))
            assert points(graded)["build_mlp"] == 0, bomb
            assert points(graded)["relu_interpolant"] == 3, bomb
        assert psutil.Process().memory_info().rss - before < 500 * 2**20


def points(result):
    graded = nbformat.reads(result.notebooks[LAB], as_version=4)
    return {
        cell.metadata.nbgrader.grade_id.removeprefix("check_"): float(
            cell.outputs[-1].data["text/plain"]
        )
        for cell in graded.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
    }
