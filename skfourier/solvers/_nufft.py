r"""Scattered points in one to three dimensions, by equispaced Fourier weights.

The kernel is the Fourier transform of its density S, and the trapezoid rule turns that integral
into a finite sum over equispaced frequencies:

.. math:: k(d) \approx \sum_m s_m^2 e^{2\pi i\, h m \cdot d}, \quad s_m^2 = h_1 \cdots h_d S(h m)

So kernel regression becomes ridge regression on the features
:math:`s_m e^{2\pi i\, h m \cdot x}`, with the normal equations

.. math:: (D T D + \alpha I) \beta = D r, \quad
          T_{mm'} = \sum_j w_j e^{-2\pi i\, h (m - m') \cdot x_j}, \quad
          r_m = \sum_j w_j y_j e^{-2\pi i\, h m \cdot x_j}, \quad D = \mathrm{diag}(s)

T is a Toeplitz matrix: it acts by FFT, at a cost that no longer depends on the number of rows. T
and r are sums over the rows; a non-uniform FFT takes them, and another one predicts.

Source: Greengard, Rachh and Barnett, "Equispaced Fourier representations for efficient Gaussian
process regression from a billion data points", 2022, arXiv:2210.10210.
"""

import copy
import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.fft
from sklearn.base import clone
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import gen_batches

from skfourier.solvers._conjugate_gradients import conjugate_gradients
from skfourier.spectra._spectrum import axis_scales

# T has twice as many modes along each axis as the features, finufft's own grid more again. Measured
# with 5 million modes in two dimensions 2.0 GB at the most, with 2.5 million in three 1.4 GB: at
# the limit it is 3.4 and 2.3 GB.
_MOST_TOEPLITZ_MODES = 2**25
_MOST_COLUMNS = 3
_MOST_WIDENING = 1.5
# Rows a transform takes at once: 50 to 100 MB with their targets.
_BLOCK_ROWS = 2**20
_BLOCK_MODES = 2**18
# Each deviation costs a solve.
_MOST_DEVIATIONS = 1000


class NUFFT:
    """Scattered points, a kernel with a spectral density: an iteration does not see the rows.

    Parameters
    ----------
    system : System
        `tol` is the error of the kernel at any lag too.

    Attributes
    ----------
    modes : EquispacedModes
    n_iter : int
        Iterations of the last solve.
    """

    name = "nufft"
    exact = False

    @staticmethod
    def why_not(system):
        """Return None, or the sentence that says why this solver does not apply."""
        return _modes_of(system).why_not()

    def __init__(self, system):
        self.system = system
        self.modes = _modes_of(system)
        self.n_iter = 0
        self._equations = None

    def solve(self, y):
        """Return the coefficients of the modes, for targets y of shape (n_samples, n_outputs).

        Warns
        -----
        ConvergenceWarning
            If `tol` is not reached within `max_iter` iterations.
        """
        system = self.system
        if self._equations is None:
            self._equations = self.modes.normal_equations(system.X, y, system.weight)
            equations = self._equations
        else:  # T is there already
            right = self.modes.right_hand_sides(system.X, y, system.weight)
            equations = replace(self._equations, right_hand_sides=right)
        coefficients, self.n_iter = equations.solve(
            system.alpha, tol=system.tol, max_iter=system.max_iter
        )
        return coefficients

    def predict(self, coefficients, X):
        """Evaluate at the rows of X: (n_test, n_outputs). Far from the data it is 0."""
        return self.modes.predict(coefficients, X)

    def with_alpha(self, alpha):
        """Return this solver with another alpha; the sums over the rows are shared."""
        other = copy.copy(self)
        other.system = replace(self.system, alpha=alpha)
        return other

    def variance(self, X):
        r"""Return :math:`k(0) - k_*^T (K + \alpha W^{-1})^{-1} k_*` for the rows of X.

        Raises
        ------
        ValueError
            For more than 1000 rows: each costs a solve.
        """
        if len(X) > _MOST_DEVIATIONS:
            raise ValueError(
                f"The solver 'nufft' solves a system for each deviation, {_MOST_DEVIATIONS} at "
                f"most; {len(X)} were asked for. Predict fewer at once, or without return_std."
            )
        if self._equations is None:
            no_targets = np.zeros((len(self.system.X), 1))
            self._equations = self.modes.normal_equations(
                self.system.X, no_targets, self.system.weight
            )
        system, modes = self.system, self.modes
        near = modes.within_reach(X)
        variance = np.ones(len(X))
        block = max(1, _MOST_TOEPLITZ_MODES // 8 // modes.scale.size)
        for rows in np.array_split(np.flatnonzero(near), math.ceil(len(X) / block)):
            if rows.size:
                variance[rows] = self._equations.variance(
                    X[rows], system.alpha, tol=system.tol, max_iter=system.max_iter
                )
        return variance


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
        by_tol = _unit_reach(self.kernel, share)
        by_gain = _unit_reach(self.kernel, share / math.sqrt(max(self.gain, 1)))
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
        by_mass = _unit_cut(self.kernel, self.tol / (2 * n_features)) * scales
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
        return _half_shape(self.highest)

    @cached_property
    def scale(self):
        """The features' scale s, of shape `half_shape`."""
        shape = self.half_shape
        modes = [_modes(m) for m in self.highest]
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
        self._check_inside(X)
        # The first target shares a complex transform with the weights, whose modes are T's.
        doubled = tuple(2 * m for m in self.highest)
        first = self._sum_over_rows(X, y[:, :1], weight, doubled, with_ones=True)
        rest = self._sum_over_rows(X, y[:, 1:], weight, self.highest)
        return ToeplitzEquations(
            modes=self,
            toeplitz=first[0],
            right_hand_sides=np.concatenate([_cropped(first[1:], self.highest), rest]),
            weight_sum=float(len(X)) if weight is None else weight.sum(),
            y_sum=np.array([c.sum() for c in y.T]) if weight is None else weight @ y,
        )

    def right_hand_sides(self, X, y, weight=None):
        """Take r alone, of shape (n_outputs, *half_shape)."""
        return self._sum_over_rows(X, y, weight, self.highest)

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
        waves = _paired(_whole(coefficients, self.highest))
        transform = self._plan(2, waves.shape[1:], len(waves))
        for block in gen_batches(len(X), _block_rows(waves[0])) if len(X) else ():
            rows = block.start + np.flatnonzero(self.within_reach(X[block]))
            if rows.size:
                transform.setpts(*self._angles(X[rows]))
                pairs = transform.execute(waves).reshape(len(waves), -1)
                values[rows] = (
                    np.stack([pairs.real, pairs.imag], axis=1)
                    .reshape(-1, rows.size)
                    .T[:, :n_outputs]
                )
        return values

    def within_reach(self, X):
        """Tell which rows of X are near enough to the box to learn from it."""
        return np.all((self.low - self.reach <= X) & (self.high + self.reach >= X), axis=1)

    def waves(self, X):
        """Return the features of each row of X, of shape (n_rows, *half_shape)."""
        features = np.ones((len(X),) + (1,) * len(self.highest))
        for axis, (m, angle) in enumerate(zip(self.highest, self._angles(X), strict=True)):
            modes = _modes(m) if axis < len(self.highest) - 1 else np.arange(m + 1)
            phase = np.exp(-1j * np.multiply.outer(angle, modes))
            features = features * np.expand_dims(
                phase, [a + 1 for a in range(len(self.highest)) if a != axis]
            )
        return features * self.scale

    def _check_inside(self, X):
        if not len(X):
            return
        low, high = _box(X)
        if np.any(low < self.low) or np.any(high > self.high):
            raise ValueError(
                f"X lies outside the domain: its columns reach from {low} to {high}, the domain "
                f"from {self.low} to {self.high}. Give a domain that "
                f"holds all rows to come."
            )

    def _angles(self, X):
        """Turn coordinates into finufft's angles, 2 pi h x from the centre of the box."""
        centre = (self.low + self.high) / 2
        return [
            (X[:, axis] - centre[axis]) * (2 * math.pi * self.spacing[axis])
            for axis in range(len(centre))
        ]

    def _sum_over_rows(self, X, y, weight, highest, with_ones=False):
        """Sum w_j y_j e^{-2 pi i h m.x_j} over the rows, for each column of y.

        With a column of ones before them, if these are asked for. Two real sums are one complex
        transform, of w (y + i y').
        """
        shape = tuple(2 * m + 1 for m in highest)
        n_sums = y.shape[1] + with_ones
        total = np.zeros((math.ceil(n_sums / 2), *shape), dtype=complex)
        if total.size and len(X):
            transform = self._plan(1, shape, len(total))
            for rows in gen_batches(len(X), _block_rows(total[0])):
                transform.setpts(*self._angles(X[rows]))
                pairs = _paired(([1.0] if with_ones else []) + list(y[rows].T))
                pairs = pairs if weight is None else pairs * weight[rows]
                total += transform.execute(pairs).reshape(total.shape)
        return _separated(total, highest)[:n_sums]

    def _plan(self, kind, shape, n_transforms):
        import finufft  # noqa: PLC0415 (skfourier's import stays light)

        sign = -1 if kind == 1 else 1
        return finufft.Plan(
            kind, shape, n_transforms, self.eps, sign, dtype="complex128", modeord=1
        )


@dataclass(frozen=True, eq=False)
class ToeplitzEquations:
    """The normal equations in the space of equispaced modes: sums over rows, which add up.

    Their memory depends on the number of modes only.

    Parameters
    ----------
    modes : EquispacedModes
    toeplitz : ndarray
        T, along each axis to twice the highest mode; its entries at the features' own modes are
        the weighted sums of these, which centring needs.
    right_hand_sides : ndarray of shape (n_outputs, *modes.half_shape)
        r.
    weight_sum : float
    y_sum : ndarray of shape (n_outputs,)
        Weighted.
    """

    modes: EquispacedModes
    toeplitz: np.ndarray
    right_hand_sides: np.ndarray
    weight_sum: float
    y_sum: np.ndarray

    def __add__(self, other):
        """Add the sums over other rows."""
        same_box = np.array_equal(self.modes.low, other.modes.low) and np.array_equal(
            self.modes.high, other.modes.high
        )
        if not (same_box and self.modes.highest == other.modes.highest):
            raise ValueError("Only sums over the same modes add up; these have different boxes.")
        return replace(
            self,
            toeplitz=self.toeplitz + other.toeplitz,
            right_hand_sides=self.right_hand_sides + other.right_hand_sides,
            weight_sum=self.weight_sum + other.weight_sum,
            y_sum=self.y_sum + other.y_sum,
        )

    @property
    def y_mean(self):
        """Weighted mean of the targets, of shape (n_outputs,)."""
        return self.y_sum / self.weight_sum

    def centred(self):
        """Return the equations of y less its weighted mean: r(y - mean) = r(y) - mean r(1)."""
        feature_sums = _cropped(self.toeplitz[None], self.modes.highest)
        mean = np.expand_dims(self.y_mean, tuple(range(1, feature_sums.ndim)))
        return replace(
            self,
            right_hand_sides=self.right_hand_sides - mean * feature_sums,
            y_sum=np.zeros_like(self.y_sum),
        )

    def solve(self, alpha, *, tol, max_iter):
        """Solve by conjugate gradients.

        Returns
        -------
        coefficients : ndarray of shape (n_outputs, *modes.half_shape)
        n_iter : int

        Warns
        -----
        ConvergenceWarning
            If the relative residual is not below `tol` after `max_iter` iterations.
        """
        scale = self.modes.scale
        beta, n_iter = self._solve(scale * self.right_hand_sides, alpha, tol, max_iter)
        return scale * beta, n_iter

    def variance(self, X, alpha, *, tol, max_iter):
        r"""Return :math:`\alpha \phi^T (D T D + \alpha)^{-1} \phi` and what the modes leave out.

        By Woodbury that is k(0) - k_*^T (K + alpha / W)^-1 k_*, with the features phi of X.
        """
        features = self.modes.waves(X)
        weights, _ = self._solve(features, alpha, tol, max_iter)
        size = len(X), -1
        left_out = 1 - np.sum(_multiplicity(self.modes.highest) * self.modes.scale**2)
        products = _multiplicity(self.modes.highest) * (features.conj() * weights).real
        return alpha * products.reshape(size).sum(axis=1) + left_out

    def _solve(self, right_hand_sides, alpha, tol, max_iter):
        """Solve (D T D + alpha) beta = right_hand_sides, arrays over one half of the modes.

        Conjugate gradients see real vectors: real and imaginary parts, a mode that stands for its
        conjugate as well times sqrt(2), so that their products are those of all modes.
        """
        shape, scale = right_hand_sides.shape, self.modes.scale
        root = np.sqrt(_multiplicity(self.modes.highest))
        product = _ToeplitzProduct(self.toeplitz, self.modes.highest)

        def vectors(half):
            return np.ascontiguousarray(half).reshape(len(half), -1).view(float).T

        def halves(vectors):
            return np.ascontiguousarray(vectors.T).view(complex).reshape(-1, *shape[1:])

        def operator(v):
            return vectors(scale * root * product(halves(v) * (scale / root))) + alpha * v

        # T's diagonal is the sum of the weights.
        diagonal = np.repeat((self.weight_sum * scale**2 + alpha).reshape(-1), 2)[:, None]
        solution, n_iter = conjugate_gradients(
            operator,
            vectors(right_hand_sides * root),
            preconditioner=lambda v: v / diagonal,
            tol=tol,
            max_iter=max_iter,
        )
        return halves(solution) / root, n_iter


def _modes_of(system):
    n_rows = len(system.X) if system.weight is None else system.weight.sum()
    low, high = _box(system.X)
    modes = EquispacedModes(
        kernel=system.kernel,
        low=low,
        high=high,
        tol=system.tol,
        gain=n_rows / max(system.alpha, np.finfo(float).eps),
    )
    # What only adds digits is no reason to refuse.
    return replace(modes, gain=1.0) if modes.why_not() else modes


def _box(X):
    # Column by column: along the rows of a narrow array NumPy takes ten times as long.
    low, high = zip(*[(column.min(), column.max()) for column in X.T], strict=True)
    return np.array(low), np.array(high)


class _ToeplitzProduct:
    """The product with T, by FFT: T is a corner of a circulant matrix of twice the size."""

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
            _along(wide, axis)[: m + 1] = _along(half, axis)[: m + 1]
            _along(wide, axis)[length - m :] = _along(half, axis)[m + 1 :]
            half = scipy.fft.ifft(wide, axis=axis, norm="forward", overwrite_x=True)
        return scipy.fft.irfft(half, self.lengths[-1], axis=-1, norm="forward")

    def _to_modes(self, points):
        half = scipy.fft.rfft(points, axis=-1, norm="forward")[..., : self.highest[-1] + 1]
        for axis in range(len(self.highest) - 1, 0, -1):
            m = self.highest[axis - 1]
            half = scipy.fft.fft(half, axis=axis, norm="forward")
            half = np.take(half, _modes(m) % self.lengths[axis - 1], axis=axis)
        return half


def _unit_reach(kernel, share):
    """Return the lag beyond which the kernel of unit scale stays below `share`, on one axis."""
    lag = np.geomspace(1e-3, 1e9, _N_LOGARITHMIC)
    value = np.abs(clone(kernel).set_params(sigma=1.0).evaluate(lag[:, None]))
    above = np.flatnonzero(value > share)
    if not above.size:
        return lag[0]
    return lag[above[-1] + 1] if above[-1] + 1 < len(lag) else math.inf


def _unit_cut(kernel, share):
    """Return the frequency beyond which `share` of the density of unit scale lies, on one axis.

    A kernel whose formula does not depend on the number of columns has, restricted to one axis,
    the kernel of one column: so the density of one column is the marginal one.
    """
    frequency = np.geomspace(1e-4, 1e13, _N_LOGARITHMIC)
    density = clone(kernel).set_params(sigma=1.0).density(frequency[:, None])
    # The trapezoid rule in the logarithm, from the far end inwards; both signs.
    panels = 2 * (density * frequency)[1:] * math.log(frequency[1] / frequency[0])
    beyond = np.append(np.cumsum(panels[::-1])[::-1], 0)
    # The last panel stands for what lies beyond the table: too much of it, and no cut is enough.
    return frequency[np.argmax(beyond <= share)] if panels[-1] <= share / 10 else math.inf


# Steps of 1 % over the thirteen to seventeen decades.
_N_LOGARITHMIC = 4096


def _modes(m):
    """Return the modes to m in the order of an FFT: 0, 1, ..., m, -m, ..., -1."""
    return np.fft.ifftshift(np.arange(-m, m + 1))


def _block_rows(modes):
    """Tell how many rows a transform takes at once."""
    # Each block costs an FFT over the modes: no more blocks than memory asks for.
    return max(_BLOCK_ROWS, modes.size)


def _half_shape(highest):
    return (*(2 * m + 1 for m in highest[:-1]), highest[-1] + 1)


def _multiplicity(highest):
    """Return how many modes each of the last axis stands for: itself and its conjugate."""
    return np.where(np.arange(highest[-1] + 1) > 0, 2.0, 1.0)


def _along(array, axis):
    """View the array with this axis first."""
    return np.moveaxis(array, axis, 0)


def _cropped(half, highest):
    """Take the modes to `highest` out of more, along all axes but the first."""
    for axis, m in enumerate(highest[:-1], start=1):
        half = np.take(half, _modes(m) % half.shape[axis], axis=axis)
    return half[..., : highest[-1] + 1].copy()


def _mirrored(whole):
    """Return the array at the negative modes, along all axes but the first."""
    axes = tuple(range(1, whole.ndim))
    return np.roll(np.flip(whole, axes), 1, axes)


def _whole(half, highest):
    """Complete one half of the modes by their conjugates."""
    m = highest[-1]
    whole = np.zeros((*half.shape[:-1], 2 * m + 1), dtype=complex)
    whole[..., : m + 1] = half
    whole[..., m + 1 :] = _mirrored(whole).conj()[..., m + 1 :]
    return whole


def _paired(arrays):
    """Turn two and two real or complex arrays into one complex, a + i b; the last may be alone.

    Any but the last may be a number, which stands for an array of it.
    """
    pairs = np.zeros((math.ceil(len(arrays) / 2), *np.shape(arrays[-1])), dtype=complex)
    for j, array in enumerate(arrays):
        if np.iscomplexobj(array):
            pairs[j // 2] += 1j * array if j % 2 else array
        elif j % 2:
            pairs[j // 2].imag = array
        else:
            pairs[j // 2].real = array
    return pairs


def _separated(pairs, highest):
    """Take the transforms of real a and b out of that of a + i b: one half of the modes."""
    keep = (..., slice(highest[-1] + 1))
    straight, mirrored = pairs[keep], _mirrored(pairs)[keep].conj()
    both = np.stack([(straight + mirrored) / 2, (straight - mirrored) / 2j], axis=1)
    return both.reshape(-1, *both.shape[2:])
