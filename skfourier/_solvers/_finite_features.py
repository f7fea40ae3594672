r"""Ridge regression on finite features: the features, and the sums that it keeps of its rows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skfourier._blocks import row_blocks
from skfourier._solvers._sums import Sums
from skfourier._solvers._target_moments import TargetMoments
from skfourier.spectra._features import fourier_features
from skfourier.spectra._finite import FiniteSpectrum


@dataclass(frozen=True, eq=False)
class FiniteFeatures:
    """The features of a spectrum of given frequencies.

    Parameters
    ----------
    kernel : FiniteSpectrum
        k(0) = 1.
    n_columns : int
        Number of columns of X.
    """

    kernel: FiniteSpectrum
    n_columns: int

    @cached_property
    def _frequencies(self):
        return self.kernel.given_frequencies(self.n_columns)

    @property
    def width(self):
        """Number of features."""
        return 2 * len(self._frequencies)

    def same(self, other):
        """Return whether other features are these."""
        return self.n_columns == other.n_columns and self.kernel == other.kernel

    def blocks(self, X):
        """Yield slices of rows and their features."""
        amplitudes = self.kernel.given_amplitudes(self.n_columns)
        for rows in row_blocks(len(X), 8 * self.width):
            yield rows, fourier_features(X[rows], self._frequencies, amplitudes)

    def evaluate(self, coefficients, X):
        """Evaluate at the rows of X, block by block: (n_test, n_outputs)."""
        values = np.empty((len(X), coefficients.shape[1]))
        for rows, phi in self.blocks(X):
            values[rows] = phi @ coefficients
        return values


@dataclass(frozen=True, eq=False)
class FeatureSums(Sums):
    r"""Sums over rows of the targets about their weighted mean.

    Parameters
    ----------
    features : FiniteFeatures
    right_hand_sides : ndarray of shape (width, n_outputs)
        :math:`\Phi^T W (y - \bar y)`.
    moments : TargetMoments
    gram : ndarray of shape (width, width)
        :math:`\Phi^T W \Phi`.
    feature_sums : ndarray of shape (width,)
        :math:`\Phi^T W 1`.
    """

    gram: np.ndarray
    feature_sums: np.ndarray

    @classmethod
    def of(cls, features, X, y, weight, n_trend=0):
        """Take the sums over these rows.

        Parameters
        ----------
        features : FiniteFeatures
        X : ndarray of shape (n_samples, n_columns)
        y : ndarray of shape (n_samples, n_outputs)
        weight : ndarray of shape (n_samples,)
        n_trend : int, default=0
            So many of the last columns of y are the functions of a trend.
        """
        moments, width = TargetMoments.of(y, weight, n_trend), features.width
        gram = np.zeros((width, width))
        right_hand_sides, feature_sums = np.zeros((width, y.shape[1])), np.zeros(width)
        for rows, phi in features.blocks(X):
            weighted = weight[rows, None] * phi
            gram += phi.T @ weighted
            right_hand_sides += weighted.T @ (y[rows] - moments.mean)
            feature_sums += weighted.sum(axis=0)
        return cls(features, right_hand_sides, moments, gram, feature_sums)

    @staticmethod
    def shapes(features, n_outputs):
        """Return the names of the arrays and their shapes, a dict."""
        width = features.width
        return {
            "gram": (width, width),
            "right_hand_sides": (width, n_outputs),
            "feature_sums": (width,),
        }

    def about(self, origin):
        """Return the right-hand sides of the targets less `origin`."""
        return self.right_hand_sides + np.outer(self.feature_sums, self.moments.mean - origin)
