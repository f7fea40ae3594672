r"""Spectra that are the same in all directions once each axis is divided by its sigma.

Side by side, with :math:`q = \sum_j (\sigma_j d_j)^2` the squared length of the scaled lag:

============  =============================================  ===========================
spectrum      frequencies                                    kernel
============  =============================================  ===========================
Gaussian      normal, standard deviation sigma               exp(-2 pi^2 q)
Matern        Student's t, 2 nu degrees of freedom           Matern of length_scale
                                                             1 / (2 pi sigma)
============  =============================================  ===========================
"""

import math
from abc import abstractmethod
from numbers import Real
from typing import Any

import numpy as np
from scipy import special, stats

from skfourier.spectra._random import RandomSpectrum


class IsotropicSpectrum(RandomSpectrum):
    """A spectrum whose kernel, at unit scale, is a function of the squared length of the lag."""

    isotropic = True

    @abstractmethod
    def radial_kernel(self, q):
        """Evaluate the kernel at squared lengths of the lag."""

    @abstractmethod
    def radial_slope(self, q):
        """Differentiate `radial_kernel` with respect to q."""

    def unit_kernel(self, lags):
        """Evaluate the kernel of unit scale; `lags` holds one array for each axis."""
        return self.radial_kernel(_squared_length(lags))

    def unit_gradient(self, lags):
        """Differentiate `unit_kernel` with respect to the logarithm of each axis's scale."""
        slope = self.radial_slope(_squared_length(lags))
        return [2 * lag**2 * slope for lag in lags]


class Gaussian(IsotropicSpectrum):
    r"""Normal frequencies, standard deviation sigma along each axis.

    .. math:: k(d) = \exp\left(-2 \pi^2 \sum_j \sigma_j^2 d_j^2\right)

    This is scikit-learn's `RBF` of length_scale 1 / (2 pi sigma), and `RBFSampler`'s kernel of
    gamma 2 pi^2 sigma^2. It is a product over the axes as well.

    Parameters
    ----------
    sigma : float or array-like of shape (n_features,), default=1.0
        Standard deviation of the frequencies along each axis, in cycles per unit of X.
    sigma_bounds : pair of floats > 0 or "fixed", default=(1e-5, 1e5)
        Bounds within which a Gaussian process may search sigma.

    References
    ----------
    Tancik et al., "Fourier features let networks learn high frequency functions in low
    dimensional domains", 2020.

    Examples
    --------
    >>> from skfourier.spectra import Gaussian
    >>> Gaussian(10)([[0.0], [0.02]]).round(4)
    array([[1.   , 0.454],
           [0.454, 1.   ]])
    """

    product = True

    def radial_kernel(self, q):
        """Evaluate exp(-2 pi^2 q)."""
        return np.exp(-2 * math.pi**2 * q)

    def radial_slope(self, q):
        """Evaluate -2 pi^2 exp(-2 pi^2 q)."""
        return -2 * math.pi**2 * self.radial_kernel(q)

    def unit_frequencies(self, uniforms):
        """Turn points of the unit cube into frequencies of unit scale."""
        return special.ndtri(uniforms)

    def unit_log_density(self, frequency):
        """Evaluate the logarithm of the density of unit scale at (..., n_features)."""
        return np.sum(stats.norm.logpdf(frequency), axis=-1)

    def unit_log_slope(self, frequency):
        """Evaluate -f_j^2."""
        return -(frequency**2)


class Matern(IsotropicSpectrum):
    r"""Frequencies of a multivariate Student t with 2 nu degrees of freedom and scale sigma.

    .. math:: k(d) = \frac{2^{1 - \nu}}{\Gamma(\nu)} s^\nu K_\nu(s), \quad
              s = 2 \pi \sqrt{2 \nu \textstyle\sum_j \sigma_j^2 d_j^2}

    This is scikit-learn's `Matern` of length_scale 1 / (2 pi sigma); in one dimension nu = 0.5 is
    `Cauchy`. Functions drawn from it have derivatives up to the order below nu.

    Parameters
    ----------
    sigma : float or array-like of shape (n_features,), default=1.0
        Scale of the frequencies along each axis, in cycles per unit of X.
    nu : float, default=1.5
        Smoothness, positive, at most 50. 0.5, 1.5, 2.5, ... 6.5 have closed forms and are faster.
    sigma_bounds : pair of floats > 0 or "fixed", default=(1e-5, 1e5)
        Bounds within which a Gaussian process may search sigma. nu is never searched.

    References
    ----------
    Rasmussen and Williams, "Gaussian processes for machine learning", 2006, section 4.2.1.

    Examples
    --------
    >>> from skfourier.spectra import Matern
    >>> Matern(10, nu=1.5)([[0.0], [0.02]]).round(4)
    array([[1.    , 0.3603],
           [0.3603, 1.    ]])
    """

    def __init__(
        self, sigma: Any = 1.0, *, nu: float = 1.5, sigma_bounds: Any = (1e-5, 1e5)
    ) -> None:
        super().__init__(sigma, sigma_bounds=sigma_bounds)
        self.nu = nu

    def radial_kernel(self, q):
        """Evaluate 2^(1 - nu) / Gamma(nu) s^nu K_nu(s), s = 2 pi sqrt(2 nu q); 1 at q = 0."""
        nu = self._checked_nu()
        s = 2 * math.pi * np.sqrt(2 * nu * q)
        if _is_half_integer(nu):
            return _exponential_times_polynomial(int(nu), s)
        return _limits(_bessel(nu, s) * (2 ** (1 - nu) / math.gamma(nu)), s, at_zero=1.0)

    def radial_slope(self, q):
        """Evaluate -4 pi^2 nu 2^(1 - nu) / Gamma(nu) s^(nu - 1) K_(nu - 1)(s)."""
        nu = self._checked_nu()
        s = 2 * math.pi * np.sqrt(2 * nu * q)
        slope = -4 * math.pi**2 * nu * (2 ** (1 - nu) / math.gamma(nu)) * _bessel(nu - 1, s)
        # For nu <= 1 the slope is infinite at q = 0, where the chain rule multiplies it by
        # lag^2: their product tends to 0, so that any finite value serves.
        return _limits(slope, s, at_zero=-2 * math.pi**2 * nu / (nu - 1) if nu > 1 else 0.0)

    def n_uniforms(self, n_features):
        """Return n_features + 1; the extra uniform draws the chi-squared denominator."""
        return n_features + 1

    def unit_frequencies(self, uniforms):
        """Turn points of the unit cube into frequencies of unit scale."""
        degrees = 2 * self._checked_nu()
        normals = special.ndtri(uniforms[:, 1:])
        with np.errstate(divide="ignore"):  # a tiny nu: `sample` refuses what is infinite
            return normals / np.sqrt(stats.chi2(degrees).ppf(uniforms[:, :1]) / degrees)

    def unit_log_density(self, frequency):
        """Evaluate the logarithm of the density of unit scale at (..., n_features)."""
        n_features = frequency.shape[-1]
        student_t = stats.multivariate_t(shape=np.eye(n_features), df=2 * self._checked_nu())
        log_density = student_t.logpdf(frequency.reshape(-1, n_features))
        return np.reshape(log_density, frequency.shape[:-1])

    def unit_log_slope(self, frequency):
        """Evaluate -(2 nu + n_features) f_j^2 / (2 nu + sum_j f_j^2)."""
        degrees = 2 * self._checked_nu()
        unit = np.maximum(np.abs(frequency).max(axis=-1, keepdims=True), 1)
        squares = np.square(frequency / unit)  # which do not overflow
        length = degrees / unit / unit + squares.sum(axis=-1, keepdims=True)
        return -(degrees + frequency.shape[-1]) * squares / length

    def _checked_nu(self):
        if not (isinstance(self.nu, Real) and 0 < float(self.nu) <= _MAX_NU):
            raise ValueError(
                f"nu must be positive and at most {_MAX_NU} (as nu grows, Matern tends to "
                f"Gaussian: take that). Got nu={self.nu!r}."
            )
        return float(self.nu)  # a float64 of numpy's would turn float32 into float64


def _squared_length(lags):
    q = lags[0] ** 2
    for lag in lags[1:]:
        q += lag**2
    return q


def _is_half_integer(order):
    """Return whether the Bessel function of this order is worth its closed form."""
    degree = abs(order) - 0.5
    return float(degree).is_integer() and degree <= _MAX_DEGREE


def _exponential_times_polynomial(degree, s):
    """Evaluate Matern's kernel of nu = degree + 1/2, the hottest loop of a search.

    exp(-s) p! / (2 p)! sum_i (p + i)! / (i! (p - i)!) (2 s)^(p - i), p the degree.
    """
    s = np.minimum(s, _ZERO_BEYOND)  # the power must not overflow
    p, f = degree, math.factorial
    polynomial = 2**p * f(p) / f(2 * p)
    for i in range(1, p + 1):
        coefficient = f(p + i) * f(p) / (f(i) * f(p - i) * f(2 * p))
        polynomial = polynomial * s + 2 ** (p - i) * coefficient
    return np.exp(-s) * polynomial


def _bessel(order, s):
    """Evaluate s^order K_order(s), in closed form if the order is a half-integer."""
    degree = abs(order) - 0.5
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if not _is_half_integer(order):
            s = s.astype(np.float64)  # K of a large order exceeds float32
            return s**order * special.kv(order, s)
        polynomial = sum(
            math.comb(int(degree) + i, 2 * i)
            * math.factorial(2 * i)
            / math.factorial(i)
            * (s ** (degree - i) / 2**i)
            for i in range(int(degree) + 1)
        )
        bessel = math.sqrt(math.pi / 2) * np.exp(-s) * polynomial
        return bessel * s ** (2 * order) if order < 0 else bessel


# The closed form's coefficients grow as factorials; beyond this kv is as fast.
_MAX_DEGREE = 6
# exp(-s) is 0 there in float64.
_ZERO_BEYOND = 800.0
# Above it K overflows where the kernel is still visibly below 1; to here the error is 3e-12.
_MAX_NU = 50


def _limits(values, s, at_zero):
    """Replace what is 0 * infinity by its limit, 0 at far lags; in the precision of s."""
    limits = np.where(s < 1, at_zero, 0.0)
    return np.where(np.isfinite(values), values, limits).astype(s.dtype)
