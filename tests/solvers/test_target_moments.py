"""Mean and variation of targets: blocks add up to the whole."""

import numpy as np
import pytest

from skfourier._solvers._target_moments import TargetMoments

Y = np.random.default_rng(0).normal(size=(1000, 2)) * [1.0, 1e-3]
WEIGHT = np.random.default_rng(1).uniform(0, 3, size=1000)
BLOCKS = [slice(0, 0), slice(0, 1), slice(1, 300), slice(300, 300), slice(300, None)]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
def test_blocks_add_up(weight, offset, order):
    y = Y + offset
    first, *others = (
        TargetMoments.of(y[b], (np.ones(1000) if weight is None else weight)[b])
        for b in BLOCKS[::order]
    )
    total = sum(others, first)
    mean = np.average(y, axis=0, weights=weight)
    # The targets themselves are rounded to eps times the offset, 1e-10; the smallest deviation is
    # 1e-3. Sums of squares of the raw targets would be off by eps * 1e12, all of it.
    deviation = np.sqrt(np.average((y - mean) ** 2, axis=0, weights=weight))
    np.testing.assert_allclose(total.mean, mean, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(total.scale, deviation, rtol=1e-12 if offset == 0 else 1e-6)
    assert total.weight_sum == pytest.approx(1000 if weight is None else weight.sum())


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6 + 0.1, -3e-9])
def test_a_constant_has_scale_one(value):
    # The mean of equal numbers is not always that number.
    y = np.full((1000, 1), value)
    total = TargetMoments.of(y[:300], np.ones(300)) + TargetMoments.of(y[300:], WEIGHT[300:])
    assert total.scale == 1
