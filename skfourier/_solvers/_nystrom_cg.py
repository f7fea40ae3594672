r"""Any kernel on any rows: dense products in blocks, preconditioned conjugate gradients.

With :math:`B = W^{1/2} K W^{1/2}` the system is :math:`(B + \alpha I)\, W^{-1/2} c = W^{1/2} y`, W
and alpha over the largest weight. A product costs all n^2 entries of the kernel: this is the slow
path, for what nothing else takes.
"""

from functools import cached_property

import numpy as np
import scipy.linalg

from skfourier._solvers._conjugate_gradients import iterate, warn_unless_converged
from skfourier._solvers._kernel_matrix import DenseMatrix
from skfourier._solvers._solver import MatrixSolver

# Eigenvectors that the preconditioner knows: their products cost about as much as the kernel's
# entries, and fewer help less.
_RANK = 256


class NystromCG(MatrixSolver):
    """Dense products in blocks, conjugate gradients with a Nystrom preconditioner."""

    name = "cg"
    shared = ("matrix", "approximation")

    def why_not(self):
        """Return None: this solver always applies."""

    @cached_property
    def matrix(self):
        """The kernel matrix of the rows."""
        return DenseMatrix(self.problem.kernel, self.problem.X)

    @cached_property
    def approximation(self):
        """The largest eigenvalues of B."""
        n_rows = len(self.problem.X)
        return NystromApproximation(self._product, n_rows, min(_RANK, n_rows))

    def solve(self, targets):
        """Return the dual coefficients, for targets of shape (n_samples, n_outputs).

        Returns
        -------
        ndarray of shape (n_outputs, n_samples)

        Warns
        -----
        ConvergenceWarning
            If `tol` is not reached within `max_iter` iterations.
        """
        # Over the largest weight, as the products are.
        alpha = self.problem.alpha / self.problem.weight.max()
        solution = iterate(
            lambda v: self._product(v) + alpha * v,
            self._root * targets.T,
            preconditioner=lambda v: self.approximation.precondition(v, alpha),
            tol=self.tol,
            max_iter=self.max_iter,
            # k A^-1 k <= k(0): no prediction is off by more than the error's energy norm.
            energy=self.tol * np.sqrt(np.mean(np.square(targets), axis=0)),
        )
        self.n_iter = solution.n_iter
        warn_unless_converged(solution, self.tol)
        return self._root * solution.x

    @property
    def _root(self):
        return np.sqrt(self.problem.weight / self.problem.weight.max())

    def _product(self, v):
        """Multiply by B."""
        return self._root * (self.matrix @ (self._root * v))


class NystromApproximation:
    r"""The largest eigenvalues of a positive semidefinite matrix, roughly: B ~ U diag(l) U^T.

    Found from one product with random columns. As a preconditioner of B + alpha,

    .. math:: P^{-1} = (\lambda_r + \alpha)\, U (\Lambda + \alpha)^{-1} U^T + I - U U^T

    Parameters
    ----------
    product : callable
        v of shape (k, n) to B v.
    n_rows : int
    rank : int

    References
    ----------
    Frangella, Tropp and Udell, "Randomized Nystrom preconditioning", 2021, algorithm 2.1.
    """

    def __init__(self, product, n_rows, rank):
        # Any columns in general position do, and the same ones make fits reproducible.
        random = np.random.default_rng(0).standard_normal((n_rows, rank))
        test, _ = np.linalg.qr(random)
        image = product(test.T).T
        # A shift at the level of rounding keeps the small matrix positive definite.
        shift = np.sqrt(n_rows) * np.finfo(float).eps * np.linalg.norm(image)
        image += shift * test
        values, vectors = np.linalg.eigh(test.T @ image)
        root = vectors / np.sqrt(np.maximum(values, shift))
        self.vectors, singular, _ = scipy.linalg.svd(image @ root, full_matrices=False)
        self.values = np.maximum(singular**2 - shift, 0)

    def precondition(self, v, alpha):
        """Return P^-1 v."""
        factor = (self.values[-1] + alpha) / (self.values + alpha) - 1
        return v + ((v @ self.vectors) * factor) @ self.vectors.T
