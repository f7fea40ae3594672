r"""Rows that fit as a dense matrix: Cholesky, or for several alphas an eigendecomposition.

Weights enter symmetrically, :math:`B = W^{1/2} K W^{1/2}`:

.. math:: (K + \alpha W^{-1})^{-1} = W^{1/2} (B + \alpha I)^{-1} W^{1/2}

All linear algebra is torch's: the OpenBLAS that comes with SciPy crashes in a threaded Cholesky
decomposition of 16,384 rows.
"""

import copy
from dataclasses import replace

import numpy as np
from sklearn.utils import gen_batches

from skfourier.solvers._leave_one_out import Eigenbasis

# Three matrices in float64, the kernel's, its factor and, for leave-one-out, the inverse: 16,384
# rows.
_MOST_BYTES = 6 * 2**30
# Numbers that a block of the kernel between test and training rows holds: 64 MiB.
_BLOCK = 2**23


class Cholesky:
    """Any kernel, rows that fit as a dense matrix: exact.

    `with_alpha` takes the eigendecomposition of B, once for all alphas that follow: the time of
    some twenty factorisations, after which an alpha costs products of matrices only.

    Parameters
    ----------
    system : System

    Attributes
    ----------
    n_iter : int
        1.
    """

    name = "cholesky"
    exact = True
    n_iter = 1

    @staticmethod
    def why_not(system):
        """Return None, or the sentence that says why this solver does not apply."""
        n_rows = len(system.X)
        n_bytes = 24 * n_rows**2
        if n_bytes > _MOST_BYTES:
            return (
                f"The solver 'cholesky' needs dense matrices of {n_rows:,} rows, "
                f"{n_bytes * 1e-9:.1f} GB; it takes {_MOST_BYTES * 1e-9:.1f} GB at most. Take "
                f"fewer rows, 'nufft' with a spectral density in up to three columns, or 'cg', "
                f"which is slow."
            )
        return None

    def __init__(self, system):
        self.system = system
        self._root = None if system.weight is None else np.sqrt(system.weight)
        self._shared: dict = {}
        self._factor: _Triangle | _Eigenvectors = _Triangle(self._matrix(), system.alpha)

    def with_alpha(self, alpha):
        """Return this solver with another alpha; an eigendecomposition is shared by all of them."""
        values, vectors = self._eigen()
        other = copy.copy(self)
        other.system = replace(self.system, alpha=alpha)
        other._factor = _Eigenvectors(values, vectors, alpha)
        return other

    def _eigen(self):
        if "eigen" not in self._shared:
            self._shared["eigen"] = _eigendecomposition(self._matrix())
        return self._shared["eigen"]

    def solve(self, y):
        """Return the dual coefficients c, for y of shape (n_samples, n_outputs)."""
        return self._weighted(self._factor.solve(self._weighted(y)))

    def dual(self, y):
        r"""Return :math:`c = (K + \alpha W^{-1})^{-1} y`."""
        return self.solve(y)

    def predict(self, coefficients, X):
        """Evaluate at the rows of X: (n_test, n_outputs)."""
        values = np.empty((len(X), coefficients.shape[1]))
        for rows in self._blocks(X):
            values[rows] = self.system.kernel(X[rows], self.system.X) @ coefficients
        return values

    def variance(self, X):
        r"""Return :math:`k(0) - k_*^T (K + \alpha W^{-1})^{-1} k_*` for the rows of X."""
        variance = np.ones(len(X))
        for rows in self._blocks(X):
            k = self._weighted(self.system.kernel(self.system.X, X[rows]))
            variance[rows] -= self._factor.quadratic_form(k)
        return np.maximum(variance, 0)

    def log_determinant(self):
        r"""Return the logarithm of :math:`\det(K + \alpha W^{-1})`."""
        of_weights = 0 if self._root is None else 2 * np.log(self._root).sum()
        return self._factor.log_determinant() - of_weights

    def inverse_diagonal(self):
        r"""Return the diagonal of :math:`(K + \alpha W^{-1})^{-1}`."""
        diagonal = self._factor.inverse_diagonal()
        return diagonal if self._root is None else self._root**2 * diagonal

    def eigenbasis(self, y):
        """Return the system of y of shape (n_samples, n_outputs) along the eigenvectors of B."""
        values, vectors = self._eigen()
        return Eigenbasis(values, np.square(vectors.T @ self._weighted(y)), n_samples=len(y))

    def _matrix(self):
        """Evaluate B."""
        matrix = self.system.kernel(self.system.X)
        if self._root is not None:
            matrix *= self._root[:, None]
            matrix *= self._root
        return matrix

    def _weighted(self, array):
        return array if self._root is None else self._root[:, None] * array

    def _blocks(self, X):
        return gen_batches(len(X), max(1, _BLOCK // len(self.system.X)))


class _Triangle:
    """Cholesky's factor of B + alpha."""

    def __init__(self, matrix, alpha):
        import torch  # noqa: PLC0415 (skfourier's import stays light)

        matrix[np.diag_indices(len(matrix))] += alpha
        # LAPACK works by columns: of a symmetric matrix the transposed view saves a copy.
        lower, info = torch.linalg.cholesky_ex(torch.from_numpy(matrix).T)
        if info:
            raise _singular(alpha)
        self.lower = lower

    def solve(self, right_hand_sides):
        import torch  # noqa: PLC0415

        right_hand_sides = torch.from_numpy(np.ascontiguousarray(right_hand_sides))
        return torch.cholesky_solve(right_hand_sides, self.lower).numpy()

    def quadratic_form(self, columns):
        import torch  # noqa: PLC0415

        columns = torch.from_numpy(np.ascontiguousarray(columns))
        half = torch.linalg.solve_triangular(self.lower, columns, upper=False)
        return half.square().sum(dim=0).numpy()

    def log_determinant(self):
        return 2 * float(self.lower.diagonal().log().sum())

    def inverse_diagonal(self):
        import torch  # noqa: PLC0415

        return torch.cholesky_inverse(self.lower).diagonal().numpy()


class _Eigenvectors:
    """Eigenvalues and eigenvectors of B, and alpha."""

    def __init__(self, values, vectors, alpha):
        if not values[0] + alpha > np.finfo(float).eps * values[-1]:
            raise _singular(alpha)
        self.shifted, self.vectors = values + alpha, vectors

    def solve(self, right_hand_sides):
        return self.vectors @ ((self.vectors.T @ right_hand_sides) / self.shifted[:, None])

    def quadratic_form(self, columns):
        return (1 / self.shifted) @ (self.vectors.T @ columns) ** 2

    def log_determinant(self):
        return float(np.log(self.shifted).sum())

    def inverse_diagonal(self):
        return self.vectors**2 @ (1 / self.shifted)


def _eigendecomposition(matrix):
    import torch  # noqa: PLC0415 (skfourier's import stays light)

    values, vectors = torch.linalg.eigh(torch.from_numpy(matrix))
    # Rounding makes the smallest eigenvalues negative.
    return np.maximum(values.numpy(), 0), vectors.numpy()


def _singular(alpha):
    return ValueError(
        f"The kernel matrix plus alpha={alpha:g} is singular to working precision: rows lie too "
        f"close together for so small an alpha, or are repeated. Raise alpha."
    )
