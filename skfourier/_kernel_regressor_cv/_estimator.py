"""Kernel regression that chooses its sigma and alpha."""

import warnings
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.metrics import check_scoring, get_scorer, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted, validate_data

from skfourier._kernel_regressor import FourierKernelRegressor
from skfourier._kernel_regressor_cv._criteria import (
    GeneralisedCrossValidation,
    LeaveOneOut,
    MarginalLikelihood,
    Splits,
    Systems,
    held_out_split,
)
from skfourier._kernel_regressor_cv._sigma_candidates import (
    given_axes,
    given_line,
    own_axes,
    own_line,
    positive_numbers,
    resolved_range,
    spectrum_scale,
)
from skfourier._kernel_regressor_cv._sigma_search import AxisByAxis, Line, ScoreTable, at_edge
from skfourier._sklearn import (
    Interval,
    _fit_context,
    _raise_for_params,
    _routing_enabled,
    accepts_sample_weight,
    check_all_samples,
    known_name,
    refuse_mask,
    unchanged_on_error,
)
from skfourier._solvers._cholesky import Cholesky

_OWN_ALPHAS = np.logspace(-4, 1, 11)
_LIKELIHOOD = "log_marginal_likelihood"
# A warning of what `_fit` calls names the line that called `fit`, which scikit-learn wraps.
_OF_THE_CALLER = 5


class FourierKernelRegressorCV(MultiOutputMixin, RegressorMixin, BaseEstimator):
    r"""`FourierKernelRegressor` with sigma and alpha chosen by cross-validation.

    By default that is leave-one-out, exact and from one factorisation for each sigma, the weighted
    mean of the targets held fixed:

    .. math:: y_i - f_{-i}(x_i) = c_i / (A^{-1})_{ii}, \qquad
              A = K_\sigma + \alpha W^{-1}, \quad c = A^{-1} (y - \bar y)

    Parameters
    ----------
    sigmas : array-like or None, default=None
        Candidates of sigma, in cycles per unit of X: of shape (n_candidates,), or
        (n_candidates, n_features) for one on each axis. None tries up to twenty between one cycle
        along the diagonal of the data and Nyquist's frequency of their spacing; on axes
        of different length or spacing each has a sigma of its own, and they rise together.
        With `per_axis` an array for all axes, or a list with one array for each.
    alphas : float, array-like of shape (n_alphas,) or None, default=None
        Candidates of alpha, the variance of the noise where that of y is 1. None tries eleven from
        1e-4 to 10, two in a power of ten.
    distribution : str, Spectrum, FourierFeatures or FrozenEstimator, default="gaussian"
        As of `FourierKernelRegressor`. Give features a `random_state`, or they are drawn anew for
        each sigma.
    n_hidden_layers : int, default=0
    solver : str, default="auto"
    cv : int, "gcv", splitter, iterable or None, default=None
        None is leave-one-out, which leaves out all of a row's weight; "gcv" generalised
        cross-validation, which replaces each row's leverage by their mean and costs next to
        nothing for each alpha. Where a candidate's solver does not factorise, both hold out a
        tenth of the rows instead, the same in every fit, and warn. Anything else as in
        `GridSearchCV`: mind ``KFold(5, shuffle=True)`` for images, whose rows are ordered.
    scoring : str, callable or None, default=None
        None is the negative mean squared error, in the units of y. A scorer is applied to the
        predictions of the rows left out, of all of them at once in leave-one-out.
        "log_marginal_likelihood" is that of all rows under the Gaussian process, without `cv`,
        without weights and where the solver factorises.
    per_axis : bool, default=False
        Whether each axis gets its own sigma: after all axes at once, from the best, axis by axis,
        until nothing changes, or three times.
    tol : float, default=1e-6
    max_iter : int, default=10000
        As of `FourierKernelRegressor`.

    Attributes
    ----------
    sigma_ : float or ndarray of shape (n_features,)
    alpha_ : float
        The best ones.
    best_score_ : float
        Their score.
    cv_results_ : dict of ndarray
        As of `GridSearchCV`, a row for each pair tried: "param_sigma", "param_alpha",
        "mean_test_score", "std_test_score" (over the splits), "rank_test_score",
        "split0_test_score", ...; and "params", a list of dict.
    regressor_ : FourierKernelRegressor
        Fitted on all rows with the best ones.
    kernel_ : Kernel
    solver_ : str
    n_iter_ : int
        Those of `regressor_`.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of X, if all are strings.

    See Also
    --------
    FourierKernelRegressor : What is fitted.
    sklearn.linear_model.RidgeCV : The model of this class.

    Notes
    -----
    Each sigma is decomposed once ("kronecker", "primal", "cholesky"), whatever the number of
    alphas. Leave-one-out then takes about as long as a prediction of the rows for each alpha,
    "gcv" and the likelihood a pass over the eigenvalues. Splits take a fit for each sigma, alpha
    and split, that share their set-up. `per_axis` tries, for axes of m_1, m_2, ... candidates, the
    longest of these and up to three times their sum, each once.

    Leave-one-out of *repeated* rows looks too good, since a row left out is still seen in its copy:
    give weights instead.

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams, "Gaussian processes for machine learning", 2006,
    section 5.4.2.

    G. H. Golub, M. Heath and G. Wahba, "Generalized cross-validation as a method for choosing a
    good ridge parameter", 1979.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier import FourierKernelRegressorCV
    >>> X = np.linspace(0, 1, 100, endpoint=False).reshape(-1, 1)
    >>> noise = np.random.default_rng(0).normal(size=100)
    >>> y = np.sin(2 * np.pi * 3 * X[:, 0]) + 0.1 * noise
    >>> model = FourierKernelRegressorCV(sigmas=[0.3, 1, 3, 10]).fit(X, y)
    >>> model.sigma_, model.alpha_
    (1.0, 0.001)
    """

    _parameter_constraints = {
        **{
            name: constraint
            for name, constraint in FourierKernelRegressor._parameter_constraints.items()
            if name not in ("sigma", "alpha")
        },
        "sigmas": ["array-like", None],
        "alphas": ["array-like", Interval(Real, 0, None, closed="neither"), None],
        "cv": ["cv_object", str],
        "scoring": [str, callable, None],
        "per_axis": ["boolean"],
    }

    def __init__(
        self,
        sigmas=None,
        alphas=None,
        *,
        distribution="gaussian",
        n_hidden_layers=0,
        solver="auto",
        cv=None,
        scoring=None,
        per_axis=False,
        tol=1e-6,
        max_iter=10_000,
    ):
        self.sigmas = sigmas
        self.alphas = alphas
        self.distribution = distribution
        self.n_hidden_layers = n_hidden_layers
        self.solver = solver
        self.cv = cv
        self.scoring = scoring
        self.per_axis = per_axis
        self.tol = tol
        self.max_iter = max_iter

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, **params):
        """Choose sigma and alpha, and fit with them on all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Values there.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, in the fits as in the scores. A row of weight 0 is as none.
        **params : dict
            `groups` for a splitter; with `enable_metadata_routing` what the splitter and the
            scorer have requested.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `FourierKernelRegressor.fit`; if candidates are none or not positive, a split leaves
            nothing, or the likelihood is asked for where there is none.

        Warns
        -----
        UserWarning
            If a tenth of the rows is held out instead of each row once; if the best candidate is
            the smallest or largest one tried.
        """
        with unchanged_on_error(self):
            return self._fit(X, y, sample_weight, params)

    def _fit(self, X, y, sample_weight, params):
        X, y, weight = check_all_samples(self, X, y, sample_weight, reset=True)
        routed = self._routed(weight, params)
        alphas = _OWN_ALPHAS if self.alphas is None else self.alphas
        alphas = np.unique(positive_numbers(alphas, "alphas"))
        systems = Systems(self._regressor(), X, y, weight)
        search = self._search(systems)
        table = ScoreTable(self._criterion(systems, search.first, alphas, routed), alphas)
        search.run(table)
        self._choose(table)
        self._warn_at_edges(search.columns, alphas)
        best = self._regressor().set_params(sigma=self.sigma_, alpha=self.alpha_)
        self.regressor_ = best.fit(X, y, sample_weight=weight)
        self.kernel_, self.solver_, self.n_iter_ = best.kernel_, best.solver_, best.n_iter_
        return self

    def predict(self, X, return_std=False):
        """Predict the values at coordinates, and how far they may be off.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.
        return_std : bool, default=False
            Whether to return the deviation too.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_outputs), as y was
        y_std : ndarray of the same shape
            Only if `return_std`. Both as from `FourierKernelRegressor.predict`.

        Raises
        ------
        ValueError
            If X is not finite, or has other columns than in `fit`.
        """
        check_is_fitted(self)
        refuse_mask(X, "X")
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return self.regressor_.predict(X, return_std=return_std)

    def get_metadata_routing(self):
        """Return what `fit` passes on: to the scorer, and to the splitter.

        Returns
        -------
        MetadataRouter
        """
        score, split = (
            MethodMapping().add(caller="fit", callee=callee) for callee in ("score", "split")
        )
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(scorer=self._scorer(), method_mapping=score)
            .add(splitter=self.cv, method_mapping=split)
        )

    def _regressor(self):
        return FourierKernelRegressor(
            distribution=self.distribution,
            n_hidden_layers=self.n_hidden_layers,
            solver=self.solver,
            tol=self.tol,
            max_iter=self.max_iter,
        )

    def _scorer(self):
        if self.scoring == _LIKELIHOOD:
            return None
        if self.scoring is None:
            scorer = get_scorer("neg_mean_squared_error")
            return scorer.set_score_request(sample_weight=True) if _routing_enabled() else scorer
        if isinstance(self.scoring, str):
            known_name(self.scoring, (*get_scorer_names(), _LIKELIHOOD), "scoring")
        return check_scoring(self, self.scoring)

    def _routed(self, weight, params):
        """Check what was asked for together; say what goes to the scorer and the splitter."""
        _raise_for_params(params, self, "fit", allow=["groups"])
        self._check_consistent(weight, params.get("groups"))
        given = {"sample_weight": weight, **params}
        given = {name: value for name, value in given.items() if value is not None}
        if _routing_enabled():
            return process_routing(self, "fit", **given)
        groups, scorer = given.pop("groups", None), self._scorer()
        if given and scorer is not None and not accepts_sample_weight(scorer):
            warnings.warn(
                f"scoring={self.scoring!r} takes no sample_weight: in the scores, though not in "
                f"the fits, all rows count alike.",
                UserWarning,
                stacklevel=_OF_THE_CALLER,
            )
            given = {}
        return Bunch(splitter=Bunch(split={"groups": groups}), scorer=Bunch(score=given))

    def _check_consistent(self, weight, groups):
        if isinstance(self.cv, str):
            known_name(self.cv, ["gcv"], "cv")
        whole = self.cv is None or isinstance(self.cv, str)
        if groups is not None and whole:
            raise ValueError(f"groups are for a splitter, cv=GroupKFold() say. Got cv={self.cv!r}.")
        if self.cv == "gcv" and self.scoring is not None:
            raise ValueError(
                f"cv='gcv' is an estimate of the squared error, and takes scoring=None only. Got "
                f"scoring={self.scoring!r}."
            )
        if self.scoring == _LIKELIHOOD and not (self.cv is None and weight is None):
            raise ValueError(
                f"scoring={_LIKELIHOOD!r} is of all rows, with noise of one variance: it takes "
                f"neither cv nor sample_weight. Leave them out, or take another scoring."
            )

    def _search(self, systems):
        """Say which sigmas are tried, and in which order."""
        n_features = systems.X.shape[1]
        if self.sigmas is not None:
            if self.per_axis:
                return AxisByAxis(given_axes(self.sigmas, n_features))
            return Line(given_line(self.sigmas, n_features))
        scale = spectrum_scale(systems.unit.kernel, n_features)
        low, high = (end / scale for end in resolved_range(systems.unit.X, systems.unit.grid))
        line = own_line(low, high)
        # Nobody asked for those that would take hours.
        line = [sigma for sigma in line if not systems.only_slowly(sigma)] or line
        if self.per_axis:
            tuples = [tuple(np.broadcast_to(sigma, n_features).tolist()) for sigma in line]
            return AxisByAxis(own_axes(low, np.minimum(high, line[-1])), tuples)
        return Line(line)

    def _criterion(self, systems, sigmas, alphas, routed):
        """Say how a sigma is scored."""
        scorer, score_params = self._scorer(), routed.scorer.score
        if self.cv is not None and self.cv != "gcv":
            X, y, _ = systems.rows
            splits = list(check_cv(self.cv, y).split(X, y, **routed.splitter.split))
            return Splits(systems, alphas, splits, scorer, score_params)
        inexact = systems.inexact_solver(sigmas, alphas[0])
        if inexact is not None:
            splits = self._held_out(systems, inexact)
            return Splits(systems, alphas, splits, scorer, score_params)
        if self.scoring == _LIKELIHOOD:
            return MarginalLikelihood(systems, alphas)
        if self.cv == "gcv":
            return GeneralisedCrossValidation(systems, alphas)
        return LeaveOneOut(systems, alphas, self.scoring and scorer, score_params)

    def _held_out(self, systems, solver):
        """Hold out a tenth of the rows, and warn; refuse where the likelihood was asked for."""
        reason = f"The solver {solver!r}, which takes these {len(systems.X):,} rows,"
        if Cholesky.why_not(systems.unit) is None:
            advice = "solver='cholesky' factorises, in the time of dense matrices."
        else:
            advice = "Those that do are 'kronecker', 'primal' and 'cholesky'."
        if self.scoring == _LIKELIHOOD:
            raise ValueError(f"{reason} does not know the determinant of its system. {advice}")
        warnings.warn(
            f"{reason} does not factorise, so that leaving out each row once would take as many "
            f"fits: a tenth of the rows is held out instead, the same in every fit. Pass cv=5 to "
            f"hold out all of them in turn. {advice}",
            UserWarning,
            stacklevel=_OF_THE_CALLER + 1,
        )
        return held_out_split(len(systems.rows[0]))

    def _choose(self, table):
        """Keep the table and its best row."""
        self.cv_results_ = table.results()
        scores = self.cv_results_["mean_test_score"]
        if np.isnan(scores).all():
            raise ValueError(f"scoring={self.scoring!r} gave NaN for all {len(scores)} candidates.")
        best = np.nanargmax(scores)
        sigma, alpha = self.cv_results_["params"][best].values()
        self.sigma_ = np.array(sigma) if isinstance(sigma, tuple) else sigma
        self.alpha_, self.best_score_ = alpha, float(scores[best])

    def _warn_at_edges(self, columns, alphas):
        sigma = np.atleast_1d(self.sigma_)
        names = (
            ["sigma"] if np.ndim(self.sigma_) == 0 else [f"sigma[{j}]" for j in range(len(sigma))]
        )
        found = [at_edge(*triple) for triple in zip(sigma, columns, names, strict=True)]
        found = [text for text in (*found, at_edge(self.alpha_, alphas, "alpha")) if text]
        if found:
            warnings.warn(
                f"The best candidate is at the edge of those tried: {'; '.join(found)}. Better "
                f"ones may lie beyond. Pass sigmas or alphas that reach farther.",
                UserWarning,
                stacklevel=_OF_THE_CALLER,
            )
