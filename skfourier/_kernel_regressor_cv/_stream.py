"""Rows that come in blocks: their sums, a sample of them, and the choice made by it."""

import copy
import warnings
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils.validation import check_is_fitted

from skfourier._kernel_regressor import FourierKernelRegressor, scaled_kernel
from skfourier._kernel_regressor_cv._likelihood_search import search_by_likelihood
from skfourier._kernel_regressor_cv._reservoir import Reservoir
from skfourier._solvers._nufft import NUFFT
from skfourier._solvers._problem import Problem
from skfourier._solvers._trend import TrendBasis
from skfourier.kernels._fitted import check_fitted_kernel

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

    Attributes
    ----------
    choice : Choice or None
        The last one; None after loading, when it has been told.
    kernel : Kernel
    alpha : float
        The best ones of the last choice.
    """

    def __init__(self, template, kernels, per_axis):
        self.template, self.kernels, self.per_axis = template, kernels, per_axis
        self.sample, self.n_rows_of_choice = Reservoir(), 0
        self.choice, self.kernel, self.alpha = None, None, None
        self.sums: Any = None

    def state(self):
        """Return what files hold."""
        names = ("template", "kernels", "per_axis", "n_rows_of_choice", "kernel", "alpha", "sums")
        return {"sample": self.sample.state(), **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_state(cls, state, n_features):
        """Rebuild a stream of rows of so many columns from `state`.

        Raises
        ------
        ValueError
            If the parts do not belong together.
        """
        template = state.take("template", FourierKernelRegressor)
        kernels, per_axis = state.take("kernels", list), state.take("per_axis", bool, str)
        if not kernels or not all(isinstance(kernel, Kernel) for kernel in kernels):
            raise ValueError(f"{state.owner} has no kernels to choose from")
        stream = cls(template, kernels, per_axis)
        stream.kernel, stream.alpha = state.take("kernel", Kernel), state.number("alpha")
        stream.sums = sums = state.take("sums", FourierKernelRegressor)
        check_is_fitted(sums)
        if sums.n_features_in_ != n_features or sums.solver_ != "nufft" or not stream.alpha > 0:
            raise ValueError(f"{state.owner} has no sums of {n_features} columns")
        for kernel in (*kernels, stream.kernel):
            check_fitted_kernel(kernel, n_features)
        n_outputs = len(sums._solver.moments.mean)
        stream.sample = Reservoir.from_state(state.part("sample"), n_features, n_outputs)
        stream.n_rows_of_choice = state.count("n_rows_of_choice", least=1)
        state.finish()
        return stream

    def with_rows(self, X, y, weight):
        """Return the stream with more rows, and a new choice where they have doubled.

        As long as all rows are in the sample, each choice lays the modes out anew.
        """
        other = copy.copy(self)
        weight = np.ones(len(X)) if weight is None else weight
        columns = (y if y.ndim == 2 else y[:, None]).astype(float)
        other.sample = self.sample.with_rows(X, columns, weight)
        n_rows = other.sample.n_offered
        chosen_anew = n_rows >= 2 * self.n_rows_of_choice
        if chosen_anew:
            other.choice, other.n_rows_of_choice = other._chosen(), n_rows
            other.kernel, other.alpha = other.choice.best.kernel, other.choice.best.alpha
        kept_whole = n_rows <= other.sample.size
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
        regressor = copy.copy(self.sums).set_params(kernel=self.kernel, alpha=self.alpha)
        regressor.kernel_ = self.kernel
        regressor._solver = self.sums._solver.with_kernel(self.kernel, self.alpha)
        return regressor.calibrated()

    def warn_unless_served(self):
        """Warn if the modes, laid out for the first choice, do not hold the kernel of the last."""
        if not self.sums._solver.features.serve(self.kernel):
            warnings.warn(
                f"The Fourier modes were laid out by the first rows. They serve {_ROOM[0]:g} to "
                f"{_ROOM[1]:g} times the sigma that was best there, and do not hold all of "
                f"{self.kernel!r}. Begin anew, with a first block of rows drawn from everywhere.",
                UserWarning,
                stacklevel=4,
            )

    def _chosen(self):
        X, y, weight = self.sample.rows
        trend = TrendBasis.of(self.template.trend, X, y)
        problem = Problem.of(self.kernels[0], X, y, weight, alpha=1.0, trend=trend)
        allowed = partial(streams, tol=self.template.tol)
        return search_by_likelihood(problem, self.kernels, per_axis=self.per_axis, allowed=allowed)

    def _layout(self):
        """Return a kernel whose modes serve those near the first choice."""
        n_features = self.sample.rows[0].shape[1]
        wide, narrow = (scaled_kernel(self.kernel, s, n_features) for s in _ROOM)
        return wide + narrow
