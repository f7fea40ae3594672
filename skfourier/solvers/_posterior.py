"""What a fit has learned: means and variances of standardised targets at new coordinates."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skfourier.solvers._normal_equations import NormalEquations
from skfourier.solvers._toeplitz_equations import ToeplitzEquations


class PosteriorOfRows:
    """A solver, and the coefficients that it found for its rows.

    Parameters
    ----------
    solver : solver
    targets : ndarray of shape (n_samples, n_outputs)
        Standardised.

    Attributes
    ----------
    n_iter : int
    log_marginal_likelihood : float or None
        None where the solver does not factorise, or rows are weighted.
    """

    def __init__(self, solver, targets):
        self.solver = solver
        self.coefficients = solver.solve(targets)
        self.n_iter = solver.n_iter
        known = solver.exact and solver.system.weight is None
        self.log_marginal_likelihood = self._likelihood(targets) if known else None

    def mean(self, X):
        """Return the mean at rows of X: (n_rows, n_outputs)."""
        return self.solver.predict(self.coefficients, X)

    def variance(self, X):
        """Return the variance of the function at rows of X: (n_rows,)."""
        return self.solver.variance(X)

    def _likelihood(self, targets):
        n_samples, n_outputs = targets.shape
        fit = np.sum(targets * self.solver.dual(targets))
        normalisation = self.solver.log_determinant() + n_samples * np.log(2 * np.pi)
        return float(-0.5 * (fit + n_outputs * normalisation))


@dataclass(frozen=True, eq=False)
class PosteriorOfSums:
    """Sums over rows, which are all that their solver needs: solved when first asked.

    Parameters
    ----------
    equations : NormalEquations or ToeplitzEquations
    alpha : float
    tol : float
    max_iter : int
    weighted : bool
        Whether any row had a weight.
    """

    equations: NormalEquations | ToeplitzEquations
    alpha: float
    tol: float
    max_iter: int
    weighted: bool

    @cached_property
    def _solution(self):
        equations = self.equations
        return equations.solve(
            equations.right_hand_sides, self.alpha, tol=self.tol, max_iter=self.max_iter
        )

    def solve(self):
        """Solve now."""
        return self._solution

    @property
    def n_iter(self):
        """Iterations; 1 where nothing is iterated."""
        return self._solution[1]

    @property
    def log_marginal_likelihood(self):
        """That of the standardised targets, or None, as that of `PosteriorOfRows`."""
        if self.weighted:
            return None
        return self.equations.log_marginal_likelihood(self._solution[0], self.alpha)

    def mean(self, X):
        """Return the mean at rows of X: (n_rows, n_outputs)."""
        values = self.equations.features.predict(self._solution[0], X)
        return values / self.equations.moments.scale

    def variance(self, X):
        """Return the variance of the function at rows of X: (n_rows,)."""
        return self.equations.variance(X, self.alpha, tol=self.tol, max_iter=self.max_iter)
