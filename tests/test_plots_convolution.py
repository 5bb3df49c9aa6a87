"""Figures F50 and F53 to F63: images, convolutions, recurrence, attention, players."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from dlcourse import datasets, plots
from tests.plots_support import rendered as rendered


def texts(ax):
    return [text.get_text() for text in ax.texts]


def pictures(figure):
    return [ax.get_images()[0].get_array() for ax in figure.axes if ax.get_images()]


# ---- images


def test_images_are_drawn_in_order_with_titles():
    X = np.random.default_rng(0).uniform(size=(5, 4, 6))
    figure = plots.images(X, titles=range(5), n_cols=3)
    for picture, image, ax in zip(pictures(figure), X, figure.axes, strict=True):
        np.testing.assert_array_equal(picture, image)
        assert ax.get_images()[0].get_clim() == (X.min(), X.max())
    assert [ax.get_title() for ax in figure.axes] == list("01234")
    assert "5 images of 4 x 6 pixels, in rows of 3: 0, 1, 2, 3, 4" in plots.alt_text(figure)


def test_images_take_channels():
    gray, colored = np.ones((2, 4, 4, 1)), np.full((1, 4, 4, 3), 255)
    assert pictures(plots.images(gray))[0].shape == (4, 4)
    np.testing.assert_array_equal(pictures(plots.images(colored))[0], np.ones((4, 4, 3)))


@pytest.mark.parametrize("X", [np.ones((4, 4)), np.ones((1, 4, 4, 2)), np.ones((0, 4, 4))])
def test_images_refuse_other_shapes(X):
    with pytest.raises(ValueError, match="Invalid value for `X`"):
        plots.images(X)


def test_images_want_a_title_each():
    with pytest.raises(ValueError, match="Invalid value for `titles`"):
        plots.images(np.ones((2, 4, 4)), titles=["one"])


def test_channels_of_an_image():
    image = datasets.load_sample_image()[::16, ::16]
    drawn = pictures(plots.channels(image))
    for k in range(3):
        np.testing.assert_allclose(drawn[k + 1], image[..., k] / 255)


def test_kernel_tells_its_sum():
    figure = plots.kernel(np.full((3, 3), 1 / 9), np.ones((5, 5)), np.ones((3, 3)))
    assert [ax.get_title() for ax in figure.axes[:3]] == ["filter (3, 3)", "before", "after"]
    assert "sum to 1" in plots.alt_text(figure)


def test_attention_map_writes_its_weights():
    ax = plots.attention_map([[0.9, 0.1], [0.2, 0.8]], ["a", "b"], ["c", "d"])
    assert texts(ax) == ["0.90", "0.10", "0.20", "0.80"]
    assert "a: c; b: d" in plots.alt_text(ax)
    with pytest.raises(ValueError, match="Invalid value for `A`"):
        plots.attention_map([1.0, 2.0])


# ---- F53, F54


def test_filtering_centers_the_result():
    figure = plots.filtering([1, 2, 3, 4, 5], [1, 1, 1], [6, 9, 12])
    signal, result = figure.axes[1].get_lines()[:2]
    np.testing.assert_array_equal(signal.get_ydata(), [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(result.get_xdata(), [1, 2, 3])


def test_the_answer_moves_with_the_bump():
    def peak(position):
        return plots.equivariance(position).get_lines()[2].get_xdata()[0]

    assert {peak(position) - position for position in (0, 13, 40)} == {peak(0)}
    assert len(plots.equivariance_frames([0, 10]).axes) == 2
    with pytest.raises(ValueError, match="Invalid value for `position`"):
        plots.equivariance(41)


# ---- F57 to F59


def test_lenet_shows_the_shapes_that_keras_has():
    from dlcourse import models

    shapes = [layer.output.shape[1:] for layer in models.lenet().layers]
    drawn = " ".join(texts(plots.lenet()))
    for shape in shapes:
        if len(shape) == 3:
            assert r"$\times$".join(map(str, shape)) in drawn
    for units in (120, 84, 10):
        assert str(units) in drawn


def test_padding_tells_the_sizes_of_the_results():
    figure = plots.padding(6, 3)
    assert [ax.get_title().splitlines()[1] for ax in figure.axes] == [
        "6 x 6 gives 4 x 4",
        "6 x 6 gives 6 x 6",
    ]
    with pytest.raises(ValueError, match="Invalid value for `k`"):
        plots.padding(4, 2)


def test_max_pooling_equals_that_of_keras():
    from keras import layers

    x = np.random.default_rng(0).integers(0, 9, (5, 6)).astype(float)
    figure = plots.max_pooling(x)
    keras_result = np.asarray(layers.MaxPooling2D(2)(x[None, ..., None]))[0, ..., 0]
    assert texts(figure.axes[1]) == [f"{v:g}" for v in keras_result.ravel()]
    with pytest.raises(ValueError, match="Invalid value for `x`"):
        plots.max_pooling([[1.0, 2.0]])


# ---- F60, F62


def test_unrolled_network_has_a_cell_per_step_and_one_loop():
    ax = plots.rnn_unrolled(3)
    assert texts(ax).count("RNN") == 1 + 3
    assert "$x_T$" in texts(ax)
    with pytest.raises(ValueError, match="Invalid value for `n_steps`"):
        plots.rnn_unrolled(1)


def test_influence_is_drawn_backward_in_time():
    ax = plots.influence({"w": [0.125, -0.25, 0.5]})
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), [0.5, 0.25, 0.125])
    assert ax.get_yscale() == "log"


def test_forecast_tells_the_errors():
    ax = plots.forecast([1, 2], [3, 5], {"naive": [1, 3]})
    assert "naive, MSE 4" in [t.get_text() for t in ax.get_legend().get_texts()]
    with pytest.raises(ValueError, match="Invalid value for `naive`"):
        plots.forecast([1, 2], [3, 5], {"naive": [1, 3, 5]})


# ---- players

PLAYERS = {
    "sgd": lambda: plots.sgd_player(n_epochs=1),
    "equivariance": plots.equivariance_player,
    "dropout": lambda: plots.dropout_player(n_steps=3),
}


@pytest.mark.parametrize("make", PLAYERS.values(), ids=PLAYERS)
def test_a_player_brings_its_frames_and_a_still_twin(make):
    film = make()
    data, metadata = film._repr_mimebundle_()
    page = data["text/html"]
    assert len(page) < 1_000_000
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    sizes = set()
    for png, alt in film.frames:
        sizes.add(Image.open(io.BytesIO(png)).size)
        assert base64.b64encode(png).decode() in page
        assert alt
    assert len(sizes) == 1  # or the picture would jump
    assert len({png for png, _ in film.frames}) > 1
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"] == metadata["image/png"]["alt"] != ""


def test_a_player_needs_two_frames():
    with pytest.raises(ValueError, match="Invalid value for `n_frames`"):
        plots.player(lambda k: plots.neuron(), 1, plots.neuron())
