"""Make the pages of the book that are computed: the labs, executed, and the gallery of figures.

    python docs/pages.py [LAB...]

A lab's page shows what students get, without answers, and the figures that the solved notebook
draws. What is unchanged since the last run is kept.
"""

from __future__ import annotations

import copy
import doctest
import hashlib
import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode, v4
from rich.console import Console

from dlcourse import plots
from dlcourse.authoring.course import Course
from dlcourse.grading.tables import progress_bar

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TITLES = {"sgd": "Stochastic gradient descent", "diagrams": "Networks", "widgets": "Sliders"}
WIDGET = "application/vnd.jupyter.widget-view+json"
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "urls"
]["Repository"]


@dataclass(frozen=True)
class Page:
    """One computed page.

    Attributes:
        path: of the notebook that becomes the page.
        draft: makes the notebook, to be executed in `folder`.
        finish: changes the executed notebook into what readers see.
        sources: the files that it depends on.
    """

    path: Path
    draft: Callable[[], NotebookNode]
    finish: Callable[[NotebookNode], NotebookNode]
    folder: Path
    sources: tuple[Path, ...] = ()

    @property
    def digest(self) -> str:
        """Changes when the page has to be made again: with its sources and the code that draws."""
        shared = [
            path
            for name in ("checks", "plots", "datasets", "models", "callbacks")
            for path in sorted((ROOT / "dlcourse" / name).rglob("*.py"))
        ]
        single = sorted((ROOT / "dlcourse").glob("*.py"))
        files = [Path(__file__), *self.sources, *shared, *single]
        return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()

    @property
    def up_to_date(self) -> bool:
        return (
            self.path.is_file()
            and nbformat.read(self.path, 4).metadata.get("digest") == self.digest
        )

    def make(self) -> None:
        """Execute the notebook and write the page.

        Raises:
            nbclient.exceptions.CellExecutionError: a cell failed.
        """
        notebook = self.draft()
        place = {"metadata": {"path": str(self.folder)}}
        NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            resources=place,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            coalesce_streams=True,
        ).execute()
        page = show_pictures(self.finish(notebook))
        page.metadata["digest"] = self.digest
        self.path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(page, self.path)


def lab_page(course: Course, lab: str) -> Page:
    """The page of a lab."""
    solved = course.solutions / lab / f"{lab}.ipynb"
    released = course.labs / lab / f"{lab}.ipynb"
    return Page(
        DOCS / "labs" / f"{lab}.ipynb",
        lambda: nbformat.read(solved, 4),
        lambda notebook: without_answers(notebook, nbformat.read(released, 4), lab),
        course.solutions / lab,
        (solved, released),
    )


def without_answers(solved: NotebookNode, released: NotebookNode, lab: str) -> NotebookNode:
    """Return the released notebook with the outputs of the solved one, but those of checks."""
    outputs = {cell.id: cell.get("outputs", []) for cell in solved.cells}
    page = copy.deepcopy(released)
    for cell in page.cells:
        answer = cell.metadata.get("nbgrader", {}).get("solution", False)
        if answer:
            cell.metadata["tags"] = ["answer"]
        if cell.cell_type == "code":
            is_check = cell.source.startswith("check")
            cell.outputs = [] if answer or is_check else outputs[cell.id]
    page.cells.insert(1, v4.new_markdown_cell(launch(lab), id="launch"))
    return page


def launch(lab: str) -> str:
    """The links with which a reader opens a lab on somebody else's machine, or takes it along."""
    owner = REPOSITORY.removeprefix("https://github.com/")
    notebook = f"labs/{lab}/{lab}.ipynb"
    binder = f"https://mybinder.org/v2/gh/{owner}/HEAD?urlpath=lab/tree/{notebook}"
    colab = f"https://colab.research.google.com/github/{owner}/blob/main/{notebook}"
    return (
        f"[Open in Binder]({binder}) · [Open in Colab]({colab}) ([how](../students.md#colab)) · "
        "[work on your own machine](../students.md)\n\n"
        "The figures below are those of the solved lab. The answers are yours to write."
    )


def gallery_page() -> Page:
    """All figures, each drawn by the example of its docstring."""
    labs = tuple(sorted((DOCS / "labs").glob("*.ipynb")))
    return Page(DOCS / "gallery.ipynb", gallery, lambda notebook: notebook, DOCS, labs)


def gallery() -> NotebookNode:
    """The notebook that draws every figure."""
    intro = (
        "# Gallery\n\nEvery figure of the course is a function of `dlcourse.plots`, documented in "
        "the [reference](api/plots.md). Each returns Matplotlib's `Axes` or `Figure`, and carries "
        "a text alternative: `plots.alt_text(ax)`."
    )
    cells = [v4.new_markdown_cell(intro, id="intro")]
    for module in sorted({getattr(plots, name).__module__ for name in plots.__all__}):
        functions = [n for n in plots.__all__ if getattr(plots, n).__module__ == module]
        if functions == ["alt_text"]:
            continue
        title = TITLES.get(module.rpartition(".")[2], module.rpartition(".")[2].capitalize())
        cells.append(v4.new_markdown_cell(f"## {title}", id=module.replace(".", "-")))
        for name in functions:
            document = inspect.getdoc(getattr(plots, name)) or ""
            summary = re.sub(r"`([^`]+)`", r"`\1`", document.partition("\n\n")[0])
            cells.append(
                v4.new_markdown_cell(f"### {name}\n\n{summary} {drawn_in(name)}", id=f"text-{name}")
            )
            cells.append(v4.new_code_cell(example(document), id=f"code-{name}"))
    return v4.new_notebook(cells=cells)


def example(document: str) -> str:
    """The code of a docstring's example, the last line so that its picture is shown once."""
    lines = [e.source.strip() for e in doctest.DocTestParser().get_examples(document)]
    shown = [line for line in lines if not line.startswith("len(")]
    last = shown[-1].partition(" = ")
    shown[-1] = last[2] if last[0] in ("widget", "film") else shown[-1] + ";"
    return "\n".join(shown)


def drawn_in(name: str) -> str:
    """Links to the pages of labs that draw a figure."""
    labs = [
        path.parent.name
        for path in sorted((ROOT / "solutions").glob("*/lab.md"))
        if f"plots.{name}(" in path.read_text(encoding="utf-8")
        and (DOCS / "labs" / f"{path.parent.name}.ipynb").is_file()
    ]
    links = ", ".join(f"[lab {lab[:2]}](labs/{lab}.ipynb)" for lab in labs)
    return f"Drawn in {links}." if links else ""


def show_pictures(page: NotebookNode) -> NotebookNode:
    """Give pictures their text alternatives, and widgets their still twins, in place."""
    for cell in page.cells:
        pictures = []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if data.pop(WIDGET, None) is not None:
                data.pop("text/html", None)
            if "image/png" in data and "text/html" not in data:
                pictures.append(output.metadata.get("image/png", {}).get("alt", ""))
        if any(pictures):
            cell.metadata["mystnb"] = {"image": {"alt": " ".join(pictures)}}
    return page


def write_pages(pages: Iterable[Page], console: Console) -> None:
    """Make the pages that are out of date, several at a time, with a progress bar."""
    outdated = [page for page in pages if not page.up_to_date]
    with progress_bar(console) as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        task = progress.add_task("executing", total=len(outdated))
        made = {pool.submit(page.make): page for page in outdated}
        for done in as_completed(made):
            done.result()
            progress.update(task, description=f"executed {made[done].path.stem}", advance=1)


def write_commands(path: Path) -> None:
    """Write the page about the `dlcourse` command, from its own help."""
    command = ["-m", "typer", "dlcourse.cli", "utils", "docs", "--name", "dlcourse"]
    run = subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True)
    path.write_text(run.stdout.replace("# `dlcourse`", "# Command line", 1), encoding="utf-8")


def main(labs: list[str]) -> None:
    course = Course(ROOT)
    pages = [lab_page(course, lab) for lab in course.select(labs or None)]
    write_pages(pages, Console())
    write_pages([gallery_page()], Console())  # links to the pages that there are
    write_commands(DOCS / "api" / "cli.md")


if __name__ == "__main__":
    main(sys.argv[1:])
