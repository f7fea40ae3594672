"""The inputs of a wide network: the rows of X, or the features whose kernel a base is."""

import numpy as np

from skfourier.spectra import FiniteSpectrum
from skfourier.spectra._features import fourier_features


def inner_products(base, X, Y):
    """Prepare the inner products of the inputs, to be read block by block.

    Parameters
    ----------
    base : Spectrum or None
        Normalized, k(0) = 1: features of unit length. None takes the rows themselves.
    X, Y : ndarray of shape (n_samples_X, n_features) and (n_samples_Y, n_features)

    Returns
    -------
    matrix : ndarray of shape (n_samples_X, n_samples_Y)
        May be written to where its blocks are no longer needed.
    inner : callable
        Takes slices of the rows of X and of Y; returns the inner products of this block.
    """
    if base is not None and not isinstance(base, FiniteSpectrum):
        matrix = np.empty((len(X), len(Y)), dtype=np.result_type(X, Y))
        return matrix, lambda rows, columns: base.evaluate(_lags(X[rows], Y[columns]))
    x, y = (X, Y) if base is None else _unit_features(base, X, Y)
    # One product of all rows: in many small ones BLAS's threads wait for one another.
    matrix = x @ y.T
    return matrix, lambda rows, columns: matrix[rows, columns]


def squared_lengths(base, X):
    """Return the squared lengths of the inputs, shape (n_samples,), or (1,) where all are 1.

    Raises
    ------
    ValueError
        If they overflow.
    """
    if base is not None:
        return np.ones(1, dtype=X.dtype)
    with np.errstate(over="ignore"):
        squares = np.einsum("ij,ij->i", X, X)
    if not np.all(np.isfinite(squares)):
        raise ValueError(
            f"The squared lengths of the rows overflow {X.dtype}: X reaches {np.abs(X).max():g}. "
            f"Scale X, or take a base (base=Gaussian(10))."
        )
    return squares


def _lags(X, Y):
    """Subtract the rows of Y from those of X, shape (n, m, n_features); each axis is contiguous."""
    lags = np.empty((X.shape[1], len(X), len(Y)), dtype=np.result_type(X, Y))
    for axis, lag in enumerate(lags):
        np.subtract.outer(X[:, axis], Y[:, axis], out=lag)
    return np.moveaxis(lags, 0, -1)


def _unit_features(base, X, Y):
    """Map to Fourier features of unit length: equation 4 is an inner product of them."""
    frequencies = base.given_frequencies(X.shape[1])
    amplitudes = base.given_amplitudes(X.shape[1])
    # The kernel depends on differences alone. Taken from a common center, far coordinates lose
    # no digits in the phases.
    center = X.mean(axis=0)
    x = fourier_features(X - center, frequencies, amplitudes)
    return x, x if Y is X else fourier_features(Y - center, frequencies, amplitudes)
