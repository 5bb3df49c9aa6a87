"""Time series: stored ones and generated signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from dlcourse.arguments import check_count, check_noise, invalid
from dlcourse.datasets._files import data_file

if TYPE_CHECKING:
    import pandas as pd

Arrays = tuple[NDArray[Any], NDArray[Any]]


def load_trace() -> tuple[Arrays, Arrays]:
    """Load Trace: simulated sensor series of a power plant, four kinds of failure.

    Every series has 275 steps, mean 0 and standard deviation 1. The training set is the
    source's, and so is the test set.

    Returns:
        `(X_train, y_train), (X_test, y_test)`: floats of shape `(100, 275, 1)`, ready for
        `Conv1D` and recurrent layers, and classes 0 to 3 of shape `(100,)`.

    Example:

    >>> (X_train, y_train), (X_test, y_test) = load_trace()
    >>> X_train.shape, y_train[:5]
    ((100, 275, 1), array([0, 1, 3, 2, 0]))

    Source: Roverso, Multivariate temporal classification by windowed wavelet decomposition
    and recurrent neural networks, ANS NPIC&HMIT, 2000; from the UCR archive (Dau et al.,
    IEEE/CAA J. Autom. Sinica 6, 2019), where the classes are 1 to 4.
    """
    import pandas as pd

    frame = pd.read_csv(data_file("trace.csv"), index_col="part")

    def arrays(part: str) -> Arrays:
        rows = frame.loc[part]
        X = rows.drop(columns="target").to_numpy(copy=True)
        return X[:, :, None], rows["target"].to_numpy() - 1

    return arrays("train"), arrays("test")


@overload
def load_sunspots(as_frame: Literal[False] = False) -> Arrays: ...
@overload
def load_sunspots(as_frame: Literal[True]) -> pd.DataFrame: ...
def load_sunspots(as_frame: bool = False) -> Arrays | pd.DataFrame:
    """Load the mean number of sunspots of each year from 1700 to 2008 (forecasting).

    Args:
        as_frame: Whether to return one pandas `DataFrame` with the index YEAR and the column
            SUNACTIVITY. Defaults to `False`.

    Returns:
        `t, y`: the years and the numbers of sunspots, both of shape `(309,)`; or the
        `DataFrame`.

    Example:

    >>> years, sunspots = load_sunspots()
    >>> int(years[-1]), float(sunspots[-1])
    (2008, 2.9)

    Source: National Geophysical Data Center; the copy that statsmodels ships.
    """
    import pandas as pd

    frame = pd.read_csv(data_file("sunspots.csv"), index_col="YEAR")
    if as_frame:
        return frame
    return frame.index.to_numpy(copy=True), frame["SUNACTIVITY"].to_numpy(copy=True)


def make_random_walk(n_samples: int = 50, noise: float = 0.1, seed: int = 0) -> Arrays:
    """Draw a random walk: the running sum of independent normal steps.

    Args:
        n_samples: Integer, number of time steps. Defaults to `50`.
        noise: Float, standard deviation of one step. Defaults to `0.1`.
        seed: Integer. Defaults to `0`.

    Returns:
        `t, y`: the time steps 0, 1, ... and the values, both of shape `(n_samples,)`.

    Raises:
        ValueError: If `n_samples` is less than 1 or `noise` is negative.

    Example:

    >>> t, y = make_random_walk(n_samples=50, noise=0.1, seed=0)
    >>> t.shape, y.shape
    ((50,), (50,))
    """
    check_count("n_samples", n_samples)
    check_noise("noise", noise)
    steps = np.random.default_rng(seed).normal(scale=noise, size=n_samples)
    return np.arange(n_samples), np.cumsum(steps)


def make_sine_bump(
    position: int = 5, n_samples: int = 100, length: int = 60, noise: float = 0.0, seed: int = 0
) -> Arrays:
    """Draw one period of a sine that starts at `position`; the signal is 0 elsewhere.

    Moving `position` shifts the bump, which is what a convolution should follow.

    Args:
        position: Integer, the step at which the bump starts. Defaults to `5`.
        n_samples: Integer, number of time steps of the signal. Defaults to `100`.
        length: Integer, number of time steps of the bump. Defaults to `60`.
        noise: Float, standard deviation of normal noise on the signal. Defaults to `0.0`.
        seed: Integer, of the noise. Defaults to `0`.

    Returns:
        `t, y`: the time steps 0, 1, ... and the values, both of shape `(n_samples,)`.

    Raises:
        ValueError: If the bump does not fit into the signal, or `noise` is negative.

    Example:

    >>> t, y = make_sine_bump(position=10)
    >>> int(np.argmax(y)), int(np.argmin(y))
    (25, 54)
    """
    check_count("length", length)
    check_count("n_samples", n_samples, minimum=length)
    check_count("position", position, minimum=0)
    if position + length > n_samples:
        raise invalid(
            "position", f"an integer of at most n_samples - length = {n_samples - length}", position
        )
    check_noise("noise", noise)
    y = np.random.default_rng(seed).normal(scale=noise, size=n_samples)
    y[position : position + length] += np.sin(np.linspace(0, 2 * np.pi, length))
    return np.arange(n_samples), y
