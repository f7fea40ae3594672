r"""Ridge regression on finite features, :math:`(\Phi^T W \Phi + \alpha) \beta = \Phi^T W y`."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from skfourier.solvers._target_moments import TargetMoments
from skfourier.spectra._features import fourier_features
from skfourier.spectra._finite import FiniteSpectrum, check_amplitudes

# Numbers that a block of features holds: 64 MiB.
_BLOCK = 2**23


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
        moments = TargetMoments.of(y, weight)
        gram = np.zeros((self.width, self.width))
        right_hand_sides, feature_sums = np.zeros((self.width, y.shape[1])), np.zeros(self.width)
        for rows, phi in self.blocks(X):
            weighted = phi if weight is None else weight[rows, None] * phi
            gram += phi.T @ weighted
            right_hand_sides += weighted.T @ (y[rows] - moments.mean)
            feature_sums += weighted.sum(axis=0)
        return NormalEquations(
            features=self,
            gram=gram,
            right_hand_sides=right_hand_sides,
            feature_sums=feature_sums,
            moments=moments,
        )

    def predict(self, coefficients, X):
        """Evaluate at the rows of X, block by block: (n_test, n_outputs)."""
        values = np.empty((len(X), coefficients.shape[1]))
        for rows, phi in self.blocks(X):
            values[rows] = phi @ coefficients
        return values


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """The equations of targets less their weighted mean: sums over rows, which add up.

    Their memory depends on the number of features only.

    Parameters
    ----------
    features : FiniteFeatures
    gram : ndarray of shape (width, width)
        Products of the features, summed with the rows' weights, as are all that follow.
    right_hand_sides : ndarray of shape (width, n_outputs)
        Of the targets less their mean.
    feature_sums : ndarray of shape (width,)
    moments : TargetMoments
    """

    features: FiniteFeatures
    gram: np.ndarray
    right_hand_sides: np.ndarray
    feature_sums: np.ndarray
    moments: TargetMoments

    def __add__(self, other):
        """Add the sums over other rows."""
        if self.gram.shape != other.gram.shape or self.features.kernel != other.features.kernel:
            raise ValueError("Only sums over the same features add up; these have different ones.")
        moments = self.moments + other.moments
        return replace(
            self,
            gram=self.gram + other.gram,
            right_hand_sides=self._about(moments.mean) + other._about(moments.mean),
            feature_sums=self.feature_sums + other.feature_sums,
            moments=moments,
        )

    def _about(self, origin):
        """Return the right-hand sides of the targets less `origin`."""
        return self.right_hand_sides + np.outer(self.feature_sums, self.moments.mean - origin)

    def solve(self, right_hand_sides, alpha, *, tol=None, max_iter=None):  # noqa: ARG002 (the iterative ones use them)
        """Solve the equations, for these right-hand sides or others.

        Returns
        -------
        coefficients : ndarray of shape (width, n_outputs)
        n_iter : int
            1.
        """
        self.check_positive(alpha)
        return self.apply_inverse(right_hand_sides, alpha), 1

    def variance(self, X, alpha, *, tol=None, max_iter=None):  # noqa: ARG002 (as above)
        r"""Return :math:`k(0) - k_*^T (K + \alpha W^{-1})^{-1} k_*` for the rows of X.

        By Woodbury, that is :math:`\alpha \phi^T (\Phi^T W \Phi + \alpha)^{-1} \phi`.
        """
        return alpha * self.quadratic_form(X, alpha)

    def quadratic_form(self, X, alpha):
        r"""Return :math:`\phi^T (\Phi^T W \Phi + \alpha)^{-1} \phi` for the rows of X."""
        form = np.empty(len(X))
        for rows, phi in self.features.blocks(X):
            form[rows] = (phi @ self.eigenvectors) ** 2 @ (1 / (self.eigenvalues + alpha))
        return form

    def log_determinant(self, alpha, n_rows):
        r"""Return :math:`\log\det(\Phi^T W \Phi + \alpha) + (n - p) \log\alpha`.

        With weights of 1 that is the logarithm of :math:`\det(K + \alpha)`.
        """
        rest = (n_rows - len(self.eigenvalues)) * math.log(alpha)
        return np.log(self.eigenvalues + alpha).sum() + rest

    def log_marginal_likelihood(self, coefficients, alpha):
        r"""Return that of the standardised targets, added up over the outputs; weights of 1.

        With :math:`\alpha\, y^T (K + \alpha)^{-1} y = y^T y - y^T \Phi \beta`.
        """
        moments, n_rows = self.moments, self.moments.weight_sum
        left = moments.variation - np.sum(self.right_hand_sides * coefficients, axis=0)
        fit = np.sum(left / moments.scale**2) / alpha
        normalisation = self.log_determinant(alpha, n_rows) + n_rows * math.log(2 * math.pi)
        return float(-0.5 * (fit + len(left) * normalisation))

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
