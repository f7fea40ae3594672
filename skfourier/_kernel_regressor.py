"""Kernel regression in closed form: the spectrum's expectation."""

import copy
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skfourier._fourier_features import FourierFeatures
from skfourier._sklearn import (
    Interval,
    _fit_context,
    check_samples,
    refuse_mask,
    unchanged_on_error,
)
from skfourier.grids import find_grid
from skfourier.ntk import ComposedKernel
from skfourier.solvers import _distributed
from skfourier.solvers._box import box_of, check_domain, check_inside
from skfourier.solvers._choice import (
    STREAMING,
    choose_solver,
    choose_streaming_solver,
    solvers_for,
)
from skfourier.solvers._posterior import PosteriorOfRows, PosteriorOfSums
from skfourier.solvers._system import System
from skfourier.solvers._target_moments import TargetMoments
from skfourier.spectra import Frequencies, Positional, Spectrum, as_spectrum

# The Fourier modes of "nufft" are laid out for so large a sum of weights where `domain` says that
# more rows may come.
_WEIGHT_TO_COME = 1e9
# What may change from one `partial_fit` to the next: the sums do not depend on it.
_FREE_PARAMETERS = ("alpha", "max_iter")


def _rows_add_up(regressor):
    """Tell whether the solver's system is a sum over rows: `partial_fit` is there or not."""
    if regressor.solver in STREAMING:
        return True
    raise AttributeError(
        f"partial_fit adds up sums over rows, which solver='nufft' and solver='primal' take. Got "
        f"solver={regressor.solver!r}."
    )


class FourierKernelRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):
    r"""Represent a signal by kernel regression with the kernel that Fourier features induce.

    .. math:: \hat y(v) = \bar y + \sum_i k(v - v_i)\, c_i, \quad
              (K + \alpha W^{-1})\, c = y - \bar y, \quad k(0) = 1

    the limit of infinitely many features, solved by what the coordinates are: a grid, scattered
    points, or anything else.

    Parameters
    ----------
    sigma : float or array-like of shape (n_features,), default=1.0
        Scale of the frequencies along each axis, in cycles per unit of X. It multiplies those of
        the distribution.
    distribution : str, Spectrum, FourierFeatures or FrozenEstimator, default="gaussian"
        Whose kernel is taken, k(0) scaled to 1. A `FourierFeatures` is cloned and fitted, one that
        is fitted already comes as `FrozenEstimator(features)`: then k is the finite kernel of
        equation 4. Give features a `random_state` for the same result in every fit.
    alpha : float, default=1e-3
        Variance of the noise, where the variance of y is 1 and k(0) = 1. Must be positive.
    n_hidden_layers : int, default=0
        0 takes the induced kernel itself; more of them the neural tangent kernel of an infinitely
        wide ReLU network of so many hidden layers on the features.
    solver : str, default="auto"
        "primal" (finite features), "kronecker" (full grid, product kernel), "masked_kronecker"
        (grid with holes or weights, product kernel), "toeplitz" (even grid, any kernel), "nufft"
        (scattered points, up to three columns, a spectral density), "cholesky" (dense) or "cg"
        (dense products, slow). "auto" takes the first that applies; up to 1,024 rows a direct one.
    domain : array-like of shape (n_features, 2), default=None
        (low, high) for each column: all rows must lie between. "nufft" lays out its Fourier modes
        for it, which `partial_fit` needs, since rows that are still to come may lie anywhere in
        it; the other solvers do without, but refuse rows outside all the same. None for the box
        of the rows of `fit`. Predictions may be asked for anywhere.
    tol : float, default=1e-6
        Relative residual at which an iterative solver ends; with "nufft" the error of the kernel
        too.
    max_iter : int, default=10000
        Most iterations of an iterative solver.

    Attributes
    ----------
    kernel_ : Kernel
        The kernel, k(0) = 1.
    solver_ : str
        What "auto" stood for.
    n_iter_ : int
        Iterations; 1 for direct solvers.
    log_marginal_likelihood_value_ : float
        Of the standardised y under the Gaussian process with this kernel and noise, added up over
        the outputs; only where the solver factorises ("primal", "kronecker", "cholesky") and no
        weights were given.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of X, if all are strings.

    See Also
    --------
    CoordinateMLPRegressor : The network whose training this describes in the limit.

    Notes
    -----
    Far from the data the prediction falls to the mean of y.

    With `domain`, "nufft" takes as many Fourier modes as a sum of weights of 10^9 asks for, so that
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
    """

    _parameter_constraints = {
        "sigma": [Interval(Real, 0, None, closed="neither"), "array-like"],
        "distribution": [str, Spectrum, FourierFeatures, FrozenEstimator],
        "alpha": [Real],
        "n_hidden_layers": [Interval(Integral, 0, None, closed="left")],
        "solver": [str],
        "domain": ["array-like", None],
        "tol": [Interval(Real, 0, 1, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        sigma=1.0,
        *,
        distribution="gaussian",
        alpha=1e-3,
        n_hidden_layers=0,
        solver="auto",
        domain=None,
        tol=1e-6,
        max_iter=10_000,
    ):
        self.sigma = sigma
        self.distribution = distribution
        self.alpha = alpha
        self.n_hidden_layers = n_hidden_layers
        self.solver = solver
        self.domain = domain
        self.tol = tol
        self.max_iter = max_iter

    _posterior: Any

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Solve for the coefficients; what was learned before is forgotten.

        Parameters
        ----------
        X : array-like or dask array of shape (n_samples, n_features)
            Coordinates.
        y : array-like or dask array of shape (n_samples,) or (n_samples, n_outputs)
            Values there. The outputs share one factorisation.
        sample_weight : array-like or dask array of shape (n_samples,), default=None
            A row of weight 2 is as two equal rows, one of weight 0 as none.

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
            If "auto" finds only a slow solver, "cg" or "cholesky" for over 8,192 rows: with what
            keeps a fast one from it.
        """
        with unchanged_on_error(self):
            self._check_alpha()
            self._fitted_parameters = self._parameters_of_the_sums()
            fit = self._fit_dask if _distributed.is_dask(X) else self._fit
            fit(X, y, sample_weight)
        return self

    @available_if(_rows_add_up)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Add rows to those learned from: in the end all is as after one `fit` on all of them.

        Sums over the rows are kept, not the rows; the system is solved when something is first
        asked that depends on it. The first call, or an earlier `fit`, settles the kernel; `alpha`
        and `max_iter` may change from call to call, and count as of the last one. (Rows of weight
        0 add nothing: with them another `alpha` can be tried at the cost of a solution.)

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
        What solving may warn of or raise (no convergence, an alpha too small for the features)
        comes with the call that first asks for the solution, `predict` for one.
        """
        with unchanged_on_error(self):
            self._validate_params()  # scikit-learn's decorator does so in the first call only
            self._check_alpha()
            self._partial_fit(X, y, sample_weight)
        return self

    @property
    def n_iter_(self):
        """Iterations of the solution; 1 for direct solvers."""
        check_is_fitted(self)
        return self._posterior.n_iter

    @property
    def log_marginal_likelihood_value_(self):
        """Log marginal likelihood of the standardised targets, added up over the outputs."""
        check_is_fitted(self)
        value = self._posterior.log_marginal_likelihood
        if value is None:
            raise AttributeError(
                "log_marginal_likelihood_value_ is there where the solver factorises ('primal', "
                "'kronecker', 'cholesky') and no weights were given."
            )
        return value

    def _fit(self, X, y, sample_weight):
        X, y, weight = self._check_samples(X, y, sample_weight, reset=True)
        system = self._system_of(X, y, weight)
        solver = choose_solver(system, self.solver)
        if solver.name in STREAMING:
            sums = solver.features_of(system).normal_equations(system.X, y, weight)
            self._keep_sums(sums, solver.name, weighted=weight is not None)
            self._posterior.solve()
        else:
            self._solved(solver(system), self._standardised(y, weight))

    def _fit_dask(self, X, y, sample_weight):
        _distributed.check_columns(X, y, sample_weight)
        validate_data(self, X, skip_check_array=True)
        self._check_outputs(y if _distributed.is_dask(y) else np.asarray(y), reset=True)
        if self.domain is None:
            low, high, total_weight = _distributed.bounds(X, sample_weight)
        else:
            (low, high), total_weight = check_domain(self.domain, X.shape[1]), _WEIGHT_TO_COME
        self._origin, corners = low, np.stack([low, high])
        self.kernel_ = self._normalised_kernel(corners, None)
        system = System(
            kernel=self.kernel_,
            X=corners - low,
            alpha=float(self.alpha),
            tol=self.tol,
            max_iter=self.max_iter,
            total_weight=total_weight,
        )
        solver = choose_streaming_solver(system, self.solver)
        features, domain = solver.features_of(system), (low, high)
        sums = _distributed.normal_equations(
            features, X, y, sample_weight, origin=low, domain=domain
        )
        self._keep_sums(sums, solver.name, weighted=sample_weight is not None)
        self._posterior.solve()

    def _partial_fit(self, X, y, sample_weight):
        if _distributed.is_dask(X):
            raise ValueError(
                "partial_fit takes a block of rows in memory; fit takes dask arrays, whose blocks "
                "it adds up."
            )
        first = not hasattr(self, "_posterior")
        if self.solver == "nufft" and self.domain is None:
            raise ValueError(
                "partial_fit with solver='nufft' needs domain, a pair (low, high) for each column "
                "of X that holds all rows to come: the Fourier modes depend on it."
            )
        if first:
            self._fitted_parameters = self._parameters_of_the_sums()
        else:
            self._check_parameters_of_the_sums()
        X, y, weight = self._check_samples(X, y, sample_weight, reset=first)
        if first:
            system = self._system_of(X, y, weight)
            features = choose_solver(system, self.solver).features_of(system)
            sums = features.normal_equations(system.X, y, weight)
            weighted = weight is not None
        else:
            before = self._posterior
            features = before.equations.features
            sums = before.equations + features.normal_equations(X - self._origin, y, weight)
            weighted = before.weighted or weight is not None
        self._keep_sums(sums, self.solver, weighted=weighted)

    def _keep_sums(self, sums, solver_name, *, weighted):
        _check_size_of_y(sums.moments)
        self.solver_ = solver_name
        self._y_mean, self._y_scale = sums.moments.mean, sums.moments.scale
        self._posterior = PosteriorOfSums(
            sums, float(self.alpha), tol=self.tol, max_iter=self.max_iter, weighted=weighted
        )

    def _fits(self, X, y, sample_weight, alphas):
        """Yield a fit for each alpha, from the smallest on; they share what is the same."""
        system, targets = self._system(X, y, sample_weight)
        for solver in solvers_for(alphas, system, self.solver):
            fit = copy.copy(self).set_params(alpha=solver.system.alpha)
            yield fit._solved(solver, targets)

    def _system(self, X, y, sample_weight):
        """Check the arguments of `fit`; return what there is to solve, and standardised targets."""
        X, y, weight = self._check_samples(X, y, sample_weight, reset=True)
        return self._system_of(X, y, weight), self._standardised(y, weight)

    def _solved(self, solver, targets):
        """Solve for standardised targets, and keep what comes out."""
        self.solver_, self._posterior = solver.name, PosteriorOfRows(solver, targets)
        return self

    def _system_of(self, X, y, weight):
        """State what there is to solve for these rows."""
        self.kernel_ = self._normalised_kernel(X, y)
        domain, total_weight = None, None
        if self.domain is None:
            self._origin, _ = box_of(X)
        else:
            self._origin, high = check_domain(self.domain, X.shape[1])
            domain = np.zeros_like(high), high - self._origin
            total_weight = _WEIGHT_TO_COME
        rounding = np.finfo(X.dtype).eps * np.abs(X).max(axis=0)
        X = X - self._origin
        return System(
            kernel=self.kernel_,
            X=X,
            alpha=float(self.alpha),
            weight=weight,
            grid=find_grid(X, rounding=rounding),
            tol=self.tol,
            max_iter=self.max_iter,
            domain=domain,
            total_weight=total_weight,
        )

    def _check_samples(self, X, y, sample_weight, *, reset):
        """Check rows, y of shape (n_samples, n_outputs) and weights; drop rows of weight 0."""
        X, y, weight = check_samples(
            self, X, y, sample_weight, reset=reset, allow_no_weight=not reset
        )
        self._check_outputs(y, reset=reset)
        if self.domain is not None:
            check_inside(X, *check_domain(self.domain, X.shape[1]))
        weight = None if weight is None else weight.astype(float)
        return X, (y if y.ndim == 2 else y[:, None]).astype(float), weight

    def _check_outputs(self, y, *, reset):
        """Remember the form of y, or check that it has the form of earlier rows."""
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
            if name not in _FREE_PARAMETERS
        }

    def _check_parameters_of_the_sums(self):
        before, now = self._fitted_parameters, self._parameters_of_the_sums()
        changed = [name for name in now if not np.array_equal(before.get(name), now[name])]
        if changed:
            raise ValueError(
                f"The sums over earlier rows were taken with other values of "
                f"{', '.join(changed)}: these cannot change between rows. Start anew with fit, or "
                f"with a clone."
            )

    def predict(self, X, return_std=False):
        """Predict the values at coordinates, and how far they may be off.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.
        return_std : bool, default=False
            Whether to return the deviation too. Solvers that do not factorise solve a system for
            each row, and refuse more than 1,000 of them.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_outputs), as y was
            In the units and the dtype of y.
        y_std : ndarray of the same shape
            Standard deviation of the function (noise not included), in the units of y. Only if
            `return_std`.

        Raises
        ------
        ValueError
            If X is not finite, or has other columns than in `fit`.
        """
        check_is_fitted(self)
        refuse_mask(X, "X")
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False) - self._origin
        mean = self._in_units_of_y(self._posterior.mean(X) * self._y_scale + self._y_mean)
        if not return_std:
            return mean
        deviation = np.sqrt(np.maximum(self._posterior.variance(X), 0))
        return mean, self._in_units_of_y(np.outer(deviation, self._y_scale))

    def _in_units_of_y(self, values):
        return values.astype(self._y_dtype).reshape(len(values), *self._y_shape)

    def _standardised(self, y, weight):
        """Return y of weighted mean 0 and deviation 1, and keep both."""
        moments = TargetMoments.of(y, weight)
        _check_size_of_y(moments)
        self._y_mean, self._y_scale = moments.mean, moments.scale
        return (y - self._y_mean) / self._y_scale

    def _normalised_kernel(self, X, y):
        """Build the kernel, k(0) = 1."""
        distribution = self.distribution
        if isinstance(distribution, FrozenEstimator | FourierFeatures):
            if not isinstance(getattr(distribution, "estimator", distribution), FourierFeatures):
                raise ValueError(
                    f"distribution must be a fitted FourierFeatures where it is frozen. Got "
                    f"{self.distribution!r}."
                )
            # A clone of a frozen estimator is the estimator itself, and its fit does nothing.
            features = clone(distribution).fit(X, y)
            distribution = getattr(features, "estimator", features).induced_kernel()
        spectrum = as_spectrum(distribution)
        if isinstance(spectrum, Positional):
            raise ValueError(
                f"How many frequencies {spectrum!r} has is said by n_frequencies of the features: "
                f"take distribution=FourierFeatures(distribution={spectrum!r}, n_frequencies=...)."
            )
        spectrum = spectrum.scaled(self.sigma, n_features=X.shape[1], n_frequencies=X.shape[1])
        if hasattr(spectrum, "given_frequencies"):
            frequencies = spectrum.given_frequencies(X.shape[1])
            amplitudes = np.broadcast_to(spectrum.amplitudes, len(frequencies))
            length = np.linalg.norm(amplitudes)
            if length == 0:
                raise ValueError("The amplitudes of the distribution are all 0: its kernel is 0.")
            spectrum = Frequencies(frequencies, amplitudes / length)
        else:
            spectrum = copy.deepcopy(spectrum)  # the user's object may change later
        return ComposedKernel(self.n_hidden_layers, spectrum) if self.n_hidden_layers else spectrum


def _check_size_of_y(moments):
    """Raise ValueError where targets, or weights, are so large that their squares overflow."""
    if not (np.isfinite(moments.weight_sum) and np.all(np.isfinite(moments.variation))):
        raise ValueError(
            "y or sample_weight is too large: sums of weighted squares overflow float64. Scale it, "
            "or drop the rows that are meant to be missing."
        )
