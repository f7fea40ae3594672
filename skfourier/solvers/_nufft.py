r"""Scattered points in one to three dimensions, by equispaced Fourier weights.

The kernel is the Fourier transform of its density S, and the trapezoid rule turns that integral
into a finite sum over equispaced frequencies:

.. math:: k(d) \approx \sum_m s_m^2 e^{2\pi i\, h m \cdot d}, \quad s_m^2 = h_1 \cdots h_d S(h m)

So kernel regression becomes ridge regression on the features
:math:`s_m e^{2\pi i\, h m \cdot x}`, with the normal equations

.. math:: (D T D + \alpha I) \beta = D r, \quad
          T_{mm'} = \sum_j w_j e^{-2\pi i\, h (m - m') \cdot x_j}, \quad
          r_m = \sum_j w_j y_j e^{-2\pi i\, h m \cdot x_j}, \quad D = \mathrm{diag}(s)

T is a Toeplitz matrix: it acts by FFT, at a cost that no longer depends on the number of rows. T
and r are sums over the rows; a non-uniform FFT takes them, and another one predicts.

Source: Greengard, Rachh and Barnett, "Equispaced Fourier representations for efficient Gaussian
process regression from a billion data points", 2022, arXiv:2210.10210.
"""

import copy
from dataclasses import replace

import numpy as np

from skfourier.solvers._box import box_of
from skfourier.solvers._equispaced_modes import EquispacedModes


class NUFFT:
    """Scattered points, a kernel with a spectral density: an iteration does not see the rows.

    Parameters
    ----------
    system : System
        `tol` is the error of the kernel at any lag too.

    Attributes
    ----------
    features : EquispacedModes
    n_iter : int
        Iterations of the last solve.
    """

    name = "nufft"
    exact = False

    @staticmethod
    def why_not(system):
        """Return None, or the sentence that says why this solver does not apply."""
        return NUFFT.features_of(system).why_not()

    @staticmethod
    def features_of(system):
        """Lay out the modes."""
        low, high = box_of(system.X) if system.domain is None else system.domain
        modes = EquispacedModes(
            kernel=system.kernel,
            low=low,
            high=high,
            tol=system.tol,
            gain=system.weight_sum / max(system.alpha, np.finfo(float).eps),
        )
        # What only adds digits is no reason to refuse.
        return replace(modes, gain=1.0) if modes.why_not() else modes

    def __init__(self, system):
        self.system = system
        self.features = self.features_of(system)
        no_targets = np.zeros((len(system.X), 0))
        self._equations = self.features.normal_equations(system.X, no_targets, system.weight)
        self.n_iter = 0

    def solve(self, y):
        """Return the coefficients of the modes, for targets y of shape (n_samples, n_outputs).

        Warns
        -----
        ConvergenceWarning
            If `tol` is not reached within `max_iter` iterations.
        """
        system = self.system
        coefficients, self.n_iter = self._equations.solve(
            self.features.right_hand_sides(system.X, y, system.weight),
            system.alpha,
            tol=system.tol,
            max_iter=system.max_iter,
        )
        return coefficients

    def predict(self, coefficients, X):
        """Evaluate at the rows of X: (n_test, n_outputs). Far from the data it is 0."""
        return self.features.predict(coefficients, X)

    def with_alpha(self, alpha):
        """Return this solver with another alpha; the sums over the rows are shared."""
        other = copy.copy(self)
        other.system = replace(self.system, alpha=alpha)
        return other

    def variance(self, X):
        r"""Return :math:`k(0) - k_*^T (K + \alpha W^{-1})^{-1} k_*` for the rows of X.

        Raises
        ------
        ValueError
            For over a thousand rows: each costs a solve.
        """
        system = self.system
        return self._equations.variance(X, system.alpha, tol=system.tol, max_iter=system.max_iter)
