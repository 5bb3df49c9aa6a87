"""Cross-validated search for the best arguments of a function that builds a Keras model."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
import pandas as pd
from keras import ops
from rich.console import Console
from rich.progress import Progress
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.model_selection import (
    KFold,
    ParameterGrid,
    ParameterSampler,
    StratifiedKFold,
    cross_validate,
)

from dlcourse.arguments import check_choice

__all__ = ["SearchResult", "search"]


@dataclass(frozen=True)
class SearchResult:
    """What a search has found.

    Attributes:
        table: DataFrame, best first: a column per argument, the mean `score` over the folds, its
            standard deviation `std`, and the mean `seconds` of a fit. The index is the rank from 1.
        best: Dict, the arguments with the best score.
        score: Float, that score.
        estimator: The scikit-learn wrapper fitted with the best arguments on all rows; its
            `model_` is the Keras model. `None` if the search was interrupted.
    """

    table: pd.DataFrame
    best: dict[str, Any]
    score: float
    estimator: keras.wrappers.SKLearnClassifier | keras.wrappers.SKLearnRegressor | None


def search(
    build: Callable[..., keras.Model],
    parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    X: Any,
    y: Any,
    *,
    n_iter: int | None = None,
    task: Literal["multiclass", "regression"] = "multiclass",
    scoring: str | Callable[..., float] | None = None,
    cv: int = 3,
    seed: int = 0,
    progress: bool = True,
    **fit: Any,
) -> SearchResult:
    """Search the arguments of `build` that give the best cross-validated score.

    Rows are shuffled before they are dealt into folds, with equal shares of the classes. Keras'
    global seed is set to `seed` before each fit, so that the same call gives the same scores.
    Ctrl-C (or the notebook's stop button) ends the search with the results so far.

    Args:
        build: Function `build(X, y, **arguments)` that returns a compiled model. The `y` of
            classes arrives one-hot, of shape (n, n_classes): end with a softmax and compile with
            `"categorical_crossentropy"`, as `models.mlp` does.
        parameters: Dict of argument names to the values to try, or a list of such dicts, as in
            `sklearn.model_selection.GridSearchCV`. With `n_iter`, a value may also be a
            distribution with a method `rvs`, as in `RandomizedSearchCV`.
        X: Array of shape (n, d).
        y: Array of shape (n,), class labels or numbers.
        n_iter: Integer, number of random combinations to try. Defaults to `None`: all of them.
        task: `"multiclass"` (two classes, too) or `"regression"`. Defaults to `"multiclass"`.
        scoring: A score of scikit-learn, higher is better, by name or as a function. Defaults to
            accuracy for classes and R^2 for regression.
        cv: Integer >= 2, number of folds. Defaults to 3.
        seed: Integer, of the folds, the random combinations and every fit. Defaults to 0.
        progress: Boolean. Show a progress bar in a terminal or notebook. Defaults to `True`.
        **fit: Arguments of `keras.Model.fit`, such as `epochs=20`. `verbose` defaults to 0.

    Returns:
        A `SearchResult`.

    Raises:
        ValueError: `build` does not take the parameters, `X` and `y`, or `fit` is given something
            that `keras.Model.fit` does not take.

    Example:
        >>> def build(X, y, learning_rate):
        ...     model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        ...     model.compile(keras.optimizers.SGD(learning_rate), "mse")
        ...     return model
        >>> X = np.linspace(-1, 1, 30)[:, None]
        >>> grid = {"learning_rate": [1e-9, 0.1]}
        >>> y = 3 * X[:, 0]
        >>> result = search(build, grid, X, y, task="regression", cv=2, epochs=9, batch_size=1)
        >>> result.best
        {'learning_rate': 0.1}
        >>> list(result.table.columns)
        ['learning_rate', 'score', 'std', 'seconds']
    """
    check_choice("task", task, ("multiclass", "regression"))
    if not {"X", "y"} <= set(inspect.signature(build).parameters):
        raise ValueError(
            "Invalid value for `build`: expected a function build(X, y, ...). "
            f"Received: {build.__name__}{inspect.signature(build)}"
        )
    candidates = _candidates(parameters, n_iter, seed)
    _check_names("parameters", build, {name for candidate in candidates for name in candidate})
    _check_names("fit", keras.Model.fit, fit)
    is_classifier = task == "multiclass"
    wrapper = keras.wrappers.SKLearnClassifier if is_classifier else keras.wrappers.SKLearnRegressor
    folds = StratifiedKFold if is_classifier else KFold
    estimator = wrapper(_seeded(build, seed))
    fit = {"verbose": 0, **fit}

    def evaluate(candidate: dict[str, Any]) -> dict[str, Any]:
        scores = cross_validate(
            clone(estimator).set_params(model_kwargs=candidate),
            X,
            y,
            scoring=_nan_if_diverged(check_scoring(estimator, scoring)),
            cv=folds(cv, shuffle=True, random_state=seed),
            params=fit,
            error_score="raise",
        )
        return {
            **candidate,
            "score": scores["test_score"].mean(),
            "std": scores["test_score"].std(),
            "seconds": scores["fit_time"].mean(),
        }

    rows: list[dict[str, Any]] = []
    fitted = None
    with _progress_bar(progress) as bar:
        try:
            for candidate in bar.track(candidates, description="Searching"):
                rows.append(evaluate(candidate))
            best = candidates[_ranked(rows).index[0]]
            fitted = estimator.set_params(model_kwargs=best).fit(X, y, **fit)
        except KeyboardInterrupt:
            if not rows:
                raise
    table = _ranked(rows)
    return SearchResult(
        table=table.set_axis(pd.RangeIndex(1, len(table) + 1, name="rank")),
        best=candidates[table.index[0]],
        score=float(table["score"].iloc[0]),
        estimator=fitted,
    )


def _ranked(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows).sort_values("score", ascending=False, kind="stable")


def _candidates(parameters: Any, n_iter: int | None, seed: int) -> list[dict[str, Any]]:
    """Return the combinations to try, with Python numbers where NumPy has its own."""
    if n_iter is None:
        combinations = ParameterGrid(parameters)
    else:
        combinations = ParameterSampler(parameters, n_iter, random_state=seed)
    return [
        {name: v.item() if isinstance(v, np.generic) else v for name, v in combination.items()}
        for combination in combinations
    ]


def _check_names(argument: str, function: Callable[..., Any], names: Iterable[str]) -> None:
    """Raise `ValueError` unless `function` takes arguments of these names."""
    accepted = inspect.signature(function).parameters
    takes_all = any(p.kind is p.VAR_KEYWORD for p in accepted.values())
    unknown = [name for name in names if name not in accepted]
    if unknown and not takes_all:
        raise ValueError(
            f"Invalid value for `{argument}`: expected arguments of "
            f"`{function.__name__}({', '.join(accepted)})`. Received: {', '.join(sorted(unknown))}"
        )


def _seeded(build: Callable[..., keras.Model], seed: int) -> Callable[..., keras.Model]:
    """Return `build` with Keras' random numbers fixed and the model's `predict` quiet."""

    @functools.wraps(build)
    def seeded_build(X: Any, y: Any, **arguments: Any) -> keras.Model:
        keras.utils.set_random_seed(seed)
        model = build(X=X, y=y, **arguments)
        model.predict = functools.partial(model.predict, verbose=0)  # the wrapper cannot say so
        return model

    return seeded_build


def _nan_if_diverged(score: Callable[..., float]) -> Callable[..., float]:
    """Return a score that is nan, not an error, where the model predicts nan or infinity."""

    def score_or_nan(estimator: Any, X: Any, y: Any) -> float:
        outputs = ops.convert_to_numpy(estimator.model_(X))
        return score(estimator, X, y) if np.isfinite(outputs).all() else float("nan")

    return score_or_nan


def _progress_bar(wanted: bool) -> Progress:
    console = Console()
    can_move = console.is_terminal or console.is_jupyter
    return Progress(console=console, transient=True, disable=not (wanted and can_move))
