"""Convolutional networks."""

from __future__ import annotations

import keras
from keras import layers

from dlcourse.arguments import check_count, invalid
from dlcourse.models.assembly import Optimizer, Shape, Task, as_shape, assemble, channel_input
from dlcourse.models.epochs import Sequential


def lenet(
    input_shape: Shape = (32, 32, 1),
    n_out: int = 10,
    task: Task = "multiclass",
    *,
    optimizer: Optimizer = "adam",
) -> Sequential:
    """Build a LeNet with ReLU and max pooling.

    Args:
        input_shape: Tuple of two or three integers, `(height, width)` or `(height, width,
            channels)`, at least 16 pixels high and wide. Defaults to `(32, 32, 1)`.
        n_out: Integer, number of outputs. Defaults to 10.
        task: `"regression"`, `"binary"` or `"multiclass"`. Defaults to `"multiclass"`.
        optimizer: Name or `keras.optimizers.Optimizer`. Defaults to `"adam"`.

    Returns:
        A compiled model with the layers `conv1`, `pool1`, `conv2`, `pool2`, `flatten`, `hidden1`,
        `hidden2`, `output`.

    Raises:
        ValueError: A shape, `n_out` or `task` is invalid, or `n_out` does not fit the task.

    Example:
        >>> lenet().count_params()
        61706

    Source: LeCun et al., *Gradient-based learning applied to document recognition*, Proceedings of
        the IEEE 86 (1998), section II.B; as in Tavenard, *Deep Learning Basics* (2023), 6.2.2.
    """
    inputs = channel_input(input_shape, 3)
    if min(as_shape(input_shape)[:2]) < 16:
        raise invalid("input_shape", "a height and width of at least 16", input_shape)
    body = [
        layers.Conv2D(6, 5, activation="relu", name="conv1"),
        layers.MaxPooling2D(2, name="pool1"),
        layers.Conv2D(16, 5, activation="relu", name="conv2"),
        layers.MaxPooling2D(2, name="pool2"),
        layers.Flatten(name="flatten"),
        layers.Dense(120, "relu", name="hidden1"),
        layers.Dense(84, "relu", name="hidden2"),
    ]
    return assemble("lenet", inputs, body, n_out, task, optimizer)


def conv1d_classifier(
    input_shape: Shape,
    n_out: int,
    task: Task = "multiclass",
    *,
    filters: int = 16,
    kernel_size: int = 8,
    optimizer: Optimizer | None = None,
) -> Sequential:
    """Build a convolutional network for time series that finds a pattern wherever it occurs.

    Two convolutions, max pooling by 4 between them, and the maximum over time of each feature.

    Args:
        input_shape: Integer or tuple, `steps` or `(steps, channels)`, at least 4 steps.
        n_out: Integer, number of outputs.
        task: `"regression"`, `"binary"` or `"multiclass"`. Defaults to `"multiclass"`.
        filters: Integer, features of each convolution. Defaults to 16.
        kernel_size: Integer, steps that a filter covers. Defaults to 8.
        optimizer: Name or `keras.optimizers.Optimizer`. Defaults to `Adam(0.003)`.

    Returns:
        A compiled model with the layers `conv1`, `pool1`, `conv2`, `pool2`, `output`.

    Raises:
        ValueError: A shape, size, `n_out` or `task` is invalid, or `n_out` does not fit the task.

    Example:
        >>> conv1d_classifier((275, 1), 4).count_params()
        2276
    """
    inputs = channel_input(input_shape, 2)
    if as_shape(input_shape)[0] < 4:
        raise invalid("input_shape", "at least 4 steps", input_shape)
    check_count("filters", filters)
    check_count("kernel_size", kernel_size)
    body = [
        layers.Conv1D(filters, kernel_size, padding="same", activation="relu", name="conv1"),
        layers.MaxPooling1D(4, name="pool1"),
        layers.Conv1D(filters, kernel_size, padding="same", activation="relu", name="conv2"),
        layers.GlobalMaxPooling1D(name="pool2"),
    ]
    optimizer = optimizer or keras.optimizers.Adam(0.003)
    return assemble("conv1d_classifier", inputs, body, n_out, task, optimizer)
