"""The one place that imports scikit-learn's private names, so that a change there is mended here.

Also here: what scikit-learn leaves to those who write estimators, in a few small functions.
"""

import difflib
import inspect
import sys
from collections.abc import Iterable
from contextlib import contextmanager
from numbers import Integral

import numpy as np
from scipy.sparse import issparse
from sklearn import get_config
from sklearn.base import _fit_context
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import check_array
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from skfourier._lazy import is_dask

__all__ = [
    "DOC_LINK",
    "HasMethods",
    "Interval",
    "NamedKernel",
    "StrOptions",
    "_fit_context",
    "accepts_sample_weight",
    "as_numbers",
    "check_all_samples",
    "check_samples",
    "check_squares",
    "checked_rows",
    "chosen",
    "is_one_of_several_fits",
    "known_name",
    "number_of_rows",
    "output_container",
    "plain",
    "positive_integers",
    "refuse_no_numbers",
    "refuse_params",
    "routing_is_enabled",
    "unchanged_on_error",
]

# Where scikit-learn's pictures of estimators in notebooks link to.
DOC_LINK = (
    "https://skfourier.github.io/skfourier/api/generated/{estimator_module}.{estimator_name}.html"
)


# Largest values whose squares float64 holds, added up over rows and times weights.
_SQUARED = 1e-140, 1e140

# What scikit-learn keeps of callbacks during a fit.
_CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


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


def accepts_sample_weight(scorer):
    """Return whether a scorer takes `sample_weight`; scikit-learn's own know, others say so."""
    if hasattr(scorer, "_accept_sample_weight"):
        return scorer._accept_sample_weight()
    return "sample_weight" in inspect.signature(scorer).parameters


def output_container(estimator):
    """Return what `set_output` has asked for ("pandas", ...), or None."""
    return getattr(estimator, "_sklearn_output_config", {}).get("transform")


def routing_is_enabled():
    """Return whether metadata are routed: ``sklearn.set_config(enable_metadata_routing=True)``."""
    return get_config()["enable_metadata_routing"]


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


# What fits estimators one after the other.
_FIT_SEVERAL = (
    "sklearn.model_selection",
    "sklearn.ensemble",
    "sklearn.multioutput",
    "skfourier._ensemble",
)


def is_one_of_several_fits() -> bool:
    """Return whether a search, a cross-validation or an ensemble is among the callers.

    There is no public way to ask. Every such function lives in one of a few modules, and its frame
    stands on the stack of the process that runs the fit, also under joblib.
    """
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(_FIT_SEVERAL):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


@contextmanager
def unchanged_on_error(estimator):
    """Give the estimator its attributes back if the block raises: a failed fit loses nothing.

    What the block changes inside an attribute (weights, in place) it has to mend itself.
    """
    before = dict(estimator.__dict__)
    try:
        yield
    except BaseException:
        # The tasks of callbacks, which scikit-learn ends.
        tasks = {k: v for k, v in estimator.__dict__.items() if k in _CALLBACK_STATE}
        estimator.__dict__.clear()
        estimator.__dict__.update(before | tasks)
        raise


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
    with np.errstate(invalid="ignore"):  # scikit-learn adds up infinities of both signs
        return validate_data(estimator, X, dtype=[np.float64, np.float32], reset=reset)


def check_samples(regressor, X, y, sample_weight, *, reset, allow_no_weight=False):
    """Check the arguments of a regressor's fit, and drop the rows of weight zero.

    As `check_all_samples`, whose parameters and errors these are.

    Returns
    -------
    X : ndarray of shape (n_kept, n_features)
    y : ndarray of shape (n_kept,) or (n_kept, n_outputs)
        Both in float32 or float64, as they came.
    weight : ndarray of shape (n_kept,) or None
    """
    X, y, weight = check_all_samples(
        regressor, X, y, sample_weight, reset=reset, allow_no_weight=allow_no_weight
    )
    if weight is None:
        return X, y, None
    kept = weight > 0
    return X[kept], y[kept], weight[kept]


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
    with np.errstate(invalid="ignore"):  # scikit-learn adds up infinities of both signs
        X, y = validate_data(
            regressor, X, y, dtype=floats, multi_output=True, y_numeric=True, reset=reset
        )
        y = check_array(y, dtype=floats, ensure_2d=False, input_name="y")
    if sample_weight is None:
        return X, y, None
    with np.errstate(invalid="ignore"):
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


def checked_rows(X, name):
    """Return rows of coordinates, float64 or float32, after `refuse_no_numbers`.

    Raises
    ------
    ValueError
        Also if they are no table of finite numbers.
    """
    refuse_no_numbers(X, name)
    with np.errstate(invalid="ignore"):  # scikit-learn adds up infinities of both signs
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


class NamedKernel(Kernel):
    """A kernel that is compared by all of its parameters, and printed by their names."""

    def __eq__(self, other):
        # scikit-learn's own broadcasts arrays against one another: one row would equal two.
        if type(self) is not type(other):
            return False
        mine, others = self.get_params(deep=False), other.get_params(deep=False)
        return all(_equal(mine[name], others[name]) for name in mine)

    __hash__ = None  # type: ignore[assignment]  # as scikit-learn's: parameters change

    def __repr__(self):
        """Name the parameters that are not at their defaults."""
        defaults = inspect.signature(type(self)).parameters
        arguments = ", ".join(
            f"{name}={plain(value)}"
            for name, value in self.get_params(deep=False).items()
            if not _equal(value, defaults[name].default)
        )
        return f"{type(self).__name__}({arguments})"


def _equal(one, other):
    """Compare parameters: arrays by their values, torch modules (activations) by what they say."""
    if type(one) is type(other) and hasattr(one, "extra_repr"):
        return repr(one) == repr(other)
    return np.array_equal(one, other)


def plain(value):
    """Write a parameter as one would type it."""
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.size <= 8:
        return repr(tuple(value.tolist()))
    if isinstance(value, np.ndarray):
        return f"<array of shape {value.shape}>"
    return repr(value.item() if isinstance(value, np.generic) else value)
