"""A Keras model from its config and weights, which a stranger's process may have made up.

Keras' safe mode keeps code out. What it lets through can still ask for more memory than there is,
or read a file: a few bytes of config describe a layer of any size. So the model is laid out first
without memory, and built only if the weights that came with it fit. Metrics, which nobody is judged
on and which may be of any size, are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras.src.backend.common import global_state  # no public way to drop unfilled variables

MODULES = ("keras", "builtins", "dlcourse.")  # Keras names its own functions "builtins"
REFUSED = {  # they hold code, or read files
    "FlaxLayer",
    "IntegerLookup",
    "JaxLayer",
    "Lambda",
    "StringLookup",
    "TFSMLayer",
    "TextVectorization",
    "TorchModuleWrapper",
}
LARGEST_OUTPUT = 1_000_000  # numbers that inputs and all operations may give for one sample
MOST_LAYERS = 100  # with those of the models in a model
COMPILED = {  # what a model may be compiled with, and the modules that it is from
    "optimizer": ("keras.optimizers", "keras.src.optimizers", "dlcourse.schedules"),
    "loss": ("keras.losses", "keras.src.losses", "builtins"),
}
METRICS = ("metrics", "weighted_metrics")


def rebuild(config: dict[str, Any], weights: list[np.ndarray]) -> Any:
    """Return a new Keras model.

    Args:
        config: what `keras.saving.serialize_keras_object(model)` gives.
        weights: the arrays of `model.get_weights()`.

    Raises:
        ValueError: the config holds what a model of this course has no use for, it does not fit
            the weights, or Keras refuses it.
    """
    config = _without(config, *METRICS)
    for part in _parts(config):
        _refuse(part)
    if sum(_number_of_layers(part) for part in _parts(config)) > MOST_LAYERS:
        raise ValueError(f"it has more than {MOST_LAYERS} layers")
    with _without_values():
        outline = _deserialized(_without(config, "compile_config"))
        shapes = [tuple(weight.shape) for weight in outline.weights]
        numbers = sum(_output_sizes(outline)) + sum(_size(x) for x in outline.inputs)
    if shapes != [weight.shape for weight in weights]:
        raise ValueError("the weights of the model do not fit its layers")
    if numbers > LARGEST_OUTPUT:
        raise ValueError(f"its layers give {numbers:,} numbers per sample")
    model = _deserialized(_without(config))
    model.set_weights(weights)
    return model


@contextmanager
def _without_values() -> Iterator[None]:
    """Models that are made here have shapes alone; Keras does not fill them afterwards."""
    waiting = list(global_state.get_global_attribute("uninitialized_variables", []))
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        global_state.set_global_attribute("uninitialized_variables", waiting)


def _deserialized(config: dict[str, Any]) -> Any:
    model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    if not isinstance(model, keras.Model):
        raise ValueError(f"a model was expected, not a {type(model).__name__}")
    return model


def _without(config: Any, *keys: str) -> Any:
    """A copy, because Keras empties the config of a functional model."""
    if isinstance(config, dict):
        return {k: _without(v, *keys) for k, v in config.items() if k not in keys}
    return [_without(v, *keys) for v in config] if isinstance(config, list) else config


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """Every dict in a config."""
    if isinstance(config, dict):
        yield config
    values = config.values() if isinstance(config, dict) else config
    if isinstance(config, dict | list):
        for value in values:
            yield from _parts(value)


def _refuse(part: dict[str, Any]) -> None:
    name, module = part.get("class_name"), part.get("module")
    if name in REFUSED:
        raise ValueError(f"a {name} layer cannot be judged")
    if "." in str(name) or (module is not None and not str(module).startswith(MODULES)):
        raise ValueError(f"{name} of {module} is not a part of Keras")
    if _is_from(part, ("keras.metrics", "keras.src.metrics")) and name != "function":
        raise ValueError(f"the metric {name} stands where none belongs")
    compiled = part.get("compile_config") or {}
    if not isinstance(compiled, dict):
        raise ValueError("compile settings that are no settings")
    for key, value in compiled.items():
        for inner in _parts(value):
            if "class_name" in inner and not _is_from(inner, COMPILED.get(key, ())):
                raise ValueError(f"{inner['class_name']} cannot be the {key} of a model")


def _is_from(part: dict[str, Any], modules: tuple[str, ...]) -> bool:
    module = str(part.get("module"))
    return any(module == home or module.startswith(home + ".") for home in modules)


def _number_of_layers(part: dict[str, Any]) -> int:
    layers = part.get("layers")
    return len(layers) if isinstance(layers, list) else 0


def _output_sizes(model: Any) -> Iterator[int]:
    """Numbers per sample after each operation of a model, in it and in the models in it."""
    for operation in getattr(model, "operations", model.layers):
        if isinstance(operation, keras.Model):
            yield from _output_sizes(operation)
        for node in operation._inbound_nodes:  # Keras tells only the last one publicly
            for tensor in node.output_tensors:
                yield _size(tensor)


def _size(tensor: Any) -> int:
    return math.prod(size or 1 for size in tensor.shape[1:])
