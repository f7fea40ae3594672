"""The dense solver, against NumPy's inverse."""

from dataclasses import replace

import numpy as np
import pytest
from problems import problem_of
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.kernel_ridge import KernelRidge

from skfourier._solvers._cholesky import Cholesky
from skfourier.spectra import Cauchy, Gaussian, Matern

ALPHA = 1e-2
X = np.random.default_rng(0).uniform(-0.5, 0.5, size=(150, 2))
Y = np.random.default_rng(1).normal(size=(150, 3))
X_NEW = np.random.default_rng(2).uniform(-0.6, 0.6, size=(40, 2))
WEIGHT = np.random.default_rng(3).uniform(0.5, 3, size=150)

weights = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
# The factor of Cholesky, and the eigenvectors that `with_alpha` takes.
factors = pytest.mark.parametrize("alpha_before", [None, 3.0], ids=["cholesky", "eigen"])


def make_solver(kernel, weight, alpha_before):
    y = Y - np.average(Y, axis=0, weights=weight)
    if alpha_before is None:
        return Cholesky(problem_of(kernel, X, ALPHA, weight, y))
    return Cholesky(problem_of(kernel, X, alpha_before, weight, y)).with_alpha(ALPHA)


def close(actual, expected):
    # The condition number is at most sum(w) / alpha = 5e4: eps of it is 1e-11.
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@factors
@weights
@pytest.mark.parametrize("kernel", [Gaussian(3), Matern((5, 2), nu=2.5), Cauchy(2)])
def test_equals_the_dense_inverse(kernel, weight, alpha_before):
    solver = make_solver(kernel, weight, alpha_before)
    matrix = kernel(X) + ALPHA * np.diag(1 / (np.ones(150) if weight is None else weight))
    inverse, cross = np.linalg.inv(matrix), kernel(X_NEW, X)
    close(solver.solve(Y), inverse @ Y)
    close(solver.dual(), inverse @ solver.problem.y)
    close(solver.evaluate(solver.solve(Y), X_NEW), cross @ inverse @ Y)
    close(solver.variance(X_NEW), 1 - np.sum(cross @ inverse * cross, axis=1))
    close(solver.inverse_diagonal(), np.diag(inverse))
    close(solver.log_determinant(), np.linalg.slogdet(matrix)[1])
    assert solver.n_iter == 1


def test_equals_kernel_ridge_and_gaussian_process():
    y = Y - Y.mean(axis=0)
    solver = Cholesky(problem_of(Gaussian(3), X, ALPHA, y=y))
    ridge = KernelRidge(alpha=ALPHA, kernel=Gaussian(3)).fit(X, y)
    process = GaussianProcessRegressor(Gaussian(3), alpha=ALPHA, optimizer=None).fit(X, y)
    close(solver.mean(X_NEW), ridge.predict(X_NEW))
    close(solver.variance(X_NEW), process.predict(X_NEW, return_std=True)[1][:, 0] ** 2)
    process.fit(X, y / y.std(axis=0))
    close(solver.log_marginal_likelihood, process.log_marginal_likelihood_value_)


def test_alphas_share_one_decomposition():
    solver = Cholesky(problem_of(Gaussian(3), X, ALPHA))
    one = solver.with_alpha(1.0)
    assert one.with_alpha(2.0)._factor.vectors is solver.with_alpha(3.0)._factor.vectors
    assert one.problem.alpha == 1.0
    assert solver.problem.alpha == ALPHA


def test_too_many_rows_are_refused():
    problem = problem_of(Gaussian(3), X, ALPHA)
    assert Cholesky(problem).why_not() is None
    assert Cholesky(replace(problem, X=np.zeros((16_384, 2)))).why_not() is None
    sentence = Cholesky(replace(problem, X=np.zeros((30_000, 2)))).why_not()
    assert "30,000 rows, 21.6 GB" in sentence


@pytest.mark.parametrize(
    "make", [Cholesky, lambda problem: Cholesky(problem.with_alpha(1.0)).with_alpha(0.0)]
)
def test_a_singular_matrix_says_so(make):
    solver = make(problem_of(Gaussian(3), np.zeros((5, 1)), 0.0))
    with pytest.raises(np.linalg.LinAlgError, match="alpha=0 is singular"):
        _ = solver.coefficients


def test_repeated_rows_are_as_the_algebra_says():
    # Two rows at one place: the prediction there is their mean, shrunk by alpha / 2.
    solver = Cholesky(problem_of(Gaussian(3), np.zeros((2, 1)), 0.5))
    value = solver.evaluate(solver.solve(np.array([[1.0], [2.0]])), np.zeros((1, 1)))
    np.testing.assert_allclose(value, [[1.5 / (1 + 0.5 / 2)]], rtol=1e-14)
