"""The box that rows lie in: (low, high) along each column."""

import numpy as np
from sklearn.utils import check_array


def box_of(X):
    """Return the smallest and the largest coordinate of each column.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        One row at least.

    Returns
    -------
    low, high : ndarray of shape (n_features,)
    """
    # Column by column: along the rows of a narrow array NumPy takes ten times as long.
    low, high = zip(*[(column.min(), column.max()) for column in X.T], strict=True)
    return np.array(low, dtype=float), np.array(high, dtype=float)


def check_domain(domain, n_features):
    """Check the parameter `domain`, (low, high) for each column; return low and high.

    Raises
    ------
    ValueError
        If it is of another shape, not finite, or low is above high.
    """
    array = check_array(
        domain, dtype=np.float64, ensure_2d=False, allow_nd=True, input_name="domain"
    )
    if array.shape != (n_features, 2):
        raise ValueError(
            f"domain must be a pair (low, high) for each of the {n_features} columns of X, an "
            f"array of shape ({n_features}, 2). Got shape {array.shape}."
        )
    low, high = array.T.copy()
    if np.any(low > high):
        raise ValueError(
            f"domain must be a pair (low, high) for each column of X, low first. Got {domain!r}."
        )
    return low, high


def check_inside(X, low, high):
    """Raise ValueError if a row lies outside the box."""
    if not len(X):
        return
    first, last = box_of(X)
    if np.any(first < low) or np.any(last > high):
        raise ValueError(
            f"X lies outside the domain: its columns reach from {first} to {last}, the domain "
            f"from {low} to {high}. Give a domain that holds all rows to come."
        )
