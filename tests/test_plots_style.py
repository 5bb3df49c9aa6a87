"""The style module: settings, fresh figures, text alternatives, and empty student functions."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib import pyplot as plt

from dlcourse import plots
from dlcourse.plots import style
from tests.plots_support import rendered as rendered


def test_importing_the_package_does_not_import_matplotlib():
    code = (
        "import sys, dlcourse.plots as p; assert 'matplotlib' not in sys.modules; "
        "p.neuron; assert 'matplotlib' in sys.modules; assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_name_of_the_package_is_a_documented_function_of_its_own():
    assert set(plots.__all__) <= set(dir(plots))
    for name in plots.__all__:
        figure_function = getattr(plots, name)
        assert figure_function.__name__ == name
        assert "Example:" in (figure_function.__doc__ or "")
    assert not set(plots.__all__) & set(plots._MODULES)
    with pytest.raises(AttributeError, match="no_such_figure"):
        plots.no_such_figure  # noqa: B018


def test_settings_of_matplotlib_are_back_afterwards():
    with mpl.rc_context({"axes.spines.top": True, "font.size": 17}):
        before = dict(mpl.rcParams)
        with style.axes(None), style.panels(4):
            assert mpl.rcParams["axes.spines.top"] is False
        assert dict(mpl.rcParams) == before


def test_axes_draws_on_the_given_axes_or_one_new_figure():
    _, mine = plt.subplots()
    with style.axes(mine) as ax:
        assert ax is mine
    assert len(plt.get_fignums()) == 1
    with style.axes(None) as ax:
        assert ax.figure is not mine.figure
    assert len(plt.get_fignums()) == 2


def test_a_failure_leaves_no_new_figure_behind():
    _, mine = plt.subplots()
    for context in (style.axes(None), style.axes(mine), style.panels(2)):
        with pytest.raises(ZeroDivisionError), context:
            1 / 0  # noqa: B018
    assert [plt.figure(n) for n in plt.get_fignums()] == [mine.figure]


def test_what_is_not_there_yet_becomes_a_note():
    with style.axes(None) as ax:
        style.numbers(None, "loss(w)")
    assert style.alt_text(ax) == "Nothing to draw yet: loss(w) is None."
    assert ax.texts[0].get_text() == "Nothing to draw yet:\nloss(w) is None."
    with style.panels(2) as (figure, _):
        style.numbers(None, "gate")
    assert style.alt_text(figure) == "Nothing to draw yet: gate is None."


def test_numbers_reads_lists_and_checks_the_shape():
    np.testing.assert_array_equal(style.numbers([1, 2], "x", (2,)), [1.0, 2.0])
    with pytest.raises(
        ValueError, match=r"Invalid value for `x`: .*\(3,\)\. Received: shape \(2,\)"
    ):
        style.numbers([1, 2], "x", (3,))


def test_series_differ_in_color_line_style_and_marker():
    looks = [style.series(i) for i in range(7)]
    for key in ("color", "linestyle", "marker"):
        assert len({look[key] for look in looks}) == 7
    assert style.series(7) == style.series(0)


def test_the_alt_text_of_a_figure_is_that_of_its_axes_in_order():
    figure, axes = plt.subplots(1, 2)
    axes[0].set_title("left")
    style.describe(axes[0], "A line.")
    style.describe(axes[1], "A circle.")
    assert style.alt_text(figure) == "left: A line. A circle."
    style.describe(figure, "Both.")
    assert style.alt_text(figure) == "Both."
    assert style.alt_text(plt.figure()) == ""


def test_jupyter_gets_the_alt_text_with_the_picture():
    formatter = DisplayFormatter()
    formatter.formatters["image/png"].for_type(mpl.figure.Figure, lambda figure: "pixels")
    ax = plots.neuron()
    data, metadata = formatter.format(ax.figure)
    assert data["image/png"] == "pixels"
    assert data["text/plain"] == style.alt_text(ax)
    assert metadata["image/png"] == {"alt": style.alt_text(ax)}
