r"""The likelihood of rows at all scales: what sigma, noise and smoothness are chosen by.

Rows are dealt at random into levels, each several times as large as all before it. Blocks of
neighbors of each level are sampled, and their density is taken given near rows of the levels below:

.. math:: \sum_B \omega_B \log p(y_B \mid y_{G(B)})

With weights :math:`\omega` of the share of the rows that a block stands for, this estimates the log
likelihood of all rows, in Vecchia's approximation. Of those three quarters belong to the last
level, whose neighbors are as near as rows are: they say most about the noise and least about what
happens across a gap. With equal weights all distances count alike.

The kernel's own scale, the signal's variance s^2, is that of the largest likelihood.
"""

import math

import numpy as np

from skfourier._solvers._conditionals import whiten


class ScaleLikelihood:
    """The likelihood of sampled rows, and how it changes with the parameters of a kernel.

    Parameters
    ----------
    problem : Problem
        Its kernel and alpha do not matter.
    groups : list of Groups
    by_rows : bool, default=False
        Whether a block counts by the rows that it stands for, or all of them alike.
    unit : ndarray of shape (n_outputs,) or float, default=None
        Of the targets; their deviations if None, and constant ones are left out.
    """

    def __init__(self, problem, groups, *, by_rows=False, unit=None):
        self.problem, self.groups = problem, groups
        moments = problem.moments
        self.values = problem.centered / (moments.scale if unit is None else unit)
        if unit is None:
            self.values = self.values[:, moments.informative]
        counts = [group.rows.shape[0] * group.n_last for group in groups]
        shares = [group.share if by_rows else 1.0 for group in groups]
        weight = np.repeat(shares, counts)
        # Of as many rows as were sampled, so that gains compare with 1.
        self.weight = weight * (len(weight) / weight.sum())

    def at(self, kernel, alpha):
        """Evaluate the likelihood.

        Parameters
        ----------
        kernel : Kernel
            k(0) = 1.
        alpha : float

        Returns
        -------
        Fit

        Raises
        ------
        LinAlgError
            If rows close to one another make the matrix singular.
        """
        noise = alpha / self.problem.weight
        parts = [
            whiten(kernel, group.lags, noise[group.rows], self.values[group.rows], group.n_last)
            for group in self.groups
        ]
        residuals, log_variance = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return Fit(residuals, log_variance, self.weight, self.problem.moments.n_trend)


class Fit:
    r"""Whitened residuals z and the logarithms of their variances v.

    .. math:: -\tfrac12 \sum_i \omega_i \bigl(z_i^2 / s^2 + \log s^2 v_i + \log 2 \pi \bigr),
              \qquad s^2 = \sum_i \omega_i z_i^2 / \sum_i \omega_i

    summed over the outputs, each with a signal variance of its own. The functions of a trend are
    whitened as the targets are, :math:`Z_h`; the trend is that of weighted least squares of z on
    them, and the likelihood the restricted one (REML): without :math:`\tfrac12 \log\det Z_h^T
    \Omega Z_h`, and of p rows less, where p is the number of functions.

    Parameters
    ----------
    residuals : ndarray of shape (n_rows, n_outputs + n_trend)
        The last columns are those of the trend.
    log_variance : ndarray of shape (n_rows,)
    weight : ndarray of shape (n_rows,)
    n_trend : int, default=0

    Attributes
    ----------
    residuals : ndarray of shape (n_rows, n_outputs)
        About the trend.
    """

    def __init__(self, residuals, log_variance, weight, n_trend=0):
        self.log_variance, self.weight, self.n_trend = log_variance, weight, n_trend
        n_outputs = residuals.shape[1] - n_trend
        self.residuals, functions = residuals[:, :n_outputs], residuals[:, n_outputs:]
        gram = functions.T @ (weight[:, None] * functions)
        coefficients = np.linalg.solve(gram, functions.T @ (weight[:, None] * self.residuals))
        self.residuals = self.residuals - functions @ coefficients
        self.trend_log_determinant = np.linalg.slogdet(gram)[1]
        square = weight @ np.square(self.residuals) / self.n_contrasts
        self.signal_variance = np.maximum(square, np.finfo(float).tiny)

    @property
    def n_contrasts(self):
        """The weight of all rows, less those that the trend takes."""
        return self.weight.sum() - self.n_trend

    @property
    def value(self):
        """The log likelihood of the sampled rows."""
        n_outputs, total = self.residuals.shape[1], self.n_contrasts
        spread = n_outputs * (self.weight @ self.log_variance + self.trend_log_determinant)
        scales = total * np.log(self.signal_variance).sum()
        return float(-0.5 * (scales + spread + total * n_outputs * (1 + math.log(2 * math.pi))))

    @property
    def value_per_row(self):
        """The log likelihood of a row and output, in units of the outputs' deviations."""
        return self.value / (self.weight.sum() * self.residuals.shape[1])

    def slope_and_information(self, steps):
        r"""Differentiate the likelihood, and estimate its curvature, from small steps.

        With :math:`m_i` and :math:`v_i` the mean and variance of row i given those before it,

        .. math:: I_{jk} = \sum_i \omega_i \Bigl(\frac{\partial_j m_i\, \partial_k m_i}{s^2 v_i}
                  + \frac12\, \partial_j \log v_i\, \partial_k \log v_i \Bigr)

        is Fisher's information; the derivatives of log v are taken about their mean, since s^2
        follows.

        Parameters
        ----------
        steps : list of (Fit, float)
            For each parameter the fit a small step away, and the step.

        Returns
        -------
        slope : ndarray of shape (n_parameters,)
        information : ndarray of shape (n_parameters, n_parameters)
        """
        scale = np.sqrt(self.signal_variance)
        z, n_outputs = self.residuals / scale, self.residuals.shape[1]
        dz = np.array([(fit.residuals / scale - z) / step for fit, step in steps])
        dv = np.array([(fit.log_variance - self.log_variance) / step for fit, step in steps])
        of_trend = self.trend_log_determinant
        dt = np.array([(fit.trend_log_determinant - of_trend) / step for fit, step in steps])
        spread = dv @ self.weight + dt
        slope = -np.einsum("k,kc,jkc->j", self.weight, z, dz) - 0.5 * n_outputs * spread
        dm = dz + 0.5 * z * dv[:, :, None]
        dv = dv - (dv @ self.weight)[:, None] / self.weight.sum()
        return slope, (
            np.einsum("jkc,lkc,k->jl", dm, dm, self.weight)
            + 0.5 * n_outputs * np.einsum("jk,lk,k->jl", dv, dv, self.weight)
        )
