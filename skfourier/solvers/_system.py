"""The linear system of kernel regression, which every solver takes."""

from dataclasses import dataclass

import numpy as np
from sklearn.gaussian_process.kernels import Kernel

from skfourier.grids import Grid


@dataclass(frozen=True)
class System:
    r"""What there is to solve, :math:`(K + \alpha W^{-1})\, c = y`.

    Parameters
    ----------
    kernel : Kernel
        Stationary, k(0) = 1, with `evaluate(lag)`: a spectrum, or a kernel composed with one.
    X : ndarray of shape (n_samples, n_features)
        float64; an origin near the data has been subtracted.
    alpha : float
        Variance of the noise, in units of k(0).
    weight : ndarray of shape (n_samples,) or None
        Positive; a row of weight 2 is as two equal rows. None where all are 1.
    grid : Grid or None
        What `find_grid(X)` says.
    tol : float
        Relative residual at which an iteration ends; error of the kernel where it is approximated.
    max_iter : int
        Most iterations.
    domain : (low, high) or None, default=None
        Arrays of shape (n_features,): a box that holds all rows, those that may come later too.
        None for the box of these.
    total_weight : float or None, default=None
        Sum of the weights of all rows, those that may come later too. None for that of these.
    """

    kernel: Kernel
    X: np.ndarray
    alpha: float
    weight: np.ndarray | None = None
    grid: Grid | None = None
    tol: float = 1e-6
    max_iter: int = 1000
    domain: tuple[np.ndarray, np.ndarray] | None = None
    total_weight: float | None = None

    @property
    def weight_sum(self):
        """The sum of the weights of all rows."""
        if self.total_weight is not None:
            return self.total_weight
        return float(len(self.X) if self.weight is None else self.weight.sum())
