"""The banks' views, which the referee applies to values that a notebook may have made up."""

import numpy as np
import pytest

from dlcourse.authoring import Bank
from tests.conftest import ROOT


def drivers(lab):
    return Bank.load(ROOT / "solutions" / lab).drivers


@pytest.mark.parametrize("n", [3, 22, 60, 10_000])
def test_a_unit_of_many_weights_is_refused(n):
    with pytest.raises(ValueError, match=f"one weight per input, 1 or 2; it has {n}"):
        drivers("01_gradient_descent")["unit_facts"]([np.ones(n), 0.5])
