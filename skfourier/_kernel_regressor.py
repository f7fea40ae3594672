"""Kernel regression in closed form: the spectrum's expectation."""

import copy
import math
import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skfourier._checks import check_new_rows, check_samples, known_name, number_of_rows
from skfourier._fourier_features import FourierFeatures
from skfourier._lazy import by_blocks, is_dask
from skfourier._saving import Saved
from skfourier._sklearn import (
    DOC_LINK,
    HasMethods,
    Interval,
    StrOptions,
    _fit_context,
    unchanged_on_error,
)
from skfourier._solvers import _distributed
from skfourier._solvers._box import check_domain, check_inside
from skfourier._solvers._choice import SOLVERS, STREAMING, choose_solver, warn_if_slow
from skfourier._solvers._conjugate_gradients import asking
from skfourier._solvers._problem import Problem
from skfourier._solvers._trend import TrendBasis
from skfourier._solvers._universal_kriging import around
from skfourier._tasks import Tasks
from skfourier.kernels import as_kernel
from skfourier.kernels._fitted import check_fitted_kernel
from skfourier.spectra import Positional

# What may change from one `partial_fit` to the next: the sums do not depend on it.
_FREE_PARAMETERS = ("alpha", "max_iter")
# Rows of which covariances are returned.
_FEW_ROWS = 5000
# A derivative of fourth order: places and weights of the differences, and their step.
_PLACES = np.array([-2.0, -1.0, 1.0, 2.0])
_WEIGHTS = np.array([1.0, -8.0, 8.0, -1.0]) / 12
_STEP_OF_REACH = 0.02
# Rows whose differences are told from one covariance.
_ROWS_AT_ONCE = 32
_Y_DTYPES = ("float32", "float64")
# Errors of predictions, in deviations of y: beyond the first a warning, beyond the second an error.
_INACCURATE, _WORTHLESS = 1e-3, 30.0


def _rows_add_up(regressor):
    """Return whether the solver learns from sums over rows: `partial_fit` is there or not."""
    if regressor.solver in STREAMING:
        return True
    raise AttributeError(
        f"partial_fit adds up sums over rows, which solver='nufft' and solver='primal' take. Got "
        f"solver={regressor.solver!r}."
    )


class FourierKernelRegressor(
    Saved, CallbackSupportMixin, MultiOutputMixin, RegressorMixin, BaseEstimator
):
    r"""Represent a signal by kernel regression with the kernel that Fourier features induce.

    .. math:: \hat y(v) = \bar y + \sum_i k(v - v_i)\, c_i, \quad
              (K + \alpha W^{-1})\, c = y - \bar y, \quad k(0) = 1

    This is the limit of infinitely many features. The structure of the coordinates decides how it
    is solved: a grid, scattered points, or anything else.

    Parameters
    ----------
    sigma : float or array-like of shape (n_features,), default=1.0
        Scale of the frequencies along each axis, in cycles per unit of X. It multiplies the scale
        that the kernel has.
    kernel : str, Kernel, FourierFeatures or FrozenEstimator, default="gaussian"
        The kernel; it is scaled to k(0) = 1. A name or an object of `skfourier.spectra`, a sum of
        these (``Gaussian(3) + 0.1 * Matern(30, nu=0.5)``), a `NeuralTangentKernel` or `NNGPKernel`
        with a base, or scikit-learn's `Sum` and `Product` with `ConstantKernel` of such kernels.
        `FourierFeatures` are cloned and fitted, and fitted ones are passed as
        ``FrozenEstimator(features)``: then k is the finite kernel of equation 4. Give features a
        `random_state` for the same result in every fit.
    alpha : float, default=1e-3
        Variance of the noise, where the variance of y is 1 and k(0) = 1. Must be positive. It
        equals the `alpha` of `KernelRidge` for a kernel with k(0) = 1, whatever the scale of y.
    solver : str, default="auto"
        "primal" (finite features), "kronecker" (full grid, product kernel), "masked_kronecker"
        (grid with holes or weights, product kernel), "toeplitz" (even grid, any kernel), "nufft"
        (scattered points, up to three columns, a spectral density), "cholesky" (dense), "local"
        (each prediction from near rows, approximate: see `accuracy_`) or "cg" (dense products,
        slow). "auto" takes the first that applies; up to 1,024 rows a direct one.
    domain : array-like of shape (n_features, 2), default=None
        (low, high) for each column: all rows must lie between. `partial_fit` with "nufft" requires
        it, because later rows may lie anywhere inside. Other solvers do not need it but still
        reject rows outside. By default, the bounding box of the rows passed to `fit`. Predictions
        may be asked for anywhere.
    tol : float, default=1e-6
        Error of the predictions, in deviations of y, at which an iterative solver ends; with
        "masked_kronecker" the relative residual, with "nufft" the error of the kernel too.
    max_iter : int, default=10000
        Maximum number of iterations of an iterative solver. In `fit` each is a task of the
        callbacks of `set_callbacks`, and one of these may end them, with a ConvergenceWarning.
    trend : {"constant", "linear"}, transformer or None, default=None
        The function far from the data. None: the mean of y. Otherwise a trend that is fitted
        together with the kernel (universal kriging): a constant, or one that is linear in the
        columns of X, or in those of a transformer (``PolynomialFeatures(2)``), which is cloned and
        fitted, and gets X as an array. A constant is always included, and columns that are constant
        over the first rows have the coefficient 0.

    Attributes
    ----------
    kernel_ : Kernel
        The kernel, k(0) = 1.
    solver_ : str
        The solver that was used.
    n_iter_ : int
        Iterations; 1 for direct solvers.
    log_marginal_likelihood_value_ : float
        Of the standardized y under the Gaussian process with this kernel and noise, summed over
        the outputs that vary. A row of weight w has noise of variance alpha / w. Only where the
        solver factorizes ("primal", "kronecker", "cholesky", and "nufft" of few modes). With a
        trend the restricted likelihood (REML), which does not depend on the trend.
    accuracy_ : float
        Possible error of the predictions, in standard deviations of y: the largest residual of the
        equations in a sample of the rows; with "nufft" estimated from the errors of the kernel and
        of the iteration. NaN with "primal" where no rows are kept.
    signal_scale_ : ndarray of shape (n_outputs,)
        Deviation of the signal in units of y: that of y (about the trend of least squares, if there
        is one), or the most likely one (see `calibrated`).
    trend_coef_ : ndarray of shape (n_columns,) or (n_outputs, n_columns)
    trend_intercept_ : float or ndarray of shape (n_outputs,)
        The trend, in the columns of X or of the transformer.
    n_samples_seen_ : int
        Number of rows given to `fit`, or to it and all `partial_fit` after it.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of X, if all are strings.

    See Also
    --------
    CoordinateMLPRegressor : The network whose training this describes in the limit.

    Notes
    -----
    Far from the data the prediction falls to the mean of y, or to the trend:

    .. math:: \hat y(v) = h(v)^T \beta + \sum_i k(v - v_i)\, c_i, \quad
              (K + \alpha W^{-1})\, c = y - H \beta, \quad H^T c = 0

    Deviations then include the uncertainty of the trend, and grow away from the data.

    With `domain`, "nufft" takes as many Fourier modes as a sum of weights of 10^9 requires, so that
    rows may be added up to there.

    References
    ----------
    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations", section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier import FourierKernelRegressor
    >>> X = np.linspace(0, 1, 100, endpoint=False).reshape(-1, 1)
    >>> y = np.sin(2 * np.pi * 3 * X[:, 0])
    >>> model = FourierKernelRegressor(sigma=3).fit(X, y)
    >>> model.solver_, bool(model.score(X, y) > 0.999)
    ('kronecker', True)

    In blocks that never lie in memory together, scattered in [0, 1]:

    >>> model = FourierKernelRegressor(sigma=3, solver="nufft", domain=[[0, 1]])
    >>> rng = np.random.default_rng(0)
    >>> for _ in range(5):
    ...     X = rng.uniform(size=(1000, 1))
    ...     _ = model.partial_fit(X, np.sin(2 * np.pi * 3 * X[:, 0]))
    >>> bool(model.score(X, np.sin(2 * np.pi * 3 * X[:, 0])) > 0.999)
    True

    Beyond the rows, with a trend:

    >>> X = np.linspace(0, 1, 100).reshape(-1, 1)
    >>> y = 5 * X[:, 0] + 0.1 * np.sin(40 * X[:, 0])
    >>> model = FourierKernelRegressor(sigma=6, trend="linear").fit(X, y)
    >>> model.trend_coef_.round(1), model.predict([[2.0]]).round(1)
    (array([5.]), array([10.]))
    """

    _doc_link_module = "skfourier"
    _doc_link_template = DOC_LINK
    _parameter_constraints = {
        "sigma": [Interval(Real, 0, None, closed="neither"), "array-like"],
        "kernel": [str, Kernel, FourierFeatures, FrozenEstimator],
        "alpha": [Real],
        "solver": [str],
        "domain": ["array-like", None],
        "tol": [Interval(Real, 0, 1, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "trend": [StrOptions({"constant", "linear"}), HasMethods(["fit", "transform"]), None],
    }

    def __init__(
        self,
        sigma: Any = 1.0,
        *,
        kernel: Any = "gaussian",
        alpha: float = 1e-3,
        solver: str = "auto",
        domain: Any = None,
        tol: float = 1e-6,
        max_iter: int = 10_000,
        trend: Any = None,
    ) -> None:
        self.sigma = sigma
        self.kernel = kernel
        self.alpha = alpha
        self.solver = solver
        self.domain = domain
        self.tol = tol
        self.max_iter = max_iter
        self.trend = trend

    _solver: Any
    _is_calibrated = False

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the kernel regression; earlier fits are discarded.

        Parameters
        ----------
        X : array-like or dask array of shape (n_samples, n_features)
            Coordinates.
        y : array-like or dask array of shape (n_samples,) or (n_samples, n_outputs)
            Values there. The outputs share one factorization.
        sample_weight : array-like or dask array of shape (n_samples,), default=None
            A row of weight 2 counts as two equal rows, a row of weight 0 as none. Only ratios to
            `alpha` matter: a constant weight c is the same as alpha / c.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X or y is not finite or real, or they do not match; if X lies outside `domain`; if
            the solver asked for does not apply (with the reason); if a name is unknown.

        Warns
        -----
        ConvergenceWarning
            If an iterative solver did not reach `tol`.
        UserWarning
            If "auto" finds only a slow solver, "cg" or "cholesky" for over 8,192 rows: with the
            reason why no fast one applies.
        """
        with unchanged_on_error(self):
            self._check_alpha()
            self._is_calibrated = False
            self._fitted_parameters = self._parameters_of_the_sums()
            fit = self._fit_dask if is_dask(X) else self._fit
            solver = fit(X, y, sample_weight)
            check_size_of_y(solver.moments)
            tasks = Tasks(self, X, y, sample_weight, max_subtasks=None)
            with tasks.iterations() as asked, asking(asked):
                _ = solver.coefficients  # solved now: the warnings are of this call
            self._check_accuracy(solver)
            self.solver_, self._solver = solver.name, solver
            self.n_samples_seen_ = number_of_rows(X)
            tasks.close()
        return self

    @available_if(_rows_add_up)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Add rows: the result is the same as from one `fit` to all of them.

        Sums over the rows are kept, not the rows. The first call, or an earlier `fit`, determines
        the kernel; `alpha` and `max_iter` may change from call to call, and the last values count.
        (Rows of weight 0 add nothing: with them another `alpha` can be tried at the cost of a
        solution.)

        Only with solver="primal", or solver="nufft", which needs `domain`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Values there, in the shape that they had in earlier calls.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As by `fit`; if "nufft" has no `domain`; if a parameter that the sums depend on has
            changed. Nothing is added then.

        Notes
        -----
        Between two calls `save` and `skfourier.load` lose nothing, not even a last bit.

        Solving is deferred: its warnings and errors (no convergence, an alpha too small for the
        features) are raised by the first call that needs the solution, e.g. `predict`.
        """
        with unchanged_on_error(self):
            self._validate_params()  # scikit-learn's decorator does so in the first call only
            self._check_alpha()
            solver = self._partial_fit(X, y, sample_weight)
            check_size_of_y(solver.moments)
            self.solver_, self._solver = solver.name, solver
            self.n_samples_seen_ = getattr(self, "n_samples_seen_", 0) + number_of_rows(X)
        return self

    @property
    def n_iter_(self) -> int:
        """Iterations of the solution; 1 for direct solvers."""
        check_is_fitted(self)
        _ = self._solver.coefficients
        return self._solver.n_iter

    @property
    def accuracy_(self) -> float:
        """Possible error of the predictions, in standard deviations of y."""
        check_is_fitted(self)
        return self._solver.accuracy

    @property
    def log_marginal_likelihood_value_(self) -> float:
        """Log marginal likelihood of the standardized targets, summed over the outputs."""
        check_is_fitted(self)
        if not self._solver.factorizes:
            raise AttributeError(
                f"log_marginal_likelihood_value_ is there where the solver factorizes ('primal', "
                f"'kronecker', 'cholesky', and 'nufft' of few modes). This fit used "
                f"{self.solver_!r}."
            )
        return self._solver.log_marginal_likelihood

    @property
    def signal_scale_(self) -> NDArray[Any]:
        """Standard deviation of the signal of each output, in units of y."""
        check_is_fitted(self)
        return self._signal_scale * self._solver.problem.unit

    @property
    def _signal_scale(self):
        """The same in the unit that the solver has for y."""
        solver = self._solver
        return solver.signal_scale() if self._is_calibrated else solver.moments.scale

    @property
    def trend_coef_(self) -> NDArray[Any]:
        """Slopes of the trend along its columns, (n_columns,) or (n_outputs, n_columns)."""
        slope = self._trend_coefficients("trend_coef_")[1]
        return slope.T.reshape(*self._y_shape, len(slope))

    @property
    def trend_intercept_(self) -> Any:
        """The trend where its columns are 0, a number or (n_outputs,)."""
        return self._trend_coefficients("trend_intercept_")[0].reshape(self._y_shape)[()]

    def _trend_coefficients(self, name):
        check_is_fitted(self)
        if self._solver.problem.trend is None:
            raise AttributeError(f"{name} is there after a fit with a trend. Got trend=None.")
        intercept, slope = self._solver.trend_coefficients
        unit = self._solver.problem.unit
        return intercept * unit, slope * unit

    def __sklearn_is_fitted__(self):
        """Return whether there is a solution, or sums that have one."""
        return hasattr(self, "_solver")

    def calibrated(self) -> Self:
        r"""Return this fit with deviations for the most likely variance of the signal.

        The standard deviation of y is a guess at that of the signal. Given the kernel and alpha,
        the most likely one is

        .. math:: s = \sqrt{(y - \bar y)^T A^{-1} (y - \bar y) / n}

        Predictions do not depend on it; deviations are proportional to it.

        Returns
        -------
        FourierKernelRegressor

        Examples
        --------
        >>> import numpy as np
        >>> from skfourier import FourierKernelRegressor
        >>> X = np.linspace(0, 1, 50).reshape(-1, 1)
        >>> model = FourierKernelRegressor(sigma=0.1, alpha=1e-3).fit(X, np.sin(9 * X[:, 0]))
        >>> model.signal_scale_.round(2), model.calibrated().signal_scale_.round(2)
        (array([0.68]), array([16.43]))
        """
        check_is_fitted(self)
        other = copy.copy(self)
        other._is_calibrated = True
        return other

    @property
    def leave_one_out_residuals_(self) -> NDArray[Any]:
        """Residual of each row under the fit to all others, (n_samples,) or (n_samples, n_outputs).

        The mean of y is held fixed, a trend is not, and a row is left out with all of its weight.
        If the solver does not factorize, the row's variance is computed from near rows, to about
        1 %.
        """
        check_is_fitted(self)
        solver = self._solver
        if not len(solver.problem.X):
            raise AttributeError(
                "leave_one_out_residuals_ takes the rows, which neither partial_fit nor dask "
                "arrays keep."
            )
        return self._in_units_of_y(solver.leave_one_out_residuals())

    def with_alpha(self, alpha: float) -> Self:
        """Return this fit with another noise, sharing what does not depend on it.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        FourierKernelRegressor
            Fitted, as if to the same rows with this `alpha`.

        Examples
        --------
        >>> import numpy as np
        >>> from skfourier import FourierKernelRegressor
        >>> X = np.linspace(0, 1, 50).reshape(-1, 1)
        >>> model = FourierKernelRegressor(sigma=3, alpha=1e-3).fit(X, np.sin(9 * X[:, 0]))
        >>> model.with_alpha(1.0).alpha
        1.0
        """
        check_is_fitted(self)
        other = copy.copy(self).set_params(alpha=alpha)
        other._check_alpha()
        other._solver = self._solver.with_alpha(alpha)
        _ = other._solver.coefficients
        other._check_accuracy(other._solver)
        return other

    def _fit(self, X, y, sample_weight):
        """Choose the solver of these rows."""
        problem = self._problem(X, y, sample_weight)
        solver = choose_solver(problem, self.solver, **self._tolerances())
        if self.solver == "auto":
            warn_if_slow(solver)
        return around(solver)

    def _fit_dask(self, X, y, sample_weight):
        """Choose the solver of the blocks of dask arrays, and take their sums."""
        refuse_trend(self.trend)
        _distributed.check_columns(X, y, sample_weight)
        validate_data(self, X, skip_check_array=True)
        n_outputs = self._check_outputs(y if is_dask(y) else np.asarray(y), reset=True)
        given = self._domain(X.shape[1])
        *domain, weight_sum = _distributed.bounds(X, sample_weight, given)
        nothing = np.empty((0, X.shape[1])), np.empty((0, n_outputs))
        self.kernel_ = self._kernel(np.stack(domain), None)
        problem = Problem.of(self.kernel_, *nothing, alpha=self.alpha, domain=domain)
        problem = problem.of_weight(weight_sum, more_to_come=given is not None)
        solver = choose_solver(problem, self.solver, among=STREAMING, **self._tolerances())
        sums = _distributed.sums_over_blocks(
            solver.sums_of, X, y, sample_weight, origin=problem.origin, domain=domain
        )
        return solver.of_sums(sums)

    def _partial_fit(self, X, y, sample_weight):
        """Return the solver with these rows added to its sums."""
        if is_dask(X):
            raise ValueError(
                "partial_fit takes a block of rows in memory; fit takes dask arrays, whose blocks "
                "it adds up."
            )
        if self.solver == "nufft" and self.domain is None:
            raise ValueError(
                "partial_fit with solver='nufft' needs domain, a pair (low, high) for each column "
                "of X that holds all rows to come: the Fourier modes depend on it."
            )
        if not hasattr(self, "_solver"):
            self._fitted_parameters = self._parameters_of_the_sums()
            problem = self._problem(X, y, sample_weight)
            solver = choose_solver(problem, self.solver, among=STREAMING, **self._tolerances())
            return around(solver.of_sums(solver.sums))
        changed = self._changed_parameters()
        if changed:
            raise ValueError(
                f"The sums over earlier rows were taken with other values of "
                f"{', '.join(changed)}: these cannot change between rows. Start anew with fit, or "
                f"with a clone."
            )
        X, y, weight = self._check_samples(X, y, sample_weight, reset=False)
        before, problem = self._solver, self._solver.problem
        more = before.sums_of(X - problem.origin, y / problem.unit, weight)
        return before.of_sums(before.sums + more, self.alpha, self.max_iter)

    def _check_accuracy(self, solver):
        """Warn of an inaccurate solution; refuse a useless one."""
        accuracy = solver.accuracy
        if solver.backward_error > _WORTHLESS:
            raise np.linalg.LinAlgError(
                f"alpha={self.alpha:g} is too small for these rows and {self.kernel_!r}: the "
                f"solution by {solver.name!r} is off by {solver.backward_error:.1e} deviations of "
                f"y. Raise alpha."
            )
        if accuracy > max(_INACCURATE, 10 * self.tol):
            warnings.warn(
                f"Predictions may be off by {accuracy:.1e} deviations of y: "
                f"{solver.why_inaccurate()}",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _problem(self, X, y, sample_weight):
        """Check the arguments of a first fit, and state the problem."""
        X, y, weight = self._check_samples(X, y, sample_weight, reset=True)
        self.kernel_ = self._kernel(X, y)
        domain, trend = self._domain(X.shape[1]), TrendBasis.of(self.trend, X, y)
        return Problem.of(self.kernel_, X, y, weight, alpha=self.alpha, domain=domain, trend=trend)

    def _kernel(self, X, y):
        """Build the kernel, k(0) = 1."""
        return scaled_kernel(resolve_kernel(self.kernel, X, y), self.sigma, X.shape[1])

    def _domain(self, n_features):
        return None if self.domain is None else check_domain(self.domain, n_features)

    def _tolerances(self):
        return {"tol": self.tol, "max_iter": self.max_iter}

    def _check_samples(self, X, y, sample_weight, *, reset):
        """Check rows, y of shape (n_samples, n_outputs) and weights; drop rows of weight 0."""
        X, y, weight = check_samples(
            self, X, y, sample_weight, reset=reset, allow_no_weight=not reset
        )
        self._check_outputs(y, reset=reset)
        if self.domain is not None:
            check_inside(X, *self._domain(X.shape[1]))
        weight = np.broadcast_to(1.0, len(X)) if weight is None else weight.astype(float)
        return X, (y if y.ndim == 2 else y[:, None]).astype(float), weight

    def _check_outputs(self, y, *, reset):
        """Remember the form of y, or check it against earlier rows; return how many outputs."""
        dtype = np.dtype(np.float32 if y.dtype == np.float32 else np.float64)
        if reset:
            self._y_shape, self._y_dtype = y.shape[1:], dtype
        elif y.shape[1:] != self._y_shape:
            raise ValueError(
                f"y must have the form of earlier rows, {('n_samples', *self._y_shape)}. Got shape "
                f"{y.shape}."
            )
        else:
            self._y_dtype = np.promote_types(self._y_dtype, dtype)
        return int(np.prod(y.shape[1:]))

    def _check_alpha(self):
        if not 0 < self.alpha < np.inf:
            raise ValueError(
                f"alpha must be positive: it is the variance of the noise, where that of y is 1. "
                f"Got alpha={self.alpha!r}. If y is exact, take alpha=1e-8, say: with 0 the system "
                f"would be singular to working precision for most kernels."
            )

    def _parameters_of_the_sums(self):
        return {
            name: np.array(value) if isinstance(value, list | tuple | np.ndarray) else value
            for name, value in self.get_params().items()
            # A transformer has been cloned: what becomes of the user's does not matter.
            if name not in _FREE_PARAMETERS and not name.startswith("trend__")
        }

    def _changed_parameters(self):
        """Name those that the sums depend on and that are others than at the first rows."""
        before, now = self._fitted_parameters, self._parameters_of_the_sums()
        return [name for name in now if not np.array_equal(before.get(name), now[name])]

    def _fitted_state(self):
        return {
            "kernel_": self.kernel_,
            "solver_": self.solver_,
            "solver": self._solver.state(),
            "y_shape": self._y_shape,
            "y_dtype": self._y_dtype.name,
            "is_calibrated": self._is_calibrated,
            "changed": self._changed_parameters(),
            "n_samples_seen_": self.n_samples_seen_,
        }

    def _restore(self, state):
        self.kernel_, of_solver = state.take("kernel_", Kernel), state.part("solver")
        problem = Problem.from_state(self.kernel_, of_solver.part("problem"))
        if len(problem.origin) != self.n_features_in_:  # before memory is taken for so many
            raise ValueError(f"columns of X are not those of {of_solver.owner}")
        check_fitted_kernel(self.kernel_, self.n_features_in_)
        at_zero = self.kernel_.evaluate(np.zeros((1, self.n_features_in_)))
        if not np.allclose(at_zero, 1):
            raise ValueError(f"k(0) of {self.kernel_!r} is {at_zero}, not 1")
        self.solver_ = known_name(state.take("solver_", str), SOLVERS, "solver_")
        self._solver = around(SOLVERS[self.solver_].from_state(problem, of_solver))
        n_outputs = len(self._solver.moments.mean)
        self._y_shape = state.take("y_shape", tuple)
        self._y_dtype = np.dtype(known_name(state.take("y_dtype", str), _Y_DTYPES, "y_dtype"))
        if self._y_shape != (n_outputs,) and (self._y_shape, n_outputs) != ((), 1):
            raise ValueError(f"y_shape is {self._y_shape}, and the solver has {n_outputs} columns")
        self._is_calibrated = state.take("is_calibrated", bool)
        self.n_samples_seen_ = state.count("n_samples_seen_", least=1)
        self._fitted_parameters = self._parameters_of_the_sums()
        # NaN equals nothing: these stay changed.
        self._fitted_parameters.update(dict.fromkeys(state.take("changed", list), np.nan))

    @by_blocks
    def predict(self, X: Any, return_std: bool = False, return_cov: bool = False) -> Any:
        """Predict the values at coordinates, and their standard deviations.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.
        return_std : bool, default=False
            Whether to return the deviation too. Where nothing is factorized it is computed from
            near rows, to about 1 %.
        return_cov : bool, default=False
            Whether to return the covariance between the rows instead: for few of them.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_outputs), as y was
            In the units and the dtype of y.
        y_std : ndarray of the same shape
            Standard deviation of the function (noise not included), in the units of y. Only if
            `return_std`.
        y_cov : ndarray of shape (n_samples, n_samples) or (n_samples, n_samples, n_outputs)
            Only if `return_cov`.

        Raises
        ------
        ValueError
            If X is not finite, or has other columns than in `fit`; if both the deviation and the
            covariance are asked for, or the covariance of over 5,000 rows.
        """
        if return_std and return_cov:
            raise ValueError("Ask for return_std or return_cov, not for both.")
        X = self._places(X)
        mean = self._in_units_of_y(self._solver.mean(X))
        if return_cov:
            _check_few(len(X), "The covariance")
            variance = _squared(self.signal_scale_)
            covariance = np.multiply.outer(self._solver.covariance(X), variance)
            covariance = covariance.astype(self._y_dtype)
            return mean, covariance.reshape(len(X), len(X), *self._y_shape)
        if not return_std:
            return mean
        deviation = np.sqrt(np.maximum(self._solver.variance(X), 0))
        return mean, self._in_units_of_y(np.outer(deviation, self._signal_scale))

    def sample_y(self, X: Any, n_samples: int = 1, random_state: Any = 0) -> NDArray[Any]:
        """Draw functions from the posterior, and evaluate them at coordinates.

        Parameters
        ----------
        X : array-like of shape (n_places, n_features)
            Coordinates.
        n_samples : int, default=1
            Number of functions.
        random_state : int, RandomState instance or None, default=0
            The same integer draws the same functions, whatever X.

        Returns
        -------
        ndarray of shape (n_places, n_samples) or (n_places, n_outputs, n_samples)
            Noise not included, in the units and the dtype of y.

        Raises
        ------
        ValueError
            As `predict`; if the kernel has no frequencies to draw, or the fit kept neither rows nor
            a factorized system.

        Notes
        -----
        Where no modes are factorized the prior's functions are sums of 4,096 waves, whose
        covariances are off by about 1 %.

        Examples
        --------
        >>> import numpy as np
        >>> from skfourier import FourierKernelRegressor
        >>> X = np.linspace(0, 1, 20).reshape(-1, 1)
        >>> model = FourierKernelRegressor(sigma=1).fit(X, np.sin(9 * X[:, 0]))
        >>> model.sample_y([[0.2], [0.5], [3.0]], n_samples=4).shape
        (3, 4)
        """
        X, scale = self._places(X), self._signal_scale
        n_outputs, rng = len(scale), check_random_state(random_state)
        draws = self._solver.draws(n_outputs * n_samples, rng)(X).reshape(len(X), n_outputs, -1)
        return self._in_units_of_y(self._solver.mean(X)[:, :, None] + scale[:, None] * draws)

    @by_blocks
    def predict_gradient(self, X: Any, return_std: bool = False) -> Any:
        """Predict the gradient of the function at coordinates.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.
        return_std : bool, default=False
            Whether to return the gradient's deviation too: for few rows.

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_features) or (n_samples, n_outputs, n_features)
            In units of y per unit of X.
        deviation : ndarray of the same shape
            Only if `return_std`.

        Raises
        ------
        ValueError
            As `predict`; if deviations of over 5,000 rows are asked for; if the trend has no
            gradient at the rows.

        Notes
        -----
        By differences of fourth order, over steps of a hundredth of the kernel's reach: to about
        1e-6. Functions of Matern's kernel with nu <= 1 have no gradient: that of their mean is a
        slope over such steps, and deviations grow without bound as steps shrink.

        Examples
        --------
        >>> import numpy as np
        >>> from skfourier import FourierKernelRegressor
        >>> X = np.linspace(0, 1, 50).reshape(-1, 1)
        >>> model = FourierKernelRegressor(sigma=1, alpha=1e-6).fit(X, np.sin(9 * X[:, 0]))
        >>> model.predict_gradient([[0.5]]).round(2), round(9 * np.cos(4.5), 2)
        (array([[-1.9]]), np.float64(-1.9))
        """
        X = self._places(X)
        step = _STEP_OF_REACH / (2 * math.pi * self.kernel_.scales(X.shape[1]).max(axis=0))
        gradients, deviations = [], []
        if return_std:
            _check_few(len(X), "Deviations of the gradient")
        trend, origin = self._solver.problem.trend, self._solver.problem.origin
        if trend is not None:
            step = [trend.smooth_step(X + origin, h, axis) for axis, h in enumerate(step)]
        for axis, h in enumerate(step):
            points = X[:, None] + h * np.outer(_PLACES, np.eye(X.shape[1])[axis])
            values = self._solver.mean(points.reshape(-1, X.shape[1]))
            values = values.reshape(len(X), len(_PLACES), -1)
            gradients.append(np.einsum("p,npc->nc", _WEIGHTS, values) / h)
            if return_std:
                deviation = np.sqrt(np.maximum(self._variance_of_differences(points), 0)) / h
                deviations.append(np.outer(deviation, self._signal_scale))
        both = [self._in_units_of_y(np.stack(p, axis=-1)) for p in (gradients, deviations) if p]
        return tuple(both) if return_std else both[0]

    def _variance_of_differences(self, points):
        """Return the variance of the weighted sum over the points of each row, k(0) = 1."""
        n_places, variance = len(_PLACES), []
        for rows in gen_batches(len(points), _ROWS_AT_ONCE):
            block = points[rows]
            covariance = self._solver.covariance(block.reshape(-1, block.shape[2]))
            covariance = covariance.reshape(len(block), n_places, len(block), n_places)
            variance.append(np.einsum("p,npnq,q->n", _WEIGHTS, covariance, _WEIGHTS, optimize=True))
        return np.concatenate(variance)

    def _places(self, X):
        """Check coordinates to predict at, and subtract the origin."""
        return check_new_rows(self, X) - self._solver.problem.origin

    def _in_units_of_y(self, values):
        """Turn (n_rows, n_outputs, ...) into the units, the dtype and the form of y."""
        more = values.shape[2:]
        values = values * self._solver.problem.unit.reshape(-1, *(1,) * len(more))
        return values.astype(self._y_dtype).reshape(len(values), *self._y_shape, *more)


def resolve_kernel(kernel, X, y):
    """Turn the parameter `kernel` into a kernel object, before sigma scales it.

    Parameters
    ----------
    kernel : str, Kernel, FourierFeatures or FrozenEstimator
    X, y : ndarray
        What unfitted features are fitted on.

    Returns
    -------
    Kernel

    Raises
    ------
    ValueError
        If it is not such a kernel.
    """
    if isinstance(kernel, FrozenEstimator | FourierFeatures):
        if not isinstance(getattr(kernel, "estimator", kernel), FourierFeatures):
            raise ValueError(
                f"kernel must be a fitted FourierFeatures where it is frozen. Got {kernel!r}."
            )
        # A clone of a frozen estimator is the estimator itself, and its fit does nothing.
        features = clone(kernel).fit(X, y)
        kernel = getattr(features, "estimator", features).induced_kernel()
    kernel = as_kernel(kernel)
    if isinstance(kernel, Positional):
        raise ValueError(
            f"{kernel!r} does not say how many frequencies it has; n_frequencies of the features "
            f"does: take kernel=FourierFeatures(distribution={kernel!r}, n_frequencies=...)."
        )
    return copy.deepcopy(kernel)  # the user's object may change later


def scaled_kernel(kernel, sigma, n_features):
    """Multiply the frequencies of a kernel by sigma, and scale it to k(0) = 1."""
    return kernel.scaled(sigma, n_features=n_features).normalized(n_features)


def refuse_trend(trend):
    """Raise ValueError where blocks of dask arrays are to have a trend."""
    if trend is not None:
        raise ValueError(
            f"A trend takes NumPy arrays: its functions are determined by rows in memory. Got dask "
            f"arrays and trend={trend!r}. Pass the blocks to partial_fit, one after the other, or "
            f"take trend=None."
        )


def _check_few(n_rows, what):
    if n_rows > _FEW_ROWS:
        raise ValueError(
            f"{what} of {n_rows:,} rows: {_FEW_ROWS:,} at most. Take fewer rows; "
            f"predict(X, return_std=True) takes any number."
        )


def _squared(scale):
    """Return the variances of deviations, if these are no smaller than their digits."""
    square = np.square(scale)
    if np.any(square < np.finfo(float).tiny):
        raise ValueError(
            f"Covariances of y, whose deviation is {scale.min():.1e}, are below what float64 "
            f"holds. Take return_std=True, or scale y."
        )
    return square


def check_size_of_y(moments):
    """Raise ValueError where targets, or weights, are so large that their squares overflow."""
    if not np.all(np.isfinite([moments.weight_sum, *moments.mean, *moments.variation])):
        raise ValueError(
            "y or sample_weight is too large: sums of weighted squares overflow float64. Scale it, "
            "or drop the rows that are meant to be missing."
        )
