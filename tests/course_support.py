"""A copy of the course for tests that write into it, and its commands as a stranger calls them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dlcourse.authoring import Bank
from dlcourse.authoring.course import Course
from dlcourse.grading.simulate import hand_in

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def copy_course(folder, *labs, built=False):
    """Copy the hand-written sources of labs, and what nbgrader needs, into an empty folder.

    With `built` come the instructor's notebook and the checks that were built from them.
    """
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for lab in labs:
        target = folder / "solutions" / lab
        target.mkdir(parents=True)
        names = ("lab.md", "exercises.py", f"{lab}.ipynb", "checks.json")
        for name in names if built else names[:2]:
            shutil.copy(ROOT / "solutions" / lab / name, target)
    return Course(folder)


def handed_in(root, lab, students):
    """Make a course in which a simulated class has handed in a lab; nothing is graded."""
    course = Course(ROOT).copy([lab], root)
    hand_in(course, Bank.load(course.solutions / lab), students=students, seed=1)
    return course


def delete_demonstrations(notebook):
    """Delete the cells that draw and print, to save time; students may delete them, too."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    needed = [code[0], *(cell for cell in code if "nbgrader" in cell.metadata)]
    notebook.cells = [c for c in notebook.cells if c.cell_type == "markdown" or c in needed]


def run(course, program, *arguments):
    """Run a program of the environment by its path, without activating the environment."""
    environment = {
        "PATH": os.defpath,
        "HOME": str(course.root),
        "LANG": "C.UTF-8",
        "COLUMNS": "160",
    }
    return subprocess.run(
        [BIN / program, *arguments],
        cwd=course.root,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
    )
