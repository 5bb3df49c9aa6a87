"""Keras models of the course, compiled and ready to train.

Every builder reads `builder(input_shape, n_out, task, ...)`:

- `input_shape`: the shape of one sample, an integer for a vector. An image or a series may leave
  out its channel axis if it has one channel. A dense network flattens what it gets.
- `n_out`: the number of outputs. `task` decides what they are and what is minimized:

  ================  ========================  ==========  ====================  ===============
  `task`            outputs                   activation  loss                  targets
  ================  ========================  ==========  ====================  ===============
  `"regression"`    any number                linear      mean squared error    numbers
  `"binary"`        1, the probability of 1   sigmoid     binary cross-entropy  0 or 1
  `"multiclass"`    2 or more, probabilities  softmax     cross-entropy         integers or
                                                                                one-hot rows
  ================  ========================  ==========  ====================  ===============

- Everything else is named: the architecture first, then `optimizer`, a name or an optimizer.

Classifiers also record the accuracy. The first targets that a multi-class model sees decide whether
it expects integers or one-hot rows. Layers have names, the last one is `"output"`. Weights come
from Keras' initializers: `keras.utils.set_random_seed(seed)` makes them reproducible.

The models are `Sequential` or `Model` of this package: Keras' own classes, except that `fit` is
faster on `dlcourse.datasets.batches`. To load a saved one, `import dlcourse.models` first.

Example:

>>> from dlcourse import datasets, models
>>> X, y = datasets.load_iris()
>>> model = models.mlp(4, 3, hidden=(100,))
>>> model.count_params()
803
>>> history = model.fit(datasets.batches(X, y, batch_size=32, seed=0), epochs=2, verbose=0)
>>> sorted(history.history)
['accuracy', 'loss']
"""

from __future__ import annotations

from dlcourse.models.convolutional import conv1d_classifier, lenet
from dlcourse.models.dense import deep_mlp, mlp, perceptron, self_normalizing_mlp
from dlcourse.models.epochs import Model, Sequential
from dlcourse.models.sequences import attention_recall, recurrent

__all__ = [
    "Model",
    "Sequential",
    "attention_recall",
    "conv1d_classifier",
    "deep_mlp",
    "lenet",
    "mlp",
    "perceptron",
    "recurrent",
    "self_normalizing_mlp",
]
