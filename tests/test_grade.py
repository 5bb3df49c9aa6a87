"""`dlcourse grade`: the same grades as stock nbgrader, in parallel, and nothing lost on the way."""

import csv
import json
import math
import os
import resource
import shutil
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook
from nbgrader.nbgraderformat import MetadataValidator, ValidationError
from typer.testing import CliRunner

from dlcourse.authoring.course import Course
from dlcourse.cli import app
from dlcourse.grading import shell, submission
from dlcourse.grading.ahead import start_ahead
from dlcourse.grading.forks import Zygote
from dlcourse.grading.gradebook import CheckOnce, Recorder
from dlcourse.grading.jailed import Budget
from dlcourse.grading.runner import ClassRun
from dlcourse.grading.sandbox import Policy
from dlcourse.grading.stock import NotGraded, StockCourse
from dlcourse.grading.submission import HandIn
from dlcourse.grading.task import close_workers, grade_task
from dlcourse.grading.zygote import AT_WISH
from tests.course_support import handed_in

LAB = "00_welcome"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A course in which a class of six has handed in lab 00."""
    return handed_in(tmp_path_factory.mktemp("course"), LAB, students=6).root


@pytest.fixture
def course(template, tmp_path):
    shutil.copytree(template, tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.fixture(scope="module")
def class_run(jail_works):
    """`ClassRun`, sealed off where the machine can; elsewhere the rest is tested all the same."""
    return partial(ClassRun, jail=jail_works)


@pytest.fixture(scope="module")
def trust(jail_works):
    return [] if jail_works else ["--trust-submissions"]


def scores(course):
    return StockCourse(course).scores(LAB)


def test_metadata_are_checked_once_for_a_class_and_wrong_ones_never_pass(course, monkeypatch):
    notebook = StockCourse(course).release(LAB)
    checked, check = [], MetadataValidator.validate_nb
    counting = lambda self, nb: checked.append(nb) or check(self, nb)  # noqa: E731
    monkeypatch.setattr(MetadataValidator, "validate_nb", counting)
    step = CheckOnce()
    for own in ("1 + 1", "2 + 2"):
        notebook.cells.append(new_code_cell(own))
        assert step.preprocess(notebook, {}) == (notebook, {})
    assert len(checked) == 1
    marked = next(cell for cell in notebook.cells if "nbgrader" in cell.metadata)
    marked.metadata.nbgrader.grade = "yes"
    for _ in range(2):
        with pytest.raises(ValidationError, match="corrupted"):
            step.preprocess(notebook, {})
    assert len(checked) == 3


def test_grades_are_those_of_stock_nbgrader(course, template, tmp_path, class_run):
    shutil.copytree(template, tmp_path / "stock")
    stock, graded = StockCourse(Course(tmp_path / "stock")), []
    for student in sorted(p.name for p in (template / "submitted").iterdir()):
        try:
            stock.autograde(LAB, student)
            graded.append(student)
        except NotGraded:
            continue
    outcomes = list(class_run(course, LAB, jobs=2).run())
    assert [o.problem for o in outcomes] == [""] * 6
    assert len(graded) == 5
    theirs, ours = stock.scores(LAB), scores(course)
    assert {s: ours[s] for s in graded} == {s: theirs[s] for s in graded}
    broken = next(o for o in outcomes if o.student not in graded)
    assert "not JSON" in broken.result.unreadable[0]
    assert ours[broken.student] == 0


@pytest.mark.parametrize(
    ("imports", "there"),
    [(["keras.layers", "antigravity"], "[True, True, False]"), ([], "[True, False, False]")],
)
def test_a_zygote_has_imported_what_the_lab_does_if_it_is_harmless(
    jail_works, tmp_path, imports, there
):
    source = "import sys; [m in sys.modules for m in ('numpy', 'keras', 'antigravity')]"
    with Zygote(jail_works, imports) as zygote, zygote.fork(Policy(str(tmp_path))) as notebook:
        (output,) = notebook.ask({"run": source}, 60)["outputs"]
    assert output["data"]["text/plain"] == there


def test_a_zygote_has_one_thread_whatever_it_imported(jail_works, tmp_path):
    with Zygote(jail_works, sorted(AT_WISH)) as zygote, zygote.fork(Policy(str(tmp_path))):
        assert psutil.Process(zygote.pid).num_threads() == 1


def test_without_a_limit_of_memory_nobody_asks_how_much_is_used(monkeypatch):
    def no_proc():
        raise FileNotFoundError("/proc/self/statm")  # as outside Linux

    monkeypatch.setattr(shell, "address_space", no_proc)
    monkeypatch.setattr("resource.getrlimit", lambda kind: (resource.RLIM_INFINITY,) * 2)
    assert shell._free_memory() == math.inf


def test_a_notebook_seeks_no_garbage_in_what_its_zygote_imported(jail_works, tmp_path):
    source = "import gc; gc.get_freeze_count() > 10 * len(gc.get_objects())"
    with Zygote(jail_works) as zygote, zygote.fork(Policy(str(tmp_path))) as notebook:
        (output,) = notebook.ask({"run": source}, 60)["outputs"]
    assert output["data"]["text/plain"] == "True"


def test_threads_of_a_process_share_one_zygote_and_give_the_same_grades(course, jail_works):
    run = ClassRun(course, LAB)
    names, lab = run.package.notebooks, run.package
    folders = [(s, run.recorder.original(LAB, s)) for s in run.submissions()]
    class_ = [HandIn.open(student, folder, names) for student, folder in folders]
    start_ahead(jail_works, lab.imports)
    try:
        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(lambda h: grade_task(lab, h, jail_works, Budget()), class_))
        commands = [child.cmdline() for child in psutil.Process().children()]
        assert sum("dlcourse.grading.zygote" in command for command in commands) == 1
        alone = [grade_task(lab, hand_in, jail_works, Budget()) for hand_in in class_]
    finally:
        close_workers()
    assert [r.notebooks for r in results] == [r.notebooks for r in alone]
    assert [r.incidents for r in results] == [[]] * 6


def test_few_submissions_are_held_at_a_time(course, class_run, monkeypatch):
    monkeypatch.setattr("dlcourse.grading.runner.AHEAD", 1)
    run = class_run(course, LAB, jobs=1)
    opened, open_one = [], run._open
    monkeypatch.setattr(run, "_open", lambda student: opened.append(student) or open_one(student))
    outcomes = run.run()
    next(outcomes)
    # each for the journal; then one ahead, two for the thread, and the one that came back
    assert len(opened) <= 6 + 4
    assert len([*outcomes]) == 5
    assert len(opened) == 2 * 6


def test_a_second_run_grades_what_changed_and_keeps_what_a_person_gave(course, class_run):
    list(class_run(course, LAB, jobs=1).run())
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        notebook = gradebook.find_submission_notebook(LAB, LAB, "student-01")
        notebook.grades[0].extra_credit = 0.25
        notebook.comments[0].manual_comment = "Well done."
        gradebook.db.commit()
    untouched = scores(course)
    submitted = course.root / "submitted"
    perfect = (course.solutions / LAB / f"{LAB}.ipynb").read_text()
    (submitted / "student-02" / LAB / f"{LAB}.ipynb").write_text(perfect)
    again = {o.student: o.known for o in class_run(course, LAB, jobs=1).run()}
    assert [student for student, known in again.items() if not known] == ["student-02"]
    assert scores(course) == {**untouched, "student-02": 10.0}
    list(class_run(course, LAB, ["student-01"], jobs=1, force=True).run())
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        notebook = gradebook.find_submission_notebook(LAB, LAB, "student-01")
        assert notebook.grades[0].extra_credit == 0.25
        assert notebook.comments[0].manual_comment == "Well done."


def test_what_the_gradebook_or_a_folder_lost_is_recorded_again_from_the_journal(course, class_run):
    first = {o.student: o.result for o in class_run(course, LAB, jobs=1).run()}
    before = scores(course)
    (course.root / "gradebook.db").unlink()
    StockCourse(course).release(LAB)
    shutil.rmtree(course.root / "autograded" / "student-02")
    again = list(class_run(course, LAB, jobs=1).run())
    assert {o.student: o.result for o in again} == first  # kept, not graded again
    assert [o.problem for o in again] == [""] * 6
    assert scores(course) == before
    shutil.rmtree(course.root / "autograded" / "student-02")
    outcomes = {o.student: o for o in class_run(course, LAB, jobs=1).run()}
    assert [s for s, o in outcomes.items() if not o.known] == ["student-02"]
    assert len(outcomes["student-02"].notebooks) == 1


def test_a_lab_that_the_gradebook_does_not_know_is_told_before_anything_runs(course, trust):
    (course.root / "gradebook.db").unlink()
    done = CliRunner().invoke(app, ["grade", "00", "--course", str(course.root), *trust])
    assert done.exit_code == 2
    assert f"Tell it: nbgrader generate_assignment {LAB} --force" in " ".join(done.stderr.split())
    assert not list((course.root / ".dlcourse").rglob("*.json"))


def test_odd_files_beside_a_notebook_cost_nothing(course, class_run):
    students = sorted((course.root / "submitted").iterdir())[:2]
    for path in (students[0] / LAB / "checks.json", students[0] / LAB / "timestamp.txt"):
        path.mkdir()
        (path / "notes.txt").write_text("mine")
    with open(os.fsencode(students[1] / LAB) + b"/caf\xe9.txt", "w") as file:
        file.write("a name in Latin-1")
    outcomes = {o.student: o for o in class_run(course, LAB, jobs=1).run()}
    assert [o.problem for o in outcomes.values()] == [""] * 6
    remarks = outcomes[students[0].name].result.repairs
    assert [r for r in remarks if "in the way" in r] == [
        "'checks.json/notes.txt' is in the way of another file and was left out.",
        "'timestamp.txt/notes.txt' is in the way of another file and was left out.",
    ]
    folder = course.root / "autograded" / students[0].name / LAB
    assert (folder / "checks.json").read_bytes() == (course.labs / LAB / "checks.json").read_bytes()


def test_what_is_no_time_and_what_has_too_long_a_path_is_left_out(course, class_run):
    folder = course.root / "submitted" / "student-01" / LAB
    (folder / "timestamp.txt").write_text("9" * 40 + "m")
    deep = folder
    for _ in range(10):
        deep = deep / ("x" * 150)
        deep.mkdir()
    (deep / "file").write_text("1")
    outcomes = {o.student: o for o in class_run(course, LAB, jobs=1).run()}
    assert [o.problem for o in outcomes.values()] == [""] * 6
    remarks = outcomes["student-01"].result.repairs
    assert any("timestamp.txt holds no time" in remark for remark in remarks)
    assert any("its path is too long" in remark for remark in remarks)


def test_a_renamed_notebook_is_taken_and_other_copies_are_told(course, trust):
    submitted = course.root / "submitted"
    for student, name in (("student-01", f"{LAB} (1).ipynb"), ("student-02", f"{LAB}.ipynb")):
        shutil.copy(course.solutions / LAB / f"{LAB}.ipynb", submitted / student / LAB / name)
    (submitted / "student-01" / LAB / f"{LAB}.ipynb").unlink()
    (submitted / "student-02" / LAB / "Copy of it.ipynb").write_text("{}")
    (submitted / "student-03" / LAB / f"{LAB}.ipynb").write_text("{")
    done = CliRunner().invoke(app, ["grade", "00", "--course", str(course.root), *trust])
    assert done.exit_code == 0, done.output
    assert scores(course)["student-01"] == scores(course)["student-02"] == 10.0
    page = (course.root / "build" / f"{LAB}.html").read_text()
    assert f"&#39;{LAB} (1).ipynb&#39; was taken for {LAB}.ipynb." in page
    assert "&#39;Copy of it.ipynb&#39; was not graded" in page
    assert "student-03: Graded as empty, please look at it: it is not JSON" in done.output


def test_what_this_machine_cannot_read_or_record_is_told_and_the_others_go_on(
    course, class_run, monkeypatch
):
    read, record = submission.read_bytes, Recorder.record

    def refuse(path):
        if "student-01" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    def garbage(self, lab, hand_in, result):
        if result.student == "student-02":
            result.notebooks[LAB] = '{"error": "a referee that was taken over"}'
        return record(self, lab, hand_in, result)

    monkeypatch.setattr(submission, "read_bytes", refuse)
    monkeypatch.setattr(Recorder, "record", garbage)
    problems = {o.student: o.problem for o in class_run(course, LAB, jobs=1).run()}
    assert problems.pop("student-01").startswith("this machine cannot read it: ")
    assert problems.pop("student-02").startswith("not in the gradebook: ")
    assert set(problems.values()) == {""}
    assert set(scores(course)) == set(problems)


def test_a_lab_without_its_bank_is_not_graded_by_visible_cases(course, trust):
    (course.solutions / LAB / "exercises.py").unlink()
    done = CliRunner().invoke(app, ["grade", "00", "--course", str(course.root), *trust])
    assert done.exit_code == 2
    assert "exercises.py is missing" in " ".join(done.stderr.split())


def test_a_broken_configuration_or_gradebook_is_one_line(course, trust):
    def complaint():
        done = CliRunner().invoke(app, ["grade", "00", "--course", str(course.root), *trust])
        assert done.exit_code == 2
        assert "Traceback" not in done.output
        return " ".join(done.stderr.split())

    (course.root / "gradebook.db").write_bytes(b"no database" * 1000)
    assert "gradebook.db cannot be read: file is not a database" in complaint()
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "\n1 +\n")
    assert "nbgrader_config.py does not run: SyntaxError: " in complaint()


def test_one_student_more_leaves_the_report_of_the_class(course, trust):
    def run(*arguments):
        return CliRunner().invoke(
            app, ["grade", "00", *arguments, *trust, "--course", str(course.root)]
        )

    assert run().exit_code == 0
    page = course.root / "build" / f"{LAB}.html"
    before = page.read_bytes()
    done = run("--student", "student-01")
    assert done.exit_code == 0
    assert page.read_bytes() == before
    assert "Report:" not in done.output
    assert run("--student", "student-01", "--output", str(course.root / "one.html")).exit_code == 0
    assert "1 student, 1 lab" in (course.root / "one.html").read_text()


def test_a_name_as_long_as_a_file_system_allows_stops_nobody(course, class_run):
    student = "x" * os.pathconf(course.root, "PC_NAME_MAX")
    (course.root / "submitted" / "student-01").rename(course.root / "submitted" / student)
    outcomes = {o.student: o.problem for o in class_run(course, LAB, jobs=1).run()}
    assert outcomes[student] == ""
    assert set(outcomes.values()) == {""}


def test_a_folder_named_like_a_pattern_changes_nobody_elses_grade(course, class_run):
    list(class_run(course, LAB, jobs=1).run())
    before = scores(course)
    names = ["*", "student-0[0-9]", "?tudent-01", "student-01 ", " student-01", "student-01\n"]
    for student in names:
        folder = course.root / "submitted" / student / LAB
        folder.mkdir(parents=True)
        shutil.copy(course.solutions / LAB / f"{LAB}.ipynb", folder)
    problems = {o.student: o.problem for o in class_run(course, LAB, jobs=1).run()}
    for name in names:
        assert problems.pop(name).endswith(f"takes no student named {name!a}; rename the folder")
    assert set(problems.values()) == {""}
    assert scores(course) == before


def test_names_that_cannot_be_recorded_are_told_in_terminal_and_report(course, trust):
    submitted = course.root / "submitted"
    (submitted / "student-01").rename(submitted / os.fsdecode(b"caf\xe9"))
    (submitted / "student-02").rename(submitted / "[bold]")
    done = CliRunner().invoke(app, ["grade", "00", "--course", str(course.root), *trust])
    assert done.exit_code == 1, done.output
    assert "[bold]: not in the gradebook: nbgrader takes no student" in done.output
    page = (course.root / "build" / f"{LAB}.html").read_text(encoding="utf-8")
    assert "<tr><td>caf\\udce9</td><td>not in the gradebook" in page
    assert len(scores(course)) == 4


def test_a_locked_gradebook_is_waited_for(course, class_run):
    sentences = []
    run = class_run(course, LAB, ["student-01"], jobs=1, notify=sentences.append)
    with ThreadPoolExecutor(1) as thread:
        lock = sqlite3.connect(course.root / "gradebook.db", check_same_thread=False)
        lock.execute("BEGIN EXCLUSIVE")
        outcomes = thread.submit(lambda: list(run.run()))
        deadline = time.monotonic() + 60
        while not any(map(is_about_the_lock, sentences)) and time.monotonic() < deadline:
            time.sleep(0.1)
        lock.rollback()
        lock.close()
    assert any(map(is_about_the_lock, sentences))
    assert [o.problem for o in outcomes.result()] == [""]


def is_about_the_lock(sentence):
    return sentence.startswith("The gradebook is locked")


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own with room for little."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_told_and_loses_nothing(template, small_disk, trust):
    course = Course(shutil.copytree(template, small_disk / "course"))
    ballast = small_disk / "ballast"
    free = shutil.disk_usage(small_disk).free
    ballast.write_bytes(b"0" * (free - 400_000))
    command = ["grade", "00", "--course", str(course.root), "--jobs", "1", *trust]
    done = CliRunner().invoke(app, command)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.exit_code in (1, 2)
    assert "No space left on device" in said or "disk is full" in said
    assert done.exception is None or isinstance(done.exception, SystemExit)  # no traceback
    ballast.unlink()
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert len(scores(course)) == 6


def test_a_gradebook_that_cannot_be_written_is_left_alone(course, class_run):
    gradebook = course.root / "gradebook.db"
    before = gradebook.read_bytes()
    gradebook.rename(course.root / "elsewhere.db")
    gradebook.mkdir()
    (outcome,) = class_run(course, LAB, ["student-01"], jobs=1).run()
    assert outcome.problem.startswith("not in the gradebook: ")
    assert outcome.result.notebooks
    gradebook.rmdir()
    (course.root / "elsewhere.db").rename(gradebook)
    assert gradebook.read_bytes() == before
    (again,) = class_run(course, LAB, ["student-01"], jobs=1).run()
    assert again.problem == ""
    assert again.result == outcome.result  # kept, not graded again


def test_command_line(course, trust):
    def run(*arguments):
        return CliRunner().invoke(app, ["grade", *arguments, *trust, "--course", str(course.root)])

    result = run("00", "--jobs", "1")
    assert result.exit_code == 0, result.output
    assert "what the class did" in result.output
    with (course.root / "build" / f"{LAB}.csv").open() as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert {s: float(r["score"]) for s, r in rows.items()} == scores(course)
    page = (course.root / "build" / f"{LAB}.html").read_text()
    assert "Graded as empty, please look at it: it is not JSON" in page
    missing = run("00", "--student", "nobody")
    assert missing.exit_code == 2
    assert "nobody handed in no 00_welcome" in missing.output
    shutil.rmtree(course.root / "submitted")
    assert "Nobody handed in 00_welcome" in run("00").output
    (course.solutions / LAB / "checks.json").write_text('{"format": 1}')
    assert "checks.json is not a checks file" in run("00").output
    notebook = course.labs / LAB / f"{LAB}.ipynb"
    empty = nbformat.v4.new_notebook()
    number = {**nbformat.v4.new_code_cell(), "source": 5}
    for junk in ('{"cells": [', *(json.dumps({**empty, "cells": c}) for c in (1, [number]))):
        notebook.write_text(junk)
        assert f"{LAB}.ipynb is no notebook" in run("00").output
    notebook.unlink()
    assert "Build the lab: dlcourse build 00_welcome" in run("00").output
