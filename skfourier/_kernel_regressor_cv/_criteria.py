"""Criteria for a sigma with each of the alphas: those that need no splits, and splits.

Each criterion is called with a solver of the smallest alpha and with all alphas, increasing, and
returns an array of shape (n_alphas,); higher is better.
"""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning


def leave_one_out(solver, alphas):
    """Return the negative mean squared error of each row predicted from all others, weighted.

    The weighted mean of the targets is held fixed.
    """
    problem = solver.problem
    unit = problem.relative_unit[: len(solver.moments.mean)]
    return np.array(
        [
            -np.average(
                np.square(one.leave_one_out_residuals() * unit).mean(axis=1), weights=problem.weight
            )
            for one in map(solver.with_alpha, alphas)
        ]
    )


def generalized_cross_validation(solver, alphas):
    """Return the negative squared error that generalized cross-validation estimates."""
    basis, total = solver.eigenbasis(), solver.moments.weight_sum
    errors = [basis.generalized_cross_validation(alpha) / total for alpha in alphas]
    return -np.mean(errors * np.square(solver.problem.relative_unit), axis=1)


def log_marginal_likelihood(solver, alphas):
    """Return the log marginal likelihood of the standardized targets, summed over the outputs.

    Constant ones are left out: they fit any kernel, the smoother the better.
    """
    return solver.log_marginal_likelihoods(alphas)


CRITERIA = {
    "leave_one_out": leave_one_out,
    "gcv": generalized_cross_validation,
    "log_marginal_likelihood": log_marginal_likelihood,
}


class UnlessRefused:
    """A criterion whose scores are NaN for sigmas that the solver asked for does not take.

    Parameters
    ----------
    criterion : Whole, Splits or Sampled
    refusal_of : callable
        sigma to None, or why the solver does not take it.
    """

    def __init__(self, criterion, refusal_of):
        self.criterion, self.refusal_of = criterion, refusal_of

    def __call__(self, sigma):
        """Score this sigma with all alphas, an array (n_alphas, n_splits).

        Warns
        -----
        FitFailedWarning
        """
        reason = self.refusal_of(sigma)
        if reason is None:
            return self.criterion(sigma)
        warn_of_a_failure(sigma, self.criterion.alphas[0], reason)
        return np.full((len(self.criterion.alphas), self.criterion.n_splits), np.nan)


class Whole:
    """All rows are scored by a criterion that needs no splits.

    Parameters
    ----------
    criterion : callable
        One of `CRITERIA`.
    solver_of : callable
        sigma to the solver of the smallest alpha.
    alphas : ndarray of shape (n_alphas,)
        Increasing.
    """

    n_splits = 1

    def __init__(self, criterion, solver_of, alphas):
        self.criterion, self.solver_of, self.alphas = criterion, solver_of, alphas

    def __call__(self, sigma):
        """Score this sigma with all alphas, an array (n_alphas, 1).

        Where the system is singular with the smallest alphas, or refused, their scores are NaN.

        Warns
        -----
        FitFailedWarning
        """
        scores, first = np.full((len(self.alphas), 1), np.nan), None
        for start, alpha in enumerate(self.alphas):
            try:
                first = first or self.solver_of(sigma)
                scores[start:, 0] = self.criterion(first.with_alpha(alpha), self.alphas[start:])
                break
            except np.linalg.LinAlgError as error:
                warn_of_a_failure(sigma, alpha, error)
        return scores


class Splits:
    """A regressor fitted on the training rows of each split is scored on its test rows.

    Parameters
    ----------
    regressor : FourierKernelRegressor
    rows : tuple
        X, y and weights.
    alphas : ndarray of shape (n_alphas,)
        Increasing.
    splits : list of (train, test)
        Indices of rows, those of weight 0 counted too.
    scorer : callable
    score_params : dict or None, default=None
        Passed to the scorer; what has an entry for each row is indexed as the rows are.

    Raises
    ------
    ValueError
        If there is no split, or one of them trains or tests on nothing.
    """

    def __init__(self, regressor, rows, alphas, *, splits, scorer, score_params=None):
        self.regressor, self.rows, self.alphas = regressor, rows, alphas
        self.splits, self.scorer, self.score_params = splits, scorer, score_params
        if not splits:
            raise ValueError(
                "cv has no splits: there is nothing to choose by. A generator is used up by its "
                "first fit: pass a list of splits, or cv=5, say."
            )
        positive = rows[2] > 0
        for number, parts in enumerate(splits):
            for purpose, part in zip(("train", "test"), parts, strict=True):
                if not positive[part].any():
                    raise ValueError(
                        f"Split {number} of cv leaves no row of positive weight to {purpose} on, "
                        f"of {np.count_nonzero(positive)} there are. Take other splits."
                    )

    @property
    def n_splits(self):
        """Number of splits."""
        return len(self.splits)

    def __call__(self, sigma):
        """Score this sigma with all alphas on every split, an array (n_alphas, n_splits)."""
        return np.stack([self._scores(sigma, *split) for split in self.splits], axis=1)

    def _scores(self, sigma, train, test):
        X, y, weight = self.rows
        params = {
            name: np.asarray(value)[test] if np.ndim(value) and len(value) == len(X) else value
            for name, value in self.score_params.items()
        }
        scores, fit = np.full(len(self.alphas), np.nan), None
        for place, alpha in enumerate(self.alphas):
            try:
                if fit is None:
                    fit = clone(self.regressor).set_params(sigma=sigma, alpha=alpha)
                    fit.fit(X[train], y[train], weight[train])
                else:
                    fit = fit.with_alpha(alpha)
            except np.linalg.LinAlgError as error:
                warn_of_a_failure(sigma, alpha, error)
                fit = None
            else:
                scores[place] = self.scorer(fit, X[test], y[test], **params)
        return scores


def warn_of_a_failure(sigma, alpha, error):
    warnings.warn(
        f"The candidate sigma={sigma}, alpha={alpha:g} could not be fitted, and ranks last: "
        f"{error}",
        FitFailedWarning,
        stacklevel=2,
    )
