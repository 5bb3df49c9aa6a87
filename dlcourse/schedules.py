"""Learning-rate schedules that act: functions of the optimizer's step, evaluated before each step.

Pass one as the `learning_rate` of any Keras optimizer. It is part of the optimizer: saved and
restored with it, and exact whatever `steps_per_execution` is. `callbacks` has the schedules that
need to know more than the step.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from dlcourse.arguments import invalid

__all__ = ["Exponential", "OneCycle", "Power"]


def check_positive(**arguments: float) -> None:
    """Raise `ValueError` for the first of the named arguments that is not a positive number."""
    for name, value in arguments.items():
        if not value > 0:
            raise invalid(name, "a number > 0", value)


def triangle(progress: Any, start: float, peak: float, end: float) -> Any:
    """Go linearly from `start` (progress 0) to `peak` (0.5) and on to `end` (progress 1)."""
    rising = start * (1 - 2 * progress) + peak * 2 * progress
    falling = peak * (2 - 2 * progress) + end * (2 * progress - 1)  # exact at its tiny end
    return ops.where(progress < 0.5, rising, falling)


class _Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule whose attributes are its arguments."""

    def get_config(self) -> dict[str, float]:
        return dict(vars(self))


@keras.saving.register_keras_serializable("dlcourse")
class Power(_Schedule):
    """Power scheduling: `initial_learning_rate / (1 + step / decay_steps) ** power`.

    With `power=1` the rate is halved after `decay_steps` steps and falls ever more slowly. It is
    what `SGD(decay=1 / decay_steps)` did before Keras 3, which ignores `decay`.

    Args:
        initial_learning_rate: Float > 0, the rate at step 0.
        decay_steps: Number > 0 of steps.
        power: Float > 0. Defaults to 1.

    Raises:
        ValueError: An argument is not positive.

    Example:
        >>> schedule = Power(0.01, decay_steps=1000)
        >>> [round(float(schedule(step)), 6) for step in (0, 1000, 3000)]
        [0.01, 0.005, 0.0025]

    Source: Esparza Alba, *Deep Learning* (2023), eq. 3.6.
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, power: float = 1.0
    ) -> None:
        check_positive(
            initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, power=power
        )
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.power = power

    def __call__(self, step: Any) -> Any:
        """Return the rate at `step`, an integer or an array of integers."""
        step = ops.cast(step, keras.config.floatx())
        return self.initial_learning_rate / (1 + step / self.decay_steps) ** self.power


@keras.saving.register_keras_serializable("dlcourse")
class Exponential(_Schedule):
    """Exponential scheduling: `initial_learning_rate * 0.1 ** (step / decay_steps)`.

    The rate falls by a factor of 10 every `decay_steps` steps: Keras' `ExponentialDecay` with
    `decay_rate=0.1`.

    Args:
        initial_learning_rate: Float > 0, the rate at step 0.
        decay_steps: Number > 0 of steps.

    Raises:
        ValueError: An argument is not positive.

    Example:
        >>> schedule = Exponential(0.01, decay_steps=1000)
        >>> [round(float(schedule(step)), 6) for step in (0, 1000, 2000)]
        [0.01, 0.001, 0.0001]

    Source: Esparza Alba, *Deep Learning* (2023), eq. 3.7.
    """

    def __init__(self, initial_learning_rate: float, decay_steps: float) -> None:
        check_positive(initial_learning_rate=initial_learning_rate, decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps

    def __call__(self, step: Any) -> Any:
        """Return the rate at `step`, an integer or an array of integers."""
        step = ops.cast(step, keras.config.floatx())
        return self.initial_learning_rate * 0.1 ** (step / self.decay_steps)


@keras.saving.register_keras_serializable("dlcourse")
class OneCycle(_Schedule):
    """1cycle scheduling of the learning rate: up to a maximum, then down to almost nothing.

    The rate rises linearly from `max_learning_rate / div` to `max_learning_rate` in the first half
    of `total_steps`, falls linearly to `max_learning_rate / final_div` in the second, and stays
    there. (Smith comes down to where he started and lets the last few steps fall the rest of the
    way; here one straight line does both.) `callbacks.OneCycle` also moves the momentum, and takes
    the number of steps from `fit`.

    Args:
        max_learning_rate: Float > 0, the rate in the middle.
        total_steps: Number > 0 of steps of the whole training.
        div: Float > 0. Defaults to 10.
        final_div: Float > 0. Defaults to 1000.

    Raises:
        ValueError: An argument is not positive.

    Example:
        >>> schedule = OneCycle(0.1, total_steps=1000)
        >>> [round(float(schedule(step)), 6) for step in (0, 250, 500, 1000)]
        [0.01, 0.055, 0.1, 0.0001]

    Source: Smith, *A disciplined approach to neural network hyper-parameters: Part 1* (2018),
        arXiv:1803.09820.
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: float,
        div: float = 10.0,
        final_div: float = 1000.0,
    ) -> None:
        check_positive(
            max_learning_rate=max_learning_rate,
            total_steps=total_steps,
            div=div,
            final_div=final_div,
        )
        self.max_learning_rate = max_learning_rate
        self.total_steps = total_steps
        self.div = div
        self.final_div = final_div

    def __call__(self, step: Any) -> Any:
        """Return the rate at `step`, an integer or an array of integers."""
        step = ops.cast(step, keras.config.floatx())
        top = self.max_learning_rate
        progress = ops.minimum(step / self.total_steps, 1)
        return triangle(progress, top / self.div, top, top / self.final_div)
