"""For all tests, those in docstrings included."""

import sys

import pytest


@pytest.fixture(autouse=True)
def no_figure_of_another_test():
    """Close what the tests before have drawn."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
