"""Ridge regression on finite features: sums over blocks of rows, against scikit-learn's."""

import numpy as np
import pytest
from problems import problem_of
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import Ridge

from skfourier._solvers._finite_features import FeatureSums, FiniteFeatures
from skfourier._solvers._primal import Primal
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
    """Return the solver of blocks of rows, one of them empty."""
    parts = [
        FeatureSums.of(FEATURES, X[rows], y[rows], weight[rows])
        for rows in (slice(0, 30), slice(30, 31), slice(31, 31), slice(31, None))
    ]
    return Primal(problem_of(KERNEL, X, ALPHA)).of_sums(sum(parts[1:], parts[0]))


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_blocks_add_up_to_ridge_of_all_rows(offset):
    solver = in_blocks(Y + offset)
    ridge = Ridge(alpha=ALPHA, fit_intercept=False, solver="svd")
    ridge.fit(waves(X), Y - np.average(Y, axis=0, weights=WEIGHT), sample_weight=WEIGHT)
    # Targets are rounded to eps times the offset, 2e-10; the condition, sum(w) / alpha = 2e4,
    # magnifies that by its square root at most, and rounding itself, 1e-16, by all of it.
    error = 1e-10 + 3e-14 * offset
    np.testing.assert_allclose(solver.coefficients, ridge.coef_.T, atol=error)
    assert len(solver.problem.X) == 0


def test_the_marginal_likelihood_is_that_of_the_gaussian_process():
    process = GaussianProcessRegressor(KERNEL, alpha=ALPHA, normalize_y=True, optimizer=None)
    # Rounding times the condition, as above.
    np.testing.assert_allclose(
        in_blocks(Y, np.ones(100)).log_marginal_likelihood,
        process.fit(X, Y).log_marginal_likelihood_value_,
        rtol=1e-10,
    )


def test_sums_over_other_features_do_not_add_up():
    one = FeatureSums.of(FiniteFeatures(Basic(), 2), X, Y, WEIGHT)
    other = FiniteFeatures(Frequencies([[1.0, 0], [0, 2.0]]), 2)
    with pytest.raises(ValueError, match="same features"):
        one + FeatureSums.of(other, X, Y, WEIGHT)
