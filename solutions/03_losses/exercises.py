"""Exercises of lab 03: losses, likelihoods, softmax, and what to report."""

import numpy as np

from dlcourse.authoring import driver, exercise, free_text, question

KERAS_LOSSES = (
    "keras.losses",
    "keras.src.losses",
    "keras.metrics",
    "keras.src.metrics",
    *(
        f"{module}.{name}"
        for module in ("keras.ops", "keras.src.ops.nn")
        for name in (
            "binary_crossentropy",
            "categorical_crossentropy",
            "sparse_categorical_crossentropy",
        )
    ),
    "tf.nn.sigmoid_cross_entropy_with_logits",
    "tf.nn.sparse_softmax_cross_entropy_with_logits",
    "sklearn.metrics",
)
WRITE_IT = "it does all the work: write the formula yourself, then compare with the library"


@exercise(points=2)
def mse(y_true, y_pred):
    """Return the mean squared error: the mean over all elements, as in Keras.

    y_true, y_pred: two arrays of one shape, (n,) or (n, k). Or one has shape (n,) and the other
    is a column (n, 1): then they hold the same n samples, one per row. The result is a number.
    For y_true=[0, 2] and y_pred=[1, 5] it is 5.
    """
    return float(np.mean((np.ravel(y_true) - np.ravel(y_pred)) ** 2))


for _call in (
    "mse(np.array([3.0, -0.5, 2.0, 7.0]), np.array([2.5, 0.0, 2.0, 9.0]))",
    "mse(np.array([1.0, 2.0, 3.0, 4.0]), np.array([[1.5], [2.0], [2.5], [6.0]]))",
    "mse(np.array([[1.0], [0.0], [3.0]]), np.array([2.0, 0.5, 0.0]))",
    "mse(np.array([[1.0, 2.0, 0.5], [0.0, 1.0, -1.0]]), np.array([[2, 0, 0.5], [1, 1, 2.5]]))",
):
    mse.case(_call, rtol=1e-4)
for _call in (
    "mse(rng.normal(size=50), rng.normal(size=50))",
    "mse(rng.normal(size=20), rng.normal(size=(20, 1)))",
    "mse(rng.normal(size=(20, 1)), rng.normal(size=20))",
    "mse(rng.normal(size=(15, 1)), rng.normal(size=(15, 1)))",
    "mse(rng.normal(size=(7, 3)), rng.normal(size=(7, 3)))",
    "mse(rng.normal(size=(4, 4)), rng.normal(size=(4, 4)))",
    "mse(rng.integers(-9, 9, size=12), rng.integers(10, 20, size=12))",
    "mse(np.array([2.0]), np.array([[5.5]]))",
):
    mse.hidden_case(_call, rtol=1e-4)
mse.hidden_case("mse(np.float32([1, 0, 2.5]), np.float32([[0.5], [1.5], [3]]))", rtol=1e-4)
mse.hint("Subtract, square, average: np.mean of an array without `axis` averages all elements.")
mse.hint("Print the shape of `y_true - y_pred` for shapes (4,) and (4, 1). Is it what you want?")
mse.hint("`np.ravel` turns both (n,) and (n, 1) into (n,).")
mse.forbid(*KERAS_LOSSES, because=WRITE_IT)


@mse.variant
def reshaped(y_true, y_pred):
    return np.square(y_true - y_pred.reshape(y_true.shape)).mean()


@mse.variant
def looped(y_true, y_pred):
    errors = [float(a) - float(b) for a, b in zip(y_true.flat, y_pred.flat, strict=True)]
    return sum(e * e for e in errors) / len(errors)


@mse.variant
def with_norm(y_true, y_pred):
    return np.linalg.norm(y_true.flatten() - y_pred.flatten()) ** 2 / y_true.size


@mse.misconception(
    "Shapes (n,) and (n, 1) broadcast to a table (n, n): every target meets every prediction. "
    "Bring both to one shape before you subtract."
)
def broadcast(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2)


@mse.misconception("This is the sum: divide by the number of elements.")
def total(y_true, y_pred):
    return np.sum((np.ravel(y_true) - np.ravel(y_pred)) ** 2)


@mse.misconception("This is half of it: the definition here has no factor 1/2.")
def half(y_true, y_pred):
    return mse.reference(y_true, y_pred) / 2


@mse.misconception("This is the root of the mean squared error (RMSE): leave the root out.")
def root(y_true, y_pred):
    return np.sqrt(mse.reference(y_true, y_pred))


@mse.misconception("This is the mean absolute error: square the errors.")
def absolute(y_true, y_pred):
    return np.mean(np.abs(np.ravel(y_true) - np.ravel(y_pred)))


@mse.misconception(
    "The outputs of one sample are added up, as lecture notes do: Keras, and this exercise, "
    "average over the outputs, too."
)
def sum_over_outputs(y_true, y_pred):
    errors = y_true - y_pred.reshape(y_true.shape)
    return np.mean(np.sum(errors.reshape(len(errors), -1) ** 2, axis=1))


@mse.misconception("This is one loss per sample: average them into one number.")
def one_per_sample(y_true, y_pred):
    errors = y_true - y_pred.reshape(y_true.shape)
    return np.mean(errors.reshape(len(errors), -1) ** 2, axis=1)


@mse.misconception("The errors are averaged before they are squared, so that they cancel.")
def averaged_first(y_true, y_pred):
    return np.mean(np.ravel(y_true) - np.ravel(y_pred)) ** 2


@exercise(points=1)
def log_likelihood(y, h):
    """Return the log-likelihood of labels: the sum of y log h + (1 - y) log(1 - h).

    y: labels 0 or 1, shape (n,); h: the predicted probabilities of label 1, shape (n,), none of
    them 0 or 1. Natural logarithms. The result is a number, also for thousands of samples.
    For y=[1, 0] and h=[0.5, 0.8] it is log 0.1, that is -2.3026.
    """
    return float(np.sum(y * np.log(h) + (1 - y) * np.log(1 - h)))


for _call in (
    "log_likelihood(np.array([1, 0]), np.array([0.5, 0.8]))",
    "log_likelihood(np.array([0, 1, 1, 0, 1]), np.array([0.2, 0.7, 0.9, 0.6, 0.3]))",
    "log_likelihood(np.tile([0, 1], 1000), np.full(2000, 0.4))",
):
    log_likelihood.case(_call, rtol=1e-4)
for _call in (
    "log_likelihood(rng.integers(0, 2, size=30), rng.uniform(0.01, 0.99, size=30))",
    "log_likelihood(rng.integers(0, 2, size=4000), rng.uniform(0.05, 0.9, size=4000))",
    "log_likelihood(np.array([0]), np.array([0.9]))",
    "log_likelihood(np.array([1]), np.array([0.03]))",
    "log_likelihood(np.zeros(6, dtype=int), np.linspace(0.1, 0.7, 6))",
    "log_likelihood(np.array([1, 0, 1, 0]), np.array([0.002, 0.998, 0.9995, 0.0005]))",
):
    log_likelihood.hidden_case(_call, rtol=1e-4)
log_likelihood.hint("For y=1 a term is log h, for y=0 it is log(1 - h).")
log_likelihood.hint("The log of a product is the sum of the logs: never form the product itself.")
log_likelihood.forbid(*KERAS_LOSSES, because=WRITE_IT)


@log_likelihood.variant
def chosen_probability(y, h):
    return np.log(np.where(np.asarray(y) == 1, h, 1 - h)).sum()


@log_likelihood.variant
def term_by_term(y, h):
    from math import log

    return sum(log(b) if a else log(1 - b) for a, b in zip(y, h, strict=True))


@log_likelihood.variant
def masked(y, h):
    positive = np.asarray(y) > 0.5
    return np.log(h[positive]).sum() + np.log1p(-h[~positive]).sum()


@log_likelihood.misconception(
    "This is the negative log-likelihood: a likelihood below 1 has a log below 0."
)
def negative(y, h):
    return -log_likelihood.reference(y, h)


@log_likelihood.misconception("This is the mean: the likelihood multiplies, so its log adds up.")
def averaged(y, h):
    return log_likelihood.reference(y, h) / len(y)


@log_likelihood.misconception("Samples with label 0 count as well: add (1 - y) log(1 - h).")
def only_ones(y, h):
    return np.sum(y * np.log(h))


@log_likelihood.misconception("This is the likelihood itself: take the log.")
def likelihood(y, h):
    return np.prod(np.where(np.asarray(y) == 1, h, 1 - h))


@log_likelihood.misconception(
    "The product of thousands of probabilities is too small for a float and becomes 0, whose log "
    "is minus infinity. Sum the logs instead."
)
def log_of_product(y, h):
    with np.errstate(divide="ignore"):
        return np.log(np.prod(np.where(np.asarray(y) == 1, h, 1 - h)))


@log_likelihood.misconception("These are logarithms to base 2: use the natural logarithm, np.log.")
def base_two(y, h):
    return log_likelihood.reference(y, h) / np.log(2)


@log_likelihood.misconception(
    "The terms of the two labels are subtracted: add them, each sample has only one of them."
)
def terms_subtracted(y, h):
    return np.sum(y * np.log(h) - (1 - y) * np.log(1 - h))


@log_likelihood.misconception("The labels are swapped: h is the probability of label 1.")
def swapped_labels(y, h):
    return log_likelihood.reference(1 - y, h)


@driver
def slope_after_descent(loss, x, y, lr, n_steps):
    """Fit h = sigmoid(w x) by descent on `loss` from w = 0; return the sign of the final w."""
    w, step = 0.0, 1e-5
    for _ in range(n_steps):
        up, down = (float(loss(y, 1 / (1 + np.exp(-v * x)))) for v in (w + step, w - step))
        w = w - lr * (up - down) / (2 * step)
    return int(np.sign(w))


@exercise(points=1)
def nll(y, h):
    """Return the negative log-likelihood: the loss that gradient descent may minimize.

    y, h: as in `log_likelihood`. It is a sum over the samples, as the log-likelihood is.
    For y=[1, 0] and h=[0.5, 0.8] it is 2.3026.
    """
    return -log_likelihood(y, h)


nll.case("nll(np.array([1, 0]), np.array([0.5, 0.8]))", rtol=1e-4)
nll.case("nll(np.array([0, 1, 1, 0, 1]), np.array([0.2, 0.7, 0.9, 0.6, 0.3]))", rtol=1e-4)
nll.case(
    "slope_after_descent(nll, np.array([-2.0, -1.0, 0.5, 3.0]), np.array([0, 0, 1, 1]), 0.1, 20)"
)
for _call in (
    "nll(rng.integers(0, 2, size=30), rng.uniform(0.01, 0.99, size=30))",
    "nll(np.array([1]), np.array([0.2]))",
    "nll(np.tile([0, 1, 1], 1000), np.full(3000, 0.3))",
):
    nll.hidden_case(_call, rtol=1e-4)
nll.hidden_case(
    "slope_after_descent(nll, rng.uniform(1, 2, size=6), np.array([1, 1, 0, 1, 1, 1]), 0.05, 10)"
)
nll.hint("Your `log_likelihood` has done the work. What should become small when it grows?")
nll.uses(log_likelihood)
nll.forbid(*KERAS_LOSSES, because=WRITE_IT)


@nll.variant
def written_out(y, h):
    return np.sum(-y * np.log(h) - (1 - y) * np.log(1 - h))


@nll.variant
def from_chosen(y, h):
    return -np.log(np.where(np.asarray(y) == 1, h, 1 - h)).sum()


@nll.misconception(
    "The sign is missing. The log-likelihood becomes large when the predictions improve, so that "
    "descending on it makes them worse; a loss becomes small."
)
def as_printed(y, h):
    return log_likelihood.reference(y, h)


@nll.misconception("This is the mean, the binary cross-entropy: the exercise asks for the sum.")
def mean_nll(y, h):
    return -log_likelihood.reference(y, h) / len(y)


@nll.misconception(
    "This is one minus the likelihood, or minus the likelihood: negate its logarithm."
)
def negative_likelihood(y, h):
    return -np.prod(np.where(np.asarray(y) == 1, h, 1 - h))


@nll.misconception("The minus reaches only the terms of label 1: put the whole sum in brackets.")
def nll_without_brackets(y, h):
    return np.sum(-y * np.log(h) + (1 - y) * np.log(1 - h))


@nll.misconception("Samples with label 0 count as well: add -(1 - y) log(1 - h).")
def nll_only_ones(y, h):
    return -np.sum(y * np.log(h))


@exercise(points=3)
def binary_cross_entropy(y, p, eps=1e-7):
    """Return the mean over the samples of -y log p - (1 - y) log(1 - p).

    y: labels 0 or 1, shape (n,); p: predicted probabilities of label 1, shape (n,), from 0 to 1,
    both included. p is first clipped to [eps, 1 - eps], so that the result is always finite.
    Natural logarithms. For y=[1, 0] and p=[0.5, 0.5] it is 0.6931.
    """
    p = np.clip(p, eps, 1 - eps)
    return float(np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p)))


for _call in (
    "binary_cross_entropy(np.array([1, 0]), np.array([0.5, 0.5]))",
    "binary_cross_entropy(np.array([1, 0, 0, 1, 1]), np.array([0.9, 0.2, 0.6, 0.3, 0.5]))",
    "binary_cross_entropy(np.array([1, 1]), np.array([0.0, 0.95]), eps=0.1)",
):
    binary_cross_entropy.case(_call, rtol=1e-4)
# 1 - 1e-7 is not a float32: single precision gives 15.94 for 16.12
binary_cross_entropy.case(
    "binary_cross_entropy(np.array([1, 0, 1, 0]), np.array([0.0, 1.0, 1.0, 0.0]))", rtol=0.02
)
for _call in (
    "binary_cross_entropy(rng.integers(0, 2, size=40), rng.uniform(0.02, 0.98, size=40))",
    "binary_cross_entropy(np.array([0]), np.array([0.9]))",
    "binary_cross_entropy(np.array([1]), np.array([0.9]))",
    "binary_cross_entropy(np.zeros(5, dtype=int), np.linspace(0.1, 0.8, 5))",
    "binary_cross_entropy(np.array([1, 1, 0]), np.array([0.0, 0.25, 0.5]))",
    "binary_cross_entropy(rng.integers(0, 2, size=40), rng.uniform(0, 1, size=40), eps=0.2)",
):
    binary_cross_entropy.hidden_case(_call, rtol=1e-4)
for _call in (
    "binary_cross_entropy(np.array([1, 1, 0]), np.array([0.0, 0.25, 1.0]))",
    "binary_cross_entropy(np.array([0]), np.array([1.0]))",
    "binary_cross_entropy(np.array([0, 1]), np.array([1.0, 0.0]), eps=1e-4)",
):
    binary_cross_entropy.hidden_case(_call, rtol=0.02)
binary_cross_entropy.hidden_case(
    "binary_cross_entropy(np.array([1, 0, 0]), np.array([1.0, 0.0, 0.0]))", atol=1e-6
)
binary_cross_entropy.hidden_case(
    "binary_cross_entropy(np.array([1, 0, 0, 1]), np.float32([0.7, 0.4, 0.8, 0.1]))", rtol=1e-4
)
binary_cross_entropy.hint("It is your negative log-likelihood, divided by the number of samples.")
binary_cross_entropy.hint(
    "log 0 is minus infinity, and 0 times that is NaN: clip p before the log."
)
binary_cross_entropy.hint("`np.clip(p, eps, 1 - eps)` returns a clipped copy.")
binary_cross_entropy.uses(log_likelihood, nll)
binary_cross_entropy.forbid(*KERAS_LOSSES, because=WRITE_IT)


@binary_cross_entropy.variant
def of_the_label(y, p, eps=1e-7):
    q = np.where(np.asarray(y) == 1, p, 1 - p)
    return -np.log(np.clip(q, eps, 1 - eps)).mean()


@binary_cross_entropy.variant
def one_at_a_time(y, p, eps=1e-7):
    losses = []
    for label, q in zip(y, p, strict=True):
        q = min(max(float(q), eps), 1 - eps)
        losses.append(-np.log(q) if label == 1 else -np.log(1 - q))
    return sum(losses) / len(losses)


@binary_cross_entropy.variant
def mean_of_nll(y, p, eps=1e-7):
    return nll(y, np.clip(p, eps, 1 - eps)) / len(y)


@binary_cross_entropy.misconception(
    "p is not clipped: log 0 is minus infinity, and 0 times that is NaN."
)
def not_clipped(y, p, eps=1e-7):
    return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))


@binary_cross_entropy.misconception("The sign is missing: the log of a probability is negative.")
def no_sign(y, p, eps=1e-7):
    return -binary_cross_entropy.reference(y, p, eps)


@binary_cross_entropy.misconception("This is the sum: divide by the number of samples.")
def not_averaged(y, p, eps=1e-7):
    return binary_cross_entropy.reference(y, p, eps) * len(y)


@binary_cross_entropy.misconception(
    "Samples with label 0 cost nothing here: add -(1 - y) log(1 - p)."
)
def only_positives(y, p, eps=1e-7):
    return np.mean(-y * np.log(np.clip(p, eps, 1 - eps)))


@binary_cross_entropy.misconception(
    "These are logarithms to base 2: use the natural logarithm, np.log."
)
def log_two(y, p, eps=1e-7):
    return binary_cross_entropy.reference(y, p, eps) / np.log(2)


@binary_cross_entropy.misconception(
    "The minus reaches only the terms of label 1: put the whole sum in brackets."
)
def without_brackets(y, p, eps=1e-7):
    p = np.clip(p, eps, 1 - eps)
    return np.mean(-y * np.log(p) + (1 - y) * np.log(1 - p))


@binary_cross_entropy.misconception("The labels are swapped: p is the probability of label 1.")
def labels_swapped(y, p, eps=1e-7):
    return binary_cross_entropy.reference(1 - y, p, eps)


@binary_cross_entropy.misconception(
    "`eps` is added inside the logarithm, which changes every value: clip p instead."
)
def eps_added(y, p, eps=1e-7):
    return np.mean(-y * np.log(p + eps) - (1 - y) * np.log(1 - p + eps))


@binary_cross_entropy.misconception("The argument `eps` is not used: another value is fixed.")
def fixed_eps(y, p, eps=1e-7):
    return binary_cross_entropy.reference(y, p)


@binary_cross_entropy.misconception(
    "Labels and probabilities are exchanged: the logarithms belong to the probabilities."
)
def exchanged(y, p, eps=1e-7):
    return binary_cross_entropy.reference(np.asarray(p), np.asarray(y, dtype=float), eps)


@binary_cross_entropy.misconception(
    "p is clipped from below only: 1 - p is 0 where p is 1, and needs the clip as well."
)
def clipped_below(y, p, eps=1e-7):
    p = np.maximum(p, eps)
    return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))


@exercise(points=2)
def bce_from_logits(y, z):
    """Return the mean binary cross-entropy of p = sigmoid(z), computed from the logits z.

    y: labels 0 or 1, shape (n,); z: logits, shape (n,). Nothing is clipped: the value is exact,
    and there is no overflow warning, for z = 500 and z = -500; neither NaN nor infinity comes
    back for z = 1000 and z = -1000. For y=[1, 1] and z=[0, -1000] it is 500.3466.
    """
    return float(np.mean(np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))))


bce_from_logits.case(
    "bce_from_logits(np.array([1, 0, 1, 0]), np.array([0.3, 2.0, -1.5, -0.5]))", rtol=1e-4
)
bce_from_logits.case(
    "bce_from_logits(np.array([1, 0, 1, 0]), np.array([-1000.0, 1000.0, 1000.0, -1000.0]))",
    rtol=1e-4,
)
for _call in (
    "bce_from_logits(rng.integers(0, 2, size=30), 3 * rng.normal(size=30))",
    "bce_from_logits(np.array([0]), np.array([1.7]))",
    "bce_from_logits(np.array([1]), np.array([-1000.0]))",
    "bce_from_logits(np.array([0, 0, 1]), np.array([1000.0, 800.0, -2.0]))",
    "bce_from_logits(np.array([1, 0, 0]), np.array([3, -2, 4]))",
    "bce_from_logits(np.array([1, 0]), np.array([-40.0, 40.0]))",
):
    bce_from_logits.hidden_case(_call, rtol=1e-4)
bce_from_logits.hidden_case(
    "bce_from_logits(np.array([1, 0, 1, 0, 1]), np.array([-500.0, 500.0, 500.0, -500.0, 1.0]))",
    rtol=1e-4,
    quiet=True,
)
bce_from_logits.hidden_case(
    "bce_from_logits(np.array([1, 0, 1]), np.float32([0.5, -3.0, -20.0]))", rtol=1e-4
)
bce_from_logits.hint(
    "For y=1 the loss is log(1 + exp(-z)), for y=0 it is log(1 + exp(z)). When does exp overflow?"
)
bce_from_logits.hint(
    "log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)), and this exponent is never positive."
)
bce_from_logits.hint("`np.logaddexp(a, b)` is log(exp(a) + exp(b)) without overflow.")
bce_from_logits.uses(binary_cross_entropy)
bce_from_logits.forbid(*KERAS_LOSSES, because=WRITE_IT)


@bce_from_logits.variant
def with_logaddexp(y, z):
    return np.mean(np.logaddexp(0, z) - y * z)


@bce_from_logits.variant
def with_margins(y, z):
    return np.logaddexp(0, -(2 * np.asarray(y) - 1) * np.asarray(z)).mean()


@bce_from_logits.variant
def sample_by_sample(y, z):
    from math import exp, log1p

    losses = []
    for label, logit in zip(y, z, strict=True):
        wrong = -logit if label == 1 else logit  # large where the model is sure and wrong
        losses.append(max(wrong, 0) + log1p(exp(-abs(wrong))))
    return np.mean(losses)


@bce_from_logits.misconception(
    "sigmoid(z) is rounded to 0 or 1 for large |z|, and its log is lost. Put the sigmoid into the "
    "formula first, simplify on paper, and compute what is left."
)
def log_of_sigmoid(y, z):
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        p = 1 / (1 + np.exp(-z))
        return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p))


@bce_from_logits.misconception(
    "The clip of binary_cross_entropy caps the loss at 16.1: a logit of -1000 for a label 1 must "
    "cost 1000. Do not go through probabilities."
)
def clipped_sigmoid(y, z):
    with np.errstate(over="ignore"):
        return binary_cross_entropy.reference(y, 1 / (1 + np.exp(-z)))


@bce_from_logits.misconception(
    "exp(z) overflows for large z: take max(z, 0) out, so that no exponent is positive."
)
def plain_log1p(y, z):
    with np.errstate(over="ignore", invalid="ignore"):
        return np.mean(np.log1p(np.exp(z)) - y * z)


@bce_from_logits.misconception("Logits are taken for probabilities: the sigmoid is missing.")
def no_sigmoid(y, z):
    return binary_cross_entropy.reference(y, z)


@bce_from_logits.misconception("The logit has the wrong sign: a large z must be cheap for label 1.")
def wrong_sign(y, z):
    return bce_from_logits.reference(y, -z)


@bce_from_logits.misconception(
    "The term y z is added: subtract it, a large z must be cheap for label 1."
)
def product_added(y, z):
    return np.mean(np.logaddexp(0, z) + y * z)


@bce_from_logits.misconception("Samples with label 0 cost nothing here: they cost log(1 + exp(z)).")
def only_label_one(y, z):
    return np.mean(y * np.logaddexp(0, -z))


@bce_from_logits.misconception("The sign is turned around: a loss is positive.")
def negative_loss(y, z):
    return -bce_from_logits.reference(y, z)


@bce_from_logits.misconception(
    "The logits are clipped, which caps the loss: the value is to be exact, also for z = 1000."
)
def capped_logits(y, z):
    z = np.clip(z, -500, 500)
    return np.mean(np.log1p(np.exp(z)) - y * z)


@bce_from_logits.misconception("This is the sum: divide by the number of samples.")
def summed_logits(y, z):
    return bce_from_logits.reference(y, z) * len(y)


@bce_from_logits.misconception("This is one loss per sample: average them into one number.")
def per_sample(y, z):
    return np.logaddexp(0, z) - y * z


SOFTMAXES = tuple(
    f"{module}.{name}"
    for module, names in {
        "keras.ops": ("softmax", "log_softmax"),
        "keras.src.ops.nn": ("softmax", "log_softmax"),
        "keras.activations": ("softmax", "log_softmax", "get"),
        "keras.src.activations.activations": ("softmax", "log_softmax"),
        "keras.layers": ("Softmax", "Activation"),
        "keras.src.layers": ("activations", "core"),
        "tf.nn": ("softmax", "log_softmax"),
        "scipy.special": ("softmax", "log_softmax"),
        "scipy.special._logsumexp": ("softmax", "log_softmax"),
    }.items()
    for name in names
)


@exercise(points=3)
def softmax(z, axis=-1):
    """Return the softmax of the logits `z` along `axis`.

    z: array of any shape; the result has the same shape, and adds up to 1 along `axis`. Logits
    may be as large as 1000 or as small as -2000, and need not be near those of other rows.
    For z=[0, log 3] it is [0.25, 0.75].
    """
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


softmax.case("softmax(np.array([1.0, 2.0, 4.0]))")
softmax.case("softmax(np.array([[1.0, 2.0, 0.5], [-1.0, 0.0, 3.0]]))")
softmax.case("softmax(np.array([[0.0, 2.0], [1.0, 1.0], [3.0, -1.0]]), axis=0)")
softmax.case("softmax(np.array([[1000.0, 1001.0, -2000.0], [-2000.0, -2001.0, -2003.0]]))")
softmax.hidden_case("softmax(rng.normal(size=6))")
softmax.hidden_case("softmax(rng.normal(size=(4, 3)))")
softmax.hidden_case("softmax(rng.normal(size=(3, 3)))")
softmax.hidden_case("softmax(rng.normal(size=(3, 3)), axis=0)")
softmax.hidden_case("softmax(rng.normal(size=(2, 3, 4)), axis=1)")
softmax.hidden_case("softmax(rng.normal(size=(2, 3, 4)))")
softmax.hidden_case("softmax(np.array([1000.0, -2000.0, 999.0]))")
softmax.hidden_case("softmax(np.array([-2000.0, -2000.5]), axis=0)")
softmax.hidden_case(
    "softmax(rng.integers(-8, 8, size=(4, 3)) / 4 + np.array([[0.0], [1000], [-2000], [500]]))"
)
softmax.hidden_case("softmax(np.array([[1, 2, 3], [0, -4, 1]]))")
softmax.hidden_case("softmax(rng.normal(size=(1, 5)))")
softmax.hidden_case("softmax(rng.normal(size=(3, 4)).astype('float32'))", rtol=1e-4)
softmax.hint("exp(1000) is too large for a float. What changes if you subtract 1000 everywhere?")
softmax.hint("Subtract the largest logit of each row: the largest exponent is then 0.")
softmax.hint("`np.max(z, axis=axis, keepdims=True)` has a shape that broadcasts against z.")
softmax.forbid(*SOFTMAXES, because=WRITE_IT)


@softmax.variant
def through_the_log(z, axis=-1):
    largest = z.max(axis=axis, keepdims=True)
    return np.exp(z - largest - np.log(np.exp(z - largest).sum(axis=axis, keepdims=True)))


@softmax.variant
def row_by_row(z, axis=-1):
    def one(row):
        e = np.exp(row - row.max())
        return e / e.sum()

    return np.apply_along_axis(one, axis, np.asarray(z, dtype=float))


@softmax.variant
def with_keras_ops(z, axis=-1):
    from keras import ops

    z = ops.convert_to_tensor(z, dtype="float32")
    e = ops.exp(z - ops.max(z, axis=axis, keepdims=True))
    return e / ops.sum(e, axis=axis, keepdims=True)


@softmax.misconception(
    "exp overflows for large logits and rounds to 0 for small ones, and the quotient is NaN: "
    "subtract the largest logit first."
)
def naive(z, axis=-1):
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        e = np.exp(z)
        return e / np.sum(e, axis=axis, keepdims=True)


@softmax.misconception(
    "The largest logit of the whole array is subtracted: a row far below it rounds to 0/0. Every "
    "row needs its own."
)
def global_max(z, axis=-1):
    with np.errstate(invalid="ignore", divide="ignore"):
        e = np.exp(z - np.max(z))
        return e / np.sum(e, axis=axis, keepdims=True)


@softmax.misconception(
    "The mean is subtracted: a logit far above it still overflows. Subtract the largest one."
)
def mean_subtracted(z, axis=-1):
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(z - np.mean(z, axis=axis, keepdims=True))
        return e / np.sum(e, axis=axis, keepdims=True)


@softmax.misconception("It adds up to 1 over the whole array: each row has its own sum.")
def global_sum(z, axis=-1):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


@softmax.misconception("It adds up to 1 over the whole array: each row has its own sum.")
def sum_of_everything(z, axis=-1):
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e)


@softmax.misconception(
    "The largest output is 1: divide by the sum along `axis`, not by the largest value."
)
def divided_by_the_largest(z, axis=-1):
    return np.exp(z - np.max(z, axis=axis, keepdims=True))


@softmax.misconception("The exponential is missing: these are shares of the logits themselves.")
def shares_of_logits(z, axis=-1):
    return z / np.sum(z, axis=axis, keepdims=True)


@softmax.misconception("`axis` is not used: it is always the last one.")
def always_last(z, axis=-1):
    return softmax.reference(z)


@softmax.misconception("It always works along the first axis: use `axis`.")
def always_first(z, axis=-1):
    return softmax.reference(z, axis=0)


@softmax.misconception(
    "Without `keepdims=True` the maxima and sums lie along the wrong axis of the array."
)
def no_keepdims(z, axis=-1):
    e = np.exp(z - np.max(z, axis=axis))
    return e / np.sum(e, axis=axis)


@softmax.misconception(
    "Large logits are clipped, which changes them: 1000 and 999 are no longer different. Subtract "
    "instead."
)
def clipped_logits(z, axis=-1):
    e = np.exp(np.clip(z, -500, 500))
    return e / np.sum(e, axis=axis, keepdims=True)


@softmax.misconception("This is the log of the softmax: take exp of it.")
def log_softmax(z, axis=-1):
    z = z - np.max(z, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


@softmax.misconception("This is a sigmoid of each logit: the outputs of one row must add up to 1.")
def sigmoids(z, axis=-1):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-np.asarray(z, dtype=float)))


@exercise(points=2)
def softmax_jacobian(z):
    """Return the table of all derivatives of the softmax of one vector of logits.

    z: shape (K,). The result has shape (K, K): row i, column j holds the derivative of the i-th
    probability by z_j. For z=[0, log 3] it is [[0.1875, -0.1875], [-0.1875, 0.1875]].
    """
    s = softmax(z)
    return np.diag(s) - np.outer(s, s)


softmax_jacobian.case("softmax_jacobian(np.array([0.0, 1.0, 0.5]))")
softmax_jacobian.case("softmax_jacobian(np.array([1.0, -1.2, 2.0, 0.0]))")
softmax_jacobian.hidden_case("softmax_jacobian(rng.normal(size=2))")
softmax_jacobian.hidden_case("softmax_jacobian(rng.normal(size=6))")
softmax_jacobian.hidden_case("softmax_jacobian(np.array([2, 0, -1]))")
softmax_jacobian.hidden_case("softmax_jacobian(np.zeros(5))")
softmax_jacobian.hidden_case("softmax_jacobian(np.float32([0.5, -1.0, 1.5]))", rtol=1e-4, atol=1e-6)
softmax_jacobian.hint(
    "Differentiate s_i = exp(z_i) / sum: the numerator depends on z_j only if i = j, the sum "
    "always does."
)
softmax_jacobian.hint("On the diagonal s_i (1 - s_i), elsewhere -s_i s_j.")
softmax_jacobian.hint(
    "`np.diag(s)` makes a diagonal table, `np.outer(s, s)` the table of products."
)
softmax_jacobian.uses(softmax)
softmax_jacobian.forbid(*SOFTMAXES, because="call the softmax that you have written above")


@softmax_jacobian.variant
def two_loops(z):
    e = np.exp(np.asarray(z) - np.max(z))
    s, n = e / e.sum(), len(z)
    return [[s[i] * ((i == j) - s[j]) for j in range(n)] for i in range(n)]


@softmax_jacobian.variant
def scaled_identity(z):
    s = np.asarray(softmax(z))
    return s[:, None] * (np.eye(len(s)) - s[None, :])


@softmax_jacobian.misconception(
    "Only the diagonal is filled: raising one logit also lowers the other probabilities."
)
def diagonal_only(z):
    s = softmax.reference(z)
    return np.diag(s * (1 - s))


@softmax_jacobian.misconception(
    "Outside the diagonal the derivatives are negative: what one class gains, the others lose, and "
    "every row adds up to 0."
)
def positive_outside(z):
    s = softmax.reference(z)
    return np.outer(s, s) + np.diag(s - 2 * s**2)


@softmax_jacobian.misconception("All signs are turned around: raising z_i raises the i-th output.")
def flipped(z):
    return -softmax_jacobian.reference(z)


@softmax_jacobian.misconception(
    "On the diagonal -s_i s_i is not all: the numerator depends on z_i too, which adds s_i."
)
def no_diagonal(z):
    s = softmax.reference(z)
    return -np.outer(s, s)


@softmax_jacobian.misconception(
    "The products are added instead of subtracted: every row must add up to 0."
)
def plus_outer(z):
    s = softmax.reference(z)
    return np.diag(s) + np.outer(s, s)


@softmax_jacobian.misconception(
    "This is s (1 - s), the derivative of a sigmoid: every output of a softmax depends on every "
    "logit, so that the result is a table."
)
def like_a_sigmoid(z):
    s = softmax.reference(z)
    return s * (1 - s)


@softmax_jacobian.misconception("These are the derivatives of log s_i: multiply row i by s_i.")
def of_the_log(z):
    s = softmax.reference(z)
    return np.eye(len(s)) - s[None, :]


@exercise(points=2)
def sparse_nll(y, p):
    """Return the mean over the samples of -log p[i, y[i]], the loss of integer labels.

    y: integer labels, shape (n,), each the index of a column of p; p: predicted probabilities,
    shape (n, K), rows add up to 1. Some classes may be missing from y. The result is a number.
    For y=[2, 0] and p=[[0.2, 0.3, 0.5], [0.4, 0.5, 0.1]] it is 0.8047.
    """
    return float(-np.mean(np.log(p[np.arange(len(y)), y])))


for _call in (
    "sparse_nll(np.array([2, 0]), np.array([[0.2, 0.3, 0.5], [0.4, 0.5, 0.1]]))",
    "sparse_nll(np.array([3, 1, 3]), "
    "np.array([[0.1, 0.2, 0.5, 0.2], [0.6, 0.1, 0.1, 0.2], [0.3, 0.3, 0.1, 0.3]]))",
    "sparse_nll(np.array([1, 1, 0, 1]), "
    "np.array([[0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.7, 0.2, 0.1], [0.3, 0.45, 0.25]]))",
):
    sparse_nll.case(_call, rtol=1e-4)
for _call in (
    "sparse_nll(rng.choice([1, 4, 7], size=12), rng.dirichlet(np.full(10, 5.0), size=12))",
    "sparse_nll(rng.choice([0, 2], size=30), rng.dirichlet(np.full(3, 5.0), size=30))",
    "sparse_nll(rng.permutation(4), rng.dirichlet(np.full(4, 5.0), size=4))",
    "sparse_nll(np.array([5]), rng.dirichlet(np.full(6, 5.0), size=1))",
    "sparse_nll(np.array([2, 2, 5, 2]), rng.dirichlet(np.full(6, 5.0), size=4))",
):
    sparse_nll.hidden_case(_call, rtol=1e-4)
sparse_nll.hidden_case(
    "sparse_nll(np.array([1, 2]), np.float32([[0.5, 0.2, 0.3], [0.1, 0.3, 0.6]]))", rtol=1e-4
)
sparse_nll.hint("Pick one probability per row: row 0 column y[0], row 1 column y[1], and so on.")
sparse_nll.hint(
    "`p[y]` picks whole rows. Indexing with two arrays, `p[rows, columns]`, pairs them."
)
sparse_nll.hint("The rows are `np.arange(len(y))`.")
sparse_nll.forbid(*KERAS_LOSSES, because=WRITE_IT)


@sparse_nll.variant
def row_after_row(y, p):
    return sum(-np.log(row[label]) for label, row in zip(y, p, strict=True)) / len(y)


@sparse_nll.variant
def with_one_hot(y, p):
    one_hot = np.eye(p.shape[1])[y]
    return -np.mean(np.sum(one_hot * np.log(p), axis=1))


@sparse_nll.variant
def with_take(y, p):
    return -np.log(np.take_along_axis(p, np.asarray(y)[:, None], axis=1)).mean()


@sparse_nll.misconception(
    "The mean runs over the classes, too: n samples give n terms, whatever K is."
)
def mean_over_classes(y, p):
    return sparse_nll.reference(y, p) / p.shape[1]


@sparse_nll.misconception(
    "`p[y]` picks whole rows, the y-th of the table: pick one column in each row instead."
)
def rows_instead(y, p):
    return -np.mean(np.log(p[y]))


@sparse_nll.misconception(
    "`p[:, y]` pairs every row with every label: pair the rows with `np.arange(len(y))`."
)
def every_pair(y, p):
    return -np.mean(np.log(p[:, y]))


@sparse_nll.misconception("This is the sum: divide by the number of samples.")
def not_divided(y, p):
    return sparse_nll.reference(y, p) * len(y)


@sparse_nll.misconception("The sign is missing: the log of a probability is negative.")
def without_minus(y, p):
    return -sparse_nll.reference(y, p)


@sparse_nll.misconception(
    "It takes the class that the model prefers: take the column of the true label."
)
def most_likely(y, p):
    return -np.mean(np.log(np.max(p, axis=1)))


@sparse_nll.misconception(
    "The labels are numbered anew from those that occur: a label is the index of its column."
)
def renumbered(y, p):
    _, index = np.unique(y, return_inverse=True)
    return sparse_nll.reference(index, p)


@sparse_nll.misconception(
    "The log of the mean probability is not the mean of the logs: take the log first."
)
def log_of_mean(y, p):
    return -np.log(np.mean(p[np.arange(len(y)), y]))


@sparse_nll.misconception("These are logarithms to base 2: use the natural logarithm, np.log.")
def bits(y, p):
    return sparse_nll.reference(y, p) / np.log(2)


@sparse_nll.misconception("This is the mean probability of the other classes: the log is missing.")
def no_log(y, p):
    return 1 - np.mean(p[np.arange(len(y)), y])


@sparse_nll.misconception("The log is missing: it is the mean of -log p, not of -p.")
def bare_probability(y, p):
    return -np.mean(p[np.arange(len(y)), y])


@sparse_nll.misconception(
    "The one-hot table has one column per label that occurs up to the largest: p has K columns, "
    "`p.shape[1]`, and some classes may be missing from y."
)
def narrow_one_hot(y, p):
    return -np.sum(np.eye(np.max(y) + 1)[y] * np.log(p)) / len(y)


@sparse_nll.misconception("A label is the index of its column, counted from 0: do not subtract 1.")
def counted_from_one(y, p):
    return sparse_nll.reference(y - 1, p)


@sparse_nll.misconception("The rows of p are probabilities already: no softmax here.")
def softmax_of_probabilities(y, p):
    return sparse_nll.reference(y, softmax.reference(p))


@driver
def three_metrics(result):
    """The three numbers of a dict, whatever else it holds; anything else as it is."""
    names = ("accuracy", "precision", "recall")
    complete = isinstance(result, dict) and all(n in result for n in names)
    return {n: result[n] for n in names} if complete else result


@exercise(points=3)
def metrics(y, p, threshold=0.5):
    """Return a dict with the keys "accuracy", "precision" and "recall".

    y: labels 0 or 1, shape (n,); p: predicted probabilities of label 1, shape (n,). A sample is
    predicted positive if p >= threshold. Precision is the share of label 1 among the samples
    predicted positive, 0 if there are none; recall is the share of the predicted positive among
    the samples of label 1, 0 if there are none. All three are fractions from 0 to 1.
    For y=[1, 1, 0, 0, 0], p=[.9, .2, .6, .5, .1] they are 0.4, 1/3 and 0.5.
    """
    positive, actual = p >= threshold, y == 1
    hits = np.sum(positive & actual)
    return {
        "accuracy": float(np.mean(positive == actual)),
        "precision": float(hits / max(np.sum(positive), 1)),
        "recall": float(hits / max(np.sum(actual), 1)),
    }


metrics.case(
    "metrics(np.array([1, 1, 0, 0, 0]), np.array([0.9, 0.2, 0.6, 0.5, 0.1]))", view=three_metrics
)
metrics.case(
    "metrics(np.array([0, 1, 0, 1, 0, 1, 0]), np.array([0.3, 0.8, 0.1, 0.3, 0.35, 0.05, 0.9]), "
    "threshold=0.3)",
    view=three_metrics,
)
metrics.case("metrics(np.array([1, 0, 0]), np.array([0.2, 0.1, 0.3]))", view=three_metrics)
for _call in (
    "metrics(np.array([0, 0, 0, 0]), np.array([0.1, 0.7, 0.2, 0.3]))",
    "metrics(np.array([0, 0, 0]), np.array([0.1, 0.2, 0.3]))",
    "metrics(np.array([1, 1, 0, 1]), np.array([0.6, 0.9, 0.8, 0.7]))",
    "metrics(np.array([1, 1, 0, 0, 1]), np.array([0.3, 0.2, 0.4, 0.1, 0.6]), threshold=0.3)",
    "metrics((rng.random(40) < 0.2).astype(int), np.round(rng.random(40), 1))",
    "metrics((rng.random(40) < 0.2).astype(int), np.round(rng.random(40), 1), threshold=0.3)",
    "metrics((rng.random(200) < 0.7).astype(int), rng.random(200), threshold=0.8)",
    "metrics(np.array([1]), np.array([0.5]))",
):
    metrics.hidden_case(_call, view=three_metrics)
metrics.hint("Count the samples that are predicted positive *and* are positive: the hits.")
metrics.hint(
    "Precision divides the hits by all that you called positive, recall by all that are positive."
)
metrics.hint("If you divide by 0, return 0: look at the count before you divide.")
metrics.forbid(
    "sklearn.metrics",
    "keras.metrics",
    "keras.src.metrics",
    because="count the hits yourself, then compare with the library",
)


@metrics.variant
def four_counts(y, p, threshold=0.5):
    tp = fp = fn = tn = 0
    for label, probability in zip(y, p, strict=True):
        predicted = 1 if probability >= threshold else 0
        if predicted and label:
            tp += 1
        elif predicted:
            fp += 1
        elif label:
            fn += 1
        else:
            tn += 1
    return {
        "precision": tp / (tp + fp) if tp + fp else 0,
        "recall": tp / (tp + fn) if tp + fn else 0,
        "accuracy": (tp + tn) / len(y),
    }


@metrics.variant
def products(y, p, threshold=0.5):
    guess = (p >= threshold).astype(int)
    tp = guess @ y
    n_guess, n_true = guess.sum(), y.sum()
    precision = tp / n_guess if n_guess > 0 else 0.0
    recall = tp / n_true if n_true > 0 else 0.0
    both = precision + recall
    f1 = 2 * precision * recall / both if both > 0 else 0.0
    return dict(accuracy=1 - np.abs(guess - y).mean(), precision=precision, recall=recall, f1=f1)


@metrics.misconception(
    "Precision and recall are exchanged: precision looks at what you called positive, recall at "
    "what is positive."
)
def swapped(y, p, threshold=0.5):
    right = metrics.reference(y, p, threshold)
    return {**right, "precision": right["recall"], "recall": right["precision"]}


@metrics.misconception("A sample with p equal to the threshold is positive, too: p >= threshold.")
def strictly_above(y, p, threshold=0.5):
    return metrics.reference(y, np.where(p == threshold, -1.0, p), threshold)


@metrics.misconception("The argument `threshold` is not used: it is always 0.5.")
def always_half(y, p, threshold=0.5):
    return metrics.reference(y, p)


@metrics.misconception(
    "0/0 is NaN (or an error): if nothing is predicted positive, precision is 0; if no label is 1, "
    "recall is 0."
)
def nan_for_none(y, p, threshold=0.5):
    positive, actual = p >= threshold, y == 1
    hits = np.sum(positive & actual)
    with np.errstate(invalid="ignore"):
        return {
            "accuracy": np.mean(positive == actual),
            "precision": hits / np.sum(positive),
            "recall": hits / np.sum(actual),
        }


@metrics.misconception(
    "0/0 is NaN (or an error): if nothing is predicted positive, precision is 0; if no label is 1, "
    "recall is 0."
)
def error_for_none(y, p, threshold=0.5):
    positive, actual = p >= threshold, y == 1
    hits = int(np.sum(positive & actual))
    return {
        "accuracy": np.mean(positive == actual),
        "precision": hits / int(np.sum(positive)),
        "recall": hits / int(np.sum(actual)),
    }


@metrics.misconception(
    "Nothing predicted positive counts as a precision of 1 here: the exercise asks for 0."
)
def one_for_none(y, p, threshold=0.5):
    right = metrics.reference(y, p, threshold)
    found = {"precision": np.sum(p >= threshold), "recall": np.sum(y == 1)}
    return {name: value if found.get(name, 1) else 1.0 for name, value in right.items()}


@metrics.misconception("These are percentages: return fractions from 0 to 1.")
def percent(y, p, threshold=0.5):
    return {name: 100 * value for name, value in metrics.reference(y, p, threshold).items()}


@metrics.misconception("This counts label 0 as the positive class: the positive class is label 1.")
def zero_is_positive(y, p, threshold=0.5):
    positive, actual = p < threshold, y == 0
    hits = np.sum(positive & actual)
    return {
        "accuracy": float(np.mean(positive == actual)),
        "precision": float(hits / max(np.sum(positive), 1)),
        "recall": float(hits / max(np.sum(actual), 1)),
    }


@metrics.misconception("Precision and recall divide the hits by all samples here.")
def over_all(y, p, threshold=0.5):
    positive, actual = p >= threshold, y == 1
    share = np.mean(positive & actual)
    return {"accuracy": np.mean(positive == actual), "precision": share, "recall": share}


@metrics.misconception("Three bare numbers come back: return a dict that names them.")
def bare_tuple(y, p, threshold=0.5):
    return tuple(metrics.reference(y, p, threshold).values())


why_cross_entropy = question(
    "why_cross_entropy",
    "Why do we train a classifier with the cross-entropy? Choose every right reason.",
    points=0.5,
)
why_cross_entropy.right("Minimizing it is maximizing the likelihood of the labels.")
why_cross_entropy.right(
    "Its slope in the logit, $p - y$, stays large where the model is sure and wrong."
)
why_cross_entropy.right("For logistic regression it is convex in the weights.")
why_cross_entropy.wrong(
    "It makes the loss of a deep network convex.",
    "A hidden layer is enough to lose convexity, whatever the loss: look at the two slices again.",
)
why_cross_entropy.wrong(
    "It is the share of samples that are classified wrong.",
    "That is the 0-1 loss, whose slope is 0 almost everywhere.",
)
why_cross_entropy.hint("Three of the five are right.")

which_loss = question(
    "which_loss",
    "A photo may show a cat, a dog, a person, any of them together, or none. A network is to say "
    "which. Which outputs, with which loss?",
    points=0.5,
)
which_loss.right("Three sigmoid units, binary cross-entropy.")
which_loss.wrong(
    "Three softmax units, categorical cross-entropy.",
    "A softmax adds up to 1: it says *which one* of the three, and cannot say two or none.",
)
which_loss.wrong(
    "One sigmoid unit, binary cross-entropy.",
    "One unit answers one question with yes or no; here are three.",
)
which_loss.wrong(
    "Three linear units, mean squared error.",
    "Linear units give no probabilities, and labels 0 and 1 have no normal noise.",
)
which_loss.hint("How many yes-or-no questions are there, and do their answers exclude each other?")

from_logits = question(
    "from_logits",
    'A classifier ends in `layers.Dense(10)` and is compiled with `loss="sparse_categorical_'
    'crossentropy"`. What is wrong?',
    points=0.5,
)
from_logits.right(
    "The outputs are logits, and this loss expects probabilities: add a softmax, or pass "
    "`SparseCategoricalCrossentropy(from_logits=True)`."
)
from_logits.wrong(
    "Nothing: Keras sees that there is no activation and applies a softmax.",
    "Keras takes what it gets for probabilities, and says nothing: you saw how badly that trains.",
)
from_logits.wrong(
    "The labels must be one-hot rows for this loss.",
    "That is `categorical_crossentropy`; the sparse one takes integer labels.",
)
from_logits.wrong(
    "`fit` raises an error, because a logit may be negative.",
    "There is no error: the values are clipped, and training goes on with a useless loss.",
)
from_logits.hint("Which range do the outputs of a layer without activation have?")

which_metric = question(
    "which_metric",
    "A test is made on 1000 people, 10 of them ill. It raises the alarm for 40 people, 8 of them "
    "ill. What are its accuracy, precision and recall?",
    points=0.5,
)
which_metric.right("accuracy 0.966, precision 0.2, recall 0.8")
which_metric.wrong(
    "accuracy 0.966, precision 0.8, recall 0.2",
    "Precision is a share of the 40 alarms, recall a share of the 10 ill people.",
)
which_metric.wrong(
    "accuracy 0.99, precision 0.2, recall 0.8",
    "0.99 is the accuracy of a test that never raises the alarm: here 2 ill people are missed, "
    "and 32 healthy ones alarmed.",
)
which_metric.wrong(
    "accuracy 0.8, precision 0.2, recall 0.966",
    "Accuracy counts all right answers, the healthy people without alarm included.",
)
which_metric.hint("Fill in the four counts: ill with alarm, ill without, healthy with, without.")

why_not_mse = free_text(
    "why_not_mse",
    "The output of a network is a sigmoid, and at the start it is sure and wrong. Why is the mean "
    "squared error a poor loss there, and why is the cross-entropy a good one? Two or three "
    "sentences.",
    rubric=[
        "0.5 points: the slope of the squared error in the logit holds the factor "
        "$\\sigma'(z) = p(1 - p)$, which is almost 0 where the sigmoid is saturated, so that the "
        "weights hardly move although the error is largest.",
        "0.5 points: in the slope of the cross-entropy that factor cancels; what is left is "
        "$p - y$, close to 1 in magnitude there.",
    ],
    points=1,
)
why_not_mse.hint("Compare the two columns of slopes above the question, in the row z = -10.")
