r"""Finite features: kernel regression as ridge regression on them.

With features :math:`\phi` of shape (n, p), normalised to :math:`\phi(x)^T \phi(x) = k(0) = 1`,

.. math:: K = \Phi \Phi^T, \quad (\Phi^T W \Phi + \alpha I) \beta = \Phi^T W y, \quad
          f(x) = \phi(x)^T \beta

The Gram matrix and the right-hand side are sums over rows. One eigendecomposition of the Gram
matrix then serves any alpha.
"""

import copy
import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from skfourier.solvers._leave_one_out import Eigenbasis
from skfourier.spectra._features import fourier_features
from skfourier.spectra._finite import FiniteSpectrum, check_amplitudes

# The Gram matrix, its eigenvectors and what LAPACK works in: four matrices of this many bytes.
_MOST_GRAM_BYTES = 2**30
# Numbers that a block of features holds: 64 MiB.
_BLOCK = 2**23


class Primal:
    """Finite features: exact, any alpha nearly free.

    Parameters
    ----------
    system : System
        Its kernel a spectrum of given frequencies, a `FiniteSpectrum`.

    Attributes
    ----------
    features : FiniteFeatures
    n_iter : int
        1.
    """

    name = "primal"
    exact = True
    n_iter = 1

    @staticmethod
    def why_not(system):
        """Return None, or the sentence that says why this solver does not apply."""
        if not hasattr(system.kernel, "given_frequencies"):
            return (
                f"The solver 'primal' needs finite features (Frequencies, Positional, Basic, or a "
                f"FourierFeatures), and {system.kernel!r} is an expectation over frequencies or "
                f"composed. Take 'nufft', 'cholesky' or 'cg'."
            )
        n_features = 2 * len(system.kernel.given_frequencies(system.X.shape[1]))
        if 8 * n_features**2 > _MOST_GRAM_BYTES:
            return (
                f"The solver 'primal' needs the Gram matrix of {n_features:,} features, "
                f"{8e-9 * n_features**2:.1f} GB; it takes {_MOST_GRAM_BYTES * 1e-9:.1f} GB at "
                f"most. Take fewer frequencies, or 'cholesky' or 'cg'."
            )
        return None

    def __init__(self, system):
        self.system = system
        self.features = FiniteFeatures(system.kernel, system.X.shape[1])
        no_targets = np.zeros((len(system.X), 0))
        self._equations = self.features.normal_equations(system.X, no_targets, system.weight)
        self._equations.check_positive(system.alpha)

    def with_alpha(self, alpha):
        """Return this solver with another alpha; the eigendecomposition is shared."""
        self._equations.check_positive(alpha)
        other = copy.copy(self)
        other.system = replace(self.system, alpha=alpha)
        return other

    def solve(self, y):
        """Return the coefficients of the features, for y of shape (n_samples, n_outputs)."""
        return self._equations.apply_inverse(self._right_hand_sides(y), self.system.alpha)

    def _right_hand_sides(self, y):
        """Return Phi^T W y."""
        weighted = y if self.system.weight is None else self.system.weight[:, None] * y
        right = np.zeros((self.features.width, y.shape[1]))
        for rows, phi in self.features.blocks(self.system.X):
            right += phi.T @ weighted[rows]
        return right

    def predict(self, coefficients, X):
        """Evaluate at the rows of X: (n_test, n_outputs)."""
        return self.features.predict(coefficients, X)

    def variance(self, X):
        r"""Return :math:`\alpha \phi^T (\Phi^T W \Phi + \alpha)^{-1} \phi` for the rows of X.

        By Woodbury, that is :math:`k(0) - k_*^T (K + \alpha W^{-1})^{-1} k_*`.
        """
        return self.system.alpha * self._quadratic_form(X)

    def log_determinant(self):
        r"""Return the logarithm of :math:`\det(K + \alpha W^{-1})`.

        .. math:: \log\det(\Phi^T W \Phi + \alpha I) + (n - p) \log\alpha - \sum_j \log w_j
        """
        alpha, weight = self.system.alpha, self.system.weight
        values = self._equations.eigenvalues
        rest = (len(self.system.X) - len(values)) * math.log(alpha)
        of_weights = 0 if weight is None else np.log(weight).sum()
        return np.log(values + alpha).sum() + rest - of_weights

    def dual(self, y):
        r"""Return :math:`c = (K + \alpha W^{-1})^{-1} y = W (y - \Phi \beta) / \alpha`."""
        residual = (y - self.predict(self.solve(y), self.system.X)) / self.system.alpha
        return residual if self.system.weight is None else self.system.weight[:, None] * residual

    def inverse_diagonal(self):
        r"""Return the diagonal of :math:`(K + \alpha W^{-1})^{-1}`.

        .. math:: (W - W \Phi (\Phi^T W \Phi + \alpha)^{-1} \Phi^T W) / \alpha
        """
        weight = 1.0 if self.system.weight is None else self.system.weight
        leverage = weight * self._quadratic_form(self.system.X)
        return weight * (1 - leverage) / self.system.alpha

    def eigenbasis(self, y):
        r"""Return the system of y of shape (n_samples, n_outputs) along the eigenvectors of B.

        :math:`B = W^{1/2} \Phi \Phi^T W^{1/2}` has the eigenvalues of the Gram matrix, whose
        eigenvectors v stand for :math:`W^{1/2} \Phi v / \sqrt\lambda`. What these do not reach is
        the residual of the least-squares fit.
        """
        values, vectors = self._equations.eigenvalues, self._equations.eigenvectors
        seen = values > len(values) * np.finfo(float).eps * values[-1]
        values, vectors = values[seen], vectors[:, seen]
        components = vectors.T @ self._right_hand_sides(y)
        fit = self.predict(vectors @ (components / values[:, None]), self.system.X)
        weight = np.ones(len(y)) if self.system.weight is None else self.system.weight
        return Eigenbasis(
            values,
            np.square(components) / values[:, None],
            n_samples=len(y),
            rest=weight @ np.square(y - fit),
        )

    def _quadratic_form(self, X):
        """Return phi^T (Phi^T W Phi + alpha)^-1 phi for the rows of X."""
        vectors, values = self._equations.eigenvectors, self._equations.eigenvalues
        form = np.empty(len(X))
        for rows, phi in self.features.blocks(X):
            form[rows] = (phi @ vectors) ** 2 @ (1 / (values + self.system.alpha))
        return form


@dataclass(frozen=True, eq=False)
class FiniteFeatures:
    """The features of a spectrum of given frequencies, normalised to k(0) = 1.

    Parameters
    ----------
    kernel : FiniteSpectrum
    n_columns : int
        Number of columns of X.
    """

    kernel: FiniteSpectrum
    n_columns: int

    @cached_property
    def _frequencies(self):
        return self.kernel.given_frequencies(self.n_columns)

    @cached_property
    def _amplitudes(self):
        amplitudes = check_amplitudes(self.kernel.amplitudes, len(self._frequencies))
        return amplitudes / np.linalg.norm(amplitudes)

    @property
    def width(self):
        """Number of features."""
        return 2 * len(self._frequencies)

    def blocks(self, X):
        """Yield slices of rows and their features."""
        # A block of a dask array may be empty, which scikit-learn's gen_batches refuses.
        n_rows = max(1, _BLOCK // self.width)
        for rows in (slice(start, start + n_rows) for start in range(0, len(X), n_rows)):
            yield rows, fourier_features(X[rows], self._frequencies, self._amplitudes)

    def normal_equations(self, X, y, weight=None):
        """Take the sums over these rows.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_columns)
        y : ndarray of shape (n_samples, n_outputs)
        weight : ndarray of shape (n_samples,), default=None

        Returns
        -------
        NormalEquations
        """
        weight = np.ones(len(X)) if weight is None else weight
        gram = np.zeros((self.width, self.width))
        right_hand_sides, feature_sums = np.zeros((self.width, y.shape[1])), np.zeros(self.width)
        for rows, phi in self.blocks(X):
            weighted = weight[rows, None] * phi
            gram += phi.T @ weighted
            right_hand_sides += weighted.T @ y[rows]
            feature_sums += weighted.sum(axis=0)
        return NormalEquations(
            features=self,
            gram=gram,
            right_hand_sides=right_hand_sides,
            feature_sums=feature_sums,
            weight_sum=weight.sum(),
            y_sum=weight @ y,
        )

    def predict(self, coefficients, X):
        """Evaluate at the rows of X, block by block: (n_test, n_outputs)."""
        values = np.empty((len(X), coefficients.shape[1]))
        for rows, phi in self.blocks(X):
            values[rows] = phi @ coefficients
        return values


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """The normal equations of ridge regression on features: sums over rows, which add up.

    Their memory depends on the number of features only.

    Parameters
    ----------
    features : FiniteFeatures
    gram : ndarray of shape (width, width)
        Products of the features, summed with the rows' weights, as are all that follow.
    right_hand_sides : ndarray of shape (width, n_outputs)
    feature_sums : ndarray of shape (width,)
    weight_sum : float
    y_sum : ndarray of shape (n_outputs,)
    """

    features: FiniteFeatures
    gram: np.ndarray
    right_hand_sides: np.ndarray
    feature_sums: np.ndarray
    weight_sum: float
    y_sum: np.ndarray

    def __add__(self, other):
        """Add the sums over other rows."""
        if self.gram.shape != other.gram.shape or self.features.kernel != other.features.kernel:
            raise ValueError("Only sums over the same features add up; these have different ones.")
        return replace(
            self,
            gram=self.gram + other.gram,
            right_hand_sides=self.right_hand_sides + other.right_hand_sides,
            feature_sums=self.feature_sums + other.feature_sums,
            weight_sum=self.weight_sum + other.weight_sum,
            y_sum=self.y_sum + other.y_sum,
        )

    @property
    def y_mean(self):
        """Weighted mean of the targets, of shape (n_outputs,)."""
        return self.y_sum / self.weight_sum

    def centred(self):
        """Return the equations of y less its weighted mean: r(y - mean) = r(y) - mean r(1)."""
        return replace(
            self,
            right_hand_sides=self.right_hand_sides - np.outer(self.feature_sums, self.y_mean),
            y_sum=np.zeros_like(self.y_sum),
        )

    def solve(self, alpha, *, tol=None, max_iter=None):  # noqa: ARG002 (the iterative ones use them)
        """Solve the equations.

        Returns
        -------
        coefficients : ndarray of shape (width, n_outputs)
        n_iter : int
            1.
        """
        self.check_positive(alpha)
        return self.apply_inverse(self.right_hand_sides, alpha), 1

    def apply_inverse(self, right_hand_sides, alpha):
        """Return (gram + alpha)^-1 of these."""
        vectors = self.eigenvectors
        parts = vectors.T @ right_hand_sides
        return vectors @ (parts / (self.eigenvalues + alpha)[:, None])

    def check_positive(self, alpha):
        """Raise ValueError if gram + alpha is singular to working precision."""
        lowest, highest = self.eigenvalues[0] + alpha, self.eigenvalues[-1] + alpha
        if not lowest > np.finfo(float).eps * highest:
            raise ValueError(
                f"The system is singular with alpha={alpha:g}: its eigenvalues reach from "
                f"{lowest:.1e} to {highest:.1e}. Raise alpha."
            )

    @property
    def eigenvalues(self):
        """Eigenvalues of the Gram matrix, increasing; rounding errors below 0 are taken off."""
        return np.maximum(self._eigen[0], 0)

    @property
    def eigenvectors(self):
        """Eigenvectors of the Gram matrix, its columns."""
        return self._eigen[1]

    @cached_property
    def _eigen(self):
        return np.linalg.eigh(self.gram)
