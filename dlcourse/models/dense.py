"""Networks of dense layers."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from dlcourse.arguments import check_count, invalid
from dlcourse.models.assembly import Optimizer, Shape, Task, assemble, vector_input
from dlcourse.models.epochs import Sequential


def perceptron(
    input_shape: Shape, n_out: int = 1, task: Task = "binary", *, optimizer: Optimizer = "adam"
) -> Sequential:
    """Build a single layer: linear, logistic or softmax regression, depending on the task.

    The perceptron's own threshold has no useful derivative; the sigmoid takes its place.

    Args:
        input_shape: Integer or tuple of integers, the shape of a sample.
        n_out: Integer, number of outputs. Defaults to 1.
        task: `"regression"`, `"binary"` or `"multiclass"`. Defaults to `"binary"`.
        optimizer: Name or `keras.optimizers.Optimizer`. Defaults to `"adam"`.

    Returns:
        A compiled model with the layer `output`.

    Raises:
        ValueError: A shape, `n_out` or `task` is invalid, or `n_out` does not fit the task.

    Example:
        >>> perceptron(1, 1, "regression").count_params()
        2

    Source: Rosenblatt, *The perceptron*, Psychological Review 65 (1958).
    """
    return assemble("perceptron", vector_input(input_shape), [], n_out, task, optimizer)


def mlp(
    input_shape: Shape,
    n_out: int,
    task: Task = "multiclass",
    *,
    hidden: Sequence[int] = (100,),
    activation: str = "relu",
    optimizer: Optimizer = "adam",
) -> Sequential:
    """Build a multi-layer perceptron.

    Args:
        input_shape: Integer or tuple of integers, the shape of a sample.
        n_out: Integer, number of outputs.
        task: `"regression"`, `"binary"` or `"multiclass"`. Defaults to `"multiclass"`.
        hidden: Sequence of integers, the widths of the hidden layers. Defaults to `(100,)`.
        activation: Name or function, of the hidden layers. Defaults to `"relu"`.
        optimizer: Name or `keras.optimizers.Optimizer`. Defaults to `"adam"`.

    Returns:
        A compiled model with the layers `hidden1`, `hidden2`, ..., `output`.

    Raises:
        ValueError: A shape, width, `n_out` or `task` is invalid, or `n_out` does not fit the task.

    Example:
        >>> mlp(10, 3, hidden=(20,)).count_params()
        283
        >>> [layer.name for layer in mlp((28, 28), 10, hidden=(300, 100)).layers]
        ['flatten', 'hidden1', 'hidden2', 'output']
    """
    body = [
        layers.Dense(units, activation, name=f"hidden{i}")
        for i, units in enumerate(_widths(hidden), 1)
    ]
    return assemble("mlp", vector_input(input_shape), body, n_out, task, optimizer)


def deep_mlp(
    input_shape: Shape,
    n_out: int,
    task: Task = "multiclass",
    *,
    hidden: Sequence[int] = (100, 100, 100, 100),
    batch_norm: bool = True,
    l2: float = 0.0,
    optimizer: Optimizer | None = None,
) -> Sequential:
    """Build a deep network in the default configuration: He initialization, ELU, batch norm.

    Batch normalization stands before the activation and replaces the bias. Train it with
    `callbacks.OneCycle` and `callbacks.EarlyStopping` to complete the configuration.

    Args:
        input_shape: Integer or tuple of integers, the shape of a sample.
        n_out: Integer, number of outputs.
        task: `"regression"`, `"binary"` or `"multiclass"`. Defaults to `"multiclass"`.
        hidden: Sequence of integers, the widths of the hidden layers. Defaults to four of 100.
        batch_norm: Boolean. Without it, hidden layers have a bias instead. Defaults to `True`.
        l2: Float >= 0, the L2 penalty on the weights of the hidden layers. Defaults to 0.
        optimizer: Name or `keras.optimizers.Optimizer`. Defaults to `SGD(0.01, momentum=0.9)`.

    Returns:
        A compiled model with the layers `hidden1`, `norm1`, `activation1`, ..., `output`.

    Raises:
        ValueError: A shape, width, `n_out`, `task` or `l2` is invalid, or `n_out` does not fit the
            task.

    Example:
        >>> model = deep_mlp(2, 1, "binary", hidden=(32, 32))
        >>> [layer.name for layer in model.layers][:3]
        ['hidden1', 'norm1', 'activation1']

    Source: Esparza Alba, *Deep Learning* (2023), table 3.2; He et al. (2015), arXiv:1502.01852;
        Clevert et al. (2016), arXiv:1511.07289; Ioffe and Szegedy (2015), arXiv:1502.03167.
    """
    if not l2 >= 0:
        raise invalid("l2", "a float >= 0", l2)
    body: list[keras.Layer] = []
    for i, units in enumerate(_widths(hidden), 1):
        body.append(
            layers.Dense(
                units,
                use_bias=not batch_norm,
                kernel_initializer="he_normal",
                kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
                name=f"hidden{i}",
            )
        )
        if batch_norm:
            body.append(layers.BatchNormalization(name=f"norm{i}"))
        body.append(layers.Activation("elu", name=f"activation{i}"))
    optimizer = optimizer or _momentum()
    return assemble("deep_mlp", vector_input(input_shape), body, n_out, task, optimizer)


def self_normalizing_mlp(
    input_shape: Shape,
    n_out: int,
    task: Task = "multiclass",
    *,
    hidden: Sequence[int] = (100, 100, 100, 100),
    dropout: float = 0.0,
    optimizer: Optimizer | None = None,
) -> Sequential:
    """Build a self-normalizing network: LeCun initialization, SELU, alpha dropout.

    Activations keep mean 0 and standard deviation 1 through the layers if the inputs have them:
    standardize the features. There is no batch normalization.

    Args:
        input_shape: Integer or tuple of integers, the shape of a sample.
        n_out: Integer, number of outputs.
        task: `"regression"`, `"binary"` or `"multiclass"`. Defaults to `"multiclass"`.
        hidden: Sequence of integers, the widths of the hidden layers. Defaults to four of 100.
        dropout: Float in [0, 1), the rate of `AlphaDropout` after each hidden layer. Defaults
            to 0: no such layers.
        optimizer: Name or `keras.optimizers.Optimizer`. Defaults to `SGD(0.01, momentum=0.9)`.

    Returns:
        A compiled model with the layers `hidden1`, (`dropout1`,) ..., `output`.

    Raises:
        ValueError: A shape, width, `n_out`, `task` or `dropout` is invalid, or `n_out` does not
            fit the task.

    Example:
        >>> model = self_normalizing_mlp(30, 1, "binary", hidden=(64, 64), dropout=0.1)
        >>> [layer.name for layer in model.layers]
        ['hidden1', 'dropout1', 'hidden2', 'dropout2', 'output']

    Source: Esparza Alba, *Deep Learning* (2023), table 3.3; Klambauer et al. (2017),
        arXiv:1706.02515.
    """
    if not 0 <= dropout < 1:
        raise invalid("dropout", "a float in [0, 1)", dropout)
    body: list[keras.Layer] = []
    for i, units in enumerate(_widths(hidden), 1):
        body.append(
            layers.Dense(units, "selu", kernel_initializer="lecun_normal", name=f"hidden{i}")
        )
        if dropout:
            body.append(layers.AlphaDropout(dropout, name=f"dropout{i}"))
    optimizer = optimizer or _momentum()
    return assemble("self_normalizing_mlp", vector_input(input_shape), body, n_out, task, optimizer)


def _widths(hidden: Sequence[int]) -> Sequence[int]:
    """Return the widths, if they are a list or tuple of positive integers."""
    if not isinstance(hidden, list | tuple):
        raise invalid("hidden", "a list or tuple of integers", hidden)
    for units in hidden:
        check_count("hidden", units)
    return hidden


def _momentum() -> keras.optimizers.Optimizer:
    """Return a new optimizer of the default configuration."""
    return keras.optimizers.SGD(0.01, momentum=0.9)
