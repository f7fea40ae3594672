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

import math
from dataclasses import replace
from functools import cached_property

import numpy as np

from skfourier._blocks import row_blocks
from skfourier._solvers._axis_eigenfunctions import AxisEigenfunctions
from skfourier._solvers._conjugate_gradients import warn_unless_converged
from skfourier._solvers._dense_modes import DenseModes, PairsOfModes
from skfourier._solvers._draws import PosteriorDraws
from skfourier._solvers._fourier_modes import FourierModes
from skfourier._solvers._fourier_sums import FourierSums
from skfourier._solvers._half_spectra import multiplicity
from skfourier._solvers._iterated_modes import IteratedModes
from skfourier._solvers._nonuniform_fft import values_at_rows, waves
from skfourier._solvers._streaming import StreamingSolver

# Modes of all right-hand sides that deviations are solved for at once: 64 MiB.
_MODES_PER_BLOCK = 2**22
# So many real features are factorized densely: 4 s and 1.6 GB on two cores.
_MAX_DENSE_FEATURES = 7001
# Deviations may be off by this multiple of tol, which allows fewer modes: 2e-4 of the deviation.
_LESS_FOR_VARIANCES = 1e3
# More modes than that on a lattice are not even counted.
_MAX_COUNTED_MODES = 2**18
# With more of them a dense factorization of the rows is far cheaper than the iteration.
_MAX_MODES_PER_ROW = 2048
# Of fewer rows iterations are cheaper than a factorization, and near rows tell deviations.
_ROWS_PER_FEATURE = 4
# Largest error of the predictions over its root mean square, and what that estimate misses.
_LARGEST = 8
# Amplification of the kernel's error that is left as it is.
_ENOUGH = 8


def _amplification(gain):
    """Return by what predictions are off for an error of the kernel, as measured.

    Of Gaussians of several widths, against dense algebra, with an error of 1e-6: at gains of 1e5,
    1e7, 1e9 and 1e11, the sum of the weights over alpha, up to 2e-6, 7e-6, 1e-3 and over 1.
    """
    return 1 + 1e-5 * gain**0.9


class NUFFT(StreamingSolver):
    """Scattered points, a kernel with a spectral density: the solution does not see the rows.

    Where few modes stand out of the noise they are factorized; otherwise the system is iterated.
    `tol` is the error of the kernel at any lag too.
    """

    name = "nufft"
    sums_type = FourierSums
    #: Whether the fit kept rows and its file does not.
    rows_left_out = False
    shared = (*StreamingSolver.shared, "rows_left_out")
    left_out = (*StreamingSolver.left_out, "_iteration")

    dtype = complex

    @property
    def layout(self):
        """Shape of `coefficients`."""
        return (len(self.moments.mean), *self.features.half_shape)

    def state(self):
        """Return what predictions need: the sums, and where their modes lie."""
        return {
            **super().state(),
            "modes": self.features.state(),
            "rows_left_out": self.rows_left_out or bool(len(self.problem.X)),
        }

    def _restore(self, state):
        modes = state.part("modes")
        self.__dict__["features"] = FourierModes.from_state(self.problem, modes)
        self.rows_left_out = state.take("rows_left_out", bool)
        super()._restore(state)

    def why_not(self):
        """Return None if few enough Fourier modes stand for the kernel."""
        refusal, n_rows = self.features.why_not(), len(self.problem.X)
        if refusal is not None or not n_rows:
            return refusal
        n_modes = math.prod(2 * m + 1 for m in self.features.highest)
        if n_modes <= max(_MAX_COUNTED_MODES, _MAX_MODES_PER_ROW * n_rows):
            return None
        return (
            f"The solver 'nufft' would iterate over {n_modes:,} Fourier modes of "
            f"{self.problem.kernel!r}, more than {_MAX_MODES_PER_ROW:,} for each of {n_rows:,} "
            "rows. Take a larger tol, a smaller sigma, or a spectrum with lighter tails."
        )

    @cached_property
    def features(self):
        """The Fourier modes.

        They stand for the kernel to `tol`, or better where rows over noise amplify its error; and
        for all of the modes that rows to come may see. What only adds digits is no reason to
        refuse.
        """
        problem = self.problem
        alpha = max(problem.alpha, np.finfo(float).eps * (problem.weight.max(initial=0) or 1.0))
        here = problem.moments.weight_sum / alpha
        modes = FourierModes(
            kernel=problem.kernel,
            low=np.zeros_like(problem.extent),
            high=problem.extent,
            tol=self.tol / max(1, _amplification(here) / _ENOUGH),
            gain=problem.total_weight / alpha,
        )
        lesser = replace(modes, tol=self.tol), replace(modes, tol=self.tol, gain=1.0)
        return next((one for one in (modes, *lesser) if one.why_not() is None), lesser[-1])

    def with_kernel(self, kernel, alpha):
        """Return this solver, of sums only, with another kernel on the same lattice of modes."""
        features = self.features.with_kernel(kernel)
        other = self.of_sums(replace(self.sums, features=features), alpha)
        other.problem = replace(other.problem, kernel=kernel)
        other.__dict__["features"] = features
        return other

    @cached_property
    def pairs(self):
        """The modes that stand out of the noise; None if too many do."""
        if math.prod(self.features.half_shape) > _MAX_COUNTED_MODES:
            return None
        pairs = PairsOfModes.for_means(self.features, self._gain, self.tol)
        return pairs if pairs.n_features <= _MAX_DENSE_FEATURES else None

    @cached_property
    def pairs_for_deviations(self):
        """The modes that deviations need; None if they are too many."""
        if math.prod(self.features.half_shape) > _MAX_COUNTED_MODES:
            return None
        most = _MAX_DENSE_FEATURES
        if self.factorizes:
            # Where the lattice is finer than the box needs, its modes share an eigenvalue.
            gain, tol = self.features.crowding * self._gain, _LESS_FOR_VARIANCES * self.tol
            pairs = PairsOfModes.for_means(self.features, gain, tol)
            if pairs.n_features <= most:
                return pairs
        else:
            most = min(most, self.moments.n_rows // _ROWS_PER_FEATURE)
        return PairsOfModes.for_deviations(self.features, self._gain, most)

    @property
    def factorizes(self):  # type: ignore[override]
        """Return whether few enough modes stand out of the noise."""
        return self.pairs is not None

    @cached_property
    def dense(self):
        """The factorized system of the modes that stand out of the noise."""
        return DenseModes(self.sums, self.problem.alpha, self.pairs)

    @cached_property
    def dense_for_deviations(self):
        """The factorized system of the modes that deviations need; None if they are too many."""
        if self.pairs_for_deviations is None:
            return None
        return DenseModes(self.sums, self.problem.alpha, self.pairs_for_deviations)

    @property
    def _posterior(self):
        """The largest system that is factorized; None if there is none."""
        return self.dense if self.factorizes else self.dense_for_deviations

    @cached_property
    def coefficients(self):
        """The coefficients of the modes, shape (n_outputs, *half_shape).

        Warns
        -----
        ConvergenceWarning
            If predictions are not within `tol` after `max_iter` iterations.
        """
        if self.factorizes:
            return self.dense.solve()
        solution = self._iterated(self.sums.right_hand_sides, self.moments.scale)
        self.n_iter, off = solution.n_iter, solution.error / self.moments.scale
        self.iteration_error = float(off.max()) / math.sqrt(self.problem.alpha)
        return self.features.scale * solution.x

    def variance(self, X):
        r"""Return :math:`k(0) - k(x)^T A^{-1} k(x)` for the rows of X.

        Of a factorized system it is a series of modes of twice the band; otherwise near rows tell
        it, or, where no rows are kept, a solve for each row.
        """
        if self.dense_for_deviations is not None:
            modes, left_out = self._variance_series
            variance = values_at_rows(self.features.doubled(), modes, X)[:, 0] + left_out
            return np.where(self.features.within_reach(X), variance, 1.0)
        if len(self.problem.X):
            return self.local.predict(X)[1]
        if self.rows_left_out:
            raise ValueError(
                "Deviations of this fit are computed from its rows, because its Fourier modes are "
                "too many to be factorized, and its file does not hold the rows. For a few places "
                "predict(X, return_cov=True) is exact; or pickle the model, or fit it again."
            )
        near = np.flatnonzero(self.features.within_reach(X))
        variance = np.ones(len(X))
        rows_per_block = max(1, _MODES_PER_BLOCK // self.features.scale.size)
        for rows in np.array_split(near, math.ceil(len(near) / rows_per_block) or 1):
            if rows.size:
                features, left = self._explained(X[rows])
                variance[rows] -= np.einsum("ij,ij->i", features.conj(), left).real
        return variance

    def covariance(self, X):
        r"""Return :math:`k(x, x') - k(x)^T A^{-1} k(x')` between the rows of X.

        That is :math:`\alpha \phi^T (D T D + \alpha)^{-1} \phi'`, and what the modes leave out.
        """
        if self._posterior is not None:
            explained = self._posterior.explained(self._real_features(X))
        else:
            features, left = self._explained(X)
            explained = (features.conj() @ left.T).real
        covariance = self.problem.kernel(X) - explained
        return (covariance + covariance.T) / 2

    def draws(self, n_draws, rng):
        """Return draws of the modes' weights, as functions of X; of the prior where rows are kept.

        Raises
        ------
        ValueError
            If the system is not factorized and no rows are kept.
        """
        if self._posterior is not None:
            modes = self._draws_of_modes(n_draws, rng)
            return lambda X: values_at_rows(self.features, modes, X)
        if not len(self.problem.X):
            raise ValueError(
                f"Draws from the posterior take the rows, or a system that is factorized, which "
                f"takes {_MAX_DENSE_FEATURES:,} features at most. Fit rows in memory, or take a "
                f"smaller sigma or a larger alpha."
            )
        return PosteriorDraws(self, n_draws, rng)

    def solve(self, targets):
        """Return the coefficients of the modes for targets of mean 0 at the rows that are kept."""
        problem = self.problem
        sums = FourierSums.of(self.features, problem.X, targets, problem.weight)
        size = np.sqrt(np.mean(np.square(targets), axis=0))
        return self.features.scale * self._iterated(sums.about(0.0), size).x

    def evaluate(self, coefficients, X):
        """Evaluate at the rows of X: (n_rows, n_outputs)."""
        return values_at_rows(self.features, coefficients, X)

    @property
    def backward_error(self):
        r"""The error of predictions due to that of the kernel, which no iteration reduces.

        Modes that are left out, of power s_m^2, would keep :math:`g_m = s_m^2 \sum w / \alpha` of
        the residuals. Over residuals like noise that adds up to the root of :math:`g \sum s_m^2`,
        g that of the strongest; and `crowding` of them are one. That is next to nothing where
        tails are light.
        """
        features, gain = self.features, self._gain
        of_tails = math.sqrt(features.weakest * gain * features.left_out * features.crowding)
        known = max(self.tol, features.tol * _amplification(gain))
        return max(known, _LARGEST * of_tails)

    def sums_and_coefficients(self):
        """Return sums, times how many modes each stands for, and coefficients by output."""
        weighted = self.sums.right_hand_sides * multiplicity(self.features.highest)
        shape = len(self.moments.mean), -1
        return weighted.reshape(shape), self.coefficients.reshape(shape)

    def log_determinant(self):
        r"""Return :math:`\log\det A` of a factorized system."""
        rows = self.moments.n_rows * math.log(self.problem.alpha) - self.moments.log_weight_sum
        return self.dense.log_determinant + rows

    @cached_property
    def _variance_series(self):
        """The modes of the variance, and the prior variance of those that are left out."""
        dense = self.dense_for_deviations
        return dense.variance_modes(), 1 - dense.prior_variance

    def _draws_of_modes(self, n_draws, rng):
        """Draw modes from the posterior less its mean; those left out are drawn as in the prior."""
        posterior = self._posterior.draws(n_draws, rng)
        others = self._posterior.pairs.left_out()
        prior = others.scale * rng.normal(size=(n_draws, others.n_features))
        prior[:, 0] = 0  # the mode 0 is never left out
        return posterior + others.to_modes(prior)

    def _real_features(self, X):
        pairs = self._posterior.pairs
        blocks = row_blocks(len(X), 32 * self.features.scale.size)
        sums = (pairs.real_sums(waves(self.features, X[rows])) for rows in blocks)
        return np.vstack(list(sums)) * pairs.unit

    @property
    def _gain(self):
        return self.moments.weight_sum / self.problem.alpha

    def _explained(self, X):
        r"""Return :math:`\phi` and :math:`(I - \alpha (D T D + \alpha)^{-1}) \phi` of all modes.

        By a solution for each row of X; the variance that is explained is their inner product (by
        Woodbury).
        """
        features = waves(self.features, X)
        left = features - self.problem.alpha * self._divided(features).x
        weighted = features * multiplicity(self.features.highest)
        return weighted.reshape(len(X), -1), left.reshape(len(X), -1)

    def _iterated(self, sums, size):
        """Solve for sums over the rows of targets of a root mean square of `size`.

        The variance is at most k(0): no prediction is off by more than the error's energy norm over
        the root of alpha.
        """
        energy = self.tol * size * math.sqrt(self.problem.alpha)
        return self._divided(self.features.scale * sums, energy)

    def _divided(self, right_hand_sides, energy=None):
        """Return (D T D + alpha)^-1 of arrays over one half of the modes, by iteration."""
        solution = self._iteration.divide(
            right_hand_sides, tol=self.tol, max_iter=self.max_iter, energy=energy
        )
        warn_unless_converged(solution, self.tol)
        return solution

    @cached_property
    def _iteration(self):
        """The system of all modes, and what preconditions it."""
        by_axis = AxisEigenfunctions.apply(self.features)
        strong = None if by_axis else self.dense_for_deviations
        return IteratedModes(self.sums, self.problem.alpha, strong, most=_MAX_DENSE_FEATURES)
