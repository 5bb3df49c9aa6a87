"""Networks, activations, graphs: figures F11 to F24 but for data, by what they draw."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from dlcourse import plots
from dlcourse.plots import backward, graphs
from dlcourse.plots.layout import layout
from tests.plots_support import rendered as rendered


def texts(ax):
    return [text.get_text() for text in ax.texts]


def circles(ax):
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# ---- F11, F22: networks


def test_mlp_draws_every_unit_and_every_link():
    ax = plots.mlp([4, 7, 5, 1])
    assert len({circle.center for circle in circles(ax)}) == 4 + 7 + 5 + 1
    assert len(ax.get_lines()) == 4 * 7 + 7 * 5 + 5 * 1
    assert texts(ax)[-1] == "output\n1 unit"
    assert "hidden 1: 7," in plots.alt_text(ax)
    assert "depth, without the input layer, is 3" in plots.alt_text(ax)


def test_mlp_shortens_wide_layers_and_says_how_many_units_there_are():
    ax = plots.mlp([784, 300, 10], max_drawn=6)
    assert len({circle.center for circle in circles(ax)}) == 3 * 6
    assert "input\n784 units" in texts(ax)
    assert texts(ax).count(r"$\vdots$") == 3


@pytest.mark.parametrize("sizes", [[3], [], [3, 0, 1]])
def test_mlp_needs_two_layers_with_units(sizes):
    with pytest.raises(ValueError, match="Invalid value for `sizes`"):
        plots.mlp(sizes)


def test_network_221_names_nine_parameters():
    drawn = " ".join(texts(plots.network_221()))
    for name in ("w_{11}", "w_{12}", "w_{21}", "w_{22}", "b_1", "b_2", "b_3", "$w_1$", "$w_2$"):
        assert name in drawn


# ---- F13 to F16: activations


def test_activations_draws_the_functions_given():
    z = np.linspace(-4, 4, 50)
    figure = plots.activations()
    for ax, values in zip(figure.axes, (np.tanh(z), sigmoid(z), z * (z > 0)), strict=True):
        np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), values, atol=1e-12)
        assert ax.get_xlabel()
    (ax,) = plots.activations({"cube": lambda z: z**3}, [-1, 0, 2]).axes
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), [-1, 0, 8])
    assert ax.get_title() == "cube"


def test_relu_variants_equal_their_formulas():
    ax = plots.relu_variants()
    z, _ = ax.get_lines()[0].get_data()
    scale, alpha = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017
    below = [0 * z, 0.1 * z, np.expm1(z), scale * alpha * np.expm1(z)]
    above = [z, z, z, scale * z]
    for line, low, high in zip(ax.get_lines(), below, above, strict=True):
        np.testing.assert_allclose(line.get_ydata(), np.where(z < 0, low, high), atol=1e-6)
    looks = [(line.get_linestyle(), line.get_marker(), line.get_color()) for line in ax.get_lines()]
    for values in zip(*looks, strict=True):
        assert len(set(values)) == 4


def test_derivatives_by_default_and_given():
    z = np.linspace(-4, 4, 100)
    figure = plots.activation_derivatives()
    expected = (1 / np.cosh(z) ** 2, sigmoid(z) * sigmoid(-z), (z > 0).astype(float))
    for ax, slopes in zip(figure.axes, expected, strict=True):
        drawn = np.concatenate([line.get_ydata() for line in ax.get_lines()[1:]])
        np.testing.assert_allclose(drawn, slopes, atol=1e-6)
    assert len(figure.axes[2].get_lines()) == 3  # ReLU's derivative has a gap
    figure = plots.activation_derivatives({"square": np.square}, {"square": lambda z: 0 * z - 7})
    assert set(figure.axes[0].get_lines()[1].get_ydata()) == {-7}


def test_activations_wait_for_the_students_functions():
    for figure in (
        plots.activations({"sigmoid": lambda z: None}),
        plots.activation_derivatives({"tanh": np.tanh}, {"tanh": lambda z: None}),
    ):
        assert plots.alt_text(figure).startswith("Nothing to draw yet")


def test_sigmoid_saturation_shades_where_the_slope_is_small():
    ax = plots.sigmoid_saturation()
    left, right = (patch.get_extents().transformed(ax.transData.inverted()) for patch in ax.patches)
    for edge in (left.x1, right.x0):
        assert sigmoid(edge) * sigmoid(-edge) == pytest.approx(0.025, abs=0.002)
    assert "maximum 0.25" in [text.get_text() for text in ax.get_legend().get_texts()]


# ---- F17: sums of ReLUs


@pytest.mark.parametrize("c", [0.5, np.array([0.5])])
def test_relu_sum_adds_its_terms(c):
    x = np.linspace(-1, 3, 50)
    ax = plots.relu_sum([2.0, -3.0], [0.0, -1.0], c, np.cos, x)
    first, second, curve, total, knots = ax.get_lines()
    np.testing.assert_allclose(first.get_ydata(), [max(2 * v, 0) for v in x])
    np.testing.assert_allclose(second.get_ydata(), [-3 * max(v - 1, 0) for v in x])
    np.testing.assert_allclose(total.get_ydata(), first.get_ydata() + second.get_ydata() + 0.5)
    np.testing.assert_allclose(curve.get_ydata(), np.cos(x))
    np.testing.assert_allclose(knots.get_xdata(), [0, 1])
    assert "Nothing to draw yet" in plots.alt_text(plots.relu_sum(None, None, 0.0))


def test_relu_frames_come_closer_with_more_knots():
    figure = plots.relu_frames(n_knots=(4, 8, 16))
    gaps = []
    for ax in figure.axes:
        curve, total = ax.get_lines()[-3:-1]
        gaps.append(np.abs(curve.get_ydata() - total.get_ydata()).max())
    assert gaps[0] > 2 * gaps[1] > 4 * gaps[2]
    assert [ax.get_title() for ax in figure.axes] == ["4 knots", "8 knots", "16 knots"]


def test_relu_frames_use_the_students_function():
    seen = []

    def fit(f, knots):
        seen.append(knots)
        return np.ones(1), -knots[:1], 0.0

    plots.relu_frames(fit, np.square, (2, 3), (0.0, 4.0))
    np.testing.assert_allclose(seen[0], [0, 4])
    np.testing.assert_allclose(seen[1], [0, 2, 4])
    assert "Nothing to draw yet" in plots.alt_text(plots.relu_frames(lambda f, knots: None))


# ---- F23, F24: graphs


def test_layout_puts_nodes_right_of_their_inputs_and_apart():
    for graph in (graphs.NEURON, graphs.TWO_LAYERS):
        inputs = {name: node.inputs for name, node in graph.items()}
        places, routes = layout(inputs)
        for name, sources in inputs.items():
            for source in sources:
                assert places[source][0] < places[name][0]
                assert routes[source, name][0] == places[source]
                assert routes[source, name][-1] == places[name]
        for (x1, y1), (x2, y2) in itertools.combinations(places.values(), 2):
            assert abs(x1 - x2) > 1 or abs(y1 - y2) > 0.9


def test_a_long_edge_passes_between_the_nodes_of_the_columns_in_between():
    places, routes = layout({"a": [], "b": ["a"], "c": ["b"], "d": ["c", "a"]})
    assert len(routes["a", "d"]) == 4
    for (_, y), name in zip(routes["a", "d"][1:3], "bc", strict=True):
        assert abs(y - places[name][1]) > 0.5


def test_kinds_of_nodes_differ_by_shape():
    ax = plots.computational_graph()
    kinds = [type(patch) for patch in ax.patches]
    assert [kinds.count(kind) for kind in (Circle, Rectangle, FancyBboxPatch)] == [1, 2, 3]


def test_backward_marks_the_paths_of_the_total_derivative():
    # d loss / d W1 goes through the cross-entropy u8 and through the penalty u4.
    edges = graphs.edges_to(graphs.TWO_LAYERS, "W1")
    assert edges == {
        ("W1", "u1"), ("u1", "u2"), ("u2", "u3"), ("u3", "u7"), ("u7", "u8"), ("u8", "loss"),
        ("W1", "u5"), ("u5", "u4"), ("u4", "loss"),
    }  # fmt: skip
    ax = plots.computational_graph(graphs.TWO_LAYERS, "W1")
    assert "flows back from loss to u4" in plots.alt_text(ax)
    with pytest.raises(ValueError, match="Received: backward_to='W9'"):
        plots.computational_graph(graphs.TWO_LAYERS, "W9")


def test_value_graph_shows_data_and_gradients_of_shared_nodes_once():
    a = SimpleNamespace(data=2.0, grad=9.0, _prev=(), _op="", label="a")
    double = SimpleNamespace(data=4.0, grad=5.0, _prev=(a, a), _op="+")
    ax = plots.value_graph(SimpleNamespace(data=8.0, grad=1.0, _prev=(double, a), _op="*"))
    assert sorted(filter(None, texts(ax))) == ["*\n8\ngrad 1", "+\n4\ngrad 5", "a\n2\ngrad 9"]
    assert plots.alt_text(plots.value_graph(None)) == "Nothing to draw yet: the value is None."


def test_unit_gradient_tells_its_story_stage_by_stage():
    n_texts = [len(plots.unit_gradient(stage).texts) for stage in range(1, 7)]
    assert n_texts == sorted(set(n_texts))
    drawn = " ".join(texts(plots.unit_gradient()))
    assert r"\frac{\partial L}{\partial z}\,\frac{\partial z}{\partial x}" in drawn
    assert r"\frac{\partial L}{\partial z}\,\frac{\partial z}{\partial y}" in drawn
    figure = plots.unit_gradient_panels()
    assert len(figure.axes) == len(backward.STAGES) == 6
    with pytest.raises(ValueError, match="Received: stage=7"):
        plots.unit_gradient(7)


SINGLE = {
    "mlp": lambda ax: plots.mlp(ax=ax),
    "network_221": lambda ax: plots.network_221(ax=ax),
    "relu_variants": lambda ax: plots.relu_variants({"identity": lambda z: z}, ax=ax),
    "sigmoid_saturation": lambda ax: plots.sigmoid_saturation(ax=ax),
    "relu_sum": lambda ax: plots.relu_sum([1.0], [0.0], 0.0, ax=ax),
    "computational_graph": lambda ax: plots.computational_graph(ax=ax),
    "unit_gradient": lambda ax: plots.unit_gradient(ax=ax),
}


@pytest.mark.parametrize("draw", SINGLE.values(), ids=SINGLE)
def test_draws_on_the_given_axes_or_on_one_new_figure(draw):
    _, mine = plt.subplots()
    assert draw(mine) is mine
    assert plots.alt_text(mine)
    assert plt.get_fignums() == [1]
    assert draw(None).figure.number == 2
