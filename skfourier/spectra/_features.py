"""Equation 3 of the paper: coordinates to cosines and sines."""

import math

import numpy as np
from sklearn.utils import gen_batches

# Phases of this many rows (256 frequencies, float64: 512 KiB) stay in the cache between the passes,
# and their product is too small for BLAS to wake its threads: these wait for one another, and with
# other work on the machine (joblib's, say) that takes three times as long as the product.
_BLOCK_ROWS = 256


def fourier_features(X, frequencies, amplitudes):
    r"""Map coordinates to cosines and sines.

    .. math:: \gamma(v) = [a_1 \cos(2\pi b_1^T v), a_1 \sin(2\pi b_1^T v), \dots]

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    frequencies : ndarray of shape (n_frequencies, n_features)
        b, in cycles per unit of X.
    amplitudes : ndarray of shape (n_frequencies,)
        a.

    Returns
    -------
    ndarray of shape (n_samples, 2 * n_frequencies), of X's dtype

    Raises
    ------
    ValueError
        If X is so large that its dtype does not resolve a cycle.
    """
    check_phases(X, frequencies)
    n_samples, n_frequencies = len(X), len(frequencies)
    directions = np.ascontiguousarray(frequencies.T, dtype=X.dtype)
    if np.abs(amplitudes).max() > np.finfo(X.dtype).max:
        raise ValueError(f"The amplitudes overflow {X.dtype}: take smaller ones, or X in float64.")
    amplitudes = np.asarray(amplitudes, dtype=X.dtype)
    features = np.empty((n_samples, n_frequencies, 2), dtype=X.dtype)
    for rows in gen_batches(n_samples, _BLOCK_ROWS):
        phases = X[rows] @ directions
        # Whole cycles are taken away while this is exact: multiplied by 2 pi first, large
        # coordinates would lose their last digits, and cos is slower on large arguments.
        phases -= np.rint(phases)
        phases *= 2 * math.pi
        block = features[rows]
        np.cos(phases, out=block[..., 0])
        np.sin(phases, out=block[..., 1])
        if np.any(amplitudes != 1):
            block *= amplitudes[:, None]
    return features.reshape(n_samples, 2 * n_frequencies)


def check_phases(X, frequencies):
    """Raise ValueError if phases b.x are so large that X's dtype does not resolve a cycle.

    The median frequency decides: heavy tails (Cauchy) may well draw a few that are too high.
    """
    if not len(X):
        return
    with np.errstate(over="ignore"):
        reach = np.abs(X).max(axis=0).astype(float) @ np.median(np.abs(frequencies), axis=0)
    resolution = np.finfo(X.dtype).eps * reach
    if not resolution < _COARSEST_CYCLE:
        raise ValueError(
            f"X is too large for these frequencies: phases reach {reach:.2g} cycles, and "
            f"{X.dtype} does not resolve one. Subtract an origin from X, scale it, or lower sigma"
            + ("; or pass X in float64." if X.dtype == np.float32 else ".")
        )


# A cycle in fewer than ten steps is noise.
_COARSEST_CYCLE = 0.1
