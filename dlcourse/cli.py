"""The `dlcourse` command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from dlcourse.grading.doctor import Diagnosis
    from dlcourse.grading.selfcheck import SelfCheck

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A deep-learning course that grades itself: take its labs, build, check and grade them.",
)
# names of students, files and exercises may hold what rich takes for markup
console = Console(markup=False, highlight=False)
if not console.is_terminal:
    console.width = 120  # a log file has room for whole table rows
errors = Console(stderr=True, markup=False, highlight=False)

Labs = Annotated[
    list[str] | None,
    typer.Argument(help="Labs, by name or its beginning such as 01. Default: all.", metavar="LAB"),
]
CourseOption = Annotated[
    Path | None,
    typer.Option("--course", help="Folder of the course. Default: the one you are in."),
]


@contextmanager
def _clear_errors(stopped: str = "The same command starts afresh.") -> Iterator[None]:
    """End with exit code 2 and one message where the user, not the program, has to act."""
    from dlcourse.authoring.errors import AuthoringError

    try:
        yield
    except (AuthoringError, OSError, ValueError) as error:
        _print_error(str(error))
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        errors.print(f"Stopped. {stopped}")
        raise typer.Exit(130) from None


def _print_error(message: str) -> None:
    errors.print(Text.assemble(("Error:", "red"), " ", message), soft_wrap=True)


def _need_grading_extra() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("jupytext", "nbgrader", "distributed") if find_spec(name) is None]
    if missing:
        _print_error(
            f"this command needs {', '.join(missing)}. "
            "Install it with: pip install 'dlcourse[grading]'"
        )
        raise typer.Exit(2)


@app.command()
def start(
    folder: Annotated[Path, typer.Argument(help="Where you work.")] = Path("labs"),
    jupyter: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the first lab in JupyterLab.")
    ] = True,
) -> None:
    """Copy the labs into a folder of yours and open them; work that is there is kept."""
    from importlib.util import find_spec

    from dlcourse.start import copy_labs, open_jupyter

    with _clear_errors():
        copied, kept = copy_labs(folder)
        if copied:
            console.print(f"Copied {len(copied)} labs to {folder}/")
        if kept:
            console.print(f"Kept as they are: {', '.join(kept)}")
        if jupyter and find_spec("jupyterlab") is None:
            errors.print("JupyterLab is not installed: pip install 'dlcourse[notebook]'")
            raise typer.Exit(2)
        if jupyter:
            console.print("Starting JupyterLab (stop it with Ctrl-C)")
            raise typer.Exit(open_jupyter(folder))


@app.command()
def build(
    labs: Labs = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if something is out of step.")
    ] = False,
    course: CourseOption = None,
) -> None:
    """Write the notebooks and checks of labs from their lab.md and exercises.py."""
    _need_grading_extra()
    from dlcourse.authoring.build import build_lab
    from dlcourse.authoring.course import Course

    stale = 0
    with _clear_errors():
        found = Course.find(course)
        for lab in found.select(labs):
            outdated = [file for file in build_lab(found, lab) if not file.up_to_date]
            stale += len(outdated)
            for file in outdated:
                path = file.path.relative_to(found.root)
                console.print(f"{'out of step' if check else 'wrote'}: {path}")
                if not check:
                    file.write()
            if not outdated:
                console.print(f"{lab}: up to date")
    if check and stale:
        console.print("Run: dlcourse build")
        raise typer.Exit(1)


@app.command()
def validate(
    labs: Labs = None,
    repeat: Annotated[
        int, typer.Option(min=1, help="How often the inputs of hidden cases are drawn.")
    ] = 3,
    course: CourseOption = None,
) -> None:
    """Show which right and wrong answers the cases tell apart; exit 1 on any hole."""
    _need_grading_extra()
    from dlcourse.authoring.bank import Bank
    from dlcourse.authoring.course import Course
    from dlcourse.authoring.validate import validate as rows_of

    holes = 0
    with _clear_errors():
        found = Course.find(course)
        for lab in found.select(labs):
            table = Table(title=lab, title_justify="left")
            for title in ("exercise", "answer", "", "visible", "hidden", "named", "verdict"):
                table.add_column(title, no_wrap=title != "verdict")
            previous = ""
            with console.status(f"validating {lab}"):
                for row in rows_of(Bank.load(found.solutions / lab), repeat):
                    holes += bool(row.hole)
                    if previous not in ("", row.exercise):
                        table.add_section()
                    table.add_row(
                        row.exercise if row.exercise != previous else "",
                        row.answer,
                        {"misconception": "wrong", "variant": "right"}.get(row.kind, ""),
                        f"{row.visible:g}/{row.points:g}",
                        f"{row.hidden:g}/{row.points:g}",
                        "yes" if row.named == row.answer else row.named,
                        Text(f"hole: {row.hole}", "red") if row.hole else Text("ok", "green"),
                    )
                    previous = row.exercise
            console.print(table)
    console.print(f"{holes} hole{'s' * (holes > 1)}" if holes else "no holes")
    if holes:
        raise typer.Exit(1)


@app.command()
def check(
    notebooks: Annotated[list[Path], typer.Argument(help="Notebooks to run.", metavar="NOTEBOOK")],
) -> None:
    """Run notebooks in a fresh kernel and show which exercises pass; exit 1 if one does not."""
    from dlcourse.grading.tables import progress_table

    all_passed = True
    with _clear_errors():
        for notebook in notebooks:
            result = _run(notebook)
            console.print(progress_table(result))
            for line in result.stopped:
                console.print(line, soft_wrap=True)
            all_passed &= result.all_passed
    if not all_passed:
        raise typer.Exit(1)


@app.command()
def doctor(
    notebooks: Annotated[
        list[Path], typer.Argument(help="Notebooks to hand in.", metavar="NOTEBOOK")
    ],
) -> None:
    """Tell whether notebooks are ready to hand in, without running them; exit 1 if one is not."""
    from dlcourse.grading.doctor import examine

    all_ready = True
    with _clear_errors():
        for notebook in notebooks:
            diagnosis = examine(notebook)
            all_ready &= diagnosis.ready
            _print_diagnosis(diagnosis)
    if not all_ready:
        raise typer.Exit(1)


def _print_diagnosis(diagnosis: Diagnosis) -> None:
    """Print what the grader would find, the worst first."""

    def say(text: str, style: str = "") -> None:
        console.print(text, style=style, soft_wrap=True)

    if diagnosis.unreadable:
        say(f"✗ {diagnosis.path} cannot be graded: {diagnosis.unreadable}.", "red")
        return
    for problem in diagnosis.problems:
        say(f"✗ {problem}", "red")
    for remark in diagnosis.remarks:
        say(f"· {remark}")
    if diagnosis.empty:
        say(f"○ Still empty: {', '.join(diagnosis.empty)}.", "yellow")
    if diagnosis.ready:
        say(f"✓ {diagnosis.path} is ready to hand in.", "green")


def _run(notebook: Path) -> SelfCheck:
    """Run a notebook and its checks, with a progress bar."""
    from rich.progress import Progress

    from dlcourse.grading.selfcheck import self_check

    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"running {notebook.name}")
        return self_check(
            notebook, lambda done, total: progress.update(task, completed=done, total=total)
        )


@app.command()
def demo(
    labs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Labs, by name or its beginning. Default: the first two.", metavar="LAB"
        ),
    ] = None,
    students: Annotated[int, typer.Option(min=2, help="Size of the class.")] = 24,
    seed: Annotated[int, typer.Option(help="Another seed is another class.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(help="Path of the HTML report. Default: build/demo/report.html."),
    ] = None,
    course: CourseOption = None,
) -> None:
    """Grade a simulated class with nbgrader and report its mistakes.

    Works in build/demo, which it empties first: no gradebook of yours is touched.
    """
    _need_grading_extra()
    from dlcourse.authoring.course import Course
    from dlcourse.grading.demo import FOLDER, run_demo

    with _clear_errors():
        found = Course.find(course)
        chosen = found.select(labs or found.lab_names[:2])
        report = output or found.root / FOLDER / "report.html"
        if not run_demo(found, chosen, report, console, students=students, seed=seed):
            _print_error("the mistakes found are not those that were put in.")
            raise typer.Exit(1)


@app.command()
def grade(
    lab: Annotated[str, typer.Argument(help="Lab, by name or its beginning such as 01.")],
    student: Annotated[
        list[str] | None, typer.Option(help="Grade this student; may be repeated. Default: all.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Notebooks at a time. Default: one per core.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of a dask scheduler, tcp://..., instead of local workers."),
    ] = None,
    force: Annotated[bool, typer.Option(help="Grade anew what has been graded already.")] = False,
    trust_submissions: Annotated[
        bool, typer.Option("--trust-submissions", help="Run them without the sandbox.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Path of the HTML report. Default: build/LAB.html; with --student none is written."
        ),
    ] = None,
    course: CourseOption = None,
) -> None:
    """Grade the submissions of a lab into nbgrader's gradebook, in parallel and sealed off.

    Expects what nbgrader collects: submitted/STUDENT/LAB/. What has been graded is not graded
    again unless it, or the lab, has changed; cut it off anywhere and start it again.
    """
    _need_grading_extra()
    from dlcourse.authoring.course import Course
    from dlcourse.grading.ahead import start_early

    with _clear_errors("Nothing is lost: the same command goes on."):
        found = Course.find(course)
        if scheduler is None:
            start_early(found, lab, jail=not trust_submissions)
        from dlcourse.grading.grade import grade_class, write_report
        from dlcourse.grading.runner import ClassRun, default_jobs
        from dlcourse.grading.stock import StockCourse
        from dlcourse.grading.tables import exercises_table, scores_table

        name = StockCourse(found).select(lab)
        run = ClassRun(
            found,
            name,
            student or [],
            jobs or default_jobs(),
            scheduler,
            jail=not trust_submissions,
            force=force,
        )
        grades = grade_class(run, console)
        report = output or (None if student else found.root / "build" / f"{name}.html")
        if report:
            write_report(grades, report)
    if grades.records:  # an assignment may have no test
        console.print(exercises_table(grades), "")
    console.print(scores_table([grades]), "")
    if report:
        console.print(f"Report: {report}, and scores beside it as CSV", soft_wrap=True)
    if grades.not_graded:
        raise typer.Exit(1)
