r"""The normal equations in the space of equispaced modes, :math:`(D T D + \alpha) \beta = D r`."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.fft

from skfourier.solvers._conjugate_gradients import conjugate_gradients, refuse_many_deviations
from skfourier.solvers._half_spectra import along, cropped, fft_modes, multiplicity
from skfourier.solvers._target_moments import TargetMoments

if TYPE_CHECKING:
    from skfourier.solvers._equispaced_modes import EquispacedModes

# Modes of all right-hand sides that deviations are solved for at once: 64 MiB.
_BLOCK_MODES = 2**22


@dataclass(frozen=True, eq=False)
class ToeplitzEquations:
    """The equations of targets less their weighted mean: sums over rows, which add up.

    Their memory depends on the number of modes only.

    Parameters
    ----------
    features : EquispacedModes
    toeplitz : ndarray
        T, along each axis to twice the highest mode; its entries at the features' own modes are
        the weighted sums of these.
    right_hand_sides : ndarray of shape (n_outputs, *features.half_shape)
        r, of the targets less their mean.
    moments : TargetMoments
    """

    features: "EquispacedModes"
    toeplitz: np.ndarray
    right_hand_sides: np.ndarray
    moments: TargetMoments

    def __add__(self, other):
        """Add the sums over other rows."""
        mine, others = self.features, other.features
        same_box = np.array_equal(mine.low, others.low) and np.array_equal(mine.high, others.high)
        if not (same_box and mine.highest == others.highest):
            raise ValueError("Only sums over the same modes add up; these have different boxes.")
        moments = self.moments + other.moments
        return replace(
            self,
            toeplitz=self.toeplitz + other.toeplitz,
            right_hand_sides=self._about(moments.mean) + other._about(moments.mean),
            moments=moments,
        )

    def _about(self, origin):
        """Return r of the targets less `origin`: r(y - origin) = r(y - mean) + (...) r(1)."""
        feature_sums = cropped(self.toeplitz[None], self.features.highest)
        shift = np.expand_dims(self.moments.mean - origin, tuple(range(1, feature_sums.ndim)))
        return self.right_hand_sides + shift * feature_sums

    def solve(self, right_hand_sides, alpha, *, tol, max_iter):
        """Solve by conjugate gradients, for these right-hand sides or others.

        Returns
        -------
        coefficients : ndarray of shape (n_outputs, *features.half_shape)
        n_iter : int

        Warns
        -----
        ConvergenceWarning
            If the relative residual is not below `tol` after `max_iter` iterations.
        """
        scale = self.features.scale
        beta, n_iter = self._solve(scale * right_hand_sides, alpha, tol, max_iter)
        return scale * beta, n_iter

    def variance(self, X, alpha, *, tol, max_iter):
        r"""Return :math:`k(0) - k_*^T (K + \alpha W^{-1})^{-1} k_*` for the rows of X.

        Raises
        ------
        ValueError
            For over a thousand rows: each costs a solve.
        """
        refuse_many_deviations("nufft", len(X))
        near = np.flatnonzero(self.features.within_reach(X))
        variance = np.ones(len(X))
        rows_a_block = max(1, _BLOCK_MODES // self.features.scale.size)
        for rows in np.array_split(near, math.ceil(len(near) / rows_a_block) or 1):
            if rows.size:
                variance[rows] = self._variance(X[rows], alpha, tol, max_iter)
        return variance

    def log_marginal_likelihood(self, coefficients, alpha):
        """Return None: without a factorisation there is no determinant."""

    def _variance(self, X, alpha, tol, max_iter):
        r"""Return :math:`\alpha \phi^T (D T D + \alpha)^{-1} \phi` and what the modes leave out.

        By Woodbury that is the variance, with the features phi of X.
        """
        features = self.features.waves(X)
        weights, _ = self._solve(features, alpha, tol, max_iter)
        times = multiplicity(self.features.highest)
        left_out = 1 - np.sum(times * self.features.scale**2)
        products = times * (features.conj() * weights).real
        return alpha * products.reshape(len(X), -1).sum(axis=1) + left_out

    def _solve(self, right_hand_sides, alpha, tol, max_iter):
        """Solve (D T D + alpha) beta = right_hand_sides, arrays over one half of the modes.

        Conjugate gradients see real vectors: real and imaginary parts, a mode that stands for its
        conjugate as well times sqrt(2), so that their products are those of all modes.
        """
        shape, scale = right_hand_sides.shape, self.features.scale
        root = np.sqrt(multiplicity(self.features.highest))
        product = ToeplitzProduct(self.toeplitz, self.features.highest)

        def vectors(half):
            return np.ascontiguousarray(half).reshape(len(half), -1).view(float).T

        def halves(vectors):
            return np.ascontiguousarray(vectors.T).view(complex).reshape(-1, *shape[1:])

        def operator(v):
            return vectors(scale * root * product(halves(v) * (scale / root))) + alpha * v

        # T's diagonal is the sum of the weights.
        diagonal = self.moments.weight_sum * scale**2 + alpha
        diagonal = np.repeat(diagonal.reshape(-1), 2)[:, None]
        solution, n_iter = conjugate_gradients(
            operator,
            vectors(right_hand_sides * root),
            preconditioner=lambda v: v / diagonal,
            tol=tol,
            max_iter=max_iter,
        )
        return halves(solution) / root, n_iter


class ToeplitzProduct:
    """The product with T, by FFT: T is a corner of a circulant matrix of twice the size.

    Parameters
    ----------
    toeplitz : ndarray
        One half of T's modes, along each axis to twice the highest mode.
    highest : tuple of int
        The highest mode along each axis of the arrays multiplied.
    """

    def __init__(self, toeplitz, highest):
        self.highest = highest
        self.lengths = [scipy.fft.next_fast_len(4 * m + 1, real=True) for m in highest]
        doubled = [2 * m for m in highest]
        self.circulant = self._to_points(toeplitz[None], doubled)

    def __call__(self, half):
        """Multiply arrays of shape (n_outputs, *half_shape)."""
        product = np.empty_like(half)
        for output in range(len(half)):  # one alone stays in the cache
            points = self._to_points(half[output : output + 1], self.highest)
            points *= self.circulant
            product[output] = self._to_modes(points)[0]
        return product

    def _to_points(self, half, highest):
        # Axis by axis: what is zero beyond the highest mode is not transformed along the others.
        for axis, (m, length) in enumerate(zip(highest[:-1], self.lengths, strict=False), start=1):
            wide = np.zeros((*half.shape[:axis], length, *half.shape[axis + 1 :]), dtype=complex)
            along(wide, axis)[: m + 1] = along(half, axis)[: m + 1]
            along(wide, axis)[length - m :] = along(half, axis)[m + 1 :]
            half = scipy.fft.ifft(wide, axis=axis, norm="forward", overwrite_x=True)
        return scipy.fft.irfft(half, self.lengths[-1], axis=-1, norm="forward")

    def _to_modes(self, points):
        half = scipy.fft.rfft(points, axis=-1, norm="forward")[..., : self.highest[-1] + 1]
        for axis in range(len(self.highest) - 1, 0, -1):
            m = self.highest[axis - 1]
            half = scipy.fft.fft(half, axis=axis, norm="forward")
            half = np.take(half, fft_modes(m) % self.lengths[axis - 1], axis=axis)
        return half
