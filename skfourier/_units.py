"""Powers of two as units: numbers are divided by them without rounding."""

import numpy as np


def powers_of_two(array, axis=None):
    """Return the power of two below the largest size along some axes; 1 where all is 0.

    Squares of what is left when it is divided off neither overflow nor underflow.

    Parameters
    ----------
    array : ndarray
    axis : int, tuple of int or None, default=None

    Returns
    -------
    ndarray
        Without these axes, float64.
    """
    largest = np.abs(array).max(axis=axis, initial=0.0)
    return np.ldexp(1.0, np.frexp(np.where(largest > 0, largest, 1.0))[1] - 1)
