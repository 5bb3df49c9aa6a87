"""Exercises of lab 08: convolutions in one and two dimensions, pooling, LeNet, transfer."""

import numpy as np

from dlcourse.authoring import driver, exercise, free_text, question

BY_YOURSELF = "write the sums yourself; the lab compares them with the library"
KERAS_LAYERS = ("keras.layers", "keras.src.layers")
LIBRARY_FILTERS = (
    *KERAS_LAYERS, "np.convolve", "np.correlate", "scipy.signal", "scipy.ndimage",
    "keras.ops.conv", "keras.src.ops.nn.conv", "tf.nn",
)  # fmt: skip

# --- one dimension --------------------------------------------------------------------------------


@exercise(points=3)
def conv1d(x, f, mode="same"):
    """Return what a convolutional layer computes: y_t = f_(-L) x_(t-L) + ... + f_L x_(t+L).

    x: signal, shape (n,); f: filter of odd length 2 L + 1, f_(-L) first; it is not turned around.
    mode "same": values beyond the ends of x count as 0, and y has shape (n,). mode "valid": only
    places where the whole filter fits; y has shape (n - 2 L,). Write the sums yourself, without
    the convolutions and correlations of NumPy, SciPy or Keras.
    For x=[1, 2, 3, 4], f=[0, 1, 10]: "same" gives [21, 32, 43, 4], "valid" [32, 43].
    """
    x, f = np.asarray(x, dtype=float), np.asarray(f, dtype=float)
    half = len(f) // 2
    if mode == "same":
        x = np.concatenate([np.zeros(half), x, np.zeros(half)])
    n_out = len(x) - len(f) + 1
    return sum(f[k] * x[k : k + n_out] for k in range(len(f)))


conv1d.case("conv1d(np.array([1.0, -2.0, 4.0, 0.5, 3.0, 7.0]), np.array([1.0, 2.0, -3.0]))")
conv1d.case('conv1d(np.arange(1.0, 8.0) ** 2, np.array([1.0, 2.0, -3.0, 0.0, 5.0]), mode="valid")')
conv1d.hidden_case("conv1d(rng.normal(size=12), rng.normal(size=5))")
conv1d.hidden_case("conv1d(rng.normal(size=9), rng.normal(size=3), 'valid')")
conv1d.hidden_case("conv1d(rng.normal(size=7), rng.normal(size=7))")
conv1d.hidden_case("conv1d(rng.integers(0, 9, 10), np.array([1, 2, -3, 0, 5]))")
conv1d.hidden_case("conv1d(rng.normal(size=4), np.array([2.0]))")
conv1d.hint('For "same", put L zeros at both ends of x, then do as for "valid".')
conv1d.hint("Output t is the sum of f times a slice of x that begins at t.")
for _name in LIBRARY_FILTERS:
    conv1d.forbid(_name, because=BY_YOURSELF)


@conv1d.variant
def two_loops(x, f, mode="same"):
    half = len(f) // 2
    places = range(len(x)) if mode == "same" else range(half, len(x) - half)
    return [
        sum(f[half + k] * x[t + k] for k in range(-half, half + 1) if 0 <= t + k < len(x))
        for t in places
    ]


@conv1d.variant
def padded_dot(x, f, mode="same"):
    half = (len(f) - 1) // 2
    signal = np.pad(np.asarray(x, dtype="float32"), half if mode == "same" else 0)
    return np.array([signal[t : t + len(f)] @ f for t in range(len(signal) - 2 * half)])


@conv1d.misconception("The filter is turned around: that is the convolution of signal processing.")
def flipped(x, f, mode="same"):
    return conv1d.reference(x, np.asarray(f)[::-1], mode)


@conv1d.misconception('With mode "same" the result is as long as x: zeros count beyond the ends.')
def always_valid(x, f, mode="same"):
    return conv1d.reference(x, f, "valid")


@conv1d.misconception('`mode` is not used: "valid" leaves out the ends.')
def always_same(x, f, mode="same"):
    return conv1d.reference(x, f, "same")


@conv1d.misconception("The filter is centered on t: half of the zeros go to each end.")
def not_centered(x, f, mode="same"):
    if mode == "valid":
        return conv1d.reference(x, f, mode)
    padded = np.concatenate([np.asarray(x, dtype=float), np.zeros(len(f) - 1)])
    return conv1d.reference(padded, f, "valid")


@conv1d.misconception("Beyond the ends the signal counts as 0; you repeat its last values.")
def edges_repeated(x, f, mode="same"):
    if mode == "valid":
        return conv1d.reference(x, f, mode)
    return conv1d.reference(
        np.pad(np.asarray(x, dtype=float), len(f) // 2, mode="edge"), f, "valid"
    )


@exercise(points=1)
def gaussian_kernel(size, sigma, ndim=1):
    """Return a Gaussian filter whose values sum to 1.

    Proportional to exp(-d ** 2 / (2 sigma ** 2)), d the distance from its middle. size: odd.
    ndim=1: shape (size,); ndim=2: shape (size, size). For size=3, sigma=1: [0.2741, 0.4519, 0.2741].
    """
    d = np.arange(size) - size // 2
    f = np.exp(-(d**2) / (2 * sigma**2))
    if ndim == 2:
        f = np.outer(f, f)
    return f / f.sum()


gaussian_kernel.case("gaussian_kernel(5, 1.5)")
gaussian_kernel.case("gaussian_kernel(3, 0.8, ndim=2)")
gaussian_kernel.hidden_case("gaussian_kernel(7, 2.0)")
gaussian_kernel.hidden_case("gaussian_kernel(9, 7.07, ndim=2)")
gaussian_kernel.hidden_case("gaussian_kernel(1, 3.0)")
gaussian_kernel.hint(
    "np.arange(size) - size // 2 are the distances; np.outer makes two dimensions."
)
gaussian_kernel.hint("Divide by the sum at the end.")


@gaussian_kernel.variant
def from_grids(size, sigma, ndim=1):
    axis = np.linspace(-(size - 1) / 2, (size - 1) / 2, size)
    squares = sum(g**2 for g in np.meshgrid(*[axis] * ndim))
    f = np.exp(-0.5 * squares / sigma**2)
    return f / np.sum(f)


@gaussian_kernel.variant
def from_density(size, sigma, ndim=1):
    from scipy.stats import norm

    f = norm.pdf(np.arange(-(size // 2), size // 2 + 1), scale=sigma)
    f = f / f.sum()
    return f if ndim == 1 else f[:, None] * f[None, :]


@gaussian_kernel.misconception(
    "The values must sum to 1, or a gray picture gets brighter: the notes forget it."
)
def not_normalized(size, sigma, ndim=1):
    d = np.arange(size) - size // 2
    f = np.exp(-(d**2) / (2 * sigma**2))
    return np.outer(f, f) if ndim == 2 else f


@gaussian_kernel.misconception("The exponent has 2 sigma ** 2 below the line.")
def without_two(size, sigma, ndim=1):
    return gaussian_kernel.reference(size, sigma / 2**0.5, ndim)


# --- equivariance ---------------------------------------------------------------------------------


@driver
def moving_mean(x):
    """A filter of three weights, zeros beyond the ends."""
    padded = np.concatenate([[0.0], x, [0.0]])
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3


@driver
def pool_by_two(x):
    """The larger value of each pair."""
    return np.maximum(x[0::2], x[1::2])


@driver
def dense_layer(x):
    """Fixed weights from every position to every position."""
    W = np.random.default_rng(3).normal(size=(len(x), len(x)))
    return W @ x


@driver
def round_mean(x):
    """A filter that goes around the ends."""
    return (np.roll(x, 1) + x + np.roll(x, -1)) / 3


@exercise(points=2)
def equivariance_error(op, x, shift, margin):
    """Return how far `op` is from moving with its input: the largest difference, inside.

    op: a function of a signal (n,) to an array; x: (n,). Compare op(np.roll(x, shift)) with
    np.roll(op(x), shift); leave out `margin` values at both ends; return the largest absolute
    difference. For op=np.tanh it is 0.
    """
    gap = np.abs(np.asarray(op(np.roll(x, shift))) - np.roll(op(x), shift))
    return float(gap[margin : len(gap) - margin].max())


equivariance_error.case("equivariance_error(moving_mean, np.arange(9.0) ** 2, 2, 3)")
equivariance_error.case("equivariance_error(moving_mean, np.arange(9.0) ** 2, 2, 0)")
equivariance_error.case("equivariance_error(dense_layer, np.arange(8.0), 1, 1)")
equivariance_error.hidden_case("equivariance_error(moving_mean, rng.normal(size=20), 3, 4)")
equivariance_error.hidden_case("equivariance_error(moving_mean, rng.normal(size=12), 1, 0)")
equivariance_error.hidden_case("equivariance_error(pool_by_two, rng.normal(size=16), 1, 1)")
equivariance_error.hidden_case("equivariance_error(dense_layer, rng.normal(size=10), -2, 2)")
for _sign in "+-":  # one of the two has its largest difference below 0
    equivariance_error.hidden_case(
        f"equivariance_error(dense_layer, {_sign}np.linspace(-1, 2, 10) ** 2, -2, 2)"
    )
equivariance_error.hidden_case("equivariance_error(round_mean, rng.normal(size=10), 4, 0)")
equivariance_error.hint("Two ways: move, then op; op, then move.")
equivariance_error.hint("With margin=0, a slice [margin:-margin] is empty: use len(...) - margin.")


@equivariance_error.variant
def place_by_place(op, x, shift, margin):
    first, second = list(op(np.roll(x, shift))), list(op(x))
    n = len(first)
    return max(abs(first[t] - second[(t - shift) % n]) for t in range(margin, n - margin))


@equivariance_error.variant
def with_a_mask(op, x, shift, margin):
    first, second = np.asarray(op(np.roll(x, shift))), np.roll(np.asarray(op(x)), shift)
    inside = np.arange(first.size)
    inside = (inside >= margin) & (inside < first.size - margin)
    return np.linalg.norm((first - second)[inside], np.inf)


@equivariance_error.misconception(
    "That asks if the output stays the same (invariance): move the output, too."
)
def invariance(op, x, shift, margin):
    gap = np.abs(np.asarray(op(np.roll(x, shift))) - op(x))
    return float(gap[margin : len(gap) - margin].max())


@equivariance_error.misconception("With margin=0, the slice [margin:-margin] is empty.")
def empty_slice(op, x, shift, margin):
    gap = np.abs(np.asarray(op(np.roll(x, shift))) - np.roll(op(x), shift))
    return float(gap[margin:-margin].max())


@equivariance_error.misconception("The largest absolute difference: signs do not count.")
def signed_gap(op, x, shift, margin):
    gap = np.asarray(op(np.roll(x, shift))) - np.roll(op(x), shift)
    return float(gap[margin : len(gap) - margin].max())


@equivariance_error.misconception("`margin` is not used: leave out so many values at both ends.")
def with_borders(op, x, shift, margin):
    return equivariance_error.reference(op, x, shift, 0)


@equivariance_error.misconception("Output and input must move in the same direction.")
def other_direction(op, x, shift, margin):
    gap = np.abs(np.asarray(op(np.roll(x, shift))) - np.roll(op(x), -shift))
    return float(gap[margin : len(gap) - margin].max())


@equivariance_error.misconception("The largest difference, not the mean.")
def mean_gap(op, x, shift, margin):
    gap = np.abs(np.asarray(op(np.roll(x, shift))) - np.roll(op(x), shift))
    return float(gap[margin : len(gap) - margin].mean())


# --- two dimensions -------------------------------------------------------------------------------


@exercise(points=4)
def conv2d(image, kernels, bias):
    """Return what a convolutional layer without padding and activation makes of an image.

    image: (h, w, c_in); kernels: (kh, kw, c_in, c_out), not turned around; bias: (c_out,).
    Output (i, j, k) is the sum of the patch of the image that begins at (i, j), times kernel k,
    over rows, columns and channels, plus bias k. Its shape is (h - kh + 1, w - kw + 1, c_out).
    Write the sums yourself, without SciPy's filters or the convolutions of Keras.
    For an image of ones (3, 3, 2), kernels of ones (2, 2, 2, 1) and bias 0.5, all values are 8.5.
    """
    image, kernels = np.asarray(image), np.asarray(kernels)
    kh, kw = kernels.shape[:2]
    height, width = image.shape[0] - kh + 1, image.shape[1] - kw + 1
    result = np.zeros((height, width, kernels.shape[3])) + bias
    for i in range(kh):
        for j in range(kw):
            result += image[i : i + height, j : j + width] @ kernels[i, j]
    return result


conv2d.case(
    "conv2d(np.arange(12.0).reshape(3, 4, 1), np.array([[1.0, 2.0], [-3.0, 0.5]])"
    "[:, :, None, None], np.array([0.5]))"
)
conv2d.case(
    "conv2d(np.arange(40.0).reshape(4, 5, 2) % 7, np.arange(36.0).reshape(2, 3, 2, 3) % 5 - 2, "
    "np.array([0.0, 1.0, -1.0]))"
)
conv2d.hidden_case(
    "conv2d(rng.normal(size=(6, 5, 3)), rng.normal(size=(3, 3, 3, 2)), rng.normal(size=2))"
)
conv2d.hidden_case(
    "conv2d(rng.normal(size=(5, 7, 2)), rng.normal(size=(2, 4, 2, 4)), rng.normal(size=4))"
)
conv2d.hidden_case("conv2d(rng.normal(size=(3, 3, 1)), rng.normal(size=(3, 3, 1, 1)), np.zeros(1))")
conv2d.hidden_case("conv2d(rng.normal(size=(4, 4, 3)), rng.normal(size=(1, 1, 3, 2)), np.ones(2))")
conv2d.hint("One patch: image[i : i + kh, j : j + kw], shape (kh, kw, c_in).")
conv2d.hint("patch[..., None] * kernels has shape (kh, kw, c_in, c_out); sum over the first three.")
for _name in LIBRARY_FILTERS:
    conv2d.forbid(_name, because=BY_YOURSELF)


@conv2d.variant
def patch_by_patch(image, kernels, bias):
    (h, w, _), (kh, kw, _, c_out) = np.shape(image), np.shape(kernels)
    out = np.empty((h - kh + 1, w - kw + 1, c_out))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            patch = np.asarray(image)[i : i + kh, j : j + kw]
            out[i, j] = np.tensordot(patch, kernels, axes=3) + bias
    return out


@conv2d.variant
def in_single_precision(image, kernels, bias):
    image, kernels = (np.asarray(a, dtype="float32") for a in (image, kernels))
    kh, kw, _, c_out = kernels.shape
    rows = []
    for i in range(len(image) - kh + 1):
        row = []
        for j in range(image.shape[1] - kw + 1):
            patch = image[i : i + kh, j : j + kw].ravel()
            row.append(patch @ kernels.reshape(-1, c_out) + bias)
        rows.append(row)
    return np.array(rows)


@conv2d.misconception("The bias is missing.")
def no_bias(image, kernels, bias):
    return conv2d.reference(image, kernels, 0 * np.asarray(bias))


@conv2d.misconception("The kernels are turned around; a layer uses them as they are.")
def turned_around(image, kernels, bias):
    return conv2d.reference(image, np.asarray(kernels)[::-1, ::-1], bias)


@conv2d.misconception("Sum over the channels of the image, too: each kernel sees all of them.")
def first_channel(image, kernels, bias):
    return conv2d.reference(np.asarray(image)[..., :1], np.asarray(kernels)[:, :, :1], bias)


@conv2d.misconception("Rows and columns of the kernels are swapped: the first axis is the height.")
def axes_swapped(image, kernels, bias):
    return conv2d.reference(image, np.swapaxes(kernels, 0, 1), bias)


@conv2d.misconception("The output is smaller than the image here: no padding.")
def padded(image, kernels, bias):
    kh, kw = np.shape(kernels)[:2]
    margins = [(kh // 2, kh - 1 - kh // 2), (kw // 2, kw - 1 - kw // 2), (0, 0)]
    return conv2d.reference(np.pad(np.asarray(image), margins), kernels, bias)


@conv2d.misconception("There is no activation in this one.")
def with_relu(image, kernels, bias):
    return np.maximum(conv2d.reference(image, kernels, bias), 0)


@exercise(points=2)
def pool2d(x, size, mode):
    """Return the largest value (mode "max") or the mean (mode "avg") of each window.

    x: (h, w, channels). Windows are size x size, side by side; each channel on its own. Rows and
    columns at the end that do not fill a window are dropped: shape (h // size, w // size, channels).
    Write it yourself, without the pooling of Keras.
    For x=[[1, 2], [3, 4]] with one channel and size=2: "max" gives 4, "avg" 2.5.
    """
    x = np.asarray(x)
    h, w = x.shape[0] // size, x.shape[1] // size
    windows = x[: h * size, : w * size].reshape(h, size, w, size, x.shape[2])
    return windows.max(axis=(1, 3)) if mode == "max" else windows.mean(axis=(1, 3))


pool2d.case('pool2d(np.arange(32.0).reshape(4, 4, 2) * 7 % 11, 2, "max")')
pool2d.case('pool2d(np.arange(30.0).reshape(5, 6, 1) * 7 % 11, 2, "avg")')
pool2d.hidden_case('pool2d(rng.normal(size=(7, 5, 3)), 2, "max")')
pool2d.hidden_case('pool2d(rng.normal(size=(6, 9, 2)), 3, "avg")')
pool2d.hidden_case('pool2d(-1 - rng.random((5, 5, 2)), 2, "max")')
pool2d.hidden_case('pool2d(rng.normal(size=(4, 4, 1)), 4, "avg")')
pool2d.hint("Window (i, j): x[i * size : (i + 1) * size, j * size : (j + 1) * size].")
pool2d.hint("Reduce over the two axes of the window, not over the channels.")
for _name in (*KERAS_LAYERS, "keras.ops.max_pool", "keras.ops.average_pool", "tf.nn"):
    pool2d.forbid(_name, because=BY_YOURSELF)


@pool2d.variant
def window_by_window(x, size, mode):
    x = np.asarray(x)
    reduce = np.max if mode == "max" else np.mean
    return [
        [
            reduce(x[i : i + size, j : j + size], axis=(0, 1))
            for j in range(0, x.shape[1] - size + 1, size)
        ]
        for i in range(0, x.shape[0] - size + 1, size)
    ]


@pool2d.variant
def by_strides(x, size, mode):
    x = np.asarray(x, dtype=float)
    h, w = x.shape[0] // size * size, x.shape[1] // size * size
    shifted = [x[a:h:size, b:w:size] for a in range(size) for b in range(size)]
    return np.maximum.reduce(shifted) if mode == "max" else sum(shifted) / len(shifted)


@pool2d.misconception("Windows stand side by side: the step is `size`, not 1.")
def stride_one(x, size, mode):
    x = np.asarray(x)
    reduce = np.max if mode == "max" else np.mean
    h, w = x.shape[0] - size + 1, x.shape[1] - size + 1
    return np.array([[reduce(x[i : i + size, j : j + size], axis=(0, 1)) for j in range(w)]
                     for i in range(h)])  # fmt: skip


@pool2d.misconception("Each channel is pooled on its own.")
def over_channels(x, size, mode):
    pooled = pool2d.reference(x, size, mode)
    return (pooled.max if mode == "max" else pooled.mean)(axis=2, keepdims=True)


@pool2d.misconception("`mode` is not used.")
def always_max(x, size, mode):
    return pool2d.reference(x, size, "max")


@pool2d.misconception("What does not fill a window is dropped; zeros added at the end count here.")
def padded_pool(x, size, mode):
    x = np.asarray(x)
    extra = [(0, -n % size) for n in x.shape[:2]]
    return pool2d.reference(np.pad(x, [*extra, (0, 0)]), size, mode)


# --- shapes and parameters ------------------------------------------------------------------------


@exercise(points=1.5)
def conv_output(n, k, padding, stride=1):
    """Return how many places a filter of length k takes on n positions.

    padding "valid": only where it fits as a whole; "same": zeros are added as needed, so that with
    stride 1 the length stays n. The filter moves by `stride`. For n=32, k=5, "valid": 28.
    """
    return -(-n // stride) if padding == "same" else (n - k) // stride + 1


conv_output.case('[conv_output(32, 5, "valid"), conv_output(14, 5, "valid")]')
conv_output.case('[conv_output(7, 3, "same"), conv_output(7, 3, "same", stride=2)]')
conv_output.case('conv_output(10, 3, "valid", stride=2)')
conv_output.hidden_case('[conv_output(n, 3, "valid", 2) for n in range(3, 12)]')
conv_output.hidden_case('[conv_output(n, 5, "same", 3) for n in range(5, 14)]')
conv_output.hidden_case('[conv_output(n, n, "valid") for n in (1, 4, 9)]')
conv_output.hint("valid, stride 1: n - k + 1. With a stride, count every stride-th of them.")
conv_output.hint('"same": one output per stride, the last one for a rest, too: round up.')


@conv_output.variant
def counted(n, k, padding, stride=1):
    places = n if padding == "same" else n - k + 1
    return len(range(0, places, stride))


@conv_output.variant
def with_ceil(n, k, padding, stride=1):
    return int(np.ceil((n if padding == "same" else n - k + 1) / stride))


@conv_output.misconception("One place too few: n - k + 1.")
def one_less(n, k, padding, stride=1):
    return conv_output.reference(n, k, padding, stride) - (padding == "valid")


@conv_output.misconception('With "same", a rest at the end still gets an output: round up.')
def rounded_down(n, k, padding, stride=1):
    return n // stride if padding == "same" else (n - k) // stride + 1


@conv_output.misconception("`stride` is not used.")
def no_stride(n, k, padding, stride=1):
    return conv_output.reference(n, k, padding)


@conv_output.misconception("Divide first, then add 1: (n - k) // stride + 1.")
def added_before(n, k, padding, stride=1):
    return -(-n // stride) if padding == "same" else (n - k + 1) // stride


@conv_output.misconception('With "valid", a rest at the end gets no output: round down.')
def rounded_up(n, k, padding, stride=1):
    return -(-n // stride) if padding == "same" else -(-(n - k) // stride) + 1


@conv_output.misconception('"valid" adds no zeros.')
def always_same(n, k, padding, stride=1):
    return -(-n // stride)


@exercise(points=1.5)
def conv_params(k, c_in, c_out, bias=True):
    """Return the number of parameters of a layer with c_out filters of k x k on c_in channels.

    For k=5, c_in=1, c_out=6: 156.
    """
    return k * k * c_in * c_out + c_out * bool(bias)


conv_params.case("conv_params(5, 1, 6)")
conv_params.case("conv_params(5, 6, 16)")
conv_params.case("conv_params(3, 2, 4, bias=False)")
conv_params.hidden_case("conv_params(int(rng.integers(2, 8)), 3, 7)")
conv_params.hidden_case("conv_params(1, 8, 4)")
conv_params.hidden_case("conv_params(4, 5, 2, False)")
conv_params.hint("One filter has k x k weights for each channel that it reads, and one bias.")


@conv_params.variant
def filter_by_filter(k, c_in, c_out, bias=True):
    return sum(k**2 * c_in + (1 if bias else 0) for _ in range(c_out))


@conv_params.variant
def with_numpy(k, c_in, c_out, bias=True):
    return np.prod([k, k, c_in, c_out]) + (c_out if bias else 0)


@conv_params.misconception("The filter has two dimensions: k times k weights per channel.")
def k_once(k, c_in, c_out, bias=True):
    return k * c_in * c_out + c_out * bool(bias)


@conv_params.misconception("There is one bias per filter.")
def without_bias(k, c_in, c_out, bias=True):
    return k * k * c_in * c_out


@conv_params.misconception("A filter reads all channels of its input: times c_in.")
def one_channel(k, c_in, c_out, bias=True):
    return k * k * c_out + c_out * bool(bias)


@conv_params.misconception("One bias per filter, not one per channel of each filter.")
def many_biases(k, c_in, c_out, bias=True):
    return (k * k + bool(bias)) * c_in * c_out


@conv_params.misconception("`bias=False`: then there is none.")
def bias_always(k, c_in, c_out, bias=True):
    return conv_params.reference(k, c_in, c_out)


# --- networks -------------------------------------------------------------------------------------


@driver
def lenet_facts(model):
    """Layers, shapes, parameters, compile settings."""
    from dlcourse.checks.models import compile_settings

    net = model.rebuild()
    found = []
    for layer in net.layers:
        kind = type(layer).__name__
        if kind not in ("InputLayer", "Activation", "ReLU", "Softmax", "Rescaling"):
            found.append([kind, list(layer.output.shape[1:])])
    X = np.random.default_rng(0).normal(size=(2, *net.input_shape[1:])).astype("float32")
    sums = np.asarray(net(X)).sum(axis=1)
    settings = compile_settings(model)
    return {
        "layers": found,
        "parameters": net.count_params(),
        "outputs sum to 1": bool(np.allclose(sums, 1, atol=1e-3)),
        "loss": settings.get("loss", "not compiled"),
    }


@driver
def rectifiers(model):
    """How many ReLUs it has, as layers or as activations of layers."""
    net, found = model.rebuild(), 0
    for layer in getattr(net, "operations", net.layers):
        name = getattr(getattr(layer, "activation", None), "__name__", "")
        found += name == "relu" or type(layer).__name__.lower() == "relu"
    return found


@driver
def digits_accuracy(model):
    """How it reads digits, enlarged to 32 x 32, after a short training, in words."""
    import keras

    from dlcourse import datasets

    X, y = datasets.load_digits()
    X = np.kron(X, np.ones((4, 4)))[..., None].astype("float32") / 16
    keras.utils.set_random_seed(0)
    net = keras.models.clone_model(model.rebuild())
    net.compile(
        keras.optimizers.Adam(0.002), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    net.fit(datasets.batches(X[:1200], y[:1200], 32, seed=0), epochs=6, verbose=0)
    accuracy = net.evaluate(X[1200:], y[1200:], verbose=0)[1]
    return "0.85 or more" if accuracy >= 0.85 else "less than 0.85"


@exercise(points=3)
def build_lenet(input_shape=(32, 32, 1), n_classes=10):
    """Return LeNet as a compiled Keras model, 61,706 parameters for the defaults.

    Twice: a convolution of 5 x 5 without padding (6 filters, then 16), ReLU, max pooling of 2 x 2.
    Then flatten, dense layers of 120 and 84 units with ReLU, and a softmax layer.
    Adam and a cross-entropy for classes. Put it together from keras layers, without dlcourse.models.
    """
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(6, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(n_classes, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


build_lenet.case("build_lenet()", view=lenet_facts)
build_lenet.case("build_lenet((28, 28, 1), 4)", view=rectifiers)
build_lenet.hidden_case("build_lenet((28, 36, 3), 7)", view=lenet_facts)
build_lenet.hidden_case("build_lenet()", view=rectifiers)
build_lenet.hidden_case("build_lenet()", view=digits_accuracy, time_limit=90)
build_lenet.hint(
    "keras.Input(input_shape), then layers.Conv2D(6, 5, activation='relu'), and so on."
)
build_lenet.hint("The default padding of Conv2D is 'valid'. Flatten comes before the dense layers.")
build_lenet.forbid("dlcourse.models", because="put the layers together yourself")


@build_lenet.variant
def functional(input_shape=(32, 32, 1), n_classes=10):
    import keras
    from keras import layers

    x = inputs = keras.Input(shape=input_shape)
    for filters in (6, 16):
        x = layers.Conv2D(filters, (5, 5), padding="valid")(x)
        x = layers.Activation("relu")(x)
        x = layers.MaxPool2D((2, 2))(x)
    x = layers.Flatten()(x)
    for units in (120, 84):
        x = layers.Dense(units, activation=keras.activations.relu)(x)
    outputs = layers.Softmax()(layers.Dense(n_classes)(x))
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy")
    return model


@build_lenet.variant
def one_after_another(input_shape=(32, 32, 1), n_classes=10):
    import keras

    net = keras.models.Sequential(name="lenet")
    net.add(keras.layers.InputLayer(shape=input_shape))
    net.add(keras.layers.Conv2D(6, kernel_size=5, activation="relu"))
    net.add(keras.layers.MaxPool2D(pool_size=2, strides=2))
    net.add(keras.layers.Conv2D(16, kernel_size=5, activation="relu"))
    net.add(keras.layers.MaxPool2D(pool_size=2, strides=2))
    net.add(keras.layers.Flatten())
    net.add(keras.layers.Dense(120, "relu"))
    net.add(keras.layers.Dense(84, "relu"))
    net.add(keras.layers.Dense(n_classes, "softmax"))
    net.compile("adam", keras.losses.SparseCategoricalCrossentropy())
    return net


def _lenet(input_shape, n_classes, padding="valid", filters=(6, 16), hidden="relu", pool="Max",
           compiled=True, last="softmax", flat="Flatten", convs="same",
           loss="sparse_categorical_crossentropy"):  # fmt: skip
    import keras
    from keras import layers

    net = keras.Sequential([keras.Input(input_shape)])
    for i, n in enumerate(filters):
        pad = "same" if padding == "first" and i == 0 else padding.replace("first", "valid")
        net.add(layers.Conv2D(n, 5, padding=pad, activation=hidden if convs == "same" else convs))
        net.add(getattr(layers, f"{pool}Pooling2D")(2))
    if flat:
        net.add(getattr(layers, flat)())
    for units in (120, 84):
        net.add(layers.Dense(units, activation=hidden))
    net.add(layers.Dense(n_classes, activation=last))
    if compiled:
        net.compile("adam", loss)
    return net


@build_lenet.misconception("The first convolution has no padding either: 28 x 28 come out of it.")
def first_padded(input_shape=(32, 32, 1), n_classes=10):
    return _lenet(input_shape, n_classes, padding="first")


@build_lenet.misconception("Flatten is missing: dense layers would work at each place on its own.")
def not_flattened(input_shape=(32, 32, 1), n_classes=10):
    return _lenet(input_shape, n_classes, flat=None)


@build_lenet.misconception("The convolutions need their ReLU, too.")
def linear_convolutions(input_shape=(32, 32, 1), n_classes=10):
    return _lenet(input_shape, n_classes, convs=None)


@build_lenet.misconception("For classes the loss is a cross-entropy, not the squared error.")
def squared_loss(input_shape=(32, 32, 1), n_classes=10):
    return _lenet(input_shape, n_classes, loss="mse")


@build_lenet.misconception("LeNet's convolutions have no padding: 28 x 28 after the first.")
def same_padding(input_shape=(32, 32, 1), n_classes=10):
    return _lenet(input_shape, n_classes, padding="same")


@build_lenet.misconception("Flatten keeps every feature; global pooling throws the places away.")
def global_pooling(input_shape=(32, 32, 1), n_classes=10):
    return _lenet(input_shape, n_classes, flat="GlobalMaxPooling2D")


@build_lenet.misconception("6 filters first, then 16.")
def filters_swapped(input_shape=(32, 32, 1), n_classes=10):
    return _lenet(input_shape, n_classes, filters=(16, 6))


@build_lenet.misconception("Without an activation the hidden layers are linear.")
def linear(input_shape=(32, 32, 1), n_classes=10):
    return _lenet(input_shape, n_classes, hidden=None)


@build_lenet.misconception("Max pooling was asked for.")
def average_pooling(input_shape=(32, 32, 1), n_classes=10):
    return _lenet(input_shape, n_classes, pool="Average")


@build_lenet.misconception("The last layer is a softmax: probabilities that sum to 1.")
def sigmoid_output(input_shape=(32, 32, 1), n_classes=10):
    return _lenet(input_shape, n_classes, last="sigmoid")


@build_lenet.misconception("The model is not compiled.")
def not_compiled(input_shape=(32, 32, 1), n_classes=10):
    return _lenet(input_shape, n_classes, compiled=False)


@driver
def series_facts(model):
    """What a classifier of series takes and returns, and whether it is small."""
    from dlcourse.checks.models import compile_settings

    net = model.rebuild()
    X = np.random.default_rng(0).normal(size=(2, *net.input_shape[1:])).astype("float32")
    return {
        "input": list(net.input_shape),
        "output": list(net.output_shape),
        "outputs sum to 1": bool(np.allclose(np.asarray(net(X)).sum(axis=1), 1, atol=1e-3)),
        "convolves": any(type(x).__name__ == "Conv1D" for x in net.layers),
        "fewer than 10,000 parameters": net.count_params() < 10_000,
        "loss": compile_settings(model).get("loss", "not compiled"),
    }


@driver
def trace_accuracy(model):
    """How it classifies the test series of Trace after 40 epochs, in words."""
    import keras

    from dlcourse import datasets

    (X, y), test = datasets.load_trace()
    keras.utils.set_random_seed(1)
    net = keras.models.clone_model(model.rebuild())
    net.compile(
        keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    net.fit(datasets.batches(X, y, 16, seed=0), epochs=40, verbose=0)
    accuracy = net.evaluate(*test, verbose=0)[1]
    return "0.9 or more" if accuracy >= 0.9 else "less than 0.9"


@exercise(points=3)
def build_conv1d(T, n_classes):
    """Return a small compiled convolutional network that classifies series of T values.

    Input (T, 1), output: class probabilities. Convolutions find local shapes wherever they are,
    global *max* pooling tells which were found; fewer than 10,000 parameters. Adam, and a
    cross-entropy for classes. On the data set Trace (T=275, 4 classes) it must classify 9 of 10
    test series after 40 epochs. Put it together from keras layers, without
    dlcourse.models.
    """
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((T, 1)),
            layers.Conv1D(16, 8, padding="same", activation="relu"),
            layers.MaxPooling1D(4),
            layers.Conv1D(16, 8, padding="same", activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(n_classes, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.Adam(0.003)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


build_conv1d.case("build_conv1d(275, 4)", view=series_facts)
build_conv1d.case("build_conv1d(100, 3)", view=series_facts)
build_conv1d.hidden_case("build_conv1d(64, 2)", view=series_facts)
build_conv1d.hidden_case("build_conv1d(275, 4)", view=trace_accuracy, time_limit=90)
build_conv1d.hint("Two Conv1D layers of 16 filters of length 8, MaxPooling1D(4) between them.")
build_conv1d.hint("GlobalMaxPooling1D has no weights and takes any length; no Flatten is needed.")
build_conv1d.forbid("dlcourse.models", because="put the layers together yourself")


@build_conv1d.variant
def three_layers(T, n_classes):
    import keras
    from keras import layers

    x = inputs = keras.Input((T, 1))
    for _ in range(2):
        x = layers.Conv1D(24, 7, padding="same", activation="relu")(x)
        x = layers.MaxPooling1D(3)(x)
    x = layers.Conv1D(24, 5, padding="same", activation="relu")(x)
    x = layers.GlobalMaxPooling1D()(x)
    model = keras.Model(inputs, layers.Dense(n_classes, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


@build_conv1d.variant
def valid_and_dense(T, n_classes):
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((T, 1))])
    model.add(layers.Conv1D(16, 9, activation="relu"))
    model.add(layers.MaxPool1D(4))
    model.add(layers.Conv1D(32, 5, activation="relu"))
    model.add(layers.GlobalMaxPool1D())
    model.add(layers.Dense(16, activation="relu"))
    model.add(layers.Dense(n_classes, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam")
    return model


def _series(T, n_classes, middle, shape=None, last="softmax", compiled=True):
    import keras

    model = keras.Sequential([keras.Input(shape or (T, 1)), *middle])
    model.add(keras.layers.Dense(n_classes, activation=last))
    if compiled:
        model.compile("adam", "sparse_categorical_crossentropy")
    return model


@build_conv1d.misconception(
    "It is right for fewer than 9 of 10: take filters that are long enough, and global max pooling."
)
def mean_of_few(T, n_classes):
    from keras import layers

    middle = [layers.Conv1D(8, 3, activation="relu"), layers.GlobalAveragePooling1D()]
    return _series(T, n_classes, middle)


@build_conv1d.misconception(
    "A dense network on the flattened series looks for shapes at fixed places."
)
def flatten_only(T, n_classes):
    from keras import layers

    return _series(T, n_classes, [layers.Flatten(), layers.Dense(64, activation="relu")])


@build_conv1d.misconception("The channel axis is missing: the input is (T, 1).")
def no_channel(T, n_classes):
    from keras import layers

    middle = [layers.Reshape((T, 1)), layers.Conv1D(16, 8, activation="relu"),
              layers.GlobalMaxPooling1D()]  # fmt: skip
    return _series(T, n_classes, middle, shape=(T,))


@build_conv1d.misconception("Flatten after the convolutions needs too many weights: pool globally.")
def flatten_at_the_end(T, n_classes):
    from keras import layers

    middle = [layers.Conv1D(32, 8, activation="relu"), layers.Flatten(),
              layers.Dense(32, activation="relu")]  # fmt: skip
    return _series(T, n_classes, middle)


@build_conv1d.misconception("The last layer is a softmax: probabilities that sum to 1.")
def series_sigmoid(T, n_classes):
    from keras import layers

    middle = [layers.Conv1D(16, 8, activation="relu"), layers.MaxPooling1D(4),
              layers.Conv1D(16, 8, activation="relu"), layers.GlobalMaxPooling1D()]  # fmt: skip
    return _series(T, n_classes, middle, last="sigmoid")


@build_conv1d.misconception("The model is not compiled.")
def series_not_compiled(T, n_classes):
    from keras import layers

    middle = [layers.Conv1D(16, 8, activation="relu"), layers.GlobalMaxPooling1D()]
    return _series(T, n_classes, middle, compiled=False)


# --- what a filter looks for ----------------------------------------------------------------------


@exercise(points=1)
def max_activation_patch(w):
    """Return the patch of norm 1 to which a filter answers most strongly.

    w: a filter of any shape; the patch has the same. For w=[3, 4] it is [0.6, 0.8].
    """
    w = np.asarray(w, dtype=float)
    return w / np.sqrt(np.sum(w**2))


max_activation_patch.case("max_activation_patch(np.array([[1.0, -2.0], [0.5, 3.0]]))")
max_activation_patch.hidden_case("max_activation_patch(rng.normal(size=(3, 3, 2)))")
max_activation_patch.hidden_case("max_activation_patch(-rng.random((5, 5)))")
max_activation_patch.hint("The answer is a dot product: which direction makes it largest?")


@max_activation_patch.variant
def with_norm(w):
    return w / np.linalg.norm(np.ravel(w))


@max_activation_patch.variant
def by_einsum(w):
    flat = np.array(w, dtype=float).flatten()
    return (flat / flat.dot(flat) ** 0.5).reshape(np.shape(w))


@max_activation_patch.misconception("The sign matters: this patch has the lowest answer.")
def negative(w):
    return -max_activation_patch.reference(w)


@max_activation_patch.misconception("The patch needs norm 1.")
def not_normalized(w):
    return np.asarray(w, dtype=float)


@max_activation_patch.misconception(
    "The norm is the root of the sum of squares, not the largest value."
)
def by_largest(w):
    return np.asarray(w) / np.abs(w).max()


@max_activation_patch.misconception(
    "The pixel with the largest weight alone is not the best patch."
)
def one_pixel(w):
    w = np.asarray(w, dtype=float)
    return (w == w.max()).astype(float)


# --- transfer -------------------------------------------------------------------------------------


@driver
def a_base():
    """A small trained classifier with batch normalization."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)

    class Base(keras.Sequential):
        """With the attributes that a functional model has, too."""

        input = property(lambda self: self.inputs[0])
        output = property(lambda self: self.outputs[0])

    base = Base([
        keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.BatchNormalization(),
        layers.Activation("relu"), layers.Flatten(), layers.Dense(10, activation="relu"),
        layers.Dense(5, activation="softmax"),
    ])  # fmt: skip
    base.compile("adam", "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    base(rng.normal(size=(40, 8, 8, 1)), training=True)  # moves the averages of the batch norm
    return base


@driver
def transfer_facts(build_transfer, n_classes, trainable, seed):
    """What a training changes in a network with a new head on a trained base.

    Before it, the head gets random weights: then all that is right gives the same numbers.
    """
    from keras import layers

    base = a_base()
    before = [np.array(w) for layer in base.layers[:2] for w in layer.weights]
    n_conv = len(base.layers[0].weights)
    model = build_transfer(base, n_classes, trainable)
    if model is None:
        return None
    rng = np.random.default_rng(seed)
    X, y = rng.normal(3, 2, size=(32, 8, 8, 1)), rng.integers(0, n_classes, 32)
    kinds = layers.Conv2D, layers.BatchNormalization
    parts = [x for kind in kinds for x in model._flatten_layers() if isinstance(x, kind)]
    start = [np.array(w) for layer in parts for w in layer.weights]
    same_base = all(map(np.array_equal, before, start))
    for weight in model.trainable_weights[-2:]:
        weight.assign(rng.normal(scale=0.3, size=weight.shape))
    n_trainable = int(sum(np.prod(w.shape) for w in model.trainable_weights))
    model.run_eagerly = True  # quicker for one step
    model.fit(X, y, epochs=1, verbose=0)
    after = [np.array(w) for layer in parts for w in layer.weights]
    same = [a.shape == b.shape and np.allclose(a, b) for a, b in zip(before, after, strict=False)]
    outputs = np.asarray(model(X))
    return {
        "output": list(model.output_shape),
        "trainable parameters": n_trainable,
        "convolution stays as it was": all(same[:n_conv]),
        "batch norm stays as it was": all(same[n_conv:]),
        "learning rate": round(float(model.optimizer.learning_rate), 6),
        "outputs sum to 1": bool(np.allclose(outputs.sum(axis=1), 1, atol=1e-3)),
        "outputs": outputs[:3] if same_base else "of another base",
    }


@exercise(points=2)
def build_transfer(base, n_classes, trainable=False):
    """Return a compiled model for n_classes: a new softmax layer on the features of a trained one.

    base: a Keras model whose last layer is its classifier; the features are what the layer before
    puts out. trainable=False: only the new layer learns, with Adam(1e-3). trainable=True: the base
    learns, too, with a tenth of that rate; but its BatchNormalization layers stay frozen in both.
    Loss: sparse_categorical_crossentropy. For 10 features and 3 classes, 33 parameters learn.
    """
    import keras
    from keras import layers

    for layer in base.layers:
        layer.trainable = trainable and not isinstance(layer, layers.BatchNormalization)
    features = base.layers[-2].output
    outputs = layers.Dense(n_classes, activation="softmax")(features)
    model = keras.Model(base.inputs, outputs)
    rate = 1e-4 if trainable else 1e-3
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy",
                  metrics=["accuracy"])  # fmt: skip
    return model


for _options in ("3, False", "3, True"):
    build_transfer.case(
        f"transfer_facts(build_transfer, {_options}, seed=1)", time_limit=60, rtol=2e-3
    )
for _options in ("4, False", "2, True"):
    build_transfer.hidden_case(
        f"transfer_facts(build_transfer, {_options}, seed=int(rng.integers(1000)))",
        time_limit=60,
        rtol=2e-3,
    )
build_transfer.hint("base.layers[-2].output are the features; keras.Model(base.inputs, outputs).")
build_transfer.hint("Set `trainable` of each layer before you compile.")


@build_transfer.variant
def base_as_a_layer(base, n_classes, trainable=False):
    import keras

    body = keras.Model(base.inputs, base.layers[-2].output)
    body.trainable = trainable
    for layer in body.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    inputs = keras.Input(base.input_shape[1:])
    outputs = keras.layers.Dense(n_classes, activation="softmax")(body(inputs, training=False))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(1e-4 if trainable else 1e-3),
                  keras.losses.SparseCategoricalCrossentropy())  # fmt: skip
    return model


@build_transfer.variant
def sequential(base, n_classes, trainable=False):
    import keras

    model = keras.Sequential([keras.Input(base.input_shape[1:])])
    for layer in base.layers[:-1]:
        layer.trainable = False if "batch" in layer.name else trainable
        model.add(layer)
    model.add(keras.layers.Dense(n_classes, activation="softmax"))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001 / (10 if trainable else 1)),
                  loss="sparse_categorical_crossentropy")  # fmt: skip
    return model


def _transfer(base, n_classes, trainable, layer=-2, rates=(1e-3, 1e-4), late=False, norms=False):
    import keras
    from keras import layers

    outputs = layers.Dense(n_classes, activation="softmax")(base.layers[layer].output)
    model = keras.Model(base.inputs, outputs)
    for part in base.layers:
        part.trainable = True
    optimizer = keras.optimizers.Adam(rates[bool(trainable)])
    if late:
        model.compile(optimizer, "sparse_categorical_crossentropy")
        model.make_train_function()
    for part in base.layers:
        frozen_norm = isinstance(part, layers.BatchNormalization) and not norms
        part.trainable = trainable and not frozen_norm
    if not late:
        model.compile(optimizer, "sparse_categorical_crossentropy")
    return model


@build_transfer.misconception("With trainable=False the base must not learn: freeze its layers.")
def never_frozen(base, n_classes, trainable=False):
    model = _transfer(base, n_classes, True)
    model.optimizer.learning_rate = 1e-4 if trainable else 1e-3
    return model


@build_transfer.misconception("Freeze the base: its layers learn, batch normalization included.")
def nothing_frozen(base, n_classes, trainable=False):
    return _transfer(base, n_classes, True, rates=(1e-3, 1e-4 if trainable else 1e-3), norms=True)


@build_transfer.misconception("The base keeps its trained weights; here they are new and random.")
def forgotten(base, n_classes, trainable=False):
    import keras

    return _transfer(keras.models.clone_model(base), n_classes, trainable)


@build_transfer.misconception("`trainable` sets only the rate: with True, the base learns, too.")
def only_the_rate(base, n_classes, trainable=False):
    return _transfer(base, n_classes, False, rates=(1e-4 if trainable else 1e-3, None))


@build_transfer.misconception(
    "The new layer sits on the old softmax: take the features, the output of the layer before."
)
def on_the_softmax(base, n_classes, trainable=False):
    return _transfer(base, n_classes, trainable, layer=-1)


@build_transfer.misconception("A trained base needs a rate ten times smaller, or it is destroyed.")
def same_rate(base, n_classes, trainable=False):
    return _transfer(base, n_classes, trainable, rates=(1e-3, 1e-3))


@build_transfer.misconception("Batch normalization must stay frozen when the base learns.")
def norms_learn(base, n_classes, trainable=False):
    return _transfer(base, n_classes, trainable, norms=True)


@build_transfer.misconception("`trainable` is not used: with True, the base learns, too.")
def always_frozen(base, n_classes, trainable=False):
    return _transfer(base, n_classes, False)


# --- short answers --------------------------------------------------------------------------------

spatial = question(
    "spatial",
    "After a convolution, why does SpatialDropout2D drop whole channels instead of single values?",
    points=0.5,
)
spatial.right("Neighboring values are nearly the same: what one loses, the next one still tells.")
spatial.wrong("It is faster.", "Not noticeably; it is about what the drop achieves.")
spatial.wrong(
    "Because a convolution has no weights for single pixels.",
    "That is true, but dropout acts on values, not on weights.",
)
spatial.wrong("So that more values survive.", "The share of survivors is the same.")
spatial.hint("Look at the printed tensors: what is zero in each?")

zero_border = question(
    "zero_border",
    "Four 3 x 3 convolutions in a row on a 32 x 32 image: which size comes out without padding, "
    'and which with padding "same"?',
    points=0.5,
)
zero_border.right("24 x 24 and 32 x 32.")
zero_border.wrong("20 x 20 and 32 x 32.", "Each 3 x 3 convolution takes 2 off, not 3.")
zero_border.wrong("28 x 28 and 32 x 32.", "Each one takes a pixel off at *both* ends.")
zero_border.wrong("24 x 24 and 40 x 40.", "Padding makes up for the loss; the image does not grow.")
zero_border.hint("Use conv_output four times.")

fewer_parameters = free_text(
    "fewer_parameters",
    "Why does a convolutional layer need so many fewer parameters than a dense one of the same "
    "output size? Name one kind of data for which this is a disadvantage.",
    rubric=[
        "0.5 points: each output looks at a small patch only, and all places share the same weights",
        "0.5 points: where neighbors mean nothing, or the place decides (table columns, "
        "permuted pixels, centered faces whose eyes are always at one place)",
    ],
    points=1,
)
