"""Exercises of lab 05: mini-batches, update rules from SGD to Nadam, learning-rate schedules."""

import numpy as np

from dlcourse.authoring import driver, exercise, free_text, question

OWN_RULE = "write the update yourself; Keras' optimizers are what the lab compares it with"

# --- one epoch of SGD -----------------------------------------------------------------------------


@driver
def epoch_facts(sgd_epoch, n, batch_size, seed):
    """The batches of an epoch of n rows, and each step over -lr times the batch's mean gradient."""
    rng = np.random.default_rng(seed)
    lr, start = 0.3, rng.normal(size=3)
    X = np.column_stack([np.arange(n) / n, rng.normal(size=(n, 2))])
    y = np.arange(n) / n + 10

    def epoch(rng):
        """The calls of grad, those at one theta taken together, and the result."""
        batches = []

        def grad(theta, X, y):
            theta, X = np.array(theta, dtype=float), np.atleast_2d(np.asarray(X, dtype=float))
            y = np.asarray(y, dtype=float).reshape(-1)
            slopes = (X @ theta - y)[:, None] * X
            if not batches or not np.array_equal(batches[-1]["theta"], theta):
                batches.append({"theta": theta, "rows": [], "matched": True, "slope": 0.0})
            batches[-1]["rows"] += [int(r) for r in np.rint(X[:, 0] * n)]
            batches[-1]["matched"] &= bool(np.allclose(X[:, 0] + 10, y))
            batches[-1]["slope"] = batches[-1]["slope"] + slopes.sum(axis=0)
            return slopes.mean(axis=0)

        return batches, sgd_epoch(X.copy(), y.copy(), start.copy(), grad, lr, batch_size, rng)

    rng = np.random.default_rng(seed + 1)
    batches, result = epoch(rng)
    if result is None:
        return None
    thetas = [batch["theta"] for batch in batches] + [np.asarray(result, dtype=float)]
    ratios = []
    for before, batch, after in zip(thetas[:-1], batches, thetas[1:], strict=True):
        ideal = -lr * batch["slope"] / len(batch["rows"])
        ratio = float((after - before) @ ideal / (ideal @ ideal))
        along = np.allclose(after - before, ratio * ideal, atol=1e-4)
        ratios.append(round(ratio, 3) if along else np.nan)
    orders = [[r for b in found for r in b["rows"]] for found in (batches, epoch(rng)[0])]
    again = [r for b in epoch(np.random.default_rng(seed + 1))[0] for r in b["rows"]]
    return {
        "rows per batch": [len(batch["rows"]) for batch in batches],
        "step / (-lr * mean gradient)": ratios,
        "every row is used once": sorted(orders[0]) == list(range(n)),
        "y belongs to X": all(batch["matched"] for batch in batches),
        "rows are shuffled": orders[0] != sorted(orders[0]),
        "same rng, same order": orders[0] == again,
        "next epoch, another order": orders[0] != orders[1],
    }


@driver
def mean_slope(theta, X, y):
    """The mean gradient of half the squared error of a linear model."""
    return X.T @ (X @ theta - y) / len(y)


@exercise(points=3)
def sgd_epoch(X, y, theta, grad, lr, batch_size, rng):
    """Return `theta` after one epoch of mini-batch gradient descent.

    X: n rows; y: n targets; theta: an array; lr: learning rate; rng: a NumPy generator.
    grad(theta, X, y) returns the mean gradient of the rows that it is given.
    Shuffle the rows with `rng`, cut them into batches of `batch_size` (the last may be short), and
    make one step theta - lr * gradient per batch. Leave X, y and theta as they are.
    For n=10 and batch_size=4 that is three steps, with 4, 4 and 2 rows.
    """
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        theta = theta - lr * grad(theta, X[rows], y[rows])
    return theta


sgd_epoch.case("epoch_facts(sgd_epoch, n=10, batch_size=4, seed=0)")
sgd_epoch.case(
    "sgd_epoch(np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0], [-1.0, 1.0]]), "
    "np.array([1.0, 0.0, 2.0, -1.0]), np.array([0.5, -0.5]), mean_slope, 0.1, 4, rng)"
)
sgd_epoch.hidden_case("epoch_facts(sgd_epoch, n=11, batch_size=4, seed=int(rng.integers(1000)))")
sgd_epoch.hidden_case("epoch_facts(sgd_epoch, n=12, batch_size=3, seed=int(rng.integers(1000)))")
sgd_epoch.hidden_case("epoch_facts(sgd_epoch, n=9, batch_size=1, seed=int(rng.integers(1000)))")
sgd_epoch.hidden_case(
    "sgd_epoch(rng.normal(size=(8, 3)), rng.normal(size=8), rng.normal(size=3), mean_slope, "
    "0.2, 8, rng)"
)
sgd_epoch.hidden_case(
    "sgd_epoch(np.repeat([[1.0, -2.0]], 6, axis=0), np.full(6, 3.0), rng.normal(size=2), "
    "mean_slope, 0.1, 4, rng)"
)
sgd_epoch.hidden_case(
    "sgd_epoch(rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), rng.normal(size=(3, 2)), "
    "mean_slope, 0.1, 5, rng)"
)
sgd_epoch.hint("`rng.permutation(n)` gives the row numbers 0 to n - 1 in random order.")
sgd_epoch.hint(
    "`range(0, n, batch_size)` gives where each batch begins; a slice may end beyond the array."
)
sgd_epoch.hint("Each step asks for the gradient at the newest theta, with the rows of its batch.")


@sgd_epoch.variant
def shuffled_first(X, y, theta, grad, lr, batch_size, rng):
    order = np.arange(len(y))
    rng.shuffle(order)
    X_mixed, y_mixed = X[order], y[order]
    n_batches = int(np.ceil(len(y) / batch_size))
    for b in range(n_batches):
        part = slice(b * batch_size, (b + 1) * batch_size)
        theta = theta - lr * grad(theta, X_mixed[part], y_mixed[part])
    return theta


@sgd_epoch.variant
def row_by_row(X, y, theta, grad, lr, batch_size, rng):
    waiting = list(rng.choice(len(X), size=len(X), replace=False))
    new = np.array(theta, dtype=float)
    while waiting:
        batch, waiting = waiting[:batch_size], waiting[batch_size:]
        total = sum(grad(new, X[i : i + 1], y[i : i + 1]) for i in batch)
        new = new - lr * total / len(batch)
    return new


@sgd_epoch.variant
def in_single_precision(X, y, theta, grad, lr, batch_size, rng):
    X, y, theta = (np.asarray(a, dtype="float32") for a in (X, y, theta))
    for rows in np.split(rng.permutation(len(X)), range(batch_size, len(X), batch_size)):
        theta = (theta - lr * grad(theta, X[rows], y[rows])).astype("float32")
    return theta


@sgd_epoch.misconception(
    "Every step uses the same rows, the first batch: cut the shuffled order at `start`, not at 0."
)
def first_batch_always(X, y, theta, grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    for _ in range(0, len(X), batch_size):
        rows = order[:batch_size]
        theta = theta - lr * grad(theta, X[rows], y[rows])
    return theta


@sgd_epoch.misconception(
    "The steps are too long by the number of rows: `grad` is a mean already, and the mean is what "
    "the step uses, so that its length does not depend on the batch size."
)
def sum_of_gradients(X, y, theta, grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        theta = theta - lr * len(rows) * grad(theta, X[rows], y[rows])
    return theta


@sgd_epoch.misconception("The gradient is divided by the number of rows twice: `grad` is a mean.")
def divided_twice(X, y, theta, grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        theta = theta - lr * grad(theta, X[rows], y[rows]) / batch_size
    return theta


@sgd_epoch.misconception(
    "The rows come in the order of the data. If they are sorted, a batch sees one kind of row "
    "only: shuffle first."
)
def not_shuffled(X, y, theta, grad, lr, batch_size, rng):
    for start in range(0, len(X), batch_size):
        part = slice(start, start + batch_size)
        theta = theta - lr * grad(theta, X[part], y[part])
    return theta


@sgd_epoch.misconception(
    "X and y are shuffled in different orders: take the rows of both with the same indices."
)
def shuffled_apart(X, y, theta, grad, lr, batch_size, rng):
    X, y = rng.permutation(X), rng.permutation(y)
    for start in range(0, len(X), batch_size):
        part = slice(start, start + batch_size)
        theta = theta - lr * grad(theta, X[part], y[part])
    return theta


@sgd_epoch.misconception(
    "Only X is shuffled, so that its rows get the targets of others: take the rows of both with "
    "the same indices."
)
def only_X_shuffled(X, y, theta, grad, lr, batch_size, rng):
    X = X[rng.permutation(len(X))]
    for start in range(0, len(X), batch_size):
        part = slice(start, start + batch_size)
        theta = theta - lr * grad(theta, X[part], y[part])
    return theta


@sgd_epoch.misconception(
    "It returns after the first batch: the `return` belongs behind the loop, not into it."
)
def returns_in_the_loop(X, y, theta, grad, lr, batch_size, rng):
    rows = rng.permutation(len(X))[:batch_size]
    return theta - lr * grad(theta, X[rows], y[rows])


@sgd_epoch.misconception(
    "The last batch is missing: `range` stops before its end, so let it go up to n."
)
def stops_too_early(X, y, theta, grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X) - batch_size, batch_size):
        rows = order[start : start + batch_size]
        theta = theta - lr * grad(theta, X[rows], y[rows])
    return theta


@sgd_epoch.misconception(
    "Rows are left out: when n is not a multiple of the batch size, the last batch is short."
)
def drops_the_tail(X, y, theta, grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    for b in range(len(X) // batch_size):
        rows = order[b * batch_size : (b + 1) * batch_size]
        theta = theta - lr * grad(theta, X[rows], y[rows])
    return theta


@sgd_epoch.misconception(
    "Some rows come twice and others not at all: batches drawn with replacement. An epoch uses "
    "every row once."
)
def with_replacement(X, y, theta, grad, lr, batch_size, rng):
    for start in range(0, len(X), batch_size):
        rows = rng.integers(0, len(X), size=min(batch_size, len(X) - start))
        theta = theta - lr * grad(theta, X[rows], y[rows])
    return theta


@sgd_epoch.misconception(
    "It climbs: the gradient points uphill, so the step is theta - lr * gradient."
)
def uphill(X, y, theta, grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        theta = theta + lr * grad(theta, X[rows], y[rows])
    return theta


@sgd_epoch.misconception(
    "All gradients are taken at the theta of the epoch's start: each batch uses the theta that the "
    "batch before it left."
)
def stale_theta(X, y, theta, grad, lr, batch_size, rng):
    order, new = rng.permutation(len(X)), theta
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        new = new - lr * grad(theta, X[rows], y[rows])
    return new


@sgd_epoch.misconception(
    "There is one step on all rows: that is gradient descent. Make one step per batch."
)
def whole_set(X, y, theta, grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    return theta - lr * grad(theta, X[order], y[order])


@sgd_epoch.misconception(
    "The order does not come from `rng`: with a seed of its own, every epoch has the same order."
)
def own_seed(X, y, theta, grad, lr, batch_size, rng):
    return sgd_epoch.reference(X, y, theta, grad, lr, batch_size, np.random.default_rng(0))


@sgd_epoch.misconception(
    "The order does not come from `rng` but from NumPy's global state: a run cannot be repeated."
)
def global_randomness(X, y, theta, grad, lr, batch_size, rng):
    order = np.random.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        theta = theta - lr * grad(theta, X[rows], y[rows])
    return theta


@sgd_epoch.misconception(
    "`theta -= ...` changes the caller's array: write theta = theta - ..., which makes a new one."
)
def in_place(X, y, theta, grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        theta -= lr * grad(theta, X[rows], y[rows])
    return theta


batch_noise = question(
    "batch_noise",
    "The gradient of a mini-batch is used in place of the gradient over all rows. What is true of "
    "it?",
    points=0.25,
)
batch_noise.right("Averaged over all batches that could be drawn, it is the gradient of all rows.")
batch_noise.right("The smaller the batch, the more it varies from batch to batch.")
batch_noise.wrong(
    "A step against it never increases the loss over all rows.",
    "A single batch may pull elsewhere; only on average does it point the right way.",
)
batch_noise.wrong(
    "It is smaller than the gradient of all rows, in proportion to the batch size.",
    "It is a mean, like the gradient of all rows: on average the two are equal.",
)
batch_noise.hint("Draw the index of a row at random: what is the expected gradient of that row?")

# --- momentum -------------------------------------------------------------------------------------


@driver
def steps(step, theta, state, gradients, lr, *options):
    """(theta, state) after each of several steps with given gradients."""
    path = []
    for g in gradients:
        theta, state = (np.array(value) for value in step(theta, state, g, lr, *options))
        path.append([theta.copy(), state.copy()])
    return path


@exercise(points=2)
def momentum_step(theta, m, g, lr, beta):
    """Return (theta, m) after one step of gradient descent with momentum.

    theta, m, g: weights, velocity and gradient, arrays of shape (d,).
    First m <- beta m - lr g, then theta <- theta + m. Return new arrays. Write this and the rules
    that follow yourself, without keras.optimizers.
    For theta=[1], m=[0.5], g=[2], lr=0.1, beta=0.9 it is ([1.25], [0.25]).
    """
    m = beta * m - lr * g
    return theta + m, m


momentum_step.case(
    "momentum_step(np.array([1.0, -2.0]), np.array([0.5, 0.25]), np.array([2.0, -1.0]), 0.1, 0.9)"
)
momentum_step.case(
    "steps(momentum_step, np.array([1.0, 2.0]), np.zeros(2), "
    "np.array([[2.0, -1.0], [0.5, 3.0], [-1.0, 1.0]]), 0.1, 0.8)"
)
momentum_step.hidden_case(
    "steps(momentum_step, rng.normal(size=3), rng.normal(size=3), rng.normal(size=(4, 3)), "
    "0.05, 0.7)"
)
momentum_step.hidden_case(
    "steps(momentum_step, rng.normal(size=4), np.zeros(4), rng.normal(size=(2, 4)), 0.1, 0)"
)
momentum_step.hidden_case(
    "steps(momentum_step, rng.normal(size=1), rng.normal(size=1), rng.normal(size=(3, 1)), 1, 0.9)"
)
momentum_step.hidden_case(
    "momentum_step(np.float32([0.5, 1.5]), np.float32([1, -1]), np.float32([2, 3]), 0.1, 0.9)"
)
momentum_step.hint("Two lines: the new velocity from the old one, then the weights.")
momentum_step.hint("The weights move by the new velocity, and by nothing else.")
momentum_step.forbid("keras.optimizers", because=OWN_RULE)


@momentum_step.variant
def number_by_number(theta, m, g, lr, beta):
    velocity = [beta * mi - lr * gi for mi, gi in zip(m, g, strict=True)]
    return [ti + vi for ti, vi in zip(theta, velocity, strict=True)], velocity


@momentum_step.variant
def on_copies(theta, m, g, lr, beta):
    theta, m = np.array(theta, dtype=float), np.array(m, dtype=float)
    m *= beta
    m -= lr * g
    theta += m
    return theta, m


@momentum_step.misconception(
    "This velocity is an average, beta m + (1 - beta) g: that is Adam's first moment. Momentum "
    "adds up whole steps, beta m - lr g."
)
def averaged(theta, m, g, lr, beta):
    m = beta * m + (1 - beta) * g
    return theta - lr * m, m


@momentum_step.misconception(
    "The gradient's share is 1 - beta, as in an average. Momentum adds up whole steps, beta m - lr g."
)
def averaged_steps(theta, m, g, lr, beta):
    m = beta * m - (1 - beta) * lr * g
    return theta + m, m


@momentum_step.misconception(
    "The velocity has its minus sign already (beta m - lr g): with theta - m the weights climb."
)
def minus_velocity(theta, m, g, lr, beta):
    m = beta * m - lr * g
    return theta - m, m


@momentum_step.misconception(
    "The learning rate is used twice: it is in the velocity, so theta moves by m, not by lr m."
)
def rate_twice(theta, m, g, lr, beta):
    m = beta * m - lr * g
    return theta + lr * m, m


@momentum_step.misconception(
    "Here the velocity leaves the rate out and theta - lr m puts it in later, as PyTorch does. In "
    "this lab the rate and the minus sign belong to m."
)
def rate_outside(theta, m, g, lr, beta):
    m = beta * m + g
    return theta - lr * m, m


@momentum_step.misconception(
    "This is the velocity with the opposite sign, m = beta m + lr g and theta - m: right in other "
    "books, but here m <- beta m - lr g."
)
def opposite_velocity(theta, m, g, lr, beta):
    m = beta * m + lr * g
    return theta - m, m


@momentum_step.misconception("The old velocity is not used: this is plain gradient descent.")
def no_inertia(theta, m, g, lr, beta):
    return theta - lr * g, -lr * g


@momentum_step.misconception("theta moves by the old velocity: compute the new one first.")
def old_velocity(theta, m, g, lr, beta):
    return theta + m, beta * m - lr * g


@momentum_step.misconception(
    "The velocity is returned as it came in: without the new one there is no inertia in the next "
    "step."
)
def velocity_not_returned(theta, m, g, lr, beta):
    return theta + beta * m - lr * g, m


@momentum_step.misconception("beta weighs the whole bracket, also the gradient: beta m - lr g.")
def beta_on_both(theta, m, g, lr, beta):
    m = beta * (m - lr * g)
    return theta + m, m


@momentum_step.misconception("The results are in the wrong order: first theta, then m.")
def swapped_results(theta, m, g, lr, beta):
    return momentum_step.reference(theta, m, g, lr, beta)[::-1]


@momentum_step.misconception(
    "`m *= beta` and `theta += m` change the caller's arrays: m = beta * m makes a new one."
)
def changed_in_place(theta, m, g, lr, beta):
    m *= beta
    m -= lr * g
    theta += m
    return theta, m


@driver
def nesterov_steps(step, theta, m, grad, lr, beta, n_steps):
    """(theta, m) after each of several steps with a gradient that depends on theta."""
    path = []
    for _ in range(n_steps):
        theta, m = (np.array(value) for value in step(theta, m, grad, lr, beta))
        path.append([theta.copy(), m.copy()])
    return path


@exercise(points=2)
def nesterov_step(theta, m, grad, lr, beta):
    """Return (theta, m) after one step of Nesterov's method.

    theta, m: weights and velocity, arrays of shape (d,); grad: a function that returns the
    gradient, shape (d,), at any weights. As momentum, with the gradient at theta + beta m:
    m <- beta m - lr grad(theta + beta m), then theta <- theta + m. Return new arrays, without
    keras.optimizers.
    For the gradient 2 theta, theta=[1], m=[0], lr=0.1, beta=0.9 it is ([0.8], [-0.2]), and after
    a second step ([0.496], [-0.304]).
    """
    m = beta * m - lr * grad(theta + beta * m)
    return theta + m, m


nesterov_step.case(
    "nesterov_step(np.array([1.0, -2.0]), np.array([0.5, 0.25]), lambda w: w**2 + w, 0.1, 0.9)"
)
nesterov_step.case(
    "nesterov_steps(nesterov_step, np.array([1.0, 2.0]), np.zeros(2), lambda w: w**3, 0.1, 0.8, 3)"
)
nesterov_step.hidden_case(
    "nesterov_steps(nesterov_step, rng.normal(size=3), rng.normal(size=3), np.sin, 0.2, 0.7, 4)"
)
nesterov_step.hidden_case(
    "nesterov_steps(nesterov_step, rng.normal(size=2), np.zeros(2), "
    "lambda w: np.array([1.0, 20.0]) * w, 0.05, 0.9, 3)"
)
nesterov_step.hidden_case(
    "nesterov_steps(nesterov_step, rng.normal(size=4), rng.normal(size=4), np.tanh, 0.1, 0, 2)"
)
nesterov_step.hint("`grad` is a function: you choose where it is evaluated.")
nesterov_step.hint(
    "Where would the velocity alone lead? To theta + beta m: look at the slope there."
)
nesterov_step.hint("The new theta still starts from theta, not from the point you looked at.")
nesterov_step.uses(momentum_step)
nesterov_step.forbid("keras.optimizers", because=OWN_RULE)


@nesterov_step.variant
def looks_ahead_first(theta, m, grad, lr, beta):
    ahead = theta + beta * m
    slope = np.asarray(grad(ahead))
    velocity = beta * m - lr * slope
    return ahead - lr * slope, velocity


@nesterov_step.variant
def through_momentum(theta, m, grad, lr, beta):
    return momentum_step(theta, m, grad(theta + beta * m), lr, beta)


@nesterov_step.misconception(
    "The gradient is taken at theta: that is momentum. Nesterov's method looks at theta + beta m."
)
def gradient_at_theta(theta, m, grad, lr, beta):
    m = beta * m - lr * grad(theta)
    return theta + m, m


@nesterov_step.misconception("It looks too far ahead: at theta + beta m, not at theta + m.")
def without_beta_ahead(theta, m, grad, lr, beta):
    m = beta * m - lr * grad(theta + m)
    return theta + m, m


@nesterov_step.misconception("It looks back: the velocity leads to theta + beta m.")
def looks_back(theta, m, grad, lr, beta):
    m = beta * m - lr * grad(theta - beta * m)
    return theta + m, m


@nesterov_step.misconception(
    "The step starts from the look-ahead point: theta + m, from theta, because m holds beta m."
)
def starts_ahead(theta, m, grad, lr, beta):
    ahead = theta + beta * m
    m = beta * m - lr * grad(ahead)
    return ahead + m, m


@nesterov_step.misconception(
    "This is Keras' form: it stores the look-ahead point in place of theta, so that the gradient is "
    "taken where the weights are. Here theta is theta."
)
def keras_form(theta, m, grad, lr, beta):
    slope = grad(theta)
    m = beta * m - lr * slope
    return theta + beta * m - lr * slope, m


@nesterov_step.misconception("The signs: m <- beta m - lr gradient, theta <- theta + m.")
def climbs(theta, m, grad, lr, beta):
    m = beta * m + lr * grad(theta + beta * m)
    return theta + m, m


@nesterov_step.misconception(
    "The velocity is returned as it came in: the next step needs the new one."
)
def stale_velocity(theta, m, grad, lr, beta):
    return theta + beta * m - lr * grad(theta + beta * m), m


@nesterov_step.misconception(
    "`m *= beta` and `theta += m` change the caller's arrays: m = beta * m makes a new one."
)
def overwrites(theta, m, grad, lr, beta):
    m *= beta
    m -= lr * grad(theta + m)
    theta += m
    return theta, m


# --- a rate for every weight ----------------------------------------------------------------------


@exercise(points=2)
def adagrad_step(theta, s, g, lr, eps=1e-8):
    """Return (theta, s) after one step of AdaGrad.

    theta, s, g: weights, sum of squared gradients so far, and gradient, arrays of shape (d,).
    Add the square of the gradient to s, for each weight on its own; then each weight moves by
    -lr g / (sqrt(s) + eps), with its own new s. Return new arrays, without keras.optimizers.
    For theta=[1, 1], s=[0, 12], g=[3, 2], lr=0.1 it is ([0.9, 0.95], [9, 16]).
    """
    s = s + g**2
    return theta - lr * g / (np.sqrt(s) + eps), s


adagrad_step.case(
    "adagrad_step(np.array([1.0, -2.0]), np.array([0.5, 4.0]), np.array([10.0, 0.1]), 0.1)"
)
adagrad_step.case(
    "steps(adagrad_step, np.array([1.0, 2.0]), np.zeros(2), "
    "np.array([[2.0, -1.0], [0.5, 3.0], [-1.0, 1.0]]), 0.1, 0.5)"
)
adagrad_step.hidden_case(
    "steps(adagrad_step, rng.normal(size=3), np.zeros(3), rng.normal(size=(4, 3)), 0.5)"
)
adagrad_step.hidden_case(
    "steps(adagrad_step, rng.normal(size=2), rng.uniform(1, 2, size=2), rng.normal(size=(4, 2)), "
    "0.1, 0.3)"
)
adagrad_step.hidden_case(
    "adagrad_step(np.array([1.0, 2.0]), np.zeros(2), np.array([0.0, 3.0]), 0.1)", quiet=True
)
adagrad_step.hidden_case(
    "adagrad_step(np.float32([0.5, 1.5]), np.float32([1, 2]), np.float32([2, 3]), 0.1)"
)
adagrad_step.hint("`g**2` squares each entry: nothing is added up over the weights.")
adagrad_step.hint("First the new s, then the step, which divides by the root of the new s.")
adagrad_step.forbid("keras.optimizers", because=OWN_RULE)


@adagrad_step.variant
def weight_by_weight(theta, s, g, lr, eps=1e-8):
    new_theta, new_s = [], []
    for w, total, slope in zip(theta, s, g, strict=True):
        total = total + slope * slope
        new_s.append(total)
        new_theta.append(w - lr / (total**0.5 + eps) * slope)
    return new_theta, new_s


@adagrad_step.variant
def rate_first(theta, s, g, lr, eps=1e-8):
    accumulated = np.add(s, np.square(g))
    rates = lr / (np.sqrt(accumulated) + eps)
    return theta - rates * g, accumulated


@adagrad_step.misconception(
    "All weights share one number: slides print the norm of the gradient here, but then no weight "
    "gets a rate of its own. Square each entry (Duchi et al. 2011)."
)
def norm(theta, s, g, lr, eps=1e-8):
    s = s + np.linalg.norm(g)
    return theta - lr * g / (np.sqrt(s) + eps), s


@adagrad_step.misconception(
    "The squares are added up over the weights: each weight keeps the sum of its own squares."
)
def squared_norm(theta, s, g, lr, eps=1e-8):
    s = s + np.sum(g**2)
    return theta - lr * g / (np.sqrt(s) + eps), s


@adagrad_step.misconception("The root is missing: divide by sqrt(s), not by s.")
def no_root(theta, s, g, lr, eps=1e-8):
    s = s + g**2
    return theta - lr * g / (s + eps), s


@adagrad_step.misconception("eps stands outside the root here: sqrt(s) + eps.")
def eps_inside(theta, s, g, lr, eps=1e-8):
    s = s + g**2
    return theta - lr * g / np.sqrt(s + eps), s


@adagrad_step.misconception(
    "The step divides by the old s: add the new square first. At the first step the old s is 0."
)
def old_sum(theta, s, g, lr, eps=1e-8):
    return theta - lr * g / (np.sqrt(s) + eps), s + g**2


@adagrad_step.misconception("The old s is not used: it is the sum over all steps so far.")
def no_memory(theta, s, g, lr, eps=1e-8):
    s = g**2
    return theta - lr * g / (np.sqrt(s) + eps), s


@adagrad_step.misconception("The gradient is added without its square.")
def not_squared(theta, s, g, lr, eps=1e-8):
    s = s + np.abs(g)
    return theta - lr * g / (np.sqrt(s) + eps), s


@adagrad_step.misconception("This s is an average that forgets, as in RMSProp: AdaGrad adds.")
def forgets(theta, s, g, lr, eps=1e-8):
    s = 0.9 * s + 0.1 * g**2
    return theta - lr * g / (np.sqrt(s) + eps), s


@adagrad_step.misconception("It climbs: the step goes against the gradient.")
def wrong_direction(theta, s, g, lr, eps=1e-8):
    s = s + g**2
    return theta + lr * g / (np.sqrt(s) + eps), s


@adagrad_step.misconception("`s += ...` changes the caller's array: s = s + ... makes a new one.")
def adds_in_place(theta, s, g, lr, eps=1e-8):
    s += g**2
    return theta - lr * g / (np.sqrt(s) + eps), s


@adagrad_step.misconception("The `eps` of the call is not used: divide by sqrt(s) + eps.")
def fixed_eps(theta, s, g, lr, eps=1e-8):
    return adagrad_step.reference(theta, s, g, lr)


@exercise(points=2)
def rmsprop_step(theta, s, g, lr, rho=0.9, eps=1e-8):
    """Return (theta, s) after one step of RMSProp.

    theta, s, g: weights, running average of squared gradients, gradient, arrays of shape (d,).
    First s <- rho s + (1 - rho) g^2, for each weight on its own; then each weight moves by
    -lr g / (sqrt(s) + eps), with its own new s. Return new arrays, without keras.optimizers.
    For theta=[1], s=[1], g=[3], lr=0.1, rho=0.5 the new s is [5].
    """
    s = rho * s + (1 - rho) * g**2
    return theta - lr * g / (np.sqrt(s) + eps), s


rmsprop_step.case(
    "rmsprop_step(np.array([1.0, -2.0]), np.array([0.5, 4.0]), np.array([10.0, 0.1]), 0.1)"
)
rmsprop_step.case(
    "steps(rmsprop_step, np.array([1.0, 2.0]), np.zeros(2), "
    "np.array([[2.0, -1.0], [0.5, 3.0], [-1.0, 1.0]]), 0.1, 0.7, 0.5)"
)
rmsprop_step.hidden_case(
    "steps(rmsprop_step, rng.normal(size=3), np.zeros(3), rng.normal(size=(4, 3)), 0.5)"
)
rmsprop_step.hidden_case(
    "steps(rmsprop_step, rng.normal(size=2), rng.uniform(1, 2, size=2), rng.normal(size=(4, 2)), "
    "0.1, 0.8, 0.3)"
)
rmsprop_step.hidden_case(
    "rmsprop_step(np.array([1.0, 2.0]), np.zeros(2), np.array([0.0, 3.0]), 0.1)", quiet=True
)
rmsprop_step.hidden_case(
    "rmsprop_step(np.float32([0.5, 1.5]), np.float32([1, 2]), np.float32([2, 3]), 0.1)"
)
rmsprop_step.hint("One line of AdaGrad changes: the sum becomes an average that forgets.")
rmsprop_step.hint("rho is the share of the old s that stays; 1 - rho that of the new square.")
rmsprop_step.uses(adagrad_step)
rmsprop_step.forbid("keras.optimizers", because=OWN_RULE)


@rmsprop_step.variant
def moves_the_average(theta, s, g, lr, rho=0.9, eps=1e-8):
    new_s = s + (1 - rho) * (g * g - s)
    return theta - lr / (new_s**0.5 + eps) * g, new_s


@rmsprop_step.variant
def one_weight_after_another(theta, s, g, lr, rho=0.9, eps=1e-8):
    new_theta, new_s = np.empty(len(theta)), np.empty(len(theta))
    for i in range(len(theta)):
        new_s[i] = rho * s[i] + (1 - rho) * g[i] ** 2
        new_theta[i] = theta[i] - lr * g[i] / (np.sqrt(new_s[i]) + eps)
    return new_theta, new_s


@rmsprop_step.misconception(
    "Some notes print a minus here: an average of squares that goes negative has no root, and the "
    "weights become NaN. Both terms are added."
)
def minus_square(theta, s, g, lr, rho=0.9, eps=1e-8):
    s = rho * s - (1 - rho) * g**2
    return theta - lr * g / (np.sqrt(s) + eps), s


@rmsprop_step.misconception(
    "All weights share one number, the norm of the gradient: square each entry on its own."
)
def shared_norm(theta, s, g, lr, rho=0.9, eps=1e-8):
    s = rho * s + (1 - rho) * np.linalg.norm(g)
    return theta - lr * g / (np.sqrt(s) + eps), s


@rmsprop_step.misconception(
    "The squares are added up over the weights: each weight keeps the average of its own squares."
)
def shared_squares(theta, s, g, lr, rho=0.9, eps=1e-8):
    s = rho * s + (1 - rho) * np.sum(g**2)
    return theta - lr * g / (np.sqrt(s) + eps), s


@rmsprop_step.misconception("rho and 1 - rho are swapped: rho is the share of the old average.")
def swapped_rho(theta, s, g, lr, rho=0.9, eps=1e-8):
    s = (1 - rho) * s + rho * g**2
    return theta - lr * g / (np.sqrt(s) + eps), s


@rmsprop_step.misconception("The new square needs its weight 1 - rho: this is no average.")
def unweighted_square(theta, s, g, lr, rho=0.9, eps=1e-8):
    s = rho * s + g**2
    return theta - lr * g / (np.sqrt(s) + eps), s


@rmsprop_step.misconception("This is AdaGrad: s must forget, rho s + (1 - rho) g^2.")
def never_forgets(theta, s, g, lr, rho=0.9, eps=1e-8):
    s = s + g**2
    return theta - lr * g / (np.sqrt(s) + eps), s


@rmsprop_step.misconception("The gradient enters the average without its square.")
def average_of_gradients(theta, s, g, lr, rho=0.9, eps=1e-8):
    s = rho * s + (1 - rho) * np.abs(g)
    return theta - lr * g / (np.sqrt(s) + eps), s


@rmsprop_step.misconception("The root is missing: divide by sqrt(s), not by s.")
def rootless(theta, s, g, lr, rho=0.9, eps=1e-8):
    s = rho * s + (1 - rho) * g**2
    return theta - lr * g / (s + eps), s


@rmsprop_step.misconception("eps stands outside the root here: sqrt(s) + eps.")
def eps_under_root(theta, s, g, lr, rho=0.9, eps=1e-8):
    s = rho * s + (1 - rho) * g**2
    return theta - lr * g / np.sqrt(s + eps), s


@rmsprop_step.misconception("The step divides by the old s: average the new square in first.")
def old_average(theta, s, g, lr, rho=0.9, eps=1e-8):
    return theta - lr * g / (np.sqrt(s) + eps), rho * s + (1 - rho) * g**2


@rmsprop_step.misconception("It climbs: the step goes against the gradient.")
def goes_up(theta, s, g, lr, rho=0.9, eps=1e-8):
    s = rho * s + (1 - rho) * g**2
    return theta + lr * g / (np.sqrt(s) + eps), s


@rmsprop_step.misconception("`rho` is a parameter: use it in place of 0.9.")
def fixed_rho(theta, s, g, lr, rho=0.9, eps=1e-8):
    return rmsprop_step.reference(theta, s, g, lr, 0.9, eps)


@rmsprop_step.misconception("The `eps` of the call is not used: divide by sqrt(s) + eps.")
def no_eps(theta, s, g, lr, rho=0.9, eps=1e-8):
    return rmsprop_step.reference(theta, s, g, lr, rho, 0)


@rmsprop_step.misconception("`rho` and `eps` are parameters: use them in place of 0.9 and 1e-8.")
def fixed_constants(theta, s, g, lr, rho=0.9, eps=1e-8):
    return rmsprop_step.reference(theta, s, g, lr)


@rmsprop_step.misconception("`s *= rho` changes the caller's array: s = rho * s makes a new one.")
def averages_in_place(theta, s, g, lr, rho=0.9, eps=1e-8):
    s *= rho
    s += (1 - rho) * g**2
    return theta - lr * g / (np.sqrt(s) + eps), s


# --- Adam and its relatives -----------------------------------------------------------------------


@driver
def slopes(rng, n, d):
    """Gradients that change from step to step, none close to zero."""
    return rng.choice([-1.0, 1.0], size=(n, d)) * rng.uniform(0.5, 2.0, size=(n, d))


@driver
def moment_steps(step, theta, gradients, lr, *options):
    """(theta, m, v) after each of several steps from zero moments, t = 1, 2, ..."""
    m, v, path = np.zeros_like(theta), np.zeros_like(theta), []
    for t, g in enumerate(gradients, 1):
        theta, m, v = (np.array(value) for value in step(theta, m, v, t, g, lr, *options))
        path.append([theta.copy(), m.copy(), v.copy()])
    return path


@exercise(points=5)
def adam_step(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Return (theta, m, v) after step number `t` of Adam; the first step has t=1.

    theta, m, v, g: weights, moments (zero before the first step) and gradient, shape (d,).
    m <- beta1 m + (1 - beta1) g and v <- beta2 v + (1 - beta2) g^2, then
    theta <- theta - lr m_hat / (sqrt(v_hat) + eps) with the corrected moments
    m_hat = m / (1 - beta1^t) and v_hat = v / (1 - beta2^t).
    Return new arrays, without keras.optimizers; m and v as they are before the correction.
    For theta=[1], m=v=[0], t=1, g=[2], lr=0.1 it is ([0.9], [0.2], [0.004]).
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


_SLOPES = "np.array([[2.0, -1.0], [0.5, 3.0], [-1.0, 1.0]])"
_LATER = (
    "np.array([1.0, -2.0]), np.array([0.5, 0.25]), np.array([0.04, 0.09]), 3, "
    "np.array([2.0, -1.0]), 0.1"
)
_BOTH_SMALL = "np.zeros(2), np.zeros(2), np.zeros(2), 1, np.array([1e-3, -2e-3]), 0.1"
_NO_SLOPE = "np.array([1.0, 2.0]), np.zeros(2), np.zeros(2), 1, np.array([0.0, 3.0]), 0.1"
_HUGE_EPS = "np.array([1.0, 2.0]), np.zeros(2), np.zeros(2), 1, np.array([1.0, 3.0]), 0.1, eps=1e9"

adam_step.case(f"adam_step({_LATER})", rtol=1e-5)
adam_step.case(
    f"moment_steps(adam_step, np.array([1.0, 2.0]), {_SLOPES}, 0.1, 0.8, 0.9)", rtol=1e-5
)
adam_step.case(f"adam_step({_BOTH_SMALL})", rtol=1e-3)
adam_step.case(f"adam_step({_HUGE_EPS})", rtol=1e-5)
adam_step.hidden_case(
    "moment_steps(adam_step, rng.normal(size=3), slopes(rng, 4, 3), 0.1)", rtol=1e-5
)
adam_step.hidden_case(
    "moment_steps(adam_step, rng.normal(size=3), slopes(rng, 4, 3), 0.05, 0.7, 0.95)", rtol=1e-5
)
adam_step.hidden_case(
    "moment_steps(adam_step, np.zeros(2), 1000 * slopes(rng, 5, 2), 0.1)", rtol=1e-5
)
adam_step.hidden_case(
    "adam_step(rng.normal(size=2), rng.normal(size=2), rng.uniform(1, 2, size=2), 7, "
    "rng.normal(size=2), 0.3, 0.5, 0.9)",
    rtol=1e-5,
)
adam_step.hidden_case(f"adam_step({_BOTH_SMALL})", rtol=1e-3)
adam_step.hidden_case(f"adam_step({_NO_SLOPE})", quiet=True)
adam_step.hidden_case(f"adam_step({_HUGE_EPS})", rtol=1e-5)
adam_step.hidden_case(
    "adam_step(np.float32([0.5, 1.5]), np.float32([1, -1]), np.float32([2, 3]), 2, "
    "np.float32([1, 4]), 0.1)"
)
adam_step.hint("m is an average like RMSProp's s, but of g itself; v is the average of its square.")
adam_step.hint("`beta1**t` is a power: the correction fades while t grows.")
adam_step.hint("Keep two names, m and m_hat: the step uses m_hat, the next call needs m.")
adam_step.forbid("keras.optimizers", because=OWN_RULE)


@adam_step.variant
def by_hand(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    new_theta, new_m, new_v = [], [], []
    for w, a, b, slope in zip(theta, m, v, g, strict=True):
        a = beta1 * a + (1 - beta1) * slope
        b = beta2 * b + (1 - beta2) * slope * slope
        step = lr * (a / (1 - beta1**t)) / ((b / (1 - beta2**t)) ** 0.5 + eps)
        new_theta.append(w - step)
        new_m.append(a)
        new_v.append(b)
    return new_theta, new_m, new_v


@adam_step.variant
def correction_in_the_rate(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Kingma and Ba's faster order of the operations, with their epsilon-hat."""
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (np.square(g) - v)
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return theta - rate * m / (np.sqrt(v) + eps), m, v


@adam_step.misconception(
    "The correction lacks its power: 1 - beta1**t, not 1 - beta1. The two agree at t=1 only."
)
def no_power(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1) / (np.sqrt(v / (1 - beta2)) + eps), m, v


@adam_step.misconception(
    "The corrected moments come back, and the next step would correct them again: return m and v "
    "as they are before the correction."
)
def returns_corrected(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
    return theta - lr * m / (np.sqrt(v) + eps), m, v


@adam_step.misconception(
    "The correction is missing: in the first steps m and v are still close to their start, zero."
)
def no_correction(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (np.sqrt(v) + eps), m, v


@adam_step.misconception("Only m is corrected: v starts at zero, too.")
def only_m_corrected(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v) + eps), m, v


@adam_step.misconception("Only v is corrected: m starts at zero, too.")
def only_v_corrected(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@adam_step.misconception("It climbs: the step goes against m_hat, theta - lr ...")
def plus_step(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    new, m, v = adam_step.reference(theta, m, v, t, g, lr, beta1, beta2, eps)
    return 2 * np.asarray(theta) - new, m, v


@adam_step.misconception(
    "m <- beta1 m - (1 - beta1) g goes with theta + lr ..., and this has a minus in both: the "
    "weights climb. In this lab m has a plus."
)
def minus_in_m(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m - (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@adam_step.misconception(
    "Both averages have a minus, as some notes print: a negative v has no root, and the weights "
    "become NaN. An average adds both of its terms."
)
def minus_in_both(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m - (1 - beta1) * g
    v = beta2 * v - (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@adam_step.misconception("t counts from 1 already: the powers are beta**t, not beta**(t + 1).")
def t_plus_one(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1))
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@adam_step.misconception(
    "t counts from 1 already: with beta**(t - 1) the first step divides by zero."
)
def t_minus_one(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / np.float64(1 - beta1 ** (t - 1))
    v_hat = v / np.float64(1 - beta2 ** (t - 1))
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


@adam_step.misconception("eps stands outside the root: sqrt(v_hat) + eps (Kingma and Ba, Alg. 1).")
def eps_in_the_root(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1**t) / np.sqrt(v / (1 - beta2**t) + eps), m, v


@adam_step.misconception(
    "The `eps` of the call is not used: where all gradients were 0, the step is 0/0. Divide by "
    "sqrt(v_hat) + eps."
)
def without_eps(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam_step.reference(theta, m, v, t, g, lr, beta1, beta2, 0)


@adam_step.misconception(
    "The power stands in the wrong place: the correction is 1 - beta1**t, not (1 - beta1)**t."
)
def power_of_the_difference(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1) ** t / (np.sqrt(v / (1 - beta2) ** t) + eps), m, v


@adam_step.misconception("The correction has a plus: the share of t equal values is 1 - beta1**t.")
def plus_in_the_correction(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (1 + beta1**t) / (np.sqrt(v / (1 + beta2**t)) + eps), m, v


@adam_step.misconception("The root of v_hat is missing.")
def without_root(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1**t) / (v / (1 - beta2**t) + eps), m, v


@adam_step.misconception("beta1 and beta2 are swapped: beta1 belongs to m, beta2 to v.")
def swapped_betas(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam_step.reference(theta, m, v, t, g, lr, beta2, beta1, eps)


@adam_step.misconception("beta and 1 - beta are swapped: beta is the share of the old average.")
def swapped_shares(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = (1 - beta1) * m + beta1 * g
    v = (1 - beta2) * v + beta2 * g**2
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@adam_step.misconception("The squares are added up over the weights: each weight has its own v.")
def one_v_for_all(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * np.sum(g**2)
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@adam_step.misconception("v averages the squares of the gradient; here the square is missing.")
def v_not_squared(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * np.abs(g)
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@adam_step.misconception("The step uses the gradient g: m_hat takes its place.")
def step_by_gradient(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * g / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@adam_step.misconception("The betas are parameters: use them in place of 0.9 and 0.999.")
def fixed_betas(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam_step.reference(theta, m, v, t, g, lr, eps=eps)


@adam_step.misconception("`m *= beta1` changes the caller's array: m = beta1 * m makes a new one.")
def moments_in_place(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m *= beta1
    m += (1 - beta1) * g
    v *= beta2
    v += (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@exercise(points=2)
def adam_notes(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Return (theta, m, v) after step number `t` of the notes' rule, repaired so that it is Adam.

    Start from the code of `adam_printed` and repair its lines: same arguments and same results as
    `adam_step` (t starts at 1, m and v come back as they are before the correction, new arrays).
    Do not call `adam_step` or Keras' optimizers: compare with them.
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


adam_notes.case(f"adam_notes({_LATER})", rtol=1e-5)
adam_notes.case(
    f"moment_steps(adam_notes, np.array([1.0, 2.0]), {_SLOPES}, 0.1, 0.8, 0.9)", rtol=1e-5
)
adam_notes.case(f"adam_notes({_BOTH_SMALL})", rtol=1e-3)
adam_notes.case(f"adam_notes({_HUGE_EPS})", rtol=1e-5)
adam_notes.hidden_case(
    "moment_steps(adam_notes, rng.normal(size=3), slopes(rng, 10, 3), 0.1)", rtol=1e-5
)
adam_notes.hidden_case(
    "moment_steps(adam_notes, rng.normal(size=2), slopes(rng, 10, 2), 0.05, 0.7, 0.95)", rtol=1e-5
)
adam_notes.hidden_case(f"adam_notes({_BOTH_SMALL})", rtol=1e-3)
adam_notes.hidden_case(f"adam_notes({_NO_SLOPE})", quiet=True)
adam_notes.hidden_case(f"adam_notes({_HUGE_EPS})", rtol=1e-5)
adam_notes.hint(
    "Follow m through two steps with the gradient 1: what should an average of ones be?"
)
adam_notes.hint("The division by 1 - beta1**t must not reach the m that the next step starts from.")
adam_notes.hint("The paper adds eps to the root, not to what stands under it.")
adam_notes.forbid("adam_step", because="repair the printed lines; then compare with adam_step")
adam_notes.forbid("keras.optimizers", because=OWN_RULE)


@adam_notes.variant
def with_hats(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    new_m = beta1 * m + (1 - beta1) * g
    new_v = beta2 * v + (1 - beta2) * g * g
    step = (new_m / (1 - beta1**t)) / (eps + np.sqrt(new_v / (1 - beta2**t)))
    return theta - lr * step, new_m, new_v


@adam_notes.variant
def with_folded_rate(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    rate = lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
    return theta - rate * m / (v**0.5 + eps * (1 - beta2**t) ** 0.5), m, v


@adam_notes.misconception(
    "This is the rule as printed: the corrected moments go back into the averages. Keep m and v "
    "apart from m_hat and v_hat."
)
def as_printed(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
    return theta - lr * m / np.sqrt(v + eps), m, v


@adam_notes.misconception(
    "eps is repaired, but the corrected moments still come back and are corrected once more."
)
def still_recursive(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
    return theta - lr * m / (np.sqrt(v) + eps), m, v


@adam_notes.misconception("m is repaired, v is not: it still comes back corrected.")
def only_m_repaired(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v) + eps), m, v


@adam_notes.misconception("The moments are right; eps still stands under the root.")
def eps_not_repaired(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1**t) / np.sqrt(v / (1 - beta2**t) + eps), m, v


@adam_notes.misconception("The `eps` of the call is not used: divide by sqrt(v_hat) + eps.")
def eps_removed(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam_step.reference(theta, m, v, t, g, lr, beta1, beta2, 0)


@adam_notes.misconception("The correction is gone altogether: the step needs m_hat and v_hat.")
def correction_removed(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (np.sqrt(v) + eps), m, v


@adam_notes.misconception("The correction has lost its power: 1 - beta1**t, not 1 - beta1.")
def power_lost(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1) / (np.sqrt(v / (1 - beta2)) + eps), m, v


@adam_notes.misconception("Both averages have a minus: a negative v has no root.")
def minus_signs(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m - (1 - beta1) * g
    v = beta2 * v - (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@adam_notes.misconception("A minus in m and a minus in the step: the weights climb.")
def two_minus_signs(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m - (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@exercise(points=2)
def nadam_step(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Return (theta, m, v) after step number `t` of Nadam; the first step has t=1.

    As `adam_step`, but the step looks ahead: in place of m it uses beta1 m + (1 - beta1) g, with
    the m of this step. Correct it by 1 - beta1^t, and v by 1 - beta2^t, as in Adam.
    Return new arrays, without keras.optimizers; m and v as Adam has them, before look-ahead and
    correction.
    For theta=[1], m=v=[0], t=1, g=[2], lr=0.1 it is ([0.81], [0.2], [0.004]).
    """
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


nadam_step.case(f"nadam_step({_LATER})", rtol=1e-5)
nadam_step.case(f"nadam_step({_HUGE_EPS})", rtol=1e-5)
nadam_step.case(
    f"moment_steps(nadam_step, np.array([1.0, 2.0]), {_SLOPES}, 0.1, 0.8, 0.9)", rtol=1e-5
)
nadam_step.hidden_case(
    "moment_steps(nadam_step, rng.normal(size=3), slopes(rng, 4, 3), 0.1)", rtol=1e-5
)
nadam_step.hidden_case(
    "moment_steps(nadam_step, rng.normal(size=3), slopes(rng, 4, 3), 0.05, 0.7, 0.95)", rtol=1e-5
)
nadam_step.hidden_case(
    "moment_steps(nadam_step, rng.normal(size=2), slopes(rng, 3, 2), 0.1, 0, 0.9)", rtol=1e-5
)
nadam_step.hidden_case(f"nadam_step({_BOTH_SMALL})", rtol=1e-3)
nadam_step.hidden_case(f"nadam_step({_NO_SLOPE})", quiet=True)
nadam_step.hidden_case(f"nadam_step({_HUGE_EPS})", rtol=1e-5)
nadam_step.hint("Three of Adam's lines stay as they are; only the line of m_hat changes.")
nadam_step.hint(
    "Average the gradient in once more: the m of the next step, if the gradient stayed."
)
nadam_step.uses(adam_step)
nadam_step.forbid("keras.optimizers", because=OWN_RULE)


@nadam_step.variant
def corrected_term_by_term(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * np.square(g)
    fade = 1 - beta1**t
    ahead = beta1 * (m / fade) + (1 - beta1) * g / fade
    return theta - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@nadam_step.variant
def with_adams_moments(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    _, m, v = adam_step(theta, m, v, t, g, lr, beta1, beta2, eps)
    ahead = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    return theta - lr * ahead / (eps + (v / (1 - beta2**t)) ** 0.5), m, v


@nadam_step.misconception("This is Adam: the step uses beta1 m + (1 - beta1) g in place of m.")
def plain_adam(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam_step.reference(theta, m, v, t, g, lr, beta1, beta2, eps)


@nadam_step.misconception("The look-ahead is not corrected: divide all of it by 1 - beta1**t.")
def ahead_not_corrected(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    ahead = beta1 * m + (1 - beta1) * g
    return theta - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@nadam_step.misconception(
    "Only m is corrected in the look-ahead: the gradient's share, (1 - beta1) g, is divided by "
    "1 - beta1**t, too."
)
def gradient_not_corrected(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    ahead = beta1 * m / (1 - beta1**t) + (1 - beta1) * g
    return theta - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@nadam_step.misconception(
    "This corrects m by the power t + 1, as Dozat and Keras do: here both terms have the power t."
)
def corrected_as_dozat(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    ahead = beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / (1 - beta1**t)
    return theta - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@nadam_step.misconception("v is not corrected: it starts at zero, as in Adam.")
def v_not_corrected(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    ahead = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    return theta - lr * ahead / (np.sqrt(v) + eps), m, v


@nadam_step.misconception(
    "Neither look-ahead nor v is corrected: divide them by 1 - beta1**t and 1 - beta2**t, as in Adam."
)
def nothing_corrected(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * (beta1 * m + (1 - beta1) * g) / (np.sqrt(v) + eps), m, v


@nadam_step.misconception("The `eps` of the call is not used: divide by sqrt(v_hat) + eps.")
def eps_forgotten(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    return nadam_step.reference(theta, m, v, t, g, lr, beta1, beta2, 0)


@nadam_step.misconception("The corrections lack their power t.")
def no_powers(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    ahead = (beta1 * m + (1 - beta1) * g) / (1 - beta1)
    return theta - lr * ahead / (np.sqrt(v / (1 - beta2)) + eps), m, v


@nadam_step.misconception(
    "The look-ahead comes back as m: the gradient would enter twice per step from now on."
)
def returns_look_ahead(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    new, m, v = nadam_step.reference(theta, m, v, t, g, lr, beta1, beta2, eps)
    return new, beta1 * m + (1 - beta1) * g, v


@nadam_step.misconception(
    "The look-ahead adds the gradient whole: its share in the average is 1 - beta1."
)
def whole_gradient(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    ahead = (beta1 * m + g) / (1 - beta1**t)
    return theta - lr * ahead / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


@nadam_step.misconception("It climbs: the step goes against the look-ahead.")
def wrong_way(theta, m, v, t, g, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    new, m, v = nadam_step.reference(theta, m, v, t, g, lr, beta1, beta2, eps)
    return 2 * np.asarray(theta) - new, m, v


# --- choosing -------------------------------------------------------------------------------------

rate_reading = question(
    "rate_reading",
    "What do the two panels show about this network and these data?",
    points=0.25,
)
rate_reading.right(
    "At 0.01 Adam does its best while SGD has hardly begun; at 1 SGD still learns and Adam does not."
)
rate_reading.wrong(
    "Adam reaches a lower loss than SGD at each of the five rates.",
    "Compare the curves of rate 1: which of the two stays near its start?",
)
rate_reading.wrong(
    "SGD and Adam are best at the same rate.",
    "Find the lowest end point in each panel, and read its rate.",
)
rate_reading.wrong(
    "For both, the loss after five epochs falls with every increase of the rate.",
    "It does so for SGD. What happens to Adam between 0.01 and 1?",
)
rate_reading.hint("For each panel find the lowest and the highest end of a curve.")

magic_rate = question(
    "magic_rate",
    '"3e-4 is the best learning rate for Adam, hands down", tweeted Andrej Karpathy in 2016, and '
    "then that it was a joke. Why is it one?",
    points=0.25,
)
magic_rate.right(
    "The best rate depends on the problem, the batch size and the schedule, for Adam as well."
)
magic_rate.wrong(
    "Because Adam adapts its steps, so that any learning rate gives the same result.",
    "The panels above are Adam with five rates: they do not end at the same loss.",
)
magic_rate.wrong(
    "Because the best rate for Adam is always Keras' default, 1e-3.",
    "A default is a place to start; in the panels above another rate is better.",
)
magic_rate.wrong(
    "Because Adam needs a larger rate than SGD.",
    "In the panels it is the other way round, and a rule for one problem is no rule for all.",
)
magic_rate.hint("Is there one rate that is best in both panels?")

second_order = question(
    "second_order",
    "Newton's method and L-BFGS use the curvature of the loss. Why are networks with many "
    "weights trained with gradient descent and its relatives instead?",
    points=0.25,
)
second_order.right("For p weights the matrix of second derivatives, the Hessian, has p² entries.")
second_order.right(
    "A step costs much more, so that fewer steps, and fewer passes over the data, can be made."
)
second_order.right("Curvature that is estimated from a mini-batch is noisy.")
second_order.wrong(
    "Gradient descent finds the global minimum, Newton's method only a local one.",
    "Neither promises the global minimum when the loss is not convex.",
)
second_order.wrong(
    "Close to a minimum Newton's method needs more steps than gradient descent.",
    "It needs far fewer: on a quadratic bowl a single one. Each of them is what costs.",
)
second_order.hint("Count: a small network of lab 02 has 266,610 weights. What is its square?")

# --- schedules ------------------------------------------------------------------------------------

OWN_SCHEDULE = "write the formula yourself; the ready-made schedules come afterwards"


@exercise(points=1)
def power_lr(t, lr0, s, c=1):
    """Return the learning rate lr0 / (1 + t/s)^c of power scheduling at step `t`.

    t: a number or an array; the result has its shape. s: number of steps; c: exponent.
    Write the formula yourself, without ready-made schedules.
    For lr0=0.1, s=100 it is 0.1 at t=0, 0.05 at t=100, and with c=2 0.025 at t=100.
    """
    return lr0 / (1 + t / s) ** c


power_lr.case("power_lr(np.array([0, 100, 150, 300]), 0.1, 100)")
power_lr.case("power_lr(50, 0.2, 200, c=2)")
power_lr.hidden_case("power_lr(rng.integers(1, 5000, size=(2, 3)), 0.03, 700, 1.5)")
power_lr.hidden_case("power_lr(0, 0.01, 1000)")
power_lr.hidden_case("power_lr(1000, 0.01, 10000)")
power_lr.hidden_case("power_lr(123.5, 1, 50, c=0.5)")
power_lr.hint("At t = s and c = 1 the rate must have halved.")
power_lr.hint("The bracket is 1 + t/s; c is the exponent of the whole bracket.")
power_lr.forbid("keras.optimizers", "dlcourse.schedules", because=OWN_SCHEDULE)


@power_lr.variant
def as_power(t, lr0, s, c=1):
    return lr0 * (s / (s + t)) ** c


@power_lr.variant
def with_np_power(t, lr0, s, c=1):
    return lr0 * np.power(1.0 + np.asarray(t) / s, -float(c))


@power_lr.misconception("t and s are swapped: the rate falls while t grows, 1 + t/s.")
def inverted(t, lr0, s, c=1):
    return lr0 / (1 + s / t) ** c


@power_lr.misconception("The exponent belongs to the whole bracket, (1 + t/s)^c.")
def exponent_inside(t, lr0, s, c=1):
    return lr0 / (1 + (t / s) ** c)


@power_lr.misconception("The exponent c is not used.")
def no_exponent(t, lr0, s, c=1):
    return lr0 / (1 + t / s)


@power_lr.misconception("The 1 is missing: at t=0 the rate must be lr0.")
def no_one(t, lr0, s, c=1):
    return lr0 / (t / s) ** c


@power_lr.misconception(
    "t is divided into whole periods: the rate falls at every step, so no `//` and no `floor`."
)
def in_stairs(t, lr0, s, c=1):
    return lr0 / (1 + t // s) ** c


@power_lr.misconception("The rate grows: it is lr0 divided by (1 + t/s)^c.")
def rises(t, lr0, s, c=1):
    return lr0 * (1 + t / s) ** c


@power_lr.misconception(
    "t is multiplied by s: divide it, so that after s steps the rate has halved."
)
def multiplied(t, lr0, s, c=1):
    return lr0 / (1 + t * s) ** c


@exercise(points=1)
def exp_lr(t, lr0, s):
    """Return the learning rate of exponential scheduling: lr0, a tenth of it every `s` steps.

    t: a number or an array of steps; the result has its shape. Write it without ready-made
    schedules.
    For lr0=0.1, s=100 it is 0.1 at t=0, 0.01 at t=100, 0.001 at t=200, and 0.0316 in between,
    at t=50: it falls a little with every step.
    """
    return lr0 * 0.1 ** (t / s)


exp_lr.case("exp_lr(np.array([0, 100, 150, 300]), 0.1, 100)")
exp_lr.case("exp_lr(50, 0.2, 200)")
exp_lr.hidden_case("exp_lr(rng.integers(1, 5000, size=(2, 3)), 0.03, 700)")
exp_lr.hidden_case("exp_lr(0, 0.01, 1000)")
exp_lr.hidden_case("exp_lr(37.5, 1, 20)")
exp_lr.hint("After s steps there is one factor 0.1, after 2 s steps there are two.")
exp_lr.hint("The number of factors is t/s, which need not be a whole number.")
exp_lr.forbid("keras.optimizers", "dlcourse.schedules", because=OWN_SCHEDULE)


@exp_lr.variant
def by_logarithm(t, lr0, s):
    return lr0 * np.exp(-np.log(10) * np.asarray(t) / s)


@exp_lr.variant
def divides_by_ten(t, lr0, s):
    return lr0 / 10.0 ** (t / s)


@exp_lr.misconception("This falls by e = 2.718 every s steps: the rate should fall by 10.")
def natural(t, lr0, s):
    return lr0 * np.exp(-t / s)


@exp_lr.misconception("t and s are swapped: the number of factors is t/s.")
def swapped(t, lr0, s):
    return lr0 * 0.1 ** (s / t)


@exp_lr.misconception("The power is missing: 0.1 ** (t/s), not 0.1 times t/s.")
def linear(t, lr0, s):
    return lr0 * 0.1 * t / s


@exp_lr.misconception("A tenth every step is too fast: it should take s steps.")
def every_step(t, lr0, s):
    return lr0 * 0.1 ** np.asarray(t, dtype=float)


@exp_lr.misconception("The rate falls at every step, a little: no `//` and no `floor`.")
def in_steps(t, lr0, s):
    return lr0 * 0.1 ** (t // s)


@exp_lr.misconception("The rate grows: the exponent's sign is wrong.")
def grows(t, lr0, s):
    return lr0 * 10.0 ** (t / s)


@exp_lr.misconception("This halves the rate every s steps: it should fall to a tenth.")
def halves(t, lr0, s):
    return lr0 * 0.5 ** (t / s)


@exercise(points=1)
def one_cycle_lr(t, T, lr_max, div=10, final_div=1e3):
    """Return the learning rate of a 1cycle schedule of T steps at step `t`, 0 <= t <= T.

    It rises along a straight line from lr_max/div at t=0 to lr_max at t=T/2, then falls along a
    straight line to lr_max/final_div at t=T. t: a number or an array; the result has its shape.
    Write it without ready-made schedules or callbacks.
    For T=100, lr_max=0.1 it is 0.01 at 0, 0.055 at 25, 0.1 at 50, and 0.0001 at 100.
    """
    return np.interp(t, [0, T / 2, T], [lr_max / div, lr_max, lr_max / final_div])


one_cycle_lr.case("one_cycle_lr(np.array([0, 1, 2, 3, 4, 5, 6, 7]), 7, 0.2)")
one_cycle_lr.case("one_cycle_lr(20, 100, 0.1, div=4, final_div=50)")
one_cycle_lr.case("one_cycle_lr(80, 100, 0.1, div=4, final_div=50)")
one_cycle_lr.hidden_case("one_cycle_lr(rng.integers(0, 502, size=(3, 4)), 501, 0.3)")
one_cycle_lr.hidden_case("one_cycle_lr(np.arange(12), 11, 1, 25, 1e4)")
one_cycle_lr.hidden_case("one_cycle_lr(0, 40, 0.5)")
one_cycle_lr.hidden_case("one_cycle_lr(40, 40, 0.5)")
one_cycle_lr.hidden_case("one_cycle_lr(33.3, 50.0, 0.5, 5, 100)")
one_cycle_lr.hint(
    "Two lines through known points: (0, lr_max/div), (T/2, lr_max), (T, lr_max/final_div)."
)
one_cycle_lr.hint("A line from a to b over a share u of the way is a + u (b - a).")
one_cycle_lr.hint(
    "For arrays an `if` is not enough: `np.where` chooses entry by entry, `np.interp` "
    "joins points by lines."
)
one_cycle_lr.forbid(
    "keras.optimizers", "dlcourse.schedules", "dlcourse.callbacks", because=OWN_SCHEDULE
)


@one_cycle_lr.variant
def with_where(t, T, lr_max, div=10, final_div=1e3):
    t = np.asarray(t, dtype=float)
    low, end = lr_max / div, lr_max / final_div
    up = low + (lr_max - low) * t / (T / 2)
    down = lr_max + (end - lr_max) * (t - T / 2) / (T / 2)
    return np.where(t <= T / 2, up, down)


@one_cycle_lr.variant
def entry_by_entry(t, T, lr_max, div=10, final_div=1e3):
    if np.ndim(t):
        return np.array([entry_by_entry(k, T, lr_max, div, final_div) for k in t])
    share = 2 * t / T
    if share < 1:
        return (1 - share) * lr_max / div + share * lr_max
    return (2 - share) * lr_max + (share - 1) * lr_max / final_div


@one_cycle_lr.misconception(
    "`div` and `final_div` are parameters: use them in place of 10 and 1000."
)
def fixed_divisors(t, T, lr_max, div=10, final_div=1e3):
    return one_cycle_lr.reference(t, T, lr_max)


@one_cycle_lr.misconception(
    "It ends where it began, at lr_max/div: the end of this cycle is lr_max/final_div."
)
def back_to_the_start(t, T, lr_max, div=10, final_div=1e3):
    return np.interp(t, [0, T / 2, T], [lr_max / div, lr_max, lr_max / div])


@one_cycle_lr.misconception(
    "The end is divided twice, by div and by final_div: it is lr_max/final_div."
)
def end_from_the_start(t, T, lr_max, div=10, final_div=1e3):
    return np.interp(t, [0, T / 2, T], [lr_max / div, lr_max, lr_max / div / final_div])


@one_cycle_lr.misconception("div and final_div are swapped: it starts at lr_max/div.")
def swapped_divs(t, T, lr_max, div=10, final_div=1e3):
    return np.interp(t, [0, T / 2, T], [lr_max / final_div, lr_max, lr_max / div])


@one_cycle_lr.misconception("It starts at 0: the first rate is lr_max/div.")
def starts_at_zero(t, T, lr_max, div=10, final_div=1e3):
    return np.interp(t, [0, T / 2, T], [0, lr_max, lr_max / final_div])


@one_cycle_lr.misconception("It ends at 0: the last rate is lr_max/final_div.")
def ends_at_zero(t, T, lr_max, div=10, final_div=1e3):
    return np.interp(t, [0, T / 2, T], [lr_max / div, lr_max, 0])


@one_cycle_lr.misconception("The top is at T // 2: for an odd T it lies between two steps, at T/2.")
def top_rounded(t, T, lr_max, div=10, final_div=1e3):
    return np.interp(t, [0, T // 2, T], [lr_max / div, lr_max, lr_max / final_div])


@one_cycle_lr.misconception("The way down is straight here, not exponential.")
def exponential_fall(t, T, lr_max, div=10, final_div=1e3):
    t = np.asarray(t, dtype=float)
    up = lr_max / div + (lr_max - lr_max / div) * 2 * t / T
    down = lr_max * (1 / final_div) ** np.maximum(2 * t / T - 1, 0)
    return np.where(t <= T / 2, up, down)


@one_cycle_lr.misconception("It rises all the way: after T/2 the rate falls.")
def never_falls(t, T, lr_max, div=10, final_div=1e3):
    return lr_max / div + (lr_max - lr_max / div) * 2 * np.asarray(t) / T


@one_cycle_lr.misconception(
    "It works for a number but not for an array of steps: choose entry by entry with np.where."
)
def numbers_only(t, T, lr_max, div=10, final_div=1e3):
    if t <= T / 2:
        return lr_max / div + (lr_max - lr_max / div) * 2 * t / T
    return lr_max + (lr_max / final_div - lr_max) * (2 * t / T - 1)


@driver
def rate_facts(compile_power_sgd, lr0, s, steps, n_in=1, target=1.0):
    """The rates that the optimizer tells, and those that training steps take, at some steps.

    The model has one weight per input, all zero: a step with the mean squared error moves the
    weight of an input of 1 by twice the learning rate, times the target.
    """
    import keras

    inputs = keras.Input((n_in,))
    given = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(inputs))
    model = compile_power_sgd(given, lr0, s)
    if model is None:
        return None
    model.run_eagerly = True  # a few steps: faster than compiling
    x, y = np.eye(1, n_in), np.full((1, 1), target)
    facts = {"the optimizer's rate": [], "the rate of a step": [], "loss": []}
    for step in steps:
        model.optimizer.iterations.assign(step)
        model.set_weights([np.zeros((n_in, 1))])
        facts["the optimizer's rate"].append(float(model.optimizer.learning_rate))
        logs = model.train_on_batch(x, y, return_dict=True)
        facts["the rate of a step"].append(float(model.get_weights()[0][0, 0]) / (2 * target))
        facts["loss"].append(float(logs["loss"]))
    return facts


@exercise(points=3)
def compile_power_sgd(model, lr0, s):
    """Compile `model` for plain SGD with power scheduling, and return it.

    The learning rate of step t is lr0 / (1 + t/s), with t counted by the optimizer from 0: after
    s steps it has halved. No momentum. Loss: the mean squared error.
    model: a Keras model that is not compiled yet; lr0, s: numbers.
    For lr0=0.01, s=10000, `model.optimizer.learning_rate` is 0.00909 after 1000 steps.
    """
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(lr0, decay_steps=s, decay_rate=1.0)
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(learning_rate=schedule))
    return model


compile_power_sgd.case(
    "rate_facts(compile_power_sgd, 0.05, 1000, steps=[0, 500, 1000, 3000])", rtol=1e-4
)
for _s, _n in (("rng.uniform(5000, 20000)", 1), ("int(rng.integers(50, 1000))", 3)):
    compile_power_sgd.hidden_case(
        f"rate_facts(compile_power_sgd, rng.uniform(0.02, 0.2), {_s}, "
        f"[0, 1, *(int(k) for k in rng.integers(100, 5000, size=3))], {_n}, rng.uniform(1, 2))",
        rtol=1e-4,
    )
compile_power_sgd.hint(
    "`learning_rate` of an optimizer may be an object of `keras.optimizers.schedules`."
)
compile_power_sgd.hint(
    "InverseTimeDecay computes initial_learning_rate / (1 + decay_rate * step / decay_steps)."
)
compile_power_sgd.hint("`model.compile` returns nothing: compile first, then return the model.")


@compile_power_sgd.variant
def decay_rate_per_step(model, lr0, s):
    from keras import losses, optimizers

    rate = optimizers.schedules.InverseTimeDecay(lr0, 1, 1 / s)
    model.compile(optimizers.SGD(rate), losses.MeanSquaredError(), metrics=["mae"])
    return model


@compile_power_sgd.variant
def own_schedule(model, lr0, s):
    import keras

    class Power(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return lr0 / (1 + keras.ops.cast(step, "float32") / s)

    model.compile(loss=keras.losses.mean_squared_error, optimizer=keras.optimizers.SGD(Power()))
    return model


@compile_power_sgd.variant
def schedule_of_the_course(model, lr0, s):
    import keras

    from dlcourse.schedules import Power

    model.compile("sgd", "mean_squared_error")
    model.compile(optimizer=keras.optimizers.SGD(Power(lr0, s)), loss="mean_squared_error")
    return model


@compile_power_sgd.misconception(
    "The rate never changes. A number stays as it is, Keras 3 ignores `decay` (with a warning), and "
    "`weight_decay` shrinks the weights: give SGD a schedule object as its learning rate."
)
def ignored_decay(model, lr0, s):
    import keras

    model.compile(loss="mse", optimizer=keras.optimizers.SGD(lr0, decay=1 / s))
    return model


@compile_power_sgd.misconception(
    "A rate that comes from a schedule object cannot be set: the assignment after `compile`, or a "
    "callback that does the same, raises a TypeError. The schedule alone is enough."
)
def sets_the_rate_too(model, lr0, s):
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(lr0, s, 1.0)
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(schedule))
    model.optimizer.learning_rate = lr0
    return model


@compile_power_sgd.misconception(
    "The model is compiled with Keras' default SGD, rate 0.01: pass your optimizer to `compile`, the "
    "object itself and not a name."
)
def optimizer_not_passed(model, lr0, s):
    model.compile(loss="mse", optimizer="sgd")
    return model


@compile_power_sgd.misconception(
    "decay_steps and decay_rate are exchanged: the rate is lr0 / (1 + decay_rate t / decay_steps)."
)
def decay_exchanged(model, lr0, s):
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(lr0, 1, s)
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(schedule))
    return model


@compile_power_sgd.misconception("This is exponential scheduling: look for 1 / (1 + t/s).")
def exponential_schedule(model, lr0, s):
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(lr0, s, 0.1)
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(schedule))
    return model


@compile_power_sgd.misconception("This one halves every s steps; 1 / (1 + t/s) halves only once.")
def halving_schedule(model, lr0, s):
    import keras

    schedule = keras.optimizers.schedules.ExponentialDecay(lr0, s, 0.5)
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(schedule))
    return model


@compile_power_sgd.misconception(
    "The rate falls in stairs, once every s steps: leave `staircase` at False."
)
def staircase(model, lr0, s):
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(lr0, s, 1.0, staircase=True)
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(schedule))
    return model


@compile_power_sgd.misconception(
    "The rate falls s times too slowly: with decay_steps=s the decay_rate is 1, not 1/s."
)
def decay_rate_twice(model, lr0, s):
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(lr0, s, 1 / s)
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(schedule))
    return model


@compile_power_sgd.misconception(
    "The rate falls s times too fast: t is divided by s, so decay_steps is s."
)
def decay_steps_missing(model, lr0, s):
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(lr0, 1, 1.0)
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(schedule))
    return model


@compile_power_sgd.misconception("The schedule is right, the optimizer is not: the task says SGD.")
def with_adam(model, lr0, s):
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(lr0, s, 1.0)
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(schedule))
    return model


@compile_power_sgd.misconception("The schedule is right; the task says SGD without momentum.")
def with_momentum(model, lr0, s):
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(lr0, s, 1.0)
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(schedule, momentum=0.9))
    return model


@compile_power_sgd.misconception("The schedule is right; the loss is the mean squared error.")
def absolute_error(model, lr0, s):
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(lr0, s, 1.0)
    model.compile(loss="mae", optimizer=keras.optimizers.SGD(schedule))
    return model


@compile_power_sgd.misconception(
    "`model.compile(...)` returns nothing, so nothing comes back: return the model in a new line."
)
def returns_compile(model, lr0, s):
    import keras

    schedule = keras.optimizers.schedules.InverseTimeDecay(lr0, s, 1.0)
    return model.compile(loss="mse", optimizer=keras.optimizers.SGD(schedule))


tuned_sgd = free_text(
    "tuned_sgd",
    "Adam works well with little care. When would you still prefer SGD with momentum and a "
    "schedule? Two or three sentences; name what it costs, too.",
    rubric=[
        "0.5 points: a sound reason: on some problems (image classification above all) a well-tuned "
        "SGD with a schedule generalizes as well or better; or the final score matters more than "
        "the time to get there; or memory is scarce (Adam stores two more numbers per weight, "
        "momentum one); or an L2 penalty is to act as weight decay, which it does with plain SGD.",
        "0.5 points: the cost: SGD is sensitive to the initial rate and needs a search over rates "
        "and schedules, that is several trainings judged on validation data.",
        "No points for 'always' or 'never', or for a claim that SGD finds the global minimum.",
    ],
    points=1,
)
tuned_sgd.hint("What was measured in the two panels, and what was not: the loss on which data?")
