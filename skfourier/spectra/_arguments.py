"""The arguments of spectra, checked: scales, coordinates, lags and frequencies."""

import datetime

import numpy as np

from skfourier._checks import checked_rows, positive_integers, refuse_no_numbers
from skfourier.spectra._named_kernel import plain

_NOT_NUMBERS = (str, bytes, datetime.date, datetime.timedelta, np.datetime64, np.timedelta64)


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
    if array.dtype.kind not in "fiu" or np.ma.is_masked(values):
        raise ValueError(f"{name} must be a real number or an array of them. Got {values!r}.")
    return array.astype(float)


def positive_number(value, name):
    """Convert a parameter to a float, or raise ValueError if it is not positive and finite."""
    number = real_numbers(value, name)
    if number.ndim or not 0 < number < np.inf:
        raise ValueError(f"{name} must be a positive finite number. Got {plain(value)}.")
    return float(number)


def check_sizes(n_frequencies, n_features):
    """Return both as ints, or raise ValueError if they are no positive integers."""
    sizes = positive_integers((n_frequencies, n_features))
    if not sizes:
        raise ValueError(
            f"n_frequencies and n_features must be positive integers. Got {n_frequencies!r} and "
            f"{n_features!r}."
        )
    return sizes


def check_pair(X, Y, eval_gradient):
    """Check the arguments of a kernel's call; Y is X if None."""
    if Y is not None and eval_gradient:
        raise ValueError("The gradient is evaluated for Y=None only; Y was given as well.")
    X = _coordinates(X, "X")
    if Y is None:
        return X, X
    Y = _coordinates(Y, "Y")
    if X.shape[1] != Y.shape[1]:
        raise ValueError(
            f"X and Y must have equally many columns. X has {X.shape[1]}, Y has {Y.shape[1]}."
        )
    return X, Y


def floats(values):
    """Convert lags or frequencies to an array of floats; float32 stays float32."""
    refuse_no_numbers(values, "The array of lags or frequencies")
    values = np.asarray(values)
    if values.ndim == 0 or not values.shape[-1] or values.dtype.kind not in "fiub":
        raise ValueError(
            f"Lags and frequencies must be real arrays whose last axis has one entry for each "
            f"column of X. Got shape {values.shape}, dtype {values.dtype}."
        )
    if np.isnan(values).any():
        raise ValueError("Lags and frequencies must not contain NaN.")
    # Of half precision the squares overflow.
    return values.astype(np.float32 if values.dtype == np.float32 else np.float64, copy=False)


def _coordinates(X, name):
    """Check rows of coordinates. Strings and dates, which NumPy would convert, are refused."""
    array = np.asarray(X)
    kind = array.dtype.kind
    if kind in "SUMm" or (kind == "O" and any(isinstance(x, _NOT_NUMBERS) for x in array.flat)):
        raise ValueError(
            f"{name} must hold numbers; got strings or dates (dtype {array.dtype}). Convert them "
            f"first, e.g. dates to days since a first date."
        )
    return checked_rows(X, name)
