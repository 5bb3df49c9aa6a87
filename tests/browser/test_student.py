"""A student's first hour: open, run, try, be told, ask for a hint, solve, hand in."""

import re
import subprocess

import pytest

from dlcourse.start import copy_labs, jupyter_command
from tests.browser.notebook import Notebook
from tests.browser.pages import accessible
from tests.course_support import BIN

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
LAB = "01_gradient_descent"
WRONG = "def grad_sse(w, x, y):\n    return 2 * np.sum((y - w * x) * x)"
RIGHT = "def grad_sse(w, x, y):\n    return 2 * np.sum((w * x - y) * x)"


@pytest.fixture
def labs(tmp_path):
    copy_labs(tmp_path / "labs")
    return tmp_path / "labs"


@pytest.fixture
def notebook(labs, jupyter, page):
    page.goto(jupyter(labs).url(f"/tree/{LAB}/{LAB}.ipynb"))
    return Notebook(page, labs / LAB / f"{LAB}.ipynb")


def images(saved):
    return [
        output
        for cell in saved["cells"]
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


def test_the_first_hour(notebook, page, picture):
    notebook.run_all()
    figure = page.locator(".jp-OutputArea-output img").first
    figure.scroll_into_view_if_needed()
    assert figure.is_visible()
    assert len(images(notebook.save())) > 5

    check = notebook.run('check("grad_sse")')
    assert "not attempted" in check.inner_text()

    notebook.write("def grad_sse", WRONG)
    check = notebook.run('check("grad_sse")')
    assert "Likely cause" in check.inner_text()
    assert "The slope points the wrong way" in check.inner_text()
    assert "grad_sse(1, np.array([1, 2]), np.array([3, 3]))" in check.inner_text()
    assert "-8" not in check.inner_text()  # what it should be is not shown
    picture(check.locator(".jp-OutputArea-output").first, "check-failed")
    notebook.cell("def grad_sse").evaluate("cell => cell.scrollIntoView()")
    picture(page, "lab")

    hint = notebook.run_below('check("grad_sse")', 'check.hint("grad_sse")')
    assert "Differentiate one term" in hint.inner_text()

    notebook.write("def grad_sse", RIGHT)
    check = notebook.run('check("grad_sse")')
    assert re.search(r"✓\s*grad_sse", check.inner_text())
    assert check.locator(".jp-OutputArea-output").first.bounding_box()["height"] < 60  # one line

    progress = notebook.run("check.progress()")
    assert re.search(r"grad_sse\s+✓ passed\s+2 of 2", progress.inner_text())
    picture(progress.locator(".jp-OutputArea-output").first, "progress")

    notebook.save()
    doctor = subprocess.run(
        [BIN / "dlcourse", "doctor", notebook.path], capture_output=True, text=True
    )
    assert "is ready to hand in" in doctor.stdout, doctor.stdout


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_a_check_is_readable_by_everyone(labs, jupyter, page, theme):
    """Contrast, names and roles as axe-core judges them, in both themes."""
    page.goto(jupyter(labs, theme).url(f"/tree/{LAB}/{LAB}.ipynb"))
    notebook = Notebook(page, labs / LAB / f"{LAB}.ipynb")
    notebook.run_all()
    notebook.write("def grad_sse", WRONG)
    notebook.run('check("grad_sse")')
    notebook.write("def sse", "def sse(w, x, y):\n    return float(np.sum((w * x - y) ** 2))")
    notebook.run('check("sse")')
    notebook.run_below('check("sse")', 'check.hint("grad_sse")')
    for kind in ('check("grad_sse")', 'check("sse")', "check.hint", "check.progress"):
        output = notebook.cell(kind).locator(".jp-OutputArea-output").first
        output.evaluate("node => node.setAttribute('id', 'examined')")
        assert accessible(page, "#examined") == ""
        output.evaluate("node => node.removeAttribute('id')")


def test_a_newcomer_sees_the_welcome_first_and_all_labs_beside_it(labs, jupyter, page):
    """As `dlcourse start` and `make lab` open it."""
    server = jupyter(labs, command=jupyter_command(labs))
    page.goto(f"{server.address}?token=secret")
    page.get_by_role("heading", name="Lab 00").wait_for()
    page.get_by_title("labs").or_(page.locator(".jp-BreadCrumbs-home")).first.click()
    items = page.locator(".jp-DirListing-item")
    items.nth(11).wait_for()
    assert items.first.inner_text().startswith("00_welcome")
