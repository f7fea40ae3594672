"""Arrays of every kind, as hypothesis draws them, and what holds of a call whatever came."""

import copy
import math
import os
import tempfile
import traceback
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# Few examples, always the same; many others with HYPOTHESIS_PROFILE=many.
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "few",
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=_SLOW,
)
settings.register_profile("many", max_examples=2000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "few"))

FLOATS = ["float64", "float32", "float16", "longdouble"]
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
NUMBERS = ["float64"] * 8 + FLOATS * 2 + INTEGERS + ["bool"]
OTHERS = ["complex64", "complex128", "datetime64[D]", "timedelta64[s]", "U", "S", "object", "V8"]
SCALES = [1e-300, 1e-160, 1e-30, 1e-5, 1e-2, 1.0, 100.0, 1e5, 1e30, 1e160, 1e300]
# What one column is, from a generator and a number of rows.
COLUMNS = {
    "grid": lambda _, n: np.arange(n) / max(n, 1),
    "scattered": lambda rng, n: rng.uniform(size=n),
    "signed": lambda rng, n: rng.normal(size=n),
    "constant": lambda rng, n: np.full(n, rng.integers(-2, 3)),
    "duplicated": lambda rng, n: rng.integers(0, 3, size=n) / 2,
    "whole": lambda rng, n: rng.integers(-5, 6, size=n),
    "zeros": lambda _, n: np.zeros(n),
    "unit": lambda rng, n: rng.integers(0, 3, size=n) / 2,
}


@st.composite
def columns(draw, n_rows, n_columns, scales=SCALES, offsets=(0.0, 0.0, 0.0, 1.0, 1e6)):
    """Draw a float64 array of that shape, finite."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    parts = []
    for _ in range(n_columns):
        column = COLUMNS[draw(st.sampled_from(sorted(COLUMNS)))](rng, n_rows).astype(float)
        scale = draw(st.sampled_from([1.0, 1.0, *scales]))
        parts.append((column + draw(st.sampled_from(offsets))) * scale)
    return np.column_stack(parts) if parts else np.empty((n_rows, 0))


def in_dtype(array, dtype):
    """Return the array in another dtype, whatever becomes of its values."""
    kind = np.dtype(dtype).kind
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind in "iu":
            information = np.iinfo(dtype)
            array = np.nan_to_num(array)
            array = np.clip(array, float(information.min), float(information.max) / 2)
            return array.astype(dtype)
        if kind in "mM":
            return np.clip(np.nan_to_num(array), -1e4, 1e4).astype("i8").astype(dtype)
        if kind == "V":
            return np.zeros(array.shape, dtype)
        return array.astype(dtype)


def _memmap(array):
    if array.dtype.kind == "O" or not array.size:
        return array
    folder = tempfile.mkdtemp()
    path = Path(folder) / "array.dat"
    mapped = np.memmap(path, dtype=array.dtype, mode="w+", shape=array.shape or (1,))
    mapped[...] = array
    mapped.flush()
    return np.memmap(path, dtype=array.dtype, mode="r", shape=array.shape or (1,))


def _every_second(array):
    if not array.ndim:
        return array
    wide = np.repeat(array, 2, axis=array.ndim - 1)
    return wide[..., ::2]


def _read_only(array):
    array = np.array(array)
    array.flags.writeable = False
    return array


def _frame(array):
    if array.dtype.kind == "V":
        return array
    if array.ndim != 2:
        return pd.Series(array) if array.ndim == 1 else array
    return pd.DataFrame(array, columns=[f"c{i}" for i in range(array.shape[1])])


def _polars(array):
    if array.ndim != 2 or not array.shape[1] or array.dtype.kind not in "biuf":
        return array
    if array.dtype.itemsize > 8 or array.dtype.name == "float16":
        return array
    return pl.DataFrame({f"c{i}": np.ascontiguousarray(column) for i, column in enumerate(array.T)})


def _unaligned(array):
    if array.dtype.kind == "O":
        return array
    raw = np.zeros(array.nbytes + 1, dtype=np.uint8)
    view = raw[1:].view(array.dtype) if array.nbytes else array.ravel()
    view[...] = array.ravel()
    return view.reshape(array.shape)


# Other containers of the same numbers.
CONTAINERS = {
    "itself": lambda a: a,
    "other byte order": lambda a: a.astype(a.dtype.newbyteorder("S")),
    "Fortran order": np.asfortranarray,
    "negative strides": lambda a: a[::-1].copy()[::-1] if a.ndim else a,
    "every second": _every_second,
    "read-only": _read_only,
    "memmap": _memmap,
    "list": lambda a: a.tolist(),
    "tuple": lambda a: tuple(a.tolist()) if a.ndim else a,
    "pandas": _frame,
    "polars": _polars,
    "memoryview": lambda a: memoryview(np.ascontiguousarray(a)) if a.dtype.kind in "biuf" else a,
    "masked without a mask": np.ma.array,
    "object": lambda a: a.astype(object),
    "unaligned": _unaligned,
}


@st.composite
def wild(draw, n_rows=None, n_columns=None, ndim=None, finite=False):
    """Draw any array at all, most of them two-dimensional."""
    if ndim is None:
        ndim = draw(st.sampled_from([2, 2, 2, 2, 1, 1, 0, 3, 4]))
    n_rows = draw(st.sampled_from([0, 1, 1, 2, 3, 5, 8, 12, 17, 30])) if n_rows is None else n_rows
    n_columns = draw(st.sampled_from([0, 1, 1, 2, 3])) if n_columns is None else n_columns
    if ndim == 0:
        array = draw(columns(1, 1)).reshape(())
    elif ndim == 1:
        array = draw(columns(n_rows, 1)).reshape(n_rows)
    elif ndim == 2:
        array = draw(columns(n_rows, n_columns))
    else:
        shape = (n_rows, *draw(st.lists(st.integers(1, 8), min_size=ndim - 1, max_size=ndim - 1)))
        array = draw(columns(n_rows, math.prod(shape[1:]))).reshape(shape)
    if not finite and array.size and draw(st.integers(0, 7)) == 0:
        place = draw(st.integers(0, array.size - 1))
        array = array.copy()
        array.flat[place] = draw(st.sampled_from([math.nan, math.inf, -math.inf]))
    dtype = draw(st.sampled_from([*NUMBERS, *OTHERS]))
    array = in_dtype(array, dtype)
    if draw(st.integers(0, 15)) == 0 and array.ndim:
        return np.ma.array(array, mask=np.arange(array.size).reshape(array.shape) % 3 == 0)
    if draw(st.integers(0, 15)) == 0 and array.ndim == 2 and array.size:
        return np.broadcast_to(array[:1], array.shape)
    name = draw(st.sampled_from(sorted(CONTAINERS)))
    try:
        return CONTAINERS[name](array)
    except (TypeError, ValueError, NotImplementedError, pl.exceptions.PolarsError):
        return array  # that container holds no such numbers


@st.composite
def rows(draw, n_rows=None, n_columns=None, *, ndim=2, **kinds):
    """Draw finite numbers of a shape in any container; one of eight is any array at all."""
    if draw(st.integers(0, 7)) == 0:
        return draw(wild(n_rows=n_rows))
    n_rows = draw(st.sampled_from([1, 2, 3, 5, 8, 12, 17, 30])) if n_rows is None else n_rows
    n_columns = draw(st.sampled_from([1, 1, 2, 3])) if n_columns is None else n_columns
    array = draw(columns(n_rows, 1 if ndim == 1 else n_columns, **kinds))
    array = array[:, 0] if ndim == 1 else array
    array = in_dtype(array, draw(st.sampled_from(NUMBERS)))
    return CONTAINERS[draw(st.sampled_from(sorted(CONTAINERS)))](array)


@st.composite
def pixels(draw, shape, dtypes=("bool", "uint8", "uint16", "float32", "float64")):
    """Draw pixels of a shape in any container."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    dtype = draw(st.sampled_from(dtypes))
    array = in_dtype(rng.uniform(size=shape) * (1 if dtype[0] in "fl" else 200), dtype)
    if dtype == "bool":
        array = rng.uniform(size=shape) < 0.5
    return CONTAINERS[draw(st.sampled_from(sorted(CONTAINERS)))](array)


def same(before, after):
    """Return whether an argument is what it was."""
    if isinstance(before, np.ma.MaskedArray):
        return np.array_equal(before.mask, after.mask) and same(before.data, after.data)
    one, other = np.asarray(before), np.asarray(after)
    if one.dtype.kind == "f":
        return np.array_equal(one, other, equal_nan=True)
    return repr(one) == repr(other) if one.dtype.kind == "O" else one.tobytes() == other.tobytes()


def copied(argument):
    """Copy an argument, to tell afterwards whether it is what it was."""
    if isinstance(argument, tuple):
        return tuple(map(copied, argument))
    if isinstance(argument, memoryview):
        return np.array(argument)
    return copy.deepcopy(argument)


def numbers_in(result):
    """Yield the arrays of numbers in a result."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, list | tuple):
        for part in result:
            yield from numbers_in(part)
        return
    if isinstance(result, float | np.ndarray | np.generic):
        array = np.asarray(result)
        if array.dtype.kind in "fc":
            yield array


ALLOWED = (ValueError, TypeError)


class Fault(AssertionError):
    """What must not come of any call."""


def call(function, *arguments, infinite=False):
    """Call, and check what holds whatever came; return the result, or the error that was raised.

    No argument changes; errors are ValueError or TypeError, raised with a sentence and not by
    NumPy's own code; warnings are UserWarnings that NumPy did not make; results are finite.
    """
    copies = copied(arguments)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = function(*arguments)
        except ALLOWED as error:
            _check_is_said(error)
            result = error
    for before, after in zip(copies, arguments, strict=True):
        if not same(before, after):
            raise Fault(f"{type(after).__name__} was changed")
    for one in caught:
        if "pandas/io/formats" in Path(one.filename).as_posix():
            continue  # a message quotes float16 values, which pandas prints with a warning
        if issubclass(one.category, RuntimeWarning) or not issubclass(one.category, UserWarning):
            raise Fault(f"{one.category.__name__}, {one.filename}:{one.lineno}: {one.message}")
    for array in () if infinite or isinstance(result, Exception) else numbers_in(result):
        if not np.isfinite(array).all():
            raise Fault(f"not finite: {array}")
    return result


def _check_is_said(error):
    """Check that somebody raised an error on purpose, and with a sentence."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    ours = any(part in last.filename for part in ("skfourier", "sklearn"))
    if not (ours and last.line.startswith("raise") and len(str(error).split()) > 3):
        raise Fault(f"{error!r} is no sentence of ours") from error
