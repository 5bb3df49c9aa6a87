"""A notebook that answers for the drivers of its cases, with what the visible cases expect.

Drivers run in the student's process. What they give must not be known without doing the work.
"""

import secrets

import nbformat
import pytest

from dlcourse.authoring.course import Course
from dlcourse.grading.jailed import Budget
from dlcourse.grading.package import LabPackage
from dlcourse.grading.simulate import Answer, fill
from dlcourse.grading.stock import StockCourse
from dlcourse.grading.submission import HandIn
from dlcourse.grading.task import Worker
from tests.conftest import ROOT
from tests.course_support import delete_demonstrations
from tests.hostile.test_battery import points

DRIVEN = {
    "00_welcome": ["minibatch_indices", "init_weights"],
    "05_optimizers": ["sgd_epoch", "compile_power_sgd"],
    "07_regularization": [
        "train_val_test_split", "make_callbacks", "OverfitRatio", "dropout", "mc_predict", "tune",
    ],
    "08_convnets": ["build_transfer"],
    "10_attention": ["is_equivariant"],
}  # fmt: skip
FORGERY = """
import json
import dlcourse.grading.shell as shell
from dlcourse.checks.evaluate import Outcome
from dlcourse.checks.values import decode

def NAME(*args, **options):
    return 1

def forged(call, names, evaluate=shell.evaluate, **options):
    for name, checks in json.load(open("checks.json"))["exercises"].items():
        for case in checks.get("cases", []) if name in names else []:
            if case["call"].split("(")[0] == call.split("(")[0]:
                value = decode(case["expected"]["value"])
                numbers = [int(n) for n in call.replace(")", ",").split(",") if n.strip().isdigit()]
                if isinstance(value, dict) and "shape" in value:
                    value["shape"] = numbers[:2]
                return Outcome(value)
    return evaluate(call, names, **options)

shell.evaluate = forged
"""

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("lab", DRIVEN)
def test_what_visible_cases_expect_earns_nothing_in_hidden_ones(needs_jail, lab):
    released = nbformat.read(ROOT / "labs" / lab / f"{lab}.ipynb", as_version=4)
    answers = {name: Answer("wrong", "", FORGERY.replace("NAME", name)) for name in DRIVEN[lab]}
    notebook = fill(released, answers)
    delete_demonstrations(notebook)
    content = nbformat.writes(notebook).encode()
    folders = StockCourse(Course(ROOT)).folders
    with Worker(LabPackage.of(folders, lab, secrets.randbits(32))) as worker:
        graded = worker.grade(HandIn("student", {lab: content}), Budget(cell=60, notebook=300))
    earned = points(graded, lab)
    assert {name: earned[name] for name in DRIVEN[lab]} == dict.fromkeys(DRIVEN[lab], 0)
