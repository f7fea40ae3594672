"""Spectra with a density and a scale, sigma."""

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.gaussian_process.kernels import Hyperparameter, NormalizedKernelMixin
from sklearn.utils import check_random_state

from skfourier._checks import known_name
from skfourier.spectra._arguments import axis_scales, check_pair, check_sizes, floats
from skfourier.spectra._sampling import (
    SAMPLINGS,
    orthogonal_directions,
    sobol_points,
    uniform_points,
)
from skfourier.spectra._spectrum import Spectrum

# Scaled lags whose squares, times constants, are finite: in float32, and in float64.
_FARTHEST = 1e18, 1e150


class RandomSpectrum(NormalizedKernelMixin, Spectrum):
    r"""A spectrum of scale sigma: b = sigma * (a draw at unit scale), k(0) = 1.

    A family is a subclass that defines, at unit scale, `unit_kernel`, `unit_gradient`,
    `unit_frequencies`, `unit_log_density` and, for a likelihood's gradient, `unit_log_slope`.
    `ProductSpectrum` and `IsotropicSpectrum` reduce this to functions of one variable.

    Its formula must not depend on the number of columns, so that along one axis it is of the same
    family (see `marginal`).

    Parameters
    ----------
    sigma : float or array-like of shape (n_features,), default=1.0
        Scale of the frequencies along each axis, in cycles per unit of X.
    sigma_bounds : pair of floats > 0 or "fixed", default=(1e-5, 1e5)
        Bounds within which a Gaussian process may search sigma.
    """

    def __init__(self, sigma: Any = 1.0, *, sigma_bounds: Any = (1e-5, 1e5)) -> None:
        self.sigma = sigma
        self.sigma_bounds = sigma_bounds

    @property
    def hyperparameter_sigma(self):
        """Sigma, as scikit-learn's Gaussian processes search it (its logarithm)."""
        return Hyperparameter("sigma", "numeric", self.sigma_bounds, np.size(self.sigma))

    @abstractmethod
    def unit_kernel(self, lags):
        """Evaluate the kernel of unit scale; `lags` holds one array for each axis."""

    @abstractmethod
    def unit_gradient(self, lags):
        """Differentiate `unit_kernel` with respect to the logarithm of each axis's scale: a list.

        Its arrays have the shape of the lags.
        """

    @abstractmethod
    def unit_frequencies(self, uniforms):
        """Turn points of the unit cube into frequencies of unit scale."""

    @abstractmethod
    def unit_log_density(self, frequency):
        """Evaluate the logarithm of the density of unit scale at (..., n_features)."""

    def unit_log_slope(self, frequency):
        r"""Evaluate :math:`f_j \partial \log S / \partial f_j` at unit scale, (..., n_features)."""
        raise NotImplementedError(
            f"{type(self).__name__} does not define unit_log_slope, f_j times the derivative of "
            f"the log density with respect to f_j, which a likelihood's gradient requires."
        )

    def n_uniforms(self, n_features):
        """Return how many uniform numbers `unit_frequencies` takes for one frequency."""
        return n_features

    def evaluate(self, lag: Any) -> NDArray[Any]:
        """Evaluate the kernel at lags, k(0) = 1.

        Parameters
        ----------
        lag : array-like of shape (..., n_features)
            Differences of coordinates, in units of X.

        Returns
        -------
        ndarray of shape (...)

        Examples
        --------
        >>> from skfourier.spectra import Cauchy
        >>> Cauchy(2).evaluate([[0.0], [0.1]]).round(4)
        array([1.    , 0.2846])
        """
        lag = floats(lag)
        scales, farthest = axis_scales(self.sigma, lag.shape[-1]), _farthest(lag)
        return self.unit_kernel(
            [_scaled_lag(lag[..., axis], scale, farthest) for axis, scale in enumerate(scales)]
        )

    def density(self, frequency: Any) -> NDArray[Any]:
        """Evaluate the spectral density, whose Fourier transform is the kernel.

        Parameters
        ----------
        frequency : array-like of shape (..., n_features)
            In cycles per unit of X.

        Returns
        -------
        ndarray of shape (...)
            Per (cycle per unit of X) to the power n_features.
        """
        return np.exp(self.log_density(frequency))

    def log_density(self, frequency: Any) -> NDArray[Any]:
        """Evaluate the logarithm of `density`, also where that underflows.

        Parameters
        ----------
        frequency : array-like of shape (..., n_features)
            In cycles per unit of X.

        Returns
        -------
        ndarray of shape (...)
        """
        frequency = floats(frequency)
        scales = axis_scales(self.sigma, frequency.shape[-1])
        with np.errstate(over="ignore"):  # to infinity, where the density is 0
            return self.unit_log_density(frequency / scales) - np.log(scales).sum()

    def log_density_gradient(self, frequency: Any) -> NDArray[Any]:
        r"""Differentiate `log_density` with respect to the logarithm of sigma.

        .. math:: \frac{\partial \log S}{\partial \log \sigma_j}
                  = -1 - f_j \frac{\partial \log S}{\partial f_j}

        Parameters
        ----------
        frequency : array-like of shape (..., n_features)
            In cycles per unit of X.

        Returns
        -------
        ndarray of shape (..., n_dims)
            For each entry of theta: sigma, that of each axis, or none if its bounds are "fixed".

        Raises
        ------
        ValueError
            If the density has no derivative (Uniform), or it overflows.

        Examples
        --------
        >>> from skfourier.spectra import Gaussian
        >>> Gaussian((1.0, 2.0)).log_density_gradient([[1.0, 0.0]])
        array([[ 0., -1.]])
        """
        frequency = floats(frequency)
        scales = axis_scales(self.sigma, frequency.shape[-1])
        if self.hyperparameter_sigma.fixed:
            return np.empty((*frequency.shape[:-1], 0))
        with np.errstate(over="ignore"):
            gradient = -1 - self.unit_log_slope(frequency / scales)
        if not np.all(np.isfinite(gradient)):
            raise ValueError(
                f"The derivative of the density of {self!r} overflows float64: some frequencies "
                "are too large for so small a sigma. Take a larger one."
            )
        # One sigma for all axes: the chain rule adds them up.
        return gradient.sum(axis=-1, keepdims=True) if np.size(self.sigma) == 1 else gradient

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
            Independent draws; directions orthogonal to one another within blocks of
            `n_features` (isotropic spectra only; sigma is applied afterwards); or a scrambled
            Sobol sequence through the quantile function.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_frequencies, n_features)
            In cycles per unit of X.

        Raises
        ------
        ValueError
            If the sampling is unknown, or orthogonal and the spectrum not isotropic; if sigma
            is not positive, or has neither one entry nor `n_features`.

        Examples
        --------
        >>> from skfourier.spectra import Gaussian
        >>> Gaussian((10, 1)).sample(3, 2, random_state=0).shape
        (3, 2)
        """
        n_frequencies, n_features = check_sizes(n_frequencies, n_features)
        random_state = check_random_state(random_state)
        known_name(sampling, SAMPLINGS, "sampling")
        draw = sobol_points if sampling == "sobol" else uniform_points
        columns = self.n_uniforms(n_features)
        frequencies = self.unit_frequencies(draw(n_frequencies, columns, random_state))
        if sampling == "orthogonal":
            self._require_isotropic()
            lengths = np.linalg.norm(frequencies, axis=1, keepdims=True)
            frequencies = lengths * orthogonal_directions(n_frequencies, n_features, random_state)
        frequencies = frequencies * axis_scales(self.sigma, n_features)
        if not np.all(np.isfinite(frequencies)):
            raise ValueError(
                f"The frequencies drawn from {self!r} overflow: its tails are too heavy, or sigma "
                f"too large. Take a larger nu (Matern) or a smaller sigma."
            )
        return frequencies

    def scaled(self, sigma: Any, *, n_features: int, n_frequencies: int | None = None) -> Any:  # noqa: ARG002 (finite ones use it)
        """Multiply the scale by `sigma`, a number or one for each of `n_features`."""
        with np.errstate(over="ignore"):
            scales = axis_scales(sigma, n_features) * axis_scales(self.sigma, n_features)
        if not np.all(np.isfinite(scales)):
            raise ValueError(
                f"The scale of {self!r} times sigma={sigma} overflows float64. Scale X down and "
                "take a smaller sigma."
            )
        same = np.ndim(sigma) == 0 and np.ndim(self.sigma) == 0
        return clone(self).set_params(sigma=float(scales[0]) if same else scales)

    def normalized(self, n_features: int) -> Any:  # noqa: ARG002 (finite ones use it)
        """Return the spectrum itself: k(0) = 1."""
        return self

    def marginal(self, axis: int, n_features: int) -> Any:
        """Restrict the kernel to one axis: the same family, with the sigma of this axis."""
        scale, bounds = float(axis_scales(self.sigma, n_features)[axis]), self.sigma_bounds
        if np.ndim(bounds) == 2 and len(bounds) > 1:  # a pair for each axis
            bounds = tuple(bounds[axis])
        return clone(self).set_params(sigma=scale, sigma_bounds=bounds)

    def scales(self, n_features: int) -> NDArray[Any]:
        """Return sigma along each axis, shape (1, n_features)."""
        return axis_scales(self.sigma, n_features)[None]

    def diag(self, X: Any) -> NDArray[Any]:
        """Return k(x, x) = 1 for every row of X."""
        return np.ones(len(check_pair(X, None, False)[0]))

    def __call__(self, X: Any, Y: Any = None, eval_gradient: bool = False) -> Any:
        """Evaluate the kernel matrix, axis by axis: no array of all lags is ever held.

        Parameters
        ----------
        X : array-like of shape (n_samples_X, n_features)
        Y : array-like of shape (n_samples_Y, n_features), default=None
            X if None.
        eval_gradient : bool, default=False
            Whether to return also the gradient with respect to the logarithms of the free
            hyperparameters.

        Returns
        -------
        kernel : ndarray of shape (n_samples_X, n_samples_Y)
        gradient : ndarray of shape (n_samples_X, n_samples_X, n_dims)
            Only if `eval_gradient`.
        """
        X, Y = check_pair(X, Y, eval_gradient)
        scales = axis_scales(self.sigma, X.shape[1])
        lags = [np.subtract.outer(X[:, axis], Y[:, axis]) for axis in range(len(scales))]
        lags = [
            _scaled_lag(lag, scale, _farthest(lag)) for lag, scale in zip(lags, scales, strict=True)
        ]
        kernel = self.unit_kernel(lags)
        if not eval_gradient:
            return kernel
        if self.hyperparameter_sigma.fixed:
            return kernel, np.empty((*kernel.shape, 0))
        gradient = np.stack(self.unit_gradient(lags), axis=-1)
        if np.size(self.sigma) == 1:  # one sigma for all axes: the chain rule adds them up
            gradient = gradient.sum(axis=-1, keepdims=True)
        return kernel, gradient


def _farthest(lag):
    return max(lag.max(), -lag.min()) if lag.size else 0.0


def _scaled_lag(lag, scale, farthest):
    """Multiply lags along an axis by its scale; where squares would overflow, by less.

    There every kernel is 0 to rounding, and a larger lag changes nothing.
    """
    # Before the product, which may overflow as well.
    bound = _FARTHEST[lag.dtype.itemsize > 4] / float(scale)
    if farthest > bound:
        lag = np.clip(lag, -bound, bound)
    return lag * float(scale)
