r"""What a factorised system says of rows it has not seen, without solving again for each.

With :math:`A = K + \alpha W^{-1}` and :math:`c = A^{-1} y`, the targets y centred beforehand:

.. math:: y_i - f_{-i}(x_i) = c_i / (A^{-1})_{ii}

is the residual of row i where all of it, whatever its weight, was left out. In the basis of the
eigenvectors of :math:`W^{1/2} K W^{1/2}` the system is diagonal, and what needs no single rows is
a sum over eigenvalues: generalised cross-validation and the marginal likelihood.
"""

import math
from dataclasses import dataclass

import numpy as np


def leave_one_out_residuals(solver, y):
    r"""Compute the residual of each row under the fit to all others.

    Parameters
    ----------
    solver : solver
        One that factorises: with `dual` and `inverse_diagonal`.
    y : ndarray of shape (n_samples, n_outputs)
        Centred; the mean is held fixed.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams, "Gaussian processes for machine learning", 2006,
    section 5.4.2.
    """
    return solver.dual(y) / solver.inverse_diagonal()[:, None]


@dataclass(frozen=True, eq=False)
class Eigenbasis:
    r"""A system in the basis of the eigenvectors of :math:`B = W^{1/2} K W^{1/2}`: any alpha.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        Eigenvalues :math:`\lambda` of B; up to `n_samples` they are followed by zeros.
    power : ndarray of shape (n_values, n_outputs)
        Squares of the components of :math:`W^{1/2} y` along the eigenvectors.
    n_samples : int
    rest : ndarray of shape (n_outputs,) or float, default=0.0
        Square of what is orthogonal to all of these eigenvectors.
    """

    values: np.ndarray
    power: np.ndarray
    n_samples: int
    rest: np.ndarray | float = 0.0

    @property
    def _n_zeros(self):
        return self.n_samples - len(self.values)

    def generalised_cross_validation(self, alpha):
        r"""Compute the squared error that generalised cross-validation estimates.

        .. math:: \frac{\| W^{1/2} (y - H y) \|^2}{(\operatorname{tr}(I - H) / n)^2}, \qquad
                  W^{1/2} (I - H) W^{-1/2} = \alpha (B + \alpha I)^{-1}

        that is, leave-one-out with every row's leverage replaced by their mean.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        ndarray of shape (n_outputs,)
            A sum over the rows, weighted.

        References
        ----------
        G. H. Golub, M. Heath and G. Wahba, "Generalized cross-validation as a method for choosing
        a good ridge parameter", 1979.
        """
        left = alpha / (self.values + alpha)
        error = np.square(left) @ self.power + self.rest
        return error / ((left.sum() + self._n_zeros) / self.n_samples) ** 2

    def log_marginal_likelihood(self, alpha):
        r"""Compute the log marginal likelihood of y, added up over the outputs; no weights.

        .. math:: -\tfrac 1 2 \bigl(y^T (K + \alpha)^{-1} y + \log\det (K + \alpha)
                  + n \log 2 \pi \bigr)

        Parameters
        ----------
        alpha : float

        Returns
        -------
        float
        """
        shifted, n_outputs = self.values + alpha, self.power.shape[1]
        fit = np.sum((1 / shifted) @ self.power + self.rest / alpha)
        log_determinant = np.log(shifted).sum() + self._n_zeros * math.log(alpha)
        normalisation = log_determinant + self.n_samples * math.log(2 * math.pi)
        return float(-0.5 * (fit + n_outputs * normalisation))
