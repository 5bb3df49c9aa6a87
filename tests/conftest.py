"""Fixtures that several test files share."""

import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def make_course(tmp_path):
    """Return a function that writes a course with one lab and returns its `Course`."""
    from dlcourse.authoring.course import Course

    def make(exercises: str, lab: str, name: str = "90_test") -> Course:
        folder = tmp_path / "solutions" / name
        folder.mkdir(parents=True, exist_ok=True)
        header = (
            "import numpy as np\n"
            "from dlcourse.authoring import constant, driver, exercise, free_text, question\n"
        )
        (folder / "exercises.py").write_text(header + textwrap.dedent(exercises))
        (folder / "lab.md").write_text(textwrap.dedent(lab))
        (tmp_path / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text())
        return Course(tmp_path)

    return make


@pytest.fixture(scope="session")
def jail_works():
    """Whether submissions can be sealed off here, by namespaces or by Landlock."""
    from dlcourse.grading.forks import Zygote
    from dlcourse.grading.sandbox import Policy

    try:
        with Zygote() as zygote, zygote.fork(Policy()):
            return True
    except OSError:
        return False


@pytest.fixture(scope="session")
def needs_jail(jail_works):
    """Skip what only a jail can show."""
    if not jail_works:
        pytest.skip("this machine allows neither namespaces nor Landlock: no jail to test")
