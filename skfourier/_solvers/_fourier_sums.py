"""The sums over rows that kernel regression by Fourier modes keeps."""

from dataclasses import dataclass

import numpy as np

from skfourier._solvers._box import check_inside
from skfourier._solvers._half_spectra import cropped
from skfourier._solvers._nonuniform_fft import sums_over_rows
from skfourier._solvers._sums import Sums
from skfourier._solvers._target_moments import TargetMoments


@dataclass(frozen=True, eq=False)
class FourierSums(Sums):
    r"""Sums over rows of the targets about their weighted mean.

    .. math:: T_{mm'} = \sum_j w_j e^{-2\pi i\, h (m - m') \cdot x_j}, \quad
              r_m = \sum_j w_j (y_j - \bar y) e^{-2\pi i\, h m \cdot x_j}

    Parameters
    ----------
    features : FourierModes
    right_hand_sides : ndarray of shape (n_outputs, *features.half_shape)
        r.
    moments : TargetMoments
    toeplitz : ndarray
        T, along each axis to twice the highest mode; its entries at the features' own modes are
        the weighted sums of these.
    """

    toeplitz: np.ndarray
    dtype = complex

    @classmethod
    def of(cls, features, X, y, weight, n_trend=0):
        """Take the sums over these rows.

        Parameters
        ----------
        features : FourierModes
        X : ndarray of shape (n_samples, n_features)
        y : ndarray of shape (n_samples, n_outputs)
        weight : ndarray of shape (n_samples,)
        n_trend : int, default=0
            So many of the last columns of y are the functions of a trend.

        Raises
        ------
        ValueError
            If a row lies outside the box.
        """
        check_inside(X, features.low, features.high)
        moments = TargetMoments.of(y, weight, n_trend)
        # All to T's modes, twice the features': then the sums of the features, a part of T, have
        # the errors that r has, and blocks of other means equal the whole to rounding.
        doubled = features.doubled()
        n_pairs = y.shape[1] // 2 + 1
        first = np.zeros((2, *doubled.half_shape), dtype=complex)
        others = np.zeros((n_pairs, 2, *features.half_shape), dtype=complex)
        for pair, sums in sums_over_rows(doubled, X, y, weight, moments.mean):
            others[pair] += cropped(sums, features.highest)
            if pair == 0:
                first += sums
        right_hand_sides = others.reshape(-1, *features.half_shape)[1 : 1 + y.shape[1]]
        return cls(features, right_hand_sides, moments, first[0])

    @staticmethod
    def shapes(features, n_outputs):
        """Return the names of the arrays and their shapes, a dict."""
        return {
            "toeplitz": features.doubled().half_shape,
            "right_hand_sides": (n_outputs, *features.half_shape),
        }

    def about(self, origin):
        """Return r of the targets less `origin`: r(y - origin) = r(y - mean) + (...) r(1)."""
        feature_sums = cropped(self.toeplitz[None], self.features.highest)
        shift = np.expand_dims(self.moments.mean - origin, tuple(range(1, feature_sums.ndim)))
        return self.right_hand_sides + shift * feature_sums
