r"""Eigenfunctions of kernel regression along each axis: they precondition its normal equations.

Along an axis, T holds the sums over the rows' coordinates there: a slice of it is the Toeplitz
matrix :math:`T_j` of their marginal distribution. Where coordinates are independent, T is nearly
the product of these matrices, as the density S of a product kernel is one:

.. math:: D T D \approx \bigotimes_j D_j T_j D_j = V \Lambda V^T

with eigenvectors that are products over the axes, from matrices no larger than one axis. They are
real functions, concentrated in the box of the rows, of which far fewer stand out of the noise than
of the waves on a lattice that is wider than the box.
"""

import numpy as np
import scipy.fft
import scipy.linalg

from skfourier._solvers._dense_factors import Triangle
from skfourier._solvers._half_spectra import completed, fft_modes, from_real, mixed, to_real
from skfourier._solvers._toeplitz_product import ToeplitzProduct

# Eigenvectors of so long an axis take a second or two.
_LONGEST_AXIS = 2048
# Powers that are a product but for rounding.
_PRODUCT = 1 + 1e-6
# An eigenvalue, over alpha, that its own function tells well enough.
_WEAK = 0.1


class AxisEigenfunctions:
    r"""The eigenvectors and eigenvalues of :math:`D \hat T D`, that T a product over the axes.

    Where the powers of the kernel are no product, their ratio to the product of their slices is
    averaged over the modes of each eigenvector.

    Parameters
    ----------
    sums : FourierSums

    Attributes
    ----------
    vectors : list of ndarray of shape (2 * m + 1, 2 * m + 1)
        For each axis, columns; of modes in the real form of `to_real`.
    scales : list of ndarray of shape (2 * m + 1,)
        :math:`D_j`, 1 at the mode 0.
    values : ndarray of shape (2 * m_1 + 1, ...)
    is_product : bool
        Whether the powers of the kernel are a product.
    """

    def __init__(self, sums):
        self.highest = sums.features.highest
        self.scales, ratio = _slices(sums.features)
        rows = completed(sums.toeplitz[None], [2 * m for m in self.highest])[0]
        self.vectors, values = [], rows.flat[0].real
        for axis, m in enumerate(self.highest):
            of_axis, vectors = _eigenvectors(_through_zero(rows, axis), m, self.scales[axis])
            values = np.multiply.outer(values, of_axis)
            self.vectors.append(vectors)
        self.is_product = bool(ratio.max() <= _PRODUCT * ratio.min())
        self.values = values * _along_all([np.square(v.T) for v in self.vectors], ratio)

    @staticmethod
    def apply(features):
        """Return whether there are several axes, none too long."""
        lengths = [2 * m + 1 for m in features.highest]
        return len(lengths) > 1 and max(lengths) <= _LONGEST_AXIS

    def coefficients(self, half):
        """Return the products of the eigenvectors with arrays over modes."""
        whole = completed(half, self.highest)
        return _along_all([v.T for v in self.vectors], to_real(whole), first=1)

    def modes(self, coefficients):
        """Return sums of eigenvectors, arrays over modes, of their coefficients."""
        spectrum = _along_all(self.vectors, coefficients, first=1)
        return from_real(spectrum)[..., : self.highest[-1] + 1]

    def divide(self, half, alpha):
        r"""Return :math:`(D \hat T D + \alpha)^{-1}` of arrays over modes."""
        return self.modes(self.coefficients(half) / (self.values + alpha))


class CoupledEigenfunctions:
    r"""The strongest eigenfunctions together, for rows whose coordinates are not independent.

    Among them :math:`V^T D T D V + \alpha` is factorized as it is; of the others its diagonal.

    Parameters
    ----------
    eigenfunctions : AxisEigenfunctions
        Of a product kernel.
    sums : FourierSums
    alpha : float
    most : int
        Functions that are factorized at most.
    """

    def __init__(self, eigenfunctions, sums, alpha, most):
        self._eigenfunctions = eigenfunctions
        product = ToeplitzProduct(sums.toeplitz, eigenfunctions.highest)
        # By the trapezoid rule, exact for so few modes; the functions are products over the axes.
        density = product.circulant[0] * (sums.features.scale.flat[0] ** 2 / product.circulant.size)
        functions = [
            _at_points(scale[:, None] * vectors, length)
            for scale, vectors, length in zip(
                eigenfunctions.scales, eigenfunctions.vectors, product.lengths, strict=True
            )
        ]
        diagonal = _along_all([np.square(f.T) for f in functions], density)
        n_strong = min(most, np.count_nonzero(diagonal > _WEAK * alpha))
        self._strong = np.argsort(-diagonal, axis=None, kind="stable")[:n_strong]
        index = np.unravel_index(self._strong, diagonal.shape)
        self._factor = Triangle(_gram(functions, density, index), alpha)
        self._diagonal = diagonal + alpha

    def divide(self, half):
        """Divide arrays over modes."""
        flat = self._eigenfunctions.coefficients(half).reshape(len(half), -1)
        divided = flat / self._diagonal.ravel()
        divided[:, self._strong] = self._factor.solve(flat[:, self._strong].T).T
        return self._eigenfunctions.modes(divided.reshape(-1, *self._diagonal.shape))


def _slices(features):
    """Return the scales along each axis, 1 at the mode 0, and powers over their product."""
    power = completed(np.square(features.scale)[None], features.highest)[0].real
    scales, ratio = [], power
    for axis in range(power.ndim):
        slice_ = _through_zero(power, axis)
        scales.append(np.sqrt(slice_ / slice_[0]))
        ratio = np.moveaxis(np.moveaxis(ratio, axis, -1) * (slice_[0] / slice_), -1, axis)
    return scales, ratio


def _through_zero(whole, axis):
    """Return the modes along an axis, at the mode 0 of the others."""
    return whole[tuple(slice(None) if j == axis else 0 for j in range(whole.ndim))]


def _eigenvectors(slice_, m, scale):
    """Return the eigenvalues and eigenvectors of an axis: of D_j T_j D_j, T_j[0, 0] = 1."""
    modes = fft_modes(m)
    toeplitz = slice_[(modes[:, None] - modes) % len(slice_)] / slice_[0].real
    real = mixed(mixed(toeplitz, 0, 1 + 1j), 1, 1 - 1j).real
    values, vectors = scipy.linalg.eigh(scale[:, None] * real * scale)
    return np.maximum(values, 0), np.ascontiguousarray(vectors)


def _at_points(vectors, length):
    """Return the values of the real functions of columns at so many even points of a period."""
    m = len(vectors) // 2
    wide = np.zeros((length, vectors.shape[1]), dtype=complex)
    wide[fft_modes(m) % length] = from_real(vectors.T).T
    return scipy.fft.ifft(wide, axis=0, norm="forward").real


def _along_all(matrices, array, first=0):
    """Multiply an array by a matrix along each axis, from the axis `first` on."""
    for axis, matrix in enumerate(matrices, start=first):
        array = np.moveaxis(np.tensordot(matrix, array, axes=(1, axis)), 0, axis)
    return array


def _gram(functions, density, index):
    r"""Return the products of functions, :math:`\sum_x u_a(x) u_b(x) p(x)`: (n, n).

    Functions of the same first factor share all sums but the last ones.
    """
    used = [np.unique(i, return_inverse=True) for i in index]
    functions = [f[:, columns] for f, (columns, _) in zip(functions, used, strict=True)]
    places = [places for _, places in used]
    pairs = [(f[:, :, None] * f[:, None, :]).reshape(len(f), -1).T for f in functions[1:]]
    gram = np.empty((len(index[0]), len(index[0])))
    for k in range(functions[0].shape[1]):
        rows = np.flatnonzero(places[0] == k)
        block = _along_all([(functions[0] * functions[0][:, [k]]).T, *pairs], density)
        sizes = [f.shape[1] for f in functions]
        block = block.reshape(sizes[0], *(n for size in sizes[1:] for n in (size, size)))
        at = [places[0]]
        for of_axis in places[1:]:
            at += [of_axis[rows][:, None], of_axis]
        gram[rows] = block[tuple(at)]
    return gram
