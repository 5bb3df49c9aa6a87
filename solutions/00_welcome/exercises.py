"""Exercises of lab 00: arrays, seeds, and how the checks work."""

import numpy as np

from dlcourse.authoring import driver, exercise, question


@exercise(points=2)
def residuals(w, x, y):
    """Return the residuals w_i * x_j - y_j of all candidate weights at once.

    w: k weights; x, y: n inputs and n targets (arrays or lists).
    The result has shape (k, n): one row per weight, one column per sample.
    For w=[1, 2], x=[1, 2, 3], y=[0, 0, 1] it is [[1, 2, 2], [2, 4, 5]].
    """
    w, x, y = np.asarray(w), np.asarray(x), np.asarray(y)
    return w[:, None] * x[None, :] - y[None, :]


residuals.case("residuals(np.array([0.0, 1.0, 2.5]), np.arange(5.0), np.array([1, 0, 2, 0, 4]))")
residuals.case("residuals([1, 2], [1, 2, 3], [0, 0, 1])")
residuals.case(
    "residuals(np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.0, -1.0]), np.array([1, 0, 2]))"
)
residuals.hidden_case("residuals(rng.normal(size=4), rng.normal(size=4), rng.normal(size=4))")
residuals.hidden_case("residuals(rng.normal(size=1), rng.normal(size=6), rng.normal(size=6))")
residuals.hidden_case("residuals(rng.normal(size=7), rng.normal(size=1), rng.normal(size=1))")
residuals.hidden_case("residuals([0.5, -1.0, 2.0], [1.0, 2.0], [3.0, -1.0])")
residuals.hint("`w[:, None]` turns k numbers into a column of shape (k, 1).")
residuals.hint("A column (k, 1) times a row (1, n) gives a table (k, n): that is broadcasting.")
residuals.hint("Lists do not broadcast: start with `np.asarray`.")


@residuals.variant
def with_outer(w, x, y):
    return np.outer(w, x) - np.asarray(y)


@residuals.variant
def with_loops(w, x, y):
    return [[wi * xj - yj for xj, yj in zip(x, y, strict=True)] for wi in w]


@residuals.misconception("The table is on its side: rows belong to weights, columns to samples.")
def transposed(w, x, y):
    return residuals.reference(w, x, y).T


@residuals.misconception("These are the predictions w x: the targets `y` are not subtracted.")
def no_target(w, x, y):
    return np.outer(w, x)


@residuals.misconception("The sign is turned around: a residual is prediction minus target.")
def target_minus_prediction(w, x, y):
    return -residuals.reference(w, x, y)


@residuals.misconception(
    "It looks at the notebook's `x` instead of its own argument: restart the kernel and run all "
    "cells, and a function that needs a global name will show itself."
)
def global_x(w, x, y):
    x_of_the_notebook = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    return np.outer(w, x_of_the_notebook) - np.asarray(y)


@residuals.misconception(
    "It pairs the first weight with the first sample, and so on: every weight meets every sample."
)
def paired(w, x, y):
    return np.asarray(w) * np.asarray(x) - np.asarray(y)


@residuals.misconception(
    "The targets are on their side: sample j is column j, so `y` is subtracted as a row."
)
def targets_as_column(w, x, y):
    return np.outer(w, x) - np.asarray(y)[:, None]


@residuals.misconception("It works for arrays alone: begin with np.asarray, since lists come, too.")
def arrays_only(w, x, y):
    return w[:, None] * x[None, :] - y[None, :]


@residuals.misconception("These are squared residuals: leave the square out.")
def squared(w, x, y):
    return residuals.reference(w, x, y) ** 2


@exercise(points=2)
def one_hot(y, n_classes):
    """Return the labels `y` as one-hot rows: 1.0 in the column of the label, 0.0 elsewhere.

    y: n integer labels in 0 .. n_classes - 1 (array or list).
    The result is an array of floats of shape (n, n_classes).
    For y=[2, 0] and n_classes=3 it is [[0., 0., 1.], [1., 0., 0.]].
    """
    return np.eye(n_classes)[np.asarray(y)]


one_hot.case("one_hot([2, 0, 1], 3)")
one_hot.case("one_hot(np.array([0, 1, 1, 0]), 4)")
one_hot.case("np.asarray(one_hot([0, 1], 2)).dtype.kind")
one_hot.hidden_case("one_hot(rng.integers(0, 5, size=12), 5)")
one_hot.hidden_case("one_hot([3, 3, 0], 4)")
one_hot.hidden_case("one_hot(np.array([1]), 9)")
one_hot.hidden_case("np.asarray(one_hot(np.array([4, 0, 2]), 6)).dtype.kind")
one_hot.hint("How many columns? The argument tells it; the labels that happen to be there do not.")
one_hot.hint("`np.eye(n_classes)` holds the one-hot row of every class.")


@one_hot.variant
def filled(y, n_classes):
    rows = np.zeros((len(y), n_classes))
    rows[np.arange(len(y)), y] = 1
    return rows


@one_hot.variant
def compared(y, n_classes):
    return (np.asarray(y)[:, None] == np.arange(n_classes)).astype(np.float32)


@one_hot.misconception(
    "The number of columns comes from the labels that are there; a class that is missing from this "
    "batch would lose its column. Use `n_classes`."
)
def columns_from_labels(y, n_classes):
    return np.eye(np.max(y) + 1)[np.asarray(y)]


@one_hot.misconception("The rows hold True and False: a loss needs numbers. Convert to float.")
def booleans(y, n_classes):
    return np.asarray(y)[:, None] == np.arange(n_classes)


@one_hot.misconception(
    "The rows hold integers: later they meet float weights and probabilities. Return floats."
)
def integers(y, n_classes):
    return np.eye(n_classes, dtype=int)[np.asarray(y)]


@one_hot.misconception("`out[:, y] = 1` fills whole columns: pair the rows with np.arange(len(y)).")
def whole_columns(y, n_classes):
    out = np.zeros((len(y), n_classes))
    out[:, np.asarray(y)] = 1
    return out


@one_hot.misconception("The classes are counted from 0: label 0 belongs to the first column.")
def counted_from_one(y, n_classes):
    return np.eye(n_classes + 1)[np.asarray(y)][:, 1:]


@one_hot.misconception("The table is on its side: one row per label, one column per class.")
def classes_in_rows(y, n_classes):
    return np.eye(n_classes)[:, np.asarray(y)]


@driver
def sizes_and_indices(batches):
    """The batch sizes in order, and all indices sorted."""
    indices = [int(i) for batch in batches for i in np.ravel(batch)]
    return {"sizes": [int(np.size(batch)) for batch in batches], "indices": sorted(indices)}


@driver
def three_epochs(minibatch_indices, n, batch_size, seed):
    """The batches of two epochs in a row, and those of an epoch that begins anew."""
    rng = np.random.default_rng(seed)
    return [minibatch_indices(n, batch_size, r) for r in (rng, rng, np.random.default_rng(seed))]


@driver
def shuffling(epochs):
    """Facts about the order of the indices, and where its randomness comes from."""
    first, second, again = (
        [int(i) for batch in epoch for i in np.ravel(batch)] for epoch in epochs
    )
    batch = np.ravel(epochs[0][0])
    return {
        "number of indices": len(first),
        "the order is random": first != sorted(first),
        "neighbors are separated": bool(np.mean(np.abs(np.diff(first)) == 1) < 0.3),
        "a batch has indices from everywhere": bool(np.ptp(batch) >= batch.size),
        "the next epoch has another order": first != second,
        "the same seed gives the same order": again == first,
    }


@exercise(points=3)
def minibatch_indices(n, batch_size, rng):
    """Return a list of index arrays: the mini-batches of one epoch over n samples.

    Each index 0 .. n-1 occurs once, in random order drawn from the generator `rng`.
    Each batch has `batch_size` indices; the last has fewer if n is not divisible.
    For n=10 and batch_size=4 the sizes are 4, 4, 2.
    """
    order = rng.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


minibatch_indices.case("minibatch_indices(10, 4, rng)", view=sizes_and_indices)
minibatch_indices.case("three_epochs(minibatch_indices, 60, 20, 0)", view=shuffling)
minibatch_indices.hidden_case("minibatch_indices(23, 5, rng)", view=sizes_and_indices)
minibatch_indices.hidden_case("minibatch_indices(12, 4, rng)", view=sizes_and_indices)
minibatch_indices.hidden_case("minibatch_indices(3, 8, rng)", view=sizes_and_indices)
minibatch_indices.hidden_case(
    "three_epochs(minibatch_indices, int(rng.integers(80, 120)), 7, int(rng.integers(1000)))",
    view=shuffling,
)
minibatch_indices.hint("`rng.permutation(n)` gives all indices once, in random order.")
minibatch_indices.hint("Cut that array at 0, batch_size, 2 batch_size, ...: `order[start:stop]`.")
minibatch_indices.hint("A slice that ends beyond the array is cut short: no special case needed.")


@minibatch_indices.variant
def split_at(n, batch_size, rng):
    return np.split(rng.permutation(n), range(batch_size, n, batch_size))


@minibatch_indices.variant
def shuffled_in_place(n, batch_size, rng):
    order = list(range(n))
    rng.shuffle(order)
    batches = []
    while order:
        batches.append(order[:batch_size])
        order = order[batch_size:]
    return batches


@minibatch_indices.misconception(
    "The samples that do not fill a batch are dropped: the last batch may be short, not missing."
)
def tail_dropped(n, batch_size, rng):
    order = rng.permutation(n)
    return [order[i * batch_size : (i + 1) * batch_size] for i in range(n // batch_size)]


@minibatch_indices.misconception(
    "The order is always 0, 1, 2, ...: shuffle the indices before cutting them into batches."
)
def not_shuffled(n, batch_size, rng):
    return [np.arange(s, min(s + batch_size, n)) for s in range(0, n, batch_size)]


@minibatch_indices.misconception(
    "Some indices occur twice, others never: draw without replacement (a permutation)."
)
def with_replacement(n, batch_size, rng):
    order = rng.integers(0, n, size=n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


@minibatch_indices.misconception(
    "The shuffling does not come from `rng`: the same seed must give the same order."
)
def own_generator(n, batch_size, rng):
    order = np.random.default_rng().permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


@minibatch_indices.misconception(
    "A generator seeded inside the function starts anew each time, so that every epoch has the "
    "same order. Use the `rng` that is passed."
)
def seeded_inside(n, batch_size, rng):
    order = np.random.default_rng(0).permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


@minibatch_indices.misconception(
    "Only the order of the batches is random; the samples of a batch always stay together. "
    "Shuffle the indices first."
)
def batches_shuffled(n, batch_size, rng):
    order = rng.permutation(np.arange(0, n, batch_size))
    return [np.arange(s, min(s + batch_size, n)) for s in order]


@minibatch_indices.misconception(
    "Each batch is shuffled by itself, so that the same samples always stay together. Shuffle all "
    "indices first."
)
def shuffled_inside(n, batch_size, rng):
    return [rng.permutation(np.arange(s, min(s + batch_size, n))) for s in range(0, n, batch_size)]


@minibatch_indices.misconception(
    "Each batch is drawn from all indices again: shuffle once, then cut, so that each occurs once."
)
def drawn_per_batch(n, batch_size, rng):
    return [rng.choice(n, min(batch_size, n), replace=False) for _ in range(0, n, batch_size)]


@minibatch_indices.misconception(
    "The batches are of nearly equal size: all have `batch_size` indices, only the last may be short."
)
def nearly_equal(n, batch_size, rng):
    return np.array_split(rng.permutation(n), -(-n // batch_size))


@minibatch_indices.misconception("`batch_size` is the size of a batch, not the number of batches.")
def number_of_batches(n, batch_size, rng):
    return np.array_split(rng.permutation(n), batch_size)


@minibatch_indices.misconception(
    "There is an empty batch at the end when n is divisible by `batch_size`."
)
def empty_at_the_end(n, batch_size, rng):
    order = rng.permutation(n)
    return [order[i * batch_size : (i + 1) * batch_size] for i in range(n // batch_size + 1)]


@minibatch_indices.misconception("The indices run from 0 to n - 1, not from 1 to n.")
def from_one_to_n(n, batch_size, rng):
    order = rng.permutation(n) + 1
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


@driver
def seeded_weights(init_weights, n_in, n_out, seed):
    """The weights of a seed, twice, those of the next, and a number of the global generator."""
    kept = np.random.get_state()
    np.random.seed(seed + 12345)  # a state that no answer leaves behind
    seeds = seed, seed, seed + 1
    found = [init_weights(n_in, n_out, s) for s in seeds], np.random.random()
    np.random.set_state(kept)
    return found


@driver
def weight_facts(found):
    """Facts about a random initialization."""
    (weights, again, other), number = found
    weights = np.asarray(weights, dtype=float)
    return {
        "shape": list(weights.shape),
        "all weights differ": len(np.unique(weights)) == weights.size,
        "same seed, same weights": bool(np.array_equal(weights, again)),
        "other seed, other weights": not np.array_equal(weights, other),
        "next number of the global generator": number,
    }


@exercise(points=1)
def init_weights(n_in, n_out, seed):
    """Return random weights of shape (n_in, n_out) that depend on `seed` alone.

    The same seed gives the same weights, another seed gives others. NumPy's global
    generator stays as it is: make a generator of your own with np.random.default_rng.
    """
    return np.random.default_rng(seed).normal(size=(n_in, n_out))


init_weights.case("seeded_weights(init_weights, 3, 2, 0)", view=weight_facts)
init_weights.hidden_case(
    "seeded_weights(init_weights, 4, 7, int(rng.integers(1000)))", view=weight_facts
)
init_weights.hidden_case(
    "seeded_weights(init_weights, 1, 5, int(rng.integers(1000)))", view=weight_facts
)
init_weights.hint("`np.random.default_rng(seed)` is a new generator in a known state.")


@init_weights.variant
def uniform(n_in, n_out, seed):
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.1, 0.1, (n_in, n_out)).astype("float32")


@init_weights.variant
def legacy_generator(n_in, n_out, seed):
    return np.random.RandomState(seed).standard_normal((n_in, n_out))


@init_weights.misconception(
    "`np.random.seed` changes the generator that everybody shares: results elsewhere in the "
    "notebook change too. Use np.random.default_rng(seed)."
)
def global_seed(n_in, n_out, seed):
    np.random.seed(seed)
    return np.random.normal(size=(n_in, n_out))


@init_weights.misconception("The argument `seed` is not used: every seed gives the same weights.")
def fixed_seed(n_in, n_out, seed):
    return np.random.default_rng(0).normal(size=(n_in, n_out))


@init_weights.misconception(
    "The same seed gives other weights each time: pass it to the generator."
)
def unseeded(n_in, n_out, seed):
    return np.random.default_rng().normal(size=(n_in, n_out))


@init_weights.misconception(
    "The numbers come from NumPy's global generator, and `seed` is not used: take "
    "np.random.default_rng(seed)."
)
def global_numbers(n_in, n_out, seed):
    return np.random.normal(size=(n_in, n_out))


@init_weights.misconception("All weights are the same number: draw one for each place.")
def one_number(n_in, n_out, seed):
    return np.full((n_in, n_out), np.random.default_rng(seed).normal())


@init_weights.misconception("All weights are the same, whatever the seed: draw random ones.")
def no_random_numbers(n_in, n_out, seed):
    return np.zeros((n_in, n_out))


@init_weights.misconception("The shape is turned around: inputs are rows, outputs are columns.")
def outputs_first(n_in, n_out, seed):
    return np.random.default_rng(seed).normal(size=(n_out, n_in))


@driver
def version_facts(versions):
    """What is right about a dict of version strings."""
    from importlib.metadata import version
    from platform import python_version

    wanted = {"keras": version("keras"), "numpy": version("numpy"), "python": python_version()}
    if not isinstance(versions, dict):
        return versions
    if not set(wanted) <= set(versions):
        return {str(name): False for name in versions}
    facts = {"all are text": all(isinstance(versions[name], str) for name in wanted)}
    facts.update((name, str(versions[name]).startswith(wanted[name])) for name in wanted)
    return {**facts, "Keras 3 or newer": str(versions["keras"])[:1] >= "3"}


@exercise(points=1)
def versions():
    """Return the versions of Keras, NumPy and Python as text.

    The result is a dict with the keys "keras", "numpy" and "python",
    such as {"keras": "3.1.0", "numpy": "2.0.0", "python": "3.11.2"}, with the numbers
    of this environment.
    """
    from importlib.metadata import version
    from platform import python_version

    return {"keras": version("keras"), "numpy": version("numpy"), "python": python_version()}


versions.case("versions()", view=version_facts)
versions.hidden_case("versions()", view=version_facts)
versions.hint('`importlib.metadata.version("keras")` reads a version without importing Keras.')
versions.hint("`platform.python_version()` is the version of the running Python.")


@versions.variant
def from_modules():
    import sys

    import keras

    return {
        "keras": keras.__version__,
        "numpy": np.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
    }


@versions.variant
def from_sys():
    import sys
    from importlib.metadata import version

    return dict(keras=version("keras"), numpy=version("numpy"), python=sys.version, extra="")


@versions.misconception("This is a list; a dict says which version belongs to what.")
def a_list():
    from importlib.metadata import version

    return [version("keras"), version("numpy"), versions.reference()["python"]]


@versions.misconception(
    "The Keras version is TensorFlow's: Keras 3 is a package of its own, with its own version."
)
def tensorflow_for_keras():
    from importlib.metadata import version
    from platform import python_version

    return {
        "keras": version("tensorflow"),
        "numpy": version("numpy"),
        "python": python_version(),
    }


@versions.misconception(
    "None of the three is a version of this environment: ask the installed packages, do not copy "
    "the example."
)
def copied():
    return {"keras": "3.1.0", "numpy": "2.0.0", "python": "3.11.2"}


@versions.misconception("Python's version is cut short: it has three numbers, such as 3.11.2.")
def python_cut_short():
    return {**versions.reference(), "python": versions.reference()["python"].rpartition(".")[0]}


@versions.misconception("The versions are to be text: `platform.python_version()` is.")
def python_as_numbers():
    import sys

    return {**versions.reference(), "python": list(sys.version_info)}


@versions.misconception("The keys are to be written in small letters.")
def capital_letters():
    names = ("Keras", "NumPy", "Python")
    return dict(zip(names, versions.reference().values(), strict=True))


@versions.misconception("Python's version is missing.")
def python_missing():
    from importlib.metadata import version

    return {"keras": version("keras"), "numpy": version("numpy")}


not_attempted = question(
    "not_attempted",
    "A check answers *not attempted*. What does it mean?",
    points=0.5,
)
not_attempted.right("The answer's cell still holds what it was given with, or was not run.")
not_attempted.wrong(
    "The answer is wrong in every case.",
    "A wrong answer has failed; run the check of an exercise that you have not touched.",
)
not_attempted.wrong(
    "The exercise can no longer be submitted.",
    "You can change and check an answer as often as you like, until you submit.",
)

hidden_cases = question(
    "hidden_cases",
    "Your check passes in this notebook. May the grader try other inputs?",
    points=0.5,
)
hidden_cases.right("Yes: it also runs hidden cases, with other sizes and random values.")
hidden_cases.wrong(
    "No: what passes here has full points.",
    "If that were so, an answer that only returns the values of the visible cases would pass.",
)
hidden_cases.wrong(
    "Yes, and they may ask for things that the task does not mention.",
    "Hidden cases use other inputs, but the task's text and docstring say all that is asked.",
)
