"""Figures F12 and F18 to F21: decision regions and losses."""

import numpy as np
import pytest

from dlcourse import plots
from tests.plots_support import rendered as rendered


@pytest.fixture
def points():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)) * [1.0, 5.0]
    return X, (X[:, 0] > 0.3).astype(int)


# ---- F12: decision regions


def boundary(ax):
    return np.concatenate([path.vertices for path in ax.collections[1].get_paths()])


@pytest.mark.parametrize(
    "model",
    [
        lambda X: (X[:, 0] > 0).astype(int),
        lambda X: 1 / (1 + np.exp(-X[:, 0])),
        lambda X: 1 / (1 + np.exp(-X[:, :1])),
        lambda X: np.column_stack([-X[:, 0], X[:, 0]]),
    ],
    ids=["labels", "probabilities", "column", "one per class"],
)
def test_regions_meet_where_the_model_changes_its_mind(model, points):
    X, y = points
    ax = plots.decision_regions(model, X, y, xlabel="length (cm)")
    assert np.abs(boundary(ax)[:, 0]).max() < 0.02
    assert np.ptp(boundary(ax)[:, 1]) > np.ptp(X[:, 1])
    assert ax.get_xlabel() == "length (cm)"
    right = np.mean((X[:, 0] > 0) == y)
    assert f"{right:.0%} of the points" in plots.alt_text(ax)
    zeros, ones = (c.get_offsets() for c in ax.collections if c.get_label() in "01")
    np.testing.assert_allclose(zeros, X[y == 0])
    np.testing.assert_allclose(ones, X[y == 1])


def test_regions_of_a_keras_model(points):
    import keras

    X, y = points
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.set_weights([np.array([[2.0], [0.0]]), np.array([-1.0])])
    ax = plots.decision_regions(model, X, y)
    assert boundary(ax)[:, 0] == pytest.approx(0.5, abs=0.02)


def test_decision_panels_share_axes_and_wait_for_models(points):
    models = {"one unit": lambda X: X[:, 0] > 0, "two units": lambda X: X[:, 0] * X[:, 1] > 0}
    figure = plots.decision_panels(models, *points, resolution=40)
    assert [ax.get_title() for ax in figure.axes] == ["one unit", "two units"]
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["0", "1"]
    figure = plots.decision_panels({"not built": None}, *points)
    assert "the model is None" in plots.alt_text(figure)
    with pytest.raises(ValueError, match=r"Invalid value for `y`"):
        plots.decision_regions(models["one unit"], points[0], points[1][:-1])


# ---- F18 to F20: losses of one sample


def test_squared_error_draws_the_loss_given():
    ax = plots.squared_error(lambda e: 2 * e**2, np.array([-1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), [2, 0, 8])
    assert [text.get_text() for text in ax.texts] == ["2", "8", "18"]
    np.testing.assert_array_equal(
        plots.squared_error().get_lines()[0].get_xdata()[[0, -1]], [-4, 4]
    )


def test_negative_log_is_the_logarithmic_loss():
    ax = plots.negative_log()
    p, loss = ax.get_lines()[0].get_data()
    assert (p[0], p[-1], len(p)) == (0.01, 1.0, 100)
    np.testing.assert_allclose(np.exp(-loss), p)
    assert "p$ = 0.5: 0.69" in " ".join(text.get_text() for text in ax.texts)


def test_nll_bars_point_at_the_true_class():
    ax = plots.nll_bars([0.7, 0.2, 0.1], 1, ["setosa", "versicolor", "virginica"])
    assert [bar.get_height() for bar in ax.patches] == [0.7, 0.2, 0.1]
    assert [bool(bar.get_hatch()) for bar in ax.patches] == [False, True, False]
    assert f"{-np.log(0.2):.2f}" in ax.texts[0].get_text()
    assert "inf" in plots.nll_bars([1.0, 0.0], 1).texts[0].get_text()
    with pytest.raises(ValueError, match="Received: true_class=3"):
        plots.nll_bars([0.7, 0.2, 0.1], 3)


# ---- F21: slices of losses


def test_the_default_slices_are_convex_and_not():
    figure = plots.loss_slices()
    convex, wavy = (ax.get_lines()[0].get_ydata() for ax in figure.axes)
    assert (np.diff(convex, 2) > 0).all()
    assert (np.diff(wavy, 2) < 0).any()
    assert len(figure.axes[1].get_lines()[1].get_xdata()) == 2
    assert "2 local minima" in plots.alt_text(figure)


def test_loss_slices_marks_the_minima_of_what_is_given():
    slices = {"two": lambda w: (w**2 - 4) ** 2, "none": lambda w: w, "empty": lambda w: None}
    figure = plots.loss_slices({"two": slices["two"], "none": slices["none"]})
    np.testing.assert_allclose(figure.axes[0].get_lines()[1].get_xdata(), [-2, 2], atol=1e-9)
    assert "no minimum inside" in plots.alt_text(figure.axes[1])
    assert "Nothing to draw yet" in plots.alt_text(plots.loss_slices(slices))
