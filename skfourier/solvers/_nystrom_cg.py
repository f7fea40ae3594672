r"""Any kernel on any rows: dense products in blocks, preconditioned conjugate gradients.

With :math:`B = W^{1/2} K W^{1/2}` the system is :math:`(B + \alpha I)\, W^{-1/2} c = W^{1/2} y`. A
product costs all n^2 entries of the kernel: this is the slow path, for what nothing else takes.
"""

import copy
from dataclasses import replace

import numpy as np
import scipy.linalg
from sklearn.utils import gen_batches

from skfourier.solvers._conjugate_gradients import conjugate_gradients, variance_by_solving

# The matrix is kept if it is no larger, and evaluated anew in every product otherwise.
_MOST_BYTES = 2**30
# Numbers that a block of the kernel matrix holds: 64 MiB.
_BLOCK = 2**23
# Eigenvectors that the preconditioner knows: their products cost about as much as the kernel's
# entries, and fewer help less.
_RANK = 256


class NystromCG:
    """Dense products in blocks, conjugate gradients with a Nystrom preconditioner.

    Parameters
    ----------
    system : System

    Attributes
    ----------
    n_iter : int
        Iterations of the last solve.
    """

    name = "cg"
    exact = False

    @staticmethod
    def why_not(system):
        """Return None: this one always applies."""

    def __init__(self, system):
        self.system = system
        self.n_iter = 0
        n_rows = len(system.X)
        self._root = (
            np.ones((n_rows, 1)) if system.weight is None else np.sqrt(system.weight)[:, None]
        )
        self._kernel = system.kernel(system.X) if 8 * n_rows**2 <= _MOST_BYTES else None
        self._approximation = NystromApproximation(self._product, n_rows, min(_RANK, n_rows))

    def with_alpha(self, alpha):
        """Return this solver with another alpha; the matrix and its approximation are shared."""
        other = copy.copy(self)
        other.system = replace(self.system, alpha=alpha)
        return other

    def solve(self, y):
        """Return the dual coefficients c, for targets y of shape (n_samples, n_outputs).

        Warns
        -----
        ConvergenceWarning
            If `tol` is not reached within `max_iter` iterations.
        """
        alpha = self.system.alpha
        solution, self.n_iter = conjugate_gradients(
            lambda v: self._product(v) + alpha * v,
            self._root * y,
            preconditioner=lambda v: self._approximation.precondition(v, alpha),
            tol=self.system.tol,
            max_iter=self.system.max_iter,
        )
        return self._root * solution

    def predict(self, coefficients, X):
        """Evaluate at the rows of X: (n_test, n_outputs)."""
        return self._kernel_product(X, coefficients)

    def variance(self, X):
        r"""Return :math:`k(0) - k_*^T (K + \alpha W^{-1})^{-1} k_*` for the rows of X.

        Raises
        ------
        ValueError
            For over a thousand rows: each costs a solve.
        """
        return variance_by_solving(self, X)

    def _product(self, v):
        """Multiply by B."""
        if self._kernel is not None:
            return self._root * (self._kernel @ (self._root * v))
        return self._root * self._kernel_product(self.system.X, self._root * v)

    def _kernel_product(self, X, v):
        values = np.empty((len(X), v.shape[1]))
        for rows in gen_batches(len(X), max(1, _BLOCK // len(self.system.X))):
            values[rows] = self.system.kernel(X[rows], self.system.X) @ v
        return values


class NystromApproximation:
    r"""The largest eigenvalues of a positive semidefinite matrix, roughly: B ~ U diag(l) U^T.

    Found from one product with random columns. As a preconditioner of B + alpha,

    .. math:: P^{-1} = (\lambda_r + \alpha)\, U (\Lambda + \alpha)^{-1} U^T + I - U U^T

    Parameters
    ----------
    product : callable
        v of shape (n, k) to B v.
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
        image = product(test)
        # A shift at the level of rounding keeps the small matrix positive definite.
        shift = np.sqrt(n_rows) * np.finfo(float).eps * np.linalg.norm(image)
        image += shift * test
        values, vectors = np.linalg.eigh(test.T @ image)
        root = vectors / np.sqrt(np.maximum(values, shift))
        self.vectors, singular, _ = scipy.linalg.svd(image @ root, full_matrices=False)
        self.values = np.maximum(singular**2 - shift, 0)

    def precondition(self, v, alpha):
        """Return P^-1 v."""
        parts = self.vectors.T @ v
        factor = (self.values[-1] + alpha) / (self.values + alpha) - 1
        return v + self.vectors @ (factor[:, None] * parts)
