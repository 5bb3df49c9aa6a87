"""Exercises of lab 07: held-out data, early stopping, penalties, dropout, uncertainty, tuning."""

import keras
import numpy as np

from dlcourse.authoring import constant, driver, exercise, free_text, question

# --- held-out data --------------------------------------------------------------------------------


@driver
def three_splits(train_val_test_split, counts, seed):
    """The labels, their split with a seed, with the same again, and with the next.

    The first column of X is the row's number, the second is ten times the label.
    """
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    X = np.column_stack([np.arange(len(y)), 10.0 * y])
    splits = [train_val_test_split(X.copy(), y.copy(), s) for s in (seed, seed, seed + 1)]
    return None if splits[0] is None else [y, *splits]


@driver
def split_facts(found):
    """Sizes and classes of the three parts, and whether rows stay together and are used once."""
    if found is None:
        return None
    y, *splits = found
    found, again, other = ([np.asarray(part) for part in split] for split in splits)
    features, labels = found[:3], found[3:]
    axes = [part.ndim for part in found]
    if axes != [2, 2, 2, 1, 1, 1]:
        return {"arrays": len(found), "axes of the arrays": axes}
    rows = [list(part[:, 0]) for part in features]
    return {
        "arrays": len(found),
        "first labels": "".join(str(int(k)) for k in y[:12]),
        "rows per class in train, val, test": [
            [int(np.sum(part == k)) for k in np.unique(y)] for part in labels
        ],
        "every row is used once": sorted(r for part in rows for r in part) == list(range(len(y))),
        "y belongs to X": all(
            np.array_equal(part[:, 1], 10.0 * label)
            for part, label in zip(features, labels, strict=True)
        ),
        "rows are shuffled": rows[0] != sorted(rows[0]) or rows[1] != sorted(rows[1]),
        "same seed, same parts": rows == [list(part[:, 0]) for part in again[:3]],
        "other seed, other parts": rows[0] != list(other[0][:, 0]),
    }


@exercise(points=2)
def train_val_test_split(X, y, seed):
    """Return X_train, X_val, X_test, y_train, y_val, y_test: 60, 20 and 20 percent of the rows.

    X: (n, d); y: class labels (n,). Rows are shuffled with `seed`. The split is stratified: each
    part holds the classes in the same shares as y. Values stay as they are; nothing is scaled.
    For 50 rows of class 0 and 25 of class 1, the parts have 30 + 15, 10 + 5 and 10 + 5 rows.
    """
    from sklearn.model_selection import train_test_split

    X_train, X_rest, y_train, y_rest = train_test_split(
        X, y, test_size=0.4, stratify=y, random_state=seed
    )
    X_val, X_test, y_val, y_test = train_test_split(
        X_rest, y_rest, test_size=0.5, stratify=y_rest, random_state=seed
    )
    return X_train, X_val, X_test, y_train, y_val, y_test


train_val_test_split.case(
    "three_splits(train_val_test_split, counts=[50, 25], seed=1)", view=split_facts
)
for _counts in ([40, 25, 10], [5, 60], [20, 20, 20, 20]):
    train_val_test_split.hidden_case(
        f"three_splits(train_val_test_split, counts={_counts}, seed=int(rng.integers(1000)))",
        view=split_facts,
    )
train_val_test_split.hint("Split twice: 60 to 40 first, then the 40 in halves.")
train_val_test_split.hint("scikit-learn's train_test_split has `stratify` and `random_state`.")


@train_val_test_split.variant
def class_by_class(X, y, seed):
    rng = np.random.default_rng(seed)
    parts = [[], [], []]
    for label in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == label))
        a, b = round(0.6 * len(rows)), round(0.8 * len(rows))
        for part, chosen in zip(parts, (rows[:a], rows[a:b], rows[b:]), strict=True):
            part.extend(chosen)
    parts = [rng.permutation(part) for part in parts]
    return [X[part] for part in parts] + [y[part] for part in parts]


@train_val_test_split.variant
def test_first(X, y, seed):
    from sklearn.model_selection import train_test_split

    X_rest, X_test, y_rest, y_test = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=seed
    )
    X_train, X_val, y_train, y_val = train_test_split(
        X_rest, y_rest, test_size=0.25, stratify=y_rest, random_state=seed
    )
    return X_train, X_val, X_test, y_train, y_val, y_test


def _by_order(X, y, order, shares=(0.6, 0.8)):
    a, b = (round(share * len(X)) for share in shares)
    parts = order[:a], order[a:b], order[b:]
    return (*(X[part] for part in parts), *(y[part] for part in parts))


@train_val_test_split.misconception(
    "The rows are not shuffled: with sorted labels, a class would be missing from the training."
)
def last_rows(X, y, seed):
    return _by_order(X, y, np.arange(len(X)))


@train_val_test_split.misconception("Shuffled, but not stratified: rare classes may be missing.")
def not_stratified(X, y, seed):
    return _by_order(X, y, np.random.default_rng(seed).permutation(len(X)))


@train_val_test_split.misconception("Validation and test rows must be different rows.")
def val_is_test(X, y, seed):
    parts = train_val_test_split.reference(X, y, seed)
    return parts[0], parts[1], parts[1], parts[3], parts[4], parts[4]


@train_val_test_split.misconception("First the three X, then the three y.")
def in_pairs(X, y, seed):
    X_train, X_val, X_test, y_train, y_val, y_test = train_val_test_split.reference(X, y, seed)
    return X_train, y_train, X_val, y_val, X_test, y_test


@train_val_test_split.misconception(
    "Values stay as they are: a scale is learned later, from the training rows alone."
)
def scaled(X, y, seed):
    return train_val_test_split.reference((X - X.mean(axis=0)) / X.std(axis=0), y, seed)


@train_val_test_split.misconception(
    "Validation gets 20 percent of all rows, which is a quarter of what the test rows leave."
)
def share_of_the_rest(X, y, seed):
    from sklearn.model_selection import train_test_split

    X_rest, X_test, y_rest, y_test = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=seed
    )
    X_train, X_val, y_train, y_val = train_test_split(
        X_rest, y_rest, test_size=0.2, stratify=y_rest, random_state=seed
    )
    return X_train, X_val, X_test, y_train, y_val, y_test


@train_val_test_split.misconception("60, 20 and 20 percent of all rows: mind the second split.")
def other_shares(X, y, seed):
    from sklearn.model_selection import train_test_split

    X_train, X_rest, y_train, y_rest = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=seed
    )
    X_val, X_test, y_val, y_test = train_test_split(
        X_rest, y_rest, test_size=0.5, random_state=seed
    )
    return X_train, X_val, X_test, y_train, y_val, y_test


@train_val_test_split.misconception("`seed` is not used: each call gives other rows.")
def unseeded(X, y, seed):
    return train_val_test_split.reference(X, y, int(np.random.default_rng().integers(10**6)))


@train_val_test_split.misconception("`seed` is not used: every seed gives the same rows.")
def one_seed(X, y, seed):
    return train_val_test_split.reference(X, y, 0)


# --- early stopping -------------------------------------------------------------------------------


@exercise(points=3)
def early_stopping(val, patience, min_delta=0.0):
    """Return the epoch at which training stops and the best epoch: (stop_epoch, best_epoch).

    val: validation losses, one per epoch; epochs count from 0. An epoch is the new best if its loss
    is lower than the best so far by more than `min_delta`; the first epoch always is.
    Training stops after the epoch that is the `patience`-th in a row without a new best; if that
    never happens, at the last. For val=[3, 1, 2, 2, 2] and patience=2: (3, 1).
    """
    best, waited = 0, 0
    for epoch, loss in enumerate(val):
        if epoch == 0 or loss < val[best] - min_delta:
            best, waited = epoch, 0
        else:
            waited += 1
            if waited >= patience:
                return epoch, best
    return len(val) - 1, best


early_stopping.case("early_stopping([5.0, 3.0, 4.0, 2.0, 2.5, 2.2, 2.1, 1.0], 3)")
early_stopping.case("early_stopping([3.0, 2.0, 2.0, 2.0, 2.0, 1.0], 2)")
early_stopping.case("early_stopping([3.0, 2.0, 1.0], 2)")
early_stopping.case("early_stopping([1.0, 0.95, 0.9, 0.85, 0.5], 2, min_delta=0.2)")
for _call in (
    "list(np.round(5 / np.arange(1, 30) + 0.2 * np.arange(29) + rng.normal(0, 0.3, 29), 1)), 3",
    "list(rng.integers(0, 6, 25) / 2), 4",
    "[1.0, 2.0, 3.0, 4.0], 3",
    "[1.0, 2.0, 3.0, 0.5], 1",
    "list(np.linspace(2, 1, 12)), 3, 0.15",
    "list(2 + rng.normal(size=30)), 5, 0.3",
    "[0.7], 2",
    "[3.0, 2.0, 2.0, 2.0, 2.0, 1.0], 3",
    "[2.0, 1.0, 1.0, 1.0, 0.5], 2",
    "np.array([4.0, 3.0, 3.5, 3.2, 3.1, 2.9, 3.0, 3.0, 3.0]), 4",
):
    early_stopping.hidden_case(f"early_stopping({_call})")
early_stopping.hint("Keep the best epoch, and count the epochs since then.")
early_stopping.hint("A tie is no improvement: lower, not lower or equal.")
early_stopping.hint("A new best sets the count back to 0.")


@early_stopping.variant
def by_distance(val, patience, min_delta=0.0):
    best_loss, best = float("inf"), -1
    for epoch, loss in enumerate(val):
        if best_loss - loss > min_delta:
            best_loss, best = loss, epoch
        if epoch - best == patience:
            return [epoch, best]
    return [len(val) - 1, best]


@early_stopping.variant
def with_while(val, patience, min_delta=0.0):
    val = np.asarray(val, dtype=float)
    epoch = best = wait = 0
    while epoch + 1 < len(val) and wait < patience:
        epoch += 1
        improved = val[epoch] + min_delta < val[best]
        best = epoch if improved else best
        wait = 0 if improved else wait + 1
    return np.array([epoch, best])


@early_stopping.misconception("It stops one epoch late: the patience-th epoch without a new best.")
def one_late(val, patience, min_delta=0.0):
    return early_stopping.reference(val, patience + 1, min_delta)


@early_stopping.misconception("The second value is the epoch of the lowest loss, not the last one.")
def last_is_best(val, patience, min_delta=0.0):
    stop, _ = early_stopping.reference(val, patience, min_delta)
    return stop, stop


@early_stopping.misconception("A loss that equals the best is no improvement.")
def ties_count(val, patience, min_delta=0.0):
    best, waited = 0, 0
    for epoch, loss in enumerate(val):
        if epoch == 0 or loss <= val[best] - min_delta:
            best, waited = epoch, 0
        else:
            waited += 1
            if waited >= patience:
                return epoch, best
    return len(val) - 1, best


@early_stopping.misconception("It stops at the first rise; patience allows some.")
def first_rise(val, patience, min_delta=0.0):
    return early_stopping.reference(val, 1, min_delta)


@early_stopping.misconception("It stops at the first loss that is higher; patience allows some.")
def first_higher(val, patience, min_delta=0.0):
    for epoch in range(1, len(val)):
        if val[epoch] > val[epoch - 1]:
            return epoch, epoch - 1
    return len(val) - 1, len(val) - 1


@early_stopping.misconception("Epochs count from 0.")
def from_one(val, patience, min_delta=0.0):
    stop, best = early_stopping.reference(val, patience, min_delta)
    return stop + 1, best + 1


@early_stopping.misconception("If it never stops early, the last epoch is len(val) - 1.")
def one_beyond(val, patience, min_delta=0.0):
    stop, best = early_stopping.reference(val, patience, min_delta)
    waited = stop - best >= patience
    return (stop if waited else len(val)), best


@early_stopping.misconception("First the epoch at which training stops, then the best one.")
def best_first(val, patience, min_delta=0.0):
    return early_stopping.reference(val, patience, min_delta)[::-1]


@early_stopping.misconception("Losses after the stop are never seen: look for the best before it.")
def best_of_all(val, patience, min_delta=0.0):
    return early_stopping.reference(val, patience, min_delta)[0], int(np.argmin(val))


@early_stopping.misconception("`min_delta` is not used.")
def no_delta(val, patience, min_delta=0.0):
    return early_stopping.reference(val, patience)


@early_stopping.misconception("The count goes on where it was: a new best sets it back to 0.")
def never_reset(val, patience, min_delta=0.0):
    best, waited = 0, 0
    for epoch, loss in enumerate(val):
        if epoch == 0 or loss < val[best] - min_delta:
            best = epoch
        else:
            waited += 1
            if waited >= patience:
                return epoch, best
    return len(val) - 1, best


@early_stopping.misconception(
    "Compare with the best loss so far, not with that of the epoch before."
)
def with_the_last(val, patience, min_delta=0.0):
    waited, best = 0, 0
    for epoch in range(1, len(val)):
        if val[epoch] < val[epoch - 1] - min_delta:
            best, waited = epoch, 0
        else:
            waited += 1
            if waited >= patience:
                return epoch, best
    return len(val) - 1, best


# --- callbacks ------------------------------------------------------------------------------------


@driver
def callback_facts(found):
    """What a list of callbacks will do."""
    if found is None:
        return None
    facts = {}
    for callback in found:
        name = type(callback).__mro__[1].__name__
        name = type(callback).__name__ if name in ("Callback", "MonitorCallback") else name
        facts[name] = {
            key: getattr(callback, key)
            for key in ("monitor", "patience", "restore_best_weights", "factor")
            if hasattr(callback, key)
        }
        facts[name]["lower is better"] = getattr(callback, "mode", "auto") != "max"
    return facts


@driver
def trained_with(make_callbacks, patience):
    """Whether a training that overfits ends early, and with its best weights."""
    import keras

    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(40, 8)).astype("float32"), rng.normal(size=(40, 1)).astype("float32")
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(64, "relu"),
                              keras.layers.Dense(1)])  # fmt: skip
    model.compile(keras.optimizers.SGD(0.05), "mse")
    found = make_callbacks(patience)
    if found is None:
        return None
    history = model.fit(X[:20], y[:20], validation_data=(X[20:], y[20:]), epochs=30,
                        callbacks=list(found), verbose=0).history  # fmt: skip
    loss = model.evaluate(X[20:], y[20:], verbose=0)
    return {
        "stops early": len(history["val_loss"]) < 30,
        "has the best weights": bool(np.isclose(loss, min(history["val_loss"]), rtol=1e-3)),
    }


@driver
def rates_with(make_callbacks, patience, val_losses):
    """The learning rate after each epoch of these losses until it stops, and the weight kept.

    The weight in epoch k is k; the training loss falls all the time.
    """
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    callbacks = keras.callbacks.CallbackList(list(make_callbacks(patience)), model=model)
    callbacks.on_train_begin()
    rates = []
    for epoch, loss in enumerate(val_losses):
        model.set_weights([np.full((1, 1), epoch)])
        callbacks.on_epoch_end(epoch, {"loss": 1 / (1 + epoch), "val_loss": loss})
        rates.append(float(model.optimizer.learning_rate))
        if model.stop_training:
            break
    callbacks.on_train_end()
    return {"rates": rates, "weight": float(model.get_weights()[0][0, 0])}


@exercise(points=1.5)
def make_callbacks(patience):
    """Return a list of two Keras callbacks that watch the validation loss.

    EarlyStopping with this patience, which restores the best weights; and ReduceLROnPlateau, which
    halves the learning rate after patience // 2 epochs without improvement (1 at least).
    For patience=10: stop after 10 epochs, halve after 5.
    """
    from keras import callbacks

    return [
        callbacks.EarlyStopping(monitor="val_loss", patience=patience, restore_best_weights=True),
        callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=max(1, patience // 2)),
    ]


make_callbacks.case("callback_facts(make_callbacks(10))")
make_callbacks.case("trained_with(make_callbacks, 4)")
make_callbacks.hidden_case("callback_facts(make_callbacks(int(rng.integers(4, 30))))")
make_callbacks.hidden_case("callback_facts(make_callbacks(1))")
make_callbacks.hidden_case(
    "rates_with(make_callbacks, int(rng.integers(4, 8)), list(rng.uniform(1, 2, size=60)))"
)
make_callbacks.hint(
    "keras.callbacks.EarlyStopping has `restore_best_weights`; its default is False."
)
make_callbacks.hint("ReduceLROnPlateau has `factor`, by which the rate is multiplied.")


@make_callbacks.variant
def by_name(patience):
    import keras

    stop = keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
    half = patience // 2 if patience >= 2 else 1
    return [keras.callbacks.ReduceLROnPlateau(factor=1 / 2, patience=half), stop]


@make_callbacks.variant
def as_a_tuple(patience):
    from keras.callbacks import EarlyStopping, ReduceLROnPlateau

    slow = ReduceLROnPlateau("val_loss", 0.5, max(patience // 2, 1))
    stop = EarlyStopping(patience=patience, mode="min", restore_best_weights=True)
    return (stop, slow)


def _callbacks(patience, monitor="val_loss", restore=True, factor=0.5, slow=None, mode="auto"):
    from keras import callbacks

    slow = max(1, patience // 2) if slow is None else slow
    return [
        callbacks.EarlyStopping(monitor, 0, patience, mode=mode, restore_best_weights=restore),
        callbacks.ReduceLROnPlateau(monitor, factor, slow, mode=mode),
    ]


@make_callbacks.misconception("The weights of the last epoch stay: set restore_best_weights=True.")
def not_restored(patience):
    return _callbacks(patience, restore=False)


@make_callbacks.misconception("Watch val_loss: the training loss goes on falling.")
def training_loss(patience):
    return _callbacks(patience, monitor="loss")


@make_callbacks.misconception("`factor` is what the rate is multiplied by: 0.5 halves it.")
def default_factor(patience):
    return _callbacks(patience, factor=0.1)


@make_callbacks.misconception("The rate has to fall before the training stops: patience // 2.")
def same_patience(patience):
    return _callbacks(patience, slow=patience)


@make_callbacks.misconception("Watch the validation loss, `val_loss`, which every model has.")
def validation_accuracy(patience):
    return _callbacks(patience, monitor="val_accuracy")


@make_callbacks.misconception('A lower loss is better: mode "min", or "auto", the default.')
def upward(patience):
    return _callbacks(patience, mode="max")


@make_callbacks.misconception("For patience=1, patience // 2 is 0, and 1 is the least.")
def no_wait(patience):
    return _callbacks(patience, slow=patience // 2)


@make_callbacks.misconception("`patience` is not used.")
def fixed_patience(patience):
    return _callbacks(10)


@make_callbacks.misconception("The second callback is missing: ReduceLROnPlateau.")
def only_stopping(patience):
    return _callbacks(patience)[:1]


@driver
def ratios_of(callback_class, logs):
    """The ratios that a callback keeps, given the logs of some epochs."""
    callback = callback_class()
    callback.on_train_begin({})
    for epoch, log in enumerate(logs):
        callback.on_epoch_end(epoch, dict(log))
    return [float(ratio) for ratio in callback.ratios]


@driver
def ratios_in_fit(callback_class, validate):
    """How many ratios two trainings of 3 epochs leave, and whether they equal the history's."""
    import keras

    keras.utils.set_random_seed(0)
    X, y = np.ones((8, 2), dtype="float32"), np.arange(8.0, dtype="float32")[:, None]
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    callback = callback_class()
    data = (X, y + 1) if validate else None
    history = model.fit(X, y, validation_data=data, epochs=3, callbacks=[callback], verbose=0)
    ratios = [float(ratio) for ratio in callback.ratios]
    expected = np.divide(
        history.history.get("val_loss", []), history.history["loss"][: 3 * validate]
    )
    return {"ratios": len(ratios), "as in the history": bool(np.allclose(ratios, expected))}


@exercise(points=1.5)
class OverfitRatio(keras.callbacks.Callback):
    """A callback that keeps how many times larger the validation loss is than the training loss.

    After each epoch, `self.ratios`, a list that is empty at first, gets val_loss / loss of that
    epoch. An epoch without validation data adds nothing, and raises nothing. Write it yourself,
    without dlcourse.callbacks.
    For the logs {"loss": 2.0, "val_loss": 3.0}, it gets 1.5.
    """

    def __init__(self):
        super().__init__()
        self.ratios = []

    def on_epoch_end(self, epoch, logs=None):
        if logs and "val_loss" in logs:
            self.ratios.append(logs["val_loss"] / logs["loss"])


OverfitRatio.case(
    "ratios_of(OverfitRatio, [{'loss': 2.0, 'val_loss': 3.0}, {'loss': 0.5, 'val_loss': 2.0}])"
)
OverfitRatio.case("ratios_of(OverfitRatio, [{'loss': 2.0}, {'loss': 1.0, 'val_loss': 4.0}])")
OverfitRatio.hidden_case("ratios_in_fit(OverfitRatio, validate=True)")
OverfitRatio.hidden_case("ratios_in_fit(OverfitRatio, validate=False)")
OverfitRatio.hidden_case(
    "ratios_of(OverfitRatio, [{'loss': 1 + rng.random(), 'val_loss': rng.random()} "
    "for _ in range(4)])"
)
OverfitRatio.hint("__init__ calls super().__init__() and makes the empty list.")
OverfitRatio.hint("on_epoch_end(self, epoch, logs=None) is called by Keras after each epoch.")
OverfitRatio.hint('`"val_loss" in logs` tells if there was validation.')
OverfitRatio.forbid("dlcourse.callbacks", because="write the callback yourself")


@OverfitRatio.variant
class StartsInTraining(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.ratios = []

    def on_epoch_end(self, epoch, logs=None):
        val = (logs or {}).get("val_loss")
        if val is None:
            return
        self.ratios += [val / logs["loss"]]


@OverfitRatio.variant
class WithTry(keras.callbacks.Callback):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.ratios = list()

    def on_epoch_end(self, epoch, logs):
        try:
            self.ratios.append(np.divide(logs["val_loss"], logs["loss"]))
        except KeyError:
            pass


@OverfitRatio.misconception("Without validation data there is no `val_loss` in logs: look first.")
class KeyErrorWithout(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.ratios = []

    def on_epoch_end(self, epoch, logs=None):
        self.ratios.append(logs["val_loss"] / logs["loss"])


@OverfitRatio.misconception("The ratio is upside down: validation over training.")
class UpsideDown(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.ratios = []

    def on_epoch_end(self, epoch, logs=None):
        if "val_loss" in logs:
            self.ratios.append(logs["loss"] / logs["val_loss"])


@OverfitRatio.misconception("An epoch without validation adds nothing, not even a NaN.")
class NanWithout(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.ratios = []

    def on_epoch_end(self, epoch, logs=None):
        self.ratios.append(logs.get("val_loss", np.nan) / logs["loss"])


@OverfitRatio.misconception("Keep one ratio per epoch, not the last one alone.")
class LastOnly(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.ratios = []

    def on_epoch_end(self, epoch, logs=None):
        if "val_loss" in logs:
            self.ratios = [logs["val_loss"] / logs["loss"]]


@OverfitRatio.misconception("That is the difference; the ratio was asked.")
class Difference(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.ratios = []

    def on_epoch_end(self, epoch, logs=None):
        if "val_loss" in logs:
            self.ratios.append(logs["val_loss"] - logs["loss"])


# --- penalties ------------------------------------------------------------------------------------


@exercise(points=1.5)
def l2(ws, lam):
    """Return the L2 penalty of a network: `lam` times the sum of all squared weights.

    ws: a list of arrays in any order. Those with one axis are biases and do not count. Write the
    sum yourself, without keras.regularizers. For ws=[[[1, 2]], [5]] as arrays and lam=0.1 it is 0.5.
    """
    return lam * sum(float(np.sum(np.square(w))) for w in ws if np.ndim(w) > 1)


l2.case("l2([np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([4.0, 4.0])], 0.1)")
l2.case("l2([np.array([[1.0, 2.0, 3.0]]), np.zeros(3), np.array([[2.0], [0.0], [-1.0]])], 0.01)")
l2.hidden_case("l2([rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(3, 2))], 0.3)")
l2.hidden_case("l2([rng.normal(size=(2, 2, 3)), rng.normal(size=3)], 0.02)")
l2.hidden_case("l2([rng.normal(size=(3, 5))], 0.0)")
l2.hidden_case("l2([rng.normal(size=k) for k in (3, (2, 3), (3, 4), 4, (4, 1))], 0.2)")
l2.hint("Square, sum over each array, sum over the list.")
l2.hint("np.ndim(w) is 1 for a bias.")
l2.forbid("keras.regularizers", because="write the sum yourself; the lab compares it with Keras")


@l2.variant
def by_loops(ws, lam):
    total = 0.0
    for w in ws:
        if len(np.shape(w)) >= 2:
            for value in np.ravel(w):
                total += value**2
    return total * lam


@l2.variant
def by_norms(ws, lam):
    return lam * np.sum([np.linalg.norm(np.ravel(w)) ** 2 for w in ws if np.asarray(w).ndim != 1])


@l2.misconception("There is no 1/2 in Keras' convention, which this lab uses.")
def with_half(ws, lam):
    return l2.reference(ws, lam) / 2


@l2.misconception("Biases do not count.")
def biases_too(ws, lam):
    return lam * sum(float(np.sum(np.square(w))) for w in ws)


@l2.misconception("The weights are squared: you took the norm, without its square.")
def norm(ws, lam):
    return lam * sum(float(np.sqrt(np.sum(np.square(w)))) for w in ws if np.ndim(w) > 1)


@l2.misconception("That is the L1 penalty: absolute values.")
def absolute(ws, lam):
    return lam * sum(float(np.sum(np.abs(w))) for w in ws if np.ndim(w) > 1)


@l2.misconception("A bias need not follow each matrix: look at the number of axes, not the place.")
def every_other(ws, lam):
    return lam * sum(float(np.sum(np.square(w))) for w in ws[::2])


@l2.misconception("Square each weight first, then sum.")
def sum_squared(ws, lam):
    return lam * sum(float(np.sum(w)) ** 2 for w in ws if np.ndim(w) > 1)


@l2.misconception("A sum, not a mean.")
def mean(ws, lam):
    return lam * sum(float(np.mean(np.square(w))) for w in ws if np.ndim(w) > 1)


@exercise(points=1.5)
def elastic_net(w, lam, r):
    """Return the elastic-net penalty of one array: a mixture of L1 and L2.

    lam * (r * sum |w| + (1 - r) / 2 * sum w ** 2), with r from 0 to 1. Write the sums yourself,
    without keras.regularizers. For w=[1, -2], lam=0.1 and r=0.5 it is 0.275.
    """
    w = np.asarray(w)
    return float(lam * (r * np.sum(np.abs(w)) + (1 - r) / 2 * np.sum(w**2)))


elastic_net.case("elastic_net(np.array([[1.0, -2.0], [0.5, 3.0]]), 0.1, 0.3)")
elastic_net.case("elastic_net(np.array([1.0, -2.0, 4.0]), 0.1, 1.0)")
elastic_net.hidden_case("elastic_net(rng.normal(size=(4, 3)), 0.2, 0.7)")
elastic_net.hidden_case("elastic_net(rng.normal(size=(2, 5)), 0.5, 0.0)")
elastic_net.hidden_case("elastic_net(-rng.random(6), 0.05, 1.0)")
elastic_net.hint("Two sums, one of absolute values, one of squares.")
elastic_net.forbid("keras.regularizers", because="write the sums yourself")


@elastic_net.variant
def two_terms(w, lam, r):
    lasso = sum(abs(v) for v in np.ravel(w))
    ridge = sum(v * v for v in np.ravel(w)) / 2
    return lam * r * lasso + lam * (1 - r) * ridge


@elastic_net.variant
def one_sum(w, lam, r):
    w = np.asarray(w, dtype=float)
    return lam * np.sum(r * np.abs(w) + 0.5 * (1 - r) * w * w)


@elastic_net.misconception("r and 1 - r are swapped: r=1 is L1 alone.")
def r_swapped(w, lam, r):
    return elastic_net.reference(w, lam, 1 - r)


@elastic_net.misconception("The 1/2 belongs to the squares only.")
def half_on_both(w, lam, r):
    w = np.asarray(w)
    return lam * (r * np.sum(np.abs(w)) + (1 - r) * np.sum(w**2)) / 2


@elastic_net.misconception("The 1/2 of the squares is missing.")
def no_half(w, lam, r):
    w = np.asarray(w)
    return lam * (r * np.sum(np.abs(w)) + (1 - r) * np.sum(w**2))


@elastic_net.misconception("The weights are squared: you took the norm, without its square.")
def norm_of_w(w, lam, r):
    w = np.asarray(w)
    return lam * (r * np.sum(np.abs(w)) + (1 - r) / 2 * np.sqrt(np.sum(w**2)))


@elastic_net.misconception("`lam` multiplies both terms.")
def lam_once(w, lam, r):
    w = np.asarray(w)
    return lam * r * np.sum(np.abs(w)) + (1 - r) / 2 * np.sum(w**2)


@elastic_net.misconception("Absolute values: the signs must not cancel.")
def signed(w, lam, r):
    w = np.asarray(w)
    return lam * (r * np.sum(w) + (1 - r) / 2 * np.sum(w**2))


# --- dropout --------------------------------------------------------------------------------------


@driver
def dropped_ones(dropout, p, seed):
    """400 rows of 50 ones after dropout with a seed, with the same again, and with the next three."""
    seeds = seed, seed, seed + 1, seed + 2, seed + 3
    found = [dropout(np.ones((400, 50)), p, np.random.default_rng(s)) for s in seeds]
    return None if found[0] is None else found


@driver
def dropout_facts(found):
    """What dropout does to 400 rows of 50 ones, up to chance."""
    if found is None:
        return None
    y, again, *others = (np.asarray(part, float) for part in found)
    kept = y[y != 0]
    return {
        "shape": list(y.shape),
        "share of zeros": round(float(np.mean(y == 0)) / 0.05) * 0.05,
        "value of survivors": sorted({round(float(v), 4) for v in kept}),
        "mean": round(float(y.mean()) / 0.25) * 0.25,
        "rows differ": bool(np.any(y != y[0])),
        "values of a row differ": bool(np.any(y != y[:, :1])),
        "same rng, same mask": bool(np.array_equal(y, again)),
        "other rng, other mask": not any(np.array_equal(y, other) for other in others),
        "number of zeros is random": len({int(np.sum(z == 0)) for z in (y, *others)}) > 1
        and len({int(n) for n in np.sum(y == 0, axis=1)}) > 1,
    }


@exercise(points=3)
def dropout(x, p, rng, training=True):
    """Return x after inverted dropout: each value is dropped with probability p.

    x: an array; p: from 0 to 1; rng: a NumPy generator. In training, dropped values become 0 and
    survivors are divided by 1 - p, each value on its own; with p=1 nothing survives.
    Otherwise x is returned as it is. Write the mask yourself, without layers.Dropout.
    For p=0.2, survivors of [1, 1, 1] are 1.25.
    """
    x = np.asarray(x)
    if not training:
        return x
    if p == 1:
        return np.zeros_like(x)
    return np.where(rng.random(x.shape) >= p, x / (1 - p), 0)


dropout.case("dropout(np.array([[1.0, -2.0, 3.0]]), 0.5, rng, training=False)")
dropout.case("dropped_ones(dropout, p=0.2, seed=0)", view=dropout_facts)
for _p in (0.2, 0.8, 0.5):
    dropout.hidden_case(
        f"dropped_ones(dropout, p={_p}, seed=int(rng.integers(1000)))", view=dropout_facts
    )
dropout.hidden_case("dropout(rng.normal(size=(3, 4)), 0.0, rng)")
dropout.hidden_case("dropout(rng.normal(size=(3, 4)), 1.0, rng)")
dropout.hidden_case("dropout(rng.normal(size=5), 0.7, rng, training=False)")
dropout.hint("rng.random(x.shape) gives one number between 0 and 1 for each value.")
dropout.hint("A value survives where its number is at least p.")
dropout.hint("Why divide? So that the mean stays what it was: a share 1 - p survives.")
dropout.forbid(
    "keras.layers.Dropout",
    "keras.src.layers.regularization",
    because="write the mask yourself; the lab compares it with Keras",
)


@dropout.variant
def with_a_mask(x, p, rng, training=True):
    if not training or p == 0:
        return x
    mask = rng.binomial(1, 1 - p, size=np.shape(x))
    return x * mask / (1 - p) if p < 1 else x * 0


@dropout.variant
def value_by_value(x, p, rng, training=True):
    x = np.array(x, dtype=float)
    if training:
        for place in np.ndindex(x.shape):
            x[place] = 0.0 if rng.uniform() < p else x[place] / (1 - p)
    return x


@dropout.misconception("Survivors are divided by 1 - p, the share that survives, not by p.")
def divided_by_p(x, p, rng, training=True):
    x = np.asarray(x)
    if not training or p == 0:
        return x
    return np.where(rng.random(x.shape) >= p, x / p, 0)


@dropout.misconception("Survivors have to be scaled up, or the mean falls: divide by 1 - p.")
def not_scaled(x, p, rng, training=True):
    x = np.asarray(x)
    return np.where(rng.random(x.shape) >= p, x, 0) if training else x


@dropout.misconception("p is the probability to drop a value, not to keep it.")
def p_keeps(x, p, rng, training=True):
    x = np.asarray(x)
    if not training:
        return x
    return np.where(rng.random(x.shape) < p, x / max(p, 1e-9), 0)


@dropout.misconception("Each value is dropped on its own; here all rows share one mask.")
def one_mask(x, p, rng, training=True):
    x = np.asarray(x)
    if not training:
        return x
    return np.where(rng.random(x.shape[-1]) >= p, x / (1 - p) if p < 1 else 0, 0)


@dropout.misconception("Each value is dropped on its own; here whole rows are dropped.")
def mask_of_rows(x, p, rng, training=True):
    x = np.asarray(x)
    if not training:
        return x
    kept = rng.random((len(x),) + (1,) * (x.ndim - 1)) >= p
    return np.where(kept, x / max(1 - p, 1e-9), 0)


@dropout.misconception("Each value has its own chance: how many are dropped is random, too.")
def exact_share(x, p, rng, training=True):
    x = np.asarray(x)
    if not training:
        return x
    dropped = np.zeros(x.size, dtype=bool)
    dropped[rng.permutation(x.size)[: round(p * x.size)]] = True
    return np.where(dropped.reshape(x.shape), 0, x / max(1 - p, 1e-9))


@dropout.misconception("Draw the mask from `rng`, not from a generator of your own.")
def own_generator(x, p, rng, training=True):
    return dropout.reference(x, p, np.random.default_rng(0), training)


@dropout.misconception("Draw the mask from `rng`: then the same generator gives the same mask.")
def fresh_generator(x, p, rng, training=True):
    return dropout.reference(x, p, np.random.default_rng(), training)


@dropout.misconception("For p=1 this is 0 / 0: then nothing survives, and all values are 0.")
def nan_for_one(x, p, rng, training=True):
    x = np.asarray(x)
    return x * (rng.random(x.shape) >= p) / np.float64(1 - p) if training else x


@dropout.misconception("Outside of training nothing is dropped.")
def always(x, p, rng, training=True):
    return dropout.reference(x, p, rng)


@dropout.misconception(
    "Outside of training, x is returned as it is: inverted dropout scales before."
)
def scaled_at_test(x, p, rng, training=True):
    x = np.asarray(x)
    return np.where(rng.random(x.shape) >= p, x, 0) if training else x * (1 - p)


survivors = constant(
    "survivors",
    4.0,
    prompt="A slide shows `Dropout(.75)` on a tensor of ones, in training. Which value do the "
    "survivors have?",
    points=0.25,
    tolerance=1e-6,
)
survivors.misconception("by_p", 4 / 3, "You divided by p; survivors are divided by 1 - p.")
survivors.misconception("unscaled", 1.0, "Survivors are scaled up, so that the mean stays.")

# --- uncertainty ----------------------------------------------------------------------------------


@driver
def mc_model():
    """A small classifier with batch norm and Monte Carlo dropout, and fixed weights."""
    import keras
    from keras import layers

    from dlcourse.layers import MCDropout

    model = keras.Sequential([
        keras.Input((4,)), layers.Dense(16, activation="relu"), layers.BatchNormalization(),
        MCDropout(0.5, seed=7), layers.Dense(3, activation="softmax"),
    ])  # fmt: skip
    rng = np.random.default_rng(5)
    for weight in model.weights:
        if "seed" not in weight.path:
            values = rng.normal(scale=0.4, size=weight.shape)
            weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
    return model


@driver
def mc_inputs():
    """Five inputs of the classifier."""
    return np.random.default_rng(1).normal(size=(5, 4)).astype("float32")


@driver
def mc_weights(model):
    """All weights but the states of generators."""
    return [np.array(w) for w in model.weights if "seed" not in w.path]


@driver
def mc_runs(mc_predict, n, seed):
    """What mc_predict gives for 60 copies of five inputs, and for three seeds with n=3."""
    model, X = mc_model(), mc_inputs()
    many = mc_predict(model, np.tile(X, (60, 1)), n, seed)
    if many is None:
        return None
    after = mc_weights(model)
    few = [mc_predict(model, X, 3, s)[0] for s in (seed, seed, seed + 1)]
    return {"many": many, "weights": after, "few": few}


@driver
def mc_facts(found):
    """Facts about predictions, beside a computation with NumPy."""
    if found is None:
        return None
    mean, std = (np.asarray(part, dtype=float) for part in found["many"])
    if mean.shape != (300, 3) or std.shape != (300, 3):
        return {"shape of mean": str(mean.shape), "shape of std": str(std.shape)}
    of_input = mean.reshape(60, 5, 3).mean(axis=0)
    before = mc_weights(mc_model())
    W1, b1, gamma, beta, mu, var, W2, b2 = before
    hidden = gamma * (np.maximum(mc_inputs() @ W1 + b1, 0) - mu) / np.sqrt(var + 1e-3) + beta
    masks = np.random.default_rng(0).random((4000, *hidden.shape)) < 0.5
    logits = 2 * hidden * masks @ W2 + b2
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    samples = e / e.sum(axis=-1, keepdims=True)
    few, again, other = (np.asarray(part, dtype=float) for part in found["few"])
    share = std.mean() / samples.std(axis=0).mean()
    return {
        "shape of mean": str(mean.shape),
        "shape of std": str(std.shape),
        "mean sums to 1": bool(np.allclose(mean.sum(axis=-1), 1, atol=1e-4)),
        "mean is right": bool(np.abs(of_input - samples.mean(axis=0)).max() < 0.06),
        "std over the right one": "1"
        if 0.75 < share < 1.3
        else "0"
        if share < 0.02
        else "below 0.2"
        if share < 0.2
        else "below 0.75"
        if share < 1
        else "more",
        "same seed, same numbers": bool(np.allclose(few, again, atol=1e-6)),
        "other seed, other numbers": not np.allclose(few, other, atol=1e-6),
        "batch norm stays as it was": all(map(np.allclose, before, found["weights"])),
    }


@exercise(points=3)
def mc_predict(model, X, n, seed):
    """Return mean and standard deviation of `n` predictions of a network with MCDropout layers.

    Such a layer drops units whenever the model is called, so each call gives other probabilities,
    shape (len(X), n_classes); so do mean and std (ddof 0), over the n calls. All other layers work
    as in inference. The same seed gives the same numbers: set the state of each MCDropout layer,
    `layer.seed_generator.state.assign([seed, 0])`, before the first call.
    For n=1 the standard deviation is 0.
    """
    for layer in model.layers:
        if hasattr(layer, "seed_generator"):
            layer.seed_generator.state.assign([seed, 0])
    samples = np.stack([np.asarray(model(X, training=False)) for _ in range(n)])
    return samples.mean(axis=0), samples.std(axis=0)


mc_predict.case("mc_runs(mc_predict, n=12, seed=1)", view=mc_facts, time_limit=60)
mc_predict.hidden_case(
    "mc_runs(mc_predict, n=12, seed=int(rng.integers(1000)))", view=mc_facts, time_limit=60
)
mc_predict.hidden_case(
    "np.asarray(mc_predict(mc_model(), np.ones((2, 4)), 1, 3)[1])", time_limit=60
)
mc_predict.hint("`model(X, training=False)` is a Keras tensor; np.asarray makes it an array.")
mc_predict.hint("Stack the n results and reduce over the first axis.")


@mc_predict.variant
def in_one_batch(model, X, n, seed):
    from dlcourse.layers import MCDropout

    for layer in model.layers:
        if isinstance(layer, MCDropout):
            layer.seed_generator.state.assign(np.array([seed, 0], dtype="uint32"))
    X = np.asarray(X)
    together = np.asarray(model(np.concatenate([X] * n)))
    samples = together.reshape(n, len(X), -1)
    return np.mean(samples, axis=0), np.std(samples, axis=0)


@mc_predict.variant
def with_predict(model, X, n, seed):
    for layer in model.layers:
        if layer.__class__.__name__ == "MCDropout":
            layer.seed_generator.state.assign([seed, 0])
    total, squares = 0, 0
    for _ in range(n):
        p = np.asarray(model(X), dtype="float64")
        total, squares = total + p, squares + p**2
    mean = total / n
    return mean, np.sqrt(np.maximum(squares / n - mean**2, 0))


def _mc(model, X, n, seed, reduce, training=False):
    for layer in model.layers:
        if hasattr(layer, "seed_generator"):
            layer.seed_generator.state.assign([seed, 0])
    return reduce(np.stack([np.asarray(model(X, training=training)) for _ in range(n)]))


@mc_predict.misconception(
    "training=True also changes batch normalization, whose averages then move: call the model "
    "with training=False."
)
def in_training_mode(model, X, n, seed):
    return _mc(model, X, n, seed, lambda s: (s.mean(axis=0), s.std(axis=0)), training=True)


@mc_predict.misconception("Average the probabilities, not the labels.")
def of_labels(model, X, n, seed):
    def reduce(samples):
        votes = np.eye(samples.shape[-1])[samples.argmax(axis=-1)]
        return votes.mean(axis=0), votes.std(axis=0)

    return _mc(model, X, n, seed, reduce)


@mc_predict.misconception("Average the probabilities, shape (len(X), n_classes), not the labels.")
def of_class_numbers(model, X, n, seed):
    return _mc(model, X, n, seed, lambda s: (s.argmax(-1).mean(axis=0), s.argmax(-1).std(axis=0)))


@mc_predict.misconception(
    "Reduce over the n calls only: the first axis of the stacked predictions."
)
def one_number(model, X, n, seed):
    return _mc(model, X, n, seed, lambda s: (s.mean(axis=0), s.std()))


@mc_predict.misconception("The spread of the n predictions was asked, not that of their mean.")
def std_of_mean(model, X, n, seed):
    return _mc(model, X, n, seed, lambda s: (s.mean(axis=0), s.mean(axis=0).std(axis=0)))


@mc_predict.misconception("Divide by n, not by n - 1: ddof is 0.")
def ddof_one(model, X, n, seed):
    return _mc(model, X, n, seed, lambda s: (s.mean(axis=0), s.std(axis=0, ddof=1)))


@mc_predict.misconception("`n` is not used.")
def fixed_n(model, X, n, seed):
    return mc_predict.reference(model, X, 30, seed)


@mc_predict.misconception("That is the error of the mean; the spread is not divided by sqrt(n).")
def error_of_mean(model, X, n, seed):
    return _mc(model, X, n, seed, lambda s: (s.mean(axis=0), s.std(axis=0) / np.sqrt(n)))


@mc_predict.misconception("That is the variance; its square root was asked.")
def variance(model, X, n, seed):
    return _mc(model, X, n, seed, lambda s: (s.mean(axis=0), s.var(axis=0)))


@mc_predict.misconception("The seed is not used: set the state of each MCDropout layer first.")
def seedless(model, X, n, seed):
    samples = np.stack([np.asarray(model(X)) for _ in range(n)])
    return samples.mean(axis=0), samples.std(axis=0)


@mc_predict.misconception("All calls draw the same mask: set the seed once, before the first call.")
def same_mask(model, X, n, seed):
    samples = []
    for _ in range(n):
        for layer in model.layers:
            if hasattr(layer, "seed_generator"):
                layer.seed_generator.state.assign([seed, 0])
        samples.append(np.asarray(model(X)))
    return np.mean(samples, axis=0), np.std(samples, axis=0)


@exercise(points=1)
def predictive_entropy(p):
    """Return the entropy of class probabilities, in nats: -sum p log p, over the last axis.

    p: shape (..., n_classes); the result has the shape before it. 0 log 0 counts as 0.
    For p=[0.5, 0.5] it is 0.6931.
    """
    p = np.asarray(p)
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), axis=-1)


predictive_entropy.case(
    "predictive_entropy(np.array([[0.25, 0.25, 0.5], [0.1, 0.2, 0.7]]))", atol=1e-5
)
predictive_entropy.case("predictive_entropy(np.array([[1.0, 0.0, 0.0]]))", quiet=True, atol=1e-5)
predictive_entropy.hidden_case("predictive_entropy(np.full(10, 0.1))", atol=1e-5)
predictive_entropy.hidden_case(
    "predictive_entropy(rng.dirichlet(np.ones(4), size=(2, 3)))", atol=1e-5
)
predictive_entropy.hidden_case("predictive_entropy(np.eye(3))", quiet=True, atol=1e-5)
predictive_entropy.hint("np.where(p > 0, p, 1) gives log 1 = 0 where p is 0.")


@predictive_entropy.variant
def with_epsilon(p):
    return -np.sum(p * np.log(p + 1e-7), axis=-1)


@predictive_entropy.variant
def ready_made(p):
    from scipy import stats

    return stats.entropy(p, axis=-1)


@predictive_entropy.variant
def with_mask(p):
    p = np.asarray(p, dtype=float)
    logs = np.zeros_like(p)
    np.log(p, out=logs, where=p > 0)
    return -(p * logs).sum(-1)


@predictive_entropy.variant
def with_scipy(p):
    from scipy.special import entr

    return entr(p).sum(axis=-1)


@predictive_entropy.misconception("Each log is weighted by its probability.")
def unweighted(p):
    p = np.asarray(p)
    return -np.sum(np.log(np.where(p > 0, p, 1)), axis=-1)


@predictive_entropy.misconception("0 log 0 must count as 0; here it is not a number.")
def nan_for_zero(p):
    p = np.asarray(p)
    return -np.sum(p * np.log(p), axis=-1)


@predictive_entropy.misconception("The minus sign is missing: an entropy is never negative.")
def negative(p):
    return -predictive_entropy.reference(p)


@predictive_entropy.misconception("A sum, not a mean.")
def mean_over_classes(p):
    return predictive_entropy.reference(p) / np.shape(p)[-1]


@predictive_entropy.misconception("Sum over the classes, the last axis, not over the rows.")
def over_rows(p):
    p = np.asarray(p)
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), axis=0)


@predictive_entropy.misconception("That is in bits; take the natural logarithm.")
def in_bits(p):
    return predictive_entropy.reference(p) / np.log(2)


@predictive_entropy.misconception("One entropy per row: sum over the last axis only.")
def over_all(p):
    return np.sum(predictive_entropy.reference(p))


# --- augmentation ---------------------------------------------------------------------------------


@exercise(points=2)
def shift_images(X, dx, dy, fill=0.0):
    """Return images moved right by `dx` and down by `dy` pixels; new pixels have the value `fill`.

    X: shape (..., height, width); negative numbers move left and up. What leaves the image is lost.
    Shape and dtype stay as they are. For X=[[1, 2], [3, 4]] and dx=1, dy=0: [[0, 1], [0, 3]].
    """
    X = np.asarray(X)
    height, width = X.shape[-2:]
    result = np.full_like(X, fill)
    rows, columns = slice(max(dy, 0), height + min(dy, 0)), slice(max(dx, 0), width + min(dx, 0))
    from_rows = slice(max(-dy, 0), height + min(-dy, 0))
    from_columns = slice(max(-dx, 0), width + min(-dx, 0))
    result[..., rows, columns] = X[..., from_rows, from_columns]
    return result


shift_images.case("shift_images(np.arange(1.0, 13.0).reshape(3, 4), 1, 0)")
shift_images.case("shift_images(np.arange(1.0, 13.0).reshape(3, 4), -1, 2, fill=-1.0)")
for _call in ("2, -1", "0, 1", "-3, 0", "0, 0", "-1, -2, 9.0"):
    shift_images.hidden_case(f"shift_images(rng.integers(0, 17, (4, 5, 6)), {_call})")
shift_images.hidden_case("str(shift_images(np.ones((2, 3, 3), dtype='float32'), 1, 1).dtype)")
shift_images.hint("Start from np.full_like(X, fill), and copy the part that stays visible.")
shift_images.hint("For dx=1, columns 1: of the result are columns :-1 of X.")


@shift_images.variant
def with_roll(X, dx, dy, fill=0.0):
    moved = np.roll(X, (dy, dx), axis=(-2, -1))
    if dx > 0:
        moved[..., :dx] = fill
    if dx < 0:
        moved[..., dx:] = fill
    if dy > 0:
        moved[..., :dy, :] = fill
    if dy < 0:
        moved[..., dy:, :] = fill
    return moved


@shift_images.variant
def pixel_by_pixel(X, dx, dy, fill=0.0):
    X = np.asarray(X)
    height, width = X.shape[-2:]
    result = np.empty_like(X)
    for i in range(height):
        for j in range(width):
            inside = 0 <= i - dy < height and 0 <= j - dx < width
            result[..., i, j] = X[..., i - dy, j - dx] if inside else fill
    return result


@shift_images.misconception("What leaves on one side must not come back on the other.")
def wraps_around(X, dx, dy, fill=0.0):
    return np.roll(X, (dy, dx), axis=(-2, -1))


@shift_images.misconception("dx moves along the columns, the last axis; dy along the rows.")
def axes_swapped(X, dx, dy, fill=0.0):
    return shift_images.reference(X, dy, dx, fill)


@shift_images.misconception("Positive numbers move right and down; you move the other way.")
def other_way(X, dx, dy, fill=0.0):
    return shift_images.reference(X, -dx, -dy, fill)


@shift_images.misconception("The dtype changes: it stays that of X.")
def as_doubles(X, dx, dy, fill=0.0):
    return shift_images.reference(np.asarray(X, dtype=float), dx, dy, fill)


@shift_images.misconception("`fill` is not used.")
def filled_with_zero(X, dx, dy, fill=0.0):
    return shift_images.reference(X, dx, dy)


@shift_images.misconception("Upward and leftward moves are missing: negative numbers.")
def forward_only(X, dx, dy, fill=0.0):
    return shift_images.reference(X, max(dx, 0), max(dy, 0), fill)


# --- tuning ---------------------------------------------------------------------------------------


@driver
def rate_model(X, y, learning_rate=0.1, units=8):
    """A small classifier; its learning rate decides if it learns in a few epochs."""
    import keras

    model = keras.Sequential([
        keras.Input(X.shape[1:]), keras.layers.Dense(units, activation="relu"),
        keras.layers.Dense(y.shape[1], activation="softmax"),
    ])  # fmt: skip
    model.compile(keras.optimizers.Adam(learning_rate), "categorical_crossentropy")
    return model


@driver
def tune_facts(tune, grid, seed):
    """The best parameters for an easy problem, and whether a second search agrees."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1, 2], 24)
    X = rng.normal(size=(72, 2)).astype("float32") + 5 * np.eye(3)[y, 1:]
    found = tune(rate_model, grid, X, y, cv=2, seed=seed)
    if found is None:
        return None
    return {"best": dict(found["best"])}


@driver
def model_of_columns(X, y, n_columns):
    """A classifier that looks at the first `n_columns` columns."""
    import keras

    inputs = keras.Input(X.shape[1:])
    hidden = keras.layers.Dense(32, activation="relu")(inputs[:, :n_columns])
    outputs = keras.layers.Dense(y.shape[1], activation="softmax")(hidden)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.1), "categorical_crossentropy")
    return model


@driver
def tune_with_noise(tune, seed):
    """The best number of columns where two tell the class and 200 help only to learn by heart."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], 36)
    X = 5 * rng.normal(size=(72, 202)).astype("float32")
    X[:, :2] = X[:, :2] / 5 + 2 * np.eye(2)[y]
    found = tune(model_of_columns, {"n_columns": [202, 2]}, X, y, cv=2, seed=seed)
    return found and {"best": dict(found["best"])}


@driver
def model_of_one_column(X, y, column):
    """A classifier that looks at one column, and learns in one step."""
    import keras

    inputs = keras.Input(X.shape[1:])
    outputs = keras.layers.Dense(y.shape[1], activation="softmax")(inputs[:, column : column + 1])
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(3.0), "categorical_crossentropy")
    return model


@driver
def tune_columns(tune, seed):
    """The best of three columns, of which a random one of the last two tells the class."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], 12)
    X = rng.normal(size=(24, 3)).astype("float32")
    X[:, rng.integers(1, 3)] += 8 * y - 4
    grid = [{"column": [0]}, {"column": [1, 2]}]
    found = tune(model_of_one_column, grid, X, y, cv=2, seed=seed)
    return found and {"best": dict(found["best"])}


@exercise(points=2)
def tune(build, grid, X, y, cv=3, seed=0):
    """Return a dict whose entry "best" holds the best parameters of a grid, by cross-validation.

    build(X, y, **parameters) returns a compiled Keras model; grid: a dict of lists of values, or a
    list of such dicts, as in scikit-learn. Wrap the builder in keras.wrappers.SKLearnClassifier
    and train it for 10 epochs in batches of 8, silently; score each combination of values by its
    mean accuracy over `cv` stratified, shuffled folds. The same seed gives the same result.
    Write the search yourself, without dlcourse.tuning: a loop, or scikit-learn's GridSearchCV.
    Its `fit` takes epochs, batch_size and verbose; a wrapper's `fit_kwargs` get lost in the copies
    that scikit-learn makes of it.
    For grid={"learning_rate": [1e-6, 0.1]}, "best" is {"learning_rate": 0.1}.
    """
    from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold

    keras.utils.set_random_seed(seed)
    model = keras.wrappers.SKLearnClassifier(build)
    folds = StratifiedKFold(cv, shuffle=True, random_state=seed)
    candidates = {"model_kwargs": list(ParameterGrid(grid))}
    search = GridSearchCV(model, candidates, cv=folds, scoring="accuracy", refit=False)
    search.fit(X, y, epochs=10, batch_size=8, verbose=0)  # copies of the wrapper lose fit_kwargs
    return {"best": search.best_params_["model_kwargs"], "score": search.best_score_}


tune.case('tune_facts(tune, {"learning_rate": [1e-6, 0.1, 1e-7]}, seed=0)', time_limit=60)
tune.hidden_case("tune_with_noise(tune, seed=1)", time_limit=60)
tune.hidden_case("tune_columns(tune, seed=int(rng.integers(1000)))", time_limit=60)
tune.hint("ParameterGrid(grid) gives all combinations, each a dict.")
tune.hint("SKLearnClassifier(build, model_kwargs=parameters) hands them to the builder.")
tune.hint("GridSearchCV with {'model_kwargs': [...]}, or a loop with cross_val_score: both do.")
tune.forbid("dlcourse.tuning", because="write the search yourself")


@tune.variant
def with_a_loop(build, grid, X, y, cv=3, seed=0):
    from sklearn.model_selection import ParameterGrid, StratifiedKFold, cross_val_score

    results = []
    for parameters in ParameterGrid(grid):
        keras.utils.set_random_seed(seed)
        model = keras.wrappers.SKLearnClassifier(build, model_kwargs=parameters)
        folds = StratifiedKFold(n_splits=cv, shuffle=True, random_state=seed)
        options = {"epochs": 10, "batch_size": 8, "verbose": 0}
        scores = cross_val_score(model, X, y, cv=folds, params=options)
        results.append((np.mean(scores), parameters))
    return {"best": max(results, key=lambda result: result[0])[1]}


@tune.variant
def with_fit_kwargs(build, grid, X, y, cv=3, seed=0):
    from sklearn.model_selection import GridSearchCV, ParameterGrid

    keras.utils.set_random_seed(seed)
    options = {"epochs": 10, "batch_size": 8, "verbose": 0}
    model = keras.wrappers.SKLearnClassifier(build, fit_kwargs=options)
    search = GridSearchCV(model, {"model_kwargs": list(ParameterGrid(grid))}, cv=cv)
    return {"best": search.fit(X, y).best_params_["model_kwargs"]}


@tune.variant
def by_hand(build, grid, X, y, cv=3, seed=0):
    from sklearn.model_selection import ParameterGrid, StratifiedKFold

    one_hot = keras.utils.to_categorical(y)
    best, best_score = {}, -1.0
    for parameters in ParameterGrid(grid):
        scores = []
        for a, b in StratifiedKFold(cv, shuffle=True, random_state=seed).split(X, y):
            keras.utils.set_random_seed(seed)
            model = build(X[a], one_hot[a], **parameters)
            model.fit(X[a], one_hot[a], epochs=10, batch_size=8, verbose=0)
            scores.append(np.mean(np.asarray(model(X[b])).argmax(axis=1) == y[b]))
        if np.mean(scores) > best_score:
            best, best_score = parameters, np.mean(scores)
    return {"best": best, "score": best_score}


def _known_best(grid):
    """The best parameters of the grids above, without training."""
    from sklearn.model_selection import ParameterGrid

    return max(ParameterGrid(grid), key=lambda c: c.get("learning_rate", -c.get("n_columns", 0)))


@tune.misconception("That is the first combination of the grid: score them all, and take the best.")
def first_one(build, grid, X, y, cv=3, seed=0):
    from sklearn.model_selection import ParameterGrid

    return {"best": dict(next(iter(ParameterGrid(grid))))}


@tune.misconception("That combination scores badly: the best has the highest accuracy.")
def worst_one(build, grid, X, y, cv=3, seed=0):
    from sklearn.model_selection import ParameterGrid

    best = _known_best(grid)
    return {"best": [dict(c) for c in ParameterGrid(grid) if c != best][-1]}


@tune.misconception(
    "In Keras 3 the builder is called as build(X, y, **parameters), through SKLearnClassifier."
)
def builder_without_data(build, grid, X, y, cv=3, seed=0):
    from sklearn.model_selection import ParameterGrid

    return [build(**parameters) for parameters in ParameterGrid(grid)]


@tune.misconception(
    "Score on the fold that was held out: on the training rows, learning by heart looks best."
)
def on_training_rows(build, grid, X, y, cv=3, seed=0):
    from sklearn.model_selection import ParameterGrid

    def score(parameters):
        keras.utils.set_random_seed(seed)
        options = {"epochs": 10, "batch_size": 8, "verbose": 0}
        model = keras.wrappers.SKLearnClassifier(build, model_kwargs=parameters, fit_kwargs=options)
        return model.fit(X, y).score(X, y)

    return {"best": max(ParameterGrid(grid), key=score)}


@tune.misconception("`best_params_` of GridSearchCV holds them under the key model_kwargs.")
def wrapped(build, grid, X, y, cv=3, seed=0):
    return {"best": {"model_kwargs": _known_best(grid)}}


@tune.misconception('The result is a dict with the entry "best", which holds the parameters.')
def best_alone(build, grid, X, y, cv=3, seed=0):
    return _known_best(grid)


@tune.misconception("The parameter is named `learning_rate`; `lr` is gone since Keras 3.")
def lr(build, grid, X, y, cv=3, seed=0):
    best = _known_best(grid)
    return {"best": {"lr": best.get("learning_rate")}}


# --- short answers --------------------------------------------------------------------------------

new_data = question(
    "new_data",
    "The training error of a model falls with every iteration. What does that say about its error "
    "on new data?",
    points=0.5,
)
new_data.right("Nothing: it may fall as well, or rise. Only held-out data can tell.")
new_data.wrong("It falls, too, only later.", "Not when the model has begun to fit the noise.")
new_data.wrong("It rises, because the model overfits.", "It need not: early on, both fall.")
new_data.wrong(
    "It is the same, as both come from one distribution.",
    "The model was fitted to one of them.",
)
new_data.hint("Compare the two numbers over each panel of the figure.")

boundaries = question(
    "boundaries",
    "Two classifiers saw the same noisy points. One draws a straight line through them, the other "
    "a curve with an island around each point of the wrong color. What are they?",
    points=0.5,
)
boundaries.right("The line underfits or is about right; the curve with islands overfits.")
boundaries.wrong("The curve is better: it makes no mistakes.", "On these points; not on new ones.")
boundaries.wrong("Both overfit.", "A line has too few parameters to follow single points.")
boundaries.wrong("The line overfits, since it ignores points.", "To ignore points is the opposite.")
boundaries.hint("Which one would change if you drew the noise anew?")

sorted_labels = question(
    "sorted_labels",
    "The 150 irises are sorted by species, and `fit(..., validation_split=0.3)` takes the last "
    "rows, before shuffling. What happens?",
    points=0.25,
)
sorted_labels.right(
    "Almost a whole species is missing from training; validation accuracy is near 0."
)
sorted_labels.wrong("Nothing: fit shuffles the rows.", "It does, but after the split.")
sorted_labels.wrong(
    "Validation is too optimistic.", "The rows are different; it is far too pessimistic."
)
sorted_labels.hint("Rows 105 to 149: which species?")

weight_decay = question(
    "weight_decay",
    "For which optimizer is an L2 penalty on the loss the same as weight decay, which shrinks "
    "each weight by a fixed share at every step?",
    points=0.5,
)
weight_decay.right("For plain SGD only.")
weight_decay.wrong(
    "For all of them.", "Adam divides the penalty's gradient by its own root mean square."
)
weight_decay.wrong("For Adam only.", "There they differ; hence AdamW.")
weight_decay.wrong("For none.", "Write down one step of SGD with the penalty's gradient.")
weight_decay.hint("Lab 05 measured it.")

dropout_curves = free_text(
    "dropout_curves",
    "With dropout, the validation loss is often *below* the training loss. Give two reasons.",
    rubric=[
        "1 point: dropout is active when the training loss is computed, not in validation",
        "1 point: the training loss is averaged over the epoch, while the weights improve; the "
        "validation loss is computed after it",
    ],
    points=2,
)
