"""Exercises of lab 04: backpropagation by hand, in matrices, and automatic."""

import math
from itertools import count

import numpy as np

from dlcourse.authoring import driver, exercise, free_text, question

BY_YOURSELF = "here you write the derivatives yourself, and let the lab compare them"


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# The network with two inputs, two hidden units and one output


@driver
def network_221(values):
    """The nine parameters as a dict."""
    return dict(zip("w11 w21 w12 w22 b1 b2 w1 w2 b3".split(), values, strict=True))


@driver
def numbers_at(found, keys):
    """The entries of a dict that have these keys, arrays of one number as a number."""
    if not isinstance(found, dict):
        return found
    chosen = {key: found[key] for key in keys if key in found}
    return {
        key: value.reshape(()) if isinstance(value, np.ndarray) and value.size == 1 else value
        for key, value in chosen.items()
    }


@driver
def unit_values(found):
    return numbers_at(found, ("z1", "z2", "h1", "h2", "z", "yhat"))


@driver
def output_gradients(found):
    return numbers_at(found, ("w1", "w2", "b3"))


@driver
def hidden_gradients(found):
    return numbers_at(found, ("w11", "w21", "w12", "w22", "b1", "b2"))


@exercise(points=2)
def forward(x, p):
    """Return what every unit of the 2-2-1 network computes, as a dict of numbers.

    x: one sample of shape (2,). p: a dict of numbers with the keys w11, w21, w12, w22, b1, b2,
    w1, w2, b3; w21 leads from input 2 to hidden unit 1. Hidden units and output are sigmoids.
    Keys of the result: z1, z2 (pre-activations), h1, h2 (activations), z, yhat (output).
    Write the sums yourself, without a Keras model.
    For x=[1, 2], w11=3, w21=-1, b1=0.5 it has z1=1.5.
    """
    z1 = p["w11"] * x[0] + p["w21"] * x[1] + p["b1"]
    z2 = p["w12"] * x[0] + p["w22"] * x[1] + p["b2"]
    h1, h2 = sigmoid(z1), sigmoid(z2)
    z = p["w1"] * h1 + p["w2"] * h2 + p["b3"]
    return {"z1": z1, "z2": z2, "h1": h1, "h2": h2, "z": z, "yhat": sigmoid(z)}


forward.case(
    "forward(np.array([1.0, 2.0]), dict(w11=0.5, w21=-0.3, w12=0.8, w22=0.1, "
    "b1=0, b2=0, w1=1.2, w2=-0.7, b3=0))",
    view=unit_values,
)
forward.case(
    "forward(np.array([-1.0, 0.5]), dict(w11=0.5, w21=-0.3, w12=0.8, w22=0.1, "
    "b1=0.4, b2=-0.6, w1=1.2, w2=-0.7, b3=0.9))",
    view=unit_values,
)
forward.hidden_case(
    "forward(rng.normal(size=2), network_221(rng.normal(size=9)))", view=unit_values
)
forward.hidden_case(
    "forward(rng.normal(size=2), network_221(2 * rng.normal(size=9)))", view=unit_values
)
forward.hidden_case("forward(np.array([2, -1]), network_221(rng.normal(size=9)))", view=unit_values)
forward.hint("Write the two hidden sums first; w_ij leads from input i to hidden unit j.")
forward.hint("`z` is built from the activations `h1` and `h2`; only then comes the last sigmoid.")
forward.forbid(
    "keras.Sequential", "keras.Model", because="write the sums yourself; Keras computes them next"
)


@forward.variant
def in_matrices(x, p):
    W = np.array([[p["w11"], p["w12"]], [p["w21"], p["w22"]]])
    z_hidden = np.asarray(x) @ W + np.array([p["b1"], p["b2"]])
    h = 1 / (1 + np.exp(-z_hidden))
    z = h @ [p["w1"], p["w2"]] + p["b3"]
    return dict(z1=z_hidden[0], z2=z_hidden[1], h1=h[0], h2=h[1], z=z, yhat=1 / (1 + np.exp(-z)))


@forward.variant
def with_more_keys(x, p):
    cache = {"x1": float(x[0]), "x2": float(x[1])}
    for j in "12":
        cache["z" + j] = p["w1" + j] * cache["x1"] + p["w2" + j] * cache["x2"] + p["b" + j]
        cache["h" + j] = 0.5 * (1 + math.tanh(cache["z" + j] / 2))
    cache["z"] = sum(p["w" + j] * cache["h" + j] for j in "12") + p["b3"]
    cache["yhat"] = 0.5 * (1 + math.tanh(cache["z"] / 2))
    return cache


def _forward_with(x, p, **changed):
    """The forward pass with some of its values replaced by functions of p and the values so far."""
    v = {
        "z1": p["w11"] * x[0] + p["w21"] * x[1] + p["b1"],
        "z2": p["w12"] * x[0] + p["w22"] * x[1] + p["b2"],
    }
    steps = {
        "z1": lambda v: v["z1"],
        "z2": lambda v: v["z2"],
        "h1": lambda v: sigmoid(v["z1"]),
        "h2": lambda v: sigmoid(v["z2"]),
        "z": lambda v: p["w1"] * v["h1"] + p["w2"] * v["h2"] + p["b3"],
        "yhat": lambda v: sigmoid(v["z"]),
    }
    for key, step in {**steps, **changed}.items():
        v[key] = step(v)
    return v


@forward.misconception("The bias of the output is subtracted: z = w1 h1 + w2 h2 + b3.")
def minus_b3(x, p):
    return _forward_with(x, p, z=lambda v: p["w1"] * v["h1"] + p["w2"] * v["h2"] - p["b3"])


@forward.misconception("All biases are subtracted: every unit adds its bias.")
def minus_all_biases(x, p):
    return _forward_with(x, {k: -v if k[0] == "b" else v for k, v in p.items()})


@forward.misconception("The biases are not used.")
def no_biases(x, p):
    return _forward_with(x, {k: 0.0 if k[0] == "b" else v for k, v in p.items()})


@forward.misconception("w12 and w21 are exchanged: w12 leads from input 1 to hidden unit 2.")
def transposed(x, p):
    return _forward_with(x, {**p, "w12": p["w21"], "w21": p["w12"]})


@forward.misconception("`h1` and `h2` are still pre-activations: the hidden units are sigmoids.")
def linear_hidden(x, p):
    return _forward_with(x, p, h1=lambda v: v["z1"], h2=lambda v: v["z2"])


@forward.misconception(
    "The output adds up `z1` and `z2`: it receives what the hidden units send on, `h1` and `h2`."
)
def output_of_sums(x, p):
    return _forward_with(x, p, z=lambda v: p["w1"] * v["z1"] + p["w2"] * v["z2"] + p["b3"])


@forward.misconception("`yhat` is still the sum `z`: the last sigmoid is missing.")
def linear_output(x, p):
    return _forward_with(x, p, yhat=lambda v: v["z"])


@driver
def cache_of(x, p):
    """What every unit of the 2-2-1 network computes."""
    W = np.array([[p["w11"], p["w12"]], [p["w21"], p["w22"]]])
    z1, z2 = np.asarray(x) @ W + [p["b1"], p["b2"]]
    h1, h2 = (np.tanh(z / 2) / 2 + 0.5 for z in (z1, z2))
    z = p["w1"] * h1 + p["w2"] * h2 + p["b3"]
    return {"z1": z1, "z2": z2, "h1": h1, "h2": h2, "z": z, "yhat": np.tanh(z / 2) / 2 + 0.5}


@exercise(parts={"output": 1.5, "hidden": 2.5})
def backward(x, y, p, cache):
    """Return the derivative of the cross-entropy of one sample by each of the nine parameters.

    x, p: as in `forward`; y: the label, 0 or 1; cache: the dict that `forward(x, p)` returns,
    with z1, z2, h1, h2, z, yhat. The loss is -y log(yhat) - (1 - y) log(1 - yhat).
    The result is a dict of numbers with the keys of p: "w11" is the derivative by w11.
    Write the derivatives yourself, without TensorFlow's tape or numerical differences.
    For yhat=0.7, y=1 and h1=0.5 the derivative by w1 is -0.15.
    """
    delta = cache["yhat"] - y
    delta1 = delta * p["w1"] * cache["h1"] * (1 - cache["h1"])
    delta2 = delta * p["w2"] * cache["h2"] * (1 - cache["h2"])
    return {
        "w11": delta1 * x[0],
        "w21": delta1 * x[1],
        "w12": delta2 * x[0],
        "w22": delta2 * x[1],
        "b1": delta1,
        "b2": delta2,
        "w1": delta * cache["h1"],
        "w2": delta * cache["h2"],
        "b3": delta,
    }


_P = dict(w11=0.5, w21=-0.3, w12=0.8, w22=0.1, b1=0.4, b2=-0.6, w1=1.2, w2=-0.7, b3=0.9)
_X = (2.0, -1.0)
_CACHE = {key: float(value) for key, value in cache_of(_X, _P).items()}
for _y in (1, 0):
    for _part, _view in (("output", output_gradients), ("hidden", hidden_gradients)):
        backward.case(f"backward(np.array({_X}), {_y}, {_P}, {_CACHE})", part=_part, view=_view)


@driver
def backward_run(backward, x, y, p):
    """The gradient at the values of the forward pass."""
    return backward(x, y, p, cache_of(x, p))


for _part, _view in (("output", output_gradients), ("hidden", hidden_gradients)):
    for _y in (0, 1):
        backward.hidden_case(
            f"backward_run(backward, rng.normal(size=2), {_y}, network_221(rng.normal(size=9)))",
            part=_part,
            view=_view,
        )
    backward.hidden_case(
        "backward_run(backward, np.array([3, -2]), 0, network_221([1, 2, -1, 3, 1, -2, 2, -3, 1]))",
        part=_part,
        view=_view,
    )
    backward.hidden_case(
        "backward_run(backward, np.zeros(2), 1, network_221(rng.normal(size=9)))",
        part=_part,
        view=_view,
    )
backward.hint("Start at the output: the error term of z is delta = yhat - y. w1 multiplies h1.")
backward.hint("Hidden unit 1 gets delta1 = delta * w1 * h1 * (1 - h1): the weight, then the slope.")
backward.hint("Every weight's gradient is the error term at its end times the value at its start.")
backward.uses(forward)
backward.forbid("numerical_gradient", "tensorflow", because=BY_YOURSELF)


@backward.variant
def in_vectors(x, y, p, cache):
    h, w = np.array([cache["h1"], cache["h2"]]), np.array([p["w1"], p["w2"]])
    delta = cache["yhat"] - y
    delta_hidden = delta * w * h * (1 - h)
    (w11, w12), (w21, w22) = np.outer(x, delta_hidden)
    b1, b2 = delta_hidden
    w1, w2 = delta * h
    return dict(w11=w11, w21=w21, w12=w12, w22=w22, b1=b1, b2=b2, w1=w1, w2=w2, b3=delta)


@backward.variant
def factor_by_factor(x, y, p, cache):
    a = cache["yhat"]
    dJ_da = -y / a + (1 - y) / (1 - a)
    dJ_dz = dJ_da * a * (1 - a)
    gradient = {"b3": dJ_dz}
    for j in "12":
        gradient["w" + j] = dJ_dz * cache["h" + j]
        slope = sigmoid(cache["z" + j]) * (1 - sigmoid(cache["z" + j]))
        gradient["b" + j] = dJ_dz * p["w" + j] * slope
        for i in (1, 2):
            gradient[f"w{i}{j}"] = gradient["b" + j] * x[i - 1]
    return gradient


def _backward_with(x, y, p, cache, delta=None, slopes=None):
    """The backward pass with another error term of the output or other slopes."""
    delta = cache["yhat"] - y if delta is None else delta
    if slopes is None:
        slopes = [cache[h] * (1 - cache[h]) for h in ("h1", "h2")]
    gradient = {"w1": delta * cache["h1"], "w2": delta * cache["h2"], "b3": delta}
    for j, slope in zip("12", slopes, strict=True):
        gradient["b" + j] = delta * p["w" + j] * slope
        gradient["w1" + j], gradient["w2" + j] = gradient["b" + j] * x[0], gradient["b" + j] * x[1]
    return gradient


@backward.misconception(
    "All signs are wrong: delta = yhat - y is the slope of the loss; y - yhat that of the "
    "log-likelihood."
)
def y_minus_yhat(x, y, p, cache):
    return _backward_with(x, y, p, cache, delta=y - cache["yhat"])


@backward.misconception(
    "This is the gradient of the squared error: for the cross-entropy the slope of the last "
    "sigmoid cancels, and delta = yhat - y."
)
def squared_error(x, y, p, cache):
    a = cache["yhat"]
    return _backward_with(x, y, p, cache, delta=(a - y) * a * (1 - a))


@backward.misconception(
    "The slope of the hidden sigmoid is missing: multiply by h (1 - h).", costs="hidden"
)
def no_hidden_slope(x, y, p, cache):
    return _backward_with(x, y, p, cache, slopes=(1, 1))


@backward.misconception(
    "The slope of the sigmoid is h (1 - h) with the activation h, not z (1 - z).", costs="hidden"
)
def slope_from_z(x, y, p, cache):
    return _backward_with(x, y, p, cache, slopes=[cache[z] * (1 - cache[z]) for z in ("z1", "z2")])


@backward.misconception(
    "The slope of the hidden sigmoid is h (1 - h): h is its value already, not the sum to put in.",
    costs="hidden",
)
def slope_at_h(x, y, p, cache):
    again = [sigmoid(cache[h]) for h in ("h1", "h2")]
    return _backward_with(x, y, p, cache, slopes=[h * (1 - h) for h in again])


@backward.misconception(
    "The slope of the hidden sigmoid is h (1 - h): the factor 1 - h is missing.", costs="hidden"
)
def half_a_slope(x, y, p, cache):
    return _backward_with(x, y, p, cache, slopes=[cache["h1"], cache["h2"]])


@backward.misconception(
    "For y = 0 nothing comes back: the loss has a second term, -(1 - y) log(1 - yhat)."
)
def first_term_only(x, y, p, cache):
    return _backward_with(x, y, p, cache, delta=-y * (1 - cache["yhat"]))


@backward.misconception(
    "The way to the hidden units leads over w1 and w2: multiply delta by them.", costs="hidden"
)
def no_output_weight(x, y, p, cache):
    return _backward_with(x, y, {**p, "w1": 1, "w2": 1}, cache)


@backward.misconception(
    "The hidden gradients use weights that were already updated: all nine belong to the same p.",
    costs="hidden",
)
def weights_updated_first(x, y, p, cache):
    output = _backward_with(x, y, p, cache)
    return _backward_with(x, y, {k: p[k] - 0.1 * output[k] for k in p}, cache)


@backward.misconception(
    "The hidden gradients use weights that were already updated: all nine belong to the same p.",
    costs="hidden",
)
def weights_updated_by_whole_gradient(x, y, p, cache):
    output = _backward_with(x, y, p, cache)
    return _backward_with(x, y, {k: p[k] - output[k] for k in p}, cache)


@backward.misconception(
    "w12 and w21 are exchanged: w12 leads from input 1 to hidden unit 2.", costs="hidden"
)
def inputs_exchanged(x, y, p, cache):
    gradient = _backward_with(x, y, p, cache)
    return {**gradient, "w12": gradient["w21"], "w21": gradient["w12"]}


@backward.misconception(
    "The inputs are missing: w11 multiplies x[0], so its derivative has the factor x[0].",
    costs="hidden",
)
def no_inputs(x, y, p, cache):
    return _backward_with(np.ones(2), y, p, cache)


@backward.misconception(
    "w1 and w2 multiply the activations h1 and h2, not the sums z1 and z2.", costs="output"
)
def output_times_z(x, y, p, cache):
    gradient = _backward_with(x, y, p, cache)
    return {**gradient, "w1": gradient["b3"] * cache["z1"], "w2": gradient["b3"] * cache["z2"]}


@backward.misconception("A bias is a weight of the input 1: its gradient is the error term.")
def zero_for_biases(x, y, p, cache):
    return {**_backward_with(x, y, p, cache), "b1": 0.0, "b2": 0.0, "b3": 0.0}


# Gradient checking


@exercise(points=2)
def numerical_gradient(f, theta, eps=1e-5):
    """Return the gradient of `f` at `theta` by central differences.

    f: function from `theta` to a number. theta: a float, or an array of floats of any shape.
    Each entry of the result is (f(theta + e) - f(theta - e)) / (2 eps), where e is `eps` at that
    entry and 0 elsewhere. The result has the shape of theta, which keeps its values.
    Write the differences yourself, without np.gradient, SciPy or TensorFlow.
    For the sum of squares, theta=[1, 3] gives [2, 6] up to rounding.
    """
    theta = np.array(theta, dtype=float)
    gradient = np.zeros_like(theta)
    for i in np.ndindex(theta.shape):
        up, down = theta.copy(), theta.copy()
        up[i] += eps
        down[i] -= eps
        gradient[i] = (f(up) - f(down)) / (2 * eps)
    return gradient


for _call in (
    "numerical_gradient(lambda w: w**2, 3.0)",
    "numerical_gradient(lambda w: w**3, 2.0, eps=0.1)",
    "numerical_gradient(lambda W: np.sum(W**3) * W[0, 1], np.array([[1.0, 2, 3], [4, 5, 6]]), 0.1)",
    "numerical_gradient(lambda w: w[0] * np.exp(w[1]), np.array([2.0, 0.5]))",
):
    numerical_gradient.case(_call, rtol=2e-6)
for _call in (
    "numerical_gradient(np.sin, rng.normal(), eps=0.2)",
    "numerical_gradient(np.exp, 0.3)",
    "numerical_gradient(lambda w: np.prod(np.cos(w)), rng.normal(size=6), eps=0.05)",
    "numerical_gradient(lambda W: np.sum(np.sin(W @ W.T)), rng.normal(size=(4, 3)))",
    "numerical_gradient(lambda W: np.sum(np.sin(W)) ** 2, rng.normal(size=(2, 3, 2)), eps=1e-2)",
    "numerical_gradient(lambda w: w[0] ** 2, np.array([1.5]))",
):
    numerical_gradient.hidden_case(_call, rtol=1e-5)
numerical_gradient.hint("One entry at a time: move it up, call f, move it down, call f.")
numerical_gradient.hint("`np.ndindex(theta.shape)` gives the index of every entry, in any shape.")
numerical_gradient.hint(
    "Move a copy, `np.array(theta, dtype=float)`; it turns a number into an array of shape ()."
)
numerical_gradient.forbid(
    "np.gradient",
    "scipy.optimize",
    "scipy.differentiate",
    "tensorflow",
    because="write the differences yourself",
)


@numerical_gradient.variant
def moves_and_restores(f, theta, eps=1e-5):
    if np.ndim(theta) == 0:
        return (f(theta + eps) - f(theta - eps)) / (2 * eps)
    gradient = np.empty(theta.shape)
    for i in np.ndindex(*theta.shape):
        kept = theta[i]
        theta[i] = kept + eps
        up = f(theta)
        theta[i] = kept - eps
        down = f(theta)
        theta[i] = kept
        gradient[i] = (up - down) / (2 * eps)
    return gradient


@numerical_gradient.variant
def with_unit_vectors(f, theta, eps=1e-5):
    theta = np.asarray(theta)
    entries = []
    for unit in np.eye(theta.size):
        step = eps * unit.reshape(theta.shape)
        entries.append((f(theta + step) - f(theta - step)) / (2 * eps))
    return np.array(entries).reshape(theta.shape)


def _differences(f, theta, move):
    """`move(f, theta, i)` for every index."""
    theta = np.array(theta, dtype=float)
    gradient = np.zeros_like(theta)
    for i in np.ndindex(theta.shape):
        gradient[i] = move(f, theta, i)
    return gradient


def _moved(theta, i, step):
    theta = theta.copy()
    theta[i] += step
    return theta


@numerical_gradient.misconception(
    "This difference is one-sided: its error shrinks with eps only, that of the central one with "
    "eps squared. Use f(theta + e) and f(theta - e)."
)
def one_sided(f, theta, eps=1e-5):
    return _differences(f, theta, lambda f, t, i: (f(_moved(t, i, eps)) - f(t)) / eps)


@numerical_gradient.misconception(
    "This difference is one-sided, toward theta - e: its error shrinks with eps only, that of the "
    "central one with eps squared. Use f(theta + e) and f(theta - e)."
)
def one_sided_below(f, theta, eps=1e-5):
    return _differences(f, theta, lambda f, t, i: (f(t) - f(_moved(t, i, -eps))) / eps)


@numerical_gradient.misconception("The two points are 2 eps apart: divide by 2 eps.")
def divided_by_eps(f, theta, eps=1e-5):
    return 2 * numerical_gradient.reference(f, theta, eps)


@numerical_gradient.misconception("The sign is wrong: subtract f(theta - e) from f(theta + e).")
def downward(f, theta, eps=1e-5):
    return -numerical_gradient.reference(f, theta, eps)


@numerical_gradient.misconception(
    "All entries are moved at once: a partial derivative moves one and keeps the others."
)
def all_at_once(f, theta, eps=1e-5):
    return (f(theta + eps) - f(theta - eps)) / (2 * eps)


@numerical_gradient.misconception(
    "An entry is not put back after its turn: the next entries see a changed theta, and so does "
    "the caller."
)
def not_restored(f, theta, eps=1e-5):
    theta = np.asarray(theta, dtype=float)
    gradient = np.zeros_like(theta)
    for i in np.ndindex(theta.shape):
        theta[i] += eps
        up = f(theta)
        theta[i] -= 2 * eps
        gradient[i] = (up - f(theta)) / (2 * eps)
    return gradient


@numerical_gradient.misconception(
    "Whole rows are moved at once: with `np.ndindex(theta.shape)` an index means one entry."
)
def row_by_row(f, theta, eps=1e-5):
    theta = np.asarray(theta, dtype=float)
    gradient = np.zeros_like(theta)
    for i in range(len(theta)) if theta.ndim else [()]:
        gradient[i] = (f(_moved(theta, i, eps)) - f(_moved(theta, i, -eps))) / (2 * eps)
    return gradient


@numerical_gradient.misconception("The argument `eps` is not used: 1e-5 is only its default.")
def fixed_eps(f, theta, eps=1e-5):
    return numerical_gradient.reference(f, theta, 1e-5)


@exercise(points=1)
def relative_error(a, b):
    """Return the difference of `a` and `b` relative to the larger magnitude, as one number.

    a, b: two numbers, or two arrays of one shape. For numbers: |a - b| / max(|a|, |b|); for
    arrays: the largest |a - b| divided by the largest magnitude in a and b.
    If both are 0 it is 0. For a=3, b=4 it is 0.25.
    """
    largest = max(np.max(np.abs(a)), np.max(np.abs(b)))
    return float(np.max(np.abs(np.subtract(a, b))) / largest) if largest else 0.0


# Of arrays that are multiples of each other, every sensible measure says the same.
for _call in (
    "relative_error(2.5, 2.5)",
    "relative_error(3.0, 4.0)",
    "relative_error(-4.0, -3.0)",
    "relative_error(2e-3, -1e-3)",
    "relative_error(0.0, 0.0)",
    "relative_error(np.array([[1.0, 0.0, -2.0]]), 0.9 * np.array([[1.0, 0.0, -2.0]]))",
):
    relative_error.case(_call, rtol=1e-3)
for _call in (
    "relative_error(-7.0, 3.0)",
    "relative_error(0.0, -0.2)",
    "relative_error(1e5, 1.001e5)",
    "relative_error(3e-4, 4e-4)",
    "relative_error(np.zeros(4), np.zeros(4))",
    "(lambda a: relative_error(a, 1.3 * a))(np.append(rng.normal(size=(5, 1)), 0))",
    "(lambda a: relative_error(-0.5 * a, a))(1e-3 * rng.normal(size=(3, 2)))",
    "(lambda a: relative_error(a, a.copy()))(rng.normal(size=(3, 2)))",
):
    relative_error.hidden_case(_call, rtol=1e-3)
relative_error.hint("The numerator is |a - b|; the denominator is the larger of |a| and |b|.")
relative_error.hint("Where both are 0 there is nothing to divide: return 0.")
relative_error.hint("For arrays, take np.max of both before you divide.")


@relative_error.variant
def entry_by_entry(a, b):
    difference, size = np.abs(np.subtract(a, b)), np.maximum(np.abs(a), np.abs(b))
    return np.max(np.where(size == 0, 0, difference / np.where(size == 0, 1, size)))


@relative_error.variant
def with_norms(a, b):
    a, b = np.ravel(a), np.ravel(b)
    return np.linalg.norm(a - b) / max(np.linalg.norm(a), np.linalg.norm(b), 1e-12)


@relative_error.misconception(
    "This error is absolute: 0.001 is small beside 1000 and large beside 0.002."
)
def absolute(a, b):
    return np.max(np.abs(np.subtract(a, b)))


@relative_error.misconception("Where both are 0 it divides by 0: the answer there is 0.")
def zero_by_zero(a, b):
    with np.errstate(all="ignore"):
        return np.max(np.abs(np.subtract(a, b))) / np.maximum(np.max(np.abs(a)), np.max(np.abs(b)))


@relative_error.misconception("It divides by the sum of the magnitudes: take the larger one.")
def by_the_sum(a, b):
    return np.max(np.abs(np.subtract(a, b))) / max(np.max(np.abs(a)) + np.max(np.abs(b)), 1e-300)


@relative_error.misconception("It divides by the magnitude of `b`: take the larger one.")
def by_the_second(a, b):
    return np.max(np.abs(np.subtract(a, b))) / max(np.max(np.abs(b)), 1e-300)


@relative_error.misconception("It divides by the magnitude of `a`: take the larger one.")
def by_the_first(a, b):
    return np.max(np.abs(np.subtract(a, b))) / max(np.max(np.abs(a)), 1e-300)


@relative_error.misconception("The sign of the difference is left: take its absolute value.")
def signed(a, b):
    return relative_error.reference(a, b) * np.sign(np.sum(np.subtract(a, b)))


@relative_error.misconception(
    "The larger magnitude is wanted: of -4 and -3 that is 4. Take absolute values first."
)
def by_the_larger_number(a, b):
    larger = max(np.max(a), np.max(b))
    return np.max(np.abs(np.subtract(a, b))) / larger if larger else 0.0


convex = question(
    "convex",
    "Is the loss of a network with a hidden layer a convex function of its weights?",
    points=0.25,
)
convex.right(
    "No. Exchange two hidden units: other weights, the same loss. Between such twins the loss "
    "is usually higher."
)
convex.wrong(
    "Yes, because the cross-entropy is convex.",
    "In the pre-activation of the output it is; but that depends on products of weights.",
)
convex.wrong(
    "Yes, if the learning rate is small enough.",
    "The learning rate belongs to the descent; the shape of the loss does not depend on it.",
)
convex.wrong(
    "It is convex with few hidden units, and no longer with many.",
    "One hidden layer of two units is enough: two of the starts above end at different losses.",
)
convex.hint("Look at the starts in the last figure: did they all reach the same loss?")

which_algorithm = question(
    "which_algorithm",
    "Which algorithm gives the derivatives of the loss by all weights in one forward and one "
    "backward pass?",
    points=0.25,
)
which_algorithm.right("Backpropagation")
which_algorithm.wrong(
    "Gradient descent", "It uses the gradient to change the weights; it does not compute it."
)
which_algorithm.wrong(
    "Finite differences", "They need two forward passes for each weight, and none backward."
)
which_algorithm.wrong(
    "Maximum likelihood", "That is where the loss comes from, not how its gradient is computed."
)
which_algorithm.hint("It carries error terms from the last layer to the first.")


# Whole layers at once


@driver
def random_layers(sizes, seed):
    """Random weights and biases of a network with layers of these sizes."""
    from itertools import pairwise

    rng = np.random.default_rng(seed)
    return [(rng.normal(size=shape), rng.normal(size=shape[1])) for shape in pairwise(sizes)]


@driver
def is_list_of_pairs(gradients):
    return isinstance(gradients, list) and all(
        isinstance(pair, list) and len(pair) == 2 for pair in gradients
    )


@driver
def weight_gradients(gradients):
    return [pair[0] for pair in gradients] if is_list_of_pairs(gradients) else gradients


@driver
def bias_gradients(gradients):
    return [pair[1] for pair in gradients] if is_list_of_pairs(gradients) else gradients


@exercise(parts={"weights": 3, "biases": 2})
def backprop(X, Y, params):
    """Return the gradients of the mean cross-entropy as a list of (dW, db), first layer first.

    X: shape (n, d); Y: one-hot labels of shape (n, K); params: a list of one or more (W, b) with
    W of shape (n_in, n_out) and b of shape (n_out,). Hidden layers are sigmoid(A @ W + b), the
    last layer is softmax(A @ W + b). The loss is the mean over the n samples of
    -sum_k Y_k log(p_k). dW and db have the shapes of W and b. Write both passes yourself, without
    a Keras model, TensorFlow's tape or `numerical_gradient`.
    """
    activations = [X]
    for W, b in params[:-1]:
        activations.append(sigmoid(activations[-1] @ W + b))
    W, b = params[-1]
    delta = (softmax(activations[-1] @ W + b) - Y) / len(X)
    gradients = []
    for (W, _), A in zip(reversed(params), reversed(activations), strict=True):
        gradients.insert(0, (A.T @ delta, delta.sum(axis=0)))
        delta = delta @ W.T * A * (1 - A)
    return gradients


_VISIBLE = (
    "backprop(np.linspace(-1, 1, 12).reshape(4, 3), np.eye(3)[[0, 2, 1, 1]], random_layers([3, 3, 3], 1))",
    "backprop(np.linspace(-2, 1, 10).reshape(5, 2), np.eye(3)[[0, 2, 1, 1, 0]], "
    "random_layers([2, 4, 3], 2))",
)
_HIDDEN = (
    "backprop(rng.normal(size=(7, 3)), np.eye(4)[rng.integers(0, 4, 7)], random_layers([3, 5, 2, 4], rng))",
    "backprop(rng.normal(size=(1, 4)), np.eye(3)[[2]], random_layers([4, 2, 3], rng))",
    "backprop(rng.normal(size=(6, 3)), np.eye(3)[rng.integers(0, 3, 6)], random_layers([3, 3, 3, 3], rng))",
    "backprop(rng.normal(size=(5, 3)), np.eye(2)[rng.integers(0, 2, 5)], random_layers([3, 2], rng))",
    "backprop(rng.integers(-2, 3, size=(3, 2)), np.eye(2, dtype=int)[[0, 1, 1]], "
    "random_layers([2, 6, 2], rng))",
)
for _part, _view in (("weights", weight_gradients), ("biases", bias_gradients)):
    for _call in _VISIBLE:
        backprop.case(_call, part=_part, view=_view)
    for _call in _HIDDEN:
        backprop.hidden_case(_call, part=_part, view=_view)
backprop.hint("Forward first: keep the list of activations, X the first of them.")
backprop.hint("The error term of the last layer is (P - Y) / n, with P the softmax; shape (n, K).")
backprop.hint("dW is A.T @ delta with A the input of the layer; db adds delta up over the samples.")
backprop.hint("One layer further down: delta @ W.T, times A * (1 - A).")
backprop.forbid(
    "numerical_gradient",
    "tensorflow",
    "keras.Sequential",
    "keras.Model",
    "dlcourse.models",
    because=BY_YOURSELF,
)


@backprop.variant
def by_index(X, Y, params):
    A, n, L = [np.asarray(X, dtype=float)], X.shape[0], len(params)
    for k in range(L):
        Z = np.dot(A[k], params[k][0]) + params[k][1]
        if k < L - 1:
            A.append(1 / (1 + np.exp(-Z)))
        else:
            E = np.exp(Z)
            A.append(E / np.sum(E, axis=1, keepdims=True))
    out = [None] * L
    delta = A[L] - Y
    for k in range(L - 1, -1, -1):
        out[k] = [np.dot(A[k].T, delta) / n, np.mean(delta, axis=0)]
        if k > 0:
            delta = np.dot(delta, params[k][0].T) * A[k] * (1 - A[k])
    return out


@backprop.variant
def sample_by_sample(X, Y, params):
    total = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
    for x, y in zip(X, Y, strict=True):
        a, seen = x, [x]
        for W, b in params[:-1]:
            a = sigmoid(W.T @ a + b)
            seen.append(a)
        delta = softmax(params[-1][0].T @ a + params[-1][1]) - y
        for k in reversed(range(len(params))):
            dW, db = total[k]
            total[k] = (dW + np.outer(seen[k], delta), db + delta)
            delta = (params[k][0] @ delta) * seen[k] * (1 - seen[k])
    return [(dW / len(X), db / len(X)) for dW, db in total]


@backprop.variant
def recursively(X, Y, params):
    def down(A, rest):
        (W, b), *others = rest
        if not others:
            delta = (softmax(A @ W + b) - Y) / X.shape[0]
            return [(A.T @ delta, np.ones(len(X)) @ delta)], delta @ W.T
        H = sigmoid(A @ W + b)
        gradients, upstream = down(H, others)
        delta = upstream * H * (1 - H)
        return [(A.T @ delta, np.ones(len(X)) @ delta), *gradients], delta @ W.T

    return down(X, params)[0]


def _backprop_with(X, Y, params, back=None, slope=None, first=None):
    """Backpropagation with another step back, slope, or first error term."""
    back = back or (lambda delta, W: delta @ W.T)
    slope = slope or (lambda A, Z: A * (1 - A))
    A, Z = [X], [X]
    for W, b in params:
        Z.append(A[-1] @ W + b)
        A.append(sigmoid(Z[-1]))
    P = softmax(Z[-1])
    delta = (P - Y) / len(X) if first is None else first(P)
    gradients = []
    for k in reversed(range(len(params))):
        gradients.insert(0, (A[k].T @ delta, delta.sum(axis=0)))
        delta = back(delta, params[k][0]) * slope(A[k], Z[k])
    return gradients


@backprop.misconception("The loss is a mean over the samples: divide by n, once.")
def not_averaged(X, Y, params):
    return _backprop_with(X, Y, params, first=lambda P: P - Y)


@backprop.misconception(
    "The division is by all entries of Y: the loss adds over the K classes and averages over the n "
    "samples, so divide by n."
)
def averaged_over_classes(X, Y, params):
    return _backprop_with(X, Y, params, first=lambda P: (P - Y) / Y.size)


@backprop.misconception(
    "dW is transposed: it has the shape of W, (n_in, n_out). Square matrices do not complain.",
    costs="weights",
)
def gradients_transposed(X, Y, params):
    return [(dW.T, db) for dW, db in backprop.reference(X, Y, params)]


@backprop.misconception(
    "The division by n happens in every layer: once, in the first error term, is enough."
)
def averaged_in_every_layer(X, Y, params):
    return _backprop_with(X, Y, params, slope=lambda A, Z: A * (1 - A) / len(X))


@backprop.misconception("All signs are wrong: the error term of the loss is P - Y.")
def wrong_sign(X, Y, params):
    return [(-dW, -db) for dW, db in backprop.reference(X, Y, params)]


@backprop.misconception(
    "On the way back W has to be transposed: it maps n_out errors to n_in. Square matrices do not "
    "complain."
)
def not_transposed(X, Y, params):
    return _backprop_with(X, Y, params, back=lambda delta, W: delta @ W)


@backprop.misconception("The slope of the hidden sigmoids, A * (1 - A), is missing.")
def no_slope(X, Y, params):
    return _backprop_with(X, Y, params, slope=lambda A, Z: 1)


@backprop.misconception("The slope of the sigmoid is A * (1 - A), with activations, not with Z.")
def slope_of_sums(X, Y, params):
    return _backprop_with(X, Y, params, slope=lambda A, Z: Z * (1 - Z))


@backprop.misconception(
    "The error term of the last layer has a factor too many: with softmax and cross-entropy "
    "together it is P - Y."
)
def slope_at_the_output(X, Y, params):
    return _backprop_with(X, Y, params, first=lambda P: (P - Y) * P * (1 - P) / len(X))


@backprop.misconception("The list is in the order of the way back: the first layer comes first.")
def last_layer_first(X, Y, params):
    return backprop.reference(X, Y, params)[::-1]


@backprop.misconception(
    "The biases get no gradient: a bias is a weight of the input 1, so add up the error terms.",
    costs="biases",
)
def zero_biases(X, Y, params):
    return [(dW, 0 * db) for dW, db in backprop.reference(X, Y, params)]


@backprop.misconception(
    "The bias gradients are sums over the samples: average them, too.", costs="biases"
)
def biases_not_averaged(X, Y, params):
    return [(dW, len(X) * db) for dW, db in backprop.reference(X, Y, params)]


@backprop.misconception(
    "The bias gradients are divided by n twice: np.sum, not np.mean, if the error terms are "
    "divided already.",
    costs="biases",
)
def biases_averaged_twice(X, Y, params):
    return [(dW, db / len(X)) for dW, db in backprop.reference(X, Y, params)]


@backprop.misconception(
    "db has shape (1, n_out): give it the shape of b, (n_out,), without `keepdims`.",
    costs="biases",
)
def bias_rows(X, Y, params):
    return [(dW, db[None, :]) for dW, db in backprop.reference(X, Y, params)]


# The notes print a sign error


@driver
def loss_falls(ea_update):
    """Does the loss of a sigmoid layer fall in every one of five updates?"""
    W, a_prev, y = np.array([[0.2, -0.4, 0.1], [0.3, 0.5, -0.2]]), np.array([1.0, 2, -1]), [1, 0]
    losses = []
    for _ in range(6):
        a = 1 / (1 + np.exp(-W @ a_prev))
        losses.append(-np.log(a[0]) - np.log(1 - a[1]))
        W = np.asarray(ea_update(W, a_prev, a, np.array(y), 0.1), dtype=float)
    return bool(np.all(np.diff(losses) < 0))


@exercise(points=2)
def ea_update(W, a_prev, a, y, lr):
    """Return the weights after one step of gradient descent on the cross-entropy.

    One sample, one layer of sigmoid units, in the orientation of the notes. W: (n_out, n_in);
    a_prev: the layer's input, (n_in,); a: its output sigmoid(W a_prev), (n_out,); y: its labels,
    0 or 1, (n_out,); lr: the learning rate. The notes print delta = y - a and
    W - lr * delta a_prev^T, with which the loss rises. Return a new array; W keeps its values.
    """
    return W - lr * np.outer(a - y, a_prev)


ea_update.case("loss_falls(ea_update)")
ea_update.case(
    "ea_update(np.array([[0.2, -0.4, 0.1], [0.3, 0.5, -0.2]]), np.array([1.0, 2.0, -1.0]), "
    "np.array([0.3, 0.8]), np.array([1, 0]), 0.5)"
)
ea_update.case(
    "ea_update(np.array([[0.2, -0.4], [0.3, 0.5]]), np.array([1.0, 2.0]), "
    "np.array([0.3, 0.8]), np.array([1, 1]), 0.1)"
)
ea_update.hidden_case(
    "ea_update(rng.normal(size=(3, 5)), rng.normal(size=5), rng.uniform(size=3), "
    "np.array([0, 1, 1]), 0.3)"
)
ea_update.hidden_case(
    "ea_update(rng.normal(size=(1, 4)), rng.normal(size=4), rng.uniform(size=1), np.array([1]), 2)"
)
ea_update.hidden_case(
    "ea_update(rng.normal(size=(4, 4)), rng.normal(size=4), rng.uniform(size=4), "
    "np.array([0, 1, 0, 1]), 0.05)"
)
ea_update.hidden_case("loss_falls(ea_update)")
ea_update.hint("Which function has the derivative y - a by z: the loss, or minus the loss?")
ea_update.hint("Either change delta and keep the minus, or keep delta and change the minus.")


@ea_update.variant
def ascent_on_the_likelihood(W, a_prev, a, y, lr):
    delta = y - a
    return W + lr * delta[:, None] @ a_prev[None, :]


@ea_update.variant
def entry_after_entry(W, a_prev, a, y, lr):
    new = W.copy()
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            new[i, j] -= lr * (a[i] - y[i]) * a_prev[j]
    return new


@ea_update.misconception(
    "The loss still rises: y - a is the gradient of the log-likelihood, so with it go uphill, "
    "with plus."
)
def as_printed(W, a_prev, a, y, lr):
    return W - lr * np.outer(y - a, a_prev)


@ea_update.misconception(
    "The slope of the sigmoid is not needed here: with the cross-entropy it cancels."
)
def with_slope(W, a_prev, a, y, lr):
    return W - lr * np.outer((a - y) * a * (1 - a), a_prev)


@ea_update.misconception(
    "The outer product is transposed: W has a row for each output, delta a_prev^T."
)
def outer_exchanged(W, a_prev, a, y, lr):
    return W - lr * np.outer(a_prev, a - y)


@ea_update.misconception("This is the gradient alone: return the new weights.")
def gradient_only(W, a_prev, a, y, lr):
    return np.outer(a - y, a_prev)


@ea_update.misconception("The learning rate is not used.")
def no_rate(W, a_prev, a, y, lr):
    return W - np.outer(a - y, a_prev)


@ea_update.misconception("The array that came in is changed (`W -= ...`): return a new one.")
def in_place(W, a_prev, a, y, lr):
    W -= lr * np.outer(a - y, a_prev)
    return W


# Automatic differentiation


@driver
def value_run(Value, f, *inputs):
    """The value of f and its derivatives by the inputs."""
    values = [Value(v) for v in inputs]
    y = f(*values)
    y.backward()
    return {"value": y.data, "gradients": [v.grad for v in values]}


@driver
def value_run_twice(Value, f, g, *inputs):
    """The derivatives of f, then, with the gradients of the inputs set to 0, those of g."""
    values = [Value(v) for v in inputs]
    gradients = []
    for function in (f, g):
        for v in values:
            v.grad = 0.0
        function(*values).backward()
        gradients.append([v.grad for v in values])
    return gradients


@driver
def value_run_again(Value, data):
    """The derivatives of one graph, and again after the gradients of all its Values are 0."""
    a = Value(data)
    s = a * a
    y = s * a
    gradients = []
    for _ in range(2):
        for v in (a, s, y):
            v.grad = 0.0
        y.backward()
        gradients.append([a.grad, s.grad, y.grad])
    return gradients


@exercise(parts={"operations": 3, "reuse": 2})
class Value:
    """A number that remembers how it was computed.

    Value(data) has the attributes `data`, a number, and `grad`, 0 at first. New Values are made by
    a + b and a * b (a and b Values, or one of them a number, on either side), by a ** k with a
    number k, and by a.tanh(). y.backward() adds to `grad` of every Value v that y was computed
    from the derivative of y by v; y itself gets 1. For a=Value(3.0), b=Value(2.0), y = a * b + b:
    y.data is 8; after y.backward(), a.grad is 2 and b.grad is 4.
    To be drawn, a Value needs `_prev`, a tuple of the Values that it was made from, and `_op`,
    the operation as text, "" for an input. Write it yourself, without TensorFlow.
    """

    def __init__(self, data, _prev=(), _op=""):
        self.data, self.grad = data, 0.0
        self._prev, self._op = _prev, _op
        self._pass_back = lambda: None

    def _make(self, data, op, *pairs):
        """Return a new Value; pairs: (Value that it is made from, derivative by it)."""
        result = Value(data, tuple(v for v, _ in pairs), op)

        def pass_back():
            for v, derivative in pairs:
                v.grad += derivative * result.grad

        result._pass_back = pass_back
        return result

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return self._make(self.data + other.data, "+", (self, 1), (other, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        pairs = (self, other.data), (other, self.data)
        return self._make(self.data * other.data, "*", *pairs)

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, k):
        return self._make(self.data**k, f"**{k}", (self, k * self.data ** (k - 1)))

    def tanh(self):
        t = np.tanh(self.data)
        return self._make(t, "tanh", (self, 1 - t**2))

    def backward(self):
        order, seen = [], set()

        def visit(v):  # what a value is made from comes before it
            if v not in seen:
                seen.add(v)
                for source in v._prev:
                    visit(source)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v._pass_back()


for _call in (
    "value_run(Value, lambda a, b: a * b, 3.0, -2.0)",
    "value_run(Value, lambda a, b, c: a * b + c, 3.0, 2.0, 5.0)",
    "value_run(Value, lambda a: a**3, 2.0)",
    "value_run(Value, lambda a: a.tanh(), 0.5)",
    "value_run(Value, lambda a, b, c: (a * b + c).tanh() ** 2, 0.5, -0.7, 0.9)",
    "value_run(Value, lambda a: (2 * a + 1) * 3, 4.0)",
    "value_run(Value, lambda a: 1.5 + a, 4.0)",
):
    Value.case(_call, part="operations")
for _call in (
    "value_run(Value, lambda a, b: a * b + b, 3.0, 2.0)",
    "value_run(Value, lambda a: a + a, 3.0)",
    "value_run(Value, lambda a: (lambda s: s * (s + a))(a * a), 3.0)",
    "value_run(Value, lambda a: (lambda s: (s + a) * s)(a * a), 3.0)",
    "value_run(Value, lambda a: (lambda s: s * a + s * s)(a * a), 3.0)",
    "value_run_twice(Value, lambda a, b: a * b + b, lambda a, b: b * b + a, 3.0, 2.0)",
):
    Value.case(_call, part="reuse")
for _call in (
    "value_run(Value, lambda a, b: a * b, *rng.normal(size=2).tolist())",
    "value_run(Value, lambda a, b, c, d: (a + b).tanh() * (c**2 + d), 0.3, -0.9, 1.7, 0.2)",
    "value_run(Value, lambda a, b: a, 0.4, 1.2)",
    "value_run(Value, lambda a, b, c: a * b + 1, 0.4, 1.2, 7.0)",
    "value_run(Value, lambda a: a ** -1, 4.0)",
    "value_run(Value, lambda a: a ** 0.5, 4.0)",
    "value_run(Value, lambda a: ((-2) * a + 0.5) * 3 + 1, -1.5)",
    "value_run(Value, lambda a: 0.25 + (a.tanh()) ** 3 * 2, 0.8)",
    "value_run(Value, lambda a, b: (a * b).tanh().tanh() ** 2, 2, -1)",
    "value_run(Value, lambda w, x, y: ((w * x).tanh() + y * -1) ** 2, 0.7, 1.1, -1)",
):
    Value.hidden_case(_call, part="operations")
for _call in (
    "value_run(Value, lambda a: a + a, rng.normal())",
    "value_run(Value, lambda a: a * a * a, 1.7)",
    "value_run(Value, lambda a, b: (lambda s: s * b + s * a)(a + b), *rng.normal(size=2).tolist())",
    "value_run(Value, lambda a, b: (lambda s: (lambda t: t * s + s)(s * b + a))(a * b), 1.3, -0.6)",
    "value_run(Value, lambda a, b: (lambda s: (lambda t: s + s * t)(a + b * s))(b * a), 1.3, -0.6)",
    "value_run(Value, lambda a: (lambda s: (lambda t: t * (t + s) + a)(s + s))(a * a), 0.8)",
    "value_run(Value, lambda a: (lambda s: (lambda t: a + (s + t) * t)(s * s))(a + a), 0.8)",
    "value_run_twice(Value, lambda a, b: (a + b) * a, lambda a, b: (a + b) * a, 1.4, -0.3)",
    "value_run_twice(Value, lambda a, b: a * b * b, lambda a, b: b + a * a, 1.4, -0.3)",
    "value_run_again(Value, 1.4)",
):
    Value.hidden_case(_call, part="reuse")
Value.hint(
    "Every operation makes a new Value that keeps what it was made from, and the derivative by "
    "each of these."
)
Value.hint("A Value that is used twice gets gradients from two sides: add them up with +=.")
Value.hint(
    "Before a Value passes its gradient on, all that was computed from it must have passed theirs. "
    "Sort: visit what a Value is made from first, then append it; go backward through that list."
)
Value.hint(
    "`2 * a` calls `a.__rmul__(2)`; inside a class, `__rmul__ = __mul__` gives both the same code."
)
Value.forbid("tensorflow", because=BY_YOURSELF)


@Value.variant
class WithClosures:
    def __init__(self, data, _prev=(), _op=""):
        self.data = float(data)
        self.grad = 0
        self._prev = _prev
        self._op = _op
        self._backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, type(self)) else type(self)(other)
        out = type(self)(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __radd__(self, other):
        return self + other

    def __mul__(self, other):
        other = other if isinstance(other, type(self)) else type(self)(other)
        out = type(self)(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __rmul__(self, other):
        return self * other

    def __pow__(self, k):
        out = type(self)(self.data**k, (self,), "**")

        def _backward():
            self.grad += k * self.data ** (k - 1) * out.grad

        out._backward = _backward
        return out

    def tanh(self):
        out = type(self)(math.tanh(self.data), (self,), "tanh")

        def _backward():
            self.grad += (1 - out.data**2) * out.grad

        out._backward = _backward
        return out

    def backward(self):
        order = []

        def build(v):
            if all(v is not w for w in order):
                for child in v._prev:
                    build(child)
                order.append(v)

        build(self)
        for v in order:
            v.grad = 0  # starts afresh in every call
        self.grad = 1
        for v in order[::-1]:
            v._backward()


@Value.variant
class InOrderOfBirth:
    births = count()

    def __init__(self, data, pairs=()):
        self.data, self.grad, self.pairs = data, 0.0, pairs
        self.birth = next(self.births)

    def wrap(self, other):
        return other if isinstance(other, type(self)) else type(self)(other)

    def __add__(self, other):
        other = self.wrap(other)
        return type(self)(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        other = self.wrap(other)
        return type(self)(self.data * other.data, [(self, other.data), (other, self.data)])

    __radd__ = __add__
    __rmul__ = __mul__

    def __pow__(self, k):
        return type(self)(self.data**k, [(self, k * self.data ** (k - 1))])

    def tanh(self):
        return type(self)(np.tanh(self.data), [(self, 1 - np.tanh(self.data) ** 2)])

    def backward(self):
        waiting = {self.birth: self}
        self.grad = 1.0
        while waiting:
            youngest = waiting.pop(max(waiting))
            for source, slope in youngest.pairs:
                source.grad += slope * youngest.grad
                waiting[source.birth] = source


@Value.variant
class AlongAllPaths:
    def __init__(self, data, pairs=()):
        self.data, self.grad, self.pairs = data, 0.0, pairs

    def __add__(self, other):
        if not isinstance(other, type(self)):
            return type(self)(self.data + other, [(self, 1)])
        return type(self)(self.data + other.data, [(self, 1), (other, 1)])

    def __mul__(self, other):
        if not isinstance(other, type(self)):
            return type(self)(self.data * other, [(self, other)])
        return type(self)(self.data * other.data, [(self, other.data), (other, self.data)])

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, k):
        return type(self)(self.data**k, [(self, k * self.data ** (k - 1))])

    def tanh(self):
        t = math.tanh(self.data)
        return type(self)(t, [(self, 1 - t * t)])

    def backward(self, upstream=1.0):
        self.grad += upstream
        for source, slope in self.pairs:
            source.backward(upstream * slope)


class _Base:
    """A right Value to derive wrong ones from; every operation gives pairs (source, derivative)."""

    def __init__(self, data, pairs=()):
        self.data, self.grad, self.pairs = data, 0.0, pairs

    def make(self, data, *pairs):
        return type(self)(data, pairs)

    def wrap(self, other):
        return other if isinstance(other, _Base) else type(self)(other)

    def __add__(self, other):
        other = self.wrap(other)
        return self.make(self.data + other.data, (self, 1), (other, 1))

    def __radd__(self, other):
        return self + other

    def __mul__(self, other):
        other = self.wrap(other)
        return self.make(self.data * other.data, (self, other.data), (other, self.data))

    def __rmul__(self, other):
        return self * other

    def __pow__(self, k):
        return self.make(self.data**k, (self, k * self.data ** (k - 1)))

    def tanh(self):
        t = math.tanh(self.data)
        return self.make(t, (self, 1 - t * t))

    def order(self):
        found = []

        def visit(v):
            if v not in found:
                for source, _ in v.pairs:
                    visit(source)
                found.append(v)

        visit(self)
        return found[::-1]

    def add_to(self, source, amount):
        source.grad += amount

    def backward(self):
        self.grad = 1.0
        for v in self.order():
            for source, slope in v.pairs:
                v.add_to(source, slope * v.grad)


@Value.misconception(
    "A Value that is used twice keeps only one of its gradients: add them up with +=, not =.",
    costs="reuse",
)
class Overwrites(_Base):
    def add_to(self, source, amount):
        source.grad = amount


@Value.misconception(
    "Some Values pass their gradient on before it is complete: sort the graph, so that everything "
    "computed from a Value comes before it.",
    costs="reuse",
)
class BreadthFirst(_Base):
    def order(self):
        found = [self]
        for v in found:
            found += [source for source, _ in v.pairs if source not in found]
        return found


@Value.misconception(
    "Some Values pass their gradient on before it is complete: sort the graph. A Value may be "
    "appended only after everything that it was made from; then go through the list backward.",
    costs="reuse",
)
class DepthFirst(_Base):
    def order(self):
        found = []

        def visit(v):
            if v not in found:
                found.append(v)
                for source, _ in v.pairs:
                    visit(source)

        visit(self)
        return found


@Value.misconception(
    "A Value that is reached twice passes its whole gradient on twice: visit each Value once, in "
    "sorted order.",
    costs="reuse",
)
class PassesTwice(_Base):
    def backward(self):
        self.grad = 1.0
        self.pass_back()

    def pass_back(self):
        for source, slope in self.pairs:
            source.grad += slope * self.grad
            source.pass_back()


@Value.misconception(
    "The factors of a product exchange their values: the derivative of a * b by a is b."
)
class ProductExchanged(_Base):
    def __mul__(self, other):
        other = self.wrap(other)
        return self.make(self.data * other.data, (self, self.data), (other, other.data))


@Value.misconception(
    "The derivative of a ** k is k * a ** (k - 1): the factor k is missing.", costs="operations"
)
class PowerWithoutFactor(_Base):
    def __pow__(self, k):
        return self.make(self.data**k, (self, self.data ** (k - 1)))


@Value.misconception(
    "The derivative of a ** k is k * a ** (k - 1): the exponent goes down by one.",
    costs="operations",
)
class PowerNotLowered(_Base):
    def __pow__(self, k):
        return self.make(self.data**k, (self, k * self.data**k))


@Value.misconception(
    "The derivative of a ** k is k * a ** (k - 1): k * a is right for squares only.",
    costs="operations",
)
class PowerOfSquares(_Base):
    def __pow__(self, k):
        return self.make(self.data**k, (self, k * self.data))


@Value.misconception(
    "The slope of tanh is 1 - tanh(z) ** 2: square the result, not z.", costs="operations"
)
class TanhOfInput(_Base):
    def tanh(self):
        return self.make(math.tanh(self.data), (self, 1 - self.data**2))


@Value.misconception(
    "The gradient stays 0: `backward` starts by setting the gradient of the result itself to 1."
)
class NoSeed(_Base):
    def backward(self):
        super().backward()
        for v in self.order():
            v.grad = 0.0


@Value.misconception(
    "The chain is cut: the derivative of each operation must be multiplied by the gradient that "
    "comes back to it."
)
class LocalOnly(_Base):
    def backward(self):
        self.grad = 1.0
        for v in self.order():
            for source, slope in v.pairs:
                source.grad += slope


@Value.misconception(
    "A number on the left fails: `2 * a` and `1.5 + a` call `__rmul__` and `__radd__`.",
    costs="operations",
)
class NoLeftConstants(_Base):
    def __radd__(self, other):
        return NotImplemented

    def __rmul__(self, other):
        return NotImplemented


modes = question(
    "modes",
    "A function has $N$ inputs and $M$ outputs, and you want all derivatives. Which mode of "
    "automatic differentiation is cheaper for $N \\gg M$, as for the loss of a network?",
    points=0.5,
)
modes.right("Reverse mode: one backward pass per output gives the derivatives by all inputs.")
modes.wrong(
    "Forward mode: one pass per input gives the derivatives of all outputs.",
    "Right about the passes, but here that means $N$ of them, one per weight.",
)
modes.wrong(
    "Both cost the same, because they apply the same chain rule.",
    "The rule is the same, the order of the products is not, and the cost depends on it.",
)
modes.wrong(
    "Finite differences: they need no graph.",
    "They are no automatic differentiation, and take two passes per input.",
)
modes.hint("How many passes does each mode take for a loss of a thousand weights?")


@driver
def small_loss(x):
    """A scalar of an array, with every entry used more than once."""
    import keras

    return keras.ops.sum(keras.ops.tanh(x) * x) + keras.ops.sum(x) ** 2


@driver
def constant_loss(x):
    """A scalar that does not depend on x."""
    import keras

    return keras.ops.sum(keras.ops.ones((3,)))


@driver
def tape_run(tape_gradient, functions, x):
    """The gradients of several functions, one after the other."""
    return [tape_gradient(f, x) for f in functions]


@exercise(points=2)
def tape_gradient(f, x):
    """Return the gradient of `f` at `x`, computed by a `tf.GradientTape`.

    f: function from a tensor to a scalar tensor, written with operators and keras.ops.
    x: a float, or an array of floats of any shape. The result has the shape of x; where f does
    not depend on x it is 0. For f = x ** 2 and x=3.0 it is 6.
    """
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, x, unconnected_gradients="zero")


tape_gradient.case("tape_gradient(lambda x: x ** 2, 3.0)")
tape_gradient.case("tape_gradient(small_loss, np.array([[0.5, -1.0, 2.0], [1.5, 0.0, 0.3]]))")
tape_gradient.case("tape_gradient(constant_loss, np.array([1.0, 2.0]))")


@driver
def cross_entropy_of(X, Y, params, layer):
    """The mean cross-entropy of a network as a function of one layer's weights."""
    import keras
    from keras import ops

    def loss(W):
        A = X.astype("float32")
        for k, (own, b) in enumerate(params):
            weights = ops.cast(W, "float32") if k == layer else own.astype("float32")
            Z = ops.matmul(A, weights) + b.astype("float32")
            A = keras.activations.softmax(Z) if k == len(params) - 1 else ops.sigmoid(Z)
        return -ops.mean(ops.sum(Y.astype("float32") * ops.log(A), axis=1))

    return loss


@driver
def network_tape(tape_gradient, rng, layer):
    """The gradient by one weight matrix of a small network."""
    params = random_layers([4, 5, 3], rng)
    X, Y = rng.normal(size=(6, 4)), np.eye(3)[rng.integers(0, 3, size=6)]
    return tape_gradient(cross_entropy_of(X, Y, params, layer), params[layer][0])


tape_gradient.hidden_case("tape_gradient(small_loss, rng.normal(size=5))")
tape_gradient.hidden_case("tape_gradient(small_loss, rng.normal(size=(2, 3, 2)))")
tape_gradient.hidden_case("tape_gradient(constant_loss, rng.normal(size=(3, 2)))")
tape_gradient.hidden_case(
    "tape_run(tape_gradient, [small_loss, constant_loss, lambda x: x[0] * x[2], small_loss], "
    "rng.normal(size=3))"
)
tape_gradient.hidden_case("network_tape(tape_gradient, rng, 0)", rtol=1e-3)
tape_gradient.hidden_case("network_tape(tape_gradient, rng, 1)", rtol=1e-3)
tape_gradient.hidden_case("tape_gradient(lambda x: keras.ops.exp(x) * x, 0.5)")
tape_gradient.hint("Turn x into a tensor: `tf.convert_to_tensor(x)`. A tape knows only tensors.")
tape_gradient.hint("A tape records what happens inside its `with` block to what it watches.")
tape_gradient.hint('`tape.gradient(y, x, unconnected_gradients="zero")` gives 0 instead of None.')
tape_gradient.forbid("numerical_gradient", because="let the tape find the derivatives")


@tape_gradient.variant
def with_variable(f, x):
    import tensorflow as tf

    v = tf.Variable(x)
    with tf.GradientTape() as tape:
        y = f(v)
    gradient = tape.gradient(y, v)
    return np.zeros_like(x) if gradient is None else gradient.numpy()


@tape_gradient.variant
def in_single_precision(f, x):
    import keras
    import tensorflow as tf

    x = keras.ops.convert_to_tensor(x, dtype="float32")
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = f(x)
    found = tape.gradient(y, x)
    return keras.ops.zeros_like(x) if found is None else found


@tape_gradient.misconception(
    "`None`: the tape has recorded nothing. A tensor must be watched, `tape.watch(x)`, before f "
    "is called inside the block; only Variables are watched on their own."
)
def not_watched(f, x):
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        y = f(x)
    return tape.gradient(y, x)


@tape_gradient.misconception(
    "All zeros: the tape has not seen how f uses x. In the `with` block, first `tape.watch(x)`, "
    "then call f."
)
def outside_the_block(f, x):
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    y = f(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
    return tape.gradient(y, x, unconnected_gradients="zero")


@tape_gradient.misconception(
    "Where f does not depend on x the tape gives None: ask it for zeros, or put them there."
)
def none_if_unconnected(f, x):
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, x)


@tape_gradient.misconception(
    "A tape gives one gradient, then it is used up: ask once and keep the result, or make it with "
    "`persistent=True`."
)
def asked_twice(f, x):
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    if tape.gradient(y, x) is None:
        return tf.zeros_like(x)
    return tape.gradient(y, x)


@tape_gradient.misconception(
    "This is the value of f: ask the tape for the gradient, `tape.gradient(y, x)`."
)
def value_of_f(f, x):
    import tensorflow as tf

    return f(tf.convert_to_tensor(x))


backprop_steps = free_text(
    "backprop_steps",
    "List the steps of backpropagation for one batch and a network of $L$ layers, in order, up to "
    "and including the update. Give the formula of each step.",
    rubric=[
        "0.25 points: forward pass, keeping the pre-activations or activations of all layers.",
        "0.25 points: error term of the output, $\\delta = \\hat y - y$ for cross-entropy with "
        "sigmoid or softmax (or: derivative of the loss by the last pre-activation).",
        "0.25 points: error terms from the last layer to the first, with the transposed weights "
        "(without the bias column) **and** the slope of the activation.",
        "0.25 points: gradients as error term times the layer's input, averaged over the batch, "
        "**and** the update with minus.",
    ],
    points=1,
)
backprop_steps.hint("Four or five steps: what is computed on the way there, what on the way back?")
