"""Kernel regression in closed form: the spectrum's expectation."""

import copy
import math
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.frozen import FrozenEstimator
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
from skfourier.solvers._choice import choose_solver, solvers_for
from skfourier.solvers._system import System
from skfourier.spectra import Frequencies, Positional, Spectrum, as_spectrum


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
    tol : float, default=1e-6
        Relative residual at which an iterative solver ends.
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
    """

    _parameter_constraints = {
        "sigma": [Interval(Real, 0, None, closed="neither"), "array-like"],
        "distribution": [str, Spectrum, FourierFeatures, FrozenEstimator],
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "n_hidden_layers": [Interval(Integral, 0, None, closed="left")],
        "solver": [str],
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
        tol=1e-6,
        max_iter=10_000,
    ):
        self.sigma = sigma
        self.distribution = distribution
        self.alpha = alpha
        self.n_hidden_layers = n_hidden_layers
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter

    log_marginal_likelihood_value_: float

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Solve for the coefficients.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Values there. The outputs share one factorisation.
        sample_weight : array-like of shape (n_samples,), default=None
            A row of weight 2 is as two equal rows, one of weight 0 as none.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X or y is not finite or real, or they do not match; if the solver asked for does not
            apply (with the reason); if a name is unknown.

        Warns
        -----
        ConvergenceWarning
            If an iterative solver did not reach `tol`.
        UserWarning
            If only the slow solver "cg" applies.
        """
        with unchanged_on_error(self):
            return self._fit(X, y, sample_weight)

    def _fit(self, X, y, sample_weight):
        system, targets = self._system(X, y, sample_weight)
        return self._solved(choose_solver(system, self.solver)(system), targets)

    def _fits(self, X, y, sample_weight, alphas):
        """Yield a fit for each alpha, from the smallest on; they share what is the same."""
        system, targets = self._system(X, y, sample_weight)
        for solver in solvers_for(alphas, system, self.solver):
            fit = copy.copy(self).set_params(alpha=solver.system.alpha)
            yield fit._solved(solver, targets)

    def _system(self, X, y, sample_weight):
        """Check the arguments of `fit`; return what there is to solve, and its right-hand sides."""
        X, y, weight = check_samples(self, X, y, sample_weight, reset=True)
        self._y_ndim, self._y_dtype = y.ndim, y.dtype
        targets = self._standardised(y.reshape(len(y), -1).astype(float), weight)
        self._origin = X.min(axis=0).astype(float)
        self.kernel_ = self._normalised_kernel(X, y)
        rounding = np.finfo(X.dtype).eps * np.abs(X).max(axis=0)
        X = X - self._origin
        system = System(
            kernel=self.kernel_,
            X=X,
            alpha=float(self.alpha),
            weight=None if weight is None else weight.astype(float),
            grid=find_grid(X, rounding=rounding),
            tol=self.tol,
            max_iter=self.max_iter,
        )
        return system, targets

    def _solved(self, solver, targets):
        """Solve, and keep what comes out."""
        self._solver = solver
        self._coefficients = solver.solve(targets)
        self.solver_, self.n_iter_ = solver.name, solver.n_iter
        self.__dict__.pop("log_marginal_likelihood_value_", None)
        if solver.exact and solver.system.weight is None:
            self.log_marginal_likelihood_value_ = self._log_marginal_likelihood(targets)
        return self

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
        mean = self._in_units_of_y(
            self._solver.predict(self._coefficients, X) * self._y_scale + self._y_mean
        )
        if not return_std:
            return mean
        deviation = np.sqrt(np.maximum(self._solver.variance(X), 0))
        return mean, self._in_units_of_y(np.outer(deviation, self._y_scale))

    def _in_units_of_y(self, values):
        values = values.astype(self._y_dtype)
        return values[:, 0] if self._y_ndim == 1 else values

    def _standardised(self, y, weight):
        """Return y of weighted mean 0 and deviation 1, and keep both."""
        self._y_mean = np.average(y, axis=0, weights=weight)
        self._y_scale = np.sqrt(np.average((y - self._y_mean) ** 2, axis=0, weights=weight))
        self._y_scale[self._y_scale == 0] = 1
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

    def _log_marginal_likelihood(self, targets):
        n_samples, n_outputs = targets.shape
        fit = np.sum(targets * self._solver.dual(targets))
        normalisation = self._solver.log_determinant() + n_samples * math.log(2 * math.pi)
        return -0.5 * (fit + n_outputs * normalisation)
