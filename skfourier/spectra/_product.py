r"""Spectra whose axes are independent: the kernel is a product of one function per axis.

Side by side, with u = sigma d the scaled lag along an axis, and sigma in cycles per unit of X:

=========  ============================  ==============================
spectrum   frequencies along an axis     kernel along an axis
=========  ============================  ==============================
Uniform    uniform in +-sqrt(3) sigma    sinc(2 sqrt(3) u)
Laplace    standard deviation sigma      1 / (1 + 2 pi^2 u^2)
Cauchy     half-width sigma              exp(-2 pi abs(u))
=========  ============================  ==============================
"""

import math
from abc import abstractmethod

import numpy as np
from scipy import stats

from skfourier.spectra._random import RandomSpectrum

_ROOT_3 = math.sqrt(3)


class ProductSpectrum(RandomSpectrum):
    """A spectrum with independent axes, defined by functions of one axis at unit scale.

    `axis_log_slope` is needed only for the gradient of a likelihood.
    """

    product = True

    #: The distribution of a frequency along one axis: a frozen distribution of scipy.stats.
    axis_frequency: stats.rv_continuous

    @abstractmethod
    def axis_kernel(self, u):
        """Evaluate the kernel along one axis."""

    @abstractmethod
    def axis_slope(self, u):
        """Evaluate u times the derivative of `axis_kernel` with respect to u."""

    def axis_log_slope(self, f):
        """Evaluate f times the derivative of the log density along one axis."""
        return super().unit_log_slope(f)

    def unit_kernel(self, lags):
        """Evaluate the kernel of unit scale; `lags` holds one array for each axis."""
        return math.prod(self.axis_kernel(lag) for lag in lags)

    def unit_gradient(self, lags):
        """Differentiate `unit_kernel` with respect to the logarithm of each axis's scale."""
        # By the product rule, and not by dividing by axis_kernel: sinc has zeros.
        factors = [self.axis_kernel(lag) for lag in lags]
        return [
            math.prod((*factors[:axis], self.axis_slope(lag), *factors[axis + 1 :]))
            for axis, lag in enumerate(lags)
        ]

    def unit_frequencies(self, uniforms):
        """Turn points of the unit cube into frequencies of unit scale."""
        return self.axis_frequency.ppf(uniforms)

    def unit_log_density(self, frequency):
        """Evaluate the logarithm of the density of unit scale at (..., n_features)."""
        return np.sum(self.axis_frequency.logpdf(frequency), axis=-1)

    def unit_log_slope(self, frequency):
        """Evaluate `axis_log_slope` of each axis."""
        return self.axis_log_slope(frequency)


class Uniform(ProductSpectrum):
    r"""Frequencies uniform in :math:`\pm\sqrt 3 \sigma` along each axis: standard deviation sigma.

    .. math:: k(d) = \prod_j \operatorname{sinc}(2 \sqrt 3 \sigma_j d_j),
              \quad \operatorname{sinc}(x) = \sin(\pi x) / (\pi x)

    Parameters
    ----------
    sigma : float or array-like of shape (n_features,), default=1.0
        Standard deviation of the frequencies along each axis, in cycles per unit of X.
    sigma_bounds : pair of floats > 0 or "fixed", default=(1e-5, 1e5)
        Bounds within which a Gaussian process may search sigma.

    References
    ----------
    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations": the second distribution of its figure 1.

    Examples
    --------
    >>> from skfourier.spectra import Uniform
    >>> Uniform(10)([[0.0], [0.02]]).round(4)
    array([[1.    , 0.3777],
           [0.3777, 1.    ]])
    """

    axis_frequency = stats.uniform(-_ROOT_3, 2 * _ROOT_3)

    def axis_kernel(self, u):
        """Evaluate sinc(2 sqrt(3) u)."""
        return np.sinc(2 * _ROOT_3 * u)

    def axis_slope(self, u):
        """Evaluate cos(2 pi sqrt(3) u) - sinc(2 sqrt(3) u)."""
        return np.cos(2 * math.pi * _ROOT_3 * u) - self.axis_kernel(u)

    def axis_log_slope(self, f):  # noqa: ARG002 (there is none)
        """Raise ValueError: the density ends at an edge that moves with sigma."""
        raise ValueError(
            "The density of Uniform is constant up to an edge that moves with sigma, so its "
            "logarithm has no derivative with respect to sigma there. Take another spectrum "
            "(Gaussian, Matern, Laplace, Cauchy), or a criterion that needs no gradient."
        )


class Laplace(ProductSpectrum):
    r"""Frequencies of a Laplace distribution along each axis, standard deviation sigma.

    .. math:: k(d) = \prod_j \frac{1}{1 + 2 \pi^2 \sigma_j^2 d_j^2}

    Parameters
    ----------
    sigma : float or array-like of shape (n_features,), default=1.0
        Standard deviation of the frequencies along each axis, in cycles per unit of X.
    sigma_bounds : pair of floats > 0 or "fixed", default=(1e-5, 1e5)
        Bounds within which a Gaussian process may search sigma.

    References
    ----------
    Rahimi and Recht, "Random features for large-scale kernel machines", 2007 (figure 1, where
    the kernel is called Cauchy).

    Examples
    --------
    >>> from skfourier.spectra import Laplace
    >>> Laplace(10)([[0.0], [0.02]]).round(4)
    array([[1.    , 0.5588],
           [0.5588, 1.    ]])
    """

    axis_frequency = stats.laplace(scale=1 / math.sqrt(2))

    def axis_kernel(self, u):
        """Evaluate 1 / (1 + 2 pi^2 u^2)."""
        return 1 / (1 + 2 * math.pi**2 * u**2)

    def axis_slope(self, u):
        """Evaluate -4 pi^2 u^2 / (1 + 2 pi^2 u^2)^2."""
        return -4 * math.pi**2 * u**2 * self.axis_kernel(u) ** 2

    def axis_log_slope(self, f):
        """Evaluate -sqrt(2) abs(f)."""
        return -math.sqrt(2) * np.abs(f)


class Cauchy(ProductSpectrum):
    r"""Frequencies of a Cauchy distribution along each axis, half-width (at half maximum) sigma.

    .. math:: k(d) = \prod_j \exp(-2 \pi \sigma_j |d_j|)

    Parameters
    ----------
    sigma : float or array-like of shape (n_features,), default=1.0
        Half-width of the distribution along each axis, in cycles per unit of X. It has no
        standard deviation: very high frequencies are drawn now and then.
    sigma_bounds : pair of floats > 0 or "fixed", default=(1e-5, 1e5)
        Bounds within which a Gaussian process may search sigma.

    References
    ----------
    Rahimi and Recht, "Random features for large-scale kernel machines", 2007 (figure 1, where
    the kernel is called Laplacian).

    Examples
    --------
    >>> from skfourier.spectra import Cauchy
    >>> Cauchy(10)([[0.0], [0.02]]).round(4)
    array([[1.    , 0.2846],
           [0.2846, 1.    ]])
    """

    axis_frequency = stats.cauchy()

    def axis_kernel(self, u):
        """Evaluate exp(-2 pi abs(u))."""
        return np.exp(-2 * math.pi * np.abs(u))

    def axis_slope(self, u):
        """Evaluate -2 pi abs(u) exp(-2 pi abs(u))."""
        return -2 * math.pi * np.abs(u) * self.axis_kernel(u)

    def axis_log_slope(self, f):
        """Evaluate -2 f^2 / (1 + f^2)."""
        square = np.square(np.minimum(np.abs(f), 1e150))  # beyond, the ratio is 1
        return -2 * square / (1 + square)
