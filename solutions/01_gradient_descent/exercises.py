"""Exercises of lab 01: one neuron, its loss, and gradient descent."""

import numpy as np

from dlcourse.authoring import driver, exercise, free_text, question


@exercise(points=2)
def neuron(x, w, b, phi):
    """Return the activation phi(w.x + b) of one neuron.

    x: one sample of shape (d,), or n samples of shape (n, d); w: shape (d,); b: a number;
    phi: a function of the pre-activation that works on numbers and arrays.
    The result is a number for one sample, an array of shape (n,) for n samples.
    For x=[1, 2], w=[3, -1], b=0.5 and the identity it is 1.5.
    """
    return phi(x @ w + b)


neuron.case("neuron(np.array([1.0, 2.0]), np.array([3.0, -1.0]), 0.5, lambda z: z)")
neuron.case(
    "neuron(np.array([[1.0, 2.0], [0.5, -1.0], [0.0, 0.3]]), np.array([0.3, -0.1]), 0.5, np.tanh)"
)
neuron.hidden_case("neuron(rng.normal(size=4), rng.normal(size=4), 1.5, np.tanh)")
neuron.hidden_case("neuron(rng.normal(size=(7, 3)), rng.normal(size=3), -0.7, np.tanh)")
neuron.hidden_case("neuron(rng.normal(size=(3, 3)), rng.normal(size=3), 0.2, lambda z: z**2)")
neuron.hidden_case("neuron(rng.normal(size=(1, 5)), rng.normal(size=5), 0.4, np.exp)")
neuron.hint(
    "The pre-activation is one number per sample: the dot product of `x` and `w`, plus `b`."
)
neuron.hint("`x @ w` works for one sample of shape (d,) and for n samples of shape (n, d).")


@neuron.variant
def summed(x, w, b, phi):
    z = np.sum(np.asarray(x) * w, axis=-1) + b
    return phi(z)


@neuron.variant
def dotted(x, w, b, phi):
    return phi(np.dot(x, w) + b)


@neuron.misconception("The bias `b` is not used.")
def no_bias(x, w, b, phi):
    return phi(np.dot(x, w))


@neuron.misconception("The bias is added after the activation: it belongs inside, phi(w.x + b).")
def bias_outside(x, w, b, phi):
    return phi(np.dot(x, w)) + b


@neuron.misconception("The bias is subtracted like a threshold: it is added, phi(w.x + b).")
def bias_subtracted(x, w, b, phi):
    return phi(np.dot(x, w) - b)


@neuron.misconception("The samples are the rows of `x`: multiply from the left, `x @ w`.")
def weights_first(x, w, b, phi):
    return phi(np.dot(w, x) + b)


@neuron.misconception("This is the pre-activation: `phi` is not applied.")
def no_activation(x, w, b, phi):
    return np.dot(x, w) + b


@neuron.misconception("The products are not summed: a neuron has one output per sample.")
def not_summed(x, w, b, phi):
    return phi(np.asarray(x) * w + b)


@neuron.misconception(
    "All samples are added up into one number: sum over the features (the last axis) alone."
)
def summed_over_samples(x, w, b, phi):
    return phi(np.sum(np.asarray(x) * w) + b)


@driver
def unit_facts(unit):
    """What a threshold unit (w, b) gives for every Boolean input."""
    if unit is None:
        return None
    w, b = unit
    if np.size(b) != 1:
        raise ValueError("b must be one number, and come second: return (w, b)")
    if np.size(w) > 2:
        raise ValueError(f"w must have one weight per input, 1 or 2; it has {np.size(w)}")
    shape, w = np.shape(w), np.ravel(w).astype(float)
    inputs = np.array(np.meshgrid(*[[0, 1]] * w.size, indexing="ij")).reshape(w.size, -1).T
    z = inputs @ w + float(np.asarray(b).reshape(()))
    return {
        "shape of w": list(shape),
        "outputs": [int(v >= 0) for v in z],
        "no pre-activation is zero": bool(np.all(np.abs(z) > 1e-6)),
    }


@driver
def three_inputs(gate, name):
    """The outputs of gate(gate(a, b), c) for the eight inputs."""
    w, b = gate(name)
    b = float(np.asarray(b).reshape(()))

    def fire(x1, x2):
        return int(np.dot(w, [x1, x2]) + b >= 0)

    return [fire(fire(a, b_), c) for a in (0, 1) for b_ in (0, 1) for c in (0, 1)]


@exercise(points=2)
def gate(name):
    """Return (w, b) of the threshold unit that computes a Boolean function.

    name: "and" or "or" (w of shape (2,)), or "not" (w of shape (1,)).
    Inputs are 0 or 1; the unit fires, that is gives 1, when w.x + b >= 0.
    Keep every pre-activation w.x + b away from 0, so that rounding cannot flip it.
    """
    return {
        "and": (np.array([1.0, 1.0]), -1.5),
        "or": (np.array([1.0, 1.0]), -0.5),
        "not": (np.array([-1.0]), 0.5),
    }[name]


for _name in ("and", "or", "not"):
    gate.case(f'gate("{_name}")', view=unit_facts)
    gate.hidden_case(f'gate("{_name}")', view=unit_facts)
for _name in ("and", "or"):
    gate.hidden_case(f'three_inputs(gate, "{_name}")')
gate.hint("With w = [1, 1], w.x counts the inputs that are 1: it is 0, 1 or 2.")
gate.hint("AND must fire at 2 only, OR at 1 and 2: where does -b have to lie?")
gate.hint("NOT must fire at 0 and not at 1, so its weight is negative.")


@gate.variant
def larger_weights(name):
    if name == "not":
        return [-20], 10
    return [20, 20], -30 if name == "and" else -10


@gate.variant
def uneven_weights(name):
    if name == "and":
        return np.array([2.0, 3.0]), -4.0
    if name == "or":
        return np.array([2.0, 3.0]), -1.0
    return np.array([-3.0]), 1.0


@gate.misconception(
    "The sign of b is that of a threshold: the unit fires when w.x + b >= 0, so b = -threshold."
)
def bias_is_threshold(name):
    w, b = gate.reference(name)
    return w, -b


@gate.variant
def bias_as_an_array(name):
    w, b = gate.reference(name)
    return w, np.array([b])


@gate.misconception("For NOT, w is an array with one entry, of shape (1,), not a bare number.")
def bare_number(name):
    return (-1.0, 0.5) if name == "not" else gate.reference(name)


@gate.misconception("NOT has one input, and so one weight.")
def two_weights_for_not(name):
    return ([-1.0, -1.0], 0.5) if name == "not" else gate.reference(name)


@gate.misconception("These biases are for inputs -1 and +1: here the inputs are 0 and 1.")
def inputs_of_both_signs(name):
    w, _ = gate.reference(name)
    return w, {"and": -1.0, "or": 1.0, "not": 0.0}[name]


@gate.misconception("AND and OR are swapped: AND fires only if both inputs are 1.")
def swapped(name):
    return gate.reference({"and": "or", "or": "and"}.get(name, name))


@gate.misconception("NOT fires for 1 instead of 0: its weight must be negative.")
def not_is_identity(name):
    return (np.array([1.0]), -0.5) if name == "not" else gate.reference(name)


@gate.misconception(
    "A pre-activation is exactly 0: right with >=, but rounding could flip it. Put the threshold "
    "halfway between the sums that must fire and those that must not."
)
def on_the_edge(name):
    w, _ = gate.reference(name)
    return w, {"and": -2.0, "or": -1.0, "not": 0.0}[name]


@exercise(points=1)
def xor(a, b):
    """Return 1 where exactly one of `a` and `b` is 1, else 0: two layers of your gates.

    a, b: 0 or 1, or integer arrays of them of one shape; the result has that shape.
    Build it from the units that `gate` returns.
    """

    def fire(name, *inputs):
        w, bias = gate(name)
        z = sum(weight * np.asarray(x) for weight, x in zip(w, inputs, strict=True)) + bias
        return (z >= 0).astype(int)

    return fire("and", fire("or", a, b), fire("not", fire("and", a, b)))


xor.case("[int(np.squeeze(xor(a, b))) for a in (0, 1) for b in (0, 1)]")
xor.case("np.asarray(xor(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))).astype(int)")
xor.hidden_case("[int(np.squeeze(xor(a, b))) for a in (0, 1) for b in (0, 1)]")
xor.hidden_case(
    "np.asarray(xor(rng.integers(0, 2, size=12), rng.integers(0, 2, size=12))).astype(int)"
)
xor.uses(gate)
xor.forbid(
    "np.logical_xor",
    "np.bitwise_xor",
    "operator",
    because="build it from your gates: their two layers are what this exercise is about",
)
xor.hint("Exactly one of two: at least one of them, AND NOT both of them.")
xor.hint("First layer: h1 = OR(a, b), h2 = AND(a, b). Second layer: AND(h1, NOT(h2)).")
xor.hint("For arrays, add up w[0] * a + w[1] * b + bias and compare the array with 0.")


@xor.variant
def with_one_output_unit(a, b):
    def unit(w, bias, *inputs):
        return 1 * (sum(wi * np.asarray(x) for wi, x in zip(w, inputs, strict=True)) + bias >= 0)

    either = unit(*gate("or"), a, b)
    both = unit(*gate("and"), a, b)
    return unit([1, -1], -0.5, either, both)


@xor.variant
def with_stacked_inputs(a, b):
    def fire(name, *inputs):
        w, bias = gate(name)
        return np.stack(inputs, axis=-1) @ w + bias >= 0

    return fire("and", fire("or", a, b), fire("not", fire("and", a, b)))


@xor.misconception(
    "This is OR: a single unit separates its inputs by one line, and XOR needs two layers."
)
def single_unit(a, b):
    w, bias = gate("or")
    return 1 * (w[0] * np.asarray(a) + w[1] * np.asarray(b) + bias >= 0)


@xor.misconception("This is its opposite, XNOR: it gives 1 where the inputs are equal.")
def xnor(a, b):
    return 1 - xor.reference(a, b)


@xor.misconception("This is NAND, not both: XOR also asks for at least one of them.")
def nand(a, b):
    return 1 - np.asarray(a) * np.asarray(b)


@xor.misconception(
    "This is AND of the two inputs: the second layer must fire for OR, AND NOT for AND."
)
def and_again(a, b):
    return np.asarray(a) * np.asarray(b)


@xor.misconception("It works for numbers but not for arrays: compute with whole arrays, no `if`.")
def scalars_only(a, b):
    return 1 if a + b == 1 else 0


@driver
def perceptron_run(perceptron_fit, X, y, lr, n_epochs):
    """The fit, with the counts of skipped error-free epochs filled in."""
    w, b, errors = perceptron_fit(X, y, lr, n_epochs)
    errors = [int(e) for e in errors]
    if errors and errors[-1] == 0:
        errors += [0] * (n_epochs - len(errors))
    return {
        "w": np.asarray(w, dtype=float),
        "b": float(np.asarray(b).reshape(())),
        "errors": errors,
    }


@driver
def blobs(rng, n, d):
    """A separable set: points on both sides of a plane, with a gap."""
    X = rng.normal(size=(n, d))
    side = np.sign(X @ np.arange(1, d + 1) - 0.5)
    X = X + 0.6 * side[:, None] * np.arange(1, d + 1) / d
    return X, (side > 0).astype(int)


@exercise(points=3)
def perceptron_fit(X, y, lr, n_epochs):
    """Train a threshold unit with Rosenblatt's rule and return (w, b, errors).

    X: shape (n, d); y: n labels, 0 or 1. Start with w = 0 and b = 0. In each epoch visit the
    rows in order; the unit predicts 1 when w.x + b >= 0, else 0. After each row
    w <- w + lr (y - prediction) x and b <- b + lr (y - prediction).
    errors: for each of the n_epochs epochs, the number of rows that were predicted wrong.
    """
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(n_epochs):
        wrong = 0
        for x, target in zip(X, y, strict=True):
            step = lr * (target - (w @ x + b >= 0))
            w, b, wrong = w + step * x, b + step, wrong + (step != 0)
        errors.append(int(wrong))
    return w, b, errors


# With whole numbers and a rate of 1/2 or 1/4 all sums are exact: no right answer loses a tie.
_CORNERS = "np.array([[0, 0], [0, 1], [1, 0], [1, 1]])"
perceptron_fit.case(f"perceptron_run(perceptron_fit, {_CORNERS}, np.array([0, 0, 0, 1]), 0.5, 12)")
perceptron_fit.case(
    "perceptron_run(perceptron_fit, *blobs(np.random.default_rng(3), 9, 2), 0.2, 5)"
)
perceptron_fit.hidden_case("perceptron_run(perceptron_fit, *blobs(rng, 20, 3), 0.1, 6)")
perceptron_fit.hidden_case("perceptron_run(perceptron_fit, *blobs(rng, 15, 2), 1.0, 4)")
perceptron_fit.hidden_case(
    f"perceptron_run(perceptron_fit, {_CORNERS}, np.array([0, 1, 1, 0]), 0.25, 10)"
)
perceptron_fit.hidden_case("perceptron_run(perceptron_fit, *blobs(rng, 12, 1), 0.7, 1)")
perceptron_fit.hint("Two loops: over the epochs, and inside over the rows of X with their labels.")
perceptron_fit.hint(
    "The prediction uses the weights of this very moment, not of the epoch's start."
)
perceptron_fit.hint("`target - prediction` is 0 for a right row, +1 or -1 for a wrong one.")


@perceptron_fit.variant
def updates_wrong_rows_only(X, y, lr, n_epochs):
    w, b = np.zeros(np.shape(X)[1]), 0.0
    errors = np.zeros(n_epochs, dtype=int)
    for epoch in range(n_epochs):
        for i in range(len(X)):
            predicted = 1 if np.dot(w, X[i]) + b >= 0 else 0
            if predicted != y[i]:
                w = w + lr * (y[i] - predicted) * X[i]
                b = b + lr * (y[i] - predicted)
                errors[epoch] += 1
    return w, b, errors


@perceptron_fit.variant
def stops_when_done(X, y, lr, n_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(n_epochs):
        wrong = 0
        for x, target in zip(X, y, strict=True):
            delta = int(target) - int(np.sum(w * x) + b >= 0)
            w = w + lr * delta * x
            b += lr * delta
            wrong += abs(delta)
        errors.append(wrong)
        if wrong == 0:
            break
    return w, b, errors


@perceptron_fit.misconception("The bias `b` never changes: it is updated like a weight of input 1.")
def bias_not_updated(X, y, lr, n_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(n_epochs):
        wrong = 0
        for x, target in zip(X, y, strict=True):
            delta = target - (w @ x + b >= 0)
            w, wrong = w + lr * delta * x, wrong + abs(int(delta))
        errors.append(wrong)
    return w, b, errors


@perceptron_fit.misconception(
    "This is the rule for labels -1 and +1: with labels 0 and 1, y * (w.x + b) is 0 for a whole "
    "class. Use target - prediction."
)
def minus_one_formula(X, y, lr, n_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(n_epochs):
        wrong = 0
        for x, target in zip(X, y, strict=True):
            if target * (w @ x + b) <= 0:
                w, b, wrong = w + lr * target * x, b + lr * target, wrong + 1
        errors.append(wrong)
    return w, b, errors


@perceptron_fit.misconception(
    "The weights are updated once per epoch: Rosenblatt's rule updates after every row."
)
def once_per_epoch(X, y, lr, n_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(n_epochs):
        delta = y - (X @ w + b >= 0)
        w, b = w + lr * delta @ X, b + lr * delta.sum()
        errors.append(int(np.abs(delta).sum()))
    return w, b, errors


def _perceptron(X, y, lr, n_epochs, bias_lr=None):
    """The weights, bias, and the corrections of each epoch, by Rosenblatt's rule."""
    w, b, epochs = np.zeros(np.shape(X)[1]), 0.0, []
    for _ in range(n_epochs):
        deltas = []
        for x, target in zip(X, y, strict=True):
            deltas.append(int(target) - int(w @ x + b >= 0))
            w, b = w + lr * deltas[-1] * x, b + (bias_lr or lr) * deltas[-1]
        epochs.append(deltas)
    return w, b, epochs


@perceptron_fit.misconception("The learning rate `lr` is not used.")
def without_rate(X, y, lr, n_epochs):
    w, b, epochs = _perceptron(X, y, 1.0, n_epochs)
    return w, b, [np.count_nonzero(deltas) for deltas in epochs]


@perceptron_fit.misconception(
    "The bias is updated without the learning rate: b <- b + lr (y - yhat)."
)
def bias_without_rate(X, y, lr, n_epochs):
    w, b, epochs = _perceptron(X, y, lr, n_epochs, bias_lr=1.0)
    return w, b, [np.count_nonzero(deltas) for deltas in epochs]


@perceptron_fit.misconception("The count goes on over all epochs: start it at 0 in each epoch.")
def counted_on(X, y, lr, n_epochs):
    w, b, epochs = _perceptron(X, y, lr, n_epochs)
    return w, b, np.cumsum([np.count_nonzero(deltas) for deltas in epochs])


@perceptron_fit.misconception(
    "The differences y - prediction cancel when they are added: count the rows where they are not 0."
)
def mistakes_cancel(X, y, lr, n_epochs):
    w, b, epochs = _perceptron(X, y, lr, n_epochs)
    return w, b, [sum(deltas) for deltas in epochs]


@perceptron_fit.misconception(
    "The mistakes are counted after the epoch, with its last weights: count each row when you visit "
    "it, before its update."
)
def counted_afterwards(X, y, lr, n_epochs):
    runs = [_perceptron(X, y, lr, n) for n in range(1, n_epochs + 1)]
    errors = [int(np.sum((X @ w + b >= 0) != y)) for w, b, _ in runs]
    return *runs[-1][:2], errors


@perceptron_fit.misconception(
    "`w` holds integers because `X` does, so that every step is cut to a whole number: start with "
    "np.zeros(d)."
)
def integer_weights(X, y, lr, n_epochs):
    w, b, errors = np.zeros_like(X[0]), 0.0, []
    for _ in range(n_epochs):
        wrong = 0
        for x, target in zip(X, y, strict=True):
            delta = int(target) - int(w @ x + b >= 0)
            w[:], b, wrong = w + lr * delta * x, b + lr * delta, wrong + abs(delta)
        errors.append(wrong)
    return w, b, errors


@perceptron_fit.misconception(
    "The update has the wrong sign: a row that should fire and does not must raise w.x + b."
)
def wrong_sign(X, y, lr, n_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(n_epochs):
        wrong = 0
        for x, target in zip(X, y, strict=True):
            delta = (w @ x + b >= 0) - target
            w, b, wrong = w + lr * delta * x, b + lr * delta, wrong + abs(int(delta))
        errors.append(wrong)
    return w, b, errors


@perceptron_fit.misconception("The unit fires also at exactly 0: w.x + b >= 0, not > 0.")
def strict_threshold(X, y, lr, n_epochs):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(n_epochs):
        wrong = 0
        for x, target in zip(X, y, strict=True):
            delta = target - (w @ x + b > 0)
            w, b, wrong = w + lr * delta * x, b + lr * delta, wrong + abs(int(delta))
        errors.append(wrong)
    return w, b, errors


@exercise(points=2)
def sse(w, x, y):
    """Return the sum of squared errors of y = w x for one or many weights.

    w: k candidate weights (array or list), or one number; x, y: arrays of shape (n,).
    The result has shape (k,); for one number it has shape (1,).
    For w=[0, 1], x=[1, 2], y=[3, 3] it is [18, 5].
    """
    w = np.atleast_1d(w)
    return np.sum((w[:, None] * x[None, :] - y[None, :]) ** 2, axis=1)


sse.case("sse(np.array([0.0, 1.0, 3.5]), np.array([1.0, 2.0, 4.0, 3.0]), np.array([3, 3, 5, 1]))")
sse.case("sse(2.0, np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 6.5]))")
sse.hidden_case("sse(rng.normal(size=6), rng.normal(size=6), rng.normal(size=6))")
sse.hidden_case("sse(rng.normal(size=1), rng.normal(size=50), rng.normal(size=50))")
sse.hidden_case("sse(rng.normal(size=4), rng.normal(size=1), rng.normal(size=1))")
sse.hidden_case("sse(1.3, rng.normal(size=9), rng.normal(size=9))")
sse.hidden_case("sse([0.0, 2.0, -1.0], np.linspace(1, 3, 5), np.linspace(2, 9, 5))")
sse.hint("It is the residual table of lab 00, squared and summed over the samples.")
sse.hint("`np.atleast_1d(w)` makes one number an array of shape (1,).")
sse.hint("The samples are the second axis of the (k, n) table.")


@sse.variant
def with_outer(w, x, y):
    return ((np.outer(w, x) - y) ** 2).sum(axis=-1)


@sse.variant
def one_by_one(w, x, y):
    return [sum((v * a - b) ** 2 for a, b in zip(x, y, strict=True)) for v in np.ravel(w)]


@sse.misconception("This is the mean: the loss of this lab is the sum over the samples.")
def mean(w, x, y):
    return sse.reference(w, x, y) / len(x)


@sse.misconception("For one number `w` the result has shape (1,): `np.atleast_1d(w)` helps.")
def number_for_number(w, x, y):
    result = sse.reference(w, x, y)
    return result if np.ndim(w) else result[0]


@sse.misconception("`w` may also be one number: `np.atleast_1d(w)` makes it an array.")
def many_weights_only(w, x, y):
    return [np.sum((v * x - y) ** 2) for v in w]


@sse.misconception(
    "`w * x` pairs weights with samples. Every weight meets every sample: make w a column, "
    "w[:, None]."
)
def paired(w, x, y):
    return np.sum((np.asarray(w) * x - y) ** 2)


@sse.misconception("These are absolute errors: square them.")
def absolute_errors(w, x, y):
    return np.sum(np.abs(np.outer(w, x) - y), axis=1)


@sse.misconception("The errors are added up before they are squared, so that they cancel.")
def squared_sum_of_errors(w, x, y):
    return np.sum(np.outer(w, x) - y, axis=1) ** 2


@sse.misconception("The sum runs over the weights: sum over the samples, the other axis.")
def summed_over_weights(w, x, y):
    return np.sum((np.outer(w, x) - y) ** 2, axis=0)


@sse.misconception("The errors are not squared, so that positive and negative ones cancel.")
def not_squared(w, x, y):
    return np.sum(np.outer(w, x) - y, axis=1)


@sse.misconception("All weights are added up into one number: give one value per weight.")
def one_total(w, x, y):
    return np.sum((np.outer(w, x) - y) ** 2)


@sse.misconception("This is half of it: the definition here has no factor 1/2.")
def half(w, x, y):
    return sse.reference(w, x, y) / 2


@exercise(points=2)
def grad_sse(w, x, y):
    """Return the derivative of the sum of squared errors at the scalar `w`.

    x, y: arrays of shape (n,). The result is a number.
    For w=1, x=[1, 2], y=[3, 3] it is -8.
    """
    return float(np.sum(2 * (w * x - y) * x))


grad_sse.case("grad_sse(1, np.array([1, 2]), np.array([3, 3]))")
grad_sse.case("grad_sse(1.3, np.linspace(1, 5, 50), np.linspace(2, 9, 50))")
grad_sse.hidden_case("grad_sse(rng.normal(), rng.normal(size=40), rng.normal(size=40))")
grad_sse.hidden_case("grad_sse(-2.5, np.linspace(-1, 4, 50), np.linspace(9, 2, 50))")
grad_sse.hidden_case("grad_sse(0.0, rng.normal(size=7), rng.normal(size=7))")
grad_sse.hidden_case("grad_sse(4.0, np.array([1.5]), np.array([-2.0]))")
grad_sse.hint("Differentiate one term (w x - y)^2 first, then sum over the samples.")
grad_sse.hint("Chain rule: the outer square gives 2 (w x - y), the inner function gives x.")
grad_sse.forbid("np.gradient", "scipy.optimize", because="write the derivative yourself")


@grad_sse.variant
def as_dot_product(w, x, y):
    return 2 * np.dot(w * x - y, x)


@grad_sse.variant
def expanded(w, x, y):
    return 2 * w * (x**2).sum() - 2 * (x * y).sum()


@grad_sse.misconception("The slope points the wrong way: look at the order of the subtraction.")
def flipped_sign(w, x, y):
    return -grad_sse.reference(w, x, y)


@grad_sse.misconception("A factor 2 is missing: the derivative of a square is twice its root.")
def no_factor_two(w, x, y):
    return np.sum((w * x - y) * x)


@grad_sse.misconception(
    "The inner derivative is missing: w x - y changes by x when w changes by 1."
)
def no_inner_derivative(w, x, y):
    return np.sum(2 * (w * x - y))


@grad_sse.misconception("The inner derivative is that by `w`: w x - y changes by x, not by w.")
def derivative_by_the_input(w, x, y):
    return np.sum(2 * (w * x - y) * w)


@grad_sse.misconception(
    "Two sums are multiplied: multiply 2 (w x - y) by x for each sample, then add up."
)
def product_of_sums(w, x, y):
    return 2 * np.sum(w * x - y) * np.sum(x)


@grad_sse.misconception("This is the gradient of the mean: the loss of this lab is a sum.")
def mean_gradient(w, x, y):
    return np.mean(2 * (w * x - y) * x)


@grad_sse.misconception("The terms are not added up: the derivative of a sum is one number.")
def one_per_sample(w, x, y):
    return 2 * (w * x - y) * x


@driver
def descent_run(gradient_descent, grad, w0, lr, n_steps):
    """The path, and how often the gradient was asked for."""
    calls = []

    def counting(w):
        calls.append(w)
        return grad(w)

    path = gradient_descent(counting, w0, lr, n_steps)
    return {"path": np.asarray(path), "calls of grad": len(calls)}


@exercise(points=3)
def gradient_descent(grad, w0, lr, n_steps):
    """Return the n_steps + 1 iterates of gradient descent on one weight, `w0` first.

    grad: function that returns the derivative at a number; call it exactly n_steps times.
    Each step is w <- w - lr grad(w). The result has shape (n_steps + 1,).
    For the derivative 2 w, w0=1, lr=0.25 and 2 steps it is [1, 0.5, 0.25].
    """
    path = [w0]
    for _ in range(n_steps):
        path.append(path[-1] - lr * grad(path[-1]))
    return np.array(path)


gradient_descent.case("gradient_descent(lambda w: 2 * w, 1, 0.25, 4)")
gradient_descent.case("descent_run(gradient_descent, lambda w: np.sin(w) + w / 5, 2.5, 0.3, 6)")
gradient_descent.hidden_case("descent_run(gradient_descent, lambda w: w**3 - w, 1.7, 0.1, 10)")
gradient_descent.hidden_case("descent_run(gradient_descent, np.cos, rng.normal(), 0.5, 10)")
gradient_descent.hidden_case("gradient_descent(lambda w: 2 * (w - 3), 5, 0.6, 10)")
gradient_descent.hidden_case("gradient_descent(lambda w: 2 * w, -4.0, 0.1, 0)")
gradient_descent.hint("Keep a list that starts with `w0`, and append one iterate per step.")
gradient_descent.hint("Each step takes the gradient at the newest iterate, `path[-1]`.")
gradient_descent.hint("Return the whole list (as an array), not only the last iterate.")


@gradient_descent.variant
def with_array(grad, w0, lr, n_steps):
    path = np.empty(n_steps + 1)
    path[0] = w0
    for t in range(n_steps):
        path[t + 1] = path[t] - lr * grad(path[t])
    return path


@gradient_descent.variant
def with_accumulate(grad, w0, lr, n_steps):
    from itertools import accumulate

    return list(accumulate(range(n_steps), lambda w, _: w - lr * grad(w), initial=w0))


@gradient_descent.misconception(
    "It climbs: the gradient points uphill, so a step goes against it, w - lr * grad(w)."
)
def uphill(grad, w0, lr, n_steps):
    path = [w0]
    for _ in range(n_steps):
        path.append(path[-1] + lr * grad(path[-1]))
    return np.array(path)


@gradient_descent.misconception("The start is missing: the result begins with `w0`.")
def without_start(grad, w0, lr, n_steps):
    return gradient_descent.reference(grad, w0, lr, n_steps)[1:]


@gradient_descent.misconception(
    "One step is missing: with n_steps steps there are n_steps + 1 points."
)
def one_step_short(grad, w0, lr, n_steps):
    path = [w0]
    for _ in range(n_steps - 1):
        path.append(path[-1] - lr * grad(path[-1]))
    return np.array(path)


@gradient_descent.misconception(
    "The newest point is missing: with n_steps steps there are n_steps + 1 points."
)
def end_missing(grad, w0, lr, n_steps):
    return gradient_descent.reference(grad, w0, lr, n_steps)[:-1]


@gradient_descent.misconception("The learning rate `lr` is not used.")
def without_rate_at_all(grad, w0, lr, n_steps):
    return gradient_descent.reference(grad, w0, 1.0, n_steps)


@gradient_descent.misconception("The gradient is asked for twice in each step: keep its value.")
def two_calls_per_step(grad, w0, lr, n_steps):
    path = [w0]
    for _ in range(n_steps):
        grad(path[-1])
        path.append(path[-1] - lr * grad(path[-1]))
    return np.array(path)


@gradient_descent.misconception(
    "Every step uses the gradient at the start, `grad(w0)`: the slope changes on the way."
)
def always_the_slope_of_the_start(grad, w0, lr, n_steps):
    path = [w0]
    for _ in range(n_steps):
        path.append(path[-1] - lr * grad(w0))
    return np.array(path)


@gradient_descent.misconception(
    "Every step starts at `w0`: start each from the newest iterate, `path[-1]`."
)
def always_from_the_start(grad, w0, lr, n_steps):
    path = [w0]
    for _ in range(n_steps):
        path.append(w0 - lr * grad(path[-1]))
    return np.array(path)


@gradient_descent.misconception(
    "The gradient is taken once, at the start, and used in every step: the slope changes on the way."
)
def gradient_of_the_start(grad, w0, lr, n_steps):
    slope = grad(w0)
    return np.array([w0 - t * lr * slope for t in range(n_steps + 1)])


@gradient_descent.misconception(
    "The gradient is one step old: take it at the iterate that the step starts from."
)
def gradient_one_step_old(grad, w0, lr, n_steps):
    path = [w0]
    for _ in range(n_steps):
        path.append(path[-1] - lr * grad(path[-2:][0]))
    return np.array(path)


@gradient_descent.misconception("Only the last iterate comes back: return the whole path.")
def last_only(grad, w0, lr, n_steps):
    return gradient_descent.reference(grad, w0, lr, n_steps)[-1]


@gradient_descent.misconception(
    "The array holds integers because `w0` is one: every step is cut to a whole number. Fill an "
    "array of floats."
)
def integer_array(grad, w0, lr, n_steps):
    path = np.full(n_steps + 1, w0)
    for t in range(n_steps):
        path[t + 1] = path[t] - lr * grad(path[t])
    return path


@gradient_descent.misconception(
    "The gradient is asked for once too often: for large models each call is a pass over the data."
)
def one_call_too_many(grad, w0, lr, n_steps):
    path, slope = [w0], grad(w0)
    for _ in range(n_steps):
        path.append(path[-1] - lr * slope)
        slope = grad(path[-1])
    return np.array(path)


@driver
def shrinks(lr, x):
    """Does gradient descent on the sum of squared errors shrink the error with this rate?"""
    factor = 1 - 2 * lr * np.sum(np.asarray(x) ** 2)
    return bool(abs(factor) < 1)


@exercise(points=2)
def critical_lr(x):
    """Return the learning rate at which gradient descent starts to diverge.

    The loss is the sum of squared errors of y = w x; x: array of shape (n,).
    Below this rate the error shrinks with every step, above it grows.
    For x=[1, 2] it is 0.2.
    """
    return float(1 / np.sum(x**2))


critical_lr.case("critical_lr(np.array([1.0, 2.0]))")
critical_lr.case("critical_lr(np.array([0.5, 1.5, 3.0, 2.0]))")
critical_lr.hidden_case("critical_lr(rng.normal(size=30))")
critical_lr.hidden_case("critical_lr(np.array([4.0]))")
critical_lr.hidden_case("shrinks(0.99 * critical_lr(np.linspace(1, 7, 9)), np.linspace(1, 7, 9))")
critical_lr.hidden_case("shrinks(1.01 * critical_lr(np.linspace(1, 7, 9)), np.linspace(1, 7, 9))")
critical_lr.hint("One step multiplies the error w - w* by 1 - 2 lr sum(x^2).")
critical_lr.hint("The error grows when that factor is below -1. Solve for lr.")


@critical_lr.variant
def with_dot(x):
    return 1 / np.dot(x, x)


@critical_lr.variant
def with_norm(x):
    return np.linalg.norm(x) ** -2.0


@critical_lr.misconception("This is twice too large: set 1 - 2 lr sum(x^2) to -1 and solve for lr.")
def twice(x):
    return 2 / np.sum(x**2)


@critical_lr.misconception(
    "At this rate the factor is 0 and one step lands on the minimum: the fastest rate. The "
    "critical one makes the factor -1."
)
def best_rate(x):
    return 1 / (2 * np.sum(x**2))


@critical_lr.misconception("It depends on the values of x, not on how many there are.")
def one_over_n(x):
    return 1 / len(x)


@critical_lr.misconception(
    "This is the critical rate of the mean of squares; the loss is their sum."
)
def of_the_mean(x):
    return 1 / np.mean(x**2)


@critical_lr.misconception("The sum of squares enters as it is: this takes its root, the norm.")
def one_over_norm(x):
    return 1 / np.linalg.norm(x)


@critical_lr.misconception("Square each x first, then add: this is the square of the sum.")
def squared_sum(x):
    return 1 / np.sum(x) ** 2


three_rates = question(
    "three_rates",
    "Three descents on the Boston loss start at $w_0 = 0$. After 10 steps A is at 1.24, B at 3.63 "
    "and C at −0.95. The factors by which each step multiplies the distance to "
    "$w^* = 3.65$ are 0.960, 0.595 and −1.02. Which belongs to which?",
    points=1,
)
three_rates.right("A: 0.960, B: 0.595, C: −1.02")
three_rates.wrong(
    "A: 0.595, B: 0.960, C: −1.02",
    "A small factor leaves little of the distance after ten steps: B is almost there.",
)
three_rates.wrong(
    "A: 0.960, B: −1.02, C: 0.595",
    "A factor beyond −1 makes the distance grow, and C is farther away than it started.",
)
three_rates.wrong(
    "A: −1.02, B: 0.595, C: 0.960",
    "With a positive factor the path stays on one side of the minimum and comes closer.",
)
three_rates.hint("The distance after ten steps is the factor to the power 10, times 3.65.")

rate_extremes = question(
    "rate_extremes",
    "What happens in gradient descent when the learning rate is much too low, and when it is much "
    "too high?",
    points=1,
)
rate_extremes.right("Too low: progress is very slow. Too high: the iterates oscillate or diverge.")
rate_extremes.wrong(
    "Too low: the iterates diverge. Too high: progress is slow.",
    "It is the other way round: the step is the rate times the gradient.",
)
rate_extremes.wrong(
    "Too low: progress is slow. Too high: it always finds a better minimum.",
    "A large step may leave a poor minimum, but as easily a good one, or grow without bound.",
)
rate_extremes.wrong(
    "Neither matters as long as the number of steps is large enough.",
    "Above the critical rate more steps make it worse: the error grows with each.",
)

why_not_step = free_text(
    "why_not_step",
    "The perceptron's step function gives clear decisions. Why can a network with step (or sign) "
    "activations not be trained by gradient descent? Two or three sentences.",
    rubric=[
        "1 point: the derivative is 0 everywhere except at the jump (or: it is undefined at the "
        "jump), **and** the consequence is named: the gradient carries no information about how to "
        "change the weights, so that they do not move.",
        "0.5 points: only the property of the step function, or only the consequence.",
    ],
    points=1,
)
why_not_step.hint("What is the slope of a step function, to the left and to the right of its jump?")
