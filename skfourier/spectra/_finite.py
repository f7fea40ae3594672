r"""Spectra of finitely many given frequencies: equation 4 of the paper.

.. math:: k(d) = \sum_i a_i^2 \cos(2 \pi b_i^T d)

Not normalised: k(0) is the sum of the squared amplitudes, the number of frequencies by default.
"""

import math
from abc import abstractmethod
from numbers import Integral, Real

import numpy as np
from sklearn.utils import gen_batches

from skfourier.spectra._features import fourier_features
from skfourier.spectra._spectrum import (
    Spectrum,
    _floats,
    axis_scales,
    check_pair,
    real_numbers,
)

_BLOCK_LAGS = 4096
# Above it the lower digits of a float64 phase are beyond one cycle for any X.
_MOST_LOG2 = 52


class FiniteSpectrum(Spectrum):
    """A spectrum of given frequencies; `given_frequencies` is all that a subclass defines."""

    @abstractmethod
    def given_frequencies(self, n_features, n_frequencies=None):
        """Return the frequencies for so many columns, shape (n_frequencies, n_features)."""

    def evaluate(self, lag):
        """Evaluate the kernel at lags; k(0) is the sum of the squared amplitudes.

        Parameters
        ----------
        lag : array-like of shape (..., n_features)
            Differences of coordinates, in units of X.

        Returns
        -------
        ndarray of shape (...)
        """
        lag = _floats(lag)
        frequencies = self.given_frequencies(lag.shape[-1]).astype(lag.dtype)
        powers = self._powers(len(frequencies)).astype(lag.dtype)
        flat = lag.reshape(-1, lag.shape[-1])
        kernel = np.empty(len(flat), dtype=lag.dtype)
        for rows in gen_batches(len(flat), _BLOCK_LAGS):
            kernel[rows] = np.cos(2 * math.pi * (flat[rows] @ frequencies.T)) @ powers
        return kernel.reshape(lag.shape[:-1])

    def sample(self, n_frequencies, n_features, *, sampling="random", random_state=None):  # noqa: ARG002 (nothing is drawn)
        """Return the given frequencies: nothing is drawn.

        Raises
        ------
        ValueError
            If a sampling other than the default is asked for.
        """
        if sampling != "random":
            raise ValueError(
                f"There is nothing to draw with sampling={sampling!r}: this distribution gives its "
                f"own frequencies. Leave sampling='random', which it ignores."
            )
        return self.given_frequencies(n_features, n_frequencies)

    def scaled(self, sigma, *, n_features, n_frequencies=None):
        """Multiply the frequencies by `sigma`, a number or one for each of `n_features`."""
        frequencies = self.given_frequencies(n_features, n_frequencies)
        return Frequencies(frequencies * axis_scales(sigma, n_features), self.amplitudes)

    def diag(self, X):
        """Return k(x, x), the sum of the squared amplitudes, for every row of X."""
        X = np.asarray(X)
        return np.full(len(X), self._powers(len(self.given_frequencies(X.shape[1]))).sum())

    def __call__(self, X, Y=None, eval_gradient=False):
        """Evaluate the kernel matrix, as a product of features.

        Parameters
        ----------
        X : array-like of shape (n_samples_X, n_features)
        Y : array-like of shape (n_samples_Y, n_features), default=None
            X if None.
        eval_gradient : bool, default=False
            Whether to return also the gradient, of width 0: there is nothing to search.

        Returns
        -------
        kernel : ndarray of shape (n_samples_X, n_samples_Y)
        gradient : ndarray of shape (n_samples_X, n_samples_X, 0)
            Only if `eval_gradient`.
        """
        X, Y = check_pair(X, Y, eval_gradient)
        # The kernel depends on differences alone. Taken from a common centre, far coordinates
        # lose no digits in the phases.
        centre = X.mean(axis=0)
        frequencies = self.given_frequencies(X.shape[1])
        amplitudes = np.sqrt(self._powers(len(frequencies)))
        features_X = fourier_features(X - centre, frequencies, amplitudes)
        features_Y = features_X if Y is X else fourier_features(Y - centre, frequencies, amplitudes)
        kernel = features_X @ features_Y.T
        return (kernel, np.empty((*kernel.shape, 0))) if eval_gradient else kernel

    def _powers(self, n_frequencies):
        """Return the squared amplitudes, one for each frequency."""
        return check_amplitudes(self.amplitudes, n_frequencies) ** 2


def check_amplitudes(amplitudes, n_frequencies):
    """Check amplitudes and spread them over the frequencies: an array of shape (n_frequencies,).

    Raises
    ------
    ValueError
        If they are not finite, or neither one nor `n_frequencies`.
    """
    amplitudes = real_numbers(amplitudes, "amplitudes")
    if amplitudes.ndim > 1 or amplitudes.size not in (1, n_frequencies):
        raise ValueError(
            f"Amplitudes must be a number, or one for each of the {n_frequencies} frequencies. "
            f"Got an array of shape {amplitudes.shape}."
        )
    if not np.all(np.isfinite(amplitudes)):
        raise ValueError("Amplitudes must be finite; they hold NaN or infinity.")
    return np.broadcast_to(amplitudes.reshape(-1), (n_frequencies,))


class Frequencies(FiniteSpectrum):
    r"""The user's own frequencies b and amplitudes a.

    .. math:: k(d) = \sum_i a_i^2 \cos(2 \pi b_i^T d), \quad k(0) = \sum_i a_i^2

    Parameters
    ----------
    frequencies : array-like of shape (n_frequencies, n_features)
        b, in cycles per unit of X. `FourierFeatures` multiplies them by its sigma.
    amplitudes : float or array-like of shape (n_frequencies,), default=1.0
        a.

    References
    ----------
    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations", equation 4.

    Examples
    --------
    >>> from skfourier.spectra import Frequencies
    >>> Frequencies([[1.0], [2.0]])([[0.0], [0.25]]).round(4)
    array([[ 2., -1.],
           [-1.,  2.]])
    """

    def __init__(self, frequencies, amplitudes=1.0):
        self.frequencies = frequencies
        self.amplitudes = amplitudes

    def given_frequencies(self, n_features, n_frequencies=None):  # noqa: ARG002 (they are given)
        """Return the frequencies, checked against the number of columns."""
        frequencies = np.asarray(self.frequencies)
        if frequencies.dtype.kind not in "fiu":
            raise ValueError(f"frequencies must be real numbers. Got dtype {frequencies.dtype}.")
        frequencies = frequencies.astype(float)
        if frequencies.ndim != 2 or frequencies.shape[1] != n_features or not len(frequencies):
            raise ValueError(
                f"frequencies must have one row per frequency and a column for each of the "
                f"{n_features} columns of X. Got shape {frequencies.shape}."
            )
        if not np.all(np.isfinite(frequencies)):
            raise ValueError("frequencies must be finite; they hold NaN or infinity.")
        return frequencies


class Basic(FiniteSpectrum):
    r"""One cycle per unit of X along each axis: the simplest mapping, b = I.

    .. math:: k(d) = \sum_j \cos(2 \pi d_j)

    References
    ----------
    Tancik et al., "Fourier features let networks learn high frequency functions in low
    dimensional domains", 2020, section 6 ("basic").

    Examples
    --------
    >>> from skfourier.spectra import Basic
    >>> Basic()([[0.0, 0.0], [0.5, 0.25]]).round(4)
    array([[ 2., -1.],
           [-1.,  2.]])
    """

    def __init__(self):
        pass

    def given_frequencies(self, n_features, n_frequencies=None):  # noqa: ARG002 (one per axis)
        """Return the identity matrix."""
        return np.eye(n_features)


class Positional(FiniteSpectrum):
    r"""Geometrically spaced frequencies on the axes: positional encoding.

    .. math:: b = 2^{\ell} - 1, \quad \ell \text{ from } 0 \text{ to } L
              \text{ in equal steps, along each axis}

    Parameters
    ----------
    max_log2_frequency : float, default=6.0
        L: the highest frequency is 2**L - 1 cycles per unit of X.
    n_frequencies : int, default=256
        Their number on all axes together, a multiple of the number of columns.
        `FourierFeatures` puts its own in this place.

    References
    ----------
    Tancik et al., "Fourier features let networks learn high frequency functions in low
    dimensional domains", 2020, section 6 ("positional encoding"), in the form of its code.

    Examples
    --------
    >>> from skfourier.spectra import Positional
    >>> Positional(2, n_frequencies=6).given_frequencies(n_features=2)
    array([[0., 0.],
           [1., 0.],
           [3., 0.],
           [0., 0.],
           [0., 1.],
           [0., 3.]])
    """

    def __init__(self, max_log2_frequency=6.0, *, n_frequencies=256):
        self.max_log2_frequency = max_log2_frequency
        self.n_frequencies = n_frequencies

    def given_frequencies(self, n_features, n_frequencies=None):
        """Return the frequencies, axis after axis."""
        n_frequencies = self.n_frequencies if n_frequencies is None else n_frequencies
        if not isinstance(n_frequencies, Integral):
            raise ValueError(f"n_frequencies must be a whole number. Got {n_frequencies!r}.")
        per_axis, rest = divmod(n_frequencies, n_features)
        if rest or not per_axis:
            raise ValueError(
                f"Positional puts equally many frequencies on each axis, so that n_frequencies "
                f"must be a multiple of the {n_features} columns of X. Got {n_frequencies}; "
                f"take {n_features * max(per_axis, 1)}."
            )
        highest = self.max_log2_frequency
        if not (isinstance(highest, Real) and 0 < float(highest) <= _MOST_LOG2):
            raise ValueError(
                f"max_log2_frequency must be a number above 0, at most {_MOST_LOG2}: the highest "
                f"frequency is 2 to its power, less 1. Got {highest!r}."
            )
        ladder = 2 ** np.linspace(0, self.max_log2_frequency, per_axis) - 1
        return np.kron(np.eye(n_features), ladder[:, None])
