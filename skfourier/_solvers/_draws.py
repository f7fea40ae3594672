r"""Functions drawn from the posterior, by conditioning functions drawn from the prior.

.. math:: f(x) + g(x) - k(x)^T A^{-1} (g(X) + \varepsilon)

with g of the prior and :math:`\varepsilon` of the noise has the posterior's distribution, and is
one function, whichever points it is asked for at. g is a sum of waves of frequencies drawn from the
spectrum.

References
----------
J. T. Wilson et al., "Pathwise conditioning of Gaussian processes", Journal of Machine Learning
Research 22, 2021.
"""

import math

import numpy as np

from skfourier._blocks import row_blocks

# Covariances of the prior's draws are off by about 1 / sqrt(2 n), 1 %.
_N_FREQUENCIES = 4096


class PriorDraws:
    """Functions of mean 0 and k(0) = 1.

    Parameters
    ----------
    kernel : Spectrum
        With `sample`.
    n_features : int
    n_draws : int
    rng : RandomState
    """

    def __init__(self, kernel, n_features, n_draws, rng):
        if not hasattr(kernel, "sample"):
            raise ValueError(
                f"Draws need a spectrum to take frequencies from (Gaussian, Matern, ...), and "
                f"{kernel!r} is none."
            )
        self.frequencies = kernel.sample(_N_FREQUENCIES, n_features, random_state=rng)
        self.weights = rng.normal(size=(2, _N_FREQUENCIES, n_draws)) / math.sqrt(_N_FREQUENCIES)

    def __call__(self, X):
        """Evaluate at the rows of X: (n_rows, n_draws)."""
        values = np.empty((len(X), self.weights.shape[2]))
        for rows in row_blocks(len(X), 32 * _N_FREQUENCIES):
            phase = 2 * math.pi * (X[rows] @ self.frequencies.T)
            values[rows] = np.cos(phase) @ self.weights[0] + np.sin(phase) @ self.weights[1]
        return values


class PosteriorDraws:
    """Draws from the posterior, less its mean, for k(0) = 1.

    Parameters
    ----------
    solver : Solver
        With its rows, `solve` and `evaluate`.
    n_draws : int
    rng : RandomState
    """

    def __init__(self, solver, n_draws, rng):
        problem = solver.problem
        self.solver = solver
        self.prior = PriorDraws(problem.kernel, problem.X.shape[1], n_draws, rng)
        noise = np.sqrt(problem.noise)[:, None] * rng.normal(size=(len(problem.X), n_draws))
        self.coefficients = solver.solve(self.prior(problem.X) + noise)

    def __call__(self, X):
        """Evaluate at the rows of X: (n_rows, n_draws)."""
        return self.prior(X) - self.solver.evaluate(self.coefficients, X)
