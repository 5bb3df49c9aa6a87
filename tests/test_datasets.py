"""Loaders and generators of `dlcourse.datasets`."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets
from sklearn.neighbors import KNeighborsClassifier

from dlcourse import datasets
from dlcourse.datasets import glyphs

# Every function that returns arrays, called in its shortest form.
CALLS: dict[str, Callable[..., Any]] = {
    name: getattr(datasets, name)
    for name in datasets.__all__
    if name.startswith(("load_", "make_"))
    and name not in ("load_fashion_mnist", "make_bowl", "make_gate")
} | {"make_gate": lambda **kwargs: datasets.make_gate("xor", **kwargs)}

# The generators with the keyword that makes them small.
SMALL: dict[str, dict[str, Any]] = {
    "load_glyphs": {"n_train": 40, "n_test": 20},
    "make_adding": {"n_samples": 20},
    "make_circles": {"n_samples": 20},
    "make_disc": {"n_samples": 20},
    "make_gate": {"n_samples": 20, "noise": 0.1},
    "make_half_planes": {"n_samples": 20},
    "make_moons": {"n_samples": 20},
    "make_random_walk": {"n_samples": 20},
    "make_recall": {"n_samples": 20},
    "make_sine_bump": {"noise": 0.1},
}


def arrays(result: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the arrays in a nested tuple."""
    if isinstance(result, tuple):
        for item in result:
            yield from arrays(item)
    else:
        yield result


# --- the convention ------------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLS)
def test_returned_arrays_are_the_callers_own(name: str) -> None:
    """Changing what a loader returned must not change what it returns next."""
    originals = [array.copy() for array in arrays(CALLS[name]())]
    for array in arrays(CALLS[name]()):
        array[...] = 0
    for array, original in zip(arrays(CALLS[name]()), originals, strict=True):
        np.testing.assert_array_equal(array, original)


@pytest.mark.parametrize("name", SMALL)
def test_the_seed_decides_the_bytes(name: str) -> None:
    def draw(seed: int) -> bytes:
        result = CALLS[name](**SMALL[name], seed=seed)
        return b"".join(array.tobytes() for array in arrays(result))

    assert draw(3) == draw(3)
    assert draw(3) != draw(4)


def test_generators_leave_the_global_random_state_alone() -> None:
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    for name, keywords in SMALL.items():
        CALLS[name](**keywords)
    datasets.split(*datasets.load_iris())
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


@pytest.mark.parametrize(
    ("load", "n_rows", "columns"),
    [
        (datasets.load_boston, 506, ["RM", "CRIM", "INDUS", "NOX", "AGE", "TAX", "PRICE"]),
        (datasets.load_iris, 150, [*sklearn.datasets.load_iris().feature_names, "target"]),
        (
            datasets.load_breast_cancer,
            569,
            [*sklearn.datasets.load_breast_cancer().feature_names, "target"],
        ),
    ],
)
def test_a_frame_holds_the_features_and_then_the_target(
    load: Callable[..., Any], n_rows: int, columns: list[str]
) -> None:
    frame = load(as_frame=True)
    X, y = load()
    assert list(frame.columns) == columns
    assert X.shape == (n_rows, len(columns) - 1)
    np.testing.assert_array_equal(X, frame[columns[:-1]])
    np.testing.assert_array_equal(y, frame[columns[-1]])


def test_importing_datasets_stays_light() -> None:
    heavy = ("tensorflow", "keras", "jax", "sklearn", "pandas", "matplotlib")
    code = f"import sys, dlcourse.datasets; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


# --- stored sets ---------------------------------------------------------------------------


def test_boston_has_the_minimum_and_the_critical_rate_of_the_notes() -> None:
    boston = datasets.load_boston(as_frame=True)
    x, y = boston["RM"].to_numpy(), boston["PRICE"].to_numpy()

    (w_star,), *_ = np.linalg.lstsq(x[:, None], y)
    assert w_star == pytest.approx(3.653, abs=5e-4)
    assert 1 / np.sum(x**2) == pytest.approx(4.94e-5, abs=5e-8)

    def last_error(rho: float) -> float:
        """Distance to the minimum after one step of the notes' loop, which starts at 1."""
        w = w_star + 1
        return float(w - rho * np.sum(2 * (w * x - y) * x) - w_star)

    assert last_error(1e-5) == pytest.approx(0.595, abs=5e-4)
    assert last_error(1e-6) == pytest.approx(0.960, abs=5e-4)
    assert last_error(5e-5) == pytest.approx(-1.0235, abs=5e-4)


def test_iris_equals_scikit_learns() -> None:
    X, y = datasets.load_iris()
    original = sklearn.datasets.load_iris()
    np.testing.assert_array_equal(X, original.data)
    np.testing.assert_array_equal(y, original.target)


def test_breast_cancer_counts_malignant_and_benign() -> None:
    X, y = datasets.load_breast_cancer()
    assert np.bincount(y).tolist() == [212, 357]
    # Benign cells are smaller (mean radius, in the first column).
    assert X[y == 1, 0].mean() < X[y == 0, 0].mean()


def test_trace_equals_tslearns() -> None:
    cached = pytest.importorskip("tslearn.datasets").CachedDatasets().load_dataset("Trace")
    (X_train, y_train), (X_test, y_test) = datasets.load_trace()
    for ours, theirs in zip((X_train, y_train + 1, X_test, y_test + 1), cached, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert X_train.shape == X_test.shape == (100, 275, 1)
    assert np.bincount(y_train).tolist() == [26, 21, 22, 31]
    np.testing.assert_allclose(X_train.mean(axis=1), 0, atol=1e-4)
    np.testing.assert_allclose(X_train.std(axis=1, ddof=1), 1, atol=1e-4)


def test_sunspots_equal_statsmodels() -> None:
    original = pytest.importorskip("statsmodels.datasets").sunspots.load_pandas().data
    years, sunspots = datasets.load_sunspots()
    np.testing.assert_array_equal(years, np.arange(1700, 2009))
    np.testing.assert_array_equal(sunspots, original["SUNACTIVITY"])
    frame = datasets.load_sunspots(as_frame=True)
    assert list(frame.columns) == ["SUNACTIVITY"]
    assert frame.index.tolist() == years.tolist()


def test_digits_are_images() -> None:
    X, y = datasets.load_digits()
    assert (X.min(), X.max()) == (0, 16)
    rows, target = sklearn.datasets.load_digits(return_X_y=True)
    np.testing.assert_array_equal(X.reshape(len(X), -1), rows)
    np.testing.assert_array_equal(y, target)


@pytest.mark.parametrize("name", ["flower.jpg", "china.jpg"])
def test_sample_images_are_photos(name: str) -> None:
    image = datasets.load_sample_image(name)
    assert image.shape == (427, 640, 3)
    assert image.dtype == np.uint8
    assert image.std() > 20


FASHION = """
import gzip, sys
from pathlib import Path
from dlcourse import datasets
try:
    datasets.load_fashion_mnist()
except OSError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
(X_train, y_train), (X_test, y_test) = datasets.load_fashion_mnist()
print(X_train.shape, y_train.tolist(), X_test.shape, y_test.tolist())
"""


@pytest.mark.slow
@pytest.mark.parametrize(("variable", "cache"), [("HOME", ".keras"), ("KERAS_HOME", ".")])
def test_fashion_mnist_offline_says_where_its_files_belong(
    tmp_path: Path, variable: str, cache: str
) -> None:
    # Nothing listens on port 9, so every download fails at once.
    proxies = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    environment = {**os.environ, **proxies, "no_proxy": ""}
    environment.pop("KERAS_HOME", None)
    environment[variable] = str(tmp_path)

    def load() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", FASHION]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    offline = load()
    folder = tmp_path / cache / "datasets" / "fashion-mnist"
    assert offline.returncode == 3, offline.stderr
    assert f"Put these four files into {folder}:" in offline.stderr
    assert "datasets.load_glyphs()" in offline.stderr
    assert not list(tmp_path.rglob("*.gz"))

    folder.mkdir(parents=True, exist_ok=True)
    for part, n in (("train", 3), ("t10k", 2)):
        images, labels = bytes(16) + bytes(n * 28 * 28), bytes(8) + bytes(range(n))
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    cached = load()
    assert cached.returncode == 0, cached.stderr
    assert cached.stdout.strip() == "(3, 28, 28) [0, 1, 2] (2, 28, 28) [0, 1]"
    for name in os.listdir(folder):
        assert name in offline.stderr


# --- glyphs --------------------------------------------------------------------------------


def accuracy_of_nearest_neighbor(difficulty: float) -> float:
    (X, y), (X_test, y_test) = datasets.load_glyphs(
        n_train=1000, n_test=1000, difficulty=difficulty
    )
    model = KNeighborsClassifier(1).fit(X.reshape(len(X), -1), y)
    return float(model.score(X_test.reshape(len(X_test), -1), y_test))


def test_glyphs_have_the_form_of_fashion_mnist() -> None:
    (X_train, y_train), (X_test, y_test) = datasets.load_glyphs(n_train=300, n_test=100)
    assert X_train.shape == (300, 28, 28)
    assert X_test.shape == (100, 28, 28)
    assert X_train.dtype == np.uint8
    assert X_train.max() == 255
    assert np.bincount(y_train).tolist() == [30] * 10
    assert np.bincount(y_test).tolist() == [10] * 10
    assert np.any(np.diff(y_train) < 0)  # in random order


def test_clean_glyphs_are_centered_and_differ_by_font_only() -> None:
    (X, y), _ = datasets.load_glyphs(n_train=600, n_test=1, classes="HI", difficulty=0)
    for k in (0, 1):
        assert 10 <= len(np.unique(X[y == k], axis=0)) <= 19
    for image in X:
        rows, columns = np.nonzero(image > 127)
        assert abs(rows.min() + rows.max() - 27) <= 2
        assert abs(columns.min() + columns.max() - 27) <= 2
        assert 14 <= np.ptp(rows) + 1 <= 24
    # An H is wider than an I, and symmetric from top to bottom.
    width = [np.ptp(np.nonzero(X[y == k].max(axis=0) > 127)[1]) for k in (0, 1)]
    assert width[0] > width[1]


def test_clean_glyphs_look_like_the_text_that_matplotlib_draws() -> None:
    """Nearest neighbors trained on Matplotlib's own text recognize the glyphs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    classes = "ABCDEFGHIJ"
    drawn = []
    for family in ("DejaVu Sans", "DejaVu Serif", "STIXGeneral"):
        for character in classes:
            figure = Figure(figsize=(1, 1), dpi=28)
            FigureCanvasAgg(figure)
            figure.text(0.5, 0.5, character, family=family, size=68, ha="center", va="center")
            figure.canvas.draw()
            ink = 255 - np.asarray(figure.canvas.buffer_rgba())[:, :, 0].astype(float)
            rows, columns = np.nonzero(ink > 127)
            shift = [round(13.5 - (axis.min() + axis.max()) / 2) for axis in (rows, columns)]
            drawn.append(np.roll(ink, shift, axis=(0, 1)).ravel())
    model = KNeighborsClassifier(1).fit(drawn, np.tile(np.arange(10), 3))
    (X, y), _ = datasets.load_glyphs(n_train=500, n_test=1, classes=classes, difficulty=0)
    assert model.score(X.reshape(len(X), -1), y) > 0.8


def test_difficulty_is_what_it_says() -> None:
    easy, normal, hard = map(accuracy_of_nearest_neighbor, (0, 0.5, 1))
    assert easy > 0.95
    assert easy > normal + 0.2
    assert normal > hard + 0.2


def test_glyph_size_and_classes_are_selectable() -> None:
    (X, y), _ = datasets.load_glyphs(n_train=12, n_test=1, classes=["α", "β", "γ"], size=40)
    assert X.shape == (12, 40, 40)
    assert np.bincount(y).tolist() == [4, 4, 4]


def test_glyphs_are_kept_in_memory() -> None:
    (first, _), _ = datasets.load_glyphs(n_train=12, n_test=1, seed=123)
    drawn = glyphs._render.cache_info().misses
    (again, _), _ = datasets.load_glyphs(n_train=12, n_test=1, seed=123)
    np.testing.assert_array_equal(first, again)
    assert glyphs._render.cache_info().misses == drawn


def test_test_glyphs_do_not_depend_on_the_number_of_training_images() -> None:
    _, few = datasets.load_glyphs(n_train=10, n_test=20)
    train, many = datasets.load_glyphs(n_train=20, n_test=20)
    np.testing.assert_array_equal(few[0], many[0])
    assert not np.array_equal(train[0], many[0])


# --- points in the plane -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("and", lambda a, b: a and b),
        ("or", lambda a, b: a or b),
        ("nand", lambda a, b: not (a and b)),
        ("nor", lambda a, b: not (a or b)),
        ("xor", lambda a, b: a != b),
    ],
)
def test_gates_have_their_truth_tables(name: str, function: Callable[..., bool]) -> None:
    X, y = datasets.make_gate(name)
    assert X.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert y.tolist() == [int(function(a, b)) for a, b in X.astype(bool)]


def test_the_not_gate_has_one_input() -> None:
    X, y = datasets.make_gate("not")
    assert (X.tolist(), y.tolist()) == ([[0], [1]], [1, 0])


def test_noisy_gates_scatter_around_the_table() -> None:
    X, y = datasets.make_gate("xor", n_samples=4000, noise=0.1)
    corners, outputs = datasets.make_gate("xor")
    for corner, output in zip(corners, outputs, strict=True):
        near = np.abs(X - corner).max(axis=1) < 0.5
        assert np.sum(near) == 1000
        assert np.all(y[near] == output)
        assert X[near].std(axis=0) == pytest.approx(0.1, abs=0.01)


def test_the_disc_covers_half_of_the_square() -> None:
    X, y = datasets.make_disc(20_000)
    radius = np.hypot(*X.T)
    assert np.abs(X).max() <= 1
    assert y.mean() == pytest.approx(0.5, abs=0.01)
    assert radius[y == 1].max() < radius[y == 0].min()
    assert np.pi * radius[y == 1].max() ** 2 == pytest.approx(2, abs=0.01)


def test_half_planes_are_separated_by_the_vertical_axis() -> None:
    X, y = datasets.make_half_planes()
    assert X.shape == (20, 2)
    assert np.abs(X).max() <= 1.5
    np.testing.assert_array_equal(2 * y - 1, np.sign(X[:, 0]))


@pytest.mark.parametrize("make", [datasets.make_moons, datasets.make_circles])
@pytest.mark.parametrize("flip", [0.0, 0.15, 0.2, 1.0])
def test_flip_is_the_share_of_wrong_labels(make: Callable[..., Any], flip: float) -> None:
    X, y = make(n_samples=120, flip=flip)
    X_clean, clean = make(n_samples=120)
    np.testing.assert_array_equal(X, X_clean)
    assert np.sum(y != clean) == round(120 * flip)
    assert np.bincount(clean).tolist() == [60, 60]


def test_moons_are_interleaved_half_circles() -> None:
    X, y = datasets.make_moons(100, noise=0)
    np.testing.assert_allclose(np.hypot(*X[y == 0].T), 1)
    np.testing.assert_allclose(np.hypot(*(X[y == 1] - [1, 0.5]).T), 1)
    assert X[y == 0, 1].min() >= 0
    assert X[y == 1, 1].max() <= 0.5


def test_the_bowl_is_the_formula_and_its_gradient_matches() -> None:
    loss, gradient = datasets.make_bowl((1.0, 20.0))
    theta = np.random.default_rng(0).normal(size=(5, 3, 2))
    x, y = theta[..., 0], theta[..., 1]
    np.testing.assert_allclose(loss(theta), (x**2 + 20 * y**2) / 2)
    step = 1e-6 * np.eye(2)
    slopes = [(loss(theta + h) - loss(theta - h)) / 2e-6 for h in step]
    np.testing.assert_allclose(gradient(theta), np.stack(slopes, axis=-1), atol=1e-6)


def test_descent_in_the_bowl_diverges_above_the_critical_rate() -> None:
    loss, gradient = datasets.make_bowl()

    def after_50_steps(lr: float) -> float:
        theta = np.array([2.0, 1.0])
        for _ in range(50):
            theta = theta - lr * gradient(theta)
        return float(loss(theta))

    assert after_50_steps(0.09) < 0.1 < 100 < after_50_steps(0.11)


# --- signals and sequences -----------------------------------------------------------------


def test_a_random_walk_has_independent_normal_steps() -> None:
    t, y = datasets.make_random_walk(n_samples=10_000, noise=0.1)
    np.testing.assert_array_equal(t, np.arange(10_000))
    steps = np.diff(y, prepend=0)
    assert steps.std() == pytest.approx(0.1, rel=0.03)
    assert abs(np.corrcoef(steps[1:], steps[:-1])[0, 1]) < 0.03
    _, half = datasets.make_random_walk(n_samples=10_000, noise=0.05)
    np.testing.assert_allclose(2 * half, y)


def test_moving_the_sine_bump_shifts_the_signal() -> None:
    _, left = datasets.make_sine_bump(position=5)
    t, right = datasets.make_sine_bump(position=34)
    assert t.shape == left.shape == (100,)
    np.testing.assert_array_equal(np.roll(left, 29), right)
    assert np.all(left[:5] == 0)
    assert np.all(left[65:] == 0)
    np.testing.assert_allclose(left[5:65], np.sin(2 * np.pi * np.arange(60) / 59), atol=1e-12)


def test_adding_sums_two_marked_numbers() -> None:
    X, y = datasets.make_adding(n_samples=4000, length=30)
    numbers, marks = X[..., 0], X[..., 1]
    assert X.shape == (4000, 30, 2)
    assert set(np.unique(marks)) == {0, 1}
    assert np.all(marks.sum(axis=1) == 2)
    np.testing.assert_allclose(y, [row[mark == 1].sum() for row, mark in zip(numbers, marks)])  # noqa: B905
    assert y.var() == pytest.approx(1 / 6, rel=0.05)
    # Every step is marked about equally often.
    assert marks.mean(axis=0) == pytest.approx(2 / 30, abs=0.02)


def test_recall_asks_for_the_value_of_a_key() -> None:
    X, y = datasets.make_recall(n_samples=3000, n_pairs=8, n_symbols=16)
    assert X.shape == (3000, 17)
    for row, answer in zip(X.tolist(), y.tolist(), strict=True):
        keys, values, query = row[0:-1:2], row[1:-1:2], row[-1]
        assert len(set(keys)) == 8
        assert dict(zip(keys, values, strict=True))[query] == answer
    for part in (X[:, 0], X[:, 1], X[:, -1], y):
        assert np.bincount(part, minlength=16) == pytest.approx(3000 / 16, rel=0.3)
    # The answer stands at every place about equally often.
    asked = np.argmax(X[:, 0:-1:2] == X[:, -1:], axis=1)
    assert np.bincount(asked) == pytest.approx(3000 / 8, rel=0.2)


# --- split ---------------------------------------------------------------------------------


def test_split_keeps_the_shares_of_the_classes() -> None:
    X, y = datasets.load_breast_cancer()
    (X_train, y_train), (X_test, y_test) = datasets.split(X, y, test_size=0.25)
    assert len(y_test) == pytest.approx(0.25 * len(y), abs=1)
    assert y_test.mean() == pytest.approx(y.mean(), abs=0.005)
    rows = np.vstack([X_train, X_test])
    np.testing.assert_array_equal(np.sort(rows, axis=0), np.sort(X, axis=0))
    # Rows stay with their classes and are not scaled.
    label_of = {row.tobytes(): label for row, label in zip(X, y, strict=True)}
    for row, label in zip(rows, np.concatenate([y_train, y_test]), strict=True):
        assert label_of[row.tobytes()] == label

    _, (_, species) = datasets.split(*datasets.load_iris(), test_size=0.2)
    assert np.bincount(species).tolist() == [10, 10, 10]


def test_split_depends_on_the_seed_alone() -> None:
    X, y = datasets.load_iris()

    def test_rows(seed: int) -> bytes:
        return bytes(datasets.split(np.arange(150), y, seed=seed)[1][0].tobytes())

    assert test_rows(0) == test_rows(0)
    assert test_rows(0) != test_rows(1)
    assert datasets.split(X, y)[0][0].shape == (120, 4)


def test_split_takes_frames_strings_and_regression_targets() -> None:
    boston = datasets.load_boston(as_frame=True)
    (X_train, y_train), (X_test, _) = datasets.split(
        boston.drop(columns="PRICE"), boston["PRICE"], test_size=0.5
    )
    assert isinstance(X_train, pd.DataFrame)
    assert isinstance(y_train, pd.Series)
    assert X_train.index.equals(y_train.index)
    assert len(X_train) == len(X_test) == 253

    names = np.repeat(["setosa", "virginica"], [10, 30])
    _, (_, y_test) = datasets.split(np.zeros((40, 1)), names, test_size=0.2)
    assert sorted(y_test) == ["setosa"] * 2 + ["virginica"] * 6


# --- errors --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: datasets.make_gate("nxor"),
            "Invalid value for `name`: expected one of 'not', 'and', 'or', 'nand', 'nor', 'xor'. "
            "Received: name='nxor'",
        ),
        (
            lambda: datasets.make_moons(flip=1.5),
            "Invalid value for `flip`: expected a number in [0, 1]. Received: flip=1.5",
        ),
        (
            lambda: datasets.make_moons(noise=-0.1),
            "Invalid value for `noise`: expected a number of at least 0. Received: noise=-0.1",
        ),
        (
            lambda: datasets.make_disc(0),
            "Invalid value for `n_samples`: expected an integer of at least 1. "
            "Received: n_samples=0",
        ),
        (
            lambda: datasets.make_random_walk(10.5),  # type: ignore[arg-type]
            "Invalid value for `n_samples`: expected an integer of at least 1. "
            "Received: n_samples=10.5",
        ),
        (
            lambda: datasets.make_adding(length=1),
            "Invalid value for `length`: expected an integer of at least 2. Received: length=1",
        ),
        (
            lambda: datasets.make_sine_bump(position=41),
            "Invalid value for `position`: expected an integer of at most n_samples - length = 40. "
            "Received: position=41",
        ),
        (
            lambda: datasets.make_recall(n_symbols=7),
            "Invalid value for `n_symbols`: expected at least as many as pairs (8). "
            "Received: n_symbols=7",
        ),
        (
            lambda: datasets.make_bowl((1.0, -1.0)),
            "Invalid value for `curvature`: expected two positive numbers. "
            "Received: curvature=(1.0, -1.0)",
        ),
        (
            lambda: datasets.load_glyphs(classes="AA"),
            "Invalid value for `classes`: expected at least two different visible characters. "
            "Received: classes='AA'",
        ),
        (
            lambda: datasets.load_glyphs(classes="A "),
            "Invalid value for `classes`: expected at least two different visible characters. "
            "Received: classes='A '",
        ),
        (
            lambda: datasets.load_glyphs(classes="A語"),
            "Invalid value for `classes`: expected characters that one of the fonts holds. "
            "Received: classes='A語'",
        ),
        (
            lambda: datasets.load_glyphs(difficulty=2),
            "Invalid value for `difficulty`: expected a number in [0, 1]. Received: difficulty=2",
        ),
        (
            lambda: datasets.load_sample_image("cat.jpg"),
            "Invalid value for `name`: expected one of 'flower.jpg', 'china.jpg'. "
            "Received: name='cat.jpg'",
        ),
        (
            lambda: datasets.split([1, 2, 3], [0, 1, 0], test_size=1.0),
            "Invalid value for `test_size`: expected a float in (0, 1). Received: test_size=1.0",
        ),
        (
            lambda: datasets.split([1, 2, 3], [0, 1]),
            "Invalid value for `y`: expected as many rows as in `X`. Received: len(X)=3, len(y)=2",
        ),
        (
            lambda: datasets.split(np.zeros((10, 1)), [0] * 9 + [1]),
            "Invalid value for `y`: expected enough rows of each class for both parts. "
            "Received: len(y)=10, test_size=0.2",
        ),
    ],
)
def test_errors_name_the_argument_what_was_expected_and_what_came(
    call: Callable[[], Any], message: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call()
    assert str(caught.value).startswith(message)
