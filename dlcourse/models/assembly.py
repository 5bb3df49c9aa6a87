"""What all builders share: input, output, loss and metric, and the checks of their arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import keras
from keras import layers

from dlcourse.arguments import check_choice, check_count, invalid
from dlcourse.models.epochs import Sequential

Task = Literal["regression", "binary", "multiclass"]
Shape = int | Sequence[int]
Optimizer: TypeAlias = str | keras.optimizers.Optimizer

# Output activation, loss, metrics. "crossentropy" takes integer and one-hot targets alike.
_TASKS: dict[str, tuple[str, str, list[str]]] = {
    "regression": ("linear", "mean_squared_error", []),
    "binary": ("sigmoid", "binary_crossentropy", ["accuracy"]),
    "multiclass": ("softmax", "crossentropy", ["accuracy"]),
}


def assemble(
    name: str,
    inputs: list[Any],
    body: Sequence[keras.Layer],
    n_out: int,
    task: str,
    optimizer: Optimizer,
) -> Sequential:
    """Return a compiled model: the input, the body, and the output layer of the task."""
    activation, loss, metrics = output_of(task, n_out)
    output = layers.Dense(n_out, activation, name="output")
    model = Sequential([*inputs, *body, output], name=name)
    model.compile(optimizer, loss=loss, metrics=metrics)
    return model


def output_of(task: str, n_out: int) -> tuple[str, str, list[str]]:
    """Return the output activation, the loss and the metrics of a task."""
    check_choice("task", task, _TASKS)
    check_count("n_out", n_out, minimum=2 if task == "multiclass" else 1)
    if task == "binary" and n_out != 1:
        raise invalid("n_out", "1 for a binary task", n_out)
    return _TASKS[task]


def vector_input(input_shape: Shape) -> list[Any]:
    """Return the input, flattened if it is not a vector."""
    shape = as_shape(input_shape)
    flatten = [layers.Flatten(name="flatten")] if len(shape) > 1 else []
    return [keras.Input(shape, name="input"), *flatten]


def channel_input(input_shape: Shape, rank: int, any_length: bool = False) -> list[Any]:
    """Return the input of `rank` axes, with a channel axis appended if only that is missing."""
    shape = as_shape(input_shape, any_length)
    if len(shape) not in (rank - 1, rank):
        raise invalid("input_shape", f"{rank - 1} or {rank} integers", input_shape)
    append = [layers.Reshape((*(n or -1 for n in shape), 1), name="channel")]
    return [keras.Input(shape, name="input"), *(append if len(shape) < rank else [])]


def as_shape(input_shape: Shape, any_length: bool = False) -> tuple[int, ...]:
    """Return the shape as a tuple of positive integers; `None` may come first if `any_length`."""
    shape = tuple(input_shape) if isinstance(input_shape, list | tuple) else (input_shape,)
    if not shape:
        raise invalid("input_shape", "at least one integer", input_shape)
    for n in shape[1:] if any_length and shape[0] is None else shape:
        check_count("input_shape", n)
    return shape
