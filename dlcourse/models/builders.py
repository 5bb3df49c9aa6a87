"""The builders: an architecture each, on a common input, output, loss and metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import keras
from keras import layers

from dlcourse.arguments import check_choice, check_count, invalid
from dlcourse.models.epochs import Model, Sequential

Task = Literal["regression", "binary", "multiclass"]
Shape = int | Sequence[int]
Optimizer: TypeAlias = str | keras.optimizers.Optimizer

# Output activation, loss, metrics. "crossentropy" takes integer and one-hot targets alike.
_TASKS: dict[str, tuple[str, str, list[str]]] = {
    "regression": ("linear", "mean_squared_error", []),
    "binary": ("sigmoid", "binary_crossentropy", ["accuracy"]),
    "multiclass": ("softmax", "crossentropy", ["accuracy"]),
}
_CELLS = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}


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
    return _sequential("perceptron", _vector(input_shape), [], n_out, task, optimizer)


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
    return _sequential("mlp", _vector(input_shape), body, n_out, task, optimizer)


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
    return _sequential("deep_mlp", _vector(input_shape), body, n_out, task, optimizer)


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
    return _sequential("self_normalizing_mlp", _vector(input_shape), body, n_out, task, optimizer)


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
    inputs = _with_channels(input_shape, 3)
    if min(_shape(input_shape)[:2]) < 16:
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
    return _sequential("lenet", inputs, body, n_out, task, optimizer)


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
    inputs = _with_channels(input_shape, 2)
    if _shape(input_shape)[0] < 4:
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
    return _sequential("conv1d_classifier", inputs, body, n_out, task, optimizer)


def recurrent(
    input_shape: Shape,
    n_out: int,
    task: Task = "multiclass",
    *,
    kind: str = "lstm",
    units: int = 32,
    optimizer: Optimizer | None = None,
) -> Sequential:
    """Build a recurrent network that answers after the last step.

    It classifies sequences, or forecasts with `task="regression"`: `n_out` is then the number of
    values ahead.

    Args:
        input_shape: Integer or tuple, `steps` or `(steps, channels)`. The steps may be `None`:
            sequences of any length.
        n_out: Integer, number of outputs.
        task: `"regression"`, `"binary"` or `"multiclass"`. Defaults to `"multiclass"`.
        kind: `"simple"`, `"lstm"` or `"gru"`, in any case. Defaults to `"lstm"`.
        units: Integer, size of the hidden state. Defaults to 32.
        optimizer: Name or `keras.optimizers.Optimizer`. Defaults to `Adam(0.005, clipnorm=1)`:
            clipping keeps an exploding gradient in bounds.

    Returns:
        A compiled model with the layers `recurrent`, `output`.

    Raises:
        ValueError: A shape, `units`, `kind`, `n_out` or `task` is invalid, or `n_out` does not fit
            the task.

    Example:
        >>> recurrent(22, 1, "regression", kind="gru", units=16).output_shape
        (None, 1)

    Source: Hochreiter and Schmidhuber (1997), Neural Computation 9; Cho et al. (2014),
        arXiv:1406.1078; Pascanu et al. (2013), arXiv:1211.5063 (clipping).
    """
    inputs = _with_channels(input_shape, 2, any_length=True)
    check_count("units", units)
    check_choice("kind", str(kind).lower(), _CELLS)
    body = [_CELLS[kind.lower()](units, name="recurrent")]
    optimizer = optimizer or keras.optimizers.Adam(0.005, clipnorm=1.0)
    return _sequential("recurrent", inputs, body, n_out, task, optimizer)


def attention_recall(
    input_shape: Shape, n_out: int, *, units: int = 32, optimizer: Optimizer | None = None
) -> Model:
    """Build a network that looks up the value of a key with one attention layer.

    It reads `key, value, key, value, ..., query`, as `datasets.make_recall` draws them, and
    predicts the value that belongs to the query. The task is always `"multiclass"`, over symbols.

    Args:
        input_shape: Integer, odd and at least 3, the length of a sequence of symbols.
        n_out: Integer, the number of symbols, which are 0, ..., `n_out - 1`.
        units: Integer, size of a symbol's vector. Defaults to 32.
        optimizer: Name or `keras.optimizers.Optimizer`. Defaults to `Adam(0.003)`.

    Returns:
        A compiled model with the layers `symbols`, `embedding`, `attention`, `flatten`, `output`.

    Raises:
        ValueError: An argument is invalid.

    Example:
        >>> attention_recall(17, 16).output_shape
        (None, 16)

    Source: Vaswani et al. (2017), arXiv:1706.03762, section 3.2, with a single head.
    """
    shape = _shape(input_shape)
    if len(shape) != 1 or shape[0] < 3 or shape[0] % 2 == 0:
        raise invalid("input_shape", "an odd integer of at least 3", input_shape)
    check_count("units", units)
    activation, loss, metrics = _output("multiclass", n_out)
    symbols = keras.Input(shape, dtype="int32", name="symbols")
    vectors = layers.Embedding(n_out, units, name="embedding")(symbols)
    keys, values, query = vectors[:, :-1:2], vectors[:, 1::2], vectors[:, -1:]
    attention = layers.MultiHeadAttention(1, units, name="attention")
    found = layers.Flatten(name="flatten")(attention(query, value=values, key=keys))
    outputs = layers.Dense(n_out, activation, name="output")(found)
    model = Model(symbols, outputs, name="attention_recall")
    model.compile(optimizer or keras.optimizers.Adam(0.003), loss=loss, metrics=metrics)
    return model


def _sequential(
    name: str,
    inputs: list[Any],
    body: Sequence[keras.Layer],
    n_out: int,
    task: str,
    optimizer: Optimizer,
) -> Sequential:
    activation, loss, metrics = _output(task, n_out)
    output = layers.Dense(n_out, activation, name="output")
    model = Sequential([*inputs, *body, output], name=name)
    model.compile(optimizer, loss=loss, metrics=metrics)
    return model


def _output(task: str, n_out: int) -> tuple[str, str, list[str]]:
    """Return the output activation, the loss and the metrics of a task."""
    check_choice("task", task, _TASKS)
    check_count("n_out", n_out, minimum=2 if task == "multiclass" else 1)
    if task == "binary" and n_out != 1:
        raise invalid("n_out", "1 for a binary task", n_out)
    return _TASKS[task]


def _vector(input_shape: Shape) -> list[Any]:
    """Return the input, flattened if it is not a vector."""
    shape = _shape(input_shape)
    flatten = [layers.Flatten(name="flatten")] if len(shape) > 1 else []
    return [keras.Input(shape, name="input"), *flatten]


def _with_channels(input_shape: Shape, rank: int, any_length: bool = False) -> list[Any]:
    """Return the input of `rank` axes, with a channel axis appended if only that is missing."""
    shape = _shape(input_shape, any_length)
    if len(shape) not in (rank - 1, rank):
        raise invalid("input_shape", f"{rank - 1} or {rank} integers", input_shape)
    append = [layers.Reshape((*(n or -1 for n in shape), 1), name="channel")]
    return [keras.Input(shape, name="input"), *(append if len(shape) < rank else [])]


def _shape(input_shape: Shape, any_length: bool = False) -> tuple[int, ...]:
    """Return the shape as a tuple of positive integers; `None` may come first if `any_length`."""
    shape = tuple(input_shape) if isinstance(input_shape, list | tuple) else (input_shape,)
    if not shape:
        raise invalid("input_shape", "at least one integer", input_shape)
    for n in shape[1:] if any_length and shape[0] is None else shape:
        check_count("input_shape", n)
    return shape


def _widths(hidden: Sequence[int]) -> Sequence[int]:
    if not isinstance(hidden, list | tuple):
        raise invalid("hidden", "a list or tuple of integers", hidden)
    for units in hidden:
        check_count("hidden", units)
    return hidden


def _momentum() -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(0.01, momentum=0.9)
