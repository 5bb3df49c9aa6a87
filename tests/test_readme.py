"""What the README shows works."""

import re
import tomllib

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
        assert (ROOT / path.partition("#")[0]).exists(), path
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z-]+)", text):
        assert f"\n{target}:" in makefile, target


def test_addresses_are_those_of_the_project():
    """Launch links and install lines name the repository of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    owner = project["urls"]["Repository"].removeprefix("https://github.com/")
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    named = re.compile(r"(?:git\+https://github\.com|clone https://github\.com|v2/gh|com/github)/"
                       r"([\w.-]+/[\w.-]+)")  # fmt: skip
    found = [name for page in pages for name in named.findall(page.read_text())]
    assert len(found) >= 6
    assert set(found) == {owner}
