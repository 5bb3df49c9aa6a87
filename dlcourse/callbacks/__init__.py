"""Keras callbacks that stop the training, change its learning rate, or record what happens.

They stop or change it: `EarlyStopping`, `ExponentialDecay`, `PerformanceDecay`, `OneCycle`.
They record it: `ValidationRatio`, `GradientNorms` (per epoch, in `.epoch` and `.history`, like
Keras' `History`), `LearningRateTrace`, `LearningRateFinder` (per step, in `.step` and `.history`).
A new `fit` starts a new record.
"""

from dlcourse.callbacks.finder import LearningRateFinder
from dlcourse.callbacks.one_cycle import OneCycle
from dlcourse.callbacks.rates import ExponentialDecay, PerformanceDecay
from dlcourse.callbacks.records import (
    GradientNorms,
    LearningRateTrace,
    ValidationRatio,
    gradient_norms,
)
from dlcourse.callbacks.stopping import EarlyStopping

__all__ = [
    "EarlyStopping",
    "ExponentialDecay",
    "GradientNorms",
    "LearningRateFinder",
    "LearningRateTrace",
    "OneCycle",
    "PerformanceDecay",
    "ValidationRatio",
    "gradient_norms",
]
