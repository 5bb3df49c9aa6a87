"""`check` as a student meets it: verdicts, diagnoses, hints, progress."""

import numpy as np
import pytest

from dlcourse.authoring import Bank
from dlcourse.checks import Check
from dlcourse.checks.judge import judge_code
from dlcourse.checks.spec import LabChecks
from dlcourse.checks.view import RECORD_TYPE, inline_markup, verdict_bundle

EXERCISES = '''
@exercise(points=2)
def double(x):
    """Return 2 x."""
    return 2 * x

double.case("double(np.array([1.5, 2.25]))")
double.case("double(0.125)")
double.hidden_case("double(rng.normal(size=4))")
double.hint("Multiply.")
double.hint("By `2`.")
double.forbid("np.add", because="multiply instead")

@double.misconception("This is the square.")
def square(x):
    return x * x

@double.misconception("It changes `x`.")
def in_place(x):
    x *= 2
    return x

@double.variant
def added(x):
    return x + x

@exercise(parts={"small": 1, "large": 2})
def count(n):
    """Return the number of digits of n."""
    return len(str(n))

count.case("count(7)", part="small")
count.case("count(1234567)", part="large")
count.hidden_case("count(5)", part="small")
count.hidden_case("count(10**12)", part="large")

@count.misconception("It counts to two only.", costs="large")
def at_most_two(n):
    return min(2, len(str(n)))

@exercise(points=1)
def quadruple(x):
    """Return 4 x."""
    return double(double(x))

quadruple.case("quadruple(3)")
quadruple.hidden_case("quadruple(5)")
quadruple.uses(double)

color = question("color", "Which color?", points=1)
color.right("red")
color.right("blue")
color.wrong("green", "Green is not it.")
ratio = constant("ratio", 0.25, prompt="Which ratio?", points=1, tolerance=1e-2)
ratio.misconception("inverse", 4.0, "Turn it around.")
why = free_text("why", "Why?", rubric=["1 point"], points=1)
'''


@pytest.fixture
def bank(make_course):
    return Bank.load(make_course(EXERCISES, "").solutions / "90_test")


@pytest.fixture
def student(bank, tmp_path, monkeypatch):
    """Return a function: names of a notebook -> its `check`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checks.json").write_text(bank.checks().dumps())
    return lambda **names: Check(names)


def said(capsys, action):
    action()
    return capsys.readouterr().out


def test_a_right_answer_passes_in_one_line(student, capsys):
    check = student(double=lambda x: np.float32(2) * x)
    assert said(capsys, lambda: check("double")) == "✓ double: passed (2 of 2 points)\n"


def test_a_wrong_answer_shows_call_result_and_property(student, capsys):
    check = student(double=lambda x: np.asarray(x) + 1)
    text = said(capsys, lambda: check("double"))
    assert text.startswith("✗ double: failed")
    assert "Tried:   double(np.array([1.5, 2.25]))" in text
    assert "Got:     [2.5 , 3.25]" in text
    assert "2 of 2 values are not right" in text
    assert "Likely cause" not in text
    assert "4.5" not in text  # the expected value


def test_a_known_mistake_is_named(student, capsys):
    text = said(capsys, lambda: student(double=lambda x: x**2)("double"))
    assert "Likely cause: This is the square." in text


def test_changing_the_argument_is_a_mistake_of_its_own(student, capsys):
    def double(x):
        x *= 2
        return x

    text = said(capsys, lambda: student(double=double)("double"))
    assert "changes its arguments" in text
    assert "Likely cause: It changes `x`." in text


def test_three_ways_of_not_attempting(student, capsys):
    def stub(x):
        """Return 2 x."""

    def nbgrader_stub(x):
        raise NotImplementedError

    for names in ({}, {"double": stub}, {"double": nbgrader_stub}):
        text = said(capsys, lambda names=names: student(**names)("double"))
        assert text.startswith("○ double: not attempted")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (3, "not a function"),
        (lambda: 1, "TypeError"),
        (lambda x: (x, None)[1], "None came back"),
        (lambda x: "4", "text came back"),
        (lambda x: print(2 * x), "prints its result"),
        (lambda x: object(), "type object"),
        (lambda x: 1 / 0, "raises ZeroDivisionError"),
    ],
)
def test_garbage_gets_a_clear_result(student, capsys, answer, message):
    text = said(capsys, lambda: student(double=answer)("double"))
    assert text.startswith("✗ double: failed")
    assert message in text
    assert "Traceback" not in text


def test_a_part_is_all_or_nothing(bank):
    checks = bank.checks().exercises["count"]
    verdict = judge_code(checks, {"count": lambda n: min(2, len(str(n)))}, {})
    assert verdict.parts == {"small": 1, "large": 0}
    assert (verdict.points, verdict.max_points) == (1, 3)
    assert verdict.misconception == "at_most_two"


def test_an_exercise_blames_the_one_that_it_uses(student, capsys):
    double = lambda x: x + 2  # noqa: E731
    check = student(double=double, quadruple=lambda x: double(double(x)))
    text = said(capsys, lambda: check("quadruple"))
    assert "calls `double`, whose own check does not pass yet" in text


def test_questions_take_letters_in_any_form(student, bank, capsys):
    right = bank.items["color"].answer
    forms = (right, right.upper(), f"{right[1]}, {right[0]}", list(right), set(right), f"({right})")
    for answer in forms:
        assert "passed" in said(capsys, lambda a=answer: student(color=a)("color")), answer
    for answer in ("", None, ...):
        text = said(capsys, lambda a=answer: student(color=a)("color"))
        assert "not attempted" in text, answer
    wrong = bank.items["color"].wrong_answers()
    assert "One more option" in said(capsys, lambda: student(color=wrong["incomplete"])("color"))
    green = next(letters for name, letters in wrong.items() if name != "incomplete")
    assert "Green is not it" in said(capsys, lambda: student(color=green)("color"))
    assert "letters among" in said(capsys, lambda: student(color="z")("color"))
    assert "letters among" in said(capsys, lambda: student(color=7)("color"))


def test_constants_have_a_tolerance(student, capsys):
    for value in (0.25, 0.258, np.float32(0.25), np.array(0.2501)):
        assert "passed" in said(capsys, lambda v=value: student(ratio=v)("ratio")), value
    for value in (0.3, 0.2, -0.25, np.nan, 1e308, 10**400, np.array([0.25, 0.25])):
        assert "failed" in said(capsys, lambda v=value: student(ratio=v)("ratio")), value
    assert "Turn it around" in said(capsys, lambda: student(ratio=4)("ratio"))
    assert "a number" in said(capsys, lambda: student(ratio="a quarter")("ratio"))


def test_hints_open_one_at_a_time(student, capsys):
    check = student()
    first = said(capsys, lambda: check.hint("double"))
    assert "Hint 1 of 2: Multiply." in first
    assert "Hint 2" not in first
    assert "Hint 2 of 2" in said(capsys, lambda: check.hint("double"))
    assert "last hint" in said(capsys, lambda: check.hint("double"))
    assert "no hints" in said(capsys, lambda: check.hint("quadruple"))


def test_progress_sums_up(student, capsys):
    check = student(double=lambda x: 2 * x, count=lambda n: 1)
    text = said(capsys, check.progress)
    assert "1 of 6 exercises passed, 3 of 9 points" in text
    assert "✗ count" in text
    assert "○ ratio" in text
    assert "graded by your teacher" in text


def test_passed_lets_a_cell_wait(student, capsys):
    assert student(double=lambda x: 2 * x).passed("double")
    assert not student(double=lambda x: x).passed("double", "count")
    assert "Solve double, count first" in capsys.readouterr().out


def test_a_changed_answer_is_judged_anew(student):
    names = {"double": lambda x: x}
    check = Check(names)
    assert not check.passed("double")
    names["double"] = lambda x: 2 * x
    assert check.passed("double")


def test_unknown_names_and_missing_files_say_what_to_do(student, tmp_path):
    check = student()
    with pytest.raises(ValueError, match=r"expected an exercise of 90_test \(double, count"):
        check("dubble")
    (tmp_path / "checks.json").unlink()
    with pytest.raises(FileNotFoundError, match="put it beside the notebook"):
        student()("double")
    (tmp_path / "checks.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="not a checks file of this version"):
        student()("double")


def test_checks_can_be_opened_from_elsewhere(student, bank, tmp_path, monkeypatch, capsys):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    check = student(double=lambda x: 2 * x)
    check.open(tmp_path)
    assert check.passed("double")


def test_under_nbgrader_the_points_come_back(student, monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert student(double=lambda x: 2 * x)("double") == 2
    assert student(double=lambda x: x)("double") == 0
    assert student()("double") == 0
    monkeypatch.delenv("NBGRADER_EXECUTION")
    assert student(double=lambda x: 2 * x)("double") is None


def test_forbidden_names_get_the_author_s_reason(bank, tmp_path):
    import linecache

    source = "import numpy as np\ndef double(x):\n    return np.add(x, x)\n"
    linecache.cache["<forbidden>"] = (len(source), None, source.splitlines(True), "<forbidden>")
    names = {"__name__": "__main__"}
    exec(compile(source, "<forbidden>", "exec"), names)
    verdict = judge_code(bank.checks().exercises["double"], names, {})
    assert (verdict.status, verdict.points, verdict.hint) == ("failed", 0, "multiply instead")
    assert "`np.add` may not be used" in verdict.problem


def test_html_says_what_the_text_says_and_escapes_it(bank):
    checks = bank.checks().exercises["double"]
    verdict = judge_code(checks, {"double": lambda x: "<script>alert(1)</script>"}, {})
    bundle = verdict_bundle(verdict, show_points=False)
    assert "<script>" not in bundle["text/html"]
    assert "&lt;script&gt;" in bundle["text/html"]
    assert 'role="status"' in bundle["text/html"]
    assert bundle[RECORD_TYPE]["status"] == "failed"
    for word in ("failed", "text came back", "double(np.array([1.5, 2.25]))"):
        assert word in bundle["text/plain"]
        assert word in bundle["text/html"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("it says *which one* of them", "it says <em>which one</em> of them"),
        ("`f(*x, *y)` and <b>", "<code>f(*x, *y)</code> and &lt;b&gt;"),
        ("2*x*y, 2*x* y, x * y * z and f(**options, *arguments)",) * 2,
    ],
)
def test_code_and_emphasis_are_set_as_in_markdown(text, html):
    assert inline_markup(text) == html


def test_released_checks_read_back_the_same(bank, tmp_path):
    text = bank.checks().dumps()
    (tmp_path / "c.json").write_text(text)
    assert LabChecks.read(tmp_path / "c.json").dumps() == text
    assert "hidden" not in text
    assert "rng.normal" not in text
