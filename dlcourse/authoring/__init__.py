"""For authors: write an exercise once, with its cases, misconceptions and hints.

`solutions/<lab>/exercises.py` uses the names below; `dlcourse build` and `dlcourse validate` do
the rest.
"""

from dlcourse.authoring.bank import Bank, driver
from dlcourse.authoring.errors import AuthoringError
from dlcourse.authoring.exercise import Exercise, exercise
from dlcourse.authoring.question import constant, free_text, question

__all__ = [
    "AuthoringError",
    "Bank",
    "Exercise",
    "constant",
    "driver",
    "exercise",
    "free_text",
    "question",
]
