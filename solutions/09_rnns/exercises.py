"""Exercises of lab 09: windows, a recurrent layer, gradients in time, LSTM, GRU, forecasts."""

import numpy as np

from dlcourse.authoring import driver, exercise, free_text, question

OWN_STEP = "write the step yourself; Keras' layers are what the lab compares it with"
KERAS_CELLS = (
    *(
        f"keras.layers.{kind}{part}"
        for kind in ("SimpleRNN", "LSTM", "GRU")
        for part in ("", "Cell")
    ),
    "keras.src.layers.rnn",
)

# --- windows --------------------------------------------------------------------------------------


@exercise(points=2)
def make_windows(series, length, horizon=1):
    """Return all windows of a series, and the value that follows each: (X, y).

    series: shape (n,). A row of X holds `length` values in a row; its y is the value `horizon`
    steps after the window's last. X has shape (N, length), y (N,): as many as fit, in order.
    The values stay as they are; scaling is done outside.
    For series=[1, 2, 3, 4] and length=2: X=[[1, 2], [2, 3]], y=[3, 4].
    """
    series = np.asarray(series)
    n_windows = len(series) - length - horizon + 1
    X = np.array([series[i : i + length] for i in range(n_windows)])
    return X, series[length + horizon - 1 :]


make_windows.case("make_windows(np.arange(10.0) ** 2, 3)")
make_windows.case("make_windows(np.arange(9.0) ** 2, 2, horizon=3)")
make_windows.hidden_case("make_windows(rng.normal(size=30), 5)")
make_windows.hidden_case("make_windows(rng.normal(size=20), 4, 3)")
make_windows.hidden_case("make_windows(rng.normal(size=8), 7)")
make_windows.hidden_case("make_windows(list(range(12)), 1, horizon=2)")
make_windows.hint("Where does the last window begin, so that its target is still in the series?")
make_windows.hint(
    "Window i covers i to i + length - 1; its target stands at i + length - 1 + horizon."
)


@make_windows.variant
def with_strides(series, length, horizon=1):
    series = np.array(series)
    X = np.lib.stride_tricks.sliding_window_view(series, length)
    y = series[length - 1 + horizon :]
    return X[: len(y)], y


@make_windows.variant
def with_lists(series, length, horizon=1):
    X, y = [], []
    for end in range(length, len(series) - horizon + 1):
        X.append(list(series[end - length : end]))
        y.append(series[end + horizon - 1])
    return X, y


@make_windows.misconception("The target is part of the window: the model could read it off.")
def leak(series, length, horizon=1):
    series = np.asarray(series)
    X, _ = make_windows.reference(series, length, horizon)
    return X, series[length - 1 : length - 1 + len(X)]


@make_windows.misconception("The target is the window's own last value: it must come after it.")
def target_inside(series, length, horizon=1):
    X = np.lib.stride_tricks.sliding_window_view(np.array(series), length)
    return X, X[:, -1]


@make_windows.misconception(
    "The target lies one step too early: horizon=1 is the value after the window, not its last."
)
def one_too_early(series, length, horizon=1):
    series = np.asarray(series)
    y = series[length + horizon - 2 :]
    return np.array([series[i : i + length] for i in range(len(y))]), y


@make_windows.misconception(
    "The target lies one step too early: index i + length - 1 is still in the window."
)
def one_too_early_cut(series, length, horizon=1):
    X, _ = make_windows.reference(series, length, horizon)
    return X, np.asarray(series)[length + horizon - 2 :][: len(X)]


@make_windows.misconception(
    "Leave the values as they are. Mean and standard deviation of the whole series also leak: they "
    "know the test years. Scale outside, with the past alone."
)
def standardized_with_all(series, length, horizon=1):
    series = np.asarray(series)
    return make_windows.reference((series - series.mean()) / series.std(), length, horizon)


@make_windows.misconception("The target lies one step too far: horizon=1 is the very next value.")
def one_too_far(series, length, horizon=1):
    return make_windows.reference(series, length, horizon + 1)


@make_windows.misconception("The last window is missing: as many as fit.")
def last_one_lost(series, length, horizon=1):
    X, y = make_windows.reference(series, length, horizon)
    return X[:-1], y[:-1]


@make_windows.misconception("`horizon` is not used.")
def next_value_only(series, length, horizon=1):
    return make_windows.reference(series, length)


@make_windows.misconception("Windows overlap: each begins one step after the one before.")
def side_by_side(series, length, horizon=1):
    X, y = make_windows.reference(series, length, horizon)
    return X[::length], y[::length]


# --- a recurrent layer ----------------------------------------------------------------------------


@exercise(points=3)
def rnn_forward(x, Wx, Wh, b, h0=None):
    """Return the states h_1, ..., h_T of a recurrent layer, one per row: shape (T, n).

    h_t = tanh(x_t Wx + h_(t-1) Wh + b), with row vectors. x: (T, n_in), one step per row;
    Wx: (n_in, n); Wh: (n, n); b: (n,); h0: the state before the first step, (n,), zeros for None.
    For x=[[1], [0]], Wx=[[1]], Wh=[[2]], b=[0]: [[0.7616], [0.9095]].
    Write the step yourself, without Keras' recurrent layers and cells.
    """
    h = np.zeros(len(b)) if h0 is None else h0
    states = []
    for step in np.asarray(x):
        h = np.tanh(step @ np.asarray(Wx) + h @ np.asarray(Wh) + b)
        states.append(h)
    return np.array(states)


_RNN = "rng.normal(size=({T}, {i})), rng.normal(size=({i}, {n})), rng.normal(size=({n}, {n}))"
rnn_forward.case(
    "rnn_forward(np.array([[1.0, 0.0], [0.5, -1.0], [0.0, 2.0]]), np.array([[0.5, -0.3, 0.1], "
    "[0.2, 0.4, -0.6]]), np.array([[0.1, 0.7, 0.0], [-0.5, 0.2, 0.3], [0.4, 0.0, -0.2]]), "
    "np.array([0.1, -0.2, 0.3]))"
)
rnn_forward.case(
    "rnn_forward(np.array([[1.0], [0.0]]), np.array([[1.0, 0.5]]), np.array([[2.0, 1.0], "
    "[0.0, -1.0]]), np.zeros(2), h0=np.array([0.5, -0.5]))"
)
rnn_forward.hidden_case(f"rnn_forward({_RNN.format(T=6, i=2, n=4)}, rng.normal(size=4))")
rnn_forward.hidden_case(
    f"rnn_forward({_RNN.format(T=5, i=3, n=2)}, rng.normal(size=2), rng.normal(size=2))"
)
rnn_forward.hidden_case(f"rnn_forward({_RNN.format(T=1, i=4, n=3)}, rng.normal(size=3))")
rnn_forward.hint("Keep one variable h; each step makes a new h from it and a row of x.")
rnn_forward.hint("With row vectors: `step @ Wx + h @ Wh + b`.")
rnn_forward.forbid(*KERAS_CELLS, because=OWN_STEP)


@rnn_forward.variant
def inputs_first(x, Wx, Wh, b, h0=None):
    inputs = np.asarray(x) @ Wx + b
    states = np.zeros(inputs.shape)
    before = np.zeros(inputs.shape[1]) if h0 is None else np.asarray(h0, dtype=float)
    for t, given in enumerate(inputs):
        states[t] = before = np.tanh(given + before @ Wh)
    return states


@rnn_forward.variant
def as_columns(x, Wx, Wh, b, h0=None):
    Wx, Wh = np.asarray(Wx).T, np.asarray(Wh).T
    h = np.zeros((len(Wh), 1)) if h0 is None else np.reshape(h0, (-1, 1))
    out = []
    for row in x:
        h = np.tanh(Wx @ np.reshape(row, (-1, 1)) + Wh @ h + np.reshape(b, (-1, 1)))
        out.append(h[:, 0])
    return np.stack(out)


@rnn_forward.variant
def in_single_precision(x, Wx, Wh, b, h0=None):
    x, Wx, Wh, b = (np.asarray(a, dtype="float32") for a in (x, Wx, Wh, b))
    h = [np.zeros_like(b) if h0 is None else np.asarray(h0, dtype="float32")]
    for row in x:
        h.append(np.tanh(row @ Wx + h[-1] @ Wh + b))
    return h[1:]


@rnn_forward.misconception("Row vectors multiply from the left: h @ Wh, not Wh @ h.")
def transposed(x, Wx, Wh, b, h0=None):
    return rnn_forward.reference(x, Wx, np.asarray(Wh).T, b, h0)


@rnn_forward.misconception(
    "There is no memory in this: add h @ Wh, with the h of the step before (h0 at first)."
)
def without_state(x, Wx, Wh, b, h0=None):
    return np.tanh(np.asarray(x) @ np.asarray(Wx) + b)


@rnn_forward.misconception("The state is forgotten: each step needs the h of the one before.")
def forgets(x, Wx, Wh, b, h0=None):
    return np.array([rnn_forward.reference([step], Wx, Wh, b, h0)[0] for step in np.asarray(x)])


@rnn_forward.misconception("The bias is missing.")
def no_bias(x, Wx, Wh, b, h0=None):
    return rnn_forward.reference(x, Wx, Wh, np.zeros(len(b)), h0)


@rnn_forward.misconception("The first step starts from h0 if it is given.")
def ignores_h0(x, Wx, Wh, b, h0=None):
    return rnn_forward.reference(x, Wx, Wh, b)


@rnn_forward.misconception("Return all states, one per row, not the last one.")
def last_only(x, Wx, Wh, b, h0=None):
    return rnn_forward.reference(x, Wx, Wh, b, h0)[-1]


@rnn_forward.misconception("The state goes through tanh before it is passed on.")
def tanh_at_the_end(x, Wx, Wh, b, h0=None):
    h, out = np.zeros(len(b)) if h0 is None else h0, []
    for step in np.asarray(x):
        h = step @ np.asarray(Wx) + h @ np.asarray(Wh) + b
        out.append(np.tanh(h))
    return np.array(out)


@rnn_forward.misconception("The result holds h_1 to h_T; h_0 is not part of it.")
def with_h0(x, Wx, Wh, b, h0=None):
    states = rnn_forward.reference(x, Wx, Wh, b, h0)
    return np.vstack([np.zeros(len(b)) if h0 is None else h0, states])


# --- gradients through time -----------------------------------------------------------------------


@driver
def slope_by_influence(rnn_influence, wh, wx, b, x):
    """The derivative of the last state with respect to wh: states times their factors, summed."""
    h, states = 0.0, []
    for value in x:
        h = np.tanh(wh * h + wx * value + b)
        states.append(h)
    factors = rnn_influence(wh, wx, b, np.array(x))
    if factors is None:
        return None
    return float(np.sum(np.array(states[:-1]) * np.reshape(factors, -1)))


@exercise(points=3)
def rnn_influence(wh, wx, b, x):
    """Return how strongly each state h_t' enters the slope of the last one, for t' = 0 to t - 1.

    One unit, one input: o_s = wh h_(s-1) + wx x_s + b and h_s = tanh(o_s), with 0 before the first.
    x = (x_0, ..., x_t). The factor of t' is
        wh ** (t - t' - 1) * tanh'(o_(t'+1)) * ... * tanh'(o_t),    tanh'(o) = 1 - tanh(o) ** 2.
    The result has len(x) - 1 factors, that of t' = 0 first.
    For wh=0.5, wx=1, b=0, x=[1, 0, 0] it is [0.4220, 0.9654].
    """
    h, slopes = 0.0, []
    for value in x:
        h = np.tanh(wh * h + wx * value + b)
        slopes.append(1 - h**2)
    t = len(slopes) - 1
    return np.array([wh ** (t - k - 1) * np.prod(slopes[k + 1 :]) for k in range(t)])


rnn_influence.case("rnn_influence(0.9, 1.0, 0.1, np.array([1.0, -0.5, 0.3, 2.0]))")
rnn_influence.case("slope_by_influence(rnn_influence, 0.9, 1.0, 0.1, [1.0, -0.5, 0.3, 0.2])")
rnn_influence.hidden_case("rnn_influence(1.1, 0.4, -0.2, rng.normal(size=8))")
rnn_influence.hidden_case("rnn_influence(-0.7, 0.8, 0.3, rng.normal(size=5))")
rnn_influence.hidden_case("rnn_influence(0.5, 1.0, 0.0, np.array([0.3, -0.4]))")
rnn_influence.hidden_case(
    "slope_by_influence(rnn_influence, 0.8, 0.5, -0.1, list(rng.normal(size=6)))"
)
rnn_influence.hint("First run forward and keep every 1 - h ** 2.")
rnn_influence.hint("From t' to t there are t - t' steps: t - t' slopes, but one power of wh less.")
rnn_influence.hint("The last factor, t' = t - 1, is the slope at t alone.")


@rnn_influence.variant
def backward(wh, wx, b, x):
    slopes, h = [], 0.0
    for value in x:
        h = np.tanh(wh * h + wx * value + b)
        slopes.append(1 - h * h)
    factors = [slopes[-1]]
    for slope in slopes[-2:0:-1]:
        factors.append(factors[-1] * wh * slope)
    return factors[::-1] if len(slopes) > 1 else []


@rnn_influence.variant
def with_cumprod(wh, wx, b, x):
    h, o = 0.0, []
    for value in x:
        o.append(wh * h + wx * value + b)
        h = np.tanh(o[-1])
    slopes = 1 / np.cosh(np.array(o[1:])) ** 2
    return np.cumprod(slopes[::-1])[::-1] * wh ** np.arange(len(slopes))[::-1]


@rnn_influence.misconception(
    "The sum starts at t' = 1, as the notes print it; h_0 depends on x_0 and counts, too."
)
def from_one(wh, wx, b, x):
    return rnn_influence.reference(wh, wx, b, x)[1:]


@rnn_influence.misconception("The power of wh is one too high: t - t' - 1.")
def power_off_by_one(wh, wx, b, x):
    return wh * rnn_influence.reference(wh, wx, b, x)


@rnn_influence.misconception("The factor of t' begins with the slope at t' + 1, not at t'.")
def one_slope_more(wh, wx, b, x):
    h, slopes = 0.0, []
    for value in x:
        h = np.tanh(wh * h + wx * value + b)
        slopes.append(1 - h**2)
    return rnn_influence.reference(wh, wx, b, x) * np.array(slopes[:-1])


@rnn_influence.misconception("The derivative of tanh is 1 - tanh(o) ** 2: a slope, not the state.")
def states_for_slopes(wh, wx, b, x):
    h, states = 0.0, []
    for value in x:
        h = np.tanh(wh * h + wx * value + b)
        states.append(h)
    t = len(states) - 1
    return np.array([wh ** (t - k - 1) * np.prod(states[k + 1 :]) for k in range(t)])


@rnn_influence.misconception("The powers of wh are missing.")
def no_powers(wh, wx, b, x):
    h, slopes = 0.0, []
    for value in x:
        h = np.tanh(wh * h + wx * value + b)
        slopes.append(1 - h**2)
    return np.array([np.prod(slopes[k + 1 :]) for k in range(len(slopes) - 1)])


@rnn_influence.misconception("The factor of t' = 0 comes first, the one of t - 1 last.")
def newest_first(wh, wx, b, x):
    return rnn_influence.reference(wh, wx, b, x)[::-1]


# --- LSTM -----------------------------------------------------------------------------------------


@driver
def weights(rng, n_in, units, gates):
    """Random parameters in Keras' layout."""
    return {
        "kernel": rng.normal(size=(n_in, gates * units)),
        "recurrent_kernel": rng.normal(size=(units, gates * units)),
        "bias": rng.normal(size=gates * units),
    }


@driver
def several_steps(step, n_steps, units, gates, seed):
    """The states after some steps, each from the one before."""
    rng = np.random.default_rng(seed)
    p = weights(rng, 2, units, gates)
    state = [rng.normal(size=(3, units)) for _ in range(1 if gates == 3 else 2)]
    found = []
    for _ in range(n_steps):
        new = step(rng.normal(size=(3, 2)), *state, p)
        if new is None:
            return None
        state = [np.asarray(new)] if gates == 3 else [np.asarray(part) for part in new]
        found.append(state)
    return found


@exercise(points=3)
def lstm_step(x, h, c, p):
    """Return the state and the cell after one step of an LSTM: (h, c).

    x: (n, n_in); h, c: (n, units), from the step before. p is a dict in Keras' layout: "kernel"
    (n_in, 4 units), "recurrent_kernel" (units, 4 units), "bias" (4 units,). Of
    x @ kernel + h @ recurrent_kernel + bias, the columns belong to i, f, c~, o, `units` each.
    i, f and o go through a sigmoid, c~ through tanh. Then c = f c + i c~ and h = o tanh(c).
    With all parameters 0, h = 0 and c = 2 give c = 1 and h = 0.3808.
    Write the step yourself, without Keras' recurrent layers and cells.
    """
    z = np.asarray(x) @ p["kernel"] + np.asarray(h) @ p["recurrent_kernel"] + p["bias"]
    i, f, new, o = np.split(z, 4, axis=-1)
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    c = f * np.asarray(c) + i * np.tanh(new)
    return o * np.tanh(c), c


lstm_step.case("lstm_step(np.zeros((1, 2)), np.zeros((1, 1)), np.array([[2.0]]), {'kernel': "
               "np.zeros((2, 4)), 'recurrent_kernel': np.zeros((1, 4)), 'bias': np.zeros(4)})")  # fmt: skip
lstm_step.case("several_steps(lstm_step, n_steps=1, units=2, gates=4, seed=1)")
lstm_step.hidden_case(
    "lstm_step(rng.normal(size=(4, 3)), rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), "
    "weights(rng, 3, 2, 4))"
)
lstm_step.hidden_case("several_steps(lstm_step, 4, 3, 4, int(rng.integers(1000)))")
lstm_step.hidden_case(
    "lstm_step(rng.normal(size=(1, 5)), rng.normal(size=(1, 3)), rng.normal(size=(1, 3)), "
    "weights(rng, 5, 3, 4))"
)
lstm_step.hint("One sum of two matrix products and the bias; then np.split(z, 4, axis=-1).")
lstm_step.hint("f scales the old cell, i the new content tanh(c~).")
lstm_step.hint("What leaves the unit is o times tanh of the *new* cell.")
lstm_step.forbid(*KERAS_CELLS, because=OWN_STEP)


@lstm_step.variant
def gate_by_gate(x, h, c, p):
    def part(k):
        columns = slice(k * c.shape[1], (k + 1) * c.shape[1])
        return (
            x @ p["kernel"][:, columns] + h @ p["recurrent_kernel"][:, columns] + p["bias"][columns]
        )

    def sigmoid(z):
        return 0.5 * (1 + np.tanh(z / 2))

    cell = sigmoid(part(1)) * c + sigmoid(part(0)) * np.tanh(part(2))
    return [sigmoid(part(3)) * np.tanh(cell), cell]


@lstm_step.variant
def with_keras_ops(x, h, c, p):
    from keras import ops

    x, h, c = (ops.convert_to_tensor(a, "float64") for a in (x, h, c))
    joined = ops.concatenate([x, h], axis=1)
    W = ops.convert_to_tensor(np.vstack([p["kernel"], p["recurrent_kernel"]]), "float64")
    i, f, g, o = ops.split(
        ops.matmul(joined, W) + ops.convert_to_tensor(p["bias"], "float64"), 4, 1
    )
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return ops.sigmoid(o) * ops.tanh(c), c


def _lstm(x, h, c, p, order="ifgo", cell=None, out=None):
    """An LSTM step with one thing changed."""
    z = np.asarray(x) @ p["kernel"] + np.asarray(h) @ p["recurrent_kernel"] + p["bias"]
    gates = dict(zip(order, np.split(z, 4, axis=-1), strict=True))
    i, f, o = (1 / (1 + np.exp(-gates[k])) for k in "ifo")
    g = np.tanh(gates["g"])
    new = f * c + i * g if cell is None else cell(f, i, g, c, gates)
    return (o * np.tanh(new) if out is None else out(o, new, c)), new


@lstm_step.misconception("The order of the columns is i, f, c~, o; o comes last.")
def order_ifog(x, h, c, p):
    return _lstm(x, h, c, p, order="ifog")


@lstm_step.misconception("The order of the columns is i, f, c~, o; you took f first.")
def order_figo(x, h, c, p):
    return _lstm(x, h, c, p, order="figo")


@lstm_step.misconception("The cell goes through tanh before the output gate: h = o tanh(c).")
def no_tanh_of_cell(x, h, c, p):
    return _lstm(x, h, c, p, out=lambda o, new, old: o * new)


@lstm_step.misconception("The output shows the new cell, not the one before.")
def old_cell_out(x, h, c, p):
    return _lstm(x, h, c, p, out=lambda o, new, old: o * np.tanh(old))


@lstm_step.misconception("The new content goes through tanh, not through a sigmoid.")
def content_as_gate(x, h, c, p):
    return _lstm(x, h, c, p, cell=lambda f, i, g, old, z: f * old + i / (1 + np.exp(-z["g"])))


@lstm_step.misconception("Two gates act on the cell: f on the old one, i on the new content.")
def coupled_gates(x, h, c, p):
    return _lstm(x, h, c, p, cell=lambda f, i, g, old, z: f * old + (1 - f) * g)


@lstm_step.misconception("The output gate acts on h only, never on the cell that is passed on.")
def gate_on_cell(x, h, c, p):
    h_new, _ = lstm_step.reference(x, h, c, p)
    return h_new, h_new


def _shut(f, i, g, old, z):
    """The new cell times the output gate."""
    return (f * old + i * g) / (1 + np.exp(-z["o"]))


@lstm_step.misconception("o does not act on the cell: c = f c + i c~ goes on whole, h = o tanh(c).")
def output_gate_moved(x, h, c, p):
    return _lstm(x, h, c, p, cell=_shut, out=lambda o, new, old: np.tanh(new))


@lstm_step.misconception("o acts once, on tanh(c); the cell is passed on without it.")
def output_gate_twice(x, h, c, p):
    return _lstm(x, h, c, p, cell=_shut)


@lstm_step.misconception("h is right, but the cell is passed on as f c + i c~, without o.")
def cell_times_o(x, h, c, p):
    return lstm_step.reference(x, h, c, p)[0], _lstm(x, h, c, p, cell=_shut)[1]


@lstm_step.misconception("First tanh, then the gate: h = o tanh(c), not tanh(o c).")
def gate_before_tanh(x, h, c, p):
    return _lstm(x, h, c, p, out=lambda o, new, old: np.tanh(o * new))


@lstm_step.misconception("The forget bias is in p already: add no 1 to it.")
def forget_bias_again(x, h, c, p):
    one = np.repeat([0.0, 1.0, 0.0, 0.0], np.shape(c)[1])
    return lstm_step.reference(x, h, c, {**p, "bias": np.asarray(p["bias"]) + one})


@lstm_step.misconception("The bias is missing.")
def lstm_without_bias(x, h, c, p):
    return lstm_step.reference(x, h, c, {**p, "bias": 0 * np.asarray(p["bias"])})


@lstm_step.misconception("Return h first, then c.")
def cell_first(x, h, c, p):
    return lstm_step.reference(x, h, c, p)[::-1]


# --- GRU ------------------------------------------------------------------------------------------


@exercise(points=2)
def gru_step(x, h, p):
    """Return the state after one step of a GRU, in the convention of the notes.

    x: (n, n_in); h: (n, units). p is a dict with "kernel" (n_in, 3 units), "recurrent_kernel"
    (units, 3 units), "bias" (3 units,); their columns belong to z, r, h~, `units` each.
    z and r are sigmoids of x W + h U + b with their columns. h~ = tanh(x W + (r h) U + b): r acts
    on the state *before* the product. The new state is (1 - z) h + z h~.
    With all parameters 0, h = 2 gives 1.
    Write the step yourself, without Keras' recurrent layers and cells.
    """
    x, h = np.asarray(x), np.asarray(h)
    W_z, W_r, W_h = np.split(np.asarray(p["kernel"]), 3, axis=1)
    U_z, U_r, U_h = np.split(np.asarray(p["recurrent_kernel"]), 3, axis=1)
    b_z, b_r, b_h = np.split(np.asarray(p["bias"]), 3)
    z = 1 / (1 + np.exp(-(x @ W_z + h @ U_z + b_z)))
    r = 1 / (1 + np.exp(-(x @ W_r + h @ U_r + b_r)))
    new = np.tanh(x @ W_h + (r * h) @ U_h + b_h)
    return (1 - z) * h + z * new


gru_step.case("gru_step(np.zeros((1, 2)), np.array([[2.0]]), {'kernel': np.zeros((2, 3)), "
              "'recurrent_kernel': np.zeros((1, 3)), 'bias': np.array([-30.0, 0.0, 0.0])})")  # fmt: skip
gru_step.case("several_steps(gru_step, n_steps=1, units=2, gates=3, seed=2)")
gru_step.hidden_case(
    "gru_step(rng.normal(size=(4, 3)), rng.normal(size=(4, 2)), weights(rng, 3, 2, 3))"
)
gru_step.hidden_case("several_steps(gru_step, 4, 3, 3, int(rng.integers(1000)))")
gru_step.hidden_case(
    "gru_step(rng.normal(size=(1, 5)), rng.normal(size=(1, 4)), weights(rng, 5, 4, 3))"
)
gru_step.hint("Split kernel, recurrent kernel and bias into three; compute z and r first.")
gru_step.hint("`(r * h) @ U_h`: the product with r comes before the matrix product.")
gru_step.forbid(*KERAS_CELLS, because=OWN_STEP)


@gru_step.variant
def with_slices(x, h, p):
    n = h.shape[1]
    W, U, b = p["kernel"], p["recurrent_kernel"], p["bias"]
    gates = 0.5 + 0.5 * np.tanh(0.5 * (x @ W[:, : 2 * n] + h @ U[:, : 2 * n] + b[: 2 * n]))
    z, r = gates[:, :n], gates[:, n:]
    return h + z * (np.tanh(x @ W[:, 2 * n :] + (r * h) @ U[:, 2 * n :] + b[2 * n :]) - h)


@gru_step.variant
def row_after_row(x, h, p):
    rows = []
    for x_row, h_row in zip(np.asarray(x), np.asarray(h), strict=True):
        (Wz, Wr, Wh), (Uz, Ur, Uh) = (np.split(p[k], 3, 1) for k in ("kernel", "recurrent_kernel"))
        bz, br, bh = np.split(p["bias"], 3)
        z = 1 / (1 + np.exp(-x_row @ Wz - h_row @ Uz - bz))
        r = 1 / (1 + np.exp(-x_row @ Wr - h_row @ Ur - br))
        rows.append((1 - z) * h_row + z * np.tanh(x_row @ Wh + (h_row * r) @ Uh + bh))
    return np.array(rows)


def _gru(x, h, p, order="zrh", late=False, swapped=False, plain=False):
    x, h = np.asarray(x), np.asarray(h)
    W = dict(zip(order, np.split(np.asarray(p["kernel"]), 3, 1), strict=True))
    U = dict(zip(order, np.split(np.asarray(p["recurrent_kernel"]), 3, 1), strict=True))
    b = dict(zip(order, np.split(np.asarray(p["bias"]), 3), strict=True))
    z, r = (1 / (1 + np.exp(-(x @ W[k] + h @ U[k] + b[k]))) for k in "zr")
    past = r * (h @ U["h"]) if late else (h if plain else r * h) @ U["h"]
    new = np.tanh(x @ W["h"] + past + b["h"])
    return z * h + (1 - z) * new if swapped else (1 - z) * h + z * new


@gru_step.misconception("z is swapped: in the notes it is the share of the *new* content.")
def swapped_z(x, h, p):
    return _gru(x, h, p, swapped=True)


@gru_step.misconception("r acts on the state before the product with U, not on the result.")
def reset_after(x, h, p):
    return _gru(x, h, p, late=True)


@gru_step.misconception("The reset gate is missing in h~.")
def no_reset(x, h, p):
    return _gru(x, h, p, plain=True)


@gru_step.misconception("The columns belong to z, r, h~, in this order.")
def order_rzh(x, h, p):
    return _gru(x, h, p, order="rzh")


@gru_step.misconception("The old state must be kept in part: (1 - z) h + z h~.")
def new_only(x, h, p):
    return _gru(
        x, h, {**p, "bias": np.asarray(p["bias"]) + np.repeat([99.0, 0, 0], np.shape(h)[1])}
    )


@exercise(points=1)
def to_keras(p):
    """Return parameters with which Keras' GRU does what the notes' GRU does with `p`.

    p: a dict as in `gru_step`; so is the result. Keras' GRU(reset_after=False) uses the same
    formulas, but for the last: z h + (1 - z) h~. So its z must be 1 minus the z of the notes;
    remember that 1 - sigmoid(a) = sigmoid(-a). `p` itself stays as it is.
    For units = 1 and bias = [1, 2, 3], the new bias is [-1, 2, 3].
    """
    units = len(p["bias"]) // 3
    sign = np.repeat([-1.0, 1.0, 1.0], units)
    return {name: np.asarray(values) * sign for name, values in p.items()}


to_keras.case("to_keras({'kernel': np.arange(6.0).reshape(1, 6), 'recurrent_kernel': "
              "np.arange(12.0).reshape(2, 6), 'bias': np.arange(1.0, 7.0)})")  # fmt: skip
to_keras.hidden_case("to_keras(weights(rng, 3, 2, 3))")
to_keras.hidden_case("to_keras(weights(rng, 2, 5, 3))")
to_keras.hint("The sum inside the sigmoid of z changes its sign if all its parameters do.")
to_keras.hint("The first `units` columns of kernel, recurrent kernel and bias belong to z.")


@to_keras.variant
def with_a_copy(p):
    new = {name: np.array(values, dtype=float) for name, values in p.items()}
    units = new["recurrent_kernel"].shape[0]
    for values in new.values():
        values[..., :units] *= -1
    return new


@to_keras.variant
def with_concatenate(p):
    def turn(values):
        z, r, h = np.split(values, 3, axis=-1)
        return np.concatenate([-z, r, h], axis=-1)

    return {name: turn(p[name]) for name in ("bias", "recurrent_kernel", "kernel")}


@to_keras.misconception(
    "Nothing has changed, and Keras would use z the other way: change the sign of all that z has."
)
def unchanged(p):
    return {name: np.array(values) for name, values in p.items()}


@to_keras.misconception(
    "sigmoid(-a) needs the whole sum a turned: kernel and recurrent kernel of z, not the bias alone."
)
def bias_only(p):
    return {**unchanged(p), "bias": to_keras.reference(p)["bias"]}


@to_keras.misconception("The bias of z changes its sign, too.")
def bias_kept(p):
    return {**to_keras.reference(p), "bias": p["bias"]}


@to_keras.misconception("The columns of z come first, not those of r.")
def turned_r(p):
    units = len(p["bias"]) // 3
    sign = np.repeat([1.0, -1.0, 1.0], units)
    return {name: np.asarray(values) * sign for name, values in p.items()}


@to_keras.misconception("Only z is turned around; r and h~ mean the same in both conventions.")
def turned_all(p):
    return {name: -np.asarray(values) for name, values in p.items()}


@to_keras.misconception("1 - sigmoid(a) is sigmoid(-a): change signs; nothing is taken from 1.")
def one_minus(p):
    units = len(p["bias"]) // 3
    sign, one = np.repeat([-1.0, 1.0, 1.0], units), np.repeat([1.0, 0.0, 0.0], units)
    return {name: one + np.asarray(values) * sign for name, values in p.items()}


# --- a forecaster ---------------------------------------------------------------------------------


@driver
def forecaster_facts(model):
    """Which layers it has, and what it takes and returns."""
    net = model.rebuild()
    inner = [x for x in net.layers if type(x).__name__ in ("SimpleRNN", "LSTM", "GRU")]
    last = net.layers[-1]
    return {
        "recurrent": [(type(x).__name__, x.units) for x in inner],
        "input": list(net.input_shape),
        "output": list(net.output_shape),
        "last activation": getattr(getattr(last, "activation", None), "__name__", "linear"),
        "parameters": net.count_params(),
    }


@driver
def loss_setting(model):
    """What it was compiled with; any optimizer will do."""
    from dlcourse.checks.models import compile_settings

    found = compile_settings(model)
    return {"compiled": found["compiled"], "loss": found.get("loss")}


@driver
def sunspot_skill(model):
    """How it forecasts the last 60 years after a short training, against persistence, in words."""
    import keras

    from dlcourse import datasets

    _, values = datasets.load_sunspots()
    past = values[:-60]
    series = (values - past.mean()) / past.std()
    windows = np.lib.stride_tricks.sliding_window_view(series, 23)
    X, y = windows[:, :-1, None].astype("float32"), windows[:, -1].astype("float32")
    keras.utils.set_random_seed(0)
    net = model.rebuild()
    if (*net.input_shape, *net.output_shape) != (None, 22, 1, None, 1):
        return f"takes {net.input_shape}, returns {net.output_shape}"
    net.compile(keras.optimizers.Adam(0.01), "mse")
    net.fit(datasets.batches(X[:-60], y[:-60], 32, seed=0), epochs=25, verbose=0)
    error = np.mean((np.asarray(net(X[-60:]))[:, 0] - y[-60:]) ** 2)
    naive = np.mean((X[-60:, -1, 0] - y[-60:]) ** 2)
    return "beats persistence" if error < 0.7 * naive else "does not beat persistence"


@exercise(points=1.5)
def build_forecaster(kind, length, units):
    """Return a compiled Keras model that predicts the next value of a series from a window.

    kind: "simple", "lstm" or "gru", in any case, the recurrent layer, with `units` units and its
    default settings. Input: (length, 1), one value per step. Output: one number, which may be
    anything. Loss: mse. Put the layers together yourself, without `models.recurrent`.
    build_forecaster("lstm", 22, 16) has 1169 parameters.
    """
    import keras
    from keras import layers

    cells = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
    model = keras.Sequential(
        [keras.Input((length, 1)), cells[kind.lower()](units), layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model


build_forecaster.case('build_forecaster("lstm", 22, 16)', view=forecaster_facts)
build_forecaster.case('build_forecaster("GRU", 10, 4)', view=forecaster_facts)
build_forecaster.case('build_forecaster("simple", 12, 5)', view=loss_setting)
build_forecaster.hidden_case('build_forecaster("Simple", 7, int(rng.integers(3, 9)))',
                             view=forecaster_facts)  # fmt: skip
build_forecaster.hidden_case('build_forecaster("LSTM", 5, 3)', view=forecaster_facts)
build_forecaster.hidden_case('build_forecaster("gru", 5, 3)', view=loss_setting)
build_forecaster.hidden_case('build_forecaster("gru", 22, 16)', view=sunspot_skill, time_limit=60)
build_forecaster.hint("A dict from names to layer classes saves three branches; kind.lower().")
build_forecaster.hint("Input (length, 1); the recurrent layer returns its last state by itself.")
build_forecaster.forbid(
    "dlcourse.models.recurrent",
    "dlcourse.models.sequences",
    because="put the layers together yourself",
)


@build_forecaster.variant
def functional(kind, length, units):
    import keras
    from keras import layers

    name = {"simple": "SimpleRNN"}.get(kind.lower(), kind.upper())
    inputs = keras.Input(shape=(length, 1))
    state = getattr(layers, name)(units)(inputs)
    model = keras.Model(inputs, layers.Dense(1, activation="linear")(state))
    model.compile(loss=keras.losses.MeanSquaredError(), optimizer="adam")
    return model


@build_forecaster.variant
def one_by_one(kind, length, units):
    import keras

    model = keras.Sequential()
    model.add(keras.layers.Input((length, 1)))
    if kind.lower() == "simple":
        model.add(keras.layers.SimpleRNN(units, return_sequences=False))
    elif kind.lower() == "lstm":
        model.add(keras.layers.LSTM(units))
    else:
        model.add(keras.layers.GRU(units))
    model.add(keras.layers.Dense(1))
    model.compile("rmsprop", loss="mean_squared_error")
    return model


def _forecaster(
    kind, length, units, activation=None, outputs=1, compiled=True, flat=True, **options
):
    import keras
    from keras import layers

    cells = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
    model = keras.Sequential([keras.Input((length, 1)), cells[kind.lower()](units, **options)])
    if flat and options.get("return_sequences"):
        model.add(layers.Flatten())
    model.add(layers.Dense(outputs, activation=activation))
    if compiled:
        model.compile("adam", "mse")
    return model


@build_forecaster.misconception("A ReLU output cannot predict values below 0: use none.")
def relu_output(kind, length, units):
    return _forecaster(kind, length, units, activation="relu")


@build_forecaster.misconception("The output is one number, the next value, not a whole window.")
def a_window_out(kind, length, units):
    return _forecaster(kind, length, units, outputs=length)


@build_forecaster.misconception("The model is not compiled: give it a loss and an optimizer.")
def forecaster_not_compiled(kind, length, units):
    return _forecaster(kind, length, units, compiled=False)


@build_forecaster.misconception("`kind` is ignored: the layer is always an LSTM.")
def always_lstm(kind, length, units):
    return _forecaster("lstm", length, units)


@build_forecaster.misconception("Only the last state goes on: leave return_sequences as it is.")
def all_states(kind, length, units):
    return _forecaster(kind, length, units, return_sequences=True)


@build_forecaster.misconception(
    "With return_sequences=True there is one output per step of the window. Only the last state is "
    "needed, and that is the default."
)
def an_output_per_step(kind, length, units):
    return _forecaster(kind, length, units, return_sequences=True, flat=False)


@build_forecaster.misconception(
    "The window is `length` steps of one value each, (length, 1), not one step of many values."
)
def one_long_step(kind, length, units):
    import keras
    from keras import layers

    cells = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
    model = keras.Sequential(
        [keras.Input((1, length)), cells[kind.lower()](units), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    return model


@build_forecaster.misconception('`kind` comes in any case: "GRU" is "gru". Use kind.lower().')
def lower_case_only(kind, length, units):
    from keras import layers

    cells = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
    return cells[kind] and _forecaster(kind, length, units)


@exercise(points=0.5)
def skill(mse, mse_naive):
    """Return the share of the naive forecast's error that a forecast removes.

    1 is perfect, 0 no better than naive, negative worse. For mse=2 and mse_naive=8 it is 0.75.
    """
    return 1 - mse / mse_naive


skill.case("skill(2.0, 8.0)")
skill.case("skill(3.0, 2.0)")
skill.hidden_case("skill(rng.uniform(0, 2), rng.uniform(1, 2))")
skill.hidden_case("skill(0.0, 1.5)")
skill.hint("Which share of the naive error is left?")


@skill.variant
def by_difference(mse, mse_naive):
    return (mse_naive - mse) / mse_naive


@skill.variant
def negative_excess(mse, mse_naive):
    return -(mse - mse_naive) / float(mse_naive)


@skill.misconception("That is the share that is left; the skill is the share that is gone.")
def what_is_left(mse, mse_naive):
    return mse / mse_naive


@skill.misconception("Divide by the error of the naive forecast, not by that of the model.")
def wrong_base(mse, mse_naive):
    return 1 - mse_naive / mse if mse else -1.0


@skill.misconception("A share, not a difference: divide by the naive error.")
def only_difference(mse, mse_naive):
    return mse_naive - mse


# --- short answers --------------------------------------------------------------------------------

long_ago = question(
    "long_ago", "Why does a simple RNN hardly learn from an input 20 steps ago?", points=0.25
)
long_ago.right(
    "The gradient has 20 factors of the form $w_h \\tanh'$; if they are below 1, hardly "
    "anything is left."
)
long_ago.wrong(
    "The state was overwritten, so that the input is not in it at all.",
    "It may be in the state; what is missing is a gradient that says so.",
)
long_ago.wrong(
    "Weights are shared over time, so that steps cannot be told apart.",
    "Shared weights are no obstacle: the state differs from step to step.",
)
long_ago.wrong(
    "tanh' is above 1 for large inputs.", "It is at most 1, and near 0 for large inputs."
)
long_ago.hint("Look at the figure of influences.")

gru_parameters = question(
    "gru_parameters",
    "For 2 inputs and 3 units, the notes' GRU has 3 (2 · 3 + 3 · 3 + 3) = 54 parameters, Keras' "
    "default 63. Why?",
    points=0.25,
)
gru_parameters.right("By default (reset_after=True) Keras has a second bias, inside the reset.")
gru_parameters.wrong(
    "Keras adds a cell state.", "A state has no parameters, and a GRU has no cell state."
)
gru_parameters.wrong("Keras has a fourth gate.", "That would be 18 parameters more, not 9.")
gru_parameters.wrong(
    "The first state is learned, too.", "It is 0, and it would be 3 parameters, not 9."
)
gru_parameters.hint("9 is 3 times 3: three gates, three units.")

forget_bias = question(
    "forget_bias", "Why does Keras begin with a bias of 1 for the forget gate?", points=0.25
)
forget_bias.right("So that the cell, and its gradient, survive many steps before training.")
forget_bias.wrong("So that the cell is empty at first.", "Then it would have to be far below 0.")
forget_bias.wrong("It makes the gates sum to 1.", "The gates of an LSTM do not sum to 1.")
forget_bias.wrong(
    "It keeps the exploding gradient in bounds.", "It makes gradients larger, not smaller."
)
forget_bias.hint("sigmoid(1) is 0.73, sigmoid(0) is 0.5. To the power of 20?")

gru_memory = question(
    "gru_memory", "A GRU has no cell state. What keeps its memory from fading?", points=0.25
)
gru_memory.right("Where z is 0 (in the notes), the old state is passed on as it is.")
gru_memory.wrong("The reset gate.", "It decides what of the state enters h~, not what is kept.")
gru_memory.wrong("The tanh.", "It is what makes gradients fade.")
gru_memory.wrong("Its larger number of parameters.", "It has fewer than an LSTM of the same size.")
gru_memory.hint("The new state is a weighted mean. Of what?")

reading = free_text(
    "reading",
    "Look at the curves of the adding problem. What has each layer learned when its error stays at "
    "1/6, and what when it falls below? Which conclusion about LSTM and GRU in general does this "
    "figure *not* allow?",
    rubric=[
        "0.5 points: at 1/6, the variance of the target, the network predicts the mean and uses "
        "nothing of the sequence; below, it has found at least part of the marked numbers",
        "0.5 points: one task, one length, one training each, one size: it does not show that "
        "gated layers are better everywhere (or that one of them is the best)",
    ],
    points=1,
)
