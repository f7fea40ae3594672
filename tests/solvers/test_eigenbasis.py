"""Leave-one-out, generalized cross-validation and the likelihood, against dense algebra."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from problems import centered, problem_of
from sklearn.gaussian_process import GaussianProcessRegressor

from skfourier._solvers._cholesky import Cholesky
from skfourier._solvers._kronecker import Kronecker
from skfourier._solvers._primal import Primal
from skfourier.images import pixel_grid
from skfourier.spectra import Cauchy, Frequencies, Gaussian, Matern

ALPHAS = (1e-2, 0.3)
RNG = np.random.default_rng(0)
PIXELS = RNG.permutation(pixel_grid((7, 9)))
SCATTERED = RNG.uniform(size=(60, 2))
WEIGHT = RNG.uniform(0.5, 3, size=60)


def features(n_frequencies):
    frequencies = np.random.default_rng(1).normal(size=(n_frequencies, 2))
    return Frequencies(3 * frequencies, 1 / np.sqrt(n_frequencies))


@dataclass
class Case:
    solver: type
    kernel: object
    X: np.ndarray
    weight: np.ndarray | None = None

    def problem(self, alpha):
        return problem_of(self.kernel, self.X, alpha, self.weight, self.targets())

    def weights(self):
        return np.ones(len(self.X)) if self.weight is None else self.weight

    def targets(self):
        noise = np.random.default_rng(2).normal(size=(len(self.X), 2))
        return centered(np.sin(9 * self.X) + 0.3 * noise, self.weight)

    def dense(self, alpha):
        """Return K and K + alpha / W."""
        kernel = self.kernel(self.X)
        return kernel, kernel + np.diag(alpha / self.weights())


UNWEIGHTED = {
    "kronecker": Case(Kronecker, Gaussian((2, 3)), PIXELS),
    "kronecker, Cauchy": Case(Kronecker, Cauchy(1), PIXELS),
    "cholesky": Case(Cholesky, Matern(2), SCATTERED),
    "primal, few features": Case(Primal, features(10), SCATTERED),
    "primal, more features than rows": Case(Primal, features(50), SCATTERED),
}
CASES = UNWEIGHTED | {
    f"{name}, weighted": replace(case, weight=WEIGHT)
    for name, case in UNWEIGHTED.items()
    if case.solver is not Kronecker
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
each_unweighted = pytest.mark.parametrize("case", UNWEIGHTED.values(), ids=UNWEIGHTED.keys())
each_alpha = pytest.mark.parametrize("alpha", ALPHAS)


def close(actual, expected):
    # The condition is at most sum(w) / alpha = 2e4; eps of it is 4e-12.
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-10)


@each_case
@each_alpha
@pytest.mark.parametrize("alpha_before", [None, 0.05])
def test_leave_one_out_is_brute_force(case, alpha, alpha_before):
    if alpha_before is None:
        solver = case.solver(case.problem(alpha))
    else:
        solver = case.solver(case.problem(alpha_before)).with_alpha(alpha)
    y, (kernel, matrix) = case.targets(), case.dense(alpha)
    residuals = solver.leave_one_out_residuals()
    for left_out in range(len(y)):
        others = np.delete(np.arange(len(y)), left_out)
        dual = np.linalg.solve(matrix[np.ix_(others, others)], y[others])
        close(residuals[left_out], y[left_out] - kernel[left_out, others] @ dual)


@each_case
@each_alpha
def test_generalized_cross_validation_is_its_definition(case, alpha):
    y, (kernel, matrix) = case.targets(), case.dense(alpha)
    hat = kernel @ np.linalg.inv(matrix)
    error = case.weights() @ np.square(y - hat @ y)
    freedom = np.trace(np.eye(len(y)) - hat) / len(y)
    # Set up for another alpha: the basis serves all of them.
    basis = case.solver(case.problem(0.05)).eigenbasis()
    close(basis.generalized_cross_validation(alpha), error / freedom**2)


@each_case
@each_alpha
def test_likelihood_is_that_of_a_gaussian_process(case, alpha):
    y, scale = case.targets(), np.array([2.0, 0.5])
    basis = case.solver(case.problem(0.05)).eigenbasis()
    process = GaussianProcessRegressor(case.kernel, alpha=alpha / case.weights(), optimizer=None)
    expected = process.fit(case.X, y / scale).log_marginal_likelihood_value_
    close(basis.log_marginal_likelihood(alpha, scale).sum(), expected)
    solver = case.solver(case.problem(alpha))
    scale = np.sqrt(np.average(y**2, axis=0, weights=case.weights()))
    expected = process.fit(case.X, y / scale).log_marginal_likelihood_value_
    close(solver.log_marginal_likelihood, expected)


def test_what_the_features_fit_exactly_leaves_no_residual():
    # Targets in the span of the features: with the smallest alphas nothing but alpha itself is
    # left of them. Taken as a difference of squares it would be lost below 1e-16 y^2.
    case = UNWEIGHTED["primal, few features"]
    kernel = case.kernel(case.X)
    dual, sums = np.random.default_rng(3).normal(size=(60, 1)), kernel.sum(axis=0)
    dual -= np.outer(sums, sums @ dual) / (sums @ sums)  # their mean is 0, in the span too
    y = kernel @ dual
    basis = case.solver(problem_of(case.kernel, case.X, 1e-2, y=y)).eigenbasis()
    # Rounding of the fit, eps times the condition of the features (below 1e3 here), squared.
    assert basis.rest < 1e-24 * np.sum(y**2)
