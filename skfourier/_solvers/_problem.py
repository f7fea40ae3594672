"""What kernel regression is asked: a kernel, rows, their targets and weights, and the noise."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.gaussian_process.kernels import Kernel

from skfourier._solvers._box import box_of
from skfourier._solvers._target_moments import TargetMoments
from skfourier.grids import Grid, coordinate_rounding, find_grid

# Approximations are laid out for so large a sum of weights where a domain says that more rows may
# come.
_WEIGHT_TO_COME = 1e9


@dataclass(frozen=True, eq=False)
class Problem:
    r"""Kernel regression of targets about their mean, :math:`(K + \alpha W^{-1})\, c = y - \bar y`.

    Parameters
    ----------
    kernel : Kernel
        Stationary, k(0) = 1, with `evaluate(lag)`.
    X : ndarray of shape (n_samples, n_features)
        float64, less the origin. There are no rows where they are not kept.
    y : ndarray of shape (n_samples, n_outputs)
        In the user's units.
    weight : ndarray of shape (n_samples,)
        Positive. A row of weight 2 counts as two equal rows.
    alpha : float
        Variance of the noise of a row of weight 1, in units of k(0).
    moments : TargetMoments
        Of y.
    grid : Grid or None
        The result of `find_grid(X)`.
    origin : ndarray of shape (n_features,)
        The lower corner of the box: what has been subtracted from the user's coordinates, so that
        differences of coordinates keep their digits.
    extent : ndarray of shape (n_features,)
        Of the box that holds all rows, including rows that are added later.
    total_weight : float
        Sum of the weights of all rows, including rows that are added later.
    """

    kernel: Kernel
    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    alpha: float
    moments: TargetMoments
    grid: Grid | None
    origin: np.ndarray
    extent: np.ndarray
    total_weight: float

    @classmethod
    def of(cls, kernel, X, y, weight=None, *, alpha, domain=None):
        """Describe a problem by its rows.

        Parameters
        ----------
        kernel, y, alpha
            As above.
        X : ndarray of shape (n_samples, n_features)
            In the user's coordinates, float64 or float32.
        weight : ndarray of shape (n_samples,) or None, default=None
            None stands for ones.
        domain : (low, high) or None, default=None
            Box of all rows to come. None for the bounding box of X: no other rows are added.
        """
        weight = np.broadcast_to(1.0, len(X)) if weight is None else weight
        low, high = box_of(X) if domain is None else domain
        moments = TargetMoments.of(y, weight)
        rounding = coordinate_rounding(X)
        X = X - low
        return cls(
            kernel=kernel,
            X=X,
            y=y,
            weight=weight,
            alpha=float(alpha),
            moments=moments,
            grid=find_grid(X, rounding=rounding),
            origin=low,
            extent=high - low,
            total_weight=moments.weight_sum if domain is None else _WEIGHT_TO_COME,
        )

    def with_alpha(self, alpha):
        """Return the same problem with another noise."""
        return replace(self, alpha=float(alpha))

    def without_rows(self):
        """Return the same problem with nothing kept of its rows."""
        return replace(self, X=self.X[:0], y=self.y[:0], weight=self.weight[:0], grid=None)

    @property
    def centered(self):
        """The targets less their weighted mean."""
        return self.y - self.moments.mean

    @property
    def noise(self):
        r"""Variance of the noise of each row, :math:`\alpha / w`."""
        return self.alpha / self.weight

    @property
    def equally_weighted(self):
        """Whether all weights are the same number."""
        return bool(self.weight.min() == self.weight.max())
