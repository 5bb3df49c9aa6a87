"""A fixture for the tests of figures: import it, and it acts on every test of the file."""

import warnings
from collections.abc import Iterator

import pytest
from matplotlib import pyplot as plt


@pytest.fixture(autouse=True)
def rendered() -> Iterator[None]:
    """Every figure that a test leaves open renders without a warning, and is then closed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=UserWarning)
        warnings.filterwarnings("error", category=RuntimeWarning)
        try:
            yield
            for number in plt.get_fignums():
                plt.figure(number).draw_without_rendering()
        finally:
            plt.close("all")
