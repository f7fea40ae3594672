"""Sums between scattered rows and equispaced modes, by finufft."""

import math

import numpy as np
from sklearn.utils import gen_batches

from skfourier._solvers._half_spectra import completed, fft_modes, paired, separated
from skfourier._units import powers_of_two

# Rows a transform takes at once: 50 to 100 MB with their targets.
_ROWS_PER_BLOCK = 2**20
# Points of finufft's own grid, 2 GB of them.
_MAX_FINE_POINTS = 2**27


def sums_over_rows(modes, X, y, weight, origin=0.0):
    """Sum w_j (y_j - origin) e^{-2 pi i h m.x_j} over the rows, for ones and each column of y.

    Two real sums are one complex transform, of w (y + i y'). Both go in with entries of about 1,
    or the rounding of the larger would drown the smaller.

    Parameters
    ----------
    modes : FourierModes
        h, how many, and the box.
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,)
    origin : ndarray of shape (n_outputs,) or float, default=0.0

    Yields
    ------
    pair : int
    sums : ndarray of shape (2, *half_shape)
        Those of columns 2 * pair and 2 * pair + 1, ones the first, over one block of rows.
    """
    shape = tuple(2 * m + 1 for m in modes.highest)
    transform = _plan(modes, 1, shape, 1)
    for rows in gen_batches(len(X), _block_rows(math.prod(shape))) if len(X) else ():
        transform.setpts(*_angles(modes, X[rows]))
        columns = y[rows].T - np.reshape(origin, (-1, 1))
        units = powers_of_two(columns, axis=1)
        pairs = paired([1.0, *(columns / units[:, None])], y[rows].shape[:1]) * weight[rows]
        units = np.concatenate([[1.0], units, [1.0]])
        for pair, values in enumerate(pairs):
            both = separated(transform.execute(values)[None], modes.highest)
            yield pair, both * units[2 * pair : 2 * pair + 2].reshape(-1, *(1,) * len(shape))


def values_at_rows(modes, coefficients, X):
    """Evaluate sums of modes at the rows of X, block by block; 0 out of the modes' reach.

    Parameters
    ----------
    modes : FourierModes
    coefficients : ndarray of shape (n_outputs, *modes.half_shape)
    X : ndarray of shape (n_test, n_features)

    Returns
    -------
    ndarray of shape (n_test, n_outputs)
    """
    n_outputs = len(coefficients)
    values = np.zeros((len(X), n_outputs))
    # Two outputs share a transform: see `sums_over_rows`.
    units = powers_of_two(coefficients, axis=tuple(range(1, coefficients.ndim)))
    waves = completed(coefficients, modes.highest)
    waves /= units.reshape(-1, *(1,) * len(modes.highest))
    waves = paired(waves, waves.shape[1:])
    transform = _plan(modes, 2, waves.shape[1:], len(waves))
    for block in gen_batches(len(X), _block_rows(waves[0].size)) if len(X) else ():
        rows = block.start + np.flatnonzero(modes.within_reach(X[block]))
        if rows.size:
            transform.setpts(*_angles(modes, X[rows]))
            pairs = transform.execute(waves).reshape(len(waves), -1)
            both = np.stack([pairs.real, pairs.imag], axis=1).reshape(-1, rows.size)
            values[rows] = both.T[:, :n_outputs]
    values *= units
    return values


def waves(modes, X):
    """Return the features of each row of X, of shape (n_rows, *modes.half_shape)."""
    n_axes = len(modes.highest)
    features = np.ones((len(X),) + (1,) * n_axes)
    for axis, (m, angle) in enumerate(zip(modes.highest, _angles(modes, X), strict=True)):
        along = fft_modes(m) if axis < n_axes - 1 else np.arange(m + 1)
        phase = np.exp(-1j * np.multiply.outer(angle, along))
        features = features * np.expand_dims(phase, [a + 1 for a in range(n_axes) if a != axis])
    return features * modes.scale


def _angles(modes, X):
    """Turn coordinates into finufft's angles, 2 pi h x from the center of the box."""
    center = (modes.low + modes.high) / 2
    return [
        (X[:, axis] - center[axis]) * (2 * math.pi * modes.spacing[axis])
        for axis in range(len(center))
    ]


def _plan(modes, kind, shape, n_transforms):
    import finufft  # noqa: PLC0415 (skfourier's import stays light)

    # finufft's own choice depends on the number of rows. With this one its errors are the same
    # for a row whatever others are summed with it, so that blocks equal the whole.
    fits = 2 ** len(shape) * math.prod(shape) <= _MAX_FINE_POINTS
    upsampling, least = (2.0, 1e-13) if fits else (1.25, 1e-9)  # finufft's best with either
    return finufft.Plan(
        kind,
        shape,
        n_transforms,
        min(max(modes.tol / 100, least), 1e-6),  # well below tol, at little cost
        -1 if kind == 1 else 1,
        dtype="complex128",
        modeord=1,
        upsampfac=upsampling,
    )


def _block_rows(n_modes):
    """Return how many rows a transform takes at once."""
    # Each block costs an FFT over the modes: no more blocks than memory asks for.
    return max(_ROWS_PER_BLOCK, n_modes)
