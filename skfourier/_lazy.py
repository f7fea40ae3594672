"""Rows that are not in memory: dask arrays, answered block by block.

dask is never imported here unless an array is one of its own.
"""

import functools
import inspect
import math

import numpy as np


def is_dask(array):
    """Return whether this is a dask array, without importing dask.

    Raises
    ------
    ValueError
        If it is a dask DataFrame: as an array it would be read into memory as a whole.
    """
    module = type(array).__module__
    if module.startswith(("dask.dataframe", "dask_expr")):
        raise ValueError(
            "A dask DataFrame has no fixed row order. Pass its to_dask_array(lengths=True), for X, "
            "y and the weights alike."
        )
    return module.startswith("dask.array")


def check_sizes(array, name):
    """Raise ValueError if the sizes of the blocks of a dask array are unknown."""
    if any(math.isnan(size) for sizes in array.chunks for size in sizes):
        raise ValueError(
            f"The sizes of the blocks of {name} are unknown, so that its rows cannot be matched. "
            f"Call {name}.compute_chunk_sizes() before."
        )


def by_blocks(method):
    """Let a method whose result has a row for each row of X answer dask arrays lazily.

    The result is a dask array, or a tuple of them; each block is computed from one block of X.

    Parameters
    ----------
    method : function of (self, X, ...)

    Returns
    -------
    function

    Raises
    ------
    ValueError
        By that function: if X has no two dimensions, its blocks are of unknown sizes, or a
        covariance is asked for.
    """
    signature = inspect.signature(method)

    @functools.wraps(method)
    def answer(self, X, *args, **kwargs):
        if not is_dask(X):
            return method(self, X, *args, **kwargs)
        if signature.bind(self, X, *args, **kwargs).arguments.get("return_cov"):
            raise ValueError(
                "The covariance is one between all rows, and X is a dask array. Pass few rows, as "
                "a NumPy array."
            )
        return _lazy_answer(lambda block: method(self, block, *args, **kwargs), X)

    return answer


def _lazy_answer(function, X):
    import dask.array  # noqa: PLC0415 (optional, and heavy)

    if X.ndim != 2:
        raise ValueError(f"X must have two dimensions, rows and columns. Got shape {X.shape}.")
    check_sizes(X, "X")
    X = X.rechunk({1: -1})
    # What comes of a row tells shapes and dtypes, and all errors but those of values.
    example = function(np.zeros((1, X.shape[1]), X.dtype))
    parts = example if isinstance(example, tuple) else (example,)
    compute = dask.delayed(function, nout=len(parts) if parts is example else None)
    answers = [
        (n_rows, compute(block))
        for n_rows, block in zip(X.chunks[0], X.to_delayed()[:, 0], strict=True)
        if n_rows
    ]
    arrays = [
        dask.array.concatenate(
            [
                dask.array.from_delayed(
                    answer[k] if parts is example else answer,
                    shape=(n_rows, *part.shape[1:]),
                    dtype=part.dtype,
                )
                for n_rows, answer in answers
            ]
        )
        for k, part in enumerate(parts)
    ]
    return tuple(arrays) if parts is example else arrays[0]
