"""What a student writes or shows runs nothing in the pages that others open."""

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_output

from dlcourse.grading.harmless import harmless
from dlcourse.grading.outputs import read_outputs
from dlcourse.grading.stock import StockCourse
from tests.course_support import copy_course, run

LAB = "00_welcome"
SHOWN = """
from IPython.display import HTML, Javascript, Markdown, SVG, display
display(HTML("<b>bold</b><script>alert(1)</script><img src=x onerror=alert(1)>"))
display(HTML("<iframe src='javascript:alert(1)'></iframe><a href='javascript:alert(1)'>go</a>"))
display(Javascript("alert(1)"))
display(Markdown("*seen*<script>alert(1)</script><img src=x onerror=alert(1)>"))
name = "xmlns='http://www.w3.org/2000/svg'"
display(SVG(f"<svg {name} onload='alert(1)'><script>alert(1)</script></svg>"))
import pandas
pandas.DataFrame({"column": [1.5]})
"""
HANDED_IN = "<u>handed in</u><script>alert(1)</script><img src=x onerror=alert(1)>"
KINDS = ("text/html", "text/markdown", "image/svg+xml", "application/javascript")
WRITTEN = "**mine** $a < b$ <script>alert(1)</script><img src=x onerror=alert(1)>"
WITHOUT_PICTURE = "![](attachment:lost.png) *mine, too*"


def test_tables_and_pictures_stay():
    table = '<table border="1" class="dataframe"><thead><tr><th>x</th></tr></thead></table>'
    assert "<th>x</th>" in harmless(table)
    picture = '<img alt="A plot" src="data:image/png;base64,AAAA">'
    assert "data:image/png" in harmless(picture)
    assert "AAAA" not in harmless('<a href="data:text/html;base64,AAAA">go</a>')
    assert "elsewhere" not in harmless('<img src="https://elsewhere.example/pixel.png">')
    assert "elsewhere" not in harmless('<p style="background:url(https://elsewhere.example)">x</p>')


def test_nothing_covers_the_page_or_takes_a_name_of_its_own():
    cover = '<div class="navbar-fixed-top dataframe" id="score" style="height:900px">10 of 10</div>'
    assert harmless(cover) == '<div class="dataframe" style="height:900px">10 of 10</div>'
    for style in (
        "margin-top:-9px",
        "MARGIN : calc(0px - 9px)",
        r"mar\67in:-9px",
        "margin/**/:-9px",
    ):
        assert harmless(f'<p style="{style}">x</p>') == "<p>x</p>"
    kept = '<p style="margin:0 auto;color:rgb(1, 2, 3)">x</p>'
    assert harmless(kept) == kept


def test_a_widget_that_no_page_can_show_leaves_its_text():
    kind = "application/vnd.jupyter.widget-view+json"
    shown = {"output_type": "display_data", "data": {kind: "no view", "text/plain": "a slider"}}
    assert read_outputs([shown])[0].data == {"text/plain": "a slider"}


@pytest.mark.parametrize("n", [1000, 3000])
def test_open_tags_before_many_blocks_stay_small(n):
    """A browser opens each of them again in each block: n times 2 n."""
    bomb = "<p>" + "".join(f"<b id={i}>" for i in range(n)) + 2 * n * "<p>x"
    assert len(harmless(bomb)) < 10 * len(bomb)


def test_a_large_table_stays():
    table = "<table>" + 60 * ("<tr><td><b>1</b></td>" + 20 * "<td>1</td>" + "</tr>") + "</table>"
    assert harmless(table).count("<b>1</b>") == 60


@pytest.fixture(scope="module")
def course(tmp_path_factory, jail_works):
    """A course in which a notebook full of scripts was graded."""
    root = tmp_path_factory.mktemp("course")
    course = copy_course(root, LAB, built=True)
    notebook = StockCourse(course).release(LAB)
    given = [c for c in notebook.cells if c.cell_type == "code" and "nbgrader" not in c.metadata]
    given[-1].outputs = [new_output("display_data", {kind: HANDED_IN}) for kind in KINDS]
    notebook.cells.insert(1, nbformat.v4.new_code_cell(SHOWN.strip()))
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(WRITTEN))
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(WITHOUT_PICTURE))
    folder = root / "submitted" / "somebody" / LAB
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{LAB}.ipynb")
    trust = [] if jail_works else ["--trust-submissions"]
    done = run(course, "dlcourse", "grade", LAB, *trust)
    assert done.returncode == 0, done.stderr
    return course


def check_page(page):
    assert "<b>bold</b>" in page
    assert "<strong>mine</strong>" in page
    assert "<em>mine, too</em>" in page
    assert "<em>seen</em>" in page
    assert "<u>handed in</u>" in page
    assert "<th>column</th>" in page
    assert "alert(1)" not in page.replace("&quot;", '"').replace(source_of_the_cell(page), "")


def source_of_the_cell(page):
    """The part of a page that shows the code, which may well name scripts."""
    begin = page.index("Javascript")
    return page[begin : page.index("DataFrame", begin)]


@pytest.mark.slow
def test_feedback_runs_no_script(course):
    done = run(course, "nbgrader", "generate_feedback", LAB)
    assert done.returncode == 0, done.stderr
    check_page((course.root / "feedback" / "somebody" / LAB / f"{LAB}.html").read_text())


@pytest.mark.slow
def test_an_exporter_such_as_formgrader_s_runs_no_script(course):
    exporter = HTMLExporter(config=StockCourse(course).config, template_name="classic")
    graded = course.root / "autograded" / "somebody" / LAB / f"{LAB}.ipynb"
    check_page(exporter.from_filename(str(graded))[0])
