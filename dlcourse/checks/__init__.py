"""What runs in a student's notebook: `check("name")`, `check.hint("name")`, `check.progress()`."""

from dlcourse.checks.session import Check

__all__ = ["Check", "check"]

check = Check()
