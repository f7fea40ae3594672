"""The inputs of a wide network: the rows of X, or the features whose kernel a base is."""

import numpy as np

from skfourier.spectra._features import fourier_features
from skfourier.spectra._finite import check_amplitudes


def inner_products(base, X, Y):
    """Prepare the inner products of the inputs, to be read block by block.

    Parameters
    ----------
    base : Spectrum or None
        Its k(0) is divided out: features of unit length. None takes the rows themselves.
    X, Y : ndarray of shape (n_samples_X, n_features) and (n_samples_Y, n_features)

    Returns
    -------
    matrix : ndarray of shape (n_samples_X, n_samples_Y)
        May be written to where its blocks are no longer needed.
    inner : callable
        Takes slices of the rows of X and of Y; returns the inner products of this block.
    """
    if base is not None and not hasattr(base, "given_frequencies"):
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
        If they overflow, or the base is 0.
    """
    if base is not None:
        power(base, X.shape[1])
        return np.ones(1, dtype=X.dtype)
    with np.errstate(over="ignore"):
        squares = np.einsum("ij,ij->i", X, X)
    if not np.all(np.isfinite(squares)):
        raise ValueError(
            f"The squared lengths of the rows overflow {X.dtype}: X reaches {np.abs(X).max():g}. "
            f"Scale X, or take a base (base=Gaussian(10))."
        )
    return squares


def power(base, n_features):
    """Evaluate the base's k(0), the squared length of its features before they are scaled to 1.

    Raises
    ------
    ValueError
        If it is 0.
    """
    at_zero = float(base.diag(np.zeros((1, n_features)))[0])
    if not at_zero > 0:
        raise ValueError(f"The amplitudes of the base are all 0: its kernel is 0. Got {base!r}.")
    return at_zero


def _lags(X, Y):
    """Subtract the rows of Y from those of X, shape (n, m, n_features); each axis is contiguous."""
    lags = np.empty((X.shape[1], len(X), len(Y)), dtype=np.result_type(X, Y))
    for axis, lag in enumerate(lags):
        np.subtract.outer(X[:, axis], Y[:, axis], out=lag)
    return np.moveaxis(lags, 0, -1)


def _unit_features(base, X, Y):
    """Map to Fourier features of unit length: equation 4 is an inner product of them."""
    frequencies = base.given_frequencies(X.shape[1])
    amplitudes = check_amplitudes(base.amplitudes, len(frequencies))
    amplitudes = amplitudes / np.sqrt(power(base, X.shape[1]))
    # The kernel depends on differences alone. Taken from a common centre, far coordinates lose
    # no digits in the phases.
    centre = X.mean(axis=0)
    x = fourier_features(X - centre, frequencies, amplitudes)
    return x, x if Y is X else fourier_features(Y - centre, frequencies, amplitudes)
