"""Figures F37 to F52: training curves with marks, penalties, dropout, uncertainty."""

import numpy as np
import pytest
from matplotlib.patches import Circle

from dlcourse import plots
from tests.plots_support import rendered as rendered


def texts(ax):
    return [text.get_text() for text in ax.texts]


# ---- F38, F41, F42


def test_marks_stand_at_their_epochs():
    ax = plots.training_curves({"validation": [3, 1, 2]}, marks={"best": 2, "stopped": 3})
    lines = [line.get_xdata()[0] for line in ax.get_lines()[1:]]
    assert lines == [2, 3]
    assert [t.strip() for t in texts(ax)] == ["best: 2", "stopped: 3"]
    assert "best at epoch 2" in plots.alt_text(ax)


@pytest.mark.parametrize(("n_layers", "layer", "factors"), [(4, 1, 5), (3, 2, 3), (2, 2, 2)])
def test_chain_rule_has_a_factor_per_layer_behind(n_layers, layer, factors):
    ax = plots.chain_rule(n_layers, layer)
    fractions = [t for t in texts(ax) if t.startswith(r"$\frac") and "=" not in t]
    assert len(fractions) == factors
    assert fractions[0] == rf"$\frac{{\partial a_{layer}}}{{\partial W_{layer}}}$"
    assert fractions[-1] == rf"$\frac{{\partial L}}{{\partial a_{n_layers}}}$"
    assert f"a product of {factors} factors" in plots.alt_text(ax)


@pytest.mark.parametrize(("n_layers", "layer"), [(3, 0), (3, 4), (1, 1)])
def test_chain_rule_needs_a_layer_that_exists(n_layers, layer):
    with pytest.raises(ValueError, match="Invalid value for `layer`"):
        plots.chain_rule(n_layers, layer)


# ---- F44


def test_weight_histogram_counts_every_weight_and_tells_the_zeros():
    rng = np.random.default_rng(0)
    weights = {"none": rng.normal(size=(20, 30)), "L1": np.r_[np.zeros(90), 1.0 + np.arange(10)]}
    ax = plots.weight_histogram(weights)
    counts = [int(patch.get_data().values.sum()) for patch in ax.patches]
    assert counts == [600, 100]
    assert "L1 90%" in plots.alt_text(ax)


# ---- F45


def test_dropped_units_are_gray_and_unlinked():
    sizes = (4, 5, 2)
    ax = plots.dropout_network(sizes, rate=0.5, seed=3)
    rng = np.random.default_rng(3)
    kept = [int((rng.random(size) >= 0.5).sum()) for size in sizes[:-1]] + [2]
    dashed = [p for p in ax.patches if isinstance(p, Circle) and p.get_linestyle() == "--"]
    assert len(dashed) == sum(sizes) - sum(kept)
    crosses = 2 * len(dashed)
    assert len(ax.get_lines()) == kept[0] * kept[1] + kept[1] * kept[2] + crosses
    assert f"{kept[0]} of 4, {kept[1]} of 5 units and all outputs" in plots.alt_text(ax)


def test_dropout_network_without_dropout_is_whole():
    ax = plots.dropout_network((3, 4, 2), rate=0.0)
    assert len(ax.get_lines()) == 3 * 4 + 4 * 2


@pytest.mark.parametrize("arguments", [{"rate": 1.0}, {"rate": -0.1}, {"sizes": (3,)}])
def test_dropout_network_refuses_what_is_none(arguments):
    with pytest.raises(ValueError, match="Invalid value for"):
        plots.dropout_network(**arguments)


def test_dropout_frames_draw_another_mask_each():
    figure = plots.dropout_frames(seeds=[0, 1])
    kept = [plots.alt_text(ax) for ax in figure.axes]
    assert [ax.get_title() for ax in figure.axes] == ["step 1", "step 2"]
    assert kept[0] != kept[1]


# ---- F49


def test_entropy_histogram_shows_shares_and_means():
    ax = plots.entropy_histogram({"right": [0.1, 0.2, 0.3], "wrong": [1.0, 2.0]})
    assert [round(float(p.get_data().values.sum()), 9) for p in ax.patches] == [1, 1]
    assert [line.get_xdata()[0] for line in ax.get_lines()] == [pytest.approx(0.2), 1.5]
    assert "right 0.20, wrong 1.50" in plots.alt_text(ax)


def test_predictive_distribution_draws_means_and_spreads():
    figure = plots.predictive_distribution([[0.7, 0.3], [0.2, 0.8]], [[0.1, 0.1], [0.0, 0.0]], "ab")
    assert [bar.get_height() for bar in figure.axes[0].patches] == [0.7, 0.3]
    assert "a: class 0 with 0.70 +- 0.10. b: class 1 with 0.80" in plots.alt_text(figure)
    with pytest.raises(ValueError, match="Invalid value for `std`"):
        plots.predictive_distribution([[0.7, 0.3]], [[0.1]])


# ---- F51


def test_polynomial_fits_tell_the_errors_that_numpy_gets():
    rng = np.random.default_rng(1)
    x = np.linspace(-1, 1, 12)
    y, y_new = np.sin(3 * x) + rng.normal(0, 0.2, (2, 12))
    figure = plots.polynomial_fits(x, y, (1, 9), x + 0.03, y_new)
    for ax, degree in zip(figure.axes, (1, 9), strict=True):
        coefficients = np.polyfit(x, y, degree)
        train = np.mean((np.polyval(coefficients, x) - y) ** 2)
        new = np.mean((np.polyval(coefficients, x + 0.03) - y_new) ** 2)
        expected = f"degree {degree}\ntrain MSE {train:.3f}\nnew MSE {new:.3f}"
        assert ax.get_title() == expected
