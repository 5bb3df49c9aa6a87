"""Views of a Keras model: the facts that a model builder is judged on.

Each is applied by the judging side to a model rebuilt from its config and weights, so that an
object that only looks like a model has nothing to show. Name them as `view=` of a case.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcourse.checks.values import ModelData, Opaque


def _rebuilt(value: Any) -> Any:
    if isinstance(value, ModelData):
        return value.rebuild()
    what = value.type_name if isinstance(value, Opaque) else type(value).__name__
    raise TypeError(f"expected a built keras.Sequential or keras.Model, got {what}")


def parameters(value: Any) -> dict[str, int]:
    """The number of parameters, and of those that training changes."""
    model = _rebuilt(value)
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    return {"parameters": model.count_params(), "trainable": trainable}


def layer_types(value: Any) -> list[str]:
    """The class names of the layers in order, without the input."""
    return [type(x).__name__ for x in _rebuilt(value).layers if type(x).__name__ != "InputLayer"]


def layer_names(value: Any) -> list[str]:
    """The names of the layers in order, without the input."""
    return [x.name for x in _rebuilt(value).layers if type(x).__name__ != "InputLayer"]


def shapes(value: Any) -> dict[str, list[int | None]]:
    """Input and output shape; `None` is the batch."""
    model = _rebuilt(value)
    return {"input": list(model.input_shape), "output": list(model.output_shape)}


def compile_settings(value: Any) -> dict[str, Any]:
    """Loss and optimizer: `"mse"`, `keras.losses.MeanSquaredError()` and the like are one.

    Sparse and one-hot cross-entropy count as one loss; `from_logits` is told apart.
    """
    import keras

    model = _rebuilt(value)
    if model.optimizer is None or not model.compiled:
        return {"compiled": False}
    loss = keras.losses.get(model.loss)
    name = getattr(loss, "name", None) or getattr(loss, "__name__", str(loss))
    settings: dict[str, Any] = getattr(loss, "get_config", dict)()
    return {
        "compiled": True,
        "loss": str(name).removeprefix("sparse_"),
        "from_logits": bool(settings.get("from_logits", False)),
        "optimizer": type(model.optimizer).__name__,
    }


def predictions(value: Any) -> np.ndarray:
    """What the model gives for fixed inputs, with fixed weights in place of its own."""
    model = _rebuilt(value)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        values = rng.normal(scale=0.5, size=weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
    shape = (5, *(4 if size is None else size for size in model.input_shape[1:]))
    if "int" in str(model.inputs[0].dtype):
        inputs: np.ndarray = rng.integers(0, 3, size=shape)
    else:
        inputs = rng.normal(size=shape).astype("float32")
    return np.asarray(model(inputs, training=False))


VIEWS = {
    view.__name__: view
    for view in (parameters, layer_types, layer_names, shapes, compile_settings, predictions)
}
