"""Candidate sigmas: user-supplied, or defaults derived from the spacing of the data."""

import math

import numpy as np

from skfourier.grids import mean_spacing

# Half an octave apart, and their largest number.
_STEPS_PER_OCTAVE = 2
_MAX_CANDIDATES = 20
# Axes whose ranges differ by less share a sigma.
_ALIKE = 1.1


def given_line(sigmas, n_features):
    """Check a user's candidates for all axes at once.

    Parameters
    ----------
    sigmas : array-like of shape (n_candidates,) or (n_candidates, n_features)
    n_features : int

    Returns
    -------
    list of float, or of tuple of float

    Raises
    ------
    ValueError
        If there are none, they are not positive numbers, or the shape is another.
    """
    sigmas = positive_numbers(sigmas, "sigmas")
    if sigmas.ndim == 1:
        return sigmas.tolist()
    if sigmas.ndim > 2 or sigmas.shape[1] != n_features:
        raise ValueError(
            f"sigmas must be a list of numbers, or have a row for each candidate and a column for "
            f"each of the {n_features} columns of X. Got shape {sigmas.shape}. A list for each "
            f"column of X is for per_axis=True."
        )
    return list(map(tuple, sigmas.tolist()))


def given_axes(sigmas, n_features):
    """Check a user's candidates for each axis by itself.

    Parameters
    ----------
    sigmas : array-like of shape (n_candidates,), or list of such
        For all axes, or for each of them.
    n_features : int

    Returns
    -------
    list of ndarray
        `n_features` arrays of increasing numbers.

    Raises
    ------
    ValueError
        If there are none, they are not positive numbers, or the number of lists is another.
    """
    if all(np.ndim(entry) == 0 for entry in np.atleast_1d(np.asarray(sigmas, dtype=object))):
        return [np.unique(positive_numbers(sigmas, "sigmas"))] * n_features
    if len(sigmas) != n_features:
        raise ValueError(
            f"With per_axis=True sigmas must be a list of numbers for all columns of X, or one "
            f"list for each of the {n_features} columns. Got {len(sigmas)} lists."
        )
    axes = [positive_numbers(s, f"sigmas[{axis}]") for axis, s in enumerate(sigmas)]
    if any(axis.ndim > 1 for axis in axes):
        raise ValueError("With per_axis=True the sigmas of a column must be a list of numbers.")
    return [np.unique(axis) for axis in axes]


def positive_numbers(values, name):
    """Convert to an array of floats, one number to an array of one.

    Raises
    ------
    ValueError
        If there are none, or one is not positive and finite.
    """
    try:
        array = np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be positive numbers. Got {values!r}.") from error
    if not array.size:
        raise ValueError(f"{name} must hold at least one candidate. Got none.")
    if not np.all(np.isfinite(array) & (array > 0)):
        raise ValueError(f"{name} must be positive and finite. Got {array.tolist()}.")
    return array


def resolved_range(X, grid):
    r"""Find the frequencies that the rows can tell apart, along each axis.

    From one cycle along the diagonal of the box that holds them, :math:`1 / (\sqrt d\, L_j)`, up
    to Nyquist's frequency, :math:`1 / (2 h_j)`. On a grid h is its spacing, elsewhere
    :math:`L_j / n^{1/d}`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    grid : Grid or None

    Returns
    -------
    low, high : ndarray of shape (n_features,)
        In cycles per unit of X; two octaves apart at least. NaN where a column is constant.
    """
    extent = np.ptp(X, axis=0)
    extent = np.where(extent > 0, extent, np.nan)
    n_varying = max(1, int(np.count_nonzero(extent > 0)))
    spacing = mean_spacing(X, grid)
    if grid is not None:
        extent = extent + spacing
    low = 1 / (math.sqrt(n_varying) * extent)
    return low, np.maximum(1 / (2 * spacing), 4 * low)


def comparable_units(high):
    """Return factors that make distances along the columns compare: ones where they do already.

    Parameters
    ----------
    high : ndarray of shape (n_features,)
        The highest frequencies that the rows resolve; NaN where a column is constant.

    Returns
    -------
    ndarray of shape (n_features,)
    """
    varying = np.isfinite(high)
    if not varying.any() or high[varying].max() <= _ALIKE * high[varying].min():
        return np.ones(len(high))
    return np.where(varying, high / math.exp(np.log(high[varying]).mean()), 1.0)


def default_line(low, high):
    """Make candidates from low to high, in equal ratios and on all axes at once.

    Parameters
    ----------
    low, high : ndarray of shape (n_features,)
        NaN where any sigma will do.

    Returns
    -------
    list of float, or of tuple of float where the axes are not alike
    """
    varying = np.isfinite(low)
    if not varying.any():
        return [1.0]
    n, ends = _n_candidates(low, high), (low[varying], high[varying])
    if all(end.max() <= _ALIKE * end.min() for end in ends):
        bottom, top = (math.exp(np.log(end).mean()) for end in ends)
        return np.geomspace(bottom, top, n).tolist()
    line = np.geomspace(np.where(varying, low, 1), np.where(varying, high, 1), n)
    return list(map(tuple, line.tolist()))


def default_axes(low, high):
    """Make candidates from low to high for each axis by itself, a list of arrays."""
    return [
        np.geomspace(bottom, top, _n_candidates(bottom, top)) if np.isfinite(bottom) else np.ones(1)
        for bottom, top in zip(low, high, strict=True)
    ]


def _n_candidates(low, high):
    octaves = np.nanmax(np.log2(high / low))
    return int(min(_MAX_CANDIDATES, 1 + math.ceil(_STEPS_PER_OCTAVE * octaves)))
