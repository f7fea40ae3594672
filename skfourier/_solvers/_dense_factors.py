"""Two factorizations of a dense matrix B + alpha: of one alpha, or of any.

All linear algebra is torch's: the OpenBLAS that comes with SciPy crashes in a threaded Cholesky
decomposition of 16,384 rows.
"""

import numpy as np


class Triangle:
    """Cholesky's factor of B + alpha.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        B; its diagonal is overwritten.
    alpha : float or ndarray of shape (n,)

    Raises
    ------
    LinAlgError
        If B + alpha is singular to working precision.
    """

    def __init__(self, matrix, alpha):
        import torch  # noqa: PLC0415 (skfourier's import stays light)

        matrix[np.diag_indices(len(matrix))] += alpha
        # LAPACK works by columns: of a symmetric matrix the transposed view saves a copy.
        lower, info = torch.linalg.cholesky_ex(torch.from_numpy(matrix).T)
        if info:
            close = "rows lie too close together for so little noise, or are repeated"
            raise _singular(alpha, close)
        self.lower = lower

    def solve(self, right_hand_sides):
        """Return (B + alpha)^-1 of columns."""
        return _tensor(right_hand_sides).cholesky_solve(self.lower).numpy()

    def transposed_solve(self, columns):
        """Return L^-T of columns, of covariance (B + alpha)^-1 where theirs is the identity."""
        return _over(self.lower.mT, columns, upper=True).numpy()

    def quadratic_form(self, columns):
        """Return v^T (B + alpha)^-1 v of each column v."""
        return _over(self.lower, columns, upper=False).square().sum(dim=0).numpy()

    def log_determinant(self):
        """Return log det(B + alpha)."""
        return 2 * float(self.lower.diagonal().log().sum())

    def inverse(self):
        """Return (B + alpha)^-1."""
        return self.lower.cholesky_inverse().numpy()

    def inverse_diagonal(self):
        """Return the diagonal of (B + alpha)^-1."""
        return self.inverse().diagonal()


class ShiftedEigenvectors:
    """The eigenvectors of B, shifted by alpha: cheap for each of many alphas.

    Parameters
    ----------
    basis : DenseEigenvectors
    alpha : float

    Raises
    ------
    LinAlgError
        If B + alpha is singular to working precision.
    """

    def __init__(self, basis, alpha):
        self.shifted, self.vectors = basis.values + alpha, basis.vectors
        low, high = self.shifted[0], self.shifted[-1]
        if not low > np.finfo(float).eps * high:
            raise _singular(alpha, f"its eigenvalues reach from {low:.1e} to {high:.1e}")

    def solve(self, right_hand_sides):
        """Return (B + alpha)^-1 of columns."""
        return self.vectors @ ((self.vectors.T @ right_hand_sides) / self.shifted[:, None])

    def quadratic_form(self, columns):
        """Return v^T (B + alpha)^-1 v of each column v."""
        return (1 / self.shifted) @ (self.vectors.T @ columns) ** 2

    def log_determinant(self):
        """Return log det(B + alpha)."""
        return float(np.log(self.shifted).sum())

    def inverse_diagonal(self):
        """Return the diagonal of (B + alpha)^-1."""
        return self.vectors**2 @ (1 / self.shifted)


def _tensor(columns):
    import torch  # noqa: PLC0415

    return torch.from_numpy(np.ascontiguousarray(columns))


def _over(triangle, columns, *, upper):
    """Return the inverse of a triangle times columns."""
    import torch  # noqa: PLC0415

    return torch.linalg.solve_triangular(triangle, _tensor(columns), upper=upper)


def _singular(alpha, why):
    noise = f"noise of {np.min(alpha):g} or more" if np.ndim(alpha) else f"alpha={alpha:g}"
    return np.linalg.LinAlgError(
        f"The matrix of the kernel, or of its features, plus {noise} is singular to working "
        f"precision: {why}. Raise alpha."
    )
