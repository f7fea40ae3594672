"""Leave-one-out, generalised cross-validation and the likelihood, against dense algebra."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor

from skfourier.grids import find_grid
from skfourier.images import pixel_grid
from skfourier.solvers._cholesky import Cholesky
from skfourier.solvers._kronecker import Kronecker
from skfourier.solvers._leave_one_out import leave_one_out_residuals
from skfourier.solvers._primal import Primal
from skfourier.solvers._system import System
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

    def system(self, alpha):
        return System(self.kernel, self.X, alpha, self.weight, grid=find_grid(self.X))

    def weights(self):
        return np.ones(len(self.X)) if self.weight is None else self.weight

    def targets(self):
        noise = np.random.default_rng(2).normal(size=(len(self.X), 2))
        return np.sin(9 * self.X) + 0.3 * noise

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
        solver = case.solver(case.system(alpha))
    else:
        solver = case.solver(case.system(alpha_before)).with_alpha(alpha)
    y, (kernel, matrix) = case.targets(), case.dense(alpha)
    residuals = leave_one_out_residuals(solver, y)
    for left_out in range(len(y)):
        others = np.delete(np.arange(len(y)), left_out)
        dual = np.linalg.solve(matrix[np.ix_(others, others)], y[others])
        close(residuals[left_out], y[left_out] - kernel[left_out, others] @ dual)


@each_case
@each_alpha
def test_generalised_cross_validation_is_its_definition(case, alpha):
    y, (kernel, matrix) = case.targets(), case.dense(alpha)
    hat = kernel @ np.linalg.inv(matrix)
    error = case.weights() @ np.square(y - hat @ y)
    freedom = np.trace(np.eye(len(y)) - hat) / len(y)
    # Set up for another alpha: the basis serves all of them.
    basis = case.solver(case.system(0.05)).eigenbasis(y)
    close(basis.generalised_cross_validation(alpha), error / freedom**2)


@each_unweighted
@each_alpha
def test_likelihood_is_that_of_a_gaussian_process(case, alpha):
    y = case.targets()
    basis = case.solver(case.system(0.05)).eigenbasis(y)
    expected = sum(
        GaussianProcessRegressor(case.kernel, alpha=alpha, optimizer=None)
        .fit(case.X, column)
        .log_marginal_likelihood_value_
        for column in y.T
    )
    close(basis.log_marginal_likelihood(alpha), expected)


def test_what_the_features_fit_exactly_leaves_no_residual():
    # Targets in the span of the features: with the smallest alphas nothing but alpha itself is
    # left of them. Taken as a difference of squares it would be lost below 1e-16 y^2.
    case = UNWEIGHTED["primal, few features"]
    y = case.kernel(case.X) @ np.random.default_rng(3).normal(size=(60, 1))
    basis = case.solver(case.system(1e-2)).eigenbasis(y)
    # Rounding of the fit, eps times the condition of the features (below 1e3 here), squared.
    assert basis.rest < 1e-24 * np.sum(y**2)
