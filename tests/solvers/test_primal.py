"""Finite features: ridge regression, by the sums over rows."""

from dataclasses import replace

import numpy as np
import pytest
from problems import centered, dense_matrix, problem_of, with_targets
from sklearn.linear_model import Ridge

from skfourier._solvers._primal import Primal
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


def make_problem(n_rows=100, weighted=True, alpha=ALPHA):
    random = np.random.default_rng(n_rows)
    weight = random.uniform(0.5, 3, size=n_rows) if weighted else None
    y = centered(np.random.default_rng(1).normal(size=(n_rows, 3)), weight)
    return problem_of(KERNEL, random.uniform(-1, 1, size=(n_rows, 2)), alpha, weight, y)


def close(actual, expected):
    # Errors grow with the condition number, at most sum(w) / alpha = 3e4: eps of it is 7e-12.
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@pytest.mark.parametrize("n_rows", SIZES)
@pytest.mark.parametrize("weighted", [True, False])
def test_equals_ridge_on_the_features(weighted, n_rows):
    problem = make_problem(n_rows, weighted)
    y, X_new = problem.y, np.random.default_rng(2).uniform(-2, 2, size=(50, 2))

    def features(X):
        phases = 2 * np.pi * X @ FREQUENCIES.T
        return np.hstack([AMPLITUDES * np.cos(phases), AMPLITUDES * np.sin(phases)])

    ridge = Ridge(alpha=ALPHA, fit_intercept=False, solver="svd")
    ridge.fit(features(problem.X), y, sample_weight=problem.weight)
    solver = Primal(problem)
    close(solver.mean(X_new), ridge.predict(features(X_new)))
    assert solver.n_iter == 1


@pytest.mark.parametrize("n_rows", SIZES)
@pytest.mark.parametrize("weighted", [True, False])
def test_everything_exact_equals_the_dense_matrix(weighted, n_rows):
    problem = make_problem(n_rows, weighted)
    y, X_new = problem.y, np.random.default_rng(2).uniform(-2, 2, size=(50, 2))
    inverse, cross = np.linalg.inv(dense_matrix(problem)), KERNEL(X_new, problem.X)
    solver = Primal(problem)
    close(solver.dual(), inverse @ y)
    close(solver.inverse_diagonal(), np.diag(inverse))
    close(solver.variance(X_new), 1 - np.sum(cross @ inverse * cross, axis=1))
    close(solver.log_determinant(), np.linalg.slogdet(dense_matrix(problem))[1])


def test_another_alpha_is_another_system():
    problem = make_problem()
    other, expected = Primal(problem).with_alpha(0.5), Primal(problem.with_alpha(0.5))
    close(other.coefficients, expected.coefficients)
    close(other.log_determinant(), expected.log_determinant())
    close(other.inverse_diagonal(), expected.inverse_diagonal())


def test_a_whole_weight_is_repetition():
    problem = make_problem()
    counts = np.random.default_rng(3).integers(1, 4, size=len(problem.X))
    X, y = np.repeat(problem.X, counts, axis=0), np.repeat(problem.y, counts, axis=0)
    weighted = replace(problem, weight=counts.astype(float))
    repeated = Primal(problem_of(KERNEL, X, ALPHA, y=y))
    close(repeated.coefficients, Primal(with_targets(weighted, problem.y)).coefficients)


def test_refusals_are_sentences():
    assert Primal(make_problem()).why_not() is None
    assert "finite features" in Primal(replace(make_problem(), kernel=Gaussian(1))).why_not()
    too_many = replace(make_problem(), kernel=Positional(6, n_frequencies=20_000))
    assert "40,000 features, 12.8 GB" in Primal(too_many).why_not()


def test_a_singular_system_says_so():
    solver = Primal(make_problem(n_rows=20, alpha=0.0))
    with pytest.raises(np.linalg.LinAlgError, match="alpha=0 is singular"):
        _ = solver.coefficients
