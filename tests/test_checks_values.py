"""Plain data: what a value becomes, and its way through JSON."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlcourse.checks.compare import difference
from dlcourse.checks.values import MAX_ITEMS, NotPlain, Opaque, decode, encode, plain

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
arrays = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_, np.complex128]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
values = st.recursive(
    scalars | arrays,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def same(a, b):
    """Equality that tells types, dtypes, signs of NaN apart and nothing else."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and (a == b or a != a)


@given(values)
@example(np.array([complex(0, np.inf), complex(-np.inf, np.nan)]))
def test_json_loses_nothing(value):
    data = plain(value)
    text = json.dumps(encode(data), allow_nan=False)
    assert same(decode(json.loads(text)), data)


@pytest.mark.parametrize("value", [1.5, np.inf, -np.inf, np.nan])
def test_numpy_floats_are_floats(value):
    """NumPy's double is a subclass of float, with a repr of its own."""
    assert same(decode(encode(plain(np.float64(value)))), value)


def test_what_libraries_return_becomes_arrays():
    for value in (
        pd.Series([1.0, 2.0]),
        pd.DataFrame({"a": [1.0, 2.0]})["a"],
        np.array([1.0, 2.0]),
        np.ma.masked_array([1.0, 2.0]),
    ):
        assert difference(np.array([1.0, 2.0]), plain(value)) is None


@pytest.mark.slow
def test_keras_tensors_and_variables_become_arrays():
    import keras

    for value in (keras.ops.ones((2, 3)), keras.Variable(np.ones((2, 3)))):
        assert difference(np.ones((2, 3)), plain(value)) is None


def test_model_data_can_be_rebuilt_again():
    import keras

    inputs = keras.Input((3,))
    data = plain(keras.Model(inputs, keras.layers.Dense(2)(inputs)))
    first, second = data.rebuild(), data.rebuild()
    X = np.ones((1, 3), dtype="float32")
    np.testing.assert_array_equal(first(X), second(X))


def test_a_model_of_our_own_classes_is_judged_like_one_of_keras():
    import keras

    from dlcourse import models

    inputs = keras.Input((3,))
    layers = [keras.layers.Dense(4, "relu"), keras.layers.Dense(2)]
    sequential = models.Sequential([keras.Input((3,)), *layers])
    functional = models.Model(inputs, keras.layers.Dense(2)(inputs))
    X = np.random.default_rng(0).normal(size=(5, 3))
    for model in (sequential, functional):
        model.compile("adam", "mse")
        data = decode(json.loads(json.dumps(encode(plain(model)), allow_nan=False)))
        rebuilt = data.rebuild()
        np.testing.assert_allclose(rebuilt(X), model(X), rtol=1e-6)
        assert rebuilt.loss == "mse"


def test_generators_are_consumed_and_sets_sorted():
    assert plain(i * i for i in range(4)) == [0, 1, 4, 9]
    assert plain({3, 1, 2}) == [1, 2, 3]


def test_a_result_does_not_change_with_its_array():
    array = np.zeros(3)
    value = plain(array)
    array += 1
    assert value.tolist() == [0, 0, 0]


def test_other_objects_are_opaque():
    class EqualsEverything:
        def __eq__(self, other):
            return True

    assert plain(EqualsEverything()) == Opaque("EqualsEverything")
    assert plain(print).type_name == "builtin_function_or_method"
    assert difference(1.0, plain(EqualsEverything())) is not None


def test_endless_and_huge_values_are_refused():
    def endless():
        while True:
            yield 0

    with pytest.raises(NotPlain):
        plain(endless())
    with pytest.raises(NotPlain):
        plain(np.zeros(MAX_ITEMS + 1))
    nested: list = []
    nested.append(nested)
    with pytest.raises(NotPlain):
        plain(nested)


def test_decode_refuses_what_encode_never_writes():
    for data in ({"array": [1], "dtype": "O", "shape": [1]}, {"pickle": "x"}, {}):
        with pytest.raises(ValueError, match="not"):
            decode(data)
