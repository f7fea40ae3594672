"""Cosines, in which a stationary kernel on an even grid is nearly diagonal."""

import numpy as np
from scipy import fft

from skfourier._solvers._eigenvectors import Eigenvectors


class CosineEigenvectors(Eigenvectors):
    r"""Cosines, nearly the eigenvectors of a stationary kernel on an evenly spaced grid.

    .. math:: K \approx C^T \operatorname{diag}(C K C^T)\, C

    with C the orthonormal cosine transform (DCT-II) along each axis: the nearest matrix to K, in
    the Frobenius norm, that cosines make diagonal.

    Parameters
    ----------
    lags : ndarray of shape (2 n_1 - 1, 2 n_2 - 1, ...)
        The kernel at all lags of the grid.

    Attributes
    ----------
    values : ndarray of shape (n_1, n_2, ...)

    References
    ----------
    R. H. Chan, M. K. Ng and C. K. Wong, "Sine transform based preconditioners for symmetric
    Toeplitz systems", Linear Algebra and its Applications 232, 1996 (which treats cosines too).
    """

    def __init__(self, lags):
        self.axes = tuple(range(1, lags.ndim + 1))
        values = lags
        for axis in range(lags.ndim):
            values = np.moveaxis(_cosine_diagonal(np.moveaxis(values, axis, -1)), -1, axis)
        # Rounding makes the smallest negative.
        self.values = np.maximum(values, 0)

    def forward(self, array):
        """Apply C: (n, *points) to (n, *modes)."""
        return fft.dctn(array, axes=self.axes, norm="ortho")

    def backward(self, array):
        """Apply C^T: (n, *modes) to (n, *points)."""
        return fft.idctn(array, axes=self.axes, norm="ortho")


def _cosine_diagonal(lags):
    r"""Compute the diagonal of C T C^T along the last axis, T Toeplitz with the given lags.

    .. math:: \sum_l t_l \Bigl[\bigl(1 - \tfrac l n\bigr) \cos \theta_k l
              - \frac{\sin \theta_k l}{n \sin \theta_k}\Bigr], \quad \theta_k = \pi k / n

    over l >= 0, with t_l the sum over both signs of the lag; without the sine for k = 0. It is the
    sum of :math:`c_k(i)\, c_k(i + l)` over i, in closed form.
    """
    n = (lags.shape[-1] + 1) // 2
    folded = lags[..., n - 1 :].copy()
    folded[..., 1:] += lags[..., n - 2 :: -1]
    theta = np.pi * np.arange(1, n) / n
    cosines = fft.rfft(folded * (1 - np.arange(n) / n), 2 * n)[..., :n].real
    cosines[..., 1:] += fft.rfft(folded, 2 * n)[..., 1:n].imag / (n * np.sin(theta))
    return cosines
