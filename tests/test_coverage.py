"""Everything that the source documents teach has its place in a lab: docs/coverage.csv.

Concepts C, listings L, algorithms A, figures F and exercises X, each with the lab and a piece of
its text (of the lesson or of an exercise) that holds it.
"""

import csv

import pytest

from dlcourse.authoring.course import Course
from tests.conftest import ROOT

COURSE = Course(ROOT)
ITEMS = {"C": range(1, 98), "L": range(1, 49), "A": range(1, 20), "F": range(1, 64),
         "X": range(1, 21)}  # fmt: skip
with (ROOT / "docs" / "coverage.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


@pytest.fixture(scope="module")
def texts():
    """The hand-written sources of each lab, by its number."""
    return {
        lab[:2]: "".join(
            (COURSE.solutions / lab / name).read_text(encoding="utf-8").lower()
            for name in ("lab.md", "exercises.py")
        )
        for lab in COURSE.lab_names
    }


def test_no_item_is_left_out():
    expected = {f"{kind}{k}" for kind, numbers in ITEMS.items() for k in numbers}
    assert {row["item"] for row in ROWS} == expected


def test_every_item_is_where_it_is_said_to_be(texts):
    missing = [row for row in ROWS if row["where"].lower() not in texts[row["lab"]]]
    assert missing == []


def test_every_figure_that_is_named_exists():
    from dlcourse import plots

    named = {row["where"].removeprefix("plots.") for row in ROWS if "plots." in row["where"]}
    assert named <= set(plots.__all__)
