"""Plain data: the only form in which a value leaves the code that made it.

`plain` turns a live value into numbers, strings, booleans, None, lists, dicts and NumPy arrays
(and a Keras model into its config and weights); everything else becomes an `Opaque` that names
its type. `encode` and `decode` carry plain data through JSON without loss.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

MAX_ITEMS = 1_000_000
MAX_DEPTH = 20
MAX_ENCODED_ITEMS = 5_000_000  # with the weights of a model
MAX_ENCODED_DEPTH = 100  # several levels for one of a value, and configs of models in models
OURS = "dlcourse.models"  # the package with our model classes


class NotPlain(ValueError):
    """A value is too large or too deeply nested to be judged."""


@dataclass(frozen=True)
class Opaque:
    """Stands for a value that is not plain data; equal to nothing that an exercise expects."""

    type_name: str


@dataclass(frozen=True, eq=False)
class ModelData:
    """A Keras model as data: its config, compile settings and weights.

    Attributes:
        config: what `keras.saving.serialize_keras_object(model)` gives.
        weights: the arrays of `model.get_weights()`.
    """

    config: dict[str, Any]
    weights: list[np.ndarray]

    def rebuild(self) -> Any:
        """Return a new Keras model made from the data alone.

        Raises:
            ValueError: the data are not those of a model that the course could ask for.
        """
        from dlcourse.checks.rebuild import rebuild

        return rebuild(self.config, self.weights)


def plain(value: Any, depth: int = 0) -> Any:
    """Return `value` as plain data.

    Args:
        value: anything. Keras tensors, pandas objects and NumPy scalars become arrays, tuples,
            sets and iterators become lists.

    Raises:
        NotPlain: more than `MAX_ITEMS` items or deeper than `MAX_DEPTH`.
    """
    if depth > MAX_DEPTH:
        raise NotPlain(f"a value nested more than {MAX_DEPTH} levels deep")
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return _checked_array(np.asarray(value))
    if isinstance(value, (ModelData, Opaque)):
        return value
    if isinstance(value, Mapping):
        return {_key(k): plain(v, depth + 1) for k, v in _bounded(value.items())}
    if isinstance(value, Set):
        return sorted((plain(v, depth + 1) for v in _bounded(value)), key=repr)
    if isinstance(value, (Sequence, Iterator)) and not isinstance(value, (bytes, bytearray)):
        return [plain(v, depth + 1) for v in _bounded(value)]
    return _from_library(value)


def _key(key: Any) -> Any:
    return key if isinstance(key, (str, int, float, bool)) or key is None else str(key)


def _bounded(items: Any) -> list[Any]:
    taken = list(islice(iter(items), MAX_ITEMS + 1))
    if len(taken) > MAX_ITEMS:
        raise NotPlain(f"more than {MAX_ITEMS:,} items")
    return taken


def _checked_array(array: np.ndarray) -> Any:
    if array.size > MAX_ITEMS:
        raise NotPlain(f"an array of {array.size:,} numbers")
    if array.dtype.kind in "biufc":
        # a plain copy, so that a later change of the array does not change the verdict
        return np.array(array, subok=False)
    if array.dtype.kind in "US":
        return array.astype(str).tolist()
    if array.dtype.kind == "O":
        return [plain(v, 1) for v in array.tolist()] if array.ndim else Opaque("object array")
    return Opaque(f"array of {array.dtype}")


def _from_library(value: Any) -> Any:
    """pandas objects and Keras tensors, looked up only if their library is loaded."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, (pandas.Series, pandas.DataFrame, pandas.Index)):
        return _checked_array(value.to_numpy())
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "ops"):
        if isinstance(value, keras.Model):
            return _model_data(value)
        if keras.ops.is_tensor(value) or isinstance(value, keras.Variable):
            return _checked_array(keras.ops.convert_to_numpy(value))
    return Opaque(type(value).__name__)


def _model_data(model: Any) -> ModelData | Opaque:
    """Only Keras' own model classes and ours: another one could answer anything it likes."""
    import keras

    home = type(model).__module__
    if not home.startswith(("keras.src.models", OURS)):
        return Opaque(f"{type(model).__name__} (a subclass of keras.Model)")
    if not model.built:
        return Opaque("model without an input shape (declare it with keras.Input)")
    config = keras.saving.serialize_keras_object(model)
    if home.startswith(OURS):  # which differ from Keras' only in how fast they train
        name = "Sequential" if isinstance(model, keras.Sequential) else "Functional"
        config.update(module=f"keras.src.models.{name.lower()}", class_name=name)
        config["registered_name"] = name
    return ModelData(config, model.get_weights())


def encode(value: Any) -> Any:
    """Return plain data as something `json.dumps(..., allow_nan=False)` takes."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else {"int": str(value)}
    if isinstance(value, float):
        number = float(value)  # NumPy's double is a float, with a repr of its own
        return number if np.isfinite(number) else {"float": repr(number)}
    if isinstance(value, complex):
        return {"complex": [encode(value.real), encode(value.imag)]}
    if isinstance(value, np.ndarray):
        return _encode_array(value)
    if isinstance(value, list):
        return [encode(v) for v in value]
    if isinstance(value, dict):
        return {"dict": [[encode(k), encode(v)] for k, v in value.items()]}
    if isinstance(value, Opaque):
        return {"opaque": value.type_name}
    if isinstance(value, ModelData):
        return {"model": value.config, "weights": [_encode_array(w) for w in value.weights]}
    raise TypeError(f"not plain data: {type(value).__name__}")


def _encode_array(array: np.ndarray) -> dict[str, Any]:
    flat = array.ravel()
    if array.dtype.kind == "c":
        flat = np.stack([flat.real, flat.imag], axis=-1).ravel()
    items = [v if not isinstance(v, float) or np.isfinite(v) else repr(v) for v in flat.tolist()]
    return {"array": items, "dtype": str(array.dtype), "shape": list(array.shape)}


def decode(data: Any) -> Any:
    """Return the plain data that `encode` was given.

    Raises:
        ValueError: `data` is not the result of `encode`, or too large or deep for it.
    """
    _need_bounds(data)
    return _decode(data)


def _need_bounds(data: Any) -> None:
    waiting, count = [(data, 0)] if isinstance(data, dict | list) else [], 0
    while waiting:
        item, depth = waiting.pop()
        inner = item.values() if isinstance(item, dict) else item
        count += len(inner)
        if depth > MAX_ENCODED_DEPTH or count > MAX_ENCODED_ITEMS:
            raise ValueError("a value that is too large or too deep")
        waiting += [(part, depth + 1) for part in inner if isinstance(part, dict | list)]


def _decode(data: Any) -> Any:
    if data is None or isinstance(data, (bool, int, float, str)):
        return data
    if isinstance(data, list):
        return [_decode(v) for v in data]
    match data:
        case {"array": items, "dtype": dtype, "shape": shape}:
            return _decode_array(items, np.dtype(dtype), tuple(shape))
        case {"dict": pairs}:
            return {_decode(k): _decode(v) for k, v in pairs}
        case {"float": text}:
            return float(text)
        case {"int": text}:
            return int(text)
        case {"complex": [real, imag]}:
            return complex(_decode(real), _decode(imag))
        case {"opaque": type_name}:
            return Opaque(str(type_name))
        case {"model": config, "weights": weights}:
            return ModelData(config, [_decode(w) for w in weights])
    raise ValueError(f"not an encoded value: {str(data)[:80]}")


def _decode_array(items: list[Any], dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    if dtype.kind == "c":
        parts = np.array([float(v) for v in items])  # not 1j * inf, which has a real part of NaN
        return parts.view(np.complex128).astype(dtype).reshape(shape)
    if dtype.kind == "f":
        items = [float(v) for v in items]
    elif dtype.kind not in "biu":
        raise ValueError(f"not a numeric array: dtype {dtype}")
    return np.array(items, dtype=dtype).reshape(shape)
