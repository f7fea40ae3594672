"""The base of the solvers of kernel regression: what each offers, and what it must define."""

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import ClassVar

import numpy as np

from skfourier._solvers._draws import PosteriorDraws
from skfourier._solvers._local_prediction import LocalPrediction

# Rows on which a solution is checked.
_ROWS_CHECKED = 64


class Evidence(ABC):
    r"""What targets say of A: how likely they are, and what leaving a row out changes."""

    @property
    @abstractmethod
    def moments(self):
        """Mean and variation of the targets."""

    @property
    def n_contrasts(self):
        """Number of rows, less those that a trend takes."""
        return self.moments.n_rows

    @abstractmethod
    def quadratic_form(self):
        r"""Return :math:`(y - \bar y)^T A^{-1} (y - \bar y)` of each output."""

    @abstractmethod
    def log_determinant(self):
        r"""Return :math:`\log\det A`, if A is factorized."""

    @abstractmethod
    def dual(self):
        r"""Return :math:`c = A^{-1} (y - \bar y)`, shape (n_samples, n_outputs)."""

    @abstractmethod
    def inverse_diagonal(self):
        r"""Return the diagonal of :math:`A^{-1}`, shape (n_samples,)."""

    def signal_scale(self):
        r"""Return the deviation of the signal of each output, in units of y.

        The likeliest one, given the kernel and alpha: :math:`\sqrt{y^T A^{-1} y / n}`; 1 where y
        is constant.
        """
        square = np.maximum(self.quadratic_form(), 0) / self.n_contrasts
        return np.where(self.moments.varies, np.sqrt(square), 1.0)

    def leave_one_out_residuals(self):
        r"""Return the residual of each row under the fit to all others, the mean held fixed.

        .. math:: y_i - f_{-i}(x_i) = c_i / (A^{-1})_{ii}

        A row is left out with all of its weight.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)

        References
        ----------
        C. E. Rasmussen and C. K. I. Williams, "Gaussian processes for machine learning", 2006,
        section 5.4.2.
        """
        return self.dual() / self.inverse_diagonal()[:, None]

    @property
    def log_marginal_likelihood(self):
        r"""Log marginal likelihood of the standardized targets, summed over outputs that vary.

        .. math:: -\tfrac12 \bigl(y^T A^{-1} y + \log\det A + n \log 2 \pi \bigr)

        A row of weight w has noise of variance alpha / w.
        """
        moments = self.moments
        fit = (self.quadratic_form() / moments.scale**2)[moments.informative]
        normalization = self.log_determinant() + self.n_contrasts * math.log(2 * math.pi)
        return float(-0.5 * np.sum(fit + normalization))


class Solver(Evidence):
    r"""A kernel regression and, once solved, what it has learned.

    .. math:: f(x) = \bar y + k(x)^T A^{-1} (y - \bar y), \qquad A = K + \alpha W^{-1}

    A solver is cheap to construct. `why_not` tells whether it applies; what it finds out on the
    way (frequencies, an even grid, ...) is kept and used by the solution, which is computed when
    first needed.

    Parameters
    ----------
    problem : Problem
    tol : float, default=1e-6
        Where an iteration ends: error of the predictions, or a relative residual. Error of the
        kernel where it is approximated.
    max_iter : int, default=10_000
        Maximum number of iterations.

    Attributes
    ----------
    n_iter : int
        Iterations of the last solution; 1 for a direct solver.
    """

    #: The value of the parameter `solver` that asks for this class.
    name: ClassVar[str]
    #: Whether A is factorized, so that its determinant and the diagonal of its inverse are known.
    factorizes: bool = False
    #: Whether A is factorized as it is, to rounding, whatever alpha.
    is_exact: ClassVar[bool] = False
    #: Of the coefficients.
    dtype: ClassVar[type] = float
    #: Cached properties that do not depend on alpha; `with_alpha` hands them on.
    shared: ClassVar[tuple[str, ...]] = ()
    #: Error of the predictions by the last iterations, in deviations of y, where it is known.
    iteration_error = 0.0
    #: Cached properties that are large, and soon made anew: pickles do without.
    left_out: ClassVar[tuple[str, ...]] = ("local",)

    def __init__(self, problem, *, tol=1e-6, max_iter=10_000):
        self.problem, self.tol, self.max_iter = problem, tol, max_iter
        self.n_iter = 1

    @abstractmethod
    def why_not(self):
        """Return None if this solver applies to the problem, else a sentence that says why not."""

    @property
    @abstractmethod
    def coefficients(self):
        """The coefficients of the fit, in the solver's own layout."""

    @property
    @abstractmethod
    def layout(self):
        """Shape of `coefficients`."""

    @abstractmethod
    def evaluate(self, coefficients, X):
        r"""Evaluate coefficients in this layout at the rows of X.

        Those of targets t give :math:`k(x)^T A^{-1} t`.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs)
        """

    def mean(self, X):
        """Return the mean at the rows of X in `problem.unit`; far from the data it is that of y.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs)
        """
        return self.moments.mean + self.evaluate(self.coefficients, X)

    @cached_property
    def local(self):
        """Predictions from near rows, if there are rows."""
        return LocalPrediction(self.problem)

    @abstractmethod
    def variance(self, X):
        r"""Return :math:`k(0) - k(x)^T A^{-1} k(x)` for the rows of X, shape (n_rows,)."""

    @abstractmethod
    def covariance(self, X):
        r"""Return :math:`k(x, x') - k(x)^T A^{-1} k(x')` between the rows of X."""

    @abstractmethod
    def draws(self, n_draws, rng):
        """Return a function of X: what draws from the posterior have beside its mean, k(0) = 1.

        Parameters
        ----------
        n_draws : int
        rng : RandomState

        Returns
        -------
        callable
            X to an array of shape (n_rows, n_draws), of the same functions whatever X.
        """

    @abstractmethod
    def products_with_trend(self):
        r"""Return :math:`(y - \bar y)^T A^{-1} H`, H the last outputs: (n_outputs, n_trend)."""

    def state(self):
        """Return what predictions need, in numbers and arrays: what files hold beside the kernel.

        Predictions from it are the same to the last bit. No matrix is in it that grows with the
        square of the rows; a subclass adds what else it needs, and reads it in `_restore`.

        Returns
        -------
        dict
        """
        return {
            "problem": self.problem.state(),
            "tol": self.tol,
            "max_iter": int(self.max_iter),
            **self._solution_state(),
        }

    def _solution_state(self):
        return {
            "coefficients": self.coefficients,
            "n_iter": self.n_iter,
            "backward_error": self.backward_error,
            **({"iteration_error": self.iteration_error} if self.iteration_error else {}),
        }

    @classmethod
    def from_state(cls, problem, state):
        """Rebuild a solver.

        Parameters
        ----------
        problem : Problem
        state : State
            Of what the method `state` returned, without the problem.

        Raises
        ------
        ValueError
            If something is missing, or does not belong together.
        """
        solver = cls(problem, tol=state.number("tol"), max_iter=state.count("max_iter", least=1))
        solver._restore(state)
        solver._restore_solution(state)
        state.finish()
        return solver

    def _restore_solution(self, state):
        self.n_iter = state.count("n_iter")
        self.__dict__["coefficients"] = state.array("coefficients", self.layout, self.dtype)
        self.__dict__["backward_error"] = state.number("backward_error")
        if "iteration_error" in state:
            self.iteration_error = state.number("iteration_error")

    def _restore(self, state):  # noqa: ARG002 (others read what they have added)
        """Take what `state` holds more than every solver's; check that the solver applies."""
        reason = self.why_not()
        if reason is not None:
            raise ValueError(reason)

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name not in self.left_out}

    @property
    def moments(self):
        """Mean and variation of the targets."""
        return self.problem.moments

    def with_alpha(self, alpha):
        """Return this solver with another alpha; what does not depend on it is shared."""
        if alpha == self.problem.alpha:
            return self
        other = type(self)(self.problem.with_alpha(alpha), tol=self.tol, max_iter=self.max_iter)
        other.__dict__.update({name: getattr(self, name) for name in self.shared})
        return other

    def log_determinant(self):
        r"""Return :math:`\log\det A`, if A is factorized."""
        raise NotImplementedError(f"{self.name!r} has not factorized this system.")

    def inverse_diagonal(self):
        r"""Return the diagonal of :math:`A^{-1}`, shape (n_samples,).

        .. math:: (A^{-1})_{ii} = (1 - h_i)\, w_i / \alpha, \qquad
                  h_i = w_i \operatorname{var} f(x_i) / \alpha
        """
        noise = self.problem.noise
        return (1 - self.variance(self.problem.X) / noise) / noise

    @property
    def accuracy(self):
        """Possible error of the predictions, in standard deviations of y."""
        _ = self.coefficients  # iterations tell their error when they are done
        return float(np.maximum(self.backward_error, self.iteration_error))  # NaN where unknown

    @cached_property
    def backward_error(self):
        r"""By how much targets would have to differ for the solution to be theirs.

        .. math:: \max_i |f(x_i) + (\alpha / w_i)\, c_i - y_i|

        over a sample of the rows, in deviations of y. NaN where no rows are kept.
        """
        problem = self.problem
        if not len(problem.X):
            return math.nan
        some = np.linspace(0, len(problem.X) - 1, min(_ROWS_CHECKED, len(problem.X))).astype(int)
        noise = problem.noise[some, None] * self.dual()[some]
        off = self.mean(problem.X[some]) + noise - problem.y[some]
        return float(np.max(np.abs(off) / self.moments.scale, initial=0.0))

    def why_inaccurate(self):
        """Say what makes predictions inaccurate, and what to do."""
        return (
            f"alpha={self.problem.alpha:g} is small for these rows and {self.problem.kernel!r}. "
            f"Raise alpha, or take solver='cholesky' where dense matrices of the rows fit."
        )


class RowSolver(Solver):
    """A solver that keeps its rows, and solves for any targets there."""

    @abstractmethod
    def solve(self, targets):
        r"""Solve for targets of mean 0, of shape (n_samples, n_outputs).

        Returns
        -------
        ndarray
            Coefficients in the solver's own layout, for `evaluate`.
        """

    @cached_property
    def coefficients(self):
        """The solution for the problem's targets."""
        return self.solve(self.problem.centered)

    def variance(self, X):
        r"""Return :math:`k(0) - k(x)^T A^{-1} k(x)` for the rows of X, from near rows.

        Accurate to about 1 % of the deviation: see `LocalPrediction`.
        """
        return self.local.predict(X)[1]

    def covariance(self, X):
        r"""Return :math:`k(x, x') - k(x)^T A^{-1} k(x')` between the rows of X."""
        cross = self.problem.kernel(self.problem.X, X)
        covariance = self.problem.kernel(X) - self.evaluate(self.solve(cross), X)
        return (covariance + covariance.T) / 2

    def draws(self, n_draws, rng):
        """Return what draws from the posterior have beside its mean, by those of the prior."""
        return PosteriorDraws(self, n_draws, rng)

    def quadratic_form(self):
        r"""Return :math:`(y - \bar y)^T A^{-1} (y - \bar y)` of each output."""
        return np.sum(self.problem.centered * self.dual(), axis=0)

    def products_with_trend(self):
        r"""Return :math:`(y - \bar y)^T A^{-1} H`, H the last outputs: (n_outputs, n_trend)."""
        return self.problem.centered.T @ self.dual()[:, -self.moments.n_trend :]


class MatrixSolver(RowSolver):
    """A solver whose coefficients are :math:`A^{-1} t`, laid out as its kernel matrix has rows."""

    @property
    @abstractmethod
    def matrix(self):
        """The `KernelMatrix` of the rows."""

    @property
    def layout(self):
        """Shape of `coefficients`."""
        return self.matrix.scatter(self.problem.y).shape

    def evaluate(self, coefficients, X):
        """Evaluate at the rows of X: (n_rows, n_outputs)."""
        return self.matrix.cross(coefficients, X)

    def dual(self):
        r"""Return :math:`A^{-1} (y - \bar y)`, rows in X's order."""
        return self.matrix.gather(self.coefficients)


class FactorizedSolver(Solver):
    r"""A solver that factorizes A: it knows what leaving a row out changes, and how likely y is."""

    factorizes = True
    is_exact = True

    @abstractmethod
    def eigenbasis(self):
        """Return the problem in the basis of the eigenvectors, an `Eigenbasis`."""

    def log_marginal_likelihoods(self, alphas):
        """Return the log marginal likelihood for each of several alphas, shape (n_alphas,)."""
        basis, moments = self.eigenbasis(), self.moments
        each = [basis.log_marginal_likelihood(alpha, moments.scale) for alpha in alphas]
        return np.sum(each, axis=1, where=moments.informative)
