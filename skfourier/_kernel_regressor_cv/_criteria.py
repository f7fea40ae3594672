"""How good a sigma is, with each of the alphas: a criterion maps sigma to a table of scores.

Each criterion is a class; its objects, called with a sigma, return an array of shape (n_alphas,
n_splits), higher is better, the alphas in increasing order. Where nothing is split, n_splits is 1.
"""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import ShuffleSplit

from skfourier._sklearn import _check_method_params
from skfourier.solvers._choice import choose_solver, only_slowly, solvers_for
from skfourier.solvers._leave_one_out import leave_one_out_residuals


class Systems:
    """One regression, as sigma and alpha vary.

    The grid of the rows is found and the targets are standardised once.

    Parameters
    ----------
    regressor : FourierKernelRegressor
        Its sigma and alpha do not matter.
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or None

    Attributes
    ----------
    rows : tuple
        X, y and weight as they came.
    kept : ndarray of shape (n_kept,)
        Indices of the rows of positive weight: all that follows is of them alone.
    X, y, weight : ndarray, or None
    targets : ndarray of shape (n_kept, n_outputs)
        Of weighted mean 0 and deviation 1.
    scale : ndarray of shape (n_outputs,)
        The deviations of y.
    unit : System
        At sigma = 1.
    """

    def __init__(self, regressor, X, y, weight):
        self.rows = X, y, weight
        self.kept = np.arange(len(X)) if weight is None else np.flatnonzero(weight)
        if len(self.kept) < 2:
            raise ValueError(
                f"Choosing sigma and alpha takes 2 rows at least, one to learn from and one to "
                f"predict. Got n_samples={len(self.kept)}."
            )
        self.X, self.y = X[self.kept], y[self.kept]
        self.weight = None if weight is None else weight[self.kept]
        self.regressor = clone(regressor).set_params(sigma=1.0)
        self.unit, self.targets = self.regressor._system(self.X, self.y, self.weight)
        self.scale = self.regressor._y_scale

    def __call__(self, sigma, alpha=1.0):
        """Return the system of this sigma and alpha."""
        regressor = self.regressor.set_params(sigma=sigma)
        kernel = regressor._normalised_kernel(self.X, self.y)
        return replace(self.unit, kernel=kernel, alpha=alpha)

    def solvers(self, sigma, alphas):
        """Yield the solver of each alpha, from the smallest on."""
        return solvers_for(alphas, self(sigma), self.regressor.solver)

    def inexact_solver(self, sigmas, alpha):
        """Return the name of a solver that these take and that does not factorise, or None."""
        for sigma in sigmas:
            chosen = choose_solver(self(sigma, alpha), self.regressor.solver)
            if not chosen.exact:
                return chosen.name
        return None

    def only_slowly(self, sigma):
        """Tell whether the automatic choice for this sigma is the slow path."""
        return self.regressor.solver == "auto" and only_slowly(self(sigma))


class LeaveOneOut:
    """Each row is predicted from all others, the weighted mean of the targets held fixed.

    Parameters
    ----------
    systems : Systems
    alphas : ndarray of shape (n_alphas,)
        Increasing.
    scorer : callable or None, default=None
        None: the negative mean squared error, weighted.
    score_params : dict or None, default=None
        Passed to the scorer; what has an entry for each row is indexed as the rows are.
    """

    def __init__(self, systems, alphas, scorer=None, score_params=None):
        self.systems, self.alphas, self.scorer = systems, alphas, scorer
        self.score_params = _check_method_params(systems.rows[0], score_params, systems.kept)

    def __call__(self, sigma):
        """Score this sigma with all alphas."""
        systems = self.systems
        scores = [
            self._score(leave_one_out_residuals(solver, systems.targets) * systems.scale)
            for solver in systems.solvers(sigma, self.alphas)
        ]
        return np.array(scores)[:, None]

    def _score(self, residuals):
        systems = self.systems
        if self.scorer is None:
            return -np.average(np.square(residuals).mean(axis=1), weights=systems.weight)
        predictions = systems.y - residuals.reshape(systems.y.shape)
        return self.scorer(_Predicted(), predictions, systems.y, **self.score_params)


class _Predicted(RegressorMixin, BaseEstimator):
    """A regressor whose X are the predictions: a scorer asks a regressor for them."""

    def fit(self, X, y=None):  # noqa: ARG002 (a regressor has one)
        return self

    def predict(self, X):
        return X


class GeneralisedCrossValidation:
    """Leave-one-out with the mean leverage instead of each row's own: negative, in y's units.

    Parameters
    ----------
    systems : Systems
    alphas : ndarray of shape (n_alphas,)
        Increasing.
    """

    def __init__(self, systems, alphas):
        self.systems, self.alphas = systems, alphas

    def __call__(self, sigma):
        """Score this sigma with all alphas: one basis, one pass over it for each."""
        systems = self.systems
        solver = next(systems.solvers(sigma, self.alphas))
        basis = solver.eigenbasis(systems.targets)
        total = len(systems.X) if systems.weight is None else systems.weight.sum()
        errors = [basis.generalised_cross_validation(alpha) / total for alpha in self.alphas]
        return -np.mean(np.square(systems.scale) * errors, axis=1, keepdims=True)


class MarginalLikelihood:
    """The log marginal likelihood of the standardised targets, added up over the outputs.

    Parameters
    ----------
    systems : Systems
        Without weights.
    alphas : ndarray of shape (n_alphas,)
        Increasing.
    """

    def __init__(self, systems, alphas):
        self.systems, self.alphas = systems, alphas

    def __call__(self, sigma):
        """Score this sigma with all alphas: one basis, one pass over it for each."""
        solver = next(self.systems.solvers(sigma, self.alphas))
        basis = solver.eigenbasis(self.systems.targets)
        return np.array([[basis.log_marginal_likelihood(alpha)] for alpha in self.alphas])


class Splits:
    """A regressor fitted on the training rows of each split is scored on its test rows.

    Parameters
    ----------
    systems : Systems
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

    def __init__(self, systems, alphas, splits, scorer, score_params=None):
        self.regressor, self.rows, self.alphas = systems.regressor, systems.rows, alphas
        self.splits, self.scorer, self.score_params = splits, scorer, score_params
        if not splits:
            raise ValueError("cv has no splits: there is nothing to choose by. Pass cv=5, say.")
        positive = np.zeros(len(self.rows[0]), dtype=bool)
        positive[systems.kept] = True
        for number, parts in enumerate(splits):
            for purpose, part in zip(("train", "test"), parts, strict=True):
                if not positive[part].any():
                    raise ValueError(
                        f"Split {number} of cv leaves no row of positive weight to {purpose} on, "
                        f"of {len(systems.kept)} there are. Take other splits."
                    )

    def __call__(self, sigma):
        """Score this sigma with all alphas on every split."""
        return np.stack([self._scores(sigma, *split) for split in self.splits], axis=1)

    def _scores(self, sigma, train, test):
        X, y, weight = self.rows
        params = _check_method_params(X, self.score_params, test)
        fits = (
            clone(self.regressor)
            .set_params(sigma=sigma)
            ._fits(X[train], y[train], None if weight is None else weight[train], self.alphas)
        )
        return [self.scorer(fit, X[test], y[test], **params) for fit in fits]


def held_out_split(n_samples):
    """Return one split, always the same one, in a list: a tenth of the rows is held out."""
    return list(ShuffleSplit(1, test_size=0.1, random_state=0).split(np.empty((n_samples, 0))))
