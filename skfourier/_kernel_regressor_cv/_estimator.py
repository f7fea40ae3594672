"""Kernel regression that chooses its sigma and alpha."""

import warnings
from dataclasses import replace
from functools import partial
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skfourier._checks import (
    check_all_samples,
    check_new_rows,
    check_samples,
    known_name,
    number_of_rows,
    refuse_params,
)
from skfourier._kernel_regressor import (
    FourierKernelRegressor,
    check_size_of_y,
    refuse_trend,
    resolve_kernel,
    scaled_kernel,
)
from skfourier._kernel_regressor_cv._candidate_order import (
    ScoreTable,
    Search,
    SearchEnded,
    as_cv_results,
    at_edge,
    diagonal,
    results_of,
    scores_of,
    without,
)
from skfourier._kernel_regressor_cv._criteria import (
    CRITERIA,
    Splits,
    UnlessRefused,
    Whole,
    warn_of_a_failure,
)
from skfourier._kernel_regressor_cv._likelihood_search import search_by_likelihood
from skfourier._kernel_regressor_cv._reservoir import ROWS_OF_A_SAMPLE
from skfourier._kernel_regressor_cv._sampled_criteria import Sampled
from skfourier._kernel_regressor_cv._sigma_candidates import (
    comparable_units,
    default_axes,
    default_line,
    given_axes,
    given_line,
    positive_numbers,
    resolved_range,
)
from skfourier._kernel_regressor_cv._stream import Stream, streams
from skfourier._lazy import by_blocks, is_dask
from skfourier._saving import Saved
from skfourier._sklearn import (
    DOC_LINK,
    Interval,
    StrOptions,
    _fit_context,
    accepts_sample_weight,
    routing_is_enabled,
    unchanged_on_error,
)
from skfourier._solvers import _distributed
from skfourier._solvers._choice import SOLVERS, choose_solver, is_slow, refusal
from skfourier._solvers._problem import Problem
from skfourier._solvers._trend import TrendBasis
from skfourier._solvers._universal_kriging import around
from skfourier._tasks import Tasks
from skfourier.spectra import FiniteSpectrum, Gaussian, Matern, Spectrum

_DEFAULT_ALPHAS = np.logspace(-4, 1, 11)
# Parameters that both estimators have.
_COMMON = ("solver", "domain", "tol", "max_iter", "trend")
_CONSTRAINTS = FourierKernelRegressor._parameter_constraints


def _has_domain(regressor):
    """Return whether rows may be added: `partial_fit` is there or not."""
    if regressor.domain is not None:
        return True
    raise AttributeError(
        "partial_fit needs domain, a pair (low, high) for each column of X that holds all rows to "
        "come: the Fourier modes depend on it."
    )


def _of_the_regressor(name: str) -> Any:
    """Return the property of that name that the fitted regressor has."""

    def value(self):
        check_is_fitted(self)
        return getattr(self.regressor_, name)

    return property(value, doc=getattr(FourierKernelRegressor, name).__doc__)


class FourierKernelRegressorCV(
    Saved, CallbackSupportMixin, MultiOutputMixin, RegressorMixin, BaseEstimator
):
    r"""`FourierKernelRegressor` with sigma, noise and smoothness chosen from the data.

    By default they maximize the likelihood, for any coordinates and any number of rows. The
    likelihood is a product of densities of blocks of rows, each given near
    rows that come before it in a random order; some of the blocks are sampled:

    .. math:: \sum_B \omega_B \log p(y_B \mid y_{G(B)})

    Parameters
    ----------
    sigmas : array-like or None, default=None
        Candidates of sigma, in cycles per unit of X: of shape (n_candidates,), or
        (n_candidates, n_features) for one on each axis. With `per_axis=True` an array for all axes,
        or a list with one array for each. None finds sigma without candidates where that is
        possible (see Notes), else tries up to twenty between one cycle along the diagonal of the
        data and Nyquist's frequency of their spacing; axes of different length or spacing
        get different sigmas, which increase together.
    alphas : float, array-like of shape (n_alphas,) or None, default=None
        Candidates of alpha, the variance of the noise where that of the signal is 1. None finds
        alpha without candidates where that is possible, else tries eleven from 1e-4 to 10, two in a
        power of ten; times the mean weight, if that is below 0.01 or above 100.
    kernel : str, Kernel, FourierFeatures, FrozenEstimator or list of such, default="auto"
        As in `FourierKernelRegressor`; from a list the best is taken. "auto" stands for Matern's
        kernels with nu = 1/2, 3/2 and 5/2 and the Gaussian: functions with no, one, two and all
        derivatives. All parameters of sums (``Gaussian(3) + 0.1 * Matern(30)``) are found,
        within the bounds that they have. Features are drawn once, for all candidates.
    solver : str, default="auto"
        As of `FourierKernelRegressor`.
    criterion : {"log_marginal_likelihood", "leave_one_out", "gcv"}, \
            default="log_marginal_likelihood"
        How candidates are compared if `cv` is None: by the likelihood of all rows under the
        Gaussian process, rows of weight w having noise of variance alpha / w; by the negative mean
        squared error of each row predicted from all others, a row left out with all of its weight;
        or by generalized cross-validation, which replaces each row's leverage by their mean. They
        are exact where the solvers of all candidates factorize and are exact ("kronecker",
        "primal", "cholesky"); else a sample of the rows, each given near rows, stands for all.
    cv : int, splitter, iterable or None, default=None
        As in `GridSearchCV`, but None takes `criterion`. For images, whose rows are ordered, use
        ``KFold(5, shuffle=True)``.
    scoring : str, callable or None, default=None
        As in `GridSearchCV`, with `cv`. None is the regressor's score, R^2.
    per_axis : bool or "auto", default="auto"
        Whether each axis gets its own sigma. With candidates, all axes are varied together first;
        then, from the best, one axis at a time until nothing changes, or three rounds. "auto" does
        so only without candidates.
    domain : array-like of shape (n_features, 2), default=None
    tol : float, default=1e-6
    max_iter : int, default=10000
    trend : {"constant", "linear"}, transformer or None, default=None
        As of `FourierKernelRegressor`. With a trend the likelihood is the restricted one (REML),
        which does not depend on the trend, and rows left out are left out of the trend too.

    Attributes
    ----------
    sigma_ : float or ndarray of shape (n_features,)
    alpha_ : float
        The best ones.
    best_score_ : float
        Their score.
    cv_results_ : dict of ndarray
        As of `GridSearchCV`, a row for each candidate: "param_sigma", "param_alpha",
        "mean_test_score", "std_test_score" (over the splits), "rank_test_score",
        "split0_test_score", ...; and "params", a list of dict. "param_kernel" where there are
        several kernels. Without candidates there is a row for each kernel, with its best
        parameters; the score is the log likelihood of a row, with equal weights for all scales.
    signal_scale_ : ndarray of shape (n_outputs,)
        Deviation of the signal in units of y, which deviations are proportional to: without
        candidates the most likely one, else that of y. The noise's deviation is this times the root
        of `alpha_`.
    regressor_ : FourierKernelRegressor
        Fitted on all rows with the best ones.
    kernel_ : Kernel
    solver_ : str
    n_iter_ : int
    accuracy_ : float
        Those of `regressor_`.
    trend_coef_ : ndarray of shape (n_columns,) or (n_outputs, n_columns)
    trend_intercept_ : float or ndarray of shape (n_outputs,)
        Those of `regressor_`, with a trend.
    n_samples_seen_ : int
        Number of rows given to `fit`, or to all `partial_fit`.
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
    There are no candidates where neither `sigmas` nor `alphas` nor `cv` are given, the criterion is
    the likelihood, and the kernels are spectra with a density. The time then hardly depends on the
    number of rows: one to seven seconds for four kernels, and the fit. Rows are dealt at random
    into levels, each four times as dense as the one before; blocks of neighbors of each level are
    given near rows of those before it. With weights of the rows that a block stands for, that
    estimates the likelihood of all rows, and gives the parameters. Kernels are compared with
    equal weights of the levels, because most rows belong to the last level, which says nothing
    about gaps.

    With candidates, each sigma is factorized once ("kronecker", "primal", "cholesky"), whatever the
    number of alphas. Splits take a fit for each sigma, alpha and split, that share their set-up.

    Candidates are tasks of the callbacks of `set_callbacks` (each sigma with its
    alphas, or each kernel where there are no candidates), and so is the fit with the best. A
    callback that asks for the fitted estimator of a candidate, as ``ScoringMonitor`` does, costs a
    fit of all rows. A callback may end the search: the best candidate so far is taken.

    Leave-one-out is too optimistic for *repeated* rows, since the copy of a row that is left out
    remains: pass weights instead.

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams, "Gaussian processes for machine learning", 2006,
    section 5.4.2.

    G. H. Golub, M. Heath and G. Wahba, "Generalized cross-validation as a method for choosing a
    good ridge parameter", 1979.

    M. Katzfuss and J. Guinness, "A general framework for Vecchia approximations of Gaussian
    processes", Statistical Science 36, 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier import FourierKernelRegressorCV
    >>> X = np.linspace(0, 1, 100, endpoint=False).reshape(-1, 1)
    >>> noise = np.random.default_rng(0).normal(size=100)
    >>> y = np.sin(2 * np.pi * 3 * X[:, 0]) + 0.1 * noise
    >>> model = FourierKernelRegressorCV().fit(X, y)
    >>> model.kernel_, round(model.alpha_, 3)
    (Gaussian(sigma=1.40...), 0.005)
    >>> mean, deviation = model.predict([[0.5]], return_std=True)

    Of candidates:

    >>> model = FourierKernelRegressorCV(sigmas=[0.3, 1, 3, 10], kernel="gaussian").fit(X, y)
    >>> model.sigma_, model.alpha_
    (3.0, 0.01)
    """

    _doc_link_module = "skfourier"
    _doc_link_template = DOC_LINK
    _parameter_constraints = {
        **{name: _CONSTRAINTS[name] for name in _COMMON},
        "kernel": [*_CONSTRAINTS["kernel"], list, tuple],
        "sigmas": ["array-like", None],
        "alphas": ["array-like", Interval(Real, 0, None, closed="neither"), None],
        "criterion": [str],
        "cv": ["cv_object"],
        "scoring": [str, callable, None],
        "per_axis": ["boolean", StrOptions({"auto"})],
    }

    def __init__(
        self,
        sigmas: Any = None,
        alphas: Any = None,
        *,
        kernel: Any = "auto",
        solver: str = "auto",
        criterion: str = "log_marginal_likelihood",
        cv: Any = None,
        scoring: Any = None,
        per_axis: Any = "auto",
        domain: Any = None,
        tol: float = 1e-6,
        max_iter: int = 10_000,
        trend: Any = None,
    ) -> None:
        self.sigmas = sigmas
        self.alphas = alphas
        self.kernel = kernel
        self.solver = solver
        self.criterion = criterion
        self.cv = cv
        self.scoring = scoring
        self.per_axis = per_axis
        self.domain = domain
        self.tol = tol
        self.max_iter = max_iter
        self.trend = trend

    n_iter_: int = _of_the_regressor("n_iter_")
    accuracy_: float = _of_the_regressor("accuracy_")
    signal_scale_: NDArray[Any] = _of_the_regressor("signal_scale_")
    trend_coef_: NDArray[Any] = _of_the_regressor("trend_coef_")
    trend_intercept_: Any = _of_the_regressor("trend_intercept_")

    #: Whether this is the model of a file, and had been fitted by `partial_fit`.
    _stream_was_left_out = False

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose sigma and alpha, and fit with them on all rows.

        Parameters
        ----------
        X : array-like or dask array of shape (n_samples, n_features)
            Coordinates.
        y : array-like or dask array of shape (n_samples,) or (n_samples, n_outputs)
            Values there.
        sample_weight : array-like or dask array of shape (n_samples,), default=None
            Weights, in the fits as in the scores. Rows of weight 0 are ignored.
        **params : dict
            `groups` for a splitter; with `enable_metadata_routing` what the splitter and the
            scorer have requested.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `FourierKernelRegressor.fit`; if candidates are missing or not positive, a split
            leaves nothing, or `scoring` is given without `cv`.

        Warns
        -----
        FitFailedWarning
            If candidates cannot be fitted. They rank last.
        UserWarning
            If the best candidate is the smallest or largest one tried.
        """
        with unchanged_on_error(self):
            self.__dict__.pop("_stream", None)
            self._stream_was_left_out = False
            if is_dask(X):
                refuse_params(params)
                self._fit_dask(X, y, sample_weight)
            else:
                self._fit_rows(X, y, sample_weight, params)
            self.kernel_, self.solver_ = self.regressor_.kernel_, self.regressor_.solver_
            self.n_samples_seen_ = number_of_rows(X)
        return self

    def _fit_rows(self, X, y, sample_weight, params):
        """Score the candidates on rows in memory."""
        X, y, weight = check_all_samples(self, X, y, sample_weight, reset=True)
        weight = np.ones(len(X)) if weight is None else weight
        routed = self._routed(sample_weight is not None, weight, params)
        kernels = self._kernels(X, y)
        problem = self._problem(X, y, weight, kernels[0])
        if self._without_candidates(kernels):
            self._search_by_likelihood(problem, kernels, (X, y, weight))
        else:
            self._search_candidates(problem, kernels, (X, y, weight), routed)

    def _search_by_likelihood(self, problem, kernels, rows, allowed=None):
        """Find the most likely kernel, sigma and alpha, and fit the regressor that has them."""
        tasks = Tasks(self, *rows, max_subtasks=len(kernels) + 1)

        def fitted(candidate):
            return self._fitted(rows, candidate.kernel, alpha=candidate.alpha).calibrated()

        choice = search_by_likelihood(
            problem,
            kernels,
            per_axis=self.per_axis,
            allowed=allowed or self._applies,
            begun=partial(tasks.begin, "candidate"),
            ended=lambda found: tasks.end(found and partial(_attributes, fitted, found)),
        )
        self._keep_choice(choice)
        tasks.begin("refit")
        self.regressor_ = fitted(choice.best)
        tasks.end(dict)
        tasks.close()

    def _keep_choice(self, choice):
        """Keep the table of kernels, and the best one's parameters."""
        tried = [
            {"kernel": one.kernel if one else kernel, "alpha": one.alpha if one else np.nan}
            for kernel, one in zip(choice.kernels, choice.candidates, strict=True)
        ]
        scores = [[one.fit.value_per_row if one else np.nan] for one in choice.candidates]
        self.cv_results_ = as_cv_results(tried, np.array(scores))
        self.alpha_, self.best_score_ = choice.best.alpha, float(np.nanmax(scores))
        scales = choice.best.kernel.scales(self.n_features_in_)
        alike = len(scales) == 1 and np.ptp(scales) == 0
        self.sigma_ = float(scales[0, 0]) if alike else np.squeeze(scales)

    def _fit_dask(self, X, y, sample_weight):
        """Choose by a sample of the rows of dask arrays, and fit to all of them."""
        refuse_trend(self.trend)
        _distributed.check_columns(X, y, sample_weight)
        rows = np.sort(np.random.default_rng(0).permutation(len(X))[:ROWS_OF_A_SAMPLE])
        sample = [
            column if column is None else np.asarray(column[rows])
            for column in (X, y, sample_weight)
        ]
        some, values, weight = check_samples(self, *sample, reset=True)
        kernels = self._kernels(some, values)
        self._check_for_blocks(kernels, "fit of dask arrays")
        weight = np.ones(len(some)) if weight is None else weight
        problem = self._problem(some, values, weight, kernels[0])
        allowed = partial(streams, tol=self.tol)
        self._search_by_likelihood(problem, kernels, (X, y, sample_weight), allowed)

    def _search_candidates(self, problem, kernels, rows, routed):
        """Score sigmas and alphas of each kernel; fit the best."""
        default = _DEFAULT_ALPHAS * problem.moments.weight_unit
        alphas = default if self.alphas is None else self.alphas
        alphas = np.unique(positive_numbers(alphas, "alphas"))
        problems = [replace(problem, kernel=kernel, alpha=alphas[0]) for kernel in kernels]
        # Of several kernels, those that the solver takes; of none it says why.
        problems = list(filter(self._applies, problems)) or problems
        kernels = [one.kernel for one in problems]
        searches = [self._search(one) for one in problems]
        taken = self._taken(problems, searches)
        sampled = self.cv is None and any(not self._solver_of(*pair).is_exact for pair in taken)
        descends = any(len(search.axes) for search in searches)
        n_tasks = None if descends else sum(len(search.first) for search in searches) + 1
        tasks = Tasks(self, *rows, max_subtasks=n_tasks)
        tables = [
            ScoreTable(
                UnlessRefused(
                    self._score(one, rows, alphas, routed, sampled=sampled),
                    partial(self._refusal, one),
                ),
                alphas,
                partial(tasks.begin, "candidate"),
                partial(
                    self._end_candidate, tasks=tasks, kernel=one.kernel, rows=rows, alphas=alphas
                ),
            )
            for one in problems
        ]
        ended = not _run(searches, tables)
        tasks.begin("refit")
        self.regressor_ = best = self._best_fit(results_of(tables, kernels), kernels, rows)
        tasks.end(dict)
        tasks.close()
        if not ended:
            self._warn_at_edges(searches[kernels.index(best.kernel)].columns, alphas)

    def _end_candidate(self, sigma, scores, *, tasks, kernel, rows, alphas):
        """Tell callbacks of the scores of a sigma; return whether one of them asks to stop."""
        means = scores.mean(axis=1)
        if np.isnan(means).all():
            tasks.end()
            return False
        best = alphas[np.nanargmax(means)]
        return tasks.end(partial(_attributes, self._fitted, rows, kernel, sigma=sigma, alpha=best))

    def _best_fit(self, results, kernels, rows):
        """Fit the best candidate that can be fitted to all rows; keep it and the table."""
        while True:
            place = self._choose(results)
            best = {"kernel": kernels[0], **results["params"][place]}
            kernel = best.pop("kernel")
            try:
                return self._fitted(rows, kernel, **best)
            except np.linalg.LinAlgError as error:  # a criterion may pass over it
                warn_of_a_failure(**best, error=error)
                results = without(results, place)

    def _taken(self, problems, searches):
        """Return the problems and sigmas that are tried first and that the solver takes.

        Raises
        ------
        ValueError
            If the solver asked for takes none of them.
        """
        pairs = [
            (problem, sigma)
            for problem, search in zip(problems, searches, strict=True)
            for sigma in search.first
        ]
        taken = [pair for pair in pairs if self._refusal(*pair) is None]
        if not taken:
            self._solver_of(*pairs[0])  # which says why
        return taken

    @available_if(_has_domain)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Add rows: sigma, noise and smoothness are chosen from a sample of all of them.

        Sums over the rows are kept, on a lattice of Fourier modes, and a sample of 40,000 rows,
        from which the kernel, sigma and alpha are chosen: in the first call, and whenever there
        are twice as many rows as at the last choice. The first call lays out the lattice, for
        kernels like the one that is best for its rows, and for half and twice its sigma. Rows of an
        earlier `fit` are forgotten. Between two calls `save` and `skfourier.load` lose nothing: the
        file has the sample too.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates, within `domain`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If candidates, `cv` or another criterion are given, or as by `FourierKernelRegressor`.

        Examples
        --------
        >>> import numpy as np
        >>> from skfourier import FourierKernelRegressorCV
        >>> model, rng = FourierKernelRegressorCV(domain=[[0, 1]]), np.random.default_rng(0)
        >>> for _ in range(5):
        ...     X = rng.uniform(size=(1000, 1))
        ...     y = np.sin(20 * X[:, 0]) + 0.1 * rng.normal(size=1000)
        ...     _ = model.partial_fit(X, y)
        >>> round(float(model.signal_scale_[0] * np.sqrt(model.alpha_)), 2)
        0.1
        """
        with unchanged_on_error(self):
            self._validate_params()  # scikit-learn's decorator does so in the first call only
            stream = self._stream_so_far()
            given = check_samples(self, X, y, sample_weight, reset=stream is None)
            kernels = self._kernels(*given[:2]) if stream is None else stream.kernels
            self._check_for_blocks(kernels, "partial_fit")
            template = self._regressor("gaussian").set_params(solver="nufft")
            stream = stream or Stream(template, kernels, self.per_axis)
            seen = self.n_samples_seen_ if stream.sums is not None else 0
            self._stream = stream.with_rows(*given)
            if self._stream.choice is not None:
                self._keep_choice(self._stream.choice)
            self._stream.warn_unless_served()
            self.regressor_ = self._stream.regressor()
            self.kernel_, self.solver_ = self.regressor_.kernel_, self.regressor_.solver_
            self.n_samples_seen_ = seen + number_of_rows(X)
        return self

    def _stream_so_far(self):
        """Return what is kept of the rows of earlier blocks; None if there were none."""
        if self._stream_was_left_out:
            raise ValueError(
                "This model was saved with final=True: its file does not hold the sample of the "
                "earlier rows, and partial_fit cannot choose anew with more of them. Begin with a "
                "clone; save models that are to go on with final=False."
            )
        return getattr(self, "_stream", None)

    def _check_for_blocks(self, kernels, what):
        """Refuse what needs all rows at once."""
        self._check_consistent(None)
        if not self._without_candidates(kernels):
            raise ValueError(
                f"{what} takes rows in blocks. Of these sigma and alpha are found without "
                f"candidates and splits, by the likelihood, of spectra with a density: leave out "
                f"sigmas, alphas, cv and criterion. Or pass all rows to fit, as NumPy arrays."
            )

    def _fitted_state(self):
        return {
            "regressor_": self.regressor_,
            "sigma_": self.sigma_,
            "alpha_": self.alpha_,
            "best_score_": self.best_score_,
            "tried": self.cv_results_["params"],
            "scores": scores_of(self.cv_results_),
            "stream_was_left_out": self._stream_was_left_out or "_stream" in vars(self),
            "n_samples_seen_": self.n_samples_seen_,
        }

    def _stream_state(self):
        """Return the stream, which has the regressor's sums, in the regressor's place."""
        if "_stream" not in vars(self):
            return {}
        return {"regressor_": None, "stream": self._stream.state(), "stream_was_left_out": False}

    def _restore(self, state):
        if "stream" in state:
            self._stream = Stream.from_state(state.part("stream"), self.n_features_in_)
            state.take("regressor_", type(None))
            self.regressor_ = self._stream.regressor()
        else:
            self.regressor_ = state.take("regressor_", FourierKernelRegressor)
        check_is_fitted(self.regressor_)
        if self.regressor_.n_features_in_ != self.n_features_in_:
            raise ValueError("regressor_ has other columns")
        self.kernel_, self.solver_ = self.regressor_.kernel_, self.regressor_.solver_
        self.sigma_ = state.take("sigma_")
        self.alpha_, self.best_score_ = state.number("alpha_"), state.number("best_score_")
        tried = state.take("tried", list)
        scores = state.array("scores", (len(tried), None), finite=False)
        self.cv_results_ = as_cv_results(tried, scores)
        self._stream_was_left_out = state.take("stream_was_left_out", bool)
        self.n_samples_seen_ = state.count("n_samples_seen_", least=1)

    @by_blocks
    def predict(self, X: Any, return_std: bool = False, return_cov: bool = False) -> Any:
        """Predict the values at coordinates, and their standard deviations.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.
        return_std : bool, default=False
            Whether to return the deviation too.
        return_cov : bool, default=False
            Whether to return the covariance between the rows instead.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_outputs), as y was
        y_std : ndarray of the same shape
            Only if `return_std`.
        y_cov : ndarray of shape (n_samples, n_samples) or (n_samples, n_samples, n_outputs)
            Only if `return_cov`. All as from `FourierKernelRegressor.predict`.

        Raises
        ------
        ValueError
            If X is not finite, or has other columns than in `fit`.
        """
        X = check_new_rows(self, X)
        return self.regressor_.predict(X, return_std=return_std, return_cov=return_cov)

    def sample_y(self, X: Any, n_samples: int = 1, random_state: Any = 0) -> Any:
        """Draw functions from the posterior: see `FourierKernelRegressor.sample_y`."""
        X = check_new_rows(self, X)
        return self.regressor_.sample_y(X, n_samples, random_state)

    @by_blocks
    def predict_gradient(self, X: Any, return_std: bool = False) -> Any:
        """Predict the gradient: see `FourierKernelRegressor.predict_gradient`."""
        X = check_new_rows(self, X)
        return self.regressor_.predict_gradient(X, return_std=return_std)

    def get_metadata_routing(self) -> Any:
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

    def _regressor(self, kernel, **parameters):
        """Return the regressor of this kernel, drawn already where it has features."""
        ours = {name: getattr(self, name) for name in _COMMON}
        return FourierKernelRegressor(kernel=kernel, **ours, **parameters)

    def _fitted(self, rows, kernel, **parameters):
        """Return that regressor, fitted to rows."""
        return self._regressor(kernel, **parameters).fit(*rows)

    def _applies(self, problem):
        """Return whether the solver asked for takes a problem."""
        return refusal(problem, self.solver, tol=self.tol) is None

    def _kernels(self, X, y):
        """Return the kernels that are tried; features are drawn once, for all candidates."""
        if isinstance(self.kernel, str) and self.kernel == "auto":
            return [Matern(nu=0.5), Matern(nu=1.5), Matern(nu=2.5), Gaussian()]
        given = self.kernel if isinstance(self.kernel, list | tuple) else [self.kernel]
        if not given:
            raise ValueError("kernel must name one kernel at least. Got an empty list.")
        return [resolve_kernel(kernel, X, y) for kernel in given]

    def _without_candidates(self, kernels):
        """Return whether sigma and alpha are found by climbing the likelihood."""
        return (
            self.sigmas is None
            and self.alphas is None
            and self.cv is None
            and self.criterion == "log_marginal_likelihood"
            and all(isinstance(kernel, Spectrum) for kernel in kernels)
            and not any(isinstance(kernel, FiniteSpectrum) for kernel in kernels)
        )

    def _problem(self, X, y, weight, kernel):
        """State the problem of the rows that have a weight, for sigma = 1."""
        kept = weight > 0
        n_kept = np.count_nonzero(kept)
        if n_kept < 2:
            raise ValueError(
                f"Choosing sigma and alpha takes 2 rows at least, one to learn from and one to "
                f"predict. Got n_samples={n_kept}."
            )
        y = (y if y.ndim == 2 else y[:, None])[kept].astype(float)
        trend = TrendBasis.of(self.trend, X[kept], y)
        problem = Problem.of(kernel, X[kept], y, weight[kept], alpha=1.0, trend=trend)
        check_size_of_y(problem.moments)
        return problem

    def _solver_of(self, problem, sigma):
        """Choose the solver of a problem at this sigma, and what stands around it."""
        return around(self._chosen(problem, sigma))

    def _chosen(self, problem, sigma):
        how = {"tol": self.tol, "max_iter": self.max_iter}
        return choose_solver(_at(problem, sigma), self.solver, **how)

    def _refusal(self, problem, sigma):
        """Return None, or why the solver asked for does not take this sigma."""
        return refusal(_at(problem, sigma), self.solver, tol=self.tol)

    def _search(self, problem):
        """Return which sigmas are tried, and in which order."""
        n_features = problem.X.shape[1]
        if self.sigmas is not None:
            if self.per_axis is True:
                axes = given_axes(self.sigmas, n_features)
                return Search(diagonal(axes), axes)
            return Search(given_line(self.sigmas, n_features))
        scale = problem.kernel.scales(n_features).max(axis=0)
        scale = np.where(scale > 0, scale, 1)
        low, high = (end / scale for end in resolved_range(problem.X, problem.grid))
        line = default_line(low, high)
        if self.solver == "auto":  # nobody asked for those that would take hours
            line = [one for one in line if not is_slow(self._chosen(problem, one))] or line
        if self.per_axis is True:
            tuples = [tuple(np.broadcast_to(sigma, n_features).tolist()) for sigma in line]
            return Search(tuples, default_axes(low, np.minimum(high, line[-1])))
        return Search(line)

    def _score(self, problem, rows, alphas, routed, *, sampled):
        """Return what scores a sigma with all alphas."""
        if self.cv is not None:
            _refuse_tiny(problem)
            splits = list(check_cv(self.cv, rows[1]).split(*rows[:2], **routed.splitter.split))
            return Splits(
                self._regressor(problem.kernel),
                rows,
                alphas,
                splits=splits,
                scorer=self._scorer(),
                score_params=routed.scorer.score,
            )
        if not sampled:
            criterion = CRITERIA[self.criterion]
            return Whole(criterion, lambda sigma: self._solver_of(problem, sigma), alphas)
        units = comparable_units(resolved_range(problem.X, problem.grid)[1])
        return Sampled(
            self.criterion,
            replace(problem, X=problem.X * units),
            lambda sigma: scaled_kernel(problem.kernel, np.divide(sigma, units), len(units)),
            alphas,
        )

    def _scorer(self):
        """Return the scorer of splits; None without splits."""
        if self.cv is None:
            return None
        if isinstance(self.scoring, str):
            known_name(self.scoring, get_scorer_names(), "scoring")
        scorer = check_scoring(FourierKernelRegressor(), self.scoring or "r2")
        if self.scoring is None and routing_is_enabled():
            scorer.set_score_request(sample_weight=True)
        return scorer

    def _routed(self, is_weighted, weight, params):
        """Check what was asked for together; return what goes to the scorer and the splitter."""
        refuse_params(params, allowed=["groups"])
        self._check_consistent(params.get("groups"))
        given = {"sample_weight": weight if is_weighted else None, **params}
        given = {name: value for name, value in given.items() if value is not None}
        if routing_is_enabled():
            return process_routing(self, "fit", **given)
        groups, scorer = given.pop("groups", None), self._scorer()
        if given and scorer is not None and not accepts_sample_weight(scorer):
            warnings.warn(
                f"scoring={self.scoring!r} takes no sample_weight: in the scores, though not in "
                f"the fits, all rows count alike.",
                UserWarning,
                stacklevel=5,
            )
            given = {}
        return Bunch(splitter=Bunch(split={"groups": groups}), scorer=Bunch(score=given))

    def _check_consistent(self, groups):
        known_name(self.solver, ("auto", *SOLVERS), "solver")
        known_name(self.criterion, CRITERIA, "criterion")
        if self.criterion == "gcv" and self.trend is not None:
            raise ValueError(
                f"criterion='gcv' counts the degrees of freedom of the kernel only. Got "
                f"trend={self.trend!r} as well: take criterion='leave_one_out', or the default."
            )
        if self.cv is None and self.scoring is not None:
            raise ValueError(
                f"scoring={self.scoring!r} scores the predictions of held-out rows, and needs cv "
                f"(cv=5, say). Without cv, candidates compare by criterion={self.criterion!r}."
            )
        if self.cv is None and groups is not None:
            raise ValueError("groups are for a splitter: pass cv=GroupKFold(), say. Got cv=None.")
        if self.cv is not None and self.criterion != "log_marginal_likelihood":
            raise ValueError(
                f"criterion={self.criterion!r} is of all rows, without splits. Got cv={self.cv!r} "
                f"as well: leave one of them out."
            )

    def _choose(self, results):
        """Keep the table and its best row, whose place is returned."""
        self.cv_results_ = results
        scores = self.cv_results_["mean_test_score"]
        if np.isnan(scores).all():
            raise ValueError(
                f"None of the {len(scores)} candidates could be fitted and scored: their scores "
                f"are NaN. The warnings say why."
            )
        place = np.nanargmax(scores)
        best = self.cv_results_["params"][place]
        sigma = best["sigma"]
        self.sigma_ = np.array(sigma) if isinstance(sigma, tuple) else sigma
        self.alpha_, self.best_score_ = best["alpha"], float(scores[place])
        return place

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
                stacklevel=6,
            )


def _at(problem, sigma):
    """Return the problem with its kernel at this sigma."""
    return replace(problem, kernel=scaled_kernel(problem.kernel, sigma, problem.X.shape[1]))


def _refuse_tiny(problem):
    """Raise ValueError where scores of the user's y would lose digits."""
    if np.any(problem.unit != 1):
        raise ValueError(
            f"y has a column of at most {problem.unit.min():.1e}, and scores of splits take its "
            f"squares in the units of y, which lose digits. Scale y, or leave out cv: other "
            f"criteria take any size."
        )


def _run(searches, tables):
    """Run searches one after the other; return whether no callback has ended them."""
    try:
        for search, table in zip(searches, tables, strict=True):
            search.run(table)
    except SearchEnded:
        return False
    return True


def _attributes(fitted, *candidate, **parameters):
    """Return what an estimator of a candidate has; None where it cannot be fitted."""
    try:
        return {"regressor_": fitted(*candidate, **parameters)}
    except np.linalg.LinAlgError:
        return None
