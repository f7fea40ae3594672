r"""Spectra of finitely many given frequencies: equation 4 of the paper.

.. math:: k(d) = \sum_i a_i^2 \cos(2 \pi b_i^T d)

Not normalized: k(0) is the sum of the squared amplitudes, the number of frequencies by default.
"""

import math
from abc import abstractmethod
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state, gen_batches

from skfourier.spectra._arguments import axis_scales, check_pair, floats, real_numbers
from skfourier.spectra._features import fourier_features
from skfourier.spectra._spectrum import Spectrum, SpectrumMultiple, SpectrumSum

_BLOCK_LAGS = 4096
# Above it the lower digits of a float64 phase are beyond one cycle for any X.
_MAX_LOG2 = 52


class FiniteSpectrum(Spectrum):
    """A spectrum of given frequencies.

    A subclass defines `given_frequencies`, and `amplitudes` if these are not all 1.
    """

    #: a_i of equation 3: a number, or one for each frequency.
    amplitudes = 1.0

    @abstractmethod
    def given_frequencies(self, n_features: int, n_frequencies: int | None = None) -> NDArray[Any]:
        """Return the frequencies.

        Parameters
        ----------
        n_features : int
            The number of columns of X.
        n_frequencies : int, default=None
            How many there are to be, where the spectrum does not say so itself.

        Returns
        -------
        ndarray of shape (n_frequencies, n_features)
            In cycles per unit of X.
        """

    def given_amplitudes(self, n_features: int, n_frequencies: int | None = None) -> NDArray[Any]:
        """Return the amplitude of each of `given_frequencies`, shape (n_frequencies,)."""
        frequencies = self.given_frequencies(n_features, n_frequencies)
        return check_amplitudes(self.amplitudes, len(frequencies))

    def evaluate(self, lag: Any) -> NDArray[Any]:
        """Evaluate the kernel at lags; k(0) is the sum of the squared amplitudes.

        Parameters
        ----------
        lag : array-like of shape (..., n_features)
            Differences of coordinates, in units of X.

        Returns
        -------
        ndarray of shape (...)
        """
        lag = floats(lag)
        if not np.isfinite(lag).all():
            raise ValueError(
                f"Cosines have no limit at infinity, and so has {self!r}: lags must be finite."
            )
        frequencies = self.given_frequencies(lag.shape[-1]).astype(lag.dtype)
        powers = (self.given_amplitudes(lag.shape[-1]) ** 2).astype(lag.dtype)
        flat = lag.reshape(-1, lag.shape[-1])
        kernel = np.empty(len(flat), dtype=lag.dtype)
        for rows in gen_batches(len(flat), _BLOCK_LAGS):
            kernel[rows] = np.cos(2 * math.pi * (flat[rows] @ frequencies.T)) @ powers
        return kernel.reshape(lag.shape[:-1])

    def sample(
        self,
        n_frequencies: int,
        n_features: int,
        *,
        sampling: str = "random",
        random_state: Any = None,  # noqa: ARG002 (nothing is drawn)
    ) -> Any:
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

    def scaled(self, sigma: Any, *, n_features: int, n_frequencies: int | None = None) -> Any:
        """Multiply the frequencies by `sigma`, a number or one for each of `n_features`."""
        sizes = n_features, n_frequencies
        frequencies = self.given_frequencies(*sizes) * axis_scales(sigma, n_features)
        return Frequencies(frequencies, self.given_amplitudes(*sizes))

    def normalized(self, n_features: int) -> Any:
        """Divide the amplitudes by their length, so that k(0) = 1.

        Raises
        ------
        ValueError
            If all of them are 0.
        """
        amplitudes = self.given_amplitudes(n_features)
        length = np.linalg.norm(amplitudes)
        if length == 0:
            raise ValueError(f"The amplitudes of {self!r} are all 0, and with them its kernel.")
        return Frequencies(self.given_frequencies(n_features), amplitudes / length)

    def marginal(self, axis: int, n_features: int) -> Any:
        """Restrict the kernel to one axis: the frequencies along it, with their amplitudes."""
        frequencies = self.given_frequencies(n_features)[:, [axis]]
        return Frequencies(frequencies, self.given_amplitudes(n_features))

    def scales(self, n_features: int) -> NDArray[Any]:
        """Return the root mean square of the frequencies along each axis, shape (1, n_features).

        Squares are weighted by squared amplitudes; 0 where there is no frequency but 0.
        """
        powers = self.given_amplitudes(n_features) ** 2
        squares = powers @ self.given_frequencies(n_features) ** 2
        return np.sqrt(squares / (powers.sum() or 1))[None]

    def diag(self, X: Any) -> NDArray[Any]:
        """Return k(x, x), the sum of the squared amplitudes, for every row of X."""
        X, _ = check_pair(X, None, False)
        return np.full(len(X), np.sum(self.given_amplitudes(X.shape[1]) ** 2))

    def __call__(self, X: Any, Y: Any = None, eval_gradient: bool = False) -> Any:
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
        # The kernel depends on differences alone. Taken from a common center, far coordinates
        # lose no digits in the phases.
        center = X.mean(axis=0)
        frequencies = self.given_frequencies(X.shape[1])
        amplitudes = np.abs(self.given_amplitudes(X.shape[1]))
        features_X = fourier_features(X - center, frequencies, amplitudes)
        features_Y = features_X if Y is X else fourier_features(Y - center, frequencies, amplitudes)
        kernel = features_X @ features_Y.T
        return (kernel, np.empty((*kernel.shape, 0))) if eval_gradient else kernel

    def __add__(self, other: Any) -> Any:
        """Add spectra; a sum of finite ones is finite."""
        return (
            FiniteSum(self, other) if isinstance(other, FiniteSpectrum) else super().__add__(other)
        )

    def _times(self, constant):
        return FiniteMultiple(constant, self)

    def _draw(self, n_frequencies, n_features, sampling, random_state):
        if sampling == "orthogonal":
            self._require_isotropic()
        frequencies = self.given_frequencies(n_features)
        powers = self.given_amplitudes(n_features) ** 2
        rows = check_random_state(random_state).choice(
            len(frequencies), size=n_frequencies, p=powers / powers.sum()
        )
        return frequencies[rows]


class FiniteSum(FiniteSpectrum, SpectrumSum):
    """The sum of two finite spectra, made by ``+``: it has the frequencies of both."""

    __call__, scaled = SpectrumSum.__call__, SpectrumSum.scaled

    def given_frequencies(self, n_features, n_frequencies=None):
        """Return the frequencies of both, one after the other."""
        parts = self.k1, self.k2
        return np.vstack([part.given_frequencies(n_features, n_frequencies) for part in parts])

    def given_amplitudes(self, n_features, n_frequencies=None):
        """Return the amplitude of each of `given_frequencies`, shape (n_frequencies,)."""
        parts = self.k1, self.k2
        return np.hstack([part.given_amplitudes(n_features, n_frequencies) for part in parts])


class FiniteMultiple(FiniteSpectrum, SpectrumMultiple):
    """A finite spectrum times a positive number, made by ``*``: squared amplitudes times it."""

    __call__, scaled = SpectrumMultiple.__call__, SpectrumMultiple.scaled
    normalized = SpectrumMultiple.normalized

    def given_frequencies(self, n_features, n_frequencies=None):
        """Return the frequencies of the spectrum that is multiplied."""
        return self.k2.given_frequencies(n_features, n_frequencies)

    def given_amplitudes(self, n_features, n_frequencies=None):
        """Return the amplitude of each of `given_frequencies`, shape (n_frequencies,)."""
        return math.sqrt(self.weight) * self.k2.given_amplitudes(n_features, n_frequencies)


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
        raise ValueError("Amplitudes must be finite; they contain NaN or infinity.")
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

    def __init__(self, frequencies: Any, amplitudes: Any = 1.0) -> None:
        self.frequencies = frequencies
        self.amplitudes = amplitudes

    def given_frequencies(self, n_features: int, n_frequencies: int | None = None) -> NDArray[Any]:  # noqa: ARG002 (they are given)
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
            raise ValueError("frequencies must be finite; they contain NaN or infinity.")
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

    def __init__(self) -> None:
        pass

    def given_frequencies(self, n_features: int, n_frequencies: int | None = None) -> NDArray[Any]:  # noqa: ARG002 (one per axis)
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

    def __init__(self, max_log2_frequency: float = 6.0, *, n_frequencies: int = 256) -> None:
        self.max_log2_frequency = max_log2_frequency
        self.n_frequencies = n_frequencies

    def given_frequencies(self, n_features: int, n_frequencies: int | None = None) -> NDArray[Any]:
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
        if not (isinstance(highest, Real) and 0 < float(highest) <= _MAX_LOG2):
            raise ValueError(
                f"max_log2_frequency must be a number above 0, at most {_MAX_LOG2}: the highest "
                f"frequency is 2 to its power, less 1. Got {highest!r}."
            )
        ladder = 2 ** np.linspace(0, self.max_log2_frequency, per_axis) - 1
        return np.kron(np.eye(n_features), ladder[:, None])
