"""Checks of what users pass that scikit-learn lacks."""

import difflib
import sys
from collections.abc import Iterable
from numbers import Integral

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from skfourier._lazy import is_dask
from skfourier._sklearn import _check_sample_weight, routing_is_enabled

# Largest values whose squares float64 holds, added up over rows and times weights.
_SQUARED = 1e-140, 1e140


def known_name(name: str, known: Iterable[str], parameter: str) -> str:
    """Return `name` if it is one of the `known`; else raise, with the nearest of them.

    Raises
    ------
    ValueError
        With the name that came, the nearest known one and all of them.
    """
    known = sorted(known)
    if name in known:
        return name
    nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    suggestion = f" Did you mean {nearest[0]!r}?" if nearest else ""
    raise ValueError(
        f"{parameter}={name!r} is unknown.{suggestion} Known are: {', '.join(map(repr, known))}."
    )


def chosen(value, known, parameter):
    """Return what a name stands for; what is no string is the choice itself.

    Raises
    ------
    ValueError
        As `known_name`.
    """
    return known[known_name(value, known, parameter)] if isinstance(value, str) else value


def refuse_params(params, allowed=()):
    """Raise ValueError for parameters of `fit` that nothing is told to take.

    Parameters
    ----------
    params : dict
    allowed : list of str
        Those that need no routing.
    """
    unknown = sorted(params.keys() - set(allowed))
    if unknown and not routing_is_enabled():
        raise ValueError(
            f"fit passes {', '.join(unknown)} on only if enable_metadata_routing=True: see "
            f"sklearn.set_config. Leave out what no splitter or scorer is to take."
        )


@np.errstate(invalid="ignore")  # scikit-learn adds up infinities of both signs
def check_new_rows(estimator, X, *, reset=False):
    """Check rows of X alone, of an estimator that is fitted unless `reset`.

    They must be real, finite, and have the columns of the fit.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        In float32 or float64, as it came.

    Raises
    ------
    ValueError
        If they are not.
    """
    if not reset:
        check_is_fitted(estimator)
    refuse_no_numbers(X, "X")
    return validate_data(estimator, X, dtype=[np.float64, np.float32], reset=reset)


def check_samples(regressor, X, y, sample_weight, **options):
    """Check the arguments of a regressor's fit, and drop the rows of weight zero.

    As `check_all_samples`, whose parameters and errors these are.

    Returns
    -------
    X : ndarray of shape (n_kept, n_features)
    y : ndarray of shape (n_kept,) or (n_kept, n_outputs)
        Both in float32 or float64, as they came.
    weight : ndarray of shape (n_kept,) or None
    """
    X, y, weight = check_all_samples(regressor, X, y, sample_weight, **options)
    if weight is None:
        return X, y, None
    kept = weight > 0
    return X[kept], y[kept], weight[kept]


@np.errstate(invalid="ignore")  # scikit-learn adds up infinities of both signs
def check_all_samples(regressor, X, y, sample_weight, *, reset, allow_no_weight=False):
    """Check the arguments of a regressor's fit, and keep all rows.

    Parameters
    ----------
    regressor : estimator
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,) or None
    reset : bool
        Whether this fit is the first, or X must have the columns of an earlier one.
    allow_no_weight : bool, default=False
        Whether all weights may be zero.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Both in float32 or float64, as they came.
    weight : ndarray of shape (n_samples,) or None

    Raises
    ------
    ValueError
        If they are masked, sparse, not finite, not real, or do not match.
    """
    for name, array in (("X", X), ("y", y), ("sample_weight", sample_weight)):
        refuse_no_numbers(array, name)
    if issparse(y):
        raise ValueError("y is sparse; a dense array is needed. Take y.toarray().")
    floats = [np.float64, np.float32]
    X, y = validate_data(
        regressor, X, y, dtype=floats, multi_output=True, y_numeric=True, reset=reset
    )
    y = check_array(y, dtype=floats, ensure_2d=False, input_name="y")
    if sample_weight is None:
        return X, y, None
    weight = _check_sample_weight(
        sample_weight,
        X,
        dtype=np.float64,  # whatever X is: weights may be very small or large
        ensure_non_negative=True,
        ensure_same_device=False,
        allow_all_zero_weights=allow_no_weight,
    )
    return X, y, weight


def check_squares(values, name):
    """Raise ValueError for columns whose squares, added up, overflow float64 or lose digits."""
    largest = np.atleast_1d(np.abs(values).max(axis=0, initial=0)).astype(float)
    low, high = _SQUARED
    for size in largest[(largest > 0) & ((largest < low) | (largest > high))]:
        raise ValueError(
            f"{name} reaches {size:.1e}, and float64 does not hold its square with all digits. "
            f"Scale y: predictions scale alike."
        )


def refuse_no_numbers(array, name):
    """Raise ValueError for what NumPy would turn into numbers without a word.

    That is what a mask hides, pictures of Pillow, alone or in a list, dates as nanoseconds since
    1970, strings and structures; a table without columns; and dask arrays, which would be read into
    memory as a whole. Or for complex numbers among objects, of which NumPy does not name the array.
    """
    if is_dask(array):
        raise ValueError(
            f"{name} is a dask array, and would be read into memory as a whole. Where it fits, "
            f"pass {name}.compute(); or pass a block of rows at a time."
        )
    if any(isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part) for part in _parts(array)):
        raise ValueError(
            f"{name} is a masked array, whose mask would be lost. Drop the masked rows, or put "
            f"values in their place ({name}.filled(...))."
        )
    if any(_is_picture(part) for part in _parts(array)):
        raise ValueError(
            f"{name} is a picture of Pillow, whose numbers depend on its mode, palette, profile "
            "and orientation. Read its file with load_image(path), or pass "
            "np.asarray(PIL.ImageOps.exif_transpose(picture).convert('RGB'))."
        )
    kind = _kind(array)
    if kind in ("m", "M"):
        raise ValueError(
            f"{name} holds dates or durations, not numbers. Convert them to a unit of your choice: "
            f"days are ({name} - {name}.min()) / np.timedelta64(1, 'D')."
        )
    if kind in ("S", "U"):
        raise ValueError(f"{name} holds strings, not numbers. Convert them: {name}.astype(float).")
    complex_ = complex | np.complexfloating
    if kind == "O" and any(isinstance(value, complex_) for value in np.asarray(array).flat):
        raise ValueError(
            f"{name} holds complex numbers. Pass their real and imaginary parts as columns."
        )
    is_list = isinstance(array, list | tuple)
    is_table = hasattr(array, "__array__") and not isinstance(array, np.ndarray)
    if (kind == "O" and not is_table) or (kind == "c" and is_list):
        _check_objects(array, name)
    if kind == "V":
        raise ValueError(f"{name} holds structures, not numbers. Take their fields as columns.")
    if hasattr(array, "columns") and np.shape(array)[1:] == (0,):
        raise ValueError(f"{name} is a {type(array).__name__} without columns. One is needed.")


def _check_objects(array, name):
    """Raise ValueError, or TypeError where NumPy does, if objects are no floats or NaN."""
    try:
        values = np.asarray(array, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"{name} holds objects that are no real numbers, or too large ones ({error}). Convert "
            f"them, or drop their rows."
        ) from error
    if np.isnan(values).any():
        raise ValueError(f"{name} contains NaN. Drop these rows, or fill them in.")


@np.errstate(invalid="ignore")  # scikit-learn adds up infinities of both signs
def checked_rows(X, name):
    """Return rows of coordinates, float64 or float32, after `refuse_no_numbers`.

    Raises
    ------
    ValueError
        Also if they are no table of finite numbers.
    """
    refuse_no_numbers(X, name)
    return check_array(X, dtype=[np.float64, np.float32], input_name=name)


def as_numbers(array, name):
    """Return an array-like as an ndarray, after `refuse_no_numbers`.

    Raises
    ------
    ValueError
        Also if NumPy cannot read it, as a tensor on another device.
    """
    refuse_no_numbers(array, name)
    try:
        return np.asarray(array)
    except (TypeError, RuntimeError, ValueError) as error:
        raise ValueError(
            f"{name} is a {type(array).__name__} that NumPy cannot read: {error} Pass a NumPy "
            "array; of a tensor of torch, tensor.detach().cpu().numpy()."
        ) from error


def number_of_rows(X):
    """Return the length of an array-like, also of one that only NumPy can read."""
    return len(X) if hasattr(X, "__len__") else len(np.asarray(X))


def positive_integers(numbers):
    """Return a tuple of integers, empty if anything in it is not a positive integer.

    Neither booleans nor durations are, which Python and NumPy count among them.
    """
    try:
        numbers = tuple(numbers)
    except (TypeError, NotImplementedError):  # the latter of a memoryview of half precision
        return ()
    if all(_is_integer(n) and int(n) > 0 for n in numbers):
        return tuple(map(int, numbers))
    return ()


def _is_integer(n):
    return isinstance(n, Integral) and not isinstance(n, bool | np.timedelta64)


def _parts(array):
    """Return the items of a list, those of its first item if that is a list too; else itself."""
    if not isinstance(array, list | tuple):
        return (array,)
    return (*array, *_parts(array[0])) if array else ()


def _is_picture(array):
    """Return whether it is a picture of Pillow; none can be before Pillow is imported."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(array, pillow.Image)


def _kind(array):
    """Return the letter of an array's kind; strings among objects count as strings."""
    if issparse(array) or array is None:
        return ""
    if not hasattr(array, "dtype"):
        try:
            array = np.asarray(array)
        except (ValueError, TypeError, RuntimeError):  # which whoever reads it refuses
            return ""
    kind = getattr(array.dtype, "kind", "")
    if kind == "O" and isinstance(array, np.ndarray):
        return "U" if any(isinstance(value, str | bytes) for value in array.flat) else kind
    return kind
