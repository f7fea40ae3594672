"""Equispaced frequencies that stand for a kernel on a box: which they are, and sums over rows."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import gen_batches

from skfourier.solvers._box import check_inside
from skfourier.solvers._half_spectra import (
    completed,
    cropped,
    fft_modes,
    half_shape,
    paired,
    separated,
)
from skfourier.solvers._kernel_extent import unit_cut, unit_reach
from skfourier.solvers._target_moments import TargetMoments
from skfourier.solvers._toeplitz_equations import ToeplitzEquations
from skfourier.spectra._arguments import axis_scales

# T has twice as many modes along each axis as the features, finufft's own grid more again. Measured
# at 0.98 and 0.96 of the limit: in two columns 2.8 GB with one output and 4.4 GB with three, in
# three columns 2.0 and 3.5 GB.
_MOST_TOEPLITZ_MODES = 2**25
_MOST_COLUMNS = 3
_MOST_WIDENING = 1.5
# Rows a transform takes at once: 50 to 100 MB with their targets.
_BLOCK_ROWS = 2**20
_BLOCK_MODES = 2**18
# Points of finufft's own grid, 2 GB of them.
_MOST_FINE_POINTS = 2**27


@dataclass(frozen=True, eq=False)
class EquispacedModes:
    """The equispaced frequencies that stand for a kernel on a box, to an error of `tol`.

    The arrays over modes below hold one half of them: the others are complex conjugates. Their
    shape is `half_shape`; along each axis the modes are in the order of an FFT, 0, 1, ..., -1,
    along the last one 0, 1, ... only.

    Parameters
    ----------
    kernel : Kernel
        With `sigma` and `density(frequency)`: a `RandomSpectrum`.
    low, high : ndarray of shape (n_features,)
        The box in which all rows lie.
    tol : float
        Error of the kernel at lags within the box.
    gain : float, default=1e6
        Sum of the weights over alpha, or a guess at it (see `cut`).
    """

    kernel: Kernel
    low: np.ndarray
    high: np.ndarray
    tol: float
    gain: float = 1e6

    def why_not(self):
        """Return None, or the sentence that says why there are no such modes."""
        n_features = len(self.low)
        if n_features > _MOST_COLUMNS:
            return (
                f"The solver 'nufft' takes one to {_MOST_COLUMNS} columns, and X has {n_features}. "
                f"Take 'cholesky', or 'cg' where that does not fit."
            )
        if not hasattr(self.kernel, "density"):
            return (
                f"The solver 'nufft' needs a kernel with a spectral density (Gaussian, Matern, "
                f"Laplace, ...), and {self.kernel!r} has none. Take 'cholesky', or 'cg' "
                f"where that does not fit."
            )
        n_modes, most = self._n_modes(), _MOST_TOEPLITZ_MODES // 2**n_features
        if n_modes > most:
            count = f"{n_modes:,.0f}" if math.isfinite(n_modes) else "any number of"
            return (
                f"The solver 'nufft' would need {count} Fourier modes for {self.kernel!r} to an "
                f"error of tol={self.tol:g}, and takes {most:,} at most. {self._advice(most)}"
            )
        return None

    def _advice(self, most):
        """Say what would fit."""
        for tol in 10.0 ** np.arange(math.ceil(math.log10(self.tol)), -1):
            n_modes = replace(self, tol=tol)._n_modes()
            if n_modes <= most:
                return f"tol={tol:g} would need {n_modes:,.0f}; or take a smaller sigma."
        return "Take a smaller sigma, a spectrum with lighter tails, or 'cg'."

    def _n_modes(self):
        return float(np.prod(2 * np.ceil(self.cut * self._period) + 1))

    @cached_property
    def reach(self):
        r"""Lag along each axis beyond which the kernel is nothing, of shape (n_features,).

        There it is below its share of tol: half of it for the images (see `spacing`), two of them
        on each axis. But a prediction is a sum over kernels whose coefficients, of order
        y / alpha and either sign, grow as their noise: so it is tol / sqrt(gain) that the kernel
        has to fall below, within 1.5 of that distance, which light tails do.
        """
        share = self.tol / (4 * len(self.low))
        by_tol = unit_reach(self.kernel, share)
        by_gain = unit_reach(self.kernel, share / math.sqrt(max(self.gain, 1)))
        reach = min(by_gain, _MOST_WIDENING * by_tol)
        return reach / axis_scales(self.kernel.sigma, len(self.low))

    @cached_property
    def spacing(self):
        r"""Distance h of neighbouring frequencies along each axis, of shape (n_features,).

        By Poisson's summation the trapezoid rule adds the kernel's images,
        :math:`\sum_n k(d + n / h)`. Of two points, the one in the box of length L, the other in it
        or within `reach` of it, the lag is at most L + reach; with a period 1 / h of L + 2 reach
        the nearest image is then at `reach` or farther. A test point still farther away has
        nothing to learn from the rows: its prediction is 0 and not the image's.
        """
        return 1 / self._period

    @property
    def _period(self):
        return self.high - self.low + 2 * self.reach

    @cached_property
    def cut(self):
        r"""Highest frequency along each axis, of shape (n_features,).

        The modes beyond it are the rest of the kernel's error: the mass of the density there, at
        worst (at lag 0) all in phase, gets the other half of tol.

        A mode of power :math:`s_m^2` has an eigenvalue of about :math:`s_m^2 \sum w` in the kernel
        matrix, so that the regression keeps :math:`s_m^2 \sum w / \alpha` of it, if that is small:
        such modes are dropped when they would come out below tol. With many rows that is the
        stricter of the two. Under light tails it costs little; heavy ones are cut off at 1.5 of
        the first.
        """
        n_features = len(self.low)
        scales = axis_scales(self.kernel.sigma, n_features)
        by_mass = unit_cut(self.kernel, self.tol / (2 * n_features)) * scales
        if not np.all(np.isfinite(by_mass)):
            return by_mass
        steps = np.linspace(1, _MOST_WIDENING, 51)
        kept = [
            self.kernel.density(np.multiply.outer(steps * f, unit)) / np.prod(self._period)
            for f, unit in zip(by_mass, np.eye(n_features), strict=True)
        ]
        weak = [power * self.gain <= self.tol for power in kept]
        return by_mass * [steps[np.argmax(w)] if w.any() else _MOST_WIDENING for w in weak]

    @cached_property
    def highest(self):
        """The highest mode along each axis, a tuple; the lowest is its negative."""
        return tuple(int(m) for m in np.ceil(self.cut * self._period))

    @property
    def half_shape(self):
        """Shape of the arrays over modes."""
        return half_shape(self.highest)

    @cached_property
    def scale(self):
        """The features' scale s, of shape `half_shape`."""
        shape = self.half_shape
        modes = [fft_modes(m) for m in self.highest]
        power = np.empty(math.prod(shape))
        for block in gen_batches(power.size, _BLOCK_MODES):
            index = np.unravel_index(np.arange(block.start, block.stop), shape)
            frequency = [m[i] * h for m, i, h in zip(modes, index, self.spacing, strict=True)]
            power[block] = self.kernel.density(np.stack(frequency, axis=-1))
        return np.sqrt(power * np.prod(self.spacing)).reshape(shape)

    @property
    def eps(self):
        """Relative error asked of finufft: well below tol, at little cost; 1e-13 is its best."""
        return min(max(self.tol / 100, 1e-13), 1e-6)

    def normal_equations(self, X, y, weight=None):
        """Take the sums over these rows.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
        y : ndarray of shape (n_samples, n_outputs)
        weight : ndarray of shape (n_samples,), default=None

        Returns
        -------
        ToeplitzEquations

        Raises
        ------
        ValueError
            If a row lies outside the box.
        """
        check_inside(X, self.low, self.high)
        moments = TargetMoments.of(y, weight)
        # All to T's modes, twice the features': then the sums of the features, a part of T, have
        # the errors that r has, and blocks of other means equal the whole to rounding.
        doubled = tuple(2 * m for m in self.highest)
        n_pairs = y.shape[1] // 2 + 1
        first = np.zeros((2, *half_shape(doubled)), dtype=complex)
        others = np.zeros((n_pairs, 2, *self.half_shape), dtype=complex)
        for pair, sums in self._sums(X, y, weight, doubled, moments.mean, with_ones=True):
            others[pair] += cropped(sums, self.highest)
            if pair == 0:
                first += sums
        right_hand_sides = others.reshape(-1, *self.half_shape)[1 : 1 + y.shape[1]]
        return ToeplitzEquations(self, first[0], right_hand_sides, moments)

    def right_hand_sides(self, X, y, weight=None):
        """Take r alone, of shape (n_outputs, *half_shape), of the targets as they are."""
        total = np.zeros((math.ceil(y.shape[1] / 2), 2, *self.half_shape), dtype=complex)
        for pair, sums in self._sums(X, y, weight, self.highest):
            total[pair] += sums
        return total.reshape(-1, *self.half_shape)[: y.shape[1]]

    def predict(self, coefficients, X):
        """Evaluate at the rows of X, block by block.

        Parameters
        ----------
        coefficients : ndarray of shape (n_outputs, *half_shape)
        X : ndarray of shape (n_test, n_features)

        Returns
        -------
        ndarray of shape (n_test, n_outputs)
        """
        n_outputs = len(coefficients)
        values = np.zeros((len(X), n_outputs))
        # Two outputs share a transform: see `_sums`.
        units = _powers_of_two(coefficients)
        waves = completed(coefficients, self.highest)
        waves /= units.reshape(-1, *(1,) * len(self.highest))
        waves = paired(waves, waves.shape[1:])
        transform = self._plan(2, waves.shape[1:], len(waves))
        for block in gen_batches(len(X), _block_rows(waves[0].size)) if len(X) else ():
            rows = block.start + np.flatnonzero(self.within_reach(X[block]))
            if rows.size:
                transform.setpts(*self._angles(X[rows]))
                pairs = transform.execute(waves).reshape(len(waves), -1)
                values[rows] = (
                    np.stack([pairs.real, pairs.imag], axis=1)
                    .reshape(-1, rows.size)
                    .T[:, :n_outputs]
                )
        values *= units
        return values

    def within_reach(self, X):
        """Tell which rows of X are near enough to the box to learn from it."""
        return np.all((self.low - self.reach <= X) & (self.high + self.reach >= X), axis=1)

    def waves(self, X):
        """Return the features of each row of X, of shape (n_rows, *half_shape)."""
        features = np.ones((len(X),) + (1,) * len(self.highest))
        for axis, (m, angle) in enumerate(zip(self.highest, self._angles(X), strict=True)):
            modes = fft_modes(m) if axis < len(self.highest) - 1 else np.arange(m + 1)
            phase = np.exp(-1j * np.multiply.outer(angle, modes))
            features = features * np.expand_dims(
                phase, [a + 1 for a in range(len(self.highest)) if a != axis]
            )
        return features * self.scale

    def _angles(self, X):
        """Turn coordinates into finufft's angles, 2 pi h x from the centre of the box."""
        centre = (self.low + self.high) / 2
        return [
            (X[:, axis] - centre[axis]) * (2 * math.pi * self.spacing[axis])
            for axis in range(len(centre))
        ]

    def _sums(self, X, y, weight, highest, origin=0.0, *, with_ones=False):
        """Sum w_j (y_j - origin) e^{-2 pi i h m.x_j} over the rows, for each column of y.

        With a column of ones before them, if these are asked for. Two real sums are one complex
        transform, of w (y + i y'): yields, for each block of rows and each pair, its number and
        the two sums. Both go in with entries of about 1, or the rounding of the larger would drown
        the smaller.
        """
        shape = tuple(2 * m + 1 for m in highest)
        transform = self._plan(1, shape, 1)
        for rows in gen_batches(len(X), _block_rows(math.prod(shape))) if len(X) else ():
            transform.setpts(*self._angles(X[rows]))
            columns = y[rows].T - np.reshape(origin, (-1, 1))
            units = _powers_of_two(columns)
            columns = ([1.0] if with_ones else []) + list(columns / units[:, None])
            units = np.append([1.0, *units] if with_ones else units, 1.0)
            pairs = paired(columns, y[rows].shape[:1])
            if weight is not None:
                pairs *= weight[rows]
            for pair, values in enumerate(pairs):
                both = separated(transform.execute(values)[None], highest)
                yield pair, both * units[2 * pair : 2 * pair + 2].reshape(-1, *(1,) * len(highest))

    def _plan(self, kind, shape, n_transforms):
        import finufft  # noqa: PLC0415 (skfourier's import stays light)

        # finufft's own choice depends on the number of rows. With this one its errors are the same
        # for a row whatever others are summed with it, so that blocks equal the whole.
        fine_points = 2 ** len(shape) * math.prod(shape)
        return finufft.Plan(
            kind,
            shape,
            n_transforms,
            self.eps,
            -1 if kind == 1 else 1,
            dtype="complex128",
            modeord=1,
            upsampfac=2.0 if fine_points <= _MOST_FINE_POINTS else 1.25,
        )


def _block_rows(n_modes):
    """Tell how many rows a transform takes at once."""
    # Each block costs an FFT over the modes: no more blocks than memory asks for.
    return max(_BLOCK_ROWS, n_modes)


def _powers_of_two(rows):
    """Return a power of two as large as the entries of each row: it divides without rounding."""
    largest = np.abs(rows).max(axis=tuple(range(1, rows.ndim)), initial=0.0)
    return np.ldexp(1.0, np.frexp(np.where(largest > 0, largest, 1.0))[1])
