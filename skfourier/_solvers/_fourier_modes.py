"""Equispaced frequencies that stand for a kernel on a box."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import gen_batches

from skfourier._solvers._half_spectra import fft_modes, half_shape, multiplicity
from skfourier._solvers._kernel_extent import axis_cut, axis_reach

# The sums over rows have twice as many modes along each axis, finufft's own grid more again.
# Measured at 0.98 and 0.96 of the limit: in two columns 2.8 GB with one output and 4.4 GB with
# three, in three columns 2.0 and 3.5 GB.
_MAX_TOEPLITZ_MODES = 2**25
_MAX_COLUMNS = 3
_MAX_WIDENING = 1.5
_MODES_PER_BLOCK = 2**18


@dataclass(frozen=True, eq=False)
class FourierModes:
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
        if n_features > _MAX_COLUMNS:
            return (
                f"The solver 'nufft' takes one to {_MAX_COLUMNS} columns, and X has {n_features}."
            )
        if not hasattr(self.kernel, "density"):
            return (
                f"The solver 'nufft' needs a kernel with a spectral density (Gaussian, Matern, "
                f"Laplace, ...), and {self.kernel!r} has none."
            )
        n_modes, most = self._n_modes(), _MAX_TOEPLITZ_MODES // 2**n_features
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
        return "Take a smaller sigma, or a spectrum with lighter tails."

    def _n_modes(self):
        with np.errstate(over="ignore"):  # infinitely many are too many
            return float(np.prod(2 * np.ceil(self.cut * self._period) + 1))

    @cached_property
    def reach(self):
        r"""Lag along each axis beyond which the kernel is nothing, of shape (n_features,).

        There it is below its share of tol: half of it for the images (see `spacing`), two of them
        on each axis. But a prediction is a sum over kernels whose coefficients, of order
        y / alpha and either sign, grow as their noise: so it is tol / sqrt(gain) that the kernel
        has to fall below, within 1.5 of that distance, which light tails do.
        """
        n_features = len(self.low)
        share = self.tol / (4 * n_features)
        by_tol, by_gain = (
            np.array([axis_reach(self.kernel, j, n_features, s) for j in range(n_features)])
            for s in (share, share / math.sqrt(max(self.gain, 1)))
        )
        return np.minimum(by_gain, _MAX_WIDENING * by_tol)

    @cached_property
    def spacing(self):
        r"""Distance h of neighboring frequencies along each axis, of shape (n_features,).

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
        share = self.tol / (2 * n_features)
        by_mass = np.array([axis_cut(self.kernel, j, n_features, share) for j in range(n_features)])
        if not np.all(np.isfinite(by_mass)):
            return by_mass
        steps = np.linspace(1, _MAX_WIDENING, 51)
        kept = [
            self.kernel.density(np.multiply.outer(steps * f, unit)) / np.prod(self._period)
            for f, unit in zip(by_mass, np.eye(n_features), strict=True)
        ]
        weak = [power * self.gain <= self.tol for power in kept]
        return by_mass * [steps[np.argmax(w)] if w.any() else _MAX_WIDENING for w in weak]

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
        for block in gen_batches(power.size, _MODES_PER_BLOCK):
            index = np.unravel_index(np.arange(block.start, block.stop), shape)
            frequency = [m[i] * h for m, i, h in zip(modes, index, self.spacing, strict=True)]
            power[block] = self.kernel.density(np.stack(frequency, axis=-1))
        return np.sqrt(power * np.prod(self.spacing)).reshape(shape)

    @property
    def left_out(self):
        """What the modes have too little of k(0) = 1, or their images too much."""
        return abs(1 - float(np.sum(multiplicity(self.highest) * self.scale**2)))

    @property
    def weakest(self):
        """Power of the strongest mode at the cut."""
        ends = self.cut * np.eye(len(self.low))
        return float(self.kernel.density(ends).max() / np.prod(self._period))

    @property
    def crowding(self):
        """Number of modes of the lattice for each one that functions on the box need."""
        extent = self.high - self.low
        lengths = np.array([2 * m + 1 for m in self.highest], dtype=float)
        each = np.divide(1 / self.spacing, extent, out=lengths.copy(), where=extent > 0)
        return float(np.prod(np.minimum(each, lengths)))

    def with_kernel(self, kernel):
        """Return the same lattice of modes, with the powers that another kernel has there."""
        other = replace(self, kernel=kernel)
        other.__dict__.update(reach=self.reach, spacing=self.spacing, highest=self.highest)
        return other

    def serve(self, kernel):
        """Return whether this lattice has all modes of a kernel, and spaces them closely enough."""
        own = replace(self, kernel=kernel)
        return bool(
            np.all(own.cut <= np.array(self.highest) * self.spacing)
            and np.all(own.reach <= self.reach)
        )

    def state(self):
        """Return what files hold: where the modes lie."""
        places = {name: getattr(self, name) for name in ("reach", "spacing", "highest")}
        return {"tol": self.tol, "gain": float(self.gain), **places}

    @classmethod
    def from_state(cls, problem, state):
        """Rebuild the modes of a problem from `state`.

        They are not derived anew: one more or less along an axis would be another regression.
        """
        extent = problem.extent
        places = {name: state.array(name, extent.shape) for name in ("reach", "spacing")}
        tol, gain = state.number("tol"), state.number("gain")
        modes = cls(problem.kernel, np.zeros_like(extent), extent, tol, gain)
        modes.__dict__.update(places, highest=state.counts("highest", len(extent)))
        state.finish()
        if len(extent) > _MAX_COLUMNS or not hasattr(problem.kernel, "density"):
            raise ValueError(f"{problem.kernel!r} of {len(extent)} columns has no such modes")
        if not (modes.tol > 0 and modes.gain > 0 and np.all(modes.spacing > 0)):
            raise ValueError(f"the spacing of {state.owner} is no positive number")
        return modes

    def doubled(self):
        """Return modes of the same spacing to twice the highest: those of products of two."""
        other = replace(self)
        highest = tuple(2 * m for m in self.highest)
        other.__dict__.update(reach=self.reach, spacing=self.spacing, highest=highest)
        return other

    def same(self, other):
        """Return whether other modes are these, whatever their kernel."""
        box, others = (self.low, self.high), (other.low, other.high)
        return np.array_equal(box, others) and self.highest == other.highest

    def within_reach(self, X):
        """Return which rows of X are near enough to the box to learn from it."""
        return np.all((self.low - self.reach <= X) & (self.high + self.reach >= X), axis=1)
