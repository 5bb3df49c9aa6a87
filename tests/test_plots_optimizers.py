"""Figures F25 to F36: paths on contour lines, schedules, training curves, gradients."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from mpl_toolkits.mplot3d.axes3d import Axes3D

from dlcourse import plots
from dlcourse.plots import contours
from dlcourse.plots.landscape import wavy
from dlcourse.plots.sgd import ToyLogistic
from tests.plots_support import rendered as rendered


def path_of(ax, i=0):
    return ax.get_lines()[2 * i].get_xydata()


def central_differences(f, theta, h=1e-6):
    steps = np.eye(2) * h
    return np.array([(f(*(theta + s)) - f(*(theta - s))) / (2 * h) for s in steps])


# ---- functions of two weights, and Keras' paths on them


@pytest.mark.parametrize("name", ["bowl", "saddle", "beale"])
def test_gradients_agree_with_finite_differences(name):
    loss, gradient = getattr(contours, name), getattr(contours, f"{name}_gradient")
    for theta in np.random.default_rng(0).normal(size=(5, 2)):
        expected = central_differences(loss, theta)
        np.testing.assert_allclose(gradient(theta), expected, rtol=1e-5, atol=1e-5)


def test_beale_is_zero_at_its_minimum():
    assert contours.beale(3.0, 0.5) == 0
    np.testing.assert_array_equal(contours.beale_gradient((3.0, 0.5)), [0, 0])


def test_keras_path_of_momentum_and_adam():
    from keras.optimizers import SGD, Adam

    theta = velocity = np.array([4.5, 1.0])
    velocity = 0 * velocity
    path = contours.keras_path(SGD(0.01, momentum=0.8), contours.bowl_gradient, theta, 30)
    assert path.shape == (31, 2)
    for row in path:
        np.testing.assert_allclose(row, theta, atol=1e-5)
        velocity = 0.8 * velocity - 0.01 * theta * [1, 20]
        theta = theta + velocity
    first = contours.keras_path(Adam(0.1), contours.bowl_gradient, (4.5, -1.0), 1)[1]
    np.testing.assert_allclose(first, [4.4, -0.9], atol=1e-5)  # lr * sign of the gradient


def test_a_diverging_path_stops_far_away():
    from keras.optimizers import SGD

    path = contours.keras_path(SGD(1.0), contours.beale_gradient, (2.0, 2.0), 50)
    assert np.isfinite(path).all()
    np.testing.assert_array_equal(path[-1], path[-2])


def test_contour_paths_draws_the_paths_given():
    paths = {"a": [[4, 1], [3, 0]], "b": np.ones((5, 2))}
    ax = plots.contour_paths(paths=paths, title="bowl")
    np.testing.assert_array_equal(path_of(ax, 0), paths["a"])
    np.testing.assert_array_equal(path_of(ax, 1), paths["b"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert "lowest near (0, 0)" in plots.alt_text(ax)
    assert "a goes from (4, 1) in 1 steps to (3, 0), loss 4.5" in plots.alt_text(ax)
    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_paths_wait_for_the_students_functions():
    for figure in (
        plots.contour_paths(paths={"mine": None}),
        plots.contour_panels(paths={"mine": None}),
        plots.sgd_paths({"mine": None}),
        plots.escape({"mine": None}),
        plots.optimizer_panels(grad=lambda theta: None),
    ):
        assert plots.alt_text(figure).startswith("Nothing to draw yet")


def test_gradient_descent_on_the_bowl_contracts_per_direction():
    figure = plots.contour_panels()
    assert [ax.get_title() for ax in figure.axes][::5] == [
        "learning rate 0.005",
        "learning rate 0.102",
    ]
    for ax in figure.axes:
        lr = float(ax.get_title().split()[-1])
        k = np.arange(21)
        expected = np.column_stack([4.5 * (1 - lr) ** k, (1 - 20 * lr) ** k])
        np.testing.assert_allclose(path_of(ax), expected, atol=1e-4)


def test_surface_draws_the_loss_and_the_paths():
    figure = plots.surface(contours.saddle, {"down": [[1, 0], [0, 0]]}, (-1, 1), (-1, 1))
    (ax,) = figure.axes
    assert isinstance(ax, Axes3D)
    x, y, z = ax.get_lines()[0].get_data_3d()
    np.testing.assert_array_equal(z, contours.saddle(np.array(x), np.array(y)))
    assert ax.get_zlabel() == "loss"
    assert "between -0.75 and 1" in plots.alt_text(figure)


# ---- SGD


def test_toy_logistic_is_what_its_docstring_says():
    toy = ToyLogistic()
    theta = np.array([0.7, -2.0])
    margins = toy.y * (toy.X @ theta)
    expected = np.mean(np.log(1 + np.exp(-margins))) + 0.1 * (theta**2).sum()
    assert toy.loss(*theta) == pytest.approx(expected)
    assert toy.loss(np.zeros((3, 4)), np.zeros((3, 4))).shape == (3, 4)
    np.testing.assert_allclose(toy.gradient(theta), central_differences(toy.loss, theta), atol=1e-7)
    halves = [toy.gradient(theta, slice(10)), toy.gradient(theta, slice(10, 20))]
    np.testing.assert_allclose(np.mean(halves, axis=0), toy.gradient(theta))


def test_sgd_takes_more_and_noisier_steps_than_gradient_descent():
    descent, sgd = (path_of(ax) for ax in plots.sgd_paths().axes)
    assert (len(descent), len(sgd)) == (11, 51)
    toy, theta = ToyLogistic(), np.array([1.0, -3.0])
    for row in descent:
        np.testing.assert_allclose(row, theta, atol=1e-5)
        theta = theta - 0.2 * central_differences(toy.loss, theta)
    turns = [
        np.abs(np.diff(np.arctan2(*np.diff(path, axis=0).T))).mean() for path in (descent, sgd)
    ]
    assert turns[1] > 3 * turns[0]
    assert toy.loss(*sgd[-1]) < toy.loss(*descent[-1])


def test_some_runs_of_sgd_escape_and_gradient_descent_does_not():
    ax = plots.escape()
    paths = [
        line.get_ydata()
        for line in ax.get_lines()
        if line.get_linestyle() and len(line.get_ydata()) > 2
    ]
    descent, *runs = paths
    low, high = sorted(w.real for w in np.roots([4, 0, -16, 3]) if abs(w) > 1)
    assert descent[-1] == pytest.approx(high, abs=1e-3)
    assert wavy(low) < wavy(high)
    assert sorted(path[-1] > 0 for path in runs) == [False, False, True]
    assert "on the side of the global minimum" in plots.alt_text(ax)


# ---- optimizers


def test_more_momentum_comes_further_along_the_valley():
    figure = plots.momentum_panels()
    ends = [abs(path_of(ax)[-1, 0]) for ax in figure.axes]
    assert ends == sorted(ends, reverse=True)
    assert [ax.get_title() for ax in figure.axes] == [
        f"momentum {b}" for b in ("0", "0.6", "0.8", "0.9")
    ]


def test_optimizer_panels_default_to_gradient_descent_and_adam():
    descent, adam = (path_of(ax) for ax in plots.optimizer_panels(n_steps=10).axes)
    np.testing.assert_allclose(descent[:, 0], 4.5 * 0.95 ** np.arange(11), atol=1e-4)
    np.testing.assert_allclose(adam[1], [4.4, 0.9], atol=1e-4)


def test_nesterov_looks_ahead():
    theta, velocity, lr, beta = np.array([-3.0, 1.0]), np.array([1.0, -1.0]), 0.1, 0.8
    ax = plots.nesterov_lookahead(theta, velocity, lr, beta)
    ahead = theta + beta * velocity
    curvatures = np.array([1.0, 4.0])
    ends = {
        line.get_marker(): line.get_xydata()[0] for line in ax.get_lines() if len(line.get_xydata())
    }
    np.testing.assert_allclose(ends["s"], ahead - lr * curvatures * theta)
    np.testing.assert_allclose(ends["D"], ahead - lr * curvatures * ahead)
    assert len(ax.get_legend().get_texts()) == 3


@pytest.mark.parametrize("terrain", ["beale", "saddle"])
def test_race_starts_everyone_at_one_place(terrain):
    ax = plots.optimizer_race(terrain, n_steps=20)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    paths = [path_of(ax, i) for i in range(len(names))]
    assert len(names) == 4
    assert len({tuple(path[0]) for path in paths}) == 1
    assert len({tuple(path[-1]) for path in paths}) == 4
    loss = getattr(contours, terrain)
    assert all(loss(*path[-1]) < loss(*path[0]) for path in paths)


def test_race_refuses_an_unknown_terrain():
    with pytest.raises(ValueError, match="Received: terrain='alps'"):
        plots.optimizer_race("alps")


# ---- schedules, training curves, gradients


def test_default_schedules_follow_their_formulas():
    t = np.arange(1000)
    figure = plots.schedules()
    power, exponential, performance, cycle = (ax.get_lines()[0].get_ydata() for ax in figure.axes)
    np.testing.assert_allclose(power, 0.01 / (1 + t / 200), rtol=1e-5)
    np.testing.assert_allclose(exponential, 0.01 * 10 ** (-t / 500), rtol=1e-5)
    assert sorted(set(performance), reverse=True) == [0.01, 0.005, 0.0025, 0.00125]
    assert (cycle[0], cycle.max(), cycle[-1], cycle.argmax()) == (0.001, 0.01, 0.00001, 500)


def test_schedules_draw_functions_and_lists():
    figure = plots.schedules({"f": lambda step: 0.1 / (1 + step), "list": [3.0, 2.0]}, 2, log=True)
    np.testing.assert_allclose(figure.axes[0].get_lines()[0].get_ydata(), [0.1, 0.05])
    np.testing.assert_allclose(figure.axes[1].get_lines()[0].get_ydata(), [3, 2])
    assert figure.axes[0].get_yscale() == "log"
    assert "Nothing to draw yet" in plots.alt_text(plots.schedules({"mine": lambda step: None}))


def test_training_curves_count_epochs_from_one():
    curves = {8: [1.0, 0.5, 0.2], 128: [2.0, 1.9]}
    ax = plots.training_curves(curves, ylabel="cross-entropy (nats)")
    for line, values in zip(ax.get_lines(), curves.values(), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, len(values) + 1))
        np.testing.assert_array_equal(line.get_ydata(), values)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "cross-entropy (nats)")
    assert "8 from 1 to 0.2; 128 from 2 to 1.9" in plots.alt_text(ax)


def test_training_panels_have_one_legend_for_the_same_names():
    curves = {0.1: [2.0, 1.0], 0.01: [2.0, 1.8]}
    figure = plots.training_panels({"SGD": curves, "Adam": curves})
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["0.1", "0.01"]
    assert all(ax.get_legend() is None for ax in figure.axes)
    figure = plots.training_panels({"SGD": curves, "Adam": {0.1: [1.0]}})
    assert not figure.legends
    assert all(ax.get_legend() for ax in figure.axes)


def test_gradient_norms_are_drawn_on_a_logarithmic_axis():
    ax = plots.gradient_norms({"sigmoid": [6e-7, 1e-3, 1.2], "ReLU": [0.56, 0.6, 0.66]})
    np.testing.assert_array_equal(ax.get_lines()[0].get_xydata(), [[1, 6e-7], [2, 1e-3], [3, 1.2]])
    assert ax.get_yscale() == "log"
    assert "sigmoid 6e-07 in the first, 1.2 in the last layer" in plots.alt_text(ax)


def test_gradient_histograms_are_densities():
    rng = np.random.default_rng(0)
    layers = {"layer 1": rng.normal(size=(50, 40)), "layer 2": rng.uniform(size=500)}
    ax = plots.gradient_histograms(layers, n_bins=20)
    for line, values in zip(ax.get_lines(), layers.values(), strict=True):
        x, density = line.get_data()
        width = x[1] - x[0]
        is_shown = (values >= x[0] - width / 2) & (values <= x[-1] + width / 2)
        assert density.sum() * width == pytest.approx(is_shown.mean(), abs=0.002)
        middle = np.abs(values - x[10]) < width / 2
        assert density[10] * width == pytest.approx(middle.mean(), abs=0.002)
    assert len(x) == 20


SINGLE = {
    "contour_paths": lambda ax: plots.contour_paths(ax=ax),
    "escape": lambda ax: plots.escape({"a": [1.0, 2.0]}, ax=ax),
    "momentum_path": lambda ax: plots.momentum_path(n_steps=2, ax=ax),
    "nesterov_lookahead": lambda ax: plots.nesterov_lookahead(ax=ax),
    "optimizer_race": lambda ax: plots.optimizer_race(n_steps=2, ax=ax),
    "training_curves": lambda ax: plots.training_curves({"a": [1.0, 2.0]}, ax=ax),
    "gradient_norms": lambda ax: plots.gradient_norms({"a": [1.0, 2.0]}, ax=ax),
    "gradient_histograms": lambda ax: plots.gradient_histograms({"a": [1.0, 2.0]}, ax=ax),
}


@pytest.mark.parametrize("draw", SINGLE.values(), ids=SINGLE)
def test_draws_on_the_given_axes_or_on_one_new_figure(draw):
    _, mine = plt.subplots()
    assert draw(mine) is mine
    assert plots.alt_text(mine)
    assert plt.get_fignums() == [1]
    assert draw(None).figure.number == 2
