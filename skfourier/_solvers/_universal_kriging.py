r"""A trend around any solver: universal kriging.

.. math:: f(x) = h(x)^T \beta + k(x)^T A^{-1} (y - H \beta), \qquad
          \beta = (H^T A^{-1} H)^{-1} H^T A^{-1} y

The functions of the trend are outputs of the solver like any other, so that one solution has
:math:`A^{-1} y` and :math:`A^{-1} H`, in memory or from sums over rows. The variance grows by

.. math:: r(x)^T (H^T A^{-1} H)^{-1} r(x), \qquad r(x) = h(x) - H^T A^{-1} k(x)

References
----------
C. E. Rasmussen and C. K. I. Williams, "Gaussian processes for machine learning", 2006, section 2.7.
"""

from functools import cached_property
from operator import attrgetter

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from skfourier._solvers._solver import Evidence
from skfourier._solvers._trend import with_trend


def around(solver):
    """Return the solver, or where its problem has a trend, universal kriging by it."""
    return solver if solver.problem.trend is None else UniversalKriging(solver)


def _of_the_solver(name):
    """Return the property of that name that the solver has."""
    return property(attrgetter(f"solver.{name}"))


class UniversalKriging(Evidence):
    r"""A solver and a trend fitted together, with the methods of a `Solver`.

    Targets are those about the trend, :math:`y - H \beta`, and leaving a row out fits the trend
    anew. The likelihood is the restricted one (REML), that of the contrasts that do not see the
    trend, up to what the rows and weights determine:

    .. math:: -\tfrac12 \bigl(r^T A^{-1} r + \log\det A + \log\det H^T A^{-1} H
              - \log\det H^T W H + (n - p) \log 2 \pi \bigr), \qquad r = y - H \beta

    Parameters
    ----------
    solver : Solver
        Of a problem with a trend.

    References
    ----------
    D. A. Harville, "Bayesian inference for variance components using only error contrasts",
    Biometrika 61, 1974.
    """

    # What a trend does not change.
    name = _of_the_solver("name")
    problem = _of_the_solver("problem")
    tol = _of_the_solver("tol")
    max_iter = _of_the_solver("max_iter")
    n_iter = _of_the_solver("n_iter")
    factorizes = _of_the_solver("factorizes")
    is_exact = _of_the_solver("is_exact")
    accuracy = _of_the_solver("accuracy")
    backward_error = _of_the_solver("backward_error")
    iteration_error = _of_the_solver("iteration_error")
    why_inaccurate = _of_the_solver("why_inaccurate")
    features = _of_the_solver("features")
    sums = _of_the_solver("sums")
    state = _of_the_solver("state")

    def __init__(self, solver):
        self.solver, self.trend = solver, solver.problem.trend
        self.n_outputs = len(solver.moments.mean) - self.trend.n_functions

    @cached_property
    def moments(self):
        """Mean of the targets, and their variation about the trend of least squares."""
        return self.solver.moments.about_trend()

    @property
    def n_contrasts(self):
        """Number of rows, less the coefficients of the trend."""
        return self.moments.n_rows - self.trend.n_functions

    @cached_property
    def _products(self):
        return self.solver.products_with_trend()

    @cached_property
    def _triangle(self):
        """Cholesky's factor of H^T A^-1 H, the information on the coefficients."""
        gram = self._products[self.n_outputs :]
        try:
            return cholesky((gram + gram.T) / 2, lower=True)
        except np.linalg.LinAlgError as error:
            raise np.linalg.LinAlgError(
                f"The coefficients of the trend are not determined by these rows, beside "
                f"{self.problem.kernel!r} and alpha={self.problem.alpha:g}: raise alpha, or take a "
                f"smaller trend."
            ) from error

    @cached_property
    def coefficients(self):
        """The coefficients of the trend's functions, (n_functions, n_outputs)."""
        return self._over_root(self._root_over(self._products[: self.n_outputs].T))

    @property
    def trend_coefficients(self):
        """Intercept and slopes of the trend in the user's columns."""
        intercept, slope = self.trend.of_columns(self.coefficients)
        return self.moments.mean + intercept, slope

    def mean(self, X):
        """Return the mean at the rows of X in `problem.unit`, shape (n_rows, n_outputs)."""
        values = self.solver.mean(X)
        return values[:, : self.n_outputs] + self._unexplained(X, values) @ self.coefficients

    def variance(self, X):
        """Return the variance of the function at the rows of X, in units of k(0)."""
        root = self._root_over(self._unexplained(X).T)
        return self.solver.variance(X) + np.square(root).sum(axis=0)

    def covariance(self, X):
        """Return the covariance between the rows of X, in units of k(0)."""
        root = self._root_over(self._unexplained(X).T)
        return self.solver.covariance(X) + root.T @ root

    def draws(self, n_draws, rng):
        """Return a function of X: what draws have beside the mean, a draw of the trend's too."""
        rest = self.solver.draws(n_draws, rng)
        off = self._over_root(rng.normal(size=(self.trend.n_functions, n_draws)))
        return lambda X: rest(X) + self._unexplained(X) @ off

    def dual(self):
        r"""Return :math:`A^{-1} (y - H \beta)`, shape (n_samples, n_outputs)."""
        dual = self.solver.dual()
        return dual[:, : self.n_outputs] - dual[:, self.n_outputs :] @ self.coefficients

    def inverse_diagonal(self):
        r"""Return the diagonal of :math:`A^{-1}`, less what the trend explains of it."""
        of_trend = self._root_over(self.solver.dual()[:, self.n_outputs :].T)
        return self.solver.inverse_diagonal() - np.square(of_trend).sum(axis=0)

    def quadratic_form(self):
        r"""Return :math:`(y - H \beta)^T A^{-1} (y - H \beta)` of each output."""
        explained = self._root_over(self._products[: self.n_outputs].T)
        whole = self.solver.quadratic_form()[: self.n_outputs]
        return whole - np.square(explained).sum(axis=0)

    def log_determinant(self):
        r"""Return :math:`\log\det A + \log\det H^T A^{-1} H - \log\det H^T W H`."""
        of_rows = np.linalg.slogdet(self.solver.moments.products[self.n_outputs :])[1]
        of_trend = 2 * np.log(self._triangle.diagonal()).sum() - of_rows
        return self.solver.log_determinant() + of_trend

    def log_marginal_likelihoods(self, alphas):
        """Return the restricted log likelihood for each of several alphas, shape (n_alphas,)."""
        return np.array([self.with_alpha(alpha).log_marginal_likelihood for alpha in alphas])

    def with_alpha(self, alpha):
        """Return this with another alpha; what does not depend on it is shared."""
        return UniversalKriging(self.solver.with_alpha(alpha))

    def with_kernel(self, kernel, alpha):
        """Return this, of sums only, with another kernel on the same lattice of modes."""
        return UniversalKriging(self.solver.with_kernel(kernel, alpha))

    def of_sums(self, sums, alpha=None, max_iter=None):
        """Return this with these sums, without rows, and perhaps with other parameters."""
        return UniversalKriging(self.solver.of_sums(sums, alpha, max_iter))

    def sums_of(self, X, y, weight):
        """Take the sums over other rows."""
        return self.solver.sums_of(X, with_trend(y, X + self.problem.origin, self.trend), weight)

    def _unexplained(self, X, values=None):
        """Return r at the rows of X, shape (n_rows, n_functions)."""
        values = self.solver.mean(X) if values is None else values
        return self.trend(X + self.problem.origin) - values[:, self.n_outputs :]

    def _root_over(self, columns):
        """Return L^-1 of columns."""
        return solve_triangular(self._triangle, columns, lower=True)

    def _over_root(self, columns):
        """Return L^-T of columns, of covariance (H^T A^-1 H)^-1 where theirs is the identity."""
        return solve_triangular(self._triangle, columns, lower=True, trans="T")
