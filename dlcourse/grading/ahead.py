"""Zygotes that start before they are needed: what they import takes longest of all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress

from dlcourse.authoring.course import BANK_FILE, Course
from dlcourse.checks.source import imported_in_cells
from dlcourse.grading.forks import Zygote

_ahead: dict[tuple[bool, tuple[str, ...]], Zygote] = {}


def imports_of(notebooks: Iterable[str], bank: str) -> list[str]:
    """Return what a lab's notebooks, and answers right and wrong, import, such as "keras.layers".

    Args:
        notebooks: as JSON.
        bank: source of the exercises.
    """
    cells = [cell for notebook in notebooks for cell in json.loads(notebook)["cells"]]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    paths = imported_in_cells([*sources, bank])
    return [path for path in paths if not path.startswith("dlcourse.authoring")]


def start_early(course: Course, lab: str, jail: bool) -> None:
    """Start the zygote of a lab that has the usual place, before anything heavy is loaded."""
    names = [name for name in course.lab_names if name.startswith(lab.rstrip("/"))]
    with suppress(OSError, ValueError, KeyError, TypeError):  # whoever needs the files will say so
        (name,) = [lab] if lab in names else names
        notebooks = sorted((course.labs / name).glob("*.ipynb"))
        bank = (course.solutions / name / BANK_FILE).read_text(encoding="utf-8")
        start_ahead(jail, imports_of([p.read_text(encoding="utf-8") for p in notebooks], bank))


def start_ahead(jail: bool, imports: Iterable[str]) -> None:
    """Start a zygote for `get_zygote`, unless there is one."""
    if (jail, tuple(imports)) not in _ahead:
        _ahead[jail, tuple(imports)] = Zygote(jail, imports)


def get_zygote(jail: bool, imports: Iterable[str]) -> Zygote:
    """Return the zygote that was started ahead, or else a new one."""
    return _ahead.pop((jail, tuple(imports)), None) or Zygote(jail, imports)
