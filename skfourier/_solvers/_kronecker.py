"""Product kernels on full grids: one small eigendecomposition for each axis."""

from functools import cached_property

import numpy as np

from skfourier._solvers._eigenbasis import Eigenbasis
from skfourier._solvers._eigenvectors import contract
from skfourier._solvers._kronecker_matrix import KroneckerMatrix, contract_at
from skfourier._solvers._solver import FactorizedSolver, MatrixSolver


class Kronecker(MatrixSolver, FactorizedSolver):
    r"""A product kernel on a full grid: exact, and any alpha and many outputs nearly free.

    .. math:: K + \alpha = (V_1 \otimes V_2 \otimes \dots)
              (\Lambda_1 \otimes \Lambda_2 \otimes \dots + \alpha)
              (V_1 \otimes V_2 \otimes \dots)^T

    The grid may be spaced unevenly, and rows may come in any order.

    References
    ----------
    Y. Saatci, "Scalable inference for structured Gaussian process models", 2011, chapter 5.
    """

    name = "kronecker"
    shared = ("matrix",)

    def why_not(self):
        """Return None if the rows are a full grid of equal weights and the kernel a product."""
        problem = self.problem
        reason = KroneckerMatrix.why_not(problem)
        if reason is None and not problem.grid.is_full:
            reason = (
                f"The solver 'kronecker' takes full grids; this one, of shape "
                f"{problem.grid.shape}, has {problem.grid.n_points - len(problem.X)} holes."
            )
        if reason is None and not problem.equally_weighted:
            reason = "The solver 'kronecker' takes rows of equal weight only."
        return reason

    @cached_property
    def matrix(self):
        """The kernel matrix of the grid."""
        return KroneckerMatrix(self.problem.kernel, self.problem.grid)

    @property
    def eigenvectors(self):
        """The eigenvectors of the kernel matrix."""
        return self.matrix.eigenvectors

    def solve(self, targets):
        """Solve for targets of shape (n_samples, n_outputs): coefficients on the grid."""
        components = self.eigenvectors.forward(self.matrix.scatter(targets))
        return self.eigenvectors.backward(components / self._values)

    def variance(self, X):
        """Return the posterior variance of the function at the rows of X, in units of k(0)."""

        def squares(axis, x):
            return (self.matrix.axis_kernel(axis, x) @ self.eigenvectors.axis_vectors[axis]) ** 2

        return 1 - contract_at(squares, 1 / self._values[None], X)[:, 0]

    def log_determinant(self):
        r"""Return :math:`\log\det A`."""
        return float(np.log(self._values).sum())

    def inverse_diagonal(self):
        r"""Return the diagonal of :math:`A^{-1}`, rows in X's order."""
        squares = [vectors**2 for vectors in self.eigenvectors.axis_vectors]
        return self.matrix.gather(contract(1 / self._values[None], squares))[:, 0]

    def eigenbasis(self):
        """Return the problem along the eigenvectors."""
        weight = self.problem.weight[0]
        components = self.eigenvectors.forward(self.matrix.scatter(self.problem.centered))
        return Eigenbasis(
            weight * self.eigenvectors.values.ravel(),
            weight * np.square(components).reshape(len(components), -1).T,
            n_samples=len(self.problem.X),
            log_weight_sum=self.moments.log_weight_sum,
        )

    @property
    def _values(self):
        return self.eigenvectors.values + self.problem.noise[0]
