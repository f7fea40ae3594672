"""Finite features: ridge regression, by the sums over rows."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from skfourier.solvers._primal import Primal
from skfourier.solvers._system import System
from skfourier.spectra import Frequencies, Gaussian, Positional

RANDOM = np.random.default_rng(0)
# Distinct amplitudes, a frequency 0 (whose sine is 0) among the frequencies.
FREQUENCIES = np.vstack([RANDOM.normal(scale=3, size=(14, 2)), [[0.0, 0.0]]])
AMPLITUDES = RANDOM.uniform(0.5, 2, size=15)
AMPLITUDES /= np.linalg.norm(AMPLITUDES)
KERNEL = Frequencies(FREQUENCIES, AMPLITUDES)
ALPHA = 1e-2

# More rows than features, and fewer.
SIZES = [100, 20]


def make_system(n_rows=100, weighted=True, alpha=ALPHA):
    random = np.random.default_rng(n_rows)
    weight = random.uniform(0.5, 3, size=n_rows) if weighted else None
    return System(KERNEL, random.uniform(-1, 1, size=(n_rows, 2)), alpha, weight)


def targets(system, n_outputs=3):
    return np.random.default_rng(1).normal(size=(len(system.X), n_outputs))


def dense(system):
    """The matrix K + alpha / w."""
    weight = np.ones(len(system.X)) if system.weight is None else system.weight
    return system.kernel(system.X) + system.alpha * np.diag(1 / weight)


def close(actual, expected):
    # Errors grow with the condition number, at most sum(w) / alpha = 3e4: eps of it is 7e-12.
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("n_rows", SIZES)
@pytest.mark.parametrize("weighted", [True, False])
def test_equals_ridge_on_the_features(weighted, n_rows):
    system = make_system(n_rows, weighted)
    y, X_new = targets(system), np.random.default_rng(2).uniform(-2, 2, size=(50, 2))

    def features(X):
        phases = 2 * np.pi * X @ FREQUENCIES.T
        return np.hstack([AMPLITUDES * np.cos(phases), AMPLITUDES * np.sin(phases)])

    ridge = Ridge(alpha=ALPHA, fit_intercept=False, solver="svd")
    ridge.fit(features(system.X), y, sample_weight=system.weight)
    solver = Primal(system)
    close(solver.predict(solver.solve(y), X_new), ridge.predict(features(X_new)))
    assert solver.n_iter == 1


@pytest.mark.parametrize("n_rows", SIZES)
@pytest.mark.parametrize("weighted", [True, False])
def test_everything_exact_equals_the_dense_matrix(weighted, n_rows):
    system = make_system(n_rows, weighted)
    y, X_new = targets(system), np.random.default_rng(2).uniform(-2, 2, size=(50, 2))
    inverse, cross = np.linalg.inv(dense(system)), KERNEL(X_new, system.X)
    solver = Primal(system)
    close(solver.dual(y), inverse @ y)
    close(solver.inverse_diagonal(), np.diag(inverse))
    close(solver.variance(X_new), 1 - np.sum(cross @ inverse * cross, axis=1))
    close(solver.log_determinant(), np.linalg.slogdet(dense(system))[1])


def test_another_alpha_is_another_system():
    system = make_system()
    y, other = targets(system), Primal(system).with_alpha(0.5)
    expected = Primal(replace(system, alpha=0.5))
    close(other.solve(y), expected.solve(y))
    close(other.log_determinant(), expected.log_determinant())
    close(other.inverse_diagonal(), expected.inverse_diagonal())


def test_a_whole_weight_is_repetition():
    system = make_system()
    counts = np.random.default_rng(3).integers(1, 4, size=len(system.X))
    repeated = System(KERNEL, np.repeat(system.X, counts, axis=0), ALPHA)
    y = targets(system)
    weighted = Primal(replace(system, weight=counts.astype(float)))
    close(Primal(repeated).solve(np.repeat(y, counts, axis=0)), weighted.solve(y))


def test_refusals_are_sentences():
    assert Primal.why_not(make_system()) is None
    assert "finite features" in Primal.why_not(replace(make_system(), kernel=Gaussian(1)))
    too_many = replace(make_system(), kernel=Positional(6, n_frequencies=20_000))
    assert "40,000 features, 12.8 GB" in Primal.why_not(too_many)


def test_a_singular_system_says_so():
    with pytest.raises(ValueError, match="singular with alpha=0"):
        Primal(make_system(n_rows=20, alpha=0.0))
