"""Sums over the blocks of dask arrays: each is taken where the block lies, then they are added.

dask is never imported here unless an array is one of its own.
"""

import functools
import math
import operator

import numpy as np

from skfourier._checks import refuse_no_numbers
from skfourier._lazy import check_sizes, is_dask
from skfourier._solvers._box import box_of, check_inside

# Sums that one task adds: more of them would have to lie in one worker's memory.
_SUMS_PER_TASK = 4


def check_columns(X, y, weight):
    """Check what is known of dask arrays before they are computed: dimensions, lengths, dtypes.

    Parameters
    ----------
    X : dask.array.Array
    y : array
    weight : array or None

    Raises
    ------
    ValueError
        If dimensions or lengths do not fit, there is no row or column, or numbers are not real.
    """
    if X.ndim != 2 or not all(X.shape):
        raise ValueError(
            f"X must have two dimensions, rows and columns, and one of each at least. Got shape "
            f"{X.shape}."
        )
    for name, array, dimensions in (("y", y, (1, 2)), ("sample_weight", weight, (1,))):
        if array is not None and len(np.shape(array)) not in dimensions:
            raise ValueError(
                f"{name} must have {' or '.join(map(str, dimensions))} dimensions. Got shape "
                f"{np.shape(array)}."
            )
    for name, array in (("X", X), ("y", y), ("sample_weight", weight)):
        if array is not None:
            _refuse_complex(array, name)


def bounds(X, weight=None, domain=None):
    """Find the box of the rows of a dask array that have a weight, and the sum of the weights.

    Parameters
    ----------
    X : dask.array.Array of shape (n_samples, n_features)
    weight : array of shape (n_samples,), default=None
        dask's or NumPy's.
    domain : (low, high) or None, default=None
        The box, if it is known: without weights no row is read then.

    Returns
    -------
    low, high : ndarray of shape (n_features,)
    weight_sum : float

    Raises
    ------
    ValueError
        If the sizes of the blocks are unknown, a block holds NaN or infinity, or all weights are
        zero.
    """
    import dask  # noqa: PLC0415 (optional, and heavy)

    if domain is not None and weight is None:
        check_sizes(X, "X")
        return *domain, float(len(X))
    tasks = [dask.delayed(_block_bounds)(*block) for block in _blocks(X, sample_weight=weight)]
    low, high, weights = zip(*dask.compute(*tasks), strict=True)
    weight_sum = math.fsum(weights)
    _check_any_weight(weight_sum)
    return *(domain or (np.min(low, axis=0), np.max(high, axis=0))), weight_sum


def sums_over_blocks(sums_of, X, y, weight=None, *, origin=0.0, domain=None):
    """Take sums over all rows of dask arrays.

    Parameters
    ----------
    sums_of : callable
        X, y and weight in memory to the sums over them, which add up.
    X : dask.array.Array of shape (n_samples, n_features)
    y : array of shape (n_samples,) or (n_samples, n_outputs)
        dask's or NumPy's; cut into blocks of rows as X is.
    weight : array of shape (n_samples,), default=None
        Likewise.
    origin : ndarray of shape (n_features,), default=0.0
        Subtracted from X.
    domain : (low, high) or None, default=None
        Box in which all rows of positive weight must lie, arrays of shape (n_features,).

    Returns
    -------
    FourierSums or FeatureSums

    Raises
    ------
    ValueError
        If lengths differ, the sizes of the blocks are unknown, a block holds NaN, infinity or
        negative weights, a row lies outside the domain, or all weights are zero.
    """
    import dask  # noqa: PLC0415 (optional, and heavy)

    # The features are sent once to each worker, not with each task.
    sums_of, block_sums = dask.delayed(sums_of), dask.delayed(_block_sums)
    sums = [
        block_sums(sums_of, *block, origin=origin, domain=domain)
        for block in _blocks(X, y=y, sample_weight=weight)
    ]
    add = dask.delayed(functools.partial(functools.reduce, operator.add))
    while len(sums) > 1:
        sums = [add(sums[i : i + _SUMS_PER_TASK]) for i in range(0, len(sums), _SUMS_PER_TASK)]
    total = sums[0].compute()
    _check_any_weight(total.moments.weight_sum)
    return total


def _blocks(X, **columns):
    """Return for each block of rows its first row, X and the columns, as delayed objects."""
    check_sizes(X, "X")
    X = X.rechunk({1: -1})
    starts = np.concatenate([[0], np.cumsum(X.chunks[0])[:-1]]).tolist()
    parts = [X.to_delayed()[:, 0]]
    for name, column in columns.items():
        if column is None:
            parts.append([None] * len(starts))
        else:
            parts.append(_cut_alike(column, name, X))
    return list(zip(starts, *parts, strict=True))


def _cut_alike(column, name, X):
    """Cut y or the weights at the rows where X is cut."""
    import dask.array  # noqa: PLC0415 (optional, and heavy)

    if is_dask(column):
        check_sizes(column, name)
    else:
        refuse_no_numbers(column, name)
        column = dask.array.from_array(np.asarray(column), chunks=-1)
    if column.shape[:1] != X.shape[:1]:
        raise ValueError(
            f"X and {name} must have equally many rows. X has {X.shape[0]}, {name} has shape "
            f"{column.shape}."
        )
    column = column.rechunk({0: X.chunks[0], **({1: -1} if column.ndim == 2 else {})})
    return column.to_delayed().reshape(len(X.chunks[0]), -1)[:, 0]


def _block_bounds(start, X, weight):
    X, weight = _weighted(start, weight, _finite(X, "X", start))
    if not len(X):
        return np.full(X.shape[1], np.inf), np.full(X.shape[1], -np.inf), 0.0
    return *box_of(X), float(weight.sum())


def _block_sums(sums_of, start, X, y, weight, *, origin, domain):
    X, y, weight = _weighted(start, weight, _finite(X, "X", start), _finite(y, "y", start))
    if domain is not None:
        check_inside(X, *domain)
    return sums_of(X - origin, y if y.ndim == 2 else y[:, None], weight)


def _check_any_weight(weight_sum):
    if not weight_sum:
        raise ValueError("All weights are zero: there is nothing to learn from.")


def _weighted(start, weight, *arrays):
    """Return the rows of arrays that have a weight, and their weights; ones for None."""
    if weight is None:
        return *arrays, np.ones(len(arrays[0]))
    weight = _finite(weight, "sample_weight", start)
    if np.any(weight < 0):
        raise ValueError(
            f"sample_weight is negative among {_rows(start, weight)}. Weights are 0 or more."
        )
    return *(array[weight > 0] for array in arrays), weight[weight > 0]


def _finite(block, name, start):
    """Convert a block to float64 and check it."""
    refuse_no_numbers(block, name)
    _refuse_complex(block, name)
    block = np.asarray(block, dtype=np.float64)
    if not np.all(np.isfinite(block)):
        raise ValueError(
            f"{name} holds NaN or infinity among {_rows(start, block)}. Drop these rows, or fill "
            f"them in."
        )
    return block


def _refuse_complex(array, name):
    if np.dtype(getattr(array, "dtype", float)).kind == "c":
        raise ValueError(
            f"{name} is complex, and a regression of real numbers was asked for. Pass its real and "
            f"imaginary parts as two columns."
        )


def _rows(start, block):
    return f"rows {start} to {start + len(block) - 1}"
