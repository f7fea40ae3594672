r"""Rows that fit as a dense matrix: Cholesky, or for several alphas an eigendecomposition.

Weights enter symmetrically, :math:`B = W^{1/2} K W^{1/2}`:

.. math:: (K + \alpha W^{-1})^{-1} = W^{1/2} (B + \alpha I)^{-1} W^{1/2}
"""

from functools import cached_property

import numpy as np

from skfourier._blocks import row_blocks
from skfourier._solvers._dense_factors import ShiftedEigenvectors, Triangle
from skfourier._solvers._eigenbasis import Eigenbasis
from skfourier._solvers._eigenvectors import DenseEigenvectors
from skfourier._solvers._kernel_matrix import DenseMatrix
from skfourier._solvers._solver import FactorizedSolver, RowSolver

# Three matrices in float64, the kernel's, its factor and, for leave-one-out, the inverse: 16,384
# rows.
_MAX_BYTES = 6 * 2**30


class Cholesky(RowSolver, FactorizedSolver):
    """Any kernel, rows that fit as a dense matrix: exact.

    `with_alpha` takes the eigendecomposition of B, once for all alphas that follow: the time of
    some twenty factorizations, after which an alpha costs products of matrices only.
    """

    name = "cholesky"
    shared = ("eigenvectors",)

    def why_not(self):
        """Return None if dense matrices of these rows fit."""
        n_rows = len(self.problem.X)
        n_bytes = 24 * n_rows**2
        if n_bytes > _MAX_BYTES:
            return (
                f"The solver 'cholesky' needs dense matrices of {n_rows:,} rows, "
                f"{n_bytes * 1e-9:.1f} GB; it takes {_MAX_BYTES * 1e-9:.1f} GB at most."
            )
        return None

    @property
    def layout(self):
        """Shape of `coefficients`."""
        return self.problem.y.shape

    @cached_property
    def eigenvectors(self):
        """The eigenvectors of B."""
        return DenseEigenvectors(self._weighted_matrix())

    @cached_property
    def _factor(self):
        # Where another alpha has asked for the eigenvectors, they are at hand.
        if "eigenvectors" in self.__dict__:
            return ShiftedEigenvectors(self.eigenvectors, self.problem.alpha)
        return Triangle(self._weighted_matrix(), self.problem.alpha)

    def solve(self, targets):
        """Return the dual coefficients, for targets of shape (n_samples, n_outputs)."""
        return self._root * self._factor.solve(self._root * targets)

    def evaluate(self, coefficients, X):
        """Evaluate at the rows of X: (n_rows, n_outputs)."""
        return DenseMatrix(self.problem.kernel, self.problem.X).cross(coefficients.T, X)

    def variance(self, X):
        r"""Return :math:`k(0) - k(x)^T A^{-1} k(x)` for the rows of X."""
        variance = np.ones(len(X))
        for rows in row_blocks(len(X), 8 * len(self.problem.X)):
            k = self._root * self.problem.kernel(self.problem.X, X[rows])
            variance[rows] -= self._factor.quadratic_form(k)
        return variance

    def dual(self):
        r"""Return :math:`A^{-1} (y - \bar y)`."""
        return self.coefficients

    def log_determinant(self):
        r"""Return :math:`\log\det A`."""
        return self._factor.log_determinant() - self.moments.log_weight_sum

    def inverse_diagonal(self):
        r"""Return the diagonal of :math:`A^{-1}`."""
        return self.problem.weight * self._factor.inverse_diagonal()

    def eigenbasis(self):
        """Return the problem along the eigenvectors of B."""
        components = self.eigenvectors.vectors.T @ (self._root * self.problem.centered)
        return Eigenbasis(
            self.eigenvectors.values,
            np.square(components),
            n_samples=len(components),
            log_weight_sum=self.moments.log_weight_sum,
        )

    @property
    def _root(self):
        return np.sqrt(self.problem.weight)[:, None]

    def _weighted_matrix(self):
        """Evaluate B."""
        matrix = self.problem.kernel(self.problem.X)
        matrix *= self._root
        matrix *= self._root.T
        return matrix
