"""Figures F1 to F10: the data that they draw, their labels and texts."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from dlcourse import plots
from dlcourse.plots import landscape
from tests.plots_support import rendered as rendered


def quadratic(w):
    return 3.0 * (np.asarray(w) - 4.0) ** 2


def texts(ax):
    return [text.get_text() for text in ax.texts]


SINGLE = {
    "neuron": lambda ax: plots.neuron(ax=ax),
    "step_functions": lambda ax: plots.step_functions(ax=ax),
    "scatter": lambda ax: plots.scatter([1, 2], [3, 4], ax=ax),
    "loss_curve": lambda ax: plots.loss_curve(quadratic, ax=ax),
    "descent": lambda ax: plots.descent(quadratic, [0.0, 2.0], ax=ax),
    "descent_1d": lambda ax: plots.descent_1d(ax=ax),
    "quadratic_model": lambda ax: plots.quadratic_model(ax=ax),
}


@pytest.mark.parametrize("draw", SINGLE.values(), ids=SINGLE)
def test_draws_on_the_given_axes_or_on_one_new_figure(draw):
    _, mine = plt.subplots()
    assert draw(mine) is mine
    assert plt.get_fignums() == [1]
    assert draw(None).figure.number == 2
    assert plots.alt_text(mine)


@pytest.mark.parametrize("draw", list(SINGLE.values())[1:], ids=list(SINGLE)[1:])
def test_axes_are_labeled(draw):
    ax = draw(None)
    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_neuron_names_every_part():
    ax = plots.neuron(4)
    drawn = " ".join(texts(ax))
    for i in range(1, 5):
        assert f"$x_{i}$" in drawn
        assert f"$w_{i}$" in drawn
    assert r"\Sigma" in drawn
    assert r"\varphi" in drawn
    with pytest.raises(ValueError, match="Received: n_inputs=0"):
        plots.neuron(0)


def test_step_functions_jump_where_they_should():
    ax = plots.step_functions()
    z = np.linspace(-6, 6, 601)
    drawn: dict[str, list] = {}
    for line in ax.get_lines():
        if line.get_linestyle() != "None":
            drawn.setdefault(line.get_color(), []).append(line)
    step, sign, sigmoid = drawn.values()
    np.testing.assert_allclose(
        np.concatenate([line.get_ydata() for line in step]), np.heaviside(z, 1.0)
    )
    np.testing.assert_allclose(
        np.concatenate([line.get_ydata() for line in sign]), 2 * np.heaviside(z, 1.0) - 1
    )
    np.testing.assert_allclose(sigmoid[0].get_ydata(), 1 / (1 + np.exp(-z)))
    assert len(step) == len(sign) == 2
    assert len(sigmoid) == 1
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["step", "sign", "sigmoid"]


@pytest.mark.parametrize("bias", [float, lambda b: np.array([b])])
def test_gates_shade_where_the_unit_fires(bias):
    def gate(name):
        return np.array([2.0, 2.0]), bias(-3.0 if name == "and" else -1.0)

    figure = plots.gates(gate)
    assert [ax.get_title() for ax in figure.axes] == ["AND", "OR", "XOR"]
    for ax, ones in zip(figure.axes, (1, 3, 2), strict=True):
        zeros, fires = (c.get_offsets() for c in ax.collections if c.get_label() in ("0", "1"))
        assert (len(zeros), len(fires)) == (4 - ones, ones)
    shading, line = figure.axes[0].collections[:2]
    assert shading.get_paths()[0].contains_point((1.0, 1.0))
    assert not shading.get_paths()[0].contains_point((1.0, 0.0))
    edge = line.get_paths()[0].vertices
    assert len(edge) > 10
    np.testing.assert_allclose(edge.sum(axis=1), 1.5)  # 2 a + 2 b - 3 = 0
    assert "no line separates" in plots.alt_text(figure)


def test_gates_without_an_answer():
    assert not list(plots.gates().axes[0].get_lines())
    assert "gate('and') is None" in plots.alt_text(plots.gates(lambda name: None))


def test_scatter_draws_points_and_the_model():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(4, 8, 30), rng.normal(20, 5, 30)
    ax = plots.scatter(x, y, lambda x: 3.5 * x, xlabel="rooms", ylabel="price ($1000)")
    np.testing.assert_allclose(ax.collections[0].get_offsets(), np.column_stack([x, y]))
    line = ax.get_lines()[0]
    np.testing.assert_allclose(line.get_ydata(), 3.5 * line.get_xdata())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("rooms", "price ($1000)")
    assert "30 samples" in plots.alt_text(ax)
    with pytest.raises(ValueError, match="Invalid value for `y`"):
        plots.scatter(x, y[:-1])


def test_loss_curve_marks_the_lowest_value():
    ax = plots.loss_curve(quadratic)
    curve, mark = ax.get_lines()
    w = np.linspace(-2, 10, 100)
    np.testing.assert_allclose(curve.get_xdata(), w)
    np.testing.assert_allclose(curve.get_ydata(), 3 * (w - 4) ** 2)
    assert mark.get_xdata()[0] == min(w, key=lambda v: abs(v - 4))
    with pytest.raises(ValueError, match=r"Invalid value for `loss\(w\)`"):
        plots.loss_curve(lambda w: quadratic(w).sum())


def test_descent_labels_both_ends():
    path = [0.0, 2.0, 3.0]
    ax = plots.descent(quadratic, path, title="$\\rho = 10^{-5}$")
    np.testing.assert_allclose(ax.get_lines()[1].get_xdata(), path)
    np.testing.assert_allclose(ax.get_lines()[1].get_ydata(), [48, 12, 3])
    assert texts(ax) == ["$w_{0}$", "$w_{2}$"]
    assert ax.get_title() == "$\\rho = 10^{-5}$"
    assert "step 2 is at w = 3 with loss 3" in plots.alt_text(ax)


def test_descent_keeps_the_curve_in_view_when_the_path_leaves():
    ax = plots.descent(quadratic, [0.0, 9.0, -5.0, 1e6])
    assert ax.get_xlim()[1] < 11
    assert ax.get_ylim()[1] < 130
    assert "step 2 leaves the picture" in texts(ax)
    assert "Step 2 leaves" in plots.alt_text(ax)


@pytest.mark.parametrize("path", [[-9.0, 1.0], [np.nan], [np.inf, 2.0]])
def test_descent_says_when_even_the_start_is_elsewhere(path):
    ax = plots.descent(quadratic, path)
    assert texts(ax) == ["the start is not in the picture"]


def test_descent_waits_for_the_students_functions():
    for ax in (plots.descent(lambda w: None, [0.0]), plots.descent(quadratic, None)):
        assert plots.alt_text(ax).startswith("Nothing to draw yet")
    assert "grad(w) is None" in plots.alt_text(plots.descent_1d(grad=lambda w: None))


def test_descent_panels_share_their_axes():
    figure = plots.descent_panels(
        quadratic, {"a": [0.0, 1.0], "b": [0.0, 8.0], "c": [1.0, 2.0], "d": [5.0]}
    )
    assert [ax.get_title() for ax in figure.axes] == ["a", "b", "c", "d"]
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    np.testing.assert_allclose(figure.axes[1].get_lines()[1].get_xdata(), [0, 8])


def test_wavy_slope_is_the_derivative_of_wavy():
    w, h = np.linspace(-3.5, 3.5, 29), 1e-6
    slope = (landscape.wavy(w + h) - landscape.wavy(w - h)) / (2 * h)
    np.testing.assert_allclose(landscape.wavy_slope(w), slope, atol=1e-7)


def test_descent_1d_runs_gradient_descent():
    ax = plots.descent_1d(
        quadratic, lambda w: 6 * (w - 4), w0=1.0, lr=0.1, n_steps=8, w_values=np.linspace(0, 8, 9)
    )
    np.testing.assert_allclose(ax.get_lines()[1].get_xdata(), 4 - 3 * 0.4 ** np.arange(9))


def test_the_examples_end_in_two_different_minima_and_nowhere():
    figure = plots.descent_examples()
    left, right, away = (ax.get_lines()[1].get_xdata()[-1] for ax in figure.axes)
    roots = np.sort(np.roots([4, 0, -16, 3]).real)
    assert left == pytest.approx(roots[0], abs=0.05)
    assert right == pytest.approx(roots[2], abs=0.1)
    assert landscape.wavy(roots[0]) < landscape.wavy(roots[2])
    assert abs(away) > 100


def test_frames_show_the_path_as_it_grows():
    figure = plots.descent_frames(frames=(0, 1, 3))
    paths = [ax.get_lines()[1].get_xdata() for ax in figure.axes]
    assert [path.size for path in paths] == [1, 2, 4]
    np.testing.assert_array_equal(paths[2][:2], paths[1])
    assert [ax.get_title() for ax in figure.axes] == ["start", "after 1 step", "after 3 steps"]


def test_quadratic_model_touches_the_loss_and_is_lowest_at_the_next_iterate():
    w, lr = 3.0, 0.07
    ax = plots.quadratic_model(w=w, lr=lr)
    _, parabola, start, lowest = ax.get_lines()
    x, y = parabola.get_data()
    slope = (4 * w**3 - 16 * w + 3) / 8
    fit = np.polynomial.Polynomial.fit(x, y, 2).convert()
    assert fit(w) == pytest.approx((w**4 - 8 * w**2 + 3 * w) / 8)
    assert fit.deriv()(w) == pytest.approx(slope)
    assert fit.deriv(2)(w) == pytest.approx(1 / lr)
    assert lowest.get_xdata()[0] == pytest.approx(w - lr * slope)
    assert lowest.get_ydata()[0] == pytest.approx(fit(w - lr * slope))
    assert start.get_xdata()[0] == w
