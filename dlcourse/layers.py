"""Dropout that stays on: Monte-Carlo layers, for predictions with an uncertainty.

Average `model(x)` over many calls to get the Monte-Carlo estimate. Only these layers are random
then: batch normalization and ordinary dropout stay in inference mode, unlike with
`model(x, training=True)`. To load a saved model that has them, `import dlcourse.layers` first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from dlcourse.arguments import invalid

__all__ = ["MCAlphaDropout", "MCDropout"]

_Mixin: Any = object  # to mypy, what it is mixed into


class _AlwaysOn(_Mixin):
    """Mixin for a dropout layer: drops in training and in inference."""

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if not 0 <= rate < 1:
            raise invalid("rate", "a float in [0, 1)", rate)
        shape = None if noise_shape is None else tuple(noise_shape)
        super().__init__(rate, noise_shape=shape, seed=seed, **kwargs)

    def call(self, inputs: Any) -> Any:
        return super().call(inputs, training=True)


@keras.saving.register_keras_serializable("dlcourse")
class MCDropout(_AlwaysOn, keras.layers.Dropout):
    """Dropout in training and in inference.

    Args:
        rate: Float in [0, 1), the probability to drop a unit. Survivors are divided by `1 - rate`.
        noise_shape: Tuple of integers or `None`, the shape of the mask; axes of size 1 share it.
            Defaults to the shape of the inputs.
        seed: Integer. Two layers with the same seed drop the same units, call by call. Defaults to
            `None`, a seed drawn from Keras' global one.
        **kwargs: `name` and the other arguments of a layer.

    Raises:
        ValueError: `rate` is not in [0, 1).

    Example:
        >>> layer = MCDropout(0.75, seed=0)
        >>> sorted(set(keras.ops.convert_to_numpy(layer(keras.ops.ones((3, 9)))).ravel().tolist()))
        [0.0, 4.0]

    Source: Gal and Ghahramani, *Dropout as a Bayesian approximation* (2016), arXiv:1506.02142.
    """


@keras.saving.register_keras_serializable("dlcourse")
class MCAlphaDropout(_AlwaysOn, keras.layers.AlphaDropout):
    """Alpha dropout, which goes with SELU, in training and in inference.

    Mean 0 and variance 1 of the inputs are kept: dropped units take the value at which SELU
    saturates, and an affine map restores the moments.

    Args:
        rate: Float in [0, 1), the probability to drop a unit.
        noise_shape: Tuple of integers or `None`, the shape of the mask; axes of size 1 share it.
            Defaults to the shape of the inputs.
        seed: Integer. Two layers with the same seed drop the same units, call by call. Defaults to
            `None`, a seed drawn from Keras' global one.
        **kwargs: `name` and the other arguments of a layer.

    Raises:
        ValueError: `rate` is not in [0, 1).

    Example:
        >>> layer = MCAlphaDropout(0.2, seed=0)
        >>> outputs = layer(keras.random.normal((1000, 50), seed=1))
        >>> round(float(keras.ops.std(outputs)), 1)
        1.0

    Source: Klambauer et al., *Self-normalizing neural networks* (2017), arXiv:1706.02515; Gal and
        Ghahramani (2016), arXiv:1506.02142.
    """
