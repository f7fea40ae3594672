"""Product kernels on grids with holes or weights: iterations over the eigenvectors of the grid."""

from functools import cached_property

from skfourier._solvers._conjugate_gradients import warn_unless_converged
from skfourier._solvers._kronecker_matrix import KroneckerMatrix
from skfourier._solvers._masked_system import MaskedSystem
from skfourier._solvers._solver import MatrixSolver

# With more, the rows see each eigenvector through nearly all others: smooth kernels on a grid so
# sparse are close to a multiple of the identity, and scaling components makes that worse. Gaussians
# on grids of 128 x 128 and 256 x 256, 20 to 80 % of the pixels missing, change sides between 1.7
# and 2: at 4.9 it takes 25 iterations instead of 65, at 3.3 it takes 215 instead of 660.
_MAX_VALUES_PER_ROW = 2


class MaskedKronecker(MatrixSolver):
    r"""A product kernel on a grid with holes or weights: conjugate gradients in an eigenbasis.

    The eigenvectors of the whole grid, one decomposition for each axis, make the product with the
    kernel and nearly diagonalize the system of the rows: see `MaskedSystem`.
    """

    name = "masked_kronecker"
    shared = ("matrix",)

    def why_not(self):
        """Return None if the rows lie on a grid and the kernel is a product."""
        return KroneckerMatrix.why_not(self.problem)

    @cached_property
    def matrix(self):
        """The kernel matrix of the whole grid."""
        return KroneckerMatrix(self.problem.kernel, self.problem.grid)

    @cached_property
    def system(self):
        """The system of the rows."""
        weight = self.problem.grid.scatter(self.problem.weight[:, None])[0]
        # Only ratios to alpha count, and squares of very small or large weights are none.
        alpha, weight = self.problem.alpha / weight.max(), weight / weight.max()
        # Eigenvalues below it move the residual by no more than a tenth of tol.
        eigenvectors = self.matrix.eigenvectors.larger_than(0.1 * self.tol * alpha)
        return MaskedSystem(eigenvectors, weight, alpha, _MAX_VALUES_PER_ROW)

    def solve(self, targets):
        """Solve for targets of shape (n_samples, n_outputs): coefficients on the grid.

        Warns
        -----
        ConvergenceWarning
            If `tol` is not reached within `max_iter` iterations.
        """
        coefficients, solution = self.system.solve_refined(
            self.matrix, self.matrix.scatter(targets), self.tol, self.max_iter
        )
        self.n_iter = solution.n_iter
        warn_unless_converged(solution, self.tol)
        return coefficients
