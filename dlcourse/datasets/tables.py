"""Tables: one row per sample, one column per feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from numpy.typing import NDArray

from dlcourse.datasets._files import data_file

if TYPE_CHECKING:
    import pandas as pd

Arrays = tuple[NDArray[Any], NDArray[Any]]


def _features_and_target(frame: pd.DataFrame) -> Arrays:
    """Return the columns before the last, and the last one, as arrays of their own."""
    return frame.iloc[:, :-1].to_numpy(copy=True), frame.iloc[:, -1].to_numpy(copy=True)


@overload
def load_boston(as_frame: Literal[False] = False) -> Arrays: ...
@overload
def load_boston(as_frame: Literal[True]) -> pd.DataFrame: ...
def load_boston(as_frame: bool = False) -> Arrays | pd.DataFrame:
    """Load house prices of 506 districts around Boston (regression).

    The columns are those that the lecture notes print: RM (rooms per dwelling), CRIM (crimes
    per inhabitant), INDUS (percent of business land), NOX (nitric oxides, parts per 10
    million), AGE (percent of dwellings built before 1940), TAX (dollars per $10,000), and the
    target PRICE (median price of a home, in $1000).

    Args:
        as_frame: Whether to return one pandas `DataFrame` with all seven columns, PRICE last.
            Defaults to `False`.

    Returns:
        `X, y`: float arrays of shape `(506, 6)` and `(506,)`; or the `DataFrame`.

    Example:

    >>> boston = load_boston(as_frame=True)
    >>> boston[["RM", "PRICE"]].head(2)
          RM  PRICE
    0  6.575   24.0
    1  6.421   21.6

    Source: Harrison and Rubinfeld, Hedonic housing prices and the demand for clean air,
    J. Environ. Economics and Management 5, 1978. `data/README.md` tells why the table has
    only these columns.
    """
    import pandas as pd

    frame = pd.read_csv(data_file("boston.csv"))
    return frame if as_frame else _features_and_target(frame)


@overload
def load_iris(as_frame: Literal[False] = False) -> Arrays: ...
@overload
def load_iris(as_frame: Literal[True]) -> pd.DataFrame: ...
def load_iris(as_frame: bool = False) -> Arrays | pd.DataFrame:
    """Load four measures, in cm, of 150 iris flowers of three species (classification).

    The rows are sorted by class: 50 setosa (0), 50 versicolor (1), 50 virginica (2).

    Args:
        as_frame: Whether to return one pandas `DataFrame`, `target` last. Defaults to `False`.

    Returns:
        `X, y`: floats of shape `(150, 4)` and classes of shape `(150,)`; or the `DataFrame`.

    Example:

    >>> X, y = load_iris()
    >>> X[0], int(y[0])
    (array([5.1, 3.5, 1.4, 0.2]), 0)

    Source: Fisher, The use of multiple measurements in taxonomic problems, Annals of
    Eugenics 7, 1936.
    """
    import pandas as pd

    frame = pd.read_csv(data_file("iris.csv"), index_col=0)
    return frame if as_frame else _features_and_target(frame)


@overload
def load_breast_cancer(as_frame: Literal[False] = False) -> Arrays: ...
@overload
def load_breast_cancer(as_frame: Literal[True]) -> pd.DataFrame: ...
def load_breast_cancer(as_frame: bool = False) -> Arrays | pd.DataFrame:
    """Load 30 measures of cell nuclei in 569 breast tumors (binary classification).

    Class 0 is malignant (212 rows), class 1 benign (357 rows). The features differ in scale
    by a factor of more than 10,000.

    Args:
        as_frame: Whether to return one pandas `DataFrame`, `target` last. Defaults to `False`.

    Returns:
        `X, y`: floats of shape `(569, 30)` and classes of shape `(569,)`; or the `DataFrame`.

    Example:

    >>> X, y = load_breast_cancer()
    >>> X.shape, round(float(y.mean()), 3)
    ((569, 30), 0.627)

    Source: Street, Wolberg and Mangasarian, Nuclear feature extraction for breast tumor
    diagnosis, SPIE 1905, 1993; the copy that scikit-learn ships.
    """
    from sklearn.datasets import load_breast_cancer as load

    frame = load(as_frame=True).frame
    return frame if as_frame else _features_and_target(frame)
