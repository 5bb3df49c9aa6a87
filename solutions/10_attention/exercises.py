"""Exercises of lab 10: a soft dictionary, scaled dot-product attention, masks, recall."""

import numpy as np

from dlcourse.authoring import driver, exercise, question

OWN_ATTENTION = "write the attention yourself; Keras' layer is what the lab compares it with"

# --- a dictionary that is soft --------------------------------------------------------------------


@exercise(points=2)
def soft_lookup(q, keys, values, temperature=1.0):
    """Return the mean of the values, weighted by the softmax of the scores over temperature.

    q: one query, shape (d,); keys: shape (m, d); values: shape (m, d_v). The score of a key is its
    dot product with the query. The result has shape (d_v,). Scores in the thousands must work, too.
    For q=[1, 0], keys=[[2, 0], [0, 2]], values=[[1], [0]] it is [0.8808].
    """
    scores = np.asarray(keys) @ np.asarray(q) / temperature
    weights = np.exp(scores - scores.max())
    return weights / weights.sum() @ np.asarray(values)


soft_lookup.case(
    "soft_lookup(np.array([1.0, 0.0]), np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), "
    "np.array([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]]))"
)
soft_lookup.case(
    "soft_lookup(np.array([1.0, -1.0]), np.array([[2.0, 0.0], [0.0, 2.0]]), "
    "np.array([[1.0], [3.0]]), temperature=4.0)"
)
soft_lookup.case(
    "soft_lookup(np.array([2.0, 1.0]), np.array([[500.0, 0.0], [0.0, 1000.0], [0.0, 999.0]]), "
    "np.array([[1.0], [3.0], [8.0]]))",
    quiet=True,
)
soft_lookup.hidden_case(
    "soft_lookup(rng.normal(size=4), rng.normal(size=(6, 4)), rng.normal(size=(6, 3)), 0.5)"
)
soft_lookup.hidden_case(
    "soft_lookup(np.array([3.0, 1.0]), np.array([[400.0, 0.0], [0.0, 400.0]]), "
    "rng.normal(size=(2, 2)))",
    quiet=True,
)
soft_lookup.hidden_case(
    "soft_lookup(np.array([1.0, 1.0]), np.array([[1.0, 2.0], [2.0, 1.0], [0.0, 0.0]]), "
    "rng.normal(size=(3, 2)), temperature=0.01)"
)
soft_lookup.hidden_case("soft_lookup(np.ones(3), rng.normal(size=(1, 3)), rng.normal(size=(1, 2)))")
soft_lookup.hint("First the scores: one number per key.")
soft_lookup.hint("Softmax (lab 03): exp of scores minus their largest, over its sum.")
soft_lookup.hint("The weighted mean of the rows of `values` is `weights @ values`.")


@soft_lookup.variant
def with_a_loop(q, keys, values, temperature=1.0):
    scores = [sum(a * b for a, b in zip(q, key, strict=True)) / temperature for key in keys]
    powers = [float(np.exp(s - max(scores))) for s in scores]
    total = sum(powers)
    return sum(p / total * np.asarray(v, dtype=float) for p, v in zip(powers, values, strict=True))


@soft_lookup.variant
def with_keras(q, keys, values, temperature=1.0):
    from keras import ops

    scores = ops.matmul(ops.convert_to_tensor(keys, "float64"), ops.convert_to_tensor(q, "float64"))
    return ops.matmul(ops.softmax(scores / temperature), ops.convert_to_tensor(values, "float64"))


@soft_lookup.misconception("That is a hard look-up: the value of the best key. Mix all of them.")
def hard_argmax(q, keys, values, temperature=1.0):
    return np.asarray(values)[np.argmax(np.asarray(keys) @ np.asarray(q))]


@soft_lookup.misconception("The temperature is not used: divide the scores by it.")
def no_temperature(q, keys, values, temperature=1.0):
    return soft_lookup.reference(q, keys, values)


@soft_lookup.misconception("A high temperature makes the weights even: divide by it, not times it.")
def times_temperature(q, keys, values, temperature=1.0):
    return soft_lookup.reference(q, keys, values, 1 / temperature)


@soft_lookup.misconception("The weights must sum to 1: divide the exponentials by their sum.")
def not_normalized(q, keys, values, temperature=1.0):
    scores = np.asarray(keys) @ np.asarray(q) / temperature
    return np.exp(scores) @ np.asarray(values)


@soft_lookup.misconception(
    "exp of a large score overflows: take the largest score off all of them before the exponential."
)
def overflow(q, keys, values, temperature=1.0):
    powers = np.exp(np.asarray(keys) @ np.asarray(q) / temperature)
    return powers / powers.sum() @ np.asarray(values)


@soft_lookup.misconception("The scores are plain dot products here: no square root of d.")
def scaled_scores(q, keys, values, temperature=1.0):
    return soft_lookup.reference(q, keys, values, temperature * np.sqrt(len(q)))


@soft_lookup.misconception("A softmax takes the exponential of the scores before it divides.")
def without_exponential(q, keys, values, temperature=1.0):
    scores = np.asarray(keys) @ np.asarray(q) / temperature
    return scores / scores.sum() @ np.asarray(values)


@soft_lookup.misconception("The scores themselves are no weights: they go through a softmax first.")
def scores_as_weights(q, keys, values, temperature=1.0):
    scores = np.asarray(keys) @ np.asarray(q) / temperature
    return scores @ np.asarray(values)


# --- attention ------------------------------------------------------------------------------------


@exercise(points=3)
def attention(Q, K, V, mask=None):
    """Return the outputs and the weights of scaled dot-product attention: (out, A).

    Q: (m, d), one query per row; K: (n, d); V: (n, d_v). A has shape (m, n), out (m, d_v).
    The scores are dot products divided by the square root of d; A is their softmax over the keys.
    mask: Boolean (m, n); True where a query may attend to a key. Elsewhere the weight is exactly 0.
    None allows everything. For Q=[[2, 0]], K=[[1, 0], [0, 1]], A is [[0.8044, 0.1956]].
    Scores in the thousands must work, too. Write it without the attention of Keras or TensorFlow.
    """
    scores = np.asarray(Q) @ np.asarray(K).T / np.sqrt(np.shape(K)[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    A = powers / powers.sum(axis=-1, keepdims=True)
    return A @ np.asarray(V), A


attention.case(
    "attention(np.array([[2.0, 0.0], [1.0, 1.0], [0.0, -1.0]]), "
    "np.array([[1.0, 0.0], [0.5, 1.0], [0.0, 3.0], [1.0, 1.0], [2.0, 0.0]]), np.eye(5)[:, :3])"
)
attention.case(
    "attention(np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), "
    "np.array([[1.0], [2.0], [4.0]]), mask=np.array([[True, False, True], [True, True, False]]))"
)
attention.hidden_case(
    "attention(rng.normal(size=(4, 8)), rng.normal(size=(6, 8)), rng.normal(size=(6, 3)))"
)
attention.hidden_case(
    "attention(900 * rng.normal(size=(3, 5)), rng.normal(size=(4, 5)), rng.normal(size=(4, 2)))",
    quiet=True,
)
attention.hidden_case(
    "attention(rng.normal(size=(5, 2)), rng.normal(size=(5, 2)), rng.normal(size=(5, 4)), "
    "mask=np.tri(5, dtype=bool))",
    quiet=True,
)
attention.hidden_case(
    "attention(rng.normal(size=(1, 3)), rng.normal(size=(1, 3)), np.ones((1, 2)))"
)
attention.hidden_case(
    "attention(rng.normal(size=(2, 3)), 5 * rng.normal(size=(7, 3)), rng.normal(size=(7, 2)), "
    "mask=rng.random((2, 7)) < [[1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]])",
    quiet=True,
)
attention.hint("`Q @ K.T` has one row per query and one column per key.")
attention.hint("The softmax runs along each row: axis=-1, with keepdims=True.")
attention.hint("Where the mask is False put -np.inf before the softmax: exp(-inf) is 0.")
attention.forbid(
    "keras.layers.Attention",
    "keras.layers.MultiHeadAttention",
    "keras.src.layers.attention",
    "keras.ops.dot_product_attention",
    "keras.src.ops.nn.dot_product_attention",
    because=OWN_ATTENTION,
)


@attention.variant
def query_by_query(Q, K, V, mask=None):
    rows = []
    for i, q in enumerate(np.asarray(Q, dtype=float)):
        scores = np.asarray(K, dtype=float) @ q / len(q) ** 0.5
        allowed = np.ones(len(scores), bool) if mask is None else np.asarray(mask)[i]
        powers = np.zeros(len(scores))
        powers[allowed] = np.exp(scores[allowed] - scores[allowed].max())
        rows.append(powers / powers.sum())
    return np.array(rows) @ np.asarray(V, dtype=float), np.array(rows)


@attention.variant
def in_keras(Q, K, V, mask=None):
    from keras import ops

    Q, K, V = (ops.convert_to_tensor(x, "float64") for x in (Q, K, V))
    scores = ops.einsum("md,nd->mn", Q, K) / Q.shape[1] ** 0.5
    if mask is not None:
        scores = ops.where(ops.convert_to_tensor(mask), scores, -np.inf)
    A = ops.softmax(scores, axis=1)
    return [ops.matmul(A, V), A]


@attention.variant
def large_negative(Q, K, V, mask=None):
    scores = np.matmul(Q, np.transpose(K)) * np.shape(Q)[1] ** -0.5
    if mask is not None:
        scores = scores + np.where(mask, 0.0, -1e9)
    powers = np.exp(scores - scores.max(1, keepdims=True))
    A = powers / powers.sum(1, keepdims=True)
    return A @ V, A


@attention.misconception("The scores are divided by the square root of d.")
def not_scaled(Q, K, V, mask=None):
    return attention.reference(np.asarray(Q) * np.shape(Q)[-1] ** 0.5, K, V, mask)


@attention.misconception("The scale is the square root of d, the length of a key, not of n.")
def scaled_by_n(Q, K, V, mask=None):
    return attention.reference(np.asarray(Q) * (np.shape(Q)[-1] / len(K)) ** 0.5, K, V, mask)


@attention.misconception("Divide by the square root of d, not by d.")
def scaled_by_d(Q, K, V, mask=None):
    return attention.reference(np.asarray(Q) / np.shape(Q)[-1] ** 0.5, K, V, mask)


@attention.misconception("Each row of A must sum to 1: the softmax runs over the keys, axis -1.")
def softmax_over_queries(Q, K, V, mask=None):
    scores = np.asarray(Q) @ np.asarray(K).T / np.sqrt(np.shape(K)[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    powers = np.exp(scores - scores.max(axis=0, keepdims=True))
    A = powers / powers.sum(axis=0, keepdims=True)
    return A @ np.asarray(V), A


@attention.misconception("The mask is not used.")
def mask_ignored(Q, K, V, mask=None):
    return attention.reference(Q, K, V)


@attention.misconception(
    "True means that a query *may* attend to a key; you took it the other way."
)
def mask_inverted(Q, K, V, mask=None):
    return attention.reference(Q, K, V, None if mask is None else ~np.asarray(mask))


@attention.misconception(
    "A masked score of 0 still has the weight exp(0): put -np.inf there, not a product with 0."
)
def mask_multiplied(Q, K, V, mask=None):
    scores = np.asarray(Q) @ np.asarray(K).T / np.sqrt(np.shape(K)[-1])
    if mask is not None:
        scores = scores * mask
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    A = powers / powers.sum(axis=-1, keepdims=True)
    return A @ np.asarray(V), A


@attention.misconception("Mask before the softmax: afterwards, the rows no longer sum to 1.")
def masked_afterwards(Q, K, V, mask=None):
    A = attention.reference(Q, K, V)[1] * (1 if mask is None else np.asarray(mask))
    return A @ np.asarray(V), A


@attention.misconception("Return the outputs first, then the weights.")
def weights_first(Q, K, V, mask=None):
    return attention.reference(Q, K, V, mask)[::-1]


@attention.misconception(
    "exp of a large score overflows: take off the largest of each row before the exponential."
)
def overflows(Q, K, V, mask=None):
    scores = np.asarray(Q) @ np.asarray(K).T / np.sqrt(np.shape(K)[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    powers = np.exp(scores)
    A = powers / powers.sum(axis=-1, keepdims=True)
    return A @ np.asarray(V), A


# --- order ----------------------------------------------------------------------------------------


@exercise(points=1)
def causal_mask(n):
    """Return the Boolean mask (n, n) with which position i sees itself and what came before.

    Entry (i, j) is True where position i may attend to position j. For n=2 it is
    [[True, False], [True, True]].
    """
    return np.tri(n, dtype=bool)


causal_mask.case("causal_mask(3)")
causal_mask.hidden_case("causal_mask(5)")
causal_mask.hidden_case("causal_mask(1)")
causal_mask.hint("Row i has True in the columns 0 to i.")
causal_mask.hint("np.tri, np.tril, or a comparison of row and column numbers does it.")


@causal_mask.variant
def by_comparison(n):
    return np.arange(n)[:, None] >= np.arange(n)[None, :]


@causal_mask.variant
def by_lists(n):
    return [[j <= i for j in range(n)] for i in range(n)]


@causal_mask.misconception("Row i belongs to the position that looks: it must not see later ones.")
def transposed(n):
    return np.tri(n, dtype=bool).T


@causal_mask.misconception("A position sees itself, too: the diagonal is True.")
def without_itself(n):
    return np.tri(n, k=-1, dtype=bool)


@causal_mask.misconception("The mask is Boolean: True where a position may attend.")
def of_scores(n):
    return np.where(np.tri(n, dtype=bool), 0.0, -np.inf)


@causal_mask.misconception("True is where a position *may* attend: you took it the other way.")
def inverted(n):
    return ~np.tri(n, dtype=bool)


@causal_mask.misconception("These are the numbers 1 and 0; a mask is Boolean: dtype=bool.")
def ones_and_zeros(n):
    return np.tri(n)


@driver
def averages(X):
    """Self-attention without weights: every row becomes a mixture of all."""
    scores = np.exp(X @ X.T / np.sqrt(X.shape[1]))
    return scores / scores.sum(axis=1, keepdims=True) @ X


@driver
def running_mean(X):
    """Mean of a row and of those before it: order matters."""
    return np.cumsum(X, axis=0) / np.arange(1, len(X) + 1)[:, None]


@driver
def with_positions(X):
    """Adds a number that depends on the place."""
    return averages(X + 0.3 * np.arange(len(X))[:, None])


@driver
def nearly_itself(X):
    """The rows as they are, but for a rounding error that depends on the place."""
    return X + 1e-13 * np.arange(len(X))[:, None]


@driver
def total(X):
    """The sum of all rows, in every row."""
    return np.repeat(X.sum(axis=0, keepdims=True), len(X), axis=0)


@exercise(points=1)
def is_equivariant(f, X, perm):
    """Return True if permuting the rows of X permutes the rows of f(X) in the same way.

    f: a function from an array (n, d) to an array with n rows; X: shape (n, d);
    perm: the row numbers 0 to n - 1 in another order. Compare up to rounding (np.allclose).
    """
    X = np.asarray(X)
    return bool(np.allclose(f(X[perm]), f(X)[perm]))


is_equivariant.case("is_equivariant(averages, np.arange(6.0).reshape(3, 2), [2, 0, 1])")
is_equivariant.case("is_equivariant(running_mean, np.arange(6.0).reshape(3, 2), [2, 0, 1])")
is_equivariant.case("is_equivariant(np.tanh, np.arange(8.0).reshape(4, 2), np.array([1, 3, 0, 2]))")
is_equivariant.case(
    "is_equivariant(lambda X: np.sort(X, axis=0), np.arange(6.0).reshape(3, 2), [1, 2, 0])"
)
is_equivariant.case("is_equivariant(nearly_itself, np.arange(6.0).reshape(3, 2), [1, 2, 0])")
for _f in ("averages", "running_mean", "with_positions", "total", "np.sort", "lambda X: X[::-1]",
           "nearly_itself", "lambda X: np.sort(X, axis=0)"):  # fmt: skip
    _arguments = "rng.normal(size=(5, 3)), np.array([1, 2, 4, 0, 3])"
    is_equivariant.hidden_case(f"is_equivariant({_f}, {_arguments})")
is_equivariant.hidden_case(
    "[is_equivariant([averages, running_mean, with_positions, total][k], rng.normal(size=(5, 3)), "
    "np.array([1, 2, 4, 0, 3])) for k in rng.integers(0, 4, size=12)]"
)
is_equivariant.hint("Two ways: permute, then apply f; apply f, then permute.")
is_equivariant.hint("`X[perm]` permutes rows.")


@is_equivariant.variant
def by_rows(f, X, perm):
    first, second = np.asarray(f(np.array([X[i] for i in perm]))), np.asarray(f(np.array(X)))
    return all(np.allclose(first[k], second[i]) for k, i in enumerate(perm))


@is_equivariant.variant
def by_gap(f, X, perm):
    return np.max(np.abs(f(np.take(X, perm, axis=0)) - np.take(f(X), perm, axis=0))) < 1e-8


@is_equivariant.misconception(
    "You ask if the result stays the same (invariance). Equivariant: it is permuted, too."
)
def invariance(f, X, perm):
    return bool(np.allclose(f(np.asarray(X)[perm]), f(np.asarray(X))))


@is_equivariant.misconception(
    "Compare two ways: f of the permuted rows, and the permuted rows of f."
)
def always(f, X, perm):
    return True


@is_equivariant.misconception("== also asks for equal rounding errors: use np.allclose.")
def exact(f, X, perm):
    X = np.asarray(X)
    return bool(np.array_equal(f(X[perm]), f(X)[perm]))


@is_equivariant.misconception(
    "That is the way back, the inverse permutation. Both sides are permuted alike, with [perm]."
)
def inverse(f, X, perm):
    X = np.asarray(X)
    return bool(np.allclose(f(X[perm]), f(X)[np.argsort(perm)]))


@is_equivariant.misconception("Permute rows, not columns: `X[perm]`, not `X[:, perm]`.")
def columns(f, X, perm):
    X = np.asarray(X)
    return bool(np.allclose(f(X[:, perm]), f(X)[:, perm]))


@is_equivariant.misconception(
    "Sorting forgets where each row stands, and that is the question: compare row by row."
)
def sorted_rows(f, X, perm):
    X = np.asarray(X)
    return bool(np.allclose(np.sort(f(X[perm]), axis=0), np.sort(f(X), axis=0)))


# --- recall ---------------------------------------------------------------------------------------


@driver
def recall_facts(model):
    """Shapes and kind of output, compile settings."""
    net = model.rebuild()
    X = np.random.default_rng(0).integers(0, 4, size=(3, net.input_shape[1]))
    out = np.asarray(net(X, training=False))
    return {
        "input": list(net.input_shape),
        "output": list(out.shape),
        "rows sum to 1": bool(np.allclose(out.sum(axis=1), 1, atol=1e-3)),
        "parameters to train": net.count_params() > 0,
    }


@driver
def settings(model):
    """How it was compiled; any optimizer will do."""
    from dlcourse.checks.models import compile_settings

    found = compile_settings(model)
    found.pop("optimizer", None)
    return found


@driver
def who_asks(net):
    """How many queries the last attention layer of a model gets, in words."""
    inner = [y for x in net.layers for y in getattr(x, "layers", [x])]
    attending = [x for x in inner if "Attention" in type(x).__name__]
    if not attending:
        return "no attention"
    found = attending[-1].output
    found = found[0] if isinstance(found, (list, tuple)) else found
    return "one query" if found.shape[1] == 1 else "several queries"


@driver
def recall_accuracy(model):
    """What a model recalls after a short training on 6 symbols and 3 pairs, in words."""
    import keras

    from dlcourse import datasets

    keras.utils.set_random_seed(0)
    net = model.rebuild()
    net.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    X, y = datasets.make_recall(1200, n_pairs=3, n_symbols=6, seed=0)
    rows = datasets.batches(X[:1000], y[:1000], 50, seed=0)
    for _ in range(5):
        net.fit(rows, epochs=5, verbose=0)
        if net.evaluate(X[1000:], y[1000:], verbose=0)[1] >= 0.9:
            return "0.9 or more"
    return f"less than 0.9, {who_asks(net)}"


@exercise(points=2)
def build_recall(n_symbols, length, units=32):
    """Return a compiled Keras model that recalls the value of a key, with attention.

    Input: integers (n, length): key, value, key, value, ..., query; symbols are 0 to n_symbols - 1.
    So keys stand at 0, 2, ..., values at 1, 3, ..., the query last. Output: probabilities
    (n, n_symbols). Embed the symbols as vectors of `units` numbers; let a MultiHeadAttention layer
    take the query to the keys and fetch from the values; end with a softmax layer.
    Compile it for integer labels. It must learn to recall at least 9 of 10 held-out sequences.
    Put the layers together yourself, without `models.attention_recall`.
    """
    import keras
    from keras import layers

    symbols = keras.Input((length,), dtype="int32")
    vectors = layers.Embedding(n_symbols, units)(symbols)
    keys, values, query = vectors[:, :-1:2], vectors[:, 1::2], vectors[:, -1:]
    found = layers.MultiHeadAttention(1, units)(query, value=values, key=keys)
    outputs = layers.Dense(n_symbols, activation="softmax")(layers.Flatten()(found))
    model = keras.Model(symbols, outputs)
    model.compile(
        keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


build_recall.case("build_recall(10, 7)", view=recall_facts)
build_recall.case("build_recall(10, 7)", view=settings)
build_recall.case("build_recall(6, 7, units=16)", view=recall_accuracy, time_limit=60)
build_recall.hidden_case("build_recall(12, 17, units=8)", view=recall_facts)
build_recall.hidden_case("build_recall(12, 17)", view=settings)
build_recall.hidden_case("build_recall(6, 7)", view=recall_accuracy, time_limit=60)
build_recall.hint("`vectors[:, :-1:2]` are the keys, `vectors[:, 1::2]` the values.")
build_recall.hint("Keep the query three-dimensional: `vectors[:, -1:]`.")
build_recall.hint(
    "The call is `layer(query, value=..., key=...)`; its result has one row: flatten it."
)
build_recall.forbid(
    "dlcourse.models.attention_recall",
    "dlcourse.models.sequences",
    because="put the layers together yourself",
)


@build_recall.variant
def with_positions_and_heads(n_symbols, length, units=32):
    import keras
    from keras import layers

    inputs = keras.Input(shape=(length,))
    vectors = layers.Embedding(n_symbols, units)(inputs)
    attend = layers.MultiHeadAttention(num_heads=2, key_dim=units)
    mixed = attend(query=vectors[:, -1:, :], key=vectors[:, 0:-1:2, :], value=vectors[:, 1::2, :])
    mixed = layers.Reshape((units,))(mixed)
    model = keras.Model(inputs, layers.Dense(n_symbols, "softmax")(mixed))
    model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy())
    return model


@build_recall.variant
def with_pooling_and_two_embeddings(n_symbols, length, units=32):
    import keras
    from keras import layers

    inputs = keras.Input((length,), dtype="int64")
    of_keys, of_values = (layers.Embedding(n_symbols, units) for _ in range(2))
    found = layers.MultiHeadAttention(1, units, value_dim=units)(
        of_keys(inputs[:, -1:]), of_values(inputs[:, 1::2]), of_keys(inputs[:, :-1:2])
    )
    logits = layers.Dense(n_symbols)(layers.GlobalAveragePooling1D()(found))
    model = keras.Model(inputs, layers.Softmax()(logits))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _recall(n_symbols, units, length, choose, activation="softmax", compiled=True):
    """A model whose `choose` picks query, value and key from the vectors."""
    import keras
    from keras import layers

    inputs = keras.Input((length,), dtype="int32")
    vectors = layers.Embedding(n_symbols, units)(inputs)
    query, value, key = choose(vectors)
    found = layers.MultiHeadAttention(1, units)(query, value=value, key=key)
    found = layers.GlobalAveragePooling1D()(found)
    model = keras.Model(inputs, layers.Dense(n_symbols, activation=activation)(found))
    if compiled:
        model.compile("adam", "sparse_categorical_crossentropy")
    return model


@build_recall.misconception(
    "It learns too little. The query is the last symbol alone; key= gets the symbols at 0, 2, ..., "
    "value= those at 1, 3, ..."
)
def query_as_key(n_symbols, length, units=32):
    return _recall(n_symbols, units, length, lambda v: (v[:, :-1:2], v[:, 1::2], v[:, -1:])
                   if length == 3 else (v[:, -1:], v[:, :-1:2], v[:, 1::2]))  # fmt: skip


@build_recall.misconception(
    "There is no attention in the model, and without it too little is recalled: let a "
    "MultiHeadAttention layer take the query to the keys."
)
def without_attention(n_symbols, length, units=32):
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((length,)), layers.Embedding(n_symbols, units)])
    model.add(layers.GlobalAveragePooling1D())
    model.add(layers.Dense(n_symbols, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


@build_recall.misconception(
    "Here several symbols ask at once. Only the last one does: `vectors[:, -1:]` is the query; keys "
    "and values are the symbols that it looks at."
)
def everyone_asks(n_symbols, length, units=32):
    return _recall(n_symbols, units, length, lambda v: (v, v, v))


@build_recall.misconception("The output needs a softmax: probabilities that sum to 1.")
def no_softmax(n_symbols, length, units=32):
    return _recall(n_symbols, units, length,
                   lambda v: (v[:, -1:], v[:, 1::2], v[:, :-1:2]), "sigmoid")  # fmt: skip


@build_recall.misconception("The model is not compiled: give it a loss and an optimizer.")
def not_compiled(n_symbols, length, units=32):
    return _recall(n_symbols, units, length,
                   lambda v: (v[:, -1:], v[:, 1::2], v[:, :-1:2]), compiled=False)  # fmt: skip


@build_recall.misconception(
    "There is one output per symbol of the alphabet: n_symbols, not length."
)
def one_output_per_place(n_symbols, length, units=32):
    import keras
    from keras import layers

    inputs = keras.Input((length,), dtype="int32")
    v = layers.Embedding(n_symbols, units)(inputs)
    found = layers.MultiHeadAttention(1, units)(v[:, -1:], value=v[:, 1::2], key=v[:, :-1:2])
    outputs = layers.Dense(length, activation="softmax")(layers.Flatten()(found))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


# --- short answers --------------------------------------------------------------------------------

why_scale = question(
    "why_scale", "Why are the scores divided by the square root of $d$?", points=0.5
)
why_scale.right(
    "The dot product of two random vectors of length $d$ has standard deviation about $\\sqrt d$: "
    "without the division, the softmax saturates and its gradient vanishes."
)
why_scale.wrong(
    "So that the weights of a row sum to 1.", "The softmax does that, whatever the scale."
)
why_scale.wrong(
    "It makes the product of the matrices faster.", "It is one more operation, not one less."
)
why_scale.wrong(
    "So that longer sequences get smaller weights.",
    "$d$ is the length of a key, not the number of keys.",
)
why_scale.hint("The cell above prints the largest weight with and without the division.")

cost_of_length = question(
    "cost_of_length",
    "A sequence becomes twice as long. What happens to the number of scores in self-attention?",
    points=0.5,
)
cost_of_length.right("It becomes four times as large: one score per pair of positions.")
cost_of_length.wrong("It doubles.", "That would be one score per position; there is one per pair.")
cost_of_length.wrong(
    "It stays the same: the layer has the same weights.",
    "The number of *parameters* stays the same; the number of scores does not.",
)
cost_of_length.wrong(
    "It becomes eight times as large.", "A has $n \\times n$ entries: two factors of 2, not three."
)
cost_of_length.hint("What shape does A have for n queries and n keys?")
