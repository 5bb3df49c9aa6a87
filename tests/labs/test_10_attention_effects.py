"""Lab 10: its attention against Keras', and every effect that its text states."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from dlcourse import datasets
from dlcourse.authoring import Bank

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "solutions" / "10_attention"


@pytest.fixture(scope="module")
def bank():
    return Bank.load(FOLDER).module


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("masked", [False, True])
def test_attention_equals_that_of_keras(bank, rng, masked):
    Q, K, V = (rng.normal(size=(n, 8)).astype("float32") for n in (4, 6, 6))
    mask = rng.random((4, 6)) < 0.7 if masked else None
    if masked:
        mask[:, 0] = True
    layer = layers.Attention(score_mode="dot")
    # Keras' plain layer does not scale, so the queries are scaled before
    query = Q[None] / np.sqrt(8)
    out, weights = layer(
        [query, V[None], K[None]],
        mask=None,
        return_attention_scores=True,
        training=False,
    )
    if masked:
        out = keras.ops.dot_product_attention(
            *(x[None, :, None] for x in (Q, K, V)), mask=mask[None, None]
        )[:, :, 0]
    ours, A = bank.attention(Q, K, V, mask)
    np.testing.assert_allclose(ours, np.asarray(out)[0], atol=1e-5)
    if not masked:
        np.testing.assert_allclose(A, np.asarray(weights)[0], atol=1e-5)


def test_temperature_goes_from_a_dictionary_to_the_mean(bank):
    keys, values = np.array([[1.0, 0], [0, 1], [0.7, 0.7]]), np.array([[10.0], [20], [30]])
    q = np.array([0.9, 0.1])
    assert bank.soft_lookup(q, keys, values, 0.01) == pytest.approx(10, abs=0.01)
    assert bank.soft_lookup(q, keys, values, 100.0) == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_unscaled_scores_saturate_the_softmax(seed):
    rng = np.random.default_rng(seed)
    for d in (64, 1024):
        scores = (rng.normal(size=(1000, 10, d)) @ rng.normal(size=(1000, d, 1)))[..., 0]
        assert scores.std() == pytest.approx(np.sqrt(d), rel=0.05)
        raw = np.asarray(keras.ops.softmax(scores)).max(axis=1).mean()
        scaled = np.asarray(keras.ops.softmax(scores / np.sqrt(d))).max(axis=1).mean()
        assert raw > 0.85
        assert scaled < 0.4


def test_only_positions_and_masks_know_the_order(bank, rng):
    X, perm = rng.normal(size=(5, 4)), np.array([3, 0, 4, 1, 2])
    places = np.sin(np.arange(5)[:, None] / 10 ** np.arange(4))
    assert bank.is_equivariant(lambda X: bank.attention(X, X, X)[0], X, perm)
    assert not bank.is_equivariant(lambda X: bank.attention(*[X + places] * 3)[0], X, perm)
    causal = bank.causal_mask(5)
    assert not bank.is_equivariant(lambda X: bank.attention(X, X, X, causal)[0], X, perm)


@pytest.mark.parametrize("seed", range(3))
def test_attention_recalls_what_an_lstm_does_not(bank, seed):
    keras.utils.set_random_seed(seed)
    X, y = datasets.make_recall(1700, n_pairs=8, n_symbols=16, seed=seed)

    def accuracy(net):
        net.compile(
            keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        rows = datasets.batches(X[:1500], y[:1500], batch_size=50, seed=seed)
        net.fit(rows, epochs=20, verbose=0)
        return net.evaluate(X[1500:], y[1500:], verbose=0)[1]

    lstm = keras.Sequential([keras.Input((17,)), layers.Embedding(16, 32), layers.LSTM(32)])
    lstm.add(layers.Dense(16, activation="softmax"))
    assert 1.5 / 16 < accuracy(lstm) <= 0.6
    assert accuracy(bank.build_recall(16, 17)) >= 0.95
