"""Exercises of lab 06: what makes deep networks hard to train, and four remedies."""

import math
from functools import partial

import keras
import numpy as np
from keras import layers

from dlcourse.authoring import driver, exercise, free_text, question

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


# given in the lesson
def activate(name, z):
    alpha, scale = 1.6732632423543772, 1.0507009873554805  # of SELU
    functions = {
        "sigmoid": lambda z: (1 + np.tanh(z / 2)) / 2,
        "tanh": np.tanh,
        "relu": lambda z: np.maximum(z, 0),
        "leaky_relu": lambda z: np.where(z > 0, z, 0.1 * z),
        "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
        "selu": lambda z: scale * np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))),
    }
    return functions[name](z)


# -- derivatives of activations ----------------------------------------------------------------


@exercise(parts={"sigmoid, tanh": 1, "ReLU, leaky ReLU": 1, "ELU, SELU": 1})
def d_activation(name, z):
    """Return the derivative of an activation function at every pre-activation in `z`.

    name: "sigmoid", "tanh", "relu", "leaky_relu", "elu" or "selu", as in `activate` above.
    z: a number or an array of any shape; the result has the same shape. At 0, where ReLU has a
    kink, take the derivative 0 for it; leaky ReLU and SELU are not asked there.
    Write the formulas yourself, without a tape, finite differences or a library's derivatives.
    For "sigmoid" and z=[0, 2] it is about [0.25, 0.105]; for "leaky_relu" and z=-3 it is 0.1.
    """
    z = np.asarray(z, dtype=float)
    if name == "sigmoid":
        s = activate("sigmoid", z)
        return s * (1 - s)
    if name == "tanh":
        return 1 - np.tanh(z) ** 2
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    above = scale if name == "selu" else 1.0
    below = {
        "relu": 0.0,
        "leaky_relu": 0.1,
        "elu": np.exp(np.minimum(z, 0)),
        "selu": scale * alpha * np.exp(np.minimum(z, 0)),
    }[name]
    return np.where(z > 0, above, below)


_FAMILIES = {
    "sigmoid, tanh": ("sigmoid", "tanh"),
    "ReLU, leaky ReLU": ("relu", "leaky_relu"),
    "ELU, SELU": ("elu", "selu"),
}
for _part, _names in _FAMILIES.items():
    for _name in _names:
        # SELU's constants are often rounded to four decimals; 1 - t^2 in single precision loses digits
        _options = {"part": _part, "rtol": 1e-4, "atol": 1e-6}
        d_activation.case(f'd_activation("{_name}", np.array([-2.0, -0.5, 0.3, 1.5]))', **_options)
        d_activation.hidden_case(f'd_activation("{_name}", 3 * rng.normal(size=12))', **_options)
        d_activation.hidden_case(f'd_activation("{_name}", rng.normal(size=(4, 3)))', **_options)
        d_activation.hidden_case(f'd_activation("{_name}", -rng.uniform(0.2, 2))', **_options)
        d_activation.hidden_case(
            f'd_activation("{_name}", np.array([-30.0, -8.0, 8.0, 30.0]))', **_options
        )
d_activation.case('d_activation("sigmoid", 0.0)', part="sigmoid, tanh")
d_activation.case('d_activation("relu", 0.0)', part="ReLU, leaky ReLU")
for _z in ("0.0", "np.array([-1.0, 0.0, 1.0])"):
    d_activation.hidden_case(f'd_activation("sigmoid", {_z})', part="sigmoid, tanh")
    d_activation.hidden_case(f'd_activation("tanh", {_z})', part="sigmoid, tanh")
    d_activation.hidden_case(f'd_activation("relu", {_z})', part="ReLU, leaky ReLU")
    d_activation.hidden_case(f'd_activation("elu", {_z})', part="ELU, SELU")
d_activation.hint(
    "Sigmoid and tanh have derivatives in terms of their own values: s (1 - s), and 1 - t^2."
)
d_activation.hint(
    "The other four have one formula for z > 0 and one for z <= 0: `np.where` takes the right one."
)
d_activation.hint(
    "Below 0, ELU is e^z - 1, and SELU is scale * alpha * (e^z - 1), with the two numbers in "
    "`activate`: differentiate."
)
d_activation.forbid(
    "tf.GradientTape",
    "np.gradient",
    "scipy.differentiate",
    "scipy.optimize.approx_fprime",
    "dlcourse.plots.functions",
    because="write the formula of each derivative, then compare with the library",
)


@d_activation.variant
def one_formula_each(name, z):
    e = np.exp(-np.abs(z))
    if name == "sigmoid":
        return e / (1 + e) ** 2
    if name == "tanh":
        return 1 / np.cosh(z) ** 2
    if name == "relu":
        return (np.asarray(z) > 0).astype(int)
    if name == "leaky_relu":
        return 0.1 + 0.9 * (np.asarray(z) > 0)
    positive = np.asarray(z) > 0
    if name == "elu":
        return positive + ~positive * e
    return 1.0507 * (positive + ~positive * 1.6733 * e)


@d_activation.variant
def element_by_element(name, z):
    def slope(v):
        if name == "sigmoid":
            s = 1 / (1 + math.exp(-v))
            return s * (1 - s)
        if name == "tanh":
            return 1 - math.tanh(v) ** 2
        scale = SELU_SCALE if name == "selu" else 1
        if v > 0:
            return scale
        return {
            "relu": 0,
            "leaky_relu": 0.1,
            "elu": math.exp(v),
            "selu": scale * SELU_ALPHA * math.exp(v),
        }[name]

    z = np.asarray(z)
    return np.array([slope(v) for v in z.ravel()], dtype=float).reshape(z.shape)


@d_activation.variant
def from_the_values(name, z):
    a = activate(name, np.asarray(z, dtype=float))
    if name == "sigmoid":
        return a - a**2
    if name == "tanh":
        return (1 - a) * (1 + a)
    if name == "relu":
        return np.sign(a)
    if name == "leaky_relu":
        return np.where(a > 0, 1, 0.1)
    if name == "elu":
        return np.minimum(a, 0) + 1
    return np.where(a > 0, SELU_SCALE, a + SELU_ALPHA * SELU_SCALE)


def _with(name, z, **formulas):
    """The right derivative, except for the activations in `formulas`."""
    z = np.asarray(z, dtype=float)
    return formulas[name](z) if name in formulas else d_activation.reference(name, z)


@d_activation.misconception(
    "s (1 - s) and 1 - t^2 hold for the *activation*: compute s or t from z first.",
    costs="sigmoid, tanh",
)
def of_the_activation(name, z):
    return _with(name, z, sigmoid=lambda z: z * (1 - z), tanh=lambda z: 1 - z**2)


@d_activation.misconception(
    "These formulas hold for the *activation*: compute s, t or the values of ELU and SELU from z "
    "first.",
    costs=("sigmoid, tanh", "ELU, SELU"),
)
def all_of_the_activation(name, z):
    return _with(
        name,
        z,
        sigmoid=lambda z: z * (1 - z),
        tanh=lambda z: 1 - z**2,
        elu=lambda z: np.where(z > 0, 1, z + 1),
        selu=lambda z: np.where(z > 0, SELU_SCALE, z + SELU_ALPHA * SELU_SCALE),
    )


@d_activation.misconception(
    "The derivative of the sigmoid is z (1 - z) here: it is s (1 - s), with s the sigmoid of z.",
    costs="sigmoid, tanh",
)
def sigmoid_of_z_only(name, z):
    return _with(name, z, sigmoid=lambda z: z * (1 - z))


@d_activation.misconception(
    "The slope of tanh is 1 - tanh(z)^2: you left out the square.",
    costs="sigmoid, tanh",
)
def tanh_without_square(name, z):
    return _with(name, z, tanh=lambda z: 1 - np.tanh(z))


@d_activation.misconception(
    "The slope of tanh is 1 - t^2 with t = tanh(z): you squared z itself.",
    costs="sigmoid, tanh",
)
def tanh_of_z_only(name, z):
    return _with(name, z, tanh=lambda z: 1 - z**2)


@d_activation.misconception(
    "The sigmoid is applied twice: s (1 - s) needs the sigmoid of z once.", costs="sigmoid, tanh"
)
def sigmoid_twice(name, z):
    return _with(
        name,
        z,
        sigmoid=lambda z: d_activation.reference("sigmoid", activate("sigmoid", z)),
        tanh=lambda z: d_activation.reference("tanh", np.tanh(z)),
    )


@d_activation.misconception(
    "At 0 the sigmoid has the slope 1/4, not 1: s (1 - s), without a factor 4.",
    costs="sigmoid, tanh",
)
def maximum_is_one(name, z):
    return _with(name, z, sigmoid=lambda z: 4 * d_activation.reference("sigmoid", z))


@d_activation.misconception("At z = 0 take the derivative 0 for ReLU.", costs="ReLU, leaky ReLU")
def one_at_zero(name, z):
    return _with(name, z, relu=lambda z: np.where(z >= 0, 1.0, 0.0))


@d_activation.misconception(
    "ReLU and leaky ReLU are straight lines: their slopes are 1 above 0, and 0 or 0.1 below, "
    "whatever z is.",
    costs="ReLU, leaky ReLU",
)
def values_of_relu(name, z):
    return _with(
        name, z, relu=partial(activate, "relu"), leaky_relu=partial(activate, "leaky_relu")
    )


@d_activation.misconception(
    "Below 0, leaky ReLU has a small slope, 0.1, and not 0.", costs="ReLU, leaky ReLU"
)
def leaky_is_relu(name, z):
    return _with(name, z, leaky_relu=lambda z: np.where(z > 0, 1.0, 0.0))


@d_activation.misconception(
    "The slope of leaky ReLU below 0 is 0.1, as in `activate`, not 0.01.",
    costs="ReLU, leaky ReLU",
)
def smaller_slope(name, z):
    return _with(name, z, leaky_relu=lambda z: np.where(z > 0, 1.0, 0.01))


@d_activation.misconception(
    "The constant -1 of e^z - 1 disappears when you differentiate: below 0 the slope is a "
    "multiple of e^z.",
    costs="ELU, SELU",
)
def constant_stays(name, z):
    below = lambda z: np.expm1(np.minimum(z, 0))  # noqa: E731
    return _with(
        name,
        z,
        elu=lambda z: np.where(z > 0, 1.0, below(z)),
        selu=lambda z: SELU_SCALE * np.where(z > 0, 1.0, SELU_ALPHA * below(z)),
    )


@d_activation.misconception(
    "SELU is stretched on both sides: above 0 its slope is `scale`, and below 0 it is "
    "scale * alpha * e^z.",
    costs="ELU, SELU",
)
def selu_without_scale(name, z):
    return _with(name, z, selu=lambda z: d_activation.reference("selu", z) / SELU_SCALE)


@d_activation.misconception(
    "SELU is stretched on both sides: above 0 its slope is `scale`, and below 0 it is "
    "scale * alpha * e^z.",
    costs="ELU, SELU",
)
def selu_scaled_below_only(name, z):
    return _with(name, z, selu=lambda z: np.where(z > 0, 1.0, d_activation.reference("selu", z)))


@d_activation.misconception(
    "SELU has a factor of its own below 0: alpha, before the e^z.", costs="ELU, SELU"
)
def selu_without_alpha(name, z):
    return _with(name, z, selu=lambda z: SELU_SCALE * d_activation.reference("elu", z))


@d_activation.misconception("These are the values of the activations: return their slopes.")
def the_activation_itself(name, z):
    return activate(name, np.asarray(z, dtype=float))


# -- the chain ---------------------------------------------------------------------------------


@exercise(points=2)
def gradient_factor(zs, ws, name):
    """Return the derivative of the last activation of a chain of neurons by its input.

    The chain has one neuron per layer: z_k = w_k a_(k-1) and a_k = phi(z_k), from the input a_0
    on. zs, ws: the pre-activations z_1, z_2, ... and the weights w_1, w_2, ..., of shape (L,);
    name: of phi, as in `d_activation`. The result is the number d a_L / d a_0.
    With ws=[2, 3] it is 0.375 for zs=[0, 0] and "sigmoid", and 6 for zs=[1, 2] and "relu".
    """
    return float(np.prod(d_activation(name, np.asarray(zs)) * np.asarray(ws)))


@driver
def chain(x, ws, name):
    """The pre-activations of a chain of neurons."""
    phi = {
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": np.tanh,
        "relu": lambda z: max(z, 0.0),
        "leaky_relu": lambda z: max(z, 0.1 * z),
        "elu": lambda z: z if z > 0 else np.expm1(z),
    }[name]
    zs = []
    for w in ws:
        zs.append(w * x)
        x = phi(zs[-1])
    return np.array(zs)


for _call in (
    'gradient_factor(np.array([0.5, -1.0, 2.0]), np.array([0.8, -1.5, 1.2]), "sigmoid")',
    'gradient_factor(np.array([0.5, 1.0, 2.0]), np.array([0.5, 2.0, -3.0]), "relu")',
    'gradient_factor(np.array([0.4]), np.array([2.5]), "tanh")',
):
    gradient_factor.case(_call)
for _name in ("sigmoid", "tanh", "leaky_relu", "elu"):
    gradient_factor.hidden_case(
        f'gradient_factor(rng.normal(size=6), rng.normal(size=6) + 0.5, "{_name}")'
    )
    gradient_factor.hidden_case(
        "(lambda ws: gradient_factor("
        f'chain(0.7, ws, "{_name}"), ws, "{_name}"))(rng.uniform(0.5, 1.5, size=4))'
    )
for _call in (
    'gradient_factor(rng.uniform(0.1, 2, size=5), -rng.uniform(1, 2, size=5), "relu")',
    'gradient_factor(np.array([0.3, -0.2, 0.9]), np.array([1.0, 2.0, 3.0]), "relu")',
    'gradient_factor(rng.normal(size=1), rng.normal(size=1), "sigmoid")',
):
    gradient_factor.hidden_case(_call)
gradient_factor.uses(d_activation)
gradient_factor.hint("One layer contributes two factors: d a_k / d z_k and d z_k / d a_(k-1).")
gradient_factor.hint(
    "d a_k / d z_k is your `d_activation` at z_k, and d z_k / d a_(k-1) is w_k. Multiply them all."
)


@gradient_factor.variant
def in_a_loop(zs, ws, name):
    factor = 1.0
    for z, w in zip(reversed(list(zs)), reversed(list(ws)), strict=True):
        factor *= float(d_activation(name, z)) * w
    return factor


@gradient_factor.variant
def two_products(zs, ws, name):
    slopes = np.array([d_activation(name, z) for z in zs])
    return np.prod(slopes) * np.prod(ws)


@gradient_factor.misconception("The weights are left out: each layer also multiplies by its w.")
def without_weights(zs, ws, name):
    return float(np.prod(d_activation(name, np.asarray(zs))))


@gradient_factor.misconception(
    "This is the product of the weights alone: each layer also multiplies by phi'(z)."
)
def weights_only(zs, ws, name):
    return float(np.prod(ws))


@gradient_factor.misconception(
    "The first weight is missing: between a_0 and z_1 there is w_1, as in every layer."
)
def first_weight_missing(zs, ws, name):
    return float(np.prod(d_activation(name, np.asarray(zs))) * np.prod(ws[1:]))


@gradient_factor.misconception("The chain rule multiplies the factors of the layers: no sum.")
def summed(zs, ws, name):
    return float(np.sum(d_activation(name, np.asarray(zs)) * np.asarray(ws)))


@gradient_factor.misconception("There is one factor per layer: multiply them into one number.")
def not_multiplied(zs, ws, name):
    return d_activation(name, np.asarray(zs)) * np.asarray(ws)


@gradient_factor.misconception("`phi` itself is multiplied: take its derivative, d_activation.")
def phi_instead(zs, ws, name):
    return float(np.prod(activate(name, np.asarray(zs)) * np.asarray(ws)))


@gradient_factor.misconception("A negative weight turns the sign of the derivative: no abs().")
def absolute(zs, ws, name):
    return abs(gradient_factor.reference(zs, ws, name))


two_caveats = free_text(
    "two_caveats",
    "Slides print: the slope of ReLU is 1, so that all factors are 1, and this *solves* the "
    "vanishing gradient problem. Which two caveats does the claim need? Two or three sentences.",
    rubric=[
        "0.5 points: the slope is 1 on active paths only; a unit with a negative pre-activation "
        "has slope 0 and passes nothing back, and one that is negative for all rows is dead.",
        "0.5 points: the weights still multiply: with too small or too large ones the product "
        "vanishes or explodes all the same, so that the initialization must fit (He).",
    ],
    points=1,
)
two_caveats.hint("Look again at the two factors of each layer: when is each of them not 1?")


# -- initialization ----------------------------------------------------------------------------


@exercise(points=2)
def init_std(scheme, fan_in, fan_out):
    """Return the standard deviation of the initial weights of a dense layer.

    scheme: "glorot" (variance 1 over the mean of fan_in and fan_out), "he" (variance 2 / fan_in)
    or "lecun" (variance 1 / fan_in); fan_in, fan_out: numbers of inputs and of units.
    For "he" and fan_in=50 it is 0.2; for "glorot" with fan_in=80 and fan_out=120 it is 0.1.
    """
    variance = {
        "glorot": 2 / (fan_in + fan_out),
        "he": 2 / fan_in,
        "lecun": 1 / fan_in,
    }[scheme]
    return np.sqrt(variance)


for _scheme in ("glorot", "he", "lecun"):
    init_std.case(f'init_std("{_scheme}", 100, 300)')
    init_std.hidden_case(f'init_std("{_scheme}", 7, 2)')
    init_std.hidden_case(f'init_std("{_scheme}", 64, 64)')
    init_std.hidden_case(
        f'init_std("{_scheme}", int(rng.integers(2, 400)), int(rng.integers(401, 900)))'
    )
init_std.hint("The docstring gives variances; the standard deviation is the square root.")
init_std.hint("The mean of fan_in and fan_out is (fan_in + fan_out) / 2: 1 over it has a 2 on top.")


@init_std.variant
def with_numpy(scheme, fan_in, fan_out):
    if scheme == "glorot":
        return np.sqrt(1 / np.mean([fan_in, fan_out]))
    if scheme == "he":
        return np.sqrt(2 / fan_in)
    return 1 / np.sqrt(fan_in)


@init_std.variant
def powers(scheme, fan_in, fan_out):
    fan = (fan_in + fan_out) / 2 if scheme == "glorot" else fan_in
    gain = 2**0.5 if scheme == "he" else 1
    return gain * fan**-0.5


@init_std.misconception("This is the variance: return its square root.")
def variance_returned(scheme, fan_in, fan_out):
    return init_std.reference(scheme, fan_in, fan_out) ** 2


@init_std.misconception(
    "He's and LeCun's schemes are exchanged: the 2 that makes up for ReLU is He's."
)
def he_and_lecun_exchanged(scheme, fan_in, fan_out):
    other = {"he": "lecun", "lecun": "he"}.get(scheme, scheme)
    return init_std.reference(other, fan_in, fan_out)


@init_std.misconception(
    "For Glorot this is the limit of uniform weights, with a 6: the variance has a 2 on top."
)
def glorot_as_limit(scheme, fan_in, fan_out):
    return init_std.reference(scheme, fan_in, fan_out) * (3**0.5 if scheme == "glorot" else 1)


@init_std.misconception("Glorot's scheme looks at both fans: the variance is 1 over their mean.")
def glorot_of_fan_in(scheme, fan_in, fan_out):
    return init_std.reference("lecun" if scheme == "glorot" else scheme, fan_in, fan_out)


@init_std.misconception(
    "1 over the *sum* of the fans is half of 1 over their mean: Glorot's variance has a 2 on top."
)
def glorot_without_two(scheme, fan_in, fan_out):
    std = init_std.reference(scheme, fan_in, fan_out)
    return std / math.sqrt(2) if scheme == "glorot" else std


@init_std.misconception("He's scheme has a 2 on top: ReLU sets half of the units to 0.")
def he_without_two(scheme, fan_in, fan_out):
    return init_std.reference("lecun" if scheme == "he" else scheme, fan_in, fan_out)


@init_std.misconception("fan_in and fan_out are exchanged: He and LeCun look at the inputs.")
def fan_out_instead(scheme, fan_in, fan_out):
    return init_std.reference(scheme, fan_out, fan_in)


@init_std.misconception("The 2 stands under the root: sqrt(2 / fan), not 2 / sqrt(fan).")
def two_outside(scheme, fan_in, fan_out):
    std = init_std.reference(scheme, fan_in, fan_out)
    return std if scheme == "lecun" else std * math.sqrt(2)


@init_std.misconception("The scheme is ignored: the three give different numbers.")
def always_glorot(scheme, fan_in, fan_out):
    return init_std.reference("glorot", fan_in, fan_out)


@exercise(points=1)
def glorot_limit(fan_in, fan_out):
    """Return r such that uniform weights between -r and r have Glorot's variance.

    A uniform distribution between -r and r has the variance r^2 / 3; Glorot's is 1 over the mean
    of fan_in and fan_out, both numbers of units. For fan_in=4 and fan_out=2 it is 1.
    """
    return np.sqrt(6 / (fan_in + fan_out))


glorot_limit.case("glorot_limit(100, 300)")
glorot_limit.case("glorot_limit(2, 4)")
for _call in (
    "glorot_limit(7, 2)",
    "glorot_limit(64, 64)",
    "glorot_limit(int(rng.integers(2, 400)), int(rng.integers(401, 900)))",
):
    glorot_limit.hidden_case(_call)
glorot_limit.uses(init_std)
glorot_limit.hint("Set r^2 / 3 equal to Glorot's variance and solve for r.")
glorot_limit.hint("r is the square root of three times the variance.")


@glorot_limit.variant
def from_the_std(fan_in, fan_out):
    return 3**0.5 * init_std("glorot", fan_in, fan_out)


@glorot_limit.variant
def from_the_mean(fan_in, fan_out):
    return np.sqrt(3 / ((fan_in + fan_out) / 2))


@glorot_limit.misconception(
    "This is the standard deviation: the limit of a uniform distribution lies sqrt(3) of them out."
)
def limit_is_std(fan_in, fan_out):
    return math.sqrt(2 / (fan_in + fan_out))


@glorot_limit.misconception("3 over the *mean* of the fans is 6 over their sum.")
def three_over_sum(fan_in, fan_out):
    return math.sqrt(3 / (fan_in + fan_out))


@glorot_limit.misconception("The square root is missing: this is r^2.")
def squared(fan_in, fan_out):
    return 6 / (fan_in + fan_out)


@glorot_limit.misconception("Glorot's variance looks at both fans, not at fan_in alone.")
def limit_of_fan_in(fan_in, fan_out):
    return math.sqrt(3 / fan_in)


@glorot_limit.misconception("The 3 stands under the root: r = sqrt(3 * variance).")
def three_outside(fan_in, fan_out):
    return 3 * math.sqrt(2 / (fan_in + fan_out))


# -- variances through the layers --------------------------------------------------------------


@driver
def mean_profile(activation_std, depth, name, scheme, seed):
    """The standard deviations of networks of width 128: logarithms, averaged over 6 networks."""
    runs = [
        np.asarray(activation_std(depth, 128, name, scheme, np.random.default_rng([seed, k])))
        for k in range(6)
    ]
    return {"mean logarithm": np.mean(np.log(np.maximum(runs, 1e-12)), axis=0)}


@driver
def randomness(activation_std, seed):
    """Do the numbers of an answer come from the generator that it is given?"""
    first, again, other = (
        np.asarray(activation_std(3, 50, "relu", "he", np.random.default_rng(s)))
        for s in (seed, seed, seed + 1)
    )
    return {
        "numbers": int(first.size),
        "the same for the same generator": bool(np.array_equal(first, again)),
        "others for another generator": not np.allclose(first, other, rtol=1e-6),
    }


@driver
def own_weights(activation_std):
    """Does every layer draw its own weights? With one unit, the same weight is the same factor."""
    for seed in range(80):  # in most networks of one ReLU unit per layer, the signal dies
        rng = np.random.default_rng(seed)
        stds = np.asarray(activation_std(3, 1, "relu", "he", rng), dtype=float).reshape(-1)
        if stds.size != 3:
            return int(stds.size)
        if stds.min() > 0 and not np.isclose(stds[1] / stds[0], stds[2] / stds[1], rtol=1e-4):
            return {"every layer has weights of its own": True}
    return {"every layer has weights of its own": False}


@exercise(points=2)
def activation_std(depth, width, name, scheme, rng):
    """Return the standard deviation of the activations of every layer of a random network.

    Draw 500 rows of `width` standard normal inputs. Then, for each of `depth` layers, draw a
    matrix of width x width normal weights with mean 0 and the standard deviation that
    `init_std(scheme, width, width)` gives; there are no biases. name: of the activation, as in
    `activate`. rng: a NumPy generator; draw everything from it.
    The result has shape (depth,): for each layer one number, the standard deviation of all its
    activations, over rows and units together. With "relu" and "he" all are near 0.8.
    """
    a = rng.normal(size=(500, width))
    result = []
    for _ in range(depth):
        W = rng.normal(scale=init_std(scheme, width, width), size=(width, width))
        a = activate(name, a @ W)
        result.append(a.std())
    return np.array(result)


_PROFILES = [("relu", "he"), ("relu", "glorot"), ("sigmoid", "glorot"), ("selu", "lecun")]
for _name, _scheme in _PROFILES[:3]:
    activation_std.case(
        f'mean_profile(activation_std, 4, "{_name}", "{_scheme}", 1)', rtol=1e-6, atol=0.15
    )
activation_std.case("randomness(activation_std, 5)")
activation_std.case("own_weights(activation_std)")
for _name, _scheme in [*_PROFILES, ("tanh", "he")]:
    activation_std.hidden_case(
        f'mean_profile(activation_std, 5, "{_name}", "{_scheme}", int(rng.integers(1000)))',
        rtol=1e-6,
        atol=0.15,
    )
activation_std.hidden_case("randomness(activation_std, int(rng.integers(1000)))")
activation_std.hidden_case("own_weights(activation_std)")
activation_std.hidden_case(
    'np.asarray(activation_std(1, 40, "tanh", "glorot", np.random.default_rng(3))).shape'
)
activation_std.uses(init_std)
activation_std.hint(
    "Keep the activations of the current layer in one array, `a`: first the inputs."
)
activation_std.hint(
    "In the loop: draw W, replace `a` by the activation of `a @ W`, and append `a.std()` to a list."
)
activation_std.hint("`rng.normal(scale=s, size=(width, width))` draws normal numbers.")


@activation_std.variant
def all_weights_first(depth, width, name, scheme, rng):
    s = init_std(scheme, width, width)
    weights = s * rng.standard_normal((depth, width, width))
    a = rng.standard_normal((500, width))
    profile = np.zeros(depth)
    for k, W in enumerate(weights):
        a = activate(name, a @ W)
        profile[k] = np.sqrt(np.mean((a - a.mean()) ** 2))
    return profile


@activation_std.variant
def columns_are_samples(depth, width, name, scheme, rng):
    phi = {
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": np.tanh,
        "relu": lambda z: z * (z > 0),
        "selu": lambda z: np.where(z > 0, 1.0507 * z, 1.7581 * (np.exp(z) - 1)),
    }[name]
    variances = {"he": 2 / width, "glorot": 1 / width, "lecun": 1 / width}
    a, stds = rng.normal(0, 1, (width, 500)), []
    while len(stds) < depth:
        a = phi(rng.normal(0, variances[scheme] ** 0.5, (width, width)) @ a)
        stds.append(float(np.std(a)))
    return stds


def _profile(depth, width, name, scheme, rng, phi=None, std=None, measure=np.std, bias=0.0):
    """The profile with another activation, spread of weights, measure or bias."""
    phi = phi or partial(activate, name)
    std = init_std.reference(scheme, width, width) if std is None else std
    a, result = rng.normal(size=(500, width)), []
    for _ in range(depth):
        z = a @ rng.normal(scale=std, size=(width, width)) + bias * rng.normal(size=width)
        a = phi(z)
        result.append(measure(z if measure is _STD_OF_Z else a))
    return np.array([float(np.std(v)) if measure is _STD_OF_Z else v for v in result])


def _STD_OF_Z(z):
    return z


@activation_std.misconception(
    "The activation function is not applied: this is a network of linear layers."
)
def linear(depth, width, name, scheme, rng):
    return _profile(depth, width, name, scheme, rng, phi=lambda z: z)


@activation_std.misconception(
    "This is the spread of the pre-activations: apply the activation, then measure."
)
def before_the_activation(depth, width, name, scheme, rng):
    return _profile(depth, width, name, scheme, rng, measure=_STD_OF_Z)


@activation_std.misconception("This is the variance: return standard deviations.")
def variances_returned(depth, width, name, scheme, rng):
    return _profile(depth, width, name, scheme, rng, measure=np.var)


@activation_std.misconception(
    "This is the root of the mean square: a standard deviation takes the mean off first."
)
def root_mean_square(depth, width, name, scheme, rng):
    return _profile(depth, width, name, scheme, rng, measure=lambda a: np.sqrt(np.mean(a**2)))


@activation_std.misconception(
    "Weights are drawn with the variance as `scale`: NumPy's `scale` is the standard deviation, "
    "what init_std returns."
)
def scale_is_variance(depth, width, name, scheme, rng):
    std = init_std.reference(scheme, width, width) ** 2
    return _profile(depth, width, name, scheme, rng, std=std)


@activation_std.misconception(
    "The weights are standard normal: multiply them by `init_std(scheme, width, width)`."
)
def unscaled_weights(depth, width, name, scheme, rng):
    return _profile(depth, width, name, scheme, rng, std=1.0)


@activation_std.misconception(
    "Every layer sees the inputs: the next layer gets the activations of the one before."
)
def not_chained(depth, width, name, scheme, rng):
    x, result = rng.normal(size=(500, width)), []
    for _ in range(depth):
        W = rng.normal(scale=init_std.reference(scheme, width, width), size=(width, width))
        result.append(activate(name, x @ W).std())
    return np.array(result)


@activation_std.misconception("The scheme is ignored: use `init_std(scheme, width, width)`.")
def scheme_ignored(depth, width, name, scheme, rng):
    return _profile(depth, width, name, "he", rng)


@activation_std.misconception("The inputs are counted as a layer: return `depth` numbers.")
def with_inputs(depth, width, name, scheme, rng):
    return np.concatenate([[1.0], _profile(depth, width, name, scheme, rng)])


@activation_std.misconception("Only the last layer comes back: one number for each layer.")
def last_only(depth, width, name, scheme, rng):
    return _profile(depth, width, name, scheme, rng)[-1:]


@activation_std.misconception(
    "All layers share one matrix: draw a new one for each layer, in the loop."
)
def one_matrix(depth, width, name, scheme, rng):
    a, result = rng.normal(size=(500, width)), []
    W = rng.normal(scale=init_std.reference(scheme, width, width), size=(width, width))
    for _ in range(depth):
        a = activate(name, a @ W)
        result.append(a.std())
    return np.array(result)


@activation_std.misconception(
    "This is the mean of the units' standard deviations: take one over rows and units together."
)
def mean_over_units(depth, width, name, scheme, rng):
    return _profile(depth, width, name, scheme, rng, measure=lambda a: np.mean(a.std(axis=0)))


@activation_std.misconception(
    "The generator `rng` is not used: draw from it, not from a new generator or np.random."
)
def own_generator(depth, width, name, scheme, rng):
    return _profile(depth, width, name, scheme, np.random.default_rng(0))


# -- standardization ---------------------------------------------------------------------------


@exercise(parts={"statistics": 2, "constant columns": 1})
def standardize(X_train, *others):
    """Return a tuple of all the arrays, standardized column by column.

    X_train: shape (n, d); others: any number of arrays with d columns, such as a validation and
    a test set. From every column of every array, take off the column's mean in X_train and divide
    by its standard deviation in X_train (n, not n - 1, under the root). A column that is constant
    in X_train has standard deviation 0: take off its mean, and do not divide.
    The result is a tuple with as many arrays, even if it is one; the arguments stay as they are.
    Compute it yourself, without the ready-made scalers of scikit-learn, SciPy or Keras.
    For X_train=[[1, 5], [3, 5]] and one other array [[4, 5]]: ([[-1, 0], [1, 0]], [[2, 0]]).
    """
    constant = X_train.max(axis=0) == X_train.min(axis=0)  # where rounding may leave std at 1e-17
    mean, std = X_train.mean(axis=0), np.where(constant, 1, X_train.std(axis=0))
    return tuple((X - mean) / std for X in (X_train, *others))


_ROWS = "np.array([[1.0, 20.0], [2.0, 50.0], [6.0, 80.0], [3.0, 90.0]])"
for _call in (
    f"standardize({_ROWS}, np.array([[4.0, 10.0], [9.0, 100.0], [5.0, 70.0]]))",
    f"standardize({_ROWS})",
):
    standardize.case(_call, part="statistics")
standardize.case(
    "standardize(np.array([[1, 5], [3, 5], [8, 5]]), np.array([[4, 5], [0, 5]]))",
    part="constant columns",
)
for _call in (
    "standardize(rng.normal(3, [1, 5, 0.1], size=(30, 3)), rng.normal(4, 2, size=(9, 3)))",
    "standardize(rng.normal(size=(8, 2)), 3 + rng.normal(size=(5, 2)), rng.normal(size=(1, 2)))",
    "standardize(rng.uniform(0, 1000, size=(5, 4)))",
    "standardize(rng.integers(0, 50, size=(12, 2)), rng.integers(0, 50, size=(6, 2)))",
    "standardize(rng.normal(size=(4, 4)), rng.normal(2, 3, size=(4, 4)))",
):
    # some add a tiny number to every standard deviation
    standardize.hidden_case(_call, part="statistics", rtol=1e-5)
for _call in (
    "standardize(np.column_stack([np.full(8, 3.0), rng.normal(5, 2, size=8)]), "
    "np.column_stack([np.full(5, 3.0), rng.normal(size=5)]))",
    "standardize(np.column_stack([rng.normal(2, 3, size=6), np.zeros(6), np.full(6, -2.0)]))",
):
    standardize.hidden_case(_call, part="constant columns")
standardize.hint("`X_train.mean(axis=0)` has one mean per column; `std(axis=0)` likewise.")
standardize.hint("Compute mean and standard deviation once, from X_train, and use them for all.")
standardize.hint(
    "`np.where(std < 1e-12, 1, std)` replaces zeros, rounded ones, too; "
    "`tuple(... for X in (X_train, *others))`."
)
standardize.forbid(
    "sklearn.preprocessing",
    "scipy.stats.zscore",
    "keras.layers.Normalization",
    "keras.src.layers.preprocessing.normalization",
    "keras.utils.normalize",
    because="take off the mean and divide yourself, then compare with the library",
)


@standardize.variant
def column_by_column(X_train, *others):
    results = [np.zeros(np.shape(X)) for X in (X_train, *others)]
    for j in range(np.shape(X_train)[1]):
        column = np.asarray(X_train, dtype=float)[:, j]
        mu = sum(column) / len(column)
        sigma = math.sqrt(sum((column - mu) ** 2) / len(column))
        for X, result in zip((X_train, *others), results, strict=True):
            centered = np.asarray(X)[:, j] - mu
            result[:, j] = centered / sigma if sigma > 1e-12 else 0.0
    return tuple(results)


@standardize.variant
def with_a_small_number(X_train, *others):
    mean = np.mean(X_train, axis=0, keepdims=True)
    scale = np.std(X_train, axis=0, keepdims=True) + 1e-9
    return (X_train - mean) / scale, *[(X - mean) / scale for X in others]


@standardize.variant
def on_copies(X_train, *others):
    scaled = [np.array(X, dtype=float) for X in (X_train, *others)]
    mean, std = scaled[0].mean(axis=0), scaled[0].std(axis=0)
    std[std < 1e-12] = 1.0
    for X in scaled:
        X -= mean
        X /= std
    return tuple(scaled)


def _scaled(X, mean, std):
    return (X - mean) / np.where(std == 0, 1, std)


@standardize.misconception(
    "Each array is standardized with its own numbers: use mean and standard deviation of X_train."
)
def own_statistics(X_train, *others):
    return tuple(_scaled(X, X.mean(axis=0), X.std(axis=0)) for X in (X_train, *others))


@standardize.misconception(
    "Mean and standard deviation are taken over all rows, so the test set leaks into the "
    "training: take them from X_train alone."
)
def fitted_on_all(X_train, *others):
    rows = np.concatenate([X_train, *others])
    return tuple(_scaled(X, rows.mean(axis=0), rows.std(axis=0)) for X in (X_train, *others))


@standardize.misconception("The standard deviation divides by n - 1 (as pandas does): use n.")
def ddof_one(X_train, *others):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0, ddof=1)
    return tuple(_scaled(X, mean, std) for X in (X_train, *others))


@standardize.misconception("One mean for the whole array: every column has its own, axis=0.")
def global_mean(X_train, *others):
    return tuple(_scaled(X, X_train.mean(), X_train.std()) for X in (X_train, *others))


@standardize.misconception("These are means of the rows: columns are features, axis=0.")
def by_row(X_train, *others):
    return tuple(
        _scaled(X, X.mean(axis=1, keepdims=True), X.std(axis=1, keepdims=True))
        for X in (X_train, *others)
    )


@standardize.misconception("The columns are centered but not divided by the standard deviation.")
def only_centered(X_train, *others):
    return tuple(X - X_train.mean(axis=0) for X in (X_train, *others))


@standardize.misconception("It divides by the variance: divide by the standard deviation.")
def by_variance(X_train, *others):
    mean, var = X_train.mean(axis=0), X_train.var(axis=0)
    return tuple(_scaled(X, mean, var) for X in (X_train, *others))


@standardize.misconception("It scales to the range from 0 to 1: use mean and standard deviation.")
def min_max(X_train, *others):
    low, high = X_train.min(axis=0), X_train.max(axis=0)
    return tuple(_scaled(X, low, high - low) for X in (X_train, *others))


@standardize.misconception(
    "A constant column has standard deviation 0, and 0/0 is NaN: divide by 1 there.",
    costs="constant columns",
)
def nan_for_constant(X_train, *others):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return tuple((X - mean) / std for X in (X_train, *others))


@standardize.misconception("Only X_train comes back: return it and all the others.")
def training_rows_only(X_train, *others):
    return (_scaled(X_train, X_train.mean(axis=0), X_train.std(axis=0)),)


@standardize.misconception("The other arrays come back as they were: scale them, too.")
def others_unchanged(X_train, *others):
    return (_scaled(X_train, X_train.mean(axis=0), X_train.std(axis=0)), *others)


@standardize.misconception(
    "It changes its arguments (`-=` and `/=` write into them): make new arrays."
)
def in_place(X_train, *others):
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std = np.where(std == 0, 1, std)
    for X in (X_train, *others):
        X[:] = (X - mean) / std
    return (X_train, *others)


@standardize.misconception("A bare array comes back: return a tuple, even of one array.")
def bare_array(X_train, *others):
    right = standardize.reference(X_train, *others)
    return right if others else right[0]


# -- batch normalization -----------------------------------------------------------------------


@driver
def output_of(result):
    """The first of three results."""
    if not isinstance(result, list) or len(result) != 3:
        raise TypeError("expected a tuple of three: the output, the means, the variances")
    return result[0]


@driver
def statistics_of(result):
    """The other two of three results."""
    if not isinstance(result, list) or len(result) != 3:
        raise TypeError("expected a tuple of three: the output, the means, the variances")
    return {"mean": result[1], "variance": result[2]}


@exercise(parts={"output": 2, "statistics": 1})
def batch_norm(x, gamma, beta, eps=1e-3):
    """Return (y, mean, var): batch normalization in training, and the statistics of the batch.

    x: a batch, shape (n, d); gamma, beta: scale and shift of every column, shape (d,); eps: a
    small number that is added to the variance, under the root. mean and var have shape (d,): mean
    and variance of every column of x (dividing by n). y has the shape of x. Write the formula
    yourself, without a ready-made batch normalization.
    For x=[[1], [3]], gamma=[2], beta=[5] and eps=0 they are [[3], [7]], [2] and [1].
    """
    mean, var = x.mean(axis=0), x.var(axis=0)
    y = gamma * (x - mean) / np.sqrt(var + eps) + beta
    return y, mean, var


_BATCH = "np.array([[1.0, 20.0], [2.0, 50.0], [6.0, 80.0], [3.0, 90.0], [1.5, 70.0]])"
_BATCH_CASES = (
    f"batch_norm({_BATCH}, np.array([1.0, 2.0]), np.array([2.0, -4.0]))",
    f"batch_norm({_BATCH} / 40, np.array([0.5, 3.0]), np.array([1.0, 8.0]), eps=0.01)",
)
_HIDDEN_BATCHES = (
    "batch_norm(rng.normal([-10, 25, 3], [2, 5, 10], size=(8, 3)), np.array([1.0, 2.0, 3.0]), "
    "np.array([2.0, 4.0, 8.0]))",
    "batch_norm(rng.normal(3, 0.05, size=(8, 2)), rng.normal(size=2), rng.normal(size=2))",
    "batch_norm(rng.normal(size=(6, 6)), rng.uniform(1, 2, size=6), rng.normal(size=6), eps=0.5)",
    "batch_norm(rng.normal(size=(1, 3)), np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 8.0]))",
    "batch_norm(rng.normal(size=(20, 4)).astype('float32'), np.ones(4), np.zeros(4), eps=1e-5)",
)
for _part, _view in (("output", output_of), ("statistics", statistics_of)):
    for _call in _BATCH_CASES:
        batch_norm.case(_call, part=_part, view=_view)
    for _call in _HIDDEN_BATCHES:
        # a mean in single precision may differ by its last digits where it is nearly 0
        _single = {"rtol": 1e-4, "atol": 1e-5} if "float32" in _call else {}
        batch_norm.hidden_case(_call, part=_part, view=_view, **_single)
batch_norm.hint(
    "Statistics are taken over the batch: one mean and one variance per column, axis=0."
)
batch_norm.hint(
    "First normalize: (x - mean) / sqrt(var + eps). Then scale by gamma, then add beta."
)
batch_norm.forbid(
    "keras.layers.BatchNormalization",
    "keras.src.layers.normalization",
    "keras.ops.batch_normalization",
    "keras.src.ops.nn.batch_normalization",
    "tf.nn.batch_normalization",
    because="write the formula yourself, then compare with Keras",
)


@batch_norm.variant
def with_sums(x, gamma, beta, eps=1e-3):
    x = np.asarray(x, dtype=float)
    n = len(x)
    mu = np.sum(x, axis=0) / n
    centered = x - mu
    sigma2 = np.sum(centered**2, axis=0) / n
    return centered * (gamma / np.sqrt(sigma2 + eps)) + beta, mu, sigma2


@batch_norm.variant
def with_keras_ops(x, gamma, beta, eps=1e-3):
    from keras import ops

    x = ops.convert_to_tensor(np.asarray(x, dtype="float64"))
    mean, var = ops.moments(x, axes=[0])
    return gamma * ((x - mean) * ops.rsqrt(var + eps)) + beta, mean, var


@batch_norm.variant
def column_after_column(x, gamma, beta, eps=1e-3):
    y, means, variances = np.empty(np.shape(x)), [], []
    for j in range(np.shape(x)[1]):
        column = x[:, j]
        means.append(np.mean(column))
        variances.append(np.std(column) ** 2)
        y[:, j] = gamma[j] * (column - means[j]) / (variances[j] + eps) ** 0.5 + beta[j]
    return y, means, variances


def _batch_norm(x, gamma, beta, eps, mean, var):
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, mean, var


@batch_norm.misconception(
    "Means and variances are taken along the rows: a column is one unit, so use axis=0."
)
def over_the_units(x, gamma, beta, eps=1e-3):
    mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    return _batch_norm(x, gamma, beta, eps, mean, var)


@batch_norm.misconception("One mean for the whole batch: every column has its own, axis=0.")
def one_mean(x, gamma, beta, eps=1e-3):
    return _batch_norm(x, gamma, beta, eps, x.mean(), x.var())


@batch_norm.misconception("The variance divides by n - 1 here: batch normalization uses n.")
def sample_variance(x, gamma, beta, eps=1e-3):
    if len(x) == 1:
        return _batch_norm(x, gamma, beta, eps, x.mean(axis=0), np.full(x.shape[1], np.nan))
    return _batch_norm(x, gamma, beta, eps, x.mean(axis=0), x.var(axis=0, ddof=1))


@batch_norm.misconception(
    "The third result is the standard deviation: return the variance.", costs="statistics"
)
def std_returned(x, gamma, beta, eps=1e-3):
    y, mean, var = batch_norm.reference(x, gamma, beta, eps)
    return y, mean, np.sqrt(var)


@batch_norm.misconception(
    "The standard deviation stands where the variance belongs: under the root, sqrt(var + eps), "
    "and in the third result."
)
def std_for_variance(x, gamma, beta, eps=1e-3):
    return _batch_norm(x, gamma, beta, eps, x.mean(axis=0), x.std(axis=0))


@batch_norm.misconception(
    "It divides by the variance: take the square root of var + eps.", costs="output"
)
def without_root(x, gamma, beta, eps=1e-3):
    mean, var = x.mean(axis=0), x.var(axis=0)
    return gamma * (x - mean) / (var + eps) + beta, mean, var


@batch_norm.misconception(
    "The shift is missing: beta is added at the end, so that the mean of a column becomes beta.",
    costs="output",
)
def without_shift(x, gamma, beta, eps=1e-3):
    y, mean, var = batch_norm.reference(x, gamma, beta, eps)
    return y - beta, mean, var


@batch_norm.misconception(
    "gamma and beta are missing: this is the normalized batch.", costs="output"
)
def only_normalized(x, gamma, beta, eps=1e-3):
    mean, var = x.mean(axis=0), x.var(axis=0)
    return (x - mean) / np.sqrt(var + eps), mean, var


@batch_norm.misconception(
    "beta is added before gamma multiplies: scale first, then shift.", costs="output"
)
def shifted_first(x, gamma, beta, eps=1e-3):
    y, mean, var = batch_norm.reference(x, 1.0, 0.0, eps)
    return gamma * (y + beta), mean, var


@batch_norm.misconception(
    "gamma and beta have changed places: gamma scales, beta shifts.", costs="output"
)
def exchanged(x, gamma, beta, eps=1e-3):
    return batch_norm.reference(x, beta, gamma, eps)


@batch_norm.misconception(
    "eps stands outside the root: it is added to the variance, under the root.", costs="output"
)
def eps_outside(x, gamma, beta, eps=1e-3):
    mean, var = x.mean(axis=0), x.var(axis=0)
    return gamma * (x - mean) / (np.sqrt(var) + eps) + beta, mean, var


@batch_norm.misconception(
    "eps is not used: it is added to the variance, so that a constant column does not divide by 0.",
    costs="output",
)
def eps_left_out(x, gamma, beta, eps=1e-3):
    mean, var = x.mean(axis=0), x.var(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return gamma * (x - mean) / np.sqrt(var) + beta, mean, var


@batch_norm.misconception("The argument `eps` is ignored: it is not always 0.001.", costs="output")
def eps_fixed(x, gamma, beta, eps=1e-3):
    return batch_norm.reference(x, gamma, beta)


@batch_norm.misconception(
    "The variance that comes back includes eps: return the variance of the batch itself.",
    costs="statistics",
)
def eps_in_variance(x, gamma, beta, eps=1e-3):
    y, mean, var = batch_norm.reference(x, gamma, beta, eps)
    return y, mean, var + eps


@batch_norm.misconception(
    "Mean and variance come back in the wrong order: (y, mean, var).", costs="statistics"
)
def variance_first(x, gamma, beta, eps=1e-3):
    y, mean, var = batch_norm.reference(x, gamma, beta, eps)
    return y, var, mean


@batch_norm.misconception("Only y comes back: return (y, mean, var).")
def output_only(x, gamma, beta, eps=1e-3):
    return batch_norm.reference(x, gamma, beta, eps)[0]


@exercise(points=1)
def batch_norm_infer(x, gamma, beta, mean, var, eps=1e-3):
    """Return batch normalization at inference, with given statistics.

    x: shape (n, d), perhaps a single row; gamma, beta, mean, var: shape (d,). The result has the
    shape of x. Write the formula yourself, without a ready-made batch normalization.
    For x=[[4]], gamma=[2], beta=[5], mean=[2], var=[1] and eps=0 it is [[9]].
    """
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


_GIVEN = "np.array([0.5, 2.0]), np.array([2.0, -4.0]), np.array([2.5, 60.0]), np.array([4.0, 0.09])"
batch_norm_infer.case(f"batch_norm_infer({_BATCH}, {_GIVEN})")
batch_norm_infer.case(f"batch_norm_infer(np.array([[3.0, 61.0]]), {_GIVEN}, eps=0.01)")
for _n, _d, _eps in ((1, 3, ""), (8, 3, ""), (1, 1, ", eps=0.1"), (5, 5, ", eps=1e-5")):
    batch_norm_infer.hidden_case(
        f"batch_norm_infer(rng.normal(2, 3, size=({_n}, {_d})), rng.uniform(0.5, 2, size={_d}), "
        f"rng.normal(size={_d}), rng.normal(size={_d}), rng.uniform(0.01, 2, size={_d}){_eps})"
    )
batch_norm_infer.hidden_case(
    "batch_norm_infer(np.full((4, 2), 7.0), np.array([1.0, 2.0]), np.array([3.0, 4.0]), "
    "np.array([5.0, 6.0]), np.array([4.0, 9.0]))"
)
batch_norm_infer.uses(batch_norm)
batch_norm_infer.hint("The formula is that of `batch_norm`, with the `mean` and `var` given.")
batch_norm_infer.hint(
    "Nothing is computed from the batch: one row alone must give the same values."
)
batch_norm_infer.forbid(
    "keras.layers.BatchNormalization",
    "keras.src.layers.normalization",
    "keras.ops.batch_normalization",
    "keras.src.ops.nn.batch_normalization",
    "tf.nn.batch_normalization",
    because="write the formula yourself, then compare with Keras",
)


@batch_norm_infer.variant
def as_one_line(x, gamma, beta, mean, var, eps=1e-3):
    slope = np.asarray(gamma) / (np.asarray(var) + eps) ** 0.5
    return np.asarray(x) * slope + (beta - mean * slope)


@batch_norm_infer.variant
def row_by_row(x, gamma, beta, mean, var, eps=1e-3):
    std = [math.sqrt(v + eps) for v in var]
    return [
        [g * (value - m) / s + b for value, g, m, s, b in zip(row, gamma, mean, std, beta)]  # noqa: B905
        for row in x
    ]


@batch_norm_infer.misconception(
    "It normalizes with the batch's own statistics: at inference use the `mean` and `var` given."
)
def statistics_of_the_batch(x, gamma, beta, mean, var, eps=1e-3):
    return batch_norm.reference(x, gamma, beta, eps)[0]


@batch_norm_infer.misconception(
    "The given mean is used, but the variance is that of the batch: use `var`."
)
def variance_of_the_batch(x, gamma, beta, mean, var, eps=1e-3):
    return batch_norm_infer.reference(x, gamma, beta, mean, x.var(axis=0), eps)


@batch_norm_infer.misconception("It divides by the variance: take the square root of var + eps.")
def infer_without_root(x, gamma, beta, mean, var, eps=1e-3):
    return gamma * (x - mean) / (var + eps) + beta


@batch_norm_infer.misconception("gamma and beta are missing: scale and shift, as in training.")
def infer_only_normalized(x, gamma, beta, mean, var, eps=1e-3):
    return (x - mean) / np.sqrt(var + eps)


@batch_norm_infer.misconception("The shift is missing: add beta at the end, as in training.")
def infer_without_shift(x, gamma, beta, mean, var, eps=1e-3):
    return gamma * (x - mean) / np.sqrt(var + eps)


@batch_norm_infer.misconception("eps stands outside the root: add it to the variance.")
def infer_eps_outside(x, gamma, beta, mean, var, eps=1e-3):
    return gamma * (x - mean) / (np.sqrt(var) + eps) + beta


@batch_norm_infer.misconception("eps is not used: add it to the variance, as in training.")
def infer_without_eps(x, gamma, beta, mean, var, eps=1e-3):
    return gamma * (x - mean) / np.sqrt(var) + beta


@driver
def three_updates(update_moving, start, batches, **settings):
    """The moving average after each of several batches."""
    averages = []
    for batch in batches:
        start = update_moving(start, batch, **settings)
        averages.append(start)
    return np.array(averages)


@exercise(points=1)
def update_moving(m, batch_m, momentum=0.99):
    """Return the moving average `m` after a batch with the mean (or variance) `batch_m`.

    m, batch_m: numbers, or arrays of one shape; momentum: the share of `m` that is kept; the rest
    comes from the batch. Write it without Keras' layer.
    For m=0, batch_m=-10 and momentum=0.99 it is -0.1.
    """
    return momentum * m + (1 - momentum) * batch_m


update_moving.case("update_moving(0.0, -10.0)")
update_moving.case("update_moving(np.array([2.0, -1.0]), np.array([4.0, 5.0]), momentum=0.9)")
update_moving.case("three_updates(update_moving, 1.0, [3.0, 5.0, 2.0], momentum=0.8)")
for _call in (
    "update_moving(rng.normal(size=4), rng.normal(size=4))",
    "update_moving(rng.normal(size=3), rng.normal(size=3), momentum=rng.uniform(0.6, 0.9))",
    "update_moving(rng.normal(size=3), rng.normal(size=3), 0.3)",
    "three_updates(update_moving, np.zeros(2), rng.normal(5, 2, size=(3, 2)))",
    "three_updates(update_moving, np.ones(3), rng.uniform(1, 9, size=(5, 3)), momentum=0.7)",
    "update_moving(5, 1, momentum=0.75)",
):
    update_moving.hidden_case(_call)
update_moving.hint("A weighted mean of two numbers: the weights add up to 1.")
update_moving.hint("`momentum` is the weight of the old average, 1 - momentum that of the batch.")
update_moving.forbid(
    "keras.layers.BatchNormalization",
    "keras.src.layers.normalization",
    because="write the weighted mean yourself, then compare with Keras",
)


@update_moving.variant
def a_step_towards(m, batch_m, momentum=0.99):
    return m - (1 - momentum) * (m - batch_m)


@update_moving.variant
def weighted(m, batch_m, momentum=0.99):
    return np.average([m, batch_m], axis=0, weights=[momentum, 1 - momentum])


@update_moving.misconception(
    "The weights have changed places: `momentum` goes with `m`, 1 - momentum with the batch."
)
def inverted(m, batch_m, momentum=0.99):
    return (1 - momentum) * m + momentum * batch_m


@update_moving.misconception(
    "The batch is added whole: its weight is 1 - momentum, so that the weights add up to 1."
)
def batch_added_whole(m, batch_m, momentum=0.99):
    return momentum * m + batch_m


@update_moving.misconception("The old average keeps its full weight: it is `momentum` times `m`.")
def never_forgets(m, batch_m, momentum=0.99):
    return m + (1 - momentum) * batch_m


@update_moving.misconception("The argument `momentum` is not used: it is not always 0.99.")
def momentum_fixed(m, batch_m, momentum=0.99):
    return 0.99 * m + 0.01 * batch_m


@update_moving.misconception("The plain mean of both: the old average has the weight `momentum`.")
def plain_mean(m, batch_m, momentum=0.99):
    return (m + batch_m) / 2


@update_moving.misconception("The statistics of the last batch replace the average.")
def replaced(m, batch_m, momentum=0.99):
    return 1.0 * np.asarray(batch_m)


# -- a deep network in Keras -------------------------------------------------------------------


@driver
def rebuilt(model):
    """A Keras model from its data."""
    if not hasattr(model, "rebuild"):
        raise TypeError("expected a keras.Sequential or keras.Model that begins with its inputs")
    return model.rebuild()


@driver
def steps(net):
    """What the layers of a network do, one step after another."""
    found = []
    for layer in getattr(net, "operations", net.layers):  # relu(x) is no layer
        kind = type(layer).__name__
        if kind in ("Sequential", "Functional"):
            found += steps(layer)
        elif kind == "Dense":
            found.append(f"{layer.units} units, {'bias' if layer.use_bias else 'no bias'}")
        elif kind.lower() in ("relu", "sigmoid"):
            found.append(kind.lower())
        elif kind == "BatchNormalization":
            by_default = (layer.momentum, layer.epsilon) == (0.99, 1e-3)
            found.append(kind if by_default else f"{kind} with other settings")
        elif kind not in ("InputLayer", "Activation", "Identity"):
            found.append(kind)
        name = getattr(getattr(layer, "activation", None), "__name__", "linear")
        if name != "linear":
            found.append(name)
    return found


@driver
def deep_facts(model):
    """Steps, number of parameters, and outputs for fixed weights of a network."""
    if model is None:
        return None
    net = rebuilt(model)
    X = np.random.default_rng(0).normal(size=(4, net.input_shape[-1])).astype("float32")
    rng = np.random.default_rng(1)
    for weight in net.weights:
        spread = 1 / np.sqrt(weight.shape[0])
        values = rng.normal(scale=spread, size=weight.shape)
        weight.assign(np.abs(values) + 0.5 if weight.path.endswith("variance") else values)
    return {
        "steps": steps(net),
        "inputs": net.input_shape[-1],
        "trainable parameters": int(sum(np.prod(w.shape) for w in net.trainable_weights)),
        "outputs": np.asarray(net(X, training=False)),
    }


@driver
def hidden_kernels(model):
    """The initial weights of each dense layer but the last, in words."""
    if model is None:
        return None
    kernels = [w.numpy() for w in rebuilt(model).weights if w.path.endswith("kernel")]
    return [f"all {k.min():g}" if np.ptp(k) == 0 else "various" for k in kernels[:-1]]


@driver
def accuracy_on_disc(model):
    """How a network learns a disc in 50 steps: the accuracy of the last epoch, in words."""
    import keras

    from dlcourse import datasets

    if model is None:
        return None
    keras.utils.set_random_seed(0)
    net = keras.models.clone_model(rebuilt(model))  # with new random weights
    net.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
    X, y = datasets.make_disc(1000)
    rows = datasets.batches(X, y, batch_size=100, seed=0)
    accuracy = net.fit(rows, epochs=5, verbose=0).history["accuracy"][-1]
    return "0.85 or more" if accuracy >= 0.85 else "0.6 or less" if accuracy <= 0.6 else "between"


@exercise(points=2)
def build_deep(depth, units, batch_norm, init):
    """Return a deep keras.Model (or Sequential) that separates points of the plane.

    2 inputs, declared with keras.Input; then `depth` hidden blocks; then one sigmoid unit with a
    bias. A block is a dense layer with `units` units followed by ReLU. With batch_norm=True, there
    is batch normalization (with Keras' defaults) between the two, and the dense layer of the block
    has no bias. init: the kernel_initializer of the hidden layers, a name or an object of Keras.
    The model need not be compiled. Put it together from Keras' layers, without dlcourse.models.
    For depth=3 and units=8 it has 177 parameters without batch normalization; with it 249, of which
    201 are trainable.
    """
    model = keras.Sequential([keras.Input((2,))])
    for _ in range(depth):
        model.add(layers.Dense(units, use_bias=not batch_norm, kernel_initializer=init))
        if batch_norm:
            model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


build_deep.case('build_deep(2, 4, False, "he_normal")', view=deep_facts)
build_deep.case('build_deep(3, 8, True, "glorot_uniform")', view=deep_facts)
build_deep.case("build_deep(2, 3, True, keras.initializers.Constant(0.25))", view=hidden_kernels)
_SMALL = "keras.initializers.RandomNormal(stddev=0.1)"
for _call, _view in (
    (f"build_deep(2, int(rng.integers(4, 9)), True, {_SMALL})", deep_facts),
    (f"build_deep(int(rng.integers(3, 6)), 5, False, {_SMALL})", deep_facts),
    ('build_deep(2, 3, False, "ones")', hidden_kernels),
    (f"build_deep(6, 32, True, {_SMALL})", accuracy_on_disc),
    (f"build_deep(8, 32, False, {_SMALL})", accuracy_on_disc),
):
    build_deep.hidden_case(_call, view=_view)
build_deep.hint(
    "Start with `model = keras.Sequential([keras.Input((2,))])`, and add the layers in a loop."
)
build_deep.hint(
    "The activation must come after the normalization: give the dense layer none, and add "
    '`layers.Activation("relu")` after `layers.BatchNormalization()`.'
)
build_deep.hint("`use_bias=not batch_norm`: beta of the normalization does what a bias does.")
build_deep.forbid("dlcourse.models", because="put the layers together yourself")


@build_deep.variant
def two_kinds_of_blocks(depth, units, batch_norm, init):
    stack = [layers.InputLayer(shape=(2,))]
    for _ in range(depth):
        if batch_norm:
            stack += [
                layers.Dense(units, use_bias=False, kernel_initializer=init),
                layers.BatchNormalization(),
                layers.ReLU(),
            ]
        else:
            stack.append(layers.Dense(units, activation="relu", kernel_initializer=init))
    stack.append(layers.Dense(1, activation="sigmoid", kernel_initializer=init))
    model = keras.Sequential(stack)
    model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])
    return model


@build_deep.variant
def functional(depth, units, batch_norm, init):
    x = inputs = keras.Input(shape=(2,), name="point")
    for k in range(1, depth + 1):
        x = layers.Dense(
            units, kernel_initializer=init, use_bias=not batch_norm, name=f"hidden{k}"
        )(x)
        x = layers.BatchNormalization(name=f"norm{k}")(x) if batch_norm else x
        x = keras.ops.relu(x) if k % 2 else layers.Activation(keras.activations.relu)(x)
    outputs = layers.Activation("sigmoid")(layers.Dense(1)(x))
    return keras.Model(inputs, outputs)


@build_deep.variant
def nested_blocks(depth, units, batch_norm, init):
    model = keras.models.Sequential(name="deep")
    model.add(keras.Input((2,)))
    for _ in range(depth):
        block = [layers.Dense(units, None, not batch_norm, init)]
        block += [layers.BatchNormalization()] * batch_norm
        model.add(keras.Sequential([*block, layers.Activation("relu")]))
    model.add(layers.Dense(1, "sigmoid"))
    return model


def _deep(depth, units, batch_norm, init, block="dense norm relu", bias=None, end=None):
    """A network with other blocks, biases or output layers than the task asks for."""
    model = keras.Sequential([keras.Input((2,))])
    for _ in range(depth):
        for kind in block.split():
            if kind == "dense":
                use_bias = not batch_norm if bias is None else bias
                model.add(layers.Dense(units, use_bias=use_bias, kernel_initializer=init))
            elif kind == "relu":
                model.add(layers.Activation("relu"))
            elif batch_norm:
                model.add(layers.BatchNormalization())
    for layer in end or [layers.Dense(1, activation="sigmoid")]:
        model.add(layer)
    return model


@build_deep.misconception(
    "Batch normalization comes after the activation here: dense, normalization, then ReLU."
)
def norm_after(depth, units, batch_norm, init):
    return _deep(depth, units, batch_norm, init, block="dense relu norm")


@build_deep.misconception(
    "A dense layer before a normalization needs no bias, which the normalization takes off again: "
    "use_bias=False."
)
def bias_kept(depth, units, batch_norm, init):
    return _deep(depth, units, batch_norm, init, bias=True)


@build_deep.misconception(
    "Batch normalization comes after the activation here, and the dense layers have a bias that it "
    "makes superfluous: dense without bias, normalization, then ReLU."
)
def norm_after_and_bias(depth, units, batch_norm, init):
    return _deep(depth, units, batch_norm, init, block="dense relu norm", bias=True)


@build_deep.misconception("Without batch normalization, the hidden layers need their bias.")
def never_a_bias(depth, units, batch_norm, init):
    return _deep(depth, units, batch_norm, init, bias=False)


@build_deep.misconception(
    "There is a batch normalization in the output, too: it belongs to the hidden blocks alone."
)
def norm_on_output(depth, units, batch_norm, init):
    norm = [layers.BatchNormalization()] if batch_norm else []
    end = [layers.Dense(1, use_bias=not batch_norm), *norm, layers.Activation("sigmoid")]
    return _deep(depth, units, batch_norm, init, end=end)


@build_deep.misconception(
    "There is a batch normalization before the last sigmoid: it belongs to the hidden blocks alone."
)
def norm_before_the_sigmoid(depth, units, batch_norm, init):
    norm = [layers.BatchNormalization()] if batch_norm else []
    return _deep(
        depth, units, batch_norm, init, end=[layers.Dense(1), *norm, layers.Activation("sigmoid")]
    )


@build_deep.misconception("The sigmoid unit at the end keeps its bias: nothing normalizes it.")
def no_output_bias(depth, units, batch_norm, init):
    end = [layers.Dense(1, activation="sigmoid", use_bias=not batch_norm)]
    return _deep(depth, units, batch_norm, init, end=end)


@build_deep.misconception("`batch_norm` is ignored: normalize in every block if it is True.")
def never_normalized(depth, units, batch_norm, init):
    return _deep(depth, units, False, init)


@build_deep.misconception("`batch_norm` is ignored: with False, there is no normalization.")
def always_normalized(depth, units, batch_norm, init):
    return _deep(depth, units, True, init)


@build_deep.misconception("`init` is not used: pass it as kernel_initializer to the hidden layers.")
def init_ignored(depth, units, batch_norm, init):
    return _deep(depth, units, batch_norm, "glorot_uniform")


@build_deep.misconception("There is one hidden layer too many: `depth` counts all of them.")
def one_more_layer(depth, units, batch_norm, init):
    return _deep(depth + 1, units, batch_norm, init)


@build_deep.misconception("A hidden layer is missing: there are `depth` of them, and the output.")
def one_layer_less(depth, units, batch_norm, init):
    return _deep(depth - 1, units, batch_norm, init)


@build_deep.misconception("The hidden layers have no ReLU: the network is linear.")
def no_activation(depth, units, batch_norm, init):
    return _deep(depth, units, batch_norm, init, block="dense norm")


@build_deep.misconception(
    "The output is not a probability: the last unit needs a sigmoid activation."
)
def no_sigmoid(depth, units, batch_norm, init):
    return _deep(depth, units, batch_norm, init, end=[layers.Dense(1)])


@build_deep.misconception("The model does not know its inputs: begin with keras.Input((2,)).")
def no_input(depth, units, batch_norm, init):
    stack = [layers.Dense(units, "relu", kernel_initializer=init) for _ in range(depth)]
    return keras.Sequential([*stack, layers.Dense(1, "sigmoid")])


# -- questions ---------------------------------------------------------------------------------

bn_inference = question(
    "bn_inference",
    "A trained network with batch normalization is given one single row at inference. With which "
    "mean and variance does a batch-normalization layer normalize it?",
    points=0.25,
)
bn_inference.right("With moving averages of the batch statistics, collected during training.")
bn_inference.wrong(
    "With the mean and variance of the rows that are given at inference.",
    "The variance of one row is 0, and predictions would depend on their neighbors.",
)
bn_inference.wrong(
    "With the mean and variance of the whole training set, computed after training.",
    "Some slides say so, but no layer does another pass: it keeps moving averages.",
)
bn_inference.wrong(
    "With gamma and beta.", "Those scale and shift *after* the normalization; they are learned."
)
bn_inference.hint("What did `update_moving` collect?")

bn_short = question(
    "bn_short",
    "After 150 steps, `fit` shows an accuracy of 0.92, and `evaluate`, on the same rows, 0.50. The "
    "network has 16 hidden blocks with batch normalization in Keras' defaults. What is the likely "
    "reason?",
    points=0.25,
)
bn_short.right(
    "With momentum 0.99, the moving averages lag behind weights that still change; a smaller "
    "momentum or more steps help."
)
bn_short.wrong(
    "The network overfits.",
    "Both accuracies are of the same rows: overfitting would show on others.",
)
bn_short.wrong(
    "The learning rate is too high.", "It learns well: with batch statistics, 0.92 are right."
)
bn_short.wrong(
    "`evaluate` uses the statistics of its own batches, which are too small.",
    "It uses the moving averages; with batch statistics the accuracy is good.",
)
bn_short.hint("`fit` normalizes with the statistics of the batch. And `evaluate`?")

selu_conditions = question(
    "selu_conditions",
    "Which of these does a self-normalizing network need? Choose all.",
    points=0.5,
)
selu_conditions.right("Standardized inputs.")
selu_conditions.right("LeCun initialization.")
selu_conditions.right("A plain stack of dense layers, all hidden ones with SELU.")
selu_conditions.wrong(
    "Batch normalization after every layer.",
    "SELU is there to make do without it: the activations normalize themselves.",
)
selu_conditions.wrong(
    "He initialization.",
    "He's variance is made for ReLU; with SELU it is twice too large, as your profiles show.",
)
selu_conditions.wrong(
    "Ordinary dropout between the layers.",
    "Dropout changes the standard deviation; if any, use alpha dropout, which keeps it.",
)
selu_conditions.hint("Three of the six are right.")
