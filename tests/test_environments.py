"""The files that other people's machines read: Docker, dev container, Binder."""

import json
import re
import tomllib

from tests.conftest import ROOT

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def test_every_install_line_names_extras_that_exist():
    texts = [
        path.read_text()
        for path in (
            ROOT / "Dockerfile",
            ROOT / ".binder" / "requirements.txt",
            ROOT / "README.md",
            *(ROOT / "docs").glob("*.md"),
        )
    ]
    named = re.findall(r"(?:dlcourse|\.)\[([a-z,]+)\]", "\n".join(texts))
    assert len(named) >= 6
    assert {extra for names in named for extra in names.split(",")} <= set(EXTRAS)


def test_the_dev_container_calls_a_target_that_exists():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    program, target = container["postCreateCommand"].split()
    assert program == "make"
    assert f"\n{target}:" in (ROOT / "Makefile").read_text()


def test_an_image_holds_no_class():
    """What instructors keep beside the course is not copied into an image."""
    kept_out = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"submitted", "autograded", "feedback", "gradebook.db", ".dlcourse"} <= set(kept_out)
