"""The book: built without a warning, read without a network, on a laptop and a phone."""

import html
import re
import subprocess

import pytest

from dlcourse.authoring import Bank
from tests.browser.pages import accessible, fits, requests_of
from tests.conftest import ROOT
from tests.course_support import BIN
from tests.test_nbgrader import hidden_calls, solution_lines

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
LABS = ("00_welcome", "01_gradient_descent")  # `make docs` executes all; two show how it goes
PAGES = [
    "index", "students", "instructors", "authoring", "grading", "cluster", "lms", "environments",
    "privacy", "troubleshooting", "gallery", "errata", "notation", "glossary", "labs",
    "api/datasets", "api/models", "api/plots", "api/cli", *(f"labs/{lab}" for lab in LABS),
]  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The folder of pages, built as by `make docs`."""
    folder = tmp_path_factory.mktemp("book")
    subprocess.run([BIN / "python", ROOT / "docs" / "pages.py", *LABS], check=True)
    build = [BIN / "sphinx-build", "-W", "--keep-going", "-q", "-d", folder / "doctrees"]
    done = subprocess.run([*build, ROOT / "docs", folder / "html"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr  # a warning, or a link that leads nowhere
    return folder / "html"


@pytest.mark.parametrize(
    ("scheme", "names"), [("light", PAGES), ("dark", ["index", "errata", f"labs/{LABS[1]}"])]
)
def test_every_page_is_readable_on_a_laptop_without_a_network(book, page, scheme, names):
    page.emulate_media(color_scheme=scheme)
    asked = requests_of(page)
    problems = []
    for name in names:
        page.goto((book / f"{name}.html").as_uri())
        complaint = accessible(page)
        problems += [f"{name}: {complaint}"] if complaint else []
    assert problems == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_every_page_fits_a_phone(book, page):
    page.set_viewport_size({"width": 390, "height": 800})
    requests_of(page)
    wide = []
    for name in PAGES:
        page.goto((book / f"{name}.html").as_uri())
        wide += [] if fits(page) else [name]
    assert wide == []


def test_formulas_and_figures_are_there(book, page):
    requests_of(page)
    page.goto((book / "labs" / "01_gradient_descent.html").as_uri())
    page.locator("mjx-container").first.wait_for()  # set by the book's own MathJax
    assert page.locator("mjx-container").count() > 20
    assert page.locator("mjx-merror").count() == 0
    pictures = page.locator(".cell_output img").all()
    assert len(pictures) > 8
    for picture in pictures:
        assert len(picture.get_attribute("alt")) > 20
        assert picture.evaluate("image => image.complete && image.naturalWidth > 100")


def test_the_gallery_shows_every_figure(book):
    from dlcourse import plots

    text = (book / "gallery.html").read_text(encoding="utf-8")
    missing = [name for name in plots.__all__ if name != "alt_text" and f">{name}<" not in text]
    assert missing == []
    assert text.count("<img") >= len(plots.__all__) - 5  # a player is its own document


def test_no_page_holds_an_answer(book):
    for lab in LABS:
        bank = Bank.load(ROOT / "solutions" / lab)
        secrets = hidden_calls(bank) | solution_lines(bank)
        assert len(secrets) > 15
        page = (book / "labs" / f"{lab}.html").read_text(encoding="utf-8")
        text = html.unescape(re.sub(r"<[^>]+>", "", page))
        assert [secret for secret in secrets if secret in text] == []
    leaked = [p for p in book.rglob("*") if p.name in ("exercises.py", "lab.md", "checks.json")]
    assert leaked == []
    sources = [p.name for p in book.rglob("*.ipynb")]
    assert sources == []
