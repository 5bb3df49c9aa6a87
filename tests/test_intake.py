"""Submissions as data: whatever is handed in is read or refused, and never hurts."""

import json
import os
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.grading.files import MAX_BYTES, Unreadable, read_beside
from dlcourse.grading.intake import (
    MAX_ANSWER,
    MAX_PICTURES,
    Submission,
    empty_submission,
    read_notebook,
    rebuild,
    unattempted,
)

LAB = Path(__file__).parents[1] / "labs" / "00_welcome" / "00_welcome.ipynb"


@pytest.fixture
def released():
    return nbformat.read(LAB, as_version=4)


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "submission.ipynb"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def answer(notebook, grade_id, source):
    """The notebook as JSON with one answer filled in."""
    data = json.loads(nbformat.writes(notebook))
    for cell in data["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            cell["source"] = source
    return data


def sources(notebook):
    return {
        c.metadata.nbgrader.grade_id: c.source for c in notebook.cells if "nbgrader" in c.metadata
    }


def test_an_untouched_notebook_comes_back_as_it_was(released, write):
    rebuilt = rebuild(released, read_notebook(LAB))
    assert (rebuilt.repairs, rebuilt.missing) == ([], [])
    assert [c.source for c in rebuilt.notebook.cells] == [c.source for c in released.cells]
    assert [c.metadata for c in rebuilt.notebook.cells if c.metadata.get("nbgrader")] == [
        c.metadata for c in released.cells if c.metadata.get("nbgrader")
    ]


def test_answers_and_own_cells_come_from_the_student(released, write):
    data = answer(released, "residuals", "def residuals(w, x, y):\n    return 1")
    place = next(i for i, c in enumerate(data["cells"]) if c["id"] == "residuals")
    data["cells"].insert(place, {"cell_type": "code", "source": ["helper", " = 1"], "metadata": {}})
    rebuilt = rebuild(released, read_notebook(write(json.dumps(data))))
    assert rebuilt.repairs == []
    assert sources(rebuilt.notebook)["residuals"].endswith("return 1")
    texts = [c.source for c in rebuilt.notebook.cells]
    assert texts.index("helper = 1") < texts.index("def residuals(w, x, y):\n    return 1")


def tampered(released, change):
    data = answer(released, "one_hot", "mine")
    change({c["id"]: c for c in data["cells"]}, data)
    return json.dumps(data)


def retype(cells, data):
    cells["one-hot"]["cell_type"] = "markdown"


def delete_check(cells, data):
    data["cells"].remove(cells["check-one-hot"])


def edit_check(cells, data):
    cells["check-one-hot"]["source"] = "3.0"


def more_points(cells, data):
    cells["check-one-hot"]["metadata"]["nbgrader"]["points"] = 100


def not_graded(cells, data):
    cells["check-one-hot"]["metadata"]["nbgrader"]["grade"] = False


def copy_check(cells, data):
    data["cells"].append(cells["check-one-hot"])


def reverse(cells, data):
    data["cells"].reverse()


def foreign_kernel(cells, data):
    data["metadata"]["kernelspec"]["name"] = "sh"


def tags(cells, data):
    cells["check-one-hot"]["metadata"]["tags"] = ["skip-execution", "raises-exception"]


def test_pictures_in_texts_stay_and_nothing_else_does(write):
    released = nbformat.read(LAB.parents[1] / "02_mlp" / "02_mlp.ipynb", as_version=4)
    written = next(c.id for c in released.cells if c.cell_type == "markdown" and is_answer(c))
    data = answer(released, written, "![sketch](attachment:sketch.png)")
    cell = next(c for c in data["cells"] if c.get("id") == written)
    picture = {"sketch.png": {"image/png": "iVBORw0KGgo="}}
    cell["attachments"] = {**picture, "page.html": {"text/html": "<script>"}, "odd": [1]}
    half = {"half-\ud800.png": {"image/png": "\ud800"}}
    own = {**nbformat.v4.new_markdown_cell("![](attachment:x)"), "attachments": {**picture, **half}}
    data["cells"].append(own)
    rebuilt = rebuild(released, read_notebook(write(json.dumps(data))))
    kept = [c.attachments for c in rebuilt.notebook.cells if "attachments" in c]
    assert kept == [picture, {**picture, "half-?.png": {"image/png": "?"}}]
    nbformat.writes(rebuilt.notebook).encode()


def is_answer(cell):
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


@pytest.mark.parametrize(
    "change",
    [
        retype,
        delete_check,
        edit_check,
        more_points,
        not_graded,
        copy_check,
        reverse,
        foreign_kernel,
        tags,
    ],
)
def test_graded_cells_are_the_instructor_s(released, write, change):
    rebuilt = rebuild(released, read_notebook(write(tampered(released, change))))
    graded = [c for c in rebuilt.notebook.cells if "nbgrader" in c.metadata]
    given = [c for c in released.cells if "nbgrader" in c.metadata]
    assert [c.metadata for c in graded] == [c.metadata for c in given]
    assert [c.cell_type for c in graded] == [c.cell_type for c in given]
    assert rebuilt.notebook.metadata == released.metadata
    assert sources(rebuilt.notebook)["one_hot"] == "mine"
    assert sources(rebuilt.notebook)["check_one_hot"] == sources(released)["check_one_hot"]


def test_a_missing_answer_is_put_back_empty_and_told(released, write):
    def delete(cells, data):
        data["cells"].remove(cells["one-hot"])

    rebuilt = rebuild(released, read_notebook(write(tampered(released, delete))))
    assert rebuilt.missing == ["one_hot"]
    assert "Cell one_hot was missing and was put back." in rebuilt.repairs
    assert sources(rebuilt.notebook)["one_hot"] == sources(released)["one_hot"]


LOST = (
    "import numpy as np\n\n\ndef one_hot(labels, n_classes):\n    return np.eye(n_classes)[labels]"
)


def test_an_answer_that_lost_its_mark_is_not_overwritten_by_the_stub(released, write):
    def lose(cells, data):
        cells["one-hot"]["metadata"] = {}
        cells["one-hot"]["source"] = LOST

    rebuilt = rebuild(released, read_notebook(write(tampered(released, lose))))
    assert (
        "Cell one_hot was missing and was put back, empty: another cell has what it asks for."
        in (rebuilt.repairs)
    )
    assert sources(rebuilt.notebook)["one_hot"] == ""
    assert [c.source for c in rebuilt.notebook.cells].count(LOST) == 1
    assert rebuilt.missing == ["one_hot"]


def test_ends_of_lines_are_no_change(released, write):
    def windows(cells, data):
        for cell in data["cells"]:
            cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")

    rebuilt = rebuild(released, read_notebook(write(tampered(released, windows))))
    assert rebuilt.repairs == []
    assert not any("\r" in cell.source for cell in rebuilt.notebook.cells)


def test_pictures_that_are_left_out_are_told(released, write):
    def hang(cells, data):
        large = {"a.png": {"image/png": "A" * (MAX_PICTURES + 1)}}
        cells["one-hot"]["attachments"] = large

    (repair,) = read_notebook(write(tampered(released, hang))).repairs
    assert "was left out: it is no picture, or more than 10 MB" in repair


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\0" * 100, "empty"),
        (b"PK\x03\x04 zip", "not JSON"),
        (LAB.read_bytes()[:500], "not JSON"),
        (b"[1, 2]", "not a notebook"),
        (b"null", "not a notebook"),
        (b'{"cells": 3}', "no list of cells"),
        (b"{}", "no list of cells"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"cells": ' + b"[" * 100_000, "nested too deeply"),
        (
            json.dumps({"cells": [{"cell_type": "code", "source": ""}] * 3000}).encode(),
            "3000 cells",
        ),
    ],
)
def test_unreadable_files_say_why(write, content, reason):
    with pytest.raises(Unreadable, match=reason):
        read_notebook(write(content))


def test_folders_in_folders_and_many_files_beside_a_notebook_are_bounded(tmp_path):
    deep = tmp_path
    for _ in range(300):
        deep = deep / "a"
        deep.mkdir()
        (deep / "file").write_text("x")
    for number in range(50):
        (tmp_path / f"{number:02}").write_text("y")
    (tmp_path / "link").symlink_to(tmp_path / "00")
    files, left_out = read_beside(tmp_path)
    assert left_out == ["link"]
    assert set(files) >= {f"{number:02}" for number in range(50)} | {"a/file", "a/a/file"}
    assert len(files) < 100
    assert "link" not in files


def test_large_files_are_refused_unread(write, tmp_path):
    path = tmp_path / "large.ipynb"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(Unreadable, match="50 MB"):
        read_notebook(path)


def test_links_pipes_and_folders_are_refused(tmp_path):
    link, pipe = tmp_path / "link.ipynb", tmp_path / "pipe.ipynb"
    link.symlink_to(LAB)
    os.mkfifo(pipe)
    for path, reason in ((link, "link"), (pipe, "regular"), (tmp_path, "regular"), (
        tmp_path / "none.ipynb", "it is missing; handed in were 'link.ipynb', 'pipe.ipynb'"), (
        tmp_path / "none" / "none.ipynb", "nothing was handed in")):  # fmt: skip
        with pytest.raises(Unreadable, match=reason):
            read_notebook(path)


@pytest.mark.parametrize(
    ("damage", "repair"),
    [
        (lambda b: b"\xef\xbb\xbf" + b, None),
        (lambda b: b + b"\n\n", None),
        (lambda b: b.decode().encode("utf-16"), "UTF-16"),
        (lambda b: b.decode().encode("utf-16-le"), "UTF-16-LE"),  # without a byte order mark
        (lambda b: b.decode().encode("utf-32"), "UTF-32"),
        (lambda b: b.replace(b'"nbformat":', b'"n": ' + b"9" * 5000 + b',"nbformat":'), None),
        (lambda b: b.replace(b"Lab 00", b"Lab\t00\n"), None),
        (lambda b: b.replace(b"Lab 00", b"Lab \xff\xfe"), "not UTF-8"),
        (lambda b: b + b"\0\0\0garbage", "followed the end"),
        (lambda b: b.replace(b"Lab 00", rb"Lab \ud800"), None),
        (lambda b: b.replace(b"Lab 00", rb"Lab \ud83d\ude00"), None),
    ],
)
def test_small_damage_is_repaired(released, write, damage, repair):
    submission = read_notebook(write(damage(LAB.read_bytes())))
    assert (repair is None) == (submission.repairs == [])
    assert all(repair in text for text in submission.repairs)
    rebuilt = rebuild(released, submission)
    assert rebuilt.missing == []
    assert nbformat.writes(rebuilt.notebook).encode()


def test_unreadable_cells_are_left_out(released, write):
    data = json.loads(LAB.read_text())
    data["cells"] += [3, {"cell_type": "code"}, {"cell_type": "code", "source": 5, "metadata": 7}]
    data["cells"] += [{"cell_type": "code", "source": "x" * (MAX_ANSWER + 1), "metadata": {}}]
    submission = read_notebook(write(json.dumps(data)))
    assert len(submission.repairs) == 3
    rebuild(released, submission)


def test_old_formats_are_converted(released, write):
    old = nbformat.writes(nbformat.convert(nbformat.read(LAB, as_version=4), 3), version=3)
    submission = read_notebook(write(old))
    assert "old format" in submission.repairs[0]
    assert rebuild(released, submission).missing == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda v: st.lists(v, max_size=3)
    | st.dictionaries(st.sampled_from(["cell_type", "source", "metadata", "nbgrader", "grade_id",
                                       "cells", "worksheets", "input"]), v, max_size=4),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(json_values, max_size=4), json_values)
def test_no_json_breaks_the_reader(tmp_path_factory, cells, other):
    path = tmp_path_factory.mktemp("fuzz") / "n.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": other, "worksheets": other}))
    released = nbformat.read(LAB, as_version=4)
    try:
        rebuild(released, read_notebook(path))
    except Unreadable:
        return


def test_an_empty_submission_answers_nothing(released):
    empty = empty_submission(released)
    assert rebuild(released, empty).repairs == []
    answers = [c.id for c in released.cells if c.metadata.get("nbgrader", {}).get("solution")]
    assert len(unattempted(released, empty)) == len(answers)
    mine = [replace(c, source="mine") if c.grade_id == "one_hot" else c for c in empty.cells]
    one = Submission(mine)
    assert len(unattempted(released, one)) == len(answers) - 1
