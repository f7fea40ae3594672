r"""Rough functions of many scattered rows: every point from the rows near it.

.. math:: f(x) \approx \bar y + k(x, G)\, A_{GG}^{-1} (y_G - \bar y)

with G a few rows of each level of a hierarchy, the near ones among them. Rows in front screen those
behind them if the kernel is rough. Its spectrum then has a long tail, so that Fourier modes are too
many: where "nufft" refuses, this applies.

References
----------
A. Datta, S. Banerjee, A. O. Finley and A. E. Gelfand, "Hierarchical nearest-neighbor Gaussian
process models for large geostatistical datasets", Journal of the American Statistical Association
111, 2016.
"""

from functools import cached_property

import numpy as np

from skfourier._solvers._local_prediction import FEW_ROWS
from skfourier._solvers._solver import RowSolver
from skfourier._solvers._vecchia_factor import VecchiaFactor

_MAX_COLUMNS = 3
# Where the error is estimated: midway between so many rows and those near on each level.
_ROWS_TRIED, _NEIGHBORS_TRIED = 64, 4


class Local(RowSolver):
    """Predictions from near rows, with no system of all of them.

    The coefficients are the targets themselves.
    """

    name = "local"

    def why_not(self):
        """Return None for many rows of few columns and a kernel that decays."""
        problem = self.problem
        if problem.X.shape[1] > _MAX_COLUMNS:
            return (
                f"The solver 'local' takes up to {_MAX_COLUMNS} columns: in more, near rows do not "
                f"screen the others. X has {problem.X.shape[1]}."
            )
        if not hasattr(problem.kernel, "density"):
            return (
                f"The solver 'local' needs a kernel with a spectral density (Gaussian, Matern, "
                f"...), whose correlations decay. {problem.kernel!r} has none."
            )
        if len(problem.X) <= FEW_ROWS:
            return (
                f"The solver 'local' is for more than {FEW_ROWS:,} rows: of {len(problem.X):,} all "
                f"are near, and 'cholesky' is exact."
            )
        return None

    @property
    def layout(self):
        """Shape of `coefficients`."""
        return self.problem.y.shape

    def state(self):
        """Return what predictions need: the rows, and how many are near."""
        return {**super().state(), "n_neighbors": self.n_neighbors}

    def _restore(self, state):
        self.__dict__["n_neighbors"] = state.count("n_neighbors", least=1)
        super()._restore(state)

    @cached_property
    def n_neighbors(self):
        """How many rows of each level are near."""
        return self._enough[0]

    @cached_property
    def backward_error(self):
        """Twice the most that a sample of predictions changes with twice the neighbors."""
        return 2 * self._enough[1]

    def why_inaccurate(self):
        """Say what makes predictions inaccurate, and what to do."""
        return (
            "each is computed from near rows only, because there are too many rows for the exact "
            f"solvers with {self.problem.kernel!r}. With a larger alpha or tol, solver='nufft' may "
            "apply; 'cholesky' is exact for fewer rows."
        )

    @cached_property
    def _enough(self):
        rows = np.random.default_rng(0).permutation(len(self.problem.X))[:_ROWS_TRIED]
        X = self.problem.X
        near = self.local.hierarchy.neighbors(self.local.hierarchy.X[rows], _NEIGHBORS_TRIED)
        between = (X[rows][:, None] + X[near]) / 2
        return self.local.enough_neighbors(between.reshape(-1, X.shape[1]))

    def solve(self, targets):
        """Return the targets: `evaluate` is linear in them."""
        _ = self.n_neighbors
        return targets

    def evaluate(self, coefficients, X):
        """Evaluate at the rows of X: (n_rows, n_outputs)."""
        return self.local.predict(X, coefficients, self.n_neighbors)[0]

    def variance(self, X):
        r"""Return :math:`k(0) - k(x)^T A^{-1} k(x)` given the same rows as the mean."""
        return self.local.predict(X, n_neighbors=self.n_neighbors)[1]

    def dual(self):
        r"""Return :math:`A^{-1} (y - \bar y)` by a sparse factor of the inverse.

        For targets drawn from the process, the quadratic form is right on average.
        """
        return self._dual

    @cached_property
    def _dual(self):
        return VecchiaFactor(self.problem)(self.problem.centered.T).T
