r"""Ridge regression on Fourier modes by a dense factorization, real and exact.

The mode 0, and the cosine and the sine of one of each pair of modes m and -m, are real features:

.. math:: s_0, \quad \sqrt 2\, s_m \cos(2 \pi h m \cdot x), \quad
          \sqrt 2\, s_m \sin(2 \pi h m \cdot x)

whose Gram matrix consists of the sums T: of T at m - m' and at m + m'.
"""

from functools import cached_property

import numpy as np

from skfourier._solvers._dense_factors import Triangle
from skfourier._solvers._half_spectra import completed, fft_modes, half_shape, multiplicity

# The share of the remaining variance that may be left out with each mode at its prior.
_SHARE_OF_VARIANCE = 4e-5
# And the largest such share, if there are too many modes.
_LARGEST_SHARE = 4e-3


class PairsOfModes:
    """One of each pair of modes m and -m, of those that are asked for.

    Parameters
    ----------
    modes : FourierModes
    wanted : ndarray of bool, of shape `modes.half_shape`
        The mode 0 is always there.

    Attributes
    ----------
    places : ndarray of shape (n_pairs,)
        Of the modes in arrays of shape `modes.half_shape`, flattened.
    pairs : ndarray of shape (n_pairs, n_features)
    n_features : int
        Number of real features: two for each pair, and one for the mode 0.
    """

    def __init__(self, modes, wanted):
        grids = [fft_modes(m) for m in modes.highest[:-1]]
        grids.append(np.arange(modes.highest[-1] + 1))
        every = np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1).reshape(-1, len(grids))
        # One of each pair: the last entry that is not 0 is positive.
        order = np.zeros(len(every), dtype=int)
        for column in every.T:
            order = np.where(column != 0, np.sign(column), order)
        self.modes = modes
        self.places = np.flatnonzero((order > 0) & wanted.ravel())
        self.pairs = every[self.places]
        self.n_features = 2 * len(self.places) + 1
        # Of the features: a cosine stands for two modes.
        self.unit = np.append(1.0, np.full(2 * len(self.places), np.sqrt(2)))

    @classmethod
    def for_means(cls, modes, gain, tol):
        """Return those that the regression keeps more than `tol` of.

        A mode of power s^2 has an eigenvalue of about s^2 times the sum of the weights in the
        kernel matrix. Where that is far below alpha, its posterior is its prior.

        Parameters
        ----------
        modes : FourierModes
        gain : float
            Sum of the weights over alpha.
        tol : float
        """
        return cls(modes, np.square(modes.scale) * gain > tol)

    @classmethod
    def for_deviations(cls, modes, gain, most):
        r"""Return those without which deviations are too large by less than 1 %, or None.

        The rows take :math:`s^2 q / (1 + q)` off the variance of a mode of power s^2, with q =
        c gain s^2, as c modes of the lattice share what the box holds. The weakest modes are left
        out, as they are in the prior, while that is a small share of the variance that remains.
        For Gaussians and Matern kernels, and gains of 1e4 to 1e8, deviations were off by 0.35 % at
        most for a share of 4e-4, and by 1 % for ten times that.

        Parameters
        ----------
        modes : FourierModes
        gain : float
            Sum of the weights over alpha.
        most : int
            Real features that are kept at most.

        Returns
        -------
        PairsOfModes or None
            None if more would be needed.
        """
        power = np.square(modes.scale).ravel()
        told = modes.crowding * gain * power
        times = np.broadcast_to(multiplicity(modes.highest), modes.half_shape).ravel()
        order = np.argsort(-power, kind="stable")
        features = np.cumsum(times[order])
        taken = (times * power * told / (1 + told))[order]
        beyond = np.cumsum(taken[::-1])[::-1] - taken  # what the weaker ones would take
        share = beyond / np.sum(times * power / (1 + told))
        n_wanted = 1 + np.argmax(share <= _SHARE_OF_VARIANCE)
        n_wanted = min(n_wanted, np.searchsorted(features, most, side="right"))
        if n_wanted == 0 or share[n_wanted - 1] > _LARGEST_SHARE:
            return None
        wanted = np.zeros(len(power), dtype=bool)
        wanted[order[:n_wanted]] = True
        return cls(modes, wanted.reshape(modes.half_shape))

    def left_out(self):
        """Return the other pairs of these modes."""
        others = np.ones(self.modes.scale.size, dtype=bool)
        others[self.places] = False
        return PairsOfModes(self.modes, others)

    @property
    def scale(self):
        """The scale of the real features, of shape (n_features,)."""
        scale = self.modes.scale.ravel()
        half = np.sqrt(2) * scale[self.places]
        return np.concatenate([scale[:1], half, half])

    def real_sums(self, modes):
        """Turn sums over rows, (n_outputs, *half_shape), into those of cosines and sines."""
        flat = modes.reshape(len(modes), -1)
        at_pairs = flat[:, self.places]
        return np.concatenate([flat[:, :1].real, at_pairs.real, -at_pairs.imag], axis=1)

    def to_modes(self, real):
        """Turn coefficients of cosines and sines, without their scale, into those of modes."""
        k, shape = len(self.pairs), half_shape(self.modes.highest)
        pairs = (real[:, 1 : k + 1] - 1j * real[:, k + 1 :]) / 2
        modes = np.zeros((len(real), *shape), dtype=complex)
        modes.reshape(len(real), -1)[:, self.places] = pairs
        # On the plane where the last entry is 0 both of a pair have a place.
        flat = self.pairs[:, -1] == 0
        mirrored = np.ravel_multi_index(tuple(-self.pairs[flat].T), shape, mode="wrap")
        modes.reshape(len(real), -1)[:, mirrored] = pairs[:, flat].conj()
        modes.reshape(len(real), -1)[:, 0] = real[:, 0]
        return modes


class DenseModes:
    r"""The factorized system :math:`(D T D + \alpha)` in real features.

    Parameters
    ----------
    sums : FourierSums
    alpha : float
    pairs : PairsOfModes
        The modes that are solved for.

    Raises
    ------
    LinAlgError
        If the system is singular to working precision.
    """

    def __init__(self, sums, alpha, pairs):
        self.sums, self.alpha, self.pairs = sums, alpha, pairs
        self.modes, self._pairs, self._scale = pairs.modes, pairs.pairs, pairs.scale
        matrix = self._scale[:, None] * self._gram()
        matrix *= self._scale
        self._factor = Triangle(matrix, alpha)

    def solve(self):
        """Return the coefficients of the modes, shape (n_outputs, *half_shape)."""
        return self.modes.scale * self.divide(self.modes.scale * self.sums.right_hand_sides)

    def divide(self, half):
        r"""Return :math:`(D T D + \alpha)^{-1}` of arrays over modes, and 0 at those left out."""
        real = self.pairs.real_sums(half) * self.pairs.unit
        return self.pairs.to_modes(self._factor.solve(real.T).T * self.pairs.unit)

    @cached_property
    def log_determinant(self):
        r"""The logarithm of :math:`\det(D T D + \alpha) / \alpha^M`, M features."""
        return self._factor.log_determinant() - len(self._scale) * np.log(self.alpha)

    @property
    def prior_variance(self):
        """The share of k(0) = 1 that the modes solved for have."""
        # The squares of a cosine and its sine add up to one.
        return float(self._scale @ self._scale + self._scale[0] ** 2) / 2

    def explained(self, features):
        r"""Return :math:`\phi^T (I - \alpha (D T D + \alpha)^{-1}) \phi'` between rows: (n, n)."""
        return features @ (features.T - self.alpha * self._factor.solve(features.T))

    def draws(self, n_draws, rng):
        """Draw modes from the posterior less its mean: (n_draws, *half_shape)."""
        noise = rng.normal(size=(len(self._scale), n_draws))
        real = self._scale[:, None] * self._factor.transposed_solve(noise)
        return self.pairs.to_modes(np.sqrt(self.alpha) * real.T)

    def variance_modes(self):
        r"""Return the posterior variance as a series of modes up to twice the highest.

        .. math:: \alpha\, \phi(x)^T (D T D + \alpha)^{-1} \phi(x)

        Products of cosines and sines of two modes are those of their sum and difference.

        Returns
        -------
        ndarray of shape (1, *half_shape)
        """
        k, doubled = len(self._pairs), [2 * m for m in self.modes.highest]
        inverse = self._scale[:, None] * self._factor.inverse() * self._scale
        cosines, sines = slice(1, k + 1), slice(k + 1, None)
        cc, ss, cs = inverse[cosines, cosines], inverse[sines, sines], inverse[cosines, sines]
        keys, zero, shape = self._keys(doubled)
        size = int(np.prod(shape))
        minus = (zero + keys[:, None] - keys).ravel()
        plus = (zero + keys[:, None] + keys).ravel()

        def total(keys, values):
            return np.bincount(keys, values.ravel(), size)

        # Half of each: 2 cos a cos b = cos(a - b) + cos(a + b), and so on.
        real = (total(minus, cc + ss) + total(plus, cc - ss)) / 2
        imaginary = total(minus, cs) - total(plus, cs)
        real[zero] += inverse[0, 0]
        real[zero + keys] += 2 * inverse[0, cosines]
        imaginary[zero + keys] -= 2 * inverse[0, sines]
        series = (real + 1j * imaginary).reshape(shape)
        # The series is the real part of these modes: the mean of each and its conjugate.
        series = (series + np.flip(series).conj()) / 2
        series = np.fft.ifftshift(series)[..., : doubled[-1] + 1]
        return self.alpha * series[None]

    def _gram(self):
        """Return the sums over rows of the products of the features, without their scale."""
        doubled = [2 * m for m in self.modes.highest]
        whole = np.fft.fftshift(completed(self.sums.toeplitz[None], doubled)[0])
        real, imaginary = (np.ascontiguousarray(part).ravel() for part in (whole.real, whole.imag))
        keys, zero, _ = self._keys(doubled)
        k = len(keys)
        minus, plus = zero + keys[:, None] - keys, zero + keys[:, None] + keys
        gram = np.empty((2 * k + 1, 2 * k + 1))
        # T is the sum of cosines less i times that of sines.
        gram[1 : k + 1, 1 : k + 1] = (real[minus] + real[plus]) / 2
        gram[k + 1 :, k + 1 :] = (real[minus] - real[plus]) / 2
        gram[1 : k + 1, k + 1 :] = (imaginary[minus] - imaginary[plus]) / 2
        gram[k + 1 :, 1 : k + 1] = gram[1 : k + 1, k + 1 :].T
        gram[0, 0] = real[zero]
        gram[0, 1 : k + 1] = gram[1 : k + 1, 0] = real[zero + keys]
        gram[0, k + 1 :] = gram[k + 1 :, 0] = -imaginary[zero + keys]
        return gram

    def _keys(self, doubled):
        """Return the places of the pairs, less that of 0, in arrays of modes to `doubled`."""
        shape = tuple(2 * m + 1 for m in doubled)
        strides = np.array([int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))])
        return self._pairs @ strides, int(np.array(doubled) @ strides), shape
