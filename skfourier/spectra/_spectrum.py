"""What every spectrum is: a distribution of frequencies, and by Bochner's theorem a kernel."""

from abc import abstractmethod

import numpy as np
from sklearn.base import clone
from sklearn.gaussian_process.kernels import Hyperparameter
from sklearn.utils import check_array, check_random_state

from skfourier._sklearn import NamedKernel, known_name, plain
from skfourier.spectra._sampling import orthogonal_directions, sobol_points, uniform_points

SAMPLINGS = ("random", "orthogonal", "sobol")


class Spectrum(NamedKernel):
    r"""A distribution of frequencies b, which is a stationary kernel as well.

    .. math:: k(x, x') = \mathbb{E}_b \cos(2\pi b^T (x - x'))

    Source: Rahimi and Recht, "Random features for large-scale kernel machines", 2007.
    """

    #: a_i of equation 3, for each frequency: 1 unless the spectrum brings its own.
    amplitudes = 1.0
    #: Whether k is a product of kernels, one for each axis.
    product = False
    #: Whether k depends on the length of the (scaled) lag only.
    isotropic = False

    @abstractmethod
    def evaluate(self, lag):
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
    def sample(self, n_frequencies, n_features, *, sampling="random", random_state=None):
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
    def scaled(self, sigma, *, n_features, n_frequencies):
        """Multiply the frequencies by `sigma`, a number or one for each of `n_features`.

        Returns
        -------
        Spectrum
        """

    def is_stationary(self):
        """Return True: the kernel depends on differences of coordinates only."""
        return True


class RandomSpectrum(Spectrum):
    r"""A spectrum of scale sigma: b = sigma * (a draw at unit scale), k(0) = 1.

    A family is a subclass that defines, at unit scale, `unit_kernel`, `unit_gradient`,
    `unit_frequencies` and `unit_density`. `ProductSpectrum` and `IsotropicSpectrum` reduce this
    to functions of one variable.

    Parameters
    ----------
    sigma : float or array-like of shape (n_features,), default=1.0
        Scale of the frequencies along each axis, in cycles per unit of X.
    sigma_bounds : pair of floats > 0 or "fixed", default=(1e-5, 1e5)
        Bounds within which a Gaussian process may search sigma.
    """

    def __init__(self, sigma=1.0, *, sigma_bounds=(1e-5, 1e5)):
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
        """Differentiate `unit_kernel` by the logarithm of each axis's scale: a list of arrays."""

    @abstractmethod
    def unit_frequencies(self, uniforms):
        """Turn points of the unit cube into frequencies of unit scale."""

    @abstractmethod
    def unit_density(self, frequency):
        """Evaluate the density of the frequencies of unit scale, shape (..., n_features)."""

    def n_uniforms(self, n_features):
        """Tell how many uniform numbers `unit_frequencies` takes for one frequency."""
        return n_features

    def evaluate(self, lag):
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
        lag = _floats(lag)
        scales = axis_scales(self.sigma, lag.shape[-1])
        return self.unit_kernel(
            [lag[..., axis] * float(scale) for axis, scale in enumerate(scales)]
        )

    def density(self, frequency):
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
        frequency = _floats(frequency)
        scales = axis_scales(self.sigma, frequency.shape[-1])
        return self.unit_density(frequency / scales) / np.prod(scales)

    def sample(self, n_frequencies, n_features, *, sampling="random", random_state=None):
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

    def scaled(self, sigma, *, n_features, n_frequencies=None):  # noqa: ARG002 (finite ones use it)
        """Multiply the scale by `sigma`, a number or one for each of `n_features`."""
        scales = axis_scales(sigma, n_features) * axis_scales(self.sigma, n_features)
        same = np.ndim(sigma) == 0 and np.ndim(self.sigma) == 0
        return clone(self).set_params(sigma=float(scales[0]) if same else scales)

    def diag(self, X):
        """Return k(x, x) = 1 for every row of X."""
        return np.ones(len(X))

    def __call__(self, X, Y=None, eval_gradient=False):
        """Evaluate the kernel matrix, axis by axis: no array of all lags is ever held.

        Parameters
        ----------
        X : array-like of shape (n_samples_X, n_features)
        Y : array-like of shape (n_samples_Y, n_features), default=None
            X if None.
        eval_gradient : bool, default=False
            Whether to return also the gradient by the logarithms of the free hyperparameters.

        Returns
        -------
        kernel : ndarray of shape (n_samples_X, n_samples_Y)
        gradient : ndarray of shape (n_samples_X, n_samples_X, n_dims)
            Only if `eval_gradient`.
        """
        X, Y = check_pair(X, Y, eval_gradient)
        scales = axis_scales(self.sigma, X.shape[1])
        lags = [
            np.subtract.outer(X[:, axis], Y[:, axis]) * float(scale)
            for axis, scale in enumerate(scales)
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

    def _require_isotropic(self):
        if not self.isotropic:
            raise ValueError(
                f"sampling='orthogonal' turns all directions alike, so it asks for an isotropic "
                f"distribution (Gaussian, Matern); {type(self).__name__} has independent axes. "
                f"Take sampling='sobol' or 'random'."
            )


def axis_scales(sigma, n_features):
    """Check sigma and spread it over the axes: an array of shape (n_features,).

    Raises
    ------
    ValueError
        If an entry is not a positive finite number, or their number is neither one nor
        `n_features`.
    """
    scales = real_numbers(sigma, "sigma")
    if not (np.all(np.isfinite(scales)) and np.all(scales > 0)):
        raise ValueError(
            f"sigma must be positive and finite: it is the scale of the frequencies, in cycles "
            f"per unit of X. Got sigma={plain(sigma)}."
        )
    if scales.ndim > 1 or (scales.size != 1 and scales.shape != (n_features,)):
        raise ValueError(
            f"sigma must be a number, or one for each of the {n_features} columns of X. Got "
            f"sigma={plain(sigma)}, of shape {scales.shape}."
        )
    return np.broadcast_to(scales.reshape(-1), (n_features,))


def real_numbers(values, name):
    """Convert a parameter to an array of floats, or raise ValueError."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must be a real number or an array of them. Got {values!r}.")
    return array.astype(float)


def check_pair(X, Y, eval_gradient):
    """Check the arguments of a kernel's call; Y is X if None."""
    if Y is not None and eval_gradient:
        raise ValueError("The gradient is evaluated for Y=None only; Y was given as well.")
    X = check_array(X, dtype=[np.float64, np.float32], input_name="X")
    if Y is None:
        return X, X
    Y = check_array(Y, dtype=[np.float64, np.float32], input_name="Y")
    if X.shape[1] != Y.shape[1]:
        raise ValueError(
            f"X and Y must have equally many columns. X has {X.shape[1]}, Y has {Y.shape[1]}."
        )
    return X, Y


def _floats(values):
    """Convert to an array of floats; float32 stays float32."""
    values = np.asarray(values)
    if values.ndim == 0 or not values.shape[-1] or values.dtype.kind not in "fiub":
        raise ValueError(
            f"Lags and frequencies must be real arrays whose last axis has one entry for each "
            f"column of X. Got shape {values.shape}, dtype {values.dtype}."
        )
    if np.isnan(values).any():
        raise ValueError("Lags and frequencies must be numbers; they hold NaN.")
    return values if values.dtype.kind == "f" else values.astype(float)
