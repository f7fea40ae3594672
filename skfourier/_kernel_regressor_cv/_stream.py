"""Rows that come in blocks: their sums, a sample of them, and the choice made by it."""

import copy
import warnings
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone

from skfourier._kernel_regressor import scaled_kernel
from skfourier._kernel_regressor_cv._likelihood_search import search_by_likelihood
from skfourier._kernel_regressor_cv._reservoir import Reservoir
from skfourier._solvers._nufft import NUFFT
from skfourier._solvers._problem import Problem
from skfourier._solvers._trend import TrendBasis

# The lattice of modes serves sigmas between these multiples of the first choice. Smaller ones ask
# for a finer lattice, whose modes are more to factorize: 1 / 2 would be 2.7 times as many as 1.
_ROOM = 0.8, 2.0


def streams(problem, tol):
    """Return whether the solver that needs sums over rows only takes a problem."""
    return NUFFT(problem, tol=tol).why_not() is None


class Stream:
    """The rows that are kept of a stream, and the choice that has been made.

    Parameters
    ----------
    template : FourierKernelRegressor
        For solver="nufft", with its domain.
    kernels : list of Kernel
    per_axis : bool or "auto"
    """

    def __init__(self, template, kernels, per_axis):
        self.template, self.kernels, self.per_axis = template, kernels, per_axis
        self.sample, self.n_rows, self.n_rows_of_choice = Reservoir(), 0, 0
        self.choice: Any = None
        self.sums: Any = None

    def with_rows(self, X, y, weight):
        """Return the stream with more rows, and a new choice where they have doubled.

        As long as all rows are in the sample, each choice lays the modes out anew.
        """
        other = copy.copy(self)
        weight = np.ones(len(X)) if weight is None else weight
        columns = (y if y.ndim == 2 else y[:, None]).astype(float)
        other.sample = self.sample.with_rows(X, columns, weight)
        other.n_rows += len(X)
        chosen_anew = other.n_rows >= 2 * self.n_rows_of_choice
        if chosen_anew:
            other.choice, other.n_rows_of_choice = other._chosen(), other.n_rows
        kept_whole = other.n_rows <= other.sample.size
        if self.sums is None or (chosen_anew and kept_whole):
            other.sums = clone(self.template).set_params(kernel=other._layout())
            if kept_whole:
                X, columns, weight = other.sample.rows
                y = columns.reshape(len(columns), *y.shape[1:])
        else:
            other.sums = copy.copy(self.sums)
        other.sums.partial_fit(X, y, weight)
        return other

    def regressor(self):
        """Return the regressor of the kernel that was chosen, fitted to all rows."""
        best, regressor = self.choice.best, copy.copy(self.sums)
        solver = self.sums._solver.with_kernel(best.kernel, best.alpha)
        if not solver.features.serve(best.kernel):
            warnings.warn(
                f"The Fourier modes were laid out by the first rows. They serve {_ROOM[0]:g} to "
                f"{_ROOM[1]:g} times the sigma that was best there, and do not hold all of "
                f"{best.kernel!r}. Begin anew, with a first block of rows drawn from everywhere.",
                UserWarning,
                stacklevel=4,
            )
        regressor.set_params(kernel=best.kernel, alpha=best.alpha)
        regressor.kernel_, regressor._solver = best.kernel, solver
        return regressor.calibrated()

    def _chosen(self):
        X, y, weight = self.sample.rows
        trend = TrendBasis.of(self.template.trend, X, y)
        problem = Problem.of(self.kernels[0], X, y, weight, alpha=1.0, trend=trend)
        return search_by_likelihood(
            problem,
            self.kernels,
            per_axis=self.per_axis,
            allowed=partial(streams, tol=self.template.tol),
        )

    def _layout(self):
        """Return a kernel whose modes serve those near the first choice."""
        kernel, n_features = self.choice.best.kernel, self.sample.rows[0].shape[1]
        wide, narrow = (scaled_kernel(kernel, s, n_features) for s in _ROOM)
        return wide + narrow
