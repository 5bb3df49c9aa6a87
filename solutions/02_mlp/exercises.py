"""Exercises of lab 02: layers, activation functions, and networks in NumPy and in Keras."""

import keras
import numpy as np
from keras import layers

from dlcourse.authoring import driver, exercise, free_text, question

_BY_HAND = "write it with NumPy; the next cell compares it with Keras"
_READY_MADE = ("keras.activations", "keras.layers", "keras.ops.nn", "scipy", "tensorflow.nn")

# -- one layer ---------------------------------------------------------------------------------


@exercise(points=2)
def dense(X, W, b, phi):
    """Return the activations of a dense layer, phi(X W + b).

    X: n samples, shape (n, d); W: weights, shape (d, out); b: biases, shape (out,);
    phi: the activation function, which works element by element on numbers and arrays.
    The result has shape (n, out). Write it with NumPy.
    For X=[[1, 2]], W=[[1, 0, -1], [2, 1, 0.5]], b=[0.5, 0, 1] and the identity it is [[5.5, 2, 1]].
    """
    return phi(X @ W + b)


dense.case(
    "dense(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.5]]), "
    "np.array([0.5, 0.0, 1.0]), lambda z: z)"
)
dense.case(
    "dense(np.array([[0.5, -1.0], [2.0, 0.3]]), np.array([[0.4, -0.7], [0.1, 0.9]]), "
    "np.array([0.2, -0.5]), np.tanh)"
)
dense.case(
    "dense(np.array([[0.5, -1.0], [2.0, 0.3], [0.0, 0.6]]), np.array([[0.4, -0.7, 0.2, 1.0], "
    "[0.1, 0.9, -0.3, 0.5]]), np.array([0.2, -0.5, 0.0, 1.5]), np.square)"
)
dense.hidden_case("dense(rng.normal(size=(1, 3)), rng.normal(size=(3, 2)), np.ones(2), np.tanh)")
dense.hidden_case(
    "dense(rng.normal(size=(6, 4)), rng.normal(size=(4, 3)), rng.normal(size=3), np.square)"
)
dense.hidden_case(
    "dense(rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=3), np.tanh)"
)
dense.hidden_case(
    "dense(rng.normal(size=(5, 1)), rng.normal(size=(1, 1)), rng.normal(size=1), lambda z: z)"
)
dense.hidden_case(
    "dense(rng.normal(size=(4, 2)).astype('float32'), rng.normal(size=(2, 5)).astype('float32'), "
    "rng.normal(size=5).astype('float32'), np.tanh)"
)
dense.hint("It is the neuron of lab 01 with one column of weights per unit.")
dense.hint("`X @ W` has shape (n, out): row i is sample i, column j is unit j.")
dense.hint("`b` has one entry per unit; adding it to an (n, out) array adds it to every row.")
dense.forbid("keras.layers", "tensorflow", because=_BY_HAND)


@dense.variant
def with_einsum(X, W, b, phi):
    return phi(np.einsum("nd,dk->nk", X, W) + np.reshape(b, (1, -1)))


@dense.variant
def unit_by_unit(X, W, b, phi):
    units = range(len(b))
    return [[phi(sum(x * w for x, w in zip(row, W[:, j], strict=True)) + b[j]) for j in units]
            for row in X]  # fmt: skip


@dense.variant
def with_keras_tensors(X, W, b, phi):
    return phi(keras.ops.matmul(X, W) + b)


@dense.misconception("The biases `b` are not used.")
def without_bias(X, W, b, phi):
    return phi(X @ W)


@dense.misconception("The bias is added after the activation: it belongs inside, phi(X W + b).")
def bias_outside(X, W, b, phi):
    return phi(X @ W) + b


@dense.misconception("This is the pre-activation: `phi` is not applied.")
def without_activation(X, W, b, phi):
    return X @ W + b


@dense.misconception(
    "`phi` is applied to the inputs: it belongs around the whole sum, phi(X W + b)."
)
def activation_of_the_inputs(X, W, b, phi):
    return phi(X) @ W + b


@dense.misconception(
    "The weights are transposed: here, as in Keras, W has shape (inputs, units), so that X @ W fits."
)
def transposed(X, W, b, phi):
    return phi(X @ W.T + b)


@dense.misconception("There is one bias per unit (column), not per sample (row).")
def bias_per_sample(X, W, b, phi):
    return phi(X @ W + b[:, None])


@dense.misconception("All units are added up: a layer has one output per unit.")
def summed_over_units(X, W, b, phi):
    return phi(np.sum(X @ W + b, axis=1))


# -- activation functions ----------------------------------------------------------------------


@exercise(points=0.75)
def sigmoid(z):
    """Return 1 / (1 + exp(-z)) for every element of `z`.

    z: array of any shape, of floats or integers; it stays as it is. The result has its shape.
    Write it with NumPy, and so that z = -1000 and z = 1000 cause no warning.
    For z=[-1, 0, 1] it is about [0.2689, 0.5, 0.7311].
    """
    return 0.5 * (1 + np.tanh(z / 2))


sigmoid.case("sigmoid(np.array([-1.0, 0.0, 1.0]))")
sigmoid.case("sigmoid(np.array([[0, 3], [-2, 1]]))")
sigmoid.case("sigmoid(np.array([-1000.0, 5.0]))", quiet=True, atol=1e-7)
sigmoid.case("sigmoid(np.array([1000.0, -5.0]))", quiet=True, atol=1e-7)
sigmoid.hidden_case("sigmoid(rng.normal(scale=3, size=(4, 5)))")
sigmoid.hidden_case("sigmoid(rng.normal(size=(2, 3, 4)))")
sigmoid.hidden_case("sigmoid(rng.integers(-6, 7, size=12))")
sigmoid.hidden_case("sigmoid(np.array([1000, -1000, 1, -30, 30, 0]))", quiet=True, atol=1e-7)
sigmoid.hidden_case("sigmoid(rng.normal(scale=2, size=7).astype('float32'))")
sigmoid.hint("The formula itself is one line; the trouble is `np.exp(1000)`, which overflows.")
sigmoid.hint("`np.where` computes both of its branches, so it does not avoid the overflow.")
sigmoid.hint(
    "Use the identity sigmoid(z) = (1 + tanh(z / 2)) / 2, or cut z to [-500, 500] with `np.clip`."
)
sigmoid.forbid(*_READY_MADE, "keras.ops.sigmoid", "dlcourse.plots", because=_BY_HAND)


@sigmoid.variant
def sigmoid_of_clipped(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


@sigmoid.variant
def sigmoid_by_sign(z):
    small = np.exp(-np.abs(z))  # at most 1
    return np.where(z >= 0, 1, small) / (1 + small)


@sigmoid.variant
def sigmoid_with_masks(z):
    out = np.zeros(z.shape)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    out[~positive] = np.exp(z[~positive]) / (1 + np.exp(z[~positive]))
    return out


@sigmoid.variant
def sigmoid_without_warning(z):
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-np.asarray(z, dtype=float)))


@sigmoid.misconception(
    "Right, but `np.exp(1000)` overflows and warns. Cut z with `np.clip` first, or use tanh: "
    "sigmoid(z) = (1 + tanh(z / 2)) / 2."
)
def overflow(z):
    return 1 / (1 + np.exp(-z))


@sigmoid.misconception(
    "`np.where` computes both branches for all elements and then chooses, so the branch that is "
    "not chosen still overflows."
)
def overflow_in_where(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))


@sigmoid.misconception(
    "For large z, exp(z) is infinite, and infinity by infinity is NaN: divide both by exp(z), then "
    "cut z with `np.clip`."
)
def infinity_by_infinity(z):
    return np.exp(z) / (1 + np.exp(z))


@sigmoid.misconception("The sign of z is wrong: the sigmoid rises, from 0 on the left to 1.")
def sigmoid_falling(z):
    return sigmoid.reference(-z)


@sigmoid.misconception("This is tanh, which goes from -1 to 1: the sigmoid goes from 0 to 1.")
def tanh_instead(z):
    return np.tanh(z)


@sigmoid.misconception("This is exp(z) / (1 + z): the exponential belongs in the denominator, too.")
def denominator_without_exp(z):
    z = np.clip(z, -500, 500)
    return np.exp(z) / (1 + z)


@sigmoid.misconception(
    "The result holds integers because `z` does: `np.zeros_like(z)` copies the type. Make an array "
    "of floats."
)
def sigmoid_in_integers(z):
    out = np.zeros_like(z)
    out[...] = sigmoid.reference(z)
    return out


@sigmoid.misconception("It works for one number only: `np.exp` takes whole arrays, `math.exp` not.")
def sigmoid_of_numbers(z):
    import math

    return 1 / (1 + math.exp(-z))


@exercise(points=0.75)
def relu(z):
    """Return z where it is positive and 0 elsewhere, for every element of `z`.

    z: array of any shape, of floats or integers; it stays as it is. The result has its shape.
    Write it with NumPy. For z=[-1, 0, 1] it is [0, 0, 1].
    """
    return np.maximum(z, 0)


relu.case("relu(np.array([-1.0, 0.0, 1.0]))")
relu.case("relu(np.array([[2, -3, 0], [-1, 5, 4]]))")
relu.case("relu(np.array([-1000.0, 1000.0, 2.5]))", quiet=True)
relu.hidden_case("relu(rng.normal(scale=3, size=(4, 5)))")
relu.hidden_case("relu(rng.normal(size=(2, 3, 4)))")
relu.hidden_case("relu(rng.integers(-6, 7, size=20))")
relu.hidden_case("relu(-np.abs(rng.normal(size=4)))")
relu.hidden_case("relu(np.array([-1000.0, 1000.0]))", quiet=True)
relu.hint("It is the larger of z and 0, element by element.")
relu.hint("`np.maximum` compares two arrays; `np.max` finds the largest element of one.")
relu.hint("`z[z < 0] = 0` would change the caller's array: return a new one.")
relu.forbid(*_READY_MADE, "keras.ops.relu", "dlcourse.plots", because=_BY_HAND)


@relu.variant
def relu_with_where(z):
    return np.where(z > 0, z, 0)


@relu.variant
def relu_times_mask(z):
    return z * (z > 0)


@relu.variant
def relu_on_a_copy(z):
    out = np.array(z)
    out[out < 0] = 0
    return out


@relu.variant
def relu_of_each(z):
    return np.vectorize(lambda v: max(v, 0.0))(z)


@relu.misconception("It changes `z` itself: the caller still needs it. Work on a copy.")
def relu_in_place(z):
    z[z < 0] = 0
    return z


@relu.misconception("This is the absolute value: negative inputs give 0.")
def absolute_value(z):
    return np.abs(z)


@relu.misconception("This is a step function: positive inputs stay what they are.")
def step(z):
    return np.where(z > 0, 1.0, 0.0)


@relu.misconception("It keeps the negative part: ReLU keeps the positive one.")
def negative_part(z):
    return np.minimum(z, 0)


@relu.misconception(
    "`np.max(z, 0)` finds the largest element along axis 0; `np.maximum(z, 0)` compares with 0."
)
def largest_element(z):
    return np.max(z, 0)


@relu.misconception(
    "Whole numbers come back where they should not: `np.vectorize` takes the type of its first "
    "result, here the integer 0. Use `np.maximum`."
)
def vectorized_integers(z):
    return np.vectorize(lambda v: max(v, 0))(z)


@relu.misconception("`max` and `if` decide once for the whole array: use `np.maximum`.")
def builtin_max(z):
    return max(z, 0)


@exercise(points=0.75)
def leaky_relu(z, alpha=0.1):
    """Return z where it is positive and alpha z elsewhere, for every element of `z`.

    z: array of any shape, of floats or integers; it stays as it is. The result has its shape.
    alpha: slope on the left, a number below 1. Write it with NumPy.
    For z=[-1, 0, 1] it is [-0.1, 0, 1].
    """
    return np.where(z > 0, z, alpha * z)


leaky_relu.case("leaky_relu(np.array([-1.0, 0.0, 1.0]))")
leaky_relu.case("leaky_relu(np.array([[2, -3], [-1, 5]]), alpha=0.3)")
leaky_relu.case("leaky_relu(np.array([-1000.0, 1000.0]))", quiet=True)
leaky_relu.hidden_case("leaky_relu(rng.normal(scale=3, size=(4, 5)), rng.uniform(0.2, 0.6))")
leaky_relu.hidden_case("leaky_relu(rng.normal(size=(2, 3, 4)))")
leaky_relu.hidden_case("leaky_relu(np.append(rng.integers(-6, 7, size=12), -5), 0.25)")
leaky_relu.hidden_case("leaky_relu(np.array([-2.0, 3.0]), alpha=0.0)")
leaky_relu.hidden_case("leaky_relu(np.array([-1000.0, 1000.0]), 0.01)", quiet=True)
leaky_relu.hint("On the right it is ReLU; on the left a line with a small slope.")
leaky_relu.hint("`np.where(condition, a, b)` takes `a` where the condition holds, else `b`.")
leaky_relu.forbid(*_READY_MADE, "keras.ops.leaky_relu", "dlcourse.plots", because=_BY_HAND)


@leaky_relu.variant
def larger_of_two_lines(z, alpha=0.1):
    return np.maximum(alpha * z, z)


@leaky_relu.variant
def sum_of_two_parts(z, alpha=0.1):
    return np.maximum(z, 0) + alpha * np.minimum(z, 0)


@leaky_relu.variant
def leaky_on_a_copy(z, alpha=0.1):
    out = z.astype(float)
    out[out < 0] *= alpha
    return out


@leaky_relu.misconception("`alpha` is on the wrong side: it is the slope for negative z.")
def leaky_on_the_right(z, alpha=0.1):
    return np.where(z > 0, alpha * z, z)


@leaky_relu.misconception("It changes `z` itself: the caller still needs it. Work on a copy.")
def leaky_in_place(z, alpha=0.1):
    z[z < 0] = alpha * z[z < 0]
    return z


@leaky_relu.misconception(
    "The result holds integers because `z` does, so that alpha z is cut: make an array of floats."
)
def leaky_in_integers(z, alpha=0.1):
    out = z.copy()
    out[z < 0] = alpha * z[z < 0]
    return out


@leaky_relu.misconception("The slope is fixed: use the argument `alpha`.")
def leaky_with_fixed_slope(z, alpha=0.1):
    return np.maximum(0.1 * z, z)


@leaky_relu.misconception(
    "Left of 0 it rises to the left: the line there is alpha z, not -alpha z."
)
def leaky_reflected(z, alpha=0.1):
    return np.where(z > 0, z, -alpha * z)


@leaky_relu.misconception("Left of 0 it is the constant -alpha: it should be the line alpha z.")
def leaky_constant(z, alpha=0.1):
    return np.where(z > 0, z, np.where(z < 0, -alpha, 0.0))


@leaky_relu.misconception("Left of 0 it is the constant -alpha: it should be the line alpha z.")
def leaky_constant_with_jump(z, alpha=0.1):
    return np.where(z > 0, z, -alpha)


@leaky_relu.misconception("This is ReLU: for negative z it should leak, with the slope alpha.")
def leaky_without_leak(z, alpha=0.1):
    return np.maximum(z, 0)


@exercise(points=0.75)
def elu(z, alpha=1.0):
    """Return z where it is positive and alpha (exp(z) - 1) elsewhere, for every element of `z`.

    z: array of any shape, of floats or integers; it stays as it is. The result has its shape.
    alpha: a positive number. Write it with NumPy, and so that z = -1000 and z = 1000 cause no
    warning. For z=[-1, 0, 1] it is about [-0.6321, 0, 1].
    """
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


elu.case("elu(np.array([-1.0, 0.0, 1.0]))")
elu.case("elu(np.array([[2, -3], [-1, 4]]), alpha=0.5)")
elu.case("elu(np.array([1000.0, -1000.0, -0.5]))", quiet=True)
elu.hidden_case("elu(rng.normal(scale=2, size=(4, 5)), rng.uniform(1.5, 3))")
elu.hidden_case("elu(rng.normal(size=(2, 3, 4)))")
elu.hidden_case("elu(np.append(rng.integers(-6, 7, size=12), -1), 0.7)")
elu.hidden_case("elu(np.array([-1000, 1000, 3, -2]))", quiet=True)
elu.hidden_case("elu(rng.normal(size=6).astype('float32'), 2.0)")
elu.hint("Like leaky ReLU, with alpha (exp(z) - 1) on the left.")
elu.hint(
    "`np.where` computes both branches for all elements: exp(1000) overflows, unused as it is."
)
elu.hint("Give the exponential only what is negative: `np.exp(np.minimum(z, 0))`.")
elu.forbid(*_READY_MADE, "keras.ops.elu", "dlcourse.plots", because=_BY_HAND)


@elu.variant
def elu_as_a_sum(z, alpha=1.0):
    return np.maximum(z, 0) + alpha * (np.exp(np.minimum(z, 0)) - 1)


@elu.variant
def elu_with_mask(z, alpha=1.0):
    out = np.array(z, dtype=float)
    negative = out < 0
    out[negative] = alpha * (np.exp(out[negative]) - 1)
    return out


@elu.misconception(
    "Right, but `np.where` computes both branches for all elements, and exp(1000) overflows and "
    "warns: give `np.exp` the minimum of z and 0."
)
def elu_overflow(z, alpha=1.0):
    return np.where(z > 0, z, alpha * (np.exp(z) - 1))


@elu.misconception("The -1 is missing: at 0 both sides must meet.")
def elu_with_jump(z, alpha=1.0):
    return np.where(z > 0, z, alpha * np.exp(np.minimum(z, 0)))


@elu.misconception("`alpha` multiplies the whole bracket, exp(z) - 1.")
def elu_without_bracket(z, alpha=1.0):
    return np.where(z > 0, z, alpha * np.exp(np.minimum(z, 0)) - 1)


@elu.misconception("`alpha` is on the wrong side: for positive z it is z itself.")
def elu_alpha_on_the_right(z, alpha=1.0):
    return np.where(z > 0, alpha * z, np.expm1(np.minimum(z, 0)))


@elu.misconception("`alpha` is not used.")
def elu_without_alpha(z, alpha=1.0):
    return elu.reference(z)


@elu.misconception("`alpha` is inside the exponential: it multiplies exp(z) - 1.")
def elu_alpha_in_the_exponent(z, alpha=1.0):
    return np.where(z > 0, z, np.expm1(alpha * np.minimum(z, 0)))


@elu.misconception("The two sides are swapped: the exponential belongs on the left of 0.")
def elu_swapped(z, alpha=1.0):
    return np.where(z < 0, z, alpha * np.expm1(np.clip(z, 0, 500)))


@elu.misconception(
    "The result holds integers because `z` does, so that exp(z) - 1 is cut: make an array of floats."
)
def elu_in_integers(z, alpha=1.0):
    out = z.copy()
    out[z < 0] = alpha * np.expm1(z[z < 0])
    return out


@elu.misconception("It changes `z` itself: the caller still needs it. Work on a copy.")
def elu_in_place(z, alpha=1.0):
    z[z < 0] = alpha * np.expm1(z[z < 0])
    return z


# -- several layers ----------------------------------------------------------------------------


@driver
def weights(rng, sizes):
    """A list with (W, b) of each layer of a network with these numbers of units."""
    from itertools import pairwise

    return [(rng.normal(size=(n, k)) / np.sqrt(n), rng.normal(size=k)) for n, k in pairwise(sizes)]


@driver
def shares(z):
    """A softmax: positive, and each row adds up to 1."""
    e = np.exp(z)
    return e / np.sum(e, axis=-1, keepdims=True)


@exercise(points=3)
def mlp_forward(X, params, phi, phi_out):
    """Return the outputs of a multi-layer perceptron for the samples `X`.

    X: shape (n, d); params: a list with (W, b) of each layer, first layer first, with at least
    one layer; W has shape (inputs, units), b has shape (units,).
    phi: activation of the hidden layers; phi_out: activation of the last layer, a function of its
    pre-activations, shape (n, K). The result has shape (n, K). Write it with NumPy.
    For X=[[1]], params=[([[2]], [1]), ([[3]], [-1])], phi=np.square and phi_out=np.negative it is
    [[-26]].
    """
    *hidden, (W_out, b_out) = params
    for W, b in hidden:
        X = dense(X, W, b, phi)
    return dense(X, W_out, b_out, phi_out)


mlp_forward.case(
    "mlp_forward(np.array([[1.0]]), [(np.array([[2.0]]), np.array([1.0])), "
    "(np.array([[3.0]]), np.array([-1.0]))], np.square, np.negative)"
)
mlp_forward.case(
    "mlp_forward(np.array([[0.5, -1.0], [2.0, 0.3]]), weights(np.random.default_rng(1), [2, 4, 3]),"
    " np.tanh, shares)"
)
mlp_forward.case(
    "mlp_forward(np.array([[0.5, -1.0], [2.0, 0.3]]), "
    "weights(np.random.default_rng(2), [2, 2, 2, 1]), np.tanh, lambda z: z)"
)
mlp_forward.hidden_case(
    "mlp_forward(rng.normal(size=(6, 5)), weights(rng, [5, 4, 7, 3, 2]), np.tanh, shares)"
)
mlp_forward.hidden_case(
    "mlp_forward(rng.normal(size=(3, 4)), weights(rng, [4, 2]), np.tanh, np.square)"
)
mlp_forward.hidden_case(
    "mlp_forward(rng.normal(size=(1, 3)), weights(rng, [3, 6, 1]), np.tanh, lambda z: z)"
)
mlp_forward.hidden_case(
    "mlp_forward(rng.normal(size=(3, 3)), weights(rng, [3, 3, 3, 3]), "
    "lambda z: np.maximum(z, 0), np.sin)"
)
mlp_forward.uses(dense)
mlp_forward.hint("What one layer gives is what the next one gets: a loop over `params`.")
mlp_forward.hint("All layers but the last use `phi`: loop over `params[:-1]`, then do the last.")
mlp_forward.hint("Your `dense` does one layer: `X = dense(X, W, b, phi)`.")
mlp_forward.forbid(
    "keras.layers",
    "keras.Sequential",
    "keras.Model",
    "dlcourse.models",
    "tensorflow",
    because=_BY_HAND,
)


@mlp_forward.variant
def with_enumerate(X, params, phi, phi_out):
    a = X
    for layer, (W, b) in enumerate(params, 1):
        z = a @ W + b
        a = phi_out(z) if layer == len(params) else phi(z)
    return a


@mlp_forward.variant
def recursive(X, params, phi, phi_out):
    def output(a, params):
        (W, b), *rest = params
        z = np.dot(a, W) + b
        return output(phi(z), rest) if rest else phi_out(z)

    return output(X, params)


@mlp_forward.variant
def sample_by_sample(X, params, phi, phi_out):
    outputs = []
    for a in X:
        for W, b in params[:-1]:
            a = phi(a @ W + b)
        W, b = params[-1]
        outputs.append(phi_out(a @ W + b))
    return np.array(outputs)


@mlp_forward.misconception("The last layer uses `phi`: its activation is `phi_out`.")
def phi_on_the_output(X, params, phi, phi_out):
    for W, b in params:
        X = phi(X @ W + b)
    return X


@mlp_forward.misconception(
    "The last layer gets both activations, phi and then phi_out: it has `phi_out` only."
)
def both_on_the_output(X, params, phi, phi_out):
    for W, b in params:
        X = phi(X @ W + b)
    return phi_out(X)


@mlp_forward.misconception("The last layer has no activation: apply `phi_out` to it.")
def linear_output(X, params, phi, phi_out):
    return mlp_forward.reference(X, params, phi, lambda z: z)


@mlp_forward.misconception("The bias of the last layer is missing.")
def last_bias_missing(X, params, phi, phi_out):
    *hidden, (W, b) = params
    return mlp_forward.reference(X, [*hidden, (W, np.zeros_like(b))], phi, phi_out)


@mlp_forward.misconception("The biases are missing: each layer computes X W + b first.")
def all_biases_missing(X, params, phi, phi_out):
    return mlp_forward.reference(X, [(W, 0 * b) for W, b in params], phi, phi_out)


@mlp_forward.misconception("The hidden layers have no biases: each layer computes X W + b first.")
def hidden_biases_missing(X, params, phi, phi_out):
    *hidden, last = params
    return mlp_forward.reference(X, [*((W, 0 * b) for W, b in hidden), last], phi, phi_out)


@mlp_forward.misconception("The hidden layers have no activation: apply `phi` to each of them.")
def linear_hidden(X, params, phi, phi_out):
    return mlp_forward.reference(X, params, lambda z: z, phi_out)


@mlp_forward.misconception("Every layer uses `phi_out`: it belongs to the last one alone.")
def phi_out_everywhere(X, params, phi, phi_out):
    return mlp_forward.reference(X, params, phi_out, phi_out)


@mlp_forward.misconception(
    "Every layer starts from the inputs `X`: a layer gets what the layer before it gives."
)
def every_layer_sees_the_inputs(X, params, phi, phi_out):
    for W, b in params[:-1]:
        a = phi(X @ W + b)
    W, b = params[-1]
    return phi_out((a if len(params) > 1 else X) @ W + b)


@mlp_forward.misconception(
    "Only the first and the last layer are used: loop over all that lie between them, too."
)
def first_and_last(X, params, phi, phi_out):
    return mlp_forward.reference(X, [*params[:-1][:1], params[-1]], phi, phi_out)


@mlp_forward.misconception(
    "`phi_out` gets one number at a time: give it the whole array, since it may look at all K."
)
def output_number_by_number(X, params, phi, phi_out):
    z = mlp_forward.reference(X, params, phi, lambda z: z)
    return np.vectorize(phi_out, otypes=[float])(z)


@mlp_forward.misconception(
    "It takes the last layer out of the caller's list: use `params[-1]`, not `params.pop()`."
)
def takes_a_layer_away(X, params, phi, phi_out):
    W, b = params.pop()
    for V, c in params:
        X = phi(X @ V + c)
    return phi_out(X @ W + b)


@exercise(points=2)
def collapse_linear(W1, b1, W2, b2):
    """Return (W, b) of the one layer that does the same as two layers without activation.

    The layers compute H = X W1 + b1 and then H W2 + b2, for every X.
    W1: shape (d, h); b1: (h,); W2: (h, K); b2: (K,). The result: W of shape (d, K), b of shape (K,).
    For W1=[[2]], b1=[1], W2=[[3]], b2=[4] it is ([[6]], [7]).
    """
    return W1 @ W2, b1 @ W2 + b2


collapse_linear.case(
    "collapse_linear(np.array([[2.0]]), np.array([1.0]), np.array([[3.0]]), np.array([4.0]))"
)
collapse_linear.case(
    "collapse_linear(np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([1.0, -1.0]), "
    "np.array([[1.0, 0.0], [3.0, -1.0]]), np.array([0.5, 2.0]))"
)
collapse_linear.case(
    "collapse_linear(*weights(np.random.default_rng(0), [2, 4])[0], "
    "*weights(np.random.default_rng(1), [4, 3])[0])"
)
for _sizes in ([3, 5, 2], [4, 2, 4], [3, 3, 3], [2, 1, 3], [1, 4, 1]):
    _d, _h, _k = _sizes
    collapse_linear.hidden_case(
        f"collapse_linear(*weights(rng, [{_d}, {_h}])[0], *weights(rng, [{_h}, {_k}])[0])"
    )
collapse_linear.hint("Put the first formula into the second: (X W1 + b1) W2 + b2.")
collapse_linear.hint("Multiply out: X W1 W2 + b1 W2 + b2. What multiplies X, and what does not?")


@collapse_linear.variant
def with_dot(W1, b1, W2, b2):
    return [np.dot(W1, W2), np.dot(b1, W2) + b2]


@collapse_linear.variant
def from_outputs(W1, b1, W2, b2):
    def network(X):
        return (X @ W1 + b1) @ W2 + b2

    d = W1.shape[0]
    b = network(np.zeros((1, d)))[0]
    return network(np.eye(d)) - b, b


@collapse_linear.variant
def with_extra_row(W1, b1, W2, b2):
    first = np.block([[W1, np.zeros((len(W1), 1))], [b1[None, :], np.ones((1, 1))]])
    both = first @ np.vstack([W2, b2])
    return both[:-1], both[-1]


@collapse_linear.misconception(
    "The matrices are in the wrong order: samples are rows, X meets W1 first, so it is W1 @ W2."
)
def swapped_order(W1, b1, W2, b2):
    return W2 @ W1, b1 @ W2 + b2


@collapse_linear.misconception("`b1` is lost: it passes through the second layer, as b1 @ W2.")
def first_bias_lost(W1, b1, W2, b2):
    return W1 @ W2, b2


@collapse_linear.misconception("`b1` passes through the second layer on its way: add b1 @ W2.")
def biases_added(W1, b1, W2, b2):
    return W1 @ W2, b1 + b2


@collapse_linear.misconception("`b2` is missing: the second layer adds it after b1 @ W2.")
def second_bias_lost(W1, b1, W2, b2):
    return W1 @ W2, b1 @ W2


@collapse_linear.misconception("`b` is a row of a table: reshape it to (K,), one bias per unit.")
def bias_as_a_row(W1, b1, W2, b2):
    return W1 @ W2, b1[None, :] @ W2 + b2


@collapse_linear.misconception("The order is (W, b): first the weights, then the biases.")
def biases_first(W1, b1, W2, b2):
    return b1 @ W2 + b2, W1 @ W2


@collapse_linear.misconception("The weights are added: layers in series multiply, W1 @ W2.")
def weights_added(W1, b1, W2, b2):
    return W1 + W2, b1 @ W2 + b2


@exercise(points=2)
def count_params(sizes):
    """Return the number of weights and biases of a multi-layer perceptron.

    sizes: list of the numbers of units, input layer first, output layer last; two or more.
    Count yourself, without Keras: the next section compares.
    For sizes=[2, 3, 1] it is 13: 6 weights and 3 biases, then 3 weights and 1 bias.
    """
    return sum((sizes[i] + 1) * sizes[i + 1] for i in range(len(sizes) - 1))


count_params.case("count_params([2, 3, 1])")
count_params.case("count_params([10, 20, 3])")
count_params.case("count_params([5, 2])")
count_params.hidden_case("count_params([784, 300, 100, 10])")
count_params.hidden_case("count_params([6, 100, 1])")
count_params.hidden_case("count_params([7, 4])")
count_params.hidden_case("count_params(rng.integers(1, 60, size=6).tolist())")
count_params.hidden_case("count_params([4, 100, 3])")
count_params.hint(
    "A layer of k units with n inputs: how many weights has one unit, how many biases?"
)
count_params.hint("Each of the k units has n weights and one bias, so the layer has (n + 1) k.")
count_params.hint("`zip(sizes[:-1], sizes[1:])` gives the inputs and units of each layer.")
count_params.forbid("keras", "dlcourse.models", because="count yourself; a later cell asks Keras")


@count_params.variant
def with_loop(sizes):
    total = 0
    for i in range(1, len(sizes)):
        total += sizes[i - 1] * sizes[i]
        total += sizes[i]
    return total


@count_params.variant
def with_arrays(sizes):
    n = np.asarray(sizes)
    return np.sum(n[:-1] * n[1:]) + n[1:].sum()


@count_params.misconception("These are the weights alone: each unit has a bias, too.")
def weights_only(sizes):
    return sum(sizes[i] * sizes[i + 1] for i in range(len(sizes) - 1))


@count_params.misconception(
    "The input layer has no biases: its units pass the features on and compute nothing."
)
def biases_for_the_inputs(sizes):
    return weights_only(sizes) + sum(sizes)


@count_params.misconception("A layer has one bias per unit, not one in all.")
def one_bias_per_layer(sizes):
    return weights_only(sizes) + len(sizes) - 1


@count_params.misconception("The biases of the output layer are missing.")
def no_output_bias(sizes):
    return count_params.reference(sizes) - sizes[-1]


@count_params.misconception("A unit has as many biases as it has outputs, one, not one per input.")
def one_bias_per_input(sizes):
    return weights_only(sizes) + sum(sizes[:-1])


@count_params.misconception("The last layer is not counted: mind where the loop ends.")
def last_layer_left_out(sizes):
    return count_params.reference(sizes[:-1])


@count_params.misconception("These are the units: count the links between them, and the biases.")
def number_of_units(sizes):
    return sum(sizes)


@count_params.misconception(
    "Layers follow each other, so their counts add up: do not multiply them."
)
def product_of_sizes(sizes):
    return int(np.prod(sizes))


# -- Keras -------------------------------------------------------------------------------------


@driver
def wiring(net):
    """The dense layers of a Keras network, other layers, and its outputs for fixed weights."""
    import warnings

    rng = np.random.default_rng(0)
    for weight in net.weights:
        weight.assign(rng.normal(size=weight.shape) / np.sqrt(weight.shape[0]))
    X = rng.normal(size=(20, net.input_shape[-1])).astype("float32")
    kinds = [type(layer).__name__ for layer in net.layers]
    neutral = {"Dense", "InputLayer", "Activation", "ReLU", "Softmax", "Flatten", "Identity"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = np.asarray(net(X))
    return {
        "units": [x.units for x, kind in zip(net.layers, kinds, strict=True) if kind == "Dense"],
        "other layers": [kind for kind in kinds if kind not in neutral],
        "outputs": outputs,
    }


@driver
def api_of(net):
    """How a Keras network was declared."""
    return "Sequential" if type(net).__name__ == "Sequential" else "functional"


@driver
def rebuilt(model):
    """A Keras model from its data."""
    if hasattr(model, "rebuild"):
        try:
            return model.rebuild()
        except Exception:
            problem = (
                "it cannot be saved and loaded: take Keras' activations, no functions of your own"
            )
            raise ValueError(problem) from None
    got = getattr(model, "type_name", type(model).__name__)
    if "without an input shape" in got:
        raise LookupError("the model does not know its inputs: begin with keras.Input")
    raise TypeError(f"a Keras model was expected, got {got}")


@driver
def compiled_loss(model):
    """The value of the loss for fixed predictions; class labels may be integers or one-hot."""
    net = rebuilt(model)
    if not net.compiled or not net.loss:
        return "not compiled"
    n_out = net.output_shape[-1]
    predicted = np.random.default_rng(1).uniform(0.1, 0.9, size=(3, n_out))
    labels = np.array([1, 0, 1])
    targets = labels[:, None]
    if n_out > 1:
        predicted /= predicted.sum(axis=1, keepdims=True)
        targets = np.eye(n_out)[labels]
    try:
        return float(net.compute_loss(y=targets, y_pred=predicted))
    except Exception:
        return float(rebuilt(model).compute_loss(y=labels, y_pred=predicted))


@driver
def network_facts(model):
    """API, layers, outputs and loss of a compiled network; the choice of optimizer is free."""
    if model is None:
        return None
    net = rebuilt(model)
    return {
        "API": api_of(net),
        **wiring(net),
        "loss": compiled_loss(model),
    }


@exercise(points=3)
def build_mlp(n_in, hidden, n_out, task):
    """Return a compiled keras.Sequential: a multi-layer perceptron for a task.

    n_in: number of features, declared with keras.Input; hidden: list with the number of units of
    each hidden layer, all with ReLU; it may be empty. n_out: number of outputs.
    task: "regression" (linear outputs, mean squared error), "binary" (one sigmoid unit, binary
    cross-entropy) or "multiclass" (softmax, cross-entropy, sparse or not). Adam is a good optimizer.
    Put the layers together yourself, without `dlcourse.models`; take Keras' own activations, which
    can be saved with the model.
    For n_in=4, hidden=[100], n_out=3 it has two Dense layers and 803 parameters.
    """
    activation, loss = {
        "regression": ("linear", "mse"),
        "binary": ("sigmoid", "binary_crossentropy"),
        "multiclass": ("softmax", "sparse_categorical_crossentropy"),
    }[task]
    model = keras.Sequential([keras.Input((n_in,))])
    for units in hidden:
        model.add(layers.Dense(units, activation="relu"))
    model.add(layers.Dense(n_out, activation=activation))
    model.compile(optimizer="adam", loss=loss)
    return model


build_mlp.case('build_mlp(6, [8], 2, "regression")', view=network_facts, quiet=True)
build_mlp.case('build_mlp(2, [4, 3], 1, "binary")', view=network_facts)
build_mlp.case('build_mlp(4, [10], 3, "multiclass")', view=network_facts)
build_mlp.hidden_case('build_mlp(3, [5, 4], 2, "regression")', view=network_facts, quiet=True)
build_mlp.hidden_case('build_mlp(7, [6], 1, "binary")', view=network_facts)
build_mlp.hidden_case('build_mlp(5, [8, 3, 2], 4, "multiclass")', view=network_facts)
build_mlp.hidden_case('build_mlp(int(rng.integers(2, 9)), [], 1, "regression")', view=network_facts)
build_mlp.hint(
    "Start with `keras.Sequential([keras.Input((n_in,))])`, then `model.add(...)` one layer per "
    "entry of `hidden`."
)
build_mlp.hint("The task decides two things: the activation of the last layer, and the loss.")
build_mlp.hint('Last: `model.compile(optimizer="adam", loss=...)`, and return the model.')
build_mlp.forbid("dlcourse.models", because="put the layers together yourself")


@build_mlp.variant
def with_objects(n_in, hidden, n_out, task):
    stack = [layers.InputLayer(shape=(n_in,))]
    stack += [layers.Dense(units, activation=keras.activations.relu) for units in hidden]
    if task == "regression":
        output, loss = layers.Dense(n_out), keras.losses.MeanSquaredError()
    elif task == "binary":
        output, loss = layers.Dense(n_out, "sigmoid"), keras.losses.BinaryCrossentropy()
    else:
        output, loss = layers.Dense(n_out, "softmax"), keras.losses.CategoricalCrossentropy()
    model = keras.Sequential([*stack, output])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=loss, metrics=["accuracy"])
    return model


@build_mlp.variant
def with_activation_layers(n_in, hidden, n_out, task):
    model = keras.models.Sequential(name="network")
    model.add(keras.Input(shape=(n_in,), name="features"))
    for i, units in enumerate(hidden, 1):
        model.add(layers.Dense(units, kernel_initializer="he_normal", name=f"hidden{i}"))
        model.add(layers.ReLU())
    model.add(layers.Dense(n_out))
    if task == "regression":
        model.compile("sgd", loss=[keras.losses.mean_squared_error])
    elif task == "binary":
        model.add(layers.Activation("sigmoid"))
        model.compile(loss=keras.losses.binary_crossentropy)
    else:
        model.add(layers.Softmax())
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


@build_mlp.variant
def with_conditions(n_in, hidden, n_out, task):
    end = "softmax" if task == "multiclass" else "sigmoid" if task == "binary" else None
    stack = [layers.Dense(units, "relu") for units in hidden] + [layers.Dense(n_out, end)]
    model = keras.Sequential([keras.Input((n_in,)), *stack])
    model.compile("adam", "mean_squared_error" if task == "regression" else "crossentropy")
    return model


def _mlp(n_in, hidden, n_out, task, inner="relu", ends=(), losses=()):
    """A network with other activations or losses than the task asks for."""
    end = {"regression": "linear", "binary": "sigmoid", "multiclass": "softmax", **dict(ends)}
    loss = {
        "regression": "mse",
        "binary": "binary_crossentropy",
        "multiclass": "sparse_categorical_crossentropy",
        **dict(losses),
    }
    stack = [layers.Dense(units, inner) for units in hidden]
    model = keras.Sequential([keras.Input((n_in,)), *stack, layers.Dense(n_out, end[task])])
    model.compile("adam", loss[task])
    return model


@build_mlp.misconception(
    "The model does not know its number of inputs: begin with keras.Input((n_in,))."
)
def without_input(n_in, hidden, n_out, task):
    model = keras.Sequential([layers.Dense(units, "relu") for units in [*hidden, n_out]])
    model.compile("adam", "mse")
    return model


@build_mlp.misconception(
    "`input_shape` in a layer is the old way and warns: put keras.Input((n_in,)) first in the list."
)
def old_input_shape(n_in, hidden, n_out, task):
    right = build_mlp.reference(n_in, hidden, n_out, task)
    stack = [layers.Dense.from_config(layer.get_config()) for layer in right.layers]
    stack[0] = layers.Dense(
        stack[0].units, activation=stack[0].activation, input_shape=(n_in,), name="first"
    )
    model = keras.Sequential(stack)
    model.compile("adam", right.loss)
    return model


@build_mlp.misconception(
    "The output of a regression is linear: ReLU cannot give a negative number, and may be dead."
)
def relu_output(n_in, hidden, n_out, task):
    return _mlp(n_in, hidden, n_out, task, ends={"regression": "relu"})


@build_mlp.misconception(
    "A softmax over a single unit is always 1: for two classes take one unit with a sigmoid."
)
def softmax_of_one(n_in, hidden, n_out, task):
    return _mlp(n_in, hidden, n_out, task, ends={"binary": "softmax"})


@build_mlp.misconception(
    "Sigmoids of several classes do not add up to 1: for one class out of several take softmax."
)
def sigmoid_for_classes(n_in, hidden, n_out, task):
    return _mlp(n_in, hidden, n_out, task, ends={"multiclass": "sigmoid"})


@build_mlp.misconception("The model is not compiled: it has no loss and cannot be trained.")
def not_compiled(n_in, hidden, n_out, task):
    model = build_mlp.reference(n_in, hidden, n_out, task)
    return keras.Sequential([keras.Input((n_in,)), *model.layers])


@build_mlp.misconception(
    "The hidden layers have no activation, so the whole network is linear: give them ReLU."
)
def linear_hidden_layers(n_in, hidden, n_out, task):
    return _mlp(n_in, hidden, n_out, task, inner=None)


@build_mlp.misconception("Only the first entry of `hidden` is used: one layer for each of them.")
def one_hidden_layer(n_in, hidden, n_out, task):
    return build_mlp.reference(n_in, hidden[:1] or [8], n_out, task)


@build_mlp.misconception("`n_out` is not used: a regression has as many outputs as it has targets.")
def one_target(n_in, hidden, n_out, task):
    return build_mlp.reference(n_in, hidden, n_out if task == "multiclass" else 1, task)


@build_mlp.misconception(
    "There is one Dense layer too many: the input layer computes nothing, keras.Input is all of it."
)
def dense_input_layer(n_in, hidden, n_out, task):
    return build_mlp.reference(n_in, [n_in, *hidden], n_out, task)


@build_mlp.misconception(
    "Sigmoids with binary cross-entropy are for yes or no: for one class out of several take "
    "softmax and a categorical cross-entropy."
)
def every_class_on_its_own(n_in, hidden, n_out, task):
    ends, losses = {"multiclass": "sigmoid"}, {"multiclass": "binary_crossentropy"}
    return _mlp(n_in, hidden, n_out, task, ends=ends, losses=losses)


@build_mlp.misconception(
    "This is a functional model: here give `keras.Sequential` the list of layers."
)
def with_calls(n_in, hidden, n_out, task):
    right = build_mlp.reference(n_in, hidden, n_out, task)
    x = inputs = keras.Input((n_in,))
    for layer in right.layers:
        x = layer(x)
    model = keras.Model(inputs, x)
    model.compile("adam", right.loss)
    return model


@build_mlp.misconception("Mean squared error is for regression: classes need a cross-entropy.")
def mse_everywhere(n_in, hidden, n_out, task):
    return _mlp(n_in, hidden, n_out, task, losses={"binary": "mse", "multiclass": "mse"})


@build_mlp.misconception(
    "Binary cross-entropy is for one output: with softmax take (sparse) categorical cross-entropy."
)
def binary_loss_for_classes(n_in, hidden, n_out, task):
    return _mlp(n_in, hidden, n_out, task, losses={"multiclass": "binary_crossentropy"})


@build_mlp.misconception(
    "`from_logits=True` makes the loss apply the output activation again: the model has it already."
)
def activation_twice(n_in, hidden, n_out, task):
    binary = keras.losses.BinaryCrossentropy(from_logits=True)
    classes = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return _mlp(n_in, hidden, n_out, task, losses={"binary": binary, "multiclass": classes})


@driver
def functional_facts(model):
    """The API that built a model, its named dense layers, and its outputs."""
    if model is None:
        return None
    net = rebuilt(model)
    names = [layer.name for layer in net.layers if type(layer).__name__ == "Dense"]
    wanted = {"hidden1", "hidden2", "output"}
    return {
        "API": api_of(net),
        "names": [n if n in wanted else "other" for n in names],
        **wiring(net),
    }


@exercise(points=2)
def build_functional(n_in, n_out):
    """Return a keras.Model for n_in features and n_out classes, made with the functional API.

    Its Dense layers, one after the other: "hidden1" with 300 units and ReLU, "hidden2" with 100
    units and ReLU, "output" with n_out units and softmax. Take Keras' own activations. It need not
    be compiled.
    For n_in=784 and n_out=10 it has 266,610 parameters.
    """
    inputs = keras.Input((n_in,))
    x = layers.Dense(300, activation="relu", name="hidden1")(inputs)
    x = layers.Dense(100, activation="relu", name="hidden2")(x)
    outputs = layers.Dense(n_out, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs)


build_functional.case("build_functional(4, 3)", view=functional_facts)
build_functional.hidden_case("build_functional(5, 2)", view=functional_facts)
build_functional.hidden_case(
    "build_functional(int(rng.integers(2, 30)), int(rng.integers(3, 12)))", view=functional_facts
)
build_functional.hint("Start with `inputs = keras.Input((n_in,))`: a symbolic tensor.")
build_functional.hint(
    'A layer is called like a function: `x = layers.Dense(300, activation="relu", '
    'name="hidden1")(inputs)`.'
)
build_functional.hint("Call each next layer on `x`; at the end `keras.Model(inputs, outputs)`.")
build_functional.forbid("dlcourse.models", because="connect the layers yourself")


@build_functional.variant
def with_lists(n_in, n_out):
    input_ = keras.layers.Input(shape=[n_in], name="pixels")
    hidden1 = keras.layers.Dense(300, activation="relu", name="hidden1")(input_)
    hidden2 = keras.layers.Dense(100, activation="relu", name="hidden2")(hidden1)
    output_ = keras.layers.Dense(n_out, activation="softmax", name="output")(hidden2)
    return keras.Model(inputs=[input_], outputs=[output_])


@build_functional.variant
def layers_first(n_in, n_out):
    hidden1 = layers.Dense(300, name="hidden1")
    hidden2 = layers.Dense(100, name="hidden2")
    output = layers.Dense(n_out, name="output")
    inputs = keras.Input((n_in,))
    x = layers.Activation("relu")(hidden1(inputs))
    x = layers.ReLU()(hidden2(x))
    model = keras.Model(inputs, layers.Softmax()(output(x)), name="mlp")
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


@build_functional.misconception(
    "The layers have no names of their own: pass `name=` to each Dense."
)
def unnamed(n_in, n_out):
    inputs = keras.Input((n_in,))
    x = layers.Dense(300, "relu")(inputs)
    x = layers.Dense(100, "relu")(x)
    return keras.Model(inputs, layers.Dense(n_out, "softmax")(x))


def _functional(n_in, n_out, sizes=(300, 100), inner="relu", end="softmax"):
    inputs = keras.Input((n_in,))
    x = layers.Dense(sizes[0], inner, name="hidden1")(inputs)
    x = layers.Dense(sizes[1], inner, name="hidden2")(x)
    return keras.Model(inputs, layers.Dense(n_out, end, name="output")(x))


@build_functional.misconception("This is a Sequential model: connect the layers by calling them.")
def sequential(n_in, n_out):
    model = _functional(n_in, n_out)
    return keras.Sequential([keras.Input((n_in,)), *model.layers[1:]])


@build_functional.misconception(
    "A layer is created a second time, with new weights: make it once and call it on what is there."
)
def created_again(n_in, n_out):
    inputs = keras.Input((n_in,))
    layers.Dense(300, "relu", name="hidden1")(inputs)
    x = layers.Dense(300, "relu")(inputs)
    x = layers.Dense(100, "relu", name="hidden2")(x)
    return keras.Model(inputs, layers.Dense(n_out, "softmax", name="output")(x))


@build_functional.misconception(
    "`hidden2` is called on the inputs and passes `hidden1` by: call it on the output of `hidden1`."
)
def layer_left_out(n_in, n_out):
    inputs = keras.Input((n_in,))
    layers.Dense(300, "relu", name="hidden1")(inputs)
    x = layers.Dense(100, "relu", name="hidden2")(inputs)
    return keras.Model(inputs, layers.Dense(n_out, "softmax", name="output")(x))


@build_functional.misconception(
    "`hidden2` gets the inputs beside what `hidden1` gives: call it on the output of `hidden1` alone."
)
def side_by_side(n_in, n_out):
    inputs = keras.Input((n_in,))
    x = layers.Dense(300, "relu", name="hidden1")(inputs)
    y = layers.Dense(100, "relu", name="hidden2")(inputs)
    both = layers.Concatenate()([x, y])
    return keras.Model(inputs, layers.Dense(n_out, "softmax", name="output")(both))


@build_functional.misconception(
    'The names are swapped: "hidden1" has 300 units and comes first, then "hidden2" with 100.'
)
def names_swapped(n_in, n_out):
    inputs = keras.Input((n_in,))
    x = layers.Dense(300, "relu", name="hidden2")(inputs)
    x = layers.Dense(100, "relu", name="hidden1")(x)
    return keras.Model(inputs, layers.Dense(n_out, "softmax", name="output")(x))


@build_functional.misconception(
    "The numbers are those of the example: use the arguments `n_in` and `n_out`."
)
def sizes_of_the_example(n_in, n_out):
    return _functional(784, 10)


@build_functional.misconception("The widths are swapped: 300 units first, then 100.")
def widths_swapped(n_in, n_out):
    return _functional(n_in, n_out, sizes=(100, 300))


@build_functional.misconception("The hidden layers have no activation: give them ReLU.")
def without_relu(n_in, n_out):
    return _functional(n_in, n_out, inner=None)


@build_functional.misconception("The output is not a probability per class: it needs softmax.")
def without_softmax(n_in, n_out):
    return _functional(n_in, n_out, end=None)


@build_functional.misconception(
    "Sigmoids of several classes do not add up to 1: the output needs softmax."
)
def with_sigmoid(n_in, n_out):
    return _functional(n_in, n_out, end="sigmoid")


# -- what one hidden layer can do --------------------------------------------------------------


@driver
def line_between(relu_interpolant, f, knots):
    """The sum of ReLUs between the smallest and the largest knot."""
    x = np.linspace(np.min(knots), np.max(knots), 37)
    w, b, c = relu_interpolant(f, knots)
    w, b = np.ravel(w).astype(float), np.ravel(b).astype(float)
    return float(np.asarray(c).reshape(())) + np.maximum(x[:, None] + b, 0) @ w


@driver
def error_ratio(relu_interpolant, f, low, high, n):
    """How much smaller the largest error gets with twice as many gaps between the knots."""
    errors = []
    for k in (n, 2 * n - 1):
        x = np.linspace(low, high, 37)
        exact = np.array([f(v) for v in x])
        line = line_between(relu_interpolant, f, np.linspace(low, high, k))
        errors.append(np.max(np.abs(line - exact)))
    return errors[0] / errors[1]


@exercise(points=3)
def relu_interpolant(f, knots):
    """Return (w, b, c) of a sum of ReLUs, g(x) = c + sum_i w_i relu(x + b_i), through the knots.

    f: a function of numbers and arrays; knots: array of k >= 2 different numbers, in any order.
    Between the smallest and the largest knot, g must be the broken line through the points
    (knot, f(knot)); outside it does not matter. w, b: as many entries as you need; c: a number.
    For f=np.square and knots=[0, 1, 3], w=[1, 3], b=[0, -1], c=0 will do: the slope is 1 first,
    then 4, which is 3 more.
    """
    x = np.sort(knots)
    slopes = np.diff(f(x)) / np.diff(x)
    w = np.diff(slopes, prepend=0)  # the first slope, then the changes
    return w, -x[:-1], f(x[0])


relu_interpolant.case("line_between(relu_interpolant, np.square, np.array([0.0, 1.0, 3.0]))")
relu_interpolant.case("line_between(relu_interpolant, np.exp, np.array([-1.0, 0.5, 1.0, 2.0]))")
relu_interpolant.case("line_between(relu_interpolant, np.cos, np.array([2.0, -0.5, 3.0, 1.0]))")
relu_interpolant.hidden_case(
    "line_between(relu_interpolant, lambda x: x**3 - x + 2, rng.permutation(np.linspace(-2, 1, 7)))"
)
relu_interpolant.hidden_case(
    "line_between(relu_interpolant, lambda x: np.sin(3 * x) + 1.5, "
    "rng.permutation(np.cumsum(rng.uniform(0.1, 0.5, size=9)) - 1))"
)
relu_interpolant.hidden_case("line_between(relu_interpolant, np.cos, np.array([2.5, 0.5]))")
relu_interpolant.hidden_case("line_between(relu_interpolant, np.sin, np.linspace(-3, 4, 40))")
relu_interpolant.hidden_case(
    "error_ratio(relu_interpolant, lambda x: np.exp(x) - 3, -1.0, 1.5, 7)", rtol=1e-3
)
relu_interpolant.hint(
    "At the smallest knot g must be f there: that is c, if every unit still gives 0."
)
relu_interpolant.hint(
    "A unit with b = -knot is 0 to the left of its knot and adds its weight to the slope to the right."
)
relu_interpolant.hint(
    "So w_i is the change of slope at knot i; the first unit brings the first slope. Sort first, "
    "with `np.sort`, which returns a new array."
)


@relu_interpolant.variant
def knot_by_knot(f, knots):
    points = sorted(float(k) for k in knots)
    w, b, slope = [], [], 0.0
    for i in range(len(points) - 1):
        left, right = points[i], points[i + 1]
        new = (f(right) - f(left)) / (right - left)
        w.append(new - slope)
        b.append(-left)
        slope = new
    return w, b, f(points[0])


@relu_interpolant.variant
def by_solving(f, knots):
    x = np.sort(np.asarray(knots, dtype=float))
    table = np.column_stack([np.maximum(x[:, None] - x[:-1], 0), np.ones(len(x))])
    solution = np.linalg.solve(table, f(x))
    return solution[:-1], -x[:-1], solution[-1]


@relu_interpolant.variant
def with_idle_unit(f, knots):
    w, b, c = relu_interpolant.reference(f, knots)
    return np.append(w, 5.0), np.append(b, -np.max(knots)), np.array([c])


@relu_interpolant.misconception(
    "The weights are the slopes themselves. Earlier units go on rising, so each unit adds the "
    "*change* of the slope at its knot."
)
def slopes_as_weights(f, knots):
    x = np.sort(knots)
    return np.diff(f(x)) / np.diff(x), -x[:-1], f(x[0])


@relu_interpolant.misconception(
    "`c` is missing: at the smallest knot all units give 0, so c = f there."
)
def without_constant(f, knots):
    w, b, _ = relu_interpolant.reference(f, knots)
    return w, b, 0.0


@relu_interpolant.misconception("`c` is the value at the smallest knot, not at x = 0.")
def value_at_zero(f, knots):
    w, b, _ = relu_interpolant.reference(f, knots)
    return w, b, f(0.0)


@relu_interpolant.misconception("The knots may come in any order: sort them first.")
def unsorted(f, knots):
    x = np.asarray(knots)
    slopes = np.diff(f(x)) / np.diff(x)
    return np.diff(slopes, prepend=0), -x[:-1], f(x[0])


@relu_interpolant.misconception(
    "`knots.sort()` changes the caller's array: `np.sort(knots)` returns a new one."
)
def sorted_in_place(f, knots):
    knots.sort()
    return relu_interpolant.reference(f, knots)


@relu_interpolant.misconception("A unit starts where x + b = 0, so b is minus the knot.")
def kinks_mirrored(f, knots):
    w, b, c = relu_interpolant.reference(f, knots)
    return w, -b, c


@relu_interpolant.misconception(
    "The weights are the heights at the knots: a weight is a slope, so divide the differences of "
    "heights by those of the knots."
)
def heights_as_weights(f, knots):
    x = np.sort(knots)
    return np.diff(np.diff(f(x)), prepend=0), -x[:-1], f(x[0])


@relu_interpolant.misconception(
    "All gaps between knots are taken to be as wide as the first one: divide each difference of "
    "heights by its own gap."
)
def equal_gaps(f, knots):
    x = np.sort(knots)
    return np.diff(np.diff(f(x)) / (x[1] - x[0]), prepend=0), -x[:-1], f(x[0])


@relu_interpolant.misconception(
    "The first slope is missing: the first unit brings it, the others bring the changes."
)
def without_first_slope(f, knots):
    w, b, c = relu_interpolant.reference(f, knots)
    return w[1:], b[1:], c


@relu_interpolant.misconception(
    "Each unit starts one knot too late: the change is at its left end."
)
def one_knot_late(f, knots):
    w, _, c = relu_interpolant.reference(f, knots)
    return w, -np.sort(knots)[1:], c


# -- questions ---------------------------------------------------------------------------------

which_output = question(
    "which_output",
    "Three tasks: **1** tell the price of a home, **2** tell whether a tumor is malignant, **3** "
    "tell which of ten letters an image shows. Which output layers fit?",
    points=0.25,
)
which_output.right("1: one linear unit. 2: one sigmoid unit. 3: ten units with softmax.")
which_output.wrong(
    "1: one sigmoid unit. 2: one sigmoid unit. 3: ten units with softmax.",
    "A sigmoid stays below 1, and a price does not.",
)
which_output.wrong(
    "1: one linear unit. 2: one unit with softmax. 3: ten units with softmax.",
    "A softmax over one unit is 1 for every input: it cannot tell anything.",
)
which_output.wrong(
    "1: one linear unit. 2: one sigmoid unit. 3: one unit with softmax.",
    "The network needs a probability for each of the ten letters.",
)
which_output.wrong(
    "1: one linear unit. 2: one sigmoid unit. 3: ten units with ReLU.",
    "ReLU outputs are no probabilities: they may exceed 1, and nothing makes them add up to 1.",
)
which_output.hint("Ask of each output: which values can it take, and which should it take?")

dead_output = question(
    "dead_output",
    "The single ReLU output of a price network gives 0 for *every* district at the start. What "
    "happens in training by gradient descent?",
    points=0.25,
)
dead_output.right("Nothing: the gradient of every weight and bias is 0, so they never change.")
dead_output.wrong(
    "The first steps revive it, because the errors are large.",
    "The gradient is the error times the slope of ReLU, and that slope is 0 for every district.",
)
dead_output.wrong(
    "The weights stay, but the bias of the output learns until it is positive.",
    "The gradient of the bias contains the slope of ReLU as well.",
)
dead_output.wrong(
    "The hidden layer learns, but the output layer does not.",
    "Every path back to the hidden layer leads through the output unit, whose slope is 0.",
)
dead_output.hint("How much does the prediction change if you change any weight a little?")

uat = question(
    "uat",
    "What does the universal approximation theorem say?",
    points=0.5,
)
uat.right(
    "For a continuous function on a box, and any error above 0, there is a network with one hidden "
    "layer that stays within this error everywhere on the box."
)
uat.right("It holds for ReLU, although ReLU is not bounded.")
uat.wrong(
    "It tells how many hidden units are enough.",
    "It says that some number is enough, not which one.",
)
uat.wrong(
    "Gradient descent finds the weights if there are enough hidden units.",
    "It says that good weights exist; it does not speak of training at all.",
)
uat.hint("It is a statement about what exists.")

explain_283 = free_text(
    "explain_283",
    "Keras reports 283 parameters for the network above, 220 in its first Dense layer and 63 in its "
    "second. Explain where these numbers come from, in two sentences.",
    rubric=[
        "1 point: 10 × 20 weights plus 20 biases is 220, **and** 20 × 3 weights plus 3 biases is 63 "
        "(in words or as a formula; it must be said that the second numbers are biases).",
        "0.5 points: only one of the two layers, or weights and biases are not told apart.",
    ],
    points=1,
)
explain_283.hint("Draw two neighboring layers: what is on each line, and what is in each circle?")
