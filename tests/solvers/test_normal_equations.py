"""Ridge regression on finite features: sums over blocks of rows, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import Ridge

from skfourier.solvers._normal_equations import FiniteFeatures
from skfourier.spectra import Basic, Frequencies

ALPHA = 1e-2
KERNEL = Frequencies(np.random.default_rng(0).normal(scale=3, size=(9, 2)), np.full(9, 1 / 3))
FEATURES = FiniteFeatures(KERNEL, 2)
X = np.random.default_rng(1).uniform(-1, 1, size=(100, 2))
Y = np.random.default_rng(2).normal(size=(100, 3))
WEIGHT = np.random.default_rng(3).uniform(0.5, 3, size=100)


def waves(X):
    ((_, phi),) = FEATURES.blocks(X)
    return phi


def in_blocks(y, weight=WEIGHT):
    parts = [
        FEATURES.normal_equations(X[rows], y[rows], None if weight is None else weight[rows])
        for rows in (slice(0, 30), slice(30, 31), slice(31, 31), slice(31, None))
    ]
    return parts[0] + parts[1] + parts[2] + parts[3]


def test_amplitudes_are_normalised():
    raw = FiniteFeatures(Frequencies(KERNEL.frequencies, np.arange(1.0, 10)), 2)
    ((_, phi),) = raw.blocks(X)
    np.testing.assert_allclose(np.sum(phi**2, axis=1), 1, rtol=1e-14)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_blocks_add_up_to_ridge_of_all_rows(offset):
    equations = in_blocks(Y + offset)
    coefficients, n_iter = equations.solve(equations.right_hand_sides, ALPHA)
    ridge = Ridge(alpha=ALPHA, fit_intercept=False, solver="svd")
    ridge.fit(waves(X), Y - np.average(Y, axis=0, weights=WEIGHT), sample_weight=WEIGHT)
    # Targets are rounded to eps times the offset, 2e-10; the condition, sum(w) / alpha = 2e4,
    # magnifies that by its square root at most, and rounding itself, 1e-16, by all of it.
    np.testing.assert_allclose(coefficients, ridge.coef_.T, atol=1e-10 + 3e-14 * offset)
    assert n_iter == 1


def test_the_marginal_likelihood_is_that_of_the_gaussian_process():
    equations = in_blocks(Y, weight=None)
    coefficients, _ = equations.solve(equations.right_hand_sides, ALPHA)
    process = GaussianProcessRegressor(KERNEL, alpha=ALPHA, normalize_y=True, optimizer=None)
    # Rounding times the condition, as above.
    np.testing.assert_allclose(
        equations.log_marginal_likelihood(coefficients, ALPHA),
        process.fit(X, Y).log_marginal_likelihood_value_,
        rtol=1e-10,
    )


def test_sums_over_other_features_do_not_add_up():
    one = FiniteFeatures(Basic(), 2).normal_equations(X, Y)
    with pytest.raises(ValueError, match="same features"):
        one + FiniteFeatures(Frequencies([[1.0, 0], [0, 2.0]]), 2).normal_equations(X, Y)
