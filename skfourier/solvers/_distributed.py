"""Sums over the blocks of dask arrays: each is taken where the block lies, then they are added.

dask is never imported here unless an array is one of its own.
"""

import functools
import math
import operator

import numpy as np

# Sums that one task adds: more of them would have to lie in one worker's memory.
_ADDED_AT_ONCE = 4


def is_dask(array):
    """Tell whether this is a dask array, without importing dask."""
    return type(array).__module__.startswith("dask.array")


def bounds(X):
    """Find the smallest and the largest coordinate of each column of a dask array.

    Parameters
    ----------
    X : dask.array.Array of shape (n_samples, n_features)

    Returns
    -------
    low, high : ndarray of shape (n_features,)

    Raises
    ------
    ValueError
        If the sizes of the blocks are unknown, or X holds NaN or infinity.
    """
    import dask  # noqa: PLC0415 (optional, and heavy)

    tasks = [dask.delayed(_block_bounds)(*block) for block in _blocks(X)]
    found = dask.compute(*tasks)
    low, high = (np.stack(ends) for ends in zip(*found, strict=True))
    return low.min(axis=0), high.max(axis=0)


def normal_equations(features, X, y, weight=None, *, origin=0.0):
    """Take the sums of `features.normal_equations` over all rows of dask arrays.

    Parameters
    ----------
    features : EquispacedModes or FiniteFeatures
    X : dask.array.Array of shape (n_samples, n_features)
    y : array of shape (n_samples,) or (n_samples, n_outputs)
        dask's or NumPy's; cut into blocks of rows as X is.
    weight : array of shape (n_samples,), default=None
        Likewise.
    origin : ndarray of shape (n_features,), default=0.0
        Subtracted from X.

    Returns
    -------
    ToeplitzEquations or NormalEquations

    Raises
    ------
    ValueError
        If lengths differ, the sizes of the blocks are unknown, or a block holds NaN or infinity.
    """
    import dask  # noqa: PLC0415 (optional, and heavy)

    # The features are sent once to each worker, not with each task.
    features, block_sums = dask.delayed(features), dask.delayed(_block_sums)
    sums = [
        block_sums(features, *block, origin=origin)
        for block in _blocks(X, y=y, sample_weight=weight)
    ]
    add = dask.delayed(_added)
    while len(sums) > 1:
        sums = [add(sums[i : i + _ADDED_AT_ONCE]) for i in range(0, len(sums), _ADDED_AT_ONCE)]
    return sums[0].compute()


def _blocks(X, **columns):
    """Return for each block of rows its first row, X and the columns, as delayed objects."""
    if X.ndim != 2:
        raise ValueError(f"X must have two dimensions, rows and columns. Got shape {X.shape}.")
    _check_sizes(X, "X")
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
        _check_sizes(column, name)
    else:
        column = dask.array.from_array(np.asarray(column), chunks=-1)
    if column.shape[:1] != X.shape[:1]:
        raise ValueError(
            f"X and {name} must have equally many rows. X has {X.shape[0]}, {name} has shape "
            f"{column.shape}."
        )
    column = column.rechunk({0: X.chunks[0], **({1: -1} if column.ndim == 2 else {})})
    return column.to_delayed().reshape(len(X.chunks[0]), -1)[:, 0]


def _check_sizes(array, name):
    if any(math.isnan(size) for sizes in array.chunks for size in sizes):
        raise ValueError(
            f"The sizes of the blocks of {name} are unknown, so that its rows cannot be matched. "
            f"Call {name}.compute_chunk_sizes() before."
        )


def _block_bounds(start, X):
    X = _finite(X, "X", start)
    if not len(X):
        return np.full(X.shape[1], np.inf), np.full(X.shape[1], -np.inf)
    return X.min(axis=0), X.max(axis=0)


def _block_sums(features, start, X, y, weight, *, origin):
    X, y = _finite(X, "X", start), _finite(y, "y", start)
    if weight is not None:
        weight = _finite(weight, "sample_weight", start)
    return features.normal_equations(X - origin, y if y.ndim == 2 else y[:, None], weight)


def _finite(block, name, start):
    """Convert a block to float64 and check it."""
    block = np.asarray(block, dtype=np.float64)
    if not np.all(np.isfinite(block)):
        raise ValueError(
            f"{name} holds NaN or infinity among rows {start} to {start + len(block) - 1}. Drop "
            f"these rows, or fill them in."
        )
    return block


def _added(sums):
    return functools.reduce(operator.add, sums)
