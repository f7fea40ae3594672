"""The criteria of a sample of the rows: where not every solver factorizes A as it is."""

import math

import numpy as np

from skfourier._kernel_regressor_cv._criteria import warn_of_a_failure
from skfourier._kernel_regressor_cv._sampled_rows import Sampler
from skfourier._kernel_regressor_cv._scale_likelihood import ScaleLikelihood

# Rows, and blocks of each level, that stand for all.
_SAMPLED_ROWS, _SAMPLED_BLOCKS = 1024, 64


def log_marginal_likelihood(fit, _):
    """Estimate the log likelihood of a row, summed over the outputs, a signal of variance 1."""
    n_outputs = fit.residuals.shape[1]
    squares = np.sum(np.average(np.square(fit.residuals), axis=0, weights=fit.weight))
    spread = np.average(fit.log_variance, weights=fit.weight) + math.log(2 * math.pi)
    spread += fit.trend_log_determinant / fit.weight.sum()
    return -0.5 * (squares + n_outputs * spread)


def leave_one_out(fit, weight):
    """Return the negative mean squared error of rows given others, in units of the outputs."""
    error = np.square(fit.residuals).mean(axis=1) * np.exp(fit.log_variance)
    return -np.average(error, weights=weight)


def generalized_cross_validation(fit, weight):
    r"""Return the negative of generalized cross-validation's squared error.

    With c and :math:`(A^{-1})_{ii}` of a row among those that it is given, weighted residuals are
    :math:`\alpha^2 c_i^2 / w_i`, and :math:`1 - h_i = \alpha (A^{-1})_{ii} / w_i`.
    """
    # Weights over their mean: squares of very small or large ones are none.
    inverse = np.exp(-fit.log_variance) / (weight / weight.mean())
    squares = np.square(fit.residuals).mean(axis=1) * inverse
    return -squares.mean() / inverse.mean() ** 2


_CRITERIA = {
    "leave_one_out": leave_one_out,
    "gcv": generalized_cross_validation,
    "log_marginal_likelihood": log_marginal_likelihood,
}


class Sampled:
    """A sample of rows is scored, each by near rows: where not every solver factorizes A.

    Leave-one-out and GCV predict a row from near rows of all levels of a `Hierarchy`; of the
    likelihood there are blocks of each level (see `ScaleLikelihood`), whose sum estimates that of
    all rows.

    Parameters
    ----------
    criterion : str
        A key of `CRITERIA`.
    problem : Problem
        With X in units in which distances along the columns compare.
    kernel_of : callable
        sigma to the kernel in these units.
    alphas : ndarray of shape (n_alphas,)
    """

    n_splits = 1

    def __init__(self, criterion, problem, kernel_of, alphas):
        self.criterion, self.kernel_of, self.alphas = _CRITERIA[criterion], kernel_of, alphas
        sampler = Sampler(problem)
        if criterion == "log_marginal_likelihood":
            groups, self.scale = sampler.sample(_SAMPLED_BLOCKS), float(len(problem.X))
            unit = None
        else:
            groups, self.scale = sampler.rows(_SAMPLED_ROWS), 1.0
            unit = 1 / problem.relative_unit
        self.likelihood = ScaleLikelihood(problem, groups, by_rows=True, unit=unit)
        self.weight = np.concatenate(
            [problem.weight[group.rows[:, -group.n_last :]].ravel() for group in groups]
        )

    def __call__(self, sigma):
        """Score this sigma with all alphas, an array (n_alphas, 1).

        Warns
        -----
        FitFailedWarning
        """
        scores = np.full((len(self.alphas), 1), np.nan)
        for place, alpha in enumerate(self.alphas):
            try:
                fit = self.likelihood.at(self.kernel_of(sigma), alpha)
                scores[place] = self.criterion(fit, self.weight) * self.scale
            except np.linalg.LinAlgError as error:
                warn_of_a_failure(sigma, alpha, error)
        return scores
