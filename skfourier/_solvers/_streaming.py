"""Solvers that need sums over the rows only, so that rows can be added and need not be kept."""

from abc import abstractmethod
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from skfourier._solvers._solver import Solver
from skfourier._solvers._trend import n_functions


class StreamingSolver(Solver):
    """A solver that learns from sums over rows.

    A fit in memory, rows that are added later, and the blocks of a dask array are the same:
    features, and the sums of their products over the rows, which add up.
    """

    #: The class of the sums, with `of(features, X, y, weight)` and `+`.
    sums_type: ClassVar[Any]
    shared: ClassVar[tuple[str, ...]] = ("features", "sums")

    @property
    @abstractmethod
    def features(self):
        """The features whose ridge regression this is."""

    @cached_property
    def sums(self):
        """The sums over the rows of the problem."""
        return self.sums_of(self.problem.X, self.problem.y, self.problem.weight)

    def state(self):
        """Return the sums, which more rows may be added to, and no rows."""
        problem = replace(self.problem.without_rows(), moments=self.moments)
        return {**super().state(), "problem": problem.state(), "sums": self.sums.state()}

    def _solution_state(self):
        """Return the solution if there is one; else the sums give it when it is asked for."""
        return super()._solution_state() if "coefficients" in vars(self) else {}

    def _restore_solution(self, state):
        if "coefficients" in state:
            super()._restore_solution(state)

    def _restore(self, state):
        moments = self.problem.moments
        sums = self.sums_type.from_state(self.features, moments, state.part("sums"))
        self.__dict__["sums"] = sums

    @property
    def moments(self):
        """Mean and variation of the targets, of rows added later too."""
        return self.sums.moments if "sums" in self.__dict__ else self.problem.moments

    def of_sums(self, sums, alpha=None, max_iter=None):
        """Return this solver with these sums, without rows, and perhaps with other parameters."""
        problem = self.problem.without_rows()
        if alpha is not None:
            problem = problem.with_alpha(alpha)
        other = type(self)(problem, tol=self.tol, max_iter=max_iter or self.max_iter)
        other.__dict__.update(features=self.features, sums=sums)
        return other

    def sums_of(self, X, y, weight):
        """Take the sums over other rows."""
        return self.sums_type.of(self.features, X, y, weight, n_functions(self.problem.trend))

    @abstractmethod
    def sums_and_coefficients(self):
        r"""Return r and :math:`\beta`, a row for each output: inner products are those of rows.

        From these, and from moments of the targets, follow products with :math:`A^{-1}` without X:
        :math:`\alpha\, y^T A^{-1} y = y^T W y - r^* \beta`.
        """

    def quadratic_form(self):
        r"""Return :math:`(y - \bar y)^T A^{-1} (y - \bar y)` of each output, from the sums."""
        sums, coefficients = self.sums_and_coefficients()
        explained = np.einsum("ij,ij->i", sums.conj(), coefficients).real
        return (self.moments.variation - explained) / self.problem.alpha

    def products_with_trend(self):
        r"""Return :math:`(y - \bar y)^T A^{-1} H`, H the last outputs: (n_outputs, n_trend)."""
        sums, coefficients = self.sums_and_coefficients()
        explained = (sums.conj() @ coefficients[-self.moments.n_trend :].T).real
        return (self.moments.products - explained) / self.problem.alpha

    def dual(self):
        r"""Return :math:`A^{-1} (y - \bar y) = W (y - f) / \alpha`: (n_samples, n_outputs)."""
        problem = self.problem
        return (problem.y - self.mean(problem.X)) / problem.noise[:, None]
