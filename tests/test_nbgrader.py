"""The whole way with nbgrader: release, grade, feedback, export, formgrader."""

import csv
import html
import json
import os
import re
import socket
import subprocess
import time
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbgrader.api import Gradebook

from dlcourse.authoring import Bank, Exercise
from dlcourse.authoring.course import Course
from dlcourse.authoring.question import FreeText
from dlcourse.grading.records import read_records, stopped_cells
from dlcourse.grading.simulate import fill, right_answers, wrong_answers
from tests.course_support import BIN, ROOT, copy_course, delete_demonstrations, run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nbgrader")]

LABS = ("00_welcome", "01_gradient_descent")
TEXT = "why_not_step"  # the one answer that a person grades
COMPLETE = ("perfect", "untouched", "variant")  # whose notebooks keep their figures
every_lab = pytest.mark.parametrize("lab", LABS)


@dataclass
class Graded:
    """A course after nbgrader has been through it.

    `built` holds what the build wrote into labs/, before nbgrader wrote it again, and `answers`
    what each student wrote: {(student, lab): {exercise: Answer}}. `sealed` tells whether our
    plug-ins took part.
    """

    sealed: bool
    course: Course
    built: dict
    banks: dict
    answers: dict
    output: str

    def students(self, lab):
        return [student for student, its_lab in self.answers if its_lab == lab]

    def points(self, student, lab):
        """Points by exercise, from the gradebook."""
        with Gradebook(f"sqlite:///{self.course.root / 'gradebook.db'}") as gradebook:
            submission = gradebook.find_submission_notebook(lab, lab, student)
            return {g.name.removeprefix("check_"): g.score for g in submission.grades}

    def for_a_person(self, student, lab):
        """The graded cells at which nbgrader asks a person to look."""
        with Gradebook(f"sqlite:///{self.course.root / 'gradebook.db'}") as gradebook:
            submission = gradebook.find_submission_notebook(lab, lab, student)
            return {g.name for g in submission.grades if g.needs_manual_grade}

    def full(self, lab):
        return {name: item.points for name, item in self.banks[lab].items.items()}

    def notebook(self, student, lab):
        path = self.course.root / "autograded" / student / lab / f"{lab}.ipynb"
        return nbformat.read(path, as_version=4)

    def feedback(self, student, lab):
        path = self.course.root / "feedback" / student / lab / f"{lab}.html"
        return path.read_text(encoding="utf-8")


def nth_answers(answers_of, bank, n):
    """The n-th answer of every exercise that has so many; the reference of the others.

    Exercises that build on others are one ahead: two mistakes may cancel each other, as an
    inverted xor does on swapped gates.
    """
    chosen = {}
    for name, item in bank.items.items():
        answers = answers_of(bank, item)
        ahead = bool(isinstance(item, Exercise) and item.used)
        position = (n + ahead) % max(len(answers), 1)
        chosen[name] = answers[position] if n < len(answers) else right_answers(bank, item)[0]
    return chosen


def class_of(bank):
    """The answers of each student to one lab."""
    perfect = nth_answers(right_answers, bank, 0)
    students = {"perfect": perfect, "untouched": {}, "tampered": {}, "deleted": perfect}
    for n in range(1, max(len(right_answers(bank, item)) for item in bank.items.values())):
        students[f"variant{n}"] = nth_answers(right_answers, bank, n)
    for n in range(max(len(wrong_answers(bank, item)) for item in bank.items.values())):
        students[f"wrong{n}"] = nth_answers(wrong_answers, bank, n)
    if "gate" in bank.items:
        students["only_gate"] = {**perfect, "gate": wrong_answers(bank, bank.items["gate"])[0]}
    return students


def grade_id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def tamper(notebook):
    """Make every check cell return its points, more of them, and lose its lock."""
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            cell.source = str(cell.metadata.nbgrader.points)
            cell.metadata.nbgrader.points = 50
            cell.metadata.nbgrader.locked = False


def delete_check(notebook, name):
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) != f"check_{name}"]


def submit(course, student, lab, notebook):
    folder = course.root / "submitted" / student / lab
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{lab}.ipynb")
    checks = json.loads((course.labs / lab / "checks.json").read_text(encoding="utf-8"))
    if student == "tampered":
        for exercise in checks["exercises"].values():
            exercise["cases"] = []
    (folder / "checks.json").write_text(json.dumps(checks), encoding="utf-8")


def grade_text_by_hand(course, bank, student):
    """What a person does in formgrader."""
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        for name, item in bank.items.items():
            if isinstance(item, FreeText):
                grade = gradebook.find_grade(name, bank.lab, bank.lab, student)
                grade.manual_score = item.points
                grade.needs_manual_grade = False
                gradebook.db.commit()


@pytest.fixture(scope="session", params=["plain", "sealed"])
def graded(request, tmp_path_factory):
    """The course, graded with our plug-ins and without them."""
    course = copy_course(tmp_path_factory.mktemp("course"), *LABS)
    if request.param == "plain":
        config = course.root / "nbgrader_config.py"
        config.write_text(config.read_text().replace("\nseal(c)\n", "\n"))
    else:
        request.getfixturevalue("needs_jail")
    outputs, banks, answers = [], {}, {}

    def nbgrader(*arguments, code=0):
        done = run(course, "nbgrader", *arguments)
        outputs.append(done.stdout + done.stderr)
        assert done.returncode == code, outputs[-1]

    built = run(course, "dlcourse", "build")
    assert built.returncode == 0, built.stderr
    released_by_build = {path: path.read_bytes() for path in course.labs.glob("*/*")}
    for lab in LABS:
        nbgrader("generate_assignment", lab, "--force")
        released = nbformat.read(course.labs / lab / f"{lab}.ipynb", as_version=4)
        banks[lab] = Bank.load(course.solutions / lab)
        for student, chosen in class_of(banks[lab]).items():
            notebook = fill(released, chosen)
            if student == "tampered":
                tamper(notebook)
            if student == "deleted":
                delete_check(notebook, next(iter(banks[lab].items)))
            if not student.startswith(COMPLETE):
                delete_demonstrations(notebook)
            submit(course, student, lab, notebook)
            answers[student, lab] = chosen
    broken = course.root / "submitted" / "broken" / LABS[0]
    broken.mkdir(parents=True)
    (broken / f"{LABS[0]}.ipynb").write_text('{"cells": [', encoding="utf-8")
    # plain nbgrader leaves the broken file out; ours counts it as empty
    nbgrader("autograde", LABS[0], code=1 if request.param == "plain" else 0)
    nbgrader("autograde", LABS[1])
    for lab in LABS:
        grade_text_by_hand(course, banks[lab], "perfect")
        nbgrader("generate_feedback", lab, "--student=wrong*")
    nbgrader("export")
    return Graded(
        request.param == "sealed", course, released_by_build, banks, answers, "".join(outputs)
    )


def test_nbgrader_releases_what_the_build_wrote(graded):
    released = {path: path.read_bytes() for path in graded.course.labs.glob("*/*")}
    assert len(released) == 2 * len(LABS)
    assert released == graded.built


@every_lab
def test_perfect_submission_gets_full_marks(graded, lab):
    assert graded.points("perfect", lab) == graded.full(lab)


@every_lab
def test_untouched_submission_gets_nothing(graded, lab):
    assert set(graded.points("untouched", lab).values()) == {0.0}


@every_lab
def test_every_variant_gets_full_points(graded, lab):
    students = [s for s in graded.students(lab) if s.startswith("variant")]
    assert len(students) >= 2
    for student in students:
        by_hand = {n: 0 for n, i in graded.banks[lab].items.items() if isinstance(i, FreeText)}
        assert graded.points(student, lab) == {**graded.full(lab), **by_hand}, student


@every_lab
def test_right_answers_let_every_cell_run(graded, lab):
    students = ["perfect", *(s for s in graded.students(lab) if s.startswith("variant"))]
    assert {s: list(stopped_cells(graded.notebook(s, lab))) for s in students} == {
        s: [] for s in students
    }


@every_lab
def test_every_misconception_loses_its_own_points_and_is_named(graded, lab):
    seen = set()
    for student in graded.students(lab):
        if not student.startswith("wrong"):
            continue
        points, full = graded.points(student, lab), graded.full(lab)
        named = {
            r.exercise: r.misconception for r in read_records(graded.notebook(student, lab), "")
        }
        for name, answer in graded.answers[student, lab].items():
            item = graded.banks[lab].items[name]
            if answer.kind == "wrong":
                assert points[name] == 0, (student, name, answer.name)
                assert named[name] == answer.name
                seen.add((name, answer.name))
            elif not isinstance(item, FreeText):
                assert points[name] == full[name], (student, name)
    bank = graded.banks[lab]
    assert seen == {(n, a.name) for n, i in bank.items.items() for a in wrong_answers(bank, i)}


def test_right_answer_on_a_wrong_one_keeps_its_points(graded):
    full = graded.full("01_gradient_descent")
    expected = {**full, "gate": 0, "why_not_step": 0}
    assert graded.points("only_gate", "01_gradient_descent") == expected


def test_importing_keras_in_an_answer_costs_nothing(graded):
    """TensorFlow greets on stderr, which nbgrader takes for a failure."""
    lab = "00_welcome"
    importing = [
        student
        for student in graded.students(lab)
        if "import keras" in getattr(graded.answers[student, lab].get("versions"), "source", "")
    ]
    assert importing
    for student in importing:
        assert graded.points(student, lab)["versions"] == 1


@every_lab
def test_edited_checks_are_restored(graded, lab):
    """Check cells, their points and checks.json come back from the instructor's side."""
    assert set(graded.points("tampered", lab).values()) == {0.0}
    checks = graded.course.root / "autograded" / "tampered" / lab / "checks.json"
    assert checks.read_bytes() == (graded.course.solutions / lab / "checks.json").read_bytes()


@every_lab
def test_a_deleted_check_costs_its_own_points_at_most(graded, lab):
    first = next(iter(graded.banks[lab].items))
    by_hand = {n: 0 for n, i in graded.banks[lab].items.items() if isinstance(i, FreeText)}
    if graded.sealed:  # it is put back
        assert graded.points("deleted", lab) == {**graded.full(lab), **by_hand}
        assert graded.for_a_person("deleted", lab) == set(by_hand)
    else:
        assert graded.points("deleted", lab) == {**graded.full(lab), **by_hand, first: 0}
        assert graded.for_a_person("deleted", lab) == {f"check_{first}", *by_hand}


def test_broken_file_does_not_stop_the_class(graded):
    if graded.sealed:
        assert "graded as empty, please look at it: it is not JSON" in graded.output
        assert set(graded.points("broken", LABS[0]).values()) == {0.0}
    else:
        assert "NotJSONError" in graded.output
        assert not list((graded.course.root / "autograded" / "broken").glob("*"))


def test_export(graded):
    text = (graded.course.root / "grades.csv").read_text(encoding="utf-8")
    rows = {
        (row["student_id"], row["assignment"]): row for row in csv.DictReader(text.splitlines())
    }
    for lab in LABS:
        assert float(rows["perfect", lab]["score"]) == float(rows["perfect", lab]["max_score"])
        assert float(rows["perfect", lab]["max_score"]) == graded.banks[lab].points
        assert float(rows["untouched", lab]["score"]) == 0


@every_lab
def test_feedback_shows_hints(graded, lab):
    page = html.unescape(re.sub(r"</?code>", "`", graded.feedback("wrong0", lab)))
    checks = graded.banks[lab].checks()
    for name, answer in graded.answers["wrong0", lab].items():
        hints = getattr(checks.exercises[name], "misconceptions", {})
        if answer.kind == "wrong" and answer.name in hints:
            assert hints[answer.name] in page, (name, answer.name)


def hidden_calls(bank):
    """The calls of hidden cases that are not those of a visible case, too."""
    items = [item for item in bank.items.values() if isinstance(item, Exercise)]
    visible = {w.case.call for item in items for w in item.cases if not w.case.hidden}
    return {w.case.call for item in items for w in item.cases if w.case.hidden} - visible


@every_lab
def test_feedback_shows_no_hidden_case(graded, lab):
    for student in (s for s in graded.students(lab) if s.startswith("wrong")):
        page = html.unescape(graded.feedback(student, lab))
        assert [call for call in hidden_calls(graded.banks[lab]) if call in page] == [], student


def telling_numbers(value):
    """The beginnings of the numbers in a value that do not turn up by chance."""
    if isinstance(value, dict):
        return set().union(*map(telling_numbers, value.values()), set())
    if isinstance(value, list):
        return set().union(*map(telling_numbers, value), set())
    if isinstance(value, (float, np.ndarray)):
        texts = {repr(abs(v))[:7] for v in np.ravel(value).tolist() if isinstance(v, float)}
        return {text for text in texts if len(text) == 7 and "e" not in text}
    return set()


def expected_and_other_numbers(bank, name):
    """Numbers of the reference alone, and numbers that some wrong answer gives, too."""
    visible, hidden = bank.checks().exercises[name], bank.hidden_checks(name, entropy=0)
    expected, others = set(), set()
    for case in (*visible.cases, *hidden.cases):
        expected |= telling_numbers(case.expected.value)
        for mistake in case.mistakes.values():
            others |= telling_numbers(mistake.value)
    return expected, others


def test_feedback_shows_no_expected_value(graded):
    lab = "01_gradient_descent"
    pages = {s: graded.feedback(s, lab) for s in graded.students(lab) if s.startswith("wrong")}
    searched = 0
    for name, item in graded.banks[lab].items.items():
        if isinstance(item, Exercise):
            expected, others = expected_and_other_numbers(graded.banks[lab], name)
            searched += len(expected - others)
            for student, page in pages.items():
                assert [n for n in expected - others if n in page] == [], (student, name)
    assert searched > 10


def solution_lines(bank):
    """Lines of the references that nobody writes by chance."""
    lines = set()
    for item in bank.items.values():
        if isinstance(item, Exercise):
            source = right_answers(bank, item)[0].source
            code = re.sub(r'""".*?"""', "", source, flags=re.DOTALL)
            lines |= {line.strip() for line in code.splitlines() if len(line.strip()) > 30}
    return {line for line in lines if not line.startswith(("def ", "class ", "from ", "import "))}


def texts_of_wheel(folder):
    subprocess.run(
        [BIN / "python", "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = Path(folder).glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


def test_released_files_and_wheel_hold_no_answer(graded, tmp_path):
    released = {
        str(path): path.read_text(encoding="utf-8").replace('\\"', '"')
        for path in graded.course.labs.rglob("*")
        if path.is_file()
    }
    files = {**released, **texts_of_wheel(tmp_path)}
    for bank in graded.banks.values():
        secrets = hidden_calls(bank) | solution_lines(bank)
        assert len(secrets) > 15
        for name, text in files.items():
            assert [secret for secret in secrets if secret in text] == [], name
    assert not [name for name in files if name.endswith(("exercises.py", "lab.md"))]


@pytest.fixture
def server(graded):
    """A Jupyter server started in the course's folder, as in the README."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [BIN / "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"],
        cwd=graded.course.root,
        env={"PATH": os.defpath, "HOME": str(graded.course.root), "JUPYTER_TOKEN": "secret"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def fetch(url):
    request = urllib.request.Request(url, headers={"Authorization": "token secret"})
    deadline = time.monotonic() + 90
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def test_formgrader_shows_labs_and_submissions(graded, server):
    assert "manage_assignments" in fetch(f"{server}/formgrader")
    api = f"{server}/formgrader/api"
    assignments = json.loads(fetch(f"{api}/assignments"))
    shown = {a["name"]: (a["max_score"], a["num_submissions"]) for a in assignments}
    for lab in LABS:
        submitted = len(list((graded.course.root / "submitted").glob(f"*/{lab}")))
        assert shown[lab] == (graded.banks[lab].points, submitted)
        notebooks = json.loads(fetch(f"{api}/submitted_notebooks/{lab}/{lab}"))
        perfect = next(n for n in notebooks if n["student"] == "perfect")
        assert perfect["score"] == graded.banks[lab].points
        page = fetch(f"{server}/formgrader/submissions/{perfect['id']}/")
        assert all(f"check_{name}" in page for name in graded.banks[lab].items if name != TEXT)
    assert graded.answers["perfect", LABS[1]][TEXT].source in page
