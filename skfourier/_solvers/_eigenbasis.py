r"""A problem in the basis of its eigenvectors, where it is diagonal for any alpha."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Eigenbasis:
    r"""Targets along the eigenvectors of :math:`B = W^{1/2} K W^{1/2}`.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        Eigenvalues :math:`\lambda` of B; up to `n_samples` they are followed by zeros.
    power : ndarray of shape (n_values, n_outputs)
        Squares of the components of :math:`W^{1/2} y` along the eigenvectors.
    n_samples : int
    rest : ndarray of shape (n_outputs,) or float, default=0.0
        Square of what is orthogonal to all of these eigenvectors.
    log_weight_sum : float, default=0.0
    """

    values: np.ndarray
    power: np.ndarray
    n_samples: int
    rest: np.ndarray | float = 0.0
    log_weight_sum: float = 0.0

    @property
    def _n_zeros(self):
        return self.n_samples - len(self.values)

    def generalized_cross_validation(self, alpha):
        r"""Estimate the squared prediction error by generalized cross-validation.

        .. math:: \frac{\| W^{1/2} (y - H y) \|^2}{(\operatorname{tr}(I - H) / n)^2}, \qquad
                  W^{1/2} (I - H) W^{-1/2} = \alpha (B + \alpha I)^{-1}

        This is leave-one-out with every row's leverage replaced by their mean.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        ndarray of shape (n_outputs,)
            A weighted sum over the rows.

        References
        ----------
        G. H. Golub, M. Heath and G. Wahba, "Generalized cross-validation as a method for choosing
        a good ridge parameter", 1979.
        """
        left = alpha / (self.values + alpha)
        error = np.square(left) @ self.power + self.rest
        return error / ((left.sum() + self._n_zeros) / self.n_samples) ** 2

    def log_marginal_likelihood(self, alpha, scale=1.0):
        r"""Compute the log marginal likelihood of each output of y / scale.

        .. math:: -\tfrac 1 2 \bigl(y^T (K + \alpha W^{-1})^{-1} y + \log\det (K + \alpha W^{-1})
                  + n \log 2 \pi \bigr)

        Parameters
        ----------
        alpha : float
        scale : ndarray of shape (n_outputs,) or float, default=1.0

        Returns
        -------
        ndarray of shape (n_outputs,)
        """
        shifted = self.values + alpha
        fit = ((1 / shifted) @ self.power + self.rest / alpha) / np.square(scale)
        log_determinant = np.log(shifted).sum() + self._n_zeros * math.log(alpha)
        log_determinant -= self.log_weight_sum
        normalization = log_determinant + self.n_samples * math.log(2 * math.pi)
        return -0.5 * (fit + normalization)
