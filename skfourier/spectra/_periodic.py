"""Functions that repeat: a discrete spectrum, of the multiples of one frequency."""

import math
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from skfourier.spectra._arguments import axis_scales, positive_number
from skfourier.spectra._finite import FiniteSpectrum

# Of k(0) = 1: waves of less power are left out.
_FAINT = 1e-16
# In more waves than these need a kernel does without a period.
_SHORTEST = 0.01


class Periodic(FiniteSpectrum):
    r"""Whole multiples of one frequency along one column of X: a season.

    .. math:: k(d) = \exp\left(-\frac{2 \sin^2(\pi d_j / p)}{\ell^2}\right)
              = \sum_{m \ge 0} a_m^2 \cos(2\pi m d_j / p), \quad
              a_m^2 = (2 - \delta_{m0})\, e^{-1/\ell^2} I_m(1/\ell^2)

    with :math:`I_m` the modified Bessel function. In one column this is scikit-learn's
    `ExpSineSquared` with k(0) = 1; along other columns k is constant. Sums with other spectra have
    no density: "cholesky" and the grid solvers take them, and of finite ones "primal".

    Parameters
    ----------
    period : float
        p, in units of X.
    length_scale : float, default=1.0
        l, at least 0.01: 1 is some three waves, and half of it twice as many.
    axis : int, default=0
        The column j.

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams, "Gaussian processes for machine learning", 2006,
    equation 4.31.

    Examples
    --------
    >>> from skfourier.spectra import Gaussian, Periodic
    >>> Periodic(1.0)([[0.0], [0.25], [1.0]])[0].round(4)
    array([1.    , 0.3679, 1.    ])
    >>> Gaussian(0.1) + 0.2 * Periodic(1.0)
    Gaussian(sigma=0.1) + 0.2 * Periodic(period=1.0)
    """

    def __init__(self, period: float, *, length_scale: float = 1.0, axis: int = 0) -> None:
        self.period = period
        self.length_scale = length_scale
        self.axis = axis

    @property
    def amplitudes(self) -> Any:  # type: ignore[override]
        """The root of the power of each wave, the constant first."""
        length_scale = positive_number(self.length_scale, "length_scale")
        if length_scale < _SHORTEST:
            raise ValueError(
                f"length_scale must be at least {_SHORTEST:g}. Got {length_scale:g}: so short ones "
                f"take hundreds of waves. Take a Matern kernel instead."
            )
        inverse = length_scale**-2
        order = np.arange(10 + math.ceil(10 / length_scale))
        power = special.ive(order, inverse) * np.where(order, 2, 1)
        power = power[: 1 + np.flatnonzero(power > _FAINT)[-1]]
        return np.sqrt(power / power.sum())

    def given_frequencies(self, n_features: int, n_frequencies: int | None = None) -> NDArray[Any]:  # noqa: ARG002 (length_scale says)
        """Return the multiples of 1 / period along the axis, 0 along the others."""
        period = positive_number(self.period, "period")
        if not (isinstance(self.axis, Integral) and 0 <= int(self.axis) < n_features):
            raise ValueError(
                f"axis must be the number of one of the {n_features} columns of X, from 0. Got "
                f"axis={self.axis!r}."
            )
        frequencies = np.zeros((len(self.amplitudes), n_features))
        frequencies[:, self.axis] = np.arange(len(frequencies)) / period
        return frequencies

    def scaled(self, sigma: Any, *, n_features: int, n_frequencies: int | None = None) -> Any:  # noqa: ARG002 (of Positional)
        """Divide the period by `sigma`, or by its entry for the axis."""
        _ = self.given_frequencies(n_features)  # the axis is checked
        period = float(self.period / axis_scales(sigma, n_features)[self.axis])
        return type(self)(period, length_scale=self.length_scale, axis=self.axis)

    def normalized(self, n_features: int) -> Any:  # noqa: ARG002 (it is)
        """Return itself: k(0) = 1."""
        return self

    def marginal(self, axis: int, n_features: int) -> Any:
        """Restrict the kernel to one axis: itself, or a constant."""
        if axis != self.axis:
            return super().marginal(axis, n_features)
        return type(self)(self.period, length_scale=self.length_scale)
