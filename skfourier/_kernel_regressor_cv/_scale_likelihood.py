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
from dataclasses import dataclass

import numpy as np

from skfourier._solvers._conditionals import lags_within, whiten
from skfourier._solvers._hierarchy import Hierarchy

# Rows of a block, and neighbors of each level below that it is given.
_ROWS_PER_BLOCK = 16
_NEIGHBORS_PER_LEVEL = 8
_NEIGHBORS_OF_A_ROW = 8
# Rows that are few enough for the likelihood itself.
_FEW_ROWS = 384


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows of which the last are given the others.

    Parameters
    ----------
    rows : ndarray of shape (n_groups, n_rows)
    lags : ndarray of shape (n_groups, n_rows, n_rows, n_features)
    n_last : int
    share : float
        How many rows one of the last stands for.
    """

    rows: np.ndarray
    lags: np.ndarray
    n_last: int
    share: float

    @classmethod
    def of(cls, X, given, last, n_rows):
        """Put groups together: `last`, which stand for `n_rows` rows, given others."""
        rows = np.concatenate([given, last], axis=1)
        return cls(rows, lags_within(X, rows), last.shape[1], n_rows / last.size)


class Sampler:
    """Samples blocks of each level of the rows, given near rows of the levels below it.

    Parameters
    ----------
    problem : Problem
        With X in units in which distances along the columns compare.
    seed : int, default=0
    """

    def __init__(self, problem, seed=0):
        self.X, self.seed = problem.X, seed
        self.hierarchy = Hierarchy(self.X, seed) if len(self.X) > _FEW_ROWS else None

    def sample(self, n_blocks, n_more=0):
        """Sample blocks.

        Parameters
        ----------
        n_blocks : int
            Of each level, or all that it has.
        n_more : int, default=0
            So many more are dealt out to the levels by their numbers of rows.

        Returns
        -------
        list of Groups
            All rows in one group where these are few.
        """
        nothing = np.empty((1, 0), dtype=int)
        if self.hierarchy is None:
            return [Groups.of(self.X, nothing, np.arange(len(self.X))[None], len(self.X))]
        rng = np.random.default_rng(self.seed)
        first = self.hierarchy.levels[0]
        groups = [Groups.of(self.X, nothing, first[None], len(first))]
        for level, rows in enumerate(self.hierarchy.levels[1:], start=1):
            wanted = n_blocks + n_more * len(rows) // len(self.X)
            n_groups = max(1, min(wanted, len(rows) // _ROWS_PER_BLOCK))
            centers = self.X[rng.choice(rows, n_groups, replace=False)]
            given = self.hierarchy.neighbors(centers, _NEIGHBORS_PER_LEVEL, below=level)
            last = self.hierarchy.nearest(centers, _ROWS_PER_BLOCK, level)
            groups.append(Groups.of(self.X, given, last, len(rows)))
        return groups

    def rows(self, n_rows):
        """Sample rows, each given near rows of all levels: what leaving it out takes."""
        rng = np.random.default_rng(self.seed)
        last = rng.permutation(len(self.X))[:n_rows, None]
        hierarchy = self.hierarchy or Hierarchy(self.X, self.seed)
        given = hierarchy.neighbors(self.X[last[:, 0]], _NEIGHBORS_OF_A_ROW)
        # A row is its own nearest neighbor, or one that is repeated.
        others = np.argsort(given == last, axis=1, kind="stable")[:, :-1]
        given = np.take_along_axis(given, others, axis=1)
        return [Groups.of(self.X, given, last, len(self.X))]


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
        Of the targets; their deviations if None.
    """

    def __init__(self, problem, groups, *, by_rows=False, unit=None):
        self.problem, self.groups = problem, groups
        self.values = problem.centered / (problem.moments.scale if unit is None else unit)
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
        return Fit(residuals, log_variance, self.weight)


class Fit:
    r"""Whitened residuals z and the logarithms of their variances v.

    .. math:: -\tfrac12 \sum_i \omega_i \bigl(z_i^2 / s^2 + \log s^2 v_i + \log 2 \pi \bigr),
              \qquad s^2 = \sum_i \omega_i z_i^2 / \sum_i \omega_i

    summed over the outputs, each with a signal variance of its own.

    Parameters
    ----------
    residuals : ndarray of shape (n_rows, n_outputs)
    log_variance : ndarray of shape (n_rows,)
    weight : ndarray of shape (n_rows,)
    """

    def __init__(self, residuals, log_variance, weight):
        self.residuals, self.log_variance, self.weight = residuals, log_variance, weight
        square = weight @ np.square(residuals) / weight.sum()
        self.signal_variance = np.maximum(square, np.finfo(float).tiny)

    @property
    def value(self):
        """The log likelihood of the sampled rows."""
        n_outputs, total = self.residuals.shape[1], self.weight.sum()
        spread = n_outputs * (self.weight @ self.log_variance)
        scales = total * np.log(self.signal_variance).sum()
        return float(-0.5 * (scales + spread + total * n_outputs * (1 + math.log(2 * math.pi))))

    @property
    def log_marginal_likelihood(self):
        """The log likelihood of a row, summed over the outputs, with a signal of variance 1."""
        n_outputs = self.residuals.shape[1]
        fit = np.sum(self.signal_variance) + n_outputs * math.log(2 * math.pi)
        return float(-0.5 * (fit + n_outputs * self._mean(self.log_variance)))

    @property
    def leave_one_out(self):
        """The negative mean squared error of rows given others, in units of the outputs."""
        error = np.square(self.residuals).mean(axis=1) * np.exp(self.log_variance)
        return -self._mean(error)

    @property
    def gcv(self):
        r"""The negative of generalized cross-validation's squared error.

        With c and :math:`(A^{-1})_{ii}` of a row among those that it is given,
        :math:`\overline{c^2} / \overline{(A^{-1})_{ii}}^2`.
        """
        inverse = np.exp(-self.log_variance)
        square = np.square(self.residuals).mean(axis=1) * inverse
        return -self._mean(square) / self._mean(inverse) ** 2

    def _mean(self, values):
        return float(self.weight @ values / self.weight.sum())

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
        slope = -np.einsum("k,kc,jkc->j", self.weight, z, dz) - 0.5 * n_outputs * dv @ self.weight
        dm = dz + 0.5 * z * dv[:, :, None]
        dv = dv - (dv @ self.weight)[:, None] / self.weight.sum()
        return slope, (
            np.einsum("jkc,lkc,k->jl", dm, dm, self.weight)
            + 0.5 * n_outputs * np.einsum("jk,lk,k->jl", dv, dv, self.weight)
        )
