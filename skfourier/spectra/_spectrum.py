"""The base of every spectrum: a distribution of frequencies, and by Bochner's theorem a kernel.

Spectra can be added and multiplied by positive numbers, as scikit-learn's kernels; the result is a
spectrum again, because densities add.
"""

from abc import abstractmethod
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.gaussian_process.kernels import (
    ConstantKernel,
    Product,
    StationaryKernelMixin,
    Sum,
)
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if

from skfourier._checks import known_name
from skfourier.spectra._arguments import check_sizes, positive_number
from skfourier.spectra._named_kernel import NamedKernel, plain
from skfourier.spectra._sampling import SAMPLINGS, sobol_points, uniform_points


class Spectrum(StationaryKernelMixin, NamedKernel):
    r"""A distribution of frequencies b, which is a stationary kernel as well.

    .. math:: k(x, x') = \mathbb{E}_b \cos(2\pi b^T (x - x'))

    Source: Rahimi and Recht, "Random features for large-scale kernel machines", 2007.
    """

    #: Whether k is a product of kernels, one for each axis.
    product = False
    #: Whether k depends on the length of the (scaled) lag only.
    isotropic = False

    @abstractmethod
    def evaluate(self, lag: Any) -> NDArray[Any]:
        """Evaluate the kernel at lags.

        Parameters
        ----------
        lag : array-like of shape (..., n_features)
            Differences of coordinates, in units of X.

        Returns
        -------
        ndarray of shape (...)
        """

    @abstractmethod
    def sample(
        self,
        n_frequencies: int,
        n_features: int,
        *,
        sampling: str = "random",
        random_state: Any = None,
    ) -> NDArray[Any]:
        """Draw frequencies.

        Parameters
        ----------
        n_frequencies : int
        n_features : int
            The number of columns of X.
        sampling : {"random", "orthogonal", "sobol"}, default="random"
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_frequencies, n_features)
            In cycles per unit of X.
        """

    @abstractmethod
    def scaled(self, sigma: Any, *, n_features: int, n_frequencies: int | None = None) -> Any:
        """Multiply the frequencies by `sigma`, a number or one for each of `n_features`.

        Returns
        -------
        Spectrum
        """

    @abstractmethod
    def normalized(self, n_features: int) -> Any:
        """Return the spectrum of the same shape whose kernel has k(0) = 1.

        Parameters
        ----------
        n_features : int
            The number of columns of X.

        Returns
        -------
        Spectrum
        """

    @abstractmethod
    def marginal(self, axis: int, n_features: int) -> Any:
        """Restrict the kernel to one axis: its frequencies are those along this axis.

        Parameters
        ----------
        axis : int
            Column of X.
        n_features : int
            The number of columns of X.

        Returns
        -------
        Spectrum
            The kernel of one column with the same values at lags along the axis.
        """

    @abstractmethod
    def scales(self, n_features: int) -> NDArray[Any]:
        """Return the scale of the frequencies along each axis, one row for each term of a sum.

        Parameters
        ----------
        n_features : int
            The number of columns of X.

        Returns
        -------
        ndarray of shape (n_terms, n_features)
            sigma; for given frequencies their root mean square, weighted by squared amplitude. In
            cycles per unit of X.
        """

    def __add__(self, other: Any) -> Any:
        """Add spectra; other kernels are added as scikit-learn's are."""
        return SpectrumSum(self, other) if isinstance(other, Spectrum) else super().__add__(other)

    def __mul__(self, other: Any) -> Any:
        """Multiply by a positive number; products with other kernels are scikit-learn's."""
        if isinstance(other, Real):
            other = ConstantKernel(other)
        return self._times(other) if isinstance(other, ConstantKernel) else super().__mul__(other)

    __rmul__ = __mul__

    def _times(self, constant):
        """Multiply by a ConstantKernel, whose value a Gaussian process may search."""
        return SpectrumMultiple(constant, self)

    def _weighted(self, factor):
        """Multiply by a number without adding a hyperparameter."""
        return self._times(ConstantKernel(factor, "fixed"))

    def _at_zero(self, n_features):
        """Evaluate k(0)."""
        return float(self.evaluate(np.zeros(n_features)))

    def _draw(self, n_frequencies, n_features, sampling, random_state):
        """Draw frequencies with probabilities proportional to their power, as one term of a sum."""
        return self.sample(n_frequencies, n_features, sampling=sampling, random_state=random_state)

    def _require_isotropic(self):
        if not self.isotropic:
            raise ValueError(
                f"sampling='orthogonal' turns all directions alike, so it asks for an isotropic "
                f"distribution (Gaussian, Matern); {type(self).__name__} is not isotropic. Take "
                f"sampling='sobol' or 'random'."
            )


def _parts_have_density(spectrum):
    parts = (spectrum.k1, spectrum.k2)
    return all(isinstance(part, ConstantKernel) or hasattr(part, "density") for part in parts)


class SpectrumSum(Sum, Spectrum):
    r"""The sum of two spectra, made by ``+``.

    .. math:: k(d) = k_1(d) + k_2(d), \quad S(f) = S_1(f) + S_2(f)

    Frequencies are drawn from a mixture: of either part with probability proportional to its k(0).
    A part with given frequencies draws among them, and has no density: then the sum has none.

    Parameters
    ----------
    k1, k2 : Spectrum

    Examples
    --------
    >>> from skfourier.spectra import Gaussian, Matern
    >>> kernel = Gaussian(3) + 0.1 * Matern(30, nu=0.5)
    >>> kernel
    Gaussian(sigma=3) + 0.1 * Matern(sigma=30, nu=0.5)
    >>> kernel.evaluate([[0.0], [0.01]]).round(4)
    array([1.1   , 0.9976])
    """

    def evaluate(self, lag):
        """Evaluate the kernel at lags of shape (..., n_features): an array of shape (...)."""
        return self.k1.evaluate(lag) + self.k2.evaluate(lag)

    @available_if(_parts_have_density)
    def density(self, frequency):
        """Evaluate the spectral density, whose integral is k(0).

        Parameters
        ----------
        frequency : array-like of shape (..., n_features)
            In cycles per unit of X.

        Returns
        -------
        ndarray of shape (...)
        """
        return self.k1.density(frequency) + self.k2.density(frequency)

    @available_if(_parts_have_density)
    def log_density(self, frequency):
        """Evaluate the logarithm of `density`, also where that underflows."""
        return np.logaddexp(self.k1.log_density(frequency), self.k2.log_density(frequency))

    @available_if(_parts_have_density)
    def log_density_gradient(self, frequency):
        """Differentiate `log_density` with respect to the entries of theta.

        Parameters
        ----------
        frequency : array-like of shape (..., n_features)

        Returns
        -------
        ndarray of shape (..., n_dims)
        """
        gradients = [part.log_density_gradient(frequency) for part in (self.k1, self.k2)]
        total = self.log_density(frequency)
        shares = [np.exp(part.log_density(frequency) - total) for part in (self.k1, self.k2)]
        return np.concatenate(
            [share[..., None] * own for share, own in zip(shares, gradients, strict=True)], axis=-1
        )

    def sample(self, n_frequencies, n_features, *, sampling="random", random_state=None):
        """Draw frequencies, of each part with probability proportional to its k(0).

        Parameters
        ----------
        n_frequencies : int
        n_features : int
            The number of columns of X.
        sampling : {"random", "orthogonal", "sobol"}, default="random"
            Of the parts. "orthogonal" requires all of them to be isotropic; with "sobol" the shares
            of the parts are exact up to rounding.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_frequencies, n_features)
            In cycles per unit of X.

        Raises
        ------
        ValueError
            As the parts.
        """
        n_frequencies, n_features = check_sizes(n_frequencies, n_features)
        random_state = check_random_state(random_state)
        known_name(sampling, SAMPLINGS, "sampling")
        powers = [part._at_zero(n_features) for part in (self.k1, self.k2)]
        points = sobol_points if sampling == "sobol" else uniform_points
        first = points(n_frequencies, 1, random_state)[:, 0] < powers[0] / sum(powers)
        frequencies = np.empty((n_frequencies, n_features))
        for part, rows in ((self.k1, first), (self.k2, ~first)):
            if rows.any():
                n_rows = int(np.count_nonzero(rows))
                frequencies[rows] = part._draw(n_rows, n_features, sampling, random_state)
        return frequencies

    def scaled(self, sigma, *, n_features, n_frequencies=None):
        """Multiply the frequencies of both parts by `sigma`, a number or one for each column."""
        sizes = {"n_features": n_features, "n_frequencies": n_frequencies}
        return type(self)(self.k1.scaled(sigma, **sizes), self.k2.scaled(sigma, **sizes))

    def normalized(self, n_features):
        """Divide the weights by k(0); theta keeps its entries, in their order."""
        at_zero = self._at_zero(n_features)
        return self if at_zero == 1 else self._weighted(1 / at_zero)

    def marginal(self, axis, n_features):
        """Restrict both parts to one axis."""
        return type(self)(self.k1.marginal(axis, n_features), self.k2.marginal(axis, n_features))

    def scales(self, n_features):
        """Return the scales of both parts, shape (n_terms, n_features)."""
        return np.vstack([self.k1.scales(n_features), self.k2.scales(n_features)])

    def _weighted(self, factor):
        return type(self)(self.k1._weighted(factor), self.k2._weighted(factor))

    def __repr__(self):
        second = f"({self.k2!r})" if isinstance(self.k2, SpectrumSum) else repr(self.k2)
        return f"{self.k1!r} + {second}"


class SpectrumMultiple(Product, Spectrum):
    r"""A spectrum times a positive number w, its weight, made by ``*``.

    .. math:: k(d) = w\, k_2(d), \quad S(f) = w\, S_2(f)

    Parameters
    ----------
    k1 : sklearn.gaussian_process.kernels.ConstantKernel
        w, which a Gaussian process searches within its bounds.
    k2 : Spectrum

    Examples
    --------
    >>> from skfourier.spectra import Gaussian
    >>> (0.5 * Gaussian(10))([[0.0], [0.02]]).round(4)
    array([[0.5  , 0.227],
           [0.227, 0.5  ]])
    """

    @property
    def weight(self):
        """The number w, checked to be positive and finite."""
        return positive_number(self.k1.constant_value, "The weight of a spectrum")

    @property
    def isotropic(self):  # type: ignore[override]
        """Whether k depends on the length of the (scaled) lag only."""
        return self.k2.isotropic

    def evaluate(self, lag):
        """Evaluate the kernel at lags of shape (..., n_features): an array of shape (...)."""
        return self.weight * self.k2.evaluate(lag)

    @available_if(_parts_have_density)
    def density(self, frequency):
        """Evaluate the spectral density, whose integral is k(0), at (..., n_features)."""
        return self.weight * self.k2.density(frequency)

    @available_if(_parts_have_density)
    def log_density(self, frequency):
        """Evaluate the logarithm of `density`, also where that underflows."""
        return np.log(self.weight) + self.k2.log_density(frequency)

    @available_if(_parts_have_density)
    def log_density_gradient(self, frequency):
        """Differentiate `log_density` with respect to the entries of theta: (..., n_dims)."""
        gradient = self.k2.log_density_gradient(frequency)
        if self.k1.hyperparameter_constant_value.fixed:
            return gradient
        return np.concatenate([np.ones((*gradient.shape[:-1], 1)), gradient], axis=-1)

    def sample(self, n_frequencies, n_features, *, sampling="random", random_state=None):
        """Draw frequencies; the weight does not change them."""
        return self.k2.sample(
            n_frequencies, n_features, sampling=sampling, random_state=random_state
        )

    def scaled(self, sigma, *, n_features, n_frequencies=None):
        """Multiply the frequencies by `sigma`, a number or one for each of `n_features`."""
        sizes = {"n_features": n_features, "n_frequencies": n_frequencies}
        return type(self)(self.k1, self.k2.scaled(sigma, **sizes))

    def normalized(self, n_features):
        """Return the spectrum without its weight, normalized."""
        return self.k2.normalized(n_features)

    def marginal(self, axis, n_features):
        """Restrict the kernel to one axis."""
        return type(self)(self.k1, self.k2.marginal(axis, n_features))

    def scales(self, n_features):
        """Return the scale of the frequencies along each axis, shape (n_terms, n_features)."""
        return self.k2.scales(n_features)

    def diag(self, X):
        """Return k(x, x) for every row of X."""
        return self.weight * self.k2.diag(X)

    def __call__(self, X, Y=None, eval_gradient=False):
        """Evaluate the kernel matrix; float32 stays float32.

        Parameters
        ----------
        X : array-like of shape (n_samples_X, n_features)
        Y : array-like of shape (n_samples_Y, n_features), default=None
            X if None.
        eval_gradient : bool, default=False
            Whether to return also the gradient with respect to theta.

        Returns
        -------
        kernel : ndarray of shape (n_samples_X, n_samples_Y)
        gradient : ndarray of shape (n_samples_X, n_samples_X, n_dims)
            Only if `eval_gradient`.
        """
        if not eval_gradient:
            return self.weight * self.k2(X, Y)
        kernel, gradient = (self.weight * array for array in self.k2(X, Y, eval_gradient=True))
        if not self.k1.hyperparameter_constant_value.fixed:
            gradient = np.dstack([kernel, gradient])
        return kernel, gradient

    def _draw(self, n_frequencies, n_features, sampling, random_state):
        return self.k2._draw(n_frequencies, n_features, sampling, random_state)

    def _weighted(self, factor):
        bounds = self.k1.constant_value_bounds
        return self.k2._times(ConstantKernel(self.weight * factor, bounds))

    def __repr__(self):
        compound = isinstance(self.k2, SpectrumSum | SpectrumMultiple)
        factor = f"({self.k2!r})" if compound else repr(self.k2)
        return f"{plain(self.k1.constant_value)} * {factor}"
