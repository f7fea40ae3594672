r"""Finite features: kernel regression as ridge regression on them.

With features :math:`\phi` of shape (n, p), normalized to :math:`\phi(x)^T \phi(x) = k(0) = 1`,

.. math:: K = \Phi \Phi^T, \quad (\Phi^T W \Phi + \alpha I) \beta = \Phi^T W y, \quad
          f(x) = \phi(x)^T \beta

The Gram matrix and the right-hand side are sums over rows. One eigendecomposition of the Gram
matrix then serves any alpha.
"""

import math
from functools import cached_property

import numpy as np

from skfourier._solvers._dense_factors import ShiftedEigenvectors
from skfourier._solvers._eigenbasis import Eigenbasis
from skfourier._solvers._eigenvectors import DenseEigenvectors
from skfourier._solvers._finite_features import FeatureSums, FiniteFeatures
from skfourier._solvers._solver import FactorizedSolver
from skfourier._solvers._streaming import StreamingSolver
from skfourier.spectra._finite import FiniteSpectrum

# The Gram matrix, its eigenvectors and what LAPACK works in: four matrices of this many bytes.
_MAX_GRAM_BYTES = 2**30


class Primal(StreamingSolver, FactorizedSolver):
    """Finite features: exact, any alpha nearly free."""

    name = "primal"
    sums_type = FeatureSums
    shared = ("features", "sums", "eigenvectors")
    left_out = (*StreamingSolver.left_out, "_factor")

    def _restore(self, state):
        reason = self.why_not()
        if reason is not None:
            raise ValueError(reason)
        super()._restore(state)

    def why_not(self):
        """Return None if the kernel has finite features and their Gram matrix fits."""
        kernel = self.problem.kernel
        if not isinstance(kernel, FiniteSpectrum):
            return (
                f"The solver 'primal' needs finite features (Frequencies, Positional, Basic, or a "
                f"FourierFeatures), and {kernel!r} is an expectation over frequencies or composed."
            )
        width = self.features.width
        if 8 * width**2 > _MAX_GRAM_BYTES:
            return (
                f"The solver 'primal' needs the Gram matrix of {width:,} features, "
                f"{8e-9 * width**2:.1f} GB; it takes {_MAX_GRAM_BYTES * 1e-9:.1f} GB at most."
            )
        return None

    @property
    def layout(self):
        """Shape of `coefficients`."""
        return (self.features.width, len(self.moments.mean))

    @cached_property
    def features(self):
        """The features of the kernel."""
        return FiniteFeatures(self.problem.kernel, self.problem.X.shape[1])

    @cached_property
    def eigenvectors(self):
        """The eigenvectors of the Gram matrix."""
        return DenseEigenvectors(self.sums.gram)

    @cached_property
    def _factor(self):
        """The system of the features, factorized."""
        return ShiftedEigenvectors(self.eigenvectors, self.problem.alpha)

    @cached_property
    def coefficients(self):
        """The coefficients of the features, shape (width, n_outputs)."""
        return self._factor.solve(self.sums.right_hand_sides)

    def evaluate(self, coefficients, X):
        """Evaluate at the rows of X: (n_rows, n_outputs)."""
        return self.features.evaluate(coefficients, X)

    def variance(self, X):
        r"""Return :math:`k(0) - k(x)^T A^{-1} k(x)` for the rows of X.

        By Woodbury, that is :math:`\alpha \phi^T (\Phi^T W \Phi + \alpha)^{-1} \phi`.
        """
        form = np.empty(len(X))
        for rows, phi in self.features.blocks(X):
            form[rows] = self._factor.quadratic_form(phi.T)
        return self.problem.alpha * form

    def covariance(self, X):
        r"""Return :math:`\alpha \phi^T (\Phi^T W \Phi + \alpha)^{-1} \phi'` of the rows of X."""
        along = np.vstack([phi @ self._factor.vectors for _, phi in self.features.blocks(X)])
        return self.problem.alpha * (along / self._factor.shifted) @ along.T

    def draws(self, n_draws, rng):
        """Return draws of the features' weights, as functions of X."""
        deviation = np.sqrt(self.problem.alpha / self._factor.shifted)[:, None]
        weights = self._factor.vectors @ (deviation * rng.normal(size=(len(deviation), n_draws)))
        return lambda X: self.features.evaluate(weights, X)

    def sums_and_coefficients(self):
        r"""Return :math:`\Phi^T W y` and :math:`\beta`, a row for each output."""
        return self.sums.right_hand_sides.T, self.coefficients.T

    def log_determinant(self):
        r"""Return :math:`\log\det A`.

        .. math:: \log\det(\Phi^T W \Phi + \alpha I) + (n - p) \log\alpha - \sum_j \log w_j
        """
        rest = (self.moments.n_rows - self.features.width) * math.log(self.problem.alpha)
        return self._factor.log_determinant() + rest - self.moments.log_weight_sum

    def eigenbasis(self):
        r"""Return the problem along the eigenvectors of :math:`B = W^{1/2} \Phi \Phi^T W^{1/2}`.

        B has the eigenvalues of the Gram matrix, whose eigenvectors v stand for
        :math:`W^{1/2} \Phi v / \sqrt\lambda`. What these do not reach is the residual of the
        least-squares fit.
        """
        values, vectors = self.eigenvectors.values, self.eigenvectors.vectors
        seen = values > len(values) * np.finfo(float).eps * values[-1]
        values, vectors = values[seen], vectors[:, seen]
        components = vectors.T @ self.sums.right_hand_sides
        fit = self.features.evaluate(vectors @ (components / values[:, None]), self.problem.X)
        return Eigenbasis(
            values,
            np.square(components) / values[:, None],
            n_samples=len(fit),
            rest=self.problem.weight @ np.square(self.problem.centered - fit),
            log_weight_sum=self.moments.log_weight_sum,
        )
