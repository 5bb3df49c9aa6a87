"""For all tests, those in docstrings included."""

import gc
import random
import sys

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def numbers_of_its_own():
    """Seed what a test draws, so that it does not depend on the tests that ran before."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def no_figure_of_another_test():
    """Close what the tests before have drawn."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True, scope="module")
def no_garbage_of_another_module():
    """Free what was trained: that takes seconds, which would count as those of a later answer."""
    yield
    gc.collect()


def pytest_collection_finish():
    """Take what the tests import for no garbage: looking through all of it takes half a second."""
    gc.collect()
    gc.freeze()
