"""What the README shows works."""

import re

import pytest

from tests.conftest import ROOT


def test_python_example(capsys):
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL).group(1)
    names = {}
    exec(code, names)
    assert names["model"].evaluate(*names["test"], verbose=0, return_dict=True)[
        "accuracy"
    ] == pytest.approx(1, abs=0.3)


def test_named_files_and_targets_exist():
    text = (ROOT / "README.md").read_text()
    for path in re.findall(r"\]\((?!http)([^)]+)\)", text):
        assert (ROOT / path).exists(), path
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z-]+)", text):
        assert f"\n{target}:" in makefile, target
