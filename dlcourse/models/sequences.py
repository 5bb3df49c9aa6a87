"""Networks that read sequences: recurrent, and with attention."""

from __future__ import annotations

import keras
from keras import layers

from dlcourse.arguments import check_choice, check_count, invalid
from dlcourse.models.assembly import (
    Optimizer,
    Shape,
    Task,
    as_shape,
    assemble,
    channel_input,
    output_of,
)
from dlcourse.models.epochs import Model, Sequential

_CELLS = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}


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
    inputs = channel_input(input_shape, 2, any_length=True)
    check_count("units", units)
    check_choice("kind", str(kind).lower(), _CELLS)
    body = [_CELLS[kind.lower()](units, name="recurrent")]
    optimizer = optimizer or keras.optimizers.Adam(0.005, clipnorm=1.0)
    return assemble("recurrent", inputs, body, n_out, task, optimizer)


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
    shape = as_shape(input_shape)
    if len(shape) != 1 or shape[0] < 3 or shape[0] % 2 == 0:
        raise invalid("input_shape", "an odd integer of at least 3", input_shape)
    check_count("units", units)
    activation, loss, metrics = output_of("multiclass", n_out)
    symbols = keras.Input(shape, dtype="int32", name="symbols")
    vectors = layers.Embedding(n_out, units, name="embedding")(symbols)
    keys, values, query = vectors[:, :-1:2], vectors[:, 1::2], vectors[:, -1:]
    attention = layers.MultiHeadAttention(1, units, name="attention")
    found = layers.Flatten(name="flatten")(attention(query, value=values, key=keys))
    outputs = layers.Dense(n_out, activation, name="output")(found)
    model = Model(symbols, outputs, name="attention_recall")
    model.compile(optimizer or keras.optimizers.Adam(0.003), loss=loss, metrics=metrics)
    return model
