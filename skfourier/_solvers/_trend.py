r"""The functions of a trend: 1, and the columns of X or of what a transformer makes of it.

.. math:: h(x) = (1, \; M^T (t(x) - \bar t))

M makes the columns orthonormal over the first rows, so that no system of theirs is worse
conditioned than the trend itself.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import PolynomialFeatures
from sklearn.utils.validation import check_is_fitted

# Of a column's size: what rounding makes of a constant.
_CONSTANT = 1e-12
# Singular values of columns of unit deviation, of which the largest is about 1.
_COLLINEAR = 1e-10
# Of a polynomial in a file.
_HIGHEST_DEGREE = 1000
# By how much of the largest slope those of two steps, and those of two sides, may differ.
_TWO_STEPS, _TWO_SIDES, _MAX_HALVINGS = 1e-3, 0.03, 12


@dataclass(frozen=True, eq=False)
class TrendBasis:
    """The functions of a trend, as the first rows have determined them.

    Parameters
    ----------
    transformer : transformer or None
        Fitted. None for the columns of X.
    shift : ndarray of shape (n_columns,)
        The mean of each column.
    mixing : ndarray of shape (n_columns, n_functions - 1)
        M. Columns that were constant are rows of zeros.
    """

    transformer: Any
    shift: np.ndarray
    mixing: np.ndarray

    @classmethod
    def of(cls, trend, X, y):
        """Determine the functions by the first rows.

        Parameters
        ----------
        trend : "constant", "linear", transformer or None
            A transformer is cloned and fitted.
        X : ndarray of shape (n_samples, n_features)
        y : ndarray

        Returns
        -------
        TrendBasis or None

        Raises
        ------
        ValueError
            If the rows are too few, or columns are collinear over them.
        """
        if trend is None:
            return None
        X = np.asarray(X, dtype=float)
        transformer = None if isinstance(trend, str) else clone(trend).fit(X, y)
        columns = X[:, :0] if trend == "constant" else _columns(transformer, X)
        shift = columns.mean(axis=0)
        mixing = _orthonormalizing(columns - shift, np.abs(columns).max(axis=0, initial=0))
        if len(X) <= mixing.shape[1] + 1:
            raise ValueError(
                f"trend={trend!r} has {mixing.shape[1] + 1} coefficients, the constant among them. "
                f"These take more rows (of partial_fit, in the first block). Got {len(X)}."
            )
        return cls(transformer, shift, mixing)

    def __call__(self, X):
        """Evaluate at rows in the user's coordinates: (n_samples, n_functions)."""
        ones = np.ones((len(X), 1))
        if not len(self.shift):
            return ones
        columns = _columns(self.transformer, np.asarray(X, dtype=float))
        return np.hstack([ones, (columns - self.shift) @ self.mixing])

    @property
    def n_functions(self):
        """Number of functions, the constant among them."""
        return 1 + self.mixing.shape[1]

    def of_columns(self, coefficients):
        """Turn coefficients of the functions into those of the columns.

        Parameters
        ----------
        coefficients : ndarray of shape (n_functions, n_outputs)

        Returns
        -------
        intercept : ndarray of shape (n_outputs,)
        slope : ndarray of shape (n_columns, n_outputs)
        """
        slope = self.mixing @ coefficients[1:]
        return coefficients[0] - self.shift @ slope, slope

    def smooth_step(self, X, step, axis):
        """Return a step, this one or a shorter one, by which the functions can be differentiated.

        Raises
        ------
        ValueError
            If there is none: they jump, or have a kink, at these rows.
        """
        direction = np.eye(X.shape[1])[axis]
        for h in step / 2.0 ** np.arange(_MAX_HALVINGS):
            here, wide, narrow = (self(X + t * direction) for t in (0.0, 2 * h, h))
            back, close = self(X - 2 * h * direction), self(X - h * direction)
            slope, finer = (wide - back) / (4 * h), (narrow - close) / (2 * h)
            # One-sided slopes of a smooth function differ by a step times its curvature.
            kink = np.abs(narrow - 2 * here + close).max(initial=0) / h
            size = max(np.abs(finer).max(initial=0), np.abs(here).max(initial=0) / step)
            off = np.abs(slope - finer).max(initial=0)
            if off <= _TWO_STEPS * size and kink <= _TWO_SIDES * size:
                return h
        raise ValueError(
            f"The trend by {self.transformer!r} has no gradient at some of these rows along column "
            f"{axis} of X: it jumps or bends there. Take other rows, or a smooth trend."
        )

    def state(self):
        """Return what files hold."""
        return {"transformer": self.transformer, "shift": self.shift, "mixing": self.mixing}

    @classmethod
    def from_state(cls, state, n_features):
        """Rebuild the functions of `n_features` columns from `state`."""
        transformer = state.take("transformer")
        shift = state.array("shift", (None,))
        basis = cls(transformer, shift, state.array("mixing", (len(shift), None)))
        state.finish()
        nowhere = np.zeros((1, n_features))
        if isinstance(transformer, PolynomialFeatures):
            _check_number_of_terms(transformer, n_features, len(shift))
        if transformer is not None:
            try:
                check_is_fitted(transformer)
            except NotFittedError:  # it learns the number of columns only
                transformer.fit(nowhere)
        basis(nowhere)
        return basis


def _check_number_of_terms(polynomial, n_features, n_columns):
    """Refuse a polynomial of a file before its terms are made, if they are not `n_columns`.

    Raises
    ------
    ValueError
        If they are others: a degree of 10^9 would take all memory.
    """
    degree = polynomial.degree
    low, high = degree if isinstance(degree, list | tuple) else (0, degree)
    if not (isinstance(low, int) and isinstance(high, int) and high <= _HIGHEST_DEGREE):
        raise ValueError(f"{degree!r} is not the degree of a polynomial")
    n_terms = int(bool(polynomial.include_bias)) + sum(
        math.comb(n_features if polynomial.interaction_only else n_features + order - 1, order)
        for order in range(max(low, 1), high + 1)
    )
    if n_terms != n_columns:
        raise ValueError(f"{polynomial!r} has other terms than the {n_columns} columns of the file")


def n_functions(trend):
    """Return how many functions a trend has; None has none."""
    return 0 if trend is None else trend.n_functions


def with_trend(y, X, trend):
    """Return y with the functions of a trend, if there is one, as more columns."""
    return y if trend is None else np.hstack([y, trend(X)])


def _columns(transformer, X):
    """Return what a transformer makes of rows, as a matrix; the rows themselves without one."""
    if transformer is None:
        return X
    columns = transformer.transform(X)
    columns = np.asarray(columns.toarray() if issparse(columns) else columns, dtype=float)
    if columns.shape[:1] != (len(X),) or columns.ndim != 2 or not np.isfinite(columns).all():
        raise ValueError(
            f"A trend takes a transformer that gives finite numbers, a row for each row of X. "
            f"{transformer!r} gave an array of shape {columns.shape} for {len(X)} rows."
        )
    return columns


def _orthonormalizing(centered, size):
    """Return M for columns less their means; columns that are constant get rows of zeros.

    Raises
    ------
    ValueError
        If the others are collinear.
    """
    deviation = np.sqrt(np.mean(np.square(centered), axis=0))
    varying = np.flatnonzero(deviation > _CONSTANT * size)
    triangle = np.linalg.qr(centered[:, varying] / deviation[varying], mode="r")
    _, values, rows = np.linalg.svd(triangle, full_matrices=True)
    values = np.append(values, np.zeros(len(varying) - len(values))) / np.sqrt(len(centered))
    if len(values) and not values[-1] > _COLLINEAR * values[0]:
        involved = varying[np.abs(rows[-1]) > _COLLINEAR**0.5]
        raise ValueError(
            f"The columns {involved.tolist()} of the trend are collinear over the first rows, with "
            f"one another or with the constant, which every trend has: their coefficients are not "
            f"determined. Leave one out (OneHotEncoder(drop='first'), say), or pass more rows."
        )
    mixing = np.zeros((centered.shape[1], len(varying)))
    mixing[varying] = rows.T / values / deviation[varying, None]
    return mixing
