"""Where the CSV files of the course are."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def data_file(name: str) -> Path:
    """Return the path of a CSV file: inside an installed package, or beside it in a checkout."""
    installed = PACKAGE / "data" / name
    return installed if installed.exists() else PACKAGE.parent / "data" / name
